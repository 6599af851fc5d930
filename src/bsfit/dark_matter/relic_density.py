r"""Relic density :math:`\Omega h^2` of dark matter from freeze-out, all species counted.

The standard calculation: kinetic and chemical equilibrium of all species, entropy conserved, no asymmetry.
:math:`\Omega h^2=\frac{s_0m}{\rho_c/h^2}Y_\infty` with :math:`s_0=2891.2\,{\rm cm}^{-3}` at 2.7255 K. Annihilation
is followed to `X_END`, or 1e8 where there are resonances: about a narrow one it goes on until x is thirty times mass
over width, which 1e8 is down to a ratio of 3e-7 (`test_the_end_is_late_enough_for_narrow_resonances`).
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit import validity
from bsfit.constants import CRITICAL_DENSITY_PER_H2, ENTROPY_TODAY, PLANCK_MASS
from bsfit.dark_sector.thermal import average, equilibrium, freeze_out
from bsfit.dark_sector.thermal.plasma import Plasma, standard_plasma
from bsfit.loading.inputs import Inputs
from bsfit.theory import DarkSector, Theory, Verdict

X_END, X_END_RESONANT = 1e6, 1e8

_FLOOR = 1e-100
"""GeV^-2, added to averages whose logarithm is taken."""


class RelicDensity(eqx.Module):
    r"""Freeze-out of one dark sector.

    `omega_h2`, and :math:`x_f=m/T` where the abundance has left equilibrium by a factor 2.5;
    `sigma_v` [k], the average of all species in GeV^-2, at `x` [k]; `verdicts` on what the calculation assumes.
    """

    omega_h2: Float[Array, ""]
    x_f: Float[Array, ""]
    x: Float[Array, " k"]
    sigma_v: Float[Array, " k"]
    verdicts: tuple[Verdict, ...]


def relic_density(dark: DarkSector, plasma: Plasma | None = None, x_end: float | None = None) -> RelicDensity:
    """Relic density today. `x_end`, a power of ten, is where annihilation is taken to stop."""
    plasma = standard_plasma() if plasma is None else plasma
    if x_end is None:
        x_end = X_END_RESONANT if dark.pole_masses.shape[0] else X_END
    early, late = freeze_out.early_x(), freeze_out.late(x_end)
    x = jnp.asarray(np.concatenate([early, late.x]))
    integrand = average.integrand(dark, x_end)
    sigma_v = average.averages(integrand, dark, x) + _FLOOR
    n, m = len(early), dark.masses[0]
    both = jnp.concatenate([jnp.log(sigma_v[:n]), late.matrix @ jnp.log(sigma_v[n:])])
    steps = jnp.asarray(np.concatenate([early, late.fine]))
    ln_t = jnp.log(m) - jnp.log(steps)
    ln_rate = both + jnp.log(np.sqrt(np.pi / 45) * PLANCK_MASS * m * plasma.root_g_star(ln_t)) - jnp.log(steps)
    states = average.relative_density(dark, x[:n]) / plasma.entropy(ln_t[:n])
    found = freeze_out.abundance(ln_rate[:n], jnp.log(states), jnp.exp(ln_rate[n:]), x_end)
    omega = ENTROPY_TODAY / CRITICAL_DENSITY_PER_H2 * dark.masses[0] * found.final
    alone, x_f = _interacting(dark), found.x_f()
    start = jnp.exp(ln_rate[0]) * found.equilibrium[0]
    verdicts = (_thermal(start), *_chemical_equilibrium(dark, integrand, x_f, plasma), alone)
    return RelicDensity(jnp.where(alone.ok, omega, jnp.inf), x_f, x, sigma_v, verdicts)


def _thermal(rate: Float[Array, ""]) -> Verdict:
    message = (
        "annihilation rate over Hubble rate at T = m/2, against 10: below, the dark matter was never in equilibrium "
        "and Omega_h2 is not its density"
    )
    return validity.above("thermal", message, rate, 10.0)


def _chemical_equilibrium(
    dark: DarkSector, integrand: average.Integrand, x_f: Float[Array, ""], plasma: Plasma
) -> tuple[Verdict, ...]:
    if not dark.conversions:
        return ()
    message = (
        "conversions of dark matter into the heavier species that thins it out, per Hubble time at freeze-out, against "
        "100: below, they leave chemical equilibrium and Omega_h2 is more than this, by any factor"
    )
    parts = average.channel_averages(integrand, dark, x_f[None])[:, 0]
    slowest = equilibrium.slowest(dark, parts, x_f, plasma)
    return (validity.above("chemical_equilibrium", message, slowest, equilibrium.ENOUGH),)


def _interacting(dark: DarkSector) -> Verdict:
    message = "strength of what thins out dark matter, in GeV^2, against 0: without any, Omega_h2 is infinite"
    return validity.above("interacting", message, equilibrium.strongest(dark), 0.0, counts="dark matter")


BISECTIONS, POLISH = 14, 3
"""Steps of `coupling_for`: halvings of the bracket in the logarithm, then Newton's."""


