"""Figures of saved results: contours in a plane, profiles, corner plots of posteriors, correlations of fits.

Other results have none: they are tables, and print as such.

Beside every figure FILE.png stand its numbers, FILE.numbers.npz or FILE.numbers.csv.
"""

import argparse
import re
from pathlib import Path
from typing import Any

from bsfit import catalogue
from bsfit.cli import output
from bsfit.errors import BsfitInputError, did_you_mean

FORMATS = ("png", "pdf", "svg")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_=+-]*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit plot`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")
    parser.add_argument("-o", "--output", metavar="DIR", default=".", help="folder of the figures (default: this one)")
    parser.add_argument("--format", metavar="KIND", default="png", help=", ".join(FORMATS))
    parser.add_argument("--overlay", action="store_true", help="all files, of one plane, in one figure")


def run(options: argparse.Namespace) -> int:
    """Draw, and print the names of the files written."""
    if not options.files:
        raise BsfitInputError("no file to plot", expected="RESULTFILE, such as results/scan.npz")
    if options.format not in FORMATS:
        raise BsfitInputError(f"unknown format {options.format!r}", field="--format", expected=", ".join(FORMATS),
                              hint=did_you_mean(options.format, FORMATS))  # fmt: skip
    from bsfit.plot.results import plot, plot_plane

    records = {_stem(path, options.files): _drawable(path) for path in options.files}
    folder = Path(options.output)
    output.prepare(options)
    if options.overlay:
        first = next(iter(records.values()))
        drawn = [plot_plane(records, folder / f"overlay.{options.format}", labels=labels(first))]
    else:
        drawn = [
            plot(record, folder / f"{stem}.{options.format}", labels=labels(record)) for stem, record in records.items()
        ]
    rows = [{"figure": str(figure), "numbers": str(numbers)} for figure, numbers in drawn]
    return output.table(options, rows)


def _drawable(path: str) -> Any:
    """The result in a file. Raises `BsfitInputError` that says what has a figure if this one has none."""
    from bsfit.plot.results import DRAWN, has_figure
    from bsfit.results import load

    try:
        record = load(path)
    except BsfitInputError as problem:
        raise BsfitInputError(problem.what, path, expected=problem.expected or DRAWN, hint=problem.hint) from None
    if not has_figure(record):
        raise BsfitInputError(f"a {type(record).__name__} has no figure", path, expected=DRAWN)
    return record


def _stem(path: str, files: list[str]) -> str:
    """Name of a figure: that of its file, with the folder in front where names alone would clash."""
    own = Path(path)
    clash = sum(Path(other).stem == own.stem for other in files) > 1
    return f"{own.absolute().parent.name}-{own.stem}" if clash else own.stem


def labels(record: Any) -> dict[str, str]:
    """TeX of the parameters of a record; what is no name of a parameter has none."""
    model = record.meta.get("likelihood", {}).get("model", "")
    return {name: f"${catalogue.tex(model, name)}$" for name in record.names if _NAME.fullmatch(name)}
