r"""Mixing of :math:`D^0` and :math:`\bar D^0`: what new physics adds, which may not be more than is measured.

The Standard Model's part is not calculable (`hadronic.light_mixing`); cancellations of the two, by accident, are not
considered. Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.hadronic.light_mixing import D0, parts
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re M12", "Im M12")
"""What `moments` returns per row, in GeV, of new physics alone."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    return parts(D0, theory, inputs, rows)


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`x12_D_NP`, :math:`2|M_{12}|/\Gamma` of new physics. Raises `KeyError` for an unknown key.

    It has an edge where there is no new physics; its derivatives there are those of zero.
    """
    if key != "x12_D_NP":
        raise KeyError(key)
    squared = jnp.sum((moments[0] * inputs["tau_D0"]) ** 2)
    there = squared > 0
    return jnp.where(there, 2 * jnp.sqrt(jnp.where(there, squared, 1.0)), 0.0)
