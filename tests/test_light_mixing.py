"""New physics in the mixing of D0 and K0: against flavio 2.7.1, scales of a second paper, the models' up quarks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.hadronic import light_mixing
from bsfit.hadronic.light_mixing import D0, K0
from bsfit.loading.inputs import load_inputs
from bsfit.observables import d0_mixing, k0_mixing
from bsfit.standard_model import qcd
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.running import run_delta_f2_light, run_delta_f2_lr_light
from bsfit.theory import Rows, Theory, WilsonCoefficients

FLAVIO, DEFAULT = load_inputs("flavio"), load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))


@jax.jit
def both(wc, inputs):
    theory = Theory(wc)
    epsilon = k0_mixing.assemble("eps_K_NP", k0_mixing.moments(theory, inputs, ROW), ROW, inputs)
    return d0_mixing.assemble("x12_D_NP", d0_mixing.moments(theory, inputs, ROW), ROW, inputs), epsilon


def values(inputs=DEFAULT, **coefficients):
    wc = WilsonCoefficients.of({name: c + 0j for name, c in coefficients.items()})
    return tuple(float(x) for x in both(wc, inputs))


# flavio 2.7.1, default parameters, coefficients of -H at 4.8 GeV: eps_K less its Standard-Model value, and 2 |M12| tau
# of what its M12 of D0 has beside that of the Standard Model.
OF_FLAVIO = [
    ("CVLL_sdsd", 1e-15j, -0.00036236482637973504),
    ("CVRR_sdsd", 1e-15j, -0.00036236482637973504),
    ("CVLR_sdsd", 1e-16j, 0.0010114220580792331),
    ("CSLR_sdsd", 1e-16j, -0.001807789595681488),
    ("CVLL_ucuc", 1e-12 + 5e-13j, 0.026014333540798018),
    ("CVRR_ucuc", 1e-12 + 5e-13j, 0.026014333540798018),
    ("CVLR_ucuc", 1e-13 + 2e-14j, 0.006501350273019251),
    ("CSLR_ucuc", 1e-13 + 2e-14j, 0.009307029014961382),
]


@pytest.mark.parametrize(("name", "coefficient", "expected"), OF_FLAVIO)
def test_against_flavio(name, coefficient, expected):
    """flavio adds QED to the running, which up quarks feel most: 4e-3."""
    assert values(FLAVIO, **{name: coefficient})["sdsd" in name] == pytest.approx(expected, rel=6e-3)


def test_running_is_that_of_the_anomalous_dimensions():
    r"""dC/dln mu = alpha_s/(4 pi) gamma^T C, 4 of VLL and (2, 12; 0, -16) of VLR and SLR: exponentials."""
    transposed = np.array([[4.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 12.0, -16.0]])
    c = np.eye(3)
    for n_f, above, below in ((5, 4.8, 4.18), (4, 4.18, 3.0)):
        ratio = float(qcd.alpha_s(below, DEFAULT, n_f) / qcd.alpha_s(above, DEFAULT, n_f))
        c = expm(-transposed * np.log(ratio) / (2 * (11 - 2 * n_f / 3))) @ c
    assert float(run_delta_f2_light(3.0, DEFAULT)) == pytest.approx(c[0, 0], rel=1e-12)
    vector, scalar = (run_delta_f2_lr_light(3.0, DEFAULT, *start) for start in ((1.0, 0.0), (0.0, 1.0)))
    np.testing.assert_allclose(np.column_stack([vector, scalar]), c[1:, 1:], atol=1e-12)


def test_masses_of_light_quarks():
    """Of c, at its own mass what was put in; of s, with the bottom quark what `m_s_msbar` has, 0.1 % beside it."""
    m_c = float(DEFAULT["m_c"])
    assert float(qcd.mass_below_bottom("c", m_c, DEFAULT)) == pytest.approx(m_c, rel=1e-12)
    strange, down = (float(qcd.mass_below_bottom(q, 4.8, DEFAULT)) for q in "sd")
    assert strange == pytest.approx(float(qcd.m_s_msbar(4.8, DEFAULT)), rel=1e-3)
    assert strange / down == pytest.approx(float(DEFAULT["m_s"] / DEFAULT["m_d"]), rel=1e-12)


def test_left_right_operators_are_enhanced_and_negative():
    """Against the vacuum insertion: of K, R is 23 at 3 GeV and the scalar operator is 40 times VLL."""
    same, vector, scalar = (float(x) for x in light_mixing.matrix_elements(K0, DEFAULT))
    assert vector < 0 < scalar
    assert scalar / same == pytest.approx(41, rel=0.1)
    assert float(light_mixing.matrix_elements(D0, DEFAULT)[2]) / scalar < 1


def top_share_of_epsilon(inputs):
    r"""Standard Model's box of two top quarks: G_F^2 m_W^2/(12 pi^2) m f^2 B eta S0 (V_ts V_td^*)^2, eta = 0.5765."""
    from bsfit.hadronic.b_mixing import S0

    v = np.asarray(ckm(inputs))
    of = {
        name: float(inputs[name]) for name in ("G_F", "m_W", "m_t_MSbar", "f_K0", "m_K0", "kappa_epsilon", "DeltaM_K0")
    }
    box = (of["G_F"] * of["m_W"]) ** 2 / (12 * np.pi**2) * float(S0((of["m_t_MSbar"] / of["m_W"]) ** 2))
    m12 = box * 0.5765 * 0.7627 * of["m_K0"] * of["f_K0"] ** 2 * (v[2, 1] * np.conj(v[2, 0])) ** 2
    return of["kappa_epsilon"] * m12.imag / np.sqrt(2) / of["DeltaM_K0"]


