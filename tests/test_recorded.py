"""Sampling that survives: a resumed run has the draws of an unbroken one, bit for bit; what is not of it is refused."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit import cli
from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.results import Posterior, archive
from bsfit.runs import checksums, store
from bsfit.runs.sample import sample

pytestmark = pytest.mark.slow  # one resumed run is among the default tests of test_sample.py

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "run_store.py"


def like(p):
    return -0.5 * ((p["a"] - 0.3) / 0.2) ** 2 - 0.5 * ((p["b"] - p["a"] ** 2) / 0.1) ** 2


def other(p):
    return like(p) + 1e-13


def run(place, like=like, **options):
    asked = {"free": {"a": (-3, 3), "b": (-3, 3)}, "chains": 2, "warmup": 100, "draws": 150, "starts": 8}
    return sample(like, **asked | options, progress=False, store=place)


def files(place):
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def same(a, b):
    """Whether two posteriors are equal in every bit but their dates."""
    assert [x.tobytes() for x in a.samples.values()] == [x.tobytes() for x in b.samples.values()]
    assert [x.tobytes() for x in a.sample_stats.values()] == [x.tobytes() for x in b.sample_stats.values()]
    assert a.log_likelihood.tobytes() == b.log_likelihood.tobytes()
    assert (a.summary, a.modes, a.messages, a.reasons) == (b.summary, b.modes, b.messages, b.reasons)
    return True


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    place = tmp_path_factory.mktemp("run") / "chunks"
    return place, run(place)


def copied(unbroken, to, chunks=None):
    shutil.copytree(unbroken[0], to)
    for path in sorted(to.glob("chunk-*"))[chunks:] if chunks is not None else ():
        path.unlink()
    return to


def test_a_run_goes_on_behind_any_of_its_steps(unbroken, tmp_path):
    place, whole = unbroken
    assert store.verify(place) == []
    assert whole.meta["store"]["chunks"] == len(files(place)) - 1 <= 13
    for chunks in (0, 2, 4, 6):
        broken = copied(unbroken, tmp_path / f"{chunks}", chunks)
        assert same(run(broken, resume=True), whole)
        assert files(broken) == files(place)


def test_a_store_changes_no_draw(unbroken):
    plain = run(None)
    assert same(plain, unbroken[1])
    assert "store" not in plain.meta


def test_damaged_and_foreign_steps_are_computed_again(unbroken, tmp_path):
    place = copied(unbroken, tmp_path / "a")
    raw = bytearray((place / "chunk-000002.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (place / "chunk-000002.npz").write_bytes(raw)
    (place / "chunk-000004.npz").write_bytes((place / "chunk-000003.npz").read_bytes())
    with pytest.warns(BsfitWarning, match="computed again") as said:
        again = run(place, resume=True)
    assert len(said) == 2
    assert same(again, unbroken[1])
    assert files(place) == files(unbroken[0])


def test_what_does_not_follow_is_computed_again(unbroken, tmp_path, monkeypatch):
    """A step computed again with other bytes, as by another processor: those behind it are not believed."""
    place = copied(unbroken, tmp_path / "a")
    (place / "chunk-000003.npz").unlink()
    write = store.Store.write
    monkeypatch.setattr(
        store.Store,
        "write",
        lambda self, i, content: write(self, i, {**content, "elsewhere": 1} if i == 3 else content),
    )
    assert same(run(place, resume=True), unbroken[1])
    now, before = files(place), files(unbroken[0])
    differ = [name for name in before if now[name] != before[name]]
    assert differ == [name for name in before if "chunk-000003.npz" <= name < "manifest"]
    assert store.verify(place) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"draws": 200}, "draws is 150 there, 200 here"),
        ({"seed": 2}, "seed is 1 there, 2 here"),
        ({"free": {"a": (-3, 3), "b": (-3, 4)}}, r"free.b is \(-3.0, 3.0\) there, \(-3.0, 4.0\) here"),
        ({"follow": {"b": lambda p: p["a"] ** 2}}, "follow is"),
        ({"like": other}, "resume: the log-density where chains start computed again differs"),
    ],
)
def test_another_run_is_refused_by_what_differs(unbroken, tmp_path, change, says):
    place = copied(unbroken, tmp_path / "a")
    with pytest.raises(BsfitInputError, match=says):
        run(place, resume=True, **change)
    assert files(place) == files(unbroken[0])


def test_force_starts_anew(unbroken, tmp_path):
    place = copied(unbroken, tmp_path / "a")
    with pytest.raises(BsfitInputError, match=r"holds a run: \d of at most 21 chunks are done \(resume goes on"):
        run(place)
    run(place, force=True, draws=50)
    assert len(files(place)) == 7
    assert store.verify(place) == []
    for option in ("resume", "force"):
        with pytest.raises(BsfitInputError, match=f"{option}: there is no store"):
            run(None, **{option: True})


class Scored:
    """Found by scoring, so that chains move in whitened coordinates and do not jump."""

    free = {"a": (-9, 9), "b": (-9, 9)}  # noqa: RUF012
    reference = {"a": 0.0, "b": 0.0}  # noqa: RUF012
    information = np.array([[2.0, 0.9], [0.9, 1.0]])

    def __call__(self, p):
        x = jnp.stack([p["a"] - 1.0, p["b"]])
        return -0.5 * x @ jnp.asarray(self.information) @ x

    def quadratic(self, p):
        x = np.array([p["a"] - 1.0, p["b"]], dtype=float)
        return -0.5 * x @ self.information @ x, -self.information @ x, self.information, {}


@pytest.mark.long
def test_whitened_coordinates_survive(tmp_path):
    whole = run(tmp_path / "a", like=Scored(), free=None)
    assert whole.meta["settings"]["whitened"]
    broken = copied((tmp_path / "a",), tmp_path / "b", 5)
    assert same(run(broken, like=Scored(), free=None, resume=True), whole)
    assert files(broken) == files(tmp_path / "a")


@pytest.mark.long
def test_walls_survive(tmp_path):
    """The plan of chains at the edge of where a likelihood is not zero is kept whole."""

    class Halved:
        free = {"a": (-3, 3), "b": (-3, 3)}  # noqa: RUF012

        def __call__(self, p):
            return jnp.where(p["a"] > 0.25, like(p), -jnp.inf)

        def conditions(self, p):
            return {"a is large": p["a"] > 0.25}

    whole = run(tmp_path / "a", like=Halved())
    assert archive.read(tmp_path / "a" / "chunk-000000.npz")[1]["wall"] is not None
    broken = copied((tmp_path / "a",), tmp_path / "b", 3)
    assert same(run(broken, like=Halved(), resume=True), whole)
    assert files(broken) == files(tmp_path / "a")


# ---------------------------------------------------------------------------------------- killed, and the command line


@pytest.mark.parametrize("trials", [2, pytest.param(50, marks=pytest.mark.long)])
def test_runs_that_are_killed_end_as_if_they_were_not(trials):
    words = [sys.executable, str(SCRIPT), "sampling", str(trials)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(" runs")[0]) == (0, str(trials)), done.stdout + done.stderr


@pytest.mark.long
def test_every_damage_is_seen(benchmark_module, capsys):
    assert not benchmark_module("run_store").sampling_flips(50)
    assert capsys.readouterr().out.endswith("50 seen\n")


SAMPLE = ("sample", "--free", "C9mu=-2,1", "--data", "seed-2017", "--chains", "2", "--warmup", "100", "--draws", "100")
SAMPLE = (*SAMPLE, "--starts", "4", "-q")

STALLED = """
import signal, sys, time
from bsfit.cli import interruption, main
for number in (signal.SIGINT, signal.SIGTERM):  # whoever runs the tests may ignore them
    signal.signal(number, signal.SIG_DFL)
