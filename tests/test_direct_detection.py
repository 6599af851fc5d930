"""Direct and indirect detection: reference cross sections, finiteness of the mixing, coherence, limits, bounds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

import bsfit
from bsfit.dark_matter import direct_detection, indirect_detection
from bsfit.dark_sector import nucleon, t_channel_scattering, z_prime_scattering
from bsfit.dark_sector.annihilation import FermionPairs, VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.errors import BsfitInputError
from bsfit.likelihood.densities import upper_limit_chi2
from bsfit.loading.inputs import load_inputs
from bsfit.loading.limits import LIMITS, limit
from bsfit.matching import z_prime
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.z_prime import diagonal, mass_logarithm
from bsfit.models import loop, portal
from bsfit.theory import DarkSector, Theory, WilsonCoefficients

REFERENCE, DEFAULT = load_inputs("reference"), load_inputs("default")
MODELS = {"portal": portal, "loop": loop}
PORTAL = {
    "g_X": 0.3, "m_Zp": 2000.0, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": 0.025, "lambda_Q_b": 0.025,
    "lambda_L_mu": 0.5,
}  # fmt: skip
LOOP = {
    "m_Q": 1100.0,
    "m_L": 1000.0,
    "m_X": 300.0,
    "lambda_Q_s": 0.15**0.5,
    "lambda_Q_b": 0.15**0.5,
    "lambda_L_mu": 2.0,
}


@functools.cache
def scattering(model, *keys):
    def values(params, inputs):
        theory = MODELS[model].theory(params, inputs)
        return {key: direct_detection.predicted(key, theory, inputs) for key in keys}

    return jax.jit(values)


def parameters(point):
    names = {"g_X": "gX", "m_Zp": "mZp", "m_Q": "mQ", "m_L": "mL", "m_chi": "mchi", "m_X": "mX"}
    params = {name: point[key] for name, key in names.items() if key in point}
    for symbol, flavours, column in (("lambda_Q", "dsb", "lamQ"), ("lambda_L", ("e", "mu", "tau"), "lamL")):
        for flavour, (real, imaginary) in zip(flavours, point[column], strict=True):
            params[f"{symbol}_{flavour}"], params[f"{symbol}_{flavour}_im"] = real, imaginary
    return params


@pytest.mark.parametrize(("model", "key"), [("portal", "sigma_SI_tree"), ("loop", "sigma_SI_lepton_loop")])
def test_every_reference_point(model, key, reference):
    numbers = reference("models_dark.json")
    sets = {"portal": ("portal_fig3_grid", "portal_random"), "loop": ("loop_grid", "loop_random")}[model]
    points = [point for name in sets for point in numbers[name]]
    for point in points:
        found = scattering(model, key)(parameters(point), REFERENCE)[key]
        assert float(found) == pytest.approx(point[key], rel=1e-5)
    if model == "loop":
        point = points[-1]
        masses = jnp.asarray([float(REFERENCE[m]) for m in nucleon.LEPTON])
        squares = jnp.asarray([re**2 + im**2 for re, im in point["lamL"]])
        radius = jnp.sum(squares * nucleon.charge_radii(jnp.asarray(point["mX"]), jnp.asarray(point["mL"]), masses))
        assert float(radius) == pytest.approx(point["dF"], rel=1e-5)


def test_charge_radius_of_heavy_mediators():
    """[ln(m_L^2/m_l^2) - 3/2]/48 pi^2 m_L^2 for light dark matter; direct integration otherwise."""
    heavy, light = 1000.0, 0.10566
    found = float(nucleon.charge_radius(jnp.asarray(1.0), jnp.asarray(heavy), jnp.asarray(light)))
    expected = (2 * np.log(heavy / light) - 1.5) / (48 * np.pi**2 * heavy**2)
    assert found == pytest.approx(expected, rel=1e-4)
    ratios = [0.3, 0.6, 0.9]
    found = [float(nucleon.charge_radius(*map(jnp.asarray, (r * heavy, heavy, light)))) for r in ratios]
    np.testing.assert_allclose(48 * np.pi**2 * heavy**2 * np.array(found), [18.4, 25.6, 78.8], rtol=3e-3)

    def part(w, a, b, x):
        delta = a * a * w + b * b * (1 - w) - w * (1 - w) * x * x
        return (w**4 / 3 - w**3 / 2) / delta - w**4 / 12 * ((1 - w) ** 2 * x * x + a * a) / delta**2

    a, b, x = 3.0, 1.0, 1.2
    direct = quad(lambda w: part(w, a, b, x) - part(w, b, a, x), 0, 1, epsabs=0, epsrel=1e-12)[0] / (8 * np.pi**2)
    assert float(nucleon.charge_radius(*map(jnp.asarray, (x, a, b)))) == pytest.approx(direct, rel=1e-10)


@functools.cache
def fig_6(reference):
    """Amplitudes on xenon, by component, of the rows of Fig. 6."""

    def amplitudes(params, inputs):
        return direct_detection.amplitudes(loop.theory(params, inputs).dark, inputs)

    compiled = jax.jit(amplitudes)
    rows = reference("models_dark.json")["fig6_lambda_mu_for_relic"]
    points = {(r["mL"], r["mX"]): {"m_L": r["mL"], "m_X": r["mX"], "lambda_L_mu": r["lam_mu"]} for r in rows}
    return {masses: compiled({**LOOP, **point}, REFERENCE) for masses, point in points.items()}


def test_loop_rows_of_fig_6_are_larger_than_their_lepton_part(reference):
    """By 1.24 to 3.2; (1000, 300): 1.69, (1500, 700): 3.2, with light quarks cut off at their hadronic scale."""
    found = {}
    for masses, b in fig_6(reference).items():
        found[masses] = float(((b["lepton_loop"] + b["quark_loop"] + b["tree"]) / b["lepton_loop"]) ** 2)
    assert min(found.values()) == pytest.approx(1.24, abs=0.03)
    assert found[1000.0, 300.0] == pytest.approx(1.69, abs=0.05)
    assert found[1500.0, 700.0] == pytest.approx(3.2, abs=0.15)


def test_top_loop_of_the_loop_model(reference):
    """Constructive: +3, +8 and +15 % of the amplitude with the leptons; the cross section grows by 1.06, 1.13, 1.18."""
    expected = {(500.0, 100.0): (0.03, 1.06), (1000.0, 300.0): (0.08, 1.13), (1500.0, 700.0): (0.15, 1.18)}
    for masses, (part, whole) in expected.items():
        b = {name: float(value) for name, value in fig_6(reference)[masses].items() if name != "scalar"}
        total = sum(b.values())
        assert b["Z"] / b["lepton_loop"] == pytest.approx(part, abs=0.005)
        assert (total / (total - b["Z"])) ** 2 == pytest.approx(whole, abs=0.006)


def test_remainder_of_the_top_loop_is_smooth():
    """The closed formula and its series agree where one takes over; S -> 3/2 for a light X, by the logarithm left."""
    m_q = 1000.0

    def bracket(m_x):
        m_t = float(REFERENCE["m_t_MSbar"])
        y2 = 2 * (m_t / float(higgs_vev(REFERENCE))) ** 2
        c = float(t_channel_scattering.top_loop(*map(jnp.asarray, (1.0, m_q, m_x)), REFERENCE))
        return -c * 16 * np.pi**2 / 3 / y2 * 2 * (m_q**2 - m_x**2)

    m_t = float(REFERENCE["m_t_MSbar"])
    for r in (1e-8, 0.0099999, 0.0100001, 0.3, 0.8):
        s = 1 + quad(lambda u: (1 - u) / (1 - r * u) ** 2, 0, 1, epsabs=0, epsrel=1e-13)[0]  # noqa: B023
        expected = np.log((m_q / m_t) ** 2) + np.log1p(-r) - s
        assert bracket(m_q * np.sqrt(r)) == pytest.approx(expected, rel=1e-11)
    slope = jax.grad(lambda m_x: t_channel_scattering.top_loop(jnp.asarray(1.0), jnp.asarray(m_q), m_x, REFERENCE))
    assert np.isfinite(float(slope(jnp.asarray(2.4))))


@pytest.mark.slow
def test_where_the_top_loop_is_not_known_its_uncertainty_is():
    """Z counts for m_Q - m_X above twice m_t, `SI_Z_penguin` below m_t."""
    far, near = ({**LOOP, "m_X": m_x, "m_L": 1300.0} for m_x in (300.0, 1000.0))
    moved = REFERENCE.replace({"SI_Z_penguin": 0.3})
    keys = ("sigma_SI_p", "sigma_SI_n")
    a, b = (scattering("loop", *keys)(far, inputs) for inputs in (REFERENCE, moved))
    assert a == b
    a, b = (loop.theory(near, inputs).dark.vector for inputs in (REFERENCE, moved))
    assert not np.any(np.asarray(a["Z"]))
    np.testing.assert_allclose(b["lepton_loop"], 1.3 * a["lepton_loop"], rtol=1e-12)


def test_mixing_with_the_photon_does_not_know_the_unit_of_mass():
    """The charges of U(1)_X weighted with the electric ones vanish: 1e-10 under a common factor of all masses."""
    z = portal.currents({**PORTAL, "lambda_Q_d": 0.3, "lambda_L_tau": 0.2, "lambda_Q_b": -0.4}, DEFAULT)
    masses, total, terms = nucleon.loop_masses(DEFAULT), {1.0: 0.0, 7.3e3: 0.0}, 0.0
    for factor in total:
        for kind, f in (("up", z.up), ("down", z.down), ("electron", z.electron)):
            couplings, own = (jnp.stack(column) for column in zip(*diagonal(f, tuple(masses[kind])), strict=True))
            part = float(mass_logarithm(jnp.full(len(own), nucleon.WEIGHTS[kind]), couplings, own * factor))
            total[factor], terms = total[factor] + part, max(terms, abs(part))
    assert abs(total[1.0] - total[7.3e3]) < 1e-10 * terms
    assert abs(total[1.0]) > 1e-3


@pytest.mark.slow
def test_photon_mixing_dominates_the_portal():
    dark = portal.theory(PORTAL, DEFAULT).dark
    found = {name: float(value) for name, value in direct_detection.components(dark, DEFAULT).items()}
    assert 10 < found["photon"] / found["tree"] < 1e3
    assert found["scalar"] == found["kinetic"] == 0


@pytest.mark.slow
def test_kinetic_mixing_is_the_loop_of_the_photon():
    """epsilon of the two heavy doublets scatters as their loop of the photon: with m_Q = m_L both vanish."""
    bare = {k: v for k, v in PORTAL.items() if not k.startswith("lambda")}
    theory = portal.theory({**bare, "m_Q": 3000.0}, DEFAULT)
    epsilon = float(theory.quantities["epsilon_loop"])
    same = portal.theory({**bare, "epsilon": epsilon}, DEFAULT).dark.vector["kinetic"]
    # e at the Z mass in the loop that makes epsilon, at zero momentum where the photon is exchanged.
    ratio = np.sqrt(float(DEFAULT["alpha_em_0"] / DEFAULT["alpha_em_mZ"]))
    np.testing.assert_allclose(theory.dark.vector["photon"], same * ratio, rtol=1e-9)


@pytest.mark.slow
def test_z_of_the_portal():
    """sigma_SI x 1.04 at lambda_Q_b = 0.025, x 7 at 0.25, x 142 at 1: the Z' turns into a Z in loops of top quarks."""
    for coupling, expected in ((0.025, 1.039), (0.25, 7.11), (1.0, 141.6)):
        dark = portal.theory({**PORTAL, "lambda_Q_b": coupling}, REFERENCE).dark
        b = {name: float(value) for name, value in direct_detection.amplitudes(dark, REFERENCE).items()}
        assert (sum(b.values()) / (sum(b.values()) - b["Z"])) ** 2 == pytest.approx(expected, rel=2e-3)


