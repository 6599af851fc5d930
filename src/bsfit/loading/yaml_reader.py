"""A safe YAML reader for data, input and run files, which remembers where each value stands.

PyYAML's parser supplies the events; the values are built here, without recursion and without PyYAML's constructors.
Differences to `yaml.safe_load`, all on purpose: numbers follow YAML 1.2 (`1e-5` is a number, `010`, `1_000` and
`12:30` are not), only `true` and `false` are booleans, dates stay text, mapping keys are text. Refused by name:
duplicate keys, merge keys, anchors and aliases, tags, several documents, NaN and infinity, more than 32 levels,
10 MB or 200 000 values.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bsfit.errors import BsfitInputError, did_you_mean, printable

MAX_BYTES = 10_000_000
MAX_DEPTH = 32
MAX_VALUES = 200_000
TOLD = 8
"""Problems of a file that are told beside the first."""

Trail = tuple[str | int, ...]  # keys and list indices from the top of the file to a value
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads events: PyYAML's C parser where it was built with it, 20 times faster, else its Python parser."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# Openers of collections in a row: a parser reads them all before it reports the first, and may give up on its own.
_DEEP = re.compile(rf"(?:[\[{{][ \t]*){{{MAX_DEPTH + 1}}}|(?:[-?][ \t]+){{{MAX_DEPTH + 1}}}")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_KINDS: dict[str, tuple[type, ...]] = {
    "a mapping": (dict,),
    "a list": (list,),
    "text": (str,),
    "a number": (int, float),
    "a whole number": (int,),
    "true or false": (bool,),
}


@dataclass(frozen=True)
class Where:
    """Where the values of one file stand: turns the path of a value into an error that names file, line and field."""

    file: str
    sha256: str
    values: Mapping[Trail, tuple[int, int]]
    keys: Mapping[Trail, tuple[int, int]]

    def position(self, path: Trail, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value (or of its key); of the closest parent if the value is not there."""
        table = self.keys if key else self.values
        while path and path not in table:
            path, table = path[:-1], self.values
        return table.get(path, (1, 1))

    def error(
        self, path: Trail, what: str, expected: str | None = None, hint: str | None = None, key: bool = False
    ) -> BsfitInputError:
        """The error to raise about the value (or the key) at a path."""
        line, column = self.position(path, key)
        return BsfitInputError(what, self.file, line, column, field_name(path), expected, hint)


def field_name(path: Trail) -> str | None:
    """A path as people write it: `values[2].unit`."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{_short(part)}" for part in path)
    return name.removeprefix(".") or None


def shown(value: Any) -> str:
    """A value as it may appear in a message: quoted, escaped, cut to a line."""
    kinds = {dict: "a mapping", list: "a list"}
    return kinds.get(type(value)) or ("nothing" if value is None else _short(repr(value)))


def names_file(item: Any) -> bool:
    """Whether what a user names is a file: a path object, or text with the ending of a YAML file."""
    return isinstance(item, os.PathLike) or (isinstance(item, str) and item.endswith((".yaml", ".yml")))


def load_yaml(path: str | os.PathLike[str], name: str | None = None) -> tuple[Any, Where]:
    """The content of a YAML file as dicts, lists, text, numbers, booleans and None, and where each value stands.

    `name` is what messages call the file; by default its path. Raises `BsfitInputError` for everything that is
    wrong: missing file, not UTF-8, not YAML, or YAML that the module docstring refuses.
    """
    name = str(path) if name is None else name
    return parse_yaml(read_bytes(path, name), name)


def parse_yaml(text: bytes | str, name: str = "<text>") -> tuple[Any, Where]:
    """The same for text that is already in memory."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise BsfitInputError(f"the file has {len(raw)} bytes", name, expected=f"at most {MAX_BYTES}")
    builder = _Builder(name)
    try:
        decoded = raw.decode("utf-8-sig")
        if deep := _DEEP.search(decoded):
            raise _too_deep(name, decoded.count("\n", 0, deep.start()) + 1)
        for event in yaml.parse(decoded, Loader=PARSER):
            builder.take(event)
    except BsfitInputError:
        raise
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise BsfitInputError("the file is not UTF-8 text", name, line, hint="save it as UTF-8") from None
    except yaml.MarkedYAMLError as problem:
        raise _syntax_error(problem, name) from None
    except Exception as problem:  # whatever else the parser dies of, a user gets a message and not a traceback
        raise BsfitInputError(f"the file cannot be read as YAML: {_short(str(problem))}", name, 1) from None
    if not builder.values:
        raise BsfitInputError("the file is empty", name, 1, expected="YAML content")
    return builder.root, Where(name, hashlib.sha256(raw).hexdigest(), builder.values, builder.keys)


