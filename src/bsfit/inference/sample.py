"""Posterior draws by NUTS and jumps, judged before they are believed: the density, where chains start, the verdict.

numpyro's NUTS on the unbounded coordinates of `space`, between jumps to all that warm-up has seen (`jumps`). Chains
start around every mode that carries weight, overdispersed by its own width, with the curvature there as first guess of
the mass matrix, which does what coordinates whitened by it do; chains that do not mix show in R-hat. The verdict is
that of `diagnostics.judge`. `runs.sample` carries it out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.inference import allowed, diagnostics, modes, target
from bsfit.inference.following import EDGE, Follow, coordinates, unbounded
from bsfit.inference.scoring import highest
from bsfit.inference.search import Best, Place, search
from bsfit.inference.space import Objective, Space
from bsfit.inference.steps import Content
from bsfit.inference.walls import Walled

# Starting points keep this distance from the edges of the unit box; widths are taken farther inside, where the
# unbounded coordinates are not yet stretched: too wide a guess for one of them makes the first steps of all tiny.
MARGIN, CENTRE = 3e-3, 0.1
# Of the way from a mode, where the log-density has to be finite.
SHARES = 1.0, 0.5, 0.25, 0.0
WALL = "floor", "middle", "precision", "pull"
"""What a wall is made of besides the density."""


class LogDensity(eqx.Module):
    """Log posterior density in unbounded coordinates, up to a constant; `follow` as made by `following`."""

    log_likelihood: Any
    space: Space
    follow: Follow = eqx.field(static=True, default=())

    def __call__(self, u: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-likelihood plus log prior at a point u; minus infinity where the likelihood is zero."""
        z, log_jacobian = unbounded(self.space, self.follow, u)
        log_prior = self.space.log_prior_unbounded(z) + log_jacobian
        return self.log_likelihood(self.space.params_unbounded(z)) + log_prior

    def position(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """Position in the unit box, where `in_box` is the log-density."""
        z, _ = unbounded(self.space, self.follow, u)
        return self.space.position(self.space.params_unbounded(z))

    def point(self, t: Float[Array, " n"]) -> Float[Array, " n"]:
        """The point u of a position inside."""
        return coordinates(self.space, self.follow, self.space.unbounded(self.space.params(t)))

    def in_box(self, t: Float[Array, " n"]) -> Float[Array, ""]:
        """Log-likelihood plus log prior, which is constant between bounds, and minus infinity beyond."""
        inside = self.space.holds(t)
        params = self.space.params(jnp.where(inside, t, 0.5))
        return jnp.where(inside, self.log_likelihood(params) + self.space.constraint(params), -jnp.inf)

    def log_volume(self, u: Float[Array, " n"]) -> Float[Array, ""]:
        """Logarithm of the Jacobian of `position`, but for a constant."""
        z, log_jacobian = unbounded(self.space, self.follow, u)
        log_prior = self.space.log_prior_unbounded(z) + log_jacobian
        return log_prior - self.space.constraint(self.space.params_unbounded(z))


class Plan(NamedTuple):
    """Unbounded starts [chain, n], first guess of the inverse mass [n, n] (or [n]), modes, ends, remarks.

    `covariance` [n, n] is that of the first mode.

    `walled`: what the chains see of the density, which itself is nowhere zero if that is None.
    """

    starts: Any
    inverse_mass: Any
    covariance: Any
    modes: tuple[dict[str, Any], ...]
    ends: list[Place]
    messages: tuple[str, ...]
    walled: Walled | None

    def content(self) -> Content:
        """All of it but the density, as plain data."""
        wall = self.walled
        return {
            **{name: np.asarray(getattr(self, name)) for name in ("starts", "inverse_mass", "covariance")},
            "modes": self.modes,
            "ends": [end._asdict() for end in self.ends],
            "messages": self.messages,
            "wall": wall and {name: np.asarray(getattr(wall, name)) for name in WALL},
        }

    @classmethod
    def of(cls, content: Content, density: LogDensity) -> "Plan":
        """The plan of such data."""
        starts, inverse_mass, covariance = (
            jnp.asarray(content[name]) for name in ("starts", "inverse_mass", "covariance")
        )
        wall = content["wall"] and Walled(density, *(jnp.asarray(content["wall"][name]) for name in WALL))
        ends = [Place(**end) for end in content["ends"]]
        modes, messages = tuple(content["modes"]), tuple(content["messages"])
        return cls(starts, inverse_mass, covariance, modes, ends, messages, wall)


class Assessed(NamedTuple):
    """Draws in the parameters' own units and their log-likelihood, [chain, draw], and what to think of them."""

    params: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    judgement: diagnostics.Judgement


def prepare(density: LogDensity, *, chains: int, seed: int, starts: int = 32, dense_mass: bool = True) -> Plan:
    """Find the modes and choose where the chains start.

    With many nuisances, where a likelihood is found by `scoring`, only the mode next to the reference point is known.
    """
    space, like = density.space, target.of(density.log_likelihood)
    if like.quadratic is None:
        best = search(Objective(like, space), space, starts=starts, seed=seed)
    else:
        best, *_ = highest(like, space, like.reference)
    found, weights = modes.modes(best)
    places = modes.far_apart(found[0], best.ends, chains)
    start, covariance, top = _chain_starts(density, places, seed)
    walled = None
    if best.outside:
        middle = space.unbounded(space.params(jnp.asarray(allowed.middle(Objective(like, space), space.size))))
        walled = Walled.of(density, top, coordinates(space, density.follow, middle), covariance)
    inverse_mass = jnp.asarray(covariance if dense_mass else np.diag(covariance))
    listed = tuple(modes.described(space, mode, weight) for mode, weight in zip(found, weights, strict=True))
    return Plan(start, inverse_mass, jnp.asarray(covariance), listed, best.ends, _messages(best, found), walled)


def assess(density: LogDensity, plan: Plan, trace: Mapping[str, Any]) -> Assessed:
    """Judge draws of `draw_chains` or of `sample`: the gate of `diagnostics`, and whether every heavy mode was seen."""
    params, positions, log_likelihood = jax.tree.map(np.asarray, _values(density, trace["z"], trace["potential"]))
    params = {name: params[name] for name in density.space.names}
    transitions = np.asarray(trace["num_steps"])[0] > 0
    judged = diagnostics.judge(params, np.asarray(trace["energy"])[:, transitions], np.asarray(trace["diverging"]))
    missed = modes.unseen(density.space, plan.ends, positions.reshape(-1, density.space.size))
    if missed:
        judged = judged._replace(verdict="failed", reasons=(*judged.reasons, *missed))
    return Assessed(params, log_likelihood, judged)


@eqx.filter_jit
def _values(density: LogDensity, z: Any, potential: Any) -> tuple[dict[str, Any], Any, Any]:
    """Parameters, positions in the unit box and log-likelihood of unbounded draws [chain, draw, n]."""
    space = density.space

    def one(u: Any, potential: Any) -> tuple[dict[str, Any], Any, Any]:
        z, log_jacobian = unbounded(space, density.follow, u)
        params = space.params_unbounded(z)
        return params, space.position(params), -potential - space.log_prior_unbounded(z) - log_jacobian

    return jax.vmap(jax.vmap(one))(z, potential)


def _chain_starts(density: LogDensity, places: list[Place], seed: int) -> tuple[Array, np.ndarray, Array]:
    """Unbounded starts [chain, n], one around each place; first guess of the covariance [n, n]; highest log-density."""
    random = np.random.default_rng(seed)
    points = np.array([modes.displaced(place, random) for place in places])
    origins = np.array([place.position for place in places])
    inner = zip((points, origins, origins[0]), (MARGIN, MARGIN, CENTRE), strict=True)
    start, slope, top = _to_unbounded(density, *(jnp.asarray(np.clip(t, margin, 1.0 - margin)) for t, margin in inner))
    inverse_mass = np.asarray(slope) @ modes.width(places[0]) @ np.asarray(slope).T
    for i, _ in density.follow:
        # The width of a mode at an edge of the box is not that of the valley.
        inverse_mass[i], inverse_mass[:, i] = 0.0, 0.0
        inverse_mass[i, i] = EDGE**2
    return start, inverse_mass, top


@eqx.filter_jit
def _to_unbounded(density: LogDensity, points: Any, origins: Any, centre: Any) -> tuple[Any, Any, Any]:
    """Unbounded points [chain, n], nearer to their origins, else at the centre, where the density is not finite there.

    What follows other parameters stays as far from where it is expected as at the origins [chain, n]. Beside them the
    slopes du/dt [n, n] at the centre, and the largest log-density at the origins.
    """

    def at(t: Any) -> Any:
        return coordinates(density.space, density.follow, density.space.unbounded(density.space.params(t)))

    def first_finite(point: Any, origin: Any) -> Any:
        tried = jax.vmap(lambda share: at(origin + share * (point - origin)))(jnp.asarray(SHARES))
        for i, _ in density.follow:
            tried = tried.at[:, i].set(at(origin)[i])
        finite = jnp.isfinite(jax.lax.map(density, tried))
        return jnp.where(finite.any(), tried[jnp.argmax(finite)], at(centre))

    top = jnp.max(jax.vmap(lambda origin: density(at(origin)))(origins))
    return jax.vmap(first_finite)(points, origins), jax.jacfwd(at)(centre), top


def _messages(best: Best, found: list[Place]) -> tuple[str, ...]:
    messages = [*best.outside]
    if not best.ends:
        messages.append("no start of the search converged: separate modes may have been missed; increase `starts`")
    if len(found) > 1:
        messages.append(f"{len(found)} separate modes carry weight: chains were started in each of them")
    if best.groups:
        messages.append("some directions are bounded by their prior only: the posterior there is the prior's choice")
    return tuple(messages)
