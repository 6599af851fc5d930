"""Row of gauged xB_3 - xL_e - L_mu + L_tau."""

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass
from bsfit.catalogue.models.z_prime import AXIAL_OUTPUTS, EPSILON, OUTPUTS, coupling, cutoff, dark_higgs, higgs_share

_YUKAWAS = {"y_e": "y_e", "y_mu": r"y_\mu", "y_tau": r"y_\tau"}

MODEL = Model(
    "xb3",
    "bsfit.models.xb3",
    "gauged xB_3 - xL_e - L_mu + L_tau, a right-handed neutrino as Majorana dark matter (1701.05788)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.01, 1.0)),
        coupling("x", "x", (-2.0, 2.0)),
        mass("m_Zp"),
        *(coupling(name, tex, (-PERTURBATIVE, PERTURBATIVE), 0.0) for name, tex in _YUKAWAS.items()),
        mass("m_N"),
        mass("m_eta"),
        coupling("Q_N", "Q_N", (-2.0, 2.0)),
        *dark_higgs(),
        higgs_share(0.0),
        EPSILON,
        cutoff(5000.0),
    ),
    {**OUTPUTS, **AXIAL_OUTPUTS, "a_mu_eta": "1"},
    dark_matter=True,
    sources=("Ko:2017quv", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 0.3,
        "x": -0.5,
        "m_Zp": 2000.0,
        "y_mu": 1.0,
        "y_tau": 0.5,
        "m_N": 300.0,
        "m_eta": 400.0,
        "Q_N": -1.0,
        "m_phi": 1000.0,
        "Gamma_phi_over_m": 0.01,
    },
    free={"g_X": (0.05, 1.0), "x": (-2.0, 2.0)},
    fields="Z', three right-handed N, inert doublet eta, singlets that break U(1)'",
    relic=("y_mu", (0.05, 3.5)),
)
