r"""A Dirac fermion :math:`N=(N_1+iN_2)/\sqrt2` behind a Z', scalar quarks and Higgs bosons; :math:`N_2` is dark matter.

:math:`L=g\bar N\gamma^\mu NZ'_\mu+\lambda_i\bar NP_Lq_i\tilde q^\dagger` + h.c.; a scalar S of twice the charge of N
breaks the symmetry, :math:`m_{Z'}=2gv_S`, and splits :math:`m_{1,2}=M\pm yv_S`: :math:`y=g(m_1-m_2)/m_{Z'}` is no
parameter. S mixes with the Higgs boson, :math:`h_2=\sin\theta\,h+\cos\theta\,s`. Reversing :math:`N_1` and Z' is a
symmetry: pairs of the same go into Z'Z' and pairs of Higgs bosons, :math:`N_1N_2` into the Z' and one of these. Derived
here from blocks with sources of their own, compared with independent numbers in
`test_every_stored_relic_density_of_the_loop_models`.

Left out: what exchange of scalar quarks and of the Z' have in common in :math:`N_1N_2` into quarks, to which the Z'
couples by a loop; scalar quarks in freeze-out and in scattering.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.dark_sector import majorana_higgs, z_prime_portal, z_prime_scattering
from bsfit.dark_sector.conversion import VectorConversion
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.higgs_pairs import FermionHiggsPairs, FermionVectorHiggsBosons
from bsfit.dark_sector.majorana_higgs import FermionHiggsExchange, FermionHiggsInterference, HiggsBosons
from bsfit.dark_sector.scalar_exchange import MixedScalarExchange, ScalarExchange
from bsfit.dark_sector.split_vectors import SplitFermionVectors
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Vector, scaled, up_couplings
from bsfit.matching.z_prime import Currents
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Channel, DarkSector, Partner, Verdict

Scalar = Float[Array, ""]


class SplitFermionPortal(eqx.Module):
    """Masses in GeV of Z', N2, N1 and scalar quarks, the couplings to Z' and quarks, Higgs bosons and the currents."""

    m_zp: Scalar
    m_light: Scalar
    m_heavy: Scalar
    m_sq: Scalar
    coupling: Scalar
    quarks: Vector
    higgs: HiggsBosons
    currents: Currents

    def current(self) -> DarkCurrent:
        """The current that turns N2 into N1."""
        return DarkCurrent.pseudo_dirac(self.m_light, self.m_heavy, self.coupling)

    def yukawas(self, species: int) -> Float[Array, " 2"]:
        r"""Couplings of N2 (0) or N1 (1) to :math:`h_1` and :math:`h_2`."""
        y = splitting_yukawa(self.coupling, self.m_zp, self.m_light, self.m_heavy)
        return y * self.higgs.singlet * (1.0 if species else -1.0)

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """All annihilation; `width` in GeV is that of the Z'."""
        m_zp, z, masses = self.m_zp, self.currents, (self.m_light, self.m_heavy)
        through = replace(z_prime_portal.exchange(m_zp, width, self.current(), z, inputs), species=1)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        vector = z_prime_scattering.nucleon_couplings(self.coupling, m_zp, z, TopLoop(self.m_sq), inputs, self.m_sq)
        possible = z_prime_scattering.elastic(*masses, inputs)
        multiplets = {"up": up_couplings(self.quarks, ckm(inputs)), "down": self.quarks}
        mixed = MixedScalarExchange.of(multiplets, self.m_sq, masses, inputs, "quarks of N1 N2", species=1)
        mixed = replace(mixed, final_thresholds=jnp.zeros(0))  # those of two N2
        both = FermionVectorHiggsBosons(self.coupling, *masses, self.higgs, species=1)
        own = [channel for species in range(2) for channel in self._pairs(species, multiplets, inputs)]
        return DarkSector(
            masses=jnp.stack(masses),
            dof=jnp.full(2, 2.0),
            channels=(through, mixed, both, *own),
            pole_masses=jnp.concatenate([pole_masses, self.higgs.masses]),
            pole_widths=jnp.concatenate([pole_widths, self.higgs.widths]),
            kind="Majorana",
            vector={name: value * possible for name, value in vector.items()},
            scalar=majorana_higgs.nucleon_coupling(self.yukawas(0), self.higgs, inputs),
            conversions=(VectorConversion(*masses, self.coupling, m_zp, through.final, species=1),),
            partners={"sq": Partner(self.m_sq, jnp.ones(()))},
        )

    def _pairs(self, species: int, multiplets: dict[str, Vector], inputs: Inputs) -> tuple[Channel, ...]:
        """Annihilation of two of one kind."""
        (mass, other), of = self._masses(species), " of N1" if species else ""
        parts = {key: scaled(vector, 0.5**0.5) for key, vector in multiplets.items()}
        quarks = ScalarExchange.of(parts, self.m_sq, mass, inputs, majorana=True, name=f"quarks{of}", species=species)
        scalars = majorana_higgs.exchange(mass, self.yukawas(species), self.higgs, inputs)
        return (
            replace(quarks, final_thresholds=jnp.zeros(0)) if species else quarks,
            FermionHiggsExchange(scalars, name=f"Higgs portal{of}", species=species),
            FermionHiggsInterference.of(parts, self.m_sq, scalars, inputs, species),
            SplitFermionVectors(
                self.coupling, mass, other, self.m_zp, self.higgs.breaking(), name=f"vector pairs{of}", species=species
            ),
            FermionHiggsPairs(mass, self.yukawas(species), self.higgs, name=f"Higgs pairs{of}", species=species),
        )

    def _masses(self, species: int) -> tuple[Scalar, Scalar]:
        """Of one part, and of the other."""
        return (self.m_heavy, self.m_light) if species else (self.m_light, self.m_heavy)

    def verdicts(self, width: Scalar, trace: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Where N2 is the dark matter and what is left out does not count."""
        light, heavy, m_sq = self.m_light, self.m_heavy, self.m_sq
        common = z_prime_portal.verdicts(self.m_zp, width, light, self.coupling, self.currents, inputs, trace)
        return (
            z_prime_portal.perturbative_gauge(self.coupling),
            *common,
            validity.mass_splitting("m_N1 - m_N2", heavy - light),
            validity.stable("N2", "m_N1 and m_sq", jnp.minimum(heavy, m_sq), light),
            validity.coannihilation("scalar quarks", m_sq, light),
            *(
                replace(validity.kinetic_equilibrium(light, mass, gamma), name=f"kinetic_equilibrium_{name}")
                for name, mass, gamma in zip(("h1", "h2"), self.higgs.masses, self.higgs.widths, strict=True)
            ),
            validity.broad_higgs("h2", self.higgs.widths[1] / self.higgs.masses[1]),
            validity.below(
                "dark_higgs_quartic",
                "quartic coupling m_h2^2/2v_S^2 of the singlet, against 4 pi",
                (self.higgs.masses[1] / self.higgs.vev) ** 2 / 2,
                4 * jnp.pi,
            ),
            validity.lhc_pairs("m_sq", m_sq, light, 1300.0, 100.0),
        )


def splitting_yukawa(coupling: Scalar, m_zp: Scalar, light: Scalar, heavy: Scalar) -> Scalar:
    """The coupling y of S."""
    return jnp.abs(coupling) * (heavy - light) / m_zp
