r"""What the exchange of a heavy Z' does at low energies, from its currents: Wilson coefficients, and their sizes.

Tree level, eqs. (16) and (18) of 1803.04703 [Vicente:2018frk]_ for any current.
"""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.catalogue.coefficients import CONVERSION, THREE_LEPTONS
from bsfit.loading.inputs import Inputs
from bsfit.matching.currents import (
    TRANSITIONS,
    Current,
    from_charged_leptons,
    from_delta_f2,
    from_muon_neutrinos,
    from_neutrinos,
)
from bsfit.matching.hermitian import Hermitian, is_zero
from bsfit.matching.z_prime import NUMBERS, Currents, Fermions, FloatLike, at_low_energies, through_the_z

_PAIRS = {"bs": ("down", 1, 2), "bd": ("down", 0, 2), "sd": ("down", 0, 1), "uc": ("up", 1, 0)}
r"""Element of a coupling that changes the flavour :math:`q_1` into :math:`q_2`, by name of the pair."""

_CHIRALITIES = (("left", "left"), ("left", "right"), ("right", "left"), ("right", "right"))


def _named(flavour: str, names: Sequence[str]) -> list[tuple[str, str, tuple[str, str]]]:
    return [(name, flavour, pair) for name, pair in zip(names, _CHIRALITIES, strict=True)]


_LEPTONS_TURNED = {
    (0, 1): [
        *_named("electron", THREE_LEPTONS["BR(mu->eee)"]),
        *_named("up", CONVERSION[:4]),
        *_named("down", CONVERSION[4:]),
    ],
    (1, 2): _named("electron", THREE_LEPTONS["BR(tau->mumumu)"]),
}
r"""By element of the coupling of charged leptons: name of a coefficient, the other fermions, chiralities of both."""

DeltaF2 = dict[str, dict[str, Complex[Array, ""]]]


def delta_f2(m_zp: FloatLike, z: Currents) -> DeltaF2:
    r"""Coefficients in H at the scale m_Zp in GeV^-2, by operator (LL, RR, LR) and pair.

    :math:`\Delta_L^2/2m_{Z'}^2` of :math:`(\bar q_2\gamma P_Lq_1)^2`, the same for R, and
    :math:`\Delta_L\Delta_R/m_{Z'}^2` of :math:`(\bar q_2\gamma P_Lq_1)(\bar q_2\gamma P_Rq_1)`. Pairs without couplings
    are left out.
    """
    half = 0.5 / jnp.asarray(m_zp) ** 2
    result: DeltaF2 = {"LL": {}, "RR": {}, "LR": {}}
    for pair, (kind, i, j) in _PAIRS.items():
        f = getattr(z, kind)
        left, right = ((i, j) in f.left, (i, j) in f.right)
        if left:
            result["LL"][pair] = f.left(i, j) * f.left(i, j) * half
        if right:
            result["RR"][pair] = f.right(i, j) * f.right(i, j) * half
        if left and right:
            result["LR"][pair] = f.left(i, j) * f.right(i, j) * (2 * half)
    return result


def at_threshold(kind: str, z: Currents, inputs: Inputs) -> Fermions:
    """Light fermions of a kind with what mixing adds at low energies.

    Of the kinetic one the photon's part is left; by the Higgs current the Z takes part, unless the input `Z_mixing` is
    0.
    """
    f, charge = getattr(z, kind), NUMBERS[kind].charge
    if z.mixes() and charge:
        shift = Hermitian.diagonal([at_low_energies(charge, inputs) * jnp.asarray(z.epsilon)] * 3)
        f = f + Fermions(shift, shift)
    if not is_zero(z.higgs):
        higgs = jnp.asarray(z.higgs) * inputs["Z_mixing"]
        left, right = (Hermitian.diagonal([higgs * x] * 3) for x in through_the_z(kind, inputs))
        f = f + Fermions(left, right)
    return f


