r"""Currents of dark matter that a vector boson couples to, :math:`L=J_\mu V^\mu`, for each kind of dark matter.

* Dirac: :math:`J_\mu=\bar\chi\gamma_\mu(g_V+g_A\gamma_5)\chi`; chiral charges give
  :math:`g_{V,A}=g(\chi_R\pm\chi_L)/2`.
* Majorana: :math:`J_\mu=\frac{g_A}2\bar\chi\gamma_\mu\gamma_5\chi`; a Weyl fermion of charge Q has :math:`|g_A|=gQ`.
* pseudo-Dirac: a Dirac fermion split into two Majorana ones, whose vector current turns one into the other.
* complex scalar of charge one: :math:`J_\mu=g\,\chi^*i\overleftrightarrow{\partial_\mu}\chi`; split into two real ones,
  :math:`J_\mu=g(R\partial_\mu I-I\partial_\mu R)`.

Derived here, checked in `test_exchange_of_a_vector_is_the_trace` and `test_width_into_dark_matter`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.dark_sector.kinematics import momentum
from bsfit.theory import Invisible

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]


class DarkCurrent(Invisible):
    """A current between states of masses m1 and m2 in GeV. Build with the class methods, one for each kind.

    `multiplicity` as in `annihilation`; `conserved` says that the current has no part along its momentum, `split` that
    the two states are different ones. What a kind does not have is zero.
    """

    scalar: Scalar
    vector: Scalar
    axial: Scalar
    m1: Scalar
    m2: Scalar
    multiplicity: float = eqx.field(static=True)
    fermions: bool = eqx.field(static=True)
    conserved: bool = eqx.field(static=True)
    split: bool = eqx.field(static=True)

    @classmethod
    def dirac(cls, mass: FloatLike, vector: FloatLike, axial: FloatLike | None = None) -> "DarkCurrent":
        """A Dirac fermion with its couplings; without the axial one the current is conserved."""
        return cls._of((mass,), 8.0, True, axial is None, vector=vector, axial=0.0 if axial is None else axial)

    @classmethod
    def majorana(cls, mass: FloatLike, axial: FloatLike) -> "DarkCurrent":
        """A Majorana fermion."""
        return cls._of((mass,), 4.0, True, False, axial=axial)

    @classmethod
    def pseudo_dirac(cls, m1: FloatLike, m2: FloatLike, vector: FloatLike) -> "DarkCurrent":
        """Two Majorana fermions, the parts of a Dirac one of vector coupling g_V."""
        return cls._of((m1, m2), 8.0, True, False, vector=vector)

    @classmethod
    def complex_scalar(cls, mass: FloatLike, coupling: FloatLike) -> "DarkCurrent":
        """A complex scalar."""
        return cls._of((mass,), 2.0, False, True, scalar=coupling)

    @classmethod
    def split_scalar(cls, m1: FloatLike, m2: FloatLike, coupling: FloatLike) -> "DarkCurrent":
        """Two real scalars, the parts of a complex one."""
        return cls._of((m1, m2), 2.0, False, False, scalar=coupling)

    @classmethod
    def _of(
        cls, masses: tuple[FloatLike, ...], multiplicity: float, fermions: bool, conserved: bool, **given: FloatLike
    ) -> "DarkCurrent":
        scalar, vector, axial = (jnp.asarray(given.get(k, 0.0), dtype=float) for k in ("scalar", "vector", "axial"))
        first, second = jnp.asarray(masses[0], dtype=float), jnp.asarray(masses[-1], dtype=float)
        return cls(scalar, vector, axial, first, second, multiplicity, fermions, conserved, len(masses) == 2)

    def thresholds(self) -> Float[Array, " t"]:
        """Energy in GeV from which a pair of different states is there; that of one's own pairs goes without saying."""
        return (self.m1 + self.m2)[None] if self.split else jnp.zeros(0)

    def squared(self, s: Scalar) -> tuple[Scalar, Scalar]:
        r"""Spin-averaged squares T, :math:`T_0` of its components in space and time, in the centre of mass.

        Scalars: :math:`T=4g^2p^2`, :math:`T_0=g^2(m_1^2-m_2^2)^2/s`. Fermions:
        :math:`T=g_V^2[p^2+3(E_1E_2+m_1m_2)]+g_A^2[p^2+3(E_1E_2-m_1m_2)]`,
        :math:`T_0=g_V^2[E_1E_2-p^2-m_1m_2]+g_A^2[E_1E_2-p^2+m_1m_2]`; for equal masses
        :math:`T=g_V^2(s+2m^2)+g_A^2(s-4m^2)`, :math:`T_0=2g_A^2m^2`. Their product drops out after the mean over
        angles. Derived here, checked in `test_exchange_of_a_vector_is_the_trace`.
        """
        p2 = momentum(s, self.m1, self.m2) ** 2
        if not self.fermions:
            return 4 * self.scalar**2 * p2, (self.scalar * (self.m1**2 - self.m2**2)) ** 2 / s
        energies, masses = self._energies(s), self.m1 * self.m2
        vector, axial = self.vector**2, self.axial**2
        space = vector * (p2 + 3 * (energies + masses)) + axial * (p2 + 3 * (energies - masses))
        return space, vector * (energies - p2 - masses) + axial * (energies - p2 + masses)

    def _energies(self, s: Scalar) -> Scalar:
        """Product of the two energies in the centre of mass."""
        return (s**2 - (self.m1**2 - self.m2**2) ** 2) / (4 * s)

    def width(self, m: FloatLike) -> Scalar:
        r"""Decay width in GeV of a vector of mass m, :math:`\frac{pN}{48\pi m^2}T(m^2)`, N the multiplicity.

        Dirac: :math:`\frac{m\beta}{12\pi}[g_V^2(1+2r^2)+g_A^2\beta^2]`, :math:`r=m_\chi/m`.
        """
        s = jnp.asarray(m, dtype=float) ** 2
        return momentum(s, self.m1, self.m2) * self.multiplicity * self.squared(s)[0] / (48 * jnp.pi * s)

    def time_like_width(self, m: FloatLike) -> Scalar:
        r""":math:`\frac{pN}{16\pi m^2}T_0(m^2)`, as `annihilation.FermionPairs.time_like_width`."""
        s = jnp.asarray(m, dtype=float) ** 2
        return momentum(s, self.m1, self.m2) * self.multiplicity * self.squared(s)[1] / (16 * jnp.pi * s)

    def opening(self) -> Scalar:
        """See `theory.Invisible.opening`."""
        return self.m1 + self.m2
