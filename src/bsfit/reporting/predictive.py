"""Predictions at the draws of a saved posterior, with everything that floats in it."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.at_work import doing
from bsfit.compiling import compile_quickly
from bsfit.loading.inputs import input_set
from bsfit.predictions import compiled
from bsfit.predictions.prediction import Prediction
from bsfit.predictions.uncertain_inputs import choose
from bsfit.reporting.asked import about_of, asked_of
from bsfit.results import Posterior
from bsfit.theory import LightMediator, Params, Theory, WilsonCoefficients

BLOCK = 32
"""Draws whose predictions are evaluated side by side."""


def at_draws(
    posterior: Posterior, observables: Sequence[str], draws: int, seed: int
) -> tuple[Float[np.ndarray, "d n"], tuple[str, ...]]:
    """Predicted values at some draws of a posterior, chosen at random, and what must be said beside them.

    Parameters of the model and inputs that float are those of each draw; the amplitudes are evaluated where inputs
    float, elsewhere their exact response. Raises BsfitInputError for a posterior that does not say its model, and for
    observables that this does not predict.
    """
    asked = asked_of(posterior, "posterior")
    count = posterior.log_likelihood.size
    chosen = np.sort(np.random.default_rng(seed).choice(count, min(draws, count), replace=False))
    drawn = {name: posterior.draws(name)[chosen] for name in posterior.names}
    params = {name: drawn.pop(name) for name in asked.free}
    function = asked.prediction(observables)
    with doing(f"predicting at {len(chosen)} draws"):
        values = _of_each(function, params, drawn) if drawn else _through_response(function, params)
    return values, _held(posterior, function, frozenset(drawn))


def _through_response(function: Prediction, params: dict[str, np.ndarray]) -> Float[np.ndarray, "d n"]:
    """Predictions at points where the inputs stay what they are."""
    points = [dict(zip(params, map(float, point), strict=True)) for point in zip(*params.values(), strict=True)]
    through = function.through_response(points)
    columns = {name: jnp.asarray(x) for name, x in params.items()}
    return np.asarray(compile_quickly(lambda at: jax.lax.map(through, at, batch_size=BLOCK))(columns))


def _of_each(
    function: Prediction, params: dict[str, np.ndarray], floating: dict[str, np.ndarray]
) -> Float[np.ndarray, "d n"]:
    """Predictions at points with inputs of their own, from the amplitudes."""
    inputs = function.inputs
    values = np.tile(np.asarray(inputs.values), (len(next(iter(floating.values()))), 1))
    inputs.numbers(tuple(floating))  # which refuses an unknown name
    values[:, [inputs.names.index(name) for name in floating]] = np.stack(list(floating.values()), axis=1)

    def theories(point: Params, values: Float[Array, " i"]) -> tuple[Array, LightMediator | None]:
        theory = function.model(point, dataclasses.replace(inputs, values=values))
        return theory.wilson.values, theory.mediator

    columns = {name: jnp.asarray(x) for name, x in params.items()}
    coefficients, mediators = compile_quickly(jax.vmap(theories))(columns, values)
    moments = {
        plan.name: compiled.moments_of_each(plan.process, coefficients, plan.row_arrays(), inputs, values, mediators)
        for plan in function.plans
    }

    def assembled(each: tuple) -> Float[Array, " n"]:
        found, point, values, mediator = each
        theory = Theory(WilsonCoefficients(point), mediator=mediator)
        return function.of_moments(found, theory, dataclasses.replace(inputs, values=values))

    together = compile_quickly(lambda *each: jax.lax.map(assembled, each, batch_size=BLOCK))
    return np.asarray(together(moments, coefficients, values, mediators))


def _held(posterior: Posterior, function: Prediction, floating: frozenset[str]) -> tuple[str, ...]:
    """That uncertain inputs do not float, if any that matter here do not."""
    items = [item for item in function.items if item]
    matter = choose(items, input_set(function.inputs.set_name or "default"), function.inputs).names
    still = [name for name in matter if name not in floating]
    if not still:
        return ()
    theory = about_of(posterior).get("theory", "unknown")
    if len(still) == len(matter):
        words = "no uncertain input that matters here floats in the posterior"
    else:
        words = f"{len(still)} of {len(matter)} uncertain inputs that matter here do not float in the posterior"
    return (f"{words} (theory errors {theory}): its bands hold {len(still)} at the centre",)
