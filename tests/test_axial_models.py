"""Models whose dark matter has an axial coupling to the Z': signs, limits, scattering, verdicts, derivatives."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel

import bsfit
from bsfit import catalogue
from bsfit.compiling import compile_quickly
from bsfit.dark_matter import direct_detection, relic_density
from bsfit.errors import BsfitInputError
from bsfit.matching.currents import lambda_v
from bsfit.predictions.bound_model import module_of
from bsfit.standard_model.ckm import ckm

MIXED = REFERENCE.replace({"Z_mixing": 1.0})
SETS = ("charges-A", "charges-B", "charges-C")
MODELS = (*SETS, "xb3")
by_model = pytest.mark.parametrize("model", MODELS)
LAMBDA2, SIN2 = float(lambda_v(REFERENCE)) ** 2, float(REFERENCE["sin2_theta_w"])
LEPTONS = {"e": "ee", "mu": "mumu", "tau": "tautau"}


def benchmark(model):
    return OneModel(model).point


def at(model, inputs=REFERENCE, **changes):
    return OneModel(model).at(inputs, **changes)


def unit(model, **changes):
    """(Lambda_v g/m)^2."""
    point = {**benchmark(model), **changes}
    return LAMBDA2 * (point["g_X"] / point["m_Zp"]) ** 2


def coefficients(theory, operator):
    return {lepton: complex(theory.wilson[f"{operator}_bs{pair}"]) for lepton, pair in LEPTONS.items()}


# ------------------------------------------------------------------------------------------------ signs and limits


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "c9", "c10", "cl"),
    [
        ("charges-A", (0, -12, -2), (0, 0, -2), (0, -6, 0)),
        ("charges-B", (0, -7, -7), (0, -1, -1), (0, -3, -3)),
        ("charges-C", (0, 7, 0), (0, 1, 0), (0, 3, 0)),
        ("xb3", (1 / 6, -1 / 3, 1 / 3), (0, 0, 0), (1 / 12, -1 / 6, 1 / 6)),
    ],
)
def test_coefficients_in_units_of_the_exchange(model, c9, c10, cl):
    """Real, whatever the phases of the CKM matrix; C10/C9 = 1/7 for muons of charges -3, -4."""
    found = at(model)
    for operator, expected in (("C9", c9), ("C10", c10)):
        for value, number in zip(coefficients(found, operator).values(), expected, strict=True):
            assert value == pytest.approx(number * unit(model), rel=1e-12, abs=1e-14)
    for lepton, number in zip(LEPTONS, cl, strict=True):
        value = complex(found.wilson[f"CL_bsnu{lepton}nu{lepton}"])
        assert value == pytest.approx(number * unit(model), rel=1e-12, abs=1e-14)
    primed = [*coefficients(found, "C9p").values(), *coefficients(found, "C10p").values()]
    assert not any(primed)
    assert not found.quantities["D_sb_R"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "c10"), [("charges-A", 2.0), ("charges-B", 0.0), ("charges-C", -1.0), ("xb3", 0.5**2 / 9)]
)
def test_a_charged_higgs_doublet_moves_c10_of_all_leptons(model, c10):
    """-(q_3 - q_1) Y_H h_share in the same unit, and C9 by 4 s_W^2 - 1 of it: a sixth of C9 in set A."""
    for share in (1.0, 0.4):
        bare, mixed = (at(model, inputs, h_share=share) for inputs in (REFERENCE, MIXED))
        shift = c10 * share * unit(model)
        # The charge of the second doublet of xb3 is x/3, of the opposite sign of that of C9.
        shift = -shift if model == "xb3" else shift
        for operator, factor in (("C10", 1.0), ("C9", 4 * SIN2 - 1)):
            for one, two in zip(
                coefficients(bare, operator).values(), coefficients(mixed, operator).values(), strict=True
            ):
                assert two - one == pytest.approx(factor * shift, rel=1e-9, abs=1e-14)
        point = {**benchmark(model), "h_share": share}
        charge = {"charges-A": 1.0, "charges-B": 0.0, "charges-C": 1.0, "xb3": point.get("x", 0.0) / 3}[model]
        rho = (point["g_X"] * charge * share * 246.22 / point["m_Zp"]) ** 2
        assert float(mixed.quantities["Delta_rho"]) == pytest.approx(rho, rel=1e-4)


@by_model
def test_nothing_is_left_of_a_heavy_z_prime(model):
    """Coefficients fall with m_Zp^2, at fixed m_Zp/g_X they stay, and those of B_s mixing too."""
    one, heavy = at(model), at(model, m_Zp=1e7)
    both = at(model, m_Zp=4.5 * benchmark(model)["m_Zp"], g_X=4.5 * benchmark(model)["g_X"])
    for operator in ("C9", "C10"):
        for lepton, value in coefficients(one, operator).items():
            fallen = coefficients(heavy, operator)[lepton]
            assert fallen == pytest.approx(value * (benchmark(model)["m_Zp"] / 1e7) ** 2, rel=1e-10, abs=1e-18)
            assert coefficients(both, operator)[lepton] == pytest.approx(value, rel=1e-10, abs=1e-14)
    assert complex(both.quantities["C_bs_LL"]) == pytest.approx(complex(one.quantities["C_bs_LL"]), rel=1e-10)
    assert all(float(heavy.quantities[f"b_{n}_{part}"]) < 1e-15 for n in "pn" for part in ("tree", "Z"))


@pytest.mark.parametrize(
    ("model", "muon", "neutrinos", "quarks"),
    [
        ("charges-A", 9 + 9, 9, 3 * (6 + 2)),
        ("charges-B", 9 + 16, 9 + 9, 3 * (4 + 8)),
        ("charges-C", 9 + 16, 9, 3 * (2 + 4)),
        ("xb3", 2.0, 1 + 1 + 0.25, 3 * 4 * 0.25 / 9),
    ],
)
def test_widths_count_squares_of_charges(model, muon, neutrinos, quarks):
    """g^2 m/24 pi for every Weyl fermion of charge one, where masses are small; Dirac and Majorana dark matter."""
    found, point = at(model), benchmark(model)
    m, g = point["m_Zp"], point["g_X"]
    for name, squares, rel in (("mumu", muon, 1e-7), ("neutrinos", neutrinos, 1e-12), ("quarks", quarks, 0.03)):
        width = float(found.quantities[f"Gamma_Zp_{name}"])
        assert width == pytest.approx(squares * g**2 * m / (24 * np.pi), rel=rel), name
    vector, axial, mass = {"charges-A": (2, -1, 1150.0), "charges-B": (0, -2, 1150.0), "charges-C": (1, -1, 1150.0),
                           "xb3": (0, 2**-0.5, 300.0)}[model]  # fmt: skip
    r2 = (mass / m) ** 2
    beta = (1 - 4 * r2) ** 0.5
    expected = m * beta * g**2 / (12 * np.pi) * (vector**2 * (1 + 2 * r2) + axial**2 * beta**2)
    assert float(found.quantities["Gamma_Zp_chi"]) == pytest.approx(expected, rel=1e-12)


def test_without_x_electrons_and_quarks_are_neutral():
    found = at("xb3", x=0.0)
    assert not any(coefficients(found, "C9").values())
    assert found.quantities["D_sb"] == found.quantities["Gamma_Zp_quarks"] == 0
    assert float(found.quantities["Gamma_Zp"]) > 0


# ------------------------------------------------------------------------------------------------------- scattering


def sizes(theory, inputs=REFERENCE):
    keys = ("sigma_SI", "sigma_SD_p", "sigma_SD_n")
    return {key: float(direct_detection.predicted(key, theory, inputs)) for key in keys}


def test_axial_dark_matter_scatters_off_spin_alone():
    """Set B: a_N of u, d and s, which have axial couplings of 1, -1 and -1 but for the third generation's share."""
    found = sizes(at("charges-B"))
    assert found["sigma_SI"] == 0
    point, v = benchmark("charges-B"), np.asarray(ckm(REFERENCE))
    u, d, s = (float(REFERENCE[f"Delta_{q}"]) for q in "uds")
    down, strange = (1 - abs(v[2, j]) ** 2 for j in (0, 1))
    m_n, g = float(REFERENCE["m_nucleon"]), point["g_X"]
    reduced = point["m_chi"] * m_n / (point["m_chi"] + m_n)
    for name, first, second in (("p", u, d), ("n", d, u)):
        a = -2 * g * g / (2 * point["m_Zp"] ** 2) * (first - second * down - s * strange)
        assert found[f"sigma_SD_{name}"] == pytest.approx(3 * reduced**2 / np.pi * a**2 * 3.893793721e-28, rel=1e-9)


