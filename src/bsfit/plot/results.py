"""Figures of results: the plane of two parameters, profiles, corner plots.

Nothing is computed here but contour levels. Every function takes records of `bsfit.results`, writes the figure to
`path` (the suffix chooses png, pdf or svg) and its numbers beside it (`name.numbers.csv` for curves,
`name.numbers.npz` for surfaces and draws), and returns both paths. matplotlib is imported on the first call.
"""

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.results import Posterior, Profile, Scan, write_atomically

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
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "savefig.dpi": 200,
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "bsfit",
}
SIGMAS = (1.0, 2.0)

Labels = Mapping[str, str] | None


def probability(sigma: float) -> float:
    """Two-sided Gaussian probability within `sigma`."""
    return math.erf(sigma / math.sqrt(2.0))


def level(sigma: float, dof: int) -> float:
    """Delta chi2 that bounds this probability: 1 and 4 for one degree of freedom, 2.30 and 6.18 for two."""
    return float(sigma**2) if dof == 1 else -2.0 * math.log1p(-probability(sigma))


def plot(record: Any, path: str | os.PathLike[str], **options: Any) -> tuple[Path, Path]:
    """Draw a Scan, Profile or Posterior with the function that fits it; the options are that function's."""
    if isinstance(record, Posterior):
        return plot_corner(record, path, **options)
    if isinstance(record, Profile | Scan) and len(record.names) in (1, 2):
        return (plot_profile if len(record.names) == 1 else plot_plane)(record, path, **options)
    expected = "a Scan or Profile of one or two parameters, or a Posterior"
    raise BsfitInputError(f"{what(record)} has no figure", field="plot", expected=expected)


def plot_plane(
    results: Any,
    path: str | os.PathLike[str],
    *,
    labels: Labels = None,
    groups: Sequence[str] | None = None,
    best: Mapping[str, Any] | None = None,
    reference: Mapping[str, Any] | None = None,
    reference_label: str = "Standard Model",
    title: str | None = None,
) -> tuple[Path, Path]:
    """Contours of 1 and 2 sigma (two degrees of freedom) in a plane: one set per group, and the global one.

    results: a Scan or Profile of two parameters, or a dict {name: result} of several over the same two. groups: which
    groups of a Scan, default all. labels: parameter or group -> text, TeX in dollars. best, reference: points to mark,
    default the highest point and the Scan's reference. Raises BsfitInputError for results of other dimensions or
    parameters.
    """
    sets = _sets(results, groups)
    (_, first, _), (_, last, _) = sets[0], sets[-1]
    names = first.names
    best = dict(best or (last.best if isinstance(last, Profile) else last.peak()[0]))
    reference = reference or next((r.reference for _, r, _ in sets if isinstance(r, Scan) and r.reference), None)
    with canvas(5.6, 5.2) as (figure, axes):
        handles = []
        for (name, record, values), colour in zip(sets, _colours(len(sets)), strict=True):
            filled = colour != GLOBAL or len(sets) == 1
            handles.append(_region(axes, record, values, colour if len(sets) > 1 else COLOURS[0], filled))
            handles[-1].set_label(_label(name, labels))
        handles = [handle for handle in handles if len(sets) > 1]
        handles += _marks(axes, names, best, reference, reference_label)
        frame(axes, first, names, labels)
        _legend(axes, handles, title)
        payload = dict(zip((f"axis_{name}" for name in names), first.axes, strict=True))
        payload |= {f"delta_chi2_{name}": values for name, _, values in sets}
        payload |= {"levels": np.array([level(sigma, 2) for sigma in SIGMAS])}
        payload |= {f"best_{name}": np.array(best[name]) for name in names}
        return save(figure, path), save_arrays(path, payload)


