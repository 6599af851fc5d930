"""Options that verbs share, and the way from what was typed, over a run file, to settings."""

import argparse
from collections.abc import Iterable
from types import ModuleType
from typing import Any, NoReturn

from bsfit import catalogue
from bsfit.catalogue.input_sets import INPUT_CHOICES, INPUT_SETS
from bsfit.cli import runfile, typed
from bsfit.cli.runfile import Settings
from bsfit.cli.terminal import tell
from bsfit.errors import BsfitInputError, did_you_mean


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


_OPTIONS: dict[str, tuple[str, str]] = {
    "model": ("M", f"{_either(catalogue.MODELS)} (default eft)"),
    "data": ("SET[,SET..]", "data sets, groups, measurements, limits or files (default lfu; 'bsfit list data')"),
    "set": ("NAME=VALUE", "value of a parameter (default: that of the model)"),
    "coefficients": (
        "FILE",
        "Wilson coefficients of another code (WCxf, FLHA), held at their values; --set wins (default none)",
    ),
    "free": (
        "NAME[=LO,HI]",
        "free parameter; log:NAME=LO,HI is flat in the logarithm, NAME=MEAN+-SD normal (default: those of the model)",
    ),
    "scenario": ("NAME", "scenario such as C9mu or C9mu=-C10mu; several make a table (default none)"),
    "inputs": ("SET", f"input set, {_either(INPUT_SETS)}, or a file; {_either(INPUT_CHOICES)} alone or behind a +"),
    "input": ("NAME=VALUE", "replace one input, in powers of GeV (default none)"),
    "theory": ("MODE", "theory errors: fixed, propagated or sampled (default fixed)"),
    "nuisances": (
        "GLOB",
        "uncertain inputs that count: globs, groups or 'all'; '!GLOB' leaves out (default: those of the observables)",
    ),
    "relic": ("MODE", "measured relic density: equal, or upper (rates are rescaled then; default equal)"),
    "points": (
        "N",
        "points of the grid along each axis (default: scan 101, in two axes 41; profile 81, in two 41 or more)",
    ),
    "points_file": (
        "FILE",
        "points to evaluate in place of a grid: .csv with a line of names, or .parquet (default none)",
    ),
    "design": (
        "KIND",
        "points drawn from the bounds of the free parameters in place of a grid: sobol or random (default none)",
    ),
    "n": ("N", "number of points of a design (no default)"),
    "keep": (
        "WHAT",
        "all, best (of bins), histogram (posterior in bins) or delta=X (points near the best; default all)",
    ),
    "starts": ("N", "starting points of the minimisation (default 32; in tables of scenarios 16)"),
    "chains": ("N", "number of chains (default 4)"),
    "warmup": ("N", "warm-up steps of each chain (default 1000; 200 where nuisances float)"),
    "draws": ("N", "draws of each chain (default 1000)"),
    "live": ("N", "live points of nested sampling (default 500)"),
    "toys": ("N", "pseudo-experiments for the likelihood ratio (default 0: Wilks' theorem alone)"),
    "seed": ("N", "seed of everything random (default 0; of sample, compare 1)"),
}
"""Options that are keys of a run file: what they take, and their line of help. All may be repeated."""

KEYS = tuple(_OPTIONS)
"""Keys that are options of some verb."""

ANALYSIS = (
    "model", "data", "set", "coefficients", "free", "scenario", "inputs", "input", "theory", "nuisances", "relic",
    "starts", "seed",
)  # fmt: skip
"""Options of the verbs that work on a log-likelihood."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are input errors like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise `BsfitInputError` in place of printing the usage."""
        raise BsfitInputError(message, hint=f"'{self.prog} --help' lists the options")


def add(parser: argparse.ArgumentParser, *keys: str) -> None:
    """Add options by their keys."""
    for key in keys:
        metavar, line = _OPTIONS[key]
        parser.add_argument(f"--{key.replace('_', '-')}", action="append", metavar=metavar, help=line)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add what every computing verb has: run file, place of the results, compilation cache."""
    parser.add_argument(
        "-f", "--file", metavar="RUN.YAML", help="run file; the command line wins over it (default none)"
    )
    add_place(parser)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the place of the results, and the compilation cache."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="save the result and the resolved settings there (default: nothing is saved)",
    )
    parser.add_argument("--no-cache", action="store_true", help="compile anew, and keep nothing for the next time")


def parse(verb: str, line: str, module: ModuleType, words: list[str]) -> argparse.Namespace | None:
    """Options of a verb; None if its help was asked for, which is printed.

    Raises `BsfitInputError` for unknown and incomplete options.
    """
    parser = Parser(
        prog=f"bsfit {verb}",
        description=line[0].upper() + line[1:] + ".",
        epilog=(module.__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    module.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument("-h", "--help", action="store_true", help="print this and exit")
    if any(word in ("-h", "--help") for word in words):
        parser.print_help()
        return None
    options, extra = parser.parse_known_intermixed_args(words)
    if extra:
        known = [name for action in parser._actions for name in action.option_strings]
        hint = did_you_mean(extra[0].partition("=")[0], known) or f"'{parser.prog} --help' lists the options"
        kind = "option" if extra[0].startswith("-") else "argument"
        raise BsfitInputError(f"unknown {kind} {extra[0]!r}", hint=hint)
    options.verb = verb
    return options


def settings(options: argparse.Namespace) -> Settings:
    """Settings of a verb: its options over its run file. Names that the catalogue knows are checked.

    Keys of the file that the verb does not use are said on stderr; its place of results is that of -o.
    """
    given = typed_keys(options)
    chosen = typed.from_options(given)
    if options.file is not None:
        below = runfile.load(options.file)
        unused = [key for key in below.values if key not in (*given, *BESIDE)]
        if unused and not options.quiet:
            tell(f"{options.file}: bsfit {options.verb} does not use {', '.join(unused)}")
        used = {key: value for key, value in below.values.items() if key in (*given, "metadata")}
        chosen = chosen.over(Settings(used, below.places))
        if "output" in vars(options) and options.output is None:
            options.output = below.get("output")
    runfile.check_names(chosen)
    return chosen


BESIDE = ("metadata", "output")
"""Keys of a file that have no option of their name, and count for every verb."""


def typed_keys(options: argparse.Namespace) -> dict[str, Any]:
    """What was typed for keys of settings, the last seed alone."""
    given = {key: value for key, value in vars(options).items() if key in runfile.KEYS and key not in BESIDE}
    if given.get("seed"):
        given["seed"] = given["seed"][-1:]
    return given
