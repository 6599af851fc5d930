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
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from bsfit.theory import INDEX, Theory
from bsfit.written_out import stored_slope

Coordinates = tuple[tuple[str, bool], ...]
"""(coefficient, whether its imaginary part) of each coordinate."""

WRITTEN_OUT = 6
"""So many monomials are summed one by one: those of two coordinates."""

Span = tuple[tuple[str, ...], np.ndarray, list[int]]
"""Names of coefficients, and directions and pivots as from `span`."""


class Response(eqx.Module):
    """Quadratic polynomials in d coordinates, of named arrays of functionals.

    The coordinates are themselves real or imaginary parts of Wilson coefficients, `coordinates` names them; all others
    follow linearly. Each of the `columns` [m, k] holds the coefficients of the `monomials` of functionals that are
    equal, as the rate in the denominators of a bin is; `where` says which column each functional of an array is, all
    observables for the first functional, then for the next: so they stand beside each other.
    """

    columns: Float[Array, "m k"]
    coordinates: Coordinates = eqx.field(static=True)
    where: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, polynomials: Mapping[str, Float[ArrayLike, "m ..."]], coordinates: Coordinates) -> "Response":
        """From the coefficients of named arrays."""
        arrays = {name: np.asarray(array) for name, array in polynomials.items()}
        flat = np.concatenate([np.moveaxis(array, -1, 1).reshape(len(array), -1) for array in arrays.values()], axis=1)
        chosen, column = _distinct(flat)
        ends = np.cumsum([array[0].size for array in arrays.values()])[:-1]
        mine = zip(arrays.items(), np.split(column, ends), strict=True)
        where = tuple((name, tuple(index.tolist()), array.shape[1:]) for (name, array), index in mine)
        return cls(jax.device_put(flat[:, chosen]), coordinates, where)

    @property
    def polynomials(self) -> dict[str, Array]:
        """Coefficients [m, ...] of each array."""
        return jax.vmap(self.arrays)(self.columns)

    def arrays(self, found: Float[Array, " k"]) -> dict[str, Array]:
        """The arrays, from values of the columns."""

        def put(index: tuple[int, ...], shape: tuple[int, ...]) -> Array:
            each = np.array(index).reshape(shape[-1], -1)
            return jnp.stack([in_order(found, one).reshape(shape[:-1]) for one in each], axis=-1)

        return {name: put(index, shape) for name, index, shape in self.where}


EQUAL = 1e-13
"""Of its largest coefficient, by which a column may differ from another that is used in its place."""


def _distinct(columns: Float[np.ndarray, "m n"]) -> tuple[list[int], Int[np.ndarray, " n"]]:
    """Columns of which no earlier one is equal, and which of these each column is."""
    size = np.maximum(np.abs(columns).max(axis=0, initial=0.0), np.finfo(float).tiny)
    chosen: list[int] = []
    which = np.zeros(columns.shape[1], dtype=int)
    for i, column in enumerate(columns.T):
        apart = np.abs(columns[:, chosen] - column[:, None]).max(axis=0, initial=0.0) / size[i]
        known = np.flatnonzero(apart < EQUAL)
        which[i] = known[0] if len(known) else len(chosen)
        if not len(known):
            chosen.append(i)
    return chosen, which


RUNS = 32
"""So many slices are put together faster than their entries one by one."""


def in_order(x: Float[Array, " n"], index: Int[np.ndarray, " k"]) -> Float[Array, " k"]:
    """x[index], by slices where many entries follow each other: under vmap the rest then sums along rows."""
    runs = np.split(index, np.flatnonzero(np.diff(index) != 1) + 1)
    if not len(index) or len(runs) > RUNS:
        return x[index]
    return jnp.concatenate([x[run[0] : run[-1] + 1] for run in runs])


