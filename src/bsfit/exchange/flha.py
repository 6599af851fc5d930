r"""Wilson coefficients in files of the Flavour Les Houches Accord [Mahmoudi:2010iz]_: the blocks FWCOEF and IMFWCOEF.

A line is ``fermions operator order M value``: 0305 is (s b), 03051313 is (s b)(mu mu); 4422 is
:math:`\sigma P_R\otimes F`, 6421 the same with a gluon, 4133 :math:`\gamma P_L\otimes\gamma`, 4137
:math:`\gamma P_L\otimes\gamma\gamma_5`, with 43, 63 and 42 for the other chirality. M is 0 for the Standard Model, 1
for new physics, 2 for their sum. Order 00 is the leading one, 99 the sum of all; others are left out and told.

Read are C7, C8, C9, C10 and their primed partners, in the normalisation of `theory.WilsonCoefficients`, in which the
accord has them, SPheno writes and SuperIso reads them. The accord does not fix it: coefficients whose Standard-Model
entry shows another one (modules for SPheno made by SARAH write GeV^-2) are refused. Neutrinos, four quarks and scalar
operators, which codes normalise each in their own way, are named in a note.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bsfit.catalogue import COEFFICIENTS
from bsfit.errors import BsfitInputError
from bsfit.exchange.points import Point, listed
from bsfit.loading.les_houches import Block, Blocks, Line, parse_blocks

QUARKS = {"0305": "bs", "0105": "bd"}
LEPTONS = {"1111": "ee", "1313": "mumu", "1515": "tautau"}
DIPOLES = {"4422": "C7", "4322": "C7p", "6421": "C8", "6321": "C8p"}
CURRENTS = {"4133": "C9", "4233": "C9p", "4137": "C10", "4237": "C10p"}
OF_STANDARD_MODEL = {"C7": (0.05, 1.0), "C8": (0.02, 1.0), "C10": (2.0, 8.0)}
"""Least and largest size of the Standard Model's values between m_b and the top mass, by normalisation."""

LEADING, ALL_ORDERS = "00", "99"
STANDARD_MODEL, NEW, SUM = "0", "1", "2"
PARTS = {"FWCOEF": 1.0, "IMFWCOEF": 1j}
AGREE = 1e-6
"""How far a sum may be from its parts, relative to its size: files have eight digits."""


class Entry(NamedTuple):
    """A number of a file, and the line where it stands."""

    value: complex
    line: int


Entries = dict[str, Entry]
"""The entries of one coefficient by M."""


def parsed(raw: bytes, name: str) -> Point:
    """New physics in a file. Raises `BsfitInputError` for everything that is wrong in it."""
    file = parse_blocks(raw, name)
    blocks = [block for part in PARTS for block in file.named(part) if block.lines]
    if not blocks:
        listed = ", ".join(dict.fromkeys(block.name for block in file.blocks)) or "none"
        raise BsfitInputError(f"no entry in a block FWCOEF; blocks: {listed[:200]}", name, expected="BLOCK FWCOEF")
    scale = _scale(file, blocks)
    table, left_out = _table(file, blocks)
    known: dict[str, Entries] = {}
    for key, entries in table.items():
        if (coefficient := _named(*key)) is None:
            left_out.append(" ".join(key))
        else:
            known[coefficient] = entries
    values = {coefficient: _new_physics(file, coefficient, entries) for coefficient, entries in known.items()}
    lines = {coefficient: next(iter(entries.values())).line for coefficient, entries in known.items()}
    source = {"file": name, "sha256": file.sha256, "format": "FLHA", "eft": "WET", "basis": "flavio", "scale": scale}
    notes = _notes(known, left_out)
    return Point("WET", "flavio", scale, values, _errors(file, lines, blocks[0].number), source, notes)


def _errors(file: Blocks, lines: Mapping[str, int], otherwise: int):
    def error(key: str, what: str, expected: str | None = None, hint: str | None = None) -> BsfitInputError:
        return file.error(lines.get(key, otherwise), what, expected, hint)

    return error


def _scale(file: Blocks, blocks: list[Block]) -> float:
    """The scale of all blocks."""
    for block in blocks:
        if block.scale is None or not 0.0 < block.scale < 1e19:
            raise file.error(block.number, f"block {block.name} has no scale", "BLOCK FWCOEF Q= scale in GeV")
        if block.scale != blocks[0].scale:
            what = f"coefficients at {blocks[0].scale:g} GeV and at {block.scale:g} GeV"
            raise file.error(block.number, what, "one scale", "remove the blocks of the other")
    assert blocks[0].scale is not None
    return blocks[0].scale


