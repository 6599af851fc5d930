"""Form factors: stored numbers of flavio, relations at both ends of phase space, derivatives."""

from dataclasses import replace
from importlib import resources
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from bsfit.hadronic import form_factors
from bsfit.hadronic.form_factors import B_TO_P, B_TO_V, evaluate
from bsfit.loading.inputs import Inputs, load_inputs
from bsfit.loading.yaml_reader import load_yaml

INPUTS = load_inputs("flavio")


@pytest.fixture(scope="module")
def bcl_inputs():
    folder = Path(str(resources.files("bsfit"))) / "data" / "form_factors"
    document, _ = load_yaml(folder / "flag_2016.yaml")
    block = document["correlated"][0]
    values = dict(zip(block["names"], block["mean"], strict=True))
    values |= {name: entry["value"] for name, entry in document["values"].items()}
    values |= {"m_B0": 5.27966, "m_K0": 0.497611}
    return Inputs(jnp.asarray(list(values.values())), tuple(values))


def transitions():
    k_star, phi = (jax.tree.map(lambda x, i=i: x[i], form_factors.b_to_v(INPUTS)) for i in range(2))
    return {"B->K*": (k_star, B_TO_V), "Bs->phi": (phi, B_TO_V), "B->K": (form_factors.b_to_k(INPUTS), B_TO_P)}


@pytest.mark.parametrize("transition", ["B->K*", "Bs->phi", "B->K"])
def test_stored_numbers(transition, reference):
    expansion, order = transitions()[transition]
    for q2, expected in reference("flavio_layers.json")["form_factors"][transition].items():
        found = evaluate(expansion, jnp.asarray(float(q2)))
        np.testing.assert_allclose(found, [expected[name] for name in order], rtol=1e-12)


@pytest.mark.parametrize(("transition", "m_b", "m_v"), [("B->K*", "m_B0", "m_K*0"), ("Bs->phi", "m_Bs", "m_phi")])
def test_relations_at_zero_hold_for_any_coefficients(transition, m_b, m_v):
    """Also for shifted coefficients and masses: they are ties, not properties of the fit."""
    generator = np.random.default_rng(4)
    shifted = replace(INPUTS, values=INPUTS.values * (1 + 0.05 * generator.normal(size=len(INPUTS.names))))
    expansion = form_factors.b_to_v(shifted)
    ff = dict(zip(B_TO_V, jax.vmap(lambda e: evaluate(e, jnp.asarray(0.0)))(expansion).T, strict=True))
    i = ["B->K*", "Bs->phi"].index(transition)
    mb, mv = float(shifted[m_b]), float(shifted[m_v])
    assert float(ff["T1"][i]) == pytest.approx(float(ff["T2"][i]), rel=1e-14)
    # A3(0) = A0(0) with A3 = [(mB + mV) A1 - (mB - mV) A2]/2mV, and A12 at q2 = 0 in terms of A1 and A2.
    a2 = ((mb + mv) * ff["A1"][i] - 2 * mv * ff["A0"][i]) / (mb - mv)
    lam = (mb**2 - mv**2) ** 2
    a12 = ((mb + mv) ** 2 * (mb**2 - mv**2) * ff["A1"][i] - lam * a2) / (16 * mb * mv**2 * (mb + mv))
    assert float(ff["A12"][i]) == pytest.approx(float(a12), rel=1e-12)


def test_vector_form_factors_are_close_to_the_end_point_relations():
    """At q2 = (mB - mV)^2 A12 and T23 follow from A1 and T2; the fits impose it only within their errors."""
    for i, (m_b, m_v) in enumerate([("m_B0", "m_K*0"), ("m_Bs", "m_phi")]):
        mb, mv = INPUTS[m_b], INPUTS[m_v]
        expansion = jax.tree.map(lambda x, i=i: x[i], form_factors.b_to_v(INPUTS))
        ff = dict(zip(B_TO_V, evaluate(expansion, (mb - mv) ** 2), strict=True))
        assert float(ff["A12"]) == pytest.approx(float((mb**2 - mv**2) / (8 * mb * mv) * ff["A1"]), rel=0.05)
        assert float(ff["T23"]) == pytest.approx(float((mb + mv) ** 2 / (4 * mb * mv) * ff["T2"]), rel=0.05)


def test_simplified_scalar_form_factor_is_tied():
    ff = evaluate(form_factors.b_to_k(INPUTS), jnp.asarray(0.0))
    assert float(ff[0]) == float(ff[1])


def test_bcl_lattice_average(bcl_inputs):
    """The BCL formula written out with numpy, its relation at zero, and f+(0) = 0.335(36) of 1509.06235."""
    expansion = form_factors.b_to_k(bcl_inputs)
    t_plus, t_minus = (5.27966 + 0.497611) ** 2, (5.27966 - 0.497611) ** 2
    t_zero = t_plus * (1 - np.sqrt(1 - t_minus / t_plus))
    for q2 in (0.0, 8.0, 22.0):
        z = (np.sqrt(t_plus - q2) - np.sqrt(t_plus - t_zero)) / (np.sqrt(t_plus - q2) + np.sqrt(t_plus - t_zero))
        a = {name: [float(bcl_inputs[f"B->K BCL a{k}_{name}"]) for k in range(3)] for name in B_TO_P}
        plus = lambda a, z=z: sum(a[k] * (z**k - (-1) ** (k - 3) * k / 3 * z**3) for k in range(3))  # noqa: E731
        expected = [
            plus(a["f+"]) / (1 - q2 / 5.415**2),
            sum(a["f0"][k] * z**k for k in range(3)) / (1 - q2 / 5.63**2),
            plus(a["fT"]) / (1 - q2 / 5.415**2),
        ]
        np.testing.assert_allclose(evaluate(expansion, jnp.asarray(q2)), expected, rtol=1e-12)
    at_zero = evaluate(expansion, jnp.asarray(0.0))
    assert float(at_zero[0]) == pytest.approx(0.335, abs=0.036)
    assert float(at_zero[1]) == pytest.approx(float(at_zero[0]), rel=2e-3)


def test_bcl_series_starts_as_a_p_wave(bcl_inputs):
    """At the pair threshold z = -1 the slope in z of f+ and fT vanishes; f0 is an s-wave."""
    powers = form_factors.b_to_k(bcl_inputs).coefficients
    slope = powers @ jnp.asarray([0.0, 1.0, -2.0, 3.0])
    np.testing.assert_allclose(slope[jnp.asarray([0, 2])], 0.0, atol=1e-12)
    assert abs(float(slope[1])) > 0.01


@pytest.mark.slow
def test_derivatives():
    def all_form_factors(q2, values):
        expansion = form_factors.b_to_v(replace(INPUTS, values=jnp.asarray(values)))
        return jax.vmap(lambda e: evaluate(e, q2))(expansion)

    for q2 in (0.0, 19.0):
        check_grads(all_form_factors, (jnp.asarray(q2), INPUTS.values), order=2, modes=["fwd"], rtol=1e-5, atol=1e-5)
