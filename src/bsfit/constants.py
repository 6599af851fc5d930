"""Exact and conventional numbers, and unit conversions. Natural units, GeV, unless the name says otherwise."""

HBAR_GEV_S = 6.582119569e-25  # exact in the 2019 SI
"""Reduced Planck constant in GeV s."""

GEV_PER_INVERSE_PS = HBAR_GEV_S * 1e12
"""1 ps^-1 in GeV."""

INVERSE_GEV_PER_PS = 1.0 / GEV_PER_INVERSE_PS
"""1 ps in GeV^-1."""

CM2_PER_INVERSE_GEV2 = 3.893793721e-28  # (hbar c)^2, exact in the 2019 SI
"""1 GeV^-2 in cm^2."""

COLOURS = 3
CHARGE_UP = 2.0 / 3.0
CHARGE_DOWN = -1.0 / 3.0

PLANCK_MASS = 1.22089e19
"""In GeV, not reduced."""

ENTROPY_TODAY = 2891.2
"""Entropy density at 2.7255 K, in cm^-3."""

CRITICAL_DENSITY_PER_H2 = 1.05371e-5
"""Critical density over h^2, in GeV cm^-3."""

CM3_PER_S_PER_INVERSE_GEV2 = CM2_PER_INVERSE_GEV2 * 2.99792458e10
"""1 GeV^-2 times the speed of light, in cm^3/s."""