def test_spin_of_axial_dark_matter():
    """One quark with (Delta_R - Delta_L) = 1: 3 mu^2/pi (g_A Delta q/2m^2)^2, u and d exchanged for neutrons."""
    top = z_prime_scattering.TopLoop(1e3)
    one = z_prime.Currents(up=z_prime.Fermions(right=Hermitian.diagonal([1.0, 0.0, 0.0])))
    spin = z_prime_scattering.spin_couplings(0.7, 1500.0, one, top, DEFAULT)
    masses = jnp.asarray([300.0])
    dark = DarkSector(masses, jnp.full(1, 2.0), (), jnp.zeros(0), jnp.zeros(0), "Majorana", spin=spin)
    reduced = 300.0 * float(DEFAULT["m_nucleon"]) / (300.0 + float(DEFAULT["m_nucleon"]))
    for nucleon_name, charge in (("p", "Delta_u"), ("n", "Delta_d")):
        a = 0.7 * float(DEFAULT[charge]) / (2 * 1500.0**2)
        theory = Theory(WilsonCoefficients.zeros(), dark=dark)
        found = direct_detection.predicted(f"sigma_SD_{nucleon_name}", theory, DEFAULT)
        assert float(found) == pytest.approx(3 * reduced**2 / np.pi * a**2 * 3.893793721e-28, rel=1e-12)
        assert direct_detection.predicted("sigma_SI", theory, DEFAULT) == 0
    vector = z_prime.Currents(up=one.up + z_prime.Fermions(left=Hermitian.diagonal([1.0, 0.0, 0.0])))
    assert not np.any(z_prime_scattering.spin_couplings(0.7, 1500.0, vector, top, DEFAULT))


