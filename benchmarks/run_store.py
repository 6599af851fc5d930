"""A run survives: killed at any instant, resumed, it ends with the bytes of an unbroken one; damage is always seen.

python benchmarks/run_store.py kills [50]      kill -9 at instants over start, compile, chunk, write, rename, merge
python benchmarks/run_store.py sampling [50]   the same of a posterior: search, warm-up, jumps, draws
python benchmarks/run_store.py flips [1000]    one flipped or missing byte in any file of a run
python benchmarks/run_store.py sampling_flips [1000]    the same of a posterior
python benchmarks/run_store.py big [10000000]  histograms of so many points of the portal on seed-2017: memory and rate
python benchmarks/run_store.py overhead        what the store costs: portal on seed-2017
python benchmarks/run_store.py latest [1000000 [3]]    the same of `latest` at fixed theory errors, so many pairs
python benchmarks/run_store.py devices         1, 2, 4 forced host devices

Each figure's row in docs/validation.md names its command.
"""

import contextlib
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GRID = {"a": (-1.0, 1.0, 40), "log:m": (1.0, 100.0, 30)}
SIDE = 64
"""So small that the grid makes 19 chunks."""

WRITING = ("mkstemp", "fsync", "replace", "replaced")
EVENTS = {"scan": (*WRITING, "compute", "merge"), "sample": (*WRITING, "step", "search")}
"""Instants at which a process can kill itself: before and after each step of writing, in a chunk, in the merge; where a
block of draws ends, in the search for modes."""

COUNTS = {"compute": 20, "merge": 20, "step": 10, "search": 2}
"""How often these happen in a run, about; writing 23 times in a scan, 20 in a sample."""


class Like:
    """Two groups in two parameters."""

    free = {"a": (-3, 3), "log:m": (1, 100)}  # noqa: RUF012

    def by_group(self, p):
        import jax.numpy as jnp

        return {
            "first": -0.5 * ((p["a"] - 0.3) / 0.2) ** 2 - 0.5 * (jnp.log(p["m"]) - 2 - p["a"]) ** 2,
            "second": -0.5 * ((p["a"] - 0.1) / 0.3) ** 2,
        }

    def __call__(self, p):
        return sum(self.by_group(p).values())


def scan(folder, **options):
    """The scan that is killed, in its folder; the result is saved beside it."""
    import bsfit
    from bsfit.runs.folder import sweep

    sweep(folder)
    found = bsfit.scan(Like(), GRID, chunk=SIDE, progress=False, store=folder / "chunks", **options)
    found.save(folder / "scan.npz")
    return found


def sample(folder, **options):
    """The posterior that is killed."""
    import bsfit
    from bsfit.runs.folder import sweep

    sweep(folder)
    asked = {"warmup": 200, "draws": 300, "chains": 2, "starts": 8, "progress": False}
    found = bsfit.sample(Like(), **asked, store=folder / "chunks", **options)
    found.save(folder / "sample.npz")
    return found


VERBS = {"scan": scan, "sample": sample}


def contents(folder):
    """Bytes of every file."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def arrays(folder):
    """Arrays of the result."""
    from bsfit.results import Posterior, Scan

    if (folder / "sample.npz").exists():
        draws = Posterior.load(folder / "sample.npz")
        return {**draws.samples, **draws.sample_stats, "log_likelihood": draws.log_likelihood}
    found = Scan.load(folder / "scan.npz")
    return {"total": found.log_likelihood, "by_group": found.by_group, "best": np.array(list(found.best.values()))}


def kill_at(event, count):
    """From now on, this process kills itself the `count`-th time that something happens."""
    from bsfit.inference import sample, states
    from bsfit.results import archive
    from bsfit.runs import keep, work

    left = [1 if event == "search" else count]

    def counted(function, after=False):
        def called(*arguments, **options):
            found = function(*arguments, **options) if after else None
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return found if after else function(*arguments, **options)

        return called

    if event in ("fsync", "replace", "replaced"):
        name = event.removesuffix("d")
        setattr(archive.os, name, counted(getattr(archive.os, name), event == "replaced"))
    elif event == "mkstemp":
        archive.tempfile.mkstemp = counted(archive.tempfile.mkstemp, after=True)
    elif event == "compute":
        work.Work.__call__ = counted(work.Work.__call__)
    elif event == "step":
        states.stored = counted(states.stored)
    elif event == "search":
        sample.search = counted(sample.search, after=count > 1)
    else:
        keep.Dense.add = counted(keep.Dense.add)


def forked(function):
    """Run in a child, which has all modules and no thread yet; its exit status, minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(0)
        except BaseException as problem:
            print(type(problem).__name__, problem, flush=True)
            os._exit(1)
    return child


