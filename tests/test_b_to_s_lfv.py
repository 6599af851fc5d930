"""Bs -> ll', B -> K ll', K* ll', Bs -> phi ll' against flavio 2.7.1, and for leptons alike the rates of one flavour."""

import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from flavio_points import FLAVIO, rows, shifted
from process_values import combine

from bsfit.catalogue import FLAVOUR_VIOLATING
from bsfit.hadronic import form_factors
from bsfit.hadronic.effective_coefficients import COEFFICIENTS, quarks
from bsfit.hadronic.phase_space import bin_nodes
from bsfit.loading.shared_data import told
from bsfit.observables import b_to_k_ll, b_to_ll, b_to_s_lfv, b_to_v_ll
from bsfit.standard_model.wilson import standard_model
from bsfit.theory import LightMediator, Theory, WilsonCoefficients

ROW = rows([(0, 0, 0.0, 0.0)])
POINTS = json.loads((Path(__file__).parent / "reference" / "flavio_lfv.json").read_text())["points"]
MOMENTS = jax.jit(lambda theory, inputs: b_to_s_lfv.moments(theory, inputs, ROW))
KEYS = tuple(b_to_s_lfv.QUANTITIES)
OPERATORS = ("C9", "C10", "C9p", "C10p", "CS", "CSp", "CP", "CPp")


@jax.jit
def values_of(theory, inputs):
    moments = b_to_s_lfv.moments(theory, inputs, ROW)
    return jnp.stack([combine(b_to_s_lfv, key, moments, ROW, inputs) for key in KEYS])


