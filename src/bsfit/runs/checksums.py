"""SHA256SUMS of a folder, which `sha256sum -c` reads too, and what is wrong with a folder of a run."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from bsfit.results import archive
from bsfit.runs import store
from bsfit.runs.folder import CHUNKS, LOCK, SUMS

_LINES = re.compile(r"(?:[0-9a-f]{64}  [^/\n]+\n)+")


def write(folder: Path, names: Iterable[str]) -> None:
    """Write the checksums of files in a folder."""
    lines = [f"{_digest(folder / name)}  {name}\n" for name in sorted(names)]
    archive.write_atomically(folder / SUMS, "".join(lines).encode())


def verify(folder: Path) -> list[str]:
    """What is wrong with the folder of a finished run, one line each, after reading every byte of all its files."""
    wrong = store.verify(folder / CHUNKS) if (folder / CHUNKS).is_dir() else []
    try:
        text = (folder / SUMS).read_bytes().decode("ascii")
    except (OSError, ValueError):
        return [*wrong, f"{folder / SUMS}: cannot be read"]
    if not _LINES.fullmatch(text):
        return [*wrong, f"{folder / SUMS}: altered"]
    sums = {line[66:]: line[:64] for line in text.splitlines()}
    for name, digest in sums.items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            wrong.append(f"{folder / name}: missing or altered")
    others = {path.name for path in folder.iterdir()} - {*sums, SUMS, CHUNKS, LOCK}
    return [*wrong, *(f"{folder / name}: no file of this run" for name in sorted(others))]


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
