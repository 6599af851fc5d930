"""Measurements: what experiments printed, read from ``data/measurements/*.yaml`` or from a user's file; free of JAX.

A file holds one publication (or one likelihood, where a publication gives several): values as printed, unit, place in
the source, how far they were checked, correlations, and a likelihood curve where one was published. Nothing is guessed:
a file that leaves something open is refused with its line. `selection` turns what a user asks for into measurements.
"""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from bsfit import catalogue
from bsfit.catalogue import domains
from bsfit.errors import BsfitInputError
from bsfit.loading import correlations
from bsfit.loading.correlations import Correlation, Shared, numbers
from bsfit.loading.printed_values import PrintedValue, parse_value
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, key_problems, load_yaml, refuse, shown

CHECKED = ("table", "abstract", "no")
"""Against what a number was compared: the paper's table, its abstract, or neither."""

GROUPS = (
    *("LFU", "BR", "angular", "leptonic", "radiative", "Xsll", "nunu", "charged", "mixing", "dipole", "LFV"),
    *("tautau", "B0-mixing", "D0-mixing", "K0-mixing", "cLFV", "relic", "direct", "indirect"),
)


@dataclass(frozen=True)
class Datum:
    """One measured number. Values are in `unit`; `sigma` is statistical and systematic in quadrature, per side.

    `text` is the value as printed. `checked` says against what it was compared, `via` from which collection it was
    taken, `confirmed` which independent source agrees. `stem`, `bin` and `group` belong to the observable; the group is
    empty for one that bsfit does not predict.
    """

    observable: str
    stem: str
    bin: tuple[float, float] | None
    group: str
    text: str
    unit: str
    central: float
    stat_plus: float
    stat_minus: float
    syst_plus: float
    syst_minus: float
    sigma_plus: float
    sigma_minus: float
    where: str
    checked: str
    via: str | None = None
    confirmed: str | None = None
    note: str | None = None
    function: Any = None

    @property
    def stat(self) -> float:
        """Statistical error, the two sides averaged."""
        return (self.stat_plus + self.stat_minus) / 2

    @property
    def syst(self) -> float:
        """Systematic error, the two sides averaged."""
        return (self.syst_plus + self.syst_minus) / 2

    @property
    def sigma(self) -> float:
        """Total error, the two sides averaged."""
        return (self.sigma_plus + self.sigma_minus) / 2

    @property
    def asked(self) -> Any:
        """What must be predicted: the name, or the function that stands in its place."""
        return self.observable if self.function is None else self.function


@dataclass(frozen=True)
class Curve:
    """A published likelihood curve of the single datum: ln L [n], maximum 0, at values x [n] of the observable.

    `contains` says which errors are in it.
    """

    x: np.ndarray
    log_likelihood: np.ndarray
    contains: str
    where: str
    via: str | None = None
    note: str | None = None


@dataclass(frozen=True, eq=False)
class Publication:
    """A publication as loaded. `supersedes`, `combines` and `alternative_to` name measurements that share its data.

    `independent_of` names those of the same experiment with the same bins that share none: another running period, or
    not in an average. `period` is the first and the last year of its events, where that is said. `shared` are errors in
    common with other measurements. Numbers that are not published have no INSPIRE key.
    """

    name: str
    file: str
    experiment: str
    inspire: str | None
    arxiv: str | None
    period: tuple[int, int] | None
    data: tuple[Datum, ...]
    correlation: Correlation | None
    curve: Curve | None
    supersedes: tuple[str, ...]
    combines: tuple[str, ...]
    alternative_to: tuple[str, ...]
    independent_of: tuple[str, ...]
    unused_reason: str | None
    note: str | None
    sha256: str
    shared: tuple[Shared, ...] = ()

    @property
    def papers(self) -> tuple[str, ...]:
        """INSPIRE keys of the publication."""
        return (self.inspire,) if self.inspire else ()

    def only(self, kept: Sequence[int]) -> "Publication":
        """Itself with the values of these indices."""
        if len(kept) == len(self.data):
            return self
        correlation = self.correlation and self.correlation.only(kept)
        return replace(self, data=tuple(self.data[i] for i in kept), correlation=correlation)

    def correlation_matrix(self) -> np.ndarray:
        """Correlation of the total errors [n, n], sides of asymmetric errors averaged; unit if none was published."""
        n, rho = len(self.data), self.correlation
        if rho is None:
            return np.eye(n)
        if rho.total is not None:
            return rho.total
        parts = (
            (rho.stat, np.array([d.stat for d in self.data])),
            (rho.syst, np.array([d.syst for d in self.data])),
        )
        covariance = sum((np.eye(n) if r is None else r) * np.outer(s, s) for r, s in parts)
        sigma = np.sqrt(np.diag(covariance))
        return covariance / np.outer(sigma, sigma)


# ------------------------------------------------------------------------------------------------------ loading

