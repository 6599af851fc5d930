"""A sampler of somebody else: emcee takes the log-posterior as it is."""

import sys

import numpy as np

import bsfit

like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-2, 2), "C10mu": (-2, 2)})
posterior, cube = bsfit.log_posterior(like), bsfit.prior_transform(like)
random = np.random.default_rng(1)
start = cube(random.uniform(size=(32, 2)))
try:
    import emcee
except ImportError:
    print(f"emcee is not installed; log-posteriors at the start: {posterior(start).round(1)}")
    sys.exit(0)
sampler = emcee.EnsembleSampler(32, 2, posterior, vectorize=True)
sampler.run_mcmc(start, 5000)
draws = sampler.get_chain(discard=1000, flat=True)
for name, mean, sigma in zip(posterior.names, draws.mean(axis=0), draws.std(axis=0), strict=True):
    print(f"{name}: {mean:.2f} +- {sigma:.2f}")
longest = sampler.get_autocorr_time(discard=1000, quiet=True).max()
print(f"autocorrelation time {longest:.0f} of 4000 steps")
sys.exit(bool(4000 < 50 * longest))
