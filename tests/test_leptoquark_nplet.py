"""Scalar leptoquark: flipped dipoles, b -> s nu nu at tree level, its boxes against each other, verdicts, slopes."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from dirac_matrices import GAMMA, LEFT, METRIC, ONE, RIGHT
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel

import bsfit
from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector import n_plet
from bsfit.dark_sector.thermal import average
from bsfit.errors import BsfitInputError
from bsfit.matching import loops
from bsfit.observables import b_to_nunu
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.qcd import alpha_s

MODEL = OneModel("leptoquark_nplet")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed
LOOPS = {name: jax.jit(getattr(loops, name)) for name in ("dipole", "flip_on_fermion", "flip_on_scalar")}


def a_mu(theory):
    scale = float(REFERENCE["G_F"] * REFERENCE["m_mu"] ** 2) / (np.sqrt(2) * np.pi**2)
    return scale * float(theory.wilson["C7_mumu"].real)


# ------------------------------------------------------------------------------------------------------ loop functions


@pytest.mark.parametrize("masses", [(172.69, 1500.0), (0.00216, 1500.0), (800.0, 750.0), (3e3, 200.0)])
def test_flipped_dipoles_are_their_integrals(masses):
    f, s = (mp.mpf(m) ** 2 for m in masses)
    ends = [0, 0.5, 1 - 1e-3, 1 - 1e-6, 1 - 1e-9, 1]
    with mp.workdps(30):
        on_fermion = mp.quad(lambda z: z**2 / (f * z + s * (1 - z)), ends)
        on_scalar = mp.quad(lambda x: x * (1 - x) / (s * x + f * (1 - x)), [1 - e for e in reversed(ends)])
    assert float(LOOPS["flip_on_fermion"](*masses)) == pytest.approx(float(on_fermion), rel=1e-11)
    assert float(LOOPS["flip_on_scalar"](*masses)) == pytest.approx(float(on_scalar), rel=1e-11)


@pytest.mark.parametrize("ratio", [0.1, 0.7, 3.0])
def test_flipped_dipoles_are_those_of_the_charged_higgs_boson(ratio):
    """C7 of a doublet of type II: F_7^(2) of hep-ph/9710335, one vertex by m_b, one by m_t."""
    m_t, m_h = 170.0, 170.0 / np.sqrt(ratio)
    bracket = 2 / 3 * float(LOOPS["flip_on_fermion"](m_t, m_h)) + float(LOOPS["flip_on_scalar"](m_t, m_h))
    y = ratio
    known = y * (3 - 5 * y) / (12 * (y - 1) ** 2) + y * (3 * y - 2) / (6 * (y - 1) ** 3) * np.log(y)
    assert -(m_t**2) / 2 * bracket == pytest.approx(known, rel=1e-9)


# ------------------------------------------------------------------------------------------------------------ leptons


@pytest.mark.slow
def test_the_moment_of_a_light_quark_in_the_loop():
    """m_mu m_q/4 pi^2 M^2 (ln M^2/m_q^2 - 7/4), and 1/32 pi^2 where the chirality flips outside."""
    m_mu, m_c, mass = float(REFERENCE["m_mu"]), float(REFERENCE["m_c"]), 4000.0
    nothing = dict.fromkeys(POINT, 0.0) | {"m_S1": mass, "m_DM": 2400.0}
    one, other = at(**{**nothing, "lambda_R_cmu": 1.0}), at(**{**nothing, "lambda_L_smu": 1.0})
    assert a_mu(one) == pytest.approx(m_mu**2 / (32 * np.pi**2 * mass**2), rel=1e-4)
    up = np.asarray(ckm(REFERENCE))[1, 1].conj()
    both = at(**{**nothing, "lambda_R_cmu": 1.0, "lambda_L_smu": 1.0})
    flipped = a_mu(both) - a_mu(one) - a_mu(other)
    expected = m_mu * m_c / (4 * np.pi**2 * mass**2) * (np.log(mass**2 / m_c**2) - 1.75) * up.real
    assert flipped == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_positive_moment_takes_right_handed_top_quarks_of_the_same_sign():
    assert a_mu(at(lambda_R_tmu=0.02)) > 1e-9
    assert a_mu(at(lambda_R_tmu=-0.02)) < -1e-9


@pytest.mark.slow
def test_electrons_turn_into_muons_by_either_chirality():
    """The flip on the line of the top quark, from left to right and back; taus alike."""
    out, back = at(lambda_R_tmu=0.5, lambda_L_be=1e-3), at(lambda_R_te=1e-3)
    assert abs(complex(out.wilson["Cgamma_mue"])) > 1e3 * abs(complex(out.wilson["Cgamma_emu"]))
    assert abs(complex(back.wilson["Cgamma_emu"])) > 1e3 * abs(complex(back.wilson["Cgamma_mue"]))
    taus = at(lambda_R_tmu=0.5, lambda_L_btau=1e-3)
    assert complex(taus.wilson["Cgamma_mutau"]) == pytest.approx(complex(out.wilson["Cgamma_mue"]), rel=0.02)


# -------------------------------------------------------------------------------------------------------------- quarks


def test_neutrinos_bound_the_product_of_couplings():
    r"""-1.2 < Re(lambda lambda^dagger)_bs/V (TeV/M)^2 < 2.3 where b -> s nu nu is 4.3 times the Standard Model's."""
    v, known = complex(v_tb_v_ts(REFERENCE)), complex(b_to_nunu.cl_of_standard_model(REFERENCE))
    for product in (-1.2, 2.24):
        couplings = {"lambda_L_bmu": 1.0, "lambda_L_smu": product * v.real, "lambda_L_smu_im": -product * v.imag}
        found = at(m_S1=1000.0, **couplings).wilson
        assert (2 + abs(1 + complex(found["CL_bsnumunumu"]) / known) ** 2) / 3 == pytest.approx(4.3, rel=0.01)
        assert found["CL_bsnutaunutau"] == found["CL_bsnutaunumu"] == 0.0


