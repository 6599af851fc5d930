r"""Thermally averaged annihilation cross section of all species, as a function of x = m/T.

.. math:: \langle\sigma_{\rm eff}v\rangle=\frac{\int_{4m^2}^\infty ds\,K_1(\sqrt s/T)\,s^{-1/2}\sum_{ij}g_ig_j
    \lambda_{ij}\sigma_{ij}}{8T\,[\sum_kg_km_k^2K_2(m_k/T)]^2}

Gondolo and Gelmini 1991 [Gondolo:1990dk]_, with coannihilation as in hep-ph/9704361 [Edsjo:1997bg]_; m is the mass of
the lightest species, in units of which everything is written: :math:`s=4m^2(1+\epsilon)`. The integral over
:math:`\epsilon` runs over panels that move with the parameters: their edges are a geometric sequence (the average at x
lives at :math:`\epsilon\sim1/x`), every threshold, and points about each pole that are linear within its width and
geometric outside. Derivatives go through the nodes, so that they are right at thresholds too.
"""

from collections.abc import Callable, Sequence
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.numerics import bessel_k, gauss_legendre
from bsfit.theory import Channel, DarkSector

Strength = Callable[[Channel, Float[Array, ""]], Float[Array, ""]]

EPSILON_MAX = 60.0
"""Upper end of the integral: beyond, the average at x >= 2 has nothing left."""

NODES = 6
"""Gauss-Legendre nodes in each panel."""

POLE_PANELS = 9
"""Panels on either side of a pole."""


SPREAD = (0.0, 1 / 16, 1 / 2)
r"""Edges above each threshold :math:`\epsilon_t`, in units of it: where it matters x is not much above
:math:`20/\epsilon_t`, and the average falls over :math:`1/x`."""


class Integrand(eqx.Module):
    r"""What the averages at all temperatures share, at nodes [n]: the integrand without its Bessel functions.

    `decay` is :math:`\sqrt s/m-2`, the exponent per unit of x; `inverse` is :math:`2m/\sqrt s`; `weight` [c, n] the
    strength of every channel with the weight of the node, in GeV^-2.
    """

    decay: Float[Array, " n"]
    inverse: Float[Array, " n"]
    weight: Float[Array, "c n"]


def integrand(dark: DarkSector, x_max: float, strength: Strength | None = None) -> Integrand:
    """The integrand with strengths of all channels, at the nodes that suffice for averages at 2 <= x <= x_max.

    ``strength(channel, s)`` takes the place of `Channel.strength`. Channels without a resonance have nodes of
    their own, which are fewer.
    """
    m, found = dark.masses[0], []
    for channels, poles in _groups(dark):
        epsilon, weight = nodes(dark, [dark.channels[i] for i in channels], x_max, poles)
        root = jnp.sqrt(1 + epsilon)
        s = 4 * m**2 * (1 + epsilon)
        measure = weight / (root * jnp.sqrt(root) * 4 * np.sqrt(np.pi) * m**4)
        rows = dict.fromkeys(range(len(dark.channels)), jnp.zeros_like(s))
        for i in channels:
            of_channel = dark.channels[i].strength if strength is None else partial(strength, dark.channels[i])
            rows[i] = measure * jax.vmap(of_channel)(s)
        found.append(Integrand(2 * epsilon / (1 + root), 1 / root, jnp.stack([*rows.values()])))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts, axis=-1), *found)


def _groups(dark: DarkSector) -> list[tuple[list[int], bool]]:
    """Positions of channels that share nodes, and whether these lie about the poles."""
    each = range(len(dark.channels))
    smooth = [i for i in each if dark.channels[i].smooth]
    if not dark.pole_masses.shape[0]:
        return [([*each], False)]
    rest = [i for i in each if i not in smooth]
    return [(channels, poles) for channels, poles in ((rest, True), (smooth, False)) if channels]


