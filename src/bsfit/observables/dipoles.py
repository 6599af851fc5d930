r"""Dipole moments of leptons: the shift of :math:`(g-2)_\mu/2`, and :math:`l\to l'\gamma`.

New physics only; coefficients as in `theory.WilsonCoefficients`, their running below the scale of the model neglected.
Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.catalogue.coefficients import RADIATIVE
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

_TRANSITIONS = tuple(name for pair in RADIATIVE.values() for name in pair)

MOMENTS = ("Re C7_mumu", *(f"{part} {name}" for name in _TRANSITIONS for part in ("Re", "Im")))
"""What `moments` returns per row."""

_INITIAL = {
    "BR(mu->egamma)": ("m_mu", ""),
    "BR(tau->egamma)": ("m_tau", "BR(tau->enunu)"),
    "BR(tau->mugamma)": ("m_tau", "BR(tau->mununu)"),
}
"""Inputs: the mass, and the branching fraction of the decay with neutrinos, "" where that is all."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 13"]:
    """The coefficients themselves, layout `MOMENTS`. The rows are all alike."""
    parts = [part for name in _TRANSITIONS for part in (theory.wilson[name].real, theory.wilson[name].imag)]
    values = jnp.stack([theory.wilson["C7_mumu"].real, *parts])
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 13"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`a_mu`, the shift, or the branching fraction of a decay :math:`i\to j\gamma`.

    :math:`\Delta a_\mu=\frac{G_Fm_\mu^2}{\sqrt2\pi^2}{\rm Re}\,C_7` and
    :math:`\frac{\mathrm{BR}(i\to j\gamma)}{\mathrm{BR}(i\to j\nu\bar\nu)}=\frac{48\pi^2}{G_F^2m_i^2}(|C_\gamma^{ij}|^2+
    |C_\gamma^{ji}|^2)`, the lighter lepton massless in both rates: 3 % low for :math:`\tau\to\mu\gamma`. Raises
    `KeyError` for an unknown key.
    """
    if key == "a_mu":
        return inputs["G_F"] * inputs["m_mu"] ** 2 / (jnp.sqrt(2.0) * jnp.pi**2) * moments[0, 0]
    if key not in RADIATIVE:
        raise KeyError(key)
    mass, with_neutrinos = _INITIAL[key]
    first = 1 + 4 * list(RADIATIVE).index(key)
    relative = 48 * (jnp.pi / (inputs["G_F"] * inputs[mass])) ** 2 * jnp.sum(moments[0, first : first + 4] ** 2)
    return relative * inputs[with_neutrinos] if with_neutrinos else relative
