r"""Means over the angle of propagators, :math:`T=-d+hc` and :math:`U=-d-hc` with the cosine c of it.

:math:`P=TU=d^2-h^2c^2`, for :math:`0\le h<d`; finite, without a meaning, beyond. Where :math:`q=h^2/d^2` is small the
closed form of one of them is a difference of nearly equal numbers, and its power series takes over. Derived here,
checked against quadrature in `test_means_of_propagators`.
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
    r"""All of them; those of powers of 1/T follow, as 1/T = -(d + hc)/P.

    Of :math:`d^2\langle c^4/P\rangle=\sum_nq^n/(2n+5)` the others are sums in which nothing cancels.
    """
    q = jnp.minimum((h / d) ** 2, 1 - 1e-12)
    large = jnp.where(q > _SMALL, q, 0.5)
    root = jnp.sqrt(large)
    closed = ((jnp.log((1 + root) ** 2 / (1 - large)) / (2 * root) - 1) / large - 1 / 3) / large
    c4 = jnp.where(q > _SMALL, closed, _series(jnp.minimum(q, _SMALL)))
    c2 = 1 / 3 + q * c4
    one = 1 + q * c2
    two_c4 = (1 / (1 - q) - 3 * c4) / 2
    two_c2 = c2 + q * two_c4
    inverse = 1 / d**2
    square = inverse**2
    return Means(one * inverse, c2 * inverse, (one + q * two_c2) * square, two_c2 * square, two_c4 * square)


def _series(q: Float[Array, "*k"]) -> Float[Array, "*k"]:
    value = jnp.zeros_like(q)
    for n in reversed(range(_TERMS)):
        value = value * q + 1 / (2 * n + 5)
    return value
