r"""The scalar leptoquark :math:`S_1` (:math:`\bar3`,1,1/3): Wilson coefficients of b -> s, of meson mixing and leptons.

.. math:: L=S_1^*[\bar u^c_k(\lambda^u_{kj}P_L+\lambda^R_{kj}P_R)e_j-\bar d^c_i\lambda_{ij}P_L\nu_j]+{\rm h.c.}

with :math:`\lambda^u=V^*\lambda`: down quarks see neutrinos, charged leptons up quarks. Quarks and leptons but the
top, charm and up quarks are massless here, and so is all that the W, Z and Higgs bosons add but in one term:

* tree level: :math:`K=\lambda_{bj}\lambda_{si}^*/2M^2` of :math:`(\bar s\gamma P_Lb)(\bar\nu_i\gamma P_L\nu_j)`, and
  :math:`b\to c\ell_i\nu_j`, :math:`C_{VL}=\frac{v^2}{4V_{cb}M^2}\lambda_{bj}\lambda_{ci}^{u*}`,
  :math:`C_{SL}=-4C_T=-\frac{v^2}{4V_{cb}M^2}\lambda_{bj}\lambda_{ci}^{R*}` at M;
* the box of :math:`S_1` with top quarks and Goldstone bosons (the crossed diagram of `boxes.of_fermion` for
  :math:`m_t\ll M`), :math:`C_9=-C_{10}=m_t^2|\lambda^u_{t\mu}|^2/16\pi\alpha M^2>0`, and that of two :math:`S_1`, of
  right-handed leptons too: the two terms of :math:`C_{LL}=2C_9` of 1511.01900 [Bauer:2015knc]_ at massless quarks;
* neutrinos in the photon penguin and in :math:`C_7`, :math:`C_8`; meson mixing as in `boxes`;
* dipoles of leptons by up quarks, the chirality flipped outside of the loop or on the quark's line, which for
  :math:`m_q\ll M` is :math:`\Delta a_\mu=\frac{m_\mu m_q}{4\pi^2M^2}(\ln\frac{M^2}{m_q^2}-\frac74)
  {\rm Re}\,\lambda^R\lambda^{u*}`.

Derived here but for the top term, checked in `tests/test_leptoquark_nplet.py`. **Left out**: what
:math:`\lambda^R_{t\mu}` adds to the box with top quarks, a logarithm in :math:`C_9+C_{10}`; :math:`b\to u\ell\nu`
and other charged currents, :math:`K\to\pi\nu\nu`, decays of D mesons, right-handed currents in their mixing, tridents.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONS
from bsfit.constants import CHARGE_DOWN, CHARGE_UP, COLOURS
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.boxes import flavour_products, of_products
from bsfit.matching.currents import (
    CKM,
    TRANSITIONS,
    Current,
    Transition,
    from_charged_currents,
    from_charged_leptons,
    from_delta_f2,
    from_muon_moment,
    from_neutrinos,
    from_photon_penguin,
    lambda_v,
    together,
)
from bsfit.matching.muon_moment import LIGHTER_FIRST
from bsfit.matching.vectorlike import Vector, up_couplings
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.running import run_dipoles

Scalar = Float[Array, ""]
Number = Complex[Array, ""]
ByLepton = tuple[Vector, Vector, Vector]
"""For each lepton the couplings of three quarks."""
Pair = Callable[[Vector, Vector], Number]
"""Coefficient in GeV^-2 for the up quarks' couplings to two leptons."""


class Leptoquark(eqx.Module):
    """Couplings `left` of d, s and b to each neutrino, `right` of u, c and t to each lepton; `mass` in GeV."""

    left: ByLepton
    right: ByLepton
    mass: Scalar

    def up(self, inputs: Inputs) -> ByLepton:
        """Left-handed couplings of u, c and t to each charged lepton."""
        matrix = ckm(inputs)
        e, mu, tau = (up_couplings(quarks, matrix) for quarks in self.left)
        return e, mu, tau


def coefficients(s1: Leptoquark, inputs: Inputs) -> tuple[dict[str, Number], dict[str, Array]]:
    """Wilson coefficients, and quantities by name.

    `C9_top` and `C9_box`, the parts of C9 of muons by left-handed couplings; `C9_photon`, `C7_bs_mu_NP`, `C8_bs_mu_NP`
    and `C_bs_LL` as in `scalar_loops.coefficients`, at the scale of the mass.
    """
    up, products = s1.up(inputs), _products(s1, inputs)
    h = of_products(products, 1 / s1.mass**2)
    dipole = jnp.sqrt(2.0) * products["bs"] / (16 * inputs["G_F"] * v_tb_v_ts(inputs) * s1.mass**2)
    c7, c8, photon = CHARGE_DOWN / 6 * dipole, dipole / 6, -4 * CHARGE_DOWN / 18 * dipole
    box, top = _box_of_two(s1, products["bs"], inputs), _box_of_top(s1, inputs)
    found = {
        **together(*(_boxes(s1, up, products, q, inputs) for q in TRANSITIONS), from_photon_penguin(photon)),
        **from_neutrinos(lambda i, j: s1.left[j][2] * jnp.conj(s1.left[i][1]) / (2 * s1.mass**2), inputs),
        **_charged_currents(s1, up, inputs),
        **dict(zip(("C7_bs", "C8_bs"), run_dipoles(c7, c8, s1.mass, inputs), strict=True)),
        **from_delta_f2(h, s1.mass, inputs),
        **_lepton_dipoles(s1, up, inputs),
    }
    unit = lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)
    return found, {
        "C9_top": top(up[1], up[1]) * unit, "C9_box": box(up[1], up[1]) * unit, "C9_photon": photon,
        "C7_bs_mu_NP": c7, "C8_bs_mu_NP": c8, "C_bs_LL": h["bs"],
    }  # fmt: skip


