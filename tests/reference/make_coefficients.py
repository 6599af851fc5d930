"""Numbers of flavio 2.7.1 and wilson 2.5.2 in tests/reference/coefficients.json; needs the extra `rivals`.

python tests/reference/make_coefficients.py > tests/reference/coefficients.json
"""

import json
import sys

import flavio
import wilson

LOW = 4.8
PLAIN = {"trident": "R_trident"}
"""Names of flavio where they are not ours."""

RATIOS = ["<Rmue>(B+->Kll)[1.1,6]", "<Rmue>(B0->K*ll)[1.1,6]"]

SECTORS = {
    "b -> s l l": (
        {"C9_bsmumu": -0.9 + 0.2j, "C10_bsmumu": 0.4, "C9p_bsmumu": 0.3, "C10p_bsmumu": -0.2, "C9_bsee": 0.3,
         "CS_bsmumu": 0.01, "CPp_bsmumu": -0.02},
        [*RATIOS, "BR(Bs->mumu)"],
    ),
    "dipoles of quarks": ({"C7_bs": -0.03 + 0.02j, "C7p_bs": 0.05, "C8_bs": 0.1}, ["BR(B->Xsgamma)"]),
    "b -> s nu nu": (
        {"CL_bsnumunumu": -2.0, "CL_bsnuenutau": 1.5, "CR_bsnutaunutau": 1.0 - 0.5j}, ["BR(B+->Knunu)"]
    ),
    "Bs mixing": (
        {"CVLL_bsbs": 5e-12 + 3e-12j, "CVRR_bsbs": 2e-12, "CVLR_bsbs": 4e-12, "CSLR_bsbs": -3e-12j}, ["DeltaM_s"]
    ),
    "tridents": ({"CVLL_numunumumumu": -0.05, "CVLR_numunumumumu": 0.03}, ["trident"]),
    "dipoles of leptons": (
        {"C7_mumu": 0.3, "Cgamma_mue": 3e-14 + 1e-14j, "Cgamma_emu": -2e-14, "Cgamma_taumu": 4e-11,
         "Cgamma_mutau": 1e-11j},
        ["a_mu", "BR(mu->egamma)", "BR(tau->mugamma)"],
    ),
}  # fmt: skip
"""Coefficients at 4.8 GeV, and what they move."""

SMEFT = {
    "left-handed": {"lq1_2223": 2e-10, "lq3_2223": 2e-10},
    "several": {"lq1_2223": 3e-10 + 5e-11j, "qe_2322": 1.5e-10, "ld_2223": -1e-10, "ed_2223": 8e-11, "lq3_1123": 1e-10},
}
"""Points in the Warsaw basis at 2 TeV, in GeV^-2."""

RUN = {
    "C7_bs": 0.1, "C8_bs": 0.2 + 0.1j, "C7p_bs": -0.05, "C8p_bs": 0.03, "C9_bsmumu": 1.0, "C10p_bsee": 0.5,
    "CS_bsmumu": 0.02, "CL_bsnumunumu": 1.0, "CVLL_bsbs": 1e-11, "CVRR_bsbs": 2e-11j, "CVLR_bsbs": 1e-11,
    "CSLR_bsbs": 3e-11, "CVLR_bdbd": 1e-12, "C7_mumu": 1e-3, "Cgamma_mue": 1e-13, "CVLL_numunumumumu": 0.02,
}  # fmt: skip
"""Coefficients that are run from 160 GeV."""


def parts(values):
    return {name: [complex(value).real, complex(value).imag] for name, value in values.items()}


def predicted(name, point):
    """The observable of flavio, of new physics alone for the moment of the muon."""
    stem, _, edges = name.partition("[")
    binned = [float(edge) for edge in edges.rstrip("]").split(",")] if edges else []
    value = float(flavio.np_prediction(PLAIN.get(stem, stem), point, *binned))
    return value - float(flavio.sm_prediction("a_mu")) if name == "a_mu" else value


def run(values, scale, qed):
    """Coefficients at 4.8 GeV."""
    point = wilson.Wilson(values, scale, "WET", "flavio")
    point.set_option("qed_order", qed)
    found = point.match_run(LOW, "WET", "flavio").dict
    return {name: value for name, value in found.items() if name in values}


def main():
    sectors, smeft = [], []
    for sector, (values, names) in SECTORS.items():
        point = wilson.Wilson(values, LOW, "WET", "flavio")
        theirs = {name: predicted(name, point) for name in names}
        sectors.append({"sector": sector, "values": parts(values), "flavio": theirs})
    for name, values in SMEFT.items():
        point = wilson.Wilson(values, 2000.0, "SMEFT", "Warsaw")
        found = point.match_run(LOW, "WET", "flavio", sectors=("sb",)).dict
        large = parts({name: value for name, value in found.items() if abs(value) > 1e-4})
        theirs = {name: predicted(name, point) for name in RATIOS}
        smeft.append({"point": name, "scale": 2000.0, "values": parts(values), "wet": large, "flavio": theirs})
    qcd, both = (parts(run(RUN, 160.0, order)) for order in (0, 1))
    running = {"scale": 160.0, "values": parts(RUN), "qcd": qcd, "qed": both}
    source = "flavio 2.7.1 and wilson 2.5.2, default parameters; coefficients as {name: [Re, Im]}, in powers of GeV"
    json.dump({"source": source, "sectors": sectors, "smeft": smeft, "running": running}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
