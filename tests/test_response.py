"""The quadratic response on a toy process with complex amplitudes, where everything is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.predictions import response
from bsfit.theory import INDEX, Theory, WilsonCoefficients

NAMES = ("C9_bsmumu", "C10_bsmumu", "C7_bs")
GENERATOR = np.random.default_rng(3)
AMPLITUDES = jnp.asarray(GENERATOR.normal(size=(5, 4)) + 1j * GENERATOR.normal(size=(5, 4)))


def expanded(basis, pivots):
    points = response.probes(NAMES, basis)
    values = jax.vmap(lambda c: moments(Theory(WilsonCoefficients(c))))(jnp.asarray(points))
    return response.fit_polynomials({"moments": values}, NAMES, pivots)


def moments(theory):
    """|a_0 + sum_i a_i C_i|^2 for five amplitudes, as two moments each."""
    c = jnp.stack([jnp.asarray(1.0 + 0j), *(theory.wilson[name] for name in NAMES)])
    amplitude = AMPLITUDES @ c
    return jnp.stack([jnp.abs(amplitude) ** 2, (amplitude * jnp.conj(amplitude[::-1])).imag], axis=1)


def theory_of(c9, c10=0.0, c7=0.0):
    return Theory(WilsonCoefficients.of({"C9_bsmumu": c9, "C10_bsmumu": c10, "C7_bs": c7}))


@pytest.mark.slow
def test_response_is_exact_in_the_whole_space():
    built = expanded(np.eye(6), range(6))
    for _ in range(10):
        point = theory_of(*(complex(*GENERATOR.normal(size=2)) for _ in range(3)))
        np.testing.assert_allclose(response.values_at(built, point)["moments"], moments(point), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_span_finds_the_line_of_a_left_handed_model():
    coupling = GENERATOR.normal(size=20)
    samples = np.stack(
        [np.asarray(response.real_parts(theory_of(c * (1 + 0.1j), -c * (1 + 0.1j)), NAMES)) for c in coupling]
    )
    basis, pivots = response.span(samples)
    assert basis.shape == (6, 1)
    built = expanded(basis, pivots)
    point = theory_of(0.7 * (1 + 0.1j), -0.7 * (1 + 0.1j))
    np.testing.assert_allclose(response.values_at(built, point)["moments"], moments(point), rtol=1e-12, atol=1e-14)


def test_span_of_nothing_is_empty_and_its_response_constant():
    basis, pivots = response.span(np.zeros((5, 6)))
    assert (basis.shape, pivots) == ((6, 0), [])
    built = expanded(basis, [])
    np.testing.assert_allclose(response.values_at(built, theory_of(0.3))["moments"], moments(Theory.standard_model()))


@pytest.mark.slow
def test_contraction_vmaps():
    built = expanded(np.eye(6), range(6))
    values = jnp.asarray(GENERATOR.normal(size=(7, 3)) + 0j)
    batched = jax.vmap(lambda v: response.values_at(built, theory_of(*v))["moments"])(values)
    single = jnp.stack([response.values_at(built, theory_of(*v))["moments"] for v in values])
    np.testing.assert_allclose(batched, single, rtol=1e-12)


def test_names_index_the_coefficients():
    assert theory_of(2.0).wilson.values[INDEX["C9_bsmumu"]] == pytest.approx(2.0)
