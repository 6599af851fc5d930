"""Chains on their way: warm-up, what they jump to, and draws."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.inference.diagnostics import ESS, bulk_ess, tail_ess
from bsfit.inference.jumps import LEAST_ACCEPTED, TRIES, Mixture, fitted, nowhere
from bsfit.inference.nuts import Boxed, NutsSettings, advance, advance_with_jumps, begin
from bsfit.inference.progress import Progress
from bsfit.inference.walls import Walled

BLOCK = 50
"""Transitions of one call of a compiled program."""

WANTED = 4 * ESS
"""Effective draws that a run aims at: as many as pass the gate with ease."""

PLACES = "z", "potential"
"""What is seen after every jump, not after every transition alone."""

_begin = eqx.filter_jit(begin)
_advance = eqx.filter_jit(advance)
_advance_with_jumps = eqx.filter_jit(advance_with_jumps)


class Chains:
    """Chains of a density from `starts` [chain, n], which jump between positions of `boxed`, or never if it is None.

    In one vectorised program every chain waits for the longest trajectory of all, and computes nothing faster on a
    processor: there each is a program of its own, as many at once as there are cores.
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
    ) -> None:
        count, dimension = starts.shape
        together = 1 if jax.default_backend() == "cpu" else count
        keys = jax.random.split(jax.random.key(seed), count)
        firsts = [(starts[i : i + together], keys[i : i + together]) for i in range(0, count, together)]
        self._density, self._boxed, self._settings, self._seed, self._bar = density, boxed, settings, seed, bar
        self._parts = [_begin(density, some, own, inverse_mass, settings) for some, own in firsts]
        self._unknown = nowhere(dimension)

    def draws(self, draws: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        """What so many draws after warm-up have seen [chain, draw], and what is known of the jumps between them.

        Jumps are tried once, and laid anew over all that was seen with them; there are none if too few were accepted.
        Of the jumps so many are kept as the trial says that are needed for a posterior that passes with ease.
        """
        warmup = self._settings.warmup
        mixture = self._over(self._run(warmup)["z"][:, warmup // 2 :])
        accepted, thin = 0.0, TRIES
        if mixture is not None:
            tried = self._run(TRIES * BLOCK, mixture, thin=1)["z"]
            accepted = float(np.mean(np.any(tried[:, 1:] != tried[:, :-1], axis=-1)))
            mixture = self._over(tried) if accepted >= LEAST_ACCEPTED else None
            thin = TRIES if mixture is None else _kept(tried, draws)
        return self._run(draws, mixture, thin), {"accepted": accepted, "tried_per_draw": thin if mixture else 0}

    def _run(self, draws: int, mixture: Mixture | None = None, thin: int = TRIES) -> dict[str, np.ndarray]:
        """One draw for every `thin` jumps, of which there are `TRIES` after each transition if there is a mixture."""
        each = TRIES // thin
        traces = []
        with ThreadPoolExecutor(os.cpu_count()) as cores:
            for _ in range(-(-draws // (BLOCK * each))):
                moved = list(cores.map(lambda part: self._moved(part, mixture), self._parts))
                self._parts = [part for part, _ in moved]
                traces.append({name: np.concatenate([seen[name] for _, seen in moved]) for name in moved[0][1]})
                self._bar.advance(len(traces[-1]["z"]) * BLOCK * each)
        joined = {name: np.concatenate([trace[name] for trace in traces], axis=1) for name in traces[0]}
        return {name: leaf[:, :draws] for name, leaf in _by_draw(joined, thin).items()}

    def _moved(self, part: Any, mixture: Mixture | None) -> tuple[Any, dict[str, Array]]:
        density = self._density
        if isinstance(density, Walled):
            density = density.for_steps(part.adapt_state.step_size)
        if self._boxed is None:
            moved, seen = _advance(density, part, BLOCK, self._settings)
            seen |= {name: seen[name][:, :, None] for name in PLACES}
            return jax.block_until_ready((moved, seen))
        jumps = (mixture or self._unknown, jnp.asarray(mixture is not None))
        return jax.block_until_ready(_advance_with_jumps(density, self._boxed, part, BLOCK, self._settings, *jumps))

    def _over(self, z: np.ndarray) -> Mixture | None:
        """A mixture over draws [chain, draw, n], None where chains cannot jump."""
        if self._boxed is None:
            return None
        return fitted(np.asarray(_positions(self._boxed, jnp.asarray(z.reshape(-1, z.shape[-1])))), self._seed)


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


def _kept(tried: Float[np.ndarray, "chain jump n"], draws: int) -> int:
    """How many jumps make a draw, so that draws as many are worth `WANTED` independent ones, judged by a trial."""
    size = min(min(bulk_ess(x), tail_ess(x)) for x in np.moveaxis(tried, -1, 0))
    expected = size * draws / tried.shape[1]
    return int(2 ** np.clip(np.ceil(np.log2(WANTED / expected)), 0, np.log2(TRIES)))


@eqx.filter_jit
def _positions(boxed: Boxed, points: Float[Array, "k n"]) -> Float[Array, "k n"]:
    return jax.vmap(boxed.position)(points)
