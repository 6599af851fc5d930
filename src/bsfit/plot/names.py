"""How parameters, observables and inputs of a record are written in its figures: TeX of the catalogue."""

import re
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.plot.canvas import Labels
from bsfit.results import ErrorBudget

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_=+-]*")
_INPUT = re.compile(r"[A-Za-z0-9_*+/>-]+( [A-Za-z0-9_*+/>-]+)*")


def written(record: Any, given: Labels) -> dict[str, str]:
    """TeX of the parameters of a record, or of observables and inputs of a budget, and what is `given` in its place.

    What is no name of one has none.
    """
    return {**_known(record), **(given or {})}


def _known(record: Any) -> dict[str, str]:
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
    texts = {name: tex for name in names if (tex := catalogue.tex(model, name)) and not tex.startswith(r"\mathtt")}
    return {name: f"${tex}$" + " [GeV]" * (name in massive) for name, tex in texts.items()}


def _of_observable(model: str, name: str) -> str:
    """TeX of an observable, or of an output of a model."""
    try:
        return catalogue.tex_of_observable(catalogue.observable(name))
    except BsfitInputError:
        return catalogue.tex(model, name)
