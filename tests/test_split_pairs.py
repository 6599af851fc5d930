"""Split scalars and Majorana fermions into vectors and Higgs bosons: explicit sums, no splitting, high energies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import GAMMA, METRIC, ONE, bar, slash
from two_bodies import kinematics, polarisations

from bsfit.dark_sector.annihilation import VectorPair
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import FermionVectorPair
from bsfit.dark_sector.higgs_pairs import FermionHiggsPairs, FermionVectorHiggsBosons
from bsfit.dark_sector.majorana_higgs import HiggsBosons
from bsfit.dark_sector.split_vectors import Breaking, SplitFermionVectors, SplitScalarVectors

G, M_V = 0.6, 0.7
WIDTHS = (0.1, 0.3)
HIGGS = (0.9, 2.6)
SINE = 0.3
LOWER = [METRIC[i, i] * GAMMA[i] for i in range(4)]


COSINES, WEIGHTS = np.polynomial.legendre.leggauss(64)


def number(x):
    return jnp.asarray(float(x))


@jax.jit
def strength(channel, s):
    return channel.strength(s)


def value(channel, s):
    """Of one program for each kind of channel."""
    return float(strength(channel, number(s)))


def strength_of(squared, s, *masses):
    """pk/4 pi times the mean over the angle of ``squared(p1, p2, k1, k2)``, for masses that do not vanish."""
    mean = sum(w / 2 * squared(*kinematics(s, *masses, c)[:4]) for c, w in zip(COSINES, WEIGHTS, strict=True))
    *_, p, k = kinematics(s, *masses, 0.0)
    return p * k / (4 * np.pi) * mean


def breaking(masses=HIGGS, widths=WIDTHS):
    """Both Higgs bosons with their shares of the singlet."""
    return Breaking(jnp.asarray(masses), jnp.asarray(widths), jnp.asarray([SINE**2, 1 - SINE**2]))


def propagator(s, masses=HIGGS, widths=WIDTHS):
    return sum(c / (s - m**2 + 1j * m * w) for c, m, w in zip((SINE**2, 1 - SINE**2), masses, widths, strict=True))


def contracted(tensor, *vectors):
    """|A|^2 of an amplitude with indices of vectors, upper; or with two of spinors behind, that of all entries."""
    sums = [METRIC @ polarisations(k, M_V) @ METRIC for k in vectors]
    return np.einsum("mn,ab,ma,nb", tensor, tensor.conj(), *sums).real


def scalars_squared(external, exchanged):
    def squared(p1, p2, k1, k2):
        s = (p1 + p2) @ METRIC @ (p1 + p2)
        t, u = ((p1 - k) @ METRIC @ (p1 - k) - exchanged**2 for k in (k1, k2))
        first, second = METRIC @ p1, METRIC @ p2
        eta = -2 * (exchanged**2 - external**2) * propagator(s)
        tensor = METRIC * (1 + eta) + 2 * np.outer(first, second) / t + 2 * np.outer(second, first) / u
        return 4 * G**4 * contracted(tensor, k1, k2)

    return squared


def spin_sum(parts, p1, p2, m1, m2):
    """Sum over spins of |vbar(p2) A u(p1)|^2 for A [n, 4, 4]: [n, n]."""
    other = np.array([bar(x) for x in parts])
    return np.einsum("ij,ajk,kl,bli->ab", slash(p2) - m2 * ONE, parts, slash(p1) + m1 * ONE, other)


def fermions_squared(external, exchanged):
    def squared(p1, p2, k1, k2):
        s = (p1 + p2) @ METRIC @ (p1 + p2)
        through = [(slash(q) + exchanged * ONE) / (q @ METRIC @ q - exchanged**2) for q in (p1 - k1, p1 - k2)]
        higgs = 4 * (exchanged - external) * propagator(s)
        parts = np.array([
            LOWER[n] @ through[0] @ LOWER[m] + LOWER[m] @ through[1] @ LOWER[n] + higgs * METRIC[m, n] * ONE
            for m in range(4) for n in range(4)
        ])  # fmt: skip
        found = spin_sum(parts, p1, p2, external, external).reshape(4, 4, 4, 4)
        sums = [METRIC @ polarisations(k, M_V) @ METRIC for k in (k1, k2)]
        return G**4 * np.einsum("mnab,ma,nb", found, *sums).real

    return squared


@pytest.mark.parametrize(("external", "exchanged"), [(1.0, 1.7), (1.7, 1.0), (1.0, 1.0)])
def test_split_scalars_into_vectors_are_the_sum(external, exchanged):
    channel = SplitScalarVectors(*map(number, (G, external, exchanged, M_V)), breaking())
    for s in (4.1 * external**2, 9.0 * external**2, 60.0):
        expected = strength_of(scalars_squared(external, exchanged), s, external, external, M_V, M_V) / 2
        assert value(channel, s) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("external", "exchanged"), [(1.0, 1.7), (1.7, 1.0), (1.0, 1.0), (0.8, 9.0)])
def test_split_fermions_into_vectors_are_the_trace(external, exchanged):
    channel = SplitFermionVectors(*map(number, (G, external, exchanged, M_V)), breaking())
    for s in (4.1 * external**2, 9.0 * external**2, 60.0):
        expected = strength_of(fermions_squared(external, exchanged), s, external, external, M_V, M_V) / 2
        assert value(channel, s) == pytest.approx(expected, rel=1e-9)


def test_vectors_of_no_splitting():
    """Each part of a complex scalar does half of what it does; each part of a Dirac fermion a quarter of its 8."""
    whole = VectorPair(number(G), jnp.ones(1), number(M_V), 2.0)
    dirac = FermionVectorPair(DarkCurrent.dirac(1.0, G), number(M_V))
    parts = [kind(*map(number, (G, 1.0, 1.0, M_V)), breaking()) for kind in (SplitScalarVectors, SplitFermionVectors)]
    for s in (4.01, 9.0, 80.0):
        scalar, fermion = (value(channel, s) for channel in parts)
        assert 2 * scalar == pytest.approx(value(whole, s), rel=1e-12)
        assert 2 * fermion == pytest.approx(value(dirac, s), rel=1e-12)


@pytest.mark.parametrize("kind", [SplitScalarVectors, SplitFermionVectors])
def test_vectors_at_high_energies(kind):
    """With the Higgs bosons, pairs of vectors see no splitting there: g^4 for any, as without."""
    split, whole = (kind(*map(number, (G, 1.0, m, M_V)), breaking()) for m in (1.6, 1.0))
    alone = kind(*map(number, (G, 1.0, 1.6, M_V)), breaking(masses=(1e9, 1e9)))
    ratios = []
    for s in (1e4, 1e6):
        ratios.append(value(split, s) / value(whole, s))
        assert value(alone, s) > value(split, s)
    if kind is SplitScalarVectors:
        assert ratios == pytest.approx([1.0, 1.0], abs=0.02)
    else:
        assert ratios[1] < 2.0
        assert value(alone, 1e6) / value(split, 1e6) > 1e3


def test_vectors_at_the_threshold_velocity():
    """Closed, the cross section is zero; just open it grows like the velocity of the vectors."""
    for kind in (SplitScalarVectors, SplitFermionVectors):
        channel = kind(*map(number, (G, 0.5, 0.9, M_V)), breaking())
        edge = 4 * M_V**2
        assert value(channel, 0.99 * edge) == 0.0
        near, far = (value(channel, edge * (1 + x)) for x in (1e-8, 4e-8))
        assert far / near == pytest.approx(2.0, rel=1e-3)


def bosons(theta=0.4):
    trilinear = np.array([[[0.7, -0.4], [-0.4, 0.9]], [[-0.4, 0.9], [0.9, 1.3]]])
    kappa, singlet = np.array([np.cos(theta), np.sin(theta)]), np.array([-np.sin(theta), np.cos(theta)])
    arrays = [jnp.asarray(x) for x in (HIGGS, WIDTHS, kappa, singlet, trilinear)]
    return HiggsBosons(*arrays, number(1.1), number(M_V))


def higgs_pairs_squared(mass, yukawas, higgs, i, j):
    masses, widths, trilinear = (np.asarray(x) for x in (higgs.masses, higgs.widths, higgs.trilinear))

    def squared(p1, p2, k1, k2):
        s = (p1 + p2) @ METRIC @ (p1 + p2)
        through = sum((slash(q) + mass * ONE) / (q @ METRIC @ q - mass**2) for q in (p1 - k1, p1 - k2))
        pole = np.sum(yukawas * trilinear[:, i, j] / (s - masses**2 + 1j * masses * widths))
        return spin_sum(np.array([yukawas[i] * yukawas[j] * through + pole * ONE]), p1, p2, mass, mass)[0, 0].real

    return squared


def test_fermions_into_higgs_bosons_are_the_trace():
    yukawas, higgs = np.array([0.5, -0.8]), bosons()
    channel = FermionHiggsPairs(number(1.0), jnp.asarray(yukawas), higgs)
    for s in (4.2, 14.0, 60.0):
        expected = 0.0
        for i, j, share in ((0, 0, 0.5), (0, 1, 1.0), (1, 1, 0.5)):
            if s > (HIGGS[i] + HIGGS[j]) ** 2:
                squared = higgs_pairs_squared(1.0, yukawas, higgs, i, j)
                expected += share * strength_of(squared, s, 1.0, 1.0, HIGGS[i], HIGGS[j])
        assert value(channel, s) == pytest.approx(expected, rel=1e-9)


def vector_and_higgs_squared(light, heavy, higgs, i):
    share, m_h = float(higgs.singlet[i]), float(higgs.masses[i])
    yukawa = (heavy - light) * G / M_V

    def squared(p1, p2, k1, k2):
        q, r, total = p1 - k1, p1 - k2, METRIC @ (p1 + p2)
        s = total @ METRIC @ total
        assert k2 @ METRIC @ k2 == pytest.approx(m_h**2)
        after = (slash(q) + heavy * ONE) / (q @ METRIC @ q - heavy**2)
        before = (slash(r) + light * ONE) / (r @ METRIC @ r - light**2)
        emitted = np.array([yukawa * (after @ x - x @ before) for x in LOWER])
        projector = METRIC - np.outer(total, total) / M_V**2
        current = np.einsum("mn,nij->mij", projector @ METRIC, np.array(LOWER))
        amplitude = share * G * (emitted + 4 * G * M_V * current / (s - M_V**2))
        found = spin_sum(amplitude, p1, p2, light, heavy)
        return np.einsum("ab,ab", found, METRIC @ polarisations(k1, M_V) @ METRIC).real

    return squared


@pytest.mark.parametrize(("light", "heavy"), [(1.0, 1.4), (1.0, 1.0), (0.6, 0.9)])
def test_fermions_into_a_vector_and_a_higgs_boson_are_the_trace(light, heavy):
    higgs = bosons()
    channel = FermionVectorHiggsBosons(*map(number, (G, light, heavy)), higgs)
    for s in (1.1 * (light + heavy) ** 2, 9.0):
        parts = [i for i in (0, 1) if s > (M_V + HIGGS[i]) ** 2]
        expected = sum(
            strength_of(vector_and_higgs_squared(light, heavy, higgs, i), s, light, heavy, M_V, HIGGS[i]) for i in parts
        )
        assert value(channel, s) == pytest.approx(2 * expected, rel=1e-4)
    assert value(FermionVectorHiggsBosons(*map(number, (G, light, light + 1.01 * M_V)), higgs), 60.0) == 0.0
