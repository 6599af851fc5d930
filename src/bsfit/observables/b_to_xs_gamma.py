r"""Inclusive decay :math:`B\to X_s\gamma`: CP-averaged branching fraction for photon energies above 1.6 GeV.

The Standard Model at next-to-next-to-leading order is an input; new physics moves it by

.. math::
   \frac{\rm BR}{\rm BR_{SM}} = 1 + {\rm Re}\,(\ell_7C_7+\ell_8C_8+\ell_7'C_7'+\ell_8'C_8')
   + q_{77}(|C_7|^2+|C_7'|^2) + q_{88}(|C_8|^2+|C_8'|^2) + q_{78}\,{\rm Re}\,(C_7C_8^*+C_7'C_8'^*)

with the shifts at 4.8 GeV. The inputs (``data/inputs/inclusive.yaml``) follow from the matrices :math:`K_{ij}` of
1503.01789 [Misiak:2015xwa]_, complete at order :math:`\alpha_s` and with what of :math:`\alpha_s^2` is known for
:math:`C_1, C_2, C_7, C_8`, at 2 GeV, and leading-order running from 4.8 to 2 GeV. The slopes 8.22 and 1.99 that the
paper gives at 160 GeV are 13 and 10 % smaller than these, run there at leading order: that is their error. Primed
coefficients are those of the mirror image, and interfere with the small ones of the Standard Model alone.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.catalogue import DIPOLES
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("BR",)
"""What `moments` returns per row."""

LINEAR = ("B->Xsgamma C7", "B->Xsgamma C7p", "B->Xsgamma C8", "B->Xsgamma C8p")
QUADRATIC = ("B->Xsgamma C7C7", "B->Xsgamma C8C8", "B->Xsgamma C7C8")
"""Inputs that hold the coefficients of the module's formula, `LINEAR` in the order of `catalogue.DIPOLES`."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 1"]:
    """The branching fraction, quadratic in the coefficients. The rows are all alike."""
    c = jnp.stack([theory.wilson[name] for name in DIPOLES])
    c7, c8 = c[:2], c[2:]
    squares = (jnp.sum(jnp.abs(c7) ** 2), jnp.sum(jnp.abs(c8) ** 2), jnp.sum(jnp.real(c7 * jnp.conj(c8))))
    ratio = 1.0 + inputs.array(LINEAR) @ c.real + inputs.array(QUADRATIC) @ jnp.stack(squares)
    return jnp.broadcast_to(inputs["B->Xsgamma BR_SM"] * ratio, (*rows.decay.shape, 1))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 1"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """`BR(B->Xsgamma)`. Raises `KeyError` for an unknown key."""
    if key != "BR(B->Xsgamma)":
        raise KeyError(key)
    return moments[0, 0]
