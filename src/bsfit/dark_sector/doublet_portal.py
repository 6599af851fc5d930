r"""A singlet scalar X behind vector-like doublets Q and L: what the loop model and its real and split variants share.

:math:`L=\lambda_Q^i\bar Q_RXq_L^i+\lambda_L^i\bar L_RXl_L^i-\lambda_H|H|^2|X|^2` + h.c.; X is complex, or split into R
of mass `m_x` and I of mass `m_i`, or real, with :math:`\frac12\lambda_HX^2|H|^2`. Derived here from blocks with sources
of their own, compared with independent numbers in `test_every_stored_relic_density_of_the_loop_models`.

Left out: bremsstrahlung, which annihilation of a real scalar today needs where its d-wave is gone; scattering of a real
scalar by exchange of Q and by loops; Q and L in the freeze-out of a real or a split one.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_scattering
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.coannihilation import FermionPair, GaugeCharges, MixedPair
from bsfit.dark_sector.conversion import FermionConversion, VectorConversion
from bsfit.dark_sector.higgs_interference import portal
from bsfit.dark_sector.higgs_portal import HiggsPortal, width_if_coupled
from bsfit.dark_sector.real_scalars import RealFermionExchange, split_exchange
from bsfit.dark_sector.t_channel import FermionExchange, light_pairs
from bsfit.dark_sector.t_channel_scattering import nucleon_couplings
from bsfit.loading.inputs import Inputs
from bsfit.matching import scalar_loops
from bsfit.matching.boxes import Boson, shared_singlet
from bsfit.matching.vectorlike import Vector, norm_squared, squared, up_couplings, yukawa_pole
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.qcd import alpha_s
from bsfit.theory import Channel, Conversion, DarkSector, Partner, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]


class DoubletPortal(eqx.Module):
    """Couplings to the down quarks and to leptons, masses in GeV of Q, L and X, and of I where X is split."""

    quarks: Vector
    leptons: Vector
    m_q: Scalar
    m_l: Scalar
    m_x: Scalar
    higgs: Float[ArrayLike, ""] = 0.0
    m_i: Scalar | None = None
    real: bool = eqx.field(static=True, kw_only=True, default=False)

    def theory(self, inputs: Inputs, verdicts: tuple[Verdict, ...] = ()) -> Theory:
        """Coefficients, quantities of `scalar_loops.coefficients`, dark matter; `verdicts` are added."""
        boson = Boson(self.m_x, self.m_i, real=self.real)
        lines = scalar_loops.of_singlet(self.quarks, self.leptons, (self.m_q, self.m_l, self.m_x), boson)
        coefficients, found = scalar_loops.coefficients(*lines, shared_singlet(*lines), self.m_q, inputs)
        coefficients |= scalar_loops.of_leptons(lines[1], inputs)
        quantities = {"M_Q": self.m_q, "M_L": self.m_l, **found}
        conditions = (*self.verdicts(inputs), *verdicts)
        return Theory(WilsonCoefficients.of(coefficients), quantities, conditions, self.dark_sector(inputs))

    # ---------------------------------------------------------------------------------------------- dark matter

    def dark_sector(self, inputs: Inputs) -> DarkSector:
        """Annihilation through L and Q in the t channel and by the Higgs portal, which interfere in pairs of quarks."""
        if self.real:
            return self._of_real(inputs)
        return self._of_complex(inputs) if self.m_i is None else self._of_split(self.m_i, inputs)

    def _multiplets(self, inputs: Inputs) -> tuple[tuple[str, Scalar, dict[str, Vector]], ...]:
        up = up_couplings(self.quarks, ckm(inputs))
        leptons, quarks = {"electron": self.leptons, "neutrino": self.leptons}, {"up": up, "down": self.quarks}
        return ("leptons", self.m_l, leptons), ("quarks", self.m_q, quarks)

    def _of_complex(self, inputs: Inputs) -> DarkSector:
        """L and Q take part in freeze-out, with X and with their own antiparticles, unless `coannihilation` is 0."""
        channels: list[Channel] = [
            FermionExchange.of(multiplets, mediator, self.m_x, inputs, name=name)
            for name, mediator, multiplets in self._multiplets(inputs)
        ]
        share, conversions = inputs["coannihilation"], []
        heavier = (("L", self.m_l, self.leptons, -0.5), ("Q", self.m_q, self.quarks, 1 / 6))
        for species, (name, mass, vector, hypercharge) in enumerate(heavier, start=1):
            charges = GaugeCharges.doublet(hypercharge, name == "Q", alpha_s(self.m_q, inputs, loops=2), inputs)
            arguments = (self.m_x, mass, norm_squared(vector), charges)
            channels.append(MixedPair(*arguments, share, name=f"X {name}", species=species))
            channels.append(FermionPair(*arguments, share, name=f"{name} pairs", species=species))
            conversions.append(FermionConversion(*arguments, species=species))
        higgs, more = self._portal((self.m_x,), inputs)
        vector = nucleon_couplings(self.quarks, self.leptons, (self.m_q, self.m_l, self.m_x), inputs)
        return DarkSector(
            masses=jnp.stack([self.m_x, self.m_l, self.m_q]),
            dof=jnp.stack([jnp.full((), 2.0), 8.0 * share, 24.0 * share]),
            channels=(*channels, *more),
            pole_masses=higgs.poles,
            pole_widths=higgs.widths,
            kind="complex scalar",
            vector=vector,
            scalar=higgs.scattering,
            conversions=tuple(conversions),
            partners=self._partners(),
        )

    def _of_real(self, inputs: Inputs) -> DarkSector:
        channels = [
            RealFermionExchange.of(multiplets, mediator, self.m_x, inputs, name=name)
            for name, mediator, multiplets in self._multiplets(inputs)
        ]
        higgs, more = self._portal((self.m_x,), inputs)
        return DarkSector(
            masses=self.m_x[None],
            dof=jnp.ones(1),
            channels=(*channels, *more),
            pole_masses=higgs.poles,
            pole_widths=higgs.widths,
            kind="real scalar",
            scalar=higgs.scattering,
            partners=self._partners(),
        )

    def _of_split(self, m_i: Scalar, inputs: Inputs) -> DarkSector:
        masses = (self.m_x, m_i)
        channels = [
            channel
            for name, mediator, multiplets in self._multiplets(inputs)
            for channel in split_exchange(multiplets, mediator, masses, inputs, name)
        ]
        higgs, more = self._portal(masses, inputs)
        possible = z_prime_scattering.elastic(self.m_x, m_i, inputs)
        vector = nucleon_couplings(self.quarks, self.leptons, (self.m_q, self.m_l, self.m_x), inputs)
        return DarkSector(
            masses=jnp.stack([self.m_x, m_i]),
            dof=jnp.ones(2),
            channels=(*channels, *more),
            pole_masses=higgs.poles,
            pole_widths=higgs.widths,
            kind="real scalar",
            vector={name: coupling * possible for name, coupling in vector.items()},
            scalar=higgs.scattering,
            conversions=(self._conversion(m_i, inputs),),
            partners=self._partners(),
        )

    def _conversion(self, m_i: Scalar, inputs: Inputs) -> Conversion:
        r"""I into R by exchange of L and Q, :math:`|\lambda|^2/2(m_F^2-m_R^2)` for the current of the two.

        Derived here, checked in `test_conversion_of_the_split_scalar`.
        """
        rows = []
        for _, mediator, multiplets in self._multiplets(inputs):
            weight, m1, m2 = light_pairs(multiplets, inputs)
            strength = 1 / (2 * jnp.maximum(mediator**2 - self.m_x**2, 1.0))
            rows.append((weight, m1, m2, jnp.broadcast_to(strength + 0j, weight.shape)))
        weight, m1, m2, left = (jnp.concatenate(column) for column in zip(*rows, strict=True))
        one = jnp.ones(())
        return VectorConversion(
            self.m_x, m_i, one, one, FermionPairs(weight, m1, m2, left, jnp.zeros_like(left)), species=1
        )

    def _portal(self, masses: tuple[Scalar, ...], inputs: Inputs) -> tuple[HiggsPortal, tuple[Channel, ...]]:
        """The Higgs portal of these states, and its channels with what interferes with exchange of Q."""
        (_, mediator, multiplets) = self._multiplets(inputs)[1]
        return portal(self.higgs, masses, multiplets, mediator, inputs, real=not self._is_complex())

    def _is_complex(self) -> bool:
        return not self.real and self.m_i is None

    def _partners(self) -> dict[str, Partner]:
        return {"L": Partner(self.m_l, same_flavour_share(self.leptons)), "Q": Partner(self.m_q, jnp.ones(()))}

    # ------------------------------------------------------------------------------------------------- verdicts

    def verdicts(self, inputs: Inputs) -> tuple[Verdict, ...]:
        r"""Conditions under which the numbers can be trusted, and X is the dark matter.

        Landau pole of the lepton coupling from :math:`16\pi^2\,d\lambda/d\ln\mu=3\lambda^3+6|\lambda_Q|^2\lambda`.
        """
        e_folds = yukawa_pole(3 * norm_squared(self.leptons), 6 * norm_squared(self.quarks))
        masses = jnp.stack([self.m_q, self.m_l])
        lightest = jnp.min(masses) if self.m_i is None else jnp.minimum(jnp.min(masses), self.m_i)
        heavier = "m_Q and m_L" if self.m_i is None else "m_Q, m_L and m_I"
        found = (
            validity.perturbative_yukawas((*self.quarks, *self.leptons)),
            validity.landau_pole(e_folds),
            validity.local_operators(masses, inputs["m_b"]),
            validity.heavy_dark_matter(self.m_x),
            validity.kinetic_equilibrium(self.m_x, inputs["m_h"], width_if_coupled(self.higgs, inputs)),
            validity.higgs_portal(self.higgs, self.m_x, inputs["m_h"]),
            validity.stable("X", heavier, lightest, self.m_x),
        )
        if self._is_complex():
            return found
        found = (*found, validity.coannihilation("Q and L", jnp.min(masses), self.m_x))
        return (*found, validity.exchanged_quarks(self._exchange_of_q(inputs))) if self.real else found

    def _exchange_of_q(self, inputs: Inputs) -> Scalar:
        r"""Estimate of the coupling of a real X to nucleons by exchange of Q, GeV^-2.

        :math:`\frac{|\lambda|^2m_N}{4m_X}[\frac2Df_T+\frac{3m_X^2}{D^2}q(2)]`, :math:`D=m_Q^2-m_X^2`, with 0.04 for the
        scalar density of d and s in a nucleon and 0.3 for their momentum.
        """
        d = jnp.maximum(self.m_q**2 - self.m_x**2, 1.0)
        density = 0.08 / d + 0.9 * (self.m_x / d) ** 2
        return (squared(self.quarks[0]) + squared(self.quarks[1])) * inputs["m_nucleon"] / (4 * self.m_x) * density


def same_flavour_share(leptons: Vector) -> Scalar:
    r"""Share of pairs of a charged partner of leptons that decay into two electrons or two muons, and dark matter.

    :math:`(|\lambda_e|^4+|\lambda_\mu|^4)/(\sum|\lambda|^2)^2`; zero where it does not decay.
    """
    e, mu, _ = leptons
    total = norm_squared(leptons)
    decays = total > 0
    return (squared(e) ** 2 + squared(mu) ** 2) / jnp.where(decays, total, 1.0) ** 2
