"""Z' that a split fermion couples to quarks: its coupling, Higgs bosons, dark matter, verdicts, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import METRIC, ONE, slash
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel
from two_bodies import strength_of

from bsfit.dark_matter import relic_density
from bsfit.dark_sector.higgs_portal import HiggsExchange
from bsfit.dark_sector.majorana_higgs import FermionHiggsExchange
from bsfit.matching.scalar_sector import higgs_vev, trilinear_couplings

MODEL = OneModel("loop_zprime_fermion")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed


def c9(theory):
    return complex(theory.wilson["C9_bsmumu"] - theory.quantities["C9_photon"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("masses", "expected", "y"),
    [
        ((100.0, 300.0, 1000.0), -0.119, 1 / 3),
        ((100.0, 1000.0, 1000.0), -0.88, 1.5),
        ((100.0, 1000.0, 1500.0), -0.60, 1.5),
        ((300.0, 1000.0, 1500.0), -0.32, 7 / 6),
        ((100.0, 3000.0, 1000.0), -2.3, 29 / 6),
    ],
)
def test_the_shift_of_the_abstract_takes_a_splitting_of_the_size_of_the_masses(masses, expected, y):
    """Independent numbers in the digits printed; a shift of -2.3 has a coupling that is not perturbative."""
    light, heavy, m_sq = masses
    found = at(m_N2=light, m_N1=heavy, m_sq=m_sq)
    assert c9(found).real == pytest.approx(expected, rel=0.02)
    assert float(found.quantities["y_S"]) == pytest.approx(y, rel=1e-9)


@pytest.mark.slow
def test_nothing_without_splitting():
    """Exactly no coupling of b and s, no Yukawa coupling; with the square of the splitting after that."""
    found = at(m_N1=150.0)
    assert complex(found.quantities["D_sb"]) == 0
    assert float(found.quantities["y_S"]) == 0
    assert complex(found.wilson["C9_bsmumu"]) == complex(found.wilson["C9_bstautau"])
    small, twice = (abs(complex(at(m_N1=150.0 + d).quantities["D_sb"])) for d in (1e-4, 2e-4))
    assert twice / small == pytest.approx(4.0, rel=1e-4)
    assert not any(np.any(x) for x in at(m_N1=150.1).dark.vector.values())
    assert any(np.any(x) for x in found.dark.vector.values())


def test_muons_and_taus_are_opposite():
    found = at()
    assert complex(found.wilson["CL_bsnumunumu"]) == pytest.approx(c9(found) / 2, rel=1e-12)
    assert complex(found.wilson["CL_bsnutaunutau"]) == pytest.approx(-c9(found) / 2, rel=1e-12)
    assert complex(found.wilson["C10_bsmumu"]) == 0
    assert c9(at(g_X=0.25, m_Zp=150.0)) == pytest.approx(c9(found), rel=1e-12)
    assert c9(found).real < 0 < c9(at(x=-1.0)).real


def test_trilinear_couplings_are_slopes_of_the_potential():
    """Third derivatives of V in the rotated fields; without mixing 3 m^2/v of each and no others."""
    theta, v_s, masses = 0.3, 400.0, np.array([125.25, 310.0])
    v = float(higgs_vev(REFERENCE))
    c, s = np.cos(theta), np.sin(theta)
    turn = np.array([[c, s], [-s, c]])
    m_hh, m_hs, m_ss = (turn @ np.diag(masses**2) @ turn.T)[[0, 0, 1], [0, 1, 1]]

    def potential(x):
        h, singlet = v + c * x[0] + s * x[1], v_s - s * x[0] + c * x[1]
        first, second = (h**2 - v**2) / 2, (singlet**2 - v_s**2) / 2
        return m_hh / (2 * v**2) * first**2 + m_ss / (2 * v_s**2) * second**2 + m_hs / (v * v_s) * first * second

    slopes = jax.jit(jax.jacfwd(jax.jacfwd(jax.jacfwd(potential))))(jnp.zeros(2))
    squares = jax.jit(jax.hessian(potential))(jnp.zeros(2))
    np.testing.assert_allclose(squares, np.diag(masses**2), atol=1e-8)
    shares = jnp.asarray([c, s]), jnp.asarray([-s, c])
    found = jax.jit(lambda m: trilinear_couplings(m, *shares, v_s, REFERENCE))(jnp.asarray(masses))
    np.testing.assert_allclose(found, slopes, rtol=1e-9)


def test_width_of_the_second_higgs_boson():
    """Into the Standard Model by sin^2, and what opens beside: pairs of the Z' and of Higgs bosons, N2."""
    closed = at(m_Zp=200.0, m_h2=240.0, theta=0.1)
    more = at(m_Zp=100.0, m_h2=240.0, theta=0.1)
    v_s, r = 100.0, (100.0 / 240.0) ** 2
    vectors = np.cos(0.1) ** 2 * 240.0**3 / (32 * np.pi * v_s**2) * np.sqrt(1 - 4 * r) * (1 - 4 * r + 12 * r**2)
    gained = float(more.quantities["Gamma_h2"] - closed.quantities["Gamma_h2"])
    assert gained == pytest.approx(vectors, rel=1e-9)
    assert float(at(Gamma_h2_over_m=0.01).quantities["Gamma_h2"]) == pytest.approx(3.1, rel=1e-9)
    dark = float(at(m_h2=290.0, m_Zp=200.0).quantities["Gamma_h2"])
    with_n2 = at(m_h2=290.0, m_Zp=200.0, m_N2=100.0)
    y = float(with_n2.quantities["y_S"])
    expected = (y * np.cos(0.02)) ** 2 * 290.0 / (16 * np.pi) * (1 - (200.0 / 290.0) ** 2) ** 1.5
    assert float(with_n2.quantities["Gamma_h2"]) - dark == pytest.approx(expected, rel=1e-6)


