"""Many one-parameter fits in one compilation: straight lines through a common space of parameters.

The scenarios of global fits (C9mu alone, C9mu = -C10mu, ...) are lines x * direction through the space of Wilson
coefficients. Compiling a fit for each would cost seconds apiece; here direction and bounds are data of one kernel, all
scenarios with all their starts are its lanes, and the 1 and 2 sigma crossings are further calls of the same kernel.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.errors import BsfitInputError
from bsfit.inference.crossings import Search, crossings
from bsfit.inference.degeneracy import FLAT
from bsfit.inference.minimise import Minima, minimise, scatter
from bsfit.inference.search import SAME_DEPTH
from bsfit.inference.significance import p_value, pull
from bsfit.results import ScenarioTable, provenance


class _Line(eqx.Module):
    """-2 log L on a line: position t in [0, 1], data = (direction [p], lower, width)."""

    log_likelihood: Any

    def __call__(self, position: Float[Array, "1"], data: Any) -> Float[Array, ""]:
        direction, lower, width = data
        return -2.0 * self.log_likelihood((lower + width * position[0]) * direction)


def fit_lines(
    log_likelihood: Callable[..., Any],
    directions: Any,
    bounds: Any = (-3.0, 3.0),
    *,
    names: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
    chi2: Callable[..., Any] | None = None,
    n_data: int | None = None,
    starts: int = 16,
    seed: int = 0,
    like: Any = None,
) -> ScenarioTable:
    """Fit every one-parameter scenario x * directions[s] of `log_likelihood(vector [p]) -> scalar`.

    directions [s, p]: the common parameters at x = 1, `parameters` their names. bounds: (low, high) of x for all, or
    [s, 2]. names [s]: of the scenarios. chi2(vector): r^T C^-1 r where it differs from -2 log L up to a constant; used
    for chi2, p-value (with n_data) and pull. The pull is to the origin, with one degree of freedom. like: object whose
    `meta` goes into the result. Give the same function object again and nothing is compiled anew.
    """
    started = time.time()
    directions, low, high, names, parameters = _checked(directions, bounds, names, parameters)
    count = len(directions)
    lanes = count * starts
    objective = _Line(log_likelihood)
    data = (directions, low, high - low)

    def repeated(times: int) -> Any:
        return tuple(np.repeat(part, times, axis=0) for part in data)

    found = minimise(objective, np.tile(scatter(starts, 1, seed), (count, 1)), data=repeated(starts), lanes=lanes)
    best = np.array([_deepest(found.value[s * starts : (s + 1) * starts]) + s * starts for s in range(count)])
    ends = _ends(objective, found, best, repeated(4), lanes).reshape(count, 2, 2)
    x, ends = low + (high - low) * found.position[best, 0], low[:, None, None] + (high - low)[:, None, None] * ends
    origin = minimise(
        objective, np.zeros((1, 1)), hold=np.ones((1, 1)), data=tuple(0 * part[:1] for part in data), lanes=lanes
    )
    goodness = _chi2(chi2, x[:, None] * directions)
    rows = []
    for s, i in enumerate(best):
        mine = slice(s * starts, (s + 1) * starts)
        delta = float(origin.value[0] - found.value[i]) if goodness is None else float(goodness[-1] - goodness[s])
        flat = abs(found.hessian[i, 0, 0]) < FLAT and not np.isfinite(ends[s]).any()
        row = _row(x[s], low[s] + (high[s] - low[s]) * found.position[mine, 0], _only(found, mine), int(i) - s * starts)
        row |= {"name": names[s], "direction": dict(zip(parameters, directions[s].tolist(), strict=True))}
        row |= {"bounds": (low[s], high[s]), "status": "degenerate" if flat else row["status"]}
        row |= {f"interval_{k + 1}": (_open(ends[s, 0, k], -np.inf), _open(ends[s, 1, k], np.inf)) for k in (0, 1)}
        row |= {"errors": (x[s] - row["interval_1"][0], row["interval_1"][1] - x[s])}
        row |= {"chi2": None, "ndf": None, "p_value": None, "delta_chi2": delta, "pull": pull(delta, 1)}
        if goodness is not None and n_data is not None:
            row |= {"chi2": goodness[s], "ndf": n_data - 1, "p_value": p_value(goodness[s], n_data - 1)}
        rows.append(row)
    return ScenarioTable(
        rows=tuple(rows),
        parameters=tuple(parameters),
        reference_chi2=None if goodness is None else goodness[-1],
        n_data=n_data,
        reference_log_likelihood=-0.5 * origin.value[0],
        messages=tuple(_messages(rows)),
        meta=provenance(like, started=started, method="fit_lines", starts=starts, seed=seed),
    )


def _checked(directions: Any, bounds: Any, names: Any, parameters: Any) -> tuple[Any, ...]:
    directions = np.atleast_2d(np.asarray(directions, dtype=float))
    count, size = directions.shape
    if not np.all(np.isfinite(directions)) or np.any(np.all(directions == 0.0, axis=1)):
        raise BsfitInputError(
            "a direction is zero or not finite", field="directions", expected="[scenarios, parameters]"
        )
    box = np.broadcast_to(np.asarray(bounds, dtype=float), (count, 2))
    if not np.all(np.isfinite(box)) or np.any(box[:, 0] >= box[:, 1]):
        raise BsfitInputError(f"got {np.asarray(bounds).tolist()}", field="bounds", expected="finite low < high")
    names = [f"line {s}" for s in range(count)] if names is None else list(names)
    parameters = [f"x{i}" for i in range(size)] if parameters is None else list(parameters)
    if len(names) != count or len(parameters) != size:
        raise BsfitInputError(
            f"{len(names)} names and {len(parameters)} parameters for directions of shape {directions.shape}",
            field="names",
        )
    return directions, box[:, 0].copy(), box[:, 1].copy(), names, parameters


def _deepest(values: np.ndarray) -> int:
    return int(np.argmin(np.where(np.isfinite(values), values, np.inf)))


def _only(found: Minima, rows: slice) -> Minima:
    return Minima(*(leaf[rows] for leaf in found))


def _ends(objective: _Line, found: Minima, best: np.ndarray, data: Any, lanes: int) -> np.ndarray:
    """Positions [s * side * level] of the crossings; the parameter is held, so that each call only evaluates."""
    count = len(best)
    curvature = np.maximum(found.hessian[best, 0, 0], 2.0)
    level = np.tile([1.0, 4.0, 1.0, 4.0], count)
    look = Search(
        start=np.repeat(found.position[best], 4, axis=0),
        value=np.repeat(found.value[best], 4),
        axis=np.zeros(4 * count, dtype=int),
        side=np.tile([-1, -1, 1, 1], count),
        level=level,
        guess=np.sqrt(2.0 * level / np.repeat(curvature, 4)),
        tilt=np.ones((4 * count, 1)),
    )
    return crossings(objective, look, data=data, lanes=lanes).position


def _open(end: float, infinity: float) -> float:
    return infinity if np.isinf(end) else float(end)


def _chi2(chi2: Callable[..., Any] | None, points: np.ndarray) -> np.ndarray | None:
    """Chi-square at points [s, p] and, last, at the origin."""
    if chi2 is None:
        return None
    return np.asarray(eqx.filter_jit(jax.vmap(chi2))(jnp.asarray(np.concatenate([points, 0.0 * points[:1]]))))


def _row(x: float, places: np.ndarray, found: Minima, best: int) -> dict[str, Any]:
    """Best fit, status and the other minima of one scenario."""
    position, gradient = found.position[best, 0], found.gradient[best, 0]
    pressed = (position <= 0.0 and gradient > 0.0) or (position >= 1.0 and gradient < 0.0)
    status = "at bound" if pressed else "converged"
    minima: list[tuple[float, float]] = [(float(x), 0.0)]
    for i in np.argsort(found.value):
        rise = float(found.value[i] - found.value[best])
        place = 1e-3 * np.ptp(places) + 1e-9
        known = any(abs(places[i] - at) < place and abs(rise - depth) < 10 * SAME_DEPTH for at, depth in minima)
        if found.converged[i] and found.hessian[i, 0, 0] > FLAT and not known:
            minima.append((float(places[i]), max(rise, 0.0)))
    return {
        "best": x,
        "log_likelihood": -0.5 * found.value[best],
        "status": status if found.converged[best] else "not converged",
        "minima": [{"value": at, "delta_chi2": depth} for at, depth in minima],
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
    return messages
