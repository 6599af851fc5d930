"""Quark loops against integrals, closed forms, exact two-loop values, the renormalisation group and flavio's layers."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from bsfit.hadronic import charm_loops, two_loop
from bsfit.hadronic.quark_loop import h, h_massless
from bsfit.numerics import chebyshev, forward_slopes

FOLDER = Path(__file__).parent / "reference"
FLAVIO = json.loads((FOLDER / "charm_loops.json").read_text())
EXACT = json.loads((FOLDER / "two_loop_exact.json").read_text())
MU, M_B, M_C, ALPHA_S = (FLAVIO[k] for k in ("mu", "m_b", "m_c", "alpha_s"))
C1_6, C8 = jnp.array(FLAVIO["C1_6"]), FLAVIO["C8_eff"]
Q2 = [float(k) for k in FLAVIO["points"]]
M_E = 0.000511


def flavio(name):
    return np.array([complex(*p[name]) for p in FLAVIO["points"].values()])


def over_q2(function, *arguments):
    return np.array(jax.jit(jax.vmap(lambda q2: function(q2, *arguments)))(jnp.array(Q2)))


def relative(a, b):
    return np.abs(np.asarray(a) - np.asarray(b)) / np.abs(b)


# -------------------------------------------------------------------------------------------------- one loop
@pytest.mark.slow
@pytest.mark.parametrize("m", [0.0, 0.1, 1.5, 4.8])
@pytest.mark.parametrize("q2", [1e-6, 0.3, 1.79, 1.81, 8.9, 8.999999, 9.000001, 9.3, 17.9, 18.1, 22.9])
def test_h_is_its_feynman_parameter_integral(q2, m):
    """h = -4/9 (1 + int 6x(1-x) ln((m^2 - x(1-x)q2 - i0)/mu^2)), an integral that knows nothing of the closed form."""
    root = mp.sqrt(1 - 4 * mp.mpf(m) ** 2 / q2) if q2 > 4 * m**2 else mp.mpf(0)
    argument = lambda x: mp.mpc(m**2 - x * (1 - x) * q2, -(mp.mpf(10) ** -30)) / MU**2  # noqa: E731
    integral = mp.quad(lambda x: 12 * x * (1 - x) * mp.log(argument(x)), [0, (1 - root) / 2, 0.5])
    ours = h(q2, m, MU) if m > 0 else h_massless(q2, MU)
    assert abs(complex(ours) + 4 / 9 * complex(1 + integral)) < 1e-12


def test_massless_limits():
    assert abs(h(10.0, 1e-6, MU) - h_massless(10.0, MU)) < 1e-12
    assert abs(h(0.0, 1.5, MU) + 4 / 9 * (1 + 2 * np.log(1.5 / MU))) < 1e-15


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("h(q2,mc)", lambda: over_q2(h, M_C, MU)),
        ("h(q2,mb)", lambda: over_q2(h, M_B, MU)),
        ("h(q2,0)", lambda: over_q2(h_massless, MU)),
        ("Y", lambda: over_q2(charm_loops.Y, C1_6, M_B, M_C, MU)),
        ("Yu", lambda: over_q2(charm_loops.Y_u, C1_6, M_C, MU)),
        ("SeidelA", lambda: over_q2(two_loop.A_up, M_B, MU)),
        ("SeidelB", lambda: over_q2(two_loop.B_up, M_B, MU)),
        ("SeidelC", lambda: over_q2(two_loop.C_up, MU)),
    ],
)
def test_closed_forms_agree_with_flavio(name, ours):
    assert relative(ours(), flavio(name)).max() < 1e-11


# ------------------------------------------------------------------------------------- chromomagnetic operator
def exact_f_8(s):
    """Eqs. (82), (83) of hep-ph/0106067 at mu = m_b."""
    b0 = -2 * mp.sqrt(4 / s - 1) * mp.atan(1 / mp.sqrt(4 / s - 1))
    c0 = mp.quad(lambda x: mp.log(x * x / (1 - x * (1 - x) * s)) / (x * (1 - s) + 1), [0, 0.25, 0.5, 1])
    f_87 = -8 * s * mp.log(s) / (9 * (1 - s)) - 8j * mp.pi / 9 - 4 * (11 - 16 * s + 8 * s**2) / (9 * (1 - s) ** 2)
    f_87 += 4 * ((9 * s - 5 * s**2 + 2 * s**3) * b0 - (4 + 2 * s) * c0) / (9 * (1 - s) ** 3)
    f_89 = 16 * mp.log(s) / (9 * (1 - s)) + 8 * (5 - 2 * s) / (9 * (1 - s) ** 2)
    return complex(f_87), complex(f_89 - 8 * (4 - s) * ((1 + s) * b0 - 2 * c0) / (9 * (1 - s) ** 3))


def series_f_8(s):
    """Eqs. (39), (40) of hep-ph/0312063 at mu = m_b: exact_f_8 to third order in s."""
    s, p, log = np.asarray(s), np.pi**2, np.log(s)
    f_89 = 104 / 9 - 32 * p / 27 + (1184 / 27 - 40 * p / 9) * s + (14212 / 135 - 32 * p / 3) * s**2
    f_89 += (193444 / 945 - 560 * p / 27) * s**3 + 16 / 9 * log * (1 + s + s**2 + s**3)
    f_87 = 8 * p / 27 - 44 / 9 - 8j * np.pi / 9 + (4 * p / 3 - 40 / 3) * s + (32 * p / 9 - 316 / 9) * s**2
    return f_87 + (200 * p / 27 - 658 / 9) * s**3 - 8 / 9 * log * (s + s**2 + s**3), f_89


@pytest.mark.parametrize("s", [1e-6, 0.01, 0.2, 0.7, 0.97, 1.1])
def test_f_8_is_exact(s):
    ours = two_loop.F_87(s * M_B**2, M_B, M_B), two_loop.F_89(s * M_B**2, M_B)
    with mp.workdps(40):
        assert relative(ours, exact_f_8(mp.mpf(s))).max() < 1e-12


def test_flavio_has_the_third_order_series_of_f_8():
    """Its values are the series to 1e-12; the series leaves the exact function as s^4."""
    s = np.array(Q2) / M_B**2
    f_87, f_89 = series_f_8(s)
    assert relative(f_87 - 32 / 9 * np.log(MU / M_B), flavio("F_87")).max() < 1e-12
    assert relative(f_89, flavio("F_89")).max() < 1e-12
    exact_87, exact_89 = over_q2(two_loop.F_87, M_B, M_B), over_q2(two_loop.F_89, M_B)
    next_order = s**4 * (2 - np.log(s))
    assert (np.abs(f_87 - exact_87) < next_order).all()
    assert (np.abs(f_89 - exact_89) < 2 * next_order).all()


# ---------------------------------------------------------------------------------------- two loops, charm
@pytest.mark.slow
def test_charm_functions_are_the_exact_ones():
    """Random points of 1912.09099 on both sides of the threshold, at mu = m_b; none of them was fitted."""
    points = np.array(EXACT["points"])
    s, ratio = points[:, 0], np.sqrt(points[:, 1])
    for k, function in enumerate([two_loop.F_17, two_loop.F_27, two_loop.F_19, two_loop.F_29]):
        ours = jax.jit(jax.vmap(lambda s, m, f=function: f(s, 1.0, m, 1.0)))(jnp.array(s), jnp.array(ratio))
        exact = points[:, 2 + 2 * k] + 1j * points[:, 3 + 2 * k]
        assert relative(ours, exact).max() < 1e-7


def bcmu(z):
    """F_27 at q2 = 0, mu = m_b: expansion to z^6 of hep-ph/0203135."""
    log, pi, p = np.log(z), np.pi, np.pi**2
    a = ((5 / 2 - p / 3 - 3 * 1.2020569031595942) + (5 / 2 - 3 * p / 4) * log + log**2 / 4 + log**3 / 12) * z
    a += (7 / 4 + 2 * p / 3 - p / 2 * log - log**2 / 4 + log**3 / 12) * z**2
    a += (-7 / 6 - p / 4 + 2 * log - 3 / 4 * log**2) * z**3
    a += (457 / 216 - 5 * p / 18 - log / 72 - 5 / 6 * log**2) * z**4
    a += (35101 / 8640 - 35 * p / 72 - 185 / 144 * log - 35 / 24 * log**2) * z**5
    a += (67801 / 8000 - 21 * p / 20 - 3303 / 800 * log - 63 / 20 * log**2) * z**6
    imaginary = (4 - p / 3 + log + log**2) * z / 2 + (1 / 2 - p / 6 - log + log**2 / 2) * z**2
    a += 1j * pi * (imaginary + z**3 + 5 / 9 * z**4 + 49 / 72 * z**5 + 231 / 200 * z**6)
    b = (-3 + p / 6 - log) * z - 2 * p / 3 * z**1.5 + (1 / 2 + p - 2 * log - log**2 / 2) * z**2
    b += (-25 / 12 - p / 9 - 19 / 18 * log + 2 * log**2) * z**3
    b += (-1376 / 225 + 137 / 30 * log + 2 * log**2 + 2 * p / 3) * z**4
    b += (-131317 / 11760 + 887 / 84 * log + 5 * log**2 + 5 * p / 3) * z**5
    b += (-2807617 / 97200 + 16597 / 540 * log + 14 * log**2 + 14 * p / 3) * z**6
    imaginary = -z + (1 - 2 * log) * z**2 + (-10 / 9 + 4 / 3 * log) * z**3 + z**4 + 2 / 3 * z**5 + 7 / 9 * z**6
    b += 1j * pi * imaginary
    return 1666 / 243 + 80 / 81 * 1j * pi - 2 * (16 / 9 * a - 8 / 9 * b)


@pytest.mark.parametrize("ratio", [0.21, 0.25, 0.3])
def test_photon_point_is_the_one_of_b_to_s_gamma(ratio):
    """A third calculation, expanded in z = (m_c/m_b)^2; what is left is its z^7."""
    z = ratio**2
    assert abs(two_loop.F_27(0.0, 1.0, ratio, 1.0) - bcmu(z)) < 60 * abs(np.log(z)) ** 2 * z**7


@pytest.mark.slow
def test_high_q2_agrees_with_greub_pilipp_schuepbach():
    """Above threshold the nodes flavio interpolates are an expansion that converges: agreement to its six digits."""
    rows = np.array([r for r in FLAVIO["nodes"]["rows"] if 9 * r[1] < r[2] < 1.05 and r[2] > 0.7])
    mu, z, s = rows[:, 0], rows[:, 1], rows[:, 2]
    for k, (function, power) in enumerate(
        [(two_loop.F_17, 0), (two_loop.F_19, 1), (two_loop.F_27, 0), (two_loop.F_29, 1)]
    ):
        evaluate = jax.jit(jax.vmap(lambda s, m, mu, f=function: f(s, 1.0, m, mu)))
        ours = np.array(evaluate(jnp.array(s), jnp.array(np.sqrt(z)), jnp.array(mu))) * s**power
        assert relative(ours, rows[:, 3 + 2 * k] + 1j * rows[:, 4 + 2 * k]).max() < 2e-4


@pytest.mark.slow
def test_low_q2_agrees_with_the_expansion_in_q2_and_the_charm_mass():
    """At the lowest nodes and the smallest charm mass flavio's table is that of hep-ph/0109140, cut at z^3, s^3."""
    rows = np.array([r for r in FLAVIO["nodes"]["rows"] if r[2] == 0.03 and r[1] < 0.07])
    for k, function in enumerate([two_loop.F_17, two_loop.F_19, two_loop.F_27, two_loop.F_29]):
        ours = [function(s, 1.0, np.sqrt(z), mu) * (s if k % 2 else 1.0) for mu, z, s in rows[:, :3]]
        assert relative(ours, rows[:, 3 + 2 * k] + 1j * rows[:, 4 + 2 * k]).max() < 1.5e-3


