"""Saved results on one page of HTML: tables that sort, figures, notes, provenance, papers. It needs no network.

RESULTFILE is what another verb saved with -o: fit.json, scan.npz, posteriors, tables of data, predictions. With --bins
OBSERVABLE the page also shows an observable against q2 with all data, and with bands of each posterior among the files.
"""

import argparse

from bsfit.cli import output
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit report`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="the page (default report.html)")
    parser.add_argument(
        "--title", metavar="TEXT", default="bsfit report", help="title of the page (default: bsfit report)"
    )
    parser.add_argument(
        "--bins", action="append", metavar="OBSERVABLE", help="predictions and data against q2 too (default none)"
    )
    parser.add_argument(
        "--no-dark-matter", action="store_true", help="without direct-detection planes, which take seconds to compute"
    )
    parser.add_argument("--no-papers", action="store_true", help="without papers, which take some seconds to trace")


def run(options: argparse.Namespace) -> int:
    """Write the page, and print its name."""
    if not (options.files or options.bins):
        raise BsfitInputError("no result to report", expected="RESULTFILE, such as results/fit.json")
    from bsfit.results import Posterior, load

    records = [load(path) for path in options.files]
    import bsfit

    for name in options.bins or ():
        output.progress(options, f"predicting {name} in narrow bins")
        posteriors = [record for record in records if isinstance(record, Posterior)]
        bands = [bsfit.bins(name, posterior=posterior) for posterior in posteriors]
        records += bands or [bsfit.bins(name)]
    output.progress(options, "writing the page" if options.no_papers else "tracing the papers, and writing the page")
    page = bsfit.report(records, options.output, title=options.title, papers=not options.no_papers,
                        dark_matter=not options.no_dark_matter)  # fmt: skip
    return output.report(options, [str(page)], {"report": str(page)}, None)
