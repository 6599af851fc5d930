"""A model with its fixed parameters filled in: what the rest of the wiring calls."""

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bsfit import catalogue, own_code, scalars
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs
from bsfit.theory import ModelFunction, Params, Theory, WilsonCoefficients

ModelLike = str | catalogue.Model | Callable
"""A name, a row, a callable ``(params) -> Theory`` or ``(params, inputs) -> Theory``, or what has ``bind``."""


@dataclass(frozen=True)
class BoundModel:
    """A model with its fixed parameters: callable on the free ones. `row` is None for a user's own callable.

    `free` names those that are given at every call, no more and no less; None: any that the model has, and all that are
    `required`, having no default.
    """

    row: catalogue.Model | None
    function: ModelFunction
    fixed: tuple[tuple[str, float], ...] = ()
    free: tuple[str, ...] | None = None
    required: tuple[str, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """Name of the model, of a user's own that of the function."""
        return self.row.name if self.row else self.label

    def __call__(self, params: Params, inputs: Inputs) -> Theory:
        """Theory at the free parameters. Raises `BsfitInputError` for names that are not free."""
        return self.function({**dict(self.fixed), **self.checked(params)}, inputs)

    def checked(self, params: Params) -> dict[str, Any]:
        """Numbers of the free parameters, by name."""
        if self.free is not None:
            return scalars.exactly(params, self.free, "the model", dict(self.fixed))
        found = scalars.parts(params)
        if self.row is not None:
            for name in found:
                catalogue.known_parameter(self.row, name)
            _refuse_missing(self.row, [name for name in self.required if name not in found])
        return found


def bind_model(model: ModelLike, fixed: Mapping[str, float], free: Sequence[str] | None) -> BoundModel:
    """A model with fixed parameters and defaults filled in; `free` names those given later, None if any may be.

    `model` is a name of `catalogue.MODELS`, a row of one's own, a callable of the parameters, or of the parameters and
    the inputs (the number of its required arguments decides), or has this function as its own method
    ``bind(fixed, free)`` (`at_relic_density`). Raises `BsfitInputError` for unknown or missing parameters, for fixed
    values outside their domain, and for callables of other arguments.
    """
    if (bind := getattr(model, "bind", None)) is not None:
        return bind(fixed, free)
    if not isinstance(model, str | catalogue.Model):
        function, own = _of_both(model), scalars.parts(fixed)
        given = None if free is None else tuple(free)
        return BoundModel(None, function, tuple(sorted(own.items())), given, label=own_code.name_of(model))
    row, known = catalogue.model(model), catalogue.parameters_of(model)
    given = scalars.parts(fixed, infinite=fixed)
    for name in (*given, *(free or ())):
        catalogue.known_parameter(row, name)
    for name in given:
        if name in (free or ()):
            raise BsfitInputError(f"parameter {name!r} is both free and fixed")
        check_domain(row, name, given[name])
    required = tuple(p.name for p in known.values() if p.default is None and p.name not in given)
    if free is not None:
        _refuse_missing(row, [name for name in required if name not in free])
    defaults = {} if row.effective else {p.name: p.default for p in known.values() if p.default is not None}
    filled = {name: value for name, value in {**defaults, **given}.items() if name not in (free or ())}
    chosen = None if free is None else tuple(free)
    return BoundModel(row, module_of(row).theory, tuple(filled.items()), chosen, required)


def _refuse_missing(row: catalogue.Model, missing: Sequence[str]) -> None:
    if missing:
        raise BsfitInputError(
            f"model {row.name!r} needs a value for {', '.join(missing)}",
            expected="masses and gauge couplings have no default",
        )


def module_of(row: catalogue.Model | catalogue.Process) -> Any:
    """The file that a row of the catalogue names, or what is in it, or what stands for one."""
    if not isinstance(row.module, str):
        return row.module
    file, _, inside = row.module.partition(":")
    found = importlib.import_module(file)
    return getattr(found, inside) if inside else found


def row_of(model: ModelLike) -> catalogue.Model | None:
    """Row of a model, also of one that is bound in another way; None for a user's own callable."""
    inner = getattr(model, "model", model) if hasattr(model, "bind") else model
    return catalogue.model(inner) if isinstance(inner, str | catalogue.Model) else None


def _of_both(model: Callable) -> ModelFunction:
    """A user's own model as a function of parameters and inputs, whose slips are told by line."""
    count = _required_arguments(model)

    def theory(params: Params, inputs: Inputs) -> Theory:
        found = own_code.call(model, "own model", *(params, inputs)[:count])
        if not isinstance(found, Theory) or not isinstance(found.wilson, WilsonCoefficients):
            inside = f" with {type(found.wilson).__name__} in it" if isinstance(found, Theory) else ""
            raise BsfitInputError(
                f"own model {own_code.name_of(model)!r} returned a {type(found).__name__}{inside}",
                field="model",
                expected="bsfit.Theory(bsfit.WilsonCoefficients.of({name: value}))",
            )
        return found

    return theory


def _required_arguments(model: Any) -> int:
    """1 or 2; raises `BsfitInputError` for anything else."""
    expected = "a function (params) -> Theory or (params, inputs) -> Theory"
    name = own_code.name_of(model)
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

    The `edge` of a range may be the end of that interval, though it be open.
    """
    parameter = catalogue.known_parameter(model, name)
    value = scalars.real(value, name, infinite=True)
    if expected := parameter.fault(value, edge):
        raise BsfitInputError(f"parameter {name!r} = {value:g} is outside its domain", expected=expected)
