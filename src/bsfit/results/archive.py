"""Result files: JSON, or a zip of `.npy` arrays and one JSON; atomic, without pickle, every byte under a checksum.

A `.json` file starts with kind, schema and the SHA-256 of everything after them. A `.npz` file (numpy and every unzip
program read it) carries the SHA-256 of its own bytes as the zip comment. So a flipped or missing byte is always seen,
before anything in the file is believed.
"""

import hashlib
import io
import json
import math
import os
import re
import tempfile
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 1
# A result of ours stays far below this; a hostile file must not fill the memory.
MAX_BYTES = 4 << 30
_DTYPES = ("float64", "int64", "bool")
_HEADER = re.compile(
    rb'\{"bsfit": "(\w{1,40})", "schema": (\d{1,6}), "sha256": "([0-9a-f]{64})", "content":\n(.*)\n\}\n', re.DOTALL
)


class ResultFileError(ValueError):
    """A result file that is missing, truncated, altered, of another kind, or from a newer bsfit."""


def plain(value: Any, where: str = "value") -> Any:
    """Plain read-only data: numbers, text, None, tuples, dicts with text keys, numpy arrays; copies, never aliases."""
    if value is None or (isinstance(value, str | bool | int | float) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(item, f"{where}[{i}]") for i, item in enumerate(value))
    if isinstance(value, np.generic) or (hasattr(value, "__array__") and np.ndim(value) == 0):
        return plain(np.asarray(value).item(), where)
    if hasattr(value, "__array__"):
        array = np.array(value)
        kind = {"f": float, "i": np.int64, "u": np.int64, "b": bool}.get(array.dtype.kind)
        if kind is not None:
            array = array.astype(kind)
            array.setflags(write=False)
            return array
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{where} is a {type(value).__name__}; results hold numbers, text, tuples, dicts and real arrays")


def same(a: Any, b: Any) -> bool:
    """Equality of plain data in which NaN equals NaN and types matter."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def save(record: Any, path: str | os.PathLike[str], default_suffix: str) -> Path:
    """Write a record to `path`, whose suffix chooses `.json` or `.npz`; atomic. Returns the path."""
    path = Path(path)
    path = path if path.suffix else path.with_suffix(default_suffix)
    kind = type(record).__name__
    content = {field.name: getattr(record, field.name) for field in fields(record)}
    if path.suffix == ".json":
        body = _dump(_encode(content, None))
        head = f'{{"bsfit": "{kind}", "schema": {SCHEMA}, "sha256": "{_digest(kind, body)}", "content":\n'
        write_atomically(path, head.encode() + body + b"\n}\n")
    elif path.suffix == ".npz":
        write_atomically(path, _zip(kind, content))
    else:
        raise ResultFileError(f"{path}: results are saved as .json or .npz, not as {path.suffix!r}")
    return path


def read(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    """Kind and content of a result file. Raises ResultFileError when a single byte differs from what was written."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ResultFileError(f"{path}: larger than {MAX_BYTES >> 30} GiB; not a bsfit result")
        raw = path.read_bytes()
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        kind, schema, content = _unzip(raw) if raw.startswith(b"PK") else _parse(raw)
        if schema > SCHEMA:
            raise ResultFileError(
                f"written by a newer bsfit (schema {schema}, this one reads up to {SCHEMA}); update bsfit"
            )
        return str(kind), dict(content)
    except (ValueError, TypeError, KeyError, RecursionError, zipfile.BadZipFile, EOFError) as error:
        raise ResultFileError(f"{path}: {error}") from None


def write_atomically(path: str | os.PathLike[str], payload: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part: same directory, fsync, replace."""
    path = Path(path)
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


def _digest(kind: str, body: bytes) -> str:
    return hashlib.sha256(f"{kind} {SCHEMA} ".encode() + body).hexdigest()


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode()


def _encode(value: Any, arrays: dict[str, np.ndarray] | None) -> Any:
    """JSON form of plain data; arrays go to `arrays` when it is given, else inline."""
    if isinstance(value, np.ndarray):
        if arrays is None:
            return {"__array__": _encode(value.ravel().tolist(), None), "shape": value.shape, "dtype": str(value.dtype)}
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {"__array__": name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"__float__": str(value)}
    if isinstance(value, dict):
        return {key: _encode(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item, arrays) for item in value]
    return value


def _decode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "__float__" in value:
        return float(value["__float__"])
    if "__array__" not in value:
        return {key: _decode(item, arrays) for key, item in value.items()}
    if isinstance(value["__array__"], str):
        return arrays[value["__array__"]]
    if value["dtype"] not in _DTYPES:
        raise ResultFileError(f"array of type {value['dtype']!r}")
    return np.array(_decode(value["__array__"], arrays), dtype=value["dtype"]).reshape(value["shape"])


def _parse(raw: bytes) -> tuple[str, int, dict[str, Any]]:
    match = _HEADER.fullmatch(raw)
    if match is None:
        raise ResultFileError("truncated, altered, or not a bsfit result")
    kind, schema, digest, body = match[1].decode(), int(match[2]), match[3].decode(), match[4]
    if schema <= SCHEMA and digest != hashlib.sha256(f"{kind} {schema} ".encode() + body).hexdigest():
        raise ResultFileError("the checksum does not match: the file was altered after it was written")
    return kind, schema, _decode(json.loads(body), {}) if schema <= SCHEMA else {}


def _zip(kind: str, content: dict[str, Any]) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    document = _dump({"bsfit": kind, "schema": SCHEMA, "content": _encode(content, arrays)})
    members = {"content.json": document} | {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, payload in members.items():
            # A fixed date: equal results make equal files.
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, payload)
        archive.comment = b"0" * 64
    raw = stream.getvalue()[:-64]
    return raw + hashlib.sha256(raw).hexdigest().encode()


def _unzip(raw: bytes) -> tuple[str, int, dict[str, Any]]:
    if hashlib.sha256(raw[:-64]).hexdigest().encode() != raw[-64:]:
        raise ResultFileError("the checksum does not match: truncated, altered, or not a bsfit result")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
            raise ResultFileError(f"unpacks to more than {MAX_BYTES >> 30} GiB")
        document = json.loads(archive.read("content.json"))
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        arrays = {name.removesuffix(".npy"): _array(archive.read(name)) for name in names}
    schema = int(document["schema"])
    return document["bsfit"], schema, _decode(document["content"], arrays) if schema <= SCHEMA else {}


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _array(payload: bytes) -> np.ndarray:
    stream = io.BytesIO(payload)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ResultFileError("array member of an unknown version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    start = stream.tell()
    if fortran or str(dtype) not in _DTYPES or math.prod(shape) * dtype.itemsize != len(payload) - start:
        raise ResultFileError("array member with a wrong header")
    return np.frombuffer(payload, dtype=dtype, offset=start).reshape(shape)
