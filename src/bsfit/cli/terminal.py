"""All that the command line prints: nothing from a user's file or name can steer the terminal."""

import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bsfit import at_work
from bsfit.errors import BsfitWarning, printable


class NotPrinted(OSError):
    """Nothing more can be printed: the disk is full, or the reader of a pipe went away."""


def say(text: str, stream: Any = None) -> None:
    """Print lines on stdout, or another stream; what is not printable, or not in its encoding, is escaped."""
    stream = sys.stdout if stream is None else stream
    at_work.clear()
    clean, encoding = "\n".join(map(printable, text.split("\n"))), getattr(stream, "encoding", None) or "utf-8"
    try:
        print(clean.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except OSError as problem:
        raise NotPrinted(problem.errno, problem.strerror, "standard output") from None


def tell(text: str) -> None:
    """One line on stderr; that nobody can read it stops nothing."""
    with suppress(NotPrinted):
        say(f"bsfit: {printable(text)}", sys.stderr)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Our warnings are lines like all others, without the place in the code; those of others are left to Python."""
    with warnings.catch_warnings():
        as_ever = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, BsfitWarning):
                tell(f"note: {message}")
            else:
                as_ever(message, category, *place)

        warnings.showwarning = show
        yield


def fit_tables_to_terminal() -> None:
    """From now on tables are no wider than the terminal, if stdout is one."""
    if sys.stdout.isatty():
        from bsfit.results.tables import WIDTH

        WIDTH.set(max(shutil.get_terminal_size().columns, 20))
