"""How good a fit is: chi2 of the best point, its parts and pulls, and its pull to a reference point."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bsfit.compiling import jit_quickly
from bsfit.inference import degeneracy
from bsfit.inference.search import Best
from bsfit.inference.significance import p_value, pull_if_better
from bsfit.inference.space import Space
from bsfit.inference.target import Params, Target

# Singular values of the observables' Jacobian below this fraction of the largest are zero.
RANK_TOLERANCE = 1e-8
# What own terms add to chi2 beyond rounding.
OWN = 1e-6


def own_terms(here: Mapping[str, Any]) -> tuple[str, ...]:
    """What terms of a user's own add to chi2, which the p-value does not see."""
    own = float(here["chi2"]) - float(here["tested_chi2"]) if {"chi2", "tested_chi2"} <= set(here) else 0.0
    return (f"own terms add {own:+.2f} to chi2, which the p-value leaves out",) if abs(own) > OWN else ()


def outside(space: Space, reference: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Says in which parameters the reference lies outside of the bounds: no fit inside them can fall back on it."""
    known = {name: float(value) for name, value in (reference or {}).items() if name in space.names}
    beyond = [name for name, (low, high) in space.bounds().items() if not low <= known.get(name, low) <= high]
    points = ", ".join(f"{name} = {known[name]:g}" for name in beyond)
    return (f"the Standard Model, {points}, lies outside of the bounds",) if beyond else ()


def params_at(space: Space, best: Best) -> Params:
    """The best fit as arguments of a likelihood."""
    values = degeneracy.natural(space, best.position)[0]
    return {name: jnp.asarray(value) for name, value in zip(space.names, values, strict=True)}


def summary(like: Target, space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the likelihood knows of a point, and the Jacobian of its predictions in box units where ranks count."""
    point = {name: jnp.asarray(params[name], dtype=float) for name in space.names}
    return jax.tree.map(np.asarray, _traced(like, space, point, like.pull_by_rank))


@jit_quickly
def _traced(like: Target, space: Space, params: Params, by_rank: bool) -> dict[str, Any]:
    known = dict(like.summary(params))
    if by_rank and "predictions" in known:
        predicted = jax.jacfwd(lambda t: like.summary(space.params(t))["predictions"])
        known["jacobian"] = predicted(space.position(params))
    return known


def measures(
    like: Target,
    space: Space,
    best: Best,
    reference: Mapping[str, Any] | None,
    here: Mapping[str, Any],
    there: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Goodness of fit and the pull to the reference point, as far as the likelihood can tell them.

    here, there: its summary at the best fit, and at the reference where a fit with many nuisances has been there.
    """
    determined, counted = _degrees(like, space, best, here)
    penalty = _penalty(space, params_at(space, best))
    delta = _improvement(like, best, penalty, reference, here, there)
    pulled = {} if delta is None else {"pull": pull_if_better(delta, counted), "pull_delta_chi2": delta}
    pulled |= {"pull_dof": counted} if pulled else {}
    return {
        **_by_group(like, space, reference, here, there),
        "nuisances": tuple(name for name in space.names if name in like.constrained),
        "pulls": _pulls(like, here),
        **_chi2(like, here, penalty, determined),
        **pulled,
    }


def _by_group(
    like: Target,
    space: Space,
    reference: Mapping[str, Any] | None,
    here: Mapping[str, Any],
    there: Mapping[str, Any] | None,
) -> dict[str, dict[str, float]]:
    """Log-likelihood of each group, and twice what it is above that of the reference, if that is a free point."""
    ours = {group: float(x) for group, x in here.get("by_group", {}).items()}
    if there is None and ours and reference is not None and set(space.names) <= set(reference):
        there = summary(like, space, reference)
    theirs = (there or {}).get("by_group", {})
    better = {group: 2.0 * (ours[group] - float(theirs[group])) for group in ours if group in theirs}
    return {"by_group": ours, "delta_chi2_by_group": better}


def _pulls(like: Target, here: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Name and pull of every datum that has one, the largest first."""
    if "pulls" not in here or not like.pulled:
        return ()
    found = zip(like.pulled, np.asarray(here["pulls"]).tolist(), strict=True)
    return tuple(sorted(found, key=lambda pair: -abs(pair[1])))


def _chi2(like: Target, here: Mapping[str, Any], penalty: float, determined: int) -> dict[str, Any]:
    if "chi2" not in here or like.n_data is None:
        return {}
    chi2, ndf = float(here["chi2"]) + penalty, like.n_data - determined
    tested = float(here.get("tested_chi2", here["chi2"])) + penalty
    return {"chi2": chi2, "ndf": ndf, "p_value": p_value(tested, ndf) if ndf > 0 else None}


def _degrees(like: Target, space: Space, best: Best, here: Mapping[str, Any]) -> tuple[int, int]:
    """How many directions the data determine, and how many lead away from the reference.

    A constrained parameter adds a measurement and a parameter: only the others count.
    """
    pairs = zip(space.names, space.priors, strict=True)
    interest = np.array([prior is None and name not in like.constrained for name, prior in pairs])
    if "jacobian" not in here:
        counted = int(interest.sum()) - sum(len(group.gauge) for group in best.groups)
        return counted, counted
    jacobian = here["jacobian"][:, interest]
    parts = (slice(None) if rows is None else list(rows) for rows in (like.measured, like.compared))
    determined, compared = (_rank(jacobian[part]) for part in parts)
    return determined, compared


def _rank(jacobian: np.ndarray) -> int:
    """Rank of a Jacobian [observables, parameters] whose rows have different units."""
    size = np.max(np.abs(jacobian), axis=1, initial=0.0)
    rows = jacobian[size > 0.0] / size[size > 0.0, None]
    singular = np.linalg.svd(rows, compute_uv=False) if rows.size else np.zeros(1)
    return int(np.sum(singular > RANK_TOLERANCE * max(np.max(singular), 1e-300)))


def _penalty(space: Space, params: Params) -> float:
    """-2 log of the constraint densities relative to their maxima."""
    total = 0.0
    for name, prior, low, high in zip(space.names, space.priors, space.lower, space.upper, strict=True):
        if prior is not None:
            highest = jnp.nanmax(prior.log_prob(jnp.linspace(low, high, 2001)))
            total += float(2.0 * (jnp.maximum(highest, prior.log_prob(params[name])) - prior.log_prob(params[name])))
    return total


def _improvement(
    like: Target,
    best: Best,
    penalty: float,
    reference: Mapping[str, Any] | None,
    here: Mapping[str, Any],
    there: Mapping[str, Any] | None,
) -> float | None:
    """Delta chi2 between the reference and the best fit: r^T C^-1 r where it exists, else -2 log L."""
    known = like.reference_chi2 if there is None else there.get("pull_chi2", there.get("chi2"))
    if known is not None and "chi2" in here:
        return float(known) - float(here.get("pull_chi2", here["chi2"])) - penalty
    if reference is None or "pull_chi2" in here:
        return None
    return -2.0 * float(like({name: jnp.asarray(float(x)) for name, x in reference.items()})) - best.value
