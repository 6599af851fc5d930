"""Mathematics without a particle in it: quadrature with fixed nodes, safe roots and powers, special functions."""

from collections.abc import Callable
from functools import cache, partial, wraps

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Complex, Float


@cache
def gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights [n] of Gauss-Legendre quadrature on (0, 1)."""
    x, w = np.polynomial.legendre.leggauss(n)
    return 0.5 * (x + 1.0), 0.5 * w


def crowded(
    low: Float[Array, ""], high: Float[Array, ""], pole: Complex[Array, ""], n: int
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Nodes and weights [n] between two points for functions with a pole close to the real axis.

    Gauss-Legendre in the t of x = Re + |Im| sinh t, where the pole is at a distance of pi/2, however close it is to x.
    """
    u, weight = gauss_legendre(n)
    scale = jnp.maximum(jnp.abs(pole.imag), 1e-15)
    start, end = (jnp.arcsinh((edge - pole.real) / scale) for edge in (low, high))
    t = start + (end - start) * u
    return pole.real + scale * jnp.sinh(t), scale * jnp.cosh(t) * (end - start) * weight


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def forward(function: Callable[[Array], Array], z: Float[Array, " d"]) -> Float[Array, "..."]:
    """A function of few numbers, whose derivatives are taken forward also where they are asked for in reverse.

    A Jacobian of d columns is a product with vectors for either: where the values are many, and made of many pieces,
    what would be kept for the way back costs more. Nothing else that the function reads is differentiated.
    """
    return function(z)


@forward.defjvp
def _forward_slope(function, primals, tangents):
    (z,), (change,) = primals, tangents
    value, jacobian = jax.vmap(lambda e: jax.jvp(function, (z,), (e,)), out_axes=(None, -1))(jnp.eye(len(z)))
    return value, jacobian @ change


def bilinear_tensor(of: Callable[[np.ndarray], np.ndarray], factors: int, n: int) -> Complex[np.ndarray, "f n n k"]:
    r"""The tensor T of a real bilinear function of n amplitudes: of(rho) = Re(T rho) for any product rho = A B^*.

    `of` takes Hermitian :math:`\rho` [f, n, n, m], products that come multiplied by f factors, m of them at once, and
    returns [k, m]; T is symmetric in A and B.
    """
    units = np.eye(factors * n * n).reshape(factors, n, n, -1)
    turned = np.swapaxes(units, 1, 2)
    tensor = of(0.5 * (units + turned).astype(complex)) - 1j * of(0.5j * (units - turned))
    return tensor.T.reshape(factors, n, n, -1)


def bilinear_integrals(
    first: Complex[Array, "n s a"],
    second: Complex[Array, "n s b"],
    weighted: Float[Array, "f n"],
    tensor: Complex[np.ndarray, "f a b k"],
) -> Float[Array, "s k"]:
    """Integrals of a bilinear function of amplitudes, whose second ones are conjugate: of products, then combined.

    `weighted` are the factors of `bilinear_tensor` at the nodes, times the measure of the integral.
    """
    products = jnp.einsum("fn,nsa,nsb->sfab", weighted, first, second)
    return jnp.real(jnp.tensordot(products, tensor, 3))


