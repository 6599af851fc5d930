"""The C9-C10 plane: one set of contours per group of data, the Standard Model and the best fit marked."""

import sys

import bsfit
from bsfit.plot.results import plot_plane

like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-2.5, 2.5), "C10mu": (-2.5, 2.5)})
scan = bsfit.scan(like, {"C9mu": (-2.5, 2.5, 81), "C10mu": (-2.5, 2.5, 81)})
print(scan)
for path in plot_plane(scan, "c9-c10-plane.png"):
    print("wrote", path)
sys.exit(not scan.converged)
