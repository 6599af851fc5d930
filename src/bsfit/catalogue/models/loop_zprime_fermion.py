"""Row of the Z' that a split fermion couples to quarks by a loop."""

import math

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass, vector
from bsfit.catalogue.models.z_prime import EPSILON, LOOP_OUTPUTS, coupling

_COUPLING = math.sqrt(0.15)

MODEL = Model(
    "loop_zprime_fermion",
    "bsfit.models.loop_zprime_fermion",
    "L_mu - L_tau Z' that a squark and a split fermion couple to b and s by a loop (1707.04573, repaired)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.1, 1.5)),
        mass("m_Zp"),
        coupling("x", "x", (-2.0, 2.0), 1.0),
        mass("m_sq"),
        mass("m_N2", lower=2.4),
        mass("m_N1"),
        coupling("theta", r"\theta", (-0.3, 0.3), 0.0),
        mass("m_h2"),
        Parameter("Gamma_h2_over_m", math.inf, lower=0.0, tex=r"\Gamma_{h_2}/m_{h_2}"),
        *vector("lambda_Q", ("d", "s", "b"), (-PERTURBATIVE, PERTURBATIVE)),
        EPSILON,
    ),
    {**LOOP_OUTPUTS, "y_S": "1", "Gamma_h2": "GeV"},
    dark_matter=True,
    sources=("Baek:2017sew", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 0.5,
        "m_Zp": 300.0,
        "m_sq": 1200.0,
        "m_N2": 150.0,
        "m_N1": 1000.0,
        "theta": 0.02,
        "m_h2": 310.0,
        "lambda_Q_s": _COUPLING,
        "lambda_Q_b": _COUPLING,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "g_X": (0.1, 1.0)},
    fields="Z', S (1,1,0,2x), N (1,1,0,x) split into N1 and N2, scalar quark (3,2,1/6,-x), both odd",
    relic=("theta", (1e-4, 0.5)),
    origin="repaired: S splits N into N1 and N2; unsplit, as the abstract of the paper has it, C9 = 0",
)
