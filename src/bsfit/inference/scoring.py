r"""The maximum of a likelihood with many nuisances whose predictions are costly: Fisher's scoring.

Newton's method with :math:`J^TWJ`, W the exact curvature of the log-likelihood in the predictions, in place of the
Hessian (Gauss-Newton), steps shortened where they do not ascend, in the unit box. What it lacks, the curvature of the
predictions, is learnt from the gradients of successive steps by symmetric rank-one updates (Dennis, Gay, Welsch, ACM
TOMS 7 (1981) 348): a handful of Jacobians then reach a gradient that is zero to rounding.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from bsfit.errors import BsfitInputError
from bsfit.inference.minimise import CONVERGED
from bsfit.inference.space import Space

MAX_STEPS = 60
ROUNDING = 1e-12
# Within so many sigma of the maximum the curvature of the predictions is constant enough to be learnt.
NEIGHBOURHOOD = 0.5


Expand = Callable[[Mapping[str, float]], tuple[float, np.ndarray, np.ndarray, dict[str, Any]]]
"""Parameters -> log-likelihood, its gradient [n] and information [n, n] in the order of the free parameters, and what
else the likelihood has to say there: chi2, by_group, ..."""


class Peak(NamedTuple):
    """Where scoring ended, in box units of -2 log L; `distance` is what Newton's step from there is long, in sigma."""

    position: Float[np.ndarray, " n"]
    value: float
    gradient: Float[np.ndarray, " n"]
    hessian: Float[np.ndarray, "n n"]
    distance: float
    steps: int
    told: dict[str, Any]


def climb(
    expand: Expand,
    space: Space,
    start: Float[np.ndarray, " n"],
    hold: Bool[np.ndarray, " n"] | None = None,
    near: float = CONVERGED,
) -> Peak:
    """Follow the likelihood from a position of the unit box to `near` its maximum, in sigma; those in `hold` are kept.

    Raises `BsfitInputError` if it is not finite at the start.
    """
    held = np.zeros(len(start), dtype=bool) if hold is None else hold
    here = _measure(expand, space, np.clip(start, 0.0, 1.0))
    if not np.isfinite(here.value):
        raise BsfitInputError("the log-likelihood is not finite at the start", field="fit")
    learnt, length, steps = np.zeros_like(here.hessian), 1.0, 0
    for steps in range(1, MAX_STEPS + 1):
        free = ~held & ~_pressed(here)
        here = here._replace(distance=_distance(here, learnt, free), steps=steps - 1)
        if here.distance < near or length < 1e-8:
            break
        trial = np.clip(here.position + length * _step(here, learnt, free), 0.0, 1.0)
        there = _measure(expand, space, trial)
        if there.value <= here.value + ROUNDING * abs(here.value):
            if here.distance < NEIGHBOURHOOD:
                learnt = _learn(learnt, there, here)
            here, length = there, 1.0
        else:
            length *= _shorter(here.gradient @ (trial - here.position), there.value - here.value)
    return here


def _shorter(slope: float, rise: float) -> float:
    """Fraction of a step at which the parabola through its ends is lowest."""
    return min(max(-slope / (2.0 * (rise - slope)), 0.1), 0.7)


def _measure(expand: Expand, space: Space, position: np.ndarray) -> Peak:
    """-2 log-likelihood with the constraints of the space, its gradient and information in box units."""
    params = {name: float(value) for name, value in space.params(jnp.asarray(position)).items()}
    log_likelihood, gradient, information, told = expand(params)
    width = np.asarray(space.upper - space.lower)
    slope = width * np.where(space.log, [params[name] for name in space.names], 1.0)
    value, gradient = -2.0 * log_likelihood, -2.0 * slope * gradient
    hessian = 2.0 * np.outer(slope, slope) * information
    if any(prior is not None for prior in space.priors):

        def penalty(t: Any) -> Any:
            return -2.0 * space.constraint(space.params(t))

        value += float(penalty(position))
        gradient = gradient + np.asarray(jax.grad(penalty)(jnp.asarray(position)))
        hessian = hessian + np.asarray(jax.hessian(penalty)(jnp.asarray(position)))
    return Peak(position, value, gradient, hessian, np.inf, 0, told)


def _pressed(peak: Peak) -> Bool[np.ndarray, " n"]:
    t, g = peak.position, peak.gradient
    return ((t <= 0.0) & (g > 0.0)) | ((t >= 1.0) & (g < 0.0))


def _spectrum(matrix: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Absolute eigenvalues, away from zero, and eigenvectors of the free block."""
    values, vectors = np.linalg.eigh(matrix[np.ix_(free, free)])
    size = np.abs(values)
    return np.maximum(size, 1e-12 * size.max(initial=0.0) + 1e-9), vectors


def _distance(peak: Peak, learnt: np.ndarray, free: np.ndarray) -> float:
    """Newton's estimate of the distance to the maximum, in sigma."""
    size, vectors = _spectrum(peak.hessian + learnt, free)
    return float(np.sqrt(0.5 * np.sum((vectors.T @ peak.gradient[free]) ** 2 / size)))


def _step(peak: Peak, learnt: np.ndarray, free: np.ndarray) -> np.ndarray:
    size, vectors = _spectrum(peak.hessian + learnt, free)
    step = np.zeros_like(peak.position)
    step[free] = -vectors @ (vectors.T @ peak.gradient[free] / size)
    return step


def _learn(learnt: np.ndarray, there: Peak, here: Peak) -> np.ndarray:
    """Symmetric rank-one update of what the information at the new point lacks."""
    step = there.position - here.position
    missed = there.gradient - here.gradient - (there.hessian + learnt) @ step
    size = missed @ step
    if abs(size) < 1e-8 * np.linalg.norm(missed) * np.linalg.norm(step):
        return learnt
    return learnt + np.outer(missed, missed) / size
