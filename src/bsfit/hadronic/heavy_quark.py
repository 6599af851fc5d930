r"""Form factors of :math:`B\to D` and :math:`B\to D^*` in the heavy-quark expansion.

The Isgur-Wise function :math:`\xi(w)`, corrections in :math:`\alpha_s`, :math:`1/m_b`, :math:`1/m_c` of 1703.05330
[Bernlochner:2017jka]_ and :math:`1/m_c^2` of 1908.09398 [Bordone:2019vic]_, fitted to lattice, sum rules and unitarity:

.. math:: h_i=\xi\,\bigl[1_i+\tfrac{\alpha_s}\pi C_i(w)+(\epsilon_cL+\epsilon_c^2\ell)_i+(\epsilon_bL)_i\bigr],\qquad
          \epsilon_q=\bar\Lambda/2m_q .

:math:`\xi` is a polynomial of third degree in w - 1, subleading functions of second, :math:`\ell_i` of first, each
expanded in :math:`z=\frac{\sqrt{w+1}-\sqrt2}{\sqrt{w+1}+\sqrt2}` to that order, the "3/2/1" of 1908.09398. Inputs are
values and derivatives at w = 1, ``B->D HQE ...``; quark masses and :math:`\alpha_s` are part of the fit's scheme and
stand here.
"""

from functools import cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import spence

from bsfit.loading.inputs import Inputs

ALPHA_S = 0.26
M_B_1S = 4.71
M_B = M_B_1S * (1.0 + 2.0 * ALPHA_S**2 / 9.0)
M_C = M_B - 3.4
LAMBDA_BAR = 5.313 - M_B - 0.3 / (2.0 * M_B_1S)
"""Scheme of the fit in GeV, 1703.05330: the 1S mass, the difference of quark masses, the spin average of B and B*."""

_ISGUR_WISE = ("rho2", "c", "xi3")
_FIRST_ORDER = ("chi2", "chi2'", "chi2''", "chi3'", "chi3''", "eta", "eta'", "eta''")
_SECOND_ORDER = tuple(f"l{i}{prime}" for i in range(1, 7) for prime in ("", "'"))
NAMES = tuple(f"B->D HQE {name}" for name in (*_ISGUR_WISE, *_FIRST_ORDER, *_SECOND_ORDER))
"""Inputs of the expansion: 3, 8 and 12 of them."""

MATCHING = ("V1", "V2", "V3", "A1", "A2", "A3", "T1", "T2", "T3")
"""Order of the functions of `matching_functions`."""

_W_MAX = 1.65
_DEGREE = 10
_POWERS = np.array([[0.0, 8.0, 16.0, 24.0], [0.0, 0.0, 64.0, 256.0], [0.0, 0.0, 0.0, 512.0]])
_FACTORS = np.array([[-1.0], [1.0], [1.0 / 6.0]])
_TAYLOR = np.array([[1.0, 0.0, 0.0], [0.0, 8.0, 16.0], [0.0, 0.0, 32.0]])
r"""Coefficients of :math:`z^k` in :math:`(w-1)^n=[8z/(1-z)^2]^n`, n = 1, 2, 3, the factors of these in :math:`\xi`, and
coefficients in :math:`(w-1)^n/n!`, n = 0, 1, 2."""

Vector = Float[Array, " n"]


def recoil(q2: Vector, m_b: Float[Array, ""], m_m: Float[Array, ""]) -> Vector:
    """The w of a momentum transfer in GeV^2."""
    return (m_b**2 + m_m**2 - q2) / (2.0 * m_b * m_m)


def b_to_d(q2: Vector, m_b: Float[Array, ""], m_d: Float[Array, ""], inputs: Inputs) -> Float[Array, "3 n"]:
    r"""Form factors :math:`f_+,f_0,f_T` of :math:`B\to D`."""
    w, r = recoil(q2, m_b, m_d), m_d / m_b
    xi, charm, bottom, c = _parts(w, inputs)
    plus = 1.0 + c["V1"] + 0.5 * (w + 1.0) * (c["V2"] + c["V3"]) + charm[0] + bottom[0]
    minus = 0.5 * (w + 1.0) * (c["V2"] - c["V3"]) + charm[3] - bottom[3]
    tensor = 1.0 + c["T1"] - c["T2"] + c["T3"] + charm[0] + bottom[0] - charm[3] - bottom[3]
    f_plus = ((1.0 + r) * plus - (1.0 - r) * minus) / (2.0 * jnp.sqrt(r))
    f_zero = jnp.sqrt(r) * ((w + 1.0) / (1.0 + r) * plus - (w - 1.0) / (1.0 - r) * minus)
    return xi[None] * jnp.stack([f_plus, f_zero, (1.0 + r) / (2.0 * jnp.sqrt(r)) * tensor])


