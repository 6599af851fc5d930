"""Speed of small likelihoods and their gradients against C written by hand, and of scans: all ratios in one run.

    python benchmarks/likelihood_speed.py [--points 204800] [--only portal lfu loop joint direct scan]

The C kernels (`kernels.c`: gcc -O3 -march=native -ffast-math -fopenmp) must agree with bsfit to 1e-10 before they are
timed. Wall and processor time in ns a point, medians and quartiles of rounds in which all are timed in turn; kernels
that XLA makes over the batch, bytes a point that stay between them, and compile time. On a shared machine the processor
time is the one to read. Blocks are of `BLOCK` points, which fit the cache of a core.
"""

import argparse
import os
import platform
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait must not count

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from kernels import Kernel

import bsfit

BLOCK, ROUNDS = 2048, 11
PORTAL = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (0.0, 0.5), "lambda_L_mu": (0.0, 1.0), "log:m_Zp": (500.0, 5000.0)}
PORTAL |= {"g_X": (0.1, 1.0), "m_Q": (500.0, 3000.0), "m_L": (500.0, 3000.0)}
LOOP = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (0.0, 0.5), "lambda_L_mu": (0.0, 3.0), "m_X": (100.0, 900.0)}
LOOP |= {"m_Q": (1000.0, 3000.0), "m_L": (1000.0, 3000.0)}


def portal(**more):
    return bsfit.log_likelihood(
        model="portal", data="seed-2017", inputs="seed", free=PORTAL, fixed={"m_chi": 1000.0}, **more
    )


def lfu():
    return bsfit.log_likelihood(model="eft", data="lfu", free={"C9mu": (-2.0, 2.0), "C10mu": (-2.0, 2.0)})


def loop():
    return bsfit.log_likelihood(model="loop", data="seed-2017", inputs="seed", free=LOOP)


def joint():
    data = ["seed-2017", "relic"]
    return bsfit.log_likelihood(model="portal", data=data, inputs="seed", free=PORTAL, fixed={"m_chi": 1000.0})


def batch(like, n):
    """Points in the box of the free parameters, by name."""
    generator, columns = np.random.default_rng(1), {}
    for key, (low, high) in like.free.items():
        log = key.startswith("log:")
        drawn = generator.uniform(np.log(low) if log else low, np.log(high) if log else high, n)
        columns[key.removeprefix("log:")] = jnp.asarray(np.exp(drawn) if log else drawn)
    return columns


def compiled(name, like, points, gradient, block=None):
    """A call at all points at once, or block after block; says what it was compiled to."""
    numbers, rest = eqx.partition(like, eqx.is_array)

    def run(numbers, points):
        like = eqx.combine(numbers, rest)
        function = jax.value_and_grad(lambda p: like(p)) if gradient else lambda p: like(p)
        return jax.lax.map(function, points, batch_size=block) if block else jax.vmap(function)(points)

    started = time.process_time()
    program = jax.jit(run).lower(numbers, points).compile()
    spent, size = time.process_time() - started, block or len(next(iter(points.values())))
    passes = sum(" fusion(" in line and f"[{size}" in line for line in program.as_text().splitlines())
    kept = program.memory_analysis().temp_size_in_bytes / size
    print(
        f"    {name}: {passes} passes over the batch, {kept:.0f} bytes a point between them, {spent:.1f} s to compile"
    )
    return lambda: jax.block_until_ready(program(numbers, points))


def timed(calls, n):
    """Wall and processor time of each call in ns a point [rounds], all in turn."""
    for call in calls.values():
        call()
    found = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            found[name].append(1e9 * np.array([time.perf_counter() - wall, time.process_time() - cpu]) / n)
    return {name: np.array(each).T for name, each in found.items()}


def table(found, rivals):
    """Medians and quartiles, and the speed relative to a rival, by processor time."""
    for name, (wall, cpu) in found.items():
        low, middle, high = np.quantile(cpu, (0.25, 0.5, 0.75))
        speed = f", speed {np.median(found[rivals[name]][1] / cpu):.2f} of {rivals[name]}" if name in rivals else ""
        print(f"    {name}: {np.median(wall):.1f} ns wall, {middle:.1f} ({low:.1f} to {high:.1f}) ns CPU{speed}")


