"""Figures for pages: those of `bsfit.plot`, as SVG."""

import re
import tempfile
from pathlib import Path
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.results import ErrorBudget

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_=+-]*")
_INPUT = re.compile(r"[A-Za-z0-9_*+/>-]+( [A-Za-z0-9_*+/>-]+)*")


def figure(record: Any) -> bytes | None:
    """The figure of a record as SVG; None if it has none."""
    from bsfit.plot.results import has_figure, plot

    if not has_figure(record):
        return None
    with tempfile.TemporaryDirectory() as folder:
        drawn, _ = plot(record, Path(folder) / "figure.svg", labels=labels(record))
        return drawn.read_bytes()


def labels(record: Any) -> dict[str, str]:
    """TeX of the parameters of a record, or of observables and inputs of a budget; what is no name of one has none."""
    model = getattr(record, "meta", {}).get("likelihood", {}).get("model", "")
    if isinstance(record, ErrorBudget):
        inputs = {name: f"${catalogue.tex_of_input(name)}$" for name in record.inputs if _INPUT.fullmatch(name)}
        return (
            {"quark masses, alpha_s": r"quark masses, $\alpha_s$"}
            | inputs
            | {name: f"${_of_observable(model, name)}$" for name in record.observables}
        )
    names = [name for name in getattr(record, "names", ()) if _NAME.fullmatch(name)]
    known = catalogue.parameters_of(model) if model in catalogue.MODELS else {}
    massive = {name for name, parameter in known.items() if parameter.unit == "GeV"}
    return {name: f"${catalogue.tex(model, name)}$" + " [GeV]" * (name in massive) for name in names}


def _of_observable(model: str, name: str) -> str:
    """TeX of an observable, or of an output of a model."""
    try:
        return catalogue.tex_of_observable(catalogue.observable(name))
    except BsfitInputError:
        return catalogue.tex(model, name)
