"""The work of a run: a log-likelihood at the points of a design, in chunks, each a function of its index alone."""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.progress import Progress
from bsfit.inference.space import Space
from bsfit.inference.target import Params, Target
from bsfit.results.provenance import versions
from bsfit.runs.designs import Design
from bsfit.runs.keep import Kept
from bsfit.runs.store import Content, Plan, Store, opened

# Chunks in one call of the program, for designs of so many of them: a call costs as much as thousands of points.
CHUNKS, LARGE = 64, 8
SIDE = 4096
"""Points side by side, where nothing else is asked for."""

# A run is divided into about so many files where these are not larger than one call of so many chunks.
FILES = 64


@dataclass(frozen=True)
class Layout:
    """How points are divided: `side` of them side by side, `call` in a call of the program, `each` in a chunk."""

    points: int
    side: int
    call: int
    each: int

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.points // self.each)

    def count(self, index: int) -> int:
        """Points of a chunk."""
        return min(self.each, self.points - index * self.each)

    @property
    def threads(self) -> int:
        """Calls at a time: small ones use all cores by themselves."""
        return (os.cpu_count() or 1) if self.call > self.side else 1


def layout(points: int, side: int = SIDE) -> Layout:
    """The layout of so many points, `side` of them side by side."""
    side = min(side, points)
    call = side * CHUNKS if points >= LARGE * CHUNKS * side else side
    calls = min(side * CHUNKS // call, -(-points // (FILES * call)))
    return Layout(points, side, call, call * calls)


@dataclass(frozen=True)
class Work:
    """What is computed at each point of a design, and what is kept of it.

    keep: the word for it.
    """

    like: Target
    space: Space | None
    fixed: Mapping[str, float]
    design: Design
    layout: Layout
    kept: Kept
    keep: str

    def __call__(self, index: int) -> Content:
        """What is kept of a chunk."""
        first = index * self.layout.each
        points = self.design.points(first, min(first + self.layout.each, self.layout.points))
        total, groups, met = self.values(points)
        by_group = np.array(list(groups.values())).reshape(len(groups), len(total))
        inside = np.all([np.full(len(total), True), *met.values()], axis=0)
        return {
            "groups": tuple(groups),
            "failed": {name: int(np.sum(~ok)) for name, ok in met.items()},
            "inside": int(inside.sum()),
            "bad": int(np.sum(~np.isfinite(total) & inside)),
            **self.kept.of_chunk(points, total, by_group, total - self.design.counted(points)),
        }

    def values(self, points: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict, dict]:
        """Total, groups, and which conditions are met, at points; the last call is filled up with the last point."""
        size, call = len(next(iter(points.values()))), self.layout.call
        parts = []
        for first in range(0, size, call):
            given = {name: _padded(values[first : first + call], call) for name, values in points.items()}
            given |= {name: np.broadcast_to(value, call) for name, value in self.fixed.items()}
            parts.append(jax.tree.map(np.asarray, _batch(self.like, self.space, given, self.layout.side)))
        return jax.tree.map(lambda *arrays: np.concatenate(arrays)[:size], *parts)


def _padded(values: np.ndarray, step: int) -> np.ndarray:
    return values if len(values) == step else np.pad(values, (0, step - len(values)), mode="edge")


@eqx.filter_jit
def _batch(like: Target, space: Space | None, points: Params, side: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    def one(params: Params) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        total = like(params) if space is None else like(params) + space.constraint(params)
        return total, like.by_group(params), like.conditions(params)

    return jax.lax.map(one, points, batch_size=side)


@dataclass
class Tally:
    """What is counted over all chunks: points, those inside, those without a value, those that fail each condition."""

    points: int = 0
    inside: int = 0
    bad: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    groups: tuple[str, ...] = ()

    def add(self, content: Content, points: int) -> None:
        """Count a chunk of so many points."""
        self.points += points
        self.inside += content["inside"]
        self.bad += content["bad"]
        self.groups = tuple(content["groups"])
        for name, count in content["failed"].items():
            self.failed[name] = self.failed.get(name, 0) + count

    def shares(self) -> dict[str, float]:
        """The share of the points at which each condition fails."""
        return {name: count / self.points for name, count in self.failed.items()}


def carried_out(
    work: Work, store: str | os.PathLike[str] | None, resume: bool, force: bool, show: bool
) -> tuple[Tally, dict[str, Any]]:
    """Do all the work, join what is kept in order, and count; with what a record says of its store.

    Raises `BsfitInputError` for resume or force without a store, and for what `store.opened` refuses.
    """
    tally, rows = Tally(), work.layout
    if store is None and (resume or force):
        raise BsfitInputError("there is no store", field="resume" if resume else "force", expected="store=FOLDER")
    with ExitStack() as stack:
        folder = None
        if store is not None:
            plan = Plan(settings_of(work), rows.points, rows.each)
            folder = stack.enter_context(opened(Path(store), plan, resume=resume, force=force))
            folder.check(work, exact=not work.like.meta.get("data_files"))
        bar = stack.enter_context(Progress("scan", rows.points, show))
        for index, content in _in_order(work, range(rows.chunks), folder, bar):
            work.kept.add(index * rows.each, content)
            tally.add(content, rows.count(index))
        if folder is None:
            return tally, {}
        return tally, {"store": {"settings": folder.digest, "chunks": rows.chunks, "sha256": folder.sha256()}}


def settings_of(work: Work) -> dict[str, Any]:
    """Plain data that determine the numbers of every chunk, as far as they are known."""
    return {
        "likelihood": target.about(work.like),
        "free": {str(name): _box(box) for name, box in (work.like.free or {}).items()},
        **work.design.settings(),
        "keep": work.keep,
        "fixed_here": dict(work.fixed),
        "side": work.layout.side,
        "versions": versions("bsfit", "jax", "jaxlib"),
        "backend": jax.default_backend(),
    }


def _box(box: Any) -> Any:
    """Bounds, or a distribution by its name and numbers."""
    if not hasattr(box, "log_prob"):
        return tuple(float(end) for end in box)
    numbers = {name: np.asarray(getattr(box, name)).tolist() for name in box.arg_constraints if hasattr(box, name)}
    return {"distribution": type(box).__name__, **numbers}


def _in_order(work: Work, indices: range, store: Store | None, bar: Progress) -> Iterator[tuple[int, Content]]:
    """Index and content of each chunk in turn, read from the store where it is there, else computed and stored.

    A few chunks are computed ahead, so that memory does not grow with their number.
    """

    def obtain(index: int) -> tuple[Content, bool]:
        found = None if store is None else store.read(index)
        if found is not None:
            return found, False
        found = work(index)
        if store is not None:
            store.write(index, found)
        return found, True

    rest, waiting = iter(indices), deque[tuple[int, Future]]()
    with ThreadPoolExecutor(work.layout.threads) as pool:
        try:
            while True:
                # The first alone: threads that wait for the same compilation would each do it.
                ahead = 2 * work.layout.threads if bar.done else 1
                waiting.extend((index, pool.submit(obtain, index)) for index in islice(rest, ahead - len(waiting)))
                if not waiting:
                    return
                index, future = waiting.popleft()
                content, new = future.result()
                bar.advance(work.layout.count(index), new)
                yield index, content
        finally:
            for _, future in waiting:
                future.cancel()
