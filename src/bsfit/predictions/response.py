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
    """Quadratic polynomials, arrays of any shape, in d coordinates.

    The coordinates are themselves real or imaginary parts of Wilson coefficients, `coordinates` names them; all others
    follow linearly. Each entry of `polynomials` [m, ...] holds the coefficients of the `monomials`.
    """

    polynomials: dict[str, Array]
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
    below, beside = np.tril_indices(d)

    def coefficients_of(values: Float[ArrayLike, "points ..."]) -> Array:
        constant, plus, minus, pairs = np.split(np.asarray(values), np.cumsum([1, d, d]))
        gradient, curvature = 0.5 * (plus - minus), plus + minus - 2.0 * constant
        single = gradient + 0.5 * curvature
        products = np.zeros((d, d, *constant.shape[1:]))
        products[np.arange(d), np.arange(d)] = 0.5 * curvature
        products[second, first] = pairs - constant - single[first] - single[second]
        return jax.device_put(np.concatenate([constant, gradient, products[below, beside]]))

    return Response({name: coefficients_of(array) for name, array in values.items()}, _named(coefficients, pivots))


def named(span: Span) -> Coordinates:
    """The coordinates of a span, as in a `Response`."""
    return _named(span[0], span[2])


def _named(coefficients: tuple[str, ...], pivots: Sequence[int]) -> Coordinates:
    return tuple((coefficients[i % len(coefficients)], i >= len(coefficients)) for i in pivots)


def coordinates_of(coordinates: Sequence[tuple[str, bool]], theory: Theory) -> list[Float[Array, ""]]:
    """The coordinates of a `Response` at a theory."""
    parts = ((theory.wilson[name], imaginary) for name, imaginary in coordinates)
    return [stored_slope(value.imag if imaginary else value.real) for value, imaginary in parts]


def monomials(z: Sequence[Float[Array, ""]]) -> Float[Array, " m"]:
    """One, the coordinates, and their products z_i z_j with j <= i, row by row.

    A barrier keeps many of them together: of a matrix times stacked scalars XLA makes one product for each scalar,
    which takes up to ten times as long.
    """
    products = [z[i] * z[j] for i in range(len(z)) for j in range(i + 1)]
    y = jnp.stack([jnp.ones(()), *z, *products])
    return y if len(y) <= WRITTEN_OUT else jax.lax.optimization_barrier(y)


def polynomial(y: Float[Array, " m"], coefficients: Float[Array, "m *n"]) -> Float[Array, "*n"]:
    """Sum of `monomials` with coefficients of any shape, written out for few of them, which XLA fuses with the rest."""
    if len(y) > WRITTEN_OUT:
        return jnp.tensordot(y, coefficients, 1)
    return sum((y[i] * coefficients[i] for i in range(1, len(y))), y[0] * coefficients[0])


def values_at(response: Response, theory: Theory) -> dict[str, Array]:
    """The functionals at the coefficients of a theory."""
    y = monomials(coordinates_of(response.coordinates, theory))
    arrays = response.polynomials
    if len(y) <= WRITTEN_OUT:
        return {name: polynomial(y, coefficients) for name, coefficients in arrays.items()}
    # One product for all: under vmap, XLA multiplies a matrix of a few columns as slowly as one of many.
    ends = np.cumsum([array[0].size for array in arrays.values()])[:-1].tolist()
    values = jnp.split(y @ jnp.concatenate([array.reshape(len(y), -1) for array in arrays.values()], axis=1), ends)
    return {name: found.reshape(array.shape[1:]) for (name, array), found in zip(arrays.items(), values, strict=True)}
