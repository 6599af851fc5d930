"""Lepton-universality ratios in the Standard Model, with C9 shifted, and in the review's two models."""

import bsfit

RATIOS = ["R_K[1.1,6]", "R_K*[0.1,1.1]", "R_K*[1.1,6]", "R_phi^-1[1.1,6]"]
PORTAL = {
    "g_X": 0.3,
    "m_Zp": 2000.0,
    "m_Q": 1000.0,
    "m_L": 1000.0,
    "m_chi": 1000.0,
    "lambda_Q_s": -0.025,
    "lambda_Q_b": 0.25,
    "lambda_L_mu": 0.5,
}
LOOP = {"m_Q": 1100.0, "m_L": 1000.0, "m_X": 300.0, "lambda_Q_s": -0.387, "lambda_Q_b": 0.387, "lambda_L_mu": 2.3}

points = {
    "Standard Model": ("eft", {}),
    "C9mu = -1": ("eft", {"C9mu": -1.0}),
    "portal": ("portal", PORTAL),
    "loop": ("loop", LOOP),
}
names = [*RATIOS, "DeltaM_s/SM", "C9_bsmumu"]
print(f"{'':16}" + "".join(f"{name:>17}" for name in names))
for label, (model, params) in points.items():
    values = bsfit.predict(names, model=model, params=params)
    print(f"{label:16}" + "".join(f"{value:17.4f}" for value in values.values()))