def _boxes(
    s1: Leptoquark, up: ByLepton, products: dict[str, Number], transition: Transition, inputs: Inputs
) -> dict[str, Number]:
    box, top = _box_of_two(s1, products[transition], inputs), _box_of_top(s1, inputs, transition)
    return from_charged_leptons(
        lambda i, j: box(up[i], up[j]) + top(up[i], up[j]),
        lambda i, j: box(s1.right[i], s1.right[j]),
        inputs,
        transition=transition,
    )


def _charged_currents(s1: Leptoquark, up: ByLepton, inputs: Inputs) -> dict[str, Number]:
    r"""Of b -> c l nu: those of the module's docstring.

    :math:`L=-\frac{\lambda_{bj}}{M^2}\bar l_i(\lambda_{ci}^{u*}P_R+\lambda_{ci}^{R*}P_L)c^c\,\bar b^cP_L\nu_j`
    after a Fierz transformation.
    """

    def times(factor: float, charm: ByLepton) -> Current:
        return lambda i, j: factor * s1.left[j][2] * jnp.conj(charm[i][1]) / s1.mass**2

    couplings = {"CVL": times(0.5, up), "CSL": times(-0.5, s1.right), "CT": times(0.125, s1.right)}
    return from_charged_currents(couplings, s1.mass, inputs)


def _products(s1: Leptoquark, inputs: Inputs) -> dict[str, Number]:
    r""":math:`\lambda_1\lambda_2^\dagger` of the pairs of quarks that mix, summed over leptons."""
    each = [flavour_products(quarks, inputs) for quarks in s1.left]
    return {pair: each[0][pair] + each[1][pair] + each[2][pair] for pair in each[0]}


def _box_of_two(s1: Leptoquark, product: Number, inputs: Inputs) -> Pair:
    r""":math:`-\frac{(\lambda\lambda^\dagger)_{bs}}{64\pi^2}\sum_kJ_2(0,m_k,M,M)\lambda_{ki}^*\lambda_{kj}`."""
    each = jax.vmap(lambda m: loops.box(jnp.zeros(()), m, s1.mass))(_up_masses(inputs))
    return lambda first, second: -product * _sum(each, first, second) / (64 * jnp.pi**2)


def _box_of_top(s1: Leptoquark, inputs: Inputs, transition: Transition = "bs") -> Pair:
    r""":math:`V_{tb}V_{ts}^*\frac{m_t^2}{16\pi^2v^2M^2}\lambda_{ti}^*\lambda_{tj}`."""
    unit = jnp.sqrt(2.0) * inputs["G_F"] * (inputs["m_t_pole"] / (4 * jnp.pi * s1.mass)) ** 2
    return lambda first, second: CKM[transition](inputs) * unit * jnp.conj(first[2]) * second[2]


def _lepton_dipoles(s1: Leptoquark, up: ByLepton, inputs: Inputs) -> dict[str, Number]:
    r"""Coefficients of :math:`\bar l_i\sigma P_Rl_jF`, of the two lepton masses the larger.

    Over e, :math:`-\frac{N_c}{64\pi^2}\sum_k\{(m_j\lambda^{u*}_{ki}\lambda^u_{kj}+m_i\lambda^{R*}_{ki}\lambda^R_{kj})
    [Q_FI_1(k;S)-Q_SI_1(S;k)]+2m_k\lambda^{u*}_{ki}\lambda^R_{kj}[Q_FK_F-Q_SK_S]\}`, integrals of `loops`.
    """
    charge_of_quark, charge_of_scalar = -CHARGE_UP, CHARGE_DOWN

    def brackets(m: Scalar) -> tuple[Scalar, Scalar]:
        outside = charge_of_quark * loops.dipole(m, s1.mass) - charge_of_scalar * loops.dipole(s1.mass, m)
        inside = charge_of_quark * loops.flip_on_fermion(m, s1.mass) - charge_of_scalar * loops.flip_on_scalar(
            m, s1.mass
        )
        return outside, 2 * m * inside

    outside, inside = jax.vmap(brackets)(_up_masses(inputs))
    masses = [inputs[f"m_{lepton}"] for lepton in LEPTONS]

    def dipole(i: int, j: int) -> Number:
        total = _sum(inside, up[i], s1.right[j])
        if i <= j:
            total = total + masses[j] * _sum(outside, up[i], up[j])
        if i >= j:
            total = total + masses[i] * _sum(outside, s1.right[i], s1.right[j])
        return -COLOURS * total / (64 * jnp.pi**2)

    charge = jnp.sqrt(4 * jnp.pi * inputs["alpha_em_0"])
    found = from_muon_moment(4 * inputs["m_mu"] * dipole(1, 1).real, inputs)
    for i, j in LIGHTER_FIRST:
        light, heavy = LEPTONS[i], LEPTONS[j]
        found |= {f"Cgamma_{heavy}{light}": charge * dipole(i, j), f"Cgamma_{light}{heavy}": charge * dipole(j, i)}
    return found


def _up_masses(inputs: Inputs) -> Float[Array, " 3"]:
    return inputs.array(("m_u", "m_c", "m_t_pole"))


def _sum(weights: Float[Array, " 3"], first: Vector, second: Vector) -> Number:
    """Over quarks, the first one conjugate."""
    u, c, t = (weights[k] * jnp.conj(first[k]) * second[k] for k in range(3))
    return u + c + t
