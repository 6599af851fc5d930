"""Chains at the edge of where a likelihood is not zero: what a trajectory sees outside.

There a step would count as a divergence, which says that an integrator fails, not that a region ends. So a trajectory
that leaves is thrown back instead: it turns, and NUTS ends it. Steps outside have no weight, and leapfrog steps are
reversible and keep volumes with any force that depends on the position alone: the posterior stays what it is.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

HEIGHT = 100.0
"""Of the ground outside above the mode: a weight of 1e-43 is none, and numpyro takes 1000 for a divergence."""

THROW = 2.0
"""Momentum of a trajectory that is thrown back, over the largest that it may have had."""


class Walled(eqx.Module):
    """A log-density [n] -> scalar that is `floor` where it is minus infinity, with a force towards `middle` there.

    `precision` [n, n] is the inverse covariance of a mode, in units of which the force has the size `pull`.
    """

    density: Any
    floor: Float[Array, ""]
    middle: Float[Array, " n"]
    precision: Float[Array, "n n"]
    pull: Float[Array, ""]

    @classmethod
    def of(cls, density: Any, highest: Any, middle: Any, covariance: Any) -> "Walled":
        """With the ground below the highest log-density."""
        precision = jnp.linalg.inv(jnp.asarray(covariance))
        return cls(density, jnp.asarray(highest) - HEIGHT, jnp.asarray(middle), precision, jnp.ones(()))

    def for_steps(self, size: Float[Array, " c"]) -> "Walled":
        """With the force that turns trajectories of these step sizes at once."""
        fastest = 2.0 + jnp.sqrt(self.middle.shape[0])
        return eqx.tree_at(lambda walled: walled.pull, self, 2.0 * THROW * fastest / jnp.min(size))

    def __call__(self, z: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-density at z."""
        return _walled(z, self)


@eqx.filter_custom_vjp
def _walled(z: Float[Array, " n"], walled: Walled) -> Float[Array, ""]:
    return _value_and_slope(z, walled)[0]


@_walled.def_fwd
def _(perturbed: Any, z: Float[Array, " n"], walled: Walled) -> tuple[Any, Any]:
    return _value_and_slope(z, walled)


@_walled.def_bwd
def _(slope: Any, change: Any, perturbed: Any, z: Any, walled: Any) -> Any:
    return change * slope


def _value_and_slope(z: Float[Array, " n"], walled: Walled) -> tuple[Float[Array, ""], Float[Array, " n"]]:
    value, slope = jax.value_and_grad(walled.density)(z)
    outside, away = value == -jnp.inf, z - walled.middle
    normal = walled.precision @ away
    back = -walled.pull * normal / (jnp.sqrt(away @ normal) + 1e-12)
    return jnp.where(outside, walled.floor, value), jnp.where(outside, back, slope)
