r"""Dipole moments of the muon: the shift of :math:`(g-2)/2`, and :math:`\mu\to e\gamma`.

New physics only; coefficients as in `theory.WilsonCoefficients`, their running below the scale of the model neglected.
Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re C7_mumu", "Re Cgamma_mue", "Im Cgamma_mue", "Re Cgamma_emu", "Im Cgamma_emu")
"""What `moments` returns per row."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 5"]:
    """The coefficients themselves, layout `MOMENTS`. The rows are all alike."""
    muon, out, back = (theory.wilson[name] for name in ("C7_mumu", "Cgamma_mue", "Cgamma_emu"))
    values = jnp.stack([muon.real, out.real, out.imag, back.real, back.imag])
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 5"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`a_mu`, the shift, or `BR(mu->egamma)`.

    :math:`\Delta a_\mu=\frac{G_Fm_\mu^2}{\sqrt2\pi^2}{\rm Re}\,C_7` and
    :math:`\mathrm{BR}=\frac{48\pi^2}{G_F^2m_\mu^2}(|C_\gamma^{\mu e}|^2+|C_\gamma^{e\mu}|^2)`. Raises `KeyError` for an
    unknown key.
    """
    if key == "a_mu":
        return inputs["G_F"] * inputs["m_mu"] ** 2 / (jnp.sqrt(2.0) * jnp.pi**2) * moments[0, 0]
    if key == "BR(mu->egamma)":
        return 48 * (jnp.pi / (inputs["G_F"] * inputs["m_mu"])) ** 2 * jnp.sum(moments[0, 1:] ** 2)
    raise KeyError(key)
