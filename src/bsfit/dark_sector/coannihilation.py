r"""Coannihilation of dark matter X with a heavier vector-like fermion F, :math:`L=\lambda_i\bar F_RXf_L^i` + h.c.

F carries the gauge charges of f, X none. Tree level with all masses of the Standard Model neglected, so that the gauge
group is unbroken: right where F is much heavier than the Z. Conversions between X and F are taken to be fast, which
they are unless :math:`\lambda\lesssim10^{-6}` (`conversion`). F of different multiplets do not annihilate with each
other here. Strengths as in `annihilation`; `GaugeCharges` holds what the gauge group contributes: derived here, checked
against a doublet of hep-ph/0512090 [Cirelli:2005uq]_ in `test_doublet_at_rest`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.constants import COLOURS
from bsfit.dark_sector.kinematics import momentum
from bsfit.loading.inputs import Inputs
from bsfit.numerics import atanh_ratio, safe_sqrt
from bsfit.theory import Channel

Scalar = Float[Array, ""]

WEYL_INDICES = (6.25, 10.25, 6.0)
r"""Sum of the indices :math:`T` (of SU(2), SU(3)) and :math:`Y^2` of the fermions of the Standard Model, the Higgs
doublet counting half as much as a left-handed fermion: SU(2), U(1), SU(3)."""

DIMENSIONS = (3.0, 1.0, 8.0)
ADJOINT = (2.0, 0.0, 3.0)


class GaugeCharges(eqx.Module):
    """A multiplet of `size` states: squared couplings, Casimir operators, indices of SU(2), U(1), SU(3), each [3]."""

    size: Scalar
    couplings: Float[Array, " 3"]
    casimir: Float[Array, " 3"]
    index: Float[Array, " 3"]

    @classmethod
    def doublet(cls, hypercharge: float, coloured: bool, alpha_s: Scalar, inputs: Inputs) -> "GaugeCharges":
        """A weak doublet; electroweak couplings at the Z mass, the strong one as given."""
        colours = COLOURS if coloured else 1
        alpha, sin2 = inputs["alpha_em_mZ"], inputs["sin2_theta_w"]
        couplings = 4 * jnp.pi * jnp.stack([alpha / sin2, alpha / (1 - sin2), alpha_s if coloured else jnp.zeros(())])
        casimir = jnp.array([0.75, hypercharge**2, 4 / 3 if coloured else 0.0])
        index = jnp.array([0.5 * colours, hypercharge**2 * 2 * colours, 1.0 if coloured else 0.0])
        return cls(jnp.asarray(2.0 * colours), couplings, casimir, index)

    @classmethod
    def n_plet(cls, n: int, inputs: Inputs) -> "GaugeCharges":
        """A multiplet of n states of SU(2) without hypercharge and colour; the coupling at the Z mass."""
        squared, casimir = 4 * jnp.pi * inputs["alpha_em_mZ"] / inputs["sin2_theta_w"], (n**2 - 1) / 4
        weak = jnp.array([1.0, 0.0, 0.0])
        return cls(jnp.asarray(float(n)), squared * weak, casimir * weak, n * casimir / 3 * weak)

    def single(self) -> Scalar:
        r""":math:`\sum g^2C`."""
        return jnp.sum(self.couplings * self.casimir)

    def to_fermions(self) -> Scalar:
        r""":math:`\sum g^4\,{\rm dim}\,T_F\sum T_f` into everything that the Standard Model has at one vertex."""
        return jnp.sum(self.couplings**2 * jnp.array(DIMENSIONS) * self.index * jnp.array(WEYL_INDICES))

    def symmetric(self) -> Scalar:
        r""":math:`\frac14\sum_{ab}g_a^2g_b^2{\rm Tr}\{T^a,T^b\}^2`."""
        return self.size * (self.single() ** 2 - jnp.sum(self.couplings**2 * self.casimir * jnp.array(ADJOINT)) / 4)

    def antisymmetric(self) -> Scalar:
        r""":math:`-\frac14\sum_{ab}g_a^2g_b^2{\rm Tr}[T^a,T^b]^2`."""
        return self.size * jnp.sum(self.couplings**2 * self.casimir * jnp.array(ADJOINT)) / 4


def through_gauge_bosons(s: Scalar, mass: Scalar, charges: GaugeCharges) -> Scalar:
    r""":math:`\lambda\sigma` of a vector-like fermion of mass m in GeV and its antiparticle, per pair of spin states.

    Into everything that the unbroken gauge group allows: per :math:`g^4`, with :math:`\rho=4m^2/s` and
    :math:`L=\ln\frac{1+\beta}{1-\beta}`,

    * :math:`\frac{s\beta}{24\pi}(1+\rho/2)` into each left-handed fermion through a gauge boson: derived here, checked
      against explicit Dirac matrices in `test_gauge_part_is_the_trace`;
    * :math:`\frac s{32\pi}[2((3-\beta^4)L-2\beta(2-\beta^2))]` and
      :math:`\frac s{32\pi}[(4+4\rho+2\rho^2)L-\frac\beta3(28+32\rho)]` into two gauge bosons, for the symmetric and the
      antisymmetric part of the product of charges: from the cross sections of :math:`\gamma\gamma\to f\bar f`
      [Breit:1934zz]_ and :math:`gg\to Q\bar Q` [Combridge:1978kx]_, see `test_gauge_bosons_by_detailed_balance`.
    """
    rho = 4 * mass**2 / s
    beta = safe_sqrt(1 - rho)
    logarithm = 2 * beta * atanh_ratio(beta)
    fermions = s * beta * (1 + rho / 2) / (24 * jnp.pi) * charges.to_fermions()
    even = 2 * ((3 - beta**4) * logarithm - 2 * beta * (2 - beta**2))
    odd = (4 + 4 * rho + 2 * rho**2) * logarithm - beta * (28 + 32 * rho) / 3
    return fermions + (even * charges.symmetric() + odd * charges.antisymmetric()) * s / (32 * jnp.pi)


class MixedPair(Channel):
    r"""X and F into f and a gauge boson: f in the s channel, F in the u channel.

    With :math:`w=m_F^2-u`: :math:`\sum|M|^2=g^2|\lambda|^2[\frac{2w}s-\frac{4m^2(m^2-x)}{w^2}+\frac{2(2m^2+s)}w
    +\frac4{sw}((s+m^2-x)(m^2-x)-m^2s)-\frac4s(s+m^2-x)]`, :math:`m=m_F,\ x=m_X^2`, integrated over the angle: derived
    here, checked against explicit Dirac matrices in `test_strengths_are_the_traces`. `share` weighs F, see
    `FermionPair`.
    """

    m_x: Scalar
    m_f: Scalar
    yukawas: Scalar
    charges: GaugeCharges
    share: Scalar

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; four ordered pairs, each unaveraged."""
        f2, x = self.m_f**2, self.m_x**2
        p, k = momentum(s, self.m_x, self.m_f), jnp.sqrt(s) / 2
        total = s + f2 - x
        d, h = total / 2, 2 * p * k
        one, two = atanh_ratio(h / d) / d, 1 / ((d - h) * (d + h))
        mean = 2 * d / s - 4 * f2 * (f2 - x) * two + 2 * (2 * f2 + s) * one
        mean = mean + 4 * one * (total * (f2 - x) - f2 * s) / s - 4 * total / s
        squared = self.charges.size * self.charges.single() * self.yukawas * mean
        return self.share * p * k / jnp.pi * squared

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return (self.m_x + self.m_f)[None]


