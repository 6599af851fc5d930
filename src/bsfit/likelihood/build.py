"""From what a user asks for to a log-likelihood: data, predictions and theory errors joined. Wiring only."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from bsfit import __version__, catalogue, scalars
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.likelihood import dark_matter, own_terms, theory_errors
from bsfit.likelihood.densities import PublishedCurve, SplitNormal
from bsfit.likelihood.free_parameters import SAMPLES, check_bounds, plain, refuse_alike, refuse_unused, sample_box, used
from bsfit.likelihood.joint import About, Errors, LogLikelihood, around, notes_of, reference_of
from bsfit.likelihood.own_observables import OwnObservables
from bsfit.likelihood.terms import MeasuredValues, NuisanceConstraints, PublishedCurves, Term
from bsfit.likelihood.theory_errors import WHOLE, DirectPropagation, Nuisances, SameEverywhere
from bsfit.loading import limits, selection
from bsfit.loading.inputs import Inputs, InputSet, as_inputs, input_set
from bsfit.loading.measurements import Datum
from bsfit.predictions.bound_model import ModelLike, row_of
from bsfit.predictions.checks import check_bin, idle
from bsfit.predictions.compiled import compile_quickly
from bsfit.predictions.derivatives import Jacobian, ValueAndSlopes
from bsfit.predictions.prediction import Prediction, wired

THEORY_MODES = ("fixed", "propagated", "sampled")

_CALCULATION = "Omega_h2 calculation"
"""The unit nuisance of the relic density."""


def log_likelihood(
    model: ModelLike = "eft",
    data: selection.Data = "lfu",
    free: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    fast: bool | None = None,
    relic: str = "equal",
    terms: own_terms.Terms = (),
) -> LogLikelihood:
    """Log-likelihood of a data selection as a function of the free parameters.

    `model` is a name, a row of the catalogue, or a function ``(params) -> Theory`` or ``(params, inputs) -> Theory``.
    `data` is the name of a set, group, measurement or limit, a file, or a list that mixes these with
    `bsfit.Measurement` and dictionaries ``{observable: (value, error)}``. `free` maps names to bounds ``(low, high)``,
    with the prefix ``log:`` for a flat prior in the logarithm, or to a numpyro distribution. `inputs` is the name of a
    set, a file, or values that replace those of the default set.
    `theory` says how uncertain inputs enter: ``fixed`` (covariance at the Standard Model), ``propagated`` (covariance
    at each point, by the Jacobian), ``sampled`` (the nuisances become free parameters). `nuisances` selects them by
    globs of input names, or ``"all"``; by default those that the catalogue lists for the observables, and those that
    own ones read. `fast=False` evaluates the amplitudes at every point instead of their exact response. `relic` says
    whether the relic density, where it is among the data, is that of the model's dark matter (``equal``) or the most
    that it may be (``upper``): see `likelihood.dark_matter`. `terms` are functions ``(theory, inputs) -> log-density``,
    in a list or by the name of their group: see `likelihood.own_terms`.

    Raises `BsfitInputError` for unknown names, empty selections, bad bounds, free parameters that no selected
    observable depends on, and data on dark matter in a model without any.
    """
    free, fixed = dict(free or {}), scalars.parts(fixed or {}, infinite=fixed or ())
    if theory not in THEORY_MODES:
        raise BsfitInputError(
            f"unknown theory mode {theory!r}",
            field="theory",
            expected=", ".join(THEORY_MODES),
            hint=did_you_mean(theory, THEORY_MODES),
        )
    added = own_terms.listed(terms)
    chosen = selection.select(data, or_none=bool(added))
    bounds = selection.limits_in(data)
    inputs = as_inputs(inputs)
    the_set = input_set(inputs.set_name or "default")
    row = row_of(model)
    own = _own_parameters(free, row, the_set) if theory == "sampled" else free
    check_bounds(own, row)
    refuse_alike(tuple(map(plain, own)), row)
    found = _Collected(chosen)
    plain_names = tuple(map(plain, own))
    unquoted = wired(found.observables, model, inputs, fixed, plain_names)
    points = sample_box(own, SAMPLES)
    if found.relic or bounds:
        first = (*found.relic, *bounds)[0].observable
        dark_matter.refuse_without_dark_matter(unquoted.model, inputs, points[0], first)
    own_values = OwnObservables.of(unquoted, points)
    uncertain = _uncertain(found, unquoted, own_values, bounds, the_set, nuisances)
    sampled = uncertain.names if theory == "sampled" else ()
    _check_nuisances(free, own, sampled, row)
    if fast is None:
        fast = theory != "sampled" or not theory_errors.moves_moments(unquoted, uncertain)
    pred = (unquoted.through_response(points) if fast else unquoted).with_quoted_standard_model()
    slopes = ValueAndSlopes(pred)
    jacobian = Jacobian(slopes, plain_names, sampled) if sampled and not fast else None
    error = float(inputs["Omega_h2_error"]) if theory != "sampled" and _CALCULATION in uncertain.names else 0.0
    of_dark = dark_matter.terms_of(found.relic_density(), bounds, relic, error, theory == "propagated")
    means = uncertain.mean
    reference = reference_of(own, {}) if row is not None and row.effective and not fixed else None
    of_own = own_terms.made(added, pred.model, inputs, own, points, reference)
    refuse_unused(own, used(pred, (*of_dark, *of_own), points, jacobian, means))
    at_reference, shifts = theory_errors.at_standard_model(slopes, uncertain, own_values.theory)
    measured, curves = found.terms(np.zeros(len(pred.names)) if sampled else np.linalg.norm(shifts, axis=1))
    everywhere = SameEverywhere.of_blocks(_blocks(measured), shifts[:, :0] if theory == "sampled" else shifts)
    moving = theory == "propagated" and bool(uncertain.names) and bool(pred.names)
    errors = _moving_errors(unquoted, points, uncertain, fast) if moving else everywhere
    constraints = _constraints(uncertain) if sampled else ()
    every_term = (*measured, *of_dark, *curves, *constraints, *of_own)
    comparable = own_values.theory is None
    at_standard_model = SameEverywhere.of_blocks(_blocks(measured), shifts) if theory == "sampled" else everywhere
    beside = own_values.notes if theory == "fixed" and own_values.inputs_read & {*uncertain.names} else ()
    notes = (*beside, *notes_of(every_term))
    about = About(
        free={**own, **_floating(free, own, uncertain, sampled)},
        fixed=fixed,
        sampled=sampled,
        means=means,
        data=selection.described(data),
        meta=_meta(
            pred, every_term, (*chosen, *bounds), the_set, theory, uncertain, fixed, relic if of_dark else None, notes
        ),
        notes=notes,
        comparable=comparable,
        reference_chi2=(
            _chi2_of((*measured, *curves), at_reference, at_standard_model) if comparable and pred.names else None
        ),
        jacobian=jacobian,
        around=eqx.filter_jit(around),
    )
    return LogLikelihood(pred, every_term, errors, about)


# ------------------------------------------------------------------------------------------------------ the data


class _Collected:
    """All data stacked: values with errors, values with published curves, and measurements of the relic density."""

    def __init__(self, chosen: Sequence[selection.Chosen]) -> None:
        dark = [m for m in chosen if all(map(_is_dark, m.data))]
        smooth = [m for m in chosen if m.curve is None and m not in dark]
        curved = [m for m in chosen if m.curve is not None and m not in dark]
        self.relic = [datum for m in dark for datum in m.data]
        self.smooth, self.curved = [datum for m in smooth for datum in m.data], [m.data[0] for m in curved]
        blocks = [m.correlation_matrix() for m in smooth]
        self.correlation = scipy.linalg.block_diag(*blocks) if blocks else np.zeros((0, 0))
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


def _blocks(measured: Sequence[MeasuredValues]) -> dict[str, tuple[SplitNormal, np.ndarray]]:
    """Data and positions of each block that theory errors are prepared for."""
    found: dict[str, tuple[SplitNormal, np.ndarray]] = {}
    for term in measured:
        everything = np.array(term.rows)
        groups = {group: (term.blocks[group], everything[np.array(index)]) for group, index in term.members}
        found |= {WHOLE: (term.data, everything), **groups}
    return found


def _chi2_of(terms: Sequence[MeasuredValues | PublishedCurves], values: np.ndarray, errors: SameEverywhere) -> float:
    """Chi2 at predicted values [n]."""

    def total(values):
        parts = (term.chi2(values[term.rows.start : term.rows.stop], errors) for term in terms)
        return sum(parts, jnp.zeros(()))

    return float(compile_quickly(total)(values))


# ---------------------------------------------------------------------------------------------- uncertain inputs


def _own_parameters(free: Mapping[str, Any], row: catalogue.Model | None, the_set: InputSet) -> dict[str, Any]:
    """The free parameters that are the model's: the others are nuisances, given other bounds than theirs."""
    uncertain = {name for prior in the_set.priors for name in prior.names}
    known = set() if row is None else set(catalogue.parameters_of(row))
    return {key: value for key, value in free.items() if plain(key) not in uncertain or plain(key) in known}


