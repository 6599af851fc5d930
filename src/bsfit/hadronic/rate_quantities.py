"""Quantities of decays with a q2 distribution that are made of rates, and ratios of sums to the rate."""

from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs
from bsfit.standard_model.qed import ratio_factor
from bsfit.theory import Rows

RATES = ("dBR/dq2", "BR", "Rmue", "Remu")
"""Quantities made of the CP-averaged rate alone."""


def assembled(key: str, found: Float[Array, "r p"], transition: str, rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` from the CP-summed rate of each row and, for others than `RATES`, a numerator.

    dBR/dq2 is per GeV^2 of the nominal bin, also where the bin sticks out of phase space. Ratios carry the factor of
    `qed` of the transition, 1 at its central value.
    """
    rate = found[:, 0]
    if key == "dBR/dq2":
        return 0.5 * rate[0] / (rows.q2_max[0] - rows.q2_min[0])
    if key == "BR":
        return 0.5 * rate[0]
    if key in ("Rmue", "Remu"):
        ratio = ratio_factor(transition, rows.q2_min[0], inputs) * rate[0] / rate[1]
        return ratio if key == "Rmue" else 1.0 / ratio
    return found[0, 1] / rate[0]
