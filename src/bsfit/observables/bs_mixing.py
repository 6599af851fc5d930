r"""Mixing of :math:`B_s` and :math:`\bar B_s`: mass difference, and the phase in :math:`B_s\to J/\psi\,\phi`.

:math:`M_{12}` is that of `hadronic.b_mixing`. Absorptive parts :math:`\Gamma_{12}` are neglected, 1e-5 of
:math:`\Delta M_s`. Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.hadronic.b_mixing import BS, m12_of_standard_model, parts
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re M12", "Im M12")
"""What `moments` returns per row, in GeV."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    return parts(BS, theory, inputs, rows)


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`DeltaM_s` in GeV, `DeltaM_s_ps` in 1/ps, `DeltaM_s/SM`, or `S_psiphi`.

    :math:`\Delta M_s=2|M_{12}|`; :math:`S_{\psi\phi}={\rm Im}(M_{12}^*A/\bar A)/|M_{12}|` with
    :math:`A\propto V_{cb}V_{cs}^*`. Raises `KeyError` for an unknown key.
    """
    found = moments[0, 0] + 1j * moments[0, 1]
    if key == "DeltaM_s":
        return 2 * jnp.abs(found)
    if key == "DeltaM_s_ps":
        return 2 * jnp.abs(found) / GEV_PER_INVERSE_PS
    if key == "DeltaM_s/SM":
        return jnp.abs(found / m12_of_standard_model(BS, inputs))
    if key == "S_psiphi":
        v = ckm(inputs)
        amplitude = v[1, 2] * jnp.conj(v[1, 1])
        return (jnp.conj(found) * amplitude / jnp.conj(amplitude)).imag / jnp.abs(found)
    raise KeyError(key)
