"""The posterior as functions of plain vectors, for samplers of others: emcee, dynesty, nautilus, blackjax."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import scalars
from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.space import Space, space_of
from bsfit.inference.target import Target


class LogPosterior:
    """Log-posterior density of a vector [n] of the parameters `names`, in their own units, or of rows [m, n].

    What comes in as an array of numpy leaves as one, a vector as a number; JAX can trace and differentiate it.
    `log_likelihood` is the same without the prior, `log_prior` the prior alone, which is normalised: the flat ones,
    flat in the logarithm for ``log:``, or a distribution. All are minus infinity outside of the prior, and where the
    likelihood is.
    """

    def __init__(self, like: Target, space: Space) -> None:
        self.names: tuple[str, ...] = space.names
        self._like, self._space = like, space

    def __call__(self, x: Any) -> Any:
        """Log-posterior, up to the evidence."""
        return _evaluated("posterior", self._like, self._space, x)

    def log_likelihood(self, x: Any) -> Any:
        """Log-likelihood, for samplers that know the prior otherwise."""
        return _evaluated("likelihood", self._like, self._space, x)

    def log_prior(self, x: Any) -> Any:
        """Log prior density."""
        return _evaluated("prior", self._like, self._space, x)


class PriorTransform:
    """From the unit cube to parameters: vectors [n], or rows [m, n], of the parameters `names` in their own units."""

    def __init__(self, space: Space) -> None:
        self.names: tuple[str, ...] = space.names
        self._space = space

    def __call__(self, cube: Any) -> Any:
        """Parameters whose prior probability is that of `cube`."""
        return _rows(from_cube, self._space, cube)


def log_posterior(like: Any, *, free: Mapping[str, Any] | None = None) -> LogPosterior:
    """Log-posterior of `like(params) -> log-likelihood` under the priors of `free` (default `like.free`).

    ``emcee.EnsembleSampler(32, len(post.names), post, vectorize=True)`` takes it as it is.
    """
    like = target.of(like, free)
    return LogPosterior(like, space_of(like))


def prior_transform(like: Any, *, free: Mapping[str, Any] | None = None) -> PriorTransform:
    """From the unit cube to the parameters of `like`, under the priors of `free` (default `like.free`).

    With `LogPosterior.log_likelihood` it is what nested samplers take. Raises `BsfitInputError` for a prior whose
    quantiles numpyro does not know.
    """
    space = space_of(target.of(like, free))
    check_quantiles(space)
    return PriorTransform(space)


def check_quantiles(space: Space) -> None:
    """Raise `BsfitInputError` for a prior whose quantiles numpyro does not know."""
    for name, prior in zip(space.names, space.priors, strict=True):
        try:
            if prior is not None:
                prior.icdf(0.5)
        except NotImplementedError:
            what = f"{type(prior).__name__} has no quantiles"
            raise BsfitInputError(
                what, field=f"free {name!r}", expected="bounds, or a distribution with icdf"
            ) from None


def _rows(function: Any, *arguments: Any) -> Any:
    """A function of a vector, its last argument, at that vector or at each row of a matrix."""
    *fixed, x = arguments
    n = len(fixed[-1].names)
    if np.ndim(x) not in (1, 2) or np.shape(x)[-1] != n:
        raise BsfitInputError(f"got an array of shape {np.shape(x)}", expected=f"[{n}] or [m, {n}]")
    found = function(*fixed, jnp.asarray(x, dtype=float))
    if isinstance(x, jax.Array):
        return found
    return float(found) if found.ndim == 0 else np.asarray(found)


def _evaluated(kind: str, like: Target, space: Space, x: Any) -> Any:
    # In a program that differentiates it, one of its own would not compile (jax 0.10): a likelihood hides constants.
    return _rows(_densities if scalars.is_traced(x) else _compiled, kind, like, space, x)


def _densities(kind: str, like: Target, space: Space, x: Float[Array, "*m n"]) -> Float[Array, "*m"]:
    def density(row: Float[Array, " n"]) -> Float[Array, ""]:
        params = dict(zip(space.names, row, strict=True))
        position = space.position(params)
        holds = space.holds(position)
        # Outside, a likelihood is asked at the middle of the box: what it is there does not matter, but not NaN.
        middle = space.params(jnp.full(space.size, 0.5))
        params = {name: jnp.where(holds, value, middle[name]) for name, value in params.items()}
        total = jnp.zeros(()) if kind == "likelihood" else _log_prior(space, params)
        total = total if kind == "prior" else total + like(params)
        return jnp.where(holds & ~jnp.isnan(total), total, -jnp.inf)

    return density(x) if x.ndim == 1 else jax.vmap(density)(x)


_compiled = eqx.filter_jit(_densities)


def _log_prior(space: Space, params: Mapping[str, Array]) -> Float[Array, ""]:
    """Normalised log-density in the parameters' own units."""
    flat = [
        -jnp.log(space.upper[i] - space.lower[i]) - (jnp.log(params[name]) if log else 0.0)
        for i, (name, log, prior) in enumerate(zip(space.names, space.log, space.priors, strict=True))
        if prior is None
    ]
    return sum(flat, jnp.zeros(())) + space.constraint(dict(params))


@eqx.filter_jit
def from_cube(space: Space, cube: Float[Array, "*m n"]) -> Float[Array, "*m n"]:
    """Parameters, in the order of the space, whose prior probability is that of points of the unit cube."""
    box = space.params(cube) if cube.ndim == 1 else jax.vmap(space.params)(cube)
    columns = [
        box[name] if prior is None else prior.icdf(cube[..., i])
        for i, (name, prior) in enumerate(zip(space.names, space.priors, strict=True))
    ]
    return jnp.stack(columns, axis=-1)
