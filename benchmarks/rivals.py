"""bsfit beside flavio, EOS, jelli, emcee and iminuit: the same points and densities in one process, and one table.

    python benchmarks/rivals.py [--only polynomials ratio posterior-2 posterior-10 fit] [--repeat 5]

needs the extra `rivals`; what is not installed is left out, and said. Times are of warm programs, medians of several
runs with the spread of their middle half, in seconds of the clock and, for ratios too, of the processors, which a
shared machine disturbs less. What was asked for and is not reached is marked MISSED.

polynomials    44 observables in ten coefficients through `bsfit.export_popxf`, as jelli reads them, and ours:
               log-likelihood of batches of 64 to 10,000 points, Gaussian errors, no theory errors
ratio          R_K[1.1,6] at one point of C9, C10: flavio, EOS; ours from the amplitudes, and through the response
posterior-2    `latest` with the theory errors of the Standard Model in C9mu and C10mu: effective draws a second after
posterior-10   warm-up, the same density for emcee, vectorised and point by point; and in ten coefficients
fit            C9mu and C10mu on `lfu`: MIGRAD with our gradient, from the Standard Model
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

import bsfit
from bsfit.inference import target
from bsfit.inference.chains import Chains
from bsfit.inference.diagnostics import bulk_ess, tail_ess
from bsfit.inference.nuts import NutsSettings
from bsfit.inference.progress import Progress
from bsfit.inference.sample import LogDensity
from bsfit.inference.space import space_of

PACKAGES = {"jelli": "jelli", "flavio": "flavio", "eos": "eoshep", "emcee": "emcee", "iminuit": "iminuit"}
BINS = ("[0.1,0.98]", "[1.1,2.5]", "[2.5,4]", "[4,6]", "[15,19]")
QUANTITIES = ("dBR/dq2", "FL", "AFB", "S3", "S4", "S5", "P5p")
OBSERVABLES = [f"<{key}>(B0->K*mumu){edges}" for key in QUANTITIES for edges in BINS]
OBSERVABLES += [f"<dBR/dq2>(B+->Kmumu){edges}" for edges in BINS[1:]]
OBSERVABLES += ["R_K[1.1,6]", "R_K*[0.045,1.1]", "R_K*[1.1,6]", "BR(Bs->mumu)", "<dBR/dq2>(Bs->phimumu)[1.1,6]"]
TEN = ["C9_bsmumu", "C10_bsmumu", "C9p_bsmumu", "C10p_bsmumu", "C9_bsee", "C10_bsee", "C9p_bsee", "C10p_bsee"]
TEN += ["C7_bs", "C7p_bs"]
BATCHES = 64, 256, 1000, 4096, 10_000
WALKERS, CHAINS, WARMUP = 64, 4, 200
DRAWS = 2500
"""Of a chain."""


def box(name):
    return (-0.2, 0.2) if name.startswith("C7") else (-3.0, 3.0)


def installed(name):
    return importlib.util.find_spec(name) is not None


class Times(NamedTuple):
    """Seconds of the clock and of the processors, of every run, and of the first call, which compiles."""

    clock: list
    processor: list
    first: float

    def median(self):
        return statistics.median(self.clock), statistics.median(self.processor)

    def spread(self):
        low, high = np.quantile(self.clock, [0.25, 0.75])
        return (high - low) / statistics.median(self.clock)


def timed(function, repeat, calls=1):
    """Of `calls` calls in a row each run, divided by them."""
    start = time.perf_counter()
    jax.block_until_ready(function())
    first = time.perf_counter() - start
    clock, processor = [], []
    for _ in range(repeat):
        began = time.perf_counter(), time.process_time()
        for _ in range(calls):
            jax.block_until_ready(function())
        clock.append((time.perf_counter() - began[0]) / calls)
        processor.append((time.process_time() - began[1]) / calls)
    return Times(clock, processor, first - statistics.median(clock))


class Table:
    """Rows as they come: what, ours, theirs, how many times faster by the clock and the processors, what was asked."""

    def __init__(self):
        names = f"{'bsfit':>10s} {'rival':>10s} {'ratio':>7s} {'(CPU)':>7s} {'spread':>9s} {'compile s':>11s}"
        print(f"{'':58s} {names}  asked")

    def row(self, what, ours, theirs, asked=None):
        (a, b), (c, d) = ours.median(), theirs.median()
        missed = "" if asked is None else f">= {asked:g}" + ("" if c / a >= asked else "  MISSED")
        spread = f"{100 * ours.spread():.0f},{100 * theirs.spread():.0f} %"
        compiled = f"{ours.first:.1f},{theirs.first:.1f}"
        print(
            f"{what:58s} {a:10.3g} {c:10.3g} {c / a:7.3g} {d / b:7.3g} {spread:>9s} {compiled:>11s}  {missed}",
            flush=True,
        )

    def figure(self, what, value, asked=None):
        missed = "" if asked is None else f">= {asked:g}" + ("" if value >= asked else "  MISSED")
        print(f"{what:58s} {value:10.3g} {'':46s}  {missed}", flush=True)


def memory(part):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'peak memory of all so far, GB, after ' + part:58s} {peak:10.2f}", flush=True)


# ------------------------------------------------------------------------------------------------- polynomials


def polynomials(table, repeat):
    """Each batch of both, and the best of both."""
    if not installed("jelli"):
        return
    from jelli import GlobalLikelihood

    standard = bsfit.predict(OBSERVABLES)
    data = {name: (value, 0.05 if abs(value) > 1e-3 else 0.1 * abs(value)) for name, value in standard.items()}
    like = bsfit.log_likelihood(data=[data], free={name: box(name) for name in TEN}, nuisances=[])
    with tempfile.TemporaryDirectory() as folder:
        bsfit.export_popxf(OBSERVABLES, Path(folder) / "bsfit.json", free=TEN)
        content = json.loads((Path(folder) / "bsfit.json").read_text())
        normal = {"distribution_type": "NormalDistribution"}
        constraints = [
            {"observables": [name], **normal, "central_value": value, "standard_deviation": error}
            for name, (value, error) in zip(content["metadata"]["observable_names"], data.values(), strict=True)
        ]
        file = {"$schema": "https://json.schemastore.org/pdfxf-1.0.json"}
        file |= {f"measurement {i}": [constraint] for i, constraint in enumerate(constraints)}
        (Path(folder) / "data.json").write_text(json.dumps(file))
        start = time.perf_counter()
        GlobalLikelihood.load(folder)
        theirs = GlobalLikelihood(eft="WET", basis="flavio")
        print(f"jelli: loading {time.perf_counter() - start:.0f} s")
    compiled = theirs.get_compiled_likelihood([(name, "R") for name in TEN], "global")
    one = compiled.negative_log_likelihood_value(precompiled=False)
    their_batch = jax.jit(jax.vmap(lambda x: one(x, 4.8)))
    our_batch = jax.jit(jax.vmap(like))
    ours, rivals = [], []
    for size in BATCHES:
        points = np.random.default_rng(size).normal(size=(size, len(TEN))) * [
            0.02 if n[:2] == "C7" else 0.3 for n in TEN
        ]
        columns, rows = {name: jnp.asarray(x) for name, x in zip(TEN, points.T, strict=True)}, jnp.asarray(points)
        sums = our_batch(columns) + their_batch(rows)
        print(f"    log-likelihoods of {size} points differ by {float(jnp.ptp(sums)):.1e}, but for a constant")
        ours.append(timed(lambda columns=columns: our_batch(columns), repeat))
        rivals.append(timed(lambda rows=rows: their_batch(rows), repeat))
        table.row(f"44 observables, 10 coefficients, {size} points: jelli", ours[-1], rivals[-1])
    best = [
        min((t.median()[0] / n, i) for i, (t, n) in enumerate(zip(x, BATCHES, strict=True))) for x in (ours, rivals)
    ]
    each = [
        Times(*(np.array(y) / BATCHES[i] for y in x[i][:2]), x[i].first)
        for x, (_, i) in zip((ours, rivals), best, strict=True)
    ]
    table.row("    seconds a point of the best batch of each: jelli", *each, asked=10)


# ------------------------------------------------------------------------------------------------------- ratio


def ratio(table, repeat):
    """R_K at one point."""
    point = {"C9_bsmumu": -0.8, "C10_bsmumu": 0.2}
    direct = bsfit.prediction(["R_K[1.1,6]"], free=tuple(point))
    through = direct.through_response([dict.fromkeys(point, 0.0), *({n: float(n == m) for n in point} for m in point)])
    call = eqx.filter_jit(lambda prediction, params: prediction(params))
    params = {name: jnp.asarray(value) for name, value in point.items()}
    amplitudes, response = (timed(lambda p=p: call(p, params), repeat, calls=20) for p in (direct, through))
    print(f"R_K at {point}: bsfit {float(call(direct, params)[0]):.5f}")
    rivals = {}
    if installed("flavio"):
        import flavio
        from wilson import Wilson

        wilson = Wilson(point, scale=4.8, eft="WET", basis="flavio")
        theirs = lambda: flavio.np_prediction("<Rmue>(B+->Kll)", wilson, 1.1, 6.0)  # noqa: E731
        print(f"    flavio {theirs():.5f}")
        rivals["flavio"] = timed(theirs, repeat)
    if installed("eos"):
        import eos

        parameters = eos.Parameters.Defaults()
        for part, name in (("c9", "C9_bsmumu"), ("c10", "C10_bsmumu")):
            key = f"b->smumu::Re{{{part}}}"
            parameters[key].set(parameters[key].evaluate() + point[name])
        edges = eos.Kinematics(q2_e_min=1.1, q2_e_max=6.0, q2_mu_min=1.1, q2_mu_max=6.0)
        options = eos.Options(model="WET", q="u", tag="BFS2004")
        observable = eos.Observable.make("B->Kll::R_K", parameters, edges, options)
        print(f"    EOS {observable.evaluate():.5f}, inputs of its own")
        rivals["EOS"] = timed(observable.evaluate, repeat)
    for name, theirs in rivals.items():
        table.row(f"R_K[1.1,6] at one point, from the amplitudes: {name}", amplitudes, theirs)
        table.row(f"R_K[1.1,6] at one point, through the response: {name}", response, theirs)


# --------------------------------------------------------------------------------------------------- posterior


def posterior(table, repeat, names):
    """Effective draws a second, ours and emcee's, of one density."""
    like = bsfit.log_likelihood(data="latest", free={name: box(name) for name in names})
    density = LogDensity(target.of(like), space_of(target.of(like)))
    mode, covariance = laplace(density, like)
    (_, first, _), *runs = (
        sampled(density, mode, covariance, seed) for seed in range(repeat + 1)
    )  # the first compiles
    effective = [size for *_, size in runs]
    clock, processor = np.array([drawing / size for drawing, _, size in runs]).T
    whole = [spent / size for _, spent, size in runs]
    ours = Times(clock.tolist(), processor.tolist(), first - statistics.median(spent for _, spent, _ in runs))
    label = f"latest, {len(names)} coefficients"
    print(f"{label}: {statistics.median(effective):.0f} effective of {CHAINS * DRAWS} draws, of the worst coefficient")
    table.figure(f"{label}: effective draws a second", 1.0 / ours.median()[0], 1000 if len(names) == 2 else None)
    table.figure(f"    with {WARMUP} steps of warm-up counted, {CHAINS * DRAWS} draws", 1.0 / statistics.median(whole))
    if not installed("emcee"):
        return
    asked = {2: (2, 8), 10: (20, None)}[len(names)]
    for vectorised, figure in zip((True, False), asked, strict=True):
        theirs = emcee_times(density, mode, covariance, vectorised, repeat)
        table.row(
            f"{label}, s an effective draw: emcee {'vectorised' if vectorised else 'point by point'}",
            ours,
            theirs,
            figure,
        )


