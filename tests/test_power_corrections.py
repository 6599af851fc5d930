"""Power corrections: shifts of observables against flavio, ranges, and nothing by default."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.hadronic import power_corrections
from bsfit.inputs import input_set, load_inputs

NAMES = (
    "<dBR/dq2>(B0->K*mumu)[1.1,6]",
    "<P5p>(B0->K*mumu)[4,6]",
    "<FL>(B0->K*mumu)[1.1,2.5]",
    "<S4>(B0->K*mumu)[15,19]",
    "<dBR/dq2>(B+->Kmumu)[1.1,6]",
    "<dBR/dq2>(B+->Kmumu)[15,22]",
)
# Observables of flavio 2.7.1 at its default inputs, and with one parameter changed.
CENTRAL = (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.51259e-08, 1.52201e-08)
SHIFTED = {
    ("B0->K* delta_C7 a_0 Re", 0.186): (4.86089e-08, -0.771006, 0.76697, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C7 a_- Re", 0.023): (4.67112e-08, -0.771715, 0.771666, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C7p a_+ Re", 0.06): (4.68055e-08, -0.812403, 0.75881, -0.300694, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C9 c_- Re", 0.3): (4.6836e-08, -0.758314, 0.759431, -0.296096, 3.51259e-08, 1.52201e-08),
    ("B0->K* delta_C9 c_+ Re", 0.3): (4.6836e-08, -0.758314, 0.759431, -0.301732, 3.51259e-08, 1.52201e-08),
    ("B+->K delta_C9 a Re", 0.08): (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.58043e-08, 1.52201e-08),
    ("B+->K delta_C9 c Re", 0.2): (4.6836e-08, -0.758314, 0.759431, -0.300694, 3.51259e-08, 1.59572e-08),
}


@pytest.fixture(scope="module")
def central():
    return np.array(list(bsfit.predict(NAMES, inputs="flavio").values()))


@pytest.mark.parametrize(("name", "size"), SHIFTED)
def test_shifts_of_flavio(central, name, size):
    """Each parameter moves each observable as it does in flavio, to 2 % of the shift and 1e-5 of the observable."""
    moved = np.array(list(bsfit.predict(NAMES, inputs=load_inputs("flavio", {name: size})).values()))
    expected = np.array(SHIFTED[name, size]) - np.array(CENTRAL)
    np.testing.assert_allclose(moved - central, expected, rtol=0.02, atol=1e-5 * np.abs(CENTRAL).max())
    np.testing.assert_allclose((moved - central) / CENTRAL, expected / CENTRAL, rtol=0.02, atol=5e-4)


def test_central_values_are_zero_and_partners_are_correlated():
    priors = [p for p in input_set("default").priors if any("delta_C" in name for name in p.names)]
    assert sum(len(p.names) for p in priors) == 66
    for prior in priors:
        assert not prior.mean.any()
        sigma = np.sqrt(np.diag(prior.covariance))
        assert prior.covariance[0, 1] == pytest.approx(0.99 * sigma[0] * sigma[1], rel=1e-6)


def test_nothing_between_the_ranges_and_smooth_everywhere():
    shifts = power_corrections.PseudoscalarShifts(*(jnp.asarray(x + 0j) for x in (0.1, 0.01, 0.2)))
    q2 = jnp.linspace(0.1, 20.0, 2000)
    value = jax.vmap(lambda q2: power_corrections.pseudoscalar_shift(q2, shifts))(q2)
    assert np.all(value[(q2 > 10.0) & (q2 < 13.0)] == 0.0)
    np.testing.assert_allclose(value[q2 < 9.0], 0.1 + 0.01 * q2[q2 < 9.0], rtol=1e-12)
    np.testing.assert_allclose(value[q2 > 14.0], 0.2, rtol=1e-12)
    assert np.abs(np.diff(value)).max() < 0.01
