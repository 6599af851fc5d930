"""What records hold: plain read-only data that can be printed, stored and compared."""

import math
import os
from typing import Any

import numpy as np

from bsfit.errors import printable


def plain(value: Any, where: str = "value") -> Any:
    """Numbers, text, None, tuples, dicts with text keys, numpy arrays; copies, never aliases, all text printable."""
    if isinstance(value, str):
        return printable(value)
    if value is None or (isinstance(value, bool | int | float) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, dict):
        return {printable(str(key)): plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(item, f"{where}[{i}]") for i, item in enumerate(value))
    if isinstance(value, np.generic) or (hasattr(value, "__array__") and np.ndim(value) == 0):
        return plain(np.asarray(value).item(), where)
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        kind = {"f": float, "i": np.int64, "u": np.int64, "b": bool}.get(array.dtype.kind)
        if kind is not None:
            if array is value and array.dtype == kind and array.base is None and not array.flags.writeable:
                return array  # of another record: large ones are not copied at every change of a word
            array = np.array(array, dtype=kind)
            array.setflags(write=False)
            return array
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), where)
    raise TypeError(f"{where} is a {type(value).__name__}; results hold numbers, text, tuples, dicts and real arrays")


def same(a: Any, b: Any) -> bool:
    """Equality of plain data in which NaN equals NaN and types matter."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
