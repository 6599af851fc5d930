"""Regions of two parameters from values on a grid: a finer surface, what a contour encloses, and how far to trust it.

Between grid points stands a cubic through four points along each axis, which is exact for a Gaussian however narrow and
tilted. The four points are chosen next to each other where the values are smoothest, so that none reaches over a kink,
a step or a point without a value; where there are no four such points the line between two stands in (essentially
non-oscillatory interpolation: Harten, Engquist, Osher, Chakravarthy, J. Comput. Phys. 71 (1987) 231).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Points along an axis of a finer surface: of one that is drawn, and of one that is measured, well within 1 %.
DRAWN, MEASURED = 800, 400
# The four points around a cell are given up for others only where those are smoother by this factor.
SMOOTHER = 10.0
# Contours of every second grid point that agree this well with those of all have converged to 1 %: the error falls by
# 8 and more where the values are smooth, by 2 at kinks and steps.
AGREE = 0.02


def probability(sigma: float) -> float:
    """Two-sided Gaussian probability within `sigma`."""
    return math.erf(sigma / math.sqrt(2.0))


def level(sigma: float, dof: int) -> float:
    """Delta chi2 that bounds this probability: 1 and 4 for one degree of freedom, 2.30 and 6.18 for two."""
    return float(sigma**2) if dof == 1 else -2.0 * math.log1p(-probability(sigma))


SIGMAS = (1.0, 2.0)
CONTOURS = tuple(level(sigma, 2) for sigma in SIGMAS)
"""Of 68.3 % and 95.4 % in a plane."""


class Outline(NamedTuple):
    """What a contour encloses: the part of the grid, the lowest and highest value of both parameters.

    Extents are NaN where there is nothing, and end at the grid where the region goes on beyond it.
    """

    share: float
    extents: tuple[tuple[float, float], ...]


def refined(
    axes: Sequence[np.ndarray], values: np.ndarray, log: Sequence[bool], points: int = DRAWN
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Finer axes with at least `points` points, and the values [*grid] interpolated there; NaN next to no value.

    Grid points are points of the finer axes, and keep their values. Three corners of a cell fill its half.
    """
    if all(len(axis) > points for axis in axes) and np.isfinite(values).all():
        return tuple(axes), values
    given = values = np.where(np.isfinite(values), values, np.nan)
    fine = []
    for i, (axis, is_log) in enumerate(zip(axes, log, strict=True)):
        coordinate = np.log(axis) if is_log else np.asarray(axis, dtype=float)
        parts = max(-(-points // (len(axis) - 1)), 1)
        finer = _divided(coordinate, np.diff(coordinate), parts)
        values = np.moveaxis(_along(coordinate, np.moveaxis(values, i, -1), parts), -1, i)
        finer = np.exp(finer) if is_log else finer
        finer[::parts] = axis
        fine.append(finer)
    return tuple(fine), _with_halves(given, values) if values.ndim == 2 else values


def outlines(
    axes: Sequence[np.ndarray], values: np.ndarray, log: Sequence[bool], levels: Sequence[float]
) -> list[Outline]:
    """The regions of a grid of two parameters in which the values are lower than each of the levels."""
    axes, values = refined(axes, values, log, MEASURED)
    values = np.where(np.isnan(values), np.inf, values)
    return [_outline(axes, values, log, level) for level in levels]


def disagreement(axes: Sequence[np.ndarray], values: np.ndarray, log: Sequence[bool], levels: Sequence[float]) -> float:
    """How much area and extents of the regions change, relative to themselves, if every second point is left out.

    The largest change of leaving out the odd or the even points: an edge between two points moves in one of the two.
    Infinite for a grid of less than nine points along an axis, and for a region that only one of the grids sees.
    """
    if min(map(len, axes)) < 9:
        return math.inf
    changes = []
    for first in (0, 1):
        kept = [slice(first, first + (len(axis) - first - 1) // 2 * 2 + 1) for axis in axes]
        whole = [axis[part] for axis, part in zip(axes, kept, strict=True)], values[tuple(kept)]
        half = [axis[::2] for axis in whole[0]], whole[1][::2, ::2]
        pairs = zip(*(outlines(*grid, log, levels) for grid in (whole, half)), strict=True)
        changes += [_change(new, old, log) for new, old in pairs]
    return max(changes)


def _outline(axes: Sequence[np.ndarray], values: np.ndarray, log: Sequence[bool], below: float) -> Outline:
    extents = []
    for i, (axis, is_log) in enumerate(zip(axes, log, strict=True)):
        x = np.log(axis) if is_log else axis
        low, high = _extent(x, np.moveaxis(values, i, -1), below)
        if is_log:
            # Rounding must not hide that a region goes on where the grid ends.
            low = axis[0] if low == x[0] else np.exp(low)
            high = axis[-1] if high == x[-1] else np.exp(high)
        extents.append((float(low), float(high)))
    return Outline(float(np.mean(_share_of_steps(values, below))), tuple(extents))


def known(change: float) -> str:
    """A change by `disagreement` in words: how well area and extents are known."""
    return f"to {100.0 * change:.0f} % only" if change < 1.0 else "badly"


def _change(new: Outline, old: Outline, log: Sequence[bool]) -> float:
    """Largest relative difference of two outlines in area and extents."""
    if new.share == 0.0 or old.share == 0.0:
        return 0.0 if new.share == old.share else math.inf
    changes = [abs(old.share / new.share - 1.0)]
    for before, after, is_log in zip(old.extents, new.extents, log, strict=True):
        before, after = (np.log(before), np.log(after)) if is_log else (np.array(before), np.array(after))
        changes.append(float(np.max(np.abs(after - before)) / (after[1] - after[0])))
    return max(changes)


def _with_halves(values: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """A finer surface with planes through the three corners of the cells that lack one."""
    n, m = (size - 1 for size in values.shape)
    p, q = ((size - 1) // cells for size, cells in zip(fine.shape, (n, m), strict=True))
    at = {(a, b): values[a : n + a, None, b : m + b, None] for a in (0, 1) for b in (0, 1)}
    inner = fine[:-1, :-1].reshape(n, p, m, q)
    for a, b in at if np.isnan(values).any() else ():
        opposite = at[1 - a, 1 - b]
        # Distances from the opposite corner, in steps of the grid.
        s, t = (np.abs(np.arange(parts) / parts - (1 - end)) for parts, end in ((p, a), (q, b)))
        s, t = s[:, None, None], t
        plane = opposite + s * (at[a, 1 - b] - opposite) + t * (at[1 - a, b] - opposite)
        inner = np.where((s + t <= 1.0) & np.isnan(inner), plane, inner)
    fine = fine.copy()
    fine[:-1, :-1] = inner.reshape(n * p, m * q)
    return fine


def _divided(first: np.ndarray, step: np.ndarray, parts: int) -> np.ndarray:
    """Points [..., n] with those between them, `parts` for each step [..., n - 1]."""
    inner = first[..., :-1, None] + step[..., None] * (np.arange(parts) / parts)
    return np.concatenate([inner.reshape(*inner.shape[:-2], -1), first[..., -1:]], axis=-1)


def _along(x: np.ndarray, values: np.ndarray, parts: int) -> np.ndarray:
    """Values [..., n] at x [n] interpolated along the last axis, to the points of `_divided`."""
    n = len(x)
    with np.errstate(invalid="ignore"):
        result = _divided(values, np.diff(values), parts)
    # A grid point keeps its value beside a point that has none.
    result[..., ::parts] = values
    if n < 4 or parts == 1:
        return result
    chosen = _smoothest(x, values)
    cells = result[..., :-1].reshape(*values.shape[:-1], n - 1, parts)
    fours = np.lib.stride_tricks.sliding_window_view(values, 4, axis=-1)
    # The four around a cell are those of nearly all cells, for which one product is faster than to choose.
    for start in (-1, -2, 0):
        first = np.clip(np.arange(n - 1) + start, 0, n - 4)
        weights = _weights(x, first[:, None] + np.arange(4), parts)
        where = np.nonzero(chosen == start)
        if start == -1:
            cubic = np.einsum("...ck,ckp->...cp", fours[..., first, :], weights, optimize=True)
            np.copyto(cells, cubic, where=(chosen == start)[..., None])
        else:
            cells[where] = np.einsum("ik,ikp->ip", fours[(*where[:-1], first[where[-1]])], weights[where[-1]])
    result[..., :-1] = cells.reshape(*values.shape[:-1], -1)
    result[..., ::parts] = values
    return result


def _weights(x: np.ndarray, nodes: np.ndarray, parts: int) -> np.ndarray:
    """Lagrange's polynomials [cell, 4, parts] of the four nodes [cell, 4] of each cell, at the points inside it."""
    fine = x[:-1, None] + np.diff(x)[:, None] * (np.arange(parts) / parts)
    at = x[nodes]
    factors = (fine[:, None, None] - at[:, None, :, None]) / (at[:, :, None] - at[:, None] + np.eye(4))[..., None]
    return np.prod(np.where(np.eye(4, dtype=bool)[..., None], 1.0, factors), axis=2)


def _smoothest(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where the four points of each cell [..., n - 1] start: 2, 1 or 0 points before it; 1 where there are none."""
    difference = values
    for order in (1, 2, 3):
        difference = np.diff(difference, axis=-1) / (x[order:] - x[:-order])
    rough = np.where(np.isfinite(difference), np.abs(difference), np.inf)
    beyond = np.full((*rough.shape[:-1], 2), np.inf)
    rough = np.concatenate([beyond, rough, beyond], axis=-1)
    before, around, after = (rough[..., shift : shift + len(x) - 1] for shift in range(3))
    keep = around <= SMOOTHER * np.minimum(before, after)
    chosen = np.where(keep, -1, np.where(before < after, -2, 0))
    return np.where(np.isfinite(np.minimum(np.minimum(before, after), around)), chosen, 1)


def _share_of_steps(values: np.ndarray, below: float) -> np.ndarray:
    """Part of each step along the last axis [..., n - 1] in which the values, on a line, are lower than `below`."""
    low, high = (pick(values[..., 1:], values[..., :-1]) for pick in (np.minimum, np.maximum))
    with np.errstate(invalid="ignore", divide="ignore"):
        cut = (below - low) / (high - low)
    return np.where(high < below, 1.0, np.where(low < below, cut, 0.0))


def _extent(x: np.ndarray, values: np.ndarray, below: float) -> np.ndarray:
    """Lowest and highest x at which any of the values [..., n] is lower than `below`."""
    inside = values < below
    some = np.flatnonzero(inside.reshape(-1, len(x)).any(axis=0))
    if not len(some):
        return np.array([np.nan, np.nan])
    low, high = int(some[0]), int(some[-1])
    ends = [x[low], x[high]]
    if low > 0:
        ends[0] -= np.max(_share_of_steps(values[..., low - 1 : low + 1], below)) * (x[low] - x[low - 1])
    if high < len(x) - 1:
        ends[1] += np.max(_share_of_steps(values[..., high : high + 2], below)) * (x[high + 1] - x[high])
    return np.array(ends)
