"""B -> K l l: amplitudes and bins against flavio; exact relations, quadrature and derivatives."""

import equinox as eqx
import flavio_points
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flavio_points import random_theory, rows, shifted, theory
from process_values import combine

from bsfit.compiling import compile_quickly
from bsfit.hadronic import form_factors
from bsfit.hadronic.effective_coefficients import COEFFICIENTS, of_leptons, quarks
from bsfit.loading.inputs import input_set, load_inputs
from bsfit.observables import b_to_k_ll
from bsfit.standard_model.wilson import total
from bsfit.theory import Theory, WilsonCoefficients

INPUTS = load_inputs("flavio")
DEFAULT = load_inputs("default")
"""With spectator scattering, for which flavio has no inputs."""

BINS = [(1.37, 5.2), (0.045, 1.1), (0.1, 1.1), (15.0, 22.0), (14.3, 22.9), (4.0, 8.12)]
ROWS = rows([*((d, lepton, *b) for b in BINS for d in range(2) for lepton in (0, 1)), (0, 0, 0.0003, 0.045)])


def cp_rate(moments):
    return 2 * (moments[..., 0] + moments[..., 2] / 3 + moments[..., 3] + moments[..., 5] / 3)


def theory_of(values):
    return Theory(WilsonCoefficients(values))


@pytest.fixture(scope="module")
def moments():
    """The moments of `ROWS`: (theory, inputs) -> [n, 6]."""
    return lambda theory, inputs: flavio_points.moments("b_to_k_ll", theory, inputs, ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["SM", "mixed"])
def test_amplitudes_and_distribution(layer, reference):
    """Amplitudes and a, b, c of flavio to 1e-6, with its effective C7 and C9 (`test_effective_coefficients`)."""
    stored = reference("flavio_layers.json")
    point, effective = stored["layers"][layer], stored["effective_coefficients_mu"]
    coefficients = jax.jit(total)(theory(point).wilson, INPUTS)
    wilson, quark = of_leptons(coefficients), jax.jit(lambda c: quarks(c, INPUTS))(coefficients)
    mesons = jax.tree.map(lambda x: x[0], b_to_k_ll.decays(INPUTS))
    expansion = form_factors.b_to_k(INPUTS)
    unit = 4 * INPUTS["G_F"] / np.sqrt(2) * quark.lambda_t * INPUTS["alpha_em_mb"] / (4 * np.pi)

    @jax.jit
    def found(q2, bare, m_l):
        current, dipole = b_to_k_ll.hadronic_factors(q2, form_factors.evaluate(expansion, q2), mesons, m_l, quark)
        h = current * (bare @ b_to_k_ll.CURRENT) + dipole * (bare @ b_to_k_ll.DIPOLE)
        return h * unit, b_to_k_ll.distribution(q2, jnp.stack([h, h]), mesons, m_l) * jnp.abs(unit) ** 2

    for lepton, name in enumerate(("e", "mu")):
        for q2, expected in point[f"B+->K+ {name}"].items():
            shift = np.zeros(len(COEFFICIENTS), dtype=complex)
            shift[COEFFICIENTS.index("C7")] = complex(*effective[q2]["delta_C7"])
            shift[COEFFICIENTS.index("C9")] = complex(*effective[q2]["C9"]) - float(INPUTS["C9_SM"])
            h, abc = found(jnp.asarray(float(q2)), wilson[lepton, 0] + shift, INPUTS[f"m_{name}"])
            target = [complex(*expected["helicity_amps"].get(key, (0, 0))) for key in b_to_k_ll.AMPLITUDES]
            np.testing.assert_allclose(h, target, rtol=1e-6, atol=1e-18)
            target = [expected["J"][key] for key in "abc"]
            np.testing.assert_allclose(abc[:3], target, rtol=1e-6, atol=1e-12 * target[0])


# ------------------------------------------------------------------------------------------------ exact relations


@pytest.mark.slow
def test_equal_masses_give_equal_leptons(moments):
    found = moments(Theory.standard_model(), INPUTS.replace({"m_e": INPUTS["m_mu"]}))
    np.testing.assert_allclose(found[0:24:2], found[1:24:2], rtol=1e-12, atol=1e-14 * np.abs(found).max())