def test_majorana_dark_matter_does_not_scatter_coherently():
    found = sizes(at("xb3", h_share=0.5))
    assert found["sigma_SI"] == 0
    assert found["sigma_SD_n"] > 1e6 * sizes(at("xb3"))["sigma_SD_n"] > 0


def test_set_c_scatters_by_the_z():
    """The share of the charged doublet at tree level, b_n = -c_H/2; the rest by the loop of top quarks."""
    bare, full = at("charges-C", h_share=0.0), at("charges-C", h_share=1.0)
    g, m = benchmark("charges-C")["g_X"], benchmark("charges-C")["m_Zp"]
    assert float(full.quantities["b_n_Z"]) == pytest.approx(-(g**2) / (2 * m**2), rel=1e-12)
    assert float(full.quantities["b_p_Z"]) == pytest.approx((0.5 - 2 * SIN2) * g**2 / m**2, rel=1e-12)
    assert 0 < float(bare.quantities["b_n_Z"] / full.quantities["b_n_Z"]) < 0.2
    assert abs(float(full.quantities["b_n_Z"])) > 1e3 * float(full.quantities["b_n_tree"])


# ------------------------------------------------------------------------------------------------- relic density


def omega(dark):
    return float(relic_density.relic_density(dark).omega_h2)


def without(dark, name):
    return replace(dark, channels=tuple(channel for channel in dark.channels if channel.name != name))


