r"""How moments move with uncertain inputs: an `expansion` in unit nuisances, made small.

In the narrow bin of a row a few combinations of nuisances are all that a moment feels to second order:
:math:`\tfrac12\nu^TH\nu` of every moment is kept in the common range of its H.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped

from bsfit.loading.inputs import Inputs
from bsfit.predictions import compiled, expansion, kept, response
from bsfit.predictions.expansion import (
    COARSE,
    NEGLIGIBLE,
    REACH,
    STEP,
    STRONGLY,
    Bend,
    Expansion,
    leading_directions,
    products,
)
from bsfit.predictions.plan import ProcessPlan
from bsfit.predictions.response import Span, fit_polynomials, probes
from bsfit.theory import LightMediator, Rows

DETERMINED = 1e-6
"""Of its error, what an input must have of its own: less is a rounding error of what others determine."""


class Few(NamedTuple):
    """What products of nuisances do to moments: few `forms` of them [r, t, f], `parts` [r, f, m, k] what these do.

    Apart, a point would wait for the tensor of all of them to be read.
    """

    forms: Float[np.ndarray, "r t f"]
    parts: Float[np.ndarray, "r f m k"]

    @classmethod
    def of(cls, effects: Float[np.ndarray, "r t m k"], size: Float[np.ndarray, "r 1"], least: float) -> "Few":
        """From what each product does to moments of a row, in units of the largest, its `size`, but for the `least`."""
        (rows, count), shape = effects.shape[:2], effects.shape[2:]
        forms, weight, parts = np.linalg.svd(effects.reshape(rows, count, math.prod(shape)), full_matrices=False)
        left_out = np.sqrt(np.cumsum(weight[:, ::-1] ** 2, axis=1)[:, ::-1])
        kept = left_out > least
        few = int(np.max(np.sum(kept, axis=1), initial=0))
        found = parts[:, :few].reshape(rows, few, *shape) * size[:, None, None]
        return cls(forms[:, :, :few] * (weight * kept)[:, None, :few], found)

    def of_rows(self, rows: Sequence[int], width: int) -> "Few":
        """That of the first so many combinations of some rows."""
        forms, parts = self.forms[rows], self.parts[rows]
        few = int(np.max(np.flatnonzero(np.any(forms != 0.0, axis=(0, 1))), initial=-1)) + 1
        return Few(forms[:, :, :few], parts[:, :few, :, :width])


class Motion(NamedTuple):
    """How k combinations of moments of each of r rows move with q nuisances, by monomial of the coordinates.

    These are `turned` [q, u], combinations of unit nuisances such that all others do nothing. Values at their centre,
    `base` [m, r, k]; slopes [q, m, r, k]; combinations w [r, c, q], whose products w_i w_j, i <= j, are of second
    order; `leading` directions v [l, q], whose products v_i v_j v_k, i <= j <= k, and behind them the functions of
    `bends`, times each nuisance beside them, are `beyond` it. Nuisances count from the centre.
    """

    turned: Float[np.ndarray, "q u"]
    base: Float[np.ndarray, "m r k"]
    slopes: Float[np.ndarray, "q m r k"]
    combinations: Float[np.ndarray, "r c q"]
    second: Few
    leading: Float[np.ndarray, "l q"]
    bends: tuple[Bend, ...]
    beyond: Few

    def of_rows(self, rows: Sequence[int], width: int) -> "Motion":
        """That of the first so many combinations of some rows."""
        return self._replace(
            base=self.base[:, rows, :width],
            slopes=self.slopes[:, :, rows, :width],
            combinations=self.combinations[rows],
            second=self.second.of_rows(rows, width),
            beyond=self.beyond.of_rows(rows, width),
        )

    def packed(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        """All of it as named arrays."""
        found = {name: getattr(self, name) for name in ("turned", "base", "slopes", "combinations", "leading")}
        found |= {
            f"{name} {key}": x for name in ("second", "beyond") for key, x in getattr(self, name)._asdict().items()
        }
        for i, bend in enumerate(self.bends):
            found |= {f"bend {i} {key}": np.asarray(x) for key, x in bend._asdict().items()}
        return found

    @classmethod
    def unpacked(cls, found: Mapping[str, Shaped[np.ndarray, "..."]]) -> "Motion":
        """From named arrays."""
        bends = []
        while (start := f"bend {len(bends)}") + " knots" in found:
            knots, cubic = found[start + " knots"], found[start + " cubic"]
            beside = tuple(found[start + " beside"].astype(int).tolist())
            bends.append(Bend(int(found[start + " nuisance"]), knots, cubic, beside))
        second, beyond = (Few(found[f"{name} forms"], found[f"{name} parts"]) for name in ("second", "beyond"))
        turned, base, slopes, combinations = (found[name] for name in ("turned", "base", "slopes", "combinations"))
        return cls(turned, base, slopes, combinations, second, found["leading"], tuple(bends), beyond)


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
    `inputs` are those where all moments are exact: `centre` says how many standard deviations from their means. What
    was found before is kept: see `kept`.
    """
    names, basis, pivots = span
    key = None
    if mediator is None and kept.is_kept(plan.process):
        which = map(np.asarray, (rows.decay, rows.lepton, rows.q2_min, rows.q2_max))
        code = (__name__, expansion.__name__, response.__name__)
        question = (*which, read, repr((names, pivots)), basis, changes, centre)
        key = kept.key_of_arrays("motion", plan.process, inputs, code, *question)
        if (known := kept.arrays(key)) is not None:
            return Motion.unpacked(known)
    points = probes(names, basis)

    def moments(directions: Float[np.ndarray, "s i"]) -> Float[np.ndarray, "s p r c"]:
        found = compiled.moments_at_many_inputs(plan.process, points, rows, inputs, directions, mediator)
        few = [np.einsum("prk,rkc->prc", each, read) for each in found]
        return np.stack(few) if few else np.zeros((0, len(points), len(read), read.shape[2]))

    def coefficients(values: Float[np.ndarray, "s p r k"]) -> Float[np.ndarray, "m s r k"]:
        return np.asarray(fit_polynomials({"": values.swapaxes(0, 1)}, len(pivots))[""])

    middle = moments(np.zeros((1, changes.shape[1])))[0]
    turned = _turned(changes, lambda steps: np.any(moments(steps) != middle, axis=(1, 2, 3)))
    unit, offset = turned @ changes, turned @ centre
    there = Expansion(lambda steps: moments(steps @ unit), middle, len(unit))
    size, strong, bent = there.size, there.strong(), there.bent()
    strongly = [a for a, missed in bent.items() if missed > STRONGLY]
    others = [a for a in strong if a not in strongly]
    second = there.second_order(strong, strongly)
    polynomial = ~np.isin(strong, strongly)
    found = leading_directions(second[np.ix_(polynomial, polynomial)] / size)
    leading = np.zeros((len(found), len(unit)))
    leading[:, np.array(strong, dtype=int)[polynomial]] = found
    third = there.third_order(leading)
    knots = np.arange(-REACH, REACH + 0.5 * STEP, STEP)
    curved = []
    for a in bent:
        cubed = np.tensordot(np.prod(leading[products(len(leading), 3), a], axis=1), third, 1)
        curved.append(there.alone(a, knots - offset[a], cubed))
    curved += [there.beside(a, knots[::COARSE] - offset[a], others) for a in strongly if others]
    beyond = np.concatenate([third, *(effects for _, effects in curved)])
    flat = coefficients(second.reshape(-1, *middle.shape))
    by_pair = flat.reshape(len(flat), *second.shape[:2], *middle.shape[1:])
    result = Motion(
        turned,
        coefficients(middle[None])[:, 0],
        coefficients(there.slopes).swapaxes(0, 1),
        *_reduced(by_pair / size, size, strong, len(unit)),
        leading,
        tuple(bend for bend, _ in curved),
        Few.of(coefficients(beyond / size).transpose(2, 1, 0, 3), size, NEGLIGIBLE),
    )
    if key is not None:
        kept.keep_arrays(key, result.packed())
    return result


