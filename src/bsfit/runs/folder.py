"""The folder of a run: looked at before the work starts, and one writer at a time.

A file in it names the process that writes, and is locked as long as that lives: what a killed process leaves does not
stop the next one. From another machine nobody can tell, so there the user decides.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bsfit.errors import BsfitInputError

LOCK, CHUNKS, SUMS = "bsfit.lock", "chunks", "SHA256SUMS"
"""In the folder of a run: the lock, the folder of its chunks, the checksums of its files."""

Shard = tuple[int, int]
"""(i, n): chunks i, i + n, i + 2 n, ... of a run, counted from 0."""

_LEFT = re.compile(r"\.[\w-]+\.(npz|json|yaml)\.[a-z0-9_]{8}\.tmp|\.SHA256SUMS\.[a-z0-9_]{8}\.tmp")


@contextmanager
def reserved(folder: Path, name: str = LOCK, field: str = "-o") -> Iterator[None]:
    """Make the folder and keep other writers out. Raises `BsfitInputError` if one is there, or nothing can be written.

    `name` of the lock file: writers that do not meddle with each other have different ones. `field` is what errors
    name. Raises OSError if the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    try:
        descriptor = _locked(path, field)
    except OSError as problem:
        raise BsfitInputError(
            f"nothing can be saved in {folder}: {problem.strerror or problem}", field=field, hint="name another folder"
        ) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def lock_of(shard: Shard | None) -> str:
    """The lock file of a shard, which does not meddle with others, or of a whole run."""
    return LOCK if shard is None else f"bsfit-{shard[0] + 1}-of-{shard[1]}.lock"


def release(folder: Path, name: str = LOCK) -> None:
    """Remove the lock file of this process, which is about to end; nobody else's."""
    with suppress(OSError):
        if (folder / name).read_text() == _ours():
            (folder / name).unlink()


def sweep(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder that this process has reserved."""
    for path in folder.glob(".*.tmp"):
        if _LEFT.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _ours() -> str:
    return f"{os.uname().nodename} {os.getpid()}\n"


def _locked(path: Path, field: str) -> int:
    """The open lock file, with our name in it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        alone, certain = _lock(descriptor)
        if not _still(path, descriptor):
            os.close(descriptor)
            return _locked(path, field)
        _refuse_others(path, os.read(descriptor, 200).decode(errors="replace"), alone, certain, field)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _ours().encode(), 0)
        return descriptor
    except BaseException:
        os.close(descriptor)
        raise


def _lock(descriptor: int) -> tuple[bool, bool]:
    """Whether nobody else has the file locked, and whether the file system can tell."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False, True
    except OSError:
        return True, False
    return True, True


def _still(path: Path, descriptor: int) -> bool:
    """Whether the file was not removed, by the process that had it, between opening and locking."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _refuse_others(path: Path, content: str, alone: bool, certain: bool, field: str) -> None:
    """Raise `BsfitInputError` if the process that the lock file names writes, or may write, to the folder."""
    host, _, number = content.strip().partition(" ")
    here = host == os.uname().nodename
    if alone and (not host or (here and (certain or not _alive(number)))):
        return
    hint = "wait for it, or name another folder" if here and certain else f"if that run has ended, remove {path}"
    who = f"process {number} on {host}" if host else "another process"
    raise BsfitInputError(f"{who} is writing to {path.parent}", field=field, hint=hint)


def _alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
