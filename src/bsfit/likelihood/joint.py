"""Where physics meets statistics: data, predictions and theory errors joined in one log-likelihood.

Wiring only: formulas live in `observables/` and `likelihood`, numbers in ``data/``.
"""

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.dark_matter import relic_density
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.likelihood import dark_matter, densities, theory_errors
from bsfit.likelihood.dark_matter import DarkMatter
from bsfit.likelihood.densities import SplitNormal, Tabulated, TheoryErrors
from bsfit.likelihood.free_parameters import (
    SAMPLES,
    check_bounds,
    refuse_unused,
    refuse_without_dark_matter,
    sample_box,
    used,
)
from bsfit.likelihood.free_parameters import plain as plain_name
from bsfit.likelihood.theory_errors import DirectPropagation, Propagation
from bsfit.loading import limits, measurements
from bsfit.loading.inputs import Inputs, InputSet, input_set, load_inputs
from bsfit.predictions.bound_model import ModelLike, row_of
from bsfit.predictions.checks import check_bin, failed_verdicts
from bsfit.predictions.compiled import compile_quickly
from bsfit.predictions.derivatives import Jacobian, ValueAndSlopes
from bsfit.predictions.prediction import Prediction, wired
from bsfit.theory import Params, Theory, Verdict

_WITHOUT_DARK_MATTER = "the pull compares the flavour data alone: the Standard Model has no dark matter"
THEORY_MODES = ("fixed", "propagated", "sampled")


