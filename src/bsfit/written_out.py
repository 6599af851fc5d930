"""Functions of small arrays as functions of scalars, which XLA fuses under vmap into one pass over the batch.

Where many points are computed side by side, an array of a few numbers costs far more than its arithmetic: XLA keeps it
in memory between passes, and its gradient even more of them. So the program that JAX traced for one point is run with
an object array of scalars in place of each small array that depends on the arguments: indexing, stacking and reshaping
then cost nothing, and what nobody reads is dropped before anything is differentiated.

A quotient becomes a product with the inverse, whose slope needs no further division: XLA repeats everything but
divisions and functions in all passes that need it, and stores these.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import starmap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal, jaxpr_as_fun
from jaxtyping import Array, Float

from bsfit.scalars import is_traced

ENTRIES = 1024
"""Arrays with more entries are not taken apart."""

OPERATIONS, WITH_SLOPE = 6000, 2000
"""Functions that would take more scalar operations are left as they are, and so are their gradients: of seven couplings
on three ratios these are compiled in a third of the time and eight times faster, of `lfu` in five times the time and,
but for many points, slower."""

Scalars = np.ndarray
"""Of dtype object, in the shape of the array that it stands for."""

_INLINE = ("jit", "pjit", "closed_call", "remat", "checkpoint")

_ELEMENTWISE = frozenset(
    "abs acos acosh add and asin asinh atan atan2 atanh cbrt ceil clamp complex conj convert_element_type copy cos "
    "cosh div eq erf erfc exp exp2 expm1 floor ge gt imag integer_pow is_finite le lgamma log log1p logistic lt max "
    "min mul ne neg not or pow real rem round rsqrt select_n sign sin sinh sqrt square sub tan tanh xor".split()
)

_REDUCTIONS = {
    "reduce_sum": jax.lax.add,
    "reduce_prod": jax.lax.mul,
    "reduce_max": jax.lax.max,
    "reduce_min": jax.lax.min,
    "reduce_and": jax.lax.bitwise_and,
    "reduce_or": jax.lax.bitwise_or,
}


def written_out(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function of a pytree of numbers, equal to rounding, its values computed in scalars where it is traced.

    Derivatives are those of the function as it is, so that nothing takes longer to compile.
    """

    @jax.custom_jvp
    def values(x: Any) -> Any:
        return _in_scalars(function, x)

    @values.defjvp
    def _(primals, tangents):
        return jax.jvp(function, primals, tangents)

    return _where_traced(values, function)


def written_out_with_slope(function: Callable[[Any], Float[Array, ""]]) -> Callable[[Any], Float[Array, ""]]:
    """The same function of a pytree of real numbers; its gradient, too, is computed in scalars, if these are few.

    Second derivatives are not. Slopes are found in reverse, whichever way is asked for.
    """

    @jax.custom_jvp
    def value(x: Any) -> Float[Array, ""]:
        return _in_scalars(function, x)

    @jax.custom_jvp
    def both(x: Any) -> tuple[Float[Array, ""], Any]:
        return jax.value_and_grad(lambda x: _in_scalars(function, x, WITH_SLOPE))(x)

    @both.defjvp
    def _(primals, tangents):
        return jax.jvp(jax.value_and_grad(function), primals, tangents)

    @value.defjvp
    def _(primals, tangents):
        found, slopes = both(*primals)
        products = jax.tree.map(jnp.multiply, slopes, tangents[0])
        return found, jax.tree.reduce(jnp.add, products, jnp.zeros(()))

    return _where_traced(value, function)


