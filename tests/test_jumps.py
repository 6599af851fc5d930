"""Jumps between distant places of a posterior: what they propose, and that they change no density."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

from bsfit.inference import chains
from bsfit.inference.chains import Chains, with_the_shortest_steps
from bsfit.inference.diagnostics import bulk_ess, tail_ess
from bsfit.inference.jumps import COMPONENTS, DEGREES, TRIES, Mixture, fitted, jumped, nowhere
from bsfit.inference.nuts import NutsSettings, advance, advance_with_jumps, begin
from bsfit.inference.progress import Progress
from bsfit.inference.sample import LogDensity
from bsfit.inference.space import parse
from bsfit.runs.sample import sample


@pytest.mark.slow
def test_a_mixture_has_the_density_of_what_it_draws():
    weights, means = np.array([0.3, 0.7]), np.array([[0.0, 1.0], [3.0, -1.0]])
    covariances = np.array([[[1.0, 0.6], [0.6, 2.0]], [[0.5, 0.0], [0.0, 0.1]]])
    mixture = Mixture.of(weights, means, covariances)
    points = np.random.default_rng(1).normal(size=(5, 2))
    known = sum(
        w * stats.multivariate_t(m, c, df=DEGREES).pdf(points)
        for w, m, c in zip(weights, means, covariances, strict=True)
    )
    found = jax.vmap(mixture.log_prob)(jnp.asarray(points)) - np.log(2.0 * np.pi)
    np.testing.assert_allclose(found, np.log(known), rtol=1e-12)
    draws = np.asarray(jax.vmap(mixture.draw)(jax.random.split(jax.random.key(0), 40000)))
    np.testing.assert_allclose(draws.mean(axis=0), weights @ means, atol=0.05)
    spread = means - weights @ means
    wider = DEGREES / (DEGREES - 2.0) * covariances
    np.testing.assert_allclose(
        np.cov(draws.T),
        np.einsum("k,kij->ij", weights, wider + np.einsum("ki,kj->kij", spread, spread)),
        atol=0.08,
    )


@pytest.mark.slow
def test_a_mixture_lies_over_all_that_it_was_made_of():
    """Along a parabola far longer than it is wide, draws that were held out are as likely as draws of the parabola."""
    random = np.random.default_rng(2)
    x = random.normal(size=4000)
    draws = np.stack([x, x**2 + 0.05 * random.normal(size=4000)], axis=1)
    mixture = fitted(draws[:2000], seed=1)
    known = stats.norm.logpdf(x) + stats.norm.logpdf(draws[:, 1], x**2, 0.05)
    ratio = (known - jax.vmap(mixture.log_prob)(jnp.asarray(draws)) + np.log(2.0 * np.pi))[2000:]
    assert np.mean(ratio) < 1.0
    assert np.quantile(ratio, 0.99) < 3.0


def test_too_few_draws_and_constant_ones_have_no_mixture():
    assert fitted(np.random.default_rng(1).normal(size=(11, 2)), seed=1) is None
    assert fitted(np.ones((100, 2)), seed=1) is None
    assert nowhere(3).means.shape == (COMPONENTS + 1, 3)


@pytest.mark.slow
def test_jumps_keep_a_density_that_their_mixture_is_not():
    """Chains that start with the draws of a truncated exponential end with them, after jumps from a rough mixture."""
    mixture = Mixture.of(np.array([0.5, 0.5]), np.array([[0.2], [0.9]]), np.array([[[0.1]], [[0.3]]]))
    truncated = stats.truncexpon(b=3.0, scale=1.0 / 3.0)

    def density(t):
        return jnp.where((t[0] > 0.0) & (t[0] < 1.0), -3.0 * t[0], -jnp.inf)

    starts = jnp.asarray(truncated.rvs(4000, random_state=3))[:, None]
    keys = jax.random.split(jax.random.key(4), 4000)
    t, values = jax.jit(jax.vmap(lambda t, key: jumped(density, mixture, t, density(t), key)))(starts, keys)
    assert t.shape == (4000, TRIES, 1)
    np.testing.assert_allclose(values, -3.0 * t[..., 0], rtol=1e-12)
    assert np.mean(np.any(t[:, -1] != starts, axis=1)) > 0.9
    assert stats.kstest(np.asarray(t[:, -1, 0]), truncated.cdf).pvalue > 1e-3


@pytest.mark.slow
def test_between_jumps_trajectories_may_be_rare():
    """Each fifth step has one, from where the jumps have led; without jumps it goes on from there. Draws are normal."""
    space = parse({"x": (-6.0, 6.0)})
    density = LogDensity(lambda p: -0.5 * (p["x"] - 1.0) ** 2, space)
    mixture = Mixture.of(np.ones(1), np.array([[0.6]]), np.array([[[0.01]]]))
    settings = NutsSettings(warmup=100)
    state = begin(density, jnp.zeros((4, 1)), jax.random.split(jax.random.key(2), 4), jnp.eye(1), settings)
    moved = jax.jit(
        lambda s, jumping, every: advance_with_jumps(density, density, s, 500, settings, mixture, jumping, every)
    )
    state, _ = moved(state, jnp.asarray(False), jnp.asarray(1))
    state, seen = moved(state, jnp.asarray(True), jnp.asarray(5))
    known = jax.vmap(density)(seen["z"].reshape(-1, 1))
    np.testing.assert_allclose(seen["potential"].reshape(-1), -known, rtol=1e-10, atol=1e-10)
    steps = np.asarray(seen["num_steps"])
    assert np.all(steps[:, ::5] > 0)
    assert not np.any(np.delete(steps, np.s_[::5], axis=1))
    x = np.asarray(jax.vmap(lambda z: space.params(density.position(z))["x"])(seen["z"][:, :, -1].reshape(-1, 1)))
    assert stats.kstest(x[::4], stats.norm(1.0).cdf).pvalue > 1e-3
    state, seen = moved(state, jnp.asarray(False), jnp.asarray(1))
    value, slope = jax.vmap(jax.value_and_grad(density))(state.z)
    np.testing.assert_allclose(state.potential_energy, -value, rtol=1e-12)
    np.testing.assert_allclose(state.z_grad, -slope, rtol=1e-9, atol=1e-12)
    assert np.all(np.asarray(seen["accept_prob"])[:, 1:] <= 1.0)


@pytest.mark.slow
def test_the_density_in_the_box_is_that_of_the_unbounded_point():
    """Up to one constant for all points, and the Jacobian by numerical differences."""
    space = parse({"log:x": (0.2, 5.0), "y": dist.HalfNormal(2.0), "z": (-1.0, 2.0)})
    density = LogDensity(lambda p: -((p["x"] * p["y"] - p["z"]) ** 2), space)
    points = jnp.asarray(np.random.default_rng(5).normal(size=(6, 3)))
    positions = jax.vmap(density.position)(points)
    np.testing.assert_allclose(jax.vmap(density.point)(positions), points, rtol=1e-9)
    log_jacobian = [np.linalg.slogdet(jax.jacfwd(density.position)(u))[1] for u in points]
    apart = [float(density(u) - density.in_box(t)) for u, t in zip(points, positions, strict=True)]
    np.testing.assert_allclose(np.diff(apart), np.diff(log_jacobian), rtol=1e-9)
    np.testing.assert_allclose(apart, jax.vmap(density.log_volume)(points), rtol=1e-9)
    assert density.in_box(jnp.asarray([0.5, 0.5, 1.01])) == -jnp.inf
    assert density.in_box(jnp.asarray([0.5, -0.1, 0.5])) == -jnp.inf


@pytest.mark.long
def test_a_banana_passes_the_gate():
    """x is uniform on the bounds, y - x^2 normal."""
    found = sample(
        lambda p: -0.5 * ((p["y"] - p["x"] ** 2) / 0.1) ** 2, free={"x": (-2, 2), "y": (-9, 9)}, progress=False
    )
    assert found.converged
    assert min(found.summary["x"]["ess_bulk"], found.summary["x"]["ess_tail"]) > 800
    thinned = found.draws("x")[:: int(4000 / found.summary["x"]["ess_bulk"]) + 1]
    assert stats.kstest(thinned, stats.uniform(-2.0, 4.0).cdf).pvalue > 1e-3
    assert np.std(found.draws("y") - found.draws("x") ** 2) == pytest.approx(0.1, rel=0.1)


@pytest.mark.slow
def test_a_cross_of_needles_passes_the_gate():
    """Of a product of couplings one is large where the other is tiny: steps that warm-up fits to one arm diverge in the
    other. Marginals by a sum over a grid."""
    x, y = np.meshgrid(*(np.linspace(low, high, 4001) for low, high in ((-1.0, 1.0), (0.0, 2.0))), indexing="ij")
    known = np.exp(-0.5 * (x * y**2 / 0.02) ** 2)
    found = sample(
        lambda p: -0.5 * (p["x"] * p["y"] ** 2 / 0.02) ** 2, free={"x": (-1, 1), "y": (0, 2)}, progress=False
    )
    assert found.converged, found.reasons
    for name, values in (("x", known.sum(axis=1)), ("y", known.sum(axis=0))):
        ends = np.interp([0.025, 0.16, 0.84, 0.975], np.cumsum(values) / values.sum(), {"x": x[:, 0], "y": y[0]}[name])
        size = found.summary[name]["ess_tail"]
        for end, share in zip(ends, (0.025, 0.16, 0.84, 0.975), strict=True):
            assert abs(np.mean(found.draws(name) < end) - share) < 4.0 * np.sqrt(share * (1.0 - share) / size)


@pytest.mark.slow
def test_crescents_in_eight_parameters_mix():
    """Two pairs, each a ring that is brighter on one side, and four normal ones: quantiles by a sum over a grid."""
    space = parse({f"{axis}{i}": (-1.0, 1.0) for i in range(4) for axis in "xy"})

    def crescent(x, y):
        return -0.5 * ((jnp.hypot(x, y) - 0.6) / 0.08) ** 2 + 2.0 * x

    def log_density(p):
        rest = sum(x**2 for name, x in p.items() if name[1] > "1")
        return crescent(p["x0"], p["y0"]) + crescent(p["x1"], p["y1"]) - 0.5 * rest / 0.1**2

    density = LogDensity(log_density, space)
    starts = jnp.asarray(np.random.default_rng(1).normal(size=(4, 8)))
    run = Chains(density, density, starts, jnp.eye(8), 1, NutsSettings(warmup=200), Progress("", 1, False))
    trace, jumps = run.draws(2000)
    assert jumps["accepted"] > 0.25
    assert jumps["steps_per_trajectory"] > 1
    found = np.asarray(jax.vmap(jax.vmap(density.position))(jnp.asarray(trace["z"])))
    grid = np.linspace(-1.0, 1.0, 1001)
    known = np.exp(np.asarray(crescent(*np.meshgrid(grid, grid, indexing="ij"))))
    for k in range(8):
        marginal = known.sum(axis=1 - k % 2) if k < 4 else np.exp(-0.5 * (grid / 0.1) ** 2)
        ends = np.interp([0.01, 0.16, 0.5, 0.84, 0.99], np.cumsum(marginal) / marginal.sum(), 0.5 * (grid + 1.0))
        size = min(bulk_ess(found[..., k]), tail_ess(found[..., k]))
        assert size > 1600
        for end, share in zip(ends, (0.01, 0.16, 0.5, 0.84, 0.99), strict=True):
            assert abs(np.mean(found[..., k] < end) - share) < 4.5 * np.sqrt(share * (1.0 - share) / size)


@pytest.mark.slow
def test_a_short_run_has_trajectories_to_be_judged_by(monkeypatch):
    """As rare as trajectories may be where they are dear, each of the chains has ten."""
    monkeypatch.setattr(chains, "PRICE", 1000.0)
    monkeypatch.setattr(chains, "TRIAL", 1)
    found = sample(
        lambda p: -0.5 * (p["x"] ** 2 + p["y"] ** 2), free={"x": (-5, 5), "y": (-5, 5)}, draws=1700, progress=False
    )
    assert found.converged, found.reasons
    assert found.meta["settings"]["jumps"]["steps_per_trajectory"] > 1
    assert np.min(np.sum(found.sample_stats["num_steps"] > 0, axis=1)) >= chains.FEWEST


@pytest.mark.slow
@pytest.mark.parametrize("dense", [True, False])
def test_all_chains_have_the_steps_of_the_one_that_fits_everywhere(dense):
    """In the narrowest direction 0.3 * 0.1 is shorter than 0.2 * 0.2 and 0.1 * 0.5; 1e-6 is no step."""
    widths = np.array([[1.0, 0.1], [0.2, 3.0], [0.5, 0.5], [1.0, 1.0]])
    masses = np.stack([np.diag(w**2) if dense else w**2 for w in widths])
    settings = NutsSettings(warmup=0, dense_mass=dense)
    state = begin(_round, jnp.ones((4, 2)), jax.random.split(jax.random.key(0), 4), None, settings)
    roots = np.stack([np.diag(w) if dense else w for w in widths])
    tuned = {"step_size": [0.3, 0.2, 0.1, 1e-6], "inverse_mass_matrix": masses, "mass_matrix_sqrt": 2.0 * roots}
    tuned["mass_matrix_sqrt_inv"] = 3.0 * roots
    state = state._replace(adapt_state=state.adapt_state._replace(**{k: jnp.asarray(v) for k, v in tuned.items()}))
    parts = [jax.tree.map(lambda leaf, k=k: leaf[k : k + 1], state) for k in range(4)]
    for given in ([state], parts):
        for part, before in zip(with_the_shortest_steps(given), given, strict=True):
            for name, values in tuned.items():
                found = np.asarray(part.adapt_state._asdict()[name])
                np.testing.assert_array_equal(found, np.broadcast_to(values[0], found.shape))
            np.testing.assert_array_equal(part.z, before.z)
    moved, _ = advance(_round, with_the_shortest_steps(parts)[0], 1, settings)
    assert np.all(np.isfinite(moved.z))


def _round(z):
    return -0.5 * jnp.sum(z**2)


@pytest.mark.slow
def test_where_jumps_are_refused_chains_keep_their_own_steps():
    """Of ten parameters in shells of different widths hardly a jump is accepted."""
    space = parse({f"x{i}": (-1.0, 1.0) for i in range(12)})

    def shell(p):
        return -0.5 * ((jnp.sqrt(sum(x**2 for x in p.values())) - 0.8) / 0.003) ** 2

    density = LogDensity(shell, space)
    starts = jnp.asarray(np.random.default_rng(1).normal(size=(2, 12)))
    bar = Progress("", 1, False)
    run = Chains(density, density, starts, jnp.eye(12), 1, NutsSettings(warmup=100), bar)
    _, jumps = run.draws(50)
    assert (jumps["tried_per_draw"], jumps["steps_shortened"]) == (0, 1.0)
    assert jumps["accepted"] < 0.1
    steps = [float(part.adapt_state.step_size[0]) for part in run.parts]
    assert steps[0] != steps[1]


@pytest.mark.long
def test_modes_far_apart_have_their_weights():
    """Three and one quarter of the posterior, 10 sigma apart."""
    found = sample(
        lambda p: jnp.logaddexp(np.log(3.0) - 0.5 * (p["x"] - 5) ** 2, -0.5 * (p["x"] + 5) ** 2),
        free={"x": (-20, 20)},
        progress=False,
    )
    assert found.converged
    assert np.mean(found.draws("x") > 0.0) == pytest.approx(0.75, abs=0.04)
