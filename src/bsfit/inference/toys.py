"""Pseudo-experiments: data drawn at a point of a likelihood, and likelihoods maximised on all of them at once."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.at_work import doing
from bsfit.compiling import jit_quickly
from bsfit.errors import BsfitInputError
from bsfit.inference.minimise import minimise, scatter
from bsfit.inference.space import Objective, Space
from bsfit.inference.target import PseudoData, Target

LANES, SCATTERED = 256, 2
"""Minimisations in one call, and starts of each beside those that are given."""


class OfToys(eqx.Module):
    """-2 log-likelihood at a position of the unit box, of data that come with it."""

    drawn: PseudoData
    space: Space

    def __call__(self, position: Float[Array, " n"], data: Any) -> Float[Array, ""]:
        """Value at a position."""
        return self.given(data)(position)

    def given(self, data: Any) -> Objective:
        """The objective of these data."""
        return Objective(self.drawn.given(data), self.space)


def pseudo_data(like: Target) -> PseudoData:
    """What draws the data of a likelihood. Raises `BsfitInputError` for one that does not know how."""
    if like.quadratic is not None:
        raise BsfitInputError(
            "nuisances float, and every pseudo-experiment would be a fit of all of them",
            field="toys",
            expected="theory errors fixed or propagated",
        )
    if (found := like.pseudo_data()) is None:
        raise BsfitInputError(
            "the likelihood does not say how its data are drawn", field="toys", expected="one of bsfit.log_likelihood"
        )
    return found


def draw(drawn: PseudoData, params: Mapping[str, float], count: int, seed: int) -> Any:
    """Data of `count` pseudo-experiments at one point, with a leading axis."""
    at = {name: jnp.asarray(float(value)) for name, value in params.items()}
    with doing(f"drawing {count} pseudo-experiments"):
        return _draw(drawn, at, jax.random.split(jax.random.key(seed), count))


@jit_quickly
def _draw(drawn: PseudoData, at: dict[str, Array], keys: Array) -> Any:
    return jax.vmap(lambda key: drawn.draw(at, key))(keys)


def at_point(drawn: PseudoData, params: Mapping[str, float], data: Any) -> np.ndarray:
    """-2 log-likelihood [count] of each pseudo-experiment at one point."""
    at = {name: jnp.asarray(float(value)) for name, value in params.items()}
    return np.asarray(_at_point(drawn, at, data))


@jit_quickly
def _at_point(drawn: PseudoData, at: dict[str, Array], data: Any) -> Float[Array, " count"]:
    return -2.0 * jax.lax.map(lambda part: drawn.given(part)(at), data, batch_size=64)


def least(
    drawn: PseudoData, space: Space, data: Any, starts: Float[np.ndarray, "s n"], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest -2 log-likelihood [count] of each pseudo-experiment, and where it lies [count, n] in the unit box.

    Every one starts from all `starts`, and from a few points of the box beside; inf where nothing converged.
    """
    count = jax.tree.leaves(data)[0].shape[0]
    points = np.concatenate([np.clip(starts, 0.0, 1.0), scatter(SCATTERED, space.size, seed)])
    each = len(points)
    repeated = jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf), each, axis=0), data)
    with doing(f"fitting {count} pseudo-experiments"):
        lanes = min(LANES, count * each)
        found = minimise(OfToys(drawn, space), np.tile(points, (count, 1)), data=repeated, lanes=lanes)
    value = np.where(found.converged, found.value, np.inf).reshape(count, each)
    best = np.argmin(value, axis=1)
    rows = np.arange(count)
    return value[rows, best], found.position.reshape(count, each, -1)[rows, best]
