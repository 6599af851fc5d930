"""Simulation-based calibration of the real `lfu` likelihood in C9mu, C10mu, C9pmu.

    python benchmarks/calibration.py --replicas 200

Each replica draws coefficients from the prior and data from the likelihood at these coefficients, then samples the
posterior as `bsfit.sample` does. If likelihood, data model and sampler agree, the rank of the true value among the
draws is uniform for every coefficient (Talts et al., 1804.06788). Two tests per coefficient: chi2 of ten rank bins, and
the sum of squared normal scores, which feels a wrong width; the smallest p-value is multiplied by their number.

The same with a prior 1.2 times too wide in the sampling alone must be caught.
"""

import argparse
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import scipy.stats

import bsfit
from bsfit.inference.nuts import NutsSettings, draw_chains
from bsfit.inference.sample import LogDensity
from bsfit.inference.space import parse
from bsfit.likelihood.curves import log_likelihood_curve

NAMES = ("C9mu", "C10mu", "C9pmu")
WIDTH = 0.25  # of the prior: about that of the data, so that a wrong prior shows
SETTINGS, DRAWS, KEPT, BATCH = NutsSettings(warmup=500), 990, 99, 20


def likelihood():
    """The `lfu` likelihood with Gaussian priors on the three coefficients."""
    return bsfit.log_likelihood(data="lfu", free={name: dist.Normal(0.0, WIDTH) for name in NAMES})


def numbers(like):
    """What is drawn anew in a replica: measured values, and published curves."""
    return like.terms[0].data.central, like.terms[1].curves


def simulated(like, truth, generator):
    """The likelihood with data drawn at the true coefficients.

    Correlated split normals by rejection: a Gaussian vector in units of the errors has the density of the data times
    that of the errors on the sides where it fell. A published curve is taken to keep its shape wherever its maximum is.
    """
    predicted = np.asarray(like.predictions({name: jnp.asarray(x) for name, x in zip(NAMES, truth, strict=True)}))
    data, n = like.terms[0].data, like.terms[0].n_data
    correlation = np.eye(n) if data.precision is None else np.linalg.inv(np.asarray(data.precision))
    factor, plus, minus = np.linalg.cholesky(correlation), np.asarray(data.sigma_plus), np.asarray(data.sigma_minus)
    while True:
        y = factor @ generator.normal(size=n)
        error = np.where(y > 0, plus, minus)
        if generator.uniform() < np.prod(error / np.maximum(plus, minus)):
            break
    nuisances = generator.normal(size=like.errors.shifts.shape[1])
    central = predicted[:n] + np.asarray(like.errors.shifts)[:n] @ nuisances - error * y
    curves = tuple(
        eqx.tree_at(lambda c: c.start, curve, curve.start + predicted[n + i] - _drawn(curve, generator))
        for i, curve in enumerate(like.terms[1].curves)
    )
    return eqx.tree_at(numbers, like, (jnp.asarray(central), curves))


def _drawn(curve, generator):
    """A value from the normalised likelihood curve, by its cumulative sum on a fine grid."""
    low, size = float(curve.start), float(curve.step) * curve.coefficients.shape[0]
    x = np.linspace(low - 3 * float(curve.width), low + size + 3 * float(curve.width), 20001)
    density = np.exp(np.asarray(jax.vmap(lambda v: log_likelihood_curve(curve, v))(jnp.asarray(x))))
    cumulative = np.cumsum(density)
    return np.interp(generator.uniform(), cumulative / cumulative[-1], x)


def ranks(like, replicas, seed=1, too_wide=1.0, progress=False):
    """Ranks [replica, coefficient] in 0 ... `KEPT` of the true values among draws of their posteriors."""
    generator = np.random.default_rng(seed)
    truths = generator.normal(scale=WIDTH, size=(replicas, len(NAMES)))
    data = [simulated(like, truth, generator) for truth in truths]
    space = parse({name: dist.Normal(0.0, WIDTH * too_wide) for name in NAMES})
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *map(numbers, data))
    starts = jnp.asarray(generator.normal(scale=0.5, size=(replicas, 1, len(NAMES))))

    @jax.jit
    def run(data, starts, keys):
        def one(part, start, key):
            replica = eqx.tree_at(numbers, like, part)
            z = draw_chains(LogDensity(replica, space), start, key, DRAWS, SETTINGS)["z"]
            return jax.vmap(lambda z: jnp.stack([space.params_unbounded(z)[name] for name in NAMES]))(z[0])

        return jax.vmap(one)(data, starts, keys)

    found, keys = [], jax.random.split(jax.random.key(seed), replicas)
    for first in range(0, replicas, BATCH):
        rows = np.minimum(np.arange(first, first + min(BATCH, replicas)), replicas - 1)
        part = jax.tree.map(lambda x, rows=rows: x[rows], (stacked, starts, keys))
        draws = np.asarray(run(*part))[: replicas - first, :: DRAWS // KEPT]
        found.append(np.sum(draws < truths[first : first + BATCH, None], axis=1))
        if progress:
            print(f"  {min(first + BATCH, replicas)} of {replicas}", file=sys.stderr, flush=True)
    return np.concatenate(found)


def p_value(found):
    """Probability of ranks at least as uneven as these, for all coefficients and both tests together."""
    replicas = len(found)
    smallest = 1.0
    for column in found.T:
        bins = np.bincount(column * 10 // (KEPT + 1), minlength=10)
        scores = scipy.stats.norm.ppf((column + 0.5) / (KEPT + 1))
        below = scipy.stats.chi2.cdf(np.sum(scores**2), replicas)
        smallest = min(smallest, scipy.stats.chisquare(bins).pvalue, 2 * min(below, 1 - below))
    return min(1.0, 2 * len(NAMES) * smallest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    like = likelihood()
    right, wrong = (
        p_value(ranks(like, arguments.replicas, arguments.seed, too_wide, progress=True)) for too_wide in (1.0, 1.2)
    )
    print(
        f"{arguments.replicas} replicas of lfu: p = {right:.3g}; with a prior 1.2 times too wide p = {wrong:.3g}"
        f" | {time.perf_counter() - started:.0f} s"
    )
    good = right > 0.01 > wrong
    print("as required" if good else "NOT as required: the first above, the second below 0.01")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
