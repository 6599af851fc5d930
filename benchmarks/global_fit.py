"""Global fits of many coefficients at once: ``python benchmarks/global_fit.py [--data SET] [--only WHAT]``.

How well the Standard Model describes the data; six coefficients (dipoles and muonic currents) with profile and
posterior side by side, theory errors those of the Standard Model; twenty (electrons and scalars too), with all
nuisances floating.
"""

import argparse
import time

import numpy as np
import scipy.stats

import bsfit

SCALARS = ("CS", "CSp", "CP", "CPp")
SIX = {"C7": (-0.5, 0.5), "C7p": (-0.5, 0.5)} | {f"{c}mu": (-3.0, 3.0) for c in ("C9", "C9p", "C10", "C10p")}
TWENTY = (
    SIX
    | {"C8": (-1.5, 1.5), "C8p": (-1.5, 1.5)}
    | {f"{c}e": (-5.0, 5.0) for c in ("C9", "C9p", "C10", "C10p")}
    | {f"{c}_bs{2 * lepton}": (-x, x) for lepton, x in (("mu", 0.1), ("e", 0.01)) for c in SCALARS}
)


def standard_model(data):
    """Probability of a chi2 as large as the Standard Model's."""
    like = bsfit.log_likelihood("eft", data, {"C9mu": (-3.0, 3.0)})
    p = scipy.stats.chi2.sf(like.reference_chi2, like.n_data)
    print(f"Standard Model: chi2 {like.reference_chi2:.1f} for {like.n_data} values, p = {p:.3g}")


def six(data):
    """Best fit, one-sigma intervals of the profile and central 68.3 % of the posterior, flat in the coefficients."""
    like = bsfit.log_likelihood("eft", data, SIX)
    fit = bsfit.fit(like, starts=8)
    print(fit)
    posterior = bsfit.sample(like, seed=1)
    print(posterior)
    for name in SIX:
        low, high = fit.intervals_1[name]
        left, right = np.quantile(posterior.draws(name), [0.1587, 0.8413])
        print(f"{name:8s} profile [{low:+.3f}, {high:+.3f}]  posterior [{left:+.3f}, {right:+.3f}]")


def twenty(data):
    """Twenty real coefficients and all nuisances at once."""
    print(bsfit.fit(bsfit.log_likelihood("eft", data, TWENTY, theory="sampled")))


if __name__ == "__main__":
    parts = {"sm": standard_model, "six": six, "twenty": twenty}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="latest")
    parser.add_argument("--only", choices=parts)
    options = parser.parse_args()
    for name, part in parts.items():
        if options.only in (None, name):
            started = time.perf_counter()
            part(options.data)
            print(f"{name}: {time.perf_counter() - started:.0f} s\n")
