"""Best fit of any `params -> log-likelihood`: many starts, exact Hessian, errors that are never too small.

The deepest of many minima is the best fit, the distinct others are listed. Errors are the crossings of the profile;
directions the data do not see are found first (`degeneracy`) and only their determined combinations get an error.
Delta(-2 log L) of 1 and 4 are called 1 and 2 sigma, per parameter (Wilks' theorem); coverage is exact for a Gaussian
likelihood only.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.inference import degeneracy, goodness, target
from bsfit.inference.scoring import highest
from bsfit.inference.search import Best, Lead, Place, covariance, profile_ends, search, usual_lead
from bsfit.inference.space import Objective, Space, space_of
from bsfit.results import FitResult, provenance

Ends = dict[tuple[int, int, float], float]


class FitError(RuntimeError):
    """A fit that did not converge, raised only with throw=True; the result is in `.result`."""

    def __init__(self, result: FitResult) -> None:
        super().__init__(f"the fit did not converge:\n{result}")
        self.result = result


def fit(
    like: Any,
    *,
    free: Mapping[str, Any] | None = None,
    starts: int = 32,
    seed: int = 0,
    profile_errors: bool = True,
    reference: Mapping[str, Any] | None = None,
    optimizer: Any = None,
    throw: bool = False,
) -> FitResult:
    """Maximise `like(params) -> log-likelihood` over the free parameters.

    free: as in `space.parse`; default `like.free`. starts: points tried, spread over the box (seeded), the reference
    point and the middle of the box among them. reference: point to which the pull is measured, default
    `like.reference`. profile_errors: errors from the profile; else from the Hessian alone. optimizer: any
    `optax.GradientTransformation`, which leads the starts down before Newton's method finishes them; by default L-BFGS
    with more than ten couplings, else none. throw: raise FitError if not converged.
    Raises BsfitInputError if no start has a finite log-likelihood, for an optimizer that is none, and for one with a
    likelihood that is fitted by scoring.

    What else a likelihood may know is in `target.Target`; what it does not know is left out of the result.
    """
    started = time.time()
    like = target.of(like, free)
    space = space_of(like)
    given, reference = reference, like.reference if reference is None else reference
    objective = Objective(like, space)
    lead = _lead(optimizer, objective)
    if like.quadratic is not None:
        best, here, there = highest(like, space, reference)
        ends, starts, profile_errors = {}, 1, False
    else:
        best, ends = _deepest(objective, space, reference, starts, seed, profile_errors, lead)
        here, there = goodness.summary(like, space, goodness.params_at(space, best)), None
    settings = {"starts": starts, "seed": seed, "profile_errors": profile_errors, "pull_by_rank": like.pull_by_rank}
    settings |= {} if lead is None else {"optimizer": lead.name}
    settings |= {} if optimizer is None else {"own_optimizer": True}
    settings |= {} if given is None else {"reference": {name: float(value) for name, value in given.items()}}
    estimates = _estimates(space, best, ends)
    estimates["messages"] += (
        *goodness.outside(space, reference),
        *goodness.own_terms(here),
        *like.remarks(estimates["values"]),
    )
    result = FitResult(
        **estimates,
        **goodness.measures(like, space, best, reference, here, there),
        meta=provenance(target.about(like), started=started, method="fit", free=space.describe(), **settings),
    )
    if throw and not result.converged:
        raise FitError(result)
    return result


def _lead(optimizer: Any, objective: Objective) -> Lead | None:
    """What leads the starts of a fit. Raises `BsfitInputError` for an optimiser where scoring needs none."""
    scored = objective.log_likelihood.quadratic is not None
    if optimizer is None:
        return None if scored else usual_lead(objective)
    if scored:
        raise BsfitInputError("this likelihood is fitted by scoring, from one start", field="optimizer")
    from bsfit.inference.descent import Led

    return Led(optimizer)


def _deepest(
    objective: Objective,
    space: Space,
    reference: Mapping[str, Any] | None,
    starts: int,
    seed: int,
    profile_errors: bool,
    lead: Lead | None,
) -> tuple[Best, Ends]:
    """The deepest minimum, and the crossings of its profiles if they are wanted."""
    best, ends = search(objective, space, starts=starts, seed=seed, first=space.inside(reference), lead=lead), {}
    # A point on a profile that lies deeper than the best fit shows that the starts missed the global minimum.
    for _ in range(3 if profile_errors else 0):
        ends, deeper = profile_ends(objective, best, starts)
        if deeper is None:
            break
        best = search(objective, space, starts=starts, seed=seed, first=deeper[None], lead=lead)
    return best, ends


def _estimates(space: Space, best: Best, ends: Ends) -> dict[str, Any]:
    """Values, errors, intervals, degeneracies and other minima, in the parameters' own units."""
    names, n = space.names, space.size
    x, slope = degeneracy.natural(space, best.position)
    matrix, _ = covariance(best)
    matrix = matrix * np.outer(slope, slope)
    sigma = np.sqrt(np.diag(matrix))
    undetermined = {i for group in best.groups for i in group.members}
    one, two = (
        {
            names[i]: _interval(space, ends, i, level)
            for i in range(n)
            if i not in undetermined and (i, 1, level) in ends
        }
        for level in (1.0, 4.0)
    )
    errors = {name: (sigma[i], sigma[i]) for i, name in enumerate(names)}
    errors |= {name: (x[names.index(name)] - low, high - x[names.index(name)]) for name, (low, high) in one.items()}
    errors |= {names[i]: (np.nan, np.nan) for i in undetermined}
    at_bound = {names[i]: "lower" if best.position[i] <= 0.0 else "upper" for i in np.flatnonzero(best.pressed)}
    status = "degenerate" if best.groups else "at bound" if at_bound else "converged"
    return {
        "names": names,
        "values": dict(zip(names, x.tolist(), strict=True)),
        "errors": errors,
        "hessian_errors": dict(zip(names, sigma.tolist(), strict=True)),
        "intervals_1": one,
        "intervals_2": two,
        "covariance": matrix,
        "bounds": space.bounds(),
        "status": status if best.converged else "not converged",
        "undetermined": tuple(names[i] for i in sorted(undetermined)),
        "at_bound": at_bound,
        "combinations": tuple(c for group in best.groups for c in _combinations(space, group, x, matrix, ends)),
        "minima": tuple(_minimum(space, best.value, place) for place in best.places),
        "starts": best.starts,
        "reached": best.reached,
        "gradient_norm": best.distance,
        "log_likelihood": -0.5 * best.value,
        "messages": tuple(_messages(space, best, at_bound, ends)),
    }