def _uncertain(
    found: _Collected,
    unquoted: Prediction,
    own_values: OwnObservables,
    bounds: Sequence[limits.Limit],
    the_set: InputSet,
    requested: str | Sequence[str] | None,
) -> Nuisances:
    """The uncertain inputs that matter for all data."""
    dark = [datum.observable for datum in found.relic]
    dark += ["sigma_SI"] if any(bound.group == "direct" for bound in bounds) else []
    items = [*(item for item in unquoted.items if item), *map(catalogue.observable, dark)]
    return theory_errors.choose(items, the_set, unquoted.inputs, requested, own_values.inputs_read)


def _check_nuisances(
    free: Mapping[str, Any], own: Mapping[str, Any], sampled: Sequence[str], row: catalogue.Model | None
) -> None:
    """Raise `BsfitInputError` for nuisances that are parameters too, and for bounds of ones that do not float."""
    if row is not None and (clash := [name for name in sampled if name in catalogue.parameters_of(row)]):
        raise BsfitInputError(
            f"{', '.join(clash)} is both a parameter of {row.name!r} and an uncertain input",
            field="nuisances",
            hint="select nuisances by globs that leave it out",
        )
    for key in free:
        if key not in own and plain(key) not in sampled:
            raise BsfitInputError(f"{plain(key)!r} does not float", field="free", hint="select it by `nuisances`")


