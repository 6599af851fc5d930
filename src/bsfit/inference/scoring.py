r"""The maximum of a likelihood with many nuisances whose predictions are costly: Fisher's scoring.

Newton's method with :math:`J^TWJ`, W the exact curvature of the log-likelihood in the predictions, in place of the
Hessian (Gauss-Newton), in the unit box. What it lacks, the curvature of the predictions, is learnt from the gradients
of successive points by symmetric rank-one updates (Dennis, Gay, Welsch, ACM TOMS 7 (1981) 348): a handful of Jacobians
then reach a gradient that is zero to rounding. Steps stay within a trust radius, which directions that the data hardly
see, and curvatures of the wrong sign, make necessary.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from bsfit.at_work import doing
from bsfit.errors import BsfitInputError
from bsfit.inference import allowed
from bsfit.inference.minimise import CONVERGED, pressed
from bsfit.inference.search import Best, Place
from bsfit.inference.space import Objective, Space
from bsfit.inference.target import Quadratic, Target

MAX_STEPS = 100
ROUNDING = 1e-12
# Along steps of so many sigma the curvature of the predictions is constant enough, and above rounding, to be learnt.
LEARNING = 1e-7, 2.0
# Where scoring starts beside the reference point, in the box: there may be a saddle, as for imaginary parts.
AWAY = 0.01


class Peak(NamedTuple):
    """Where scoring ended, in box units of -2 log L; `distance` is what Newton's step from there is long, in sigma."""

    position: Float[np.ndarray, " n"]
    value: float
    gradient: Float[np.ndarray, " n"]
    hessian: Float[np.ndarray, "n n"]
    distance: float
    steps: int
    summary: dict[str, Any]


def climb(
    quadratic: Quadratic,
    space: Space,
    start: Float[np.ndarray, " n"],
    hold: Bool[np.ndarray, " n"] | None = None,
    near: float = CONVERGED,
) -> Peak:
    """Follow the likelihood from a position of the unit box to `near` its maximum, in sigma; those in `hold` are kept.

    Raises `BsfitInputError` if it is not finite at the start.
    """
    held = np.zeros(len(start), dtype=bool) if hold is None else hold
    here = _measure(quadratic, space, np.clip(start, 0.0, 1.0))
    if not np.isfinite(here.value):
        raise BsfitInputError("the log-likelihood is not finite at the start", field="fit")
    learnt, radius = np.zeros_like(here.hessian), 1.0
    with doing("climbing to the maximum") as work:
        for steps in range(MAX_STEPS):
            model = _Model(here, learnt, ~held & ~pressed(here.position, here.gradient))
            here = here._replace(distance=model.distance(), steps=steps)
            work.came(f"step {steps + 1}, {here.distance:.2g} sigma to go")
            if here.distance < near or radius < ROUNDING:
                break
            there = _measure(quadratic, space, np.clip(here.position + model.step(radius), 0.0, 1.0))
            moved = there.position - here.position
            length, gain, expected = float(np.linalg.norm(moved)), here.value - there.value, model.gain(moved)
            noise = ROUNDING * abs(here.value)
            accepted = gain >= -noise
            if LEARNING[0] ** 2 < 0.5 * moved @ here.hessian @ moved < LEARNING[1] ** 2 and np.isfinite(there.value):
                learnt = _learn(learnt, moved, there.gradient - here.gradient, (there if accepted else here).hessian)
            # Below rounding, values say nothing about the model any more; gradients still do.
            share = gain / expected if expected > noise else float(accepted)
            radius = 2.0 * max(radius, length) if share > 0.75 else radius if share >= 0.25 else 0.3 * length
            here = there if accepted else here
    return here


