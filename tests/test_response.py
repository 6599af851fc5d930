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
    found = response.fit_polynomials({"moments": values}, len(pivots))
    return {"toy": response.Response.of(found, response.named((NAMES, basis, list(pivots))))}


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
        np.testing.assert_allclose(
            response.values_at(built, point)["toy"]["moments"], moments(point), rtol=1e-12, atol=1e-12
        )


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
    np.testing.assert_allclose(
        response.values_at(built, point)["toy"]["moments"], moments(point), rtol=1e-12, atol=1e-14
    )


def test_rounding_chooses_no_coordinates():
    """Of six pairs of equal and opposite coefficients the first of each, in order, whatever the last digits are."""
    random = np.random.default_rng(1)
    pairs = np.kron(np.eye(6), [1.0, -1.0])
    samples = random.normal(size=(64, 6)) @ pairs
    for _ in range(5):
        near = samples * (1.0 + 4e-16 * random.integers(-1, 2, size=samples.shape))
        basis, pivots = response.span(near[random.permutation(64)])
        assert pivots == list(range(0, 12, 2))
        np.testing.assert_array_equal(basis, pairs.T)


def test_span_of_nothing_is_empty_and_its_response_constant():
    basis, pivots = response.span(np.zeros((5, 6)))
    assert (basis.shape, pivots) == ((6, 0), [])
    built = expanded(basis, [])
    np.testing.assert_allclose(
        response.values_at(built, theory_of(0.3))["toy"]["moments"], moments(Theory.standard_model())
    )


@pytest.mark.slow
def test_contraction_vmaps():
    built = expanded(np.eye(6), range(6))
    values = jnp.asarray(GENERATOR.normal(size=(7, 3)) + 0j)
    batched = jax.vmap(lambda v: response.values_at(built, theory_of(*v))["toy"]["moments"])(values)
    single = jnp.stack([response.values_at(built, theory_of(*v))["toy"]["moments"] for v in values])
    np.testing.assert_allclose(batched, single, rtol=1e-12)


def test_names_index_the_coefficients():
    assert theory_of(2.0).wilson.values[INDEX["C9_bsmumu"]] == pytest.approx(2.0)


def test_equal_functionals_are_computed_once():
    """Those that are apart by rounding, in several arrays; zeros are equal; one that is slightly different is not."""
    found = GENERATOR.normal(size=(10, 3))
    close = np.stack([found[:, 1] * (1.0 + 1e-15), found[:, 2] * (1.0 + 1e-11), np.zeros(10), np.zeros(10)], axis=1)
    arrays = {"one": found, "two": close.reshape(10, 2, 2)}
    built = response.Response.of(arrays, (("C9_bsmumu", False), ("C10_bsmumu", False), ("C7_bs", True)))
    assert built.columns.shape == (10, 5)
    for name, array in built.polynomials.items():
        np.testing.assert_allclose(array, arrays[name], rtol=1e-12)
    point = theory_of(0.3, -0.2, 0.1j)
    y = response.monomials(response.coordinates_of(built.coordinates, point))
    for name, values in response.values_at({"toy": built}, point)["toy"].items():
        np.testing.assert_allclose(values, np.tensordot(y, arrays[name], 1), rtol=1e-12)


@pytest.mark.parametrize("index", [[], [2], [1, 2, 3], [3, 1, 2], list(range(99, -1, -1))])
def test_entries_in_another_order(index):
    x = jnp.arange(100.0)
    assert response.in_order(x, np.array(index, dtype=int)).tolist() == index
