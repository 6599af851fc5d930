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

from bsfit import compiling, own_code
from bsfit.catalogue import Process
from bsfit.compiling import compile_quickly
from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled, kept
from bsfit.predictions.compiled import Gradients
from bsfit.predictions.plan import ProcessPlan, plans_of
from bsfit.predictions.prediction import Prediction
from bsfit.theory import INDEX, LightMediator, Rows, Theory

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
    mediator: LightMediator | None = None,
) -> tuple[dict[str, Float[np.ndarray, "p n k"]], dict[str, Float[np.ndarray, "p q n k"]]]:
    """By process, moments at points of the coefficients, of the exchange of a mediator if any, and their slopes."""
    rows = {plan.name: plan.row_arrays() for plan in prediction.plans}
    asked = {plan.process: (points[plan.name], rows[plan.name]) for plan in prediction.plans}
    moments = compiled.moments(asked, inputs, mediator)
    slopes = {name: np.zeros((m.shape[0], len(along), *m.shape[1:])) for name, m in moments.items()}
    parts, questions = [], []
    for plan in prediction.plans:
        for mine, moving in _parts(plan, along.affects):
            k = plan.process.n_moments
            repeated = _taken(rows[plan.name], np.repeat(mine, k))
            for i, point in enumerate(points[plan.name]):
                parts.append((plan.name, i, mine, moving))
                questions.append((plan.process, point, repeated, np.tile(np.eye(k), (mine.size, 1))))
    every = compiled.gradients(questions, inputs, mediator)
    for (name, i, mine, moving), (_, found) in zip(parts, every, strict=True):
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


def functional_slopes(
    plan: ProcessPlan,
    inputs: Inputs,
    moments: Float[np.ndarray, "p n k"],
    slopes: Float[np.ndarray, "p q n k"],
    directions: Float[np.ndarray, "q i"],
) -> tuple[dict[str, Float[Array, "p o r f"]], dict[str, Float[Array, "p rf o q"]]]:
    """By key, functionals at points of the coefficients and their slopes along directions of the inputs.

    The `slopes` are those of the moments; functionals read the inputs too.
    """

    def of(moments: Float[Array, "n k"], values: Float[Array, " i"]) -> dict[str, Array]:
        return plan.functionals(moments, dataclasses.replace(inputs, values=values))

    def at(point: tuple[Float[Array, "n k"], Float[Array, "q n k"]]) -> tuple[dict[str, Array], dict[str, Array]]:
        here, moved = point
        along = jax.vmap(lambda slope, change: jax.jvp(of, (here, inputs.values), (slope, change))[1], out_axes=-1)
        slopes = {
            key: jnp.moveaxis(x, 0, 2).reshape(-1, len(x), len(directions))
            for key, x in along(moved, directions).items()
        }
        return of(here, inputs.values), slopes

    return compile_quickly(partial(jax.lax.map, at))((moments, slopes))


def shifts(
    prediction: Prediction,
    theory: Theory,
    inputs: Inputs,
    functionals: Mapping[str, Mapping[str, Float[Array, "o r f"]]],
    slopes: Mapping[str, Mapping[str, Float[Array, "rf o q"]]],
    directions: Float[Array, "q i"],
) -> Float[Array, "n q"]:
    """Derivatives of all predictions along directions of the inputs, from the `slopes` of the functionals.

    Own observables of `theory` are followed in the inputs only.
    """

    def at(values: Float[Array, " i"]) -> Float[Array, " n"]:
        return prediction.of_functionals(functionals, theory, dataclasses.replace(inputs, values=values))

    beside = jax.vmap(lambda direction: jax.jvp(at, (inputs.values,), (direction,))[1], out_axes=1)(directions)
    through, positions = [jnp.zeros((0, len(directions)))], []
    for plan in prediction.plans:
        for part in plan.combinations:
            found, moved = functionals[plan.name][part.key], slopes[plan.name][part.key]
            weight = jax.grad(lambda f, plan=plan, part=part: jnp.sum(plan.assemble_all(part, f, inputs)))(found)
            through.append(sum(w[:, None] * s for w, s in zip(weight.reshape(len(weight), -1).T, moved, strict=True)))
            positions += part.positions
    index = np.array(positions, dtype=int)
    return beside.at[index].add(jnp.concatenate(through) * prediction.scale[index, None])


