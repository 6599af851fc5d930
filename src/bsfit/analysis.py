"""Where physics meets statistics: data, predictions and theory errors joined in one log-likelihood.

Wiring only: formulas live in `observables/` and `likelihood`, numbers in ``data/``.
"""

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Bool, Float

from bsfit import catalogue, likelihood, measurements, theory_errors
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.evaluation import once
from bsfit.inputs import Inputs, InputSet, input_set, load_inputs
from bsfit.likelihood import SplitNormal, Tabulated
from bsfit.linearise import Expansion, Linearisation
from bsfit.predictions import Params, Prediction, check_bin, check_domain, plan
from bsfit.theory_errors import DirectPropagation, Nuisances, Propagation

THEORY_MODES = ("fixed", "propagated", "sampled")
_LEPTON_PAIRS = tuple(f"_bs{2 * lepton}" for lepton in catalogue.LEPTONS)
SAMPLES = 64
"""Points of the prior box at which the reach of a model and the use of its parameters are probed."""


class Facts:
    """What a likelihood knows about itself besides numbers; compared by identity, so that it may sit in a pytree."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)


class LogLikelihood(eqx.Module):
    r"""Log-likelihood of data as a function of a dictionary of the free parameters; build it with `log_likelihood`.

    ``like(params)`` is a scalar; jit, grad, hessian and vmap work on it. It is
    :math:`-\frac12\chi^2-\frac12\log\det C` of the Gaussian data, with the normalisation, plus the published curves.
    """

    prediction: Prediction
    gaussian: SplitNormal
    theory_errors: Float[Array, "g q"] | Propagation | DirectPropagation
    curves: tuple[Tabulated, ...]
    nuisance_priors: tuple[tuple[Array, Array], ...]
    blocks: dict[str, SplitNormal]
    facts: Facts = eqx.field(static=True)

    __hash__, __eq__ = object.__hash__, object.__eq__  # so that jax.jit(like) takes it as a function

    # ------------------------------------------------------------------------------------------ the density

    def __call__(self, params: Params) -> Float[Array, ""]:
        """Log-likelihood at a dictionary of the free parameters."""
        values, errors = self._values_and_errors(params)
        n = self.gaussian.central.shape[0]
        result = likelihood.log_prob(self.gaussian, values[:n], errors) if n else jnp.zeros(())
        return result + self._curves(values[n:]) + self._nuisance_terms(params)

    def chi2(self, params: Params) -> Float[Array, ""]:
        """Chi2 of all data: r^T C^-1 r, and -2 log L of the published curves."""
        values, errors = self._values_and_errors(params)
        return self._chi2(values, errors) - 2.0 * self._nuisance_terms(params)

    def by_group(self, params: Params) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group of observables by itself; with correlated theory errors they do not add up."""
        return self._by_group(*self._values_and_errors(params))

    def _by_group(self, values: Float[Array, " n"], errors: Float[Array, "g q"]) -> dict[str, Float[Array, ""]]:
        n = self.gaussian.central.shape[0]
        result = {}
        for group, (gaussian_index, curve_index) in self.facts.groups.items():
            term = jnp.zeros(())
            if gaussian_index:
                index = np.array(gaussian_index)
                term = likelihood.log_prob(self.blocks[group], values[index], errors[index])
            for i in curve_index:
                term += likelihood.log_likelihood_curve(self.curves[i], values[n + i])
            result[group] = term
        return result

    def pulls(self, params: Params) -> Float[Array, " g"]:
        """Measured minus predicted values in units of their errors, in the order of `observables`; without curves."""
        return self._pulls(*self._values_and_errors(params))

    def _pulls(self, values: Float[Array, " n"], errors: Float[Array, "g q"]) -> Float[Array, " g"]:
        return likelihood.pulls(self.gaussian, values[: self.gaussian.central.shape[0]], errors)

    def predictions(self, params: Params) -> Float[Array, " n"]:
        """Predicted values, in the order of `observables`."""
        return self._values_and_errors(params)[0]

    def _values_and_errors(self, params: Params) -> tuple[Float[Array, " n"], Float[Array, "g q"]]:
        nuisances = {name: params[name] for name in self.facts.sampled}
        inputs = self.prediction.inputs.replace(nuisances)
        theory = self.prediction.model({k: v for k, v in params.items() if k not in nuisances}, inputs)
        values = self.prediction.of_theory(theory, inputs)
        if not callable(self.theory_errors):
            return values, self.theory_errors
        return values, self.theory_errors(self.prediction, theory)[: self.gaussian.central.shape[0]]

    def _chi2(self, values: Array, errors: Array) -> Float[Array, ""]:
        n = self.gaussian.central.shape[0]
        total = likelihood.chi2(self.gaussian, values[:n], errors) if n else jnp.zeros(())
        return total - 2.0 * self._curves(values[n:])

    def _curves(self, values: Float[Array, " c"]) -> Float[Array, ""]:
        terms = (likelihood.log_likelihood_curve(curve, values[i]) for i, curve in enumerate(self.curves))
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
    def expand(self) -> Callable[[Mapping[str, float]], tuple] | None:
        """Value, gradient and information at a point: `inference.scoring.Expand`; None where the density is cheap."""
        return self._expand if self.facts.linearise is not None else None

    def _expand(self, params: Mapping[str, float]) -> tuple:
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
        order = [names.index(_plain(name)) for name in self.facts.free]
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
        """Names of the data, Gaussian ones first, then the published curves."""
        return self.prediction.names

    @property
    def n_data(self) -> int:
        """Number of measured values."""
        return len(self.prediction.names)

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
        return {name: self.facts.nuisance_means.get(name, 0.0) for name in map(_plain, self.facts.free)}

    @property
    def constrained(self) -> tuple[str, ...]:
        """Names of the sampled nuisances, whose constraints are part of the likelihood."""
        return self.facts.sampled

    @property
    def reference_chi2(self) -> float:
        """Chi2 of the Standard Model."""
        return self.facts.reference_chi2


