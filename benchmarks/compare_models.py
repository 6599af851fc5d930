"""All models of the catalogue on the same data of today: b -> s ll, Delta M_s, the relic density, LZ.

``python benchmarks/compare_models.py -o FOLDER [MODEL ...]`` fits each in a process of its own, `bsfit fit --model NAME
-o FOLDER/NAME`, free in what it frees by itself, and passes over those that FOLDER has. Then it prints Markdown: the
comparison of those on all of the data, and of each model what it had free, what it assumes and what its best fit does
not fulfil. One to three minutes a model.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import bsfit
from bsfit import catalogue
from bsfit.results import FitResult

DATA = ("latest", "mixing", "relic", "lz-2024")
NEEDED = {"relic": "Omega_h2", "lz-2024": "sigma_SI"}
SPECIAL = {"Omega_h2": "relic density", "sigma_SI/lz-2024": "LZ"}


def data_of(row):
    """What of the data the model can be asked for."""
    return [name for name in DATA if NEEDED.get(name) not in row.refused]


def fitted(row, folder):
    """The fit of a model, made if the folder does not have it; None where it failed."""
    path = folder / row.name
    if not path.exists():
        command = ["bsfit", "fit", "--model", row.name, "--data", ",".join(data_of(row))]
        done = subprocess.run([*command, "-q", "-o", str(path)], capture_output=True, text=True)
        print(f"{row.name}: exit status {done.returncode}\n{done.stderr}", file=sys.stderr, flush=True)
    return FitResult.load(path) if path.exists() else None


def listed(pairs):
    return ", ".join(f"{name} {value}" for name, value in pairs) or "-"


def of_model(row, found):
    """Cells of a model: best fit, chi2 and what of it is dark matter, the largest pulls, assumptions."""
    best = listed((name, f"= {value:.3g}") for name, value in found.values.items())
    pulls = dict(found.pulls)
    dark = listed((words, f"{pulls[key]:+.1f}") for key, words in SPECIAL.items() if key in pulls)
    # Tokens of the notes are names of conditions, all of them in docs/catalogue.md.
    failed = [note.split(": ", 1)[0] for note in found.messages]
    failed = [f"`{name}`" for name in failed if name.replace("_", "").isalnum() and " " not in name]
    assumed = [f"{name} left out: {row.refused[NEEDED[name]]}" for name in DATA if name not in data_of(row)]
    fixed = ((name, f"= {value:.4g}") for name, value in row.benchmark.items() if name not in found.values)
    rest = [f"{words} {value}" for words, value in (("status", found.status),) if value != "converged"]
    return best, f"{found.chi2:.1f}/{found.ndf}", dark, "; ".join([listed(fixed), *assumed, *failed, *rest])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=[name for name, row in catalogue.MODELS.items() if row.fields])
    parser.add_argument("-o", dest="folder", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    rows = [catalogue.model(name) for name in chosen.models]
    fits = {row.name: found for row in rows if (found := fitted(row, chosen.folder)) is not None}
    whole = {name: found for name, found in fits.items() if data_of(catalogue.MODELS[name]) == list(DATA)}
    print(f"```text\n{bsfit.compare(whole, evidences=False)}\n```\n")
    print("| model | best fit | chi2/ndf | pulls of dark matter | held, left out, not fulfilled |")
    print("|---|---|---|---|---|")
    for name, found in fits.items():
        print(f"| `{name}` |", " | ".join(of_model(catalogue.MODELS[name], found)), "|")
    if missing := [row.name for row in rows if row.name not in fits]:
        sys.exit(f"no fit of {', '.join(missing)}")


if __name__ == "__main__":
    main()
