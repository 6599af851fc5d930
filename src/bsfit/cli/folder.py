"""The folder of -o: looked at before the work starts, and one writer at a time.

A file in it names the process that writes, and is locked as long as that lives: what a killed process leaves does not
stop the next one. From another machine nobody can tell, so there the user decides.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bsfit.errors import BsfitInputError

LOCK = "bsfit.lock"


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Make the folder and keep other writers out. Raises `BsfitInputError` if one is there, or nothing can be written.

    Raises OSError if the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    try:
        descriptor = _locked(path)
    except OSError as problem:
        raise BsfitInputError(
            f"nothing can be saved in {folder}: {problem.strerror or problem}", field="-o", hint="name another folder"
        ) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int:
    """The open lock file, with our name in it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        alone, certain = _lock(descriptor)
        if not _still(path, descriptor):
            os.close(descriptor)
            return _locked(path)
        _refuse_others(path, os.read(descriptor, 200).decode(errors="replace"), alone, certain)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.uname().nodename} {os.getpid()}\n".encode(), 0)
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


def _refuse_others(path: Path, content: str, alone: bool, certain: bool) -> None:
    """Raise `BsfitInputError` if the process that the lock file names writes, or may write, to the folder."""
    host, _, number = content.strip().partition(" ")
    here = host == os.uname().nodename
    if alone and (not host or (here and (certain or not _alive(number)))):
        return
    hint = "wait for it, or name another folder" if here and certain else f"if that run has ended, remove {path}"
    who = f"process {number} on {host}" if host else "another process"
    raise BsfitInputError(f"{who} is writing to {path.parent}", field="-o", hint=hint)


def _alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
