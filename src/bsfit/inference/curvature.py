"""Value, gradient and Hessian of what is minimised, in as little compiled code as can be.

A program of second derivatives of all observables takes XLA minutes where that of the first takes seconds. An objective
that is a density of costly values says so (`stages`): the values are then expanded to second order, their slopes by
differentiation and their curvature by central differences of the slopes, and the objective of the expansion is
differentiated. So value and gradient are exact, and the Hessian is that of Gauss and Newton, exact too, with what it
lacks, the curvature of the values weighted by the pulls, to about 1e-9 of itself, at a bound too.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.inference.space import Objective

# Up to this many parameters the gradient is taken forward too: XLA compiles forward over reverse five times slower
# (51 s against 10 s for the couplings of a model), and the extra arithmetic does not show yet.
FORWARD = 12
# Up to this many parameters values are expanded: their curvature has the square of that many entries.
EXPANDED = 24
# Distance of the differences, in the box: values change over a good part of it, however steep their density is.
STEP = 1e-5


@runtime_checkable
class OfData(Protocol):
    """What is an `Objective` once it has its data."""

    def given(self, data: Any) -> Objective:
        """The objective of these data."""
        ...


Derivatives = tuple[Float[Array, ""], Float[Array, " n"], Float[Array, "n n"]]


def derivatives(objective: Callable[..., Any], position: Float[Array, " n"], data: Any = None) -> Derivatives:
    """Value (inf where it or the others are not finite), gradient and Hessian of `objective(position, data)`."""
    if isinstance(objective, OfData):
        objective = objective.given(data)
    if isinstance(objective, Objective) and objective.stages is not None and position.shape[0] <= EXPANDED:
        return _exact(_expanded(objective, position), jnp.zeros_like(position))
    return _exact(lambda t: objective(t, data), position)


def _exact(function: Callable[..., Any], position: Float[Array, " n"]) -> Derivatives:
    """From one trace of the function."""

    def twice(t: Any) -> tuple[Any, Any]:
        value = function(t)
        return value, value

    def gradient_first(t: Any) -> tuple[Any, Any]:
        if position.shape[0] <= FORWARD:
            gradient, value = jax.jacfwd(twice, has_aux=True)(t)
        else:
            value, gradient = jax.value_and_grad(function)(t)
        return gradient, (value, gradient)

    hessian, (value, gradient) = jax.jacfwd(gradient_first, has_aux=True)(position)
    fine = jnp.isfinite(value) & jnp.all(jnp.isfinite(gradient)) & jnp.all(jnp.isfinite(hessian))
    hessian = jnp.where(fine, 0.5 * (hessian + hessian.T), jnp.eye(position.shape[0]))
    return jnp.where(fine, value, jnp.inf), jnp.where(fine, gradient, 0.0), hessian


def _expanded(objective: Objective, position: Float[Array, " n"]) -> Callable[[Float[Array, " n"]], Float[Array, ""]]:
    """The objective a step away from a position, with its values expanded to second order in the step."""
    n = position.shape[0]

    def with_slopes(t: Any) -> tuple[Any, Any]:
        def twice(t: Any) -> tuple[Any, Any]:
            values = objective.values(t)
            return values, values

        return jax.jacfwd(twice, has_aux=True)(t)

    # Outside of the box there may be no such model: at a bound both other points of the parabola are inside.
    near = jnp.where(position > 1.0 - STEP, -STEP, STEP)
    far = jnp.where((position < STEP) | (position > 1.0 - STEP), 2.0 * near, -near)
    points = position[None] + jnp.concatenate([jnp.zeros((1, n)), jnp.diag(near), jnp.diag(far)])
    slopes, values = jax.vmap(with_slopes)(points)

    def changes(slope: Float[Array, "p *k n"], value: Float[Array, "p *k"]) -> Float[Array, "n *k n"]:
        a, b = (jnp.expand_dims(step, tuple(range(1, slope.ndim))) for step in (near, far))
        there, beyond = slope[1 : n + 1] - slope[:1], slope[n + 1 :] - slope[:1]
        # Beside a wall of the model differences may reach beyond: there the slopes have to do.
        known = jnp.isfinite(value[1 : n + 1]) & jnp.isfinite(value[n + 1 :])
        return jnp.where(known[..., None], (there * b / a - beyond * a / b) / (b - a), 0.0)

    curvature = jax.tree.map(changes, slopes, values)

    def at(step: Float[Array, " n"]) -> Float[Array, ""]:
        def expanded(value: Any, slope: Any, change: Any) -> Any:
            return value[0] + (slope[0] + 0.5 * jnp.tensordot(step, change, 1)) @ step

        return objective.of_values(position + step, jax.tree.map(expanded, values, slopes, curvature))

    return at
