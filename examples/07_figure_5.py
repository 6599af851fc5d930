"""Fig. 5 of the review 1803.04703: the coupling to muons that R_K and R_K* want over m_X, on data of 2017 and of today.

`python 07_figure_5.py 200` draws 200 x 200 points.
"""

import sys

import bsfit
from bsfit.plot.canvas import BEST, COLOURS
from bsfit.plot.maps import Lines, Region, plot_maps

POINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 120
GRID = {"m_X": (5.0, 800.0, POINTS), "lambda_L_mu": (0.5, 4.0, POINTS)}
LABELS = {"m_X": r"$m_X$ [GeV]", "lambda_L_mu": r"$\lambda_\mu$"}
FIXED = {"m_L": 1000.0, "lambda_Q_b": 0.15**0.5, "lambda_Q_s": -(0.15**0.5)}
R_K, R_K_STAR = "<Rmue>(B+->Kll)", "<Rmue>(B0->K*ll)"
ERAS = {  # data, inputs, and the data that are drawn
    "2014/2017": (["seed-2017", "hfag-dms-2015"], "seed", (f"{R_K}[1,6]", f"{R_K_STAR}[1.1,6]", "DeltaM_s")),
    "today": (
        ["lhcb-rk-rkstar-2022", "lhcb-dms-combination-2021"],
        "default",
        (f"{R_K}[1.1,6]", f"{R_K_STAR}[1.1,6]", "DeltaM_s_ps"),
    ),
}


def layers(found, lighter, r_k, r_k_star, dms):
    mixing = found["DeltaM_s/SM"]
    return [
        Region(found[r_k], r"$R_K$, $2\sigma$", BEST, -2.0, 2.0, alpha=0.2),
        Region(found[r_k], r"$R_K$, $1\sigma$", BEST, -1.0, 1.0),
        Lines(found[r_k_star], [-2.0, 2.0], r"$R_{K^*}$, $2\sigma$", BEST, "--", 1.6),
        Lines(found[r_k_star], [-1.0, 1.0], r"$R_{K^*}$, $1\sigma$", BEST, "-", 1.6),
        Region(found[dms], r"$\Delta M_s$ disagrees at $2\sigma$", "0.6", high=-2.0),
        Region(mixing, r"$\Delta M_s > 1.15$ SM, $m_Q = 1.1$ TeV", COLOURS[2], low=1.15),
        Lines(lighter["DeltaM_s/SM"], [1.15], r"the same, $m_Q = 1$ TeV", COLOURS[2], "--", 1.6),
        Lines(found["C9_bsmumu"], [-1.2, -0.9, -0.6, -0.3], r"$C_9$", "0.35", ":", written="%.1f"),
    ]


panels = {}
for era, (data, inputs, names) in ERAS.items():
    free = {"m_X": (5.0, 800.0), "lambda_L_mu": (0.5, 4.0), "m_Q": (1000.0, 1100.0)}
    like = bsfit.log_likelihood("loop", data, free, FIXED, inputs=inputs)
    predict = bsfit.prediction(["DeltaM_s/SM", "C9_bsmumu"], "loop", inputs, FIXED, tuple(free))

    def values(params, like=like, predict=predict):
        pulls = dict(zip(like.observables, like.pulls(params), strict=True))
        return pulls | dict(zip(predict.names, predict(params), strict=True))

    found, lighter = (bsfit.tabulate(values, GRID, fixed={"m_Q": m_q}) for m_q in (1100.0, 1000.0))
    found.save(f"figure-5-{era[:5].rstrip('/')}.npz")
    print(f"{era}, pulls (measured - predicted)/error and C9:\n{found}")
    panels[era] = layers(found, lighter, *names)
print("wrote", *plot_maps(found, panels, "figure-5.png", labels=LABELS))