@pytest.mark.slow
def test_split_dark_matter_scatters_through_the_higgs_only():
    params = {**PORTAL, "lambda_Hchi": 0.1, "mu_chi": 1.0}
    dark = portal.theory(params, DEFAULT).dark
    assert float(dark.masses[1] - dark.masses[0]) > 1e-3
    assert not np.any(np.asarray(sum(dark.vector.values())))
    m, m_n, m_h = 1000.0, float(DEFAULT["m_nucleon"]), float(DEFAULT["m_h"])
    mu = m * m_n / (m + m_n)
    expected = 0.1**2 * 0.3**2 * mu**2 * m_n**2 / (4 * np.pi * m_h**4 * m**2) * 3.893793721e-28
    found = direct_detection.predicted("sigma_SI_p", portal.theory(params, DEFAULT), DEFAULT)
    assert float(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_gradients_are_those_of_differences():
    names = ("m_Q", "m_L", "m_X", "lambda_Q_s", "lambda_Q_b", "lambda_L_mu")

    def logarithm(x):
        theory = loop.theory(dict(zip(names, x, strict=True)), DEFAULT)
        return jnp.log(direct_detection.predicted("sigma_SI", theory, DEFAULT))

    value, gradient = jax.jit(logarithm), jax.jit(jax.grad(logarithm))
    x = np.array([1100.0, 1000.0, 300.0, -0.4, 0.3, 2.0])
    for i in range(len(x)):
        h = np.zeros_like(x)
        h[i] = 1e-4 * x[i]
        slope = float(value(x - 2 * h)) - 8 * float(value(x - h)) + 8 * float(value(x + h)) - float(value(x + 2 * h))
        assert float(gradient(jnp.asarray(x))[i]) == pytest.approx(slope / (12 * h[i]), rel=1e-5, abs=1e-9)


@pytest.mark.slow
def test_predict_by_name():
    found = bsfit.predict(["sigma_SI", "sigma_SI_p", "sigma_SI_n", "sigma_v"], model="loop", params=LOOP)
    assert found["sigma_SI_p"] > found["sigma_SI"] > found["sigma_SI_n"] > 0
    with pytest.raises(BsfitInputError, match="sigma_SI_lepton_loop"):
        bsfit.predict(["sigma_SI_lepton_loop"], model="portal", params=PORTAL)


# ------------------------------------------------------------------------------------------------------- limits


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LIMITS if limit(name).group == "direct"])
def test_limits(name):
    """1.64 at the printed limit of every mass, to 1 %; monotone in the cross section; zero without scattering."""
    table = limit(name)

    def of_one(sigma, mass):
        return upper_limit_chi2(sigma / direct_detection.largest(mass, name), table.at_limit)

    chi2 = jax.vmap(of_one)
    mass, sigma = jnp.asarray(table.mass), jnp.asarray(table.cross_section)
    np.testing.assert_allclose(chi2(sigma, mass), 1.6424, rtol=1e-3)
    assert np.all(chi2(2 * sigma, mass) > chi2(sigma, mass))
    assert not np.any(chi2(0 * sigma, mass))
    assert np.all(np.isfinite(jax.vmap(jax.grad(lambda m: of_one(1e-46, m)))(mass)))