def test_the_two_boxes_have_opposite_signs():
    """C9 = -0.039 (TeV/M)^2 (lambda lambda^dagger)_bs/V sum |lambda_kmu|^2 of light quarks; that of top quarks."""
    found = at(m_S1=1000.0)
    v = np.asarray(ckm(REFERENCE))
    product = 2.5 * -0.08 / complex(v_tb_v_ts(REFERENCE))
    up = np.abs(v.conj() @ np.array([0.0, -0.08, 2.5])) ** 2
    box = complex(found.quantities["C9_box"])
    assert box.real == pytest.approx((-0.0386 * product * up.sum()).real, rel=0.12)  # 8 % by the top's mass
    assert float(found.quantities["C9_top"].real) > 0 > box.real
    total = found.quantities["C9_top"] + found.quantities["C9_box"]
    assert complex(found.wilson["C10_bsmumu"]) == pytest.approx(-complex(total), rel=1e-12)
    assert complex(found.wilson["C10_bdmumu"]) == pytest.approx(-complex(found.quantities["C9_top"]), rel=1e-12)


def test_right_handed_muons_have_a_box_of_their_own():
    """C9 = C10."""
    none, one = at(), at(lambda_R_cmu=1.0)
    moved = [complex(one.wilson[name] - none.wilson[name]) for name in ("C9_bsmumu", "C10_bsmumu")]
    assert moved[0] == pytest.approx(moved[1], rel=1e-12)
    assert abs(moved[0]) > 1e-3


# ---------------------------------------------------------------------------------------------------- charged currents


