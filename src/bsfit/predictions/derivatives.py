"""Derivatives of predictions along directions of the Wilson coefficients and the inputs, in blocks: see `compiled`.

A prediction is assembled from the moments of a few rows: what costs time are the gradients of the moments, one for each
pair of a prediction and a row.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import own_code
from bsfit.catalogue import Process
from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled
from bsfit.predictions.compiled import compile_quickly
from bsfit.predictions.plan import ProcessPlan
from bsfit.predictions.prediction import Prediction
from bsfit.theory import Params, Rows, Theory

Affects = Callable[[Process, str], list[int]]
"""(process, decay) -> positions of the directions that move its moments."""


class Directions(NamedTuple):
    """q changes of all coefficients [q, c] and all inputs [q, i] at once, and whom they move."""

    coefficients: Complex[np.ndarray, "q c"]
    inputs: Float[np.ndarray, "q i"]
    affects: Affects

    def __len__(self) -> int:
        return len(self.inputs)


def moment_slopes(
    prediction: Prediction,
    inputs: Inputs,
    points: Mapping[str, Complex[np.ndarray, "p c"]],
    along: Directions,
) -> tuple[dict[str, Float[np.ndarray, "p n k"]], dict[str, Float[np.ndarray, "p q n k"]]]:
    """By process, moments at points of the coefficients, and their slopes."""
    rows = {plan.name: plan.row_arrays() for plan in prediction.plans}
    moments = compiled.moments(
        {plan.process: (points[plan.name], rows[plan.name]) for plan in prediction.plans}, inputs
    )
    slopes = {name: np.zeros((m.shape[0], len(along), *m.shape[1:])) for name, m in moments.items()}
    parts, questions = [], []
    for plan in prediction.plans:
        for mine, moving in _parts(plan, along.affects):
            k = plan.process.n_moments
            repeated = _taken(rows[plan.name], np.repeat(mine, k))
            for i, point in enumerate(points[plan.name]):
                parts.append((plan.name, i, mine, moving))
                questions.append((plan.process, point, repeated, np.tile(np.eye(k), (mine.size, 1))))
    for (name, i, mine, moving), (_, found) in zip(parts, compiled.gradients(questions, inputs), strict=True):
        shifts = found.along(along.coefficients[moving], along.inputs[moving]).reshape(mine.size, -1, len(moving))
        slopes[name][i][np.ix_(moving, mine)] = shifts.transpose(2, 0, 1)
    return moments, slopes


def _parts(plan: ProcessPlan, affects: Affects) -> list[tuple[np.ndarray, list[int]]]:
    """Rows of the decays that the same directions move, and these, where there are any."""
    decays = np.asarray(plan.row_arrays().decay)
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, decay in enumerate(plan.process.decays):
        if i in decays:
            alike.setdefault(tuple(affects(plan.process, decay)), []).append(i)
    return [(np.flatnonzero(np.isin(decays, group)), list(moving)) for moving, group in alike.items() if moving]


def _taken(rows: Rows, index: np.ndarray) -> Rows:
    return jax.tree.map(lambda x: np.asarray(x)[index], rows)


def shifts(
    prediction: Prediction,
    theory: Theory,
    inputs: Inputs,
    moments: Mapping[str, Float[Array, "r k"]],
    slopes: Mapping[str, Float[Array, "q r k"]],
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


class ValueAndSlopes:
    """Values [n] of a prediction and their derivatives [n, q] along `Directions`, at one theory after another.

    The first call compiles how predictions are assembled.
    """

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self._assemble: Callable | None = None

    def __call__(
        self, theory: Theory, inputs: Inputs, along: Directions
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
        """Values, and derivatives from the amplitudes in reverse; own functions are followed in what they read."""
        values, slopes = self.of_catalogue(theory, inputs, along)
        if self.prediction.own:
            index = own_positions(self.prediction)
            values[index], slopes[index] = self.of_own(theory, inputs, along)
        return values, slopes

    def of_own(
        self, theory: Theory, inputs: Inputs, along: Directions
    ) -> tuple[Float[np.ndarray, " o"], Float[np.ndarray, "o q"]]:
        """The same for own functions alone."""

        def at(wilson: Complex[Array, " c"], values: Float[Array, " i"]) -> Float[Array, " o"]:
            moved = eqx.tree_at(lambda t: t.wilson.values, theory, wilson)
            return of_own(self.prediction, moved, dataclasses.replace(inputs, values=values))

        def both(coefficients: Complex[Array, "q c"], changes: Float[Array, "q i"]) -> tuple[Array, Array]:
            here = (theory.wilson.values, inputs.values)
            slope = jax.vmap(lambda c, i: jax.jvp(at, here, (c, i))[1], out_axes=1)
            return at(*here), slope(coefficients, changes)

        found = compile_quickly(both)(jnp.asarray(along.coefficients, dtype=complex), jnp.asarray(along.inputs))
        return jax.tree.map(np.asarray, found)

    def of_catalogue(
        self, theory: Theory, inputs: Inputs, along: Directions
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
        """The same with zeros for own functions."""
        if not self.prediction.plans:
            n = len(self.prediction.names)
            return np.zeros(n), np.zeros((n, len(along)))
        point = np.asarray(theory.wilson.values)
        rows = {plan.name: plan.row_arrays() for plan in self.prediction.plans}
        moments = self._moments(point, rows, inputs, along.affects)
        if self._assemble is None:
            self._assemble = compiled.compiled_for(self._parts_and_weights, moments, inputs)
        values, beside, weights = jax.tree.map(np.array, self._assemble(moments, inputs))
        shifts = beside @ along.inputs.T
        where, questions = self._questions(point, rows, weights, along.affects)
        for (positions, moving), (_, slopes) in zip(where, compiled.gradients(questions, inputs), strict=True):
            moved = slopes.along(along.coefficients[moving], along.inputs[moving])
            np.add.at(shifts, (positions[:, None], np.asarray(moving)), moved)
        return values, shifts

    def _moments(
        self, point: np.ndarray, rows: Mapping[str, Rows], inputs: Inputs, affects: Affects
    ) -> dict[str, Float[np.ndarray, "n k"]]:
        """Moments of all processes, from the code that gives their gradients where these are needed too."""
        plans = self.prediction.plans
        moving = [plan for plan in plans if _parts(plan, affects)]
        found = compiled.gradients([(plan.process, point, rows[plan.name], None) for plan in moving], inputs)
        moments = {plan.name: values for plan, (values, _) in zip(moving, found, strict=True)}
        others = {plan.process: (point[None], rows[plan.name]) for plan in plans if plan.name not in moments}
        return moments | {name: values[0] for name, values in compiled.moments(others, inputs).items()}

    def _parts_and_weights(
        self, moments: Mapping[str, Array], inputs: Inputs
    ) -> tuple[Float[Array, " n"], Float[Array, "n i"], dict[str, list[Float[Array, "o r k"]]]]:
        """Values, their derivatives in the inputs beside the moments, and in the moments of the rows of each."""
        n = len(self.prediction.names)
        values, beside = jnp.zeros(n), jnp.zeros((n, len(inputs.names)))
        weights: dict[str, list[Array]] = {}
        for plan in self.prediction.plans:
            for part in plan.combinations:
                index, at = np.array(part.rows), np.array(part.positions)
                one = jax.value_and_grad(partial(plan.single, part.key), (0, 2))
                rows = jax.tree.map(lambda x, index=index: x[index], plan.row_arrays())
                found, (of_moments, of_inputs) = jax.vmap(one, (0, 0, None))(moments[plan.name][index], rows, inputs)
                scale = self.prediction.scale[at]
                values = values.at[at].set(found * scale)
                beside = beside.at[at].set(of_inputs.values * scale[:, None])
                weights.setdefault(plan.name, []).append(of_moments * scale[:, None, None])
        return values, beside, weights

    def _questions(
        self, point: np.ndarray, rows: Mapping[str, Rows], weights: Mapping[str, list[np.ndarray]], affects: Affects
    ) -> tuple[list[tuple[np.ndarray, list[int]]], list[tuple]]:
        """For all pairs of a prediction and a row: positions, the directions that move them, and what to ask."""
        where, questions = [], []
        for plan in self.prediction.plans:
            row = np.concatenate([np.array(part.rows).ravel() for part in plan.combinations])
            position = np.concatenate([np.repeat(part.positions, len(part.rows[0])) for part in plan.combinations])
            weight = np.concatenate([w.reshape(-1, w.shape[-1]) for w in weights[plan.name]])
            for mine, moving in _parts(plan, affects):
                pairs = np.isin(row, mine)
                where.append((position[pairs], moving))
                questions.append((plan.process, point, _taken(rows[plan.name], row[pairs]), weight[pairs]))
        return where, questions


def own_positions(prediction: Prediction) -> list[int]:
    """Positions of a prediction's own functions."""
    return [position for position, _ in prediction.own]


