"""How two records of one kind differ: every number of one beside that of the other."""

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from bsfit.results.record import Record

DISTANCES = ("gradient_norm",)
"""Numbers that say how near to a minimum a descent ended, in sigma: they are compared as they are."""

TIMED = ("meta", "messages", "notes")
"""Fields in words, which are no numbers of a result."""


class Difference(NamedTuple):
    """What stands at one place of a record, and of another; `relative` is infinite where these are no two numbers."""

    place: str
    saved: str
    now: str
    relative: float


def differences(saved: Record, now: Record) -> list[Difference]:
    """All places where the numbers of two records of one kind differ, the largest relative difference first.

    That of an array is relative to its largest entry.
    """
    names = [field.name for field in fields(saved) if field.name not in TIMED]
    found = (d for name in names for d in _between(name, getattr(saved, name), getattr(now, name)))
    return sorted(found, key=lambda difference: -difference.relative)


def _between(place: str, a: Any, b: Any) -> Iterator[Difference]:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        yield from _of_arrays(place, a, b)
    elif isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
        for key in a:
            yield from _between(f"{place}.{key}", a[key], b[key])
    elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _between(f"{place}[{i}]", x, y)
    elif _number(a) and _number(b):
        if not _same(float(a), float(b)):
            yield Difference(place, f"{a:.17g}", f"{b:.17g}", _relative(place, float(a), float(b)))
    elif type(a) is not type(b) or a != b:
        yield Difference(place, _short(a), _short(b), math.inf)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _relative(place: str, a: float, b: float) -> float:
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf
    return abs(a - b) if place.split(".")[-1] in DISTANCES else abs(a - b) / max(abs(a), abs(b))


def _of_arrays(place: str, a: np.ndarray, b: np.ndarray) -> Iterator[Difference]:
    if a.shape != b.shape or a.dtype != b.dtype:
        yield Difference(place, f"{a.dtype}{list(a.shape)}", f"{b.dtype}{list(b.shape)}", math.inf)
        return
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return
    x, y = a.astype(float), b.astype(float)
    finite = np.isfinite(x) & np.isfinite(y)
    other = ~finite & ~((x == y) | (np.isnan(x) & np.isnan(y)))
    gap = np.where(other, np.inf, np.abs(np.where(finite, x - y, 0.0)))
    at = np.unravel_index(np.argmax(gap), gap.shape)
    scale = np.max(np.abs(x), initial=0.0, where=finite) or 1.0
    index = ",".join(map(str, at))
    yield Difference(f"{place}[{index}]", f"{x[at]:.17g}", f"{y[at]:.17g}", float(gap[at] / scale))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
