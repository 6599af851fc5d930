"""Published likelihood curves of single values."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float


class PublishedCurve(eqx.Module):
    """A published likelihood curve of one value: log-likelihood on an equidistant grid, as cubic spline coefficients.

    Outside the grid it continues as the Gaussian that has the value and slope of the curve at its end, so that a fit
    that starts far away still finds its way; `start`, `step` give the grid, `coefficients` has shape [n - 1, 4].
    """

    start: Float[Array, ""]
    step: Float[Array, ""]
    coefficients: Float[Array, "m 4"]
    width: Float[Array, ""]

    @classmethod
    def of(cls, x: np.ndarray, log_likelihood: np.ndarray, smear: float = 0.0, points: int = 400) -> "PublishedCurve":
        """Spline through tabulated points [n], maximum at zero, convolved with a Gaussian of width `smear` in x."""
        from scipy.interpolate import CubicSpline

        order = np.argsort(x)
        x, density = np.asarray(x, dtype=float)[order], np.exp(np.asarray(log_likelihood, dtype=float)[order])
        mean = np.trapezoid(density * x, x) / np.trapezoid(density, x)
        width = np.sqrt(np.trapezoid(density * (x - mean) ** 2, x) / np.trapezoid(density, x))
        log_density = CubicSpline(x, np.log(density / density.max()))
        grid = np.linspace(x[0], x[-1], points)
        values = log_density(grid)
        if smear > 0.0:
            nodes, weights = np.polynomial.hermite_e.hermegauss(31)
            shifted = np.clip(grid[:, None] + smear * nodes, x[0], x[-1])
            values = np.log(np.sum(weights * np.exp(log_density(shifted)), axis=1) / np.sum(weights))
        spline = CubicSpline(grid, values)
        peak = np.max(spline(spline.derivative().roots(extrapolate=False)))
        spline.c[-1] -= peak
        parts = (grid[0], grid[1] - grid[0], spline.c.T[:, ::-1], np.hypot(width, smear))
        return cls(*(jnp.asarray(part, dtype=float) for part in parts))


def log_likelihood_curve(curve: PublishedCurve, prediction: Float[ArrayLike, ""]) -> Float[Array, ""]:
    """Log-likelihood of a predicted value, zero at its maximum."""
    n = curve.coefficients.shape[0]
    position = (prediction - curve.start) / curve.step
    inside = jnp.clip(position, 0.0, n * (1.0 - 1e-12))
    i = jnp.clip(jnp.floor(inside).astype(int), 0, n - 1)
    t = (inside - i) * curve.step
    c = curve.coefficients[i]
    value = c[0] + t * (c[1] + t * (c[2] + t * c[3]))
    slope = c[1] + t * (2.0 * c[2] + 3.0 * t * c[3])
    beyond = (position - inside) * curve.step
    return value + slope * beyond - 0.5 * (beyond / curve.width) ** 2
