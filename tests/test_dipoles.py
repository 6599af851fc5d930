"""Dipole observables against the textbook normalisations, written with other operators."""

import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.loading.inputs import load_inputs
from bsfit.observables import dipoles
from bsfit.theory import Rows, Theory, WilsonCoefficients

INPUTS = load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))


def value(key, **coefficients):
    theory = Theory(WilsonCoefficients.of({name: c + 0j for name, c in coefficients.items()}))
    return dipoles.assemble(key, dipoles.moments(theory, INPUTS, ROW), ROW, INPUTS)


def test_magnetic_moment():
    """flavio 2.7.1: C7_mumu = 1e-3 shifts a_mu by 4 m p/e with p = 4 G_F/sqrt2 e/(16 pi^2) m."""
    g_f, m = float(INPUTS["G_F"]), float(INPUTS["m_mu"])
    p_over_e = 4 * g_f / np.sqrt(2) / (16 * np.pi**2) * m
    assert float(value("a_mu", C7_mumu=1e-3 + 5j)) == pytest.approx(4 * m * p_over_e * 1e-3, rel=1e-13)


def test_radiative_decay():
    """Of hep-ph/9909265: L = -4 G_F/sqrt2 m_mu A F, both chiralities, gives BR = 384 pi^2 (|A_R|^2 + |A_L|^2)."""
    unit = 4 * float(INPUTS["G_F"]) / np.sqrt(2) * float(INPUTS["m_mu"])
    a_right, a_left = 1e-9, 2e-9 * np.exp(0.7j)
    found = value("BR(mu->egamma)", Cgamma_mue=-unit * a_right, Cgamma_emu=-unit * np.conj(a_left))
    assert float(found) == pytest.approx(384 * np.pi**2 * (abs(a_right) ** 2 + abs(a_left) ** 2), rel=1e-12)


@pytest.mark.parametrize("final", ["e", "mu"])
def test_radiative_decays_of_the_tau(final):
    """Gamma = m^3 (|C|^2 + |C'|^2)/4 pi, over G_F^2 m^5/192 pi^3 into neutrinos, which is the measured fraction."""
    c, flipped = 1e-9, 2e-9 * np.exp(0.7j)
    found = value(f"BR(tau->{final}gamma)", **{f"Cgamma_tau{final}": c, f"Cgamma_{final}tau": flipped})
    m, g_f = float(INPUTS["m_tau"]), float(INPUTS["G_F"])
    rate = m**3 * (abs(c) ** 2 + abs(flipped) ** 2) / (4 * np.pi) / (g_f**2 * m**5 / (192 * np.pi**3))
    assert float(found) == pytest.approx({"e": 0.1782, "mu": 0.1739}[final] * rate, rel=1e-12)


def test_standard_model_and_keys():
    for key in ("a_mu", "BR(mu->egamma)", "BR(tau->egamma)", "BR(tau->mugamma)"):
        assert value(key) == 0.0
    with pytest.raises(KeyError):
        value("a_e")


def test_derivatives():
    def both(x):
        c = {"C7_mumu": x[0] + 0j, "Cgamma_mue": x[1] + 1j * x[2], "Cgamma_emu": 1j * x[1]}
        return jnp.stack([value("a_mu", **c), value("BR(mu->egamma)", **c)])

    assert_derivatives(both, [[1e-3, 1e-12, 2e-12], [0.0, 0.0, 0.0]], [1e-3, 1e-12, 1e-12])
