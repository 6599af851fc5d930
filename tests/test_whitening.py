"""Coordinates in which chains with many nuisances move."""

import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.inference.whitening import Whitened


def test_a_gaussian_becomes_a_unit_gaussian():
    random = np.random.default_rng(4)
    mixing, centre = random.normal(size=(5, 5)), jnp.asarray(random.normal(size=5))
    covariance = jnp.asarray(mixing @ mixing.T + 0.01 * np.eye(5))
    precision = jnp.linalg.inv(covariance)
    white = Whitened.of(lambda z: -0.5 * (z - centre) @ precision @ (z - centre), centre, covariance)
    u = jnp.asarray(random.normal(size=(6, 5)))
    np.testing.assert_allclose(white.whiten(white.unwhiten(u)), u, rtol=1e-9, atol=1e-10)
    assert white.unwhiten(u[None]).shape == (1, 6, 5)
    assert float(white(u[0])) == pytest.approx(float(-0.5 * u[0] @ u[0]), rel=1e-9)


@pytest.mark.long
def test_a_posterior_with_floating_nuisances():
    """The mean and width of the coefficient are those of the fit, its nuisances those of their constraints."""
    question = {"data": [{"BR(Bs->mumu)": (3.4e-9, 3e-10)}], "free": {"C10mu": (-1.5, 2.0)}}
    like = bsfit.log_likelihood(**question, theory="sampled", nuisances=["f_Bs", "V_cb"])
    fit, posterior = bsfit.fit(like), bsfit.sample(like, warmup=300, draws=1000, chains=2, progress=False)
    assert posterior.diagnostics["divergences"] == 0
    for name in like.free:
        seen = posterior.summary[name]
        assert seen["mean"] == pytest.approx(fit.values[name], abs=0.25 * fit.errors[name][0])
        assert seen["sd"] == pytest.approx(fit.errors[name][0], rel=0.15)
