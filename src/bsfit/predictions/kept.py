"""Numbers of the amplitudes that were computed before: kept by what they are of, never by when they were made.

The key of an entry is a digest of the code that it came from (syntax trees without docstrings of the modules that a
process reaches, and the tables that they read), of all inputs and choices, and of the question. So a change of the
physics or of an input asks another question, and no entry has to be thrown away. Entries are vectors of real numbers.

They are looked up in files of two folders: ``data/kept``, which comes with bsfit, and one in the cache of the user.
Each file ends with its checksum and is read without pickle; what is altered is passed over. ``BSFIT_CACHE=off`` keeps
nothing and looks nothing up. Large arrays are files of their own in the user's cache, read when they are asked for.
"""

import ast
import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Complex, Float, Shaped

from bsfit.cache_folder import cache_folder, private, put
from bsfit.catalogue import Observable, Process
from bsfit.loading.inputs import Inputs
from bsfit.theory import INDEX

SCHEMA = 1
FILES = 32
"""Files of the user's folder, beyond which they become one."""

LARGEST = 64_000_000
"""Bytes of a file that is read."""

LARGE_FILES = 32
"""Files of arrays in the user's folder; of more the oldest go."""

_ROOMS = ("observables", "hadronic", "standard_model", "matching", "dark_sector")
_ALONE = ("constants", "numerics", "theory")
"""What physics is written in: names of observables, coefficients and inputs are in the question, not here."""

_TABLES = {"bsfit.hadronic.two_loop": ("two_loop/chebyshev.json",)}
"""Files of data that modules read."""

PACKAGE = Path(__file__).parents[1]

Key = bytes
Vector = Float[np.ndarray, " n"]
Array = Shaped[np.ndarray, "..."]


def switched_on() -> bool:
    """Whether numbers are kept."""
    return os.environ.get("BSFIT_CACHE", "").lower() not in ("off", "0", "no", "false")


# ------------------------------------------------------------------------------------------------------- the keys


def key(kind: str, item: Observable, points: Complex[np.ndarray, "p c"], inputs: Inputs, *more: str) -> Key:
    """Digest of a question: what is asked of an observable of the catalogue at points of the coefficients."""
    process = item.quantity.process
    what = (SCHEMA, kind, process.name, item.quantity.key, item.decay, item.leptons, item.bin, *more)
    parts = (repr(what).encode(), _physics(process.module), _of_inputs(inputs), _of_points(points))
    return hashlib.sha256(b"\0".join(parts)).digest()[:16]


def key_of_arrays(kind: str, process: Process, inputs: Inputs, modules: Sequence[str], *question: Array | str) -> Key:
    """Digest of a question of a process whose answer depends on how some modules, of any room, find it."""
    files = {name: PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in modules}
    code = b"".join(_digest_and_imports(name, file, PACKAGE)[0] for name, file in files.items())
    parts = [repr((SCHEMA, kind, process.name)).encode(), _physics(process.module), code, _of_inputs(inputs)]
    for part in question:
        parts.append(repr((np.shape(part), np.asarray(part).dtype.str)).encode())
        parts.append(part.encode() if isinstance(part, str) else hashlib.sha256(np.ascontiguousarray(part)).digest())
    return hashlib.sha256(b"\0".join(parts)).digest()[:16]


def is_kept(process: Process) -> bool:
    """Whether anything is kept of a process: not of a user's own, whose code is not known to be the same."""
    return switched_on() and isinstance(process.module, str) and process.module.startswith("bsfit.")


def _of_points(points: Complex[np.ndarray, "p c"]) -> bytes:
    return hashlib.sha256(repr((tuple(INDEX), points.shape)).encode() + (points + 0.0).tobytes()).digest()


def _of_inputs(inputs: Inputs) -> bytes:
    return _of_values(inputs.names, np.asarray(inputs.values).tobytes(), repr(inputs.choices))


@cache
def _of_values(names: tuple[str, ...], values: bytes, choices: str) -> bytes:
    return hashlib.sha256(repr((names, choices)).encode() + values).digest()


@cache
def _physics(module: str) -> bytes:
    return physics_of(module, PACKAGE, _OURS)


_Read = dict[Path, tuple[bytes, list[str]]]
_OURS: _Read = {}


def physics_of(module: str, package: Path, read: _Read | None = None) -> bytes:
    """Digest of the code that a module reaches, without docstrings and comments, and of the tables that it reads.

    `package` is the folder of bsfit; `read` has what is known of its files.
    """
    read = {} if read is None else read
    seen: dict[str, bytes] = {}
    ahead = [module]
    while ahead:
        name = ahead.pop()
        if name not in seen and _is_physics(name) and (path := _file(name, package)) is not None:
            if path not in read:
                read[path] = _digest_and_imports(name, path, package)
            seen[name], imports = read[path]
            ahead += imports
    return hashlib.sha256(b"".join(seen[name] for name in sorted(seen))).digest()


def _digest_and_imports(name: str, path: Path, package: Path) -> tuple[bytes, list[str]]:
    words, imports = [name], []
    _say(ast.parse(path.read_text()), words, imports)
    digest = hashlib.sha256("\0".join(words).encode())
    for table in _TABLES.get(name, ()):
        digest.update((package / "data" / table).read_bytes())
    return digest.digest(), imports


