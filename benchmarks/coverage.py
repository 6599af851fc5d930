"""Coverage of intervals: how often Delta chi2 of 1 and of 4 hold the truth, by pseudo-experiments of a likelihood.

    python benchmarks/coverage.py lfu --toys 10000
    python benchmarks/coverage.py latest --toys 2000 [--store DIR]

Data are drawn from the likelihood at the truth, as `likelihood.pseudo_data` says, and fitted anew in one coefficient.
The interval holds the truth where -2 log L there is less than the level above its minimum. The number of the
pseudo-experiment is the parameter of what is scanned, so that the scan's chunks, stores and shards serve here too.
"""

import argparse
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bsfit
from bsfit.inference.space import parse
from bsfit.inference.toys import OfToys

NAME, TRUTH, BOUNDS = "C9mu", -0.5, (-4.0, 3.0)
LEVELS = {1.0: 0.6827, 4.0: 0.9545}
GRID, SECTIONS, GOLDEN = 29, 12, 0.5 * (5.0**0.5 - 1.0)
"""Points among which the least value is looked for, and golden sections after it: to 0.002 of the coefficient."""


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

        def chi2(t):
            value = objective(t[None], data)
            return jnp.where(jnp.isfinite(value), value, jnp.inf)

        above = chi2(space.position(truth)[0]) - least(chi2)
        return -0.5 * jnp.where(jnp.isfinite(above), jnp.maximum(above, 0.0), jnp.nan)


def least(function):
    """Least value of a function on [0, 1]: about the lowest of a grid, by golden sections."""
    grid = jnp.linspace(0.0, 1.0, GRID)
    values = jax.lax.map(function, grid)
    middle = jnp.clip(jnp.argmin(values), 1, GRID - 2)

    def section(_, ends):
        low, high = ends
        one, other = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        left = function(one) < function(other)
        return jnp.where(left, low, one), jnp.where(left, other, high)

    low, high = jax.lax.fori_loop(0, SECTIONS, section, (grid[middle - 1], grid[middle + 1]))
    return jnp.minimum(jnp.min(values), function(0.5 * (low + high)))


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
    delta = covered(arguments.data, arguments.toys, arguments.seed, arguments.store, progress=True)
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
