r"""Scattering of a scalar X off nucleons through heavy fermions, :math:`L=\lambda_i\bar F_RXf_L^i` + h.c.

Exchange of Q, and loops that couple X to the photon and to the Z. Derived here, checked against independent reference
numbers in `test_every_reference_point` and, for the Z, in `test_top_loop_of_the_loop_model`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector import nucleon
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.vectorlike import Vector, squared, up_couplings
from bsfit.numerics import fade_out
from bsfit.standard_model.ckm import ckm

Scalar = Float[Array, ""]

EXPANDED, LOST = 0.5, 1.0
"""m_t over m_Q - m_X below which the expansion of the loop with the Z holds, and above which it says nothing."""

_SERIES = 0.01


def nucleon_couplings(
    quarks: Vector, leptons: Vector, masses: tuple[Array, Array, Array], inputs: Inputs
) -> dict[str, Float[Array, " 2"]]:
    r"""Couplings of the current of X to nucleons, GeV^-2: `tree`, `lepton_loop`, `quark_loop`, `Z`.

    `masses` are m_Q, m_L and m_X in GeV.

    :math:`f_q=|\lambda_q|^2/4(m_Q^2-m_X^2)` by exchange of Q; :math:`b_p=e^2F'(0)` by the photon, F' the charge radius
    from loops; by the Z, `top_loop`. Where top quarks are too heavy for the last, it is left out and the photon's part
    is multiplied by one plus the input `SI_Z_penguin`, its uncertainty there. An X that is not lighter than Q and L
    decays: its couplings are those of half the lighter mass, finite and without a meaning.
    """
    m_q, m_l, m_x = masses
    lightest = jnp.minimum(m_q, m_l)
    m_x = jnp.where(m_x < lightest, m_x, lightest / 2)
    up, light = up_couplings(quarks, ckm(inputs)), nucleon.loop_masses(inputs)
    unit = 1 / (4 * (m_q**2 - m_x**2))
    e2 = 4 * jnp.pi * inputs["alpha_em_0"]

    def loop(kind: str, couplings: Vector, heavy: Array) -> Scalar:
        radii = nucleon.charge_radii(m_x, heavy, light[kind])
        return nucleon.WEIGHTS[kind] * jnp.sum(jnp.stack([squared(c) for c in couplings]) * radii)

    known = fade_out(inputs["m_t_MSbar"] / (m_q - m_x), EXPANDED, LOST)
    penguin = 1 + (1 - known) * inputs["SI_Z_penguin"]
    return {
        "tree": nucleon.vector(squared(up[0]) * unit, squared(quarks[0]) * unit),
        "lepton_loop": nucleon.photon(e2 * loop("electron", leptons, m_l) * penguin),
        "quark_loop": nucleon.photon(e2 * (loop("up", up, m_q) + loop("down", quarks, m_q)) * penguin),
        "Z": nucleon.z_boson(known * top_loop(squared(up[2]), m_q, m_x, inputs), inputs),
    }


def top_loop(top: Scalar, m_q: Scalar, m_x: Scalar, inputs: Inputs) -> Scalar:
    r"""Coupling of the current of X to that of the Higgs field, GeV^-2, by loops of Q and top quarks.

    :math:`c_H=-\frac{N_cy_t^2}{16\pi^2}\frac{|\lambda_t|^2}{2(m_Q^2-m_X^2)}[\ln\frac{m_Q^2}{m_t^2}+\ln(1-r)-S(r)]`,
    :math:`r=m_X^2/m_Q^2`, :math:`S=1-\frac{r+\ln(1-r)}{r^2}`, `top` being :math:`|\lambda_t|^2`, for
    :math:`m_Q-m_X\gg m_t`. It adds to the photon's part: on xenon 8 % of the amplitude with leptons at (m_L, m_X) =
    (1000, 300) GeV and the couplings of Fig. 6.
    """
    m_t, r = inputs["m_t_MSbar"], (m_x / m_q) ** 2
    yukawa = 2 * (m_t / higgs_vev(inputs)) ** 2
    bracket = jnp.log((m_q / m_t) ** 2) + jnp.log1p(-r) - _remainder(r)
    return -3 * yukawa / (16 * jnp.pi**2) * top / (2 * (m_q**2 - m_x**2)) * bracket


def _remainder(r: Scalar) -> Scalar:
    """S of `top_loop`, 3/2 for light X."""
    small = r < _SERIES
    away = jnp.where(small, 0.5, r)
    series = sum((r**n / (n + 2) for n in range(8)), jnp.zeros(()))
    return 1 + jnp.where(small, series, -(away + jnp.log1p(-away)) / away**2)
