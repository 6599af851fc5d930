r"""Two-loop matrix elements of :math:`O_{1,2}`, and the one-loop ones of :math:`O_8`, in :math:`b \to s\ell\ell`.

The functions :math:`F_{1,2}^{(7,9)}` and :math:`F_8^{(7,9)}` of hep-ph/0109140 [Asatryan:2001zw]_, on the whole range
of q2. The first four are combinations of three: A and B, with a gluon between the loop and the external quarks, and C,
with a gluon inside the loop,

.. math:: F_1^{(7)} = -A ,\quad F_2^{(7)} = 6A ,\quad F_1^{(9)} = -(B + 4C) ,\quad F_2^{(9)} = 6B - 3C ,

which for a massless quark in the loop are the A, B, C of hep-ph/0403185 [Seidel:2004jh]_. For charm, A and B are the
exact two-loop result of 1912.09099 [Asatrian:2019kbk]_, expanded neither in q2 nor in the charm mass, and C is the
two-loop vacuum polarisation. Tables of the expansions (hep-ph/0109140 below 0.4 m_b^2, 0810.4077 above) agree at small
q2 and m_c and at large q2; at m_c/m_b = 0.35 they are off in :math:`F_2^{(9)}` by 2 % at 1-4 GeV^2, 7 % at 6, 32 % at 8
and without meaning around the threshold. In C_9 that is 0.002 between 1 and 7 GeV^2.

Form: Chebyshev polynomials in q2/m_b^2, in m_c/m_b and, for the photon from charm, in the square root of the distance
to the threshold, each times the logarithms it needs (`data/two_loop/`). The error against the exact functions is below
1e-7. Domain: 0.20 < m_c/m_b < 0.43 and 0 < q2 < 1.15 m_b^2; outside, the polynomials continue and degrade. At mu != m_b
the dependence is exact, from the renormalisation group.

At q2 = 4m_c^2, C has the Coulomb singularity, a logarithm: within 1e-12 of it (relative) the value is the one 1e-12
away and has no gradient. Pole masses, GeV, naive dimensional regularisation as in the references.
"""

import json
from functools import cache
from importlib import resources
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.hadronic.quark_loop import FloatLike, h, h_massless
from bsfit.numerics import chebyshev, forward_slopes, safe_sqrt

_ZETA_3 = 1.2020569031595942
_COULOMB_CUT = 1e-12


def A_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """The function A with a massless quark in the loop. Eq. (29) of hep-ph/0403185 [Seidel:2004jh]_."""
    return _light(q2, m_b)[0] + _running_of_A(m_b, mu)


