"""The table of one-parameter scenarios: which single shift of Wilson coefficients do the data prefer.

Every scenario is a straight line through the space of the coefficients that the scenarios move, so one log-likelihood
over those coefficients, compiled once, serves all of them.
"""

from collections.abc import Mapping, Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.analysis import LogLikelihood, log_likelihood
from bsfit.errors import BsfitInputError
from bsfit.inference.lines import fit_lines
from bsfit.inputs import Inputs
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


def fit_scenarios(
    data: str | Sequence[str] = "lfu",
    scenarios: Sequence[str] = catalogue.STANDARD_SCENARIOS,
    inputs: str | Inputs | Mapping[str, float] = "default",
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    starts: int = 16,
    seed: int = 0,
) -> ScenarioTable:
    """Fit each scenario by itself, in the model `eft`, to a data selection; the pull is to the Standard Model.

    `scenarios` are names such as ``C9mu=-C10mu``, or coefficients; `bounds` replace the default range of those named.
    `theory` and `nuisances` are as in `bsfit.log_likelihood`, but nuisances are not sampled here.
    Raises `BsfitInputError` for unknown names, for scenarios without bounds, and for those that no datum depends on.
    """
    if theory == "sampled":
        raise BsfitInputError(
            "one-parameter fits cannot sample nuisances", field="theory", expected="'fixed' or 'propagated'"
        )
    if not scenarios:
        raise BsfitInputError("no scenario chosen", expected="names such as 'C9mu' or 'C9mu=-C10mu'")
    terms = {name: _terms(name) for name in scenarios}
    parameters = tuple(dict.fromkeys(parameter for term in terms.values() for parameter in term))
    box = {name: (bounds or {}).get(name) or _default(name) for name in scenarios}
    reach = {p: _reach(p, terms, box) for p in parameters}
    like = log_likelihood("eft", data, reach, inputs=inputs, theory=theory, nuisances=nuisances)
    directions = np.array([[term.get(p, 0.0) for p in parameters] for term in terms.values()])
    vector = _OverVector(like, parameters)
    return fit_lines(
        vector,
        directions,
        np.array([box[name] for name in scenarios]),
        names=scenarios,
        parameters=parameters,
        chi2=vector.chi2,
        n_data=like.n_data,
        starts=starts,
        seed=seed,
        like=like,
    )


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
    ends = [terms[name][parameter] * end for name in terms if parameter in terms[name] for end in box[name]]
    return min(ends), max(ends)
