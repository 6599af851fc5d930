"""Exchange of a light mediator in b -> s decays against direct integration, contact terms, and the narrow width."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from bsfit import catalogue
from bsfit.compiling import compiled_for
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.hadronic import form_factors
from bsfit.loading.inputs import load_inputs
from bsfit.matching.currents import lambda_v
from bsfit.numerics import crowded
from bsfit.observables import b_to_ll, b_to_nunu
from bsfit.predictions import compiled
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.theory import INDEX, NARROWEST, LightMediator, Rows, Theory, WilsonCoefficients

INPUTS = load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
C9, C10 = -1.2 + 0.3j, 0.6 - 0.2j
EXCHANGED = {"C9_bsmumu": C9, "C10_bsmumu": C10, "C9p_bsmumu": 0.4 + 0.1j, "C10p_bsmumu": -0.3 + 0.5j}
DELTA, M_CHI = -1.5e-8, 0.8
M_MU = float(INPUTS["m_mu"])
BINS = ((1.1, 6.0), (4.0, 8.0), (15.0, 22.0))


def mediator(mass, ratio, quarks=(0.0, 0.0), invisible=None):
    couplings = jnp.asarray(quarks, dtype=complex)
    return LightMediator(jnp.asarray(float(mass)), jnp.asarray(float(mass * ratio)), couplings, invisible)


def vector_of(values):
    found = np.zeros(len(INDEX), dtype=complex)
    for name, value in values.items():
        found[INDEX[name]] = value
    return found


def rows_of(bins, decay=0):
    low, high = np.array(bins).T
    n = len(bins)
    return Rows(*map(jnp.asarray, (np.full(n, decay), np.ones(n, dtype=int), low, high)))


def moments(process, points, rows, exchange=None):
    """Moments [p, n, k] at points of the coefficients."""
    row = catalogue.PROCESSES[process]
    return compiled.moments({row: (np.stack(points), rows)}, INPUTS, exchange)[process]


def panels(low, high, pole, width):
    """Nodes and weights of Gauss and Legendre in panels that shrink towards a resonance at q2 = pole."""
    steps = width * 3.0 ** np.arange(-1, 20)
    edges = np.unique(np.clip([low, high, pole, *(pole - steps), *(pole + steps)], low, high))
    x, w = np.polynomial.legendre.leggauss(8)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


# ----------------------------------------------------------------------------------------------------- into leptons


def local_coefficients(q2, exchange, conjugate):
    """Coefficients of local operators that stand for the exchange at one q2, of the b or of the anti-b quark.

    The decay of the anti-b quark has conjugate couplings, but the same propagator, and ours conjugates both.
    """
    factor = complex(exchange.factor(q2))
    factor = np.conj(factor) if conjugate else factor
    found = {name: factor * value for name, value in EXCHANGED.items()}
    for prime in ("", "p"):
        at_rest = EXCHANGED[f"C10{prime}_bsmumu"]
        found[f"CP{prime}_bsmumu"] = -2 * M_MU / q2 * (factor - 1) * at_rest
    return vector_of(found)


def integrated(process, low, high, exchange, decay, half):
    """Bin integral of the two CP states from tiny bins with the coefficients of their q2."""
    q2, weight = panels(low, high, float(exchange.mass) ** 2, float(exchange.mass * exchange.width))
    tiny = 1e-4
    rows = rows_of(np.stack([q2 - tiny, q2 + tiny], axis=1), decay)
    states = []
    for conjugate in (False, True):
        points = [local_coefficients(x, exchange, conjugate) for x in q2]
        own = moments(process, points, rows)[np.arange(len(q2)), np.arange(len(q2))] / (2 * tiny)
        states.append(weight @ own)
    return np.concatenate([states[0][:half], states[1][half : 2 * half]])


@pytest.mark.long
@pytest.mark.parametrize(
    ("process", "half", "decay"),
    [pytest.param(*row, marks=pytest.mark.slow) for row in (("b_to_k_ll", 3, 0), ("b_to_v_ll", 12, 0))],
)
def test_exchange_is_the_integral_of_local_operators(process, half, decay):
    """A broad one in the bin, with C_P from the numerator of its propagator; rates and angular coefficients."""
    exchange = mediator(2.3, 0.2)
    (found,) = moments(process, [vector_of(EXCHANGED)], rows_of([(3.0, 8.0)], decay), exchange)
    expected = integrated(process, 3.0, 8.0, exchange, decay, half)
    np.testing.assert_allclose(found[0][: 2 * half], expected, rtol=2e-5, atol=2e-6 * np.max(np.abs(expected)))


@pytest.mark.slow
@pytest.mark.parametrize(("process", "decay"), [("b_to_k_ll", 1), pytest.param("b_to_v_ll", 2, marks=pytest.mark.slow)])
def test_a_heavy_one_is_a_contact(process, decay):
    """To the accuracy of the nodes without a pole."""
    point, rows = [vector_of(EXCHANGED)], rows_of(BINS, decay)
    contact = moments(process, point, rows)[0]
    found = moments(process, point, rows, mediator(1e7, 1e-10))[0]
    np.testing.assert_allclose(found, contact, rtol=0, atol=1e-7 * np.max(np.abs(contact)))


@pytest.mark.slow
def test_a_narrow_one_in_a_bin_is_two_decays():
    """B -> K Z' times the width into muons over the whole one; the coupling so large that nothing else is seen."""
    mass, ratio, g_v, coefficient = 2.3, 1e-4, 1e-3, 3e3
    point = [vector_of({"C9_bsmumu": coefficient})]
    (found,) = moments("b_to_k_ll", point, rows_of([(4.5, 6.0)]), mediator(mass, ratio))
    unit = float(lambda_v(INPUTS)) ** 2 / abs(complex(v_tb_v_ts(INPUTS)))
    delta = coefficient * mass**2 / (2 * g_v * unit)
    rho = (M_MU / mass) ** 2
    into_muons = g_v**2 * mass / (12 * np.pi) * (1 + 2 * rho) * (1 - 4 * rho) ** 0.5
    expected = two_body(mass, of_k(mass**2)[0], delta) * into_muons / (mass * ratio)
    assert 2 * (found[0][0] + found[0][2] / 3) == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize("mass", [0.5, 2.0, 2.4, 3.0, 4.7, 4.9, 10.0])