def rearranged(first, second):
    r"""Coefficients of (c b)(l nu) in :math:`(\bar l\,\Gamma_1c^c)(\bar b^c\,\Gamma_2\nu)`: V, S, T, all left-handed.

    By the components of the operators: :math:`c^c=C\bar c^T`, :math:`\bar b^c=-b^TC^{-1}`, fields exchanged in pairs.
    """
    charge = 1j * GAMMA[2] @ GAMMA[0]
    given = -np.einsum("ab,ed->bead", first @ charge, np.linalg.inv(charge) @ second)
    sigma = [(m, n, 0.5j * (GAMMA[m] @ GAMMA[n] - GAMMA[n] @ GAMMA[m])) for m in range(4) for n in range(4)]
    pairs = [
        [(METRIC[m, m], GAMMA[m]) for m in range(4)],
        [(1.0, ONE)],
        [(METRIC[m, m] * METRIC[n, n], matrix) for m, n, matrix in sigma],
    ]
    basis = [sum(g * np.einsum("be,ad->bead", x @ LEFT, x @ LEFT) for g, x in pair) for pair in pairs]
    found, left, *_ = np.linalg.lstsq(np.stack([b.ravel() for b in basis], axis=1), given.ravel(), rcond=None)
    assert left < 1e-20
    return found.real


def test_charged_currents_by_a_fierz_transformation():
    """H = lambda_bj/M^2 lbar_i (lambda^u*_ci P_R + lambda^R*_ci P_L) c^c bbar^c P_L nu_j; the running of 1309.0301."""
    vector, scalar, tensor = rearranged(RIGHT, LEFT), rearranged(LEFT, LEFT)[1], rearranged(LEFT, LEFT)[2]
    np.testing.assert_allclose(vector, [0.5, 0.0, 0.0], atol=1e-12)
    mass, b, s, r = 1500.0, 0.8, 0.3 - 0.2j, 0.5 + 0.4j
    found = at(
        m_S1=mass, lambda_L_bmu=0.0, lambda_L_smu=0.0, lambda_L_btau=b, lambda_L_stau=s.real, lambda_L_stau_im=s.imag,
        lambda_R_ctau=r.real, lambda_R_ctau_im=r.imag,
    ).wilson  # fmt: skip
    v_cb = complex(ckm(REFERENCE)[1, 2])
    unit = 1.0 / (2.0 * np.sqrt(2.0) * float(REFERENCE["G_F"]) * v_cb * mass**2)
    up = np.asarray(ckm(REFERENCE))[1].conj() @ np.array([0.0, s, b])
    assert complex(found["CVL_bctaunutau"]) == pytest.approx(unit * vector[0] * b * up.conjugate(), rel=1e-12)
    alpha = [float(alpha_s(mu, REFERENCE, loops=2)) for mu in (4.8, float(REFERENCE["m_t_MSbar"]), mass)]
    low, high = alpha[1] / alpha[0], alpha[2] / alpha[1]
    grown, shrunk = low ** (-12 / 23) * high ** (-4 / 7), low ** (4 / 23) * high ** (4 / 21)
    assert complex(found["CSL_bctaunutau"]) == pytest.approx(unit * scalar * grown * b * r.conjugate(), rel=1e-9)
    assert complex(found["CT_bctaunutau"]) == pytest.approx(unit * tensor * shrunk * b * r.conjugate(), rel=1e-9)
    assert tensor == pytest.approx(-0.25 * scalar, abs=1e-12)
    assert found["CVL_bctaunumu"] == found["CVL_bcmunutau"] == found["CVR_bctaunutau"] == 0.0


def test_the_decay_of_bc_has_a_verdict():
    assert "bc_to_taunu" not in failed()
    assert "bc_to_taunu" in failed(lambda_L_btau=3.0, lambda_R_ctau=-1.5)


# --------------------------------------------------------------------------------------------------------- dark matter


def multiplet(n, mass):
    return n_plet.majorana(n, jnp.asarray(mass), REFERENCE)


