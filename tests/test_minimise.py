"""The batched Newton kernel: reference functions, bounds, held parameters, determinism."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from bsfit.inference.minimise import minimise, scatter, side_by_side
from bsfit.inference.space import Objective, parse


def rosenbrock(t, data=None):
    x, y = 10 * t[0] - 5, 30 * t[1] - 5
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


@pytest.mark.slow
def test_hundred_starts_reach_the_minimum_of_rosenbrock():
    found = minimise(rosenbrock, scatter(100, 2, seed=3))
    assert np.sum(found.value < 1e-6) >= 99
    assert found.converged.all()
    np.testing.assert_allclose(found.position, np.tile([0.6, 0.2], (100, 1)), atol=1e-9)


@pytest.mark.slow
def test_correlated_quadratic_against_bounds_is_that_of_scipy():
    random = np.random.default_rng(0)
    root = random.normal(size=(6, 6))
    curvature, centre = jnp.asarray(root @ root.T + 0.01 * np.eye(6)), jnp.asarray(0.5 + 0.7 * random.normal(size=6))
    found = minimise(lambda t, data: (t - centre) @ curvature @ (t - centre), scatter(32, 6, seed=0))
    factor = np.linalg.cholesky(np.asarray(curvature)).T
    exact = scipy.optimize.lsq_linear(factor, factor @ np.asarray(centre), bounds=(0, 1), tol=1e-14, method="bvls")
    np.testing.assert_allclose(found.position, np.tile(exact.x, (32, 1)), atol=1e-8)
    assert found.converged.all()


def test_held_parameters_stay_and_the_others_follow():
    start = np.array([[0.3, 0.9], [0.7, 0.1]])
    found = minimise(rosenbrock, start, hold=np.array([[True, False], [True, False]]))
    np.testing.assert_array_equal(found.position[:, 0], start[:, 0])
    x = 10 * start[:, 0] - 5
    np.testing.assert_allclose(30 * found.position[:, 1] - 5, x * x, atol=1e-8)


@pytest.mark.slow
def test_padding_and_cutting_change_nothing():
    starts = scatter(7, 2, seed=1)
    whole = minimise(rosenbrock, starts, lanes=7)
    for lanes in (3, 16):
        parts = minimise(rosenbrock, starts, lanes=lanes)
        np.testing.assert_allclose(parts.position, whole.position, atol=1e-9)
        assert parts.value.shape == (7,)


def test_where_the_objective_is_not_finite_the_value_is_infinite():
    found = minimise(lambda t, data: jnp.log(t[0] - 0.5) ** 2, np.array([[0.1], [0.9]]))
    assert np.isinf(found.value[0])
    assert not found.converged[0]
    # log(t - 1/2) = 0 lies outside the box: the second start ends at its edge.
    assert found.position[1, 0] == 1.0


def test_quartic_minimum_is_found_though_its_curvature_vanishes():
    found = minimise(lambda t, data: (t[0] - 0.4) ** 4 * 1e4, scatter(8, 1, seed=0))
    assert found.value.max() < 1e-12


def test_data_belong_to_lanes():
    centres = np.array([0.2, 0.5, 0.8])
    found = minimise(lambda t, centre: (t[0] - centre) ** 2, np.full((3, 1), 0.4), data=centres)
    np.testing.assert_allclose(found.position[:, 0], centres, atol=1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_scatter_fills_the_box_evenly(dimension):
    points = scatter(512, dimension, seed=7)
    assert points.shape == (512, dimension)
    counts = [np.histogram(points[:, i], bins=8, range=(0, 1))[0] for i in range(dimension)]
    assert np.max(np.abs(np.array(counts) - 64)) <= 8
    np.testing.assert_array_equal(points, scatter(512, dimension, seed=7))


@pytest.mark.slow
def test_valleys_are_followed_along_bounds():
    """Products fixed to a thousandth, and a slope along them into a corner of the box: every start gets to an end."""

    def valley(t, data=None):
        a, b, c, d, e = (t[i] for i in range(5))
        fixed = (a * b * c - 0.01) ** 2 + (b * d - 0.3 * a * a) ** 2 + (e * a - 0.1 * c) ** 2
        return 1e6 * fixed + (b - 2.0) ** 2 + (c + 1.0) ** 2 + d * e

    found = minimise(valley, scatter(100, 5, seed=0))
    assert found.converged.all()
    assert np.sum(found.value < found.value.min() + 1e-6) > 80


class _Few(eqx.Module):
    """A log-likelihood of which three descents go at once."""

    starts_at_once: int = eqx.field(static=True, default=3)

    def __call__(self, params):
        return -0.5 * ((params["x"] - 1.0) ** 2 + (params["y"] - params["x"] ** 2) ** 2)


@pytest.mark.slow
def test_no_more_lanes_than_a_likelihood_takes():
    space, starts = parse({"x": (-2.0, 3.0), "y": (-2.0, 3.0)}), scatter(8, 2, seed=1)
    few, many = Objective(_Few(), space), Objective(lambda p: _Few()(p), space)
    assert [side_by_side(objective, 8) for objective in (few, many, rosenbrock)] == [3, 8, 8]
    assert side_by_side(few, 2) == 2
    np.testing.assert_allclose(minimise(few, starts).position, minimise(many, starts).position, atol=1e-9)
