"""Log-likelihood, of all data and of each group of observables, on a grid in one or more parameters.

Other parameters given by --free are re-minimised at each point of the grid. In place of a grid, --design draws --n
points from the bounds of the free parameters, or --points-file gives them; --keep says what is kept of them.

With -o, finished parts of large scans are kept in DIR/chunks: one that is interrupted or killed goes on with --resume.
Many machines compute its shards, --shard 1/N to N/N, and one of them joins these with --merge; or the workers of Dask
compute all of it, --dask.
"""

import argparse
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bsfit import catalogue
from bsfit.cli import options as shared
from bsfit.cli import output, question, stored
from bsfit.cli.runfile import Settings
from bsfit.errors import BsfitInputError
from bsfit.runs.folder import CHUNKS, Shard

POINTS = {1: 101, 2: 41, 3: 21}
"""Points along each axis of a grid that does not say how many, by the number of axes; 11 for more."""


WHERE = ("points_file", "design", "n", "keep")
"""Keys about points that are no grid, and what is kept."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit scan`."""
    parser.add_argument(
        "scan", nargs="*", metavar="NAME=LO,HI,N", help="axis with N points; log:NAME=... for equal ratios"
    )
    shared.add(parser, *(key for key in shared.ANALYSIS if key != "scenario"), "points", *WHERE)
    shared.add_run(parser)
    stored.add_arguments(parser)
    parser.add_argument(
        "--shard", metavar="I/N", help="compute one N-th of the chunks, I from 1 to N, for the same -o (default: all)"
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="compute by the workers of Dask, or by N processes: local:N (default: here)"
    )
    parser.add_argument("--merge", action="store_true", help="join what the shards in -o have computed")


def run(options: argparse.Namespace) -> int:
    """Print the highest point of each group, and save the grid."""
    if options.verify:
        return stored.verified(options)
    options.shard = None if options.shard is None else shard_of(options.shard)
    settings = shared.settings(options)
    settings, where, size, words = _where(settings)
    others = [] if "grid" not in where else _others(settings, where["grid"])
    settings, said = question.with_defaults(settings)
    like = question.log_likelihood(options, settings)
    output.progress(options, f"scanning {words} on {like.data}")
    import bsfit

    more = {**question.given(settings, "starts", "seed", "keep"), "executor": options.dask}
    with _stored(options, settings, like, size, bool(others)) as store:
        result = bsfit.scan(like, **where, profile=bool(others), progress=not options.quiet, **more, **store)
    if result is None:
        from bsfit.runs.store import progress

        line = progress(Path(options.output) / CHUNKS)
        return output.report(options, [*said, f"{options.output}: {line}"], {"progress": line}, None)
    return output.finish(options, settings, result, said)


def shard_of(text: str) -> Shard:
    """A shard as typed, counted from 0. Raises `BsfitInputError` for another text."""
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise BsfitInputError(f"found {text!r}", field="--shard", expected="I/N with I from 1 to N, such as 3/100")
    return int(match[1]) - 1, int(match[2])


def _where(settings: Settings) -> tuple[Settings, dict[str, Any], int, str]:
    """Settings with what varies free, the arguments that say where to evaluate, how many points that is, and words."""
    given = [key for key in ("scan", "points_file", "design") if key in settings]
    if not given:
        expected = "such as C9_bsmumu=-3,3,61, or --design, or --points-file"
        raise BsfitInputError("no axis to scan", field="NAME=LO,HI,N", expected=expected)
    if len(given) > 1 or ("n" in settings) != (given == ["design"]):
        key = given[1] if len(given) > 1 else "n" if "n" in settings else "design"
        raise settings.error("what to scan is not clear", key, expected="axes, --points-file, or --design with --n")
    if given == ["design"]:
        size = settings.get("n")
        return settings, {"design": settings.get("design"), "n": size}, size, f"{size} points"
    if given == ["points_file"]:
        return _listed(settings)
    grid = settings.get("scan")
    points = settings.get("points", POINTS.get(len(grid), 11))
    grid = {name: (low, high, count or points) for name, (low, high, count) in grid.items()}
    counts = [count for *_, count in grid.values()]
    from bsfit.results.size import check_size

    if settings.get("keep", "all") == "all":
        with settings.blame("scan"):
            check_size(counts, "scan")
    axes = {name: (low, high) for name, (low, high, _) in grid.items()}
    free = {**axes, **_others(settings, grid)}
    words = f"{' x '.join(map(str, counts))} points of {', '.join(grid)}"
    return settings.with_values(scan=grid, free=free), {"grid": grid}, math.prod(counts), words


def _others(settings: Settings, grid: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name.removeprefix("log:") for name in grid}
    return {name: box for name, box in settings.get("free", {}).items() if name.removeprefix("log:") not in plain}


def _listed(settings: Settings) -> tuple[Settings, dict[str, Any], int, str]:
    """The same of a file of points, whose columns are free between their lowest and highest value."""
    from bsfit.loading.point_files import read_points

    columns = read_points(settings.get("points_file"))
    for name in columns:
        with settings.blame("points_file"):
            catalogue.known_parameter(settings.get("model", "eft"), name)
    size = len(next(iter(columns.values())))
    ends = {name: (float(values.min()), float(values.max())) for name, values in columns.items()}
    free = {name: (low, high) if low < high else (low, low + max(abs(low), 1.0)) for name, (low, high) in ends.items()}
    settings = settings.with_values(free={**free, **_others(settings, columns)})
    return settings, {"points": columns}, size, f"{size} points of {', '.join(columns)}"


@contextmanager
def _stored(
    options: argparse.Namespace, settings: Settings, like: Any, points: int, profile: bool
) -> Iterator[dict[str, Any]]:
    """Arguments of `bsfit.scan` about its store, which small scans, and profiled ones, need not; errors in place."""
    from bsfit.runs.work import layout, side_of

    asked = options.resume or options.merge or options.shard is not None
    shard = options.shard and (options.shard[0] + 1, options.shard[1])
    given = {"resume": options.resume, "force": options.force, "merge": options.merge, "shard": shard}
    with stored.store(options, asked or (layout(points, side_of(like)).chunks > 1 and not profile)) as folder:
        try:
            yield {"store": folder, **given} if folder else {}
        except BsfitInputError as problem:
            if problem.field in stored.OPTIONS:
                raise
            key = {"points": "points_file"}.get(problem.field or "", problem.field or "")
            with settings.blame(key if key in settings else "scan"):
                raise