@pytest.mark.parametrize("r", [1e-4, 0.3, 0.9, 0.999999, 1.000001, 1.2, 4.0, 8.5])
def test_vacuum_polarisation_is_its_closed_form(r):
    """hep-ph/9606230, with the derivative of its function I taken numerically."""
    with mp.workdps(40):
        z = mp.mpc(r, mp.mpf(10) ** -35)
        u = lambda z: (mp.sqrt(1 - 1 / z) - 1) / (mp.sqrt(1 - 1 / z) + 1)  # noqa: E731

        def weight_three(z):
            v, log, li = u(z), mp.log(u(z)), mp.polylog
            total = 6 * (mp.zeta(3) + 4 * li(3, -v) + 2 * li(3, v)) - 8 * (2 * li(2, -v) + li(2, v)) * log
            return (total - 2 * (2 * mp.log(1 + v) + mp.log(1 - v)) * log**2) / z

        g, step = 2 * u(z) * mp.log(u(z)) / (u(z) ** 2 - 1), mp.mpf(10) ** -12 * abs(1 - r)
        slope = (weight_three(z + step) - weight_three(z - step)) / (2 * step)
        exact = mp.mpf(5) / 6 + 13 / (6 * z) - (1 - z) * (3 + 2 * z) / z * g + (1 - z) * (1 - 16 * z) / (6 * z) * g**2
        exact -= (1 + 2 * z) / (6 * z) * (weight_three(z) + 2 * z * (1 - z) * slope)
    assert abs(two_loop.polarisation(r) - complex(exact)) < 1e-11 * max(1.0, abs(complex(exact)))
    assert abs(two_loop.polarisation(1e-7) / 1e-7 - 328 / 81) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("q2", [0.3, 5.0, 10.0, 13.0, 20.0])
