"""Published upper limits as functions of a mass, from `data/limits` or a user's file: records and loader, free of JAX.

A limit is chosen like a measurement: by its name, its file, or its group, of which those count that no newer one
contains. Estimates of what searches at colliders exclude have no such group: they enter by their names alone.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.yaml_reader import Where, check_keys, expect, load_yaml, names_file, shown

ESTIMATES = ("collider-leptons-139fb", "collider-leptons-36fb", "collider-quarks-137fb", "collider-quarks-36fb")
"""Limits that are estimates of ours, made of published ones: `Search`."""

LIMITS = ("lz-2024", "lz-2022", "xenon1t-2018", "lux-2016", "planck-annihilation-2018", *ESTIMATES)
"""Limits that come with bsfit."""

OBSERVABLES = {
    "sigma_SI": ("direct", "sigma_cm2"),
    "f_sigma_v": ("indirect", "f_sigma_v_cm3_s"),
    "pairs_L": ("collider", "pairs_fb"),
    "pairs_Q": ("collider", "pairs_fb"),
}
"""What is limited: its group of data, and the key of its values in a file.

`f_sigma_v` is the cross section of annihilation at recombination times the share of its energy that heats the gas,
`pairs_L` that of making a pair of the charged leptons L at the LHC, `pairs_Q` of the down-type quarks Q.
"""

ONE_SIDED = {0.9: 1.642374, 0.95: 2.705543}
"""Delta chi^2 at which a one-sided limit of this confidence lies: the square of the normal quantile."""


@dataclass(frozen=True)
class Search:
    """What is known of a search for pairs of new particles that decay into dark matter.

    The largest `cross_section` in fb at the `mass` in GeV with light dark matter, the `gap` in GeV below which it sees
    little (`dark_matter.pair_production`), and the `words` that say what the estimate is made of.
    """

    mass: float
    cross_section: float
    gap: float
    words: str


@dataclass(frozen=True, eq=False)
class Limit:
    """Upper limit at some confidence: masses in GeV, increasing, and cross sections in cm^2 (cm^3/s), both [n].

    Of an estimate the cross sections, in fb, are the calculated ones of the pairs that the `search` is for.
    """

    name: str
    description: str
    source: str
    observable: str
    confidence: float
    mass: np.ndarray
    cross_section: np.ndarray
    supersedes: tuple[str, ...]
    file: str
    sha256: str
    search: Search | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a result says of it: whether it is an estimate."""
        return () if self.search is None else (f"{self.name} is an estimate: {self.search.words}",)

    @property
    def papers(self) -> tuple[str, ...]:
        """INSPIRE keys of the source."""
        return tuple(re.findall(r"\[([^\]]+)\]", self.source))

    @property
    def at_limit(self) -> float:
        """Delta chi2 at the limit."""
        return ONE_SIDED[self.confidence]

    @property
    def group(self) -> str:
        """Group of data: direct, indirect or collider."""
        return OBSERVABLES[self.observable][0]


@cache
def limit(name: str) -> Limit:
    """One of `LIMITS`. Raises `BsfitInputError` for another name."""
    if name not in LIMITS:
        raise BsfitInputError(f"unknown limit {name!r}", hint=did_you_mean(name, LIMITS), expected=", ".join(LIMITS))
    return load_limit(Path(str(resources.files("bsfit"))) / "data" / "limits" / f"{name}.yaml")


