"""What disputed choices do to the global fit: ``python benchmarks/choices.py [--year YEAR] [--only WORD]``.

Each row is a fit of one scenario at a time to data, inputs or theory errors that differ in one choice: pull in sigma
and best fit, and the probability of the Standard Model's chi2. A plain Markdown table, that of docs/data.md.
"""

import argparse
import sys

import scipy.stats

import bsfit

B_TO_K = tuple(f"-<dBR/dq2>({decay})" for decay in ("B+->Kmumu", "B0->Kmumu"))
LHCB_2020 = ("-lhcb-kstarmumu-angular-2025", "-lhcb-kstarmumu-br-2025")
OLDER = ("lhcb-kstarmumu-angular-2020", "lhcb-kstarmumu-br-2016")
TODAY = {
    "`latest`": ("latest",),
    "with mixing: Delta M_s, S_psiphi": ("latest", "mixing"),
    "`latest-below-6`": ("latest-below-6",),
    "`latest-all-below-6`": ("latest-all-below-6",),
    "no rates": ("latest", "-BR"),
    "no B -> K rates": ("latest", *B_TO_K, "-belle-kmumu-br-2021"),
    "LHCb's K* mumu of 2020 and 2016": ("latest", *LHCB_2020, *OLDER),
    "LHCb's P_i in place of S_i": ("latest", LHCB_2020[0], "lhcb-kstarmumu-p-2025"),
    "no CMS angles of 2024": ("latest", "-cms-kstarmumu-p-2024"),
    "no ATLAS": ("latest", "-atlas-kstarmumu-angular-2018"),
    "`global-2021`": ("global-2021",),
}
IN_2017 = {
    "`global-2017`": ("global-2017",),
    "with mixing: Delta M_s, S_psiphi": ("global-2017", "hfag-dms-2015", "hfag-spsiphi-2015"),
    "no rates": ("global-2017", "-BR"),
    "no B -> K rates": ("global-2017", *B_TO_K),
}
IN_2021 = {
    "`global-2021`": ("global-2021",),
    "with mixing: Delta M_s, S_psiphi": ("global-2021", "mixing"),
    "no rates": ("global-2021", "-BR"),
    "ratios and leptonic decays": ("global-2021", "-BR", "-angular", "-radiative"),
}
INPUTS = ("grvdv-2023", "hpqcd-2022", "flag-2021", "vcb-inclusive", "vcb-exclusive", "helicity")
"""Rows of today's table that take other inputs."""

ROWS = {"2026": TODAY, "2021": IN_2021, "2017": IN_2017}
SCENARIOS = {
    "2026": ("C9mu", "C9U", "C10mu", "C9mu=-C10mu"),
    "2021": ("C9mu", "C9mu=-C10mu", "C10mu"),
    "2017": ("C9mu", "C9mu=-C10mu", "C9mu=-C9pmu", "C9U"),
}


def row(label, data, scenarios, **choices):
    """One line of the table."""
    print(f"{label} ...", file=sys.stderr, flush=True)
    table = bsfit.fit_scenarios(list(data), scenarios, **choices)
    cells = [f"{table[name]['pull'] or 0.0:.1f} ({table[name]['best']:.2f})" for name in scenarios]
    p = scipy.stats.chi2.sf(table.reference_chi2, table.n_data)
    return f"| {label} | {' | '.join(cells)} | {table.reference_chi2:.1f}/{table.n_data} | {p:.2g} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--year", choices=tuple(ROWS), default="2026")
    parser.add_argument("--only", default="", help="rows whose label has this in it")
    options = parser.parse_args()
    scenarios = SCENARIOS[options.year]
    rows = [(label, data, {}) for label, data in ROWS[options.year].items()]
    if options.year == "2026":
        rows += [(f"inputs `{name}`", ("latest",), {"inputs": name}) for name in INPUTS]
        rows.append(("theory errors at every point", ("latest",), {"theory": "propagated"}))
    print(f"| data | {' | '.join(scenarios)} | chi2 of the Standard Model | p |")
    print("|---|" + "---|" * (len(scenarios) + 2))
    for label, data, choices in rows:
        if options.only in label:
            print(row(label, data, scenarios, **choices), flush=True)


if __name__ == "__main__":
    main()
