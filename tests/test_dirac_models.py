"""Models with fermion dark matter behind a Z': signs and limits of their papers, verdicts, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel

import bsfit
from bsfit import catalogue
from bsfit.dark_matter import direct_detection, indirect_detection, relic_density
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import load_inputs
from bsfit.matching.currents import lambda_v
from bsfit.standard_model.ckm import v_tb_v_ts

INPUTS = load_inputs("reference", {"Z_mixing": 1.0})
MODELS = ("lmutau", "fermiophobic", "hidden", "simplified", "b1b2", "hidden-majorana", "hidden-split")
by_model = pytest.mark.parametrize("model", MODELS)
LAMBDA2, VTS = float(lambda_v(REFERENCE)) ** 2, complex(v_tb_v_ts(REFERENCE))


def benchmark(model):
    return OneModel(model).point


def at(model, inputs=REFERENCE, **changes):
    return OneModel(model).at(inputs, **changes)


def c9(theory, lepton="mu", operator="C9"):
    return complex(theory.wilson[f"{operator}_bs{lepton}{lepton}"])


# ------------------------------------------------------------------------------------------------ signs and limits


@pytest.mark.slow
def test_lmutau_is_vector_and_opposite_for_taus():
    """C9 = -(Lambda_v^2/V) Y_b Y_s^*/M_Q^2, whatever g_X and m_Zp; C9' of D with the opposite sign."""
    both = {"YD_s": 0.03, "YD_s_im": 0.02, "YD_b": 0.8}
    for point in ({}, {"g_X": 0.3, "m_Zp": 195.0}):
        found = at("lmutau", **both, **point)
        m_q, m_d = (float(found.quantities[name]) for name in ("M_Q", "M_D"))
        assert c9(found) == pytest.approx(LAMBDA2 / VTS * 0.04 / m_q**2, rel=1e-12)
        assert c9(found, operator="C9p") == pytest.approx(LAMBDA2 / VTS * 0.8 * (0.03 - 0.02j) / m_d**2, rel=1e-12)
        assert c9(found, "tau") == pytest.approx(-c9(found), rel=1e-13)
        assert c9(found, "e") == c9(found, operator="C10") == 0
        assert complex(found.wilson["CL_bsnumunumu"]) == pytest.approx(c9(found) / 2, rel=1e-13)
        assert complex(found.wilson["CR_bsnutaunutau"]) == pytest.approx(c9(found, "tau", "C9p") / 2, rel=1e-13)


def test_lmutau_scattering_vanishes_at_one_kinetic_mixing():
    """epsilon = (e/6 pi^2 c_W) ln(m_tau/m_mu) g_X = 0.0165 g_X cancels muons and taus; equal Q, U, D add nothing."""
    e, c_w = (4 * np.pi * float(REFERENCE["alpha_em_0"])) ** 0.5, (1 - float(REFERENCE["sin2_theta_w"])) ** 0.5
    logarithm = np.log(float(REFERENCE["m_tau"] / REFERENCE["m_mu"]))
    epsilon = e / (6 * np.pi**2 * c_w) * logarithm * 0.05
    assert epsilon / 0.05 == pytest.approx(0.0165, abs=1e-4)
    bare = {"lambda_Q_s": 0.0, "lambda_Q_b": 0.0}
    without, with_it = (at("lmutau", **bare, epsilon=x).dark for x in (0.0, epsilon))
    sizes = [
        sum(float(b) for b in direct_detection.amplitudes(dark, REFERENCE).values()) for dark in (without, with_it)
    ]
    assert abs(sizes[1]) < 1e-9 * abs(sizes[0])


