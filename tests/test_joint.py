"""The joint likelihood: the review's numbers by an independent derivation, theory errors, groups, refusals."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.likelihood import densities
from bsfit.predictions import compiled

# Eq. (2) and (3) of 1803.04703: central value, upward, downward and systematic error; Standard Model and its error.
REVIEW = {
    "<Rmue>(B+->Kll)[1,6]": (0.745, 0.090, 0.074, 0.036, 1.00, 0.01),
    "<Rmue>(B0->K*ll)[0.045,1.1]": (0.660, 0.110, 0.070, 0.024, 0.92, 0.02),
    "<Rmue>(B0->K*ll)[1.1,6]": (0.685, 0.113, 0.069, 0.047, 1.00, 0.01),
}
SCENARIOS = ("C9mu", "C10mu", "C9mu=-C10mu", "C9e")
SAMPLES = np.linspace(-2.5, 2.5, 5)


@pytest.fixture(scope="module")
def like():
    return bsfit.log_likelihood(data="seed-2017", inputs="seed", free={name: (-4, 4) for name in SCENARIOS})


def point(**changes):
    return {**dict.fromkeys(SCENARIOS, 0.0), **changes}


def points_along(name, values):
    return {other: jnp.asarray(values if other == name else np.zeros_like(values)) for other in SCENARIOS}


@pytest.fixture(scope="module")
def chi2(like):
    """At many points, compiled once."""
    return jax.jit(jax.vmap(like.chi2))


@pytest.mark.slow
def test_standard_model_pulls_of_the_review(like):
    """2.6, 2.3, 2.5; the review quotes LHCb's own 2.6, 2.2, 2.4, which come from the likelihood curves."""
    assert like.observables == tuple(REVIEW)
    np.testing.assert_allclose(like.predictions(point()), [row[4] for row in REVIEW.values()], rtol=1e-12)
    pulls = []
    for i in range(3):
        one = like.terms[0].data.take(np.array([i]))
        chi2 = densities.chi2(one, like.predictions(point())[i : i + 1], like.errors.shifts[i : i + 1])
        pulls.append(float(chi2) ** 0.5)
    np.testing.assert_allclose(pulls, [2.6, 2.3, 2.5], atol=0.1)


def independent_chi2(shift):
    """Chi2 of the review's three numbers for predicted ratios, with one-sided errors and the full covariance."""
    rows = np.array(list(REVIEW.values()))
    residual = shift - rows[:, 0]
    statistical = np.where(residual > 0, rows[:, 1], rows[:, 2])
    covariance = np.diag(statistical**2 + rows[:, 3] ** 2)
    theory = rows[:, 5]
    covariance[0, 0] += theory[0] ** 2
    covariance[1:, 1:] += np.outer(theory[1:], theory[1:])
    return residual @ np.linalg.solve(covariance, residual)


