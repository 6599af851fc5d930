"""Fits with known answers: Gaussian, MINOS, many starts, several minima, bounds, pulls, constraints."""

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from iminuit import Minuit
from scipy import stats

from bsfit import log_likelihood
from bsfit.errors import BsfitInputError
from bsfit.inference.fit import FitError, fit

COVARIANCE = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, -0.3], [0.2, -0.3, 0.5]])
CENTRE = np.array([0.3, -1.0, 0.5])
BOX = {"a": (-10, 10), "b": (-10, 10), "c": (-10, 10)}


class Gaussian:
    """Three correlated numbers measured directly, with everything a likelihood may tell about itself."""

    free = BOX
    n_data = 3
    reference = {"a": 0.0, "b": 0.0, "c": 0.0}  # noqa: RUF012
    reference_chi2 = float(CENTRE @ np.linalg.inv(COVARIANCE) @ CENTRE)
    model, data, meta = "toy", "three numbers", {"papers": ["none"]}

    def predictions(self, params):
        return jnp.stack([params[name] for name in "abc"])

    def chi2(self, params):
        r = self.predictions(params) - CENTRE
        return r @ jnp.asarray(np.linalg.inv(COVARIANCE)) @ r

    def by_group(self, params):
        return {"all": -0.5 * self.chi2(params)}

    def __call__(self, params):
        return -0.5 * self.chi2(params) - 0.5 * np.log(np.linalg.det(COVARIANCE))


class ByRank(Gaussian):
    """Predictions that see two of the three parameters."""

    pull_by_rank = True

    def predictions(self, params):
        return jnp.stack([params["a"], 1e6 * (params["a"] + params["b"]), params["b"]])


@pytest.fixture(scope="module")
def gaussian():
    return fit(Gaussian())


def test_gaussian_is_exact(gaussian):
    assert gaussian.status == "converged"
    np.testing.assert_allclose(list(gaussian.values.values()), CENTRE, atol=1e-12)
    np.testing.assert_allclose(gaussian.covariance, COVARIANCE, rtol=1e-10)
    sigma = np.sqrt(np.diag(COVARIANCE))
    for i, name in enumerate("abc"):
        np.testing.assert_allclose(gaussian.errors[name], [sigma[i], sigma[i]], rtol=1e-7)
        expected = CENTRE[i] + 2 * sigma[i] * np.array([-1, 1])
        np.testing.assert_allclose(gaussian.intervals_2[name], expected, atol=1e-7)
    assert gaussian.gradient_norm < 1e-10
    assert gaussian.reached == gaussian.starts == 32
    assert len(gaussian.minima) == 1


def test_goodness_and_pull(gaussian):
    assert gaussian.chi2 == pytest.approx(0.0, abs=1e-12)
    assert (gaussian.ndf, gaussian.p_value) == (0, None)
    delta = Gaussian.reference_chi2
    expected = stats.norm.isf(0.5 * stats.chi2(3).sf(delta))
    assert (gaussian.pull_delta_chi2, gaussian.pull_dof) == (pytest.approx(delta), 3)
    assert gaussian.pull == pytest.approx(expected)
    assert gaussian.by_group["all"] == pytest.approx(0.0, abs=1e-12)
    text = str(gaussian)
    assert "Fit of toy to three numbers: converged" in text
    assert "3 degrees of freedom" in text
    assert gaussian.meta["likelihood"]["papers"] == ("none",)
    assert gaussian.meta["settings"]["seed"] == 0


def test_correlations_are_printed(gaussian):
    sigma = np.sqrt(np.diag(COVARIANCE))
    np.testing.assert_allclose(gaussian.correlation, COVARIANCE / np.outer(sigma, sigma), atol=1e-9)
    lines = str(gaussian).splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("correlation"))
    assert [line.split() for line in lines[first : first + 5 : 2]] == [
        ["correlation", "a", "b", "c"], ["a", "1", "0.42", "0.28"], ["c", "0.28", "-0.30", "1"],
    ]  # fmt: skip


def shifted(names, low):
    """The Gaussian with bounds that leave out the reference in some parameters."""
    return type("Shifted", (Gaussian,), {"free": BOX | {name: (low, 10.0) for name in names}})()


