"""Row of the relic of muon anomalies."""

from bsfit.catalogue.models.rows import PERTURBATIVE, Model, Parameter, mass, vector
from bsfit.catalogue.models.z_prime import EPSILON, OUTPUTS, coupling, cutoff

MODEL = Model(
    "relic",
    "bsfit.models.relic",
    "Z' that split scalar dark matter couples to muons by a loop (1507.06660)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X", bounds=(0.1, 1.5)),
        mass("m_Zp"),
        *vector("lambda_Q", ("d", "s", "b"), (-PERTURBATIVE, PERTURBATIVE)),
        mass("m_Q"),
        coupling("y", "y", (0.5, PERTURBATIVE)),
        coupling("q_L", "q_L", (-1.0, 1.0), -1.0),
        mass("M_L"),
        mass("m_R"),
        mass("m_I"),
        EPSILON,
        cutoff(5000.0),
    ),
    {
        **OUTPUTS,
        **dict.fromkeys(("M_Q", "v_phi", "mu_chi"), "GeV"),
        **dict.fromkeys(("a_mu_chi", "epsilon_loop"), "1"),
    },
    dark_matter=True,
    sources=("Belanger:2015nma", "Vicente:2018frk"),
    data="lfu-mixing",
    benchmark={
        "g_X": 1.0,
        "m_Zp": 150.0,
        "lambda_Q_s": 0.28,
        "lambda_Q_b": 1.0,
        "m_Q": 1500.0,
        "y": 3.4,
        "M_L": 170.0,
        "m_R": 70.0,
        "m_I": 1000.0,
    },
    free={"lambda_Q_s": (-1.0, 1.0), "y": (0.5, PERTURBATIVE)},
    fields="Z', phi (1,1,0,2), chi (1,1,0,-1) split into m_R and m_I, vector-like Q (3,2,1/6,2) and L (1,2,-1/2,q_L)",
    relic=("y", (0.3, 5.0)),
)