@pytest.mark.long
def test_the_dark_higgs_opens_the_strongest_channel():
    """Z' phi where m_phi + m_Zp < 2 m_chi; nothing of it where it is closed."""
    opened = at("charges-B", m_Zp=1000.0, m_phi=1500.0, m_chi=3000.0).dark
    assert omega(without(opened, "vector and dark Higgs")) > 3 * omega(opened)
    closed = at("charges-A").dark
    assert omega(without(closed, "vector and dark Higgs")) == pytest.approx(omega(closed), rel=1e-6)


@pytest.mark.long
def test_interference_of_eta_and_the_z_prime_follows_the_charge():
    """Constructive for charges of one sign, as of muons and N at the benchmark."""
    name = "interference of Z' and scalars"
    for q_n, sign in ((-1.0, 1.0), (1.0, -1.0)):
        dark = at("xb3", Q_N=q_n, y_tau=0.0).dark
        assert sign * (omega(without(dark, name)) - omega(dark)) > 0.005 * omega(dark)


# ------------------------------------------------------------------------------------------------ lepton dipoles


def test_muon_moment_of_xb3():
    """Minus m_mu^2 y^2 F2(m_N^2/m_eta^2)/(16 pi^2 m_eta^2) of eta, and that of the Z'."""
    found = at("xb3", y_e=0.2)
    x = (300.0 / 400.0) ** 2
    f2 = (1 - 6 * x + 3 * x**2 + 2 * x**3 - 6 * x**2 * np.log(x)) / (6 * (1 - x) ** 4)
    m_mu = float(REFERENCE["m_mu"])
    expected = -(m_mu**2) * f2 / (16 * np.pi**2 * 400.0**2)
    assert float(found.quantities["a_mu_eta"]) == pytest.approx(expected, rel=1e-10)
    total = float(found.quantities["a_mu_eta"] + found.quantities["a_mu_Zp"])
    of_dipole = float(REFERENCE["G_F"]) * m_mu**2 / (2**0.5 * np.pi**2)
    assert float(found.wilson["C7_mumu"].real) * of_dipole == pytest.approx(total, rel=1e-12)
    # Gamma = m^3 |C|^2/(4 pi) of a dipole, which for mu -> e gamma is 3 alpha/(64 pi G_F^2) |y_e y_mu F2/m_eta^2|^2
    # of the rate into neutrinos.
    rate = m_mu**3 * abs(complex(found.wilson["Cgamma_mue"])) ** 2 / (4 * np.pi)
    alpha, g_f = float(REFERENCE["alpha_em_0"]), float(REFERENCE["G_F"])
    relative = 3 * alpha / (64 * np.pi * g_f**2) * (0.2 * f2 / 400.0**2) ** 2
    assert rate == pytest.approx(relative * g_f**2 * m_mu**5 / (192 * np.pi**3), rel=1e-9)
    assert at("xb3").wilson["Cgamma_mue"] == 0


