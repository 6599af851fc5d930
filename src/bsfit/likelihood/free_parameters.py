"""Free parameters of a likelihood: their bounds, points of their box, and whether the data see them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit import catalogue, scalars
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError
from bsfit.likelihood.terms import Predicted, Term
from bsfit.predictions.bound_model import check_domain
from bsfit.predictions.jacobian import Jacobian
from bsfit.predictions.prediction import Prediction
from bsfit.theory import Params

SAMPLES = 64
"""Points of the prior box at which the reach of a model and the use of its parameters are probed."""


def plain(name: str) -> str:
    """Name of a parameter without ``log:``."""
    return name.removeprefix("log:")


def check_bounds(free: Mapping[str, Any], row: catalogue.Model | None) -> None:
    """Raise `BsfitInputError` for bounds that are no interval, or leave the domain of a parameter of the model."""
    for key, bounds in free.items():
        name = plain(key)
        if row is not None:
            catalogue.known_parameter(row, name)
        if hasattr(bounds, "log_prob"):
            continue
        try:
            low, high = bounds
            low, high = (float(edge if isinstance(edge, float) else scalars.real(edge, name)) for edge in (low, high))
        except (TypeError, ValueError):
            raise BsfitInputError(
                f"bounds of {name!r} are {bounds!r}", expected="(low, high) or a numpyro distribution"
            ) from None
        if not (np.isfinite([low, high]).all() and low < high) or (key.startswith("log:") and low <= 0):
            raise BsfitInputError(
                f"bounds of {key!r} are ({low:g}, {high:g})", expected="finite, low < high, positive for log:"
            )
        for edge in (low, high) if row is not None else ():
            check_domain(row, name, edge, edge=True)


def refuse_alike(names: Sequence[str], row: catalogue.Model | None) -> None:
    """Raise `BsfitInputError` for a name that is free twice, with and without `log:`.

    And if two free names of coefficients are one direction: only their sum would count.
    """
    if twice := [name for name in names if names.count(name) > 1]:
        raise BsfitInputError("given twice, with and without `log:`", field=f"free {twice[0]!r}")
    if row is None or not row.effective:
        return
    seen: dict[frozenset, str] = {}
    for name in names:
        terms = catalogue.scenario(name) or {name: 1.0}
        sign = terms[min(terms)]
        direction = frozenset((coefficient, factor / sign) for coefficient, factor in terms.items())
        if direction in seen:
            raise BsfitInputError(
                f"{seen[direction]!r} and {name!r} are the same", field="free", hint="free one of them"
            )
        seen[direction] = name


def sample_box(free: Mapping[str, Any], n: int) -> list[dict[str, float]]:
    """Points of the prior box: the reach of a model and the use of its parameters are probed there."""
    generator = np.random.default_rng(20180313)
    columns = {}
    for key, bounds in free.items():
        if hasattr(bounds, "log_prob"):
            columns[plain(key)] = np.asarray(bounds.sample(jax.random.PRNGKey(len(columns)), (n,)), dtype=float)
        else:
            low, high = np.log(bounds) if key.startswith("log:") else np.asarray(bounds, dtype=float)
            drawn = generator.uniform(low, high, n)
            columns[plain(key)] = np.exp(drawn) if key.startswith("log:") else drawn
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(n)]


def used(
    prediction: Prediction,
    terms: Sequence[Term],
    points: Sequence[dict[str, float]],
    jacobian: Jacobian | None,
    nuisances: Mapping[str, float],
) -> Bool[np.ndarray, " p"]:
    """Whether predictions, or terms beside them, depend on each free parameter.

    By trial, or, where predictions are costly, by the slopes at one point.
    """
    inputs = prediction.inputs

    def of_terms(params: Params, through: bool) -> Float[Array, " k"]:
        theory = prediction.model(params, inputs)
        values = prediction.of_theory(theory, inputs) if through else jnp.zeros(0)
        predicted = Predicted(values, theory, inputs)
        return jnp.concatenate([values, *(term.values(theory, predicted, inputs) for term in terms)])

    if jacobian is None:
        return _moved(lambda params: of_terms(params, True), points)
    slopes = jacobian({**nuisances, **points[0]})[1][:, : len(points[0])]
    beside = _moved(lambda params: of_terms(params, False), points) if terms else False
    return np.any(slopes != 0.0, axis=0) | beside


def _moved(predict: Callable[[Params], Array], points: Sequence[dict[str, float]]) -> Bool[np.ndarray, " p"]:
    """Whether any predicted value [n] moves with each parameter, by trial."""
    names = list(points[0])
    if not names:
        return np.zeros(0, dtype=bool)
    base, others = points[0:4], points[4:8]
    trials = [*base, *({**a, name: b[name]} for name in names for a, b in zip(base, others, strict=True))]
    stacked = {name: jnp.asarray([p[name] for p in trials]) for name in names}
    values = np.asarray(compile_quickly(jax.vmap(predict))(stacked))
    reference, changed = values[: len(base)], values[len(base) :].reshape(len(names), len(base), -1)
    still = np.abs(changed - reference) <= 1e-13 * (np.abs(reference) + np.finfo(float).tiny)
    return ~np.all(still, axis=(1, 2))


def refuse_unused(free: Mapping[str, Any], used: Bool[np.ndarray, " p"]) -> None:
    """Raise `BsfitInputError` if nothing that was selected depends on a free parameter."""
    unused = [plain(name) for name, matters in zip(free, used, strict=True) if not matters]
    if unused:
        raise BsfitInputError(
            f"no selected observable depends on {', '.join(unused)}",
            field="free",
            hint="fix it, or select data that do",
        )
