"""The posterior as other samplers take it: densities against scipy, and the samplers themselves where installed."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

import bsfit
from bsfit import BsfitInputError

FREE = {"a": (-2.0, 4.0), "log:b": (0.1, 10.0), "c": dist.Normal(1.0, 0.5)}
POINT = np.array([0.5, 2.0, 1.2])


def like(params):
    return -0.5 * ((params["a"] - 0.3) ** 2 / 0.04 + jnp.log(params["b"]) ** 2 / 0.09)


@pytest.fixture(scope="module")
def posterior():
    return bsfit.log_posterior(like, free=FREE)


def test_density_is_that_of_scipy(posterior):
    wanted = stats.uniform(-2, 6).logpdf(0.5) + stats.loguniform(0.1, 10).logpdf(2.0) + stats.norm(1, 0.5).logpdf(1.2)
    assert posterior.names == ("a", "b", "c")
    assert posterior.log_prior(POINT) == pytest.approx(wanted, rel=1e-12)
    alone = posterior.log_likelihood(POINT)
    assert alone == pytest.approx(-0.5 * (0.04 / 0.04 + np.log(2.0) ** 2 / 0.09), rel=1e-12)
    assert posterior(POINT) == pytest.approx(wanted + alone, rel=1e-12)
    assert isinstance(posterior(POINT), float)


def test_rows_are_points(posterior):
    rows = np.stack([POINT, POINT + 0.1, [9.0, 2.0, 1.0], [0.0, -1.0, 1.0]])
    found = posterior(rows)
    assert isinstance(found, np.ndarray)
    assert found[:2].tolist() == pytest.approx([posterior(row) for row in rows[:2]], rel=1e-12)
    assert found[2:].tolist() == [-np.inf, -np.inf]


def test_jax_differentiates_it(posterior):
    slope = jax.grad(posterior)(jnp.asarray(POINT))
    wanted = [-(0.5 - 0.3) / 0.04, -np.log(2.0) / 0.09 / 2.0 - 0.5, -(1.2 - 1.0) / 0.25]
    assert np.asarray(slope).tolist() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.slow
def test_a_program_may_differentiate_it():
    """As numpyro's NUTS does; flat priors leave the slope of the likelihood."""
    of_data = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-2, 2), "C10mu": (-2, 2)})
    slope = jax.jit(jax.grad(bsfit.log_posterior(of_data)))(jnp.zeros(2))
    wanted = jax.grad(of_data)({"C9mu": jnp.zeros(()), "C10mu": jnp.zeros(())})
    np.testing.assert_allclose(slope, [wanted["C9mu"], wanted["C10mu"]], rtol=1e-12)


def test_quantiles_are_those_of_scipy():
    transform = bsfit.prior_transform(like, free=FREE)
    cube = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5]])
    laws = (stats.uniform(-2, 6), stats.loguniform(0.1, 10), stats.norm(1, 0.5))
    wanted = np.stack([law.ppf(cube[:, i]) for i, law in enumerate(laws)], axis=1)
    assert transform(cube) == pytest.approx(wanted, rel=1e-6)
    assert transform(cube[0]) == pytest.approx(wanted[0], rel=1e-6)


def test_bad_input(posterior):
    with pytest.raises(BsfitInputError, match=r"shape \(2,\)"):
        posterior([1.0, 2.0])
    with pytest.raises(BsfitInputError, match="no quantiles"):
        bsfit.prior_transform(like, free={"a": dist.VonMises(0.0, 1.0)})


@pytest.mark.slow
def test_emcee_takes_it(posterior):
    emcee = pytest.importorskip("emcee")
    start = POINT + 0.01 * np.random.default_rng(1).normal(size=(16, 3))
    sampler = emcee.EnsembleSampler(16, 3, posterior, vectorize=True)
    sampler.random_state = np.random.RandomState(1).get_state()
    sampler.run_mcmc(start, 1500)
    draws = sampler.get_chain(discard=300, flat=True)
    assert draws.mean(axis=0)[[0, 2]] == pytest.approx([0.3, 1.0], abs=0.05)
    assert draws.std(axis=0)[[0, 2]] == pytest.approx([0.2, 0.5], rel=0.1)


@pytest.mark.slow
def test_dynesty_takes_it(posterior):
    """Evidence of Gaussians far from the bounds: their norm over the volume of the prior."""
    dynesty = pytest.importorskip("dynesty")
    transform = bsfit.prior_transform(like, free=FREE)
    random = np.random.default_rng(1)
    sampler = dynesty.NestedSampler(posterior.log_likelihood, transform, 3, nlive=100, rstate=random)
    sampler.run_nested(print_progress=False, dlogz=0.5)
    wanted = np.log(2 * np.pi * 0.2 * 0.3 / (6.0 * np.log(100.0)))
    assert sampler.results.logz[-1] == pytest.approx(wanted, abs=0.7)