def coupling_for(
    target: Float[ArrayLike, ""], density: Callable[[Array], Array], low: float, high: float
) -> Float[Array, ""]:
    r"""Coupling between `low` and `high`, both positive, at which the falling function `density` is the target.

    ``density(coupling)`` is :math:`\Omega h^2` at otherwise fixed parameters, which may be traced: derivatives by them
    follow from the implicit function, so that the coupling can be a coordinate of a fit. NaN without a solution.
    """

    def excess(log: Array) -> Array:
        return jnp.log(density(jnp.exp(log))) - jnp.log(jnp.asarray(target))

    def search(f: Callable, start: Array) -> Array:
        def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
            middle = (ends[0] + ends[1]) / 2
            above = f(middle) > 0
            return jnp.where(above, middle, ends[0]), jnp.where(above, ends[1], middle)

        def newton(_: int, x: Array) -> Array:
            value, slope = jax.jvp(f, (x,), (jnp.ones_like(x),))
            return x - value / slope

        ends = jnp.log(jnp.asarray(low)), jnp.log(jnp.asarray(high))
        left, right = jax.lax.fori_loop(0, BISECTIONS, halve, ends)
        found = jax.lax.fori_loop(0, POLISH, newton, (left + right) / 2)
        return jnp.where((found > ends[0]) & (found < ends[1]), found, jnp.nan)

    start = jnp.log(jnp.asarray(low * high)) / 2
    return jnp.exp(jax.lax.custom_root(excess, start, search, lambda g, y: y / g(jnp.ones_like(y))))


def channel_fractions(dark: DarkSector, x: Float[Array, ""]) -> dict[str, Float[Array, ""]]:
    """Share of every channel in the averaged cross section at x."""
    x_end = X_END_RESONANT if dark.pole_masses.shape[0] else X_END
    each = average.channel_averages(average.integrand(dark, x_end), dark, jnp.asarray(x)[None])[:, 0]
    shares = each / (jnp.sum(each) + _FLOOR)
    return {channel.name: shares[i] for i, channel in enumerate(dark.channels)}


def predicted(key: str, theory: Theory, inputs: Inputs) -> Float[Array, ""]:
    """`Omega_h2` or `x_f`. Raises `BsfitInputError` for a model without dark matter, `KeyError` for another key."""
    found = relic_density(theory.dark_sector(key))
    return {"Omega_h2": found.omega_h2 * calculation(inputs), "x_f": found.x_f}[key]


def verdicts(theory: Theory) -> tuple[Verdict, ...]:
    """What the calculation assumes, for a model with dark matter."""
    return () if theory.dark is None else relic_density(theory.dark).verdicts


def conditions(theory: Theory) -> tuple[Verdict, ...]:
    """Those of the verdicts without which there is no density."""
    return () if theory.dark is None else (_interacting(theory.dark),)


def calculation(inputs: Inputs) -> Float[Array, ""]:
    r"""What the calculated :math:`\Omega h^2` is multiplied with: one plus its relative error times a unit nuisance."""
    return 1.0 + inputs["Omega_h2_error"] * inputs["Omega_h2 calculation"]
