r"""Densities of measured values given predicted ones. No process names, no physics.

Correlated measurements with asymmetric errors are split normals: with the residual :math:`r=` prediction :math:`-`
central value, the error is :math:`\sigma_+` for :math:`r>0` and :math:`\sigma_-` for :math:`r<0`, the step between them
smoothed over :math:`w\min(\sigma_+,\sigma_-)` (`JOIN` = 0.1), narrow on both sides, so that the density has all
derivatives. With
:math:`D={\rm diag}\,\sigma(r)`, the correlation matrix :math:`\rho`, and theory errors :math:`U` (one column per unit
Gaussian nuisance that shifts the predictions linearly),

.. math:: \chi^2=r^T(D\rho D+UU^T)^{-1}r

which equals the minimum over the nuisances of the chi2 with the nuisances as parameters. It is evaluated by Woodbury's
identity, so that nothing larger than the number of nuisances is ever inverted; theory errors that are the same at every
point (`FixedErrors`) leave only the values with asymmetric errors; many that follow it are `moving_errors`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.sparse.csgraph import connected_components

from bsfit.likelihood.moving_errors import GOAL, GOAL_AT_EXTREMUM, MovingErrors
from bsfit.linear_algebra import SMALL, contract, log_det_positive, solve_near, solve_positive

JOIN = 0.1
"""Width, in units of the smaller error, over which the two sides of a split normal join."""


class SplitNormal(eqx.Module):
    r"""Measured values with asymmetric, correlated Gaussian errors.

    `central`, `sigma_plus`, `sigma_minus` have shape [n]; `precision` [n, n] is the inverse of the correlation matrix,
    or None for uncorrelated values; where most are correlated with few others, `sparse` are the positions and the
    entries [n, m] of its rows, which are zero for `large` blocks that begin at `starts`. `log_norm` is
    :math:`\log\det\rho^{1/2}\prod_i\sqrt{2\pi}(\sigma_{i+}+\sigma_{i-})/2`. Where errors are `even`, the two of each
    value are equal.
    """

    central: Float[Array, " n"]
    sigma_plus: Float[Array, " n"]
    sigma_minus: Float[Array, " n"]
    precision: Float[Array, "n n"] | None
    sparse: tuple[Int[Array, "n m"], Float[Array, "n m"]] | None
    large: tuple[Float[Array, "_ _"], ...]
    log_norm: Float[Array, ""]
    starts: tuple[int, ...] = eqx.field(static=True)
    even: bool = eqx.field(static=True)

    @classmethod
    def of(
        cls, central: np.ndarray, sigma_plus: np.ndarray, sigma_minus: np.ndarray, correlation: np.ndarray | None = None
    ):
        """Build from arrays [n] and a correlation matrix [n, n]. Raises ValueError if that is not positive definite."""
        mean = 0.5 * (np.asarray(sigma_plus) + np.asarray(sigma_minus))
        log_norm = np.sum(np.log(np.sqrt(2.0 * np.pi) * mean))
        precision = sparse = None
        large: dict[int, np.ndarray] = {}
        if correlation is not None and not np.array_equal(correlation, np.eye(len(mean))):
            try:
                factor = np.linalg.cholesky(correlation)
            except np.linalg.LinAlgError:
                raise ValueError("the correlation matrix is not positive definite") from None
            inverse = np.linalg.inv(correlation)
            few, large = _parts(inverse)
            precision, sparse, large = jax.device_put((inverse, few, large))
            log_norm += np.sum(np.log(np.diag(factor)))
        value, plus, minus = (jnp.asarray(x, dtype=float) for x in (central, sigma_plus, sigma_minus))
        norm = jnp.asarray(log_norm, dtype=float)
        even = bool(np.all(np.asarray(sigma_plus) == np.asarray(sigma_minus)))
        return cls(value, plus, minus, precision, sparse, tuple(large.values()), norm, starts=tuple(large), even=even)

    def weigh(self, y: Float[Array, " n *q"]) -> Float[Array, " n *q"]:
        """Product with the inverse of the correlation matrix."""
        if self.precision is None:
            return y
        if self.sparse is None:
            return self.precision @ y
        index, entries = self.sparse
        entries = jnp.expand_dims(entries, tuple(range(2, y.ndim + 1)))
        found = sum((entries[:, j] * y[index[:, j]] for j in range(1, index.shape[1])), entries[:, 0] * y[index[:, 0]])
        for start, block in zip(self.starts, self.large, strict=True):
            rows = slice(start, start + len(block))
            found = found.at[rows].set(block @ y[rows])
        return found

    def take(self, index: np.ndarray) -> "SplitNormal":
        """Marginal density of some of the values: rows and columns of the correlation matrix are dropped."""
        correlation = (
            None if self.precision is None else np.linalg.inv(np.asarray(self.precision))[np.ix_(index, index)]
        )
        value, plus, minus = (np.asarray(x)[index] for x in (self.central, self.sigma_plus, self.sigma_minus))
        return SplitNormal.of(value, plus, minus, correlation)


FEW = 16
"""A row of so many entries is summed, where that leaves out seven of eight numbers."""


def _parts(matrix: Float[np.ndarray, "n n"]) -> tuple[tuple[np.ndarray, np.ndarray] | None, dict[int, np.ndarray]]:
    """Positions and entries of what is not zero in each row, filled up; and where rows are longer, blocks by start.

    None and no blocks where a matrix is not mostly zero, or rows of a large block do not follow each other.
    """
    used, n = matrix != 0.0, len(matrix)
    _, component = connected_components(used)
    rows = [np.flatnonzero(component == k) for k in np.unique(component[used.sum(axis=1) > FEW])]
    small = used & ~np.isin(component, [component[r[0]] for r in rows])[:, None]
    m = max(1, int(small.sum(axis=1).max()))
    if any(r[-1] - r[0] >= len(r) for r in rows) or n * m + sum(len(r) ** 2 for r in rows) > n * n // 8:
        return None, {}
    index = np.argsort(~small, axis=1, kind="stable")[:, :m]
    entries = np.take_along_axis(np.where(small, matrix, 0.0), index, axis=1)
    return (index, entries), {int(r[0]): matrix[np.ix_(r, r)] for r in rows}


class FixedErrors(eqx.Module):
    r"""Theory errors [n, q] of measured values that are the same at every point, and what follows from them once.

    Residuals, experimental and theory errors are in units of the mean experimental error of each value, `unit`. The
    covariance moves with the errors e(r) of the a asymmetric values alone. Schur's complement of the others, s, is

    .. math:: C_{AA}-C_{AS}C_{SS}^{-1}C_{SA}=eXe+eY+Y^Te+Z,\quad C_{AS}C_{SS}^{-1}=eP+Q

    with constant matrices. It differs little from what it is at the errors `near`, whose inverse is kept, so that a
    point costs a few products of a x a numbers with vectors.
    """

    shifts: Float[Array, "n q"]
    unit: Float[Array, " n"]
    precision: Float[Array, "s s"]
    x: Float[Array, "a a"]
    y: Float[Array, "a a"]
    z: Float[Array, "a a"]
    p: Float[Array, "a s"]
    q: Float[Array, "a s"]
    near: Float[Array, " a"]
    inverse: Float[Array, "a a"]
    log_norm: Float[Array, ""]
    uneven: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(
        cls, data: SplitNormal, shifts: Float[np.ndarray, "n q"], near: Float[np.ndarray, " n"] | None = None
    ) -> "FixedErrors":
        """Theory errors of given data; `log_norm` is the normalisation of both, with the mean experimental errors.

        `near` are predictions that others are expected near to, those that are finite: the same is found, sooner.
        """
        plus, minus = np.asarray(data.sigma_plus), np.asarray(data.sigma_minus)
        n = len(plus)
        unit = 0.5 * (plus + minus)
        u = np.asarray(shifts) / unit[:, None]
        correlation = np.eye(n) if data.precision is None else np.linalg.inv(np.asarray(data.precision))
        a, s = np.flatnonzero(plus != minus), np.flatnonzero(plus == minus)
        covariance = correlation + u @ u.T
        inside = np.linalg.inv(covariance[np.ix_(s, s)])
        along, common = correlation[np.ix_(a, s)], u[a] @ u[s].T
        p, q = along @ inside, common @ inside
        expected = np.asarray(data.central if near is None else near)
        error = _on_side(np, np.asarray(data.central), plus, minus, expected) / unit
        error = np.where(np.isfinite(expected), error, 1.0)
        numbers = {
            "shifts": np.asarray(shifts),
            "unit": unit,
            "precision": inside,
            "x": correlation[np.ix_(a, a)] - p @ along.T,
            "y": -p @ common.T,
            "z": u[a] @ u[a].T - q @ common.T,
            "p": p,
            "q": q,
            "near": error[a],
            "log_norm": 0.5 * np.linalg.slogdet(covariance)[1] + np.sum(np.log(np.sqrt(2.0 * np.pi) * unit)),
        }
        numbers["inverse"] = np.linalg.inv(_complement(*(numbers[name] for name in ("x", "y", "z", "near"))))
        return cls(**jax.device_put(numbers), uneven=tuple(a.tolist()))

    def chi2(self, data: SplitNormal, prediction: Float[Array, " n"]) -> Float[Array, ""]:
        """Chi2 of predicted values."""
        n = data.central.shape[0]
        uneven = np.array(self.uneven, dtype=int)
        even = np.setdiff1d(np.arange(n), uneven)
        residual = (prediction - data.central) / self.unit
        weighed = self.precision @ residual[even]
        total = residual[even] @ weighed
        if not uneven.size:
            return total
        error = (sigma(data, prediction) / self.unit)[uneven]
        rest = residual[uneven] - error * (self.p @ residual[even]) - self.q @ residual[even]
        if uneven.size <= SMALL:
            return total + rest @ solve_positive(self.complement(error), rest)
        return total + _remaining(self, error, rest)

    def complement(self, error: Float[Array, " a"]) -> Float[Array, "a a"]:
        """Schur's complement at experimental errors of the asymmetric values."""
        return _complement(self.x, self.y, self.z, error)

    def applied(self, error: Float[Array, " a"], vector: Float[Array, " a"]) -> Float[Array, " a"]:
        """Its product with a vector."""
        scaled = error * vector
        return error * (self.x @ scaled + self.y @ vector) + self.y.T @ scaled + self.z @ vector

    def solved(
        self, error: Float[Array, " a"], vector: Float[Array, " a"], goal: float
    ) -> tuple[Float[Array, " a"], Float[Array, " a"]]:
        """Solution with it, and what is left of the vector: `solve_near`."""
        x, base, moved = self.x, self.x * self.near[None] + self.y, error - self.near

        def product(vector: Float[Array, " a"], near: Float[Array, " a"]) -> Float[Array, " a"]:
            scaled = moved * vector
            return near + moved * (base @ vector + x @ scaled) + base.T @ scaled

        return solve_near(product, lambda v: self.inverse @ v, vector, goal, self.complement, error)


