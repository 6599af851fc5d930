"""Portal model: reference numbers, the full mass matrix, limits, symmetries, derivatives and verdicts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from finite_differences import assert_derivatives

from bsfit import catalogue
from bsfit.dark_sector import z_prime_decays
from bsfit.loading.inputs import load_inputs
from bsfit.matching import scalar_sector, z_prime
from bsfit.matching.currents import lambda_v
from bsfit.models import portal
from bsfit.observables import bs_mixing, trident
from bsfit.standard_model.ckm import ckm, v_tb_v_td, v_tb_v_ts
from bsfit.theory import Rows

REFERENCE, DEFAULT = load_inputs("reference"), load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
BENCHMARK = {
    "g_X": 0.3,
    "m_Zp": 2000.0,
    "m_Q": 1000.0,
    "m_L": 1000.0,
    "m_chi": 1000.0,
    "lambda_Q_s": 0.025,
    "lambda_Q_b": 0.025,
    "lambda_L_mu": 0.5,
}
GENERAL = {
    **BENCHMARK,
    "m_Q": 1300.0,
    "m_chi": 700.0,
    "lambda_Q_d": 0.01,
    "lambda_Q_d_im": -0.02,
    "lambda_Q_s": -0.2,
    "lambda_Q_s_im": 0.05,
    "lambda_Q_b": 0.3,
    "lambda_L_e": 0.1,
    "lambda_L_e_im": 0.2,
    "lambda_L_tau": -0.3,
}


@jax.jit
def theory(params, inputs):
    result = portal.theory(params, inputs)
    combine = lambda module, key: module.assemble(key, module.moments(result, inputs, ROW), ROW, inputs)  # noqa: E731
    return result, combine(bs_mixing, "DeltaM_s/SM"), combine(trident, "trident")


DEFAULTS = {p.name: p.default for p in catalogue.MODELS["portal"].parameters if p.default is not None}


def at(params, inputs=REFERENCE, **changes):
    """Theory with every parameter given, so that one compilation serves all points."""
    return theory({**DEFAULTS, **{k: float(v) for k, v in {**params, **changes}.items()}}, inputs)[0]


def parameters(point):
    """Parameters of a point of the reference file."""
    params = {k: point[n] for k, n in (("g_X", "gX"), ("m_Zp", "mZp"), ("m_Q", "mQ"), ("m_L", "mL"), ("m_chi", "mchi"))}
    for symbol, flavours, column in (("lambda_Q", "dsb", "lamQ"), ("lambda_L", ("e", "mu", "tau"), "lamL")):
        for flavour, (real, imaginary) in zip(flavours, point[column], strict=True):
            params[f"{symbol}_{flavour}"], params[f"{symbol}_{flavour}_im"] = real, imaginary
    return params


# ------------------------------------------------------------------------------------------------ known numbers


def test_reference_points(reference):
    numbers = reference("models.json")
    points = [*numbers["portal_fig3_grid"], *numbers["portal_random"]]
    assert len(points) == 88
    for point in points:
        result, mixing_ratio, trident_ratio = theory({**DEFAULTS, **parameters(point)}, REFERENCE)
        q = result.quantities
        for name in ("D_sb", "D_mumu", "D_uu", "M_Q", "M_L"):
            expected = complex(*point[name]) if isinstance(point[name], list) else point[name]
            assert complex(q[name]) == pytest.approx(expected, rel=1e-12), name
        assert complex(result.wilson["C9_bsmumu"]) == pytest.approx(complex(*point["C9"]), rel=1e-10)
        assert complex(result.wilson["C10_bsmumu"]) == pytest.approx(-complex(*point["C9"]), rel=1e-10)
        assert complex(q["C_bs_LL"]) == pytest.approx(complex(*point["C_bs_LL"]), rel=1e-12)
        assert float(q["Gamma_Zp"]) == pytest.approx(point["width"], rel=1e-8)
        assert float(trident_ratio) == pytest.approx(point["trident"], rel=1e-12)
        assert float(mixing_ratio) - 1 == pytest.approx(point["dMs_ratio"] - 1, rel=1e-4)


def test_benchmark():
    """Width 8.90949 GeV, Delta_sb 2.069e-3, |C9| 0.1071 at g_X = 0.3, m_Zp = 2 TeV."""
    result = at(BENCHMARK)
    assert float(result.quantities["Gamma_Zp"]) == pytest.approx(8.90949, rel=1e-6)
    assert float(result.quantities["D_sb"].real) == pytest.approx(2.069e-3, rel=3e-4)
    assert float(jnp.abs(result.wilson["C9_bsmumu"])) == pytest.approx(0.1071, rel=1e-3)


def test_eqs_17_and_18_of_the_review():
    """Two quarks and one lepton, real couplings."""
    p, v = BENCHMARK, BENCHMARK["m_Zp"] / (2 * BENCHMARK["g_X"])
    lam_b, lam_s, lam_mu = p["lambda_Q_b"], p["lambda_Q_s"], p["lambda_L_mu"]
    quark = 2 * p["g_X"] * lam_b * lam_s * v**2 / (2 * p["m_Q"] ** 2 + (lam_s**2 + lam_b**2) * v**2)
    lepton = 2 * p["g_X"] * lam_mu**2 * v**2 / (2 * p["m_L"] ** 2 + lam_mu**2 * v**2)
    c9 = -quark * lepton / v_tb_v_ts(REFERENCE) * (lambda_v(REFERENCE) / p["m_Zp"]) ** 2
    assert complex(at(p).wilson["C9_bsmumu"]) == pytest.approx(complex(c9), rel=1e-13)


def test_up_quarks_are_turned_by_the_ckm_matrix():
    z = portal.currents({**DEFAULTS, **GENERAL}, REFERENCE)
    v = np.asarray(ckm(REFERENCE))
    down, up = (np.array([[f.left(i, j) for j in range(3)] for i in range(3)]) for f in (z.down, z.up))
    np.testing.assert_allclose(up, v @ down @ v.conj().T, atol=1e-15)
    np.testing.assert_allclose(up, up.conj().T, atol=1e-18)


# -------------------------------------------------------------------------------------------- signs, symmetries


def test_negative_c9_needs_opposite_quark_couplings():
    assert at(BENCHMARK).wilson["C9_bsmumu"].real > 0
    assert at(BENCHMARK, lambda_Q_s=-0.025).wilson["C9_bsmumu"].real < 0


def test_phases_of_q_and_l_are_free():
    turned = dict(GENERAL)
    for symbol, flavours, phase in (("lambda_Q", "dsb", 0.7), ("lambda_L", ("e", "mu", "tau"), -1.9)):
        for flavour in flavours:
            name = f"{symbol}_{flavour}"
            z = (GENERAL.get(name, 0.0) + 1j * GENERAL.get(f"{name}_im", 0.0)) * np.exp(1j * phase)
            turned[name], turned[f"{name}_im"] = z.real, z.imag
    a, b = at(GENERAL), at(turned)
    np.testing.assert_allclose(a.wilson.values, b.wilson.values, rtol=1e-11, atol=1e-25)
    for name, value in a.quantities.items():
        np.testing.assert_allclose(b.quantities[name], value, rtol=1e-11, err_msg=name)


def test_lepton_flavour_violating_pairs():
    """Delta of the leptons is hermitian of rank one; the field order of `mue` is e-bar ... mu."""
    wc, z = at(GENERAL).wilson, portal.currents({**DEFAULTS, **GENERAL}, REFERENCE)
    product = wc["C9_bsmue"] * wc["C9_bsemu"]
    assert complex(product) == pytest.approx(complex(wc["C9_bsmumu"] * wc["C9_bsee"]), rel=1e-12)
    ratio = wc["C9_bsmue"] / wc["C9_bsmumu"]
    assert complex(ratio) == pytest.approx(complex(z.electron.left(0, 1) / z.electron.left(1, 1)), rel=1e-12)


def test_b_to_d_has_the_coupling_of_the_d_quark():
    wc, z = at(GENERAL).wilson, portal.currents({**DEFAULTS, **GENERAL}, REFERENCE)
    unit = v_tb_v_ts(REFERENCE) / v_tb_v_td(REFERENCE) * z.down.left(0, 2) / z.down.left(1, 2)
    for pair in ("ee", "mumu", "tautau"):
        assert complex(wc[f"C10_bd{pair}"]) == pytest.approx(complex(unit * wc[f"C10_bs{pair}"]), rel=1e-12)


def test_neutrinos_follow_the_charged_leptons():
    wc = at(GENERAL).wilson
    for a, b in (("mu", "mu"), ("e", "tau")):
        assert complex(wc[f"CL_bsnu{a}nu{b}"]) == pytest.approx(complex(wc[f"C9_bs{a}{b}"]), rel=1e-13)


def test_only_vphi_matters_for_c9():
    """C9 depends on m_Zp/g_X alone."""
    assert at(GENERAL, g_X=0.6, m_Zp=4000.0).wilson["C9_bsmumu"] == pytest.approx(
        complex(at(GENERAL).wilson["C9_bsmumu"]), rel=1e-12
    )


def test_decoupling():
    """C9 falls like 1/m_Q^2 1/m_L^2; with no couplings nothing is left."""
    light, heavy = at(GENERAL, m_Q=1e6, m_L=1e6), at(GENERAL, m_Q=1e7, m_L=1e7)
    ratio = float(jnp.abs(heavy.wilson["C9_bsmumu"] / light.wilson["C9_bsmumu"]))
    assert ratio == pytest.approx(1e-4, rel=1e-4)
    nothing = at({k: v for k, v in BENCHMARK.items() if not k.startswith("lambda")})
    assert not np.any(np.asarray(nothing.wilson.values))


def test_loop_nuisance_scales_only_c9_and_c10():
    plain, scaled = at(GENERAL), at(GENERAL, delta_loop=0.1)
    for name in ("C9_bsmumu", "C10_bstautau", "C9_bsmue"):
        assert complex(scaled.wilson[name]) == pytest.approx(1.1 * complex(plain.wilson[name]), rel=1e-13)
    for name in ("CL_bsnumunumu", "CVLL_bsbs", "CVLL_numunumumumu"):
        assert scaled.wilson[name] == plain.wilson[name]


def neutral_bosons(epsilon, m_zp, inputs):
    """Masses, and couplings [boson, (g_Y Y, g T_3, X)], of photon, Z, Z' by diagonalisation of B, W_3 and X."""
    s2, m_z = float(inputs["sin2_theta_w"]), float(inputs["m_Z"])
    g_y = float(z_prime.hypercharge_coupling(inputs))
    g = g_y * np.sqrt((1 - s2) / s2)
    higgs = np.array([-g_y, g, 0.0]) / np.hypot(g, g_y) * m_z
    kinetic = np.eye(3) + epsilon * np.array([[0, 0, 1.0], [0, 0, 0], [1.0, 0, 0]])
    squared, states = scipy.linalg.eigh(np.outer(higgs, higgs) + np.diag([0.0, 0.0, m_zp**2]), kinetic)
    return squared, states.T * np.array([g_y, g, 1.0])


