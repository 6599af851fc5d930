"""Chi-squares to p-values and sigmas, against scipy and mpmath."""

import mpmath
import pytest
from scipy import stats

from bsfit.inference.significance import p_value, pull


@pytest.mark.parametrize(("chi2", "ndf"), [(0.0, 3), (4.6, 7), (30.0, 2), (200.0, 100)])
def test_p_value_is_that_of_scipy(chi2, ndf):
    assert p_value(chi2, ndf) == pytest.approx(stats.chi2(ndf).sf(chi2), rel=1e-12)


def test_one_parameter_pull_is_the_square_root():
    assert pull(17.64, 1) == pytest.approx(4.2)
    assert pull(-1.0, 2) == 0.0
    assert pull(5.0, 0) == 0.0


@pytest.mark.parametrize(("delta", "dof"), [(2.30, 2), (6.18, 2), (40.0, 3), (900.0, 2), (2000.0, 2), (3000.0, 7)])
def test_pull_matches_the_exact_tail(delta, dof):
    """The two-sided Gaussian tail at the pull equals the chi-square tail, also beyond double precision."""
    mpmath.mp.dps = 30
    tail = mpmath.gammainc(mpmath.mpf(dof) / 2, mpmath.mpf(delta) / 2, regularized=True)
    sigma = pull(delta, dof)
    assert float(mpmath.log(mpmath.erfc(sigma / mpmath.sqrt(2)) / tail)) == pytest.approx(0.0, abs=1e-6)
