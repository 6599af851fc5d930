"""Progress of long work on stderr: a bar on a terminal, one line a minute in a log file."""

import sys
import time
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import Any

from bsfit.at_work import with_own_bar

MINUTE = 60.0


class Progress:
    """Counts work done; use as a context manager. `show=False` keeps silent."""

    def __init__(self, what: str, total: int, show: bool = True) -> None:
        self.what, self.total, self.done, self.found = what, total, 0, 0
        self.spoke = time.monotonic()
        self.first: tuple[int, float] | None = None
        self.bar = _bar(what, total) if show and sys.stderr.isatty() else None
        self.lines = show and self.bar is None

    def advance(self, count: int, new: bool = True) -> None:
        """Note `count` more units of work; what was done before is not `new`, and says nothing of the rate.

        Nor does the first new part say anything of it: programs are compiled for it.
        """
        self.done = min(self.done + count, self.total)
        self.found += 0 if new else count
        now, compiled = time.monotonic(), self.first is None and new
        if compiled:
            self.first = self.done - self.found, now
        if self.bar is not None:
            self.bar.update(count)
            if compiled or not new:
                self.bar.initial, self.bar.start_t = self.bar.n, time.time()
        elif self.lines and now - self.spoke >= MINUTE:
            self.spoke = now
            with suppress(OSError):  # that nobody can read it stops nothing
                print(f"{self.what}: {self.done}/{self.total}{self._pace(now)}", file=sys.stderr, flush=True)

    def _pace(self, now: float) -> str:
        """The rate, and what is left, once a part has been timed."""
        count, since = self.first or (0, now)
        timed = self.done - self.found - count
        if timed <= 0 or now <= since:
            return ""
        rate = timed / (now - since)
        return f", {rate:.3g} a second, about {(self.total - self.done) / rate:.0f} s left"

    def __enter__(self) -> "Progress":
        self.alone = with_own_bar() if self.bar is not None or self.lines else nullcontext()
        self.alone.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()
        self.alone.__exit__(kind, value, trace)


def _bar(what: str, total: int) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=what, file=sys.stderr, leave=False)
