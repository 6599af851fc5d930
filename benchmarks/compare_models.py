"""All models of the catalogue on the same data of today: b -> s ll, Delta M_s, the relic density, LZ.

``python benchmarks/compare_models.py -o FOLDER [MODEL ...]`` fits each in a process of its own, free in what `bsfit fit
--model NAME` frees by itself, without profiles, and passes over those that FOLDER has. Then it prints Markdown: the
comparison of those that can be asked for all of the data, and of each model what it had free, what it assumes and what
its best fit does not fulfil. One to five minutes a model.

``--evidences 100`` integrates each over its priors instead, with so many live points, as they are and twice as wide,
and prints the Bayes factors of those that can be asked for all of the data. Three to five minutes a model; it is of no
use where the defaults are excluded.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from catalogue_table import NEEDED, PLANCK, listed

import bsfit
from bsfit import catalogue
from bsfit.cli import question
from bsfit.cli.runfile import Settings
from bsfit.inference.compare import doubled
from bsfit.results import Evidence, FitResult

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
know how much the defaults were chosen. Evidences stand below, where the defaults are not excluded.

Made by `python benchmarks/compare_models.py -o FOLDER`.
"""
EVIDENCES = "evidence", "doubled"
ABOUT_EVIDENCES = """## Evidences

Each model integrated over flat priors on the ranges of the last column, and on ranges twice as wide about their middle:
natural logarithms of Bayes factors to `{first}`, on the same data. Nested sampling with {live} live points. A factor
that moves by more than its error when priors are doubled is the priors' choice; all else that a model has is held at
its defaults, which the factor knows nothing of. Models whose defaults are excluded, and those that cannot be asked for
all of the data, are not here.

Made by `python benchmarks/compare_models.py -o FOLDER --evidences {live} MODEL ...`.
"""
SPECIAL = {"Omega_h2": "relic density", "sigma_SI/lz-2024": "LZ"}


def data_of(row):
    """What of the data the model can be asked for."""
    return [name for name in DATA if NEEDED.get(name) not in row.refused]


def likelihood(row):
    """Of a model, free in what the command line frees."""
    asked = {"model": row.name, "data": tuple(data_of(row))}
    if row.name in HELD:
        name, bounds = row.relic
        fixed = {key: value for key, value in row.benchmark.items() if key != name}
        asked["set"] = bsfit.predict([name], model=bsfit.at_relic_density(row.name, name, bounds, PLANCK), params=fixed)
    settings, _ = question.with_defaults(Settings(asked, {}))
    return bsfit.log_likelihood(row.name, data_of(row), settings.get("free"), dict(settings.get("set")))


def make(row, folder, live):
    """Save the fit of a model, or its evidences with so many live points under its priors and priors twice as wide."""
    like = likelihood(row)
    if not live:
        bsfit.fit(like, profile_errors=False).save(folder / f"{row.name}.json")
        return
    found = [bsfit.evidence(like, free=free, live=live, progress=False) for free in (like.free, doubled(like.free))]
    for name, each in zip(EVIDENCES, found, strict=True):
        each.save(folder / f"{row.name}.{name}.npz")


def made(row, folder, live):
    """What `make` has saved, made in a process of its own if the folder does not have it; empty where that failed."""
    paths = [folder / f"{row.name}.{name}.npz" for name in EVIDENCES] if live else [folder / f"{row.name}.json"]
    if not all(path.exists() for path in paths):
        began = time.monotonic()
        words = [row.name, "--only-make", "--evidences", str(live), "-o", str(folder)]
        done = subprocess.run([sys.executable, __file__, *words])
        print(f"{row.name}: exit status {done.returncode}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    kind = Evidence if live else FitResult
    return [kind.load(path) for path in paths if path.exists()]


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


def print_fits(fits, whole):
    """The comparison of those with all of the data, and a row for each model."""
    flavour = [name for name in DATA if name not in NEEDED]
    standard_model = bsfit.log_likelihood(data=flavour, free={"C9mu": (-1.0, 1.0)}).reference_chi2
    print(INTRODUCTION.format(data=",".join(DATA), planck=PLANCK, standard_model=standard_model))
    if whole:
        fitted = {name: found for name, (found,) in whole.items()}
        print(f"```text\n{bsfit.compare(fitted, evidences=False)}\n```\n")
    print("| model | best fit | chi2/ndf | pulls of dark matter | held, left out, not fulfilled |")
    print("|---|---|---|---|---|")
    for name, (found,) in fits.items():
        print(f"| `{name}` |", " | ".join(of_model(catalogue.MODELS[name], found)), "|")


def print_evidences(fits, live):
    """Natural logarithms of the Bayes factors to the first model, with the errors of both."""
    first, known = next(iter(fits.items()))
    print(ABOUT_EVIDENCES.format(live=live, first=first))
    print("| model | log Z | log B | priors doubled | priors |")
    print("|---|---|---|---|---|")
    for name, found in fits.items():
        row = [f"{found[0].log_evidence:.2f} +- {found[0].error:.2f}"]
        for one, other in zip(found, known, strict=True):
            error = np.hypot(one.error, other.error)
            row.append("-" if one is other else f"{one.log_evidence - other.log_evidence:.1f} +- {error:.1f}")
        ranges = ", ".join(words.removeprefix("flat in ") for words in found[0].priors.values())
        print(f"| `{name}` |", " | ".join([*row, ranges]), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=[name for name, row in catalogue.MODELS.items() if row.fields])
    parser.add_argument("-o", dest="folder", type=Path, required=True)
    parser.add_argument("--evidences", type=int, default=0, metavar="LIVE", help="evidences in place of fits")
    parser.add_argument("--only-make", action="store_true", help="nothing is printed, and nothing passed over")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    rows = [catalogue.model(name) for name in chosen.models]
    if chosen.only_make:
        for row in rows:
            make(row, chosen.folder, chosen.evidences)
        return
    found = {row.name: each for row in rows if (each := made(row, chosen.folder, chosen.evidences))}
    whole = {name: each for name, each in found.items() if data_of(catalogue.MODELS[name]) == list(DATA)}
    if not chosen.evidences:
        print_fits(found, whole)
    elif whole:
        print_evidences(whole, chosen.evidences)
    if missing := [row.name for row in rows if row.name not in found]:
        sys.exit(f"nothing of {', '.join(missing)}")


if __name__ == "__main__":
    main()
