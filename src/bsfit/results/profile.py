"""What a profile likelihood returns."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Interval, Record, Values
from bsfit.results.surfaces import CONTOURS, SIGMAS, outlines, probability


@dataclass(frozen=True, eq=False)
class Profile(Record):
    """Profile likelihood over one or two parameters.

    axes: grid of each name; delta_chi2: rise of -2 log L above the best fit, shape of the grid; others: name -> values
    of the re-minimised parameters on the grid. One name: intervals_1 and intervals_2 are lists of disjoint intervals.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    delta_chi2: np.ndarray
    best: Values
    best_log_likelihood: float
    others: dict[str, np.ndarray]
    bounds: dict[str, Interval]
    log: tuple[bool, ...]
    intervals_1: tuple[Interval, ...] = ()
    intervals_2: tuple[Interval, ...] = ()
    status: str = "converged"
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shape = shapes.check_grid(self.names, self.axes, self.log)
        shapes.check_arrays((self.delta_chi2, *self.others.values()), shape, "grid")
        shapes.check_points(self.names, self.best)
        shapes.check_entries(self.names, self.bounds)

    @property
    def converged(self) -> bool:
        """Whether the best fit and all points of the grid are minima."""
        return self.status != "not converged"

    def __str__(self) -> str:
        lines = [f"Profile of {' and '.join(self.names)} {tables.title(self.meta)}: {self.status}"]
        scales = self._scales()
        lines += [f"best fit {name} = {tables.number(self.best[name], *scales)}" for name in self.names]
        for sigma, intervals in ((1, self.intervals_1), (2, self.intervals_2)):
            if len(self.names) == 1:
                inside = [tables.interval(ends, self.bounds[self.names[0]], *scales) for ends in intervals]
                lines.append(f"{sigma} sigma: {' or '.join(inside) or 'none'}")
        if len(self.names) == 2:
            lines += self._regions()
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    def _regions(self) -> list[str]:
        """What the contours of 1 and 2 sigma enclose, and where they stand."""
        found = outlines(self.axes, self.delta_chi2, self.log, CONTOURS)
        lines = []
        for sigma, height, region in zip(SIGMAS, CONTOURS, found, strict=True):
            ends = [
                f"{name} in {self._range(name, axis, extent, found[0].extents[i])}"
                for i, (name, axis, extent) in enumerate(zip(self.names, self.axes, region.extents, strict=True))
            ]
            lines.append(f"{100 * probability(sigma):.1f} % (Delta chi2 = {height:.2f}): {', '.join(ends)}")
        return [*lines, "x".join(map(str, self.delta_chi2.shape)) + " points"]

    def _range(self, name: str, axis: np.ndarray, extent: Interval, scale: Interval) -> str:
        """The extent of a region; where the grid ends before it does, that is said."""
        texts = []
        for end, last, bound in zip(extent, (axis[0], axis[-1]), self.bounds[name], strict=True):
            text = tables.number(end, 0.1 * (scale[1] - scale[0]))
            texts.append(text if end != last else f"bound {text}" if np.isclose(last, bound) else f"grid {text}")
        left, right = ("(" if extent[0] == axis[0] else "["), (")" if extent[1] == axis[-1] else "]")
        return f"{left}{texts[0]}, {texts[1]}{right}" if np.isfinite(extent[0]) else "nowhere"

    def _scales(self) -> list[float]:
        return [high - low for low, high in self.intervals_1 if np.isfinite(high - low)]
