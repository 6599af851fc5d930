"""Log-likelihood, of all data and of each group of observables, on a grid in one or more parameters.

Other parameters given by --free are re-minimised at each point of the grid. With -o, finished parts of large grids
are kept in DIR/chunks: a scan that is interrupted or killed goes on with --resume.
"""

import argparse
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bsfit.cli import interruption, output, question
from bsfit.cli import options as shared
from bsfit.cli.runfile import Settings
from bsfit.errors import BsfitInputError
from bsfit.runs.folder import CHUNKS, release

POINTS = {1: 101, 2: 41, 3: 21}
"""Points along each axis of a grid that does not say how many, by the number of axes; 11 for more."""


STORED = {"store": "-o", "resume": "--resume", "force": "--force"}
"""Options behind arguments of `bsfit.scan`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit scan`."""
    parser.add_argument(
        "scan", nargs="*", metavar="NAME=LO,HI,N", help="axis with N points; log:NAME=... for equal ratios"
    )
    shared.add(parser, *(key for key in shared.ANALYSIS if key != "scenario"), "points")
    shared.add_run(parser)
    parser.add_argument("--resume", action="store_true", help="go on with the run in -o, with what it has finished")
    parser.add_argument("--force", action="store_true", help="start anew where -o holds a run")
    parser.add_argument("--verify", action="store_true", help="read every byte of the run in -o, compute nothing")


def run(options: argparse.Namespace) -> int:
    """Print the highest point of each group, and save the grid."""
    if options.verify:
        return _verified(options)
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

    more = question.given(settings, "starts", "seed")
    with _stored(options, settings, math.prod(count for *_, count in grid.values()), bool(others)) as store:
        result = bsfit.scan(like, grid, profile=bool(others), progress=not options.quiet, **more, **store)
    return output.finish(options, settings, result, said)


@contextmanager
def _stored(options: argparse.Namespace, settings: Settings, points: int, profile: bool) -> Iterator[dict[str, Any]]:
    """Arguments of `bsfit.scan` about its store, which small scans, and profiled ones, need not; errors in place."""
    from bsfit.runs import store
    from bsfit.runs.work import layout

    wanted = options.output is not None and (options.resume or (layout(points).chunks > 1 and not profile))
    folder = Path(options.output) / CHUNKS if wanted else None
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(interruption.saying(lambda: f"{store.progress(folder)}, --resume goes on"))
            options.closing.callback(release, folder)
        try:
            yield {"store": folder, "resume": options.resume, "force": options.force} if folder else {}
        except BsfitInputError as problem:
            if place := STORED.get(problem.field or ""):
                raise BsfitInputError(problem.what, field=place, hint=problem.hint) from None
            with settings.blame("scan"):
                raise


def _verified(options: argparse.Namespace) -> int:
    """Say what is wrong with the run in -o."""
    from bsfit.runs import checksums

    if options.output is None or not Path(options.output).is_dir():
        raise BsfitInputError("there is no run to verify", field="--verify", expected="-o DIR, which holds a run")
    wrong = checksums.verify(Path(options.output))
    text = [*wrong, f"{options.output}: {len(wrong)} complaints" if wrong else f"{options.output}: every byte is right"]
    return output.report(options, text, {"complaints": wrong}, wrong[0] if wrong else None)
