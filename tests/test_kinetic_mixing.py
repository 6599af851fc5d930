"""Kinetic mixing with the Z in the exchange, against the exact masses and couplings of all neutral bosons."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from bsfit.dark_sector.annihilation import FermionPairs, VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.loading.inputs import load_inputs
from bsfit.matching.kinetic_mixing import KineticMixing
from bsfit.matching.z_prime import at_low_energies, hypercharge_coupling

INPUTS = load_inputs("reference").replace({"Gamma_Z": 1e-12})
FERMIONS = {"electron": (-1.0, -0.5), "neutrino": (0.0, 0.5), "up": (2 / 3, 0.5), "down": (-1 / 3, -0.5)}
"""Charge and isospin of the left-handed state."""

CHARGE, ISOSPIN = (jnp.asarray(column) for column in zip(*FERMIONS.values(), strict=True))


def neutral_bosons(epsilon, m_zp):
    """Squared masses, and couplings [boson, (g_Y Y, g T_3, X)], of photon, Z and Z'."""
    s2, m_z, g_y = float(INPUTS["sin2_theta_w"]), float(INPUTS["m_Z"]), float(hypercharge_coupling(INPUTS))
    g = g_y * np.sqrt((1 - s2) / s2)
    higgs = np.array([-g_y, g, 0.0]) / np.hypot(g, g_y) * m_z
    kinetic = np.eye(3) + epsilon * np.array([[0, 0, 1.0], [0, 0, 0], [1.0, 0, 0]])
    squared, states = scipy.linalg.eigh(np.outer(higgs, higgs) + np.diag([0.0, 0.0, m_zp**2]), kinetic)
    return squared, states.T * np.array([g_y, g, 1.0])


def exact(s, m_zp, epsilon, left, right):
    """Sums over bosons of the products of couplings, over s - m^2: [hand, fermion] in space and in time."""
    squared, coupled = neutral_bosons(epsilon, m_zp)
    hands = []
    for isospin, plain in ((ISOSPIN, left), (0 * ISOSPIN, right)):
        charges = np.stack([CHARGE - isospin, isospin, plain])
        hands.append(coupled[:, 2, None] * (coupled @ charges))
    products = np.stack(hands)
    propagator = 1 / (s - squared)
    time = np.where(squared > 1e-6, (1 - s / np.maximum(squared, 1e-6)) * propagator, 0.0)
    return np.einsum("hbf,b->hf", products, propagator), np.einsum("hbf,b->hf", products, time)


def pairs(mass, left, right, epsilon):
    mixing = KineticMixing.of(epsilon, CHARGE, ISOSPIN, 0 * ISOSPIN, INPUTS)
    four = jnp.ones(4)
    return FermionPairs(four, mass * four, mass * four, jnp.asarray(left + 0j), jnp.asarray(right + 0j), mixing)


@pytest.mark.slow
@pytest.mark.parametrize("m_zp", [40.0, 150.0, 900.0])
@pytest.mark.parametrize("root_s", [20.0, 70.0, 200.0, 1500.0])
def test_kinetic_mixing_is_the_exact_exchange(m_zp, root_s):
    """To first order: space and time, an axial current of dark matter, axial couplings, heavy fermions."""
    left, right, g_v, g_a, mass = np.array([0.3, 0.2, -0.4, 0.1]), np.array([0.2, 0.0, 0.1, -0.3]), 0.4, 0.7, 3.0
    current = DarkCurrent.dirac(8.0, g_v, g_a)
    s, m = root_s**2, jnp.asarray(root_s)

    def ours(epsilon):
        channel = VectorExchange(current, jnp.asarray(m_zp), jnp.zeros(()), pairs(mass, left, right, epsilon), m[None])
        return channel.strength(jnp.asarray(s))

    def truth(epsilon):
        (left_s, right_s), (left_t, right_t) = exact(s, m_zp, epsilon, left, right)
        four = jnp.ones(4)
        in_space = FermionPairs(four, mass * four, mass * four, *(jnp.asarray(c + 0j) for c in (left_s, right_s)))
        in_time = FermionPairs(four, mass * four, mass * four, *(jnp.asarray(c + 0j) for c in (left_t, right_t)))
        space, time = current.squared(jnp.asarray(s))
        total = space * in_space.width(m) + time * in_time.time_like_width(m)
        return 8 * 2 * s * np.sqrt(s / 4 - 64) * float(total)

    assert float(ours(0.0)) == pytest.approx(truth(0.0), rel=1e-10)
    slope = (truth(1e-4) - truth(-1e-4)) / 2e-4
    assert float(jax.jit(jax.grad(ours))(0.0)) == pytest.approx(slope, rel=2e-5)


def test_the_time_like_part_does_not_know_epsilon():
    """Nor does the exact one: masses do not mix, and the photon couples to a conserved current."""
    left, right = np.array([0.3, 0.2, -0.4, 0.1]), np.array([0.2, 0.0, 0.1, -0.3])
    for root_s in (20.0, 95.0, 300.0):
        time = [exact(root_s**2, 150.0, epsilon, left, right)[1] for epsilon in (0.0, 0.05)]
        np.testing.assert_allclose(time[1][0] - time[1][1], time[0][0] - time[0][1], rtol=1e-10)
        found = [pairs(3.0, left, right, e).time_like_width(jnp.asarray(root_s)) for e in (0.0, 0.05)]
        assert found[0] == found[1]


def test_limits():
    """The photon's share at low momenta, hypercharge high above the Z; the width is that on the mass shell."""
    epsilon = 0.01
    mixing = KineticMixing.of(epsilon, CHARGE, ISOSPIN, 0 * ISOSPIN, INPUTS)
    for hand in mixing.shift(jnp.asarray(1e-6)):
        expected = [epsilon * float(at_low_energies(charge, INPUTS)) for charge, _ in FERMIONS.values()]
        np.testing.assert_allclose(hand, expected, rtol=1e-9, atol=1e-12)
    left, right = mixing.shift(jnp.asarray(1e14))
    unit = -epsilon * float(hypercharge_coupling(INPUTS))
    np.testing.assert_allclose(left, unit * (CHARGE - ISOSPIN), rtol=1e-8)
    np.testing.assert_allclose(right, unit * CHARGE, rtol=1e-8, atol=1e-12)
    m = jnp.asarray(300.0)
    left, right = (np.asarray(c) for c in mixing.shift(m**2))
    found = pairs(0.0, np.zeros(4), np.zeros(4), epsilon).width(m)
    assert float(found) == pytest.approx(float(np.sum(abs(left) ** 2 + abs(right) ** 2)) * 300 / (24 * np.pi), rel=1e-9)


def test_the_z_is_a_resonance():
    """Of its width, with the couplings of the Z times the mixing on top."""
    inputs = load_inputs("reference")
    m_z, width = float(inputs["m_Z"]), float(inputs["Gamma_Z"])
    mixing = KineticMixing.of(0.01, CHARGE, ISOSPIN, 0 * ISOSPIN, inputs)
    left, _ = mixing.shift(jnp.asarray(m_z**2))
    weak = 0.01 * float(hypercharge_coupling(inputs)) * (0.5 - 0.0)
    assert complex(left[1]) == pytest.approx(weak * (1 - 1j * m_z / width), rel=1e-9)