@pytest.mark.parametrize("name", [name for name in LIMITS if limit(name).group == "direct"])
def test_no_limit_outside_of_the_table(name):
    table = limit(name)
    outside = jnp.asarray([0.5, 0.999 * table.mass[0], 1.001 * table.mass[-1], 1e6])
    assert np.all(np.isinf(jax.vmap(lambda m: direct_detection.largest(m, name))(outside)))
    ratio = jax.vmap(jax.value_and_grad(lambda m: m * 1e-46 / direct_detection.largest(m, name)))(outside)
    assert not np.any(ratio)


def test_published_minima():
    """Of the abstracts: 2.2e-48 at 40 GeV, 9.2e-48 at 36 (6e-48 before its power constraint), 4.1e-47, 1.1e-46 cm^2."""
    minima = {"lz-2024": 2.2e-48, "lz-2022": 6e-48, "xenon1t-2018": 4.1e-47, "lux-2016": 1.1e-46}
    for name, expected in minima.items():
        assert limit(name).cross_section.min() == pytest.approx(expected, rel=0.05)


def test_unknown_limits_are_refused():
    with pytest.raises(BsfitInputError, match="lz-2022"):
        limit("lz2022")


# ------------------------------------------------------------------------------------------------------ indirect


@functools.cache
def today():
    """sigma v and the ratio to Planck's limit at m/T = x, for g_X and m_Zp."""

    def values(g_x, m_zp, x, f_eff):
        inputs = DEFAULT.replace({"f_eff": f_eff})
        dark = portal.theory({**PORTAL, "g_X": g_x, "m_Zp": m_zp}, inputs).dark
        return indirect_detection.sigma_v(dark, x), indirect_detection.planck_ratio(dark, inputs)

    return jax.jit(values)


