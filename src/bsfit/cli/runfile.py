"""Settings of a run: one table of names for the keys of a run file and the options of the command line; free of JAX.

A run file is one YAML mapping, read by every verb::

    model: portal
    data: [lfu, mixing]
    set: {g_X: 0.3, m_Zp: 2000, m_Q: 1000, m_L: 1000, m_chi: 1000}
    free: {lambda_Q_s: [-0.5, 0.5], "log:lambda_L_mu": [0.1, 3]}
    input: {V_cb: 0.0411}
    seed: 1

What the command line says wins, name by name. Every value remembers where it came from, so that an error found much
later still names its file and line, or its option.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, load_yaml, shown

KEYS: dict[str, str] = {
    "model": "text",
    "data": "names",
    "set": "numbers",
    "coefficients": "text",
    "free": "bounds",
    "scenario": "names",
    "inputs": "text",
    "input": "numbers",
    "theory": "text",
    "nuisances": "names",
    "relic": "text",
    "observables": "names",
    "profile": "names",
    "scan": "grids",
    "points": "count",
    "points_file": "text",
    "design": "text",
    "n": "count",
    "keep": "text",
    "starts": "count",
    "chains": "count",
    "warmup": "count",
    "draws": "count",
    "seed": "count",
}
"""Keys of a run file, which are the long options too, and what they hold; ``fixed`` is another name for ``set``."""

ALIASES = {"fixed": "set"}
LIMITS = {
    "points": (2, 100_000),
    "n": (1, 2**40),
    "starts": (1, 100_000),
    "chains": (1, 1000),
    "warmup": (1, 10**7),
    "draws": (4, 10**7),
    "seed": (0, 2**32 - 1),
}
"""Smallest and largest value of each count."""

Bounds = tuple[float, float]
Grid = tuple[float, float, int | None]


@dataclass(frozen=True)
class Settings:
    """What a run file or a command line says, by key, and where each value stands.

    Values: text, tuples of names, whole numbers, and dictionaries name -> number, name -> bounds (None: the default
    ones) and name -> (low, high, number of points).
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, ...], Callable[..., BsfitInputError]] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        return self.values.get(key, default)

    def error(self, what: str, *place: str, expected: str | None = None, hint: str | None = None) -> BsfitInputError:
        """The error to raise about a key, or a name under it: ``error("...", "set", "m_Zp")``."""
        for depth in range(len(place), 0, -1):
            if located := self.places.get(place[:depth]):
                return located(what, expected=expected, hint=hint)
        return BsfitInputError(what, expected=expected, hint=hint)

    @contextmanager
    def blame(self, *place: str) -> Iterator[None]:
        """Input errors raised inside, unless they name a file, get the place of this key or of the name under it."""
        try:
            yield
        except BsfitInputError as problem:
            if problem.file is not None:
                raise
            raise self.error(problem.what, *place, expected=problem.expected, hint=problem.hint) from None

    def over(self, other: "Settings") -> "Settings":
        """These settings on top of others: dictionaries are joined name by name, everything else is replaced.

        A parameter set here is no longer free and the reverse; scenarios named here replace the free parameters there.
        """
        below = {key: value for key, value in other.values.items() if key not in self._replaced()}
        joined: dict[str, Any] = {**below, **self.values}
        for key in ("set", "input", "free", "scan"):
            if key in below and key in self.values:
                joined[key] = {**_without_logs(below[key], self.values[key]), **self.values[key]}
        for key, rival in (("set", "free"), ("free", "set")):
            if rival in below and key in self.values:
                mine = {name.removeprefix("log:") for name in self.values[key]}
                joined[rival] = {
                    name: value
                    for name, value in joined[rival].items()
                    if name in self.values.get(rival, ()) or name.removeprefix("log:") not in mine
                }
        return Settings(joined, {**other.places, **self.places})

    def _replaced(self) -> set[str]:
        rivals = {"scenario": "free", "free": "scenario"}
        return {rivals[key] for key in self.values if key in rivals}

    def with_values(self, **values: Any) -> "Settings":
        """A copy with some values replaced, as when defaults are filled in."""
        return Settings({**self.values, **values}, self.places)


