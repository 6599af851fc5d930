"""How large a result may be: asked before anything is compiled or allocated."""

import math
from collections.abc import Iterable

from bsfit.errors import BsfitInputError

MAX_POINTS = 20_000_000
"""Points of a grid, or draws: with a dozen groups or parameters, what a computer holds and a file of ours may hold."""


def check_size(counts: Iterable[float], field: str) -> None:
    """Raise `BsfitInputError` if the product of the counts is larger than `MAX_POINTS`."""
    counts = tuple(counts)
    if math.prod(counts) > MAX_POINTS:
        asked = " x ".join(f"{count:.10g}" if count < 1e300 else "countless" for count in counts)
        raise BsfitInputError(f"{asked} points", field=field, expected=f"at most {MAX_POINTS} in all")