def A_charm(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """The function A with charm in the loop, from 1912.09099 [Asatrian:2019kbk]_."""
    return _charm(q2, m_b, m_c)[0] + _running_of_A(m_b, mu)


def B_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """The function B with a massless quark in the loop. Eq. (30) of hep-ph/0403185 [Seidel:2004jh]_."""
    return _light(q2, m_b)[1] + _running_of_B(q2, m_b, h_massless(q2, m_b), mu)


def B_charm(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """The function B with charm in the loop, from 1912.09099 [Asatrian:2019kbk]_."""
    return _charm(q2, m_b, m_c)[1] + _running_of_B(q2, m_b, h(q2, m_c, m_b), mu)


def C_up(q2: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """The function C with a massless quark in the loop. Eq. (31) of hep-ph/0403185 [Seidel:2004jh]_."""
    log = jnp.log(jnp.asarray(q2) / jnp.asarray(mu) ** 2)
    return 428 / 243 - 64 / 27 * _ZETA_3 - 16 / 81 * (log - 1j * jnp.pi)


def C_charm(q2: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    r"""The function C with charm in the loop: two-loop vacuum polarisation with pole mass, and a scheme term.

    The polarisation, in the form of hep-ph/9606230 [Chetyrkin:1996cf]_, is turned from on-shell to MSbar subtraction by
    :math:`15/4 - \ln m_c^2/\mu^2`; what the four-quark scheme adds is fixed by the massless limit `C_up`, and holds for
    all masses because it multiplies a one-loop function. Diagram e of 1912.09099 confirms it to 1e-10.
    """
    q2, m_c, mu = jnp.asarray(q2), jnp.asarray(m_c), jnp.asarray(mu)
    vector = polarisation(q2 / (4 * m_c**2)) + 15 / 4 - jnp.log(m_c**2 / mu**2)
    return 16 / 27 * vector - 8 / 9 * h(q2, m_c, mu) - 56 / 81


def F_17(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_1 proportional to that of O_7, charm loop."""
    return -A_charm(q2, m_b, m_c, mu)


def F_27(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_2 proportional to that of O_7, charm loop."""
    return 6 * A_charm(q2, m_b, m_c, mu)


def F_19(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_1 proportional to that of O_9, charm loop."""
    return -(B_charm(q2, m_b, m_c, mu) + 4 * C_charm(q2, m_c, mu))


def F_29(q2: FloatLike, m_b: FloatLike, m_c: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_2 proportional to that of O_9, charm loop."""
    return 6 * B_charm(q2, m_b, m_c, mu) - 3 * C_charm(q2, m_c, mu)


def F_17_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """As `F_17`, up-quark loop."""
    return -A_up(q2, m_b, mu)


def F_27_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """As `F_27`, up-quark loop."""
    return 6 * A_up(q2, m_b, mu)


def F_19_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """As `F_19`, up-quark loop."""
    return -(B_up(q2, m_b, mu) + 4 * C_up(q2, mu))


def F_29_up(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """As `F_29`, up-quark loop."""
    return 6 * B_up(q2, m_b, mu) - 3 * C_up(q2, mu)


def F_87(q2: FloatLike, m_b: FloatLike, mu: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_8 proportional to that of O_7, exact in q2. Eq. (82) of hep-ph/0106067 [Beneke:2001at]_.

    The series to (q2/m_b^2)^3 of hep-ph/0312063 [Asatrian:2003vq]_ is its beginning; at 19 GeV^2
    it is off by 14 %, and that of `F_89` by 76 %.
    """
    return _light(q2, m_b)[2] - 32 / 9 * jnp.log(jnp.asarray(mu) / jnp.asarray(m_b))


def F_89(q2: FloatLike, m_b: FloatLike) -> Complex[Array, ""]:
    """Matrix element of O_8 proportional to that of O_9, exact in q2. Eq. (83) of hep-ph/0106067 [Beneke:2001at]_."""
    return _light(q2, m_b)[3]


@forward_slopes
def polarisation(r: Float[Array, ""]) -> Complex[Array, ""]:
    r"""Two-loop vacuum polarisation :math:`\frac{16\pi^2}{3}\Pi^{(1)}` at r = q2/4m^2, m the pole mass, zero at r = 0.

    Coefficient of :math:`C_F\alpha_s/\pi` in the normalisation of hep-ph/9606230 [Chetyrkin:1996cf]_: 328/81 r + ...
    """
    tables = _tables()
    r = jnp.where(jnp.abs(1 - r) < _COULOMB_CUT, 1 - _COULOMB_CUT, r)
    below = tables.polarisation_below @ _threshold_basis(safe_sqrt(1 - r), *tables.terms["below"], 0)
    v = safe_sqrt(_log_above(r) / tables.log_r_max)
    above = tables.polarisation_above @ _threshold_basis(v, *tables.terms["above"], 0)
    return jnp.where(r < 1, below, above)


def _running_of_A(m_b: FloatLike, mu: FloatLike) -> Float[Array, ""]:
    return 208 / 243 * jnp.log(jnp.asarray(mu) / jnp.asarray(m_b))


def _running_of_B(q2: FloatLike, m_b: FloatLike, loop: Complex[Array, ""], mu: FloatLike) -> Complex[Array, ""]:
    r"""B at mu minus B at m_b; ``loop`` is the one-loop function `h` of the quark in the loop, at the scale m_b.

    From the mu independence of :math:`C_9 + Y + \delta C_9` with the anomalous dimensions of hep-ph/0306079
    [Gambino:2003zm]_: two-loop :math:`\gamma_{19} = -2272/729`, :math:`\gamma_{29} = 1952/243`, one-loop mixing of
    :math:`O_{1,2}` into themselves and into :math:`O_4`.
    """
    log = jnp.log(jnp.asarray(mu) / jnp.asarray(m_b))
    loops = 8 / 3 * loop - 4 / 27 * (h(q2, m_b, m_b) + h_massless(q2, m_b))
    return log * (1120 / 729 + loops) + 256 / 243 * log**2


def _light(q2: FloatLike, m_b: FloatLike) -> Complex[Array, " 4"]:
    return _light_at_m_b(jnp.asarray(q2) / jnp.asarray(m_b) ** 2)


def _charm(q2: FloatLike, m_b: FloatLike, m_c: FloatLike) -> Complex[Array, " 2"]:
    return _charm_at_m_b(jnp.asarray(q2) / jnp.asarray(m_b) ** 2, jnp.asarray(m_c) / jnp.asarray(m_b))


@forward_slopes
def _light_at_m_b(s: Float[Array, ""]) -> Complex[Array, " 4"]:
    """A, B, F_87, F_89 with massless quarks at mu = m_b."""
    return jnp.asarray(_tables().massless) @ _log_basis(s, _tables().massless.shape[-1] // 3)


@forward_slopes
def _charm_at_m_b(s: Float[Array, ""], ratio: Float[Array, ""]) -> Complex[Array, " 2"]:
    """A, B with charm at mu = m_b: photon from the b and s quarks, plus photon from charm below or above threshold."""
    tables = _tables()
    low, high = tables.ratio
    across = chebyshev((2 * ratio - low - high) / (high - low), tables.quarks.shape[-1])
    threshold = 4 * ratio**2
    r = s / threshold
    below = _threshold_basis(safe_sqrt(1 - r), *tables.terms["charm"], 2)
    above = _threshold_basis(safe_sqrt(_log_above(r) / jnp.log(tables.s_max / threshold)), *tables.terms["charm"], 2)
    charm = jnp.where(r < 1, (tables.below @ across) @ below, (tables.above @ across) @ above)
    return (tables.quarks @ across) @ _log_basis(s, tables.quarks.shape[-2] // 3) + charm


def _log_above(r: Float[Array, ""]) -> Float[Array, ""]:
    """Logarithm of max(r, 1), without gradient below 1."""
    return jnp.log(jnp.where(r > 1, r, 1.0))


def _log_basis(s: Float[Array, ""], n: int) -> Float[Array, " k"]:
    """Chebyshev polynomials in s times 1, ln s, s^2 ln^2 s: what a massless quark leaves at s = 0."""
    log = jnp.log(jnp.where(s > 0, s, 1.0))
    t = chebyshev(2 * s / _tables().s_max - 1, n)
    return jnp.concatenate([t, log * t, (s * log) ** 2 * t])


def _threshold_basis(v: Float[Array, ""], n: int, n_log: int, power: int) -> Float[Array, " k"]:
    """Chebyshev polynomials in v, the first few also times v^power ln v; v^2 is the distance to the threshold."""
    log = jnp.log(jnp.where(v > 0, v, 1.0))
    t = chebyshev(2 * v - 1, n)
    return jnp.concatenate([t, v**power * log * t[:n_log]])


class _Tables(NamedTuple):
    """Chebyshev coefficients of `data/two_loop/chebyshev.json`, which names their sources, stacked by basis."""

    s_max: float
    log_r_max: float
    ratio: tuple[float, float]
    massless: np.ndarray  # [4, 3 n]
    quarks: np.ndarray  # [2, 3 n, across]
    below: np.ndarray  # [2, n + n_log, across]
    above: np.ndarray
    polarisation_below: np.ndarray  # [n + n_log]
    polarisation_above: np.ndarray
    terms: dict[str, tuple[int, int]]  # (n, n_log)


@cache
def _tables() -> _Tables:
    data = json.loads(resources.files("bsfit").joinpath("data", "two_loop", "chebyshev.json").read_text())
    charm, polarisation = [data["charm"][k] for k in "AB"], data["polarisation"]
    below, above = (np.concatenate([_array(x) for x in polarisation[side]]) for side in ("below", "above"))
    return _Tables(
        data["s_max"],
        float(np.log(data["r_max"])),
        tuple(data["ratio"]),
        np.stack([_array(data["massless"][k]).ravel() for k in ("A", "B", "F_87", "F_89")]),
        np.stack([np.concatenate(_array(c["quarks"])) for c in charm]),
        np.stack([np.concatenate([_array(x) for x in c["below"]]) for c in charm]),
        np.stack([np.concatenate([_array(x) for x in c["above"]]) for c in charm]),
        below,
        above,
        {
            "charm": _lengths(charm[0]["below"]),
            "below": _lengths(polarisation["below"]),
            "above": _lengths(polarisation["above"]),
        },
    )


def _array(node: dict) -> np.ndarray:
    return np.array(node["re"]) + 1j * np.array(node["im"]) if "im" in node else np.array(node["re"])


def _lengths(pair: list[dict]) -> tuple[int, int]:
    return len(pair[0]["re"]), len(pair[1]["re"])
