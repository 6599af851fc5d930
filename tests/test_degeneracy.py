"""Directions the data do not see are named, and never get an error."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from bsfit.inference.fit import fit


@pytest.mark.slow
def test_portal_like_ratio():
    """A coefficient proportional to (g_X/m_Zp)^2: only the ratio is determined."""

    def like(p):
        return -0.5 * ((1e6 * (p["g_X"] / p["m_Zp"]) ** 2 - 0.1) / 0.02) ** 2 - 0.5 * ((p["z"] - 1.0) / 0.2) ** 2

    result = fit(like, free={"g_X": (0.1, 1.0), "log:m_Zp": (500, 5000), "z": (-3, 3)})
    assert result.status == "degenerate"
    assert result.undetermined == ("g_X", "m_Zp")
    assert np.isnan([*result.errors["g_X"], *result.errors["m_Zp"]]).all()
    (ratio,) = result.combinations
    assert ratio["name"] == "m_Zp/g_X"
    best, low, high = (1e3 / np.sqrt(c) for c in (0.1, 0.12, 0.08))
    assert ratio["value"] == pytest.approx(best, rel=1e-6)
    assert ratio["minus"] == pytest.approx(best - low, rel=1e-6)
    assert ratio["plus"] == pytest.approx(high - best, rel=1e-6)
    np.testing.assert_allclose(result.errors["z"], [0.2, 0.2], rtol=1e-6)
    assert "g_X and m_Zp enter only through m_Zp/g_X" in str(result)
    assert "log g_X + log m_Zp" in str(result)


def rate(k):
    """-2 log L of a rate |1 + k|^2 of 1.3 with an error that lets k vanish, or does not."""
    return lambda error: ((jnp.square(1.0 + k) - 1.3) / error) ** 2


def crossing(error, level, low, high):
    """Where the rate's -2 log L reaches a level, by bisection in the one combination."""
    return optimize.brentq(lambda k: float(rate(k)(error)) - level, low, high, xtol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("box", [(-2.0, 2.0), (-0.5, 2.0)])
@pytest.mark.parametrize(("error", "vanishes"), [(0.4, True), (0.05, False)])
def test_a_ratio_whose_numerator_can_vanish_has_no_pole_in_its_interval(error, vanishes, box):
    """A coefficient k = 1e6 lam/M^2, as a mediator of mass M gives: lam/M^2 is determined, M^2/lam passes infinity."""
    result = fit(lambda p: -0.5 * rate(1e6 * p["lam"] / p["M"] ** 2)(error), free={"lam": box, "M": (500.0, 5000.0)})
    (ratio,) = result.combinations
    assert ratio["name"] == "lam/M^2"
    assert "enter only through lam/M^2" in str(result)
    best = np.sqrt(1.3) - 1.0
    for level, key in ((1.0, "interval_1"), (4.0, "interval_2")):
        if level > (1.3 / error) ** 2:
            continue
        ends = crossing(error, level, -0.99, best), crossing(error, level, best, 3.0)
        np.testing.assert_allclose(np.multiply(ratio[key], 1e6), ends, rtol=1e-6)
        assert (ends[0] < 0.0) == vanishes
    assert 1e6 * ratio["value"] == pytest.approx(best, rel=1e-6)
    assert ratio["value"] - ratio["minus"] == pytest.approx(ratio["interval_1"][0], abs=1e-15)
    assert ratio["value"] + ratio["plus"] == pytest.approx(ratio["interval_1"][1], abs=1e-15)
    assert ratio["bounds"] == pytest.approx((box[0] / 500.0**2, 2.0 / 500.0**2))


@pytest.mark.slow
def test_an_upper_limit_on_a_ratio_of_either_sign():
    """Only lam^2/M^4 counts, and nothing is seen: |lam|/M^2 has an upper limit."""
    result = fit(lambda p: -0.5 * (p["lam"] ** 2 * p["kappa"] - 0.1) ** 2, free={"lam": (-3, 3), "kappa": (0.5, 2.0)})
    (combination,) = result.combinations
    assert combination["name"] == "lam^2*kappa"
    assert combination["interval_1"] == (0.0, pytest.approx(1.1, rel=1e-6))
    assert combination["minus"] == pytest.approx(0.1, rel=1e-6)
    assert "[0.00, 1.10]" in str(result)


def test_a_ratio_open_to_one_side():
    """A coupling that cannot vanish keeps the ratio that is larger than one; its interval ends at the bounds."""
    result = fit(
        lambda p: -0.5 * ((1e6 * p["g"] / p["m"] - 100.0) / 200.0) ** 2, free={"g": (0.01, 1.0), "m": (500.0, 5000.0)}
    )
    (ratio,) = result.combinations
    assert ratio["name"] == "m/g"
    assert ratio["value"] == pytest.approx(1e4, rel=1e-6)
    assert ratio["interval_1"] == (pytest.approx(1e6 / 300.0, rel=1e-6), np.inf)
    assert ratio["bounds"] == pytest.approx((500.0, 500_000.0))
    assert "bound 5e+05)" in str(result)


@pytest.mark.slow
def test_a_sum_of_different_units():
    """The coefficient of the large parameter is small, and stays."""
    result = fit(lambda p: -0.5 * ((p["x"] + 1e-4 * p["m"] - 0.3) / 0.1) ** 2, free={"x": (-1, 1), "m": (-5e3, 5e3)})
    (combination,) = result.combinations
    assert combination["exponents"] == pytest.approx({"x": 1.0, "m": 1e-4})
    np.testing.assert_allclose([combination["value"], combination["plus"]], [0.3, 0.1], rtol=1e-6)
    assert combination["name"] == "x + 0.0001*m"
    assert combination["bounds"] == pytest.approx((-1.5, 1.5))


@pytest.mark.slow
def test_product():
    result = fit(lambda p: -0.5 * ((p["x"] * p["y"] - 2.0) / 0.1) ** 2, free={"x": (0.1, 5), "y": (0.1, 5)}, starts=16)
    (product,) = result.combinations
    assert product["name"] == "x*y"
    assert product["exponents"] == {"x": 1.0, "y": 1.0}
    np.testing.assert_allclose([product["value"], product["minus"], product["plus"]], [2.0, 0.1, 0.1], rtol=1e-6)
    assert len(result.minima) == 1


@pytest.mark.slow
def test_products_of_either_sign_are_two_minima():
    result = fit(lambda p: -0.5 * ((p["x"] * p["y"] - 0.2) / 0.05) ** 2, free={"x": (-1, 1), "y": (-1, 1)})
    assert result.status == "degenerate"
    assert len(result.minima) == 2
    signs = {np.sign(place["values"]["x"]) for place in result.minima}
    assert signs == {-1.0, 1.0}


@pytest.mark.slow
def test_sum():
    result = fit(lambda p: -0.5 * ((p["x"] + 2 * p["y"] - 0.3) / 0.1) ** 2, free={"x": (-1, 1), "y": (-1, 1)})
    (combination,) = result.combinations
    assert combination["name"] == "x + 2*y"
    np.testing.assert_allclose([combination["value"], combination["minus"]], [0.3, 0.1], rtol=1e-6)
    assert len(result.minima) == 1


@pytest.mark.slow
def test_three_couplings_in_one_product():
    def like(p):
        return -0.5 * ((p["a"] ** 2 * p["b"] / p["c"] - 0.3) / 0.03) ** 2

    result = fit(like, free={"a": (0.1, 1), "b": (0.1, 1), "c": (0.1, 1)}, starts=16)
    assert result.undetermined == ("a", "b", "c")
    (combination,) = result.combinations
    exponents = np.array(list(combination["exponents"].values()))
    np.testing.assert_allclose(exponents / exponents[1], [2, 1, -1], atol=1e-9)


def test_closed_valley():
    result = fit(lambda p: -0.5 * ((p["x"] ** 2 + p["y"] ** 2 - 0.3) / 0.1) ** 2, free={"x": (-1, 1), "y": (-1, 1)})
    assert result.status == "degenerate"
    assert result.undetermined == ("x", "y")
    assert result.combinations == ()
    assert "along a curve" in str(result)


@pytest.mark.slow
def test_parameter_without_effect():
    result = fit(lambda p: -0.5 * (p["x"] / 0.1) ** 2, free={"x": (-1, 1), "idle": (0, 1)}, starts=16)
    assert result.undetermined == ("idle",)
    assert "does not depend on idle" in str(result)
    np.testing.assert_allclose(result.errors["x"], [0.1, 0.1], rtol=1e-7)


def test_vanishing_curvature_is_not_a_degeneracy():
    """A quartic minimum has no Hessian error, but a profile."""
    result = fit(lambda p: -0.5 * (p["x"] / 0.1) ** 4, free={"x": (-1, 1.1)}, starts=16)
    assert result.undetermined == ()
    np.testing.assert_allclose(result.errors["x"], [0.1, 0.1], rtol=1e-4)
    assert np.isnan(result.hessian_errors["x"])


def test_weak_data_give_open_intervals_not_small_errors():
    """Data ten times weaker than the box: no crossing inside it."""
    result = fit(lambda p: -0.5 * ((p["x"] - 0.2) / 20.0) ** 2, free={"x": (-1, 1)}, starts=16)
    assert result.errors["x"] == (np.inf, np.inf)
    assert "all of the range" in str(result)


@pytest.mark.slow
def test_degenerate_profile_of_the_rest_is_exact():
    """A nuisance correlated with the determined combination keeps its marginal error."""

    def like(p):
        product = p["x"] * p["y"]
        return -0.5 * ((product + p["n"] - 2.0) / 0.1) ** 2 - 0.5 * ((p["n"] - 0.5) / 0.3) ** 2

    result = fit(like, free={"x": (0.1, 5), "y": (0.1, 5), "n": (-3, 3)}, starts=16)
    np.testing.assert_allclose(result.errors["n"], [0.3, 0.3], rtol=1e-5)
    (product,) = result.combinations
    np.testing.assert_allclose([product["minus"], product["plus"]], np.hypot(0.1, 0.3), rtol=1e-5)
    assert jnp.isnan(result.covariance[0, 0])


@pytest.mark.slow
def test_two_valleys_of_one_product_are_two_minima():
    """The data fix (x y - 2)^2: valleys x y = 1 and x y = 3 of equal depth."""
    result = fit(
        lambda p: -0.5 * (((p["x"] * p["y"] - 2.0) ** 2 - 1.0) / 0.1) ** 2, free={"x": (0.1, 5), "y": (0.1, 5)}
    )
    products = sorted(place["values"]["x"] * place["values"]["y"] for place in result.minima)
    np.testing.assert_allclose(products, [1.0, 3.0], atol=1e-6)
    assert result.reached == result.minima[0]["starts"] < 32
    assert any("another minimum lies within 2 sigma" in message for message in result.messages)


@pytest.mark.slow
def test_a_valley_that_bends_is_followed_and_listed_once():
    """Two products that share a factor, and a bend: no power of the couplings, no straight line."""

    def like(p):
        product = p["a"] * p["b"] * (1.0 + 0.4 * p["b"] ** 2)
        return -0.5 * ((product - 0.2) / 0.01) ** 2 - 0.5 * ((p["a"] * p["c"] - 0.15) / 0.01) ** 2

    found = fit(like, free={"a": (-1.0, 1.0), "b": (-1.0, 1.0), "c": (-1.0, 1.0)}, starts=64, seed=2)
    assert found.status == "degenerate"
    assert found.undetermined == ("a", "b", "c")
    assert "along a curve" in str(found)
    assert len(found.minima) <= 2