def waited(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_run(verb, folder, event, count, seconds):
    """Start a run that dies at an event, or after some seconds; the status."""

    def work():
        if event:
            kill_at(event, count)
        VERBS[verb](folder, resume=True)

    child = forked(work)
    if not event:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return waited(child)


def survives(verb, base, folder, event, count, seconds):
    """What went wrong with one run that was killed and resumed; and whether it died at all."""
    folder.mkdir()
    status = killed_run(verb, folder, event, count, seconds)
    before = {path.name: path.stat().st_ino for path in folder.rglob("chunk-*.npz")}
    if waited(forked(lambda: VERBS[verb](folder, resume=True))) != 0:
        return ["not resumed"], status != 0
    found, expected = contents(folder), contents(base)
    wrong = [f"{name} differs" for name in expected if name != f"{verb}.npz" and found.get(name) != expected[name]]
    wrong += [f"stray {name}" for name in found if name not in expected]
    after = {path.name: path.stat().st_ino for path in folder.rglob("chunk-*.npz")}
    wrong += [f"{name} was computed again" for name in before if after[name] != before[name]]
    same = all(np.array_equal(a, b) for a, b in zip(arrays(base).values(), arrays(folder).values(), strict=True))
    return [*wrong, *([] if same else ["other arrays"])], status != 0


def kills(trials=50, verb="scan"):
    """Kill runs at so many instants, half of them at events and half by the clock."""
    import bsfit.runs.sample
    import bsfit.runs.scan  # noqa: F401  (before the forks)

    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", f"{place}/compiled")
        base, bad, died = Path(place) / "unbroken", [], 0
        for _ in range(1 if verb == "scan" else 2):  # the second takes as long as what is killed
            shutil.rmtree(base, ignore_errors=True)
            base.mkdir()
            started = time.monotonic()
            assert waited(forked(lambda: VERBS[verb](base))) == 0
            whole = time.monotonic() - started
        for trial in range(trials):
            event = EVENTS[verb][trial // 2 % 6] if trial % 2 == 0 else None
            count = draw.randint(1, COUNTS.get(event, 23 if verb == "scan" else 14))
            folder = Path(place) / f"{trial}"
            wrong, dead = survives(verb, base, folder, event, count, draw.uniform(0.0, whole))
            bad += [f"trial {trial} ({event or 'clock'}): {line}" for line in wrong]
            died += dead
            shutil.rmtree(folder)
    print("\n".join([*bad, f"{trials} runs, {died} killed, {len(bad)} complaints after resume"]))
    return bool(bad)


def sampling(trials=50):
    return kills(trials, "sample")


def sampling_flips(trials=1000):
    return flips(trials, "sample")


WORDS = {
    "scan": ["C9mu=-2,1,100", "C10mu=-1,1,100"],
    "sample": ["--free", "C9mu=-2,1", "--chains", "2", "--warmup", "100", "--draws", "100", "--starts", "4"],
}


def flips(trials=1000, verb="scan"):
    """Flip or cut off so many bytes of a finished run of the command line; all must be seen by --verify."""
    from bsfit import cli
    from bsfit.runs import checksums

    draw, missed = random.Random(2), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        words = [verb, *WORDS[verb], "--data", "seed-2017", "-o", str(folder), "-q", "--json"]
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            assert cli.main(words) == (verb == "sample")  # so few draws are not believed
        assert checksums.verify(folder) == []
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for trial in range(trials):
            path = files[trial % len(files)]
            raw = path.read_bytes()
            at = draw.randrange(len(raw))
            cut = draw.random() < 0.3
            path.write_bytes(
                raw[:at] if cut else raw[:at] + bytes([raw[at] ^ (1 << draw.randrange(8))]) + raw[at + 1 :]
            )
            if not checksums.verify(folder):
                missed.append(f"{path.name}: {'cut' if cut else 'flipped'} at {at}")
            path.write_bytes(raw)
        assert checksums.verify(folder) == []
    print("\n".join([*missed, f"{trials} damages in {len(files)} files, {trials - len(missed)} seen"]))
    return bool(missed)


def portal():
    """The portal on the three ratios of the review, in three parameters."""
    import bsfit

    free = {"lambda_Q_s": (-0.5, 0.5), "lambda_L_mu": (-2.0, 2.0), "log:m_Zp": (500.0, 5000.0)}
    fixed = {"g_X": 0.3, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_b": 0.5}
    return bsfit.log_likelihood("portal", "seed-2017", free, fixed)


def big(count=10_000_000):
    """Memory, rate, and the rate of the last tenth over that of the first, after compilation."""
    import bsfit
    from bsfit.inference.progress import Progress

    like, marks, advance = portal(), [], Progress.advance

    def marked(self, done, new=True):
        advance(self, done, new)
        marks.append((self.done, time.monotonic()))

    bsfit.scan(like, design="random", n=CALLS, keep="histogram", progress=False)
    Progress.advance = marked
    with tempfile.TemporaryDirectory() as place:
        started = time.monotonic()
        found = bsfit.scan(like, design="random", n=count, keep="histogram", progress=False, store=place)
        wall = time.monotonic() - started
    done, when = (np.array(column, float) for column in zip(*marks, strict=True))
    ends = np.interp([0.1 * count, 0.9 * count, count], done, when)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{count} points, {wall:.1f} s, {count / wall:.3g} points/s, resident {memory:.2f} GiB")
    print(f"last tenth over first: {(ends[0] - started) / (ends[2] - ends[1]):.2f}; worth {found.effective:.4g} points")
    return False


CALLS = 8 * 64 * 4096
"""Points from which on many chunks are one call of the program."""


def ratio(like, repeats, **options):
    """Seconds with a store over seconds without, the median of pairs that follow each other; and the latter."""
    import bsfit

    def seconds(store):
        started = time.perf_counter()
        bsfit.scan(like, progress=False, store=store, **options)
        return time.perf_counter() - started

    seconds(None)
    pairs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as place:
            pairs.append((seconds(None), seconds(Path(place) / "a")))
    plain, stored = np.array(pairs).T
    return float(np.median(stored / plain)), float(np.median(plain)), float(np.median(stored))


def disk(count):
    """Seconds to write so many bytes in pieces of a chunk, with fsync and SHA-256."""
    block, left, started = os.urandom(20 << 20), count, time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        while left > 0:
            with open(Path(place) / f"{left}", "wb") as stream:
                hashlib.sha256(block).hexdigest()
                stream.write(block)
                stream.flush()
                os.fsync(stream.fileno())
            left -= len(block)
    return time.perf_counter() - started


def overhead():
    import bsfit

    like = portal()
    axes = {"lambda_Q_s": (-0.5, 0.5, 200), "lambda_L_mu": (-2.0, 2.0, 200), "log:m_Zp": (500.0, 5000.0, 200)}
    found, plain, stored = ratio(like, 5, design="random", n=20_000_000, keep="histogram")
    print(f"portal on seed-2017, 2e7 points, histograms: {found:.3f} ({plain:.2f} s, {stored:.2f} s)")
    found, plain, stored = ratio(like, 5, grid=axes)
    size = 8_000_000 * 2 * 8
    began = time.process_time()
    bsfit.scan(like, progress=False, grid=axes)
    scanned, spent = time.process_time(), disk(size)
    busy = time.process_time() - began
    print(f"portal on seed-2017, 8e6 points, all kept: {found:.3f} ({plain:.2f} s, {stored:.2f} s); "
          f"{size / stored / 1e6:.0f} MB/s, the disk {size / spent / 1e6:.0f} MB/s")  # fmt: skip
    print(f"    of the processors: scan {scanned - began:.2f} s, write and SHA-256 {began + busy - scanned:.2f} s; "
          f"{os.cpu_count()} of them busy with both, {size * os.cpu_count() / busy / 1e6:.0f} MB/s")  # fmt: skip
    return False


def latest(points=1_000_000, repeats=3):
    import bsfit

    like = bsfit.log_likelihood("eft", "latest", {"C9mu": (-3, 3), "C10mu": (-3, 3)})
    side = round(points**0.5)
    found, plain, stored = ratio(like, repeats, grid={"C9mu": (-2.0, 0.5, side), "C10mu": (-1.0, 1.0, side)})
    print(f"eft on latest, {side**2} points, all kept: {found:.3f} ({plain:.2f} s, {stored:.2f} s)")
    return False


def devices():
    """Largest relative difference between scans on 1, 2 and 4 forced host devices, small calls and large ones."""
    code = "import run_store, sys; run_store.on_devices(sys.argv[1])"
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for count in (1, 2, 4):
            flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
            environment = {**os.environ, "XLA_FLAGS": flags}
            path = str(Path(place) / f"{count}.npy")
            subprocess.run([sys.executable, "-c", code, path], cwd=Path(__file__).parent, env=environment, check=True)
            found[count] = np.load(path)
    worst = max(float(np.max(np.abs(found[n] - found[1]) / np.abs(found[1]))) for n in (2, 4))
    print(f"1, 2 and 4 devices: {worst:.1e} relative")
    return worst > 1e-12


def on_devices(path):
    import bsfit

    like = bsfit.log_likelihood("eft", "seed-2017", {"C9mu": (-3, 3), "C10mu": (-3, 3)})
    rows = []
    for points, side in ((100, 4096), (180, 40)):
        axes = {"C9mu": (-2.0, 1.0, points), "C10mu": (-1.0, 1.0, points)}
        found = bsfit.scan(like, axes, chunk=side, progress=False)
        rows += [found.log_likelihood.ravel(), found.by_group.ravel()]
    np.save(path, np.concatenate(rows))


def main(words):
    if not words or words[0] not in FIGURES:
        print(__doc__)
        return 2
    return int(FIGURES[words[0]](*map(int, words[1:])))


OF_RUNS = (kills, sampling, flips, sampling_flips, big, overhead, latest, devices)
FIGURES = {figure.__name__: figure for figure in OF_RUNS}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
