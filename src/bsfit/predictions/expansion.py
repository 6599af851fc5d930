r"""Moments about a point of the nuisances, from differences: slopes, second and third order, and what is no polynomial.

Moments are quadratic in form factors, whose errors are large enough for that to be seen, and power corrections multiply
them: the third order is found in the directions in which the second is largest.

A threshold that moves through a bin, that of charm loops with the mass of the quark, is no polynomial at all. Where
twice the step shows that, what the nuisance does alone beyond the second order is kept as a function, by splines, and
where it does much, what it does to the slopes along the others.
"""

from collections.abc import Callable, Sequence
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

NEGLIGIBLE = 1e-4
"""Effects of one standard deviation beyond the first order below this fraction of the largest moment of a row are left
out."""

FEW = 5 * NEGLIGIBLE
"""The same for functions times each of many nuisances: a point waits for all of these products."""

LEADING = 12
"""So many directions of the nuisances at most have a third order."""

SMALL = 0.05
"""Standard deviations of a step in several nuisances: at one of them, products of three are taken for some of two."""

BENT, STRONGLY = 1e-4, 2e-3
"""A polynomial of second order that misses moments at twice the step by the first fraction of the largest is not
enough; by the second, one of third order is none, and slopes along others follow the nuisance, too."""

REACH, STEP, COARSE = 5.0, 0.25, 2
"""Standard deviations from the mean up to which such a nuisance is followed, and between two knots; every second of
these has the slopes along the others."""


class Bend(NamedTuple):
    """Functions of a nuisance that no polynomial follows, times others that stand `beside` it, if any do.

    `nuisance` is its position, `knots` [n], polynomials between two knots `cubic` [4, n - 1, c], as of scipy's
    `CubicSpline`.
    """

    nuisance: int
    knots: Float[np.ndarray, " n"]
    cubic: Float[np.ndarray, "4 n_1 c"]
    beside: tuple[int, ...] = ()


