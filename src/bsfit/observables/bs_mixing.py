r"""Mixing of :math:`B_s` and :math:`\bar B_s`: mass difference, and the phase in :math:`B_s\to J/\psi\,\phi`.

:math:`M_{12}=\langle B_s|H|\bar B_s\rangle/2m_{B_s}`, the convention of flavio; some papers call this :math:`M_{12}^*`.
New physics is evolved at leading order from 4.8 GeV to :math:`m_b`, where the bag parameters are defined; together with
the running of a model down to 4.8 GeV this is one running from the model's scale to :math:`m_b`. Operators: VLL, VRR,
VLR and SLR, into which VLR mixes. Absorptive parts :math:`\Gamma_{12}` are neglected, 1e-5 of :math:`\Delta M_s`.
Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.loading.inputs import Inputs
from bsfit.matching.loops import S0
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.qcd import m_b_msbar, m_s_msbar
from bsfit.standard_model.running import MU_B, run_delta_f2, run_delta_f2_lr
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = ("Re M12", "Im M12")
"""What `moments` returns per row, in GeV."""

LEFT_RIGHT_BAGS = ("bag_Bs_4", "bag_Bs_5")
"""Inputs without which an input set cannot say what a left-right operator does."""


def m12_of_standard_model(inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`M_{12}` of the Standard Model.

    :math:`\frac{G_F^2m_W^2}{12\pi^2}(V_{tb}V_{ts}^*)^2\hat\eta_BS_0(x_t)\,m_{B_s}f_{B_s}^2B`, with the bag parameter at
    :math:`m_b` and the QCD factor :math:`\hat\eta_B` that belongs to it: hep-ph/9512380 [Buchalla:1995vs]_, in the
    notation of 1712.06572 [DiLuzio:2017fdq]_.
    """
    box = S0((inputs["m_t_MSbar"] / inputs["m_W"]) ** 2) * (inputs["G_F"] * inputs["m_W"]) ** 2 / (4 * jnp.pi**2)
    return v_tb_v_ts(inputs) ** 2 * box * inputs["eta_B"] * vector_matrix_element(inputs)


def vector_matrix_element(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\langle B_s|(\bar s\gamma P_Lb)^2|\bar B_s\rangle/2m_{B_s}=\frac13m_{B_s}f_{B_s}^2B_1(m_b)`, GeV^3."""
    return inputs["m_Bs"] * inputs["f_Bs"] ** 2 * inputs["bag_Bs_1"] / 3


def left_right_matrix_elements(inputs: Inputs) -> Float[Array, " 2"]:
    r"""Matrix elements over :math:`2m_{B_s}` of VLR and of :math:`(\bar sP_Lb)(\bar sP_Rb)`, GeV^3.

    :math:`-\frac16B_5` and :math:`\frac14B_4` times :math:`m_{B_s}f_{B_s}^2[m_{B_s}/(m_b+m_s)]^2`, quark masses and bag
    parameters at :math:`m_b`.
    """
    mu = inputs["m_b"]
    chiral = (inputs["m_Bs"] / (m_b_msbar(mu, inputs) + m_s_msbar(mu, inputs))) ** 2
    scalar, vector = (inputs[name] for name in LEFT_RIGHT_BAGS)
    return inputs["m_Bs"] * inputs["f_Bs"] ** 2 * chiral * jnp.stack([-vector / 6, scalar / 4])


def new_physics(theory: Theory, inputs: Inputs) -> Complex[Array, ""]:
    """Contribution of the coefficients at 4.8 GeV to M12; coefficients are those of -H, hence the sign."""
    wc = theory.wilson
    same = run_delta_f2(MU_B, inputs["m_b"], inputs) * vector_matrix_element(inputs)
    m12 = -(wc["CVLL_bsbs"] + wc["CVRR_bsbs"]) * same
    if all(name in inputs for name in LEFT_RIGHT_BAGS):
        evolved = run_delta_f2_lr(MU_B, inputs["m_b"], inputs, wc["CVLR_bsbs"], wc["CSLR_bsbs"])
        return m12 - jnp.sum(evolved * left_right_matrix_elements(inputs))
    # An input set without these bag parameters gives no number, rather than a wrong one, for a left-right operator.
    absent = (wc["CVLR_bsbs"] == 0) & (wc["CSLR_bsbs"] == 0)
    return m12 + jnp.where(absent, 0.0, jnp.nan)


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, layout `MOMENTS`; linear in the coefficients. The rows are all alike."""
    m12 = m12_of_standard_model(inputs) + new_physics(theory, inputs)
    return jnp.broadcast_to(jnp.stack([m12.real, m12.imag]), (*rows.decay.shape, 2))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""`DeltaM_s` in GeV, `DeltaM_s_ps` in 1/ps, `DeltaM_s/SM`, or `S_psiphi`.

    :math:`\Delta M_s=2|M_{12}|`; :math:`S_{\psi\phi}={\rm Im}(M_{12}^*A/\bar A)/|M_{12}|` with
    :math:`A\propto V_{cb}V_{cs}^*`. Raises `KeyError` for an unknown key.
    """
    m12 = moments[0, 0] + 1j * moments[0, 1]
    if key == "DeltaM_s":
        return 2 * jnp.abs(m12)
    if key == "DeltaM_s_ps":
        return 2 * jnp.abs(m12) / GEV_PER_INVERSE_PS
    if key == "DeltaM_s/SM":
        return jnp.abs(m12 / m12_of_standard_model(inputs))
    if key == "S_psiphi":
        v = ckm(inputs)
        amplitude = v[1, 2] * jnp.conj(v[1, 1])
        return (jnp.conj(m12) * amplitude / jnp.conj(amplitude)).imag / jnp.abs(m12)
    raise KeyError(key)
