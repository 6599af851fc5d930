"""B_s mixing against flavio 2.7.1, and the composition of its running with that of the models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.hadronic import b_mixing
from bsfit.hadronic.b_mixing import BS
from bsfit.loading.inputs import load_inputs
from bsfit.matching.currents import from_delta_f2
from bsfit.observables import b0_mixing, bs_mixing
from bsfit.standard_model.running import run_delta_f2
from bsfit.theory import Rows, Theory, WilsonCoefficients

FLAVIO, REFERENCE, DEFAULT = load_inputs("flavio"), load_inputs("reference"), load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
MOMENTS = jax.jit(lambda wc, inputs: bs_mixing.moments(Theory(wc), inputs, ROW))

# flavio 2.7.1, default parameters, coefficients of -H at 4.8 GeV: DeltaM_s over its Standard-Model value, S_psiphi
SHIFTS = [
    ({"CVLL_bsbs": 1e-11}, 0.8641877061372447, 0.04194993654400832),
    ({"CVLL_bsbs": -1e-11}, 1.13583695229637, 0.03193255670263373),
    ({"CVLL_bsbs": 5e-12j}, 1.0047576600873755, 0.10372521111612447),
    ({"CVRR_bsbs": 1e-11}, 0.8641877061372447, 0.04194993654400832),
    ({"CVLR_bsbs": 1e-11}, 1.2515466782394997, 0.028986247959227034),
    ({"CVLR_bsbs": -1e-11}, 0.7485419156904126, 0.048420953419043865),
]
# The same with VLL given at 4.2 GeV.
SHIFTS_LOW = [
    (1e-11, 0.8627624715144803, 0.042019128428386746),
    (-1e-11, 1.1372627172223264, 0.03189260436117133),
    (5e-12j, 1.0048318462318653, 0.10442736370104197),
]


def value(key, inputs=FLAVIO, **coefficients):
    wc = WilsonCoefficients.of({name: c + 0j for name, c in coefficients.items()})
    return float(bs_mixing.assemble(key, MOMENTS(wc, inputs), ROW, inputs))


@pytest.mark.slow
def test_standard_model_against_flavio():
    """flavio: 17.33936 1/ps; it neglects neither the up quark's mass nor Gamma_12: 1e-4."""
    assert value("DeltaM_s") == pytest.approx(1.1412975260847767e-11, rel=1e-4)
    assert value("DeltaM_s_ps") == pytest.approx(17.33936179725008, rel=1e-4)
    assert value("DeltaM_s/SM") == 1.0
    # Measured 17.766; the error of V_cb^2 in the default set alone is 6 %.
    assert value("DeltaM_s_ps", DEFAULT) == pytest.approx(17.766, rel=0.12)


@pytest.mark.parametrize(("coefficients", "ratio", "s_psiphi"), SHIFTS)
def test_new_physics_against_flavio(coefficients, ratio, s_psiphi):
    """flavio runs to 4.2 GeV beyond leading order, bsfit to m_b(m_b) = 4.195 at leading order: 6e-4 of the shift."""
    assert value("DeltaM_s/SM", **coefficients) - 1 == pytest.approx(ratio - 1, rel=1e-3)
    assert value("S_psiphi", **coefficients) == pytest.approx(s_psiphi, abs=3e-5)


@pytest.mark.parametrize(("coefficient", "ratio", "s_psiphi"), SHIFTS_LOW)
def test_new_physics_at_low_scale_against_flavio(coefficient, ratio, s_psiphi):
    raised = coefficient / float(run_delta_f2(4.8, 4.2, FLAVIO))
    assert value("DeltaM_s/SM", CVLL_bsbs=raised) - 1 == pytest.approx(ratio - 1, rel=1e-4)
    assert value("S_psiphi", CVLL_bsbs=raised) == pytest.approx(s_psiphi, abs=3e-5)


def test_standard_model_coefficient_of_the_reference(reference):
    """C_SM of H without the QCD factor, and S0: reference numbers to 1e-12."""
    meta = reference("models.json")["meta"]
    c = b_mixing.m12_of_standard_model(BS, REFERENCE) / b_mixing.vector_matrix_element(BS, REFERENCE)
    assert complex(c) == pytest.approx(complex(*meta["C_SM_H"]), rel=1e-12)


def test_running_composes_with_that_of_a_model():
    """From 2 TeV to 4.8 GeV to m_b is one running: DeltaM_s/SM = |1 + eta C/C_SM|, with +C in H."""
    c, mu = 2e-12 * np.exp(0.4j), 2000.0
    low = from_delta_f2({"bs": c}, mu, REFERENCE)
    eta = float(run_delta_f2(mu, REFERENCE["m_b"], REFERENCE))
    sm = complex(b_mixing.m12_of_standard_model(BS, REFERENCE) / b_mixing.vector_matrix_element(BS, REFERENCE))
    assert value("DeltaM_s/SM", REFERENCE, **low) == pytest.approx(abs(1 + eta * c / sm), rel=1e-12)


