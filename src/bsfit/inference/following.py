r"""Chains that follow a curved valley: other coordinates for the sampler, which change no density.

Where data fix one parameter tightly as a function of others, no mass matrix fits the whole valley. Told the function,
roughly, a sampler moves in the difference between the parameter and it: in the unit box
:math:`t_i=b(h_i(t_{\rm others})+u_i)`. b is the identity but for the edges of the box, where it bends within `EDGE`:

.. math:: b(v)=\epsilon\ln\frac{1+e^{v/\epsilon}}{1+e^{(v-1)/\epsilon}}

so that a valley is equally wide in u along its whole length, and ends where the box does. With the Jacobian b', prior
and posterior stay what they are, however rough the function is. Where a bound cuts a valley, its end is a wall as thin
as the valley is narrow, for the other parameters too: one of 0.003 of the box makes chains diverge there.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.inference.space import Space
from bsfit.inference.target import Params

Expectation = Callable[[Params], Any]
"""Other parameters by name -> about where this one is."""

Follow = tuple[tuple[int, Expectation], ...]
"""Position of each parameter that follows others, in the order of `follow`, and its function."""

EDGE = 0.02
"""Over this part of the box the coordinates bend at its edges: about as narrow as what is worth following."""


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


def unbounded(space: Space, follow: Follow, u: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, ""]]:
    """Unbounded point of the space at coordinates of the sampler, and the logarithm of the Jacobian dz/du."""
    z, log_jacobian = u, jnp.zeros(())
    for k, (i, function) in enumerate(follow):
        v = (_expected(space, follow[k:], i, function, z) + u[i]) / EDGE
        log_low, log_high = jnp.log(_bent(v)), jnp.log(_bent(1.0 / EDGE - v))
        slope = jax.nn.log_sigmoid(v) + jax.nn.log_sigmoid(1.0 / EDGE - v) + np.log1p(-np.exp(-1.0 / EDGE))
        z = z.at[i].set(log_low - log_high)
        log_jacobian += slope - log_low - log_high
    return z, log_jacobian


def coordinates(space: Space, follow: Follow, z: Float[Array, " n"]) -> Float[Array, " n"]:
    """Coordinates of the sampler at an unbounded point of the space: the inverse of `unbounded`."""
    u = z
    for k, (i, function) in enumerate(follow):
        low, high = (-jnp.expm1(-jax.nn.sigmoid(sign * z[i]) / EDGE) for sign in (1.0, -1.0))
        v = jax.nn.sigmoid(z[i]) + EDGE * (jnp.log(low) - jnp.log(high))
        u = u.at[i].set(v - _expected(space, follow[k:], i, function, z))
    return u


def _bent(v: Float[Array, ""]) -> Float[Array, ""]:
    """Position in the unit box, for v in units of `EDGE`; the rest of the box is that of 1 / EDGE - v."""
    return EDGE * (jax.nn.softplus(v) - jax.nn.softplus(v - 1.0 / EDGE))


def _expected(space: Space, later: Follow, i: int, function: Expectation, z: Float[Array, " n"]) -> Float[Array, ""]:
    """Expected position in the unit box, or outside."""
    unknown = {space.names[j] for j, _ in later}
    value = jnp.asarray(function({name: x for name, x in space.params_unbounded(z).items() if name not in unknown}))
    coordinate = jnp.log(value) if space.log[i] else value
    return (coordinate - space.lower[i]) / (space.upper[i] - space.lower[i])
