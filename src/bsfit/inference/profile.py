"""Profile likelihood in one or two parameters: everything else re-minimised at each grid point.

Grid points are lanes of one compiled minimisation. They start from the best fit with its linear response, from the
other minima, then from the solutions of the neighbours until nothing gets deeper: so a profile does not stay in a
minimum that has become a local one.
"""

import itertools
import time
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from bsfit.at_work import doing
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.inference import allowed, target
from bsfit.inference.crossings import Sought, crossings
from bsfit.inference.degeneracy import natural
from bsfit.inference.minimise import CONVERGED, minimise
from bsfit.inference.search import MAX_VALLEYS, SAME_DEPTH, Best, covariance, search
from bsfit.inference.space import Objective, Space, space_of
from bsfit.results import Profile, provenance
from bsfit.results.size import check_size
from bsfit.results.surfaces import AGREE, CONTOURS, disagreement, known

MAX_PASSES = 12
# Points along an axis by the number of axes; the next where these do not resolve the contours.
POINTS = {1: (81,), 2: (41, 81)}
# Half-width of the default range, in Hessian sigmas.
SPAN_SIGMAS = 3.5

# Minimisers [*grid, n], values [*grid], distances to the minimum [*grid] or whether it was reached.
Surface = tuple[np.ndarray, np.ndarray, np.ndarray]


def profile(
    like: Any,
    name: str | tuple[str, str],
    *,
    points: int | None = None,
    span: Any = None,
    free: Mapping[str, Any] | None = None,
    starts: int = 32,
    seed: int = 0,
) -> Profile:
    """Profile of one parameter, or of two for a pair of names.

    points: grid points per axis (default 81; for a pair 41, and 81 where those do not resolve its contours). span:
    (low, high), for a pair two of them; default 3.5 Hessian sigmas around the best fit inside the bounds, everything if
    the parameter is undetermined. A grid is logarithmic for `log:` parameters. Intervals are exact crossings, not
    interpolations; disjoint ones are all listed.
    Raises BsfitInputError for a name that is not free and a span outside the bounds.
    """
    started = time.time()
    names = (name,) if isinstance(name, str) else tuple(name)
    like = target.of(like, free)
    space = space_of(like)
    axes = [_index(space, each) for each in names]
    if points is not None:
        check_size([points] * len(names), "points")
    objective = Objective(like, space)
    best = search(objective, space, starts=starts, seed=seed)
    spans = _spans(span, names)
    counts = POINTS[len(names)] if points is None else (points,)
    with doing(f"profile in {' and '.join(names)}"):
        grids, (position, value, done), change = _resolved(objective, space, best, axes, spans, counts, starts)
    lowest = np.unravel_index(np.argmin(value), value.shape)
    if value[lowest] < best.value - SAME_DEPTH * (1.0 + abs(best.value)):
        best = search(objective, space, starts=starts, seed=seed, first=position[lowest][None])
    one, two = (_intervals(objective, space, best, axes, position, value, level, starts) for level in (1.0, 4.0))
    x = natural(space, best.position)[0]
    values = natural(space, position)[0]
    messages = [*(group.words(space.names) for group in best.groups), *best.outside]
    if not done.all():
        messages.append(f"{int(np.sum(~done))} of {done.size} grid points did not converge")
    if change > AGREE:
        messages.append(f"area or extent of the contours known {known(change)}: take more points, or a narrower span")
    return Profile(
        names=names,
        axes=tuple(np.array([_natural_at(space, i, t) for t in grid]) for i, grid in zip(axes, grids, strict=True)),
        delta_chi2=np.maximum(value - best.value, 0.0),
        best=dict(zip(space.names, x.tolist(), strict=True)),
        best_log_likelihood=-0.5 * best.value,
        others={other: values[..., i] for i, other in enumerate(space.names) if other not in names},
        bounds={each: space.bounds()[each] for each in names},
        log=tuple(space.log[i] for i in axes),
        intervals_1=one,
        intervals_2=two,
        status="converged" if best.converged and done.all() else "not converged",
        messages=tuple(messages),
        meta=provenance(
            target.about(like),
            started=started,
            method="profile",
            points=len(grids[0]),
            starts=starts,
            seed=seed,
            free=space.describe(),
            **({} if span is None else {"span": span}),
        ),
    )


