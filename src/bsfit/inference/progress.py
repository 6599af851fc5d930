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
        self.what, self.total, self.done = what, total, 0
        self.started = self.spoke = time.monotonic()
        self.bar = _bar(what, total) if show and sys.stderr.isatty() else None
        self.lines = show and self.bar is None

    def advance(self, count: int) -> None:
        """Note `count` more units of work."""
        self.done = min(self.done + count, self.total)
        if self.bar is not None:
            self.bar.update(count)
        elif self.lines and time.monotonic() - self.spoke >= MINUTE:
            self.spoke = time.monotonic()
            left = (self.spoke - self.started) * (self.total / self.done - 1.0)
            with suppress(OSError):  # that nobody can read it stops nothing
                print(f"{self.what}: {self.done}/{self.total}, about {left:.0f} s left", file=sys.stderr, flush=True)

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
