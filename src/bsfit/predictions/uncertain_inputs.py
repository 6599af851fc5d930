"""Uncertain inputs: which of them matter for observables, and how far each moves predictions.

A unit nuisance is a direction in the space of all inputs: a column of the Cholesky factor of their joint covariance.
"""

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from glob import escape
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bsfit import catalogue
from bsfit.catalogue import Process
from bsfit.catalogue.input_groups import group_of, selected
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs, InputSet, Prior, input_set
from bsfit.predictions.derivatives import Directions, ValueAndSlopes, own_positions
from bsfit.predictions.prediction import Prediction
from bsfit.theory import INDEX, Theory

Globs = str | Sequence[str] | None
"""Selection of nuisances: globs of input names, their groups, ``"all"``, or None for those that the catalogue lists;
``!GLOB`` leaves out."""


@dataclass(frozen=True)
class Nuisances:
    """Uncertain inputs whose errors are carried along: names [q], priors around the values in use, and what they touch.

    `requested`: whether a user selected them, or the catalogue did.
    """

    names: tuple[str, ...]
    priors: tuple[Prior, ...]
    requested: bool

    @property
    def mean(self) -> dict[str, float]:
        """Central value of each."""
        return {name: float(m) for prior in self.priors for name, m in zip(prior.names, prior.mean, strict=True)}

    def blocks(self) -> Iterator[tuple[Prior, slice]]:
        """Each prior, and where its unit nuisances stand among all."""
        first = 0
        for prior in self.priors:
            yield prior, slice(first, first + len(prior.names))
            first += len(prior.names)

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
    """The uncertain inputs of a set that matter for observables, or those that `requested` selects (`input_groups`).

    `read` are inputs that own functions read: they matter too. Unselected members of a correlated block are
    marginalised.
    """
    uncertain = [name for prior in the_set.priors for name in prior.names]
    wanted = selected(requested, uncertain)
    names = wanted.names
    if names is None:
        globs = dict.fromkeys(
            (*(glob for item in items for glob in catalogue.nuisance_globs(item)), *map(escape, read))
        )
        names = [name for name in uncertain if _matches(name, globs)]
    for word, gone in wanted.left_out.items():
        if gone.isdisjoint(names):
            what = f"{word!r} leaves out nothing: none of these inputs matters here"
            raise BsfitInputError(what, field="nuisances")
    gone = frozenset().union(*wanted.left_out.values())
    names = tuple(name for name in uncertain if name in names and name not in gone)
    priors = []
    for prior in the_set.priors:
        index = [i for i, name in enumerate(prior.names) if name in names]
        if index:
            kept = tuple(prior.names[i] for i in index)
            priors.append(Prior(kept, inputs.numbers(kept), prior.covariance[np.ix_(index, index)]))
    return Nuisances(names, tuple(priors), wanted.names is not None)


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def at_standard_model(
    slopes: ValueAndSlopes, chosen: Nuisances, own_at: Theory | None = None
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
    """All predictions of the Standard Model, and their shifts per unit Gaussian nuisance.

    Own functions that it does not have are evaluated at another theory, `own_at`.
    """
    theory = Theory.standard_model()
    return at_theory(slopes, chosen, theory, theory if own_at is None else own_at)


def at_theory(
    slopes: ValueAndSlopes, chosen: Nuisances, theory: Theory, own_at: Theory
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"]]:
    """The same of any theory; own functions at the theory `own_at`."""
    prediction = slopes.prediction
    if not chosen.names and own_at is theory:
        return np.asarray(prediction.at_once(theory)), np.zeros((len(prediction.names), 0))
    along = directions(prediction, chosen)
    values, shifts = slopes.of_catalogue(theory, prediction.inputs, along, keep=True)
    if prediction.own:
        index = own_positions(prediction)
        values[index], shifts[index] = slopes.of_own(own_at, prediction.inputs, along)
    return values, shifts


class Uncertainty(NamedTuple):
    """Values [n] of a prediction at one theory, and their shifts [n, q] per unit Gaussian nuisance."""

    values: Float[np.ndarray, " n"]
    shifts: Float[np.ndarray, "n q"]
    chosen: Nuisances

    @property
    def errors(self) -> Float[np.ndarray, " n"]:
        """Standard deviations."""
        return np.linalg.norm(self.shifts, axis=1)

    @property
    def covariance(self) -> Float[np.ndarray, "n n"]:
        """Of all values."""
        return self.shifts @ self.shifts.T

    def by_input(self) -> Float[np.ndarray, "n q"]:
        """What the error of each input alone does to each value; those of correlated inputs do not add in squares."""
        found = np.zeros_like(self.shifts)
        for prior, index in self.chosen.blocks():
            slopes = np.linalg.solve(np.linalg.cholesky(prior.covariance).T, self.shifts[:, index].T).T
            found[:, index] = slopes * np.sqrt(np.diag(prior.covariance))
        return found

    def by_group(self) -> dict[str, Float[np.ndarray, " n"]]:
        """Standard deviations [n] from each group of inputs (`catalogue.input_groups`), which add in squares."""
        found: dict[str, np.ndarray] = {}
        for prior, index in self.chosen.blocks():
            squares = np.sum(self.shifts[:, index] ** 2, axis=1)
            group = group_of(prior.names[0])
            found[group] = found.get(group, np.zeros(len(squares))) + squares
        return {group: np.sqrt(squares) for group, squares in found.items()}


def uncertainty(prediction: Prediction, theory: Theory, requested: Globs = None) -> Uncertainty:
    """Of a prediction at one theory, whose coefficients stay as they are when inputs move.

    Numbers of the amplitudes are kept for the next time. Raises `BsfitInputError` for a glob without match.
    """
    the_set = input_set(prediction.inputs.set_name or "default")
    items = [item for item in prediction.items if item is not None]
    chosen = choose(items, the_set, prediction.inputs, requested)
    return Uncertainty(*at_theory(ValueAndSlopes(prediction), chosen, theory, theory), chosen)


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
        globs = listed.get((process, decay), ()) if not chosen.requested else ("*",)
        touching = {name for name in inner if _matches(name, globs)}
        return [i for i, name in enumerate(chosen.names) if not touching.isdisjoint(block[name])]

    along = chosen.directions(prediction.inputs)
    return Directions(np.zeros((len(along), len(INDEX)), dtype=complex), along, affects)


def moves_moments(prediction: Prediction, chosen: Nuisances) -> bool:
    """Whether any nuisance enters a moment that an observable is made of."""
    affects = directions(prediction, chosen).affects
    return any(affects(item.quantity.process, item.decay) for item in prediction.items if item)
