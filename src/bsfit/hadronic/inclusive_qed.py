r"""Photons collinear to a lepton in inclusive :math:`b \to s\ell\ell`: terms with :math:`\ln(m_b^2/m_\ell^2)`.

For a lepton that is measured without the photons that it has emitted. 1503.04849 [Huber:2015sra]_, section 4, the
rate below half of m_b^2 and above of hep-ph/0512066 [Huber:2005ig]_ and 0712.3009 [Huber:2007vv]_; polynomials fitted
there, their numbers read from flavio 2.7.1. With :math:`C_q = C_2+\tfrac43 C_1`, in the units of `inclusive`,

.. math::
   \frac{2\alpha}{\pi}\,{\rm Re}\left[e_{77}|C_7|^2+e_{79}C_7C_9^*+e_{99}(|C_9|^2+|C_{10}|^2)
   +e_{22}|C_q|^2+e_{27}C_qC_7^*+e_{29}C_qC_9^*\right] .

Of H_T, H_L, H_A they are known below s = 1/2 only, and the polynomials were fitted for q2 in [1, 6] GeV^2. Not
included: the imaginary part of :math:`e_{2,10}`, which only complex :math:`C_{10}` would see.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.hadronic.inclusive import dilogarithm

FloatArray = Float[Array, ""]

MIDDLE = 0.5
"""The s that divides what is known at low q2 from what is known at high q2."""

_FITTED_AT = 5.0
"""Scale in GeV of the polynomials."""

_TRANSVERSE = {
    "77": (1.5498606, -35.504731, 179.27865, -683.60799, 1653.3803, -1703.7197),
    "79": (0.32423634, 19.062962, -186.11969, 830.53031, -2062.9221, 2158.0302),
    "99": (0.028404914, 2.2595966, -13.53767, 52.891402, -141.2815, 157.98396),
    "22": (0.011111843, 2.842566, -8.24928945, 48.45352635, -194.443482, 269.973598),
    "27": (0.1213985, 21.529086, -175.8739, 874.07431, -2563.0484, 3044.9432),
    "27 im": (-0.011650097, 2.494746, -9.9052515, 117.68312, -456.83146, 598.3758),
    "29": (0.03713484, 4.5472667, -19.68547, 79.871332, -258.19369, 330.18237),
    "29 im": (0.0, 0.71003733, -0.10233106, 14.651696, -61.133766, 73.914893),
}
_LONGITUDINAL = {
    "77": (-1.6755012, 9.737606, -68.356225, 276.83869, -642.63699, 647.74693),
    "79": (-0.19070122, -6.0364123, 47.663609, -278.55928, 807.34922, -896.64323),
    "99": (-0.01808088, -0.76852083, 2.9334965, -21.278719, 70.082094, -80.806777),
    "22": (-0.00810232975, -1.7183249, 6.29948615, -37.236086, 162.125924, -234.1097725),
    "27": (-0.12898849, -8.0168381, 54.194274, -280.86582, 882.71107, -1121.1272),
    "27 im": (0.014505906, -2.140582, 12.328226, -124.57918, 483.9968, -588.77052),
    "29": (-0.02330976, -2.2722118, 11.568628, -65.137508, 224.6616, -298.36866),
    "29 im": (0.0027978114, -0.66615733, 2.4452744, -28.273377, 109.31482, -120.30306),
}
_LOW = {
    "22": (0.0273795456, 8.82509721, -12.0718979, 62.0071447, -168.377649, 186.026988),
    "27": (0.744644534, 74.6249072, -458.170942, 1074.81326, -1211.76624, 0.0),
    "27 im": (0.0, 3.63143465, 11.0672312, -22.4791063, 194.812968, 0.0),
    "29": (0.112585531, 18.1286684, -62.5724695, 90.4601884, -126.991942, 0.0),
    "29 im": (0.0, 1.33305506, 3.90668755, -7.39004954, 67.2164798, 0.0),
}
"""Coefficients of 1/s, 1, s, s^2, s^3, s^4; of the whole rate eight times them."""

_HIGH = {
    "22": (-220.10089, 875.7035, -1920.5575, 1822.0661),
    "27": (-310.11315, 834.253, -2181.9443, 2133.7832),
    "27 im": (-518.17995, 2047.185, -4470.0366, 4827.7433),
    "29": (-153.67251, 498.82338, -1146.7384, 1138.8137),
    "29 im": (-255.71156, 1139.103, -2414.2069, 2379.906),
}
"""Coefficients of 1, 1-s, (1-s)^2, (1-s)^3, over (1-s)^2, eight times the whole rate."""

_CHARM_AXIAL = (0.3051763, 24.209609, -160.15786, 378.17322, -351.32222)
"""Coefficients of 1, s, s^2, s^3, s^4 in minus six times what C_q C10* has in H_A."""


class Logs(NamedTuple):
    """The e of the module's docstring."""

    e_77: FloatArray
    e_79: FloatArray
    e_99: FloatArray
    e_22: FloatArray
    e_27: Complex[Array, ""]
    e_29: Complex[Array, ""]


