"""B -> K* l l and Bs -> phi l l against flavio 2.7.1: amplitudes, angular coefficients; bins are in `test_flavio`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flavio_points import theory

from bsfit.hadronic.effective_coefficients import COEFFICIENTS, of_leptons, quarks
from bsfit.loading.inputs import load_inputs
from bsfit.observables import b_to_v_ll
from bsfit.observables.b_to_v_ll import ANGULAR
from bsfit.standard_model.wilson import total
from bsfit.theory import WilsonCoefficients

INPUTS = load_inputs("flavio")
LAYERS = ("SM", "C9mu=-1", "mixed")


@pytest.fixture(scope="module")
def quark_level():
    return jax.jit(lambda: quarks(total(WilsonCoefficients.zeros(), INPUTS), INPUTS))()


def unit(lambda_t):
    """What flavio's helicity amplitudes contain and ours do not."""
    return 4 * float(INPUTS["G_F"]) / np.sqrt(2) * lambda_t * float(INPUTS["alpha_em_mb"]) / (4 * np.pi)


def transversity(zero, minus, plus):
    """Our longitudinal, perpendicular, parallel amplitudes from helicity amplitudes of flavio, in its phases."""
    return [2j * zero, -2j * (plus - minus) / np.sqrt(2), -2j * (plus + minus) / np.sqrt(2)]


def all_amplitudes(h, lambda_t):
    get = lambda key: complex(*h[key]) / unit(lambda_t) if key in h else 0.0  # noqa: E731
    currents = [x for c in "VA" for x in transversity(get(f"0/{c}"), get(f"mi/{c}"), get(f"pl/{c}"))]
    return np.array([*currents, 4j * get("S"), -4j * get("P")])


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_local_amplitudes(layer, reference, quark_level):
    """1e-6, with flavio's effective C7 and C9, whose u part differs from ours (`test_effective_coefficients`)."""
    stored = reference("flavio_layers.json")
    point, effective = stored["layers"][layer], stored["effective_coefficients_mu"]
    wilson = of_leptons(jax.jit(total)(theory(point).wilson, INPUTS))
    mesons = jax.tree.map(lambda x: x[0], b_to_v_ll.decays(INPUTS))
    factors = jax.jit(b_to_v_ll.hadronic_factors)
    for lepton, m_l in ((0, INPUTS["m_e"]), (1, INPUTS["m_mu"])):
        for q2, expected in point[f"B0->K*0 {('e', 'mu')[lepton]}"].items():
            shift = np.zeros(len(COEFFICIENTS), dtype=complex)
            shift[COEFFICIENTS.index("C7")] = complex(*effective[q2]["delta_C7"])
            shift[COEFFICIENTS.index("C9")] = complex(*effective[q2]["C9"]) - float(INPUTS["C9_SM"])
            current, dipole = factors(jnp.asarray(float(q2)), mesons, m_l, quark_level)
            bare = wilson[lepton, 0] + shift
            found = current * (bare @ b_to_v_ll.CURRENT) + dipole * (bare @ b_to_v_ll.DIPOLE)
            target = all_amplitudes(expected["helicity_amps_local_only"], complex(quark_level.lambda_t))
            np.testing.assert_allclose(found, target, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("layer", LAYERS)
def test_angular_coefficients(layer, reference, quark_level):
    """All twelve, of both CP states, from flavio's complete amplitudes: signs, lepton masses and scalars, 1e-8."""
    point = reference("flavio_layers.json")["layers"][layer]
    mesons = jax.tree.map(lambda x: x[0], b_to_v_ll.decays(INPUTS))
    lambda_t = complex(quark_level.lambda_t)
    square = (float(INPUTS["G_F"]) * float(INPUTS["alpha_em_mb"]) * abs(lambda_t)) ** 2
    integrals = jax.jit(b_to_v_ll.angular_integrals)
    for lepton in ("e", "mu"):
        m_l = INPUTS[f"m_{lepton}"]
        for key, stored in point[f"B0->K*0 {lepton}"].items():
            q2 = jnp.asarray([float(key)])
            measure = square * b_to_v_ll.rate_factor(q2, mesons, m_l)
            both = [
                all_amplitudes(stored["helicity_amps_total"], lambda_t),
                all_amplitudes(stored["helicity_amps_total_cpconj"], lambda_t.conjugate()),
            ]
            found = integrals(jnp.asarray([both]), q2, measure, m_l)
            for j, state in ((0, "J"), (1, "Jbar")):
                expected = [stored[state][name] for name in ANGULAR]
                np.testing.assert_allclose(found[j], expected, rtol=1e-8, atol=1e-10 * max(expected))