def _plain(name: str) -> str:
    return name.removeprefix("log:")


def log_likelihood(
    model: str | Callable = "eft",
    data: str | Sequence[str] = "lfu",
    free: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    inputs: str | Inputs | Mapping[str, float] = "default",
    theory: str = "fixed",
    nuisances: str | Sequence[str] | None = None,
    fast: bool | None = None,
) -> LogLikelihood:
    """Log-likelihood of a data selection as a function of the free parameters.

    `free` maps names to bounds ``(low, high)``, with the prefix ``log:`` for a flat prior in the logarithm, or to a
    numpyro distribution. `theory` says how uncertain inputs enter: ``fixed`` (covariance at the Standard Model),
    ``propagated`` (covariance at each point, by the Jacobian), ``sampled`` (the nuisances become free parameters).
    `nuisances` selects them by globs of input names, or ``"all"``; by default those that the catalogue lists for the
    observables.
    `fast=False` evaluates the amplitudes at every point instead of their exact response.

    Raises `BsfitInputError` for unknown names, empty selections, bad bounds, and free parameters that no selected
    observable depends on.
    """
    free, fixed = dict(free or {}), dict(fixed or {})
    if theory not in THEORY_MODES:
        raise BsfitInputError(
            f"unknown theory mode {theory!r}",
            field="theory",
            expected=", ".join(THEORY_MODES),
            hint=did_you_mean(theory, THEORY_MODES),
        )
    chosen = measurements.select(data)
    inputs, the_set = _resolve_inputs(inputs)
    gaussian, curves, names, curve_names, groups = _collect(chosen)
    all_names = (*names, *curve_names)
    uncertain = theory_errors.nuisances(all_names, the_set, inputs, nuisances)
    sampled = uncertain.names if theory == "sampled" else ()
    if clash := [n for n in sampled if not callable(model) and n in catalogue.parameters_of(model)]:
        raise BsfitInputError(
            f"{', '.join(clash)} is both a parameter of {model!r} and an uncertain input",
            field="nuisances",
            hint="select nuisances by globs that leave it out",
        )
    own = {key: value for key, value in free.items() if _plain(key) not in sampled}
    _check_bounds(own, model)
    plain = plan(all_names, model, inputs, fixed, tuple(map(_plain, own)))
    points = _sample_box(own, SAMPLES)
    if fast is None:
        fast = theory != "sampled" or not theory_errors.moves_moments(plain, uncertain)
    pred = (plain.through_response(points) if fast else plain).with_quoted_standard_model()
    expansion = Expansion(pred)
    linearise = Linearisation(expansion, tuple(map(_plain, own)), sampled) if sampled and not fast else None
    _refuse_unused(own, _moved(pred, points) if linearise is None else _slopes(linearise, points[0], uncertain))
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
        meta=_meta(chosen, inputs, the_set, theory, uncertain.names, plain, groups),
        reference_chi2=0.0,
        linearise=linearise,
        of_values=eqx.filter_jit(_of_values),
    )
    nuisance_priors = tuple((jnp.asarray(p.mean), jnp.asarray(np.linalg.inv(p.covariance))) for p in uncertain.priors)
    blocks = {group: gaussian.take(np.array(index)) for group, (index, _) in groups.items() if index}
    at_each_point = jnp.zeros((n, 0)) if sampled else errors[:n]
    if theory == "propagated" and uncertain.names:
        directly = DirectPropagation(jnp.asarray(uncertain.directions(inputs)))
        at_each_point = theory_errors.propagation(plain, points, uncertain) if fast else directly
    like = LogLikelihood(pred, gaussian, at_each_point, curves, nuisance_priors if sampled else (), blocks, facts)
    facts.reference_chi2 = float(once(lambda values: like._chi2(values, errors[:n]))(at_reference))
    return like


