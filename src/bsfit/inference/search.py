"""The deepest minimum over the whole box, its curvature, its degenerate directions and its profile crossings.

All starts descend together in one compiled call (`minimise`). Used by `fit`, `profile` and `sample`.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from bsfit.at_work import doing
from bsfit.errors import BsfitInputError
from bsfit.inference import allowed, degeneracy, target
from bsfit.inference.crossings import Sought, crossings
from bsfit.inference.minimise import CONVERGED, Minima, minimise, pressed, scatter
from bsfit.inference.space import Objective, Space

# Two minima of the same depth within this many units of -2 log L, this far apart in sigma, are one.
SAME_DEPTH, SAME_PLACE = 1e-5, 0.1
# Determined combinations of degenerate parameters agree to this fraction along one valley.
SAME_COMBINATION = 1e-3
# So many of the listed minima are tried again along a profile.
MAX_VALLEYS = 8
# Up to so many couplings Newton's method leads its starts itself.
FEW = 10


class Place(NamedTuple):
    """One of the distinct minima: where, how deep, its gradient and curvature, how many starts ended there."""

    position: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    starts: int

    @property
    def sides(self) -> np.ndarray:
        """Bounds [n] that hold parameters back, -1 below and 1 above: where -2 log L rises visibly through the box."""
        held = pressed(self.position, self.gradient) & (np.abs(self.gradient) > degeneracy.LEVEL)
        return np.where(held, np.where(self.position > 0.5, 1, -1), 0)

    @property
    def flat(self) -> int:
        """Number of directions without curvature."""
        eigenvalues, _ = degeneracy.spectrum(self.hessian, self.sides == 0)
        return int(np.sum(degeneracy.flat_candidates(eigenvalues)))


class Best(NamedTuple):
    """The deepest minimum in box coordinates and what surrounds it.

    places: the distinct minima, deepest first; ends: where every converged start ended; outside: what is said of the
    part of the box where the likelihood is zero, and of its edge.
    """

    position: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    distance: float
    pressed: np.ndarray
    groups: list[degeneracy.Group]
    places: list[Place]
    ends: list[Place]
    reached: int
    starts: int
    outside: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether the gradient vanishes (or presses against a bound) at a point that is no saddle."""
        return self.distance < CONVERGED and not _saddle(self.hessian, ~self.pressed)


@runtime_checkable
class Lead(Protocol):
    """What leads starts [k, n] to where Newton's method begins, and how it is called in records."""

    name: str

    def __call__(self, objective: Objective, starts: np.ndarray) -> np.ndarray:
        """Positions [k, n] no higher than the starts."""
        ...


def search(
    objective: Objective,
    space: Space,
    *,
    starts: int,
    seed: int,
    first: np.ndarray | None = None,
    lead: Lead | None = None,
) -> Best:
    """Descend from all starts; the deepest minimum, its neighbourhood and the distinct other minima.

    `lead` goes first: by default `usual_lead`.
    Raises `BsfitInputError` if the objective is finite at no start, or all of the box is outside of what is allowed.
    """
    n = space.size
    extra = [np.full((1, n), 0.5)] if first is None else [first, np.full((1, n), 0.5)]
    points, outside = allowed.starts(objective, np.concatenate([*extra, scatter(starts, n, seed)])[:starts], seed)
    lead = lead or usual_lead(objective)
    with doing("minimising"):
        found = minimise(objective, points if lead is None else lead(objective, points), lanes=starts)
    if not np.isfinite(found.value).any():
        raise BsfitInputError(
            f"the log-likelihood is not finite at any of {starts} starts",
            field="fit",
            hint="narrow the bounds, or check the likelihood at one point: like(params)",
        )
    # Along a flat valley every point is as good: take the one farthest from the edges of the box.
    level = np.nanmin(np.where(found.converged | ~found.converged.any(), found.value, np.inf))
    room = np.min(np.minimum(found.position, 1.0 - found.position), axis=1)
    i = int(np.argmax(np.where(found.value <= level + 1e-9 * (1.0 + abs(level)), room, -1.0)))
    with doing("looking for what the data do not determine"):
        groups = _groups(objective, space, found, i, starts)
    if groups:
        # All starts may end in a corner of the valley, where the box cuts the errors of what is determined.
        centred = minimise(objective, degeneracy.centre(space, found.position[i], groups)[None], lanes=starts)
        if centred.converged[0] and centred.value[0] <= level + 1e-9 * (1.0 + abs(level)):
            found = Minima(*(_with_row(old, i, new) for old, new in zip(found, centred, strict=True)))
            groups = _groups(objective, space, found, i, starts)
    position, gradient = found.position[i], found.gradient[i]
    at_bound = _place(found, i).sides != 0
    places = _distinct(found, space, i, groups)
    if not found.converged[i] and (edges := allowed.at_edge(objective, position, gradient)):
        outside += (f"the likelihood rises to the edge of where {', '.join(edges)} is met",)
    return Best(
        position=position,
        value=float(found.value[i]),
        gradient=gradient,
        hessian=found.hessian[i],
        distance=float(found.distance[i]),
        pressed=at_bound,
        groups=groups,
        places=places,
        ends=[
            _place(found, int(k)) for k in np.flatnonzero(found.converged) if k == i or not _is_saddle(found, int(k))
        ],
        reached=places[0].starts,
        starts=starts,
        outside=outside,
    )


