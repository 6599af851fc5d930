"""Figures of results: the plane of two parameters, profiles, or what fits a record.

Nothing is computed here but contour levels. Every function takes records of `bsfit.results`, writes the figure to
`path` (the suffix chooses png, pdf or svg) and its numbers beside it (`name.numbers.csv` for curves,
`name.numbers.npz` for surfaces and draws), and returns both paths. matplotlib is imported on the first call.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.bins import plot_bins
from bsfit.plot.budget import plot_budget
from bsfit.plot.canvas import (
    BEST,
    COLOURS,
    DAGGER,
    GLOBAL,
    Labels,
    canvas,
    doubt,
    frame,
    label,
    save,
    save_arrays,
    save_table,
    what,
)
from bsfit.plot.corner import plot_corner
from bsfit.plot.correlations import plot_correlations
from bsfit.plot.dark_matter import plot_direct
from bsfit.plot.maps import Lines, coarseness, draw_lines
from bsfit.plot.names import written
from bsfit.results import Bins, DarkMatter, ErrorBudget, FitResult, Posterior, Profile, Scan
from bsfit.results.surfaces import AGREE, CONTOURS, SIGMAS, disagreement, level, probability, refined

DRAWN = (
    "a Scan or Profile of one or two parameters, a Posterior, a FitResult of several, "
    "Bins, an ErrorBudget or a DarkMatter"
)


def has_figure(record: Any) -> bool:
    """Whether `plot` can draw a record."""
    if isinstance(record, FitResult):
        return len(set(record.names) - set(record.nuisances)) > 1
    return isinstance(record, Posterior | Bins | ErrorBudget | DarkMatter) or (
        isinstance(record, Profile | Scan) and len(record.names) in (1, 2)
    )


def plot(record: Any, path: str | os.PathLike[str], **options: Any) -> tuple[Path, Path]:
    """Draw a record with the function that fits it, as `DRAWN` says; the options are that function's."""
    if not has_figure(record):
        raise BsfitInputError(f"{what(record)} has no figure", field="plot", expected=DRAWN)
    if isinstance(record, Posterior):
        return plot_corner(record, path, **options)
    if isinstance(record, Bins):
        return plot_bins(record, path, **options)
    if isinstance(record, ErrorBudget):
        return plot_budget(record, path, **options)
    if isinstance(record, DarkMatter):
        return plot_direct(record, path, **options)
    if isinstance(record, FitResult):
        return plot_correlations(record, path, **options)
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
    lines: Sequence[Lines] = (),
) -> tuple[Path, Path]:
    """Contours of 1 and 2 sigma (two degrees of freedom) in a plane: one set per group, and the global one.

    results: a Scan or Profile of two parameters, or a dict {name: result} of several over the same two. groups: which
    groups of a Scan, default all. labels: parameter or group -> text, TeX in dollars. best, reference: points to mark,
    default the highest point and the Scan's reference. lines: contours of anything on the first grid, such as of the
    relic density. Raises BsfitInputError for results of other dimensions or parameters.
    """
    sets = _sets(results, groups)
    names, last, labels = sets[0].record.names, sets[-1], written(sets[0].record, labels)
    drawn, left = _visible(sets, CONTOURS[0])
    best = best or (last.peak if last.name in drawn else {})
    reference = reference or next((s.record.reference for s in sets if getattr(s.record, "reference", None)), None)
    with canvas(5.6, 5.2) as (figure, axes):
        handles, coarse = [], 0.0
        for each, colour in zip(sets, _colours(len(sets)), strict=True):
            if each.name in drawn:
                filled = colour != GLOBAL or len(sets) == 1
                handles.append(_region(axes, each, colour if len(sets) > 1 else COLOURS[0], filled))
                change = disagreement(each.record.axes, each.values, each.record.log, CONTOURS)
                coarse = max(coarse, change)
                handles[-1].set_label(label(each.name, labels) + each.where + DAGGER * (change > AGREE))
        handles = [handle for handle in handles if len(sets) > 1 or handle.get_label() != "global"]
        handles += _marks(axes, names, best, reference, reference_label)
        for each in lines:
            change = coarseness(sets[0].record, each)
            coarse = max(coarse, change)
            handles.append(draw_lines(axes, sets[0].record, each, 5.0))
            handles[-1].set_label(handles[-1].get_label() + DAGGER * (change > AGREE))
        frame(axes, sets[0].record, names, labels)
        said = [*_left_out(left, labels), *([doubt(coarse)] if coarse > AGREE else [])]
        _legend(axes, [*handles, *_remarks(said)], title)
        payload = dict(zip((f"axis_{name}" for name in names), sets[0].record.axes, strict=True))
        payload |= {f"delta_chi2_{each.name}": each.values for each in sets}
        payload |= {"levels": np.array(CONTOURS)} | {each.label: np.asarray(each.values) for each in lines}
        payload |= {f"best_{name}": np.array(best[name]) for name in names if name in best}
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
    name, x, labels = result.names[0], result.axes[0], written(result, labels)
    sets = _sets(result, None)
    drawn, left = _visible(sets, 0.0)
    reference = reference or (result.reference if isinstance(result, Scan) else None)
    with canvas(5.6, 4.4) as (figure, axes):
        _say_sigmas(axes, result)
        for each, colour in zip(sets, _colours(len(sets)), strict=True):
            text = label(each.name, labels) + each.where if len(sets) > 1 or each.where else None
            if each.name in drawn:
                axes.plot(x, each.values, color=colour, linewidth=1.8 if colour == GLOBAL else 1.4, label=text)
        if sets[-1].name in drawn:
            best = sets[-1].peak[name]
            inside = x[0] <= best <= x[-1]
            star = ([best], [0.0]) if inside else ([], [])
            words = "best fit" if inside else "best fit: beyond the grid"
            axes.plot(*star, "*", color=BEST, markersize=14, clip_on=False, zorder=6, label=words)
        if reference and name in reference and x[0] <= reference[name] <= x[-1]:
            axes.axvline(reference[name], color="0.3", linewidth=1.1, linestyle=":", label=reference_label)
        frame(axes, result, (name,), labels)
        axes.set(ylabel=r"$\Delta\chi^2$", ylim=(0.0, top))
        handles = [*axes.get_legend_handles_labels()[0], *_remarks(_left_out(left, labels))]
        axes.legend(handles=handles, loc="upper center", title=title, frameon=True, framealpha=0.9, edgecolor="none")
        columns = {name: x, **{f"delta_chi2_{each.name}": each.values for each in sets}}
        return save(figure, path), save_table(path, columns)


