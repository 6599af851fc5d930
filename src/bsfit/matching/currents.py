r"""Wilson coefficients from four-fermion terms of the Lagrangian, products of currents with K in GeV^-2.

Conventions of `theory.WilsonCoefficients`.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.catalogue import COEFFICIENTS, LEPTONS, NEUTRINO_PAIRS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import v_tb_v_td, v_tb_v_ts
from bsfit.standard_model.running import MU_B, run_delta_f2, run_delta_f2_lr, run_scalar_and_tensor

Current = Callable[[int, int], Complex[Array, ""] | None]
"""Coefficient of a current of the leptons i and j, None where there is none and nothing is to be computed."""

_FIELD_ORDER = {a + b: (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
_NEUTRINO_ORDER = {f"nu{a}nu{b}": (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
r"""Positions (i, j) of the fields :math:`\bar l_i\ldots l_j` of a pair: ``bsmue`` has :math:`\bar e\ldots\mu`."""


Transition = Literal["bs", "bd"]

TRANSITIONS: tuple[Transition, ...] = ("bs", "bd")

CKM = {"bs": v_tb_v_ts, "bd": v_tb_v_td}
"""The factor of the CKM matrix in the definition of the coefficients of each transition."""

_KNOWN = frozenset(COEFFICIENTS)


def lambda_v(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\Lambda_v = \sqrt{\pi/(\sqrt2 G_F\alpha)}` in GeV. Eq. (19) of 1803.04703 [Vicente:2018frk]_.

    The :math:`\alpha` is the one of the amplitudes, `alpha_em_mb`: then it cancels from every new-physics amplitude.
    The review's 4.94 TeV belongs to 1/127.951, which the input sets ``seed`` and ``reference`` use in both places.
    """
    return jnp.sqrt(jnp.pi / (jnp.sqrt(2.0) * inputs["G_F"] * inputs["alpha_em_mb"]))


def from_charged_leptons(
    left: Current,
    right: Current,
    inputs: Inputs,
    quarks: Literal["left", "right"] = "left",
    transition: Transition = "bs",
) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_9, C_{10}` of all lepton pairs from a current-current interaction, primed for right-handed quarks.

    :math:`L=(\bar s\gamma P_Lb)\sum_{ij}\bar l_i\gamma(K^L_{ij}P_L+K^R_{ij}P_R)l_j`, K in GeV^-2. A left-handed current
    gives :math:`C_9=-C_{10}=K\Lambda_v^2/V_{tb}V_{ts}^*`. With d for s those that the catalogue has.
    """
    unit, prime = _unit(inputs, transition), _PRIME[quarks]
    result = {}
    for pair, (i, j) in _FIELD_ORDER.items():
        of_left, of_right = left(i, j), right(i, j)
        if of_left is None and of_right is None:
            continue
        of_left, of_right = (jnp.zeros(()) if k is None else k for k in (of_left, of_right))
        result[f"C9{prime}_{transition}{pair}"] = (of_right + of_left) * unit
        result[f"C10{prime}_{transition}{pair}"] = (of_right - of_left) * unit
    return {name: value for name, value in result.items() if name in _KNOWN}


_PRIME = {"left": "", "right": "p"}
_HAND = {"left": "CL", "right": "CR"}


def _unit(inputs: Inputs, transition: Transition = "bs") -> Complex[Array, ""]:
    """What a K in GeV^-2 is multiplied with."""
    return lambda_v(inputs) ** 2 / CKM[transition](inputs)


def from_photon_penguin(c9: Complex[Array, ""]) -> dict[str, Complex[Array, ""]]:
    """The lepton-universal C9 of a photon penguin: that of ee, mumu and tautau."""
    return {f"C9_bs{lepton}{lepton}": c9 for lepton in LEPTONS}


def together(*parts: Mapping[str, Complex[Array, ""]]) -> dict[str, Complex[Array, ""]]:
    """Sums of coefficients by name."""
    found: dict[str, Complex[Array, ""]] = {}
    for part in parts:
        found |= {name: found[name] + value if name in found else value for name, value in part.items()}
    return found


def from_neutrinos(
    left: Current, inputs: Inputs, quarks: Literal["left", "right"] = "left"
) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_L` of all neutrino pairs from :math:`L=\sum K_{ij}(\bar s\gamma P_Lb)(\bar\nu_i\gamma P_L\nu_j)`.

    :math:`C_R` for right-handed quarks.
    """
    unit, name = _unit(inputs), _HAND[quarks]
    found = {pair: left(*_NEUTRINO_ORDER[pair]) for pair in NEUTRINO_PAIRS}
    return {f"{name}_bs{pair}": k * unit for pair, k in found.items() if k is not None}


def from_charged_currents(
    couplings: Mapping[str, Current], mu: Float[ArrayLike, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of b -> c l nu at 4.8 GeV from :math:`H=\sum_{ij}K_{ij}O` of leptons i and neutrinos j at mu.

    `couplings` maps names of `catalogue.CHARGED` to K in GeV^-2. Vector currents do not run.
    """
    unit = jnp.sqrt(2.0) / (4.0 * inputs["G_F"] * inputs["V_cb"])
    scalar, tensor = run_scalar_and_tensor(1.0, 1.0, mu, inputs)
    grown = {"CVL": 1.0, "CVR": 1.0, "CSL": scalar, "CSR": scalar, "CT": tensor}
    found = {
        f"{name}_bc{lepton}nu{neutrino}": (grown[name] * unit, of(i, j))
        for name, of in couplings.items()
        for i, lepton in enumerate(LEPTONS)
        for j, neutrino in enumerate(LEPTONS)
    }
    return {name: factor * k for name, (factor, k) in found.items() if k is not None}