def usual_lead(objective: Objective) -> Lead | None:
    """What leads the starts in a box of many parameters that nothing constrains; None in others."""
    constrained, space = target.of(objective.log_likelihood).constrained, objective.space
    pairs = zip(space.names, space.priors, strict=True)
    if sum(prior is None and name not in constrained for name, prior in pairs) <= FEW:
        return None
    from bsfit.inference import descent

    return descent.usual()


def _groups(objective: Objective, space: Space, found: Minima, i: int, starts: int) -> list[degeneracy.Group]:
    at = _place(found, i)
    return degeneracy.find(objective, space, at.position, at.value, at.hessian, at.sides == 0, starts)


def _with_row(rows: np.ndarray, i: int, new: np.ndarray) -> np.ndarray:
    rows = rows.copy()
    rows[i] = new[0]
    return rows


def covariance(best: Best) -> tuple[np.ndarray, np.ndarray]:
    """Covariance [n, n] in box units, 2 (Hessian of -2 log L)^-1, and which parameters [n] it describes.

    Parameters pressed against a bound, or in a direction without curvature, have NaN rows.
    """
    n = len(best.position)
    eigenvalues, vectors = degeneracy.spectrum(best.hessian, ~best.pressed)
    flat = degeneracy.flat_candidates(eigenvalues) | (eigenvalues <= 0.0)
    inverse = np.divide(2.0, eigenvalues, out=np.zeros_like(eigenvalues), where=~flat)
    matrix = (vectors * inverse) @ vectors.T
    known = ~best.pressed & ~np.any(np.abs(vectors[:, flat]) > 1e-4, axis=1)
    return np.where(np.outer(known, known), matrix, np.full((n, n), np.nan)), known