def _turned(
    changes: Float[np.ndarray, "u i"], move: Callable[[Float[np.ndarray, "s i"]], Bool[np.ndarray, " s"]]
) -> Float[np.ndarray, "q u"]:
    """Orthonormal combinations of unit nuisances that change the inputs which `move` anything.

    Those are found one by one. Correlated ones of another decay are unit nuisances too, and to do without them saves
    more than half of all pairs. Inputs without correlations keep their own.
    """
    error = np.sqrt(np.sum(changes**2, axis=0))
    uncertain = np.flatnonzero(error)
    matter = uncertain[move(np.diag(error)[uncertain])]
    directions, triangle = np.linalg.qr(changes[:, matter] / error[matter])
    return directions[:, np.abs(triangle).max(axis=1, initial=0.0) > DETERMINED].T


def _reduced(
    second: Float[np.ndarray, "m a a r k"], size: Float[np.ndarray, "r 1"], kept: Sequence[int], q: int
) -> tuple[Float[np.ndarray, "r c q"], Few]:
    """In the range of the matrices [a, a] of all moments and monomials of each row: its basis, and their entries."""
    squared = np.einsum("mabrk,mcbrk->rac", second, second, optimize=True)
    strength, ranges = np.linalg.eigh(squared)
    count = int(np.max(np.sum(strength > NEGLIGIBLE**2, axis=1), initial=0))
    ranges = ranges[:, :, len(kept) - count :]
    inside = np.einsum("rai,mabrk,rbj->rijmk", ranges, second, ranges, optimize=True)
    combinations = np.zeros((len(size), count, q))
    combinations[:, :, list(kept)] = ranges.swapaxes(1, 2)
    i, j = products(count, 2).T
    return combinations, Few.of(inside[:, i, j] * np.where(i == j, 0.5, 1.0)[:, None, None], size, 0.1 * NEGLIGIBLE)
