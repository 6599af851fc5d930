"""Fermion bridge: box, moment of the muon, the second stable particle, its singlet dark matter."""

import numpy as np
import pytest
from one_model import REFERENCE, OneModel

import bsfit

MODEL = OneModel("fermion_bridge")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("masses", "c9", "a_mu"), [((300.0, 1000.0, 300.0), -0.81, 2.6e-10), ((500.0, 1500.0, 500.0), -0.33, 9.4e-11)]
)
def test_c9_and_the_moment_of_the_muon(masses, c9, a_mu):
    """The catalogue's numbers: the moment of 2021 is ten times further than C9."""
    m_f, m_q, m_l = masses
    found = at(m_F=m_f, m_phi_Q=m_q, m_phi_0=m_l, m_phi_pm=m_l)
    assert -float(found.wilson["C10_bsmumu"].real) == pytest.approx(c9, rel=0.02)
    moment = float(found.wilson["C7_mumu"].real) * float(REFERENCE["G_F"] * REFERENCE["m_mu"] ** 2)
    assert moment / (np.sqrt(2) * np.pi**2) == pytest.approx(a_mu, rel=0.02)


def test_neutrinos_have_the_charged_scalar():
    same, moved = at(), at(m_phi_pm=380.0)
    assert complex(same.wilson["CL_bsnumunumu"]) == pytest.approx(-complex(same.wilson["C10_bsmumu"]), rel=1e-12)
    assert complex(moved.wilson["C10_bsmumu"]) == complex(same.wilson["C10_bsmumu"])
    swapped = at(m_phi_0=380.0)
    assert complex(moved.wilson["CL_bsnumunumu"]) == pytest.approx(-complex(swapped.wilson["C10_bsmumu"]), rel=1e-12)


@pytest.mark.long
@pytest.mark.parametrize(
    ("m_s", "coupling", "sigma"), [(58.0, 1.48e-3, 5.5e-48), (300.0, 0.0859, 7.2e-46), (1000.0, 0.304, 8.2e-46)]
)
def test_singlet_dark_matter_on_its_relic_line(m_s, coupling, sigma):
    """Independent numbers of the catalogue where Omega h2 = 0.12."""
    point = {**ROW.benchmark, "m_S": m_s, "lambda_S": coupling}
    inputs = {"m_h": 125.25}
    found = bsfit.predict(["Omega_h2", "sigma_SI"], model="fermion_bridge", params=point, inputs=inputs)
    assert found["Omega_h2"] == pytest.approx(0.12, rel=0.03)
    assert found["sigma_SI"] == pytest.approx(sigma, rel=0.03)


def test_the_second_stable_particle():
    """Without a_S; with it the mixing must be small."""
    assert "second_stable_particle" in failed(a_S=0.0)
    assert "second_stable_particle" not in failed()
    assert "scalar_mixing" not in failed()
    assert "scalar_mixing" in failed(a_S=30.0)
    sine = float(at(a_S=5.0).quantities["sin_alpha"])
    vev = float(1 / np.sqrt(np.sqrt(2) * REFERENCE["G_F"]))
    assert np.tan(2 * np.arcsin(sine)) == pytest.approx(2 * 5.0 * vev / (300.0**2 - 60.0**2), rel=1e-12)


def test_verdicts():
    assert {"lhc_not_tested_m_phi_pm", "lhc_not_tested_m_phi_Q"} <= failed()
    assert "oblique" in failed(m_phi_pm=450.0)
    assert "stable_S" in failed(m_S=310.0)
    assert "coannihilation" in failed(m_S=290.0)
    assert {"higgs_portal", "kinetic_equilibrium"} <= failed(m_S=60.0)
    assert "higgs_portal" not in failed(m_S=70.0)
    assert "lepton_flavour" in failed(lambda_L_tau=1e-3)