def real_parts(theory: Theory, coefficients: tuple[str, ...]) -> Float[Array, " c2"]:
    """Real parts, then imaginary parts, of the named coefficients."""
    values = jnp.stack([theory.wilson.values[INDEX[name]] for name in coefficients])
    return jnp.concatenate([values.real, values.imag])


TIED = 1e-6
"""Part by which a coefficient must be better to be a coordinate in place of the one before it."""


def span(samples: Float[np.ndarray, "s c2"], tolerance: float = 1e-12) -> tuple[np.ndarray, list[int]]:
    """Directions [c2, d] that a model reaches, from `real_parts` at sampled points, and d of the parts as coordinates.

    Directions smaller than `tolerance` of the largest are rounding errors of exact relations such as C10 = -C9. The
    coordinates are chosen by pivoting, so that the others follow from them without loss of digits.
    """
    if not samples.size or not np.any(samples):
        return np.zeros((samples.shape[1], 0)), []
    import scipy.linalg  # a tenth of the time of a small prediction, which needs no span

    scaled = samples / np.maximum(np.linalg.norm(samples, axis=1, keepdims=True), np.finfo(float).tiny)
    _, size, directions = np.linalg.svd(scaled, full_matrices=False)
    kept = directions[size > tolerance * size[0] * len(samples) ** 0.5]
    # Of coefficients that are as good, one is taken on every machine: numbers are kept by the points that follow.
    first = kept * (1.0 - TIED * np.arange(kept.shape[1]))
    pivots = np.asarray(scipy.linalg.qr(first, mode="economic", pivoting=True)[-1])[: len(kept)]
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


def fit_polynomials(values: Mapping[str, Float[ArrayLike, "points ..."]], d: int) -> dict[str, Array]:
    """Coefficients [m, ...] of the `monomials` of named arrays, from their values at the `probes` of d coordinates."""
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

    return {name: coefficients_of(array) for name, array in values.items()}


def named(span: Span) -> Coordinates:
    """The coordinates of a span, as in a `Response`."""
    coefficients, _, pivots = span
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
    if 1 + len(z) + len(z) * (len(z) + 1) // 2 <= WRITTEN_OUT:
        return jnp.stack([jnp.ones(()), *z, *(z[i] * z[j] for i in range(len(z)) for j in range(i + 1))])
    (below, beside), x = np.tril_indices(len(z)), jnp.stack(z)
    return jax.lax.optimization_barrier(jnp.concatenate([jnp.ones(1), x, x[below] * x[beside]]))


def polynomial(y: Float[Array, " m"], coefficients: Float[Array, "m *n"]) -> Float[Array, "*n"]:
    """Sum of `monomials` with coefficients of any shape, written out for few of them, which XLA fuses with the rest."""
    if len(y) > WRITTEN_OUT:
        return jnp.tensordot(y, coefficients, 1)
    return sum((y[i] * coefficients[i] for i in range(1, len(y))), y[0] * coefficients[0])


def values_at(responses: Mapping[str, Response], theory: Theory) -> dict[str, dict[str, Array]]:
    """The functionals of each process at the coefficients of a theory."""
    alike: dict[Coordinates, list[str]] = {}
    for process, response in responses.items():
        alike.setdefault(response.coordinates, []).append(process)
    found: dict[str, dict[str, Array]] = {}
    for coordinates, processes in alike.items():
        y = monomials(coordinates_of(coordinates, theory))
        of = {process: responses[process] for process in processes}
        if len(y) <= WRITTEN_OUT:
            for process, response in of.items():
                found[process] = {name: polynomial(y, k) for name, k in response.polynomials.items()}
            continue
        # One product for all: under vmap, XLA multiplies a matrix of a few columns as slowly as one of many.
        ends = np.cumsum([response.columns.shape[1] for response in of.values()])[:-1].tolist()
        values = jnp.split(y @ jnp.concatenate([response.columns for response in of.values()], axis=1), ends)
        found |= {name: response.arrays(x) for (name, response), x in zip(of.items(), values, strict=True)}
    return found