def transverse(s: FloatArray, log_lepton: FloatArray, mu: float) -> Logs:
    """Those of H_T, zero above the middle; `log_lepton` is ln(m_b^2/m_l^2)."""
    return _of_polynomials(_TRANSVERSE, s, log_lepton, mu)


def longitudinal(s: FloatArray, log_lepton: FloatArray, mu: float) -> Logs:
    """Those of H_L."""
    return _of_polynomials(_LONGITUDINAL, s, log_lepton, mu)


def whole(s: FloatArray, log_lepton: FloatArray, mu: float) -> Logs:
    """Those of the rate, at all q2; of quark loops above 6 GeV^2 and below the middle continued from there."""
    below = s < MIDDLE
    low, high = jnp.where(below, s, MIDDLE), jnp.where(below, MIDDLE, s)
    fits = {
        name: log_lepton / 8 * jnp.where(below, _laurent(_LOW[name], low), (1 - s) ** 2 * _power(_HIGH[name], 1 - high))
        for name in _LOW
    }
    return _at_scale(dict(zip(("77", "79", "99"), _analytic(s, log_lepton), strict=True)) | fits, mu)


def axial(s: FloatArray, log_lepton: FloatArray, mu: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What multiplies Re C7 C10*, Re C9 C10* and Re C_q C10* in H_A; zero above the middle."""
    root, rest = jnp.sqrt(s), 1 - s
    soft, log, half = jnp.log1p(-root), jnp.log(s), jnp.log((1 + root) / 2)
    of_7 = (7 - 16 * root + 9 * s) / 4 + rest * soft + (1 + 3 * s) * half - s * log
    of_9 = -(5 - 16 * root + 11 * s) / 4 + rest * soft + (1 - 5 * s) * half - (1 - 3 * s) * log
    charm = -_power(_CHARM_AXIAL, s) / 6 - 8 / 9 * np.log(mu / _FITTED_AT) * 4 * s * rest * of_9
    switch = jnp.where(s < MIDDLE, log_lepton, 0.0)
    return -8 * rest * of_7 * switch, -4 * s * rest * of_9 * switch, charm * switch


def _analytic(s: FloatArray, log_lepton: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of the whole rate, without quark loops: hep-ph/0512066, the last one with what has no logarithm."""
    rest, log = 1 - s, jnp.log(s)
    log_1 = jnp.log(rest)
    of_77 = s / (2 * rest * (2 + s)) + log_1 - s * (2 * s**2 - 3) / (2 * rest**2 * (2 + s)) * log
    of_79 = -1 / (2 * rest) + log_1 - (1 - 2 * s + 2 * s**2) / (2 * rest**2) * log
    cubic, wide = 1 - 6 * s**2 + 4 * s**3, 1 + 2 * s
    of_99 = -(1 + 4 * s - 8 * s**2) / (6 * rest * wide) + log_1 - cubic / (2 * rest**2 * wide) * log
    finite = (
        -dilogarithm(s) / 9
        + 4 / 27 * jnp.pi**2
        - (37 - 3 * s - 6 * s**2) / (72 * rest * wide)
        - (41 + 76 * s) / (36 * wide) * log_1
        + (6 - 10 * s - 17 * s**2 + 14 * s**3) / (18 * rest**2 * wide) * log
        + 17 / 18 * log_1 * log
        - cubic / (2 * rest**2 * wide) * log**2
    )
    kinematics = rest**2 * 4 * (1 + 2 / s), 12 * rest**2, rest**2 * wide
    terms = log_lepton * of_77, log_lepton * of_79, log_lepton * of_99 + finite
    return tuple(factor * term for factor, term in zip(kinematics, terms, strict=True))


def _of_polynomials(table: dict[str, tuple[float, ...]], s: FloatArray, log_lepton: FloatArray, mu: float) -> Logs:
    """Those of a table, zero above the middle."""
    below = s < MIDDLE
    inside = jnp.where(below, s, MIDDLE)
    found = {name: jnp.where(below, log_lepton * _laurent(row, inside), 0.0) for name, row in table.items()}
    return _at_scale(found, mu)


def _at_scale(found: dict[str, FloatArray], mu: float) -> Logs:
    """From the scale of the polynomials to mu: quark loops contain 8/9 ln(mu) in the place of C9."""
    log = 8 / 9 * np.log(mu / _FITTED_AT)
    e_27, e_29 = (found[name] + 1j * found[f"{name} im"] for name in ("27", "29"))
    e_22 = found["22"] + log * found["29"] + log**2 * found["99"]
    moved = e_22, e_27 + log * found["79"], e_29 + 2 * log * found["99"]
    return Logs(found["77"], found["79"], found["99"], *moved)


def _laurent(row: tuple[float, ...], s: FloatArray) -> FloatArray:
    """Polynomial in s over s, lowest power first."""
    return _power(row, s) / s


def _power(row: tuple[float, ...], x: FloatArray) -> FloatArray:
    """Polynomial in x, lowest power first."""
    return jnp.polyval(np.array(row[::-1]), x)