CURRENTS = {
    "electron": (-1.0, (-0.5, -0.5), (-1.0, 0.0)),
    "neutrino": (0.0, (-0.5, 0.5), (0.0, 0.0)),
    "up": (2 / 3, (1 / 6, 0.5), (2 / 3, 0.0)),
    "down": (-1 / 3, (1 / 6, -0.5), (-1 / 3, 0.0)),
}
"""Charge, and hypercharge and isospin of the left-handed and of the right-handed state."""


@pytest.mark.parametrize("m_zp", [30.0, 91.0, 200.0, 3000.0])
def test_low_energy_kinetic_mixing_against_exact_diagonalisation(m_zp):
    """Exchange of all three bosons between a current of U(1)_X and light fermions, at q^2 = 1 GeV^2."""
    epsilon, q2 = 1e-4, 1.0
    squared, coupled = neutral_bosons(epsilon, m_zp, REFERENCE)
    stable = REFERENCE.replace({"Gamma_Z": 1e-9})
    for name, (charge, left, right) in CURRENTS.items():
        low = epsilon * float(z_prime.at_low_energies(charge, REFERENCE))
        for hand, found in zip((left, right), z_prime.kinetic_shift(name, 0.0, stable), strict=True):
            exchange = np.sum(coupled[:, 2] * (coupled @ np.array([*hand, 0.0])) / (q2 - squared))
            assert low == pytest.approx(-exchange * m_zp**2, rel=2e-3, abs=2e-4 * epsilon), name
            assert epsilon * complex(found).real == pytest.approx(low, rel=1e-12, abs=1e-18), name


