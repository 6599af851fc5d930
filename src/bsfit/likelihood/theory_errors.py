"""How uncertain inputs move predictions: which of them matter, their joint covariance, the shift of each prediction.

A unit nuisance is a direction in the space of all inputs: a column of the Cholesky factor of their joint covariance.
The shift of a prediction along it needs the derivatives of the moments, which are quadratic in the Wilson coefficients
as the moments themselves are: `Propagation` keeps their exact response, and gives the shifts at any point.
"""

import dataclasses
import fnmatch
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from glob import escape
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bsfit import catalogue
from bsfit.catalogue import Process
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.likelihood import densities
from bsfit.likelihood.densities import SplitNormal, TheoryErrors
from bsfit.loading.inputs import Inputs, InputSet, Prior
from bsfit.numerics import forward
from bsfit.predictions.derivatives import (
    Directions,
    ValueAndSlopes,
    functional_slopes,
    moment_slopes,
    own_positions,
    shifts,
)
from bsfit.predictions.floating import Floating, FloatingProcess
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
from bsfit.theory import INDEX, Theory

Globs = str | Sequence[str] | None
"""Selection of nuisances: globs of input names, ``"all"``, or None for those that the catalogue lists."""


@dataclass(frozen=True)
class Nuisances:
    """Uncertain inputs whose errors are carried along: names [q], priors around the values in use, and what they touch.

    `requested` are the globs that selected them, None if the catalogue did.
    """

    names: tuple[str, ...]
    priors: tuple[Prior, ...]
    requested: Globs

    @property
    def mean(self) -> dict[str, float]:
        """Central value of each."""
        return {name: float(m) for prior in self.priors for name, m in zip(prior.names, prior.mean, strict=True)}

    def directions(self, inputs: Inputs) -> Float[np.ndarray, "q i"]:
        """Changes of all inputs per unit Gaussian nuisance: columns of the Cholesky factor of the joint covariance."""
        order = {name: i for i, name in enumerate(self.names)}
        covariance = np.zeros((len(order), len(order)))
        for prior in self.priors:
            index = [order[name] for name in prior.names]
            covariance[np.ix_(index, index)] = prior.covariance
        found = np.zeros((len(order), len(inputs.names)))
        found[:, [inputs.names.index(name) for name in self.names]] = np.linalg.cholesky(covariance).T
        return found


def choose(
    items: Sequence[catalogue.Observable],
    the_set: InputSet,
    inputs: Inputs,
    requested: Globs = None,
    read: Collection[str] = (),
) -> Nuisances:
    """The uncertain inputs of a set that matter for observables, or those that `requested` selects (`globs_of`).

    `read` are inputs that own functions read: they matter too. Unselected members of a correlated block are
    marginalised.
    """
    uncertain = [name for prior in the_set.priors for name in prior.names]
    globs = globs_of(requested, the_set)
    if globs is None:
        globs = [*(glob for item in items for glob in catalogue.nuisance_globs(item)), *map(escape, read)]
    names = tuple(name for name in uncertain if _matches(name, dict.fromkeys(globs)))
    priors = []
    for prior in the_set.priors:
        index = [i for i, name in enumerate(prior.names) if name in names]
        if index:
            kept = tuple(prior.names[i] for i in index)
            priors.append(Prior(kept, inputs.numbers(kept), prior.covariance[np.ix_(index, index)]))
    return Nuisances(names, tuple(priors), requested)


