"""Vector-like confinement: mesons in the place of the box, what is refused, verdicts, slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from one_model import REFERENCE, OneModel

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.standard_model.ckm import v_tb_v_ts

MODEL = OneModel("confinement")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed


@pytest.mark.slow
def test_a_vector_leptoquark():
    r"""A meson of mass m that decays by f m couples to q l by lambda lambda^* f m/4 m_phi^2; exchange of it over m^2.

    U_1 has C9 = -C10 = -Lambda_v^2/V times its couplings to b l and s l, both orders of Fierz +1, and no neutrinos.
    """
    found = at()
    for mass in (800.0, 3000.0):
        coupling = np.array([POINT["lambda_Q_b"], POINT["lambda_Q_s"]]) * 1.2 * 700.0 * mass / (4 * 2000.0**2)
        unit = np.pi / (np.sqrt(2.0) * float(REFERENCE["G_F"]) * float(REFERENCE["alpha_em_mb"]))
        expected = -unit / complex(v_tb_v_ts(REFERENCE)) * coupling[0] * coupling[1] / mass**2
        assert -complex(found.wilson["C10_bsmumu"]) == pytest.approx(expected, rel=1e-8)
    assert found.wilson["CL_bsnumunumu"] == 0.0
    assert float(found.quantities["C9_box"].real) < 0


def test_penguins_and_dipoles_count_hypercolours():
    three, four = at(), at(N_HC=4.0)
    for name in ("C7_mumu", "C7_bs", "C8_bs"):
        assert complex(four.wilson[name]) == pytest.approx(4 / 3 * complex(three.wilson[name]), rel=1e-12)
    for name in ("C9_photon", "C9_box", "m_DM", "mu_DM"):
        assert complex(four.quantities[name]) == pytest.approx(4 / 3 * complex(three.quantities[name]), rel=1e-12)
    for name in ("C10_bsmumu", "CVLL_bsbs"):
        assert complex(four.wilson[name]) == complex(three.wilson[name])
    assert float(three.wilson["C7_mumu"].real) < 0


def test_asymmetric_dark_matter_is_refused():
    for name in ("Omega_h2", "x_f", "sigma_v"):
        with pytest.raises(BsfitInputError, match=f"does not predict '{name}': its dark matter is an asymmetry"):
            bsfit.predict([name], model="confinement", params=dict(ROW.benchmark))
    for name in ("sigma_SI", "sigma_SI_n", "sigma_SD_p"):
        with pytest.raises(BsfitInputError, match="magnetic moment"):
            bsfit.predict([name], model="confinement", params=dict(ROW.benchmark))
    fixed = {name: value for name, value in ROW.benchmark.items() if name not in ROW.free}
    for data, message in (("relic", "asymmetry"), ("lz-2024", "magnetic moment")):
        with pytest.raises(BsfitInputError, match=message):
            bsfit.log_likelihood("confinement", data, dict(ROW.free), fixed)


def test_verdicts():
    assert failed() == set()
    assert "lhc_not_tested_m_Psi" in failed(m_Psi=1400.0)
    assert "contact_mesons" in failed(f_rho=900.0)
    assert "whole_N_HC" in failed(N_HC=3.5)
    assert "stable_S" in failed(m_S=1700.0)
    assert "lepton_flavour" in failed(lambda_L_e=1e-3)
    assert "landau_pole" in failed(lambda_L_mu=3.4)


@pytest.mark.slow
def test_derivatives():
    where = {"m_phi": 2000.0, "m_S": 500.0, "f_rho": 700.0, "N_HC": 3.0, "lambda_Q_s": -0.4, "lambda_L_mu": 1.2}
    names = ("C9_bsmumu", "C10_bsmumu", "C7_bs", "C7_mumu")

    def outputs(x):
        theory = MODEL.along(where, x)
        sizes = 1e12 * theory.wilson["CVLL_bsbs"].real, 1e6 * theory.quantities["mu_DM"]
        return jnp.stack([*(theory.wilson[name].real for name in names), *sizes])

    assert_derivatives(outputs, [list(where.values())], [abs(v) for v in where.values()], second=False)


@pytest.mark.slow
def test_slopes_are_finite_at_every_bound():
    """All couplings zero, or each parameter at either end."""
    bounds = {p.name: p.bounds for p in ROW.parameters if p.bounds}

    def everything(x):
        theory = MODEL.along(bounds, x)
        numbers = jnp.stack([jnp.real(v) for v in theory.quantities.values()])
        return jnp.concatenate([theory.wilson.values.real, theory.wilson.values.imag, numbers])

    start = np.array([float(POINT[name]) for name in bounds])
    couplings = np.array([name.startswith("lambda") for name in bounds])
    points = [np.where(couplings, 0.0, start)]
    for i, ends in enumerate(bounds.values()):
        points += [np.where(np.arange(len(start)) == i, end, start) for end in ends]
    slopes = jax.jit(jax.vmap(jax.jacfwd(everything)))(np.stack(points))
    assert np.all(np.isfinite(np.asarray(slopes)))
