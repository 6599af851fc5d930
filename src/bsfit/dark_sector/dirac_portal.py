r"""Dirac dark matter :math:`\chi` behind a Z': :math:`L=g\bar\chi\gamma^\mu\chi Z'_\mu`, and any currents of fermions.

What the models of this kind share: from couplings to a `Theory` with its outputs, `catalogue.models.z_prime`. Derived
here, compared with independent numbers in `test_every_stored_point`.
"""

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_decays, z_prime_scattering
from bsfit.dark_sector.annihilation import VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import FermionVectorPair
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import muon_moment, z_prime_exchange
from bsfit.matching.z_prime import Currents, loop_trace
from bsfit.theory import DarkSector, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

STATES = 4.0
"""Degrees of freedom of a Dirac fermion."""

_LEAST_WIDTH = 1e-10
"""Width over mass that a Z' has at least in annihilation, where all that is counted is closed."""


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
        partial = z_prime_decays.widths(self.m_zp, self.currents, inputs)
        return z_prime_decays.outputs({**partial, "chi": self.current().width(self.m_zp)})

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """Annihilation through the Z' of this width in GeV and into pairs of it, and scattering through it."""
        m_zp, z, current = self.m_zp, self.currents, self.current()
        width = width + _LEAST_WIDTH * m_zp
        groups, pairs = z_prime_decays.fermion_pairs(z, inputs)
        pairs = replace(pairs, kinds=z_prime_decays.final_states(groups))
        edges = z_prime_decays.thresholds(z, inputs)
        z_mass, z_width = pairs.mixing_pole()
        return DarkSector(
            masses=self.m_chi[None],
            dof=jnp.full(1, STATES),
            channels=(VectorExchange(current, m_zp, width, pairs, edges), FermionVectorPair(current, m_zp)),
            pole_masses=jnp.append(z_mass, m_zp),
            pole_widths=jnp.append(z_width, width),
            kind="Dirac",
            vector=z_prime_scattering.nucleon_couplings(self.coupling, m_zp, z, self.top, inputs, self.cutoff),
        )

    def verdicts(self, width: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Conditions that hold for every model of this kind."""
        m_zp, m_chi, z = self.m_zp, self.m_chi, self.currents
        light = [(f.left(0, 0) + f.right(0, 0)).real for f in (z.up, z.down)]
        return (
            validity.below("perturbative_gauge", "coupling of dark matter, against sqrt(4 pi)", jnp.abs(self.coupling),
                           validity.SQRT_4PI),
            validity.below("narrow_Zp", "width over mass of the Z', against 0.3", width / m_zp, 0.3),
            validity.local_operators(m_zp[None], inputs["m_b"]),
            validity.heavy_dark_matter(m_chi),
            validity.kinetic_equilibrium(m_chi, m_zp, width),
            validity.sommerfeld(self.coupling, m_chi, m_zp),
            validity.loop_trace(loop_trace(z)),
            validity.light_quarks(jnp.stack(light)),
            *validity.kinetic_mixing(z.epsilon, m_zp, inputs["m_Z"]),
        )  # fmt: skip

    def theory(
        self,
        inputs: Inputs,
        coefficients: Mapping[str, Complex[Array, ""]] | None = None,
        quantities: Mapping[str, Array] | None = None,
        verdicts: tuple[Verdict, ...] = (),
    ) -> Theory:
        """The theory, with what the model adds to each part."""
        z, widths = self.currents, self.widths(inputs)
        wilson = z_prime_exchange.wilson_coefficients(self.m_zp, z, inputs)
        dark = self.dark_sector(widths["Gamma_Zp"], inputs)
        outputs = {
            **z_prime_exchange.outputs(self.m_zp, z),
            **widths,
            **z_prime_scattering.outputs(dark.vector),
            "a_mu_Zp": muon_moment.muon_loop(self.m_zp, z, inputs),
            "loop_trace": loop_trace(z),
        }
        conditions = self.verdicts(widths["Gamma_Zp"], inputs)
        return Theory(
            WilsonCoefficients.of({**wilson, **(coefficients or {})}),
            {**outputs, **(quantities or {})},
            (*conditions, *verdicts),
            dark,
        )
