"""The light Z': stored values of its exchange at several q2, what it does to a likelihood, verdicts, derivatives."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

import bsfit
from bsfit import catalogue
from bsfit.compiling import compiled_for
from bsfit.constants import CM3_PER_S_PER_INVERSE_GEV2
from bsfit.dark_matter import direct_detection, indirect_detection, relic_density
from bsfit.loading.inputs import load_inputs
from bsfit.models import light
from bsfit.predictions.prediction import wired

REFERENCE = load_inputs("reference")
BENCHMARK = dict(catalogue.MODELS["light"].benchmark)
ALL = {p.name: p.default for p in catalogue.MODELS["light"].parameters if p.default is not None} | BENCHMARK
RATE, RATIO, LEPTONIC, INVISIBLE, MIXING = (
    "<dBR/dq2>(B+->Kmumu)[1.1,6]",
    "R_K[1.1,6]",
    "BR(Bs->mumu)",
    "BR(B+->Knunu)",
    "DeltaM_s/SM",
)
OBSERVABLES = (RATE, RATIO, LEPTONIC, INVISIBLE, MIXING)
COUPLINGS = {"g_sb": (-5e-8, 5e-8), "g_sb_im": (-5e-8, 5e-8)}


WAYS = pytest.mark.parametrize("extra", [{}, {"m_Zp": (2.0, 3.5)}], ids=["pole fixed", "pole moves"])


@functools.cache
def compiled():
    return jax.jit(light.theory)


def at(**changes):
    """Theory with every parameter given, so that one compilation serves all points."""
    return compiled()({k: float(v) for k, v in {**ALL, **changes}.items()}, REFERENCE)


def drawn(free, n, seed=1):
    generator = np.random.default_rng(seed)
    return [{name: float(generator.uniform(*bounds)) for name, bounds in free.items()} for _ in range(n)]


def others(free):
    return {name: value for name, value in BENCHMARK.items() if name not in free}


# -------------------------------------------------------------------------------------------------------- exchange


def test_coefficients_at_every_stored_q2(reference):
    section = reference("catalogue_z_prime.json")["sala_1704.06188"]
    for point in (section["benchmark"], *section["random"]):
        theory = at(**{name: value for name, value in point["parameters"].items() if name in ALL})
        assert theory.mediator is not None
        for q2, expected in point["C9_mu_q2"].items():
            found = complex(theory.wilson["C9_bsmumu"] * theory.mediator.factor(float(q2)))
            assert found == pytest.approx(complex(*expected), rel=1e-8)


def test_couplings_are_those_of_muons_alone():
    theory = at(g_sb_im=1e-8)
    assert complex(theory.wilson["C10_bsmumu"] / theory.wilson["C9_bsmumu"]) == pytest.approx(-0.44, rel=1e-12)
    moved = {"C9_bsmumu", "C10_bsmumu", "C7_mumu"}
    assert {name for name in catalogue.COEFFICIENTS if theory.wilson[name] != 0} == moved
    assert at(g_sb=0.0).wilson["C9_bsmumu"] == 0


def test_dark_matter_scatters_off_nothing_and_annihilates_slowly():
    """In p-waves, and in s-waves by the muon mass: g_A^2 g_chi^2 m_mu^2 beta/2 pi m^4 of a distant pole."""
    sigma_v = jax.jit(lambda dark, x: indirect_detection.sigma_v(dark, x) / CM3_PER_S_PER_INVERSE_GEV2)
    assert float(direct_detection.predicted("sigma_SI", at(), REFERENCE)) == 0
    slow, fast = (float(sigma_v(at(g_A=0.0).dark, x)) for x in (1e6, 1e3))
    assert fast / slow == pytest.approx(1e3, rel=0.02)
    m_mu, m_zp, width = float(REFERENCE["m_mu"]), 2.5, float(at().quantities["Gamma_Zp"])
    beta, away = (1 - (m_mu / 0.8) ** 2) ** 0.5, (4 * 0.64 - m_zp**2) ** 2
    expected = (0.044 * 3.0 * m_mu / m_zp**2) ** 2 * beta / (2 * np.pi) * away / (away + (m_zp * width) ** 2)
    assert float(sigma_v(at().dark, 1e8)) / expected == pytest.approx(1, rel=1e-3)


# ------------------------------------------------------------------------------------------------------ predictions


@pytest.mark.long
def test_responses_are_exact_where_mass_and_width_are_fixed():
    """Of all decays into leptons; decays that are not seen read the couplings too and stay what they are."""
    direct = wired(OBSERVABLES, "light", fixed=others(COUPLINGS), free=tuple(COUPLINGS))
    fast = direct.through_response(drawn(COUPLINGS, 16))
    assert {*fast.responses} == {"b_to_k_ll", "b_to_ll", "bs_mixing"}
    compare = compiled_for(lambda params: (direct(params), fast(params)), drawn(COUPLINGS, 1)[0])
    for point in drawn(COUPLINGS, 4, seed=2):
        expected, found = compare(point)
        np.testing.assert_allclose(found, expected, rtol=1e-10)
    asked = bsfit.predict(OBSERVABLES, "light", {**BENCHMARK, **point})
    np.testing.assert_allclose([*asked.values()], expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["m_Zp", "g_V", "g_chi", "m_chi"])
def test_what_moves_the_pole_is_not_extrapolated(name):
    free = {"g_sb": (-5e-8, 5e-8), name: (0.9 * BENCHMARK[name], 1.1 * BENCHMARK[name])}
    direct = wired(OBSERVABLES, "light", fixed=others(free), free=tuple(free))
    assert {*direct.through_response(drawn(free, 8)).responses} == {"bs_mixing", "b_to_ll"}


@pytest.mark.long
def test_a_likelihood_goes_either_way():
    data = [{RATE: (2.5e-8, 0.2e-8), RATIO: (0.9, 0.05), INVISIBLE: (2.3e-5, 0.7e-5)}]
    moving = {**COUPLINGS, "m_Zp": (2.0, 3.5)}
    through = bsfit.log_likelihood("light", data, COUPLINGS, others(COUPLINGS), theory="fixed")
    direct = bsfit.log_likelihood("light", data, moving, others(moving), theory="fixed")
    assert through.about.meta["moments"] == "from their response"
    assert direct.about.meta["moments"] == "from the amplitudes"
    for point in drawn(COUPLINGS, 2, seed=3):
        expected = direct({**point, "m_Zp": BENCHMARK["m_Zp"]})
        assert float(through(point)) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.long
@WAYS
def test_errors_that_follow_the_point(extra):
    """Through the response of the slopes, or from the amplitudes, against those at every point."""
    free = {**COUPLINGS, **extra}
    asked = {"free": free, "fixed": others(free), "theory": "propagated", "nuisances": "B->K BSZ a0_f+"}
    data = [{RATE: (2.5e-8, 0.2e-8)}]
    fast, exact = (bsfit.log_likelihood("light", data, **asked, exact=way) for way in (False, True))
    for point in drawn(free, 2, seed=4):
        assert float(fast(point)) == pytest.approx(float(exact(point)), rel=1e-9)


@pytest.mark.long
@WAYS
def test_nuisances_float(extra):
    """As polynomials of the nuisances at a fixed pole; one form factor's coefficient is almost one."""
    free = {**COUPLINGS, **extra}
    asked = {"free": free, "fixed": others(free), "theory": "sampled", "nuisances": "B->K BSZ a0_f+"}
    data = [{RATE: (2.5e-8, 0.2e-8)}]
    fast, exact = (bsfit.log_likelihood("light", data, **asked, exact=way) for way in (False, True))
    (name,) = fast.about.sampled
    for point in drawn(free, 2, seed=5):
        point[name] = 1.03 * fast.about.means[name]
        value, slope, _, summary = fast.quadratic(point)
        assert value == pytest.approx(float(exact(point)), rel=1e-6)
        assert summary["predictions"] == pytest.approx(np.asarray(exact.predictions(point)), rel=1e-6)
        step = {k: 1e-4 * (hi - lo) for k, (lo, hi) in free.items()}
        for i, key in enumerate(free):
            up, down = (float(exact({**point, key: point[key] + s * step[key]})) for s in (1, -1))
            assert slope[i] == pytest.approx((up - down) / (2 * step[key]), rel=1e-3, abs=1e-6 * abs(slope[i]) + 1e-9)


