"""Portal model where phi is light: its loops with Q and L, against the loop model and in other gauges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from scipy.integrate import quad

from bsfit import catalogue
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop, portal
from bsfit.theory import INDEX

REFERENCE = load_inputs("reference")
COUPLINGS = {
    "lambda_Q_d": 0.02,
    "lambda_Q_d_im": -0.03,
    "lambda_Q_s": -0.2,
    "lambda_Q_s_im": 0.05,
    "lambda_Q_b": 0.4,
    "lambda_L_e": 0.1,
    "lambda_L_mu": 1.2,
    "lambda_L_tau": -0.3,
}
HEAVY = {"m_Q": 1800.0, "m_L": 1500.0}
POINT = {**COUPLINGS, **HEAVY, "g_X": 0.05, "m_Zp": 100.0, "m_chi": 700.0, "m_phi": 300.0}
COMPILED = {module: jax.jit(module.theory) for module in (loop, portal)}


def at(params, module=portal):
    row = catalogue.MODELS[module.__name__.rpartition(".")[2]]
    defaults = {p.name: p.default for p in row.parameters if p.default is not None}
    return COMPILED[module]({**defaults, **{name: float(x) for name, x in params.items()}}, REFERENCE)


def added(**changes):
    """Coefficients from the loops of phi."""
    point = {**POINT, **changes}
    return np.asarray(at(point).wilson.values - at({**point, "m_phi": np.inf}).wilson.values)


@pytest.mark.slow
def test_loops_are_those_of_the_loop_model():
    expected = at({**COUPLINGS, **HEAVY, "m_X": POINT["m_phi"]}, loop).wilson
    found, tree = at(POINT).wilson, at({**POINT, "m_phi": np.inf}).wilson
    names = ["C9_bsmumu", "C10_bsmumu", "C9_bstautau", "C9_bsmue", "C7_bs", "C8_bs", "CL_bsnumunumu", "CVLL_bsbs"]
    for name in [*names, "CVLL_bdbd", "CVLL_sdsd"]:
        assert complex(found[name] - tree[name]) == pytest.approx(complex(expected[name]), rel=1e-9), name
    # Dipoles of leptons take the loops of the Z' too; tridents are those of the tree.
    assert found["C7_mumu"] == 0.0
    assert found["CVLL_numunumumumu"] == tree["CVLL_numunumumumu"]


@pytest.mark.slow
def test_size_over_the_tree():
    """M^2/16 pi^2 v_phi^2 for equal masses, m_phi -> 0 and small mixing."""
    point = {**POINT, "m_Q": 1500.0, "m_phi": 1e-3, "m_Zp": 450.0, "lambda_L_e": 0.0, "lambda_L_tau": 0.0}
    point |= {"lambda_L_mu": 2e-3, "lambda_Q_s": -2e-3, "lambda_Q_b": 4e-3}
    point |= dict.fromkeys(("lambda_Q_d", "lambda_Q_d_im", "lambda_Q_s_im"), 0.0)
    boxes = complex(at(point).wilson["C10_bsmumu"] - at({**point, "m_phi": np.inf}).wilson["C10_bsmumu"])
    ratio = boxes / complex(at({**point, "m_phi": np.inf}).wilson["C10_bsmumu"])
    v_phi = 450.0 / (2 * 0.05)
    assert ratio == pytest.approx(1500.0**2 / (16 * np.pi**2 * v_phi**2), rel=1e-3)


def box_of_two(m_1, m_2, m_real, m_imaginary):
    """Box whose complex scalar is split: crossed boxes leave the product of the two propagators."""
    squares = [m**2 for m in (m_1, m_2, m_real, m_imaginary)]

    def integrand(x):
        t = np.exp(x)
        return t**3 / np.prod([t + square for square in squares])

    return quad(integrand, -30.0, 60.0, epsabs=0.0, epsrel=1e-10, limit=400)[0]


def test_the_gauge_moves_the_goldstone_as_much_as_is_left_out():
    """Mass of the Goldstone boson: zero in Landau gauge, m_Zp in Feynman gauge, m_phi in the unbroken phase."""
    g, m_zp, m = 0.4, 150.0, 1500.0
    landau, feynman = (box_of_two(m, m, 200.0, mass) for mass in (0.0, m_zp))
    tree = (m_zp / (2 * g)) ** 2 / 4 / m**4
    moved = (landau - feynman) / (64 * np.pi**2) / tree
    left_out = float(at({**POINT, "g_X": g}).quantities["delta_loop_size"])
    assert left_out == pytest.approx((2 * g) ** 2 / (16 * np.pi**2), rel=1e-12)
    assert 0.0 < moved < 6.0 * left_out
    # All three gauges agree where the Z' is light.
    unbroken = box_of_two(m, m, 10.0, 10.0)
    assert box_of_two(m, m, 10.0, 0.0) == pytest.approx(unbroken, rel=1e-3)
    assert box_of_two(m, m, 10.0, 5.0) == pytest.approx(unbroken, rel=1e-3)


def test_decoupling():
    """One over the square of the heavy mass, for fixed masses of phi and the Z'."""
    light, heavy = (added(m_Q=m, m_L=m, m_phi=1.0)[INDEX["C10_bsmumu"]] for m in (1e5, 1e6))
    assert heavy / light == pytest.approx(1e-2, rel=1e-6)


@pytest.mark.parametrize("heavy", [{"m_phi": 600.0}, {"m_Zp": 600.0}])
def test_loops_of_what_is_not_light_are_not_offered(heavy):
    assert not np.any(added(**heavy))
    (verdict,) = (v for v in at({**POINT, **heavy}).verdicts if v.name == "light_phi")
    assert float(verdict.value) > float(verdict.limit)
    (verdict,) = (v for v in at(POINT).verdicts if v.name == "light_phi")
    assert float(verdict.value) < float(verdict.limit)
    (verdict,) = (v for v in at({**POINT, **heavy, "m_phi": np.inf}).verdicts if v.name == "light_phi")
    assert float(verdict.value) == 0.0


def test_the_mass_of_phi_may_come_from_its_quartic_coupling():
    v_phi = POINT["m_Zp"] / (2 * POINT["g_X"])
    quartic = at({**POINT, "m_phi": np.inf, "lambda_phi": (300.0 / v_phi) ** 2}).wilson.values
    np.testing.assert_allclose(np.asarray(quartic), np.asarray(at(POINT).wilson.values), rtol=1e-12)


@pytest.mark.long
def test_derivatives():
    def c9(x):
        found = portal.theory({**POINT, "m_phi": x[0], "m_Q": x[1], "lambda_Q_b": x[2], "lambda_L_mu": x[3]}, REFERENCE)
        return jnp.stack([found.wilson["C9_bsmumu"].real, found.wilson["C7_bs"].real])

    assert_derivatives(c9, [300.0, 1800.0, 0.4, 1.2], scale=[300.0, 1800.0, 0.4, 1.2], second=False)
