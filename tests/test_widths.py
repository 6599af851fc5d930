"""Widths of a vector boson: massless limits, vector and axial couplings, thresholds, derivatives."""

import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.dark_sector import widths


def test_massless_limits_of_the_widths():
    left, zero = 0.3 + 0.4j, 0j
    assert float(widths.fermion_width(500.0, 0.0, 0.0, left, zero)) == pytest.approx(
        0.25 * 500 / (24 * np.pi), rel=1e-13
    )
    vector = widths.fermion_width(500.0, 100.0, 100.0, 0.3 + 0j, 0.3 + 0j)  # g^2 m/(12 pi) beta (3 - beta^2)/2
    beta = np.sqrt(1 - 0.16)
    assert float(vector) == pytest.approx(0.09 * 500 / (12 * np.pi) * beta * (3 - beta**2) / 2, rel=1e-12)
    axial = widths.fermion_width(500.0, 100.0, 100.0, 0.3 + 0j, -0.3 + 0j)
    assert float(axial) == pytest.approx(0.09 * 500 / (12 * np.pi) * beta**3, rel=1e-12)
    assert float(widths.fermion_width(500.0, 300.0, 201.0, left, zero)) == 0.0
    assert float(widths.scalar_width(500.0, 0.3, 0.0, 0.0)) == pytest.approx(0.09 * 500 / (48 * np.pi), rel=1e-13)


@pytest.mark.slow
def test_derivatives():
    def channels(x):
        fermions = widths.fermion_width(x[0], x[1], x[2], x[3] + 0.2j, x[4] + 0j)
        return jnp.stack([fermions, widths.scalar_width(x[0], x[3], x[1], x[2])])

    points = [[2000.0, 300.0, 900.0, 0.3, 0.1], [2000.0, 10.0, 900.0, 0.0, 0.0], [2000.0, 1200.0, 900.0, 0.3, 0.1]]
    assert_derivatives(channels, points, [300.0, 300.0, 300.0, 0.3, 0.3])