@pytest.mark.parametrize("m_zp", [30.0, 70.0, 150.0, 600.0])
def test_on_shell_couplings_of_kinetic_mixing_against_exact_diagonalisation(m_zp):
    """Those of the heavy eigenstate on either side of the Z, to first order, in every row that has the flavour."""
    epsilon = 1e-5
    squared, coupled = neutral_bosons(epsilon, m_zp, REFERENCE)
    boson = coupled[int(np.argmin(np.abs(np.sqrt(np.abs(squared)) - m_zp)))]
    boson = boson * np.sign(boson[2])
    stable = REFERENCE.replace({"Gamma_Z": 1e-9})
    z = portal.currents({**DEFAULTS, **BENCHMARK, "epsilon": epsilon}, stable)
    groups, pairs = z_prime_decays.fermion_pairs(z, stable)
    shifts = pairs.mixing.shift(jnp.asarray(m_zp) ** 2)
    firsts = {"up": 0, "electron": groups.index("ee"), "neutrino": groups.index("neutrinos")}
    for name, row in firsts.items():
        for hand, found in zip(CURRENTS[name][1:], shifts, strict=True):
            assert float(found[row].real) == pytest.approx(float(boson[:2] @ np.array(hand)), rel=1e-6, abs=1e-12)


def test_kinetic_mixing_shifts_c9_alone():
    """By the electric charge of the leptons, all alike; neutrinos, C10, flavour violation and mixing stay."""
    plain, mixed = at(GENERAL), at(GENERAL, epsilon=0.01)
    g_y, c2 = float(z_prime.hypercharge_coupling(REFERENCE)), 1 - float(REFERENCE["sin2_theta_w"])
    unit = -mixed.quantities["D_sb"] / v_tb_v_ts(REFERENCE) * (lambda_v(REFERENCE) / GENERAL["m_Zp"]) ** 2
    for pair in ("ee", "mumu", "tautau"):
        shift = mixed.wilson[f"C9_bs{pair}"] - plain.wilson[f"C9_bs{pair}"]
        assert complex(shift / unit) == pytest.approx(0.01 * g_y * c2 * 2, rel=1e-9)
    for name in ("C10_bsee", "C10_bsmumu", "C9_bsmue", "CL_bsnumunumu", "CL_bsnuenue", "CVLL_bsbs"):
        assert complex(mixed.wilson[name]) == pytest.approx(complex(plain.wilson[name]), rel=1e-12)
    assert mixed.quantities["D_sb"] == plain.quantities["D_sb"]


