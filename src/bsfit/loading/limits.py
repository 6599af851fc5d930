"""Published upper limits as functions of a mass, from `data/limits`: a record and its loader, free of JAX.

A limit is chosen by its name like a measurement, or by its group, of which those count that no newer one contains.
Estimates of what searches at colliders exclude have no such group: they enter by their names alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.yaml_reader import Where, check_keys, load_yaml

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
    """One of `LIMITS`. Raises `BsfitInputError` for another name or a malformed file."""
    if name not in LIMITS:
        raise BsfitInputError(f"unknown limit {name!r}", hint=did_you_mean(name, LIMITS), expected=", ".join(LIMITS))
    path = Path(str(resources.files("bsfit"))) / "data" / "limits" / f"{name}.yaml"
    document, where = load_yaml(path)
    observable = document.get("observable", "sigma_SI")
    if observable not in OBSERVABLES:
        raise where.error(("observable",), f"found {observable!r}", " or ".join(OBSERVABLES))
    values = OBSERVABLES[observable][1]
    required = ("schema", "description", "source", "confidence", "m_GeV", values)
    check_keys(where, (), document, required=required, optional=("observable", "supersedes", "via", "note", "search"))
    mass, sigma = (np.array(document[key], dtype=float) for key in ("m_GeV", values))
    if mass.shape != sigma.shape or np.any(np.diff(mass) <= 0) or np.any(sigma <= 0):
        raise where.error(("m_GeV",), "masses must increase, cross sections be positive, and their numbers agree")
    about = name, document["description"], document["source"], observable, float(document["confidence"])
    older = tuple(document.get("supersedes", ()))
    return Limit(*about, mass, sigma, older, str(path), where.sha256, _search(where, document))


def _search(where: Where, document: dict[str, Any]) -> Search | None:
    if "search" not in document:
        return None
    entry = document["search"]
    check_keys(where, ("search",), entry, required=("m_GeV", "limit_fb", "gap_GeV", "words"))
    return Search(float(entry["m_GeV"]), float(entry["limit_fb"]), float(entry["gap_GeV"]), entry["words"])


def named(group: str) -> tuple[str, ...]:
    """Names of the limits of a group that no newer one contains; empty for anything else. No estimates."""
    members = [limit(name) for name in LIMITS if name not in ESTIMATES and limit(name).group == group]
    older = {name for member in members for name in member.supersedes}
    return tuple(member.name for member in members if member.name not in older)


def select(items: Iterable[Any]) -> tuple[Limit, ...]:
    """Limits that are named among data, by themselves or by their group; everything else is left out.

    Raises `BsfitInputError` if one contains the data of another.
    """
    names = dict.fromkeys(name for item in items for name in ([item] if item in LIMITS else named(str(item))))
    chosen = tuple(limit(name) for name in names)
    for newer in chosen:
        for older in newer.supersedes:
            if older in names:
                what = f"{newer.name!r} supersedes {older!r}: the same data twice"
                raise BsfitInputError(what, field="data", hint="choose one of the two")
    return chosen