def check_keys(
    where: Where, path: Trail, value: Any, required: Iterable[str] = (), optional: Iterable[str] = ()
) -> dict[str, Any]:
    """The value, if it is a mapping with all required keys and no unknown one; else raises `BsfitInputError`."""
    refuse(key_problems(where, path, value, required, optional))
    return value


def key_problems(
    where: Where, path: Trail, value: Any, required: Iterable[str] = (), optional: Iterable[str] = ()
) -> list[BsfitInputError]:
    """Everything that `check_keys` refuses, for those who ask about several mappings: see `refuse`."""
    if not isinstance(value, dict):
        return [where.error(path, f"found {shown(value)}", "a mapping (key: value)")]
    required = list(required)
    known = [*required, *optional]
    # The nearest names of thousands of keys would take seconds, and nobody would read them.
    unknown = [
        where.error(
            (*path, key), f"unknown key {shown(key)}", None, None if i > TOLD else _key_hint(key, known), key=True
        )
        for i, key in enumerate(key for key in value if key not in known)
    ]
    return unknown + [where.error(path, f"the key {key!r} is missing") for key in required if key not in value]


def refuse(problems: Sequence[BsfitInputError]) -> None:
    """Raise the first of some problems in a file, with what the next ones are and where; nothing if there are none."""
    if not problems:
        return
    first, *others = problems
    also = [f"line {other.line}: {other.what}" + (f" ({other.hint})" if other.hint else "") for other in others]
    what = "; ".join([first.what, *also[:TOLD], *([f"{len(also) - TOLD} more"] if len(also) > TOLD else [])])
    raise BsfitInputError(what, first.file, first.line, first.column, first.field, first.expected, first.hint)


def expect(where: Where, path: Trail, value: Any, kind: str) -> Any:
    """The value, if it is of the kind: 'a mapping', 'a list', 'text', 'a number', 'a whole number', 'true or false'."""
    right = isinstance(value, _KINDS[kind]) and (kind == "true or false" or not isinstance(value, bool))
    if not right:
        hint = "put it in quotes" if kind == "text" and isinstance(value, int | float) else None
        raise where.error(path, f"found {shown(value)}", kind, hint)
    return value


