"""Many one-parameter fits in one compilation: straight lines through a common space of parameters.

The scenarios of global fits (C9mu alone, C9mu = -C10mu, ...) are lines x * direction through the space of Wilson
coefficients. Compiling a fit for each would cost seconds apiece; here direction and bounds are data of one kernel, all
scenarios with all their starts are its lanes, and the 1 and 2 sigma crossings are further calls of the same kernel.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.errors import BsfitInputError
from bsfit.inference.crossings import Search, crossings
from bsfit.inference.degeneracy import FLAT
from bsfit.inference.minimise import Minima, minimise, scatter
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
    lines = _lines(directions, bounds, names, parameters)
    count = len(lines.directions)
    lanes = count * starts
    objective = _Line(log_likelihood)
    found = minimise(objective, np.tile(scatter(starts, 1, seed), (count, 1)), data=lines.repeated(starts), lanes=lanes)
    groups = [Minima(*(leaf[s * starts : (s + 1) * starts] for leaf in found)) for s in range(count)]
    best = [int(np.argmin(np.where(np.isfinite(group.value), group.value, np.inf))) for group in groups]
    ends = _ends(objective, groups, best, lines, lanes)
    x = lines.low + lines.width * np.array([group.position[i, 0] for group, i in zip(groups, best, strict=True)])
    origin = _at_origin(objective, lines, lanes)
    goodness = _chi2(chi2, x[:, None] * lines.directions)
    rows = []
    for s, (group, i) in enumerate(zip(groups, best, strict=True)):
        row = _row(lines, s, group, i, ends[s])
        delta = origin - group.value[i] if goodness is None else goodness[-1] - goodness[s]
        row |= {"delta_chi2": delta, "pull": pull(float(delta), 1), "chi2": None, "ndf": None, "p_value": None}
        if goodness is not None and n_data is not None:
            row |= {"chi2": goodness[s], "ndf": n_data - 1, "p_value": p_value(goodness[s], n_data - 1)}
        rows.append(row)
    return ScenarioTable(
        rows=tuple(rows),
        parameters=tuple(lines.parameters),
        reference_chi2=None if goodness is None else goodness[-1],
        n_data=n_data,
        reference_log_likelihood=-0.5 * origin,
        messages=tuple(_messages(rows)),
        meta=provenance(like, started=started, method="fit_lines", starts=starts, seed=seed),
    )


class _Lines(NamedTuple):
    """Checked scenarios: directions [s, p], box low and width [s], names of scenarios and of common parameters."""

    directions: np.ndarray
    low: np.ndarray
    width: np.ndarray
    names: list[str]
    parameters: list[str]

    def repeated(self, times: int) -> Any:
        """Data of the kernel, every scenario `times` in a row."""
        return tuple(np.repeat(part, times, axis=0) for part in (self.directions, self.low, self.width))


def _lines(directions: Any, bounds: Any, names: Any, parameters: Any) -> _Lines:
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


def _ends(objective: _Line, groups: list[Minima], best: list[int], lines: _Lines, lanes: int) -> np.ndarray:
    """Crossings [s, side, level] in scenario units; the parameter is held, so that each call only evaluates."""
    count = len(groups)
    position, value, curvature = (
        np.repeat([leaf[i].reshape(-1)[0] for leaf, i in zip(leaves, best, strict=True)], 4)
        for leaves in zip(*((group.position, group.value, group.hessian) for group in groups), strict=True)
    )
    level = np.tile([1.0, 4.0], 2 * count)
    look = Search(
        start=position[:, None],
        value=value,
        axis=np.zeros(4 * count, dtype=int),
        side=np.tile([-1, -1, 1, 1], count),
        level=level,
        guess=np.sqrt(2.0 * level / np.maximum(curvature, 2.0)),
        tilt=np.ones((4 * count, 1)),
    )
    ends = crossings(objective, look, data=lines.repeated(4), lanes=lanes).position.reshape(count, 2, 2)
    ends = np.where(np.isinf(ends), np.array([-np.inf, np.inf])[None, :, None], ends)
    return lines.low[:, None, None] + lines.width[:, None, None] * ends


def _at_origin(objective: _Line, lines: _Lines, lanes: int) -> float:
    """-2 log L where all common parameters vanish: a direction of length zero."""
    nothing = tuple(0.0 * part[:1] for part in lines.repeated(1))
    return float(minimise(objective, np.zeros((1, 1)), hold=np.ones((1, 1)), data=nothing, lanes=lanes).value[0])


def _chi2(chi2: Callable[..., Any] | None, points: np.ndarray) -> np.ndarray | None:
    """Chi-square at points [s, p] and, last, at the origin."""
    if chi2 is None:
        return None
    return np.asarray(eqx.filter_jit(jax.vmap(chi2))(jnp.asarray(np.concatenate([points, 0.0 * points[:1]]))))


def _row(lines: _Lines, s: int, group: Minima, best: int, ends: np.ndarray) -> dict[str, Any]:
    """Best fit, intervals, status and the other minima of one scenario; ends [side, level]."""
    x = lines.low[s] + lines.width[s] * group.position[:, 0]
    position, gradient, curvature = group.position[best, 0], group.gradient[best, 0], group.hessian[best, 0, 0]
    pressed = (position <= 0.0 and gradient > 0.0) or (position >= 1.0 and gradient < 0.0)
    flat = abs(curvature) < FLAT and not np.isfinite(ends).any()
    status = "degenerate" if flat else "at bound" if pressed else "converged"
    return {
        "name": lines.names[s],
        "direction": dict(zip(lines.parameters, lines.directions[s].tolist(), strict=True)),
        "bounds": (lines.low[s], lines.low[s] + lines.width[s]),
        "best": x[best],
        "errors": (x[best] - ends[0, 0], ends[1, 0] - x[best]),
        "interval_1": (ends[0, 0], ends[1, 0]),
        "interval_2": (ends[0, 1], ends[1, 1]),
        "log_likelihood": -0.5 * group.value[best],
        "status": status if group.converged[best] else "not converged",
        "minima": _minima(x, group, best),
    }


def _minima(x: np.ndarray, group: Minima, best: int) -> list[dict[str, float]]:
    """Distinct minima, the best one first."""
    listed = [(float(x[best]), 0.0)]
    for i in np.argsort(group.value):
        rise = max(float(group.value[i] - group.value[best]), 0.0)
        known = any(abs(x[i] - at) < 1e-4 * (1.0 + abs(at)) for at, _ in listed)
        if group.converged[i] and group.hessian[i, 0, 0] > FLAT and not known:
            listed.append((float(x[i]), rise))
    return [{"value": at, "delta_chi2": rise} for at, rise in listed]


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
