r"""One-loop two-point function of a quark between two vector currents, :math:`h(q^2, m)`.

Conventions of hep-ph/0106067 [Beneke:2001at]_: pole mass, scale mu, GeV. One point, real ``q2``; differentiable in all
arguments. At the threshold q2 = 4m^2 the true slope is infinite (it goes like 1/sqrt|q2 - 4m^2|); exactly there the
gradient returned is that of the part which is smooth.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.numerics import safe_sqrt

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


def h_massless(q2: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a massless quark, the limit m -> 0 of `h`; q2 > 0."""
    return 4 / 9 * (2 / 3 - jnp.log(jnp.asarray(q2) / jnp.asarray(mu) ** 2) + 1j * jnp.pi)


def h(q2: FloatLike, m: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a quark of mass m. Eq. (11) of hep-ph/0106067 [Beneke:2001at]_.

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


def _threshold_loop(z: Float[Array, ""]) -> Complex[Array, ""]:
    r""":math:`z - (2+z)\sqrt{|z-1|}\,A` with A of eq. (11) of hep-ph/0106067, :math:`z = 4m^2/q^2` of order one.

    The only non-analytic term, :math:`\frac{\pi}{2}\sqrt{z-1}`, stands alone, so that nothing cancels at z = 1.
    """
    x = z - 1
    opening = jnp.pi / 2 * (safe_sqrt(x) - 1j * safe_sqrt(-x))
    return z - (2 + z) * (opening - x * _arctan_ratio(x))


def _light_loop(z: Float[Array, ""]) -> Complex[Array, ""]:
    r"""As `_threshold_loop`, minus :math:`\ln(z/4)`: finite with finite gradient down to z = 0."""
    r = jnp.sqrt(1 - z)
    log_z = jnp.log(jnp.where(z > 0, z, 1.0))
    return z + (1 + z / 2) * r * log_z - log_z - (2 + z) * r * (jnp.log1p(r) - 0.5j * jnp.pi) + jnp.log(4.0)


def _arctan_ratio(x: Float[Array, ""]) -> Float[Array, ""]:
    """arctan(sqrt x)/sqrt x for x > 0, continued to artanh(sqrt -x)/sqrt -x for -1 < x < 0; analytic at 0."""
    near, positive = jnp.abs(x) < _SERIES_REACH, x > 0
    up = jnp.sqrt(jnp.where(positive & ~near, x, 1.0))
    down = jnp.sqrt(jnp.where(~positive & ~near, -x, 0.25))
    far = jnp.where(positive, jnp.arctan(up) / up, jnp.arctanh(down) / down)
    return jnp.where(near, _polynomial(_ARCTAN, jnp.where(near, x, 0.0)), far)


def _polynomial(coefficients: list[float], x: Float[Array, ""]) -> Float[Array, ""]:
    total = jnp.zeros_like(x)
    for c in reversed(coefficients):
        total = total * x + c
    return total
