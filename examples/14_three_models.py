"""Three models of the catalogue on the same data: R_K, R_K*, Delta M_s, the relic density and LZ.

Each is fitted in its own free parameters (`bsfit show MODEL`) and the coupling of its dark matter; the others stay at
the model's defaults. Fits are compared group by group, and by what they need: -2 log L + 2 k for k parameters.
"""

import sys

import bsfit
from bsfit import catalogue

MODELS = sys.argv[1:] or ["lmutau", "fermiophobic", "simplified"]
DATA = ["lfu-mixing", "relic", "lz-2024"]

fits = {}
for name in MODELS:
    row = catalogue.model(name)
    coupling, bounds = row.relic
    free = {**row.free, f"log:{coupling}": bounds}
    fixed = {key: value for key, value in row.benchmark.items() if key not in {*row.free, coupling}}
    fits[name] = bsfit.fit(bsfit.log_likelihood(name, DATA, free, fixed), starts=6)
    print(fits[name], "\n")

groups = list(fits[MODELS[0]].by_group)
print(f"{'-2 log L':14} {'k':>2} " + "".join(f"{group:>10}" for group in groups) + f" {'all':>9} {'+ 2 k':>9}")
for name, fit in fits.items():
    parts = [-2.0 * fit.by_group[group] for group in groups]
    k = len(fit.names)
    print(
        f"{name:14} {k:2} "
        + "".join(f"{part:10.2f}" for part in parts)
        + f" {sum(parts):9.2f} {sum(parts) + 2 * k:9.2f}"
    )
sys.exit(not all(fit.converged for fit in fits.values()))
