r"""Dark matter in a Majorana n-plet of SU(2) without hypercharge, n odd: its neutral component.

All components count in freeze-out and are degenerate, with the gauge group unbroken as in `coannihilation`. The pairs
of a Majorana n-plet are half of those of a Dirac one: at rest
:math:`\langle\sigma v\rangle=\frac{g^4(2n^4+17n^2-19)}{512\pi nm^2}`, as in hep-ph/0512090 [Cirelli:2005uq]_,
`test_an_n_plet_at_rest`. **Tree level**: exchange of W bosons between slow particles and bound states are left out.
They move the mass of all dark matter from 2.4 to 2.8 TeV (n = 3) and from 4.4 to 14 TeV (n = 5), and annihilation
today by orders of magnitude.

Scattering is by loops of W bosons, for a heavy multiplet whatever its mass: of a triplet
:math:`2.3^{+0.5}_{-0.5}\times10^{-47}` cm^2, that of n by :math:`(n^2-1)^2`, 1504.00915 [Hisano:2015rsa]_.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.constants import CM2_PER_INVERSE_GEV2
from bsfit.dark_sector.coannihilation import GaugeCharges, through_gauge_bosons
from bsfit.loading.inputs import Inputs
from bsfit.theory import Channel, DarkSector, Verdict

Scalar = Float[Array, ""]

TRIPLET_SCATTERING = 2.3e-47
"""Cross section of a triplet per nucleon in cm^2."""


class MultipletPairs(Channel):
    r"""Pairs of a Majorana multiplet of mass m in GeV into all that the gauge group allows.

    Half of those of a Dirac one, `coannihilation.through_gauge_bosons`; at rest as in [Cirelli:2005uq]_.
    """

    mass: Scalar
    charges: GaugeCharges

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; half of two ordered pairs of four spin states."""
        return 4 * through_gauge_bosons(s, self.mass, self.charges)

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return 2 * self.mass[None]


def majorana(n: int, mass: Scalar, inputs: Inputs) -> DarkSector:
    """The n-plet, its mass in GeV."""
    pairs = MultipletPairs(mass, GaugeCharges.n_plet(n, inputs), name="n-plet")
    reduced = mass * inputs["m_nucleon"] / (mass + inputs["m_nucleon"])
    scattering = TRIPLET_SCATTERING * ((n**2 - 1) / 8) ** 2 / CM2_PER_INVERSE_GEV2
    return DarkSector(
        masses=mass[None],
        dof=jnp.full(1, 2.0 * n),
        channels=(pairs,),
        pole_masses=jnp.zeros(0),
        pole_widths=jnp.zeros(0),
        kind="Majorana",
        scalar=jnp.full(2, jnp.sqrt(jnp.pi * scattering) / reduced),
    )


def verdicts(mass: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
    """Tree level with massless bosons is enough, and searches have not seen it; `mass` in GeV is called m_DM."""
    perturbative = (
        "m_DM in GeV, against 1000: above, exchange of W bosons enhances annihilation and binds pairs, which is not "
        "counted: Omega_h2 is too large, by a third for a triplet of 2.4 TeV, by a factor for a quintuplet"
    )
    unbroken = "m_DM over m_W, against 5: below, masses of W and Z, which are neglected, change Omega_h2"
    tracks = (
        "m_DM in GeV, against 660, what searches for disappearing tracks reach for a triplet: they are not computed"
    )
    return (
        validity.below("perturbative_only", perturbative, mass, 1000.0),
        validity.above("massless_bosons", unbroken, mass / inputs["m_W"], 5.0),
        validity.charged_at_lep("m_DM", mass),
        validity.above("lhc_not_tested_m_DM", tracks, mass, 660.0),
    )
