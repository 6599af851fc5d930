"""Two particles into two, for squared amplitudes written out in tests."""

import numpy as np
from dirac_matrices import METRIC
from scipy.integrate import quad


def kinematics(s, m1, m2, m3, m4, cosine):
    """Momenta of 1 2 -> 3 4 in the centre of mass, 1 along z, and the sizes p and k of these."""
    root = np.sqrt(s)
    p, k = (np.sqrt((s - (a + b) ** 2) * (s - (a - b) ** 2)) / (2 * root) for a, b in ((m1, m2), (m3, m4)))
    way = np.array([np.sqrt(1 - cosine**2), 0.0, cosine])
    along = np.array([0.0, 0.0, 1.0])
    made = [np.array([np.sqrt(q**2 + m**2), *(sign * q * n)]) for q, n, m, sign in
            ((p, along, m1, 1), (p, along, m2, -1), (k, way, m3, 1), (k, way, m4, -1))]  # fmt: skip
    return *made, p, k


def strength_of(squared, s, m1, m2, m3, m4):
    """pk/4 pi times the mean over the angle of ``squared(p1, p2, k1, k2)``."""
    mean = quad(lambda c: squared(*kinematics(s, m1, m2, m3, m4, c)[:4]), -1, 1, epsrel=1e-11)[0] / 2
    *_, p, k = kinematics(s, m1, m2, m3, m4, 0.0)
    return p * k / (4 * np.pi) * mean


def polarisations(k, mass):
    """Sum over the polarisations of a massive vector, lower indices."""
    lower = METRIC @ k
    return -METRIC + np.outer(lower, lower) / mass**2