# -------------------------------------------------------------------------------------------------------- verdicts


def failed(model, **changes):
    return {v.name for v in at(model, **changes).verdicts if not bool(v.ok)}


def test_benchmarks_say_what_they_are():
    """Charges of which the sum is not zero, light quarks in A and B, electrons in xb3."""
    assert failed("charges-A") == failed("charges-B") == {"loop_trace", "lhc_not_tested"}
    assert failed("charges-C") == {"loop_trace"}
    assert failed("xb3") == {"loop_trace", "lep_not_tested"}
    for model in MODELS:
        assert all(np.isfinite(v.value) and np.isfinite(v.limit) for v in at(model).verdicts)


@pytest.mark.parametrize(
    ("name", "model", "changes"),
    [
        ("z_mixing", "charges-A", {"m_Zp": 800.0, "m_chi": 300.0}),
        ("perturbative_yukawas", "charges-C", {"h_share": 0.05}),
        ("perturbative_yukawas", "charges-A", {"h_share": 0.0}),
        ("axial_unitarity", "charges-B", {"m_chi": 15100.0, "m_phi": 2e4}),
        ("dark_higgs_quartic", "charges-B", {"m_phi": 31000.0}),
        ("dark_higgs_pairs", "charges-C", {"m_phi": 1100.0}),
        ("sommerfeld", "charges-A", {"g_X": 0.5, "m_Zp": 80.0}),
        ("landau_pole", "charges-B", {"g_X": 0.8}),
        ("perturbative_gauge", "charges-A", {"g_X": 1.8}),
        ("narrow_Zp", "charges-B", {"g_X": 0.5}),
        ("kinetic_equilibrium", "charges-C", {"m_chi": 1190.0, "g_X": 0.02}),
        ("kinetic_equilibrium", "charges-C", {"m_chi": 3000.0, "m_phi": 6300.0, "g_X": 0.03}),
        ("kinetic_limit", "charges-B", {"epsilon": 0.05}),
        ("heavy_dark_matter", "charges-B", {"m_chi": 2.0}),
        ("local_operators", "xb3", {"m_Zp": 30.0}),
        ("z_mixing", "xb3", {"h_share": 1.0, "x": 2.0, "g_X": 1.0}),
        ("stable_N", "xb3", {"m_eta": 299.0}),
        ("coannihilation", "xb3", {"m_eta": 350.0}),
        ("charge_of_N", "xb3", {"Q_N": 1.1}),
        ("perturbative_yukawas", "xb3", {"y_mu": 3.6}),
        ("landau_pole", "xb3", {"g_X": 2.5, "x": -2.0}),
    ],
)
def test_a_bad_point_says_so(name, model, changes):
    assert name in failed(model, **changes) - failed(model)


def test_limits_of_the_verdicts():
    """A: m_Zp/g of 8.7 TeV for Delta rho; set B has no mixing; a set of heavy N of charge -x is one."""
    assert "z_mixing" in failed("charges-A", m_Zp=865.0, m_chi=300.0)
    assert "z_mixing" not in failed("charges-A", m_Zp=875.0, m_chi=300.0)
    assert failed("charges-B", m_Zp=500.0, g_X=0.05, h_share=0.0) == failed("charges-B")
    assert "charge_of_N" not in failed("xb3", Q_N=1.9, x=-2.0)
    found = {v.name: v for v in at("charges-B", m_chi=15000.0, m_phi=2e4).verdicts}
    assert float(found["axial_unitarity"].value) == pytest.approx(0.2 * 15000.0 / 2400.0, rel=1e-12)
    quartic = 2000.0**2 * (2 * 0.2 / 2400.0) ** 2 / 2
    assert float(at("charges-B").quantities["lambda_phi"]) == pytest.approx(quartic, rel=1e-12)
    assert next(v for v in at("xb3").verdicts if v.name == "stable_N").counts == "dark matter"


