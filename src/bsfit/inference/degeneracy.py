"""Directions the data do not see: found from the Hessian, proven by walking along them, named in words.

A direction is a candidate when -2 log L would change by less than `FLAT` over the whole prior box at the curvature of
the minimum. It counts as degenerate only when a walk of a tenth of the box along it changes -2 log L by less than
`LEVEL`: a vanishing second derivative alone (a quartic minimum) is no degeneracy. The walk is tried along products of
powers (x_i -> x_i exp(s w_i)), along straight lines, and last by steps with the other parameters re-minimised.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from bsfit.inference.minimise import minimise
from bsfit.inference.space import Space

FLAT, LEVEL, WALK = 2e-3, 1e-3, 0.1
# Steps of a walk along a valley that bends.
BENDS = 8
# Rises of -2 log L along a walk that are none.
ROUNDING = 1e-9
# How far, in units of the parameters' size, a valley is followed to its middle.
REACH = 6.0


@dataclass(frozen=True)
class Group:
    """Parameters that the data see only through fewer combinations.

    members: indices; null [k, members]: flat directions, one per row, in the coordinates of `kind`; gauge: members to
    hold so that the others are determined; exponents [len(rest), members]: the determined combinations, each holding
    one of the remaining members `rest`.
    """

    kind: str  # "power", "linear", "curved"
    members: tuple[int, ...]
    gauge: tuple[int, ...]
    rest: tuple[int, ...]
    exponents: np.ndarray
    null: np.ndarray

    def combination(self, row: int, names: tuple[str, ...]) -> str:
        """The determined combination of a row in words: `m_Zp/g_X`, or `x + 2*y`."""
        terms = [(names[i], float(e)) for i, e in zip(self.members, self.exponents[row], strict=True) if e]
        return _product(terms) if self.kind == "power" else _sum(terms)

    def words(self, names: tuple[str, ...]) -> str:
        """One sentence: what is not determined, along which direction, and what is."""
        members = [names[i] for i in self.members]
        if not self.rest:
            return f"the likelihood does not depend on {' or '.join(members)}: undetermined"
        listed = f"{', '.join(members[:-1])} and {members[-1]}"
        flat = "; ".join(_direction(row, members, self.kind) for row in self.null)
        if self.kind == "curved":
            return f"{listed} are undetermined: the likelihood does not change along a curve (here {flat})"
        seen = " and ".join(self.combination(row, names) for row in range(len(self.exponents)))
        return f"{listed} enter only through {seen}: undetermined along {flat}, only the combination has an error"

    def range(self, row: int, bounds: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Lowest and highest value of the combination of a row, where every parameter [n] stays in its bounds."""
        ends = []
        for i, e in zip(self.members, self.exponents[row], strict=True):
            points = np.array([*bounds[i], *([0.0] if bounds[i][0] < 0.0 < bounds[i][1] else [])])
            if e:
                with np.errstate(divide="ignore"):
                    ends.append(points**e if self.kind == "power" else e * points)
        combined = ends[0]
        for other in ends[1:]:
            pairs = np.multiply.outer if self.kind == "power" else np.add.outer
            with np.errstate(invalid="ignore"):
                combined = pairs(combined, other).ravel()
        return float(np.nanmin(combined)), float(np.nanmax(combined))

    def value(self, row: int, values: np.ndarray) -> float:
        """The combination of a row at parameter values [n]."""
        x = values[list(self.members)]
        return float(np.prod(x ** self.exponents[row]) if self.kind == "power" else x @ self.exponents[row])


