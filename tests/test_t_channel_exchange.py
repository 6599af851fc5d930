"""Heavy particles in the t channel: explicit traces with all masses, s-, p- and d-waves, interferences, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import FIVE, GAMMA, LEFT, METRIC, ONE, RIGHT, bar, slash
from scipy.integrate import quad
from two_bodies import strength_of

from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.angles import means
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.higgs_interference import HiggsInterference
from bsfit.dark_sector.higgs_portal import HiggsExchange
from bsfit.dark_sector.majorana_higgs import FermionHiggsInterference
from bsfit.dark_sector.real_scalars import MixedFermionExchange, RealFermionExchange
from bsfit.dark_sector.scalar_exchange import MixedScalarExchange, ScalarExchange, ScalarVectorInterference
from bsfit.dark_sector.t_channel import FermionExchange
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop

REFERENCE = load_inputs("reference")
ONES, NONE = jnp.ones(1), jnp.zeros(0)
S, M, HEAVY = 9.0, 1.0, 1.6
FINAL = [(0.5, 0.2), (0.9, 0.9), (0.0, 0.0)]
CONJUGATION = 1j * GAMMA[2] @ GAMMA[0]


def row(weight, m1, m2, heavy):
    return weight * ONES, m1 * ONES, m2 * ONES, heavy * ONES


def value(channel, s=S):
    return float(channel.strength(jnp.asarray(s)))


# ------------------------------------------------------------------------------------------------ angular means


def test_means_of_propagators():
    for d, h in ((2.0, 1e-3), (2.0, 0.62), (2.0, 0.64), (2.0, 1.5), (1.0, 0.999)):
        found = means(jnp.asarray(d), jnp.asarray(h))
        for n, (power, cosines) in enumerate(((1, 0), (1, 2), (2, 0), (2, 2), (2, 4))):
            expected = quad(lambda c: c**cosines / (d**2 - h**2 * c**2) ** power, 0, 1, epsrel=1e-13)[0]  # noqa: B023
            assert float(found[n]) == pytest.approx(expected, rel=1e-11), (d, h, n)


# -------------------------------------------------------------------------------------------- fermion dark matter


def spinors(p, m):
    """u of both spins, and v of both, of a particle of momentum p: columns of the projectors."""
    found = []
    for sign in (1, -1):
        values, vectors = np.linalg.eigh(GAMMA[0] @ (slash(p) + sign * m * ONE))
        order = np.argsort(-np.abs(values))[:2]
        found.append([vectors[:, i] * np.sqrt(abs(values[i])) for i in order])
    return found


def majorana_squared(p1, p2, k1, k2, m, m1, m2, through, other=None, sign=-1, higgs=0.0):
    """Sum over spins of the t channel less the u channel, v = C ubar^T; ``through`` is (1/T, 1/U).

    Of masses m and `other` with the relative `sign`, and with a scalar in the s channel of that amplitude.
    """
    u1, u2 = spinors(p1, m)[0], spinors(p2, m if other is None else other)[0]
    first, second = spinors(k1, m1)[0], spinors(k2, m2)[1]
    adjoint = lambda x: x.conj() @ GAMMA[0]  # noqa: E731
    conjugate = lambda u: CONJUGATION @ adjoint(u).T  # noqa: E731
    total = 0.0
    for a in u1:
        for b in u2:
            for f in first:
                for g in second:
                    t = (adjoint(f) @ RIGHT @ a) * (adjoint(conjugate(b)) @ LEFT @ g) * through[0]
                    u = (adjoint(f) @ RIGHT @ b) * (adjoint(conjugate(a)) @ LEFT @ g) * through[1]
                    s = (adjoint(conjugate(b)) @ a) * (adjoint(f) @ g) * higgs
                    total += abs(t + sign * u - s) ** 2
    return total


@pytest.mark.parametrize(("m1", "m2"), FINAL)
@pytest.mark.parametrize("majorana", [False, True])
def test_exchange_of_a_scalar_is_the_trace(majorana, m1, m2):
    """Two traces for a Dirac fermion, sums over explicit spinors for a Majorana one."""

    def squared(p1, p2, k1, k2):
        t, u = ((k1 - p) @ METRIC @ (k1 - p) - HEAVY**2 for p in (p1, p2))
        if majorana:
            return majorana_squared(p1, p2, k1, k2, M, m1, m2, (1 / t, 1 / u))
        first = np.trace((slash(k1) + m1 * ONE) @ RIGHT @ (slash(p1) + M * ONE) @ bar(RIGHT))
        second = np.trace((slash(p2) - M * ONE) @ LEFT @ (slash(k2) - m2 * ONE) @ bar(LEFT))
        return (first * second).real / t**2

    channel = ScalarExchange(jnp.asarray(M), *row(0.7, m1, m2, HEAVY), NONE, majorana)
    expected = strength_of(squared, S, M, M, m1, m2) * 0.7 * (1 if majorana else 2)
    assert value(channel) == pytest.approx(expected, rel=1e-7 if m1 == 0 else 1e-9)


@pytest.mark.parametrize(("m1", "m2"), FINAL)
def test_exchange_by_two_majorana_fermions_is_the_trace(m1, m2):
    """Couplings 1 and i over the root of two: the sum of both channels, a quarter of the weight, two orders."""
    masses = (0.7, 1.2)

    def squared(p1, p2, k1, k2):
        t, u = ((p1 - k) @ METRIC @ (p1 - k) - HEAVY**2 for k in (k1, k2))
        return majorana_squared(p1, p2, k1, k2, masses[0], m1, m2, (1 / t, 1 / u), other=masses[1], sign=1) / 4

    channel = MixedScalarExchange(tuple(jnp.asarray(m) for m in masses), *row(0.7, m1, m2, HEAVY), NONE, species=1)
    expected = strength_of(squared, S, *masses, m1, m2) * 0.7 * 2
    assert value(channel) == pytest.approx(expected, rel=1e-7 if m1 == 0 else 1e-9)


def test_two_majorana_fermions_are_a_dirac_one():
    """All pairs of the parts together, equally heavy."""
    for m1, m2 in FINAL:
        own = ScalarExchange(jnp.asarray(M), *row(0.7 / 4, m1, m2, HEAVY), NONE, True)
        mixed = MixedScalarExchange((jnp.asarray(M), jnp.asarray(M)), *row(0.7, m1, m2, HEAVY), NONE, species=1)
        whole = ScalarExchange(jnp.asarray(M), *row(0.7, m1, m2, HEAVY), NONE, False)
        assert 2 * value(own) + value(mixed) == pytest.approx(value(whole), rel=1e-12)


def test_interference_of_majorana_fermions_is_the_trace():
    """The squares with and without, as one amplitude; the lines of the two chains are crossed once: a sign."""
    m_f, coupling, yukawa, m_h, width, vev = 0.6, 0.7, 0.9, 2.4, 0.3, 2.0
    pole = yukawa * (m_f / vev) / (S - m_h**2 + 1j * m_h * width)

    def squared(p1, p2, k1, k2):
        through = tuple(coupling / ((p1 - k) @ METRIC @ (p1 - k) - HEAVY**2) for k in (k1, k2))
        sums = [
            majorana_squared(p1, p2, k1, k2, M, m_f, m_f, t, higgs=h)
            for t, h in ((through, pole), (through, 0.0), ((0.0, 0.0), pole))
        ]
        return 3 * (sums[0] - sums[1] - sums[2])

    scalars = jnp.asarray([M]), jnp.asarray([[yukawa]]), ONES, jnp.asarray([m_h]), jnp.asarray([width])
    exchange = HiggsExchange(*scalars, jnp.asarray(vev), jnp.ones(2), ONES, ONES, multiplicity=1.0)
    channel = FermionHiggsInterference(exchange, 3 * coupling * ONES, m_f * ONES, jnp.asarray(HEAVY))
    assert value(channel) == pytest.approx(strength_of(squared, S, M, M, m_f, m_f), rel=1e-8)


def sigma_v(channel, m, v, states):
    """sigma v of one pair in the laboratory frame."""
    s = 2 * m**2 * (1 + 1 / np.sqrt(1 - v**2))
    return value(channel, s) / states / (np.sqrt(s * (s - 4 * m**2)) * (s - 2 * m**2))


@pytest.mark.parametrize("heavy", [500.0, 3e4])
def test_scalar_exchange_at_rest(heavy):
    """Dirac: s-wave; Majorana: p-wave, and s-wave with the masses of the fermions. No digits lost for heavy scalars."""
    m = 200.0
    scale = 0.7 * m**2 / (np.pi * (m**2 + heavy**2) ** 2)
    dirac = ScalarExchange(jnp.asarray(m), *row(0.7, 0.0, 0.0, heavy), NONE, False)
    assert sigma_v(dirac, m, 1e-4, 8.0) == pytest.approx(scale / 32, rel=1e-6)
    majorana = ScalarExchange(jnp.asarray(m), *row(0.7, 0.0, 0.0, heavy), NONE, True)
    wave = scale * (m**4 + heavy**4) / (48 * (m**2 + heavy**2) ** 2)
    assert sigma_v(majorana, m, 1e-3, 4.0) == pytest.approx(wave * 1e-6, rel=1e-5)
    massive = ScalarExchange(jnp.asarray(m), *row(0.7, 60.0, 60.0, heavy), NONE, True)
    d = m**2 + heavy**2 - 60.0**2
    expected = 0.7 * 60.0**2 * np.sqrt(1 - 0.09) / (32 * np.pi * d**2)
    assert sigma_v(massive, m, 1e-5, 4.0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("mass", [0.0, 0.6])
def test_interference_with_a_vector_is_the_trace(mass):
    """A single chain of both lines; for massless fermions the squares with and without, as one amplitude."""
    g_a, m_z, width, heavy, left, right, coupling = 0.4, 4.2, 0.5, 1.6, 0.3, -0.2, 0.7
    pole = 1 / (S - m_z**2 + 1j * m_z * width)

    def chain(p1, p2, k1, k2):
        q = METRIC @ (p1 + p2)
        propagator = METRIC - np.outer(METRIC @ q, METRIC @ q) / m_z**2
        total = 0.0
        for a in range(4):
            for b in range(4):
                line = (slash(k1) + mass * ONE) @ GAMMA[b] @ (left * LEFT + right * RIGHT) @ (slash(k2) - mass * ONE)
                line = line @ bar(LEFT) @ (slash(p2) - M * ONE) @ GAMMA[a] @ FIVE @ (slash(p1) + M * ONE) @ bar(RIGHT)
                total = total + (METRIC @ propagator @ METRIC)[a, b] * np.trace(line)
        return total

    def squared(p1, p2, k1, k2):
        found = 0.0
        for p, other in ((p1, p2), (p2, p1)):
            t = (k1 - p) @ METRIC @ (k1 - p) - heavy**2
            found += (2 * pole.real * g_a * coupling / t * chain(p, other, k1, k2)).real
        return found

    def amplitudes(p1, p2, k1, k2):
        t, u = ((k1 - p) @ METRIC @ (k1 - p) for p in (p1, p2))
        both = [coupling / (x - heavy**2) + 2 * left * g_a * pole for x in (t, u)]
        alone = [coupling / (t - heavy**2), coupling / (u - heavy**2)], [2 * left * g_a * pole] * 2
        sums = [abs(x) ** 2 * (t - M**2) ** 2 + abs(y) ** 2 * (u - M**2) ** 2 - 2 * M**2 * S * (x * np.conj(y)).real
                for x, y in (both, *alone)]  # fmt: skip
        return sums[0] - sums[1] - sums[2]

    current = DarkCurrent.majorana(M, g_a)
    final = FermionPairs(ONES, mass * ONES, mass * ONES, left * ONES + 0j, right * ONES + 0j)
    arguments = jnp.asarray(m_z), jnp.asarray(width), final, coupling * ONES, heavy * ONES, NONE
    found = value(ScalarVectorInterference(current, *arguments))
    assert found == pytest.approx(strength_of(squared, S, M, M, mass, mass), rel=1e-9)
    if mass == 0.0:
        assert found == pytest.approx(strength_of(amplitudes, S, M, M, mass, mass), rel=1e-9)


# --------------------------------------------------------------------------------------------- scalar dark matter


@pytest.mark.parametrize(("m1", "m2"), FINAL)
@pytest.mark.parametrize(("m_r", "m_i"), [(1.0, 1.0), (0.8, 1.3)])
def test_real_scalars_are_the_trace(m_r, m_i, m1, m2):
    def squared(sign):
        def summed(p1, p2, k1, k2):
            vertex = 0.0
            for q, share in ((k1 - p1, 1.0), (k1 - p2, sign)):
                vertex = vertex + share * RIGHT @ slash(q) @ LEFT / (q @ METRIC @ q - HEAVY**2)
            return np.trace((slash(k1) + m1 * ONE) @ vertex @ (slash(k2) - m2 * ONE) @ bar(vertex)).real

        return summed

    mixed = MixedFermionExchange(*jnp.asarray([m_r, m_i]), *row(0.7, m1, m2, HEAVY), NONE)
    expected = strength_of(squared(-1.0), S, m_r, m_i, m1, m2) * 0.7 / 4 * 2
    assert value(mixed) == pytest.approx(expected, rel=1e-9)
    real = RealFermionExchange(jnp.asarray(m_r), *row(0.7, m1, m2, HEAVY), NONE)
    assert value(real) == pytest.approx(strength_of(squared(1.0), S, m_r, m_r, m1, m2) * 0.7, rel=1e-9)


@pytest.mark.parametrize("heavy", [500.0, 3e4])
def test_real_scalars_at_rest(heavy):
    """d-wave lambda^4 v^4/(60 pi m^2 (1+M^2/m^2)^4); s-wave with the masses of the fermions."""
    m = 200.0
    massless = RealFermionExchange(jnp.asarray(m), *row(0.7, 0.0, 0.0, heavy), NONE)
    wave = 0.7 * m**6 / (60 * np.pi * (m**2 + heavy**2) ** 4)
    assert sigma_v(massless, m, 3e-3, 1.0) == pytest.approx(wave * 3e-3**4, rel=2e-4)
    massive = RealFermionExchange(jnp.asarray(m), *row(0.7, 60.0, 60.0, heavy), NONE)
    expected = 0.7 * 60.0**2 * (1 - 0.09) ** 1.5 / (4 * np.pi * (m**2 + heavy**2 - 60.0**2) ** 2)
    assert sigma_v(massive, m, 1e-5, 1.0) == pytest.approx(expected, rel=1e-6)


def test_two_real_scalars_are_a_complex_one():
    """RR, II and RI of equal masses: together what X and its antiparticle do."""
    for m1, m2 in FINAL:
        rows = row(0.7, m1, m2, HEAVY)
        whole = FermionExchange(jnp.asarray(M), *rows, NONE)
        real = RealFermionExchange(jnp.asarray(M), rows[0] / 4, *rows[1:], NONE)
        mixed = MixedFermionExchange(jnp.asarray(M), jnp.asarray(M), *rows, NONE)
        assert 2 * value(real) + value(mixed) == pytest.approx(value(whole), rel=1e-11)


@pytest.mark.parametrize("real", [False, True])
def test_interference_with_the_higgs_is_the_trace(real):
    m, m_f, heavy, coupling, cubic, m_h, width, vev = 1.0, 0.6, 1.6, 0.7, 0.9, 2.4, 0.3, 2.0
    pole = cubic * (m_f / vev) / (S - m_h**2 + 1j * m_h * width)

    def squared(p1, p2, k1, k2):
        vertex = 0.0
        for p in (p1, p2) if real else (p1,):
            q = k1 - p
            vertex = vertex + coupling * RIGHT @ slash(q) @ LEFT / (q @ METRIC @ q - heavy**2)
        parts = vertex, pole * ONE
        sums = [np.trace((slash(k1) + m_f * ONE) @ x @ (slash(k2) - m_f * ONE) @ bar(x)).real
                for x in (parts[0] + parts[1], *parts)]  # fmt: skip
        return 3 * (sums[0] - sums[1] - sums[2])

    scalars = jnp.asarray([m]), jnp.asarray([[cubic]]), ONES, jnp.asarray([m_h]), jnp.asarray([width])
    exchange = HiggsExchange(*scalars, jnp.asarray(vev), jnp.ones(2), ONES, ONES, multiplicity=1.0 if real else 2.0)
    channel = HiggsInterference(exchange, 3 * coupling * ONES, m_f * ONES, heavy * ONES, NONE, 1.0 if real else 2.0)
    expected = strength_of(squared, S, m, m, m_f, m_f) * (1 if real else 2)
    assert value(channel) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("coupling", "expected"), [(0.1, 0.184282), (-0.1, 0.163424)])
def test_interference_in_the_loop_model(coupling, expected):
    """Independent numbers, 3 % from those without; 1e-4 apart."""
    point = {"m_Q": 1500.0, "m_L": 1000.0, "m_X": 300.0, "lambda_Q_s": -0.387, "lambda_Q_b": 0.387, "lambda_L_mu": 0.3}
    solve = jax.jit(lambda x: relic_density(loop.theory({**point, "lambda_H": x}, REFERENCE).dark).omega_h2)
    assert float(solve(coupling)) == pytest.approx(expected, rel=1e-4)


# ------------------------------------------------------------------------------------------------------ gradients


@pytest.mark.long
def test_gradients_of_the_t_channel_are_finite():
    """Below, on and above thresholds of massive fermions, and where couplings vanish."""

    def total(m, heavy, m_f, weight, s):
        rows = row(weight, m_f, m_f / 2, heavy)
        final = FermionPairs(ONES, m_f * ONES, m_f * ONES, weight * ONES + 0j, weight * ONES + 0j)
        vector = jnp.asarray(3.0), jnp.asarray(0.1), final, weight * ONES, heavy * ONES, NONE
        channels = (
            ScalarExchange(m, *rows, NONE, True),
            ScalarExchange(m, *rows, NONE, False),
            RealFermionExchange(m, *rows, NONE),
            MixedFermionExchange(m, m * 1.1, *rows, NONE),
            ScalarVectorInterference(DarkCurrent.majorana(m, weight), *vector),
        )
        return sum((channel.strength(s) for channel in channels), jnp.zeros(()))

    points = [(m, 1.6, m_f, w, s) for m, m_f, s in ((1.0, 0.0, 4.0), (1.0, 0.0, 5.0), (1.0, 1.0, 4.0), (1.0, 2.0, 9.0),
              (1.0, 1.2, 4.1), (1.6, 0.3, 11.0), (1.0, 3.0, 4.5)) for w in (0.0, 0.5)]  # fmt: skip
    slopes = jax.jit(jax.vmap(jax.grad(total, argnums=(0, 1, 2, 3, 4))))(*jnp.asarray(points).T)
    for slope in slopes:
        assert np.all(np.isfinite(slope))