class Facts:
    """What a likelihood knows about itself besides numbers; compared by identity, so that it may sit in a pytree."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)


class Point(NamedTuple):
    """Predicted values of the flavour data [n], their theory errors [g, q], and the values of `DarkMatter` [k]."""

    values: Array
    errors: TheoryErrors
    dark: Array


class LogLikelihood(eqx.Module):
    r"""Log-likelihood of data as a function of a dictionary of the free parameters; build it with `log_likelihood`.

    ``like(params)`` is a scalar; jit, grad, hessian and vmap work on it. It is
    :math:`-\frac12\chi^2-\frac12\log\det C` of the Gaussian data, with the normalisation, plus the published curves,
    plus what is known about dark matter (`dark_likelihood`).
    """

    prediction: Prediction
    gaussian: SplitNormal
    theory_errors: TheoryErrors | Propagation | DirectPropagation
    curves: tuple[Tabulated, ...]
    nuisance_priors: tuple[tuple[Array, Array], ...]
    blocks: dict[str, tuple[SplitNormal, TheoryErrors | None]]
    dark: DarkMatter | None
    facts: Facts = eqx.field(static=True)

    __hash__, __eq__ = object.__hash__, object.__eq__  # so that jax.jit(like) takes it as a function

    # ------------------------------------------------------------------------------------------ the density

    def __call__(self, params: Params) -> Float[Array, ""]:
        """Log-likelihood at a dictionary of the free parameters."""
        values, errors, dark = self._at(params)
        n = self.gaussian.central.shape[0]
        result = densities.log_prob(self.gaussian, values[:n], errors) if n else jnp.zeros(())
        if self.dark is not None:
            result += self.dark.log_likelihood(dark)
        return result + self._curves(values[n:]) + self._nuisance_terms(params)

    def chi2(self, params: Params) -> Float[Array, ""]:
        """Chi2 of all data: r^T C^-1 r, -2 log L of the published curves, and Delta chi2 of the limits."""
        return self.summary(params)["chi2"]

    def pull_chi2(self, params: Params) -> Float[Array, ""]:
        """Chi2 of the flavour data, which is compared with the Standard Model: that has no dark matter."""
        return self.summary(params)["pull_chi2"]

    def by_group(self, params: Params) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group of observables by itself; with correlated theory errors they do not add up."""
        return self.summary(params)["by_group"]

    def pulls(self, params: Params) -> Float[Array, " g"]:
        """Measured minus predicted values in units of their errors, in the order of `observables`; without curves."""
        return self.summary(params)["pulls"]

    def predictions(self, params: Params) -> Float[Array, " n"]:
        """Predicted values, in the order of `observables`."""
        return self.summary(params)["predictions"]

    def summary(self, params: Params) -> dict[str, Any]:
        """All of these at one point, by their names."""
        values, errors, dark = self._at(params)
        flavour = {**self._told(values, errors, self._nuisance_terms(params)), "predictions": values}
        return self._with_dark(flavour, {} if self.dark is None else self.dark.told(dark))

    def _told(self, values: Array, errors: TheoryErrors, constraints: Array) -> dict[str, Any]:
        """What is told of the flavour data at predicted values; `constraints` is the log-density of the nuisances."""
        by_group = self._by_group(values, errors)
        return {
            "chi2": self._chi2(values, errors) - 2.0 * constraints,
            "by_group": {**by_group, "constraints": constraints} if self.facts.sampled else by_group,
            "pulls": densities.pulls(self.gaussian, values[: self.gaussian.central.shape[0]], errors),
        }

    def remarks(self, params: Mapping[str, float]) -> tuple[str, ...]:
        """Conditions of the model, and of freeze-out, that fail at a point, what the pull leaves out, estimates."""
        point = {name: jnp.asarray(float(value)) for name, value in params.items()}
        verdicts = compile_quickly(self._verdicts)(point)
        beside = self.dark is not None and bool(self.prediction.names)
        estimates = () if self.dark is None else self.dark.notes
        return (*failed_verdicts(verdicts), *((_WITHOUT_DARK_MATTER,) if beside else ()), *estimates)

    def _verdicts(self, params: Params) -> tuple[Verdict, ...]:
        theory, _ = self._theory(params)
        frozen = relic_density.verdicts(theory) if self.dark is not None and self.dark.n_relic else ()
        return (*theory.verdicts, *frozen)

    def _with_dark(self, flavour: dict[str, Any], dark: dict[str, Any]) -> dict[str, Any]:
        """What is told of the flavour data, which are compared with the Standard Model, and of dark matter, as one."""
        n = self.gaussian.central.shape[0]
        joined = {**flavour, "pull_chi2": flavour["chi2"]}
        for name, value in dark.items():
            if name == "by_group":
                joined[name] = {**flavour[name], **value}
            elif name == "chi2":
                joined[name] = flavour[name] + value
            elif name in flavour:
                joined[name] = jnp.concatenate([flavour[name][:n], value, flavour[name][n:]])
        return joined

    def _by_group(self, values: Float[Array, " n"], errors: TheoryErrors) -> dict[str, Float[Array, ""]]:
        n = self.gaussian.central.shape[0]
        result = {}
        for group, (gaussian_index, curve_index) in self.facts.groups.items():
            term = jnp.zeros(())
            if gaussian_index:
                index = np.array(gaussian_index)
                block, own = self.blocks[group]
                term = densities.log_prob(block, values[index], errors[index] if own is None else own)
            for i in curve_index:
                term += densities.log_likelihood_curve(self.curves[i], values[n + i])
            result[group] = term
        return result

    def _theory(self, params: Params) -> tuple[Theory, Inputs]:
        nuisances = {name: params[name] for name in self.facts.sampled}
        inputs = self.prediction.inputs.replace(nuisances)
        return self.prediction.model({k: v for k, v in params.items() if k not in nuisances}, inputs), inputs

    def _at(self, params: Params) -> Point:
        theory, inputs = self._theory(params)
        values = self.prediction.of_theory(theory, inputs)
        dark = jnp.zeros(0) if self.dark is None else self.dark.values(theory, inputs)
        if not callable(self.theory_errors):
            return Point(values, self.theory_errors, dark)
        return Point(values, self.theory_errors(self.prediction, theory)[: self.gaussian.central.shape[0]], dark)

    def _chi2(self, values: Array, errors: TheoryErrors) -> Float[Array, ""]:
        n = self.gaussian.central.shape[0]
        total = densities.chi2(self.gaussian, values[:n], errors) if n else jnp.zeros(())
        return total - 2.0 * self._curves(values[n:])

    def _curves(self, values: Float[Array, " c"]) -> Float[Array, ""]:
        terms = (densities.log_likelihood_curve(curve, values[i]) for i, curve in enumerate(self.curves))
        return sum(terms, jnp.zeros(()))

    def _nuisance_terms(self, params: Params) -> Float[Array, ""]:
        """Gaussian constraints of the sampled nuisances."""
        total = jnp.zeros(())
        for names, (mean, precision) in zip(self.facts.constrained, self.nuisance_priors, strict=True):
            shift = jnp.stack([params[name] for name in names]) - mean
            total -= 0.5 * shift @ precision @ shift
        return total

    # ------------------------------------------------------------------------------------------ for many nuisances

    @property
    def quadratic(self) -> Callable[[Mapping[str, float]], tuple] | None:
        """Value, gradient and information at a point: `inference.target.Quadratic`; None where the density is cheap."""
        return self._quadratic if self.facts.linearise is not None else None

    def _quadratic(self, params: Mapping[str, float]) -> tuple:
        values, jacobian = self.facts.linearise(params)
        arrays = {name: jnp.asarray(value) for name, value in params.items()}  # plain numbers would be compiled in
        value, slope, weight, told = self.facts.of_values(self, jnp.asarray(values), arrays)
        gradient, information = jacobian.T @ np.asarray(slope), jacobian.T @ np.asarray(weight) @ jacobian
        names = (*self.facts.linearise.free, *self.facts.linearise.nuisances)
        for block, (mean, precision) in zip(self.facts.constrained, self.nuisance_priors, strict=True):
            index = [names.index(name) for name in block]
            shift = np.array([params[name] for name in block]) - np.asarray(mean)
            gradient[index] -= np.asarray(precision) @ shift
            information[np.ix_(index, index)] += np.asarray(precision)
        if self.dark is not None:
            terms = self.facts.of_dark(self, jnp.asarray([float(params[name]) for name in names]), names)
            value, gradient = value + terms.value, gradient + np.asarray(terms.gradient)
            information = information + np.asarray(terms.information)
            told = self._with_dark(told, terms.told)
        order = [names.index(plain_name(name)) for name in self.facts.free]
        return float(value), gradient[order], information[np.ix_(order, order)], told

    # -------------------------------------------------------------------------------------- what it is made of

    @property
    def free(self) -> dict:
        """Free parameters as given, nuisances included."""
        return dict(self.facts.free)

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters fixed by the user."""
        return dict(self.facts.fixed)

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the data: Gaussian ones, those of dark matter, published curves."""
        names, n = self.prediction.names, self.gaussian.central.shape[0]
        return (*names[:n], *(() if self.dark is None else self.dark.names), *names[n:])

    @property
    def pulled(self) -> tuple[str, ...]:
        """Names of the pulls: published curves have none."""
        return self.observables[: len(self.observables) - len(self.curves)]

    @property
    def compared(self) -> tuple[int, ...]:
        """Positions of the predictions that the Standard Model has too, all but those of dark matter."""
        return self._with_of_dark(0)

    @property
    def measured(self) -> tuple[int, ...]:
        """Positions of the predictions of measured values, all but those of upper limits."""
        return self._with_of_dark(0 if self.dark is None else self.dark.n_data)

    def _with_of_dark(self, kept: int) -> tuple[int, ...]:
        n, dark = self.gaussian.central.shape[0], 0 if self.dark is None else len(self.dark.names)
        return (*range(n + kept), *range(n + dark, len(self.observables)))

    @property
    def n_data(self) -> int:
        """Number of measured values; upper limits are none, but add to chi2."""
        return len(self.prediction.names) + (0 if self.dark is None else self.dark.n_data)

    @property
    def model(self) -> str:
        """Name of the model, "" for a user's own."""
        return self.prediction.model.name

    @property
    def data(self) -> str:
        """The selection of data as given."""
        return self.facts.data

    @property
    def meta(self) -> dict:
        """Provenance: data files with hashes, inputs, theory mode, notes, papers."""
        return dict(self.facts.meta)

    @property
    def pull_by_rank(self) -> bool:
        """True if the pull counts the rank of the observables' Jacobian instead of the parameters."""
        return self.model != "eft"

    @property
    def reference(self) -> dict[str, float] | None:
        """The Standard Model as a point of the free parameters, where there is one."""
        if self.model != "eft" or self.facts.fixed:
            return None
        return {name: self.facts.nuisance_means.get(name, 0.0) for name in map(plain_name, self.facts.free)}

    @property
    def constrained(self) -> tuple[str, ...]:
        """Names of the sampled nuisances, whose constraints are part of the likelihood."""
        return self.facts.sampled

    @property
    def reference_chi2(self) -> float | None:
        """Chi2 of the Standard Model, of the flavour data alone; None where there are none."""
        return self.facts.reference_chi2 if self.prediction.names else None


