"""Which rows of a list are wanted: by leptons, process, group, words; free of JAX."""

import argparse
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError, did_you_mean, one_of

Rows = list[dict[str, Any]]
TAGS = ("_leptons", "_process", "_group")
"""What a row is about beside what it prints: tuples of names."""

_SUFFIX = re.compile(r"[A-Za-z0-9]+_(?:b[csd])?((?:(?:nu)?(?:mu|tau|e))+?)(?:_im)?")
_LEPTON = re.compile(r"(?:nu)?(mu|tau|e)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit list` that choose rows."""
    parser.add_argument("--lepton", action="append", metavar="L", help="with this lepton: e, mu or tau (default all)")
    line = "of this process or decay, such as b_to_k_ll or 'B0->K*'; a glob will do (default all)"
    parser.add_argument("--process", metavar="NAME", help=line)
    parser.add_argument("--group", metavar="NAME", help="of this group of observables or inputs (default all)")


def tags(item: catalogue.Observable) -> dict[str, tuple[str, ...]]:
    """What an observable is about."""
    leptons = item.leptons or leptons_of(catalogue.coefficients_that_move(item))
    process = item.quantity.process
    return {"_leptons": tuple(leptons), "_process": (process.name, item.decay), "_group": (item.group,)}


def leptons_of(coefficients: Sequence[str]) -> tuple[str, ...]:
    """Leptons in names of coefficients."""
    suffixes = (match[1] for name in coefficients if (match := _SUFFIX.fullmatch(name)))
    return tuple(dict.fromkeys(lepton for suffix in suffixes for lepton in _LEPTON.findall(suffix)))


def joined(several: Sequence[Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Tags of what holds several."""
    return {tag: tuple(dict.fromkeys(name for each in several for name in each[tag])) for tag in TAGS}


def chosen(rows: Rows, options: argparse.Namespace, topic: str, words: Sequence[str]) -> Rows:
    """Rows that pass every filter, without their tags. Raises `BsfitInputError` for a filter that none passes."""
    for lepton in options.lepton or ():
        one_of(lepton, catalogue.LEPTONS, "--lepton", "lepton")
        rows = _tagged(rows, "_leptons", lepton, "--lepton", topic)
    for tag, option in (("_process", "process"), ("_group", "group")):
        if (wanted := getattr(options, option)) is not None:
            rows = _tagged(rows, tag, wanted, f"--{option}", topic)
    for word in words:
        found = [row for row in rows if says(row, word)]
        if not found:
            first = [str(next(iter(row.values()))) for row in rows]
            raise BsfitInputError(f"none of the {topic} says {word!r}", hint=did_you_mean(word, first))
        rows = found
    return [{key: value for key, value in row.items() if key not in TAGS} for row in rows]


def _tagged(rows: Rows, tag: str, wanted: str, option: str, topic: str) -> Rows:
    if not any(tag in row for row in rows):
        raise BsfitInputError(f"{topic} have no such filter", field=option)
    found = [row for row in rows if any(name == wanted or fnmatchcase(name, wanted) for name in row.get(tag, ()))]
    if not found:
        known = dict.fromkeys(name for row in rows for name in row.get(tag, ()) if name)
        hint = did_you_mean(wanted, known) or f"there are {', '.join(known)}"
        raise BsfitInputError(f"none of the {topic} is of {wanted!r}", field=option, hint=hint)
    return found


def says(row: Mapping[str, Any], word: str) -> bool:
    """Whether a cell holds a word, whatever its case; a word with a wildcard is a glob of a cell."""
    cells = [str(value).casefold() for key, value in row.items() if key not in TAGS and value is not None]
    return any(word.casefold() in cell or fnmatchcase(cell, word.casefold()) for cell in cells)
