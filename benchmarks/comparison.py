"""Tables of docs/comparison.md: bsfit against flavio 2.7.1 and EOS 1.0.21.

Values of the rivals are the stored ones beside the tests; nothing but bsfit is run. ``python benchmarks/comparison.py``
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import eos_points
import flavio_points

DIPOLES = ("C7_bs", "C7p_bs", "C8_bs")
NO_LOOPS = "C8p_bs"
TURNED = ("S_K*gamma", "S_phigamma", "ADeltaGamma(Bs->phigamma)")
SM_ONLY_RATES = ("BR(Bs->phigamma)", "BR(B0->K*gamma)/BR(Bs->phigamma)")
LEPTONIC = ("BR(Bs->mumu", "BR(Bs->ee", "BR(Bs->tautau", "ADeltaGamma(Bs->mumu", "tau_mumu", "DeltaM_s", "S_psiphi")
KINDS = ("rates", "R ratios", "angular", "leptonic, mixing")
ASKED = {
    "Standard Model": (0.005, 0.005, 0.005, 0.001),
    "C9, C10, CS, CP and flips": (0.01, 0.005, 0.01, 0.001),
    "C7, C7', C8": (0.03, 0.015, 0.03, 0.001),
    "C8'": (np.inf, np.inf, np.inf, 0.001),
}


def kind(name):
    """Position in `KINDS`."""
    if name.startswith(LEPTONIC):
        return 3
    if name.startswith("<Rmue"):
        return 1
    return 0 if name.startswith(("<dBR", "BR(")) else 2


def group(wc):
    """Position of a point in `ASKED`."""
    return 0 if not wc else 3 if NO_LOOPS in wc else 2 if any(d in wc for d in DIPOLES) else 1


def differences(inputs):
    """(group, kind, point, name, difference) of everything stored; relative but for angular observables."""
    for names, points, stored in flavio_points.stored():
        found = np.asarray(flavio_points.values(names, points, inputs))
        for point, ours, theirs in zip(points, found, stored, strict=True):
            for name, a, b in zip(names, ours, theirs, strict=True):
                b = 2 * b if name.startswith("<ACP>(B0->K*") else b
                size = abs(a - b) if kind(name) == 2 else abs(a / b - 1) if b else abs(a)
                yield group(point["wc"]), kind(name), point["name"], name, size


def summary(title, found):
    """Largest difference per group and kind, without the interference of B -> V gamma."""
    print(f"\n**{title}**\n\n| points | " + " | ".join(KINDS) + " |\n|---" * 1 + "|---" * len(KINDS) + "|")
    for g, label in enumerate(ASKED):
        cells = []
        for k in range(len(KINDS)):
            some = [x for x in found if x[:2] == (g, k) and x[3] not in (*TURNED, *SM_ONLY_RATES)]
            worst = max(some, key=lambda x: x[4])
            cells.append(f"{worst[4]:.2g} ({worst[3]})")
        print(f"| {label} | " + " | ".join(cells) + " |")


def exceptions(found):
    """Everything beyond what is asked, the largest of all points for each observable."""
    print("\n**Beyond what is asked**\n\n| points | observable | difference | asked |\n|---|---|---|---|")
    asked = list(ASKED.values())
    beyond = {}
    for g, k, _, name, size in found:
        if size > asked[g][k]:
            beyond[g, name] = max(size, beyond.get((g, name), 0.0))
    for (g, name), size in beyond.items():
        print(f"| {list(ASKED)[g]} | `{name}` | {size:.2g} | {asked[g][kind(name)]:g} |")


def three(found_eos):
    """Standard Model: bsfit and flavio at flavio's inputs, bsfit with the form factors of EOS, EOS."""
    stored = {}
    for names, _, values in reversed(flavio_points.stored()):
        stored |= dict(zip(names, values[0], strict=True))
    names = [name for name in dict.fromkeys(n for _, n, _ in found_eos) if name in stored]
    point = [{"name": "SM", "wc": {}}]
    ours = flavio_points.values(names, point)[0]
    with_eos = flavio_points.values(names, point, eos_points.inputs(""))[0]
    eos = {name: value for _, name, value in found_eos}
    print("\n| observable | bsfit | flavio | bsfit with the form factors of EOS | EOS |\n|---|---|---|---|---|")
    for name, a, b in zip(names, ours, with_eos, strict=True):
        print(f"| `{name}` | {a:.4g} | {stored[name]:.4g} | {b:.4g} | {eos[name]:.4g} |")


if __name__ == "__main__":
    plain = list(differences(flavio_points.ONE_ALPHA))
    explained = list(differences(flavio_points.EXPLAINED))
    summary("As it is", plain)
    summary("With the choices of flavio", explained)
    exceptions(plain)
    three([x for tag in ("BFS2004", "GP2004", "") for x in eos_points.results(tag) if x[0] == "SM"])
