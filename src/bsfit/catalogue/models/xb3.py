"""Row of gauged xB_3 - xL_e - L_mu + L_tau."""

import math
from collections.abc import Iterable

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass
from bsfit.catalogue.models.z_prime import AXIAL_OUTPUTS, EPSILON, OUTPUTS, coupling, cutoff, dark_higgs, higgs_share

_LEPTONS = {"e": "e", "mu": r"\mu", "tau": r"\tau"}
_ENTRIES = ("ee", "emu", "etau", "mumu", "mutau", "tautau")


def _yukawas(of: str = "") -> Iterable[Parameter]:
    for lepton, tex in _LEPTONS.items():
        symbol = f"y_{tex}" if not of else f"y_{{{tex} {of}}}"
        yield coupling(f"y_{lepton}{of}", symbol, (-PERTURBATIVE, PERTURBATIVE), 0.0)


MODEL = Model(
    "xb3",
    "bsfit.models.xb3",
    "gauged xB_3 - xL_e - L_mu + L_tau, a right-handed neutrino as Majorana dark matter (1701.05788)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.01, 1.0)),
        coupling("x", "x", (-2.0, 2.0)),
        mass("m_Zp"),
        *_yukawas(),
        mass("m_N"),
        mass("m_eta"),
        coupling("lambda_5", r"\lambda_5", (-1e-8, 1e-8), 0.0),
        *(parameter for k in "23" for parameter in (mass(f"m_N{k}", math.inf), *_yukawas(k))),
        coupling("Q_N", "Q_N", (-2.0, 2.0)),
        *dark_higgs(),
        higgs_share(0.0),
        EPSILON,
        cutoff(5000.0),
    ),
    {**OUTPUTS, **AXIAL_OUTPUTS, "a_mu_eta": "1", **{f"m_nu_{entry}": "GeV" for entry in _ENTRIES}},
    dark_matter=True,
    sources=("Ko:2017quv", "Ma:2006km", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 0.3,
        "x": -0.5,
        "m_Zp": 2000.0,
        "y_mu": 1.0,
        "y_tau": 0.5,
        "m_N": 300.0,
        "m_eta": 400.0,
        "Q_N": -1.0,
        "m_phi": 1000.0,
        "Gamma_phi_over_m": 0.01,
    },
    free={"g_X": (0.05, 1.0), "x": (-2.0, 2.0)},
    fields="Z', three right-handed N, inert doublet eta, singlets that break U(1)'",
    relic=("y_mu", (0.05, 3.5)),
)