# --------------------------------------------------------------------------------------------------------- verdicts


def failed(**changes):
    return {v.name for v in at(**changes).verdicts if not bool(v.ok)}


def test_verdicts():
    heavier = {"m_Zp": 4.5, "m_chi": 1.4}
    assert failed() == {"light_mass"}
    assert failed(**heavier) == set()
    assert failed(**heavier, g_chi=3.6) == {"perturbative_gauge"}
    assert failed(**heavier, g_V=3.6) == {"perturbative_gauge", "narrow_Zp"}
    assert failed(**heavier, g_sb=6e-6) == {"bs_mixing"}
    assert failed(m_Zp=4.5, m_chi=2.2) == {"axial_unitarity"}
    assert failed(m_Zp=4.5, m_chi=2.2, g_chi=0.2) == {"kinetic_equilibrium"}
    closed = {"m_Zp": 4.5, "m_chi": 2.3, "g_chi": 1.0}
    assert failed(**closed) == set()
    assert failed(**closed, g_V=1e-3, g_A=0.0) == {"narrow_resonance"}


@pytest.mark.slow
def test_verdicts_are_told():
    found = bsfit.predict([INVISIBLE], "light", BENCHMARK)
    assert any(note.startswith("light_mass") for note in found.notes)


# -------------------------------------------------------------------------------------------------------- gradients


