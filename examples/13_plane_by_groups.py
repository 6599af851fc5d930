"""The C9-C10 plane by groups of data; groups that do not depend on the axes are named, not drawn.

All data of today compile for minutes; `python 13_plane_by_groups.py lfu mixing` takes data sets of one's choice.
"""

import sys

import bsfit
from bsfit.plot.results import plot_plane

DATA = sys.argv[1:] or ["latest"]
AXES = {"C9mu": (-2.5, 2.5, 61), "C10mu": (-2.5, 2.5, 61)}

like = bsfit.log_likelihood(data=DATA, free={name: (low, high) for name, (low, high, _) in AXES.items()})
scan = bsfit.scan(like, AXES)
print(scan)
for path in plot_plane(scan, "c9-c10-by-groups.png"):
    print("wrote", path)
sys.exit(not scan.converged)