def _index(space: Space, name: str) -> int:
    name = name.removeprefix("log:")
    if name not in space.names:
        raise BsfitInputError(
            f"{name!r} is not free",
            field="profile",
            expected=f"one of {', '.join(space.names)}",
            hint=did_you_mean(name, space.names),
        )
    return space.names.index(name)


def _spans(span: Any, names: tuple[str, ...]) -> list[Any]:
    spans = [span] if len(names) == 1 else [None] * len(names) if span is None else list(span)
    if len(spans) != len(names) or len(names) > 2:
        raise BsfitInputError(
            f"got {span!r} for {len(names)} names", field="span", expected="(low, high) for each name"
        )
    return spans


def _grid(space: Space, best: Best, i: int, points: int, span: Any) -> np.ndarray:
    """Positions of the grid along parameter i."""
    if span is None:
        matrix, known = covariance(best)
        undetermined = not known[i] or any(i in group.members for group in best.groups)
        half = np.inf if undetermined else SPAN_SIGMAS * np.sqrt(matrix[i, i])
        return np.linspace(max(best.position[i] - half, 0.0), min(best.position[i] + half, 1.0), points)
    low, high = (np.asarray(space.position(_replaced(space, i, end)))[i] for end in span)
    if not -1e-9 <= low < high <= 1.0 + 1e-9:
        name = space.names[i]
        box = "{:g} and {:g}".format(*space.bounds()[name])
        raise BsfitInputError(
            f"got {tuple(span)}", field=f"span of {name!r}", expected=f"low < high inside the bounds {box}"
        )
    return np.linspace(max(low, 0.0), min(high, 1.0), points)


def _resolved(
    objective: Objective,
    space: Space,
    best: Best,
    axes: list[int],
    spans: list[Any],
    counts: tuple[int, ...],
    lanes: int,
) -> tuple[list[np.ndarray], Surface, float]:
    """Grids of the first count of points that resolves the contours, else of the last; their `disagreement`."""
    grids = [_grid(space, best, i, counts[0], span) for i, span in zip(axes, spans, strict=True)]
    surface = _surface(objective, best, axes, grids, lanes)
    change = 0.0 if len(axes) == 1 else disagreement(grids, surface[1] - best.value, (False, False), CONTOURS)
    if change > AGREE and counts[1:]:
        return _resolved(objective, space, best, axes, spans, counts[1:], lanes)
    return grids, surface, change


def _replaced(space: Space, i: int, value: Any) -> dict[str, float]:
    middle = space.params(jnp.full(space.size, 0.5))
    return {name: float(value) if j == i else float(middle[name]) for j, name in enumerate(space.names)}


def _natural_at(space: Space, i: int, t: float) -> float:
    position = np.full(space.size, 0.5)
    position[i] = t
    return float(natural(space, position)[0][i])


