"""Best fit of any `params -> log-likelihood`: many starts, exact Hessian, errors that are never too small.

The deepest of many minima is the best fit, the distinct others are listed. Errors are the crossings of the profile;
directions the data do not see are found first (`degeneracy`) and only their determined combinations get an error.
Delta(-2 log L) of 1 and 4 are called 1 and 2 sigma, per parameter (Wilks' theorem); coverage is exact for a Gaussian
likelihood only.
"""

import time
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from bsfit.inference import degeneracy
from bsfit.inference.scoring import highest
from bsfit.inference.search import Best, Place, covariance, profile_ends, search
from bsfit.inference.significance import p_value, pull
from bsfit.inference.space import Objective, Space, space_of
from bsfit.results import FitResult, provenance

Ends = dict[tuple[int, int, float], float]
# Singular values of the observables' Jacobian below this fraction of the largest are zero.
RANK_TOLERANCE = 1e-8


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
    throw: bool = False,
) -> FitResult:
    """Maximise `like(params) -> log-likelihood` over the free parameters.

    free: as in `space.parse`; default `like.free`. starts: points tried, spread over the box (seeded), the reference
    point and the middle of the box among them. reference: point to which the pull is measured, default
    `like.reference`. profile_errors: errors from the profile; else from the Hessian alone. throw: raise FitError if not
    converged. Raises BsfitInputError if no start has a finite log-likelihood.

    `like` may also tell `chi2(params)`, `n_data`, `by_group(params)`, `predictions(params)`, `pulls(params)`,
    `observables`, `reference_chi2`, `pull_by_rank`, `constrained` (names whose constraint it contains: they count
    neither as data nor as parameters), `pull_chi2(params)` (the part of chi2 that `reference_chi2` is compared with),
    `compared` and `measured` (positions of the predictions that the reference has, and that are counted in `n_data`,
    default all), `told(params)` (all of these at once), `remarks(params)` (lines about the best fit), `expand` (see
    `scoring`: then the fit goes that way), `meta`; what it does not tell is left out of the result.
    """
    started = time.time()
    space = space_of(like, free)
    objective = Objective(like, space)
    reference = getattr(like, "reference", None) if reference is None else reference
    ends: Ends = {}
    told = None
    if getattr(like, "expand", None) is not None:
        best, told = highest(like, space, reference)
        starts, profile_errors = 1, False
    else:
        best = search(objective, space, starts=starts, seed=seed, first=space.inside(reference))
    # A point on a profile that lies deeper than the best fit shows that the starts missed the global minimum.
    for _ in range(3 if profile_errors else 0):
        ends, deeper = profile_ends(objective, best, starts)
        if deeper is None:
            break
        best = search(objective, space, starts=starts, seed=seed, first=deeper[None])
    by_rank = bool(getattr(like, "pull_by_rank", False))
    settings = {"starts": starts, "seed": seed, "profile_errors": profile_errors, "pull_by_rank": by_rank}
    estimates = _estimates(space, best, ends)
    estimates["messages"] += _remarks(like, estimates["values"])
    result = FitResult(
        **estimates,
        **_measures(like, space, best, reference, told),
        meta=provenance(like, started=started, method="fit", free=space.describe(), **settings),
    )
    if throw and not result.converged:
        raise FitError(result)
    return result


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
    found = []
    for row, i in zip(range(len(group.exponents)), group.rest, strict=False):
        value = group.value(row, x)

        def at(end: float, row: int = row, i: int = i) -> float:
            moved = x.copy()
            moved[i] = end
            return group.value(row, moved)

        if (i, 1, 1.0) in ends:
            low, high = _interval(space, ends, i, 1.0)
            sides = [abs(at(end) - value) if np.isfinite(end) else np.inf for end in (low, high)]
            rising = at(x[i] * (1.0 + 1e-6) + 1e-12) > value
            minus, plus = sides if rising else sides[::-1]
        else:
            step = 1e-6 * max(abs(x[i]), 1e-6)
            minus = plus = abs(at(x[i] + step) - at(x[i] - step)) / (2 * step) * np.sqrt(matrix[i, i])
        exponents = dict(zip((space.names[j] for j in group.members), group.exponents[row].tolist(), strict=True))
        name = group.combination(row, space.names)
        found.append({"name": name, "exponents": exponents, "value": value, "minus": minus, "plus": plus})
    return found


def _minimum(space: Space, deepest: float, place: Place) -> dict[str, Any]:
    x = degeneracy.natural(space, place.position)[0]
    values = dict(zip(space.names, x.tolist(), strict=True))
    return {"values": values, "delta_chi2": max(place.value - deepest, 0.0), "starts": place.starts}


def _messages(space: Space, best: Best, at_bound: dict[str, str], ends: Ends) -> list[str]:
    names = space.names
    messages = [group.words(names) for group in best.groups]
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


