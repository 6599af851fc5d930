"""Speed of the global fit of `latest`, all in one run: ``python benchmarks/global_fit_speed.py [--only WHAT]``.

A fit with all nuisances floating, cold and warm, its likelihood and gradient, how they agree with the amplitudes, and
the posterior by NUTS; the likelihood on the direct path with nuisances varied, and its gradient; 50 observables of
B0 -> K*0 mu mu, vmapped; propagated errors through the response; the likelihood with theory errors at the Standard
Model, as scans and posteriors use it.
"""

import argparse
import statistics
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bsfit
from bsfit.loading.inputs import input_set
from bsfit.predictions.prediction import wired

STARTED = time.perf_counter()
BINS = ((0.1, 0.98), (1.1, 2.5), (2.5, 4.0), (4.0, 6.0), (15.0, 19.0))
QUANTITIES = ("dBR/dq2", "FL", "AFB", "S3", "S4", "S5", "S7", "S8", "S9", "P5p")


def median(function, *arguments, repeats=15):
    """Seconds of a call after one that compiles."""
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fit():
    """All nuisances float; the clock of the cold fit starts after the imports."""
    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-3, 3)}, theory="sampled")
    built = time.perf_counter() - STARTED
    result = bsfit.fit(like)
    cold = time.perf_counter() - STARTED
    start = time.perf_counter()
    bsfit.fit(like)
    warm = time.perf_counter() - start
    print(result)
    print(f"{len(like.free) - 1} nuisances: built after {built:.1f} s, cold {cold:.1f} s, warm {warm:.1f} s")
    point = {name: jnp.asarray(value) for name, value in result.values.items()}
    value, gradient = median(jax.jit(like), point), median(jax.jit(jax.value_and_grad(like)), point)
    print(f"moments from tensors: value {1e3 * value:.1f} ms, with gradient {1e3 * gradient:.1f} ms")


def agreement():
    """Moments from tensors against the amplitudes: 200 draws of the Gaussian at the best fit, and both best fits."""
    free = {"C9mu": (-3, 3), "C10mu": (-3, 3)}
    ours, theirs = (bsfit.log_likelihood("eft", "latest", free=free, theory="sampled", exact=x) for x in (False, True))
    fits = [bsfit.fit(like) for like in (ours, theirs)]
    centre = np.array([fits[0].values[name] for name in ours.free])
    known = np.isfinite(np.diag(fits[0].covariance))  # what is at a bound or undetermined stays where it is
    error = np.sqrt(np.where(known, np.diag(fits[0].covariance), 0.0))
    correlation = np.nan_to_num(fits[0].covariance) / np.outer(*2 * [np.where(known, error, 1.0)])
    strength, vectors = np.linalg.eigh(0.5 * (correlation + correlation.T))
    unit = np.random.default_rng(1).normal(size=(200, len(centre)))
    draws = centre + error * ((unit * np.sqrt(np.maximum(strength, 0.0))) @ vectors.T)
    columns = dict(zip(ours.free, jnp.asarray(draws.T), strict=True))
    one, other = (np.asarray(jax.jit(lambda x, f=like: jax.lax.map(f, x))(columns)) for like in (ours, theirs))
    fine = np.isfinite(one) & np.isfinite(other)
    apart = (other - one)[fine]
    print(f"{np.sum(~known)} parameters without an error, {np.sum(~fine)} draws without a likelihood")
    print(f"log L of 200 draws: rms {np.sqrt(np.mean(apart**2)):.3f}, largest {np.abs(apart).max():.3f}")
    shifts = {n: abs(fits[0].values[n] - fits[1].values[n]) / fits[1].hessian_errors[n] for n in ours.free}
    worst = sorted(shifts, key=lambda n: -shifts[n])[:3]
    print("best fits:", ", ".join(f"{n} {shifts[n]:.2f} sigma" for n in (*free, *worst)))


