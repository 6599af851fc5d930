"""Boxes, dipoles and penguins of any fermion and scalar: closed forms, the charged Higgs boson, limits of Majorana."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.loading.inputs import load_inputs
from bsfit.matching import boxes, loops, scalar_loops
from bsfit.matching.boxes import Boson, Line
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.observables import dipoles
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.theory import Rows, Theory, WilsonCoefficients

REFERENCE = load_inputs("reference")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
MASSES = 10 ** np.random.default_rng(8).uniform(1, 4, size=(12, 4))
QUARKS = (0.01 + 0.02j, -0.3 + 0.05j, 0.4 + 0j)
LEPTONS = (1e-3 + 2e-3j, 1.3 + 0j, 0.02 - 0.01j)


def vector(couplings):
    first, second, third = (jnp.asarray(x, dtype=complex) for x in couplings)
    return first, second, third


def line(couplings, fermion, scalar, partner=None, **more):
    charges = {"charge": 0.0, "scalar_charge": -1.0, **more}
    return Line(vector(couplings), jnp.asarray(float(fermion)), scalar, partner, **charges)


def complex_scalar(mass):
    return Boson(jnp.asarray(float(mass)))


def split(mass, imaginary):
    return Boson(jnp.asarray(float(mass)), jnp.asarray(float(imaginary)))


# ------------------------------------------------------------------------------------------------------ loop functions


def partial_fractions(power, masses):
    """The integral of t^n over the product of t + m_i^2 for four different masses, in many digits."""
    with mp.workdps(60):
        squares = [mp.mpf(float(m)) ** 2 for m in masses]
        terms = []
        for i, a in enumerate(squares):
            product = mp.mpf(1)
            for j, b in enumerate(squares):
                product *= 1 if i == j else b - a
            terms.append(-((-a) ** power) * mp.log(a) / product)
        return float(sum(terms))


def test_boxes_of_four_masses():
    two, one = jax.jit(loops.box), jax.jit(loops.flipped_box)
    for masses in MASSES:
        assert float(two(*masses)) == pytest.approx(partial_fractions(2, masses), rel=1e-11)
        assert float(one(*masses)) == pytest.approx(partial_fractions(1, masses), rel=1e-11)
    assert float(one(3.0, 3.0, 3.0, 3.0)) == pytest.approx(1 / (6 * 81), rel=1e-12)


def test_boxes_with_equal_fermions():
    """F and G of 1608.07832, eq. (2.10) and after, at x = 0.3, y = 2.5; two massless particles."""
    x, y = 0.3, 2.5
    direct = 1 / ((1 - x) * (1 - y)) + x**2 * np.log(x) / ((1 - x) ** 2 * (x - y))
    direct += y**2 * np.log(y) / ((1 - y) ** 2 * (y - x))
    crossed = 1 / ((1 - x) * (1 - y)) + x * np.log(x) / ((1 - x) ** 2 * (x - y))
    crossed += y * np.log(y) / ((1 - y) ** 2 * (y - x))
    scalars = np.sqrt(x), np.sqrt(y)
    assert float(loops.box(1.0, 1.0, *scalars)) == pytest.approx(direct, rel=1e-12)
    assert float(loops.flipped_box(1.0, 1.0, *scalars)) == pytest.approx(-crossed, rel=1e-12)
    assert float(loops.box(0.0, 0.0, 5.0, 2.0)) == pytest.approx(np.log(25 / 4) / 21, rel=1e-12)


def test_majorana_boxes():
    """Both boxes of a Majorana fermion: their sum, zero for equal masses, between Dirac and Majorana where split."""
    for m, first, second, _ in MASSES:
        direct, crossed, both = (float(boxes.of_fermion(m, first, second, k)) for k in ("Dirac", "crossed", "Majorana"))
        assert both == pytest.approx(direct + crossed, abs=1e-12 * direct)
        assert crossed == pytest.approx(-2 * m**2 * float(loops.flipped_box(m, m, first, second)), rel=1e-12)
        assert float(boxes.of_split_fermion(m, m, first, second)) == pytest.approx(direct, rel=1e-12)
        far = float(boxes.of_split_fermion(m, 1e9 * m, first, second))
        assert far == pytest.approx(both / 4, abs=1e-6 * direct)
    assert float(boxes.of_fermion(7.0, 7.0, 7.0, "Majorana")) == pytest.approx(0.0, abs=1e-12 / 49)
    assert float(boxes.of_fermion(1.0, 7.0, 7.0, "Majorana")) > 0 > float(boxes.of_fermion(9.0, 3.0, 3.0, "Majorana"))


def test_majorana_boxes_integrate_out_to_the_operator_of_dimension_five():
    """A heavy Majorana fermion leaves |lambda|^4/M^2 with the logarithm of a loop of two light scalars."""
    heavy = 1e5
    found, lighter = (float(boxes.of_fermion(heavy, m, m, "Majorana")) for m in (10.0, 1.0))
    assert lighter - found == pytest.approx(-2 * np.log(100.0) / heavy**2, rel=1e-5)
    assert found == pytest.approx(-2 * np.log((heavy / 10) ** 2) / heavy**2, rel=0.2)


@pytest.mark.long
def test_derivatives_of_the_new_functions():
    def everything(m):
        return jnp.stack(
            [
                loops.box(*m) * 1e6,
                loops.flipped_box(*m) * 1e12,
                loops.scalar_penguin(m[0], m[1]) * 1e6,
                boxes.of_fermion(m[0], m[1], m[2], "Majorana") * 1e6,
                boxes.of_split_fermion(*m) * 1e6,
            ]
        )

    point = [1000.0, 1000.0, 300.0, 500.0]
    assert_derivatives(everything, point, scale=point)


# ------------------------------------------------------------------------------------------------- charged Higgs boson


def charged_higgs(m_top, m_higgs):
    """Top and H- of two doublets with cot beta = 1: the coupling of t to d_i is sqrt(2) m_t V_ti/v."""
    v = v_tb_v_ts(REFERENCE)
    unit = jnp.sqrt(2.0) * m_top / higgs_vev(REFERENCE)
    couplings = (0.0, unit * jnp.conj(v), unit)
    return line(couplings, m_top, complex_scalar(m_higgs), charge=2 / 3, scalar_charge=-1.0, coloured="fermion")


@pytest.mark.parametrize("m_higgs", [90.0, 400.0, 2000.0])
def test_charged_higgs_boson(m_higgs):
    """Its C7, C8 (hep-ph/9710335) and photon penguin (hep-ph/9601360), from the top quark and the boson itself."""
    m_top = 162.5
    y = (m_top / m_higgs) ** 2
    logarithm, d = np.log(y), y - 1
    f7 = y * (7 - 5 * y - 8 * y**2) / (24 * d**3) + y**2 * (3 * y - 2) / (4 * d**4) * logarithm
    f8 = y * (2 + 5 * y - y**2) / (8 * d**3) - 3 * y**2 / (4 * d**4) * logarithm
    penguin = (47 * y**2 - 79 * y + 38) / (108 * (1 - y) ** 3) + (3 * y**3 - 6 * y + 4) * logarithm / (18 * d**4)
    found = charged_higgs(m_top, m_higgs)
    c7, c8 = scalar_loops.quark_dipoles(found, REFERENCE)
    assert complex(c7) == pytest.approx(f7 / 3, rel=1e-9)
    assert complex(c8) == pytest.approx(f8 / 3, rel=1e-9)
    assert complex(scalar_loops.photon_penguin(found, REFERENCE)) == pytest.approx(y * penguin, rel=1e-9)


def test_massless_fermions_in_penguins():
    assert float(loops.scalar_penguin(0.0, 3.0)) == pytest.approx(1 / 162, rel=1e-12)
    assert float(loops.scalar_penguin(3.0, 3.0)) == pytest.approx(1 / 216, rel=1e-12)


# -------------------------------------------------------------------------------------------------------------- lines


def test_the_sign_of_the_moment_of_the_muon():
    """A charged fermion raises (g-2)_mu, a charged scalar lowers it: Leveille's formulas."""

    def a_mu(charge, scalar_charge):
        lepton = line(LEPTONS, 300.0, complex_scalar(200.0), charge=charge, scalar_charge=scalar_charge)
        theory = Theory(WilsonCoefficients.of(scalar_loops.of_leptons(lepton, REFERENCE)))
        return float(dipoles.assemble("a_mu", dipoles.moments(theory, REFERENCE, ROW), ROW, REFERENCE))

    unit = (float(REFERENCE["m_mu"]) * 1.3 / (4 * np.pi)) ** 2
    assert a_mu(-1.0, 0.0) == pytest.approx(unit * float(loops.dipole(300.0, 200.0)), rel=1e-12)
    assert a_mu(0.0, -1.0) == pytest.approx(-unit * float(loops.dipole(200.0, 300.0)), rel=1e-12)


