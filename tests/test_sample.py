"""Posteriors with known moments, the verdict on bad targets, reproducibility."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

from bsfit.errors import BsfitInputError
from bsfit.inference.following import EDGE, following, unbounded
from bsfit.inference.nuts import NutsSettings, draw_chains
from bsfit.inference.sample import LogDensity, prepare
from bsfit.inference.space import parse
from bsfit.runs.sample import sample

COVARIANCE = np.array([[1.0, 0.8], [0.8, 1.5]])


def like(params):
    """A correlated pair, and a number of which only x > 0 is allowed though the data prefer -1."""
    r = jnp.stack([params["a"] - 0.3, params["b"] + 1.0])
    return -0.5 * r @ jnp.asarray(np.linalg.inv(COVARIANCE)) @ r - 0.5 * (params["x"] + 1.0) ** 2


FREE = {"a": (-20, 20), "b": dist.Normal(0.0, 3.0), "x": (0.0, 5.0)}


@pytest.fixture(scope="module")
def posterior():
    return sample(like, free=FREE, draws=2000, progress=False)


@pytest.mark.long
def test_moments_are_those_of_the_known_posterior(posterior):
    precision = np.linalg.inv(COVARIANCE) + np.diag([0.0, 1 / 9])
    covariance = np.linalg.inv(precision)
    mean = covariance @ np.linalg.inv(COVARIANCE) @ [0.3, -1.0]
    pair = np.stack([posterior.draws("a"), posterior.draws("b")])
    sizes = [posterior.summary[name]["ess_bulk"] for name in "ab"]
    np.testing.assert_array_less(np.abs(pair.mean(axis=1) - mean), 4 * np.sqrt(np.diag(covariance) / sizes))
    np.testing.assert_allclose(np.cov(pair), covariance, atol=0.12)
    truncated = stats.truncnorm(1.0, 6.0, loc=-1.0)
    thinned = posterior.draws("x")[:: max(1, int(8000 / posterior.summary["x"]["ess_bulk"]) + 1)]
    assert stats.kstest(thinned, truncated.cdf).pvalue > 1e-3


@pytest.mark.slow
def test_verdict_priors_and_log_likelihood_are_recorded(posterior):
    assert posterior.verdict == "passed"
    text = str(posterior)
    assert "convergence passed" in text
    assert "prior: Normal(loc=0, scale=3)" in text
    assert "prior: flat in x on [0, 5]" in text
    point = {name: posterior.samples[name][1, 7] for name in posterior.names}
    assert posterior.log_likelihood[1, 7] == pytest.approx(float(like(point)), abs=1e-9)
    assert posterior.log_likelihood.shape == (4, 2000)
    assert list(posterior.samples) == ["a", "b", "x"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws_where_a_run_was_left_too(tmp_path):
    runs = [
        sample(like, free=FREE, seed=seed, draws=100, progress=False, store=tmp_path / f"{seed}") for seed in (5, 6)
    ]
    for path in sorted((tmp_path / "5").glob("chunk-*"))[12:]:
        path.unlink()
    runs.insert(1, sample(like, free=FREE, seed=5, draws=100, progress=False, store=tmp_path / "5", resume=True))
    np.testing.assert_array_equal(runs[0].samples["a"], runs[1].samples["a"])
    assert np.any(runs[0].samples["a"] != runs[2].samples["a"])


@pytest.mark.long
def test_too_few_draws_cannot_pass(capsys):
    result = sample(
        lambda p: jnp.logaddexp(-0.5 * (p["x"] - 5) ** 2, -0.5 * (p["x"] + 5) ** 2),
        free={"x": (-20, 20)},
        warmup=300,
        draws=80,
        progress=False,
    )
    assert result.verdict == "failed"
    assert len(result.modes) == 2
    assert result.modes[0]["weight"] == pytest.approx(0.5, abs=1e-3)
    assert "not to be trusted" in str(result)
    assert "convergence failed" in capsys.readouterr().err


@pytest.mark.slow
def test_chains_start_far_apart_along_a_valley_and_across_modes():
    """x y = 1 or x y = -1: the four chains start in both valleys, at both ends of them."""
    space = parse({"x": (0.1, 4), "y": (-4, 4)})
    density = LogDensity(lambda p: -0.5 * (((p["x"] * p["y"]) ** 2 - 1) / 0.05) ** 2, space)
    z = prepare(density, chains=4, seed=3).starts
    starts = [{name: float(x) for name, x in space.params_unbounded(point).items()} for point in z]
    assert 1 <= sum(start["y"] > 0 for start in starts) <= 3
    assert max(start["x"] for start in starts) > 2.0
    assert min(start["x"] for start in starts) < 1.0


@pytest.mark.long
def test_chains_of_many_data_sets_in_one_program():
    """`draw_chains` under vmap over data: the mean follows the data."""
    space = parse({"x": (-10, 10)})
    centres = jnp.asarray([-2.0, 0.0, 3.0])
    start = prepare(LogDensity(lambda p: -0.5 * p["x"] ** 2, space), chains=2, seed=1).starts
    settings = NutsSettings(warmup=200)

    @jax.jit
    def run(centre, key):
        density = LogDensity(lambda p: -0.5 * (p["x"] - centre) ** 2, space)
        z = draw_chains(density, start, key, 300, settings)["z"]
        return jax.vmap(jax.vmap(lambda z: space.params_unbounded(z)["x"]))(z)

    x = jax.vmap(run)(centres, jax.random.split(jax.random.key(0), 3))
    assert x.shape == (3, 2, 300)
    np.testing.assert_allclose(x.mean(axis=(1, 2)), centres, atol=0.3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "passes"),
    [
        ("gaussian", 6),
        pytest.param("funnel", 0, marks=pytest.mark.long),
        pytest.param("bimodal", 0, marks=pytest.mark.long),
    ],
)
def test_gate(target, passes, benchmark_module):
    """Six seeds of benchmarks/posterior_gate.py; the full hundred are run there."""
    gate = benchmark_module("posterior_gate")
    found = gate.judgements(target, range(1, 7))
    assert sum(judged.verdict == "passed" for judged in found) == passes


@pytest.mark.long
def test_chains_follow_a_curved_valley():
    """y = 1/x to 1 %: with a rough function the sampler needs few steps, and finds the exact posterior of ln x."""

    def valley(p):
        return -0.5 * ((p["x"] * p["y"] - 1) / 0.01) ** 2

    free = {"log:x": (0.2, 5.0), "log:y": (0.1, 10.0)}
    found = sample(valley, free=free, follow={"y": lambda p: 1.01 / p["x"]}, progress=False)
    assert found.converged
    assert found.sample_stats["num_steps"].mean() < 20
    thinned = np.log(found.draws("x"))[:: int(4000 / found.summary["x"]["ess_bulk"]) + 1]
    assert stats.kstest(thinned, stats.uniform(np.log(0.2), np.log(25.0)).cdf).pvalue > 1e-3
    product = found.draws("x") * found.draws("y")
    assert product.mean() == pytest.approx(1.0, abs=1e-3)
    assert product.std() == pytest.approx(0.01, rel=0.1)


@pytest.mark.slow
def test_starts_are_displaced_along_a_valley_that_is_followed():
    space = parse({"log:x": (0.2, 5.0), "log:y": (0.1, 10.0)})
    valley = following(space, {"y": lambda p: 1 / p["x"]})
    density = LogDensity(lambda p: -0.5 * ((p["x"] * p["y"] - 1) / 0.01) ** 2, space, valley)
    plan = prepare(density, chains=4, seed=1, starts=8)
    z, _ = jax.vmap(lambda u: unbounded(space, valley, u))(plan.starts)
    found = jax.vmap(space.params_unbounded)(z)
    np.testing.assert_allclose(found["x"] * found["y"], 1.0, atol=0.05)
    assert np.ptp(np.log(found["x"])) > 1.0
    assert plan.inverse_mass[1, 1] == EDGE**2


@pytest.mark.parametrize(
    ("follow", "words"),
    [
        ({"z": lambda p: 1.0}, "not free"),
        ({"b": lambda p: 1.0}, "distribution"),
        ({"a": lambda p: p["a"]}, "follows later"),
        ({"a": lambda p: p["x"] * np.inf}, "gives inf"),
    ],
)
def test_functions_that_cannot_be_followed(follow, words):
    with pytest.raises(BsfitInputError, match=words):
        sample(like, free=FREE, follow=follow, progress=False)


def test_more_draws_than_memory_holds_are_refused_at_once():
    with pytest.raises(BsfitInputError, match=r"draws: 4 x 1\.0000001e\+10 points; expected at most 20000000"):
        sample(lambda p: pytest.fail("computed"), free={"x": (0, 1)}, draws=10**10)
