r"""Means over the angle of propagators, :math:`T=-d+hc` and :math:`U=-d-hc` with the cosine c of it.

:math:`P=TU=d^2-h^2c^2`, for :math:`0\le h<d`; finite, without a meaning, beyond. Where :math:`q=h^2/d^2` is small the
closed forms are differences of nearly equal numbers, and their power series take over. Derived here, checked against
quadrature in `test_means_of_propagators`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

_SMALL, _TERMS = 0.05, 12


class Means(NamedTuple):
    """Of 1/P, c^2/P, 1/P^2, c^2/P^2 and c^4/P^2."""

    one: Float[Array, "*k"]
    one_c2: Float[Array, "*k"]
    two: Float[Array, "*k"]
    two_c2: Float[Array, "*k"]
    two_c4: Float[Array, "*k"]


def means(d: Float[Array, "*k"], h: Float[Array, "*k"]) -> Means:
    """All of them; those of powers of 1/T follow, as 1/T = -(d + hc)/P."""
    q = jnp.minimum((h / d) ** 2, 1 - 1e-12)
    large = jnp.where(q > _SMALL, q, 0.5)
    root, pole = jnp.sqrt(large), 1 / (1 - large)
    a = jnp.log((1 + root) ** 2 * pole) / (2 * root)
    c2, square_c2 = (a - 1) / large, (pole - a) / (2 * large)
    closed = (a, c2, (pole + a) / 2, square_c2, (square_c2 - c2) / large)
    found = [jnp.where(q > _SMALL, exact, _series(q, *row)) for exact, row in zip(closed, _ROWS, strict=True)]
    return Means(found[0] / d**2, found[1] / d**2, found[2] / d**4, found[3] / d**4, found[4] / d**4)


_ROWS = ((0, 1), (0, 3), (1, 1), (1, 3), (1, 5))
r"""k and l of :math:`\sum_n\frac{(n+1)^k}{2n+l}q^n`, in the order of `Means`."""


def _series(q: Float[Array, "*k"], power: int, first: int) -> Float[Array, "*k"]:
    small, value = jnp.minimum(q, _SMALL), jnp.zeros_like(q)
    for n in reversed(range(_TERMS)):
        value = value * small + (n + 1) ** power / (2 * n + first)
    return value
