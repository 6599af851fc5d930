"""Simulation-based calibration of the real likelihood, with fewer replicas than benchmarks/calibration.py."""

import pytest


@pytest.mark.slow
def test_posteriors_of_simulated_data_are_calibrated(benchmark_module):
    calibration = benchmark_module("calibration")
    like = calibration.likelihood()
    assert calibration.p_value(calibration.ranks(like, 100)) > 0.01
    # 20 replicas see a prior twice too wide; the benchmark's 200 see 1.2 times.
    assert calibration.p_value(calibration.ranks(like, 20, too_wide=2.0)) < 0.01
