"""docs/catalogue.md: what each model of the catalogue is made of, predicts, and what limits it, in plain Markdown.

``python benchmarks/catalogue_table.py [MODEL ...]`` prints it, for all models of the review or those named. A fit a
model, each of a minute or so.
"""

import sys

import numpy as np

import bsfit
from bsfit import catalogue
from bsfit.predictions.at_relic_density import at_relic_density

PREDICTED = {
    "C9_bsmumu": "C9mu",
    "C10_bsmumu": "C10mu",
    "DeltaM_s/SM": "DeltaM_s/SM",
    "Omega_h2": "Omega h2",
    "sigma_SI": "sigma_SI",
}
DATA = ("lfu-mixing", "relic", "lz-2024")
NEEDED = {"relic": "Omega_h2", "lz-2024": "sigma_SI"}
PLANCK = 0.12
INTRODUCTION = """# Models

The two models of the review 1803.04703 and the seventeen others of its Section 4, with their variants. Where a model is
the paper's, it has the fields that the abstract has; its formulas are derived here or standard, and were compared with
those of the paper for `portal` and `loop` alone, as the review prints them. Where it is repaired, the row says what
was changed and why.

![All models in the plane of C9mu and Delta M_s](nineteen.png)

By `python benchmarks/catalogue_figure.py`; the numbers are in [nineteen.numbers.csv](nineteen.numbers.csv). A line is a
model whose first free parameter runs over its bounds, the others at their defaults, with the coupling that the relic
density fixes at Omega h2 = {planck}; it is thin where no coupling does that. The point is at the defaults. Grey: 68 and
95 % of the data named and of Delta M_s, whose error is that of the Standard Model (V_cb). Nothing else is tested there.

Made by `python benchmarks/catalogue_table.py`. Every number is at the defaults of a model (`bsfit show MODEL`), or of a
fit of what it has free without a relic density, the others at their defaults, to
`{data}`. No row says that a model survives, each says
what was tested: searches at the LHC only where a condition says so. `DeltaM_s/SM` is over the Standard Model;
`sigma_SI` in cm2 a nucleon; Omega h2 = {planck} is where the coupling named takes it. Pulls are measured minus
predicted value over the error, those beyond two.
"""


def listed(pairs):
    return ", ".join(f"{name} {value}" for name, value in pairs) or "-"


def predictions(row):
    refused = {name for name in PREDICTED if name in row.refused}
    found = bsfit.predict([name for name in PREDICTED if name not in refused], model=row.name, params=row.benchmark)
    return [(PREDICTED[name], f"{value:.3g}") for name, value in found.items()]


def relic_line(row):
    """The coupling at which the density is Planck's, and the coefficient there."""
    if "Omega_h2" in row.refused:
        return f"not predicted: {row.refused['Omega_h2']}"
    if row.relic is None:
        return "no coupling moves it"
    name, bounds = row.relic
    fixed = {key: value for key, value in row.benchmark.items() if key != name}
    model = at_relic_density(row.name, name, bounds, PLANCK)
    theory = bsfit.predict([name, "C9_bsmumu"], model=model, params=fixed)
    if not np.isfinite(theory[name]):
        return f"none for {name} in {list(bounds)}"
    return listed([(name, f"= {theory[name]:.3g}"), ("C9mu", f"{theory['C9_bsmumu']:.3g}")])


def limits(row, meanings):
    """Conditions that fail at the defaults, by name; `meanings` learns what they are."""
    failed = []
    asked = [key for key in ("Omega_h2", "sigma_SI") if key not in row.refused]
    for note in bsfit.predict(asked, model=row.name, params=row.benchmark).notes:
        (name, text), found = note.split(": ", 1), note[note.rindex("(") :]
        meanings[name] = text.removesuffix(found).rstrip()
        failed.append(f"`{name}` {found}")
    return ", ".join(failed) or "-"


def verdict_of_today(row):
    fixed = {key: value for key, value in row.benchmark.items() if key not in row.free}
    data = [name for name in DATA if NEEDED.get(name) not in row.refused]
    found = bsfit.fit(bsfit.log_likelihood(row.name, data, dict(row.free), fixed))
    best = listed((name, f"= {value:.3g}") for name, value in found.values.items())
    pulls = listed((name, f"{pull:+.1f}") for name, pull in found.pulls if abs(pull) > 2.0)
    without = "".join(f", without {name}" for name in DATA if name not in data)
    return best, f"{found.status}; chi2 = {found.chi2:.1f} of {found.ndf + len(found.names)} values{without}", pulls


def main(names):
    print(INTRODUCTION.format(data=",".join(DATA), planck=PLANCK))
    meanings = {}
    for name in names:
        row = catalogue.MODELS[name]
        best, quality, pulls = verdict_of_today(row)
        print(f"## `{name}`\n\n{row.summary[0].upper()}{row.summary[1:]}.\n")
        print("| | |\n|---|---|")
        print("| whose model |", row.origin or "the paper's", "|")
        print(f"| fields | {row.fields} |")
        print(f"| predicts, at its defaults | {listed(predictions(row))} |")
        print(f"| conditions that fail there | {limits(row, meanings)} |")
        print(f"| Omega h2 = {PLANCK} | {relic_line(row)} |")
        print(f"| best fit | {best}: {quality} |")
        print(f"| against the data | {pulls} |\n", flush=True)
    print("## Conditions\n\n| condition | what is compared |\n|---|---|")
    for name, text in sorted(meanings.items()):
        print(f"| `{name}` | {text} |")


if __name__ == "__main__":
    main(sys.argv[1:] or [name for name, row in catalogue.MODELS.items() if not row.effective])
