"""Figures of saved results: contours in a plane, profiles, corner plots of posteriors, correlations of fits.

Other results have none: they are tables, and print as such. With --bins OBSERVABLE: its prediction against q2 with the
theory errors, and all data; with --set that of a point too. OBSERVABLE is a name without bin, such as R_K,
'<dBR/dq2>(B+->Kmumu)', or a quantity alone, P5p.

Beside every figure FILE.png stand its numbers, FILE.numbers.npz or FILE.numbers.csv.
"""

import argparse
import re
from pathlib import Path
from typing import Any

from bsfit.cli import jax_variables, output, question
from bsfit.cli import options as shared
from bsfit.cli.compilation_cache import switch_on
from bsfit.errors import BsfitInputError, did_you_mean

FORMATS = ("png", "pdf", "svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit plot`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder of the figures (default: this one)")
    parser.add_argument("--format", metavar="KIND", default="png", help=f"{', '.join(FORMATS)} (default png)")
    parser.add_argument(
        "--bins", action="append", metavar="OBSERVABLE", help="predictions and data against q2 (default none)"
    )
    shared.add(parser, "model", "set", "coefficients", "inputs", "input")
    parser.add_argument(
        "-f", "--file", metavar="RUN.YAML", help="run file, for --bins; the command line wins over it (default none)"
    )
    parser.add_argument("--overlay", action="store_true", help="all files, of one plane, in one figure")


def run(options: argparse.Namespace) -> int:
    """Draw, and print the names of the files written."""
    if not options.files and not options.bins:
        raise BsfitInputError("no file to plot", expected="RESULTFILE, such as results/scan.npz, or --bins OBSERVABLE")
    if options.format not in FORMATS:
        raise BsfitInputError(f"unknown format {options.format!r}", field="--format", expected=", ".join(FORMATS),
                              hint=did_you_mean(options.format, FORMATS))  # fmt: skip
    from bsfit.pages.figures import labels
    from bsfit.plot.results import plot, plot_plane

    records = {_stem(path, options.files): _drawable(path) for path in options.files}
    records |= _bins(options) if options.bins else {}
    folder = Path(options.output or ".")
    options.output = str(folder)
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


def _bins(options: argparse.Namespace) -> dict[str, Any]:
    """What --bins asks for, by the names of the figures."""
    options.no_cache = False
    settings, _ = question.with_coefficients(shared.settings(options))
    jax_variables.check()
    question.check_values(settings)
    inputs = question.inputs(settings)
    switch_on(options)
    import bsfit

    found = {}
    for name in options.bins:
        output.progress(options, f"predicting {name} in narrow bins")
        record = bsfit.bins(name, settings.get("set", {}), settings.get("model", "eft"), inputs)
        found[re.sub(r"[^A-Za-z0-9.+*-]+", "_", name).strip("_").replace("*", "st")] = record
    return found


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
