"""Correlations of measured values: published matrices, and errors that several values share, in one file or in several.

Free of JAX.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bsfit.errors import did_you_mean
from bsfit.loading.yaml_reader import Trail, Where, check_keys, expect, shown


@dataclass(frozen=True)
class Correlation:
    """Published correlation matrices [n, n], of the total errors or of statistical and systematic ones apart."""

    total: np.ndarray | None = None
    stat: np.ndarray | None = None
    syst: np.ndarray | None = None

    def only(self, kept: Sequence[int]) -> "Correlation":
        """Those of the values of these indices."""
        return Correlation(*(m if m is None else m[np.ix_(kept, kept)] for m in (self.total, self.stat, self.syst)))


@dataclass(frozen=True)
class Shared:
    """A relative error of all bins of an observable, `stem`, common to all files that call one by the same `name`."""

    name: str
    stem: str
    relative: float


@runtime_checkable
class Value(Protocol):
    """What must be known of a measured value."""

    @property
    def stem(self) -> str:
        """Its observable without the bin."""
        ...

    @property
    def central(self) -> float:
        """Central value."""
        ...

    @property
    def stat(self) -> float:
        """Statistical error."""
        ...

    @property
    def syst(self) -> float:
        """Systematic error."""
        ...

    @property
    def sigma(self) -> float:
        """Total error."""
        ...


@runtime_checkable
class WithErrors(Protocol):
    """What must be known of a measurement."""

    @property
    def data(self) -> Sequence[Value]:
        """Its values."""
        ...

    @property
    def shared(self) -> Sequence[Shared]:
        """Errors that it has in common with others."""
        ...

    def correlation_matrix(self) -> np.ndarray:
        """Correlation of the total errors [n, n] of its values."""
        ...


def read(where: Where, document: dict[str, Any], data: Sequence[Value]) -> Correlation | None:
    """Correlations of the values of a measurement file: its blocks `correlation` and `common`; None without both."""
    matrices = _published(where, document.get("correlation"), len(data))
    if "common" in document:
        if {"total", "syst"} & matrices.keys():
            raise where.error(("common",), "found beside a matrix of systematic errors", "one of the two")
        matrices["syst"] = _common(where, document["common"], data)
    return Correlation(**matrices) if matrices else None


def numbers(where: Where, path: Trail, values: Any) -> list[float]:
    """A list of numbers."""
    values = expect(where, path, values, "a list")
    return [float(expect(where, (*path, i), value, "a number")) for i, value in enumerate(values)]


def _published(where: Where, entry: Any, n: int) -> dict[str, np.ndarray]:
    if entry is None:
        return {}
    check_keys(where, ("correlation",), entry, (), ("total", "stat", "syst"))
    if not entry or ("total" in entry and len(entry) > 1):
        raise where.error(("correlation",), "found " + (", ".join(entry) or "nothing"), "total, or stat and syst")
    return {key: read_matrix(where, ("correlation", key), rows, n) for key, rows in entry.items()}


def read_matrix(where: Where, path: Trail, rows: Any, n: int) -> np.ndarray:
    """A correlation matrix [n, n], written in full, as its upper triangle, or as blocks along the diagonal."""
    if isinstance(rows, dict):
        return _block_matrix(where, path, rows, n)
    found = [numbers(where, (*path, i), row) for i, row in enumerate(expect(where, path, rows, "a list"))]
    if [len(row) for row in found] == list(range(n, 0, -1)):
        upper = np.array([[0.0] * (n - len(row)) + row for row in found])
        matrix = upper + np.triu(upper, 1).T
    elif [len(row) for row in found] == [n] * n:
        matrix = np.array(found)
    else:
        raise where.error(path, f"the matrix does not fit {n} values", f"{n} x {n}, or its upper triangle")
    if np.abs(matrix - matrix.T).max() > 1e-10 or np.abs(np.diag(matrix) - 1).max() > 1e-10:
        raise where.error(path, "the matrix is not symmetric with 1 on the diagonal", "a correlation matrix")
    if np.abs(matrix).max() > 1 or np.linalg.eigvalsh(matrix).min() <= 0:
        raise where.error(path, "the matrix is not positive definite", "a correlation matrix")
    return matrix


def _block_matrix(where: Where, path: Trail, entry: dict[str, Any], n: int) -> np.ndarray:
    """Blocks of consecutive values, each a matrix of its own, that are not correlated with each other."""
    check_keys(where, path, entry, ("blocks",))
    path = (*path, "blocks")
    blocks = expect(where, path, entry["blocks"], "a list")
    sizes = [len(expect(where, (*path, i), block, "a list")) for i, block in enumerate(blocks)]
    if 0 in sizes or sum(sizes) != n:
        raise where.error(path, f"found blocks of {sizes} values", f"blocks for {n} values")
    matrix = np.zeros((n, n))
    for i, (size, end) in enumerate(zip(sizes, np.cumsum(sizes), strict=True)):
        matrix[end - size : end, end - size : end] = read_matrix(where, (*path, i), blocks[i], size)
    return matrix


def _common(where: Where, entries: Any, data: Sequence[Value]) -> np.ndarray:
    """Correlation of systematic errors [n, n], of which one relative error is common to all bins of an observable.

    What of a printed systematic error is common is at most all of it.
    """
    matrix, seen = np.eye(len(data)), set()
    for i, entry in enumerate(expect(where, ("common",), entries, "a list")):
        path = ("common", i)
        check_keys(where, path, entry, ("observable", "relative"), ("where",))
        stem = expect(where, (*path, "observable"), entry["observable"], "text")
        members = [k for k, value in enumerate(data) if value.stem == stem]
        if stem in seen or len(members) < 2:
            what = "stands twice" if stem in seen else "has fewer than two values here"
            hint = did_you_mean(stem, {value.stem for value in data})
            raise where.error((*path, "observable"), f"{shown(stem)} {what}", "an observable without its bin", hint)
        seen.add(stem)
        relative = float(expect(where, (*path, "relative"), entry["relative"], "a number"))
        if not 0.0 < relative < 1.0:
            raise where.error((*path, "relative"), f"found {shown(entry['relative'])}", "a part of 1, like 0.05")
        for k in members:
            if data[k].stat == 0.0 or data[k].syst == 0.0:
                raise where.error(("values", k), f"no statistical or no systematic error beside common[{i}]", "both")
        share = [min(relative * abs(data[k].central) / data[k].syst, 1.0) for k in members]
        matrix[np.ix_(members, members)] = np.outer(share, share)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def read_shared(where: Where, entries: Any, data: Sequence[Value]) -> tuple[Shared, ...]:
    """Errors that a measurement file shares with others: its block `shared`. They are parts of the printed errors."""
    found: list[Shared] = []
    for i, entry in enumerate(expect(where, ("shared",), entries, "a list")):
        path = ("shared", i)
        check_keys(where, path, entry, ("error", "observable", "relative"), ("where",))
        name, stem = (expect(where, (*path, key), entry[key], "text") for key in ("error", "observable"))
        members = [value for value in data if value.stem == stem]
        if not members or any((one.name, one.stem) == (name, stem) for one in found):
            hint = did_you_mean(stem, {value.stem for value in data})
            what = "stands twice" if members else "has no value here"
            raise where.error((*path, "observable"), f"{shown(stem)} {what}", "an observable without its bin", hint)
        relative = float(expect(where, (*path, "relative"), entry["relative"], "a number"))
        if not 0.0 < relative < 1.0:
            raise where.error((*path, "relative"), f"found {shown(entry['relative'])}", "a part of 1, like 0.05")
        if any(relative * abs(value.central) > value.sigma for value in members):
            raise where.error((*path, "relative"), f"{relative:g} of the value is more than its printed error")
        found.append(Shared(name, stem, relative))
    return tuple(found)


def joint(measurements: Sequence[WithErrors]) -> np.ndarray:
    """Correlation of the total errors [n, n] of all values: that of each file, and across files what they share."""
    file = np.repeat(np.arange(len(measurements)), [len(one.data) for one in measurements])
    apart = file[:, None] != file
    found = np.zeros(apart.shape)
    found[~apart] = np.concatenate([one.correlation_matrix().ravel() for one in measurements]) if len(file) else 0.0
    for name in sorted({error.name for one in measurements for error in one.shared}):
        share = np.concatenate([_share(one, name) for one in measurements])
        found += np.where(apart, np.outer(share, share), 0.0)
    return found


def _share(measurement: WithErrors, name: str) -> np.ndarray:
    """A shared error of each value [n], in units of its total error."""
    relative = {error.stem: error.relative for error in measurement.shared if error.name == name}
    return np.array([relative.get(value.stem, 0.0) * abs(value.central) / value.sigma for value in measurement.data])
