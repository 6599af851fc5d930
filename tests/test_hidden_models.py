"""The hidden Z' with Majorana dark matter and with a split Dirac fermion: waves, scattering, the limit of Dirac."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.dark_matter import direct_detection, indirect_detection
from bsfit.dark_matter.relic_density import relic_density
from bsfit.loading.inputs import load_inputs
from bsfit.predictions.bound_model import module_of

INPUTS = load_inputs("reference")
POINT = dict(catalogue.MODELS["hidden"].benchmark)


@functools.cache
def compiled(model):
    return jax.jit(module_of(catalogue.MODELS[model]).theory)


def at(model, inputs=INPUTS, **changes):
    """At the benchmark of `hidden` in what all variants share."""
    row = catalogue.MODELS[model]
    own = {**{p.name: p.default for p in row.parameters if p.default is not None}, **row.benchmark, **POINT}
    return compiled(model)({k: float(v) for k, v in {**own, **changes}.items()}, inputs)


def failed(model, **changes):
    return {v.name for v in at(model, **changes).verdicts if not bool(v.ok)}


def sigma_v(dark, channel, v):
    """Of a pair of the lightest species, velocity v."""
    m = float(dark.masses[0])
    s = 4 * m**2 / (1 - v**2 / 4)
    states = float(dark.dof[0])
    strength = float(dark.channels[channel].strength(jnp.asarray(s)))
    return strength / (states**2 * s**2 * (1 - 4 * m**2 / s)) * v


@pytest.mark.parametrize("model", ["hidden-majorana", "hidden-split"])
def test_flavour_does_not_see_the_kind_of_dark_matter(model):
    found, dirac = at(model), at("hidden")
    np.testing.assert_array_equal(found.wilson.values, dirac.wilson.values)
    for name in ("Gamma_Zp_quarks", "Gamma_Zp_mumu", "a_mu_Zp", "loop_trace"):
        assert found.quantities[name] == dirac.quantities[name]


# ----------------------------------------------------------------------------------------------------------- Majorana


def test_majorana_is_a_p_wave_but_for_masses():
    """g_A^2 Delta^2 m^2 v^2/12 pi m_Zp^4 each of muons and neutrinos; at rest the square of the mass of b quarks."""
    light = INPUTS.replace({"m_mu": 1e-6})
    dark = at("hidden-majorana", light, g_b=0.0, m_Zp=1e5).dark
    for v in (1e-3, 2e-3):
        expected = 2 * 0.2**2 * 50.0**2 * v**2 / (12 * np.pi * 1e20)
        assert sigma_v(dark, 0, v) == pytest.approx(expected, rel=1e-4)
    heavy = [at("hidden-majorana", INPUTS.replace({"m_b": m}), g_mu=0.0).dark for m in (2.0, 4.0)]
    rest = [sigma_v(dark, 0, 1e-5) for dark in heavy]
    assert rest[1] / rest[0] == pytest.approx(4.0, rel=0.02)
    today, freeze_out = (sigma_v(at("hidden-majorana").dark, 0, v) for v in (1e-3, 0.3))
    assert today < 0.1 * freeze_out


def test_majorana_scatters_off_spins_alone():
    theory = at("hidden-majorana")
    assert float(direct_detection.predicted("sigma_SI", theory, INPUTS)) == 0
    assert float(direct_detection.predicted("sigma_SD_n", theory, INPUTS)) > 0
    assert not any(abs(float(theory.quantities[f"b_{n}_{name}"])) for n in "pn" for name in ("tree", "photon", "Z"))


def test_majorana_needs_a_dark_higgs_that_the_second_point_has_not():
    """Its Yukawa coupling, 2 sqrt(2) g m/m_Zp, would be 440 at m_Zp = 12 and m_chi = 2000."""
    second = {"m_Zp": 12.0, "m_chi": 2000.0, "g_chi": 0.93}
    assert {"axial_unitarity", "dark_higgs_quartic", "dark_higgs_pairs"} <= failed("hidden-majorana", **second)
    assert "sommerfeld" in failed("hidden-split", **second)
    assert 2 * 2**0.5 * 0.93 * 2000 / 12 == pytest.approx(440, rel=0.01)
    assert failed("hidden-majorana") == failed("hidden-split") == {"loop_trace"}


# -------------------------------------------------------------------------------------------------------------- split


@pytest.mark.parametrize("point", [{}, {"m_chi": 700.0}])
def test_pseudo_dirac_is_dirac_without_splitting(point):
    """All channels together, at any energy; the width of the Z' too."""
    split, dirac = at("hidden-split", splitting=0.0, **point), at("hidden", **point)
    assert float(split.quantities["Gamma_Zp"]) == pytest.approx(float(dirac.quantities["Gamma_Zp"]), rel=1e-12)
    for ratio in (1.001, 1.3, 9.0):
        s = jnp.asarray(4 * float(dirac.dark.masses[0]) ** 2 * ratio)
        both = [float(jnp.sum(theory.dark.strengths(s))) for theory in (split, dirac)]
        assert both[0] == pytest.approx(both[1], rel=1e-12)