def test_majorana_fermions_through_higgs_bosons_are_the_trace():
    """8 p^2 times what real scalars of the same coupling do; closed below the threshold."""
    one, heavy = jnp.ones(1), 50 * jnp.ones(2)
    scalars = HiggsExchange(one, 0.7 * one[None], one, 2.4 * one, 0.3 * one, one[0], heavy, 0.4 * one, one, 1.0)

    def squared(p1, p2, k1, k2):
        pole = 0.7 / ((p1 + p2) @ METRIC @ (p1 + p2) - 2.4**2 + 1j * 2.4 * 0.3)
        lines = [np.trace((slash(a) + m * ONE) @ (slash(b) - m * ONE)).real for a, b, m in ((p1, p2, 1), (k1, k2, 0.4))]
        return lines[0] * lines[1] * abs(pole) ** 2 * 0.4**2

    strength = jax.jit(lambda s: FermionHiggsExchange(scalars).strength(s))
    assert float(strength(jnp.asarray(3.99))) == 0.0
    expected = strength_of(squared, 4.6, 1.0, 1.0, 0.4, 0.4)
    assert float(strength(jnp.asarray(4.6))) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_pairs_of_the_z_prime_and_of_higgs_bosons_are_most_of_it():
    """Where they are open; N2 N2 goes into the Z' and a Higgs boson by no diagram, N1 N2 into no other pairs."""
    dark = at(m_N2=460.0, m_N1=700.0, m_Zp=200.0, theta=0.05, g_X=0.3).dark
    s = jnp.asarray(4 * 460.0**2 * 1.1)
    rates = {c.name: float(x) for c, x in zip(dark.channels, jax.jit(lambda d: d.strengths(s))(dark), strict=True)}
    assert rates["vector pairs"] + rates["Higgs pairs"] > 10 * (rates["quarks"] + rates["Higgs portal"])
    assert rates["vector and Higgs boson"] == rates["vector pairs of N1"] == 0.0


def test_verdicts():
    assert failed() == {"loop_trace", "lhc_not_tested_m_sq", "kinetic_equilibrium_h2"}
    assert failed(m_sq=1400.0, m_h2=400.0) == {"loop_trace"}
    assert "mass_splitting" in failed(m_N1=150.0)
    assert {"stable_N2", "mass_splitting"} <= failed(m_N1=140.0)
    assert {"stable_N2", "coannihilation"} <= failed(m_sq=149.0)
    assert "perturbative_yukawas" in failed(m_N1=3000.0)
    assert "landau_pole" in failed(g_X=2.5)
    assert "perturbative_gauge" in failed(x=8.0)
    assert "dark_higgs_quartic" in failed(m_h2=2500.0)
    assert "broad_h2" in failed(m_h2=900.0)
    assert "kinetic_limit" in failed(epsilon=0.05)


# -------------------------------------------------------------------------------------------------------- derivatives

FREE = {"g_X": 0.4, "m_Zp": 250.0, "lambda_Q_s": 0.4, "lambda_Q_b": 0.5, "m_sq": 1400.0, "m_N2": 400.0, "m_N1": 560.0,
        "theta": 0.1, "m_h2": 330.0}  # fmt: skip
"""Parameters of which slopes are taken, and where: pairs of the Z' and of Higgs bosons are open."""


def coefficients(x):
    theory = MODEL.along(FREE, x)
    names = ("C9_bsmumu", "C9_bstautau", "CVLL_bsbs", "CL_bsnumunumu", "C7_bs")
    values = jnp.stack([theory.wilson[name] * (1e12 if name.startswith("CV") else 1.0) for name in names])
    sizes = jnp.stack([theory.quantities[name] for name in ("Gamma_Zp", "Gamma_h2", "y_S", "a_mu_Zp")])
    return jnp.concatenate([values.real, values.imag + 1e-6, sizes * jnp.array([1.0, 1.0, 1.0, 1e9])])


def log_density(x):
    theory = MODEL.along(FREE, x)
    return jnp.log(relic_density.relic_density(theory.dark).omega_h2)


@pytest.mark.long
def test_derivatives_of_the_coefficients():
    """AD against differences, 1e-6."""
    x = list(FREE.values())
    assert_derivatives(coefficients, [x], x, second=False)


@pytest.mark.long
def test_derivatives_of_the_relic_density():
    assert_slopes_of_a_density(log_density, list(FREE.values()))


@pytest.mark.long
def test_slopes_are_finite_at_every_bound():
    """Of coefficients, widths, scattering; without splitting and mixing too."""
    boxes = MODEL.boxes(m_N1=(150.0, 3000.0), theta=(-0.3, 0.0), m_h2=(100.0, 2000.0))
    MODEL.assert_slopes_at_bounds(boxes, lambda theory: theory.dark.strengths(jnp.asarray(1300.0) ** 2))
