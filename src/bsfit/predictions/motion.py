r"""How moments move with uncertain inputs, to second order, from differences along unit nuisances, made small.

Moments are quadratic in form factors, whose errors are large enough for that to be seen. In the narrow bin of a row a
few combinations of nuisances are all that a moment feels to second order: :math:`\tfrac12\nu^TH\nu` of every moment
is kept in the common range of its H. Steps are one standard deviation long: exact for a quadratic polynomial, and
better than a slope at one point where a bin holds a threshold that moves, that of charm loops.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled
from bsfit.predictions.plan import ProcessPlan
from bsfit.predictions.response import Span, fit_polynomials, probes
from bsfit.theory import LightMediator, Rows

NEGLIGIBLE = 1e-4
"""Second-order effects of one standard deviation below this fraction of the largest moment of a row are left out."""


class Motion(NamedTuple):
    """How the moments of r rows move with q nuisances, by monomial of the coordinates.

    `nuisances` [q] are positions of those that move them at all. Values at their centre, `base` [m, r, k]; slopes
    [q, m, r, k]; combinations w [r, c, q], and the coefficients of their products w_i w_j, i <= j: [r, t, m, k].
    """

    nuisances: tuple[int, ...]
    base: Float[np.ndarray, "m r k"]
    slopes: Float[np.ndarray, "q m r k"]
    combinations: Float[np.ndarray, "r c q"]
    products: Float[np.ndarray, "r t m k"]


def motion(
    plan: ProcessPlan,
    rows: Rows,
    span: Span,
    inputs: Inputs,
    changes: Float[np.ndarray, "q i"],
    mediator: LightMediator | None = None,
) -> Motion:
    """Of some rows of a process along unit nuisances, each a change of all inputs; `span`, `mediator` as in `Reach`."""
    names, basis, pivots = span
    points = probes(names, basis)

    def moments(directions: Sequence[Float[np.ndarray, " i"]]) -> Float[np.ndarray, "s p r k"]:
        found = list(compiled.moments_at_many_inputs(plan.process, points, rows, inputs, directions, mediator))
        return np.stack(found) if found else np.zeros((0, len(points), len(rows.decay), plan.process.n_moments))

    def coefficients(values: Float[np.ndarray, "s p r k"]) -> Float[np.ndarray, "m s r k"]:
        return np.asarray(fit_polynomials({"": values.swapaxes(0, 1)}, names, pivots).polynomials[""])

    middle = moments([np.zeros(changes.shape[1])])[0]
    plus, minus = moments(list(changes)), moments(list(-changes))
    moving = np.flatnonzero(np.any(plus != minus, axis=(1, 2, 3)) | np.any(plus != middle, axis=(1, 2, 3)))
    changes, plus, minus = changes[moving], plus[moving], minus[moving]
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
    return Motion(tuple(moving.tolist()), base, slopes, *_reduced(by_pair / size, size, kept, len(changes)))


def _reduced(
    second: Float[np.ndarray, "m a a r k"], size: Float[np.ndarray, "r 1"], kept: np.ndarray, q: int
) -> tuple[Float[np.ndarray, "r c q"], Float[np.ndarray, "r t m k"]]:
    """In the range of the matrices [a, a] of all moments and monomials of each row: its basis, and their entries."""
    n_rows = second.shape[3]
    squared = np.einsum("mabrk,mcbrk->rac", second, second, optimize=True)
    strength, ranges = np.linalg.eigh(squared)
    count = int(np.max(np.sum(strength > NEGLIGIBLE**2, axis=1), initial=0))
    ranges = ranges[:, :, len(kept) - count :]
    inside = np.einsum("rai,mabrk,rbj->rijmk", ranges, second * size, ranges, optimize=True)
    index = list(combinations_with_replacement(range(count), 2))
    products = [inside[:, i, j] * (0.5 if i == j else 1.0) for i, j in index]
    combinations = np.zeros((n_rows, count, q))
    combinations[:, :, kept] = ranges.swapaxes(1, 2)
    shape = n_rows, 0, second.shape[0], second.shape[4]
    return combinations, np.stack(products, axis=1) if products else np.zeros(shape)
