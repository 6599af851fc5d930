"""Corner plots of posteriors: marginal densities of the parameters and of all pairs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import BEST, COLOURS, GLOBAL, Labels, canvas, label, not_converged, save, save_arrays, what
from bsfit.plot.names import written
from bsfit.results import Posterior
from bsfit.results.surfaces import SIGMAS, probability, refined
from bsfit.results.tables import number


def plot_corner(
    posterior: Posterior,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    labels: Labels = None,
    reference: Mapping[str, Any] | None = None,
    bins: int = 40,
) -> tuple[Path, Path]:
    """Marginal densities of the parameters and of all pairs, with regions that hold 68.3 % and 95.4 % of the draws.

    names: which parameters, default all but nuisances. Raises BsfitInputError for other records and unknown names.
    """
    if not isinstance(posterior, Posterior):
        raise BsfitInputError(f"got {what(posterior)}", field="plot_corner", expected="a Posterior")
    names = tuple(names or (name for name in posterior.names if name not in posterior.nuisances))
    unknown = [name for name in names if name not in posterior.samples]
    if unknown:
        known = ", ".join(posterior.names)
        raise BsfitInputError(f"no draws of {', '.join(unknown)}", field="plot_corner", expected=known)
    draws, labels = {name: posterior.draws(name) for name in names}, written(posterior, labels)
    n = len(names)
    with canvas(1.0 + 2.1 * n, 1.0 + 2.1 * n, n, n) as (figure, axes):
        axes = np.array(axes, dtype=object).reshape(n, n)
        for i, below in enumerate(names):
            for j, along in enumerate(names):
                _corner_cell(axes[i][j], draws, below, along, i - j, bins, reference)
                _corner_frame(axes[i][j], (i, j, n), draws[along], draws[below])
                _corner_labels(axes[i][j], (i, j, n), label(along, labels), label(below, labels))
        if posterior.verdict != "passed":
            not_converged(figure)
        figure.subplots_adjust(hspace=0.06, wspace=0.06)
        return save(figure, path), save_arrays(path, {f"samples_{name}": x for name, x in draws.items()})


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
    margin = max(0.1 * (high - low), 1e-6 * max(abs(low), abs(high))) or 1.0  # all draws may be one
    return float(low - margin), float(high + margin)


def _centred(low: float, middle: float, high: float) -> str:
    minus, plus = middle - low, high - middle
    value, down, up = (number(x, minus, plus) for x in (middle, minus, plus))
    return f"${value}_{{-{down}}}^{{+{up}}}$"


def _density(axes: Any, x: np.ndarray, y: np.ndarray, bins: int) -> None:
    """Smoothed histogram of draws with the regions of 68.3 % and 95.4 % of them.

    The second coordinate is what y is away from its straight line on x: smoothing along the axes would make a narrow
    tilted valley as wide as a bin.
    """
    slope = np.cov(x, y)[0, 1] / np.var(x) if np.var(x) > 0.0 else 0.0
    away = y - slope * x
    counts, *edges = np.histogram2d(x, away, bins=bins, range=[_range(x), _range(away)])
    # Four passes of a binomial filter have a width of 1.4 bins: 3 % of a Gaussian's own, in quadrature.
    for _ in range(4):
        padded = np.pad(counts, 1)
        padded = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
        counts = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    ordered = np.sort(counts.ravel())[::-1]
    heights = [ordered[np.searchsorted(np.cumsum(ordered) / ordered.sum(), probability(s))] for s in SIGMAS[::-1]]
    centres = [0.5 * (ends[1:] + ends[:-1]) for ends in edges]
    (along, off), counts = refined(centres, counts, (False, False), points=10 * bins)
    along, off = np.meshgrid(along, off, indexing="ij")
    levels = [*np.maximum.accumulate([*heights, np.max(counts) * (1 + 1e-9)])]
    levels = np.array(levels) + np.arange(3) * 1e-12
    place = (along, slope * along + off)
    axes.contourf(*place, counts, levels=levels, colors=[COLOURS[0] + "44", COLOURS[0] + "99"])
    axes.contour(*place, counts, levels=levels[:2], colors=COLOURS[0], linewidths=0.9)


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
