"""Currents of a Z': charges, mixing of either chirality, what exchange makes of them, kinetic mixing, left-right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.catalogue import LEPTONS
from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.dark_sector import z_prime_decays
from bsfit.hadronic import b_mixing
from bsfit.hadronic.b_mixing import BS
from bsfit.loading.inputs import load_inputs
from bsfit.matching import currents, z_prime, z_prime_exchange
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import mixing, mixing_by_angle, to_down, to_up
from bsfit.observables import bs_mixing
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.running import run_delta_f2_lr
from bsfit.theory import Rows, Theory, WilsonCoefficients

REFERENCE = load_inputs("reference")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
V = ckm(REFERENCE)
G, M = 0.3, 2000.0


def matrix(hermitian):
    return np.array([[complex(hermitian(i, j)) for j in range(3)] for i in range(3)])


def random_vector(seed):
    generator = np.random.default_rng(seed)
    return {i: complex(*generator.normal(size=2)) for i in range(3)}


# ------------------------------------------------------------------------------------------------------- matrices


def test_hermitian_matrices_are_what_their_elements_say():
    v = random_vector(1)
    outer = matrix(Hermitian.outer(v, 0.7))
    np.testing.assert_allclose(outer, 0.7 * np.outer(np.conj([*v.values()]), [*v.values()]), rtol=1e-14)
    both = Hermitian.outer({1: 1.0, 2: 2j}) + Hermitian.diagonal([0.0, 0.5, -1.0])
    np.testing.assert_allclose(matrix(both), [[0, 0, 0], [0, 1.5, 2j], [0, -2j, 3.0]])
    np.testing.assert_allclose(matrix(both.turned(V)), V @ matrix(both) @ V.conj().T, atol=1e-15)


def test_what_is_zero_is_not_there():
    """Nothing is computed or compiled for it: neither elements nor coefficients nor decays."""
    assert Hermitian.diagonal([0.0, 1.0, 0.0]).elements.keys() == {(1, 1)}
    assert not Hermitian().turned(V).elements
    z = z_prime.lepton_charges((0.0, 0.2, 0.0), (0.0, 0.0, 0.0)) + z_prime.quarks_in_down_basis(
        Hermitian.outer({1: 0.1, 2: 1.0}, 0.2), V
    )
    found = z_prime_exchange.wilson_coefficients(M, z, REFERENCE)
    charged = {name for name in found if name.startswith(("C9", "C10"))}
    assert charged == {"C9_bsmumu", "C10_bsmumu"}
    assert {name for name in found if name.startswith("CL")} == {"CL_bsnumunumu"}
    assert not {name for name in found if "RR" in name or "LR_b" in name}
    groups, pairs = z_prime_decays.fermion_pairs(z, REFERENCE)
    assert len(groups) == len(pairs.weight) == 6 + 3 + 1 + 1
    empty = z_prime_decays.widths(M, z_prime.Currents(), REFERENCE)
    assert not any(float(width) for width in empty.values())


# -------------------------------------------------------------------------------------------------------- charges


def test_charges_of_a_special_third_family():
    """Delta_L^d = V^dagger diag(a, a, b) V; its sb element g (b - a) V_ts^* V_tb, which makes C9 real."""
    a, b = G / 3, -2 * G / 3
    z = z_prime.quark_charges((a, b), (a, b), (a, b), V) + z_prime.lepton_charges((0.0, -G, 0.0), (0.0, -G, 0.0))
    np.testing.assert_allclose(matrix(z.down.left), V.conj().T @ np.diag([a, a, b]) @ V, atol=1e-15)
    np.testing.assert_allclose(matrix(z.up.left), np.diag([a, a, b]), atol=1e-18)
    np.testing.assert_allclose(matrix(z.down.right), np.diag([a, a, b]), atol=1e-18)
    assert complex(z.down.left(1, 2)) == pytest.approx(complex((b - a) * V[2, 2] * jnp.conj(V[2, 1])), rel=1e-13)
    c9 = complex(z_prime_exchange.wilson_coefficients(M, z, REFERENCE)["C9_bsmumu"])
    expected = -(b - a) * -2 * G * float(currents.lambda_v(REFERENCE)) ** 2 / M**2
    assert c9 == pytest.approx(expected, rel=1e-12)
    assert c9.real < 0  # the sign rule: (b - a)(charge_L + charge_R) > 0


@pytest.mark.parametrize("chirality", ["left", "right"])
@pytest.mark.parametrize("own", [0.0, 0.4])
def test_mixing_of_either_chirality_keeps_all_charge(chirality, own):
    """Light states have charge `own`, the heavy one own + 2g: far above all masses the width is that of the charges."""
    mixed = mixing(900.0, random_vector(4), 2 * G, scale=700.0, own=own)
    f = z_prime.Fermions.mixed(mixed, chirality)
    whole = z_prime.Currents(electron=f)
    sides = (f.left, f.right) if chirality == "left" else (f.right, f.left)
    heavy = f.heavy[0]
    row = heavy.to_left if chirality == "left" else heavy.to_right
    block = np.zeros((4, 4), dtype=complex)
    block[:3, :3] = matrix(sides[0])
    block[3, :3] = [complex(row[j]) for j in range(3)]
    block[:3, 3] = block[3, :3].conj()
    block[3, 3] = complex(heavy.left if chirality == "left" else heavy.right)
    np.testing.assert_allclose(np.linalg.eigvalsh(block), sorted([own, own, own, own + 2 * G]), atol=1e-12)
    assert float(heavy.right if chirality == "left" else heavy.left) == pytest.approx(own + 2 * G)
    assert not sides[1].elements
    far = z_prime_decays.widths(1e9, whole, REFERENCE)
    total = sum(float(width) for name, width in far.items() if name != "mumu")
    charges = 3 * own**2 + 2 * (own + 2 * G) ** 2
    assert total == pytest.approx(charges * 1e9 / (24 * np.pi), rel=1e-9)


def test_one_angle_is_one_vector():
    """Delta = g sin^2(theta), and the masses: m = M cos(theta)."""
    by_angle = mixing_by_angle(1500.0, 0.4, to_down({2: 1.0}, V), G)
    assert float(by_angle.heavy) == pytest.approx(1500.0)
    by_vector = mixing(1500.0 * np.cos(0.4), by_angle.mu, G)
    assert float(by_vector.heavy) == pytest.approx(1500.0, rel=1e-14)
    np.testing.assert_allclose(matrix(by_angle.light()), matrix(by_vector.light()), rtol=1e-13)
    trace = np.trace(matrix(by_angle.light())).real
    assert trace == pytest.approx(G * np.sin(0.4) ** 2, rel=1e-13)
    back = to_up(to_down({2: 1.0}, V), V)
    np.testing.assert_allclose([complex(back[i]) for i in range(3)], [0, 0, 1], atol=1e-15)


# ------------------------------------------------------------------------------------------------ right-handed b -> s


def right_handed(left=0.0, right=0.0):
    """Quarks with these sb couplings, muons with 0.5 and 0.2."""
    down = z_prime.Fermions(Hermitian({(1, 2): jnp.asarray(left + 0j)}), Hermitian({(1, 2): jnp.asarray(right + 0j)}))
    leptons = z_prime.lepton_charges((0.0, 0.5, 0.0), (0.0, 0.2, 0.0))
    return z_prime.Currents(down=down) + leptons


def test_primed_coefficients_are_those_of_the_mirror_image():
    """C9', C10', C_R of Delta_R are C9, C10, C_L of the same Delta_L; one four-fermion term, by A-5."""
    left, right = (
        z_prime_exchange.wilson_coefficients(M, right_handed(**{side: 2e-3 - 1e-3j}), REFERENCE)
        for side in ("left", "right")
    )
    for name in ("C9{}_bsmumu", "C10{}_bsmumu"):
        assert complex(right[name.format("p")]) == complex(left[name.format("")]) != 0
    assert complex(right["CR_bsnumunumu"]) == complex(left["CL_bsnumunumu"])
    unit = -(2e-3 - 1e-3j) / complex(v_tb_v_ts(REFERENCE)) * float(currents.lambda_v(REFERENCE)) ** 2 / M**2
    assert complex(right["C9p_bsmumu"]) == pytest.approx(unit * 0.7, rel=1e-13)
    assert complex(right["C10p_bsmumu"]) == pytest.approx(unit * -0.3, rel=1e-13)
    assert complex(right["CVRR_bsbs"]) == complex(left["CVLL_bsbs"])


def shift(z):
    """DeltaM_s/SM - 1."""
    theory = Theory(WilsonCoefficients.of(z_prime_exchange.wilson_coefficients(M, z, REFERENCE)))
    moments = bs_mixing.moments(theory, REFERENCE, ROW)
    return float(bs_mixing.assemble("DeltaM_s/SM", moments, ROW, REFERENCE)) - 1


def test_left_right_operator_is_negative_and_enhanced():
    """C_LR = Delta_L Delta_R/m^2 with equal couplings is twice C_LL, and does about minus 5 times twice as much."""
    delta = 4e-4
    left, right, both = (shift(right_handed(*couplings)) for couplings in ((delta, 0.0), (0.0, delta), (delta, delta)))
    assert left == pytest.approx(right, rel=1e-9)
    ratio = (both - left - right) / (2 * left)
    assert -5.5 < ratio < -4.0
    opposite = shift(right_handed(delta, -delta))
    assert opposite > left > 0 > both - left - right


def test_scalar_operator_is_carried_from_the_scale_of_the_model():
    """From m_Zp to 4.8 GeV to m_b is one running, with what VLR has mixed into above 4.8 GeV."""
    z = right_handed(4e-4, -3e-4)
    c = complex(z_prime_exchange.delta_f2(M, z)["LR"]["bs"])
    assert c == pytest.approx(4e-4 * -3e-4 / M**2, rel=1e-13)
    wilson = WilsonCoefficients.of(currents.from_delta_f2({}, M, REFERENCE, mixed={"bs": jnp.asarray(c)}))
    found = complex(b_mixing.new_physics(BS, Theory(wilson), REFERENCE))
    once = run_delta_f2_lr(M, REFERENCE["m_b"], REFERENCE) @ b_mixing.left_right_matrix_elements(BS, REFERENCE)
    assert found == pytest.approx(c * complex(once), rel=1e-11)
    alone = WilsonCoefficients.of({"CVLR_bsbs": wilson["CVLR_bsbs"]})
    assert abs(complex(b_mixing.new_physics(BS, Theory(alone), REFERENCE)) / found) < 0.6
    assert abs(found) / GEV_PER_INVERSE_PS > 1e-3


def test_delta_f2_of_every_pair():
    down, up = Hermitian.outer(random_vector(7), 1e-3), Hermitian.outer(random_vector(8), 1e-3)
    z = z_prime.Currents(up=z_prime.Fermions(up, up), down=z_prime.Fermions(down, down))
    found = z_prime_exchange.delta_f2(M, z)
    for pair, (f, i, j) in {"bs": (down, 1, 2), "bd": (down, 0, 2), "sd": (down, 0, 1), "uc": (up, 1, 0)}.items():
        square = complex(f(i, j)) ** 2 / M**2
        for operator, factor in (("LL", 0.5), ("RR", 0.5), ("LR", 1.0)):
            assert complex(found[operator][pair]) == pytest.approx(factor * square, rel=1e-13)
    low = z_prime_exchange.wilson_coefficients(M, z, REFERENCE)
    assert {f"{o}_{q}{q}" for o in ("CVLL", "CVRR", "CVLR", "CSLR") for q in ("bs", "bd", "sd", "uc")} <= set(low)


# --------------------------------------------------------------------------------------------------- kinetic mixing


def test_kinetic_mixing_far_above_the_z_is_hypercharge():
    g_y = float(z_prime.hypercharge_coupling(REFERENCE))
    for name, numbers in z_prime.NUMBERS.items():
        left, right = z_prime.kinetic_shift(name, 1e10, REFERENCE)
        assert complex(left) == pytest.approx(-g_y * (numbers.charge - numbers.isospin), abs=1e-5)
        assert complex(right) == pytest.approx(-g_y * numbers.charge, abs=1e-5)


def test_currents_without_kinetic_mixing_cost_nothing_for_it():
    z = right_handed(1e-3, 0.0)
    charged = z_prime_exchange.at_threshold("electron", z, REFERENCE)
    neutral = z_prime_exchange.at_threshold("neutrino", z, REFERENCE).left
    assert charged is z.electron
    assert neutral is z.neutrino.left
    groups, pairs = z_prime_decays.fermion_pairs(z, REFERENCE)
    assert pairs.mixing is None
    mixed = z.with_kinetic_mixing(0.01)
    assert (mixed + mixed).epsilon == pytest.approx(0.02)
    assert len(z_prime_decays.fermion_pairs(mixed, REFERENCE)[0]) > len(groups)


# -------------------------------------------------------------------------------------------- a charged Higgs field


def test_the_higgs_charge_is_the_exchange_of_the_z():
    """The inverse of the exact mass matrix of Z and Z', first order in v^2/m^2, for all pairs of fermions."""
    sin2, charge, m_zp = float(REFERENCE["sin2_theta_w"]), 0.7, 1e5
    v2, g_z = 1 / (2**0.5 * float(REFERENCE["G_F"])), 0.74
    squares = np.array([[g_z**2 * v2 / 4, -g_z * charge * v2 / 2], [-g_z * charge * v2 / 2, m_zp**2 + charge**2 * v2]])
    inverse, bare = np.linalg.inv(squares), 4 / (g_z**2 * v2)
    fields = [(name, side) for name in z_prime.NUMBERS for side in (0, 1)]
    own = dict(zip(fields, np.random.default_rng(3).normal(size=len(fields)), strict=True))

    def of_z(name, side):
        numbers = z_prime.NUMBERS[name]
        return g_z * ((numbers.isospin if side == 0 else 0.0) - sin2 * numbers.charge)

    for first in fields:
        for second in fields:
            pair = [np.array([of_z(*field), own[field]]) for field in (first, second)]
            beyond_the_z = pair[0] @ inverse @ pair[1] - pair[0][0] * pair[1][0] * bare
            ours = [own[name, side] + charge * float(z_prime.through_the_z(name, REFERENCE)[side])
                    for name, side in (first, second)]  # fmt: skip
            assert m_zp**2 * beyond_the_z == pytest.approx(ours[0] * ours[1], abs=1e-5)