@pytest.mark.slow
def test_other_operators_decouple(moments):
    base = moments(Theory.standard_model(), INPUTS)
    other = {"C9_bstautau": 3.0, "C9_bsmue": 2.0, "CVLL_bsbs": 1e-5, "CL_bsnumunumu": 4.0}
    np.testing.assert_array_equal(moments(shifted(other), INPUTS), base)
    muon = moments(shifted({"C10_bsmumu": -1.0}), INPUTS)
    np.testing.assert_array_equal(muon[0:24:2], base[0:24:2])
    assert np.all(cp_rate(muon)[1:24:2] > cp_rate(base)[1:24:2])


def test_parity_of_the_current(moments):
    """B -> K conserves parity: only the sums C + C' of a coefficient and its flip enter."""
    one, two = (
        moments(shifted(values), DEFAULT)
        for values in (
            {"C9_bsmumu": 0.7, "C10p_bsmumu": 0.4j, "C7_bs": 0.1, "C8_bs": 0.5j, "CS_bsmumu": 0.03},
            {"C9p_bsmumu": 0.7, "C10_bsmumu": 0.4j, "C7p_bs": 0.1, "C8p_bs": 0.5j, "CSp_bsmumu": 0.03},
        )
    )
    np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-14 * np.abs(one).max())


def test_moments_are_quadratic(moments):
    generator = np.random.default_rng(5)
    origin, direction = (random_theory(generator).wilson.values for _ in range(2))
    m = [moments(theory_of(origin + k * direction), INPUTS) for k in range(4)]
    third = m[3] - 3 * m[2] + 3 * m[1] - m[0]
    assert np.abs(third / np.abs(m[3]).max(axis=1, keepdims=True)).max() < 1e-12


