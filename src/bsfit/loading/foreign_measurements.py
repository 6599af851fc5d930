"""Measurements in files of others: flavio's YAML of measurements, and tables of HEPData in YAML; free of JAX.

One form each. flavio: ``name: {experiment, inspire, values, correlation}``, values ``{observable: text}`` or a list of
``{name, q2min, q2max, value: text}``, with texts as flavio writes them (flavio 2.7.1, ``measurements.py``); two-sided
errors stay two-sided where flavio makes them symmetric beside a correlation. HEPData: bins in at most one independent
variable, ``low`` and ``high`` in GeV^2, and dependent variables whose header is the name of an observable, with numbers
for errors (HEPData submission schema 1.0). What is not understood is refused by name.
"""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.loading.correlations import Correlation, read_matrix
from bsfit.loading.measurements import Publication, datum, load_measurement, refuse_overlaps
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, key_problems, load_yaml, refuse, shown

_FLAVIO = ("experiment", "inspire", "hepdata", "url", "description", "correlation")
_HEPDATA = ("independent_variables", "dependent_variables")
_POWER_BEHIND = re.compile(r"(?P<inner>.*[^\s(])\s+e(?P<power>[+-]?[0-9]{1,3})\s*")
"""flavio's power of ten, behind a space, multiplies the value and all errors."""


def load_measurements(path: Any) -> tuple[Publication, ...]:
    """The measurements in a file: one of bsfit's own, several of flavio's, one of a HEPData table.

    Raises `BsfitInputError` with line and field.
    """
    document, where = load_yaml(path)
    if isinstance(document, dict) and set(_HEPDATA) & set(document):
        return (_of_hepdata(where, document, Path(path)),)
    if isinstance(document, list) or (isinstance(document, dict) and "observables" in document):
        what = "a list of distributions, as flavio's Measurement.get_yaml writes them, is not read"
        raise where.error((), what, "flavio's measurements.yml: name: {experiment, values}, or a file of bsfit")
    if isinstance(document, dict) and _is_flavio(document):
        return tuple(_of_flavio(where, path, name, entry) for name, entry in document.items())
    return (load_measurement(path),)


def _is_flavio(document: dict[str, Any]) -> bool:
    """Whether every key is the name of a measurement."""
    own = {"schema", "values"} & set(document)
    entries = [entry for entry in document.values() if isinstance(entry, dict)]
    return not own and bool(entries) and any({"values", "observables"} & set(entry) for entry in entries)


def _publication(
    where: Where,
    name: str,
    file: str,
    data: list,
    correlation: Any = None,
    experiment: str = "own",
    inspire: str | None = None,
) -> Publication:
    nothing: dict[str, Any] = dict.fromkeys(("arxiv", "period", "curve", "unused_reason", "note"))
    relations = dict.fromkeys(("supersedes", "combines", "alternative_to", "independent_of"), ())
    return Publication(name=name, file=file, experiment=experiment, inspire=inspire, data=tuple(data),
                       correlation=correlation, sha256=where.sha256, **relations, **nothing)  # fmt: skip


def _collected(read: Callable[[Any], Any], items: Iterator[Any]) -> list[Any]:
    """What is read of each item; everything that is wrong is told together."""
    found, problems = [], []
    for item in items:
        try:
            found.append(read(item))
        except BsfitInputError as problem:
            problems.append(problem)
    refuse(problems)
    return found


def _named(where: Where, trail: Trail, stem: str, q2: tuple[float, float] | None, text: str) -> Any:
    """A datum by the name of its observable and its bin. Raises `BsfitInputError` for an observable of no name here."""
    full = stem if q2 is None else f"{stem}[{q2[0]:.12g},{q2[1]:.12g}]"
    try:
        unit = catalogue.observable(full).quantity.unit
    except BsfitInputError as problem:
        raise where.error(trail, problem.what, problem.expected, problem.hint) from None
    return datum(where, trail, {"observable": full, "value": text, "unit": unit}, True)


# ---------------------------------------------------------------------------------------------------------- flavio


def _of_flavio(where: Where, path: Any, name: str, entry: Any) -> Publication:
    trail: Trail = (name,)
    if isinstance(entry, dict) and "observables" in entry:
        what = "a distribution of several observables ('observables') is not read"
        raise where.error((*trail, "observables"), what, "values, as texts, and correlation")
    refuse(key_problems(where, trail, entry, ("values",), _FLAVIO))
    values = entry["values"]
    if isinstance(values, dict):
        items: Iterator[Any] = (((*trail, "values", stem), stem, None, text) for stem, text in values.items())
    else:
        rows = expect(where, (*trail, "values"), values, "a list")
        items = iter([_row(where, (*trail, "values", i), row) for i, row in enumerate(rows)])
    data = _collected(lambda item: _named(where, item[0], item[1], item[2], _text(where, *item[::3])), items)
    if not data:
        raise where.error((*trail, "values"), "there are no values", "at least one measured value")
    refuse_overlaps(where, data, (*trail, "values"))
    about = {key: expect(where, (*trail, key), entry[key], "text") for key in ("experiment", "inspire") if key in entry}
    return _publication(where, name, f"{path}: {name}", data, _correlation(where, trail, entry, len(data)), **about)


def _row(where: Where, trail: Trail, row: Any) -> tuple[Trail, str, tuple[float, float] | None, Any]:
    check_keys(where, trail, row, ("name", "value"), ("q2min", "q2max"))
    stem = expect(where, (*trail, "name"), row["name"], "text")
    ends = [key for key in ("q2min", "q2max") if key in row]
    if len(ends) == 1:
        raise where.error((*trail, ends[0]), "one end of a bin", "q2min and q2max")
    if not ends:
        return trail, stem, None, row["value"]
    low, high = (float(expect(where, (*trail, key), row[key], "a number")) for key in ends)
    return trail, stem, (low, high), row["value"]