def test_loop_kinetic_mixing_without_fermion_mixing():
    """-(g_Y g_X/6 pi^2) ln(m_Q^2/m_L^2): zero for equal masses."""
    bare = {k: v for k, v in BENCHMARK.items() if not k.startswith("lambda")}
    g_y = float(z_prime.hypercharge_coupling(REFERENCE))
    expected = -g_y * 0.3 / (6 * np.pi**2) * 2 * np.log(3.0)
    assert float(at(bare, m_Q=3000.0).quantities["epsilon_loop"]) == pytest.approx(expected, rel=1e-10)
    assert abs(float(at(bare).quantities["epsilon_loop"])) < 1e-18


# ------------------------------------------------------------------------------------------------------- widths


def test_partial_widths_add_up_and_obey_su2():
    q = at(BENCHMARK).quantities
    parts = ("quarks", "charged_leptons", "neutrinos", "heavy_light", "heavy", "chi")
    assert float(q["Gamma_Zp"]) == pytest.approx(sum(float(q[f"Gamma_Zp_{name}"]) for name in parts), rel=1e-13)
    assert float(q["Gamma_Zp_mumu"]) == pytest.approx(float(q["Gamma_Zp_charged_leptons"]), rel=1e-9)
    assert float(q["Gamma_Zp_neutrinos"]) == pytest.approx(float(q["Gamma_Zp_mumu"]), rel=1e-6)
    expected = float(q["D_mumu"]) ** 2 * 2000 / (24 * np.pi)
    assert float(q["Gamma_Zp_neutrinos"]) == pytest.approx(expected, rel=1e-12)


