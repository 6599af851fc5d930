"""Files of the Les Houches accords (SLHA, FLHA): blocks of lines of words, and where each stands.

Numbers are those of C and of Fortran: ``1.25E2``, ``-1.0d-3``, ``1.2345-101``. A line is what stands before its ``#``;
decay tables are passed over. Refused by name: files that are too large or no UTF-8, lines of more than 64 words,
numbers that are not finite, headers without a name.
"""

import hashlib
import math
import os
import re
from dataclasses import dataclass

from bsfit.errors import BsfitInputError
from bsfit.loading.yaml_reader import read_bytes, shown

MAX_LINES = 200_000
MAX_WORDS = 64

_FORTRAN = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eEdD]([-+]?[0-9]{1,4})|([-+][0-9]{3}))?")
_HEADER = re.compile(r"\s*(block|decay|xsection)\b(.*)", re.IGNORECASE)
_SCALE = re.compile(r"\bQ\s*=\s*(\S*)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """The words of a line, and its number in the file."""

    words: tuple[str, ...]
    number: int


@dataclass(frozen=True)
class Block:
    """A block by its name in capitals: its lines, its scale in GeV if the header has one, the line of the header."""

    name: str
    scale: float | None
    lines: list[Line]
    number: int


@dataclass(frozen=True)
class Blocks:
    """The blocks of a file in their order, and the digest of the file."""

    file: str
    sha256: str
    blocks: tuple[Block, ...]

    def named(self, name: str) -> tuple[Block, ...]:
        """The blocks of this name, of which there may be one for each scale."""
        return tuple(block for block in self.blocks if block.name == name)

    def error(self, line: int, what: str, expected: str | None = None, hint: str | None = None) -> BsfitInputError:
        """The error to raise about a line."""
        return BsfitInputError(what, self.file, line, expected=expected, hint=hint)

    def number(self, text: str, line: int) -> float:
        """A finite number as C or Fortran write it. Raises `BsfitInputError` for anything else."""
        found = _FORTRAN.fullmatch(text)
        if found is None:
            raise self.error(line, f"found {shown(text)}", "a number")
        value = float(f"{found[1]}e{found[2] or found[3] or 0}")
        if not math.isfinite(value):
            raise self.error(line, f"found {shown(text)}, which overflows", "a finite number")
        return value


def is_les_houches(raw: bytes) -> bool:
    """Whether the first line that says something begins a block."""
    for line in raw[:100_000].splitlines():
        if (plain := line.partition(b"#")[0].strip()) != b"":
            return _HEADER.match(plain.decode("latin-1")) is not None
    return False


def load_blocks(path: str | os.PathLike[str]) -> Blocks:
    """The blocks of a file. Raises `BsfitInputError` for what the module docstring refuses."""
    return parse_blocks(read_bytes(path, str(path), "a file of the Les Houches accord"), str(path))


def parse_blocks(raw: bytes, name: str = "<text>") -> Blocks:
    """The same for bytes that are already in memory."""
    file = Blocks(name, hashlib.sha256(raw).hexdigest(), ())
    lines = _decoded(file, raw).split("\n")
    if len(lines) > MAX_LINES:
        raise file.error(1, f"the file has {len(lines)} lines", f"at most {MAX_LINES}")
    blocks: list[Block] = []
    inside = False
    for number, line in enumerate(lines, 1):
        plain = line.partition("#")[0]
        if header := _HEADER.match(plain):
            if inside := header[1].lower() == "block":
                blocks.append(_begun(file, header[2], number))
        elif inside and plain.strip():
            blocks[-1].lines.append(_line(file, plain, number))
    return Blocks(file.file, file.sha256, tuple(blocks))


def _decoded(file: Blocks, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise file.error(line, "the file is not UTF-8 text", hint="save it as UTF-8") from None


def _begun(file: Blocks, header: str, number: int) -> Block:
    """A block without lines, from what stands behind its first word."""
    name, *rest = header.split(None, 1) or [""]
    if not name:
        raise file.error(number, "a block without a name", "Block NAME")
    scale = _SCALE.search(rest[0]) if rest else None
    return Block(name.upper(), file.number(scale[1], number) if scale else None, [], number)


def _line(file: Blocks, plain: str, number: int) -> Line:
    words = plain.split(None, MAX_WORDS)
    if len(words) > MAX_WORDS:
        raise file.error(number, f"more than {MAX_WORDS} words in a line", f"at most {MAX_WORDS}")
    return Line(tuple(words), number)
