"""Many one-parameter fits in one compilation: straight lines through a common space of parameters.

The scenarios of global fits (C9mu alone, C9mu = -C10mu, ...) are lines x * direction through the space of Wilson
coefficients. Compiling a fit for each would cost seconds apiece; here direction and bounds are data of one kernel that
gives value and slope of -2 log L at many points of all lines. In one dimension this is enough: a grid of slopes shows
every minimum, bracketed secants take it to rounding, and the 1 and 2 sigma crossings are further calls of the same
kernel. No second derivative is compiled, which would take longer than all the rest.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.at_work import doing
from bsfit.compiling import jit_quickly
from bsfit.errors import BsfitInputError
from bsfit.inference.crossings import MAX_ROUNDS, Walk
from bsfit.inference.degeneracy import LEVEL
from bsfit.inference.minimise import CONVERGED, GOAL
from bsfit.inference.significance import p_value, pull_if_better
from bsfit.results import ScenarioTable, provenance


def fit_lines(
    log_likelihood: Callable[..., Any],
    directions: Any,
    bounds: Any = (-3.0, 3.0),
    *,
    names: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
    chi2: Callable[..., Any] | None = None,
    n_data: int | None = None,
    starts: int = 64,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
) -> ScenarioTable:
    """Fit every one-parameter scenario x * directions[s] of `log_likelihood(vector [p]) -> scalar`.

    directions [s, p]: the common parameters at x = 1, `parameters` their names. bounds: (low, high) of x for all, or
    [s, 2]. names [s]: of the scenarios. chi2(vector): r^T C^-1 r where it differs from -2 log L up to a constant; used
    for chi2, p-value (with n_data) and pull. The pull is to the origin, with one degree of freedom. starts: points of
    each line where slopes are compared, at least 32; seed shifts them. about: the likelihood, for the record
    (`target.about`).
    Give the same function object again and nothing is compiled anew. Raises BsfitInputError for bad directions, bounds
    and names, and for lines without a finite log-likelihood.
    """
    started = time.time()
    lines = _checked(directions, bounds, names, parameters)
    points = max(starts, 32)
    kernel = _Kernel(log_likelihood, lines, lanes=len(lines.names) * points)
    with doing(f"{len(lines.names)} one-parameter fits"):
        minima = _minima(kernel, points, seed)
    best = np.array([found[0].position for found in minima])
    x = lines.low + lines.width * best
    with doing("ends of the 1 and 2 sigma intervals"):
        ends = _ends(kernel, minima)
    origin = kernel.at_origin()
    goodness = None if chi2 is None else np.asarray(_with_origin(chi2, jnp.asarray(x[:, None] * lines.directions)))
    rows = []
    for s, found in enumerate(minima):
        row = _row(lines, s, found, ends[s])
        delta = origin - found[0].value if goodness is None else goodness[-1] - goodness[s]
        row |= {
            "delta_chi2": delta,
            "pull": pull_if_better(float(delta), 1),
            "chi2": None,
            "ndf": None,
            "p_value": None,
        }
        if goodness is not None and n_data is not None:
            row |= {"chi2": goodness[s], "ndf": n_data - 1, "p_value": p_value(float(goodness[s]), n_data - 1)}
        rows.append(row)
    return ScenarioTable(
        rows=tuple(rows),
        parameters=tuple(lines.parameters),
        reference_chi2=None if goodness is None else float(goodness[-1]),
        reference_p_value=None if goodness is None or n_data is None else p_value(float(goodness[-1]), n_data),
        n_data=n_data,
        reference_log_likelihood=-0.5 * origin,
        messages=tuple(_messages(rows)),
        meta=provenance(about or {}, started=started, method="fit_lines", starts=points, seed=seed),
    )


class _Lines(NamedTuple):
    """Checked scenarios: directions [s, p], box low and width [s], names of scenarios and of common parameters."""

    directions: np.ndarray
    low: np.ndarray
    width: np.ndarray
    names: list[str]
    parameters: list[str]


class _Minimum(NamedTuple):
    """A minimum on a line: position in [0, 1], -2 log L there, what is left to the minimum in sigma, sigma, kind."""

    position: float
    value: float
    distance: float
    sigma: float
    kind: str  # "inside", "bound", "flat"


def _checked(directions: Any, bounds: Any, names: Any, parameters: Any) -> _Lines:
    directions = np.atleast_2d(np.asarray(directions, dtype=float))
    count, size = directions.shape
    if not np.all(np.isfinite(directions)) or np.any(np.all(directions == 0.0, axis=1)):
        raise BsfitInputError(
            "a direction is zero or not finite", field="directions", expected="[scenarios, parameters]"
        )
    box = np.asarray(bounds, dtype=float)
    if box.shape not in ((2,), (count, 2)) or not np.all(np.isfinite(box)) or np.any(box[..., 0] >= box[..., 1]):
        raise BsfitInputError(f"got {box.tolist()}", field="bounds", expected="finite low < high, for all or for each")
    names = [f"line {s}" for s in range(count)] if names is None else list(names)
    parameters = [f"x{i}" for i in range(size)] if parameters is None else list(parameters)
    if len(names) != count or len(parameters) != size:
        got = f"{len(names)} names and {len(parameters)} parameters for directions of shape {directions.shape}"
        raise BsfitInputError(got, field="names")
    box = np.broadcast_to(box, (count, 2))
    return _Lines(directions, box[:, 0].copy(), box[:, 1] - box[:, 0], names, parameters)


class _Kernel:
    """Value and slope of -2 log L at positions t on lines; always called with the same number of lanes."""

    def __init__(self, log_likelihood: Callable[..., Any], lines: _Lines, lanes: int) -> None:
        self.log_likelihood, self.lines, self.lanes = log_likelihood, lines, lanes

    def __call__(self, line: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and slopes d/dt [k]; value inf and slope NaN where either is not finite."""
        lines = self.lines
        return self._run(lines.directions[line], lines.low[line] + lines.width[line] * position, lines.width[line])

    def at_origin(self) -> float:
        """-2 log L where all common parameters vanish."""
        return float(self._run(self.lines.directions[:1], np.zeros(1), np.ones(1))[0][0])

    def _run(self, directions: np.ndarray, x: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batches = []
        for first in range(0, len(x), self.lanes):
            rows = np.minimum(np.arange(first, first + self.lanes), len(x) - 1)
            batches.append(_slopes(self.log_likelihood, *map(jnp.asarray, (directions[rows], x[rows]))))
        value, slope = (np.concatenate(part)[: len(x)] for part in zip(*batches, strict=True))
        fine = np.isfinite(value) & np.isfinite(slope)
        return np.where(fine, value, np.inf), np.where(fine, slope * width, np.nan)


@jit_quickly
def _slopes(log_likelihood: Any, directions: Float[Array, "k p"], x: Float[Array, " k"]) -> tuple[Any, Any]:
    def one(direction: Any, at: Any) -> tuple[Any, Any]:
        return jax.jvp(lambda y: -2.0 * log_likelihood(y * direction), (at,), (jnp.ones(()),))

    return jax.vmap(one)(directions, x)


@jit_quickly
def _with_origin(chi2: Callable[..., Any], points: Float[Array, "s p"]) -> Float[Array, " k"]:
    """Chi-square at points [s, p] and, last, at the origin."""
    return jax.vmap(lambda vector: chi2(vector))(jnp.concatenate([points, 0.0 * points[:1]]))


def _minima(kernel: _Kernel, points: int, seed: int) -> list[list[_Minimum]]:
    """All minima of every line, the deepest first."""
    count = len(kernel.lines.names)
    shift = np.random.default_rng(seed).random()
    grid = np.concatenate([[0.0], (np.arange(points - 2) + shift) / (points - 2), [1.0]])
    line, place = np.repeat(np.arange(count), points), np.tile(grid, count)
    value, slope = (part.reshape(count, points) for part in kernel(line, place))
    down, up = slope[:, :-1] < 0.0, slope[:, 1:] >= 0.0
    s, j = np.nonzero(down & up)
    refined = _roots(kernel, s, (grid[j], grid[j + 1]), (slope[s, j], slope[s, j + 1]))
    result = []
    for k in range(count):
        found = [m for m, at in zip(refined, s, strict=True) if at == k]
        found += [_Minimum(0.0, float(value[k, 0]), 0.0, 0.0, "bound")] if slope[k, 0] > 0.0 else []
        found += [_Minimum(1.0, float(value[k, -1]), 0.0, 0.0, "bound")] if slope[k, -1] < 0.0 else []
        if np.ptp(value[k]) < LEVEL:
            found = [_Minimum(0.5, float(np.mean(value[k])), 0.0, 1.0, "flat")]
        if not found:
            name = kernel.lines.names[k]
            raise BsfitInputError("the log-likelihood has no finite minimum on this line", field=f"scenario {name!r}")
        result.append(sorted(found, key=lambda m: m.value))
    return result


def _roots(kernel: _Kernel, line: np.ndarray, ends: Any, slopes: Any) -> list[_Minimum]:
    """Zeros of the slope in brackets, by the Illinois secant: it keeps the bracket and converges nearly like Newton."""
    (low, high), (at_low, at_high) = map(np.array, ends), map(np.array, slopes)
    k = len(line)
    weight_low, weight_high, last = np.ones(k), np.ones(k), np.zeros(k)
    best = np.array([low, np.full(k, np.inf), np.full(k, np.inf), np.zeros(k)])
    for _ in range(MAX_ROUNDS if k else 0):
        heavy_low, heavy_high = weight_low * at_low, weight_high * at_high
        trial = (low * heavy_high - high * heavy_low) / (heavy_high - heavy_low)
        trial = np.where((trial > low) & (trial < high), trial, 0.5 * (low + high))
        curvature = (at_high - at_low) / np.maximum(high - low, 1e-300)
        value, slope = kernel(line, trial)
        distance = np.abs(slope) / np.sqrt(2.0 * curvature)
        best = np.where(distance < best[2], np.array([trial, value, distance, np.sqrt(2.0 / curvature)]), best)
        right = slope >= 0.0
        weight_low = np.where(right, np.where(last > 0, 0.5 * weight_low, 1.0), 1.0)
        weight_high = np.where(right, 1.0, np.where(last < 0, 0.5 * weight_high, 1.0))
        low, at_low = np.where(right, low, trial), np.where(right, at_low, slope)
        high, at_high = np.where(right, trial, high), np.where(right, slope, at_high)
        last = np.where(right, 1, -1)
        if np.all((best[2] < GOAL) | (high - low < 1e-15)):
            break
    return [_Minimum(at, value, left, sigma, "inside") for at, value, left, sigma in best.T.tolist()]


def _ends(kernel: _Kernel, minima: list[list[_Minimum]]) -> np.ndarray:
    """Crossings [s, side, level] in scenario units around the deepest minimum; infinite where the bound comes first."""
    count, lines = len(minima), kernel.lines
    deepest = [found[0] for found in minima for _ in range(4)]
    line = np.repeat(np.arange(count), 4)
    level = np.tile([1.0, 4.0], 2 * count)
    side = np.tile([-1, -1, 1, 1], count)
    width = np.array([m.sigma if m.kind == "inside" else 0.05 for m in deepest])
    walk = Walk(np.array([m.position for m in deepest]), side, level, width * np.sqrt(level))
    for _ in range(MAX_ROUNDS):
        if not walk.pending.any():
            break
        value, slope = kernel(line, walk.where(walk.trial))
        walk.judge(value - np.array([m.value for m in deepest]), slope * side)
    ends = np.where(np.isinf(walk.answer), side * np.inf, walk.answer).reshape(count, 2, 2)
    return lines.low[:, None, None] + lines.width[:, None, None] * ends


def _row(lines: _Lines, s: int, minima: list[_Minimum], ends: np.ndarray) -> dict[str, Any]:
    """Best fit, intervals, status and the other minima of one scenario; ends [side, level]."""
    best = minima[0]
    x = [lines.low[s] + lines.width[s] * m.position for m in minima]
    status = {"inside": "converged", "bound": "at bound", "flat": "degenerate"}[best.kind]
    return {
        "name": lines.names[s],
        "direction": dict(zip(lines.parameters, lines.directions[s].tolist(), strict=True)),
        "bounds": (lines.low[s], lines.low[s] + lines.width[s]),
        "best": x[0],
        "errors": (x[0] - ends[0, 0], ends[1, 0] - x[0]),
        "interval_1": (ends[0, 0], ends[1, 0]),
        "interval_2": (ends[0, 1], ends[1, 1]),
        "log_likelihood": -0.5 * best.value,
        "status": status if best.distance < CONVERGED else "not converged",
        "minima": [{"value": at, "delta_chi2": m.value - best.value} for at, m in zip(x, minima, strict=True)],
    }


def _messages(rows: list[dict[str, Any]]) -> list[str]:
    messages = []
    for row in rows:
        near = [m for m in row["minima"][1:] if m["delta_chi2"] < 4.0]
        if near:
            listed = ", ".join(f"{m['value']:.3g} (Delta chi2 = {m['delta_chi2']:.2g})" for m in near)
            messages.append(
                f"{row['name']}: further minimum within 2 sigma at {listed}; intervals are around the best fit"
            )
        if row["status"] == "at bound":
            messages.append(f"{row['name']}: the best fit is at a bound; the minimum may lie outside")
        if row["pull"] is None:
            low, high = row["bounds"]
            outside = "" if low <= 0.0 <= high else ", which lies outside of the bounds,"
            better = f"fits better, by Delta chi2 = {-row['delta_chi2']:.2f}: no pull"
            messages.append(f"{row['name']}: the Standard Model{outside} {better}")
    return messages