def _complement(x, y, z, error):
    """Schur's complement of `FixedErrors`."""
    row, column = error[:, None], error[None]
    mixed = row * y
    return row * x * column + mixed + mixed.T + z


@jax.custom_jvp
def _remaining(errors: FixedErrors, error: Float[Array, " a"], rest: Float[Array, " a"]) -> Float[Array, ""]:
    """rest^T S^-1 rest with Schur's complement S: the extremum of 2 x^T rest - x^T S x."""
    x, left = errors.solved(error, rest, GOAL_AT_EXTREMUM)
    return (rest + left) @ x


@_remaining.defjvp
def _(primals, tangents):
    (errors, error, rest), (_, derror, drest) = primals, tangents
    still = jax.lax.stop_gradient((errors, error))
    x = jax.lax.custom_linear_solve(
        partial(errors.applied, error),
        rest,
        lambda _, b: still[0].solved(still[1], b, GOAL)[0],
        symmetric=True,
    )
    slope = errors.x @ (error * x) + errors.y @ x
    return rest @ x, 2.0 * (x @ drest - (derror * x) @ slope)


TheoryErrors = Float[Array, "_ _"] | FixedErrors | MovingErrors
"""Shifts of the predictions, a row for each, one column per unit nuisance (there may be none), or what is faster."""


