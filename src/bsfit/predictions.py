"""From parameters to predicted values: model, moments of each process once, combination into named observables.

Wiring only. A `Prediction` is the plan for a tuple of observables: which moment rows each process must deliver, and how
they combine. Moments come from the amplitudes (the direct path) or from their exact quadratic response to the Wilson
coefficients (`Prediction.through_response`).
"""

import dataclasses
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue, evaluation
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.evaluation import once
from bsfit.hadronic.phase_space import CHARMONIA
from bsfit.inputs import Inputs, load_inputs
from bsfit.response import Response, contract, expand, probes, real_parts, span
from bsfit.theory import INDEX, Rows, Theory, Verdict

Params = Mapping[str, Float[Array, ""] | float]
ModelFunction = Callable[[Params, Inputs], Theory]
ObservableFunction = Callable[[Theory, Inputs], Any]

WRITTEN_OUT = 4
"""Up to this many observables of one kind are written out, which XLA fuses better under vmap; more are one vmap."""

# ---------------------------------------------------------------------------------------------------- the model


@dataclass(frozen=True)
class BoundModel:
    """A model with its fixed parameters: callable on the free ones. `name` is "" for a user's own callable."""

    name: str
    function: ModelFunction
    fixed: tuple[tuple[str, float], ...] = ()

    def __call__(self, params: Params, inputs: Inputs) -> Theory:
        """Theory at the free parameters."""
        return self.function({**dict(self.fixed), **params}, inputs)


def bind_model(model: str | Callable, fixed: Mapping[str, float], free: Sequence[str]) -> BoundModel:
    """A model with fixed parameters and defaults filled in; `free` names the parameters given later.

    `model` is a name of `catalogue.MODELS`, any callable ``params -> Theory``, or has this function as its own method
    ``bind(fixed, free)`` (`relic_coordinate`). Raises `BsfitInputError` for unknown
    or missing parameters and for fixed values outside their domain.
    """
    if (bind := getattr(model, "bind", None)) is not None:
        return bind(fixed, free)
    if callable(model):
        return BoundModel("", lambda params, inputs: model(params), tuple(sorted(fixed.items())))
    known = catalogue.parameters_of(model)
    for name in (*fixed, *free):
        catalogue.known_parameter(model, name)
    for name in fixed:
        if name in free:
            raise BsfitInputError(f"parameter {name!r} is both free and fixed")
        check_domain(model, name, fixed[name])
    missing = [p.name for p in known.values() if p.default is None and p.name not in (*fixed, *free)]
    if missing:
        raise BsfitInputError(
            f"model {model!r} needs a value for {', '.join(missing)}",
            expected="masses and gauge couplings have no default",
        )
    function = importlib.import_module(catalogue.MODELS[model].module).theory
    defaults = {} if model == "eft" else {p.name: p.default for p in known.values() if p.name not in free}
    return BoundModel(model, function, tuple({**defaults, **fixed}.items()))


def check_domain(model: str, name: str, value: float) -> None:
    """Raise `BsfitInputError` if a parameter value is not a number in the interval where the parameter makes sense."""
    parameter = catalogue.known_parameter(model, name)
    infinite_default = parameter.default == math.inf and value == math.inf
    if not isinstance(value, (int, float, np.number)) or math.isnan(value):
        raise BsfitInputError(f"parameter {name!r} = {value!r} is not a number", expected="a real number")
    if not (parameter.lower < value < parameter.upper or infinite_default):
        unit = "" if parameter.unit == "1" else f" {parameter.unit}"
        raise BsfitInputError(
            f"parameter {name!r} = {value:g} is outside its domain",
            expected=f"{parameter.lower:g} < {name} < {parameter.upper:g}{unit}",
        )


# ----------------------------------------------------------------------------------------------------- the plan