def _interval(space: Space, ends: Ends, i: int, level: float) -> tuple[float, float]:
    """Crossings of parameter i in its own units; infinite where the bound comes first."""
    low, high = (_natural(space, i, ends[i, side, level]) for side in (-1, 1))
    return (-np.inf if np.isinf(low) else low), high


def _natural(space: Space, i: int, position: float) -> float:
    if not np.isfinite(position):
        return float(position)
    value = float(space.lower[i] + (space.upper[i] - space.lower[i]) * position)
    return float(np.exp(value)) if space.log[i] else value


def _combinations(
    space: Space, group: degeneracy.Group, x: np.ndarray, matrix: np.ndarray, ends: Ends
) -> list[dict[str, Any]]:
    """Determined combinations of a degenerate group: each moves with one member while the gauge is held."""
    found, bounds = [], list(space.bounds().values())
    for row, i in zip(range(len(group.exponents)), group.rest, strict=False):

        def at(moved: float, row: int = row, i: int = i) -> float:
            return group.value(row, np.where(np.arange(len(x)) == i, moved, x))

        value, intervals = at(x[i]), {}
        if (i, 1, 1.0) in ends:
            walks = (_interval(space, ends, i, level) for level in (1.0, 4.0))
            one, two = (_image(at, walk, bounds[i]) for walk in walks)
            intervals = {"interval_1": one, "interval_2": two}
            minus, plus = value - one[0], one[1] - value
        else:
            step = 1e-6 * max(abs(x[i]), 1e-6)
            minus = plus = abs(at(x[i] + step) - at(x[i] - step)) / (2 * step) * np.sqrt(matrix[i, i])
        exponents = dict(zip((space.names[j] for j in group.members), group.exponents[row].tolist(), strict=True))
        name = group.combination(row, space.names)
        numbers = {"value": value, "minus": minus, "plus": plus, "bounds": group.range(row, bounds), **intervals}
        found.append({"name": name, "exponents": exponents, **numbers})
    return found


def _image(function: Any, walk: tuple[float, float], bounds: tuple[float, float]) -> tuple[float, float]:
    """Lowest and highest value of a product of powers, or a sum, along a walk; infinite where the walk met a bound."""
    if np.isnan(walk).any():
        return np.nan, np.nan
    ends = [bound if np.isinf(end) else end for end, bound in zip(walk, bounds, strict=True)]
    # A product turns around where its parameter vanishes, if the power is even.
    inside = [0.0] if ends[0] < 0.0 < ends[1] else []
    values = np.array([function(x) for x in (*ends, *inside)])
    opened = [*np.isinf(walk), *(False for _ in inside)]
    low, high = int(np.argmin(values)), int(np.argmax(values))
    return (-np.inf if opened[low] else float(values[low])), (np.inf if opened[high] else float(values[high]))


def _minimum(space: Space, deepest: float, place: Place) -> dict[str, Any]:
    x = degeneracy.natural(space, place.position)[0]
    values = dict(zip(space.names, x.tolist(), strict=True))
    return {"values": values, "delta_chi2": max(place.value - deepest, 0.0), "starts": place.starts}


def _messages(space: Space, best: Best, at_bound: dict[str, str], ends: Ends) -> list[str]:
    names = space.names
    messages = [*(group.words(names) for group in best.groups), *best.outside]
    messages += [f"{name} is at its {side} bound: the minimum may lie outside" for name, side in at_bound.items()]
    near = sum(place.value - best.value < 4.0 for place in best.places[1:])
    if near:
        count = "another minimum lies" if near == 1 else f"{near} other minima lie"
        messages.append(f"{count} within 2 sigma: the intervals are those around the best fit only")
    lost = sorted({names[i] for (i, _, _), end in ends.items() if np.isnan(end)})
    messages += [f"the profile of {name} has no clean crossing: see bsfit.profile" for name in lost]
    if best.reached < 2 and best.starts > 4:
        messages.append("only one start found the best fit: increase `starts`")
    return messages