def _floating(
    free: Mapping[str, Any], own: Mapping[str, Any], uncertain: Nuisances, sampled: Sequence[str]
) -> dict[str, Any]:
    """Bounds of the nuisances that float: as given, else five standard deviations on each side."""
    found = {key: value for key, value in free.items() if key not in own}
    for prior in uncertain.priors if sampled else ():
        for name, mean, width in zip(prior.names, prior.mean, 5.0 * np.sqrt(np.diag(prior.covariance)), strict=True):
            found.setdefault(name, (float(mean - width), float(mean + width)))
    return found


def _moving_errors(
    unquoted: Prediction, points: Sequence[Mapping[str, float]], uncertain: Nuisances, fast: bool
) -> Errors:
    """Theory errors that follow the point: through the response of the slopes, or from the amplitudes."""
    if fast:
        return theory_errors.propagation(unquoted, points, uncertain)
    return DirectPropagation(jnp.asarray(uncertain.directions(unquoted.inputs)))


def _constraints(uncertain: Nuisances) -> tuple[NuisanceConstraints, ...]:
    blocks = tuple((jnp.asarray(p.mean), jnp.asarray(np.linalg.inv(p.covariance))) for p in uncertain.priors)
    return (NuisanceConstraints(blocks, tuple(prior.names for prior in uncertain.priors)),) if blocks else ()


# -------------------------------------------------------------------------------------------------- provenance


def _meta(
    pred: Prediction,
    terms: Sequence[Term],
    chosen: Sequence,
    the_set: InputSet,
    mode: str,
    uncertain: Nuisances,
    fixed: Mapping[str, float],
    relic: str | None,
    said: Sequence[str],
) -> dict[str, Any]:
    inputs, row = pred.inputs, pred.model.row
    items = [item for item in pred.items if item]
    notes = [note for item in items if item.bin and (note := check_bin(item, inputs))]
    notes += idle(fixed, pred)
    groups = {group for term in terms if isinstance(term, MeasuredValues) for group, _ in term.members}
    if len(groups) > 1 and uncertain.names and mode != "sampled":
        notes.append("groups share theory errors: their log-likelihoods do not add up to the total")
    changed = np.flatnonzero(np.asarray(inputs.values) != np.asarray(the_set.inputs.values))
    papers = dict.fromkeys(
        (
            *(paper for m in chosen for paper in m.papers),
            *(source for item in items for source in item.quantity.sources),
            *(source for term in terms for source in term.sources),
            *(row.sources if row else ()),
        )
    )
    return {
        "version": __version__,
        "data_files": {m.file: m.sha256 for m in chosen if m.file},
        "input_set": the_set.name,
        "input_files": dict(the_set.files),
        "input_changes": {inputs.names[i]: float(inputs.values[i]) for i in changed},
        "theory": mode,
        "nuisances": list(uncertain.names),
        "notes": [*notes, *said],
        **({"choices": list(inputs.choices.others)} if inputs.choices.others else {}),
        **({"relic": relic} if relic else {}),
        "papers": [p for p in papers if p],
    }
