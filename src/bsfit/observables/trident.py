r"""Neutrino tridents :math:`\nu_\mu N\to\nu_\mu N\mu^+\mu^-`: cross section over that of the Standard Model.

.. math:: \frac{\sigma}{\sigma_{SM}}=\frac{(1+4s_W^2-2(C_{LL}+C_{LR}))^2+(1-2(C_{LL}-C_{LR}))^2}{(1+4s_W^2)^2+1}

with the coefficients of `theory.WilsonCoefficients`: 1403.1269 [Altmannshofer:2014cfa]_, generalised to both
chiralities of the muon. Muon masses, and neutrinos of other flavours in the final state, are neglected.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("vector", "axial")
"""What `moments` returns per row: the couplings of the muon, normalised to one for the W alone."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Vector and axial couplings, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    left, right = (theory.wilson[f"CV{x}_numunumumumu"].real for x in ("LL", "LR"))
    vector = 1 + 4 * inputs["sin2_theta_w"] - 2 * (left + right)
    axial = 1 - 2 * (left - right)
    return jnp.broadcast_to(jnp.stack([vector, axial]), (*rows.decay.shape, 2))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """`trident`, the ratio of cross sections. Raises `KeyError` for an unknown key."""
    if key != "trident":
        raise KeyError(key)
    vector = 1 + 4 * inputs["sin2_theta_w"]
    return jnp.sum(moments[0] ** 2) / (vector**2 + 1)
