"""Dark matter exchange: SU(2) of the box, the anapole, signs, oblique parameters, verdicts."""

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from one_model import REFERENCE, OneModel

import bsfit
from bsfit.dark_sector import nucleon
from bsfit.errors import BsfitInputError
from bsfit.matching import oblique

MODEL = OneModel("dm_exchange")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed


@pytest.mark.slow
def test_the_line_of_the_relic_density():
    """C9, (g-2)_mu, the anapole and Omega h2 of the catalogue's table at two of its points, printed in three digits."""
    for m_chi, m_phi, coupling, c9, a_mu, a in (
        (100.0, 400.0, 1.345, -0.220, -1.2e-10, -3.8e-7),
        (50.0, 200.0, 0.939, -0.172, -2.4e-10, -6.7e-7),
    ):
        theory = at(m_chi=m_chi, m_phi_pm=m_phi, m_phi_0=m_phi, lambda_L_mu=coupling)
        assert -float(theory.wilson["C10_bsmumu"].real) == pytest.approx(c9, rel=0.01)
        assert float(theory.quantities["anapole"]) == pytest.approx(a, rel=0.03)
        moment = float(theory.wilson["C7_mumu"].real) * float(REFERENCE["G_F"] * REFERENCE["m_mu"] ** 2)
        assert moment / (np.sqrt(2) * np.pi**2) == pytest.approx(a_mu, rel=0.05)


def test_no_neutrinos_and_no_splitting_from_the_neutral_scalar():
    """A doublet shared by the lines: C_L = 0, and phi0 is in mixing of D mesons and tridents alone."""
    found, moved = at(), at(m_phi_0=500.0)
    for name in ("CL_bsnumunumu", "CL_bsnuenue"):
        assert found.wilson[name] == 0.0
    for name in ("C9_bsmumu", "CVLL_bsbs", "C7_bs", "C7_mumu"):
        assert complex(moved.wilson[name]) == complex(found.wilson[name])
    for name in ("CVLL_ucuc", "CVLL_numunumumumu"):
        assert abs(complex(moved.wilson[name] / found.wilson[name]) - 1) > 1e-3


def closed_anapole(m_x, scalar, light):
    """A_S - A_F in many digits: the closed form of 1503.01500."""
    with mp.workdps(40):
        mu, epsilon = mp.mpf(scalar / m_x) ** 2, mp.mpf(light / m_x) ** 2
        delta = (mu - 1 - epsilon) ** 2 - 4 * epsilon
        inverse = mp.atanh(mp.sqrt(delta) / (mu - 1 + epsilon)) / mp.sqrt(delta)
        bracket = mp.mpf(3) / 2 * mp.log(mu / epsilon) - (1 + 3 * mu - 3 * epsilon) * inverse
        return float(bracket / (6 * mp.mpf(m_x) ** 2))


@pytest.mark.parametrize("masses", [(100.0, 400.0, 0.1057), (38.7, 112.0, 1.777), (200.0, 230.0, 0.05)])
def test_anapole_of_a_majorana_fermion(masses):
    m_x, scalar, light = (jnp.asarray(m) for m in masses)
    found = 16 * np.pi**2 * float(nucleon.anapole(m_x, scalar, light))
    assert abs(found) == pytest.approx(abs(closed_anapole(*masses)), rel=1e-7)
    assert found < 0


def test_logarithm_of_the_anapole():
    """-(1/48 pi^2 m_S^2) ln(m_S^2/m_l^2) times two: that of a lepton's charge radius with a chiral dark fermion."""
    step = [float(nucleon.anapole(jnp.asarray(1.0), jnp.asarray(500.0), jnp.asarray(m))) for m in (0.1, 0.01)]
    assert step[1] - step[0] == pytest.approx(-np.log(100.0) / (48 * np.pi**2 * 500.0**2), rel=1e-3)


@pytest.mark.slow
def test_scattering_at_a_constant_cross_section_is_refused():
    for name in ("sigma_SI", "sigma_SI_p", "sigma_SD_n"):
        with pytest.raises(BsfitInputError, match="anapole"):
            bsfit.predict([name], model="dm_exchange", params=dict(ROW.benchmark))
    free = {"lambda_L_mu": (0.1, 3.0)}
    fixed = {name: value for name, value in ROW.benchmark.items() if name not in free}
    with pytest.raises(BsfitInputError, match="anapole"):
        bsfit.log_likelihood("dm_exchange", "lz-2024", free, fixed)(dict.fromkeys(free, 1.0))


def test_oblique_parameters():
    """Closed forms; T of a small splitting d is d^2/12 pi s_W^2 m_W^2; none with a custodial symmetry."""
    x, y = 300.0**2, 200.0**2
    closed = (x + y) / 2 - x * y / (x - y) * np.log(x / y)
    assert float(oblique.splitting(300.0, 200.0)) == pytest.approx(closed, rel=1e-12)
    assert float(oblique.splitting(200.0, 200.0)) == 0.0
    unit = 16 * np.pi * float(REFERENCE["sin2_theta_w"] * REFERENCE["m_W"] ** 2)
    assert float(oblique.shift_of_t(300.0, 200.0, 200.0, REFERENCE)) == pytest.approx(2 * closed / unit, rel=1e-12)
    near = float(oblique.shift_of_t(201.0, 200.0, 200.0, REFERENCE))
    assert near == pytest.approx(4 / 3 / unit, rel=0.01)
    assert float(oblique.shift_of_s(300.0, 200.0, 200.0)) == pytest.approx(np.log(y / x) / (12 * np.pi), rel=1e-12)
    custodial = float(oblique.shift_of_t(300.0, 200.0, 300.0, REFERENCE))
    assert custodial == pytest.approx(0.0, abs=1e-12)


def test_verdicts():
    assert failed() == {"lhc_not_tested_m_phi_pm", "lhc_not_tested_m_Psi"}
    assert "oblique" in failed(m_phi_0=550.0)
    assert {"stable_chi", "coannihilation"} <= failed(m_phi_0=90.0)
    assert "light_m_phi_pm" in failed(m_phi_pm=95.0)
    assert "light_m_phi_0" in failed(m_phi_0=40.0)
    assert "lepton_flavour" in failed(lambda_L_e=1e-4)
    assert "landau_pole" in failed(lambda_Q_b=3.4)
    assert failed(m_phi_pm=700.0, m_phi_0=700.0, m_Psi=1600.0) == set()
