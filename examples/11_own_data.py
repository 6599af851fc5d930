"""Numbers and observables of one's own beside those of bsfit: a `Measurement`, a dictionary, a function."""

import sys

import bsfit


def c10_over_c9(theory, inputs):
    """Ratio of new physics, as if something had measured it."""
    return theory.wilson["C10_bsmumu"].real / theory.wilson["C9_bsmumu"].real


future = bsfit.Measurement(["R_K[1.1,6]", "R_K*[1.1,6]"], [0.97, 0.95], [0.01, (0.02, 0.01)], name="projection")
data = ["lfu", future, {"BR(Bs->mumu)": (3.4e-9, 0.1e-9), c10_over_c9: (-0.5, 0.2)}]
like = bsfit.log_likelihood(data=data, free={"C9mu": (-2, -0.01), "C10mu": (-1, 1)})
best = bsfit.fit(like)
print(best)
sys.exit(not best.converged)
