"""Chains on their way: warm-up, what they jump to, and draws, in steps that can be kept."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.inference import states
from bsfit.inference.diagnostics import ESS, bulk_ess, tail_ess
from bsfit.inference.jumps import LEAST_ACCEPTED, MOST, TRIES, Mixture, fitted, nowhere
from bsfit.inference.nuts import Boxed, NutsSettings, advance, advance_with_jumps, begin
from bsfit.inference.progress import Progress
from bsfit.inference.steps import Content, Steps, at_once
from bsfit.inference.walls import Walled

BLOCK = 50
"""Transitions of one call of a compiled program."""

MOST_STEPS = 64
"""Steps into which warm-up is divided, and draws, where they are so many blocks."""

WANTED = 8 * ESS
"""Effective draws that a run aims at: as many as pass the gate with ease."""

TUNED = "step_size", "inverse_mass_matrix", "mass_matrix_sqrt", "mass_matrix_sqrt_inv"
"""What warm-up fits, as numpyro names it."""

TRIAL, ANEW, IDLE = 3, 8, 2
"""Blocks of a trial of jumps; how many more trials there are at most, and in a row with no better mixture."""

PRICE, SELDOM, OFTEN = 8.0, 32, 0.25
"""A step of a trajectory takes as long as about so many jumps of a batch. Where more than this part of the jumps are
accepted, trajectories become so rare that they take as long as jumps: one in so many steps at most."""

FEWEST = 10
"""Trajectories of a chain, by whose energies it is judged."""

HALF, SHORTEST = 0.5, 2.0**-6
"""By what steps are shortened that diverge, and the part of them below which they are not."""

PLACES = "z", "potential"
"""What is seen after every jump, not after every transition alone."""

_begin = eqx.filter_jit(begin)
_advance = eqx.filter_jit(advance)
_advance_with_jumps = eqx.filter_jit(advance_with_jumps)


class Chains:
    """Chains of a density from `starts` [chain, n], which jump between positions of `boxed`, or never if it is None.

    In one vectorised program every chain waits for the longest trajectory of all, and computes nothing faster on a
    processor: there each is a program of its own, as many at once as there are cores. Not so chains that are `whitened`
    in many dimensions: their trajectories have one length, and the tensors of a likelihood are read once for all.
    They jump first to points of the unit box about known `modes` too, which they may have left during warm-up.
    """

    def __init__(
        self,
        density: Any,
        boxed: Boxed | None,
        starts: Float[Array, "chain n"],
        inverse_mass: Any,
        seed: int,
        settings: NutsSettings,
        bar: Progress,
        steps: Steps = at_once,
        whitened: bool = False,
        modes: Float[np.ndarray, "k n"] | None = None,
    ) -> None:
        count, dimension = starts.shape
        together = count if whitened or jax.default_backend() != "cpu" else 1
        keys = jax.random.split(jax.random.key(seed), count)
        self._firsts = [(starts[i : i + together], keys[i : i + together]) for i in range(0, count, together)]
        self._density, self._boxed, self._settings, self._seed, self._bar = density, boxed, settings, seed, bar
        self._inverse_mass, self._steps, self._modes = inverse_mass, steps, modes
        self.parts: list[Any] = []
        self._unknown = nowhere(dimension)

    def draws(self, draws: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What so many draws after warm-up have seen [chain, draw], and what is known of the jumps between them.

        Jumps are tried, and laid anew over what was seen with them; there are none if too few were accepted. Of the
        jumps so many are kept as the last trial says that are needed for a posterior that passes with ease.
        """
        warmup = self._settings.warmup
        seen = self._run(warmup)["z"][:, warmup // 2 :]
        laid, _ = self._step(lambda: self._laid(seen, draws))
        while not laid["calm"]:
            laid, _ = self._step(lambda last=laid: self._shorter(last, draws))
        for _ in range(ANEW if laid["mixture"] is not None else 0):
            # A trial has to be short beside the draws that it spares.
            if laid["idle"] == IDLE or draws * laid["thin"] < 2 * TRIAL * BLOCK * TRIES:
                break
            laid, _ = self._step(lambda last=laid: self._anew(last, draws))
        mixture, thin = _mixture(laid), laid["thin"]
        every = max(1, min(laid["every"], draws * thin // (TRIES * FEWEST)))
        found = self._run(draws, mixture, thin, every, last=True)
        shares = {"accepted": laid["accepted"], "tried_per_draw": thin, "steps_shortened": laid["shorter"]}
        shares |= {"steps_per_trajectory": every}
        return found, shares if mixture else shares | {"tried_per_draw": 0}

    def _laid(self, seen: np.ndarray, draws: int) -> Content:
        """The mixture that chains jump to, None for none, after a trial with the steps that each chain has.

        Then all have the shortest of these, for jumps lead to where warm-up has not fitted the others.
        """
        found = _content(None, 0.0, TRIES)
        # Along a valley modes are as wide as it is long, and points about them beside it: then draws alone are better.
        for beside in (self._modes, None) if self._modes is not None else (None,):
            mixture = self._over(seen, beside) if found["accepted"] < LEAST_ACCEPTED else None
            found = found if mixture is None else self._tried(mixture, draws, 1)
        if found["accepted"] < LEAST_ACCEPTED:
            return _content(None, found["accepted"], TRIES)
        shorter = 1.0 if found["calm"] else HALF
        self.parts = _shortened(with_the_shortest_steps(self.parts), shorter)
        return found | {"calm": False, "shorter": shorter}

    def _shorter(self, last: Content, draws: int) -> Content:
        """The same after one more trial, whose steps are halved where some diverged, and where that was so before.

        Once more when a trial is calm: the draws are many more than those of a trial.
        """
        found = self._again(last, draws, 1)
        if found["shorter"] < 1.0 or not found["calm"]:
            self._halve(found)
        return found | {"calm": found["calm"] or found["shorter"] <= SHORTEST}

    def _anew(self, last: Content, draws: int) -> Content:
        """The same after a trial with as few trajectories as it may have; as before if a draw costs more then."""
        found = self._again(last, draws, last["rest"])
        if not found["calm"] and found["shorter"] > SHORTEST:
            self._halve(found)
        # Both with trajectories as long as they are now: steps may have been shortened since the last trial.
        cost, before = ((1.0 + found["trajectory"] / each["every"]) / each["worth"] for each in (found, last))
        if cost > before:
            found |= {name: last[name] for name in ("thin", "worth", "every")} | {"idle": last["idle"] + 1}
        return found

    def _again(self, last: Content, draws: int, every: int) -> Content:
        """One more trial, and a mixture over what was seen in all of them."""
        mixture = _mixture(last)
        assert mixture is not None
        return self._tried(mixture, draws, TRIAL, every, last) | {"shorter": last["shorter"]}

    def _halve(self, found: Content) -> None:
        """Steps half as long as they are, which what a trial has found says."""
        found["shorter"] *= HALF
        self.parts = _shortened(self.parts, HALF)

    def _tried(self, mixture: Mixture, draws: int, blocks: int, every: int = 1, last: Content | None = None) -> Content:
        """What so many blocks with jumps have found, and a mixture over what they and those before them have seen.

        worth: effective draws of a jump; trajectory: its price in batches of jumps.
        """
        trial = self._blocks(blocks, mixture, 1, every)
        tried, moved = trial["z"], trial["num_steps"] > 0
        accepted = float(np.mean(np.any(tried[:, 1:] != tried[:, :-1], axis=-1)))
        seen, trials = self._bank(tried, last)
        worth = _worth(tried)
        # So many jumps make a draw that all draws are worth `WANTED` independent ones.
        thin = int(2 ** np.clip(np.ceil(np.log2(WANTED / (worth * len(tried) * draws))), 0, np.log2(TRIES)))
        found = _content(self._over(seen) or mixture, accepted, thin, not np.any(trial["diverging"]))
        trajectory = PRICE * float(np.mean(trial["num_steps"][moved])) / TRIES
        rest = int(np.clip(np.round(trajectory), 1, SELDOM)) if accepted > OFTEN else 1
        found |= {"every": every, "rest": rest, "trajectory": trajectory, "worth": worth}
        return found | {"seen": seen, "trials": trials, "idle": 0}

    def _bank(self, tried: Float[np.ndarray, "chain jump n"], last: Content | None) -> tuple[np.ndarray, int]:
        """Positions [k, n] out of a trial and those before it, each trial with its share, and how many trials."""
        new, trials = tried.reshape(-1, tried.shape[-1]), 1 if last is None else last["trials"] + 1
        random = np.random.default_rng([self._seed, trials])
        if last is None:
            return random.permutation(new)[:MOST], trials
        share = MOST // trials
        kept = random.permutation(last["seen"])[: MOST - share], random.permutation(new)[:share]
        return np.concatenate(kept), trials

    def _run(
        self, draws: int, mixture: Mixture | None = None, thin: int = TRIES, every: int = 1, last: bool = False
    ) -> dict[str, np.ndarray]:
        """One draw for every `thin` jumps, of which there are `TRIES` in each step if there is a mixture."""
        each = BLOCK * (TRIES // thin)
        blocks = -(-draws // each)
        size = -(-blocks // MOST_STEPS)
        traces = []
        for first in range(0, blocks, size):
            count = min(size, blocks - first)
            ends = {"last": True} if last and first + count == blocks else {}
            content, new = self._step(lambda n=count, e=ends: {"trace": self._blocks(n, mixture, thin, every), **e})
            traces.append(content["trace"])
            self._bar.advance(len(content["trace"]["z"]) * count * each, new)
        return {name: leaf[:, :draws] for name, leaf in _joined(traces).items()}

    def _step(self, compute: Callable[[], Content]) -> tuple[Content, bool]:
        """What a step has found, and whether it was computed now; the chains are then where it has left them."""

        def moved() -> Content:
            found = compute()
            return {**found, "state": states.stored(self.parts)}

        content, new = self._steps(moved)
        if not new:
            self.parts = states.restored(content["state"], self._shape)
        return content, new

    def _blocks(self, count: int, mixture: Mixture | None, thin: int, every: int) -> dict[str, np.ndarray]:
        """What is seen in so many blocks of steps, each `every`-th with a transition of NUTS."""
        self.parts = self.parts or [
            _begin(self._density, some, own, self._inverse_mass, self._settings) for some, own in self._firsts
        ]
        traces = []
        with ThreadPoolExecutor(os.cpu_count()) as cores:
            for _ in range(count):
                moved = list(cores.map(lambda part: self._moved(part, mixture, every), self.parts))
                self.parts = [part for part, _ in moved]
                seen = {name: np.concatenate([seen[name] for _, seen in moved]) for name in moved[0][1]}
                traces.append(_by_draw(seen, thin))
        return _joined(traces)

    @cached_property
    def _shape(self) -> Any:
        """Shapes of the state of a part."""
        return eqx.filter_eval_shape(begin, self._density, *self._firsts[0], self._inverse_mass, self._settings)

    def _moved(self, part: Any, mixture: Mixture | None, every: int) -> tuple[Any, dict[str, Array]]:
        density = self._density
        if isinstance(density, Walled):
            density = density.for_steps(part.adapt_state.step_size)
        if self._boxed is None:
            moved, seen = _advance(density, part, BLOCK, self._settings)
            seen |= {name: seen[name][:, :, None] for name in PLACES}
            return jax.block_until_ready((moved, seen))
        jumps = (mixture or self._unknown, jnp.asarray(mixture is not None), jnp.asarray(every))
        return jax.block_until_ready(_advance_with_jumps(density, self._boxed, part, BLOCK, self._settings, *jumps))

    def _over(self, z: np.ndarray, beside: np.ndarray | None = None) -> Mixture | None:
        """A mixture over draws [chain, draw, n] and positions beside them, None where chains cannot jump."""
        if self._boxed is None:
            return None
        positions = np.asarray(_positions(self._boxed, jnp.asarray(z.reshape(-1, z.shape[-1]))))
        return fitted(positions, self._seed, beside)


def _content(mixture: Mixture | None, accepted: float, thin: int, calm: bool = True) -> Content:
    """What a trial has found, as plain data."""
    arrays = None if mixture is None else {name: np.asarray(leaf) for name, leaf in vars(mixture).items()}
    return {"mixture": arrays, "accepted": accepted, "thin": thin, "calm": calm, "shorter": 1.0, "every": 1}


def _mixture(content: Content) -> Mixture | None:
    arrays = content["mixture"]
    return None if arrays is None else Mixture(**jax.tree.map(jnp.asarray, arrays))


def with_the_shortest_steps(parts: list[Any]) -> list[Any]:
    """All chains with step and masses of the one whose steps are the shortest across, which all can go anywhere with.

    Warm-up has fitted those of each chain to the part of the posterior that it was in, and jumps lead out of it.
    """
    tuned = [part.adapt_state._asdict() for part in parts]
    step, mass = (np.concatenate([np.asarray(each[name]) for each in tuned]) for name in TUNED[:2])
    widths = np.linalg.eigvalsh(mass)[:, 0] if mass.ndim == 3 else np.min(mass, axis=1)
    across = step * np.sqrt(widths)
    # A chain that stands still after warm-up has no steps for others.
    chosen = int(np.argmin(np.where(across < SHORTEST * np.median(across), np.inf, across)))
    size = len(parts[0].z)
    source = tuned[chosen // size]
    common = {name: source[name][chosen % size] for name in TUNED}
    alike = {name: jnp.broadcast_to(leaf, (size, *leaf.shape)) for name, leaf in common.items()}
    return [part._replace(adapt_state=part.adapt_state._replace(**alike)) for part in parts]


def _shortened(parts: list[Any], factor: float) -> list[Any]:
    tuned = [part.adapt_state for part in parts]
    shorter = [each._replace(step_size=factor * each.step_size) for each in tuned]
    return [part._replace(adapt_state=new) for part, new in zip(parts, shorter, strict=True)]


def most_steps(warmup: int, draws: int) -> int:
    """How many steps `Chains.draws` takes at most, and one before them."""
    trials = 1 + round(math.log(SHORTEST, HALF))
    return 1 + trials + ANEW + sum(min(-(-count // BLOCK), MOST_STEPS) for count in (warmup, draws))


def _joined(traces: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([trace[name] for trace in traces], axis=1) for name in traces[0]}


def _by_draw(trace: dict[str, np.ndarray], thin: int) -> dict[str, np.ndarray]:
    """Arrays [chain, draw], every `thin`-th of the jumps a draw; the first of a transition has its steps."""
    found = {}
    for name, leaf in trace.items():
        if name in PLACES:
            rows = leaf[:, :, ::-thin][:, :, ::-1]
        else:
            rows = np.repeat(leaf[:, :, None], TRIES // thin, axis=2)
        if name in ("num_steps", "diverging"):
            rows[:, :, 1:] = 0
        found[name] = rows.reshape(len(rows), -1, *rows.shape[3:])
    return found


def _worth(tried: Float[np.ndarray, "chain jump n"]) -> float:
    """How many independent draws one jump of a trial is worth, for the parameter that mixes worst."""
    return min(min(bulk_ess(x), tail_ess(x)) for x in np.moveaxis(tried, -1, 0)) / (tried.shape[0] * tried.shape[1])


@eqx.filter_jit
def _positions(boxed: Boxed, points: Float[Array, "k n"]) -> Float[Array, "k n"]:
    return jax.vmap(boxed.position)(points)
