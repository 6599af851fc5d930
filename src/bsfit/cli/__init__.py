"""The command line: one file per verb, each of them one call of the public Python API; parsing and printing only.

Only the verb that is asked for is imported, and JAX only when it has something to compute. Exit status: 0 done; 1 done
but not to be trusted or not saved, as the last line says, or a fault of bsfit; 2 bad input; 130 interrupted. Tracebacks
are printed only where BSFIT_DEBUG is set.
"""

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from bsfit import __version__
from bsfit.at_work import shown
from bsfit.cli import interruption, jax_variables
from bsfit.cli.terminal import NotPrinted, fit_tables_to_terminal, say, tell, warnings_as_notes
from bsfit.errors import BsfitInputError, did_you_mean

VERBS = {
    "predict": ("bsfit.cli.predict", "predict observables at one point of a model"),
    "fit": ("bsfit.cli.fit", "best fit with errors; without arguments, the table of one-parameter scenarios"),
    "profile": ("bsfit.cli.profile", "profile likelihood of one or two parameters"),
    "scan": ("bsfit.cli.scan", "log-likelihood on a grid, per group of observables"),
    "sample": ("bsfit.cli.sample", "posterior by NUTS, with its verdict of convergence"),
    "compare": ("bsfit.cli.compare", "scenarios and saved fits on the same data: AIC, BIC, Bayes factors"),
    "table": ("bsfit.cli.table", "every measured value beside its prediction, with errors and pulls"),
    "plot": ("bsfit.cli.plot", "figures of saved results"),
    "report": ("bsfit.cli.report", "saved results on one page of HTML"),
    "export": ("bsfit.cli.export", "a saved result for ArviZ, as CSV, as WCxf"),
    "cite": ("bsfit.cli.cite", "papers behind saved results, as BibTeX"),
    "rerun": ("bsfit.cli.rerun", "a saved result made again, and every number compared"),
    "validate": ("bsfit.cli.validate", "everything that is wrong with a run file, or with options of a verb, at once"),
    "list": ("bsfit.cli.listing", "what there is: observables, data, models, parameters, inputs"),
    "show": ("bsfit.cli.show", "everything about one name"),
    "completion": ("bsfit.cli.completion", "a script that makes bash, zsh or fish complete names"),
    "env": ("bsfit.cli.env", "versions, devices, threads"),
}
"""Verbs: the file of each, and its line of help."""

NEEDS_NO_JAX = ("plot", "env")
DONE, FAULT, BAD_INPUT, PIPE_CLOSED = 0, 1, 2, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``bsfit ARGUMENTS`` and return its exit status.

    Without `argv` this is the program: arguments are those of the process, which ends on Ctrl-C and other signals.
    """
    if argv is None and "_ARGCOMPLETE" in os.environ:
        from bsfit.cli import completing

        completing.answer(VERBS)
    words = list(sys.argv[1:] if argv is None else argv)
    with ExitStack() as closing:
        if argv is None:
            interruption.end_on_signals(closing.close)
        try:
            return _dispatch(words, closing)
        except KeyboardInterrupt as problem:
            tell(str(problem) or "interrupted")
            return interruption.STATUS
        except Exception as problem:
            return _failed(problem)


def _dispatch(words: list[str], closing: ExitStack) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        say(_help())
        return DONE if words else BAD_INPUT
    if words[0] in ("-V", "--version"):
        say(f"bsfit {__version__}")
        return DONE
    if words[0] not in VERBS:
        hint = did_you_mean(words[0], VERBS) or "'bsfit --help' lists the verbs"
        raise BsfitInputError(f"unknown verb {words[0]!r}", hint=hint)
    from bsfit.cli.options import parse

    verb = importlib.import_module(VERBS[words[0]][0])
    options = parse(words[0], VERBS[words[0]][1], verb, words[1:])
    if options is None:
        return DONE
    if words[0] not in NEEDS_NO_JAX:
        jax_variables.check()
    options.closing = closing
    with warnings_as_notes():
        fit_tables_to_terminal()
        closing.enter_context(shown(not options.quiet))
        return verb.run(options)


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
            "exit status: 0 done; 1 done but not to be trusted or not saved; 2 bad input; 130 interrupted",
            "BSFIT_DEBUG=1 in the environment adds tracebacks to error messages.",
        )
    )


def _failed(problem: Exception) -> int:
    """Say in one line what went wrong; nothing at all where the reader of a pipe went away."""
    if os.environ.get("BSFIT_DEBUG"):
        import traceback

        traceback.print_exception(problem)
    if isinstance(problem, NotPrinted):
        # Python flushes stdout once more when it exits, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if problem.errno == errno.EPIPE:
            return PIPE_CLOSED
        tell(f"error: {_words(problem)}")
        return FAULT
    if isinstance(problem, BsfitInputError | OSError) or jax_variables.no_device(problem):
        tell(f"error: {_words(problem)}")
        return BAD_INPUT
    again = "run again with BSFIT_DEBUG=1 for the traceback, and report it"
    tell(f"internal error: {type(problem).__name__}: {_words(problem)} ({again})")
    return FAULT


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError):
        place = f"{problem.filename}: " if problem.filename is not None else ""
        return f"{place}{problem.strerror or problem}"
    return str(problem).strip().partition("\n")[0][:300] if not isinstance(problem, BsfitInputError) else str(problem)
