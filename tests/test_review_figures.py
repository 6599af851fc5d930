"""Constructions of the review's figures, from its data to couplings, against independent derivations."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize

import bsfit
from bsfit.likelihood import densities

SEED = {"R_K[1,6]": (0, 0.745, 0.090, 0.074, 0.036, 0.01), "R_K*[1.1,6]": (2, 0.685, 0.113, 0.069, 0.047, 0.01)}
"""Position in `seed-2017`, value, errors up and down, systematic and theory error: eqs. (2), (3) of 1803.04703."""

FIG_5 = {"m_Q": 1100.0, "m_L": 1000.0, "m_X": 100.0, "lambda_Q_s": -(0.15**0.5), "lambda_Q_b": 0.15**0.5}


@pytest.fixture(scope="module")
def fig_5():
    return bsfit.log_likelihood(
        model="loop", data="seed-2017", inputs="seed", free={"lambda_L_mu": (0.5, 3.5)}, fixed=FIG_5
    )


def left_handed_shift(lambda_mu):
    r"""C9 = -C10 of the box: :math:`J=\int t^2dt/[(t+m_Q^2)(t+m_L^2)(t+m_X^2)^2]` integrated numerically."""
    q, lepton, x = (FIG_5[name] ** 2 for name in ("m_Q", "m_L", "m_X"))
    integrand = lambda u: (lambda t: t**3 / ((t + q) * (t + lepton) * (t + x) ** 2))(np.exp(u))  # noqa: E731
    j = scipy.integrate.quad(integrand, 0.0, 60.0, epsabs=0.0, epsrel=1e-10, limit=400)[0]
    inputs = bsfit.load_inputs("seed")
    v_us, v_ub, v_cb = (float(inputs[name]) for name in ("V_us", "V_ub", "V_cb"))
    v_ts = -v_cb * (1 - v_us**2 / 2) - v_us * v_ub * np.cos(float(inputs["gamma"]))  # to order lambda^4, real part
    strength = -FIG_5["lambda_Q_b"] * FIG_5["lambda_Q_s"] * lambda_mu**2 / (64 * np.pi**2) * j
    return strength * np.pi / (np.sqrt(2) * float(inputs["G_F"]) * float(inputs["alpha_em_mb"]) * v_ts)


def ratio_polynomial(name):
    """R as a function of C9mu = -C10mu: a quadratic polynomial through three direct predictions."""
    shifts = (-2.0, -0.5, 0.5)
    found = [bsfit.predict([name], params={"C9mu=-C10mu": c}, inputs="seed")[name] for c in shifts]
    return np.polynomial.Polynomial.fit(shifts, found, 2)


@pytest.mark.long
@pytest.mark.parametrize("name", SEED)
def test_couplings_that_one_ratio_allows(fig_5, name):
    """One-sigma interval of lambda_mu at m_X = 100 GeV from R_K alone and from R_K* alone, to 3 %."""
    position, central, up, down, systematic, theory = SEED[name]

    def like(params):
        one = fig_5.terms[0].data.take(np.array([position]))
        row = slice(position, position + 1)
        return densities.log_prob(one, fig_5.predictions(params)[row], fig_5.errors.shifts[row])

    found = bsfit.fit(like, free=fig_5.free).intervals_1["lambda_L_mu"]
    ratio = ratio_polynomial(name)
    edges = [
        central + np.hypot(up, np.hypot(systematic, theory)),
        central - np.hypot(down, np.hypot(systematic, theory)),
    ]
    expected = [scipy.optimize.brentq(lambda x, e=e: ratio(left_handed_shift(x)) - e, 0.3, 4.0) for e in edges]
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.slow
def test_low_bin_has_no_solution(fig_5):
    """R_K* in [0.045, 1.1] stays above its central value of 0.66 for every C9 = -C10, hence for every lambda_mu."""
    ratio = ratio_polynomial("R_K*[0.045,1.1]")
    assert ratio(ratio.deriv().roots()).min() > 0.66
    couplings = jnp.linspace(0.0, 12.0, 100)
    assert min(float(fig_5.predictions({"lambda_L_mu": x})[1]) for x in couplings[::10]) > 0.66


@pytest.mark.long
def test_portal_names_its_degenerate_direction():
    """C9 depends on g_X and m_Zp through their ratio: the fit says so and gives an error to the ratio only."""
    fixed = {"m_Q": 1e3, "m_L": 1e3, "m_chi": 1e3, "lambda_Q_s": -0.025, "lambda_Q_b": 0.25, "lambda_L_mu": 0.5}
    free = {"g_X": (0.05, 1.0), "m_Zp": (500.0, 5000.0)}
    result = bsfit.fit(bsfit.log_likelihood("portal", "seed-2017", free, fixed, inputs="seed"))
    assert result.status == "degenerate"
    assert set(result.undetermined) == {"g_X", "m_Zp"}
    assert np.isnan(result.errors["g_X"]).all()
    assert np.isnan(result.errors["m_Zp"]).all()
    (combination,) = result.combinations
    assert combination["name"] == "m_Zp/g_X"
    assert 0.05 < combination["plus"] / combination["value"] < 1.0
    assert any("log g_X + log m_Zp" in message for message in result.messages)
