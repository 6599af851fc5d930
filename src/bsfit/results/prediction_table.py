"""Predicted values at one point."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record


@dataclass(frozen=True, eq=False)
class PredictionTable(Record):
    """Values of observables at one point; `notes` say which of them need care.

    A prediction is a row (dict) with observable, value and unit, and its theory error where these were asked for;
    `correlation` [n, n] is then that of the errors.
    """

    predictions: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    correlation: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    def check(self) -> None:
        """Raise ValueError if the correlations are not those of the rows."""
        n = len(self.predictions)
        shapes.need(self.correlation.shape in ((0, 0), (n, n)), "correlations of another number of predictions")

    def cells(self) -> tables.Cells:
        """Header and rows of the table."""
        errors = len(self.correlation) > 0
        rows = [[row["observable"], *self._numbers(row, errors), row["unit"]] for row in self.predictions]
        return ["observable", "value", *(("error",) if errors else ()), "unit"], rows

    def __str__(self) -> str:
        names = [row["observable"] for row in self.predictions]
        lines = tables.correlations(names, self.correlation) if len(self.correlation) else []
        return "\n".join([tables.aligned(*self.cells()), *lines, *(f"note: {note}" for note in self.notes)])

    def _numbers(self, row: dict[str, Any], errors: bool) -> list[str]:
        if not errors:
            return [f"{row['value'] + 0.0:.6g}"]
        return [tables.number(row["value"], row["error"]), tables.number(row["error"], row["error"])]
