"""Maps: regions and contours over two parameters, several panels side by side.

What is shaded and drawn is said by layers of values on the grid of a `results.Map`, which `bsfit.tabulate` makes.
matplotlib is imported on the first call.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import DAGGER, GLOBAL, Labels, canvas, doubt, frame, save, save_arrays, what
from bsfit.plot.names import written
from bsfit.results import Map
from bsfit.results.surfaces import AGREE, disagreement, refined


@dataclass(frozen=True)
class Region:
    """Where the values [x, y] of a map lie between `low` and `high`, shaded; NaN is outside."""

    values: np.ndarray
    label: str
    colour: str
    low: float = -math.inf
    high: float = math.inf
    alpha: float = 0.35
    hatch: str = ""


@dataclass(frozen=True)
class Lines:
    """Contours of the values [x, y] of a map at `levels`, written along them in the format `written` if any."""

    values: np.ndarray
    levels: Sequence[float]
    label: str
    colour: str = GLOBAL
    style: str = "-"
    width: float = 1.2
    written: str = ""


def plot_maps(
    grid: Any,
    panels: Mapping[str, Sequence[Region | Lines]],
    path: str | os.PathLike[str],
    *,
    labels: Labels = None,
) -> tuple[Path, Path]:
    """Regions and contours on the grid of a Map of two parameters: panels {title: layers} side by side.

    Layers are drawn in their order, each with its place in the legend below its panel, which also says what is nowhere
    and marks those for which the grid is too coarse.
    labels: parameter -> text, TeX in dollars. Raises BsfitInputError for another kind of record, other dimensions, or
    values of another shape.
    """
    if not isinstance(grid, Map) or len(grid.names) != 2:
        raise BsfitInputError(f"got {what(grid)}", field="plot_maps", expected="a Map of two parameters")
    shape, labels = tuple(map(len, grid.axes)), written(grid, labels)
    payload = dict(zip((f"axis_{name}" for name in grid.names), grid.axes, strict=True))
    with canvas(5.4 * len(panels), 4.9, 1, len(panels)) as (figure, axes):
        for cell, (title, layers) in zip(np.atleast_1d(axes).flat, panels.items(), strict=True):
            handles, coarse = [], 0.0
            for i, layer in enumerate(layers):
                if np.shape(layer.values) != shape:
                    raise BsfitInputError(
                        f"values of shape {np.shape(layer.values)}", field=layer.label, expected=f"{shape}"
                    )
                order = 2 + 0.01 * i
                shaded = isinstance(layer, Region)
                handles.append(shade(cell, grid, layer, order) if shaded else draw_lines(cell, grid, layer, order))
                change = coarseness(grid, layer)
                coarse = max(coarse, change)
                handles[-1].set_label(handles[-1].get_label() + DAGGER * (change > AGREE))
                payload[f"{title}: {i} {layer.label}"] = np.asarray(layer.values)
            frame(cell, grid, grid.names, labels)
            cell.set_title(title, fontsize=13)
            style = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15), "ncols": 2, "handlelength": 1.6}
            cell.legend(handles=handles, title=doubt(coarse) or None, title_fontsize=11, **style)
        return save(figure, path, dpi=150.0), save_arrays(path, payload)


def coarseness(grid: Any, layer: Region | Lines) -> float:
    """How much the regions that a layer bounds change on half of the points of a record's grid."""
    values = np.asarray(layer.values, dtype=float)
    ends = [layer.low, layer.high] if isinstance(layer, Region) else layer.levels
    inside = [end for end in ends if np.isfinite(values).any() and np.nanmin(values) < end < np.nanmax(values)]
    return disagreement(grid.axes, values, grid.log, inside) if inside else 0.0


def shade(axes: Any, grid: Map, region: Region, order: float) -> Any:
    """Draw one region on axes of matplotlib; returns its legend handle."""
    from matplotlib.patches import Patch

    fine, values = refined(grid.axes, region.values, grid.log)
    values = np.ma.masked_invalid(values).T
    ends = [values.min() - 1.0, values.max() + 1.0]
    ends = [max(ends[0], region.low), min(ends[1], region.high)]
    style = {"zorder": order, "alpha": region.alpha, "hatches": [region.hatch or None]}
    label = f"{region.label}: nowhere"
    if ends[0] < ends[1]:
        drawn = axes.contourf(*fine, values, levels=ends, colors=[region.colour], **style)
        label = region.label if any(len(path.vertices) for path in drawn.get_paths()) else label
    return Patch(facecolor=region.colour, alpha=region.alpha, hatch=region.hatch, label=label)


def draw_lines(axes: Any, grid: Any, lines: Lines, order: float) -> Any:
    """Draw contours with their levels on axes of matplotlib, on the grid of a record; returns their legend handle."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    fine, values = refined(grid.axes, lines.values, grid.log)
    values, label = values.T, lines.label
    levels = [level for level in sorted(lines.levels) if np.nanmin(values) < level < np.nanmax(values)]
    if levels:
        look = {"colors": lines.colour, "linestyles": lines.style, "linewidths": lines.width}
        drawn = axes.contour(*fine, values, levels=levels, zorder=order, **look)
        if lines.written:
            # Labels go where the grid's own contours, of fewer points, have straight parts.
            places = axes.contour(*grid.axes, np.asarray(lines.values).T, levels=levels, alpha=0.0)
            at = [text.get_position() for text in axes.clabel(places, fontsize=10)]
            places.remove()
            for text in axes.clabel(drawn, fmt=lines.written, fontsize=10, zorder=5, manual=at):
                text.set_path_effects([withStroke(linewidth=2.5, foreground="white", alpha=0.8)])
    else:
        label = f"{label}: nowhere"
    return Line2D([], [], color=lines.colour, linestyle=lines.style, linewidth=lines.width, label=label)
