"""Predicted values at one point."""

from dataclasses import dataclass, field
from typing import Any

from bsfit.results import tables
from bsfit.results.record import Record


@dataclass(frozen=True, eq=False)
class PredictionTable(Record):
    """Values of observables at one point; `notes` say which of them need care.

    A prediction is a row (dict) with observable, value and unit.
    """

    predictions: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        rows = [[row["observable"], f"{row['value'] + 0.0:.6g}", row["unit"]] for row in self.predictions]
        table = tables.aligned(["observable", "value", "unit"], rows)
        return "\n".join([table, *(f"note: {note}" for note in self.notes)])