def _say(part: object, words: list[str], imports: list[str]) -> None:
    """Add the words of a part of a syntax tree, without docstrings, and what it imports.

    `ast.dump` words one tree otherwise in each version of Python: newer ones have more fields, of which empty ones are
    left out here.
    """
    if isinstance(part, ast.AST):
        if isinstance(part, ast.ImportFrom) and part.module:
            imports += [part.module, *(f"{part.module}.{alias.name}" for alias in part.names)]
        elif isinstance(part, ast.Import):
            imports += [alias.name for alias in part.names]
        words.append(f"({type(part).__name__}")
        for field in part._fields:
            if (value := getattr(part, field, None)) is not None and value != []:
                words.append(field)
                _say(value, words, imports)
        words.append(")")
    elif isinstance(part, list):
        words.append("[")
        for each in part:
            if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
                _say(each, words, imports)
        words.append("]")
    else:
        words.append(repr(part))


def _is_physics(name: str) -> bool:
    room = name.split(".")[1] if "." in name else ""
    return room in _ROOMS or room in _ALONE


def _file(name: str, package: Path) -> Path | None:
    plain = package.joinpath(*name.split(".")[1:])
    return next((path for path in (plain.with_suffix(".py"), plain / "__init__.py") if path.is_file()), None)


# ------------------------------------------------------------------------------------------------------ the files


class Store:
    """Entries of the files of some folders, read when they are first needed; new ones go to a file of the last folder.

    A folder that is missing, or that others may write to, holds nothing and takes nothing.
    """

    def __init__(self, shipped: Path, own: Path | None) -> None:
        self.own = own
        self._entries: dict[Key, Vector] = {}
        self._files: list[Path] = []
        for folder in (shipped, own):
            files = sorted(folder.glob("*.kept")) if folder is not None and folder.is_dir() else []
            self._files += files if folder == own else []
            for file in files:
                self._entries.update(read(file))

    def get(self, key: Key) -> Vector | None:
        """An entry, if there is one."""
        return self._entries.get(key)

    def put(self, entries: Mapping[Key, Vector]) -> None:
        """Add entries; where they cannot be written, they are there for this process alone."""
        self._entries.update(entries)
        if self.own is None:
            return
        many = len(self._files) >= FILES
        content = pack({**(self._of_own_files() if many else {}), **entries})
        file = self.own / f"{hashlib.sha256(content).hexdigest()[:24]}.kept"
        try:
            put(file, content)
            for old in self._files if many else ():
                old.unlink(missing_ok=True)
        except OSError:
            return
        self._files = [file] if many else [*self._files, file]

    def _of_own_files(self) -> dict[Key, Vector]:
        return {key: vector for file in self._files for key, vector in read(file).items()}


def known(keys: Mapping[int, Key]) -> dict[int, Vector]:
    """Entries that there are, of some keys, by the same numbers."""
    if not keys:
        return {}
    found = store()
    return {i: vector for i, key in keys.items() if (vector := found.get(key)) is not None}


def keep(entries: Mapping[Key, Vector]) -> None:
    """Add entries, if there are any."""
    if entries:
        store().put(entries)


@cache
def _opened(shipped: Path, own: Path | None) -> Store:
    return Store(shipped, own)


def store() -> Store:
    """The store of this process: what comes with bsfit, and what is in the user's cache."""
    try:
        own = private(cache_folder() / "kept")
    except (OSError, RuntimeError):
        own = None
    return _opened(PACKAGE / "data" / "kept", own)


def arrays(key: Key) -> dict[str, Array] | None:
    """Arrays that were kept, by name, None if there are none."""
    folder = store().own
    return None if folder is None else _loaded(folder / f"{key.hex()}.arrays")


def keep_arrays(key: Key, named: Mapping[str, Array]) -> None:
    """Keep arrays in the user's folder, if it can be written and they are not so large that they would not be read."""
    folder = store().own
    if folder is None:
        return
    buffer = io.BytesIO()
    np.savez(buffer, **named)
    if buffer.tell() + 32 > LARGEST:
        return
    try:
        put(folder / f"{key.hex()}.arrays", _signed(buffer.getvalue()))
        files = sorted(folder.glob("*.arrays"), key=lambda file: file.stat().st_mtime)
        for old in files[:-LARGE_FILES]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def _signed(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def _loaded(file: Path) -> dict[str, Array] | None:
    """Arrays of a file; None of one that was altered, is too large, or has gone."""
    try:
        raw = file.read_bytes() if file.stat().st_size <= LARGEST else b""
    except OSError:
        return None
    if hashlib.sha256(raw[:-32]).digest() != raw[-32:]:
        return None
    with np.load(io.BytesIO(raw[:-32]), allow_pickle=False) as found:
        return dict(found)


def pack(entries: Mapping[Key, Vector]) -> bytes:
    """Content of a file."""
    buffer = io.BytesIO()
    keys = np.frombuffer(b"".join(entries), dtype=np.uint8).reshape(-1, 16)
    lengths = np.array([len(vector) for vector in entries.values()])
    numbers = np.concatenate([np.zeros(0), *entries.values()])
    np.savez(buffer, schema=np.array(SCHEMA), keys=keys, lengths=lengths, numbers=numbers)
    return _signed(buffer.getvalue())


def read(file: Path) -> dict[Key, Vector]:
    """Entries of a file; none of one that was altered, is too large, or has gone."""
    found = _loaded(file)
    if found is None or int(found["schema"]) != SCHEMA:
        return {}
    parts = np.split(found["numbers"], np.cumsum(found["lengths"])[:-1])
    return {key.tobytes(): part for key, part in zip(found["keys"], parts, strict=True)}