def globs_of(requested: Globs, the_set: InputSet) -> list[str] | None:
    """Globs of inputs as a user asks for them: one, several, or ``"all"``; None for those that matter.

    Raises `BsfitInputError` for a glob without match, and for what is no text.
    """
    if requested is None:
        return None
    if isinstance(requested, str):
        requested = ["*" if requested == "all" else requested]
    globs: list[Any] = list(requested) if isinstance(requested, list | tuple | set | frozenset) else [requested]
    uncertain = [name for prior in the_set.priors for name in prior.names]
    for glob in globs:
        if not isinstance(glob, str) or not any(fnmatch.fnmatchcase(name, glob) for name in uncertain):
            hint = did_you_mean(glob, uncertain) if isinstance(glob, str) else None
            raise BsfitInputError(f"no uncertain input matches {glob!r}", field="nuisances", hint=hint)
    return globs


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def at_standard_model(
    slopes: ValueAndSlopes, chosen: Nuisances, own_at: Theory | None = None
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
    """All predictions of the Standard Model, and their shifts per unit Gaussian nuisance.

    Own functions that it does not have are evaluated at another theory, `own_at`.
    """
    prediction, theory = slopes.prediction, Theory.standard_model()
    if not chosen.names and own_at is None:
        return np.asarray(prediction.at_once(theory)), np.zeros((len(prediction.names), 0))
    along = directions(prediction, chosen)
    values, shifts = slopes.of_catalogue(theory, prediction.inputs, along, keep=True)
    if prediction.own:
        index = own_positions(prediction)
        where = theory if own_at is None else own_at
        values[index], shifts[index] = slopes.of_own(where, prediction.inputs, along)
    return values, shifts


def directions(prediction: Prediction, chosen: Nuisances) -> Directions:
    """The unit nuisances, each moving the decays for which the catalogue lists it, or all if the user asked for it.

    V_cb, there for the mixing, drops out of ratios, and inputs of `catalogue.BESIDE_MOMENTS` move no moment.
    """
    listed: dict[tuple[Process, str], set[str]] = {}
    for item in prediction.items:
        if item is not None:
            listed.setdefault((item.quantity.process, item.decay), set()).update(catalogue.nuisance_globs(item))
    block = {name: prior.names for prior in chosen.priors for name in prior.names}
    inner = {name for name in chosen.names if not _matches(name, catalogue.BESIDE_MOMENTS)}

    @cache
    def affects(process: Process, decay: str) -> list[int]:
        globs = listed.get((process, decay), ()) if chosen.requested is None else ("*",)
        touching = {name for name in inner if _matches(name, globs)}
        return [i for i, name in enumerate(chosen.names) if not touching.isdisjoint(block[name])]

    along = chosen.directions(prediction.inputs)
    return Directions(np.zeros((len(along), len(INDEX)), dtype=complex), along, affects)


def moves_moments(prediction: Prediction, chosen: Nuisances) -> bool:
    """Whether any nuisance enters a moment that an observable is made of."""
    affects = directions(prediction, chosen).affects
    return any(affects(item.quantity.process, item.decay) for item in prediction.items if item)


WHOLE = ""
"""Name of the block of all measured values."""


class ErrorsOfBlocks(eqx.Module):
    """Theory errors of measured values at one theory."""

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
    """Shifts [n, q] of all predictions at one theory."""

    shifts: Float[Array, "n q"]

    def of(self, block: str, rows: Int[np.ndarray, " k"]) -> TheoryErrors:
        """The rows of the block."""
        return self.shifts[rows]


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
        return AtThisPoint(at(z) if prediction.own else forward(at, z))


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
        names, _, pivots = spans[process]
        return fit_polynomials(found, names, pivots).polynomials

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


def floating(prediction: Prediction, reach: Reach, chosen: Nuisances) -> Prediction:
    """The prediction with moments quadratic in the chosen nuisances, in the directions that each process reaches.

    Those of decays without bins, which need no integration, stay what they are. Any nuisance may move anything.
    """
    inputs = prediction.inputs
    changes = chosen.directions(inputs)

    def of(plan: ProcessPlan) -> FloatingProcess:
        decays = [decay for decay, *_ in plan.rows]
        alike = [[i for i, decay in enumerate(decays) if decay == one] for one in dict.fromkeys(decays)]
        span, mediator = reach.spans[plan.name], reach.mediator
        moved = [(rows, motion(plan, plan.row_arrays(rows), span, inputs, changes, mediator)) for rows in alike]
        return FloatingProcess.of(moved, span)

    processes = {plan.name: of(plan) for plan in prediction.plans if plan.binned}
    return dataclasses.replace(prediction, floating=Floating.of(processes, chosen.names, inputs, changes))
