"""Power corrections: shifts of observables against flavio, ranges, and nothing by default."""

import re

import flavio_points
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.hadronic import form_factors, power_corrections
from bsfit.hadronic.effective_coefficients import quarks
from bsfit.hadronic.phase_space import sqrt_lambda
from bsfit.loading.inputs import input_set, load_inputs
from bsfit.observables import b_to_v_gamma, b_to_v_ll
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory, WilsonCoefficients

NAMES = (
    "<dBR/dq2>(B0->K*mumu)[1.1,6]",
    "<P5p>(B0->K*mumu)[4,6]",
    "<FL>(B0->K*mumu)[1.1,2.5]",
    "<S4>(B0->K*mumu)[15,19]",
    "<dBR/dq2>(B+->Kmumu)[1.1,6]",
    "<dBR/dq2>(B+->Kmumu)[15,22]",
)
# Observables of flavio 2.7.1 at its default inputs, and with one parameter changed.
CENTRAL = (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.51259e-08, 1.52201e-08)
SHIFTED = {
    ("B0->K* delta_C7 a_0 Re", 0.186): (4.86089e-08, -0.771006, 0.76697, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C7 a_- Re", 0.023): (4.67112e-08, -0.771715, 0.771666, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C7p a_+ Re", 0.06): (4.68055e-08, -0.812403, 0.75881, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C9 c_- Re", 0.3): (4.6836e-08, -0.758314, 0.759431, -0.296096, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C9 c_+ Re", 0.3): (4.6836e-08, -0.758314, 0.759431, -0.301732, 3.51259e-08, 1.52201e-08),
    ("B+->K delta_C9 a Re", 0.08): (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.58043e-08, 1.52201e-08),
    ("B+->K delta_C9 c Re", 0.2): (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.51259e-08, 1.59572e-08),
}


@pytest.fixture(scope="module")
def central():
    return np.array(list(bsfit.predict(NAMES, inputs="flavio").values()))


@pytest.mark.long
@pytest.mark.parametrize(("name", "size"), SHIFTED)
def test_shifts_of_flavio(central, name, size):
    """Each parameter moves each observable as it does in flavio, to 2 % of the shift and 1e-5 of the observable.

    5 % for the positive helicity, where flavio has no loops of C8'.
    """
    rtol = 0.05 if "C7p" in name else 0.02
    moved = np.array(list(bsfit.predict(NAMES, inputs=load_inputs("flavio", {name: size})).values()))
    expected = np.array(SHIFTED[name, size]) - np.array(CENTRAL)
    np.testing.assert_allclose(moved - central, expected, rtol=rtol, atol=1e-5 * np.abs(CENTRAL).max())
    np.testing.assert_allclose((moved - central) / CENTRAL, expected / CENTRAL, rtol=0.02, atol=5e-4)


def test_central_values_are_zero_and_partners_are_correlated():
    priors = [p for p in input_set("default").priors if any(re.match("B.* delta_C", name) for name in p.names)]
    assert sum(len(p.names) for p in priors) == 66
    for prior in priors:
        assert not prior.mean.any()
        sigma = np.sqrt(np.diag(prior.covariance))
        assert prior.covariance[0, 1] == pytest.approx(0.99 * sigma[0] * sigma[1], rel=1e-6)


@pytest.mark.slow
def test_nothing_between_the_ranges_and_smooth_everywhere():
    none, one, m_b = jnp.zeros(2, dtype=complex), jnp.ones(()), jnp.asarray(5.28)
    shifts = power_corrections.PseudoscalarShifts(*(jnp.asarray(x + 0j) for x in (0.1, 0.01, 0.2)), none)
    q2 = jnp.linspace(0.1, 20.0, 2000)
    value = jax.vmap(lambda q2: power_corrections.pseudoscalar_shift(q2, shifts, one, m_b))(q2)
    assert np.all(value[(q2 > 10.0) & (q2 < 13.0)] == 0.0)
    np.testing.assert_allclose(value[q2 < 9.0], 0.1 + 0.01 * q2[q2 < 9.0], rtol=1e-12)
    np.testing.assert_allclose(value[q2 > 14.0], 0.2, rtol=1e-12)
    assert np.abs(np.diff(value)).max() < 0.01


# ------------------------------------------------------------------------------------------- helicity polynomials

FLAVIO = load_inputs("flavio")
Q2, HALF = 4.0, 1e-5
NARROW = flavio_points.rows([(0, lepton, Q2 - HALF, Q2 + HALF) for lepton in (0, 1)])


def helicity_form_factors(q2):
    """What multiplies C9 in the amplitudes 0, minus, plus over -2 m_B, as in 1212.2263; and f+ of B -> K."""
    m_b, m_v = float(FLAVIO["m_B0"]), float(FLAVIO["m_K*0"])
    kstar = jax.tree.map(lambda x: x[0], form_factors.b_to_v(FLAVIO))
    v, _, a1, a12, *_ = (float(x) for x in form_factors.evaluate(kstar, jnp.asarray(q2)))
    axial, vector = (
        (1 + m_v / m_b) * a1,
        float(sqrt_lambda(jnp.asarray(q2), FLAVIO["m_B0"], FLAVIO["m_K*0"])) / (m_b * (m_b + m_v)) * v,
    )
    plus = float(form_factors.evaluate(form_factors.b_to_k(FLAVIO), jnp.asarray(q2))[0])
    return np.array([4 * m_v / np.sqrt(q2) * a12, 0.5 * (axial + vector), 0.5 * (axial - vector)]), plus