def wilson_coefficients(
    m_zp: FloatLike, z: Currents, inputs: Inputs, delta_loop: FloatLike = 0.0
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients at 4.8 GeV, those that are zero for any parameters left out.

    :math:`C_9=-\frac{\Delta^{sb}_L}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m_{Z'}^2}(\Delta_R+\Delta_L)^{\mu\mu}`,
    :math:`C_{10}` with the difference R - L, primed ones with :math:`\Delta^{sb}_R`, those of b -> d with
    :math:`\Delta^{db}`; `delta_loop` multiplies these by one plus itself. Kinetic mixing shifts :math:`C_9` of all
    charged leptons alike, neither :math:`C_{10}` nor neutrinos; a charged Higgs doublet, by the Z, all of them,
    :math:`C_{10}` most.
    """
    inverse = 1 / jnp.asarray(m_zp) ** 2
    charged, neutral = at_threshold("electron", z, inputs), at_threshold("neutrino", z, inputs).left
    mixing = delta_f2(m_zp, z)
    result = from_delta_f2(mixing["LL"], m_zp, inputs, right=mixing["RR"], mixed=mixing["LR"])
    for quarks, matrix in (("left", z.down.left), ("right", z.down.right)):
        for transition in TRANSITIONS:
            _, light, heavy = _PAIRS[transition]
            if (light, heavy) not in matrix:
                continue
            exchange = -matrix(light, heavy) * inverse
            loops = exchange * (1 + jnp.asarray(delta_loop))
            left, right = (_times(side, loops) for side in (charged.left, charged.right))
            result |= from_charged_leptons(left, right, inputs, quarks, transition)
            if transition == "bs":
                result |= from_neutrinos(_times(neutral, exchange), inputs, quarks=quarks)
    if (1, 1) in neutral:
        muon_neutrino = -neutral(1, 1) * inverse
        left, right = (muon_neutrino * side(1, 1) for side in (charged.left, charged.right))
        result |= from_muon_neutrinos(left, right, inputs)
    return result | charged_lfv(m_zp, charged, z, inputs)


def charged_lfv(m_zp: FloatLike, charged: Fermions, z: Currents, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r"""Of :math:`\mu\to3e`, :math:`\tau\to3\mu` and :math:`\mu\to e` with u and d quarks.

    :math:`-\Delta_X^{ij}\Delta_Y^{ff}/m_{Z'}^2` with the couplings of `charged` leptons; nothing where none of them is
    of two flavours. Tree level: loops that couple the Z' to light quarks by the photon are left out.
    """
    inverse = -1 / jnp.asarray(m_zp) ** 2
    result = {}
    for (i, j), others in _LEPTONS_TURNED.items():
        for name, flavour, (x, y) in others:
            f, k = (charged, i) if flavour == "electron" else (at_threshold(flavour, z, inputs), 0)
            turned, same = getattr(charged, x), getattr(f, y)
            if (i, j) in turned and (k, k) in same:
                result[name] = turned(i, j) * same(k, k) * inverse
    return result


def _times(matrix: Hermitian, unit: Complex[Array, ""]) -> Current:
    return lambda i, j: unit * matrix(i, j) if (i, j) in matrix else None


def outputs(m_zp: FloatLike, z: Currents) -> Mapping[str, Array]:
    """What a model says of its currents by name: couplings, and coefficients of Delta F = 2 at the scale m_Zp."""
    mixing = delta_f2(m_zp, z)
    zero: Complex[Array, ""] = jnp.zeros((), dtype=complex)
    return {
        "D_sb": z.down.left(1, 2),
        "D_sb_R": z.down.right(1, 2),
        "D_mumu": z.electron.left(1, 1).real,
        "D_mumu_R": z.electron.right(1, 1).real,
        **{f"C_bs_{operator}": found.get("bs", zero) for operator, found in mixing.items()},
    }


def top_coupling(z: Currents) -> Float[Array, ""]:
    r""":math:`(\Delta_R-\Delta_L)_{tt}`, the axial coupling of the top quark."""
    return (z.up.right(2, 2) - z.up.left(2, 2)).real