def is_limit_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is about an upper limit and not a measurement: it has a confidence or masses, and no values.

    Raises `BsfitInputError` for a file that cannot be read.
    """
    document, _ = load_yaml(path)
    return isinstance(document, dict) and "values" not in document and bool({"confidence", "m_GeV"} & document.keys())


def load_limit(path: str | os.PathLike[str]) -> Limit:
    """Read one file of a limit; its name is the file's name without the ending.

    Raises `BsfitInputError` with line and field for everything that is missing, unknown, misspelt or inconsistent.
    """
    document, where = load_yaml(path)
    observable = _observable(where, document)
    group, key = OBSERVABLES[observable]
    required = ["schema", "description", "source", "confidence", "m_GeV", key]
    required += ["search"] if group == "collider" else []
    check_keys(where, (), document, required, optional=("observable", "supersedes", "via", "note"))
    if document["schema"] != 1:
        raise where.error(("schema",), f"found {shown(document['schema'])}", "schema 1")
    if (confidence := expect(where, ("confidence",), document["confidence"], "a number")) not in ONE_SIDED:
        raise where.error(("confidence",), f"found {shown(confidence)}", " or ".join(map(str, ONE_SIDED)))
    description, source = (expect(where, (key,), document[key], "text") for key in ("description", "source"))
    mass, largest = _table(where, document, key)
    older = expect(where, ("supersedes",), document.get("supersedes", []), "a list")
    older = tuple(expect(where, ("supersedes", i), name, "text") for i, name in enumerate(older))
    search = _search(where, document["search"]) if group == "collider" else None
    about = Path(path).stem, description, source, observable, float(confidence)
    return Limit(*about, mass, largest, older, str(path), where.sha256, search)


def _observable(where: Where, document: Any) -> str:
    """What is limited, a key of `OBSERVABLES`."""
    observable = document.get("observable", "sigma_SI") if isinstance(document, dict) else "sigma_SI"
    if not isinstance(observable, str) or observable not in OBSERVABLES:
        hint = did_you_mean(str(observable), OBSERVABLES)
        raise where.error(("observable",), f"found {shown(observable)}", " or ".join(OBSERVABLES), hint)
    return observable


def _table(where: Where, document: dict[str, Any], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Masses and what the limit is on, both positive, masses increasing."""
    columns = []
    for name in ("m_GeV", key):
        entries = enumerate(expect(where, (name,), document[name], "a list"))
        columns.append(np.array([expect(where, (name, i), x, "a number") for i, x in entries], dtype=float))
        if (columns[-1] <= 0).any():
            raise where.error((name, int(np.argmax(columns[-1] <= 0))), "the number is not positive")
    mass, largest = columns
    if mass.size < 2 or mass.size != largest.size:
        raise where.error((key,), f"{mass.size} masses, {largest.size} limits", "as many, at least 2")
    if (np.diff(mass) <= 0).any():
        raise where.error(("m_GeV", int(np.argmax(np.diff(mass) <= 0)) + 1), "the masses do not increase here")
    return mass, largest


def _search(where: Where, entry: Any) -> Search:
    check_keys(where, ("search",), entry, required=("m_GeV", "limit_fb", "gap_GeV", "words"))
    keys = ("m_GeV", "limit_fb", "gap_GeV")
    mass, largest, gap = (float(expect(where, ("search", key), entry[key], "a number")) for key in keys)
    return Search(mass, largest, gap, expect(where, ("search", "words"), entry["words"], "text"))


def named(group: str) -> tuple[str, ...]:
    """Names of the limits of a group that no newer one contains; empty for anything else. No estimates."""
    members = [limit(name) for name in LIMITS if name not in ESTIMATES and limit(name).group == group]
    older = {name for member in members for name in member.supersedes}
    return tuple(member.name for member in members if member.name not in older)


def among(items: Iterable[Any]) -> tuple[Limit, ...]:
    """Limits among data: by their names, their group, or the path of a file; everything else is left out.

    Raises `BsfitInputError` for a malformed file, one with the name of another limit, and if a limit contains the data
    of another.
    """
    chosen: dict[str, Limit] = {}
    for found in (found for item in items for found in _meant_by(item)):
        if found.name in chosen and chosen[found.name].sha256 != found.sha256:
            raise BsfitInputError(f"{found.name!r} is the name of two limits", found.file, hint="rename the file")
        chosen[found.name] = found
    for newer in chosen.values():
        for older in newer.supersedes:
            if older in chosen:
                what = f"{newer.name!r} supersedes {older!r}: the same data twice"
                raise BsfitInputError(what, field="data", hint="choose one of the two")
    return tuple(chosen.values())


def _meant_by(item: Any) -> Iterable[Limit]:
    if names_file(item):
        own = [load_limit(item)] if is_limit_file(item) else []
        if own and own[0].name in LIMITS:
            raise BsfitInputError(f"{own[0].name!r} is the name of a limit of bsfit", str(item), hint="rename the file")
        return own
    return map(limit, (item,) if item in LIMITS else named(item)) if isinstance(item, str) else ()
