"""The direct-detection plane: mass and cross section of dark matter in a result, with published limits."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import BEST, COLOURS, NOT_CONVERGED, Labels, canvas, label, plain_ticks, save, save_arrays, what
from bsfit.results import DarkMatter
from bsfit.results.surfaces import CONTOURS, SIGMAS, probability

STYLES = ("-", "--", "-.", ":")
"""Of limits, in their order."""

GREY = "0.35"
BEST_OF = {"FitResult": "best fit", "Posterior": "likeliest draw"}
"""What a star is, by the kind of result."""


def plot_direct(
    records: DarkMatter | Mapping[str, DarkMatter], path: str | os.PathLike[str], *, labels: Labels = None
) -> tuple[Path, Path]:
    """Points of one result, or of several by name, in the plane of mass and cross section, with published limits.

    Draws of a posterior are dots; of other points those within 95.4 and 68.3 % of two parameters, light and dark. The
    limits that the likelihood holds are shaded. What is drawn is the cross section times the share of this dark matter
    in all, which limits are on. labels: name of a result or a limit -> text. Raises BsfitInputError for other records,
    and where no point scatters.
    """
    named = {"": records} if isinstance(records, DarkMatter) else dict(records)
    if not named or not all(isinstance(record, DarkMatter) for record in named.values()):
        got = "; ".join(what(record) for record in named.values()) or "nothing"
        raise BsfitInputError(f"got {got}", field="plot_direct", expected="a DarkMatter, or several by name")
    if not any(np.any(_seen(record)) or _scatters(record) for record in named.values()):
        raise BsfitInputError("nothing scatters: sigma_SI is zero at every point", field="plot_direct")
    with canvas(5.2, 4.4) as (figure, axes):
        axes.set(xscale="log", yscale="log")
        for (name, record), colour in zip(named.items(), COLOURS * len(named), strict=False):
            _points(axes, record, label(name, labels), colour)
        _window(axes, list(named.values()))
        _limits(axes, list(named.values()), labels)
        axes.set_xlabel(r"$m_{\rm DM}$ [GeV]")
        share = r"\xi\," if any(record.rescaled for record in named.values()) else ""
        axes.set_ylabel(rf"${share}\sigma_{{\rm SI}}$ [cm$^2$ per nucleon, Xe]")
        doubt = NOT_CONVERGED if any(record.doubts for record in named.values()) else None
        legend = axes.legend(ncols=2, fontsize=9.5, loc="lower center", bbox_to_anchor=(0.5, 1.0), title=doubt)
        legend.get_title().set(color=BEST, fontsize=14, weight="bold")
        for handle in legend.legend_handles:
            if handle.get_marker() == "o":
                handle.set(markersize=5.0, alpha=0.8)
        return save(figure, path), save_arrays(path, _numbers(named))


def _scatters(record: DarkMatter) -> bool:
    return record.best["share"] * record.best["sigma_SI"] > 0.0


def _seen(record: DarkMatter) -> np.ndarray:
    """Which points are drawn: those that scatter, within 95.4 % where their likelihood is known."""
    near = record.delta_chi2 <= CONTOURS[1] if len(record.delta_chi2) else np.ones(len(record.mass), bool)
    return near & np.isfinite(record.rate) & (record.rate > 0.0)


def _points(axes: Any, record: DarkMatter, name: str, colour: str) -> None:
    """Dots, and a star where the likelihood is highest."""
    seen = _seen(record)
    front = f"{name}: " if name else ""
    style = {"linestyle": "none", "marker": "o", "color": colour, "markeredgewidth": 0.0, "zorder": 3}
    if len(record.delta_chi2) > 1:
        inner = record.delta_chi2 <= CONTOURS[0]
        parts = [(seen & ~inner, 0.3, SIGMAS[1]), (seen & inner, 0.9, SIGMAS[0])]
        for part, alpha, sigma in parts:
            words = f"{front}{100 * probability(sigma):.1f} %"
            axes.plot(record.mass[part], record.rate[part], markersize=3.0, alpha=alpha, label=words, **style)
    elif not len(record.delta_chi2):
        words = f"{front}{int(seen.sum())} draws"
        axes.plot(record.mass[seen], record.rate[seen], markersize=2.6, alpha=0.35, label=words, **style)
    if len(record.delta_chi2) and (left := int((record.delta_chi2 <= CONTOURS[1]).sum() - seen.sum())):
        axes.plot([], [], linestyle="none", label=f"{left} points do not scatter")
    if _scatters(record):
        best = record.best["mass"], record.best["share"] * record.best["sigma_SI"]
        star = {"marker": "*", "markersize": 14, "markeredgecolor": "white", "linestyle": "none", "zorder": 6}
        axes.plot(
            *best, color=BEST if not name else colour, label=front + BEST_OF.get(record.what, "best point"), **star
        )


def _window(axes: Any, records: list[DarkMatter]) -> None:
    """The points, a factor of three about them, and the limits above them."""
    x = np.concatenate([[*record.mass[_seen(record)], record.best["mass"]] for record in records])
    y = np.concatenate(
        [[*record.rate[_seen(record)], record.best["share"] * record.best["sigma_SI"]] for record in records]
    )
    y = y[y > 0.0]
    low, high = x.min() / 3.0, 3.0 * x.max()
    if high < 100.0 * low:
        plain_ticks(axes.xaxis)
    above = [
        np.exp(np.interp(np.log([low, high]), np.log(table[0]), np.log(table[1])))
        for record in records
        for table in record.limits.values()
    ]
    ends = np.concatenate([y, *above])
    axes.set(xlim=(low, high), ylim=(ends.min() / 10.0, 10.0 * ends.max()))


def _limits(axes: Any, records: list[DarkMatter], labels: Labels) -> None:
    """Published limits; above those that a likelihood holds it is shaded."""
    tables = {name: table for record in records for name, table in record.limits.items()}
    confidence = {name: level for record in records for name, level in record.confidence.items()}
    used = {name for record in records for name in record.used}
    top = axes.get_ylim()[1]
    for (name, (mass, most)), style in zip(tables.items(), STYLES * len(tables), strict=False):
        holds = name in used
        words = f"{label(name, labels) if name in (labels or {}) else _title(name)}, {100 * confidence[name]:.0f} % CL"
        line = {"color": "black" if holds else GREY, "linewidth": 1.6 if holds else 1.0, "linestyle": style}
        axes.plot(mass, most, label=words + (" (in the likelihood)" if holds else ""), zorder=4, **line)
        if holds:
            axes.fill_between(mass, most, top, color="0.5", alpha=0.15, linewidth=0.0, zorder=1)


def _title(name: str) -> str:
    """A limit as its experiment writes itself: LZ 2024 for lz-2024."""
    experiment, _, year = name.partition("-")
    return f"{experiment.upper() if len(experiment) < 9 else experiment} {year}".strip()


def _numbers(named: Mapping[str, DarkMatter]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, record in named.items():
        front = f"{name}: " if name else ""
        columns = {key: getattr(record, key) for key in ("mass", "sigma_SI", "Omega_h2", "share", "delta_chi2")}
        found |= {f"{front}{key}": values for key, values in columns.items()}
        found |= {f"{front}best_{key}": np.array(value) for key, value in record.best.items()}
        found |= {f"limit_{limit}": table for limit, table in record.limits.items()}
    return found
