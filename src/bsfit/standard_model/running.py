r"""Running of new physics down to the scale at which a model hands over its coefficients.

Leading order in QCD with two-loop :math:`\alpha_s`, six flavours above :math:`m_t(m_t)` and five below. Electroweak
running and the mixing of four-fermion operators into each other are left out; :math:`C_9` and :math:`C_{10}` do not run
in QCD.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Inexact

from bsfit.loading.inputs import Inputs
from bsfit.standard_model.qcd import FIVE_FLAVOURS_ABOVE, alpha_s, alpha_s_around_top

FloatArray = Float[ArrayLike, ""]

MU_B = 4.8
"""Scale in GeV at which a model hands over its coefficients."""


def _two_steps(mu_high: FloatArray, mu_low: FloatArray, inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r""":math:`\alpha_s(\mu_{high})/\alpha_s(\mu_{low})` as the product of its six- and its five-flavour part."""
    five_high, six_high = alpha_s_around_top(mu_high, inputs)
    five_low, six_low = alpha_s_around_top(mu_low, inputs)
    return six_high / six_low, five_high / five_low


def run_dipoles(
    c7: Inexact[ArrayLike, ""], c8: Inexact[ArrayLike, ""], mu: FloatArray, inputs: Inputs
) -> tuple[Inexact[Array, ""], Inexact[Array, ""]]:
    r""":math:`C_7, C_8` at 4.8 GeV from their values at the scale mu > m_b; hep-ph/9512380 [Buchalla:1995vs]_.

    Leading order. For :math:`C_8 = -3C_7` at 1 TeV, :math:`C_7` shrinks to 0.18 and :math:`C_8` to 0.57 of its value.
    """
    for eta, n_f in zip(_two_steps(mu, jnp.asarray(MU_B), inputs), (6, 5), strict=True):
        twice_beta0 = 2 * (11 - 2 / 3 * n_f)
        own, gluon = eta ** (32 / 3 / twice_beta0), eta ** (28 / 3 / twice_beta0)
        c7, c8 = own * c7 + 8 / 3 * (gluon - own) * c8, gluon * c8
    return jnp.asarray(c7), jnp.asarray(c8)


def run_scalar_and_tensor(
    scalar: Inexact[ArrayLike, "*n"], tensor: Inexact[ArrayLike, "*n"], mu: FloatArray, inputs: Inputs
) -> tuple[Inexact[Array, "*n"], Inexact[Array, "*n"]]:
    r"""Coefficients of :math:`(\bar cPb)(\bar lP\nu)`, and of the tensor operator, at 4.8 GeV from those at mu > m_b.

    A scalar current runs like the inverse of a quark mass, :math:`\gamma=-8`, a tensor one with :math:`8/3`: eq. (18)
    of 1309.0301 [Sakaki:2013bfa]_. From 1.5 TeV the first grows by 1.8, the second shrinks to 0.83 of its value.
    """
    for eta, n_f in zip(_two_steps(mu, jnp.asarray(MU_B), inputs), (6, 5), strict=True):
        twice_beta0 = 2 * (11 - 2 / 3 * n_f)
        scalar, tensor = eta ** (-8 / twice_beta0) * scalar, eta ** (8 / 3 / twice_beta0) * tensor
    return jnp.asarray(scalar), jnp.asarray(tensor)


def run_delta_f2(mu_high: FloatArray, mu_low: FloatArray, inputs: Inputs) -> Float[Array, ""]:
    r"""Factor by which VLL and VRR coefficients of :math:`\Delta F=2` change from mu_high down to mu_low >= m_b.

    :math:`[\alpha_s(\mu)/\alpha_s(m_t)]^{2/7}[\alpha_s(m_t)/\alpha_s(m_b)]^{6/23}`, leading order; from 2 TeV to
    m_b it is 0.766.
    """
    six, five = _two_steps(mu_high, mu_low, inputs)
    return six ** (2 / 7) * five ** (6 / 23)


def run_delta_f2_lr(
    mu_high: FloatArray,
    mu_low: FloatArray,
    inputs: Inputs,
    vector: Inexact[ArrayLike, ""] = 1.0,
    scalar: Inexact[ArrayLike, ""] = 0.0,
) -> Inexact[Array, " 2"]:
    r"""What the coefficients :math:`C_{VLR}` and :math:`C_{SLR}` at mu_high become at mu_low.

    :math:`O_{SLR} = (\bar sP_Lb)(\bar sP_Rb)`. One-loop anomalous dimension :math:`\gamma_{11}=2, \gamma_{12}=12,
    \gamma_{22}=-16` of hep-ph/0005183 [Buras:2000if]_.
    """
    return _run_lr(_two_steps(mu_high, mu_low, inputs), (6, 5), vector, scalar)


def _run_lr(
    etas: tuple[Float[Array, ""], Float[Array, ""]],
    flavours: tuple[int, int],
    vector: Inexact[ArrayLike, ""],
    scalar: Inexact[ArrayLike, ""],
) -> Inexact[Array, " 2"]:
    for eta, n_f in zip(etas, flavours, strict=True):
        twice_beta0 = 2 * (11 - 2 / 3 * n_f)
        slow, fast = eta ** (2 / twice_beta0), eta ** (-16 / twice_beta0)
        scalar = fast * scalar + 2 / 3 * (slow - fast) * vector
        vector = slow * vector
    return jnp.stack([jnp.asarray(vector), jnp.asarray(scalar)])


def _below_bottom(mu: FloatArray, inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Ratios of alpha_s from 4.8 GeV to where the bottom quark goes with five flavours, from there to mu with four."""
    five, four = (alpha_s(FIVE_FLAVOURS_ABOVE, inputs, n_f) for n_f in (5, 4))
    return alpha_s(MU_B, inputs, 5) / five, four / alpha_s(mu, inputs, 4)


def run_delta_f2_light(mu: FloatArray, inputs: Inputs) -> Float[Array, ""]:
    """As `run_delta_f2` from 4.8 GeV to mu, 1.5 to 4 GeV, where the matrix elements of kaons and D mesons are."""
    five, four = _below_bottom(mu, inputs)
    return five ** (6 / 23) * four ** (6 / 25)


def run_delta_f2_lr_light(
    mu: FloatArray, inputs: Inputs, vector: Inexact[ArrayLike, ""] = 1.0, scalar: Inexact[ArrayLike, ""] = 0.0
) -> Inexact[Array, " 2"]:
    """The same of `run_delta_f2_lr`."""
    return _run_lr(_below_bottom(mu, inputs), (5, 4), vector, scalar)
