"""Result files: chosen by their ending, written atomically, without pickle, believed only if every byte is right."""

import os
import tempfile
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

from bsfit.results import container
from bsfit.results.container import ResultFileError

WRITING = threading.Lock()
"""Held while a file is written: who has it may end the process, and nothing half written stays."""


def save(record: Any, path: str | os.PathLike[str], default_suffix: str) -> Path:
    """Write a record to `path`, whose suffix chooses `.json` or `.npz`; atomic. Returns the path."""
    path = Path(path)
    path = path if path.suffix else path.with_suffix(default_suffix)
    if path.suffix not in (".json", ".npz"):
        raise ResultFileError(f"results are saved as .json or .npz, not as {path.suffix!r}", str(path))
    content = {field.name: getattr(record, field.name) for field in fields(record)}
    pack = container.to_json if path.suffix == ".json" else container.to_zip
    write_atomically(path, pack(type(record).__name__, content))
    return path


def read(path: str | os.PathLike[str]) -> container.Content:
    """Kind and content of a result file, or of the only one in a folder, as `-o` leaves it.

    Raises ResultFileError when a single byte differs from what was written.
    """
    path = Path(path)
    try:
        path = _only(path) if path.is_dir() else path
        if not path.is_file() and path.exists():
            raise ResultFileError("this is not a regular file", str(path))
        if path.stat().st_size > container.MAX_BYTES:
            raise ResultFileError(f"larger than {container.MAX_BYTES >> 30} GiB; not a bsfit result", str(path))
        raw = path.read_bytes()
    except ResultFileError:
        raise
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise ResultFileError(f"cannot be read ({why})", str(path)) from None
    try:
        return container.from_zip(raw) if raw.startswith(b"PK") else container.from_json(raw)
    except ResultFileError as problem:
        raise ResultFileError(problem.what, str(path), expected=problem.expected, hint=problem.hint) from None
    except Exception as problem:  # whatever else a forged file is, a user gets a message and not a traceback
        raise ResultFileError(f"not a bsfit result ({type(problem).__name__}: {problem})", str(path)) from None


def _only(folder: Path) -> Path:
    inside = sorted(each for each in folder.iterdir() if each.suffix in (".json", ".npz") and each.is_file())
    if len(inside) == 1:
        return inside[0]
    many = f"with {len(inside)} results, {inside[0].name} among them" if inside else "without a result"
    raise ResultFileError(f"this is a folder {many}", str(folder))


def write_atomically(path: str | os.PathLike[str], payload: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part: same directory, fsync, replace.

    Raises OSError that names the file.
    """
    path = Path(path)
    try:
        with WRITING:
            _replace(path, payload)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(path)) from None


def _replace(path: Path, payload: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
