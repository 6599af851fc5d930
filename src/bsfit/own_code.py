"""Calls of users' functions: a slip in one becomes an error that names its line, and what it returned is looked at."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any

from bsfit.errors import BsfitInputError, did_you_mean


def name_of(function: Any) -> str:
    """What a function, or an object that is called like one, is called."""
    return getattr(function, "__name__", None) or type(function).__name__


def call(function: Callable[..., Any], what: str, *arguments: Any) -> Any:
    """Call a user's function. Raises `BsfitInputError` that names it, its line and the slip for whatever it raises."""
    try:
        return function(*arguments)
    except BsfitInputError:
        raise
    except Exception as problem:
        raise _slip(function, what, problem, arguments) from problem


def number(function: Callable[..., Any], what: str, *arguments: Any) -> Any:
    """Call a user's function that must return one real number."""
    import jax.numpy as jnp

    found = call(function, what, *arguments)
    try:
        value = jnp.asarray(found)
    except (TypeError, ValueError):
        value = None
    if value is None or value.shape != () or value.dtype.kind not in "iuf":
        shown = type(found).__name__ if value is None else f"an array of shape {value.shape} and type {value.dtype}"
        raise BsfitInputError(f"{what} {name_of(function)!r} returned {shown}", expected="one real number")
    return value.astype(float)


def _slip(function: Any, what: str, problem: Exception, arguments: tuple[Any, ...]) -> BsfitInputError:
    frames = traceback.extract_tb(problem.__traceback__)[1:]
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename] or frames[:1]
    place = f" in line {own[-1].lineno} of {own[-1].filename}" if own else ""
    first, kind = (str(problem).strip().splitlines() or [""])[0], type(problem).__name__
    hint = None
    if isinstance(problem, KeyError):
        known = [str(key) for given in arguments if isinstance(given, Mapping) for key in given]
        near = did_you_mean(str(problem.args[0]), known) if problem.args else None
        hint = near or (f"there are {', '.join(known[:8])}" if known else None)
    elif "Tracer" in kind or "Tracer" in first or "Concretization" in kind:
        hint = "JAX traces the numbers: use jax.numpy in place of math and numpy, jnp.where in place of if"
    return BsfitInputError(f"{what} {name_of(function)!r} failed{place}: {kind}: {first[:160]}", hint=hint)
