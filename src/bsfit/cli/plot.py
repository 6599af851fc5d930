"""Figures of saved results: contours in a plane, profiles, corner plots of posteriors, correlations of fits.

Other results have none: they are tables, and print as such. With --bins OBSERVABLE: its prediction against q2 with the
theory errors, and all data; with --set that of a point too. OBSERVABLE is a name without bin, such as R_K,
'<dBR/dq2>(B+->Kmumu)', or a quantity alone, P5p. With --budget OBSERVABLE, a name with its bin: where its theory error
comes from, by group of inputs and by input. Posteriors among the files give --bins their bands, of 300 draws with
all that floats in them, in place of figures of their own.

With --direct: results of a model with dark matter in the plane of its mass and its scattering, with published limits.
With --relic: planes with the line of the measured relic density, that of the result's data, else planck-omega-2018;
or of a value, --relic 0.12, or a measurement. Both compute dark matter again, which takes seconds.

Beside every figure FILE.png stand its numbers, FILE.numbers.npz or FILE.numbers.csv.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bsfit.cli import jax_variables, output, question
from bsfit.cli import options as shared
from bsfit.cli.compilation_cache import switch_on
from bsfit.errors import BsfitInputError, did_you_mean

FORMATS = ("png", "pdf", "svg")
DIRECT = "-direct"
"""Behind the names of direct-detection planes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit plot`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="saved by another verb with -o")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder of the figures (default: this one)")
    parser.add_argument("--format", metavar="KIND", default="png", help=f"{', '.join(FORMATS)} (default png)")
    parser.add_argument(
        "--bins",
        action="append",
        metavar="OBSERVABLE",
        help="predictions and data against q2, with bands of the posteriors among the files (default none)",
    )
    parser.add_argument(
        "--budget", action="append", metavar="OBSERVABLE", help="where the theory error comes from (default none)"
    )
    shared.add(parser, "model", "set", "coefficients", "inputs", "input")
    parser.add_argument(
        "-f",
        "--file",
        metavar="RUN.YAML",
        help="run file, for --bins and --budget; the command line wins over it (default none)",
    )
    parser.add_argument("--direct", action="store_true", help="the direct-detection plane of the files")
    parser.add_argument(
        "--relic",
        nargs="?",
        const="",
        metavar="VALUE",
        help="in planes the line of a relic density too: a value or a measurement (default: that of the data)",
    )
    parser.add_argument("--overlay", action="store_true", help="all files, of one plane, in one figure")


def run(options: argparse.Namespace) -> int:
    """Draw, and print the names of the files written."""
    wants_line = options.relic is not None
    if wants_line and Path(options.relic).suffix in (".npz", ".json"):
        hint = "files stand in front of it: bsfit plot FILE --relic"
        raise BsfitInputError(f"{options.relic!r} is no relic density", field="--relic", hint=hint)
    if not (options.files or options.bins or options.budget):
        expected = "RESULTFILE, such as results/scan.npz, --bins OBSERVABLE or --budget OBSERVABLE"
        raise BsfitInputError("no file to plot", expected=expected)
    if options.format not in FORMATS:
        raise BsfitInputError(f"unknown format {options.format!r}", field="--format", expected=", ".join(FORMATS),
                              hint=did_you_mean(options.format, FORMATS))  # fmt: skip
    if (options.direct or wants_line) and not options.files:
        raise BsfitInputError("no file", field="--direct" if options.direct else "--relic", expected="RESULTFILE")
    records = {_stem(path, options.files): _drawable(path, options.direct) for path in options.files}
    posteriors = _posteriors(records) if options.bins else {}
    lines = _lines(options, records) if wants_line else {}
    if options.direct:
        records = {f"{stem}{DIRECT}": _dark(options, stem, record) for stem, record in records.items()}
    else:
        records = {stem: record for stem, record in records.items() if stem not in posteriors}
    records |= _predicted(options, posteriors) if options.bins or options.budget else {}
    folder = Path(options.output or ".")
    options.output = str(folder)
    output.prepare(options)
    rows = [
        {"figure": str(figure), "numbers": str(numbers)} for figure, numbers in _drawn(options, folder, records, lines)
    ]
    return output.table(options, rows)


def _drawn(
    options: argparse.Namespace, folder: Path, records: dict[str, Any], lines: dict[str, Sequence[Any]]
) -> Iterator[tuple[Path, Path]]:
    """Figures and their numbers: one of each record, or one of all."""
    from bsfit.plot.dark_matter import plot_direct
    from bsfit.plot.results import plot, plot_plane

    if options.overlay and options.direct:
        named = {stem.removesuffix(DIRECT): record for stem, record in records.items()}
        yield plot_direct(named, folder / f"overlay{DIRECT}.{options.format}")
    elif options.overlay:
        yield plot_plane(records, folder / f"overlay.{options.format}", lines=lines.get(next(iter(records)), ()))
    else:
        for stem, record in records.items():
            more = {"lines": lines[stem]} if lines.get(stem) else {}
            yield plot(record, folder / f"{stem}.{options.format}", **more)


def _posteriors(records: dict[str, Any]) -> dict[str, Any]:
    from bsfit.results import Posterior

    return {stem: record for stem, record in records.items() if isinstance(record, Posterior)}


def _predicted(options: argparse.Namespace, posteriors: dict[str, Any]) -> dict[str, Any]:
    """What --bins and --budget ask for, by the names of the figures; bins have the bands of posteriors, if any."""
    settings, _ = question.with_coefficients(shared.settings(options))
    if beside := [key for key in ("model", "set", "inputs", "input") if posteriors and key in settings]:
        what = f"{', '.join(beside)} beside a posterior, which has its own"
        raise BsfitInputError(what, field="--bins", hint="draw a point without the posterior")
    jax_variables.check()
    question.check_values(settings)
    inputs = question.inputs(settings)
    _compiling(options)
    import bsfit

    params, model = settings.get("set", {}), settings.get("model", "eft")
    found = {}
    for name in options.bins or ():
        output.progress(options, f"predicting {name} in narrow bins")
        point = {"params": params, "model": model, "inputs": inputs}
        bands = {f"{stem}-": {"posterior": record} for stem, record in posteriors.items()} or {"": point}
        for front, more in bands.items():
            found[f"{front}{_file_of(name)}"] = bsfit.bins(name, **more)
    for name in options.budget or ():
        output.progress(options, f"predicting {name} with its errors")
        found[f"{_file_of(name)}-budget"] = bsfit.error_budget(name, model, params, inputs)
    return found


def _file_of(observable: str) -> str:
    """Name of a figure of an observable, without characters that shells or file systems read as something else."""
    return re.sub(r"[^A-Za-z0-9.+*-]+", "_", observable).strip("_").replace("*", "st")


def _compiling(options: argparse.Namespace) -> None:
    """Make ready to compute, which other figures do not."""
    options.no_cache = False
    jax_variables.check()
    switch_on(options)


def _dark(options: argparse.Namespace, stem: str, record: Any) -> Any:
    """Dark matter at the points of a result."""
    _compiling(options)
    import bsfit

    output.progress(options, f"computing dark matter at the points of {stem}")
    return bsfit.dark_matter_of(record)


def _lines(options: argparse.Namespace, records: dict[str, Any]) -> dict[str, Sequence[Any]]:
    """The line of a relic density in each plane. Raises `BsfitInputError` if there is no plane."""
    from bsfit.results import Profile, Scan

    planes = {s: r for s, r in records.items() if isinstance(r, Scan | Profile) and len(r.names) == 2}
    if not planes:
        raise BsfitInputError("no plane", field="--relic", expected="a scan or profile of two parameters")
    _compiling(options)
    from bsfit.plot.canvas import COLOURS
    from bsfit.plot.maps import Lines
    from bsfit.reporting.dark_matter import density_to_draw, relic_density

    found = {}
    for stem, record in planes.items():
        height = density_to_draw(record, options.relic or None)
        output.progress(options, f"computing the relic density at the points of {stem}")
        words = rf"$\Omega h^2 = {height:g}$"
        found[stem] = [Lines(relic_density(record), [height], words, COLOURS[5], width=1.8)]
    return found


def _drawable(path: str, direct: bool) -> Any:
    """The result in a file. Raises `BsfitInputError` that says what has a figure if this one has none."""
    from bsfit.plot.results import DRAWN, has_figure
    from bsfit.results import load

    try:
        record = load(path)
    except BsfitInputError as problem:
        raise BsfitInputError(problem.what, path, expected=problem.expected or DRAWN, hint=problem.hint) from None
    if not direct and not has_figure(record):
        raise BsfitInputError(f"a {type(record).__name__} has no figure", path, expected=DRAWN)
    return record


def _stem(path: str, files: list[str]) -> str:
    """Name of a figure: that of its file, with the folder in front where names alone would clash."""
    own = Path(path)
    clash = sum(Path(other).stem == own.stem for other in files) > 1
    return f"{own.absolute().parent.name}-{own.stem}" if clash else own.stem
