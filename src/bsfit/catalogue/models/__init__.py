"""The models, one file a row, or several that share it: adding one takes its file and its line in `NAMES`."""

import importlib

from bsfit.catalogue.models.rows import Model, Parameter
from bsfit.catalogue.scenarios import STANDARD_SCENARIOS, scenario
from bsfit.errors import BsfitInputError, did_you_mean

NAMES = (
    "eft",
    "portal",
    "loop",
    "lmutau",
    "fermiophobic",
    "hidden",
    "simplified",
    "charges",
    "xb3",
    "b1b2",
    "relic",
    "light",
    "flavour_scalar",
    "dm_exchange",
    "fermion_bridge",
    "loop_zprime_scalar",
    "loop_zprime_fermion",
    "leptoquark_nplet",
    "confinement",
)
"""Files, each with its `MODEL`, or its `MODELS`."""


def _rows(name: str) -> tuple[Model, ...]:
    file = importlib.import_module(f"{__name__}.{name}")
    return file.MODELS if hasattr(file, "MODELS") else (file.MODEL,)


MODELS: dict[str, Model] = {row.name: row for name in NAMES for row in _rows(name)}


def model(given: str | Model) -> Model:
    """The row of a model, by its name or as it is. Raises `BsfitInputError` for an unknown name."""
    if isinstance(given, Model):
        return given
    if given not in MODELS:
        raise BsfitInputError(f"unknown model {given!r}", hint=did_you_mean(given, MODELS), expected=", ".join(MODELS))
    return MODELS[given]


def models_with_dark_matter() -> str:
    """Their names for a message, as in ``portal or loop``."""
    *others, last = (name for name, row in MODELS.items() if row.dark_matter)
    return f"{', '.join(others)} or {last}" if others else last


def parameters_of(given: str | Model) -> dict[str, Parameter]:
    """Parameters of a model by name. Raises `BsfitInputError` for an unknown model."""
    return {parameter.name: parameter for parameter in model(given).parameters}


def known_parameter(given: str | Model, name: str) -> Parameter:
    """The parameter (of `eft` also a scenario) of that name. Raises `BsfitInputError` with the nearest names."""
    row, parameters = model(given), parameters_of(given)
    if name in parameters:
        return parameters[name]
    if row.effective and (terms := scenario(name)):
        return Parameter(name, bounds=parameters[next(iter(terms))].bounds)
    candidates = (*parameters, *(STANDARD_SCENARIOS if row.effective else ()))
    raise BsfitInputError(f"model {row.name!r} has no parameter {name!r}", hint=did_you_mean(name, candidates))


def default_bounds(given: str | Model, name: str) -> tuple[float, float] | None:
    """Bounds of a free parameter that is given without any; None where no range is natural.

    About the size of the Standard Model for coefficients, the perturbative range for Yukawa couplings. Raises
    `BsfitInputError` for an unknown model or parameter.
    """
    row, parameter = model(given), known_parameter(given, name)
    coupling, bounds = row.relic or ("", None)
    return row.free.get(name) or parameter.bounds or (bounds if name == coupling else None)