def highest(
    like: Target, space: Space, reference: Mapping[str, Any] | None
) -> tuple[Best, dict[str, Any], dict[str, Any] | None]:
    """The maximum next to the reference point of a likelihood with `quadratic`, its summary there and at the reference.

    The latter is with what is `constrained` fitted there, None without a reference inside the box.
    """
    quadratic = like.quadratic
    assert quadratic is not None
    inside = space.inside(reference)
    start, there, outside = np.full(space.size, 0.5), None, ()
    if inside is None:
        (start,), outside = allowed.starts(Objective(like, space), start[None], 0)
    else:
        hold = np.array([name not in like.constrained for name in space.names])
        first = climb(quadratic, space, inside[0], hold, near=1e-2)
        start, there = np.where(hold, first.position + AWAY, first.position), first.summary
    peak = climb(quadratic, space, start)
    place = Place(peak.position, peak.value, peak.gradient, peak.hessian, 1)
    at_bound = pressed(peak.position, peak.gradient)
    best = Best(*place[:4], peak.distance, at_bound, [], [place], [place], 1, 1, outside)
    return best, peak.summary, there


class _Model:
    """The quadratic model of -2 log L about a point, in the directions that are free."""

    def __init__(self, here: Peak, learnt: np.ndarray, free: np.ndarray) -> None:
        self.here, self.free, self.matrix = here, free, here.hessian + learnt
        self.curvature, self.vectors = np.linalg.eigh(self.matrix[np.ix_(free, free)])
        self.slope = self.vectors.T @ here.gradient[free]

    def distance(self) -> float:
        """Newton's estimate of the distance to the maximum, in sigma."""
        size = np.abs(self.curvature)
        size = np.maximum(size, 1e-12 * size.max(initial=0.0) + 1e-9)
        return float(np.sqrt(0.5 * np.sum(self.slope**2 / size)))

    def step(self, radius: float) -> np.ndarray:
        """The step [n] to the lowest point of the model within a radius."""
        floor = 1e-12 * np.abs(self.curvature).max(initial=0.0) + 1e-9
        low = max(0.0, floor - self.curvature.min(initial=np.inf))

        def along(damping: Any) -> np.ndarray:
            return -self.slope / (self.curvature + damping)

        damping = low
        if np.linalg.norm(along(low)) > radius:
            high = low + np.linalg.norm(self.slope) / radius
            for _ in range(60):
                damping = 0.5 * (low + high)
                low, high = (damping, high) if np.linalg.norm(along(damping)) > radius else (low, damping)
        step = np.zeros_like(self.here.position)
        step[self.free] = self.vectors @ along(damping)
        return step

    def gain(self, moved: np.ndarray) -> float:
        """How much lower the model is after a step."""
        return float(-(self.here.gradient @ moved) - 0.5 * moved @ self.matrix @ moved)


def _measure(quadratic: Quadratic, space: Space, position: np.ndarray) -> Peak:
    """-2 log-likelihood with the constraints of the space, its gradient and information in box units."""
    params = {name: float(value) for name, value in space.params(jnp.asarray(position)).items()}
    log_likelihood, gradient, information, summary = quadratic(params)
    width = np.asarray(space.upper - space.lower)
    slope = width * np.where(space.log, [params[name] for name in space.names], 1.0)
    value, gradient = -2.0 * log_likelihood, -2.0 * slope * gradient
    hessian = 2.0 * np.outer(slope, slope) * information
    if any(prior is not None for prior in space.priors):

        def penalty(t: Any) -> Any:
            return -2.0 * space.constraint(space.params(t))

        at = jnp.asarray(position)
        value += float(penalty(at))
        gradient = gradient + np.asarray(jax.grad(penalty)(at))
        hessian = hessian + np.asarray(jax.hessian(penalty)(at))
    return Peak(position, value, gradient, hessian, np.inf, 0, summary)


def _learn(learnt: np.ndarray, moved: np.ndarray, turned: np.ndarray, information: np.ndarray) -> np.ndarray:
    """Symmetric rank-one update of what the information lacks to explain how the gradient turned along a step."""
    missed = turned - (information + learnt) @ moved
    size, square = missed @ moved, missed @ missed
    # More than the data's own largest curvature is a small denominator, not a finding.
    if square == 0.0 or square > abs(size) * np.linalg.norm(information):
        return learnt
    return learnt + np.outer(missed, missed) / size
