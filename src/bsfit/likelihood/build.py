"""From what a user asks for to a log-likelihood: data, predictions and theory errors joined. Wiring only."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bsfit import __version__, catalogue
from bsfit.at_work import doing
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError
from bsfit.likelihood import dark_matter, own_terms, theory_errors
from bsfit.likelihood.about import About
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.free_parameters import SAMPLES, plain, refuse_unused, sample_box, used
from bsfit.likelihood.joint import Errors, LogLikelihood, around, notes_of, reference_of
from bsfit.likelihood.own_observables import OwnObservables
from bsfit.likelihood.request import Collected, Request
from bsfit.likelihood.terms import MeasuredValues, NuisanceConstraints, PublishedCurves, Term
from bsfit.likelihood.theory_errors import WHOLE, DirectPropagation, Propagation, SameEverywhere
from bsfit.likelihood.written import written
from bsfit.loading import limits, selection
from bsfit.loading.inputs import Inputs, InputSet, described
from bsfit.predictions import uncertain_inputs
from bsfit.predictions.bound_model import ModelLike
from bsfit.predictions.checks import check_bin, idle
from bsfit.predictions.derivatives import ValueAndSlopes
from bsfit.predictions.jacobian import Jacobian, OfAmplitudes, OfTensors
from bsfit.predictions.prediction import Prediction
from bsfit.predictions.uncertain_inputs import Nuisances
from bsfit.theory import Theory

AMPLITUDES, RESPONSE, POLYNOMIALS = "from the amplitudes", "from their response", "polynomials of the nuisances"
"""Where moments come from."""

SAID = (
    "moments are polynomials of the nuisances about where the data pull these in the Standard Model, good to about 0.1 "
    "sigma of a best fit: exact=True keeps the amplitudes"
)

POLYNOMIALS_UP_TO = 6
"""Directions up to which moments are made polynomials of nuisances: with d of them they are found at
1 + d + d(d+1)/2 points, a few seconds each."""

FARTHEST = 2.5
"""Standard deviations from their means up to which nuisances are followed to where the data pull them."""

_CALCULATION = "Omega_h2 calculation"
"""The unit nuisance of the relic density."""

PROBED = 3
"""Points at which it is seen which nuisance moves what: one at which a shift is zero by chance is as good as none."""


def log_likelihood(
    model: ModelLike = "eft",
    data: selection.Data = "lfu",
    free: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    exact: bool = False,
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
    own ones read. `exact` evaluates the amplitudes at every point, where nuisances float too; otherwise moments
    are quadratic in these (`predictions.floating`), unless the model reaches too many directions. `relic` says
    whether the relic density, where it is among the data, is that of the model's dark matter (``equal``) or the most
    that it may be (``upper``): see `likelihood.dark_matter`. `terms` are functions ``(theory, inputs) -> log-density``,
    in a list or by the name of their group: see `likelihood.own_terms`.

    Raises `BsfitInputError` for unknown names, empty selections, bad bounds, free parameters that no selected
    observable depends on, and data on dark matter in a model without any.
    """
    with doing("building the likelihood"):
        return _built(model, data, free, fixed, inputs, theory, nuisances, exact, relic, terms)


