r"""Annihilation today, :math:`\langle\sigma v\rangle` in the Galaxy, and at recombination: the bound of Planck.

The thermal average at :math:`x=3/v_0^2`, of the dark matter with its antiparticle: for a complex scalar
:math:`\langle\sigma v\rangle` is that of a pair :math:`\chi\chi^*`. Heavier species are gone. Resonances just above
:math:`2m` enhance it, which the average follows.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.constants import CM3_PER_S_PER_INVERSE_GEV2
from bsfit.dark_sector.thermal import average
from bsfit.loading.inputs import Inputs
from bsfit.theory import DarkSector, Theory, Verdict

X_TODAY = 3e6
"""m/T for a velocity of 1e-3, as in the Galaxy."""

X_RECOMBINATION = 1e8
"""A stand-in for the cold dark matter of recombination: slower still in fact, the average has settled."""

PLANCK = 3.2e-28
r"""cm^3/s/GeV: 95 % upper limit of Planck 2018 (1807.06209 [Planck:2018vyg]_) on
:math:`f_{\rm eff}\langle\sigma v\rangle/m` of a self-conjugate particle."""

EFFICIENCIES = {
    "electron": "f_eff_electron",
    "muon": "f_eff_muon",
    "tau": "f_eff_tau",
    "quark": "f_eff_quark",
    "other": "f_eff",
}
"""Inputs with the share of energy that the gas takes from each of `theory.FINAL_STATES`."""

SELF_CONJUGATE = ("real scalar", "Majorana")


def sigma_v(dark: DarkSector, x: Float[ArrayLike, ""] = X_TODAY) -> Float[Array, ""]:
    """Average in cm^3/s of a pair that annihilates, at m/T = x."""
    found = average.integrand(dark, X_RECOMBINATION)
    effective = average.averages(found, dark, jnp.asarray(x)[None])[0]
    pairs = 1.0 if dark.kind in SELF_CONJUGATE else 2.0
    return pairs * effective * CM3_PER_S_PER_INVERSE_GEV2


def planck_ratio(dark: DarkSector, inputs: Inputs, largest: Float[ArrayLike, ""] = PLANCK) -> Float[Array, ""]:
    r"""Energy injected at recombination over its limit, that of Planck or another, for the efficiency of final states.

    These are inputs: `f_eff_electron` to `f_eff_quark`, 0.1 for muons and up to 0.6 for electrons (1506.03811
    [Slatyer:2015jla]_), zero for neutrinos. Channels that add up charged leptons and neutrinos have `f_eff`, whose
    default, 0.3, is a mean, not a calculation. The limit is twice as high for particles that are not their own
    antiparticles, and so is the rate of a pair.
    """
    efficiency = {kind: inputs[name] for kind, name in EFFICIENCIES.items()} | {"neutrino": jnp.zeros(())}
    found = average.integrand(dark, X_RECOMBINATION, lambda channel, s: channel.injected(s, efficiency))
    injected = average.averages(found, dark, jnp.asarray(X_RECOMBINATION)[None])[0] * CM3_PER_S_PER_INVERSE_GEV2
    return injected / dark.masses[0] / jnp.asarray(largest)


def predicted(key: str, theory: Theory, inputs: Inputs) -> Float[Array, ""]:
    """`sigma_v` today. Raises `BsfitInputError` for a model without dark matter, `KeyError` for another key."""
    dark = theory.dark_sector(key)
    if key != "sigma_v":
        raise KeyError(key)
    return sigma_v(dark)


def verdicts(theory: Theory) -> tuple[Verdict, ...]:
    """Conditions of this probe beside those of the model: none."""
    return ()
