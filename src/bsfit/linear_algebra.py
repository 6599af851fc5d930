"""Linear algebra of symmetric positive definite matrices without LAPACK, and how to differentiate it."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

SMALL = 4
"""Up to this dimension linear algebra is written out in scalars, which XLA fuses under vmap into one loop over the
batch, where a batched call of a library, or a reduction over a few elements, costs far more than the arithmetic."""


def contract(a: Float[Array, " n"], b: Float[Array, " n"]) -> Float[Array, ""]:
    """Scalar product, written out in scalars for short vectors; see `SMALL`.

    A sum of products, which is fused with what they are made of: `a @ b` is a call of a library under vmap.
    """
    if a.shape[0] > 2 * SMALL:
        return jnp.sum(a * b)
    return sum((a[i] * b[i] for i in range(1, a.shape[0])), a[0] * b[0])


def solve_positive(matrix: Float[Array, "n n"], vector: Float[Array, " n"]) -> Float[Array, " n"]:
    """Solve a symmetric positive definite system; written out in scalars where it is small, see `SMALL`.

    Without LAPACK: in jaxlib 0.10 two batched calls of it in one program wait for each other for ever on two cores.
    """
    if matrix.shape[0] <= SMALL:
        return _solve_in_scalars(matrix, vector)
    return _solve_by_factor(matrix, factor_positive(jax.lax.stop_gradient(matrix)), vector)


def log_det_positive(matrix: Float[Array, "n n"]) -> Float[Array, ""]:
    """Logarithm of the determinant of a symmetric positive definite matrix; without LAPACK, see `solve_positive`."""
    return log_det_factored(matrix, factor_positive(jax.lax.stop_gradient(matrix)))


def _solve_in_scalars(matrix: Float[Array, "n n"], vector: Float[Array, " n"]) -> Float[Array, " n"]:
    n = matrix.shape[0]
    a = [[matrix[i, j] for j in range(n)] for i in range(n)]
    b = [vector[i] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            ratio = a[i][k] / a[k][k]
            a[i] = [a[i][j] - ratio * a[k][j] for j in range(n)]
            b[i] = b[i] - ratio * b[k]
    x = [jnp.zeros(())] * n
    for k in reversed(range(n)):
        x[k] = (b[k] - sum(a[k][j] * x[j] for j in range(k + 1, n))) / a[k][k]
    return jnp.stack(x)


class Factor(NamedTuple):
    """A symmetric positive definite matrix A as :math:`MAM^T=D`: M unit lower triangular [n, n], D's diagonal [n]."""

    elimination: Float[Array, "n n"]
    pivots: Float[Array, " n"]


BLOCK = 40
"""Matrices up to this size are eliminated column by column, larger ones halved: products of blocks are ten times faster
than passes over the matrix, but every halving is compiled."""


def factor_positive(matrix: Float[Array, "n n"]) -> Factor:
    """Gaussian elimination of a symmetric positive definite matrix; without LAPACK, see `solve_positive`."""
    n = len(matrix)
    if n <= BLOCK:
        return _eliminate(matrix)
    h = n // 2
    first = factor_positive(matrix[:h, :h])
    along = matrix[h:, :h] @ first.elimination.T
    ratio = along / first.pivots[None]
    second = factor_positive(matrix[h:, h:] - ratio @ along.T)
    corner = -second.elimination @ (ratio @ first.elimination)
    elimination = jnp.block([[first.elimination, jnp.zeros((h, n - h))], [corner, second.elimination]])
    return Factor(elimination, jnp.concatenate([first.pivots, second.pivots]))


def _eliminate(matrix: Float[Array, "n n"]) -> Factor:
    n = len(matrix)

    def column(k: Int[Array, ""], state: tuple[Array, Array]) -> tuple[Array, Array]:
        a, m = state
        ratio = jnp.where(jnp.arange(n) > k, a[:, k] / a[k, k], 0.0)
        return a - jnp.outer(ratio, a[k]), m - jnp.outer(ratio, m[k])

    a, m = jax.lax.fori_loop(0, n, column, (matrix, jnp.eye(n)))
    return Factor(m, jnp.diagonal(a))