def test_all_charge_goes_into_light_and_heavy_states():
    """Far above all masses the width is that of four left- and two right-handed multiplets of charge 2 g_X."""
    z = portal.currents({**DEFAULTS, **GENERAL}, REFERENCE)
    m = 1e9
    partial = z_prime_decays.widths(m, z, REFERENCE)
    total = sum(float(w) for name, w in partial.items() if name != "mumu")
    assert total == pytest.approx(2 * (2 * 3 + 2) * 0.6**2 * m / (24 * np.pi), rel=1e-9)


def test_split_dark_matter():
    """For mu_chi = 0 the two components are degenerate; a phase of mu_chi does not matter."""
    degenerate = at(GENERAL, m_chi=400.0).quantities
    assert degenerate["m_R"] == degenerate["m_I"] == 400.0
    beta = np.sqrt(1 - 0.16)
    assert float(degenerate["Gamma_Zp_chi"]) == pytest.approx(0.09 * 2000 * beta**3 / (48 * np.pi), rel=1e-12)
    real, imaginary = (at(GENERAL, m_chi=400.0, **{name: 20.0}).quantities for name in ("mu_chi", "mu_chi_im"))
    v_phi = float(real["v_phi"])
    assert float(real["m_R"]) ** 2 - 400.0**2 == pytest.approx(2 * np.sqrt(2) * 20 * v_phi, rel=1e-12)
    assert real["Gamma_Zp_chi"] == imaginary["Gamma_Zp_chi"] < degenerate["Gamma_Zp_chi"]


# ------------------------------------------------------------------------------------------------------ scalars


@pytest.mark.slow
def test_masses_are_second_derivatives_of_the_potential():
    """Hessian of eqs. (12)-(14) of 1803.04703 at the minimum, fields h, phi, Re chi, Im chi."""
    quartics = {"lambda_Hchi": 0.2, "lambda_Hphi": 0.05, "lambda_phichi": 0.3, "lambda_chi": 0.5}
    q = at({**BENCHMARK, **quartics, "m_phi": 900.0, "mu_chi": 30.0}).quantities
    v, v_phi, m_h = float(scalar_sector.higgs_vev(REFERENCE)), float(q["v_phi"]), float(REFERENCE["m_h"])
    lam_phi, lam_h = (900.0 / v_phi) ** 2, m_h**2 / (2 * v**2)
    m2_phi = -0.5 * lam_phi * v_phi**2 - 0.5 * 0.05 * v**2
    m2_higgs = -lam_h * v**2 - 0.5 * 0.05 * v_phi**2

    def potential(x):
        h2, p2, c2 = x[0] ** 2 / 2, x[1] ** 2 / 2, (x[2] ** 2 + x[3] ** 2) / 2
        chi_squared = (x[2] ** 2 - x[3] ** 2) / 2  # real part of chi^2
        return (
            m2_higgs * h2 + lam_h * h2**2 + m2_phi * p2 + lam_phi / 2 * p2**2 + q["m2_chi"] * c2 + 0.25 * c2**2
            + 0.05 * h2 * p2 + 0.2 * h2 * c2 + 0.3 * p2 * c2 + 2 * 30.0 * x[1] / jnp.sqrt(2.0) * chi_squared
        )  # fmt: skip

    vacuum = jnp.asarray([v, v_phi, 0.0, 0.0])
    np.testing.assert_allclose(jax.grad(potential)(vacuum), 0.0, atol=1e-4)
    squared, vectors = np.linalg.eigh(np.asarray(jax.hessian(potential)(vacuum)))
    expected = sorted([float(q["m_h1"]), float(q["m_h2"]), float(q["m_I"]), float(q["m_R"])])
    np.testing.assert_allclose(np.sqrt(squared), expected, rtol=1e-9)
    heavy = vectors[:, int(np.argmin(np.abs(np.sqrt(squared) - float(q["m_h2"]))))]
    assert abs(heavy[0]) == pytest.approx(abs(float(q["sin_theta"])), rel=1e-7)


