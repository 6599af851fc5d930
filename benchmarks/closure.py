"""Closure of the global fit: pseudo-data at a known point, all nuisances floating, fitted as real data are.

    python benchmarks/closure.py --toys 500

Each toy predicts at the known point, adds experimental errors (symmetrised, with their
correlations), and draws anew the auxiliary measurements that constrain the nuisances. It is fitted by scoring, all
nuisances floating. The pulls of the coefficients of interest must have width one, and their squares, decorrelated, the
chi2 distribution. So must the likelihood ratio of the truth to the maximum, with as many degrees of freedom as there
are parameters: the sum over all pulls, nuisances included, that does not depend on how they are parametrised. The means
of the pulls must be what the curvature of the predictions makes them: maximum likelihood is biased to second order.
"""

import argparse
import dataclasses
import sys
import time
from typing import NamedTuple

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
    measured, constraints = like.terms[0], like.terms[-1]
    mean = 0.5 * (measured.data.sigma_plus + measured.data.sigma_minus)
    measured = eqx.tree_at(lambda term: (term.data.sigma_plus, term.data.sigma_minus), measured, (mean, mean))
    return dataclasses.replace(like, terms=(measured, constraints))


class Toy(NamedTuple):
    """One fit: pulls [2] of the coefficients of interest, the same decorrelated, twice the log of the likelihood ratio
    of the maximum to the truth, and whether the fit converged."""

    pulls: np.ndarray
    decorrelated: np.ndarray
    ratio: float
    converged: bool


class Toys:
    """Pseudo-experiments of a likelihood at `TRUTH`, drawn one after the other."""

    def __init__(self, like, seed):
        self.like, self.generator = like, np.random.default_rng(seed)
        self.space = parse(like.free)
        self.truth = {**like.about.means, **TRUTH}
        self.of_interest = [self.space.names.index(name) for name in TRUTH]
        data, constraints = like.terms[0].data, like.terms[1]
        n = data.central.shape[0]
        self.predicted = like.about.jacobian(self.truth)[0][:n]
        precision = data.precision
        correlation = np.eye(n) if precision is None else np.linalg.inv(np.asarray(precision))
        self.noise = np.asarray(data.sigma_plus)[:, None] * np.linalg.cholesky(correlation)
        self.constraints = [(mean, p, np.linalg.cholesky(np.linalg.inv(p))) for mean, p in constraints.blocks]

    def fit(self):
        """Draw one experiment, its central values and auxiliary measurements, and fit it."""
        noise = self.generator.normal(size=len(self.noise))
        shifts = [self.generator.normal(size=len(factor)) for *_, factor in self.constraints]
        auxiliary = tuple(
            (mean + jnp.asarray(factor @ shift), precision)
            for (mean, precision, factor), shift in zip(self.constraints, shifts, strict=True)
        )
        drawn = jnp.asarray(self.predicted + self.noise @ noise), auxiliary
        like = eqx.tree_at(lambda like: (like.terms[0].data.central, like.terms[1].blocks), self.like, drawn)
        start = np.asarray(self.space.position(self.truth))
        peak = climb(like.quadratic, self.space, start, near=NEAR)
        shift = (peak.position - start)[self.of_interest]
        covariance = np.linalg.inv(0.5 * peak.hessian)[np.ix_(self.of_interest, self.of_interest)]
        decorrelated = np.linalg.solve(np.linalg.cholesky(covariance), shift)
        at_truth = sum(float(x @ x) for x in (noise, *shifts)) + 2.0 * float(like.terms[0].data.log_norm)
        pulls = shift / np.sqrt(np.diag(covariance))
        return Toy(pulls, decorrelated, at_truth - peak.value, peak.distance < NEAR)

    def expected_means(self):
        r"""Mean pulls [2] to second order in the errors: those of an estimate whose predictions f are curved.

        :math:`-\frac12I^{-1}J^TW\sum_k\partial_k^2f` over directions k of one sigma each, orthogonal in the information
        I (Box, J. R. Stat. Soc. B 33 (1971) 171, eq. 2.24). Second differences over half a sigma on either side.
        """
        _, _, information, _ = self.like.quadratic(self.truth)
        covariance = np.linalg.inv(information)
        names, n, half = self.space.names, len(self.noise), 0.5
        centre = np.array([self.truth[name] for name in names])

        def predicted(point):
            return self.like.about.jacobian(dict(zip(names, point, strict=True)))

        _, jacobian = predicted(centre)
        curved = np.zeros(n)
        for step in half * np.linalg.cholesky(covariance).T:
            above, below = (predicted(centre + side * step)[0][:n] for side in (1.0, -1.0))
            curved += (above - 2.0 * self.predicted + below) / half**2
        weight = np.linalg.inv(self.noise @ self.noise.T)
        bias = -0.5 * covariance @ jacobian[:n].T @ weight @ curved
        return (bias / np.sqrt(np.diag(covariance)))[self.of_interest]


def run(like, toys, seed=1):
    """All toys as one `Toy` of arrays [toys, ...], and the number of parameters of each fit."""
    experiments, results, started = Toys(like, seed), [], time.perf_counter()
    for i in range(toys):
        results.append(experiments.fit())
        if (i + 1) % 10 == 0 and sys.stderr.isatty():
            print(f"{i + 1} of {toys} toys, {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return Toy(*map(np.array, zip(*results, strict=True))), experiments.space.size


def p_value(chi2, dof):
    """Two-sided probability of a chi2."""
    above = scipy.stats.chi2.sf(chi2, dof)
    return 2 * min(above, 1 - above)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toys", type=int, default=500)
    parser.add_argument("--data", default="global-2017")
    options = parser.parse_args()
    started = time.perf_counter()
    like = likelihood(options.data)
    expected = Toys(like, 1).expected_means()
    found, parameters = run(like, options.toys)
    seconds = time.perf_counter() - started
    good = Toy(*(x[found.converged] for x in found))
    toys = len(good.ratio)
    print(f"{options.toys} toys of {options.data}, {parameters} parameters, {toys} converged, {seconds:.0f} s")
    for name, pulls, mean in zip(TRUTH, good.pulls.T, expected, strict=True):
        error = pulls.std() / toys**0.5
        print(f"{name}: width {pulls.std():.3f}, mean {pulls.mean():+.3f} +- {error:.3f}, by curvature {mean:+.3f}")
    squares = np.sum(good.decorrelated**2)
    print(f"squares of their pulls, decorrelated: {squares:.1f} for {2 * toys}, p = {p_value(squares, 2 * toys):.3g}")
    total, dof = good.ratio.sum(), toys * parameters
    print(f"likelihood ratio, all {parameters} directions: {total:.0f} for {dof}, p = {p_value(total, dof):.3g}")