class _Builder:
    """Builds the value of one document from parser events, with its own stack, so that depth costs no recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Any = None
        self.values: dict[Trail, tuple[int, int]] = {}
        self.keys: dict[Trail, tuple[int, int]] = {}
        self._open: list[tuple[Trail, dict[str, Any] | list[Any]]] = []
        self._key: list[str | None] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take one event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._error(event, "a second document starts here", "one document in a file")
        elif isinstance(event, yaml.AliasEvent):
            raise self._error(event, f"alias *{_short(event.anchor)}", "the value itself", "aliases are not supported")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._key.pop()

    def _node(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._error(event, f"anchor &{_short(event.anchor)}", "a plain value", "anchors are not supported")
        if event.tag is not None:
            raise self._error(event, f"tag {_short(event.tag)}", "a plain value", "tags are not supported; quote text")
        if self._awaits_key():
            self._take_key(event)
        else:
            self._take_value(event)

    def _take_value(self, event: Any) -> None:
        path = self._path()
        if len(self.values) >= MAX_VALUES:
            raise self._error(event, f"more than {MAX_VALUES} values", f"at most {MAX_VALUES}")
        self.values[path] = _position(event.start_mark)
        self._attach(value := self._value(event))
        if isinstance(value, dict | list):
            if len(self._open) == MAX_DEPTH:
                raise _too_deep(self.name, *_position(event.start_mark))
            self._open.append((path, value))
            self._key.append(None)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][1], dict) and self._key[-1] is None

    def _take_key(self, event: Any) -> None:
        path, mapping = self._open[-1]
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a list or mapping used as a key", "text as key")
        if event.value == "<<" and event.implicit[0]:
            raise self._error(event, "merge key <<", "the keys written out", "merge keys are not supported")
        key = self._text(event)
        if key in mapping:
            first = self.keys[(*path, key)][0]
            raise self._error(event, f"the key {shown(key)} stands twice, first in line {first}", "each key once")
        self.keys[(*path, key)] = _position(event.start_mark)
        self._key[-1] = key

    def _path(self) -> Trail:
        if not self._open:
            return ()
        path, parent = self._open[-1]
        step = len(parent) if isinstance(parent, list) else self._key[-1]
        return (*path, step if step is not None else "")

    def _attach(self, value: Any) -> None:
        if not self._open:
            self.root = value
            return
        parent = self._open[-1][1]
        if isinstance(parent, list):
            parent.append(value)
        else:
            parent[self._key[-1] or ""] = value
            self._key[-1] = None

    def _value(self, event: Any) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return {}
        if isinstance(event, yaml.SequenceStartEvent):
            return []
        return self._scalar(event) if event.implicit[0] else self._text(event)

    def _scalar(self, event: Any) -> Any:
        """An unquoted scalar by the rules of YAML 1.2, without its hexadecimal and octal numbers."""
        text = self._text(event)
        if text in _WORDS:
            return _WORDS[text]
        if _NOT_FINITE.fullmatch(text):
            raise self._error(event, f"found {text}", "a finite number")
        if _INTEGER.fullmatch(text) and len(text) < 20:
            return int(text)
        if _FLOAT.fullmatch(text):
            return self._float(event, text)
        return text

    def _float(self, event: Any, text: str) -> float:
        if _LEADING_ZERO.match(text):
            raise self._error(event, f"found {_short(text)}", "a number without leading zeros",
                              "readers disagree on leading zeros; quote it if it is text")  # fmt: skip
        value = float(text)
        if not math.isfinite(value):
            raise self._error(event, f"found {_short(text)}, which overflows", "a finite number")
        return value

    def _text(self, event: Any) -> str:
        if not event.value.isprintable() and re.search(r"[\ud800-\udfff\x00]", event.value):
            raise self._error(event, f"found {shown(event.value)}", "text that UTF-8 can hold")
        return event.value

    def _error(self, event: Any, what: str, expected: str, hint: str | None = None) -> BsfitInputError:
        line, column = _position(event.start_mark)
        field = field_name(self._path()) if not self._awaits_key() else field_name(self._open[-1][0])
        return BsfitInputError(what, self.name, line, column, field, expected, hint)


def _key_hint(key: str, known: list[str]) -> str:
    return did_you_mean(key, known) or "known keys: " + ", ".join(known)


def _position(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _short(text: str, limit: int = 60) -> str:
    """Printable and at most a line long: names in hostile files must not flood or steer a terminal."""
    plain = printable(text[: limit + 1])
    return plain if len(text) <= limit else plain[:limit] + "..."


def _too_deep(name: str, line: int, column: int | None = None) -> BsfitInputError:
    return BsfitInputError(
        f"more than {MAX_DEPTH} levels of nesting", name, line, column, expected=f"at most {MAX_DEPTH}"
    )


def _syntax_error(problem: yaml.MarkedYAMLError, name: str) -> BsfitInputError:
    mark = problem.problem_mark or problem.context_mark
    line, column = _position(mark) if mark else (1, 1)
    what = " ".join(filter(None, (problem.context, problem.problem)))
    return BsfitInputError(f"not valid YAML: {_short(what, 120)}", name, line, column, hint="look at indentation, "
                           "quotes and brackets here and in the line above")  # fmt: skip


def read_bytes(path: str | os.PathLike[str], name: str, expected: str = "a YAML file") -> bytes:
    """The bytes of a file, whose size is looked at first. Raises `BsfitInputError` where there are none to read."""
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BsfitInputError("this is not a regular file", name, expected=expected)
        if status.st_size > MAX_BYTES:
            raise BsfitInputError(f"the file has {status.st_size} bytes", name, expected=f"at most {MAX_BYTES}")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        if isinstance(problem, BsfitInputError):
            raise
        reason = getattr(problem, "strerror", None) or str(problem)
        raise BsfitInputError(f"cannot read the file: {reason}", name) from None
