"""Form factors of EOS 1.0.21 in tests/reference/eos_form_factors.json; needs the extra `rivals`.

python tests/reference/make_eos_form_factors.py > tests/reference/eos_form_factors.json

Those of 2305.06301 at the means of its constraints and at a second point, drawn from them. They belong to bounds of
each polarisation apart; since July 2024 EOS normalises coefficients to the bound of their sum, in which those of J = 1
are smaller by the square root of 3 (as they stand, they would give f+(0) = 0.55). Of the average of FLAG 2021 values,
errors and correlations, as EOS has them.
"""

import json
import sys

import eos
import numpy as np
import yaml

NAMES = {
    "B->K": ("B->K::FormFactors[parametric,BFW]@GRvDV:2023A", {"f+": "f_+", "f0": "f_0", "fT": "f_T"}),
    "B->K*": (
        "B->K^*::FormFactors[parametric,BFW]@GRvDV:2023A",
        {
            name: name if name == "V" else f"{name[0]}_{name[1:]}"
            for name in ("V", "A0", "A1", "A12", "T1", "T2", "T23")
        },
    ),
    "Bs->phi": (
        "B_s->phi::FormFactors[parametric,BFW]@GRvDV:2023A",
        {
            name: name if name == "V" else f"{name[0]}_{name[1:]}"
            for name in ("V", "A0", "A1", "A12", "T1", "T2", "T23")
        },
    ),
}
THRESHOLDS = {"B->K": {"tp": 30.261001}, "*": {"tp_v": 30.261001, "tp_a": 31.764496}}
"""Of the fit; EOS has others by default."""

LIGHTEST = {"B->K": 22.9, "B->K*": 19.2, "Bs->phi": 18.8}


def main():
    found = {
        "source": f"EOS {eos.__version__}, constraints GRvDV:2023A with their thresholds and normalisation",
        "of": {},
    }
    for transition, (name, symbols) in NAMES.items():
        stem = name.partition("::")[0]
        content = yaml_of(name)
        means, covariance = np.array(content["means"]), np.array(content["covariance"])
        drawn = means + np.linalg.cholesky(covariance) @ np.random.default_rng(2).normal(size=len(means))
        nodes = np.linspace(0.0, LIGHTEST[transition], 9).round(2).tolist()
        points = []
        for values in (means, drawn):
            parameters = eos.Parameters.Defaults()
            for key, value in THRESHOLDS.get(transition, THRESHOLDS["*"]).items():
                parameters.set(f"{stem}::{key}@BFW2010", value)
            for observable, value in zip(content["observables"], values.tolist(), strict=True):
                spinless = any(f"a^{name}_" in observable for name in ("f0", "A0"))
                parameters.set(observable, value if spinless else value / np.sqrt(3.0))
            options = eos.Options(**{"form-factors": "BFW2010"})
            values_at = {
                ours: [
                    eos.Observable.make(f"{stem}::{symbol}(q2)", parameters, eos.Kinematics(q2=q2), options).evaluate()
                    for q2 in nodes
                ]
                for ours, symbol in symbols.items()
            }
            coefficients = {
                observable.partition("a^")[2].partition("@")[0]: value
                for observable, value in zip(content["observables"], values.tolist(), strict=True)
            }
            points.append({"coefficients": coefficients, "values": values_at})
        found["of"][transition] = {"q2": nodes, "points": points}
    flag = yaml_of("B->K::f_0+f_++f_T@FLAG:2021A")
    found["flag"] = {
        "names": [observable.partition("::f_")[2].partition("(")[0] for observable in flag["observables"]],
        "q2": [at["q2"] for at in flag["kinematics"]],
        "values": flag["means"],
        "errors": flag["sigma-stat-hi"],
        "correlations": flag["correlations"],
    }
    json.dump(found, sys.stdout, indent=1)
    print()


def yaml_of(name):
    """A constraint as it is written down."""
    return yaml.safe_load(eos.Constraints()[name].serialize())


if __name__ == "__main__":
    main()
