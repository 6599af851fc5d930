"""Log-likelihoods at many points: the points themselves, or what is known of bins of them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import OfGroups, OfPoints, Values


@dataclass(frozen=True, eq=False)
class Points(OfGroups):
    """Points that were kept: `columns` {name: [n]}, `log_likelihood` [n], `by_group` [group, n].

    `log_weights` [n]: of each point in a posterior, the log-likelihood without what the density of the points already
    counts. keep: which points, of `tried` ones. best: the highest one.
    """

    names: tuple[str, ...]
    columns: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    log_weights: np.ndarray
    tried: int
    keep: str = "all"
    groups: tuple[str, ...] = ()
    by_group: np.ndarray = field(default_factory=lambda: np.zeros((0,)))
    reference: Values | None = None
    best: Values | None = None
    best_log_likelihood: float | None = None
    status: str = "converged"
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shape = self.log_likelihood.shape
        shapes.need(len(shape) == 1, "log_likelihood is no column")
        shapes.need(tuple(self.columns) == self.names, "the columns are not those of the names")
        shapes.check_points(self.names, self.columns)
        shapes.check_arrays((self.log_likelihood, self.log_weights, *self.columns.values()), shape, "columns")
        shapes.check_arrays(
            (self.by_group,), (len(self.groups), *shape) if self.groups else self.by_group.shape, "group"
        )
        for point in (self.best, self.reference):
            if point is not None:
                shapes.check_entries(self.names, point)

    def delta_chi2(self) -> np.ndarray:
        """-2 log L above its lowest value, [n]."""
        return 2.0 * (np.max(self.log_likelihood, initial=-np.inf, where=self._known()) - self.log_likelihood)

    def weights(self) -> np.ndarray:
        """Weights [n] of a posterior, of sum 1; points without a value have none."""
        logs = np.where(np.isfinite(self.log_weights), self.log_weights, -np.inf)
        sizes = np.exp(logs - np.max(logs)) if np.isfinite(logs).any() else np.zeros_like(logs)
        return sizes / max(float(np.sum(sizes)), 1.0)

    @property
    def effective(self) -> float:
        """Number of points of equal weight that tell as much."""
        weights = self.weights()
        return float(np.sum(weights) ** 2 / max(float(np.sum(weights**2)), np.finfo(float).tiny))

    def _known(self) -> np.ndarray:
        return np.isfinite(self.log_likelihood)

    def __str__(self) -> str:
        count = f"{len(self.log_likelihood)} of {self.tried} points (keep {self.keep})"
        lines = [f"Points {tables.title(self.meta)}: {count}"]
        if self.best is not None and self.best_log_likelihood is not None:
            close = self._known() & (self.delta_chi2() < 1.0)
            rows = [self._row(name, close) for name in self.names]
            lines.append(tables.aligned(["name", "best", "lowest, highest with Delta chi2 < 1"], rows))
            height = tables.fixed(self.best_log_likelihood)
            lines.append(f"max log L {height}; as a posterior, worth {self.effective:.4g} points")
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    def _row(self, name: str, close: np.ndarray) -> list[str]:
        values = self.columns[name][close]
        ends = f"{values.min():.4g}, {values.max():.4g}" if len(values) else "-"
        return [name, f"{(self.best or {})[name]:.4g}", ends]


@dataclass(frozen=True, eq=False)
class Binned(OfPoints):
    """What is known of bins of `tried` points; edges: [bins + 1] of each parameter.

    With keep "best", `profiles` {name: [bin]} is the highest log-likelihood in each bin along a parameter, minus
    infinity where there is none, and `points` {name: [bin, parameter]} is where. With keep "histogram", `weights`
    {name: [bin]} and `pairs` {"name, name": [bin, bin]} are shares of the posterior, `effective` is the number of
    points of equal weight, and `log_mean` the logarithm of the mean weight: of the evidence, where the points are drawn
    from the prior.
    """

    names: tuple[str, ...]
    edges: tuple[np.ndarray, ...]
    log: tuple[bool, ...]
    tried: int
    keep: str
    profiles: dict[str, np.ndarray] = field(default_factory=dict)
    points: dict[str, np.ndarray] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    pairs: dict[str, np.ndarray] = field(default_factory=dict)
    effective: float | None = None
    log_mean: float | None = None
    reference: Values | None = None
    best: Values | None = None
    best_log_likelihood: float | None = None
    status: str = "converged"
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shapes.check_grid(self.names, self.edges, self.log)
        counts = {name: len(ends) - 1 for name, ends in zip(self.names, self.edges, strict=True)}
        for arrays in (self.profiles, self.weights, self.points):
            shapes.need(set(arrays) in (set(), set(self.names)), "bins of other names")
        for name, count in counts.items():
            rows = (table[name] for table in (self.profiles, self.weights) if table)
            shapes.check_arrays(rows, (count,), name)
            shapes.check_arrays((self.points[name],) if self.points else (), (count, len(self.names)), name)
        for pair, array in self.pairs.items():
            a, _, b = pair.partition(", ")
            shapes.need(a in counts and b in counts, f"no parameters {pair!r}")
            shapes.check_arrays((array,), (counts[a], counts[b]), pair)
        for point in (self.best, self.reference):
            if point is not None:
                shapes.check_entries(self.names, point)

    def centres(self, name: str) -> np.ndarray:
        """Middle [bin] of each bin along a parameter, in its logarithm where the bins are even there."""
        index = self.names.index(name)
        low, high = self.edges[index][:-1], self.edges[index][1:]
        return np.sqrt(low * high) if self.log[index] else 0.5 * (low + high)

    def interval(self, name: str, share: float = 0.683) -> tuple[float, float]:
        """Ends of a parameter: profile at Delta chi2 < 1, or the central `share` of the weights."""
        edges = self.edges[self.names.index(name)]
        if self.profiles:
            near = np.flatnonzero(2.0 * (np.max(self.profiles[name]) - self.profiles[name]) < 1.0)
            return (float(edges[near[0]]), float(edges[near[-1] + 1])) if len(near) else (np.nan, np.nan)
        below = np.append(0.0, np.cumsum(self.weights[name]))
        low, high = np.interp([0.5 - share / 2, 0.5 + share / 2], below / max(below[-1], 1e-300), edges)
        return float(low), float(high)

    def __str__(self) -> str:
        lines = [f"Bins {tables.title(self.meta)}: {self.tried} points (keep {self.keep})"]
        if self.best is not None and self.best_log_likelihood is not None:
            what = "bins with Delta chi2 < 1" if self.profiles else "68.3 % of the weight"
            ends = {name: self.interval(name) for name in self.names}
            rows = [[name, f"{self.best[name]:.4g}", f"{a:.4g}, {b:.4g}"] for name, (a, b) in ends.items()]
            lines.append(tables.aligned(["name", "best", what], rows))
            lines.append(f"max log L {tables.fixed(self.best_log_likelihood)}")
        if self.effective is not None and self.log_mean is not None:
            lines.append(
                f"worth {self.effective:.4g} points of equal weight; log of the mean weight {self.log_mean:.4f}"
            )
        return "\n".join(lines + [f"note: {message}" for message in self.messages])
