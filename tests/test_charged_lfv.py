"""Leptons that change flavour, against flavio 2.7.1, rates by hand and the amplitude of the photon; limits as data."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import GAMMA, LEFT, ONE, RIGHT, slash

import bsfit
from bsfit.catalogue import CHARGED_LFV
from bsfit.loading.inputs import load_inputs
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.z_prime import Currents, Fermions
from bsfit.matching.z_prime_exchange import wilson_coefficients
from bsfit.observables import charged_lfv
from bsfit.theory import Rows, Theory, WilsonCoefficients

STORED = json.loads((Path(__file__).parent / "reference" / "flavio_charged_lfv.json").read_text())
FLAVIO, DEFAULT = load_inputs("flavio"), load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
DIPOLES = ("Cgamma_mue", "Cgamma_emu", "Cgamma_taumu", "Cgamma_mutau")
NAMES = (*DIPOLES, *CHARGED_LFV)
KEYS = ("BR(mu->eee)", "BR(tau->mumumu)", "CR(mu->e, Au)", "CR(mu->e, Ti)")


@jax.jit
def rates(values, inputs):
    """All four, from the complex coefficients NAMES."""
    theory = Theory(WilsonCoefficients.of(dict(zip(NAMES, values, strict=True))))
    found = charged_lfv.moments(theory, inputs, ROW)
    return jnp.stack([charged_lfv.assemble(key, found, ROW, inputs) for key in KEYS])


def value(key, coefficients, inputs=DEFAULT):
    return float(rates(jnp.asarray([coefficients.get(name, 0j) for name in NAMES], complex), inputs)[KEYS.index(key)])


@pytest.mark.parametrize("point", STORED["points"], ids=range(len(STORED["points"])))
def test_against_flavio(point):
    """With its alpha, and its lifetime of the tau; the sign of dipoles in conversion is the other one here."""
    for key, expected in point["pred"].items():
        sign = -1 if key.startswith("CR") else 1
        c = {name: complex(*x) * (sign if "gamma" in name else 1) for name, x in point["coefficients"].items()}
        inputs = FLAVIO.replace({"alpha_em_0": STORED["alpha"].get(key, 1 / 137)})
        found = value(key, c, inputs)
        if key == "BR(tau->mumumu)":
            g_f, m = (float(FLAVIO[name]) for name in ("G_F", "m_tau"))
            found *= STORED["tau_tau"] * g_f**2 * m**5 / (192 * np.pi**3) / float(FLAVIO["BR(tau->enunu)"])
        assert found == pytest.approx(expected, rel=1e-4)


def test_dipole_alone():
    """mu -> 3e over mu -> e gamma is alpha/3 pi (ln m_mu^2/m_e^2 - 11/4), a textbook number of 1/163."""
    c, names = {"Cgamma_mue": 1e-13}, ("alpha_em_0", "m_mu", "m_e", "G_F")
    alpha, m, m_e, g_f = (float(DEFAULT[name]) for name in names)
    radiative = m**3 * abs(c["Cgamma_mue"]) ** 2 / (4 * np.pi) / (g_f**2 * m**5 / (192 * np.pi**3))
    ratio = alpha / (3 * np.pi) * (2 * np.log(m / m_e) - 11 / 4)
    assert value("BR(mu->eee)", c) == pytest.approx(ratio * radiative, rel=1e-12)
    assert 1 / ratio == pytest.approx(163, rel=0.01)


def test_sign_of_the_dipole_in_conversion_is_that_of_a_penguin():
    r"""A photon of momentum q is a current of charge Q, -(2 e Q C/q^2) [m gamma P_L - (p_e + p_mu) P_R].

    For a static nucleus, q^2 = -m^2, the bracket between spinors of a muon at rest and of the electron is -m times the
    charge density. A cloud that screens nothing has an overlap of the dipole near 8 e times that of protons.
    """
    e, m = np.sqrt(4 * np.pi / 137.036), float(DEFAULT["m_mu"])
    q = slash([0.0, 0.0, 0.0, m])
    dipole_times_q = -0.5 * (GAMMA[0] @ q - q @ GAMMA[0])  # i sigma^{0 a} q_a
    electron, at_rest = slash([m, 0.0, 0.0, m]), (ONE + GAMMA[0]) / 2
    vector, found = electron @ GAMMA[0] @ LEFT @ at_rest, electron @ dipole_times_q @ RIGHT @ at_rest
    scale = np.trace(found @ vector.conj().T) / np.trace(vector @ vector.conj().T)
    np.testing.assert_allclose(found, scale * vector, atol=1e-12)
    per_charge = (-2 * e / -(m**2) * scale).real  # of C, against a current of protons
    assert per_charge == pytest.approx(-2 * e / m)
    for nucleus in ("Ti", "Au"):
        ratio = float(DEFAULT[f"mu->e D {nucleus}"] / (4 * m) / DEFAULT[f"mu->e Vp {nucleus}"])
        assert 0.7 < ratio / abs(per_charge) < 1.05
    # Protons alone, three valence quarks: destructive for a dipole and a current of the same sign.
    c = {"CVLL_mueuu": 2e-13, "CVLR_mueuu": 2e-13, "CVLL_muedd": -1e-13, "CVLR_muedd": -1e-13}
    both = value("CR(mu->e, Ti)", {**c, "Cgamma_mue": 1e-14})
    assert both < min(value("CR(mu->e, Ti)", c), value("CR(mu->e, Ti)", {**c, "Cgamma_mue": -1e-14}))


@pytest.fixture(scope="module")
def matched():
    turned = {(0, 1): jnp.asarray(0.01 + 0.02j), (1, 2): jnp.asarray(-0.03 + 0.01j)}
    left = Hermitian.diagonal([0.3, 0.2, 0.1]) + Hermitian(turned)
    right = Hermitian.diagonal([0.5, -0.4, 0.0])
    quarks = Fermions(Hermitian.diagonal([0.2, 0.2, 0.6]), Hermitian.diagonal([-0.1, 0.0, 0.0]))
    z = Currents(up=quarks, down=Fermions(quarks.left), electron=Fermions(left, right))
    return left, wilson_coefficients(2000.0, z, DEFAULT)


def test_tree_level_of_a_z_prime(matched):
    """Gamma(tau -> 3 mu) of the sheet of the Z' models, and the currents of mu -> e one by one."""
    left, found = matched
    turned, m = abs(complex(left(1, 2))), float(DEFAULT["m_tau"])
    rate = m**5 / (1536 * np.pi**3 * 2000.0**4) * (2 * abs(turned * 0.2) ** 2 + abs(turned * 0.4) ** 2)
    width = float(DEFAULT["G_F"]) ** 2 * m**5 / (192 * np.pi**3) / float(DEFAULT["BR(tau->enunu)"])
    assert value("BR(tau->mumumu)", found) == pytest.approx(rate / width, rel=1e-12)
    assert complex(found["CVLR_mueuu"]) == pytest.approx(-complex(left(0, 1)) * -0.1 / 2000.0**2)
    assert "CVLR_muedd" not in found
    assert "CVLR_uumue" not in found
    mixed = wilson_coefficients(2000.0, Currents(electron=Fermions(left)).with_kinetic_mixing(0.01), DEFAULT)
    # The photon of kinetic mixing, g_Y c_W^2 epsilon Q: vectorial, -2 of the down quarks for up quarks.
    assert complex(mixed["CVLL_mueuu"]) == pytest.approx(complex(mixed["CVLR_mueuu"]), rel=1e-12)
    assert complex(mixed["CVLL_mueuu"]) == pytest.approx(-2 * complex(mixed["CVLL_muedd"]), rel=1e-12)