def test_massless_leptons_without_scalars_have_no_flat_term(moments):
    """F_H = 0 and A_FB = 0 up to m^2/q2; then the distribution is sin^2(theta)."""
    found = moments(Theory.standard_model(), INPUTS)
    for row in (i for i in range(0, 24, 2) if BINS[i // 4][0] > 1):
        np.testing.assert_allclose(found[row, 0], -found[row, 2], rtol=1e-5)
        assert float(found[row, 1]) == 0.0


def test_the_distribution_is_positive(moments):
    """a + b c + c c^2 >= 0 for all cosines, at random coefficients with scalars and the muon mass."""
    generator, cosine = np.random.default_rng(6), np.linspace(-1, 1, 41)
    for _ in range(5):
        found = np.asarray(moments(random_theory(generator), INPUTS)).reshape(-1, 2, 3)
        density = found @ np.stack([np.ones_like(cosine), cosine, cosine**2])
        assert density.min() > -1e-13 * density.max()


def test_cp_conjugation(moments):
    values = random_theory(np.random.default_rng(7)).wilson.values
    one = moments(theory_of(values), DEFAULT)
    other = moments(theory_of(jnp.conj(values)), DEFAULT.replace({"gamma": -DEFAULT["gamma"]}))
    np.testing.assert_allclose(one[:, :3], other[:, 3:], rtol=1e-12, atol=1e-13 * np.abs(one).max())


def test_observables_of_known_integrals():
    one = rows([(0, 1, 2.0, 4.0)])
    m = jnp.asarray([[3.0, 0.5, -1.5, 2.0, 0.25, -1.2]])
    rate = 2 * (5.0 - 2.7 / 3)
    expected = {"BR": rate / 2, "dBR/dq2": rate / 4, "AFB": 0.75 / rate, "FH": 2 * (5.0 - 2.7) / rate}
    expected["ACP"] = 2 * (1.0 - 0.3 / 3) / rate
    for key, value in expected.items():
        assert float(combine(b_to_k_ll, key, m, one, INPUTS)) == pytest.approx(value, rel=1e-12), key
    pair, two = rows([(0, 1, 1.1, 6.0), (0, 0, 1.1, 6.0)]), jnp.concatenate([2 * m, m])
    shifted = INPUTS.replace({"QED B->K": 1.0})
    assert float(combine(b_to_k_ll, "Rmue", two, pair, INPUTS)) == pytest.approx(2.0)
    assert float(combine(b_to_k_ll, "Rmue", two, pair, shifted)) == pytest.approx(2.0 * 1.01)
    assert float(combine(b_to_k_ll, "Remu", two, pair, shifted)) == pytest.approx(0.5 / 1.01)
    with pytest.raises(KeyError):
        combine(b_to_k_ll, "P9", m, one, INPUTS)


# ------------------------------------------------------------------------------------------- numerics, derivatives


@pytest.mark.long
def test_nodes_converge(moments, monkeypatch):
    """Fixed nodes against ten times as many, relative, at 20 random coefficients and inputs: 1e-6."""
    generator, points = np.random.default_rng(10), []
    for _ in range(20):
        changes = {}
        for prior in input_set("default").priors:
            draw = generator.multivariate_normal(prior.mean, prior.covariance)
            changes |= dict(zip(prior.names, draw, strict=True))
        changes.pop("m_c_BVgamma")  # its error of 0.2 GeV would move a charm threshold into the bins
        points.append((random_theory(generator), DEFAULT.replace(changes)))
    coarse = [moments(*point) for point in points]
    monkeypatch.setattr(b_to_k_ll, "NODES", 10 * b_to_k_ll.NODES)
    fine = jax.jit(lambda theory, inputs: b_to_k_ll.moments(theory, inputs, ROWS))
    for point, found in zip(points, coarse, strict=True):
        expected = fine(*point)
        np.testing.assert_allclose(cp_rate(found), cp_rate(expected), rtol=1e-6)
        assert np.abs((found - expected) / np.abs(expected).max(axis=1, keepdims=True)).max() < 1e-6


@pytest.mark.long
def test_derivatives_agree_with_differences():
    flavio_points.assert_derivatives(
        b_to_k_ll.moments, DEFAULT, rows([(0, 1, 1.1, 6.0), (1, 0, 0.1, 1.1), (0, 1, 15.0, 22.0)])
    )


@pytest.mark.long
def test_second_derivatives_are_finite_at_every_edge():
    """Edges at 4m^2, at zero and at the end point, and beyond both."""
    m_mu, m_e, end = INPUTS["m_mu"], INPUTS["m_e"], (INPUTS["m_B+"] - INPUTS["m_K+"]) ** 2
    low, tiny, high = float(4 * m_mu**2), float(4 * m_e**2), float(end)
    edges = rows([(0, 1, low, 1.0), (0, 1, 0.0, 1.0), (0, 0, tiny, 0.1), (0, 1, 20.0, high), (0, 1, 20.0, 24.0)])

    def value(inputs):
        found = b_to_k_ll.moments(Theory.standard_model(), eqx.tree_at(lambda i: i.values, INPUTS, inputs), edges)
        return found.sum() * 1e8

    direction = INPUTS.values * np.random.default_rng(12).normal(size=INPUTS.values.shape)
    found = compile_quickly(lambda v: jax.jvp(jax.grad(value), (v,), (direction,)))(INPUTS.values)
    assert all(np.all(np.isfinite(x)) for x in found)


@pytest.mark.long
def test_compiled_eager_and_batched_agree():
    few = rows([(0, 1, 1.1, 6.0), (1, 0, 0.0003, 0.045)])
    generator = np.random.default_rng(13)
    batch = jnp.stack([random_theory(generator).wilson.values for _ in range(3)])
    value = lambda v: b_to_k_ll.moments(theory_of(v), INPUTS, few)  # noqa: E731
    run = jax.jit(value)
    loop = jnp.stack([run(v) for v in batch])
    scale = np.abs(loop).max(axis=-1, keepdims=True)
    assert np.abs((jax.jit(jax.vmap(value))(batch) - loop) / scale).max() < 1e-12
    assert np.abs((value(batch[0]) - loop[0]) / scale[0]).max() < 1e-12