def test_decoupled_phi():
    q = at(BENCHMARK, lambda_Hphi=0.3).quantities
    assert q["m_h1"] == REFERENCE["m_h"]
    assert q["m_h2"] == jnp.inf
    assert q["sin_theta"] == 0.0
    by_coupling = at(BENCHMARK, lambda_phi=0.04).quantities
    assert float(by_coupling["m_h2"]) == pytest.approx(0.2 * float(by_coupling["v_phi"]), rel=1e-12)


def test_boundedness_against_sampling():
    """The sign of the smallest condition is the sign of the quartic potential's minimum over directions."""
    generator = np.random.default_rng(8)
    directions = np.abs(generator.normal(size=(40000, 3)))
    h, phi, chi = (directions**2 / np.sum(directions**2, axis=1, keepdims=True)).T
    bounded = jax.jit(scalar_sector.bounded)
    agree = 0
    for _ in range(60):
        lam = dict(zip(("H", "phi", "chi"), generator.uniform(0.05, 1.0, 3), strict=True))
        lam |= dict(zip(("Hphi", "Hchi", "phichi"), generator.uniform(-1.2, 1.2, 3), strict=True))
        quartic = lam["H"] * h**2 + lam["phi"] / 2 * phi**2 + lam["chi"] / 2 * chi**2
        quartic = quartic + lam["Hphi"] * h * phi + lam["Hchi"] * h * chi + lam["phichi"] * phi * chi
        if abs(quartic.min()) > 2e-3:
            assert (quartic.min() > 0) == bool(bounded(lam) > 0)
            agree += 1
    assert agree > 40


# ----------------------------------------------------------------------------------------------------- verdicts


def failed(**changes):
    return {v.name for v in at(BENCHMARK, **changes).verdicts if not v.ok}


def test_verdicts():
    assert failed() == set()
    assert failed(lambda_L_mu=3.6) == {"perturbative_yukawas"}
    assert failed(g_X=0.9) == {"landau_pole"}
    assert "perturbative_gauge" in failed(g_X=2.0)
    assert failed(g_X=0.9, lambda_L_mu=3.0, m_chi=10.0) >= {"landau_pole"}
    assert failed(m_Zp=40.0, g_X=0.01) == {"local_operators"}
    assert failed(m_chi=2.0) == {"heavy_dark_matter"}
    assert failed(m_chi=2.0, lambda_Hchi=0.01) == {"heavy_dark_matter", "higgs_portal"}
    assert failed(lambda_Hchi=0.5) == set()
    assert failed(lambda_Hchi=-0.5) == {"bounded_potential"}
    assert failed(lambda_phi=-0.1) == {"bounded_potential"}
    assert failed(m_phi=300.0, lambda_Hphi=0.5) == {"no_tachyon", "light_phi"}
    assert failed(m_phi=300.0, lambda_Hphi=-0.5) == {"no_tachyon", "bounded_potential", "light_phi"}
    assert failed(lambda_L_tau=0.1) == failed(lambda_L_e_im=0.1) == {"lepton_flavour"}
    assert failed(epsilon=-0.2) == {"small_kinetic_mixing"}
    assert failed(epsilon=0.01) == failed(epsilon=0.01, m_chi=45.6) == failed(m_Zp=92.0, g_X=0.01) == set()
    assert failed(epsilon=-0.01, m_Zp=92.0, g_X=0.01) == {"z_degeneracy"}
    assert "narrow_Zp" in failed(g_X=3.0, lambda_L_mu=3.0)
    assert failed(g_X=0.02, m_chi=990.0) == {"kinetic_equilibrium"}
    assert failed(g_X=0.02, m_chi=1010.0) == failed(m_chi=990.0) == set()
    assert failed(mu_chi=100.0) == {"small_splitting"}
    assert failed(m_phi=800.0, lambda_phichi=0.1) == {"heavy_phi", "light_phi"}
    assert failed(m_phi=800.0) == {"light_phi"}
    for verdict in at(BENCHMARK).verdicts:
        assert np.isfinite(verdict.value)
        assert np.isfinite(verdict.limit)