def posterior():
    """NUTS with all nuisances floating, once more with all compiled, and its intervals against those of the fit."""
    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-3, 3), "C10mu": (-3, 3)}, theory="sampled")
    best = bsfit.fit(like)
    bsfit.sample(like, draws=50, seed=2, progress=False)
    start = time.process_time()
    found = bsfit.sample(like, draws=1000, progress=False)
    used = time.process_time() - start
    print(found.verdict_line())
    steps = np.mean(found.sample_stats["num_steps"])
    for name in ("C9mu", "C10mu"):
        seen, (below, above) = found.summary[name], best.errors[name]
        fitted = best.values[name] - below, best.values[name] + above
        ends = zip(("q16", "q84"), fitted, strict=True)
        apart = [abs(seen[q] - end) / best.hessian_errors[name] for q, end in ends]
        print(
            f"{name}: {seen['ess_bulk']:.0f} effective draws, {seen['ess_bulk'] / used:.1f} a second of the processors;"
            f" mean {seen['mean']:.3f}, fit {best.values[name]:.3f}, ends of the intervals {max(apart):.2f} sigma apart"
        )
    least = min(each["ess_bulk"] for each in found.summary.values())
    print(f"search, warm-up and draws {used:.0f} s, {steps:.1f} leapfrogs a draw, least effective draws {least:.0f}")


def direct():
    """Whole likelihood from the amplitudes, nuisances varied."""
    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-3, 3)}, theory="sampled", exact=True)
    point = {"C9mu": jnp.asarray(-0.5), **{n: jnp.asarray(x) for n, x in like.about.means.items()}}
    value, gradient = median(jax.jit(like), point), median(jax.jit(jax.value_and_grad(like)), point)
    print(f"direct path: value {1e3 * value:.1f} ms, with gradient {1e3 * gradient:.1f} ms: {gradient / value:.2f}")


def vmapped():
    """50 observables of B0 -> K*0 mu mu at 256 points of C9mu and three nuisances, amplitudes and all."""
    names = [f"<{key}>(B0->K*mumu)[{a:g},{b:g}]" for key in QUANTITIES for a, b in BINS]
    prediction = wired(names, free=("C9mu",))
    prior = {p.names[0]: float(np.sqrt(p.covariance[0, 0])) for p in input_set("default").priors if len(p.names) == 1}
    varied = ("m_b", "m_c", "V_cb")

    def at(point, inputs):
        return prediction({"C9mu": point["C9mu"]}, inputs.replace({name: point[name] for name in varied}))

    generator = np.random.default_rng(1)
    points = {"C9mu": jnp.asarray(generator.normal(size=256))}
    for name in varied:
        points[name] = prediction.inputs[name] + prior[name] * jnp.asarray(generator.normal(size=256))
    per_point = (
        median(eqx.filter_jit(eqx.filter_vmap(at, in_axes=(0, None))), points, prediction.inputs, repeats=5) / 256
    )
    print(f"50 observables of B0 -> K* mu mu: {1e3 * per_point:.2f} ms a point")


def propagated():
    """Shifts of all predictions per unit nuisance, a factor of their covariance; likelihood and gradient."""
    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-3, 3)}, theory="propagated")

    def shifts(params):
        prediction = like.prediction
        return like.errors(prediction, prediction.model(params, prediction.inputs)).shifts

    point = {"C9mu": jnp.asarray(-1.0)}
    functions = (shifts, like, jax.value_and_grad(like))
    times = [1e3 * median(jax.jit(function), point) for function in functions]
    print("propagated: factor {:.1f} ms, likelihood {:.1f} ms, with gradient {:.1f} ms".format(*times))


def fixed():
    """Whole likelihood with 355 correlated errors of the Standard Model, one point and 64 at once."""
    like = bsfit.log_likelihood("eft", "latest", free={"C9mu": (-3, 3), "C10mu": (-3, 3)})
    points = {name: jnp.linspace(-1.0, 1.0, 64) for name in like.free}
    one = {name: x[0] for name, x in points.items()}
    value = eqx.filter_jit(lambda like, point: like(point))
    gradient = eqx.filter_jit(lambda like, point: jax.value_and_grad(like)(point))
    many = eqx.filter_jit(lambda like, points: jax.vmap(like)(points))
    times = (median(value, like, one), median(gradient, like, one), median(many, like, points) / 64)
    print("fixed: value {:.2f} ms, with gradient {:.2f} ms, of 64 {:.2f} ms each".format(*(1e3 * t for t in times)))


if __name__ == "__main__":
    parts = {part.__name__: part for part in (fit, agreement, posterior, direct, vmapped, propagated, fixed)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=parts)
    only = parser.parse_args().only
    for name, part in parts.items():
        if only in (None, name):
            part()