def b_to_d_star(q2: Vector, m_b: Float[Array, ""], m_d: Float[Array, ""], inputs: Inputs) -> Float[Array, "7 n"]:
    r"""Form factors of :math:`B\to D^*` in the order of `form_factors.B_TO_V`.

    :math:`h_{T_3}` is that of 1703.05330, minus twice that of 1309.0301 [Sakaki:2013bfa]_, whose relations are used.
    """
    w, r = recoil(q2, m_b, m_d), m_d / m_b
    xi, charm, bottom, c = _parts(w, inputs)
    slow = (w - 1.0) / (w + 1.0)
    h_v = 1.0 + c["V1"] + charm[1] - charm[4] + bottom[0] - bottom[3]
    h_a1 = 1.0 + c["A1"] + charm[1] - slow * charm[4] + bottom[0] - slow * bottom[3]
    h_a2 = c["A2"] + charm[2] + charm[5]
    h_a3 = 1.0 + c["A1"] + c["A3"] + charm[1] - charm[2] - charm[4] + charm[5] + bottom[0] - bottom[3]
    h_t1 = 1.0 + c["T1"] + 0.5 * (w - 1.0) * (c["T2"] - c["T3"]) + charm[1] + bottom[0]
    h_t2 = 0.5 * (w + 1.0) * (c["T2"] + c["T3"]) + charm[4] - bottom[3]
    h_t3 = c["T2"] + charm[5] - charm[2]
    root = jnp.sqrt(r)
    v = 0.5 * (1.0 + r) / root * h_v
    a0 = ((w + 1.0) * h_a1 - (1.0 - r * w) * h_a2 - (w - r) * h_a3) / (2.0 * root)
    a1 = root * (w + 1.0) / (1.0 + r) * h_a1
    a12 = (w + 1.0) / (8.0 * root) * ((w - r) * h_a1 - (w - 1.0) * (r * h_a2 + h_a3))
    t1 = ((1.0 + r) * h_t1 - (1.0 - r) * h_t2) / (2.0 * root)
    t2 = root * ((w + 1.0) / (1.0 + r) * h_t1 - (w - 1.0) / (1.0 - r) * h_t2)
    t23 = (1.0 + r) / (4.0 * root) * ((w + 1.0) * h_t1 + (w - 1.0) * h_t2 - (w**2 - 1.0) * h_t3)
    return xi[None] * jnp.stack([v, a0, a1, a12, t1, t2, t23])


def _parts(w: Vector, inputs: Inputs) -> tuple[Vector, list[Vector], list[Vector], dict[str, Vector]]:
    """The Isgur-Wise function, corrections 1 to 6 of the charm and the bottom quark, and of the strong coupling."""
    root = jnp.sqrt(w + 1.0)
    z = (root - jnp.sqrt(2.0)) / (root + jnp.sqrt(2.0))
    xi = 1.0 + inputs.array(NAMES[:3]) @ (_FACTORS * _POWERS @ _monomials(z, 4))
    first = _first_order(w, inputs.array(NAMES[3:11]), _TAYLOR @ _monomials(z, 3))
    second = inputs.array(NAMES[11:]).reshape(6, 2) @ (_TAYLOR[:2, :2] @ _monomials(z, 2))
    charm, bottom = LAMBDA_BAR / (2.0 * M_C), LAMBDA_BAR / (2.0 * M_B)
    matching = ALPHA_S / np.pi * matching_functions(w)
    of_charm = [charm * one + charm**2 * two for one, two in zip(first, second, strict=True)]
    return xi, of_charm, [bottom * one for one in first], dict(zip(MATCHING, matching, strict=True))


