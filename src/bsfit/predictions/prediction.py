"""From parameters to predicted values: model, moments of each process once, combination into named observables.

Wiring only. A `Prediction` is the plan for a tuple of observables: which moment rows each process must deliver, and how
they combine. Moments come from the amplitudes (the direct path) or from their exact quadratic response to the Wilson
coefficients (`Prediction.through_response`).
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue, own_code
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.inputs import Inputs, as_inputs
from bsfit.predictions.bound_model import BoundModel, ModelLike, bind_model, module_of
from bsfit.predictions.checks import check_bin
from bsfit.predictions.floating import Floating
from bsfit.predictions.functionals import functionals_at, values_at_standard_model
from bsfit.predictions.plan import ProcessPlan, plans_of
from bsfit.predictions.response import (
    Response,
    Span,
    fit_polynomials,
    in_order,
    named,
    probes,
    real_parts,
    span,
    values_at,
)
from bsfit.theory import INDEX, LightMediator, ObservableFunction, Params, Theory

ObservableLike = str | catalogue.Observable | ObservableFunction
"""A name, an entry of one's own process, or a function ``(theory, inputs) -> number``."""


class Reach(NamedTuple):
    """What a model reaches, per process whose moments are quadratic in the coefficients there.

    `mediator` is that of whose exchange the coefficients are, if there is one: the same everywhere for the processes
    that read its pole. Where it moves, these have no span, and those that read its couplings have none anyway.
    """

    spans: dict[str, Span]
    mediator: LightMediator | None


