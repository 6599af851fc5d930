"""Where the profiled objective rises by a given amount: the end points of 1 and 2 sigma intervals.

The profile P(t_i) = min over the other parameters of -2 log L has the slope dP/dt_i = dF/dt_i (envelope theorem), so
Newton's iteration on sqrt(P - P_min), which is a straight line for a Gaussian, needs three or four evaluations; a
bracket guards it. All parameters, sides and levels advance together as lanes of one compiled kernel.
"""

from typing import Any, NamedTuple

import numpy as np

from bsfit.at_work import doing
from bsfit.inference import allowed
from bsfit.inference.minimise import Minima, minimise

MAX_ROUNDS = 60
TOLERANCE = 1e-8


class Crossings(NamedTuple):
    """Positions [k] where the level is reached: inf where the box ends before that, NaN where the search failed.

    `deepest` [n] is the lowest point met on the way: lower than the minimum started from, if that was not the global
    one.
    """

    position: np.ndarray
    deepest: np.ndarray
    deepest_value: float


class Sought(NamedTuple):
    """What is looked for, one entry per lane.

    start [k, n] and value [k]: the minimum; axis [k]: the profiled parameter; side [k]: -1 or +1; level [k]: the rise
    looked for; guess [k]: first distance tried; tilt [k, n]: how the other parameters move along the profile.
    """

    start: np.ndarray
    value: np.ndarray
    axis: np.ndarray
    side: np.ndarray
    level: np.ndarray
    guess: np.ndarray
    tilt: np.ndarray


def crossings(
    objective: Any,
    sought: Sought,
    *,
    hold: np.ndarray | None = None,
    data: Any = None,
    lanes: int | None = None,
    others: np.ndarray | None = None,
) -> Crossings:
    """Solve P(t_axis) = value + level on each lane; `hold`, `data` and `lanes` are those of `minimise`.

    others [m, n]: further starts of the inner minimisation, so that the profile follows the deepest of several valleys.
    """
    k, n = sought.start.shape
    rows = np.arange(k)
    held = np.zeros((k, n), dtype=bool) if hold is None else np.array(hold, dtype=bool)
    held[rows, sought.axis] = True
    walk = Walk(sought.start[rows, sought.axis], sought.side, sought.level, sought.guess)
    point = sought.start
    deepest, deepest_value = sought.start[0], float(np.min(sought.value))
    with doing("ends of the 1 and 2 sigma intervals") as work:
        for _ in range(MAX_ROUNDS):
            if not walk.pending.any():
                break
            work.came(f"{k - int(walk.pending.sum())} of {k} found")
            target = walk.where(walk.trial)
            start = point + sought.tilt * (target - point[rows, sought.axis])[:, None]
            start[rows, sought.axis] = target
            start = allowed.inward(objective, start, held)
            found = minimise(objective, start, hold=held, data=data, lanes=lanes)
            # A far trial may have left the valley of the minimum: the way back starts at the minimum itself.
            for other in (sought.start, *(() if others is None else others)):
                trial = minimise(objective, np.where(held, start, other), hold=held, data=data, lanes=lanes)
                found = _deeper(trial, found)
            point = found.position
            lowest = int(np.argmin(np.where(walk.pending, found.value, np.inf)))
            if found.value[lowest] < deepest_value:
                deepest, deepest_value = found.position[lowest], float(found.value[lowest])
            walk.judge(found.value - sought.value, found.gradient[rows, sought.axis] * sought.side)
    return Crossings(walk.answer, deepest, deepest_value)


def _deeper(new: Minima, old: Minima) -> Minima:
    """Lane by lane the lower of two minima."""
    better = new.value < old.value
    return Minima(*(np.where(better.reshape(-1, *(1,) * (b.ndim - 1)), a, b) for a, b in zip(new, old, strict=True)))


class Walk:
    """Bracketed Newton iterations for the distance of each lane from its minimum."""

    def __init__(self, origin: np.ndarray, side: np.ndarray, level: np.ndarray, guess: np.ndarray):
        k = len(origin)
        self.origin, self.side, self.level = origin, side, level
        self.edge = np.where(side > 0, 1.0, 0.0)
        self.inner = np.zeros(k)
        self.outer = np.full(k, np.inf)
        self.reach = np.abs(self.edge - self.origin)
        self.trial = np.clip(guess, 1e-6 * self.reach, self.reach)
        self.answer = np.where(self.reach > 0.0, np.nan, np.inf)

    @property
    def pending(self) -> np.ndarray:
        """Lanes [k] without an answer yet."""
        return np.isnan(self.answer)

    def where(self, distance: np.ndarray) -> np.ndarray:
        """Position of a distance along each lane; the edge of the box is met exactly."""
        return np.where(distance >= self.reach, self.edge, self.origin + self.side * distance)

    def judge(self, rise: np.ndarray, slope: np.ndarray) -> None:
        """Take the rise of the profile at the trial distances; settle lanes or choose the next trial."""
        inside = rise < self.level
        close = np.abs(rise - self.level) < TOLERANCE * self.level
        narrow = self.outer - self.inner < 1e-11
        ended = inside & (self.trial >= self.reach) & ~close
        settled = self.pending & (close | narrow)
        self.answer = np.where(settled, self.where(self.trial), self.answer)
        self.answer = np.where(self.pending & ended, np.inf, self.answer)
        self.inner = np.where(inside, np.maximum(self.inner, self.trial), self.inner)
        self.outer = np.where(inside, self.outer, np.minimum(self.outer, self.trial))
        self.trial = self._next(rise, slope)

    def _next(self, rise: np.ndarray, slope: np.ndarray) -> np.ndarray:
        root = np.sqrt(np.clip(rise, 0.0, None))
        with np.errstate(all="ignore"):
            newton = self.trial + 2.0 * root * (np.sqrt(self.level) - root) / slope
        # Far steps may leap over a barrier into another minimum: at most double the distance.
        ceiling = np.minimum(np.where(np.isinf(self.outer), 2.0 * self.trial, self.outer), self.reach)
        newton = np.where(np.isinf(self.outer), np.minimum(newton, ceiling), newton)
        good = np.isfinite(newton) & (newton > self.inner) & (newton < self.outer)
        return np.where(good, newton, np.where(np.isinf(self.outer), ceiling, 0.5 * (self.inner + ceiling)))
