"""Derivatives of predictions along directions of the Wilson coefficients and the inputs, in blocks: see `evaluation`.

What costs time are the slopes of the moments; a direction is followed only in the decays that feel it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import catalogue, evaluation
from bsfit.evaluation import compiled
from bsfit.inputs import Inputs
from bsfit.predictions import Params, Prediction
from bsfit.theory import Rows, Theory

Felt = Callable[[str, str], list[int]]
"""(process, decay) -> positions of the directions that move its moments."""


class Directions(NamedTuple):
    """q changes of all coefficients [q, c] and all inputs [q, i] at once, and who feels them."""

    coefficients: Complex[np.ndarray, "q c"]
    inputs: Float[np.ndarray, "q i"]
    felt: Felt

    def __len__(self) -> int:
        return len(self.inputs)


def evaluate(
    prediction: Prediction,
    inputs: Inputs,
    points: Mapping[str, Complex[np.ndarray, "p c"]],
    along: Directions,
) -> tuple[dict[str, Float[np.ndarray, "p n k"]], dict[str, Float[np.ndarray, "p q n k"]]]:
    """By process, moments at points of the coefficients, and their slopes."""
    rows = {plan.process: plan.row_arrays() for plan in prediction.plans}
    moments = evaluation.moments({process: (points[process], rows[process]) for process in rows}, inputs)
    slopes = {process: np.zeros((m.shape[0], len(along.inputs), *m.shape[1:])) for process, m in moments.items()}
    parts = [part for process in rows for part in _parts(process, rows[process], along)]
    questions = []
    for process, mine, felt in parts:
        moved = jnp.asarray(along.coefficients[felt]), jnp.asarray(along.inputs[felt])
        questions.append((process, points[process], jax.tree.map(lambda x, i=mine: x[i], rows[process]), moved))
    for (process, mine, felt), found in zip(parts, evaluation.slopes(questions, inputs), strict=True):
        slopes[process][(slice(None), *np.ix_(np.asarray(felt), mine))] = found
    return moments, slopes


def _parts(process: str, rows: Rows, along: Directions) -> list[tuple[str, np.ndarray, list[int]]]:
    """Process, rows of one decay, and the directions that they feel."""
    decays = np.asarray(rows.decay)
    found = []
    for i, decay in enumerate(catalogue.PROCESSES[process].decays):
        mine, felt = np.flatnonzero(decays == i), along.felt(process, decay)
        if mine.size and felt:
            found.append((process, mine, felt))
    return found


def shifts(
    prediction: Prediction,
    theory: Theory,
    inputs: Inputs,
    moments: Mapping[str, Float[Array, "n k"]],
    slopes: Mapping[str, Float[Array, "q n k"]],
    directions: Float[Array, "q i"],
) -> Float[Array, "n q"]:
    """Derivatives of all predictions along directions of the inputs, from the `slopes` of the moments.

    Own observables of `theory` are followed in the inputs only.
    """

    def at(moments: Mapping[str, Array], values: Float[Array, " i"]) -> Float[Array, " n"]:
        return prediction.of_moments(moments, theory, eqx.tree_at(lambda i: i.values, inputs, values))

    def along(slope: Mapping[str, Array], direction: Float[Array, " i"]) -> Float[Array, " n"]:
        return jax.jvp(at, (dict(moments), inputs.values), (dict(slope), direction))[1]

    return jax.vmap(along, out_axes=1)(slopes, directions)


class Linearisation:
    """Values [n] of predictions, and their Jacobian [n, p + q] in the free parameters and in named inputs, at a point.

    From the amplitudes, forward. The first call compiles and finds out which decays feel what; the others cost the
    slopes of the moments.
    """

    def __init__(self, prediction: Prediction, free: Sequence[str], nuisances: Sequence[str]) -> None:
        self.prediction, self.free, self.nuisances = prediction, tuple(free), tuple(nuisances)
        self._coefficients = jax.jit(jax.jacfwd(self._coefficients_at))
        self._assemble: Callable | None = None
        self._felt: dict[tuple[str, str], list[int]] = {}

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        inputs = self.prediction.inputs.replace({name: params[name] for name in self.nuisances})
        theory = self.prediction.model({name: jnp.asarray(params[name]) for name in self.free}, inputs)
        along = self._directions(params)
        point = np.asarray(theory.wilson.values)[None]
        moments, slopes = evaluate(self.prediction, inputs, {p.process: point for p in self.prediction.plans}, along)
        self._felt = self._felt or self._moved(slopes)
        first = jax.tree.map(lambda x: jnp.asarray(x[0]), (moments, slopes))
        arguments = theory, inputs, *first, jnp.asarray(along.inputs)
        if self._assemble is None:
            self._assemble = compiled(self._values_and_shifts, *arguments)
        return jax.tree.map(np.asarray, self._assemble(*arguments))

    def _values_and_shifts(self, theory: Theory, inputs: Inputs, moments: dict, slopes: dict, directions: Array):
        values = self.prediction.of_moments(moments, theory, inputs)
        return values, shifts(self.prediction, theory, inputs, moments, slopes, directions)

    def _coefficients_at(self, vector: Float[Array, " f"]) -> Complex[Array, " c"]:
        named = {name: vector[i] for i, name in enumerate((*self.free, *self.nuisances))}
        inputs = self.prediction.inputs.replace({name: named.pop(name) for name in self.nuisances})
        return self.prediction.model(named, inputs).wilson.values

    def _directions(self, params: Params) -> Directions:
        """Unit changes of the parameters, which all may feel, then of the nuisances."""
        names, where = (*self.free, *self.nuisances), self.prediction.inputs.names
        vector = jnp.asarray([float(params[name]) for name in names])
        moved = np.zeros((len(names), len(where)))
        for i, name in enumerate(self.nuisances, start=len(self.free)):
            moved[i, where.index(name)] = 1.0
        everything = list(range(len(names)))
        return Directions(
            np.asarray(self._coefficients(vector)).T, moved, lambda *decay: self._felt.get(decay, everything)
        )

    def _moved(self, slopes: Mapping[str, Float[np.ndarray, "1 q n k"]]) -> dict[tuple[str, str], list[int]]:
        """Directions in which any moment of a decay moves; parameters may move some elsewhere, and always count."""
        found = {}
        for plan in self.prediction.plans:
            decays = np.asarray(plan.row_arrays().decay)
            for i, decay in enumerate(catalogue.PROCESSES[plan.process].decays):
                moving = np.any(slopes[plan.process][0][:, decays == i] != 0.0, axis=(1, 2))
                moving[: len(self.free)] = True
                found[plan.process, decay] = np.flatnonzero(moving).tolist()
        return found