def test_positive_coefficient_lowers_the_mass_difference():
    assert value("DeltaM_s/SM", CVLL_bsbs=1e-12) < 1 < value("DeltaM_s/SM", CVLL_bsbs=-1e-12)


def test_moments_are_linear():
    a, b = {"CVLL_bsbs": 1e-11 + 2e-12j}, {"CVRR_bsbs": 3e-12j, "CVLR_bsbs": -1e-12}
    m = lambda **c: MOMENTS(WilsonCoefficients.of({n: z + 0j for n, z in c.items()}), FLAVIO)  # noqa: E731
    np.testing.assert_allclose(m(**a, **b) - m(), m(**a) - m() + m(**b) - m(), rtol=1e-12)


def test_left_right_operator_needs_its_bag_parameters():
    missing = tuple(n for n in FLAVIO.names if n not in BS.left_right_bags)
    without = type(FLAVIO)(FLAVIO.array(missing), missing)
    assert np.isfinite(value("DeltaM_s/SM", without, CVLL_bsbs=1e-12))
    assert np.isnan(value("DeltaM_s/SM", without, CVLR_bsbs=1e-12))


# flavio 2.7.1, default parameters, coefficients of -H at 4.8 GeV: DeltaM_d over its Standard-Model value.
SHIFTS_OF_B0 = [
    ({"CVLL_bdbd": 1e-12}, 0.8061884036686702),
    ({"CVLL_bdbd": 3e-13j}, 0.9374653958569885),
    ({"CVRR_bdbd": -1e-12}, 1.2424093327375483),
    ({"CVLR_bdbd": 5e-13}, 1.2258116948714821),
]


@pytest.fixture(scope="module")
def of_b0():
    @jax.jit
    def found(wc, inputs):
        moments = b0_mixing.moments(Theory(wc), inputs, ROW)
        return [b0_mixing.assemble(key, moments, ROW, inputs) for key in ("DeltaM_d_ps", "DeltaM_d/SM")]

    return found


@pytest.mark.slow
def test_b0_against_flavio(of_b0):
    """3.4551e-13 GeV; the mass of the down quark, which is left out, moves the left-right operator by 0.2 %."""
    assert float(of_b0(WilsonCoefficients.zeros(), FLAVIO)[0]) == pytest.approx(
        3.4550869434925627e-13 * 1.519267e12, rel=3e-4
    )
    for coefficients, expected in SHIFTS_OF_B0:
        wc = WilsonCoefficients.of({name: c + 0j for name, c in coefficients.items()})
        assert float(of_b0(wc, FLAVIO)[1]) == pytest.approx(expected, rel=2e-3)
    # Measured 0.5065.
    assert float(of_b0(WilsonCoefficients.zeros(), DEFAULT)[0]) == pytest.approx(0.5065, rel=0.15)
    with pytest.raises(KeyError):
        b0_mixing.assemble("DeltaM_s", jnp.ones((1, 2)), ROW, FLAVIO)


@pytest.mark.long
def test_derivatives():
    names = ("m_t_MSbar", "f_Bs", "eta_B", "V_cb", "m_b", "alpha_s_mZ")

    def all_of_them(x):
        inputs = FLAVIO.replace(dict(zip(names, x[3:], strict=True)))
        wc = {"CVLL_bsbs": (x[0] + 1j * x[1]) * 1e-11, "CVLR_bsbs": x[2] * (1e-11 + 0j)}
        m = bs_mixing.moments(Theory(WilsonCoefficients.of(wc)), inputs, ROW)
        return jnp.stack([bs_mixing.assemble(k, m, ROW, inputs) for k in ("DeltaM_s_ps", "DeltaM_s/SM", "S_psiphi")])

    x = np.concatenate([[0.3, -0.2, 0.1], FLAVIO.array(names)])
    at_zero = np.concatenate([[0.0, 0.0, 0.0], FLAVIO.array(names)])
    assert_derivatives(all_of_them, [x, at_zero], [1.0, 1.0, 1.0, 50.0, 0.1, 0.3, 0.01, 1.0, 0.03], second=False)


def test_jit_equals_eager_and_unknown_key():
    wc = WilsonCoefficients.of({"CVLL_bsbs": 1e-11j})
    np.testing.assert_allclose(MOMENTS(wc, FLAVIO), bs_mixing.moments(Theory(wc), FLAVIO, ROW), rtol=1e-12)
    with pytest.raises(KeyError):
        bs_mixing.assemble("DeltaM_d", MOMENTS(wc, FLAVIO), ROW, FLAVIO)
