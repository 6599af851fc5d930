"""Functionals of moments at points of the Wilson coefficients, for all observables of a question: kept ones first."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Complex, Float

from bsfit import catalogue
from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled, kept
from bsfit.predictions.compiled import compile_quickly
from bsfit.predictions.plan import Combination, ProcessPlan, plans_of

Items = Sequence[catalogue.Observable | None]
Found = dict[str, dict[str, Float[np.ndarray, "p o r f"]]]
"""By process and kind of observable, functionals [points, observables, rows, functionals]."""


def functionals_at(
    items: Items, plans: Sequence[ProcessPlan], points: Mapping[str, Complex[np.ndarray, "p c"]], inputs: Inputs
) -> Found:
    """Functionals of the observables `items`, of which `plans` are, at the points of each process, by its name."""
    keys = {
        position: kept.key("functionals", items[position], points[plan.name], inputs)
        for plan in plans
        if kept.is_kept(plan.process)
        for part in plan.combinations
        for position in part.positions
    }
    known = kept.known(keys)
    missing = plans_of([None if i in known else item for i, item in enumerate(items)])
    new = _computed([plan for plan in missing if plan.name in points], points, inputs)
    kept.keep({keys[position]: new[position] for position in keys.keys() - known.keys()})
    vectors = known | new
    return {
        plan.name: {p.key: _stacked(p, vectors, len(points[plan.name])) for p in plan.combinations} for plan in plans
    }


def _stacked(part: Combination, vectors: Mapping[int, np.ndarray], n_points: int) -> Float[np.ndarray, "p o r f"]:
    shape = n_points, len(part.rows[0]), -1
    return np.stack([vectors[position].reshape(shape) for position in part.positions], axis=1)


def _computed(
    plans: Sequence[ProcessPlan], points: Mapping[str, Complex[np.ndarray, "p c"]], inputs: Inputs
) -> dict[int, Float[np.ndarray, " n"]]:
    """Functionals [p, r, f] of each observable, as a vector, by its position."""
    if not plans:
        return {}
    moments = compiled.moments({plan.process: (points[plan.name], plan.row_arrays()) for plan in plans}, inputs)
    found = compile_quickly(
        lambda moments: {p.name: jax.vmap(p.functionals, (0, None))(moments[p.name], inputs) for p in plans}
    )(moments)
    return {
        position: np.asarray(found[plan.name][part.key][:, i]).ravel()
        for plan in plans
        for part in plan.combinations
        for i, position in enumerate(part.positions)
    }