def test_refused_observables_are_real_ones():
    assert set(catalogue.MODELS["portal"].refused) <= set(catalogue.stems())


# -------------------------------------------------------------------------------------------------- derivatives

FREE = ("g_X", "m_Zp", "m_Q", "m_L", "lambda_Q_d", "lambda_Q_s", "lambda_Q_s_im", "lambda_Q_b", "lambda_L_mu")
SCALE = [0.3, 1000.0, 1000.0, 1000.0, *[0.3] * 5]
POINTS = [
    [0.3, 2000.0, 1300.0, 1000.0, 0.01, -0.2, 0.05, 0.3, 0.5],
    [0.3, 2000.0, 1100.0, 1100.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.8, 5000.0, 1500.0, 1500.0, 0.0, 1.0, 0.0, 1.0, 2.0],
]


def outputs(names, quantities):
    def function(x):
        result = portal.theory({**GENERAL, **dict(zip(FREE, x, strict=True))}, REFERENCE)
        values = [result.wilson[name] for name in names] + [result.quantities[name] + 0j for name in quantities]
        return jnp.concatenate([jnp.stack(values).real, jnp.stack(values).imag])

    return function


@pytest.mark.long
def test_derivatives_of_the_coefficients():
    names = ("C9_bsmumu", "C10_bsee", "C9_bsmue", "CVLL_bsbs", "CVLL_ucuc", "CVLL_numunumumumu")
    assert_derivatives(outputs(names, ("M_Q", "D_sb", "epsilon_loop")), POINTS, SCALE)


@pytest.mark.long
def test_derivatives_of_the_width():
    assert_derivatives(outputs((), ("Gamma_Zp",)), POINTS, SCALE, second=False)


@pytest.mark.slow
def test_derivatives_are_finite_on_thresholds():
    """m_Zp = 2 M_Q exactly, couplings zero: the gradient of the width exists (its second derivative does not)."""
    x = jnp.asarray([0.3, 2000.0, 1000.0, 1000.0, *[0.0] * 5])
    assert np.all(np.isfinite(np.asarray(jax.jit(jax.jacfwd(outputs((), ("Gamma_Zp",))))(x))))


def test_derivatives_of_the_scalar_sector_are_finite_everywhere():
    names = ("mu_chi", "mu_chi_im", "lambda_Hphi", "lambda_phi", "lambda_phichi", "m_chi")

    def masses(x):
        s = scalar_sector.scalars({**BENCHMARK, **dict(zip(names, x, strict=True))}, REFERENCE)
        return jnp.stack([s.m_I, s.m_R, s.m2_chi, s.m_h1, s.sin_theta, s.bounded])

    jacobian = jax.jit(jax.jacfwd(masses))
    for x in ([0.0] * 5 + [1000.0], [10.0, 5.0, 0.1, 0.2, 0.1, 500.0], [0.0, 0.0, 0.0, 0.01, 0.0, 1.0]):
        assert np.all(np.isfinite(np.asarray(jacobian(jnp.asarray(x)))))


@pytest.mark.slow
def test_jit_equals_eager_and_vmap_equals_loop():
    plain = portal.theory({**DEFAULTS, **GENERAL}, REFERENCE)
    compiled = at(GENERAL)
    np.testing.assert_allclose(compiled.wilson.values, plain.wilson.values, rtol=1e-12, atol=1e-30)
    for name in plain.quantities:
        np.testing.assert_allclose(compiled.quantities[name], plain.quantities[name], rtol=1e-12, err_msg=name)
    g_x = jnp.asarray([0.1, 0.3, 0.9])

    def compared(g):
        theory = portal.theory({**DEFAULTS, **GENERAL, "g_X": g}, REFERENCE)
        return theory.wilson, theory.verdicts

    wilson, verdicts = jax.jit(jax.vmap(compared))(g_x)
    for i, g in enumerate(g_x):
        one = at(GENERAL, g_X=g)
        np.testing.assert_allclose(wilson.values[i], one.wilson.values, rtol=1e-12, atol=1e-30)
        for v, w in zip(verdicts, one.verdicts, strict=True):
            assert v.ok[i] == w.ok
