"""Observables of the inclusive decays B -> Xs l l: rows of the catalogue, plain data free of JAX.

A row is what `catalogue.Quantity` takes by name. A key with `AVERAGE` behind it is the average of e and mu, for which
"ll" stands in the name of the observable.
"""

AVERAGE = " ll"

_NUISANCES = (
    *("V_cb", "V_ub", "gamma", "m_b", "m_c", "m_c_BVgamma", "alpha_s_mZ"),
    *("B->Xsll *", "BR(B->Xcenu)", "C_BXlnu", "lambda_?", "m_b_Xs"),
)
_RATE, _ASYMMETRY = r"{\rm BR}", r"A_{\rm FB}"
_OF_ONE = {"HT": "H_T", "HL": "H_L", "HA": "H_A", "BR": _RATE, "AFB": _ASYMMETRY, "ACP": r"A_{\rm CP}"}


def _row(key: str, tex: str, leptons: tuple[str, ...] = ("l",), unit: str = "1", beside: tuple[str, ...] = ()) -> dict:
    return {
        "process": "b_to_xs_ll",
        "key": key,
        "unit": unit,
        "tex": tex,
        "group": "Xsll",
        "leptons": leptons,
        "nuisances": (*_NUISANCES, *beside),
        "sources": ("Huber:2015sra",),
    }


QUANTITIES: tuple[dict, ...] = (
    _row("dBR/dq2", r"\langle d{\rm BR}/dq^2\rangle", unit="GeV^-2"),
    *(_row(key, tex) for key, tex in _OF_ONE.items()),
    _row(f"BR{AVERAGE}", _RATE, ("e", "mu")),
    _row(f"AFB{AVERAGE}", _ASYMMETRY, ("e", "mu")),
    _row("Rmue", "R", ("mu", "e"), beside=("QED B->Xs",)),
)
