"""All models of the catalogue on the same data of today: b -> s ll, Delta M_s, the relic density, LZ.

``python benchmarks/compare_models.py -o FOLDER [MODEL ...]`` fits each in a process of its own, free in what `bsfit fit
--model NAME` frees by itself, without profiles, and passes over those that FOLDER has. Then it prints Markdown: the
comparison of those that can be asked for all of the data, and of each model what it had free, what it assumes and what
its best fit does not fulfil. One to five minutes a model.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from catalogue_table import NEEDED, PLANCK, listed

import bsfit
from bsfit import catalogue
from bsfit.cli import question
from bsfit.cli.runfile import Settings
from bsfit.results import FitResult

DATA = ("latest", "mixing", "relic", "lz-2024")
HELD = "light", "light-scalar"
"""Whose width, and with it every bin, follows the coupling to dark matter: held where the density is Planck's, or a fit
goes through the amplitudes of all data, for more than ten minutes and in 19 GB with 32 starts."""

INTRODUCTION = """# Models on the same data

All models of the [catalogue](catalogue.md), fitted to `{data}`: b -> s ll, Delta M_s, the relic density and LZ,
with the theory errors of the Standard Model, which has chi2 = {standard_model:.1f} there and no dark matter. Each
has free what `bsfit fit --model NAME` frees beside a relic density; all else is at its defaults, and the last
column says what these are, what was left out and why, and which conditions the best fit does not meet (the
catalogue explains them). So a chi2 of 10^5 says that LZ excludes the defaults, not that it excludes the model:
with other masses, or kinetic mixing, it may pass. `light` and `light-scalar` have their coupling to dark matter
where the density is {planck}, and it is not counted as a parameter. AIC and BIC are above the lowest; they do not
know how much the defaults were chosen. Evidences are not here: one takes ten minutes (`bsfit compare --model NAME
--model OTHER`).

Made by `python benchmarks/compare_models.py -o FOLDER`.
"""
SPECIAL = {"Omega_h2": "relic density", "sigma_SI/lz-2024": "LZ"}


def data_of(row):
    """What of the data the model can be asked for."""
    return [name for name in DATA if NEEDED.get(name) not in row.refused]


def fit(row, path):
    """Fit a model, free in what the command line frees, and save the fit."""
    asked = {"model": row.name, "data": tuple(data_of(row))}
    if row.name in HELD:
        name, bounds = row.relic
        fixed = {key: value for key, value in row.benchmark.items() if key != name}
        asked["set"] = bsfit.predict([name], model=bsfit.at_relic_density(row.name, name, bounds, PLANCK), params=fixed)
    settings, _ = question.with_defaults(Settings(asked, {}))
    like = bsfit.log_likelihood(row.name, data_of(row), settings.get("free"), dict(settings.get("set")))
    bsfit.fit(like, profile_errors=False).save(path)


def fitted(row, folder):
    """The fit of a model, made in a process of its own if the folder does not have it; None where that failed."""
    path = folder / f"{row.name}.json"
    if not path.exists():
        began = time.monotonic()
        done = subprocess.run([sys.executable, __file__, row.name, "--only-fit", "-o", str(folder)])
        print(f"{row.name}: exit status {done.returncode}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return FitResult.load(path) if path.exists() else None


def of_model(row, found):
    """Cells of a model: best fit, chi2, pulls of dark matter, assumptions."""
    best = listed((name, f"= {value:.3g}") for name, value in found.values.items())
    pulls = dict(found.pulls)
    dark = listed((words, f"{pulls[key]:+.1f}") for key, words in SPECIAL.items() if key in pulls)
    # Tokens of the notes are names of conditions, all of them in docs/catalogue.md.
    failed = [note.split(": ", 1)[0] for note in found.messages]
    failed = [f"`{name}`" for name in failed if name.replace("_", "").isalnum() and " " not in name]
    assumed = [f"{name} left out: {row.refused[NEEDED[name]]}" for name in DATA if name not in data_of(row)]
    held = row.benchmark | found.meta["likelihood"]["fixed"]
    fixed = ((name, f"= {held[name]:.4g}") for name in row.benchmark if name not in found.values)
    rest = [f"{words} {value}" for words, value in (("status", found.status),) if value != "converged"]
    return best, f"{found.chi2:.1f}/{found.ndf}", dark, "; ".join([listed(fixed), *assumed, *failed, *rest])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=[name for name, row in catalogue.MODELS.items() if row.fields])
    parser.add_argument("-o", dest="folder", type=Path, required=True)
    parser.add_argument("--only-fit", action="store_true", help="nothing is printed, and nothing passed over")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    rows = [catalogue.model(name) for name in chosen.models]
    if chosen.only_fit:
        for row in rows:
            fit(row, chosen.folder / f"{row.name}.json")
        return
    fits = {row.name: found for row in rows if (found := fitted(row, chosen.folder)) is not None}
    whole = {name: found for name, found in fits.items() if data_of(catalogue.MODELS[name]) == list(DATA)}
    flavour = [name for name in DATA if name not in NEEDED]
    standard_model = bsfit.log_likelihood(data=flavour, free={"C9mu": (-1.0, 1.0)}).reference_chi2
    print(INTRODUCTION.format(data=",".join(DATA), planck=PLANCK, standard_model=standard_model))
    if whole:
        print(f"```text\n{bsfit.compare(whole, evidences=False)}\n```\n")
    print("| model | best fit | chi2/ndf | pulls of dark matter | held, left out, not fulfilled |")
    print("|---|---|---|---|---|")
    for name, found in fits.items():
        print(f"| `{name}` |", " | ".join(of_model(catalogue.MODELS[name], found)), "|")
    if missing := [row.name for row in rows if row.name not in fits]:
        sys.exit(f"no fit of {', '.join(missing)}")


if __name__ == "__main__":
    main()