def _surface(
    objective: Objective, best: Best, axes: list[int], grids: list[np.ndarray], lanes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimisers [*grid, n], values [*grid] and whether each converged, or has nowhere to go."""
    n, shape = len(best.position), tuple(len(grid) for grid in grids)
    mesh = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1)
    hold = np.zeros(n, dtype=bool)
    hold[axes] = True
    start = np.broadcast_to(best.position, (*shape, n)) + (mesh - best.position[axes]) @ _response(best, axes)
    position, value, distance = _descend(objective, start, mesh, axes, hold, lanes)
    if hold.all():
        return position, value, _done(objective, position, value, distance)
    for place in best.places[1:MAX_VALLEYS]:
        trial = _descend(objective, np.broadcast_to(place.position, start.shape), mesh, axes, hold, lanes)
        position, value, distance = _deeper(trial, (position, value, distance))
    for _ in range(MAX_PASSES):
        improved = False
        for axis, shift in itertools.product(range(len(shape)), (1, -1)):
            source = np.clip(np.arange(shape[axis]) + shift, 0, shape[axis] - 1)
            trial = _descend(objective, np.take(position, source, axis=axis), mesh, axes, hold, lanes)
            improved |= bool(np.any(trial[1] < value - SAME_DEPTH))
            position, value, distance = _deeper(trial, (position, value, distance))
        if not improved:
            break
    return position, value, _done(objective, position, value, distance)


def _done(objective: Objective, position: np.ndarray, value: np.ndarray, distance: np.ndarray) -> np.ndarray:
    outside = ~allowed.inside(objective, position.reshape(-1, position.shape[-1])).reshape(value.shape)
    return (np.isfinite(value) & (distance < CONVERGED)) | outside


def _deeper(new: Surface, old: Surface) -> Surface:
    """The deeper of two solutions at each grid point; the old one where they agree."""
    better = new[1] < old[1] - SAME_DEPTH
    return (
        np.where(better[..., None], new[0], old[0]),
        np.where(better, new[1], old[1]),
        np.where(better, new[2], old[2]),
    )


def _response(best: Best, axes: list[int]) -> np.ndarray:
    """How all parameters [axes, n] follow the profiled ones: the regression lines of the covariance."""
    matrix, known = covariance(best)
    matrix = np.where(np.outer(known, known), matrix, np.eye(len(known)))
    return np.linalg.solve(matrix[np.ix_(axes, axes)], matrix[axes])


def _descend(
    objective: Objective, start: np.ndarray, mesh: np.ndarray, axes: list[int], hold: np.ndarray, lanes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape, n = start.shape[:-1], start.shape[-1]
    points = start.reshape(-1, n).copy()
    points[:, axes] = mesh.reshape(-1, len(axes))
    held = np.broadcast_to(hold, points.shape)
    found = minimise(objective, allowed.inward(objective, points, held), hold=held, lanes=lanes)
    return found.position.reshape(*shape, n), found.value.reshape(shape), found.distance.reshape(shape)


def _intervals(
    objective: Objective,
    space: Space,
    best: Best,
    axes: list[int],
    position: np.ndarray,
    value: np.ndarray,
    level: float,
    lanes: int,
) -> tuple[tuple[float, float], ...]:
    """Disjoint intervals below the level: sign changes on the grid and around the best fit, refined to crossings."""
    if len(axes) != 1:
        return ()
    i = axes[0]
    path = np.concatenate([position, best.position[None]])
    depth = np.concatenate([value, [best.value]]) - best.value
    order = np.argsort(path[:, i], kind="stable")
    path, depth = path[order], depth[order]
    inside = depth < level
    changes = np.flatnonzero(inside[1:] != inside[:-1])
    ends = [_refined(objective, best, i, path, depth, k, level, lanes) for k in map(int, changes)]
    edges = [_outwards(objective, best, i, path[0], -1, level, lanes)] if inside[0] else []
    edges += ends
    edges += [_outwards(objective, best, i, path[-1], 1, level, lanes)] if inside[-1] else []
    natural_edges = [edge if np.isinf(edge) else _natural_at(space, i, edge) for edge in edges]
    return tuple(zip(natural_edges[::2], natural_edges[1::2], strict=True))


def _outwards(
    objective: Objective, best: Best, i: int, point: np.ndarray, side: int, level: float, lanes: int
) -> float:
    """Crossing beyond the last grid point; infinite if the bound comes first."""
    end = float(_crossing(objective, best, i, point, side, level, 0.02, np.eye(len(point))[i], lanes))
    return side * np.inf if np.isinf(end) else end


def _refined(
    objective: Objective, best: Best, i: int, path: np.ndarray, depth: np.ndarray, k: int, level: float, lanes: int
) -> float:
    """Crossing between path[k] and path[k + 1], searched outwards from the one inside."""
    a, b = (k, k + 1) if depth[k] < level else (k + 1, k)
    gap = path[b] - path[a]
    share = np.clip((level - depth[a]) / (depth[b] - depth[a]), 0.05, 0.95)
    end = _crossing(objective, best, i, path[a], int(np.sign(gap[i])), level, abs(share * gap[i]), gap / gap[i], lanes)
    low, high = sorted((path[a, i], path[b, i]))
    # A jump of the profile has no root; the straight line between the two grid points stands in.
    return end if low - 1e-12 <= end <= high + 1e-12 else float(path[a, i] + share * gap[i])


def _crossing(
    objective: Objective,
    best: Best,
    i: int,
    point: np.ndarray,
    side: int,
    level: float,
    guess: float,
    tilt: np.ndarray,
    lanes: int,
) -> float:
    one = (point[None], np.array([best.value]), np.array([i]), np.array([side]))
    look = Sought(*one, np.array([level]), np.array([guess]), tilt[None])
    valleys = np.array([place.position for place in best.places[1:MAX_VALLEYS]])
    return float(crossings(objective, look, lanes=lanes, others=valleys).position[0])
