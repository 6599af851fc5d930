r"""A scalar :math:`\chi=(R+iI)/\sqrt2` behind a Z', heavy quarks Q and the Higgs portal; R, the lighter, is dark.

:math:`L=g(R\partial_\mu I-I\partial_\mu R)Z'^\mu+\lambda_i\bar Q_R\chi q_L^i-\lambda_H|H|^2|\chi|^2` + h.c. Derived
here from blocks with sources of their own, compared with independent numbers in
`test_every_stored_relic_density_of_the_loop_models`.

Left out: what exchange of Q and of the Z' have in common in R I into quarks, to which the Z' couples by a loop; Q in
freeze-out and, without a splitting, in scattering.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit import validity
from bsfit.dark_sector import higgs_interference, z_prime_portal, z_prime_scattering
from bsfit.dark_sector.conversion import VectorConversion
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.higgs_portal import width_if_coupled
from bsfit.dark_sector.kinematics import momentum
from bsfit.dark_sector.real_scalars import split_exchange
from bsfit.dark_sector.split_vectors import Breaking, SplitScalarVectors
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Vector, up_couplings
from bsfit.matching.z_prime import Currents
from bsfit.standard_model.ckm import ckm
from bsfit.theory import DarkSector, Partner, Verdict

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]


_FAR = 1e9
"""Mass in GeV of a scalar that takes no part."""


class SplitScalarPortal(eqx.Module):
    r"""Masses in GeV of Z', R, I and Q, the couplings to the Z', to quarks and to the Higgs field, and the currents.

    `m_phi` is that of the scalar that breaks the symmetry, infinite where it takes no part.
    """

    m_zp: Scalar
    m_r: Scalar
    m_i: Scalar
    m_q: Scalar
    coupling: Scalar
    quarks: Vector
    higgs: FloatLike
    currents: Currents
    m_phi: FloatLike = jnp.inf

    def current(self) -> DarkCurrent:
        """The current that turns R into I."""
        return DarkCurrent.split_scalar(self.m_r, self.m_i, self.coupling)

    def dark_sector(self, width: Scalar, inputs: Inputs) -> DarkSector:
        """Annihilation of R and I into quarks, through the Z' of this width in GeV and by the Higgs portal."""
        m_zp, z, masses = self.m_zp, self.currents, (self.m_r, self.m_i)
        through = replace(z_prime_portal.exchange(m_zp, width, self.current(), z, inputs), species=1)
        multiplets = {"up": up_couplings(self.quarks, ckm(inputs)), "down": self.quarks}
        exchange = split_exchange(multiplets, self.m_q, masses, inputs, "quarks")
        pairs = [self._vectors(species) for species in range(2)]
        portal, more = higgs_interference.portal(self.higgs, masses, multiplets, self.m_q, inputs, real=True)
        pole_masses, pole_widths = z_prime_portal.poles(through)
        vector = z_prime_scattering.nucleon_couplings(self.coupling, m_zp, z, TopLoop(self.m_q), inputs, self.m_q)
        possible = z_prime_scattering.elastic(*masses, inputs)
        return DarkSector(
            masses=jnp.stack(masses),
            dof=jnp.ones(2),
            channels=(through, *exchange, *pairs, *more),
            pole_masses=jnp.concatenate([pole_masses, portal.poles, pairs[0].breaking.masses]),
            pole_widths=jnp.concatenate([pole_widths, portal.widths, pairs[0].breaking.widths]),
            kind="real scalar",
            vector={name: value * possible for name, value in vector.items()},
            scalar=portal.scattering,
            conversions=(VectorConversion(*masses, self.coupling, m_zp, through.final, species=1),),
            partners={"Q": Partner(self.m_q, jnp.ones(()))},
        )

    def _vectors(self, species: int) -> SplitScalarVectors:
        """One part alone into pairs of the Z'."""
        external, other = (self.m_i, self.m_r) if species else (self.m_r, self.m_i)
        name = f"vector pairs{' of I' if species else ''}"
        return SplitScalarVectors(
            self.coupling, external, other, self.m_zp, self.breaking(), name=name, species=species
        )

    def breaking(self) -> Breaking:
        r"""The scalar :math:`\varphi` with its width into pairs of the Z', of R and of I.

        :math:`\frac{m^3}{32\pi v^2}\beta(1-4x+12x^2)`, :math:`x=m_{Z'}^2/m^2`, and
        :math:`\frac{\delta^2}{128\pi mv^2}\beta` each, :math:`\delta` being the difference of the squared masses:
        derived here, checked in `test_width_of_the_scalar_that_splits`.
        """
        given = jnp.isfinite(jnp.asarray(self.m_phi))
        mass = jnp.where(given, self.m_phi, _FAR)
        width = jnp.where(given, self._width_of_phi(mass), 0.0)
        return Breaking(mass[None], (width + 1e-12 * mass)[None], jnp.ones(1))

    def _width_of_phi(self, mass: Scalar) -> Scalar:
        """Width in GeV of a scalar of that mass, or virtuality."""
        s, x = mass**2, (self.m_zp / mass) ** 2
        vectors = s * momentum(s, self.m_zp, self.m_zp) * (1 - 4 * x + 12 * x**2)
        scalars = sum((momentum(s, m, m) for m in (self.m_r, self.m_i)), jnp.zeros(()))
        rate = vectors + scalars * (self.m_i**2 - self.m_r**2) ** 2 / (4 * s)
        return rate * (2 * self.coupling / self.m_zp) ** 2 / (16 * jnp.pi)

    def verdicts(self, width: Scalar, trace: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
        """Where R is the dark matter and what is left out does not count."""
        m_r, m_i, m_q = self.m_r, self.m_i, self.m_q
        common = z_prime_portal.verdicts(self.m_zp, width, m_r, self.coupling, self.currents, inputs, trace)
        return (
            z_prime_portal.perturbative_gauge(self.coupling),
            *common,
            validity.mass_splitting("m_I - m_R", m_i - m_r),
            validity.stable("R", "m_I and m_Q", jnp.minimum(m_i, m_q), m_r),
            validity.coannihilation("Q", m_q, m_r),
            validity.higgs_portal(self.higgs, m_r, inputs["m_h"]),
            replace(
                validity.kinetic_equilibrium(m_r, inputs["m_h"], width_if_coupled(self.higgs, inputs)),
                name="kinetic_equilibrium_h",
            ),
            *self._of_phi(),
            validity.lhc_pairs("m_Q", m_q, m_r, 1500.0, 100.0),
        )

    def _of_phi(self) -> tuple[Verdict, ...]:
        r"""Where :math:`\varphi`, or that it is left out, matters to pairs of the Z'."""
        given = jnp.isfinite(jnp.asarray(self.m_phi))
        mass = jnp.where(given, self.m_phi, 0.0)
        inverse = 2 * jnp.abs(self.coupling) / self.m_zp
        least = jnp.abs(self.m_i**2 - self.m_r**2) * inverse**2 / (4 * jnp.pi)
        matters = (~given) & (self.m_r > self.m_zp)
        widths = (self._width_of_phi(m) / m for m in (jnp.where(given, mass, _FAR), 2 * self.m_r))
        return (
            validity.broad_higgs("phi", *(jnp.where(given & (self.m_r > self.m_zp), x, 0.0) for x in widths)),
            validity.below(
                "dark_higgs_quartic",
                "quartic coupling m_phi^2/2v^2 of phi, against 4 pi",
                (mass * inverse) ** 2 / 2,
                4 * jnp.pi,
            ),
            validity.above(
                "dark_higgs_pairs",
                "m_phi in GeV, against m_R: below, annihilation into two of them is open and not computed",
                jnp.asarray(self.m_phi, dtype=float),
                self.m_r,
            ),
            validity.below(
                "no_dark_higgs",
                "part of phi in RR -> Z'Z' at the largest mass that perturbation theory leaves it, against 0.1: above, "
                "m_phi has to be given for Omega_h2",
                jnp.where(matters, least, 0.0),
                0.1,
            ),
        )