def sigma_v(g_x, m_zp, x):
    return float(today()(g_x, m_zp, x, 0.3)[0])


@pytest.mark.slow
def test_annihilation_today():
    """p-wave falls with 1/x, the s-wave of Z' pairs does not, and a pole just above 2m enhances."""
    assert sigma_v(0.5, 600.0, 1e3) / sigma_v(0.5, 600.0, 3e6) == pytest.approx(1.0, rel=0.01)
    assert sigma_v(0.3, 5000.0, 1e5) / sigma_v(0.3, 5000.0, 3e6) == pytest.approx(30.0, rel=0.01)
    assert sigma_v(0.02, 2000.02, 1e5) > sigma_v(0.02, 2000.02, 25.0)


@pytest.mark.slow
def test_bound_of_planck():
    expected = 0.3 * sigma_v(0.5, 600.0, 1e8) / 1000.0 / (2 * 3.2e-28)
    assert float(DEFAULT["f_eff"]) == 0.3
    assert float(today()(0.5, 600.0, 1e8, 0.3)[1]) == pytest.approx(expected)
    assert float(today()(0.5, 600.0, 1e8, 0.12)[1]) == pytest.approx(0.4 * expected)


@pytest.mark.slow
def test_each_final_state_heats_the_gas_in_its_way():
    """An s-wave into muons, neutrinos and quarks: the mean of their efficiencies; without names, that of `f_eff`."""
    one, m_zp, width = jnp.ones(3), jnp.asarray(500.0), jnp.asarray(5.0)
    weight = jnp.asarray([1.0, 1.0, 3.0])

    def ratio(kinds):
        final = FermionPairs(weight, 0 * one, 0 * one, one + 0j, 0j * one, None, kinds)
        channel = VectorExchange(DarkCurrent.dirac(100.0, 0.3), m_zp, width, final, jnp.zeros(0))
        masses = jnp.asarray([100.0])
        dark = DarkSector(masses, jnp.full(1, 4.0), (channel,), m_zp[None], width[None], "Dirac")
        rate = indirect_detection.sigma_v(dark, indirect_detection.X_RECOMBINATION)
        return indirect_detection.planck_ratio(dark, DEFAULT) * 100.0 * 2 * indirect_detection.PLANCK / rate

    known = jax.jit(lambda: ratio(("muon", "neutrino", "quark")))()
    muon, quark = (float(DEFAULT[f"f_eff_{kind}"]) for kind in ("muon", "quark"))
    assert float(known) == pytest.approx((muon + 3 * quark) / 5, rel=1e-12)
    assert float(jax.jit(lambda: ratio(None))()) == pytest.approx(0.3, rel=1e-12)
