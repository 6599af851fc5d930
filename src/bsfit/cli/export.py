"""A saved result as a file of other codes; the ending of FILE says which.

  .nc            a posterior for ArviZ: posterior, sample_stats, prior, log_likelihood of each datum, observed_data
  .csv           draws of a posterior, or a table of data
  .json, .yaml   the Wilson coefficients of a best fit, as WCxf

The first needs 'pip install bsfit[io]', and takes the seconds of making the likelihood again.
"""

import argparse

from bsfit.cli import output
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit export`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")
    parser.add_argument("-o", "--output", metavar="FILE", help="what is written, over what is there (no default)")


def run(options: argparse.Namespace) -> int:
    """Write the file, and print its name."""
    if len(options.files) != 1:
        found = f"found {len(options.files)}" if options.files else "no result to export"
        raise BsfitInputError(found, expected="one RESULTFILE, such as results/sample.npz")
    if options.output is None:
        raise BsfitInputError("nothing to write to", field="-o", expected="-o FILE.nc, .csv, .json or .yaml")
    from bsfit.results import load

    record = load(options.files[0])
    import bsfit

    output.progress(options, f"writing {options.output}")
    written = bsfit.export(record, options.output)
    return output.report(options, [str(written)], {"file": str(written)}, None)
