"""A run as a folder of chunks: what a killed process has finished serves the next one.

    manifest.json       what is computed: all settings, their digest, the number of points and of chunks
    chunk-000000.npz    what was found at the points of one chunk: a function of the settings and its index alone

Every file is written whole or not at all, holds the checksum of each of its bytes and no date: equal runs are equal
bytes. A chunk says of which settings it is. Of what killed processes leave nothing is believed, and nothing stays.
"""

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.results import archive, container
from bsfit.results.container import ResultFileError
from bsfit.results.plain_data import plain
from bsfit.runs.folder import LOCK, Shard, lock_of, reserved

SCHEMA = 1
"""Of the content of chunks; the container has its own."""

MANIFEST = "manifest.json"
GO_ON = "resume goes on with it, force starts anew"
ROUNDING = 1e-9
"""How far a chunk that another kind of processor computes again may be off, absolute or relative."""

_CHUNK = re.compile(r"chunk-([0-9]{6,})\.npz")
_LEFT = re.compile(r"\.(?:manifest\.json|chunk-([0-9]{6,})\.npz)\.[a-z0-9_]+\.tmp")
_LOCK = re.compile(r"bsfit(-[0-9]+-of-[0-9]+)?\.lock")

Content = dict[str, Any]
"""What was found at the points of a chunk: plain data and arrays by name."""