def _first_order(w: Vector, values: Float[Array, " 8"], powers: Float[Array, "3 n"]) -> list[Vector]:
    r""":math:`L_1...L_6` of 1703.05330; factors of w itself are not expanded."""
    chi2, chi3, eta = values[:3] @ powers, values[3:5] @ powers[1:], values[5:] @ powers
    return [
        -4.0 * (w - 1.0) * chi2 + 12.0 * chi3, -4.0 * chi3, 4.0 * chi2,
        2.0 * eta - 1.0, -jnp.ones_like(w), -2.0 * (1.0 + eta) / (w + 1.0),
    ]  # fmt: skip


def _monomials(x: Vector, n: int) -> Float[Array, "m n"]:
    """Powers 0 to n - 1."""
    return jnp.stack([x**k for k in range(n)])


def matching_functions(w: Vector) -> Float[Array, "9 n"]:
    r""":math:`C_i(w)` of order :math:`\alpha_s/\pi`, in the order of `MATCHING`; 1 <= w <= 1.65.

    Polynomials through `exact_matching_functions`, to 1e-9, smooth at w = 1.
    """
    return _matching_polynomials() @ _monomials(2.0 * (w - 1.0) / (_W_MAX - 1.0) - 1.0, _DEGREE + 1)


@cache
def _matching_polynomials() -> Float[np.ndarray, "9 k"]:
    points = np.polynomial.chebyshev.chebpts1(_DEGREE + 1)
    values = exact_matching_functions(1.0 + 0.5 * (_W_MAX - 1.0) * (points + 1.0), M_C / M_B)
    fitted = np.polynomial.chebyshev.chebfit(points, values.T, _DEGREE)
    return np.array([np.polynomial.chebyshev.cheb2poly(column) for column in fitted.T])


def exact_matching_functions(w: Float[np.ndarray, " n"], z: float) -> Float[np.ndarray, "9 n"]:
    r""":math:`C_{V_i},C_{A_i},C_{T_i}` for w > 1 at :math:`z=m_c/m_b` and the scale :math:`\sqrt{m_bm_c}`.

    Appendix A of 1703.05330, from hep-ph/9306320 [Neubert:1993mb]_; not defined at w = 1, where they are smooth. Axial
    functions are vector ones of -w and -z, logarithms kept.
    """
    log, root = np.log(z), np.sqrt(w**2 - 1.0)
    r, up, down = np.log(w + root) / root, w + root, w - root
    dilogarithms = 2.0 * spence(z * down) - 2.0 * spence(z * up) + spence(up**2) - spence(down**2)
    omega = 1.0 + w / (2.0 * root) * dilogarithms - w * r * log
    v1, v2, v3 = _vector_functions(w, z, log, r, omega)
    a1, a2, a3 = _vector_functions(-w, -z, log, -r, omega)
    pole = w - 0.5 * (z + 1.0 / z)
    t1 = (w - 1.0) * (4.0 * w + 2.0 - z - 1.0 / z) * r - 6.0 * pole - (z - 1.0 / z) * log + 2.0 * pole * omega
    t2, t3 = (1.0 - w * z) * r + z * log, z * (w - z) * r + z * log
    return np.stack([v1, v2, v3, a1, -a2, a3, t1 / (3.0 * pole), *(2.0 * t / (3.0 * z * pole) for t in (t2, t3))])


def _vector_functions(
    w: Float[np.ndarray, " n"], z: float, log: float, r: Float[np.ndarray, " n"], omega: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], ...]:
    pole = w - 0.5 * (z + 1.0 / z)
    first = 2 * (w + 1) * (3 * w - 1 - z - 1 / z) * r - 12 * pole - (z - 1 / z) * log + 4 * pole * omega
    second = ((4 * w**2 + 2 * w) * z**2 - (2 * w**2 + 5 * w - 1) * z - (w + 1) * z**3 + 2) * r
    second = second + z * (2 * (1 - z) * pole + (z**2 - (4 * w - 2) * z + 3 - 2 * w) * log)
    third = ((2 * w**2 + 5 * w - 1) * z**2 - (4 * w**2 + 2 * w) * z - 2 * z**3 + w + 1) * r
    third = third + 2 * z * (1 - z) * pole + ((3 - 2 * w) * z**2 + (2 - 4 * w) * z + 1) * log
    return first / (6 * pole), -second / (6 * (z * pole) ** 2), third / (6 * z * pole**2)
