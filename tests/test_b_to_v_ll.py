"""B -> K* l l and Bs -> phi l l: exact relations, definitions of observables, quadrature and derivatives."""

import re

import equinox as eqx
import flavio_points
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flavio_points import random_theory, rows, shifted
from process_values import combine

from bsfit import catalogue, predict
from bsfit.catalogue import DIPOLES, SEMILEPTONIC
from bsfit.compiling import compile_quickly
from bsfit.hadronic.effective_coefficients import COEFFICIENTS, quarks
from bsfit.hadronic.form_factors import B_TO_V, Expansion
from bsfit.loading.inputs import input_set, load_inputs
from bsfit.observables import b_to_v_ll
from bsfit.observables.b_to_v_ll import ANGULAR, MOMENTS
from bsfit.standard_model.wilson import total
from bsfit.theory import Theory, WilsonCoefficients

INPUTS = load_inputs("flavio")
AT = {name: i for i, name in enumerate(MOMENTS)}
BINS = [(1.37, 5.2), (0.045, 1.1), (0.1, 1.1), (15.0, 19.0), (14.0, 19.2), (4.0, 8.12)]
ROWS = rows([*((d, lepton, *b) for b in BINS for d in range(3) for lepton in (0, 1)), (0, 0, 0.0003, 0.045)])


def cp_rate(moments):
    """Rate of every row, summed over CP states: eq. (3.46) of 0811.1214."""
    j1s, j1c, j2s, j2c = (moments[..., AT[f"J{i}"]] + moments[..., AT[f"Jbar{i}"]] for i in ("1s", "1c", "2s", "2c"))
    return 0.75 * (2 * j1s + j1c) - 0.25 * (2 * j2s + j2c)


def random_inputs(generator):
    """Inputs drawn from their priors."""
    changes = {}
    for prior in input_set("flavio").priors:
        draw = generator.multivariate_normal(prior.mean, prior.covariance)
        changes |= dict(zip(prior.names, draw, strict=True))
    changes.pop("m_c_BVgamma")  # its error of 0.2 GeV would move a charm threshold into the bins
    return INPUTS.replace(changes)


def theory_of(values):
    return Theory(WilsonCoefficients(values))


@pytest.fixture(scope="module")
def moments():
    """The moments of `ROWS`: (theory, inputs) -> [n, 36]."""
    return lambda theory, inputs: flavio_points.moments("b_to_v_ll", theory, inputs, ROWS)


@pytest.fixture(scope="module")
def standard_model(moments):
    return moments(Theory.standard_model(), INPUTS)


@pytest.fixture(scope="module")
def quark_level():
    return jax.jit(lambda: quarks(total(WilsonCoefficients.zeros(), INPUTS), INPUTS))()


# ------------------------------------------------------------------------------------------------ exact relations


@pytest.mark.slow
def test_equal_masses_give_equal_leptons(moments):
    found = moments(Theory.standard_model(), INPUTS.replace({"m_e": INPUTS["m_mu"]}))
    electron, muon = found[0:36:2], found[1:36:2]
    np.testing.assert_allclose(electron, muon, rtol=1e-12, atol=1e-14 * np.abs(muon).max())


@pytest.mark.slow
def test_standard_model_is_the_limit_of_new_physics(moments, standard_model):
    """Linear in a small coefficient, and untouched by operators of other leptons or processes."""
    base = cp_rate(standard_model)
    small = cp_rate(moments(shifted({"C9_bsmumu": 1e-6}), INPUTS))
    assert 0 < np.abs(small / base - 1).max() < 1e-5
    other = {"C9_bstautau": 3.0, "C9_bsmue": 2.0, "CVLL_bsbs": 1e-5, "CL_bsnumunumu": 4.0}
    np.testing.assert_array_equal(moments(shifted(other), INPUTS), standard_model)
    muon = moments(shifted({"C9_bsmumu": -1.0}), INPUTS)
    np.testing.assert_array_equal(muon[0:36:2], standard_model[0:36:2])


