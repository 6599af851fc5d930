r"""Cross sections of dark matter as functions of s: normalisation, kinematics, and all that goes through a vector.

Tree level, energies in GeV. Higgs bosons are in `higgs_portal`, heavy fermions in the t channel in `t_channel`, heavier
partners of dark matter in `coannihilation`.

Each topology is a record of arrays whose `strength` is :math:`\sum g_ig_j\lambda\sigma`, see `theory.Channel`:
`multiplicity` is the number of ordered pairs of states that annihilate this way. It is 1 for a real scalar, 2 for a
complex one (:math:`\chi\chi^*` and :math:`\chi^*\chi`), 4 for a Majorana and 8 for a Dirac fermion.

With p the momentum of the initial particles in their centre of mass,
:math:`\lambda\sigma=p\sqrt s\int d\Phi\,|M|^2`, for two particles of momentum k in the final state
:math:`\lambda\sigma=\frac{pk}{4\pi}\langle|M|^2\rangle`, the mean over the angle, half of it for identical ones.
:math:`\lambda` and the average over all pairs of species are those of [Edsjo:1997bg]_.
"""

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.matching.kinetic_mixing import KineticMixing
from bsfit.numerics import atanh_ratio, kallen
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class FermionPairs(eqx.Module):
    """Pairs of fermions that a vector couples to, [k]: weight (colours, charge conjugates), masses, couplings.

    With `mixing`, the couplings of an exchange depend on its momentum: `left` and `right` are those without. `kinds`
    [k], of `theory.FINAL_STATES`, tell them apart where they heat a gas; all are ``other`` without.
    """

    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    left: Complex[Array, " k"]
    right: Complex[Array, " k"]
    mixing: KineticMixing | None = None
    kinds: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def weighted(self, shares: Mapping[str, Scalar]) -> "FermionPairs":
        """The same with weights times a share for each kind."""
        kinds = ("other",) * len(self.weight) if self.kinds is None else self.kinds
        return replace(self, weight=self.weight * jnp.stack([shares[kind] for kind in kinds]))

    def couplings(self, s: Scalar) -> tuple[Complex[Array, " k"], Complex[Array, " k"]]:
        """Left- and right-handed couplings at :math:`q^2=s` in GeV^2."""
        if self.mixing is None:
            return self.left, self.right
        left, right = self.mixing.shift(s)
        return self.left + left, self.right + right

    def mixing_pole(self) -> tuple[Float[Array, " p"], Float[Array, " p"]]:
        """Mass and width in GeV of the Z where it takes part in the exchange, else nothing."""
        if self.mixing is None:
            return jnp.zeros(0), jnp.zeros(0)
        return self.mixing.m_z[None], self.mixing.width_z[None]

    def widths(self, m: Scalar) -> Float[Array, " k"]:
        """Width of a vector of mass m into each of them, charge conjugates included; see `fermion_width`."""
        s, (chiral, mixed) = m**2, _squares(*self.couplings(m**2))
        wave = 3 * (s**2 - (self.m1**2 - self.m2**2) ** 2) + kallen(s, self.m1**2, self.m2**2)
        return self._phase_space(m) * (chiral * wave / (12 * s) + 2 * self.m1 * self.m2 * mixed)

    def width(self, m: Scalar) -> Scalar:
        """Width of a vector of mass m into all of them."""
        return jnp.sum(self.widths(m))

    def time_like_width(self, m: Scalar) -> Scalar:
        r"""The same for the component along its momentum, which vanishes for a conserved current.

        :math:`\frac{p}{4\pi m^2}[(|g_L|^2+|g_R|^2)(E_1E_2-p^2)-2m_1m_2{\rm Re}\,g_Lg_R^*]`: derived here, checked as
        part of `test_exchange_of_a_vector_is_the_trace`. Kinetic mixing has no part in it.
        """
        s, (chiral, mixed) = m**2, _squares(self.left, self.right)
        wave = s * (self.m1**2 + self.m2**2) - (self.m1**2 - self.m2**2) ** 2
        return jnp.sum(self._phase_space(m) * (chiral * wave / (2 * s) - 2 * self.m1 * self.m2 * mixed))

    def _phase_space(self, m: Scalar) -> Float[Array, " k"]:
        return self.weight * momentum(m**2, self.m1, self.m2) / (4 * jnp.pi * m**2)


def _squares(left: Complex[Array, " k"], right: Complex[Array, " k"]) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    r""":math:`|g_L|^2+|g_R|^2` and :math:`{\rm Re}\,g_Lg_R^*`."""
    chiral = left.real**2 + left.imag**2 + right.real**2 + right.imag**2
    return chiral, left.real * right.real + left.imag * right.imag


