"""The workers of Dask as an executor of the chunks of a run.

Dask knows what a dead worker was computing and gives it to another; what is computed does not depend on who does it.
"""

import logging
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Any

from bsfit.errors import BsfitInputError

LOCAL = "local:"
EXPECTED = "the address of a scheduler, such as tcp://node17:8786, or local:N for N processes here"
PATIENCE = "10s"
"""For a scheduler to answer."""
TRIES = 5
"""Of a chunk, that its workers die under."""


@contextmanager
def dask_executor(where: str) -> Iterator[Executor]:
    """An executor of `concurrent.futures` on the workers of the scheduler at an address, or on N processes: "local:N".

    The workers of a scheduler need bsfit of this version, and the same precision. Raises `BsfitInputError` where there
    is no such scheduler, where it has no workers, or without the package `distributed`.
    """
    count = _processes(where)
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        hint = "pip install 'bsfit[dask]'"
        raise BsfitInputError("needs the package distributed", field="executor", hint=hint) from None
    with ExitStack() as stack:
        address: Any = where
        if count is not None:
            settings: dict[str, Any] = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
            address = stack.enter_context(
                LocalCluster(n_workers=count, threads_per_worker=1, processes=True, **settings)
            )
        try:
            client = stack.enter_context(Client(address, timeout=PATIENCE))
        except (OSError, ValueError) as problem:
            what = f"no scheduler answers at {where!r}: {problem}"
            raise BsfitInputError(what, field="executor", expected=EXPECTED) from None
        if not client.scheduler_info(n_workers=-1)["workers"]:
            hint = f"dask worker {where}"
            raise BsfitInputError(f"the scheduler at {where!r} has no workers", field="executor", hint=hint)
        yield client.get_executor(retries=TRIES)


def _processes(where: str) -> int | None:
    """How many processes of this machine are asked for; None for an address."""
    if not where.startswith(LOCAL):
        if not re.fullmatch(r"(\w+://)?[\w.\-\[\]:]+:\d{1,5}", where):
            raise BsfitInputError(f"found {where!r}", field="executor", expected=EXPECTED)
        return None
    if not re.fullmatch(r"[1-9]\d{0,2}", where.removeprefix(LOCAL)):
        raise BsfitInputError(f"found {where!r}", field="executor", expected=EXPECTED)
    return int(where.removeprefix(LOCAL))
