r"""A Z' that couples to the fermions of the Standard Model and to heavy ones mixed with them: currents, exchange.

:math:`L=Z'_\mu\sum_f\bar f_i\gamma^\mu(\Delta_L^{ij}P_L+\Delta_R^{ij}P_R)f_j`. A kinetic mixing
:math:`L=-\frac\epsilon2F_Y^{\mu\nu}F_{X\mu\nu}` (the :math:`\epsilon` of 1803.04703 [Vicente:2018frk]_ is minus half of
it) is kept to first order. On its mass shell, or far above the Z, it adds :math:`-\epsilon g_YY_f` to every light
fermion: such are the couplings in `Currents`. At low energies the Z takes part in the exchange, and the photon's share
alone is left: `at_low_energies`.
"""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.loading.inputs import Inputs
from bsfit.matching.currents import from_charged_leptons, from_delta_f2, from_muon_neutrinos, from_neutrinos
from bsfit.matching.vectorlike import Mixing

FloatLike = Float[ArrayLike, ""]


class Currents(eqx.Module):
    """Couplings of a Z' to the fermions of each charge."""

    up: Mixing
    down: Mixing
    electron: Mixing
    neutrino: Mixing


def hypercharge_coupling(inputs: Inputs) -> Float[Array, ""]:
    """Gauge coupling of hypercharge at the Z mass."""
    return jnp.sqrt(4 * jnp.pi * inputs["alpha_em_mZ"] / (1 - inputs["sin2_theta_w"]))


def photon_mixing(epsilon: FloatLike, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\epsilon g_Yc_W^2`, with which the Z' mixes with the photon at low energies."""
    return jnp.asarray(epsilon) * hypercharge_coupling(inputs) * (1 - inputs["sin2_theta_w"])


def at_low_energies(f: Mixing, charge: float, epsilon: FloatLike, inputs: Inputs) -> Mixing:
    r"""The same fermions, of this electric charge, as exchange at :math:`q^2\ll m_Z^2` sees them.

    With :math:`\hat B=B-\epsilon X` the kinetic terms are diagonal, X couples to
    :math:`J_X-\epsilon g_YJ_Y` and shares the mass term :math:`\frac12m_Z^2(Z+\epsilon s_WX)^2`. The inverse of the
    squared masses gives :math:`L=-\frac1{2m_Z^2}J_Z^2-\frac1{2m_X^2}(J_X-\epsilon g_YJ_Y-\epsilon s_WJ_Z)^2`, and
    :math:`g_YJ_Y+s_WJ_Z=g_Yc_W^2J_{\rm em}` for :math:`J_Z=g_Z(J_3-s_W^2J_{\rm em})`. So the mixing adds
    :math:`-\epsilon g_Yc_W^2Q_f`, a vector: the Z, whose mixing with the Z' is of order :math:`m_Z^2/m_{Z'}^2` but
    whose propagator is larger by the inverse, turns hypercharge into electric charge. No condition on
    :math:`m_{Z'}/m_Z`.
    """
    shift = -charge * photon_mixing(epsilon, inputs)
    return dataclasses.replace(f, universal_left=shift, universal_right=shift)


def mass_logarithm(
    weights: Float[Array, " k"], couplings: Float[Array, " k"], masses: Float[Array, " k"]
) -> Float[Array, ""]:
    r""":math:`\sum w_f(\Delta_L+\Delta_R)_f\ln m_f^2`: mixing of the Z' with another boson through fermion loops.

    It does not depend on the unit of mass where :math:`\sum w_f(\Delta_L+\Delta_R)_f=0`, as for the charges of a
    symmetry: then the mixing is finite.
    """
    return jnp.sum(weights * couplings * 2 * jnp.log(masses))


def loop_kinetic_mixing(m: FloatLike, z: Currents, inputs: Inputs) -> Float[Array, ""]:
    r"""Kinetic mixing from the loops of Q, L and the light doublets at momenta of order m, leading logarithm.

    :math:`-\frac{g_Y}{24\pi^2}\sum_fN_fY_f(\Delta_L+\Delta_R)_f\ln m_f^2`, where light fermions count with m; finite
    because the sum without the logarithm vanishes. Without mixing
    :math:`-\frac{g_Yg_X}{6\pi^2}\ln(m_Q^2/m_L^2)`.
    """
    couplings = jnp.stack([f.heavy_left() + f.charge for f in (z.down, z.electron)])
    masses = jnp.stack([z.down.heavy, z.electron.heavy]) / m
    logarithm = mass_logarithm(jnp.array([1.0, -1.0]), couplings, masses)
    return -hypercharge_coupling(inputs) / (24 * jnp.pi**2) * logarithm


def delta_f2(m_zp: FloatLike, z: Currents) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of :math:`(\bar q_2\gamma P_Lq_1)^2` in H at the scale m_Zp, :math:`\Delta^2/2m_{Z'}^2`, GeV^-2."""
    down, up = z.down.left, z.up.left
    exchanged = {"bs": down(1, 2), "bd": down(0, 2), "sd": down(0, 1), "uc": up(1, 0)}
    return {pair: delta * delta * (0.5 / jnp.asarray(m_zp) ** 2) for pair, delta in exchanged.items()}


def wilson_coefficients(
    m_zp: FloatLike, z: Currents, epsilon: FloatLike, inputs: Inputs, delta_loop: FloatLike = 0.0
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients at 4.8 GeV from tree-level exchange, eq. (18) of 1803.04703 for every pair of leptons.

    :math:`C_9=-\frac{\Delta^{sb}_L}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m_{Z'}^2}(\Delta_R+\Delta_L)^{\mu\mu}`,
    :math:`C_{10}` with the difference R - L; `delta_loop` multiplies both by one plus itself. :math:`\Delta F=2` runs
    from m_Zp. Kinetic mixing shifts :math:`C_9` of all charged leptons alike, :math:`C_{10}` and neutrinos not.
    """
    inverse = 1 / jnp.asarray(m_zp) ** 2
    exchange = -z.down.left(1, 2) * inverse
    loops = exchange * (1 + jnp.asarray(delta_loop))
    e, nu = at_low_energies(z.electron, -1.0, epsilon, inputs), at_low_energies(z.neutrino, 0.0, epsilon, inputs)
    muon_neutrino = -nu.left(1, 1) * inverse
    return {
        **from_charged_leptons(lambda i, j: loops * e.left(i, j), lambda i, j: loops * e.right(i, j), inputs),
        **from_neutrinos(lambda i, j: exchange * nu.left(i, j), inputs),
        **from_delta_f2(delta_f2(m_zp, z), m_zp, inputs),
        **from_muon_neutrinos(muon_neutrino * e.left(1, 1), muon_neutrino * e.right(1, 1), inputs),
    }
