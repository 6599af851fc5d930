"""The papers behind saved results, as BibTeX: data, formulas and inputs, by what the predictions are made of.

Formulas and inputs are found by tracing the predictions again, which takes some seconds. Above each entry stands what
it was used for.
"""

import argparse

from bsfit.cli import output
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit cite`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")


def run(options: argparse.Namespace) -> int:
    """Print BibTeX."""
    if not options.files:
        raise BsfitInputError("no result to cite", expected="RESULTFILE, such as results/fit.json")
    from bsfit.reporting.citations import cite
    from bsfit.results import load

    records = [load(path) for path in options.files]
    output.progress(options, "tracing the predictions")
    found = cite(*records)
    content = {"papers": found.papers, "inputs": found.inputs, "missing": found.missing, "notes": found.notes}
    return output.report(options, [str(found)], content, None)