def plot_profile(
    result: Any,
    path: str | os.PathLike[str],
    *,
    labels: Labels = None,
    reference: Mapping[str, Any] | None = None,
    reference_label: str = "Standard Model",
    title: str | None = None,
    top: float = 9.0,
) -> tuple[Path, Path]:
    """Delta chi2 along one parameter up to `top`, with the 1 and 2 sigma intervals (one degree of freedom).

    result: a Profile or Scan of one parameter; the groups of a Scan are curves of their own.
    """
    if not isinstance(result, Profile | Scan) or len(result.names) != 1:
        raise BsfitInputError(
            f"got {what(result)}", field="plot_profile", expected="a Profile or Scan of one parameter"
        )
    name, x = result.names[0], result.axes[0]
    curves = {group: values for group, _, values in _sets(result, None)}
    best = result.best if isinstance(result, Profile) else result.peak()[0]
    reference = reference or getattr(result, "reference", None)
    with canvas(5.6, 4.4) as (figure, axes):
        _say_sigmas(axes, result)
        for (group, values), colour in zip(curves.items(), _colours(len(curves)), strict=True):
            text = _label(group, labels) if len(curves) > 1 else None
            axes.plot(x, values, color=colour, linewidth=1.8 if colour == GLOBAL else 1.4, label=text)
        axes.plot(best[name], 0.0, "*", color=BEST, markersize=14, clip_on=False, zorder=6, label="best fit")
        if reference and name in reference and x[0] <= reference[name] <= x[-1]:
            axes.axvline(reference[name], color="0.3", linewidth=1.1, linestyle=":", label=reference_label)
        frame(axes, result, (name,), labels)
        axes.set(ylabel=r"$\Delta\chi^2$", ylim=(0.0, top))
        axes.legend(loc="upper center", title=title, frameon=True, framealpha=0.9, edgecolor="none")
        columns = {name: x, **{f"delta_chi2_{group}": values for group, values in curves.items()}}
        return save(figure, path), save_table(path, columns)


def plot_corner(
    posterior: Posterior,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    labels: Labels = None,
    reference: Mapping[str, Any] | None = None,
    bins: int = 40,
) -> tuple[Path, Path]:
    """Marginal densities of the parameters and of all pairs, with regions that hold 68.3 % and 95.4 % of the draws."""
    if not isinstance(posterior, Posterior):
        raise BsfitInputError(f"got {what(posterior)}", field="plot_corner", expected="a Posterior")
    names = tuple(names or posterior.names)
    unknown = [name for name in names if name not in posterior.samples]
    if unknown:
        known = ", ".join(posterior.names)
        raise BsfitInputError(f"no draws of {', '.join(unknown)}", field="plot_corner", expected=known)
    draws = {name: posterior.draws(name) for name in names}
    n = len(names)
    with canvas(1.0 + 2.1 * n, 1.0 + 2.1 * n, n, n) as (figure, axes):
        axes = np.array(axes, dtype=object).reshape(n, n)
        for i, below in enumerate(names):
            for j, along in enumerate(names):
                _corner_cell(axes[i][j], draws, below, along, i - j, bins, reference)
                _corner_frame(axes[i][j], (i, j, n), draws[along], draws[below])
                _corner_labels(axes[i][j], (i, j, n), _label(along, labels), _label(below, labels))
        if posterior.verdict != "passed":
            figure.text(0.98, 0.98, "NOT CONVERGED", ha="right", va="top", color=BEST, fontsize=14, weight="bold")
        figure.subplots_adjust(hspace=0.06, wspace=0.06)
        return save(figure, path), save_arrays(path, {f"samples_{name}": x for name, x in draws.items()})


def _sets(results: Any, groups: Sequence[str] | None) -> list[tuple[str, Any, np.ndarray]]:
    """(name, record, Delta chi2) of every set of contours or curves; what holds everything comes last."""
    if isinstance(results, Mapping):
        found = [(name, record, _total(record)) for name, record in results.items()]
    elif isinstance(results, Scan):
        shown = results.groups if groups is None else tuple(groups)
        found = [(group, results, results.delta_chi2(group)) for group in shown if len(shown) > 1 or groups]
        found.append(("global", results, results.delta_chi2()))
    else:
        found = [("global", results, _total(results))]
    names = found[0][1].names if isinstance(found[0][1], Scan | Profile) else ()
    if not names or len(names) > 2 or any(record.names != names for _, record, _ in found):
        got = "; ".join(what(record) for _, record, _ in found)
        raise BsfitInputError(
            f"got {got}", field="plot", expected="scans or profiles of the same one or two parameters"
        )
    return found


def _total(record: Any) -> np.ndarray:
    if isinstance(record, Scan):
        return record.delta_chi2()
    return record.delta_chi2 if isinstance(record, Profile) else np.zeros(0)


