"""Numbers on grids: log-likelihoods of a scan, and maps of anything."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record, Values


@dataclass(frozen=True, eq=False)
class Scan(Record):
    """Log-likelihood on a grid: `log_likelihood` [*grid], `by_group` [group, *grid]; profiled if `others` is not empty.

    `total` is not the sum over groups where theory errors are correlated between them.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    log: tuple[bool, ...]
    log_likelihood: np.ndarray
    groups: tuple[str, ...] = ()
    by_group: np.ndarray = field(default_factory=lambda: np.zeros((0,)))
    others: dict[str, np.ndarray] = field(default_factory=dict)
    reference: Values | None = None
    status: str = "converged"
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shape = shapes.check_grid(self.names, self.axes, self.log)
        shapes.check_arrays((self.log_likelihood, *self.others.values()), shape, "grid")
        by_group = (len(self.groups), *shape) if self.groups else self.by_group.shape
        shapes.check_arrays((self.by_group,), by_group, "by_group")
        if self.reference is not None:
            shapes.check_entries(self.names, self.reference)

    def values(self, group: str | None = None) -> np.ndarray:
        """Log-likelihood [*grid] of one group, or of everything."""
        if group is None:
            return self.log_likelihood
        if group not in self.groups:
            raise KeyError(f"no group {group!r} in this scan; it has {', '.join(self.groups)}")
        return self.by_group[self.groups.index(group)]

    def peak(self, group: str | None = None) -> tuple[Values, float]:
        """Highest point and its log-likelihood: the parabola through the best grid point and its neighbours.

        At the edge of the grid, or where a neighbour is not finite, the grid point itself.
        """
        surface = self.values(group)
        index = np.unravel_index(np.nanargmax(np.where(np.isfinite(surface), surface, -np.inf)), surface.shape)
        offset, rise = _parabola(surface, index)
        where = {}
        for name, axis, is_log, i, shift in zip(self.names, self.axes, self.log, index, offset, strict=True):
            coordinate = np.log(axis) if is_log else axis
            step = (
                coordinate[min(i + 1, len(axis) - 1)] - coordinate[i]
                if shift > 0
                else coordinate[i] - coordinate[i - 1]
            )
            moved = coordinate[i] + (shift * step if shift else 0.0)
            where[name] = float(np.exp(moved) if is_log else moved)
        return where, float(surface[index] + rise)

    def delta_chi2(self, group: str | None = None) -> np.ndarray:
        """-2 log L above its lowest value, [*grid]."""
        return 2.0 * (self.peak(group)[1] - self.values(group))

    def __str__(self) -> str:
        size = " x ".join(f"{name} ({len(axis)} points)" for name, axis in zip(self.names, self.axes, strict=True))
        kind = "profiled over " + ", ".join(self.others) if self.others else "all other parameters fixed"
        rows = []
        for group in [*self.groups, None]:
            where, height = self.peak(group)
            rows.append([group or "total", *(f"{where[name]:.4g}" for name in self.names), tables.fixed(height)])
        table = tables.aligned(["group", *self.names, "max log L"], rows)
        lines = [f"Scan {tables.title(self.meta)}: {size}, {kind}", table]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])


@dataclass(frozen=True, eq=False)
class Map(Record):
    """Numbers on a grid: `values`, name -> [*grid]; a point without a number is NaN."""

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    log: tuple[bool, ...]
    values: dict[str, np.ndarray]
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shapes.check_arrays(self.values.values(), shapes.check_grid(self.names, self.axes, self.log), "values")

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def __str__(self) -> str:
        size = " x ".join(f"{name} ({len(axis)} points)" for name, axis in zip(self.names, self.axes, strict=True))
        rows = [[name, *(f"{f(x):.4g}" for f in (np.nanmin, np.nanmedian, np.nanmax))] for name, x in self._finite()]
        return "\n".join([f"Map: {size}", tables.aligned(["value", "smallest", "median", "largest"], rows)])

    def _finite(self) -> list[tuple[str, np.ndarray]]:
        return [(name, x) for name, x in self.values.items() if np.isfinite(x).any()]


def _parabola(surface: np.ndarray, index: tuple[Any, ...]) -> tuple[np.ndarray, float]:
    """Offset of the maximum from a grid point in steps, and its height above it, from central differences."""
    n = surface.ndim
    if any(not 0 < i < size - 1 for i, size in zip(index, surface.shape, strict=True)):
        return np.zeros(n), 0.0
    block = surface[tuple(slice(i - 1, i + 2) for i in index)]
    if not np.all(np.isfinite(block)):
        return np.zeros(n), 0.0

    def at(**shifts: int) -> float:
        return float(block[tuple(1 + shifts.get(f"d{k}", 0) for k in range(n))])

    gradient, hessian = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        up, down = at(**{f"d{i}": 1}), at(**{f"d{i}": -1})
        gradient[i], hessian[i, i] = (up - down) / 2, up - 2 * at() + down
        for j in range(i):
            corners = [a * b * at(**{f"d{i}": a, f"d{j}": b}) for a in (1, -1) for b in (1, -1)]
            hessian[i, j] = hessian[j, i] = sum(corners) / 4
    if np.any(np.linalg.eigvalsh(hessian) >= 0.0):
        return np.zeros(n), 0.0
    offset = -np.linalg.solve(hessian, gradient)
    if np.any(np.abs(offset) > 1.0):
        return np.zeros(n), 0.0
    return offset, float(0.5 * gradient @ offset)
