r"""Running of :math:`\alpha_s` and of the quark masses, and pole masses. Scales and masses in GeV, MSbar scheme.

Two schemes, told apart by ``loops`` of `alpha_s`:

* ``loops=3``: for matrix elements at the scale :math:`m_b`. Three-loop running, two-loop decoupling of the bottom at
  4.8 GeV and of the charm at 1.3 GeV, taken as their pole masses; 5 flavours above 4.18 GeV, 4 above 1.275 GeV. These
  are the thresholds of RunDec as flavio 2.7.1 drives it, so that numbers can be compared digit by digit.
* ``loops=2``: for the leading-order running of new physics (`wilson`). Two-loop running above :math:`m_b`, continuous
  at :math:`m_t(m_t)`.

The renormalisation-group equation is solved exactly in its truncated form, with the coefficients collected in
hep-ph/0004189 [Chetyrkin:2000yt]_; :math:`a=\alpha_s/\pi` throughout.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from bsfit.compiling import jit_inlined
from bsfit.loading.inputs import Inputs

FloatLike = Float[ArrayLike, ""]
ZETA3 = 1.2020569031595942

BOTTOM_MATCHING = 4.8
CHARM_MATCHING = 1.3
FIVE_FLAVOURS_ABOVE = 4.18
FOUR_FLAVOURS_ABOVE = 1.275


def _beta(n_f: int) -> tuple[float, float, float]:
    """Coefficients of da/dln(mu^2) = -(b0 a^2 + b1 a^3 + b2 a^4)."""
    b0 = 11 - 2 / 3 * n_f
    b1 = 102 - 38 / 3 * n_f
    b2 = 2857 / 2 - 5033 / 18 * n_f + 325 / 54 * n_f**2
    return b0 / 4, b1 / 16, b2 / 64


def _gamma(n_f: int) -> tuple[float, float, float]:
    """Coefficients of dln(m)/dln(mu^2) = -(g0 a + g1 a^2 + g2 a^3)."""
    g1 = 202 / 3 - 20 / 9 * n_f
    g2 = 1249 - (2216 / 27 + 160 / 3 * ZETA3) * n_f - 140 / 81 * n_f**2
    return 1.0, g1 / 16, g2 / 64


def _slope(y: Float[Array, ""], n_f: int, loops: int) -> Float[Array, ""]:
    """dy/dln(mu^2) for y = 1/a."""
    b0, b1, b2 = _beta(n_f)
    return b0 + b1 / y + (b2 / y**2 if loops == 3 else 0.0)


def _elapsed(y: Float[Array, ""], n_f: int, loops: int) -> Float[Array, ""]:
    """Integral of dy/_slope(y): b0 ln(mu^2), up to a constant, as a function of y = 1/a; times 1/b0."""
    b0, b1, b2 = _beta(n_f)
    p, q = b1 / b0, (b2 / b0 if loops == 3 else 0.0)
    if loops == 2:
        return (y - p * jnp.log(y + p)) / b0
    root = np.sqrt(abs(p**2 - 4 * q))
    z = (2 * y + p) / root
    last = jnp.arctan(z) if p**2 < 4 * q else 0.5 * jnp.log((z - 1) / (z + 1))
    return (y - p / 2 * jnp.log(y**2 + p * y + q) + (p**2 - 2 * q) / root * last) / b0


@partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def _run(y: Float[Array, ""], log_ratio: Float[Array, ""], n_f: int, loops: int) -> Float[Array, ""]:
    """1/a after running by ln(mu^2/mu_0^2), from y = 1/a at mu_0. Newton on the exact implicit solution."""
    end = _elapsed(y, n_f, loops) + log_ratio
    b0, b1, _ = _beta(n_f)
    guess = y + b0 * log_ratio
    guess = guess + b1 / b0 * jnp.log(jnp.maximum(guess, 0.3 * y) / y)

    def improved(_: Int[Array, ""], guess: Float[Array, ""]) -> Float[Array, ""]:
        return guess - (_elapsed(guess, n_f, loops) - end) * _slope(guess, n_f, loops)

    # The first guess is good to 1 % at worst, and every step squares the error. A loop compiles faster than its copies.
    return jax.lax.fori_loop(0, 4, improved, guess)


@_run.defjvp
def _run_jvp(n_f: int, loops: int, primals, tangents):
    y, log_ratio = primals
    dy, dlog = tangents
    out = _run(y, log_ratio, n_f, loops)
    return out, _slope(out, n_f, loops) * (dlog + dy / _slope(y, n_f, loops))


@partial(jit_inlined, static_argnums=(3, 4))
def _run_alpha(alpha: FloatLike, mu_in: FloatLike, mu_out: FloatLike, n_f: int, loops: int) -> Float[Array, ""]:
    """alpha_s at mu_out from its value at mu_in, with a fixed number of flavours."""
    log_ratio = 2 * jnp.log(jnp.asarray(mu_out) / jnp.asarray(mu_in))
    return jnp.pi / _run(jnp.pi / jnp.asarray(alpha), log_ratio, n_f, loops)


def _decoupled(alpha: Float[Array, ""]) -> Float[Array, ""]:
    """alpha_s with one flavour less, at the pole mass of the quark. Two loops, hep-ph/0004189."""
    return alpha * (1 - 7 / 24 * (alpha / jnp.pi) ** 2)


class _Matching(NamedTuple):
    """alpha_s above and below the points where a flavour is taken out, three-loop running."""

    bottom: tuple[Float[Array, ""], Float[Array, ""]]
    charm: tuple[Float[Array, ""], Float[Array, ""]]


def _matching(inputs: Inputs) -> _Matching:
    bottom = _alpha_three_loop(BOTTOM_MATCHING, 5, inputs)
    charm = _run_alpha(_decoupled(bottom), BOTTOM_MATCHING, CHARM_MATCHING, 4, 3)
    return _Matching((bottom, _decoupled(bottom)), (charm, _decoupled(charm)))


def _alpha_three_loop(mu: FloatLike, n_f: int, inputs: Inputs) -> Float[Array, ""]:
    """alpha_s(mu) in the theory with 3, 4 or 5 flavours, three-loop running."""
    if n_f == 5:
        return _run_alpha(inputs["alpha_s_mZ"], inputs["m_Z"], mu, 5, 3)
    known = _matching(inputs)
    start = (known.bottom[1], BOTTOM_MATCHING) if n_f == 4 else (known.charm[1], CHARM_MATCHING)
    return _run_alpha(*start, mu, n_f, 3)


def _alpha_through_thresholds(mu: Float[Array, ""], inputs: Inputs) -> Float[Array, ""]:
    """As `_alpha_three_loop`, flavours decided by mu: a stretch that is not needed has length zero."""
    four, three = mu < FIVE_FLAVOURS_ABOVE, mu < FOUR_FLAVOURS_ABOVE
    alpha = _run_alpha(inputs["alpha_s_mZ"], inputs["m_Z"], jnp.where(four, BOTTOM_MATCHING, mu), 5, 3)
    alpha = jnp.where(four, _decoupled(alpha), alpha)
    end = jnp.where(four, jnp.where(three, CHARM_MATCHING, mu), BOTTOM_MATCHING)
    alpha = _run_alpha(alpha, BOTTOM_MATCHING, end, 4, 3)
    alpha = jnp.where(three, _decoupled(alpha), alpha)
    return _run_alpha(alpha, CHARM_MATCHING, jnp.where(three, mu, CHARM_MATCHING), 3, 3)


def alpha_s_around_top(mu: FloatLike, inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r""":math:`\alpha_s` at min(mu, m_t) with five flavours and at max(mu, m_t) with six; two-loop, m_b <= mu.

    Their ratios between two scales are the five- and the six-flavour part of an evolution.
    """
    top, start = inputs["m_t_MSbar"], (inputs["alpha_s_mZ"], inputs["m_Z"])
    below = _run_alpha(*start, jnp.minimum(mu, top), 5, 2)
    return below, _run_alpha(_run_alpha(*start, top, 5, 2), top, jnp.maximum(mu, top), 6, 2)


def alpha_s(mu: FloatLike, inputs: Inputs, n_f: int | None = None, loops: int = 3) -> Float[Array, ""]:
    r""":math:`\alpha_s(\mu)` from its value at the Z mass; differentiable in the scale and the inputs.

    `mu` in GeV, 1 to 170 for ``loops=3`` and above m_b for ``loops=2``; the module's docstring tells the two schemes.
    `n_f` (3, 4 or 5; ``loops=3`` only) fixes the number of flavours; without it the thresholds decide, and
    :math:`\alpha_s` has small steps there. Raises `ValueError` for other `loops` or `n_f`.
    """
    if loops not in (2, 3) or n_f not in ((None, 3, 4, 5) if loops == 3 else (None,)):
        raise ValueError(f"alpha_s: loops={loops}, n_f={n_f}; expected loops=2, or loops=3 with n_f 3, 4 or 5")
    mu = jnp.asarray(mu, dtype=float)
    if loops == 2:
        return jnp.where(mu > inputs["m_t_MSbar"], *reversed(alpha_s_around_top(mu, inputs)))
    return _alpha_through_thresholds(mu, inputs) if n_f is None else _alpha_three_loop(mu, n_f, inputs)


def _mass_evolution(alpha: Float[Array, ""], n_f: int) -> Float[Array, ""]:
    """Function c(a) whose ratio runs a mass. Three loops, hep-ph/0004189."""
    b0, b1, b2 = _beta(n_f)
    g0, g1, g2 = (g / b0 for g in _gamma(n_f))
    b1, b2 = b1 / b0, b2 / b0
    a = alpha / jnp.pi
    first = g1 - b1 * g0
    second = g2 + b1**2 * g0 - b1 * g1 - b2 * g0
    return a**g0 * (1 + first * a + (first**2 + second) / 2 * a**2)


def _run_mass(mass: FloatLike, start: Float[Array, ""], end: Float[Array, ""], n_f: int) -> Float[Array, ""]:
    """Quark mass where alpha_s is `end` from its value where it is `start`, with a fixed number of flavours."""
    return jnp.asarray(mass) * _mass_evolution(end, n_f) / _mass_evolution(start, n_f)


def _mass_with_one_more_flavour(mass: Float[Array, ""], alpha: Float[Array, ""]) -> Float[Array, ""]:
    """Mass of a light quark across a pole mass, `alpha` without the heavy flavour. Two loops, hep-ph/0004189."""
    return mass * (1 - 89 / 432 * (alpha / jnp.pi) ** 2)


def m_b_msbar(mu: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`m_b(\mu)` with 5 flavours, from :math:`m_b(m_b)`."""
    start, end = (_alpha_three_loop(scale, 5, inputs) for scale in (inputs["m_b"], mu))
    return _run_mass(inputs["m_b"], start, end, 5)