def _built(
    model: ModelLike,
    data: selection.Data,
    free: Mapping[str, Any] | None,
    fixed: Mapping[str, float] | None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float],
    theory: str,
    nuisances: str | Sequence[str] | None,
    exact: bool,
    relic: str,
    terms: own_terms.Terms,
) -> LogLikelihood:
    asked = Request.of(model, data, free, fixed, inputs, theory, nuisances, relic, terms)
    own, found, bounds, unquoted, the_set = asked.own, asked.collected, asked.bounds, asked.prediction, asked.the_set
    row, inputs = asked.row, unquoted.inputs
    points = sample_box(own, SAMPLES)
    if found.relic or bounds:
        of_dark_matter = [asked.observable for asked in (*found.relic, *bounds)]
        dark_matter.refuse_what_is_not_predicted(row, of_dark_matter)
        dark_matter.refuse_without_dark_matter(unquoted.model, inputs, points[0], of_dark_matter[0])
    own_values = OwnObservables.of(unquoted, points)
    uncertain = _uncertain(found, unquoted, own_values, bounds, the_set, nuisances)
    sampled = uncertain.names if theory == "sampled" else ()
    _check_nuisances(asked.free, own, sampled, row)
    moving = theory == "propagated" and bool(uncertain.names) and bool(unquoted.names)
    with doing("response of the theory errors"):
        moving_errors = _moving_errors(unquoted, points, uncertain, exact) if moving else None
    wanted_exact, exact = exact, exact or isinstance(moving_errors, DirectPropagation)
    with doing("response of the predictions"):
        pred, how = _predicted(unquoted, points, uncertain, found if sampled else None, own_values.theory, exact)
    pred = pred.with_quoted_standard_model()
    slopes = ValueAndSlopes(pred)
    jacobian = _jacobian(slopes, how, tuple(map(plain, own)), sampled, points[0])
    error = float(inputs["Omega_h2_error"]) if theory != "sampled" and _CALCULATION in uncertain.names else 0.0
    of_dark = dark_matter.terms_of(found.relic_density(), bounds, relic, error, theory == "propagated")
    means = uncertain.mean
    reference = reference_of(own, {}) if row is not None and row.effective and not asked.fixed else None
    of_own = own_terms.made(asked.terms, pred.model, inputs, own, points, reference)
    refuse_unused(own, used(pred, (*of_dark, *of_own), points, jacobian, means))
    with doing("theory errors"):
        at_reference, shifts = uncertain_inputs.at_standard_model(slopes, uncertain, own_values.theory)
    measured, curves = found.terms(np.zeros(len(pred.names)) if sampled else np.linalg.norm(shifts, axis=1))
    blocks = _blocks(measured)
    everywhere = SameEverywhere.of_blocks(blocks, shifts[:, :0] if theory == "sampled" else shifts, at_reference)
    errors = everywhere if moving_errors is None else moving_errors
    if isinstance(errors, Propagation):
        with doing("parts of the theory errors"):
            errors = errors.divided(pred, points[:PROBED], blocks)
    constraints = _constraints(uncertain) if sampled else ()
    every_term = (*measured, *of_dark, *curves, *constraints, *of_own)
    comparable = own_values.theory is None
    at_standard_model = SameEverywhere.of_blocks(blocks, shifts, at_reference) if theory == "sampled" else everywhere
    beside = own_values.notes if theory == "fixed" and own_values.inputs_read & {*uncertain.names} else ()
    polynomial = (SAID,) if how == POLYNOMIALS else ()
    notes = (*idle(asked.fixed, pred), *beside, *polynomial, *notes_of(every_term))
    about = About(
        free={**own, **_floating(asked.free, own, uncertain, sampled)},
        fixed=asked.fixed,
        sampled=sampled,
        means=means,
        data=selection.described(data),
        meta=_meta(asked, pred, every_term, uncertain, how, relic if of_dark else None, notes)
        | {"asked": written(model, data, asked.free, asked.fixed, theory, nuisances, wanted_exact, relic, asked.terms)},
        notes=notes,
        comparable=comparable,
        reference_chi2=(
            _chi2_of((*measured, *curves), at_reference, at_standard_model) if comparable and pred.names else None
        ),
        jacobian=jacobian,
        around=around,
        listed=tuple(found.listed),
    )
    return LogLikelihood(pred, every_term, errors, about)


# ------------------------------------------------------------------------------------------------------ the data


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


def _uncertain(
    found: Collected,
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
    return uncertain_inputs.choose(items, the_set, unquoted.inputs, requested, own_values.inputs_read)


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
    unquoted: Prediction, points: Sequence[Mapping[str, float]], uncertain: Nuisances, exact: bool
) -> Errors:
    """Theory errors that follow the point: through the response of the slopes, or from the amplitudes."""
    if exact:
        return DirectPropagation(jnp.asarray(uncertain.directions(unquoted.inputs)))
    return theory_errors.propagation(unquoted, points, uncertain)


