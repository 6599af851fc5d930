r"""Vector-like fermions: complex couplings to the three generations, and their mixing with the light states.

Models with vector-like doublets couple them to the generations by complex 3-vectors, defined in the mass basis of the
down quarks and of the charged leptons. The left-handed up quarks then couple by
:math:`\lambda^u_j=\sum_iV_{ji}^*\lambda_i`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.theory import Params

FloatLike = Float[ArrayLike, ""]

DOWN_QUARKS = ("d", "s", "b")

Vector = tuple[Complex[Array, ""], Complex[Array, ""], Complex[Array, ""]]
"""A 3-vector in flavour space as three scalars: XLA then fuses everything and drops what nothing reads."""


def complex_parameter(params: Params, name: str) -> Complex[Array, ""]:
    """The complex parameter with real part `name` and imaginary part ``<name>_im``; missing parts are zero."""
    return jnp.asarray(params.get(name, 0.0)) + 1j * jnp.asarray(params.get(f"{name}_im", 0.0))


def known_zero(params: Params, *names: str) -> bool:
    """Whether all of these parameters are zero whatever is traced: what depends on them need not be compiled."""
    return all(isinstance(params.get(name, 0.0), (int, float)) and params.get(name, 0.0) == 0.0 for name in names)


def coupling_vector(params: Params, name: str, flavours: tuple[str, ...]) -> Vector:
    """Couplings ``<name>_<flavour>`` to the three generations."""
    first, second, third = (complex_parameter(params, f"{name}_{flavour}") for flavour in flavours)
    return first, second, third


def up_couplings(down: Vector, ckm: Complex[Array, "3 3"]) -> Vector:
    """Couplings of the left-handed u, c, t from those of d, s, b."""
    u, c, t = (sum((jnp.conj(ckm[j, i]) * down[i] for i in range(3)), jnp.zeros(())) for j in range(3))
    return u, c, t


def squared(z: Complex[Array, ""]) -> Float[Array, ""]:
    """:math:`|z|^2`, with the right derivatives at zero."""
    return z.real**2 + z.imag**2


def norm_squared(vector: Vector) -> Float[Array, ""]:
    """Sum of the squared moduli."""
    return squared(vector[0]) + squared(vector[1]) + squared(vector[2])


class Mixing(eqx.Module):
    r"""Couplings of one multiplet to the Z' after mixing, :math:`L=\bar f_i\gamma^\mu\Delta^{ij}P_Lf_jZ'_\mu` etc.

    A vector-like state of Dirac mass m and three massless left-handed states, coupled by :math:`\lambda_i` to a scalar
    of charge 2. With :math:`\mu_i=\lambda_iv_\phi/\sqrt2` the heavy left-handed state is
    :math:`(mQ_L+\sum\mu_iq_i)/M`, :math:`M^2=m^2+\sum|\mu_i|^2`; right-handed states do not mix. Exact, for any
    3-vector.

    `charge` is :math:`2g_X`; `mass` m and `heavy` M in GeV; `mu` in GeV; `universal_left`, `universal_right`: couplings
    that all light states have besides.
    """

    charge: Float[Array, ""]
    mass: Float[Array, ""]
    heavy: Float[Array, ""]
    mu: Vector
    universal_left: Float[Array, ""]
    universal_right: Float[Array, ""]

    def left(self, i: int, j: int) -> Complex[Array, ""]:
        r""":math:`\Delta_L^{ij}=2g_X\mu_i^*\mu_j/M^2` of the light states, eqs. (16) and (17) of [Vicente:2018frk]_."""
        mixed = jnp.conj(self.mu[i]) * self.mu[j] * (self.charge / self.heavy**2)
        return mixed + self.universal_left if i == j else mixed

    def right(self, i: int, j: int) -> Complex[Array, ""]:
        """Right-handed coupling of the light states."""
        return (self.universal_right if i == j else jnp.zeros(())) + 0j

    def heavy_light(self, j: int) -> Complex[Array, ""]:
        r"""Coupling of :math:`\bar H_Ll_j`, :math:`-2g_Xm\mu_j/M^2`."""
        return self.mu[j] * (-self.charge * self.mass / self.heavy**2)

    def heavy_left(self) -> Float[Array, ""]:
        r"""Coupling of :math:`\bar H_LH_L`, :math:`2g_Xm^2/M^2`; that of the right-handed state is `charge`."""
        return self.charge * self.mass**2 / self.heavy**2


def mixing(
    mass: FloatLike, yukawas: Vector, g_x: FloatLike, v_phi: FloatLike, left: FloatLike = 0.0, right: FloatLike = 0.0
) -> Mixing:
    """Mixing of a vector-like state of Dirac mass `mass`; `left`, `right`: universal couplings of the light states."""
    mass, scale = jnp.asarray(mass, dtype=float), jnp.asarray(v_phi) / jnp.sqrt(2.0)
    mu = (yukawas[0] * scale, yukawas[1] * scale, yukawas[2] * scale)
    return Mixing(
        charge=2 * jnp.asarray(g_x, dtype=float),
        mass=mass,
        heavy=jnp.sqrt(mass**2 + norm_squared(mu)),
        mu=mu,
        universal_left=jnp.asarray(left, dtype=float),
        universal_right=jnp.asarray(right, dtype=float),
    )
