"""Closure of the global fit: pseudo-data at a known point, all nuisances floating, fitted as real data are.

    python benchmarks/closure.py --toys 500

Each toy predicts from the amplitudes at the known point, adds experimental errors (symmetrised, with their
correlations), and draws anew the auxiliary measurements that constrain the nuisances. It is fitted by scoring, all
nuisances floating. The pulls of the coefficients of interest must have width one, and their squares, decorrelated, the
chi2 distribution. Their means are shown: where predictions are curved, an estimate is biased by a fraction of its
error.
"""

import argparse
import sys
import time

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy.stats

import bsfit
from bsfit.inference.scoring import climb
from bsfit.inference.space import parse

TRUTH = {"C9mu": -1.0, "C10mu": 0.3}
FREE = {"C9mu": (-4.0, 2.0), "C10mu": (-3.0, 3.0)}
NEAR = 1e-3
"""Distance from the maximum, in sigma, at which a fit ends."""


def likelihood(data="global-2017"):
    """The data's likelihood with sampled nuisances, experimental errors symmetrised."""
    like = bsfit.log_likelihood("eft", data, FREE, theory="sampled")
    mean = 0.5 * (like.gaussian.sigma_plus + like.gaussian.sigma_minus)
    like = eqx.tree_at(lambda like: (like.gaussian.sigma_plus, like.gaussian.sigma_minus), like, (mean, mean))
    return eqx.tree_at(lambda like: like.curves, like, ())


class Toys:
    """Pseudo-experiments of a likelihood at `TRUTH`, drawn one after the other."""

    def __init__(self, like, seed):
        self.like, self.generator = like, np.random.default_rng(seed)
        self.space = parse(like.free)
        self.truth = {**like.facts.nuisance_means, **TRUTH}
        n = like.gaussian.central.shape[0]
        self.predicted = like.facts.linearise(self.truth)[0][:n]
        precision = like.gaussian.precision
        correlation = np.eye(n) if precision is None else np.linalg.inv(np.asarray(precision))
        self.noise = np.asarray(like.gaussian.sigma_plus)[:, None] * np.linalg.cholesky(correlation)
        self.constraints = [(mean, p, np.linalg.cholesky(np.linalg.inv(p))) for mean, p in like.nuisance_priors]

    def draw(self):
        """The likelihood with central values and auxiliary measurements of one experiment."""
        central = self.predicted + self.noise @ self.generator.normal(size=len(self.noise))
        auxiliary = tuple(
            (mean + jnp.asarray(factor @ self.generator.normal(size=len(factor))), precision)
            for mean, precision, factor in self.constraints
        )
        where = lambda like: (like.gaussian.central, like.nuisance_priors)  # noqa: E731
        return eqx.tree_at(where, self.like, (jnp.asarray(central), auxiliary))

    def fit(self):
        """Pulls [2] of the coefficients of interest, the same decorrelated, and whether the fit converged."""
        start = np.asarray(self.space.position(self.truth))
        peak = climb(self.draw().expand, self.space, start, near=NEAR)
        of_interest = [self.space.names.index(name) for name in TRUTH]
        shift = (peak.position - start)[of_interest]
        covariance = np.linalg.inv(0.5 * peak.hessian)[np.ix_(of_interest, of_interest)]
        decorrelated = np.linalg.solve(np.linalg.cholesky(covariance), shift)
        return shift / np.sqrt(np.diag(covariance)), decorrelated, peak.distance < NEAR


def run(like, toys, seed=1):
    """Pulls [toys, 2], the same decorrelated, convergence [toys], and the number of parameters of each fit."""
    experiments, results, started = Toys(like, seed), [], time.perf_counter()
    for i in range(toys):
        results.append(experiments.fit())
        if (i + 1) % 10 == 0 and sys.stderr.isatty():
            print(f"{i + 1} of {toys} toys, {time.perf_counter() - started:.0f} s", file=sys.stderr)
    pulls, decorrelated, converged = (np.array(x) for x in zip(*results, strict=True))
    return pulls, decorrelated, converged, experiments.space.size


def p_value(decorrelated):
    """Two-sided probability of the sum of all squares."""
    above = scipy.stats.chi2.sf(np.sum(decorrelated**2), decorrelated.size)
    return 2 * min(above, 1 - above)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toys", type=int, default=500)
    parser.add_argument("--data", default="global-2017")
    options = parser.parse_args()
    started = time.perf_counter()
    pulls, decorrelated, converged, parameters = run(likelihood(options.data), options.toys)
    seconds = time.perf_counter() - started
    print(
        f"{options.toys} toys of {options.data}, {parameters} parameters, {converged.sum()} converged, {seconds:.0f} s"
    )
    for name, column in zip(TRUTH, pulls[converged].T, strict=True):
        print(f"{name}: mean {column.mean():+.3f}, width {column.std():.3f}")
    print(f"chi2 of all pulls: p = {p_value(decorrelated[converged]):.3g}, two-sided")
