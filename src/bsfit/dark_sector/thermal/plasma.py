r"""Effective degrees of freedom of the Standard Model: g of the energy density and h of the entropy density.

:math:`\rho=\frac{\pi^2}{30}gT^4,\ s=\frac{2\pi^2}{45}hT^3`. Our own representation: each is a constant plus eleven
smooth steps in ln T, fitted to the table of Laine and Meyer, 1503.04935 [Laine:2015kra]_, between 10 keV and 100 TeV;
below and above it is constant. Other tables can be used instead: `TabulatedPlasma`.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float


class Plasma(eqx.Module):
    """Degrees of freedom as functions of ln(T/GeV), elementwise."""

    @abstractmethod
    def energy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """Of the energy density: g."""

    @abstractmethod
    def entropy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """Of the entropy density: h."""

    def root_g_star(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        r""":math:`g_*^{1/2}=\frac{h}{\sqrt g}\left(1+\frac13\frac{d\ln h}{d\ln T}\right)` of [Gondolo:1990dk]_."""
        h, slope = jax.jvp(self.entropy, (ln_t,), (jnp.ones_like(ln_t),))
        return (h + slope / 3) / jnp.sqrt(self.energy(ln_t))


class TabulatedPlasma(Plasma):
    """A table with increasing temperatures: cubic splines in ln T, constant outside. Build with `of_table`."""

    ln_t: Float[Array, " n"]
    g: Float[Array, "4 m"]
    h: Float[Array, "4 m"]

    @classmethod
    def of_table(
        cls, temperature: Float[ArrayLike, " n"], g: Float[ArrayLike, " n"], h: Float[ArrayLike, " n"]
    ) -> "TabulatedPlasma":
        """From columns: temperatures in GeV, increasing; degrees of freedom of energy and entropy."""
        from scipy.interpolate import CubicSpline

        ln_t = np.log(temperature)
        splines = [jnp.asarray(CubicSpline(ln_t, column).c) for column in (g, h)]
        return cls(jnp.asarray(ln_t), *splines)

    def energy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """See `Plasma.energy`."""
        return self._spline(self.g, ln_t)

    def entropy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """See `Plasma.entropy`."""
        return self._spline(self.h, ln_t)

    def _spline(self, c: Float[Array, "4 m"], ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        t = jnp.clip(ln_t, self.ln_t[0], self.ln_t[-1])
        i = jnp.clip(jnp.searchsorted(self.ln_t, t) - 1, 0, len(self.ln_t) - 2)
        d = t - self.ln_t[i]
        return ((c[0, i] * d + c[1, i]) * d + c[2, i]) * d + c[3, i]


class SmoothSteps(eqx.Module):
    r"""A constant plus steps :math:`a\,[1+e^{-w(\ln T-c)}]^{-v}`; rows of `steps` are a, c, w, v."""

    constant: Float[Array, ""]
    steps: Float[Array, "n 4"]

    def __call__(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """Value at every ln(T/GeV)."""
        height, centre, slope, power = self.steps.T
        distance = jnp.clip(ln_t, LN_T_MIN, LN_T_MAX)[:, None] - centre[None, :]
        rise = jnp.exp(-power[None, :] * jax.nn.softplus(-slope[None, :] * distance))
        return self.constant + rise @ height


class FittedPlasma(Plasma):
    """Our representation, to 0.1 % of the table it was fitted to; build with `standard_plasma`."""

    g: SmoothSteps
    h: SmoothSteps

    def energy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """See `Plasma.energy`."""
        return self.g(ln_t)

    def entropy(self, ln_t: Float[Array, " k"]) -> Float[Array, " k"]:
        """See `Plasma.entropy`."""
        return self.h(ln_t)


LN_T_MIN, LN_T_MAX = np.log(1e-5), np.log(1e5)

_ENERGY = (
    3.3027,
    (
        (7.6605, -9.6094, 1.8862, 5.3577),
        (9.0141, -5.3278, 1.4573, 21.6823),
        (23.7548, -4.1458, 0.4516, 2.7842),
        (49.3343, -1.7286, 1.4584, 4.2096),
        (18.5564, -1.6835, 12.5004, 0.3542),
        (11.806, -1.6272, 40.9484, 0.2636),
        (-52.717, -0.2657, 0.6476, 0.9095),
        (7.8413, 1.7916, 3.3794, 0.09),
        (15.2009, 3.8509, 3.3934, 0.4467),
        (9.3981, 4.6218, 8.3549, 0.1335),
        (1.3524, 5.0178, 34.5378, 0.2807),
    ),
)
_ENTROPY = (
    3.9221,
    (
        (7.0252, -9.7065, 1.854, 6.1678),
        (33.7529, -5.6253, 0.4034, 5.5056),
        (8.8243, -4.4134, 1.5582, 6.987),
        (54.5606, -4.1918, 1.0309, 29.9556),
        (-58.4984, -2.0585, 0.5167, 2.0713),
        (11.8324, -1.742, 8.5778, 0.7978),
        (10.721, -1.6309, 31.8764, 0.3404),
        (9.1472, -0.1839, 3.2424, 0.334),
        (14.3972, 3.6347, 2.4237, 1.0152),
        (8.0956, 4.597, 4.868, 0.2937),
        (0.767, 4.8843, 20.4807, 4.4123),
    ),
)


def standard_plasma() -> Plasma:
    """The degrees of freedom that are used where no others are passed in."""
    g, h = (SmoothSteps(jnp.asarray(constant), jnp.asarray(steps)) for constant, steps in (_ENERGY, _ENTROPY))
    return FittedPlasma(g, h)
