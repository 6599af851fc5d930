r"""Fermion dark matter behind a Z', of any current: what models of this kind share, from couplings to a `Theory`.

Outputs as in `catalogue.models.z_prime`. Derived here, compared with independent numbers in `test_every_stored_point`.
"""

from collections.abc import Mapping
from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_decays, z_prime_scattering
from bsfit.dark_sector.annihilation import VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.loading.inputs import Inputs
from bsfit.matching import muon_moment, z_prime_exchange
from bsfit.matching.currents import together
from bsfit.matching.z_prime import Currents, loop_trace
from bsfit.theory import DarkSector, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

_LEAST_WIDTH = 1e-10
"""Width over mass that a Z' has at least in annihilation, where all that is counted is closed."""


def widths(m_zp: Scalar, current: DarkCurrent, z: Currents, inputs: Inputs) -> dict[str, Scalar]:
    """All that `z_prime_decays.outputs` names, in GeV."""
    partial = z_prime_decays.widths(m_zp, z, inputs)
    return z_prime_decays.outputs({**partial, "chi": current.width(m_zp)})


def exchange(m_zp: Scalar, width: Scalar, current: DarkCurrent, z: Currents, inputs: Inputs) -> VectorExchange:
    """Annihilation through a Z' of this mass and width in GeV into all fermions."""
    groups, pairs = z_prime_decays.fermion_pairs(z, inputs)
    pairs = replace(pairs, kinds=z_prime_decays.final_states(groups))
    return VectorExchange(current, m_zp, width + _LEAST_WIDTH * m_zp, pairs, z_prime_decays.thresholds(z, inputs))


def poles(through: VectorExchange) -> tuple[Float[Array, " p"], Float[Array, " p"]]:
    """Masses and widths in GeV of the resonances in it: the Z', and the Z where it takes part."""
    z_mass, z_width = through.final.mixing_pole()
    return jnp.append(z_mass, through.mass), jnp.append(z_width, through.total_width)


def verdicts(
    m_zp: Scalar,
    width: Scalar,
    m_chi: Scalar,
    vector: Scalar,
    z: Currents,
    inputs: Inputs,
    trace: Scalar | None = None,
) -> tuple[Verdict, ...]:
    """Conditions that hold for every model of this kind; `vector` is the coupling of dark matter that is so.

    `trace` is the sum of charges that makes kinetic mixing finite or not, where the currents do not have all of it.
    """
    light = [(f.left(0, 0) + f.right(0, 0)).real for f in (z.up, z.down)]
    return (
        validity.below("narrow_Zp", "width over mass of the Z', against 0.3", width / m_zp, 0.3),
        validity.local_operators(m_zp[None], inputs["m_b"]),
        validity.heavy_dark_matter(m_chi),
        validity.kinetic_equilibrium(m_chi, m_zp, width),
        validity.sommerfeld(vector, m_chi, m_zp),
        validity.loop_trace(loop_trace(z) if trace is None else trace),
        validity.light_quarks(jnp.stack(light)),
        *validity.kinetic_mixing(z.epsilon, m_zp, inputs["m_Z"]),
    )


def perturbative_gauge(coupling: Scalar) -> Verdict:
    """The coupling of dark matter to the Z'."""
    message = "coupling of dark matter, against sqrt(4 pi)"
    return validity.below("perturbative_gauge", message, jnp.abs(coupling), validity.SQRT_4PI)


def theory(
    m_zp: Scalar,
    z: Currents,
    widths: Mapping[str, Scalar],
    dark: DarkSector,
    inputs: Inputs,
    coefficients: Mapping[str, Complex[Array, ""]],
    quantities: Mapping[str, Array],
    verdicts: tuple[Verdict, ...],
) -> Theory:
    """All parts together, the last three of them with what the exchange of a Z' at low energies adds."""
    wilson = z_prime_exchange.wilson_coefficients(m_zp, z, inputs)
    outputs = {
        **z_prime_exchange.outputs(m_zp, z),
        **widths,
        **z_prime_scattering.outputs(dark.vector),
        "a_mu_Zp": muon_moment.muon_loop(m_zp, z, inputs),
        "loop_trace": loop_trace(z),
    }
    return Theory(WilsonCoefficients.of(together(wilson, coefficients)), {**outputs, **quantities}, verdicts, dark)
