"""Quadrature of a q2 bin: integrals known in closed form, clipping, splitting, derivatives at the edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from bsfit.hadronic.phase_space import beta, bin_nodes, sqrt_lambda

M_MU, M_E, END = 0.1056583755, 0.00051099895, 19.2
NO_THRESHOLD = jnp.asarray([1e3, 1e3])
N = 12


def integral(f, low, high, m_l=M_MU, end=END, thresholds=NO_THRESHOLD, n=N):
    scalars = (jnp.asarray(x, dtype=float) for x in (low, high, m_l, end))
    q2, weight = bin_nodes(*scalars, thresholds, n)
    return jnp.sum(weight * f(q2))


@pytest.mark.slow
@pytest.mark.parametrize("m_l", [M_E, M_MU])
@pytest.mark.parametrize("bin", [(1.37, 5.2), (0.045, 1.1), (0.1, 6.0), (15.0, 19.0), (14.0, 19.2)])
def test_photon_pole_times_velocity(bin, m_l):
    """Integral of beta dq2/q2 = 2 (artanh beta - beta), artanh beta = ln((1 + beta) sqrt(q2)/2m)."""
    low, high = max(bin[0], 4 * m_l**2), min(bin[1], END)

    def antiderivative(q2):
        velocity = np.sqrt(1 - 4 * m_l**2 / q2)
        return 2 * (np.log((1 + velocity) * np.sqrt(q2) / (2 * m_l)) - velocity)

    found = integral(lambda q2: jax.vmap(beta, (0, None))(q2, jnp.asarray(m_l)) / q2, *bin, m_l=m_l)
    assert float(found) == pytest.approx(antiderivative(high) - antiderivative(low), rel=1e-9)


def test_electron_pole_over_five_decades():
    found = integral(lambda q2: 1 / q2, 1e-4, 10.0, m_l=M_E)
    assert float(found) == pytest.approx(np.log(1e5), rel=1e-9)


@pytest.mark.parametrize("power", [0.5, 1.5])
def test_end_point_root(power):
    """Integral of (end - q2)^p up to the end point, with a nominal edge beyond it."""
    found = integral(lambda q2: (END - q2) ** power, 15.0, 22.0)
    assert float(found) == pytest.approx((END - 15.0) ** (power + 1) / (power + 1), rel=1e-9)


def test_threshold_inside_the_bin():
    """Square root and logarithm on both sides of a quark threshold, at the first of two."""
    threshold = 11.3
    thresholds = jnp.asarray([threshold, 9.0])
    root = integral(lambda q2: jnp.sqrt(jnp.abs(q2 - threshold)), 10.0, 12.5, thresholds=thresholds)
    assert float(root) == pytest.approx((1.3**1.5 + 1.2**1.5) / 1.5, rel=1e-6)
    log = integral(lambda q2: jnp.log(jnp.abs(q2 - threshold)), 10.0, 12.5, thresholds=thresholds)
    assert float(log) == pytest.approx(1.3 * (np.log(1.3) - 1) + 1.2 * (np.log(1.2) - 1), rel=2e-4)
    other = integral(lambda q2: jnp.sqrt(jnp.abs(q2 - 9.0)), 8.68, 10.09, thresholds=thresholds)
    assert float(other) == pytest.approx((0.32**1.5 + 1.09**1.5) / 1.5, rel=1e-6)


def test_bins_are_clipped_to_phase_space():
    one = jnp.ones_like
    assert float(integral(one, 0.0, 1.0)) == pytest.approx(1.0 - 4 * M_MU**2, rel=1e-9)
    assert float(integral(one, 18.0, 22.0)) == pytest.approx(END - 18.0, rel=1e-9)
    assert float(integral(one, 20.0, 22.0)) == 0.0
    assert float(integral(one, 0.0, 0.04)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("low", "high"), [(4 * M_MU**2, 1.0), (0.0, 1.0), (17.0, END), (17.0, 20.0)])
def test_derivatives_are_finite_at_the_edges(low, high):
    def value(x):
        return integral(lambda q2: jnp.sqrt(q2), x[0], x[1], x[2], x[3])

    point = jnp.asarray([low, high, M_MU, END])
    assert np.all(np.isfinite(jax.jit(jax.jacfwd(value))(point)))
    assert np.all(np.isfinite(jax.jit(jax.hessian(value))(point)))


@pytest.mark.slow
def test_derivatives_inside():
    def value(low, high, m_l, end):
        return integral(lambda q2: beta_root(q2, m_l, end), low, high, m_l, end)

    def beta_root(q2, m_l, end):
        return jnp.sqrt(1 - 4 * m_l**2 / q2) * jnp.sqrt(end - q2) / q2

    point = tuple(jnp.asarray(x) for x in (0.3, 18.0, M_MU, END))
    check_grads(jax.jit(value), point, order=2, modes=["fwd"], rtol=1e-4)


def test_velocity_and_momentum_vanish_at_their_ends():
    assert float(beta(jnp.asarray(4 * M_MU**2), jnp.asarray(M_MU))) == pytest.approx(0.0, abs=1e-7)
    m_b, m_v = jnp.asarray(5.28), jnp.asarray(0.9)
    assert float(sqrt_lambda((m_b - m_v) ** 2, m_b, m_v)) == pytest.approx(0.0, abs=1e-6)
    assert float(sqrt_lambda(jnp.asarray(0.0), m_b, m_v)) == pytest.approx(float(m_b**2 - m_v**2), rel=1e-14)