@pytest.mark.parametrize("n", [3, 5])
def test_an_n_plet_at_rest(n):
    """g^4 (2 n^4 + 17 n^2 - 19)/(512 pi n m^2) of hep-ph/0512090: 37 g^4/192 pi m^2 for the triplet."""
    g2 = 4 * np.pi * float(REFERENCE["alpha_em_mZ"] / REFERENCE["sin2_theta_w"])
    dark = multiplet(n, 1000.0)
    found = jax.jit(lambda x: average.averages(average.integrand(dark, 1e6), dark, x)[0])(jnp.asarray([1e5]))
    known = g2**2 * (2 * n**4 + 17 * n**2 - 19) / (512 * np.pi * n * 1e6)
    assert float(found) == pytest.approx(known, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "mass", "known"), [(3, 2400.0, 0.1226), (5, 4400.0, 0.1230)])
def test_masses_of_all_dark_matter(n, mass, known):
    """Independent numbers of the catalogue, and 0.12 at 2.4 and 4.4 TeV in minimal dark matter at tree level."""
    found = float(jax.jit(lambda m: relic_density(n_plet.majorana(n, m, REFERENCE)).omega_h2)(jnp.asarray(mass)))
    assert found == pytest.approx(known, rel=1e-3)
    assert found == pytest.approx(0.12, rel=0.03)


def test_annihilation_of_slow_particles_is_refused():
    with pytest.raises(BsfitInputError, match="W bosons"):
        bsfit.predict(["sigma_v"], model="leptoquark_nplet", params=dict(ROW.benchmark))
    fixed = {name: value for name, value in ROW.benchmark.items() if name != "m_DM"}
    with pytest.raises(BsfitInputError, match="W bosons"):
        bsfit.log_likelihood("leptoquark_nplet", "planck-annihilation-2018", {"m_DM": (100, 1e4)}, fixed)


# ------------------------------------------------------------------------------------------------- verdicts and slopes


def test_verdicts():
    assert failed(m_S1=1501.0) == {"perturbative_only"}
    assert failed(m_S1=1501.0, m_DM=900.0) == set()
    assert failed(m_S1=1501.0, m_DM=95.0) == {"massless_bosons", "light_m_DM", "lhc_not_tested_m_DM"}
    assert "right_handed_leptons" in failed(lambda_R_tmu=1e-3)
    assert "lepton_flavour" in failed(lambda_L_be=1e-3)
    assert "lhc_not_tested_m_S1" in failed(m_S1=1400.0)
    assert {"landau_pole", "perturbative_yukawas"} <= failed(lambda_L_bmu=3.6)


WHERE = {"m_S1": 1500.0, "lambda_L_smu": -0.08, "lambda_L_bmu": 2.5, "lambda_L_btau": 0.3, "lambda_R_tmu": 0.1}


@pytest.mark.long
def test_derivatives():
    names = ("C9_bsmumu", "C10_bsmumu", "CL_bsnumunumu", "C7_mumu")

    def outputs(x):
        wilson = MODEL.along(WHERE, x).wilson
        return jnp.stack([*(wilson[name].real for name in names), 1e12 * wilson["CVLL_bsbs"].real])

    assert_derivatives(outputs, [list(WHERE.values())], [abs(v) for v in WHERE.values()], second=False)


@pytest.mark.long
@pytest.mark.parametrize("n", [3, 5])
def test_derivatives_of_the_relic_density(n):
    assert_slopes_of_a_density(lambda x: jnp.log(relic_density(n_plet.majorana(n, x[0], REFERENCE)).omega_h2), [2400.0])


@pytest.mark.long
def test_slopes_are_finite_at_every_bound():
    """All couplings zero, or one of them at either end."""
    names = [p.name for p in ROW.parameters if p.bounds]

    def everything(x):
        theory = MODEL.along(names, x)
        numbers = jnp.stack([jnp.real(v) for v in theory.quantities.values()])
        return jnp.concatenate([theory.wilson.values.real, theory.wilson.values.imag, numbers])

    slopes = jax.jit(jax.vmap(jax.jacfwd(everything)))
    ends = [3.5 * sign * np.eye(len(names)) for sign in (-1, 1)]
    assert np.all(np.isfinite(np.asarray(slopes(np.concatenate([np.zeros((1, len(names))), *ends])))))
