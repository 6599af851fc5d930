r"""The Z' in :math:`(g-2)_\mu/2`, loops of the muon and of heavy leptons; fermions and scalars in dipoles of leptons.

Formulas of J. P. Leveille, Nucl. Phys. B137 (1978) 63 [Leveille:1977rc]_. Those of the Z' are the whole answer where
the muon does not mix; where it does, its right-handed mixing and loops of the scalar are of their size.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.catalogue import LEPTONS
from bsfit.compiling import jit_inlined
from bsfit.loading.inputs import Inputs
from bsfit.matching.currents import from_muon_moment
from bsfit.matching.loops import integral
from bsfit.matching.vectorlike import Vector, squared
from bsfit.matching.z_prime import Currents, kinetic_shift

LIGHTER_FIRST = ((0, 1), (0, 2), (1, 2))
"""Pairs of generations."""

FloatLike = Float[ArrayLike, ""]
Scalar = Float[Array, ""]


def muon_loop(m_zp: FloatLike, z: Currents, inputs: Inputs) -> Scalar:
    r"""Shift by the muon in the loop, for any mass.

    :math:`\frac{m_\mu^2}{4\pi^2m^2}\int_0^1dx\frac{g_V^2x^2(1-x)+g_A^2[x(1-x)(x-4)-2x^3\rho]}{1-x+x^2\rho}`,
    :math:`\rho=m_\mu^2/m^2`, and :math:`\frac{m_\mu^2}{12\pi^2m^2}(g_V^2-5g_A^2)` for a heavy Z'. Kinetic mixing as on
    the mass shell; what it does to the loop of the Z is of the same order and left out.
    """
    left, right = z.electron.left(1, 1).real, z.electron.right(1, 1).real
    if z.mixes():
        shifts = kinetic_shift("electron", jnp.asarray(m_zp) ** 2, inputs)
        left, right = (g + z.epsilon * shift.real for g, shift in zip((left, right), shifts, strict=True))
    g_v, g_a = (right + left) / 2, (right - left) / 2
    ratio = (inputs["m_mu"] / jnp.asarray(m_zp)) ** 2
    vector, axial = _muon_integrals(ratio)
    return ratio / (4 * jnp.pi**2) * (g_v**2 * vector + g_a**2 * axial)


@jit_inlined
def _muon_integrals(ratio: Scalar) -> tuple[Scalar, Scalar]:
    """What multiplies g_V^2 and g_A^2 in `muon_loop`."""

    def vector(t: Scalar, rho: Scalar) -> Scalar:
        return t**2 / ((1 + t) ** 3 * (1 + t + rho * t**2))

    def axial(t: Scalar, rho: Scalar) -> Scalar:
        return -(t * (3 * t + 4) + 2 * rho * t**3) / ((1 + t) ** 3 * (1 + t + rho * t**2))

    centre = 1 / jnp.sqrt(jnp.minimum(ratio, 1.0))
    return integral(vector, centre, ratio), integral(axial, centre, ratio)


def heavy_loop(m_zp: FloatLike, mass: FloatLike, left: FloatLike, right: FloatLike, inputs: Inputs) -> Scalar:
    r"""Shift by a lepton of this mass in GeV with real couplings of :math:`\bar\mu\ldots F`.

    :math:`-\frac{m_\mu^2}{8\pi^2m^2}[(g_L^2+g_R^2)F(x)-\frac{M}{2m_\mu}g_Lg_RG(x)]`, :math:`x=M^2/m^2`, with
    :math:`F=\frac{5x^4-14x^3+39x^2-38x-18x^2\ln x+8}{12(1-x)^4}` and :math:`G=\frac{4-3x-x^3+6x\ln x}{(1-x)^3}`.
    """
    left, right, mass, m_zp = (jnp.asarray(x, dtype=float) for x in (left, right, mass, m_zp))
    x = (mass / m_zp) ** 2
    chiral = (left**2 + right**2) * same_chirality(x)
    flipped = mass / (2 * inputs["m_mu"]) * left * right * opposite_chirality(x)
    return -((inputs["m_mu"] / m_zp) ** 2) / (8 * jnp.pi**2) * (chiral - flipped)


@jit_inlined
def same_chirality(x: FloatLike) -> Scalar:
    """F of `heavy_loop`, also at x = 1: 2/3 for light leptons, 5/12 for heavy ones."""

    def integrand(t: Scalar, x: Scalar) -> Scalar:
        return (t * (t + 2) + x * t**2 * (0.5 + t)) / ((1 + t) ** 4 * (1 + x * t))

    return integral(integrand, _centre(x), jnp.asarray(x, dtype=float))


@jit_inlined
def opposite_chirality(x: FloatLike) -> Scalar:
    """G of `heavy_loop`, also at x = 1: 4 for light leptons, 1 for heavy ones."""

    def integrand(t: Scalar, x: Scalar) -> Scalar:
        return (8 * t + 2 * x * t**2) / ((1 + t) ** 3 * (1 + x * t))

    return integral(integrand, _centre(x), jnp.asarray(x, dtype=float))


def _centre(x: FloatLike) -> Scalar:
    return 1 / jnp.sqrt(jnp.clip(jnp.asarray(x, dtype=float), 1e-8, 1.0))


def lepton_dipoles(leptons: Vector, loop: Scalar, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r"""Dipoles of a fermion and a scalar that couple to left-handed leptons by :math:`\lambda_i`, from the loop I.

    :math:`a_\mu=m_\mu^2|\lambda_\mu|^2I/16\pi^2`; :math:`m_j\lambda_i^*\lambda_j` in the transition of j to the
    lighter i. Where the fermion is charged, I is `loops.dipole` of its mass and that of the scalar; where the scalar
    is, minus that of the two exchanged (standard, [Leveille:1977rc]_).
    """
    unit = jnp.sqrt(4 * jnp.pi * inputs["alpha_em_0"]) / (64 * jnp.pi**2) * loop
    transitions = {
        f"Cgamma_{LEPTONS[j]}{LEPTONS[i]}": unit * inputs[f"m_{LEPTONS[j]}"] * jnp.conj(leptons[i]) * leptons[j]
        for i, j in LIGHTER_FIRST
    }
    return {**from_muon_moment(scalar_loop(leptons[1], loop, inputs), inputs), **transitions}


def scalar_loop(muon: Complex[Array, ""], loop: Scalar, inputs: Inputs) -> Scalar:
    r"""The shift of :math:`(g-2)_\mu/2` in `lepton_dipoles`."""
    return inputs["m_mu"] ** 2 * squared(muon) * loop / (16 * jnp.pi**2)
