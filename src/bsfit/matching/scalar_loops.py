r"""Coefficients of new fermions and scalars in the loop: boxes, the photon penguin and dipoles of quarks and leptons.

For the lines of `boxes`, at leading order in the momenta. Q and S below are the charges of fermion and scalar, bracket
by bracket those of the particle that the photon or the gluon is on. Z penguins vanish at that order: charge and weak
isospin are conserved at the vertex, with split scalars too, and their Ward identity holds. :math:`C_7'` is left out
(suppressed by :math:`m_s/m_b`). Derived here, checked against the charged Higgs boson of two doublets in
`test_charged_higgs_boson`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.constants import CHARGE_DOWN
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.boxes import Boson, Boxes, Line, current, delta_f2, flavour_products, four_muons, of_products
from bsfit.matching.currents import (
    TRANSITIONS,
    from_charged_leptons,
    from_delta_f2,
    from_muon_neutrinos,
    from_neutrinos,
    from_photon_penguin,
    together,
)
from bsfit.matching.muon_moment import lepton_dipoles
from bsfit.matching.vectorlike import Vector
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.running import run_dipoles

Scalar = Float[Array, ""]
Masses = tuple[Scalar, Scalar, Scalar]


def of_singlet(quarks: Vector, leptons: Vector, masses: Masses, scalar: Boson | None = None) -> tuple[Line, Line]:
    """Lines of vector-like doublets Q and L and a singlet X that they share; `masses` of Q, L and X in GeV.

    X is complex unless `scalar` says what it is.
    """
    m_q, m_l, m_x = masses
    shared = Boson(m_x) if scalar is None else scalar
    quark_line = Line(quarks, m_q, shared, charge=CHARGE_DOWN, scalar_charge=0.0, coloured="fermion")
    return quark_line, Line(leptons, m_l, shared, charge=-1.0, scalar_charge=0.0)


def coefficients(
    quarks: Line,
    leptons: Line,
    box: Boxes,
    scale: Scalar,
    inputs: Inputs,
    copies: Scalar | float = 1.0,
    mixing: Scalar | None = None,
) -> tuple[dict[str, Complex[Array, ""]], dict[str, Array]]:
    """Wilson coefficients of b -> s, b -> d and meson mixing, and quantities by name; `scale` of matching in GeV.

    Quantities of `of_quarks`, and `J` (box of the quark and the lepton).
    """
    of_quarks_alone, found = of_quarks(quarks, scale, inputs, copies, mixing)
    charged = [
        from_charged_leptons(current(quarks, leptons, box.leptons, q), lambda i, j: None, inputs, transition=q)
        for q in TRANSITIONS
    ]
    neutral = {} if box.neutrinos is None else from_neutrinos(current(quarks, leptons, box.neutrinos), inputs)
    return together(of_quarks_alone, *charged, neutral), {"J": box.leptons, **found}


def of_quarks(
    quarks: Line, scale: Scalar, inputs: Inputs, copies: Scalar | float = 1.0, mixing: Scalar | None = None
) -> tuple[dict[str, Complex[Array, ""]], dict[str, Complex[Array, ""]]]:
    """The same of a line of quarks alone: photon penguin, dipoles, meson mixing.

    Quantities: `C9_photon` (what the photon penguin adds to C9 of all leptons), `C7_bs_mu_NP`, `C8_bs_mu_NP` (at the
    scale of matching), `C_bs_LL` (coefficient of (s gamma P_L b)^2 in +H there). Penguins and dipoles count for as many
    `copies` of the fermion and scalar as a new charge of theirs has values; J of meson mixing is that of the line,
    unless `mixing` says what it is.
    """
    photon, (c7, c8) = copies * photon_penguin(quarks, inputs), quark_dipoles(quarks, inputs)
    c7, c8 = copies * c7, copies * c8
    if mixing is None:
        h = delta_f2(quarks, inputs)
    else:
        h = of_products(flavour_products(quarks.couplings, inputs), mixing)
    found = {
        **from_photon_penguin(photon),
        **dict(zip(("C7_bs", "C8_bs"), run_dipoles(c7, c8, scale, inputs), strict=True)),
        **from_delta_f2(h, scale, inputs),
    }
    return found, {"C9_photon": photon, "C7_bs_mu_NP": c7, "C8_bs_mu_NP": c8, "C_bs_LL": h["bs"]}


def of_leptons(leptons: Line, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    """Coefficients of leptons alone: tridents by the box of two lines, dipoles."""
    loop = -dipole(leptons, leptons.charge, leptons.scalar_charge)
    return {
        **from_muon_neutrinos(four_muons(leptons), 0.0, inputs),
        **lepton_dipoles(leptons.couplings, loop, inputs),
    }


def dipole(line: Line, on_fermion: float, on_scalar: float) -> Scalar:
    r""":math:`Q_FI_1(F;S)-Q_SI_1(S;F)` in GeV^-2 for these charges, :math:`I_1` being `loops.dipole`."""

    def loop(m_f: Scalar, m_s: Scalar) -> Scalar:
        by_fermion = on_fermion * loops.dipole(m_f, m_s) if on_fermion else jnp.zeros(())
        by_scalar = on_scalar * loops.dipole(m_s, m_f) if on_scalar else jnp.zeros(())
        return by_fermion - by_scalar

    return line.mean(loop)


def monopole(line: Line) -> Scalar:
    r""":math:`Q_FA_F+Q_SA_S` in GeV^-2, :math:`A_F` and :math:`A_S` being those of the penguins in `loops`."""

    def loop(m_f: Scalar, m_s: Scalar) -> Scalar:
        on_fermion, on_scalar = line.charge, line.scalar_charge
        by_fermion = -on_fermion * loops.photon_penguin(m_f, m_s) if on_fermion else jnp.zeros(())
        by_scalar = on_scalar * loops.scalar_penguin(m_f, m_s) if on_scalar else jnp.zeros(())
        return by_fermion + by_scalar

    return line.mean(loop)


def photon_penguin(quarks: Line, inputs: Inputs) -> Complex[Array, ""]:
    r"""Lepton-universal :math:`C_9=-\frac{\sqrt2\lambda_b\lambda_s^*}{4G_FV_{tb}V_{ts}^*}` times `monopole`.

    Opposite in sign to the box of the loop model and about a hundred times smaller.
    """
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"] * v_tb_v_ts(inputs))
    return -quarks.product() * unit * monopole(quarks)


def quark_dipoles(quarks: Line, inputs: Inputs) -> tuple[Complex[Array, ""], Complex[Array, ""]]:
    r""":math:`C_{7,8}=-\frac{\sqrt2\lambda_b\lambda_s^*}{16G_FV_{tb}V_{ts}^*}` times `dipole`.

    At the scale of matching. For :math:`C_8` the charge is one of whatever carries colour.
    """
    unit = -quarks.product() * jnp.sqrt(2.0) / (16 * inputs["G_F"] * v_tb_v_ts(inputs))
    colours = float(quarks.coloured == "fermion"), float(quarks.coloured == "scalar")
    gluon = dipole(quarks, *colours)
    if (quarks.charge, quarks.scalar_charge) == (CHARGE_DOWN * colours[0], CHARGE_DOWN * colours[1]):
        return CHARGE_DOWN * unit * gluon, unit * gluon
    return unit * dipole(quarks, quarks.charge, quarks.scalar_charge), unit * gluon