def _of_values(like: LogLikelihood, values: Float[Array, " n"], params: Params):
    """Log-likelihood, its gradient and minus its Hessian in the predicted values, and what a fit is told about it."""
    n = like.gaussian.central.shape[0]
    none = jnp.zeros((n, 0))

    def density(values: Float[Array, " n"]) -> Float[Array, ""]:
        return likelihood.log_prob(like.gaussian, values[:n], none) + like._curves(values[n:])

    value, slope = jax.value_and_grad(density)(values)
    weight = -jax.hessian(density)(values)
    nuisances = like._nuisance_terms(params)
    by_group = {**like._by_group(values, none), "constraints": nuisances}
    told = {"chi2": like._chi2(values, none) - 2.0 * nuisances, "by_group": by_group}
    told["pulls"] = like._pulls(values, none)
    return value + nuisances, slope, weight, told


# ------------------------------------------------------------------------------------------------------ the data


def coefficients_of(data: str | Sequence[str]) -> set[str]:
    """Names of the Wilson coefficients that the observables of a data selection depend on."""
    names = {datum.observable for measurement in measurements.select(data) for datum in measurement.data}
    found: set[str] = set()
    for item in map(catalogue.observable, names):
        # Leptonic decays have no moment rows by lepton; theirs stand in the name.
        named = tuple(lepton for lepton in catalogue.LEPTONS if 2 * lepton in item.name)
        coefficients = catalogue.coefficients_of(item.quantity.process, item.leptons)
        pairs = {f"_bs{2 * lepton}" for lepton in item.leptons or named}
        found |= {c for c in coefficients if not pairs or not c.endswith(_LEPTON_PAIRS) or c.endswith(tuple(pairs))}
    return found


def _collect(chosen: Sequence[measurements.Measurement]):
    """Stack all data: Gaussian block, published curves, names of both, and the positions of each group in the two."""
    smooth = [m for m in chosen if m.curve is None]
    data = [datum for m in smooth for datum in m.data]
    correlation = scipy.linalg.block_diag(*(m.correlation_matrix() for m in smooth)) if smooth else np.zeros((0, 0))
    central, plus, minus = (
        np.array([getattr(d, part) for d in data]) for part in ("central", "sigma_plus", "sigma_minus")
    )
    gaussian = SplitNormal.of(central, plus, minus, correlation)
    curves = [(m.curve.x, m.curve.log_likelihood) for m in chosen if m.curve is not None]
    curve_data = [m.data[0] for m in chosen if m.curve is not None]
    groups: dict[str, tuple[list[int], list[int]]] = {}
    for part, entries in enumerate((data, curve_data)):
        for position, datum in enumerate(entries):
            groups.setdefault(datum.group, ([], []))[part].append(position)
    return gaussian, curves, [d.observable for d in data], [d.observable for d in curve_data], groups


def _resolve_inputs(inputs: str | Inputs | Mapping[str, float]) -> tuple[Inputs, InputSet]:
    if isinstance(inputs, Mapping):
        inputs = load_inputs("default", inputs)
    elif isinstance(inputs, str):
        inputs = load_inputs(inputs)
    return inputs, input_set(inputs.set_name or "default")