def log_likelihood(
    model: ModelLike = "eft",
    data: str | Sequence[str] = "lfu",
    free: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    inputs: str | Inputs | Mapping[str, float] = "default",
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    fast: bool | None = None,
    relic: str = "equal",
) -> LogLikelihood:
    """Log-likelihood of a data selection as a function of the free parameters.

    `free` maps names to bounds ``(low, high)``, with the prefix ``log:`` for a flat prior in the logarithm, or to a
    numpyro distribution. `theory` says how uncertain inputs enter: ``fixed`` (covariance at the Standard Model),
    ``propagated`` (covariance at each point, by the Jacobian), ``sampled`` (the nuisances become free parameters).
    `nuisances` selects them by globs of input names, or ``"all"``; by default those that the catalogue lists for the
    observables.
    `fast=False` evaluates the amplitudes at every point instead of their exact response.
    `data` may name limits (``lz-2024``, ...) and the relic density (``relic``), which `relic` takes as the density of
    the model's dark matter (``equal``) or as the most that it may be (``upper``): see `dark_likelihood`.

    Raises `BsfitInputError` for unknown names, empty selections, bad bounds, free parameters that no selected
    observable depends on, and data on dark matter in a model without any.
    """
    free, fixed = dict(free or {}), dict(fixed or {})
    if theory not in THEORY_MODES:
        raise BsfitInputError(
            f"unknown theory mode {theory!r}",
            field="theory",
            expected=", ".join(THEORY_MODES),
            hint=did_you_mean(theory, THEORY_MODES),
        )
    chosen, bounds = measurements.select(data), limits.select(measurements.listed(data))
    inputs, the_set = _resolve_inputs(inputs)
    gaussian, curves, names, curve_names, groups, of_dark = _collect(chosen)
    all_names = (*names, *curve_names)
    scattering = any(bound.group == "direct" for bound in bounds)
    concerned = (*all_names, *(d.observable for d in of_dark), *(("sigma_SI",) if scattering else ()))
    uncertain = theory_errors.nuisances(concerned, the_set, inputs, nuisances)
    error = float(inputs["Omega_h2_error"]) if theory != "sampled" and _CALCULATION in uncertain.names else 0.0
    dark = dark_matter.of_data(of_dark, bounds, relic, error, theory == "propagated")
    sampled = uncertain.names if theory == "sampled" else ()
    row = row_of(model)
    if row is not None and (clash := [n for n in sampled if n in catalogue.parameters_of(row)]):
        raise BsfitInputError(
            f"{', '.join(clash)} is both a parameter of {row.name!r} and an uncertain input",
            field="nuisances",
            hint="select nuisances by globs that leave it out",
        )
    own = {key: value for key, value in free.items() if plain_name(key) not in sampled}
    check_bounds(own, row)
    plain = wired(all_names, model, inputs, fixed, tuple(map(plain_name, own)))
    points = sample_box(own, SAMPLES)
    if dark is not None:
        refuse_without_dark_matter(plain, points[0], (*of_dark, *bounds))
    if fast is None:
        fast = theory != "sampled" or not theory_errors.moves_moments(plain, uncertain)
    pred = (plain.through_response(points) if fast else plain).with_quoted_standard_model()
    expansion = ValueAndSlopes(pred)
    linearise = Jacobian(expansion, tuple(map(plain_name, own)), sampled) if sampled and not fast else None
    refuse_unused(own, used(pred, dark, points, linearise, uncertain.mean))
    at_reference, errors = theory_errors.at_standard_model(expansion, uncertain)
    n = len(names)
    smear = np.zeros(len(all_names)) if sampled else np.linalg.norm(errors, axis=1)
    curves = tuple(Tabulated.of(x, y, float(smear[n + i])) for i, (x, y) in enumerate(curves))
    all_free = {**own, **{k: v for k, v in free.items() if k not in own}}
    for prior in uncertain.priors if sampled else ():
        for name, mean, width in zip(prior.names, prior.mean, 5.0 * np.sqrt(np.diag(prior.covariance)), strict=True):
            all_free.setdefault(name, (float(mean - width), float(mean + width)))
    facts = Facts(
        free=all_free,
        fixed=fixed,
        mode=theory,
        sampled=sampled,
        nuisances=uncertain.names,
        nuisance_means=uncertain.mean,
        constrained=tuple(prior.names for prior in uncertain.priors) if sampled else (),
        groups=groups,
        data=data if isinstance(data, str) else ", ".join(data),
        meta=_meta((*chosen, *bounds), inputs, the_set, theory, uncertain.names, plain, groups, dark),
        reference_chi2=0.0,
        linearise=linearise,
        of_values=eqx.filter_jit(_of_values),
        of_dark=eqx.filter_jit(_of_dark),
    )
    nuisance_priors = tuple((jnp.asarray(p.mean), jnp.asarray(np.linalg.inv(p.covariance))) for p in uncertain.priors)
    taken = {group: np.array(index) for group, (index, _) in groups.items() if index}
    blocks = {group: (gaussian.take(index), None) for group, index in taken.items()}
    fixed_errors = densities.constant(gaussian, errors[:n])
    at_each_point = jnp.zeros((n, 0)) if sampled else fixed_errors
    if theory == "fixed":
        blocks = {g: (block, densities.constant(block, errors[taken[g]])) for g, (block, _) in blocks.items()}
    if theory == "propagated" and uncertain.names and names:
        directly = DirectPropagation(jnp.asarray(uncertain.directions(inputs)))
        at_each_point = theory_errors.propagation(plain, points, uncertain) if fast else directly
    like = LogLikelihood(pred, gaussian, at_each_point, curves, nuisance_priors if sampled else (), blocks, dark, facts)
    facts.reference_chi2 = float(compile_quickly(lambda values: like._chi2(values, fixed_errors))(at_reference))
    return like


