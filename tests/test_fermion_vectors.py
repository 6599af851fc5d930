"""Fermion dark matter into vectors and the dark Higgs: explicit traces, limits at rest and at high energies, widths."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import FIVE, GAMMA, METRIC, ONE, bar, slash
from two_bodies import kinematics, polarisations, strength_of

from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import DarkHiggs, FermionVectorHiggs, FermionVectorPair

M, M_V = 1.0, 0.7
COUPLINGS = {"vector": (0.6, 0.0), "axial": (0.0, 0.5), "both": (0.6, -0.5)}


def vertex(g_v, g_a):
    return [METRIC[i, i] * GAMMA[i] @ (g_v * ONE + g_a * FIVE) for i in range(4)]


def spin_sum(amplitude, p1, p2):
    """Sum over spins of |vbar(p2) A u(p1)|^2 for A with any leading indices [..., 4, 4]: tensor of A and its bar."""
    flat = amplitude.reshape(-1, 4, 4)
    other = np.array([bar(x) for x in flat])
    states = slash(p2) - M * ONE, slash(p1) + M * ONE
    return np.einsum("ij,ajk,kl,bli->ab", states[0], flat, states[1], other)


def pairs_squared(g_v, g_a, higgs):
    """Sum over spins and polarisations of V V; ``higgs`` is (mass, width) or None."""
    v, w = vertex(g_v, g_a), M_V / (2 * abs(g_a)) if g_a else np.inf

    def squared(p1, p2, k1, k2):
        t, u = p1 - k1, p1 - k2
        denominators = [q @ METRIC @ q - M**2 for q in (t, u)]
        through = [(slash(q) + M * ONE) / d for q, d in zip((t, u), denominators, strict=True)]
        amplitude = -np.array(
            [[v[n] @ through[0] @ v[m] + v[m] @ through[1] @ v[n] for n in range(4)] for m in range(4)]
        )
        if higgs is not None:
            s = (p1 + p2) @ METRIC @ (p1 + p2)
            pole = 1 / (s - higgs[0] ** 2 + 1j * higgs[0] * higgs[1])
            amplitude = amplitude + np.einsum("mn,ij->mnij", METRIC, ONE) * (M / w * 2 * M_V**2 / w * pole)
        found = spin_sum(amplitude, p1, p2).reshape(4, 4, 4, 4)
        raised = [METRIC @ polarisations(k, M_V) @ METRIC for k in (k1, k2)]
        return np.einsum("mnab,ma,nb", found, *raised).real

    return squared


def higgs_squared(g_v, g_a, m_phi):
    """Sum over spins and polarisations of V phi."""
    v, w = vertex(g_v, g_a), M_V / (2 * abs(g_a))

    def squared(p1, p2, k1, k2):
        t, u, q = p1 - k1, k1 - p2, METRIC @ (p1 + p2)
        s = q @ METRIC @ q
        through = [(slash(x) + M * ONE) / (x @ METRIC @ x - M**2) for x in (t, u)]
        amplitude = np.array([through[0] @ x + x @ through[1] for x in v]) * M
        projector = METRIC - np.outer(q, q) / M_V**2
        current = np.einsum("mn,nij->mij", projector @ METRIC, np.array(v))
        amplitude = (amplitude + 2 * M_V**2 * current / (s - M_V**2)) / w
        found = spin_sum(amplitude, p1, p2)
        return np.einsum("ab,ab", found, METRIC @ polarisations(k1, M_V) @ METRIC).real

    return squared


def dark(g_v, g_a):
    return DarkCurrent.dirac(M, g_v, g_a) if g_v else DarkCurrent.majorana(M, g_a)


def states(current):
    """Ordered pairs: each of a particle and its antiparticle, one of a Majorana fermion."""
    return current.multiplicity / 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", COUPLINGS)
@pytest.mark.parametrize("higgs", [None, (0.9, 0.0), (2.6, 0.4)])
@pytest.mark.parametrize("s", [4.3, 9.0, 60.0])
def test_vectors_are_the_trace(kind, higgs, s):
    g_v, g_a = COUPLINGS[kind]
    current = dark(g_v, g_a)
    made = None if higgs is None else DarkHiggs(*(jnp.asarray(x) for x in higgs))
    found = FermionVectorPair(current, jnp.asarray(M_V), made).strength(jnp.asarray(s))
    expected = strength_of(pairs_squared(g_v, g_a, higgs), s, M, M, M_V, M_V) / 2 * states(current)
    assert float(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", ["axial", "both"])
@pytest.mark.parametrize(("s", "m_phi"), [(4.1, 0.9), (9.0, 0.4), (40.0, 2.6)])
def test_vector_and_higgs_are_the_trace(kind, s, m_phi):
    g_v, g_a = COUPLINGS[kind]
    current = dark(g_v, g_a)
    found = FermionVectorHiggs(current, jnp.asarray(M_V), jnp.asarray(m_phi)).strength(jnp.asarray(s))
    expected = strength_of(higgs_squared(g_v, g_a, m_phi), s, M, M, M_V, m_phi) * states(current)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def at_rest(channel, m, epsilon=1e-7):
    """sigma v of a pair almost at rest."""
    s = 4 * m**2 * (1 + epsilon)
    flux = np.sqrt(s * (s - 4 * m**2)) * s / 2
    return float(channel.strength(jnp.asarray(s))) / channel.current.multiplicity / flux


@pytest.mark.parametrize("r", [0.1, 0.5, 0.9])
def test_vectors_at_rest(r):
    """g^4 (1-r^2)^(3/2)/(16 pi m^2 (1-r^2/2)^2), for an axial coupling too; moving, that grows with r^-4."""
    m = 300.0
    expected = 0.6**4 * (1 - r**2) ** 1.5 / (16 * np.pi * m**2 * (1 - r**2 / 2) ** 2)
    for current in (DarkCurrent.dirac(m, 0.6), DarkCurrent.majorana(m, 0.6)):
        channel = FermionVectorPair(current, jnp.asarray(r * m))
        assert at_rest(channel, m, 1e-10) == pytest.approx(expected, rel=3e-5)
    faster = at_rest(FermionVectorPair(DarkCurrent.majorana(m, 0.6), jnp.asarray(0.05 * m)), m, 1e-8)
    fast = at_rest(FermionVectorPair(DarkCurrent.majorana(m, 0.6), jnp.asarray(0.1 * m)), m, 1.6e-7)
    assert faster == pytest.approx(fast, rel=2e-2)


@pytest.mark.parametrize(("m_v", "m_phi"), [(200.0, 250.0), (100.0, 450.0), (350.0, 30.0)])
def test_vector_and_higgs_at_rest(m_v, m_phi):
    """g_A^4 k^3/(pi m m_V^4) + g_V^2 g_A^2 k [2A^2 + (E A - m k^2/D)^2/m_V^2]/(pi m m_V^2)."""
    m, g_v, g_a = 300.0, 0.4, 0.6
    k = float(kinematics(4 * m**2, m / 2, m / 2, m_v, m_phi, 0.0)[-1])
    energy, d = (4 * m**2 + m_v**2 - m_phi**2) / (4 * m), (m_phi**2 + m_v**2 - 4 * m**2) / 2
    a = m_v**2 / (4 * m**2 - m_v**2) + m_v**2 / (2 * d) - 0.5
    axial = g_a**4 * k**3 / (np.pi * m * m_v**4)
    mixed = g_v**2 * g_a**2 * k / (np.pi * m * m_v**2) * (2 * a**2 + (energy * a - m * k**2 / d) ** 2 / m_v**2)
    both = FermionVectorHiggs(DarkCurrent.dirac(m, g_v, g_a), *(jnp.asarray(x) for x in (m_v, m_phi)))
    assert at_rest(both, m) == pytest.approx(axial + mixed, rel=1e-5)
    assert at_rest(eqx.tree_at(lambda c: c.current.vector, both, jnp.zeros(())), m) == pytest.approx(axial, rel=1e-5)


def test_the_dark_higgs_keeps_annihilation_unitary():
    r"""At high energies |M|^2 is constant with it, but for the logarithm of the angle; without, it grows with s."""
    current, m_v = DarkCurrent.dirac(M, 0.3, 0.5), jnp.asarray(M_V)
    higgs = DarkHiggs(jnp.asarray(1.5), jnp.asarray(0.0))

    def means(channel):
        return np.array([float(channel.strength(jnp.asarray(s))) / s for s in (1e4, 1e5, 1e6)])

    for channel in (FermionVectorPair(current, m_v, higgs), FermionVectorHiggs(current, m_v, higgs.mass)):
        steps = np.diff(means(channel))
        assert steps[1] == pytest.approx(steps[0], rel=2e-3)
    without = means(FermionVectorPair(current, m_v))
    np.testing.assert_allclose(without[1:] / without[:-1], 10.0, rtol=2e-3)


def test_width_of_the_dark_higgs():
    """From the vertices: the sum over spins, and over polarisations."""
    m_phi, g_a = 3.1, 0.5
    w = M_V / (2 * g_a)
    p1, p2, k1, k2, p, k = kinematics(m_phi**2, M, M, M_V, M_V, 0.4)
    fermions = (M / w) ** 2 * np.trace((slash(p1) + M * ONE) @ (slash(p2) - M * ONE)).real * p / (8 * np.pi * m_phi**2)
    squared = np.einsum("mn,mn", polarisations(k1, M_V), METRIC @ polarisations(k2, M_V) @ METRIC)
    vectors = (2 * M_V**2 / w) ** 2 * squared * k / (8 * np.pi * m_phi**2) / 2
    for current, share in ((DarkCurrent.dirac(M, 0.2, g_a), 1.0), (DarkCurrent.majorana(M, g_a), 0.5)):
        found = DarkHiggs.of(m_phi, current, M_V)
        assert float(found.width) == pytest.approx(fermions * share + vectors, rel=1e-10)
        assert float(found.quartic(current, M_V)) == pytest.approx(m_phi**2 / (2 * w**2), rel=1e-12)
    assert float(DarkHiggs.of(1.2, current, M_V).width) < 1e-11


@pytest.mark.slow
def test_gradients_are_finite_everywhere():
    """Below, on and above thresholds, where the denominators of closed channels vanish, without couplings."""

    def strength(m_v, m_phi, g_v, g_a, s):
        current = DarkCurrent.dirac(M, g_v, g_a)
        pair = FermionVectorPair(current, m_v, DarkHiggs.of(m_phi, current, m_v))
        return pair.strength(s) + FermionVectorHiggs(current, m_v, m_phi).strength(s)

    slopes = jax.jit(jax.vmap(jax.grad(strength, argnums=(0, 1, 2, 3, 4))))
    s = [4.0, 4.0001, 2 * 1.6**2, 4 * 1.6**2, 6.25, 9.0, 1.44]
    points = [(m_v, m_phi, g_v, g_a, x) for x in s for m_v, m_phi in ((0.7, 1.8), (1.6, 0.9), (1.0, 2.0))
              for g_v, g_a in ((0.0, 0.0), (0.3, 0.0), (0.0, 0.4))]  # fmt: skip
    for slope in slopes(*jnp.asarray(points).T):
        assert np.all(np.isfinite(slope))
