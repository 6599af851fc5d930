"""Form factors with dispersive bounds: stored numbers of EOS, relations, polynomials, the bounds themselves."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from bsfit.hadronic import dispersive, form_factors
from bsfit.hadronic.form_factors import B_TO_P, B_TO_V
from bsfit.loading.inputs import input_set, load_inputs

INPUTS = load_inputs("grvdv-2023")
MASSES = {"B->K": ("m_B0", "m_K0"), "B->K*": ("m_B0", "m_K*0"), "Bs->phi": ("m_Bs", "m_phi")}
NAMES = {"B->K": B_TO_P, "B->K*": B_TO_V, "Bs->phi": B_TO_V}


def of_the_fit(transition, coefficients=()):
    """Inputs with the masses of the fit, for relations too, and given coefficients."""
    masses = zip(MASSES[transition], ("m_B", "m_M"), strict=True)
    changes = {ours: float(INPUTS[f"{transition} BFW {theirs}"]) for ours, theirs in masses}
    for name, value in dict(coefficients).items():
        of, _, k = name.rpartition("_")
        changes[f"{transition} BFW a{k}_{of}"] = value
    return INPUTS.replace(changes)


@partial(jax.jit, static_argnums=0)
def expanded(transition, inputs, q2):
    """As predictions evaluate them [n, f], at nine q2."""
    if transition == "B->K":
        found = form_factors.b_to_k(inputs)
    else:
        found = jax.tree.map(lambda x: x[list(MASSES)[1:].index(transition)], form_factors.b_to_v(inputs))
    return jax.vmap(lambda x: form_factors.evaluate(found, x))(q2)


@partial(jax.jit, static_argnums=0)
def direct(transition, inputs, q2):
    """The series itself [f, n], and what each coefficient alone makes of it [f, k, n]."""
    m_b, m_m = (inputs[m] for m in MASSES[transition])
    names = NAMES[transition]
    series = dispersive.form_factors(transition, names, m_b, m_m, q2, inputs)
    return series, dispersive.basis(transition, names, q2, inputs)


def grid(transition, inputs):
    """From 0 to the end point."""
    m_b, m_m = (float(inputs[m]) for m in MASSES[transition])
    return jnp.linspace(0.0, (m_b - m_m) ** 2, 9)


@pytest.mark.parametrize("transition", MASSES)
def test_stored_numbers(transition, reference):
    """At the means and at a point drawn from the posterior, over all of phase space; found: 1.6e-9."""
    stored = reference("eos_form_factors.json")["of"][transition]
    for point in stored["points"]:
        found = expanded(transition, of_the_fit(transition, point["coefficients"]), jnp.asarray(stored["q2"]))
        expected = np.array([point["values"][name] for name in NAMES[transition]]).T
        np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("transition", MASSES)
def test_expansion_meets_the_form_factors_between_its_nodes(transition):
    q2 = grid(transition, INPUTS)
    found = expanded(transition, INPUTS, q2)
    np.testing.assert_allclose(found, direct(transition, INPUTS, q2)[0].T, rtol=1e-8)


@pytest.mark.parametrize("transition", MASSES)
def test_relations_hold_for_any_coefficients(transition):
    """At q2 = 0 and at the end point, with the masses of the decay, which are not those of the fit."""
    generator = np.random.default_rng(3)
    names = [n for n in INPUTS.names if n.startswith(f"{transition} BFW a")]
    inputs = INPUTS.replace({n: float(INPUTS[n]) + 0.1 * generator.normal() for n in names})
    mb, mm = (float(inputs[m]) for m in MASSES[transition])
    values = np.asarray(expanded(transition, inputs, grid(transition, inputs)))
    zero, end = (dict(zip(NAMES[transition], values[i].tolist(), strict=True)) for i in (0, -1))
    if transition == "B->K":
        assert zero["f0"] == pytest.approx(zero["f+"], rel=1e-11)
        return
    ratio = (mb**2 - mm**2) / (8 * mb * mm)
    assert zero["T2"] == pytest.approx(zero["T1"], rel=1e-11)
    assert zero["A12"] == pytest.approx(ratio * zero["A0"], rel=1e-11)
    assert end["A12"] == pytest.approx(ratio * end["A1"], rel=1e-11)
    assert end["T23"] == pytest.approx((mb + mm) ** 2 / (4 * mb * mm) * end["T2"], rel=1e-11)


def test_polynomials_are_orthonormal_on_the_arc():
    """Gram's matrix by quadrature over the arc, for a long and a short one."""
    x, weights = np.polynomial.legendre.leggauss(40)
    for alpha in (2.9, 1.3):
        a = np.asarray(dispersive.orthonormal_polynomials(jnp.asarray(alpha)))
        p = a @ np.exp(1j * alpha * x) ** np.arange(3)[:, None]
        np.testing.assert_allclose((p * weights * alpha) @ p.conj().T, np.eye(3), atol=1e-12)


