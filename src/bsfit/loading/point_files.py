"""Files of points: CSV with a line of names, or Parquet where pyarrow is installed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError


def read_points(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Columns of numbers by name. Raises `BsfitInputError` that names the file for what holds no such columns."""
    path = Path(path)
    read: Callable[[Path], dict[str, np.ndarray]] = _parquet if path.suffix == ".parquet" else _csv
    try:
        columns = read(path)
    except OSError as problem:
        raise BsfitInputError(f"cannot be read ({problem.strerror or problem})", str(path)) from None
    except ValueError as problem:
        if isinstance(problem, BsfitInputError):
            raise
        raise BsfitInputError(str(problem), str(path), expected="a line of names, then rows of numbers") from None
    if not columns or not len(next(iter(columns.values()))):
        raise BsfitInputError("no points", str(path), expected="a line of names, then rows of numbers")
    for name, values in columns.items():
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
            raise BsfitInputError(f"the column {name!r} holds what is no finite number", str(path))
    return columns


def _csv(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8") as stream:
        names = [name.strip().strip('"') for name in stream.readline().lstrip("# \ufeff").split(",")]
        if len(set(names)) < len(names) or not all(names):
            raise BsfitInputError(f"found the names {', '.join(names)}", str(path), 1, expected="each name once")
        lines = (line for line in stream if line.strip())
        first = next(lines, None)
        if first is None:
            return {}
        rows = np.loadtxt(_with(first, lines), delimiter=",", ndmin=2, comments=None)
    if rows.shape[1] != len(names):
        raise ValueError(f"{len(names)} names above {rows.shape[1]} columns")
    return dict(zip(names, rows.T.copy(), strict=True))


def _with(first: str, lines: Any) -> Any:
    yield first
    yield from lines


def _parquet(path: Path) -> dict[str, np.ndarray]:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found]
    except ImportError:
        raise BsfitInputError("needs pyarrow", str(path), hint="pip install pyarrow, or write a CSV file") from None
    table = parquet.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}
