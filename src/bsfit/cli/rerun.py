"""A saved result made again from the settings that it carries, and every number compared.

RESULTFILE was saved by another verb with -o; the folder will do where it holds one result. Exit status 0 where numbers
are the same, or agree within --tolerance, 1 where they do not. -o saves what was made anew.
"""

import argparse
import math
from pathlib import Path

from bsfit.cli import options as shared
from bsfit.cli import output, typed
from bsfit.cli.compilation_cache import switch_on
from bsfit.errors import BsfitInputError

TOLERANCE = 1e-10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit rerun`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o, or its folder")
    line = f"largest relative difference of numbers that agree (default {TOLERANCE:g})"
    parser.add_argument("--tolerance", metavar="X", default=f"{TOLERANCE:g}", help=line)
    shared.add_place(parser)


def run(options: argparse.Namespace) -> int:
    """Print what differs."""
    if len(options.files) != 1:
        found = f"found {len(options.files)}" if options.files else "no result to make again"
        raise BsfitInputError(found, expected="one RESULTFILE, such as results/fit.json")
    tolerance = _tolerance(options.tolerance)
    output.prepare_empty(options)
    switch_on(options)
    from bsfit.repeating import rerun

    output.progress(options, f"making {options.files[0]} again")
    found = rerun(options.files[0], tolerance=tolerance, progress=not options.quiet)
    lost = _saved(options, found.result)
    content = {
        "kind": type(found.saved).__name__,
        "bitwise": found.bitwise,
        "agrees": found.agrees,
        "differences": [row._asdict() for row in found.differences],
        "changes": [dict(zip(("what", "then", "now"), row, strict=True)) for row in found.changes],
    }
    return output.report(options, [str(found)], content, None if found.agrees else "the numbers differ", lost)


def _tolerance(text: str) -> float:
    try:
        value = typed.number(text)
    except BsfitInputError as problem:
        raise BsfitInputError(problem.what, field="--tolerance", expected=problem.expected) from None
    if not 0.0 <= value < math.inf:
        raise BsfitInputError(f"found {text}", field="--tolerance", expected="0 or more")
    return value


def _saved(options: argparse.Namespace, record) -> str | None:
    if options.output is None:
        return None
    try:
        record.save(Path(options.output) / "rerun")
    except OSError as problem:
        return f"{problem.filename or options.output}: {problem.strerror or problem}"
    return None
