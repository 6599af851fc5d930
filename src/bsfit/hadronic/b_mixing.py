r"""Mixing of a neutral B meson and its antiparticle, of whichever quark: :math:`M_{12}` of operators at 4.8 GeV.

:math:`M_{12}=\langle B|H|\bar B\rangle/2m_B`, the convention of flavio; some papers call this :math:`M_{12}^*`. New
physics is evolved at leading order from 4.8 GeV to :math:`m_b`, where the bag parameters are defined; together with the
running of a model down to 4.8 GeV this is one running from the model's scale to :math:`m_b`. Operators: VLL, VRR, VLR
and SLR, into which VLR mixes. Energies in GeV.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import v_tb_v_td, v_tb_v_ts
from bsfit.standard_model.qcd import m_b_msbar, m_s_msbar
from bsfit.standard_model.running import MU_B, run_delta_f2, run_delta_f2_lr
from bsfit.theory import Rows, Theory


class Meson(NamedTuple):
    """A neutral B meson: its name in inputs, its light quark, the CKM factor of its box."""

    name: str
    quark: str
    ckm: Callable[[Inputs], Complex[Array, ""]]

    @property
    def left_right_bags(self) -> tuple[str, str]:
        """Inputs without which an input set cannot say what a left-right operator does."""
        return f"bag_{self.name}_4", f"bag_{self.name}_5"

    def size(self, inputs: Inputs) -> Float[Array, ""]:
        """:math:`m_Bf_B^2` in GeV^3."""
        return inputs[f"m_{self.name}"] * inputs[f"f_{self.name}"] ** 2

    def coefficient(self, kind: str, theory: Theory) -> Complex[Array, ""]:
        """A coefficient of Delta B = 2 by the kind of its operator."""
        return theory.wilson[f"{kind}_b{self.quark}b{self.quark}"]


BS = Meson("Bs", "s", v_tb_v_ts)
B0 = Meson("B0", "d", v_tb_v_td)


def m12_of_standard_model(meson: Meson, inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`M_{12}` of the Standard Model.

    :math:`\frac{G_F^2m_W^2}{12\pi^2}(V_{tb}V_{tq}^*)^2\hat\eta_BS_0(x_t)\,m_Bf_B^2B`, with the bag parameter at
    :math:`m_b` and the QCD factor :math:`\hat\eta_B` that belongs to it: hep-ph/9512380 [Buchalla:1995vs]_, in the
    notation of 1712.06572 [DiLuzio:2017fdq]_.
    """
    box = S0((inputs["m_t_MSbar"] / inputs["m_W"]) ** 2) * (inputs["G_F"] * inputs["m_W"]) ** 2 / (4 * jnp.pi**2)
    return meson.ckm(inputs) ** 2 * box * inputs["eta_B"] * vector_matrix_element(meson, inputs)


def vector_matrix_element(meson: Meson, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\langle B|(\bar q\gamma P_Lb)^2|\bar B\rangle/2m_B=\frac13m_Bf_B^2B_1(m_b)`, GeV^3."""
    return meson.size(inputs) * inputs[f"bag_{meson.name}_1"] / 3


def left_right_matrix_elements(meson: Meson, inputs: Inputs) -> Float[Array, " 2"]:
    r"""Matrix elements over :math:`2m_B` of VLR and of :math:`(\bar qP_Lb)(\bar qP_Rb)`, GeV^3.

    :math:`-\frac16B_5` and :math:`\frac14B_4` times :math:`m_Bf_B^2[m_B/(m_b+m_q)]^2`, quark masses and bag parameters
    at :math:`m_b`; the down quark is massless.
    """
    mu = inputs["m_b"]
    quarks = m_b_msbar(mu, inputs) + (m_s_msbar(mu, inputs) if meson.quark == "s" else 0.0)
    chiral = (inputs[f"m_{meson.name}"] / quarks) ** 2
    scalar, vector = (inputs[name] for name in meson.left_right_bags)
    return meson.size(inputs) * chiral * jnp.stack([-vector / 6, scalar / 4])


def new_physics(meson: Meson, theory: Theory, inputs: Inputs) -> Complex[Array, ""]:
    """Contribution of the coefficients at 4.8 GeV to M12; coefficients are those of -H, hence the sign."""
    left, right, vector, scalar = (meson.coefficient(kind, theory) for kind in ("CVLL", "CVRR", "CVLR", "CSLR"))
    same = run_delta_f2(MU_B, inputs["m_b"], inputs) * vector_matrix_element(meson, inputs)
    m12 = -(left + right) * same
    if all(name in inputs for name in meson.left_right_bags):
        evolved = run_delta_f2_lr(MU_B, inputs["m_b"], inputs, vector, scalar)
        return m12 - jnp.sum(evolved * left_right_matrix_elements(meson, inputs))
    # An input set without these bag parameters gives no number, rather than a wrong one, for a left-right operator.
    absent = (vector == 0) & (scalar == 0)
    return m12 + jnp.where(absent, 0.0, jnp.nan)


def m12(meson: Meson, theory: Theory, inputs: Inputs) -> Complex[Array, ""]:
    """Of both together."""
    return m12_of_standard_model(meson, inputs) + new_physics(meson, theory, inputs)


def parts(meson: Meson, theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of M12, the same in every row; linear in the coefficients."""
    found = m12(meson, theory, inputs)
    return jnp.broadcast_to(jnp.stack([found.real, found.imag]), (*rows.decay.shape, 2))


def S0(x: Float[ArrayLike, ""]) -> Float[Array, ""]:
    r"""Standard-Model box of :math:`\Delta F=2`, :math:`x=m_t^2/m_W^2` away from 1; hep-ph/9512380 [Buchalla:1995vs]_.

    :math:`S_0=\frac{4x-11x^2+x^3}{4(1-x)^2}-\frac{3x^3\ln x}{2(1-x)^3}`; 2.30 for 162.5 GeV.
    """
    x = jnp.asarray(x, dtype=float)
    return (4 * x - 11 * x**2 + x**3) / (4 * (1 - x) ** 2) - 3 * x**3 * jnp.log(x) / (2 * (1 - x) ** 3)
