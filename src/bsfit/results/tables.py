"""How results print: aligned text, two significant digits of the error, open intervals said to be open."""

import math
import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from bsfit.errors import printable

Cells = tuple[list[str], list[list[str]]]
"""Header and rows of a table."""

LISTED = 5
"""So many entries of a list, or rows of a matrix of correlations, are printed."""


def title(meta: dict[str, Any]) -> str:
    """Of which model, to which data, and with which theory errors, on which every p-value depends, a result is."""
    about = meta.get("likelihood", {})
    parts = [f"of {about['model']}" if "model" in about else "", f"to {about['data']}" if "data" in about else ""]
    errors = f", theory errors {about['theory']}" if "theory" in about and "data" in about else ""
    return (" ".join(part for part in parts if part) or "of a log-likelihood") + errors


WIDTH: ContextVar[int | None] = ContextVar("WIDTH", default=None)
"""Columns that tables have to fit into, None: as wide as they are."""

NARROWEST = 8
"""Columns in which a cell is still readable; tables of narrower ones print row by row."""


_PART = re.compile(r"[^\s,-]*[\s,-]*")


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text table with a rule under the header; the columns are left-aligned, two spaces apart.

    Within a `WIDTH` the longest cells are folded, and a table of too many columns prints its rows one after the other.
    """
    header, rows = ([printable(cell) for cell in header], [[printable(cell) for cell in row] for row in rows])
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]
    room = WIDTH.get()
    if room is not None and sum(widths) + 2 * (len(widths) - 1) > room:
        least = [min(width, max(len(name), NARROWEST)) for width, name in zip(widths, header, strict=True)]
        limits = range(max(widths), 0, -1)
        narrowed = ([max(low, min(width, w)) for low, width in zip(least, widths, strict=True)] for w in limits)
        widths = next((each for each in narrowed if sum(each) + 2 * (len(each) - 1) <= room), None)
        if widths is None:
            return _one_by_one(header, rows, room)
    folded = [line for row in [header, *rows] for line in _folded(row, widths)]
    first = len(_folded(header, widths))
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in folded]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [*lines[:first], rule, *lines[first:]])


def _folded(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """Lines of a row, whose cells are folded to their columns."""
    cells = [_lines(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [[cell[i] if i < len(cell) else "" for cell in cells] for i in range(max(map(len, cells)))]


def _lines(cell: str, width: int) -> list[str]:
    """A cell in lines, broken behind spaces, commas and hyphens where that is possible."""
    found = [""]
    for part in _PART.findall(cell) if len(cell) > width else [cell]:
        while len(found[-1] + part.rstrip()) > width:
            if not found[-1]:
                found[-1], part = part[:width], part[width:]
            found.append("")
        found[-1] += part
    return [line.rstrip() for line in found]


def _one_by_one(header: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> str:
    """Each cell of a row in a line of its own, behind what its column is called."""
    label = min(max(map(len, header)), room // 2)
    found = []
    for row in rows:
        for name, cell in zip(header, row, strict=True):
            found += [" ".join(line) for line in _folded([name, cell], [label, max(room - label - 1, 1)])]
        found.append("")
    return "\n".join(line.rstrip() for line in found[:-1])


def number(value: float | None, *scales: float) -> str:
    """A value with as many digits as show the smallest of the scales (errors) to two significant digits."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    finite = [abs(scale) for scale in scales if math.isfinite(scale) and scale != 0.0]
    if not finite:
        return f"{value:.4g}"
    decimals = 1 - math.floor(math.log10(min(finite)))
    if decimals > 6 or abs(value) >= 1e6:
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        return f"{value:.{max(magnitude + decimals, 1)}e}"
    # Adding zero turns -0.0 into 0.0.
    return f"{round(value, max(decimals, 0)) + 0.0:.{max(decimals, 0)}f}"


def with_error(value: float, error: float) -> str:
    """A value and its error: `0.51 +- 0.10`; without an error the value alone."""
    return f"{number(value, error)} +- {number(error, error)}" if error > 0.0 else number(value)


def measured(value: float, plus: float, minus: float) -> str:
    """A measured value: `0.949 +- 0.047`, `0.994 +0.095 -0.086`."""
    centre, up, down = (number(x, plus, minus) for x in (value, plus, minus))
    return f"{centre} +- {up}" if up == down else f"{centre} +{up} -{down}"


def asymmetric(minus: float, plus: float) -> str:
    """Errors as `-0.14 +0.13`; a side without an end inside the bounds is `open`."""
    if math.isnan(minus) and math.isnan(plus):
        return "undetermined"
    sides = [
        f"{sign}{number(size, minus, plus)}" if math.isfinite(size) else f"{sign}open"
        for sign, size in (("-", minus), ("+", plus))
    ]
    return " ".join(sides)


def interval(ends: Sequence[float] | None, bounds: Sequence[float] | None = None, *scales: float) -> str:
    """An interval; an end that lies beyond the bounds prints as the bound with `<` or `>` open to it."""
    if ends is None or any(math.isnan(end) for end in ends):
        return "-"
    low, high = ends
    if math.isinf(low) and math.isinf(high):
        return "all of the range"
    left = f"[{number(low, *scales)}" if math.isfinite(low) else f"(bound {number(bounds[0])}" if bounds else "(-inf"
    right = f"{number(high, *scales)}]" if math.isfinite(high) else f"bound {number(bounds[1])})" if bounds else "inf)"
    return f"{left}, {right}"


def correlation(value: float) -> str:
    """A correlation with two decimals, or as many as show what it lacks to one with two digits: `0.88`, `0.988`."""
    if not math.isfinite(value):
        return "-"
    missing = 1.0 - abs(value)
    decimals = 1 - math.floor(math.log10(missing)) if missing > 1e-9 else 2
    decimals = min(max(decimals, 2), 9)
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def correlations(names: Sequence[str], matrix: np.ndarray) -> list[str]:
    """Lines with the correlations [n, n] of parameters: one, a matrix, or the strongest where there are many."""
    known = [i for i in range(len(names)) if np.isfinite(matrix[i, i])]
    pairs = [(i, j) for n, i in enumerate(known) for j in known[n + 1 :] if np.isfinite(matrix[i, j])]
    if not pairs:
        return []
    if len(pairs) == 1:
        ((i, j),) = pairs
        return [f"correlation of {names[i]} and {names[j]}: {correlation(matrix[i, j])}"]
    if len(known) <= LISTED:
        rows = [[names[i], *(correlation(matrix[i, j]) if i != j else "1" for j in known)] for i in known]
        return [aligned(["correlation", *(names[i] for i in known)], rows)]
    pairs.sort(key=lambda pair: -abs(matrix[pair]))
    listed = (f"{names[i]}, {names[j]} {correlation(matrix[i, j])}" for i, j in pairs[:LISTED])
    return [f"strongest correlations: {'; '.join(listed)}"]


def fixed(value: float) -> str:
    """Four decimals, and no minus before a zero."""
    return f"{round(value, 4) + 0.0:.4f}"


def goodness(chi2: float | None, ndf: int | None, p_value: float | None) -> str:
    """`chi2/ndf = 4.6/7, p-value 0.71`."""
    if chi2 is None:
        return "chi2 not available: the likelihood is a plain function"
    ratio = f"chi2/ndf = {chi2:.2f}/{ndf}" if ndf is not None else f"chi2 = {chi2:.2f}"
    return ratio if p_value is None else f"{ratio}, p-value {p_value:.2g}"
