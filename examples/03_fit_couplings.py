"""The couplings of the two models of the review from R_K, R_K* and DeltaM_s; degenerate directions are named."""

import sys

import bsfit

masses = {"m_Q": 1100.0, "m_L": 1000.0, "m_X": 300.0}
free = {"lambda_Q_s": (-1.0, 0.0), "lambda_L_mu": (0.0, 3.5)}
like = bsfit.log_likelihood("loop", ["seed-2017", "mixing"], free, {**masses, "lambda_Q_b": 0.387}, inputs="seed")
couplings = bsfit.fit(like)
print(couplings, "\n")

# C9 depends on g_X and m_Zp through v_phi = m_Zp / (2 g_X) only: the fit finds that direction and names it.
fixed = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": -0.025, "lambda_Q_b": 0.25, "lambda_L_mu": 0.5}
portal = bsfit.log_likelihood(
    "portal", "seed-2017", {"g_X": (0.05, 1.0), "m_Zp": (500.0, 5000.0)}, fixed, inputs="seed"
)
ratio = bsfit.fit(portal)
print(ratio)
sys.exit(not (couplings.converged and ratio.converged))
