"""Bounded Newton minimisation of many starting points in one compiled call.

Trust-region Newton in the unit box [0, 1]^n with the Hessian of `curvature`: a step solves the regularised system
(|H| + lambda) s = -g on the parameters that are neither held nor pressed against a bound (Nocedal and Wright, Numerical
Optimization, 2nd ed., ch. 4 and 16.7). Parameters that it would take out of the box stop at the bound, and the others
are solved for again: a step that is only cut there leaves the valley it follows. |H| has the absolute eigenvalues of H,
so that saddles repel. The objective is -2 log-likelihood: one unit is one sigma squared.

One kernel serves fits, profiles and intervals: `hold` keeps parameters where they are, unused lanes are padding. The
objective with its derivatives is traced once per compilation, because compile time is what a user waits for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit.at_work import doing
from bsfit.compiling import jit_quickly
from bsfit.inference.curvature import derivatives
from bsfit.inference.space import Objective

# A curved valley, such as that of a product of couplings, takes a hundred.
MAX_STEPS = 400
# Distance to the minimum in sigma at which a start stops, and at which it still counts as converged.
GOAL, CONVERGED = 1e-10, 1e-6
# Differences of the objective below this fraction are rounding.
ROUNDING = 1e-13


class Minima(NamedTuple):
    """Where each lane ended, as numpy arrays with a leading axis of lanes."""

    position: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    distance: np.ndarray
    steps: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """Lanes [k] whose gradient vanishes, to a millionth of a sigma."""
        return np.isfinite(self.value) & (self.distance < CONVERGED)


class _State(NamedTuple):
    position: Any
    value: Any
    gradient: Any
    hessian: Any
    distance: Any
    radius: Any
    trial: Any
    predicted: Any
    steps: Any
    done: Any


def minimise(
    objective: Callable[..., Any],
    starts: np.ndarray,
    *,
    hold: np.ndarray | None = None,
    data: Any = None,
    lanes: int | None = None,
) -> Minima:
    """Minimise `objective(position, data)` from every row of starts [k, n].

    hold [k, n] marks parameters that stay where they start; `data` is a pytree with a leading axis of k, one entry per
    start. Calls with the same `lanes`, n and objective share one compilation: fewer starts are padded, more are cut up.
    There are no more lanes than `side_by_side` says.
    Starts where the objective or its derivatives are not finite keep value inf.
    """
    starts = np.clip(np.asarray(starts, dtype=float), 0.0, 1.0)
    count = len(starts)
    lanes = side_by_side(objective, lanes or count)
    hold = np.zeros(starts.shape, dtype=bool) if hold is None else np.asarray(hold, dtype=bool)
    batches = []
    with doing(f"{count} points") as work:
        for first in range(0, count, lanes):
            if count > lanes:
                work.count(first, count)
            rows = np.arange(first, first + lanes)
            padding = rows >= count
            rows = np.where(padding, first, rows)
            part = jax.tree.map(lambda leaf, rows=rows: jnp.asarray(leaf)[rows], data)
            held = hold[rows] | padding[:, None]
            found = _solve(objective, jnp.asarray(starts[rows]), jnp.asarray(held), part)
            batches.append(tuple(map(np.asarray, found)))
    return Minima(*(np.concatenate(leaves)[:count] for leaves in zip(*batches, strict=True)))


def side_by_side(objective: Callable[..., Any], lanes: int) -> int:
    """As many lanes as wanted, but no more than an `Objective` has `starts_at_once`."""
    most = objective.starts_at_once if isinstance(objective, Objective) else None
    return lanes if most is None else min(lanes, most)


def solve(objective: Any, starts: Float[Array, "k n"], hold: Bool[Array, "k n"], data: Any) -> tuple[Any, ...]:
    """What `minimise` does with one batch, traceable: the columns of `Minima`."""

    # The loop is over the whole batch, with finished lanes frozen: batching a loop of one lane is traced several times.
    def running(state: _State) -> Any:
        return ~state.done & (state.steps < MAX_STEPS)

    def body(state: _State) -> _State:
        moved = jax.vmap(lambda lane, held, part: _advance(objective, lane, held, part))(state, hold, data)
        active = running(state)
        return jax.tree.map(
            lambda new, old: jnp.where(active.reshape(-1, *(1,) * (new.ndim - 1)), new, old), moved, state
        )

    state = jax.lax.while_loop(lambda state: jnp.any(running(state)), body, jax.vmap(_begin)(starts))
    return state.position, state.value, state.gradient, state.hessian, state.distance, state.steps


_solve = jit_quickly(solve)


def _begin(start: Float[Array, " n"]) -> _State:
    n = start.shape[0]
    return _State(
        position=start,
        value=jnp.asarray(jnp.inf),
        gradient=jnp.zeros(n),
        hessian=jnp.eye(n),
        distance=jnp.asarray(jnp.inf),
        radius=jnp.asarray(0.5),
        trial=start,
        predicted=jnp.asarray(jnp.inf),
        steps=jnp.asarray(0),
        done=jnp.asarray(False),
    )


def _advance(objective: Any, old: _State, held: Bool[Array, " n"], data: Any) -> _State:
    """Judge the trial point, then propose the next one."""
    value, gradient, hessian = derivatives(objective, old.trial, data)
    distance = _distance(gradient, hessian, _movable(old.trial, gradient, held))
    noise = ROUNDING * (1.0 + jnp.abs(jnp.where(jnp.isfinite(value), value, old.value)))
    closer = (value <= old.value + noise) & (distance < old.distance)
    accept = jnp.isfinite(value) & ((value < old.value - noise) | closer)
    # Below rounding values say nothing about the model.
    told = jnp.isfinite(old.predicted) & (old.predicted > noise)
    ratio = jnp.where(told, (old.value - value) / jnp.where(told, old.predicted, 1.0), 0.5)
    # What failed is the step, which may be shorter than the radius.
    length = jnp.minimum(old.radius, jnp.linalg.norm(old.trial - old.position))
    length = jnp.where(jnp.isfinite(old.value), length, old.radius)
    poor = jnp.where(accept, 0.5, 0.25) * length
    radius = jnp.where(accept & (ratio >= 0.25), jnp.where(ratio > 0.75, 2.0, 1.0) * old.radius, poor)
    radius = jnp.minimum(radius, 2.0)

    def keep(new: Any, previous: Any) -> Any:
        return jnp.where(accept, new, previous)

    position, gradient = keep(old.trial, old.position), keep(gradient, old.gradient)
    hessian, distance = keep(hessian, old.hessian), keep(distance, old.distance)
    step = _step_inside(position, gradient, hessian, _movable(position, gradient, held), radius)
    trial = jnp.clip(position + step, 0.0, 1.0)
    step = trial - position
    predicted = -(gradient @ step + 0.5 * step @ hessian @ step)
    stalled = ~accept & ((radius < 1e-14) | (jnp.abs(old.predicted) < noise))
    lost = ~jnp.isfinite(old.value) & ~accept
    done = (distance < GOAL) | stalled | lost
    return _State(
        position, keep(value, old.value), gradient, hessian, distance, radius, trial, predicted, old.steps + 1, done
    )


def pressed(position: Any, gradient: Any) -> Any:
    """Whether each parameter [n] is at a bound of the unit box beyond which the objective falls."""
    return ((position <= 0.0) & (gradient > 0.0)) | ((position >= 1.0) & (gradient < 0.0))


def _movable(position: Float[Array, " n"], gradient: Float[Array, " n"], held: Bool[Array, " n"]) -> Bool[Array, " n"]:
    return ~held & ~pressed(position, gradient)


def _spectrum(gradient: Any, hessian: Any, movable: Any) -> tuple[Any, Any, Any]:
    """Absolute eigenvalues, eigenvectors and gradient components of the movable block."""
    block = jnp.where(jnp.outer(movable, movable), hessian, jnp.diag(jnp.where(movable, 0.0, 1.0)))
    eigenvalues, vectors = jnp.linalg.eigh(block)
    size = jnp.abs(eigenvalues)
    # Directions that change nothing over the whole box must not divide by zero.
    return jnp.maximum(size, 1e-12 * jnp.max(size) + 1e-9), vectors, vectors.T @ jnp.where(movable, gradient, 0.0)


def _distance(gradient: Any, hessian: Any, movable: Any) -> Float[Array, ""]:
    """Newton's estimate of the distance to the minimum, in sigma: sqrt(g^T |H|^-1 g / 2)."""
    size, _, components = _spectrum(gradient, hessian, movable)
    return jnp.sqrt(0.5 * jnp.sum(components**2 / size))


