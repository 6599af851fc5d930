"""Second derivatives without compiling them: expansions of costly values against differentiation twice."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from bsfit import fit, log_likelihood
from bsfit.compiling import compile_quickly
from bsfit.inference import target
from bsfit.inference.curvature import derivatives
from bsfit.inference.minimise import scatter
from bsfit.inference.space import Objective, space_of

BOX = {"x": (-2.0, 2.0), "log:m": (1.0, 10.0), "y": (0.0, 3.0)}


class TwoStages:
    """Three curved values with correlated errors of very different size; not there where x + y > 4."""

    free = BOX
    precision = np.linalg.inv(np.array([[1.0, 3e-3, 0.0], [3e-3, 1e-4, 0.0], [0.0, 0.0, 2.0]]))

    def values(self, p):
        found = jnp.stack([p["x"] * p["y"] / p["m"] ** 2, jnp.sin(p["x"]) + 0.1 * p["y"] ** 2, jnp.log(p["m"])])
        return {"all": jnp.where(p["x"] + p["y"] > 4.0, jnp.nan, found)}

    def density(self, values):
        residual = values["all"] - jnp.asarray([0.1, 0.4, 1.0])
        return -0.5 * residual @ jnp.asarray(self.precision) @ residual

    def __call__(self, p):
        return self.density(self.values(p))


class Split(TwoStages):
    @property
    def stages(self):
        return self


def compared(whole, split, points, rtol=1e-7):
    """Both ways at positions of the box, the Hessian to a part of its largest entry."""
    space, points = space_of(split), jnp.asarray(points)
    (value, gradient, hessian), (same, slope, curvature) = (
        compile_quickly(jax.vmap(lambda t, like=like: derivatives(Objective(like, space), t)))(points)
        for like in (whole, split)
    )
    np.testing.assert_allclose(same, value, rtol=1e-13)
    np.testing.assert_allclose(slope, gradient, rtol=1e-11, atol=1e-12 * np.max(np.abs(gradient)))
    size = np.max(np.abs(hessian), axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(curvature / size, hessian / size, atol=rtol)


@pytest.mark.slow
def test_expanded_values_have_the_derivatives_of_the_density():
    compared(target.of(TwoStages()), target.of(Split()), scatter(6, 3, seed=0))


def test_at_bounds_differences_lie_inside():
    points = [np.zeros(3), np.array([0.5, 1.0, 0.0]), np.array([1e-7, 1.0 - 1e-7, 0.5])]
    compared(target.of(TwoStages()), target.of(Split()), points)


@pytest.mark.slow
def test_constraints_of_parameters_keep_their_own_derivatives():
    free = {**BOX, "y": dist.LogNormal(0.0, 0.3)}
    compared(target.of(TwoStages(), free), target.of(Split(), free), scatter(2, 3, seed=1))


@pytest.mark.slow
def test_beside_a_wall_slopes_do():
    """Differences that reach beyond where the values end are left out, not the point."""
    like = target.of(Split(), {"x": (-2.0, 2.0), "y": (0.0, 3.0), "log:m": (1.0, 10.0)})
    space = space_of(like)
    points = [space.position({"x": 1.5, "y": y, "m": 2.0}) for y in (2.5 - 1e-6, 2.6)]
    objective = Objective(like, space)
    value, gradient, hessian = compile_quickly(jax.vmap(lambda t: derivatives(objective, t)))(jnp.stack(points))
    slopes = jax.jacobian(lambda t: objective.values(t)["all"])(points[0])
    gauss_newton = 2.0 * np.asarray(slopes.T @ TwoStages.precision @ slopes)
    assert np.all(np.isfinite(gradient))
    np.testing.assert_allclose(hessian[0, :2, :2], gauss_newton[:2, :2], rtol=1e-10)
    assert np.isfinite(value[0])
    assert np.isinf(value[1])


@pytest.mark.slow
def test_a_fit_in_two_stages_is_that_in_one():
    whole, split = (fit(like(), starts=8) for like in (TwoStages, Split))
    assert split.converged
    for name, value in whole.values.items():
        sigma = whole.hessian_errors[name]
        assert abs(split.values[name] - value) < 1e-6 * sigma
        assert split.hessian_errors[name] == pytest.approx(sigma, rel=1e-7)
        np.testing.assert_allclose(split.intervals_2[name], whole.intervals_2[name], atol=1e-6 * sigma)


@pytest.mark.long
def test_stages_of_a_likelihood():
    free = {"C9_bsmumu": (-3.0, 3.0), "C10_bsmumu": (-3.0, 3.0)}
    like = log_likelihood("eft", "seed-2017", free, inputs="seed")
    compared(target.of(lambda p: like(p), free), like, scatter(3, 2, seed=2))


@pytest.mark.long
def test_own_terms_and_moving_errors_are_differentiated_as_a_whole():
    free = {"C9_bsmumu": (-3.0, 3.0)}
    own = log_likelihood("eft", "seed-2017", free, inputs="seed", terms=[lambda theory, inputs: 0.0 * inputs["V_cb"]])
    assert own.stages is None
    assert log_likelihood("eft", "seed-2017", free, inputs="seed", theory="propagated").stages is None