def test_charges_like_hypercharge_leave_a_photon():
    """All of v^2 charged: what is left of exchange at low energies couples to c_W^2 Q, whatever the chirality."""
    cos2 = 1 - float(REFERENCE["sin2_theta_w"])
    for name, numbers in z_prime.NUMBERS.items():
        left, right = (float(x) / 2 for x in z_prime.through_the_z(name, REFERENCE))
        assert numbers.charge - numbers.isospin + left == pytest.approx(cos2 * numbers.charge, abs=1e-14)
        assert numbers.charge + right == pytest.approx(cos2 * numbers.charge, abs=1e-14)


def test_z_mixing_in_decays_is_an_input():
    """It moves C10 of all leptons alike; `reference` is without."""
    z = z_prime.lepton_charges((0.0, 0.2, 0.0), (0.0, 0.2, 0.0)) + z_prime.quarks_in_down_basis(
        Hermitian.outer({1: 0.1, 2: 1.0}, 0.2), V
    )
    charged = z.with_higgs_charge(0.1)
    bare, off = (z_prime_exchange.wilson_coefficients(M, x, REFERENCE) for x in (z, charged))
    assert all(abs(complex(off[name]) - complex(bare.get(name, 0.0))) < 1e-15 for name in off)
    on = z_prime_exchange.wilson_coefficients(M, charged, REFERENCE.replace({"Z_mixing": 1.0}))
    unit = complex(bare["C9_bsmumu"]) / 0.4
    sin2 = float(REFERENCE["sin2_theta_w"])
    for lepton in LEPTONS:
        assert complex(on[f"C10_bs{lepton}{lepton}"]) == pytest.approx(0.1 * unit, rel=1e-12)
        shift = complex(on[f"C9_bs{lepton}{lepton}"] - off[f"C9_bs{lepton}{lepton}"])
        assert shift == pytest.approx((4 * sin2 - 1) * 0.1 * unit, rel=1e-10)
        shift = complex(on[f"CL_bsnu{lepton}nu{lepton}"] - off[f"CL_bsnu{lepton}nu{lepton}"])
        assert shift == pytest.approx(0.1 * unit, rel=1e-12)
    assert (charged + charged).higgs == pytest.approx(0.2)
    assert (z + charged).higgs == 0.1
    rho = float(z_prime.shift_of_rho(M, charged, REFERENCE))
    assert rho == pytest.approx((0.1 * 246.22 / M) ** 2, rel=1e-4)


