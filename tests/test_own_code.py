"""Slips in models, observables and terms of one's own: one error that names the line, what happened, and what helps."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.errors import BsfitInputError

HERE = "test_own_code.py"
DATA = {"C9_bsmumu": (0.0, 1.0)}
HALF = eqx.tree_at(lambda theory: theory.wilson, bsfit.Theory.standard_model(), {"C9_bsmumu": 1.0})
"""A theory with a dictionary where its coefficients belong."""


def of(value):
    return bsfit.Theory(bsfit.WilsonCoefficients.of({"C9_bsmumu": value}))


def line_of(function):
    """Line of the only statement."""
    return function.__code__.co_firstlineno + 1


def wrong_key(params):
    return of(params["couplin"])


def not_jax(params):
    return of(math.sin(params["coupling"]))


def branch(params):
    return of(1.0 if params["coupling"] > 0 else 0.0)


def misspelt(params):
    return bsfit.Theory(bsfit.WilsonCoefficients.of({"C9_bsmumuu": params["coupling"]}))


def deeper(params):
    return of(sum([params["coupling"], None]))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (wrong_key, ["KeyError", "did you mean 'coupling'"]),
        (not_jax, ["jax.numpy"]),
        (branch, ["jnp.where"]),
        (deeper, ["TypeError"]),
    ],
)
def test_slips_of_a_model_name_the_line(model, words):
    """In predictions and likelihoods alike."""
    for ask in (
        lambda: bsfit.predict(["C9_bsmumu"], model, {"coupling": 0.3}),
        lambda: bsfit.log_likelihood(model, DATA, {"coupling": (0.1, 1.0)}),
    ):
        with pytest.raises(BsfitInputError) as caught:
            ask()
        text = str(caught.value)
        assert f"{model.__name__!r} failed in line {line_of(model)} of" in text
        assert HERE in text
        assert all(word in text for word in words), text


def test_our_own_errors_pass_as_they_are():
    with pytest.raises(BsfitInputError, match="did you mean 'C9_bsmumu'"):
        bsfit.predict(["C9_bsmumu"], misspelt, {"coupling": 0.3})


@pytest.mark.mistyped
@pytest.mark.parametrize(
    "returned",
    [{"C9_bsmumu": 1.0}, None, 3.0, HALF, (1, 2)],
    ids=lambda x: type(x).__name__,
)
def test_what_is_no_theory(returned):
    with pytest.raises(BsfitInputError, match=r"returned a .*; expected bsfit\.Theory"):
        bsfit.predict(["C9_bsmumu"], lambda params: returned, {"x": 1.0})


@pytest.mark.mistyped
@pytest.mark.parametrize(
    "value", [1j, jnp.ones(2), "1", None, {"x": 1.0}, True, jnp.zeros((0,))], ids=lambda x: repr(x)[:20]
)
def test_what_is_no_number(value):
    def observable(theory, inputs):
        return value

    with pytest.raises(BsfitInputError, match=r"'observable' returned .*expected one real number"):
        bsfit.predict([observable])
    with pytest.raises(BsfitInputError, match=r"term 'observable' returned .*expected one real number"):
        bsfit.log_likelihood(data=DATA, free={"C9mu": (-1, 1)}, terms=[observable])


def test_slips_of_an_observable_and_of_a_term():
    def reader(theory, inputs):
        return inputs["V_cbb"] + theory.wilson["C9_bsmumu"].real

    with pytest.raises(BsfitInputError, match="did you mean 'V_cb'"):
        bsfit.predict([reader])

    def breaks(theory, inputs):
        return theory.quantities["M_Q"]

    with pytest.raises(BsfitInputError, match=rf"term 'breaks' failed in line {line_of(breaks)}.*KeyError"):
        bsfit.log_likelihood(data=DATA, free={"C9mu": (-1, 1)}, terms=[breaks])


@pytest.mark.slow
def test_an_own_model_has_a_name_in_what_is_printed():
    def portal_of_mine(params):
        return of(params["coupling"])

    like = bsfit.log_likelihood(portal_of_mine, DATA, {"coupling": (-1, 1)})
    assert like.model == "portal_of_mine"
    assert str(bsfit.fit(like)).startswith("Fit of portal_of_mine to own, theory errors fixed: converged")


# ------------------------------------------------------------------------------------------ names of scenarios


@pytest.mark.parametrize("name", ["C9mu=-C9mu", "C9mu=C9mu", "C9mu = -C10mu", " C9mu", "C9U=C9mu", "C7=C9mu=-C7"])
def test_scenarios_have_one_spelling_and_no_coefficient_twice(name):
    assert catalogue.scenario(name) is None
    with pytest.raises(BsfitInputError, match="no parameter"):
        bsfit.log_likelihood(data="lfu", free={name: (-1, 1)})


@pytest.mark.parametrize(
    ("first", "second"),
    [("C9mu", "C9_bsmumu"), ("C9mu=-C10mu", "C10mu=-C9mu"), ("C9mu=-C10mu", "-C9mu=C10mu"), ("C7", "C7_bs")],
)
def test_one_direction_is_free_once(first, second):
    with pytest.raises(BsfitInputError, match="are the same"):
        bsfit.log_likelihood(data="lfu", free={first: (-1, 1), second: (-1, 1)})
    assert np.isfinite(bsfit.predict(["C9_bsmumu"], params={first: 1.0, second: 1.0})["C9_bsmumu"])
