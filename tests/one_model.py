"""A model of the catalogue at its benchmark and about it, for the tests."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit import catalogue
from bsfit.compiling import compiled_for
from bsfit.loading.inputs import load_inputs
from bsfit.predictions.bound_model import module_of

REFERENCE = load_inputs("reference")


@functools.cache
def _compiled(name):
    return jax.jit(module_of(catalogue.MODELS[name]).theory)


def slow_then_long(names, slow):
    """Parameters of a test of which only the first ones are run by CI, the others by hand."""
    marks = [pytest.mark.slow] * slow + [pytest.mark.long] * (len(names) - slow)
    return [pytest.param(name, marks=mark) for name, mark in zip(names, marks, strict=True)]


class OneModel:
    """A model by its name: `row`, `point` of its benchmark and defaults, theories about that."""

    def __init__(self, name, inputs=REFERENCE):
        self.name, self.inputs, self.row = name, inputs, catalogue.MODELS[name]
        defaults = {p.name: p.default for p in self.row.parameters if p.default is not None}
        self.point = {**defaults, **self.row.benchmark}

    def at(self, inputs=None, **changes):
        """Theory with every parameter given, so that one compilation serves all points."""
        params = {name: float(value) for name, value in {**self.point, **changes}.items()}
        return _compiled(self.name)(params, self.inputs if inputs is None else inputs)

    def failed(self, **changes):
        """Names of the conditions that are not met."""
        return {verdict.name for verdict in self.at(**changes).verdicts if not bool(verdict.ok)}

    def along(self, names, x):
        """Theory, to be differentiated, with some parameters from a vector."""
        params = {**self.point, **dict(zip(names, x, strict=True))}
        return module_of(self.row).theory(params, self.inputs)

    def boxes(self, **others):
        """Ends of all parameters that have some: those of a fit, where there are such, and `others`."""
        return {p.name: self.row.free.get(p.name, p.bounds) for p in self.row.parameters if p.bounds} | others

    def assert_slopes_at_bounds(self, boxes, more=lambda theory: jnp.zeros(0)):
        """Coefficients, outputs, `more` and their slopes are finite with each parameter at either end of its box."""
        names = list(boxes)

        def everything(x):
            theory = self.along(names, x)
            numbers = jnp.stack([jnp.real(value) for value in theory.quantities.values()])
            return jnp.concatenate([theory.wilson.values.real, theory.wilson.values.imag, numbers, more(theory)])

        centre = np.array([float(self.point[name]) for name in names])
        ends = [(i, name, end) for i, name in enumerate(names) for end in boxes[name]]
        points = np.array([np.where(np.arange(len(names)) == i, end, centre) for i, _, end in ends])
        both = compiled_for(lambda x: (everything(x), jax.jacfwd(everything)(x)), points[0])
        for (_, name, end), x in zip(ends, points, strict=True):
            assert all(np.all(np.isfinite(np.asarray(found))) for found in both(x)), (name, end)
