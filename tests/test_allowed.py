"""Likelihoods that are zero in a part of the box: where descents start and end, what chains do, what is said."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.inference.fit import fit
from bsfit.inference.minimise import minimise
from bsfit.inference.profile import profile
from bsfit.runs.sample import sample
from bsfit.runs.scan import scan


class Wedge:
    """A Gaussian about `centre`, of width 1/2, where x < y; zero elsewhere."""

    free = {"x": (0, 3), "y": (0, 3)}  # noqa: RUF012

    def __init__(self, x=0.5, y=2.5):
        self.centre = {"x": x, "y": y}

    def __call__(self, p):
        log_likelihood = -2 * sum((p[name] - at) ** 2 for name, at in self.centre.items())
        return jnp.where(p["x"] < p["y"], log_likelihood, -jnp.inf)

    def conditions(self, p):
        return {"order": p["x"] < p["y"]}


HALF = r"order is not met in (49|50|51) % of the box: the log-likelihood is -inf there"


@pytest.mark.slow
def test_a_fit_inside():
    found = fit(Wedge())
    assert found.values == pytest.approx({"x": 0.5, "y": 2.5}, abs=1e-8)
    assert found.status == "converged"
    assert any(re.fullmatch(HALF, message) for message in found.messages)


def test_descents_start_inside():
    """The middle of the box, and 31 of 32 points of it, are outside."""
    corner = {"x": (0, 3), "y": (0, 0.2)}
    found = fit(Wedge(0.05, 0.15), free=corner, starts=8)
    assert found.values == pytest.approx({"x": 0.05, "y": 0.15}, abs=1e-8)
    assert found.reached == 8


@pytest.mark.slow
def test_a_fit_that_ends_at_the_edge():
    """The highest point of x < y for a centre beyond: 1.35; not called converged."""
    found = fit(Wedge(1.5, 1.2))
    assert found.log_likelihood == pytest.approx(-4 * 0.15**2, abs=1e-2)
    assert found.status == "not converged"
    assert "the likelihood rises to the edge of where order is met" in found.messages


def test_a_step_outside_is_taken_back():
    """Newton's first step goes beyond the edge; shorter ones follow."""
    found = minimise(lambda t, _: jnp.where(t[0] > 0.5, t[0] ** 2, jnp.inf), np.array([[0.9]]))
    assert found.position[0, 0] == pytest.approx(0.5, abs=1e-6)


def test_a_box_outside_is_refused():
    with pytest.raises(BsfitInputError, match="order is not met at any of 1056 points of the box"):
        fit(Wedge(), free={"x": (2, 3), "y": (0, 1)})
    with pytest.raises(BsfitInputError, match="order is not met at any point of the grid"):
        scan(Wedge(), {"x": (2, 3, 5), "y": (0, 1, 5)}, progress=False)


def test_grids_tell_how_much_is_outside():
    found = scan(Wedge(), {"x": (0, 3, 4), "y": (0, 3, 4)}, progress=False)
    assert found.messages[0] == "order is not met in 62 % of the grid: the log-likelihood is -inf there"
    assert np.isfinite(found.log_likelihood).sum() == 6
    assert found.status == "converged"


@pytest.mark.slow
def test_a_profile_follows_the_edge():
    """Where y = 1 is outside, y as near to x as can be; nothing at x = 3."""
    like = Wedge(0.5, 1.0)
    x = np.array([0.0, 0.75, 1.5, 2.25])
    expected = 4 * ((x - 0.5) ** 2 + np.maximum(x - 1.0, 0.0) ** 2)
    found = profile(like, "x", span=(0, 3), points=5)
    np.testing.assert_allclose(found.delta_chi2, [*expected, np.inf], rtol=1e-5)
    scanned = scan(like, {"x": (0, 3, 5)}, profile=True, progress=False)
    np.testing.assert_allclose(-2 * scanned.log_likelihood, [*expected, np.inf], rtol=1e-5)


@pytest.mark.long
def test_chains_turn_at_the_edge():
    """A Gaussian cut along a line through its bulk: mean and width of direct draws, and no divergence."""
    found = sample(Wedge(1.5, 1.2), chains=2, warmup=400, draws=600, starts=8, progress=False)
    draws = np.random.default_rng(1).normal([1.5, 1.2], 0.5, (400000, 2))
    draws = draws[(draws[:, 0] < draws[:, 1]) & np.all((draws > 0) & (draws < 3), axis=1)]
    assert found.diagnostics["divergences"] == 0
    assert np.all(found.samples["x"] < found.samples["y"])
    for i, name in enumerate("xy"):
        row, error = found.summary[name], draws[:, i].std() / found.summary[name]["ess_bulk"] ** 0.5
        assert row["mean"] == pytest.approx(draws[:, i].mean(), abs=4 * error)
        assert row["sd"] == pytest.approx(draws[:, i].std(), rel=0.1)
    assert any("of the box" in message for message in found.messages)
