"""The relic of muon anomalies: its loop coupling, waves of annihilation, scattering, verdicts, derivatives."""

import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel

import bsfit
from bsfit.dark_matter import direct_detection, relic_density
from bsfit.dark_sector.t_channel import FermionExchange
from bsfit.matching import z_prime
from bsfit.matching.currents import lambda_v
from bsfit.standard_model.ckm import v_tb_v_ts

MODEL = OneModel("relic")
ROW, BENCHMARK, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed
UNIT = float(lambda_v(REFERENCE)) ** 2 / complex(v_tb_v_ts(REFERENCE))


# -------------------------------------------------------------------------------------------------- muons by the loop


@pytest.mark.slow
@pytest.mark.parametrize(("masses", "k"), [((160.0, 90.0, 300.0), 0.45), ((200.0, 100.0, 1000.0), 1.76)])
def test_the_loop_couples_muons_and_their_neutrinos(masses, k):
    """g_X q_L y^2 K/64 pi^2 of both; C9 = -C10 = C_L by it and the mixing of quarks, negative for q_L l_b l_s < 0."""
    m_l, m_r, m_i = masses
    found = at(M_L=m_l, m_R=m_r, m_I=m_i, y=2.0, g_X=0.7, q_L=1.0)
    d_mumu = 0.7 * 4.0 / (64 * np.pi**2) * k
    assert float(found.quantities["D_mumu"]) == pytest.approx(d_mumu, rel=0.01)
    m_q, v = float(found.quantities["M_Q"]), float(found.quantities["v_phi"])
    d_sb = 2 * 0.7 * 0.28 * v**2 / (2 * m_q**2)
    assert complex(found.quantities["D_sb"]) == pytest.approx(d_sb, rel=1e-12)
    c9 = -UNIT * d_sb * float(found.quantities["D_mumu"]) / 150.0**2
    for name, sign in (("C9_bsmumu", 1), ("C10_bsmumu", -1), ("CL_bsnumunumu", 1)):
        assert complex(found.wilson[name]) == pytest.approx(sign * c9, rel=1e-12)
    assert complex(found.wilson["C9_bsee"]) == complex(found.wilson["C9_bstautau"]) == 0
    assert at(q_L=-1.0).wilson["C9_bsmumu"].real < 0 < at(q_L=1.0).wilson["C9_bsmumu"].real
    assert at(q_L=-1.0, lambda_Q_s=-0.28).wilson["C9_bsmumu"].real > 0


def test_nothing_is_left_without_splitting_or_couplings():
    """No loop coupling for m_I = m_R, nor where L is heavy; its square of the splitting; no mixing, no C9."""
    assert at(m_I=70.0).quantities["D_mumu"] == 0
    assert abs(complex(at(m_I=70.0).wilson["C9_bsmumu"])) == 0
    first, second = (float(at(m_I=70.0 + d).quantities["D_mumu"]) for d in (0.01, 0.02))
    assert second / first == pytest.approx(4.0, rel=1e-3)
    heavy, heavier = (float(at(M_L=m).quantities["D_mumu"]) for m in (1e5, 2e5))
    assert heavier / heavy == pytest.approx(0.25, rel=0.05)
    assert at(y=0.0).quantities["D_mumu"] == at(y=0.0).quantities["a_mu_chi"] == 0
    assert at(lambda_Q_s=0.0).quantities["D_sb"] == at(lambda_Q_b=0.0).quantities["D_sb"] == 0


@pytest.mark.slow
def test_c9_needs_a_light_z_prime():
    """DeltaM_s up by 12 % and C9 of -0.73 at 150 GeV; 5.94e8 GeV^2 |D_sb|/m |D_mumu|/m whatever the masses."""
    found = at()
    product = abs(complex(found.quantities["D_sb"])) * abs(float(found.quantities["D_mumu"])) / 150.0**2
    assert abs(complex(found.wilson["C9_bsmumu"])) == pytest.approx(5.94e8 * product, rel=2e-3)
    mixing = bsfit.predict(["DeltaM_s/SM"], model="relic", params=dict(ROW.benchmark), inputs="reference")
    assert mixing["DeltaM_s/SM"] == pytest.approx(1.123, rel=2e-3)


@pytest.mark.slow
def test_moment_of_the_muon_is_complete():
    """2.2e-9 at the benchmark, positive, half the dipole of the loop model for each part."""
    found = at()
    a_mu = float(found.quantities["a_mu_chi"])
    assert a_mu == pytest.approx(2.0188049e-9, rel=1e-7)
    point = {**ROW.benchmark}
    assert bsfit.predict(["a_mu"], model="relic", params=point, inputs="reference")["a_mu"] == pytest.approx(a_mu)
    same = float(at(m_I=70.0).quantities["a_mu_chi"])
    loop = {"m_Q": 3000.0, "m_L": 170.0, "m_X": 70.0, "lambda_L_mu": 3.4}
    assert bsfit.predict(["a_mu"], model="loop", params=loop, inputs="reference")["a_mu"] == pytest.approx(same)


def test_kinetic_mixing_by_loops_of_q_and_l():
    """(g_Y g_X/12 pi^2) sum N Y X ln(Lambda^2/M^2) with 2 of Q and 1 of L: 0.009 a unit of the logarithm at g_X = 1."""
    bare = {"lambda_Q_s": 0.0, "lambda_Q_b": 0.0, "y": 0.0}
    found = at(**bare, Lambda=5000.0)
    logarithms = 2 * np.log((5000 / 1500) ** 2) + np.log((5000 / 170) ** 2)
    expected = float(z_prime.hypercharge_coupling(REFERENCE)) / (12 * np.pi**2) * logarithms
    assert float(found.quantities["epsilon_loop"]) == pytest.approx(expected, rel=1e-12)
    assert expected / logarithms * 3 == pytest.approx(0.009, abs=2e-4)
    shifted = at(epsilon=0.009)
    universal = complex(shifted.wilson["C9_bsee"])
    assert universal == pytest.approx(complex(shifted.wilson["C9_bstautau"]), rel=1e-12)
    assert abs(universal / complex(at().wilson["C9_bsmumu"])) == pytest.approx(0.13, abs=0.06)


