"""How many programs are compiled: none for what was fitted before, none for other numbers of the same shapes."""

import jax
import jax.numpy as jnp
import pytest
from compilations import compilations

from bsfit import fit, log_likelihood, profile

FREE = {"C9_bsmumu": (-3.0, 3.0)}


def ratios(r_k, r_kstar):
    return log_likelihood("eft", {"R_K[1.1,6]": (r_k, 0.04), "R_K*[1.1,6]": (r_kstar, 0.1)}, FREE)


@pytest.fixture(scope="module")
def fitted():
    like = ratios(0.9, 0.8)
    fit(like, starts=8)
    return like


def test_the_count_sees_what_is_compiled():
    with compilations() as found:
        jax.jit(lambda x: 2.0 * x + 1.0)(jnp.zeros(3))
    assert len(found) >= 1


def test_the_same_fit_again_compiles_nothing(fitted):
    with compilations() as found:
        fit(fitted, starts=8)
        fit(fitted, starts=8, seed=1)
    assert found == []


def test_new_data_of_the_same_shapes_compile_nothing(fitted):
    like = ratios(0.8, 0.95)
    with compilations() as found:
        fit(like, starts=8)
    assert found == []


@pytest.mark.slow
def test_other_bounds_compile_once(fitted):
    fit(fitted, free={"C9_bsmumu": (-2.0, 2.0)}, starts=8)
    with compilations() as found:
        fit(fitted, free={"C9_bsmumu": (-2.5, 1.0)}, starts=8)
    assert found == []


def test_a_profile_after_a_fit_compiles_next_to_nothing(fitted):
    """The kernel of the fit serves it; what is new are conversions."""
    with compilations() as found:
        profile(fitted, "C9_bsmumu", points=9, starts=8)
    assert not any("solve" in name for name in found)


def test_a_function_of_ones_own_is_compiled_once():
    def like(p):
        return -0.5 * (p["x"] - 0.3) ** 2

    fit(like, free={"x": (-1.0, 1.0)}, starts=8)
    with compilations() as found:
        fit(like, free={"x": (-2.0, 1.0)}, starts=8)
    assert found == []
