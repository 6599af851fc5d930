"""Speed of the likelihood: batched portal couplings through the response, and one point on the direct path.

    python benchmarks/likelihood_speed.py

Prints points per second, the ratio gradient / value on the direct path, and compile times; medians of several runs.
"""

import argparse
import platform
import statistics
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bsfit

FREE = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (0.0, 0.5), "lambda_L_mu": (0.0, 1.0), "log:m_Zp": (500.0, 5000.0)}
FIXED = {"g_X": 0.3, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0}


def seconds(function, *arguments, repeat: int = 7) -> float:
    """Median run time; the first call, which compiles, is not counted."""
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def batch(like, n: int) -> dict:
    generator = np.random.default_rng(1)
    columns = {}
    for key, (low, high) in like.free.items():
        log = key.startswith("log:")
        drawn = generator.uniform(np.log(low) if log else low, np.log(high) if log else high, n)
        columns[key.removeprefix("log:")] = jnp.asarray(np.exp(drawn) if log else drawn)
    return columns


def batched(n: int) -> None:
    like = bsfit.log_likelihood(model="portal", data="seed-2017", inputs="seed", free=FREE, fixed=FIXED)
    run = eqx.filter_jit(lambda like, points: jax.vmap(like)(points))
    points = batch(like, n)
    start = time.perf_counter()
    jax.block_until_ready(run(like, points))
    compiled = time.perf_counter() - start
    elapsed = seconds(run, like, points)
    print(f"portal couplings -> seed-2017 log-likelihood, batch of {n}: {n / elapsed:.3g} points/s")
    print(f"    first call, with compilation: {compiled:.1f} s")
    gradient = eqx.filter_jit(lambda like, points: jax.vmap(jax.grad(like))(points))
    elapsed = seconds(gradient, like, points)
    print(f"the same with its gradient: {n / elapsed:.3g} points/s")


def direct() -> None:
    like = bsfit.log_likelihood(model="portal", data="seed-2017", inputs="seed", free=FREE, fixed=FIXED, exact=True)
    point = {name: column[0] for name, column in batch(like, 1).items()}
    value = eqx.filter_jit(lambda like, p: like(p))
    gradient = eqx.filter_jit(lambda like, p: jax.grad(lambda q: like(q))(p))
    both = [(seconds(value, like, point, repeat=31), seconds(gradient, like, point, repeat=31)) for _ in range(3)]
    v, g = (statistics.median(column) for column in zip(*both, strict=True))
    print(f"one point on the direct path: value {1e3 * v:.2f} ms, gradient {1e3 * g:.2f} ms, ratio {g / v:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {jax.device_count()} {jax.devices()[0].platform} device(s), jax {jax.__version__}")
    batched(arguments.points)
    direct()