def test_coefficients_do_not_depend_on_the_scale(q2):
    """d/dln(mu) of C7 + delta_C7 and C9 + Y + delta_C9 vanishes to first order in alpha_s, for C1, C2 and C8.

    Anomalous dimensions of hep-ph/0312090: rows of O1, O2 into (O1 ... O6), into O7 and, at two loops, into O9.
    """
    mixing = jnp.array([[-4, 8 / 3, 0, -2 / 9, 0, 0], [12, 0, 0, 4 / 3, 0, 0]])
    into_c7, into_c9 = jnp.array([-208 / 243, 416 / 81]), jnp.array([-2272 / 729, 1952 / 243])
    unit = 4 * np.pi  # alpha_s/4pi = 1

    def slope(function, c1_6, c8):
        shifted = lambda log: function(q2, c1_6, c8, unit, M_B, M_C, jnp.exp(log))  # noqa: E731
        return jax.jvp(shifted, (jnp.log(MU),), (1.0,))[1]

    for c, c8 in (([1.0, 0.0], 0.0), ([0.0, 1.0], 0.0), ([0.0, 0.0], 1.0)):
        c = jnp.array(c)
        c1_6 = jnp.concatenate([c, jnp.zeros(4)])
        assert abs(slope(charm_loops.delta_C7, c1_6, c8) + c @ into_c7 - 32 / 9 * c8) < 1e-12
        mixed = charm_loops.Y(q2, c @ mixing, M_B, M_C, MU)
        assert abs(slope(charm_loops.delta_C9, c1_6, c8) + c @ into_c9 + mixed) < 1e-11


