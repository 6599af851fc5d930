"""Log-likelihood, of all data and of each group of observables, on a grid in one or more parameters.

Other parameters given by --free are re-minimised at each point of the grid.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question
from bsfit.errors import BsfitInputError

POINTS = {1: 101, 2: 41, 3: 21}
"""Points along each axis of a grid that does not say how many, by the number of axes; 11 for more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit scan`."""
    parser.add_argument(
        "scan", nargs="*", metavar="NAME=LO,HI,N", help="axis with N points; log:NAME=... for equal ratios"
    )
    shared.add(parser, *(key for key in shared.ANALYSIS if key != "scenario"), "points")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the highest point of each group, and save the grid."""
    settings = shared.settings(options)
    grid = settings.get("scan")
    if not grid:
        raise BsfitInputError("no axis to scan", field="NAME=LO,HI,N", expected="such as C9_bsmumu=-3,3,61")
    points = settings.get("points", POINTS.get(len(grid), 11))
    grid = {name: (low, high, count or points) for name, (low, high, count) in grid.items()}
    from bsfit.results.size import check_size

    with settings.blame("scan"):
        check_size((count for *_, count in grid.values()), "scan")
    plain = {name.removeprefix("log:") for name in grid}
    others = {name: box for name, box in settings.get("free", {}).items() if name.removeprefix("log:") not in plain}
    axes = {name: (low, high) for name, (low, high, _) in grid.items()}
    settings = settings.with_values(scan=grid, free={**axes, **others})
    settings, said = question.with_defaults(settings)
    like = question.log_likelihood(options, settings)
    size = " x ".join(str(count) for _, _, count in grid.values())
    output.progress(options, f"scanning {size} points of {', '.join(grid)} on {like.data}")
    import bsfit

    with settings.blame("scan"):
        more = question.given(settings, "starts", "seed")
        result = bsfit.scan(like, grid, profile=bool(others), progress=not options.quiet, **more)
    return output.finish(options, settings, result, said)
