"""Ctrl-C, `kill` and a terminal that is closed end the program at once: one line, no traceback, exit status 130.

Where parts of the work are kept, the first signal ends it behind the part in work, a second one at once.
A thread waits for these signals, all others block them. So they are heard during minutes of compilation too, and never
raised inside imports or callbacks, where Python loses an exception, prints it, or crashes.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bsfit import at_work

STATUS = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 10.0
"""Seconds for a file that is being written."""

_words: list[Callable[[], str]] = []


@contextmanager
def saying(words: Callable[[], str]) -> Iterator[None]:
    """What is said, while this is open, of an interruption."""
    _words.append(words)
    try:
        yield
    except at_work.Interrupted as problem:
        raise at_work.Interrupted(*(problem.args or [last_words()])) from None
    finally:
        _words.remove(words)


def last_words() -> str:
    """What an interrupted program says."""
    return ": ".join(["interrupted", *(words() for words in _words)])


def end_on_signals(clean_up: Callable[[], None]) -> None:
    """From now on, end this process on a signal of `SIGNALS` that it does not ignore, after `clean_up`."""
    heard = {number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    threading.Thread(target=_wait, args=(heard, clean_up), daemon=True).start()


def _wait(heard: set[signal.Signals], clean_up: Callable[[], None]) -> None:
    signal.sigwait(heard)
    if at_work.end_behind_part():
        os.write(2, b"bsfit: ends behind the part in work; once more ends it at once\n")
        signal.sigwait(heard)
    try:
        # What was never imported writes nothing.
        if archive := sys.modules.get("bsfit.results.archive"):
            archive.WRITING.acquire(timeout=PATIENCE)
        clean_up()
        # Not print: the thread that computes may hold the lock of stderr.
        os.write(2, f"bsfit: {last_words()}\n".encode())
    finally:
        os._exit(STATUS)
