"""Coannihilation: traces with explicit Dirac matrices, the pure doublet, two coupled species."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import relic_oracle as oracle
from dirac_matrices import GAMMA, LEFT, METRIC, ONE, RIGHT, bar, slash
from scipy.integrate import quad, solve_ivp
from scipy.special import kve

from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.coannihilation import FermionPair, GaugeCharges, MixedPair, through_gauge_bosons
from bsfit.dark_sector.thermal import average
from bsfit.dark_sector.thermal.plasma import standard_plasma
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop
from bsfit.theory import DarkSector

REFERENCE = load_inputs("reference")
DEFAULT = load_inputs("default")


def momenta(s, m1, m2, cosine):
    """p1, p2 along z and two massless momenta."""
    e1, e2 = (s + m1**2 - m2**2) / (2 * s**0.5), (s + m2**2 - m1**2) / (2 * s**0.5)
    p, k, sine = np.sqrt(e1**2 - m1**2), s**0.5 / 2, np.sqrt(1 - cosine**2)
    k1 = np.array([k, k * sine, 0, k * cosine])
    return np.array([e1, 0, 0, p]), np.array([e2, 0, 0, -p]), k1, np.array([k, -k1[1], 0, -k1[3]])


def mixed_squared(s, m_x, m_f, cosine):
    """X* F -> f V with unit couplings, summed over spins."""
    p1, p2, k1, k2 = momenta(s, m_x, m_f, cosine)
    q, r = p1 + p2, p2 - k2
    u = r @ METRIC @ r
    total = 0.0
    for mu in range(4):
        vertex = GAMMA[mu] @ slash(q) @ RIGHT / s + RIGHT @ (slash(r) + m_f * ONE) @ GAMMA[mu] / (u - m_f**2)
        total -= METRIC[mu, mu] * np.trace(slash(k1) @ vertex @ (slash(p2) + m_f * ONE) @ bar(vertex)).real
    return total


def pair_squared(s, m_x, m_f, cosine, gauge, yukawa):
    """F Fbar -> f fbar through a gauge boson (g^2 = gauge) and through X (|lambda|^2 = yukawa), summed over spins."""
    p1, p2, k1, k2 = momenta(s, m_f, m_f, cosine)
    t = (p1 - k1) @ METRIC @ (p1 - k1)
    vector, y = gauge / s, yukawa / (t - m_x**2)
    u_states, v_states = slash(p1) + m_f * ONE, slash(p2) - m_f * ONE
    tr = np.trace
    total = 0.0
    for mu in range(4):
        for nu in range(4):
            sign = METRIC[mu, mu] * METRIC[nu, nu]
            line = tr(v_states @ GAMMA[mu] @ u_states @ GAMMA[nu])
            total += sign * vector**2 * line * tr(slash(k1) @ GAMMA[mu] @ LEFT @ slash(k2) @ GAMMA[nu])
        # [vbar g_mu u][ubar g^mu P_L v] times the conjugate of [ubar P_R u][vbar P_L v]: one trace
        chain = slash(k1) @ GAMMA[mu] @ LEFT @ slash(k2) @ bar(LEFT) @ v_states @ GAMMA[mu] @ u_states @ bar(RIGHT)
        total += 2 * METRIC[mu, mu] * vector * y * tr(chain)
    total += y**2 * tr(slash(k1) @ RIGHT @ u_states @ bar(RIGHT)) * tr(v_states @ LEFT @ slash(k2) @ bar(LEFT))
    return total.real


def charges(coupling=1.0):
    one = jnp.array([0.0, coupling, 0.0])
    return GaugeCharges(jnp.asarray(1.0), one, jnp.array([0.0, 1.0, 0.0]), jnp.array([0.0, 1.0, 0.0]))


@pytest.mark.parametrize(("m_x", "m_f", "energy"), [(1.0, 1.3, 2.4), (1.0, 1.05, 5.0), (1.0, 3.0, 4.2)])
def test_strengths_are_the_traces(m_x, m_f, energy):
    s = energy**2
    p = np.sqrt((s - (m_x + m_f) ** 2) * (s - (m_x - m_f) ** 2)) / (2 * energy)
    mean = quad(lambda c: mixed_squared(s, m_x, m_f, c), -1, 1, epsrel=1e-10)[0] / 2
    arguments = (jnp.asarray(m_x), jnp.asarray(m_f), jnp.asarray(0.7), charges(0.4), jnp.asarray(1.0))
    found = float(MixedPair(*arguments).strength(jnp.asarray(s)))
    assert found == pytest.approx(4 * p * energy / 2 / (4 * np.pi) * mean * 0.7 * 0.4, rel=1e-9)
    if energy < 2 * m_f:
        return
    beta = np.sqrt(1 - 4 * m_f**2 / s)

    def rest(c):
        return pair_squared(s, m_x, m_f, c, 0.4, 0.7) - pair_squared(s, m_x, m_f, c, 0.4, 0.0)

    mean = quad(rest, -1, 1, epsrel=1e-10)[0] / 2
    found = float(FermionPair(*arguments).through_scalar(jnp.asarray(s)))
    assert found == pytest.approx(beta * s / (16 * np.pi) * mean, rel=1e-9)


def test_gauge_part_is_the_trace():
    """One left-handed fermion through one gauge boson; the Standard Model has 10.25 of them for hypercharge."""
    s, m = 6.0, 1.0
    mean = quad(lambda c: pair_squared(s, 1.0, m, c, 1.0, 0.0), -1, 1)[0] / 2
    beta = np.sqrt(1 - 4 * m**2 / s)
    charged = charges()
    neutral = GaugeCharges(charged.size, charged.couplings, charged.casimir, jnp.zeros(3))
    found = [float(through_gauge_bosons(jnp.asarray(s), jnp.asarray(m), c)) for c in (charged, neutral)]
    assert 4 * (found[0] - found[1]) == pytest.approx(10.25 * beta * s / (16 * np.pi) * mean, rel=1e-10)


@pytest.mark.parametrize("energy", [2.01, 3.0, 50.0])
def test_gauge_bosons_by_detailed_balance(energy):
    r"""Pairs of photons and of gluons: :math:`\lambda\sigma=2s^2\sigma` for photons, 64 times that for gluons.

    The cross sections of Breit and Wheeler and of Combridge, of massless vectors into a fermion and its antiparticle.
    """
    s = energy**2
    rho = 4 / s
    beta = np.sqrt(1 - rho)
    log = np.log((1 + beta) / (1 - beta))
    alpha, no_fermions = 0.1, jnp.zeros(3)
    photons = 2 * np.pi * alpha**2 / s * ((3 - beta**4) * log - 2 * beta * (2 - beta**2))
    gluons = np.pi * alpha**2 / (3 * s) * ((1 + rho + rho**2 / 16) * log - beta * (7 / 4 + 31 / 16 * rho))
    g2 = 4 * np.pi * alpha
    one = GaugeCharges(jnp.asarray(1.0), jnp.array([0.0, g2, 0.0]), jnp.array([0.0, 1.0, 0.0]), no_fermions)
    quark = GaugeCharges(jnp.asarray(3.0), jnp.array([0.0, 0.0, g2]), jnp.array([0.0, 0.0, 4 / 3]), no_fermions)
    for charges_, states, expected in ((one, 4, 2 * s**2 * photons), (quark, 4, 128 * s**2 * gluons)):
        found = states * float(through_gauge_bosons(jnp.asarray(s), jnp.asarray(1.0), charges_))
        assert found == pytest.approx(expected, rel=1e-10)


# -------------------------------------------------------------------------------------------------- pure doublet


def doublet(mass):
    """A Dirac doublet of hypercharge 1/2 alone."""
    mass = jnp.asarray(mass)
    gauge = GaugeCharges.doublet(-0.5, False, jnp.zeros(()), DEFAULT)
    pair = FermionPair(1e6 * mass, mass, jnp.zeros(()), gauge, jnp.asarray(1.0))
    return DarkSector(mass[None], jnp.full(1, 8.0), (pair,), jnp.zeros(0), jnp.zeros(0), "Dirac")


def test_doublet_at_rest():
    r""":math:`g^4(81+12t+43t^2)`, t the tangent squared of the weak angle: the ratios of hep-ph/0512090."""
    alpha, sin2 = float(DEFAULT["alpha_em_mZ"]), float(DEFAULT["sin2_theta_w"])
    g2, t = 4 * np.pi * alpha / sin2, sin2 / (1 - sin2)
    x = jnp.asarray([1e5])
    found = jax.jit(lambda dark: average.averages(average.integrand(dark, 1e6), dark, x)[0])(doublet(1000.0))
    assert float(found) == pytest.approx(g2**2 * (20.25 + 3 * t + 10.75 * t**2) / (512 * np.pi * 1e6), rel=1e-4)


def test_doublet_of_a_tev():
    found = jax.jit(lambda dark: relic_density(dark).omega_h2)(doublet(1100.0))
    assert float(found) == pytest.approx(0.12, rel=0.1)


# --------------------------------------------------------------------------------------------------- two species


@pytest.mark.long
def test_two_coupled_species():
    """X and L with their own densities and fast conversions, integrated apart, at m_L/m_X = 1.05."""
    point = {"m_Q": 5000.0, "m_L": 420.0, "m_X": 400.0, "lambda_L_mu": 0.3, "lambda_Q_b": 0.1}
    dark = loop.theory(point, DEFAULT).dark
    found = float(relic_density(dark).omega_h2)
    alone = float(relic_density(loop.theory(point, REFERENCE).dark).omega_h2)
    assert found < 0.5 * alone
    assert found == pytest.approx(_two_species(dark), rel=2e-3)


def _two_species(dark):
    """d n_X, d n_L with <sigma v> of each pair of species by scipy, conversions a million times per Hubble time."""
    m = [400.0, 420.0]
    dof = [2.0, 8.0]
    strengths = jax.jit(jax.vmap(dark.strengths, out_axes=1))
    names = [channel.name for channel in dark.channels]
    groups = [[n in ("leptons", "quarks") for n in names], [n == "X L" for n in names], [n == "L pairs" for n in names]]
    plasma = standard_plasma()
    t = np.geomspace(1e-6, 1e4, 1200)
    h, root = (oracle.spline(t, np.asarray(f(jnp.log(t)))) for f in (plasma.entropy, plasma.root_g_star))
    x = np.geomspace(3.0, 1e6, 120)
    s = 4 * m[0] ** 2 * (1 + np.geomspace(1e-9, 60.0, 60000))
    every = np.asarray(strengths(jnp.asarray(s)))
    rates = []
    for k, pair in ((0, (0, 0)), (1, (0, 1)), (2, (1, 1))):
        w = every[np.array(groups[k])].sum(axis=0)
        numbers = []
        for xi in x:
            z = xi * np.sqrt(s) / m[0]
            boltzmann = np.exp(np.minimum(xi * (m[pair[0]] + m[pair[1]]) / m[0] - z, 0.0))
            integral = np.trapezoid(w * kve(1, z) * boltzmann / np.sqrt(s), s)
            k2 = [kve(2, xi * m[i] / m[0]) * m[i] ** 2 for i in pair]
            symmetric = 2 if k == 1 else 1
            numbers.append(integral / (8 * m[0] / xi * k2[0] * k2[1] * dof[pair[0]] * dof[pair[1]] * symmetric))
        rates.append(oracle.spline(x, np.array(numbers)))

    def equilibrium(xi):
        return [45 / (4 * np.pi**4) * dof[i] / h(m[0] / xi) * (xi * m[i] / m[0]) ** 2 * kve(2, xi * m[i] / m[0])
                * np.exp(-xi * m[i] / m[0]) for i in range(2)]  # fmt: skip

    def slope(u, y):
        xi = np.exp(u)
        a, b = np.exp(y)
        ea, eb = equilibrium(xi)
        unit = np.sqrt(np.pi / 45) * oracle.PLANCK_MASS * m[0] * root(m[0] / xi) / xi
        aa, ab, bb = (unit * r(xi) for r in rates)
        swap = 1e6 * (b - a * eb / ea)
        da = -aa * (a * a - ea * ea) - ab * (a * b - ea * eb) + swap
        db = -bb * (b * b - eb * eb) - ab * (a * b - ea * eb) - swap
        return [da / a, db / b]

    start = np.log(equilibrium(4.0))
    end = np.log(300.0)
    found = solve_ivp(slope, (np.log(4.0), end), start, method="Radau", rtol=1e-7, atol=1e-9)
    total = np.exp(found.y[:, -1]).sum()
    late = np.geomspace(300.0, 1e6, 4000)
    unit = np.sqrt(np.pi / 45) * oracle.PLANCK_MASS * m[0] * root(m[0] / late) / late
    left = 1 / (1 / total + np.trapezoid(unit * rates[0](late), np.log(late)))
    return oracle.UNIT * m[0] * left
