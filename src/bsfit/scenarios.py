"""The table of scenarios: which single shift of Wilson coefficients, or which pair, do the data prefer.

Every scenario is a straight line, every pair a plane, through the space of the coefficients that the scenarios move, so
one log-likelihood over those coefficients, compiled once, serves all of them.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.lines import fit_lines
from bsfit.inference.planes import fit_planes
from bsfit.likelihood.build import log_likelihood
from bsfit.likelihood.joint import LogLikelihood
from bsfit.loading import selection
from bsfit.loading.inputs import Inputs
from bsfit.results import ScenarioTable


class _OverVector(eqx.Module):
    """A log-likelihood of a dictionary as a function of the vector [p] of its parameters."""

    like: LogLikelihood
    names: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, vector: Float[Array, " p"]) -> Float[Array, ""]:
        return self.like(self._named(vector))

    def chi2(self, vector: Float[Array, " p"]) -> Float[Array, ""]:
        return self.like.chi2(self._named(vector))

    def _named(self, vector: Float[Array, " p"]) -> dict[str, Float[Array, ""]]:
        return {name: vector[i] for i, name in enumerate(self.names)}


Scenario = str | tuple[str, str]


def fit_scenarios(
    data: selection.Data = "lfu",
    scenarios: str | Sequence[Scenario] = catalogue.STANDARD_SCENARIOS,
    inputs: str | Inputs | Mapping[str, float] = "default",
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    starts: int = 16,
    seed: int = 0,
) -> ScenarioTable:
    """Fit each scenario by itself, in the model `eft`, to a data selection; the pull is to the Standard Model.

    `scenarios` are names such as ``C9mu=-C10mu``, coefficients, or pairs of them, which are fitted together; ``"all"``
    is `catalogue.ALL_SCENARIOS`. `bounds` replace the default range of those named. `theory` and `nuisances` are as in
    `bsfit.log_likelihood`, but nuisances are not sampled here. A scenario that no datum depends on is listed as
    unconstrained. Raises `BsfitInputError` for unknown names, for scenarios without bounds, and if no datum depends on
    any.
    """
    if theory == "sampled":
        raise BsfitInputError(
            "one-parameter fits cannot sample nuisances", field="theory", expected="'fixed' or 'propagated'"
        )
    if not scenarios:
        raise BsfitInputError("no scenario chosen", expected="names such as 'C9mu' or 'C9mu=-C10mu'")
    chosen = catalogue.ALL_SCENARIOS if scenarios == "all" else [scenarios] if isinstance(scenarios, str) else scenarios
    seen = _coefficients_of(data)
    terms = {name: _terms(name) for name in dict.fromkeys(n for s in chosen for n in _names(s))}
    box = {name: (bounds or {}).get(name) or _default(name) for name in terms}
    unseen = [name for name, term in terms.items() if seen.isdisjoint(term)]
    singles = [name for name in chosen if isinstance(name, str) and name not in unseen]
    pairs = [pair for pair in chosen if not isinstance(pair, str) and not set(pair) & set(unseen)]
    if not singles and not pairs:
        raise BsfitInputError(f"no selected observable depends on {', '.join(unseen)}", field="scenario")
    moved = (parameter for name in terms if name not in unseen for parameter in terms[name])
    box = {name: range_ for name, range_ in box.items() if name not in unseen}
    parameters = tuple(parameter for parameter in dict.fromkeys(moved) if parameter in seen)
    reach = {p: _reach(p, terms, box) for p in parameters}
    like = log_likelihood("eft", data, reach, inputs=inputs, theory=theory, nuisances=nuisances)
    vector = _OverVector(like.for_few_points, parameters)
    direction = {name: [terms[name].get(p, 0.0) for p in parameters] for name in box}
    lines = singles or list(dict.fromkeys(name for pair in pairs for name in pair))
    table = fit_lines(
        vector,
        np.array([direction[name] for name in lines]),
        np.array([box[name] for name in lines]),
        names=lines,
        parameters=parameters,
        chi2=vector.chi2,
        n_data=like.n_data,
        starts=starts,
        seed=seed,
        about=target.about(like),
    )
    planes = (
        fit_planes(
            vector,
            np.array([[direction[name] for name in pair] for pair in pairs]),
            np.array([[box[name] for name in pair] for pair in pairs]),
            names=pairs,
            chi2=eqx.filter_jit(vector.chi2),
            reference_chi2=table.reference_chi2 or 0.0,
            n_data=like.n_data,
            seed=seed,
        )
        if pairs
        else []
    )
    asked = [name for name in unseen if name in chosen]
    notes = (f"{name}: unconstrained, no selected observable depends on it" for name in asked)
    worse = (
        f"{', '.join(row['names'])}: the Standard Model fits better, by Delta chi2 = {-row['delta_chi2']:.2f}: no pull"
        for row in planes
        if row["pull"] is None
    )
    meta = {**table.meta, "settings": {**table.meta["settings"], "scenarios": chosen, "bounds": dict(bounds or {})}}
    return dataclasses.replace(table, meta=meta, pairs=tuple(planes), messages=(*table.messages, *worse, *notes))


def _coefficients_of(data: selection.Data) -> set[str]:
    """Names of the Wilson coefficients that a data selection depends on; own functions may depend on any."""
    asked = [datum.asked for measurement in selection.select(data) for datum in measurement.data]
    if any(callable(item) for item in asked):
        return set(catalogue.COEFFICIENTS)
    outputs = {item for item in asked if item in catalogue.COEFFICIENTS}
    items = (catalogue.observable(item) for item in asked if item not in outputs)
    return outputs | {name for item in items for name in catalogue.coefficients_that_move(item)}


def _names(scenario: Scenario) -> tuple[str, ...]:
    return (scenario,) if isinstance(scenario, str) else tuple(scenario)


def _terms(name: str) -> dict[str, float]:
    catalogue.known_parameter("eft", name)
    return catalogue.scenario(name) or {name: 1.0}


def _default(name: str) -> tuple[float, float]:
    found = catalogue.default_bounds("eft", name)
    if found is None:
        raise BsfitInputError(f"{name!r} has no natural range", expected=f"bounds={{{name!r}: (low, high)}}")
    return found


def _reach(parameter: str, terms: Mapping[str, Mapping[str, float]], box: Mapping[str, tuple[float, float]]):
    """Range of a common parameter over all scenarios, in which the log-likelihood is probed."""
    ends = [terms[name][parameter] * end for name in box if parameter in terms[name] for end in box[name]]
    return min(ends), max(ends)
