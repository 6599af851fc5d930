"""Files of inputs: values as printed, with unit and source, single or in correlated blocks; read into powers of GeV.

A file may build on others, named under ``include``: sets that come with bsfit, or files, by a path relative to it or to
bsfit's data folder. What is given again replaces the earlier value together with its error. What ``replaces`` names, by
globs, is gone, as are form factors that are described in another way now. Everything that is missing, unknown or
inconsistent is refused with file and line.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from bsfit.catalogue import domains
from bsfit.catalogue.input_sets import INPUT_CHOICES, INPUT_SETS
from bsfit.constants import CM2_PER_INVERSE_GEV2, GEV_PER_INVERSE_PS, INVERSE_GEV_PER_PS
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.printed_values import parse_symmetric
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, load_yaml, shown

DATA = Path(str(resources.files("bsfit"))) / "data"

UNITS = {
    "1": 1.0,
    "GeV": 1.0,
    "GeV^2": 1.0,
    "GeV^-1": 1.0,
    "GeV^-2": 1.0,
    "MeV": 1e-3,
    "ps": INVERSE_GEV_PER_PS,
    "ps^-1": GEV_PER_INVERSE_PS,
    "cm^2": 1.0 / CM2_PER_INVERSE_GEV2,
    "rad": 1.0,
    "deg": np.pi / 180.0,
}
"""Units that a file may use, and the factor to powers of GeV."""

Vector = Float[np.ndarray, " k"]
Matrix = Float[np.ndarray, "k k"]


@dataclass(frozen=True)
class Prior:
    """A Gaussian distribution of some inputs, in powers of GeV: names, mean [k] and covariance [k, k]."""

    names: tuple[str, ...]
    mean: Vector
    covariance: Matrix

    def without(self, names: Iterable[str]) -> "Prior | None":
        """The distribution of the others, whatever these are; None if no others are left."""
        kept = [i for i, name in enumerate(self.names) if name not in set(names)]
        if len(kept) == len(self.names):
            return self
        left = Prior(tuple(self.names[i] for i in kept), self.mean[kept], self.covariance[np.ix_(kept, kept)])
        return left if kept else None


@dataclass
class Contents:
    """What a file says, with all that it includes: values, sources, priors in order, and files with their SHA-256.

    `replaces` are globs of inputs that stand beside these no longer.
    """

    values: dict[str, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    priors: tuple[Prior, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()

    def then(self, other: "Contents") -> "Contents":
        """These and the others, which replace what both give, and what their globs name."""
        gone = set(_matching(self.values, other.replaces)).difference(other.values)
        values = {name: value for name, value in self.values.items() if name not in gone} | other.values
        sources = {name: source for name, source in self.sources.items() if name not in gone} | other.sources
        priors = (*without(self.priors, gone.union(other.values)), *other.priors)
        return Contents(values, sources, priors, self.files | other.files, (*self.replaces, *other.replaces))


def _matching(names: Iterable[str], globs: Iterable[str]) -> list[str]:
    """Names that a glob matches."""
    patterns = tuple(globs)
    return [name for name in names if any(fnmatchcase(name, glob) for glob in patterns)]


def without(priors: Iterable[Prior], names: Iterable[str]) -> tuple[Prior, ...]:
    """The priors of all other inputs."""
    gone = set(names)
    return tuple(left for prior in priors if (left := prior.without(gone)) is not None)


@cache
def shipped(name: str) -> Contents:
    """Contents of one of `INPUT_SETS`, with `INPUT_CHOICES` behind it, each after a ``+``; these alone: on the default.

    Raises `BsfitInputError` for another name.
    """
    first, *others = name.split("+")
    found = _file_of(first if first in INPUT_SETS else "default", INPUT_SETS)
    for choice in others if first in INPUT_SETS else (first, *others):
        found = found.then(_file_of(choice, INPUT_CHOICES))
    return found


@cache
def _file_of(name: str, known: tuple[str, ...]) -> Contents:
    if name not in known:
        expected = f"one of {', '.join(INPUT_SETS)}, with {', '.join(INPUT_CHOICES)} behind a +, or the path of a file"
        hint = did_you_mean(name, (*INPUT_SETS, *INPUT_CHOICES))
        raise BsfitInputError(f"unknown input set {shown(name)}", expected=expected, hint=hint)
    return read(DATA / "inputs" / ("choices" if name in INPUT_CHOICES else "") / f"{name}.yaml")


def read(path: Path, above: tuple[Path, ...] = ()) -> Contents:
    """Contents of a file on top of those that it includes, in their order; `above` are the files that include it.

    Raises `BsfitInputError`.
    """
    document, where = load_yaml(path)
    optional = ("include", "certain", "replaces", "values", "correlated")
    check_keys(where, (), document, required=("schema", "description"), optional=optional)
    if document["schema"] != 1:
        raise where.error(("schema",), f"found {shown(document['schema'])}", "schema 1")
    found, above = Contents(), (*above, path)
    for place, name in _texts(where, document, "include"):
        known = _file_of(name, (name,)) if name in (*INPUT_SETS, *INPUT_CHOICES) else None
        found = found.then(known or read(_included(where, place, name, above), above))
    certain = _matching(found.values, (glob for _, glob in _texts(where, document, "certain")))
    found = dataclasses.replace(found, priors=without(found.priors, certain))
    own = _values(where, document).then(_correlated(where, document))
    replaces = tuple(glob for _, glob in _texts(where, document, "replaces"))
    found = found.then(dataclasses.replace(own, replaces=replaces))
    return dataclasses.replace(found, files={**found.files, str(path): where.sha256})


def _included(where: Where, place: Trail, name: str, above: tuple[Path, ...]) -> Path:
    """The file that is meant: beside the one that names it, the last of those above, or in bsfit's data folder."""
    candidates = [folder / name for folder in (above[-1].parent, DATA)]
    chosen = next((file for file in candidates if file.is_file()), None)
    if chosen is None:
        expected = f"a set ({', '.join(INPUT_SETS)}), or a file by its path from this one"
        raise where.error(place, f"there is no {shown(name)}", expected, did_you_mean(name, INPUT_SETS))
    if chosen.resolve() in [file.resolve() for file in above]:
        raise where.error(place, f"{shown(name)} includes itself")
    return chosen


