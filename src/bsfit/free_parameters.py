"""Free parameters of a likelihood: their bounds, points of their box, and whether the data see them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.dark_likelihood import DarkMatter
from bsfit.errors import BsfitInputError
from bsfit.evaluation import once
from bsfit.predictions import Params, Prediction, check_domain

SAMPLES = 64
"""Points of the prior box at which the reach of a model and the use of its parameters are probed."""


def plain(name: str) -> str:
    """Name of a parameter without ``log:``."""
    return name.removeprefix("log:")


def check_bounds(free: Mapping[str, Any], model: str | Callable) -> None:
    """Raise `BsfitInputError` for bounds that are no interval, or leave the domain of the parameter."""
    for key, bounds in free.items():
        name = plain(key)
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


def refuse_unused(
    prediction: Prediction, dark: DarkMatter | None, points: Sequence[dict[str, float]], free: Mapping[str, Any]
) -> None:
    """Raise `BsfitInputError` if no selected observable, flavour or dark matter, depends on a free parameter."""

    def predict(params: Params) -> Float[Array, " n"]:
        theory = prediction.model(params, prediction.inputs)
        flavour = prediction.of_theory(theory, prediction.inputs)
        return flavour if dark is None else jnp.concatenate([flavour, dark.values(theory, prediction.inputs)])

    if not free:
        return
    names = list(points[0])
    base, moved = points[0:4], points[4:8]
    trials = [*base, *({**a, name: b[name]} for name in names for a, b in zip(base, moved, strict=True))]
    stacked = {name: jnp.asarray([p[name] for p in trials]) for name in names}
    values = np.asarray(once(jax.vmap(predict))(stacked))
    reference, changed = values[: len(base)], values[len(base) :].reshape(len(names), len(base), -1)
    scale = np.abs(reference) + np.finfo(float).tiny
    unused = [name for name, v in zip(names, changed, strict=True) if np.all(np.abs(v - reference) <= 1e-13 * scale)]
    if unused:
        raise BsfitInputError(
            f"no selected observable depends on {', '.join(unused)}",
            field="free",
            hint="fix it, or select data that do",
        )
