"""Closure of the global fit with fewer toys than benchmarks/closure.py."""

import pytest


@pytest.mark.slow
def test_pulls_of_a_fit_with_all_nuisances_floating(benchmark_module):
    """25 of the benchmark's 500 toys: widths of the pulls within three standard errors of one, p > 0.01."""
    closure = benchmark_module("closure")
    pulls, decorrelated, converged, parameters = closure.run(closure.likelihood(), 25)
    assert converged.all()
    assert parameters > 150
    assert pulls.std(axis=0) == pytest.approx(1.0, abs=3 / 50**0.5)
    assert closure.p_value(decorrelated) > 0.01
