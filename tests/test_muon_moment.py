"""(g-2)_mu of a Z': closed forms, limits, and direct integration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp, mpf, quad

from bsfit.loading.inputs import load_inputs
from bsfit.matching import muon_moment
from bsfit.matching.currents import from_muon_moment
from bsfit.matching.z_prime import lepton_charges
from bsfit.observables import dipoles
from bsfit.theory import Rows, Theory, WilsonCoefficients

REFERENCE = load_inputs("reference")
M_MU = float(REFERENCE["m_mu"])


@pytest.mark.parametrize("x", [1e-4, 0.3, 0.999, 1.0, 1.4, 40.0, 1e4])
def test_loop_functions_are_the_closed_ones(x):
    """In 40 digits, which the cancellation at x = 1 needs; 1e-10."""
    found = [float(f(x)) for f in (muon_moment.same_chirality, muon_moment.opposite_chirality)]
    if x == 1.0:
        assert found == pytest.approx([13 / 24, 2.0], rel=1e-12)
        return
    with mp.workdps(40):
        y = mpf(x)
        log, one = mp.log(y), 1 - y
        f = (5 * y**4 - 14 * y**3 + 39 * y**2 - 38 * y - 18 * y**2 * log + 8) / (12 * one**4)
        g = (4 - 3 * y - y**3 + 6 * y * log) / one**3
    assert found == pytest.approx([float(f), float(g)], rel=1e-10)


def test_limits_of_the_loop_functions():
    for x, f, g in ((1e-12, 2 / 3, 4.0), (1e12, 5 / 12, 1.0)):
        assert float(muon_moment.same_chirality(x)) == pytest.approx(f, rel=1e-6)
        assert float(muon_moment.opposite_chirality(x)) == pytest.approx(g, rel=1e-6)


@pytest.mark.parametrize("m_zp", [5.0, 32.5, 204.535500339, 2000.0])
@pytest.mark.parametrize(("left", "right"), [(0.3, 0.3), (0.3, -0.3), (0.2, 0.0)])
def test_muon_in_the_loop_is_its_integral(m_zp, left, right):
    """1e-9, in 40 digits. At 204.5 GeV the stored number of the catalogue is off by 6e-6."""
    with mp.workdps(40):
        rho = (mpf(M_MU) / mpf(m_zp)) ** 2
        v, a = ((mpf(right) + left) / 2) ** 2, ((mpf(right) - left) / 2) ** 2

        def integrand(x):
            axial = x * (1 - x) * (x - 4) - 2 * x**3 * rho
            return (v * x**2 * (1 - x) + a * axial) / (1 - x + x**2 * rho)

        edges = [0, mpf("0.5"), *(1 - mpf(10) ** -n for n in range(1, 13)), 1]
        expected = rho / (4 * mp.pi**2) * quad(integrand, edges)
    z = lepton_charges((0.0, left, 0.0), (0.0, right, 0.0))
    assert float(muon_moment.muon_loop(m_zp, z, REFERENCE)) == pytest.approx(float(expected), rel=1e-9)


def test_heavy_z_prime():
    """+g^2 m^2/12 pi^2 M^2 of a vector, minus five times that of an axial coupling; also by a light F."""
    unit = (0.3 * M_MU / 3000.0) ** 2 / (12 * np.pi**2)
    vector, axial = (lepton_charges((0.0, s * 0.3, 0.0), (0.0, 0.3, 0.0)) for s in (1, -1))
    assert float(muon_moment.muon_loop(3000.0, vector, REFERENCE)) == pytest.approx(unit, rel=1e-5)
    assert float(muon_moment.muon_loop(3000.0, axial, REFERENCE)) == pytest.approx(-5 * unit, rel=1e-5)
    for sign, expected in ((1, unit), (-1, -5 * unit)):
        found = muon_moment.heavy_loop(3000.0, M_MU, sign * 0.3, 0.3, REFERENCE)
        assert float(found) == pytest.approx(expected, rel=1e-5)


def test_benchmark_of_a_heavy_lepton():
    """1.8e-8 at M_E = 1 TeV, couplings 0.2, m_Zp = 2 TeV, by the flip of chirality on it; smooth at M_E = m_Zp."""
    found = float(muon_moment.heavy_loop(2000.0, 1000.0, 0.2, 0.2, REFERENCE))
    assert found == pytest.approx(1.8e-8, rel=0.03)
    assert float(muon_moment.heavy_loop(2000.0, 1000.0, 0.2, -0.2, REFERENCE)) == pytest.approx(-found, rel=1e-3)
    slope = jax.grad(lambda m: muon_moment.heavy_loop(2000.0, m, 0.2, 0.2, REFERENCE))
    h = 1e-2
    values = [float(muon_moment.heavy_loop(2000.0, 2000.0 + s * h, 0.2, 0.2, REFERENCE)) for s in (-1, 1)]
    assert float(slope(jnp.asarray(2000.0))) == pytest.approx((values[1] - values[0]) / (2 * h), rel=1e-6)


def test_the_observable_is_the_moment():
    row = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
    theory = Theory(WilsonCoefficients.of(from_muon_moment(2.5e-9, REFERENCE)))
    found = dipoles.assemble("a_mu", dipoles.moments(theory, REFERENCE, row), row, REFERENCE)
    assert float(found) == pytest.approx(2.5e-9, rel=1e-13)
