"""Two-parameter fits on planes of a Gaussian likelihood, where everything is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.inference.planes import fit_planes

GENERATOR = np.random.default_rng(8)
JACOBIAN, DATA = GENERATOR.normal(size=(9, 4)), GENERATOR.normal(size=9)
PAIRS = [("a", "b"), ("a", "c=-d")]
DIRECTIONS = np.array([[[1.0, 0, 0, 0], [0, 1, 0, 0]], [[1, 0, 0, 0], [0, 0, 1, -1]]])
BOUNDS = np.array([[(-5.0, 5.0), (-4.0, 6.0)], [(-5.0, 5.0), (-5.0, 5.0)]])


def chi2(vector):
    return jnp.sum((JACOBIAN @ vector - DATA) ** 2)


@pytest.fixture(scope="module")
def rows():
    return fit_planes(
        lambda v: -0.5 * chi2(v),
        DIRECTIONS,
        BOUNDS,
        names=PAIRS,
        chi2=chi2,
        reference_chi2=float(DATA @ DATA),
        n_data=9,
    )


@pytest.mark.slow
@pytest.mark.parametrize("s", [0, 1])
def test_each_plane_is_its_own_linear_fit(rows, s):
    jacobian = JACOBIAN @ DIRECTIONS[s].T
    best, residual, *_ = np.linalg.lstsq(jacobian, DATA)
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    assert rows[s]["names"] == PAIRS[s]
    assert rows[s]["best"] == pytest.approx(best, abs=1e-8)
    assert rows[s]["chi2"] == pytest.approx(residual[0], rel=1e-10)
    assert rows[s]["errors"] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-8)
    assert rows[s]["correlation"] == pytest.approx(covariance[0, 1] / np.sqrt(np.prod(np.diag(covariance))), rel=1e-8)
    assert rows[s]["status"] == "converged"
    assert rows[s]["gradient_norm"] < 1e-6


def test_the_pull_counts_two_parameters(rows):
    from scipy.stats import chi2 as distribution
    from scipy.stats import norm

    p = distribution.sf(rows[0]["delta_chi2"], 2)
    assert rows[0]["pull"] == pytest.approx(norm.isf(p / 2), rel=1e-8)
    assert rows[0]["ndf"] == 7


@pytest.mark.slow
def test_a_minimum_outside_is_said_to_be():
    bounds = BOUNDS[:1] + 50.0
    row = fit_planes(
        lambda v: -0.5 * chi2(v), DIRECTIONS[:1], bounds, names=PAIRS[:1], chi2=chi2, reference_chi2=0.0, n_data=9
    )[0]
    assert row["status"] == "at bound"
    assert row["pull"] is None
    assert row["delta_chi2"] < -100.0
