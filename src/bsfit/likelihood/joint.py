r"""The log-likelihood: predictions of one theory, and the terms that know their density.

It is a function of a dictionary of the free parameters; `build.log_likelihood` makes it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float

from bsfit import scalars, validity
from bsfit.compiling import jit_quickly
from bsfit.likelihood import pointwise
from bsfit.likelihood.about import About
from bsfit.likelihood.free_parameters import plain
from bsfit.likelihood.pseudo_data import PseudoData
from bsfit.likelihood.terms import OfPredictions, OwnTerm, Predicted, Term
from bsfit.likelihood.theory_errors import ErrorsOfBlocks, SameEverywhere
from bsfit.loading.inputs import Inputs
from bsfit.predictions.checks import failed_verdicts
from bsfit.predictions.prediction import Prediction
from bsfit.theory import Params, Theory, Verdict
from bsfit.written_out import written_out, written_out_with_slope

WRITTEN_OUT = 40
"""Likelihoods of up to so many predictions are evaluated in scalars: `written_out`."""

FREEZE_OUTS = 16
"""Calculations of the relic density side by side. What each needs on the way is 200 kB: with hundreds of them a point
takes twice as long as with 8 to 32 (`benchmarks/relic_speed.py --side`)."""

LARGE = 100, 1024
"""Measured values from which so many points go side by side: with 32768 of them `latest` asked for 45 GB."""

AMPLITUDES = 4
"""Points of a large data set whose amplitudes are computed side by side: second derivatives take 0.6 GB for each."""

WITHOUT_DARK_MATTER = "the pull compares the flavour data alone: the Standard Model has no dark matter"

Errors = Callable[[Prediction, Theory], ErrorsOfBlocks]
"""(prediction, theory) -> theory errors there."""


class LogLikelihood(eqx.Module):
    r"""Log-likelihood of data as a function of a dictionary of the free parameters; build it with `log_likelihood`.

    ``like(params)`` is a scalar; jit, grad, hessian and vmap work on it. It is the sum of its terms: of measured values
    :math:`-\frac12\chi^2-\frac12\log\det C` with the normalisation, of published curves, of what is known about dark
    matter, of constraints of nuisances that float, and of one's own; minus infinity where one of `conditions` fails.
    """

    prediction: Prediction
    terms: tuple[Term, ...]
    errors: Errors
    about: About = eqx.field(static=True)

    __hash__, __eq__ = object.__hash__, object.__eq__  # so that jax.jit(like) takes it as a function

    # ------------------------------------------------------------------------------------------ the density

    def __call__(self, params: Params) -> Float[Array, ""]:
        """Log-likelihood at a dictionary of exactly the free parameters. Raises `BsfitInputError` for other names."""
        return self._evaluated(self._log_prob, params, written_out_with_slope)

    def conditions(self, params: Params) -> dict[str, Bool[Array, ""]]:
        """Whether each condition is met without which there is no such model, or no such dark matter, by name."""
        return self._evaluated(self._conditions, params)

    def chi2(self, params: Params) -> Float[Array, ""]:
        """Chi2 of all data: r^T C^-1 r, -2 log L of curves, constraints and own terms, Delta chi2 of limits."""
        return self.summary(params)["chi2"]

    def pull_chi2(self, params: Params) -> Float[Array, ""]:
        """Chi2 of what is compared with the Standard Model: that has no dark matter."""
        return self.summary(params)["pull_chi2"]

    def by_group(self, params: Params) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group of observables by itself; with correlated theory errors they do not add up."""
        return self.summary(params)["by_group"]

    def by_datum(self, params: Params) -> tuple[Float[Array, " d"], dict[str, Float[Array, ""]]]:
        """Log-density of each measured value given the others, and of other terms by group: `likelihood.pointwise`."""
        theory, values, errors = self._at(self._checked(params))
        data, others = pointwise.by_datum(self.terms, values, errors)
        counted = self._counted(theory)
        return _where_met(counted, data, -jnp.inf), {k: _where_met(counted, v, -jnp.inf) for k, v in others.items()}

    def pulls(self, params: Params) -> Float[Array, " g"]:
        """Measured minus predicted values in units of their errors, named by `pulled`."""
        return self.summary(params)["pulls"]

    def predictions(self, params: Params) -> Float[Array, " n"]:
        """Predicted values, in the order of `observables`."""
        return self.summary(params)["predictions"]

    def summary(self, params: Params) -> dict[str, Any]:
        """All of these at one point, by their names; and ``tested_chi2``, the part of chi2 that enters a p-value."""
        return self._evaluated(lambda given: self._summary(*self._at(given)), params)

    def _evaluated(self, function: Callable[[Params], Any], params: Params, written_out: Any = written_out) -> Any:
        """A function at the free parameters, in scalars where all is made of a few polynomials."""
        few = self.about.in_scalars and len(self.prediction.names) <= WRITTEN_OUT and self.prediction.floating is None
        few = few and {plan.name for plan in self.prediction.plans} <= {*self.prediction.responses}
        few = few and not any(term.dark for term in self.terms)
        return (written_out(function) if few else function)(self._checked(params))

    def _log_prob(self, params: Params) -> Float[Array, ""]:
        theory, values, errors = self._at(params)
        total = _total(t.log_prob(v, errors) for t, v in zip(self.terms, values, strict=True))
        return _where_met(self._counted(theory), total, -jnp.inf)

    def _conditions(self, params: Params) -> dict[str, Bool[Array, ""]]:
        theory, _ = self._theory(params)
        return {verdict.name: verdict.ok for verdict in self._counted(theory)}

    def _summary(self, theory: Theory, values: list[Array], errors: ErrorsOfBlocks) -> dict[str, Any]:
        each = list(zip(self.terms, values, strict=True))
        counted = self._counted(theory)
        chi2 = [_where_met(counted, term.chi2(v, errors), jnp.inf) for term, v in each]
        by_group: dict[str, Array] = {}
        for term, v in each:
            for group, value in term.by_group(v, errors).items():
                by_group[group] = by_group[group] + value if group in by_group else value
        return {
            "chi2": _total(chi2),
            "pull_chi2": _total(x for term, x in zip(self.terms, chi2, strict=True) if term.compared),
            "tested_chi2": _total(x for term, x in zip(self.terms, chi2, strict=True) if term.tested),
            "by_group": {group: _where_met(counted, value, -jnp.inf) for group, value in by_group.items()},
            "pulls": _joined(term.pulls(v, errors) for term, v in each),
            "predictions": _joined(v for term, v in each if term.observed),
        }

    def _checked(self, params: Params) -> dict[str, Any]:
        """Exactly the free names, each a number. Raises `BsfitInputError` for others."""
        return scalars.exactly(params, map(plain, self.about.free), "the likelihood", self.about.fixed)

    def theory_at(self, params: Mapping[str, float]) -> tuple[Theory, Inputs]:
        """The theory, and the inputs, at a dictionary of exactly the free parameters."""
        point = {name: jnp.asarray(value, dtype=float) for name, value in params.items()}
        return _theory(self, self._checked(point))

    def _theory(self, params: Params) -> tuple[Theory, Inputs]:
        nuisances = {name: params[name] for name in self.about.sampled}
        inputs = self.prediction.inputs.replace(nuisances)
        return self.prediction.model({k: v for k, v in params.items() if k not in nuisances}, inputs), inputs

    def _at(self, params: Params) -> tuple[Theory, list[Array], ErrorsOfBlocks]:
        """The theory, values of every term, and theory errors; `params` have exactly the free names."""
        theory, inputs = self._theory(params)
        predicted = Predicted(self.prediction.of_theory(theory, inputs), theory, inputs)
        values = [term.values(theory, predicted, inputs) for term in self.terms]
        return theory, values, self.errors(self.prediction, theory)

    def remarks(self, params: Mapping[str, float]) -> tuple[str, ...]:
        """Conditions of the model, and of freeze-out, that fail at a point, what the pull leaves out, estimates."""
        point = {name: jnp.asarray(value) for name, value in self._checked(params).items()}
        return (*failed_verdicts(_verdicts(self, point)), *self.notes)

    def _verdicts(self, params: Params) -> tuple[Verdict, ...]:
        theory, _ = self._theory(params)
        return (*theory.verdicts, *(verdict for term in self.terms for verdict in term.verdicts(theory)))

    def _counted(self, theory: Theory) -> tuple[Verdict, ...]:
        of_model = validity.counted(theory.verdicts, any(term.dark for term in self.terms))
        return (*of_model, *(verdict for term in self.terms for verdict in term.conditions(theory)))

    # ------------------------------------------------------------------------------------------ for many nuisances

    @property
    def quadratic(self) -> Callable[[Mapping[str, float]], tuple] | None:
        """Value, gradient and information at a point: `inference.scoring`; None where the density is cheap."""
        return self._quadratic if self.about.jacobian is not None else None

    def _quadratic(self, params: Mapping[str, float]) -> tuple:
        jacobian, params = self.about.jacobian, self._checked(params)
        assert jacobian is not None
        names = (*jacobian.free, *jacobian.nuisances)
        predicted, slopes = jacobian(params)
        vector = jnp.asarray([float(params[name]) for name in names])
        value, (slope, weight), (gradient, information), summary = self.about.around(self, predicted, vector, names)
        gradient = slopes.T @ np.asarray(slope) + np.asarray(gradient)
        information = slopes.T @ np.asarray(weight) @ slopes + np.asarray(information)
        order = [names.index(plain(name)) for name in self.about.free]
        return float(value), gradient[order], information[np.ix_(order, order)], summary

    @property
    def stages(self) -> "Stages | None":
        """Values of all terms and their density, where theory errors are the same at every point: `inference.target`.

        A term of one's own is no density of values that change slowly.
        """
        apart = isinstance(self.errors, SameEverywhere) and not any(isinstance(term, OwnTerm) for term in self.terms)
        return Stages(self) if apart else None

    def pseudo_data(self) -> PseudoData:
        """How its data are drawn anew. Raises `BsfitInputError` for terms of one's own, and where nuisances float."""
        return PseudoData.of(self)

    @property
    def at_once(self) -> int | None:
        """With dark matter `FREEZE_OUTS`, of large data sets `LARGE`."""
        if any(term.dark for term in self.terms):
            return FREEZE_OUTS
        return LARGE[1] if self.n_data > LARGE[0] else None

    @property
    def starts_at_once(self) -> int | None:
        """Few of large data sets that come from the amplitudes."""
        made = self.prediction.responses if self.prediction.floating is None else None
        direct = made is not None and any(plan.binned and plan.name not in made for plan in self.prediction.plans)
        return AMPLITUDES if direct and self.n_data > LARGE[0] else self.at_once

    @property
    def for_few_points(self) -> "LogLikelihood":
        """The same, faster to compile and slower to evaluate."""
        return replace(self, about=replace(self.about, in_scalars=False))

    # -------------------------------------------------------------------------------------- what it is made of

    @property
    def free(self) -> dict:
        """Free parameters as given, nuisances included."""
        return dict(self.about.free)

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters fixed by the user."""
        return dict(self.about.fixed)

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the `predictions`."""
        return tuple(name for term in self.terms if term.observed for name in term.names)

    @property
    def pulled(self) -> tuple[str, ...]:
        """Names of the `pulls`."""
        return tuple(name for term in self.terms for name in term.pulled)

    @property
    def compared(self) -> tuple[int, ...]:
        """Positions of the predictions that the Standard Model has too, all but those of dark matter."""
        return self._positions(lambda term: term.compared)

    @property
    def measured(self) -> tuple[int, ...]:
        """Positions of the predictions of measured values, all but those of upper limits."""
        return self._positions(lambda term: term.n_data > 0)

    def _positions(self, wanted: Callable[[Term], bool]) -> tuple[int, ...]:
        flags = [wanted(term) for term in self.terms if term.observed for _ in term.names]
        return tuple(i for i, flag in enumerate(flags) if flag)

    @property
    def n_data(self) -> int:
        """Number of measured values; upper limits are none, but add to chi2."""
        return sum(term.n_data for term in self.terms)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said beside every result."""
        return self.about.notes

    @property
    def model(self) -> str:
        """Name of the model, "" for a user's own."""
        return self.prediction.model.name

    @property
    def data(self) -> str:
        """The selection of data as given."""
        return self.about.data

    @property
    def meta(self) -> dict:
        """Provenance: data files with hashes, inputs, theory mode, notes, papers."""
        return dict(self.about.meta)

    @property
    def pull_by_rank(self) -> bool:
        """True if the pull counts the rank of the observables' Jacobian instead of the parameters."""
        row = self.prediction.model.row
        return row is None or not row.effective

    @property
    def reference(self) -> dict[str, float] | None:
        """The Standard Model as a point of the free parameters, where there is one."""
        unknown = self.pull_by_rank or self.about.fixed or not self.about.comparable
        return None if unknown else reference_of(self.about.free, self.about.means)

    @property
    def constrained(self) -> tuple[str, ...]:
        """Names of the sampled nuisances, whose constraints are part of the likelihood."""
        return self.about.sampled

    @property
    def reference_chi2(self) -> float | None:
        """Chi2 of the Standard Model, of the flavour data alone; None where there are none."""
        return self.about.reference_chi2


