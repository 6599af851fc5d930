r"""Kinetic mixing of a Z' with hypercharge in exchange, at any momentum.

:math:`L=-\frac\epsilon2F_Y^{\mu\nu}F_{X\mu\nu}`. To first order in :math:`\epsilon` every amplitude between dark matter
and a fermion f of charge Q and isospin :math:`T_3` has, instead of :math:`\Delta_f`,

.. math:: \Delta_f-\epsilon g_Y\left[Y-(T_3-s_W^2Q)\frac{m_Z^2}{s-m_Z^2+im_Z\Gamma_Z}\right],\qquad Y=Q-T_3:

the Z takes part. At low momenta this is :math:`-\epsilon g_Yc_W^2Q`, the photon's share
(`matching.z_prime.at_low_energies`), far above the Z it is :math:`-\epsilon g_YY`; on the mass shell of the Z', where s
is its mass squared, it is the coupling that fixes the width. The part of the exchange along its momentum knows nothing
of :math:`\epsilon`: masses do not mix. Derived here, checked against the exact masses and couplings of all three
neutral bosons in `test_kinetic_mixing_is_the_exact_exchange`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.loading.inputs import Inputs

Scalar = Float[Array, ""]


class KineticMixing(eqx.Module):
    r"""What kinetic mixing adds to the couplings of pairs of fermions [k], left- and right-handed; `of` makes it.

    `hypercharge` is :math:`-\epsilon g_YY`, `weak` :math:`\epsilon g_Y(T_3-s_W^2Q)`; masses in GeV.
    """

    hypercharge: tuple[Float[Array, " k"], Float[Array, " k"]]
    weak: tuple[Float[Array, " k"], Float[Array, " k"]]
    m_z: Scalar
    width_z: Scalar

    @classmethod
    def of(
        cls,
        epsilon: Float[ArrayLike, ""],
        charge: Float[ArrayLike, " k"],
        isospin_left: Float[ArrayLike, " k"],
        isospin_right: Float[ArrayLike, " k"],
        inputs: Inputs,
    ) -> "KineticMixing":
        """For the charges of the fermion of each pair; zeros where the two are of different flavours."""
        sin2 = inputs["sin2_theta_w"]
        unit = jnp.asarray(epsilon) * jnp.sqrt(4 * jnp.pi * inputs["alpha_em_mZ"] / (1 - sin2))
        q = jnp.asarray(charge, dtype=float)
        isospins = [jnp.asarray(t, dtype=float) for t in (isospin_left, isospin_right)]
        left, right = [(unit * (t - q), unit * (t - sin2 * q)) for t in isospins]
        return cls((left[0], right[0]), (left[1], right[1]), inputs["m_Z"], inputs["Gamma_Z"])

    def shift(self, s: Scalar) -> tuple[Complex[Array, " k"], Complex[Array, " k"]]:
        """What is added to the left- and the right-handed couplings at :math:`q^2=s` in GeV^2."""
        z = self.m_z**2 / (s - self.m_z**2 + 1j * self.m_z * self.width_z)
        return self.hypercharge[0] + self.weak[0] * z, self.hypercharge[1] + self.weak[1] * z
