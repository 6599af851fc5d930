"""What records of results share: plain read-only data that compare by value, save and load back equal."""

import hashlib
import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from bsfit.results import archive, shapes
from bsfit.results.container import ResultFileError
from bsfit.results.plain_data import plain, same

Interval = tuple[float, float]
"""In Delta(-2 log L) with the other parameters re-minimised; an end at infinity means that the bound of the parameter
was reached first, NaN that it is undetermined."""

_NOT_ASKED = ("version", "papers", "notes", "moments", "jumps", "whitened", "pull_by_rank", "optimizer")
"""Parts of the provenance that say how a result came about, and not what was asked."""

Values = dict[str, float]
R = TypeVar("R", bound="Record")


@dataclass(frozen=True, eq=False)
class Record:
    """Copies its fields into plain read-only data, compares by value, saves and loads."""

    suffix: ClassVar[str] = ".json"

    def __post_init__(self) -> None:
        for entry in fields(self):
            object.__setattr__(self, entry.name, plain(getattr(self, entry.name), entry.name))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(same(getattr(self, entry.name), getattr(other, entry.name)) for entry in fields(self))

    __hash__ = None  # type: ignore[assignment]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to `path`: `.json`, or `.npz` for arrays; the kind's own suffix is added if none is there."""
        return archive.save(self, path, self.suffix)

    def digest(self) -> str:
        """SHA-256 of what was asked: kind, settings, hashes of data and input files; whatever came of it, and where.

        Results of one question have one digest, on every machine and with every version.
        """
        meta = getattr(self, "meta", {})
        about = {key: value for key, value in meta.get("likelihood", {}).items() if key not in _NOT_ASKED}
        for key in ("data_files", "input_files"):
            about |= {key: sorted(about[key].values())} if key in about else {}
        settings = {key: value for key, value in meta.get("settings", {}).items() if key not in _NOT_ASKED}
        asked = {"kind": type(self).__name__, "likelihood": about, "settings": settings}
        text = json.dumps(asked, sort_keys=True, ensure_ascii=False, default=np.ndarray.tolist)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def load(cls: type[R], path: str | os.PathLike[str]) -> R:
        """Read back what `save` wrote. Raises ResultFileError for an altered file or another kind of result."""
        kind, content = archive.read(path)
        if kind != cls.__name__:
            raise ResultFileError(f"holds a {kind}, not a {cls.__name__}", str(path))
        return cls.of(content, path)

    @classmethod
    def of(cls: type[R], content: dict[str, Any], path: str | os.PathLike[str]) -> R:
        """Record of what was read from `path`. Raises ResultFileError if its fields are not those of a record.

        A record that `save` wrote passes `check` and prints.
        """
        try:
            shapes.check_fields(cls, content)
            record = cls(**content)
            for part in ("likelihood", "settings"):
                shapes.need(isinstance(content.get("meta", {}).get(part, {}), dict), f"meta: {part} is no mapping")
            record.check()
            with np.errstate(all="ignore"):
                str(record)
        except Exception as problem:
            what = str(problem) if type(problem) is ValueError else f"a {type(problem).__name__} when it is printed"
            raise ResultFileError(f"not what a {cls.__name__} holds: {what}", str(path)) from None
        return record

    def check(self) -> None:
        """Raise ValueError if fields do not fit together, as in a forged file."""


class OfPoints(Record):
    """Log-likelihoods at points, which the status says whether there are."""

    status: str

    @property
    def converged(self) -> bool:
        """Whether there are points with a log-likelihood."""
        return self.status != "not converged"


class OfGroups(OfPoints):
    """The same of everything, and of each group of data by itself."""

    log_likelihood: np.ndarray
    groups: tuple[str, ...]
    by_group: np.ndarray

    def values(self, group: str | None = None) -> np.ndarray:
        """Log-likelihood, in the shape of the points, of one group, or of everything."""
        if group is None:
            return self.log_likelihood
        if group not in self.groups:
            raise KeyError(f"no group {group!r} in this {type(self).__name__}; it has {', '.join(self.groups)}")
        return self.by_group[self.groups.index(group)]