listen = interruption.end_on_signals
def then_stall(clean_up):
    listen(clean_up)
    from bsfit.inference import states
    stored, done = states.stored, []
    def stalled(parts):
        if len(done) == 2:
            print("computing", flush=True)
            time.sleep(300)
        done.append(1)
        return stored(parts)
    states.stored = stalled
interruption.end_on_signals = then_stall
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_an_interrupted_sample_goes_on(capsys, tmp_path, number):
    place, whole = tmp_path / "a", tmp_path / "whole"
    assert cli.main([*SAMPLE, "-o", str(whole)]) == 1  # so few draws are not believed
    words = [sys.executable, "-c", STALLED, *SAMPLE, "-o", str(place)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "computing\n"
    child.send_signal(number)
    assert child.stderr.readline() == "bsfit: ends behind the part in work; once more ends it at once\n"
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    said = "bsfit: interrupted: 3 of at most 20 chunks are done, --resume goes on\n"
    assert (child.returncode, err) == (130, said)
    assert cli.main([*SAMPLE, "-o", str(place)]) == 2
    assert "holds a run that was not finished (--resume goes on with it" in capsys.readouterr().err
    assert cli.main([*SAMPLE, "-o", str(place), "--resume"]) == 1
    assert checksums.verify(place) == []
    assert files(place / "chunks") == files(whole / "chunks")
    assert same(*(Posterior.load(each / "sample.npz") for each in (place, whole)))
    assert cli.main([*SAMPLE, "--seed", "2", "-o", str(place), "--resume"]) == 2
    assert "-o: " in (said := capsys.readouterr().err)
    assert "seed is 1 there, 2 here" in said
    assert cli.main(["sample", "-o", str(place), "--verify"]) == 0