def test_a_reference_outside_of_the_bounds_is_said_to_be_there():
    """The best point with a > 0.9, where the reference a = 0 lies outside, is better than it all the same."""
    better = fit(shifted("a", 0.9), profile_errors=False)
    delta = Gaussian.reference_chi2 - (0.9 - 0.3) ** 2
    assert better.pull_delta_chi2 == pytest.approx(delta)
    assert better.pull == pytest.approx(stats.norm.isf(0.5 * stats.chi2(3).sf(delta)))
    assert "the Standard Model, a = 0, lies outside of the bounds" in better.messages
    assert "pull to the Standard Model" in str(better)


def test_a_fit_worse_than_the_reference_has_no_pull():
    worse = fit(shifted("a", 3.0), profile_errors=False)
    expected = Gaussian.reference_chi2 - (3.0 - 0.3) ** 2
    assert expected < 0.0
    assert worse.status == "at bound"
    assert (worse.pull, worse.pull_delta_chi2) == (None, pytest.approx(expected))
    assert f"no pull: the Standard Model fits better, by Delta chi2 = {-expected:.2f}" in str(worse)
    assert "the Standard Model, a = 0, lies outside of the bounds" in worse.messages
    assert "0.00 sigma" not in str(worse)


def test_a_fit_at_the_reference_has_a_pull_of_zero():
    at_reference = type("At", (Gaussian,), {"reference": dict(zip("abc", CENTRE.tolist(), strict=True)),
                                            "reference_chi2": 0.0})()  # fmt: skip
    result = fit(at_reference, profile_errors=False)
    assert result.pull == 0.0
    assert not any("bounds" in message for message in result.messages)


@pytest.mark.slow
def test_pull_of_a_model_counts_the_rank():
    result = fit(ByRank(), profile_errors=False)
    assert result.pull_dof == 2
    assert result.ndf == 1
    assert "rank" in str(result)


def test_ranks_are_of_what_is_measured_and_of_what_is_compared():
    class Bound(ByRank):
        measured, compared = (0, 1), (0,)

    result = fit(Bound(), profile_errors=False)
    assert (result.ndf, result.pull_dof) == (1, 1)


def test_own_terms_count_in_chi2_alone():
    """The p-value is that of what is tested; what the rest adds is said."""

    class Own(Gaussian):
        n_data = 5

        def chi2(self, params):
            return super().chi2(params) + 1.5

        def tested_chi2(self, params):
            return 0.75 + 0.0 * params["a"]

    result = fit(Own(), profile_errors=False)
    assert (result.chi2, result.ndf) == (pytest.approx(1.5), 2)
    assert result.p_value == pytest.approx(stats.chi2(2).sf(0.75))
    assert "own terms add +0.75 to chi2, which the p-value leaves out" in result.messages


def test_pulls_have_the_names_of_what_is_pulled():
    class Pulled(Gaussian):
        pulled = ("a", "b", "c")

        def pulls(self, params):
            return jnp.asarray([0.5, -2.0, 1.0]) + 0.0 * params["a"]

    assert fit(Pulled(), profile_errors=False).pulls == (("b", -2.0), ("c", 1.0), ("a", 0.5))
    with pytest.raises(ValueError, match="longer"):
        fit(type("Short", (Pulled,), {"pulled": ("a", "b")})(), profile_errors=False)


def test_nothing_to_compare_has_no_pull():
    """A likelihood that tells a pull_chi2, but no chi2 of the reference."""
    unknown = type(
        "Unknown", (Gaussian,), {"reference_chi2": None, "pull_chi2": lambda self, params: 0.0 * params["a"]}
    )
    assert fit(unknown(), profile_errors=False).pull is None


def test_parameters_that_the_likelihood_constrains_do_not_count():
    class Constrained(Gaussian):
        constrained = ("c",)

    result = fit(Constrained(), profile_errors=False)
    assert (result.ndf, result.pull_dof) == (1, 2)


def wild(params):
    """Skewed and curved, with one minimum."""
    x, y = params["x"], params["y"]
    return -0.5 * ((jnp.exp(x) + 0.3 * y - 2.0) / 0.5) ** 2 - 0.5 * (y - 0.4 * x**2) ** 2 - 0.02 * y**4


