"""Row of the Z' that a split scalar couples to quarks by a loop."""

import math

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass, vector
from bsfit.catalogue.models.z_prime import EPSILON, LOOP_OUTPUTS, coupling

_COUPLING = math.sqrt(0.15)

MODEL = Model(
    "loop_zprime_scalar",
    "bsfit.models.loop_zprime_scalar",
    "L_mu - L_tau Z' that heavy quarks and a split scalar couple to b and s by a loop (1702.02699, repaired)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.1, 1.5)),
        mass("m_Zp"),
        coupling("x", "x", (-2.0, 2.0), 1.0),
        mass("m_Q"),
        mass("m_R", lower=2.4),
        mass("m_I"),
        mass("m_phi", math.inf),
        *vector("lambda_Q", ("d", "s", "b"), (-PERTURBATIVE, PERTURBATIVE)),
        Parameter("lambda_H"),
        EPSILON,
    ),
    {**LOOP_OUTPUTS, "mu_chi": "GeV"},
    dark_matter=True,
    sources=("Ko:2017yrd", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 1.0,
        "m_Zp": 600.0,
        "m_Q": 1500.0,
        "m_R": 100.0,
        "m_I": 1000.0,
        "lambda_Q_s": -_COUPLING,
        "lambda_Q_b": _COUPLING,
        "lambda_H": 0.03,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_H": (0.0, 1.0)},
    fields="Z', phi (1,1,0,2x), chi (1,1,0,-x) split into R and I, vector-like Q' (3,2,1/6,x), both odd",
    relic=("lambda_H", (1e-4, 3.0)),
    origin="repaired: phi splits chi into R and I; as the paper defines it, unsplit, C9 = 0",
)
