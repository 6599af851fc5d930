"""Points of the unit box that follow from a seed and their number alone, whatever part of them is asked for."""

from typing import Protocol, runtime_checkable

import numpy as np

BITS = 52
"""Of each coordinate, which lies in the middle of its cell: never 0, never 1."""

DIRECTIONS = 32
"""Bits of Sobol's numbers, and of the number of a point."""

BLOCK = 16
"""Points come in blocks of 2^16, which differ from the first one by a constant in each coordinate's bits."""


@runtime_checkable
class Sequence(Protocol):
    """A sequence of points."""

    def __call__(self, first: int, stop: int) -> np.ndarray:
        """Points [stop - first, dimension]."""
        ...


class Random:
    """Independent uniform points: the counter of Philox is the number of the coordinate (Salmon et al., SC 2011)."""

    def __init__(self, dimension: int, size: int, seed: int) -> None:
        self.dimension, self.seed = dimension, seed

    def __call__(self, first: int, stop: int) -> np.ndarray:
        """Points [stop - first, dimension]."""
        start, end = first * self.dimension, stop * self.dimension
        # One step of the counter gives four numbers.
        generator = np.random.Philox(key=self.seed, counter=start // 4)
        raw = generator.random_raw(end - start // 4 * 4)[start % 4 :]
        return _real(raw >> np.uint64(64 - BITS)).reshape(-1, self.dimension)


class Sobol:
    """Sobol's points (Joe and Kuo 2008, as scipy has them), moved by a random digital shift."""

    def __init__(self, dimension: int, size: int, seed: int) -> None:
        self.shift = np.random.Philox(key=seed).random_raw(dimension) >> np.uint64(64 - BITS)
        self.vectors = _direction_numbers(dimension, max(size.bit_length(), BLOCK))
        self.block = np.zeros((1, dimension), np.uint64)
        for vector in self.vectors[:BLOCK]:
            # Gray code: the second half is the first one mirrored, with one bit more.
            self.block = np.concatenate([self.block, self.block[::-1] ^ vector])

    def __call__(self, first: int, stop: int) -> np.ndarray:
        """Points [stop - first, dimension]."""
        blocks = range(first >> BLOCK, ((stop - 1) >> BLOCK) + 1)
        parts = []
        for block in blocks:
            start = block << BLOCK
            inside = self.block[max(first - start, 0) : stop - start]
            parts.append(inside ^ (self._at(start) ^ self.shift))
        return _real(np.concatenate(parts))

    def _at(self, number: int) -> np.ndarray:
        gray = number ^ (number >> 1)
        used = [vector for k, vector in enumerate(self.vectors) if gray >> k & 1]
        return np.bitwise_xor.reduce(used, axis=0) if used else np.zeros_like(self.shift)


SEQUENCES = {"sobol": Sobol, "random": Random}


def _direction_numbers(dimension: int, count: int) -> np.ndarray:
    """What each bit of the Gray code of a number adds to its point, [count, dimension]."""
    from scipy.stats import qmc

    engine = qmc.Sobol(dimension, scramble=False, bits=DIRECTIONS)
    found = [np.zeros(dimension, np.uint64)]
    for k in range(count):
        if ahead := 2**k - engine.num_generated:
            engine.fast_forward(ahead)
        # The Gray code of 2^k has the bits k and k - 1.
        found.append((engine.random(1)[0] * 2.0**BITS).astype(np.uint64) ^ found[-1])
    return np.array(found[1:])


def _real(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(float) + 0.5) * 2.0**-BITS
