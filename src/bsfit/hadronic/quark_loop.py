r"""One-loop two-point function of a quark between two vector currents, :math:`h(q^2, m)`.

Conventions of hep-ph/0106067 [Beneke:2001at]_: pole mass, scale mu, GeV. One point, real ``q2``; differentiable in all
arguments. At the threshold q2 = 4m^2 the true slope is infinite (it goes like 1/sqrt|q2 - 4m^2|); exactly there the
gradient returned is that of the part which is smooth.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

FloatLike = Float[ArrayLike, ""]

_SERIES_REACH = 0.02
_SERIES_TERMS = 10


def h_massless(q2: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a massless quark, the limit m -> 0 of `h`; q2 > 0."""
    return 4 / 9 * (2 / 3 - jnp.log(jnp.asarray(q2) / jnp.asarray(mu) ** 2) + 1j * jnp.pi)


def h(q2: FloatLike, m: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""Loop of a quark of mass m > 0, q2 >= 0. Eq. (11) of hep-ph/0106067 [Beneke:2001at]_."""
    m2 = jnp.asarray(m) ** 2
    return 4 / 9 * (2 / 3 - jnp.log(m2 / jnp.asarray(mu) ** 2) + _loop(jnp.asarray(q2) / (4 * m2)))


@jax.custom_jvp
def _loop(r: Float[Array, ""]) -> Complex[Array, ""]:
    r""":math:`z - (2+z)\sqrt{|z-1|}\,A(z)` with A of eq. (11) of hep-ph/0106067, as a function of r = 1/z = q2/4m^2.

    For small r, where the closed form cancels, its Taylor series.
    """
    low, below = r < _SERIES_REACH, r < 1
    z = 1 / jnp.where(low, 1.0, r)
    w = jnp.sqrt(jnp.abs(z - 1))
    root_times_a = jnp.where(below, w * jnp.arctan2(1.0, w) + 0j, w * (jnp.log1p(w) - jnp.log(z) / 2 - 0.5j * jnp.pi))
    return jnp.where(low, jnp.polyval(_LOW_ENERGY, r), z - (2 + z) * root_times_a)


@_loop.defjvp
def _loop_slope(primals, tangents):
    """The loop satisfies a linear differential equation, so that its derivative is known from its value."""
    (r,), (dr,) = primals, tangents
    loop = _loop(r)
    low = r < _SERIES_REACH
    z = 1 / jnp.where(low, 1.0, r)
    root_times_a, x = (z - loop) / (2 + z), z - 1
    ratio = jnp.where(x == 0, -1.0, root_times_a / jnp.where(x == 0, 1.0, x))
    slope = -(z**2) * (1 - root_times_a - (2 + z) * ratio / 2) - z * (2 + z) / 2
    return loop, jnp.where(low, jnp.polyval(np.polyder(_LOW_ENERGY), r), slope) * dr


def _low_energy_coefficients(terms: int) -> np.ndarray:
    """Taylor coefficients of the loop in r, highest first, from arcsin(sqrt r)/sqrt(r(1-r)) = sum of c_n r^n."""
    c = [0.0, 1.0]
    for n in range(1, terms + 1):
        c.append(c[-1] * 2 * n / (2 * n + 1))
    return np.array([2 * c[n] - c[n + 1] - c[n + 2] for n in range(terms)])[::-1]


_LOW_ENERGY = _low_energy_coefficients(_SERIES_TERMS)