@jit_quickly
def _theory(like: LogLikelihood, params: Params) -> tuple[Theory, Inputs]:
    return like._theory(params)


@jit_quickly
def _verdicts(like: LogLikelihood, params: Params) -> tuple[Verdict, ...]:
    return like._verdicts(params)


class Stages(eqx.Module):
    """A log-likelihood as a density of the values of its terms."""

    like: LogLikelihood

    def values(self, params: Params) -> list[Float[Array, " k"]]:
        """Values of every term; not finite where a condition fails."""
        theory, values, _ = self.like._at(params)
        return [_where_met(self.like._counted(theory), value, jnp.nan) for value in values]

    def density(self, values: list[Float[Array, " k"]]) -> Float[Array, ""]:
        """The log-likelihood."""
        errors = self.like.errors
        return _total(term.log_prob(v, errors) for term, v in zip(self.like.terms, values, strict=True))


def notes_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """What must be said beside every result of a likelihood of these terms."""
    known, unknown = ([t for t in terms if t.observed and t.compared is flag] for flag in (True, False))
    notes = (note for term in terms for note in term.notes)
    return (*((WITHOUT_DARK_MATTER,) if known and unknown else ()), *notes)


def reference_of(free: Mapping[str, Any], means: Mapping[str, float]) -> dict[str, float]:
    """The Standard Model as a point of coefficients and nuisances."""
    return {name: means.get(name, 0.0) for name in map(plain, free)}


