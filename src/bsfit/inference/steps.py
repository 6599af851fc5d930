"""The steps of long work: each follows from those before it, so that what is known of one need not be done again."""

from collections.abc import Callable
from typing import Any

Content = dict[str, Any]
"""What a step has found, and the state that it has left: plain data and arrays by name."""

Steps = Callable[[Callable[[], Content]], tuple[Content, bool]]
"""Called once for each step in turn: its content, which the argument computes, and whether it had to be computed."""


def at_once(compute: Callable[[], Content]) -> tuple[Content, bool]:
    """A step of which nothing is kept."""
    return compute(), True