def test_lmutau_moment_is_complete_and_taus_decay_faster():
    found = at("lmutau", g_X=0.5, m_Zp=300.0)
    a_mu = float(found.quantities["a_mu_Zp"])
    unit = float(REFERENCE["G_F"]) * float(REFERENCE["m_mu"]) ** 2 / (2**0.5 * np.pi**2)
    assert float(found.wilson["C7_mumu"].real) * unit == pytest.approx(a_mu, rel=1e-12)
    assert a_mu == pytest.approx(0.25 * float(REFERENCE["m_mu"]) ** 2 / (12 * np.pi**2 * 300.0**2), rel=1e-3)
    assert 0 < float(found.quantities["tau_to_mu"]) < 0.25 * 0.1


@pytest.mark.slow
def test_fermiophobic_has_no_ckm_phase_in_c9():
    """C9 = -C10 = C_L = -g_bb g_mumu Lambda_v^2/m^2: real, and -0.5 at g_bb g_mumu/m^2 = 1/(6.98 TeV)^2."""
    found = at("fermiophobic")
    product = np.sin(0.35) ** 2 * np.sin(0.6) ** 2 / 1500.0**2
    assert c9(found) == pytest.approx(-product * LAMBDA2, rel=1e-12)
    assert c9(found, operator="C10") == pytest.approx(-c9(found), rel=1e-13)
    assert LAMBDA2 / 6980.0**2 == pytest.approx(0.5, rel=2e-3)
    assert c9(at("fermiophobic", g_L=-1.0)).real > 0


@pytest.mark.slow
def test_b1b2_in_closed_form():
    """C9 = -C10 = C_L = q_L s^2 (Lambda_v g_X/m)^2, real; b_p = b_n = g_X^2 q_chi/m^2 at tree level, no Z."""
    found = at("b1b2", q_chi=0.7)
    unit, couplings = (0.35 / 3000.0) ** 2, found.quantities
    assert c9(found) == pytest.approx(-4 * np.sin(0.6) ** 2 * unit * LAMBDA2, rel=1e-12)
    assert c9(found, operator="C10") == pytest.approx(-c9(found), rel=1e-13)
    assert complex(found.wilson["CL_bsnumunumu"]) == pytest.approx(c9(found), rel=1e-13)
    assert c9(at("b1b2", q_L=4.0)) == pytest.approx(-c9(found), rel=1e-13)
    for name in ("b_p_tree", "b_n_tree"):
        assert float(couplings[name]) == pytest.approx(0.7 * unit, rel=1e-4)  # u mixes with t by V_ub
    assert couplings["b_p_Z"] == couplings["b_n_Z"] == 0
    assert float(couplings["loop_trace"]) == pytest.approx(2 * 0.35 * -4, rel=1e-12)
    assert float(couplings["lambda_mix"]) == pytest.approx(2**0.5 * 1200 * np.sin(0.6) * 0.35 * 4 / 3000, rel=1e-12)


def test_b1b2_with_a_charged_higgs_doublet():
    """C10 of all leptons by its share in units of (Lambda_v g_X/m)^2, C9 by -(1 - 4 s_W^2) of it; Delta rho."""
    unit, sin2 = (0.35 / 3000.0) ** 2 * LAMBDA2, float(INPUTS["sin2_theta_w"])
    without, found = (at("b1b2", INPUTS, h_share=share) for share in (0.0, 0.3))
    for lepton in catalogue.LEPTONS:
        shifts = {name: c9(found, lepton, name) - c9(without, lepton, name) for name in ("C9", "C10")}
        assert shifts["C10"] == pytest.approx(0.3 * unit, rel=1e-6)
        assert shifts["C9"] == pytest.approx(-(1 - 4 * sin2) * 0.3 * unit, rel=1e-6)
    v2 = 1 / (2**0.5 * float(INPUTS["G_F"]))
    assert float(found.quantities["Delta_rho"]) == pytest.approx((0.3 * 0.35 / 3000.0) ** 2 * v2, rel=1e-10)
    assert "z_mixing" in failed("b1b2", h_share=1.0, g_X=0.5)


