"""What the rows of models with a Z' and fermion dark matter are made of: the outputs that all of them have."""

import math
from collections.abc import Mapping

from bsfit.catalogue.models.rows import Parameter, mass

_FINAL_STATES = ("quarks", "heavy_light", "heavy", "charged_leptons", "neutrinos", "mumu", "chi")

OUTPUTS: Mapping[str, str] = {
    **{name: "GeV" for name in ("Gamma_Zp", *(f"Gamma_Zp_{final}" for final in _FINAL_STATES))},
    **dict.fromkeys(("D_sb", "D_sb_R", "D_mumu", "D_mumu_R", "a_mu_Zp", "loop_trace"), "1"),
    **dict.fromkeys(("C_bs_LL", "C_bs_RR", "C_bs_LR"), "GeV^-2"),
    **{f"b_{nucleon}_{part}": "GeV^-2" for part in ("tree", "photon", "kinetic", "Z") for nucleon in "pn"},
}
"""Units by name."""

AXIAL_OUTPUTS: Mapping[str, str] = {"Gamma_phi": "GeV", "lambda_phi": "1", "Delta_rho": "1"}
"""More of those whose dark matter has an axial coupling, and a dark Higgs boson its mass."""

LOOP_OUTPUTS: Mapping[str, str] = {
    **OUTPUTS,
    **dict.fromkeys(("C9_photon", "C7_bs_mu_NP", "C8_bs_mu_NP"), "1"),
    **dict.fromkeys(("C_bs_LL_box", "C_bs_LL_Zp"), "GeV^-2"),
}
"""Of those that a loop couples to quarks."""

WIDTHS = tuple(f"Gamma_Zp_{final}" for final in _FINAL_STATES)

INCOMPLETE_MOMENT = {
    "a_mu": "the loop of the Z' (a_mu_Zp) is not the answer where the muon mixes: its right-handed mixing and loops of "
    "the scalar are of the same size, and are not implemented"
}
"""For models in which the muon mixes."""

EPSILON = Parameter("epsilon", bounds=(-0.03, 0.03), tex=r"\epsilon")


def coupling(name: str, tex: str, bounds: tuple[float, float], default: float | None = None) -> Parameter:
    """A coupling or an angle."""
    return Parameter(name, default, tex=tex, bounds=bounds)


def cutoff(default: float) -> Parameter:
    """The scale of a complete theory, where loops that are not finite end."""
    return Parameter("Lambda", default, "GeV", 200.0, tex=r"\Lambda")


def dark_higgs() -> tuple[Parameter, Parameter]:
    """Mass of the dark Higgs boson, and its width over it: if infinite, that into dark matter and pairs of the Z'."""
    width = Parameter("Gamma_phi_over_m", math.inf, lower=0.0, tex=r"\Gamma_\phi/m_\phi")
    return mass("m_phi"), width


def higgs_share(default: float) -> Parameter:
    """The part of the squared vacuum expectation value of the Higgs doublets that is charged."""
    return Parameter("h_share", default, lower=0.0, upper=1.0, tex="h_{share}", bounds=(0.0, 1.0), closed=True)
