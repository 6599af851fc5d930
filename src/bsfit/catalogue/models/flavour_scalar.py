"""Rows of the muon-flavoured dark scalar: complex, real and split."""

import math

from bsfit.catalogue.models.rows import LOOP_OUTPUTS, PERTURBATIVE, YUKAWAS, Model, Parameter, mass

_COUPLING = math.sqrt(0.15)
_POINT = {"m_Q": 1500.0, "lambda_Q_s": -_COUPLING, "lambda_Q_b": _COUPLING}
_FREE = {"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, PERTURBATIVE)}


def _row(name: str, place: str, kind: str, more: tuple[Parameter, ...] = (), origin: str = "", **point: float) -> Model:
    return Model(
        name,
        f"bsfit.models.flavour_scalar{place}",
        f"vector-like Q, L and a {kind} scalar that couples to muons (1711.07365)",
        (mass("m_Q"), mass("m_L"), mass("m_X", lower=2.4), *more, *YUKAWAS, Parameter("lambda_H")),
        {**dict.fromkeys(("M_Q", "M_L"), "GeV"), **LOOP_OUTPUTS},
        dark_matter=True,
        sources=("Chiang:2017zkh", "Vicente:2018frk"),
        data="lfu-mixing",
        benchmark={**_POINT, **point},
        free=_FREE,
        fields=f"S (1,1,0) {kind}, vector-like Q' (3,2,1/6) and L' (1,2,-1/2), all odd",
        relic=("lambda_L_mu", (0.05, 10.0)),
        origin=origin,
    )


MODELS = (
    _row("flavour_scalar", "", "complex", m_L=350.0, m_X=150.0, lambda_L_mu=1.5),
    _row("flavour_scalar-real", ":Real", "real", m_L=150.0, m_X=60.0, lambda_L_mu=2.4),
    _row(
        "flavour_scalar-split",
        ":Split",
        "split",
        (mass("m_I"),),
        "between the two kinds of the paper, S split into R and I",
        m_L=350.0,
        m_X=150.0,
        m_I=300.0,
        lambda_L_mu=2.0,
    ),
)
