"""Error budgets: what groups of inputs, and single inputs, add to the theory errors of observables."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import COLOURS, Labels, canvas, label, save, save_table, what
from bsfit.plot.names import written
from bsfit.results import ErrorBudget
from bsfit.results.error_budget import SMALL
from bsfit.results.tables import number

SHOWN = 8
"""So many inputs of an observable are drawn; groups all, but those that add less than `SMALL` to its variance."""

ROW, HEAD = 0.27, 0.95
"""Inches of a bar, and of what stands about the bars of an observable."""

BELOW = 0.55
"""Inches from the axis to what stands below its label."""

Bar = tuple[str, str, float]
"""Kind (group or input), name, and standard deviation over the error of the observable."""


def plot_budget(record: Any, path: str | os.PathLike[str], *, labels: Labels = None) -> tuple[Path, Path]:
    """Bars of the standard deviations that groups and inputs cause, over the error, with their part of the variance.

    A panel for each observable of an ErrorBudget. Groups add up to the error in squares; an input is what it does
    alone. labels: observable or input -> text, TeX in dollars. Raises BsfitInputError for other records.
    """
    if not isinstance(record, ErrorBudget):
        raise BsfitInputError(f"got {what(record)}", field="plot_budget", expected="an ErrorBudget")
    panels, labels = [_bars(record, name) for name in record.observables], written(record, labels)
    heights = [HEAD + ROW * max(len(bars), 1) for bars in panels]
    with canvas(5.6, sum(heights), len(panels)) as (figure, axes):
        cells = np.atleast_1d(axes).reshape(-1)
        cells[0].get_gridspec().set_height_ratios(heights)
        figure.subplots_adjust(hspace=HEAD / (sum(heights) / len(heights)))
        for cell, bars, (name, value, error) in zip(cells, panels, _heads(record), strict=True):
            _panel(cell, bars, labels)
            cell.set_title(
                f"{label(name, labels)} $= {_number(value, error)} \\pm {_number(error, error)}$", fontsize=13
            )
        cells[-1].set_xlabel("standard deviation / theory error")
        _legend(figure, cells)
        return save(figure, path), save_table(path, _columns(record, panels))


def _heads(record: ErrorBudget) -> list[tuple[str, float, float]]:
    return list(zip(record.observables, record.values, record.errors, strict=True))


def _bars(record: ErrorBudget, name: str) -> list[Bar]:
    """Bars of one observable, the largest first; none if no input moves it."""
    error = record.errors[record.observables.index(name)]
    if not error > 0.0:
        return []
    kinds = (("group", record.by_group(name), None), ("input", record.by_input(name), SHOWN))
    return [
        (kind, entry, part / error)
        for kind, entries, most in kinds
        for entry, part in list(entries.items())[:most]
        if (part / error) ** 2 >= SMALL
    ]


def _panel(axes: Any, bars: list[Bar], labels: Labels) -> None:
    """Groups above, inputs below, each bar with its part of the variance in per cent behind it."""
    if not bars:
        axes.set(xticks=[], yticks=[], xlim=(0.0, 1.0))
        axes.text(0.5, 0.5, "none of the inputs moves it", ha="center", va="center", transform=axes.transAxes)
        return
    groups = sum(kind == "group" for kind, *_ in bars)
    # Half a row of air between the two kinds.
    at = np.arange(len(bars)) + 0.5 * (np.arange(len(bars)) >= groups)
    looks = {
        "group": (COLOURS[0], "", "groups, which add in squares"),
        "input": (COLOURS[1], "///", "single inputs, each alone"),
    }
    for kind, (colour, hatch, words) in looks.items():
        rows = [i for i, bar in enumerate(bars) if bar[0] == kind]
        style = {"height": 0.72, "color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.0}
        axes.barh(at[rows], [bars[i][2] for i in rows], label=words, **style)
    for place, (_, _, size) in zip(at, bars, strict=True):
        axes.text(
            size + 0.015,
            place,
            f"{_per_cent(size**2)} %",
            va="center",
            fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
    axes.set_yticks(at, [label(name, labels) for _, name, _ in bars], fontsize=11)
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlim(0.0, 1.16 * max(1.0, *(size for *_, size in bars)))
    axes.set_ylim(at[-1] + 0.6, at[0] - 0.6)
    axes.axvline(1.0, color="0.5", linewidth=0.8, linestyle=":", zorder=0)


def _legend(figure: Any, cells: Any) -> None:
    """What the bars are, below the label of the last panel, where it hides none of them."""
    from matplotlib.transforms import ScaledTranslation

    below = cells[-1].transAxes + ScaledTranslation(0.0, -BELOW, figure.dpi_scale_trans)
    found = next((found for cell in cells if (found := cell.get_legend_handles_labels())[0]), None)
    if found:
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": below}
        cells[-1].legend(*found, ncols=2, fontsize=10, **place)


def _per_cent(part: float) -> str:
    return f"{100.0 * part:.0f}" if part >= 0.1 else f"{100.0 * part:.2g}"


def _number(value: float, error: float) -> str:
    """A number with the digits that its error allows, in TeX."""
    digits, _, power = number(value, error).partition("e")
    return rf"{digits} \times 10^{{{int(power)}}}" if power else digits


def _columns(record: ErrorBudget, panels: list[list[Bar]]) -> dict[str, np.ndarray]:
    """What is drawn: standard deviations in the unit of the observable, and parts of the variance."""
    rows = [
        (name, kind, entry, size * error, size**2)
        for (name, _, error), bars in zip(_heads(record), panels, strict=True)
        for kind, entry, size in bars
    ]
    keys = ("observable", "kind", "name", "error", "of_variance")
    columns = zip(*rows, strict=True) if rows else ([],) * len(keys)
    return {key: np.array(column) for key, column in zip(keys, columns, strict=True)}