def _of_values(like: LogLikelihood, values: Float[Array, " n"], params: Params):
    """Log-likelihood, its gradient and minus its Hessian in the predicted values, and what a fit is told about it."""
    n = like.gaussian.central.shape[0]
    none = jnp.zeros((n, 0))

    def density(values: Float[Array, " n"]) -> Float[Array, ""]:
        return densities.log_prob(like.gaussian, values[:n], none) + like._curves(values[n:])

    value, slope = jax.value_and_grad(density)(values)
    weight = -jax.hessian(density)(values)
    nuisances = like._nuisance_terms(params)
    return value + nuisances, slope, weight, like._told(values, none, nuisances)


def _of_dark(like: LogLikelihood, vector: Float[Array, " f"], names: tuple[str, ...]) -> dark_matter.Slopes:
    """Terms of dark matter around a point, whose parameters and nuisances have the given names."""
    terms = like.dark
    assert terms is not None

    def values(vector: Float[Array, " f"]) -> Float[Array, " k"]:
        return terms.values(*like._theory(dict(zip(names, vector, strict=True))))

    return dark_matter.expand(terms, values, vector)


# ------------------------------------------------------------------------------------------------------ the data

_CALCULATION = "Omega_h2 calculation"
"""The unit nuisance of the relic density."""


