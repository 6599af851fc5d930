"""Where a log-likelihood is evaluated: points that follow from their number alone, so any part can be made anew."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bsfit.errors import BsfitInputError, one_of
from bsfit.inference.space import Space
from bsfit.results.size import check_size
from bsfit.runs.sequences import SEQUENCES

BINS, MOST = 60, 100
"""Bins between two bounds; the most that the points of an axis make."""


@dataclass(frozen=True)
class Bins:
    """Bins of equal width along a parameter, or its logarithm; the last one may end before."""

    low: float
    width: float
    high: float
    log: bool

    @property
    def count(self) -> int:
        """Number of bins."""
        return max(int(np.ceil((self.high - self.low) / self.width - 1e-6)), 1)

    @property
    def edges(self) -> np.ndarray:
        """Edges [count + 1] in units of the parameter."""
        ends = np.append(self.low + self.width * np.arange(self.count), self.high)
        return np.exp(ends) if self.log else ends

    def of(self, values: np.ndarray) -> np.ndarray:
        """The bin of each value; what lies outside is in the first or last one."""
        coordinate = np.log(values) if self.log else values
        return np.clip((coordinate - self.low) / self.width, 0, self.count - 1).astype(np.intp)


def _along(axis: np.ndarray, is_log: bool) -> Bins:
    """Bins about the points of an axis, each about as many where there are more than `MOST`."""
    low, high = (np.log(axis[[0, -1]]) if is_log else axis[[0, -1]]).tolist()
    step, together = (high - low) / (len(axis) - 1), -(-len(axis) // MOST)
    return Bins(low - step / 2, step * together, high + step / 2, is_log)


def _between(low: float, high: float, is_log: bool) -> Bins:
    return Bins(low, (high - low) / BINS or 1.0, high, is_log)


@runtime_checkable
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

    def bins(self) -> tuple[Bins, ...]:
        """Bins along each parameter."""
        ...

    def counted(self, points: Mapping[str, np.ndarray]) -> np.ndarray | float:
        """The part of the log-density of the parameters that the points' own density accounts for, [n]."""
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
        found, each = {}, self.size
        for name, axis in self.axes.items():
            # An axis repeats each of its values as often as the later ones have points.
            each //= len(axis)
            rows = np.arange(first // each, -(-stop // each))
            ends = np.clip(np.append(rows, rows[-1] + 1) * each, first, stop)
            values = axis[rows % len(axis)]
            found[name] = values if each == 1 else np.repeat(values, np.diff(ends))
        return found

    def settings(self) -> dict[str, Any]:
        """Plain data that determine every point."""
        return {"grid": {key: line for key, *line in self.given}, "order": tuple(key for key, *_ in self.given)}

    def bins(self) -> tuple[Bins, ...]:
        """Bins about the values of each axis."""
        keys = (key for key, *_ in self.given)
        return tuple(_along(axis, key.startswith("log:")) for axis, key in zip(self.axes.values(), keys, strict=True))

    def counted(self, points: Mapping[str, np.ndarray]) -> float:
        """Nothing: grids are even."""
        return 0.0


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

    def bins(self) -> tuple[Bins, ...]:
        """Bins between the lowest and the highest value of each column."""
        return tuple(_between(float(values.min()), float(values.max()), False) for values in self.columns.values())

    def counted(self, points: Mapping[str, np.ndarray]) -> float:
        """Nothing is known of where these points come from."""
        return 0.0


class Drawn:
    """Points drawn from the bounds and distributions of free parameters, by the name of a sequence."""

    def __init__(self, kind: str, space: Space, names: tuple[str, ...], size: Any, seed: int) -> None:
        one_of(kind, tuple(SEQUENCES), "design", "design")
        self.kind, self.names, self.size, self.seed = kind, names, _count(kind, size), seed
        low, high = np.asarray(space.lower).tolist(), np.asarray(space.upper).tolist()
        rows = zip(space.names, space.log, low, high, space.priors, strict=True)
        self.rows = sorted((row for row in rows if row[0] in names), key=lambda row: names.index(row[0]))
        for name, *_, prior in self.rows:
            _check_drawn(name, prior)
        self.sequence = SEQUENCES[kind](len(names), self.size, seed)

    def points(self, first: int, stop: int) -> dict[str, np.ndarray]:
        """Values [stop - first] of each parameter."""
        columns = self.sequence(first, stop).T
        return {row[0]: _drawn(column, *row[1:]) for row, column in zip(self.rows, columns, strict=True)}

    def settings(self) -> dict[str, Any]:
        """Plain data that determine every point; those of the free parameters stand beside them."""
        return {"design": self.kind, "n": self.size, "seed": self.seed, "order": self.names}

    def bins(self) -> tuple[Bins, ...]:
        """Bins over the box of each parameter."""
        return tuple(_between(low, high, is_log) for _, is_log, low, high, _ in self.rows)

    def counted(self, points: Mapping[str, np.ndarray]) -> np.ndarray | float:
        """The log-density of the distributions, from which the points are drawn."""
        terms = [np.asarray(prior.log_prob(points[name])) for name, *_, prior in self.rows if prior is not None]
        return np.sum(terms, axis=0) if terms else 0.0


def listed(points: Any) -> Listed:
    """Points of {name: values}, a data frame too. Raises BsfitInputError for what are no finite numbers."""
    try:
        columns = {str(name): np.asarray(points[name]) for name in points.keys()}
    except (AttributeError, TypeError):
        raise BsfitInputError(f"got a {type(points).__name__}", field="points", expected="{name: values}") from None
    sizes = {name: np.shape(values) for name, values in columns.items()}
    if not columns or len(set(sizes.values())) != 1 or len(next(iter(sizes.values()))) != 1:
        raise BsfitInputError(f"columns of shapes {sizes}", field="points", expected="columns of one length")
    for name, values in columns.items():
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all() or not values.size:
            raise BsfitInputError(f"{name!r} holds what is no finite number", field="points")
    check_size(next(iter(sizes.values())), "points")
    columns = {name: values.astype(float) for name, values in columns.items()}
    digests = {name: hashlib.sha256(values.tobytes()).hexdigest() for name, values in columns.items()}
    return Listed(columns, {"columns": digests, "order": tuple(columns)})


def _count(kind: str, size: Any) -> int:
    most = {"sobol": 2**32 - 1}.get(kind, 2**50)
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or not 1 <= size <= most:
        raise BsfitInputError(f"got {size!r}", field="n", expected=f"a whole number, 1 to {most}")
    return int(size)


def _check_drawn(name: str, prior: Any) -> None:
    try:
        if prior is not None:
            prior.icdf(0.5)
    except (NotImplementedError, ImportError):
        what = f"{type(prior).__name__} has no quantile function here"
        raise BsfitInputError(what, field=f"design {name!r}", hint="give bounds, or points of your own") from None


def _drawn(unit: np.ndarray, is_log: bool, low: float, high: float, prior: Any) -> np.ndarray:
    """Values at quantiles [n]."""
    if prior is not None:
        return np.asarray(prior.icdf(unit))
    values = low + (high - low) * unit
    return np.exp(values) if is_log else values


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
