"""Posteriors as ArviZ knows them: with draws of the prior, the density of each datum, and what was observed."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.errors import BsfitInputError
from bsfit.inference.for_samplers import prior_transform
from bsfit.likelihood.joint import LogLikelihood
from bsfit.likelihood.terms import NuisanceConstraints
from bsfit.results import Posterior
from bsfit.results.posterior import without_slashes

BATCH = 64
"""Draws whose densities are computed at once."""


def to_arviz(posterior: Posterior, like: LogLikelihood, *, prior_draws: int = 1000, seed: int = 0) -> Any:
    """ArviZ DataTree of a posterior of this likelihood (needs the extra `io`: arviz-base).

    Groups: `posterior` and `sample_stats` as in `Posterior.to_arviz`; `log_likelihood` of each datum given the others
    of its covariance (`likelihood.pointwise`), as the variable `data` [chain, draw, datum], and of other terms (relic
    density, limits, own ones) as one variable each; `observed_data` the measured values, in the units of the catalogue;
    `prior` with `prior_draws` draws, of nuisances that float from their own constraints. The marginal likelihood is not
    in it. A slash in a name becomes a bar. Raises `BsfitInputError` for the posterior of another likelihood,
    ImportError without arviz-base.
    """
    names = tuple(key.removeprefix("log:") for key in like.free)
    if set(names) != set(posterior.names):
        expected = f"the likelihood with {', '.join(posterior.names)} free"
        raise BsfitInputError(f"the likelihood has {', '.join(names)} free", field="like", expected=expected)
    try:
        from arviz_base import from_dict  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError("to_arviz needs arviz-base: pip install 'bsfit[io]'") from None
    data, others = _densities(like, posterior.samples)
    label = [f"{datum.observable} ({measurement})" for measurement, datum in like.about.listed]
    observed = np.array([datum.central for _, datum in like.about.listed])
    return from_dict(
        {
            "posterior": without_slashes(posterior.samples),
            "sample_stats": {**posterior.sample_stats, "log_likelihood_total": posterior.log_likelihood},
            "log_likelihood": ({"data": data} if label else {}) | others,
            **({"observed_data": {"data": observed}} if label else {}),
            "prior": without_slashes({name: x[None] for name, x in _prior(like, prior_draws, seed).items()}),
        },
        coords={"datum": label},
        dims={"data": ["datum"]},
    )


def _densities(like: LogLikelihood, samples: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Log-densities of the data [chain, draw, datum], and of other terms [chain, draw]."""
    shape = next(iter(samples.values())).shape
    points = {name: jnp.asarray(values.reshape(-1)) for name, values in samples.items()}
    data, others = _mapped(like, points)
    return np.asarray(data).reshape(*shape, -1), {k: np.asarray(v).reshape(shape) for k, v in others.items()}


@eqx.filter_jit
def _mapped(like: LogLikelihood, points: dict[str, Float[Array, " m"]]) -> Any:
    return jax.lax.map(like.by_datum, points, batch_size=BATCH)


def _prior(like: LogLikelihood, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Draws of the prior, [draw]."""
    random = np.random.default_rng(seed)
    transform = prior_transform(like)
    rows = transform(random.random((draws, len(transform.names))))
    found = dict(zip(transform.names, rows.T.copy(), strict=True))
    for term in (term for term in like.terms if isinstance(term, NuisanceConstraints)):
        for (mean, precision), names in zip(term.blocks, term.inputs, strict=True):
            values = random.multivariate_normal(np.asarray(mean), np.linalg.inv(np.asarray(precision)), draws)
            found |= dict(zip(names, values.T.copy(), strict=True))
    return found
