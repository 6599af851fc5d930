"""Many starts led down by an optimiser of optax in one program, from where the Newton kernel finishes.

An optimiser knows no bounds: it moves u in t = (1 - cos u)/2, the position in the unit box. A bound is a point where
t(u) turns, so that a minimum of the objective that presses against it is a minimum in u as well.
"""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from bsfit.compiling import jit_quickly
from bsfit.errors import BsfitInputError
from bsfit.inference.curvature import FORWARD

MAX_STEPS = 2000
# A start is led until so many steps have not won so much of -2 log L.
PATIENCE, GAIN = 50, 1e-3
# Steps back along a line: optax's own search for L-BFGS takes twice as long to compile and as long to run.
BACK = 20
# At the bounds themselves there is no slope in u.
MARGIN = 1e-3
# What an optimiser sees of a place where the objective is not finite: high, and flat.
BEYOND = 1e12


class Led:
    """An optimiser of optax as `search.Lead`. Raises `BsfitInputError` for anything else."""

    def __init__(self, optimizer: Any) -> None:
        if not isinstance(optimizer, optax.GradientTransformation):
            expected = "an optax.GradientTransformation, such as optax.lbfgs() or optax.adam(1e-2)"
            raise BsfitInputError(f"got {optimizer!r}", field="optimizer", expected=expected)
        self.optimizer, self.name = optax.with_extra_args_support(optimizer), _described(optimizer)

    def __call__(self, objective: Any, starts: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
        """The lowest position on the way of each start; itself, where the objective is not finite."""
        return np.asarray(_descend(objective, jnp.asarray(starts), self.optimizer))


@cache
def usual() -> Led:
    """L-BFGS, for boxes of many couplings.

    As many starts cost what they do with Newton's method alone, and more of them reach the deepest minimum
    (`benchmarks/many_starts.py`).
    """
    return Led(optax.lbfgs(linesearch=optax.scale_by_backtracking_linesearch(max_backtracking_steps=BACK)))


def _described(optimizer: optax.GradientTransformation) -> str:
    """Its parts in words, by the states that they keep: optax gives it no name."""
    parts = jax.tree.leaves(optimizer.init(jnp.zeros(1)), is_leaf=lambda part: type(part) not in (tuple, list, dict))
    names = [type(part).__name__.removesuffix("State") for part in parts]
    return ", ".join(name for name in names if name != "Empty") or "GradientTransformation"


class _OnItsWay(NamedTuple):
    """One start: u [n], state of the optimiser, the lowest point so far, steps, steps since something was won."""

    at: Any
    state: Any
    lowest: Any
    value: Any
    steps: Any
    since: Any


@jit_quickly
def _descend(objective: Any, starts: Float[Array, "k n"], optimizer: Any) -> Float[Array, "k n"]:
    value_of = _guarded(objective)

    def running(led: _OnItsWay) -> Any:
        return (led.since < PATIENCE) & (led.steps < MAX_STEPS)

    def advance(led: _OnItsWay) -> _OnItsWay:
        value, slope = jax.value_and_grad(value_of)(led.at)
        updates, state = optimizer.update(slope, led.state, led.at, value=value, grad=slope, value_fn=value_of)
        won, lower = value < led.value - GAIN, value < led.value
        moved = _OnItsWay(
            optax.apply_updates(led.at, updates),
            state,
            jnp.where(lower, led.at, led.lowest),
            jnp.where(lower, value, led.value),
            led.steps + 1,
            jnp.where(won, 0, led.since + 1),
        )
        return jax.tree.map(lambda new, old: jnp.where(running(led), new, old), moved, led)

    first = jnp.arccos(1.0 - 2.0 * jnp.clip(starts, MARGIN, 1.0 - MARGIN))
    count = jnp.zeros(len(starts), dtype=int)
    led = _OnItsWay(first, jax.vmap(optimizer.init)(first), first, jnp.full(len(starts), BEYOND), count, count)
    led = jax.lax.while_loop(lambda led: jnp.any(running(led)), jax.vmap(advance), led)
    return jnp.where((led.value < BEYOND)[:, None], _position(led.lowest), starts)


def _position(u: Float[Array, "*k n"]) -> Float[Array, "*k n"]:
    return 0.5 * (1.0 - jnp.cos(u))


def _guarded(objective: Any) -> Any:
    """The objective of u [n], with a gradient that is finite everywhere."""

    def plain(u: Float[Array, " n"]) -> Float[Array, ""]:
        return objective(_position(u))

    def finite(u: Float[Array, " n"]) -> tuple[Float[Array, ""], Float[Array, " n"]]:
        if u.shape[0] > FORWARD:
            value, slope = jax.value_and_grad(plain)(u)
        else:
            slope, value = jax.jacfwd(lambda u: (plain(u),) * 2, has_aux=True)(u)
        fine = jnp.isfinite(value) & jnp.all(jnp.isfinite(slope))
        return jnp.where(fine, value, BEYOND), jnp.where(fine, slope, 0.0)

    def value_alone(u: Float[Array, " n"]) -> Float[Array, ""]:
        value = plain(u)
        return jnp.where(jnp.isfinite(value), value, BEYOND)

    guarded = jax.custom_vjp(value_alone)
    guarded.defvjp(finite, lambda slope, weight: (weight * slope,))
    return guarded