def against_c(title, like, n, portal):
    print(title)
    points, kernel = batch(like, n), Kernel(like, portal)
    columns = kernel.columns(points)
    calls = {
        "C": lambda: kernel.value(columns),
        "C with gradient": lambda: kernel.value_and_gradient(columns),
        "value": compiled("value", like, points, False),
        "with gradient": compiled("with gradient", like, points, True),
        "with gradient, in blocks": compiled("with gradient, in blocks", like, points, True, BLOCK),
    }
    value, gradient = calls["with gradient"]()
    ours, (theirs, slopes) = np.asarray(calls["value"]()), calls["C with gradient"]()
    np.testing.assert_allclose(calls["C"](), ours, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(theirs, value, rtol=1e-10, atol=1e-10)
    for name, slope in zip(kernel.names, slopes, strict=True):
        np.testing.assert_allclose(slope, gradient[name], rtol=1e-10, atol=1e-10 * np.max(np.abs(slope)))
    gradients = {name: "C with gradient" for name in calls if "gradient" in name and name != "C with gradient"}
    table(timed(calls, n), {"value": "C", **gradients})


def alone(title, like, n, block):
    print(title)
    points = batch(like, n)
    calls = {name: compiled(name, like, points, name != "value", block) for name in ("value", "with gradient")}
    table(timed(calls, n), {"with gradient": "value"})


def direct():
    """One point from the amplitudes."""
    print("portal -> seed-2017 from the amplitudes, one point; ns are of one point")
    like = portal(exact=True)
    alone_at = {name: column[:1] for name, column in batch(like, 1).items()}
    calls = {name: compiled(name, like, alone_at, name != "value") for name in ("value", "with gradient")}
    table(timed(calls, 1), {"with gradient": "value"})


def scan(side):
    """A scan in memory against the same likelihood under jit(vmap), whose points are already there."""
    n = side * side
    print(f"scan of portal -> seed-2017, {side} x {side} points, against jit(vmap) of the same")
    free = {"lambda_Q_s": PORTAL["lambda_Q_s"], "log:m_Zp": PORTAL["log:m_Zp"]}
    fixed = {"lambda_Q_b": 0.3, "lambda_L_mu": 0.5, "g_X": 0.3, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0}
    like = bsfit.log_likelihood(model="portal", data="seed-2017", inputs="seed", free=free, fixed=fixed)
    grid = {name: (*bounds, side) for name, bounds in free.items()}
    found = bsfit.scan(like, grid, progress=False)
    mesh = np.meshgrid(*found.axes, indexing="ij")
    points = {name: jnp.asarray(axis.ravel()) for name, axis in zip(found.names, mesh, strict=True)}
    calls = {
        "jit(vmap)": compiled("jit(vmap)", like, points, False),
        "scan": lambda: bsfit.scan(like, grid, progress=False),
    }
    table(timed(calls, n), {"scan": "jit(vmap)"})


if __name__ == "__main__":
    what = {
        "portal": lambda n: against_c("portal -> seed-2017, seven couplings", portal(), n, True),
        "lfu": lambda n: against_c("lfu in C9mu, C10mu", lfu(), n, False),
        "loop": lambda n: alone("loop -> seed-2017, six couplings", loop(), n, BLOCK),
        "joint": lambda n: alone("portal -> seed-2017 and relic density, seven couplings", joint(), 1024, 32),
        "direct": lambda n: direct(),
        "scan": lambda n: scan(3163),
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100 * BLOCK)
    parser.add_argument("--only", nargs="+", choices=list(what), default=list(what))
    given = parser.parse_args()
    print(f"{platform.machine()}, {jax.device_count()} {jax.devices()[0].platform} device(s), jax {jax.__version__}")
    for name in given.only:
        what[name](given.points)