class Prediction(eqx.Module):
    """Predicted values [n] of the observables `names` as a function of the free parameters.

    jit, grad, vmap all work. ``prediction(params)`` uses the inputs it was built with, ``prediction(params, inputs)``
    others. The unit of each value is that of the catalogue, whose entries are the `items`, None for what has none.
    """

    inputs: Inputs
    responses: dict[str, Response]
    still: dict[str, Float[Array, " k"]]
    """Observables, not scaled, of processes that no parameter moves and that are not computed again."""
    floating: Floating | None
    """Moments where inputs float, instead of those of the amplitudes, for some processes."""
    scale: Float[Array, " n"]
    names: tuple[str, ...] = eqx.field(static=True)
    items: tuple[catalogue.Observable | None, ...] = eqx.field(static=True)
    model: BoundModel = eqx.field(static=True)
    plans: tuple[ProcessPlan, ...] = eqx.field(static=True)
    own: tuple[tuple[int, ObservableFunction], ...] = eqx.field(static=True)

    __hash__, __eq__ = object.__hash__, object.__eq__  # so that jax.jit(prediction) takes it as a function

    def __call__(self, params: Params, inputs: Inputs | None = None) -> Float[Array, " n"]:
        """Predicted values at a dictionary of the free parameters."""
        inputs = self.inputs if inputs is None else inputs
        return self.of_theory(self.model(params, inputs), inputs)

    def of_theory(self, theory: Theory, inputs: Inputs) -> Float[Array, " n"]:
        """Predicted values of a theory."""
        if self.floating is not None:
            known = self.floating.moments(theory, inputs)
            rest = {plan.name: plan.moments(theory, inputs) for plan in self.plans if plan.name not in known}
            return self.of_moments(known | rest, theory, inputs)
        found = values_at({name: x for name, x in self.responses.items() if name not in self.still}, theory)
        for plan in self.plans:
            if plan.name not in self.still and plan.name not in found:
                found[plan.name] = plan.functionals(plan.moments(theory, inputs), inputs)
        return self.of_functionals(found, theory, inputs)

    def of_moments(
        self, moments: Mapping[str, Float[Array, "r k"]], theory: Theory, inputs: Inputs
    ) -> Float[Array, " n"]:
        """Predicted values from the moments of each process; `theory` is for own observables."""
        found = {plan.name: plan.functionals(moments[plan.name], inputs) for plan in self.plans}
        return self.of_functionals(found, theory, inputs)

    def of_functionals(
        self, functionals: Mapping[str, Mapping[str, Array]], theory: Theory, inputs: Inputs
    ) -> Float[Array, " n"]:
        """Predicted values from the functionals [o, r, f] of each process, those without any from what is `still`."""
        parts, positions = [jnp.zeros(0)], []
        for plan in self.plans:
            if plan.name not in functionals:
                parts.append(self.still[plan.name])
            for part in plan.combinations:
                if plan.name in functionals:
                    parts.append(plan.assemble_all(part, functionals[plan.name][part.key], inputs))
                positions += part.positions
        for position, function in self.own:
            parts.append(own_code.number(function, "observable", theory, inputs)[None])
            positions.append(position)
        return in_order(jnp.concatenate(parts), np.argsort(positions)) * self.scale

    def at_once(self, theory: Theory) -> Float[Array, " n"]:
        """Predicted values of one theory, with code that is compiled once for all questions: see `compiled`."""
        if self.responses or self.floating is not None:
            return compile_quickly(lambda theory: self.of_theory(theory, self.inputs))(theory)
        point = np.asarray(theory.wilson.values)[None]
        points = {plan.name: point for plan in self.plans}
        found = functionals_at(self.items, self.plans, points, self.inputs, theory.mediator)
        functionals = jax.tree.map(lambda values: values[0], found)
        return compile_quickly(lambda found, theory: self.of_functionals(found, theory, self.inputs))(
            functionals, theory
        )

    def with_quoted_standard_model(self) -> "Prediction":
        """Scale observables whose Standard-Model value is an input (``SM <name>``), as in the `seed` set."""
        quoted = [i for i, name in enumerate(self.names) if f"SM {name}" in self.inputs]
        if not quoted:
            return self
        computed = self.at_once(Theory.standard_model())
        quotes = self.inputs.array(tuple(f"SM {self.names[i]}" for i in quoted))
        index = np.array(quoted)
        return eqx.tree_at(lambda p: p.scale, self, self.scale.at[index].set(quotes / computed[index]))

    def through_response(self, params: Sequence[Params], inputs_move: bool = False) -> "Prediction":
        """The same prediction with moments from their exact response, in the directions reached at sampled parameters.

        Moments that are not quadratic in the coefficients there, see `Reach`, stay what they are. Valid for the inputs
        of this prediction, but for those that enter beside the moments where `inputs_move`, as long as the model stays
        in the linear span of the coefficients at `params`; the caller samples the whole box.
        """
        spans, mediator = self.reach(params)
        plans = [plan for plan in self.plans if plan.name in spans]
        points = {process: probes(*found[:2]) for process, found in spans.items()}
        found = functionals_at(self.items, plans, points, self.inputs, mediator)
        responses = {
            process: Response.of(fit_polynomials(values, spans[process][1].shape[1]), named(spans[process]))
            for process, values in found.items()
        }
        unmoved = [plan for plan in plans if not (inputs_move or responses[plan.name].coordinates)]
        still = values_at_standard_model(self.items, unmoved, found, self.inputs)
        return dataclasses.replace(self, responses=responses, still=jax.device_put(still))

    def has_mediator(self, params: Params) -> bool:
        """Whether the model has a light mediator."""
        return jax.eval_shape(self.model, dict(params), self.inputs).mediator is not None

    def reach(self, params: Sequence[Params], changes: Float[np.ndarray, "s i"] | None = None) -> Reach:
        """What the model reaches at some points: coefficients, and their directions and pivots as from `response.span`.

        With `changes` the inputs, too, are others at each of the points.
        """
        stacked = {name: jnp.asarray([float(p[name]) for p in params]) for name in params[0]}
        values = np.broadcast_to(np.asarray(self.inputs.values), (len(params), len(self.inputs.names)))
        names = {plan.name: plan.coefficients for plan in self.plans}

        def reached(point: Params, values: Float[Array, " i"]) -> tuple[dict, LightMediator | None]:
            theory = self.model(point, dataclasses.replace(self.inputs, values=values))
            found = {process: real_parts(theory, coefficients) for process, coefficients in names.items()}
            return found, theory.mediator

        found, mediators = compile_quickly(jax.vmap(reached))(stacked, values if changes is None else values + changes)
        # A model may be undefined in parts of its box: NaN, which no direction is made of.
        samples = {process: np.asarray(x) for process, x in found.items()}
        samples = {process: x[np.isfinite(x).all(axis=tuple(range(1, x.ndim)))] for process, x in samples.items()}
        mediator, still = _the_mediator(mediators)
        read = {"nothing", "pole"} if still else {"nothing"}
        spans = {
            plan.name: (names[plan.name], *span(samples[plan.name]))
            for plan in self.plans
            if mediator is None or plan.process.mediator in read
        }
        return Reach(spans, mediator)


SAME = 1e-12
"""Relative difference of masses and widths that are the same."""


def _the_mediator(sampled: LightMediator | None) -> tuple[LightMediator | None, bool]:
    """The mediator at the first of some points where it is defined, and whether its pole is the same at all of them."""
    if sampled is None:
        return None, True
    poles = np.stack([np.asarray(sampled.mass), np.asarray(sampled.width)], axis=1)
    defined = np.flatnonzero(np.isfinite(poles).all(axis=1))
    first = defined[0] if defined.size else 0
    still = np.all(np.abs(poles[defined] - poles[first]) <= SAME * np.abs(poles[first]))
    return jax.tree.map(lambda x: x[first], sampled), bool(still and defined.size)