@jit_quickly
def around(like: LogLikelihood, predicted: Float[Array, " n"], vector: Float[Array, " f"], names: tuple[str, ...]):
    """The log-likelihood about a point, for scoring.

    Value; slope [n] and minus Hessian [n, n] in the predictions; gradient [f] and information [f, f] of what does not
    go through these; and the summary. Terms beside the predictions are functions of a few values, whose second
    derivatives are exact; the curvature of the values is left out, except where the value is the log-density itself.
    """
    through = [term for term in like.terms if isinstance(term, OfPredictions)]
    beside = [term for term in like.terms if not isinstance(term, OfPredictions)]
    theory, inputs = like._theory(dict(zip(names, vector, strict=True)))
    errors = like.errors(like.prediction, theory)

    def density(predicted: Float[Array, " n"]) -> Float[Array, ""]:
        at = Predicted(predicted, theory, inputs)
        return _total(term.log_prob(term.values(theory, at, inputs), errors) for term in through)

    def values(terms: list[Term], vector: Float[Array, " f"]) -> list[Array]:
        theory, inputs = like._theory(dict(zip(names, vector, strict=True)))
        at = Predicted(predicted, theory, inputs)
        return [term.values(theory, at, inputs) for term in terms]

    def density_beside(flat: Float[Array, " k"]) -> Float[Array, ""]:
        return _total(term.log_prob(v, errors) for term, v in zip(beside, unravel(flat), strict=True))

    def own_density(vector: Float[Array, " f"]) -> Float[Array, ""]:
        own = [term for term in beside if isinstance(term, OwnTerm)]
        return _total(term.log_prob(v, errors) for term, v in zip(own, values(own, vector), strict=True))

    value, slope = jax.value_and_grad(density)(predicted)
    weight = -jax.hessian(density)(predicted)
    flat, unravel = ravel_pytree(values(beside, vector))
    jacobian = jax.jacrev(lambda x: ravel_pytree(values(beside, x))[0])(vector)
    value_beside, slope_beside = jax.value_and_grad(density_beside)(flat)
    information = -jacobian.T @ jax.hessian(density_beside)(flat) @ jacobian
    if any(isinstance(term, OwnTerm) for term in beside):
        information -= jax.hessian(own_density)(vector)
    summary = like._summary(theory, values(list(like.terms), vector), errors)
    value = _where_met(like._counted(theory), value + value_beside, -jnp.inf)
    return value, (slope, weight), (jacobian.T @ slope_beside, information), summary


def _where_met(conditions: Sequence[Verdict], value: Float[Array, " *k"], otherwise: float) -> Float[Array, " *k"]:
    """The value where all conditions are met."""
    for condition in conditions:
        value = jnp.where(condition.ok, value, otherwise)
    return value


def _total(terms) -> Float[Array, ""]:
    return sum(terms, jnp.zeros(()))


def _joined(parts) -> Float[Array, " n"]:
    return jnp.concatenate([jnp.zeros(0), *parts])
