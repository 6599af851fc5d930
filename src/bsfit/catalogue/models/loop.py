"""Row of the loop model."""

import math

from bsfit.catalogue.models.rows import LOOP_OUTPUTS, PERTURBATIVE, YUKAWAS, Model, Parameter, mass

MODEL = Model(
    "loop",
    "bsfit.models.loop",
    "vector-like Q, L and a complex scalar X in the loop (1706.04344)",
    (mass("m_Q"), mass("m_L"), mass("m_X", lower=2.4), *YUKAWAS, Parameter("lambda_H")),
    {**dict.fromkeys(("M_Q", "M_L"), "GeV"), **LOOP_OUTPUTS},
    dark_matter=True,
    sources=("Kawamura:2017ecz", "Vicente:2018frk"),
    data="lfu-mixing",
    # Fig. 5 of 1803.04703: |lambda_Q_b lambda_Q_s| = 0.15; the sign makes C9 negative.
    benchmark={
        "m_Q": 1100.0,
        "m_L": 1000.0,
        "m_X": 100.0,
        "lambda_Q_s": -math.sqrt(0.15),
        "lambda_Q_b": math.sqrt(0.15),
        "lambda_L_mu": 2.0,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, PERTURBATIVE)},
    fields="X (1,1,0) complex scalar, vector-like Q (3,2,1/6) and L (1,2,-1/2), all odd",
    relic=("lambda_L_mu", (0.05, 10.0)),
)
