"""Loop model: reference numbers, the top-Goldstone limit, signs, derivatives at degenerate masses, verdicts."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit import catalogue
from bsfit.hadronic import b_mixing
from bsfit.loading.inputs import load_inputs
from bsfit.matching import boxes, loops
from bsfit.matching.boxes import Boson, Line
from bsfit.matching.currents import lambda_v
from bsfit.models import loop
from bsfit.observables import bs_mixing, dipoles
from bsfit.standard_model.ckm import ckm, v_tb_v_td, v_tb_v_ts
from bsfit.theory import Rows

REFERENCE = load_inputs("reference")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
BENCHMARK = {
    "m_Q": 1100.0,
    "m_L": 1000.0,
    "m_X": 300.0,
    "lambda_Q_s": -(0.15**0.5),
    "lambda_Q_b": 0.15**0.5,
    "lambda_L_mu": 2.0,
}
GENERAL = {
    **BENCHMARK,
    "lambda_Q_d": 0.02,
    "lambda_Q_d_im": -0.03,
    "lambda_Q_s_im": 0.1,
    "lambda_L_e": 0.05,
    "lambda_L_e_im": 0.02,
    "lambda_L_tau": -0.4,
}
DEFAULTS = {p.name: p.default for p in catalogue.MODELS["loop"].parameters if p.default is not None}


@jax.jit
def theory(params, inputs):
    result = loop.theory(params, inputs)
    combine = lambda module, key: module.assemble(key, module.moments(result, inputs, ROW), ROW, inputs)  # noqa: E731
    found = {key: combine(dipoles, key) for key in ("a_mu", "BR(mu->egamma)")}
    return result, {**found, "DeltaM_s/SM": combine(bs_mixing, "DeltaM_s/SM")}


def at(params, **changes):
    """Theory with every parameter given, so that one compilation serves all points."""
    return theory({**DEFAULTS, **{k: float(v) for k, v in {**params, **changes}.items()}}, REFERENCE)[0]


def parameters(point):
    """Parameters of a point of the reference file."""
    params = {"m_Q": point["mQ"], "m_L": point["mL"], "m_X": point["mX"]}
    for symbol, flavours, column in (("lambda_Q", "dsb", "lamQ"), ("lambda_L", ("e", "mu", "tau"), "lamL")):
        for flavour, (real, imaginary) in zip(flavours, point[column], strict=True):
            params[f"{symbol}_{flavour}"], params[f"{symbol}_{flavour}_im"] = real, imaginary
    return params


# ------------------------------------------------------------------------------------------------ known numbers


@pytest.mark.slow
def test_b_to_d_has_the_coupling_of_the_d_quark():
    wc = at(GENERAL).wilson
    d, s = (GENERAL[f"lambda_Q_{q}"] + 1j * GENERAL[f"lambda_Q_{q}_im"] for q in "ds")
    unit = complex(v_tb_v_ts(REFERENCE) / v_tb_v_td(REFERENCE)) * np.conj(d) / np.conj(s)
    for pair in ("ee", "mumu", "tautau"):
        assert complex(wc[f"C10_bd{pair}"]) == pytest.approx(unit * complex(wc[f"C10_bs{pair}"]), rel=1e-12)


def test_reference_points(reference):
    numbers = reference("models.json")
    points = [*numbers["loop_grid"], *numbers["loop_random"]]
    assert len(points) == 52
    for point in points:
        result, observables = theory({**DEFAULTS, **parameters(point)}, REFERENCE)
        q, box, penguin = result.quantities, complex(*point["C9"]), complex(*point["C9_photon"])
        assert float(q["J"]) == pytest.approx(point["J"], rel=1e-12)
        assert complex(-result.wilson["C10_bsmumu"]) == pytest.approx(box, rel=1e-10)
        assert complex(q["C_bs_LL"]) == pytest.approx(complex(*point["C_bs_LL"]), rel=1e-12)
        assert float(observables["DeltaM_s/SM"]) - 1 == pytest.approx(point["dMs_ratio"] - 1, rel=1e-4)
        # The reference integrated these numerically, to 1e-6 where m_X << m_F; see the next test for our accuracy.
        assert complex(q["C9_photon"]) == pytest.approx(penguin, rel=2e-7)
        assert complex(result.wilson["C9_bsmumu"]) == pytest.approx(box + penguin, rel=1.1e-8)
        assert complex(q["C7_bs_mu_NP"]) == pytest.approx(complex(*point["C7"]), rel=1e-6)
        assert float(observables["a_mu"]) == pytest.approx(point["a_mu"], rel=1.1e-6)
        assert float(observables["BR(mu->egamma)"]) == pytest.approx(point["br_mueg"], rel=1e-6, abs=1e-40)


def test_penguin_and_dipoles_against_closed_forms(reference):
    """Closed forms in 40 digits at every reference point: 1e-11."""
    numbers = reference("models.json")
    g_f, m_mu = float(REFERENCE["G_F"]), float(REFERENCE["m_mu"])
    v = complex(v_tb_v_ts(REFERENCE))
    for point in [*numbers["loop_grid"], *numbers["loop_random"]]:
        result, observables = theory({**DEFAULTS, **parameters(point)}, REFERENCE)
        quarks, leptons = ([complex(*z) for z in point[name]] for name in ("lamQ", "lamL"))
        bs = quarks[2] * quarks[1].conjugate()
        with mp.workdps(40):
            x = mp.mpf(point["mX"]) ** 2
            r, r_lepton = mp.mpf(point["mQ"]) ** 2 / x, mp.mpf(point["mL"]) ** 2 / x
            i1 = [
                float((y**3 - 6 * y**2 + 6 * y * mp.log(y) + 3 * y + 2) / (6 * (1 - y) ** 4) / x) for y in (r, r_lepton)
            ]
            monopole = 16 - 45 * r + 36 * r**2 - 7 * r**3 + 6 * (2 - 3 * r) * mp.log(r)
            c = float(monopole / (36 * (1 - r) ** 4) / x)
        photon = -1 / 3 * bs * np.sqrt(2) * c / (4 * g_f * v)
        c7 = 1 / 3 * bs * np.sqrt(2) * i1[0] / (16 * g_f * v)
        assert complex(result.quantities["C9_photon"]) == pytest.approx(photon, rel=1e-11)
        assert complex(result.quantities["C7_bs_mu_NP"]) == pytest.approx(c7, rel=1e-11)
        a_mu = m_mu**2 * abs(leptons[1]) ** 2 * i1[1] / (16 * np.pi**2)
        assert float(observables["a_mu"]) == pytest.approx(a_mu, rel=1e-11)
        rate = 3 / (64 * np.pi * 137.035999084 * g_f**2) * abs(leptons[0] * leptons[1] * i1[1]) ** 2
        assert float(observables["BR(mu->egamma)"]) == pytest.approx(rate, rel=1e-9, abs=1e-40)


def test_figure_5_of_the_review():
    """|lambda_mu| = 1.98 gives |C9| = 0.5 at m_X = 1 GeV; DeltaM_s is up by 12.1 % at 300 GeV."""
    _, observables = theory({**DEFAULTS, **BENCHMARK}, REFERENCE)
    assert float(observables["DeltaM_s/SM"]) == pytest.approx(1.121, abs=5e-4)
    light = at(BENCHMARK, m_X=1.0, lambda_L_mu=1.98)
    assert float(jnp.abs(light.wilson["C10_bsmumu"])) == pytest.approx(0.5, abs=5e-3)


def test_size_of_eq_22_of_the_review():
    """|C9| of the printed formula with f(x); its sign is not the one derived here."""
    a, b, c = 1100.0**2, 1000.0**2, 300.0**2
    f = lambda x: 1 / (x - 1) - np.log(x) / (x - 1) ** 2  # noqa: E731
    j = (f(c / a) - f(c / b)) / (a - b)
    scale = float(lambda_v(REFERENCE)) ** 2 / (64 * np.pi**2)
    printed = 0.15 * 4 * scale * j / abs(complex(v_tb_v_ts(REFERENCE)))
    assert float(jnp.abs(at(BENCHMARK).wilson["C10_bsmumu"])) == pytest.approx(printed, rel=1e-12)


# ---------------------------------------------------------------------------------------------- independent limits


def test_top_goldstone_limit():
    """m_X -> 0, lambda_i -> sqrt2 m_t V_ti/v: the box of top quarks and Goldstone bosons, S0 -> x_t/4 for large x_t."""
    m_t, m_w = 1e6, float(REFERENCE["m_W"])
    v = ckm(REFERENCE)
    vev = float(1 / jnp.sqrt(jnp.sqrt(2.0) * REFERENCE["G_F"]))
    unit = jnp.sqrt(2.0) * m_t / vev
    couplings = unit * v[2, 0], unit * v[2, 1], unit * v[2, 2]
    line = Line(couplings, jnp.asarray(m_t), Boson(jnp.asarray(1e-3)), charge=2 / 3, scalar_charge=-1.0)
    found = boxes.delta_f2(line, REFERENCE)["bs"]
    leading = REFERENCE["G_F"] ** 2 * m_t**2 * v_tb_v_ts(REFERENCE) ** 2 / (16 * jnp.pi**2)
    assert complex(found) == pytest.approx(complex(leading), rel=1e-10)
    x = (m_t / m_w) ** 2
    full = REFERENCE["G_F"] ** 2 * m_w**2 / (4 * jnp.pi**2) * v_tb_v_ts(REFERENCE) ** 2 * b_mixing.S0(x)
    assert complex(found) == pytest.approx(complex(full), rel=1e-6)


def test_negative_c9_needs_opposite_quark_couplings():
    assert at(BENCHMARK).wilson["C9_bsmumu"].real < 0
    assert at(BENCHMARK, lambda_Q_s=0.15**0.5).wilson["C9_bsmumu"].real > 0


def test_real_couplings_raise_the_mass_difference():
    for sign in (1.0, -1.0):
        _, observables = theory({**DEFAULTS, **BENCHMARK, "lambda_Q_s": sign * 0.15**0.5}, REFERENCE)
        assert observables["DeltaM_s/SM"] > 1


def test_equal_masses():
    result = at(BENCHMARK, m_Q=800.0, m_L=800.0, m_X=800.0)
    assert float(result.quantities["J"]) == pytest.approx(1 / (3 * 800.0**2), rel=1e-12)
    unit = 0.15 * 4 * lambda_v(REFERENCE) ** 2 / (64 * jnp.pi**2 * v_tb_v_ts(REFERENCE)) / (3 * 800.0**2)
    assert complex(result.wilson["C10_bsmumu"]) == pytest.approx(complex(-unit), rel=1e-12)


def test_decoupling():
    heavy = {"m_Q": 1.1e5, "m_L": 1e5, "m_X": 3e4}
    ratio = at(BENCHMARK, **heavy).wilson["C10_bsmumu"] / at(BENCHMARK).wilson["C10_bsmumu"]
    assert complex(ratio) == pytest.approx(1e-4, rel=1e-10)


def test_no_couplings_no_effect():
    nothing = at({k: v for k, v in BENCHMARK.items() if k.startswith("m_")})
    assert not np.any(np.asarray(nothing.wilson.values))


def test_photon_penguin_is_lepton_universal():
    wc, photon = at(GENERAL).wilson, at(GENERAL).quantities["C9_photon"]
    for lepton in catalogue.LEPTONS:
        assert complex(wc[f"C9_bs{lepton * 2}"] + wc[f"C10_bs{lepton * 2}"]) == pytest.approx(complex(photon), rel=1e-9)
    assert wc["C9_bsmue"] == -wc["C10_bsmue"]
    box = -at(BENCHMARK).wilson["C10_bsmumu"]
    assert float((at(BENCHMARK).quantities["C9_photon"] / box).real) == pytest.approx(-0.0115, abs=0.005)


def test_pairs_of_leptons_and_neutrinos():
    """Box couplings are of rank one; `mue` has the fields e-bar ... mu, so that lambda_e^* lambda_mu enters."""
    wc = at(GENERAL).wilson
    ratio = wc["C10_bsmue"] / wc["C10_bsmumu"]
    assert complex(ratio) == pytest.approx((0.05 - 0.02j) / 2.0, rel=1e-11)
    for a, b in (("mu", "mu"), ("tau", "e")):
        assert complex(wc[f"CL_bsnu{a}nu{b}"]) == pytest.approx(complex(-wc[f"C10_bs{a}{b}"]), rel=1e-13)


def test_dipoles_run_down_from_the_quark_mass():
    result = at(BENCHMARK)
    assert complex(result.quantities["C8_bs_mu_NP"]) == pytest.approx(-3 * complex(result.quantities["C7_bs_mu_NP"]))
    assert float((result.wilson["C7_bs"] / result.quantities["C7_bs_mu_NP"]).real) == pytest.approx(0.18, abs=0.01)
    assert float((result.wilson["C8_bs"] / result.quantities["C8_bs_mu_NP"]).real) == pytest.approx(0.57, abs=0.01)


def test_phases_of_q_and_l_are_free():
    turned = dict(GENERAL)
    for symbol, flavours, phase in (("lambda_Q", "dsb", 0.7), ("lambda_L", ("e", "mu", "tau"), -1.9)):
        for flavour in flavours:
            name = f"{symbol}_{flavour}"
            z = (GENERAL.get(name, 0.0) + 1j * GENERAL.get(f"{name}_im", 0.0)) * np.exp(1j * phase)
            turned[name], turned[f"{name}_im"] = z.real, z.imag
    np.testing.assert_allclose(at(turned).wilson.values, at(GENERAL).wilson.values, rtol=1e-11, atol=1e-25)


def test_four_muon_box_is_the_quark_box_with_leptons():
    """Tridents: the lepton box has the sign of a repulsive exchange and the normalisation of Delta F = 2, times two."""
    c = at(BENCHMARK).wilson["CVLL_numunumumumu"] * 4 * REFERENCE["G_F"] / jnp.sqrt(2.0)
    assert complex(c) == pytest.approx(-(2.0**4) / (64 * np.pi**2) * float(loops.box(1000.0, 1000.0, 300.0)), rel=1e-12)


# ----------------------------------------------------------------------------------------------------- verdicts


def failed(**changes):
    return {v.name for v in at(BENCHMARK, **changes).verdicts if not v.ok}


def test_verdicts():
    assert failed() == set()
    assert failed(lambda_L_mu=3.6) == {"perturbative_yukawas", "landau_pole"}
    assert failed(m_X=2.0) == {"heavy_dark_matter"}
    assert failed(m_X=50.0, lambda_H=0.1) == {"higgs_portal"}
    assert failed(m_X=50.0) == set()
    assert failed(m_L=30.0, m_X=20.0) == {"local_operators"}
    assert failed(m_X=1050.0) == {"stable_X"}
    assert failed(m_X=60.0, lambda_H=0.1) == {"higgs_portal", "kinetic_equilibrium"}


def test_landau_pole():
    """8 pi^2/(3 lambda^2) e-folds: 6.6 for 2, 2.1 for 3.5, without quarks; fewer with them; finite without any."""

    def e_folds(**changes):
        return float(next(v.value for v in at(BENCHMARK, **changes).verdicts if v.name == "landau_pole"))

    alone = {"lambda_Q_s": 0.0, "lambda_Q_b": 0.0}
    assert e_folds(**alone) == pytest.approx(6.58, abs=0.01)
    assert e_folds(**alone, lambda_L_mu=3.5) == pytest.approx(2.15, abs=0.01)
    assert e_folds(lambda_Q_b=1.0) < e_folds(**alone)
    assert np.isfinite(e_folds(**alone, lambda_L_mu=0.0))
    assert e_folds(lambda_L_mu=0.0) > 100


# -------------------------------------------------------------------------------------------------- derivatives

FREE = ("m_Q", "m_L", "m_X", "lambda_Q_s", "lambda_Q_s_im", "lambda_Q_b", "lambda_L_e", "lambda_L_mu")


def outputs(x):
    result = loop.theory({**GENERAL, **dict(zip(FREE, x, strict=True))}, REFERENCE)
    names = ("C9_bsmumu", "C10_bsmue", "C7_bs", "C8_bs", "CVLL_bsbs", "CVLL_ucuc", "C7_mumu", "Cgamma_mue")
    c = jnp.stack([result.wilson[name] for name in names])
    return jnp.concatenate([c.real, c.imag, result.quantities["J"][None]])


@pytest.mark.long
def test_derivatives():
    """At a generic point, with zero couplings, and with masses equal exactly and up to 1e-9."""
    couplings = [-0.4, 0.1, 0.4, 0.05, 2.0]
    masses = [
        (1100.0, 1000.0, 300.0),
        (1000.0, 1000.0, 300.0),
        (1000.0, 1000.0 * (1 + 1e-9), 300.0),
        (1000.0, 700.0, 1000.0),
        (1000.0, 700.0, 700.0 * (1 - 1e-9)),
        (900.0, 900.0, 900.0),
    ]
    points = [[*m, *couplings] for m in masses] + [[1000.0, 1000.0, 1000.0, *[0.0] * 5]]
    assert_derivatives(outputs, points, [500.0, 500.0, 300.0, *[0.5] * 5], second=False)


@pytest.mark.long
def test_hessian():
    def coefficients(x):
        params = {**BENCHMARK, **dict(zip(("m_Q", "m_L", "m_X", "lambda_Q_s", "lambda_L_mu"), x, strict=True))}
        wc = loop.theory(params, REFERENCE).wilson
        return jnp.stack([wc["C9_bsmumu"].real, wc["C9_bsee"].real, wc["C7_mumu"].real])

    points = [[1100.0, 1000.0, 300.0, -0.4, 2.0], [1000.0, 1000.0, 1000.0, -0.4, 2.0], [900.0, 900.0, 100.0, 0.0, 0.0]]
    assert_derivatives(coefficients, points, [500.0, 500.0, 300.0, 0.5, 0.5])


@pytest.mark.slow
def test_jit_equals_eager_and_vmap_equals_loop():
    plain, compiled = loop.theory({**DEFAULTS, **GENERAL}, REFERENCE), at(GENERAL)
    np.testing.assert_allclose(compiled.wilson.values, plain.wilson.values, rtol=1e-12, atol=1e-30)
    m_x = jnp.asarray([50.0, 300.0, 1000.0])
    batch = jax.jit(jax.vmap(lambda m: loop.theory({**DEFAULTS, **GENERAL, "m_X": m}, REFERENCE).wilson))(m_x)
    for i, m in enumerate(m_x):
        np.testing.assert_allclose(batch.values[i], at(GENERAL, m_X=m).wilson.values, rtol=1e-12, atol=1e-30)
