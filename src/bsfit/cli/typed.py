"""Settings from what was typed on the command line; free of JAX."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from bsfit import catalogue
from bsfit.cli.runfile import KEYS, Bounds, Grid, Normal, Problems, Settings, range_problems
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.printed_values import parse_symmetric

_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TAIL = re.compile(r"(?P<name>.+)=(?P<value>[^=]*)", re.DOTALL)


def from_options(options: Mapping[str, Any]) -> Settings:
    """Settings from options: keys of `KEYS`, each with the list of its texts as typed (None or empty: not given).

    Names may be joined by commas; ``NAME=VALUE`` is split at its last ``=``, because scenarios contain one.
    Raises `BsfitInputError` that names the option.
    """
    settings, problems = read(options)
    for problem in problems:
        raise problem
    return settings


def read(options: Mapping[str, Any]) -> tuple[Settings, Problems]:
    """What can be read of options, and all that is wrong."""
    values: dict[str, Any] = {}
    places: dict[tuple[str, ...], Callable[..., BsfitInputError]] = {}
    problems = Problems()
    for key, texts in options.items():
        if not texts:
            continue
        places[(key,)] = _in_option(f"--{key.replace('_', '-')}" if key not in POSITIONAL else POSITIONAL[key])
        parse = _PARSERS[KEYS[key]]
        for part in [[text] for text in texts] if KEYS[key] in _NAMED else [list(texts)]:
            with problems.noted(), Settings({}, places).blame(key):
                found = parse(key, part)
                if isinstance(found, dict) and (twice := [name for name in found if name in values.get(key, ())]):
                    raise BsfitInputError(f"{twice[0]!r} is given twice", expected=f"each name once in {key!r}")
                values[key] = values.get(key, {}) | found if isinstance(found, dict) else found
        for inner in values[key] if isinstance(values.get(key), dict) else ():
            places[(key, inner)] = places[(key,)]
    settings = Settings(values, places)
    problems += range_problems(settings)
    return settings, problems


POSITIONAL = {"observables": "OBSERVABLE", "profile": "NAME", "scan": "NAME=LO,HI,N"}
"""Keys that a command line gives without an option, and what the help calls them."""


def _in_option(option: str) -> Callable[..., BsfitInputError]:
    return lambda what, expected=None, hint=None: BsfitInputError(what, field=option, expected=expected, hint=hint)


def number(text: str) -> float:
    """A finite number, or ``inf``, as typed; raises `BsfitInputError` for anything else, NaN too."""
    plain = text.strip()
    if not _REAL.fullmatch(plain) and plain.lstrip("+-") != "inf":
        raise BsfitInputError(f"{text!r} is not a number", expected="a number such as 0.25 or 1e-5")
    value = float(plain)
    if math.isinf(value) and "inf" not in plain:
        raise BsfitInputError(f"{text!r} overflows", expected="a finite number")
    return value


def _split(text: str, expected: str = "NAME=VALUE") -> tuple[str, str]:
    match = _TAIL.fullmatch(text)
    if match is None:
        raise BsfitInputError(f"found {text!r}", expected=expected)
    return match["name"].strip(), match["value"]


def _typed_names(key: str, texts: list[str]) -> tuple[str, ...]:
    # Observables carry commas in their bins: they are separated by spaces only.
    names = texts if key == "observables" else [part for text in texts for part in text.split(",")]
    if not all(name.strip() for name in names):
        raise BsfitInputError(f"found an empty name in {','.join(texts)!r}")
    return tuple(name.strip() for name in names)


def _typed_number(name: str, text: str) -> float:
    try:
        return number(text)
    except BsfitInputError as problem:
        raise BsfitInputError(f"{name} = {text}: {problem.what}", expected=problem.expected) from None


def _typed_value(text: str) -> tuple[str, float]:
    name, value = _split(text)
    return name, _typed_number(name, value)


def _typed_bound(text: str) -> tuple[str, Bounds | Normal | None]:
    plain = text.strip()
    if "=" not in plain or catalogue.scenario(plain.removeprefix("log:")):
        return plain, None
    name, value = _split(plain)
    if "+-" in value:
        return name, _typed_normal(text, value)
    edges = value.split(",")
    if len(edges) != 2:
        hint = None if _REAL.match(value.strip()) else did_you_mean(plain, catalogue.STANDARD_SCENARIOS)
        expected = "NAME, NAME=LO,HI or NAME=MEAN+-SD"
        raise BsfitInputError(f"{text!r} has no bounds LO,HI behind its '='", expected=expected, hint=hint)
    return name, (_typed_number(name, edges[0]), _typed_number(name, edges[1]))


def _typed_normal(text: str, value: str) -> Normal:
    try:
        return Normal(*parse_symmetric(value))
    except ValueError as problem:
        raise BsfitInputError(f"found {text!r}: {problem}", expected="NAME=MEAN+-SD") from None


def _typed_grid(text: str) -> tuple[str, Grid]:
    name, value = _split(text, POSITIONAL["scan"])
    parts = value.split(",")
    if len(parts) not in (2, 3):
        raise BsfitInputError(f"found {text!r}", expected=POSITIONAL["scan"])
    points = None if len(parts) == 2 else _typed_count("points", [parts[2]])
    return name, (_typed_number(name, parts[0]), _typed_number(name, parts[1]), points)


def _typed_text(key: str, texts: list[str]) -> str:
    return texts[-1]


def _typed_count(key: str, texts: list[str]) -> int:
    plain = texts[-1].strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", plain):
        raise BsfitInputError(f"{texts[-1]!r} is not a whole number", expected="a whole number")
    return int(plain)


def _one(parse: Callable[[str], tuple[str, Any]]) -> Callable[[str, list[str]], dict[str, Any]]:
    return lambda key, texts: dict([parse(text) for text in texts])


_NAMED = ("numbers", "bounds", "grids")
"""Kinds of what gives a value to a name, each text by itself."""

_PARSERS: dict[str, Callable[[str, list[str]], Any]] = {
    "text": _typed_text,
    "names": _typed_names,
    "numbers": _one(_typed_value),
    "bounds": _one(_typed_bound),
    "grids": _one(_typed_grid),
    "count": _typed_count,
}
