"""Free parameters of a likelihood: their bounds, points of their box, and whether the data see them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.likelihood.dark_matter import DarkMatter
from bsfit.predictions.bound_model import check_domain
from bsfit.predictions.compiled import compile_quickly
from bsfit.predictions.derivatives import Jacobian
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
            low, high = (float(edge) for edge in bounds)
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


def refuse_without_dark_matter(pred: Prediction, point: Params, data: Sequence) -> None:
    """Raise `BsfitInputError` if a model has no dark matter, which the first of the given data is about."""
    if jax.eval_shape(lambda: pred.model(point, pred.inputs)).dark is None:
        first = getattr(data[0], "observable", None)
        raise BsfitInputError(
            f"the model {pred.model.name or 'given'} has no dark matter, and the data ask for {first}",
            field="data",
            expected="model portal or loop, or a Theory with a dark sector",
        )


def used(
    prediction: Prediction,
    dark: DarkMatter | None,
    points: Sequence[dict[str, float]],
    linearise: Jacobian | None,
    nuisances: Mapping[str, float],
) -> Bool[np.ndarray, " p"]:
    """Whether flavour data or dark matter depend on each free parameter.

    By trial, or, where predictions are costly, by the slopes at one point.
    """

    def of_dark(params: Params) -> Float[Array, " k"]:
        theory = prediction.model(params, prediction.inputs)
        return jnp.zeros(0) if dark is None else dark.values(theory, prediction.inputs)

    def of_all(params: Params) -> Float[Array, " n"]:
        theory = prediction.model(params, prediction.inputs)
        return jnp.concatenate([prediction.of_theory(theory, prediction.inputs), of_dark(params)])

    if linearise is None:
        return _moved(of_all, points)
    slopes = linearise({**nuisances, **points[0]})[1][:, : len(points[0])]
    return np.any(slopes != 0.0, axis=0) | (_moved(of_dark, points) if dark is not None else False)


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
    """Raise `BsfitInputError` if no selected observable, flavour or dark matter, depends on a free parameter."""
    unused = [plain(name) for name, matters in zip(free, used, strict=True) if not matters]
    if unused:
        raise BsfitInputError(
            f"no selected observable depends on {', '.join(unused)}",
            field="free",
            hint="fix it, or select data that do",
        )