def spectrum(hessian: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues [m] and eigenvectors [n, m] of the Hessian in box units, restricted to the free parameters."""
    index = np.flatnonzero(free)
    eigenvalues, vectors = np.linalg.eigh(hessian[np.ix_(index, index)])
    full = np.zeros((len(hessian), len(index)))
    full[index] = vectors
    return eigenvalues, full


def flat_candidates(eigenvalues: np.ndarray) -> np.ndarray:
    """Which eigenvalues are compatible with zero."""
    return np.abs(eigenvalues) < max(FLAT, 1e-12 * np.max(np.abs(eigenvalues), initial=0.0))


def find(
    objective: Any, space: Space, best: np.ndarray, value: float, hessian: np.ndarray, free: np.ndarray, lanes: int
) -> list[Group]:
    """Groups of degenerate parameters at a minimum `best` [n] of the objective; empty if everything is determined."""
    eigenvalues, vectors = spectrum(hessian, free)
    candidates = flat_candidates(eigenvalues)
    if not candidates.any():
        return []
    null, pivots = _reduced(vectors[:, candidates].T)
    x, slope = natural(space, best)
    groups = []
    for rows in _blocks(null):
        members = np.flatnonzero(np.any(null[rows] != 0.0, axis=0))
        kind = _kind(objective, space, best, value, null[rows], lanes)
        if kind is not None:
            to_kind = {"power": slope[members] / np.where(x[members], x[members], 1.0), "linear": slope[members]}
            flat = null[rows][:, members] * to_kind.get(kind, np.ones(len(members)))
            groups.append(_group(kind, members, pivots[rows], flat, x, _reaching_zero(space)))
    return groups


def centre(space: Space, position: np.ndarray, groups: list[Group]) -> np.ndarray:
    """The point farthest from the edges of the box along the straight and the power-like valleys through a minimum."""
    for group in groups:
        for row in group.null if group.kind != "curved" else ():
            position = _roomiest(_valley(space, position, group, row))
    return position


def widest(
    objective: Any, space: Space, position: np.ndarray, value: float, group: Group, lanes: int
) -> dict[tuple[int, int], np.ndarray]:
    """Points of the valley through a minimum by (member, side): those from where its combination can go farthest.

    Such a member walks to that side while the gauge is held. The objective is as low at all these points.
    """
    starts = {}
    for row, i in enumerate(group.rest if group.kind != "curved" else ()):
        for side in (-1, 1):
            start = position
            for null in group.null:
                places = _valley(space, start, group, null)
                places = places[np.all((places >= 0.0) & (places <= 1.0), axis=1)]
                places = np.vstack([start, places[:: max(len(places) // lanes, 1)], places[-1:]])
                level = minimise(objective, places, hold=np.ones(places.shape, dtype=bool), lanes=lanes).value - value
                ends = natural(space, np.where(np.arange(space.size) == i, side > 0, places))[0]
                reach = [abs(group.value(row, end) - group.value(row, natural(space, start)[0])) for end in ends]
                start = places[np.argmax(np.where(np.abs(level) < LEVEL, reach, -1.0))]
            starts[i, side] = start
    return starts


def carried(space: Space, group: Group, i: int, end: float, start: np.ndarray, position: np.ndarray) -> float:
    """Where member i would be with the gauge of `position`, for the combination that it has at `end` from `start`."""
    if not np.isfinite(end) or np.array_equal(start, position):
        return end
    here, there = (natural(space, place)[0][i] for place in (start, position))
    moved = natural(space, np.where(np.arange(space.size) == i, end, start))[0][i]
    moved = moved * there / here if group.kind == "power" else moved + there - here
    low, width = float(space.lower[i]), float(space.upper[i] - space.lower[i])
    return float(((np.log(moved) if space.log[i] else moved) - low) / width)


def _valley(space: Space, position: np.ndarray, group: Group, row: np.ndarray) -> np.ndarray:
    """Positions [k, n], some outside the box, along a flat direction of a group; the given one is the first."""
    x, _ = natural(space, position)
    members = list(group.members)
    size = np.max(np.abs(row)) if group.kind == "power" else np.max(np.abs(row / np.where(x, x, 1.0)[members]))
    shift = np.linspace(-REACH, REACH, 1201)[:, None] * row / max(size, 1e-300)
    points = np.tile(x, (len(shift), 1))
    points[:, members] = x[members] * np.exp(shift) if group.kind == "power" else x[members] + shift
    is_log = np.asarray(space.log)
    raw = np.where(is_log, np.log(np.where(is_log & (points > 0.0), points, 1.0)), points)
    return np.vstack([position, (raw - np.asarray(space.lower)) / np.asarray(space.upper - space.lower)])


def _roomiest(places: np.ndarray) -> np.ndarray:
    return places[np.argmax(np.min(np.minimum(places, 1.0 - places), axis=1))]


def natural(space: Space, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameter values [n] and their derivatives [n] with respect to the box coordinate."""
    width = np.asarray(space.upper - space.lower)
    is_log = np.asarray(space.log)
    coordinate = np.asarray(space.lower) + width * position
    x = np.where(is_log, np.exp(np.where(is_log, coordinate, 0.0)), coordinate)
    return x, np.where(is_log, x, 1.0) * width


def _reduced(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row-reduced form with full pivoting, which makes rows sparse where it can; and the pivot column of each row."""
    rows = rows.copy()
    pivots: list[int] = []
    for k in range(len(rows)):
        size = np.abs(rows[k:]).copy()
        size[:, pivots] = 0.0
        row, column = np.unravel_index(np.argmax(size), size.shape)
        rows[[k, k + row]] = rows[[k + row, k]]
        rows[k] /= rows[k, column]
        others = np.arange(len(rows)) != k
        rows[others] -= np.outer(rows[others, column], rows[k])
        pivots.append(int(column))
    return np.where(np.abs(rows) < 1e-6, 0.0, rows), np.array(pivots)


def _blocks(null: np.ndarray) -> list[list[int]]:
    """Sets of rows that share no parameter with the other sets."""
    blocks: list[list[int]] = []
    for row in range(len(null)):
        joined = [b for b in blocks if np.any(np.any(null[b] != 0.0, axis=0) & (null[row] != 0.0))]
        blocks = [b for b in blocks if b not in joined] + [[row, *(i for b in joined for i in b)]]
    return [sorted(block) for block in blocks]


def _kind(objective: Any, space: Space, best: np.ndarray, value: float, null: np.ndarray, lanes: int) -> str | None:
    """The walk along which the objective stays flat, or None if it rises on every one."""
    paths = {"linear": lambda v: lambda s: best + s * v}
    if np.all(natural(space, best)[0][np.any(null != 0.0, axis=0)] != 0.0):
        paths = {"power": lambda v: lambda s: _along_powers(space, best, s * v), **paths}
    walks = {kind: [_walk(path(v)) for v in null] for kind, path in paths.items()}
    rises = {
        kind: _rise(objective, np.concatenate(points), None, value, lanes)
        for kind, points in walks.items()
        if all(points)
    }
    # A ratio is constant on straight lines too, those through the origin: where both walks are flat it is a product.
    flattest = min(rises, key=lambda kind: max(rises[kind], ROUNDING), default=None)
    if flattest is not None and rises[flattest] < LEVEL:
        return flattest
    return "curved" if all(_curve(objective, best, value, row, lanes) for row in null) else None


def _curve(objective: Any, best: np.ndarray, value: float, direction: np.ndarray, lanes: int) -> bool:
    """Whether a valley goes on in a direction or its opposite, followed by steps with all but one re-minimised.

    One side is enough: it may end, or be closed and turn back, on the other.
    """
    for side in (WALK, -WALK):
        position, ahead, steps = best, side * direction, 0
        for steps in range(BENDS):
            pivot = np.argmax(np.abs(ahead))
            trial = position + WALK / BENDS * ahead / np.abs(ahead[pivot])
            if np.any((trial[pivot] < 0.0) | (trial[pivot] > 1.0)):
                break
            hold = (np.arange(len(best)) == pivot)[None]
            there = minimise(objective, trial[None], hold=hold, lanes=lanes)
            if not there.value[0] - value < LEVEL:
                steps = 0
                break
            position, ahead = there.position[0], there.position[0] - position
        if steps:
            return True
    return False


def _along_powers(space: Space, best: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Position after x -> x exp(w), where w agrees with `shift` of the position to first order."""
    x, slope = natural(space, best)
    # Beyond exp(50) a point is outside any box; the cut keeps the exponential finite.
    w = np.clip(shift * slope / np.where(x, x, 1.0), -50.0, 50.0)
    linear_step = x * np.expm1(w) / np.asarray(space.upper - space.lower)
    return best + np.where(np.asarray(space.log), shift, linear_step)


def _walk(path: Any) -> list[np.ndarray]:
    """Points a tenth of the box along a path on both sides; nearer where the box ends, none where the path does."""
    start = path(0.0)
    points = []
    for side in (WALK, -WALK):
        for step in (side, side / 2, side / 4, side / 8):
            point = path(step)
            moved = np.max(np.abs(point - start)) > 0.3 * abs(step)
            if moved and np.all((point >= 0.0) & (point <= 1.0)):
                points.append(point)
                break
    return points


def _rise(objective: Any, points: np.ndarray, hold: np.ndarray | None, value: float, lanes: int) -> float:
    """Largest rise of the objective above `value` at points [k, n]; held entirely where `hold` is None."""
    hold = np.ones(points.shape, dtype=bool) if hold is None else hold
    return float(np.max(minimise(objective, points, hold=hold, lanes=lanes).value - value))


def _reaching_zero(space: Space) -> np.ndarray:
    """Whether each parameter [n] can vanish inside its bounds."""
    lower, upper = np.asarray(space.lower), np.asarray(space.upper)
    return ~np.asarray(space.log) & (lower <= 0.0) & (upper >= 0.0)


def _group(
    kind: str, members: np.ndarray, pivots: np.ndarray, flat: np.ndarray, x: np.ndarray, vanishing: np.ndarray
) -> Group:
    vanishing = vanishing[members] & (kind == "power")
    at_gauge = _held(np.isin(members, pivots), flat, vanishing)
    gauge, rest = members[at_gauge], members[~at_gauge]
    exponents = np.zeros((0 if kind == "curved" else len(rest), len(members)))
    if len(exponents):
        # Every row is orthogonal to the flat directions and contains one of the parameters that are not held.
        exponents[:, ~at_gauge] = np.eye(len(rest))
        exponents[:, at_gauge] = -np.linalg.solve(flat[:, at_gauge], flat[:, ~at_gauge]).T
        exponents = np.array([_tidy(row, x[members], kind, vanishing) for row in exponents])
    return Group(kind, _plain(members), _plain(gauge), _plain(rest), exponents, flat)


def _held(pivots: np.ndarray, flat: np.ndarray, vanishing: np.ndarray) -> np.ndarray:
    """Which members [m] are held, as few as can be of those that can vanish: a walk along these passes through zero."""
    size = len(vanishing)
    choices = [np.isin(np.arange(size), choice) for choice in itertools.combinations(range(size), len(flat))]
    sizes = np.array([abs(np.linalg.det(flat[:, choice])) for choice in choices])
    able = [choice for choice, big in zip(choices, sizes >= 1e-3 * np.max(sizes), strict=True) if big]
    return min(able, key=lambda choice: (np.sum(vanishing & choice), np.sum(choice != pivots)))


def _plain(indices: Any) -> tuple[int, ...]:
    return tuple(map(int, indices))


def _tidy(row: np.ndarray, x: np.ndarray, kind: str, vanishing: np.ndarray) -> np.ndarray:
    """Small whole numbers where the row is close to them, with a sign that lets no parameter vanish in a denominator.

    Where none can vanish, the sign makes a ratio larger than one; where parameters on both sides can, the walk decides.
    """
    row = row / row[np.argmax(np.abs(row) > 1e-5)] if kind == "linear" else row
    fractions = [Fraction(float(e)).limit_denominator(6) for e in row]
    # Powers are of order one; coefficients of a sum have units, and a small one is none of rounding.
    close = [1e-3 * (1.0 if kind == "power" else abs(e)) for e in row]
    if all(abs(float(f) - e) <= size for f, e, size in zip(fractions, row, close, strict=True)):
        row = np.array([float(f) for f in fractions]) * lcm(*(f.denominator for f in fractions))
    if kind != "power" or np.all(row >= 0.0):
        return row
    above, below = np.any(vanishing & (row > 0.0)), np.any(vanishing & (row < 0.0))
    if above or below:
        return row if above else -row
    larger = np.sum(row * np.log(np.abs(x))) >= 0.0 and not np.all(row <= 0.0)
    return row if larger else -row


def _product(terms: list[tuple[str, float]]) -> str:
    def factor(name: str, exponent: float) -> str:
        return name if abs(exponent) == 1 else f"{name}^{abs(exponent):.4g}"

    above = "*".join(factor(n, e) for n, e in terms if e > 0)
    below = "*".join(factor(n, e) for n, e in terms if e < 0)
    return f"{above or '1'}/{f'({below})' if '*' in below else below}" if below else above


def _sum(terms: list[tuple[str, float]]) -> str:
    text = ""
    for name, e in terms:
        size = "" if abs(e) == 1 else f"{abs(e):.4g}*"
        text += (" - " if e < 0 else " + ") + size + name
    return text.removeprefix(" + ").strip()


def _direction(flat: np.ndarray, names: list[str], kind: str) -> str:
    """`log g_X + log m_Zp`, scaled so that the largest coefficient is one."""
    flat = np.round(flat / flat[np.argmax(np.abs(flat))], 4)
    return _sum([(f"log {name}" if kind == "power" else name, e) for name, e in zip(names, flat, strict=True) if e])