def _collect(chosen: Sequence[measurements.Measurement]):
    """Stack all data: Gaussian block, published curves, names of both, and the positions of each group in the two.

    Those of dark matter are the last entry, by themselves.
    """
    dark = [m for m in chosen if all(dark_matter.is_dark(d.observable) for d in m.data)]
    smooth = [m for m in chosen if m.curve is None and m not in dark]
    data = [datum for m in smooth for datum in m.data]
    correlation = scipy.linalg.block_diag(*(m.correlation_matrix() for m in smooth)) if smooth else np.zeros((0, 0))
    central, plus, minus = (
        np.array([getattr(d, part) for d in data]) for part in ("central", "sigma_plus", "sigma_minus")
    )
    gaussian = SplitNormal.of(central, plus, minus, correlation)
    curved = [(m.curve, m.data[0]) for m in chosen if m.curve is not None and m not in dark]
    curves, curve_data = [(curve.x, curve.log_likelihood) for curve, _ in curved], [datum for _, datum in curved]
    groups: dict[str, tuple[list[int], list[int]]] = {}
    for part, entries in enumerate((data, curve_data)):
        for position, datum in enumerate(entries):
            groups.setdefault(datum.group, ([], []))[part].append(position)
    names, curve_names = ([d.observable for d in part] for part in (data, curve_data))
    return gaussian, curves, names, curve_names, groups, [datum for m in dark for datum in m.data]


