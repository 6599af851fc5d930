r"""Decay widths of a heavy vector boson at tree level. Energies in GeV.

The mass of the boson is an argument, so that the same functions serve a virtual one. Derived here, checked against the
limits of massless and of equal fermions in `test_massless_limits_of_the_widths`.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.numerics import kallen, safe_sqrt

FloatLike = Float[ArrayLike, ""]


def fermion_width(
    m: FloatLike,
    m1: Float[ArrayLike, "*s"],
    m2: Float[ArrayLike, "*s"],
    left: Complex[ArrayLike, "*s"],
    right: Complex[ArrayLike, "*s"],
) -> Float[Array, "*s"]:
    r"""Width of a vector of mass m into :math:`f_1\bar f_2` per colour, in GeV; zero below threshold.

    :math:`\frac{p}{4\pi m^2}[(|g_L|^2+|g_R|^2)(E_1E_2+\frac{p^2}3)+2m_1m_2{\rm Re}\,g_Lg_R^*]`, from the Dirac traces;
    :math:`|g_L|^2m/24\pi` for massless left-handed fermions.
    """
    m, m1, m2 = jnp.asarray(m), jnp.asarray(m1), jnp.asarray(m2)
    left, right = jnp.asarray(left), jnp.asarray(right)
    p = _momentum(m, m1, m2)
    e1, e2 = (m**2 + m1**2 - m2**2) / (2 * m), (m**2 + m2**2 - m1**2) / (2 * m)
    chiral = (left * jnp.conj(left) + right * jnp.conj(right)).real * (e1 * e2 + p**2 / 3)
    return p / (4 * jnp.pi * m**2) * (chiral + 2 * m1 * m2 * (left * jnp.conj(right)).real)


def scalar_width(m: FloatLike, g: FloatLike, m1: FloatLike, m2: FloatLike) -> Float[Array, ""]:
    r"""Width into two real scalars coupled by :math:`gZ'^\mu(R\partial_\mu I-I\partial_\mu R)`, in GeV.

    :math:`\frac{g^2m}{48\pi}(2p/m)^3`; for equal masses that of a complex scalar of charge one into its pair.
    """
    m = jnp.asarray(m)
    p = _momentum(m, jnp.asarray(m1), jnp.asarray(m2))
    return jnp.asarray(g) ** 2 * m / (48 * jnp.pi) * (2 * p / m) ** 3


def _momentum(m: Float[Array, ""], m1: Float[Array, "*s"], m2: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """Momentum of the decay products in the rest frame; zero below threshold."""
    inside = jnp.where(m > m1 + m2, kallen(m**2, m1**2, m2**2), 0.0)
    return safe_sqrt(inside) / (2 * m)
