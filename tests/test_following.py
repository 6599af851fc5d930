"""Coordinates that follow a valley: their inverse, their Jacobian, the edges of the box."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.inference.following import coordinates, following, unbounded
from bsfit.inference.space import parse

SPACE = parse({"log:x": (0.2, 5.0), "log:y": (0.1, 10.0), "w": (0.0, 2.0)})
FOLLOW = following(SPACE, {"y": lambda p: 1 / p["x"], "w": lambda p: p["x"] * p["y"]})


@pytest.mark.slow
@pytest.mark.parametrize("u", [(0.3, 0.1, 0.2), (-2.0, -0.6, 0.5), (1.0, 0.7, -0.9), (1.5, -0.3, 1.0), (0.0, 0.0, 0.0)])
def test_inverse_and_jacobian(u):
    u = jnp.asarray(u)
    z, log_jacobian = unbounded(SPACE, FOLLOW, u)
    np.testing.assert_allclose(coordinates(SPACE, FOLLOW, z), u, atol=1e-12)
    slopes = jax.jacfwd(lambda u: unbounded(SPACE, FOLLOW, u)[0])(u)
    assert log_jacobian == pytest.approx(float(jnp.linalg.slogdet(slopes)[1]), abs=1e-10)


def test_in_the_valley_coordinates_are_distances_in_the_box():
    """Away from the edges a step in u is one in t; beyond them it leads no farther than the edge."""

    def t(*u):
        z, _ = unbounded(SPACE, FOLLOW, jnp.asarray(u))
        return np.asarray(SPACE.position(SPACE.params_unbounded(z)))

    assert t(0.0, 0.03, 0.0)[1] == pytest.approx(0.53, abs=1e-9)
    assert t(0.7, 0.03, 0.0)[1] - t(0.7, 0.0, 0.0)[1] == pytest.approx(0.03, abs=1e-6)
    assert [t(0.0, u, 0.0)[1] for u in (-1.0, 1.0)] == pytest.approx([0.0, 1.0], abs=1e-9)


def test_what_follows_nothing_is_left_alone():
    z, log_jacobian = unbounded(SPACE, (), jnp.asarray([0.1, 0.2, 0.3]))
    np.testing.assert_array_equal(z, [0.1, 0.2, 0.3])
    assert log_jacobian == 0.0
