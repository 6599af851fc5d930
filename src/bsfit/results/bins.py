"""One observable against q2: predictions with their errors in narrow bins, and data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record


@dataclass(frozen=True, eq=False)
class Bins(Record):
    """Predictions in bins [n, 2] of q2 in GeV^2, and measured values.

    `standard_model` and `errors` [n] are values and theory errors of the Standard Model, `point` and `point_errors` [n]
    those at a point, empty where there is none. A datum (dict) has measurement, experiment, low, high, measured, plus
    and minus (the errors, positive). `name` is the observable without its bin, `tex` the same in TeX.
    """

    name: str
    tex: str
    unit: str
    bins: np.ndarray
    standard_model: np.ndarray
    errors: np.ndarray
    point: np.ndarray
    point_errors: np.ndarray
    data: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        n = len(self.bins)
        shapes.check_arrays((self.bins,), (n, 2), "bins")
        shapes.check_arrays((self.standard_model, self.errors), (n,), "Standard Model")
        for array in (self.point, self.point_errors):
            shapes.need(array.shape in ((0,), (n,)), "a point in another number of bins")
        keys = {"measurement", "experiment", "low", "high", "measured", "plus", "minus"}
        shapes.need(all(set(datum) == keys for datum in self.data), "a datum lacks something")

    def __str__(self) -> str:
        columns = [("Standard Model", self.standard_model, self.errors)]
        columns += [("point", self.point, self.point_errors)] if len(self.point) else []
        rows = [
            [f"[{low:g}, {high:g}]", *(tables.with_error(values[i], errors[i]) for _, values, errors in columns)]
            for i, (low, high) in enumerate(self.bins.tolist())
        ]
        theory = tables.aligned(["q2", *(name for name, *_ in columns)], rows)
        measured = [
            [f"[{d['low']:g}, {d['high']:g}]", d["measurement"], tables.measured(d["measured"], d["plus"], d["minus"])]
            for d in self.data
        ]
        data = [tables.aligned(["q2", "measurement", "measured"], measured)] if measured else ["no data"]
        return "\n\n".join([self.name, theory, *data, *(f"note: {note}" for note in self.notes)])
