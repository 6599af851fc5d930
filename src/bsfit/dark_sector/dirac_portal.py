r"""Dirac dark matter :math:`\chi` behind a Z': :math:`L=g\bar\chi\gamma^\mu\chi Z'_\mu`, and any currents of fermions.

`z_prime_portal` for a vector current of dark matter: what the models of this kind share. Derived here, compared with
independent numbers in `test_every_stored_point`.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.dark_sector import z_prime_portal, z_prime_scattering
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import FermionVectorPair
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.z_prime import Currents
from bsfit.theory import DarkSector, Theory, Verdict

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

STATES = 4.0
"""Degrees of freedom of a Dirac fermion."""


class DiracPortal(eqx.Module):
    r"""Masses in GeV, the coupling g, the currents, and where the loops that mix the Z' with photon and Z end.

    `cutoff` is the scale in GeV at which the kinetic mixing is the :math:`\epsilon` of the currents.
    """

    m_zp: Scalar
    m_chi: Scalar
    coupling: Scalar
    currents: Currents
    top: TopLoop
    cutoff: FloatLike = 1.0

    def current(self) -> DarkCurrent:
        """The current of dark matter."""
        return DarkCurrent.dirac(self.m_chi, self.coupling)

    def widths(self, inputs: Inputs) -> dict[str, Scalar]:
        """All that `z_prime_decays.outputs` names."""
        return z_prime_portal.widths(self.m_zp, self.current(), self.currents, inputs)

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """Annihilation through the Z' of this width in GeV and into pairs of it, and scattering through it."""
        m_zp, z, current = self.m_zp, self.currents, self.current()
        through = z_prime_portal.exchange(m_zp, width, current, z, inputs)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        return DarkSector(
            masses=self.m_chi[None],
            dof=jnp.full(1, STATES),
            channels=(through, FermionVectorPair(current, m_zp)),
            pole_masses=pole_masses,
            pole_widths=pole_widths,
            kind="Dirac",
            vector=z_prime_scattering.nucleon_couplings(self.coupling, m_zp, z, self.top, inputs, self.cutoff),
        )

    def verdicts(self, width: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Conditions that hold for every model of this kind."""
        common = z_prime_portal.verdicts(self.m_zp, width, self.m_chi, self.coupling, self.currents, inputs)
        return z_prime_portal.perturbative_gauge(self.coupling), *common

    def theory(
        self,
        inputs: Inputs,
        coefficients: Mapping[str, Complex[Array, ""]] | None = None,
        quantities: Mapping[str, Array] | None = None,
        verdicts: tuple[Verdict, ...] = (),
    ) -> Theory:
        """The theory, with what the model adds to each part."""
        widths = self.widths(inputs)
        dark = self.dark_sector(widths["Gamma_Zp"], inputs)
        conditions = (*self.verdicts(widths["Gamma_Zp"], inputs), *verdicts)
        return z_prime_portal.theory(
            self.m_zp, self.currents, widths, dark, inputs, coefficients or {}, quantities or {}, conditions
        )