def test_nodes_resolve_what_the_verdict_allows(mass):
    """B -> K mu mu in wide bins down to the narrowest, against itself at a shifted edge: the two parts add up."""
    for ratio in (0.3, 0.01, NARROWEST):
        exchange = mediator(mass, ratio)
        bins = [(0.1, 1.0), (1.0, 4.1), (4.1, 5.9), (5.9, 8.0), (0.1, 8.0)]
        (found,) = moments("b_to_k_ll", [vector_of(EXCHANGED)], rows_of(bins), exchange)
        rate = found[:, 0] + found[:, 2] / 3
        assert rate[-1] == pytest.approx(rate[:-1].sum(), rel=2e-5)  # the charm threshold inside: that of all bins


def test_leptonic_decays_have_no_pole():
    """C10(m_B^2) + m_B^2 C_P/2 m_l = C10(0), also where the mediator is as heavy as the meson."""
    amplitudes = jax.jit(lambda theory: b_to_ll.amplitudes(theory, INPUTS))
    wilson = WilsonCoefficients(jnp.asarray(vector_of(EXCHANGED)))
    for mass in (2.5, float(INPUTS["m_Bs"]), 10.0):
        found = amplitudes(Theory(wilson, mediator=mediator(mass, 0.05)))
        np.testing.assert_allclose(found, amplitudes(Theory(wilson)), rtol=1e-14)


# ------------------------------------------------------------------------------------------------------ unseen decays


@functools.cache
def unseen():
    return jax.jit(lambda theory: b_to_nunu.moments(theory, INPUTS, ROW)[0])


def added(exchange, **values):
    """Branching fractions to K+, K0, and K* by their parts, of B0 and B+, above those of the Standard Model."""
    theory = Theory(WilsonCoefficients(jnp.asarray(vector_of(values))), mediator=exchange)
    return np.asarray(unseen()(theory) - unseen()(Theory.standard_model()))


def benchmark(ratio=None, quarks=(DELTA, 0.0)):
    """That of the catalogue, or with a coupling that makes it as narrow as asked for; and its share of dark matter."""
    ratio = 0.05446636414817528 if ratio is None else ratio
    unit = float(DarkCurrent.majorana(M_CHI, 1.0).width(2.5))
    g_chi = min(3.0, (2.5 * ratio / unit) ** 0.5)
    return mediator(2.5, ratio, quarks, DarkCurrent.majorana(M_CHI, g_chi)), g_chi**2 * unit / (2.5 * ratio)


def two_body(mass, f_plus, delta=DELTA):
    m_b, m_k = float(INPUTS["m_B+"]), float(INPUTS["m_K+"])
    lam = m_b**4 + m_k**4 + mass**4 - 2 * (m_b**2 * m_k**2 + mass**2 * (m_b**2 + m_k**2))
    return float(INPUTS["tau_B+"]) * delta**2 * f_plus**2 * lam**1.5 / (64 * np.pi * m_b**3 * mass**2)


def of_k(q2):
    """Form factors f_+ and f_0."""
    return [float(x) for x in form_factors.evaluate(form_factors.b_to_k(INPUTS), jnp.asarray(q2))[:2]]


@pytest.mark.slow
def test_a_narrow_one_is_two_decays_and_the_benchmark_is_that_of_the_sheet():
    """B -> K Z' times the share of dark matter: 5e-6 with a form factor of 0.42; ours is larger."""
    assert two_body(2.5, 0.42) == pytest.approx(5e-6, rel=0.03)
    f_plus = of_k(6.25)[0]
    for ratio in (1e-3, 1e-4, 1e-5):
        exchange, share = benchmark(ratio)
        assert added(exchange)[0] == pytest.approx(share * two_body(2.5, f_plus), rel=3 * ratio + 1e-7)
    exchange, share = benchmark()
    assert added(exchange)[0] == pytest.approx(share * two_body(2.5, f_plus), rel=0.02)