def m_c_msbar(mu: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`m_c(\mu)` with 5 flavours, from :math:`m_c(m_c)` with 4."""
    (five, four), _ = _matching(inputs)
    mass = _run_mass(inputs["m_c"], _alpha_three_loop(inputs["m_c"], 4, inputs), four, 4)
    return _run_mass(_mass_with_one_more_flavour(mass, four), five, _alpha_three_loop(mu, 5, inputs), 5)


def m_s_msbar(mu: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`m_s(\mu)` with 5 flavours, from :math:`m_s(2\,{\rm GeV})`, which is read as a three-flavour mass."""
    five, four = _matching(inputs).bottom
    mass = _four_flavour_mass(inputs["m_s"], four, inputs)
    return _run_mass(_mass_with_one_more_flavour(mass, four), five, _alpha_three_loop(mu, 5, inputs), 5)


def _four_flavour_mass(mass: FloatLike, end: Float[Array, ""], inputs: Inputs) -> Float[Array, ""]:
    """Mass of a light quark where the alpha_s of 4 flavours is `end`, from its three-flavour value at 2 GeV."""
    four, three = _matching(inputs).charm
    mass = _run_mass(mass, _run_alpha(three, CHARM_MATCHING, 2.0, 3, 3), three, 3)
    return _run_mass(_mass_with_one_more_flavour(mass, three), four, end, 4)


def mass_below_bottom(quark: str, mu: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`m_q(\mu)` of u, d, s or c with 4 flavours, from its value at 2 GeV, that of c from :math:`m_c(m_c)`."""
    end = _alpha_three_loop(mu, 4, inputs)
    if quark == "c":
        return _run_mass(inputs["m_c"], _alpha_three_loop(inputs["m_c"], 4, inputs), end, 4)
    return _four_flavour_mass(inputs[f"m_{quark}"], end, inputs)


def _pole_mass(mass: Float[Array, ""], alpha: Float[Array, ""], light: int) -> Float[Array, ""]:
    """Two-loop pole mass from m(m), `light` massless flavours; hep-ph/0004189."""
    a = alpha / jnp.pi
    second = 307 / 32 + jnp.pi**2 / 3 * (1 + jnp.log(2.0) / 3) - ZETA3 / 6 - light * (71 / 144 + jnp.pi**2 / 18)
    return mass * (1 + 4 / 3 * a + second * a**2)


def m_b_pole(inputs: Inputs) -> Float[Array, ""]:
    """Two-loop pole mass of the bottom quark. The series does not converge well: three loops would add 3 %."""
    return _pole_mass(inputs["m_b"], alpha_s(inputs["m_b"], inputs, 5), 4)


def m_c_pole(inputs: Inputs) -> Float[Array, ""]:
    r"""Two-loop pole mass of the charm quark.

    :math:`\alpha_s(m_c)` is taken with three flavours, whatever the value of :math:`m_c`, as flavio 2.7.1 does for
    :math:`m_c` below 1.275 GeV; a switch there would make the amplitudes jump by 0.1 % inside the error of :math:`m_c`.
    """
    return _pole_mass(inputs["m_c"], alpha_s(inputs["m_c"], inputs, 3), 3)
