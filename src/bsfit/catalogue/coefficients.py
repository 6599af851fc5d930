"""Names and units of the Wilson coefficients that a model may shift; free of JAX."""

LEPTONS = ("e", "mu", "tau")
LEPTON_PAIRS = tuple(a + b for a in LEPTONS for b in LEPTONS)
"""Lepton pairs in the order of the rows of `wilson.Total.semileptonic`: ee, emu, etau, mue, mumu, ..."""
SAME_FLAVOUR = tuple(2 * lepton for lepton in LEPTONS)
FLAVOUR_VIOLATING = tuple(pair for pair in LEPTON_PAIRS if pair not in SAME_FLAVOUR)
BOTH_CHARGES = ("emu,mue", "etau,taue", "mutau,taumu")
"""Sums of two of them in the names of observables."""

SEMILEPTONIC = ("C9", "C10", "C9p", "C10p", "CS", "CSp", "CP", "CPp")
LEPTONIC_BD = ("C10", "C10p", "CS", "CSp", "CP", "CPp")
"""Of b -> d, for pairs of one flavour: what B0 -> ll sees."""
DIPOLES = ("C7_bs", "C7p_bs", "C8_bs", "C8p_bs")
DELTA_F2 = tuple(f"C{x}_{q}" for q in ("bsbs", "bdbd", "sdsd", "ucuc") for x in ("VLL", "VRR", "VLR", "SLR"))
NEUTRINO_PAIRS = tuple(f"nu{a}nu{b}" for a in LEPTONS for b in LEPTONS)
NEUTRINO = tuple(f"{x}_bs{pair}" for pair in NEUTRINO_PAIRS for x in ("CL", "CR"))
CHARGED = ("CVL", "CVR", "CSL", "CSR", "CT")
CHARGED_CURRENT = tuple(f"{x}_bc{lepton}nu{nu}" for lepton in LEPTONS for nu in LEPTONS for x in CHARGED)
"""Of b -> c l nu: operators `CHARGED` of each charged lepton with each neutrino, ``CVL_bctaunumu``."""
RADIATIVE = {
    "BR(mu->egamma)": ("Cgamma_mue", "Cgamma_emu"),
    "BR(tau->egamma)": ("Cgamma_taue", "Cgamma_etau"),
    "BR(tau->mugamma)": ("Cgamma_taumu", "Cgamma_mutau"),
}
"""Dipoles of the radiative decays of leptons: that of a right-handed, of a left-handed initial lepton."""
THREE_LEPTONS = {
    "BR(mu->eee)": ("CVLL_eemue", "CVLR_mueee", "CVLR_eemue", "CVRR_eemue"),
    "BR(tau->mumumu)": ("CVLL_mumutaumu", "CVLR_taumumumu", "CVLR_mumutaumu", "CVRR_mumutaumu"),
}
"""Vector currents of decays into three leptons: chirality of the one that changes flavour, and of the others."""
CONVERSION = tuple(
    name for q in ("uu", "dd") for name in (f"CVLL_mue{q}", f"CVLR_mue{q}", f"CVLR_{q}mue", f"CVRR_mue{q}")
)
"""Vector currents of mu -> e and of a light quark, chiralities as there."""
LEPTONIC = ("CVLL_numunumumumu", "CVLR_numunumumumu", "C7_mumu", *(x for pair in RADIATIVE.values() for x in pair))

CHARGED_LFV = (*(name for names in THREE_LEPTONS.values() for name in names), *CONVERSION)
_OF_FOUR_FERMIONS = frozenset((*DELTA_F2, *CHARGED_LFV))


def unit(name: str) -> str:
    """Unit of a coefficient of `COEFFICIENTS`."""
    inverse = name.startswith(("CS_", "CSp_", "CP_", "CPp_", "Cgamma_"))
    return "GeV^-1" if inverse else "GeV^-2" if name in _OF_FOUR_FERMIONS else "1"


COEFFICIENTS: tuple[str, ...] = (
    *(f"{op}_bs{pair}" for pair in LEPTON_PAIRS for op in SEMILEPTONIC),
    *DIPOLES,
    *(f"{op}_bd{pair}" for pair in SAME_FLAVOUR for op in LEPTONIC_BD),
    *NEUTRINO,
    *DELTA_F2,
    *CHARGED_LFV,
    *LEPTONIC,
    *CHARGED_CURRENT,
)
"""Complex Wilson coefficients that a model may shift, by flavio's WET names; meaning: `theory.WilsonCoefficients`."""
