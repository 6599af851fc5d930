"""Cross sections by topology: angular integrals, kinds of dark matter at rest, limits, the split scalar."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import FIVE, GAMMA, LEFT, METRIC, ONE, RIGHT, bar, slash
from scipy.integrate import quad
from scipy.special import kve
from two_bodies import kinematics, polarisations, strength_of

from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.annihilation import (
    FermionPairs,
    VectorExchange,
    VectorPair,
    VectorScalarPair,
)
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.higgs_portal import HiggsExchange, HiggsPair
from bsfit.dark_sector.t_channel import FermionExchange
from bsfit.dark_sector.widths import scalar_width
from bsfit.loading.inputs import load_inputs
from bsfit.matching.scalar_sector import HiggsCouplings
from bsfit.models import portal
from bsfit.numerics import atanh_ratio, bessel_k

REFERENCE, DEFAULT = load_inputs("reference"), load_inputs("default")
POINT = {
    "g_X": 0.4, "m_Zp": 2300.0, "m_Q": 1500.0, "m_L": 1200.0, "m_chi": 1000.0, "lambda_Q_s": 0.1, "lambda_Q_b": 0.2,
    "lambda_L_mu": 0.5,
}  # fmt: skip


def sigma_v(channel, m, v, multiplicity):
    """sigma v of one pair in the laboratory frame, v the velocity there."""
    gamma = 1 / np.sqrt(1 - v**2)
    s = 2 * m**2 * (1 + gamma)
    flux = np.sqrt(s * (s - 4 * m**2)) * (s - 2 * m**2)
    return float(channel.strength(jnp.asarray(s))) / multiplicity / flux


def arrays(*values):
    return tuple(jnp.asarray(v, dtype=float) for v in values)


def pairs(mass, left, right):
    one = jnp.ones(1)
    return FermionPairs(3 * one, mass * one, mass * one, left * one + 0j, right * one + 0j)


def through_vector(current, m, mass, final):
    return VectorExchange(current(m), *arrays(mass, 3.0), final, jnp.zeros(0))


# ----------------------------------------------------------------------------------------- kinds, s- and p-wave


def expansion(channel, m, multiplicity):
    """a and b of sigma v = a + b v^2, from two small velocities."""
    small, large = (sigma_v(channel, m, v, multiplicity) for v in (1e-3, 2e-3))
    b = (large - small) / 3e-6
    return small - b * 1e-6, b


def test_dirac_vector_at_rest():
    r""":math:`a=\frac{N_cg^2m^2}{2\pi M^4}\ldots`: for a massless final state with vector coupling."""
    m, mass, g, gf = 100.0, 1000.0, 0.5, 0.3
    a, _ = expansion(through_vector(lambda m: DarkCurrent.dirac(m, 0.5), m, mass, pairs(0.0, gf, gf)), m, 8.0)
    propagator = (4 * m**2 - mass**2) ** 2 + (mass * 3.0) ** 2
    assert a == pytest.approx(3 * g**2 * gf**2 * m**2 / (np.pi * propagator), rel=1e-4)


def test_majorana_axial_at_rest_and_moving():
    r"""s-wave :math:`\propto m_f^2(1-4m^2/M^2)^2`, p-wave for massless fermions."""
    m, mass, g, gf, mf = 100.0, 1000.0, 0.5, 0.3, 60.0
    channel = through_vector(lambda m: DarkCurrent.majorana(m, 0.5), m, mass, pairs(mf, -gf, gf))
    a, _ = expansion(channel, m, 4.0)
    propagator = (4 * m**2 - mass**2) ** 2 + (mass * 3.0) ** 2
    expected = 3 * g**2 * gf**2 * mf**2 / (2 * np.pi) * np.sqrt(1 - (mf / m) ** 2)
    assert a == pytest.approx(expected * (1 - 4 * m**2 / mass**2) ** 2 / propagator, rel=1e-4)
    light = through_vector(lambda m: DarkCurrent.majorana(m, 0.5), m, mass, pairs(0.0, -gf, gf))
    a, b = expansion(light, m, 4.0)
    assert abs(a) < 1e-9 * b
    assert b == pytest.approx(3 * g**2 * gf**2 * m**2 / (6 * np.pi * propagator), rel=1e-4)


def test_complex_scalar_is_p_wave():
    m, mass, g, gf = 100.0, 1000.0, 0.5, 0.3
    a, b = expansion(through_vector(lambda m: DarkCurrent.complex_scalar(m, 0.5), m, mass, pairs(0.0, gf, 0.0)), m, 2.0)
    propagator = (4 * m**2 - mass**2) ** 2 + (mass * 3.0) ** 2
    assert abs(a) < 1e-9 * b
    assert b == pytest.approx(3 * g**2 * gf**2 * m**2 / (12 * np.pi * propagator), rel=1e-4)


def test_t_channel_scalar_at_rest():
    """Leading p-wave |lambda|^4 m^2 v^2/(48 pi (m^2+M^2)^2) for massless fermions; s-wave with the mass of one."""
    m, heavy = 300.0, 1000.0
    one = jnp.ones(1)
    light = FermionExchange(jnp.asarray(m), 16 * one, 0 * one, 0 * one, heavy * one, jnp.zeros(0))
    a, b = expansion(light, m, 2.0)
    assert abs(a) < 1e-8 * b
    assert b == pytest.approx(16 * m**2 / (48 * np.pi * (m**2 + heavy**2) ** 2), rel=1e-4)
    mf = 172.0
    massive = FermionExchange(jnp.asarray(m), 16 * one, mf * one, mf * one, heavy * one, jnp.zeros(0))
    a, _ = expansion(massive, m, 2.0)
    expected = 16 * mf**2 * (m**2 - mf**2) ** 1.5 / (16 * np.pi * m**3 * (m**2 + heavy**2 - mf**2) ** 2)
    assert a == pytest.approx(expected, rel=1e-4)


def test_vector_pairs_at_rest():
    """g^4/8 pi m^2 for light vectors."""
    m = 500.0
    channel = VectorPair(jnp.asarray(0.6), jnp.asarray([m]), jnp.asarray(0.5), multiplicity=2.0)
    assert sigma_v(channel, m, 1e-3, 2.0) == pytest.approx(0.6**4 / (8 * np.pi * m**2), rel=1e-4)


def test_higgs_portal_far_above_the_higgs():
    """lambda^2/16 pi m^2: four Goldstone degrees of freedom."""
    m, vev = 2e4, 246.22
    mass, coupling = jnp.asarray([m]), jnp.asarray(0.1)
    poles = jnp.asarray([125.2])
    couplings = HiggsCouplings(jnp.asarray([[0.1 * vev]]), jnp.ones(1), poles, coupling)
    exchange = HiggsExchange.of(mass, couplings, DEFAULT, multiplicity=2.0)
    pair = HiggsPair(mass, coupling, poles[0], jnp.asarray(vev), multiplicity=2.0)
    found = sum(sigma_v(channel, m, 1e-3, 2.0) for channel in (exchange, pair))
    assert found == pytest.approx(0.1**2 / (16 * np.pi * m**2), rel=2e-3)


# --------------------------------------------------------------------------------------------- angular integrals


def test_angular_integrals():
    m, v, s = 1.0, 0.7, 5.3
    p, k = np.sqrt(s / 4 - m**2), np.sqrt(s / 4 - v**2)

    def vectors(c):
        big, small = v**2 - s / 2 + 2 * p * k * c, v**2 - s / 2 - 2 * p * k * c  # T and U
        a, b = 4 * m**2 + 2 * big - v**2, 4 * m**2 + 2 * small - v**2
        left = 2.5 * s - 4 * m**2 + 2 * small - 3 * v**2
        right = 2.5 * s - 4 * m**2 + 2 * big - 3 * v**2
        x = s - 4 * m**2 + v**2
        squares = (a / big) ** 2 + (b / small) ** 2
        return 16 + squares + 4 * left / big + 4 * right / small + 2 * x**2 / (big * small)

    found = float(VectorPair(*arrays(1.0, [m], v), multiplicity=1.0).strength(jnp.asarray(s)))
    assert found == pytest.approx(p * k / (8 * np.pi) * quad(vectors, -1, 1)[0] / 2, rel=1e-11)

    m1, m2, heavy = 0.4, 0.2, 1.6
    k = np.sqrt((s - (m1 + m2) ** 2) * (s - (m1 - m2) ** 2) / (4 * s))

    def fermions(c):
        t = m**2 + m1**2 - np.sqrt(s) * np.sqrt(k**2 + m1**2) + 2 * p * k * c
        pk1, pk2, pp = (m1**2 - m**2 + t) / 2, (m**2 - m2**2 - t) / 2, (s - m1**2 - m2**2) / 2
        return 2 * (2 * pk1 * pk2 - t * pp) / (t - heavy**2) ** 2

    rows = (jnp.asarray([x]) for x in (1.0, m1, m2, heavy))
    found = float(FermionExchange(jnp.asarray(m), *rows, jnp.zeros(0), multiplicity=1.0).strength(jnp.asarray(s)))
    assert found == pytest.approx(p * k / (4 * np.pi) * quad(fermions, -1, 1)[0] / 2, rel=1e-10)

    coupling, m_h, vev = 0.8, 0.6, 1.9
    k = np.sqrt(s / 4 - m_h**2)

    def higgs(c):
        t, u = (m_h**2 - s / 2 + sign * 2 * p * k * c for sign in (1, -1))
        amplitude = 1 + 3 * m_h**2 / (s - m_h**2) + coupling * vev**2 * (1 / t + 1 / u)
        return (coupling * amplitude) ** 2

    found = float(HiggsPair(*arrays([m], coupling, m_h, vev), multiplicity=1.0).strength(jnp.asarray(s)))
    assert found == pytest.approx(p * k / (8 * np.pi) * quad(higgs, -1, 1)[0] / 2, rel=1e-11)


# ------------------------------------------------------------------------------------- spinors and polarisations


CURRENTS = {
    "split scalar": DarkCurrent.split_scalar(1.0, 1.4, 0.7),
    "complex scalar": DarkCurrent.complex_scalar(1.1, 0.7),
    "vector": DarkCurrent.dirac(1.1, 0.7),
    "both": DarkCurrent.dirac(1.1, 0.7, -0.5),
    "axial": DarkCurrent.majorana(1.1, 0.5),
    "pseudo-Dirac": DarkCurrent.pseudo_dirac(0.9, 1.2, 0.7),
}


def current_squared(current, p1, p2):
    """Tensor of a current, averaged over spins, indices up."""
    m1, m2 = float(current.m1), float(current.m2)
    if not current.fermions:
        return float(current.scalar) ** 2 * np.outer(p1 - p2, p1 - p2)
    vertex = [gamma @ (float(current.vector) * ONE + float(current.axial) * FIVE) for gamma in GAMMA]
    states = slash(p2) - m2 * ONE, slash(p1) + m1 * ONE
    return np.array([[np.trace(states[0] @ a @ states[1] @ bar(b)) / 4 for b in vertex] for a in vertex])


def pairs_squared(left, right, m3, m4, k1, k2):
    """Tensor of the current of a pair of fermions, summed over spins, indices up."""
    vertex = [gamma @ (left * LEFT + right * RIGHT) for gamma in GAMMA]
    states = slash(k1) + m3 * ONE, slash(k2) - m4 * ONE
    return np.array([[np.trace(states[0] @ a @ states[1] @ bar(b)) for b in vertex] for a in vertex])


@pytest.mark.parametrize("kind", CURRENTS)
def test_exchange_of_a_vector_is_the_trace(kind):
    """Unequal masses and complex couplings in the final state; both currents contracted with a massive propagator."""
    current = CURRENTS[kind]
    s, mass, width, m3, m4, left, right = 9.0, 2.2, 0.3, 0.5, 0.2, 0.4 - 0.3j, 0.2 + 0.1j

    def squared(p1, p2, k1, k2):
        q = METRIC @ (p1 + p2)
        propagator = -METRIC + np.outer(q, q) / mass**2
        initial, final = current_squared(current, p1, p2), pairs_squared(left, right, m3, m4, k1, k2)
        total = np.einsum("mn,am,bn,ab", initial, propagator, propagator, final)
        return total.real / ((s - mass**2) ** 2 + (mass * width) ** 2)

    one = jnp.ones(1)
    channel = VectorExchange(
        current, *arrays(mass, width), FermionPairs(one, m3 * one, m4 * one, left * one, right * one), jnp.zeros(0)
    )
    expected = strength_of(squared, s, float(current.m1), float(current.m2), m3, m4) * current.multiplicity
    assert float(channel.strength(jnp.asarray(s))) == pytest.approx(expected, rel=1e-9)


def test_width_into_dark_matter():
    """Of a vector at rest, by the same tensors; halves for Majorana fermions."""
    m, k = 3.0, {}
    for kind, current in CURRENTS.items():
        p1, p2, *_, p, _ = kinematics(m**2, float(current.m1), float(current.m2), 0.1, 0.1, 0.3)
        states = 1 if not current.fermions else 2 if kind == "axial" else 4
        space = -np.einsum("ii", METRIC @ current_squared(current, p1, p2)).real
        q = METRIC @ (p1 + p2) / m
        space += (q @ current_squared(current, p1, p2) @ q).real
        k[kind] = states * space * p / (24 * np.pi * m**2)
        assert float(current.width(m)) == pytest.approx(k[kind], rel=1e-12), kind
    assert k["complex scalar"] == pytest.approx(float(scalar_width(m, 0.7, 1.1, 1.1)), rel=1e-12)


def test_exchange_of_a_fermion_is_the_trace():
    s, m, heavy, m3, m4 = 9.0, 1.0, 1.6, 0.5, 0.2

    def squared(p1, p2, k1, k2):
        q = k1 - p1
        vertex = RIGHT @ (slash(q) + heavy * ONE) @ LEFT / (q @ METRIC @ q - heavy**2)
        return np.trace((slash(k1) + m3 * ONE) @ vertex @ (slash(k2) - m4 * ONE) @ bar(vertex)).real

    one = jnp.ones(1)
    channel = FermionExchange(jnp.asarray(m), one, m3 * one, m4 * one, heavy * one, jnp.zeros(0), multiplicity=1.0)
    assert float(channel.strength(jnp.asarray(s))) == pytest.approx(strength_of(squared, s, m, m, m3, m4), rel=1e-9)


def test_vector_pairs_are_the_polarisation_sum():
    """Contact, t and u channel of a charged scalar, contracted with both sums; half for identical vectors."""
    s, m, v, g = 9.0, 1.0, 0.7, 0.6

    def squared(p1, p2, k1, k2):
        t, u = ((p1 - k) @ METRIC @ (p1 - k) - m**2 for k in (k1, k2))
        amplitude = 2 * METRIC + np.outer(2 * p1 - k1, 2 * p2 - k2) / t + np.outer(2 * p2 - k1, 2 * p1 - k2) / u
        return g**4 * np.einsum("mn,ab,ma,nb", amplitude, amplitude, polarisations(k1, v), polarisations(k2, v))

    found = float(VectorPair(*arrays(g, [m], v), multiplicity=1.0).strength(jnp.asarray(s)))
    assert found == pytest.approx(strength_of(squared, s, m, m, v, v) / 2, rel=1e-9)


def test_vector_and_scalar_is_the_polarisation_sum():
    s, m, mass, width, g, vertex, other = 9.0, 1.0, 1.2, 0.1, 0.6, 0.8, 0.9

    def squared(p1, p2, k1, k2):
        current = g * vertex * (p1 - p2)
        total = current @ polarisations(k1, mass) @ current
        return total / ((s - mass**2) ** 2 + (mass * width) ** 2)

    channel = VectorScalarPair(*arrays(g, m, m, mass, width, [vertex], [other]), multiplicity=1.0)
    found = float(channel.strength(jnp.asarray(s)))
    assert found == pytest.approx(strength_of(squared, s, m, m, mass, other), rel=1e-9)


def test_width_of_the_higgs_at_tree_level():
    """1.2 times its width, with quark masses that do not run, without gluons and virtual bosons."""
    m_h = DEFAULT["m_h"]
    exchange = HiggsExchange.of(jnp.ones(1), HiggsCouplings.unmixed(0.1, DEFAULT), DEFAULT, multiplicity=2.0)
    assert float(exchange.width_at(m_h**2) / DEFAULT["Gamma_h"]) == pytest.approx(1.2, abs=0.05)


# -------------------------------------------------------------------------------------------------- split scalar


@pytest.mark.long
def test_two_real_states_without_splitting_are_the_complex_one():
    """1e-8, in every channel, Higgs portal included."""
    extra = {"lambda_Hchi": 0.3, "m_phi": 700.0, "lambda_phichi": 0.1, "lambda_Hphi": 0.01}

    def omega(**split):
        return relic_density(portal.theory({**POINT, **extra, **split}, REFERENCE).dark).omega_h2

    together = float(jax.jit(omega)())
    assert float(jax.jit(omega)(mu_chi=1e-9)) == pytest.approx(together, rel=1e-8)


@pytest.mark.slow
def test_the_heavier_state_needs_energy():
    """R and I with a splitting: nothing below (m_R + m_I)^2, and the p-wave of their momentum above."""
    dark = portal.theory({**POINT, "mu_chi": 50.0}, REFERENCE).dark
    light, heavy = (float(m) for m in dark.masses)
    exchange = dark.channels[0]
    assert exchange.strength(jnp.asarray((light + heavy) ** 2 * 0.999)) == 0
    assert exchange.strength(jnp.asarray((light + heavy) ** 2 * 1.001)) > 0
    np.testing.assert_allclose(dark.dof, 1.0)


# ------------------------------------------------------------------------------------------------- mathematics


@pytest.mark.slow
def test_special_functions():
    z = np.geomspace(2.0, 1e9, 400)
    for order in (1, 2):
        expected = np.sqrt(2 * z / np.pi) * kve(order, z)
        np.testing.assert_allclose(bessel_k(order, jnp.asarray(1 / z)), expected, rtol=2e-12)
    r = np.concatenate([[0.0], np.geomspace(1e-9, 0.999, 300)])
    expected = np.where(r == 0, 1.0, np.arctanh(r) / np.where(r == 0, 1.0, r))
    np.testing.assert_allclose(atanh_ratio(jnp.asarray(r)), expected, rtol=1e-14)
    slope = jax.vmap(jax.grad(atanh_ratio))(jnp.asarray([0.0, 1e-6, 0.03, 0.0317, 0.5]))
    exact = [0.0, 2e-6 / 3, 0.02002162, 0.021158864, 0.46944209]
    np.testing.assert_allclose(slope, exact, rtol=1e-4)
