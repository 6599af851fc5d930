"""Kinematics of two particles in their centre of mass, propagators. Energies in GeV.

Derived here, checked as part of every trace, as in `test_exchange_of_a_vector_is_the_trace`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.numerics import kallen, safe_sqrt

Scalar = Float[Array, ""]


def momentum(s: Scalar, m1: Float[Array, "*k"], m2: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """Momentum of two particles in their centre of mass; zero below threshold."""
    above = s > (m1 + m2) ** 2
    return safe_sqrt(jnp.where(above, kallen(s, m1**2, m2**2), 0.0)) * (0.5 / jnp.sqrt(s))


def breit_wigner(s: Scalar, mass: Float[Array, "*k"], width: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """Squared denominator of a propagator of fixed width."""
    return (s - mass**2) ** 2 + (mass * width) ** 2
