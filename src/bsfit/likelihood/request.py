"""What a user asks for as a likelihood, checked as far as nothing has to be computed for it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bsfit import catalogue, scalars
from bsfit.catalogue.input_groups import selected
from bsfit.errors import BsfitInputError, one_of
from bsfit.likelihood import dark_matter, own_terms
from bsfit.likelihood.curves import PublishedCurve
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.free_parameters import check_bounds, plain, refuse_alike
from bsfit.likelihood.terms import MeasuredValues, PublishedCurves, Term
from bsfit.loading import correlations, limits, selection
from bsfit.loading.inputs import Inputs, InputSet, as_inputs, input_set
from bsfit.loading.measurements import Datum
from bsfit.predictions.bound_model import ModelLike, row_of
from bsfit.predictions.prediction import Prediction, wired

THEORY_MODES = ("fixed", "propagated", "sampled")


class Collected:
    """All data stacked: values with errors, values with published curves, and measurements of the relic density.

    `listed` are the first two, in the order of the predictions, each with the name of its measurement.
    """

    def __init__(self, chosen: Sequence[selection.Chosen]) -> None:
        dark = [m for m in chosen if all(map(_is_dark, m.data))]
        smooth = [m for m in chosen if m.curve is None and m not in dark]
        curved = [m for m in chosen if m.curve is not None and m not in dark]
        self.relic = [datum for m in dark for datum in m.data]
        self.smooth, self.curved = [datum for m in smooth for datum in m.data], [m.data[0] for m in curved]
        self.listed = [(m.name, datum) for m in (*smooth, *curved) for datum in m.data]
        self.correlation = correlations.joint(smooth)
        self.curves = [m.curve for m in curved if m.curve is not None]

    @property
    def observables(self) -> list:
        """What must be predicted: names, or functions."""
        return [datum.asked for datum in (*self.smooth, *self.curved)]

    def relic_density(self) -> SplitNormal | None:
        """Measured densities. Raises `BsfitInputError` for other observables of dark matter."""
        for datum in self.relic:
            if datum.stem != "Omega_h2":
                raise BsfitInputError(f"a measurement of {datum.stem} is not used", field="data", expected="Omega_h2")
        return _normal(self.relic) if self.relic else None

    def terms(self, smear: np.ndarray) -> tuple[tuple[MeasuredValues, ...], tuple[PublishedCurves, ...]]:
        """Terms of the values, and of the curves, convolved with the theory errors `smear` [n] of all predictions."""
        n = len(self.smooth)
        normal = _normal(self.smooth, self.correlation)
        measured = MeasuredValues.of([d.observable for d in self.smooth], normal, [d.group for d in self.smooth])
        widths = zip(self.curves, smear[n:].tolist(), strict=True)
        curves = [PublishedCurve.of(curve.x, curve.log_likelihood, width) for curve, width in widths]
        named = [d.observable for d in self.curved]
        published = PublishedCurves(tuple(named), tuple(curves), tuple(d.group for d in self.curved), n)
        return (measured,) if n else (), (published,) if named else ()


def _is_dark(datum: Datum) -> bool:
    """Whether a value is of dark matter, so that it has a term of its own."""
    named = (quantity for quantity in catalogue.QUANTITIES.values() if quantity.key == datum.stem)
    return datum.function is None and any(quantity.process.dark for quantity in named)


def _normal(data: Sequence[Datum], correlation: np.ndarray | None = None) -> SplitNormal:
    central, plus, minus = (np.array([getattr(d, p) for d in data]) for p in ("central", "sigma_plus", "sigma_minus"))
    return SplitNormal.of(central, plus, minus, correlation)


@dataclass(frozen=True)
class Request:
    """A likelihood as asked for; see `bsfit.log_likelihood`.

    `own` are the free parameters of the model, `free` has bounds of nuisances too. `bounds` are upper limits, `chosen`
    all other data, `collected` what is in them. `prediction` is of the observables, with our Standard-Model values.
    """

    free: dict[str, Any]
    own: dict[str, Any]
    fixed: dict[str, float]
    row: catalogue.Model | None
    the_set: InputSet
    theory: str
    nuisances: str | Sequence[str] | None
    chosen: tuple[selection.Chosen, ...]
    bounds: tuple[limits.Limit, ...]
    collected: Collected
    terms: tuple[Term, ...]
    prediction: Prediction

    @classmethod
    def of(
        cls,
        model: ModelLike = "eft",
        data: selection.Data = "lfu",
        free: Mapping[str, Any] | None = None,
        fixed: Mapping[str, float] | None = None,
        inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
        theory: str = "fixed",
        nuisances: str | Sequence[str] | None = None,
        relic: str = "equal",
        terms: own_terms.Terms = (),
    ) -> "Request":
        """From the arguments of `bsfit.log_likelihood`. Raises `BsfitInputError` for whatever is wrong by itself."""
        one_of(theory, THEORY_MODES, "theory", "theory mode")
        scalars.named({} if free is None else free, "free")
        free, fixed = dict(free or {}), scalars.parts(fixed or {}, infinite=fixed or ())
        added = tuple(own_terms.listed(terms))
        chosen, bounds = selection.select(data, or_none=bool(added)), selection.limits_in(data)
        inputs = as_inputs(inputs)
        the_set, row = input_set(inputs.set_name or "default"), row_of(model)
        own = _own_parameters(free, row, the_set) if theory == "sampled" else free
        check_bounds(own, row)
        names = tuple(map(plain, own))
        refuse_alike(names, row)
        selected(nuisances, [name for prior in the_set.priors for name in prior.names])
        collected = Collected(chosen)
        dark_matter.check_relic(relic, collected.relic_density() is not None)
        prediction = wired(collected.observables, model, inputs, fixed, names)
        return cls(
            free, own, fixed, row, the_set, theory, nuisances, tuple(chosen), bounds, collected, added, prediction
        )


def _own_parameters(free: Mapping[str, Any], row: catalogue.Model | None, the_set: InputSet) -> dict[str, Any]:
    """The free parameters that are the model's: the others are nuisances, given other bounds than theirs."""
    uncertain = {name for prior in the_set.priors for name in prior.names}
    known = set() if row is None else set(catalogue.parameters_of(row))
    return {key: value for key, value in free.items() if plain(key) not in uncertain or plain(key) in known}
