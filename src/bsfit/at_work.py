"""What long work is doing, and for how long: a line that moves on a terminal, one line a minute in a log file.

Work says what it does (`doing`); nothing is printed unless somebody wants to see it, as the command line does: `shown`.
Work whose parts are kept (`in_parts`) can be asked to end behind the part that it does.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

PATIENCE, MINUTE = 2.0, 60.0
"""Seconds after which a terminal is told, and between lines of a log."""

TICK = 0.5


class Doing:
    """One piece of work that goes on: what it is, how far it came, when it began."""

    def __init__(self, what: str) -> None:
        self.what, self.far, self.began = what, "", time.monotonic()
        self.first: tuple[int, float] | None = None

    def came(self, far: str) -> None:
        """Say how far it came, such as ``3 of 12 ends``."""
        self.far = far

    def count(self, done: int, total: int) -> None:
        """Say how many of all parts are done, and how long the others will take.

        The first part is not counted on: programs are compiled for it.
        """
        now = time.monotonic()
        self.far = f"{done} of {total}"
        if self.first is None:
            self.first = (done, now) if done else None
        elif done > self.first[0]:
            left = (total - done) * (now - self.first[1]) / (done - self.first[0])
            self.far += f", about {left:.0f} s left"

    def __str__(self) -> str:
        return f"{self.what} ({self.far})" if self.far else self.what


class _Board:
    """What goes on, the outermost work first, and who tells it."""

    def __init__(self) -> None:
        self.work: list[Doing] = []
        self.silent = 0
        self.spoke = 0.0
        self.bar: Any = None
        self.lock = threading.RLock()

    def line(self) -> str:
        """All of it in one line, with the seconds since the outermost began."""
        seconds = int(time.monotonic() - self.work[0].began)
        return f"{': '.join(map(str, self.work))}, {seconds} s"

    def tick(self) -> None:
        """Tell what goes on, if that is due."""
        with self.lock:
            if not self.work or self.silent:
                self.clear()
                return
            now = time.monotonic()
            if sys.stderr.isatty():
                if now - self.work[0].began >= PATIENCE:
                    self.draw(self.line())
            elif now - max(self.spoke, self.work[0].began) >= MINUTE:
                self.spoke = now
                with suppress(OSError, ValueError):
                    print(f"bsfit: {self.line()}", file=sys.stderr, flush=True)

    def draw(self, line: str) -> None:
        """The line in place of the one before."""
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(total=0, bar_format="{desc}", leave=False, file=sys.stderr, dynamic_ncols=True)
        self.bar.set_description_str(line)

    def clear(self) -> None:
        """Take the line away."""
        with self.lock:
            if self.bar is not None:
                self.bar.close()
                self.bar = None


_board = _Board()


@contextmanager
def doing(what: str) -> Iterator[Doing]:
    """While this is open, that goes on; what is done inside stands behind it."""
    mine = Doing(what)
    with _board.lock:
        _board.work.append(mine)
    try:
        yield mine
    finally:
        with _board.lock:
            _board.work.remove(mine)
            if not _board.work:
                _board.clear()


@contextmanager
def shown(show: bool = True) -> Iterator[None]:
    """While this is open, what goes on is told on stderr."""
    if not show:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(TICK):
            _board.tick()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        _board.clear()


@contextmanager
def with_own_bar() -> Iterator[None]:
    """While this is open, nothing is told: the work counts what it does by itself."""
    with _board.lock:
        _board.silent += 1
        _board.clear()
    try:
        yield
    finally:
        with _board.lock:
            _board.silent -= 1


def clear() -> None:
    """Take away what is drawn, before a line is printed."""
    _board.clear()


def line() -> str:
    """What goes on, in one line; empty if nothing does."""
    with _board.lock:
        return _board.line() if _board.work else ""


class Interrupted(KeyboardInterrupt):
    """Work that was asked to end, behind one of its parts."""


class _Parts:
    """Whether parts of some work are done and kept, and whether it was asked to end behind the next."""

    def __init__(self) -> None:
        self.kept, self.asked = False, False


_parts = _Parts()


@contextmanager
def in_parts() -> Iterator[Callable[[], None]]:
    """While this is open, work goes on in parts that are kept; it calls what it gets behind each.

    That raises `Interrupted` once somebody has asked for the end: `end_behind_part`.
    """

    def behind() -> None:
        _parts.kept = True
        if _parts.asked:
            raise Interrupted

    try:
        yield behind
    finally:
        _parts.kept = _parts.asked = False


def end_behind_part() -> bool:
    """Ask work in parts to end; False if there is none, or it still compiles what its first part takes."""
    _parts.asked = _parts.kept
    return _parts.kept