@pytest.mark.slow
def test_derivatives_at_zero_and_unknown_key():
    def of(x):
        return rates(x.astype(complex), DEFAULT)

    first, second = jax.jit(lambda x: (jax.jacfwd(of)(x), jax.hessian(lambda x: of(x)[2])(x)))(jnp.zeros(len(NAMES)))
    assert np.array_equal(first, np.zeros((len(KEYS), len(NAMES))))
    assert np.isfinite(second).all()
    assert np.diag(second).max() > 0.0
    with pytest.raises(KeyError):
        charged_lfv.assemble("CR(mu->e, Pb)", jnp.zeros((1, 40)), ROW, DEFAULT)


@pytest.mark.slow
def test_limits_as_data():
    """The limit on gold is the strongest for a current of quarks: at it -2 log L is 1.28^2 = 1.64."""
    like = bsfit.log_likelihood(data="charged-lfv", free={"CVLL_muedd": (-1e-9, 1e-9)})
    per_unit = value("CR(mu->e, Au)", {"CVLL_muedd": 1e-12}) / 1e-24
    at_limit = {"CVLL_muedd": (7e-13 / per_unit) ** 0.5}
    assert 1.64 < float(like.chi2(at_limit)) < 1.72
    assert float(like.chi2({"CVLL_muedd": 0.0})) == 0.0
