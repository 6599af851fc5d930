"""Which single coefficient, and which pair, do the lepton-universality data prefer: in 2017 and today."""

import bsfit

for data in ("seed-2017", "lfu"):
    inputs = "seed" if data == "seed-2017" else "default"
    print(bsfit.fit_scenarios(data, ["C9mu", "C10mu", "C9mu=-C10mu", "C9e"], inputs), "\n")

like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3), "C10mu": (-3, 3)})
print(bsfit.fit(like))
