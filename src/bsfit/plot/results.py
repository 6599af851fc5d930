"""Figures of results: the plane of two parameters, profiles, or what fits a record.

Nothing is computed here but contour levels. Every function takes records of `bsfit.results`, writes the figure to
`path` (the suffix chooses png, pdf or svg) and its numbers beside it (`name.numbers.csv` for curves,
`name.numbers.npz` for surfaces and draws), and returns both paths. matplotlib is imported on the first call.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import (
    BEST,
    COLOURS,
    GLOBAL,
    SIGMAS,
    Labels,
    canvas,
    frame,
    label,
    level,
    probability,
    save,
    save_arrays,
    save_table,
    what,
)
from bsfit.plot.corner import plot_corner
from bsfit.results import Posterior, Profile, Scan

DRAWN = "a Scan or Profile of one or two parameters, or a Posterior"


def has_figure(record: Any) -> bool:
    """Whether `plot` can draw a record."""
    return isinstance(record, Posterior) or (isinstance(record, Profile | Scan) and len(record.names) in (1, 2))


def plot(record: Any, path: str | os.PathLike[str], **options: Any) -> tuple[Path, Path]:
    """Draw a Scan, Profile or Posterior with the function that fits it; the options are that function's."""
    if not has_figure(record):
        raise BsfitInputError(f"{what(record)} has no figure", field="plot", expected=DRAWN)
    if isinstance(record, Posterior):
        return plot_corner(record, path, **options)
    return (plot_profile if len(record.names) == 1 else plot_plane)(record, path, **options)


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
            handles[-1].set_label(label(name, labels))
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
    reference = reference or (result.reference if isinstance(result, Scan) else None)
    with canvas(5.6, 4.4) as (figure, axes):
        _say_sigmas(axes, result)
        for (group, values), colour in zip(curves.items(), _colours(len(curves)), strict=True):
            text = label(group, labels) if len(curves) > 1 else None
            axes.plot(x, values, color=colour, linewidth=1.8 if colour == GLOBAL else 1.4, label=text)
        inside = x[0] <= best[name] <= x[-1]
        star = ([best[name]], [0.0]) if inside else ([], [])
        words = "best fit" if inside else "best fit: beyond the grid"
        axes.plot(*star, "*", color=BEST, markersize=14, clip_on=False, zorder=6, label=words)
        if reference and name in reference and x[0] <= reference[name] <= x[-1]:
            axes.axvline(reference[name], color="0.3", linewidth=1.1, linestyle=":", label=reference_label)
        frame(axes, result, (name,), labels)
        axes.set(ylabel=r"$\Delta\chi^2$", ylim=(0.0, top))
        axes.legend(loc="upper center", title=title, frameon=True, framealpha=0.9, edgecolor="none")
        columns = {name: x, **{f"delta_chi2_{group}": values for group, values in curves.items()}}
        return save(figure, path), save_table(path, columns)


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


def _colours(count: int) -> list[str]:
    """Colours for `count` sets, the last of which is the global one."""
    return [COLOURS[i % len(COLOURS)] for i in range(count - 1)] + [GLOBAL]


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
    if reference and all(np.isfinite(reference.get(name, np.nan)) for name in names):
        x, y = (reference[name] for name in names)
        marks += axes.plot(x, y, marker="D", color="black", markersize=6, markeredgecolor="white", label=text, **style)
    return marks


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
            ends = np.clip((low, high), *result.axes[0][[0, -1]])
            if np.isnan(ends).any():  # an end that the data do not determine
                continue
            axes.axvspan(*ends, color=COLOURS[0], alpha=alpha, linewidth=0, zorder=0)