def _without_logs(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Entries below that do not name, with or without ``log:``, a parameter named above."""
    named = {name.removeprefix("log:") for name in above}
    return {name: value for name, value in below.items() if name.removeprefix("log:") not in named}


# ------------------------------------------------------------------------------------------------- the run file


def load(path: str | os.PathLike[str]) -> Settings:
    """Read a run file. Raises `BsfitInputError` with line and field for everything that is wrong in it."""
    document, where = load_yaml(path)
    check_keys(where, (), document, optional=[*KEYS, *ALIASES])
    values: dict[str, Any] = {}
    places: dict[tuple[str, ...], Callable[..., BsfitInputError]] = {}
    for name, entry in document.items():
        key = ALIASES[name] if name in ALIASES else name
        if key in values:
            raise where.error((name,), f"{name!r} is another name for {key!r}, which is given too", key=True)
        if entry is None:
            raise where.error((name,), "the key has no value", hint="give one, or remove the line")
        values[key] = _READERS[KEYS[key]](where, (name,), entry)
        places[(key,)] = _in_file(where, (name,))
        for inner in entry if isinstance(entry, dict) else ():
            places[(key, inner)] = _in_file(where, (name, inner))
    settings = Settings(values, places)
    check(settings)
    return settings


def _in_file(where: Where, path: Trail) -> Callable[..., BsfitInputError]:
    return lambda what, expected=None, hint=None: where.error(path, what, expected, hint)


def _text(where: Where, path: Trail, entry: Any) -> str:
    return expect(where, path, entry, "text")


def _names(where: Where, path: Trail, entry: Any) -> tuple[str, ...]:
    if isinstance(entry, str):
        return (entry,)
    if not isinstance(entry, list) or not entry:
        raise where.error(path, f"found {shown(entry) if entry else 'an empty list'}", "a name or a list of names")
    return tuple(expect(where, (*path, i), name, "text") for i, name in enumerate(entry))


def _numbers(where: Where, path: Trail, entry: Any) -> dict[str, float]:
    entry = expect(where, path, entry, "a mapping")
    return {name: float(expect(where, (*path, name), value, "a number")) for name, value in entry.items()}


def _row(where: Where, path: Trail, entry: Any, lengths: Sequence[int], expected: str) -> list[float]:
    if not isinstance(entry, list) or len(entry) not in lengths:
        raise where.error(path, f"found {shown(entry)}", expected)
    return [expect(where, (*path, i), value, "a number") for i, value in enumerate(entry)]


def _bounds(where: Where, path: Trail, entry: Any) -> dict[str, Bounds | None]:
    if isinstance(entry, str | list):
        return dict.fromkeys(_names(where, path, entry))
    entry = expect(where, path, entry, "a mapping")
    rows = {name: row and _row(where, (*path, name), row, (2,), "[low, high]") for name, row in entry.items()}
    return {name: (float(row[0]), float(row[1])) if row else None for name, row in rows.items()}


def _grids(where: Where, path: Trail, entry: Any) -> dict[str, Grid]:
    grids = {}
    for name, row in expect(where, path, entry, "a mapping").items():
        numbers = _row(where, (*path, name), row, (2, 3), "[low, high, number of points]")
        points = expect(where, (*path, name, 2), numbers[2], "a whole number") if len(numbers) == 3 else None
        grids[name] = (float(numbers[0]), float(numbers[1]), points)
    return grids


def _count(where: Where, path: Trail, entry: Any) -> int:
    return expect(where, path, entry, "a whole number")


_READERS: dict[str, Callable[[Where, Trail, Any], Any]] = {
    "text": _text,
    "names": _names,
    "numbers": _numbers,
    "bounds": _bounds,
    "grids": _grids,
    "count": _count,
}


# -------------------------------------------------------------------------------------------------------- checks


def check(settings: Settings) -> None:
    """Raise `BsfitInputError` for values that no run can use, whatever the model: reversed ranges, empty counts."""
    for key in ("free", "scan"):
        for name, entry in settings.get(key, {}).items():
            if entry is not None:
                _check_range(settings, key, name, entry)
    for key, (low, high) in LIMITS.items():
        if key in settings and not low <= settings.get(key) <= high:
            raise settings.error(f"found {settings.get(key)}", key, expected=f"{low} to {high}")
    for name in settings.get("input", {}):
        if not math.isfinite(settings.get("input")[name]):
            raise settings.error(f"{name} = {settings.get('input')[name]}", "input", name, expected="a finite number")


def _check_range(settings: Settings, key: str, name: str, entry: Bounds | Grid) -> None:
    low, high = entry[0], entry[1]
    fine = low < high and math.isfinite(low) and math.isfinite(high)
    if not fine or (name.startswith("log:") and low <= 0.0):
        kind = "not finite" if not math.isfinite(high - low) else "empty" if low == high else "reversed"
        kind = "not positive, under log:" if fine else kind
        raise settings.error(f"the range {low:g},{high:g} of {name!r} is {kind}", key, name, expected="LO < HI")
    if len(entry) == 3 and entry[2] is not None and not 2 <= entry[2] <= LIMITS["points"][1]:
        expected = "2 or more" if entry[2] < 2 else f"at most {LIMITS['points'][1]}"
        raise settings.error(f"{name!r} asks for {entry[2]} points", key, name, expected=expected)


def check_names(settings: Settings) -> None:
    """Raise `BsfitInputError` if the model, a parameter, a scenario, or an observable's name does not exist."""
    model = settings.get("model", "eft")
    with settings.blame("model"):
        catalogue.parameters_of(model)
    for key in ("set", "free", "scan", "profile"):
        for name in settings.get(key, ()):
            with settings.blame(key, name):
                catalogue.known_parameter(model, name.removeprefix("log:"))
    for name in settings.get("scenario", ()):
        if model != "eft":
            raise settings.error(f"scenarios belong to the model 'eft', not to {model!r}", "scenario")
        if name != "all" and catalogue.scenario(name) is None:
            hint = did_you_mean(name, catalogue.STANDARD_SCENARIOS)
            raise settings.error(f"unknown scenario {name!r}", "scenario", hint=hint)
    for name in settings.get("free", {}):
        if name.removeprefix("log:") in settings.get("set", {}):
            raise settings.error(f"{name!r} is both free and set", "free", name)
