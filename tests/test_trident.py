"""Neutrino tridents: limits, and the formula written with couplings of a Z'."""

import jax
import jax.numpy as jnp
import pytest
from finite_differences import assert_derivatives

from bsfit.loading.inputs import load_inputs
from bsfit.observables import trident
from bsfit.theory import Rows, Theory, WilsonCoefficients

INPUTS = load_inputs("reference")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))


def ratio(left, right=0.0):
    theory = Theory(WilsonCoefficients.of({"CVLL_numunumumumu": left + 0j, "CVLR_numunumumumu": right + 0j}))
    return trident.assemble("trident", trident.moments(theory, INPUTS, ROW), ROW, INPUTS)


def test_standard_model():
    assert ratio(0.0) == 1.0


def test_vector_like_zprime():
    """L_mu - L_tau with coupling g: eq. of 1403.1269, [1 + (1 + 4 s^2 + 2 v^2 g^2/m^2)^2]/[1 + (1 + 4 s^2)^2]."""
    s2, shift = float(INPUTS["sin2_theta_w"]), 0.13  # v^2 g^2/m^2
    coefficient = -shift / 2  # in units of 4 G_F/sqrt2 = 2/v^2
    expected = (1 + (1 + 4 * s2 + 2 * shift) ** 2) / (1 + (1 + 4 * s2) ** 2)
    assert float(ratio(coefficient, coefficient)) == pytest.approx(expected, rel=1e-13)


def test_rows_are_alike_and_keys_known():
    theory = Theory.standard_model()
    rows = Rows(jnp.zeros(3, int), jnp.zeros(3, int), jnp.zeros(3), jnp.zeros(3))
    assert trident.moments(theory, INPUTS, rows).shape == (3, len(trident.MOMENTS))
    with pytest.raises(KeyError):
        trident.assemble("sigma", trident.moments(theory, INPUTS, ROW), ROW, INPUTS)


def test_derivatives_and_jit():
    assert_derivatives(lambda x: ratio(x[0], x[1])[None], [[0.0, 0.0], [0.2, -0.1]], [0.5, 0.5])
    assert jax.jit(ratio)(0.2, -0.1) == pytest.approx(float(ratio(0.2, -0.1)), rel=1e-14)