def test_b1b2_widths_are_the_sums_of_charges():
    """Massless: m g^2/(24 pi) N_c (q_L^2 + q_R^2) of each; m g^2 q_chi^2/(12 pi) of dark matter."""
    q = at("b1b2", m_Zp=5e6, M_L=1e9, m_chi=1.0).quantities
    unit = 5e6 * 0.35**2 / (24 * np.pi)
    assert float(q["Gamma_Zp_quarks"]) == pytest.approx(unit * 6 * 2 * (1 / 9 + 1 / 9 + 4 / 9), rel=1e-6)
    assert float(q["Gamma_Zp_chi"]) == pytest.approx(unit * 2, rel=1e-6)
    assert float(q["Gamma_Zp_mumu"]) == pytest.approx(unit * 16 * np.sin(0.6) ** 4, rel=1e-6)
    assert float(q["Gamma_Zp_neutrinos"]) == pytest.approx(float(q["Gamma_Zp_mumu"]), rel=1e-6)


def test_b1b2_mixing_of_mesons_only_goes_up_and_scattering_excludes():
    """DeltaM_s/SM 1.353, 1.138, 1.088 at m/g_X of 5, 8, 10 TeV, and the running; LZ leaves 25 TeV sqrt(q_chi)."""
    predicted = jax.jit(bsfit.prediction(["DeltaM_s/SM"], model="b1b2", inputs="reference"))
    for scale, expected in ((5000.0, 1.353), (8000.0, 1.138), (10000.0, 1.088)):
        found = predicted({**catalogue.MODELS["b1b2"].benchmark, "m_Zp": 0.35 * scale})
        assert float(found[0]) == pytest.approx(expected, rel=5e-3)
    dark = at("b1b2", g_X=0.1, m_Zp=2500.0, m_chi=1000.0)
    sigma = float(direct_detection.predicted("sigma_SI", dark, REFERENCE))
    assert sigma == pytest.approx(float(direct_detection.largest(1000.0, "lz-2022")), rel=0.05)


@pytest.mark.slow
def test_hidden_and_simplified_are_the_same_where_they_meet():
    """One with three couplings of quarks, one with an angle."""
    theta, g_b = -0.005, 0.4
    hidden = at("hidden")
    sin, cos = np.sin(theta), np.cos(theta)
    same = {"g_sb": g_b * sin * cos, "g_bb": g_b * cos**2, "g_muL": 0.2, "g_EL": 0.0, "g_ER": 0.0}
    names = ("m_Zp", "g_chi", "m_chi", "Lambda")
    simplified = at("simplified", **same, **{name: benchmark("hidden")[name] for name in names})
    for name in ("C9_bsmumu", "C10_bsmumu", "CL_bsnumunumu", "CVLL_bsbs", "CVLL_numunumumumu"):
        assert complex(simplified.wilson[name]) == pytest.approx(complex(hidden.wilson[name]), rel=1e-12)
    for name in ("Gamma_Zp", "b_p_photon", "b_n_Z"):
        assert float(simplified.quantities[name]) == pytest.approx(float(hidden.quantities[name]), rel=1e-4)


@pytest.mark.long
@by_model
def test_without_couplings_there_is_nothing(model):
    """Coefficients vanish; heavy states decouple."""
    none = {
        "lmutau": {"lambda_Q_s": 0.0},
        "fermiophobic": {"theta_Q": 0.0},
        "hidden": {"theta_sb": 0.0},
        "simplified": {"g_sb": 0.0},
        "b1b2": {"g_X": 0.0},
    }.get(model, {"theta_sb": 0.0})
    found = at(model, **none)
    pairs = [(lepton, name) for lepton in catalogue.LEPTONS for name in catalogue.SEMILEPTONIC]
    assert not any(abs(c9(found, *pair)) for pair in pairs)
    assert found.quantities["D_sb"] == found.quantities["C_bs_LL"] == 0