def _text(where: Where, trail: Trail, value: Any) -> str:
    """A value in the grammar of `printed_values`. Raises `BsfitInputError` for a distribution."""
    if isinstance(value, dict | list):
        raise where.error(trail, "a distribution is not read", "a text like 0.745 +0.090 -0.074 ± 0.036")
    text = expect(where, trail, value, "text")
    if (behind := _POWER_BEHIND.fullmatch(text)) and not text.lstrip().startswith("<"):
        return f"({behind['inner']})e{behind['power']}"
    return text


def _correlation(where: Where, trail: Trail, entry: dict[str, Any], n: int) -> Correlation | None:
    """One number for all pairs, the matrix, or its upper triangle."""
    given = entry.get("correlation")
    if given is None:
        return None
    place = (*trail, "correlation")
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = [[1.0, *[float(given)] * (n - 1 - i)] for i in range(n)]
    return Correlation(read_matrix(where, place, given, n))


# --------------------------------------------------------------------------------------------------------- HEPData


def _of_hepdata(where: Where, document: dict[str, Any], path: Path) -> Publication:
    check_keys(where, (), document, _HEPDATA[1:], _HEPDATA[:1])
    bins = _bins(where, document)
    columns = expect(where, _HEPDATA[1:], document["dependent_variables"], "a list")
    items = (item for i, column in enumerate(columns) for item in _column(where, (_HEPDATA[1], i), column, bins))
    data = _collected(lambda item: _named(where, *item), items)
    if not data:
        raise where.error((_HEPDATA[1],), "there are no values", "at least one measured value")
    refuse_overlaps(where, data, (_HEPDATA[1],))
    return _publication(where, path.stem, str(path), data)


def _bins(where: Where, document: dict[str, Any]) -> list[tuple[float, float]]:
    """Bins of the independent variable; none without one."""
    variables = expect(where, _HEPDATA[:1], document.get("independent_variables", []), "a list")
    if len(variables) > 1:
        raise where.error((_HEPDATA[0], 1), "a second independent variable", "one, the bins of q2 in GeV^2")
    found = []
    for place, variable in (((_HEPDATA[0], i), variable) for i, variable in enumerate(variables)):
        check_keys(where, place, variable, ("header", "values"))
        units = variable["header"].get("units") if isinstance(variable["header"], dict) else None
        if units is not None and re.sub(r"[\s$^*{}]|/c4|c4|/c|\\", "", str(units)).upper() not in ("GEV2", "GEV"):
            raise where.error((*place, "header"), f"found the unit {shown(units)}", "GeV**2")
        for i, entry in enumerate(expect(where, (*place, "values"), variable["values"], "a list")):
            check_keys(where, (*place, "values", i), entry, ("low", "high"), ("value",))
            found.append(tuple(float(expect(where, (*place, "values", i, e), entry[e], "a number")) for e in entry
                               if e != "value"))  # fmt: skip
    return found


def _column(where: Where, place: Trail, column: Any, bins: list[tuple[float, float]]) -> Iterator[tuple[Any, ...]]:
    """Place, observable, bin and text of each value of a dependent variable."""
    check_keys(where, place, column, ("header", "values"), ("qualifiers",))
    header = expect(where, (*place, "header"), column["header"], "a mapping")
    stem = expect(where, (*place, "header", "name"), header.get("name"), "text")
    entries = expect(where, (*place, "values"), column["values"], "a list")
    if bins and len(entries) != len(bins):
        raise where.error((*place, "values"), f"{len(entries)} values for {len(bins)} bins", "as many of both")
    for i, entry in enumerate(entries):
        trail = (*place, "values", i)
        check_keys(where, trail, entry, ("value",), ("errors",))
        value = float(expect(where, (*trail, "value"), entry["value"], "a number"))
        errors = expect(where, (*trail, "errors"), entry.get("errors"), "a list")
        yield (
            trail,
            stem,
            bins[i] if bins else None,
            f"{value!r} " + " ".join(_error(where, (*trail, "errors", k), error) for k, error in enumerate(errors)),
        )


def _error(where: Where, trail: Trail, error: Any) -> str:
    """An error of one side or two, as it would be printed."""
    check_keys(where, trail, error, (), ("symerror", "asymerror", "label"))
    if "symerror" in error:
        return f"+- {_size(where, (*trail, 'symerror'), error['symerror'])!r}"
    sides = check_keys(where, (*trail, "asymerror"), error.get("asymerror"), ("plus", "minus"))
    plus, minus = (float(_size(where, (*trail, "asymerror", side), sides[side], True)) for side in ("plus", "minus"))
    if not plus > 0.0 > minus:
        raise where.error(
            (*trail, "asymerror"), f"found plus {plus:g}, minus {minus:g}", "plus above zero, minus below"
        )
    return f"+{plus!r} -{-minus!r}"


def _size(where: Where, trail: Trail, size: Any, signed: bool = False) -> float:
    hint = "write it as a number" if isinstance(size, str) and size.rstrip().endswith("%") else None
    if not isinstance(size, int | float) or isinstance(size, bool) or not math.isfinite(size):
        raise where.error(trail, f"found {shown(size)}", "a number", hint)
    if not signed and size <= 0.0:
        raise where.error(trail, f"found {shown(size)}", "an error above zero")
    return float(size)
