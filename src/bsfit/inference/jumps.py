r"""Jumps: proposals that do not depend on where a chain is, between the transitions of NUTS.

Along a curved valley NUTS turns back after a short way, and steps at random from one end to the other; separate modes
it never leaves. Once warm-up has seen the posterior, a mixture q is laid over it in the unit box, of Gaussians with the
mean and covariance of a draw's nearest neighbours, and with tails: Student's distributions. A point drawn from q
replaces the chain's with probability

.. math:: \min\left(1,\frac{\pi(t')/q(t')}{\pi(t)/q(t)}\right)

(Tierney, Annals of Statistics 22 (1994) 1701, section 2.3.3), which leaves the density :math:`\pi` as it is, however
rough q may be. A chain stays long where q is much lower than :math:`\pi`: for that there are tails, Gaussians are
wider than what they are made of, a part of them stands where draws are rare, and the first of the jumps is a step of
a random walk, as wide as one of the Gaussians. All that is proposed between two transitions is one batch.

Jumps lead to parts that the steps of a chain were not fitted to in warm-up: `chains` shortens them after a trial.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

TRIES = 16
"""Jumps that are tried after each transition of NUTS: in one batch they cost about as much as a short trajectory."""

LEAST_ACCEPTED = 0.1
"""Of all jumps; where fewer are, chains are better left to NUTS alone."""

COMPONENTS, OUTSKIRTS = 128, 38
"""Gaussians of a mixture, and how many of them are about draws that are far from one another, not about any."""

MOST, NEIGHBOURS, LEAST_NEIGHBOURS, COVERED = 16000, 32, 4, 3
"""Draws that a mixture is made of; those of one Gaussian per parameter and one more, as wanted and at least; and how
often a draw should be one of them."""

TAILS = 0.05
"""Weight of one more Gaussian, twice as wide as all draws."""

DEGREES = 5.0
"""Of freedom: what is nearly a Gaussian, with tails in which chains do not stay."""

STEP = 2.4
"""Of a random walk, over the width of a Gaussian and the root of the number of parameters: the best for a Gaussian
(Roberts, Gelman, Gilks, Annals of Applied Probability 7 (1997) 110)."""

ROUNDING = 1e-6
"""Part of the covariance of all draws that is added where neighbours lie in a plane."""


class Mixture(eqx.Module):
    """A mixture of m of Student's distributions in n dimensions, with `DEGREES` of freedom.

    `inverses` are those of the triangular `factors` of the covariances of the Gaussians that they are nearly.
    """

    log_weights: Float[Array, " m"]
    means: Float[Array, "m n"]
    factors: Float[Array, "m n n"]
    inverses: Float[Array, "m n n"]

    @classmethod
    def of(
        cls, weights: Float[np.ndarray, " m"], means: Float[np.ndarray, "m n"], covariances: Float[np.ndarray, "m n n"]
    ) -> "Mixture":
        """From positive weights, means and covariances."""
        factors = np.linalg.cholesky(covariances)
        return cls(*(jnp.asarray(x) for x in (np.log(weights), means, factors, np.linalg.inv(factors))))

    def log_prob(self, t: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-density, but for a constant of the dimension."""
        unit = jnp.einsum("mij,mj->mi", self.inverses, t[None] - self.means)
        sizes = jnp.sum(jnp.log(jnp.diagonal(self.inverses, axis1=1, axis2=2)), axis=1)
        power = 0.5 * (DEGREES + len(t))
        return jax.nn.logsumexp(self.log_weights + sizes - power * jnp.log1p(jnp.sum(unit**2, axis=1) / DEGREES))

    def draw(self, key: Any) -> Float[Array, " n"]:
        """A point of the mixture."""
        which, where, width = jax.random.split(key, 3)
        k = jax.random.categorical(which, self.log_weights)
        wider = jnp.sqrt(0.5 * DEGREES / jax.random.gamma(width, 0.5 * DEGREES))
        return self.means[k] + self.factors[k] @ (wider * jax.random.normal(where, self.means.shape[1:]))

    def step(self, key: Any) -> Float[Array, " n"]:
        """A step from anywhere to near it, in any direction as likely as back: as wide as one of the Gaussians."""
        which, where = jax.random.split(key)
        k, n = jax.random.categorical(which, self.log_weights), self.means.shape[1]
        return STEP / jnp.sqrt(n) * self.factors[k] @ jax.random.normal(where, (n,))


