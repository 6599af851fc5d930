"""Functions of small arrays as functions of scalars: the same numbers, in fewer passes over a batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import written_out as module
from bsfit.written_out import stored_slope, written_out, written_out_with_slope

MATRIX = jnp.asarray(np.random.default_rng(1).normal(size=(4, 4)))
PLACES = np.array([2, 0, 3, 1])


@jax.custom_jvp
def halved(x):
    return 0.5 * x


@halved.defjvp
def _(primals, tangents):
    return halved(*primals), 0.5 * tangents[0]


def mixed(x):
    """Operations on arrays of every kind that is known, and some that are not."""
    a = jnp.stack([x["a"], x["b"] ** 2, jnp.sin(x["a"]), 1.0 / x["b"]])
    b = jax.lax.optimization_barrier((MATRIX @ a)[PLACES] / (2.0 + jnp.cos(a)))
    c = jnp.concatenate([a[::2], b[1:3]]).reshape(2, 2).T
    d = jnp.where(c > 0.1, c, jnp.exp(c)) @ jnp.stack([a[:2], b[:2]])
    looped = jax.lax.fori_loop(0, 3, lambda i, y: y + jnp.sin(y) * i, d[0])
    z = jnp.sum(a * (1.0 + 2.0j) * jnp.conj(b + 1j * a))
    found = jnp.linalg.norm(looped) + jnp.max(b) + jnp.prod(1.0 + 0.1 * c) + z.real * z.imag + halved(jnp.min(d[:, 1]))
    return found + jnp.sum(jnp.einsum("ij,kj->ik", d, c)) + jnp.sum(jnp.flip(a)[jnp.newaxis, :2] ** -2)


def points(n):
    generator = np.random.default_rng(2)
    return {"a": jnp.asarray(generator.uniform(-1, 1, n)), "b": jnp.asarray(generator.uniform(0.5, 2.0, n))}


def same(found, expected, rtol=1e-12):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol), found, expected)


@pytest.mark.long
@pytest.mark.parametrize("writer", [written_out, written_out_with_slope])
def test_values_and_derivatives_of_any_order_are_the_same(writer):
    for derivative in (lambda f: f, jax.jacfwd, jax.value_and_grad, jax.hessian):
        found, expected = (jax.jit(jax.vmap(derivative(f)))(points(5)) for f in (writer(mixed), mixed))
        same(found, expected)


def test_structure_of_results_and_what_is_not_traced():
    def function(x):
        a, b = jax.lax.optimization_barrier((x["a"], x["b"]))
        return {"sum": a + b, "both": [jnp.stack([x["a"], x["b"]]), x["a"] > 0, jnp.arange(3)]}

    point = {"a": jnp.asarray(0.3), "b": jnp.asarray(2.0)}
    same(jax.jit(written_out(function))(point), function(point))
    assert written_out(lambda x: "as it is")(point) == "as it is"


@pytest.mark.slow
def test_what_is_too_long_stays_what_it_is(monkeypatch):
    monkeypatch.setattr(module, "OPERATIONS", 10)
    same(jax.jit(written_out_with_slope(mixed))(point := {"a": 0.3, "b": 1.2}), mixed(point))


def test_errors_of_the_function_arrive():
    with pytest.raises(ZeroDivisionError):
        jax.jit(written_out(lambda x: x / (1 // 0)))(1.0)


def test_a_batch_is_one_pass():
    n = 1000

    def memory(function):
        return jax.jit(jax.vmap(function)).lower(points(n)).compile().memory_analysis().temp_size_in_bytes / n

    def quotients(x):
        a = jnp.stack([x["a"], x["b"], x["a"] * x["b"]])
        b = a[jnp.array([2, 0, 1])] / (2.0 + MATRIX[:3, :3] @ a) ** 2
        return b @ MATRIX[:3, :3] @ b

    assert memory(written_out(quotients)) < 1.0 < memory(quotients)


@pytest.mark.parametrize("value", [0.0, -1.5, np.inf, -np.inf, np.nan])
def test_stored_slope_changes_nothing(value):
    found = jax.jit(jax.value_and_grad(lambda x: 3.0 * stored_slope(x)))(value)
    np.testing.assert_array_equal(found, (3.0 * value, 3.0 if value == value else np.nan))


# ------------------------------------------------------------------------------------------------- likelihoods


def own(params, inputs):
    left = jnp.stack([params["x"], params["x"] * params["y"], inputs["V_cb"] * params["y"] ** 2])
    names = ("C9_bsmumu", "C10_bsmumu", "C9p_bsmumu")
    return bsfit.Theory(bsfit.WilsonCoefficients.of(dict(zip(names, left, strict=True))))


PORTAL = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (0.0, 0.5), "lambda_L_mu": (0.0, 1.0), "log:m_Zp": (500.0, 5000.0)}
PORTAL |= {"g_X": (0.1, 1.0), "m_Q": (500.0, 3000.0), "m_L": (500.0, 3000.0)}
LOOP = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (0.0, 0.5), "lambda_L_mu": (0.0, 3.0), "m_X": (100.0, 900.0)}
LIKELIHOODS = {
    "portal": {"model": "portal", "data": "seed-2017", "inputs": "seed", "free": PORTAL, "fixed": {"m_chi": 1000.0}},
    "loop": {"model": "loop", "data": "seed-2017", "free": LOOP, "fixed": {"m_Q": 1100.0, "m_L": 1000.0}},
    "eft": {"model": "eft", "data": "lfu", "free": {"C9mu": (-2.0, 2.0), "C10mu": (-2.0, 2.0)}},
    "own": {"model": own, "data": "seed-2017", "free": {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}},
}


@pytest.mark.long
@pytest.mark.parametrize("name", ["eft", "own", "portal", pytest.param("loop", marks=pytest.mark.long)])
def test_likelihoods_of_every_model_in_scalars_are_what_they_are(name):
    like = bsfit.log_likelihood(**LIKELIHOODS[name])
    generator = np.random.default_rng(3)
    box = {key.removeprefix("log:"): bounds for key, bounds in like.free.items()}
    batch = {key: jnp.asarray(generator.uniform(*bounds, 200)) for key, bounds in box.items()}
    value, gradient = jax.jit(jax.vmap(jax.value_and_grad(like)))(batch)
    same(jax.jit(jax.vmap(like))(batch), value)
    # What is not traced, and derivatives of the summary, go through arrays.
    plain = [float(like({key: float(x[i]) for key, x in batch.items()})) for i in range(3)]
    np.testing.assert_allclose(value[:3], plain, rtol=1e-11)
    slopes = jax.jit(jax.vmap(jax.grad(lambda p: -0.5 * like.summary(p)["chi2"])))(batch)
    for key, slope in slopes.items():
        np.testing.assert_allclose(gradient[key], slope, rtol=1e-10, atol=1e-10 * float(jnp.max(jnp.abs(slope))))


@pytest.mark.slow
def test_portal_couplings_to_a_likelihood_are_one_pass_over_a_batch():
    like, n = bsfit.log_likelihood(**LIKELIHOODS["portal"]), 1000
    batch = {key.removeprefix("log:"): jnp.ones(n) for key in like.free}
    compiled = jax.jit(jax.vmap(like)).lower(batch).compile()
    assert compiled.memory_analysis().temp_size_in_bytes / n < 8.0
