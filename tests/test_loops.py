"""Loop functions against closed forms in high precision, their limits, and derivatives at degenerate masses."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from scipy.integrate import quad

from bsfit.hadronic import b_mixing
from bsfit.matching import loops

mp.mp.dps = 50
GENERATOR = np.random.default_rng(5)
MASSES = 10 ** GENERATOR.uniform(0, 4, size=(60, 3))


def f_exact(x):
    return 1 / (x - 1) - mp.log(x) / (x - 1) ** 2


def box_exact(m1, m2, m_x):
    a, b, c = (mp.mpf(float(m)) ** 2 for m in (m1, m2, m_x))
    return (f_exact(c / a) - f_exact(c / b)) / (a - b)


def dipole_exact(m_f, m_x):
    c = mp.mpf(float(m_x)) ** 2
    r = mp.mpf(float(m_f)) ** 2 / c
    return 2 * (r**3 - 6 * r**2 + 6 * r * mp.log(r) + 3 * r + 2) / (12 * (1 - r) ** 4) / c


def penguin_exact(m_f, m_x):
    c = mp.mpf(float(m_x)) ** 2
    r = mp.mpf(float(m_f)) ** 2 / c
    return (16 - 45 * r + 36 * r**2 - 7 * r**3 + 6 * (2 - 3 * r) * mp.log(r)) / (36 * (1 - r) ** 4 * c)


def test_f_against_the_closed_form(reference):
    value = jax.jit(loops.f)
    for x in np.logspace(-8, 6, 40) * 1.0001:
        assert float(value(x)) == pytest.approx(float(f_exact(mp.mpf(x))), rel=1e-12)
    for x, expected in reference("models.json")["f_of_x"]:
        assert float(value(x)) == pytest.approx(expected, rel=1e-11)


@pytest.mark.slow
def test_series_of_f_at_one():
    """f = sum of (-1)^n (x-1)^n/(n+2): value and four derivatives at x = 1 exactly."""
    derivative, x = loops.f, 1.0
    for n in range(5):
        assert float(derivative(x)) == pytest.approx((-1) ** n * float(mp.factorial(n)) / (n + 2), rel=1e-11)
        derivative = jax.grad(derivative)


def test_functions_against_closed_forms():
    box, dipole, penguin = jax.jit(loops.box), jax.jit(loops.dipole), jax.jit(loops.photon_penguin)
    for m1, m2, m_x in MASSES:
        assert float(box(m1, m2, m_x)) == pytest.approx(float(box_exact(m1, m2, m_x)), rel=1e-12)
        assert float(dipole(m1, m_x)) == pytest.approx(float(dipole_exact(m1, m_x)), rel=1e-12)
        assert float(penguin(m1, m_x)) == pytest.approx(float(penguin_exact(m1, m_x)), rel=1e-12)


def test_box_against_numerical_integration():
    for m1, m2, m_x in ((1000.0, 500.0, 200.0), (300.0, 300.0, 299.0), (1.0, 2.0, 5.0)):
        a, b, c = m1**2, m2**2, m_x**2
        scaled = lambda y: (y / (1 - y)) ** 2 / (1 - y) ** 2  # noqa: E731
        integrand = lambda y, a=a, b=b, c=c, s=scaled: (  # noqa: E731
            s(y) / ((y / (1 - y) + a / c) * (y / (1 - y) + b / c) * (y / (1 - y) + 1) ** 2)
        )
        assert float(loops.box(m1, m2, m_x)) * c == pytest.approx(quad(integrand, 0, 1, epsabs=1e-13)[0], rel=1e-9)


def test_limits():
    assert float(loops.box(7.0, 7.0, 7.0)) == pytest.approx(1 / (3 * 49), rel=1e-12)
    assert float(loops.box(5.0, 2.0, 0.0)) == pytest.approx(np.log(25 / 4) / 21, rel=1e-12)
    assert float(loops.box(5.0, 2.0, 1e-6)) == pytest.approx(np.log(25 / 4) / 21, rel=1e-9)
    x = 0.3
    degenerate = (x + 1) / (x - 1) ** 2 - 2 * x * np.log(x) / (x - 1) ** 3
    assert float(loops.box(10.0, 10.0, 10.0 * np.sqrt(x))) == pytest.approx(degenerate / 100, rel=1e-12)
    assert float(loops.dipole(3.0, 0.0)) == pytest.approx(1 / 54, rel=1e-12)
    assert float(loops.dipole(3.0, 3.0)) == pytest.approx(1 / 108, rel=1e-12)
    assert float(loops.photon_penguin(3.0, 3.0)) == pytest.approx(-1 / 72, rel=1e-12)
    assert float(b_mixing.S0((162.5 / 80.377) ** 2)) == pytest.approx(2.30022229019202, rel=1e-13)


def test_symmetry_and_scaling():
    assert float(loops.box(300.0, 900.0, 50.0)) == pytest.approx(float(loops.box(900.0, 300.0, 50.0)), rel=1e-14)
    for function, masses in (
        (loops.box, (3.0, 9.0, 0.5)),
        (loops.dipole, (3.0, 0.5)),
        (loops.photon_penguin, (3.0, 0.5)),
    ):
        scaled = function(*(1000 * m for m in masses))
        assert float(scaled) == pytest.approx(float(function(*masses)) / 1e6, rel=1e-14)


NEAR = (1.0, 1 + 1e-9, 1 - 1e-9)
DEGENERATE = [
    *((1000.0, 1000.0 * near, 300.0) for near in NEAR),
    *((1000.0, 500.0, 1000.0 * near) for near in NEAR),
    *((1000.0, 500.0, 500.0 * near) for near in NEAR),
    *((1000.0, 1000.0, 1000.0 * near) for near in NEAR),
]


@pytest.mark.slow
def test_derivatives_at_degenerate_masses():
    def everything(m):
        return jnp.stack([loops.box(*m), loops.dipole(m[0], m[2]), loops.photon_penguin(m[1], m[2])])

    points = np.array(DEGENERATE)
    assert_derivatives(everything, points, points)


@pytest.mark.slow
def test_derivatives_are_smooth_through_degeneracy():
    hessian = jax.jit(jax.hessian(lambda m: loops.box(m[0], m[1], m[2])))
    for trio in range(0, len(DEGENERATE), 3):
        exact, *near = (np.asarray(hessian(jnp.asarray(DEGENERATE[trio + i]))) for i in range(3))
        for other in near:
            np.testing.assert_allclose(other, exact, rtol=1e-6, atol=1e-9 * np.abs(exact).max())


def test_jit_and_vmap():
    one = lambda m: loops.box(m[0], m[1], m[2])  # noqa: E731
    batch = jnp.asarray(MASSES[:8])
    np.testing.assert_allclose(jax.jit(jax.vmap(one))(batch), [one(m) for m in batch], rtol=1e-12)


# ------------------------------------------------------------------------------------------------- vertex of the Z'


def test_vertex_of_the_z_prime():
    """0.45 and 1.76 at two sets of masses; the square of the splitting; direct integration."""
    for masses, expected in (((160.0, 90.0, 300.0), 0.45), ((200.0, 100.0, 1000.0), 1.76)):
        m_f, m_1, m_2 = (mp.mpf(m) ** 2 for m in masses)

        def integrand(t, m_f=m_f, m_1=m_1, m_2=m_2):
            return t**2 / (t + m_f) * (1 / (t + m_1) - 1 / (t + m_2)) ** 2

        direct = float(mp.quad(integrand, [0, *(mp.mpf(10) ** n for n in range(2, 10)), mp.inf]))
        found = float(loops.z_prime_vertex(*masses))
        assert found == pytest.approx(expected, rel=0.01)
        assert found == pytest.approx(direct, rel=1e-10)
        assert float(loops.z_prime_vertex(masses[0], masses[2], masses[1])) == pytest.approx(found, rel=1e-12)
    assert float(loops.z_prime_vertex(200.0, 100.0, 100.0)) == 0.0
    small, twice = (float(loops.z_prime_vertex(200.0, 100.0, 100.0 + d)) for d in (1e-3, 2e-3))
    assert twice / small == pytest.approx(4.0, rel=1e-4)


def test_vertex_of_the_z_prime_is_the_sum_of_both_diagrams():
    """The vector on the fermion and on the scalar, at zero momentum, less their sum without splitting, which is zero.

    In Euclidean momenta each is a quarter of a trace; both diverge, their sum at equal masses is a surface term.
    """

    def sum_of_both(t, f, a, b):
        on_fermion = (1 / (t + f) - t / (2 * (t + f) ** 2)) * (1 / (t + a) + 1 / (t + b)) / 2
        return t * (on_fermion - t / (2 * (t + f) * (t + a) * (t + b)))

    f, a, b = (mp.mpf(m) ** 2 for m in (170.0, 70.0, 1000.0))
    edges = [0, *(mp.mpf(10) ** n for n in range(2, 14, 2)), mp.inf]
    found = mp.quad(lambda t: sum_of_both(t, f, a, b) - sum_of_both(t, f, a, a), edges)
    assert float(4 * found) == pytest.approx(float(loops.z_prime_vertex(170.0, 70.0, 1000.0)), rel=1e-6)


def test_vertex_of_split_fermions():
    """Direct integration; nothing without splitting, its square after that; symmetric."""
    m_s, m_1, m_2 = 1000.0, 300.0, 100.0

    def integrand(t):
        first, second = 1 / (t + mp.mpf(m_1) ** 2), 1 / (t + mp.mpf(m_2) ** 2)
        return t / (t + m_s**2) * (t / 2 * (first - second) ** 2 + (m_1 * first - m_2 * second) ** 2)

    vertex = jax.jit(loops.z_prime_vertex_of_fermions)
    direct = float(mp.quad(integrand, [0, *(mp.mpf(10) ** n for n in range(2, 10)), mp.inf]))
    assert float(vertex(m_s, m_1, m_2)) == pytest.approx(direct, rel=1e-11)
    assert float(vertex(m_s, m_2, m_1)) == pytest.approx(direct, rel=1e-11)
    assert float(vertex(m_s, 200.0, 200.0)) == 0.0
    small, twice = (float(vertex(m_s, 200.0, 200.0 + d)) for d in (1e-5, 2e-5))
    assert twice / small == pytest.approx(4.0, rel=1e-5)
    slope = jax.jit(jax.grad(loops.z_prime_vertex_of_fermions, (0, 1, 2)))
    assert [float(x) for x in slope(m_s, 200.0, 200.0)] == pytest.approx([0.0, 0.0, 0.0], abs=1e-30)


def test_vertex_of_split_fermions_is_the_sum_of_both_diagrams():
    """As for split scalars: the vector turns one fermion into the other, or is on the scalar; -2 times K in all."""

    def sum_of_both(t, s, m, n):
        first, second = 1 / (t + m**2), 1 / (t + n**2)
        return t * ((t / 2 + m * n) * first * second / (t + s) - t / 4 * (first + second) / (t + s) ** 2)

    s, m, n = mp.mpf(700) ** 2, mp.mpf(900), mp.mpf(150)
    edges = [0, *(mp.mpf(10) ** n for n in range(2, 14, 2)), mp.inf]
    found = mp.quad(lambda t: sum_of_both(t, s, m, n) - sum_of_both(t, s, m, m), edges)
    assert float(-2 * found) == pytest.approx(float(loops.z_prime_vertex_of_fermions(700.0, 900.0, 150.0)), rel=1e-6)


def test_tau_decays_with_a_z_prime():
    """3/(4 pi^2) ln(m_W^2/m^2)/(1 - m^2/m_W^2), smooth at m = m_W."""
    for m in (5.0, 79.0, 400.0):
        expected = 3 / (4 * np.pi**2) * np.log((80.4 / m) ** 2) / (1 - (m / 80.4) ** 2)
        assert float(loops.tau_to_muon(m, 80.4)) == pytest.approx(expected, rel=1e-10)
    assert float(loops.tau_to_muon(80.4, 80.4)) == pytest.approx(3 / (4 * np.pi**2), rel=1e-12)
