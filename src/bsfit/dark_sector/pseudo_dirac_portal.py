r"""A Dirac fermion behind a Z' that a Majorana mass splits in two, :math:`\chi=(\chi_1+i\chi_2)/\sqrt2`.

Its vector current :math:`ig\bar\chi_1\gamma^\mu\chi_2Z'_\mu` turns one into the other: :math:`\chi_1`, the lighter one
and dark matter, scatters only where a collision has the energy for the other. Both annihilate together through the Z',
each alone into pairs of it by exchange of the other, where the splitting is neglected: half of what a Dirac fermion
does each (`test_pseudo_dirac_is_dirac_without_splitting`). Derived here.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_portal, z_prime_scattering
from bsfit.dark_sector.conversion import VectorConversion
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import FermionVectorPair
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.z_prime import Currents
from bsfit.theory import DarkSector, Theory, Verdict

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

_STATES = 2.0
"""Degrees of freedom of each part."""


class PseudoDiracPortal(eqx.Module):
    r"""Masses in GeV of Z' and :math:`\chi_1`, how much more :math:`\chi_2` has; the rest as for Dirac."""

    m_zp: Scalar
    m_chi: Scalar
    splitting: Scalar
    coupling: Scalar
    currents: Currents
    top: TopLoop
    cutoff: FloatLike = 1.0

    def masses(self) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Of both, the lighter first."""
        return jnp.asarray(self.m_chi), jnp.asarray(self.m_chi + self.splitting)

    def current(self) -> DarkCurrent:
        """What turns one into the other."""
        light, heavy = self.masses()
        return DarkCurrent.pseudo_dirac(light, heavy, self.coupling)

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """Annihilation through the Z' of this width in GeV and into pairs of it, and scattering through it."""
        m_zp, z, (light, heavy) = self.m_zp, self.currents, self.masses()
        through = replace(z_prime_portal.exchange(m_zp, width, self.current(), z, inputs), species=1)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        vector = z_prime_scattering.nucleon_couplings(self.coupling, m_zp, z, self.top, inputs, self.cutoff)
        possible = z_prime_scattering.elastic(light, heavy, inputs)
        return DarkSector(
            masses=jnp.stack([light, heavy]),
            dof=jnp.full(2, _STATES),
            channels=(through, self._vectors(0), self._vectors(1)),
            pole_masses=pole_masses,
            pole_widths=pole_widths,
            kind="Majorana",
            vector={name: value * possible for name, value in vector.items()},
            conversions=(VectorConversion(light, heavy, self.coupling, m_zp, through.final, species=1),),
        )

    def _vectors(self, species: int) -> FermionVectorPair:
        """One part alone into pairs of the Z'."""
        half = replace(DarkCurrent.dirac(self.masses()[species], self.coupling), multiplicity=4.0)
        return FermionVectorPair(half, self.m_zp, name=f"vector pairs {species + 1}", species=species)

    def verdicts(self, width: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Conditions that hold for every model of this kind."""
        return (
            z_prime_portal.perturbative_gauge(self.coupling),
            *z_prime_portal.verdicts(self.m_zp, width, self.m_chi, self.coupling, self.currents, inputs),
            validity.below(
                "small_splitting",
                "splitting of the dark states over the lighter of m_chi and m_Zp, neglected in annihilation into Z' "
                "pairs, against 0.1",
                self.splitting / jnp.minimum(self.m_chi, self.m_zp),
                0.1,
            ),
        )

    def theory(self, inputs: Inputs) -> Theory:
        """The theory."""
        widths = z_prime_portal.widths(self.m_zp, self.current(), self.currents, inputs)
        dark, conditions = (part(widths["Gamma_Zp"], inputs) for part in (self.dark_sector, self.verdicts))
        return z_prime_portal.theory(self.m_zp, self.currents, widths, dark, inputs, {}, {}, conditions)