def test_split_scatters_below_the_energy_of_a_collision_alone():
    """As a Dirac fermion below mu v^2/2 of 120 keV, not at all above: an excess of 3.8e3 over LZ is gone."""
    dirac = float(direct_detection.predicted("sigma_SI", at("hidden"), INPUTS))
    assert dirac == pytest.approx(4.6e-44, rel=0.01)
    energy = 50.0 * 122.0 / 172.0 * 2.6e-3**2 / 2
    for splitting, expected in ((0.9 * energy, dirac), (1.1 * energy, 0.0), (1e-3, 0.0)):
        found = float(direct_detection.predicted("sigma_SI", at("hidden-split", splitting=splitting), INPUTS))
        assert found == pytest.approx(expected, rel=1e-12)
    assert float(direct_detection.largest(50.0, "lz-2022")) < 1e-3 * dirac


@pytest.mark.slow
def test_split_freezes_out_as_dirac_and_is_gone_today():
    """Omega_h2 to 1e-3 for 10 MeV, more of it where the splitting is of the temperature; no annihilation today."""
    density = jax.jit(lambda dark: (relic_density(dark).omega_h2, indirect_detection.sigma_v(dark)))
    found = [density(at("hidden-split", splitting=x).dark) for x in (1e-6, 0.01, 2.0)]
    dirac = 0.23317  # of `hidden`, `test_every_stored_relic_density`
    assert float(found[0][0]) == pytest.approx(dirac, rel=1e-4)
    assert float(found[1][0]) == pytest.approx(dirac, rel=2e-3)
    assert float(found[2][0]) > 1.5 * dirac
    assert float(found[1][1]) < 1e-40


def test_split_goes_into_pairs_of_the_z_prime_today():
    """g^4 (1-r^2)^(3/2)/(16 pi m^2 (1-r^2/2)^2) where these are open."""
    dark = at("hidden-split", m_Zp=300.0, m_chi=500.0, g_chi=0.5, splitting=0.01).dark
    r2 = 0.36
    expected = 0.5**4 * (1 - r2) ** 1.5 / (16 * np.pi * 500.0**2 * (1 - r2 / 2) ** 2)
    assert sigma_v(dark, 1, 1e-4) == pytest.approx(expected, rel=1e-5)
    assert sigma_v(dark, 0, 1e-4) == sigma_v(dark, 2, 1e-4) == 0


def test_split_verdicts():
    assert "small_splitting" in failed("hidden-split", splitting=6.0)
    assert "perturbative_gauge" in failed("hidden-split", g_chi=3.6)
    with pytest.raises(bsfit.BsfitInputError, match="splitting"):
        bsfit.predict(["Omega_h2"], model="hidden-split", params={**POINT, "splitting": -1e-3})
