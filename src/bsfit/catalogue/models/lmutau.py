"""Row of gauged L_mu - L_tau with vector-like quarks."""

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass, vector
from bsfit.catalogue.models.z_prime import EPSILON, OUTPUTS, coupling

_RANGE = (-PERTURBATIVE, PERTURBATIVE)


def _singlet(flavour: str, part: str, axis: str) -> Parameter:
    return Parameter(f"YD_{flavour}{part}", tex=rf"{{\rm {axis}}}\,Y_D^{{{flavour}}}", bounds=_RANGE)


MODEL = Model(
    "lmutau",
    "bsfit.models.lmutau",
    "gauged L_mu - L_tau, vector-like quarks, Dirac dark matter, kinetic mixing (1609.04026, 1803.05723)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.01, 1.0)),
        mass("m_Zp"),
        mass("m_Q"),
        mass("m_D", 5000.0),
        mass("m_U", 5000.0),
        mass("m_chi"),
        coupling("q_chi", r"q_\chi", (0.05, 2.0), 1.0),
        *vector("lambda_Q", ("d", "s", "b"), _RANGE),
        *(_singlet(f, part, axis) for f in ("d", "s", "b") for part, axis in (("", "Re"), ("_im", "Im"))),
        EPSILON,
    ),
    {**OUTPUTS, **dict.fromkeys(("M_Q", "M_D", "v_phi"), "GeV"), "tau_to_mu": "1"},
    dark_matter=True,
    sources=("Altmannshofer:2016jzy", "Arcadi:2018tly", "Altmannshofer:2014cfa", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 0.05,
        "m_Zp": 32.5,
        "m_Q": 5000.0,
        "m_chi": 14.0,
        "lambda_Q_s": -0.04,
        "lambda_Q_b": 1.0,
    },
    free={"lambda_Q_s": (-0.2, 0.2)},
    fields="Z', Phi (1,1,0,1), chi (1,1,0,q_chi) Dirac, vector-like Q (3,2,1/6,1), D (3,1,-1/3,-1), U (3,1,2/3,-1)",
    relic=("q_chi", (0.01, 5.0)),
)