def of_own(prediction: Prediction, theory: Theory, inputs: Inputs) -> Float[Array, " o"]:
    """Values of a prediction's own functions."""
    values = [own_code.number(function, "observable", theory, inputs) for _, function in prediction.own]
    return jnp.stack(values) * prediction.scale[np.array(own_positions(prediction))]


class Jacobian:
    """Values [n] of predictions, and their Jacobian [n, p + q] in the free parameters and in named inputs, at a point.

    From the amplitudes; the first call compiles.
    """

    def __init__(self, slopes: ValueAndSlopes, free: Sequence[str], nuisances: Sequence[str]) -> None:
        self.slopes, self.prediction = slopes, slopes.prediction
        self.free, self.nuisances = tuple(free), tuple(nuisances)
        self._coefficients = jax.jit(jax.jacfwd(lambda vector: self._at(vector)[0].wilson.values))
        self._own = jax.jit(lambda vector: (self._own_at(vector), jax.jacfwd(self._own_at)(vector)))

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        vector = jnp.asarray([float(params[name]) for name in (*self.free, *self.nuisances)])
        values, slopes = self.slopes.of_catalogue(*self._at(vector), self._directions(vector))
        if self.prediction.own:
            index = own_positions(self.prediction)
            values[index], slopes[index] = jax.tree.map(np.asarray, self._own(vector))
        return values, slopes

    def _at(self, vector: Float[Array, " f"]) -> tuple[Theory, Inputs]:
        named = {name: vector[i] for i, name in enumerate((*self.free, *self.nuisances))}
        inputs = self.prediction.inputs.replace({name: named.pop(name) for name in self.nuisances})
        return self.prediction.model(named, inputs), inputs

    def _own_at(self, vector: Float[Array, " f"]) -> Float[Array, " o"]:
        return of_own(self.prediction, *self._at(vector))

    def _directions(self, vector: Float[Array, " f"]) -> Directions:
        """Unit changes of the parameters, then of the nuisances, which may move everything."""
        moved = np.zeros((len(vector), len(self.prediction.inputs.names)))
        for i, name in enumerate(self.nuisances, start=len(self.free)):
            moved[i, self.prediction.inputs.names.index(name)] = 1.0
        everything = list(range(len(vector)))
        return Directions(np.asarray(self._coefficients(vector)).T, moved, lambda *decay: everything)