def _values(where: Where, document: dict[str, Any]) -> Contents:
    """Single values with their errors."""
    found, priors = Contents(), []
    for name, entry in _entries(where, document).items():
        place = ("values", name)
        check_keys(where, place, entry, required=("value", "unit", "source"), optional=("note",))
        factor = _unit(where, (*place, "unit"), entry["unit"])
        value, sigma = _printed(where, (*place, "value"), entry["value"])
        _check_domain(where, (*place, "value"), name, value * factor)
        found.values[name] = value * factor
        found.sources[name] = expect(where, (*place, "source"), entry["source"], "text")
        if sigma > 0:
            priors.append(Prior((name,), np.array([value * factor]), np.array([[(sigma * factor) ** 2]])))
    return dataclasses.replace(found, priors=tuple(priors))


def _correlated(where: Where, document: dict[str, Any]) -> Contents:
    """Blocks of correlated values."""
    found = Contents()
    required, optional = ("names", "unit", "source", "mean"), ("covariance", "sigma", "correlation")
    for i, block in enumerate(expect(where, ("correlated",), document.get("correlated", []), "a list")):
        place = ("correlated", i)
        check_keys(where, place, block, required, optional)
        names = tuple(name for _, name in _texts(where, block, "names", place))
        if not names or len(set(names)) < len(names):
            raise where.error((*place, "names"), "a name stands twice" if names else "the list is empty")
        factor = _unit(where, (*place, "unit"), block["unit"])
        mean = _numbers(where, (*place, "mean"), block["mean"], len(names)) * factor
        prior = Prior(names, mean, _covariance(where, place, block, len(names)) * factor**2)
        source: str = expect(where, (*place, "source"), block["source"], "text")
        for j, (name, value) in enumerate(zip(names, mean.tolist(), strict=True)):
            _check_domain(where, (*place, "mean", j), name, value)
        values = dict(zip(names, mean.tolist(), strict=True))
        found = found.then(Contents(values, dict.fromkeys(names, source), (prior,)))
    return found


