"""The wiring from parameters to values: names, fixed parameters, own functions, response = direct, bad input."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import load_inputs
from bsfit.predictions.predict import predict
from bsfit.predictions.prediction import prediction, wired
from bsfit.theory import Theory, WilsonCoefficients

NAMES = ("R_K[1.1,6]", "R_K*[0.1,1.1]", "<dBR/dq2>(B0->K*mumu)[4,6]", "R_phi^-1[1.1,6]")
CHANGED = load_inputs("default", {"B->K* BSZ a0_A0": 0.41, "m_c": 1.30, "V_cb": 0.042})
POINTS = ({"C9mu": -1.1, "C10_bsmumu_im": 0.4}, {"C9mu": 0.7, "C10_bsmumu_im": -0.9})


BOX = [{"C9mu": a, "C10_bsmumu_im": b} for a, b in ((1.0, 0.3), (-0.4, 1.0), (0.2, 0.2))]


@pytest.fixture(scope="module")
def direct():
    return wired(NAMES, free=("C9mu", "C10_bsmumu_im"))


@pytest.fixture(scope="module")
def values(direct):
    """By the amplitudes at each point, in code shared by all questions."""
    return np.stack([direct.at_once(direct.model(p, direct.inputs)) for p in POINTS])


@pytest.mark.slow
def test_response_is_the_amplitudes(direct, values):
    fast = direct.through_response(BOX)
    assert set(fast.responses) == {"b_to_k_ll", "b_to_v_ll"}
    np.testing.assert_allclose(np.stack([fast(p) for p in POINTS]), values, rtol=1e-10)


@pytest.mark.slow
def test_response_after_an_input_changes(direct):
    moved = eqx.tree_at(lambda p: p.inputs, direct, CHANGED)
    np.testing.assert_allclose(
        moved.through_response(POINTS)(POINTS[0]), moved.at_once(moved.model(POINTS[0], CHANGED)), rtol=1e-10
    )


@pytest.mark.long
def test_the_differentiable_path_is_the_shared_one(direct, values):
    """``prediction(params)``, compiled as one function of parameters and inputs, alone and under vmap."""
    stacked = {name: jnp.asarray([p[name] for p in POINTS]) for name in POINTS[0]}
    function = eqx.filter_jit(lambda d, p, i: d(p, i))
    np.testing.assert_allclose(np.stack([function(direct, p, direct.inputs) for p in POINTS]), values, rtol=1e-12)
    np.testing.assert_allclose(eqx.filter_jit(eqx.filter_vmap(direct))(stacked), values, rtol=1e-12)
    moved = eqx.tree_at(lambda p: p.inputs, direct, CHANGED)
    np.testing.assert_allclose(
        function(direct, POINTS[0], CHANGED), moved.at_once(moved.model(POINTS[0], CHANGED)), rtol=1e-12
    )


@pytest.mark.slow
def test_predict_returns_floats_under_the_names_asked_for(values):
    found = predict(list(NAMES), params=POINTS[0])
    assert list(found) == list(NAMES)
    np.testing.assert_allclose(list(found.values()), values[0], rtol=1e-12)
    assert all(isinstance(value, float) for value in found.values())


def test_coefficients_can_be_asked_for_like_observables():
    found = predict(["C9_bsmumu", "C10_bsmumu", "C9_bsmumu_im"], params={"C9mu=-C10mu": -0.5, "C9_bsmumu_im": 0.2})
    assert list(found.values()) == pytest.approx([-0.5, 0.5, 0.2])


def test_own_models_and_observables_need_no_registration():
    def model(params):
        return Theory(WilsonCoefficients.of({"C9_bsmumu": params["a"] ** 2}))

    def shift(theory, inputs):
        return theory.wilson["C9_bsmumu"].real * inputs["m_mu"]

    found = predict([shift], model=model, params={"a": 2.0}, inputs={"m_mu": 0.1})
    assert found == {"shift": pytest.approx(0.4)}


@pytest.mark.slow
def test_a_clipped_bin_carries_a_note():
    found = predict(["R_K*[15,21]"])
    assert any("clipped to the end point" in note for note in found.notes)


def test_the_charmonium_region_is_predicted_only_on_demand():
    """Bins that touch its edges are none of its; ratios and likelihoods are refused like rates."""
    for name in ("<dBR/dq2>(B0->K*mumu)[11,12.5]", "R_K[1.1,9]", "<P5p>(B0->K*mumu)[13.9,19]"):
        with pytest.raises(BsfitInputError, match=r"J/psi.*charmonium_gap"):
            predict([name])
    asked = predict(["<dBR/dq2>(B0->K*mumu)[11,12.5]"], inputs={"charmonium_gap": 1})
    assert any("without J/psi" in note for note in asked.notes)
    around = predict(["<dBR/dq2>(B0->K*mumu)[6,8.9]", "<dBR/dq2>(B0->K*mumu)[14,19]"])
    assert not around.notes
    assert 0.5 < asked["<dBR/dq2>(B0->K*mumu)[11,12.5]"] / max(around.values()) < 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observables": ["R_K"]}, "needs a q2 bin"),
        ({"observables": ["R_K[6,1]"]}, "empty, reversed"),
        ({"observables": ["R_K[1,x]"]}, "cannot read the bin"),
        ({"observables": ["R_Kstar[1,6]"]}, "R_K"),
        ({"observables": ["R_K[23,24]"]}, "outside the phase space"),
        ({"observables": ["DeltaM_s[1,2]"]}, "takes no q2 bin"),
        ({"observables": ["R_K[1,6]"], "params": {"C9_bsmumo": 1.0}}, "C9_bsmumu"),
        ({"observables": ["R_K[1,6]"], "params": {"C9_bsmumu": float("nan")}}, "not a number"),
        ({"observables": ["R_K[1,6]"], "model": "porta"}, "portal"),
        ({"observables": ["M_Q"], "model": "portal", "params": {"g_X": 0.3}}, "needs a value for m_Zp"),
        ({"observables": ["R_K[1,6]"], "inputs": "flavo"}, "flavio"),
        ({"observables": ["R_K[1,6]"], "inputs": {"Vcb": 0.04}}, "V_cb"),
    ],
)
def test_bad_input_is_refused_with_the_nearest_name(arguments, message):
    with pytest.raises(BsfitInputError, match=message):
        predict(**arguments)


def test_public_names_are_the_functions():
    assert bsfit.predict is predict
    assert bsfit.prediction is prediction


def test_coefficients_that_move_nothing_are_told():
    """In `predict`, and of values that a likelihood keeps fixed."""
    found = predict(
        ["BR(Bs->mumu)", "DeltaM_s"], params={"C9_bsmue": 5.0, "C10mu": 0.1, "C9U": 1.0, "C10_bsee_im": 1.0}
    )
    assert found.notes == ("nothing that is asked for depends on C9_bsmue, C9U, C10_bsee_im",)
    assert not predict(["BR(Bs->mumu)"], params={"C10U": 0.1}).notes
    like = bsfit.log_likelihood(data="lhcb-dms-2021", free={"CVLL_bsbs": (-1e-11, 1e-11)}, fixed={"C9mu": 1.0})
    assert "nothing that is asked for depends on C9mu" in like.notes


def test_what_is_not_finite_is_told():
    found = predict(["BR(Bs->mumu)"], params={"C10_bsmumu": 1e160})
    assert not np.isfinite(found["BR(Bs->mumu)"])
    assert found.notes[0].startswith("not finite: BR(Bs->mumu) = ")


def test_processes_that_nothing_moves_are_values():
    """They are not computed again at every point, unless the inputs move."""
    names = ("R_K[1.1,6]", "BR(Bs->mumu)", "DeltaM_s")
    direct, points = wired(names, free=("C9_bsmumu",)), [{"C9_bsmumu": x} for x in (-1.0, 0.3, 0.8)]
    fast, moving = (direct.through_response(points, inputs_move=flag) for flag in (False, True))
    assert set(fast.still) == {"b_to_ll", "bs_mixing"}
    assert not moving.still
    expected = direct.at_once(direct.model(points[0], direct.inputs))
    for through in (fast, moving):
        np.testing.assert_allclose(through(points[0]), expected, rtol=1e-10)