_REQUIRED = ("schema", "experiment", "values")
RELATIONS = ("supersedes", "combines", "alternative_to", "independent_of")
_OF_A_VALUE = ("where", "checked", "via", "confirmed", "note", "unusual")
_OPTIONAL = ("inspire", "arxiv", "period", *RELATIONS, "unused", "note", "correlation", "common", "shared", "curve")


def load_measurement(path: str | os.PathLike[str]) -> Publication:
    """Read one measurement file; its name is the file's name without the ending.

    Raises `BsfitInputError` with line and field for everything that is missing, unknown, misspelt or inconsistent.
    """
    document, where = load_yaml(path)
    refuse(_problems(where, document))
    entries = expect(where, ("values",), document["values"], "a list")
    unused = _text(where, document, (), "unused")
    data = tuple(datum(where, ("values", i), entry, unused is None) for i, entry in enumerate(entries))
    if not data:
        raise where.error(("values",), "the list is empty", "at least one measured value")
    refuse_overlaps(where, data)
    return Publication(
        name=Path(path).stem,
        file=str(path),
        experiment=expect(where, ("experiment",), document["experiment"], "text"),
        inspire=_text(where, document, (), "inspire"),
        arxiv=_text(where, document, (), "arxiv"),
        period=_period(where, document.get("period")),
        data=data,
        correlation=correlations.read(where, document, data),
        curve=_curve(where, document.get("curve"), data),
        **{relation: _names(where, document, relation) for relation in RELATIONS},
        unused_reason=unused,
        note=_text(where, document, (), "note"),
        sha256=where.sha256,
        shared=correlations.read_shared(where, document.get("shared", []), data),
    )


def _problems(where: Where, document: Any) -> list[BsfitInputError]:
    """What is missing or unknown in a file, all of it."""
    found = key_problems(where, (), document, _REQUIRED, _OPTIONAL)
    if not isinstance(document, dict):
        return found
    if "schema" in document and document["schema"] != 1:
        found.append(where.error(("schema",), f"found {shown(document['schema'])}", "schema 1"))
    published = ("where", "checked") if "inspire" in document else ()
    entries = document.get("values")
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        optional = tuple(key for key in _OF_A_VALUE if key not in published)
        found += key_problems(where, ("values", i), entry, ("observable", "value", "unit", *published), optional)
    return found


def refuse_overlaps(where: Where, data: Sequence[Datum], place: Trail = ("values",)) -> None:
    """One quantity (or its inverse) in bins that overlap; several quantities of the same events belong together."""
    for (i, a), (j, b) in combinations(enumerate(data), 2):
        if _plain(a.stem) == _plain(b.stem) and overlap(a, b):
            raise where.error((*place, j), f"overlaps values[{i}], {a.observable}", hint="one file, one binning")


def overlap(a: Datum, b: Datum) -> bool:
    """Whether bins overlap; what has none overlaps everything."""
    if a.bin is None or b.bin is None:
        return True
    return max(a.bin[0], b.bin[0]) < min(a.bin[1], b.bin[1])


def _plain(stem: str) -> str:
    """A stem without what changes the number but not what is measured: direction of a ratio, unit, reference."""
    return stem.replace("<Remu>", "<Rmue>").removesuffix("_ps").removesuffix("/SM")


def _period(where: Where, entry: Any) -> tuple[int, int] | None:
    """First and last year in which the events were recorded."""
    if entry is None:
        return None
    years = expect(where, ("period",), entry, "a list")
    found = tuple(expect(where, ("period", i), year, "a whole number") for i, year in enumerate(years))
    if len(found) != 2 or not 1900 <= found[0] <= found[1] <= 2100:
        raise where.error(("period",), f"found {shown(entry)}", "[first year, last year]")
    return found


def datum(where: Where, path: Trail, entry: Any, predicted: bool) -> Datum:
    """A measured value of an entry with observable, value and unit, which bsfit predicts, or not."""
    name, stem, q2, group = _observable(where, (*path, "observable"), entry["observable"], entry["unit"], predicted)
    if (checked := entry.get("checked", "no")) not in CHECKED:
        expected = " or ".join(repr(c) for c in CHECKED)
        raise where.error((*path, "checked"), f"found {shown(checked)}", expected)
    printed = _printed(where, (*path, "value"), entry["value"])
    sigma_plus = math.hypot(printed.stat_plus, printed.syst_plus)
    sigma_minus = math.hypot(printed.stat_minus, printed.syst_minus)
    unusual = expect(where, (*path, "unusual"), entry.get("unusual", False), "true or false")
    key = catalogue.observable(name).quantity.key if group else ""
    if fault := domains.fault_of_value(key, printed.central, sigma_plus, sigma_minus, unusual):
        raise where.error((*path, "value"), *fault)
    return Datum(
        name,
        stem,
        q2,
        group,
        entry["value"],
        expect(where, (*path, "unit"), entry["unit"], "text"),
        *printed,
        sigma_plus=sigma_plus,
        sigma_minus=sigma_minus,
        where=_text(where, entry, path, "where") or "own",
        checked=checked,
        **{key: _text(where, entry, path, key) for key in ("via", "confirmed", "note")},
    )


