"""Theory errors of predictions in a likelihood: the same at every theory, or following it.

The shift of a prediction along a unit nuisance (`predictions.uncertain_inputs`) needs the derivatives of the moments,
which are quadratic in the Wilson coefficients as the moments themselves are: `Propagation` keeps their exact response,
and gives the shifts at any point.
"""

import dataclasses
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bsfit.compiling import jit_quickly
from bsfit.likelihood import densities
from bsfit.likelihood.densities import SplitNormal, TheoryErrors
from bsfit.likelihood.moving_errors import MovingErrors, Part, parts_of
from bsfit.linear_algebra import SMALL
from bsfit.numerics import forward
from bsfit.predictions.derivatives import functional_slopes, moment_slopes, shifts
from bsfit.predictions.floating import Decay, Floating, FloatingProcess, side_by_side
from bsfit.predictions.functionals import read_of_moments
from bsfit.predictions.motion import motion
from bsfit.predictions.plan import ProcessPlan
from bsfit.predictions.prediction import Prediction, Reach
from bsfit.predictions.response import (
    Coordinates,
    coordinates_of,
    fit_polynomials,
    monomials,
    named,
    polynomial,
    probes,
)
from bsfit.predictions.uncertain_inputs import Nuisances, directions
from bsfit.theory import Params, Theory

WHOLE = ""
"""Name of the block of all measured values."""


class ErrorsOfBlocks(eqx.Module):
    """Theory errors of measured values at one theory: shifts [n, q] of all predictions, and what each block needs."""

    shifts: eqx.AbstractVar[Float[Array, "n q"]]

    @abstractmethod
    def of(self, block: str, rows: Int[np.ndarray, " k"]) -> TheoryErrors:
        """Those of a block of the values: a group, or `WHOLE`; `rows` are its positions in the predictions."""


class SameEverywhere(ErrorsOfBlocks):
    """Theory errors that do not depend on the point: shifts [n, q] of all predictions, and what each block needs."""

    shifts: Float[Array, "n q"]
    blocks: dict[str, TheoryErrors]

    @classmethod
    def of_blocks(
        cls,
        blocks: Mapping[str, tuple[SplitNormal, Int[np.ndarray, " k"]]],
        shifts: Float[np.ndarray, "n q"],
        near: Float[np.ndarray, " n"],
    ) -> "SameEverywhere":
        """From the shifts of all predictions, the data and positions of each block, and predictions to be near to."""
        shifts, near = np.asarray(shifts), np.asarray(near)
        prepared = {
            name: densities.fixed_errors(data, shifts[rows], near[rows]) for name, (data, rows) in blocks.items()
        }
        return cls(jnp.asarray(shifts), prepared)

    def __call__(self, prediction: Prediction, theory: Theory) -> ErrorsOfBlocks:
        """The same at every theory."""
        return self

    def of(self, block: str, rows: Int[np.ndarray, " k"]) -> TheoryErrors:
        """What was prepared."""
        return self.blocks[block]


class AtThisPoint(ErrorsOfBlocks):
    """Shifts [n, q] of all predictions at one theory, and the `moving_errors.Part` of blocks where they are known."""

    shifts: Float[Array, "n q"]
    parts: tuple[tuple[str, tuple[Part, ...]], ...] = eqx.field(static=True, default=())

    def of(self, block: str, rows: Int[np.ndarray, " k"]) -> TheoryErrors:
        """The rows of the block."""
        shifts = self.shifts[rows]
        parts = dict(self.parts).get(block)
        return shifts if parts is None or shifts.shape[1] <= SMALL else MovingErrors(shifts, parts)


class DirectPropagation(eqx.Module):
    """Shifts of all predictions per unit nuisance at any point, from the amplitudes: slow, and for any model."""

    directions: Float[Array, "q i"]

    def __call__(self, prediction: Prediction, theory: Theory) -> AtThisPoint:
        """Shifts of a theory."""

        def at(values: Float[Array, " i"]) -> Float[Array, " n"]:
            return prediction.of_theory(theory, eqx.tree_at(lambda i: i.values, prediction.inputs, values))

        values = prediction.inputs.values
        return AtThisPoint(jax.vmap(lambda d: jax.jvp(at, (values,), (d,))[1], out_axes=1)(self.directions))


