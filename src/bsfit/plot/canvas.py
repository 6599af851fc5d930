"""What all figures share: colours, levels, a canvas in our style, axes of a grid, files and the numbers beside them."""

import csv
import io
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitWarning
from bsfit.results import write_atomically
from bsfit.results.surfaces import AGREE, known

# Colours of Okabe and Ito (2008), distinct for colour-blind readers; the global fit is drawn last, in black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
GLOBAL, BEST = "#222222", "#C8102E"
STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 12,
    "axes.labelsize": 14,
    "axes.linewidth": 0.8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "xtick.major.pad": 6.0,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "savefig.dpi": 200,
    "hatch.linewidth": 0.5,
    "text.usetex": False,
    "svg.hashsalt": "bsfit",
}
DAGGER = "\N{DAGGER}"
"""Behind the names of regions whose grid is too coarse for them."""

NOT_CONVERGED = "NOT CONVERGED"
"""What stands in red on figures of results that are not to be trusted."""

Labels = Mapping[str, str] | None
"""Parameter or group -> text, TeX in dollars."""


def what(record: Any) -> str:
    """Kind of a record, and its parameters, for messages."""
    names = getattr(record, "names", None)
    return f"a {type(record).__name__}" + (f" of {', '.join(names)}" if names else "")


def label(name: str, labels: Labels) -> str:
    """How a parameter or a group is written: as given in `labels`, else its name, in which a dollar is a dollar."""
    return (labels or {}).get(name, name.replace("$", r"\$"))


@contextmanager
def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes (an array of them for several) in our style, without pyplot's global state."""
    import matplotlib
    from matplotlib.figure import Figure

    if matplotlib.rcParams["text.usetex"]:
        # Labels are names with underscores and signs of per cent, which LaTeX reads as something else.
        warnings.warn("text.usetex of matplotlib is not used: labels are set without LaTeX", BsfitWarning, stacklevel=4)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(rows, columns, squeeze=False)
        yield figure, axes if axes.size > 1 else axes[0, 0]


def frame(axes: Any, record: Any, names: Sequence[str], labels: Labels) -> None:
    """Scales, limits and labels of the axes from the grid."""
    for axis, name, grid, is_log in zip((axes.xaxis, axes.yaxis), names, record.axes, record.log, strict=False):
        axis.set_label_text(label(name, labels))
        x = axis is axes.xaxis
        (axes.set_xscale if x else axes.set_yscale)("log" if is_log else "linear")
        (axes.set_xlim if x else axes.set_ylim)(grid[0], grid[-1])
        if is_log and grid[-1] < 100.0 * grid[0]:
            plain_ticks(axis)


def doubt(change: float) -> str:
    """What the daggers mean, if the largest change of a region on half of its grid points is too large."""
    return f"{DAGGER} grid too coarse: known {known(change)}" if change > AGREE else ""


def not_converged(figure: Any) -> None:
    """Say above a corner that the result is not to be trusted."""
    figure.text(0.98, 1.0, NOT_CONVERGED, ha="right", va="bottom", color=BEST, fontsize=14, weight="bold")


def plain_ticks(axis: Any) -> None:
    """Ticks 1, 2, 5, 10 written as plain numbers, for logarithmic axes of less than two decades."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def save(figure: Any, path: str | os.PathLike[str], dpi: float | None = None) -> Path:
    """Write the figure to `path`, atomically; ".png" if it has no suffix. Returns the path."""
    path = Path(path)
    path = path if path.suffix else path.with_suffix(".png")
    stream = io.BytesIO()
    dated = {"png": "Creation Time", "svg": "Date", "pdf": "CreationDate"}.get(path.suffix[1:])
    metadata = {dated: None} if dated else None
    figure.savefig(stream, format=path.suffix[1:], bbox_inches="tight", metadata=metadata, dpi=dpi)
    write_atomically(path, stream.getvalue())
    return path


def save_arrays(path: str | os.PathLike[str], arrays: dict[str, np.ndarray]) -> Path:
    """Write arrays beside the figure `path`, as `name.numbers.npz`. Returns the path."""
    path, stream = Path(path).with_suffix(".numbers.npz"), io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **{name.replace("/", "|"): x for name, x in arrays.items()})
    write_atomically(path, stream.getvalue())
    return path


def save_table(path: str | os.PathLike[str], columns: dict[str, np.ndarray]) -> Path:
    """Write columns beside the figure `path`, as `name.numbers.csv`. Returns the path."""
    path, stream = Path(path).with_suffix(".numbers.csv"), io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    write_atomically(path, stream.getvalue().encode())
    return path
