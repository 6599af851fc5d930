"""Numbers on grids: log-likelihoods of a scan, and maps of anything."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import OfGroups, Record, Values
from bsfit.results.surfaces import AGREE, CONTOURS, MEASURED, disagreement, known, refined

# A log-likelihood that changes less than this along an axis does not depend on it: rounding.
FLAT = 1e-7
# So many steps of a finer grid its highest point may be off along a narrow, tilted ridge.
ALONG = 10.0


@dataclass(frozen=True, eq=False)
class Scan(OfGroups):
    """Log-likelihood on a grid: `log_likelihood` [*grid], `by_group` [group, *grid]; profiled if `others` is not empty.

    `total` is not the sum over groups where theory errors are correlated between them. best: the highest point of the
    total within the grid, between its points, and its log-likelihood; None if it was not looked for.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    log: tuple[bool, ...]
    log_likelihood: np.ndarray
    groups: tuple[str, ...] = ()
    by_group: np.ndarray = field(default_factory=lambda: np.zeros((0,)))
    others: dict[str, np.ndarray] = field(default_factory=dict)
    reference: Values | None = None
    best: Values | None = None
    best_log_likelihood: float | None = None
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

    def peak(self, group: str | None = None) -> tuple[Values, float]:
        """Highest point and its log-likelihood: `best`, or that of a smooth surface through the grid points."""
        if group is None and self.best is not None and self.best_log_likelihood is not None:
            return dict(self.best), self.best_log_likelihood
        if group not in self._peaks:
            self._peaks[group] = self._of_surface(group)
        where, highest = self._peaks[group]
        return dict(where), highest

    @cached_property
    def _peaks(self) -> dict[str | None, tuple[Values, float]]:
        """What was found: each search reads all points."""
        return {}

    def _of_surface(self, group: str | None) -> tuple[Values, float]:
        surface, axes, names = self.values(group), self.axes, self.names
        farthest = 1.0
        if len(axes) <= 2:
            axes, surface = refined(axes, surface, self.log, MEASURED)
            farthest = ALONG
        index = _first_highest(surface)
        if not np.isfinite(surface[index]):
            index = _first_highest(np.where(np.isfinite(surface), surface, -np.inf))
        seen = [name not in self.blind(group) for name in names]
        offset, rise = _parabola(surface, index, seen, farthest)
        where = {}
        for name, axis, is_log, i, shift in zip(names, axes, self.log, index, offset, strict=True):
            coordinate = np.log(axis) if is_log else axis
            moved = np.interp(i + shift, np.arange(len(axis)), coordinate)
            where[name] = float(axis[i] if not shift else np.exp(moved) if is_log else moved)
        return where, float(surface[index] + rise)

    def blind(self, group: str | None = None) -> tuple[str, ...]:
        """The parameters of the grid on which a group, or everything, does not depend."""
        values = self.values(group)
        few = values[tuple(slice(None, None, -(-n // 40)) for n in values.shape)]
        if not (np.isfinite(few).any() or np.isfinite(values).any()):
            return ()
        # Most groups depend on everything, which a few points of a large grid show as well.
        return tuple(name for i, name in enumerate(self.names) if _is_flat(few, i) and _is_flat(values, i))

    def edges(self, group: str | None = None) -> tuple[str, ...]:
        """The parameters in which the highest point of a group, or of everything, lies at an end of the grid."""
        where, blind = self.peak(group)[0], self.blind(group)
        pairs = zip(self.names, self.axes, strict=True)
        return tuple(name for name, axis in pairs if name not in blind and where[name] in (axis[0], axis[-1]))

    def delta_chi2(self, group: str | None = None) -> np.ndarray:
        """-2 log L above its lowest value, [*grid]."""
        return 2.0 * (self.peak(group)[1] - self.values(group))

    def remarks(self) -> tuple[str, ...]:
        """What figures and tables can not show: groups that do not depend on the grid, highest points at its ends."""
        flat = [group for group in self.groups if self.blind(group) == self.names]
        found = []
        if flat:
            verb = "does" if len(flat) == 1 else "do"
            found.append(f"{', '.join(flat)} {verb} not depend on {' or '.join(self.names)}: not drawn in figures")
        for group in (*self.groups, None):
            if ends := self.edges(group):
                at = f"the end of the grid in {' and '.join(ends)}"
                found.append(f"{group or 'the total'} is highest at {at}: it may be higher outside")
        coarse = self._coarse()
        if coarse:
            said = ", ".join(f"{group or 'the total'} {known(change)}" for group, change in coarse.items())
            found.append(f"the grid is too coarse for contours, area or extent are known: {said}")
        return tuple(found)

    def _coarse(self) -> dict[str | None, float]:
        """Groups, or everything, whose contours the grid does not resolve, and by how much they change."""
        if len(self.names) != 2:
            return {}
        drawn = [group for group in (*self.groups, None) if self.blind(group) != self.names]
        changes = {group: self._change(group) for group in drawn}
        return {group: change for group, change in changes.items() if change > AGREE}

    def _change(self, group: str | None) -> float:
        """Of the contours where every second point is left out; a part of a large grid may be fine enough."""
        highest, values = self.peak(group)[1], self.values(group)
        thin = tuple(slice(None, None, max(len(axis) // MEASURED, 1)) for axis in self.axes)
        axes = [axis[part] for axis, part in zip(self.axes, thin, strict=True)]
        change = disagreement(axes, 2.0 * (highest - values[thin]), self.log, CONTOURS)
        fewer = any(len(few) < len(axis) for few, axis in zip(axes, self.axes, strict=True))
        if not fewer or change <= AGREE:
            return change
        return disagreement(self.axes, 2.0 * (highest - values), self.log, CONTOURS)

    def cells(self) -> tables.Cells:
        """Header and rows of the table of highest points."""
        return ["group", *self.names, "max log L"], [self._row(group) for group in (*self.groups, None)]

    def __str__(self) -> str:
        size = " x ".join(f"{name} ({len(axis)} points)" for name, axis in zip(self.names, self.axes, strict=True))
        kind = "profiled over " + ", ".join(self.others) if self.others else "all other parameters fixed"
        lines = [f"Scan {tables.title(self.meta)}: {size}, {kind}", tables.aligned(*self.cells())]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    def _row(self, group: str | None) -> list[str]:
        where, height = self.peak(group)
        if not np.isfinite(height):
            return [group or "total", *("-" for _ in self.names), "nowhere finite"]
        blind, edges = self.blind(group), self.edges(group)
        marks = {name: "any" for name in blind} | {name: f"{where[name]:.4g} (edge)" for name in edges}
        return [
            group or "total",
            *(marks.get(name, f"{where[name]:.4g}") for name in self.names),
            tables.fixed(height),
        ]


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


def _first_highest(values: np.ndarray) -> tuple[Any, ...]:
    """Where the highest value stands, or a NaN, as by `argmax`, which takes five times as long for large arrays."""
    rows = values.reshape(len(values), -1)
    row = int(np.argmax(rows.max(axis=1)))
    return np.unravel_index(row * rows.shape[1] + int(np.argmax(rows[row])), values.shape)


def _is_flat(values: np.ndarray, axis: int) -> bool:
    """Whether the finite values are the same all along an axis, up to rounding."""
    finite = np.isfinite(values)
    if np.any(finite != np.take(finite, [0], axis=axis)):
        return False
    values = np.where(finite, values, 0.0)
    return bool(np.max(np.abs(values - np.take(values, [0], axis=axis))) < FLAT)


def _parabola(
    surface: np.ndarray, index: tuple[Any, ...], seen: list[bool], farthest: float
) -> tuple[np.ndarray, float]:
    """Offset of the maximum from a grid point in steps, and its height above it, from central differences.

    Along the axes that are seen and on which the point is not the first or the last.
    """
    pairs = zip(index, surface.shape, seen, strict=True)
    used = [k for k, (i, size, sees) in enumerate(pairs) if sees and 0 < i < size - 1]
    block = surface[tuple(slice(i - 1, i + 2) if k in used else i for k, i in enumerate(index))]
    n, none = len(used), (np.zeros(surface.ndim), 0.0)
    if not n or not np.all(np.isfinite(block)):
        return none

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
        return none
    step = -np.linalg.solve(hessian, gradient)
    if np.any(np.abs(step) > farthest):
        return none
    offset = np.zeros(surface.ndim)
    offset[used] = step
    return offset, float(0.5 * gradient @ step)