@pytest.mark.slow
def test_third_family_apart():
    """Charges (a, a, b) rotated in the down quarks alone: none for D mesons, and for kaons what B_s have of the top.

    Next-to-leading orders of the Standard Model's factors, 0.5765 and eta_B, are not in the running: 3 %.
    """
    point = {**bsfit.catalogue.model("fermiophobic").benchmark}
    found = bsfit.predict(["x12_D_NP", "eps_K_NP", "DeltaM_s/SM"], model="fermiophobic", params=point)
    assert found["x12_D_NP"] < 1e-20
    expected = (found["DeltaM_s/SM"] - 1) * top_share_of_epsilon(DEFAULT)
    assert found["eps_K_NP"] == pytest.approx(expected, rel=3e-2)


@pytest.mark.slow
def test_a_coupling_of_strange_quarks_mixes_d_mesons():
    """Of the exchange of a Z' with g_sb alone: Delta_uc is V_us V_cb^* g + V_ub V_cs^* g^*, and H has its square."""
    g, m = 0.05 + 0.02j, 2000.0
    point = {**bsfit.catalogue.model("simplified").benchmark, "g_sb": g.real, "g_sb_im": g.imag, "m_Zp": m, "g_bb": 0.0}
    point |= {"g_q": 0.0}
    names = ["CVLL_ucuc", "CVLL_ucuc_im", "CVLL_bsbs", "CVLL_bsbs_im", "x12_D_NP"]
    found = bsfit.predict(names, model="simplified", params=point)
    c, of_bs = (complex(found[n], found[f"{n}_im"]) for n in ("CVLL_ucuc", "CVLL_bsbs"))
    v = np.asarray(ckm(DEFAULT))
    delta = v[1, 1] * np.conj(v[0, 2]) * g + v[1, 2] * np.conj(v[0, 1]) * np.conj(g)
    assert abs(c / of_bs) == pytest.approx(abs(delta / g) ** 2, rel=1e-10)
    same = float(run_delta_f2_light(3.0, DEFAULT) * light_mixing.matrix_elements(D0, DEFAULT)[0])
    assert found["x12_D_NP"] == pytest.approx(2 * abs(c) * same * float(DEFAULT["tau_D0"]), rel=1e-10)


@pytest.mark.long
def test_data_of_both_are_a_set_of_their_own():
    like = bsfit.log_likelihood(
        "eft", ["light-mixing"], {"CVLL_ucuc": (-1e-12, 1e-12), "CVLL_sdsd_im": (-1e-14, 1e-14)}
    )
    at_limit = 4.72e-3 / values(CVLL_ucuc=1e-13)[0] * 1e-13
    chi2 = [-2 * float(like({"CVLL_ucuc": c, "CVLL_sdsd_im": 0.0})) for c in (0.0, at_limit)]
    assert chi2[1] - chi2[0] == pytest.approx(1.6448536269514722**2, rel=1e-6)
    slopes = jax.grad(lambda p: like(p))({"CVLL_ucuc": 0.0, "CVLL_sdsd_im": 0.0})
    assert all(np.isfinite(float(x)) for x in slopes.values())
    assert float(slopes["CVLL_ucuc"]) == 0.0
    with pytest.raises(BsfitInputError, match="x12_D"):
        bsfit.predict(["x12_D"])


def test_unknown_keys():
    for process in (d0_mixing, k0_mixing):
        with pytest.raises(KeyError):
            process.assemble("x12_D", jnp.ones((1, 2)), ROW, DEFAULT)