@pytest.mark.slow
def test_shares_and_moments_that_make_no_sense_are_refused():
    params = dict(catalogue.MODELS["charges-A"].benchmark)
    for share in (-0.1, 1.1):
        with pytest.raises(BsfitInputError, match="expected 0 <= h_share <= 1"):
            bsfit.predict(["C9_bsmumu"], model="charges-A", params={**params, "h_share": share})
    with pytest.raises(BsfitInputError, match="a_mu"):
        bsfit.predict(["a_mu"], model="charges-A", params=params)
    found = bsfit.predict(["C10_bsee", "C9_bsmumu"], model="charges-A", params={**params, "h_share": 1.0})
    assert found["C10_bsee"] == pytest.approx(-found["C9_bsmumu"] / 6, rel=0.02)
    moment = bsfit.predict(["a_mu", "a_mu_Zp", "a_mu_eta"], model="xb3", params=dict(catalogue.MODELS["xb3"].benchmark))
    assert moment["a_mu"] == pytest.approx(moment["a_mu_Zp"] + moment["a_mu_eta"], rel=1e-12)


# ----------------------------------------------------------------------------------------------------- derivatives

_CHARGES = {"g_X": 0.2, "m_Zp": 2400.0, "m_chi": 950.0, "m_phi": 1700.0, "h_share": 0.6, "epsilon": 0.01}
FREE = {
    "charges-A": _CHARGES,
    "charges-B": {**_CHARGES, "m_Zp": 700.0},  # into vectors, with and without the dark Higgs boson
    "charges-C": _CHARGES,
    "xb3": {
        "g_X": 0.3,
        "x": -0.5,
        "m_Zp": 2000.0,
        "y_e": 0.2,
        "y_mu": 1.0,
        "y_tau": 0.5,
        "m_N": 300.0,
        "m_eta": 450.0,
        "Q_N": -0.8,
        "m_phi": 1000.0,
        "h_share": 0.3,
        "epsilon": 0.01,
    },
}
"""Parameters of which slopes are taken, and where: off the thresholds."""


def outputs(model, density):
    names = [f"{o}_bs{pair}" for o in ("C9", "C10") for pair in LEPTONS.values()]
    names += ["CVLL_bsbs", "CL_bsnumunumu", "CVLL_numunumumumu", "C7_mumu"]

    def function(x):
        theory = OneModel(model, MIXED).along(FREE[model], x)
        if density:
            return jnp.log(relic_density.relic_density(theory.dark).omega_h2)[None]
        values = jnp.stack([theory.wilson[name] * (1e12 if name == "CVLL_bsbs" else 1.0) for name in names])
        sizes = jnp.stack([theory.quantities[name] for name in ("Gamma_Zp", "Gamma_phi", "b_n_Z", "Delta_rho")])
        scattering = jnp.concatenate([sizes * jnp.array([1.0, 1.0, 1e9, 1e4]), theory.dark.spin * 1e9])
        floor = 1e-6  # where there is no phase
        return jnp.concatenate([values.real, values.imag + floor, scattering + floor])

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
    """Of coefficients, outputs, verdicts, scattering by spin."""
    model = OneModel(model, MIXED)
    boxes = {name: ends for name, ends in model.boxes().items() if not name.endswith(("2", "3"))}
    model.assert_slopes_at_bounds(  # of N that are not left out: test_neutrino_masses
        boxes, lambda theory: jnp.stack([*(v.value for v in theory.verdicts), *theory.dark.spin])
    )


@pytest.mark.long
@by_model
def test_the_relic_density_is_finite_at_every_bound(model):
    """Values, and slopes where all parameters move at once."""
    row, start = catalogue.MODELS[model], benchmark(model)
    boxed = {p.name: row.free.get(p.name, p.bounds) for p in row.parameters if p.bounds}
    names = list(boxed)
    centre = np.array([float(start[n]) for n in names])
    points = np.array([[*centre[:i], edge, *centre[i + 1 :]] for i, n in enumerate(names) for edge in boxed[n]])

    def density(x):
        params = {**start, **dict(zip(names, x, strict=True))}
        return relic_density.relic_density(module_of(row).theory(params, MIXED).dark).omega_h2

    along = jax.vmap(lambda x: jax.jvp(density, (x,), (jnp.ones_like(x),)))
    values, slopes = compile_quickly(along)(jnp.asarray(points))
    assert np.all(np.isfinite(values))
    assert np.all(np.isfinite(slopes))
    assert np.all(np.asarray(values) > 0)