def fixed_errors(
    data: SplitNormal, shifts: Float[np.ndarray, "n q"], near: Float[np.ndarray, " n"] | None = None
) -> TheoryErrors:
    """Theory errors that are the same at every point, in the form that is evaluated fastest `near` some predictions."""
    return FixedErrors.of(data, shifts, near) if shifts.shape[1] > SMALL else jnp.asarray(shifts)


def sigma(data: SplitNormal, prediction: Float[Array, " n"]) -> Float[Array, " n"]:
    """Experimental error [n] on the side of the prediction."""
    if data.even:
        return data.sigma_plus
    return _on_side(jnp, data.central, data.sigma_plus, data.sigma_minus, prediction)


def _on_side(numpy: Any, central: Any, plus: Any, minus: Any, prediction: Any) -> Any:
    """`sigma` with arrays of one of the numpys."""
    mean, half, width = 0.5 * (plus + minus), 0.5 * (plus - minus), JOIN * numpy.minimum(plus, minus)
    return mean + half * numpy.tanh((prediction - central) / width)


def pulls(data: SplitNormal, prediction: Float[Array, " n"], theory: TheoryErrors) -> Float[Array, " n"]:
    """Measured minus predicted values in units of both errors of each; correlations do not enter."""
    shifts = theory.shifts if isinstance(theory, FixedErrors | MovingErrors) else theory
    error = jnp.sqrt(sigma(data, prediction) ** 2 + jnp.sum(shifts**2, axis=1))
    return (data.central - prediction) / error


