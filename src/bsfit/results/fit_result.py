"""What a fit returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Interval, Record, Values

# Minima that a fit prints.
SHOWN = 9


@dataclass(frozen=True, eq=False)
class FitResult(Record):
    """Best fit with its errors.

    errors: (minus, plus), both positive, from the 1 sigma profile crossings (from the Hessian without profile);
    inf where the bound comes first, NaN for a parameter the data do not determine.
    combinations: the products of powers, or sums, that are determined when single parameters are not: name, exponents,
    value, minus, plus, bounds, interval_1, interval_2 (without profile no intervals).
    covariance: of the parameters in their own units, 2 (Hessian of -2 log L)^-1; NaN rows for undetermined parameters
    and for those at a bound.
    status: `converged`, `at bound`, `degenerate` or `not converged`.
    chi2 is of everything, p_value of the data alone: own terms of a user are in the first.
    pull: in sigma; None where the reference fits better (`pull_delta_chi2` is negative), or there is none.
    gradient_norm: distance to the exact minimum in sigma that the last gradient predicts.
    pulls: (observable, measured minus predicted value over its error), the largest first. delta_chi2_by_group: twice
    the log-likelihood of each group above that of the reference. nuisances: parameters that carry a constraint of the
    likelihood; they are not printed.
    """

    names: tuple[str, ...]
    values: Values
    errors: dict[str, Interval]
    hessian_errors: Values
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
    by_group: Values = field(default_factory=dict)
    delta_chi2_by_group: Values = field(default_factory=dict)
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

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shapes.check_entries(self.names, self.values, self.errors, self.hessian_errors, self.bounds)
        shapes.check_arrays((self.covariance,), (len(self.names),) * 2, "covariance")

    def cells(self) -> tables.Cells:
        """Header and rows of the table of parameters, and of the combinations that are determined."""
        rows = [self._row(name) for name in self.names if name not in self.nuisances]
        rows += [self._combined(combination) for combination in self.combinations]
        return ["parameter", "best fit", "- / + error", "1 sigma", "2 sigma"], rows

    def __str__(self) -> str:
        shown = [name for name in self.names if name not in self.nuisances]
        at = [self.names.index(name) for name in shown]
        lines = [
            f"Fit {tables.title(self.meta)}: {self.status}",
            tables.aligned(*self.cells()),
            *tables.correlations(shown, self.correlation[np.ix_(at, at)]),
            tables.goodness(self.chi2, self.ndf, self.p_value) + f"; log L = {tables.fixed(self.log_likelihood)}",
        ]
        if self.pull_delta_chi2 is not None:
            lines.append(_pull_line(self))
        if len(self.delta_chi2_by_group) > 1:
            shares = sorted(self.delta_chi2_by_group.items(), key=lambda item: -abs(item[1]))
            lines.append("better by chi2: " + ", ".join(f"{group} {delta:.1f}" for group, delta in shares))
        if self.pulls:
            listed = ", ".join(f"{name} {size:+.1f}" for name, size in self.pulls[: tables.LISTED])
            lines.append(f"largest pulls: {listed}")
        floating = f"; {len(self.nuisances)} nuisances float" if self.nuisances else ""
        share = f"{self.reached} of {self.starts} starts ended at this minimum"
        lines.append(f"{share}, {self.gradient_norm:.0e} sigma from it by the gradient{floating}")
        for other in self.minima[1:SHOWN]:
            point = ", ".join(f"{name} = {value:.4g}" for name, value in other["values"].items())
            lines.append(f"further minimum at Delta(-2 log L) = {other['delta_chi2']:.3g}: {point}")
        if len(self.minima) > SHOWN:
            lines.append(f"and {len(self.minima) - SHOWN} more, in `minima`")
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

    @staticmethod
    def _combined(combination: dict[str, Any]) -> list[str]:
        value, minus, plus = (combination[key] for key in ("value", "minus", "plus"))
        ends = [
            tables.interval(combination.get(f"interval_{sigma}"), combination.get("bounds"), minus, plus)
            for sigma in (1, 2)
        ]
        return [combination["name"], tables.number(value, minus, plus), tables.asymmetric(minus, plus), *ends]


def _pull_line(result: FitResult) -> str:
    if result.pull is None:
        return f"no pull: the Standard Model fits better, by Delta chi2 = {-(result.pull_delta_chi2 or 0.0):.2f}"
    s = "" if result.pull_dof == 1 else "s"
    how = f"Delta chi2 = {result.pull_delta_chi2:.2f} for {result.pull_dof} degree{s} of freedom"
    if result.meta.get("settings", {}).get("pull_by_rank"):
        how += ", the rank of the observables' Jacobian at the best fit"
    return f"pull to the Standard Model {result.pull:.2f} sigma ({how})"
