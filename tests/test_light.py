"""The light Z': stored values of its exchange at several q2, what it does to a likelihood, verdicts, derivatives."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from one_model import OneModel

import bsfit
from bsfit import catalogue
from bsfit.compiling import compiled_for
from bsfit.constants import CM2_PER_INVERSE_GEV2, CM3_PER_S_PER_INVERSE_GEV2
from bsfit.dark_matter import direct_detection, indirect_detection, relic_density
from bsfit.likelihood import joint
from bsfit.loading.inputs import load_inputs
from bsfit.models import light
from bsfit.predictions.prediction import wired

REFERENCE = load_inputs("reference")
SCALAR = OneModel("light-scalar")
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


@jax.jit
def sigma_v(dark, x):
    """Average of a pair at m/T = x, GeV^-2."""
    return indirect_detection.sigma_v(dark, x) / CM3_PER_S_PER_INVERSE_GEV2


def test_fermions_scatter_off_nothing_and_annihilate_slowly():
    """In p-waves, and in s-waves by the muon mass: g_A^2 g_chi^2 m_mu^2 beta/2 pi m^4 of a distant pole."""
    assert float(direct_detection.predicted("sigma_SI", at(), REFERENCE)) == 0
    slow, fast = (float(sigma_v(at(g_A=0.0).dark, x)) for x in (1e6, 1e3))
    assert fast / slow == pytest.approx(1e3, rel=0.02)
    m_mu, m_zp, width = float(REFERENCE["m_mu"]), 2.5, float(at().quantities["Gamma_Zp"])
    beta, away = (1 - (m_mu / 0.8) ** 2) ** 0.5, (4 * 0.64 - m_zp**2) ** 2
    expected = (0.044 * 3.0 * m_mu / m_zp**2) ** 2 * beta / (2 * np.pi) * away / (away + (m_zp * width) ** 2)
    assert float(sigma_v(at().dark, 1e8)) / expected == pytest.approx(1, rel=1e-3)


# ---------------------------------------------------------------------------------------------- scalar dark matter


def test_flavour_does_not_see_the_kind_of_dark_matter():
    found, fermion = SCALAR.at(), at()
    np.testing.assert_array_equal(found.wilson.values, fermion.wilson.values)
    for name in ("D_sb", "Gamma_Zp_mumu", "a_mu_Zp", "loop_trace"):
        assert found.quantities[name] == fermion.quantities[name]


def test_width_into_scalars():
    """g^2 m beta^3/48 pi, half of that into Majorana fermions."""
    beta = (1 - (1.6 / 2.5) ** 2) ** 0.5
    found = float(SCALAR.at().quantities["Gamma_Zp_chi"])
    assert found == pytest.approx(9.0 * 2.5 * beta**3 / (48 * np.pi), rel=1e-12)
    assert float(at().quantities["Gamma_Zp_chi"]) == pytest.approx(2 * found, rel=1e-12)


def test_a_scalar_annihilates_in_p_waves():
    """g_chi^2 m^2 v^2 beta [g_V^2 (1 + x/2) + g_A^2 beta^2]/(6 pi |4m^2 - M^2|^2), x = (m_mu/m)^2; the mean of v^2."""
    found = SCALAR.at()
    x = (float(REFERENCE["m_mu"]) / 0.8) ** 2
    pole = (4 * 0.64 - 6.25) ** 2 + (2.5 * float(found.quantities["Gamma_Zp"])) ** 2
    muons = (1 - x) ** 0.5 * (0.1**2 * (1 + x / 2) + 0.044**2 * (1 - x))
    expected = 9.0 * 0.64 * muons / (6 * np.pi * pole) * 6 / 1e8
    assert float(sigma_v(found.dark, 1e8)) == pytest.approx(expected, rel=1e-6)


def test_a_scalar_goes_into_pairs_of_the_z_prime_at_rest():
    """g^4/8 pi m^2 where they are light."""
    dark = SCALAR.at(m_Zp=0.5, m_chi=8.0, g_chi=1.0).dark
    assert float(sigma_v(dark, 1e8)) == pytest.approx(1 / (8 * np.pi * 64.0), rel=0.01)


@pytest.mark.parametrize("m_chi", [0.8, 1.24, 3.0])
def test_a_scalar_is_a_fermion_of_a_smaller_coupling_where_muons_are_vectors(m_chi):
    """A Majorana one of g/sqrt 2: the width of the Z', annihilation through it at any energy."""
    found, other = SCALAR.at(g_A=0.0, m_chi=m_chi), at(g_A=0.0, m_chi=m_chi, g_chi=3.0 / 2**0.5)
    assert float(found.quantities["Gamma_Zp"]) == pytest.approx(float(other.quantities["Gamma_Zp"]), rel=1e-12)
    for ratio in (1.001, 1.5, 20.0):
        s = jnp.asarray(4 * m_chi**2 * ratio)
        through, same = (float(theory.dark.channels[0].strength(s)) for theory in (found, other))
        assert through == pytest.approx(same, rel=1e-10)


