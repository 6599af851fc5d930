"""Models, observables, numbers and terms of one's own: passed as they are, nothing registered."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import input_set

INPUTS = bsfit.load_inputs("default")
LEPTONIC = "BR(Bs->mumu)"


def left_handed(params, inputs):
    """C10 from a coupling in units of an input."""
    return bsfit.Theory(bsfit.WilsonCoefficients.of({"C10_bsmumu": params["g"] * inputs["V_cb"] / 0.04}))


def without_inputs(params):
    return bsfit.Theory(bsfit.WilsonCoefficients.of({"C10_bsmumu": params["g"]}))


def mass_scale(theory, inputs):
    """An own observable that reads an uncertain input."""
    return theory.wilson["C10_bsmumu"].real + 10.0 * inputs["V_cb"]


def error_of(name):
    return next(float(p.covariance[0, 0]) ** 0.5 for p in input_set("default").priors if p.names == (name,))


# ------------------------------------------------------------------------------------------------------ own models


def test_an_own_model_sees_the_inputs_of_the_likelihood():
    at = {"g": -0.5}
    for v_cb in (0.04, 0.042):
        found = bsfit.predict(["C10_bsmumu"], left_handed, at, {"V_cb": v_cb})
        assert found["C10_bsmumu"] == pytest.approx(-0.5 * v_cb / 0.04, rel=1e-12)
    assert bsfit.predict(["C10_bsmumu"], without_inputs, at)["C10_bsmumu"] == pytest.approx(-0.5)


@pytest.mark.long
def test_an_own_model_follows_floating_nuisances():
    data = {LEPTONIC: (3.3e-9, 0.3e-9)}
    like = bsfit.log_likelihood(left_handed, data, {"g": (-2, 2)}, theory="sampled", nuisances=["V_cb"])
    assert set(like.free) == {"g", "V_cb"}
    found = bsfit.prediction([LEPTONIC], left_handed, free=("g",))
    for v_cb in (0.040, 0.043):
        expected = found({"g": 0.3}, INPUTS.replace({"V_cb": v_cb}))
        np.testing.assert_allclose(like.predictions({"g": 0.3, "V_cb": v_cb}), expected, rtol=1e-12)


def positional(*args):
    return args


@pytest.mark.mistyped
@pytest.mark.parametrize(
    "model", [positional, lambda: None, lambda a, b, c: a, lambda params, *, scale: params, 3.0], ids=range(5)
)
def test_models_of_other_arguments_are_refused(model):
    with pytest.raises(BsfitInputError, match="Theory"):
        bsfit.predict(["C10_bsmumu"], model, {"g": 1.0})


def test_an_optional_argument_decides_nothing():
    def optional(params, scale=2.0):
        return without_inputs({"g": scale * params["g"]})

    assert bsfit.predict(["C10_bsmumu"], optional, {"g": 1.0})["C10_bsmumu"] == pytest.approx(2.0)
    assert bsfit.predict(["C10_bsmumu"], jax.jit(without_inputs), {"g": 1.0})["C10_bsmumu"] == pytest.approx(1.0)


# ------------------------------------------------------------------------------------------- own numbers as data


@pytest.fixture(scope="module")
def leptonic():
    """One branching ratio with an error of 8 %, of which the theory error is to be left out: nothing else."""
    return bsfit.log_likelihood(data={LEPTONIC: (3.0e-9, 0.25e-9)}, free={"C10mu": (-1, 1)}, nuisances=["m_W"])


@pytest.mark.slow
def test_numbers_in_a_dictionary(leptonic):
    """Chi2 and density by hand."""
    predicted = bsfit.predict([LEPTONIC])[LEPTONIC]
    residual = (predicted - 3.0e-9) / 0.25e-9
    theory = np.asarray(leptonic.errors.shifts)[0] / 0.25e-9
    expected = residual**2 / (1.0 + theory @ theory)
    assert float(leptonic.chi2({"C10mu": 0.0})) == pytest.approx(expected, rel=1e-9)
    assert leptonic.reference_chi2 == pytest.approx(expected, rel=1e-9)
    assert leptonic.observables == (LEPTONIC,)
    assert set(leptonic.by_group({"C10mu": 0.0})) == {"own"}
    assert leptonic.n_data == 1
    assert leptonic.meta["data_files"] == {}


@pytest.mark.slow
def test_a_covariance_and_a_name():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    one = bsfit.Measurement(["C9_bsmumu", "C10_bsmumu"], [-1.0, 0.5], covariance=covariance, name="plane", group="fake")
    like = bsfit.log_likelihood(data=[one], free={"C9mu": (-3, 3), "C10mu": (-3, 3)})
    residual = np.array([-0.6 + 1.0, 0.1 - 0.5])
    point = {"C9mu": -0.6, "C10mu": 0.1}
    expected = residual @ np.linalg.solve(covariance, residual)
    assert float(like.chi2(point)) == pytest.approx(expected, rel=1e-9)
    norm = 2 * np.log(2 * np.pi) + np.log(np.linalg.det(covariance))
    assert float(like.by_group(point)["fake"]) == pytest.approx(-0.5 * (expected + norm), rel=1e-9)
    best = bsfit.fit(like)
    assert best.values == pytest.approx({"C9mu": -1.0, "C10mu": 0.5}, abs=1e-6)
    np.testing.assert_allclose(best.covariance, covariance, rtol=1e-4)
    assert like.data == "plane"


def test_sides_of_an_error():
    above, below = (
        bsfit.log_likelihood(data={"C9_bsmumu": (0.0, 0.1, 0.3)}, free={"C9mu": (-3, 3)}).chi2({"C9mu": x})
        for x in (1.0, -1.0)
    )
    assert float(above) == pytest.approx(100.0, rel=1e-9)
    assert float(below) == pytest.approx(100.0 / 9.0, rel=1e-9)


@pytest.mark.slow
def test_own_numbers_beside_a_set():
    """Names, measurements and dictionaries in one list; each keeps its group."""
    mixed = ["lhcb-dms-2021", bsfit.Measurement(["C9_bsmumu"], [0.2], [0.1]), {"C10_bsmumu": (0.0, 1.0)}]
    like = bsfit.log_likelihood(data=mixed, free={"C9mu": (-3, 3), "C10mu": (-3, 3), "CVLL_bsbs": (-1e-11, 1e-11)})
    assert like.observables == ("DeltaM_s_ps", "C9_bsmumu", "C10_bsmumu")
    assert set(like.by_group({"C9mu": 0.0, "C10mu": 0.0, "CVLL_bsbs": 0.0})) == {"mixing", "own"}
    assert like.data == "lhcb-dms-2021, own, own"


@pytest.mark.mistyped
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["C9_bsmumu"], [1.0, 2.0], [0.1, 0.1]), "2 values"),
        (("C9_bsmumu", [1.0], [0.1]), "as lists"),
        ((["C9_bsmumu"], [1.0]), "no errors"),
        ((["C9_bsmumu"], [1.0], [0.1], [[0.01]]), "errors and covariance"),
        ((["C9_bsmumu"], [1.0], [0.0]), "positive"),
        ((["C9_bsmumu"], [1.0], [-0.1]), "positive"),
        ((["C9_bsmumu"], [float("nan")], [0.1]), "finite"),
        ((["C9_bsmumu"], ["x"], [0.1]), "not a number"),
        ((["C9_bsmumu"], [1.0], [0.1, 0.2]), "2 errors"),
        ((["R_K"], [1.0], [0.1]), "needs a q2 bin"),
        ((["R_KK[1,6]"], [1.0], [0.1]), "R_K"),
        ((["C9_bsmumu"] * 2, [1.0, 1.0], None, [[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
        ((["C9_bsmumu"] * 2, [1.0, 1.0], None, [[1.0, 0.5], [0.4, 1.0]]), "symmetric"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(BsfitInputError, match=message):
        bsfit.Measurement(*arguments)


@pytest.mark.mistyped
@pytest.mark.parametrize("data", [3, [3], {}, {"C9_bsmumu": 1.0}, {"C9_bsmumu": (1.0,)}, []], ids=str)
def test_what_is_no_data_is_refused(data):
    with pytest.raises(BsfitInputError, match=r"data|value, error"):
        bsfit.log_likelihood(data=data, free={"C9mu": (-1, 1)})


# ------------------------------------------------------------------------------------------------ own observables


@pytest.mark.parametrize("mode", ["fixed", "propagated"])
def test_inputs_of_an_own_observable_enter_its_theory_error(mode):
    like = bsfit.log_likelihood(data={mass_scale: (0.5, 0.1)}, free={"C10mu": (-1, 1)}, theory=mode)
    assert like.meta["nuisances"] == ["V_cb"]
    total = 0.1**2 + (10.0 * error_of("V_cb")) ** 2
    residual = 0.2 + 10.0 * float(INPUTS["V_cb"]) - 0.5
    assert float(like.chi2({"C10mu": 0.2})) == pytest.approx(residual**2 / total, rel=1e-9)
    assert like.observables == ("mass_scale",)


@pytest.mark.slow
def test_inputs_of_an_own_observable_float():
    like = bsfit.log_likelihood(data={mass_scale: (0.5, 0.1)}, free={"C10mu": (-1, 1)}, theory="sampled")
    assert set(like.free) == {"C10mu", "V_cb"}
    mean, error = float(INPUTS["V_cb"]), error_of("V_cb")
    point = {"C10mu": 0.2, "V_cb": mean + error}
    residual = 0.2 + 10.0 * (mean + error) - 0.5
    assert float(like.chi2(point)) == pytest.approx((residual / 0.1) ** 2 + 1.0, rel=1e-9)
    best = bsfit.fit(like)
    assert best.values["C10mu"] == pytest.approx(0.5 - 10.0 * mean, abs=1e-5)
    assert best.errors["C10mu"][0] == pytest.approx((0.1**2 + (10.0 * error) ** 2) ** 0.5, rel=1e-3)


def test_own_observables_share_theory_errors_with_others():
    """Both move with V_cb: the covariance has the product off the diagonal."""
    like = bsfit.log_likelihood(
        data={"DeltaM_s_ps": (17.8, 0.02), mass_scale: (0.5, 0.1)},
        free={"C10mu": (-1, 1), "CVLL_bsbs": (-1e-11, 1e-11)},
        nuisances=["V_cb"],
    )
    first, second = np.asarray(like.errors.shifts)[:, 0]
    assert second == pytest.approx(10.0 * error_of("V_cb"), rel=1e-9)
    shifted = bsfit.predict(["DeltaM_s_ps"], inputs={"V_cb": float(INPUTS["V_cb"]) + 1e-5})["DeltaM_s_ps"]
    slope = (shifted - bsfit.predict(["DeltaM_s_ps"])["DeltaM_s_ps"]) / 1e-5
    assert first == pytest.approx(slope * error_of("V_cb"), rel=1e-3)


@pytest.mark.slow
def test_an_observable_that_only_a_model_has():
    """No Standard Model to compare with: no pull, and the theory error is that of the model."""

    def model(params, inputs):
        return bsfit.Theory(without_inputs(params).wilson, {"scale": params["g"] * inputs["V_cb"]})

    def scale(theory, inputs):
        return theory.quantities["scale"]

    like = bsfit.log_likelihood(model, {scale: (0.02, 0.001)}, {"g": (0.1, 2.0)})
    assert like.reference_chi2 is None
    best = bsfit.fit(like)
    assert best.values["g"] == pytest.approx(0.02 / float(INPUTS["V_cb"]), rel=1e-6)
    assert best.pull is None
    assert not like.notes


@pytest.mark.slow
def test_errors_of_what_only_a_model_has_say_where_they_are_taken():
    def model(params):
        return bsfit.Theory(without_inputs(params).wilson, {"coupling": params["g"]})

    def scale(theory, inputs):
        return theory.quantities["coupling"] * inputs["V_cb"]

    like = bsfit.log_likelihood(model, {scale: (0.02, 0.001)}, {"g": (0.1, 2.0)})
    (note,) = [note for note in bsfit.fit(like).messages if "own observables" in note]
    point = float(note.rpartition("g = ")[2])
    assert np.linalg.norm(like.errors.shifts) == pytest.approx(point * error_of("V_cb"), rel=1e-3)


def test_a_slip_in_an_observable_is_named_by_the_likelihood():
    def mistyped(theory, inputs):
        return theory.wilson["C9_bsmumu"].reel * inputs["V_cb"]

    with pytest.raises(BsfitInputError, match=r"'mistyped' failed in line .*reel"):
        bsfit.log_likelihood(data={mistyped: (-0.04, 0.01)}, free={"C9mu": (-3, 3)})


@pytest.mark.slow
def test_an_observable_that_the_standard_model_does_not_have():
    """0/0 there: no pull and no gains, instead of NaN."""

    def ratio(theory, inputs):
        return theory.wilson["C10_bsmumu"].real / theory.wilson["C9_bsmumu"].real

    data = {ratio: (-0.5, 0.1), "C9_bsmumu": (-1.0, 0.1)}
    like = bsfit.log_likelihood(data=data, free={"C9mu": (-3, -0.1), "C10mu": (0, 3)})
    assert (like.reference, like.reference_chi2) == (None, None)
    best = bsfit.fit(like)
    assert best.values == pytest.approx({"C9mu": -1.0, "C10mu": 0.5}, rel=1e-5)
    assert (best.pull, best.delta_chi2_by_group) == (None, {})


def test_what_nothing_depends_on_is_refused_with_own_observables_too():
    with pytest.raises(BsfitInputError, match="depends on C9mu"):
        bsfit.log_likelihood(data={mass_scale: (0.5, 0.1)}, free={"C10mu": (-1, 1), "C9mu": (-1, 1)})


# ------------------------------------------------------------------------------------------------------ own terms


def parabola(theory, inputs):
    """A log-density with its maximum, 7, at C9 = 0.4."""
    return 7.0 - 0.5 * ((theory.wilson["C9_bsmumu"].real - 0.4) / 0.1) ** 2


DATA = {"C9_bsmumu": (0.0, 0.2)}
FREE = {"C9mu": (-3, 3)}


@pytest.mark.slow
def test_a_term_adds_its_log_density_and_a_chi2_from_the_standard_model():
    alone = bsfit.log_likelihood(data=DATA, free=FREE)
    like = bsfit.log_likelihood(data=DATA, free=FREE, terms={"wish": parabola})
    point = {"C9mu": 0.3}
    assert float(like(point) - alone(point)) == pytest.approx(6.5, rel=1e-12)
    assert float(like.chi2(point) - alone.chi2(point)) == pytest.approx(1.0 - 16.0, rel=1e-9)
    assert float(like.chi2({"C9mu": 0.0})) == pytest.approx(float(alone.chi2({"C9mu": 0.0})), abs=1e-12)
    assert float(like.by_group(point)["wish"]) == pytest.approx(6.5)
    assert (like.n_data, like.observables) == (alone.n_data, alone.observables)
    best = bsfit.fit(like)
    assert best.values["C9mu"] == pytest.approx(0.4 * 100 / 125, rel=1e-6)
    assert best.ndf == 0
    assert [name for name, _ in best.pulls] == ["C9_bsmumu"]


def test_a_term_of_a_model_is_measured_from_its_own_best_fit():
    def model(params):
        return bsfit.Theory(bsfit.WilsonCoefficients.of({"C9_bsmumu": params["a"] ** 2}))

    like = bsfit.log_likelihood(model, DATA, {"a": (0.1, 1.0)}, terms={"wish": parabola})
    best = float(like.chi2({"a": 0.4**0.5}))
    assert best == pytest.approx((0.4 / 0.2) ** 2, rel=1e-6)
    assert set(like.by_group({"a": 0.5})) == {"own", "wish"}


@pytest.mark.slow
def test_a_term_alone_is_a_likelihood():
    like = bsfit.log_likelihood(data=[], free=FREE, terms=[bsfit.OwnTerm(parabola, name="prior", group="prior")])
    best = bsfit.fit(like)
    assert best.values["C9mu"] == pytest.approx(0.4, abs=1e-6)
    assert best.errors["C9mu"] == pytest.approx((0.1, 0.1), rel=1e-4)


@pytest.mark.slow
def test_a_term_is_part_of_scoring():
    """Value, gradient and information where nuisances float; the term's curvature is exact."""
    data = {LEPTONIC: (3.0e-9, 0.2e-9)}
    options = {"theory": "sampled", "nuisances": ["f_Bs"], "terms": [lambda t, i: -(t.wilson["C10_bsmumu"].real ** 4)]}
    like = bsfit.log_likelihood(data=data, free={"C10mu": (-2, 2)}, **options)
    point = {"C10mu": 0.7, "f_Bs": 0.232}
    value, gradient, information, _ = like.quadratic(point)
    assert value == pytest.approx(float(like(point)), rel=1e-10)
    slope = jax.grad(lambda x: like({**point, "C10mu": x}))(jnp.asarray(0.7))
    assert gradient[0] == pytest.approx(float(slope), rel=1e-8)
    free = bsfit.log_likelihood(data=data, free={"C10mu": (-2, 2)}, **{**options, "terms": ()})
    assert information[0, 0] - free.quadratic(point)[2][0, 0] == pytest.approx(12 * 0.7**2, rel=1e-6)


