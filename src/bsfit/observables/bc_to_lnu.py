r"""Leptonic decays :math:`B_c^+\to\ell^+\nu`: `standard_model.charged_current.bc_to_lnu`, summed over neutrinos."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.catalogue import LEPTONS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.charged_current import bc_to_lnu
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = tuple(f"BR(Bc->{lepton}nu)" for lepton in LEPTONS)
"""What `moments` returns per row: branching fractions."""

functionals = moments_themselves


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 3"]:
    """Branching fractions, layout `MOMENTS`; quadratic in the coefficients. Rows are all alike."""
    return jnp.broadcast_to(bc_to_lnu(theory.wilson, inputs), (*rows.decay.shape, len(MOMENTS)))


def assemble(key: str, moments: Float[Array, "r 3"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The branching fraction of that name. Raises `ValueError` for an unknown key."""
    return moments[0, MOMENTS.index(key)]