@pytest.mark.slow
def test_asymmetric_errors_are_those_of_minos():
    free = {"x": (-4, 4), "y": (-4, 4)}
    result = fit(wild, free=free)
    minuit = Minuit(lambda x, y: float(-2 * wild({"x": x, "y": y})), x=0.5, y=0.0)
    minuit.errordef, minuit.tol, minuit.strategy = Minuit.LEAST_SQUARES, 1e-6, 2
    minuit.migrad()
    for cl, intervals in ((1, result.intervals_1), (2, result.intervals_2)):
        minuit.minos(cl=cl)
        for name in ("x", "y"):
            merror = minuit.merrors[name]
            expected = [minuit.values[name] + merror.lower, minuit.values[name] + merror.upper]
            np.testing.assert_allclose(intervals[name], expected, atol=2e-3)
    for name in ("x", "y"):
        assert result.hessian_errors[name] == pytest.approx(minuit.errors[name], rel=1e-3)
    minus, plus = result.errors["x"]
    assert minus > 1.1 * plus


@pytest.mark.slow
def test_hundred_starts_find_one_rosenbrock_minimum():
    result = fit(
        lambda p: -0.5 * ((1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2),
        free={"x": (-5, 5), "y": (-5, 25)},
        starts=100,
        seed=11,
    )
    assert result.reached >= 99
    np.testing.assert_allclose(list(result.values.values()), [1.0, 1.0], atol=1e-9)
    # The exact profile of x is (1 - x)^2.
    np.testing.assert_allclose(result.errors["x"], [1.0, 1.0], atol=1e-6)


def test_double_well_lists_both_minima():
    result = fit(lambda p: -0.5 * ((p["x"] ** 2 - 1) / 0.1) ** 2 - 0.05 * p["x"], free={"x": (-3, 3)})
    assert result.values["x"] == pytest.approx(-1.0, abs=2e-3)
    assert len(result.minima) == 2
    assert result.minima[1]["values"]["x"] == pytest.approx(1.0, abs=2e-3)
    assert result.minima[1]["delta_chi2"] == pytest.approx(0.2, abs=1e-3)
    assert sum(place["starts"] for place in result.minima) == 32
    assert any("another minimum lies within 2 sigma" in message for message in result.messages)


@pytest.mark.slow
def test_profile_errors_follow_the_deepest_valley():
    """Two valleys y = -1 and y = 1 whose lowest points are at x = 0 and x = 0.8: the second widens the interval."""

    def like(p):
        valley = -0.5 * (p["x"] - 0.4 - 0.4 * p["y"]) ** 2 / 0.5**2
        return valley - 20 * (p["y"] ** 2 - 1) ** 2 - 0.1 * p["y"]

    result = fit(like, free={"x": (-4, 4), "y": (-2, 2)})
    x, y = np.meshgrid(np.linspace(-2, 2, 4001), np.linspace(-1.5, 1.5, 3001))
    curve = np.min(-2 * like({"x": x, "y": y}), axis=0)
    inside = x[0][curve - curve.min() < 1.0]
    np.testing.assert_allclose(result.intervals_1["x"], [inside[0], inside[-1]], atol=2e-3)
    assert result.errors["x"][1] > 1.5 * result.errors["x"][0]


@pytest.mark.slow
def test_profile_errors_come_back_from_another_valley():
    """Far away the valley of the minimum is closed; what slid into the other one must not stay there."""

    def like(p):
        x, y = jnp.abs(p["x"] - 0.5), p["y"]
        wells = 40.0 * ((y - 0.2) * (y - 0.8)) ** 2 + 0.3 * 0.5 * (1.0 + jnp.tanh((y - 0.5) / 0.04))
        pushed = 1000.0 * jnp.maximum(x - 0.3, 0.0) ** 3 * (0.8 - y)
        return -0.5 * (2.0 * x**2 + 800.0 * x**4 + wells + pushed)

    result = fit(like, free={"x": (0.0, 1.0), "y": (0.0, 1.0)})
    expected = np.sqrt((np.sqrt(4.0 + 3200.0) - 2.0) / 1600.0)
    assert result.errors["x"] == pytest.approx((expected, expected), rel=1e-6)


@pytest.mark.slow
def test_a_fit_on_a_bound_says_so():
    result = fit(lambda p: -0.5 * (p["x"] + 0.5) ** 2 - 0.5 * (p["y"] - p["x"]) ** 2, free={"x": (0, 3), "y": (-3, 3)})
    assert result.status == "at bound"
    assert result.at_bound == {"x": "lower"}
    assert result.errors["x"][0] == np.inf
    # Delta(-2 log L) = (x + 1/2)^2 - 1/4 = 1 above the minimum in the box.
    assert result.errors["x"][1] == pytest.approx(np.sqrt(1.25) - 0.5, abs=1e-7)
    assert np.isnan(result.covariance[0, 0])
    assert result.covariance[1, 1] == pytest.approx(1.0)
    assert "lower bound" in str(result)


def test_logarithmic_parameters_have_errors_in_their_own_units():
    result = fit(lambda p: -0.5 * ((jnp.log(p["m"]) - 7.0) / 0.1) ** 2, free={"log:m": (100, 10_000)})
    m = np.exp(7.0)
    assert result.values["m"] == pytest.approx(m, rel=1e-10)
    np.testing.assert_allclose(result.intervals_1["m"], [m * np.exp(-0.1), m * np.exp(0.1)], rtol=1e-7)
    assert result.hessian_errors["m"] == pytest.approx(0.1 * m, rel=1e-8)


@pytest.mark.slow
def test_a_distribution_constrains_like_a_measurement():
    free = {"x": (-5, 5), "n": dist.Normal(1.0, 0.2)}
    result = fit(lambda p: -0.5 * ((p["x"] + p["n"] - 3.0) / 0.1) ** 2, free=free)
    assert result.values["n"] == pytest.approx(1.0, abs=1e-10)
    assert result.hessian_errors["n"] == pytest.approx(0.2, rel=1e-9)
    assert result.errors["x"][0] == pytest.approx(np.hypot(0.1, 0.2), rel=1e-7)


def test_pull_of_a_plain_function_needs_a_reference_only():
    result = fit(lambda p: -0.5 * ((p["x"] - 2.0) / 0.5) ** 2, free={"x": (-5, 5)}, reference={"x": 0.0})
    assert result.pull == pytest.approx(4.0)
    assert result.chi2 is None


@pytest.mark.slow
def test_failures_are_visible():
    with pytest.raises(BsfitInputError, match="not finite at any"):
        fit(lambda p: jnp.log(-1.0 - p["x"] ** 2), free={"x": (-1, 1)})
    result = fit(lambda p: -jnp.abs(p["x"] - 0.3), free={"x": (-1, 1)})
    assert result.status == "not converged"
    assert "not converged" in str(result).splitlines()[0]
    with pytest.raises(FitError):
        fit(lambda p: -jnp.abs(p["x"] - 0.3), free={"x": (-1, 1)}, throw=True)


def test_the_same_seed_gives_the_same_numbers(gaussian):
    again = fit(Gaussian())
    assert again.values == gaussian.values
    assert again.intervals_1 == gaussian.intervals_1


def test_intervals_cover_as_often_as_they_should():
    """One sigma intervals of a skewed mean, 600 toys: x = exp(y), y Gaussian; invariance makes coverage exact."""
    from bsfit.inference.crossings import Sought, crossings
    from bsfit.inference.minimise import minimise

    truth, toys = 0.55, 600
    seen = np.log(0.2 + truth) + 0.2 * np.random.default_rng(5).normal(size=toys)

    def objective(t, data):
        return ((jnp.log(0.2 + t[0]) - data) / 0.2) ** 2

    found = minimise(objective, np.full((toys, 1), 0.5), data=seen)
    shared = {"axis": np.zeros(toys, dtype=int), "level": np.ones(toys), "tilt": np.ones((toys, 1))}
    shared |= {"guess": np.full(toys, 0.1), "start": found.position, "value": found.value}
    low, high = (
        crossings(objective, Sought(side=np.full(toys, side), **shared), data=seen).position for side in (-1, 1)
    )
    low = np.where(np.isinf(low), 0.0, low)
    inside = (found.position[:, 0] < 1) & (found.position[:, 0] > 0) & (low <= truth) & (truth <= high)
    assert np.mean(inside) == pytest.approx(0.683, abs=0.04)


@pytest.mark.long
def test_hundred_starts_of_seven_couplings_end_in_listed_minima():
    """Portal couplings of which the data fix products only: valleys that end at bounds, and several minima."""
    free = {"g_X": (0.1, 1.0), "lambda_Q_s": (-1.0, 1.0), "lambda_Q_b": (-1.0, 1.0), "lambda_L_mu": (0.0, 2.0)}
    free |= {"log:m_Zp": (500.0, 5000.0), "lambda_Q_s_im": (-1.0, 1.0), "lambda_L_e": (-1.0, 1.0)}
    like = log_likelihood("portal", "lfu-mixing", free, {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0})
    found = fit(like, starts=100, profile_errors=False)
    assert sum(minimum["starts"] for minimum in found.minima) >= 95
