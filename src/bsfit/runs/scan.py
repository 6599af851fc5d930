"""Log-likelihood per group of observables on a grid of one or more parameters.

Observables are computed once per point and give every group's surface in the same pass. Points go through one compiled
program in chunks of fixed size, so that memory does not grow with the grid and equal settings give equal numbers.
"""

import itertools
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from bsfit import scalars
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.inference import allowed, target
from bsfit.inference.degeneracy import natural
from bsfit.inference.minimise import minimise
from bsfit.inference.search import SAME_DEPTH, search
from bsfit.inference.space import Objective, Space, parse, space_of
from bsfit.inference.target import Params, Target
from bsfit.results import Scan, provenance
from bsfit.runs.designs import Listed, grid_of
from bsfit.runs.keep import Dense
from bsfit.runs.work import SIDE, Layout, Work, carried_out, layout

# How often the solutions of the neighbours are tried as starts when a scan is profiled.
PASSES = 6
# Points along an axis, and number, of the finer grids on which the highest point is looked for.
FINE, ZOOMS = 41, 4


class _Fixed(eqx.Module):
    """A log-likelihood of the parameters that are not fixed."""

    like: Target
    fixed: Params

    def __call__(self, params: Params) -> Any:
        return self.like({**params, **self.fixed})

    def conditions(self, params: Params) -> dict[str, Any]:
        return self.like.conditions({**params, **self.fixed})


def scan(
    like: Any,
    grid: Mapping[str, Any],
    *,
    profile: bool = False,
    fixed: Mapping[str, Any] | None = None,
    free: Mapping[str, Any] | None = None,
    chunk: int = SIDE,
    starts: int = 32,
    seed: int = 0,
    progress: bool = True,
    store: str | os.PathLike[str] | None = None,
    resume: bool = False,
    force: bool = False,
) -> Scan:
    """Evaluate `like` on a grid {name: (low, high, points)}; `log:name` spaces the points logarithmically.

    Every other free parameter must have a value in `fixed`, or is re-minimised at each point with profile=True.
    free: as in `space.parse`, default `like.free`; a plain function of grid and fixed parameters needs none. Parameters
    that carry a distribution add its log-density to the total. store: a folder that keeps every finished part of the
    grid; if the process is killed, resume=True goes on there, and force=True starts anew. Raises BsfitInputError for
    bad grids, unknown names, parameters that are neither on the grid nor fixed, where the likelihood is zero on all of
    the grid, and for the store of another run.
    """
    started = time.time()
    design = grid_of(grid, "scan")
    axes, shape = design.axes, design.shape
    fixed = {name: float(scalars.real(value, name)) for name, value in (fixed or {}).items()}
    like = target.of(like, free)
    space = None if like.free is None else space_of(like)
    others = _others(space, axes, fixed, profile)
    if others and store is not None:
        hint = "without a store, or fix the other parameters"
        raise BsfitInputError("a profiled scan has no parts that stand alone", field="store", hint=hint)
    found, deepest, where = {}, None, design
    if others:
        points = design.points(0, design.size)
        found, deepest = _profiled(_Fixed(like, fixed), like.free or {}, grid, others, points, shape, starts, seed)
        where = Listed(points | found, {})
    kept = Dense(design.size)
    work = Work(like, space, fixed, where, layout(design.size, chunk), kept.of_chunk)

    def height(point: Params) -> np.ndarray:
        side = work.layout.side
        return replace(work, layout=Layout(side, side, side, side)).values(point)[0]

    tally, stored = carried_out(work, kept, store, resume, force, progress)
    total, shares = kept.total, tally.shares()
    if not tally.inside:
        raise allowed.nowhere(shares, "scan", "at any point of the grid", "move the grid")
    lost = f"the log-likelihood is not finite at {tally.bad} of {total.size} points"
    result = Scan(
        names=tuple(axes),
        axes=tuple(axes.values()),
        log=tuple(str(key).startswith("log:") for key in grid),
        log_likelihood=total.reshape(shape),
        groups=tally.groups,
        by_group=kept.by_group.reshape(len(tally.groups), *shape),
        others={name: found[name].reshape(shape) for name in others},
        reference=_reference(like, axes),
        status="converged" if np.isfinite(total).any() else "not converged",
        messages=(*allowed.words_of(shares, "the grid"), *((lost,) if tally.bad else ())),
        meta=provenance(
            target.about(like),
            started=started,
            method="scan",
            profile=profile,
            fixed=fixed,
            chunk=work.layout.side,
            starts=starts,
            seed=seed,
        )
        | stored,
    )
    best = _highest(result, height, work.layout.side) if deepest is None else _if_higher(result, height, deepest)
    result = replace(result, **best)
    return replace(result, messages=(*result.messages, *result.remarks()))


