"""The record of what was kept of points that are no whole grid."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bsfit.results import Binned, Points
from bsfit.runs.designs import Design
from bsfit.runs.keep import Best, Chosen, Histogram, Kept
from bsfit.runs.running import Tally


def record_of(kept: Kept, design: Design, tally: Tally, keep: str, said: Mapping[str, Any]) -> Points | Binned:
    """Points, or bins; `said` are fields of either."""
    about = {**said, "names": design.names, "tried": tally.points, "keep": keep}
    if isinstance(kept, Chosen):
        return _points(kept, tally.groups, about)
    assert isinstance(kept, Best | Histogram)
    found = {"profiles": kept.profiles, "points": kept.points} if isinstance(kept, Best) else _shares(kept, tally)
    return Binned(
        edges=tuple(bins.edges for bins in kept.bins),
        log=tuple(bins.log for bins in kept.bins),
        **found,
        **_best(kept.where, kept.highest),
        **about,
    )


def _points(kept: Chosen, groups: tuple[str, ...], about: Mapping[str, Any]) -> Points:
    content = kept.joined()
    columns, total = {name: content["points"][name] for name in about["names"]}, content["log_likelihood"]
    finite = np.where(np.isfinite(total), total, -np.inf)
    row = int(np.argmax(finite)) if len(total) else None
    where = None if row is None else {name: float(values[row]) for name, values in columns.items()}
    return Points(
        columns=columns,
        log_likelihood=total,
        log_weights=content["log_weights"],
        groups=groups,
        by_group=content["by_group"],
        **_best(where, -np.inf if row is None else float(finite[row])),
        **about,
    )


def _shares(kept: Histogram, tally: Tally) -> dict[str, Any]:
    """Weights as shares of their sum."""
    total, squares = kept.sums
    some = total > 0.0
    scale = 1.0 / total if some else 0.0
    return {
        "weights": {name: scale * sums for name, sums in kept.one.items()},
        "pairs": {name: scale * sums for name, sums in kept.two.items()},
        "effective": float(total**2 / squares) if some else 0.0,
        "log_mean": float(kept.top + np.log(total / tally.points)) if some else -np.inf,
    }


def _best(where: Mapping[str, float] | None, highest: float) -> dict[str, Any]:
    if where is None or not np.isfinite(highest):
        return {"status": "not converged"}
    return {"best": dict(where), "best_log_likelihood": highest}
