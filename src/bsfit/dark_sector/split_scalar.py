r"""A scalar :math:`\chi=(R+iI)/\sqrt2` behind a Z' and a heavy lepton: annihilation, scattering, and where they hold.

:math:`L=g(R\partial_\mu I-I\partial_\mu R)Z'^\mu+y\bar L_R\chi l_L^2` + h.c., L a doublet; R is the lighter part, and
dark matter. Derived here from the blocks of `real_scalars` and `annihilation`, compared with independent numbers in
`test_every_stored_relic_density`.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_portal, z_prime_scattering
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.real_scalars import MixedFermionExchange, RealFermionExchange
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.z_prime import Currents
from bsfit.theory import DarkSector, Partner, Verdict

Scalar = Float[Array, ""]


class SplitScalar(eqx.Module):
    """Masses in GeV of Z', R, I and L, the couplings g and y, and the currents of the Z'."""

    m_zp: Scalar
    m_r: Scalar
    m_i: Scalar
    m_l: Scalar
    coupling: Scalar
    yukawa: Scalar
    currents: Currents
    top: TopLoop

    def current(self) -> DarkCurrent:
        """The current that turns R into I."""
        return DarkCurrent.split_scalar(self.m_r, self.m_i, self.coupling)

    def nucleon_couplings(self, inputs: Inputs) -> dict[str, Float[Array, " 2"]]:
        """Of the current; zero where a collision has not the energy to make I."""
        found = z_prime_scattering.nucleon_couplings(self.coupling, self.m_zp, self.currents, self.top, inputs)
        possible = z_prime_scattering.elastic(self.m_r, self.m_i, inputs)
        return {name: value * possible for name, value in found.items()}

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """Annihilation of R and I into muons and their neutrinos, and of both through the Z' of this width in GeV.

        What the two ways of RI have in common does not interfere here: the Z' couples to muons by a loop only.
        """
        through = replace(z_prime_portal.exchange(self.m_zp, width, self.current(), self.currents, inputs), species=1)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        leptons = jnp.stack([inputs["m_mu"], jnp.zeros(())])
        weight = jnp.broadcast_to(self.yukawa**4, (2,))
        final = (leptons, leptons, jnp.broadcast_to(self.m_l, (2,)), jnp.zeros(0))
        return DarkSector(
            masses=jnp.stack([self.m_r, self.m_i]),
            dof=jnp.ones(2),
            channels=(
                RealFermionExchange(self.m_r, weight / 4, *final, name="leptons"),
                RealFermionExchange(self.m_i, weight / 4, *final, name="leptons of I", species=1),
                MixedFermionExchange(self.m_r, self.m_i, weight, *final, name="leptons of R I", species=1),
                through,
            ),
            pole_masses=pole_masses,
            pole_widths=pole_widths,
            kind="real scalar",
            vector=self.nucleon_couplings(inputs),
            partners={"L": Partner(self.m_l, jnp.ones(()))},
        )

    def verdicts(self) -> tuple[Verdict, ...]:
        """Where R is the dark matter and what is left out does not count."""
        lighter = jnp.minimum(self.m_i, self.m_l)
        return (
            validity.heavy_dark_matter(self.m_r),
            validity.above(
                "stable_R", "lighter of m_I and M_L in GeV, against m_R: otherwise R is not the dark matter", lighter,
                self.m_r, counts="dark matter",
            ),
            validity.below(
                "vector_pairs",
                "mass of dark matter in GeV, against that of the Z': above, it annihilates into pairs of Z', which is "
                "not counted",
                self.m_r, self.m_zp,
            ),
            validity.coannihilation("L", self.m_l, self.m_r),
            validity.charged_at_lep("M_L", self.m_l),
            validity.below(
                "muon_width",
                "m_Zp/M_L, against 1: above, the coupling of a Z' on its mass shell to muons is not that of zero "
                "momentum, which widths and annihilation through it have",
                self.m_zp / self.m_l, 1.0,
            ),
        )  # fmt: skip