def what(record: Any) -> str:
    """Kind of a record, and its parameters, for messages."""
    names = getattr(record, "names", None)
    return f"a {type(record).__name__}" + (f" of {', '.join(names)}" if names else "")


def _colours(count: int) -> list[str]:
    """Colours for `count` sets, the last of which is the global one."""
    return [COLOURS[i % len(COLOURS)] for i in range(count - 1)] + [GLOBAL]


def _label(name: str, labels: Labels) -> str:
    return (labels or {}).get(name, name)


@contextmanager
def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes (an array of them for several) in our style, without pyplot's global state."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(rows, columns, squeeze=False)
        yield figure, axes if axes.size > 1 else axes[0, 0]


def _region(axes: Any, record: Any, values: np.ndarray, colour: str, filled: bool) -> Any:
    """The 1 and 2 sigma contours of one set; returns its legend handle."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    x, y = record.axes
    levels = [level(sigma, 2) for sigma in SIGMAS]
    # Points without a finite value lie outside every contour.
    surface = np.where(np.isfinite(values), values, 1e3).T
    if not filled:
        axes.contour(
            x, y, surface, levels=levels, colors=colour, linewidths=(1.7, 1.3), linestyles=("-", "--"), zorder=4
        )
        return Line2D([], [], color=colour, linewidth=1.7)
    for low, high, alpha in ((-1.0, levels[0], 0.5), (levels[0], levels[1], 0.22)):
        axes.contourf(x, y, surface, levels=[low, high], colors=[colour], alpha=alpha, zorder=2)
    axes.contour(x, y, surface, levels=levels, colors=colour, linewidths=0.9, linestyles=("-", "--"), zorder=3)
    return Patch(facecolor=colour + "80", edgecolor=colour)


def _marks(
    axes: Any, names: Sequence[str], best: Mapping[str, Any], reference: Mapping[str, Any] | None, text: str
) -> list[Any]:
    """Best fit and reference point; returns their legend handles."""
    style = {"linestyle": "none", "zorder": 6}
    x, y = (best[name] for name in names)
    marks = axes.plot(x, y, marker="*", color=BEST, markersize=13, markeredgecolor="white", label="best fit", **style)
    if reference and all(name in reference for name in names):
        x, y = (reference[name] for name in names)
        marks += axes.plot(x, y, marker="D", color="black", markersize=6, markeredgecolor="white", label=text, **style)
    return marks


def frame(axes: Any, record: Any, names: Sequence[str], labels: Labels) -> None:
    """Scales, limits and labels of the axes from the grid."""
    for axis, name, grid, is_log in zip((axes.xaxis, axes.yaxis), names, record.axes, record.log, strict=False):
        axis.set_label_text(_label(name, labels))
        x = axis is axes.xaxis
        (axes.set_xscale if x else axes.set_yscale)("log" if is_log else "linear")
        (axes.set_xlim if x else axes.set_ylim)(grid[0], grid[-1])
        if is_log and grid[-1] < 100.0 * grid[0]:
            _plain_ticks(axis)


def _plain_ticks(axis: Any) -> None:
    """Ticks 1, 2, 5, 10 written as plain numbers, for logarithmic axes of less than two decades."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def _legend(axes: Any, handles: list[Any], title: str | None) -> None:
    """Legend beside the frame, where it hides nothing; it says what the contours mean."""
    from matplotlib.lines import Line2D

    for sigma, style in zip(SIGMAS, ("-", "--"), strict=True):
        text = rf"{100 * probability(sigma):.1f} %: $\Delta\chi^2 = {level(sigma, 2):.2f}$"
        handles.append(Line2D([], [], color="0.4", linestyle=style, linewidth=1.3, label=text))
    handles.append(Line2D([], [], linestyle="none", label="2 degrees of freedom"))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.01), title=title, alignment="left")


def _say_sigmas(axes: Any, result: Any) -> None:
    """Lines at 1 and 4, and the intervals of a profile below them."""
    for sigma, alpha in zip(SIGMAS, (0.28, 0.13), strict=True):
        height = level(sigma, 1)
        axes.axhline(height, color="0.55", linewidth=0.8, linestyle="--", zorder=1)
        place = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 11}
        axes.text(1.015, height, rf"${sigma:.0f}\sigma$", **place)
        for low, high in getattr(result, f"intervals_{sigma:.0f}", ()):
            ends = max(low, result.axes[0][0]), min(high, result.axes[0][-1])
            axes.axvspan(*ends, color=COLOURS[0], alpha=alpha, linewidth=0, zorder=0)