@dataclass(frozen=True)
class Plan:
    """What a run computes: settings, plain data that determine every number; points in all, and in a chunk.

    ends_itself: the number of points is the most there may be, and a chunk that holds ``last`` is the last.
    """

    settings: dict[str, Any]
    points: int
    each: int
    ends_itself: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", plain({"schema": SCHEMA, **self.settings}))

    @property
    def chunks(self) -> int:
        """Number of chunks; the last may be shorter."""
        return -(-self.points // self.each)

    @property
    def digest(self) -> str:
        """SHA-256 of the settings."""
        return hashlib.sha256(json.dumps([self.settings, self.points, self.each], sort_keys=True).encode()).hexdigest()

    def of_shard(self, shard: Shard | None) -> range:
        """Indices of the chunks of a shard, or of all."""
        first, step = shard or (0, 1)
        return range(first, self.chunks, step)


class Store:
    """The folder of a run while this process may write to it; `opened` gives one."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan, self.digest = folder, plan, plan.digest

    def path(self, index: int) -> Path:
        """The file of a chunk."""
        return self.folder / f"chunk-{index:06d}.npz"

    def finished(self) -> list[int]:
        """Indices of the chunks that have a file."""
        return sorted(index for index in _indices(self.folder) if index < self.plan.chunks)

    def read(self, index: int) -> Content | None:
        """What a chunk holds; None if it is not there, or damaged, which is said."""
        path = self.path(index)
        if not path.exists():
            return None
        try:
            return _content(path, self.digest, index)
        except ResultFileError as problem:
            warnings.warn(BsfitWarning(f"{problem}: computed again"), stacklevel=2)
            return None

    def write(self, index: int, content: Content) -> None:
        """Store a chunk. Raises `BsfitInputError` if the disk does not take it."""
        try:
            archive.write_atomically(self.path(index), self._bytes(index, content))
        except OSError as problem:
            raise BsfitInputError(
                f"{problem.strerror or problem}: {progress(self.folder)}",
                file=str(self.path(index)),
                hint="they are kept, and resume goes on with them",
            ) from None

    def _bytes(self, index: int, content: Content) -> bytes:
        return container.to_zip("Chunk", {"digest": self.digest, "index": index, **plain(content)}, packed=False)

    def check(self, compute: Callable[[int], Content], exact: bool, shard: Shard | None = None) -> None:
        """Compute the first finished chunk again. Raises `BsfitInputError` if it differs: something else has changed.

        exact: in any bit; else by more than `ROUNDING`.
        """
        for index in self.plan.of_shard(shard):
            stored = self.read(index)
            if stored is None:
                continue
            again = plain(compute(index))
            if self._bytes(index, again) != self._bytes(index, stored) and (exact or not _close(again, stored)):
                raise _other_likelihood(f"chunk {index}", exact)
            return

    def checksum(self, index: int) -> str:
        """That of a chunk, as it stands at its end."""
        with self.path(index).open("rb") as stream:
            stream.seek(-64, 2)
            return stream.read().decode("ascii")

    def sha256(self, chunks: int | None = None) -> str:
        """Of the checksums of all chunks in order: equal for equal arrays, whenever and in how many parts computed."""
        count = self.plan.chunks if chunks is None else chunks
        return hashlib.sha256("".join(map(self.checksum, range(count))).encode()).hexdigest()


@contextmanager
def opened(
    folder: Path, plan: Plan, *, resume: bool = False, force: bool = False, shard: Shard | None = None
) -> Iterator[Store]:
    """The folder of a run, made if it is not there, and kept from other writers; shards of a run write side by side.

    Raises `BsfitInputError` if another process writes there, for a folder of other things or, without resume or force,
    of a run, and for one of other settings, whose differences are named. force removes the run that is there.
    """
    lock = lock_of(shard)
    with ExitStack() as stack:
        stack.enter_context(reserved(folder, lock, "store"))
        _meet_others(folder, lock)
        _check_foreign(folder)
        if force:
            _remove(folder)
        _sweep(folder, plan, shard)
        if (folder / MANIFEST).exists() or _indices(folder):
            # The manifest may be that of other shards.
            mine = set(_indices(folder)) & set(plan.of_shard(shard)) if shard else True
            if mine and not resume:
                raise BsfitInputError(f"{folder} holds a run: {progress(folder)}", field="store", hint=GO_ON)
            _check_same(folder, plan)
        if not (folder / MANIFEST).exists():
            content = {"digest": plan.digest, "points": plan.points, "each": plan.each, "settings": plan.settings}
            content |= {"ends_itself": True} if plan.ends_itself else {}
            archive.write_atomically(folder / MANIFEST, container.to_json("Run", content))
        yield Store(folder, plan)


def progress(folder: Path) -> str:
    """How much of the run in a folder is done, in words."""
    done = len(_indices(folder))
    try:
        manifest = _manifest(folder)
        most = "at most " if manifest.get("ends_itself") else ""
        return f"{done} of {most}{-(-manifest['points'] // manifest['each'])} chunks are done"
    except ResultFileError:
        return f"{done} chunks are done"


def verify(folder: Path) -> list[str]:
    """What is wrong with the run in a folder, one line each, after reading every byte of its files."""
    try:
        manifest = _manifest(folder)
    except ResultFileError as problem:
        return [str(problem)]
    wrong, chunks = [], -(-manifest["points"] // manifest["each"])
    for index in range(chunks):
        try:
            content = _content(folder / f"chunk-{index:06d}.npz", manifest["digest"], index)
        except ResultFileError as problem:
            wrong.append(str(problem))
            continue
        if manifest.get("ends_itself") and content.get("last"):
            chunks = index + 1
            break
    expected = {MANIFEST, *(f"chunk-{index:06d}.npz" for index in range(chunks))}
    return [*wrong, *(f"{path}: no file of this run" for path in sorted(folder.iterdir()) if path.name not in expected)]


def check_agreement(stored: Any, again: Any, exact: bool, what: str) -> None:
    """Raise `BsfitInputError` if what is computed again differs from what is stored, in any bit or beyond rounding."""
    if not np.array_equal(stored, again, equal_nan=True) and (exact or not _close(stored, again)):
        raise _other_likelihood(what, exact)


def _other_likelihood(what: str, exact: bool) -> BsfitInputError:
    return BsfitInputError(
        f"{what} computed again differs: the log-likelihood is not that of the store",
        field="resume",
        hint="force starts anew" if not exact else "force starts anew; other machines may round otherwise",
    )


# ------------------------------------------------------------------------------------------------- what is in a folder


def _indices(folder: Path) -> list[int]:
    return [int(match[1]) for path in folder.glob("chunk-*") if (match := _CHUNK.fullmatch(path.name))]


def _content(path: Path, digest: str, index: int) -> Content:
    kind, content = archive.read(path)
    if kind != "Chunk" or content.pop("digest", None) != digest or content.pop("index", None) != index:
        raise ResultFileError("not this chunk of this run", str(path))
    return content


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    kind, content = archive.read(path)
    counts = (content.get("points"), content.get("each"))
    if kind != "Run" or not all(isinstance(count, int) and count > 0 for count in counts):
        raise ResultFileError("not the manifest of a run", str(path))
    return content


def _meet_others(folder: Path, mine: str) -> None:
    """Raise `BsfitInputError` if a process is there that shares chunks; locks of dead ones are removed."""
    locks = [path.name for path in folder.glob("bsfit*.lock") if path.name != mine]
    for name in locks if mine == LOCK else set(locks) & {LOCK}:
        with reserved(folder, name, "store"):
            pass


def _check_foreign(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if not (path.name == MANIFEST or any(p.fullmatch(path.name) for p in (_CHUNK, _LEFT, _LOCK))):
            raise BsfitInputError(
                f"{folder} holds {path.name}, which is of no run", field="store", hint="name a folder of its own"
            )


def _remove(folder: Path) -> None:
    """The manifest last: without it, what is left of a run would be taken for damaged."""
    for index in _indices(folder):
        (folder / f"chunk-{index:06d}.npz").unlink()
    (folder / MANIFEST).unlink(missing_ok=True)


def _sweep(folder: Path, plan: Plan, shard: Shard | None) -> None:
    """Remove what writers that were killed have left; other shards may be alive."""
    for path in folder.glob(".*.tmp"):
        match = _LEFT.fullmatch(path.name)
        if match and (shard is None or (match[1] is not None and int(match[1]) in plan.of_shard(shard))):
            path.unlink(missing_ok=True)


def _check_same(folder: Path, plan: Plan) -> None:
    """Raise `BsfitInputError` if the run in a folder is another one than planned.

    A damaged manifest is removed, to be written again, where all chunks that can be read are of this run.
    """
    try:
        manifest = _manifest(folder)
    except ResultFileError as problem:
        _check_chunks(folder, plan.digest)
        if (folder / MANIFEST).exists():
            warnings.warn(BsfitWarning(f"{problem}: written again"), stacklevel=2)
            (folder / MANIFEST).unlink()
        return
    if manifest.get("digest") == plan.digest:
        return
    here = {"points": manifest["points"], "points of a chunk": manifest["each"], **manifest.get("settings", {})}
    asked = {"points": plan.points, "points of a chunk": plan.each, **plan.settings}
    lines = list(_differences(here, asked)) or ["what is not said"]
    more = f", and {len(lines) - 3} more" if len(lines) > 3 else ""
    raise BsfitInputError(
        f"{folder} is of another run: {'; '.join(lines[:3])}{more}", field="store", hint="name another folder, or force"
    )


def _check_chunks(folder: Path, digest: str) -> None:
    for index in sorted(_indices(folder)):
        try:
            content = archive.read(folder / f"chunk-{index:06d}.npz")[1]
        except ResultFileError:
            continue
        if content.get("digest") != digest:
            raise BsfitInputError(f"{folder} is of another run", field="store", hint="name another folder, or force")


def _differences(here: Any, asked: Any, place: str = "") -> Iterator[str]:
    """Lines that tell what differs between two settings, and where."""
    if isinstance(here, Mapping) and isinstance(asked, Mapping):
        for key in dict.fromkeys([*here, *asked]):
            yield from _differences(here.get(key), asked.get(key), f"{place}.{key}" if place else key)
    elif here != asked:
        yield f"{place} is {_short(here)} there, {_short(asked)} here"


def _short(value: Any) -> str:
    text = "absent" if value is None else repr(value)
    return text if len(text) <= 50 else text[:47] + "..."


def _close(a: Any, b: Any) -> bool:
    """Equality up to rounding."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return list(a) == list(b) and all(_close(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.allclose(a, b, rtol=ROUNDING, atol=ROUNDING, equal_nan=True)
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=ROUNDING, atol=ROUNDING, equal_nan=True))
    return a == b
