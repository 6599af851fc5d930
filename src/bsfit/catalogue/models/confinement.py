"""Row of vector-like confinement."""

import math

from bsfit.catalogue.models.rows import LOOP_OUTPUTS, PERTURBATIVE, YUKAWAS, Model, Parameter, mass

_COUPLING = math.sqrt(0.15)
_ASYMMETRIC = (
    "its dark matter is an asymmetry of hyperbaryons, as matter is of baryons: freeze-out does not set its density"
)
_DIPOLE = (
    "its dark matter scatters by a magnetic moment, which no constant cross section describes: ask for the output mu_DM"
)
_SCATTERING = ("SI", "SI_p", "SI_n", "SI_tree", "SI_lepton_loop", "SD_p", "SD_n")


def _constant(name: str, tex: str) -> Parameter:
    return Parameter(name, None, "GeV", 0.0, tex=tex, bounds=(50.0, 3000.0))


MODEL = Model(
    "confinement",
    "bsfit.models.confinement",
    "vector mesons of a new confining force as leptoquarks, its baryons as dark matter (1710.02140)",
    (
        mass("m_phi"),
        mass("m_Psi"),
        mass("m_S"),
        Parameter("N_HC", 3.0, lower=2.0, tex="N_{HC}", closed=True),
        _constant("f_rho", r"f_\rho"),
        _constant("f_rho_Psi", r"f_\rho^\Psi"),
        *YUKAWAS,
    ),
    {**LOOP_OUTPUTS, "C9_box": "1", "Lambda_HC": "GeV", "m_DM": "GeV", "mu_S": "GeV^-1", "mu_DM": "GeV^-1"},
    sources=("Cline:2017aed", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "m_phi": 2000.0,
        "m_Psi": 1600.0,
        "m_S": 500.0,
        "f_rho": 700.0,
        "f_rho_Psi": 700.0,
        "lambda_Q_s": -_COUPLING,
        "lambda_Q_b": _COUPLING,
        "lambda_L_mu": 1.2,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, PERTURBATIVE)},
    refused={
        **dict.fromkeys(("Omega_h2", "x_f", "sigma_v"), _ASYMMETRIC),
        **{f"sigma_{name}": _DIPOLE for name in _SCATTERING},
    },
    fields="Psi (3,1,2/3), S (1,1,0) and phi (1,2,-1/2), fundamental under SU(N_HC)",
)
