"""A model of one's own: any function of parameters, and of inputs if it wants them, that returns a `Theory`."""

import sys

import bsfit
from bsfit.matching.currents import from_charged_leptons


def z_prime(params, inputs):
    """Z' with a coupling to b -> s and one to left-handed muons."""
    k = -params["g_bs"] * params["g_mu"] / params["m_Zp"] ** 2
    coefficients = from_charged_leptons(lambda i, j: k if i == j == 1 else 0.0 * k, lambda i, j: 0.0 * k, inputs)
    return bsfit.Theory(bsfit.WilsonCoefficients.of(coefficients))


like = bsfit.log_likelihood(z_prime, "lfu", {"g_bs": (-0.01, 0.01)}, {"g_mu": 0.5, "m_Zp": 2000.0})
best = bsfit.fit(like)
print(best)
sys.exit(not best.converged)
