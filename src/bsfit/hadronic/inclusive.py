r"""Inclusive :math:`b \to s\ell\ell`: gluon emission and :math:`1/m_b^2` in the helicity rates.

Functions of :math:`s = q^2/m_b^2`, for the rates :math:`H_T, H_L` and the asymmetry :math:`H_A` of
hep-ph/0612156 [Lee:2006gs]_, of which at lowest order, with massless leptons,

.. math::
   H_T = 2s(1-s)^2\left(\left|C_9+\tfrac{2}{s}C_7\right|^2+|C_{10}|^2\right) ,\quad
   H_L = (1-s)^2\left(|C_9+2C_7|^2+|C_{10}|^2\right) ,\quad
   H_A = -4s(1-s)^2\,{\rm Re}\left[C_{10}^*\left(C_9+\tfrac{2}{s}C_7\right)\right] .

Functions: 1503.04849 [Huber:2015sra]_ and, of gluons, hep-ph/0109140 [Asatryan:2001zw]_ and hep-ph/0208088
[Ghinculov:2002pe]_, read from flavio 2.7.1. One differs: `bremsstrahlung_axial` has 1/(1-s) in :math:`\tau_{710}` where
flavio has 1/(1-3s), a pole at s = 1/3: only so are both functions finite at s = 1, and almost equal, as there all
gluons are soft (a test).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.special import spence
from jaxtyping import Array, Float

FloatArray = Float[Array, ""]


class Terms(NamedTuple):
    r"""What multiplies :math:`|C_7|^2, {\rm Re}\,C_7C_9^*, |C_9|^2` in a rate."""

    dipole: FloatArray
    mixed: FloatArray
    vector: FloatArray


def dilogarithm(x: FloatArray) -> FloatArray:
    r""":math:`{\rm Li}_2(x)` for 0 < x < 1."""
    return spence(1.0 - x)


def transverse(s: FloatArray) -> Terms:
    """Those of H_T at lowest order."""
    return Terms(8.0 * (1 - s) ** 2 / s, 8.0 * (1 - s) ** 2, 2.0 * s * (1 - s) ** 2)


def longitudinal(s: FloatArray) -> Terms:
    """Those of H_L at lowest order."""
    return Terms(4.0 * (1 - s) ** 2, 4.0 * (1 - s) ** 2, (1 - s) ** 2)


def axial(s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What multiplies Re C7 C10* and Re C9 C10* in H_A at lowest order."""
    return -8.0 * (1 - s) ** 2, -4.0 * s * (1 - s) ** 2


def universal(s: FloatArray, log_scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Factors of C7 and of C9, C10: :math:`\sigma_7, \sigma_9`, in units of alpha_s/pi; `log_scale` is ln(mu/m_b)."""
    log, log_1 = jnp.log(s), jnp.log(1 - s)
    common = -4 / 3 * dilogarithm(s) - 2 / 3 * log * log_1 - 2 / 9 * jnp.pi**2 - log_1 - 2 / 9 * (1 - s) * log_1
    return common + 1 / 6 - 8 / 3 * log_scale, common + 3 / 2


def bremsstrahlung(s: FloatArray) -> Terms:
    r""":math:`\tau_{77}, \tau_{79}, \tau_{99}` of the rate H_T + H_L, in units of alpha_s/pi."""
    log, rest = jnp.log(s), 1 - s
    log_1 = jnp.log(rest)
    dipole = 2 * rest**2 * log_1 + 6 * s * (2 - 2 * s - s**2) / rest**2 * log + (11 - 7 * s - 10 * s**2) / rest
    vector = 2 * rest**2 * log_1 + 3 * s * (1 + s) * (1 - 2 * s) / rest**2 * log + 3 * (1 - 3 * s**2) / rest
    mixed = 4 * rest**2 / s * log_1 + 4 * s * (3 - 2 * s) / rest**2 * log + 2 * (5 - 3 * s) / rest
    return Terms(-2 / 9 * dipole / (2 + s), -mixed / 9, -4 / 9 * vector / (1 + 2 * s))


def bremsstrahlung_axial(s: FloatArray) -> tuple[FloatArray, FloatArray]:
    r""":math:`\tau_{710}, \tau_{910}` of H_A, in units of alpha_s/pi."""
    log, rest, root = jnp.log(s), 1 - s, jnp.sqrt(s)
    log_1, li, li_root = jnp.log(rest), dilogarithm(s), dilogarithm(root)
    log_root = jnp.log1p(-root) - log_1
    pi2 = jnp.pi**2
    f_7 = (
        24 * (1 + 13 * s - 4 * s**2) * li_root
        + 12 * (1 - 17 * s + 6 * s**2) * li
        + 6 * s * (6 - 7 * s) * log
        + 24 * rest**2 * log * log_1
        + 12 * (-13 + 16 * s - 3 * s**2) * log_root
        + (39 - 2 * pi2 + (252 - 26 * pi2) * s + (21 + 8 * pi2) * s**2 - (180 + 132 * s) * root)
    ) / (6 * rest**2)
    f_9 = -(
        48 * s * (-5 + 2 * s) * li_root
        + 24 * (-1 + 7 * s - 3 * s**2) * li
        + 6 * s * (-6 + 7 * s) * log
        - 24 * rest**2 * log * log_1
        + 24 * (5 - 7 * s + 2 * s**2) * log_root
        + (-21 - (156 - 20 * pi2) * s + (9 - 8 * pi2) * s**2 + (120 + 48 * s) * root)
    ) / (6 * rest**2)
    common = -5 / 2 + 1 / (3 * rest) - s * (6 - 7 * s) * log / (3 * rest**2)
    of_7 = common - (3 - 7 * s + 4 * s**2) * log_1 / (9 * s) + f_7 / 3
    return of_7, common - 2 * (3 - 5 * s + 2 * s**2) * log_1 / (9 * s) + f_9 / 3


def power_transverse(s: FloatArray, l_1: FloatArray, l_2: FloatArray) -> Terms:
    r"""Additions of order :math:`1/m_b^2` to H_T; `l_1`, `l_2` are :math:`\lambda_{1,2}/m_b^2`."""
    return Terms(
        l_1 * 4 / 3 * (1 - s) * (5 * s + 3) / s + l_2 * 4 * (3 * s**2 + 2 * s - 9) / s,
        l_1 * 4 * (1 - s) ** 2 + l_2 * 4 * (9 * s**2 - 6 * s - 7),
        -l_1 * s / 3 * (1 - s) * (3 * s + 5) + l_2 * s * (15 * s**2 - 14 * s - 5),
    )


def power_longitudinal(s: FloatArray, l_1: FloatArray, l_2: FloatArray) -> Terms:
    """The same of H_L."""
    return Terms(
        l_1 * 2 / 3 * (s - 1) * (3 * s + 13) + l_2 * 2 * (15 * s**2 - 6 * s - 13),
        l_1 * 2 * (1 - s) ** 2 + l_2 * 2 * (3 * s**2 - 6 * s - 1),
        l_1 / 6 * (1 - s) * (13 * s + 3) + l_2 / 2 * (-17 * s**2 + 10 * s + 3),
    )


def power_axial(s: FloatArray, l_1: FloatArray, l_2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same of H_A, for C7 and C9 with C10."""
    common = -l_1 * 2 / 3 * (3 * s**2 + 2 * s + 3)
    of_7 = 2 * common - l_2 * 4 * (9 * s**2 - 10 * s - 7)
    return of_7, s * (common - l_2 * 2 * (15 * s**2 - 14 * s - 9))
