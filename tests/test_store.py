"""Runs in chunks: what was finished is never lost, damage is seen, another run is refused."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import cli
from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.results import Scan, archive
from bsfit.runs import checksums, cluster, folder, store, work
from bsfit.runs.scan import scan

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "run_store.py"
GRID = {"a": (-1.0, 1.0, 21), "log:m": (1.0, 100.0, 16)}


class Like:
    """Counts how often it is traced, which is how often it could have been computed."""

    free = {"a": (-3, 3), "log:m": (1, 100)}  # noqa: RUF012

    def __init__(self, at=0.3, files=None):
        self.at = at
        self.meta = {} if files is None else {"data_files": files}

    def by_group(self, p):
        return {"a": -0.5 * ((p["a"] - self.at) / 0.2) ** 2, "m": -0.5 * (jnp.log(p["m"]) - 2 - p["a"]) ** 2}

    def __call__(self, p):
        return sum(self.by_group(p).values())


LIKE = Like()


def run(place, like=LIKE, grid=GRID, chunk=32, **options):
    return scan(like, grid, chunk=chunk, progress=False, store=place, **options)


def files(place):
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    place = tmp_path_factory.mktemp("run") / "chunks"
    return place, run(place)


def copy(unbroken, to):
    to.mkdir()
    for name, raw in files(unbroken[0]).items():
        (to / name).write_bytes(raw)
    return to


def test_a_store_changes_no_number(unbroken):
    place, result = unbroken
    plain = scan(LIKE, GRID, chunk=32, progress=False)
    np.testing.assert_array_equal(result.by_group, plain.by_group)
    np.testing.assert_array_equal(result.log_likelihood, plain.log_likelihood)
    assert (result.best, result.messages, result.groups) == (plain.best, plain.messages, plain.groups)
    assert "store" not in plain.meta
    assert sorted(files(place)) == [*(f"chunk-{i:06d}.npz" for i in range(11)), "manifest.json"]
    assert store.verify(place) == []
    assert result.meta["store"]["chunks"] == 11


@pytest.mark.parametrize("side", [7, 50, 4096])
def test_three_sizes_of_chunks(unbroken, tmp_path, side):
    other = run(tmp_path / "a", chunk=side)
    np.testing.assert_allclose(other.by_group, unbroken[1].by_group, rtol=1e-12, atol=1e-12)


def test_what_is_there_is_not_computed_again(unbroken, tmp_path, monkeypatch):
    place = copy(unbroken, tmp_path / "a")
    for i in (3, 4, 10):
        (place / f"chunk-{i:06d}.npz").unlink()
    (place / ".chunk-000003.npz.abcd_123.tmp").write_bytes(b"PK")
    (place / folder.LOCK).write_text(f"{os.uname().nodename} 999999999\n")
    computed, call = [], work.Work.__call__
    monkeypatch.setattr(work.Work, "__call__", lambda self, i: computed.append(i) or call(self, i))
    with pytest.raises(BsfitInputError, match=r"store: .* holds a run: 8 of 11 chunks are done \(resume goes on"):
        run(place)
    again = run(place, resume=True)
    assert computed == [0, 3, 4, 10]  # the first to see that it is the same function
    assert files(place) == files(unbroken[0])
    np.testing.assert_array_equal(again.by_group, unbroken[1].by_group)
    assert again.best == unbroken[1].best
    assert again.meta["store"] == unbroken[1].meta["store"]


def test_a_damaged_chunk_is_said_and_computed_again(unbroken, tmp_path):
    place = copy(unbroken, tmp_path / "a")
    raw = bytearray((place / "chunk-000005.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (place / "chunk-000005.npz").write_bytes(raw)
    (place / "chunk-000007.npz").write_bytes((place / "chunk-000008.npz").read_bytes())
    assert [line.rpartition("/")[2].partition(":")[0] for line in store.verify(place)] == [
        "chunk-000005.npz",
        "chunk-000007.npz",
    ]
    with pytest.warns(BsfitWarning, match="computed again") as said:
        again = run(place, resume=True)
    assert len(said) == 2
    assert files(place) == files(unbroken[0])
    np.testing.assert_array_equal(again.by_group, unbroken[1].by_group)


def test_a_damaged_manifest_costs_nothing(unbroken, tmp_path):
    place = copy(unbroken, tmp_path / "a")
    (place / store.MANIFEST).write_bytes(b"{}")
    with pytest.warns(BsfitWarning, match="written again"):
        run(place, resume=True)
    assert files(place) == files(unbroken[0])
    (place / store.MANIFEST).write_bytes(b"{}")
    with pytest.raises(BsfitInputError, match="is of another run"):
        run(place, resume=True, fixed={}, chunk=33)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"grid": {**GRID, "a": (-1.0, 1.0, 22)}}, r"grid.a is \(-1.0, 1.0, 21\) there, \(-1.0, 1.0, 22\) here"),
        ({"grid": dict(reversed(GRID.items()))}, r"order is \('a', 'log:m'\) there"),
        ({"chunk": 64}, "points of a chunk is 32 there, 64 here"),
        ({"free": {"a": (-3, 3), "m": (1, 100)}}, r"free.log:m is \(1.0, 100.0\) there, absent here"),
        ({"like": Like(0.3, {"x.yaml": "ab"})}, "likelihood.data_files is absent there, {'x.yaml': 'ab'} here"),
        ({"like": Like(0.30000001)}, "chunk 0 computed again differs: the log-likelihood is not that of"),
    ],
)
def test_another_run_is_refused_by_what_differs(unbroken, tmp_path, change, says):
    place = copy(unbroken, tmp_path / "a")
    with pytest.raises(BsfitInputError, match=says):
        run(place, resume=True, **change)
    assert files(place) == files(unbroken[0])


def test_force_starts_anew_and_spares_what_is_not_ours(unbroken, tmp_path):
    place = copy(unbroken, tmp_path / "a")
    other = run(place, force=True, grid={"a": (-1.0, 1.0, 40)}, fixed={"m": 5.0})
    assert other.names == ("a",)
    assert sorted(files(place)) == ["chunk-000000.npz", "chunk-000001.npz", "manifest.json"]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(BsfitInputError, match=r"holds notes.txt, which is of no run"):
        run(place, force=True)
    assert len(files(place)) == 4
    for option in ("resume", "force"):
        with pytest.raises(BsfitInputError, match=f"{option}: there is no store"):
            run(None, **{option: True})


def test_the_second_writer_is_refused(unbroken, tmp_path):
    place = copy(unbroken, tmp_path / "a")
    with folder.reserved(place), pytest.raises(BsfitInputError, match=r"store: process \d+ on .* is writing to"):
        run(place, resume=True)
    assert files(place) == files(unbroken[0])


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_keeps_what_is_done(unbroken, tmp_path, monkeypatch, broken):
    left, good = [6], getattr(os, broken)

    def full(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return good(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(archive.os, broken, full)
        with pytest.raises(BsfitInputError, match=r"No space left on device: \d of 11 chunks are done \(they are kept"):
            run(tmp_path / "a")
    assert set(files(tmp_path / "a")) < set(files(unbroken[0]))
    run(tmp_path / "a", resume=True)
    assert files(tmp_path / "a") == files(unbroken[0])


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which not even root can write")
def test_a_folder_that_is_read_only():
    with pytest.raises(BsfitInputError, match="store: nothing can be saved in /proc/self"):
        run(Path("/proc/self"))


def test_a_profiled_scan_has_no_store(tmp_path):
    with pytest.raises(BsfitInputError, match="no parts that stand alone"):
        run(tmp_path, grid={"a": (-1, 1, 5)}, profile=True)


# ---------------------------------------------------------------------------------------- killed, and the command line


@pytest.mark.slow
def test_runs_that_are_killed_end_as_if_they_were_not():
    done = subprocess.run([sys.executable, str(SCRIPT), "kills", "6"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(" runs")[0]) == (0, "6"), done.stdout + done.stderr


SCAN = ("scan", "C9mu=-2,1,100", "C10mu=-1,1,100", "--data", "seed-2017", "-q")

ENDS = "bsfit: ends behind the part in work; once more ends it at once\n"

STALLED = """
import signal, sys, time
from bsfit.cli import interruption, main
AFTER, SECONDS = int(sys.argv.pop(1)), float(sys.argv.pop(1))
for number in (signal.SIGINT, signal.SIGTERM):  # whoever runs the tests may ignore them
    signal.signal(number, signal.SIG_DFL)