def test_real_and_split_scalars():
    """A real scalar leaves no box, nor does an infinite splitting; none at all is a complex one; dipoles are means."""
    masses = jnp.asarray(1200.0), jnp.asarray(500.0), jnp.asarray(150.0)

    def lines(scalar):
        return scalar_loops.of_singlet(vector(QUARKS), vector(LEPTONS), masses, scalar)

    whole, same = lines(None), lines(split(150.0, 150.0))
    real, far = lines(Boson(masses[2], real=True)), lines(split(150.0, 1e9))
    j = float(boxes.shared_singlet(*whole).leptons)
    assert j == pytest.approx(float(loops.box(1200.0, 500.0, 150.0)), rel=1e-12)
    assert float(boxes.shared_singlet(*same).leptons) == pytest.approx(j, rel=1e-12)
    assert float(boxes.shared_singlet(*real).leptons) == 0
    assert abs(float(boxes.shared_singlet(*far).leptons)) < 1e-9 * j
    for found in (real, far):
        assert all(abs(complex(c)) < 1e-20 for c in boxes.delta_f2(found[0], REFERENCE).values())
        assert abs(float(boxes.four_muons(found[1]))) < 1e-15
    dipole = complex(scalar_loops.quark_dipoles(whole[0], REFERENCE)[0])
    assert complex(scalar_loops.quark_dipoles(real[0], REFERENCE)[0]) == dipole
    assert complex(scalar_loops.quark_dipoles(far[0], REFERENCE)[0]) == pytest.approx(dipole / 2, rel=1e-8)


