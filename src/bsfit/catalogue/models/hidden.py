"""Row of the hidden Z' with Dirac dark matter."""

from bsfit.catalogue.models.rows import Model, mass
from bsfit.catalogue.models.z_prime import EPSILON, INCOMPLETE_MOMENT, OUTPUTS, coupling, cutoff

MODEL = Model(
    "hidden",
    "bsfit.models.hidden",
    "Z' that couples to the third quark and the second lepton doublet, Dirac dark matter (1702.00395)",
    (
        mass("m_Zp"),
        coupling("g_b", "g_b", (0.0, 1.5)),
        coupling("theta_sb", r"\theta_{sb}", (-0.1, 0.1)),
        coupling("g_mu", r"g_\mu", (0.0, 1.5)),
        coupling("g_chi", r"g_\chi", (0.0, 2.0)),
        mass("m_chi"),
        EPSILON,
        cutoff(1000.0),
    ),
    OUTPUTS,
    dark_matter=True,
    sources=("Cline:2017lvv", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={"m_Zp": 600.0, "g_b": 0.4, "theta_sb": -0.005, "g_mu": 0.2, "g_chi": 1.0, "m_chi": 50.0},
    free={"theta_sb": (-0.05, 0.05), "g_mu": (0.0, 1.0)},
    refused=INCOMPLETE_MOMENT,
)