def safe_sqrt(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Square root of x for x > 0, else zero with zero gradient."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


def fade_out(x: Float[Array, ""], start: float, end: float) -> Float[Array, ""]:
    """One below `start`, zero above `end`, with two continuous derivatives."""
    t = jnp.clip((x - start) / (end - start), 0.0, 1.0)
    return 1.0 - t**3 * (10.0 - 15.0 * t + 6.0 * t**2)


def atanh_ratio(r: Float[Array, "..."]) -> Float[Array, "..."]:
    """artanh(r)/r for |r| < 1, even and smooth at zero; arguments beyond 1 - 1e-12 count as that."""
    r2 = jnp.minimum(r * r, 1.0 - 1e-12)
    small = r2 < 1e-3
    root = jnp.sqrt(jnp.where(small, 0.25, r2))
    series = 1 + r2 * (1 / 3 + r2 * (1 / 5 + r2 * (1 / 7 + r2 * (1 / 9 + r2 / 11))))
    return jnp.where(small, series, jnp.arctanh(root) / root)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def bessel_k(order: int, y: Float[Array, "..."]) -> Float[Array, "..."]:
    r""":math:`\sqrt{2z/\pi}\,e^zK_n(z)` at z = 1/y for z >= 2, n = 1 or 2: smooth, one at y = 0.

    A polynomial in y through the values at Chebyshev nodes; to 1e-12. The derivative is its own polynomial, so that a
    reverse gradient keeps one number for each element, not one for each power.
    """
    return _horner(_bessel_k_polynomial(order), y * 4.0 - 1.0)


@bessel_k.defjvp
def _bessel_k_slope(order, primals, tangents):
    (y,), (change,) = primals, tangents
    slope = tuple(4.0 * k * c for k, c in enumerate(_bessel_k_polynomial(order)))[1:]
    return bessel_k(order, y), _horner(slope, y * 4.0 - 1.0) * change


def _horner(coefficients: tuple[float, ...], w: Float[Array, "..."]) -> Float[Array, "..."]:
    """Polynomial with the given coefficients, lowest power first."""
    value = jnp.full_like(w, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * w + coefficient
    return value


@cache
def _bessel_k_polynomial(order: int) -> tuple[float, ...]:
    """Coefficients in powers of 4y - 1, lowest first."""
    from scipy.special import kve  # a twentieth of the time of a small prediction, which has no thermal average

    def factor(w: np.ndarray) -> np.ndarray:
        z = 4.0 / (w + 1.0)
        return np.sqrt(2 * z / np.pi) * kve(order, z)

    degree = {1: 13, 2: 15}[order]
    points = np.polynomial.chebyshev.chebpts1(degree + 1)
    fitted = np.polynomial.chebyshev.chebfit(points, factor(points), degree)
    return tuple(np.polynomial.chebyshev.cheb2poly(fitted).tolist())


def kallen(a: Float[Array, "..."], b: Float[Array, "..."], c: Float[Array, "..."]) -> Float[Array, "..."]:
    """Kallen function a^2 + b^2 + c^2 - 2(ab + bc + ca) of three squared masses."""
    return a**2 + b**2 + c**2 - 2.0 * (a * b + b * c + c * a)


def forward_slopes(function: Callable[..., Array]) -> Callable[..., Array]:
    """The same function of real scalars, with its derivatives evaluated forward, to any order.

    For functions of one point and a few parameters that many points share. A reverse gradient through their body makes
    one sum over points for every place where a parameter occurs, and XLA copies the body into each: compiled in a
    minute instead of seconds, and twenty times slower to run. Through this there is one sum for each parameter.
    """

    @jax.custom_jvp
    def value(*x):
        return function(*x)

    def slope(k: int) -> Callable[..., Array]:
        def along(*x):
            unit = tuple(jnp.ones_like(v) if i == k else jnp.zeros_like(v) for i, v in enumerate(x))
            return jax.jvp(function, x, unit)[1]

        return forward_slopes(along)

    @partial(value.defjvp, symbolic_zeros=True)
    def _(x, dx):
        f = value(*x)
        moving = (k for k, d in enumerate(dx) if not isinstance(d, SymbolicZero))
        return f, sum((slope(k)(*x) * dx[k] for k in moving), start=jnp.zeros_like(f))

    return wraps(function)(lambda *x: value(*(jnp.asarray(v, float) for v in x)))


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def chebyshev(x: Float[Array, ""], n: int) -> Float[Array, " n"]:
    """Chebyshev polynomials T_0(x) ... T_(n-1)(x).

    Built by doubling, T_(k+j) = 2 T_k T_j - T_(k-j), with barriers because XLA fuses a recurrence by copying it. The
    derivative is closed: the T_n again, times a matrix.
    """
    t = jnp.stack([jnp.ones_like(x), x])
    while (k := len(t) - 1) < n - 1:
        t = jax.lax.optimization_barrier(jnp.concatenate([t, 2 * t[k] * t[1:] - t[:k][::-1]]))
    return t[:n]


@chebyshev.defjvp
def _chebyshev_slope(n, primals, tangents):
    t = chebyshev(*primals, n)
    return t, (_chebyshev_derivative(n) @ t) * tangents[0]


@cache
def _chebyshev_derivative(n: int) -> np.ndarray:
    """Matrix that takes T_k to the derivatives of T_k."""
    return np.array([np.append(np.polynomial.chebyshev.chebder(row), 0.0) for row in np.eye(n)])
