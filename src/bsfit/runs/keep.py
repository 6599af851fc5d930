"""What is kept of the points of a run: plain data of each chunk, and how these are joined in order.

Chunks are joined in the order of their numbers, so that the sums of a run that was interrupted are those of one that
was not, in every bit.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Protocol, runtime_checkable

import numpy as np

from bsfit.errors import BsfitInputError, one_of
from bsfit.runs.designs import Bins, Design, Grid
from bsfit.runs.store import Content

KEEP = ("all", "best", "histogram", "delta=X")
EVERY = 16
"""After so many chunks points are dropped that a better one has put too far away."""


@runtime_checkable
class Kept(Protocol):
    """What is kept."""

    def of_chunk(
        self, points: Mapping[str, np.ndarray], total: np.ndarray, by_group: np.ndarray, weight: np.ndarray
    ) -> Content:
        """Of a chunk: points {name: [n]}, totals [n], values [group, n], and log-weights [n] against their density."""
        ...

    def add(self, first: int, content: Content) -> None:
        """Take in a chunk whose first point has this number."""
        ...


def kept_of(keep: str, design: Design) -> Kept:
    """What the word for it asks for. Raises BsfitInputError for another word."""
    name, _, number = str(keep).partition("=")
    if name == "delta":
        try:
            width = float(number)
            if not width > 0.0:
                raise ValueError
        except ValueError:
            raise BsfitInputError(f"got {keep!r}", field="keep", expected="delta=X with X > 0") from None
        return Chosen(width)
    one_of(keep, KEEP, "keep", "choice of points to keep")
    if keep == "all":
        return Dense(design.shape) if isinstance(design, Grid) else Chosen(np.inf)
    return Best(design) if keep == "best" else Histogram(design)


class Dense:
    """Every value of a grid: `total` [*grid], `by_group` [group, *grid]."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.total, self.by_group = shape, np.empty(0), np.empty((0, *shape))

    def of_chunk(
        self, points: Mapping[str, np.ndarray], total: np.ndarray, by_group: np.ndarray, weight: np.ndarray
    ) -> Content:
        """Totals [n] and values by group [group, n]."""
        return {"log_likelihood": total, "by_group": by_group}

    def add(self, first: int, content: Content) -> None:
        """Take in a chunk."""
        total, by_group = content["log_likelihood"], content["by_group"]
        if not len(self.total):
            self.total, self.by_group = np.empty(self.shape), np.empty((len(by_group), *self.shape))
        here = slice(first, first + len(total))
        self.total.reshape(-1)[here] = total
        self.by_group.reshape(len(by_group), self.total.size)[:, here] = by_group

    def finished(self) -> tuple[np.ndarray, np.ndarray]:
        """`total` and `by_group`, which nothing is added to any more: a record needs no copies of them."""
        for array in (self.total, self.by_group):
            array.setflags(write=False)
        return self.total, self.by_group


class Chosen:
    """Points with less than `width` in Delta(-2 log L) to the best one; every point if it is infinite."""

    def __init__(self, width: float) -> None:
        self.width, self.parts, self.highest = width, [], -np.inf

    def of_chunk(
        self, points: Mapping[str, np.ndarray], total: np.ndarray, by_group: np.ndarray, weight: np.ndarray
    ) -> Content:
        """Columns of the points chosen by the best one of the chunk."""
        rows = self._rows(total, _highest(total))
        return {
            "points": {name: values[rows] for name, values in points.items()},
            "log_likelihood": total[rows],
            "by_group": by_group[:, rows],
            "log_weights": weight[rows],
        }

    def add(self, first: int, content: Content) -> None:
        """Take in a chunk."""
        self.highest = max(self.highest, _highest(content["log_likelihood"]))
        self.parts.append(content)
        if len(self.parts) % EVERY == 0 and np.isfinite(self.width):
            self.parts = [self.joined()]

    def joined(self) -> Content:
        """Columns of all chosen points, in order."""
        total = np.concatenate([part["log_likelihood"] for part in self.parts])
        rows = self._rows(total, self.highest)
        columns = [part["points"] for part in self.parts]
        return {
            "points": {name: np.concatenate([each[name] for each in columns])[rows] for name in columns[0]},
            "log_likelihood": total[rows],
            "by_group": np.concatenate([part["by_group"] for part in self.parts], axis=1)[:, rows],
            "log_weights": np.concatenate([part["log_weights"] for part in self.parts])[rows],
        }

    def _rows(self, total: np.ndarray, highest: float) -> np.ndarray:
        return np.full(len(total), True) if np.isinf(self.width) else 2.0 * (highest - total) < self.width


