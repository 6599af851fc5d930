"""The density of each datum given the others, against joint densities; and posteriors as ArviZ knows them."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.likelihood import densities
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.pointwise import given_others

N = 5


@pytest.fixture(scope="module")
def numbers():
    random = np.random.default_rng(5)
    half = random.normal(size=(N, N))
    covariance = half @ half.T + np.eye(N)
    sigma = np.sqrt(np.diag(covariance))
    shifts = random.normal(size=(N, 2))
    return random.normal(size=N), random.normal(size=N), sigma, covariance / np.outer(sigma, sigma), shifts


def test_it_is_the_joint_density_over_that_of_the_others(numbers):
    """log p(y_i | y_-i) = log p(y) - log p(y_-i), by scipy."""
    central, predicted, sigma, correlation, shifts = numbers
    covariance = correlation * np.outer(sigma, sigma) + shifts @ shifts.T
    found = given_others(
        SplitNormal.of(central, sigma, sigma, correlation), jnp.asarray(predicted), jnp.asarray(shifts)
    )
    joint = stats.multivariate_normal(predicted, covariance).logpdf(central)
    for i in range(N):
        rest = np.delete(np.arange(N), i)
        others = stats.multivariate_normal(predicted[rest], covariance[np.ix_(rest, rest)]).logpdf(central[rest])
        assert found[i] == pytest.approx(joint - others, rel=1e-10)


def test_uncorrelated_values_with_two_sides_add_up(numbers):
    central, predicted, sigma, *_ = numbers
    data = SplitNormal.of(central, sigma, 1.5 * sigma)
    none = jnp.zeros((N, 0))
    found = given_others(data, jnp.asarray(predicted), none)
    assert jnp.sum(found) == pytest.approx(float(densities.log_prob(data, jnp.asarray(predicted), none)), rel=1e-12)


@pytest.mark.long
def test_a_posterior_for_arviz():
    arviz = pytest.importorskip("arviz_base")
    like = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-3, 1), "log:C9e": (0.1, 0.5)}, nuisances="!*")
    posterior = bsfit.sample(like, draws=50, warmup=50, chains=2, progress=False)
    tree = bsfit.to_arviz(posterior, like, prior_draws=2000)
    assert set(tree.children) >= {"posterior", "sample_stats", "log_likelihood", "observed_data", "prior"}
    data = tree["log_likelihood"]["data"]
    assert data.dims == ("chain", "draw", "datum")
    assert data.shape == (2, 50, 3)
    assert data.coords["datum"].values[0] == "<Rmue>(B+->Kll)[1,6] (review-2018)"
    assert data.sum("datum").values == pytest.approx(posterior.log_likelihood, rel=1e-9)  # no common errors
    assert tree["observed_data"]["data"].values == pytest.approx([d.central for _, d in like.about.listed])
    prior = tree["prior"]["C9e"].values
    assert prior.shape == (1, 2000)
    assert np.log(prior).mean() == pytest.approx(np.log([0.1, 0.5]).mean(), abs=0.05)
    assert tree["posterior"]["C9mu"].values == pytest.approx(posterior.samples["C9mu"])
    other = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-3, 1)})
    with pytest.raises(BsfitInputError, match="expected the likelihood with C9mu, C9e free"):
        bsfit.to_arviz(posterior, other)
    assert arviz
