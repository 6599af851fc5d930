"""Observables of b -> c l nu: rows of the catalogue, plain data free of JAX; names are flavio's where it has them."""

from bsfit.catalogue.coefficients import CHARGED_CURRENT

BC_TO_LNU = tuple(name for name in CHARGED_CURRENT if not name.startswith("CT_"))
"""Wilson coefficients of B_c -> l nu, which the tensor operator does not reach."""

SHORT_NAMES = {
    "R(D)": "Rtaul(B->Dlnu)",
    "R(D*)": "Rtaul(B->D*lnu)",
    "R(J/psi)": "Rtaumu(Bc->J/psilnu)",
    "F_L(D*)": "FLtot(B0->D*taunu)",
    "P_tau(D)": "Ptau(B->Dtaunu)",
    "P_tau(D*)": "Ptau(B->D*taunu)",
}
"""Short names of what has no q2 bin."""

_QUARKS = ("m_b", "m_c", "alpha_s_mZ")
_D = ("B->D *", *_QUARKS)
_D_STAR = ("B->D[ *][ H]*", *_QUARKS)  # "B->D* BSZ ...", "B->D HQE ...", not "B->D BSZ ..."
_J_PSI = ("Bc->J/psi *", *_QUARKS)
_FORM_FACTORS = {"D": _D, "D*": _D_STAR, "J/psi": _J_PSI}
_TEX = {"D": "D", "D*": "D^*", "J/psi": r"J/\psi"}


def _row(process: str, key: str, tex: str, group: str, nuisances: tuple[str, ...], source: str) -> dict:
    names = {"process": process, "key": key, "unit": "1", "tex": tex, "group": group}
    return {**names, "nuisances": nuisances, "sources": (source,)}


def _semileptonic(key: str, meson: str, tex: str) -> dict:
    return _row("b_to_c_lnu", key, f"{tex}({_TEX[meson]})", "charged", _FORM_FACTORS[meson], "Sakaki:2013bfa")


def _leptonic(lepton: str, tex: str) -> dict:
    nuisances = ("V_cb", "f_Bc", "tau_Bc", *_QUARKS)
    rate = rf"{{\rm BR}}(B_c\to {tex}\nu)"
    return _row("bc_to_lnu", f"BR(Bc->{lepton}nu)", rate, "charged", nuisances, "Sakaki:2013bfa")


QUANTITIES: tuple[dict, ...] = (
    _semileptonic("Rtaul(B->Dlnu)", "D", "R"),
    _semileptonic("Rtaul(B->D*lnu)", "D*", "R"),
    _semileptonic("Rtaumu(B->Dlnu)", "D", r"R_{\tau\mu}"),
    _semileptonic("Rtaumu(B->D*lnu)", "D*", r"R_{\tau\mu}"),
    _semileptonic("Rmue(B->Dlnu)", "D", r"R_{\mu e}"),
    _semileptonic("Rmue(B->D*lnu)", "D*", r"R_{\mu e}"),
    _semileptonic("Rtaumu(Bc->J/psilnu)", "J/psi", "R"),
    _semileptonic("FLtot(B0->D*taunu)", "D*", "F_L"),
    _semileptonic("FLtot(Bc->J/psitaunu)", "J/psi", "F_L"),
    _semileptonic("Ptau(B->Dtaunu)", "D", r"P_\tau"),
    _semileptonic("Ptau(B->D*taunu)", "D*", r"P_\tau"),
    _semileptonic("Ptau(Bc->J/psitaunu)", "J/psi", r"P_\tau"),
    *(_leptonic(lepton, tex) for lepton, tex in (("e", "e"), ("mu", r"\mu"), ("tau", r"\tau"))),
)
"""`_FORM_FACTORS` are those of one meson: the two charges of B are taken alike."""
