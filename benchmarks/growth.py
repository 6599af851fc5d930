"""How time and memory grow with points, observables, parameters and processes: exponents and a figure.

    python benchmarks/growth.py [--quick] [-o docs]

Each measurement is a process of its own, for its memory. Points: histograms of the portal on `seed-2017`. Observables:
values in one call of 2048 points, theory errors fixed, of sets with 10 to 400 measured values. Parameters: values and
gradients of `latest` in 1 to 20 coefficients. Processes: shards of one scan of `latest` side by side. Exponents are
slopes in the logarithms of time and size over the larger half of the sizes; the figure and its numbers go to the folder
that is named.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SETS = ("seed-2017", "lfu", "b-to-mumu,lfu", "latest-below-6", "latest")
KINDS_OF_C = ("C9", "C10", "C9p", "C10p", "CS", "CP", "CSp", "CPp")
COEFFICIENTS = (
    *(f"{kind}_{flavour}" for flavour in ("bsmumu", "bsee") for kind in KINDS_OF_C),
    *("C7_bs", "C7p_bs", "C8_bs", "C8p_bs"),
)
BATCH = 2048


def points(n):
    """Seconds of a scan of n points after a smaller one that compiles."""
    from run_store import portal

    import bsfit

    like = portal()
    what = {"design": "random", "keep": "histogram", "progress": False}
    bsfit.scan(like, n=10_000, **what)
    start = time.perf_counter()
    bsfit.scan(like, n=n, **what)
    return {"size": n, "seconds": time.perf_counter() - start}


def of_likelihood(data, names, with_gradient):
    """Seconds of a batch of values, and of one of gradients."""
    import jax
    import jax.numpy as jnp
    from global_fit_speed import median

    import bsfit

    like = bsfit.log_likelihood("eft", data.split(","), free={name: (-0.3, 0.3) for name in names})
    rows = np.random.default_rng(1).uniform(-0.1, 0.1, (BATCH, len(names)))
    batch = {name: jnp.asarray(column) for name, column in zip(names, rows.T, strict=True)}
    found = {"n_data": like.n_data, "seconds": median(jax.jit(jax.vmap(like)), batch)}
    if with_gradient:
        found["gradient"] = median(jax.jit(jax.vmap(jax.grad(like))), batch)
    return found


def observables(i):
    """One of the sets."""
    found = of_likelihood(SETS[int(i)], COEFFICIENTS[:2], with_gradient=False)
    return {"size": found["n_data"], "seconds": found["seconds"]}


def parameters(d):
    """So many coefficients."""
    found = of_likelihood("latest", COEFFICIENTS[:d], with_gradient=True)
    return {"size": d, "seconds": found["seconds"], "gradient": found["gradient"]}


def shard(folder, i, n):
    """A shard of a scan of `latest`; what is compiled is not counted."""
    import bsfit

    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-2, 1), "C10mu": (-1, 1)})
    what = {"design": "sobol", "n": 2**17, "keep": "best", "progress": False}
    bsfit.scan(like, **what | {"n": 2**13})
    start = time.perf_counter()
    bsfit.scan(like, **what, store=Path(folder) / f"{n}", shard=(int(i), n))
    return {"size": n, "seconds": time.perf_counter() - start}


def workers(n):
    """The slowest of n shards that run side by side, on one core each."""
    with tempfile.TemporaryDirectory() as folder:
        started = [_start("shard", folder, str(i + 1), str(n)) for i in range(n)]
        each = [_finished(process) for process in started]
    return {"size": n, "seconds": max(one["seconds"] for one in each), "MiB": sum(one["MiB"] for one in each)}


KINDS = {"points": points, "observables": observables, "parameters": parameters, "workers": workers}


def _start(*words):
    return subprocess.Popen([sys.executable, __file__, "--one", *words], stdout=subprocess.PIPE, text=True)


def _finished(process):
    printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a measurement failed: {process.args}")
    return json.loads(printed.splitlines()[-1])


def one(kind, *words):
    """A measurement in this process, printed with its memory."""
    found = shard(words[0], words[1], int(words[2])) if kind == "shard" else KINDS[kind](int(words[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"MiB": peak, **found}))


def exponent(size, value):
    """Slope of the logarithms over the larger half of the sizes."""
    half = len(size) // 2 - (len(size) % 2 == 0)
    return float(np.polyfit(np.log(size[half:]), np.log(value[half:]), 1)[0])


def drawn(found, folder):
    """The figure of all kinds, and its numbers beside it."""
    from matplotlib.ticker import NullFormatter

    from bsfit.plot.canvas import canvas, save, save_table

    lines = {
        "seconds": ("C0o-", "time [s]", 1.0),
        "gradient": ("C2^:", "gradient [s]", 1.0),
        "MiB": ("C1s--", "memory [GiB]", 1024.0),
    }
    with canvas(7.2, 2.4, columns=len(found)) as (figure, axes):
        for ax, (kind, rows) in zip(axes[0], found.items(), strict=True):
            size = [row["size"] for row in rows]
            for what, (style, label, unit) in lines.items():
                if what in rows[0]:
                    ax.loglog(size, [row[what] / unit for row in rows], style, ms=3, label=label)
            ax.set_xlabel(kind)
            ax.set_ylim(1e-4, 1e2)
            ax.xaxis.set_minor_formatter(NullFormatter())
            if kind == "workers":
                ax.set_xticks(size, [f"{n:g}" for n in size])
            if ax is not axes[0, 0]:
                ax.set_yticklabels([])
        known = {label: line for ax in axes[0] for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        figure.tight_layout(rect=(0.0, 0.0, 1.0, 0.9), w_pad=0.5)
        figure.legend(known.values(), known.keys(), loc="upper center", ncols=len(known))
        save(figure, Path(folder) / "growth.png", dpi=200)
    every = [(kind, row) for kind, of in found.items() for row in of]
    columns = {"kind": np.array([kind for kind, _ in every])}
    for what in ("size", *lines):
        columns[what] = np.array([row.get(what, float("nan")) for _, row in every])
    save_table(Path(folder) / "growth.png", columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few and small sizes")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", help="folder of the figure (default none)")
    options = parser.parse_args()
    if options.one:
        return one(*options.one)
    sizes = {
        "points": (10**5, 10**6, 10**7, 3 * 10**7),
        "observables": range(len(SETS)),
        "parameters": (1, 2, 5, 10, 20),
        "workers": (1, 2),
    }
    if options.quick:
        sizes = {"points": (10**5, 10**6), "observables": (0, 1), "parameters": (1, 2), "workers": (1, 2)}
    found = {}
    for kind, of in sizes.items():
        found[kind] = [_finished(_start(kind, str(size))) for size in of]
        size = np.array([row["size"] for row in found[kind]], dtype=float)
        for what in ("seconds", "gradient", "MiB"):
            if what in found[kind][0]:
                values = np.array([row[what] for row in found[kind]])
                listed = ", ".join(f"{a:g}: {b:.3g}" for a, b in zip(size, values, strict=True))
                print(f"{kind}: {what} {listed}; exponent {exponent(size, values):.2f}", flush=True)
    if options.output:
        drawn(found, options.output)
    return None


if __name__ == "__main__":
    main()
