r"""Vector-like fermions: complex couplings to the three generations, and their mixing with the light states.

Models with vector-like doublets couple them to the generations by complex 3-vectors, defined in the mass basis of the
down quarks and of the charged leptons. The left-handed up quarks then couple by
:math:`\lambda^u_j=\sum_iV_{ji}^*\lambda_i`.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

FloatLike = Float[ArrayLike, ""]

DOWN_QUARKS = ("d", "s", "b")


def complex_parameter(params: Mapping[str, Float[Array, ""]], name: str) -> Complex[Array, ""]:
    """The complex parameter with real part `name` and imaginary part ``<name>_im``; missing parts are zero."""
    return jnp.asarray(params.get(name, 0.0)) + 1j * jnp.asarray(params.get(f"{name}_im", 0.0))


def coupling_vector(
    params: Mapping[str, Float[Array, ""]], name: str, flavours: tuple[str, ...]
) -> Complex[Array, " 3"]:
    """Couplings ``<name>_<flavour>`` to the three generations."""
    return jnp.stack([complex_parameter(params, f"{name}_{flavour}") for flavour in flavours])


def up_couplings(down: Complex[Array, " 3"], ckm: Complex[Array, "3 3"]) -> Complex[Array, " 3"]:
    """Couplings of the left-handed u, c, t from those of d, s, b."""
    return jnp.conj(ckm) @ down


class Mixing(eqx.Module):
    r"""Couplings of one multiplet to the Z' after mixing, :math:`L=\bar f_i\gamma^\mu\Delta^{ij}P_Lf_jZ'_\mu` etc.

    `mass` of the heavy state in GeV; `light` [3, 3] of the light left-handed states; `heavy_light` [3] of
    :math:`\bar H_Ll_j`; `heavy_left`, `heavy_right` of :math:`\bar HH`; `universal_left`, `universal_right`: what
    kinetic mixing adds to every light state.
    """

    mass: Float[Array, ""]
    light: Complex[Array, "3 3"]
    heavy_light: Complex[Array, " 3"]
    heavy_left: Float[Array, ""]
    heavy_right: Float[Array, ""]
    universal_left: Float[Array, ""]
    universal_right: Float[Array, ""]

    @property
    def left(self) -> Complex[Array, "3 3"]:
        """All of the left-handed couplings of the light states."""
        return self.light + self.universal_left * jnp.eye(3)

    @property
    def right(self) -> Complex[Array, "3 3"]:
        """Right-handed couplings of the light states."""
        return self.universal_right * jnp.eye(3, dtype=complex)


def mixing(
    mass: FloatLike,
    yukawas: Complex[Array, " 3"],
    g_x: FloatLike,
    v_phi: FloatLike,
    left: FloatLike = 0.0,
    right: FloatLike = 0.0,
) -> Mixing:
    r"""Exact mixing of a vector-like state of Dirac mass `mass` with three massless left-handed states.

    With :math:`\mu_i=\lambda_iv_\phi/\sqrt2` and :math:`M^2=m^2+\sum|\mu_i|^2` the heavy left-handed state is
    :math:`(mQ_L+\sum\mu_iq_i)/M`, hence :math:`\Delta_L^{ij}=2g_X\mu_i^*\mu_j/M^2`: eqs. (16) and (17) of 1803.04703
    [Vicente:2018frk]_ for any couplings. Right-handed states do not mix. `left` and `right` are universal couplings of
    the light states.
    """
    mu = yukawas * v_phi / jnp.sqrt(2.0)
    m_squared = jnp.asarray(mass) ** 2
    heavy_squared = m_squared + jnp.sum(jnp.abs(mu) ** 2)
    charge = 2 * jnp.asarray(g_x)
    return Mixing(
        mass=jnp.sqrt(heavy_squared),
        light=charge * jnp.outer(jnp.conj(mu), mu) / heavy_squared,
        heavy_light=-charge * mass * mu / heavy_squared,
        heavy_left=charge * m_squared / heavy_squared,
        heavy_right=charge,
        universal_left=jnp.asarray(left),
        universal_right=jnp.asarray(right),
    )
