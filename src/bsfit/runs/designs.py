"""Where a log-likelihood is evaluated: points that follow from their number alone, so any part can be made anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.results.size import check_size


class Design(Protocol):
    """Points, numbered from 0."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that vary."""
        ...

    @property
    def size(self) -> int:
        """Number of points."""
        ...

    def points(self, first: int, stop: int) -> dict[str, np.ndarray]:
        """Values [stop - first] of each parameter."""
        ...

    def settings(self) -> dict[str, Any]:
        """Plain data that determine every point."""
        ...


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of each axis, the last axis fastest."""

    axes: dict[str, np.ndarray]
    given: tuple[tuple[str, float, float, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters of the axes."""
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis."""
        return tuple(map(len, self.axes.values()))

    @property
    def size(self) -> int:
        """Number of points."""
        return int(np.prod(self.shape, dtype=np.int64))

    def points(self, first: int, stop: int) -> dict[str, np.ndarray]:
        """Values [stop - first] of each parameter."""
        where = np.unravel_index(np.arange(first, stop), self.shape)
        return {name: axis[i] for (name, axis), i in zip(self.axes.items(), where, strict=True)}

    def settings(self) -> dict[str, Any]:
        """Plain data that determine every point."""
        return {"grid": {key: line for key, *line in self.given}, "order": tuple(key for key, *_ in self.given)}


@dataclass(frozen=True)
class Listed:
    """Points one by one."""

    columns: dict[str, np.ndarray]
    named: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that have a column."""
        return tuple(self.columns)

    @property
    def size(self) -> int:
        """Number of points."""
        return len(next(iter(self.columns.values())))

    def points(self, first: int, stop: int) -> dict[str, np.ndarray]:
        """Values [stop - first] of each parameter."""
        return {name: values[first:stop] for name, values in self.columns.items()}

    def settings(self) -> dict[str, Any]:
        """Plain data that determine every point."""
        return self.named


# ------------------------------------------------------------------------------------------------------------- grids


def grid_of(grid: Mapping[str, Any], what: str, limited: bool = True) -> Grid:
    """Grid of {name: (low, high, points)}, `log:name` for logarithmic spacing.

    limited: by the size of a result. Raises BsfitInputError, in the name of `what`, for a bad grid.
    """
    if not isinstance(grid, Mapping) or not grid:
        raise BsfitInputError("no grid", field=what, expected='{"name": (low, high, points), ...}')
    lines = {str(key): _line(str(key), line, f"{what} {key!r}") for key, line in grid.items()}
    if len({key.removeprefix("log:") for key in lines}) != len(grid):
        raise BsfitInputError("a parameter is given twice, with and without `log:`", field=what)
    if limited:
        check_size((points for *_, points in lines.values()), what)
    axes = {key.removeprefix("log:"): _spaced(key, *line) for key, line in lines.items()}
    return Grid(axes, tuple((key, *line) for key, line in lines.items()))


def grid_axes(grid: Mapping[str, Any], what: str) -> dict[str, np.ndarray]:
    """Values of each parameter of a grid. Raises BsfitInputError as `grid_of`."""
    return grid_of(grid, what).axes


def _line(key: str, line: Any, where: str) -> tuple[float, float, int]:
    try:
        low, high, points = line
        if not (isinstance(low, Real) and isinstance(high, Real) and int(points) == points):
            raise TypeError
    except (TypeError, ValueError, OverflowError):
        raise BsfitInputError(f"got {line!r}", field=where, expected="(low, high, number of points)") from None
    low, high = float(low), float(high)
    if not (np.isfinite([low, high]).all() and low < high and points >= 2):
        raise BsfitInputError(f"got {line!r}", field=where, expected="finite low < high and at least two points")
    if key.startswith("log:") and low <= 0:
        raise BsfitInputError(f"got {line!r} under `log:`", field=where, expected="0 < low < high")
    return low, high, int(points)


def _spaced(key: str, low: float, high: float, points: int) -> np.ndarray:
    return (np.geomspace if key.startswith("log:") else np.linspace)(low, high, points)
