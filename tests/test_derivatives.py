"""Predictions and their derivatives from gradients row by row, against forward differentiation of the whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit import compiling
from bsfit.predictions import compiled
from bsfit.predictions.derivatives import ValueAndSlopes
from bsfit.predictions.jacobian import OfAmplitudes
from bsfit.predictions.prediction import wired

NAMES = ("BR(Bs->mumu)", "DeltaM_s_ps", "S_psiphi", "BR(Bs->tautau)")
FREE = {"C10mu": -0.4, "CS_bsmumu_im": 0.02, "CVLL_bsbs": 2e-11}
NUISANCES = ("V_cb", "f_Bs", "alpha_s_mZ", "gamma")


@pytest.fixture(scope="module")
def prediction():
    return wired(NAMES, free=tuple(FREE))


@pytest.mark.slow
def test_values_and_jacobian(prediction):
    """At shifted inputs, in parameters and inputs at once, to 1e-10 of the largest."""
    point = {**FREE, **{name: 1.02 * float(prediction.inputs[name]) for name in NUISANCES}}
    values, jacobian = OfAmplitudes(ValueAndSlopes(prediction), tuple(FREE), NUISANCES)(point)

    def directly(point):
        inputs = prediction.inputs.replace({name: point[name] for name in NUISANCES})
        return (prediction({name: point[name] for name in FREE}, inputs),) * 2

    given = {name: jnp.asarray(value) for name, value in point.items()}
    slopes, expected = compiling.compile_quickly(jax.jacfwd(directly, has_aux=True))(given)
    expected_jacobian = np.stack([slopes[name] for name in (*FREE, *NUISANCES)], axis=1)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    largest = np.abs(expected_jacobian).max(axis=1, keepdims=True)
    np.testing.assert_allclose(jacobian / largest, expected_jacobian / largest, atol=1e-10)


def test_more_rows_than_a_block_holds(prediction):
    """Questions of any length, each row by itself, in order."""
    mixing = next(p for p in prediction.plans if p.name == "bs_mixing")
    point = np.asarray(prediction.model(FREE, prediction.inputs).wilson.values)
    rows = mixing.row_arrays([0] * 70)
    weights = np.stack([np.arange(70.0), np.ones(70)], axis=1)
    ((moments, found),) = compiled.gradients([(mixing.process, point, rows, weights)], prediction.inputs)
    assert moments.shape == (70, 2)
    assert np.all(moments == moments[0])
    first, constant = found.inputs[1] - found.inputs[0], found.inputs[0]
    np.testing.assert_allclose(found.inputs, constant + np.arange(70.0)[:, None] * first, rtol=1e-9, atol=1e-30)
