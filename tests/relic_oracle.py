"""Relic density by scipy, adaptive at every step: the oracle of the tests. One species of mass m."""

import numpy as np
from scipy.integrate import quad_vec, solve_ivp
from scipy.interpolate import CubicSpline
from scipy.special import kve

PLANCK_MASS, UNIT = 1.22089e19, 2.7438e8


def averages(strength, m, dof, x, points=(), tolerance=1e-8):
    """<sigma_eff v> [k] in GeV^-2 for ``strength(s) = g^2 lambda sigma``, by adaptive quadrature in ln epsilon."""

    def integrand(log_e):
        e = np.exp(log_e)
        root = np.sqrt(1 + e)
        z = 2 * x * root
        return e * strength(4 * m**2 * (1 + e)) / root * kve(1, z) * np.exp(-2 * x * e / (1 + root))

    breaks = np.log([p for p in points if 1e-11 < p < 150.0])
    value, _ = quad_vec(
        integrand, np.log(1e-12), np.log(150.0), points=breaks, epsrel=tolerance, norm="max", limit=4000
    )
    return value * x / (4 * m**4 * dof**2 * kve(2, x) ** 2)


def pole_points(mass, width, m):
    """Break points about a resonance."""
    centre, half = (mass / (2 * m)) ** 2 - 1, mass * width / (4 * m**2)
    return [centre + sign * half * 10.0**k for k in range(7) for sign in (-1, 1)] + [centre]


def omega(sigma_v, m, dof, h, root_g_star, x_end, x_start=3.0):
    """Omega h^2 for functions of x = m/T: Radau in ln x for ln Y."""
    unit = np.sqrt(np.pi / 45) * PLANCK_MASS * m

    def equilibrium(x):
        return 45 / (4 * np.pi**4) * dof / h(m / x) * x**2 * kve(2, x) * np.exp(-x)

    def slope(u, y):
        x = np.exp(u)
        rate = unit * root_g_star(m / x) / x * sigma_v(x)
        return -rate * (np.exp(y) - equilibrium(x) ** 2 * np.exp(-y))

    start = [np.log(equilibrium(x_start))]
    span = (np.log(x_start), np.log(x_end))
    found = solve_ivp(slope, span, start, method="Radau", rtol=1e-8, atol=1e-10)
    assert found.success
    return UNIT * m * np.exp(found.y[0, -1])


def spline(x, values):
    """Positive values at x as a function of x."""
    inner = CubicSpline(np.log(x), np.log(values))
    return lambda y: np.exp(inner(np.log(y)))
