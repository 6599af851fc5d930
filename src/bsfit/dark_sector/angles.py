r"""Means over the angle of powers of propagators, :math:`T=-d+hc` and :math:`U=-d-hc` with the cosine c of it."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.numerics import atanh_ratio


def single(d: Float[Array, "*k"], h: Float[Array, "*k"]) -> tuple[Float[Array, "*k"], Float[Array, "*k"]]:
    r""":math:`\langle-1/T\rangle,\ \langle1/T^2\rangle` for :math:`0\le h<d`; finite, without a meaning, beyond."""
    return atanh_ratio(h / d) / d, 1 / jnp.maximum((d - h) * (d + h), 1e-12 * d**2)


def double(d: Float[Array, "*k"], h: Float[Array, "*k"]) -> tuple[Float[Array, "*k"], Float[Array, "*k"]]:
    r""":math:`\langle1/TU\rangle,\ \langle1/(TU)^2\rangle`."""
    one, two = single(d, h)
    return one / d, (two + one / d) / (2 * d**2)
