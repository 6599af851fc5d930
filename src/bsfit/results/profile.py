"""What a profile likelihood returns."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Interval, Record, Values


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

    def __str__(self) -> str:
        lines = [f"Profile of {' and '.join(self.names)} {tables.title(self.meta)}: {self.status}"]
        scales = self._scales()
        lines += [f"best fit {name} = {tables.number(self.best[name], *scales)}" for name in self.names]
        for sigma, intervals in ((1, self.intervals_1), (2, self.intervals_2)):
            if len(self.names) == 1:
                inside = [tables.interval(ends, self.bounds[self.names[0]], *scales) for ends in intervals]
                lines.append(f"{sigma} sigma: {' or '.join(inside) or 'none'}")
        if len(self.names) == 2:
            lines.append(
                "x".join(map(str, self.delta_chi2.shape)) + " points; contours are at 2.30 (68.3 %) and 6.18 (95.4 %)"
            )
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    def _scales(self) -> list[float]:
        return [high - low for low, high in self.intervals_1 if np.isfinite(high - low)]