def profile_ends(
    objective: Objective, best: Best, lanes: int
) -> tuple[dict[tuple[int, int, float], float], np.ndarray | None]:
    """Profile crossings {(parameter, side, level): position}, and a point deeper than the minimum if one was met.

    Members of a degenerate group are profiled with the group's gauge held, at the point of the valley from where their
    combination, which alone means something, can go farthest; positions are those with the gauge of the minimum, and
    may lie outside the box.
    """
    n = len(best.position)
    matrix, known = covariance(best)
    held_for = {i: list(group.gauge) for group in best.groups for i in group.rest}
    skip = {i for group in best.groups for i in (*group.gauge, *(group.rest if group.kind == "curved" else ()))}
    lane = [(i, side, level) for i in range(n) if i not in skip for side in (-1, 1) for level in (1.0, 4.0)]
    if not lane:
        return {}, None
    axis, side, level = (np.array(column) for column in zip(*lane, strict=True))
    hold = np.zeros((len(lane), n), dtype=bool)
    for row, i in enumerate(axis):
        hold[row, held_for.get(int(i), [])] = True
    width = np.where(known, np.sqrt(np.where(known, np.diag(matrix), 1.0)), 0.05)
    tilt = np.where(np.outer(known, known), matrix, 0.0) / np.where(known, np.diag(matrix), 1.0)[:, None]
    np.fill_diagonal(tilt, 1.0)
    start = np.tile(best.position, (len(lane), 1))
    for group in best.groups:
        places = degeneracy.widest(objective, objective.space, best.position, best.value, group, lanes)
        for row, (i, to, _) in enumerate(lane):
            start[row] = places.get((i, to), start[row])
    look = Sought(start, np.full(len(lane), best.value), axis, side, level, width[axis] * np.sqrt(level), tilt[axis])
    valleys = np.array([place.position for place in best.places[1:MAX_VALLEYS]])
    found = crossings(objective, look, hold=hold, lanes=lanes, others=valleys)
    deeper = found.deepest_value < best.value - SAME_DEPTH * (1.0 + abs(best.value))
    ends = found.position.copy()
    for group in best.groups:
        for row in np.flatnonzero(np.isin(axis, group.rest)):
            ends[row] = degeneracy.carried(objective.space, group, int(axis[row]), ends[row], start[row], best.position)
    return dict(zip(lane, map(float, ends), strict=True)), found.deepest if deeper else None


def _saddle(hessian: np.ndarray, free: np.ndarray) -> bool:
    eigenvalues, _ = degeneracy.spectrum(hessian, free)
    return bool(np.any(eigenvalues < -degeneracy.FLAT - 1e-6 * np.max(np.abs(eigenvalues), initial=0.0)))


def _is_saddle(found: Minima, i: int) -> bool:
    return _saddle(found.hessian[i], ~pressed(found.position[i], found.gradient[i]))


def _place(found: Minima, i: int) -> Place:
    return Place(found.position[i], float(found.value[i]), found.gradient[i], found.hessian[i], 1)


def _distinct(found: Minima, space: Space, best: int, groups: list[degeneracy.Group]) -> list[Place]:
    """Converged minima that differ in depth or place, deepest first."""
    places: list[Place] = []
    for i in [best, *(int(i) for i in np.argsort(found.value) if i != best and found.converged[i])]:
        if i != best and _is_saddle(found, i):
            continue
        new = _place(found, i)
        for k, known in enumerate(places):
            if abs(known.value - new.value) < SAME_DEPTH and _same_place(known, new, space, groups):
                places[k] = known._replace(starts=known.starts + 1)
                break
        else:
            places.append(new)
    return places


def _same_place(a: Place, b: Place, space: Space, groups: list[degeneracy.Group]) -> bool:
    """Whether two points of equal depth are one minimum: near in sigma, or on one degenerate valley.

    Valleys other than those through the best fit are not followed: where both points have such a direction, and the
    same bounds hold them, they count as on one.
    """
    named = sum(len(group.null) for group in groups if group.kind != "curved")
    if min(a.flat, b.flat) > named and np.array_equal(a.sides, b.sides):
        return True
    members = [i for group in groups for i in group.members]
    step = np.where(np.isin(np.arange(space.size), members), 0.0, b.position - a.position)
    if np.max(np.abs(step), initial=0.0) > 1e-6 and 0.5 * step @ a.hessian @ step > SAME_PLACE**2:
        return False
    x, y = (degeneracy.natural(space, place.position)[0] for place in (a, b))
    return all(_same_valley(group, x, y) for group in groups)


def _same_valley(group: degeneracy.Group, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether parameter values [n] agree in all that a degenerate group determines, and in the signs of a product."""
    members = list(group.members)
    if group.kind == "power" and group.rest and not np.array_equal(np.sign(x[members]), np.sign(y[members])):
        return False
    pairs = [(group.value(row, x), group.value(row, y)) for row in range(len(group.exponents))]
    return all(abs(u - v) < SAME_COMBINATION * max(abs(u), abs(v), 1e-300) for u, v in pairs)