@pytest.fixture(scope="module")
def sampled_ratios():
    """The three ratios at five values of each scenario, from the amplitudes and not from the response."""
    direct = bsfit.prediction(list(REVIEW), inputs="seed", free=SCENARIOS)
    points = [direct.model(point(**{name: c}), direct.inputs) for name in SCENARIOS for c in SAMPLES]
    coefficients = np.stack([p.wilson.values for p in points])
    moments = compiled.moments({p.process: (coefficients, p.row_arrays()) for p in direct.plans}, direct.inputs)
    combined = jax.jit(jax.vmap(lambda m: direct.of_moments(m, points[0], direct.inputs)))
    values = np.asarray(combined(moments))
    return dict(zip(SCENARIOS, values.reshape(len(SCENARIOS), len(SAMPLES), -1), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_fits_agree_with_an_independent_derivation(chi2, sampled_ratios, name):
    """R(C) is a ratio of quadratics, found here from direct predictions; the chi2 and its minimum are plain numpy."""
    quadratic = 1.0 / sampled_ratios[name] if name == "C9e" else sampled_ratios[name]
    fits = [np.polynomial.polynomial.polyfit(SAMPLES, column, 2) for column in quadratic.T]
    values = [np.polynomial.polynomial.polyval(SAMPLES, fit) for fit in fits]
    np.testing.assert_allclose(np.stack(values, axis=1), quadratic, rtol=1e-9)

    def predicted(c):
        r = np.array([np.polynomial.polynomial.polyval(c, fit) for fit in fits])
        return 1 / r if name == "C9e" else r

    best = scipy.optimize.minimize_scalar(lambda c: independent_chi2(predicted(c)), bounds=(-2, 2), method="bounded")
    grid = np.linspace(best.x - 0.4, best.x + 0.4, 201)
    ours, at_zero = np.split(np.asarray(chi2(points_along(name, np.append(grid, 0.0)))), [201])
    # The join of the two sides of an error and the treatment of the theory error (relative, linear) are ours.
    assert grid[int(np.argmin(ours))] == pytest.approx(best.x, abs=0.02)
    assert float(np.min(ours)) == pytest.approx(best.fun, abs=0.15)
    assert float(at_zero[0]) == pytest.approx(independent_chi2(predicted(0.0)), rel=1e-3)


@pytest.mark.slow
def test_derivatives_of_the_likelihood(like):
    def of_vector(x):
        return like(dict(zip(SCENARIOS, x, strict=True)))

    x = jnp.asarray([-0.6, 0.3, -0.2, 0.4])
    of_vector, slopes = jax.jit(of_vector), jax.jit(jax.grad(of_vector))
    gradient, hessian = slopes(x), jax.jit(jax.hessian(of_vector))(x)
    step = 1e-5
    for i, unit in enumerate(np.eye(4)):
        difference = (of_vector(x + step * unit) - of_vector(x - step * unit)) / (2 * step)
        assert gradient[i] == pytest.approx(float(difference), rel=1e-6, abs=1e-6)
        slope = (slopes(x + step * unit) - slopes(x - step * unit)) / (2 * step)
        np.testing.assert_allclose(hessian[i], slope, rtol=1e-6, atol=1e-5)


def test_groups_and_meta(like):
    groups = like.by_group(point())
    assert set(groups) == {"LFU"}
    assert float(groups["LFU"]) == pytest.approx(float(like(point())), rel=1e-12)
    assert like.meta["papers"][0] == "Vicente:2018frk"
    assert all(len(digest) == 64 for digest in like.meta["data_files"].values())
    assert like.reference_chi2 == pytest.approx(float(like.chi2(point())))


def test_the_electromagnetic_error_is_common_to_the_bins_of_a_ratio(like):
    errors = np.asarray(like.errors.shifts)
    np.testing.assert_allclose(np.abs(errors), [[0.01, 0], [0, 0.02], [0, 0.01]], atol=1e-12)


@pytest.mark.slow
def test_three_theory_modes_agree_at_the_standard_model():
    free = {"C9mu": (-3, 3)}
    fixed = bsfit.log_likelihood(data="seed-2017", inputs="seed", free=free)
    propagated = bsfit.log_likelihood(data="seed-2017", inputs="seed", free=free, theory="propagated")
    sampled = bsfit.log_likelihood(data="seed-2017", inputs="seed", free=free, theory="sampled")
    at = {"C9mu": 0.0}
    assert propagated(at) == pytest.approx(float(fixed(at)), rel=1e-12)
    names = ("QED B->K", "QED B->K*")
    assert set(sampled.free) == {"C9mu", *names}
    profiled = scipy.optimize.minimize(
        lambda n: float(sampled.chi2({**at, **dict(zip(names, n, strict=True))})), np.zeros(2), tol=1e-10
    )
    # Profiling moves the residual, hence slightly the side-dependent error: only far from the join are both equal.
    assert profiled.fun == pytest.approx(float(fixed.chi2(at)), rel=2e-3)
    assert float(propagated.chi2({"C9mu": -1.5})) != pytest.approx(float(fixed.chi2({"C9mu": -1.5})), rel=1e-5)


@pytest.mark.long
def test_floating_nuisances_are_fit_from_the_amplitudes():
    """Gradient as differences of the value; best fit, errors and pull as with propagated errors, which are linear."""
    question = {"data": ["lhcb-kmumu-br-2014"], "nuisances": ["B->K BSZ a0_*", "V_cb"], "free": {"C9mu": (-6, 3)}}
    like = bsfit.log_likelihood(theory="sampled", **question)
    nuisances = like.about.means
    assert set(like.free) == {"C9mu", "V_cb", "B->K BSZ a0_f+", "B->K BSZ a0_fT"}
    point = {"C9mu": -0.8, **{name: 1.02 * value for name, value in nuisances.items()}}
    _, gradient, information, _ = like.quadratic(point)
    for name, slope, curvature in zip(like.free, gradient, np.diag(information), strict=True):
        step = 1e-3 / curvature**0.5
        up, down = (like.quadratic({**point, name: point[name] + sign * step})[0] for sign in (1, -1))
        assert (up - down) / (2 * step) == pytest.approx(slope, rel=1e-4, abs=1e-4 * curvature**0.5)
    found = bsfit.fit(like)
    linear = bsfit.fit(bsfit.log_likelihood(theory="propagated", **question))
    assert found.converged
    assert found.gradient_norm < 1e-6
    assert found.values["C9mu"] == pytest.approx(linear.values["C9mu"], abs=0.1 * linear.errors["C9mu"][0])
    assert found.errors["C9mu"][0] == pytest.approx(linear.hessian_errors["C9mu"], rel=0.1)
    assert found.ndf == linear.ndf
    assert found.pull == pytest.approx(linear.pull, rel=0.1)


def test_errors_of_the_mixing_inputs_reach_the_mass_difference():
    """Against shifts of each input by its error; DeltaM_s knows nothing of the q2 nodes whose response is kept."""
    like = bsfit.log_likelihood(data="lhcb-dms-2021", free={"CVLL_bsbs": (-1e-11, 1e-11)})
    central = bsfit.load_inputs("default")
    from bsfit.loading.inputs import input_set

    sigma = {p.names[0]: float(p.covariance[0, 0] ** 0.5) for p in input_set("default").priors if len(p.names) == 1}
    direct = eqx.filter_jit(bsfit.prediction(["DeltaM_s_ps"], free=("CVLL_bsbs",)))
    at = {"CVLL_bsbs": jnp.asarray(0.0)}

    def shifted(name, sign):
        return float(direct(at, central.replace({name: central[name] + sign * sigma[name]}))[0])

    shifts = [(shifted(name, 1) - shifted(name, -1)) / 2 for name in like.meta["nuisances"]]
    assert set(like.meta["nuisances"]) == {"V_us", "V_cb", "m_t_MSbar", "f_Bs", "bag_Bs_1", "eta_B"}
    np.testing.assert_allclose(np.abs(np.asarray(like.errors.shifts)[0]), np.abs(shifts), rtol=5e-3)
    assert float(np.linalg.norm(np.asarray(like.errors.shifts)[0])) > 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"free": {"C9tau": (-1, 1)}}, "no selected observable depends on C9tau"),
        ({"free": {"C9mu": (1, -1)}}, "low < high"),
        ({"free": {"C9mu": (0, float("nan"))}}, "low < high"),
        ({"free": {"log:C9mu": (-1, 1)}}, "positive for log"),
        ({"free": {"C9mu": 3}}, "bounds of 'C9mu'"),
        ({"free": {"C9muu": (-1, 1)}}, "C9mu"),
        ({"free": {"C9mu": (-1, 1)}, "data": "seed-2016"}, "seed-2017"),
        ({"free": {"C9mu": (-1, 1)}, "theory": "exact"}, "propagated"),
        ({"free": {"C9mu": (-1, 1)}, "nuisances": "QDE*"}, "no uncertain input"),
        ({"free": {"C9mu": (-1, 1)}, "fixed": {"C9mu": 0.0}}, "both free and fixed"),
        ({"free": {"C9mu": (-1, 1), "log:C9mu": (0.1, 1)}}, "given twice, with and without"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(BsfitInputError, match=message):
        bsfit.log_likelihood(**{"data": "seed-2017", "inputs": "seed", **arguments})
