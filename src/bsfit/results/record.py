"""What records of results share: plain read-only data that compare by value, save and load back equal."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from bsfit.results import archive

Interval = tuple[float, float]
"""In Delta(-2 log L) with the other parameters re-minimised; an end at infinity means that the bound of the parameter
was reached first, NaN that it is undetermined."""

Values = dict[str, float]
R = TypeVar("R", bound="Record")


@dataclass(frozen=True, eq=False)
class Record:
    """Copies its fields into plain read-only data, compares by value, saves and loads."""

    suffix: ClassVar[str] = ".json"

    def __post_init__(self) -> None:
        for entry in fields(self):
            object.__setattr__(self, entry.name, archive.plain(getattr(self, entry.name), entry.name))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(archive.same(getattr(self, entry.name), getattr(other, entry.name)) for entry in fields(self))

    __hash__ = None  # type: ignore[assignment]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write to `path`: `.json`, or `.npz` for arrays; the kind's own suffix is added if none is there."""
        return archive.save(self, path, self.suffix)

    @classmethod
    def load(cls: type[R], path: str | os.PathLike[str]) -> R:
        """Read back what `save` wrote. Raises ResultFileError for an altered file or another kind of result."""
        kind, content = archive.read(path)
        if kind != cls.__name__:
            raise archive.ResultFileError(f"{path}: holds a {kind}, not a {cls.__name__}")
        return cls.of(content, path)

    @classmethod
    def of(cls: type[R], content: dict[str, Any], path: str | os.PathLike[str]) -> R:
        """Record of what was read from `path`. Raises ResultFileError if fields are missing or unknown."""
        try:
            return cls(**content)
        except (TypeError, ValueError) as error:
            raise archive.ResultFileError(f"{path}: {error}") from None
