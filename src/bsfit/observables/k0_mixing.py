r"""Mixing of :math:`K^0` and :math:`\bar K^0`: what new physics adds to :math:`\epsilon_K`. Energies in GeV."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.hadronic.light_mixing import K0, parts
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re M12", "Im M12")
"""What `moments` returns per row, in GeV, of new physics alone."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    return parts(K0, theory, inputs, rows)


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`eps_K_NP`, what new physics adds to that of the Standard Model, which is positive.

    :math:`\kappa_\epsilon\,{\rm Im}M_{12}/\sqrt2\,\Delta M_K` with the measured mass difference, and long distances in
    :math:`\kappa_\epsilon`: 1002.3612 [Buras:2010pza]_. Raises `KeyError` for an unknown key.
    """
    if key != "eps_K_NP":
        raise KeyError(key)
    return inputs["kappa_epsilon"] * moments[0, 1] / (jnp.sqrt(2.0) * inputs["DeltaM_K0"])
