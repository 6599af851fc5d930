"""What the methods of bsfit return: frozen records of plain numbers.

Intervals are in Delta(-2 log L) with the other parameters re-minimised; an end at infinity means that the bound of the
parameter was reached first. NaN means undetermined.
"""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from bsfit.results import archive, tables

Interval = tuple[float, float]
Params = dict[str, float]
R = TypeVar("R", bound="_Record")
LARGEST = 5
"""So many pulls are printed."""


class _Record:
    """Copies its fields into plain read-only data, compares by value, saves and loads."""

    suffix: ClassVar[str] = ".json"

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, entry.name, archive.plain(getattr(self, entry.name), entry.name))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(archive.same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to `path`: `.json`, or `.npz` for arrays; the kind's own suffix is added if none is there."""
        return archive.save(self, path, self.suffix)

    @classmethod
    def load(cls: type[R], path: str | os.PathLike[str]) -> R:
        """Read back what `save` wrote. Raises ResultFileError for an altered file or another kind of result."""
        record = archive.load(path)
        if not isinstance(record, cls):
            raise archive.ResultFileError(f"{path}: holds a {type(record).__name__}, not a {cls.__name__}")
        return record


@dataclass(frozen=True, eq=False)
class FitResult(_Record):
    """Best fit with its errors.

    errors: (minus, plus), both positive, from the 1 sigma profile crossings (from the Hessian without profile);
    inf where the bound comes first, NaN for a parameter the data do not determine.
    combinations: the products of powers that are determined when single parameters are not:
    name, exponents, value, minus, plus.
    covariance: of the parameters in their own units, 2 (Hessian of -2 log L)^-1; NaN rows for undetermined parameters
    and for those at a bound.
    status: `converged`, `at bound`, `degenerate` or `not converged`.
    gradient_norm: distance to the exact minimum in sigma that the last gradient predicts.
    pulls: (observable, measured minus predicted value over its error), the largest first. delta_chi2_by_group: twice
    the log-likelihood of each group above that of the reference. nuisances: parameters that carry a constraint of the
    likelihood; they are not printed.
    """

    names: tuple[str, ...]
    values: Params
    errors: dict[str, Interval]
    hessian_errors: Params
    intervals_1: dict[str, Interval]
    intervals_2: dict[str, Interval]
    covariance: np.ndarray
    bounds: dict[str, Interval]
    status: str
    log_likelihood: float
    chi2: float | None = None
    ndf: int | None = None
    p_value: float | None = None
    pull: float | None = None
    pull_dof: int | None = None
    pull_delta_chi2: float | None = None
    by_group: Params = field(default_factory=dict)
    delta_chi2_by_group: Params = field(default_factory=dict)
    pulls: tuple[tuple[str, float], ...] = ()
    nuisances: tuple[str, ...] = ()
    at_bound: dict[str, str] = field(default_factory=dict)
    undetermined: tuple[str, ...] = ()
    combinations: tuple[dict[str, Any], ...] = ()
    minima: tuple[dict[str, Any], ...] = ()
    starts: int = 0
    reached: int = 0
    gradient_norm: float = float("nan")
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def converged(self) -> bool:
        """Whether the point is a minimum; `at bound` and `degenerate` fits are."""
        return self.status != "not converged"

    @property
    def correlation(self) -> np.ndarray:
        """Correlation matrix [n, n]; NaN where the covariance is."""
        sigma = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(sigma, sigma)

    def __str__(self) -> str:
        rows = [self._row(name) for name in self.names if name not in self.nuisances]
        rows += [
            [
                c["name"],
                tables.number(c["value"], c["minus"], c["plus"]),
                tables.asymmetric(c["minus"], c["plus"]),
                "",
                "",
            ]
            for c in self.combinations
        ]
        lines = [
            f"Fit {_title(self.meta)}: {self.status}",
            tables.aligned(["parameter", "best fit", "- / + error", "1 sigma", "2 sigma"], rows),
            tables.goodness(self.chi2, self.ndf, self.p_value) + f"; log L = {tables.fixed(self.log_likelihood)}",
        ]
        if self.pull is not None:
            lines.append(_pull_line(self))
        if len(self.delta_chi2_by_group) > 1:
            shares = sorted(self.delta_chi2_by_group.items(), key=lambda item: -abs(item[1]))
            lines.append("better by chi2: " + ", ".join(f"{group} {delta:.1f}" for group, delta in shares))
        if self.pulls:
            listed = ", ".join(f"{name} {size:+.1f}" for name, size in self.pulls[:LARGEST])
            lines.append(f"largest pulls: {listed}")
        floating = f"; {len(self.nuisances)} nuisances float" if self.nuisances else ""
        share = f"{self.reached} of {self.starts} starts ended at this minimum"
        lines.append(f"{share}, {self.gradient_norm:.0e} sigma from it by the gradient{floating}")
        for other in self.minima[1:]:
            point = ", ".join(f"{name} = {value:.4g}" for name, value in other["values"].items())
            lines.append(f"further minimum at Delta(-2 log L) = {other['delta_chi2']:.3g}: {point}")
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    def _row(self, name: str) -> list[str]:
        minus, plus = self.errors[name]
        value = tables.number(self.values[name], minus, plus)
        if name in self.undetermined:
            low, high = self.bounds[name]
            return [name, "-", "undetermined", f"anywhere in [{low:g}, {high:g}]", ""]
        one, two = (
            tables.interval(ends.get(name), self.bounds[name], minus, plus)
            for ends in (self.intervals_1, self.intervals_2)
        )
        edge = f" ({self.at_bound[name]} bound)" if name in self.at_bound else ""
        return [name, value + edge, tables.asymmetric(minus, plus), one, two]


@dataclass(frozen=True, eq=False)
class ScenarioTable(_Record):
    """One-parameter fits as papers print them, one row (dict) per scenario.

    A row has name, best, errors, interval_1, interval_2, log_likelihood, chi2, ndf, p_value, pull, delta_chi2, status,
    direction (values of the common parameters at scenario parameter one), minima. `pairs` are two-parameter fits, a
    row has names, best, errors, correlation, chi2, ndf, p_value, pull, delta_chi2, status, gradient_norm.
    """

    rows: tuple[dict[str, Any], ...]
    parameters: tuple[str, ...]
    reference_chi2: float | None = None
    n_data: int | None = None
    reference_log_likelihood: float | None = None
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    reference_p_value: float | None = None
    pairs: tuple[dict[str, Any], ...] = ()

    @property
    def converged(self) -> bool:
        """Whether every scenario has a minimum."""
        return all(row["status"] != "not converged" for row in (*self.rows, *self.pairs))

    def __getitem__(self, name: str) -> dict[str, Any]:
        for row in self.rows:
            if row["name"] == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        header = ["scenario", "best fit", "1 sigma", "2 sigma", "pull", "chi2/ndf", "p-value"]
        header += ["status"] if any(row["status"] != "converged" for row in self.rows) else []
        lines = [f"One-parameter fits {_title(self.meta)}"]
        lines.append(tables.aligned(header, [self._row(row)[: len(header)] for row in self.rows]))
        if self.pairs:
            header = ["pair", "best fit", "errors", "correlation", "pull", "chi2/ndf", "p-value", "status"]
            lines += ["Two-parameter fits", tables.aligned(header, [self._pair(row) for row in self.pairs])]
        if self.reference_chi2 is not None:
            compatible = "" if self.reference_p_value is None else f", p-value {self.reference_p_value:.2g}"
            lines.append(f"Standard Model: chi2 = {self.reference_chi2:.2f} for {self.n_data} measurements{compatible}")
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    @staticmethod
    def _row(row: dict[str, Any]) -> list[str]:
        minus, plus = row["errors"]
        return [
            row["name"],
            tables.number(row["best"], minus, plus),
            tables.interval(row["interval_1"], row["bounds"], minus, plus),
            tables.interval(row["interval_2"], row["bounds"], minus, plus),
            "-" if row["pull"] is None else f"{row['pull']:.1f}",
            "-" if row["chi2"] is None else f"{row['chi2']:.2f}/{row['ndf']}",
            "-" if row["p_value"] is None else f"{row['p_value']:.2g}",
            row["status"],
        ]

    @staticmethod
    def _pair(row: dict[str, Any]) -> list[str]:
        values = zip(row["best"], row["errors"], strict=True)
        return [
            ", ".join(row["names"]),
            ", ".join(tables.number(best, error) for best, error in values),
            ", ".join(tables.number(error, error) for error in row["errors"]),
            f"{row['correlation']:.2f}",
            f"{row['pull']:.1f}",
            f"{row['chi2']:.2f}/{row['ndf']}",
            f"{row['p_value']:.2g}",
            row["status"],
        ]


@dataclass(frozen=True, eq=False)
class Profile(_Record):
    """Profile likelihood over one or two parameters.

    axes: grid of each name; delta_chi2: rise of -2 log L above the best fit, shape of the grid; others: name -> values
    of the re-minimised parameters on the grid. One name: intervals_1 and intervals_2 are lists of disjoint intervals.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    delta_chi2: np.ndarray
    best: Params
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

    def __str__(self) -> str:
        lines = [f"Profile of {' and '.join(self.names)} {_title(self.meta)}: {self.status}"]
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


@dataclass(frozen=True, eq=False)
class Scan(_Record):
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
    reference: Params | None = None
    status: str = "converged"
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def values(self, group: str | None = None) -> np.ndarray:
        """Log-likelihood [*grid] of one group, or of everything."""
        if group is None:
            return self.log_likelihood
        if group not in self.groups:
            raise KeyError(f"no group {group!r} in this scan; it has {', '.join(self.groups)}")
        return self.by_group[self.groups.index(group)]

    def peak(self, group: str | None = None) -> tuple[Params, float]:
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
        lines = [f"Scan {_title(self.meta)}: {size}, {kind}", table]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])


@dataclass(frozen=True, eq=False)
class Map(_Record):
    """Numbers on a grid: `values`, name -> [*grid]; a point without a number is NaN."""

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    log: tuple[bool, ...]
    values: dict[str, np.ndarray]
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def __str__(self) -> str:
        size = " x ".join(f"{name} ({len(axis)} points)" for name, axis in zip(self.names, self.axes, strict=True))
        rows = [[name, *(f"{f(x):.4g}" for f in (np.nanmin, np.nanmedian, np.nanmax))] for name, x in self._finite()]
        return "\n".join([f"Map: {size}", tables.aligned(["value", "smallest", "median", "largest"], rows)])

    def _finite(self) -> list[tuple[str, np.ndarray]]:
        return [(name, x) for name, x in self.values.items() if np.isfinite(x).any()]


@dataclass(frozen=True, eq=False)
class Posterior(_Record):
    """Posterior draws with their verdict.

    samples: name -> [chain, draw]; summary: name -> mean, sd, quantiles, r_hat, ess_bulk, ess_tail.
    """

    names: tuple[str, ...]
    samples: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    sample_stats: dict[str, np.ndarray]
    summary: dict[str, Params]
    priors: dict[str, str]
    verdict: str
    reasons: tuple[str, ...]
    diagnostics: Params
    modes: tuple[dict[str, Any], ...] = ()
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    @property
    def converged(self) -> bool:
        """Whether the verdict is good."""
        return self.verdict == "passed"

    def draws(self, name: str) -> np.ndarray:
        """All draws of one parameter, chains joined: [chain * draw]."""
        return self.samples[name].reshape(-1)

    def verdict_line(self) -> str:
        """The verdict with the worst diagnostics and their limits."""
        worst = self.diagnostics
        return (
            f"convergence {self.verdict}: max R-hat {worst['r_hat']:.4f} (< 1.01), min ESS {worst['ess']:.0f} (> 400), "
            f"{worst['divergences']:.0f} divergences (0), min E-BFMI {worst['e_bfmi']:.2f} (> 0.3)"
        )

    def to_arviz(self) -> Any:
        """ArviZ DataTree with groups posterior and sample_stats (needs the extra `io`: arviz-base)."""
        try:
            from arviz_base import from_dict  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError("to_arviz needs arviz-base: pip install 'bsfit[io]'") from None
        stats = {**self.sample_stats, "log_likelihood_total": self.log_likelihood}
        return from_dict({"posterior": dict(self.samples), "sample_stats": stats})

    def __str__(self) -> str:
        header = ["parameter", "mean", "sd", "68 % interval", "95 % interval", "R-hat", "ESS bulk", "ESS tail"]
        rows = []
        for name, s in self.summary.items():
            one, two = (tables.interval((s[a], s[b]), None, s["sd"]) for a, b in (("q16", "q84"), ("q2.5", "q97.5")))
            cells = [name, tables.number(s["mean"], s["sd"]), tables.number(s["sd"], s["sd"]), one, two]
            rows.append([*cells, f"{s['r_hat']:.4f}", f"{s['ess_bulk']:.0f}", f"{s['ess_tail']:.0f}"])
        chains, draws = self.log_likelihood.shape
        lines = [
            f"Posterior {_title(self.meta)}: {chains} chains of {draws} draws",
            tables.aligned(header, rows),
            *(f"prior: {text}" for text in self.priors.values()),
            self.verdict_line(),
            *(f"not to be trusted: {reason}" for reason in self.reasons),
        ]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])


KINDS = {kind.__name__: kind for kind in (FitResult, ScenarioTable, Profile, Scan, Map, Posterior)}


def _title(meta: dict[str, Any]) -> str:
    about = meta.get("likelihood", {})
    parts = [f"of {about['model']}" if "model" in about else "", f"to {about['data']}" if "data" in about else ""]
    return " ".join(part for part in parts if part) or "of a log-likelihood"


def _pull_line(result: FitResult) -> str:
    s = "" if result.pull_dof == 1 else "s"
    how = f"Delta chi2 = {result.pull_delta_chi2:.2f} for {result.pull_dof} degree{s} of freedom"
    if result.meta.get("settings", {}).get("pull_by_rank"):
        how += ", the rank of the observables' Jacobian at the best fit"
    return f"pull to the Standard Model {result.pull:.2f} sigma ({how})"


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