def laplace(density, like):
    """Mode in the box, and covariance there by differences of the gradient."""
    slope = jax.jit(jax.value_and_grad(lambda t: -density.in_box(t)))
    start = np.asarray(density.space.position({name: 0.0 for name in density.space.names}))

    def both(t):
        value, gradient = slope(jnp.asarray(t))
        return float(value), np.asarray(gradient)

    found = scipy.optimize.minimize(both, start, jac=True, method="L-BFGS-B", bounds=[(0.01, 0.99)] * len(start))
    steps = 1e-4 * np.eye(len(start))
    hessian = np.array([(both(found.x + s)[1] - both(found.x - s)[1]) / 2e-4 for s in steps])
    return found.x, np.linalg.inv(0.5 * (hessian + hessian.T))


def sampled(density, mode, covariance, seed):
    """Seconds of clock and processors for draws of four chains from the mode, seconds of all with warm-up and trials of
    jumps, and the effective draws of the worst parameter."""
    random = np.random.default_rng(seed)
    near = random.multivariate_normal(mode, 2.0 * covariance, size=CHAINS).clip(0.02, 0.98)
    starts = jax.vmap(density.point)(jnp.asarray(near))
    stretch = 1.0 / (mode * (1.0 - mode))
    inverse_mass = jnp.asarray(covariance * np.outer(stretch, stretch))
    spent = []

    def step(compute):
        began = time.perf_counter(), time.process_time()
        found = compute()
        spent.append(("trace" in found, time.perf_counter() - began[0], time.process_time() - began[1]))
        return found, True

    with Progress("", 1, False) as bar:
        chains = Chains(density, density, starts, inverse_mass, seed, NutsSettings(warmup=WARMUP), bar, step)
        trace, _ = chains.draws(DRAWS)
    last = max(i for i, (is_trace, *_) in enumerate(spent) if not is_trace)
    drawing = np.sum([both for _, *both in spent[last + 1 :]], axis=0)
    return (
        drawing,
        sum(clock for _, clock, _ in spent),
        min(min(bulk_ess(x), tail_ess(x)) for x in np.moveaxis(trace["z"], -1, 0)),
    )


