"""Fig. 3 of the review 1803.04703: C9 and the relic density over g_X and m_Zp, on the data of 2017 and of today.

With the couplings of its caption, which give a C9 too small for the anomalies, and with raised ones, which reach the
preferred values where its text says: about g_X = 0.3. `python 06_figure_3.py 200` draws 200 x 200 points.
"""

import sys

import numpy as np

import bsfit
from bsfit.dark_matter.direct_detection import largest
from bsfit.plot.canvas import BEST, COLOURS
from bsfit.plot.maps import Lines, Region, plot_maps

POINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 120
GRID = {"g_X": (0.05, 0.6, POINTS), "m_Zp": (800.0, 3000.0, POINTS)}
LABELS = {"g_X": r"$g_X$", "m_Zp": r"$m_{Z'}$ [GeV]"}
FIXED = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_L_mu": 0.5}
COUPLINGS = {"captioned": 0.025, "raised": 0.054}  # lambda_Q_b = -lambda_Q_s, opposite signs for a negative C9
FREE = (*GRID, "lambda_Q_b", "lambda_Q_s")
ERAS = {
    "2014/2017": {"data": "seed-2017", "inputs": "seed", "limit": "lux-2016"},
    "today": {"data": "lfu", "inputs": "default", "limit": "lz-2024"},
}
C9_SM = 4.07  # of the review
PLANCK, THEORY = 0.12, 0.1  # Omega h^2 of 1807.06209, and the relative error of its calculation


dark = bsfit.prediction(["Omega_h2", "sigma_SI", "DeltaM_s/SM"], "portal", "default", FIXED, FREE)
shifts = {era: bsfit.prediction(["C9_bsmumu"], "portal", of["inputs"], FIXED, FREE) for era, of in ERAS.items()}


def values(params):
    c9 = {f"C9 {era}": shift(params)[0] for era, shift in shifts.items()}
    return dict(zip(dark.names, dark(params), strict=True)) | c9


def layers(found, era, limit, one, two):
    percent = 100 * found[f"C9 {era}"] / C9_SM
    omega, excess = found["Omega_h2"], found["sigma_SI"] / float(largest(FIXED["m_chi"], limit))
    return [
        Region(excess, f"excluded by {limit.replace('-', ' ').upper()}", COLOURS[1], low=1.0),
        Region(percent, r"$C_9$ of the data, $2\sigma$", COLOURS[0], *two, alpha=0.2),
        Region(percent, r"$C_9$ of the data, $1\sigma$", COLOURS[0], *one),
        Lines(percent, np.arange(-16, 0, 4 if percent.min() < -6 else 1), r"$C_9/C_9^{\rm SM}$", written="%d %%"),
        Lines(found["DeltaM_s/SM"], [1.15], r"$\Delta M_s/{\rm SM} = 1.15$", COLOURS[2], "-.", 1.6),
        Lines(np.log10(omega), range(4), r"$\log_{10}\Omega h^2$", "0.35", "--", written="%d"),
        Region(omega, r"$\Omega h^2 = 0.12\pm10$ %", BEST, PLANCK * (1 - THEORY), PLANCK * (1 + THEORY), alpha=0.9),
    ]


wanted, trusted = {}, True
for era, of in ERAS.items():
    table = bsfit.fit_scenarios(of["data"], ["C9mu=-C10mu"], of["inputs"])
    trusted &= table.converged
    fit = table["C9mu=-C10mu"]
    wanted[era] = [100 * np.array(fit[f"interval_{sigma}"]) / C9_SM for sigma in (1, 2)]
    print(f"{era}: C9/C9SM of the data from {wanted[era][0][0]:.1f} to {wanted[era][0][1]:.1f} % at one sigma")

for name, size in COUPLINGS.items():
    found = bsfit.tabulate(values, GRID, fixed={"lambda_Q_b": size, "lambda_Q_s": -size})
    found.save(f"figure-3-{name}.npz")
    print(f"{name} couplings, lambda_b = -lambda_s = {size}\n{found}")
    panels = {era: layers(found, era, of["limit"], *wanted[era]) for era, of in ERAS.items()}
    print("wrote", *plot_maps(found, panels, f"figure-3-{name}.png", labels=LABELS))

# Where the line of the relic density is: steps of 1 GeV about the resonance, at the couplings of the caption.
line = {"g_X": (0.1, 0.5, 5), "m_Zp": (1780.0, 2300.0, 521)}
near = bsfit.tabulate(values, line, fixed={"lambda_Q_b": 0.025, "lambda_Q_s": -0.025})
for g_x, omega in zip(near.axes[0], np.log(near["Omega_h2"] / PLANCK), strict=True):
    step = np.flatnonzero(omega[:-1] * omega[1:] < 0)
    crossings = near.axes[1][step] + omega[step] / (omega[step] - omega[step + 1])
    print(f"g_X = {g_x:.1f}: Omega h^2 = {PLANCK} at m_Zp =", " and ".join(f"{m:.1f}" for m in crossings), "GeV")
sys.exit(not trusted)
