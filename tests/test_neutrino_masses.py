"""Masses of neutrinos by a loop of N and the parts of an inert doublet, in closed form and by quadrature; in `xb3`."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from one_model import REFERENCE, OneModel
from scipy.integrate import quad

from bsfit.matching import neutrino_masses
from bsfit.matching.neutrino_masses import ENTRIES, RightHanded
from bsfit.matching.scalar_sector import higgs_vev

MODEL = OneModel("xb3")
V2 = float(higgs_vev(REFERENCE)) ** 2
Y = (0.3, 1.0, -0.5)


def n(couplings, mass):
    return RightHanded(tuple(jnp.asarray(y + 0j) for y in couplings), jnp.asarray(float(mass)))


@jax.jit
def matrix(states, m_eta, lambda_5):
    return neutrino_masses.mass_matrix(states, m_eta, lambda_5, REFERENCE)


def mu_mu(mass, m_eta, lambda_5):
    """Of one N with a coupling of one to the muon."""
    return complex(matrix((n((0, 1, 0), mass),), m_eta, lambda_5)["mumu"]).real


def ma(mass, m_eta, lambda_5):
    """Half of the formula of hep-ph/0601225, in many digits."""
    with mp.workdps(60):
        m2, mean, half = mp.mpf(mass) ** 2, mp.mpf(m_eta) ** 2, mp.mpf(lambda_5) * mp.mpf(V2) / 2
        real, imaginary = (x / (x - m2) * mp.log(x / m2) for x in (mean + half, mean - half))
        return float(mp.mpf(mass) / (32 * mp.pi**2) * (real - imaginary))


def self_energies(mass, m_eta, lambda_5):
    """B_0 of eta_R less that of eta_I at rest, each with the coupling over sqrt 2, by Feynman's parameter."""
    half = lambda_5 * V2 / 2
    real, imaginary = m_eta**2 + half, m_eta**2 - half
    logarithm = quad(
        lambda x: np.log1p((1 - x) * (real - imaginary) / (x * mass**2 + (1 - x) * imaginary)), 0, 1, epsrel=1e-12
    )[0]
    return 0.5 * mass / (16 * np.pi**2) * logarithm


@pytest.mark.parametrize("lambda_5", [1e-12, -1e-9, 1e-3, 0.4, -0.4])
def test_neutrino_masses_are_the_difference_of_two_self_energies(lambda_5):
    """Masses far apart, near and equal; splittings that the squared masses hold in few digits and in all."""
    for mass, m_eta in ((300.0, 400.0), (1.0, 400.0), (3000.0, 400.0), (400.0 + 1e-3, 400.0), (399.0, 400.0)):
        found = mu_mu(mass, m_eta, lambda_5)
        assert found == pytest.approx(ma(mass, m_eta, lambda_5), rel=1e-10)
        assert found == pytest.approx(self_energies(mass, m_eta, lambda_5), rel=1e-9)
    assert mu_mu(400.0, 400.0, lambda_5) == pytest.approx(self_energies(400.0, 400.0, lambda_5), rel=1e-9)


def test_neutrino_masses_of_a_small_splitting():
    """lambda_5 v^2 M/(32 pi^2 (m^2 - M^2)) [1 - M^2/(m^2 - M^2) ln(m^2/M^2)]; lambda_5 v^2/(64 pi^2 m) of M = m."""
    for mass, m_eta in ((300.0, 400.0), (5.0, 400.0), (2e4, 400.0)):
        ratio = mass**2 / (m_eta**2 - mass**2)
        expected = V2 / (32 * np.pi**2) * ratio / mass * (1 - ratio * np.log(m_eta**2 / mass**2))
        assert mu_mu(mass, m_eta, 1e-10) / 1e-10 == pytest.approx(expected, rel=1e-8)
        slope = jax.grad(lambda x, m=mass, e=m_eta: matrix((n((0, 1, 0), m),), e, x)["mumu"].real)(0.0)
        assert float(slope) == pytest.approx(expected, rel=1e-10)
    assert mu_mu(400.0, 400.0, 1e-10) == pytest.approx(1e-10 * V2 / (64 * np.pi**2 * 400.0), rel=1e-9)


def test_no_masses_without_splitting_and_one_of_one_n():
    assert not any(complex(x) for x in matrix((n(Y, 300.0),), 400.0, 0.0).values())
    found = {name: complex(x).real for name, x in matrix((n(Y, 300.0),), 400.0, 1e-9).items()}
    unit = mu_mu(300.0, 400.0, 1e-9)
    for name, (i, j) in ENTRIES.items():
        assert found[name] == pytest.approx(Y[i] * Y[j] * unit, rel=1e-12)
    alone = matrix((n(Y, 300.0), n(Y, np.inf)), 400.0, 1e-9)
    assert all(complex(alone[name]).real == found[name] for name in ENTRIES)


