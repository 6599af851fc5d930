"""Figures for pages: those of `bsfit.plot`, as SVG."""

import tempfile
from pathlib import Path
from typing import Any


def figure(record: Any) -> bytes | None:
    """The figure of a record as SVG; None if it has none."""
    from bsfit.plot.results import has_figure, plot

    if not has_figure(record):
        return None
    with tempfile.TemporaryDirectory() as folder:
        drawn, _ = plot(record, Path(folder) / "figure.svg")
        return drawn.read_bytes()
