"""What is kept of the points of a run: plain data of each chunk, and how these are joined in order."""

import numpy as np

from bsfit.runs.store import Content


class Dense:
    """Every value, in the order of the points."""

    def __init__(self, size: int) -> None:
        self.total = np.empty(size)
        self.by_group = np.empty((0, size))

    def of_chunk(self, points: dict[str, np.ndarray], total: np.ndarray, by_group: np.ndarray) -> Content:
        """Totals [n] and values by group [group, n]."""
        return {"log_likelihood": total, "by_group": by_group}

    def add(self, first: int, content: Content) -> None:
        """Take in a chunk whose first point has this number."""
        total, by_group = content["log_likelihood"], content["by_group"]
        if len(self.by_group) < len(by_group):
            self.by_group = np.empty((len(by_group), len(self.total)))
        self.total[first : first + len(total)] = total
        self.by_group[:, first : first + len(total)] = by_group
