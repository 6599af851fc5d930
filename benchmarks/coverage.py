"""Coverage of intervals: how often Delta chi2 of 1 and of 4 hold the truth, by pseudo-experiments of a likelihood.

    python benchmarks/coverage.py lfu --toys 10000
    python benchmarks/coverage.py latest --toys 2000 [--store DIR]

Data are drawn from the likelihood at the truth, as `likelihood.pseudo_data` says, and fitted anew in one coefficient.
The interval holds the truth where -2 log L there is less than the level above its minimum. The number of the
pseudo-experiment is the parameter of what is scanned, so that the scan's chunks, stores and shards serve here too.
"""

import argparse
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bsfit
from bsfit.inference.minimise import CONVERGED, solve
from bsfit.inference.space import parse
from bsfit.inference.toys import OfToys

NAME, TRUTH, BOUNDS = "C9mu", -0.5, (-4.0, 3.0)
LEVELS = {1.0: 0.6827, 4.0: 0.9545}


class Statistic(eqx.Module):
    """Log of the likelihood ratio of the truth to the maximum in one pseudo-experiment, whose number is `toy`."""

    drawn: object
    seed: int = eqx.field(static=True)

    def __call__(self, params):
        """What a scan evaluates; NaN if no start converged."""
        space, truth = parse({NAME: BOUNDS}), {NAME: jnp.asarray(TRUTH)}
        number = params["toy"].astype(jnp.uint32)
        data = self.drawn.draw(truth, jax.random.fold_in(jax.random.key(self.seed), number))
        objective = OfToys(self.drawn, space)
        start = jnp.stack([space.position(truth), jnp.asarray([0.1]), jnp.asarray([0.9])])
        lanes = jax.tree.map(lambda leaf: jnp.repeat(leaf[None], len(start), axis=0), data)
        _, value, _, _, distance, _ = solve(objective, start, jnp.zeros(start.shape, dtype=bool), lanes)
        least = jnp.min(jnp.where(distance < CONVERGED, value, jnp.inf))
        above = objective(start[0], data) - least
        return -0.5 * jnp.where(jnp.isfinite(above), jnp.maximum(above, 0.0), jnp.nan)


def covered(data, toys, seed=1, store=None, progress=False, theory="fixed"):
    """Delta chi2 [toys] of the truth."""
    like = bsfit.log_likelihood("eft", data, {NAME: BOUNDS}, theory=theory)
    found = bsfit.scan(
        Statistic(like.pseudo_data(), seed),
        points={"toy": np.arange(toys, dtype=float)},
        chunk=64,
        free={"toy": (0.0, float(max(toys, 2)))},
        store=store,
        progress=progress,
    )
    return -2.0 * np.asarray(found.log_likelihood)


def inside(delta, level):
    """Share of intervals that hold the truth, and its binomial error at the nominal coverage."""
    nominal = LEVELS[level]
    return float(np.mean(delta <= level)), (nominal * (1 - nominal) / len(delta)) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default="lfu")
    parser.add_argument("--toys", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", help="folder that keeps what is finished (default none)")
    arguments = parser.parse_args()
    started = time.perf_counter()
    delta = covered(arguments.data, arguments.toys, arguments.seed, arguments.store, progress=sys.stderr.isatty())
    lost = int(np.sum(~np.isfinite(delta)))
    print(f"{arguments.toys} toys of {arguments.data} at {NAME} = {TRUTH}, {lost} without a minimum,", end=" ")
    print(f"{time.perf_counter() - started:.0f} s")
    good = lost == 0
    for level, nominal in LEVELS.items():
        share, error = inside(delta, level)
        good &= abs(share - nominal) < 3 * error
        print(
            f"Delta chi2 < {level:g}: {100 * share:.2f} %, nominal {100 * nominal:.2f} +- {300 * error:.2f} (3 sigma)"
        )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
