"""Chains of numpyro's NUTS as pure functions: their first state, transitions, and jumps between these."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from bsfit.inference.jumps import TRIES, Mixture, jumped


class NutsSettings(NamedTuple):
    """How NUTS is run; hashable, fixed at compilation."""

    warmup: int = 1000
    target_accept: float = 0.8
    dense_mass: bool = True
    max_tree_depth: int = 10
    adapt_mass: bool = True


DEFAULTS = NutsSettings()


def draw_chains(
    density: Any,
    starts: Float[Array, "chain n"],
    key: Any,
    draws: int = 1000,
    settings: NutsSettings = DEFAULTS,
    inverse_mass: Any = None,
) -> dict[str, Array]:
    """Draws of `density(z) -> scalar` as a pure function: jit it, vmap it over keys, starts and data in `density`.

    starts [chain, n]. Returns arrays [chain, draw]: z [chain, draw, n], potential, energy, diverging, accept_prob,
    num_steps.
    """
    state = begin(density, starts, jax.random.split(key, starts.shape[0]), inverse_mass, settings)
    _, trace = advance(density, state, settings.warmup + draws, settings)
    return {name: leaf[:, settings.warmup :] for name, leaf in trace.items()}


def begin(density: Any, starts: Float[Array, "chain n"], keys: Any, inverse_mass: Any, settings: NutsSettings) -> Any:
    """First state of the chains, each with its key; inverse_mass [n, n] or None: first guess of the covariance."""
    start, _ = _kernel(density, settings)
    return jax.vmap(lambda z, k: start(z, k, inverse_mass))(starts, keys)


def advance(density: Any, state: Any, steps: int, settings: NutsSettings) -> tuple[Any, dict[str, Array]]:
    """State after `steps` transitions of every chain, and what was seen on the way, arrays [chain, step]."""
    step = _planned(density, state, settings)

    def move(old: Any, _: Any) -> tuple[Any, dict[str, Array]]:
        new = jax.vmap(step)(old)
        return new, _seen(new)

    state, trace = jax.lax.scan(move, state, None, length=steps)
    return state, {name: jnp.swapaxes(leaf, 0, 1) for name, leaf in trace.items()}


@runtime_checkable
class Boxed(Protocol):
    """A log-density of the unbounded coordinates u of a sampler that has one of positions t in the unit box too."""

    def __call__(self, u: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-density of u."""
        ...

    def position(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """Position of u."""
        ...

    def point(self, t: Float[Array, " n"]) -> Float[Array, " n"]:
        """Coordinates of a position: the inverse."""
        ...

    def in_box(self, t: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-density of t, minus infinity outside of the box."""
        ...

    def log_volume(self, u: Float[Array, " n"]) -> Float[Array, ""]:
        """What the log-density of u has more than that of its position."""
        ...


def advance_with_jumps(
    density: Any,
    boxed: Boxed,
    state: Any,
    steps: int,
    settings: NutsSettings,
    mixture: Mixture,
    jumping: Bool[Array, ""],
    every: Int[Array, ""],
) -> tuple[Any, dict[str, Array]]:
    """The same with `TRIES` jumps after every step, if `jumping`: z, potential are [chain, step, try, ...].

    Only each `every`-th step has a transition, from the first on; the others have jumps alone, and `num_steps` of 0.
    One program for all, because most of the time of a short run is spent in compiling it. `density` is `boxed`, or
    has a wall around it.
    """
    step = _planned(density, state, settings)

    def jump_one(state: Any) -> tuple[Any, Array, Array]:
        kept, key = jax.random.split(state.rng_key)
        here = -state.potential_energy - boxed.log_volume(state.z)
        t, values = jumped(boxed.in_box, mixture, boxed.position(state.z), here, key)
        z = jax.vmap(boxed.point)(t)
        potential = -values - jax.vmap(boxed.log_volume)(z)
        return state._replace(z=z[-1], potential_energy=potential[-1], rng_key=kept), z, potential

    def arrived_one(state: Any) -> Any:
        value, slope = jax.value_and_grad(density)(state.z)
        return state._replace(potential_energy=-value, z_grad=-slope)

    def transition(state: Any, number: Any) -> Any:
        # The steps before this may have jumped, and left the gradient behind.
        there = jax.lax.cond(jumping | (number == 0), jax.vmap(arrived_one), lambda same: same, state)
        return jax.vmap(step)(there)

    def stay_one(state: Any) -> tuple[Any, Array, Array]:
        tries = jnp.ones(TRIES)
        return state, state.z[None] * tries[:, None], state.potential_energy * tries

    def rest(state: Any, _: Any) -> Any:
        return state._replace(num_steps=0 * state.num_steps, diverging=jnp.zeros_like(state.diverging))

    def move(old: Any, number: Any) -> tuple[Any, dict[str, Array]]:
        new = jax.lax.cond(number % every == 0, transition, rest, old, number)
        seen = _seen(new)
        new, seen["z"], seen["potential"] = jax.lax.cond(jumping, jax.vmap(jump_one), jax.vmap(stay_one), new)
        return new, seen

    state, trace = jax.lax.scan(move, state, jnp.arange(steps))
    return state, {name: jnp.swapaxes(leaf, 0, 1) for name, leaf in trace.items()}


def _planned(density: Any, state: Any, settings: NutsSettings) -> Any:
    """One transition. That of numpyro knows its warm-up plan only after a start was made, which costs nothing here."""
    start, step = _kernel(density, settings)
    start(state.z[0], jax.random.key(0), None)
    return step


def _seen(state: Any) -> dict[str, Array]:
    return {
        "z": state.z,
        "potential": state.potential_energy,
        "energy": state.energy,
        "diverging": state.diverging,
        "accept_prob": state.accept_prob,
        "num_steps": state.num_steps,
    }


def _kernel(density: Any, settings: NutsSettings) -> tuple[Any, Any]:
    from numpyro.infer.hmc import hmc

    start, step = hmc(potential_fn=lambda z: -density(z), algo="NUTS")

    def begin_one(z: Any, key: Any, inverse_mass: Any) -> Any:
        return start(
            z,
            num_warmup=settings.warmup,
            inverse_mass_matrix=inverse_mass,
            dense_mass=settings.dense_mass,
            adapt_mass_matrix=settings.adapt_mass,
            target_accept_prob=settings.target_accept,
            max_tree_depth=settings.max_tree_depth,
            rng_key=key,
        )

    return begin_one, step
