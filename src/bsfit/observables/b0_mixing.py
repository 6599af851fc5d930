r"""Mixing of :math:`B^0` and :math:`\bar B^0`: the mass difference. :math:`M_{12}` is that of `hadronic.b_mixing`.

Absorptive parts are neglected. Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.hadronic.b_mixing import B0, m12_of_standard_model, parts
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re M12", "Im M12")
"""What `moments` returns per row, in GeV."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    return parts(B0, theory, inputs, rows)


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`DeltaM_d_ps` in 1/ps, :math:`2|M_{12}|`, or `DeltaM_d/SM`. Raises `KeyError` for an unknown key."""
    found = moments[0, 0] + 1j * moments[0, 1]
    if key == "DeltaM_d_ps":
        return 2 * jnp.abs(found) / GEV_PER_INVERSE_PS
    if key == "DeltaM_d/SM":
        return jnp.abs(found / m12_of_standard_model(B0, inputs))
    raise KeyError(key)