# -------------------------------------------------------------------------------------------------- free parameters


def _check_bounds(free: Mapping[str, Any], model: str | Callable) -> None:
    """Raise `BsfitInputError` for bounds that are no interval, or leave the domain of the parameter."""
    for key, bounds in free.items():
        name = _plain(key)
        if not callable(model):
            catalogue.known_parameter(model, name)
        if hasattr(bounds, "log_prob"):
            continue
        try:
            low, high = (float(edge) for edge in bounds)
        except (TypeError, ValueError):
            raise BsfitInputError(
                f"bounds of {name!r} are {bounds!r}", expected="(low, high) or a numpyro distribution"
            ) from None
        if not (np.isfinite([low, high]).all() and low < high) or (key.startswith("log:") and low <= 0):
            raise BsfitInputError(
                f"bounds of {key!r} are ({low:g}, {high:g})", expected="finite, low < high, positive for log:"
            )
        if not callable(model):
            parameter = catalogue.known_parameter(model, name)
            if low < parameter.lower or high > parameter.upper:
                edge = low if low < parameter.lower else high
                check_domain(model, name, edge)


def _sample_box(free: Mapping[str, Any], n: int) -> list[dict[str, float]]:
    """Points of the prior box: the reach of a model and the use of its parameters are probed there."""
    generator = np.random.default_rng(20180313)
    columns = {}
    for key, bounds in free.items():
        if hasattr(bounds, "log_prob"):
            columns[_plain(key)] = np.asarray(bounds.sample(jax.random.PRNGKey(len(columns)), (n,)), dtype=float)
        else:
            low, high = np.log(bounds) if key.startswith("log:") else np.asarray(bounds, dtype=float)
            drawn = generator.uniform(low, high, n)
            columns[_plain(key)] = np.exp(drawn) if key.startswith("log:") else drawn
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(n)]


def _moved(pred: Prediction, points: Sequence[dict[str, float]]) -> Bool[np.ndarray, " p"]:
    """Whether any prediction moves with each parameter, by trial."""
    names = list(points[0])
    base, moved = points[0:4], points[4:8]
    trials = [*base, *({**a, name: b[name]} for name in names for a, b in zip(base, moved, strict=True))]
    stacked = {name: jnp.asarray([p[name] for p in trials]) for name in names}
    if not stacked:
        return np.zeros(0, dtype=bool)
    values = np.asarray(once(jax.vmap(pred))(stacked))
    reference, changed = values[: len(base)], values[len(base) :].reshape(len(names), len(base), -1)
    return np.any(np.abs(changed - reference) > 1e-13 * (np.abs(reference) + np.finfo(float).tiny), axis=(1, 2))


def _slopes(linearise: Linearisation, point: Params, uncertain: Nuisances) -> Bool[np.ndarray, " p"]:
    """Whether any prediction has a slope in each parameter, at a point."""
    return np.any(linearise({**uncertain.mean, **point})[1][:, : len(point)] != 0.0, axis=0)


def _refuse_unused(free: Mapping[str, Any], used: Bool[np.ndarray, " p"]) -> None:
    """Raise `BsfitInputError` if no selected observable depends on a free parameter."""
    unused = [_plain(name) for name, matters in zip(free, used, strict=True) if not matters]
    if unused:
        raise BsfitInputError(
            f"no selected observable depends on {', '.join(unused)}",
            field="free",
            hint="fix it, or select data that do",
        )


# -------------------------------------------------------------------------------------------------- provenance


def _meta(
    chosen, inputs: Inputs, the_set: InputSet, mode: str, nuisances: tuple[str, ...], plain: Prediction, groups
) -> dict:
    observables = [catalogue.observable(name) for name in plain.names]
    notes = [note for o in observables if o.bin and (note := check_bin(o, inputs))]
    if len(groups) > 1 and nuisances and mode != "sampled":
        notes.append("groups share theory errors: their log-likelihoods do not add up to the total")
    changed = np.flatnonzero(np.asarray(inputs.values) != np.asarray(the_set.inputs.values))
    model = catalogue.MODELS.get(plain.model.name)
    papers = dict.fromkeys(
        (
            *(m.inspire for m in chosen),
            *(s for o in observables for s in o.quantity.sources),
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
        "papers": [p for p in papers if p],
    }