listen = interruption.end_on_signals
def then_stall(clean_up):
    listen(clean_up)
    from bsfit.runs import work
    call = work.Work.__call__
    def stalled(self, index):
        if index >= AFTER:
            print("computing", flush=True)
            time.sleep(SECONDS)
        return call(self, index)
    work.Work.__call__ = stalled
interruption.end_on_signals = then_stall
sys.exit(main())
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    place = tmp_path_factory.mktemp("finished") / "a"
    assert cli.main([*SCAN, "-o", str(place), "--resume"]) == 0
    return place


def stalled(after, seconds, words):
    """A process whose chunks from one on take longer, in the first of these."""
    command = [sys.executable, "-c", STALLED, str(after), str(seconds), *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "computing\n"
    return child


@pytest.mark.slow
def test_a_signal_ends_a_scan_behind_the_chunk_in_work(capsys, tmp_path):
    words = [SCAN[0], "C9mu=-2,1,200", *SCAN[2:]]
    child = stalled(1, 1.0, [*words, "-o", str(tmp_path / "a")])
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=60)
    (said,) = re.findall(r"bsfit: interrupted: (\d) of 5 chunks are done, --resume goes on\n", err)
    assert child.returncode == 130
    assert err.startswith(ENDS)
    assert 2 <= int(said) < 5
    assert len(list((tmp_path / "a" / "chunks").glob("chunk-*.npz"))) == int(said)
    for place, more in (("a", "--resume"), ("b", "--force")):
        assert cli.main([*words, "-o", str(tmp_path / place), more]) == 0
    capsys.readouterr()
    assert files(tmp_path / "a" / "chunks") == files(tmp_path / "b" / "chunks")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_an_interrupted_scan_goes_on(capsys, tmp_path, finished, number):
    """A second signal ends it at once, in the middle of a chunk."""
    place = tmp_path / "a"
    child = stalled(2, 60.0, [*SCAN, "-o", str(place)])
    child.send_signal(number)
    assert child.stderr.readline() == ENDS
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (130, "bsfit: interrupted: 2 of 3 chunks are done, --resume goes on\n")
    assert {path.name for path in place.rglob("*")} == {
        "chunks",
        "chunk-000000.npz",
        "chunk-000001.npz",
        "manifest.json",
    }
    assert cli.main([*SCAN, "-o", str(place)]) == 2
    assert "holds a run that was not finished (--resume goes on with it" in capsys.readouterr().err
    assert cli.main([*SCAN, "-o", str(place), "--resume"]) == 0
    assert files(place / "chunks") == files(finished / "chunks")
    found, expected = (Scan.load(each / "scan.npz") for each in (place, finished))
    np.testing.assert_array_equal(found.by_group, expected.by_group)
    assert found.best == expected.best
    assert found.meta["store"] == expected.meta["store"]


