"""Optimisers of optax in front of Newton's method: where they lead, what they must be, what the record says."""

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import optax
import pytest

from bsfit.errors import BsfitInputError
from bsfit.inference.descent import Led
from bsfit.inference.fit import fit
from bsfit.inference.minimise import scatter

BOX = {"x": (-2.0, 2.0), "y": (-1.0, 3.0)}
OPTIMIZERS = {"lbfgs": optax.lbfgs(), "adam": optax.adam(3e-2), "sgd": optax.sgd(1e-3)}


def banana(p):
    """Rosenbrock's valley; its end, (1, 1), is the best fit."""
    return -0.5 * ((1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_optimiser_ends_at_the_best_fit(name):
    found = fit(banana, free=BOX, starts=8, optimizer=OPTIMIZERS[name])
    assert found.converged
    assert found.values == pytest.approx({"x": 1.0, "y": 1.0}, abs=1e-9)
    assert found.gradient_norm < 1e-6


def test_the_record_says_which():
    settings = fit(banana, free=BOX, starts=8, optimizer=OPTIMIZERS["adam"]).meta["settings"]
    assert settings["optimizer"] == "ScaleByAdam"
    assert "optimizer" not in fit(banana, free=BOX, starts=8).meta["settings"]


@pytest.mark.long
def test_many_couplings_are_led_by_default():
    """Eleven that nothing constrains, with a minimum at the bound of one; ten, or constrained ones, are not."""
    free = {f"x{i}": (-3.0, 3.0) for i in range(11)}

    def like(p):
        return -0.5 * sum((p[name] - 0.5 * i) ** 2 for i, name in enumerate(free))

    found = fit(like, free=free, starts=8, profile_errors=False)
    assert found.meta["settings"]["optimizer"] == "ScaleByLBFGS, ScaleByBacktrackingLinesearch"
    assert list(found.values.values()) == pytest.approx([min(0.5 * i, 3.0) for i in range(11)], abs=1e-9)
    for fewer in (dict(list(free.items())[:10]), {**free, "x3": dist.Normal(1.5, 1.0)}):
        few = fit(
            lambda p, fewer=fewer: -0.5 * sum(p[name] ** 2 for name in fewer),
            free=fewer,
            starts=4,
            profile_errors=False,
        )
        assert "optimizer" not in few.meta["settings"]


@pytest.mark.slow
def test_most_of_the_way_is_the_optimisers():
    """Into a valley and along it, to a bound where the lowest point lies there."""

    def objective(t):
        return 100.0 * (t[1] - t[0] ** 2) ** 2 + (1.5 - t[0]) ** 2

    ends = Led(OPTIMIZERS["lbfgs"])(objective, scatter(16, 2, seed=1))
    np.testing.assert_allclose(ends, 1.0, atol=2e-2)


@pytest.mark.slow
def test_what_is_not_finite_is_no_place_to_go():
    """A wall in the middle of the box: starts beyond it stay where they are, the others find the minimum."""

    def objective(t):
        return jnp.where(t[0] < 0.5, (t[0] - 0.3) ** 2 / 1e-4, jnp.sqrt(t[0] - 2.0))

    starts = np.array([[0.1], [0.45], [0.9]])
    ends = Led(OPTIMIZERS["lbfgs"])(objective, starts)[:, 0]
    np.testing.assert_allclose(ends, [0.3, 0.3, 0.9], atol=1e-3)


def test_other_things_are_refused():
    with pytest.raises(BsfitInputError, match=r"optimizer.*optax\.lbfgs"):
        fit(banana, free=BOX, optimizer="adam")

    class Scored:
        free, quadratic = BOX, staticmethod(lambda params: None)

        def __call__(self, params):
            return banana(params)

    with pytest.raises(BsfitInputError, match="scoring"):
        fit(Scored(), optimizer=OPTIMIZERS["adam"])