def nowhere(dimension: int) -> Mixture:
    """A mixture to compile with where none is known yet."""
    count = COMPONENTS + 1
    unit = np.tile(np.eye(dimension), (count, 1, 1))
    return Mixture.of(np.full(count, 1.0 / count), np.zeros((count, dimension)), unit)


def wanted(dimension: int, modes: int) -> int:
    """How many points about each of some modes a mixture takes: those of one Gaussian, in all half of the draws."""
    return min(NEIGHBOURS * (dimension + 1), MOST // (2 * modes))


def fitted(
    draws: Float[np.ndarray, "k n"], seed: int, beside: Float[np.ndarray, "j n"] | None = None
) -> Mixture | None:
    """A mixture over draws of a posterior, and points `beside` them which chains have not been to.

    None if there are too few of them for their number of parameters.
    """
    random = np.random.default_rng(seed)
    draws = random.permutation(draws)[:MOST]
    if beside is not None and len(beside):
        draws = random.permutation(np.concatenate([draws, beside]))
    count, n = draws.shape
    if count < LEAST_NEIGHBOURS * (n + 1) or not np.all(np.ptp(draws, axis=0) > 0.0):
        return None
    everything = np.atleast_2d(np.cov(draws.T))
    everything += ROUNDING * np.diag(np.diag(everything))
    unit = np.linalg.solve(np.linalg.cholesky(everything), draws.T).T
    centres = unit[_centres(unit)]
    distance = np.sum(unit**2, axis=1) - 2.0 * centres @ unit.T  # squared, but for a constant of the centre
    neighbours = min(max(NEIGHBOURS * (n + 1), COVERED * count // COMPONENTS), count)
    near = draws[np.argpartition(distance, neighbours - 1, axis=1)[:, :neighbours]]
    around = near - near.mean(axis=1, keepdims=True)
    # In one dimension three times as wide costs few jumps, in ten twice would cost most.
    wider = (1.0 + 2.0 / n) / (neighbours - 1)
    covariances = wider * np.einsum("mki,mkj->mij", around, around) + ROUNDING * everything
    means = np.concatenate([near.mean(axis=1), draws.mean(axis=0)[None]])
    weights = np.append(np.full(COMPONENTS, (1.0 - TAILS) / COMPONENTS), TAILS)
    return Mixture.of(weights, means, np.concatenate([covariances, 4.0 * everything[None]]))


def _centres(unit: Float[np.ndarray, "k n"]) -> list[int]:
    """Draws in random order that Gaussians stand about: some as they come, some each farthest from those before."""
    chosen = [k % len(unit) for k in range(COMPONENTS - OUTSKIRTS)]
    distance = np.linalg.norm(unit - unit[0], axis=1)
    for _ in range(OUTSKIRTS):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(unit - unit[chosen[-1]], axis=1))
    return chosen


def jumped(
    density: Callable[[Array], Array], mixture: Mixture, t: Float[Array, " n"], value: Float[Array, ""], key: Any
) -> tuple[Float[Array, "j n"], Float[Array, " j"]]:
    """Where a chain is after each of `TRIES` jumps from a position t of the unit box, and the log-density there.

    value: that of t, which the chain knows.
    """
    propose, walk, accept = jax.random.split(key, 3)
    jumps = jax.vmap(mixture.draw)(jax.random.split(propose, TRIES - 1))
    proposed = jnp.concatenate([t[None] + mixture.step(walk)[None], jumps])
    points = jnp.concatenate([t[None], proposed])
    values = jnp.concatenate([value[None], jax.vmap(density)(proposed)])
    weights = values - jax.vmap(mixture.log_prob)(points)
    bars = jnp.log(jax.random.uniform(accept, weights.shape))

    def attempt(here: Int[Array, ""], there: Int[Array, ""]) -> tuple[Array, Array]:
        # A density that is not a number compares as lower than any.
        here = jnp.where(weights[there] - weights[here] > bars[there], there, here)
        return here, here

    near = jnp.where(values[1] - values[0] > bars[1], 1, 0)
    _, places = jax.lax.scan(attempt, near, jnp.arange(2, TRIES + 1))
    places = jnp.concatenate([near[None], places])
    return points[places], values[places]