@pytest.mark.mistyped
@pytest.mark.parametrize("terms", [[3.0], {"x": "y"}], ids=str)
def test_what_is_no_term_is_refused(terms):
    with pytest.raises(BsfitInputError, match="term"):
        bsfit.log_likelihood(data=DATA, free=FREE, terms=terms)


def test_a_term_that_is_nowhere_finite_is_refused():
    with pytest.raises(BsfitInputError, match="not finite"):
        bsfit.log_likelihood(data=DATA, free=FREE, terms=[lambda t, i: jnp.log(-1.0 + 0.0 * t.wilson["C7_bs"].real)])


def test_numbers_as_printed_and_upper_limits():
    data = bsfit.Measurement.of_pairs(
        {"R_K[1.1,6]": "0.90 +0.04 -0.03 +- 0.02", "BR(mu->egamma)": "< 3.1e-13 (90 % CL)"}
    ).data
    assert (data[0].central, data[0].sigma_plus, data[0].sigma_minus) == pytest.approx(
        (0.90, math.hypot(0.04, 0.02), math.hypot(0.03, 0.02))
    )
    assert data[1].central == 0.0
    with pytest.raises(BsfitInputError, match=r"cannot read '0.90': there is no uncertainty"):
        bsfit.Measurement.of_pairs({"R_K[1.1,6]": "0.90"})


def test_own_values_that_cannot_be():
    with pytest.raises(BsfitInputError, match=r"\[1.1,6\]: -5 is beyond 5 sigma of what Rmue can be"):
        bsfit.log_likelihood(data={"R_K[1.1,6]": (-5.0, 0.1)}, free={"C9mu": (-3, 3)})
    for value in (745.0, -0.1):
        with pytest.raises(BsfitInputError, match="unusual=True"):
            bsfit.Measurement(["R_K[1.1,6]"], [value], [90.0])
        assert bsfit.Measurement(["R_K[1.1,6]"], [value], [90.0], unusual=True).data[0].central == value
    bsfit.Measurement(
        ["C9_bsmumu", lambda theory, inputs: 0.0], [745.0, -745.0], [1.0, 1.0]
    )  # of these nothing is known