def solve_factored(factor: Factor, vector: Float[Array, " n"]) -> Float[Array, " n"]:
    """Solve with a matrix from `factor_positive`."""
    return factor.elimination.T @ ((factor.elimination @ vector) / factor.pivots)


def _solve_by_factor(matrix: Float[Array, "n n"], factor: Factor, vector: Float[Array, " n"]) -> Float[Array, " n"]:
    """The same, differentiable in the matrix and the vector; the factor is a constant."""
    return jax.lax.custom_linear_solve(
        lambda x: matrix @ x, vector, lambda _, b: solve_factored(factor, b), symmetric=True
    )


@jax.custom_jvp
def log_det_factored(matrix: Float[Array, "n n"], factor: Factor) -> Float[Array, ""]:
    """`log_det_positive` of a matrix whose factor, without derivatives, is known."""
    return jnp.sum(jnp.log(factor.pivots))


@log_det_factored.defjvp
def _(primals, tangents):
    (matrix, factor), (change, _) = primals, tangents
    inverse = jax.vmap(partial(_solve_by_factor, matrix, factor))(jnp.eye(len(matrix)))
    return log_det_factored(matrix, factor), jnp.sum(inverse * change)


ITERATIONS = 30
"""So many steps of `solve_near` before the matrix is eliminated after all."""


def solve_near(
    product: Callable[[Float[Array, " n"], Float[Array, " n"]], Float[Array, " n"]],
    inverse: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    vector: Float[Array, " n"],
    goal: float,
    matrix: Callable[[Any], Float[Array, "n n"]],
    made_of: Any,
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    r"""Solution of B x = b, symmetric positive definite, near to A, and what is left of b.

    Conjugate gradients preconditioned by :math:`A^{-1}`, with which `inverse` multiplies (Saad, Iterative Methods for
    Sparse Linear Systems, 2nd ed., algorithm 9.1). ``product(x, A x)`` is B x: the product of A with the direction
    follows from the residuals, and what B has beside A may cost less than all of it. They end when
    :math:`r^TA^{-1}r` has fallen by `goal` squared; where `ITERATIONS` steps do not reach that, B, which `matrix` makes
    of the arrays `made_of`, is eliminated. Under vmap all lanes go on until the last is done, and none is eliminated
    unless one has to be. Not differentiable: put it into ``jax.lax.custom_linear_solve``.
    """

    def step(state: tuple) -> tuple:
        x, left, direction, along, size, steps = state
        moved = product(direction, along)
        length = size / (direction @ moved)
        x, left = x + length * direction, left - length * moved
        weighed = inverse(left)
        new = left @ weighed
        turn = new / size
        return x, left, weighed + turn * direction, left + turn * along, new, steps + 1

    first = inverse(vector)
    start = vector @ first
    state = (jnp.zeros_like(vector), vector, first, vector, start, jnp.asarray(0))
    enough = goal**2 * start
    x, left, _, _, size, _ = jax.lax.while_loop(lambda s: (s[4] > enough) & (s[5] < ITERATIONS), step, state)

    def eliminate(state: tuple) -> tuple:
        _, _, missed, turn = state
        # Lanes that are done take the unit matrix. What depends on nothing that changes XLA computes before any loop:
        # the matrix of every lane, at twice the price of all steps, if it did not depend on the turn.
        # Not halved, as in `factor_positive`: it runs almost never, and would be most of what is compiled.
        made = matrix(jax.tree.map(lambda array: turn * array, made_of))
        factor = _eliminate(jnp.where(missed, made, jnp.eye(len(vector))))
        return solve_factored(factor, vector), jnp.zeros_like(left), ~missed, turn + 1.0

    x, left, *_ = jax.lax.while_loop(lambda s: s[2], eliminate, (x, left, size > enough, jnp.ones(())))
    return x, left
