r"""Conversion of a heavier species into dark matter: decays, and scattering on the plasma at temperature T.

Rates of one particle of the heavier species, which is not relativistic; those of dark matter follow by detailed
balance, `thermal.equilibrium`. Masses of the Standard Model are neglected. What such rates are for: 1705.09292
[Garny:2017rxs]_ and 1705.08450 [DAgnolo:2017dbv]_.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float
from scipy.special import zeta

from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.coannihilation import GaugeCharges
from bsfit.numerics import bessel_k
from bsfit.theory import Conversion

Scalar = Float[Array, ""]


def dilated(width: Scalar, mass: Scalar, t: Scalar) -> Scalar:
    r"""Thermal mean of a decay rate, :math:`\Gamma K_1(m/T)/K_2(m/T)`, for :math:`m\ge2T`.

    The mean of :math:`m/E` over a Boltzmann distribution: checked in `test_a_decay_in_flight`.
    """
    return width * bessel_k(1, t / mass) / bessel_k(2, t / mass)


class FermionConversion(Conversion):
    r"""A heavy fermion F into a scalar X and f, :math:`L=\lambda_i\bar F_RXf_L^i` + h.c., F and f of the same charges.

    Decay: :math:`\Gamma=\frac{|\lambda|^2m_F}{32\pi}(1-m_X^2/m_F^2)^2`, derived here, checked in
    `test_the_width_is_the_phase_space`. Scattering, :math:`FV\to Xf` and :math:`F\bar f\to XV` with gauge bosons V, is
    what is left where the decay closes: the leading logarithm from the exchange of f for :math:`m_X\to m_F`,

    .. math:: \frac{|\lambda|^2g^2C\,T^2}{256\pi m_F}\ln\frac{4.73\,T^2}{m_f^2},\qquad m_f^2=\frac{g^2C\,T^2}4,

    cut off at the thermal mass of f: derived here, checked to 5 % against direct integration in
    `test_scattering_is_its_integral`.
    """

    m_x: Scalar
    m_f: Scalar
    yukawas: Scalar
    charges: GaugeCharges

    def width(self) -> Scalar:
        """Decay width at rest in GeV; zero where the decay is closed."""
        open_ = jnp.maximum(1 - (self.m_x / self.m_f) ** 2, 0.0)
        return self.yukawas * self.m_f * open_**2 / (32 * jnp.pi)

    def scattering(self, t: Scalar) -> Scalar:
        """Rate in GeV of scattering on gauge bosons and light fermions."""
        coupling = jnp.maximum(self.charges.single(), 1e-30)
        return self.yukawas * coupling * t**2 / (256 * jnp.pi * self.m_f) * jnp.log1p(4 * 4.73 / coupling)

    def rate(self, t: Scalar) -> Scalar:
        """See `Conversion.rate`."""
        return dilated(self.width(), self.m_f, t) + self.scattering(t)


class VectorConversion(Conversion):
    r"""A real scalar R into a lighter one I through a vector M that is heavier than all energies.

    Majorana fermions that are the parts of a Dirac one do the same: slow ones see the charge alone.

    Decays :math:`R\to If\bar f` and scattering :math:`Rf\to If` on fermions lighter than T, of others what Boltzmann's
    factor leaves; to leading order in the energy set free, :math:`\delta=(m_R^2-m_I^2)/2m_R`, and in T:

    .. math:: \frac{g^2\sum N_c(|\Delta_L|^2+|\Delta_R|^2)}{4\pi^3M^4}\left[\frac{\delta^5}{30}+45\zeta(5)T^5\right],

    derived here, checked in `test_scattering_through_a_vector` and `test_decays_through_a_vector`. Infinite where
    :math:`T>10\,\delta`: states as near as that, which only annihilate with each other, keep their ratio by themselves.
    """

    m_light: Scalar
    m_heavy: Scalar
    coupling: Scalar
    mass: Scalar
    fermions: FermionPairs

    def rate(self, t: Scalar) -> Scalar:
        """See `Conversion.rate`."""
        energy = (self.m_heavy**2 - self.m_light**2) / (2 * self.m_heavy)
        rate = dilated(self.decay(energy), self.m_heavy, t) + self.scattering(t)
        return jnp.where(t > 10 * energy, jnp.inf, rate)

    def decay(self, energy: Scalar) -> Scalar:
        """Decay width at rest in GeV, for the energy set free in GeV."""
        open_ = self.fermions.m1 + self.fermions.m2 < energy
        return self._strength(jnp.where(open_, 1.0, 0.0)) * energy**5 / 30

    def scattering(self, t: Scalar) -> Scalar:
        """Rate in GeV of scattering at a temperature in GeV."""
        present = jnp.exp(-jnp.maximum(self.fermions.m1, self.fermions.m2) / t)
        return self._strength(present) * 45 * zeta(5) * t**5

    def _strength(self, weights: Float[Array, " k"]) -> Scalar:
        f = self.fermions
        squared = (f.left * jnp.conj(f.left) + f.right * jnp.conj(f.right)).real
        return self.coupling**2 * jnp.sum(weights * f.weight * squared) / (4 * jnp.pi**3 * self.mass**4)
