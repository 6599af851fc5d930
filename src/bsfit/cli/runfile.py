"""Settings of a run: one table of names for the keys of a run file and the options of the command line; free of JAX.

A run file is one YAML mapping, read by every verb, with keys by themselves or in the sections of `sections`::

    model: portal
    data: [lfu, mixing]
    set: {g_X: 0.3, m_Zp: 2000, m_Q: 1000, m_L: 1000, m_chi: 1000}
    free: {lambda_Q_s: [-0.5, 0.5], "log:lambda_L_mu": [0.1, 3], lambda_Q_b: 0.1 +- 0.2}
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
from functools import partial
from typing import Any

from bsfit import catalogue
from bsfit.cli import sections
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.printed_values import parse_symmetric
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, key_problems, load_yaml, refuse, shown

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
    "live": "count",
    "toys": "count",
    "seed": "count",
    "metadata": "words",
    "output": "text",
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
    "live": (50, 10**6),
    "toys": (0, 10**6),
    "seed": (0, 2**32 - 1),
}
"""Smallest and largest value of each count."""

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Normal:
    """A normal prior of a free parameter: mean and standard deviation."""

    mean: float
    sd: float

    def written(self) -> dict[str, Any]:
        """As it stands in run files."""
        return {"prior": "normal", "mean": self.mean, "sd": self.sd}


class Problems(list[BsfitInputError]):
    """Everything that is wrong, in the order in which it was found."""

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Go on after an input error, which is kept."""
        try:
            yield
        except BsfitInputError as problem:
            self.append(problem)


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

    def complaints(self, check: Callable[[Any], Any], value: Any, *place: str) -> Iterator[BsfitInputError]:
        """The input error that a check of a value raises, if it does, as one about this key or the name under it."""
        try:
            with self.blame(*place):
                check(value)
        except BsfitInputError as problem:
            yield problem

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
    settings, problems = read(path)
    refuse(problems)
    return settings


def read(path: str | os.PathLike[str]) -> tuple[Settings, Problems]:
    """What can be read of a run file, and all that is wrong. Raises `BsfitInputError` if it is no YAML mapping."""
    document, where = load_yaml(path)
    if not isinstance(document, dict):
        check_keys(where, (), document)
    problems = Problems(key_problems(where, (), document, (), [*KEYS, *ALIASES, *sections.SECTIONS]))
    values: dict[str, Any] = {}
    places: dict[tuple[str, ...], Callable[..., BsfitInputError]] = {}
    for name, trail, entry in sections.pieces(where, document, problems):
        key = ALIASES.get(name, name)
        if key not in KEYS:
            continue  # told among the keys
        if (key,) in places:
            what = f"{name!r} is another name for {key!r}" if name in ALIASES else f"{trail[0]!r} says {key!r}"
            problems.append(where.error(trail, f"{what}, which is given too", key=True))
            continue
        places[(key,)] = _in_file(where, trail)
        for inner in entry if isinstance(entry, dict) else ():
            places[(key, inner)] = _in_file(where, (*trail, inner))
        with problems.noted():
            values[key] = _READERS[KEYS[key]](where, trail, entry, problems)
    settings = Settings(values, places)
    problems += range_problems(settings)
    return settings, problems


def _in_file(where: Where, path: Trail) -> Callable[..., BsfitInputError]:
    return lambda what, expected=None, hint=None: where.error(path, what, expected, hint)


def _text(where: Where, path: Trail, entry: Any, problems: Problems) -> str:
    return expect(where, path, entry, "text")


def _names(where: Where, path: Trail, entry: Any, problems: Problems) -> tuple[str, ...]:
    if isinstance(entry, str):
        return (entry,)
    if not isinstance(entry, list) or not entry:
        raise where.error(path, f"found {shown(entry) if entry else 'an empty list'}", "a name or a list of names")
    found = []
    for i, name in enumerate(entry):
        with problems.noted():
            found.append(expect(where, (*path, i), name, "text"))
    return tuple(found)


def _each(one: Callable[[Where, Trail, Any], Any]) -> Callable[..., dict[str, Any]]:
    """A reader of mappings, which reads one entry after the other."""

    def read(where: Where, path: Trail, entry: Any, problems: Problems) -> dict[str, Any]:
        found = {}
        for name, value in expect(where, path, entry, "a mapping").items():
            with problems.noted():
                found[name] = one(where, (*path, name), value)
        return found

    return read


def _number(where: Where, path: Trail, value: Any) -> float:
    return float(expect(where, path, value, "a number"))


def _row(where: Where, path: Trail, entry: Any, lengths: Sequence[int], expected: str) -> list[float]:
    if not isinstance(entry, list) or len(entry) not in lengths:
        raise where.error(path, f"found {shown(entry)}", expected)
    return [expect(where, (*path, i), value, "a number") for i, value in enumerate(entry)]


PRIORS = {"flat": ("low", "high"), "normal": ("mean", "sd")}
"""Priors that a file may name, and their numbers; ``log:NAME`` is flat in the logarithm."""


