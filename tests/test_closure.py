"""Closure of the global fit with fewer toys than benchmarks/closure.py."""

import numpy as np
import pytest


@pytest.mark.long
def test_pulls_of_a_fit_with_all_nuisances_floating(benchmark_module):
    """25 of the benchmark's 500 toys: widths of the pulls within three standard errors of one, p > 0.01."""
    closure = benchmark_module("closure")
    toys, parameters = closure.run(closure.likelihood(), 25)
    assert toys.converged.all()
    assert parameters > 140
    assert toys.pulls.std(axis=0) == pytest.approx(1.0, abs=3 / 50**0.5)
    assert closure.p_value(np.sum(toys.decorrelated**2), toys.decorrelated.size) > 0.01
    assert closure.p_value(toys.ratio.sum(), toys.ratio.size * parameters) > 0.01
