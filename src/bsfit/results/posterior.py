"""Posterior draws with what is to be thought of them."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record, Values


def without_slashes(table: dict[str, Any]) -> dict[str, Any]:
    """The same under names that a tree of data takes: a bar for each slash."""
    return {name.replace("/", "|"): values for name, values in table.items()}


@dataclass(frozen=True, eq=False)
class Posterior(Record):
    """Posterior draws with their verdict.

    samples: name -> [chain, draw]; summary: name -> mean, sd, quantiles, r_hat, ess_bulk, ess_tail.
    """

    names: tuple[str, ...]
    samples: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    sample_stats: dict[str, np.ndarray]
    summary: dict[str, Values]
    priors: dict[str, str]
    verdict: str
    reasons: tuple[str, ...]
    diagnostics: Values
    modes: tuple[dict[str, Any], ...] = ()
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shapes.need(0 < len(set(self.names)) == len(self.names), "names are missing, or stand twice")
        shapes.check_points(self.names, self.samples)
        shapes.need(self.log_likelihood.ndim == 2 and self.log_likelihood.size > 0, "there are no draws")
        shapes.check_arrays((*self.samples.values(), self.log_likelihood), self.log_likelihood.shape, "draws")

    @property
    def converged(self) -> bool:
        """Whether the verdict is good."""
        return self.verdict == "passed"

    @property
    def nuisances(self) -> tuple[str, ...]:
        """Uncertain inputs that float beside the parameters of the model, where the posterior says which these are."""
        own = self.meta.get("likelihood", {}).get("free") or self.names
        return tuple(name for name in self.names if name not in own)

    def draws(self, name: str) -> np.ndarray:
        """All draws of one parameter, chains joined: [chain * draw]."""
        return self.samples[name].reshape(-1)

    @property
    def correlation(self) -> np.ndarray:
        """Correlation matrix [n, n] of the draws; NaN for a parameter that never moves."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.atleast_2d(np.corrcoef([self.draws(name) for name in self.names]))

    def verdict_line(self) -> str:
        """The verdict with the worst diagnostics and their limits."""
        worst = self.diagnostics
        return (
            f"convergence {self.verdict}: max R-hat {worst['r_hat']:.4f} (< 1.01), min ESS {worst['ess']:.0f} (> 400), "
            f"{worst['divergences']:.0f} divergences (0), min E-BFMI {worst['e_bfmi']:.2f} (> 0.3)"
        )

    def to_csv(self) -> str:
        """Comma-separated draws with a header line: chain, draw, parameters, log_likelihood; numbers in full."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["chain", "draw", *self.names, "log_likelihood"])
        columns = [self.samples[name].tolist() for name in self.names] + [self.log_likelihood.tolist()]
        chains, draws = self.log_likelihood.shape
        writer.writerows([i, j, *(column[i][j] for column in columns)] for i in range(chains) for j in range(draws))
        return text.getvalue()

    def to_arviz(self) -> Any:
        """ArviZ DataTree with groups posterior and sample_stats (needs the extra `io`: arviz-base).

        A slash in the name of a parameter becomes a bar: trees have none.
        """
        try:
            from arviz_base import from_dict  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError("to_arviz needs arviz-base: pip install 'bsfit[io]'") from None
        stats = {**self.sample_stats, "log_likelihood_total": self.log_likelihood}
        return from_dict({"posterior": without_slashes(self.samples), "sample_stats": stats})

    def cells(self) -> tables.Cells:
        """Header and rows of the summary, without nuisances."""
        header = ["parameter", "mean", "sd", "68 % interval", "95 % interval", "R-hat", "ESS bulk", "ESS tail"]
        rows: list[list[str]] = []
        for name, s in self.summary.items():
            if name in self.nuisances:
                continue
            one, two = (tables.interval((s[a], s[b]), None, s["sd"]) for a, b in (("q16", "q84"), ("q2.5", "q97.5")))
            cells = [name, tables.number(s["mean"], s["sd"]), tables.number(s["sd"], s["sd"]), one, two]
            rows.append([*cells, f"{s['r_hat']:.4f}", f"{s['ess_bulk']:.0f}", f"{s['ess_tail']:.0f}"])
        return header, rows

    def __str__(self) -> str:
        chains, draws = self.log_likelihood.shape
        floating = f"; {len(self.nuisances)} nuisances float" if self.nuisances else ""
        own = [name for name in self.names if name not in self.nuisances]
        at = [self.names.index(name) for name in own]
        lines = [
            f"Posterior {tables.title(self.meta)}: {chains} chains of {draws} draws{floating}",
            tables.aligned(*self.cells()),
            *tables.correlations(own, self.correlation[np.ix_(at, at)]),
            *(f"prior: {text}" for name, text in self.priors.items() if name not in self.nuisances),
            self.verdict_line(),
            *(f"not to be trusted: {reason}" for reason in self.reasons),
        ]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])