@pytest.mark.slow
def test_moments_are_quadratic(moments):
    generator = np.random.default_rng(5)
    origin, direction = (random_theory(generator).wilson.values for _ in range(2))
    m = [moments(theory_of(origin + k * direction), INPUTS) for k in range(4)]
    third = m[3] - 3 * m[2] + 3 * m[1] - m[0]
    assert np.abs(third / np.abs(m[3]).max(axis=1, keepdims=True)).max() < 1e-12


def test_massless_relations(standard_model):
    """J1s = 3 J2s, J1c = -J2c, J6c = 0 up to m^2/q2."""
    rows_of_electrons = [i for i in range(36) if i % 2 == 0 and BINS[i // 6][0] > 1]
    for state in ("J", "Jbar", "h"):
        j = {name: standard_model[np.array(rows_of_electrons), AT[state + name]] for name in ANGULAR}
        scale = float(np.abs(j["1s"]).max())
        np.testing.assert_allclose(j["1s"], 3 * j["2s"], rtol=1e-5, atol=1e-6 * scale)
        np.testing.assert_allclose(j["1c"], -j["2c"], rtol=1e-5, atol=1e-6 * scale)
        np.testing.assert_allclose(j["6c"], 0.0, atol=1e-9 * scale)


def test_parity_exchanges_chiralities(moments):
    """Coefficients and their flips exchanged, those of axial lepton currents turned: J7, J8, J9 turn.

    Without four-quark operators, whose flips are not there.
    """
    inputs = INPUTS.replace({f"C{i}_SM": 0.0 for i in range(1, 7)})
    sm = jax.jit(lambda: total(WilsonCoefficients.zeros(), inputs))()
    base = dict(zip(DIPOLES, sm.dipole, strict=True))
    for op, value in zip(SEMILEPTONIC, sm.semileptonic[0], strict=True):
        base |= {f"{op}_bsee": value, f"{op}_bsmumu": value}
    flip = {name: re.sub(r"^(C[^p_]+)(p?)_", lambda m: f"{m[1]}{'' if m[2] else 'p'}_", name) for name in base}
    generator = np.random.default_rng(14)
    one = {name: 0.3 * complex(*generator.uniform(-1, 1, 2)) for name in base}
    turn = {name: -1.0 if re.match("C10|CP", name) else 1.0 for name in base}
    other = {name: turn[name] * (base[flip[name]] + one[flip[name]]) - base[name] for name in base}
    found, mirrored = (np.asarray(moments(shifted(x), inputs)).reshape(-1, 3, 12) for x in (one, other))
    sign = np.where(np.isin(ANGULAR, ["7", "8", "9"]), -1.0, 1.0)
    scale = np.abs(found).max()
    np.testing.assert_allclose(found, mirrored * sign, rtol=1e-11, atol=1e-14 * scale)


def angular_distribution(j, cos_l, cos_k, phi):
    """Eq. (3.10) of 0811.1214, without 9/32pi."""
    sin_l, sin_k = np.sqrt(1 - cos_l**2), np.sqrt(1 - cos_k**2)
    cos_2l, sin_2l, sin_2k = 2 * cos_l**2 - 1, 2 * sin_l * cos_l, 2 * sin_k * cos_k
    terms = [
        sin_k**2, cos_k**2, sin_k**2 * cos_2l, cos_k**2 * cos_2l, sin_k**2 * sin_l**2 * np.cos(2 * phi),
        sin_2k * sin_2l * np.cos(phi), sin_2k * sin_l * np.cos(phi), sin_k**2 * cos_l, cos_k**2 * cos_l,
        sin_2k * sin_l * np.sin(phi), sin_2k * sin_2l * np.sin(phi), sin_k**2 * sin_l**2 * np.sin(2 * phi),
    ]  # fmt: skip
    return np.tensordot(j, np.array(terms), 1)


def test_the_angular_distribution_is_positive_and_integrates_to_the_rate(moments):
    """At 200 random angles and random coefficients, muon mass and scalar operators included."""
    generator = np.random.default_rng(6)
    nodes, weights = np.polynomial.legendre.leggauss(6)
    phi = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    grid = np.meshgrid(nodes, nodes, phi, indexing="ij")
    volume = weights[:, None, None] * weights[None, :, None] * np.full((1, 1, 8), 2 * np.pi / 8)
    for _ in range(3):
        found = np.asarray(moments(random_theory(generator), INPUTS))
        for state in ("J", "Jbar"):
            j = found[:, [AT[state + name] for name in ANGULAR]]
            angles = generator.uniform(-1, 1, (2, 200)), generator.uniform(0, 2 * np.pi, 200)
            density = angular_distribution(j, *angles[0], angles[1])
            assert density.min() > -1e-12 * density.max()
            integral = (angular_distribution(j, *grid) * volume).sum(axis=(1, 2, 3)) * 9 / (32 * np.pi)
            rate = 0.75 * (2 * j[:, 0] + j[:, 1]) - 0.25 * (2 * j[:, 2] + j[:, 3])
            np.testing.assert_allclose(integral, rate, rtol=1e-12)


def test_cp_conjugation(moments):
    """Conjugate coefficients and the opposite CKM phase exchange the two CP states."""
    values = random_theory(np.random.default_rng(7)).wilson.values
    one = moments(theory_of(values), INPUTS)
    other = moments(theory_of(jnp.conj(values)), INPUTS.replace({"gamma": -INPUTS["gamma"]}))
    np.testing.assert_allclose(one[:, :12], other[:, 12:24], rtol=1e-12, atol=1e-13 * np.abs(one).max())
    sign = np.where(np.isin(ANGULAR, ["5", "6s", "6c", "8", "9"]), -1.0, 1.0)[None]
    np.testing.assert_allclose(one[:, 24:], sign * other[:, 24:], rtol=1e-12, atol=1e-13 * np.abs(one).max())


def test_interference_without_weak_phases(moments):
    """With real CKM and coefficients both CP states are one, and h_i follows from the CP of each polarisation."""
    values = random_theory(np.random.default_rng(8)).wilson.values
    found = moments(theory_of(jnp.real(values) + 0j), INPUTS.replace({"gamma": 0.0}))
    scale = np.abs(found).max()
    np.testing.assert_allclose(found[:, :12], found[:, 12:24], rtol=1e-12, atol=1e-14 * scale)
    j, h = ({i: found[:, AT[s + i]] for i in ANGULAR} for s in ("J", "h"))
    for name, expected in {"2c": 2 * j["2c"], "4": 2 * j["4"], "2s": -j["3"], "3": -4 * j["2s"]}.items():
        np.testing.assert_allclose(h[name], expected, rtol=1e-12, atol=1e-14 * scale)
    for name in ("5", "6s", "6c", "8", "9"):
        np.testing.assert_allclose(h[name], 0.0, atol=1e-14 * scale)


def test_time_integration_of_a_cp_even_state_is_its_short_lifetime():
    """A longitudinal phi is CP even and decays with the width Gamma (1 + y): the integral is 1/(1 + y)."""
    y = float(INPUTS["DeltaGamma/Gamma_Bs"]) / 2
    one = np.zeros((1, len(MOMENTS)))
    for state, factor in (("J", 1.0), ("Jbar", 1.0), ("h", 2.0)):
        one[0, AT[state + "1c"]], one[0, AT[state + "2c"]] = factor, -factor
    phi, k_star = rows([(2, 1, 1.0, 2.0)]), rows([(0, 1, 1.0, 2.0)])
    ratio = combine(b_to_v_ll, "BR", jnp.asarray(one), phi, INPUTS) / combine(
        b_to_v_ll, "BR", jnp.asarray(one), k_star, INPUTS
    )
    assert float(ratio) == pytest.approx(1 / (1 + y), rel=1e-12)
    assert float(combine(b_to_v_ll, "FL", jnp.asarray(one), phi, INPUTS)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.slow
def test_end_point_relations(quark_level):
    """At zero recoil all helicities are equal: FL = 1/3, S3 = S4 = -1/3 (LHCb), P1 = -1, the others vanish."""
    m_b, m_v = INPUTS["m_B0"], INPUTS["m_K*0"]
    end = (m_b - m_v) ** 2
    a1, t2 = 0.6, 0.7
    constant = {"V": 1.5, "A0": 1.4, "A1": a1, "A12": (m_b**2 - m_v**2) / (8 * m_b * m_v) * a1}
    constant |= {"T1": 1.6, "T2": t2, "T23": (m_b + m_v) ** 2 / (4 * m_b * m_v) * t2}
    coefficients = jnp.stack([jnp.asarray(constant[name], dtype=float) for name in B_TO_V])[:, None]
    flat = Expansion(coefficients, jnp.full(7, 1e6), (m_b + m_v) ** 2, jnp.asarray(0.0), jnp.asarray(0.0))
    mesons = b_to_v_ll.Decay(m_b, m_v, jnp.asarray(1.0), flat)
    q2 = end * (1 - 1e-12)
    current, dipole = b_to_v_ll.hadronic_factors(q2, mesons, INPUTS["m_e"], quark_level)
    bare = jnp.zeros((2, len(COEFFICIENTS)), dtype=complex).at[:, :4].set(jnp.asarray([4.1 + 0.3j, -4.2, 0.5j, 0.4]))
    bare = bare.at[:, COEFFICIENTS.index("C7")].set(-0.3)
    amplitudes = current[None] * (bare @ b_to_v_ll.CURRENT) + dipole[None] * (bare @ b_to_v_ll.DIPOLE)
    found = b_to_v_ll.angular_integrals(amplitudes[None], q2[None], jnp.ones(1), INPUTS["m_e"]).reshape(1, -1)
    value = lambda key: float(combine(b_to_v_ll, key, found, rows([(0, 0, 1.0, 2.0)]), INPUTS))  # noqa: E731
    expected = {"FL": 1 / 3, "S3": -1 / 3, "S4": -1 / 3, "S5": 0, "AFB": 0, "S7": 0, "S8": 0, "S9": 0, "P1": -1.0}
    for key, target in expected.items():
        assert value(key) == pytest.approx(target, abs=1e-4), key


@pytest.mark.long
def test_nonlocal_amplitudes_add_to_the_vector_current(quark_level):
    """A contribution proportional to the local one is a shift of C9."""
    all_decays, shift = b_to_v_ll.decays(INPUTS), -0.7 + 0.2j

    def as_c9(q2, decay):
        mesons = jax.tree.map(lambda x: x[decay], all_decays)
        current, _ = b_to_v_ll.hadronic_factors(q2, mesons, INPUTS["m_mu"], quark_level)
        return jnp.outer(jnp.asarray([shift, np.conj(shift)]), current[:3])

    found = jax.jit(lambda t: b_to_v_ll.moments(t, INPUTS, ROWS, nonlocal_amplitudes=as_c9))(Theory.standard_model())
    both = WilsonCoefficients.of({"C9_bsmumu": shift, "C9_bsee": shift})
    nothing = lambda q2, decay: jnp.zeros((2, 3), dtype=complex)  # noqa: E731
    expected = jax.jit(lambda t: b_to_v_ll.moments(t, INPUTS, ROWS, nonlocal_amplitudes=nothing))(Theory(both))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())


@pytest.mark.slow
def test_observables_of_known_integrals():
    """Signs and normalisations of LHCb, written out from the definitions for arbitrary integrals."""
    generator = np.random.default_rng(9)
    j, jbar = generator.uniform(0.1, 1.0, (2, 12))
    j[3], jbar[3] = -j[3], -jbar[3]
    m = jnp.asarray(np.concatenate([j, jbar, np.zeros(12)]))[None]
    one = rows([(0, 1, 2.0, 4.0)])
    s, a = (dict(zip(ANGULAR, x, strict=True)) for x in (j + jbar, j - jbar))
    rate = 0.75 * (2 * s["1s"] + s["1c"]) - 0.25 * (2 * s["2s"] + s["2c"])
    root = np.sqrt(-s["2s"] * s["2c"])
    expected = {
        "dBR/dq2": rate / 4, "BR": rate / 2, "FL": -s["2c"] / rate, "AFB": -(0.75 * s["6s"] + 0.375 * s["6c"]) / rate,
        "S1c": s["1c"] / rate, "S2s": s["2s"] / rate,
        "S3": s["3"] / rate, "S4": -s["4"] / rate, "S5": s["5"] / rate, "S7": -s["7"] / rate, "S8": s["8"] / rate,
        "S9": -s["9"] / rate, "A8": a["8"] / rate, "A9": -a["9"] / rate, "P1": s["3"] / (2 * s["2s"]),
        "P2": -s["6s"] / (8 * s["2s"]), "P3": s["9"] / (4 * s["2s"]), "P4p": -s["4"] / (2 * root),
        "P5p": s["5"] / (2 * root), "P6p": -s["7"] / (2 * root), "P8p": s["8"] / (2 * root),
        "ACP": (0.75 * (2 * a["1s"] + a["1c"]) - 0.25 * (2 * a["2s"] + a["2c"])) / rate,
    }  # fmt: skip
    for key, value in expected.items():
        assert float(combine(b_to_v_ll, key, m, one, INPUTS)) == pytest.approx(value, rel=1e-12), key
    pair = rows([(2, 1, 0.1, 1.1), (2, 0, 0.1, 1.1)])
    two = jnp.concatenate([2 * m, m])
    assert float(combine(b_to_v_ll, "Rmue", two, pair, INPUTS)) == pytest.approx(2.0)
    shifted = INPUTS.replace({"QED Bs->phi": 1.0})
    assert float(combine(b_to_v_ll, "Rmue", two, pair, shifted)) == pytest.approx(2.0 * 1.02)
    assert float(combine(b_to_v_ll, "Remu", two, pair, shifted)) == pytest.approx(0.5 / 1.02)
    assert float(combine(b_to_v_ll, "Dmue_P5p", two, pair, INPUTS)) == pytest.approx(0.0, abs=1e-14)
    with pytest.raises(KeyError):
        combine(b_to_v_ll, "P9", m, one, INPUTS)


def test_longitudinal_and_transverse_terms_without_lepton_mass():
    """S_1c = F_L and 4 S_2s = 1 - F_L for electrons; muons in [1.1,2.5] differ by 8 m^2/q^2 of F_L or less."""
    key = "<{}>(B0->K*{})[1.1,2.5]"
    found = predict([key.format(k, ll) for k in ("S1c", "S2s", "FL") for ll in ("ee", "mumu")])
    for ll, mass in (("ee", 5.11e-4), ("mumu", 0.10566)):
        s_1c, s_2s, longitudinal = (found[key.format(k, ll)] for k in ("S1c", "S2s", "FL"))
        small = 8 * mass**2 / 1.1 * longitudinal + 1e-6
        assert 0 < s_1c - longitudinal < small, ll
        assert abs(4 * s_2s - 1 + longitudinal) < small, ll
        assert 4 * s_2s + 0.75 * s_1c + 0.25 * longitudinal == pytest.approx(1, abs=small), ll


def test_convention_of_theory_papers():
    """Definitions of 1303.5794 and 0811.1214 in terms of J_i, for arbitrary integrals of one CP state."""
    generator = np.random.default_rng(15)
    j = generator.uniform(0.1, 1.0, 12)
    j[3] = -j[3]
    m = jnp.asarray(np.concatenate([j, np.zeros(24)]))[None]
    at, one = dict(zip(ANGULAR, j, strict=True)), rows([(0, 1, 2.0, 4.0)])
    rate, root = 0.75 * (2 * at["1s"] + at["1c"]) - 0.25 * (2 * at["2s"] + at["2c"]), np.sqrt(-at["2s"] * at["2c"])
    expected = {
        "P1": at["3"] / (2 * at["2s"]), "P2": at["6s"] / (8 * at["2s"]), "P3": -at["9"] / (4 * at["2s"]),
        "P4p": at["4"] / root, "P5p": at["5"] / (2 * root), "P6p": -at["7"] / (2 * root), "P8p": -at["8"] / root,
        "AFB": 0.375 * (2 * at["6s"] + at["6c"]) / rate,
    }  # fmt: skip
    expected |= {f"S{i}": at[i] / rate for i in ("1c", "2s")}
    expected |= {f"{kind}{i}": at[i] / rate for kind in "SA" for i in ("3", "4", "5", "6s", "6c", "7", "8", "9")}
    for key, target in expected.items():
        factor = catalogue.THEORY_CONVENTION.get(key, 1.0)
        assert factor * float(combine(b_to_v_ll, key, m, one, INPUTS)) == pytest.approx(target, rel=1e-12), key


# ------------------------------------------------------------------------------------------- numerics, derivatives


@pytest.mark.long
def test_nodes_converge(moments, monkeypatch):
    """Fixed nodes against ten times as many, relative, at 20 random coefficients and inputs: 1e-6."""
    generator = np.random.default_rng(10)
    points = [(random_theory(generator), random_inputs(generator)) for _ in range(20)]
    coarse = [moments(*point) for point in points]
    monkeypatch.setattr(b_to_v_ll, "NODES", 10 * b_to_v_ll.NODES)
    fine = jax.jit(lambda theory, inputs: b_to_v_ll.moments(theory, inputs, ROWS))
    for point, found in zip(points, coarse, strict=True):
        expected = fine(*point)
        np.testing.assert_allclose(cp_rate(found), cp_rate(expected), rtol=1e-6)
        scale = np.abs(expected).max(axis=1, keepdims=True)
        assert np.abs((found - expected) / scale).max() < 1e-6


@pytest.mark.long
def test_derivatives_agree_with_differences():
    flavio_points.assert_derivatives(
        b_to_v_ll.moments, INPUTS, rows([(0, 1, 1.1, 6.0), (1, 0, 0.1, 1.1), (2, 1, 15.0, 18.5)])
    )


@pytest.mark.long
def test_second_derivatives_are_finite_at_every_edge():
    """Edges at 4m^2, at zero and at the end point, and beyond both; reverse and forward mode."""
    m_mu, m_e, end = INPUTS["m_mu"], INPUTS["m_e"], (INPUTS["m_B0"] - INPUTS["m_K*0"]) ** 2
    edges = rows(
        [
            (0, 1, float(4 * m_mu**2), 1.0),
            (0, 1, 0.0, 1.0),
            (0, 0, float(4 * m_e**2), 0.1),
            (0, 1, 17.0, float(end)),
            (0, 1, 17.0, 20.0),
            (0, 1, 19.5, 21.0),
        ]
    )

    def value(inputs):
        found = b_to_v_ll.moments(Theory.standard_model(), eqx.tree_at(lambda i: i.values, INPUTS, inputs), edges)
        return found.sum() * 1e8

    direction = INPUTS.values * np.random.default_rng(12).normal(size=INPUTS.values.shape)
    found = compile_quickly(lambda v: jax.jvp(jax.grad(value), (v,), (direction,)))(INPUTS.values)
    assert all(np.all(np.isfinite(x)) for x in found)


@pytest.mark.long
def test_compiled_eager_and_batched_agree():
    few = rows([(0, 1, 1.1, 6.0), (2, 0, 0.0003, 0.045)])
    generator = np.random.default_rng(13)
    batch = jnp.stack([random_theory(generator).wilson.values for _ in range(3)])
    value = lambda v: b_to_v_ll.moments(theory_of(v), INPUTS, few)  # noqa: E731
    run = jax.jit(value)
    loop = jnp.stack([run(v) for v in batch])
    scale = np.abs(loop).max(axis=-1, keepdims=True)
    assert np.abs((jax.jit(jax.vmap(value))(batch) - loop) / scale).max() < 1e-12
    assert np.abs((value(batch[0]) - loop[0]) / scale[0]).max() < 1e-12
