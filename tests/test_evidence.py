"""Evidences against closed forms and integrals over grids, from one run and from many."""

import sys

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.results import Evidence

blackjax = pytest.importorskip("blackjax")


def gaussian(n, sigma=0.02):
    """A normalised one in a box of side 2: its evidence is one over the volume."""

    def like(p):
        x = jnp.stack([p[f"x{i}"] for i in range(n)])
        return -0.5 * jnp.sum(((x - 0.3) / sigma) ** 2) - n * jnp.log(sigma * jnp.sqrt(2 * jnp.pi))

    return like, {f"x{i}": (-1.0, 1.0) for i in range(n)}


def pull(found, exact):
    return (found.log_evidence - exact) / found.error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "seeds"), [(2, 4), pytest.param(2, 20, marks=pytest.mark.long), pytest.param(8, 20, marks=pytest.mark.long)]
)
def test_gaussians(n, seeds, tmp_path):
    like, free = gaussian(n)
    found = [bsfit.evidence(like, free=free, seed=seed, progress=False) for seed in range(1, seeds + 1)]
    pulls = np.array([pull(each, -n * np.log(2.0)) for each in found])
    assert np.all(np.abs(pulls) < 3.0)
    assert abs(pulls.mean()) < 3.0 / np.sqrt(seeds)
    one = found[0]
    assert one.weights.sum() == pytest.approx(1.0, abs=1e-9)
    assert float(one.cells()[1][0][1]) == pytest.approx(0.3, abs=0.004)
    assert Evidence.load(one.save(tmp_path / "evidence")) == one
    assert "prior: flat in x0 on [-1, 1]" in str(one)


@pytest.mark.long
def test_priors_and_walls_count():
    """Half of the plane is forbidden; one prior is normal, one flat in the logarithm."""

    def like(p):
        value = -0.5 * ((p["a"] - 1.0) / 0.5) ** 2 - 0.5 * (jnp.log(p["b"]) / 0.2) ** 2
        return jnp.where(p["a"] > 0.8, value, -jnp.inf)

    found = bsfit.evidence(like, free={"a": dist.Normal(0.0, 1.0), "log:b": (0.1, 10.0)}, progress=False)
    a = np.linspace(0.8, 9.0, 20001)
    over_a = np.trapezoid(np.exp(-0.5 * ((a - 1.0) / 0.5) ** 2 - 0.5 * a**2) / np.sqrt(2 * np.pi), a)
    exact = np.log(over_a * 0.2 * np.sqrt(2 * np.pi) / np.log(100.0))
    assert abs(pull(found, exact)) < 3.0
    assert found.samples["a"].min() > 0.8


@pytest.mark.long
def test_modes_of_the_portal_have_the_weights_of_a_grid(benchmark_module):
    """The signs of two couplings may be exchanged, within bounds that are not symmetric."""
    samplers = benchmark_module("nested_samplers")
    like, _, exact = samplers.portal()
    middle = (np.arange(801) + 0.5) / 801
    mesh = np.meshgrid(middle, middle, indexing="ij")
    points = bsfit.prior_transform(like)(np.stack([x.reshape(-1) for x in mesh], axis=1))
    weight = np.exp(bsfit.log_posterior(like).log_likelihood(points) - exact)
    wanted = weight[points[:, 0] < 0.0].sum() / weight.sum()
    found = [bsfit.evidence(like, seed=seed, progress=False) for seed in range(1, 11)]
    shares = np.array([each.weights[each.samples["lambda_Q_s"] < 0.0].sum() for each in found])
    assert abs(shares.mean() - wanted) < 3.0 * shares.std(ddof=1) / np.sqrt(len(shares))
    assert all(abs(pull(each, exact)) < 3.0 for each in found)


def test_bad_input(monkeypatch):
    like, free = gaussian(2)
    with pytest.raises(BsfitInputError, match="live: got 10"):
        bsfit.evidence(like, free=free, live=10)
    with pytest.raises(BsfitInputError, match="no quantiles"):
        bsfit.evidence(like, free={"x0": (-1, 1), "x1": dist.VonMises(0.0, 1.0)})
    monkeypatch.setitem(sys.modules, "blackjax", None)
    with pytest.raises(BsfitInputError, match=r"evidences need blackjax .*bsfit\[nested\]"):
        bsfit.evidence(like, free=free, progress=False)
