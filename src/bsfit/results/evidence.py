"""Evidence of a model, with the weighted draws that come with it."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record

QUANTILES = (0.158655, 0.841345)


@dataclass(frozen=True, eq=False)
class Evidence(Record):
    """Logarithm of the evidence, the mean of the likelihood over the prior, and its error.

    samples: name -> [k], draws of the posterior with the weights exp(log_weights), which sum to one.
    status: `converged`, or `not converged` where nested sampling was stopped.
    """

    names: tuple[str, ...]
    log_evidence: float
    error: float
    samples: dict[str, np.ndarray]
    log_weights: np.ndarray
    log_likelihood: np.ndarray
    priors: dict[str, str]
    status: str
    messages: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shapes.need(0 < len(set(self.names)) == len(self.names), "names are missing, or stand twice")
        shapes.check_points(self.names, self.samples)
        shapes.need(self.log_weights.ndim == 1 and self.log_weights.size > 0, "there are no draws")
        arrays = (*self.samples.values(), self.log_likelihood, self.log_weights)
        shapes.check_arrays(arrays, self.log_weights.shape, "draws")

    @property
    def converged(self) -> bool:
        """Whether the evidence is complete."""
        return self.status != "not converged"

    @property
    def weights(self) -> np.ndarray:
        """Weights [k] of the draws."""
        return np.exp(self.log_weights)

    @property
    def effective(self) -> float:
        """Draws of equal weight that they are worth."""
        return float(np.sum(self.weights) ** 2 / np.sum(self.weights**2))

    def cells(self) -> tables.Cells:
        """Header and rows of the summary."""
        rows = []
        for name in self.names:
            x = self.samples[name]
            order = np.argsort(x)
            mean = float(np.average(x, weights=self.weights))
            sd = float(np.sqrt(np.average((x - mean) ** 2, weights=self.weights)))
            shares = np.cumsum(self.weights[order])
            low, high = np.interp(QUANTILES, shares / shares[-1], x[order]).tolist()
            cells = [name, tables.number(mean, sd), tables.number(sd, sd), tables.interval((low, high), None, sd)]
            rows.append(cells)
        return ["parameter", "mean", "sd", "68 % interval"], rows

    def __str__(self) -> str:
        lines = [
            f"Evidence {tables.title(self.meta)}: log Z = {tables.with_error(self.log_evidence, self.error)}",
            tables.aligned(*self.cells()),
            *(f"prior: {text}" for text in self.priors.values()),
            f"{len(self.log_weights)} draws worth {self.effective:.0f} of equal weight",
            *(() if self.converged else ("not to be trusted: nested sampling was stopped before its end",)),
        ]
        return "\n".join(lines + [f"note: {message}" for message in self.messages])
