"""Moments as polynomials of unit nuisances, against the amplitudes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.loading.inputs import input_set
from bsfit.predictions.floating import Second, quadratic_forms
from bsfit.predictions.functionals import read_of_moments
from bsfit.predictions.motion import Few
from bsfit.predictions.plan import plans_of

DATA = [{"<dBR/dq2>(B+->Kmumu)[1.1,6]": (2.0e-8, 1e-9), "DeltaM_s": (17.7, 0.1), "BR(Bs->mumu)": (3.4e-9, 3e-10)}]
NUISANCES = ["B->K BSZ a*", "V_cb", "m_c", "f_Bs"]


@pytest.fixture(scope="module")
def both():
    free = {"C9mu": (-3, 3), "C10mu": (-3, 3)}
    return [bsfit.log_likelihood(data=DATA, free=free, theory="sampled", nuisances=NUISANCES, exact=e) for e in (0, 1)]


def drawn(like, seed, widths):
    """A point of the coefficients, and nuisances so many standard deviations off where moments are exact."""
    random = np.random.default_rng(seed)
    floating, prior = like.prediction.floating, input_set("default").priors
    means = dict(zip(floating.names, np.asarray(floating.mean).tolist(), strict=True))
    errors = {n: s for p in prior for n, s in zip(p.names, np.sqrt(np.diag(p.covariance)), strict=True)}
    shifted = {name: mean + widths * random.normal() * errors[name] for name, mean in means.items()}
    return {"C9mu": random.normal(), "C10mu": random.normal(), **shifted}


@pytest.mark.long
def test_the_record_says_where_moments_come_from(both):
    assert ["polynomials of the nuisances" in " ".join(like.notes) for like in both] == [True, False]
    assert [like.meta["moments"] for like in both] == ["polynomials of the nuisances", "from the amplitudes"]


@pytest.mark.slow
def test_predictions_and_slopes_are_those_of_the_amplitudes(both):
    """Where the data pull the nuisances to rounding; half a standard deviation off in each to a tenth of a percent.

    Form factors move rates by ten per cent, and rates are quadratic in them; V_cb and f_Bs move the mixing, whose
    moments stay those of the amplitudes.
    """
    for widths, tolerance in ((0.0, 1e-10), (0.5, 1e-3)):
        point = {name: jnp.asarray(x) for name, x in drawn(both[0], 2, widths).items()}
        values, expected = (np.asarray(jax.jit(lambda p, f=like: f.predictions(p))(point)) for like in both)
        np.testing.assert_allclose(values, expected, rtol=tolerance)
        np.testing.assert_allclose(values[1], expected[1], rtol=1e-12)


@pytest.mark.long
def test_the_jacobian_is_that_of_the_amplitudes(both):
    point = drawn(both[0], 3, 0.2)
    (values, slopes), (expected, expected_slopes) = (like.about.jacobian(point) for like in both)
    np.testing.assert_allclose(values, expected, rtol=1e-3)
    assert np.all(np.abs(slopes - expected_slopes) < 0.02 * np.abs(expected_slopes).max(axis=1, keepdims=True))
    log_density, gradient, *_ = both[0].quadratic(point)
    named = {name: jnp.asarray(x) for name, x in point.items()}
    value, slope = jax.jit(jax.value_and_grad(lambda p: both[0](p)))(named)
    assert log_density == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(gradient, [float(slope[name]) for name in both[0].free], rtol=1e-8, atol=1e-8)


@pytest.mark.long
def test_best_fits_agree(both):
    ours, theirs = (bsfit.fit(like) for like in both)
    assert ours.converged
    assert theirs.converged
    for name in both[0].free:
        assert ours.values[name] == pytest.approx(theirs.values[name], abs=0.1 * theirs.errors[name][0])


@pytest.mark.long
def test_a_model_that_reads_inputs_reaches_what_they_move():
    """C10/C9 is an uncertain input: with it a second direction."""

    def model(params, inputs):
        ratio = inputs["m_c"] - 1.0
        found = {"C9_bsmumu": params["x"], "C10_bsmumu": params["x"] * ratio}
        return bsfit.Theory(bsfit.WilsonCoefficients.of(found))

    likes = [
        bsfit.log_likelihood(model, DATA[:1], {"x": (-2, 2)}, theory="sampled", nuisances=["m_c"], exact=exact)
        for exact in (False, True)
    ]
    point = {"x": jnp.asarray(-0.7), "m_c": likes[0].about.means["m_c"] + 0.01}
    values, expected = (np.asarray(jax.jit(lambda p, f=like: f.predictions(p))(point)) for like in likes)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.long
def test_a_threshold_that_moves_through_a_bin_is_followed():
    """That of the loops of charm quarks: no polynomial of second order in their mass is nearly as good."""
    asked = {"data": [{"<dBR/dq2>(B+->Kmumu)[6,8]": (2.0e-8, 1e-9)}], "free": {"C9mu": (-3, 3)}, "theory": "sampled"}
    ours, theirs = (bsfit.log_likelihood(**asked, nuisances=["m_c_BVgamma"], exact=exact) for exact in (False, True))
    steps = np.linspace(-3.0, 3.0, 13)
    points = {"C9mu": jnp.full(13, -0.5), "m_c_BVgamma": ours.about.means["m_c_BVgamma"] + 0.2 * steps}
    values, expected = (np.asarray(jax.jit(jax.vmap(like.predictions))(points))[:, 0] for like in (ours, theirs))
    np.testing.assert_allclose(values, expected, rtol=1e-4)
    assert np.abs(np.polynomial.Polynomial.fit(steps, expected, 2)(steps) / expected - 1.0).max() > 1e-3


def test_products_of_two_nuisances_are_forms_with_their_derivatives():
    """What each product does, i <= j, is what the form does; first and second derivatives are those of the sum."""
    random = np.random.default_rng(7)
    few = Few(random.normal(size=(3, 6, 2)), random.normal(size=(3, 2, 4, 5)))
    second, w = Second.of(few, 3), jnp.asarray(random.normal(size=(3, 3)))
    i, j = np.triu_indices(3)

    def summed(w):
        return jnp.einsum("rt,rtf,rfx->rx", w[:, i] * w[:, j], few.forms, few.parts.reshape(3, 2, 20))

    np.testing.assert_allclose(second(w), summed(w), rtol=1e-12)
    for derivative in (jax.jacfwd, jax.jacrev, jax.hessian):
        np.testing.assert_allclose(derivative(second)(w), derivative(summed)(w), rtol=1e-12, atol=1e-12)
    many = jnp.asarray(random.normal(size=(4, 3, 3)))
    batched = jax.vmap(quadratic_forms, (None, 0))(second.forms, many)
    np.testing.assert_allclose(batched, [quadratic_forms(second.forms, one) for one in many], rtol=1e-12)


READ = (
    *(f"<{key}>(Bs->phimumu)[1.1,6]" for key in ("dBR/dq2", "FL", "S3", "A8", "A9")),
    *(f"<{key}>(B0->K*mumu)[4,6]" for key in ("P5p", "A9", "S3")),
    "<dBR/dq2>(B0->K*mumu)[1.1,2.5]",
    "R_K[1.1,6]",
)


@pytest.mark.parametrize("process", ["b_to_v_ll", "b_to_k_ll"])
def test_what_observables_read_of_moments_is_all_that_they_read(process):
    """With lifetimes and widths of inputs other than those where that was found, too."""
    (plan,) = (p for p in plans_of([catalogue.observable(name) for name in READ]) if p.name == process)
    inputs, random = input_set("default").inputs, np.random.default_rng(3)
    moving = [i for i, name in enumerate(inputs.names) if name.startswith(("tau_B", "DeltaGamma"))]
    changes = np.zeros((len(moving), len(inputs.names)))
    changes[np.arange(len(moving)), moving] = 0.1 * np.asarray(inputs.values)[moving]
    bases = read_of_moments(plan, inputs, changes)
    assert max(basis.shape[1] for basis in bases) < plan.process.n_moments
    moments = random.normal(size=(len(plan.rows), plan.process.n_moments))
    few = np.stack([basis @ (basis.T @ row) for basis, row in zip(bases, moments, strict=True)])
    moved = dataclasses.replace(inputs, values=inputs.values + random.normal(size=len(moving)) @ changes)
    found, expected = (plan.functionals(jnp.asarray(x), moved) for x in (few, moments))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max()), found, expected)