def _predicted(
    unquoted: Prediction,
    points: Sequence[Mapping[str, float]],
    uncertain: Nuisances,
    pulling: Collected | None,
    own_at: Theory | None,
    exact: bool,
) -> tuple[Prediction, str]:
    """The prediction in the form that is evaluated fastest, and which that is; data are `pulling` if inputs float."""
    floats = pulling is not None
    moving = floats and uncertain_inputs.moves_moments(unquoted, uncertain)
    if moving and not exact and any(plan.binned for plan in unquoted.plans):
        reach = theory_errors.reach_where_inputs_float(unquoted, points, uncertain)
        every = all(plan.name in reach.spans for plan in unquoted.plans if plan.binned)
        if every and max(len(pivots) for _, _, pivots in reach.spans.values()) <= POLYNOMIALS_UP_TO:
            centre = _centre(pulling, unquoted, uncertain, own_at)
            return theory_errors.floating(unquoted, reach, uncertain, centre), POLYNOMIALS
    if moving or exact:
        return unquoted, AMPLITUDES
    through = unquoted.through_response(points, inputs_move=floats)
    every = all(plan.name in through.responses for plan in through.plans if plan.binned)
    return through, RESPONSE if every else AMPLITUDES


def _centre(
    found: Collected, unquoted: Prediction, uncertain: Nuisances, own_at: Theory | None
) -> Float[np.ndarray, " q"]:
    """Unit nuisances that the data prefer in the Standard Model: near the best fit, where moments are to be exact."""
    values, shifts = uncertain_inputs.at_standard_model(ValueAndSlopes(unquoted), uncertain, own_at)
    measured, _ = found.terms(np.zeros(len(values)))
    blocks = [(term.data, np.array(term.rows)) for term in measured]
    return np.clip(theory_errors.pulled_to(blocks, values, shifts), -FARTHEST, FARTHEST)


def _jacobian(
    slopes: ValueAndSlopes, how: str, free: tuple[str, ...], sampled: tuple[str, ...], point: Mapping[str, float]
) -> Jacobian | None:
    """The Jacobian of predictions that are costly where nuisances float; those slopes know no mediator that moves."""
    if not sampled or how == RESPONSE:
        return None
    if how == AMPLITUDES and not slopes.prediction.has_mediator(point):
        return OfAmplitudes(slopes, free, sampled)
    return OfTensors(slopes.prediction, free, sampled)


def _constraints(uncertain: Nuisances) -> tuple[NuisanceConstraints, ...]:
    blocks = tuple((jnp.asarray(p.mean), jnp.asarray(np.linalg.inv(p.covariance))) for p in uncertain.priors)
    return (NuisanceConstraints(blocks, tuple(prior.names for prior in uncertain.priors)),) if blocks else ()


# -------------------------------------------------------------------------------------------------- provenance


def _meta(
    asked: Request,
    pred: Prediction,
    terms: Sequence[Term],
    uncertain: Nuisances,
    how: str,
    relic: str | None,
    said: Sequence[str],
) -> dict[str, Any]:
    inputs, row, chosen = pred.inputs, pred.model.row, (*asked.chosen, *asked.bounds)
    items = [item for item in pred.items if item]
    notes = [note for item in items if item.bin and (note := check_bin(item, inputs))]
    groups = {group for term in terms if isinstance(term, MeasuredValues) for group, _ in term.members}
    if len(groups) > 1 and uncertain.names and asked.theory != "sampled":
        notes.append("groups share theory errors: their log-likelihoods do not add up to the total")
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
        **described(inputs),
        "theory": asked.theory,
        "nuisances": list(uncertain.names),
        "moments": how,
        "notes": [*notes, *said],
        **({"relic": relic} if relic else {}),
        "papers": [p for p in papers if p],
        "observables": _one_of_each(items, [each.observable for each in (*asked.collected.relic, *asked.bounds)]),
        "free": list(map(plain, asked.own)),
    }


def _one_of_each(items: Sequence[catalogue.Observable], dark: Sequence[str]) -> list[str]:
    """Names of observables, one bin of each kind, and those of dark matter: from them papers are traced."""
    kinds = {(i.quantity.process.name, i.quantity.key, i.decay, i.leptons): i.name for i in reversed(items)}
    known = {quantity.key for quantity in catalogue.QUANTITIES.values() if quantity.process.dark}
    return sorted({*kinds.values(), *known.intersection(dark)})
