"""Electromagnetic corrections to lepton-universality ratios: an uncertainty, not a shift.

Experiments correct for photon radiation with PHOTOS; what remains is a theory error of a lepton-universality ratio,
1 % above 1.1 GeV^2 and 2 % below in 1605.07633 [Bordone:2016gaq]_. It is one unit Gaussian nuisance per ratio, common
to all bins, charges and measurements of that ratio and independent between ratios.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs

LOW_Q2_EDGE = 1.0
"""A bin that starts below this value (GeV^2) is dominated by low q2 and carries the larger error; [1,6] does not."""


def ratio_factor(ratio: str, q2_min: Float[Array, ""], inputs: Inputs) -> Float[Array, ""]:
    """Factor on a ratio mu/e of the transition `ratio` (``B->K``, ``B->K*``, ``Bs->phi``): 1 at the central value."""
    size = jnp.where(q2_min < LOW_Q2_EDGE, inputs["QED_size_low"], inputs["QED_size"])
    return 1.0 + size * inputs[f"QED {ratio}"]
