"""Which single coefficient, and which pair, do the lepton-universality data prefer: in 2017 and today."""

import sys

import bsfit

trusted = True
for data in ("seed-2017", "lfu"):
    inputs = "seed" if data == "seed-2017" else "default"
    table = bsfit.fit_scenarios(data, ["C9mu", "C10mu", "C9mu=-C10mu", "C9e"], inputs)
    print(table, "\n")
    trusted &= table.converged

like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3), "C10mu": (-3, 3)})
best = bsfit.fit(like)
print(best)
sys.exit(not (trusted and best.converged))
