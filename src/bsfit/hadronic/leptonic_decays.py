r"""Amplitudes of :math:`B_q\to\ell\ell'`: the meson annihilates into a pair of leptons, of one flavour or of two.

.. math::
   P = \beta_-\Bigl[\frac{\Sigma}{m_B}(C_{10}-C_{10}') + \frac{m_bm_B}{m_b+m_q}(C_P-C_P')\Bigr] ,\qquad
   S = \beta_+\Bigl[\frac{\Delta}{m_B}(C_9-C_9') + \frac{m_bm_B}{m_b+m_q}(C_S-C_S')\Bigr] ,

of CP-odd and CP-even pairs, eq. (5) of 1602.00881, with :math:`\Sigma=m_{\ell^-}+m_{\ell^+}`,
:math:`\Delta=m_{\ell^-}-m_{\ell^+}`, :math:`\beta_\mp^2=1-\Delta^2/m_B^2,\ 1-\Sigma^2/m_B^2`. For one flavour they are
those of 1204.1737 [DeBruyn:2012wk]_, here not divided by that of the Standard Model. Energies in GeV.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTON_PAIRS, LEPTONS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import v_tb_v_td, v_tb_v_ts
from bsfit.standard_model.qcd import m_b_msbar, m_s_msbar
from bsfit.standard_model.running import MU_B


class Meson(eqx.Module):
    """Mass, decay constant and lifetime in powers of GeV, the CKM factor, and m_b over the masses of both quarks."""

    mass: Float[Array, ""]
    decay_constant: Float[Array, ""]
    lifetime: Float[Array, ""]
    ckm: Complex[Array, ""]
    heavy_share: Float[Array, ""]

    def unit(self, inputs: Inputs) -> Float[Array, ""]:
        r""":math:`[G_F^2\alpha^2|V|^2f_B^2m_B^3\tau_B/64\pi^3]^{1/2}`, one :math:`\alpha` as in all amplitudes."""
        strength = inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(self.ckm) * self.decay_constant
        return strength * jnp.sqrt(self.mass**3 * self.lifetime / (64.0 * jnp.pi**3))


def strange(inputs: Inputs) -> Meson:
    """The Bs meson."""
    m_b = m_b_msbar(MU_B, inputs)
    share = m_b / (m_b + m_s_msbar(MU_B, inputs))
    return Meson(inputs["m_Bs"], inputs["f_Bs"], inputs["tau_Bs"], v_tb_v_ts(inputs), share)


def down(inputs: Inputs) -> Meson:
    """The B0 meson, the mass of the d quark neglected."""
    return Meson(inputs["m_B0"], inputs["f_B0"], inputs["tau_B0"], v_tb_v_td(inputs), jnp.ones(()))


def differences(operators: Sequence[str]) -> Float[np.ndarray, "o 4"]:
    """Matrix from the coefficients of these operators to C - C' of C9, C10, CS and CP."""
    wanted = ("C9", "C10", "CS", "CP")
    return np.array([[float(name == c) - float(name == c + "p") for c in wanted] for name in operators])


def masses(pairs: Sequence[str], inputs: Inputs) -> tuple[Float[Array, " p"], Float[Array, " p"]]:
    """Sum of the masses of each pair, and that of l- minus that of l+: ``mue`` is mu+ e-."""
    each = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    positive, negative = np.divmod([LEPTON_PAIRS.index(pair) for pair in pairs], len(LEPTONS))
    return each[negative] + each[positive], each[negative] - each[positive]


def amplitudes(
    meson: Meson, coefficients: Complex[Array, "p 4"], pairs: Sequence[str], inputs: Inputs
) -> Complex[Array, "p 2"]:
    """P and S of some pairs, from their C - C' of C9, C10, CS and CP.

    In units of the root of the branching fraction at decay time zero.
    """
    total, difference = (x / meson.mass for x in masses(pairs, inputs))
    beta_p, beta_s = jnp.sqrt(1.0 - difference**2), jnp.sqrt(1.0 - total**2)
    density = meson.mass * meson.heavy_share
    vector, axial, scalar, pseudoscalar = coefficients.T
    p = beta_p * (total * axial + density * pseudoscalar)
    s = beta_s * (difference * vector + density * scalar)
    return (meson.unit(inputs) * jnp.sqrt(beta_p * beta_s))[:, None] * jnp.stack([p, s], axis=1)