class Slopes(NamedTuple):
    """Values [n] of observables, not scaled, and their derivatives in the inputs beside the moments [n, i].

    `through` are derivatives [m] through the moments of one row each, of the observables at `positions`, by `decays`.
    """

    values: Float[np.ndarray, " n"]
    beside: Float[np.ndarray, "n i"]
    positions: list[int]
    decays: list[str]
    through: Gradients

    @classmethod
    def nothing(cls, n: int, n_inputs: int) -> "Slopes":
        """Zeros."""
        none = Gradients(np.zeros((0, len(INDEX)), dtype=complex), np.zeros((0, n_inputs)))
        return cls(np.zeros(n), np.zeros((n, n_inputs)), [], [], none)

    @classmethod
    def joined(
        cls, values: np.ndarray, beside: np.ndarray, where: Sequence[tuple[int, str]], found: Sequence[Gradients]
    ) -> "Slopes":
        """From derivatives in several pieces, of the rows of `where` in their order."""
        parts = [cls.nothing(0, beside.shape[1]).through, *found]
        through = Gradients(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        return cls(values, beside, [position for position, _ in where], [decay for _, decay in where], through)

    def packed(self, position: int, decays: Sequence[str]) -> Float[np.ndarray, " k"]:
        """What belongs to one observable of a process with these decays, as one vector."""
        parts = [np.array([self.values[position]]), _sparse(self.beside[position])]
        for i in (i for i, other in enumerate(self.positions) if other == position):
            complex_, real = self.through.coefficients[i], self.through.inputs[i]
            parts += [np.array([decays.index(self.decays[i])]), *map(_sparse, (complex_.real, complex_.imag, real))]
        return np.concatenate(parts)

    def with_packed(self, known: Mapping[int, Float[np.ndarray, " k"]], decays: Sequence[Sequence[str]]) -> "Slopes":
        """With what belongs to others, by their positions; `decays` are those of the process of each position."""
        values, beside = self.values.copy(), self.beside.copy()
        where, coefficients, inputs = [], [], []
        for position, vector in known.items():
            left = _Reader(vector)
            values[position], beside[position] = left.one(), left.dense(beside.shape[1])
            while left:
                where.append((position, decays[position][int(left.one())]))
                coefficients.append(left.dense(len(INDEX)) + 1j * left.dense(len(INDEX)))
                inputs.append(left.dense(beside.shape[1]))
        where = [*zip(self.positions, self.decays, strict=True), *where]
        added = [Gradients(np.stack(coefficients), np.stack(inputs))] if coefficients else []
        return Slopes.joined(values, beside, where, [self.through, *added])


def _sparse(dense: Float[np.ndarray, " n"]) -> Float[np.ndarray, " k"]:
    """How many entries are not zero, where, and these."""
    index = np.flatnonzero(dense)
    return np.concatenate([[len(index)], index, dense[index]])


class _Reader:
    """A vector that is read from its beginning."""

    def __init__(self, vector: Float[np.ndarray, " k"]) -> None:
        self._vector, self._at = vector, 0

    def __bool__(self) -> bool:
        return self._at < len(self._vector)

    def one(self) -> float:
        return float(self._take(1)[0])

    def dense(self, size: int) -> Float[np.ndarray, " n"]:
        count = int(self.one())
        found, index = np.zeros(size), self._take(count).astype(int)
        found[index] = self._take(count)
        return found

    def _take(self, count: int) -> Float[np.ndarray, " k"]:
        self._at += count
        return self._vector[self._at - count : self._at]


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
        self, theory: Theory, inputs: Inputs, along: Directions, keep: bool = False
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
        """The same with zeros for own functions; `keep` where the point is asked for again and again: see `kept`."""
        slopes = self._slopes_kept if keep else self._slopes
        found = slopes(theory, inputs, along.affects)
        scale = np.asarray(self.prediction.scale)
        shifts = found.beside @ along.inputs.T
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, (position, decay) in enumerate(zip(found.positions, found.decays, strict=True)):
            item = self.prediction.items[position]
            assert item is not None
            groups.setdefault(tuple(along.affects(item.quantity.process, decay)), []).append(i)
        for moving, pairs in groups.items():
            through = Gradients(found.through.coefficients[pairs], found.through.inputs[pairs])
            moved = through.along(along.coefficients[list(moving)], along.inputs[list(moving)])
            np.add.at(shifts, (np.array(found.positions)[pairs, None], np.array(moving)), moved)
        return found.values * scale, shifts * scale[:, None]

    def _slopes(self, theory: Theory, inputs: Inputs, affects: Affects) -> Slopes:
        """From the amplitudes."""
        point, mediator = np.asarray(theory.wilson.values), theory.mediator
        plans, n = self.prediction.plans, len(self.prediction.names)
        if not plans:
            return Slopes.nothing(n, len(inputs.names))
        rows = {plan.name: plan.row_arrays() for plan in plans}
        moments = self._moments(theory, rows, inputs, affects)
        if self._assemble is None:
            self._assemble = compiling.compiled_for(self._parts_and_weights, moments, inputs)
        values, beside, weights = jax.tree.map(np.array, self._assemble(moments, inputs))
        where, questions = self._questions(point, rows, weights, affects)
        found = [slopes for _, slopes in compiled.gradients(questions, inputs, mediator)]
        return Slopes.joined(values, beside, where, found)

    def _slopes_kept(self, theory: Theory, inputs: Inputs, affects: Affects) -> Slopes:
        """Those that are kept, the others from the amplitudes, and kept from now on; none with a mediator."""
        if theory.mediator is not None:
            return self._slopes(theory, inputs, affects)
        point = np.asarray(theory.wilson.values)
        items = self.prediction.items
        decays = [item.quantity.process.decays if item else () for item in items]
        keys: dict[int, kept.Key] = {}
        for plan in self.prediction.plans:
            for part in plan.combinations if kept.is_kept(plan.process) else ():
                for position, of_item in zip(part.positions, part.rows, strict=True):
                    of_rows = [plan.process.decays[plan.rows[row][0]] for row in of_item]
                    through = repr([bool(affects(plan.process, decay)) for decay in of_rows])
                    keys[position] = kept.key("slopes", items[position], point[None], inputs, through)
        known = kept.known(keys)
        missing = tuple(None if i in known else item for i, item in enumerate(items))
        rest = dataclasses.replace(self.prediction, items=missing, plans=plans_of(missing), own=())
        new = ValueAndSlopes(rest)._slopes(theory, inputs, affects)
        kept.keep({keys[i]: new.packed(i, decays[i]) for i in keys.keys() - known.keys()})
        return new.with_packed(known, decays)

    def _moments(
        self, theory: Theory, rows: Mapping[str, Rows], inputs: Inputs, affects: Affects
    ) -> dict[str, Float[np.ndarray, "n k"]]:
        """Moments of all processes, from the code that gives their gradients where these are needed too."""
        point, mediator, plans = np.asarray(theory.wilson.values), theory.mediator, self.prediction.plans
        moving = [plan for plan in plans if _parts(plan, affects)]
        asked = [(plan.process, point, rows[plan.name], None) for plan in moving]
        found = compiled.gradients(asked, inputs, mediator)
        moments = {plan.name: values for plan, (values, _) in zip(moving, found, strict=True)}
        others = {plan.process: (point[None], rows[plan.name]) for plan in plans if plan.name not in moments}
        return moments | {name: values[0] for name, values in compiled.moments(others, inputs, mediator).items()}

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
                values = values.at[at].set(found)
                beside = beside.at[at].set(of_inputs.values)
                weights.setdefault(plan.name, []).append(of_moments)
        return values, beside, weights

    def _questions(
        self, point: np.ndarray, rows: Mapping[str, Rows], weights: Mapping[str, list[np.ndarray]], affects: Affects
    ) -> tuple[list[tuple[int, str]], list[tuple]]:
        """For all pairs of a prediction and a row: its position and decay, and what to ask."""
        where, questions = [], []
        for plan in self.prediction.plans:
            row = np.concatenate([np.array(part.rows).ravel() for part in plan.combinations])
            position = np.concatenate([np.repeat(part.positions, len(part.rows[0])) for part in plan.combinations])
            weight = np.concatenate([w.reshape(-1, w.shape[-1]) for w in weights[plan.name]])
            for mine, _ in _parts(plan, affects):
                pairs = np.isin(row, mine)
                decays = [plan.process.decays[plan.rows[i][0]] for i in row[pairs]]
                where += zip(position[pairs].tolist(), decays, strict=True)
                questions.append((plan.process, point, _taken(rows[plan.name], row[pairs]), weight[pairs]))
        return where, questions


def own_positions(prediction: Prediction) -> list[int]:
    """Positions of a prediction's own functions."""
    return [position for position, _ in prediction.own]


def of_own(prediction: Prediction, theory: Theory, inputs: Inputs) -> Float[Array, " o"]:
    """Values of a prediction's own functions."""
    values = [own_code.number(function, "observable", theory, inputs) for _, function in prediction.own]
    return jnp.stack(values) * prediction.scale[np.array(own_positions(prediction))]
