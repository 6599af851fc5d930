"""Scenarios, or models, side by side on the same data."""

from dataclasses import dataclass, field
from typing import Any

from bsfit.results import tables
from bsfit.results.record import Record

NO_EVIDENCE = "-"


@dataclass(frozen=True, eq=False)
class Comparison(Record):
    """A row (dict) for each candidate, in the order given; `reference` is the one that Bayes factors are relative to.

    A row has name, parameters (their number), chi2, log_likelihood, aic, bic, status; log_evidence, error, and the same
    as log_evidence_doubled, error_doubled with priors twice as wide, None where not computed; delta_chi2 to the
    reference and its p_value by Wilks' theorem, None where it has no reference; ratio, twice the logarithm of the
    likelihood ratio to the reference, and p_toys, its p-value by pseudo-experiments, None without these; priors
    {name: words}.
    AIC is -2 log L + 2 k, BIC -2 log L + k log n, with k parameters and n measured values.
    """

    rows: tuple[dict[str, Any], ...]
    reference: str
    n_data: int | None = None
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def converged(self) -> bool:
        """Whether every fit and every evidence is complete."""
        return all(row["status"] != "not converged" for row in self.rows)

    def __getitem__(self, name: str) -> dict[str, Any]:
        for row in self.rows:
            if row["name"] == name:
                return row
        raise KeyError(name)

    def log_bayes_factor(self, name: str, doubled: bool = False) -> tuple[float, float] | None:
        """Logarithm of the evidence of a candidate over that of the reference, and its error; None if unknown."""
        end = "_doubled" if doubled else ""
        rows = (self[name], self[self.reference])
        (a, da), (b, db) = ((row[f"log_evidence{end}"], row[f"error{end}"]) for row in rows)
        return None if a is None or b is None else (a - b, (da**2 + db**2) ** 0.5)

    def cells(self) -> tables.Cells:
        """Header and rows of the table; AIC and BIC above the lowest."""
        lowest = {key: min(row[key] for row in self.rows) for key in ("aic", "bic")}
        header = ["", "k", "chi2", "AIC", "BIC", "log B", "priors doubled", "p-value"]
        header += ["p by toys"] if self._toys else []
        return header, [self._row(row, lowest) for row in self.rows]

    def __str__(self) -> str:
        lines = [
            f"Comparison {tables.title(self.meta)}: {self.n_data or 'unknown'} measurements",
            tables.aligned(*self.cells()),
            f"AIC, BIC: above the lowest; log B: natural logarithm of the Bayes factor to {self.reference}; "
            "p-value of Delta chi2 by Wilks' theorem",
            *self._of_toys(),
            *dict.fromkeys(f"prior: {words}" for row in self.rows for words in row["priors"].values()),
        ]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])

    @property
    def _p_values(self) -> tuple[str, ...]:
        return ("p_value", "p_toys") if self._toys else ("p_value",)

    @property
    def _toys(self) -> int:
        return self.meta.get("settings", {}).get("toys", 0)

    def _of_toys(self) -> list[str]:
        words = f"p by toys: of the likelihood ratio to {self.reference}, of {self._toys} pseudo-experiments of that"
        return [words] if self._toys else []

    def _row(self, row: dict[str, Any], lowest: dict[str, float]) -> list[str]:
        name = row["name"]
        factors = (self.log_bayes_factor(name, doubled) for doubled in (False, True))
        return [
            name,
            str(row["parameters"]),
            NO_EVIDENCE if row["chi2"] is None else f"{row['chi2']:.2f}",
            *(f"{row[key] - low:.2f}" for key, low in lowest.items()),
            *(NO_EVIDENCE if factor is None else tables.with_error(*factor) for factor in factors),
            *("-" if row[key] is None else f"{row[key]:.2g}" for key in self._p_values),
        ]
