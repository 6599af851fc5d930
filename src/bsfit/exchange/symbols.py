"""Functions of a few numbers as text: a program of JAX carried out on symbols.

Observables are made of linear functionals of moments by sums, quotients and roots. Written with jax.numpy they are no
text, but their jaxpr is a list of such steps. Linear forms stay together as long as they are only added and scaled.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from bsfit.errors import BsfitInputError

CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}
"""Steps that are programs of their own, and the parameter that holds these."""

MOVES = {"broadcast_in_dim", "concatenate", "dynamic_slice", "gather", "reshape", "rev", "select_n", "slice", "squeeze"}
MOVES |= {"copy", "copy_p", "expand_dims", "transpose"}
"""Steps that put numbers elsewhere and change none."""


class Forms:
    """The linear forms, constant [0] and coefficients [1:], that expressions are made of; `word` names each once."""

    def __init__(self) -> None:
        self.known: dict[bytes, tuple[str, np.ndarray]] = {}

    def word(self, form: np.ndarray) -> str:
        """Name of a linear form."""
        return self.known.setdefault((form + 0.0).tobytes(), (f"x{len(self.known)}", form))[0]


class Symbol:
    """A linear form of the arguments, or an expression of such forms in `text`."""

    def __init__(self, forms: Forms, form: np.ndarray | None, text: str = "") -> None:
        self.forms, self.form, self._text = forms, form, text

    @property
    def text(self) -> str:
        """As Python writes it, in parentheses where it is more than a word or a function."""
        return self._text if self.form is None else self.forms.word(self.form)

    def __add__(self, other: Any) -> "Symbol":
        if self.form is not None and (added := self._linear(other)) is not None:
            return Symbol(self.forms, self.form + added)
        return self._made(f"({self.text} + {_text(other)})")

    def __mul__(self, other: Any) -> "Symbol":
        if not isinstance(other, Symbol) and float(other) == 1.0:
            return self
        if self.form is not None and not isinstance(other, Symbol):
            return Symbol(self.forms, self.form * float(other))
        return self._made(f"({self.text} * {_text(other)})")

    def __truediv__(self, other: Any) -> "Symbol":
        return self._made(f"({self.text} / {other.text})") if isinstance(other, Symbol) else self * (1.0 / float(other))

    def __rtruediv__(self, other: Any) -> "Symbol":
        return self._made(f"({_text(other)} / {self.text})")

    def __neg__(self) -> "Symbol":
        return self * -1.0

    def __sub__(self, other: Any) -> "Symbol":
        return self + -1.0 * other

    def __rsub__(self, other: Any) -> "Symbol":
        return -self + other

    def __pow__(self, power: Any) -> "Symbol":
        return self._made(f"{self.text}**{int(power)}") if float(power).is_integer() else NotImplemented

    def sqrt(self) -> "Symbol":
        """Square root: what numpy calls."""
        return self._made(f"sqrt({self.text})")

    __radd__, __rmul__ = __add__, __mul__

    def _linear(self, other: Any) -> np.ndarray | None:
        if isinstance(other, Symbol):
            return other.form
        assert self.form is not None
        return float(other) * (np.arange(len(self.form)) == 0)

    def _made(self, text: str) -> "Symbol":
        return Symbol(self.forms, None, text)


def _text(other: Any) -> str:
    return other.text if isinstance(other, Symbol) else f"({float(other)!r})"


STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y, **_: x + y,
    "add_any": lambda x, y, **_: x + y,
    "sub": lambda x, y, **_: x - y,
    "mul": lambda x, y, **_: x * y,
    "div": lambda x, y, **_: x / y,
    "neg": lambda x, **_: -x,
    "sqrt": lambda x, **_: np.sqrt(x),
    "square": lambda x, **_: x * x,
    "integer_pow": lambda x, y, **_: x**y,
    "reduce_sum": lambda x, axes, **_: np.sum(x, axis=axes),
    "convert_element_type": lambda x, **_: x,
    "dot_general": lambda a, b, dimension_numbers, **_: _product(a, b, dimension_numbers),
}


def written(function: Callable[[Any], Any], size: int, forms: Forms, what: str) -> Symbol:
    """`function(x [size]) -> scalar` as a symbol. Raises `BsfitInputError` naming `what` is made of other steps."""
    program = jax.make_jaxpr(function)(jnp.zeros(size))
    unit = np.eye(size + 1)
    arguments = np.array([Symbol(forms, unit[i + 1]) for i in range(size)], dtype=object)
    (found,) = _carried_out(program.jaxpr, program.consts, [arguments], what)
    value = np.asarray(found, dtype=object).reshape(())[()]
    return value if isinstance(value, Symbol) else Symbol(forms, float(value) * unit[0])


def _carried_out(program: Any, constants: list, arguments: list, what: str) -> list:
    known = dict(zip((*program.constvars, *program.invars), (*constants, *arguments), strict=True))

    def value(variable: Any) -> Any:
        return variable.val if isinstance(variable, core.Literal) else known[variable]

    for step in program.eqns:
        given = [value(variable) for variable in step.invars]
        known.update(zip(step.outvars, _step(step, given, what), strict=True))
    return [value(variable) for variable in program.outvars]


def _step(step: Any, given: list, what: str) -> list:
    name = step.primitive.name
    if not any(_symbolic(x) for x in given):
        found = step.primitive.bind(*given, **step.params)
        return list(found) if step.primitive.multiple_results else [found]
    if name in CALLS:
        inner = step.params[CALLS[name]]
        return _carried_out(inner.jaxpr, inner.consts, given, what)
    if name in MOVES:
        return [_moved(step, given)]
    if name not in STEPS or any(np.iscomplexobj(x) for x in given):
        expected = "one that is made of real rates by sums, quotients and roots"
        raise BsfitInputError(f"{what} cannot be written with polynomials ({name})", "observables", expected=expected)
    numbers = [x if _symbolic(x) else np.asarray(x) for x in given]
    return [np.asarray(STEPS[name](*numbers, **step.params), dtype=object)]


def _symbolic(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object


def _moved(step: Any, given: list) -> np.ndarray:
    """The step on positions of all numbers in one list; whole numbers among the operands say where things go."""
    moving = [_symbolic(x) or jnp.issubdtype(jnp.result_type(x), jnp.floating) for x in given]
    pool, places = [], []
    for x, moves in zip(given, moving, strict=True):
        array = np.asarray(x, dtype=object if moves else None)
        places.append(jnp.arange(len(pool), len(pool) + array.size).reshape(array.shape) if moves else jnp.asarray(x))
        pool += list(array.ravel()) if moves else []
    found = np.asarray(step.primitive.bind(*places, **step.params))
    listed = np.empty(len(pool), dtype=object)
    listed[:] = pool
    return np.asarray(listed[found], dtype=object)


def _product(a: np.ndarray, b: np.ndarray, dimension_numbers: Any) -> np.ndarray:
    contracted, batched = dimension_numbers
    if batched[0]:
        raise BsfitInputError("products of batches are not written as text", "observables")
    return np.tensordot(a, b, axes=contracted)
