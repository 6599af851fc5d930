"""Profiles against the closed form of a Gaussian, disjoint intervals, bad requests."""

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.inference.profile import profile

COVARIANCE = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, -0.3], [0.2, -0.3, 0.5]])
CENTRE = np.array([0.3, -1.0, 0.5])
BOX = {"a": (-10, 10), "b": (-10, 10), "c": (-10, 10)}


def gaussian(params):
    r = jnp.stack([params[name] for name in "abc"]) - CENTRE
    return -0.5 * r @ jnp.asarray(np.linalg.inv(COVARIANCE)) @ r


def test_one_parameter_of_a_gaussian():
    result = profile(gaussian, "b", free=BOX, points=21)
    b = result.axes[0]
    np.testing.assert_allclose(result.delta_chi2, (b + 1.0) ** 2 / 2.0, atol=1e-11)
    for name, i in (("a", 0), ("c", 2)):
        line = CENTRE[i] + COVARIANCE[i, 1] / COVARIANCE[1, 1] * (b + 1.0)
        np.testing.assert_allclose(result.others[name], line, atol=1e-9)
    (ends,) = result.intervals_1
    np.testing.assert_allclose(ends, [-1 - np.sqrt(2), -1 + np.sqrt(2)], atol=1e-7)
    assert (b[0], b[-1]) == pytest.approx((-1 - 3.5 * np.sqrt(2), -1 + 3.5 * np.sqrt(2)), abs=1e-6)
    assert "1 sigma: [-2.4, 0.4]" in str(result)


def test_two_parameters_of_a_gaussian():
    result = profile(gaussian, ("c", "a"), free=BOX, points=9)
    r = np.stack(np.meshgrid(*result.axes, indexing="ij"), axis=-1) - CENTRE[[2, 0]]
    expected = np.einsum("...i,ij,...j", r, np.linalg.inv(COVARIANCE[np.ix_([2, 0], [2, 0])]), r)
    np.testing.assert_allclose(result.delta_chi2, expected, atol=1e-10)
    assert result.others["b"].shape == (9, 9)
    assert result.names == ("c", "a")


@pytest.mark.slow
def test_contours_of_a_pair_are_those_of_the_narrow_gaussian():
    rho = 0.9875
    result = profile(
        lambda p: -0.5 * (p["x"] ** 2 + p["y"] ** 2 - 2 * rho * p["x"] * p["y"]) / (1 - rho**2),
        ("x", "y"),
        free={"x": (-9, 9), "y": (-9, 9)},
    )
    assert result.delta_chi2.shape == (41, 41)
    assert result.messages == ()
    assert "68.3 % (Delta chi2 = 2.30): x in [-1.51, 1.51], y in [-1.51, 1.51]" in str(result)
    assert "95.4 % (Delta chi2 = 6.18): x in [-2.49, 2.49]" in str(result)


def curved(p):
    return -0.5 * ((p["x"] - 0.3) ** 2 + ((p["y"] + 1 - p["x"] ** 2) / 0.1) ** 2)


@pytest.mark.slow
def test_a_curved_valley_gets_as_many_points_as_it_needs():
    free = {"x": (-4, 4), "y": (-1.5, 9)}
    result = profile(curved, ("x", "y"), free=free, span=((-2.5, 3), (-1.5, 8)))
    assert result.delta_chi2.shape == (81, 81)
    assert result.meta["settings"]["points"] == 81
    x = result.axes[0]
    np.testing.assert_allclose(result.delta_chi2.min(axis=1), 0.0 * x + (x - 0.3) ** 2, atol=2.0)
    chosen = profile(curved, ("x", "y"), free=free, span=((-2.5, 3), (-1.5, 8)), points=21)
    assert chosen.delta_chi2.shape == (21, 21)
    assert any("area or extent of the contours known" in message for message in chosen.messages)


def test_contours_that_leave_the_grid_are_said_to():
    result = profile(
        lambda p: -0.5 * p["x"] ** 2 - 0.5 * p["y"] ** 2,
        ("x", "y"),
        free={"x": (-9, 1), "y": (-9, 9)},
        span=((-2, 1), (-2, 3)),
    )
    assert "68.3 % (Delta chi2 = 2.30): x in [-1.52, bound 1.00), y in [-1.52, 1.52]" in str(result)
    assert "95.4 % (Delta chi2 = 6.18): x in (grid -2.00, bound 1.00), y in (grid -2.00, 2.49]" in str(result)


@pytest.mark.slow
def test_disjoint_intervals_are_all_listed():
    def like(p):
        return -0.5 * ((p["x"] ** 2 - 1) / 0.1) ** 2 - 0.05 * p["x"] - 0.5 * p["y"] ** 2

    result = profile(like, "x", free={"x": (-3, 3), "y": (-3, 3)}, span=(-2, 2))
    low, high = result.intervals_1
    assert low[0] < -1 < low[1] < high[0] < 1 < high[1]
    x = np.array([*low, *high])
    # The rise above the deeper minimum, at x = -1.00125, is one at every end.
    best = -2 * like({"x": result.best["x"], "y": 0.0})
    np.testing.assert_allclose(-2 * like({"x": x, "y": 0.0}) - best, 1.0, atol=1e-6)


@pytest.mark.slow
def test_profile_leaves_a_local_minimum_for_a_deeper_one():
    """For each x there are two minima in y; the deeper one changes with the sign of x."""

    def like(p):
        return -0.5 * (20 * (p["y"] ** 2 - 1) ** 2 + 2 * p["x"] * p["y"] + p["x"] ** 2)

    result = profile(like, "x", free={"x": (-2, 2), "y": (-2, 2)}, span=(-2, 2), points=21)
    y = np.linspace(-2, 2, 20_001)[:, None]
    x = result.axes[0][None]
    exact = np.min(20 * (y**2 - 1) ** 2 + 2 * x * y + x**2, axis=0)
    np.testing.assert_allclose(result.delta_chi2, exact - exact.min(), atol=2e-3)


def test_interval_that_passes_the_grid_is_followed_beyond_it():
    result = profile(gaussian, "a", free=BOX, points=5, span=(0.0, 0.6))
    np.testing.assert_allclose(result.intervals_1[0], [-0.7, 1.3], atol=1e-7)


@pytest.mark.slow
def test_undetermined_parameter_is_open_and_said():
    result = profile(
        lambda p: -0.5 * ((p["x"] * p["y"] - 1) / 0.1) ** 2, "x", free={"x": (0.1, 3), "log:y": (0.1, 3)}, points=15
    )
    assert result.intervals_1[0][1] == np.inf
    assert "enter only through x*y" in str(result)


def test_a_grid_that_no_memory_holds_is_refused_at_once():
    for name, points in (("a", 10**10), (("a", "b"), 10**5)):
        with pytest.raises(BsfitInputError, match=r"points: .* points; expected at most 20000000"):
            profile(lambda p: pytest.fail("computed"), name, free=BOX, points=points)


@pytest.mark.parametrize(("name", "options"), [("aa", {}), ("a", {"span": (3, 2)}), (("a", "b"), {"span": (0, 1)})])
def test_bad_requests(name, options):
    with pytest.raises((BsfitInputError, TypeError)):
        profile(gaussian, name, free=BOX, **options)