def test_u_parts_are_differences():
    """Unitarity: for a nearly massless charm quark (exact values at m_c = 0.01 m_b) charm and up loops are the same."""
    for s, _, *f in EXACT["nearly_massless"]:
        assert relative(two_loop.F_27_up(s, 1.0, 1.0), f[0] + 1j * f[1]) < 3e-3
        if s < 0.5:  # above, the exact program itself loses its digits at so small a mass
            assert relative(two_loop.F_29_up(s, 1.0, 1.0), f[2] + 1j * f[3]) < 8e-3


def test_flavio_adds_the_up_loop():
    """Its delta_C9 is rebuilt to 1e-12 from its own functions with -(charm + up) where unitarity has charm - up.

    The difference is below 0.35 % of C_9.
    """
    c1, c2 = FLAVIO["C1_6"][:2]
    ratio = complex(*FLAVIO["lambda_u"]) / complex(*FLAVIO["lambda_t"])
    b, c = flavio("SeidelB"), flavio("SeidelC")
    charm = c1 * flavio("F_19(z pole)") + c2 * flavio("F_29(z pole)")
    up = -c1 * (b + 4 * c) + c2 * (6 * b - 3 * c)
    added, correct = (
        -ALPHA_S / (4 * np.pi) * (charm + C8 * flavio("F_89") + ratio * u_part)
        for u_part in (-(charm + up), charm - up)
    )
    assert relative(added, flavio("delta_C9")).max() < 1e-12
    assert np.abs(added - correct)[np.array(Q2) != 10].max() < 0.0035 * 4.05