def _observable(
    where: Where, path: Trail, value: Any, unit: Any, predicted: bool
) -> tuple[str, str, tuple[float, float] | None, str]:
    """Canonical name, stem, bin and group. What bsfit does not predict may stand in files that are marked unused."""
    text = expect(where, path, value, "text")
    try:
        known = catalogue.observable(text)
    except BsfitInputError as problem:
        if predicted or (stem_and_bin := _unknown_observable(text)) is None:
            raise where.error(path, problem.what, problem.expected, problem.hint) from None
        return *stem_and_bin, ""
    if unit != known.quantity.unit:
        raise where.error((*path[:-1], "unit"), f"found {shown(unit)}", f"{known.quantity.unit!r} for {known.name}")
    return known.name, known.name.partition("[")[0], known.bin, known.group


def _unknown_observable(text: str) -> tuple[str, str, tuple[float, float] | None] | None:
    match = re.fullmatch(r"([^\[\]]+)(?:\[([0-9.]+),([0-9.]+)\])?", text)
    if match is None or match[2] is None:
        return match and (text, text, None)
    try:
        low, high = float(match[2]), float(match[3])
    except ValueError:
        return None
    return (f"{match[1]}[{low:.12g},{high:.12g}]", match[1], (low, high)) if low < high else None


def _printed(where: Where, path: Trail, value: Any) -> PrintedValue:
    expected = "a value with its uncertainty, like 0.745 +0.090 -0.074 +- 0.036"
    if not isinstance(value, str):
        raise where.error(path, f"found {shown(value)}", expected)
    try:
        return parse_value(value)
    except ValueError as problem:
        raise where.error(path, f"found {shown(value)}: {problem}", expected) from None


def _text(where: Where, entry: dict[str, Any], path: Trail, key: str) -> str | None:
    return expect(where, (*path, key), entry[key], "text").strip() if key in entry else None


def _names(where: Where, document: dict[str, Any], key: str) -> tuple[str, ...]:
    names = expect(where, (key,), document.get(key, []), "a list")
    return tuple(expect(where, (key, i), name, "text") for i, name in enumerate(names))


def _curve(where: Where, entry: Any, data: tuple[Datum, ...]) -> Curve | None:
    if entry is None:
        return None
    path = ("curve",)
    check_keys(where, path, entry, ("x", "likelihood", "contains", "where"), ("via", "note"))
    if len(data) != 1:
        raise where.error(path, f"a curve beside {len(data)} values", "one value in a file with a curve")
    x, likelihood = (np.array(numbers(where, (*path, key), entry[key])) for key in ("x", "likelihood"))
    if x.size < 5 or x.size != likelihood.size:
        raise where.error(path, f"{x.size} points x, {likelihood.size} of the likelihood", "as many, at least 5")
    if not (np.diff(x) > 0).all():
        raise where.error((*path, "x", int(np.argmin(np.diff(x) > 0)) + 1), "x does not increase here")
    if not (likelihood > 0).all():
        raise where.error((*path, "likelihood", int(np.argmin(likelihood > 0))), "the likelihood is not positive here")
    if not x[0] < data[0].central < x[-1]:
        raise where.error((*path, "x"), "the printed central value is outside of the curve")
    log_likelihood = np.log(likelihood) - np.log(likelihood.max())
    _check_shape(where, path, x, log_likelihood, data[0].central)
    contains = expect(where, (*path, "contains"), entry["contains"], "text")
    source = expect(where, (*path, "where"), entry["where"], "text")
    return Curve(x, log_likelihood, contains, source, *(_text(where, entry, path, key) for key in ("via", "note")))


LOWEST = -600.0
"""Log-likelihood, below its maximum, that no published curve reaches: 35 sigma."""

DIP = 0.1
"""Depth in log-likelihood between two maxima that is more than the noise of a curve."""


def _check_shape(where: Where, path: Trail, x: np.ndarray, log_likelihood: np.ndarray, central: float) -> None:
    """Refuse what is no likelihood of one value: -2 ln L, ln L, several maxima, or a maximum elsewhere."""
    place, hint = (*path, "likelihood"), "likelihood, not its logarithm nor -2 ln L"
    if (lowest := log_likelihood.min()) < LOWEST:
        raise where.error(place, f"the curve falls by e^{lowest:.0f}", f"e^{LOWEST:.0f} or more", hint)
    at_central = float(np.interp(central, x, log_likelihood))
    if at_central < -2.0:
        what = f"at the printed central value it is {math.sqrt(-2.0 * at_central):.2g} sigma below its maximum"
        raise where.error(place, what, "a maximum within 2 sigma of the central value", hint)
    beside = np.minimum(np.maximum.accumulate(log_likelihood), np.maximum.accumulate(log_likelihood[::-1])[::-1])
    if (depth := (beside - log_likelihood).max()) > DIP:
        where_is = x[np.argmax(beside - log_likelihood)]
        raise where.error(place, f"two maxima, with a dip of {depth:.2g} in ln L at {where_is:g}", "one maximum", hint)
