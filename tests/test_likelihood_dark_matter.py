"""Dark matter in the likelihood: against hand-written chi-squares, its derivatives, what is refused."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import compiling
from bsfit.dark_matter import direct_detection, indirect_detection
from bsfit.errors import BsfitInputError
from bsfit.likelihood import dark_matter
from bsfit.likelihood.densities import SplitNormal, upper_limit_chi2
from bsfit.likelihood.terms import Predicted
from bsfit.likelihood.theory_errors import SameEverywhere
from bsfit.loading.limits import limit
from bsfit.models import loop

LOOP = {"m_Q": 1100.0, "m_L": 1000.0, "lambda_Q_s": -0.3, "lambda_Q_b": 0.3}
FREE = {"m_X": (100, 600), "lambda_L_mu": (0.1, 3.5)}
POINT = {"m_X": 300.0, "lambda_L_mu": 2.5}
PORTAL = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": 0.025, "lambda_Q_b": 0.025, "lambda_L_mu": 0.5}


def build(data, **options):
    return bsfit.log_likelihood("loop", data, FREE, LOOP, **options)


@pytest.fixture(scope="module")
def alone():
    """Dark matter without flavour data."""
    return build(["relic", "lz-2022", "planck-annihilation-2018"])


@pytest.fixture(scope="module")
def found(alone):
    """What the likelihood tells at one point, and the prediction there, in one program."""
    prediction = bsfit.prediction(["Omega_h2", "sigma_SI"], "loop", free=tuple(POINT), fixed=LOOP)
    point = {name: jnp.asarray(x) for name, x in POINT.items()}
    return compiling.compile_quickly(lambda p: (alone.summary(p), prediction(p)))(point)


def summary(like, **changes):
    return jax.jit(like.summary)({name: jnp.asarray(x) for name, x in {**POINT, **changes}.items()})


def of_limit(name, mass):
    """The printed table, straight in the logarithms."""
    table = limit(name)
    return np.exp(np.interp(np.log(mass), np.log(table.mass), np.log(table.cross_section)))


@pytest.mark.long
def test_the_chi2_by_hand(found):
    found, (omega, sigma) = jax.tree.map(np.asarray, found)
    relic = (omega - 0.12) ** 2 / (0.0012**2 + (0.1 * 0.12) ** 2)
    direct = 1.642374 * (sigma / of_limit("lz-2022", 300.0)) ** 2
    assert float(-2 * found["by_group"]["direct"]) == pytest.approx(direct, rel=1e-10)
    error = (0.0012**2 + 0.012**2) ** 0.5
    normalisation = np.log(2 * np.pi * error**2)
    assert float(-2 * found["by_group"]["relic"]) == pytest.approx(relic + normalisation, rel=1e-10)
    indirect = float(-2 * found["by_group"]["indirect"])
    assert 0 <= indirect < 1e-3  # p-wave
    assert float(found["chi2"]) == pytest.approx(relic + direct + indirect, rel=1e-10)
    np.testing.assert_allclose(found["predictions"][:2], [omega, sigma / of_limit("lz-2022", 300.0)], rtol=1e-10)
    assert float(found["pulls"][0]) == pytest.approx((0.12 - omega) / error, rel=1e-10)


@pytest.mark.long
def test_limits_from_files(tmp_path):
    """Twice as high as published: beside the published ones, half the rates over their limits."""
    files = []
    for name, key in (("lz-2022", "sigma_cm2"), ("planck-annihilation-2018", "f_sigma_v_cm3_s")):
        text, table = Path(limit(name).file).read_text(), limit(name).cross_section
        files.append(tmp_path / f"own-{key}.yaml")
        files[-1].write_text(text.partition(f"{key}:")[0] + f"{key}: {[float(2 * x) for x in table]}\n")
    like = build([*files, "lz-2022", "planck-annihilation-2018"])
    direct, indirect, lz, planck = summary(like)["predictions"].tolist()
    assert (2 * direct, 2 * indirect) == pytest.approx((lz, planck), rel=1e-12)
    assert like.observables[:2] == ("sigma_SI/own-sigma_cm2", "f_sigma_v/own-f_sigma_v_cm3_s")
    assert {str(file) for file in files} < set(like.meta["data_files"])


@pytest.mark.long
def test_what_counts(alone, found):
    """One measured value: limits add to chi2 alone, and nothing is compared with the Standard Model."""
    assert alone.observables == ("Omega_h2", "sigma_SI/lz-2022", "f_sigma_v/planck-annihilation-2018")
    assert alone.n_data == 1
    assert alone.reference_chi2 is None
    assert (alone.compared, alone.measured) == ((), (0,))
    assert float(found[0]["pull_chi2"]) == 0.0
    assert {"Planck:2018vyg", "LZ:2022lsv", "Gondolo:1990dk"} <= set(alone.meta["papers"])


PLANCK = SplitNormal.of(np.array([0.12]), np.array([0.0012]), np.array([0.0012]))
NONE = SameEverywhere(jnp.zeros((0, 0)), {})
"""No theory errors but those of the terms themselves."""


def density_of(relic="equal", error=0.1, at_each_point=False):
    """The term of the relic density."""
    return dark_matter.terms_of(PLANCK, (), relic, error, at_each_point)[0]


@pytest.mark.parametrize("omega", [0.01, 0.11, 0.5, 30.0])
def test_the_error_of_the_calculation(omega):
    """Of the measured value; or of the prediction, with its logarithm in the density."""
    values = jnp.asarray([omega])
    for size in (0.0, 0.3):
        expected = (omega - 0.12) ** 2 / (0.0012**2 + (size * 0.12) ** 2)
        assert float(density_of(error=size).chi2(values, NONE)) == pytest.approx(expected, rel=1e-9)
    propagated, error2 = density_of(at_each_point=True), 0.0012**2 + (0.1 * omega) ** 2
    assert float(propagated.chi2(values, NONE)) == pytest.approx((omega - 0.12) ** 2 / error2, rel=1e-9)
    density = -0.5 * (omega - 0.12) ** 2 / error2 - 0.5 * np.log(2 * np.pi * error2)
    assert float(propagated.by_group(values, NONE)["relic"]) == pytest.approx(density, rel=1e-9)
    assert float(propagated.log_prob(values, NONE)) == pytest.approx(density, rel=1e-9)


@pytest.mark.long
def test_the_calculation_as_a_nuisance():
    """Omega h^2 times 1 + 0.2 x, with a constraint of x; the size is an input."""
    like = build("relic", theory="sampled", inputs={"Omega_h2_error": 0.2})
    assert like.constrained == ("Omega_h2 calculation",)
    found = jax.jit(jax.vmap(lambda x: like.summary({**POINT, "Omega_h2 calculation": x})))(jnp.asarray([0.0, -0.5]))
    omega = np.asarray(found["predictions"])[:, 0]
    assert omega[1] == pytest.approx(0.9 * omega[0], rel=1e-12)
    assert float(found["chi2"][1]) == pytest.approx((omega[1] - 0.12) ** 2 / 0.0012**2 + 0.25, rel=1e-9)


@pytest.mark.parametrize("omega", [0.03, 0.11, 0.13, 0.5])
def test_an_upper_bound_on_the_density(omega):
    """Too much counts, too little does not; no number of data."""
    excess = max(omega - 0.12, 0.0) ** 2 / (0.0012**2 + 0.012**2)
    bound, values = density_of("upper"), jnp.asarray([omega])
    assert float(bound.chi2(values, NONE)) == pytest.approx(excess, abs=1e-12)
    assert float(bound.by_group(values, NONE)["relic"]) == pytest.approx(-excess / 2, abs=1e-12)
    assert float(bound.pulls(values, NONE)[0]) == pytest.approx(-(excess**0.5), abs=1e-12)
    assert bound.n_data == 0


@pytest.mark.long
def test_missing_dark_matter_neither_scatters_nor_annihilates():
    """The values of the likelihood themselves, too much dark matter and too little."""
    limits, inputs = tuple(map(limit, ("lz-2022", "planck-annihilation-2018"))), bsfit.load_inputs("default")
    bound, equal = (dark_matter.terms_of(PLANCK, limits, relic, 0.1, False) for relic in ("upper", "equal"))

    def both(coupling):
        theory = loop.theory({**LOOP, **POINT, "lambda_L_mu": coupling}, inputs)
        predicted = Predicted(jnp.zeros(0), theory, inputs)
        return [jnp.concatenate([t.values(theory, predicted, inputs) for t in terms]) for terms in (bound, equal)]

    scaled, full = jax.jit(jax.vmap(both))(jnp.asarray([1.9, 3.2]))
    assert full[0, 0] > 0.15
    assert full[1, 0] < 0.08
    share = jnp.minimum(1.0, full[:, 0] / 0.12)
    np.testing.assert_allclose(scaled[:, 1:], full[:, 1:] * jnp.stack([share, share**2], axis=1), rtol=0.02)


@pytest.mark.slow
def test_no_limit_outside_of_its_table():
    """LZ begins at 9 GeV, LUX at 5.2: below, LUX alone counts, and the result says so."""
    names, inputs = ("lz-2024", "lux-2016"), bsfit.load_inputs()
    (term,) = dark_matter.terms_of(None, tuple(map(limit, names)), "equal", 0.0, False)

    def at(mass):
        theory = loop.theory({**LOOP, "lambda_L_mu": 2.5, "m_X": mass}, inputs)
        values = term.values(theory, Predicted(jnp.zeros(0), theory, inputs), inputs)
        return values, {verdict.name: verdict.ok for verdict in term.verdicts(theory)}

    masses = jnp.asarray([4.0, 7.0, 30.0])
    values, inside = compiling.compile_quickly(jax.vmap(at))(masses)
    np.testing.assert_array_equal(values != 0.0, [[False, False], [False, True], [True, True]])
    np.testing.assert_array_equal(values != 0.0, np.stack([inside[name] for name in names], axis=1))


def test_the_share_of_dark_matter():
    """The smaller of 1 and the ratio, smooth between and without overflow."""
    ratio = jnp.asarray([1e-30, 1e-3, 0.5, 0.8, 1.0, 1.25, 1e10])
    found = dark_matter.share_of(ratio)
    np.testing.assert_allclose(found, np.minimum(ratio, 1.0), rtol=0.035)
    far = np.array([0, 1, 2, 6])
    np.testing.assert_allclose(found[far], np.minimum(ratio, 1.0)[far], rtol=1e-6)
    assert np.all(np.isfinite(jax.vmap(jax.grad(dark_matter.share_of))(ratio)))


def test_the_bound_on_annihilation():
    """The file holds the number that `indirect_detection` divides by."""
    table = limit("planck-annihilation-2018")
    np.testing.assert_allclose(table.cross_section, indirect_detection.PLANCK * table.mass, rtol=1e-12)
    expected = 1.642374 * (1e-46 / of_limit("lz-2022", 300.0)) ** 2
    ratio = 1e-46 / direct_detection.largest(300.0, "lz-2022")
    assert float(upper_limit_chi2(ratio, limit("lz-2022").at_limit)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.long
def test_flavour_and_dark_matter_in_one_likelihood():
    """The parts add up; gradients are the differences of fourth order to 1e-6."""
    data, names = ["seed-2017", "relic", "lz-2022"], tuple(POINT)
    joint, flavour = build(data, inputs="seed"), build("seed-2017", inputs="seed")

    def of_vector(x):
        value, slope = jax.value_and_grad(lambda x: joint(dict(zip(names, x, strict=True))))(x)
        return value, slope, joint.summary(dict(zip(names, x, strict=True)))

    x = np.array(list(POINT.values()))
    h = 1e-3 * x
    points = [x + k * np.diag(h)[i] for i in range(len(x)) for k in (-2, -1, 1, 2)]
    values, slopes, found = jax.jit(jax.vmap(of_vector))(jnp.asarray([*points, x]))
    v = np.asarray(values)[:-1].reshape(-1, 4)
    expected = (v[:, 0] - 8 * v[:, 1] + 8 * v[:, 2] - v[:, 3]) / (12 * h)
    np.testing.assert_allclose(slopes[-1] * x, expected * x, rtol=1e-6)
    groups = {name: float(part[-1]) for name, part in found["by_group"].items()}
    assert set(groups) == {"LFU", "relic", "direct"}
    assert float(values[-1]) == pytest.approx(sum(groups.values()), rel=1e-12)
    alone = summary(flavour)
    assert groups["LFU"] == pytest.approx(float(alone["by_group"]["LFU"]), rel=1e-10)
    assert float(found["pull_chi2"][-1]) == pytest.approx(float(alone["chi2"]), rel=1e-10)
    density, limits = (found["predictions"][-1, k : k + 1] for k in (3, 4))
    dark = joint.terms[1].chi2(density, NONE) + joint.terms[2].chi2(limits, NONE)
    assert float(found["chi2"][-1]) == pytest.approx(float(alone["chi2"] + dark), rel=1e-12)
    assert joint.reference_chi2 == pytest.approx(flavour.reference_chi2, rel=1e-12)
    assert (joint.compared, joint.measured) == ((0, 1, 2), (0, 1, 2, 3))
    assert (joint.n_data, flavour.n_data) == (4, 3)


@pytest.mark.long
def test_finite_through_a_resonance():
    """Log-likelihood and gradient of the portal from below to above m_Zp = 2 m_chi."""
    like = bsfit.log_likelihood("portal", ["relic", "lz-2024"], {"m_Zp": (1500, 3000)}, {**PORTAL, "g_X": 0.3})
    masses = jnp.asarray([1500.0, 1900.0, 1999.99, 2000.0, 2000.01, 2040.0, 2200.0, 3000.0])
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(lambda m: like({"m_Zp": m}))))(masses)
    assert np.all(np.isfinite([value, slope]))
    assert np.ptp(value) > 100


@pytest.mark.long
def test_dark_matter_with_floating_nuisances():
    """The expansion of a fit with sampled nuisances: its value is the likelihood's, its gradient of differences."""
    free = {"lambda_L_mu": (0.5, 3.5), "lambda_Q_s": (-1, 0)}
    fixed = {"m_Q": 1100.0, "m_L": 1000.0, "m_X": 300.0, "lambda_Q_b": 0.387}
    sampled = {"theory": "sampled", "nuisances": ["f_Bs", "Omega_h2*"]}
    like = bsfit.log_likelihood("loop", ["lhcb-dms-combination-2021", "relic"], free, fixed, **sampled)
    point = {"lambda_L_mu": 2.0, "lambda_Q_s": -0.4, "f_Bs": 0.233, "Omega_h2 calculation": 0.3}
    value, gradient, information, _ = like.quadratic(point)
    assert value == pytest.approx(float(like({name: jnp.asarray(x) for name, x in point.items()})), rel=1e-10)
    for name, slope, curvature in zip(like.free, gradient, np.diag(information), strict=True):
        step = 1e-4 / curvature**0.5
        up, down = (like.quadratic({**point, name: point[name] + sign * step})[0] for sign in (1, -1))
        assert (up - down) / (2 * step) == pytest.approx(slope, rel=1e-6)


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        ("lz-2025", {}, "lz-2024"),
        (["lz-2022", "lz-2024"], {}, "same data twice"),
        ("lz-2022", {"relic": "upper"}, "relic density"),
        ("relic", {"relic": "uper"}, "upper"),
    ],
)
def test_bad_questions(data, options, words):
    with pytest.raises(BsfitInputError, match=words):
        build(data, **options)


def test_models_without_dark_matter():
    with pytest.raises(BsfitInputError, match="no dark matter"):
        bsfit.log_likelihood("eft", ["seed-2017", "relic"], {"C9mu": (-3, 3)})
    with pytest.raises(BsfitInputError, match="no dark matter"):
        bsfit.log_likelihood("eft", "lz-2024", {"C9mu": (-3, 3)})
    with pytest.raises(BsfitInputError, match="no dark matter"):
        bsfit.log_likelihood(lambda p: bsfit.Theory.standard_model(), "relic", {"x": (0, 1)})


@pytest.mark.long
def test_a_parameter_that_dark_matter_does_not_see():
    with pytest.raises(BsfitInputError, match="depends on lambda_Q_b"):
        bsfit.log_likelihood("loop", "planck-omega-2018", {"lambda_Q_b": (0.1, 1), "m_X": (200, 400)},
                             {"m_Q": 1e9, "m_L": 1000.0, "lambda_L_mu": 2.0})  # fmt: skip