@pytest.mark.slow
def test_relic_density_of_scalars():
    """That of such a fermion, which stored points of an independent derivation confirm."""
    density = jax.jit(lambda dark: relic_density.relic_density(dark).omega_h2)
    for g_chi in (0.02, 3.0):
        found, other = SCALAR.at(g_A=0.0, g_chi=g_chi), at(g_A=0.0, g_chi=g_chi / 2**0.5)
        assert float(density(found.dark)) == pytest.approx(float(density(other.dark)), rel=1e-6)


def test_a_scalar_scatters_off_protons_by_a_loop_of_muons():
    """The vacuum polarisation of QED, e^2/(12 pi^2) ln(Lambda^2/m_mu^2), between the Z' and a photon; no neutrons."""
    found = SCALAR.at()
    m_mu, m_n = (float(REFERENCE[name]) for name in ("m_mu", "m_nucleon"))
    polarisation = 4 * np.pi * float(REFERENCE["alpha_em_0"]) / (12 * np.pi**2) * np.log((1000.0 / m_mu) ** 2)
    b = 3.0 * 0.1 / 2.5**2 * polarisation
    assert float(found.quantities["b_p_photon"]) == pytest.approx(b, rel=1e-12)
    assert not any(float(v) for name, v in found.quantities.items() if name.startswith("b_") and name != "b_p_photon")
    expected = (0.8 * m_n / (0.8 + m_n) * b) ** 2 / np.pi * CM2_PER_INVERSE_GEV2
    sigma = {key: float(direct_detection.predicted(key, found, REFERENCE)) for key in ("sigma_SI_p", "sigma_SI")}
    assert sigma["sigma_SI_p"] == pytest.approx(expected, rel=1e-12)
    assert sigma["sigma_SI"] == pytest.approx(expected * (54 / float(REFERENCE["A_xenon"])) ** 2, rel=1e-12)
    assert float(direct_detection.predicted("sigma_SD_p", found, REFERENCE)) == 0
    ends = [float(SCALAR.at(Lambda=x).quantities["b_p_photon"]) for x in (m_mu, 1e4)]
    assert ends == pytest.approx([0.0, b * np.log(1e4 / m_mu) / np.log(1e3 / m_mu)], rel=1e-12, abs=1e-20)


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m_Zp", "g_V", "g_chi", "m_chi"])
def test_what_moves_the_pole_is_not_extrapolated(name):
    free = {"g_sb": (-5e-8, 5e-8), name: (0.9 * BENCHMARK[name], 1.1 * BENCHMARK[name])}
    direct = wired(OBSERVABLES, "light", fixed=others(free), free=tuple(free))
    assert {*direct.through_response(drawn(free, 8)).responses} == {"bs_mixing", "b_to_ll"}


