"""Plain data as bytes and back: JSON, or a zip of `.npy` arrays and one JSON, under a checksum of every byte.

A file of JSON starts with kind, schema and the SHA-256 of everything after them. A zip (numpy and every unzip program
read it) carries the SHA-256 of its own bytes as comment. So a flipped or missing byte is always seen. It keeps nobody
from forging a file: sizes are read before what they announce, numbers fit their type, each array is used once.
"""

import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from bsfit.errors import BsfitInputError

SCHEMA = 1
MAX_BYTES = 4 << 30
MAX_TEXT = 64 << 20
"""Largest file, or sum of unpacked arrays, and largest JSON. Results of ours stay far below."""

SMALL, MAX_RATIO = 64 << 20, 100
"""What unpacks to more than SMALL may be larger than its file by this factor."""

_DTYPES = ("float64", "int64", "bool")
_HEADER = re.compile(
    rb'\{"bsfit": "(\w{1,40})", "schema": (\d{1,6}), "sha256": "([0-9a-f]{64})", "content":\n(.*)\n\}\n', re.DOTALL
)
_FOREIGN = "truncated, altered, or not a bsfit result"

Content = tuple[str, dict[str, Any]]
"""Kind of a result, and its fields."""


class ResultFileError(BsfitInputError):
    """A result file that is missing, truncated, altered, forged, of another kind, or from a newer bsfit."""


def to_json(kind: str, content: dict[str, Any]) -> bytes:
    """A file of JSON."""
    body = _dump(_encode(content, None))
    head = f'{{"bsfit": "{kind}", "schema": {SCHEMA}, "sha256": "{_digest(kind, SCHEMA, body)}", "content":\n'
    return head.encode() + body + b"\n}\n"


def from_json(raw: bytes) -> Content:
    """Kind and content. Raises ResultFileError, or another exception for a forged file."""
    match = _HEADER.fullmatch(raw)
    if match is None:
        raise ResultFileError(_FOREIGN)
    kind, schema, body = match[1].decode(), int(match[2]), match[4]
    _check_schema(schema)
    if match[3].decode() != _digest(kind, schema, body):
        raise ResultFileError("the checksum does not match: the file was altered after it was written")
    return kind, _fields(_decode(_parse(body), _none))


def to_zip(kind: str, content: dict[str, Any], packed: bool = True) -> bytes:
    """A zip; arrays are called after the fields that hold them. What is not packed is written as fast as disks are."""
    arrays: dict[str, np.ndarray] = {}
    document = _dump({"bsfit": kind, "schema": SCHEMA, "content": _encode(content, arrays)})
    members = {"content.json": [document]} | {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    raw = _zip(members, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
    if _too_dense(sum(map(_size, members.values())), len(raw)):
        raw = _zip(members, zipfile.ZIP_STORED)
    return raw


def from_zip(raw: bytes) -> Content:
    """Kind and content. Raises ResultFileError, or another exception for a forged file."""
    if hashlib.sha256(raw[:-64]).hexdigest().encode() != raw[-64:]:
        raise ResultFileError(f"the checksum does not match: {_FOREIGN}")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = _members(archive, len(raw))
        document = _fields(_parse(archive.read(members.pop("content.json"))))
        _check_schema(document["schema"])
        content = _fields(_decode(document["content"], _Arrays(archive, members)))
    if not isinstance(document["bsfit"], str):
        raise ResultFileError(_FOREIGN)
    return document["bsfit"], content


def _check_schema(schema: Any) -> None:
    if type(schema) is not int or schema < 1:
        raise ResultFileError(_FOREIGN)
    if schema > SCHEMA:
        raise ResultFileError(
            f"written by a newer bsfit (schema {schema}, this one reads up to {SCHEMA})", hint="update bsfit"
        )


def _digest(kind: str, schema: int, body: bytes) -> str:
    return hashlib.sha256(f"{kind} {schema} ".encode() + body).hexdigest()


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ResultFileError(_FOREIGN)
    return value


# ----------------------------------------------------------------------------------------------------------- JSON


def _dump(content: Any) -> bytes:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1).encode()
    _check_text(len(text))
    return text


def _check_text(size: int) -> None:
    if size > MAX_TEXT:
        raise ResultFileError(f"{size} bytes of text", expected=f"at most {MAX_TEXT}", hint="arrays belong into .npz")


def _parse(text: bytes) -> Any:
    _check_text(len(text))
    return json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_no_number)


def _integer(text: str) -> int:
    value = int(text) if len(text) < 21 else 1 << 64
    if not -(1 << 63) <= value < 1 << 63:
        raise ResultFileError("a whole number of more than 64 bit")
    return value