@dataclass(frozen=True)
class Combination:
    """Observables of one kind: moment rows [n_obs][r] that each combines, and their positions in the result."""

    key: str
    rows: tuple[tuple[int, ...], ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class ProcessPlan:
    """What one process must deliver: its rows (decay, lepton, q2_min, q2_max) and the observables made of them."""

    process: str
    rows: tuple[tuple[int, int, float, float], ...]
    leptons: tuple[str, ...]
    combinations: tuple[Combination, ...]

    @property
    def module(self):
        """The file of `observables/`."""
        return importlib.import_module(catalogue.PROCESSES[self.process].module)

    def observables(self, names: Sequence[str]) -> list[catalogue.Observable]:
        """The observables that it makes, out of the names of all."""
        return [catalogue.observable(names[position]) for part in self.combinations for position in part.positions]

    def row_arrays(self, index: Sequence[int] | None = None) -> Rows:
        """All rows as arrays, or some of them."""
        chosen = self.rows if index is None else [self.rows[i] for i in index]
        decay, lepton, low, high = (np.array(column) for column in zip(*chosen, strict=True))
        return Rows(*(jnp.asarray(x) for x in (decay, lepton, low.astype(float), high.astype(float))))

    def moments(self, theory: Theory, inputs: Inputs) -> Float[Array, "n k"]:
        """Moments of all rows from the amplitudes: the direct path."""
        return self.module.moments(theory, inputs, self.row_arrays())

    def functionals(self, moments: Float[Array, "n k"], inputs: Inputs) -> dict[str, Array]:
        """By key, the functionals [n_obs, r, p] of the moments that its observables are made of."""
        rows = self.row_arrays()
        result = {}
        for part in self.combinations:
            index = np.array(part.rows)
            reduce = partial(getattr(self.module, "functionals", lambda key, m, r, i: m), part.key)
            result[part.key] = jax.vmap(reduce, (0, 0, None))(
                moments[index], jax.tree.map(lambda x, index=index: x[index], rows), inputs
            )
        return result

    def assemble_all(self, part: Combination, found: Float[Array, "o r p"], inputs: Inputs) -> Float[Array, " o"]:
        """Observables of one kind from their functionals."""
        assemble = partial(getattr(self.module, "assemble", self.module.combine), part.key)
        rows = [self.row_arrays(index) for index in part.rows]
        if len(rows) <= WRITTEN_OUT:
            return jnp.stack([assemble(found[i], r, inputs) for i, r in enumerate(rows)])
        return jax.vmap(assemble, (0, 0, None))(found, jax.tree.map(lambda *x: jnp.stack(x), *rows), inputs)

    def single(self, key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
        """One observable from the moments of its rows."""
        found = getattr(self.module, "functionals", lambda key, m, r, i: m)(key, moments, rows, inputs)
        return getattr(self.module, "assemble", self.module.combine)(key, found, rows, inputs)


def _plan(observables: Sequence[catalogue.Observable | None]) -> tuple[ProcessPlan, ...]:
    plans = []
    for process, record in catalogue.PROCESSES.items():
        rows: dict[tuple[int, int, float, float], int] = {}
        combined: dict[str, tuple[list, list]] = {}
        for position, item in enumerate(observables):
            if item is None or item.quantity.process != process:
                continue
            decay, edges = record.decays.index(item.decay), item.bin or (0.0, 0.0)
            leptons = [catalogue.LEPTONS.index(lepton) for lepton in item.leptons] or [0]
            index = tuple(rows.setdefault((decay, lepton, *edges), len(rows)) for lepton in leptons)
            indices, positions = combined.setdefault(item.quantity.key, ([], []))
            indices.append(index)
            positions.append(position)
        if rows:
            used = tuple(dict.fromkeys(lepton for item in observables if item for lepton in item.leptons))
            combinations = tuple(Combination(k, tuple(i), tuple(p)) for k, (i, p) in combined.items())
            plans.append(ProcessPlan(process, tuple(rows), used, combinations))
    return tuple(plans)


# ----------------------------------------------------------------------------------------------- the prediction


class Prediction(eqx.Module):
    """Predicted values [n] of the observables `names` as a function of the free parameters; jit, grad, vmap all work.

    ``prediction(params)`` uses the inputs it was built with, ``prediction(params, inputs)`` others. The unit of each
    value is that of the catalogue.
    """

    inputs: Inputs
    responses: dict[str, Response]
    scale: Float[Array, " n"]
    names: tuple[str, ...] = eqx.field(static=True)
    model: BoundModel = eqx.field(static=True)
    plans: tuple[ProcessPlan, ...] = eqx.field(static=True)
    own: tuple[tuple[int, ObservableFunction], ...] = eqx.field(static=True)

    __hash__, __eq__ = object.__hash__, object.__eq__  # so that jax.jit(prediction) takes it as a function

    def __call__(self, params: Params, inputs: Inputs | None = None) -> Float[Array, " n"]:
        """Predicted values at a dictionary of the free parameters."""
        inputs = self.inputs if inputs is None else inputs
        return self.of_theory(self.model(params, inputs), inputs)

    def of_theory(self, theory: Theory, inputs: Inputs) -> Float[Array, " n"]:
        """Predicted values of a theory."""
        found = {}
        for plan in self.plans:
            if plan.process in self.responses:
                found[plan.process] = contract(self.responses[plan.process], theory)
            else:
                found[plan.process] = plan.functionals(plan.moments(theory, inputs), inputs)
        return self._assemble(found, theory, inputs)

    def of_moments(
        self, moments: Mapping[str, Float[Array, "n k"]], theory: Theory, inputs: Inputs
    ) -> Float[Array, " n"]:
        """Predicted values from the moments of each process; `theory` is for own observables."""
        found = {plan.process: plan.functionals(moments[plan.process], inputs) for plan in self.plans}
        return self._assemble(found, theory, inputs)

    def _assemble(
        self, functionals: Mapping[str, Mapping[str, Array]], theory: Theory, inputs: Inputs
    ) -> Float[Array, " n"]:
        parts, positions = [jnp.zeros(0)], []
        for plan in self.plans:
            for part in plan.combinations:
                parts.append(plan.assemble_all(part, functionals[plan.process][part.key], inputs))
                positions += part.positions
        for position, function in self.own:
            parts.append(jnp.asarray(function(theory, inputs), dtype=float)[None])
            positions.append(position)
        return jnp.concatenate(parts)[np.argsort(positions)] * self.scale

    def at_once(self, theory: Theory) -> Float[Array, " n"]:
        """Predicted values of one theory, with code that is compiled once for all questions: see `evaluation`."""
        if self.responses:
            return once(lambda theory: self.of_theory(theory, self.inputs))(theory)
        point = np.asarray(theory.wilson.values)[None]
        found = evaluation.moments({plan.process: (point, plan.row_arrays()) for plan in self.plans}, self.inputs)
        moments = {process: values[0] for process, values in found.items()}
        return once(lambda moments, theory: self.of_moments(moments, theory, self.inputs))(moments, theory)

    def with_quoted_standard_model(self) -> "Prediction":
        """Scale observables whose Standard-Model value is an input (``SM <name>``), as in the `seed` set."""
        quoted = [i for i, name in enumerate(self.names) if f"SM {name}" in self.inputs]
        if not quoted:
            return self
        computed = self.at_once(Theory.standard_model())
        quotes = self.inputs.array(tuple(f"SM {self.names[i]}" for i in quoted))
        index = np.array(quoted)
        return eqx.tree_at(lambda p: p.scale, self, self.scale.at[index].set(quotes / computed[index]))

    def through_response(self, params: Sequence[Params]) -> "Prediction":
        """The same prediction with moments from their exact response, in the directions reached at sampled parameters.

        Valid for the inputs of this prediction, as long as the model stays in the linear span of the coefficients at
        `params`; the caller samples the whole box.
        """
        spans = self.spans(params)
        questions = {plan.process: (probes(*spans[plan.process][:2]), plan.row_arrays()) for plan in self.plans}
        moments = evaluation.moments(questions, self.inputs)
        found = once(
            lambda moments: {
                p.process: jax.vmap(p.functionals, (0, None))(moments[p.process], self.inputs) for p in self.plans
            }
        )(moments)
        responses = {process: expand(values, spans[process][0], spans[process][2]) for process, values in found.items()}
        return dataclasses.replace(self, responses=responses)

    def spans(self, params: Sequence[Params]) -> dict[str, tuple[tuple[str, ...], np.ndarray, list[int]]]:
        """Per process, its coefficients, and the directions and pivots of what the model reaches: `response.span`."""
        stacked = {name: jnp.asarray([float(p[name]) for p in params]) for name in params[0]} if params[0] else {}
        names = {plan.process: catalogue.coefficients_of(plan.process, plan.leptons) for plan in self.plans}

        def reached(point: Params) -> dict:
            theory = self.model(point, self.inputs)
            return {process: real_parts(theory, coefficients) for process, coefficients in names.items()}

        samples = jax.jit(jax.vmap(reached))(stacked) if stacked else jax.tree.map(lambda y: y[None], reached({}))
        # A model may be undefined in parts of its box: NaN, which no direction is made of.
        samples = {process: x[np.isfinite(x).all(axis=tuple(range(1, x.ndim)))] for process, x in samples.items()}
        return {process: (coefficients, *span(np.asarray(samples[process]))) for process, coefficients in names.items()}


def prediction(
    observables: Sequence[str | ObservableFunction],
    model: str | Callable = "eft",
    inputs: str | Inputs = "default",
    fixed: Mapping[str, float] | None = None,
    free: Sequence[str] = (),
) -> Prediction:
    """The jit-able form of `predict`: a callable ``params -> array [n]`` of real numbers.

    `observables` are names (`bsfit list`), names of a model's outputs (``M_Q``, ``C9_bsmumu``, ``C9_bsmumu_im``) or own
    functions ``(theory, inputs) -> number``. `free` names the parameters that will be given at the call, `fixed` the
    others; parameters in neither take their defaults.

    Raises `BsfitInputError` for unknown names, missing or impossible bins, and missing parameters.
    """
    return plan(observables, model, inputs, fixed, free).with_quoted_standard_model()


def plan(
    observables: Sequence[str | ObservableFunction],
    model: str | Callable = "eft",
    inputs: str | Inputs = "default",
    fixed: Mapping[str, float] | None = None,
    free: Sequence[str] = (),
) -> Prediction:
    """As `prediction`, but with our own Standard-Model values also where the inputs quote others."""
    if isinstance(inputs, str):
        inputs = load_inputs(inputs)
    bound = bind_model(model, fixed or {}, free)
    parsed, own = _parse(observables, bound)
    for item in parsed:
        if item is not None and item.bin is not None:
            check_bin(item, inputs)
    names = tuple(o.name if o else _function_name(f) for o, f in zip(parsed, observables, strict=True))
    return Prediction(inputs, {}, jnp.ones(len(names)), names, bound, _plan(parsed), own)


def _parse(observables: Sequence, model: BoundModel) -> tuple[list, tuple]:
    """Catalogue entries by position (None for anything else), and (position, function) of everything else."""
    parsed: list[catalogue.Observable | None] = []
    own: list[tuple[int, ObservableFunction]] = []
    refused = getattr(importlib.import_module(catalogue.MODELS[model.name].module), "REFUSED", {}) if model.name else {}
    for position, item in enumerate(observables):
        if callable(item):
            parsed.append(None)
            own.append((position, item))
            continue
        if item in refused:
            raise BsfitInputError(f"model {model.name!r} does not predict {item!r}: {refused[item]}")
        stem = item.removesuffix("_im")
        if stem in INDEX or (stem.isidentifier() and model.name not in ("", "eft") and not _is_observable(item)):
            parsed.append(None)
            own.append((position, _output(item, model.name)))
        elif function := _dark_matter(catalogue.observable(item)):
            parsed.append(None)
            own.append((position, function))
        else:
            parsed.append(catalogue.observable(item))
    return parsed, tuple(own)


def _dark_matter(item: catalogue.Observable) -> ObservableFunction | None:
    """The function of an observable of dark matter, which has no moments; None for any other."""
    module = catalogue.PROCESSES[item.quantity.process].module
    if not module.startswith("bsfit.dark_matter."):
        return None
    return partial(importlib.import_module(module).predicted, item.quantity.key)


def _is_observable(name: str) -> bool:
    return name.split("[")[0] in catalogue.stems()


def _output(name: str, model: str) -> ObservableFunction:
    """Reader of a model's own output: the real part under its name, the imaginary part under ``<name>_im``."""
    stem, part = (name.removesuffix("_im"), jnp.imag) if name.endswith("_im") else (name, jnp.real)

    def read(theory: Theory, inputs: Inputs) -> Float[Array, ""]:
        if stem in theory.quantities:
            return part(theory.quantities[stem])
        if stem in INDEX:
            return part(theory.wilson[stem])
        candidates = (*theory.quantities, *INDEX, *catalogue.stems())
        raise BsfitInputError(f"model {model!r} has no output {name!r}", hint=did_you_mean(stem, candidates))

    read.__name__ = name
    return read


def _function_name(item: str | Callable) -> str:
    return item if isinstance(item, str) else getattr(item, "__name__", "observable")


def check_bin(item: catalogue.Observable, inputs: Inputs) -> str | None:
    """A note if the upper edge passes the end point (the bin is clipped, its nominal width kept).

    Raises `BsfitInputError` if the whole bin lies outside the phase space, or reaches into `phase_space.CHARMONIA`
    while the input `charmonium_gap` is not 1.
    """
    record = catalogue.PROCESSES[item.quantity.process]
    heavy, light = record.masses[record.decays.index(item.decay)]
    end_point = float(inputs[heavy] - inputs[light]) ** 2
    threshold = max(4.0 * float(inputs[f"m_{lepton}"]) ** 2 for lepton in item.leptons)
    low, high = item.bin or (0.0, 0.0)
    if low >= end_point or high <= threshold:
        raise BsfitInputError(
            f"the bin of {item.name!r} lies outside the phase space",
            expected=f"{threshold:.4g} < q2 < {end_point:.5g} GeV^2",
        )
    gap_low, gap_high = CHARMONIA
    if low < gap_high and high > gap_low:
        if "charmonium_gap" not in inputs or float(inputs["charmonium_gap"]) != 1.0:
            raise BsfitInputError(
                f"the bin of {item.name!r} reaches into the region of J/psi and psi(2S), where no expansion holds",
                expected=f"bins below {gap_low:g} or above {gap_high:g} GeV^2",
                hint="for the quark loops alone, without the resonances, set the input charmonium_gap to 1",
            )
        return f"{item.name}: quark loops alone between {gap_low:g} and {gap_high:g} GeV^2, without J/psi and psi(2S)"
    if high > end_point:
        return f"{item.name}: upper edge clipped to the end point {end_point:.5g} GeV^2, nominal width kept"
    if low < threshold:
        return f"{item.name}: lower edge raised to the threshold {threshold:.4g} GeV^2, nominal width kept"
    return None


class Predictions(dict):
    """Predicted values by name, with the `notes` that say which of them need care."""

    notes: tuple[str, ...] = ()


def predict(
    observables: Sequence[str | ObservableFunction],
    model: str | Callable = "eft",
    params: Mapping[str, float] | None = None,
    inputs: str | Inputs | Mapping[str, float] = "default",
) -> Predictions:
    """Predicted values of named observables at one parameter point.

    `inputs` is the name of an input set, an `Inputs`, or a dictionary of values that replace those of the default set.
    Returns a dictionary name -> float, whose `notes` say what was clipped and which validity conditions of the model
    fail. Raises `BsfitInputError` as `prediction` does.
    """
    if isinstance(inputs, Mapping):
        inputs = load_inputs("default", inputs)
    params = dict(params or {})
    if not callable(model):
        for name, value in params.items():
            check_domain(model, name, value)
    function = prediction(observables, model, inputs, free=tuple(params))
    theory = once(function.model)({name: jnp.asarray(float(v)) for name, v in params.items()}, function.inputs)
    values = function.at_once(theory)
    labels = [o if isinstance(o, str) else _function_name(o) for o in observables]
    result = Predictions(zip(labels, np.asarray(values).tolist(), strict=True))
    clipped = [check_bin(o, function.inputs) for o in map(_observable_or_none, function.names) if o and o.bin]
    failed = failed_verdicts((*theory.verdicts, *_on_dark(function, theory)))
    result.notes = (*(note for note in clipped if note), *failed)
    return result


def _on_dark(prediction: Prediction, theory: Theory) -> tuple[Verdict, ...]:
    """Verdicts of those probes of dark matter that have any."""
    asked = [_observable_or_none(prediction.names[position]) for position, _ in prediction.own]
    modules = {catalogue.PROCESSES[item.quantity.process].module: None for item in asked if item}
    probes = [getattr(importlib.import_module(name), "verdicts", None) for name in modules]
    return tuple(verdict for probe in probes if probe for verdict in once(probe)(theory))


def _observable_or_none(name: str) -> catalogue.Observable | None:
    try:
        return catalogue.observable(name)
    except BsfitInputError:
        return None


def failed_verdicts(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Messages of the validity conditions that are not met."""
    return tuple(
        f"{v.name}: {v.message} (found {float(v.value):.4g}, limit {float(v.limit):.4g})"
        for v in verdicts
        if not bool(v.ok)
    )
