"""Mixing of a vector-like state against the singular-value decomposition of full mass matrices."""

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.matching import vectorlike


@pytest.mark.parametrize("seed", range(3))
def test_mixing_against_the_full_mass_matrix(seed):
    """Singular-value decomposition of the 4 x 4 mass matrix of three chiral doublets and one vector-like doublet."""
    generator = np.random.default_rng(seed)
    lam = generator.normal(size=3) + 1j * generator.normal(size=3)
    g_x, v_phi, m = 0.4, 3000.0, 900.0
    mu = lam * v_phi / np.sqrt(2)
    # Rows: right-handed states, three massless and Q_R; columns: left-handed q_1, q_2, q_3, Q.
    matrix = np.zeros((4, 4), dtype=complex)
    matrix[3] = [*mu, m]
    _, masses, rotation = np.linalg.svd(matrix)
    charges = np.diag([0.0, 0.0, 0.0, 2 * g_x])
    couplings = rotation @ charges @ rotation.conj().T  # heavy state first; the light ones in some basis
    found = vectorlike.mixing(m, dict(enumerate(lam)), 2 * g_x, v_phi / np.sqrt(2))
    assert float(found.heavy) == pytest.approx(masses[0], rel=1e-12)
    assert float(found.heavy_mixed()) == pytest.approx(couplings[0, 0].real, rel=1e-12)
    light = np.array([[found.light()(i, j) for j in range(3)] for i in range(3)])
    # In the light sector only the basis is free: eigenvalues, and the length of the heavy-light coupling.
    np.testing.assert_allclose(
        np.linalg.eigvalsh(light), np.sort(np.linalg.eigvalsh(couplings[1:, 1:])), rtol=1e-10, atol=1e-12
    )
    mixed = np.array([found.heavy_light()[j] for j in range(3)])
    assert np.linalg.norm(mixed) == pytest.approx(np.linalg.norm(couplings[0, 1:]), rel=1e-11)
    # The basis is fixed by giving the light states masses in it: see the next test. Unitarity sums:
    whole = np.block([[light, mixed.conj()[:, None]], [mixed[None, :], np.array([[found.heavy_mixed()]])]])
    np.testing.assert_allclose(whole @ whole, 2 * g_x * whole, atol=1e-12)
    assert np.trace(whole).real == pytest.approx(2 * g_x, rel=1e-12)


def test_basis_of_light_mass_eigenstates():
    """Small light masses, diagonal after mixing: the couplings of the mass eigenstates are those of the formula."""
    lam = np.array([0.3 + 0.1j, -0.5, 0.8j])
    g_x, v_phi, m = 0.4, 3000.0, 900.0
    mu = lam * v_phi / np.sqrt(2)
    m_heavy = np.sqrt(m**2 + np.sum(np.abs(mu) ** 2))
    along = mu.conj() / np.linalg.norm(mu)
    # Columns: the heavy state and the three light ones l_i in terms of (q_1, q_2, q_3, Q); l_i -> q_i for small mixing.
    heavy = np.append(mu.conj(), m) / m_heavy
    parallel = np.append(m * along, -np.linalg.norm(mu)) / m_heavy
    light = np.vstack([np.eye(3) - np.outer(along, along.conj()), np.zeros(3)]) + np.outer(parallel, along.conj())
    masses = np.array([1e-3, 0.02, 0.9])
    matrix = np.zeros((4, 4), dtype=complex)
    matrix[:3] = np.diag(masses) @ light.conj().T
    matrix[3] = m_heavy * heavy.conj()
    _, values, rotation = np.linalg.svd(matrix)
    np.testing.assert_allclose(values, [m_heavy, *masses[::-1]], rtol=1e-6)
    couplings = rotation @ np.diag([0, 0, 0, 2 * g_x]) @ rotation.conj().T
    found = vectorlike.mixing(m, dict(enumerate(lam)), 2 * g_x, v_phi / np.sqrt(2))
    for i in range(3):
        for j in range(3):
            expected = abs(couplings[3 - i, 3 - j])  # singular vectors have free phases
            assert float(jnp.abs(found.light()(i, j))) == pytest.approx(expected, rel=1e-5)


def test_couplings_from_real_parameters():
    """Missing parts are zero; up quarks couple with the conjugate of the CKM matrix."""
    down = vectorlike.coupling_vector({"a_s": 0.5, "a_s_im": -1.0, "a_b": 2.0}, "a", vectorlike.DOWN_QUARKS)
    np.testing.assert_allclose(jnp.stack(down), [0.0, 0.5 - 1j, 2.0])
    v = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)) + 1j * np.random.default_rng(3).normal(size=(3, 3)))[
        0
    ]
    up = vectorlike.up_couplings(down, jnp.asarray(v))
    np.testing.assert_allclose(jnp.stack(up), v.conj() @ np.asarray(jnp.stack(down)), rtol=1e-13)
    assert float(vectorlike.norm_squared(up)) == pytest.approx(float(vectorlike.norm_squared(down)), rel=1e-13)