class Expansion:
    """Moments [p, r, k] at points of the coefficients: in the `middle`, and one standard deviation away to both sides.

    `moments` gives those after steps of all q nuisances.
    """

    def __init__(
        self,
        moments: Callable[[Float[np.ndarray, "s q"]], Float[np.ndarray, "s p r k"]],
        middle: Float[np.ndarray, "p r k"],
        q: int,
    ) -> None:
        self.moments, self.middle, self.unit = moments, middle, np.eye(q)
        plus, minus = moments(self.unit), moments(-self.unit)
        self.slopes = 0.5 * (plus - minus)
        """First derivatives, of polynomials of second order."""
        self.curvatures = plus + minus - 2.0 * middle
        """Second derivatives in the same nuisance twice."""

    @property
    def size(self) -> Float[np.ndarray, "r 1"]:
        """The largest moment of each row."""
        return np.maximum(np.abs(self.middle).max(axis=(0, 2)), np.finfo(float).tiny)[:, None]

    def strong(self) -> list[int]:
        """Nuisances whose second order matters, alone or with others.

        A moment is at most a square of amplitudes, so that what two of them do together is bounded by what each does
        alone, but for factors of a small part of it, such as V_ub and gamma, or f_K* and 1/lambda_B: these do as much
        together as each to first order.
        """
        slopes, curvatures = (np.max(np.abs(x) / self.size, axis=(1, 2, 3)) for x in (self.slopes, self.curvatures))
        return np.flatnonzero((curvatures > NEGLIGIBLE) | (slopes > NEGLIGIBLE)).tolist()

    def beyond(self, a: int, steps: Float[np.ndarray, " s"]) -> Float[np.ndarray, "s p r k"]:
        """What one nuisance does alone beyond the second order."""
        t = steps[:, None, None, None]
        found = self.moments(steps[:, None] * self.unit[a])
        return found - self.middle - t * self.slopes[a] - 0.5 * t**2 * self.curvatures[a]

    def bent(self) -> dict[int, float]:
        """Nuisances that no polynomial of second order follows, and by how much it misses."""
        ends = np.array([-2.0, 2.0])
        missed = {a: float(np.max(np.abs(self.beyond(a, ends)) / self.size)) for a in range(len(self.unit))}
        return {a: by for a, by in missed.items() if by > BENT}

    def alone(
        self, a: int, knots: Float[np.ndarray, " n"], cubed: Float[np.ndarray, "p r k"]
    ) -> tuple[Bend, Float[np.ndarray, "c p r k"]]:
        """That as few functions of the nuisance, and what each does, but for what its third power does, `cubed`."""
        found = self.beyond(a, knots) - knots[:, None, None, None] ** 3 * cubed
        return self._bend(a, knots, found[:, None], (), NEGLIGIBLE)

    def beside(
        self, a: int, knots: Float[np.ndarray, " n"], others: Sequence[int]
    ) -> tuple[Bend, Float[np.ndarray, "cb p r k"]]:
        """What a nuisance does to the slopes along others: few functions of it, and what each does times each other."""
        steps = SMALL * np.concatenate([np.zeros((1, len(self.unit[0]))), self.unit[list(others)]])
        there = self.moments((knots[:, None, None] * self.unit[a] + steps).reshape(-1, steps.shape[1]))
        there = there.reshape(len(knots), len(steps), *self.middle.shape)
        here = self.moments(steps)
        slopes = ((there[:, 1:] - there[:, :1]) - (here[1:] - here[:1])) / SMALL
        return self._bend(a, knots, slopes, tuple(others), FEW)

    def _bend(
        self,
        a: int,
        knots: Float[np.ndarray, " n"],
        found: Float[np.ndarray, "n b p r k"],
        others: tuple[int, ...],
        least: float,
    ) -> tuple[Bend, Float[np.ndarray, "cb p r k"]]:
        from scipy.interpolate import CubicSpline  # an eighth of the time of a small prediction

        inside = np.all(np.isfinite(found), axis=(1, 2, 3, 4))
        knots, relative = knots[inside], (found[inside] / self.size).reshape(np.sum(inside), -1)
        functions, weight, effects = np.linalg.svd(relative, full_matrices=False)
        kept = np.abs(functions).max(axis=0) * weight * np.abs(effects).max(axis=1, initial=0.0) > least
        bend = Bend(a, knots, CubicSpline(knots, functions[:, kept] * weight[kept]).c, others)
        return bend, effects[kept].reshape(-1, *self.middle.shape) * self.size

    def second_order(self, strong: Sequence[int], apart: Sequence[int]) -> Float[np.ndarray, "a a p r k"]:
        """Second derivatives in some nuisances, but for those in one that is `apart` and another that is not."""
        pairs = [(i, j) for i, j in combinations(range(len(strong)), 2) if (strong[i] in apart) == (strong[j] in apart)]
        near = self.moments(SMALL * self.unit[strong]) - self.middle
        steps = np.array([self.unit[strong[i]] + self.unit[strong[j]] for i, j in pairs])
        both = self.moments(SMALL * steps.reshape(-1, self.unit.shape[1]))
        found = np.zeros((len(strong), len(strong), *self.middle.shape))
        found[np.arange(len(strong)), np.arange(len(strong))] = self.curvatures[strong]
        for (i, j), there in zip(pairs, both, strict=True):
            found[i, j] = found[j, i] = (there - self.middle - near[i] - near[j]) / SMALL**2
        return found

    def third_order(self, leading: Float[np.ndarray, "l a"]) -> Float[np.ndarray, "t p r k"]:
        """Coefficients of the products of three steps in some directions: a polynomial on a lattice."""
        n = len(leading)
        if n == 0:
            return np.zeros((0, *self.middle.shape))
        powers = np.array([np.bincount(row, minlength=n) for order in range(4) for row in products(n, order)])
        lattice = np.prod(powers[:, None] ** powers, axis=2)
        found = self.moments(SMALL * powers @ leading)
        every = np.linalg.solve(lattice, found.reshape(len(found), -1)).reshape(found.shape)
        return every[np.sum(powers, axis=1) == 3] / SMALL**3


def leading_directions(second: Float[np.ndarray, "a a p r k"]) -> Float[np.ndarray, "l a"]:
    """Directions in which second-order effects are largest, where three of them make one of third order."""
    squared = np.einsum("abprk,cbprk->ac", second, second, optimize=True)
    directions = np.linalg.eigh(squared)[1][:, ::-1].T[:LEADING]
    along = np.linalg.norm(np.einsum("la,abprk->lbprk", directions, second, optimize=True), axis=1)
    strength = np.sqrt(along.max(axis=(1, 2, 3), initial=0.0))
    return directions[strength * strength.max(initial=0.0) ** 2 > NEGLIGIBLE]


def products(n: int, order: int) -> Int[np.ndarray, "t order"]:
    """Factors of each product of so many of n numbers."""
    found = list(combinations_with_replacement(range(n), order))
    return np.array(found, dtype=int).reshape(len(found), order)