class _Set(NamedTuple):
    """One set of contours, or one curve: its name, the record and the Delta chi2 on its grid, and which group it is."""

    name: str
    record: Any
    values: np.ndarray
    group: str | None = None

    @property
    def peak(self) -> Mapping[str, float]:
        """The highest point."""
        return self.record.best if isinstance(self.record, Profile) else self.record.peak(self.group)[0]

    @property
    def where(self) -> str:
        """A remark for the legend if the highest point is where the grid ends."""
        at_edge = isinstance(self.record, Scan) and self.record.edges(self.group)
        return " (highest at the edge)" if at_edge else ""


def _sets(results: Any, groups: Sequence[str] | None) -> list[_Set]:
    """Every set of contours or curves; what holds everything comes last."""
    if isinstance(results, Mapping):
        found = [_Set(name, record, _total(record)) for name, record in results.items()]
    elif isinstance(results, Scan):
        shown = results.groups if groups is None else tuple(groups)
        found = [_Set(group, results, results.delta_chi2(group), group) for group in shown if len(shown) > 1 or groups]
        found.append(_Set("global", results, results.delta_chi2()))
    else:
        found = [_Set("global", results, _total(results))]
    names = found[0].record.names if isinstance(found[0].record, Scan | Profile) else ()
    if not names or len(names) > 2 or any(each.record.names != names for each in found):
        got = "; ".join(what(each.record) for each in found)
        raise BsfitInputError(
            f"got {got}", field="plot", expected="scans or profiles of the same one or two parameters"
        )
    return found