def found(point, inputs=FLAVIO):
    """All branching fractions by name, of coefficients by name."""
    return dict(zip(KEYS, np.asarray(values_of(shifted(point), inputs)).tolist(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS, ids=lambda p: p["name"])
def test_against_flavio(point):
    """flavio has lepton and antilepton of a semileptonic decay exchanged: ours with the opposite CS and CS'."""
    coefficients = {name: complex(*c) for name, c in point["wc"].items()}
    mirrored = found({name: -c if name.startswith("CS") else c for name, c in coefficients.items()})
    ours = {key: value if key.startswith("BR(Bs->") and "phi" not in key else mirrored[key]
            for key, value in found(coefficients).items()}  # fmt: skip
    for key in ours.keys() & point["pred"].keys():
        tolerance = 1e-9 if key.startswith("BR(Bs->") and "phi" not in key else 1e-4  # flavio integrates to 1e-5
        assert ours[key] == pytest.approx(point["pred"][key], rel=tolerance), key
    listed = [key for key in ours if "," not in key and not re.match(r"BR\(B0->K[a-z]", key)]
    assert {key for key in listed if ours[key]} == {key for key in listed if key in point["pred"]}


def test_nothing_in_the_standard_model():
    assert not any(found({"C9_bsmumu": -1.0, "C7_bs": 0.1}).values())


def test_sums_are_of_both_charges():
    point = {"C9_bsmutau": 1.0, "CSp_bsmutau": 0.1j, "C10p_bstaumu": -0.4}
    values = found(point)
    for decay in b_to_s_lfv.DECAYS:
        both = values[f"BR({decay}mutau)"], values[f"BR({decay}taumu)"]
        assert values[f"BR({decay}mutau,taumu)"] == pytest.approx(sum(both), rel=1e-12)
        assert told(f"BR({decay}mutau,taumu)") == told(f"BR({decay}mutau)") | told(f"BR({decay}taumu)")


def of_one_flavour(process, decay, lepton, coefficients, inputs):
    """Branching fraction by the amplitudes of `b_to_k_ll` or `b_to_v_ll`, local operators alone."""
    wilson = np.zeros(len(COEFFICIENTS), dtype=complex)
    for name, c in coefficients.items():
        wilson[COEFFICIENTS.index(name)] = c
    mesons = jax.tree.map(lambda x: x[decay], process.decays(inputs))
    m_m = mesons.m_k if process is b_to_k_ll else mesons.m_v
    m_l, end = inputs[f"m_{lepton}"], (mesons.m_b - m_m) ** 2
    quark, expansion = quarks(standard_model(inputs), inputs), form_factors.b_to_k(inputs)
    q2, weight = bin_nodes(4 * m_l**2, end, m_l, end, jnp.zeros(1), 40)
    strength = (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(quark.lambda_t)) ** 2 * mesons.lifetime

    def amplitudes(q2):
        if process is b_to_k_ll:
            factors = b_to_k_ll.hadronic_factors(q2, form_factors.evaluate(expansion, q2), mesons, m_l, quark)
        else:
            factors = b_to_v_ll.hadronic_factors(q2, mesons, m_l, quark)
        local, dipole = (wilson @ selection for selection in (process.CURRENT, process.DIPOLE))
        found = factors[0] * local + factors[1] * dipole
        return jnp.stack([found, found])  # of both CP states

    if process is b_to_k_ll:
        parts = jax.vmap(lambda q2: b_to_k_ll.distribution(q2, amplitudes(q2), mesons, m_l))(q2)
        a, _, c, *_ = weight @ parts
        return strength / (2 * jnp.pi**2) * 2 * (a + c / 3)
    measure = weight * b_to_v_ll.rate_factor(q2, mesons, m_l)
    return strength * b_to_v_ll.RATE @ b_to_v_ll.angular_integrals(jax.vmap(amplitudes)(q2), q2, measure, m_l)[0]


@pytest.mark.slow
def test_equal_masses_are_one_flavour():
    """Muons for electrons, in all operators: what is left is new physics of one flavour."""
    random = np.random.default_rng(3)
    sizes = dict.fromkeys(OPERATORS[:4], 1.0) | dict.fromkeys(OPERATORS[4:], 0.2)
    coefficients = {name: s * complex(*random.normal(size=2)) for name, s in sizes.items()}
    equal = FLAVIO.replace({"m_e": float(FLAVIO["m_tau"]), "m_mu": float(FLAVIO["m_tau"])})
    values = found({f"{name}_bsmue": c for name, c in coefficients.items()}, equal)
    for process, decays in ((b_to_k_ll, ("B+->K", "B0->K")), (b_to_v_ll, ("B0->K*", "B+->K*", "Bs->phi"))):
        run = jax.jit(lambda inputs, process=process: [
            of_one_flavour(process, i, "mu", coefficients, inputs) for i in range(3 if process is b_to_v_ll else 2)
        ])  # fmt: skip
        for decay, expected in zip(decays, run(equal), strict=True):
            assert values[f"BR({decay}mue)"] == pytest.approx(float(expected), rel=1e-7), decay


@pytest.mark.slow
def test_equal_masses_of_a_leptonic_decay():
    """Bs -> ll' at decay time zero without the Standard Model; C9 drops out, and so do the roles of the two leptons."""
    equal = FLAVIO.replace({"m_e": float(FLAVIO["m_mu"]), "C10_SM": 0.0, "DeltaGamma/Gamma_Bs": 0.0})
    point = {"C10": 1.3 - 0.2j, "C10p": 0.4j, "CS": 0.03, "CPp": 0.02 - 0.01j}
    one = jax.jit(b_to_ll.moments)(shifted({f"{c}_bsmumu": x for c, x in point.items()}), equal, ROW)
    expected = float(combine(b_to_ll, "BR(Bs->mumu)", one, ROW, equal))
    for pair in ("emu", "mue"):
        values = found({f"{c}_bs{pair}": x for c, x in point.items()} | {f"C9_bs{pair}": 2.0}, equal)
        assert values[f"BR(Bs->{pair})"] == pytest.approx(expected, rel=1e-12)


def test_the_lighter_lepton_decides_the_sign():
    """CS and C9 interfere with the difference of the masses: with opposite signs for mu tau and tau mu."""

    def rates(decay, point):
        values = found({f"{name}_bs{pair}": c for name, c in point.items() for pair in ("mutau", "taumu")})
        return np.array([values[f"BR({decay}{pair})"] for pair in ("mutau", "taumu")])

    for decay in ("Bs->", "B+->K", "B0->K*"):
        c9 = rates(decay, {"C9": 1.0})
        assert c9[0] == pytest.approx(c9[1], rel=1e-12)
        first, second = rates(decay, {"C9": 1.0, "CS": 0.1}) - c9 - rates(decay, {"CS": 0.1})
        assert first == pytest.approx(-second, rel=1e-9)
        assert first > 0  # l- is the tau: mass of l- minus that of l+


@pytest.mark.slow
def test_nodes():
    """Against four times as many, all pairs; what converges last is e mu just above its threshold."""
    theory = shifted({f"{name}_bs{pair}": 1.0 for pair in FLAVOUR_VIOLATING for name in OPERATORS})
    few = MOMENTS(theory, FLAVIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(b_to_s_lfv, "NODES", 4 * b_to_s_lfv.NODES)
        many = jax.jit(lambda theory, inputs: b_to_s_lfv.moments(theory, inputs, ROW))(theory, FLAVIO)
    np.testing.assert_allclose(few, many, rtol=1e-7)


@pytest.mark.slow
def test_a_heavy_mediator_is_a_contact():
    theory = shifted({"C9_bsmue": 1.0, "C10p_bsmue": 0.5j, "CS_bsmue": 0.05})
    heavy = LightMediator(jnp.asarray(300.0), jnp.asarray(3.0))
    np.testing.assert_allclose(
        MOMENTS(Theory(theory.wilson, mediator=heavy), FLAVIO), MOMENTS(theory, FLAVIO), rtol=1e-3, atol=1e-30
    )


@pytest.mark.long
def test_derivatives():
    names = ("V_cb", "m_tau", "m_mu", "m_B+", "tau_Bs", "B->K BSZ a1_f+")

    def all_of_them(x):
        inputs = FLAVIO.replace(dict(zip(names, x[2:], strict=True)))
        wc = {"C9_bsmutau": x[0] + 0.3j, "CS_bsmutau": 0.1 * x[1] + 0j, "C10p_bstaumu": 1j * x[1]}
        return b_to_s_lfv.moments(Theory(WilsonCoefficients.of(wc)), inputs, ROW)[0, jnp.array([3, 5, 9, 21, 33])]

    point = np.concatenate([[0.4, -0.3], FLAVIO.array(names)])
    scale = np.concatenate([[1.0, 1.0], 0.1 * np.abs(FLAVIO.array(names))])
    assert_derivatives(all_of_them, [point], scale, second=False)
