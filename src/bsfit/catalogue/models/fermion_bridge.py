"""Row of the fermion bridge."""

import math

from bsfit.catalogue.models.rows import LOOP_OUTPUTS, PERTURBATIVE, YUKAWAS, Model, Parameter, mass

_COUPLING = math.sqrt(0.15)

MODEL = Model(
    "fermion_bridge",
    "bsfit.models.fermion_bridge",
    "a charged fermion and two scalar doublets in the loop, singlet dark matter (1711.09772, repaired)",
    (
        mass("m_F"),
        mass("m_phi_Q"),
        mass("m_phi_0"),
        mass("m_phi_pm"),
        mass("m_S", lower=2.4),
        Parameter("lambda_S", None, tex=r"\lambda_S", bounds=(0.0, 3.0)),
        *YUKAWAS,
        Parameter("a_S", unit="GeV", tex="a_S"),
    ),
    {**LOOP_OUTPUTS, **dict.fromkeys(("sin_alpha", "Delta_S", "Delta_T"), "1")},
    dark_matter=True,
    sources=("Dhargyal:2017vcu", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "m_F": 300.0,
        "m_phi_Q": 1000.0,
        "m_phi_0": 300.0,
        "m_phi_pm": 300.0,
        "m_S": 60.0,
        "lambda_S": 6.2e-4,
        "a_S": 5.0,
        "lambda_Q_s": -_COUPLING,
        "lambda_Q_b": _COUPLING,
        "lambda_L_mu": 2.0,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, PERTURBATIVE)},
    fields="S (1,1,0) real, F (1,1,-1) vector-like, phi_Q (3,2,7/6), phi_l (1,2,1/2), all odd",
    relic=("lambda_S", (1e-5, 3.0)),
    origin="repaired: a_S S phi_l H lets the other odd states decay; without, one of them is stable and charged",
)
