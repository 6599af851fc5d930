"""One observable against q2: bands of predictions and of draws of a posterior, and data with their errors."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import BEST, COLOURS, NOT_CONVERGED, Labels, canvas, label, save, save_table, what
from bsfit.results import Bins

SHAPES = "osD^vPX*<>"
"""Markers of measurements, in their order."""

DARK = "#8A5F00"
"""Of medians: darker than the bands of a posterior."""


def plot_bins(
    record: Any, path: str | os.PathLike[str], *, labels: Labels = None, point_label: str | None = None
) -> tuple[Path, Path]:
    """Bands of the Standard Model, and of a point or a posterior if there is one, with every measured value.

    Those of predictions are one standard deviation of the theory errors, those of a posterior 68 and 95 % of its draws
    about the median. labels: name of the observable, or of a measurement -> text, TeX in dollars. point_label: what the
    point is called, by default its parameters if they are one or two. Raises BsfitInputError for other records.
    """
    if not isinstance(record, Bins):
        raise BsfitInputError(f"got {what(record)}", field="plot_bins", expected="Bins")
    power = _power(record)
    with canvas(5.2, 3.9) as (figure, axes):
        bands = [("Standard Model", record.standard_model, record.errors, COLOURS[0])]
        bands += (
            [(point_label or _point(record), record.point, record.point_errors, COLOURS[1])]
            if len(record.point)
            else []
        )
        for name, values, errors, colour in bands:
            _band(axes, name, record.bins, values / 10.0**power, errors / 10.0**power, colour)
        if record.posterior.size:
            _draws(axes, record.bins, record.posterior / 10.0**power)
        _data(axes, record, power, labels)
        if power and all(d["measured"] >= d["minus"] for d in record.data):
            axes.set_ylim(bottom=0.0)
        axes.set_xlim(0.0, max(record.bins[-1, 1], *(d["high"] for d in record.data), 0.0))
        axes.set_xlabel(r"$q^2$ [GeV$^2$]")
        unit = {"1": "", "GeV^-2": r"GeV$^{-2}$"}.get(record.unit, record.unit)
        scale = " ".join(part for part in (rf"$10^{{{power}}}$" if power else "", unit) if part)
        axes.set_ylabel(
            label(record.name, labels or {record.name: f"${record.tex}$"}) + (f" [{scale}]" if scale else "")
        )
        doubt = NOT_CONVERGED if record.doubts else None
        legend = axes.legend(ncols=2, fontsize=9.5, loc="lower center", bbox_to_anchor=(0.5, 1.0), title=doubt)
        legend.get_title().set(color=BEST, fontsize=14, weight="bold")
        return save(figure, path), save_table(path, _columns(record))


def _point(record: Bins) -> str:
    """What a point is called: its parameters, if they are few."""
    about = record.meta.get("likelihood", {})
    params = about.get("params", {})
    if not 0 < len(params) < 3:
        return "point"
    return ", ".join(f"${catalogue.tex(about.get('model', ''), name)} = {value:g}$" for name, value in params.items())


def _power(record: Bins) -> int:
    """Of ten that values are told in units of: none between 0.01 and 1000."""
    largest = float(np.max(np.abs(record.standard_model)))
    return 0 if largest == 0.0 or 1e-2 < largest < 1e3 else int(np.floor(np.log10(largest)))


def _band(axes: Any, name: str, bins: np.ndarray, values: np.ndarray, errors: np.ndarray, colour: str) -> None:
    """Boxes of one standard deviation, with lines at their middles; a gap where bins do not touch."""
    for i, (low, high) in enumerate(bins):
        box = {"color": colour, "linewidth": 0.0}
        axes.fill_between([low, high], values[i] - errors[i], values[i] + errors[i], alpha=0.3, **box)
        axes.plot([low, high], [values[i]] * 2, color=colour, linewidth=1.2, label=name if i == 0 else None)


def _draws(axes: Any, bins: np.ndarray, quantiles: np.ndarray) -> None:
    """Boxes of 68 and 95 % of the draws, with lines at the medians."""
    low_2, low_1, middle, high_1, high_2 = quantiles
    for i, ends in enumerate(bins):
        for low, high, alpha, words in (
            (low_1, high_1, 0.6, "posterior, 68 %"),
            (low_2, high_2, 0.25, "posterior, 95 %"),
        ):
            style = {"color": COLOURS[1], "alpha": alpha, "linewidth": 0.0}
            axes.fill_between(ends, [low[i]] * 2, [high[i]] * 2, label=words if i == 0 else None, **style)
        axes.plot(ends, [middle[i]] * 2, color=DARK, linewidth=1.2)


def _data(axes: Any, record: Bins, power: int, labels: Labels) -> None:
    for i, name in enumerate(dict.fromkeys(datum["measurement"] for datum in record.data)):
        mine = [datum for datum in record.data if datum["measurement"] == name]
        low, high = (np.array([datum[key] for datum in mine]) for key in ("low", "high"))
        y, minus, plus = (
            np.array([datum[key] for datum in mine]) / 10.0**power for key in ("measured", "minus", "plus")
        )
        axes.errorbar(
            0.5 * (low + high),
            y,
            xerr=0.5 * (high - low),
            yerr=(minus, plus),
            fmt=SHAPES[i % len(SHAPES)],
            color=COLOURS[(i + 2) % len(COLOURS)],
            markersize=4.5,
            linewidth=0.9,
            label=label(name, labels),
        )


def _columns(record: Bins) -> dict[str, np.ndarray]:
    """Rows of theory, then of data; those of a posterior are its median and the way to the ends of its bands."""
    rows: list[tuple[Any, ...]] = []
    bands = (("Standard Model", record.standard_model, record.errors), ("point", record.point, record.point_errors))
    for name, values, errors in bands:
        each = zip(record.bins.tolist(), values.tolist(), errors.tolist(), strict=False)
        rows += [(low, high, name, value, error, error) for (low, high), value, error in each]
    if record.posterior.size:
        low_2, low_1, middle, high_1, high_2 = record.posterior
        for name, below, above in (("posterior 68 %", low_1, high_1), ("posterior 95 %", low_2, high_2)):
            columns = (x.tolist() for x in (record.bins, middle, above - middle, middle - below))
            rows += [(*ends, name, *rest) for ends, *rest in zip(*columns, strict=True)]
    rows += [(d["low"], d["high"], d["measurement"], d["measured"], d["plus"], d["minus"]) for d in record.data]
    keys = ("low", "high", "what", "value", "plus", "minus")
    return {key: np.array(column) for key, column in zip(keys, zip(*rows, strict=True), strict=True)}