def _entries(where: Where, document: dict[str, Any]) -> dict[str, Any]:
    entries = document.get("values")
    return {} if entries is None else expect(where, ("values",), entries, "a mapping")


def _texts(where: Where, entry: dict[str, Any], key: str, path: Trail = ()) -> list[tuple[Trail, str]]:
    """Place and text of each entry of an optional list."""
    place = (*path, key)
    texts = enumerate(expect(where, place, entry.get(key, []), "a list"))
    return [((*place, i), expect(where, (*place, i), text, "text")) for i, text in texts]


def _unit(where: Where, place: Trail, unit: Any) -> float:
    """Factor from a unit to powers of GeV."""
    if expect(where, place, unit, "text") not in UNITS:
        raise where.error(place, f"unknown unit {shown(unit)}", ", ".join(UNITS), did_you_mean(unit, UNITS))
    return UNITS[unit]


def _check_domain(where: Where, place: Trail, name: str, value: float) -> None:
    if fault := domains.fault_of_input(name, value):
        raise where.error(place, f"{name} = {value:g} is outside its domain", f"{fault}, in powers of GeV")


def _printed(where: Where, place: Trail, value: Any) -> tuple[float, float]:
    """Central value and Gaussian error, as printed."""
    expected = "1.23, 1.23(4) or 1.23 +- 0.04"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise where.error(place, f"found {shown(value)}", expected)
    try:
        return parse_symmetric(value)
    except ValueError as problem:
        raise where.error(place, f"cannot read the value {shown(value)}: {problem}", expected) from None


def _numbers(where: Where, place: Trail, values: Any, n: int) -> Vector:
    numbers = [expect(where, (*place, i), x, "a number") for i, x in enumerate(expect(where, place, values, "a list"))]
    if len(numbers) != n:
        raise where.error(place, f"found {len(numbers)} numbers", f"{n}, one for each name")
    return np.array(numbers, dtype=float)


def _square(where: Where, place: Trail, rows: Any, n: int) -> Matrix:
    """A symmetric matrix [n, n]."""
    if len(expect(where, place, rows, "a list")) != n:
        raise where.error(place, f"found {len(rows)} rows", f"{n} rows of {n} numbers")
    matrix = np.array([_numbers(where, (*place, i), row, n) for i, row in enumerate(rows)])
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        raise where.error(place, "the matrix is not symmetric")
    return matrix


def _covariance(where: Where, path: Trail, block: dict[str, Any], n: int) -> Matrix:
    """Covariance [n, n] of a block, from ``covariance`` or from ``sigma`` and ``correlation``."""
    key = "covariance" if "covariance" in block else "correlation"
    check_keys(where, path, block, (key, *(() if key == "covariance" else ("sigma",))), block)
    matrix = _square(where, (*path, key), block[key], n)
    if key == "correlation":
        if not np.allclose(np.diag(matrix), 1.0):
            raise where.error((*path, key), "the diagonal of the correlation is not 1")
        sigma = _numbers(where, (*path, "sigma"), block["sigma"], n)
        matrix = matrix * np.outer(sigma, sigma)
    smallest, largest = np.linalg.eigvalsh(matrix)[[0, -1]]
    if smallest < -1e-10 * largest or largest <= 0.0:
        raise where.error((*path, key), f"the matrix is not positive definite: smallest eigenvalue {smallest:.3g}")
    return matrix