class Binned:
    """What is known of each bin; and the highest point of all."""

    def __init__(self, design: Design) -> None:
        self.names, self.bins = design.names, design.bins()
        self.highest, self.where = -np.inf, None

    def of_chunk(
        self, points: Mapping[str, np.ndarray], total: np.ndarray, by_group: np.ndarray, weight: np.ndarray
    ) -> Content:
        """The highest point, and what the kind keeps of each bin."""
        total = np.where(np.isfinite(total), total, -np.inf)
        row = int(np.argmax(total))
        columns = {name: points[name] for name in self.names}
        index = [bins.of(values) for bins, values in zip(self.bins, columns.values(), strict=True)]
        return {
            "highest": float(total[row]),
            "where": {name: float(values[row]) for name, values in columns.items()},
            **self.of_bins(index, columns, total, weight),
        }

    def add(self, first: int, content: Content) -> None:
        """Take in a chunk."""
        if content["highest"] > self.highest:
            self.highest, self.where = content["highest"], content["where"]
        self.add_bins(content)

    def of_bins(
        self, index: list[np.ndarray], columns: Mapping[str, np.ndarray], total: np.ndarray, weight: np.ndarray
    ) -> Content:
        """What is kept of the bins, of which `index` [n] is that of each point along each parameter."""
        raise NotImplementedError

    def add_bins(self, content: Content) -> None:
        """Take in the bins of a chunk."""
        raise NotImplementedError


class Best(Binned):
    """The highest point of each bin along each parameter: profiles."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.profiles = {name: np.full(bins.count, -np.inf) for name, bins in self._each()}
        self.points = {name: np.full((bins.count, len(self.names)), np.nan) for name, bins in self._each()}

    def _each(self) -> list[tuple[str, Bins]]:
        return list(zip(self.names, self.bins, strict=True))

    def of_bins(
        self, index: list[np.ndarray], columns: Mapping[str, np.ndarray], total: np.ndarray, weight: np.ndarray
    ) -> Content:
        """Highest totals [bin] and the points there [bin, parameter]."""
        # The last assignment to a bin stays: the highest point, the first of equals.
        order = np.argsort(-total, kind="stable")[::-1]
        values, content = np.stack(list(columns.values()), axis=1), {"profiles": {}, "points": {}}
        for (name, bins), where in zip(self._each(), index, strict=True):
            rows = np.full(bins.count, -1)
            rows[where[order]] = order
            met = (rows >= 0) & (total[rows] > -np.inf)
            content["profiles"][name] = np.where(met, total[rows], -np.inf)
            content["points"][name] = np.where(met[:, None], values[rows], np.nan)
        return content

    def add_bins(self, content: Content) -> None:
        """Take in the bins of a chunk."""
        for name, found in content["profiles"].items():
            higher = found > self.profiles[name]
            self.profiles[name] = np.where(higher, found, self.profiles[name])
            self.points[name] = np.where(higher[:, None], content["points"][name], self.points[name])


class Histogram(Binned):
    """Sums of weights in bins along each parameter and each pair, in units of the largest weight so far."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.top, self.one, self.two, self.sums = -np.inf, {}, {}, np.zeros(2)

    def of_bins(
        self, index: list[np.ndarray], columns: Mapping[str, np.ndarray], total: np.ndarray, weight: np.ndarray
    ) -> Content:
        """Sums in bins [bin] and in those of pairs [bin, bin], of the weights, and of their squares."""
        weight = np.where(np.isfinite(weight), weight, -np.inf)
        top = float(np.max(weight))
        size = np.exp(weight - top) if np.isfinite(top) else np.zeros_like(weight)
        one, two = {}, {}
        for name, bins, where in zip(self.names, self.bins, index, strict=True):
            one[name] = np.bincount(where, size, bins.count)
        for (i, a), (j, b) in combinations(enumerate(self.bins), 2):
            flat = np.bincount(index[i] * b.count + index[j], size, a.count * b.count)
            two[f"{self.names[i]}, {self.names[j]}"] = flat.reshape(a.count, b.count)
        return {"top": top, "one": one, "two": two, "sums": np.array([size.sum(), np.sum(size**2)])}

    def add_bins(self, content: Content) -> None:
        """Take in the bins of a chunk."""
        top = max(self.top, content["top"])
        # Nothing has a weight yet where the top is minus infinity.
        old, new = (np.exp(each - top) if np.isfinite(each) else 0.0 for each in (self.top, content["top"]))
        for mine, theirs in ((self.one, content["one"]), (self.two, content["two"])):
            for name, found in theirs.items():
                mine[name] = old * mine.get(name, 0.0) + new * found
        self.sums = np.array([old, old**2]) * self.sums + np.array([new, new**2]) * content["sums"]
        self.top = top


def _highest(total: np.ndarray) -> float:
    return float(np.max(np.where(np.isfinite(total), total, -np.inf), initial=-np.inf))
