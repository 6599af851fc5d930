"""Muon-flavoured dark scalar: its three kinds, what a real one cannot do, the limit of no splitting, verdicts."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.dark_sector.annihilation import FermionPairs, VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.real_scalars import MixedFermionExchange
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import load_inputs
from bsfit.models import flavour_scalar, loop

REFERENCE = load_inputs("reference")
POINT = {
    "m_Q": 1300.0,
    "m_L": 500.0,
    "m_X": 150.0,
    "lambda_Q_s": -0.3,
    "lambda_Q_b": 0.5,
    "lambda_L_mu": 1.8,
    "lambda_H": 0.05,
}
KINDS = {"complex": flavour_scalar, "real": flavour_scalar.Real, "split": flavour_scalar.Split, "loop": loop}


@functools.cache
def compiled(kind):
    return jax.jit(KINDS[kind].theory)


def at(kind, **changes):
    row = catalogue.MODELS["loop" if kind == "loop" else "flavour_scalar"]
    defaults = {p.name: 0.0 for p in row.parameters}
    return compiled(kind)({k: float(v) for k, v in {**defaults, **POINT, **changes}.items()}, REFERENCE)


def failed(kind, **changes):
    return {v.name for v in at(kind, **changes).verdicts if not bool(v.ok)}


def annihilation(theory, energy):
    return float(jnp.sum(theory.dark.strengths(jnp.asarray(energy) ** 2)))


@pytest.mark.long
def test_the_complex_one_is_the_loop_model():
    found, expected = at("complex"), at("loop")
    np.testing.assert_array_equal(found.wilson.values, expected.wilson.values)
    assert annihilation(found, 420.0) == annihilation(expected, 420.0)


@pytest.mark.slow
def test_a_real_scalar_has_penguins_and_dipoles_alone():
    real, whole = at("real"), at("complex")
    for name in ("C10_bsmumu", "CL_bsnumunumu", "CVLL_bsbs", "CVLL_ucuc", "CVLL_numunumumumu"):
        assert real.wilson[name] == 0.0
    assert complex(real.wilson["C9_bsmumu"]) == complex(whole.quantities["C9_photon"])
    assert abs(complex(real.wilson["C9_bsmumu"])) < 5e-3
    for name in ("C7_bs", "C8_bs", "C7_mumu"):
        assert complex(real.wilson[name]) == pytest.approx(complex(whole.wilson[name]), rel=1e-12)
    assert not real.dark.vector
    np.testing.assert_allclose(real.dark.scalar, whole.dark.scalar, rtol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize(
    ("masses", "coupling", "a_mu"), [((60.0, 150.0), 2.41, 2.5e-9), ((80.0, 110.0), 1.17, 8.3e-10)]
)
def test_a_real_scalar_on_its_relic_line_has_the_moment_of_2021(masses, coupling, a_mu):
    """Independent numbers of the catalogue: the coupling where Omega h2 = 0.12, without couplings to quarks or H."""
    point = {**dict.fromkeys(POINT, 0.0), "m_Q": 3000.0, "m_X": masses[0], "m_L": masses[1], "lambda_L_mu": coupling}
    found = bsfit.predict(["a_mu", "Omega_h2"], model="flavour_scalar-real", params=point, inputs="reference")
    assert found["a_mu"] == pytest.approx(a_mu, rel=0.02)
    assert found["Omega_h2"] == pytest.approx(0.12, rel=0.02)


@pytest.mark.slow
def test_no_splitting_is_a_complex_scalar():
    """Coefficients and the sum of all channels, the Higgs portal and its interference among them; scattering."""
    whole, split = at("complex"), at("split", m_I=POINT["m_X"])
    np.testing.assert_allclose(split.wilson.values, whole.wilson.values, rtol=1e-12)
    alone = [c for c in whole.dark.channels if c.species == 0]
    for energy in (302.0, 360.0, 500.0, 1500.0):
        total = float(sum(c.strength(jnp.asarray(energy) ** 2) for c in alone))
        assert annihilation(split, energy) == pytest.approx(total, rel=1e-9)
    for name, coupling in whole.dark.vector.items():
        np.testing.assert_allclose(split.dark.vector[name], coupling, rtol=1e-12)
    assert not any(np.any(coupling) for coupling in at("split", m_I=151.0).dark.vector.values())


@pytest.mark.slow
def test_splitting_takes_the_boxes_away():
    sizes = [abs(complex(at("split", m_I=m).wilson["C10_bsmumu"])) for m in (150.0, 300.0, 1000.0, 1e6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3 * sizes[0]


def test_conversion_of_the_split_scalar():
    """Its contact interaction is that of R I into leptons through a much heavier L."""
    m_r, m_i, m_l, coupling, heavy = 150.0, 170.0, 1e5, 1.5, 1e7
    dark = at("split", m_I=m_i, m_L=m_l, m_Q=1e7, lambda_L_mu=coupling).dark
    rows = dark.conversions[0].fermions
    channel = next(c for c in dark.channels if isinstance(c, MixedFermionExchange) and c.name == "leptons of R I")
    current = DarkCurrent.split_scalar(m_r, m_i, 1.0)
    contact = FermionPairs(rows.weight, rows.m1, rows.m2, rows.left * heavy**2, rows.right)
    through = VectorExchange(current, jnp.asarray(heavy), jnp.asarray(1.0), contact, jnp.zeros(0))
    for energy in (330.0, 500.0):
        s = jnp.asarray(energy) ** 2
        assert float(through.strength(s)) == pytest.approx(float(channel.strength(s)), rel=1e-4)


@pytest.mark.slow
def test_verdicts():
    assert failed("complex") == set()
    assert failed("split", m_I=300.0) == set()
    assert "stable_X" in failed("split", m_I=140.0)
    assert {"stable_X", "coannihilation"} <= failed("real", m_L=140.0)
    assert failed("real", m_L=170.0) == {"coannihilation"}
    assert failed("real", m_Q=280.0, m_X=200.0, lambda_Q_s=1.0) == {"exchanged_quarks"}
    assert "lepton_flavour" in failed("complex", lambda_L_e=1e-3)
    assert "lepton_flavour" not in failed("complex", lambda_L_e=1e-3, lambda_L_mu=0.0)
    assert "light_m_L" in failed("real", m_L=95.0, m_X=50.0)
    assert "higgs_portal" in failed("real", m_X=50.0)


def test_semi_annihilation_is_refused():
    with pytest.raises(BsfitInputError, match="mu_3"):
        bsfit.predict(["a_mu"], model="flavour_scalar", params={**POINT, "mu_3": 10.0})