def prediction(
    observables: Sequence[ObservableLike],
    model: ModelLike = "eft",
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    fixed: Mapping[str, float] | None = None,
    free: Sequence[str] | None = None,
) -> Prediction:
    """The jit-able form of `predict`: a callable ``params -> array [n]`` of real numbers.

    `observables` are names (`bsfit list`), names of a model's outputs (``M_Q``, ``C9_bsmumu``, ``C9_bsmumu_im``) or own
    functions ``(theory, inputs) -> number``. `free` names the parameters that are given at every call, without it any
    of the model's may be; `fixed` gives others a value, the rest take their defaults.

    Raises `BsfitInputError` for unknown names, missing or impossible bins, and missing parameters; when it is called
    for names that are not free, missing ones, and what is not a number.
    """
    return wired(observables, model, inputs, fixed, free).with_quoted_standard_model()


def wired(
    observables: Sequence[ObservableLike],
    model: ModelLike = "eft",
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    fixed: Mapping[str, float] | None = None,
    free: Sequence[str] | None = None,
) -> Prediction:
    """As `prediction`, but with our own Standard-Model values also where the inputs quote others."""
    inputs = as_inputs(inputs)
    if isinstance(observables, str):
        expected = f"a list, [{observables!r}]"
        raise BsfitInputError(f"got the text {observables!r}", field="observables", expected=expected)
    bound = bind_model(model, fixed or {}, free)
    items, own = _parse(observables, bound)
    for item in items:
        if item is not None and item.bin is not None:
            check_bin(item, inputs)
    names = tuple(item.name if item else label(given) for item, given in zip(items, observables, strict=True))
    plans = plans_of(items)
    return Prediction(inputs, {}, {}, None, jnp.ones(len(names)), names, items, bound, plans, own)


def _parse(
    observables: Sequence[ObservableLike], model: BoundModel
) -> tuple[tuple[catalogue.Observable | None, ...], tuple[tuple[int, ObservableFunction], ...]]:
    """Catalogue entries by position (None for anything else), and (position, function) of what has no moments."""
    items: list[catalogue.Observable | None] = []
    own: list[tuple[int, ObservableFunction]] = []
    for position, given in enumerate(observables):
        if isinstance(given, str) and (row := model.row) is not None and given in row.refused:
            raise BsfitInputError(f"model {row.name!r} does not predict {given!r}: {row.refused[given]}")
        function = _own_function(given, model)
        items.append(None if function else catalogue.observable(given))
        if function or (function := _of_dark_matter(items[-1])):
            own.append((position, function))
    return tuple(items), tuple(own)


def _own_function(given: ObservableLike, model: BoundModel) -> ObservableFunction | None:
    """A user's own function, or the reader of one of the model's outputs; None for an observable of the catalogue."""
    if isinstance(given, catalogue.Observable):
        return None
    if callable(given):
        return given
    of_model = model.row is not None and not model.row.effective
    named = of_model and given.isidentifier() and given not in catalogue.stems()
    return _output(given, model.name) if named or given.removesuffix("_im") in INDEX else None


def _of_dark_matter(item: catalogue.Observable | None) -> ObservableFunction | None:
    """The function of an observable of dark matter, which has no moments; None for any other."""
    if item is None or not item.quantity.process.dark:
        return None
    return partial(module_of(item.quantity.process).predicted, item.quantity.key)


def _output(name: str, model: str) -> ObservableFunction:
    """Reader of a model's own output: the real part under its name, the imaginary part under ``<name>_im``."""
    stem, part = (name.removesuffix("_im"), jnp.imag) if name.endswith("_im") else (name, jnp.real)

    def read(theory: Theory, inputs: Inputs) -> Float[Array, ""]:
        if stem in theory.quantities:
            return part(theory.quantities[stem])
        if stem in INDEX:
            return part(theory.wilson[stem])
        candidates = (*theory.quantities, *INDEX, *catalogue.stems())
        raise BsfitInputError(f"model {model!r} has no output {name!r}", hint=did_you_mean(stem, candidates))

    read.__name__ = name
    return read


def label(item: ObservableLike) -> str:
    """What an observable is called: its name as given, or that of the function."""
    if isinstance(item, str):
        return item
    return item.name if isinstance(item, catalogue.Observable) else own_code.name_of(item)