def emcee_times(density, mode, covariance, vectorised, repeat):
    """Seconds an effective draw, by its own autocorrelation time, from starts that need no burn-in."""
    import emcee

    many, one = jax.jit(jax.vmap(density.in_box)), jax.jit(lambda t: density.in_box(t))
    function = (lambda t: np.asarray(many(jnp.asarray(t)))) if vectorised else (lambda t: float(one(jnp.asarray(t))))
    began = time.perf_counter()
    function(np.tile(mode, (WALKERS // 2, 1)) if vectorised else mode)
    first = time.perf_counter() - began
    clock, processor = [], []
    for seed in range(repeat):
        np.random.seed(seed)
        start = np.random.default_rng(seed).multivariate_normal(mode, covariance, size=WALKERS).clip(0.02, 0.98)
        sampler = emcee.EnsembleSampler(WALKERS, len(mode), function, vectorize=vectorised)
        began = time.perf_counter(), time.process_time()
        # Its autocorrelation time is too short by half in ten coefficients where there are not some forty of them.
        steps = 1000 * len(mode) if vectorised else 20
        sampler.run_mcmc(start, steps)
        spent = time.perf_counter() - began[0], time.process_time() - began[1]
        if vectorised:
            emcee_times.lag = float(np.max(sampler.get_autocorr_time(tol=0)))
        size = WALKERS * steps / emcee_times.lag
        clock.append(spent[0] / size)
        processor.append(spent[1] / size)
    return Times(clock, processor, first)


# --------------------------------------------------------------------------------------------------------- fit


def fit(table, repeat):
    """MIGRAD from the Standard Model with our gradient, and bsfit.fit with its 32 starts."""
    if not installed("iminuit"):
        return
    from iminuit import Minuit

    like = bsfit.log_likelihood(data="lfu", free={"C9_bsmumu": (-3, 3), "C10_bsmumu": (-3, 3)})
    value = jax.jit(lambda x: -2.0 * like({"C9_bsmumu": x[0], "C10_bsmumu": x[1]}))
    slope = jax.jit(jax.grad(value))

    def migrad():
        minuit = Minuit(lambda x: float(value(x)), np.zeros(2), grad=lambda x: np.asarray(slope(x)))
        minuit.limits = [(-3, 3)] * 2
        minuit.migrad()
        minuit.minos()
        return minuit

    found, theirs = bsfit.fit(like), migrad()
    apart = [abs(found.values[n] - x) / found.errors[n][0] for n, x in zip(like.free, theirs.values, strict=True)]
    print(f"fit of C9mu, C10mu to lfu: {max(apart):.1e} sigma apart")
    table.row(
        "32 starts, Hessian, profiled errors; MIGRAD and MINOS once",
        timed(lambda: bsfit.fit(like), repeat),
        timed(migrad, repeat),
    )


PARTS = {
    "polynomials": polynomials,
    "ratio": ratio,
    "posterior-2": lambda table, repeat: posterior(table, repeat, ["C9mu", "C10mu"]),
    "posterior-10": lambda table, repeat: posterior(table, repeat, TEN),
    "fit": fit,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    model = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), ""
    )
    versions = {package: importlib.metadata.version(package) for name, package in PACKAGES.items() if installed(name)}
    absent = [package for name, package in PACKAGES.items() if not installed(name)]
    print(f"{platform.machine()} {model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"Python {platform.python_version()}, bsfit {bsfit.__version__}, jax {jax.__version__}, numpy {np.__version__}"
    )
    print(f"{', '.join(f'{package} {version}' for package, version in versions.items())}; absent: {absent or 'none'}")
    table = Table()
    for name in arguments.only:
        PARTS[name](table, arguments.repeat)
        memory(name)


if __name__ == "__main__":
    main()
