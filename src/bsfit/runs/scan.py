"""Log-likelihood per group of observables on a grid, at given points, or at points of a design.

Observables are computed once per point and give every group's value in the same pass. Points go through one compiled
program in chunks of fixed size, so that memory does not grow with their number and equal settings give equal numbers.
"""

import itertools
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
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
from bsfit.results.size import check_size
from bsfit.runs.collected import record_of
from bsfit.runs.designs import Design, Drawn, Grid, Listed, grid_of, listed
from bsfit.runs.keep import Dense, kept_of
from bsfit.runs.running import Running
from bsfit.runs.work import Layout, Work, layout, side_of

# How often the solutions of the neighbours are tried as starts when a scan is profiled.
PASSES = 6
# Points along an axis, and number, of the finer grids on which the highest point is looked for.
FINE, ZOOMS = 41, 4
# They have so many points at most, or as many as are evaluated side by side.
FINER = 625


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
    grid: Mapping[str, Any] | None = None,
    *,
    points: Any = None,
    design: str | None = None,
    n: int | None = None,
    keep: str = "all",
    profile: bool = False,
    fixed: Mapping[str, Any] | None = None,
    free: Mapping[str, Any] | None = None,
    chunk: int | None = None,
    starts: int = 32,
    seed: int = 0,
    progress: bool = True,
    store: str | os.PathLike[str] | None = None,
    resume: bool = False,
    force: bool = False,
    shard: tuple[int, int] | None = None,
    merge: bool = False,
    executor: Executor | str | None = None,
) -> Any:
    """Evaluate `like` on a grid {name: (low, high, points)}; `log:name` spaces the points logarithmically.

    In place of a grid: points {name: values}, or n points of a design, "sobol" or "random", drawn from the bounds and
    distributions of the free parameters. Every other free parameter must have a value in `fixed`, or is re-minimised at
    each point of a grid with profile=True. free: as in `space.parse`, default `like.free`; a plain function of the
    parameters that vary and are fixed needs none. Parameters that carry a distribution add its log-density to the
    total.

    keep: "all"; "delta=X", points with Delta chi2 < X to the best one; "best", the highest point in bins along each
    parameter; "histogram", weights exp(log L) in bins of each parameter and pair. A grid all of which is kept is a
    `Scan`, other points are `Points`, bins are `Binned`, and need memory for the bins alone.

    store: a folder that keeps every finished part; if the process is killed, resume=True goes on there, and force=True
    starts anew. shard: (i, n), i from 1 to n, computes only every n-th part, for the same store, and returns None;
    merge=True joins what shards have computed. executor: of `concurrent.futures`; parts are then computed by its
    threads or processes; or the address of a scheduler of Dask, or "local:N", N processes of Dask here.

    Raises BsfitInputError for bad grids and designs, unknown names, parameters that neither vary nor are fixed, where
    the likelihood is zero at all points, and for the store of another run.
    """
    started = time.time()
    running = Running(store, resume, force, shard, merge, executor, progress)
    running.check()
    fixed = {name: float(scalars.real(value, name)) for name, value in (fixed or {}).items()}
    like = target.of(like, free)
    space = None if like.free is None else space_of(like)
    whole = keep == "all"
    where = _design(grid, points, design, n, space, fixed, seed, whole)
    others = _others(space, where.names, fixed, profile)
    if others and (store is not None or not whole or not isinstance(where, Grid)):
        hint = "fix the other parameters, or profile a grid without a store, all of which is kept"
        raise BsfitInputError("a profiled scan has no parts that stand alone", field="profile", hint=hint)
    found, deepest = {}, None
    work = Work(like, space, fixed, where, layout(where.size, chunk or side_of(like)), kept_of(keep, where), keep)
    if others:
        assert isinstance(where, Grid)
        assert grid is not None
        given = where.points(0, where.size)
        found, deepest = _profiled(_Fixed(like, fixed), like.free or {}, grid, others, given, where.shape, starts, seed)
        work = replace(work, design=Listed(given | found, {}))
    tally, stored = running.carry_out(work)
    if shard is not None:
        return None
    shares, what = tally.shares(), "the grid" if grid is not None else "the points"
    if not tally.inside:
        anywhere = f"at any {'point of the grid' if grid is not None else 'of the points'}"
        raise allowed.nowhere(shares, "scan", anywhere, "move the grid")
    lost = f"the log-likelihood is not finite at {tally.bad} of {tally.points} points"
    settings = {"profile": profile, "fixed": fixed, "chunk": work.layout.side, "starts": starts, "seed": seed}
    if not isinstance(work.kept, Dense):
        settings = {"keep": keep, "fixed": fixed, "chunk": work.layout.side, "seed": seed}
    settings = {**where.settings(), **settings}
    settings |= {} if space is None else {"free": space.describe()}
    said: dict[str, Any] = {
        "reference": _reference(like, where.names),
        "messages": (*allowed.words_of(shares, what), *((lost,) if tally.bad else ())),
        "meta": provenance(target.about(like), started=started, method="scan", **settings) | stored,
    }
    if isinstance(work.kept, Dense):
        assert isinstance(where, Grid)
        surface = {name: found[name].reshape(where.shape) for name in others}
        return _surface(work, where, tally.groups, surface, deepest, said)
    return record_of(work.kept, where, tally, keep, said)


def _surface(
    work: Work,
    grid: Grid,
    groups: tuple[str, ...],
    others: Mapping[str, np.ndarray],
    deepest: dict[str, float] | None,
    said: Mapping[str, Any],
) -> Scan:
    """The record of a whole grid, with its highest point between the points."""
    assert isinstance(work.kept, Dense)
    side = work.layout.side
    finer = max(side, FINER)

    def height(point: Params) -> np.ndarray:
        return replace(work, layout=Layout(finer, side, finer, finer)).values(point)[0]

    total, by_group = work.kept.finished()
    result = Scan(
        names=grid.names,
        axes=tuple(grid.axes.values()),
        log=tuple(key.startswith("log:") for key, *_ in grid.given),
        log_likelihood=total,
        groups=groups,
        by_group=by_group,
        others=dict(others),
        status="converged" if np.isfinite(total).any() else "not converged",
        **said,
    )
    best = _highest(result, height, finer) if deepest is None else _if_higher(result, height, deepest)
    result = replace(result, **best)
    return replace(result, messages=(*result.messages, *result.remarks()))


def _design(
    grid: Any, points: Any, design: str | None, n: int | None, space: Any, fixed: Mapping, seed: int, whole: bool
) -> Design:
    """Where to evaluate; a result that is whole has a limited size. Raises BsfitInputError for what is bad."""
    if sum(each is not None for each in (grid, points, design)) > 1 or (n is not None and design is None):
        raise BsfitInputError("more than one of them", field="scan", expected="a grid, points, or a design with its n")
    if points is not None:
        return listed(points)
    if design is None:
        return grid_of(grid or {}, "scan", whole)
    if space is None:
        raise BsfitInputError("nothing is free", field="design", expected='free={"name": (low, high), ...}')
    names = tuple(name for name in space.names if name not in fixed)
    drawn = Drawn(design, space, names, n, seed)
    if whole:
        check_size((drawn.size,), "n")
    return drawn


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


def _others(space: Space | None, axes: Sequence[str], fixed: Mapping[str, float], profile: bool) -> list[str]:
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


def _reference(like: Target, axes: Iterable[str]) -> dict[str, float] | None:
    """The reference point on the grid's plane, if the likelihood has one."""
    if like.reference is None or any(name not in like.reference for name in axes):
        return None
    return {name: float(like.reference[name]) for name in axes}
