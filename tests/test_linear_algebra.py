"""Linear algebra without LAPACK against numpy, and its derivatives against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.linear_algebra import SMALL, log_det_positive, solve_near, solve_positive

GENERATOR = np.random.default_rng(7)


def positive(n, batch=()):
    a = GENERATOR.normal(size=(*batch, n, n))
    return jnp.asarray(a @ np.swapaxes(a, -1, -2) + n * np.eye(n))


@pytest.mark.parametrize("n", [1, SMALL, SMALL + 1, 40])
def test_solution_and_determinant(n):
    matrix, vector = positive(n), jnp.asarray(GENERATOR.normal(size=n))
    np.testing.assert_allclose(solve_positive(matrix, vector), np.linalg.solve(matrix, vector), rtol=1e-11, atol=1e-14)
    assert float(log_det_positive(matrix)) == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 9])
def test_first_and_second_derivatives(n):
    """Of the log-density of a Gaussian in its covariance and its residual, against the same by LAPACK."""
    matrix, direction, vector = positive(n), positive(n), jnp.asarray(GENERATOR.normal(size=n))

    def ours(t):
        m, v = matrix + t[0] * direction, vector + t[1] * vector**2
        return v @ solve_positive(m, v) + log_det_positive(m)

    def lapack(t):
        m, v = matrix + t[0] * direction, vector + t[1] * vector**2
        return v @ jnp.linalg.solve(m, v) + jnp.linalg.slogdet(m)[1]

    @jax.jit
    def derivatives(t):
        """Both orders of the second derivative of ours, in one program."""
        second = jax.jacrev(jax.jacfwd(ours))(t), jax.hessian(ours)(t)
        return jax.grad(ours)(t), second, jax.grad(lapack)(t), jax.hessian(lapack)(t)

    slope, second, expected_slope, expected = derivatives(jnp.array([0.2, -0.3]))
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-10)
    for found in second:
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_many_systems_in_one_program():
    """What never ends with the batched LAPACK calls of jaxlib 0.10 on two cores."""
    matrices = positive(12, (2000,))

    @jax.jit
    def determinants(m):
        return [jax.vmap(log_det_positive)(m * k) for k in (1.0, 2.0, 3.0, 4.0)]

    for k, found in zip((1.0, 2.0, 3.0, 4.0), determinants(matrices), strict=True):
        np.testing.assert_allclose(found, np.linalg.slogdet(k * np.asarray(matrices))[1], rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 1e-3, 0.1, 1e3])
def test_solution_near_a_known_one(shift):
    """Lanes with and without a right-hand side; a shift of 1000 needs more than the steps that there are."""
    n = 60
    matrix, vectors = positive(n), jnp.asarray(GENERATOR.normal(size=(5, n))).at[2].set(0.0)
    scale = jnp.asarray(GENERATOR.uniform(0.0, shift, size=n))
    changed = matrix + jnp.diag(scale) @ positive(n) @ jnp.diag(scale)
    inverse = jnp.linalg.inv(matrix)

    def solved(vector):
        return solve_near(
            lambda x, _: changed @ x, lambda x: inverse @ x, vector, 1e-12, lambda changed: changed, changed
        )

    expected = np.linalg.solve(changed, vectors.T).T
    for x, left in (jax.jit(jax.vmap(solved))(vectors), jax.lax.map(solved, vectors)):
        np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-10 * np.abs(expected).max())
        np.testing.assert_allclose(vectors - x @ changed, left, atol=1e-9)
