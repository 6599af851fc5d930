"""Dirac matrices in the chiral basis, for traces written out in tests."""

import numpy as np

S0, SX, SY, SZ = (np.array(m, dtype=complex) for m in ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]],
                                                       [[1, 0], [0, -1]]))  # fmt: skip
GAMMA = [np.kron(SX, S0), *(np.kron(1j * SY, s) for s in (SX, SY, SZ))]
FIVE = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
LEFT, RIGHT, ONE = (np.eye(4) - FIVE) / 2, (np.eye(4) + FIVE) / 2, np.eye(4)
METRIC = np.diag([1.0, -1, -1, -1])


def slash(p):
    return sum(METRIC[i, i] * p[i] * GAMMA[i] for i in range(4))


def bar(matrix):
    return GAMMA[0] @ matrix.conj().T @ GAMMA[0]
