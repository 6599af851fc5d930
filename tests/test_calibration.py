"""Simulation-based calibration of the real likelihood, with fewer replicas than benchmarks/calibration.py."""

import pytest


@pytest.mark.long
def test_posteriors_of_simulated_data_are_calibrated(benchmark_module):
    calibration = benchmark_module("calibration")
    like = calibration.likelihood()
    assert calibration.p_value(calibration.ranks(like, 100)) > 0.01
    # Too narrow a prior shows most with 20 replicas: a posterior of data alone is calibrated, however wide the prior.
    assert calibration.p_value(calibration.ranks(like, 20, too_wide=0.4)) < 0.01
