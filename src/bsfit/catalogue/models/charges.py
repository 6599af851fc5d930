"""Rows of the anomaly-free charges with a third generation apart: three sets."""

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import AXIAL_OUTPUTS, EPSILON, OUTPUTS, cutoff, dark_higgs, higgs_share

_CHARGED_MUONS = (
    "the loop of the Z' (a_mu_Zp) is not the answer: scalars of the new symmetry give muons their mass, and their "
    "loops are not implemented"
)


def _row(name: str, what: str) -> Model:
    return Model(
        f"charges-{name}",
        f"bsfit.models.charges:{name}",
        f"anomaly-free charges of quarks, muons, taus and Dirac dark matter: {what} (1705.03447)",
        (
            Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.01, 0.5)),
            mass("m_Zp"),
            mass("m_chi"),
            *dark_higgs(),
            higgs_share(1.0),
            EPSILON,
            cutoff(5000.0),
        ),
        {**OUTPUTS, **AXIAL_OUTPUTS},
        dark_matter=True,
        sources=("Ellis:2017tkh", "Vicente:2018frk"),
        data="lfu-mixing",
        benchmark={"g_X": 0.1, "m_Zp": 2400.0, "m_chi": 1150.0, "m_phi": 2000.0},
        free={"g_X": (0.01, 0.5)},
        refused={"a_mu": _CHARGED_MUONS},
        fields="Z', chi Dirac with both chiralities charged, phi and Higgs doublets that break U(1)'",
        relic=("g_X", (0.01, 1.0)),
        origin="of the paper's class, a set of charges found here from the conditions of anomalies",
    )


MODELS = (
    _row("A", "vector couplings of muons"),
    _row("B", "axial couplings of dark matter"),
    _row("C", "none of the first two generations of quarks"),
)
