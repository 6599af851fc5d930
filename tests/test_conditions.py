"""Points that are not the model: unstable dark matter, tachyons, a broken vacuum count in likelihoods, or are noted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import compiling, validity
from bsfit.dark_sector.thermal import average
from bsfit.errors import BsfitInputError
from bsfit.theory import DarkSector, Theory, Verdict, WilsonCoefficients

LOOP = {"m_Q": 1100.0, "m_L": 1000.0, "lambda_Q_s": -0.387, "lambda_Q_b": 0.387, "lambda_L_mu": 2.0}
PORTAL = {"m_Zp": 2000.0, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "m_phi": 500.0,
          "lambda_Q_s": -0.5, "lambda_Q_b": 0.5, "lambda_chi": 1.0, "lambda_L_mu": 0.5}  # fmt: skip


@pytest.fixture(scope="module")
def scattering():
    return bsfit.log_likelihood("loop", "lz-2024", {"m_X": (100, 4000)}, LOOP)


@pytest.mark.long
def test_unstable_dark_matter_has_no_likelihood(scattering):
    """X heavier than L decays, heavier than Q too; beside it gradients are those without such points."""
    masses = jnp.asarray([900.0, 999.0, 1000.0, 1050.0, 1100.0, 2650.0, 4000.0])

    def at(m):
        value, slope = jax.value_and_grad(lambda m: scattering({"m_X": m}))(m)
        return value, slope, scattering.summary({"m_X": m}), scattering.conditions({"m_X": m})

    value, slope, summary, met = jax.jit(jax.vmap(at))(masses)
    assert np.isfinite(value).tolist() == met["stable_X"].tolist() == [True, True, *[False] * 5]
    assert np.all(value[2:] == -np.inf)
    assert np.all(np.isfinite(slope[:2]))
    assert np.all(summary["chi2"][2:] == np.inf)
    assert np.all(summary["by_group"]["direct"][2:] == -np.inf)
    np.testing.assert_allclose(summary["by_group"]["direct"][:2], value[:2], rtol=1e-12)
    near = [float(jax.jit(scattering)({"m_X": jnp.asarray(900.0 + h)})) for h in (-0.01, 0.01)]
    assert float(slope[0]) == pytest.approx((near[1] - near[0]) / 0.02, rel=1e-5)


@pytest.mark.long
def test_a_scan_past_the_edge(scattering):
    """The command of the fault: nothing found at 2650 GeV, but a third of the way to it."""
    found = bsfit.scan(scattering, {"m_X": (100, 4000, 79)}, progress=False)
    assert found.peak()[0]["m_X"] < 1000
    assert found.messages == ("stable_X is not met in 77 % of the grid: the log-likelihood is -inf there",)
    with pytest.raises(BsfitInputError, match="stable_X is not met at any point of the grid"):
        bsfit.scan(scattering, {"m_X": (1500, 4000, 79)}, progress=False)


@pytest.mark.long
def test_flavour_alone_does_not_ask_for_dark_matter():
    """A note, and the finite likelihood of the loops."""
    like = bsfit.log_likelihood("loop", "lhcb-rk-2014", {"m_X": (100, 4000)}, LOOP)
    assert np.isfinite(float(jax.jit(like)({"m_X": jnp.asarray(2650.0)})))
    assert like.conditions({"m_X": 2650.0}) == {}
    assert [remark.split(":")[0] for remark in like.remarks({"m_X": 2650.0})] == ["stable_X"]


@pytest.mark.long
def test_a_tachyon_and_a_broken_vacuum_are_no_model():
    """With flavour data alone: the lighter of h and phi where lambda_Hphi > m_h m_phi/(v v_phi), and lambda_chi < 0."""
    edge = 0.1 * 246.22 * 2000.0 / (2 * 125.25 * 500.0)
    like = bsfit.log_likelihood("portal", "lhcb-rk-2014", {"g_X": (0.1, 1)}, {**PORTAL, "lambda_Hphi": 0.1})
    found = jax.jit(jax.vmap(lambda g: like({"g_X": g})))(edge * jnp.asarray([0.99, 1.01]))
    assert np.isfinite(found).tolist() == [False, True]
    met = like.conditions({"g_X": 0.9 * edge})
    assert {name: bool(ok) for name, ok in met.items()} == {"bounded_potential": True, "no_tachyon": False}
    broken = bsfit.log_likelihood("portal", "lhcb-rk-2014", {"g_X": (0.1, 1)}, {**PORTAL, "lambda_chi": -0.1})
    with pytest.raises(BsfitInputError, match="bounded_potential is not met at any of"):
        bsfit.fit(broken)


@pytest.mark.slow
def test_conditions_of_trust_are_notes():
    """Couplings beyond perturbation theory are still a likelihood."""
    like = bsfit.log_likelihood("loop", "lz-2024", {"m_X": (100, 900)}, {**LOOP, "lambda_L_mu": 8.0})
    assert np.isfinite(float(jax.jit(like)({"m_X": jnp.asarray(300.0)})))
    assert {remark.split(":")[0] for remark in like.remarks({"m_X": 300.0})} == {"perturbative_yukawas", "landau_pole"}


# ---------------------------------------------------------------------------------------------------- own models


def own(counts):
    def model(params):
        verdict = validity.below("small", "x, against 1", params["x"], 1.0, counts=counts)
        return Theory(WilsonCoefficients.of({"C9_bsmumu": params["x"]}), verdicts=(verdict,))

    return model


@pytest.mark.parametrize(("counts", "value"), [("note", True), ("dark matter", True), ("always", False)])
def test_own_models_say_what_counts(counts, value):
    like = bsfit.log_likelihood(own(counts), "lhcb-rk-2014", {"x": (-3, 3)})
    assert np.isfinite(float(compiling.compile_quickly(like)({"x": jnp.asarray(2.0)}))) == value
    assert np.isfinite(float(compiling.compile_quickly(like)({"x": jnp.asarray(0.5)})))


def test_what_counts_is_spelt_right():
    zero = jnp.zeros(())
    assert Verdict("a", "b", zero, zero, zero == 0).counts == "note"
    with pytest.raises(BsfitInputError, match="verdict 'a': got 'allways'; expected note, dark matter, always"):
        Verdict("a", "b", zero, zero, zero == 0, "allways")


# -------------------------------------------------------------------------------------------------- finite numbers


@pytest.mark.slow
def test_species_that_are_lighter_than_dark_matter():
    """They count as equally heavy: finite for any mass, with derivatives."""
    x = jnp.asarray([2.0, 25.0, 1e6])

    def density(mass):
        masses = jnp.stack([jnp.asarray(900.0), mass])
        dark = DarkSector(masses, jnp.array([2.0, 8.0]), (), jnp.zeros(0), jnp.zeros(0), "complex scalar")
        return average.relative_density(dark, x)

    for mass in (900.0, 333.0, 90.0, 1.0):
        np.testing.assert_allclose(density(jnp.asarray(mass)), 10.0, rtol=1e-10)
        assert np.all(np.isfinite(jax.jacfwd(density)(jnp.asarray(mass))))


@pytest.mark.long
def test_numbers_of_unstable_dark_matter_are_finite_and_noted():
    for m_x in (1000.0, 1100.0, 2850.0):
        found = bsfit.predict(["sigma_SI", "Omega_h2"], "loop", {**LOOP, "m_X": m_x})
        assert np.all(np.isfinite(list(found.values())))
        assert any(note.startswith("stable_X") for note in found.notes)
