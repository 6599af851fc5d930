"""Conversion of dark matter into heavier species: rates by direct integration, what happens where they are too slow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import relic_oracle as oracle
from dirac_matrices import GAMMA, LEFT, METRIC, ONE, RIGHT, bar, slash
from scipy.integrate import dblquad, quad, solve_ivp
from scipy.special import kn, kve

import bsfit
from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.coannihilation import GaugeCharges
from bsfit.dark_sector.conversion import FermionConversion, VectorConversion, dilated
from bsfit.dark_sector.thermal import equilibrium
from bsfit.dark_sector.thermal.plasma import standard_plasma
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop
from bsfit.theory import DarkSector

DEFAULT = load_inputs("default")
POINT = {"m_Q": 2000.0, "m_L": 320.0, "m_X": 300.0}


def charges(coupling):
    one = jnp.array([0.0, 1.0, 0.0])
    return GaugeCharges(jnp.asarray(1.0), coupling * one, one, one)


def conversion(m_x, m_f, yukawas, coupling):
    return FermionConversion(*map(jnp.asarray, (m_x, m_f, yukawas)), charges(coupling), species=1)


# --------------------------------------------------------------------------------------------------------- rates


@pytest.mark.parametrize("x", [2.0, 10.0, 100.0])
def test_a_decay_in_flight(x):
    """The mean of m/E over a Boltzmann distribution."""

    def mean(weight):
        return quad(lambda p: p**2 * weight(np.hypot(p, 1.0)) * np.exp(x * (1 - np.hypot(p, 1.0))), 0, 30 / np.sqrt(x))[
            0
        ]

    expected = 0.7 * mean(lambda e: 1 / e) / mean(lambda e: 1.0)
    assert float(dilated(jnp.asarray(0.7), jnp.asarray(5.0), jnp.asarray(5.0 / x))) == pytest.approx(expected, rel=1e-6)


def test_the_width_is_the_phase_space():
    m_x, m_f = 1.0, 1.3
    k = (m_f**2 - m_x**2) / (2 * m_f)
    trace = np.trace(slash(np.array([k, 0, 0, k])) @ RIGHT @ (slash(np.array([m_f, 0, 0, 0])) + m_f * ONE) @ bar(RIGHT))
    assert float(conversion(m_x, m_f, 0.4, 0.1).width()) == pytest.approx(
        0.4 * trace.real / 2 * k / (8 * np.pi * m_f**2)
    )
    assert float(conversion(1.3, 1.0, 0.4, 0.1).width()) == 0.0


@pytest.mark.slow
def test_inverse_decays_by_detailed_balance():
    """X f -> F integrated over both momenta, for a doublet."""
    m_x, m_f, t, yukawas = 300.0, 320.0, 11.5, 0.7
    gap = m_f**2 - m_x**2

    def inner(p):
        e = np.hypot(p, m_x)
        ends = np.exp([-(e + gap / (2 * (e + sign * p)) - m_x) / t for sign in (1, -1)])
        return p / e * t * (ends[0] - ends[1])

    rate = yukawas * gap * quad(inner, 0, 3000, limit=400)[0] / (32 * np.pi**3)
    density = m_x**2 * t * kn(2, m_x / t) * np.exp(m_x / t) / (2 * np.pi**2)
    dark = DarkSector(jnp.array([m_x, m_f]), jnp.array([2.0, 8.0]), (), jnp.zeros(0), jnp.zeros(0), "complex scalar",
                      conversions=(conversion(m_x, m_f, yukawas, 0.0),))  # fmt: skip
    found = equilibrium.conversions(dark, jnp.asarray(m_x / t), standard_plasma())[0]
    found = found * equilibrium.hubble(jnp.asarray(t), standard_plasma())
    assert float(found) == pytest.approx(2 * rate / density, rel=1e-6)


def boson_absorbed(m, w, cosine):
    """F V -> f X for m_X = m_F = m, V of energy w in the frame of F: squared amplitude."""
    s = m**2 + 2 * m * w
    k = (s - m**2) / (2 * s**0.5)
    q, out = np.array([k, 0, 0, k]), k * np.array([1, np.sqrt(1 - cosine**2), 0, cosine])
    p = np.array([np.hypot(k, m), 0, 0, -k])
    return _squared(p, out, out - q, p + q, m)


def antifermion_absorbed(m, w, cosine):
    """F fbar -> X V for m_X = m_F = m, fbar of energy w in the frame of F: squared amplitude."""
    s = m**2 + 2 * m * w
    k = (s - m**2) / (2 * s**0.5)
    incoming, q = np.array([k, 0, 0, k]), k * np.array([1, np.sqrt(1 - cosine**2), 0, cosine])
    p = np.array([np.hypot(k, m), 0, 0, -k])
    return _squared(p, incoming, q - incoming, p - q, m)


def _squared(p, light, exchanged, heavy, m):
    t, u = exchanged @ METRIC @ exchanged, heavy @ METRIC @ heavy
    total = 0.0
    for mu in range(4):
        vertex = GAMMA[mu] @ slash(exchanged) @ RIGHT / t + RIGHT @ (slash(heavy) + m * ONE) @ GAMMA[mu] / (u - m**2)
        total -= METRIC[mu, mu] * np.trace(slash(light) @ vertex @ (slash(p) + m * ONE) @ bar(vertex)).real
    return total


def over_angles(squared, m, energy, cut):
    """Phase space times squared amplitude, but for exchanges of less than the cut."""
    s = m**2 + 2 * m * energy
    k = (s - m**2) / (2 * s**0.5)
    edge = max(1 - cut / (2 * k**2), -1)
    return k / (8 * np.pi * s**0.5) * quad(lambda c: squared(m, energy, c), -1, edge, limit=100)[0]


@pytest.mark.long
@pytest.mark.parametrize("coupling", [0.35, 1.9])
def test_scattering_is_its_integral(coupling):
    """Both processes over energies and angles, cut off at the thermal mass."""
    m, t = 1000.0, 40.0
    energies, weights = np.polynomial.laguerre.laggauss(12)
    total = 0.0
    for squared, sign in ((boson_absorbed, -1), (antifermion_absorbed, 1)):
        occupied = weights * np.exp(energies) / (np.exp(energies) + sign) * energies * t**2 / (4 * np.pi**2)
        angles = [over_angles(squared, m, w * t, coupling * t**2 / 4) for w in energies]
        total += float(occupied @ np.array(angles))
    expected = coupling * 0.3 * total / (4 * m)
    found = float(conversion(m, m, 0.3, coupling).scattering(jnp.asarray(t)))
    assert found == pytest.approx(expected, rel=0.05)


def through_a_vector(m_heavy=1e4 + 100.0, left=0.2, right=0.5):
    """Scalars of 10 TeV and somewhat more, a vector of 5 TeV, three colours."""
    one = jnp.ones(1)
    pairs = FermionPairs(3 * one, 0 * one, 0 * one, left * one + 0j, right * one + 0j)
    return VectorConversion(*map(jnp.asarray, (1e4, m_heavy, 0.3, 5e3)), pairs, species=1)


def fermion_line(a, b):
    """Times the square of the current at rest, 2 m g/M^2, without the masses: summed over spins."""
    vertex = GAMMA[0] @ (0.2 * LEFT + 0.5 * RIGHT)
    return 4 * 0.3**2 / 5e3**4 * np.trace(slash(b) @ vertex @ slash(a) @ bar(vertex)).real


def along(w, c):
    return w * np.array([1, np.sqrt(1 - c**2), 0, c])


def test_scattering_through_a_vector():
    """R f -> I f with the trace of the fermion line, Fermi-Dirac energies, both charges."""
    t = 20.0

    def rate(c, w):
        occupied = w / (4 * np.pi**2) / (np.exp(w / t) + 1)
        return occupied * w / (16 * np.pi) * fermion_line(along(w, 1), along(w, c))

    expected = 2 * 3 * dblquad(rate, 0, 40 * t, -1, 1, epsrel=1e-6)[0]
    assert float(through_a_vector().scattering(jnp.asarray(t))) == pytest.approx(expected, rel=1e-4, abs=0)


def test_decays_through_a_vector():
    """R -> I f fbar: two energies that add up to what is set free, and the angle between."""
    energy = 100.0

    def rate(c, w):
        other = energy - w
        return w * other / (16 * np.pi**4) * 2 * np.pi / 8 * fermion_line(along(w, 1), along(other, c))

    expected = 3 * dblquad(rate, 0, energy, -1, 1, epsrel=1e-6)[0]
    found = through_a_vector()
    assert float(found.decay(jnp.asarray(energy))) == pytest.approx(expected, rel=1e-6, abs=0)
    total = float(found.scattering(jnp.asarray(20.0))) + float(found.decay(jnp.asarray(energy)))
    assert float(found.rate(jnp.asarray(20.0))) == pytest.approx(total, rel=0.05, abs=0)
    assert float(through_a_vector(1e4 + 1.0).rate(jnp.asarray(20.0))) == np.inf


# ------------------------------------------------------------------------------------------------------- verdicts


@pytest.fixture(scope="module")
def freeze_out():
    """Omega_h2 and the conditions met, by the couplings to muons and to b quarks."""

    def at(muon, bottom):
        found = relic_density(loop.theory({**POINT, "lambda_L_mu": muon, "lambda_Q_b": bottom}, DEFAULT).dark)
        return found.omega_h2, {verdict.name: verdict.ok for verdict in found.verdicts}

    couplings = [(1e-2, 0.0), (1e-6, 0.0), (5e-7, 0.0), (0.0, 1e-3), (0.0, 0.0)]
    omega, met = jax.jit(jax.vmap(at))(*map(jnp.asarray, zip(*couplings, strict=True)))
    return {c: (float(omega[i]), {k: bool(ok[i]) for k, ok in met.items()}) for i, c in enumerate(couplings)}


@pytest.mark.slow
def test_where_conversions_fail(freeze_out):
    """Omega_h2 of equilibrium for any coupling; right to a tenth above 7e-7, as X and L apart show below."""
    fine = {"thermal": True, "chemical_equilibrium": True, "interacting": True}
    failed = {**fine, "chemical_equilibrium": False}
    assert freeze_out[1e-2, 0.0] == (pytest.approx(0.17905, abs=2e-5), fine)
    assert freeze_out[1e-6, 0.0] == (pytest.approx(0.17907, abs=1e-5), fine)
    assert freeze_out[5e-7, 0.0] == (pytest.approx(0.17907, abs=1e-5), failed)
    assert freeze_out[0.0, 1e-3][1] == failed  # X turns into Q, but it is L that annihilates


@pytest.mark.long
def test_nothing_thins_out_dark_matter(freeze_out):
    assert freeze_out[0.0, 0.0] == (np.inf, {"thermal": True, "chemical_equilibrium": False, "interacting": False})
    found = bsfit.predict(["Omega_h2"], "loop", POINT)
    assert found["Omega_h2"] == np.inf
    assert [note.split(":")[0] for note in found.notes] == ["chemical_equilibrium", "interacting", "not finite"]


@pytest.mark.long
def test_no_density_no_likelihood():
    """-inf without interactions; finite with any, and a remark."""
    like = bsfit.log_likelihood("loop", "relic", {"lambda_L_mu": (0.0, 1.0)}, POINT, relic="upper")
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(lambda x: like({"lambda_L_mu": x}))))(
        jnp.asarray([0.0, 1e-7, 0.1])
    )
    assert value[0] == -np.inf
    assert np.all(np.isfinite(value[1:]))
    assert np.all(np.isfinite(slope[1:]))
    assert [r.split(":")[0] for r in like.remarks({"lambda_L_mu": 1e-7})] == ["chemical_equilibrium"]


@pytest.mark.parametrize("kind", ["complex scalar", "real scalar", "Majorana", "Dirac"])
def test_any_kind_of_dark_matter(kind):
    """Every particle of it turns into any of the heavier species: the number of states is all that the kind decides."""
    states = {"complex scalar": 2.0, "real scalar": 1.0, "Majorana": 2.0, "Dirac": 4.0}[kind]
    masses, dof = jnp.array([300.0, 320.0]), jnp.array([states, 8.0])
    dark = DarkSector(
        masses, dof, (), jnp.zeros(0), jnp.zeros(0), kind, conversions=(conversion(300.0, 320.0, 1.0, 0.3),)
    )
    x = 26.0
    ratio = 8 / states * (320 / 300) ** 2 * kve(2, x * 320 / 300) / kve(2, x) * np.exp(-x * 20 / 300)
    t = jnp.asarray(300.0 / x)
    expected = ratio * float(dark.conversions[0].rate(t) / equilibrium.hubble(t, standard_plasma()))
    assert float(equilibrium.conversions(dark, jnp.asarray(x), standard_plasma())[0]) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.long
def test_the_two_states_of_the_portal():
    """Scattering and decays keep them together, unless couplings are tiny and they are as far apart as T."""
    point = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "m_Zp": 2500.0, "lambda_Q_b": 0.025, "lambda_L_mu": 0.5}

    def failed(g_x, splitting):
        mu = ((1000.0 + splitting) ** 2 - 1e6) * g_x / (2**0.5 * 2500.0)
        notes = bsfit.predict(["Omega_h2"], "portal", {**point, "g_X": g_x, "mu_chi": mu}).notes
        return any(note.startswith("chemical_equilibrium") for note in notes)

    assert [failed(0.3, 50.0), failed(1e-3, 1.0), failed(1e-3, 50.0), failed(0.1, 400.0)] == [False, False, True, False]


# ---------------------------------------------------------------------------------------------- apart from each other


@pytest.mark.long
@pytest.mark.parametrize(("m_l", "coupling", "low", "high"), [
    pytest.param(320.0, 6.8e-7, 1.05, 1.10, marks=pytest.mark.long),
    (310.0, 8.5e-7, 1.02, 1.06), (320.0, 3e-7, 2.5, 3.5), (320.0, 1e-7, 1e6, 1e7),
])  # fmt: skip
def test_without_chemical_equilibrium(m_l, coupling, low, high):
    """Over the density of equilibrium: a few percent at a hundred conversions per Hubble time, three times it at 20."""
    point = {**POINT, "m_L": m_l, "lambda_L_mu": coupling}
    dark = loop.theory(point, DEFAULT).dark
    found = relic_density(dark)
    verdict = next(v for v in found.verdicts if v.name == "chemical_equilibrium")
    assert bool(verdict.ok) == (coupling > 8e-7)
    assert low < _apart(dark, 300.0, m_l) / float(found.omega_h2) < high


def _apart(dark, m_x, m_l):
    """X, which has no annihilation, and L, which has, by scipy."""
    strengths = jax.jit(jax.vmap(dark.strengths, out_axes=1))
    pairs = [channel.name for channel in dark.channels].index("L pairs")
    plasma, t = standard_plasma(), np.geomspace(1e-6, 1e4, 1200)
    h, root = (oracle.spline(t, np.asarray(f(jnp.log(t)))) for f in (plasma.entropy, plasma.root_g_star))
    x = np.geomspace(3.0, 3e3, 80)
    s = 4 * m_x**2 * (1 + np.geomspace(1e-9, 60.0, 60000))
    w = np.asarray(strengths(jnp.asarray(s)))[pairs]
    averages, swaps = [], []
    for xi in x:
        z, heavy = xi * np.sqrt(s) / m_x, xi * m_l / m_x
        integral = np.trapezoid(w * kve(1, z) * np.exp(np.minimum(2 * heavy - z, 0.0)) / np.sqrt(s), s)
        averages.append(integral / (8 * m_x / xi * (8 * m_l**2 * kve(2, heavy)) ** 2))
        swaps.append(float(dark.conversions[0].rate(m_x / xi) / equilibrium.hubble(jnp.asarray(m_x / xi), plasma)))
    average, swap = oracle.spline(x, np.array(averages)), oracle.spline(x, np.array(swaps))

    def density(xi, m, dof):
        return (
            45 / (4 * np.pi**4) * dof / h(m_x / xi) * (xi * m / m_x) ** 2 * kve(2, xi * m / m_x) * np.exp(-xi * m / m_x)
        )

    def slope(u, y):
        xi = np.exp(u)
        a, b = np.exp(y)
        ratio = 4 * (m_l / m_x) ** 2 * kve(2, xi * m_l / m_x) / kve(2, xi) * np.exp(xi * (1 - m_l / m_x))
        unit = np.sqrt(np.pi / 45) * oracle.PLANCK_MASS * m_x * root(m_x / xi) / xi
        turned = swap(xi) * (b - a * ratio)
        return [turned / a, -unit * average(xi) * (b - density(xi, m_l, 8.0) ** 2 / b) - turned / b]

    start = np.log([density(4.0, m_x, 2.0), density(4.0, m_l, 8.0)])
    found = solve_ivp(slope, np.log([4.0, 2e3]), start, method="Radau", rtol=1e-6, atol=1e-8)
    return oracle.UNIT * m_x * np.exp(found.y[:, -1]).sum()
