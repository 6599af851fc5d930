"""Observables of neutral mesons that mix: rows of the catalogue, plain data free of JAX.

Of D0 and K0 new physics alone, for which other codes have no name.
"""

KINDS = ("CVLL", "CVRR", "CVLR", "CSLR")
"""Operators of Delta F = 2."""

PROCESSES = {"bs_mixing": "bsbs", "b0_mixing": "bdbd", "d0_mixing": "ucuc", "k0_mixing": "sdsd"}
"""Files of `observables/`, and the quarks of their operators."""

_BOX = ("eta_B", "V_cb", "V_us", "m_t_MSbar")
_BS = ("f_Bs", "bag_Bs_1", *_BOX)
_B0 = ("f_B0", "bag_B0_1", "V_ub", "gamma", *_BOX)
_MASS = ("Buras:1990fn", "DiLuzio:2017fdq")


def _row(process: str, group: str, key: str, unit: str, tex: str, nuisances: tuple[str, ...], *sources: str) -> dict:
    names = {"process": process, "group": group, "key": key, "unit": unit, "tex": tex}
    return {**names, "nuisances": nuisances, "sources": sources}


QUANTITIES: tuple[dict, ...] = (
    _row("b0_mixing", "B0-mixing", "DeltaM_d_ps", "ps^-1", r"\Delta M_d", _B0, *_MASS),
    _row("b0_mixing", "B0-mixing", "DeltaM_d/SM", "1", r"\Delta M_d/\Delta M_d^{\rm SM}", (), *_MASS),
    _row("bs_mixing", "mixing", "DeltaM_s", "GeV", r"\Delta M_s", _BS, *_MASS),
    _row("bs_mixing", "mixing", "DeltaM_s_ps", "ps^-1", r"\Delta M_s", _BS, *_MASS),
    _row("bs_mixing", "mixing", "DeltaM_s/SM", "1", r"\Delta M_s/\Delta M_s^{\rm SM}", (), *_MASS),
    _row("bs_mixing", "mixing", "S_psiphi", "1", r"S_{\psi\phi}", ("V_*", "gamma"), "DiLuzio:2017fdq"),
    _row("d0_mixing", "D0-mixing", "x12_D_NP", "1", r"x_{12}^{\rm NP}", ("bag_D0_?", "f_D0"), "Carrasco:2015pra"),
    _row("k0_mixing", "K0-mixing", "eps_K_NP", "1", r"\epsilon_K^{\rm NP}", ("bag_K0_?", "kappa_epsilon"),
         "Buras:2010pza", "Garron:2016mva"),
)  # fmt: skip
