"""The folder in which bsfit keeps what it computed between runs: the user's alone. No JAX is imported here."""

import os
import stat
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/bsfit``, or ``~/.cache/bsfit``. Raises RuntimeError if there is no home."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root and os.path.isabs(root) else Path("~/.cache").expanduser()) / "bsfit"


def private(folder: Path) -> Path | None:
    """The folder, links followed, made with mode 0700 like those above it; None if others may write or replace it.

    Raises OSError if it cannot be made.
    """
    folder = folder.resolve()
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if mine and all(_safe(parent.lstat()) for parent in folder.parents) else None


def _safe(status: os.stat_result) -> bool:
    """Whether nobody else but root can replace what is in a folder: in a sticky one only what is his own.

    The group of the user's own number is the user alone, where every user has a group.
    """
    others = stat.S_IWOTH if status.st_gid == os.getuid() else stat.S_IWOTH | stat.S_IWGRP
    return status.st_uid in (0, os.getuid()) and (not status.st_mode & others or bool(status.st_mode & stat.S_ISVTX))


def put(path: Path, payload: bytes) -> None:
    """Write a file so that others see all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
