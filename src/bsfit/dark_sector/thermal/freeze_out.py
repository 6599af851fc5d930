r"""Freeze-out: the abundance of dark matter per entropy, at fixed cost.

.. math:: \frac{dY}{d\ln x}=-\Lambda(Y^2-Y_{\rm eq}^2),\qquad
    \Lambda=\sqrt{\frac\pi{45}}\frac{M_{\rm Pl}m\,g_*^{1/2}}{x}\langle\sigma_{\rm eff}v\rangle,\qquad
    Y_{\rm eq}=\frac{45}{4\pi^4}\frac{g_{\rm eff}}{h}x^2K_2(x).

Gondolo and Gelmini 1991 [Gondolo:1990dk]_. From x = 2, in equilibrium, to x = 100 by backward Euler steps in ln x, each
of which is the root of a quadratic equation, with three step sizes and Richardson's extrapolation. Beyond,
:math:`Y_{\rm eq}` has vanished and the equation is solved exactly:
:math:`1/Y_\infty=1/Y(100)+\int\Lambda\,d\ln x`. The scheme is derived here, checked against an adaptive solver in
`test_narrow_resonances_against_scipy`.
"""

from dataclasses import dataclass
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import kve

from bsfit.numerics import gauss_legendre

X_START, X_SPLIT = 2.0, 100.0
COARSE, STEPS = 80, 96
"""Temperatures of the first stage at which averages are taken, and steps of the longest kind."""

LATE_NODES, LATE_FINE = 8, 24
"""Nodes per decade of the second stage for averages, and for the plasma, whose quarks turn into hadrons there."""


def early_x() -> Float[np.ndarray, " c"]:
    """Values of x, up to `X_SPLIT`, at which the averages are wanted."""
    return np.geomspace(X_START, X_SPLIT, COARSE)


@dataclass(frozen=True)
class Late:
    """Second stage: x [l] for averages, x [f] and weights in ln x [f] for the integral, matrix [f, l] between them."""

    x: Float[np.ndarray, " l"]
    fine: Float[np.ndarray, " f"]
    weights: Float[np.ndarray, " f"]
    matrix: Float[np.ndarray, "f l"]


@cache
def late(x_end: float) -> Late:
    """Second stage from `X_SPLIT` to x_end, decade by decade; polynomials in ln x within each."""
    decades = round(np.log10(x_end / X_SPLIT))
    start = np.log(X_SPLIT) + np.log(10.0) * np.arange(decades)[:, None]
    (t, _), (fine, w) = gauss_legendre(LATE_NODES), gauss_legendre(LATE_FINE)
    within = np.linalg.solve(np.vander(t, increasing=True).T, np.vander(fine, LATE_NODES, increasing=True).T).T
    nodes, points = (np.exp(start + np.log(10.0) * u).ravel() for u in (t, fine))
    return Late(nodes, points, np.tile(np.log(10.0) * w, decades), np.kron(np.eye(decades), within))


@cache
def _spline() -> Float[np.ndarray, "f c"]:
    """Matrix from values at `early_x` to those at the fine steps: the cubic spline in ln x."""
    from scipy.interpolate import CubicSpline  # a fifth of a second, for which fits of flavour need not wait

    fine = np.linspace(np.log(X_START), np.log(X_SPLIT), 4 * STEPS + 1)
    return CubicSpline(np.log(early_x()), np.eye(COARSE))(fine)


@cache
def _equilibrium() -> Float[np.ndarray, " f"]:
    r"""Logarithm of :math:`\frac{45}{4\pi^4}x^2K_2(x)` at the fine steps."""
    x = np.geomspace(X_START, X_SPLIT, 4 * STEPS + 1)
    return np.log(45 / (4 * np.pi**4) * x**2 * kve(2, x)) - x


class Abundance(eqx.Module):
    """`final`, the abundance per entropy today; `early` [s] and `equilibrium` [s] of the first stage at `x` [s]."""

    final: Float[Array, ""]
    x: Float[Array, " s"]
    early: Float[Array, " s"]
    equilibrium: Float[Array, " s"]

    def x_f(self) -> Float[Array, ""]:
        r"""Where the abundance is two and a half times that of equilibrium."""
        excess = jnp.log(self.early / self.equilibrium) - np.log(2.5)
        k = jnp.clip(jnp.argmax(excess > 0), 1, None)
        t = excess[k - 1] / (excess[k - 1] - excess[k])
        return self.x[k - 1] * (self.x[k] / self.x[k - 1]) ** jnp.clip(t, 0.0, 1.0)


def abundance(
    ln_rate: Float[Array, " c"], ln_states: Float[Array, " c"], late_rate: Float[Array, " f"], x_end: float
) -> Abundance:
    r"""Solution for :math:`\ln\Lambda` and :math:`\ln(g_{\rm eff}/h)` at `early_x`, and :math:`\Lambda` at `late`."""
    spline = _spline()
    rate = jnp.exp(spline @ ln_rate)
    equilibrium = jnp.exp(spline @ ln_states + _equilibrium())
    step = np.log(X_SPLIT / X_START) / STEPS

    def advance(y: tuple, driven: tuple) -> tuple:
        rates, squares = driven
        coarse, middle, fine = y
        coarse = _backward_euler(coarse, step, rates[3], squares[3])
        for k in (1, 3):
            middle = _backward_euler(middle, step / 2, rates[k], squares[k])
        for k in range(4):
            fine = _backward_euler(fine, step / 4, rates[k], squares[k])
        return (coarse, middle, fine), (coarse, middle, fine)

    start = equilibrium[0]
    driven = (rate[1:].reshape(STEPS, 4), (equilibrium[1:] ** 2).reshape(STEPS, 4))
    _, (coarse, middle, fine) = jax.lax.scan(advance, (start, start, start), driven)
    early = jnp.exp((jnp.log(coarse) - 6 * jnp.log(middle) + 8 * jnp.log(fine)) / 3)
    final = 1 / (1 / early[-1] + jnp.sum(late(x_end).weights * late_rate))
    x = np.geomspace(X_START, X_SPLIT, STEPS + 1)[1:]
    return Abundance(final, jnp.asarray(x), early, equilibrium[4::4])


def _backward_euler(
    y: Float[Array, ""], step: float, rate: Float[Array, ""], square: Float[Array, ""]
) -> Float[Array, ""]:
    r"""Root of :math:`y_1=y-h\Lambda(y_1^2-Y_{\rm eq}^2)`, free of cancellation."""
    h = step * rate
    right = y + h * square
    return 2 * right / (1 + jnp.sqrt(1 + 4 * h * right))
