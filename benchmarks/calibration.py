"""Simulation-based calibration of the real `lfu` likelihood in C9mu, C10mu, C9pmu.

    python benchmarks/calibration.py --replicas 200

Each replica draws coefficients from the prior and data from the likelihood at these coefficients, then samples the
posterior as `bsfit.sample` does. If likelihood, data model and sampler agree, the rank of the true value among the
draws is uniform for every coefficient (Talts et al., 1804.06788). Two tests per coefficient: chi2 of ten rank bins, and
the sum of squared normal scores, which feels a wrong width; the smallest p-value is multiplied by their number.

The empirical distribution of the ranks must lie inside its simultaneous 95 % band. Three mistakes in the sampling alone
must be caught: a prior 1.2 times too wide, correlations left out, the wrong sign of one pull.
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
from bsfit.likelihood.densities import SplitNormal

NAMES = ("C9mu", "C10mu", "C9pmu")
WIDTH = 0.25  # of the prior: about that of the data, so that a wrong prior shows
SETTINGS, DRAWS, KEPT, BATCH = NutsSettings(warmup=500), 990, 99, 20


def likelihood():
    """The `lfu` likelihood with Gaussian priors on the three coefficients."""
    return bsfit.log_likelihood(data="lfu", free={name: dist.Normal(0.0, WIDTH) for name in NAMES})


def telling(like):
    """Measured values in the order of what they say about C9mu, most of all first."""
    data, at = like.terms[0].data, {name: jnp.zeros(()) for name in NAMES}
    slopes = jax.jacobian(lambda c9: like.predictions({**at, NAMES[0]: c9}))(at[NAMES[0]])
    return jnp.argsort(-jnp.abs(slopes[: like.terms[0].n_data]) / data.sigma_plus)


def correlated(like):
    """The likelihood with correlations of 0.9 of the five values that say most: those of `lfu` hardly have any."""
    data, rows = like.terms[0].data, np.asarray(telling(like)[:5])
    matrix = np.eye(like.terms[0].n_data)
    matrix[np.ix_(rows, rows)] += 0.9 * (1 - np.eye(len(rows)))
    return with_data(like, SplitNormal.of(data.central, data.sigma_plus, data.sigma_minus, matrix))


def uncorrelated(like):
    """The likelihood without any correlation of the measured values."""
    data = like.terms[0].data
    return with_data(like, eqx.tree_at(lambda d: (d.precision, d.sparse), data, (None, None), is_leaf=_is_none))


def mirrored(like):
    """The likelihood with the sign of one pull turned around: of the value that says most about C9mu."""
    data, turned = like.terms[0].data, telling(like)[0]
    predicted = like.predictions({name: jnp.zeros(()) for name in NAMES})
    central = data.central.at[turned].set(2 * predicted[turned] - data.central[turned])
    return eqx.tree_at(lambda like: like.terms[0].data.central, like, central)


def with_data(like, data):
    """The likelihood with other measured values and errors."""
    return eqx.tree_at(lambda like: like.terms[0].data, like, data)


def _is_none(leaf):
    return leaf is None


def ranks(like, replicas, seed=1, too_wide=1.0, mistaken=None, progress=False):
    """Ranks [replica, coefficient] in 0 ... `KEPT` of the true values among draws of their posteriors.

    mistaken: what is made of the likelihood before the sampling.
    """
    generator, drawn = np.random.default_rng(seed), like.pseudo_data()
    truths = generator.normal(scale=WIDTH, size=(replicas, len(NAMES)))
    keys = jax.random.split(jax.random.key(seed), (2, replicas))
    points = dict(zip(NAMES, jnp.asarray(truths.T), strict=True))
    data = jax.jit(jax.vmap(drawn.draw))(points, keys[0])
    space = parse({name: dist.Normal(0.0, WIDTH * too_wide) for name in NAMES})
    starts = jnp.asarray(generator.normal(scale=0.5, size=(replicas, 1, len(NAMES))))

    @jax.jit
    def run(data, starts, keys):
        def one(part, start, key):
            replica = drawn.given(part) if mistaken is None else mistaken(drawn.given(part))
            z = draw_chains(LogDensity(replica, space), start, key, DRAWS, SETTINGS)["z"]
            return jax.vmap(lambda z: jnp.stack([space.params_unbounded(z)[name] for name in NAMES]))(z[0])

        return jax.vmap(one)(data, starts, keys)

    found = []
    for first in range(0, replicas, BATCH):
        rows = np.minimum(np.arange(first, first + min(BATCH, replicas)), replicas - 1)
        part = jax.tree.map(lambda x, rows=rows: x[rows], (data, starts, keys[1]))
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


def beyond_band(found, seed=1, samples=4000):
    """Largest distance of the empirical distributions of the ranks from the diagonal, over that which 95 % of perfectly
    uniform ranks keep to, all coefficients together: one or less is inside."""
    replicas, n = found.shape
    edges = np.arange(1, KEPT + 1)
    error = np.sqrt(edges / (KEPT + 1) * (1 - edges / (KEPT + 1)) / replicas)

    def distance(ranks):
        share = np.cumsum(np.bincount(ranks, minlength=KEPT + 1))[:-1] / replicas
        return np.max(np.abs(share - edges / (KEPT + 1)) / error)

    generator = np.random.default_rng(seed)
    uniform = [max(map(distance, generator.integers(KEPT + 1, size=(n, replicas)))) for _ in range(samples)]
    return max(map(distance, found.T)) / np.quantile(uniform, 0.95)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started, lfu = time.perf_counter(), likelihood()
    runs = {
        "right": (lfu, {}),
        "prior 1.2 times too wide": (lfu, {"too_wide": 1.2}),
        "correlations left out": (correlated(lfu), {"mistaken": uncorrelated}),
        "one pull with the wrong sign": (lfu, {"mistaken": mirrored}),
    }
    good = True
    for label, (like, mistake) in runs.items():
        found = ranks(like, arguments.replicas, arguments.seed, **mistake, progress=sys.stderr.isatty())
        p, band = p_value(found), beyond_band(found)
        good &= (p > 0.01 and band <= 1.0) if label == "right" else p < 0.01
        print(f"{arguments.replicas} replicas of lfu, {label}: p = {p:.3g}, {band:.2f} of the band", flush=True)
    print(f"{time.perf_counter() - started:.0f} s;", "as required" if good else "NOT as required")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
