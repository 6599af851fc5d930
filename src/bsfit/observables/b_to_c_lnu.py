r"""Semileptonic decays :math:`B\to D^{(*)}\ell\nu` and :math:`B_c\to J/\psi\,\ell\nu` over all q2, for e, mu and tau.

Hadronic amplitudes :math:`H_V, H_S, H_T` of 1309.0301 [Sakaki:2013bfa]_; for a helicity :math:`\lambda_\tau` of the
lepton in the rest frame of the pair, :math:`x=m_\ell/\sqrt{q^2}`,

.. math:: \frac{d\Gamma}{dq^2} = \frac{G_F^2|V_{cb}|^2}{192\pi^3m_B^3}\,q^2\sqrt\lambda\,(1-x^2)^2\sum_h\begin{cases}
          |V_h-4xT_h|^2 & \lambda_\tau=-\frac12\\
          \frac12|xV_h-4T_h|^2+\frac32|xV_t+S|^2\,\delta_{h0} & \lambda_\tau=+\frac12\end{cases}

with the coefficients in V, S, T: squares instead of the printed interferences, to which they add up. h = 0 alone for D,
0 and :math:`\pm` for vector mesons. Neutrinos are summed over. Masses of :math:`B^0, D^{(*)+}` stand for both charges.
Form factors are those of `hadronic.charmed`. Not included: QED beyond the logarithm in :math:`C_{VL}`, widths.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONS
from bsfit.hadronic import charmed
from bsfit.hadronic.phase_space import sqrt_lambda
from bsfit.loading.inputs import Inputs
from bsfit.numerics import gauss_legendre
from bsfit.standard_model.charged_current import quark_masses, total
from bsfit.theory import Rows, Theory

MASSES = {
    "D": ("m_B0", "m_D+", "tau_B0"),
    "D*": ("m_B0", "m_D*+", "tau_B0"),
    "J/psi": ("m_Bc", "m_J/psi", "tau_Bc"),
}
"""Inputs of each decay, named by its meson: masses before and after, lifetime."""

PARTS = {"D": ("0-", "0+"), "D*": ("0-", "0+", "T-", "T+"), "J/psi": ("0-", "0+", "T-", "T+")}
"""Helicities of the meson, longitudinal or transverse, and of the lepton, for each meson."""

MOMENTS = tuple(f"{meson} {lepton} {part}" for meson, parts in PARTS.items() for lepton in LEPTONS for part in parts)
"""What `moments` returns per row: branching fractions."""

NODES = 16
"""Quadrature nodes, for an error of 1e-7 for the electron, 2e-10 for the muon, 1e-15 for the tau."""

Vector = Float[Array, " n"]
Quarks = tuple[Float[Array, ""], Float[Array, ""]]
"""MSbar masses of bottom and charm."""


class Amplitudes(eqx.Module):
    """Hadronic amplitudes of one meson at n momentum transfers, in GeV to powers that make V^2 one of rates.

    `left`, `right` [h, n]: of the currents with left- and right-handed quarks, `tensor` [h, n]; `time`, `scalar` [n]:
    of both divergences. `parity` is that of the meson's scalar density, +1 for D.
    """

    left: Float[Array, "h n"]
    right: Float[Array, "h n"]
    tensor: Float[Array, "h n"]
    time: Vector
    scalar: Vector
    parity: int = eqx.field(static=True)


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 30"]:
    """Branching fractions, layout `MOMENTS`; quadratic in the coefficients. Rows are all alike."""
    coefficients = total(theory.wilson, inputs)
    masses = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    quarks = quark_masses(inputs)
    values = [_rates(meson, coefficients, masses, quarks, inputs).ravel() for meson in PARTS]
    return jnp.broadcast_to(jnp.concatenate(values), (*rows.decay.shape, len(MOMENTS)))


def _rates(
    meson: str, coefficients: Complex[Array, "3 3 5"], masses: Float[Array, " 3"], quarks: Quarks, inputs: Inputs
) -> Float[Array, "3 p"]:
    """Branching fractions of each lepton, layout `PARTS`; `masses` of the leptons and `quarks` in GeV."""
    m_b, m_m, lifetime = inputs.array(MASSES[meson])
    unit = (inputs["G_F"] * inputs["V_cb"]) ** 2 * lifetime / (192.0 * jnp.pi**3 * m_b**3)

    def of_lepton(c: Complex[Array, "3 5"], m_l: Float[Array, ""]) -> Float[Array, " p"]:
        q2, weight = _nodes(m_l, (m_b - m_m) ** 2)
        x = m_l / jnp.sqrt(q2)
        weight = weight * q2 * sqrt_lambda(q2, m_b, m_m) * (1.0 - x**2) ** 2
        return _squares(_amplitudes(meson, q2, m_b, m_m, quarks, inputs), c, x) @ weight

    return unit * jax.vmap(of_lepton)(coefficients, masses)


def _nodes(m_l: Float[Array, ""], end: Float[Array, ""]) -> tuple[Vector, Vector]:
    r"""Nodes in q2 and weights, threshold to end, in the s of :math:`q^2=q^2_{\rm end}e^{-s^2}`, root lambda ~ s."""
    u, weight = gauss_legendre(NODES)
    range_of_log = jnp.log(end / m_l**2)
    q2 = end * jnp.exp(-range_of_log * u**2)
    return q2, 2.0 * range_of_log * q2 * u * weight


def _amplitudes(
    meson: str, q2: Vector, m_b: Float[Array, ""], m_m: Float[Array, ""], quarks: Quarks, inputs: Inputs
) -> Amplitudes:
    root, energy = sqrt_lambda(q2, m_b, m_m), jnp.sqrt(q2)
    m_bottom, m_charm = quarks
    if meson == "D":
        f_plus, f_zero, f_tensor = charmed.b_to_d(q2, inputs)
        vector = (root / energy * f_plus)[None]
        divergence = (m_b**2 - m_m**2) * f_zero
        tensor = (-root / (m_b + m_m) * f_tensor)[None]
        return Amplitudes(vector, -vector, tensor, divergence / energy, divergence / (m_bottom - m_charm), 1)
    v, a0, a1, a12, t1, t2, t23 = charmed.b_to_vector(meson, q2, inputs)
    total_mass, difference = m_b + m_m, m_b - m_m
    axial, polar = total_mass * a1, root / total_mass * v
    zero = -8.0 * m_b * m_m / energy * a12
    flipped, straight = total_mass * difference / energy * t2, root / energy * t1
    return Amplitudes(
        jnp.stack([zero, axial - polar, axial + polar]),
        jnp.stack([zero, axial + polar, axial - polar]),
        jnp.stack([-4.0 * m_b * m_m / total_mass * t23, flipped + straight, flipped - straight]),
        -root / energy * a0,
        -root / (m_bottom + m_charm) * a0,
        -1,
    )


def _squares(h: Amplitudes, c: Complex[Array, "3 5"], x: Vector) -> Float[Array, "p n"]:
    """Squared amplitudes of all neutrinos at n momentum transfers, layout `PARTS`."""

    def of_neutrino(c: Complex[Array, " 5"]) -> Float[Array, "p n"]:
        left, right, scalar_left, scalar_right, tensor = c
        current, flip = left * h.left - right * h.right, 4.0 * tensor * h.tensor
        time = (left + h.parity * right) * x * h.time + (scalar_right + h.parity * scalar_left) * h.scalar
        minus, plus = _square(current - x[None] * flip), 0.5 * _square(x[None] * current - flip)
        along = [minus[0], plus[0] + 1.5 * _square(time)]
        return jnp.stack(along if len(minus) == 1 else [*along, minus[1:].sum(axis=0), plus[1:].sum(axis=0)])

    return jax.vmap(of_neutrino)(c).sum(axis=0)


def _square(amplitude: Complex[Array, "*s"]) -> Float[Array, "*s"]:
    return jnp.real(amplitude) ** 2 + jnp.imag(amplitude) ** 2


def _rate(meson: str, lepton: str, part: str = "") -> Float[np.ndarray, " 30"]:
    """Functional of the moments that adds up the parts, those whose name has `part` in it."""
    return np.array([float(name.startswith(f"{meson} {lepton} ") and part in name.split()[2]) for name in MOMENTS])


def _ratio(meson: str, above: str, *below: str) -> np.ndarray:
    return np.stack([_rate(meson, above), sum(_rate(meson, lepton) for lepton in below) / len(below)])


def _share(meson: str, part: str) -> np.ndarray:
    return np.stack([_rate(meson, "tau", part), _rate(meson, "tau")])


def _polarisation(meson: str) -> np.ndarray:
    return np.stack([_rate(meson, "tau", "+") - _rate(meson, "tau", "-"), _rate(meson, "tau")])


QUANTITIES: dict[str, Float[np.ndarray, "2 30"]] = {
    "Rtaul(B->Dlnu)": _ratio("D", "tau", "e", "mu"),
    "Rtaul(B->D*lnu)": _ratio("D*", "tau", "e", "mu"),
    "Rtaumu(B->Dlnu)": _ratio("D", "tau", "mu"),
    "Rtaumu(B->D*lnu)": _ratio("D*", "tau", "mu"),
    "Rmue(B->Dlnu)": _ratio("D", "mu", "e"),
    "Rmue(B->D*lnu)": _ratio("D*", "mu", "e"),
    "Rtaumu(Bc->J/psilnu)": _ratio("J/psi", "tau", "mu"),
    "FLtot(B0->D*taunu)": _share("D*", "0"),
    "FLtot(Bc->J/psitaunu)": _share("J/psi", "0"),
    "Ptau(B->Dtaunu)": _polarisation("D"),
    "Ptau(B->D*taunu)": _polarisation("D*"),
    "Ptau(Bc->J/psitaunu)": _polarisation("J/psi"),
}
"""What `assemble` knows: the sums of moments above and below. Ptau is the asymmetry of helicities + and -."""


def functionals(key: str, moments: Float[Array, "r 30"], rows: Rows, inputs: Inputs) -> Float[Array, "r 2"]:
    """Numerator and denominator of the quantity. Raises `KeyError` for an unknown key."""
    return moments @ QUANTITIES[key].T


def assemble(key: str, found: Float[Array, "r 2"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES` from its `functionals`."""
    return found[0, 0] / found[0, 1]
