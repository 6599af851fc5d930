"""Expansions of moments in unit nuisances, of functions whose derivatives are known."""

import numpy as np
import pytest
from scipy.interpolate import PPoly

from bsfit.predictions.expansion import Expansion, leading_directions, products

SHAPE = 1, 2, 1
"""Of the moments: points, rows, combinations."""


def expansion(function, n):
    """About the origin, of a function of steps [s, n] with values [s, rows]."""

    def moments(steps):
        return function(steps)[:, None, :, None]

    return Expansion(moments, moments(np.zeros((1, n)))[0], n)


def cubic(x):
    """Two rows; the products of three are as large as those of two."""
    a, b, c = x.T
    first = 4.0 + a - b + 0.5 * (a * a + b * b + c * c) + 0.3 * a * b - 0.2 * b * c + 0.25 * a * a * b + 0.4 * a * b * c
    second = 2.0 + c + 0.1 * (a * a + c * c) + 0.6 * a * c - 0.35 * b * b * c
    return np.stack([first, second], axis=1)


def test_products_of_three_are_not_taken_for_some_of_two():
    """What is left of the third order is a tenth of it, as the step."""
    found = expansion(cubic, 3).second_order([0, 1, 2], [])[:, :, 0, :, 0]
    first = [[1.0, 0.3, 0.0], [0.3, 1.0, -0.2], [0.0, -0.2, 1.0]]
    second = [[0.2, 0.0, 0.6], [0.0, 0.0, 0.0], [0.6, 0.0, 0.2]]
    np.testing.assert_allclose(np.moveaxis(found, 2, 0), [first, second], atol=0.1 * 0.5)


def test_the_third_order_along_any_directions():
    """Coefficients of a polynomial of third order, by what it is along turned axes."""
    random = np.random.default_rng(1)
    directions = np.linalg.qr(random.normal(size=(3, 3)))[0]
    found = expansion(cubic, 3).third_order(directions)[:, 0, :, 0]
    v = random.normal(size=(20, 3))
    a, b, c = (v @ directions).T
    cubes = np.prod(v[:, products(3, 3)], axis=2)
    np.testing.assert_allclose(cubes @ found[:, 0], 0.25 * a * a * b + 0.4 * a * b * c, atol=1e-8)
    np.testing.assert_allclose(cubes @ found[:, 1], -0.35 * b * b * c, atol=1e-8)


@pytest.mark.parametrize("n", [0, 1])
def test_without_directions_there_is_no_third_order(n):
    there = expansion(cubic, 3)
    directions = leading_directions(np.zeros((n, n, *SHAPE)))
    assert directions.shape == (0, n)
    assert there.third_order(np.zeros((0, 3))).shape == (0, *SHAPE)


def test_directions_of_the_third_order_are_those_of_the_largest_second():
    second = np.zeros((4, 4, *SHAPE))
    second[0, 1] = second[1, 0] = 0.5
    second[2, 2] = 1e-9
    (first, other) = leading_directions(second)
    np.testing.assert_allclose(np.linalg.norm([first[:2], other[:2]], axis=1), 1.0)


def bent(x):
    """A threshold in the first, and what it does to the slope along the second."""
    a, b, c = x.T
    step = np.log(np.cosh(2.0 * (a - 0.3)))
    return np.stack([5.0 + b + 0.2 * step + 0.1 * step * b, 3.0 + c + 0.05 * a], axis=1)


def test_what_no_polynomial_follows_is_a_function():
    there = expansion(bent, 3)
    assert [*there.bent()] == [0]
    knots = np.arange(-5.0, 5.01, 0.25)
    alone, effects = there.alone(0, knots, np.zeros(SHAPE))
    beside, others = there.beside(0, knots[::2], [1, 2])
    x = np.random.default_rng(2).uniform(-3.0, 3.0, size=(50, 3))
    a, b, c = x.T
    second = there.middle[0, :, 0] + x @ there.slopes[:, 0, :, 0] + 0.5 * np.outer(a * a, there.curvatures[0, 0, :, 0])
    found = second + PPoly(alone.cubic, alone.knots)(a) @ effects[:, 0, :, 0]
    functions = PPoly(beside.cubic, beside.knots)(a)
    times = np.einsum("sc,bs->scb", functions, np.stack([b, c])).reshape(len(x), -1)
    found += times @ others[:, 0, :, 0]
    np.testing.assert_allclose(found, bent(x), atol=5e-3)
    assert np.abs(second - bent(x)).max() > 0.1


def test_functions_of_bent_nuisances_are_not_in_the_second_order():
    found = expansion(bent, 3).second_order([0, 1, 2], [0])
    assert np.all(found[0, 1:] == 0.0)
    assert found[0, 0, 0, 0, 0] != 0.0


def test_beside_nothing_there_is_nothing():
    bend, effects = expansion(bent, 3).beside(0, np.linspace(-4.0, 4.0, 9), [])
    assert bend.beside == ()
    assert effects.shape == (0, *SHAPE)
