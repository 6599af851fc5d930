r"""Quark loops of the four-quark and chromomagnetic operators: what they add to :math:`C_7` and :math:`C_9`.

Operators :math:`O_1 ... O_6` in the basis of hep-ph/9612433 [Chetyrkin:1996vx]_; ``c1_6[0]`` is :math:`C_1`. With
:math:`\lambda_p = V_{pb}V_{ps}^*` the amplitudes of :math:`b \to s\ell\ell` contain

.. math:: C_7^{\rm eff} + \delta C_7 + \frac{\lambda_u}{\lambda_t}\,\delta C_{7,u} ,\qquad
          C_9 + Y + \delta C_9 + \frac{\lambda_u}{\lambda_t}\,(Y_u + \delta C_{9,u}) .

Both u parts are "charm loop minus up loop" and vanish for equal masses, as unitarity demands. (flavio 2.7.1 has
this for Y_u, but adds the two loops in its two-loop terms, the result of a sign convention of hep-ph/0403185 applied to
one of them only; the effect is up to 0.3 % of C_9. ``added`` gives what it has: minus the sum.)

Matrix elements of :math:`O_8'` are those of :math:`O_8` by parity: where an amplitude contains :math:`C_7\pm C_7'`,
``c8_eff`` is :math:`C_8\pm C_8'`, and what is returned belongs to that amplitude.

One point, real ``q2`` > 0 in GeV^2, masses and scales in GeV, quark masses are pole masses. Conventions of
hep-ph/0106067 [Beneke:2001at]_ and hep-ph/0412400 [Beneke:2004dp]_; the loop functions are in `quark_loop` and
`two_loop`.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.hadronic import two_loop
from bsfit.hadronic.quark_loop import FloatLike, h, h_massless

__all__ = ["Y", "Y_u", "delta_C7", "delta_C7_u", "delta_C9", "delta_C9_u", "h", "h_massless"]

Coefficients = Inexact[ArrayLike, "*a"]
"""One coefficient, or an array with one for each amplitude; the result has its shape."""

FourQuark = Complex[ArrayLike, " 6"] | Float[ArrayLike, " 6"]


def Y(q2: FloatLike, c1_6: FourQuark, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""One-loop matrix elements of :math:`O_1 ... O_6`, to be added to :math:`C_9`. Eq. (10) of hep-ph/0106067."""
    c1, c2, c3, c4, c5, c6 = jnp.asarray(c1_6)
    light = c3 + 4 / 3 * c4 + 16 * c5 + 64 / 3 * c6
    charm = 4 / 3 * c1 + c2 + 6 * c3 + 60 * c5
    bottom = 7 * c3 + 4 / 3 * c4 + 76 * c5 + 64 / 3 * c6
    constant = 4 / 3 * c3 + 64 / 9 * c5 + 64 / 27 * c6
    return charm * h(q2, m_c, mu) - bottom * h(q2, m_b, mu) / 2 - light * h_massless(q2, mu) / 2 + constant


def Y_u(q2: FloatLike, c1_6: FourQuark, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Coefficient of :math:`\lambda_u/\lambda_t` at one loop: charm minus up. Eq. (43) of hep-ph/0412400."""
    c1_6 = jnp.asarray(c1_6)
    return (4 / 3 * c1_6[0] + c1_6[1]) * (h(q2, m_c, mu) - h_massless(q2, mu))


def delta_C7(
    q2: FloatLike,
    c1_6: FourQuark,
    c8_eff: Coefficients,
    alpha_s: FloatLike,
    m_b: FloatLike,
    m_c: FloatLike,
    mu: FloatLike,
) -> Complex[Array, "*a"]:
    r"""Order :math:`\alpha_s` matrix elements of :math:`O_1, O_2, O_8`, to be added to :math:`C_7^{\rm eff}`.

    The part without spectators of hep-ph/0412400 [Beneke:2004dp]_; coefficients and ``alpha_s`` at ``mu``.
    """
    four_quark = _dipole_weight(c1_6) * two_loop.A_charm(q2, m_b, m_c, mu)
    return _order_alpha_s(alpha_s, four_quark + c8_eff * two_loop.F_87(q2, m_b, mu))


def delta_C7_u(
    q2: FloatLike,
    c1_6: FourQuark,
    alpha_s: FloatLike,
    m_b: FloatLike,
    m_c: FloatLike,
    mu: FloatLike,
    added: bool = False,
) -> Complex[Array, ""]:
    r"""Coefficient of :math:`\lambda_u/\lambda_t` in the order :math:`\alpha_s` part of :math:`C_7`: charm minus up."""
    a = _minus_up(two_loop.A_charm(q2, m_b, m_c, mu), two_loop.A_up(q2, m_b, mu), added)
    return _order_alpha_s(alpha_s, _dipole_weight(c1_6) * a)


def delta_C9(
    q2: FloatLike,
    c1_6: FourQuark,
    c8_eff: Coefficients,
    alpha_s: FloatLike,
    m_b: FloatLike,
    m_c: FloatLike,
    mu: FloatLike,
) -> Complex[Array, "*a"]:
    r"""Order :math:`\alpha_s` matrix elements of :math:`O_1, O_2, O_8`, to be added to :math:`C_9` with `Y`."""
    b, c = two_loop.B_charm(q2, m_b, m_c, mu), two_loop.C_charm(q2, m_c, mu)
    return _order_alpha_s(alpha_s, _vector_sum(c1_6, b, c) + c8_eff * two_loop.F_89(q2, m_b))


def delta_C9_u(
    q2: FloatLike,
    c1_6: FourQuark,
    alpha_s: FloatLike,
    m_b: FloatLike,
    m_c: FloatLike,
    mu: FloatLike,
    added: bool = False,
) -> Complex[Array, ""]:
    r"""Coefficient of :math:`\lambda_u/\lambda_t` in the order :math:`\alpha_s` part of :math:`C_9`: charm minus up."""
    b = _minus_up(two_loop.B_charm(q2, m_b, m_c, mu), two_loop.B_up(q2, m_b, mu), added)
    c = _minus_up(two_loop.C_charm(q2, m_c, mu), two_loop.C_up(q2, mu), added)
    return _order_alpha_s(alpha_s, _vector_sum(c1_6, b, c))


def _minus_up(charm: Complex[Array, ""], up: Complex[Array, ""], added: bool) -> Complex[Array, ""]:
    """Charm minus up, or minus their sum."""
    return -charm - up if added else charm - up


def _dipole_weight(c1_6: FourQuark) -> Complex[Array, ""] | Float[Array, ""]:
    """C_1 F_1^(7) + C_2 F_2^(7) is this times A."""
    c1, c2 = jnp.asarray(c1_6)[:2]
    return 6 * c2 - c1


def _vector_sum(c1_6: FourQuark, b: Complex[Array, ""], c: Complex[Array, ""]) -> Complex[Array, ""]:
    """C_1 F_1^(9) + C_2 F_2^(9) from the functions B and C."""
    c1, c2 = jnp.asarray(c1_6)[:2]
    return (6 * c2 - c1) * b - (4 * c1 + 3 * c2) * c


def _order_alpha_s(alpha_s: FloatLike, f: Complex[Array, "*a"]) -> Complex[Array, "*a"]:
    return -jnp.asarray(alpha_s) / (4 * jnp.pi) * f
