"""The modes of a posterior: their weight, where chains start around them, and whether the draws have seen them.

Everything here is Laplace's approximation in the unit box, in which bounds are a flat prior: it only has to be right
about which modes matter. Chains that all sit in one of two modes agree perfectly with each other, so that no R-hat can
tell; what the search for minima has found can.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bsfit.inference import degeneracy
from bsfit.inference.search import Best, Place
from bsfit.inference.space import Space

# Modes below this share of the heaviest get no chain; those above the larger one must have been seen by a draw.
LEAST_WEIGHT, MUST_BE_SEEN = 1e-3, 0.02
# Starting points are this many posterior widths wide.
OVERDISPERSION = 1.5
# Ends of two starts closer than this part of the box are one point.
SAME_POINT = 1e-3


def weights(places: list[Place]) -> np.ndarray:
    """Posterior weight of each minimum of -2 log density relative to the heaviest, in Laplace's approximation."""
    height = np.array([-0.5 * place.value + 0.5 * np.linalg.slogdet(width(place))[1] for place in places])
    return np.exp(height - np.max(height))


def modes(best: Best) -> tuple[list[Place], np.ndarray]:
    """Distinct minima that carry weight, heaviest first, and their shares."""
    weight = weights(best.places)
    order = [int(i) for i in np.argsort(-weight, kind="stable") if weight[i] >= LEAST_WEIGHT]
    return [best.places[i] for i in order], weight[order] / np.sum(weight[order])


def heavy(places: list[Place], least: float) -> list[Place]:
    """Those with at least this part of the weight of the heaviest; none of none."""
    if not places:
        return []
    return [place for place, weight in zip(places, weights(places), strict=True) if weight >= least]


def far_apart(heaviest: Place, ends: list[Place], count: int) -> list[Place]:
    """`count` places that carry weight, each as far as can be from those before: along valleys, across modes."""
    pool = heavy([heaviest, *ends], LEAST_WEIGHT)
    position = np.array([place.position for place in pool])
    chosen: list[int] = []
    distance = np.zeros(len(pool))
    for _ in range(count):
        if np.max(distance) < SAME_POINT:
            chosen.append(0)
            distance = np.linalg.norm(position - position[0], axis=1)
        else:
            chosen.append(int(np.argmax(distance)))
            distance = np.minimum(distance, np.linalg.norm(position - position[chosen[-1]], axis=1))
    return [pool[i] for i in chosen]


def width(place: Place) -> np.ndarray:
    """Covariance [n, n] of a mode in the unit box: Laplace's, no wider than the box itself."""
    at_edge = (place.position <= 0.0) | (place.position >= 1.0)
    eigenvalues, vectors = degeneracy.spectrum(place.hessian, ~at_edge)
    inside = (vectors / np.maximum(0.5 * np.abs(eigenvalues), 12.0)) @ vectors.T
    # Against a bound the density falls like exp(-|g| t / 2).
    edge = np.minimum(2.0 / np.maximum(np.abs(place.gradient), 1e-9), 12.0**-0.5)
    return inside + np.diag(np.where(at_edge, edge**2, 0.0))


def displaced(mode: Place, random: np.random.Generator, widths: float = OVERDISPERSION) -> np.ndarray:
    """A point around a mode, on the inner side of the bounds it touches."""
    spread = widths * np.linalg.cholesky(width(mode)) @ random.standard_normal(len(mode.position))
    inner = np.where(mode.position <= 0.0, np.abs(spread), np.where(mode.position >= 1.0, -np.abs(spread), spread))
    return mode.position + inner


def around(ends: list[Place], each: Callable[[int], int], seed: int) -> np.ndarray:
    """Points [k, n] of the unit box about the ends that must be seen, `each(modes)` for one of so many modes."""
    random = np.random.default_rng(seed)
    places: list[Place] = []
    for end in heavy(ends, MUST_BE_SEEN):
        if all(np.linalg.norm(end.position - other.position) >= SAME_POINT for other in places):
            places.append(end)
    points = [displaced(place, random, 1.0) for place in places for _ in range(each(len(places)))]
    return np.clip(np.array(points), 0.0, 1.0)


def described(space: Space, mode: Place, weight: float) -> dict[str, Any]:
    """A mode in the parameters' own units, with its share of the posterior."""
    x = degeneracy.natural(space, mode.position)[0]
    return {"values": dict(zip(space.names, x.tolist(), strict=True)), "weight": float(weight)}


def missed(ends: list[Place], draws: np.ndarray) -> list[Place]:
    """Heavy ends of the search that no draw [k, n] in the unit box has come near to, one of those at a point.

    Near is inside the ellipsoid that holds all but a few in a million draws of a Gaussian of the same width.
    """
    found: list[Place] = []
    for end in heavy(ends, MUST_BE_SEEN):
        if any(np.linalg.norm(end.position - other.position) < SAME_POINT for other in found):
            continue
        step, n = draws - end.position, draws.shape[1]
        if np.min(np.einsum("ki,ij,kj->k", step, np.linalg.inv(width(end)), step)) > n + 6.0 * np.sqrt(2.0 * n):
            found.append(end)
    return found


def unseen(space: Space, ends: list[Place], draws: np.ndarray) -> list[str]:
    """Those that were missed, in words."""
    return [f"no draw is near the mode at {_at(space, end)}" for end in missed(ends, draws)]


def _at(space: Space, place: Place) -> str:
    x = degeneracy.natural(space, place.position)[0]
    return ", ".join(f"{name} = {value:.4g}" for name, value in zip(space.names, x, strict=True))
