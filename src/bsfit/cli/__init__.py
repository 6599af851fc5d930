"""The command line: one file per verb, each of them one call of the public Python API; parsing and printing only.

Only the verb that is asked for is imported, and JAX only when it has something to compute. Exit status: 0 done; 1 done
but not to be trusted, as the last line says; 2 bad input; 130 interrupted.
"""

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bsfit import __version__
from bsfit.errors import BsfitInputError, BsfitWarning, did_you_mean

VERBS = {
    "predict": ("bsfit.cli.predict", "predict observables at one point of a model"),
    "fit": ("bsfit.cli.fit", "best fit with errors; without arguments, the table of one-parameter scenarios"),
    "profile": ("bsfit.cli.profile", "profile likelihood of one or two parameters"),
    "scan": ("bsfit.cli.scan", "log-likelihood on a grid, per group of observables"),
    "sample": ("bsfit.cli.sample", "posterior by NUTS, with its verdict of convergence"),
    "plot": ("bsfit.cli.plot", "figures of saved results"),
    "list": ("bsfit.cli.listing", "what there is: observables, data, models, parameters, inputs"),
    "show": ("bsfit.cli.show", "everything about one name"),
    "env": ("bsfit.cli.env", "versions, devices, threads"),
}
"""Verbs: the file of each, and its line of help."""

DONE, NOT_TRUSTED, BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``bsfit ARGUMENTS`` and return its exit status; `argv` without the program's name, default `sys.argv`."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = partial(_warn, warnings.showwarning)
            status = _dispatch(words)
        sys.stdout.flush()
        return status
    except BsfitInputError as problem:
        return _refuse(problem)
    except OSError as problem:
        return _operating_system(problem)
    except KeyboardInterrupt:
        print("bsfit: interrupted", file=sys.stderr)
        return INTERRUPTED


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return DONE if words else BAD_INPUT
    if words[0] in ("-V", "--version"):
        print(f"bsfit {__version__}")
        return DONE
    if words[0] not in VERBS:
        hint = did_you_mean(words[0], VERBS) or "'bsfit --help' lists the verbs"
        raise BsfitInputError(f"unknown verb {words[0]!r}", hint=hint)
    from bsfit.cli.options import parse

    verb = importlib.import_module(VERBS[words[0]][0])
    options = parse(words[0], VERBS[words[0]][1], verb, words[1:])
    return DONE if options is None else verb.run(options)


def _help() -> str:
    width = max(map(len, VERBS))
    return "\n".join(
        (
            "usage: bsfit VERB ...",
            "",
            "b->sll anomalies and dark matter on one gradient: couplings to fits.",
            "",
            *(f"  {verb.ljust(width)}  {line}" for verb, (_, line) in VERBS.items()),
            "",
            "bsfit VERB --help tells the options of a verb. A first look:",
            "",
            "  bsfit predict 'R_K[1.1,6]' 'R_K*[1.1,6]' --set C9_bsmumu=-1",
            "  bsfit fit",
            "",
            "exit status: 0 done; 1 done but not to be trusted; 2 bad input; 130 interrupted",
        )
    )


def _warn(show: Callable, message: Warning | str, category: type[Warning], *place: Any) -> None:
    """One line for a warning of ours; those of others are shown as ever."""
    if issubclass(category, BsfitWarning):
        print(f"bsfit: warning: {message}", file=sys.stderr)
    else:
        show(message, category, *place)


def _refuse(problem: Exception) -> int:
    print(f"bsfit: error: {problem}", file=sys.stderr)
    return BAD_INPUT


def _operating_system(problem: OSError) -> int:
    """One line for a file that cannot be read or written; nothing at all where the reader of a pipe went away."""
    if isinstance(problem, BrokenPipeError):
        # Python flushes stdout once more when it exits, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    place = f"{problem.filename}: " if problem.filename is not None else ""
    return _refuse(OSError(f"{place}{problem.strerror or problem}"))
