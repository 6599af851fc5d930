"""Modes of a posterior: their weights, where chains start, and modes that no draw has seen."""

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.inference import modes
from bsfit.inference.search import search
from bsfit.inference.space import Objective, parse

FREE = {"x": (-20.0, 20.0), "y": (-20.0, 20.0)}


def mixture(params):
    """Weights 0.75 and 0.25, the second twice as wide in y."""
    one = jnp.log(0.75) - 0.5 * (params["x"] - 5) ** 2 - 0.5 * params["y"] ** 2
    two = jnp.log(0.25 / 2) - 0.5 * (params["x"] + 5) ** 2 - 0.5 * (params["y"] / 2) ** 2
    return jnp.logaddexp(one, two)


@pytest.fixture(scope="module")
def found():
    space = parse(FREE)
    return space, search(Objective(mixture, space), space, starts=32, seed=0)


@pytest.mark.slow
def test_laplace_weights_are_exact_for_gaussians(found):
    places, weights = modes.modes(found[1])
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=1e-4)
    np.testing.assert_allclose([40 * place.position[0] - 20 for place in places], [5, -5], atol=1e-3)
    np.testing.assert_allclose(np.diag(modes.width(places[1])) * 40**2, [1, 4], rtol=1e-3)


@pytest.mark.slow
def test_chains_start_in_both_modes(found):
    best = found[1]
    chosen = modes.far_apart(modes.modes(best)[0][0], best.ends, 4)
    assert sum(place.position[0] > 0.5 for place in chosen) == 2


def test_a_search_without_an_end_has_no_unseen_mode(found):
    """What no start reached cannot be missed by draws; `sample` says that none converged."""
    assert modes.unseen(found[0], [], np.full((10, 2), 0.5)) == []


def test_a_mode_without_draws_is_named(found):
    space, best = found
    random = np.random.default_rng(0)
    near = 0.5 + (np.array([5.0, 0.0]) + random.normal(size=(4000, 2))) / 40
    far = 0.5 + (np.array([-5.0, 0.0]) + random.normal(size=(50, 2)) * [1, 2]) / 40
    (reason,) = modes.unseen(space, best.ends, near)
    assert reason.startswith("no draw is near the mode at x = -5")
    assert modes.unseen(space, best.ends, np.concatenate([near, far])) == []


def test_a_mode_at_a_bound_is_as_wide_as_its_slope_says():
    space = parse({"x": (0.0, 5.0)})
    best = search(Objective(lambda p: -3.0 * p["x"], space), space, starts=8, seed=0)
    # exp(-3 x) has a width of 1/3, in units of the box 1/15.
    assert np.sqrt(modes.width(best.places[0])[0, 0]) == pytest.approx(1 / 15, rel=1e-6)


@pytest.mark.slow
def test_points_about_modes_have_their_widths_and_stay_in_the_box(found):
    places = modes.modes(found[1])[0]
    points = modes.around(found[1].ends, lambda number: 6000 // number, seed=1)
    assert points.shape == (6000, 2)
    for place in places:
        near = points[np.abs(points[:, 0] - place.position[0]) < 0.1]
        np.testing.assert_allclose(np.cov(near.T), modes.width(place), atol=4e-4)
    edge = found[1].ends[0]._replace(position=np.array([1.0, 0.0]), gradient=np.array([-100.0, 100.0]))
    points = modes.around([edge, edge], lambda number: 3000 // number, seed=1)
    assert np.all((points >= 0.0) & (points <= 1.0))
    np.testing.assert_allclose(np.mean(np.abs(points - edge.position), axis=0), 0.02 * np.sqrt(2 / np.pi), rtol=0.1)
    assert modes.around([], lambda number: 100, seed=1).size == 0


@pytest.mark.slow
def test_two_narrow_modes_at_nearly_one_point_are_two(found):
    """Nearer to each other than what counts as one point, and both farther from the other than their widths."""
    end = found[1].ends[0]
    places = end.position, end.position + np.array([4e-4, 0.0])
    narrow = [end._replace(position=place, hessian=2e10 * np.eye(2)) for place in places]
    draws = narrow[0].position + 1e-5 * np.random.default_rng(1).normal(size=(100, 2))
    assert [place.position[0] for place in modes.missed(narrow, draws)] == [narrow[1].position[0]]