POINT = {"m_Zp": 2.5, "g_sb": -1.5e-8, "g_sb_im": 0.5e-8, "g_V": 0.1, "g_A": -0.044, "g_chi": 2.0, "m_chi": 0.8}


@pytest.mark.long
@pytest.mark.parametrize(
    "names",
    [
        pytest.param((INVISIBLE, "BR(B0->K*nunu)"), id="unseen"),
        pytest.param((RATE, "<dBR/dq2>(B+->Kmumu)[4,8]"), id="seen"),
    ],
)
def test_derivatives_of_decays(names):
    """Nodes move with the pole: of a bin below it, of one about it, and of all q2 above the threshold."""
    found = wired(names, "light", free=tuple(POINT))
    unit = np.asarray(found(POINT))

    def predicted(x):
        return found(dict(zip(POINT, x, strict=True))) / unit

    scale = 0.02 * np.abs([*POINT.values()])
    assert_derivatives(predicted, [*POINT.values()], scale, tolerance=1e-6, second=False, step=0.1)


@pytest.mark.long
def test_derivatives_of_the_rest():
    """Coefficients, width and Omega_h2, whose differences are good to 1e-5."""

    def predicted(x):
        theory = light.theory(dict(zip(POINT, x, strict=True)), REFERENCE)
        c9 = theory.wilson["C9_bsmumu"]
        parts = [c9.real, c9.imag, theory.quantities["Gamma_Zp"], theory.quantities["a_mu_Zp"] * 1e9]
        return jnp.stack([*parts, jnp.log(relic_density.predicted("Omega_h2", theory, REFERENCE))])

    scale = 0.1 * np.abs([*POINT.values()])
    assert_derivatives(predicted, [*POINT.values()], scale, tolerance=1e-5, second=False, step=1e-2)


@pytest.mark.long
def test_gradients_at_every_bound_are_finite():
    """Of coefficients and width; of Omega_h2 where there is any annihilation."""
    rows = {p.name: p.bounds or (0.2, 4.0) for p in catalogue.MODELS["light"].parameters}

    def predicted(x):
        theory = light.theory(dict(zip(POINT, x, strict=True)), REFERENCE)
        parts = [theory.wilson["C9_bsmumu"].real, theory.quantities["Gamma_Zp"]]
        return jnp.stack([*parts, relic_density.predicted("Omega_h2", theory, REFERENCE)])

    both = jax.jit(lambda x: (predicted(x), jax.jacfwd(predicted)(x)))
    for name in POINT:
        for edge in rows[name]:
            value, slope = both(jnp.asarray([*{**POINT, name: edge}.values()]))
            known = slice(0, 2) if (name, edge) == ("g_chi", 0.0) else slice(0, 3)
            assert np.all(np.isfinite(value[known])), (name, edge)
            assert np.all(np.isfinite(slope[known])), (name, edge)
