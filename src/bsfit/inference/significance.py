"""From chi-squares to p-values and pulls: two-sided Gaussian sigmas, safe far out in the tail."""

import math

import numpy as np
from scipy.special import chdtrc, gammaln, ndtri, ndtri_exp

ROUNDING = 1e-6
"""Differences of chi-squares below this are none."""


def p_value(chi2: float, ndf: int) -> float:
    """Probability of a larger chi-square with `ndf` degrees of freedom."""
    return float(chdtrc(ndf, max(chi2, 0.0)))


def pull(delta_chi2: float, dof: int) -> float:
    """Sigmas of an improvement by `delta_chi2` through `dof` parameters (Wilks); sqrt(delta_chi2) for one.

    The p-value of the chi-square is turned into a two-sided Gaussian significance.
    """
    if delta_chi2 <= 0.0 or dof < 1:
        return 0.0
    if dof == 1:
        return math.sqrt(delta_chi2)
    p = p_value(delta_chi2, dof)
    return float(-ndtri(0.5 * p)) if p > 1e-290 else float(-ndtri_exp(_log_tail(delta_chi2, dof) - math.log(2.0)))


def pull_if_better(delta_chi2: float, dof: int) -> float | None:
    """The pull, None where the reference fits better than what should improve on it, beyond rounding."""
    return None if delta_chi2 < -ROUNDING else pull(delta_chi2, dof)


def _log_tail(chi2: float, dof: int) -> float:
    """Logarithm of the chi-square tail for large chi2: Gamma(a, x) ~ x^(a-1) e^-x sum of (a-1)...(a-k)/x^k."""
    a, x = 0.5 * dof, 0.5 * chi2
    terms = np.cumprod([1.0] + [(a - k) / x for k in range(1, 12)])
    return float((a - 1.0) * math.log(x) - x - gammaln(a) + math.log(np.sum(terms)))
