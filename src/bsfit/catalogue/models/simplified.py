"""Row of the simplified Z'."""

from collections.abc import Iterable

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import EPSILON, INCOMPLETE_MOMENT, OUTPUTS, coupling, cutoff


def _couplings() -> Iterable[Parameter]:
    yield coupling("g_sb", r"{\rm Re}\,g_{sb}", (-0.1, 0.1), 0.0)
    yield coupling("g_sb_im", r"{\rm Im}\,g_{sb}", (-0.1, 0.1), 0.0)
    for name, tex in (("bb", "bb"), ("q", "q"), ("e", "e"), ("muL", r"\mu L"), ("muR", r"\mu R")):
        yield coupling(f"g_{name}", f"g_{{{tex}}}", (-1.5, 1.5), 0.0)
    for name in ("EL", "ER"):
        yield coupling(f"g_{name}", f"g_{{{name}}}", (-1.0, 1.0), 0.0)
    yield coupling("g_chi", r"g_\chi", (0.0, 2.0))


MODEL = Model(
    "simplified",
    "bsfit.models.simplified",
    "Z' with left-handed couplings to b and s, a heavy lepton, Dirac dark matter (1511.07447)",
    (mass("m_Zp"), *_couplings(), mass("m_chi"), mass("M_E", 1000.0), EPSILON, cutoff(5000.0)),
    OUTPUTS,
    dark_matter=True,
    sources=("Allanach:2015gkd", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "m_Zp": 2000.0,
        "g_sb": -0.004,
        "g_bb": 0.1,
        "g_muL": 0.5,
        "g_chi": 0.5,
        "m_chi": 600.0,
        "M_E": 1000.0,
        "g_EL": 0.2,
        "g_ER": 0.2,
    },
    free={"g_sb": (-0.02, 0.02), "g_muL": (0.0, 1.5)},
    refused=INCOMPLETE_MOMENT,
    fields="Z', chi Dirac, vector-like E for the muon's moment; what completes it sets Lambda",
    relic=("g_chi", (0.01, 3.0)),
)
