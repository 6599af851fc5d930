"""Progress of long work on stderr: a bar on a terminal, one line a minute in a log file."""

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

MINUTE = 60.0


class Progress:
    """Counts work done; use as a context manager. `show=False` keeps silent."""

    def __init__(self, what: str, total: int, show: bool = True) -> None:
        self.what, self.total, self.done, self.found = what, total, 0, 0
        self.started = self.spoke = time.monotonic()
        self.bar = _bar(what, total) if show and sys.stderr.isatty() else None
        self.lines = show and self.bar is None

    def advance(self, count: int, new: bool = True) -> None:
        """Note `count` more units of work; what was done before is not `new`, and says nothing of the rate."""
        self.done = min(self.done + count, self.total)
        self.found += 0 if new else count
        if self.bar is not None:
            self.bar.initial += 0 if new else count
            self.bar.update(count)
        elif self.lines and time.monotonic() - self.spoke >= MINUTE:
            self.spoke = time.monotonic()
            rate = max(self.done - self.found, 1) / (self.spoke - self.started)
            left = (self.total - self.done) / rate
            line = f"{self.what}: {self.done}/{self.total}, {rate:.3g} a second, about {left:.0f} s left"
            with suppress(OSError):  # that nobody can read it stops nothing
                print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()


def _bar(what: str, total: int) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=what, file=sys.stderr, leave=False)
