r"""Chains that follow a curved valley: a shear of the unbounded coordinates, which changes no density.

Where data fix one parameter tightly as a function of others, no mass matrix fits the whole valley. Told the function,
roughly, a sampler moves in the difference between the parameter and it: :math:`z_i=u_i+h_i(z_{\rm others})`. The
Jacobian of that is one, so that prior and posterior stay what they are, however rough the function is.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.inference.space import Params, Space

Expectation = Callable[[Params], Any]
"""Other parameters by name -> about where this one is."""

Follow = tuple[tuple[int, Expectation], ...]
"""Position of each parameter that follows others, in the order of `follow`, and its function."""

EDGE, JOIN = 0.03, 0.01
"""Beyond this distance from the bounds, as a share of the box, a valley is not followed; the join is smooth."""


def following(space: Space, follow: Mapping[str, Expectation] | None) -> Follow:
    """Check what a user wants followed: ``{"y": lambda p: 1 / p["x"]}``; a later function may use earlier names.

    Raises `BsfitInputError` for names that are not free, or carry a distribution, and for functions that use a
    parameter that follows later, or give no number.
    """
    found: list[tuple[int, Expectation]] = []
    for name, function in (follow or {}).items():
        if name not in space.names:
            raise BsfitInputError(f"{name!r} is not free", field="follow", hint=did_you_mean(name, space.names))
        i = space.names.index(name)
        if space.priors[i] is not None:
            raise BsfitInputError(f"{name!r} has a distribution", field="follow", expected="a parameter with bounds")
        found.append((i, function))
    middle = space.params(jnp.full(space.size, 0.5))
    for k, (i, function) in enumerate(found):
        later = [space.names[j] for j, _ in found[k:]]
        try:
            value = float(function({name: x for name, x in middle.items() if name not in later}))
        except KeyError as missing:
            raise BsfitInputError(
                f"the function of {space.names[i]!r} uses {missing}, which is not free or follows later", field="follow"
            ) from None
        if not jnp.isfinite(value):
            raise BsfitInputError(f"the function of {space.names[i]!r} gives {value} in the middle", field="follow")
    return tuple(found)


def unbounded(space: Space, follow: Follow, u: Float[Array, " n"]) -> Float[Array, " n"]:
    """Unbounded point of the space at coordinates of the sampler."""
    z = u
    for k, (i, function) in enumerate(follow):
        z = z.at[i].add(_shift(space, follow[k:], i, function, z))
    return z


def coordinates(space: Space, follow: Follow, z: Float[Array, " n"]) -> Float[Array, " n"]:
    """Coordinates of the sampler at an unbounded point of the space: the inverse of `unbounded`."""
    u = z
    for k, (i, function) in enumerate(follow):
        u = u.at[i].add(-_shift(space, follow[k:], i, function, z))
    return u


def _shift(space: Space, later: Follow, i: int, function: Expectation, z: Float[Array, " n"]) -> Float[Array, ""]:
    """Unbounded coordinate of the expected value, away from the bounds."""
    unknown = {space.names[j] for j, _ in later}
    value = jnp.asarray(function({name: x for name, x in space.params_unbounded(z).items() if name not in unknown}))
    coordinate = jnp.log(value) if space.log[i] else value
    t = (coordinate - space.lower[i]) / (space.upper[i] - space.lower[i])
    inside = EDGE + JOIN * (jax.nn.softplus((t - EDGE) / JOIN) - jax.nn.softplus((t - 1.0 + EDGE) / JOIN))
    return jnp.log(inside) - jnp.log1p(-inside)
