"""Does the verdict on posteriors pass what is good and fail what is not?

    python benchmarks/posterior_gate.py --seeds 100

An 8-d Gaussian must pass for at least 95 of 100 seeds; Neal's funnel (9-d) and a mixture of two Gaussians 8 sigma
apart must fail for all of them. Each seed is one posterior of 4 chains with the defaults of `bsfit.sample`; all seeds
of a target run in one vectorised program.
"""

import argparse
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

import bsfit  # noqa: F401  (64 bit)
from bsfit.inference.nuts import DEFAULTS, draw_chains
from bsfit.inference.sample import LogDensity, assess, prepare
from bsfit.inference.space import parse

CHAINS, DRAWS, BATCH = 4, 1000, 20


def gaussian(params):
    """Eight dimensions, widths from 0.1 to 1, correlated by 0.5."""
    x = jnp.stack([params[f"x{i}"] for i in range(8)]) / jnp.logspace(-1.0, 0.0, 8)
    precision = jnp.linalg.inv(0.5 * jnp.eye(8) + 0.5)
    return -0.5 * x @ precision @ x


def funnel(params):
    """Neal, Annals of Statistics 31 (2003) 705, section 8: v of width 3 sets the width exp(v/2) of eight others."""
    x = jnp.stack([params[f"x{i}"] for i in range(8)])
    return -(params["v"] ** 2) / 18.0 - 0.5 * jnp.sum(x**2) * jnp.exp(-params["v"]) - 4.0 * params["v"]


def bimodal(params):
    """Equal Gaussians of width one at x = -4 and x = 4, and a second coordinate."""
    return jnp.logaddexp(-0.5 * (params["x"] - 4.0) ** 2, -0.5 * (params["x"] + 4.0) ** 2) - 0.5 * params["y"] ** 2


TARGETS = {
    "gaussian": (gaussian, {f"x{i}": (-10.0, 10.0) for i in range(8)}),
    "funnel": (funnel, {"v": (-12.0, 12.0)} | {f"x{i}": (-200.0, 200.0) for i in range(8)}),
    "bimodal": (bimodal, {"x": (-20.0, 20.0), "y": (-20.0, 20.0)}),
}


def judgements(target, seeds, progress=False):
    """One `diagnostics.Judgement` per seed."""
    like, free = TARGETS[target]
    density = LogDensity(like, parse(free))
    plans = [prepare(density, chains=CHAINS, seed=seed) for seed in seeds]
    starts, masses = (jnp.stack([getattr(plan, name) for plan in plans]) for name in ("starts", "inverse_mass"))
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds))

    def one(start, key, mass):
        return draw_chains(density, start, key, DRAWS, DEFAULTS, mass)

    run = jax.jit(jax.vmap(one))
    found = []
    for first in range(0, len(seeds), BATCH):
        # The last batch is padded, so that one compilation serves all.
        rows = np.minimum(np.arange(first, first + min(BATCH, len(seeds))), len(seeds) - 1)
        trace = jax.tree.map(np.asarray, run(starts[rows], keys[rows], masses[rows]))
        for k in range(min(len(rows), len(seeds) - first)):
            one_seed = {name: leaf[k] for name, leaf in trace.items()}
            found.append(assess(density, plans[first + k], one_seed).judgement)
        if progress:
            print(f"  {target}: {len(found)} of {len(seeds)}", file=sys.stderr, flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    arguments = parser.parse_args()
    good = True
    for target in arguments.targets:
        started = time.perf_counter()
        found = judgements(target, range(1, arguments.seeds + 1), progress=True)
        passed = sum(judged.verdict == "passed" for judged in found)
        worst = {key: [judged.worst[key] for judged in found] for key in ("r_hat", "ess", "divergences", "e_bfmi")}
        good &= passed >= 0.95 * arguments.seeds if target == "gaussian" else passed == 0
        print(
            f"{target:10s} passed {passed:3d} of {arguments.seeds}"
            f" | R-hat {min(worst['r_hat']):.3f}..{max(worst['r_hat']):.3f}"
            f" | ESS {min(worst['ess']):.0f}..{max(worst['ess']):.0f}"
            f" | divergences {min(worst['divergences']):.0f}..{max(worst['divergences']):.0f}"
            f" | E-BFMI {min(worst['e_bfmi']):.2f}..{max(worst['e_bfmi']):.2f}"
            f" | {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    print("as required" if good else "NOT as required: gaussian >= 95 %, funnel and bimodal none")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