def test_verify_resume_and_force_of_the_command_line(capsys, tmp_path, finished):
    place = tmp_path / "a"
    shutil.copytree(finished, place)
    assert cli.main([*SCAN, "-o", str(place)]) == 2
    assert "holds the results of another run" in capsys.readouterr().err
    assert cli.main(["scan", "-o", str(place), "--verify"]) == 0
    assert capsys.readouterr().out.endswith("every byte is right\n")
    assert cli.main([*SCAN[:2], *SCAN[3:], "-o", str(place), "--resume"]) == 2
    assert "is of another run: points is 10000 there, 100 here" in capsys.readouterr().err
    (place / "run.resolved.yaml").write_text("model: eft\n")
    assert cli.main(["scan", "-o", str(place), "--verify", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["complaints"] == [f"{place}/run.resolved.yaml: missing or altered"]
    assert cli.main([*SCAN, "-o", str(place), "--force"]) == 0
    assert checksums.verify(place) == []
    assert files(place / "chunks") == files(finished / "chunks")
    for words in ([*SCAN, "--resume"], [*SCAN, "--force"], ["scan", "--verify"]):
        assert cli.main(words) == 2
        assert "expected -o DIR" in capsys.readouterr().err


def test_every_damage_is_seen(benchmark_module, capsys):
    assert not benchmark_module("run_store").flips(50)
    assert capsys.readouterr().out.endswith("50 damages in 7 files, 50 seen\n")


# ---------------------------------------------------------------------------------------------- shards and executors


def test_shards_side_by_side_are_the_whole(unbroken, tmp_path):
    place = tmp_path / "a"
    assert run(place, shard=(2, 3)) is None
    assert sorted(files(place))[:4] == [f"chunk-{i:06d}.npz" for i in (1, 4, 7, 10)]
    with pytest.raises(BsfitInputError, match=r"merge: chunks are missing or damaged: 0, 2, 3, 5, 6 and 2 more"):
        run(place, merge=True)
    with folder.reserved(place, folder.lock_of((1, 3))):  # another shard is alive
        run(place, shard=(3, 3))
        with pytest.raises(BsfitInputError, match="is writing to"):
            run(place, merge=True)
        with pytest.raises(BsfitInputError, match="is writing to"):
            run(place, shard=(2, 3), resume=True)
    with folder.reserved(place), pytest.raises(BsfitInputError, match="is writing to"):
        run(place, shard=(1, 3))
    with pytest.raises(BsfitInputError, match="holds a run: 7 of 11 chunks are done"):
        run(place, shard=(3, 3))
    with pytest.raises(BsfitInputError, match=r"likelihood\.data_files"):
        run(place, shard=(1, 3), like=Like(0.3, {"x.yaml": "ab"}))
    assert run(place, shard=(1, 3), resume=True) is None
    merged = run(place, merge=True)
    assert files(place) == files(unbroken[0])
    np.testing.assert_array_equal(merged.by_group, unbroken[1].by_group)
    assert (merged.best, merged.meta["store"]) == (unbroken[1].best, unbroken[1].meta["store"])
    for options in ({"shard": (1, 2), "force": True}, {"shard": (0, 2)}, {"shard": (3, 2)}):
        with pytest.raises(BsfitInputError, match="shard: "):
            run(place, **options)


def test_a_living_shard_keeps_its_temporary_file(tmp_path):
    run(tmp_path, shard=(1, 2))
    for index, stays in ((2, False), (3, True)):
        path = tmp_path / f".chunk-{index:06d}.npz.abcdefgh.tmp"
        path.write_bytes(b"")
        run(tmp_path, shard=(1, 2), resume=True)
        assert path.exists() == stays
    run(tmp_path, resume=True)
    assert store.verify(tmp_path) == []


def test_threads_of_an_executor(unbroken, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        assert run(None, executor=pool).by_group.tobytes() == unbroken[1].by_group.tobytes()
        run(tmp_path / "a", executor=pool)
    assert files(tmp_path / "a") == files(unbroken[0])


def test_what_cannot_be_sent_to_processes(tmp_path):
    with ProcessPoolExecutor(1) as pool, pytest.raises(BsfitInputError, match="executor: cannot be sent"):
        scan(lambda p: p["x"], {"x": (0.0, 1.0, 5)}, progress=False, executor=pool)


@pytest.mark.slow
def test_processes_of_an_executor_one_of_which_is_killed(tmp_path):
    """The catalogue's likelihood goes to other processes, which give the same bytes; a dead one costs its chunks."""
    like = bsfit.log_likelihood("eft", "seed-2017", {"C9mu": (-3, 3), "C10mu": (-3, 3)})
    asked = {"grid": {"C9mu": (-2, 1, 100), "C10mu": (-1, 1, 100)}, "progress": False}
    serial = scan(like, **asked, store=tmp_path / "a")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        with pytest.raises(BrokenExecutor):
            scan(like, **asked, store=tmp_path / "b", executor=pool)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        scan(like, **asked, store=tmp_path / "b", executor=pool, resume=True)
        without = scan(like, **asked, executor=pool)
    assert files(tmp_path / "b") == files(tmp_path / "a")
    assert without.by_group.tobytes() == serial.by_group.tobytes()


@pytest.mark.slow
def test_workers_of_dask_one_of_which_is_killed(tmp_path):
    """In mid-run; its chunks are computed by the other, or by its successor, and the bytes are those of one process."""
    distributed = pytest.importorskip("distributed")
    like = bsfit.log_likelihood("eft", "seed-2017", {"C9mu": (-3, 3), "C10mu": (-3, 3)})
    asked = {"grid": {"C9mu": (-2, 1, 100), "C10mu": (-1, 1, 200)}, "chunk": 256, "progress": False}
    serial = scan(like, **asked, store=tmp_path / "a")
    local = {"processes": True, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    killed = []

    def kill(processes):
        while len(list((tmp_path / "b").glob("chunk-*"))) < 3:
            time.sleep(0.01)
        killed.append(len(list((tmp_path / "b").glob("chunk-*"))))
        os.kill(processes[0], signal.SIGKILL)

    with distributed.LocalCluster(n_workers=2, **local) as cluster, ThreadPoolExecutor(1) as beside:
        with distributed.Client(cluster) as client:
            processes = [*client.run(os.getpid).values()]
        beside.submit(kill, processes)
        found = scan(like, **asked, store=tmp_path / "b", executor=cluster.scheduler_address)
    assert killed[0] < len(files(tmp_path / "a")) - 1
    assert files(tmp_path / "b") == files(tmp_path / "a")
    assert found.by_group.tobytes() == serial.by_group.tobytes()


@pytest.mark.slow
def test_dask_from_the_command_line(tmp_path, finished):
    pytest.importorskip("distributed")
    command = [Path(sys.executable).parent / "bsfit", *SCAN, "-o", str(tmp_path), "--dask", "local:2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "chunks") == files(finished / "chunks")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local:0", "local:x", "local:", "nowhere", "tcp://node17", "tcp://[", ""])
def test_no_address_of_a_scheduler(capsys, where):
    assert cli.main([*SCAN, "--dask", where]) == 2
    assert f"--dask: found {where!r}; expected the address" in capsys.readouterr().err


def test_no_scheduler_answers(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", "0.1s")
    with pytest.raises(BsfitInputError, match="executor: no scheduler answers at"):
        run(None, executor="tcp://127.0.0.1:1")


@pytest.mark.slow
def test_shards_of_the_command_line(capsys, tmp_path, finished):
    place = tmp_path / "a"
    assert cli.main([*SCAN, "-o", str(place), "--shard", "1/2"]) == 0
    assert capsys.readouterr().out == f"{place}: 2 of 3 chunks are done\n"
    assert cli.main([*SCAN, "-o", str(place), "--merge"]) == 2
    assert "--merge: chunks are missing or damaged: 1 (compute them by their shards" in capsys.readouterr().err
    assert cli.main([*SCAN, "-o", str(place), "--shard", "2/2"]) == 0
    assert cli.main([*SCAN, "-o", str(place), "--merge"]) == 0
    assert files(place / "chunks") == files(finished / "chunks")
    assert checksums.verify(place) == []
    assert Scan.load(place / "scan.npz").by_group.tobytes() == Scan.load(finished / "scan.npz").by_group.tobytes()
    for shard in ("0/2", "3/2", "1", "a/b"):
        assert cli.main([*SCAN, "-o", str(tmp_path / "b"), "--shard", shard]) == 2
        assert "--shard: found" in capsys.readouterr().err


@pytest.mark.slow
def test_devices_share_the_points():
    done = subprocess.run([sys.executable, str(SCRIPT), "devices"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