@pytest.mark.slow
def test_distance_to_flavio_in_the_coefficients():
    """All causes together (its expansions, its interpolation, its sign): C7 by 0.006, C9 by 0.015 from 0.5 GeV^2 on."""
    ratio = complex(*FLAVIO["lambda_u"]) / complex(*FLAVIO["lambda_t"])
    masses_7, masses_9 = (M_B, FLAVIO["m_c_dipole"], MU), (M_B, M_C, MU)
    d7 = over_q2(charm_loops.delta_C7, C1_6, C8, ALPHA_S, *masses_7)
    d7 = d7 + ratio * over_q2(charm_loops.delta_C7_u, C1_6, ALPHA_S, *masses_7)
    d9 = over_q2(charm_loops.delta_C9, C1_6, C8, ALPHA_S, *masses_9)
    d9 = d9 + ratio * over_q2(charm_loops.delta_C9_u, C1_6, ALPHA_S, *masses_9)
    measured = (np.array(Q2) >= 0.5) & (np.array(Q2) != 10)  # at 10 GeV^2 flavio's table is meaningless
    assert np.abs(d7 - flavio("delta_C7"))[measured].max() < 0.006
    assert np.abs(d9 - flavio("delta_C9"))[measured].max() < 0.015


# ------------------------------------------------------------------------------------------ numerical behaviour
THRESHOLD = 4 * M_C**2
GRID = [4 * M_E**2, 1e-4, 0.05, 0.2257, 1.1, 6.0, 11.0, THRESHOLD - 0.01, THRESHOLD + 0.01, 15.0, 19.0, 22.9]
NAMES = ["h", "Y", "Y_u", "delta_C7", "delta_C9", "delta_C7_u", "delta_C9_u"]


def everything(q2, m_b, m_c, mu):
    """All public functions, in the order of NAMES: one compilation for all."""
    both, up = (q2, C1_6, C8, ALPHA_S, m_b, m_c, mu), (q2, C1_6, ALPHA_S, m_b, m_c, mu)
    one_loop = [h(q2, m_c, mu), charm_loops.Y(q2, C1_6, m_b, m_c, mu), charm_loops.Y_u(q2, C1_6, m_c, mu)]
    two_loops = [charm_loops.delta_C7(*both), charm_loops.delta_C9(*both)]
    return jnp.stack([*one_loop, *two_loops, charm_loops.delta_C7_u(*up), charm_loops.delta_C9_u(*up)])


values = jax.jit(jax.vmap(everything))
slopes = jax.jit(jax.vmap(lambda *x: jnp.stack(jax.jacfwd(everything, argnums=(0, 1, 2, 3))(*x))))


def points(q2):
    q2 = np.atleast_1d(q2)
    return np.stack([q2, *(np.full_like(q2, x) for x in (M_B, M_C, MU))])


@pytest.mark.long
def test_gradients_are_the_differences():
    """Forward derivatives against five-point differences in q2, both masses and the scale: 1e-6."""
    grid = points(np.array(GRID))
    exact = np.array(slopes(*grid))  # [point, argument, function]
    near = np.minimum(abs(grid[0] - THRESHOLD), grid[0])
    for k in range(4):
        step = 2e-3 * (near if k in (0, 2) else np.ones_like(near))
        shift = np.eye(4)[k][:, None] * step
        f = [np.array(values(*(grid + n * shift))) for n in (-2, -1, 1, 2)]
        difference = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * step[:, None])
        rounding = 1e-14 * np.abs(f).max(0) / step[:, None]
        allowed = 1e-6 * np.maximum(abs(exact[:, k]), abs(f[1]) / grid[k][:, None]) + 10 * rounding
        assert (abs(difference - exact[:, k]) < allowed).all(), NAMES


