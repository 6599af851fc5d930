"""Closure of the global fit: pseudo-data at a known point, all nuisances floating, fitted as real data are.

    python benchmarks/closure.py --toys 500

Each toy draws all nuisances from their distributions, which is what fluctuated auxiliary measurements are seen from the
fit, predicts from the amplitudes with them, nothing linearised, and adds experimental errors (symmetrised, with their
correlations). The fit in C9mu and C10mu is Newton's method with propagated errors, many toys in one compiled call. The
pulls of both coefficients must have width one and mean zero, and their squares the chi2 distribution of two degrees of
freedom.
"""

import argparse
import dataclasses
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

import bsfit
from bsfit import theory_errors
from bsfit.analysis import LogLikelihood
from bsfit.inference.minimise import minimise
from bsfit.inference.space import parse
from bsfit.inputs import Inputs, input_set

TRUTH = {"C9mu": -1.0, "C10mu": 0.3}
FREE = {"C9mu": (-4.0, 2.0), "C10mu": (-3.0, 3.0)}
LANES = 10


class _Objective(eqx.Module):
    """-2 log-likelihood at a position of the unit square, for the central values of one toy."""

    like: LogLikelihood
    space: object

    def __call__(self, position, central):
        like = eqx.tree_at(lambda like: like.gaussian.central, self.like, central)
        return -2.0 * like(self.space.params(position))


def likelihood(data="global-2017"):
    """The data's likelihood with propagated errors, experimental errors symmetrised."""
    like = bsfit.log_likelihood("eft", data, FREE, theory="propagated")
    mean = 0.5 * (like.gaussian.sigma_plus + like.gaussian.sigma_minus)
    like = eqx.tree_at(lambda like: (like.gaussian.sigma_plus, like.gaussian.sigma_minus), like, (mean, mean))
    return eqx.tree_at(lambda like: like.curves, like, ())


def pseudo_data(like, toys, seed):
    """Central values [toys, n] at `TRUTH`."""
    generator = np.random.default_rng(seed)
    inputs, the_set = like.prediction.inputs, input_set("default")
    n = like.gaussian.central.shape[0]
    uncertain = theory_errors.nuisances(like.observables[:n], the_set, inputs)
    moved = inputs.values + generator.normal(size=(toys, len(uncertain.names))) @ uncertain.directions(inputs)
    direct = dataclasses.replace(like.prediction, responses={})

    def predicted(values):
        return direct(TRUTH, Inputs(values, inputs.names, inputs.set_name))[:n]

    values = np.asarray(jax.jit(lambda moved: jax.lax.map(predicted, moved))(jnp.asarray(moved)))
    correlation = np.eye(n) if like.gaussian.precision is None else np.linalg.inv(np.asarray(like.gaussian.precision))
    noise = generator.normal(size=(toys, n)) @ np.linalg.cholesky(correlation).T
    return values + noise * np.asarray(like.gaussian.sigma_plus)


def pulls(like, toys, seed=1):
    """Whitened pulls [toys, 2] of the two coefficients, and whether each fit converged [toys]."""
    space = parse(FREE)
    central = pseudo_data(like, toys, seed)
    start = np.tile(np.asarray(space.position(TRUTH)), (toys, 1))
    found = minimise(_Objective(like, space), start, data=jnp.asarray(central), lanes=LANES)
    shift = found.position - start
    factor = np.linalg.cholesky(0.5 * found.hessian)
    single = shift / np.sqrt(np.diagonal(np.linalg.inv(0.5 * found.hessian), axis1=1, axis2=2))
    return single, np.einsum("tij,ti->tj", factor, shift), found.converged


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toys", type=int, default=500)
    parser.add_argument("--data", default="global-2017")
    options = parser.parse_args()
    started = time.perf_counter()
    single, whitened, converged = pulls(likelihood(options.data), options.toys)
    print(f"{options.toys} toys of {options.data}, {converged.sum()} converged, {time.perf_counter() - started:.0f} s")
    for name, column in zip(TRUTH, single[converged].T, strict=True):
        print(f"{name}: mean {column.mean():+.3f}, width {column.std():.3f}")
    above = scipy.stats.chi2.sf(np.sum(whitened[converged] ** 2), 2 * converged.sum())
    print(f"chi2 of all pulls: p = {2 * min(above, 1 - above):.3g}, two-sided")
