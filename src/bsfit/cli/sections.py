"""The sections of a run file, and the keys of settings that they stand for; free of JAX.

A section groups keys by what they are about. Each key may also stand at the top of the file by itself, once.
"""

from collections.abc import Callable, Iterator
from typing import Any

from bsfit.errors import BsfitInputError
from bsfit.loading.yaml_reader import Trail, Where, expect, key_problems, shown

Piece = tuple[str, Trail, Any]
"""A key of settings, where its value stands, and the value."""

INFERENCE = ("starts", "chains", "warmup", "draws", "live", "toys", "seed", "scenario", "profile", "scan", "points",
             "points_file", "design", "n", "keep")  # fmt: skip
PARTS = {
    "model": ("name", "coefficients"),
    "data": ("sets", "leave_out", "relic"),
    "nuisances": ("theory", "select", "leave_out", "inputs", "values"),
    "inference": INFERENCE,
    "output": ("folder",),
}
"""Keys of each section; `metadata` and `parameters` have names of a user's own, and of the model."""

SECTIONS = ("metadata", "parameters", *PARTS)


def pieces(where: Where, document: dict[str, Any], found: list[BsfitInputError]) -> Iterator[Piece]:
    """What each section and key says, by keys of settings; what is wrong goes to `found`."""
    for name, entry in document.items():
        if entry is None:
            hint = "give one, or remove the line"
            found.append(where.error((name,), "the key has no value", hint=hint))
        elif name not in _READERS or (name not in ("inference", "output", *_NAMED) and not isinstance(entry, dict)):
            yield name, (name,), entry
        else:
            try:
                content = expect(where, (name,), entry, "a mapping")
            except BsfitInputError as problem:
                found.append(problem)
                continue
            if name not in _NAMED:
                found += key_problems(where, (name,), content, (), PARTS[name])
            yield from _READERS[name](where, content, found)


def _renamed(section: str, **names: str) -> Callable[..., Iterator[Piece]]:
    """A section whose keys are those of settings, or have other names there."""

    def read(where: Where, content: dict[str, Any], found: list[BsfitInputError]) -> Iterator[Piece]:
        for key in PARTS[section]:
            if content.get(key) is not None:
                yield names.get(key, key), (section, key), content[key]

    return read


def _choosing(section: str, key: str, chosen: str, mark: str, **names: str) -> Callable[..., Iterator[Piece]]:
    """The same where a list of what is chosen stands beside one of what is left out, which gets a mark."""
    plain = _renamed(section, **names)

    def read(where: Where, content: dict[str, Any], found: list[BsfitInputError]) -> Iterator[Piece]:
        rest = {name: entry for name, entry in content.items() if name not in (chosen, "leave_out")}
        yield from plain(where, rest, found)
        try:
            items = [
                *_listed(where, (section, chosen), content.get(chosen)),
                *(mark + name for name in _listed(where, (section, "leave_out"), content.get("leave_out"))),
            ]
        except BsfitInputError as problem:
            found.append(problem)
            return
        if items:
            yield key, (section, chosen if content.get(chosen) else "leave_out"), items

    return read


def _listed(where: Where, path: Trail, entry: Any) -> list[str]:
    if entry is None:
        return []
    items = entry if isinstance(entry, list) else [entry]
    return [
        expect(where, (*path, i) if isinstance(entry, list) else path, item, "text") for i, item in enumerate(items)
    ]


def _metadata(where: Where, content: dict[str, Any], found: list[BsfitInputError]) -> Iterator[Piece]:
    yield "metadata", ("metadata",), content


def _parameters(where: Where, content: dict[str, Any], found: list[BsfitInputError]) -> Iterator[Piece]:
    """Numbers are fixed; ``free``, [low, high], ``-1.0 +- 0.3`` and {prior: ...} are free."""
    fixed, free = {}, {}
    for name, entry in content.items():
        if isinstance(entry, int | float) and not isinstance(entry, bool):
            fixed[name] = entry
        elif isinstance(entry, str | list | dict):
            free[name] = None if entry == "free" else entry
        else:
            expected = "a number (fixed), free, [low, high], 'mean +- sd' or {prior: ...}"
            found.append(where.error(("parameters", name), f"found {shown(entry)}", expected))
    if fixed:
        yield "set", ("parameters",), fixed
    if free:
        yield "free", ("parameters",), free


_NAMED = ("metadata", "parameters")
_READERS: dict[str, Callable[..., Iterator[Piece]]] = {
    "metadata": _metadata,
    "parameters": _parameters,
    "model": _renamed("model", name="model"),
    "data": _choosing("data", "data", "sets", "-"),
    "nuisances": _choosing("nuisances", "nuisances", "select", "!", values="input"),
    "inference": _renamed("inference"),
    "output": _renamed("output", folder="output"),
}