# -------------------------------------------------------------------------------------------------------- verdicts


def failed(model, **changes):
    return {v.name for v in at(model, **changes).verdicts if not bool(v.ok)}


def test_benchmarks_say_what_they_are():
    """The portal of charges is finite where the sum of them vanishes; the light Z' and u, d couplings are told."""
    assert failed("lmutau") == {"local_operators", "z_to_four_muons"}
    assert failed("fermiophobic") == set()
    assert failed("hidden") == {"loop_trace"}
    assert failed("simplified") == {"loop_trace"}
    assert failed("hidden-majorana") == failed("hidden-split") == {"loop_trace"}
    assert failed("b1b2") == {"loop_trace", "lhc_not_tested"}


def test_verdicts():
    heavy = {"m_Zp": 300.0, "g_X": 0.3, "m_chi": 100.0}
    assert failed("lmutau", **heavy) == set()
    assert failed("lmutau", **heavy, epsilon=0.04) == {"kinetic_limit"}
    assert failed("lmutau", **{**heavy, "m_Zp": 91.3}, epsilon=0.002) == {"z_degeneracy"}
    assert failed("lmutau", **{**heavy, "m_Zp": 80.0}, epsilon=0.002) == set()
    assert "landau_pole" in failed("lmutau", **{**heavy, "g_X": 1.3, "q_chi": 2.0})
    assert "perturbative_gauge" in failed("lmutau", **{**heavy, "g_X": 2.0, "q_chi": 2.0})
    assert "perturbative_yukawas" in failed("lmutau", **heavy, YD_b=4.0)
    assert failed("lmutau", **{**heavy, "m_chi": 140.0, "g_X": 0.01}) == {"kinetic_equilibrium"}
    assert "heavy_dark_matter" in failed("lmutau", **{**heavy, "m_chi": 2.0})
    assert failed("fermiophobic", g_L=0.9) == {"loop_trace"}
    assert "perturbative_yukawas" in failed("fermiophobic", theta_Q=1.4)
    assert "sommerfeld" in failed("hidden", m_Zp=12.0, m_chi=2000.0, g_chi=0.93)
    assert "lhc_not_tested" in failed("simplified", g_q=0.01)
    assert "perturbative_fermions" in failed("simplified", g_ER=3.6)
    assert "narrow_Zp" in failed("simplified", g_muL=3.5, g_bb=3.5)
    assert {"narrow_Zp", "perturbative_fermions", "landau_pole"} <= failed("b1b2", g_X=1.0, q_L=-6.0)
    assert "perturbative_yukawas" in failed("b1b2", M_L=20000.0)
    assert "perturbative_gauge" in failed("b1b2", q_chi=12.0)
    for model in MODELS:
        assert all(np.isfinite(v.value) and np.isfinite(v.limit) for v in at(model).verdicts)


@pytest.mark.slow
def test_what_is_not_complete_is_refused():
    with pytest.raises(BsfitInputError, match="a_mu"):
        bsfit.predict(["a_mu"], model="hidden", params=dict(catalogue.MODELS["hidden"].benchmark))
    found = bsfit.predict(["a_mu", "a_mu_Zp"], model="lmutau", params=dict(catalogue.MODELS["lmutau"].benchmark))
    assert found["a_mu"] == pytest.approx(found["a_mu_Zp"], rel=1e-12)


# ----------------------------------------------------------------------------------------------------- derivatives

