"""Row of the Z' portal."""

import math

from bsfit.catalogue.coefficients import RADIATIVE
from bsfit.catalogue.models.rows import YUKAWAS, Model, Parameter, mass

_ZP_FINAL_STATES = ("quarks", "heavy_light", "heavy", "charged_leptons", "neutrinos", "mumu", "chi")

_NO_DIPOLES = (
    "the loop of the Z' with light leptons is not the answer: the right-handed mixing of the heavy lepton and the loop "
    "of phi are of its size and can turn the sign, and the sum is not implemented"
)

MODEL = Model(
    "portal",
    "bsfit.models.portal",
    "Z' portal with vector-like Q, L and scalars phi, chi (1503.06077)",
    (
        Parameter("g_X", None, lower=0.0, tex="g_X"),
        mass("m_Zp"),
        mass("m_Q"),
        mass("m_L"),
        mass("m_chi"),
        *YUKAWAS,
        mass("m_phi", math.inf),
        Parameter("mu_chi", unit="GeV", tex=r"\mu_\chi"),
        Parameter("mu_chi_im", unit="GeV"),
        *(Parameter(f"lambda_{x}") for x in ("Hchi", "Hphi", "phichi", "phi", "chi")),
        Parameter("epsilon"),
        Parameter("delta_loop"),
    ),
    {
        **dict.fromkeys(("M_Q", "M_L", "v_phi", "m_R", "m_I", "m_h1", "m_h2", "Gamma_Zp"), "GeV"),
        **{f"Gamma_Zp_{final}": "GeV" for final in _ZP_FINAL_STATES},
        **dict.fromkeys(("D_sb", "D_mumu", "D_uu", "sin_theta", "epsilon_loop", "delta_loop_size"), "1"),
        "C_bs_LL": "GeV^-2",
        "m2_chi": "GeV^2",
    },
    dark_matter=True,
    sources=("AristizabalSierra:2015vqb", "Vicente:2018frk"),
    data="lfu-mixing",
    # Masses and sizes of Fig. 3 of 1803.04703; the sign of lambda_Q_s makes C9 negative.
    benchmark={
        "g_X": 0.3,
        "m_Zp": 2000.0,
        "m_Q": 1000.0,
        "m_L": 1000.0,
        "m_chi": 1000.0,
        "lambda_Q_s": -0.025,
        "lambda_Q_b": 0.025,
        "lambda_L_mu": 0.5,
    },
    # Today's data see lambda_Q_s and lambda_Q_b through their product only: one of them stays where it is.
    free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, 2.0)},
    refused=dict.fromkeys(("a_mu", *RADIATIVE), _NO_DIPOLES),
    fields="Z', phi (1,1,0,2), chi (1,1,0,-1) complex scalar, vector-like Q (3,2,1/6,2) and L (1,2,-1/2,2)",
    relic=("g_X", (0.001, 1.0)),
)