def _step_inside(position: Any, gradient: Any, hessian: Any, movable: Any, radius: Any) -> Float[Array, " n"]:
    """`_step`, in which parameters that would leave the box stop at its bounds, and the others know that they do."""
    step = _step(gradient, hessian, movable, radius)
    end = position + step
    stopped = movable & ((end < 0.0) | (end > 1.0))
    at_bound = jnp.where(stopped, jnp.clip(end, 0.0, 1.0) - position, 0.0)
    others = _step(gradient + hessian @ at_bound, hessian, movable & ~stopped, radius)
    return jnp.where(stopped, at_bound, others)


def _step(gradient: Any, hessian: Any, movable: Any, radius: Any) -> Float[Array, " n"]:
    """Step of length at most `radius`; lambda from Newton's iteration on 1/|s| - 1/radius, monotonic for |H| > 0."""
    size, vectors, components = _spectrum(gradient, hessian, movable)

    def refine(_: Any, shift: Any) -> Any:
        step = components / (size + shift)
        square = jnp.sum(step**2) + 1e-300
        change = (jnp.sqrt(square) / radius - 1.0) * square / (jnp.sum(step**2 / (size + shift)) + 1e-300)
        return jnp.maximum(shift + change, 0.0)

    shift = jax.lax.fori_loop(0, 8, refine, jnp.zeros(()))
    step = -(vectors @ (components / (size + shift)))
    length = jnp.linalg.norm(jnp.where(jnp.any(step != 0.0), step, 1.0))
    return jnp.where(movable, step * jnp.minimum(1.0, radius / length), 0.0)


def scatter(count: int, dimension: int, seed: int) -> np.ndarray:
    """Quasi-random points [count, dimension] of the unit box: an additive recurrence with a seeded shift.

    The generator is the root of x^(d+1) = x + 1 (M. Roberts 2018, "The unreasonable effectiveness of quasirandom
    sequences"), which spreads points evenly for any count.
    """
    root = 2.0
    for _ in range(64):
        root = (1.0 + root) ** (1.0 / (dimension + 1))
    steps = (1.0 / root) ** np.arange(1, dimension + 1)
    shift = np.random.default_rng(seed).random(dimension)
    return (shift + np.arange(1, count + 1)[:, None] * steps) % 1.0