def _table(file: Blocks, blocks: list[Block]) -> tuple[dict[tuple[str, str], Entries], list[str]]:
    """Entries by fermions and operator, of all orders where they are there, else of the leading one; what is left."""
    found: dict[tuple[str, str, str], Entries] = {}
    seen: dict[tuple[str, ...], int] = {}
    for block in blocks:
        for line in block.lines:
            *key, kind, text = _words(file, line)
            where = (block.name, *key, kind)
            if where in seen:
                raise file.error(line.number, "this entry stands twice", "each once", f"first in line {seen[where]}")
            seen[where] = line.number
            entries = found.setdefault((key[0], key[1], key[2]), {})
            before = entries.get(kind, Entry(0.0, line.number))
            value = before.value + PARTS[block.name] * file.number(text, line.number)
            entries[kind] = Entry(value, before.line)
    table: dict[tuple[str, str], Entries] = {}
    left_out = []
    for (fermions, operator, order), entries in found.items():
        best = ALL_ORDERS if (fermions, operator, ALL_ORDERS) in found else LEADING
        if order == best:
            table[fermions, operator] = entries
        elif order != LEADING:
            left_out.append(f"{fermions} {operator} of order {order}")
    return table, left_out


def _words(file: Blocks, line: Line) -> tuple[str, str, str, str, str]:
    """Fermions, operator and order with their leading zeros, M, and the value."""
    expected = "fermions operator order M value, as 03051313 4133 00 1 -0.5"
    if len(line.words) != 5 or not all(word.isascii() and word.isdigit() for word in line.words[:4]):
        raise file.error(line.number, f"found {' '.join(line.words)[:80]!r}", expected)
    fermions, operator, order, kind, value = line.words
    if kind not in (STANDARD_MODEL, NEW, SUM):
        raise file.error(line.number, f"M = {kind[:20]}", "0 (Standard Model), 1 (new physics) or 2 (their sum)")
    return fermions.zfill(4 if len(fermions) <= 4 else 8), operator.zfill(4), order.zfill(2), kind, value


def _named(fermions: str, operator: str) -> str | None:
    """Our name of a coefficient, None where it is none that is read."""
    quarks, leptons = QUARKS.get(fermions[:4]), LEPTONS.get(fermions[4:], "")
    kind = (CURRENTS if leptons else DIPOLES).get(operator)
    name = f"{kind}_{quarks}{leptons}"
    return name if name in COEFFICIENTS and len(fermions) == (8 if leptons else 4) else None


def _new_physics(file: Blocks, name: str, entries: Entries) -> complex:
    """The new physics in a coefficient, whose entries are checked against each other and against what is known."""
    kind = name.partition("_")[0]
    standard, new, total = (entries.get(key) for key in (STANDARD_MODEL, NEW, SUM))
    if standard is not None and kind in OF_STANDARD_MODEL:
        low, high = OF_STANDARD_MODEL[kind]
        if not low <= abs(standard.value) <= high:
            hint = "modules for SPheno that SARAH makes write GeV^-2: export WCxf there"
            what = f"the Standard Model's {kind} is {standard.value.real:.4g}, which is another normalisation"
            raise file.error(standard.line, what, f"{low:g} to {high:g}", hint)
    if new is None and total is not None and standard is None and not kind.endswith("p"):
        hint = "an entry with M = 0 or 1"
        raise file.error(total.line, f"{name} is a sum without its Standard-Model part", "both", hint)
    apart = None if total is None else total.value - (standard.value if standard else 0.0)
    if new is None:
        return 0.0 if apart is None else apart
    if apart is not None and standard is not None and total is not None:
        if abs(apart - new.value) > AGREE * max(abs(total.value), abs(standard.value)):
            what = f"{name}: new physics is {new.value:.6g}, sum less Standard Model {apart:.6g}"
            raise file.error(new.line, what, "entries that agree")
    return new.value


def _notes(known: Mapping[str, Entries], left_out: list[str]) -> tuple[str, ...]:
    """What was not read, and what had to be taken for something."""
    notes = []
    if left_out:
        notes.append(f"not read, for want of one normalisation or order: {listed(list(dict.fromkeys(left_out)))}")
    alone = [name for name, entries in known.items() if set(entries) == {SUM}]
    if alone:
        notes.append(f"sums without a Standard-Model part, taken for new physics: {listed(alone)}")
    empty = [name for name, entries in known.items() if set(entries) == {STANDARD_MODEL}]
    if empty:
        notes.append(f"Standard Model alone, no new physics: {listed(empty)}")
    return tuple(notes)
