"""The box of free parameters: parsing, coordinates, prior densities."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.integrate
from scipy import stats

from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.space import parse, space_of

FREE = {"x": (-3, 3), "log:m": (500, 5000), "n": dist.Normal(1.0, 0.2), "w": dist.LogNormal(0.0, 0.5)}


def test_box_and_names():
    space = parse(FREE)
    assert space.names == ("x", "m", "n", "w")
    assert space.log == (False, True, False, False)
    bounds = space.bounds()
    assert bounds["x"] == (-3.0, 3.0)
    assert bounds["m"] == pytest.approx((500.0, 5000.0), rel=1e-14)
    assert bounds["n"] == pytest.approx((0.0, 2.0), abs=0.1)
    assert bounds["w"][0] == 0.0
    assert space.describe()["m"] == "flat in log m on [500, 5000]"
    assert space.describe()["n"] == "Normal(loc=1, scale=0.2)"


def test_positions_are_linear_in_the_parameter_or_its_logarithm():
    space = parse(FREE)
    middle = space.params(jnp.full(4, 0.5))
    assert float(middle["x"]) == 0.0
    assert float(middle["m"]) == pytest.approx(np.sqrt(500 * 5000))
    t = jnp.asarray([0.1, 0.7, 0.4, 0.9])
    np.testing.assert_allclose(space.position(space.params(t)), t, rtol=1e-13)


def test_unbounded_coordinates_invert():
    space = parse(FREE)
    z = jnp.asarray([-1.0, 2.0, 0.3, -0.4])
    np.testing.assert_allclose(space.unbounded(space.params_unbounded(z)), z, rtol=1e-12)
    assert jax.jit(lambda z: space.params_unbounded(z))(z)["m"] == pytest.approx(float(space.params_unbounded(z)["m"]))


@pytest.mark.parametrize("prior", [(-2.0, 3.0), dist.Normal(0.5, 2.0), dist.LogNormal(0.0, 0.5), dist.Uniform(1, 4)])
def test_prior_density_is_normalised(prior):
    space = parse({"x": prior})
    density = jax.jit(lambda z: jnp.exp(space.log_prior_unbounded(jnp.stack([z]))))
    assert scipy.integrate.quad(density, -40, 40, limit=200)[0] == pytest.approx(1.0, abs=1e-6)


def test_log_bounds_are_flat_in_the_logarithm():
    space = parse({"log:m": (1.0, 100.0)})
    z = np.random.default_rng(0).logistic(size=200_000)
    m = np.asarray(jax.vmap(lambda z: space.params_unbounded(z[None])["m"])(jnp.asarray(z)))
    assert stats.kstest(np.log10(m), stats.uniform(0, 2).cdf).pvalue > 1e-3


def test_only_distributions_are_constraints():
    space = parse({"x": (-3, 3), "n": dist.Normal(1.0, 0.2)})
    got = float(space.constraint({"x": jnp.asarray(2.0), "n": jnp.asarray(1.3)}))
    assert got == pytest.approx(stats.norm(1.0, 0.2).logpdf(1.3))


@pytest.mark.parametrize(
    ("free", "says"),
    [
        ({}, "no free parameter"),
        ({"x": (1, 1)}, "empty bounds"),
        ({"x": (2, 1)}, "reversed bounds"),
        ({"x": (0, float("nan"))}, "not finite"),
        ({"x": (0, float("inf"))}, "not finite"),
        ({"x": (0, "1e-5")}, "two numbers"),
        ({"x": (0, True)}, "two numbers"),
        ({"x": 3.0}, "two numbers"),
        ({"x": (1, 2, 3)}, "two numbers"),
        ({"log:x": (0, 1)}, "0 < low < high"),
        ({"log:x": (-1, 1)}, "0 < low < high"),
        ({"x": (0, 1), "log:x": (1, 2)}, "given twice"),
        ({"log:x": dist.Normal(0, 1)}, "goes with bounds"),
        ({"x": dist.Normal(jnp.zeros(2), 1)}, "one number"),
        ({"x": dist.Poisson(3.0)}, "one number"),
    ],
)
def test_bad_free_parameters_are_refused_by_name(free, says):
    with pytest.raises(BsfitInputError, match=says):
        parse(free)


def test_a_plain_function_needs_free():
    with pytest.raises(BsfitInputError, match="which parameters are free"):
        space_of(target.of(lambda params: 0.0))
