r"""Oblique parameters S and T of a doublet of scalars, hypercharge 1/2: a charged state and two neutral ones, H and A.

Standard, hep-ph/0603188 [Barbieri:2006dq]_; for H = A, a complex neutral state. Masses in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.loading.inputs import Inputs
from bsfit.matching.loops import box
from bsfit.numerics import gauss_legendre

FloatLike = Float[ArrayLike, ""]


def splitting(m_1: FloatLike, m_2: FloatLike) -> Float[Array, ""]:
    r""":math:`F(x,y)=\frac{x+y}2-\frac{xy}{x-y}\ln\frac xy` in GeV^2, x and y the squared masses; zero for equal ones.

    Written as :math:`\frac12(x-y)^2J_2` with the box of two and two of them, so that nothing cancels.
    """
    x, y = jnp.asarray(m_1, dtype=float) ** 2, jnp.asarray(m_2, dtype=float) ** 2
    return (x - y) ** 2 * box(m_1, m_1, m_2) / 2


def shift_of_t(charged: FloatLike, m_h: FloatLike, m_a: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`[F(+,H)+F(+,A)-F(H,A)]/16\pi s_W^2m_W^2`."""
    total = splitting(charged, m_h) + splitting(charged, m_a) - splitting(m_h, m_a)
    return total / (16 * jnp.pi * inputs["sin2_theta_w"] * inputs["m_W"] ** 2)


def shift_of_s(charged: FloatLike, m_h: FloatLike, m_a: FloatLike) -> Float[Array, ""]:
    r""":math:`\frac1{2\pi}\int_0^1dx\,x(1-x)\ln\frac{xm_H^2+(1-x)m_A^2}{m_+^2}`."""
    x, weight = gauss_legendre(24)
    neutral = x * jnp.asarray(m_h) ** 2 + (1 - x) * jnp.asarray(m_a) ** 2
    return jnp.sum(weight * x * (1 - x) * jnp.log(neutral / jnp.asarray(charged) ** 2)) / (2 * jnp.pi)