FREE = {
    "lmutau": {
        "g_X": 0.3,
        "m_Zp": 300.0,
        "m_chi": 100.0,
        "lambda_Q_s": 0.1,
        "lambda_Q_b": 1.0,
        "YD_s": 0.2,
        "YD_b": 0.7,
    },
    "fermiophobic": {
        "m_Zp": 1500.0,
        "g_Q": 1.0,
        "theta_Q": 0.35,
        "g_L": 1.0,
        "theta_L": 0.6,
        "M_Q": 1700.0,
        "m_chi": 550.0,
    },
    "hidden": {"m_Zp": 600.0, "g_b": 0.4, "theta_sb": -0.05, "g_mu": 0.2, "g_chi": 1.0, "m_chi": 50.0},
    "simplified": {"m_Zp": 2000.0, "g_sb": -0.04, "g_bb": 0.1, "g_q": 0.02, "g_muL": 0.5, "g_muR": 0.2, "m_chi": 600.0},
    "hidden-majorana": {
        "m_Zp": 600.0,
        "g_b": 0.4,
        "theta_sb": -0.05,
        "g_mu": 0.2,
        "g_chi": 1.2,
        "m_chi": 200.0,
        "m_phi": 450.0,
    },
    "hidden-split": {
        "m_Zp": 600.0,
        "g_b": 0.4,
        "theta_sb": -0.05,
        "g_mu": 0.2,
        "g_chi": 1.0,
        "m_chi": 50.0,
        "splitting": 0.5,
    },
    "b1b2": {"g_X": 0.35, "m_Zp": 3000.0, "q_L": -4.0, "theta_mu": 0.6, "q_chi": 1.0, "m_chi": 1150.0},
}
"""Parameters of which slopes are taken, and where: off the thresholds, on which benchmarks lie."""


def outputs(model, omega):
    names = [f"{o}_bsmumu" for o in ("C9", "C10", "C9p", "C10p")] + ["CVLL_bsbs", "CVLR_bsbs", "CL_bsnumunumu"]

    def function(x):
        theory = OneModel(model).along(FREE[model], x)
        if omega:
            return jnp.log(relic_density.relic_density(theory.dark).omega_h2)[None]
        values = jnp.stack([theory.wilson[name] * (1e12 if name.startswith("CV") else 1.0) for name in names])
        sizes = jnp.stack([theory.quantities[name] for name in ("Gamma_Zp", "b_p_photon", "b_n_Z", "a_mu_Zp")])
        floor = 1e-6  # where there is no phase
        return jnp.concatenate([values.real, values.imag + floor, sizes * jnp.array([1.0, 1e9, 1e9, 1e9])])

    return function


@pytest.mark.long
@by_model
def test_derivatives_of_the_coefficients(model):
    """AD against differences, 1e-6."""
    x = list(FREE[model].values())
    assert_derivatives(outputs(model, False), [x], [abs(v) for v in x], second=False)


@pytest.mark.long
@by_model
def test_derivatives_of_the_relic_density(model):
    density = outputs(model, True)
    assert_slopes_of_a_density(lambda x: density(x)[0], list(FREE[model].values()))


@pytest.mark.long
@by_model
def test_slopes_are_finite_at_every_bound(model):
    """Of coefficients, widths, scattering."""
    model = OneModel(model)
    model.assert_slopes_at_bounds(model.boxes())


@pytest.mark.long
def test_final_states_heat_the_gas_each_in_its_way():
    """Without quarks 1:1:1 into muons, taus and neutrinos: the mean of their efficiencies, f_eff not among them."""
    inputs = load_inputs("default")
    point = {"g_X": 0.1, "m_Zp": 900.0, "m_chi": 200.0, "lambda_Q_s": 0.0, "lambda_Q_b": 0.0}
    dark = at("lmutau", inputs, **point).dark
    moved = inputs.replace({"f_eff": 0.6})
    one, two = (float(indirect_detection.planck_ratio(dark, i)) for i in (inputs, moved))
    assert one == pytest.approx(two, rel=1e-6)
    mean = (float(inputs["f_eff_muon"]) + float(inputs["f_eff_tau"])) / 3
    sigma = float(indirect_detection.sigma_v(dark, indirect_detection.X_RECOMBINATION))
    assert one == pytest.approx(mean * sigma / 200.0 / (2 * indirect_detection.PLANCK), rel=1e-3)
