"""What a user asks for (sets, groups, names, files, own numbers) as measurements, no two of the same data."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading import limits
from bsfit.loading.correlations import numbers
from bsfit.loading.foreign_measurements import load_measurements
from bsfit.loading.measurements import GROUPS, RELATIONS, Publication, load_measurement
from bsfit.loading.own_data import Measurement
from bsfit.loading.shared_data import refuse_repeated, refuse_shared
from bsfit.loading.yaml_reader import Where, check_keys, load_yaml, names_file, shown


@dataclass(frozen=True)
class DataSet:
    """A named selection of measurements, without bins of some groups that end between two values of q2 in GeV^2."""

    name: str
    description: str
    measurements: tuple[str, ...]
    groups_cut: tuple[str, ...] = ()
    ending_between: tuple[float, float] = (0.0, 0.0)

    def parts(self) -> Iterator[Publication]:
        """Its measurements, or what it takes of them."""
        low, high = self.ending_between
        for name in self.measurements:
            found = _available()[name]
            kept = [
                i
                for i, datum in enumerate(found.data)
                if datum.group not in self.groups_cut or datum.bin is None or not low < datum.bin[1] < high
            ]
            if kept:
                yield found.only(kept)


_WANTED = "a data set, group, measurement, limit or file, a Measurement or {observable: (value, error)}"


def available() -> dict[str, Publication]:
    """All measurements that come with bsfit, by name, sorted."""
    return dict(_available())


def data_sets() -> dict[str, DataSet]:
    """The named sets of measurements of ``data/sets.yaml``, in the order of the file."""
    return dict(_data_sets())


Data = str | os.PathLike[str] | Measurement | Mapping[Any, Any] | Sequence[Any]
"""Names, files, `Measurement`s, dictionaries ``{observable: (value, error)}``, or a list that mixes them."""

Chosen = Publication | Measurement


def select(data: Data, or_none: bool = False) -> list[Chosen]:
    """Measurements by set, group or measurement name, path of a YAML file, own numbers, or a list of these.

    A group holds what no other measurement replaces. Names of limits are passed over: they are chosen by `limits_in`.
    ``-NAME`` leaves out a set, group or measurement of what the others choose, or an observable, in one bin or in all.
    Raises `BsfitInputError` for an unknown name, for a measurement that cannot be used (with its reason), when two
    chosen measurements, or limits, share data, and, unless `or_none`, for no data at all.
    """
    chosen: dict[Any, Chosen] = {}
    for measurement in (m for item in listed(data) if not _left_out(item) for m in _resolve(item)):
        once = chosen.setdefault(measurement.file or id(measurement), measurement)
        if once.data != measurement.data:
            raise BsfitInputError(f"measurement {measurement.name!r} is chosen whole and without some of its bins")
    for name in filter(None, map(_left_out, listed(data))):
        chosen = _without(chosen, name)
    if not chosen and not limits_in(data) and not or_none:
        raise BsfitInputError("no data chosen", expected=_WANTED)
    files = [m for m in chosen.values() if isinstance(m, Publication)]
    for measurement in files:
        if measurement.unused_reason:
            raise BsfitInputError(f"measurement {measurement.name!r} cannot be used: {measurement.unused_reason}")
    for first, second in combinations(files, 2):
        refuse_shared(first, second)
    refuse_repeated(list(chosen.values()))
    return list(chosen.values())


def _left_out(item: Any) -> str:
    """The name that an item leaves out; empty for one that chooses."""
    return item[1:] if isinstance(item, str) and item.startswith("-") and not names_file(item) else ""


def _without(chosen: dict[Any, Chosen], name: str) -> dict[Any, Chosen]:
    files = {key: m for key, m in chosen.items() if isinstance(m, Publication)}
    named = {m.name for m in _resolve(name)} if name in (*_data_sets(), *_available()) else set()
    kept: dict[Any, Chosen] = {}
    for key, m in chosen.items():
        if key not in files:
            kept[key] = m
        elif m.name not in named:
            # A group is left out whole, also what newer measurements have replaced and an older set holds.
            stays = [i for i, d in enumerate(files[key].data) if name not in (d.stem, d.observable, d.group)]
            if stays:
                kept[key] = files[key].only(stays)
    if all(kept.get(key) is m for key, m in chosen.items()):
        stems = [datum.stem for m in files.values() for datum in m.data]
        known = [*_data_sets(), *GROUPS, *_available()]
        what = f"{shown('-' + name)} leaves out nothing" if name in known else f"unknown data {shown('-' + name)}"
        expected = "a measurement, group or observable of what is chosen"
        hint = did_you_mean(name, dict.fromkeys([*known, *stems]))
        raise BsfitInputError(what, field="data", expected=expected, hint=hint)
    return kept


def limits_in(data: Data) -> tuple[limits.Limit, ...]:
    """Limits that are named among data."""
    return limits.among(item for item in listed(data) if isinstance(item, str | os.PathLike))


def listed(data: Data) -> list[Any]:
    """What a user asks for as a list."""
    return list(data) if isinstance(data, list | tuple | set | frozenset | Iterator) else [data]


def described(data: Data) -> str:
    """What a user asks for in words."""
    return ", ".join(item.name if isinstance(item, Measurement) else "own" if isinstance(item, Mapping) else str(item)
                     for item in listed(data))  # fmt: skip


def replaced(measurements: Iterable[Publication] | None = None) -> set[str]:
    """Names of measurements that another one of the given ones (default: all) supersedes, combines or repeats."""
    measurements = _available().values() if measurements is None else measurements
    return {name for m in measurements for name in (*m.supersedes, *m.combines)} | {
        m.name for m in measurements if m.alternative_to
    }


class _OnDemand(Mapping[str, Publication]):
    """The measurements of a folder by name, sorted; each file is read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        self._found: dict[str, Publication] = {}

    def __getitem__(self, name: str) -> Publication:
        if name not in self._found:
            found = load_measurement(self._paths[name])
            _check_references(found, self._paths)
            self._found[name] = found
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@cache
def _available() -> Mapping[str, Publication]:
    return _OnDemand(_folder() / "measurements")


