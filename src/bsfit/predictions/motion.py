r"""How moments move with uncertain inputs, to second order, from differences along unit nuisances, made small.

Moments are quadratic in form factors, whose errors are large enough for that to be seen. In the narrow bin of a row a
few combinations of nuisances are all that a moment feels to second order: :math:`\tfrac12\nu^TH\nu` of every moment
is kept in the common range of its H. Steps are one standard deviation long, exact for a quadratic polynomial.

A threshold that moves through a bin, that of charm loops with the mass of the quark, is no polynomial at all. Where
twice the step shows that, what the nuisance does alone beyond the second order is kept as a function, by splines.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline

from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled
from bsfit.predictions.plan import ProcessPlan
from bsfit.predictions.response import Span, fit_polynomials, probes
from bsfit.theory import LightMediator, Rows

NEGLIGIBLE = 1e-4
"""Second-order effects of one standard deviation below this fraction of the largest moment of a row are left out."""

BENT = 1e-3
"""A polynomial of second order that misses moments at twice the step by this fraction of the largest is not enough."""

REACH, STEP = 5.0, 0.25
"""Standard deviations from the mean, and between knots, up to which and at which such a nuisance is followed."""


class Bend(NamedTuple):
    """What a nuisance does alone beyond the second order: functions of it, and what each does to every moment.

    `nuisance` is its position, `knots` [n], polynomials between two knots `cubic` [4, n - 1, c], as of scipy's
    `CubicSpline`; `parts` [c, m, r, k].
    """

    nuisance: int
    knots: Float[np.ndarray, " n"]
    cubic: Float[np.ndarray, "4 n_1 c"]
    parts: Float[np.ndarray, "c m r k"]


class Motion(NamedTuple):
    """How k combinations of moments of each of r rows move with q nuisances, by monomial of the coordinates.

    `nuisances` [q] are positions of those that move them at all. Values at their centre, `base` [m, r, k]; slopes
    [q, m, r, k]; combinations w [r, c, q]; the few `forms` of their products w_i w_j, i <= j, [r, t, f], and what each
    of these does to every moment, `parts` [r, f, m, k]; the `bends` of nuisances that no polynomial describes, which
    count as the others do from the centre.
    """

    nuisances: tuple[int, ...]
    base: Float[np.ndarray, "m r k"]
    slopes: Float[np.ndarray, "q m r k"]
    combinations: Float[np.ndarray, "r c q"]
    forms: Float[np.ndarray, "r t f"]
    parts: Float[np.ndarray, "r f m k"]
    bends: tuple[Bend, ...]

    def of_rows(self, rows: Sequence[int], width: int) -> "Motion":
        """That of the first so many combinations of some rows."""
        forms, parts = self.forms[rows], self.parts[rows]
        few = int(np.max(np.flatnonzero(np.any(forms != 0.0, axis=(0, 1))), initial=-1)) + 1
        bends = tuple(bend._replace(parts=bend.parts[:, :, rows, :width]) for bend in self.bends)
        first = self.base[:, rows, :width], self.slopes[:, :, rows, :width], self.combinations[rows]
        return Motion(self.nuisances, *first, forms[:, :, :few], parts[:, :few, :, :width], bends)


def motion(
    plan: ProcessPlan,
    rows: Rows,
    read: Float[np.ndarray, "r k c"],
    span: Span,
    inputs: Inputs,
    changes: Float[np.ndarray, "q i"],
    centre: Float[np.ndarray, " q"],
    mediator: LightMediator | None = None,
) -> Motion:
    """Of some rows of a process along unit nuisances, each a change of all inputs; `span`, `mediator` as in `Reach`.

    `read` are c combinations of the moments of each row, about of length one; zeros fill up where there are fewer.
    `inputs` are those where all moments are exact: `centre` says how many standard deviations from their means.
    """
    names, basis, pivots = span
    points = probes(names, basis)

    def moments(directions: Sequence[Float[np.ndarray, " i"]]) -> Float[np.ndarray, "s p r c"]:
        found = compiled.moments_at_many_inputs(plan.process, points, rows, inputs, directions, mediator)
        few = [np.einsum("prk,rkc->prc", each, read) for each in found]
        return np.stack(few) if few else np.zeros((0, len(points), len(read), read.shape[2]))

    def coefficients(values: Float[np.ndarray, "s p r k"]) -> Float[np.ndarray, "m s r k"]:
        return np.asarray(fit_polynomials({"": values.swapaxes(0, 1)}, names, pivots).polynomials[""])

    middle = moments([np.zeros(changes.shape[1])])[0]
    plus, minus = moments(list(changes)), moments(list(-changes))
    moving = np.flatnonzero(np.any(plus != minus, axis=(1, 2, 3)) | np.any(plus != middle, axis=(1, 2, 3)))
    changes, plus, minus = changes[moving], plus[moving], minus[moving]
    offset = centre[moving]
    size = np.maximum(np.abs(middle).max(axis=(0, 2)), np.finfo(float).tiny)[:, None]
    second = plus + minus - 2.0 * middle
    # A moment is at most a square of amplitudes: the second order in two nuisances is bounded by that in each.
    strength = np.sqrt(np.max(np.abs(second) / size, axis=(1, 2, 3)))
    kept = np.flatnonzero(strength * strength.max(initial=0.0) > NEGLIGIBLE)
    where = {int(a): i for i, a in enumerate(kept)}
    pairs = [(a, b) for i, a in enumerate(kept) for b in kept[:i] if strength[a] * strength[b] > NEGLIGIBLE]
    matrix = np.zeros((len(kept), len(kept), *middle.shape))
    matrix[np.arange(len(kept)), np.arange(len(kept))] = second[kept]
    for (a, b), both in zip(pairs, moments([changes[a] + changes[b] for a, b in pairs]), strict=True):
        matrix[where[a], where[b]] = matrix[where[b], where[a]] = both - plus[a] - plus[b] + middle
    flat = coefficients(matrix.reshape(-1, *middle.shape))
    by_pair = flat.reshape(len(flat), len(kept), len(kept), *flat.shape[2:])
    slopes = coefficients(0.5 * (plus - minus)).swapaxes(0, 1)
    base = coefficients(middle[None])[:, 0]

    def beyond(a: int, steps: Float[np.ndarray, " s"]) -> Float[np.ndarray, "s p r k"]:
        """What one nuisance does beyond the second order."""
        t = steps[:, None, None, None]
        found = moments([step * changes[a] for step in steps])
        return found - middle - 0.5 * t * (plus[a] - minus[a]) - 0.5 * t**2 * second[a]

    knots = np.arange(-REACH, REACH + 0.5 * STEP, STEP)
    bends = tuple(
        _bend(a, knots - offset[a], coefficients(beyond(a, knots - offset[a])).swapaxes(0, 1), size)
        for a in range(len(changes))
        if np.any(np.abs(beyond(a, np.array([-2.0, 2.0]))) > BENT * size)
    )
    return Motion(tuple(moving.tolist()), base, slopes, *_reduced(by_pair / size, size, kept, len(changes)), bends)


def _bend(
    nuisance: int, knots: Float[np.ndarray, " n"], found: Float[np.ndarray, "n m r k"], size: Float[np.ndarray, "r 1"]
) -> Bend:
    """Values of all moments at the knots by the few functions of the nuisance that they are made of."""
    inside = np.all(np.isfinite(found), axis=(1, 2, 3))
    knots, found = knots[inside], found[inside]
    functions, weight, parts = np.linalg.svd((found / size).reshape(len(knots), -1), full_matrices=False)
    kept = weight > NEGLIGIBLE
    functions = functions[:, kept] * weight[kept]
    return Bend(nuisance, knots, CubicSpline(knots, functions).c, parts[kept].reshape(-1, *found.shape[1:]) * size)


def _reduced(
    second: Float[np.ndarray, "m a a r k"], size: Float[np.ndarray, "r 1"], kept: np.ndarray, q: int
) -> tuple[Float[np.ndarray, "r c q"], Float[np.ndarray, "r t f"], Float[np.ndarray, "r f m k"]]:
    """In the range of the matrices [a, a] of all moments and monomials of each row: its basis, and their entries.

    These are combinations of few matrices: with all of them apart, a point waits for their tensor to be read.
    """
    n_rows = second.shape[3]
    squared = np.einsum("mabrk,mcbrk->rac", second, second, optimize=True)
    strength, ranges = np.linalg.eigh(squared)
    count = int(np.max(np.sum(strength > NEGLIGIBLE**2, axis=1), initial=0))
    ranges = ranges[:, :, len(kept) - count :]
    inside = np.einsum("rai,mabrk,rbj->rijmk", ranges, second, ranges, optimize=True)
    combinations = np.zeros((n_rows, count, q))
    combinations[:, :, kept] = ranges.swapaxes(1, 2)
    i, j = np.array(list(combinations_with_replacement(range(count), 2)), dtype=int).reshape(-1, 2).T
    entries = inside[:, i, j] * np.where(i == j, 0.5, 1.0)[:, None, None]
    flat = entries.reshape(n_rows, len(i), second.shape[0] * second.shape[4])
    forms, weight, parts = np.linalg.svd(flat, full_matrices=False)
    left_out = np.sqrt(np.cumsum(weight[:, ::-1] ** 2, axis=1)[:, ::-1])
    kept_forms = left_out > 0.1 * NEGLIGIBLE
    few = int(np.max(np.sum(kept_forms, axis=1), initial=0))
    parts = parts[:, :few].reshape(n_rows, few, *entries.shape[2:]) * size[:, None, None]
    return combinations, forms[:, :, :few] * (weight * kept_forms)[:, None, :few], parts