def squares(name, t, lam, m_b, m_m):
    """Helicity amplitudes squared, of unit form factor, and the subtractions of their susceptibility."""
    t_pair, t_minus = (m_b + m_m) ** 2, (m_b - m_m) ** 2
    return {
        "f+": (lam / t, 2),
        "f0": (t_pair * t_minus / t, 1),
        "fT": (lam * t / t_pair, 3),
        "V": (2 * lam / t_pair, 2),
        "A0": (lam / t, 1),
        "A1": (2 * t_pair, 2),
        "A12": (64 * m_b**2 * m_m**2 / t, 2),
        "T1": (2 * lam, 3),
        "T2": (2 * t_pair * t_minus, 3),
        "T23": (16 * m_b**2 * m_m**2 * t / t_pair, 3),
    }[name]


@pytest.mark.slow
@pytest.mark.mistyped  # complex q2
@pytest.mark.parametrize("transition", MASSES)
def test_outer_functions_have_the_modulus_of_the_spectral_density(transition):
    r"""Two-body phase space :math:`\sqrt\lambda/(8\pi t)` times the squares, over :math:`\pi\chi t^{n+1}`;
    half of it above and half below the cut."""
    m_b, m_m, t_zero = (float(INPUTS[f"{transition} BFW {key}"]) for key in ("m_B", "m_M", "t0"))
    charges = 1 if transition == "Bs->phi" else 2
    t_pair = (m_b + m_m) ** 2
    t = t_pair * np.linspace(1.05, 6.0, 9)
    lam = (t_pair - t) * ((m_b - m_m) ** 2 - t)
    _, found = direct(transition, INPUTS, jnp.asarray(t + 0j))
    for name, first in zip(NAMES[transition], np.abs(found[:, 0]), strict=True):
        row = dispersive.OUTER[name]
        t_plus, chi = float(INPUTS[f"{transition} BFW {row.cut}"]), float(INPUTS[f"b->s BFW chi_{row.chi}"])
        there = np.sqrt(t_plus - t_zero)
        z, z_pair = ((x - there) / (x + there) for x in (np.sqrt(t_plus - t + 0j), np.sqrt(t_plus - t_pair + 0j)))
        slope = np.abs(4 * there**2 * (1 + z) / (1 - z) ** 3)
        square, n = squares(name, t, lam, m_b, m_m)
        density = charges * np.sqrt(lam) / (16 * np.pi * t) * square / (np.pi * chi * t ** (n + 1))
        modulus = 1 / (2 * np.abs(np.angle(z_pair)) * first**2)
        np.testing.assert_allclose(modulus, density / 2 * slope, rtol=1e-9, err_msg=name)


def test_posteriors_obey_the_bounds():
    """Squares of all coefficients of a polarisation, those that relations fix among them, add up to less than one.

    B -> K* and Bs -> phi together; B -> K has polarisations of its own.
    """
    sums = {}
    for transition in MASSES:
        inputs = of_the_fit(transition)
        values, basis = (np.asarray(x) for x in direct(transition, inputs, grid(transition, inputs)))
        for name, value, of_each in zip(NAMES[transition], values, basis, strict=True):
            a, *_ = np.linalg.lstsq(of_each.T, value, rcond=None)
            given = [n for n in INPUTS.names if n.startswith(f"{transition} BFW a") and n.endswith(f"_{name}")]
            np.testing.assert_allclose(a[3 - len(given) :], [float(inputs[n]) for n in given], rtol=1e-6)
            sums[name] = sums.get(name, 0.0) + float(a @ a)
    assert len(sums) == 10
    assert all(0.0 < total < 1.0 for total in sums.values()), sums


