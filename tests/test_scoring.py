"""Fisher scoring on a curved toy problem, where the maximum is known to scipy."""

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.optimize

from bsfit import fit, sample
from bsfit.errors import BsfitInputError
from bsfit.inference.scoring import climb
from bsfit.inference.space import parse

NAMES = ("a", "b", "n1", "n2")
GENERATOR = np.random.default_rng(5)
LINEAR, CURVED = GENERATOR.normal(size=(7, 4)), 0.1 * GENERATOR.normal(size=(7, 4, 4))
DATA = 0.3 * GENERATOR.normal(size=7)
FREE = {"a": (-3.0, 3.0), "b": (-3.0, 3.0), "n1": (-5.0, 5.0), "n2": (-5.0, 5.0)}


def residual(x):
    return LINEAR @ x + np.einsum("nij,i,j->n", CURVED, x, x) - DATA


class Toy:
    """Curved predictions of unit error, two of four parameters constrained to 0 +- 1."""

    free, constrained, n_data = FREE, ("n1", "n2"), 7

    def __call__(self, params):
        raise AssertionError("a likelihood that can be expanded is not traced")

    def quadratic(self, params):
        x = np.array([params[name] for name in NAMES])
        r, slope = residual(x), LINEAR + 2 * np.einsum("nij,j->ni", 0.5 * (CURVED + CURVED.swapaxes(1, 2)), x)
        constraint = np.diag([0.0, 0.0, 1.0, 1.0])
        chi2 = float(r @ r + x @ constraint @ x)
        return -0.5 * chi2, -slope.T @ r - constraint @ x, slope.T @ slope + constraint, {"chi2": chi2}


def oracle(fixed=()):
    def chi2(y):
        x = np.append(fixed, y)
        return residual(x) @ residual(x) + x[2] ** 2 + x[3] ** 2

    return scipy.optimize.minimize(chi2, np.zeros(4 - len(fixed)), tol=1e-12)


def test_it_ends_where_scipy_does():
    space = parse(FREE)
    peak = climb(Toy().quadratic, space, np.full(4, 0.5))
    found = [float(x) for x in space.params(jnp.asarray(peak.position)).values()]
    assert found == pytest.approx(oracle().x, abs=1e-6)
    assert peak.distance < 1e-6
    assert peak.steps < 20


def test_held_parameters_stay():
    space = parse(FREE)
    start = np.asarray(space.position({"a": 1.0, "b": -1.0, "n1": 0.0, "n2": 0.0}))
    peak = climb(Toy().quadratic, space, start, np.array([True, True, False, False]))
    assert peak.position[:2] == pytest.approx(start[:2], abs=0)
    assert peak.summary["chi2"] == pytest.approx(oracle((1.0, -1.0)).fun, abs=1e-10)


def test_a_bound_stops_it():
    low = float(oracle().x[0]) + 0.5
    space = parse({**FREE, "a": (low, low + 1.0)})
    peak = climb(Toy().quadratic, space, np.full(4, 0.5))
    assert peak.position[0] == 0.0
    assert peak.gradient[0] > 0.0
    assert peak.distance < 1e-6


class Well(Toy):
    """What interferes with nothing, a^2 = 1.0 +- 0.1 and b^2 = 0.5 +- 0.2, and c, which the data hardly see."""

    free, constrained, n_data = {"a": (-3.0, 3.0), "b": (-2.0, 2.0), "c": (-20.0, 20.0)}, (), 3

    def quadratic(self, params):
        a, b, c = (params[name] for name in self.free)
        r = np.array([(a * a - 1.0) / 0.1, (b * b - 0.5 + 0.1 * a) / 0.2, (c - 1.0) / 100.0])
        slope = np.array([[20.0 * a, 0.0, 0.0], [0.5, 10.0 * b, 0.0], [0.0, 0.0, 0.01]])
        return -0.5 * float(r @ r), -slope.T @ r, slope.T @ slope, {"chi2": float(r @ r)}


def test_saddles_and_flat_directions():
    """At the reference point b has neither slope nor curvature, and a hardly any; all predictions are then met."""
    result = fit(Well(), reference=dict.fromkeys("abc", 0.0))
    assert result.converged
    assert abs(result.values["a"]) == pytest.approx(1.0, abs=1e-6)
    assert result.chi2 == pytest.approx(0.0, abs=1e-9)


def test_a_step_to_where_nothing_is_defined_is_taken_back():
    """From a = 3 the first step of scoring on ln(a)^2 leads to a < 0."""

    def quadratic(params):
        a = params["a"]
        if a <= 0.0:
            return np.nan, np.full(1, np.nan), np.full((1, 1), np.nan), {}
        r, slope = np.log(a) / 0.1, 10.0 / a
        return -0.5 * r * r, np.array([-slope * r]), np.array([[slope * slope]]), {}

    space = parse({"a": (-1.0, 5.0)})
    peak = climb(quadratic, space, np.array([4.0 / 6.0]))
    assert float(space.params(jnp.asarray(peak.position))["a"]) == pytest.approx(1.0, abs=1e-6)


def test_fit_goes_this_way():
    """Nuisances count neither as parameters nor in the pull, whose chi2 at the reference has them fitted there."""
    result = fit(Toy(), reference=dict.fromkeys(NAMES, 0.0))
    assert result.status == "converged"
    assert result.chi2 == pytest.approx(oracle().fun, abs=1e-9)
    assert (result.ndf, result.pull_dof) == (5, 2)
    assert result.pull_delta_chi2 == pytest.approx(oracle((0.0, 0.0)).fun - oracle().fun, abs=1e-3)
    assert set(result.values) == set(NAMES)


class Sampled(Toy):
    """The same, which a sampler may trace; its search must not."""

    def __call__(self, params):
        x = jnp.stack([params[name] for name in NAMES])
        r = LINEAR @ x + jnp.einsum("nij,i,j->n", CURVED, x, x) - DATA
        return -0.5 * (r @ r + x[2] ** 2 + x[3] ** 2)


@pytest.mark.long
def test_chains_start_around_the_maximum(monkeypatch):
    """NUTS needs values and slopes; the Hessian of a costly likelihood in many nuisances would never be compiled."""
    monkeypatch.setattr("bsfit.inference.sample.search", None)
    posterior = sample(Sampled(), seed=1, warmup=300, draws=300, progress=False)
    assert list(posterior.modes[0]["values"].values()) == pytest.approx(oracle().x, abs=1e-5)
    assert posterior.draws("a").mean() == pytest.approx(oracle().x[0], abs=0.1)


@pytest.mark.slow
def test_a_constraint_of_the_space_is_one_more_measurement():
    space = parse({**FREE, "a": dist.Normal(0.4, 0.01)})
    peak = climb(Toy().quadratic, space, np.full(4, 0.5))
    assert float(space.params(jnp.asarray(peak.position))["a"]) == pytest.approx(0.4, abs=0.02)
    assert peak.distance < 1e-6


def test_a_start_without_value_is_refused():
    with pytest.raises(BsfitInputError, match="not finite"):
        climb(lambda params: (float("nan"), np.zeros(4), np.eye(4), {}), parse(FREE), np.full(4, 0.5))