def nodes(
    dark: DarkSector, channels: Sequence[Channel], x_max: float, poles: bool
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    r"""Nodes and weights in :math:`\epsilon` for some of the channels, about the poles if that is asked for."""
    edges = panel_edges(dark, channels, x_max, poles)
    t, w = gauss_legendre(NODES)
    width = jnp.diff(edges)[:, None]
    return (edges[:-1, None] + width * t[None, :]).ravel(), (width * w[None, :]).ravel()


def panel_edges(dark: DarkSector, channels: Sequence[Channel], x_max: float, poles: bool) -> Float[Array, " p"]:
    r"""Edges in :math:`\epsilon`, in increasing order; those of absent poles and thresholds fall together."""
    lowest = 0.1 / x_max
    count = int(np.ceil(np.log(EPSILON_MAX / lowest) / np.log(4.0)))
    fixed = jnp.asarray(np.concatenate([[0.0], np.geomspace(lowest, EPSILON_MAX, count + 1)]))
    unit = 2 * dark.masses[0]
    thresholds = jnp.concatenate([channel.thresholds() for channel in channels])
    above = (thresholds / unit) ** 2 - 1
    spread = (above[:, None] * (1 + np.array(SPREAD))[None, :]).ravel()
    moving = jnp.concatenate([spread, _pole_edges(dark, unit)]) if poles else spread
    return jnp.sort(jnp.concatenate([fixed, jnp.clip(moving, 0.0, EPSILON_MAX)]))


def _pole_edges(dark: DarkSector, unit: Float[Array, ""]) -> Float[Array, " e"]:
    r"""Edges about every pole: :math:`\epsilon_R\pm\delta\sinh\theta`, up to half of :math:`\epsilon_R` away."""
    centre = (dark.pole_masses / unit) ** 2 - 1
    half_width = dark.pole_masses * dark.pole_widths / unit**2
    reach = jnp.maximum(centre, 0.0) / 2
    theta = jnp.arcsinh(reach / half_width)
    steps = jnp.arange(-POLE_PANELS, POLE_PANELS + 1) / POLE_PANELS
    return (centre[:, None] + half_width[:, None] * jnp.sinh(theta[:, None] * steps[None, :])).ravel()


def averages(found: Integrand, dark: DarkSector, x: Float[Array, " k"]) -> Float[Array, " k"]:
    r""":math:`\langle\sigma_{\rm eff}v\rangle` in GeV^-2 at every x >= 2."""
    return _kernel(found, x) @ jnp.sum(found.weight, axis=0) * prefactor(dark, x)


def channel_averages(found: Integrand, dark: DarkSector, x: Float[Array, " k"]) -> Float[Array, "c k"]:
    r"""The part of every channel in :math:`\langle\sigma_{\rm eff}v\rangle`, GeV^-2."""
    return (found.weight @ _kernel(found, x).T) * prefactor(dark, x)[None, :]


def _kernel(found: Integrand, x: Float[Array, " k"]) -> Float[Array, "k n"]:
    y = found.inverse[None, :] * (0.5 / x)[:, None]
    return jnp.exp(-x[:, None] * found.decay[None, :]) * bessel_k(1, y)


def prefactor(dark: DarkSector, x: Float[Array, " k"]) -> Float[Array, " k"]:
    r"""What depends on x alone, :math:`x^{3/2}` over the squared density of all species."""
    return x * jnp.sqrt(x) / (bessel_k(2, 1 / x) * relative_density(dark, x)) ** 2


def relative_density(dark: DarkSector, x: Float[Array, " k"]) -> Float[Array, " k"]:
    r"""Equilibrium density of all species over that of one state of the lightest: :math:`\sum_kg_kn_k/n_1`."""
    return jnp.sum(densities(dark, x), axis=0)


def densities(dark: DarkSector, x: Float[Array, " k"]) -> Float[Array, "n k"]:
    r"""Equilibrium density of each species over that of one state of the lightest, :math:`g_kn_k/n_1`.

    Species that are lighter than the first, which then is not dark matter, count as equally heavy.
    """
    ratio = jnp.maximum(dark.masses / dark.masses[0], 1.0)[:, None]
    bessel = bessel_k(2, 1 / (ratio * x[None, :])) / bessel_k(2, 1 / x)[None, :]
    return dark.dof[:, None] * ratio * jnp.sqrt(ratio) * jnp.exp((1 - ratio) * x[None, :]) * bessel
