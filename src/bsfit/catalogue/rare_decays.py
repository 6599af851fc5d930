"""Observables of rare decays that take no q2 bin: rows of the catalogue, plain data free of JAX.

A row is what `catalogue.Quantity` takes by name; names are flavio's. The conventions are in the file of each process.
"""

from glob import escape

from bsfit.catalogue.coefficients import (
    BOTH_CHARGES,
    CONVERSION,
    FLAVOUR_VIOLATING,
    LEPTONIC_BD,
    LEPTONS,
    RADIATIVE,
    SAME_FLAVOUR,
    SEMILEPTONIC,
    THREE_LEPTONS,
)

_CKM = ("V_cb", "V_ub", "V_us", "gamma")
_LEPTONS = {"e": "e", "mu": r"\mu", "tau": r"\tau"}


def _row(process: str, group: str, key: str, unit: str, tex: str, nuisances: tuple[str, ...], source: str) -> dict:
    return {
        "process": process,
        "key": key,
        "unit": unit,
        "tex": tex,
        "group": group,
        "nuisances": nuisances,
        "sources": (source,),
    }


def _rows(process: str, group: str, source: str, table: list[tuple[str, str, str, tuple[str, ...]]]) -> list[dict]:
    return [_row(process, group, key, unit, tex, nuisances, source) for key, unit, tex, nuisances in table]


def _b_to_ll() -> list[dict]:
    width, top = ("tau_Bs", "DeltaGamma/Gamma_Bs"), ("m_t_pole", "alpha_s_mZ")
    strange, down = (*_CKM, *width, "f_Bs", *top), (*_CKM, "tau_B0", "f_B0", *top)
    table = [
        *((f"BR(Bs->{x}{x})", "1", rf"{{\rm BR}}(B_s\to {tex}{tex})", strange) for x, tex in _LEPTONS.items()),
        ("ADeltaGamma(Bs->mumu)", "1", r"A_{\Delta\Gamma}(B_s\to\mu\mu)", ()),
        ("tau_mumu", "GeV^-1", r"\tau_{\mu\mu}", width),
        ("tau_mumu_ps", "ps", r"\tau_{\mu\mu}", width),
        *((f"BR(B0->{x}{x})", "1", rf"{{\rm BR}}(B^0\to {tex}{tex})", down) for x, tex in _LEPTONS.items()),
    ]
    rows = _rows("b_to_ll", "leptonic", "DeBruyn:2012wk", table)
    of_strange = [leptonic_coefficients("bs", 2 * lepton) for lepton in (*_LEPTONS, "mu", "mu", "mu")]
    of_down = [leptonic_coefficients("bd", pair) for pair in SAME_FLAVOUR]
    return [row | {"coefficients": c} for row, c in zip(rows, of_strange + of_down, strict=True)]


def leptonic_coefficients(transition: str, pair: str) -> tuple[str, ...]:
    """Wilson coefficients of a decay into one lepton pair, without spectator."""
    return tuple(f"{operator}_{transition}{pair}" for operator in LEPTONIC_BD)


def flavour_violating_coefficients(charges: str = ",".join(FLAVOUR_VIOLATING)) -> tuple[str, ...]:
    """Wilson coefficients of b -> s decays into pairs of two flavours, all or those that a name sums over."""
    return tuple(f"{operator}_bs{pair}" for pair in charges.split(",") for operator in SEMILEPTONIC)


def _flavour_violating() -> list[dict]:
    """Branching fractions into two flavours; ``mue`` is mu+ e- of the decay of the b quark, the sums are of both."""
    hadrons = {
        "Bs->": ("f_Bs", r"\bar B_s\to "),
        "B+->K": ("B->K *", r"B^-\to K^-"),
        "B0->K": ("B->K *", r"\bar B^0\to\bar K^0"),
        "B0->K*": ("B->K[*] *", r"\bar B^0\to\bar K^{*0}"),
        "B+->K*": ("B->K[*] *", r"B^-\to K^{*-}"),
        "Bs->phi": ("Bs->phi *", r"\bar B_s\to\phi "),
    }
    return [
        _row("b_to_s_lfv", "LFV", f"BR({decay}{charges})", "1", rf"{{\rm BR}}({tex}{_tex_of_charges(charges)})",
             (*_CKM, f"tau_{decay[:2]}", hadronic), "arXiv:1602.00881")
        | {"coefficients": flavour_violating_coefficients(charges)}
        for decay, (hadronic, tex) in hadrons.items()
        for charges in (*FLAVOUR_VIOLATING, *BOTH_CHARGES)
    ]  # fmt: skip


def _tex_of_charges(charges: str) -> str:
    first, *second = charges.split(",")
    lepton = next(lepton for lepton in LEPTONS if first.startswith(lepton))
    other = _LEPTONS[first.removeprefix(lepton)]
    signs = (r"\pm", r"\mp") if second else ("+", "-")
    return rf"{_LEPTONS[lepton]}^{{{signs[0]}}}{other}^{{{signs[1]}}}"


