"""One observable against q2: predictions with their errors in narrow bins, and data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record

LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Quantiles of the predictions over the draws of a posterior."""


def _no_posterior() -> np.ndarray:
    return np.zeros((len(LEVELS), 0))


@dataclass(frozen=True, eq=False)
class Bins(Record):
    """Predictions in bins [n, 2] of q2 in GeV^2, and measured values.

    `standard_model` and `errors` [n] are values and theory errors of the Standard Model, `point` and `point_errors` [n]
    those at a point, empty where there is none. `posterior` [5, n] are the quantiles `LEVELS` over draws, [5, 0] if
    there are none, `doubts` why these are not to be trusted. A datum (dict) has measurement, experiment, low, high,
    measured, plus and minus (the errors, positive). `name` is the observable without its bin, `tex` the same in TeX.
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
    posterior: np.ndarray = field(default_factory=_no_posterior)
    doubts: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        n = len(self.bins)
        shapes.check_arrays((self.bins,), (n, 2), "bins")
        shapes.check_arrays((self.standard_model, self.errors), (n,), "Standard Model")
        for array in (self.point, self.point_errors):
            shapes.need(array.shape in ((0,), (n,)), "a point in another number of bins")
        shapes.need(self.posterior.shape in ((len(LEVELS), 0), (len(LEVELS), n)), "a posterior in other bins")
        keys = {"measurement", "experiment", "low", "high", "measured", "plus", "minus"}
        shapes.need(all(set(datum) == keys for datum in self.data), "a datum lacks something")

    def __str__(self) -> str:
        columns = [("Standard Model", self.standard_model, self.errors)]
        columns += [("point", self.point, self.point_errors)] if len(self.point) else []
        rows = [
            [f"[{low:g}, {high:g}]", *(tables.with_error(values[i], errors[i]) for _, values, errors in columns)]
            for i, (low, high) in enumerate(self.bins.tolist())
        ]
        header = ["q2", *(name for name, *_ in columns)]
        if self.posterior.size:
            header += ["posterior", "68 %", "95 %"]
            rows = [row + _quantiles(each) for row, each in zip(rows, self.posterior.T.tolist(), strict=True)]
        theory = tables.aligned(header, rows)
        measured = [
            [f"[{d['low']:g}, {d['high']:g}]", d["measurement"], tables.measured(d["measured"], d["plus"], d["minus"])]
            for d in self.data
        ]
        data = [tables.aligned(["q2", "measurement", "measured"], measured)] if measured else ["no data"]
        return "\n\n".join([self.name, theory, *data, *self._said()])

    def _said(self) -> list[str]:
        return [*(f"note: {note}" for note in self.notes), *(f"not to be trusted: {why}" for why in self.doubts)]


def _quantiles(each: list[float]) -> list[str]:
    """Median, 68 and 95 % of draws."""
    low_2, low_1, middle, high_1, high_2 = each
    width = 0.5 * (high_1 - low_1)
    ends = ((low_1, high_1), (low_2, high_2))
    return [tables.number(middle, width), *(tables.interval(pair, None, width) for pair in ends)]
