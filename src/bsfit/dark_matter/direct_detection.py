r"""Elastic scattering of dark matter on nuclei; cross sections per nucleon in cm^2.

Vector and scalar couplings to nucleons are the model's: `theory.DarkSector`. All vector amplitudes interfere:

.. math:: \sigma_{SI}=\frac{\mu^2}{\pi A^2}\left\{[Zb_p+(A-Z)b_n]^2_{\rm vector}+[Zb_p+(A-Z)b_n]^2_{\rm scalar}\right\}

on natural xenon, :math:`\mu` the reduced mass with one nucleon: what experiments quote under the assumption of equal
couplings. A coupling to protons alone thus counts with :math:`(Z/A)^2`. The vector current changes sign between dark
matter and its antiparticle, of which freeze-out leaves as many, so that its interference with the scalar amplitude
cancels in the mean. Momentum transfers are neglected, but in electron loops.

Axial currents scatter off the spin of a nucleon, :math:`\sigma_{SD}=\frac{3\mu^2}\pi a_N^2` of proton or neutron
(hep-ph/9506380 [Jungman:1995df]_); there are no limits on it among the data.

The limits assume the full local density; a sub-dominant relic is rescaled in `likelihood.dark_matter`.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.compiling import jit_inlined
from bsfit.constants import CM2_PER_INVERSE_GEV2
from bsfit.dark_sector.nucleon import Z_XENON
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.inputs import Inputs
from bsfit.loading.limits import Limit, limit
from bsfit.theory import DarkSector, Theory, Verdict

COMPONENTS = {"sigma_SI_tree": "tree", "sigma_SI_lepton_loop": "lepton_loop"}
"""Cross sections of one vector component alone."""

_NUCLEONS = {"p": (1.0, 0.0), "n": (0.0, 1.0)}


def predicted(key: str, theory: Theory, inputs: Inputs) -> Float[Array, ""]:
    """`sigma_SI` (xenon), `sigma_SI_p`, `sigma_SI_n`, `sigma_SD_p`, `sigma_SD_n`, or one of `COMPONENTS`, in cm^2.

    Raises `BsfitInputError` for a model without dark matter, without that component, or with an anapole.
    """
    dark = theory.dark_sector(key)
    if dark.anapole is not None:
        what = f"no {key}: this dark matter scatters by its anapole, which no constant cross section describes"
        raise BsfitInputError(what, hint="ask for the outputs anapole and sigma_SI_equivalent, an estimate")
    if key in COMPONENTS:
        name = COMPONENTS[key]
        if name not in dark.vector:
            raise BsfitInputError(f"this model has no {key}", hint=did_you_mean(name, tuple(dark.vector)))
        return cross_section(dark, dark.vector[name], _xenon(inputs), inputs)
    if key.startswith("sigma_SD_"):
        return 3 * cross_section(dark, dark.spin, jnp.array(_NUCLEONS[key[-1]]), inputs)
    target = _xenon(inputs) if key == "sigma_SI" else jnp.array(_NUCLEONS[key.removeprefix("sigma_SI_")])
    coupling = sum(dark.vector.values(), jnp.zeros(2))
    return cross_section(dark, coupling, target, inputs) + cross_section(dark, dark.scalar, target, inputs)


def components(dark: DarkSector, inputs: Inputs) -> dict[str, Float[Array, ""]]:
    """Cross section on xenon of every component alone; `sigma_SI` is not their sum, they interfere."""
    every = {**dark.vector, "scalar": dark.scalar}
    return {name: cross_section(dark, coupling, _xenon(inputs), inputs) for name, coupling in every.items()}


def amplitudes(dark: DarkSector, inputs: Inputs) -> dict[str, Float[Array, ""]]:
    """Mean coupling to a nucleon of xenon in GeV^-2, with its sign, of every component that interferes."""
    return {name: jnp.sum(_xenon(inputs) * coupling) for name, coupling in dark.vector.items()}


def cross_section(
    dark: DarkSector, coupling: Float[Array, " 2"], target: Float[Array, " 2"], inputs: Inputs
) -> Float[Array, ""]:
    r""":math:`\mu^2b^2/\pi` in cm^2 for the mean b of the couplings to proton and neutron with the weights `target`."""
    m, m_n = dark.masses[0], inputs["m_nucleon"]
    reduced = m * m_n / (m + m_n)
    return reduced**2 * jnp.sum(target * coupling) ** 2 / jnp.pi * CM2_PER_INVERSE_GEV2


def _xenon(inputs: Inputs) -> Float[Array, " 2"]:
    share = Z_XENON / inputs["A_xenon"]
    return jnp.stack([share, 1 - share])


def largest(mass: Float[ArrayLike, ""], published: str | Limit) -> Float[Array, ""]:
    """Published limit in cm^2 at a mass in GeV: power laws between its points, infinite outside of them.

    `published` is a limit or one of the names `limits.LIMITS`; raises `BsfitInputError` for another name.
    """
    table = limit(published) if isinstance(published, str) else published
    m = jnp.asarray(mass, dtype=float)
    return _between(m, jnp.asarray(table.mass), jnp.asarray(table.cross_section))


@jit_inlined
def _between(m: Float[Array, ""], mass: Float[Array, " n"], limit: Float[Array, " n"]) -> Float[Array, ""]:
    between = jnp.exp(jnp.interp(jnp.log(m), jnp.log(mass), jnp.log(limit)))
    return jnp.where((m >= mass[0]) & (m <= mass[-1]), between, jnp.inf)


def verdicts(theory: Theory) -> tuple[Verdict, ...]:
    """Conditions of this probe beside those of the model: none."""
    return ()