class VectorExchange(Channel):
    r"""Annihilation into fermions through a vector in the s channel.

    :math:`\sigma=\frac{T\,\Gamma(\sqrt s)+T_0(1-s/M^2)^2\Gamma_0(\sqrt s)}{2p\,|s-M^2+iM\Gamma|^2}` with the widths of
    `FermionPairs` and :math:`T, T_0` of `DarkCurrent`: derived here, checked against explicit spinors in
    `test_exchange_of_a_vector_is_the_trace`.
    """

    current: DarkCurrent
    mass: Scalar
    total_width: Scalar
    final: FermionPairs
    final_thresholds: Float[Array, " t"]
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m, p = jnp.sqrt(s), momentum(s, self.current.m1, self.current.m2)
        space, time = self.current.squared(s)
        total = space * self.final.width(m)
        if not self.current.conserved:
            total = total + time * (1 - s / self.mass**2) ** 2 * self.final.time_like_width(m)
        rate = 2 * s * p * total / breit_wigner(s, self.mass, self.total_width)
        return self.current.multiplicity * rate

    def injected(self, s: Scalar, efficiency: Mapping[str, Scalar]) -> Scalar:
        """See `Channel.injected`."""
        return replace(self, final=self.final.weighted(efficiency)).strength(s)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return jnp.concatenate([self.final_thresholds, self.current.thresholds()])


class VectorPair(Channel):
    r"""Complex scalar of charge one into two vectors of mass M: contact, t and u channel.

    With :math:`T=t-m^2`, :math:`U=u-m^2`: :math:`\sum|M|^2=g^4[16+A_T^2/T^2+A_U^2/U^2+4a_U/T+4a_T/U+2x^2/TU]`,
    :math:`A_T=4m^2+2T-M^2`, :math:`a_T=\frac52s-4m^2+2T-3M^2`, :math:`x=s-4m^2+M^2`, integrated over the angle in
    closed form: derived here, checked against sums over polarisations in `test_vector_pairs_are_the_polarisation_sum`
    and the limit :math:`\sigma v\to g^4/8\pi m^2` for M -> 0 in `test_vector_pairs_at_rest`. `masses` [k] are the
    scalars for which the strengths are summed: one complex, or its two real components, whose splitting is neglected.
    """

    coupling: Scalar
    masses: Float[Array, " k"]
    vector_mass: Scalar
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="vector pairs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m2, v2 = self.masses**2, self.vector_mass**2
        p, k = momentum(s, self.masses, self.masses), momentum(s, self.vector_mass, self.vector_mass)
        d, h = s / 2 - v2, 2 * p * k
        logarithm = 2 * atanh_ratio(h / d) / d
        pole = 2 / ((d - h) * (d + h))
        a0, c0 = 4 * m2 - v2, 2.5 * s - 4 * m2 - 3 * v2
        squares = 2 * (a0**2 * pole - 4 * a0 * logarithm + 8)
        interference = -8 * ((c0 - 4 * d) * logarithm + 4)
        crossed = 2 * (s - 4 * m2 + v2) ** 2 * logarithm / d
        mean = (32 + squares + interference + crossed) / 2
        return self.multiplicity * jnp.sum(self.coupling**4 * p * k / (8 * jnp.pi) * mean)

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return 2 * self.vector_mass[None]


class VectorScalarPair(Channel):
    r"""Scalars into a vector M and a neutral scalar through the vector in the s channel, vertex :math:`c\,g^{\mu\nu}`.

    :math:`\lambda\sigma=\frac{pk}{4\pi}g^24p^2c^2\frac{1+k^2/3M^2}{|s-M^2+iM\Gamma|^2}` for a conserved current:
    derived here, checked against the sum over polarisations in `test_vector_and_scalar_is_the_polarisation_sum`. Where
    the masses of the scalars differ, the part of their current along its momentum is left out.
    """

    coupling: Scalar
    m1: Scalar
    m2: Scalar
    mass: Scalar
    total_width: Scalar
    vertex: Float[Array, " k"]
    scalar_masses: Float[Array, " k"]
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="vector and scalar")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        vector = jnp.broadcast_to(self.mass, self.scalar_masses.shape)
        p, k = momentum(s, self.m1, self.m2), momentum(s, vector, self.scalar_masses)
        open_ = k * self.vertex**2 * (1 + k**2 / (3 * self.mass**2))
        rate = p**3 * self.coupling**2 * jnp.sum(open_) / (jnp.pi * breit_wigner(s, self.mass, self.total_width))
        return self.multiplicity * rate

    def thresholds(self) -> Float[Array, " k"]:
        """See `Channel.thresholds`."""
        return self.mass + self.scalar_masses