@cache
def _data_sets() -> dict[str, DataSet]:
    document, where = load_yaml(_folder() / "sets.yaml")
    check_keys(where, (), document, ("schema", "sets"))
    sets: dict[str, DataSet] = {}
    for name, entry in document["sets"].items():
        check_keys(where, ("sets", name), entry, ("description",), ("measurements", "includes", "leaves_out"))
        included = [member for other in entry.get("includes", []) for member in sets[other].measurements]
        members = dict.fromkeys([*included, *entry.get("measurements", [])])
        for member in members:
            if member not in _available():
                raise where.error(
                    ("sets", name), f"unknown measurement {member!r}", hint=did_you_mean(member, _available())
                )
        sets[name] = DataSet(name, entry["description"], tuple(members), **_cut(where, name, entry))
    return sets


def _cut(where: Where, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    if "leaves_out" not in entry:
        return {}
    cut, place = entry["leaves_out"], ("sets", name, "leaves_out")
    check_keys(where, place, cut, ("groups", "ending_between"))
    low, high = numbers(where, (*place, "ending_between"), cut["ending_between"])
    return {"groups_cut": tuple(cut["groups"]), "ending_between": (low, high)}


def _folder() -> Path:
    return Path(str(resources.files("bsfit"))) / "data"


def _resolve(item: Any) -> Iterator[Chosen]:
    known = _available()
    if isinstance(item, Measurement):
        yield item
    elif isinstance(item, Mapping):
        yield Measurement.of_pairs(item)
    elif not isinstance(item, str | os.PathLike):
        raise BsfitInputError(f"{item!r} is no data", field="data", expected=_WANTED)
    elif names_file(item):
        if limits.is_limit_file(item):
            return
        for own in load_measurements(item):
            _check_references(own, [*known])
            if own.name in known:
                what = f"{own.name!r} is the name of a measurement of bsfit"
                raise BsfitInputError(what, own.file, hint="rename the file")
            yield own
    elif item in _data_sets():
        yield from _data_sets()[item].parts()
    elif item in GROUPS:
        yield from _group(item)
    elif item in known:
        yield known[item]
    elif item not in limits.LIMITS:
        names = [*_data_sets(), *GROUPS, *known, *limits.LIMITS]
        hint = did_you_mean(item, names) or "'bsfit list data' prints all names"
        raise BsfitInputError(f"unknown data {shown(item)}", expected=_WANTED, hint=hint)


def _group(group: str) -> list[Publication]:
    gone = replaced()
    members = [
        m
        for m in _available().values()
        if m.name not in gone and not m.unused_reason and all(datum.group == group for datum in m.data)
    ]
    if not members and not limits.named(group):
        filled = sorted({d.group for m in _available().values() if not m.unused_reason for d in m.data})
        raise BsfitInputError(
            f"there is no measurement of the group {group!r} yet", hint="groups with data: " + ", ".join(filled)
        )
    return members


def _check_references(measurement: Publication, known: Collection[str]) -> None:
    for name in (name for relation in RELATIONS for name in getattr(measurement, relation)):
        if name not in known:
            raise BsfitInputError(
                f"names an unknown measurement {shown(name)}", measurement.file, hint=did_you_mean(name, known)
            )
