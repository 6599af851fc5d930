"""Options of the verbs whose runs survive, and what is said of their folders."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bsfit.cli import interruption, output
from bsfit.errors import BsfitInputError
from bsfit.runs.folder import CHUNKS, lock_of, release

OPTIONS = {"store": "-o", "executor": "--dask", **{name: f"--{name}" for name in ("resume", "force", "shard", "merge")}}
"""Options behind the arguments of functions with a store."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments about the run in -o."""
    parser.add_argument("--resume", action="store_true", help="go on with the run in -o, with what it has finished")
    parser.add_argument("--force", action="store_true", help="start anew where -o holds a run")
    parser.add_argument("--verify", action="store_true", help="read every byte of the run in -o, compute nothing")


@contextmanager
def store(options: argparse.Namespace, wanted: bool = True) -> Iterator[Path | None]:
    """The folder of chunks in -o, None if there is none or it is not wanted; errors about it name the option.

    As long as this is open, an interruption tells how much is done.
    """
    from bsfit.runs import store

    folder = Path(options.output) / CHUNKS if wanted and options.output is not None else None
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(interruption.saying(lambda: f"{store.progress(folder)}, --resume goes on"))
            options.closing.callback(release, folder, lock_of(getattr(options, "shard", None)))
        try:
            yield folder
        except BsfitInputError as problem:
            if place := OPTIONS.get(problem.field or ""):
                raise BsfitInputError(problem.what, field=place, expected=problem.expected, hint=problem.hint) from None
            raise


def verified(options: argparse.Namespace) -> int:
    """Say what is wrong with the run in -o."""
    from bsfit.runs import checksums

    if options.output is None or not Path(options.output).is_dir():
        raise BsfitInputError("there is no run to verify", field="--verify", expected="-o DIR, which holds a run")
    wrong = checksums.verify(Path(options.output))
    text = [*wrong, f"{options.output}: {len(wrong)} complaints" if wrong else f"{options.output}: every byte is right"]
    return output.report(options, text, {"complaints": wrong}, wrong[0] if wrong else None)
