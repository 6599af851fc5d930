r"""Quark loops of the four-quark operators in :math:`b \to s\ell\ell`: what they add to :math:`C_7` and :math:`C_9`.

One loop: :math:`h(q^2, m)` and the functions :math:`Y`, :math:`Y_u` built from it, in the conventions of
hep-ph/0106067 [Beneke:2001at]_ and hep-ph/0412400 [Beneke:2004dp]_. Operators :math:`O_1 ... O_6` in the basis of
hep-ph/9612433 [Chetyrkin:1996vx]_; ``c1_6[0]`` is :math:`C_1`. Masses and scales in GeV, ``q2`` in GeV^2; quark
masses are pole masses.
With :math:`\lambda_p = V_{pb}V_{ps}^*` the amplitude contains

.. math:: C_9 + Y + \frac{\lambda_u}{\lambda_t} Y_u .

Everything is written for one point, real ``q2`` > 0, and is differentiable in ``q2`` and the masses. At the threshold
:math:`q^2 = 4m^2` the true slope is infinite (:math:`\sqrt{|q^2 - 4m^2|}`); exactly there the gradient returned is that
of the part which is smooth.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

FloatLike = Float[ArrayLike, ""]

_SERIES_REACH = 0.05
_SERIES_TERMS = 14


def _low_energy_coefficients(terms: int) -> list[float]:
    """Taylor coefficients of the loop in v = q2/4m^2, from arcsin(sqrt v)/sqrt(v(1-v)) = sum of c_n v^n."""
    c = [0.0, 1.0]
    for n in range(1, terms + 1):
        c.append(c[-1] * 2 * n / (2 * n + 1))
    return [2 * c[n] - c[n + 1] - c[n + 2] for n in range(terms)]


_LOW_ENERGY = _low_energy_coefficients(_SERIES_TERMS)
_ARCTAN = [(-1.0) ** n / (2 * n + 1) for n in range(_SERIES_TERMS)]


def _polynomial(coefficients: list[float], x: Float[Array, ""]) -> Float[Array, ""]:
    total = jnp.zeros_like(x)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def _root(x: Float[Array, ""]) -> Float[Array, ""]:
    """Square root of max(x, 0), with gradient 0 where x <= 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


def _arctan_ratio(x: Float[Array, ""]) -> Float[Array, ""]:
    """arctan(sqrt x)/sqrt x for x > 0, continued to artanh(sqrt -x)/sqrt -x for -1 < x < 0; analytic at 0."""
    near, positive = jnp.abs(x) < _SERIES_REACH, x > 0
    up = jnp.sqrt(jnp.where(positive & ~near, x, 1.0))
    down = jnp.sqrt(jnp.where(~positive & ~near, -x, 0.25))
    far = jnp.where(positive, jnp.arctan(up) / up, jnp.arctanh(down) / down)
    return jnp.where(near, _polynomial(_ARCTAN, jnp.where(near, x, 0.0)), far)


def _threshold_loop(z: Float[Array, ""]) -> Complex[Array, ""]:
    r""":math:`z - (2+z)\sqrt{|z-1|}\,A` with A of eq. (11) of hep-ph/0106067, :math:`z = 4m^2/q^2` of order one.

    The only non-analytic term, :math:`\frac{\pi}{2}\sqrt{z-1}`, stands alone, so that nothing cancels at z = 1.
    """
    x = z - 1
    opening = jnp.pi / 2 * (_root(x) - 1j * _root(-x))
    return z - (2 + z) * (opening - x * _arctan_ratio(x))


def _light_loop(z: Float[Array, ""]) -> Complex[Array, ""]:
    r"""As `_threshold_loop`, minus :math:`\ln(z/4)`: finite with finite gradient down to z = 0."""
    r = jnp.sqrt(1 - z)
    log_z = jnp.log(jnp.where(z > 0, z, 1.0))
    return z + (1 + z / 2) * r * log_z - log_z - (2 + z) * r * (jnp.log1p(r) - 0.5j * jnp.pi) + jnp.log(4.0)


def h_massless(q2: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a massless quark, the limit m -> 0 of `h`; q2 > 0."""
    return 4 / 9 * (2 / 3 - jnp.log(jnp.asarray(q2) / jnp.asarray(mu) ** 2) + 1j * jnp.pi)


def h(q2: FloatLike, m: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a quark of mass m between two vector currents. Eq. (11) of hep-ph/0106067 [Beneke:2001at]_.

    q2 >= 0 and m >= 0, not both 0. Three forms of one function: a series for q2 << m^2, where the closed form cancels;
    one around the threshold; one for light quarks, in which the mass logarithm is taken out.
    """
    q2, m, mu = jnp.asarray(q2), jnp.asarray(m), jnp.asarray(mu)
    heavy, light = q2 < 4 * _SERIES_REACH * m**2, q2 > 8 * m**2
    middle = ~(heavy | light)
    v = jnp.where(heavy, q2, 0.0) / (4 * jnp.where(heavy, m, 1.0) ** 2)
    z_middle = 4 * jnp.where(middle, m, 1.0) ** 2 / jnp.where(middle, q2, 4.0)
    z_light = 4 * jnp.where(light, m, 0.0) ** 2 / jnp.where(light, q2, 1.0)
    loop = jnp.where(middle, _threshold_loop(z_middle), _light_loop(z_light))
    loop = jnp.where(heavy, _polynomial(_LOW_ENERGY, v), loop)
    return 4 / 9 * (2 / 3 + loop - jnp.log(jnp.where(light, q2, m**2) / mu**2))


def Y(
    q2: FloatLike, c1_6: Complex[ArrayLike, " 6"], m_b: FloatLike, m_c: FloatLike, mu: FloatLike
) -> Complex[Array, ""]:
    r"""One-loop matrix elements of :math:`O_1 ... O_6`, to be added to :math:`C_9`. Eq. (10) of hep-ph/0106067."""
    c1, c2, c3, c4, c5, c6 = jnp.asarray(c1_6)
    light = c3 + 4 / 3 * c4 + 16 * c5 + 64 / 3 * c6
    charm = 4 / 3 * c1 + c2 + 6 * c3 + 60 * c5
    bottom = 7 * c3 + 4 / 3 * c4 + 76 * c5 + 64 / 3 * c6
    constant = 4 / 3 * c3 + 64 / 9 * c5 + 64 / 27 * c6
    return charm * h(q2, m_c, mu) - bottom * h(q2, m_b, mu) / 2 - light * h_massless(q2, mu) / 2 + constant


def Y_u(q2: FloatLike, c1_6: Complex[ArrayLike, " 6"], m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Coefficient of :math:`\lambda_u/\lambda_t` at one loop: charm minus up. Eq. (43) of hep-ph/0412400."""
    c1_6 = jnp.asarray(c1_6)
    return (4 / 3 * c1_6[0] + c1_6[1]) * (h(q2, m_c, mu) - h_massless(q2, mu))