class FermionPair(Channel):
    r"""F and its antiparticle into gauge bosons, into fermions and Higgs through them, and :math:`f\bar f` through X.

    `through_gauge_bosons`; through X, and by its interference with a gauge boson,
    :math:`\sum|M|^2=|\lambda|^4\frac{(m^2-t)^2}{(t-x)^2}+\frac{4g^2|\lambda|^2}{s(t-x)}[(m^2-t)^2+m^2s]`: derived
    here, checked against explicit Dirac matrices in `test_strengths_are_the_traces`.

    `share`, 1 or less, weighs the number of states of F: 0 leaves coannihilation out.
    """

    m_x: Scalar
    m_f: Scalar
    yukawas: Scalar
    charges: GaugeCharges
    share: Scalar

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; two ordered pairs of four spin states."""
        gauge = through_gauge_bosons(s, self.m_f, self.charges)
        return self.share**2 * (8 * gauge + 2 * self.through_scalar(s))

    def through_scalar(self, s: Scalar) -> Scalar:
        r""":math:`\lambda\sigma` of one ordered pair, summed over spins: what X adds, its interference included."""
        f2, x = self.m_f**2, self.m_x**2
        beta = safe_sqrt(1 - 4 * f2 / s)
        d, h, delta = x - f2 + s / 2, s * beta / 2, f2 - x
        one, two = atanh_ratio(h / d) / d, 1 / ((d - h) * (d + h))
        pure = (self.charges.size * self.yukawas) ** 2 * (1 + 2 * delta * one + delta**2 * two)
        crossed = self.charges.size * self.charges.single() * self.yukawas * 4 / s
        mean = pure - crossed * (d + 2 * delta + (delta**2 + f2 * s) * one)
        return beta * s / (16 * jnp.pi) * mean

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return 2 * self.m_f[None]
