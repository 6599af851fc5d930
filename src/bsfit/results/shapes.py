"""What is looked at when a record is loaded: fields of the right type, names and arrays that fit together."""

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

LARGEST = 1e150
"""Coordinates stay below: their squares must not overflow in a figure."""


def check_fields(kind: type, content: Mapping[str, Any]) -> None:
    """Raise ValueError if fields of a record are missing, unknown, or not of the type of their annotation."""
    hints, known = typing.get_type_hints(kind), fields(kind)
    for name in content:
        if name not in {field.name for field in known}:
            raise ValueError(f"unknown field {name!r}")
    for field in known:
        required = field.default is MISSING and field.default_factory is MISSING
        if field.name not in content and required:
            raise ValueError(f"the field {field.name!r} is missing")
        if field.name in content and not _is(content[field.name], hints[field.name]):
            raise ValueError(f"the field {field.name!r} has another type than expected")


def _is(value: Any, hint: Any) -> bool:
    """Whether plain data fit an annotation; a whole number may stand for a real one."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        inner = inner[:1] * len(value) if inner[1:] == (...,) and isinstance(value, tuple) else inner
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(_is, value, inner))
    if origin is dict:
        return isinstance(value, dict) and all(_is(item, inner[1]) for item in value.values())
    if origin in (types.UnionType, typing.Union):
        return any(_is(value, one) for one in inner)
    if hint is Any:
        return True
    return type(value) is hint or (hint is float and type(value) is int)


def need(fine: bool, what: str) -> None:
    """Raise ValueError if something that must hold does not."""
    if not fine:
        raise ValueError(what)


def check_grid(names: tuple[str, ...], axes: tuple[np.ndarray, ...], log: tuple[bool, ...]) -> tuple[int, ...]:
    """Shape of a grid. Raises ValueError if its axes are not finite and rising, or not positive where logarithmic."""
    need(len(names) == len(axes) == len(log) > 0, "names, axes and log of the grid differ in number")
    need(len(set(names)) == len(names), "a name stands twice")
    for name, axis, is_log in zip(names, axes, log, strict=True):
        need(axis.ndim == 1 and axis.dtype.kind != "b" and len(axis) > 1, f"the axis {name!r} is none")
        need(bool(_moderate(axis) and np.all(np.diff(axis) > 0.0)), f"the axis {name!r} does not rise")
        need(not is_log or bool(axis[0] > 0.0), f"the axis {name!r} is logarithmic and not positive")
    return tuple(map(len, axes))


def check_arrays(arrays: Iterable[np.ndarray], shape: tuple[int, ...], what: str) -> None:
    """Raise ValueError if an array has another shape, or holds no real numbers."""
    for array in arrays:
        need(array.shape == shape and array.dtype.kind != "b", f"{what}: an array of shape {array.shape}, not {shape}")


def check_entries(names: Iterable[str], *tables: Mapping[str, Any]) -> None:
    """Raise ValueError if a table has no entry for a name."""
    for name in names:
        need(all(name in table for table in tables), f"nothing for {name!r}")


def check_points(names: Iterable[str], points: Mapping[str, Any]) -> None:
    """Raise ValueError if a name has no points, or some that cannot be drawn."""
    for name in names:
        need(name in points and _moderate(np.asarray(points[name])), f"{name!r} has no finite value")


def _moderate(x: np.ndarray) -> bool:
    return bool(np.all(np.isfinite(x)) and np.all(np.abs(x) < LARGEST))