def as_shift_of_c9(shift, power):
    """Parameters h that are, at one q2, a shift of C9 in every amplitude of B0 -> K* and B+ -> K."""
    v, f_plus = helicity_form_factors(Q2)
    size = -shift * Q2 / (16 * np.pi**2 * float(FLAVIO["m_B0"]) ** 2)
    size_k = -shift / (16 * np.pi**2 * float(FLAVIO["m_B+"]) ** 2)
    h = size * v / Q2 ** (np.array([0.5, 0.0, 0.0]) + power)
    changes = {f"B0->K* h_{name} {power} Re": x for name, x in zip("0-+", h, strict=True)}
    return changes if power == 0 else changes | {f"B+->K h {power} Re": size_k * f_plus / Q2 ** (power - 1)}


@pytest.mark.slow
@pytest.mark.parametrize("power", [0, 1, 2])
def test_polynomials_are_a_shift_of_c9_at_one_q2(power):
    """Moments of both decays at 4 GeV^2, for every power, against C9 of new physics."""
    moved, shifted = FLAVIO.replace(as_shift_of_c9(-0.7, power)), {"C9_bsmumu": -0.7, "C9_bsee": -0.7}
    for process in ("b_to_v_ll", *(["b_to_k_ll"] if power else [])):
        found = flavio_points.moments(process, Theory.standard_model(), moved, NARROW)
        expected = flavio_points.moments(process, flavio_points.shifted(shifted), FLAVIO, NARROW)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("helicity", "name"), [("0", "delta_C7 {}_0"), ("-", "delta_C7 {}_-"), ("+", "delta_C7p {}_+")]
)
def test_polynomials_are_the_other_parametrisation_at_one_q2(helicity, name):
    """h of one helicity against delta C7 of that helicity, imaginary parts and signs included."""
    m_b, index = float(FLAVIO["m_B0"]), "0-+".index(helicity)
    quark = jax.jit(lambda: quarks(total(WilsonCoefficients.zeros(), FLAVIO), FLAVIO))()
    mesons = jax.tree.map(lambda x: x[0], b_to_v_ll.decays(FLAVIO))
    current, dipole = b_to_v_ll.hadronic_factors(jnp.asarray(Q2), mesons, FLAVIO["m_mu"], quark)
    known = current[:3], dipole[:3], mesons.m_b, quark.m_b

    def at(inputs):
        shifts = jax.tree.map(lambda x: x[0], power_corrections.vector_shifts(inputs))
        return power_corrections.vector_amplitudes(jnp.asarray(Q2), shifts, *known)

    a = 0.03 * m_b / (2 * float(quark.m_b))
    of_c7 = [dipole[0], (dipole[2] - dipole[1]) / np.sqrt(2), (dipole[1] - dipole[2]) / np.sqrt(2)][index]
    h = complex(a * of_c7 * Q2 / (32 * np.pi**2 * m_b**3)) / Q2 ** (0.5 if index == 0 else 0.0)
    for part in ("Re", "Im"):
        one = at(FLAVIO.replace({f"B0->K* {name.format('a')} {part}": 0.03}))
        other = at(FLAVIO.replace({f"B0->K* h_{helicity} 0 {part}": h.real}))
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
        assert np.abs(one).max() > 0


@pytest.mark.slow
def test_real_photons_have_the_same_polynomials():
    """B -> V gamma with h(0), against the photon pole of B -> V e e."""
    moved = flavio_points.FLAVIO.replace(
        {f"{d} h_{h} 0 {part}": x for d in power_corrections.VECTOR_DECAYS
         for h, part, x in (("-", "Re", 3e-4), ("-", "Im", -2e-4), ("+", "Re", 4e-4), ("+", "Im", 1e-4))}
    )  # fmt: skip
    low, high = 1.0e-4, 1.02e-4
    near = flavio_points.rows([(d, 0, low, high) for d in range(3)])
    row = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
    ratios = []
    for inputs in (flavio_points.FLAVIO, moved):
        virtual = flavio_points.moments("b_to_v_ll", Theory.standard_model(), inputs, near)
        real = flavio_points.moments("b_to_v_gamma", Theory.standard_model(), inputs, row).reshape(3, 4)[:, :3]
        ratios.append((np.asarray(virtual).reshape(3, 3, -1) @ b_to_v_ll.RATE)[:, :2] / real[:, :2])
    np.testing.assert_allclose(ratios[0], ratios[1], rtol=1e-4)
    assert b_to_v_gamma.DECAYS == power_corrections.VECTOR_DECAYS


def test_the_set_helicity_exchanges_what_is_uncertain():
    default, helicity = (
        {name for prior in input_set(label).priors for name in prior.names} for label in ("default", "helicity")
    )
    gone, new = default - helicity, helicity - default
    assert gone == {n for n in default if re.match("B.* delta_C(7|9 [ab])", n)}
    assert new == {n for n in input_set("default").inputs.names if " h_" in n or "K h " in n}
    assert (len(gone), len(new)) == (44, 62)
    one, other = (load_inputs(label) for label in ("default", "helicity"))
    np.testing.assert_array_equal(one.array(other.names), other.values)