def test_size_of_form_factors():
    """Against what was fitted: lattice averages of B -> K, LCSR of B -> K* at q2 = 0. A wrong norm would be sqrt(3)."""
    found = np.asarray(expanded("B->K", INPUTS, jnp.asarray([0.0, 12.0, *[22.9] * 7])))
    np.testing.assert_allclose(found[[1, 2], 1], [0.4757, 0.8504], rtol=0.01)  # f0 of HPQCD, 2207.12468
    np.testing.assert_allclose(found[2, [0, 2]], [2.656, 2.651], rtol=0.02)  # f+, fT of FLAG 2021
    np.testing.assert_allclose(found[0, 0], 0.3319, rtol=0.06)  # f+ of HPQCD
    zero = dict(zip(B_TO_V, np.asarray(expanded("B->K*", INPUTS, jnp.zeros(9)))[0].tolist(), strict=True))
    for name, value in (("V", 0.359), ("A1", 0.286), ("T1", 0.318), ("T23", 0.639)):
        assert zero[name] == pytest.approx(value, rel=0.05), name  # 2206.03797; via: EOS 1.0.21, GRvDV:2022A


def test_other_descriptions_are_gone():
    """The simplified expansion of the default set and its errors, and back again by another choice."""
    assert not [n for n in INPUTS.names if n.startswith(("B->K BSZ", "B->K* BSZ", "Bs->phi BSZ"))]
    assert [n for n in INPUTS.names if n.startswith("B->D BSZ")]
    priors = [p for p in input_set("grvdv-2023").priors if any(" BFW " in n for n in p.names)]
    assert [len(p.names) for p in priors] == [8, 17, 17]
    assert all(np.linalg.eigvalsh(p.covariance)[0] > 0 for p in priors)
    both = load_inputs("grvdv-2023+hpqcd-2022")
    assert not dispersive.is_given("B->K", both)
    assert dispersive.is_given("B->K*", both)
    np.testing.assert_allclose(
        form_factors.b_to_k(both).coefficients, form_factors.b_to_k(load_inputs("hpqcd-2022")).coefficients
    )


@pytest.mark.long
def test_derivatives():
    names = ("B->K* BFW a0_A0", "B->K* BFW a2_T1", "m_B0", "m_K*0", "B->K* BFW t_A", "B->K* BFW m_M")
    at = jnp.linspace(0.5, 19.0, 9)
    found = lambda values: expanded("B->K*", INPUTS.replace(dict(zip(names, values, strict=True))), at)  # noqa: E731
    check_grads(found, (INPUTS.array(names),), order=1, rtol=1e-5, atol=1e-5)


def test_average_of_flag(reference):
    """Its values, errors and correlations in the range of lattice results; f0(0) = f+(0)."""
    stored = reference("eos_form_factors.json")["flag"]
    (block,) = (p for p in input_set("flag-2021").priors if "B->K BCL a0_f+" in p.names)
    inputs, at = load_inputs("flag-2021"), [0.0, 16.905, 19.905, 22.905]
    place = [(at.index(q2), ["+", "0", "T"].index(n)) for q2, n in zip(stored["q2"], stored["names"], strict=True)]

    def values(a):
        expansion = form_factors.b_to_k(inputs.replace(dict(zip(block.names, a, strict=True))))
        return jax.vmap(lambda x: form_factors.evaluate(expansion, x))(jnp.asarray(at))

    found, slopes = jax.jit(lambda a: (values(a), jax.jacfwd(values)(a)))(jnp.asarray(block.mean))
    np.testing.assert_allclose([found[i] for i in place], stored["values"], rtol=1e-9)
    assert float(found[0, 0]) == pytest.approx(float(found[0, 1]), rel=1e-12)
    j = np.array([slopes[i] for i in place])
    covariance = j @ block.covariance @ j.T
    expected = np.array(stored["correlations"]) * np.outer(stored["errors"], stored["errors"])
    np.testing.assert_allclose(covariance, expected, atol=1e-8 * np.outer(stored["errors"], stored["errors"]).max())
