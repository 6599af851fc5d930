"""Row of gauged B_1 + B_2 - 2 B_3."""

import math

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import EPSILON, INCOMPLETE_MOMENT, OUTPUTS, coupling, cutoff, higgs_share

MODEL = Model(
    "b1b2",
    "bsfit.models.b1b2",
    "gauged B_1 + B_2 - 2 B_3 with a vector-like lepton, Dirac dark matter (1608.03894)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.05, 1.0)),
        mass("m_Zp"),
        coupling("q_L", "q_L", (-6.0, 6.0)),
        Parameter("theta_mu", None, "1", -math.pi / 2, math.pi / 2, r"\theta_\mu", (0.0, 1.2)),
        mass("M_L"),
        coupling("q_chi", r"q_\chi", (0.05, 2.0), 1.0),
        mass("m_chi"),
        higgs_share(0.0),
        EPSILON,
        cutoff(5000.0),
    ),
    {**OUTPUTS, "lambda_mix": "1", "Delta_rho": "1"},
    dark_matter=True,
    sources=("Celis:2016ayl", "Crivellin:2015lwa", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 0.35,
        "m_Zp": 3000.0,
        "q_L": -4.0,
        "theta_mu": 0.6,
        "M_L": 1200.0,
        "q_chi": 1.0,
        "m_chi": 1250.0,
    },
    free={"g_X": (0.05, 1.0), "theta_mu": (0.0, 1.2)},
    refused=INCOMPLETE_MOMENT,
    fields="Z', chi (1,1,0,q_chi) Dirac, vector-like L (1,2,-1/2,q_L)",
    relic=("q_chi", (0.01, 5.0)),
    origin="that L is a doublet is chosen here",
)
