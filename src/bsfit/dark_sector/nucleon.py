r"""From quarks and photons to nucleons: elastic scattering of scalar dark matter, anapoles of Majorana fermions.

Vector interactions :math:`L=f_q(\chi^*i\overleftrightarrow{\partial_\mu}\chi)\,\bar q\gamma^\mu q` give
:math:`b_p=2f_u+f_d`, :math:`b_n=f_u+2f_d`; the photon couples to the proton, :math:`b_p=e^2F'(0)` for the form factor
:math:`(p+p')_\mu F(q^2)` of dark matter. These are coherent sums over quarks, :math:`\sigma=\mu^2b^2/\pi` as in
[Goodman:1984dc]_. Loops of light quarks are cut off at hadronic scales, and electrons at the momentum transfer,
:math:`m^2\to m^2+q^2`: see `loop_masses`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.constants import CHARGE_DOWN, CHARGE_UP, CM2_PER_INVERSE_GEV2, COLOURS
from bsfit.loading.inputs import Inputs
from bsfit.numerics import gauss_legendre

FloatLike = Float[Array, ""]

UP, DOWN, LEPTON = ("", "m_c", "m_t_pole"), ("", "", "m_b"), ("m_e", "m_mu", "m_tau")
"""Masses in loops, by generation; "" is a light quark, cut off at the input `m_quark_loop`."""

WEIGHTS = {"up": -COLOURS * CHARGE_UP, "down": -COLOURS * CHARGE_DOWN, "electron": 1.0}
r""":math:`-N_cQ_f`: what a loop of f contributes to the coupling of the photon, relative to a charged lepton."""

Z_XENON = 54.0

V_PERP2 = 5e-7
"""Mean squared velocity of dark matter across the momentum exchanged, for estimates."""

_NODES, _PANELS = 12, 6


def loop_masses(inputs: Inputs) -> dict[str, Float[Array, " 3"]]:
    """Masses of the light fermions in loops that couple to a photon of the momentum exchanged with a xenon nucleus."""
    names = {"up": UP, "down": DOWN, "electron": LEPTON}
    q2 = inputs["q_xenon"] ** 2

    def mass(name: str) -> FloatLike:
        return jnp.sqrt(inputs[name] ** 2 + q2) if name == "m_e" else inputs[name or "m_quark_loop"]

    return {kind: jnp.stack([mass(name) for name in row]) for kind, row in names.items()}


def vector(up: FloatLike, down: FloatLike) -> Float[Array, " 2"]:
    r"""Couplings :math:`b_p, b_n` to a conserved quark current, from :math:`f_u, f_d`."""
    return jnp.stack([2 * up + down, up + 2 * down])


def photon(coupling: FloatLike) -> Float[Array, " 2"]:
    """The same for what couples to electric charge."""
    return jnp.stack([coupling, jnp.zeros(())])


def z_boson(coupling: FloatLike, inputs: Inputs) -> Float[Array, " 2"]:
    r"""The same for what couples to the Higgs current :math:`H^\dagger i\overleftrightarrow{D}H`, and so to the Z.

    :math:`f_q=c_H(T_3-2s_W^2Q)`: :math:`b_p=c_H(\frac12-2s_W^2)`, :math:`b_n=-\frac12c_H`. Derived here; size and sign
    agree with the running of 1605.04917 [DEramo:2016gos]_.
    """
    return coupling * jnp.stack([0.5 - 2 * inputs["sin2_theta_w"], jnp.full((), -0.5)])


def charge_radius(m_x: FloatLike, heavy: FloatLike, light: FloatLike) -> FloatLike:
    r""":math:`F'(0)` in GeV^-2 of a scalar X coupled to a lepton of charge -1 and a heavy F by a coupling of one.

    :math:`\frac1{8\pi^2}[I'(m_F,m_l)-I'(m_l,m_F)]`, :math:`I'(a,b)=\int_0^1dw\{\frac{-w^3/2+w^4/3}\Delta-\frac{w^4}{12}
    \frac{(1-w)^2m_X^2+a^2}{\Delta^2}\}`, :math:`\Delta=a^2w+b^2(1-w)-w(1-w)m_X^2`: the photon on either fermion of the
    vertex, in an expansion to first order in :math:`q^2`: derived here, checked against direct integration in
    `test_charge_radius_of_heavy_mediators` and independent numbers in `test_every_reference_point`. For m_X << m_F it
    is :math:`\frac1{48\pi^2m_F^2}(\ln\frac{m_F^2}{m_l^2}-\frac32)`. Needs m_X + m_l < m_F. The nodes are geometric
    about the end at which :math:`\Delta` falls to the square of the light mass.
    """
    y, measure = _geometric((light / heavy) ** 2)
    on_heavy = _integrand(heavy, light, m_x, y, 1 - y)
    on_light = _integrand(light, heavy, m_x, 1 - y, y)
    return jnp.sum(measure * (on_heavy - on_light)) / (8 * jnp.pi**2)


def _geometric(ratio: FloatLike) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Nodes and weights on (0, 1) for integrands that vary around the small `ratio`."""
    t, weight = gauss_legendre(_NODES)
    steps = ((jnp.arange(_PANELS)[:, None] + t[None, :]) / _PANELS).ravel()
    span = jnp.log1p(1 / ratio)
    y = ratio * jnp.expm1(span * steps)
    return y, span * (y + ratio) * jnp.tile(weight, _PANELS) / _PANELS


