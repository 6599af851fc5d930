"""Row of the fermiophobic Z'."""

import math

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import EPSILON, INCOMPLETE_MOMENT, OUTPUTS, coupling, cutoff


def _angle(letter: str) -> Parameter:
    return Parameter(f"theta_{letter}", None, "1", -math.pi / 2, math.pi / 2, rf"\theta_{letter}", (0.0, 1.2))


MODEL = Model(
    "fermiophobic",
    "bsfit.models.fermiophobic",
    "Z' of a vector-like fourth family whose neutrino is dark matter (1803.04430)",
    (
        mass("m_Zp"),
        coupling("g_Q", "g_Q", (0.0, 1.5)),
        _angle("Q"),
        mass("M_Q"),
        coupling("g_L", "g_L", (-1.5, 1.5)),
        _angle("L"),
        mass("M_L"),
        coupling("g_nu", r"g_\nu", (0.0, 2.0)),
        mass("m_chi"),
        EPSILON,
        cutoff(1000.0),
    ),
    OUTPUTS,
    dark_matter=True,
    sources=("Falkowski:2018dsl", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "m_Zp": 1500.0,
        "g_Q": 1.0,
        "theta_Q": 0.35,
        "M_Q": 1500.0,
        "g_L": 1.0,
        "theta_L": 0.6,
        "M_L": 1200.0,
        "g_nu": 0.5,
        "m_chi": 600.0,
    },
    free={"theta_Q": (0.0, 1.0), "theta_L": (0.0, 1.2)},
    refused=INCOMPLETE_MOMENT,
    fields="Z', a fourth vector-like family Q4, L4 that mixes with q3 and l2, nu4 Dirac singlet",
    relic=("g_nu", (0.01, 3.0)),
)