@pytest.mark.slow
def test_decays_into_dark_matter_are_their_integral():
    """By scipy, from the formula of the width and of its time-like part, which is 6 m^2/(q2 - 4 m^2) of it."""
    exchange, _ = benchmark()
    g_chi, width = float(exchange.invisible.axial), float(exchange.width)
    m_b, m_k, tau = (float(INPUTS[name]) for name in ("m_B+", "m_K+", "tau_B+"))
    plus, zero = (
        np.polynomial.chebyshev.Chebyshev.interpolate(
            lambda x, i=i: np.array([of_k(float(y))[i] for y in x]), 32, [0, (m_b - m_k) ** 2]
        )
        for i in (0, 1)
    )

    def rate(q2, axial):
        beta2 = 1 - 4 * M_CHI**2 / q2
        lam = m_b**4 + m_k**4 + q2**2 - 2 * (m_b**2 * m_k**2 + q2 * (m_b**2 + m_k**2))
        square = g_chi**2 * beta2**1.5 * DELTA**2 / ((q2 - 6.25) ** 2 + (2.5 * width) ** 2)
        spin_one = square * lam**1.5 * plus(q2) ** 2
        scalar = (m_b**2 - m_k**2) ** 2 * zero(q2) ** 2 * lam**0.5
        contact = g_chi**2 * beta2**1.5 * DELTA**2 / 2.5**4 * scalar * 6 * M_CHI**2 / (q2 - 4 * M_CHI**2)
        # One massless left-handed flavour of coupling g: Delta^2 g^2/(1536 pi^3 m_b^3 |q2 - m^2|^2) lambda^1.5 f_+^2.
        return tau / (1536 * np.pi**3 * m_b**3) * (spin_one + axial * contact)

    ends = (4 * M_CHI**2, (m_b - m_k) ** 2)
    whole, without = (
        sum(
            scipy.integrate.quad(rate, a, b, args=(axial,), epsabs=0, epsrel=1e-10, limit=400)[0]
            for a, b in ((ends[0], 6.25), (6.25, ends[1]))
        )
        for axial in (1.0, 0.0)
    )
    assert added(exchange)[0] == pytest.approx(whole, rel=1e-8)
    assert 0.03 < whole / without - 1 < 0.08
    # A complex scalar of that coupling: half of the width, and nothing along the momentum.
    scalars = mediator(2.5, width / 2.5, (DELTA, 0.0), DarkCurrent.complex_scalar(M_CHI, g_chi))
    assert added(scalars)[0] == pytest.approx(without / 2, rel=1e-8)


@pytest.mark.slow
def test_parity_and_helicity():
    """To K the vector current, to K* both; the time-like part is in longitudinal K* alone."""
    left, right, vector, axial = (
        added(benchmark(quarks=quarks)[0])
        for quarks in ((DELTA, 0), (0, DELTA), (DELTA / 2, DELTA / 2), (DELTA / 2, -DELTA / 2))
    )
    np.testing.assert_allclose(left, right, rtol=1e-12)
    np.testing.assert_allclose(vector + axial, left, rtol=1e-12, atol=1e-20)
    np.testing.assert_allclose(vector[[3, 4, 6, 7]], 0, atol=1e-18)
    np.testing.assert_allclose(axial[[0, 1, 2, 5]], 0, atol=1e-18)


@pytest.mark.slow
def test_closed_decays_and_neutrinos_of_a_heavy_one():
    """Dark matter too heavy for the decay adds nothing; C_L of a heavy mediator is a contact."""
    closed = mediator(4.5, 0.01, (DELTA, 0), DarkCurrent.majorana(2.45, 1.0))
    np.testing.assert_allclose(added(closed), 0, atol=1e-18)
    values = {"CL_bsnumunumu": 2 - 1j, "CR_bsnutaunutau": 0.5j}
    contact = unseen()(Theory(WilsonCoefficients(jnp.asarray(vector_of(values)))))
    sm = unseen()(Theory.standard_model())
    np.testing.assert_allclose(added(mediator(1e7, 1e-10), **values), contact - sm, rtol=1e-9)


def test_crowded_nodes():
    """1/(x - pole) and its square over an interval that the pole is close to."""

    def integrals(pole):
        x, w = crowded(jnp.asarray(0.3), jnp.asarray(1.0), pole, 32)
        y, v = crowded(jnp.asarray(1.0), jnp.asarray(2.0), pole, 32)
        return sum(
            jnp.stack([weight @ (1 / (at - pole)), weight @ (jnp.abs(at - pole) ** -2)])
            for at, weight in ((x, w), (y, v))
        )

    for height in (0.3, 1e-3, 1e-6):
        pole = 1.0 - 1j * height
        found = compiled_for(integrals, jnp.asarray(pole))(jnp.asarray(pole))
        logarithm = np.log(2.0 - pole) - np.log(0.3 - pole)
        square = (np.arctan(1.0 / height) + np.arctan(0.7 / height)) / height
        np.testing.assert_allclose(found, [logarithm, square], rtol=1e-7)
