"""Densities against scipy, brute-force profiling, and limits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from bsfit.likelihood import densities
from bsfit.likelihood.curves import PublishedCurve, log_likelihood_curve
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.moving_errors import MovingErrors, parts_of

CORRELATION = np.array([[1.0, 0.3, -0.2], [0.3, 1.0, 0.1], [-0.2, 0.1, 1.0]])
CENTRAL, PLUS, MINUS = np.array([0.745, 0.66, 0.685]), np.array([0.097, 0.113, 0.122]), np.array([0.082, 0.074, 0.084])
NONE = jnp.zeros((3, 0))


def one_by_one(function):
    """The function of a batch: two batched LAPACK calls in one program never end on two cores (jaxlib 0.10)."""
    return jax.jit(lambda *batch: jax.lax.map(lambda arguments: function(*arguments), batch))


def data(plus=PLUS, minus=MINUS, correlation=None):
    return SplitNormal.of(CENTRAL, plus, minus, correlation)


def test_symmetric_errors_are_scipys_multivariate_normal():
    theory = np.array([[0.01, 0.0], [0.0, 0.02], [0.0, 0.01]])
    prediction = np.array([1.0, 0.92, 1.0])
    covariance = CORRELATION * np.outer(PLUS, PLUS) + theory @ theory.T
    expected = scipy.stats.multivariate_normal(CENTRAL, covariance)
    block = data(PLUS, PLUS, CORRELATION)
    value = densities.log_prob(block, jnp.asarray(prediction), jnp.asarray(theory))
    assert value == pytest.approx(expected.logpdf(prediction), rel=1e-13)
    residual = prediction - CENTRAL
    chi2 = residual @ np.linalg.solve(covariance, residual)
    assert densities.chi2(block, jnp.asarray(prediction), jnp.asarray(theory)) == pytest.approx(chi2, rel=1e-13)


@pytest.mark.parametrize(("sign", "error"), [(1.0, PLUS), (-1.0, MINUS)])
def test_far_from_the_join_each_side_has_its_own_error(sign, error):
    prediction = CENTRAL + sign * 2.0 * error
    assert densities.chi2(data(), jnp.asarray(prediction), NONE) == pytest.approx(12.0, rel=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 3.0, 9.0, 15.0, 100.0])
@pytest.mark.parametrize("sigmas", [1.0, 2.0, 3.0])
def test_errors_of_any_asymmetry_count_in_full_on_both_sides(ratio, sigmas):
    for plus, minus in ((0.1 * ratio, 0.1), (0.1, 0.1 * ratio)):
        value = SplitNormal.of(*(np.array([x]) for x in (1.0, plus, minus)))
        for residual in (-sigmas * minus, sigmas * plus):
            chi2 = densities.chi2(value, jnp.array([1.0 + residual]), NONE[:1])
            assert chi2 == pytest.approx(sigmas**2, rel=1e-6)


@pytest.mark.parametrize("ratio", [1.5, 9.0, 15.0])
@pytest.mark.parametrize("theory", [np.zeros((3, 0)), np.array([[0.05, 0.01], [0.02, 0.05], [0.0, 0.04]])])
def test_correlated_split_errors_are_the_covariance_of_the_sides(ratio, theory):
    """By hand, at residuals on either side, as near to the join as one narrow error."""
    plus, minus = np.array([0.1, 0.1 * ratio, 0.1]), np.array([0.1 * ratio, 0.1, 0.1])
    block = data(plus, minus, CORRELATION)
    for residual in ([0.1, -0.1, 0.05], [-0.3, 0.1 * ratio, -0.1], [0.1, 0.1, 0.0]):
        residual = np.array(residual)
        side = np.where(residual > 0, plus, minus)
        chi2 = residual @ np.linalg.solve(CORRELATION * np.outer(side, side) + theory @ theory.T, residual)
        for errors in (jnp.asarray(theory), densities.FixedErrors.of(block, theory)):
            assert densities.chi2(block, jnp.asarray(CENTRAL + residual), errors) == pytest.approx(chi2, rel=2e-3)


@pytest.mark.parametrize("ratio", [2.0, 9.0, 100.0])
def test_a_split_normal_has_one_minimum(ratio):
    value = SplitNormal.of(*(np.array([x]) for x in (1.0, 0.1 * ratio, 0.1)))
    x = 1.0 + np.concatenate([-np.geomspace(1.0, 1e-6, 400), np.geomspace(1e-6, 10.0, 400)])
    chi2 = np.asarray(jax.vmap(lambda v: densities.chi2(value, v[None], NONE[:1]))(jnp.asarray(x)))
    falling = np.diff(chi2) < 0
    assert falling[:399].all()
    assert not falling[400:].any()


def test_chi2_is_the_minimum_over_the_nuisances():
    theory = np.array([[0.05, 0.01, 0.0], [0.02, 0.05, 0.03], [0.0, 0.04, 0.01]])
    prediction = np.array([1.0, 0.92, 1.0])
    # With a point-independent error the nuisance shifts the prediction linearly and may be profiled by hand.
    block = data(PLUS, PLUS, CORRELATION)

    def penalised(n):
        return float(densities.chi2(block, jnp.asarray(prediction + theory @ n), NONE)) + n @ n

    best = scipy.optimize.minimize(penalised, np.zeros(3), tol=1e-12).fun
    assert densities.chi2(block, jnp.asarray(prediction), jnp.asarray(theory)) == pytest.approx(best, rel=1e-8)


@pytest.mark.long
@pytest.mark.parametrize("uneven", [0, pytest.param(50, marks=pytest.mark.slow)])
def test_constant_theory_errors_are_what_theory_errors_are(uneven):
    """Value, slopes and curvature of Schur's complement and of Woodbury's identity; 50 is beyond one block of rows."""
    random = np.random.default_rng(uneven)
    n, shifts = 90, random.normal(size=(90, 7))
    plus = random.uniform(0.5, 2.0, n)
    minus = plus * np.where(random.permutation(n) < uneven, random.uniform(0.4, 2.5, n), 1.0)
    mixing = random.normal(size=(n, n))
    correlation = mixing @ mixing.T + n * np.eye(n)
    correlation /= np.sqrt(np.outer(np.diag(correlation), np.diag(correlation)))
    block = SplitNormal.of(random.normal(size=n), plus, minus, correlation)
    constant = densities.fixed_errors(block, shifts)
    start, along = jnp.asarray(random.normal(size=(2, n)))

    def orders(theory):
        def at(t):
            return densities.log_prob(block, start + t * along, theory)

        return jax.jit(lambda t: jnp.stack([at(t), jax.grad(at)(t), jax.hessian(at)(t)]))(0.3)

    assert isinstance(constant, densities.FixedErrors)
    assert np.asarray(orders(constant)) == pytest.approx(np.asarray(orders(jnp.asarray(shifts))), rel=1e-10)
    pulls = [densities.pulls(block, start, theory) for theory in (constant, jnp.asarray(shifts))]
    assert np.array_equal(*pulls)


@pytest.mark.long
@pytest.mark.parametrize("ratio", [pytest.param(1.2, marks=pytest.mark.slow), 15.0])
def test_constant_theory_errors_of_any_asymmetry(ratio):
    """Value and slopes of many points at once against the covariance by hand; a ratio of 15 is eliminated in part."""
    random = np.random.default_rng(3)
    n = 40
    shifts, center = random.normal(size=(n, 7)), random.normal(size=n)
    plus = random.uniform(0.5, 2.0, n) * np.geomspace(1e-6, 1e3, n)
    minus = plus * np.where(random.permutation(n) < 30, ratio ** random.choice([-1.0, 1.0], n), 1.0)
    shifts *= plus[:, None]
    correlation = 0.4 + 0.6 * np.eye(n)
    block = SplitNormal.of(center, plus, minus, correlation)
    points = center + 3.0 * random.normal(size=(64, n)) * np.maximum(plus, minus)

    def by_hand(point):
        error = densities.sigma(block, point)
        unit = np.asarray(0.5 * (plus + minus))
        matrix = correlation * jnp.outer(error / unit, error / unit) + (shifts @ shifts.T) / np.outer(unit, unit)
        rest = (point - center) / unit
        return rest @ jnp.linalg.solve(matrix, rest)

    for near in (None, points[0], np.full(n, np.nan)):
        errors = densities.FixedErrors.of(block, shifts, near)
        value, slope = jax.jit(jax.vmap(jax.value_and_grad(lambda p, e=errors: e.chi2(block, p))))(points)
        expected, expected_slope = one_by_one(jax.value_and_grad(by_hand))(points)
        np.testing.assert_allclose(value, expected, rtol=1e-10)
        np.testing.assert_allclose(
            jax.jit(jax.vmap(lambda p, e=errors: e.chi2(block, p)))(points), expected, rtol=1e-10
        )
        slope, expected_slope = np.asarray(slope), np.asarray(expected_slope)
        size = np.abs(expected_slope).max(axis=0)
        np.testing.assert_allclose(slope / size, expected_slope / size, atol=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("ratio", [pytest.param(r, marks=pytest.mark.slow) for r in (1.0, 1.2)] + [15.0])
@pytest.mark.parametrize("together", [pytest.param(1, marks=pytest.mark.slow), 5, 160])
def test_moving_theory_errors_of_many_nuisances(ratio, together):
    """Density and slopes in predictions and shifts against the covariance by hand; correlations in blocks of values."""
    random = np.random.default_rng(4)
    n = 160
    plus = random.uniform(0.5, 2.0, n) * np.geomspace(1e-3, 1e3, n)
    minus = plus * np.where(random.permutation(n) < 120, ratio ** random.choice([-1.0, 1.0], n), 1.0)
    blocks = np.arange(n) // together
    correlation = np.where(blocks[:, None] == blocks, 0.4, 0.0) + 0.6 * np.eye(n)
    block = SplitNormal.of(random.normal(size=n) * plus, plus, minus, correlation)
    unit = jnp.asarray(0.5 * (plus + minus))
    points = np.asarray(block.central) + 3.0 * random.normal(size=(4, n)) * np.maximum(plus, minus)
    shifts = random.normal(size=(4, n, 7)) * np.asarray(unit)[:, None]

    def covariance(error, shifts):
        w = shifts / unit[:, None]
        return correlation * jnp.outer(error / unit, error / unit) + w @ w.T

    def by_hand(point, shifts):
        rest = (point - block.central) / unit
        chi2 = rest @ jnp.linalg.solve(covariance(densities.sigma(block, point), shifts), rest)
        log_det = jnp.linalg.slogdet(covariance(unit, shifts))[1] + 2.0 * jnp.sum(
            jnp.log(jnp.sqrt(2.0 * jnp.pi) * unit)
        )
        return -0.5 * (chi2 + log_det)

    def both(density, batched):
        return batched(jax.value_and_grad(density, (0, 1)))(points, jnp.asarray(shifts))

    value, slopes = both(partial(densities.log_prob, block), lambda f: jax.jit(jax.vmap(f)))
    expected, expected_slopes = both(by_hand, one_by_one)
    np.testing.assert_allclose(value, expected, rtol=1e-10)
    np.testing.assert_allclose(
        jax.jit(jax.vmap(partial(densities.log_prob, block)))(points, shifts), expected, rtol=1e-10
    )
    for slope, right, axes in zip(slopes, expected_slopes, ((0,), (0, 2)), strict=True):
        size = np.abs(right).max(axis=axes, keepdims=True)
        np.testing.assert_allclose(slope / size, right / size, atol=1e-9)


@pytest.mark.slow
def test_split_normal_is_normalised_and_smooth():
    block = SplitNormal.of(np.array([0.7]), np.array([0.12]), np.array([0.07]))
    x = np.linspace(-0.5, 2.5, 20001)
    density = jax.vmap(lambda v: jnp.exp(densities.log_prob(block, v[None], jnp.zeros((1, 0)))))(jnp.asarray(x))
    # The smoothed join moves the normalisation of the sharp split normal by a few per mille.
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=5e-3)
    third = jax.grad(jax.grad(jax.grad(lambda v: densities.chi2(block, v[None], jnp.zeros((1, 0))))))
    assert np.isfinite(third(0.7))


def test_marginal_density_of_a_part_keeps_its_correlation():
    part = data(PLUS, PLUS, CORRELATION).take(np.array([0, 2]))
    prediction = jnp.asarray([1.0, 1.0])
    covariance = (CORRELATION * np.outer(PLUS, PLUS))[np.ix_([0, 2], [0, 2])]
    expected = scipy.stats.multivariate_normal(CENTRAL[[0, 2]], covariance).logpdf(prediction)
    assert densities.log_prob(part, prediction, jnp.zeros((2, 0))) == pytest.approx(expected, rel=1e-12)


def test_a_correlation_matrix_that_is_not_positive_definite_is_refused():
    with pytest.raises(ValueError, match="not positive definite"):
        data(correlation=np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]))


@pytest.mark.slow
def test_a_tabulated_gaussian_is_a_gaussian_inside_and_outside():
    x = np.linspace(0.2, 1.5, 80)
    curve = PublishedCurve.of(x, -0.5 * ((x - 0.85) / 0.13) ** 2)
    at = jnp.asarray([0.3, 0.72, 0.85, 1.2])
    values = jax.vmap(lambda v: log_likelihood_curve(curve, v))(at)
    np.testing.assert_allclose(values, -0.5 * ((at - 0.85) / 0.13) ** 2, atol=1e-5)
    beyond = log_likelihood_curve(curve, 1.9)
    assert beyond == pytest.approx(-0.5 * ((1.9 - 0.85) / 0.13) ** 2, rel=0.02)
    slope = jax.grad(lambda v: log_likelihood_curve(curve, v))
    assert slope(1.5 - 1e-9) == pytest.approx(float(slope(1.5 + 1e-9)), rel=1e-5)


def test_smearing_a_tabulated_gaussian_adds_the_widths_in_quadrature():
    x = np.linspace(-2.0, 4.0, 200)
    curve = PublishedCurve.of(x, -0.5 * ((x - 1.0) / 0.3) ** 2, smear=0.2)
    value = log_likelihood_curve(curve, 1.4)
    assert value == pytest.approx(-0.5 * 0.4**2 / (0.3**2 + 0.2**2), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
def test_products_with_correlations_in_blocks(apart):
    """One large block among pairs; where its rows do not follow each other the whole matrix is multiplied."""
    random = np.random.default_rng(3)
    correlation = np.kron(np.eye(100), [[1.0, 0.3], [0.3, 1.0]])
    block = random.normal(size=(24, 40))
    scale = 1.0 / np.linalg.norm(block, axis=1)
    correlation[50:74, 50:74] = (block @ block.T) * np.outer(scale, scale)
    order = random.permutation(200) if apart else np.arange(200)
    correlation = correlation[np.ix_(order, order)]
    data = densities.SplitNormal.of(np.zeros(200), np.ones(200), np.ones(200), correlation)
    assert (data.sparse is None) is apart
    for shape in ((200,), (200, 7)):
        y = jnp.asarray(random.normal(size=shape))
        np.testing.assert_allclose(data.weigh(y), np.linalg.solve(correlation, y), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(jax.vmap(data.weigh)(jnp.stack([y, -y]))[1], -data.weigh(y), rtol=1e-12, atol=1e-12)


@pytest.mark.long
def test_parts_of_moving_errors_are_the_whole():
    """Three decays, whose values depend on nuisances of their own and on common ones."""
    generator = np.random.default_rng(3)
    n, q = 60, 80
    correlation, moved = np.eye(n), np.zeros((n, q), dtype=bool)
    for k in range(3):
        rows = slice(20 * k, 20 * k + 20)
        samples = generator.normal(size=(20, 40))
        correlation[rows, rows] = np.corrcoef(samples)
        moved[rows, 25 * k : 25 * k + 25] = moved[rows, 75:] = True
    plus, minus = generator.uniform(0.5, 2.0, (2, n))
    data = densities.SplitNormal.of(generator.normal(size=n), plus, minus, correlation)
    shifts = jnp.asarray(np.where(moved, generator.normal(size=(n, q)), 0.0))
    parts = parts_of(np.asarray(data.precision), moved)
    assert sum(len(rows) for rows, _ in parts) == n
    assert len(parts) > 1
    prediction = jnp.asarray(generator.normal(size=n))

    def at(shifts, parts):
        return densities.log_prob(data, prediction, MovingErrors(shifts, parts))

    whole = MovingErrors.whole(shifts).parts
    (value, slope), (expected, expected_slope) = (jax.value_and_grad(at)(shifts, each) for each in (parts, whole))
    assert float(value) == pytest.approx(float(expected), rel=1e-10)
    # What moves nothing has no slope in parts.
    np.testing.assert_allclose(np.asarray(slope)[moved], np.asarray(expected_slope)[moved], rtol=1e-9, atol=1e-12)