def _resolve_inputs(inputs: str | Inputs | Mapping[str, float]) -> tuple[Inputs, InputSet]:
    if isinstance(inputs, Mapping):
        inputs = load_inputs("default", inputs)
    elif isinstance(inputs, str):
        inputs = load_inputs(inputs)
    return inputs, input_set(inputs.set_name or "default")


# -------------------------------------------------------------------------------------------------- provenance


def _meta(
    chosen,
    inputs: Inputs,
    the_set: InputSet,
    mode: str,
    nuisances: tuple[str, ...],
    plain: Prediction,
    groups,
    dark: DarkMatter | None,
) -> dict:
    observables = [item for item in plain.items if item]
    notes = [note for o in observables if o.bin and (note := check_bin(o, inputs))]
    if len(groups) > 1 and nuisances and mode != "sampled":
        notes.append("groups share theory errors: their log-likelihoods do not add up to the total")
    if dark is not None and plain.names:
        notes.append(_WITHOUT_DARK_MATTER)
    notes += dark.notes if dark is not None else ()
    changed = np.flatnonzero(np.asarray(inputs.values) != np.asarray(the_set.inputs.values))
    model = catalogue.MODELS.get(plain.model.name)
    papers = dict.fromkeys(
        (
            *(paper for m in chosen for paper in m.papers),
            *(s for o in observables for s in o.quantity.sources),
            *(dark.sources if dark else ()),
            *(model.sources if model else ()),
        )
    )
    return {
        "version": importlib.metadata.version("bsfit"),
        "data_files": {m.file: m.sha256 for m in chosen},
        "input_set": the_set.name,
        "input_changes": {inputs.names[i]: float(inputs.values[i]) for i in changed},
        "theory": mode,
        "nuisances": list(nuisances),
        "notes": notes,
        **({"relic": dark.relic} if dark is not None else {}),
        "papers": [p for p in papers if p],
    }
