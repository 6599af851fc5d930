r"""Loops of a complex scalar with vector-like doublets Q and L that couple it to left-handed quarks and leptons.

:math:`L=\lambda_Q^i\bar Q_RXq_L^i+\lambda_L^i\bar L_RXl_L^i` + h.c., at leading order in the momenta: boxes, the photon
penguin and the dipoles of quarks. Z penguins vanish at that order, Q and q having the same charges. Signs as said in
`models.loop`; :math:`C_7'` is left out (suppressed by :math:`m_s/m_b`).
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.constants import CHARGE_DOWN
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.currents import from_charged_leptons, from_delta_f2, from_neutrinos, with_photon_penguin
from bsfit.matching.vectorlike import Vector, squared, up_couplings
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.running import run_dipoles

Masses = tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]


def coefficients(
    quarks: Vector, leptons: Vector, masses: Masses, inputs: Inputs
) -> tuple[dict[str, Complex[Array, ""]], dict[str, Array]]:
    """Wilson coefficients of b -> s and of meson mixing for `masses` of Q, L and X, and quantities by name.

    `J` (box of the quark and the lepton), `C9_photon` (the part of every C9 that comes from the photon penguin),
    `C7_bs_mu_NP`, `C8_bs_mu_NP` (at the scale m_Q), `C_bs_LL` (coefficient of (s gamma P_L b)^2 in +H at the scale
    m_Q).
    """
    m_q, m_l, m_x = masses
    bs = quarks[2] * jnp.conj(quarks[1])
    j = loops.box(m_q, m_l, m_x)
    photon = photon_penguin(bs, m_q, m_x, inputs)
    c7, c8 = quark_dipoles(bs, m_q, m_x, inputs)
    h = delta_f2(quarks, m_q, m_x, inputs)
    quark_line = -bs / (64 * jnp.pi**2) * j

    def current(a: int, b: int) -> Complex[Array, ""]:
        return quark_line * jnp.conj(leptons[a]) * leptons[b]

    found = {
        **with_photon_penguin(from_charged_leptons(current, lambda a, b: jnp.zeros(()), inputs), photon),
        **from_neutrinos(current, inputs),
        **dict(zip(("C7_bs", "C8_bs"), run_dipoles(c7, c8, m_q, inputs), strict=True)),
        **from_delta_f2(h, m_q, inputs),
    }
    return found, {"J": j, "C9_photon": photon, "C7_bs_mu_NP": c7, "C8_bs_mu_NP": c8, "C_bs_LL": h["bs"]}


def photon_penguin(
    bs: Complex[Array, ""], m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> Complex[Array, ""]:
    r"""Lepton-universal :math:`C_9=\frac{\sqrt2Q_D\lambda_b\lambda_s^*}{4G_FV_{tb}V_{ts}^*}c`.

    c is `loops.photon_penguin`. Opposite in sign to the box and about a hundred times smaller.
    """
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"] * v_tb_v_ts(inputs))
    return CHARGE_DOWN * bs * unit * loops.photon_penguin(m_q, m_x)


def quark_dipoles(
    bs: Complex[Array, ""], m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> tuple[Complex[Array, ""], Complex[Array, ""]]:
    r""":math:`C_7=-\frac{\sqrt2Q_D\lambda_b\lambda_s^*}{16G_FV_{tb}V_{ts}^*}I_1` and :math:`C_8=-3C_7` at m_Q."""
    unit = jnp.sqrt(2.0) / (16 * inputs["G_F"] * v_tb_v_ts(inputs))
    c8 = -bs * unit * loops.dipole(m_q, m_x)
    return CHARGE_DOWN * c8, c8


def delta_f2(
    quarks: Vector, m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of :math:`(\bar q_2\gamma P_Lq_1)^2` in H at the scale m_Q, GeV^-2.

    :math:`(\lambda_1\lambda_2^*)^2J(m_Q,m_Q,m_X)/128\pi^2`. For a complex X only the uncrossed box exists; the
    normalisation is fixed by the Goldstone limit.
    """
    u, c, _ = up_couplings(quarks, ckm(inputs))
    d, s, b = quarks
    products = {"bs": b * jnp.conj(s), "bd": b * jnp.conj(d), "sd": s * jnp.conj(d), "uc": u * jnp.conj(c)}
    unit = loops.box(m_q, m_q, m_x) / (128 * jnp.pi**2)
    return {pair: product * product * unit for pair, product in products.items()}


def four_muon_box(muon: Complex[Array, ""], m_l: Float[Array, ""], m_x: Float[Array, ""]) -> Float[Array, ""]:
    r"""K of :math:`L=K(\bar\nu_\mu\gamma P_L\nu_\mu)(\bar\mu\gamma P_L\mu)`, GeV^-2: the box with two L."""
    return -(squared(muon) ** 2) / (64 * jnp.pi**2) * loops.box(m_l, m_l, m_x)
