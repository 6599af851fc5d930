"""The CKM matrix, from the inputs that tree-level decays determine."""

import jax.numpy as jnp
from jaxtyping import Array, Complex

from bsfit.loading.inputs import Inputs


def ckm(inputs: Inputs) -> Complex[Array, "3 3"]:
    r"""CKM matrix, rows u, c, t and columns d, s, b, exact in the standard phase convention.

    From the tree-level inputs :math:`V_{us} = s_{12}c_{13}`, :math:`|V_{ub}| = s_{13}`, :math:`V_{cb} = s_{23}c_{13}`
    and :math:`\gamma = \arg(-V_{ud}V_{ub}^*/V_{cd}V_{cb}^*)`, from which the phase :math:`\delta` follows exactly:
    :math:`\sin(\delta-\gamma) = \sin\gamma\, c_{12}s_{23}s_{13}/(s_{12}c_{23})`.
    """
    v_us, v_ub, v_cb, gamma = (inputs[name] for name in ("V_us", "V_ub", "V_cb", "gamma"))
    s13, c13 = v_ub, jnp.sqrt(1 - v_ub**2)
    s12, s23 = v_us / c13, v_cb / c13
    c12, c23 = jnp.sqrt(1 - s12**2), jnp.sqrt(1 - s23**2)
    phase = jnp.exp(1j * (gamma + jnp.arcsin(jnp.sin(gamma) * c12 * s23 * s13 / (s12 * c23))))
    return jnp.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )


def v_tb_v_ts(inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`V_{tb}V_{ts}^*`; its real part is negative."""
    v = ckm(inputs)
    return v[2, 2] * jnp.conj(v[2, 1])


def v_tb_v_td(inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`V_{tb}V_{td}^*`."""
    v = ckm(inputs)
    return v[2, 2] * jnp.conj(v[2, 0])