def _charged_lfv() -> list[dict]:
    """Leptons that change flavour; a dipole by the name of the radiative decay that has it too."""
    decays = (("BR(mu->eee)", r"\mu\to 3e", "BR(mu->egamma)"), ("BR(tau->mumumu)", r"\tau\to 3\mu", "BR(tau->mugamma)"))
    rows = [
        _row("charged_lfv", "cLFV", key, "1", rf"{{\rm BR}}({tex})", (), "Kuno:1999jp")
        | {"coefficients": (*RADIATIVE[radiative], *THREE_LEPTONS[key])}
        for key, tex, radiative in decays
    ]
    rows += [
        _row("charged_lfv", "cLFV", f"CR(mu->e, {nucleus})", "1", rf"{{\rm CR}}(\mu\to e,{{\rm {nucleus}}})",
             (f"Gamma_capture {nucleus}",), "Kitano:2002mt")
        | {"coefficients": (*RADIATIVE["BR(mu->egamma)"], *CONVERSION)}
        for nucleus in ("Au", "Ti")
    ]  # fmt: skip
    return rows


def _b_to_nunu() -> list[dict]:
    common = (*_CKM, "X_t")
    table = []
    for decay, b, meson in (
        ("B+->K", "+", "K^+"),
        ("B0->K", "0", "K^0"),
        ("B0->K*", "0", "K^{*0}"),
        ("B+->K*", "+", "K^{*+}"),
    ):
        transition = f"B->{decay.split('->')[1]} *"
        tex = rf"(B^{b}\to {meson}\nu\bar\nu)"
        table.append((f"BR({decay}nunu)", "1", rf"{{\rm BR}}{tex}", (*common, f"tau_B{b}", transition)))
        if "*" in decay:
            table.append((f"FL({decay}nunu)", "1", f"F_L{tex}", (transition,)))
    return _rows("b_to_nunu", "nunu", "Buras:2014fpa", table)


def _b_to_v_gamma() -> list[dict]:
    quark = (*_CKM, "m_b", "m_c_BVgamma", "alpha_s_mZ", "m_t_pole")
    table, rates = [], {}
    for decay, b, tex in (
        ("B0->K*", "B0", r"B^0\to K^{*0}"),
        ("B+->K*", "B+", r"B^+\to K^{*+}"),
        ("Bs->phi", "Bs", r"B_s\to\phi"),
    ):
        meson = decay.split("->")[1]
        transition = "Bs->phi" if b == "Bs" else "B->K*"
        spectator = (
            f"f_{b}",
            f"f_{meson}",
            f"f_perp_{meson}",
            f"a?_*_{meson}",
            "1/lambda_Bs" if b == "Bs" else "1/lambda_B",
        )
        amplitude = (*quark, *spectator, f"{transition} BSZ a0_T1", f"{transition} BFW a?_T1", f"{escape(decay)} [dh]*")
        rates[decay] = (*amplitude, f"tau_{b}", *(("DeltaGamma/Gamma_Bs",) if b == "Bs" else ()))
        table.append((f"BR({decay}gamma)", "1", rf"{{\rm BR}}({tex}\gamma)", rates[decay]))
        table.append((f"ACP({decay}gamma)", "1", rf"A_{{\rm CP}}({tex}\gamma)", amplitude))
    ratio = tuple(dict.fromkeys((*rates["B0->K*"], *rates["Bs->phi"])))
    ratio_tex = r"{\rm BR}(B^0\to K^{*0}\gamma)/{\rm BR}(B_s\to\phi\gamma)"
    table += [
        ("BR(B0->K*gamma)/BR(Bs->phigamma)", "1", ratio_tex, ratio),
        ("S_K*gamma", "1", r"S_{K^*\gamma}", (*_CKM, "B0->K[*] [dh]*", "m_s")),
        ("S_phigamma", "1", r"S_{\phi\gamma}", (*_CKM, "Bs->phi [dh]*", "m_s")),
        ("ADeltaGamma(Bs->phigamma)", "1", r"A_{\Delta\Gamma}(B_s\to\phi\gamma)", ("Bs->phi [dh]*", "m_s")),
    ]
    return [
        _row("b_to_v_gamma", "radiative", key, unit, tex, globs, "Beneke:2004dp") for key, unit, tex, globs in table
    ]


def _b_to_xs_gamma() -> list[dict]:
    tex = r"{\rm BR}(B\to X_s\gamma)"
    table = [("BR(B->Xsgamma)", "1", tex, ("B->Xsgamma BR_SM",))]
    return _rows("b_to_xs_gamma", "radiative", "Misiak:2015xwa", table)


QUANTITIES: tuple[dict, ...] = (
    *_b_to_ll(),
    *_flavour_violating(),
    *_charged_lfv(),
    *_b_to_nunu(),
    *_b_to_v_gamma(),
    *_b_to_xs_gamma(),
)
