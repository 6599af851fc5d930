r"""Leptonic decays :math:`B_s,B^0\to\ell^+\ell^-` into e, mu, tau: rate, lifetime asymmetry, effective lifetime.

Amplitudes P and S of `hadronic.leptonic_decays`. Branching fractions are averages over the two flavours, integrated
over the decay time; the width difference of :math:`B^0` is neglected. The mixing phase of :math:`B_s` is the Standard
Model's and cancels the phase of :math:`V_{tb}V_{ts}^*` in the amplitudes; new phases in :math:`B_s` mixing are not
included.

The exchange of a light mediator counts with :math:`C_{10}` at :math:`q^2=0`, as `theory.LightMediator` has it:
:math:`C_{10}(m_{B_s}^2)+\frac{m_{B_s}^2}{2m_\ell}C_P=C_{10}(0)`, see `effective_coefficients.Currents`.

The electroweak corrections of 1311.0903 [Bobeth:2013uxa]_ enter through the :math:`C_{10}` of the inputs only; photon
exchange with the spectator (0.5 % of the rate) is not included, nor are tensor operators, which have no matrix element.
Energies in GeV.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONIC_BD, SAME_FLAVOUR, SEMILEPTONIC
from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.hadronic import leptonic_decays
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.wilson import leptonic_bd, total
from bsfit.theory import Rows, Theory

CHANNELS = tuple(f"{meson}->{pair}" for meson in ("Bs", "B0") for pair in SAME_FLAVOUR)

MOMENTS = tuple(f"{part} {amplitude} {channel}" for channel in CHANNELS for amplitude in "PS" for part in ("Re", "Im"))
"""What `moments` returns per row: amplitudes whose squares add up to the branching fraction at decay time zero."""

_PARTS = 4
"""Moments of a channel."""


def amplitudes(theory: Theory, inputs: Inputs) -> Complex[Array, "6 2"]:
    """P and S of the `CHANNELS`, in units of the root of the branching fraction at decay time zero."""
    of_strange = total(theory.wilson, inputs).flavour_diagonal @ leptonic_decays.differences(SEMILEPTONIC)
    of_down = leptonic_bd(theory.wilson, inputs) @ leptonic_decays.differences(LEPTONIC_BD)
    mesons = (leptonic_decays.strange(inputs), of_strange), (leptonic_decays.down(inputs), of_down)
    return jnp.concatenate([leptonic_decays.amplitudes(meson, c, SAME_FLAVOUR, inputs) for meson, c in mesons])


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 24"]:
    """Real and imaginary parts of the amplitudes, layout `MOMENTS`; linear in the coefficients. Rows are all alike."""
    found = amplitudes(theory, inputs)
    values = jnp.stack([found.real, found.imag], axis=-1).ravel()
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


class Rates(eqx.Module):
    r"""Branching fraction at decay time zero, the part that is odd under heavy and light, and of :math:`B_s` y and tau.

    `difference` over `rate` is :math:`A_{\Delta\Gamma}`; `y` is :math:`\Delta\Gamma_s/2\Gamma_s`; `lifetime` in GeV^-1.
    """

    rate: Float[Array, ""]
    difference: Float[Array, ""]
    y: Float[Array, ""]
    lifetime: Float[Array, ""]


def at_time_zero(x: Rates) -> Float[Array, ""]:
    """Branching fraction without mixing."""
    return x.rate


def time_integrated(x: Rates) -> Float[Array, ""]:
    r""":math:`\mathrm{BR}_0\,(1+yA_{\Delta\Gamma})/(1-y^2)`."""
    return (x.rate + x.y * x.difference) / (1.0 - x.y**2)


def asymmetry(x: Rates) -> Float[Array, ""]:
    r""":math:`A_{\Delta\Gamma}={\rm Re}(P^2-S^2)/(|P|^2+|S|^2)`; 1 in the Standard Model."""
    return x.difference / x.rate


def effective_lifetime(x: Rates) -> Float[Array, ""]:
    r"""Mean decay time of an untagged sample, GeV^-1: the lifetime of the heavy state in the Standard Model."""
    weight = 1.0 + x.y**2 + 2.0 * x.y * asymmetry(x)
    return x.lifetime / (1.0 - x.y**2) * weight / (1.0 + x.y * asymmetry(x))


QUANTITIES: dict[str, tuple[str, Callable[[Rates], Float[Array, ""]]]] = {
    **{f"BR(Bs->{pair})": (f"Bs->{pair}", time_integrated) for pair in SAME_FLAVOUR},
    "ADeltaGamma(Bs->mumu)": ("Bs->mumu", asymmetry),
    "tau_mumu": ("Bs->mumu", effective_lifetime),
    "tau_mumu_ps": ("Bs->mumu", lambda x: GEV_PER_INVERSE_PS * effective_lifetime(x)),
    **{f"BR(B0->{pair})": (f"B0->{pair}", at_time_zero) for pair in SAME_FLAVOUR},
}
"""What `assemble` knows: the channel and the function of its rates."""


def functionals(key: str, moments: Float[Array, "r 24"], rows: Rows, inputs: Inputs) -> Float[Array, "r 4"]:
    """The moments of the channel of a quantity. Raises `KeyError` for an unknown key."""
    channel, _ = QUANTITIES[key]
    return moments.reshape(-1, len(CHANNELS), _PARTS)[:, CHANNELS.index(channel)]


def assemble(key: str, found: Float[Array, "r 4"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES`; lifetimes in GeV^-1, or in ps where the name says so.

    Raises `KeyError` for an unknown key.
    """
    _, function = QUANTITIES[key]
    squares = found[0] ** 2
    y = 0.5 * inputs["DeltaGamma/Gamma_Bs"]
    return function(Rates(squares.sum(), np.array([1.0, -1.0, -1.0, 1.0]) @ squares, y, inputs["tau_Bs"]))
