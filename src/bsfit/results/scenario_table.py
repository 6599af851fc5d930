"""One-parameter fits, and fits of pairs, as papers print them."""

from dataclasses import dataclass, field
from typing import Any

from bsfit.results import tables
from bsfit.results.record import Record


@dataclass(frozen=True, eq=False)
class ScenarioTable(Record):
    """One-parameter fits as papers print them, one row (dict) per scenario.

    A row has name, best, errors, interval_1, interval_2, log_likelihood, chi2, ndf, p_value, pull, delta_chi2, status,
    direction (values of the common parameters at scenario parameter one), minima. `pairs` are two-parameter fits, a
    row has names, best, errors, correlation, chi2, ndf, p_value, pull, delta_chi2, status, gradient_norm.
    A pull is None where the Standard Model fits better.
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

    def cells(self) -> tables.Cells:
        """Header and rows of the table of scenarios."""
        header = ["scenario", "best fit", "1 sigma", "2 sigma", "pull", "chi2/ndf", "p-value"]
        header += ["status"] if any(row["status"] != "converged" for row in self.rows) else []
        return header, [self._row(row)[: len(header)] for row in self.rows]

    def __str__(self) -> str:
        lines = [f"One-parameter fits {tables.title(self.meta)}", tables.aligned(*self.cells())]
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
            tables.correlation(row["correlation"]),
            "-" if row["pull"] is None else f"{row['pull']:.1f}",
            f"{row['chi2']:.2f}/{row['ndf']}",
            f"{row['p_value']:.2g}",
            row["status"],
        ]