@pytest.mark.long
def test_values_and_gradients_are_finite_everywhere():
    """Also at the electron threshold, at the charm threshold, one step of rounding beside it, and above m_b^2."""
    special = [4 * M_E**2, THRESHOLD, np.nextafter(THRESHOLD, 0), np.nextafter(THRESHOLD, 20), M_B**2, 23.0]
    at = points(np.array(special))
    curvature = jax.jit(jax.vmap(jax.jacfwd(jax.jacfwd(everything))))(*at)
    assert np.isfinite(values(*at)).all()
    assert np.isfinite(slopes(*at)).all()
    assert np.isfinite(curvature).all()


@pytest.mark.long
def test_reverse_mode_equals_forward_mode():
    weights = jnp.array(np.random.default_rng(1).normal(size=(2, len(NAMES))))

    def real(x):
        f = everything(*x)
        return weights[0] @ f.real + weights[1] @ f.imag

    for q2 in (0.01, 14.0):
        point = jnp.array([q2, M_B, M_C, MU])
        backward, forward = jax.jit(jax.grad(real))(point), jax.jit(jax.jacfwd(real))(point)
        assert np.allclose(backward, forward, rtol=1e-12, atol=1e-14)


def test_functions_are_continuous_where_their_form_changes():
    """The end of the series of h, and the charm threshold of A and B."""
    switch = 4 * 0.02 * M_C**2
    below, above = h(switch * (1 - 1e-14), M_C, MU), h(switch * (1 + 1e-14), M_C, MU)
    assert abs(below - above) < 1e-13
    for function in (two_loop.A_charm, two_loop.B_charm):
        below, above = (function(THRESHOLD * (1 + d), M_B, M_C, MU) for d in (-1e-13, 1e-13))
        assert abs(below - above) < 1e-5


@pytest.mark.slow
def test_jit_equals_eager_and_vmap_equals_loop():
    q2 = np.array([0.05, 6.0, 15.0])
    eager = np.stack([everything(x, M_B, M_C, MU) for x in q2])
    assert np.allclose(values(*points(q2)), eager, rtol=1e-12, atol=1e-13)


def test_coefficients_may_be_complex():
    """delta_C9 is linear in the coefficients."""
    delta = lambda c, c8: charm_loops.delta_C9(6.0, c, c8, ALPHA_S, M_B, M_C, MU)  # noqa: E731
    turned = delta(C1_6 * (1 + 0.5j), C8 * 2j)
    assert abs(turned - (1 + 0.5j) * delta(C1_6, 0.0) - 2j * delta(0 * C1_6, C8)) < 1e-14


@pytest.mark.slow
def test_shared_helpers_differentiate_to_second_order():
    """Chebyshev polynomials and forward slopes are custom rules: their Hessian is the one of the plain program."""
    series, x = np.polynomial.Chebyshev([0.3, -1.0, 0.5, 0.2, 0.7]), jnp.array(0.3)
    ours = lambda x: chebyshev(x, 5) @ series.coef  # noqa: E731
    derivatives = [ours(x), jax.grad(ours)(x), jax.hessian(ours)(x)]
    assert np.allclose(derivatives, [series(0.3), series.deriv(1)(0.3), series.deriv(2)(0.3)])
    plain = lambda x, y: jnp.stack([jnp.sin(x * y), x**2 * y])  # noqa: E731
    wrapped, total = forward_slopes(plain), lambda f: lambda v: jnp.sum(f(v[0], v[1]) ** 2)
    at = jnp.array([0.4, 1.3])
    for derivative in (jax.grad, jax.hessian):
        ours, exact = (jax.jit(derivative(total(f)))(at) for f in (wrapped, plain))
        assert np.allclose(ours, exact, rtol=1e-13)
