"""Figures for pages: those of `bsfit.plot`, as SVG."""

import re
import tempfile
from pathlib import Path
from typing import Any

from bsfit import catalogue

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_=+-]*")


def figure(record: Any) -> bytes | None:
    """The figure of a record as SVG; None if it has none."""
    from bsfit.plot.results import has_figure, plot

    if not has_figure(record):
        return None
    with tempfile.TemporaryDirectory() as folder:
        drawn, _ = plot(record, Path(folder) / "figure.svg", labels=labels(record))
        return drawn.read_bytes()


def labels(record: Any) -> dict[str, str]:
    """TeX of the parameters of a record; what is no name of a parameter has none."""
    if not hasattr(record, "names"):
        return {}
    model = record.meta.get("likelihood", {}).get("model", "")
    return {name: f"${catalogue.tex(model, name)}$" for name in record.names if _NAME.fullmatch(name)}