class Propagation(eqx.Module):
    """Shifts of all predictions per unit nuisance at any point, from polynomials in the Wilson coefficients.

    By process, its `coordinates` and the coefficients of their monomials of `functionals` and of their `slopes`, by
    kind of observable.
    """

    functionals: dict[str, dict[str, Float[Array, "m o r f"]]]
    slopes: dict[str, dict[str, Float[Array, "m rf o q"]]]
    directions: Float[Array, "q i"]
    coordinates: dict[str, Coordinates] = eqx.field(static=True)
    parts: tuple[tuple[str, tuple[Part, ...]], ...] = eqx.field(static=True, default=())

    def divided(
        self, prediction: Prediction, points: Sequence[Params], blocks: Mapping[str, tuple[SplitNormal, np.ndarray]]
    ) -> "Propagation":
        """The same with the parts of each block: which nuisance moves what is seen at sampled parameters."""

        def at(params: Params) -> Float[Array, "n q"]:
            return self(prediction, prediction.model(params, prediction.inputs)).shifts

        moved = np.any([np.asarray(shifts) != 0.0 for shifts in map(jit_quickly(at), points)], axis=0)
        known = (
            (name, parts_of(None if data.precision is None else np.asarray(data.precision), moved[rows]))
            for name, (data, rows) in blocks.items()
        )
        return dataclasses.replace(self, parts=tuple(known))

    def __call__(self, prediction: Prediction, theory: Theory) -> AtThisPoint:
        """Shifts of a theory within the reach for which the polynomials were made."""
        names = tuple(dict.fromkeys(name for of_process in self.coordinates.values() for name in of_process))

        def at(z: Float[Array, " d"]) -> Float[Array, "n q"]:
            known = dict(zip(names, z, strict=True))
            y = {process: monomials([known[name] for name in mine]) for process, mine in self.coordinates.items()}
            functionals, slopes = (
                {process: {key: polynomial(y[process], k) for key, k in kinds.items()} for process, kinds in of.items()}
                for of in (self.functionals, self.slopes)
            )
            return shifts(prediction, theory, prediction.inputs, functionals, slopes, self.directions)

        z = jnp.stack([jnp.zeros(()), *coordinates_of(names, theory)])[1:]
        # Own observables may read more of a theory than the coordinates.
        return AtThisPoint(at(z) if prediction.own else forward(at, z), self.parts)


def propagation(
    prediction: Prediction, params: Sequence[Mapping], chosen: Nuisances
) -> Propagation | DirectPropagation:
    """`Propagation` of the chosen nuisances in the directions that the model reaches at sampled parameters.

    From the amplitudes where any moments are not quadratic in the coefficients there.
    """
    along, inputs, (spans, mediator) = directions(prediction, chosen), prediction.inputs, prediction.reach(params)
    if len(spans) < len(prediction.plans):
        return DirectPropagation(jnp.asarray(along.inputs))
    points = {process: probes(names, basis) for process, (names, basis, _) in spans.items()}
    moments, slopes = moment_slopes(prediction, inputs, points, along, mediator)

    def coefficients(found: Mapping[str, Array], process: str) -> dict[str, Array]:
        return fit_polynomials(found, len(spans[process][2]))

    functionals, reduced = {}, {}
    for plan in prediction.plans:
        found = functional_slopes(plan, inputs, moments[plan.name], slopes[plan.name], along.inputs)
        functionals[plan.name], reduced[plan.name] = (coefficients(part, plan.name) for part in found)
    coordinates = {process: named(span) for process, span in spans.items()}
    return Propagation(functionals, reduced, jnp.asarray(along.inputs), coordinates)


def reach_where_inputs_float(prediction: Prediction, params: Sequence[Mapping], chosen: Nuisances) -> Reach:
    """Directions reached at sampled parameters, each with inputs drawn anew: a model may read them."""
    changes = chosen.directions(prediction.inputs)
    unit = np.random.default_rng(20180313).normal(size=(len(params), len(changes)))
    return prediction.reach(params, unit @ changes)


def pulled_to(
    data: Iterable[tuple[SplitNormal, Int[np.ndarray, " k"]]],
    values: Float[np.ndarray, " n"],
    shifts: Float[np.ndarray, "n q"],
) -> Float[np.ndarray, " q"]:
    """Unit nuisances that blocks of data prefer, to first order and with mean errors; `values` [n] of predictions."""
    matrix, force = np.eye(shifts.shape[1]), np.zeros(shifts.shape[1])
    for block, rows in data:
        error = np.asarray(0.5 * (block.sigma_plus + block.sigma_minus))
        w, y = shifts[rows] / error[:, None], (np.asarray(block.central) - values[rows]) / error
        weighed = np.asarray(block.weigh(jnp.asarray(w)))
        matrix, force = matrix + w.T @ weighed, force + weighed.T @ y
    return np.linalg.solve(matrix, force)


def floating(prediction: Prediction, reach: Reach, chosen: Nuisances, centre: Float[np.ndarray, " q"]) -> Prediction:
    """The prediction with moments as polynomials of the chosen nuisances, in the directions that each process reaches.

    Those of other decays without bins, which cost nothing, stay what they are. Any nuisance may move anything. The
    moments are exact at the `centre`, unit nuisances counted from their means.
    """
    changes = chosen.directions(prediction.inputs)
    inputs = dataclasses.replace(prediction.inputs, values=prediction.inputs.values + centre @ changes)

    def of(plan: ProcessPlan) -> FloatingProcess:
        (span, mediator), bases = (reach.spans[plan.name], reach.mediator), read_of_moments(plan, inputs, changes)
        names, decays = [decay for decay, *_ in plan.rows], []
        for one in dict.fromkeys(names):
            rows = [i for i, name in enumerate(names) if name == one]
            mine = [bases[i] for i in rows]
            arrays = plan.row_arrays(rows)
            found = motion(plan, arrays, side_by_side(mine), span, inputs, changes, centre, mediator)
            decays.append(Decay.of(rows, mine, found))
        return FloatingProcess.of(decays, span)

    processes = {plan.name: of(plan) for plan in prediction.plans if plan.costly and plan.name in reach.spans}
    return dataclasses.replace(prediction, floating=Floating.of(processes, chosen.names, inputs, changes))
