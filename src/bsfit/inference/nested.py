"""Evidence by nested sampling: the only file that knows the library, blackjax's nested slice sampling.

Yallup, Kroupa, Handley, arXiv:2601.23252. Points live in the unit cube of the priors. In every step the lowest of them
die, and each is replaced by another, moved by slices along random directions of their covariance, above the likelihood
of the highest that died. The evidence is the integral of the likelihood over the volume of the prior, which shrinks
by a known law; its error is the scatter over draws of that law.

Chosen by `benchmarks/nested_samplers.py`: it runs inside JAX, on any device, and what it knows is a few arrays. Where
the likelihood is zero, points are drawn again before the start, and the share of such points counts in the evidence.
"""

from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit.compiling import jit_quickly
from bsfit.errors import BsfitInputError
from bsfit.inference.for_samplers import from_cube
from bsfit.inference.progress import Progress
from bsfit.inference.space import Space
from bsfit.inference.target import Target

DYING = 10
"""One in so many live points dies in a step."""

SLICES = 5
"""Slices along which a new point moves, for each parameter: fewer leave it near the one it started from."""

BLOCK = 10
"""Steps of one call of the compiled program."""

REST = -3.0
"""Logarithm of the part of the evidence that live points may still hold in the end, when they are counted too."""

MOST_BLOCKS, MOST_DRAWS = 1000, 1000
PATHS = 200
"""Draws of the law by which the volume shrinks."""


class Nested(NamedTuple):
    """log Z and its error; points [k, n] of the unit cube, their log-likelihood and log-weights [k], which sum to 1.

    finished: whether the live points hold no more than the `REST`.
    """

    log_evidence: float
    error: float
    cube: np.ndarray
    log_likelihood: np.ndarray
    log_weights: np.ndarray
    finished: bool


def library() -> ModuleType:
    """The library. Raises `BsfitInputError` where it is not installed."""
    try:
        import blackjax
    except ImportError:
        raise BsfitInputError("evidences need blackjax", hint="pip install 'bsfit[nested]'") from None
    if not hasattr(blackjax, "nss"):
        raise BsfitInputError("this blackjax has no nested sampling", hint="pip install -U 'bsfit[nested]'")
    return blackjax


def nested(like: Target, space: Space, live: int, seed: int, show: bool = True) -> Nested:
    """Run with so many live points. Raises `BsfitInputError` if the likelihood is zero nearly everywhere."""
    library()
    from blackjax.ns.utils import finalise, log_weights  # pyright: ignore[reportMissingImports]

    at_first, rest, last = jax.random.split(jax.random.key(seed), 3)
    points, log_share, error_of_share = _allowed(like, space, live, at_first)
    state, dead, finished = _begin(like, space, points), [], False
    with Progress("nested sampling", MOST_BLOCKS, show) as bar:
        for key in jax.random.split(rest, MOST_BLOCKS):
            state, died = _advance(like, space, state, key)
            dead.append(died)
            bar.advance(1)
            finished = bool(state.integrator.logZ_live - state.integrator.logZ < REST)
            if finished:
                break
    dead = [jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), part) for part in dead]
    everything = finalise(state, dead, update_info=False)
    paths = np.asarray(log_weights(last, everything, PATHS))
    totals = np.logaddexp.reduce(paths, axis=0)
    weights = np.logaddexp.reduce(paths - totals, axis=1) - np.log(PATHS)
    return Nested(
        float(np.mean(totals) + log_share),
        float(np.hypot(np.std(totals), error_of_share)),
        np.asarray(everything.particles.position),
        np.asarray(everything.particles.loglikelihood),
        weights,
        finished,
    )


def _allowed(like: Target, space: Space, count: int, key: Any) -> tuple[Float[Array, "k n"], float, float]:
    """Points of the cube where the likelihood is not zero; the log of the share of these, and its error."""
    found, drawn = [], 0
    for each in jax.random.split(key, MOST_DRAWS):
        points = jax.random.uniform(each, (count, space.size))
        finite = np.asarray(_finite(like, space, points))
        found.append(np.asarray(points)[finite])
        drawn += count
        if sum(map(len, found)) >= count:
            break
    inside = np.concatenate(found)
    if len(inside) < count:
        raise BsfitInputError(
            f"the likelihood is zero at all but {len(inside)} of {drawn} points", hint="narrow the box"
        )
    share = len(inside) / drawn
    return jnp.asarray(inside[:count]), float(np.log(share)), float(np.sqrt((1.0 - share) / len(inside)))


def _algorithm(like: Target, space: Space, live: int) -> Any:
    def log_likelihood(u: Float[Array, " n"]) -> Float[Array, ""]:
        # Outside of the cube, where there is no prior, the likelihood is asked in its middle.
        row = from_cube(space, jnp.where(_inside(u), u, 0.5))
        value = like(dict(zip(space.names, row, strict=True)))
        return jnp.where(jnp.isnan(value), -jnp.inf, value)

    return library().nss(
        logprior_fn=lambda u: jnp.where(_inside(u), 0.0, -jnp.inf),
        loglikelihood_fn=log_likelihood,
        num_inner_steps=SLICES * max(space.size, 2),
        num_delete=live // DYING,
    )


def _inside(u: Float[Array, " n"]) -> Bool[Array, ""]:
    return jnp.all((u > 0.0) & (u < 1.0))


@jit_quickly
def _finite(like: Target, space: Space, points: Float[Array, "k n"]) -> Bool[Array, " k"]:
    rows = jax.vmap(lambda u: from_cube(space, u))(points)
    return jax.vmap(lambda row: like(dict(zip(space.names, row, strict=True))))(rows) > -jnp.inf


@jit_quickly
def _begin(like: Target, space: Space, points: Float[Array, "k n"]) -> Any:
    return _algorithm(like, space, len(points)).init(points)


@jit_quickly
def _advance(like: Target, space: Space, state: Any, key: Any) -> tuple[Any, Any]:
    """State after `BLOCK` steps, and who died in them."""
    algorithm = _algorithm(like, space, len(state.particles.loglikelihood))

    def step(state: Any, key: Any) -> tuple[Any, Any]:
        state, info = algorithm.step(key, state)
        return state, info._replace(update_info=None)

    return jax.lax.scan(step, state, jax.random.split(key, BLOCK))
