"""Observables of rare decays that take no q2 bin: rows of the catalogue, plain data free of JAX.

A row is what `catalogue.Quantity` takes by name; names are flavio's. The conventions are in the file of each process.
"""

from glob import escape

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


def _bs_to_ll() -> list[dict]:
    width = ("tau_Bs", "DeltaGamma/Gamma_Bs")
    rate = (*_CKM, *width, "f_Bs", "m_t_pole", "alpha_s_mZ")
    table = [
        *((f"BR(Bs->{x}{x})", "1", rf"{{\rm BR}}(B_s\to {tex}{tex})", rate) for x, tex in _LEPTONS.items()),
        ("ADeltaGamma(Bs->mumu)", "1", r"A_{\Delta\Gamma}(B_s\to\mu\mu)", ()),
        ("tau_mumu", "GeV^-1", r"\tau_{\mu\mu}", width),
        ("tau_mumu_ps", "ps", r"\tau_{\mu\mu}", width),
    ]
    rows = _rows("bs_to_ll", "leptonic", "DeBruyn:2012wk", table)
    leptons = (*_LEPTONS, "mu", "mu", "mu")
    return [row | {"coefficients": bs_to_ll_coefficients(lepton)} for row, lepton in zip(rows, leptons, strict=True)]


def bs_to_ll_coefficients(lepton: str) -> tuple[str, ...]:
    """Wilson coefficients of the decay into one lepton."""
    return tuple(f"{operator}_bs{lepton}{lepton}" for operator in ("C10", "C10p", "CS", "CSp", "CP", "CPp"))


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
        amplitude = (*quark, *spectator, f"{transition} BSZ a0_T1", f"{escape(decay)} [dh]*")
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


QUANTITIES: tuple[dict, ...] = (*_bs_to_ll(), *_b_to_nunu(), *_b_to_v_gamma(), *_b_to_xs_gamma())
