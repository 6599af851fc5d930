"""Speed of the relic density: batches of all models, of two with gradients, and a cold map of Fig. 3 of 1803.04703.

    python benchmarks/relic_speed.py [--models NAME ...]

Prints points per second in wall and in processor time, the ratio gradient / value, compile times; best of several runs.
On a shared machine the processor time is the one to read: batches run in a single thread.
"""

import argparse
import platform
import time

import jax
import jax.numpy as jnp
import numpy as np

from bsfit import catalogue
from bsfit.dark_matter.relic_density import relic_density
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop, portal
from bsfit.predictions.bound_model import module_of

INPUTS = load_inputs("default")
BLOCK = 8
FIG3 = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": -0.025, "lambda_Q_b": 0.025, "lambda_L_mu": 0.5}
FIG5 = {"m_Q": 1100.0, "m_L": 1000.0, "lambda_Q_s": -(0.15**0.5), "lambda_Q_b": 0.15**0.5}


def portal_omega(x):
    return relic_density(portal.theory({**FIG3, "g_X": x[0], "m_Zp": x[1]}, INPUTS).dark).omega_h2


def loop_omega(x):
    return relic_density(loop.theory({**FIG5, "lambda_L_mu": x[0], "m_X": x[1]}, INPUTS).dark).omega_h2


BOXES = {"portal": (portal_omega, (0.1, 500.0), (0.8, 5000.0)), "loop": (loop_omega, (0.5, 50.0), (3.5, 900.0))}


def of_catalogue(name):
    """Omega h^2 in the coupling that the density can fix and a mass, half and one and a half times their defaults.

    In two masses where no coupling fixes it.
    """
    row = catalogue.MODELS[name]
    at = {p.name: p.default for p in row.parameters} | dict(row.benchmark)
    mass, *others = dict.fromkeys(p for p in ("m_Zp", "m_X", *at) if p in at and p.startswith("m_"))
    axes = (row.relic[0] if row.relic else others[0], mass)

    def omega(x):
        return relic_density(module_of(row).theory({**at, **dict(zip(axes, x, strict=True))}, INPUTS).dark).omega_h2

    return omega, *(tuple(share * at[axis] for axis in axes) for share in (0.5, 1.5))


def timed(function, points, repeat=3):
    """Compile time, best wall and processor time of a run."""
    start = time.perf_counter()
    compiled = jax.jit(lambda x: jax.lax.map(function, x, batch_size=BLOCK)).lower(points).compile()
    compile_time = time.perf_counter() - start
    jax.block_until_ready(compiled(points))
    runs = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        jax.block_until_ready(compiled(points))
        runs.append((time.perf_counter() - wall, time.process_time() - cpu))
    return compile_time, *np.min(runs, axis=0)


def batches(models, n):
    for name in models:
        function, low, high = BOXES.get(name) or of_catalogue(name)
        points = jnp.asarray(np.random.default_rng(1).uniform(low, high, (n, 2)))
        runs = {"value": timed(function, points)}
        if name in BOXES:
            runs["gradient"] = timed(jax.grad(function), points)
        for label, (compile_time, wall, cpu) in runs.items():
            rates = f"{n / wall:.0f} points/s wall, {n / cpu:.0f} per processor second"
            print(f"{name} {label}: {rates}, compiled in {compile_time:.1f} s", flush=True)
        if name in BOXES:
            print(f"{name} gradient / value: {runs['gradient'][2] / runs['value'][2]:.2f}")


def fig_3(side):
    """From a fresh process: compile and run."""
    start = time.perf_counter()
    function, low, high = BOXES["portal"]
    grid = np.stack(np.meshgrid(*(np.linspace(a, b, side) for a, b in zip(low, high, strict=True))), -1).reshape(-1, 2)
    found = jax.jit(lambda x: jax.lax.map(function, x, batch_size=BLOCK))(jnp.asarray(grid))
    jax.block_until_ready(found)
    elapsed, finite = time.perf_counter() - start, np.isfinite(found).all()
    print(f"Fig. 3, {side} x {side}, with compilation: {elapsed:.1f} s; finite: {finite}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2048)
    parser.add_argument("--models", nargs="+", default=[name for name, row in catalogue.MODELS.items() if row.relic])
    parser.add_argument("--side", type=int, default=200)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {jax.device_count()} {jax.devices()[0].platform} device(s), jax {jax.__version__}")
    fig_3(arguments.side)
    batches(arguments.models, arguments.points)