def _integrand(
    a: FloatLike, b: FloatLike, m_x: FloatLike, w: Float[Array, " n"], rest: Float[Array, " n"]
) -> Float[Array, " n"]:
    """Integrand of I'(a, b) at w, with 1 - w given apart so that it keeps its digits."""
    delta = a**2 * w + b**2 * rest - w * rest * m_x**2
    return (w**4 / 3 - w**3 / 2) / delta - w**4 / 12 * (rest**2 * m_x**2 + a**2) / delta**2


def charge_radii(m_x: FloatLike, heavy: FloatLike, light: Float[Array, " k"]) -> Float[Array, " k"]:
    """`charge_radius` for several light fermions."""
    return jax.vmap(lambda m: charge_radius(m_x, heavy, m))(light)


def anapole(m_x: FloatLike, scalar: FloatLike, light: FloatLike) -> FloatLike:
    r"""Anapole a in GeV^-2 of a Majorana X that couples to a lepton of charge -1 and a charged scalar, coupling one.

    :math:`L=\frac12e^2Za(\bar X\gamma^\mu\gamma_5X)(\bar N\gamma_\mu N)` with a nucleus, the photon vertex being
    :math:`ea q^2\gamma^\mu\gamma_5`: :math:`a=(A_S-A_F)/16\pi^2`, in an expansion to first order in :math:`q^2`,

    * :math:`A_F=\int_0^1dw\frac{w^3}6\{\frac2\Delta+\frac{m_l^2-(1-w)^2m_X^2}{\Delta^2}\}`,
      :math:`\Delta=wm_l^2+(1-w)m_S^2-w(1-w)m_X^2`;
    * :math:`A_S=\int_0^1dw\frac{w^3}{6\Delta'}`, :math:`\Delta'=wm_S^2+(1-w)m_l^2-w(1-w)m_X^2`.

    Derived here, checked against the closed form of 1503.01500 in `test_anapole_of_a_majorana_fermion`. Negative: the
    lepton's part is the larger. Needs :math:`m_X<m_S+m_l`.
    """
    x, s, f = m_x**2, scalar**2, light**2
    y, measure = _geometric((light / scalar) ** 2)
    delta = (1 - y) * f + y * s - y * (1 - y) * x
    on_lepton = (1 - y) ** 3 / 6 * (2 / delta + (f - y**2 * x) / delta**2)
    on_scalar = y**3 / 6 / (y * s + (1 - y) * f - y * (1 - y) * x)
    return jnp.sum(measure * (on_scalar - on_lepton)) / (16 * jnp.pi**2)


def anapoles(m_x: FloatLike, scalar: FloatLike, light: Float[Array, " k"]) -> Float[Array, " k"]:
    """`anapole` for several leptons."""
    return jax.vmap(lambda m: anapole(m_x, scalar, m))(light)


def anapole_equivalent(coupling: FloatLike, m_x: FloatLike, inputs: Inputs) -> FloatLike:
    r"""Estimate in cm^2 of the constant cross section on xenon that scatters as often as an anapole in GeV^-2.

    :math:`\frac{\mu^2}\pi(Ze^2a/A)^2\langle v_\perp^2\rangle`: the spectrum of recoils is another one. Derived here,
    checked against independent numbers in `test_every_stored_point_of_the_loop_models`.
    """
    reduced = m_x * inputs["m_nucleon"] / (m_x + inputs["m_nucleon"])
    charge = Z_XENON / inputs["A_xenon"] * 4 * jnp.pi * inputs["alpha_em_0"] * coupling
    return (reduced * charge) ** 2 * V_PERP2 / jnp.pi * CM2_PER_INVERSE_GEV2