@pytest.mark.long
def test_a_likelihood_goes_either_way(monkeypatch):
    data = [{RATE: (2.5e-8, 0.2e-8), RATIO: (0.9, 0.05), INVISIBLE: (2.3e-5, 0.7e-5)}]
    moving = {**COUPLINGS, "m_Zp": (2.0, 3.5)}
    through = bsfit.log_likelihood("light", data, COUPLINGS, others(COUPLINGS), theory="fixed")
    direct = bsfit.log_likelihood("light", data, moving, others(moving), theory="fixed")
    assert through.about.meta["moments"] == "from their response"
    assert direct.about.meta["moments"] == "from the amplitudes"
    for point in drawn(COUPLINGS, 2, seed=3):
        expected = direct({**point, "m_Zp": BENCHMARK["m_Zp"]})
        assert float(through(point)) == pytest.approx(float(expected), rel=1e-9)
    assert (through.starts_at_once, direct.starts_at_once) == (None, None)
    monkeypatch.setattr(joint, "LARGE", (1, 1024))
    assert (through.starts_at_once, direct.starts_at_once) == (1024, joint.AMPLITUDES)
    assert (through.at_once, direct.at_once) == (1024, 1024)


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


def test_verdicts_of_scalars():
    """No axial current to break unitarity; charges that do not add up to zero."""
    heavier = {"m_Zp": 4.5, "m_chi": 1.4}
    assert SCALAR.failed() == {"light_mass", "loop_trace"}
    assert SCALAR.failed(**heavier) == {"loop_trace"}
    assert SCALAR.failed(m_Zp=4.5, m_chi=2.2) == {"loop_trace", "kinetic_equilibrium"}
    assert SCALAR.failed(m_Zp=5.0, m_chi=6.0, g_chi=3.4) == {"loop_trace", "sommerfeld"}
    assert SCALAR.failed(**heavier, g_V=0.0) == set()
    with pytest.raises(bsfit.BsfitInputError, match="Lambda"):
        bsfit.predict(["sigma_SI"], "light-scalar", {**BENCHMARK, "Lambda": 100.0})


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


BY_KIND = pytest.mark.parametrize("model", [OneModel("light"), SCALAR], ids=lambda model: model.name)


@pytest.mark.long
@BY_KIND
def test_derivatives_of_the_rest(model):
    """Coefficients, width and Omega_h2, whose differences are good to 1e-5."""

    def predicted(x):
        theory = model.along(POINT, x)
        c9 = theory.wilson["C9_bsmumu"]
        parts = [c9.real, c9.imag, theory.quantities["Gamma_Zp"], theory.quantities["a_mu_Zp"] * 1e9]
        return jnp.stack([*parts, jnp.log(relic_density.predicted("Omega_h2", theory, REFERENCE))])

    scale = 0.1 * np.abs([*POINT.values()])
    assert_derivatives(predicted, [*POINT.values()], scale, tolerance=1e-5, second=False, step=1e-2)


@pytest.mark.long
@BY_KIND
def test_gradients_at_every_bound_are_finite(model):
    """Of coefficients, width and scattering; of Omega_h2 where there is any annihilation."""
    edges = {"m_chi": (0.2, 4.0), "Lambda": (200.0, 1e6)}
    rows = {p.name: p.bounds or edges[p.name] for p in model.row.parameters}
    point = {name: {**model.point, **POINT}[name] for name in rows}

    def predicted(x):
        theory = model.along(point, x)
        scattering = direct_detection.predicted("sigma_SI", theory, REFERENCE) * 1e40
        parts = [theory.wilson["C9_bsmumu"].real, theory.quantities["Gamma_Zp"], scattering]
        return jnp.stack([*parts, relic_density.predicted("Omega_h2", theory, REFERENCE)])

    both = jax.jit(lambda x: (predicted(x), jax.jacfwd(predicted)(x)))
    for name, ends in rows.items():
        for edge in ends:
            value, slope = both(jnp.asarray([*{**point, name: edge}.values()]))
            known = slice(0, 3) if (name, edge) == ("g_chi", 0.0) else slice(0, 4)
            assert np.all(np.isfinite(value[known])), (name, edge)
            assert np.all(np.isfinite(slope[known])), (name, edge)
