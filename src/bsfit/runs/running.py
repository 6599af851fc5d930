"""How the work of a run is carried out: here or by an executor, all of it or a shard, anew or where it was left."""

import os
import pickle
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Event, Lock
from typing import Any

import jax
import numpy as np

from bsfit.at_work import in_parts
from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.progress import Progress
from bsfit.inference.target import Target
from bsfit.results.provenance import versions
from bsfit.runs.cluster import dask_executor
from bsfit.runs.folder import Shard
from bsfit.runs.store import Content, Plan, Store, opened
from bsfit.runs.work import Work

AHEAD = 32
"""Chunks that an executor of other processes, whose number is not known, is given at a time."""


@dataclass(frozen=True)
class Running:
    """What was asked for: see `bsfit.scan`."""

    store: str | os.PathLike[str] | None = None
    resume: bool = False
    force: bool = False
    shard: tuple[int, int] | None = None
    merge: bool = False
    executor: Executor | str | None = None
    show: bool = True

    def check(self) -> Shard | None:
        """The shard, counted from 0. Raises `BsfitInputError` for what does not go together."""
        for name in ("resume", "force", "shard", "merge"):
            if getattr(self, name) and self.store is None:
                raise BsfitInputError("there is no store", field=name, expected="store=FOLDER")
        if sum((self.merge, self.force, self.shard is not None)) > 1:
            raise BsfitInputError(
                "force, merge and a shard exclude each other", field="shard" if self.shard else "merge"
            )
        return None if self.shard is None else shard_of(self.shard)

    def carry_out(self, work: Work) -> tuple["Tally", dict[str, Any]]:
        """Do the work, join what is kept in order, and count; with what a record says of its store.

        Of a shard nothing is joined. Raises `BsfitInputError` for what `store.opened` refuses.
        """
        tally, rows, shard = Tally(), work.layout, self.check()
        with ExitStack() as stack:
            folder, about = None, {}
            if self.store is not None:
                plan = Plan(settings_of(work), rows.points, rows.each)
                going_on = self.resume or self.merge
                folder = stack.enter_context(
                    opened(Path(self.store), plan, resume=going_on, force=self.force, shard=shard)
                )
                if not self.merge:
                    folder.check(work, not work.like.meta.get("data_files"), shard)
            mine = range(rows.chunks) if shard is None else range(shard[0], rows.chunks, shard[1])
            pool = self.executor
            if isinstance(pool, str) and not self.merge:
                pool = stack.enter_context(dask_executor(pool))
            bar = stack.enter_context(Progress("scan", sum(map(rows.count, mine)), self.show))
            contents = _stored(work, folder, bar) if self.merge else _in_order(work, mine, folder, bar, pool)
            for index, content in contents:
                if shard is None:
                    work.kept.add(index * rows.each, content)
                    tally.add(content, rows.count(index))
            if folder is not None and shard is None:
                about = {"settings": folder.digest, "chunks": rows.chunks, "sha256": folder.sha256()}
            return tally, {"store": about} if about else {}


def shard_of(shard: Any) -> Shard:
    """(i, n), i from 1 to n, counted from 0. Raises `BsfitInputError` for anything else."""
    try:
        number, count = shard
        if not (int(number) == number and int(count) == count and 1 <= number <= count):
            raise ValueError
    except (TypeError, ValueError):
        raise BsfitInputError(f"got {shard!r}", field="shard", expected="(i, n) with i from 1 to n") from None
    return int(number) - 1, int(count)


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


def settings_of(work: Work) -> dict[str, Any]:
    """Plain data that determine the numbers of every chunk, as far as they are known."""
    return {
        **of_likelihood(work.like, "bsfit", "jax", "jaxlib"),
        **work.design.settings(),
        "keep": work.keep,
        "fixed_here": dict(work.fixed),
        "side": work.layout.side,
    }


def of_likelihood(like: Target, *packages: str) -> dict[str, Any]:
    """What is known of a likelihood and its free parameters, and by which packages, and where, it is evaluated."""
    return {
        "likelihood": target.about(like),
        "free": {str(name): _box(box) for name, box in (like.free or {}).items()},
        "versions": versions(*packages),
        "backend": jax.default_backend(),
    }


