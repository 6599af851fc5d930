"""Scans and chains on the accelerator and on the processor of one machine: the same programs, the same numbers.

    bash benchmarks/gpu.sh prepare     # here: wheels that a bare machine lacks, into build/gpu
    bash benchmarks/gpu.sh             # there: below eight minutes; a table after each part
    python benchmarks/gpu.py [--only devices scans chains] [--points 1000000]

Without an accelerator the processor alone is measured. Points a second are the best of three; float64 everywhere; the
largest difference between the devices is told in units of the value.
"""

import argparse
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import bsfit
from bsfit.results.tables import aligned

PORTAL = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": -0.025, "lambda_Q_b": 0.025, "lambda_L_mu": 0.5}
CHAINS, WARMUP, DRAWS = 64, 200, 200


def devices():
    """The processor, and whatever else there is."""
    found = {"cpu": jax.devices("cpu")[0]}
    if jax.default_backend() != "cpu":
        found[jax.devices()[0].device_kind] = jax.devices()[0]
    return found


def told(device):
    stats = device.memory_stats() or {}
    limit = stats.get("bytes_limit")
    return f"{limit / 2**30:.0f} GiB" if limit else "-"


def show_devices(_):
    rows = [[name, device.platform, told(device)] for name, device in devices().items()]
    print(f"jax {jax.__version__}, float64 {jax.config.jax_enable_x64}, {jax.device_count()} device(s)")
    print(aligned(["device", "platform", "memory"], rows), flush=True)


def likelihoods():
    """A likelihood, the box of its points, and what part of the points it gets."""
    coefficients = {"C9mu": (-2.0, 2.0), "C10mu": (-2.0, 2.0)}
    yield "lfu", bsfit.log_likelihood(data="lfu", free=coefficients), 1.0
    yield "latest, fixed errors", bsfit.log_likelihood(data="latest", free=coefficients), 0.1
    masses = {"m_Zp": (500.0, 5000.0), "g_X": (0.1, 0.8)}
    yield "portal -> relic", bsfit.log_likelihood("portal", "relic", masses, PORTAL), 0.02


def in_batches(like, batch, points):
    return jax.lax.map(like, points, batch_size=batch)


def scans(options):
    rows = []
    for name, like, share in likelihoods():
        size = max(int(options.points * share), 1000)
        random = np.random.default_rng(1)
        points = {key.removeprefix("log:"): random.uniform(*box, size) for key, box in like.free.items()}
        values, speeds = {}, {}
        for device_name, device in devices().items():
            function = jax.jit(partial(in_batches, like, min(size, 65536)))
            with jax.default_device(device):
                there = jax.device_put({key: jnp.asarray(x) for key, x in points.items()}, device)
                started = time.perf_counter()
                values[device_name] = np.asarray(function(there))
                compiled = time.perf_counter() - started
                times = []
                for _ in range(3):
                    started = time.perf_counter()
                    jax.block_until_ready(function(there))
                    times.append(time.perf_counter() - started)
            speeds[device_name] = size / min(times)
            first = values["cpu"]
            both = np.isfinite(first) & np.isfinite(values[device_name])
            apart = np.max(
                np.abs(values[device_name] - first)[both] / np.maximum(np.abs(first[both]), 1.0), initial=0.0
            )
            ratio = speeds[device_name] / speeds["cpu"]
            rows.append(
                [
                    name,
                    device_name,
                    str(size),
                    f"{speeds[device_name]:.3g}",
                    f"{ratio:.3g}",
                    f"{compiled:.1f}",
                    f"{apart:.1e}",
                ]
            )
        print(
            aligned(["likelihood", "device", "points", "points/s", "over cpu", "first call s", "apart"], rows),
            flush=True,
        )


def chains(_):
    like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3.0, 3.0), "C10mu": (-3.0, 3.0)})
    rows = []
    for name, device in devices().items():
        with jax.default_device(device):
            for which in ("cold", "warm"):
                started = time.perf_counter()
                found = bsfit.sample(like, seed=1, chains=CHAINS, warmup=WARMUP, draws=DRAWS, progress=False)
                seconds = time.perf_counter() - started
                ess = min(row["ess_bulk"] for row in found.summary.values())
                rows.append([name, which, f"{seconds:.1f}", f"{ess:.0f}", f"{ess / seconds:.3g}", found.verdict])
        header = ["device", "", "s", "effective draws", "a second", "verdict"]
        print(f"{CHAINS} chains of NUTS on lfu, {WARMUP} and {DRAWS} steps\n{aligned(header, rows)}", flush=True)


if __name__ == "__main__":
    parts = {"devices": show_devices, "scans": scans, "chains": chains}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--points", type=int, default=1_000_000)
    arguments = parser.parse_args()
    for part in arguments.only:
        parts[part](arguments)
