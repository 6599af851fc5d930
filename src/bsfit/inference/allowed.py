"""The part of a box where a likelihood is not zero: where the conditions of `Target.conditions` are met.

Descents start inside. Every result tells how much is outside, by trial at quasi-random points.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit.compiling import jit_quickly
from bsfit.errors import BsfitInputError
from bsfit.inference.minimise import scatter
from bsfit.inference.space import Objective

TRIALS, FEW = 1024, 64
"""Points that are tried for the whole box, and for each start that is outside."""

BLOCK = 64
"""Points in one call of the compiled conditions."""

STEP = 1e-6
"""How far, in the box, the edge may be from a point that a descent cannot leave."""

Met = Mapping[str, Bool[np.ndarray, " k"]]
"""Whether each condition is met at some points, by its name."""


def starts(
    objective: Objective, wanted: Float[np.ndarray, "m n"], seed: int
) -> tuple[Float[np.ndarray, "m n"], tuple[str, ...]]:
    """As many points as wanted, those outside replaced by others inside; and what is said about the rest of the box.

    Raises `BsfitInputError` if no point is inside.
    """
    count, dimension = wanted.shape
    tried = np.concatenate([wanted, scatter(TRIALS, dimension, seed)])
    met = _met(objective, tried)
    if not met:
        return wanted, ()
    inside = anywhere(met, "free", f"at any of {len(tried)} points of the box", "move the bounds")
    return np.resize(tried[inside], wanted.shape), words({name: ok[count:] for name, ok in met.items()}, "the box")


def inward(objective: Any, points: Float[np.ndarray, "k n"], hold: Bool[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
    """The points, each that is outside replaced by the next one found inside with the same values of what is held."""
    outside = np.flatnonzero(~inside(objective, points))
    if not len(outside):
        return points
    random = scatter(FEW, points.shape[1], 0)
    tried = np.where(hold[outside, None], points[outside, None], random)
    found = inside(objective, tried.reshape(-1, points.shape[1])).reshape(len(outside), FEW)
    distance = np.where(found, np.linalg.norm(tried - points[outside, None], axis=2), np.inf)
    nearest = np.argmin(distance, axis=1)
    rows = found[np.arange(len(outside)), nearest]
    moved = points.copy()
    moved[outside[rows]] = tried[rows, nearest[rows]]
    return moved


def middle(objective: Objective, dimension: int) -> Float[np.ndarray, " n"]:
    """The point inside that is nearest to the mean of all of these."""
    tried = scatter(TRIALS, dimension, 0)
    found = tried[inside(objective, tried)]
    return found[np.argmin(np.linalg.norm(found - found.mean(axis=0), axis=1))]


def inside(objective: Any, positions: Float[np.ndarray, "k n"]) -> Bool[np.ndarray, " k"]:
    """Whether all conditions are met at each position; those of an objective that has none are."""
    met = _met(objective, positions) if isinstance(objective, Objective) else {}
    return np.all([np.ones(len(positions), dtype=bool), *met.values()], axis=0)


def anywhere(met: Met, what: str, where: str, hint: str) -> Bool[np.ndarray, " k"]:
    """Whether all conditions are met at each point. Raises `BsfitInputError` if they are at none."""
    found = np.all(list(met.values()), axis=0)
    if not found.any():
        raise nowhere(_shares(met), what, where, hint)
    return found


def nowhere(failed: Mapping[str, float], what: str, where: str, hint: str) -> BsfitInputError:
    """The error of a box in which all points fail; `failed` is the share of those that fail each condition."""
    failing = ", ".join(name for name, share in failed.items() if share)
    return BsfitInputError(f"the log-likelihood is -inf: {failing} is not met {where}", field=what, hint=hint)


def words(met: Met, of: str) -> tuple[str, ...]:
    """What is said of the points where conditions are not met."""
    return words_of(_shares(met), of)


def words_of(failed: Mapping[str, float], of: str) -> tuple[str, ...]:
    """The same of the share of points that fail each condition."""
    return tuple(
        f"{name} is not met in {100 * share:.2g} % of {of}: the log-likelihood is -inf there"
        for name, share in failed.items()
        if share
    )


def _shares(met: Met) -> dict[str, float]:
    return {name: float(np.mean(~ok)) for name, ok in met.items()}


def at_edge(objective: Objective, position: Float[np.ndarray, " n"], gradient: Float[np.ndarray, " n"]) -> list[str]:
    """Conditions that stop a descent at this position, which goes against the gradient."""
    down = -gradient / max(float(np.linalg.norm(gradient)), np.finfo(float).tiny)
    met = _met(objective, np.clip(position + STEP * down, 0.0, 1.0)[None])
    return [name for name, ok in met.items() if not ok[0]]


def _met(objective: Objective, positions: Float[np.ndarray, "k n"]) -> Met:
    count = len(positions)
    rows = np.arange(-(-count // BLOCK) * BLOCK).clip(max=count - 1).reshape(-1, BLOCK)
    blocks = [jax.tree.map(np.asarray, _block(objective, jnp.asarray(positions[part]))) for part in rows]
    return {name: np.concatenate([block[name] for block in blocks])[:count] for name in blocks[0]}


@jit_quickly
def _block(objective: Objective, positions: Float[Array, "k n"]) -> dict[str, Bool[Array, " k"]]:
    return jax.vmap(objective.conditions)(positions)
