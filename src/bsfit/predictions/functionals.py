"""Functionals of moments at points of the Wilson coefficients, for all observables of a question: kept ones first."""

import dataclasses
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import catalogue
from bsfit.compiling import compile_quickly
from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled, kept
from bsfit.predictions.plan import Combination, ProcessPlan, plans_of
from bsfit.theory import INDEX, LightMediator

Items = Sequence[catalogue.Observable | None]
PLACES = 4
"""At so many inputs it is found what observables read of the moments."""

Found = dict[str, dict[str, Float[np.ndarray, "p o r f"]]]
"""By process and kind of observable, functionals [points, observables, rows, functionals]."""


def functionals_at(
    items: Items,
    plans: Sequence[ProcessPlan],
    points: Mapping[str, Complex[np.ndarray, "p c"]],
    inputs: Inputs,
    mediator: LightMediator | None = None,
) -> Found:
    """Functionals of the observables `items`, of which `plans` are, at the points of each process, by its name.

    With a `mediator`, of whose exchange the coefficients are, what reads it is not kept.
    """
    keys = {
        position: kept.key("functionals", items[position], points[plan.name], inputs)
        for plan in plans
        if kept.is_kept(plan.process) and (mediator is None or plan.process.mediator == "nothing")
        for part in plan.combinations
        for position in part.positions
    }
    known = kept.known(keys)
    missing = plans_of([None if i in known else item for i, item in enumerate(items)])
    new = _computed([plan for plan in missing if plan.name in points], points, inputs, mediator)
    kept.keep({keys[position]: new[position] for position in keys.keys() - known.keys()})
    vectors = known | new
    return {
        plan.name: {p.key: _stacked(p, vectors, len(points[plan.name])) for p in plan.combinations} for plan in plans
    }


def read_of_moments(
    plan: ProcessPlan, inputs: Inputs, changes: Float[np.ndarray, "q i"], seed: int = 1
) -> list[Float[np.ndarray, "k c"]]:
    """Of each row of a process, an orthonormal basis of what its observables read of the moments.

    Also where all inputs have `changes` of theirs, as lifetimes weigh the moments of decays with mixing.
    """
    n, k = len(plan.rows), plan.process.n_moments
    steps = np.random.default_rng(seed).normal(size=(PLACES - 1, len(changes))) @ changes
    values = np.asarray(inputs.values) + np.concatenate([np.zeros((1, changes.shape[1])), steps])
    unit = np.broadcast_to(np.eye(k)[:, None], (k, n, k))

    def weights(values: Float[Array, " i"]) -> dict[str, Float[Array, "k o r p"]]:
        moved = dataclasses.replace(inputs, values=values)
        return jax.vmap(lambda moments: plan.functionals(moments, moved))(jnp.asarray(unit))

    found = jax.tree.map(np.asarray, compile_quickly(jax.vmap(weights))(values))
    vectors: list[list[np.ndarray]] = [[] for _ in range(n)]
    for part in plan.combinations:
        for i, rows in enumerate(part.rows):
            for j, row in enumerate(rows):
                vectors[row].append(np.moveaxis(found[part.key][:, :, i, j], 1, -1).reshape(-1, k))
    return [_basis(np.concatenate(each)) for each in vectors]


def _basis(vectors: Float[np.ndarray, "v k"]) -> Float[np.ndarray, "k c"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    _, size, directions = np.linalg.svd(vectors / np.where(length > 0.0, length, 1.0), full_matrices=False)
    return directions[size > 1e-9 * size.max(initial=1.0)].T


def values_at_standard_model(
    items: Items, plans: Sequence[ProcessPlan], found: Found, inputs: Inputs
) -> dict[str, Float[np.ndarray, " n"]]:
    """By process, the observables of each part of its plan, whose functionals were `found` at no coefficients first."""
    here = np.zeros((1, len(INDEX)), dtype=complex)
    keys = {
        position: kept.key("values", items[position], here, inputs)
        for plan in plans
        if kept.is_kept(plan.process)
        for part in plan.combinations
        for position in part.positions
    }
    values = kept.known(keys)
    parts = [(plan, p) for plan in plans for p in plan.combinations if not values.keys() >= set(p.positions)]
    if parts:
        functionals = [found[plan.name][part.key][0] for plan, part in parts]
        together = compile_quickly(
            lambda functionals: [
                plan.assemble_all(part, f, inputs) for (plan, part), f in zip(parts, functionals, strict=True)
            ]
        )
        for (_, part), new in zip(parts, together(functionals), strict=True):
            values |= zip(part.positions, np.asarray(new)[:, None], strict=True)
        kept.keep({key: values[position] for position, key in keys.items()})
    return {
        plan.name: np.concatenate([values[position] for part in plan.combinations for position in part.positions])
        for plan in plans
    }


def _stacked(part: Combination, vectors: Mapping[int, np.ndarray], n_points: int) -> Float[np.ndarray, "p o r f"]:
    shape = n_points, len(part.rows[0]), -1
    return np.stack([vectors[position].reshape(shape) for position in part.positions], axis=1)


def _computed(
    plans: Sequence[ProcessPlan],
    points: Mapping[str, Complex[np.ndarray, "p c"]],
    inputs: Inputs,
    mediator: LightMediator | None,
) -> dict[int, Float[np.ndarray, " n"]]:
    """Functionals [p, r, f] of each observable, as a vector, by its position."""
    if not plans:
        return {}
    questions = {plan.process: (points[plan.name], plan.row_arrays()) for plan in plans}
    moments = compiled.moments(questions, inputs, mediator)
    together = compile_quickly(
        lambda moments: {p.name: jax.vmap(p.functionals, (0, None))(moments[p.name], inputs) for p in plans}
    )
    found = jax.tree.map(np.asarray, together(moments))
    return {
        position: found[plan.name][part.key][:, i].ravel()
        for plan in plans
        for part in plan.combinations
        for i, position in enumerate(part.positions)
    }