def _real(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ResultFileError(f"the number {text[:20]}")


def _encode(value: Any, arrays: dict[str, np.ndarray] | None, trail: str = "") -> Any:
    """JSON form of plain data; arrays go to `arrays` when it is given, under the name of their place, else inline."""
    if isinstance(value, np.ndarray):
        if arrays is None:
            return {"__array__": _encode(value.ravel().tolist(), None), "shape": value.shape, "dtype": str(value.dtype)}
        name = _free_name(re.sub(r"[^A-Za-z0-9_.=+-]", "_", trail), arrays)
        arrays[name] = value
        return {"__array__": name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"__float__": str(value)}
    if isinstance(value, dict):
        return {key: _encode(item, arrays, f"{trail}.{key}" if trail else key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item, arrays, f"{trail}.{i}") for i, item in enumerate(value)]
    return value


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name, or with a number behind where it is taken; letter case does not make a difference on every disk."""
    others, i, chosen = {other.casefold() for other in taken}, 1, name
    while chosen.casefold() in others:
        i, chosen = i + 1, f"{name}-{i + 1}"
    return chosen


def _decode(value: Any, array: Callable[[str], np.ndarray]) -> Any:
    """Plain data of what `_encode` made; `array` gives the arrays that have a name."""
    if isinstance(value, list):
        return tuple(_decode(item, array) for item in value)
    if not isinstance(value, dict):
        return value
    if "__float__" in value:
        return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[value["__float__"]]
    if "__array__" not in value:
        return {key: _decode(item, array) for key, item in value.items()}
    if isinstance(value["__array__"], str):
        return array(value["__array__"])
    return _inline(_decode(value["__array__"], _none), tuple(value["shape"]), value["dtype"])


def _none(name: str) -> NoReturn:
    raise ResultFileError(f"the array {name!r} is missing")


def _inline(numbers: Any, shape: tuple[Any, ...], dtype: Any) -> np.ndarray:
    kinds = {"float64": (float, int), "int64": (int,), "bool": (bool,)}
    if not all(type(number) in kinds[dtype] for number in numbers):
        raise ResultFileError("an array with entries of another type")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ResultFileError("an array of an impossible shape")
    return np.array(numbers, dtype=dtype).reshape(shape)


# ------------------------------------------------------------------------------------------------------------ zip


class _Arrays:
    """The arrays of a zip by name, each of them read when it is asked for, and once."""

    def __init__(self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self.archive = archive
        self.members = members

    def __call__(self, name: str) -> np.ndarray:
        info = self.members.pop(f"{name}.npy", None)
        if info is None:
            raise ResultFileError(f"the array {name!r} is missing, or used twice")
        return _array(self.archive, info)


def _zip(members: Mapping[str, Sequence[bytes | memoryview]], compression: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, parts in members.items():
            # A fixed date: equal results make equal files.
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type, info.file_size = compression, _size(parts)
            with archive.open(info, "w") as member:
                for part in parts:
                    member.write(part)
        archive.comment = b"0" * 64
    # In place: large results are copied as little as possible.
    with stream.getbuffer() as raw:
        raw[-64:] = hashlib.sha256(raw[:-64]).hexdigest().encode()
    return stream.getvalue()


def _members(archive: zipfile.ZipFile, packed: int) -> dict[str, zipfile.ZipInfo]:
    """What a zip announces, by name. Raises ResultFileError if that is out of proportion."""
    listed = archive.infolist()
    unpacked = sum(info.file_size for info in listed)
    if unpacked > MAX_BYTES or _too_dense(unpacked, packed):
        raise ResultFileError(f"{packed} bytes that unpack to {unpacked}: not a bsfit result")
    members = {info.filename: info for info in listed}
    if len(members) < len(listed) or "content.json" not in members:
        raise ResultFileError(_FOREIGN)
    _check_text(members["content.json"].file_size)
    return members


def _too_dense(unpacked: int, packed: int) -> bool:
    return unpacked > max(SMALL, MAX_RATIO * packed)


def _size(parts: Sequence[bytes | memoryview]) -> int:
    return sum(memoryview(part).nbytes for part in parts)


def _npy(array: np.ndarray) -> list[bytes | memoryview]:
    stream, array = io.BytesIO(), np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
    return [stream.getvalue(), array.data]


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ResultFileError("array member of an unknown version")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        size = math.prod(shape) * dtype.itemsize
        if fortran or str(dtype) not in _DTYPES or min(shape, default=0) < 0 or size != info.file_size - stream.tell():
            raise ResultFileError("array member with a wrong header")
        array = np.frombuffer(stream.read(), dtype=dtype).reshape(shape)
    if dtype.kind == "b" and np.any(array.view(np.uint8) > 1):
        raise ResultFileError("truth values that are neither 0 nor 1")
    return array
