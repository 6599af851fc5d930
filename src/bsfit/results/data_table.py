"""Measured values beside predictions, and how they print: as text, CSV and LaTeX."""

import csv
import io
from dataclasses import dataclass, field, replace
from typing import Any

from bsfit.results import shapes, tables
from bsfit.results.record import Record

ORDERS = ("data", "observable", "pull")
COLUMNS = ("standard_model", "best")
"""Points of which there may be predictions."""

_MEASURED = ("observable", "measurement", "group", "unit", "measured", "plus", "minus")


@dataclass(frozen=True, eq=False)
class DataTable(Record):
    """Measured values with their predictions.

    A row (dict) has observable, measurement, group, unit, tex, measured, plus and minus (the errors, positive), and for
    the Standard Model, and for a point, where there are these, ``standard_model`` and ``best``, each with ``_error``
    (of the theory) and ``_pull``: measured minus predicted over both errors, of a published curve the root of -2 log L.
    `best` says what the point is called.
    """

    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    best: str = "best fit"
    meta: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ValueError if rows differ in what they have, or lack something."""
        keys = set(self.rows[0]) if self.rows else set()
        shapes.need(all(set(row) == keys for row in self.rows), "rows differ in what they have")
        shapes.need(not keys or keys >= {*_MEASURED, "tex"}, "a row lacks something")

    @property
    def columns(self) -> tuple[str, ...]:
        """Of which of `COLUMNS` there are predictions."""
        return tuple(key for key in COLUMNS if self.rows and key in self.rows[0])

    def sorted_by(self, order: str) -> "DataTable":
        """The same rows in another of `ORDERS`; by pull of the last column, the largest first."""
        if order == "data" or (order == "pull" and not self.columns):
            return self
        rows = sorted(self.rows, key=lambda row: row["observable"])
        if order == "pull":
            rows = sorted(self.rows, key=lambda row: -abs(row[f"{self.columns[-1]}_pull"]))
        return replace(self, rows=tuple(rows))

    def cells(self) -> tables.Cells:
        """Header and rows of the table."""
        header = ["observable", "measurement", "measured", *self._header()]
        return header, [
            [row["observable"], row["measurement"], tables.measured(*_of(row)), *self._predicted(row, " +- ")]
            for row in self.rows
        ]

    def __str__(self) -> str:
        return "\n".join([tables.aligned(*self.cells()), *(f"note: {note}" for note in self.notes)])

    def to_csv(self) -> str:
        """Comma-separated values with a header line, numbers in full."""
        text = io.StringIO()
        parts = [f"{column}{part}" for column in self.columns for part in ("", "_error", "_pull")]
        writer = csv.DictWriter(text, [*_MEASURED, *parts], extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def to_latex(self) -> str:
        """A tabular environment."""
        header = ["observable", "measured", *self._header()]
        lines = [rf"\begin{{tabular}}{{ll{'rr' * len(self.columns)}}}", r"\hline"]
        lines += [" & ".join(header) + r" \\", r"\hline"]
        for row in self.rows:
            name = f"${row['tex']}$" if row["tex"] else _escaped(row["observable"])
            measured = f"${_measured_in_tex(*_of(row))}$"
            cells = (f"${cell}$" for cell in self._predicted(row, r" \pm "))
            lines.append(" & ".join([name, measured, *cells]) + r" \\")
        return "\n".join([*lines, r"\hline", r"\end{tabular}"])

    def _header(self) -> list[str]:
        called = {"standard_model": "Standard Model", "best": self.best}
        return [text for column in self.columns for text in (called[column], "pull")]

    def _predicted(self, row: dict[str, Any], between: str) -> list[str]:
        found = []
        for column in self.columns:
            value, error = row[column], row[f"{column}_error"]
            scale = error if error > 0.0 else min(row["plus"], row["minus"])
            shown = f"{tables.number(value, scale)}{between}{tables.number(error, scale)}" if error > 0.0 else None
            found += [shown or tables.number(value, scale), f"{row[f'{column}_pull']:+.1f}"]
        return found


def _of(row: dict[str, Any]) -> tuple[float, float, float]:
    return row["measured"], row["plus"], row["minus"]


def _measured_in_tex(value: float, plus: float, minus: float) -> str:
    centre, up, down = (tables.number(x, plus, minus) for x in (value, plus, minus))
    return rf"{centre} \pm {up}" if up == down else f"{centre}^{{+{up}}}_{{-{down}}}"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "&%$#_{}" else c for c in text)