def _bound(where: Where, path: Trail, entry: Any) -> Bounds | Normal | None:
    """Bounds, a normal prior, or nothing: the default bounds."""
    if entry is None:
        return None
    if isinstance(entry, str):
        try:
            return Normal(*parse_symmetric(entry))
        except ValueError as problem:
            raise where.error(path, f"found {shown(entry)}: {problem}", "[low, high] or 'mean +- sd'") from None
    if not isinstance(entry, dict):
        low, high = _row(where, path, entry, (2,), "[low, high]")
        return float(low), float(high)
    kind = entry.get("prior", "flat")
    if kind not in PRIORS:
        hint = "log:NAME is flat in the logarithm" if "log" in str(kind) else None
        raise where.error((*path, "prior"), f"found {shown(kind)}", " or ".join(PRIORS), hint)
    check_keys(where, path, entry, PRIORS[kind], ("prior",))
    first, second = (_number(where, (*path, name), entry[name]) for name in PRIORS[kind])
    return (first, second) if kind == "flat" else Normal(first, second)


def _bounds(where: Where, path: Trail, entry: Any, problems: Problems) -> dict[str, Bounds | Normal | None]:
    if isinstance(entry, str | list):
        return dict.fromkeys(_names(where, path, entry, problems))
    return _each(_bound)(where, path, entry, problems)


def _grid(where: Where, path: Trail, row: Any) -> Grid:
    numbers = _row(where, path, row, (2, 3), "[low, high, number of points]")
    points = expect(where, (*path, 2), numbers[2], "a whole number") if len(numbers) == 3 else None
    return float(numbers[0]), float(numbers[1]), points


def _count(where: Where, path: Trail, entry: Any, problems: Problems) -> int:
    return expect(where, path, entry, "a whole number")


def _word(where: Where, path: Trail, entry: Any) -> str:
    """Text, or a list of texts, joined."""
    items = entry if isinstance(entry, list) else [entry]
    return ", ".join(
        str(item) if isinstance(item, int | float) else expect(where, path, item, "text") for item in items
    )


_READERS: dict[str, Callable[[Where, Trail, Any, Problems], Any]] = {
    "text": _text,
    "names": _names,
    "numbers": _each(_number),
    "bounds": _bounds,
    "grids": _each(_grid),
    "count": _count,
    "words": _each(_word),
}


# -------------------------------------------------------------------------------------------------------- checks


def check(settings: Settings) -> None:
    """Raise `BsfitInputError` for values that no run can use, whatever the model: reversed ranges, empty counts."""
    for problem in range_problems(settings):
        raise problem


def range_problems(settings: Settings) -> Iterator[BsfitInputError]:
    """All that `check` refuses."""
    for key in ("free", "scan"):
        for name, entry in settings.get(key, {}).items():
            if entry is not None and (problem := _range_problem(settings, key, name, entry)):
                yield problem
    for key, (low, high) in LIMITS.items():
        if key in settings and not low <= settings.get(key) <= high:
            yield settings.error(f"found {settings.get(key)}", key, expected=f"{low} to {high}")
    for name, value in settings.get("input", {}).items():
        if not math.isfinite(value):
            yield settings.error(f"{name} = {value}", "input", name, expected="a finite number")


def _range_problem(settings: Settings, key: str, name: str, entry: Bounds | Normal | Grid) -> BsfitInputError | None:
    if isinstance(entry, Normal):
        if name.startswith("log:"):
            return settings.error(f"the prior of {name!r} is normal", key, name, expected="LO < HI under log:")
        if not (0.0 < entry.sd < math.inf and math.isfinite(entry.mean)):
            return settings.error(f"the prior of {name!r} is {entry.mean:g} +- {entry.sd:g}", key, name,
                                  expected="a positive standard deviation")  # fmt: skip
        return None
    low, high = entry[0], entry[1]
    fine = low < high and math.isfinite(low) and math.isfinite(high)
    if not fine or (name.startswith("log:") and low <= 0.0):
        kind = "not finite" if not math.isfinite(high - low) else "empty" if low == high else "reversed"
        kind = "not positive, under log:" if fine else kind
        return settings.error(f"the range {low:g},{high:g} of {name!r} is {kind}", key, name, expected="LO < HI")
    if len(entry) == 3 and entry[2] is not None and not 2 <= entry[2] <= LIMITS["points"][1]:
        expected = "2 or more" if entry[2] < 2 else f"at most {LIMITS['points'][1]}"
        return settings.error(f"{name!r} asks for {entry[2]} points", key, name, expected=expected)
    return None


def check_names(settings: Settings) -> None:
    """Raise `BsfitInputError` if the model, a parameter, a scenario, or an observable's name does not exist."""
    for problem in name_problems(settings):
        raise problem


def name_problems(settings: Settings) -> Iterator[BsfitInputError]:
    """All that `check_names` refuses."""
    model = settings.get("model", "eft")
    for problem in settings.complaints(catalogue.parameters_of, model, "model"):
        yield problem
        return  # no parameters of this model can be known
    for key in ("set", "free", "scan", "profile"):
        for name in settings.get(key, ()):
            known = partial(catalogue.known_parameter, model)
            yield from settings.complaints(known, name.removeprefix("log:"), key, name)
    for name in settings.get("scenario", ()):
        if model != "eft":
            yield settings.error(f"scenarios belong to the model 'eft', not to {model!r}", "scenario")
        elif name != "all" and catalogue.scenario(name) is None:
            hint = did_you_mean(name, catalogue.STANDARD_SCENARIOS)
            yield settings.error(f"unknown scenario {name!r}", "scenario", hint=hint)
    for name in settings.get("free", {}):
        if name.removeprefix("log:") in settings.get("set", {}):
            yield settings.error(f"{name!r} is both free and set", "free", name)
