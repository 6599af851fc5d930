"""Many two-parameter fits in one compilation: planes through a common space of parameters.

As `lines`, one dimension up: the two directions and their bounds are data of one kernel, here Newton's method with the
exact 2 x 2 Hessian (`minimise`). Errors are those of the Hessian: a table of pairs is an overview, `fit` and `profile`
of one pair give intervals.
"""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.at_work import doing
from bsfit.errors import BsfitInputError
from bsfit.inference.minimise import minimise, scatter
from bsfit.inference.significance import p_value, pull_if_better

Plane = tuple[Float[Array, "2 p"], Float[Array, " 2"], Float[Array, " 2"]]
"""Directions, and lower end and width of both coordinates."""


class _OnPlane(eqx.Module):
    """-2 log-likelihood at a position of the unit square of a plane."""

    log_likelihood: Callable[..., Any]

    def __call__(self, position: Float[Array, " 2"], plane: Plane) -> Float[Array, ""]:
        directions, low, width = plane
        return -2.0 * self.log_likelihood((low + width * position) @ directions)


def fit_planes(
    log_likelihood: Callable[..., Any],
    directions: Float[np.ndarray, "s 2 p"],
    bounds: Float[np.ndarray, "s 2 2"],
    *,
    names: Sequence[tuple[str, str]],
    chi2: Callable[..., Any],
    reference_chi2: float,
    n_data: int,
    starts: int = 8,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Fit every pair x, y of ``log_likelihood(x * directions[s, 0] + y * directions[s, 1])``; one row for each.

    A row has names, best, errors, correlation, chi2, ndf, p_value, delta_chi2, pull (two degrees of freedom), status,
    gradient_norm. Raises `BsfitInputError` where no start has a finite log-likelihood.
    """
    count = len(names)
    squares = np.tile(np.concatenate([[[0.5, 0.5]], scatter(starts - 1, 2, seed)]), (count, 1))
    low, width = bounds[..., 0], bounds[..., 1] - bounds[..., 0]
    data = tuple(jnp.asarray(np.repeat(part, starts, axis=0)) for part in (directions, low, width))
    with doing(f"{count} two-parameter fits"):
        found = minimise(_OnPlane(log_likelihood), squares, data=data, lanes=min(len(squares), 32))
    rows = []
    for s, pair in enumerate(names):
        lanes = slice(s * starts, (s + 1) * starts)
        value = np.where(found.converged[lanes], found.value[lanes], np.inf)
        i = s * starts + int(np.argmin(value if np.isfinite(value).any() else found.value[lanes]))
        if not np.isfinite(found.value[i]):
            raise BsfitInputError("the log-likelihood is not finite at any start", field=f"scenario {', '.join(pair)}")
        best = low[s] + width[s] * found.position[i]
        covariance = 2.0 * np.linalg.pinv(found.hessian[i]) * np.outer(width[s], width[s])
        errors = np.sqrt(np.diag(covariance))
        at = float(chi2(jnp.asarray(best @ directions[s])))
        at_edge = np.any((found.position[i] <= 0.0) | (found.position[i] >= 1.0))
        rows.append(
            {
                "names": pair,
                "best": best.tolist(),
                "errors": errors.tolist(),
                "correlation": float(covariance[0, 1] / np.prod(errors)),
                "chi2": at,
                "ndf": n_data - 2,
                "p_value": p_value(at, n_data - 2),
                "delta_chi2": reference_chi2 - at,
                "pull": pull_if_better(reference_chi2 - at, 2),
                "status": "not converged" if not found.converged[i] else "at bound" if at_edge else "converged",
                "gradient_norm": float(found.distance[i]),
            }
        )
    return rows