def _where_traced(traced: Callable[[Any], Any], plain: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: (traced if any(map(is_traced, jax.tree.leaves(x))) else plain)(x)


def _in_scalars(function: Callable[[Any], Any], x: Any, operations: int = OPERATIONS) -> Any:
    """Results of the function in at most so many operations with scalars, else as it is."""
    flat, tree = jax.tree.flatten(x)
    of_flat = lambda *flat: function(jax.tree.unflatten(tree, flat))  # noqa: E731
    program, result = jax.make_jaxpr(of_flat, return_shape=True)(*flat)
    try:
        shorter = _scalar_program(program, flat)
    except _TooLongError:
        return function(x)
    if len(shorter.jaxpr.eqns) > operations:
        return function(x)
    return jax.tree.unflatten(jax.tree.structure(result), jaxpr_as_fun(shorter)(*flat))


@jax.custom_jvp
def stored_slope(x: Float[Array, ""]) -> Float[Array, ""]:
    """The same number; what multiplies its slope in a reverse gradient is computed once for all that need it.

    XLA drops barriers before it fuses, and repeats in every pass what is made of products and sums; not a quotient.
    """
    return x


@stored_slope.defjvp
def _(primals, tangents):
    x = primals[0]
    return x, tangents[0] / jax.lax.stop_gradient(jnp.where(x == x, 1.0, x))


# --------------------------------------------------------------------------------------------------- the program


class _TooLongError(Exception):
    pass


def _scalar_program(program: ClosedJaxpr, arguments: Sequence[Any]) -> ClosedJaxpr:
    """The program in scalars, without what nobody reads."""
    read = _read(program)
    return _read(jax.make_jaxpr(lambda *given: _Run().results(read, given))(*arguments))


def _read(program: ClosedJaxpr) -> ClosedJaxpr:
    """The program without what nobody reads."""
    wanted, kept = {v for v in program.jaxpr.outvars if not isinstance(v, Literal)}, []
    for operation in reversed(program.jaxpr.eqns):
        if operation.effects or not wanted.isdisjoint(operation.outvars):
            kept.append(operation)
            wanted.update(v for v in operation.invars if not isinstance(v, Literal))
    return ClosedJaxpr(program.jaxpr.replace(eqns=kept[::-1]), program.consts)


class _Run:
    """One run of a program; `entries` are those of whole arrays that do not depend on the arguments."""

    def __init__(self) -> None:
        self.operations = 0
        self.entries: dict[int, tuple[Any, Scalars]] = {}

    def results(self, program: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
        return [_whole(x) for x in self.run(program, [self.taken_apart(x) for x in arguments])]

    def run(self, program: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
        known = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
        known |= zip(program.jaxpr.invars, arguments, strict=True)
        read = lambda v: v.val if isinstance(v, Literal) else known[v]  # noqa: E731
        for operation in program.jaxpr.eqns:
            known |= zip(operation.outvars, self.operation(operation, list(map(read, operation.invars))), strict=True)
        return list(map(read, program.jaxpr.outvars))

    def operation(self, operation: JaxprEqn, given: list[Any]) -> list[Any]:
        name, params = operation.primitive.name, operation.params
        if name in _INLINE:
            return self.run(params["jaxpr"], given)
        if name == "optimization_barrier":
            return given
        if not any(map(_is_apart, given)):
            with jax.ensure_compile_time_eval() if _is_index(operation, given) else nullcontext():
                return _bound(operation, given)
        if name == "gather" and not (is_traced(given[1]) or _is_apart(given[1])):
            return [_gathered(operation, *given)]
        if all(np.size(x) <= ENTRIES for x in given):
            found = self.apart(operation, [self.taken_apart(x) for x in given])
            if found is not None:
                return [found]
        return [self.taken_apart(x) for x in _bound(operation, list(map(_whole, given)))]

    def apart(self, operation: JaxprEqn, given: list[Scalars]) -> Scalars | None:
        """The result in scalars, None for operations that are not known."""
        name, params = operation.primitive.name, operation.params
        if name in _ELEMENTWISE:
            return self.each(_of_entries(operation), *given)
        if name in _REDUCTIONS:
            return self.reduced(_REDUCTIONS[name], given[0], params["axes"])
        if name == "dot_general":
            return self.product(*(self.each(_as(operation.outvars[0].aval.dtype), x) for x in given), **params)
        return _MOVED[name](given, **params) if name in _MOVED else None

    def taken_apart(self, x: Any) -> Any:
        """An array as scalars, if it is small enough."""
        if _is_apart(x) or np.size(x) > ENTRIES:
            return x
        if id(x) not in self.entries:
            found = np.empty(np.shape(x), dtype=object)
            for where in np.ndindex(found.shape):
                found[where] = x[where] if found.shape else x
            self.entries[id(x)] = x, found
        return self.entries[id(x)][1]

    def each(self, function: Callable[..., Any], *given: Scalars) -> Scalars:
        given = np.broadcast_arrays(*given, subok=True)
        found = np.empty(given[0].shape, dtype=object)
        self.operations += found.size
        if self.operations > 10 * OPERATIONS:  # most are not read: coefficients that do not matter here
            raise _TooLongError
        for where in np.ndindex(found.shape):
            found[where] = function(*(x[where] for x in given))
        return found

    def reduced(self, function: Callable[..., Any], x: Scalars, axes: Sequence[int]) -> Scalars:
        rest = [i for i in range(x.ndim) if i not in axes]
        parts = x.transpose([*axes, *rest]).reshape(-1, *(x.shape[i] for i in rest))
        found = parts[:1].reshape(parts.shape[1:])
        for k in range(1, len(parts)):
            found = self.each(function, found, parts[k : k + 1].reshape(parts.shape[1:]))
        return found

    def product(self, a: Scalars, b: Scalars, dimension_numbers: Any, **_: Any) -> Scalars:
        (summed_a, summed_b), (along_a, along_b) = dimension_numbers
        free_a = [i for i in range(a.ndim) if i not in (*summed_a, *along_a)]
        free_b = [i for i in range(b.ndim) if i not in (*summed_b, *along_b)]
        along, left = [a.shape[i] for i in along_a], [a.shape[i] for i in free_a]
        right, summed = [b.shape[i] for i in free_b], int(np.prod([a.shape[i] for i in summed_a], dtype=int))
        a = a.transpose([*along_a, *free_a, *summed_a]).reshape(*along, int(np.prod(left, dtype=int)), 1, summed)
        b = b.transpose([*along_b, *free_b, *summed_b]).reshape(*along, 1, int(np.prod(right, dtype=int)), summed)
        products = self.each(jax.lax.mul, a, b)
        return self.reduced(jax.lax.add, products, (products.ndim - 1,)).reshape((*along, *left, *right))


def _is_apart(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object


def _whole(x: Any) -> Any:
    """Scalars as an array again."""
    if not _is_apart(x):
        return x
    return jnp.stack(list(x.ravel())).reshape(x.shape) if x.shape else x[()]


def _bound(operation: JaxprEqn, given: Sequence[Any]) -> list[Any]:
    """Results of an operation as it is."""
    results = operation.primitive.bind(*given, **operation.primitive.get_bind_params(operation.params))
    return list(results) if operation.primitive.multiple_results else [results]


def _is_index(operation: JaxprEqn, given: Sequence[Any]) -> bool:
    """Whether results are known integers, or known to be true: places in arrays."""
    known = not any(map(is_traced, given))
    return known and all(v.aval.dtype.kind in "iub" for v in operation.outvars)


def _gathered(operation: JaxprEqn, x: Scalars, places: Any) -> Scalars:
    """Entries at known places."""
    with jax.ensure_compile_time_eval():
        (found,) = _bound(operation, [jnp.arange(x.size).reshape(x.shape), places])
        return x.ravel()[np.asarray(found)]


def _as(dtype: Any) -> Callable[[Any], Any]:
    return lambda x: jnp.asarray(x, dtype=dtype)


# ----------------------------------------------------------------------------------------------------- operations


@jax.custom_jvp
def _inverse(x: Float[Array, ""]) -> Float[Array, ""]:
    return 1.0 / x


@_inverse.defjvp
def _(primals, tangents):
    inverse = _inverse(*primals)
    return inverse, -inverse * inverse * tangents[0]


def _of_entries(operation: JaxprEqn) -> Callable[..., Any]:
    name, params = operation.primitive.name, operation.params
    plain = lambda *x: operation.primitive.bind(*x, **params)  # noqa: E731
    if name == "div":
        return lambda x, y: x * _inverse(y) if _moves(y) else plain(x, y)
    if name == "integer_pow" and params["y"] < 0:
        return lambda x: jax.lax.integer_pow(_inverse(x), -params["y"]) if _moves(x) else plain(x)
    return plain


def _moves(x: Any) -> bool:
    """Whether it is a real number that is not known."""
    return is_traced(x) and x.dtype.kind == "f"


def _sliced(x: Scalars, start_indices: Any, limit_indices: Any, strides: Any) -> Scalars:
    return x[tuple(starmap(slice, zip(start_indices, limit_indices, strides or [1] * x.ndim, strict=True)))]


def _broadcast(x: Scalars, shape: Sequence[int], broadcast_dimensions: Sequence[int], **_: Any) -> Scalars:
    kept = dict(zip(broadcast_dimensions, x.shape, strict=True))
    return np.broadcast_to(x.reshape([kept.get(i, 1) for i in range(len(shape))]), shape)


_MOVED: dict[str, Callable[..., Scalars]] = {
    "broadcast_in_dim": lambda given, **params: _broadcast(given[0], **params),
    "concatenate": lambda given, dimension: np.concatenate(given, axis=dimension),
    "reshape": lambda given, new_sizes, **_: given[0].reshape(new_sizes),
    "rev": lambda given, dimensions: np.flip(given[0], dimensions),
    "slice": lambda given, **params: _sliced(given[0], **params),
    "squeeze": lambda given, dimensions: np.squeeze(given[0], axis=tuple(dimensions)),
    "stack": lambda given, axis: np.stack(given, axis=axis),
    "transpose": lambda given, permutation: given[0].transpose(permutation),
}