def from_muon_neutrinos(
    left: Inexact[ArrayLike, ""], right: Inexact[ArrayLike, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Tridents from :math:`L=(\bar\nu_\mu\gamma P_L\nu_\mu)\,\bar\mu\gamma(K^LP_L+K^RP_R)\mu`, K in GeV^-2."""
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"])
    left, right = (jnp.asarray(k, dtype=complex) * unit for k in (left, right))
    return {"CVLL_numunumumumu": left, "CVLR_numunumumumu": right}


def from_muon_moment(a_mu: Float[ArrayLike, ""], inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r"""The dipole that shifts :math:`(g-2)_\mu/2` by `a_mu`."""
    unit = jnp.sqrt(2.0) * (jnp.pi / inputs["m_mu"]) ** 2 / inputs["G_F"]
    return {"C7_mumu": jnp.asarray(a_mu, dtype=complex) * unit}


def from_delta_f2(
    left: Mapping[str, Complex[ArrayLike, ""]],
    mu: Float[ArrayLike, ""],
    inputs: Inputs,
    right: Mapping[str, Complex[ArrayLike, ""]] | None = None,
    mixed: Mapping[str, Complex[ArrayLike, ""]] | None = None,
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients at 4.8 GeV from :math:`H = C(\bar q_2\gamma P_Lq_1)^2` at the scale mu.

    `left` maps the quark pairs ``bs``, ``bd``, ``sd``, ``uc`` (:math:`q_1q_2`) to C in GeV^-2, `right` the same with
    :math:`P_R`, `mixed` those of :math:`(\bar q_2\gamma P_Lq_1)(\bar q_2\gamma P_Rq_1)`, which run into SLR too. Note
    the sign: the coefficients of `theory.WilsonCoefficients` are those of -H.
    """
    same = run_delta_f2(mu, MU_B, inputs)
    result = {f"CVLL_{pair}{pair}": -same * c for pair, c in left.items()}
    result |= {f"CVRR_{pair}{pair}": -same * c for pair, c in (right or {}).items()}
    if mixed:
        vector, scalar = run_delta_f2_lr(mu, MU_B, inputs)
        result |= {f"CVLR_{pair}{pair}": -vector * c for pair, c in mixed.items()}
        result |= {f"CSLR_{pair}{pair}": -scalar * c for pair, c in mixed.items()}
    return result
