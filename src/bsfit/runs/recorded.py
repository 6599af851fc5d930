"""Steps of long work that are kept in the folder of a run, so that another process goes on after the last of them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bsfit.at_work import in_parts
from bsfit.errors import BsfitInputError
from bsfit.inference.steps import Content, Steps, at_once
from bsfit.results.plain_data import plain
from bsfit.runs.store import Plan, Store, opened


class Recorded:
    """The steps of a run, each of them a chunk of its store that says which one it follows.

    One that is missing or damaged is computed again. If that gives other bytes, as with another kind of processor,
    those behind it follow from nothing that is known, and are computed again too.
    """

    def __init__(self, store: Store, behind: Callable[[], None]) -> None:
        self.store, self.behind, self.count, self.before = store, behind, 0, ""

    def __call__(self, compute: Callable[[], Content]) -> tuple[Content, bool]:
        """The next step: read where it is there, else computed and stored."""
        index, found = self.count, self.store.read(self.count)
        new = found is None or found.pop("after") != self.before
        if new:
            found = plain(compute())
            self.store.write(index, {"after": self.before, **found})
        self.count, self.before = index + 1, self.store.checksum(index)
        assert found is not None
        if new:
            self.behind()
        return found, new

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of the store behind it."""
        return {"settings": self.store.digest, "chunks": self.count, "sha256": self.store.sha256(self.count)}


@contextmanager
def recorded(
    folder: str | os.PathLike[str] | None, settings: dict[str, Any], most: int, *, resume: bool, force: bool
) -> Iterator[tuple[Steps, Callable[[], dict[str, Any]]]]:
    """Steps, at most so many, that are kept in a folder, or nowhere; and what a record says of that in the end.

    Raises `BsfitInputError` for resume or force without a folder, and for what `store.opened` refuses.
    """
    for name, asked in (("resume", resume), ("force", force)):
        if asked and folder is None:
            raise BsfitInputError("there is no store", field=name, expected="store=FOLDER")
    if folder is None:
        yield at_once, dict
        return
    plan = Plan(settings, most, 1, ends_itself=True)
    with opened(Path(folder), plan, resume=resume, force=force) as store, in_parts() as behind:
        steps = Recorded(store, behind)
        yield steps, lambda: {"store": steps.about}
