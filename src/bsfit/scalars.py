"""Numbers as users give them: one reader for the doors of the Python API. No JAX is imported here.

Taken are int, float, scalars and 0-d arrays of numpy and JAX, and numbers that JAX traces. Refused are truth values,
text, times, arrays of more than one number, and what is not finite. Complex numbers are for the doors that say so.
"""

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError, did_you_mean


def check_64_bit() -> None:
    """Raise `BsfitInputError` if JAX is there and runs in 32 bit."""
    jax = sys.modules.get("jax")
    if jax is not None and not jax.config.read("jax_enable_x64"):
        raise BsfitInputError(
            "JAX runs in 32 bit, bsfit computes in 64 bit",
            field="JAX_ENABLE_X64",
            hint="unset it, or call jax.config.update('jax_enable_x64', True) before arrays are made",
        )


def real(value: Any, name: str, *, infinite: bool = False) -> Any:
    """The value as a float, or itself if it is traced; plus infinity only if `infinite`.

    Raises `BsfitInputError` in the name of what it is a value of.
    """
    found = number(value, name, infinite=infinite)
    if isinstance(found, complex) or (is_traced(found) and found.dtype.kind == "c"):
        raise BsfitInputError(f"{name!r} = {_shown(value)} is complex", expected="a real number", hint=_parts(name))
    return found


def number(value: Any, name: str, *, infinite: bool = False) -> Any:
    """As `real`, for real and complex numbers."""
    if is_traced(value):
        if value.shape != () or value.dtype.kind not in "iufc":
            raise _refused(name, f"an array of shape {value.shape}", "batches go through jax.vmap")
        return value
    array = np.asarray(value) if _is_numeric(value) else None
    if array is None or array.shape != () or array.dtype.kind not in "iufc":
        hint = "batches go through jax.vmap" if array is not None and array.ndim else None
        raise _refused(name, _shown(value), hint)
    found = complex(array) if array.dtype.kind == "c" else float(array)
    fine = math.isfinite(found.real) and math.isfinite(found.imag)
    if not fine and not (infinite and found == math.inf):
        raise _refused(name, f"{found:g}", None)
    kept = array.dtype == float and _is_jax(value)
    return value if kept else found


def parts(params: Mapping[str, Any], infinite: Iterable[str] = ()) -> dict[str, Any]:
    """Real numbers by name; the imaginary part of a complex one goes to ``<name>_im``.

    `infinite` are the names whose value may be infinite. Raises `BsfitInputError` for an imaginary part given twice.
    """
    named(params)
    found: dict[str, Any] = {}
    for name, value in params.items():
        value = number(value, str(name), infinite=name in infinite)
        if isinstance(value, complex) or (is_traced(value) and value.dtype.kind == "c"):
            if f"{name}_im" in params:
                raise BsfitInputError(f"{name!r} is complex, and {name + '_im'!r} is given", expected="one of the two")
            found[f"{name}_im"], value = value.imag, value.real
        found[name] = value
    return found


def exactly(params: Mapping[str, Any], names: Iterable[str], what: str, fixed: Iterable[str] = ()) -> dict[str, Any]:
    """Real numbers of exactly these names, for `what` takes no others.

    Raises `BsfitInputError` for missing, unknown and `fixed` ones.
    """
    names, found = list(names), parts(params)
    for name in found:
        if name in names:
            continue
        if name in fixed:
            raise BsfitInputError(f"{name!r} is fixed, {what} was built with its value", field="params")
        hint = did_you_mean(str(name), names)
        raise BsfitInputError(f"{name!r} is not free", field="params", expected=_listed(names), hint=hint)
    if missing := [name for name in names if name not in found]:
        raise BsfitInputError(f"no value for {', '.join(missing[:5])}", field="params", expected=_listed(names))
    return found


def is_traced(value: Any) -> bool:
    """Whether JAX traces the value."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.core.Tracer)


def _is_numeric(value: Any) -> bool:
    """Whether a value is a number or an array: anything else would have to be guessed at."""
    if isinstance(value, bool | np.bool_ | str | bytes):
        return False
    return isinstance(value, int | float | complex | np.ndarray | np.generic) or _is_jax(value)


def _is_jax(value: Any) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.Array)


def named(params: Any, field: str = "params") -> None:
    """Raise `BsfitInputError` for what is no dictionary of values by name."""
    if not isinstance(params, Mapping):
        raise BsfitInputError(f"got {_shown(params)}", field=field, expected='a dictionary {"name": value, ...}')
    if odd := [name for name in params if not isinstance(name, str)]:
        raise BsfitInputError(f"{_shown(odd[0])} is no name", field=field, expected="names as text")


def _refused(name: str, what: str, hint: str | None) -> BsfitInputError:
    return BsfitInputError(f"{name!r} = {what} is not a number", expected="a finite number", hint=hint)


def _parts(name: str) -> str:
    return f"the imaginary part of a coefficient is {name + '_im'!r}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return (f"exactly {shown}" if len(names) <= 8 else f"{shown}, ... ({len(names)} names)") if names else "no names"
