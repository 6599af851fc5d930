r"""Form factors of :math:`B\to K, K^*`, :math:`B_s\to\phi`, :math:`\Lambda_b\to\Lambda` and of b -> c as z expansions.

Every form factor is a pole times a polynomial in the conformal variable,

.. math:: F(q^2) = \frac{1}{1 - q^2/m_R^2}\sum_k c_k\,\bigl(z(q^2) - z_{\rm ref}\bigr)^k ,\qquad
          z = \frac{\sqrt{t_+ - q^2} - \sqrt{t_+ - t_0}}{\sqrt{t_+ - q^2} + \sqrt{t_+ - t_0}} ,

with :math:`t_\pm = (m_B \pm m_M)^2` and :math:`t_0 = t_+(1 - \sqrt{1 - t_-/t_+})`. In the simplified expansion, "BSZ"
in the names of inputs, :math:`z_{\rm ref} = z(0)`: eq. (15) of 1503.05534 and 1811.00983. In the BCL expansion of
0807.2722 for lattice averages, "BCL" in the names, :math:`z_{\rm ref} = 0`. Form factors that `dispersive` describes,
"BFW" in the names, become such an expansion through their values at `_NODES`, with :math:`z_{\rm ref} = 0` and one
:math:`t_+`, where their first cut begins. Which one describes a transition follows from the names that the input set
contains.

Relations at :math:`q^2 = 0` that keep amplitudes finite there are built in, not fitted: :math:`T_2(0) = T_1(0)` and
:math:`A_{12}(0) = A_0(0)\,(m_B^2 - m_V^2)/(8 m_B m_V)`, eq. (16) of 1503.05534, and :math:`f_0(0) = f_+(0)` in the
simplified expansion. :math:`A_{12}` and :math:`T_{23}` are themselves the combinations that stay finite where
:math:`\lambda(m_B^2, m_V^2, q^2) = 0`. Charged and neutral modes share form factors; z is built with the neutral
masses.

Form factors of :math:`\Lambda_b\to\Lambda`, "SSE" in the names of inputs, have :math:`z_{\rm ref}=0`,
:math:`t_+=(m_{B^+}+m_{K^+})^2` and :math:`t_0=(m_{\Lambda_b}-m_\Lambda)^2`: eq. (34) of 1602.01399,
where they are called f+, g+, f_perp, g_perp, h+, h~+, h_perp, h~_perp, f0, g0. Those with and
without a perp in the axial and the second tensor current are equal at :math:`t_0`.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.hadronic import dispersive
from bsfit.loading.inputs import Inputs

B_TO_V = ("V", "A0", "A1", "A12", "T1", "T2", "T23")
"""Order of the form factors that `b_to_v` describes, conventions of 1503.05534."""

B_TO_P = ("f+", "f0", "fT")
"""Order of the form factors that `b_to_k` describes."""

BARYON = ("fV0", "fA0", "fVperp", "fAperp", "fT0", "fT50", "fTperp", "fT5perp", "fVt", "fAt")
"""Order of the form factors that `lambdab_to_lambda` describes, names of flavio."""

_TERMS = 3
_TRANSITIONS = (("B->K*", "m_B0", "m_K*0"), ("Bs->phi", "m_Bs", "m_phi"))
_POLES_OF_P = {"f+": "m+", "f0": "m0", "fT": "m+"}
POLES = ("m1-", "m0", "m1+", "m1+", "m1-", "m1+", "m1+")
"""Resonance of each form factor of `B_TO_V`: J^P = 1-, 0- or 1+."""

_BARYON_POLES = ("m1-", "m1+", "m1-", "m1+", "m1-", "m1+", "m1-", "m1+", "m0+", "m0-")
"""The same for `BARYON`."""

TIED = {"A12": "A0", "T2": "T1", "f0": "f+", "fAperp": "fA0", "fT5perp": "fT50"}
"""Form factors whose first coefficient is fixed by that of another one."""


class Expansion(eqx.Module):
    """Form factors of a transition: `coefficients` [f, k] of powers of z - z_ref, `pole_masses` [f] in GeV, t in GeV^2.

    With leading axes on every field it describes several transitions; index all fields to pick one.
    """

    coefficients: Float[Array, "*d f k"]
    pole_masses: Float[Array, "*d f"]
    t_plus: Float[Array, "*d"]
    t_zero: Float[Array, "*d"]
    z_ref: Float[Array, "*d"]


def evaluate(expansion: Expansion, q2: Float[Array, ""]) -> Float[Array, " f"]:
    """Form factors at one q2 < t_plus, in the order of `B_TO_V` or `B_TO_P`."""
    x = conformal_z(q2, expansion.t_plus, expansion.t_zero) - expansion.z_ref
    polynomial = jnp.zeros_like(expansion.pole_masses)
    for k in reversed(range(expansion.coefficients.shape[-1])):
        polynomial = polynomial * x + expansion.coefficients[:, k]
    return polynomial / (1.0 - q2 / expansion.pole_masses**2)


def conformal_z(q2: Float[Array, "*d"], t_plus: Float[Array, "*d"], t_zero: Float[Array, "*d"]) -> Float[Array, "*d"]:
    """The variable z of the expansion; |z| < 0.1 in the decays of this file."""
    here, there = jnp.sqrt(t_plus - q2), jnp.sqrt(t_plus - t_zero)
    return (here - there) / (here + there)


def b_to_v(inputs: Inputs) -> Expansion:
    """Form factors `B_TO_V` of B -> K* (position 0 of the leading axis) and Bs -> phi (position 1).

    Simplified, 1503.05534 [Straub:2015ica]_, or with dispersive bounds.
    """
    found = [_b_to_v(transition, m_b, m_v, inputs) for transition, m_b, m_v in _TRANSITIONS]
    terms = max(one.coefficients.shape[1] for one in found)
    padded = [((0, 0), (0, terms - one.coefficients.shape[1])) for one in found]
    found = [replace(one, coefficients=jnp.pad(one.coefficients, p)) for one, p in zip(found, padded, strict=True)]
    return jax.tree.map(lambda *each: jnp.stack(each), *found)


def _b_to_v(transition: str, m_b: str, m_v: str, inputs: Inputs) -> Expansion:
    if dispersive.is_given(transition, inputs):
        return _with_bounds(transition, B_TO_V, inputs[m_b], inputs[m_v], inputs)
    return simplified(transition, B_TO_V, m_b, m_v, inputs, _TERMS)


def b_to_k(inputs: Inputs) -> Expansion:
    """Form factors `B_TO_P` of B -> K, by what the inputs contain: "BFW", the simplified expansion ("BSZ") or "BCL"."""
    if dispersive.is_given("B->K", inputs):
        return _with_bounds("B->K", B_TO_P, inputs["m_B0"], inputs["m_K0"], inputs)
    kind = "BSZ" if "B->K BSZ a0_f+" in inputs else "BCL"
    poles = inputs.array((f"B->K {kind} m+", f"B->K {kind} m0", f"B->K {kind} m+"))
    m_b, m_k = inputs["m_B0"], inputs["m_K0"]
    if kind == "BSZ":
        a = inputs.array(_simplified_names("B->K", B_TO_P)).reshape(len(B_TO_P), _TERMS)
        return _simplified(a, poles, m_b, m_k)
    return _bcl(inputs, poles, m_b, m_k)


def lambdab_to_lambda(inputs: Inputs) -> Expansion:
    """Form factors `BARYON` of Lambda_b -> Lambda, 1602.01399 [Detmold:2016pkz]_."""
    a = inputs.array(_simplified_names("Lambdab->Lambda", BARYON, "SSE")).reshape(len(BARYON), _TERMS)
    poles = inputs.array(tuple(f"Lambdab->Lambda SSE {pole}" for pole in _BARYON_POLES))
    t_plus = (inputs["m_B+"] + inputs["m_K+"]) ** 2
    return Expansion(a, poles, t_plus, (inputs["m_Lambdab"] - inputs["m_Lambda"]) ** 2, jnp.zeros_like(t_plus))


def simplified(
    transition: str, form_factors: tuple[str, ...], m_b: str, m_v: str, inputs: Inputs, terms: int
) -> Expansion:
    """Some of `B_TO_V` or `B_TO_P` of one transition, simplified expansion; masses by name, `terms` coefficients."""
    b, v = inputs[m_b], inputs[m_v]
    a = inputs.array(_simplified_names(transition, form_factors, terms=terms)).reshape(len(form_factors), terms)
    if "A12" in form_factors:
        a = a.at[form_factors.index("A12"), 0].multiply((b**2 - v**2) / (8.0 * b * v))
    poles = _POLES_OF_P | dict(zip(B_TO_V, POLES, strict=True))
    return _simplified(a, inputs.array(tuple(f"{transition} BSZ {poles[name]}" for name in form_factors)), b, v)


def _simplified_names(
    transition: str, form_factors: tuple[str, ...], kind: str = "BSZ", terms: int = _TERMS
) -> tuple[str, ...]:
    """Inputs that hold the coefficients of all form factors; a tied first one is that of its partner."""
    return tuple(
        f"{transition} {kind} a{k}_{TIED.get(name, name) if k == 0 else name}"
        for name in form_factors
        for k in range(terms)
    )


def _simplified(
    a: Float[Array, "*d f k"], poles: Float[Array, "*d f"], m_b: Float[Array, "*d"], m_m: Float[Array, "*d"]
) -> Expansion:
    t_plus, t_zero = _t_points(m_b, m_m)
    return Expansion(a, poles, t_plus, t_zero, conformal_z(jnp.zeros_like(t_plus), t_plus, t_zero))


def _bcl(inputs: Inputs, poles: Float[Array, " 3"], m_b: Float[Array, ""], m_k: Float[Array, ""]) -> Expansion:
    """BCL expansion: f+ and fT have the z^3 term that gives them the p-wave threshold behaviour; f0 has none.

    The third coefficient of f0 is the published one, where the inputs have it: FLAG of 2016 fulfils f0(0) = f+(0) to
    0.1 %. Otherwise it follows from that relation.
    """
    t_plus, t_zero = _t_points(m_b, m_k)
    plus, tensor = (_with_threshold(inputs.array(_bcl_names(name, 3))) for name in ("f+", "fT"))
    scalar = inputs.array(_bcl_names("f0", 3 if "B->K BCL a2_f0" in inputs else 2))
    if len(scalar) < _TERMS:
        z = conformal_z(jnp.zeros_like(t_plus), t_plus, t_zero)
        scalar = jnp.append(scalar, (jnp.polyval(plus[::-1], z) - jnp.polyval(scalar[::-1], z)) / z**2)
    a = jnp.stack([plus, jnp.append(scalar, 0.0), tensor])
    return Expansion(a, poles, t_plus, t_zero, jnp.zeros_like(t_plus))


def _bcl_names(form_factor: str, terms: int) -> tuple[str, ...]:
    return tuple(f"B->K BCL a{k}_{form_factor}" for k in range(terms))


def _with_threshold(a: Float[Array, " 3"]) -> Float[Array, " 4"]:
    """Powers of z in sum_k a_k [z^k - (-1)^(k-3) k/3 z^3], 0807.2722 [Bourrely:2008za]_."""
    return jnp.append(a, (2.0 * a[2] - a[1]) / 3.0)


_NODES = np.cos(np.linspace(0.0, np.pi, 10))
"""Points, in units of z at q2 = 0, through which `_with_bounds` lays polynomials: both ends of phase space and, between
them, extrema of a Chebyshev polynomial. With ten of them form factors are missed by less than 1e-9."""

_POWERS = np.linalg.inv(np.vander(_NODES, increasing=True))
"""Coefficients of a polynomial from its values at `_NODES`."""


def _with_bounds(
    transition: str, names: tuple[str, ...], m_b: Float[Array, ""], m_m: Float[Array, ""], inputs: Inputs
) -> Expansion:
    """Form factors of `dispersive` as an expansion, which meets them at q2 = 0 and at the end point."""
    t_plus = inputs[f"{transition} BFW t_V"]
    t_zero = t_plus * (1.0 - jnp.sqrt(1.0 - (m_b - m_m) ** 2 / t_plus))
    z_zero = conformal_z(jnp.zeros_like(t_plus), t_plus, t_zero)
    z = z_zero * _NODES
    q2 = t_plus - (t_plus - t_zero) * ((1.0 + z) / (1.0 - z)) ** 2
    poles = dispersive.pole_masses(transition, names, inputs)
    values = dispersive.form_factors(transition, names, m_b, m_m, q2, inputs) * (1.0 - q2[None] / poles[:, None] ** 2)
    a = values @ _POWERS.T / z_zero ** np.arange(len(_NODES))[None]
    return Expansion(a, poles, t_plus, t_zero, jnp.zeros_like(t_plus))


def _t_points(m_b: Float[Array, "*d"], m_m: Float[Array, "*d"]) -> tuple[Float[Array, "*d"], Float[Array, "*d"]]:
    t_plus, t_minus = (m_b + m_m) ** 2, (m_b - m_m) ** 2
    return t_plus, t_plus * (1.0 - jnp.sqrt(1.0 - t_minus / t_plus))