def _corner_cell(
    axes: Any, draws: dict[str, np.ndarray], below: str, along: str, row: int, bins: int, reference: Any
) -> None:
    """One cell: a histogram on the diagonal (row 0), a density under it, nothing above."""
    if row < 0:
        axes.set_visible(False)
        return
    if row == 0:
        low, middle, high = np.quantile(draws[along], [0.158655, 0.5, 0.841345])
        axes.hist(
            draws[along],
            bins=bins,
            range=_range(draws[along]),
            histtype="stepfilled",
            color=COLOURS[0] + "55",
            edgecolor=COLOURS[0],
        )
        for x, style in ((low, "--"), (middle, "-"), (high, "--")):
            axes.axvline(x, color=GLOBAL, linewidth=1.0, linestyle=style)
        axes.set_title(_centred(low, middle, high), fontsize=12)
    else:
        _density(axes, draws[along], draws[below], bins)
    if reference and along in reference:
        axes.axvline(reference[along], color=BEST, linewidth=0.9, linestyle=":")
    if reference and below in reference and row:
        axes.axhline(reference[below], color=BEST, linewidth=0.9, linestyle=":")


def _range(x: np.ndarray) -> tuple[float, float]:
    """Where nearly all draws are, with a margin."""
    low, high = np.quantile(x, [0.001, 0.999])
    margin = 0.1 * (high - low)
    return float(low - margin), float(high + margin)


def _centred(low: float, middle: float, high: float) -> str:
    from bsfit.results.tables import number

    minus, plus = middle - low, high - middle
    value, down, up = (number(x, minus, plus) for x in (middle, minus, plus))
    return f"${value}_{{-{down}}}^{{+{up}}}$"


def _density(axes: Any, x: np.ndarray, y: np.ndarray, bins: int) -> None:
    """Smoothed histogram of draws with the regions of 68.3 % and 95.4 % of them."""
    counts, x_edges, y_edges = np.histogram2d(x, y, bins=bins, range=[_range(x), _range(y)])
    # Four passes of a binomial filter have a width of 1.4 bins: 3 % of a Gaussian's own, in quadrature.
    for _ in range(4):
        padded = np.pad(counts, 1)
        padded = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
        counts = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    ordered = np.sort(counts.ravel())[::-1]
    heights = [ordered[np.searchsorted(np.cumsum(ordered) / ordered.sum(), probability(s))] for s in SIGMAS[::-1]]
    centres = [0.5 * (edges[1:] + edges[:-1]) for edges in (x_edges, y_edges)]
    levels = [*np.maximum.accumulate([*heights, ordered[0] * (1 + 1e-9)])]
    levels = np.array(levels) + np.arange(3) * 1e-12
    axes.contourf(*centres, counts.T, levels=levels, colors=[COLOURS[0] + "44", COLOURS[0] + "99"])
    axes.contour(*centres, counts.T, levels=levels[:2], colors=COLOURS[0], linewidths=0.9)


def _corner_frame(axes: Any, cell: tuple[int, int, int], x: np.ndarray, y: np.ndarray) -> None:
    """Common limits and few ticks along columns and rows."""
    from matplotlib.ticker import MaxNLocator

    i, j, _ = cell
    axes.set_xlim(*_range(x))
    axes.xaxis.set_major_locator(MaxNLocator(4, prune="both"))
    if i != j:
        axes.set_ylim(*_range(y))
        axes.yaxis.set_major_locator(MaxNLocator(4, prune="both"))


def _corner_labels(axes: Any, cell: tuple[int, int, int], along: str, below: str) -> None:
    """Labels at the outer cells only; the diagonal has no vertical scale."""
    i, j, n = cell
    axes.tick_params(labelbottom=i == n - 1, labelleft=j == 0 and i > 0, labelsize=11)
    if i == j:
        axes.set_yticks([])
        axes.tick_params(axis="y", which="both", left=False, right=False)
    if i == n - 1:
        axes.set_xlabel(along)
    if j == 0 and i > 0:
        axes.set_ylabel(below)


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
    np.savez_compressed(stream, allow_pickle=False, **arrays)
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
