"""A model with its fixed parameters filled in: what the rest of the wiring calls."""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs
from bsfit.theory import ModelFunction, Params, Theory

ModelLike = str | catalogue.Model | Callable
"""A name, a row, a callable ``(params) -> Theory`` or ``(params, inputs) -> Theory``, or what has ``bind``."""


@dataclass(frozen=True)
class BoundModel:
    """A model with its fixed parameters: callable on the free ones. `row` is None for a user's own callable."""

    row: catalogue.Model | None
    function: ModelFunction
    fixed: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """Name of the model, "" for a user's own callable."""
        return self.row.name if self.row else ""

    def __call__(self, params: Params, inputs: Inputs) -> Theory:
        """Theory at the free parameters."""
        return self.function({**dict(self.fixed), **params}, inputs)


def bind_model(model: ModelLike, fixed: Mapping[str, float], free: Sequence[str]) -> BoundModel:
    """A model with fixed parameters and defaults filled in; `free` names the parameters given later.

    `model` is a name of `catalogue.MODELS`, a row of one's own, a callable of the parameters, or of the parameters and
    the inputs (the number of its required arguments decides), or has this function as its own method
    ``bind(fixed, free)`` (`at_relic_density`). Raises `BsfitInputError` for unknown or missing parameters, for fixed
    values outside their domain, and for callables of other arguments.
    """
    if (bind := getattr(model, "bind", None)) is not None:
        return bind(fixed, free)
    if not isinstance(model, str | catalogue.Model):
        return BoundModel(None, _of_both(model), tuple(sorted(fixed.items())))
    row, known = catalogue.model(model), catalogue.parameters_of(model)
    for name in (*fixed, *free):
        catalogue.known_parameter(row, name)
    for name in fixed:
        if name in free:
            raise BsfitInputError(f"parameter {name!r} is both free and fixed")
        check_domain(row, name, fixed[name])
    missing = [p.name for p in known.values() if p.default is None and p.name not in (*fixed, *free)]
    if missing:
        raise BsfitInputError(
            f"model {row.name!r} needs a value for {', '.join(missing)}",
            expected="masses and gauge couplings have no default",
        )
    defaults = {} if row.effective else {p.name: p.default for p in known.values() if p.name not in free}
    return BoundModel(row, module_of(row).theory, tuple({**defaults, **fixed}.items()))


def module_of(row: catalogue.Model | catalogue.Process) -> Any:
    """The file that a row of the catalogue names, or what stands for one."""
    return importlib.import_module(row.module) if isinstance(row.module, str) else row.module


def row_of(model: ModelLike) -> catalogue.Model | None:
    """Row of a model, also of one that is bound in another way; None for a user's own callable."""
    inner = getattr(model, "model", model) if hasattr(model, "bind") else model
    return catalogue.model(inner) if isinstance(inner, str | catalogue.Model) else None


def _of_both(model: Callable) -> ModelFunction:
    """A user's own model as a function of parameters and inputs."""
    count = _required_arguments(model)
    return model if count == 2 else lambda params, inputs: model(params)


def _required_arguments(model: Any) -> int:
    """1 or 2; raises `BsfitInputError` for anything else."""
    expected = "a function (params) -> Theory or (params, inputs) -> Theory"
    name = getattr(model, "__name__", type(model).__name__)
    if not callable(model):
        raise BsfitInputError(f"{model!r} is no model", field="model", expected=f"a name, or {expected}")
    parameters = inspect.signature(model).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise BsfitInputError(f"own model {name!r} takes *args", field="model", expected=expected)
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if len(required) not in (1, 2) or any(p.kind is p.KEYWORD_ONLY for p in required):
        listed = ", ".join(p.name for p in required)
        raise BsfitInputError(f"own model {name!r} needs the arguments ({listed})", field="model", expected=expected)
    return len(required)


def check_domain(model: str | catalogue.Model, name: str, value: Any, edge: bool = False) -> None:
    """Raise `BsfitInputError` if a parameter value is not a number in the interval where the parameter makes sense.

    The `edge` of a range may be the end of that interval.
    """
    parameter = catalogue.known_parameter(model, name)
    if not isinstance(value, (int, float, np.number)) or math.isnan(value):
        raise BsfitInputError(f"parameter {name!r} = {value!r} is not a number", expected="a real number")
    inside = parameter.lower < value < parameter.upper or (parameter.default == math.inf and value == math.inf)
    if not inside and not (edge and parameter.lower <= value <= parameter.upper):
        unit = "" if parameter.unit == "1" else f" {parameter.unit}"
        raise BsfitInputError(
            f"parameter {name!r} = {value:g} is outside its domain",
            expected=f"{parameter.lower:g} < {name} < {parameter.upper:g}{unit}",
        )
