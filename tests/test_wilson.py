"""Total Wilson coefficients, the CKM matrix and the running of new physics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.catalogue import COEFFICIENTS, LEPTON_PAIRS, SEMILEPTONIC
from bsfit.loading.inputs import load_inputs
from bsfit.matching import currents
from bsfit.standard_model import running, wilson
from bsfit.standard_model.ckm import ckm, v_tb_v_td, v_tb_v_ts
from bsfit.standard_model.qcd import alpha_s
from bsfit.theory import INDEX, WilsonCoefficients

FLAVIO, REFERENCE = load_inputs("flavio"), load_inputs("reference")

# flavio 2.7.1, default parameters: CKM matrix; C7eff, C7', C8eff, C8' at 4.8 GeV
CKM = [
    [0.974398127256, 0.2248, 0.0014848840660436772 - 0.0033233596420504355j],
    [-0.2246641334779828 - 0.0001359122197995139j, 0.9735319854905987 - 3.13558351112303e-05j, 0.04197],
    [
        0.007989378073678098 - 0.0032354434706046197j,
        -0.041229541278133434 - 0.0007464379003273992j,
        0.9991122406917053,
    ],
]
DIPOLES = [-0.29149505435086037, -0.00589795725260408, -0.16067314953347073, -0.003205044393814459]


TOTAL = jax.jit(wilson.total)


def test_ckm_against_flavio():
    v = jax.jit(ckm)(FLAVIO)
    np.testing.assert_allclose(v, CKM, atol=1e-15)
    np.testing.assert_allclose(v @ jnp.conj(v.T), np.eye(3), atol=1e-15)
    assert jnp.angle(-v[0, 0] * jnp.conj(v[0, 2]) / (v[1, 0] * jnp.conj(v[1, 2]))) == pytest.approx(1.15, rel=1e-13)


def test_ckm_and_scale_of_the_reference(reference):
    meta = reference("models.json")["meta"]
    assert complex(v_tb_v_ts(REFERENCE)) == pytest.approx(complex(*meta["VtbVts"]), rel=1e-12)
    assert float(currents.lambda_v(REFERENCE)) == pytest.approx(meta["Lambda_v"], rel=1e-10)
    assert v_tb_v_ts(REFERENCE).real < 0


def test_normalisation_identity():
    """(4 G_F/sqrt2)(alpha/4 pi) = 1/(2 Lambda_v^2), whatever alpha is."""
    for inputs in (FLAVIO, REFERENCE):
        left = 4 * inputs["G_F"] / jnp.sqrt(2.0) * inputs["alpha_em_mb"] / (4 * jnp.pi)
        assert float(left * 2 * currents.lambda_v(inputs) ** 2) == pytest.approx(1.0, rel=1e-14)


def test_standard_model_against_flavio():
    sm = jax.jit(wilson.standard_model)(FLAVIO)
    np.testing.assert_allclose(sm.dipole, DIPOLES, rtol=1e-8)
    for i, pair in enumerate(LEPTON_PAIRS):
        expected = np.zeros(len(SEMILEPTONIC))
        if pair in ("ee", "mumu", "tautau"):
            expected[:2] = 4.053151763684344, -4.166497379346698
        np.testing.assert_allclose(sm.semileptonic[i], expected, rtol=1e-14)
    assert sm.four_quark[1] == pytest.approx(1.0147763890802286)


def closed_formulas(m_t, alpha_s_mz):
    """C7eff, C8eff (leading order), C9 (next-to-leading, NDR) and C10 at 4.8 GeV: Secs. X, XI of hep-ph/9512380."""
    m_w, m_z, mu, s2 = 80.379, 91.1876, 4.8, 0.23121

    def coupling(scale):
        v = 1 - 23 / 3 * alpha_s_mz / (2 * np.pi) * np.log(m_z / scale)
        return alpha_s_mz / v * (1 - 116 / 23 * alpha_s_mz / (4 * np.pi) * np.log(v) / v)

    a = np.array([14 / 23, 16 / 23, 6 / 23, -12 / 23, 0.4086, -0.4230, -0.8994, 0.1456])
    h = np.array([2.2996, -1.0880, -3 / 7, -1 / 14, -0.6494, -0.0380, -0.0186, -0.0057])
    h8 = np.array([0.8623, 0, 0, 0, -0.9135, 0.0873, -0.0571, 0.0209])
    p = np.array([0, 0, -80 / 203, 8 / 33, 0.0433, 0.1384, 0.1648, -0.0073])
    r = np.array([0, 0, 0.8966, -0.1960, -0.2011, 0.1328, -0.0292, -0.1858])
    s = np.array([0, 0, -0.2009, -0.3579, 0.0490, -0.3616, -0.3554, 0.0072])
    x = (m_t / m_w) ** 2
    log = np.log(x)
    c7 = -0.5 * (x * (8 * x**2 + 5 * x - 7) / (12 * (x - 1) ** 3) + x**2 * (2 - 3 * x) / (2 * (x - 1) ** 4) * log)
    c8 = -0.5 * (x * (x**2 - 5 * x - 2) / (4 * (x - 1) ** 3) + 3 * x**2 / (2 * (x - 1) ** 4) * log)
    box = 0.25 * (x / (1 - x) + x * log / (x - 1) ** 2)
    z = x / 8 * ((x - 6) / (x - 1) + (3 * x + 2) / (x - 1) ** 2 * log)
    photon = (
        -4 / 9 * log
        + (-19 * x**3 + 25 * x**2) / (36 * (x - 1) ** 3)
        + x**2 * (5 * x**2 - 2 * x - 6) / (18 * (x - 1) ** 4) * log
    )
    at_w = coupling(m_w)
    eta = at_w / coupling(mu)
    p0 = np.pi / at_w * (-0.1875 + p @ eta ** (a + 1)) + 1.2468 + eta**a @ (r + s * eta)
    return np.array(
        [
            eta ** (16 / 23) * c7 + 8 / 3 * (eta ** (14 / 23) - eta ** (16 / 23)) * c8 + h @ eta**a,
            eta ** (14 / 23) * c8 + h8 @ eta**a,
            p0 + (z - box) / s2 - 4 * (z + photon / 4),
            (box - z) / s2,
        ]
    )


def test_dependence_on_top_mass_and_coupling():
    """The stored powers are the logarithmic derivatives of the closed formulas at m_t(m_t) = 162.85 GeV."""
    at = lambda m, a: np.log(np.abs(closed_formulas(162.85 * m, 0.1184 * a)))  # noqa: E731
    step = 1e-4
    top = (at(1 + step, 1) - at(1 - step, 1)) / (2 * step)
    strong = (at(1, 1 + step) - at(1, 1 - step)) / (2 * step)
    for i, name in enumerate(("C7", "C8", "C9")):
        assert wilson.POWERS[name] == pytest.approx((top[i], strong[i]), abs=6e-4)
    assert wilson.POWERS["C10"][0] == pytest.approx(top[3], abs=0.03)  # published value, beyond leading order
    np.testing.assert_allclose(closed_formulas(162.85, 0.1184), [-0.2915, -0.1607, 4.0532, -4.1665], rtol=0.1)


def test_powers_are_applied():
    moved = FLAVIO.replace({"m_t_pole": 172.5 * 1.02, "alpha_s_mZ": 0.1184 * 0.99})
    ratio = (
        jax.jit(wilson.standard_model)(moved).semileptonic[4, :2] / wilson.standard_model(FLAVIO).semileptonic[4, :2]
    )
    np.testing.assert_allclose(ratio, [1.02**0.343 * 0.99**-0.155, 1.02**1.53 * 0.99**-0.09], rtol=1e-12)


def test_total_adds_new_physics_once():
    values = {"C9_bsmumu": -1.0, "C10p_bsee": 0.3j, "CS_bsmue": 0.01, "C7_bs": 0.05, "C8p_bs": 1j}
    difference = jax.tree.map(
        lambda a, b: a - b,
        TOTAL(WilsonCoefficients.of({name: c + 0j for name, c in values.items()}), FLAVIO),
        TOTAL(WilsonCoefficients.zeros(), FLAVIO),
    )
    expected = np.zeros((9, 8), dtype=complex)
    for name, value in values.items():
        op, _, pair = name.partition("_bs")
        if pair:
            expected[LEPTON_PAIRS.index(pair), SEMILEPTONIC.index(op)] = value
    np.testing.assert_allclose(difference.semileptonic, expected, atol=1e-15)
    np.testing.assert_allclose(difference.dipole, [0.05, 0, 0, 1j], atol=1e-15)
    np.testing.assert_allclose(difference.four_quark, 0)


def test_conjugate_turns_every_phase():
    total = TOTAL(WilsonCoefficients.of({"C9_bsmumu": 1 + 2j, "C7_bs": 1j}), FLAVIO)
    turned = wilson.conjugate(total)
    assert turned.semileptonic[4, 0] == jnp.conj(total.semileptonic[4, 0])
    assert turned.dipole[0].imag == -1.0


# ----------------------------------------------------------------------------------------------------- running


def evolved(gamma, c, mu, low=4.8, steps=4000):
    """Leading-order evolution dc/dln(mu) = gamma^T(n_f) alpha/4pi c by the midpoint rule, from mu to `low`."""
    top = float(REFERENCE["m_t_MSbar"])
    c = np.array(c, dtype=float)
    for high, end, n_f in ((mu, top, 6), (top, low, 5)):
        # The exact solution at fixed n_f is a power of alpha; integrating over ln(alpha)/(-2 beta0) is that equation.
        first, last = (float(alpha_s(m, REFERENCE, loops=2)) for m in (high, end))
        dt = np.log(first / last) / (2 * (11 - 2 / 3 * n_f)) / steps
        for _ in range(steps):
            middle = c + 0.5 * dt * gamma.T @ c
            c = c + dt * gamma.T @ middle
    return c


@pytest.mark.parametrize("mu", [400.0, 2000.0])
def test_dipoles_run_by_their_anomalous_dimensions(mu):
    gamma = np.array([[32 / 3, 0], [-32 / 9, 28 / 3]])
    expected = evolved(gamma, [1.0, -3.0], mu)
    np.testing.assert_allclose(jax.jit(running.run_dipoles)(1.0, -3.0, mu, REFERENCE), expected, rtol=1e-6)


def test_size_of_the_running():
    c7, c8 = jax.jit(running.run_dipoles)(1.0, -3.0, 1000.0, REFERENCE)
    assert float(c7) == pytest.approx(0.18, abs=0.005)
    assert float(c8) / -3 == pytest.approx(0.57, abs=0.01)
    run = jax.jit(running.run_delta_f2)
    for mu, expected in ((1e3, 0.781), (2e3, 0.766), (5e3, 0.748)):
        assert float(run(mu, 4.18, REFERENCE)) == pytest.approx(expected, abs=6e-4)


def test_left_right_operators_mix():
    gamma = np.array([[2.0, 12.0], [0.0, -16.0]])
    expected = evolved(gamma, [1.0, 0.0], 1500.0)
    np.testing.assert_allclose(running.run_delta_f2_lr(1500.0, 4.8, REFERENCE), expected, rtol=1e-6)


def test_running_composes():
    run = jax.jit(running.run_delta_f2)
    once = run(2000.0, 4.18, REFERENCE)
    for middle in (4.8, 100.0, 162.5, 500.0):
        assert run(2000.0, middle, REFERENCE) * run(middle, 4.18, REFERENCE) == pytest.approx(float(once), rel=1e-13)


@pytest.mark.slow
def test_derivatives_of_the_running():
    def run(x):
        inputs = REFERENCE.replace({"alpha_s_mZ": x[1], "m_t_MSbar": x[2]})
        return jnp.stack([running.run_delta_f2(x[0], 4.8, inputs), *running.run_dipoles(1.0, 0.5, x[0], inputs)])

    assert_derivatives(run, [[1500.0, 0.118, 162.5], [100.0, 0.118, 162.5]], [[500.0, 0.05, 50.0], [30.0, 0.05, 50.0]])


# -------------------------------------------------------------------------------------------- four-fermion terms


def test_lepton_currents_and_field_order():
    """The pair `mue` stands for the fields (e-bar ... mu); left-handed currents have C9 = -C10 = C_L."""
    left = lambda i, j: (1.0 + i + 10 * j) * 1e-9 + 0j  # noqa: E731
    none = lambda i, j: jnp.zeros(()) + 0j  # noqa: E731
    unit = currents.lambda_v(FLAVIO) ** 2 / v_tb_v_ts(FLAVIO)
    charged, neutral = currents.from_charged_leptons(left, none, FLAVIO), currents.from_neutrinos(left, FLAVIO)
    assert charged["C9_bsmue"] == pytest.approx(complex(left(0, 1) * unit))
    for pair, neutrinos in (("mue", "numunue"), ("tautau", "nutaunutau")):
        assert charged[f"C10_bs{pair}"] == -charged[f"C9_bs{pair}"]
        assert neutral[f"CL_bs{neutrinos}"] == charged[f"C9_bs{pair}"]
    right = currents.from_charged_leptons(none, left, FLAVIO)
    assert right["C9_bsmue"] == right["C10_bsmue"] == charged["C9_bsmue"]
    assert set(charged) | set(neutral) <= set(COEFFICIENTS)
    down = currents.from_charged_leptons(left, none, FLAVIO, quarks="right", transition="bd")
    assert set(down) == {"C10p_bdee", "C10p_bdmumu", "C10p_bdtautau"}
    assert down["C10p_bdtautau"] * v_tb_v_td(FLAVIO) == pytest.approx(charged["C10_bstautau"] * v_tb_v_ts(FLAVIO))
    assert set(INDEX) == set(COEFFICIENTS)


def test_delta_f2_has_the_sign_of_minus_h():
    result = currents.from_delta_f2({"bs": 1e-11 + 0j}, 1000.0, REFERENCE)
    assert result["CVLL_bsbs"] == -1e-11 * running.run_delta_f2(1000.0, 4.8, REFERENCE)
