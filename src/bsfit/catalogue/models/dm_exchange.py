"""Row of dark matter exchange."""

import math

from bsfit.catalogue.models.rows import LOOP_OUTPUTS, PERTURBATIVE, YUKAWAS, Model, mass

_COUPLING = math.sqrt(0.15)

MODEL = Model(
    "dm_exchange",
    "bsfit.models.dm_exchange",
    "Majorana dark matter, an inert doublet and a heavy quark in the loop (1711.10770)",
    (mass("m_Psi"), mass("m_phi_pm"), mass("m_phi_0"), mass("m_chi", lower=2.4), *YUKAWAS),
    {
        **LOOP_OUTPUTS,
        "anapole": "GeV^-2",
        "sigma_SI_equivalent": "cm^2",
        **dict.fromkeys(("Delta_S", "Delta_T"), "1"),
    },
    dark_matter=True,
    sources=("Cline:2017qqu", "Vicente:2018frk"),
    data="lfu-mixing",
    # On the line of the relic density.
    benchmark={
        "m_Psi": 1500.0,
        "m_phi_pm": 400.0,
        "m_phi_0": 400.0,
        "m_chi": 100.0,
        "lambda_Q_s": -_COUPLING,
        "lambda_Q_b": _COUPLING,
        "lambda_L_mu": 1.345,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, PERTURBATIVE)},
    refused={
        "sigma_SI": "its dark matter scatters by an anapole, which no constant cross section describes: ask for the "
        "outputs anapole and sigma_SI_equivalent, an estimate"
    },
    fields="chi (1,1,0) Majorana, phi (1,2,-1/2), vector-like Psi (3,1,2/3), all odd",
    relic=("lambda_L_mu", (0.05, 10.0)),
)
