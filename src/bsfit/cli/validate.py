"""Everything that is wrong with a run file, or with what was typed for a verb, at once; nothing is computed.

VERB is one of predict, fit, profile, scan, sample and table, with its own arguments and options behind it; without one,
all keys are looked at that any verb may use. Exit status 2 if anything is wrong.

  bsfit validate run.yaml
  bsfit validate scan -f run.yaml C9mu=-3,3,61
"""

import argparse
import importlib
from typing import Any

from bsfit.cli import options as shared
from bsfit.cli import output, runfile, typed
from bsfit.cli.runfile import KEYS, Problems, Settings
from bsfit.errors import BsfitInputError, did_you_mean, one_of
from bsfit.loading.yaml_reader import names_file

TAKES = {"predict": "observables", "fit": None, "profile": "profile", "scan": "scan", "sample": None, "table": None}
"""Verbs, and the key of what stands behind them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit validate`."""
    parser.add_argument(
        "words", nargs="*", metavar="VERB", help=f"{', '.join(TAKES)}, and its arguments (default: any verb)"
    )
    shared.add(parser, *shared.KEYS)
    parser.add_argument(
        "-f", "--file", metavar="RUN.YAML", help="run file; the command line wins over it (default none)"
    )
    of_verbs = parser.add_argument_group("options of verbs that are no settings")
    known = {"--file"} | {f"--{key.replace('_', '-')}" for key in shared.KEYS}
    for action in (action for verb in TAKES for action in _parser_of(verb)._actions):
        if action.option_strings and not known & {*action.option_strings}:
            known |= {*action.option_strings}
            kind = {"action": "store_true"} if action.nargs == 0 else {"metavar": action.metavar}
            of_verbs.add_argument(*action.option_strings, help=action.help, default=argparse.SUPPRESS, **kind)


def run(options: argparse.Namespace) -> int:
    """Print one line for everything that is wrong."""
    from bsfit.cli.checks import problems_of

    if options.words and names_file(options.words[0]) and options.file is None:
        options.file = options.words.pop(0)
    verb, *words = options.words or [None]
    if verb is not None and verb not in TAKES:
        hint = did_you_mean(verb, TAKES) or "a run file is given by -f"
        raise BsfitInputError(f"no settings of {verb!r} to look at", expected=", ".join(TAKES), hint=hint)
    if not (options.file or verb or any(shared.typed_keys(options).values())):
        raise BsfitInputError("nothing to look at", expected="-f RUN.YAML, a verb, or options of one")
    settings, problems, unused = _read(options, verb, words)
    problems += [*_of_verb(options, verb), *problems_of(settings, verb)]
    once = {str(problem): problem for problem in problems}.values()
    problems = sorted(once, key=lambda problem: (problem.line or 0, problem.column or 0))
    place = options.file or f"bsfit {verb or ''}".strip()
    count = f"{len(problems)} problem{'s' * (len(problems) != 1)}"
    said = [f"note: bsfit {verb} does not use {', '.join(unused)}"] if unused else []
    last = f"{place}: {count}" if problems else f"{place}: nothing is wrong"
    rows = [_row(problem) for problem in problems]
    output.report(options, [*map(str, problems), *said, last], {"problems": rows, "unused": unused}, None)
    return 2 if problems else 0


def _read(options: argparse.Namespace, verb: str | None, words: list[str]) -> tuple[Settings, Problems, list[str]]:
    """Settings as the verb would have them, what is wrong with each of them, and keys of the file that it ignores."""
    given, problems, unused = shared.typed_keys(options), Problems(), []
    if key := TAKES.get(verb or ""):
        given[key] = words
    elif words:
        problems.append(BsfitInputError(f"unknown argument {words[0]!r}", hint=f"'bsfit {verb} --help' lists its own"))
    known = _keys_of(verb)
    for name in (name for name, texts in given.items() if texts and name not in known):
        problems.append(BsfitInputError(f"bsfit {verb} has no such option", field=f"--{name.replace('_', '-')}"))
    settings, wrong = typed.read({name: texts for name, texts in given.items() if name in known})
    problems += wrong
    if options.file is not None:
        below, wrong = Settings(), Problems()
        with problems.noted():
            below, wrong = runfile.read(options.file)
        problems += wrong
        unused = [name for name in below.values if name not in (*known, *shared.BESIDE)]
        used = {name: value for name, value in below.values.items() if name in known}
        settings = settings.over(Settings(used, below.places))
    return settings, problems, unused


def _keys_of(verb: str | None) -> list[str]:
    """Keys of settings that a verb uses."""
    if verb is None:
        return list(KEYS)
    return [name for name in vars(_parser_of(verb).parse_args([])) if name in KEYS and name not in shared.BESIDE]


def _parser_of(verb: str) -> shared.Parser:
    parser = shared.Parser(add_help=False)
    importlib.import_module(f"bsfit.cli.{verb}").add_arguments(parser)
    return parser


def _of_verb(options: argparse.Namespace, verb: str | None) -> Problems:
    """What is wrong with options that are no settings."""
    found, given = Problems(), vars(options)
    if verb is None:
        return found
    from bsfit.cli import scan, table

    own = vars(_parser_of(verb).parse_args([]))
    others = {*given} - {*own, *KEYS, "words", "file", "verb", "json", "quiet", "help", "closing"}
    found += [BsfitInputError(f"bsfit {verb} has no such option", field=f"--{o.replace('_', '-')}") for o in others]
    for name, allowed in (("sort", table.ORDERS), ("format", table.FORMATS)):
        with found.noted():
            one_of(given.get(name, allowed[0]), allowed, f"--{name}", name)
    with found.noted():
        scan.shard_of(given.get("shard", "1/1"))
    return found


def _row(problem: BsfitInputError) -> dict[str, Any]:
    parts = ("what", "file", "line", "column", "field", "expected", "hint")
    return {part: value for part in parts if (value := getattr(problem, part)) is not None}