def _remarks(like: Any, values: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(like.remarks(values)) if hasattr(like, "remarks") else ()


def _measures(
    like: Any, space: Space, best: Best, reference: Mapping[str, Any] | None, told: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Goodness of fit and the pull to the reference point, as far as the likelihood can tell them."""
    params = {k: jnp.asarray(v) for k, v in zip(space.names, degeneracy.natural(space, best.position)[0], strict=True)}
    known = jax.tree.map(np.asarray, _told(like, space, params) if told is None else told)
    # A constrained parameter adds a measurement and a parameter: only the others count.
    own = getattr(like, "constrained", ())
    pairs = zip(space.names, space.priors, strict=True)
    interest = np.array([prior is None and name not in own for name, prior in pairs])
    counted = int(interest.sum()) - sum(len(group.gauge) for group in best.groups)
    determined = counted
    if getattr(like, "pull_by_rank", False) and "jacobian" in known:
        jacobian = known["jacobian"][:, interest]
        rows = (list(getattr(like, name, range(len(jacobian)))) for name in ("measured", "compared"))
        determined, counted = (_rank(jacobian[part]) for part in rows)
    measures: dict[str, Any] = {"by_group": {group: float(x) for group, x in known.get("by_group", {}).items()}}
    measures |= {"nuisances": tuple(name for name in space.names if name in own)}
    if "pulls" in known and hasattr(like, "observables"):
        found = zip(like.observables, known["pulls"].tolist(), strict=False)  # curves come last and have none
        measures["pulls"] = tuple(sorted(found, key=lambda pair: -abs(pair[1])))
    at_reference = known.get("reference_by_group")
    if at_reference is None and reference is not None and set(space.names) <= set(reference) and measures["by_group"]:
        there = {name: jnp.asarray(float(reference[name])) for name in space.names}
        at_reference = _told(like, space, there)["by_group"]
    if at_reference is not None:
        ours = measures["by_group"]
        measures["delta_chi2_by_group"] = {g: 2.0 * (ours[g] - float(at_reference[g])) for g in ours}
    penalty = _penalty(space, params)
    if "chi2" in known and getattr(like, "n_data", None) is not None:
        chi2, ndf = float(known["chi2"]) + penalty, int(like.n_data) - determined
        measures |= {"chi2": chi2, "ndf": ndf, "p_value": p_value(chi2, ndf) if ndf > 0 else None}
    delta = _improvement(like, known, best, penalty, reference)
    if delta is not None:
        measures |= {"pull": pull(delta, counted), "pull_dof": counted, "pull_delta_chi2": delta}
    return measures


@eqx.filter_jit
def _told(like: Any, space: Space, params: dict[str, Any]) -> dict[str, Any]:
    """What the likelihood says about itself at a point: chi2, parts, Jacobian of the predictions in box units."""
    named = ("chi2", "by_group", "pull_chi2", "pulls", "predictions")
    if hasattr(like, "told"):
        told = dict(like.told(params))
    else:
        told = {name: getattr(like, name)(params) for name in named if hasattr(like, name)}
    if getattr(like, "pull_by_rank", False) and hasattr(like, "predictions"):
        told["jacobian"] = jax.jacfwd(lambda t: like.predictions(space.params(t)))(space.position(params))
    return told


def _rank(jacobian: np.ndarray) -> int:
    """Rank of a Jacobian [observables, parameters] whose rows have different units."""
    size = np.max(np.abs(jacobian), axis=1, initial=0.0)
    rows = jacobian[size > 0.0] / size[size > 0.0, None]
    singular = np.linalg.svd(rows, compute_uv=False) if rows.size else np.zeros(1)
    return int(np.sum(singular > RANK_TOLERANCE * max(np.max(singular), 1e-300)))


def _penalty(space: Space, params: dict[str, Any]) -> float:
    """-2 log of the constraint densities relative to their maxima."""
    total = 0.0
    for name, prior, low, high in zip(space.names, space.priors, space.lower, space.upper, strict=True):
        if prior is not None:
            highest = jnp.nanmax(prior.log_prob(jnp.linspace(low, high, 2001)))
            total += float(2.0 * (jnp.maximum(highest, prior.log_prob(params[name])) - prior.log_prob(params[name])))
    return total


def _improvement(
    like: Any, told: dict[str, Any], best: Best, penalty: float, reference: Mapping[str, Any] | None
) -> float | None:
    """Delta chi2 between the reference and the best fit: r^T C^-1 r where it exists, else -2 log L."""
    known = told.get("reference_chi2", getattr(like, "reference_chi2", None))
    if known is not None and "chi2" in told:
        return float(known) - float(told.get("pull_chi2", told["chi2"])) - penalty
    if reference is None or hasattr(like, "reference_chi2"):
        return None
    return -2.0 * float(like({name: jnp.asarray(float(x)) for name, x in reference.items()})) - best.value
