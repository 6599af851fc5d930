"""Correlations of the parameters of a fit or a posterior, as an annotated matrix."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import Labels, canvas, label, save, save_table, what
from bsfit.plot.names import written
from bsfit.results import FitResult, Posterior, tables


def plot_correlations(
    result: Any, path: str | os.PathLike[str], *, names: Sequence[str] | None = None, labels: Labels = None
) -> tuple[Path, Path]:
    """The correlation matrix of a FitResult or a Posterior, written into its cells; grey where there is none.

    names: which parameters, default all but nuisances. Raises BsfitInputError for other records, unknown names, and
    fewer than two parameters.
    """
    if not isinstance(result, FitResult | Posterior):
        raise BsfitInputError(f"got {what(result)}", field="plot_correlations", expected="a FitResult or a Posterior")
    aside = result.nuisances if isinstance(result, FitResult) else ()
    names = tuple(name for name in result.names if name not in aside) if names is None else tuple(names)
    unknown = [name for name in names if name not in result.names]
    if unknown:
        known = ", ".join(result.names)
        raise BsfitInputError(f"no parameter {', '.join(unknown)}", field="plot_correlations", expected=known)
    if len(names) < 2:
        raise BsfitInputError(f"{what(result)} has no figure", field="plot", expected="two free parameters or more")
    at, labels = [result.names.index(name) for name in names], written(result, labels)
    matrix = result.correlation[np.ix_(at, at)]
    size = 1.6 + 0.75 * len(names)
    with canvas(size + 0.9, size) as (figure, axes):
        _draw(figure, axes, matrix)
        ticks = {"ticks": range(len(names)), "labels": [label(name, labels) for name in names]}
        axes.set_xticks(**ticks, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(**ticks)
        columns = {"parameter": np.array(names), **{name: matrix[:, j] for j, name in enumerate(names)}}
        return save(figure, path), save_table(path, columns)


def _draw(figure: Any, axes: Any, matrix: np.ndarray) -> None:
    """Cells coloured from -1 to 1, with their numbers."""
    axes.set_facecolor("0.85")
    cells = axes.imshow(np.ma.masked_invalid(matrix), cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    for (i, j), value in np.ndenumerate(matrix):
        shade = "white" if abs(value) > 0.6 else "black"
        text = "1" if i == j and np.isfinite(value) else tables.correlation(value)
        axes.text(j, i, text, ha="center", va="center", color=shade, fontsize=11)
    figure.colorbar(cells, ax=axes, label="correlation", fraction=0.046, pad=0.04)