def chi2(data: SplitNormal, prediction: Float[Array, " n"], theory: TheoryErrors) -> Float[Array, ""]:
    """Chi2 of predicted values with theory errors."""
    if isinstance(theory, FixedErrors):
        return theory.chi2(data, prediction)
    error = sigma(data, prediction)
    y = (prediction - data.central) / error
    theory = _moving(theory)
    if isinstance(theory, MovingErrors):
        return theory.chi2(data, y, error)
    if theory.shape[1] == 0:
        return contract(y, data.weigh(y))
    columns = [theory[:, a] / error for a in range(theory.shape[1])]
    p_y = data.weigh(y)
    projection = jnp.stack([contract(column, p_y) for column in columns])
    shift = solve_positive(_small_nuisance_matrix(data, columns), projection)
    return contract(y, p_y) - contract(projection, shift)


def log_prob(data: SplitNormal, prediction: Float[Array, " n"], theory: TheoryErrors) -> Float[Array, ""]:
    """Log-density of the measured values; its normalisation contains the determinant of the whole covariance.

    The determinant is taken with the mean of the two experimental errors, which makes it exact for symmetric errors and
    constant for theory errors that do not depend on the point.
    """
    if isinstance(theory, FixedErrors):
        return -0.5 * chi2(data, prediction, theory) - theory.log_norm
    theory = _moving(theory)
    if isinstance(theory, MovingErrors):
        error = sigma(data, prediction)
        return theory.log_prob(data, (prediction - data.central) / error, error)
    result = -0.5 * chi2(data, prediction, theory) - data.log_norm
    if theory.shape[1]:
        error = 0.5 * (data.sigma_plus + data.sigma_minus)
        columns = [theory[:, a] / error for a in range(theory.shape[1])]
        result -= 0.5 * log_det_positive(_small_nuisance_matrix(data, columns))
    return result


def _moving(theory: Float[Array, "n q"] | MovingErrors) -> Float[Array, "n q"] | MovingErrors:
    """Theory errors of many nuisances in the form that is made for them."""
    few = isinstance(theory, MovingErrors) or theory.shape[1] <= SMALL
    return theory if few else MovingErrors.whole(theory)


def excess_chi2(data: SplitNormal, prediction: Float[Array, " n"], theory: Float[Array, "n q"]) -> Float[Array, ""]:
    """Chi2 of predictions above the measured values, zero below them: these are upper bounds. No correlations."""
    error = jnp.sqrt(data.sigma_plus**2 + jnp.sum(theory**2, axis=1))
    return jnp.sum((jnp.maximum(prediction - data.central, 0.0) / error) ** 2)


def upper_limit_chi2(ratio: Float[Array, ""], at_limit: float) -> Float[Array, ""]:
    r"""Twice the loss of log-likelihood at a rate over its upper limit, :math:`r^2` times what it is at the limit.

    One-sided, for a Gaussian measurement that found nothing, zero without the rate. An excess of events that an
    experiment saw is not in it.
    """
    return at_limit * ratio**2


def _small_nuisance_matrix(data: SplitNormal, columns: Sequence[Float[Array, " n"]]) -> Float[Array, "q q"]:
    """1 + W^T rho^-1 W for few columns of W, theory shifts in units of the experimental errors."""
    q = len(columns)
    weighed = [data.weigh(column) for column in columns]
    upper = {(a, b): contract(columns[a], weighed[b]) for a in range(q) for b in range(a, q)}
    rows = [jnp.stack([upper[min(a, b), max(a, b)] for b in range(q)]) for a in range(q)]
    return jnp.eye(q) + jnp.stack(rows)