def _total(record: Any) -> np.ndarray:
    if isinstance(record, Scan):
        return record.delta_chi2()
    return record.delta_chi2 if isinstance(record, Profile) else np.zeros(0)


def _visible(sets: Sequence[_Set], height: float) -> tuple[list[str], dict[str, list[str]]]:
    """Names of the sets that rise above a height, and of the others by reason: they would fill all of the frame."""
    drawn, left = [], {}
    for each in sets:
        finite = each.values[np.isfinite(each.values)]
        if isinstance(each.record, Scan) and each.record.blind(each.group) == each.record.names:
            left.setdefault("no dependence on the axes", []).append(each.name)
        elif not len(finite):
            left.setdefault("nowhere finite", []).append(each.name)
        elif len(finite) == each.values.size and np.max(finite) <= height:
            left.setdefault(f"within {100 * probability(SIGMAS[0]):.1f} % everywhere", []).append(each.name)
        else:
            drawn.append(each.name)
    return drawn, left


def _left_out(left: Mapping[str, list[str]], labels: Labels) -> list[str]:
    """Names of what is not drawn, and why."""
    return [f"not drawn, {why}:\n{', '.join(label(name, labels) for name in names)}" for why, names in left.items()]


def _remarks(texts: Sequence[str]) -> list[Any]:
    """Legend entries without a handle."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], linestyle="none", label=text) for text in texts]


def _colours(count: int) -> list[str]:
    """Colours for `count` sets, the last of which is the global one."""
    return [COLOURS[i % len(COLOURS)] for i in range(count - 1)] + [GLOBAL]


def _region(axes: Any, each: _Set, colour: str, filled: bool) -> Any:
    """The 1 and 2 sigma contours of one set; returns its legend handle."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    (x, y), surface = refined(each.record.axes, each.values, each.record.log)
    # Points without a finite value lie outside every contour.
    surface = np.where(np.isnan(surface), 1e3, surface).T
    if not filled:
        axes.contour(
            x, y, surface, levels=CONTOURS, colors=colour, linewidths=(1.7, 1.3), linestyles=("-", "--"), zorder=4
        )
        return Line2D([], [], color=colour, linewidth=1.7)
    for low, high, alpha in ((-1.0, CONTOURS[0], 0.5), (*CONTOURS, 0.22)):
        axes.contourf(x, y, surface, levels=[low, high], colors=[colour], alpha=alpha, zorder=2)
    axes.contour(x, y, surface, levels=CONTOURS, colors=colour, linewidths=0.9, linestyles=("-", "--"), zorder=3)
    return Patch(facecolor=colour + "80", edgecolor=colour)


def _marks(
    axes: Any, names: Sequence[str], best: Mapping[str, Any], reference: Mapping[str, Any] | None, text: str
) -> list[Any]:
    """Best fit and reference point; returns their legend handles."""
    style = {"linestyle": "none", "zorder": 6}
    marks = []
    if all(name in best for name in names):
        x, y = (best[name] for name in names)
        star = {"marker": "*", "color": BEST, "markersize": 13, "markeredgecolor": "white", "label": "best fit"}
        marks += axes.plot(x, y, **star, **style)
    if reference and all(np.isfinite(reference.get(name, np.nan)) for name in names):
        x, y = (reference[name] for name in names)
        marks += axes.plot(x, y, marker="D", color="black", markersize=6, markeredgecolor="white", label=text, **style)
    return marks


def _legend(axes: Any, handles: list[Any], title: str | None) -> None:
    """Legend beside the frame, where it hides nothing; it says what the contours mean."""
    from matplotlib.lines import Line2D

    for sigma, height, style in zip(SIGMAS, CONTOURS, ("-", "--"), strict=True):
        text = rf"{100 * probability(sigma):.1f} %: $\Delta\chi^2 = {height:.2f}$"
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