# -------------------------------------------------------------------------------------------------------- dark matter


def sigma_v(channel, m, v):
    s = 4 * m**2 / (1 - v**2 / 4)
    return float(channel.strength(jnp.asarray(s))) / (s**2 * (1 - 4 * m**2 / s)) * v


def test_dark_matter_is_a_d_wave_but_for_the_mass_of_the_muon():
    """y^4 v^4/(120 pi m^2 (1 + M^2/m^2)^4) into both; at rest that of massive muons, by their mass squared."""
    massless = REFERENCE.replace({"m_mu": 1e-7})
    channel = at(massless).dark.channels[0]
    for v in (0.01, 0.02):
        expected = 3.4**4 * v**4 / (120 * np.pi * 70.0**2 * (1 + (170 / 70) ** 2) ** 4)
        assert sigma_v(channel, 70.0, v) == pytest.approx(expected, rel=1e-3)
    one, two = (sigma_v(at(REFERENCE.replace({"m_mu": m})).dark.channels[0], 70.0, 1e-4) for m in (0.1, 0.2))
    assert two / one == pytest.approx(4.0, rel=1e-3)


def test_it_does_not_scatter_where_it_is_split():
    """At the splitting of a few hundred keV; below, the current of a complex scalar scatters."""
    sigma = [
        float(direct_detection.predicted("sigma_SI", at(m_I=70.0 + d, lambda_Q_d=0.3), REFERENCE))
        for d in (1e-5, 1e-3, 100.0)
    ]
    assert sigma[0] > 1e-48
    assert sigma[1] == sigma[2] == 0


@pytest.mark.slow
def test_annihilation_of_both_parts_is_that_of_a_complex_scalar():
    """Without splitting, channels through L add up to those of the loop model's X."""
    dark = at(m_I=70.0).dark
    muon = jnp.asarray([0.0, 3.4, 0.0]) + 0j
    vector = (muon[0], muon[1], muon[2])
    whole = FermionExchange.of({"electron": vector, "neutrino": vector}, dark.partners["L"].mass, dark.masses[0],
                               REFERENCE, "leptons")  # fmt: skip
    for s in (1.01 * 140.0**2, 4e4):
        parts = sum(float(channel.strength(jnp.asarray(s))) for channel in dark.channels[:3])
        assert parts == pytest.approx(float(whole.strength(jnp.asarray(s))), rel=1e-8)


# ----------------------------------------------------------------------------------------------------------- verdicts


def test_the_benchmark_says_what_it_is():
    """g_X, y and the coupling that splits R and I are large, and kinetic mixing is not finite."""
    assert failed() == {"landau_pole", "perturbative_trilinear", "loop_trace"}
    assert failed(g_X=0.8, y=2.0, m_I=500.0) == {"loop_trace"}
    found = at(m_I=500.0).quantities
    assert 2 * 2**0.5 * float(found["mu_chi"]) * float(found["v_phi"]) == pytest.approx(500.0**2 - 70.0**2, rel=1e-12)


def test_verdicts():
    assert "vector_pairs" in failed(m_R=160.0)
    assert "coannihilation" in failed(M_L=83.0)
    assert {"light_M_L", "muon_width"} <= failed(M_L=90.0)
    assert "stable_R" in failed(m_I=60.0)
    assert "stable_R" in failed(M_L=65.0)
    assert "charge_of_L" in failed(q_L=-0.5)
    assert {"perturbative_gauge"} <= failed(g_X=1.8)
    assert "perturbative_yukawas" in failed(y=3.6)
    assert "heavy_dark_matter" in failed(m_R=2.0)
    assert "kinetic_limit" in failed(epsilon=0.02)
    assert "narrow_Zp" in failed(m_Zp=3000.0, g_X=3.4, lambda_Q_b=3.5)
    assert "local_operators" in failed(m_Zp=30.0)
    (condition,) = (v for v in at().verdicts if v.name == "stable_R")
    assert condition.counts == "dark matter"
    for changes in ({}, {"m_I": 70.0}, {"y": 0.0}, {"m_R": 160.0}):
        assert all(np.isfinite(v.value) and np.isfinite(v.limit) for v in at(**changes).verdicts)


# -------------------------------------------------------------------------------------------------------- derivatives

FREE = {"g_X": 0.9, "m_Zp": 160.0, "lambda_Q_s": 0.28, "lambda_Q_b": 0.9, "y": 3.0, "M_L": 190.0, "m_R": 65.0,
        "m_I": 500.0}  # fmt: skip
"""Parameters of which slopes are taken, and where."""


def coefficients(x):
    theory = MODEL.along(FREE, x)
    names = ("C9_bsmumu", "C10_bsmumu", "CVLL_bsbs", "CL_bsnumunumu")
    values = jnp.stack([theory.wilson[name] * (1e12 if name.startswith("CV") else 1.0) for name in names])
    sizes = jnp.stack([theory.quantities[name] for name in ("Gamma_Zp", "D_mumu", "a_mu_chi", "mu_chi")])
    return jnp.concatenate([values.real, values.imag + 1e-6, sizes * jnp.array([1.0, 1.0, 1e9, 1e-3])])


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
    """Of coefficients, widths, scattering, and without splitting."""
    MODEL.assert_slopes_at_bounds(MODEL.boxes(m_I=(70.0, 2000.0)))