def _highest(grid: Scan, height: Any, chunk: int) -> dict[str, Any]:
    """Where the total is highest between the points of a grid, on finer ones of at most a chunk about its peak."""
    side = min(int(chunk ** (1.0 / len(grid.names)) + 1e-9), FINE)
    if side < 5 or not np.isfinite(grid.log_likelihood).any():
        return {}
    here, ends = grid, set(grid.edges())
    for _ in range(ZOOMS):
        axes = [_about(*axis, side) for axis in zip(here.peak()[0].values(), grid.axes, grid.log, strict=True)]
        mesh = np.meshgrid(*axes, indexing="ij")
        total = height({name: values.reshape(-1) for name, values in zip(grid.names, mesh, strict=True)})
        here = Scan(names=grid.names, axes=tuple(axes), log=grid.log, log_likelihood=total.reshape(mesh[0].shape))
        if set(here.edges()) <= ends:
            break
    where, highest = here.peak()
    return {"best": where, "best_log_likelihood": highest} if highest > np.nanmax(grid.log_likelihood) else {}


def _about(value: float, axis: np.ndarray, is_log: bool, side: int) -> np.ndarray:
    """An axis of `side` points from one step of a grid below a value to one above, inside the grid."""
    coordinate = np.log(axis) if is_log else axis
    step = coordinate[1] - coordinate[0]
    middle = np.log(value) if is_log else value
    low, high = max(middle - step, coordinate[0]), min(middle + step, coordinate[-1])
    finer = np.linspace(low, high, side)
    finer = np.exp(finer) if is_log else finer
    finer[0] = axis[0] if low == coordinate[0] else finer[0]
    finer[-1] = axis[-1] if high == coordinate[-1] else finer[-1]
    return finer


def _if_higher(grid: Scan, height: Any, deepest: dict[str, float]) -> dict[str, Any]:
    """The best point of a profiled scan, if no grid point is higher."""
    highest = float(height({name: np.array([value]) for name, value in deepest.items()})[0])
    where = {name: deepest[name] for name in grid.names}
    return {"best": where, "best_log_likelihood": highest} if highest >= np.nanmax(grid.log_likelihood) else {}


def _others(space: Space | None, axes: Mapping[str, Any], fixed: Mapping[str, float], profile: bool) -> list[str]:
    """Free parameters left to be re-minimised."""
    names = space.names if space else tuple(axes)
    for name in (*axes, *fixed):
        if space and name not in names:
            hint = did_you_mean(name, names)
            raise BsfitInputError(
                f"{name!r} is not free", field="scan", expected=f"one of {', '.join(names)}", hint=hint
            )
    both = [name for name in axes if name in fixed]
    if both:
        raise BsfitInputError(f"{', '.join(both)} is on the grid and fixed", field="scan")
    others = [name for name in names if name not in axes and name not in fixed]
    if others and not profile:
        raise BsfitInputError(
            f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} free but not on the grid",
            field="scan",
            hint="add to the grid, give fixed={name: value}, or re-minimise with profile=True",
        )
    return others


def _profiled(
    like: Any,
    free: Mapping[str, Any],
    grid: Mapping[str, Any],
    others: list[str],
    points: dict[str, np.ndarray],
    shape: tuple[int, ...],
    starts: int,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Values of the other parameters at every grid point, where `like` is highest; the highest point of all."""
    boxes = {key: line[:2] for key, line in grid.items()}
    space = parse(boxes | {key: box for key, box in free.items() if key.removeprefix("log:") in others})
    objective = Objective(like, space)
    best = search(objective, space, starts=starts, seed=seed)
    fixed_part = np.asarray(jax.vmap(space.position)({**points, **_middle(space, others, len(points[space.names[0]]))}))
    hold = np.array([name not in others for name in space.names])

    def descend(start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first = np.where(hold, fixed_part, start.reshape(fixed_part.shape))
        held = np.broadcast_to(hold, first.shape)
        found = minimise(objective, allowed.inward(objective, first, held), hold=held, lanes=starts)
        return found.position.reshape(*shape, -1), found.value.reshape(shape)

    position, value = descend(np.broadcast_to(best.position, fixed_part.shape))
    for _ in range(PASSES):
        before = value
        for axis, shift in itertools.product(range(len(shape)), (1, -1)):
            neighbour = np.clip(np.arange(shape[axis]) + shift, 0, shape[axis] - 1)
            trial = descend(np.take(position, neighbour, axis=axis))
            deeper = trial[1] < value - SAME_DEPTH
            position, value = np.where(deeper[..., None], trial[0], position), np.where(deeper, trial[1], value)
        if np.array_equal(before, value):
            break
    x = natural(space, position)[0].reshape(fixed_part.shape)
    highest = dict(zip(space.names, natural(space, best.position)[0].tolist(), strict=True))
    return {name: x[:, space.names.index(name)] for name in others}, highest


def _middle(space: Space, names: list[str], count: int) -> dict[str, np.ndarray]:
    middle = space.params(jnp.full(space.size, 0.5))
    return {name: np.full(count, float(middle[name])) for name in names}


def _reference(like: Target, axes: Mapping[str, Any]) -> dict[str, float] | None:
    """The reference point on the grid's plane, if the likelihood has one."""
    if like.reference is None or any(name not in like.reference for name in axes):
        return None
    return {name: float(like.reference[name]) for name in axes}
