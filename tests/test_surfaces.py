"""Regions from values on a grid, against grids ten times finer and closed forms, and when not to trust them."""

import numpy as np
import pytest
from scipy import ndimage, stats

from bsfit.results import surfaces
from bsfit.results.surfaces import AGREE, CONTOURS, disagreement, outlines, refined

PLAIN = (False, False)


def gauss(x, y, rho=0.9875):
    return (x**2 + y**2 - 2 * rho * x * y) / (1 - rho**2)


def banana(x, y):
    return (x - 0.3) ** 2 + ((y + 1 - x**2) / 0.15) ** 2


def two_valleys(x, y):
    first, second = (x - 1) ** 2 / 0.1 + (y - x) ** 2 / 0.04, (x + 1) ** 2 / 0.2 + (y + x) ** 2 / 0.1 + 1
    return np.minimum(first, second)


def walled(x, y):
    """No value on one side of the valley, as where a model stops making sense."""
    return np.where(x < 0.31, np.inf, x**2 + (y - x) ** 2 / 0.04)


def stepped(x, y):
    return np.where(x < 0.31, 1e6, x**2 + (y - x) ** 2 / 0.04)


def grid(function, points, low=-3.0, high=3.0):
    axis = np.linspace(low, high, points)
    return (axis, axis), function(*np.meshgrid(axis, axis, indexing="ij"))


def test_levels_are_those_of_the_chi_square():
    for sigma, dof in ((1.0, 1), (2.0, 1), (1.0, 2), (2.0, 2), (3.0, 2)):
        expected = stats.chi2(dof).isf(2 * stats.norm.sf(sigma))
        assert surfaces.level(sigma, dof) == pytest.approx(expected, rel=1e-12)
    assert [round(height, 2) for height in CONTOURS] == [2.30, 6.18]


@pytest.mark.parametrize("points", [21, 41])
def test_a_narrow_tilted_gaussian_is_one_piece_of_the_known_area(points):
    """With steps of up to two widths of the narrow direction, where straight lines give islands."""
    axes, values = grid(gauss, points)
    fine, surface = refined(axes, values, PLAIN)
    np.testing.assert_allclose(surface, gauss(*np.meshgrid(*fine, indexing="ij")), atol=1e-9)
    for height, found in zip(CONTOURS, outlines(axes, values, PLAIN, CONTOURS), strict=True):
        assert ndimage.label(surface < height)[1] == 1
        assert found.share == pytest.approx(np.pi * height * np.sqrt(1 - 0.9875**2) / 36.0, rel=5e-3)
        np.testing.assert_allclose(found.extents, [[-(height**0.5), height**0.5]] * 2, rtol=2e-3)
    if points == 21:
        assert ndimage.label(values < CONTOURS[0])[1] > 1


@pytest.mark.slow
@pytest.mark.parametrize("function", [gauss, banana, two_valleys, walled, stepped])
@pytest.mark.parametrize("points", [21, 40])
def test_what_is_called_resolved_agrees_with_ten_times_the_points_to_a_percent(function, points):
    axes, values = grid(function, points)
    dense = grid(function, 10 * (points - 1) + 1)
    for height in CONTOURS:
        (coarse,), (exact,) = outlines(axes, values, PLAIN, [height]), outlines(*dense, PLAIN, [height])
        error = abs(coarse.share / exact.share - 1.0)
        for found, expected in zip(coarse.extents, exact.extents, strict=True):
            error = max(error, np.max(np.abs(np.subtract(found, expected))) / (expected[1] - expected[0]))
        change = disagreement(axes, values, PLAIN, [height])
        assert error < 0.01 or change > AGREE
        if function in (walled, stepped):
            assert change > AGREE
    if function is gauss or (points == 40 and function is two_valleys):
        assert disagreement(axes, values, PLAIN, CONTOURS) < AGREE


@pytest.mark.parametrize("function", [walled, stepped])
def test_nothing_is_lower_beside_a_wall_than_the_values_are(function):
    axes, values = grid(function, 41)
    surface = refined(axes, values, PLAIN)[1]
    assert np.nanmin(surface) > np.min(values) - 0.05
    x = refined(axes, values, PLAIN)[0][0]
    outside = surface[x < 0.29]
    assert not np.any(outside < CONTOURS[1])


def test_grid_points_keep_their_values_also_beside_a_gap():
    axes, values = grid(banana, 13)
    values[5, 5] = np.nan
    axes, log = (np.exp(axes[0]), axes[1]), (True, False)
    fine, surface = refined(axes, values, log, points=48)
    assert surface.shape == (49, 49)
    np.testing.assert_array_equal(surface[::4, ::4], values)
    np.testing.assert_allclose(np.diff(np.log(fine[0])), 0.125)
    # Of the four cells around the gap the halves away from it have values, on planes through three corners.
    distance = np.add.outer(*(np.abs(np.arange(49) - 20),) * 2)
    square = np.maximum.outer(*(np.abs(np.arange(49) - 20),) * 2) < 4
    np.testing.assert_array_equal(np.isnan(surface), square & (distance < 4))
    assert surface[18, 18] == pytest.approx(0.5 * (values[4, 5] + values[5, 4]), rel=1e-12)


def test_logarithmic_axes_and_ends_of_the_grid():
    """A band along a logarithmic axis reaches both of its ends."""
    m, y = np.geomspace(1.0, 100.0, 15), np.linspace(-2.0, 2.0, 15)
    values = np.broadcast_to(y**2, (15, 15))
    (band,) = outlines((m, y), values, (True, False), [1.0])
    assert band.share == pytest.approx(0.5, rel=1e-3)
    assert band.extents[0] == (1.0, 100.0)
    np.testing.assert_allclose(band.extents[1], (-1.0, 1.0), rtol=1e-3)
    assert disagreement((m, y), values, (True, False), [1.0]) < 1e-4


def test_nothing_and_too_few_points():
    axes, values = grid(gauss, 21)
    (nowhere,) = outlines(axes, values, PLAIN, [-1.0])
    assert nowhere.share == 0.0
    assert np.isnan(nowhere.extents).all()
    assert disagreement(axes, values, PLAIN, [-1.0]) == 0.0
    assert disagreement(*grid(gauss, 8), PLAIN, CONTOURS) == np.inf
    assert surfaces.known(0.123) == "to 12 % only"
    assert surfaces.known(np.inf) == "badly"
