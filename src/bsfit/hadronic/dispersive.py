r"""Form factors of b -> s with dispersive bounds, "BFW" in names: orthonormal polynomials over outer functions.

.. math:: F(q^2) = \frac{1}{\mathcal B(q^2)\,\phi(q^2)}\sum_{k=0}^2 a_k\,p_k(z) ,\qquad z = z(q^2; t_+, t_0)

2305.06301 [Gubernari:2023puw]_ after 1004.3249 [Bharucha:2010im]_. The cut begins at :math:`t_+`, where a B_s with one
pion ("t_V") or two of them ("t_A") can be made, below the pair of mesons of the decay, at
:math:`t_\Gamma = (m_B + m_M)^2`. The bound integrates over the arc of :math:`|z| = 1` beyond :math:`t_\Gamma` alone,
:math:`|\arg z| < \alpha`, on which the polynomials are orthonormal,
:math:`\int_{-\alpha}^{\alpha} d\varphi\,p_m p_n^* = \delta_{mn}`. A resonance below :math:`t_+` has its Blaschke factor
:math:`\mathcal B = z(q^2; t_+, m_R^2)`. The outer function has, on the arc, the modulus that makes the bound
:math:`\sum_k |a_k|^2 < 1`, and neither zero nor pole inside of it; with :math:`t_- = (m_B - m_M)^2`, the susceptibility
:math:`\chi` at :math:`q^2 = 0` and the number :math:`\eta` of charge states,

.. math:: \phi = \sqrt{\frac{\eta\,K\,t_\Gamma^A\,t_-^B\,(4 m_B m_M)^C}{32\pi^2\chi}\,\Bigl|\frac{dq^2}{dz}\Bigr|}\;
   \Bigl[(t_\Gamma - q^2)\bigl(\sqrt{t_+ - q^2} + \sqrt{t_+ - t_-}\bigr)^2\Bigr]^{m/4}
   \bigl(\sqrt{t_+ - q^2} + \sqrt{t_+}\bigr)^{-d} .

There is one bound for each polarisation of a current, not one for their sum: the step of 2305.06301. The powers follow
from two-body phase space and the helicity amplitude of each form factor: derived here, and those of EOS 1.0.21, but
that has returned to the bound on the sum, with 96 for 32 at J = 1, where these coefficients are smaller by the square
root of 3. Masses in :math:`\phi`, :math:`t_\Gamma` and :math:`t_-` are those of the fit that the coefficients come
from, inputs of their own. Where form factors are equal up to a factor, at :math:`q^2 = 0` (1503.05534, eq. 16) and, by
the definition of :math:`A_{12}` and :math:`T_{23}`, at the end point, the first coefficient of one of them is not free;
these relations hold with the masses of the decay.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs

TERMS = 3
_STATES = {"B->K": 2.0, "B->K*": 2.0, "Bs->phi": 1.0}


class Outer(NamedTuple):
    """What the outer function of a form factor is made of, in the letters of the formula; its threshold and pole."""

    chi: str
    cut: str
    pole: str | None
    k: int
    a: int
    b: int
    c: int
    m: int
    d: int


OUTER = {
    "f+": Outer("1-", "t_V", "m1-", 1, 0, 0, 0, 3, 5),
    "f0": Outer("0+", "t_V", None, 1, 1, 1, 0, 1, 4),
    "fT": Outer("T1-", "t_V", "m1-", 1, -1, 0, 0, 3, 4),
    "V": Outer("1-", "t_V", "m1-", 2, -1, 0, 0, 3, 4),
    "A0": Outer("0-", "t_A", "m0-", 1, 0, 0, 0, 3, 4),
    "A1": Outer("1+", "t_A", None, 2, 1, 0, 0, 1, 4),
    "A12": Outer("1+", "t_A", None, 4, 0, 0, 2, 1, 5),
    "T1": Outer("T1-", "t_V", "m1-", 2, 0, 0, 0, 3, 5),
    "T2": Outer("T1+", "t_A", None, 2, 1, 1, 0, 1, 5),
    "T23": Outer("T1+", "t_A", None, 1, -1, 0, 2, 1, 4),
}
"""Of each form factor; those of one current and one polarisation share a bound."""

_TIED = {"f0": ("f+", 0), "A12": ("A0", 0), "A1": ("A12", 1), "T2": ("T1", 0), "T23": ("T2", 1)}
"""Form factors whose first coefficient another one fixes, at q2 = 0 or at the end point; in the order of solution."""


def is_given(transition: str, inputs: Inputs) -> bool:
    """Whether the inputs describe the form factors of a transition in this way."""
    return f"{transition} BFW t0" in inputs


def pole_masses(transition: str, names: tuple[str, ...], inputs: Inputs) -> Float[Array, " f"]:
    """Masses of the resonances below the cut; for form factors that have none that of the vector, which is no pole."""
    return inputs.array(tuple(f"{transition} BFW {OUTER[name].pole or 'm1-'}" for name in names))


def form_factors(
    transition: str,
    names: tuple[str, ...],
    m_b: Float[Array, ""],
    m_m: Float[Array, ""],
    q2: Float[Array, " n"],
    inputs: Inputs,
) -> Float[Array, "f n"]:
    """The named form factors, those that fix others among them, at q2 <= (m_b - m_m)^2; masses of the decay."""
    of_each = basis(
        transition, names, jnp.concatenate([jnp.stack([jnp.zeros_like(m_b), (m_b - m_m) ** 2]), q2]), inputs
    )
    at_ends = {name: one[:, :2] for name, one in zip(names, of_each, strict=True)}
    ratio = (m_b**2 - m_m**2) / (8.0 * m_b * m_m)
    factors = {"f0": 1.0, "A12": ratio, "A1": 1.0 / ratio, "T2": 1.0, "T23": (m_b + m_m) ** 2 / (4.0 * m_b * m_m)}
    first = {name: 1 if name in _TIED else 0 for name in names}
    given = {n: inputs.array(tuple(f"{transition} BFW a{k}_{n}" for k in range(first[n], TERMS))) for n in names}
    a = {name: given[name] for name in names if not first[name]}
    for name, (partner, end) in _TIED.items():
        if name in names:
            value, own = factors[name] * (a[partner] @ at_ends[partner][:, end]), at_ends[name][:, end]
            a[name] = jnp.concatenate([((value - given[name] @ own[1:]) / own[0])[None], given[name]])
    return jnp.einsum("fk,fkn->fn", jnp.stack([a[name] for name in names]), of_each[:, :, 2:])


def basis(transition: str, names: tuple[str, ...], q2: Float[Array, " n"], inputs: Inputs) -> Float[Array, "f k n"]:
    """What each coefficient alone makes of each form factor."""
    rows = [OUTER[name] for name in names]
    power = {key: np.array([getattr(row, key) for row in rows]) for key in "kabcmd"}
    m_b, m_m, t_zero = (inputs[f"{transition} BFW {key}"] for key in ("m_B", "m_M", "t0"))
    t_plus = inputs.array(tuple(f"{transition} BFW {row.cut}" for row in rows))
    chi = inputs.array(tuple(f"b->s BFW chi_{row.chi}" for row in rows))
    t_pair, t_minus = (m_b + m_m) ** 2, (m_b - m_m) ** 2
    here, there = jnp.sqrt(t_plus[:, None] - q2[None]), jnp.sqrt(t_plus - t_zero)
    z = _conformal(here, there)
    arc = orthonormal_polynomials(jnp.pi - 2.0 * jnp.arctan(jnp.sqrt(t_pair - t_plus) / there))
    series = jnp.einsum("fkp,fpn->fkn", arc, jnp.stack([z**k for k in range(TERMS)], axis=1))
    size = power["k"] * _STATES[transition] / (32.0 * jnp.pi**2 * chi)
    size *= t_pair ** power["a"] * t_minus ** power["b"] * (4.0 * m_b * m_m) ** power["c"]
    slope = 4.0 * there[:, None] ** 2 * (1.0 + z) / (1.0 - z) ** 3
    phase_space = (t_pair - q2)[None] * (here + jnp.sqrt(t_plus - t_minus)[:, None]) ** 2
    outer = jnp.sqrt(size[:, None] * slope) * phase_space ** (power["m"] / 4)[:, None]
    outer /= (here + jnp.sqrt(t_plus)[:, None]) ** power["d"][:, None]
    has_pole = np.array([row.pole is not None for row in rows])
    at_pole = jnp.sqrt(t_plus - pole_masses(transition, names, inputs) ** 2)
    blaschke = jnp.where(has_pole[:, None], _conformal(here, at_pole), 1.0)
    return series / (blaschke * outer)[:, None]


def _conformal(here: Float[Array, "f n"], there: Float[Array, " f"]) -> Float[Array, "f n"]:
    return (here - there[:, None]) / (here + there[:, None])


def orthonormal_polynomials(alpha: Float[Array, "*f"]) -> Float[Array, "*f k k"]:
    """Coefficients [k, power] of polynomials of z that are orthonormal on the arc, the leading ones positive.

    By the recursion of Szego, p_2 = z p_1 - g (1 - s z) with p_1 = z - s before they are normalised.
    """
    s, double = jnp.sin(alpha) / alpha, jnp.sin(2.0 * alpha) / (2.0 * alpha)
    g = (double - s**2) / (1.0 - s**2)
    one, none = jnp.ones_like(s), jnp.zeros_like(s)
    rows = jnp.stack([jnp.stack(row, -1) for row in ((one, none, none), (-s, one, none), (-g, s * (g - 1.0), one))], -2)
    first, second = 2.0 * alpha * (1.0 - s**2), 2.0 * alpha * (1.0 - s**2) * (1.0 - g**2)
    return rows / jnp.sqrt(jnp.stack([2.0 * alpha, first, second], -1))[..., None]
