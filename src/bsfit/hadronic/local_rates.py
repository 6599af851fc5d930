r"""Rates of :math:`B\to K`, :math:`K^*` and :math:`B_s\to\phi` by a local current: form factors squared, by the spin.

Of a rate whose current is contracted with a pair of leptons, of spin one or time-like; without couplings, lifetime and
:math:`1/m_B^3`, with the root of :math:`\lambda`. Functions of q2 [n] in GeV^2.
"""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.hadronic import form_factors
from bsfit.hadronic.phase_space import sqrt_lambda
from bsfit.loading.inputs import Inputs

TO_K = {"B+->K": ("m_B+", "m_K+", "tau_B+"), "B0->K": ("m_B0", "m_K0", "tau_B0")}
TO_KSTAR = {"B0->K*": ("m_B0", "m_K*0", "tau_B0"), "B+->K*": ("m_B+", "m_K*+", "tau_B+")}
TO_PHI = {"Bs->phi": ("m_Bs", "m_phi", "tau_Bs")}
"""Masses of the mesons and lifetime of each decay."""


class Decays(eqx.Module):
    """Masses in GeV and lifetime in GeV^-1; [decay] on every field until one is picked."""

    m_b: Float[Array, "*d"]
    m_m: Float[Array, "*d"]
    lifetime: Float[Array, "*d"]

    @classmethod
    def of(cls, table: Mapping[str, tuple[str, str, str]], inputs: Inputs) -> "Decays":
        """Those of a table."""
        return cls(*(inputs.array(names) for names in zip(*table.values(), strict=True)))


class Squares(eqx.Module):
    """Sums of squared coefficients at some q2: L + R and L - R of spin one, and of the time-like part."""

    plus: Float[Array, "*n"]
    minus: Float[Array, "*n"]
    plus_time: Float[Array, "*n"]
    minus_time: Float[Array, "*n"]


def to_pseudoscalar(
    decay: Decays, expansion: form_factors.Expansion, q2: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Of spin one, and time-like."""
    plus, zero, _ = jax.vmap(form_factors.evaluate, (None, 0))(expansion, q2).T
    root = sqrt_lambda(q2, decay.m_b, decay.m_m)
    return root**3 * plus**2, root * ((decay.m_b**2 - decay.m_m**2) * zero) ** 2


def to_vector(
    decay: Decays, expansion: form_factors.Expansion, q2: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"], Float[Array, " n"], Float[Array, " n"]]:
    """Of the vector current, and of the axial one transverse, longitudinal and time-like."""
    v, a0, a1, a12, *_ = jax.vmap(form_factors.evaluate, (None, 0))(expansion, q2).T
    root, total_mass = sqrt_lambda(q2, decay.m_b, decay.m_m), decay.m_b + decay.m_m
    vector = 2.0 * q2 * (root * v / total_mass) ** 2
    transverse = 2.0 * q2 * (total_mass * a1) ** 2
    longitudinal = (8.0 * decay.m_b * decay.m_m * a12) ** 2
    return root * vector, root * transverse, root * longitudinal, root**3 * a0**2


def rate_to_pseudoscalar(
    decay: Decays, expansion: form_factors.Expansion, q2: Float[Array, " n"], squares: Squares
) -> Float[Array, "1 n"]:
    """The rate with couplings."""
    spin_one, time_like = to_pseudoscalar(decay, expansion, q2)
    return (squares.plus * spin_one + squares.plus_time * time_like)[None]


def rates_to_vector(
    decay: Decays, expansion: form_factors.Expansion, q2: Float[Array, " n"], squares: Squares
) -> Float[Array, "3 n"]:
    """The same by the vector current, the axial one transverse, and longitudinal with what is time-like."""
    vector, transverse, longitudinal, time_like = to_vector(decay, expansion, q2)
    along = squares.minus * longitudinal + squares.minus_time * time_like
    return jnp.stack([squares.plus * vector, squares.minus * transverse, along])
