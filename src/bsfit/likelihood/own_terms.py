"""Terms of one's own: functions ``(theory, inputs) -> log-density`` that a user adds to a likelihood."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import own_code
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError
from bsfit.likelihood.terms import OwnTerm, Term
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import BoundModel

Terms = Callable | Term | Sequence[Callable | Term] | Mapping[str, Callable]
"""A function or several, or terms ready made, or functions by the name of their group."""


def listed(terms: Terms) -> list[Term]:
    """Terms as given; functions become `OwnTerm`. Raises `BsfitInputError` for anything else."""
    if isinstance(terms, Mapping):
        return [_term(group, given) for group, given in terms.items()]
    return [_term("own", given) for given in (terms if isinstance(terms, list | tuple) else [terms])]


def _term(group: str, given: Any) -> Term:
    if isinstance(given, Term):
        return given
    if not callable(given):
        raise BsfitInputError(f"{given!r} is no term", field="terms", expected="functions (theory, inputs) -> number")
    return OwnTerm(given, group=group)


def made(
    terms: Sequence[Term],
    model: BoundModel,
    inputs: Inputs,
    free: Mapping[str, Any],
    points: Sequence[Mapping[str, float]],
    reference: Mapping[str, float] | None,
) -> tuple[Term, ...]:
    """The terms with what chi2 of own ones is measured from: the reference, or the best fit of each by itself.

    Raises `BsfitInputError` for a log-density that is not finite there.
    """
    question = model, inputs, free, points, reference
    return tuple(_measured_from(term, *question) if isinstance(term, OwnTerm) else term for term in terms)


def _measured_from(
    term: OwnTerm,
    model: BoundModel,
    inputs: Inputs,
    free: Mapping[str, Any],
    points: Sequence[Mapping[str, float]],
    reference: Mapping[str, float] | None,
) -> OwnTerm:
    names = list(points[0])

    @jax.jit
    def log_density(vector: Float[Array, " p"]) -> Float[Array, ""]:
        theory = model(dict(zip(names, vector, strict=True)), inputs)
        return own_code.number(term.function, "term", theory, inputs)

    if reference is not None:
        highest = float(log_density(jnp.asarray([reference[name] for name in names], dtype=float)))
    else:
        highest = _maximum(log_density, free, points)
    if not np.isfinite(highest):
        where = "anywhere in the box" if reference is None else "at the Standard Model"
        raise BsfitInputError(f"the own term {term.names[0]!r} is not finite {where}", field="terms")
    return replace(term, highest=jnp.asarray(highest), at_reference=reference is not None)


def _maximum(log_density: Callable, free: Mapping[str, Any], points: Sequence[Mapping[str, float]]) -> float:
    """Highest log-density in the box, climbing from the best of the points."""
    from scipy.optimize import minimize

    table = np.array([list(point.values()) for point in points])
    values = np.asarray(compile_quickly(jax.vmap(log_density))(table))
    if not len(points[0]) or not np.isfinite(values).any():
        return float(values[0])
    best = int(np.nanargmax(np.where(np.isfinite(values), values, -np.inf)))
    size = np.maximum(np.ptp(table, axis=0), np.finfo(float).tiny)
    slope = jax.jit(jax.value_and_grad(log_density))

    def objective(t: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = slope(jnp.asarray(t * size))
        return -float(value), -np.asarray(gradient) * size

    ends = [(None, None) if hasattr(bounds, "log_prob") else tuple(bounds) for bounds in free.values()]
    box = [tuple(None if e is None else e / s for e in end) for end, s in zip(ends, size, strict=True)]
    found = minimize(objective, table[best] / size, jac=True, method="L-BFGS-B", bounds=box)
    return max(values[best], -float(found.fun))
