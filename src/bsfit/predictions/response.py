r"""The exact quadratic response of a process to the Wilson coefficients.

Amplitudes are linear in the coefficients, so every moment, and every linear functional of the moments that observables
are made of, is a real quadratic polynomial of their real and imaginary parts. Its tensors are found once per set of
inputs; evaluating the polynomial is then all that a new parameter point costs. Only the directions that a model can
reach are kept: `span`.
"""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.theory import INDEX, Theory
from bsfit.written_out import stored_slope

Coordinates = tuple[tuple[str, bool], ...]
"""(coefficient, whether its imaginary part) of each coordinate."""

WRITTEN_OUT = 6
"""So many monomials are summed one by one: those of two coordinates."""

Span = tuple[tuple[str, ...], np.ndarray, list[int]]
"""Names of coefficients, and directions and pivots as from `span`."""


class Response(eqx.Module):
    r"""Polynomials :math:`m_0+g^Tz+\frac12 z^THz`, arrays of any shape, in d coordinates z.

    The coordinates are themselves real or imaginary parts of Wilson coefficients, `coordinates` names them; all others
    follow linearly. Each entry of `polynomials` holds constant [...], gradient [..., d] and hessian [..., d, d].
    """

    polynomials: dict[str, tuple[Array, Array, Array]]
    coordinates: Coordinates = eqx.field(static=True)


def real_parts(theory: Theory, coefficients: tuple[str, ...]) -> Float[Array, " c2"]:
    """Real parts, then imaginary parts, of the named coefficients."""
    values = jnp.stack([theory.wilson.values[INDEX[name]] for name in coefficients])
    return jnp.concatenate([values.real, values.imag])


def span(samples: Float[np.ndarray, "s c2"], tolerance: float = 1e-12) -> tuple[np.ndarray, list[int]]:
    """Directions [c2, d] that a model reaches, from `real_parts` at sampled points, and d of the parts as coordinates.

    Directions smaller than `tolerance` of the largest are rounding errors of exact relations such as C10 = -C9. The
    coordinates are chosen by pivoting, so that the others follow from them without loss of digits.
    """
    if not samples.size or not np.any(samples):
        return np.zeros((samples.shape[1], 0)), []
    scaled = samples / np.maximum(np.linalg.norm(samples, axis=1, keepdims=True), np.finfo(float).tiny)
    _, size, directions = np.linalg.svd(scaled, full_matrices=False)
    kept = directions[size > tolerance * size[0] * len(samples) ** 0.5]
    pivots = np.asarray(scipy.linalg.qr(kept, mode="economic", pivoting=True)[-1])[: len(kept)]
    basis = np.linalg.solve(kept[:, pivots], kept).T
    # Relations such as C10 = -C9 are exact, and the same on every machine.
    whole = np.round(basis)
    return np.where(np.abs(basis - whole) < 1e-12, whole + 0.0, basis), pivots.tolist()


def probes(coefficients: tuple[str, ...], basis: Float[np.ndarray, "c2 d"]) -> Complex[np.ndarray, "points n"]:
    """The 1 + d + d(d + 1)/2 points of unit coordinates from whose values `fit_polynomials` makes the polynomials.

    `basis` as from `span` of the coefficients named. A quadratic polynomial is known from that many values, and one
    vmapped evaluation compiles in a third of the time of the second derivatives. Coefficients are of order one, so
    nothing cancels.
    """
    c, d = len(coefficients), basis.shape[1]
    first, second = np.triu_indices(d, 1)
    unit = np.eye(d)
    z = np.concatenate([np.zeros((1, d)), unit, -unit, unit[first] + unit[second]])
    y = z @ basis.T
    points = np.zeros((len(z), len(INDEX)), dtype=complex)
    points[:, [INDEX[name] for name in coefficients]] = y[:, :c] + 1j * y[:, c:]
    return points


def fit_polynomials(
    values: Mapping[str, Float[ArrayLike, "points ..."]], coefficients: tuple[str, ...], pivots: Sequence[int]
) -> Response:
    """Response of named arrays of functionals from their values at the `probes`; `pivots` as from `span`."""
    d = len(pivots)
    first, second = np.triu_indices(d, 1)

    def tensors(values: Float[ArrayLike, "points ..."]) -> tuple[Array, Array, Array]:
        constant, plus, minus, pairs = np.split(np.asarray(values), np.cumsum([1, d, d]))
        gradient, curvature = 0.5 * (plus - minus), plus + minus - 2.0 * constant
        single = gradient + 0.5 * curvature
        mixed = pairs - constant - single[first] - single[second]
        hessian = np.zeros((d, d, *constant.shape[1:]))
        hessian[np.arange(d), np.arange(d)] = curvature
        hessian[first, second] = hessian[second, first] = mixed
        tensors = constant[0], np.moveaxis(gradient, 0, -1), np.moveaxis(hessian, (0, 1), (-2, -1))
        return jax.device_put(tensors)

    return Response({name: tensors(array) for name, array in values.items()}, _named(coefficients, pivots))


def named(span: Span) -> Coordinates:
    """The coordinates of a span, as in a `Response`."""
    return _named(span[0], span[2])


def _named(coefficients: tuple[str, ...], pivots: Sequence[int]) -> Coordinates:
    return tuple((coefficients[i % len(coefficients)], i >= len(coefficients)) for i in pivots)


def coordinates_of(coordinates: Sequence[tuple[str, bool]], theory: Theory) -> list[Float[Array, ""]]:
    """The coordinates of a `Response` at a theory."""
    parts = ((theory.wilson[name], imaginary) for name, imaginary in coordinates)
    return [stored_slope(value.imag if imaginary else value.real) for value, imaginary in parts]


def values_at(response: Response, theory: Theory) -> dict[str, Array]:
    """The functionals at the coefficients of a theory."""
    d = len(response.coordinates)
    z = coordinates_of(response.coordinates, theory)

    def evaluate(constant: Array, gradient: Array, hessian: Array) -> Array:
        # Written out in scalars, which XLA fuses under vmap; a batched contraction of such small tensors does not.
        result = constant
        for i in range(d):
            inner = gradient[..., i] + 0.5 * hessian[..., i, i] * z[i]
            for j in range(i):
                inner = inner + hessian[..., i, j] * z[j]
            result = result + inner * z[i]
        return result

    return {name: evaluate(*tensors) for name, tensors in response.polynomials.items()}


def monomials(z: Sequence[Float[Array, ""]]) -> Float[Array, " m"]:
    """One, the coordinates, their products."""
    products = [z[i] * z[j] for i in range(len(z)) for j in range(i + 1)]
    return jnp.stack([jnp.ones(()), *z, *products])


def polynomial(y: Float[Array, " m"], coefficients: Float[Array, "m *n"]) -> Float[Array, "*n"]:
    """Sum of `monomials` with coefficients of any shape, written out for few of them, which XLA fuses with the rest."""
    if len(y) > WRITTEN_OUT:
        return jnp.tensordot(y, coefficients, 1)
    return sum((y[i] * coefficients[i] for i in range(1, len(y))), y[0] * coefficients[0])


def by_monomial(tensors: tuple[Array, Array, Array]) -> Float[np.ndarray, "m ..."]:
    """Constant, gradient and hessian of a `Response` as coefficients of `monomials`."""
    constant, gradient, hessian = map(np.asarray, tensors)
    d = gradient.shape[-1]
    products = [hessian[..., i, j] * (0.5 if i == j else 1.0) for i in range(d) for j in range(i + 1)]
    return np.stack([constant, *np.moveaxis(gradient, -1, 0), *products])
