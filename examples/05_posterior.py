"""A posterior by NUTS over three coefficients, with its verdict, and a corner plot.

C9 and C10 lie in a narrow, curved valley, along which chains jump.
"""

import sys

import bsfit
from bsfit.plot.corner import plot_corner

like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3), "C10mu": (-3, 3), "C9pmu": (-3, 3)})
posterior = bsfit.sample(like, seed=1)
print(posterior)
for path in plot_corner(posterior, "posterior.png"):
    print("wrote", path)
sys.exit(not posterior.converged)
