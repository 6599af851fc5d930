"""One reader of numbers: what every door of the Python API takes and refuses; likelihoods of exactly their names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bsfit
from bsfit import scalars
from bsfit.errors import BsfitInputError

GOOD = [1, 1.0, np.float64(1), np.float32(1), np.int64(1), np.array(1.0), np.array(1), jnp.asarray(1.0), jnp.asarray(1)]
BAD = [
    True, np.True_, "1", b"1", None, float("nan"), float("inf"), -float("inf"), np.timedelta64(1, "s"), 1.0 + 1j,
    np.datetime64("2026-01-01"), np.array([1.0]), np.array([1.0, 2.0]), jnp.ones(1), [1.0], (1.0,), {}, np.array("1"),
    np.array(True), jnp.asarray(True), np.array(None), np.complex128(1 + 1j), np.float64("nan"),
]  # fmt: skip


@pytest.mark.parametrize("value", GOOD, ids=lambda x: f"{type(x).__name__}-{np.asarray(x).dtype}")
def test_numbers(value):
    assert float(scalars.real(value, "x")) == 1.0
    assert scalars.parts({"x": value}) == {"x": 1.0}


@pytest.mark.parametrize("value", BAD, ids=lambda x: repr(x)[:40])
def test_what_is_no_real_number(value):
    with pytest.raises(BsfitInputError, match="'x'"):
        scalars.real(value, "x")


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_complex_numbers_come_apart(re, im):
    assert scalars.parts({"x": complex(re, im)}) == {"x": re, "x_im": im}


def test_an_imaginary_part_is_given_once():
    with pytest.raises(BsfitInputError, match="x_im"):
        scalars.parts({"x": 1j, "x_im": 0.0})


def test_infinite_where_it_has_a_meaning():
    assert scalars.real(float("inf"), "m_phi", infinite=True) == float("inf")
    with pytest.raises(BsfitInputError):
        scalars.real(-float("inf"), "m_phi", infinite=True)


def test_traced_numbers_pass_and_traced_arrays_do_not():
    assert float(jax.jit(lambda x: scalars.real(x, "x") + 1.0)(2.0)) == 3.0
    np.testing.assert_allclose(jax.vmap(lambda x: scalars.real(x, "x"))(jnp.arange(3.0)), np.arange(3.0))
    with pytest.raises(BsfitInputError, match=r"jax\.vmap"):
        jax.jit(lambda x: scalars.real(x, "x"))(jnp.ones(3))
    with pytest.raises(BsfitInputError, match="complex"):
        jax.jit(lambda x: scalars.real(x, "x"))(1j)


# -------------------------------------------------------------------------------------------------- the doors

DATA = {"C9_bsmumu": (-1.0, 0.2), "C9_bsee": (0.0, 0.2)}
FREE = {"C9_bsmumu": (-3, 3), "C9_bsmumu_im": (-3, 3)}


@pytest.fixture(scope="module")
def like():
    return bsfit.log_likelihood(
        data={**DATA, "C9_bsmumu_im": (0.0, 1.0)}, free=FREE, fixed={"C9_bsee": np.float64(0.5)}, nuisances=["V_cb"]
    )


@pytest.mark.slow
@pytest.mark.mistyped
def test_a_likelihood_takes_exactly_its_free_names(like):
    at = {"C9_bsmumu": -1.0, "C9_bsmumu_im": 0.0}
    assert float(like(at)) == pytest.approx(float(jax.jit(like)(at)), rel=1e-12)
    assert float(like.chi2(at)) == pytest.approx(2.5**2, rel=1e-9)
    assert float(like.chi2({"C9_bsmumu": -1.0 + 0.5j})) == pytest.approx(2.5**2 + 0.25, rel=1e-9)
    for params, message in (
        ({**at, "C9_bsee": 0.5}, "'C9_bsee' is fixed"),
        ({**at, "C10_bsmumu": 0.5}, "'C10_bsmumu' is not free"),
        ({"C9_bsmumu": 0.0}, "no value for C9_bsmumu_im"),
        ({}, "no value for C9_bsmumu"),
        ({**at, "C9_bsmumuu": 0.0}, "did you mean 'C9_bsmumu'"),
        ({**at, "C9_bsmumu": True}, "not a number"),
        ({**at, "C9_bsmumu": 1j}, "C9_bsmumu_im"),
        ([1.0, 2.0], "a dictionary"),
    ):
        for call in (like, like.chi2, like.predictions, like.by_group, like.remarks, jax.jit(like)):
            if call is not like or params != [1.0, 2.0]:
                with pytest.raises((BsfitInputError, TypeError), match=message if "complex" not in message else ""):
                    call(params)


@pytest.mark.slow
def test_predictions_take_their_free_names_or_any():
    some = bsfit.prediction(["C9_bsmumu", "C9_bsee"], free=("C9mu",))
    np.testing.assert_allclose(some({"C9mu": -1.0}), [-1.0, 0.0])
    for params in ({}, {"C9mu": 1.0, "C9e": 1.0}):
        with pytest.raises(BsfitInputError):
            some(params)
    anything = bsfit.prediction(["C9_bsmumu", "C9_bsee"], fixed={"C9e": 2.0})
    np.testing.assert_allclose(anything({}), [0.0, 2.0])
    np.testing.assert_allclose(anything({"C9mu": -1.0}), [-1.0, 2.0])
    with pytest.raises(BsfitInputError, match="C9_bsmumu"):
        anything({"C9_bsmumuu": 1.0})
    masses = bsfit.prediction(["M_Q"], "loop", fixed={"m_L": 1000.0})
    assert float(masses({"m_Q": 1100.0, "m_X": 300.0})[0]) == pytest.approx(1100.0)
    with pytest.raises(BsfitInputError, match="value for m_X"):
        masses({"m_Q": 1100.0})


@pytest.mark.mistyped
@pytest.mark.parametrize("value", [np.complex128(-1 + 1j), -1 + 1j, np.array(-1 + 1j), jnp.asarray(-1 + 1j)], ids=repr)
def test_the_imaginary_part_is_not_lost(value):
    expected = bsfit.predict(["C9_bsmumu", "C9_bsmumu_im"], params={"C9_bsmumu": -1.0, "C9_bsmumu_im": 1.0})
    assert bsfit.predict(["C9_bsmumu", "C9_bsmumu_im"], params={"C9_bsmumu": value}) == expected
    fixed = bsfit.prediction(["C9_bsmumu_im"], fixed={"C9_bsmumu": value})
    assert float(fixed({})[0]) == 1.0


@pytest.mark.mistyped
@pytest.mark.parametrize("value", [True, "1", float("nan"), np.timedelta64(1, "s"), np.ones(2), None], ids=repr)
@pytest.mark.parametrize(
    "door",
    [
        lambda x: bsfit.predict(["C9_bsmumu"], params={"C9_bsmumu": x}),
        lambda x: bsfit.predict(["C9_bsmumu"], inputs={"V_cb": x}),
        lambda x: bsfit.prediction(["C9_bsmumu"], fixed={"C9_bsmumu": x}),
        lambda x: bsfit.log_likelihood(data=DATA, free={"C9_bsmumu": (x, 3)}),
        lambda x: bsfit.log_likelihood(data=DATA, free={"C9_bsmumu": (-3, 3)}, fixed={"C9_bsee": x}),
        lambda x: bsfit.log_likelihood(data={"C9_bsmumu": (x, 1.0)}, free={"C9_bsmumu": (-3, 3)}),
        lambda x: bsfit.Measurement(["C9_bsmumu"], [0.0], [(x, x)]),
        lambda x: bsfit.load_inputs("default", {"V_cb": x}),
        lambda x: bsfit.fit(lambda p: -(p["a"] ** 2), free={"a": (x, 1.0)}),
    ],
    ids=["params", "inputs", "fixed", "bounds", "fixed of a likelihood", "data", "errors", "load_inputs", "free"],
)
def test_every_door_reads_numbers_alike(door, value):
    with pytest.raises(BsfitInputError):
        door(value)


@pytest.mark.mistyped
def test_a_bare_text_is_no_list_of_observables():
    for function in (bsfit.predict, bsfit.prediction):
        with pytest.raises(BsfitInputError, match=r"\['R_K\[1.1,6\]'\]"):
            function("R_K[1.1,6]")


@pytest.mark.parametrize("name", ["load_inputs", "scan", "tabulate", "fit", "predict", "Theory"])
def test_32_bit_is_refused_at_every_door(monkeypatch, name):
    monkeypatch.delitem(vars(bsfit), name, raising=False)
    with jax.enable_x64(False), pytest.raises(BsfitInputError, match="JAX_ENABLE_X64: JAX runs in 32 bit"):
        getattr(bsfit, name)
    assert bsfit.BsfitInputError is BsfitInputError
    assert callable(getattr(bsfit, name))
