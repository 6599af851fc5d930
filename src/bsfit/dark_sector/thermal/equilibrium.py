r"""Whether dark matter and heavier species share one chemical potential while they freeze out.

Coannihilation takes their densities in the ratio of equilibrium, which conversions must keep. Per particle of dark
matter they have the rate :math:`\frac{n_k}{n_1}\Gamma_k` by detailed balance, :math:`\Gamma_k` that of `Conversion`.
Densities in equilibrium fall as :math:`e^{-x}`, so that once per Hubble time is far from enough: see `ENOUGH`. Derived
here, checked in `test_inverse_decays_by_detailed_balance` and `test_without_chemical_equilibrium`.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.constants import PLANCK_MASS
from bsfit.dark_sector.thermal.average import densities
from bsfit.dark_sector.thermal.plasma import Plasma
from bsfit.theory import DarkSector

Scalar = Float[Array, ""]

ENOUGH = 100.0
"""Conversions per Hubble time at freeze-out from which the density is right to a tenth: 4 to 8 % in
`test_without_chemical_equilibrium`; with a fifth of that it is three times the one of equilibrium."""

SHARE = 0.1
"""Of annihilation, up to which that of a species does not matter."""


def hubble(t: Scalar, plasma: Plasma) -> Scalar:
    r"""Hubble rate in GeV at a temperature in GeV, :math:`\sqrt{8\pi^3g/90}\,T^2/M_{\rm Pl}`."""
    g = plasma.energy(jnp.log(t)[None])[0]
    return jnp.sqrt(8 * jnp.pi**3 * g / 90) * t**2 / PLANCK_MASS


def conversions(dark: DarkSector, x: Scalar, plasma: Plasma) -> Float[Array, " c"]:
    """Rate of each conversion per particle of dark matter over the Hubble rate, at m/T = x."""
    each, t = densities(dark, x[None])[:, 0], dark.masses[0] / x
    rates = [each[c.species] / each[0] * c.rate(t) for c in dark.conversions]
    return jnp.stack(rates) / hubble(t, plasma)


def slowest(dark: DarkSector, parts: Float[Array, " c"], x: Scalar, plasma: Plasma) -> Scalar:
    """The smallest of `conversions` into species whose part of annihilation [c] matters; infinite where none does."""
    of = np.array([channel.species for channel in dark.channels])
    shares = jnp.stack([jnp.sum(parts[of == c.species]) for c in dark.conversions]) / jnp.sum(parts)
    return jnp.min(jnp.where(shares > SHARE, conversions(dark, x, plasma), jnp.inf))


def strongest(dark: DarkSector) -> Scalar:
    """Strength of what thins out dark matter most, far above all thresholds: of itself, or of what it turns into."""
    energy = 2 * jnp.max(jnp.concatenate([dark.thresholds(), 2 * dark.masses]))
    reached = {c.species: c.rate(dark.masses[0] / 2) > 0 for c in dark.conversions}
    active = jnp.stack([jnp.asarray(reached.get(channel.species, True)) for channel in dark.channels])
    return jnp.max(jnp.where(active, dark.strengths(energy**2), 0.0))
