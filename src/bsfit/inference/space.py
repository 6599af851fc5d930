"""The box of free parameters: names, bounds, priors, and its three coordinate systems.

params      dict name -> value, what a likelihood takes
position    t in the unit box [0, 1]^n, linear in the parameter, or in its logarithm for `log:`; optimisers work here,
            so that every curvature is in units of the prior box
unbounded   z in R^n, where samplers work: t = 1/(1 + exp(-z)) for bounds, numpyro's bijection for a distribution

Bounds are a flat prior in the named parameter, `log:` makes it flat in the logarithm, a numpyro distribution is taken
as it is: in fits it acts as one more measurement (a constraint), in samples as the prior.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bsfit import scalars
from bsfit.errors import BsfitInputError
from bsfit.inference.target import Params, Stages, Target, of

# A distribution without bounds gets a box of this many of its own widths on each side of the median.
BOX_WIDTHS = 5.0


class Space(eqx.Module):
    """Free parameters with their box; build it with `parse`."""

    names: tuple[str, ...] = eqx.field(static=True)
    log: tuple[bool, ...] = eqx.field(static=True)
    lower: Float[Array, " n"]
    upper: Float[Array, " n"]
    priors: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Number of free parameters."""
        return len(self.names)

    def params(self, position: Float[Array, " n"]) -> Params:
        """Parameters at a position of the unit box."""
        return self._named(self.lower + (self.upper - self.lower) * position)

    def position(self, params: Mapping[str, Any]) -> Float[Array, " n"]:
        """Position in the unit box; outside [0, 1] where a parameter is outside its bounds."""
        raw = jnp.stack([jnp.asarray(params[name], dtype=float) for name in self.names])
        is_log = jnp.asarray(self.log)
        coordinate = jnp.where(is_log, jnp.log(jnp.where(is_log, raw, 1.0)), raw)
        return (coordinate - self.lower) / (self.upper - self.lower)

    def inside(self, params: Mapping[str, Any] | None) -> Float[np.ndarray, "1 n"] | None:
        """Position of a point as a row of starts, None if it lies outside the box or lacks a parameter."""
        if params is None or any(name not in params for name in self.names):
            return None
        values = {name: float(params[name]) for name in self.names}
        if any(values[name] <= 0.0 for name, log in zip(self.names, self.log, strict=True) if log):
            return None
        point = np.asarray(self.position(values))[None]
        return point if np.all((point >= 0.0) & (point <= 1.0)) else None

    def holds(self, position: Float[Array, " n"]) -> Bool[Array, ""]:
        """Whether every parameter is strictly inside its bounds, or where its distribution has a density."""
        params = self.params(position)
        inside = [
            (position[i] > 0.0) & (position[i] < 1.0) if prior is None else prior.support(params[name])
            for i, (name, prior) in enumerate(zip(self.names, self.priors, strict=True))
        ]
        return jnp.all(jnp.stack(inside))

    def constraint(self, params: Params) -> Float[Array, ""]:
        """Log-density of the parameters that carry a distribution; bounds contribute nothing."""
        terms = [p.log_prob(params[name]) for name, p in zip(self.names, self.priors, strict=True) if p is not None]
        return sum(terms, jnp.zeros(()))

    def params_unbounded(self, z: Float[Array, " n"]) -> Params:
        """Parameters at an unbounded point."""
        params = self.params(jax.nn.sigmoid(z))
        for i, (name, prior) in enumerate(zip(self.names, self.priors, strict=True)):
            if prior is not None:
                params[name] = _bijection(prior)(z[i])
        return params

    def unbounded(self, params: Mapping[str, Any]) -> Float[Array, " n"]:
        """Unbounded point of parameters strictly inside their bounds."""
        t = self.position(params)
        z = jnp.log(t) - jnp.log1p(-t)
        for i, (name, prior) in enumerate(zip(self.names, self.priors, strict=True)):
            if prior is not None:
                z = z.at[i].set(_bijection(prior).inv(jnp.asarray(params[name], dtype=float)))
        return z

    def log_prior_unbounded(self, z: Float[Array, " n"]) -> Float[Array, ""]:
        """Normalised log prior density with respect to the unbounded coordinates."""
        flat = jax.nn.log_sigmoid(z) + jax.nn.log_sigmoid(-z)
        total = jnp.sum(jnp.where(jnp.asarray([p is None for p in self.priors]), flat, 0.0))
        for i, prior in enumerate(self.priors):
            if prior is not None:
                x = _bijection(prior)(z[i])
                total += prior.log_prob(x) + _bijection(prior).log_abs_det_jacobian(z[i], x)
        return total

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Box of each parameter in its own units."""
        corners = (self.params(jnp.zeros(self.size)), self.params(jnp.ones(self.size)))
        return {name: (float(corners[0][name]), float(corners[1][name])) for name in self.names}

    def describe(self) -> dict[str, str]:
        """The prior of each parameter in words."""
        box = self.bounds()
        flat = {True: "flat in log {} on", False: "flat in {} on"}
        return {
            name: f"{flat[log].format(name)} [{box[name][0]:g}, {box[name][1]:g}]" if prior is None else _words(prior)
            for name, log, prior in zip(self.names, self.log, self.priors, strict=True)
        }

    def _named(self, coordinate: Float[Array, " n"]) -> Params:
        return {
            name: jnp.exp(coordinate[i]) if log else coordinate[i]
            for i, (name, log) in enumerate(zip(self.names, self.log, strict=True))
        }


class Objective(eqx.Module):
    """-2 log-likelihood (constraints included) at a position of the unit box: what optimisers minimise."""

    log_likelihood: Any
    space: Space

    def __call__(self, position: Float[Array, " n"], data: Any = None) -> Float[Array, ""]:
        """Value at a position; `data` is there for other objectives and not used."""
        params = self.space.params(position)
        return -2.0 * (self.log_likelihood(params) + self.space.constraint(params))

    @property
    def starts_at_once(self) -> int | None:
        """So many descents side by side: `Target.starts_at_once`."""
        return of(self.log_likelihood).starts_at_once

    @property
    def stages(self) -> Stages | None:
        """Values and the density of these, where the likelihood is made so: `Target.stages`."""
        return of(self.log_likelihood).stages

    def values(self, position: Float[Array, " n"]) -> Any:
        """The values at a position, of an objective that has `stages`."""
        stages = self.stages
        assert stages is not None
        return stages.values(self.space.params(position))

    def of_values(self, position: Float[Array, " n"], values: Any) -> Float[Array, ""]:
        """The value at a position where the values are known."""
        stages = self.stages
        assert stages is not None
        return -2.0 * (stages.density(values) + self.space.constraint(self.space.params(position)))

    def conditions(self, position: Float[Array, " n"]) -> dict[str, Any]:
        """Whether each condition is met without which the value is infinite: `Target.conditions`."""
        return of(self.log_likelihood).conditions(self.space.params(position))


def parse(free: Mapping[str, Any]) -> Space:
    """Space of `{"C9mu": (-3, 3), "log:m_Zp": (500, 5000), "x": numpyro_distribution}`.

    Raises BsfitInputError for empty, reversed, infinite or NaN bounds, non-positive bounds under `log:`, a name given
    twice, and distributions that are discrete or not scalar.
    """
    if not isinstance(free, Mapping) or not free:
        raise BsfitInputError("no free parameter", field="free", expected='{"name": (low, high), ...}')
    keys = [str(key) for key in free]
    names = tuple(key.removeprefix("log:") for key in keys)
    for name in names:
        if names.count(name) > 1:
            raise BsfitInputError("given twice, with and without `log:`", field=f"free {name!r}")
    boxes = [_box(key, value) for key, value in free.items()]
    return Space(
        names,
        tuple(key.startswith("log:") for key in keys),
        jnp.asarray([box[0] for box in boxes]),
        jnp.asarray([box[1] for box in boxes]),
        tuple(value if hasattr(value, "log_prob") else None for value in free.values()),
    )


def space_of(like: Target) -> Space:
    """Space of the free parameters of a likelihood.

    Raises `BsfitInputError` in 32 bit, for a likelihood that does not say what is free, and for what `parse` refuses.
    """
    scalars.check_64_bit()
    if like.free is None:
        raise BsfitInputError(
            "the log-likelihood does not say which parameters are free",
            field="free",
            expected='free={"name": (low, high), ...}',
        )
    return parse(like.free)


def _box(key: str, value: Any) -> tuple[float, float]:
    where = f"free {key!r}"
    if hasattr(value, "log_prob"):
        return _distribution_box(where, key, value)
    try:
        low, high = value
        low, high = (float(edge if isinstance(edge, float) else scalars.real(edge, key)) for edge in (low, high))
    except (TypeError, ValueError):
        raise BsfitInputError(
            f"got {value!r}", field=where, expected="two numbers (low, high) or a numpyro distribution"
        ) from None
    if not np.all(np.isfinite([low, high])):
        raise BsfitInputError(f"bounds ({low}, {high}) are not finite", field=where, expected="finite bounds")
    if not low < high:
        kind = "empty" if low == high else "reversed"
        raise BsfitInputError(f"{kind} bounds ({low:g}, {high:g})", field=where, expected="low < high")
    if not key.startswith("log:"):
        return low, high
    if low <= 0:
        raise BsfitInputError(f"bounds ({low:g}, {high:g}) under `log:`", field=where, expected="0 < low < high")
    return float(np.log(low)), float(np.log(high))


def _distribution_box(where: str, key: str, prior: Any) -> tuple[float, float]:
    if key.startswith("log:"):
        raise BsfitInputError(
            "`log:` goes with bounds, not with a distribution", field=where, hint="use numpyro's LogNormal"
        )
    if tuple(prior.batch_shape) + tuple(prior.event_shape) or prior.support.is_discrete:
        raise BsfitInputError(f"got {_words(prior)}", field=where, expected="a continuous distribution of one number")
    draws = np.asarray(prior.sample(jax.random.key(0), (4096,)))
    low, middle, high = np.quantile(draws, [0.16, 0.5, 0.84])
    width = BOX_WIDTHS * 0.5 * (high - low)
    support_low = float(getattr(prior.support, "lower_bound", -np.inf))
    support_high = float(getattr(prior.support, "upper_bound", np.inf))
    return max(middle - width, support_low), min(middle + width, support_high)


def _bijection(prior: Any) -> Any:
    from numpyro.distributions import biject_to

    return biject_to(prior.support)


def _words(prior: Any) -> str:
    numbers = ((name, getattr(prior, name, None)) for name in getattr(prior, "arg_constraints", {}))
    inside = ", ".join(f"{name}={float(x):g}" for name, x in numbers if x is not None and np.ndim(x) == 0)
    return f"{type(prior).__name__}({inside})"
