"""Makes the numbers of the amplitudes that come with bsfit: ``src/bsfit/data/kept``.

    python benchmarks/keep_numbers.py             # what README's first commands ask for; stands in git
    python benchmarks/keep_numbers.py --release   # the sets of data too, for wheel and sdist

Run it when a change of the physics, or of the default inputs, makes tests/test_kept.py say that they are old.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import bsfit
from bsfit.predictions import kept

SHIPPED = kept.PACKAGE / "data" / "kept"
RATIOS = ["R_K[1.1,6]", "R_K*[1.1,6]", "R_K*[0.045,1.1]", "R_phi[1.1,6]"]
P5P = [
    f"<P5p>(B0->K*mumu)[{ends}]"
    for ends in ("0.1,0.98", "1.1,2.5", "2.5,4", "4,6", "6,8", "15,17", "17,19", "1.1,6", "15,19")
]
SETS = ("seed-2017", "lfu-mixing", "global-2017", "latest")


def default() -> None:
    """What the first commands of README, and the default of each verb, ask for."""
    for params in ({}, {"C9_bsmumu": -1.0}):
        bsfit.predict(RATIOS, params=params)
    bsfit.fit_scenarios()
    for scenario in ("C9mu", "C10mu", "C9mu=-C10mu"):
        bsfit.log_likelihood(free={scenario: (-3.0, 3.0)})
    bsfit.log_likelihood(free={"C9mu": (-3.0, 3.0), "C10mu": (-3.0, 3.0)})


def release() -> None:
    """One and two coefficients on the sets of data; P5' of the LHCb with its theory errors, alone as in a table."""
    for names in (P5P, *([name] for name in P5P)):
        bsfit.predict(names, errors=True)
    for data in SETS:
        for free in (("C9mu",), ("C10mu",), ("C9mu=-C10mu",), ("C9mu", "C10mu")):
            bsfit.log_likelihood(data=data, free=dict.fromkeys(free, (-3.0, 3.0)))


def make(name: str, ask) -> Path:
    """Write what `ask` needs, and nothing that is shipped already, to a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        ask()
        own = Path(folder) / "bsfit" / "kept"
        entries = {key: vector for file in sorted(own.glob("*.kept")) for key, vector in kept.read(file).items()}
    file = SHIPPED / f"{name}.kept"
    file.write_bytes(kept.pack(dict(sorted(entries.items()))))
    print(f"{file.name}: {len(entries)} entries, {file.stat().st_size} bytes")
    return file


def main() -> int:
    """Make the files anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="store_true", help="the sets of data too")
    chosen, began = parser.parse_args(), time.perf_counter()
    SHIPPED.mkdir(exist_ok=True)
    for old in SHIPPED.glob("*.kept"):
        old.unlink()
    make("default", default)
    if chosen.release:
        make("sets", release)
    print(f"{time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
