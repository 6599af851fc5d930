"""Fig. 6 of the review 1803.04703: C9 over m_L and m_X where the relic density fixes the coupling to muons.

Beside C9 what constrains the plane: R_K and R_K*, mixing, direct detection, searches, perturbativity; on the data of
2017 and of today. `python 08_figure_6.py 100` draws 100 x 100 points.
"""

import sys

import numpy as np

import bsfit
from bsfit.dark_matter.direct_detection import largest
from bsfit.dark_matter.relic_density import coupling_for
from bsfit.plot.canvas import COLOURS
from bsfit.plot.maps import Lines, Region, plot_maps

POINTS = int(sys.argv[1]) if len(sys.argv) > 1 else 64
GRID = {"m_L": (200.0, 2000.0, POINTS), "m_X": (20.0, 1100.0, POINTS)}
LABELS = {"m_L": r"$m_L$ [GeV]", "m_X": r"$m_X$ [GeV]"}
FIXED = {"m_Q": 1100.0, "lambda_Q_b": 0.15**0.5, "lambda_Q_s": -(0.15**0.5)}
FREE = (*GRID, "lambda_L_mu")
PLANCK = 0.12  # Omega h^2 of 1807.06209
ERAS = {
    "2014/2017": {"data": "seed-2017", "inputs": "seed", "limit": "lux-2016"},
    "today": {"data": "lfu", "inputs": "default", "limit": "lz-2024"},
}
# What searches for L -> mu X (up to m_L, m_X) and Q -> q X (up to m_X, at m_Q = 1.1 TeV) may exclude, in GeV: estimates
# after limits on sleptons and squarks, no recast.
SEARCHES = {"2014/2017": (525.0, 250.0, 0.0), "today": (900.0, 450.0, 500.0)}

OBSERVABLES = ["Omega_h2", "sigma_SI", "sigma_SI_lepton_loop", "DeltaM_s/SM"]
relic = bsfit.prediction(OBSERVABLES, "loop", "default", FIXED, FREE)
shifts = {era: bsfit.prediction(["C9_bsmumu"], "loop", of["inputs"], FIXED, FREE) for era, of in ERAS.items()}


def values(params):
    """The coupling that the relic density fixes, and all that follows from it; NaN where there is none."""
    coupling = coupling_for(PLANCK, lambda x: relic({**params, "lambda_L_mu": x})[0], 0.05, 40.0)
    point = {**params, "lambda_L_mu": coupling}
    _, sigma, photon, mixing = relic(point)
    limits = {name: sigma / largest(params["m_X"], name) for name in ("lux-2016", "xenon1t-2018", "lz-2024")}
    limits |= {f"{name}, photon": photon / sigma * excess for name, excess in limits.items()}
    c9 = {f"C9 {era}": shift(point)[0] for era, shift in shifts.items()}
    return {"lambda_L_mu": coupling, "sigma_SI": sigma, "DeltaM_s/SM": mixing, **limits, **c9}


def layers(found, era, limit, one, two):
    m_l, m_x = np.meshgrid(*found.axes, indexing="ij")
    lepton, dark, quark = SEARCHES[era]
    searches = np.maximum(np.minimum(lepton - m_l, dark - m_x), quark - m_x)
    c9, coupling, excess = found[f"C9 {era}"], found["lambda_L_mu"], np.log10(found[limit])
    experiment = limit.replace("-", " ").upper()
    return [
        Region(excess, f"excluded by {experiment}", COLOURS[5], low=0.0, alpha=0.15),
        Region(searches, "searches at the LHC (estimate)", COLOURS[3], low=0.0, alpha=0.3),
        Region(found["DeltaM_s/SM"], r"$\Delta M_s > 1.15$ SM", COLOURS[2], low=1.15),
        Region(c9, r"$C_9$ of the data, $2\sigma$", COLOURS[0], *two, alpha=0.3),
        Region(c9, r"$C_9$ of the data, $1\sigma$", COLOURS[0], *one, alpha=0.5),
        Lines(excess, range(1, 4), rf"$\log_{{10}}(\sigma_{{\rm SI}}/${experiment}$)$", COLOURS[5], ":", 1.4, "%d"),
        Lines(coupling, [1.5, 2.0, 2.5, 3.0], r"$\lambda_\mu$", "0.35", "--", written="%.1f"),
        Lines(c9, [-2.0, -1.0, -0.7, -0.5, -0.3, -0.2], r"$C_9$", written="%.1f"),
        Region(coupling, r"$\lambda_\mu > \sqrt{4\pi}$", "0.35", low=(4 * np.pi) ** 0.5, alpha=0.9),
        Region(1.0 * np.isnan(coupling), r"$\Omega h^2 < 0.12$ always", "0.85", low=1e-3, alpha=1.0),
        Region(m_x / np.minimum(m_l, FIXED["m_Q"]), r"$X$ is not the lightest", "0.65", low=1.0, alpha=1.0),
    ]


found = bsfit.tabulate(values, GRID)
found.save("figure-6.npz")
print(found)
panels, trusted = {}, True
for era, of in ERAS.items():
    table = bsfit.fit_scenarios(of["data"], ["C9mu=-C10mu"], of["inputs"])
    trusted &= table.converged
    fit = table["C9mu=-C10mu"]
    panels[era] = layers(found, era, of["limit"], fit["interval_1"], fit["interval_2"])
print("wrote", *plot_maps(found, panels, "figure-6.png", labels=LABELS))
sys.exit(not trusted)
