"""What readers of coefficient files hand over: a point of an effective theory, and where its values stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from bsfit.catalogue import COEFFICIENTS
from bsfit.errors import BsfitInputError
from bsfit.loading.yaml_reader import load_yaml

LISTED = 12
"""Names in a note."""


@dataclass(frozen=True)
class Point:
    """Complex coefficients by name at a scale in GeV, new physics only.

    `error(name, what, expected, hint)` is the error to raise about one of them, or about the file for an empty name;
    `source` says where they come from, `notes` what was not read.
    """

    eft: str
    basis: str
    scale: float
    values: dict[str, complex]
    error: Callable[..., BsfitInputError]
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@cache
def sectors() -> dict[str, str]:
    """The sector of each coefficient of the basis flavio of WCxf; operators mix with no others than their sector's."""
    file = Path(str(resources.files("bsfit"))) / "data" / "bases" / "wet-flavio.yaml"
    content, _ = load_yaml(file, file.name)
    return {name: sector for sector, names in content["sectors"].items() for name in names}


@cache
def own_sectors() -> frozenset[str]:
    """Sectors in which a coefficient of bsfit stands."""
    return frozenset(sectors()[name] for name in COEFFICIENTS if name in sectors())


def listed(names: Sequence[str]) -> str:
    """Names as a note says them: the first, and how many more."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
