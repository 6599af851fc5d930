r"""Theory errors of many nuisances that follow the point: chi2 and log-density by Woodbury's identity.

With W, the shifts in units of the experimental errors, a column for each unit nuisance, and the correlation matrix
:math:`\rho`, everything goes through :math:`1+W^T\rho^{-1}W`. Most values do not depend on most nuisances, form
factors of one decay on those of another: the matrix is a sum over `parts`, values that are correlated among each other
and the nuisances that move them.
"""

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy.sparse.csgraph import connected_components

from bsfit.linear_algebra import Factor, factor_positive, log_det_factored, solve_factored, solve_near

GOAL, GOAL_AT_EXTREMUM = 1e-12, 3e-6
"""To this fraction systems are solved; where only a value is wanted that is stationary in the solution, so that it is
wrong by the square, to that one."""

Part = tuple[tuple[int, ...], tuple[int, ...]]
"""Positions of values, and of the nuisances that move them."""

EACH = 150_000
"""Multiplications that a part is worth: two of them become one where that costs fewer."""


class MovingErrors(eqx.Module):
    """Shifts [n, q] of the predictions, and the parts that they are made of; `data` is a `densities.SplitNormal`."""

    shifts: Float[Array, "n q"]
    parts: tuple[Part, ...] = eqx.field(static=True)

    @classmethod
    def whole(cls, shifts: Float[Array, "n q"]) -> "MovingErrors":
        """All nuisances may move all values."""
        n, q = shifts.shape
        return cls(shifts, ((tuple(range(n)), tuple(range(q))),))

    def chi2(self, data: Any, y: Float[Array, " n"], error: Float[Array, " n"]) -> Float[Array, ""]:
        """Chi2 of residuals y in units of the experimental errors."""
        return _profiled(self.parts, data, y, self.shifts / error[:, None], self._at_mean_errors(data)[1])

    def log_prob(self, data: Any, y: Float[Array, " n"], error: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-density of the measured values, see `densities.log_prob`."""
        matrix, factor = self._at_mean_errors(data)
        least = _profiled(self.parts, data, y, self.shifts / error[:, None], factor)
        return -0.5 * (least + log_det_factored(matrix, factor)) - data.log_norm

    def _at_mean_errors(self, data: Any) -> tuple[Float[Array, "q q"], Factor]:
        """Woodbury's matrix with the mean experimental errors, and its factor."""
        w = self.shifts / (0.5 * (data.sigma_plus + data.sigma_minus))[:, None]
        matrix = _matrix(self.parts, data, w)
        return matrix, factor_positive(jax.lax.stop_gradient(matrix))


def parts_of(precision: Float[np.ndarray, "n n"] | None, moved: Bool[np.ndarray, "n q"]) -> tuple[Part, ...]:
    """Parts of values with this inverse correlation matrix, `moved` [n, q] saying which nuisances move which."""
    n = len(moved)
    component = np.arange(n) if precision is None else connected_components(precision != 0.0)[1]
    columns = {k: frozenset(np.flatnonzero(moved[component == k].any(axis=0)).tolist()) for k in np.unique(component)}
    found: dict[frozenset[int], list[int]] = {}
    for i, k in enumerate(component):
        found.setdefault(columns[k], []).append(i)
    found.pop(frozenset(), None)

    def cost(pair: tuple[frozenset[int], frozenset[int]]) -> int:
        one, other = pair
        apart = len(found[one]) * len(one) ** 2 + len(found[other]) * len(other) ** 2
        return (len(found[one]) + len(found[other])) * len(one | other) ** 2 - apart

    while len(found) > 1 and cost(cheapest := min(combinations(found, 2), key=cost)) < EACH:
        one, other = cheapest
        joined = found.pop(one) + found.pop(other)
        found[one | other] = found.pop(one | other, []) + joined
    return tuple((tuple(sorted(rows)), tuple(sorted(moving))) for moving, rows in found.items())


def _matrix(parts: Sequence[Part], data: Any, w: Float[Array, "n q"]) -> Float[Array, "q q"]:
    r""":math:`1+W^T\rho^{-1}W`."""
    q = w.shape[1]
    matrix = jnp.eye(q)
    if len(parts) == 1:
        return matrix + w.T @ data.weigh(w)
    for rows, columns in parts:
        part = w[np.ix_(rows, columns)]
        weighed = part if data.precision is None else data.precision[np.ix_(rows, rows)] @ part
        # Gathered, not scattered, which XLA does one number after the other; the last row and column are zero.
        product = jnp.pad(part.T @ weighed, (0, 1))
        where = np.full(q, len(columns))
        where[list(columns)] = np.arange(len(columns))
        matrix = matrix + product[np.ix_(where, where)]
    return matrix


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _profiled(
    parts: tuple[Part, ...], data: Any, y: Float[Array, " n"], w: Float[Array, "n q"], near: Factor
) -> Float[Array, ""]:
    """Minimum over many nuisances; by the envelope theorem its slope needs no derivative of where the minimum is."""
    weighed = data.weigh(y)
    projection = w.T @ weighed
    nuisances, left = _solved(parts, data, w, near, projection, GOAL_AT_EXTREMUM)
    return y @ weighed - nuisances @ (projection + left)


@_profiled.defjvp
def _(parts, primals, tangents):
    (data, y, w, near), (_, dy, dw, _) = primals, tangents
    still = jax.lax.stop_gradient((data, w, near))
    nuisances = jax.lax.custom_linear_solve(
        lambda x: x + w.T @ data.weigh(w @ x),
        w.T @ data.weigh(y),
        lambda _, b: _solved(parts, *still, b, GOAL)[0],
        symmetric=True,
    )
    pull = data.weigh(y - w @ nuisances)
    return y @ pull, 2.0 * pull @ (dy - dw @ nuisances)


def _solved(
    parts: tuple[Part, ...],
    data: Any,
    w: Float[Array, "n q"],
    near: Factor,
    vector: Float[Array, " q"],
    goal: float,
) -> tuple[Float[Array, " q"], Float[Array, " q"]]:
    """Solution of (1 + W^T rho^-1 W) x = vector, and what is left of that: `solve_near`."""
    return solve_near(
        lambda x, _: x + w.T @ data.weigh(w @ x),
        partial(solve_factored, near),
        vector,
        goal,
        lambda w: _matrix(parts, data, w),
        w,
    )