def test_su2_of_the_three_topologies():
    """Neutrinos as their leptons; none; with their own scalar. Tridents and D mesons with theirs."""
    quarks = line(QUARKS, 1500.0, complex_scalar(700.0), complex_scalar(800.0))
    leptons = line(LEPTONS, 1500.0, complex_scalar(300.0), complex_scalar(400.0))
    found = boxes.shared_fermion(quarks, leptons)
    assert found.neutrinos is not None
    assert float(found.leptons) == pytest.approx(float(loops.box(1500.0, 1500.0, 700.0, 300.0)), rel=1e-12)
    assert float(found.neutrinos) == pytest.approx(float(loops.box(1500.0, 1500.0, 700.0, 400.0)), rel=1e-12)
    doublet = line(LEPTONS, 200.0, quarks.scalar, quarks.partner, majorana=True)
    shared = boxes.shared_doublet(quarks, doublet)
    assert shared.neutrinos is None
    assert float(shared.leptons) == pytest.approx(float(loops.box(1500.0, 200.0, 700.0)), rel=1e-12)
    trident = -(1.3**4) / (64 * np.pi**2) * float(boxes.of_fermion(200.0, 800.0, 700.0, "Majorana"))
    assert float(boxes.four_muons(doublet)) == pytest.approx(trident, rel=1e-12)
    mixing = boxes.delta_f2(quarks, REFERENCE)
    square = (QUARKS[2] * np.conj(QUARKS[1])) ** 2 / (128 * np.pi**2)
    assert complex(mixing["bs"]) == pytest.approx(square * float(loops.box(1500.0, 1500.0, 700.0)), rel=1e-12)
    heavier = boxes.delta_f2(line(QUARKS, 1500.0, complex_scalar(800.0)), REFERENCE)
    assert complex(mixing["uc"]) == pytest.approx(complex(heavier["uc"]), rel=1e-12)


def test_box_of_a_leptoquark_and_a_goldstone_boson():
    """The crossed box of top quarks: K = V m_t^2 |lambda|^2/(16 pi^2 v^2 M^2) for a heavy leptoquark."""
    m_top, heavy, coupling = 162.5, 1e6, 0.7
    vev, v = float(higgs_vev(REFERENCE)), complex(v_tb_v_ts(REFERENCE))
    unit = np.sqrt(2) * m_top / vev
    quarks = line((0.0, unit * np.conj(v), unit), m_top, complex_scalar(0.0), charge=2 / 3)
    leptons = line((0.0, coupling, 0.0), m_top, complex_scalar(heavy), complex_scalar(heavy))
    current = boxes.current(quarks, leptons, boxes.shared_fermion(quarks, leptons, "crossed").leptons)(1, 1)
    assert current is not None
    found = complex(current)
    assert found == pytest.approx(v * (m_top * coupling / (4 * np.pi * vev * heavy)) ** 2, rel=1e-6)
