"""Derivatives of predictions along directions of the Wilson coefficients and the inputs, in blocks: see `evaluation`.

A prediction is assembled from the moments of a few rows: what costs time are the gradients of the moments, one for each
pair of a prediction and a row.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import catalogue, evaluation
from bsfit.evaluation import compiled
from bsfit.inputs import Inputs
from bsfit.predictions import Params, Prediction, ProcessPlan
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


def moment_slopes(
    prediction: Prediction,
    inputs: Inputs,
    points: Mapping[str, Complex[np.ndarray, "p c"]],
    along: Directions,
) -> tuple[dict[str, Float[np.ndarray, "p n k"]], dict[str, Float[np.ndarray, "p q n k"]]]:
    """By process, moments at points of the coefficients, and their slopes."""
    rows = {plan.process: plan.row_arrays() for plan in prediction.plans}
    moments = evaluation.moments({process: (points[process], rows[process]) for process in rows}, inputs)
    slopes = {process: np.zeros((m.shape[0], len(along), *m.shape[1:])) for process, m in moments.items()}
    parts, questions = [], []
    for plan in prediction.plans:
        for mine, felt in _parts(plan, along.felt):
            k = moments[plan.process].shape[-1]
            repeated = _taken(rows[plan.process], np.repeat(mine, k))
            for i, point in enumerate(points[plan.process]):
                parts.append((plan.process, i, mine, felt))
                questions.append((plan.process, point, repeated, np.tile(np.eye(k), (mine.size, 1))))
    for (process, i, mine, felt), (_, found) in zip(parts, evaluation.gradients(questions, inputs), strict=True):
        shifts = found.along(along.coefficients[felt], along.inputs[felt]).reshape(mine.size, -1, len(felt))
        slopes[process][i][np.ix_(felt, mine)] = shifts.transpose(2, 0, 1)
    return moments, slopes


def _parts(plan: ProcessPlan, felt: Felt) -> list[tuple[np.ndarray, list[int]]]:
    """Rows of the decays that feel the same directions, and these, where there are any."""
    decays = np.asarray(plan.row_arrays().decay)
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, decay in enumerate(catalogue.PROCESSES[plan.process].decays):
        if i in decays:
            alike.setdefault(tuple(felt(plan.process, decay)), []).append(i)
    return [(np.flatnonzero(np.isin(decays, group)), list(moving)) for moving, group in alike.items() if moving]


def _taken(rows: Rows, index: np.ndarray) -> Rows:
    return jax.tree.map(lambda x: np.asarray(x)[index], rows)


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


class Expansion:
    """Values [n] of a prediction and their derivatives [n, q] along `Directions`, at one theory after another.

    The first call compiles how predictions are assembled. Raises `ValueError` for predictions with own functions.
    """

    def __init__(self, prediction: Prediction) -> None:
        if prediction.own:
            raise ValueError("an expansion knows the observables of the catalogue only, not functions of a theory")
        self.prediction = prediction
        self._assemble: Callable | None = None

    def __call__(
        self, theory: Theory, inputs: Inputs, along: Directions
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
        """Values, and derivatives from the amplitudes in reverse."""
        point = np.asarray(theory.wilson.values)
        rows = {plan.process: plan.row_arrays() for plan in self.prediction.plans}
        moments = self._moments(point, rows, inputs, along.felt)
        if self._assemble is None:
            self._assemble = compiled(self._parts_and_weights, moments, inputs)
        values, beside, weights = jax.tree.map(np.asarray, self._assemble(moments, inputs))
        shifts = beside @ along.inputs.T
        where, questions = self._questions(point, rows, weights, along.felt)
        for (positions, felt), (_, slopes) in zip(where, evaluation.gradients(questions, inputs), strict=True):
            moved = slopes.along(along.coefficients[felt], along.inputs[felt])
            np.add.at(shifts, (positions[:, None], np.asarray(felt)), moved)
        return values, shifts

    def _moments(
        self, point: np.ndarray, rows: Mapping[str, Rows], inputs: Inputs, felt: Felt
    ) -> dict[str, Float[np.ndarray, "n k"]]:
        """Moments of all processes, from the code that gives their gradients where these are needed too."""
        moving = [plan.process for plan in self.prediction.plans if _parts(plan, felt)]
        found = evaluation.gradients([(process, point, rows[process], None) for process in moving], inputs)
        moments = {process: values for process, (values, _) in zip(moving, found, strict=True)}
        others = {process: (point[None], rows[process]) for process in rows if process not in moments}
        return moments | {process: values[0] for process, values in evaluation.moments(others, inputs).items()}

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
                found, (of_moments, of_inputs) = jax.vmap(one, (0, 0, None))(moments[plan.process][index], rows, inputs)
                scale = self.prediction.scale[at]
                values = values.at[at].set(found * scale)
                beside = beside.at[at].set(of_inputs.values * scale[:, None])
                weights.setdefault(plan.process, []).append(of_moments * scale[:, None, None])
        return values, beside, weights

    def _questions(
        self, point: np.ndarray, rows: Mapping[str, Rows], weights: Mapping[str, list[np.ndarray]], felt: Felt
    ) -> tuple[list[tuple[np.ndarray, list[int]]], list[tuple]]:
        """For all pairs of a prediction and a row: positions, the directions felt, and what to ask `evaluation`."""
        where, questions = [], []
        for plan in self.prediction.plans:
            row = np.concatenate([np.array(part.rows).ravel() for part in plan.combinations])
            position = np.concatenate([np.repeat(part.positions, len(part.rows[0])) for part in plan.combinations])
            weight = np.concatenate([w.reshape(-1, w.shape[-1]) for w in weights[plan.process]])
            for mine, moving in _parts(plan, felt):
                pairs = np.isin(row, mine)
                where.append((position[pairs], moving))
                questions.append((plan.process, point, _taken(rows[plan.process], row[pairs]), weight[pairs]))
        return where, questions


class Linearisation:
    """Values [n] of predictions, and their Jacobian [n, p + q] in the free parameters and in named inputs, at a point.

    From the amplitudes; the first call compiles.
    """

    def __init__(self, expansion: Expansion, free: Sequence[str], nuisances: Sequence[str]) -> None:
        self.expansion, self.prediction = expansion, expansion.prediction
        self.free, self.nuisances = tuple(free), tuple(nuisances)
        self._coefficients = jax.jit(jax.jacfwd(self._coefficients_at))

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        inputs = self.prediction.inputs.replace({name: params[name] for name in self.nuisances})
        theory = self.prediction.model({name: jnp.asarray(params[name]) for name in self.free}, inputs)
        return self.expansion(theory, inputs, self._directions(params))

    def _coefficients_at(self, vector: Float[Array, " f"]) -> Complex[Array, " c"]:
        named = {name: vector[i] for i, name in enumerate((*self.free, *self.nuisances))}
        inputs = self.prediction.inputs.replace({name: named.pop(name) for name in self.nuisances})
        return self.prediction.model(named, inputs).wilson.values

    def _directions(self, params: Params) -> Directions:
        """Unit changes of the parameters, then of the nuisances, which all may feel."""
        names, where = (*self.free, *self.nuisances), self.prediction.inputs.names
        vector = jnp.asarray([float(params[name]) for name in names])
        moved = np.zeros((len(names), len(where)))
        for i, name in enumerate(self.nuisances, start=len(self.free)):
            moved[i, where.index(name)] = 1.0
        everything = list(range(len(names)))
        return Directions(np.asarray(self._coefficients(vector)).T, moved, lambda *decay: everything)
