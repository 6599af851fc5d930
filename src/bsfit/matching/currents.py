r"""Wilson coefficients from four-fermion terms of the Lagrangian, products of currents with K in GeV^-2.

Conventions of `theory.WilsonCoefficients`.
"""

from collections.abc import Callable, Mapping

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.catalogue import LEPTONS, NEUTRINO_PAIRS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.running import MU_B, run_delta_f2

Current = Callable[[int, int], Complex[Array, ""]]
"""Coefficient of a current of the leptons i and j, a function so that only what is read is computed."""

_FIELD_ORDER = {a + b: (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
_NEUTRINO_ORDER = {f"nu{a}nu{b}": (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
r"""Positions (i, j) of the fields :math:`\bar l_i\ldots l_j` of a pair: ``bsmue`` has :math:`\bar e\ldots\mu`."""


def lambda_v(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\Lambda_v = \sqrt{\pi/(\sqrt2 G_F\alpha)}` in GeV. Eq. (19) of 1803.04703 [Vicente:2018frk]_.

    The :math:`\alpha` is the one of the amplitudes, `alpha_em_mb`: then it cancels from every new-physics amplitude.
    The review's 4.94 TeV belongs to 1/127.951, which the input sets ``seed`` and ``reference`` use in both places.
    """
    return jnp.sqrt(jnp.pi / (jnp.sqrt(2.0) * inputs["G_F"] * inputs["alpha_em_mb"]))


def from_charged_leptons(left: Current, right: Current, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_9, C_{10}` of all lepton pairs from a current-current interaction.

    :math:`L=(\bar s\gamma P_Lb)\sum_{ij}\bar l_i\gamma(K^L_{ij}P_L+K^R_{ij}P_R)l_j`, K in GeV^-2. A left-handed current
    gives :math:`C_9=-C_{10}=K\Lambda_v^2/V_{tb}V_{ts}^*`.
    """
    unit = lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)
    result = {}
    for pair, (i, j) in _FIELD_ORDER.items():
        result[f"C9_bs{pair}"] = (right(i, j) + left(i, j)) * unit
        result[f"C10_bs{pair}"] = (right(i, j) - left(i, j)) * unit
    return result


def with_photon_penguin(
    coefficients: Mapping[str, Complex[Array, ""]], c9: Complex[Array, ""]
) -> dict[str, Complex[Array, ""]]:
    """The same coefficients, with the lepton-universal C9 of a photon penguin added to that of ee, mumu and tautau."""
    names = [f"C9_bs{lepton}{lepton}" for lepton in LEPTONS]
    return {**coefficients, **{name: coefficients.get(name, 0.0) + c9 for name in names}}


def from_neutrinos(left: Current, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_L` of all neutrino pairs from :math:`L=\sum K_{ij}(\bar s\gamma P_Lb)(\bar\nu_i\gamma P_L\nu_j)`."""
    unit = lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)
    return {f"CL_bs{pair}": left(*_NEUTRINO_ORDER[pair]) * unit for pair in NEUTRINO_PAIRS}


def from_muon_neutrinos(
    left: Inexact[ArrayLike, ""], right: Inexact[ArrayLike, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Tridents from :math:`L=(\bar\nu_\mu\gamma P_L\nu_\mu)\,\bar\mu\gamma(K^LP_L+K^RP_R)\mu`, K in GeV^-2."""
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"])
    left, right = (jnp.asarray(k, dtype=complex) * unit for k in (left, right))
    return {"CVLL_numunumumumu": left, "CVLR_numunumumumu": right}


def from_delta_f2(
    h: Mapping[str, Complex[ArrayLike, ""]], mu: Float[ArrayLike, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""VLL coefficients at 4.8 GeV from :math:`H = C(\bar q_2\gamma P_Lq_1)^2` at the scale mu.

    `h` maps the quark pairs ``bs``, ``bd``, ``sd``, ``uc`` (:math:`q_1q_2`) to C in GeV^-2. Note the sign: the
    coefficients of `theory.WilsonCoefficients` are those of -H.
    """
    running = run_delta_f2(mu, MU_B, inputs)
    return {f"CVLL_{pair}{pair}": -running * coefficient for pair, coefficient in h.items()}
