"""Groups of uncertain inputs in budgets of errors; free of JAX."""

from fnmatch import fnmatchcase

GROUPS: dict[str, tuple[str, ...]] = {
    "baryons": ("Lambda->ppi *", "Lambdab pol*"),
    "nucleon": ("f_N", "Delta_[uds]", "m_quark_loop", "SI_Z_penguin"),
    "form factors": ("* BSZ *", "* SSE *", "* HQE *", "* BCL *", "* BGL *", "* CLN *"),
    "power corrections": ("* delta_C*", "* h [0-9] *", "* h_? [0-9] *"),
    "inclusive decays": ("B->Xs* *", "BR(B->X*", "C_BXlnu", "lambda_[12]", "m_b_Xs"),
    "CKM": ("V_*", "gamma"),
    "meson structure": ("f_*", "a[0-9]_*", "1/lambda_*", "bag_*"),
    "quark masses, alpha_s": ("m_[bcst]", "m_t_*", "m_c_*", "alpha_s*", "eta_B"),
    "lifetimes, widths": ("tau_*", "Delta[GM]*", "Gamma_*"),
    "QED": ("QED *",),
    "electroweak": ("G_F", "alpha_em*", "sin2_*", "m_[WZh]", "X_t"),
    "hadron and lepton masses": ("m_B*", "m_K*", "m_phi", "m_D*", "m_J/psi", "m_Lambda*", "m_e", "m_mu", "m_tau"),
}
"""Globs of the inputs of each group; the first that matches counts."""

OTHERS = "others"


def group_of(name: str) -> str:
    """The group of an input, `OTHERS` for one that no group lists."""
    return next((group for group, globs in GROUPS.items() if any(fnmatchcase(name, glob) for glob in globs)), OTHERS)