@pytest.mark.slow
def test_gradients_are_finite_without_couplings():
    """At zero couplings of every kind, complex ones included."""

    def outputs(x):
        quarks = mixing(1500.0, {1: x[0] + 1j * x[1], 2: x[2]}, x[3], scale=1000.0)
        singlet = mixing(1500.0, {1: x[4] + 1j * x[5], 2: x[6]}, -x[3], scale=1000.0)
        z = (
            z_prime.mixed_quarks(quarks, mixing(1500.0, to_up(quarks.mu, V), x[3]))
            + z_prime.Currents(down=z_prime.Fermions.mixed(singlet, "right"))
            + z_prime.lepton_charges((0.0, x[7], 0.0), (0.0, x[8], 0.0))
        ).with_kinetic_mixing(x[9])
        values = [*z_prime_exchange.wilson_coefficients(M, z, REFERENCE).values()]
        widths = z_prime_decays.widths(M, z, REFERENCE)
        return jnp.concatenate([jnp.stack(values).real, jnp.stack(values).imag, jnp.stack([*widths.values()])])

    for point in (jnp.zeros(10), jnp.zeros(10).at[3].set(0.3).at[7].set(0.3)):
        slopes = jax.jit(jax.jacfwd(outputs))(point)
        assert np.all(np.isfinite(np.asarray(slopes)))


def test_neutrinos_of_every_generation():
    """C_L of a flavour is half of C9 where the lepton's current is a vector."""
    z = right_handed(1e-3, 0.0) + z_prime.lepton_charges((0.1, 0.0, 0.3), (0.1, 0.0, 0.3))
    found = z_prime_exchange.wilson_coefficients(M, z, REFERENCE)
    for lepton in (LEPTONS[0], LEPTONS[2]):
        assert complex(found[f"CL_bsnu{lepton}nu{lepton}"]) == pytest.approx(
            complex(found[f"C9_bs{lepton}{lepton}"]) / 2
        )
