r"""Dirac or Majorana dark matter with an axial coupling to a Z', and the dark Higgs boson that this needs.

`z_prime_portal` for currents :math:`\bar\chi\gamma^\mu(g_V+g_A\gamma_5)\chi` and, of Majorana fermions,
:math:`\frac{g_A}2\bar\chi\gamma^\mu\gamma_5\chi`. One scalar :math:`\phi` gives mass to dark matter and to the Z'
(`fermion_vectors`): it takes part in :math:`\chi\chi\to Z'Z'`, and :math:`\chi\chi\to Z'\phi` opens at
:math:`m_\phi+m_{Z'}=2m_\chi`. Annihilation into :math:`\phi\phi` is left out: a verdict says where it is open. Derived
here, compared with independent numbers in `test_every_stored_point`.
"""

from collections.abc import Callable, Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_portal, z_prime_scattering
from bsfit.dark_sector.annihilation import VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import DarkHiggs, FermionVectorHiggs, FermionVectorPair
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.z_prime import Currents, shift_of_rho
from bsfit.theory import Channel, DarkSector, Theory, Verdict

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

_KINDS = {8.0: "Dirac", 4.0: "Majorana"}
"""By `DarkCurrent.multiplicity`, which is twice the number of states for both."""


class AxialPortal(eqx.Module):
    r"""Mass of the Z' in GeV, both currents, :math:`\phi`, and where the loops with photon and Z end.

    `cutoff` is the scale in GeV at which the kinetic mixing is the :math:`\epsilon` of the currents.
    """

    m_zp: Scalar
    current: DarkCurrent
    higgs: DarkHiggs
    currents: Currents
    top: TopLoop
    cutoff: FloatLike = 1.0

    def dark_sector(
        self, width: Scalar, inputs: Inputs, beside: Callable[[VectorExchange], tuple[Channel, ...]] = lambda _: ()
    ) -> DarkSector:
        """All annihilation, with channels that the model has beside that through the Z', and scattering."""
        m_zp, z, current, higgs = self.m_zp, self.currents, self.current, self.higgs
        through = z_prime_portal.exchange(m_zp, width, current, z, inputs)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        vectors = (FermionVectorPair(current, m_zp, higgs), FermionVectorHiggs(current, m_zp, higgs.mass))
        return DarkSector(
            masses=current.m1[None],
            dof=jnp.full(1, current.multiplicity / 2),
            channels=(through, *vectors, *beside(through)),
            pole_masses=jnp.append(pole_masses, higgs.mass),
            pole_widths=jnp.append(pole_widths, higgs.width),
            kind=_KINDS[current.multiplicity],
            vector=z_prime_scattering.nucleon_couplings(current.vector, m_zp, z, self.top, inputs, self.cutoff),
            spin=z_prime_scattering.spin_couplings(current.axial, m_zp, z, self.top, inputs),
        )

    def verdicts(self, width: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Conditions that hold for every model of this kind."""
        m_zp, m_chi, z, higgs = self.m_zp, self.current.m1, self.currents, self.higgs
        vector, axial = self.current.vector, self.current.axial
        there = DarkHiggs.of(2 * m_chi, self.current, m_zp)
        resonance = jnp.where(m_zp < m_chi, higgs.mass, m_chi)  # nothing but pairs of the Z' goes through phi
        return (
            z_prime_portal.perturbative_gauge(jnp.maximum(jnp.abs(vector), jnp.abs(axial))),
            *z_prime_portal.verdicts(m_zp, width, m_chi, vector, z, inputs),
            validity.axial_unitarity(axial, m_chi, m_zp),
            *validity.dark_higgs(higgs.quartic(self.current, m_zp), higgs.mass, m_chi),
            validity.kinetic_equilibrium(m_chi, resonance, higgs.width),
            validity.broad_higgs("phi", *(jnp.where(m_zp < m_chi, x.width / x.mass, 0.0) for x in (higgs, there))),
            validity.z_mixing(shift_of_rho(m_zp, z, inputs)),
        )

    def theory(
        self,
        inputs: Inputs,
        coefficients: Mapping[str, Complex[Array, ""]] | None = None,
        quantities: Mapping[str, Array] | None = None,
        verdicts: tuple[Verdict, ...] = (),
        beside: Callable[[VectorExchange], tuple[Channel, ...]] = lambda _: (),
    ) -> Theory:
        """The theory, with what the model adds to each part."""
        z, higgs = self.currents, self.higgs
        widths = z_prime_portal.widths(self.m_zp, self.current, z, inputs)
        dark = self.dark_sector(widths["Gamma_Zp"], inputs, beside)
        outputs = {
            "Gamma_phi": higgs.width,
            "lambda_phi": higgs.quartic(self.current, self.m_zp),
            "Delta_rho": shift_of_rho(self.m_zp, z, inputs),
        }
        conditions = (*self.verdicts(widths["Gamma_Zp"], inputs), *verdicts)
        return z_prime_portal.theory(
            self.m_zp, z, widths, dark, inputs, coefficients or {}, {**outputs, **(quantities or {})}, conditions
        )
