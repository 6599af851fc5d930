"""How many starts of a fit end in a minimum, and in the deepest: Newton's method alone, and behind optimisers of optax.

    python benchmarks/many_starts.py
    python benchmarks/many_starts.py --only seven --starts 32

Couplings of the portal on `lfu-mixing`, of which data fix some products only: curved valleys that end at bounds. Prints
the starts that converged, those that ended in a minimum that the fit lists, those in the deepest one found by any
method, quantiles of Newton's steps, and seconds of CPU, with what is compiled and without.
"""

import argparse
import time

import numpy as np
import optax

import bsfit
from bsfit.inference.descent import Led, usual
from bsfit.inference.minimise import minimise, scatter
from bsfit.inference.search import search
from bsfit.inference.space import Objective, space_of

COUPLINGS = {"g_X": (0.1, 1.0), "lambda_Q_s": (-1.0, 1.0), "lambda_Q_b": (-1.0, 1.0), "lambda_L_mu": (0.0, 2.0)}
MASSES = {f"log:m_{name}": (500.0, 5000.0) for name in ("Zp", "Q", "L")}
PHASES = {f"lambda_{name}": (-1.0, 1.0) for name in ("Q_s_im", "L_e", "Q_b_im", "L_mu_im", "L_e_im")}
HEAVY = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0}
WIDE = {**{name: (-3.0, 3.0) for name in (*COUPLINGS, *list(PHASES)[:2])}, "g_X": (0.01, 3.0), "m_Zp": (300.0, 1e4)}
BOXES = {
    "seven": {**COUPLINGS, "log:m_Zp": MASSES["log:m_Zp"], **dict(list(PHASES.items())[:2])},
    "seven with masses": {**COUPLINGS, **MASSES},
    "seven, wide": WIDE,
    "twelve": {**COUPLINGS, **MASSES, **PHASES},
}


class Alone:
    """Newton's method from the starts themselves."""

    name = "Newton"

    def __call__(self, objective, starts):
        return starts


LEADS = {"Newton": Alone(), "L-BFGS, Newton": usual(), "Adam, Newton": Led(optax.adam(3e-2))}


def cpu(function, *arguments):
    """Result and seconds of CPU."""
    start = time.process_time()
    return function(*arguments), time.process_time() - start


def measured(objective, lead, starts):
    """Ends of the starts as `Minima`, seconds of CPU with and without compilation."""
    points = scatter(starts, objective.space.size, 0)

    def ends():
        return minimise(objective, lead(objective, points), lanes=starts)

    found, first = cpu(ends)
    return found, first, cpu(ends)[1]


def listed(objective, lead, starts):
    """Starts that ended in a minimum that a fit lists."""
    best = search(objective, objective.space, starts=starts, seed=0, lead=lead)
    return sum(place.starts for place in best.places)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--only", choices=BOXES, action="append")
    options = parser.parse_args()
    row = "{:18s}{:16s}{:>10s}{:>8s}{:>9s}{:>17s}{:>14s}"
    print(row.format("box", "method", "converged", "listed", "deepest", "steps 50, 100 %", "CPU s"))
    for box in options.only or BOXES:
        names = [name.removeprefix("log:") for name in BOXES[box]]
        fixed = {name: value for name, value in HEAVY.items() if name not in names}
        like = bsfit.log_likelihood("portal", "lfu-mixing", BOXES[box], fixed)
        objective = Objective(like, space_of(like))
        results = {name: measured(objective, lead, options.starts) for name, lead in LEADS.items()}
        deepest = min(float(np.min(found.value)) for found, *_ in results.values())
        for name, (found, first, again) in results.items():
            counts = found.converged.sum(), listed(objective, LEADS[name], options.starts)
            counts += (np.sum(found.value < deepest + 1e-5),)
            steps = "{:.0f}, {:.0f}".format(*np.percentile(found.steps, [50, 100]))
            print(row.format(box, name, *map(str, counts), steps, f"{first:.1f}, {again:.1f}"), flush=True)


if __name__ == "__main__":
    main()
