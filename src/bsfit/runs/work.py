"""The work of a run: a log-likelihood at the points of a design, in chunks, each a function of its index alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from bsfit.inference import target
from bsfit.inference.space import Space
from bsfit.inference.target import Params, Target
from bsfit.runs.designs import Design
from bsfit.runs.keep import Kept
from bsfit.runs.store import Content

# Chunks in one call of the program, for designs of so many of them: a call costs as much as thousands of points.
CHUNKS, LARGE = 64, 8
SIDE = 4096
"""Points side by side, where neither the user nor the likelihood says how many."""

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
        """Calls at a time: small ones, and those on many devices, use all cores by themselves."""
        alone = jax.local_device_count() > 1 or self.call == self.side
        return 1 if alone else os.cpu_count() or 1


def side_of(like: Any) -> int:
    """Points of a likelihood side by side, where nothing else is asked for."""
    return target.of(like).at_once or SIDE


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
        by_group = np.stack(list(groups.values())) if groups else np.empty((0, len(total)))
        by_group.setflags(write=False)  # a store copies what might change
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
        # Large designs have one call in a chunk, whose arrays need no copy.
        return jax.tree.map(lambda first, *rest: (np.concatenate([first, *rest]) if rest else first)[:size], *parts)


def _padded(values: np.ndarray, step: int) -> np.ndarray:
    return values if len(values) == step else np.pad(values, (0, step - len(values)), mode="edge")


@eqx.filter_jit
def _batch(like: Target, space: Space | None, points: Params, side: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    def one(params: Params) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        total = like(params) if space is None else like(params) + space.constraint(params)
        return total, like.by_group(params), like.conditions(params)

    devices = jax.local_devices()
    count = len(next(iter(points.values()))) // len(devices)
    if len(devices) == 1 or count * len(devices) < len(next(iter(points.values()))):
        return jax.lax.map(one, points, batch_size=side)
    # One program; each device works on a part of the points by itself.
    rows = PartitionSpec("points")
    each = partial(jax.lax.map, one, batch_size=min(side, count))
    mesh = Mesh(np.array(devices), ("points",))
    return jax.shard_map(each, mesh=mesh, in_specs=(rows,), out_specs=rows, check_vma=False)(points)