def test_slopes_are_finite_where_n_or_splitting_or_couplings_are_none():
    for mass, couplings, lambda_5 in ((np.inf, Y, 1e-9), (500.0, (0, 0, 0), 0.0), (400.0, Y, 6.0)):
        states = (n(Y, 300.0), n(couplings, mass))
        slopes = jax.jacfwd(lambda y, e, x, m=states: matrix(replaced(m, y), e, x), argnums=(0, 1, 2))(
            0.3, 400.0, lambda_5
        )
        assert all(np.isfinite(complex(each)) for of in slopes.values() for each in of)


def replaced(states, coupling):
    """With another coupling of the second N to the muon."""
    first, second = states
    return first, second._replace(couplings=(second.couplings[0], coupling + 0j, second.couplings[2]))


def unitary():
    return np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]


def test_three_n_of_one_mass_keep_flavour():
    """y U U^T y: diagonal, as couplings by charges are; masses that differ mix."""
    u, masses = unitary(), (300.0, 500.0, 900.0)
    couplings = [np.array(Y) * u[:, k] for k in range(3)]
    equal = matrix(tuple(n(y, 300.0) for y in couplings), 400.0, 1e-9)
    unit = mu_mu(300.0, 400.0, 1e-9)
    for name, (i, j) in ENTRIES.items():
        assert complex(equal[name]).real == pytest.approx(Y[i] ** 2 * unit * (i == j), rel=1e-12, abs=1e-12 * unit)
    states = tuple(n(y, m) for y, m in zip(couplings, masses, strict=True))
    found = matrix(states, 400.0, 1e-9)
    loop = np.diag([mu_mu(m, 400.0, 1e-9) for m in masses])
    expected = np.diag(Y) @ u @ loop @ u.T @ np.diag(Y)
    for name, (i, j) in ENTRIES.items():
        assert complex(found[name]).real == pytest.approx(expected[i, j], rel=1e-10)
    assert float(neutrino_masses.mismatch(states)) < 1e-25
    assert float(neutrino_masses.mismatch((*states[:2], n(Y, 900.0)))) > 1e-3
    assert float(neutrino_masses.mismatch((*states[:2], n(Y, np.inf)))) == 0


# ------------------------------------------------------------------------------------------------------------- xb3

HEAVIER = {f"y_{lepton}{k + 1 if k else ''}": float(Y[i] * unitary()[i, k])
           for k in range(3) for i, lepton in enumerate(("e", "mu", "tau"))}  # fmt: skip
"""Couplings of three N that a rotation mixes."""


@pytest.mark.slow
def test_masses_in_the_model():
    """Nothing else moves with the splitting; the muon's moment and mu -> e gamma know all N that are given."""
    bare, split = MODEL.at(), MODEL.at(lambda_5=1e-10)
    np.testing.assert_array_equal(bare.wilson.values, split.wilson.values)
    assert {name for name, x in bare.quantities.items() if x != split.quantities[name]} == {
        "m_nu_mumu", "m_nu_mutau", "m_nu_tautau",
    }  # fmt: skip
    for name, y in (("mumu", 1.0), ("mutau", 0.5), ("tautau", 0.25)):
        assert float(split.quantities[f"m_nu_{name}"]) == pytest.approx(y * mu_mu(300.0, 400.0, 1e-10), rel=1e-12)
    alone = MODEL.at(y_e=0.2)
    equal = MODEL.at(**HEAVIER, m_N2=300.0, m_N3=300.0)
    assert abs(complex(equal.wilson["Cgamma_mue"])) < 1e-12 * abs(complex(alone.wilson["Cgamma_mue"]))
    assert float(equal.quantities["a_mu_eta"]) == pytest.approx(float(bare.quantities["a_mu_eta"]), rel=1e-12)
    apart = MODEL.at(**HEAVIER, m_N2=500.0, m_N3=900.0)
    assert abs(complex(apart.wilson["Cgamma_mue"])) > 1e-3 * abs(complex(alone.wilson["Cgamma_mue"]))


@pytest.mark.slow
def test_verdicts_on_neutrinos():
    usual = MODEL.failed()
    assert MODEL.failed(lambda_5=1e-10) == usual
    assert MODEL.failed(lambda_5=1e-8) - usual == {"neutrino_masses"}
    assert MODEL.failed(lambda_5=0.2) - usual == {"neutrino_masses", "split_eta"}
    assert "no_tachyon" in MODEL.failed(lambda_5=6.0)
    assert MODEL.failed(m_N2=299.0) - usual == {"stable_N", "coannihilation"}
    assert MODEL.failed(m_N2=350.0) - usual == {"coannihilation"}
    assert MODEL.failed(**HEAVIER, m_N2=500.0, m_N3=900.0) == usual
    assert MODEL.failed(y_e2=1.0, y_mu2=1.0, m_N2=500.0, m_N3=900.0) - usual == {"mixture_of_N"}
    assert MODEL.failed(y_e2=3.6, m_N2=500.0) - usual == {"perturbative_yukawas"}