def _box(prior: Any) -> Any:
    """Bounds, or a distribution by its name and numbers."""
    if not hasattr(prior, "log_prob"):
        return tuple(float(end) for end in prior)
    numbers = {
        name: np.asarray(getattr(prior, name)).tolist() for name in prior.arg_constraints if hasattr(prior, name)
    }
    return {"distribution": type(prior).__name__, **numbers}


def _stored(work: Work, store: Store | None, bar: Progress) -> Iterator[tuple[int, Content]]:
    """Index and content of each chunk of a complete store. Raises `BsfitInputError` if some are missing."""
    assert store is not None
    for index in range(work.layout.chunks):
        content = store.read(index)
        if content is None:
            done, chunks = set(store.finished()), range(work.layout.chunks)
            lost = [str(each) for each in chunks if each not in done] or [str(index)]
            listed = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
            hint = "compute them by their shards, or go on with resume"
            raise BsfitInputError(f"chunks are missing or damaged: {listed}", field="merge", hint=hint)
        bar.advance(work.layout.count(index), new=False)
        yield index, content


def _in_order(
    work: Work, indices: range, store: Store | None, bar: Progress, executor: Executor | None
) -> Iterator[tuple[int, Content]]:
    """Index and content of each chunk in turn, read from the store where it is there, else computed and stored.

    A few chunks are computed ahead, so that memory does not grow with their number. Processes of an executor are sent
    the work, and compute; the store is this process's.
    """
    local = executor is None or isinstance(executor, ThreadPoolExecutor)
    task = b"" if local else _sent(work)

    first, compiled = Lock(), Event()

    def computed(index: int) -> Content:
        # The first alone: threads that wait for the same compilation would each do it.
        with first:
            if not compiled.is_set():
                content = work(index)
                compiled.set()
                return content
        return work(index)

    def obtain(index: int) -> tuple[Content, bool]:
        found = None if store is None else store.read(index)
        return (computed(index), True) if found is None else (found, False)

    def obtain_and_store(index: int) -> tuple[Content, bool]:
        content, new = obtain(index)
        if store is not None and new:
            store.write(index, content)
        return content, new

    def start(pool: Executor, index: int) -> Future:
        if local:
            return pool.submit(obtain_and_store, index)
        found = None if store is None else store.read(index)
        if found is None:
            return pool.submit(computed_elsewhere, task, index)
        future: Future = Future()
        future.set_result((found, False))
        return future

    rest, waiting, left = iter(indices), deque[tuple[int, Future]](), len(indices)
    threads = work.layout.threads
    if store is not None and threads > 1:
        threads += 1  # it computes while another waits for the disk
    most = 2 * threads if executor is None else AHEAD
    with (
        nullcontext(_nothing) if store is None else in_parts() as behind,
        ThreadPoolExecutor(threads) if executor is None else nullcontext(executor) as pool,
    ):
        try:
            while True:
                waiting.extend((index, start(pool, index)) for index in islice(rest, most - len(waiting)))
                if not waiting:
                    return
                index, future = waiting.popleft()
                content, new = future.result()
                if store is not None and new and not local:
                    store.write(index, content)
                bar.advance(work.layout.count(index), new)
                yield index, content
                left -= 1
                if left:
                    behind()
        finally:
            for _, future in waiting:
                future.cancel()


def _nothing() -> None:
    """Behind a part that is not kept."""


def _sent(work: Work) -> bytes:
    try:
        return pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        hint = "functions and classes have to stand in a module, or give an executor of threads"
        raise BsfitInputError(f"cannot be sent to processes: {problem}", field="executor", hint=hint) from None


def computed_elsewhere(task: bytes, index: int) -> tuple[Content, bool]:
    """What is kept of a chunk: called in the processes of an executor."""
    return _received(task)(index), True


@lru_cache(1)
def _received(task: bytes) -> Work:
    return pickle.loads(task)
