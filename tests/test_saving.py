"""Where -o says: one writer at a time, looked at before the work starts; what was computed is never lost."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest

import bsfit
from bsfit import cli
from bsfit.cli import interruption
from bsfit.errors import BsfitInputError
from bsfit.results import PredictionTable, archive
from bsfit.runs import folder

PREDICT = ("predict", "DeltaM_s", "--no-cache", "-q")
PROGRAM = (sys.executable, "-c", "import sys; from bsfit.cli import main; sys.exit(main())")


class Found(dict):
    notes = ()


@pytest.fixture
def quick(monkeypatch):
    """A prediction that computes nothing; how often it was asked for."""
    calls = []

    def predict(*arguments):
        calls.append(arguments)
        return Found({"DeltaM_s": 0.5})

    monkeypatch.setattr(bsfit, "predict", predict)
    return calls


def run(capsys, *words):
    """Exit status, stdout and stderr of a command."""
    capsys.readouterr()
    status = cli.main([*words])
    return status, *capsys.readouterr()


# ---------------------------------------------------------------------------------------------- a full disk, and so on


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("broken", ["mkstemp", "fsync", "replace"])
def test_a_result_that_cannot_be_saved_is_printed(capsys, quick, tmp_path, monkeypatch, broken):
    monkeypatch.setattr(archive.tempfile if broken == "mkstemp" else archive.os, broken, full)
    status, out, err = run(capsys, *PREDICT, "-o", str(tmp_path / "a"))
    assert (status, err) == (1, "")
    assert out.splitlines()[2].split() == ["DeltaM_s", "0.5", "GeV"]
    assert out.splitlines()[-1] == f"not saved: {tmp_path}/a/predict.json: No space left on device"
    assert list((tmp_path / "a").iterdir()) == []
    status, out, err = run(capsys, *PREDICT, "-o", str(tmp_path / "a"), "--json")
    found = json.loads(out)
    assert status == 1
    assert found["predictions"][0]["value"] == 0.5
    assert found["lost"] == f"{tmp_path}/a/predict.json: No space left on device"
    assert err == f"bsfit: not saved: {found['lost']}\n"


def test_settings_that_cannot_be_saved_are_said_and_the_result_stays(capsys, quick, tmp_path, monkeypatch):
    replace = os.replace

    def replace_results(old, new):
        full() if str(new).endswith(".yaml") else replace(old, new)

    monkeypatch.setattr(archive.os, "replace", replace_results)
    status, out, _ = run(capsys, *PREDICT, "-o", str(tmp_path))
    assert status == 1
    assert out.splitlines()[-1] == f"not saved: {tmp_path}/run.resolved.yaml: No space left on device"
    assert PredictionTable.load(tmp_path / "predict.json").predictions[0]["value"] == 0.5


def test_a_doubt_and_a_loss_are_both_said(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(bsfit, "predict", lambda *_: Found({"DeltaM_s": float("nan")}))
    monkeypatch.setattr(archive.os, "fsync", full)
    status, out, _ = run(capsys, *PREDICT, "-o", str(tmp_path))
    assert status == 1
    assert [line.partition(":")[0] for line in out.splitlines()[-2:]] == ["not to be trusted", "not saved"]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_in_which_nothing_can_be_written_is_seen_before_the_work(capsys, quick, tmp_path, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(folder.os, "pwrite", refuse)
    status, out, err = run(capsys, *PREDICT, "-o", str(tmp_path))
    assert (status, out, quick) == (2, "", [])
    complaint = f"nothing can be saved in {tmp_path}: {os.strerror(code)}"
    assert err == f"bsfit: error: -o: {complaint} (name another folder)\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which not even root can write")
def test_a_folder_that_is_read_only(capsys, quick):
    status, _, err = run(capsys, *PREDICT, "-o", "/proc/self")
    assert (status, quick) == (2, [])
    assert err.startswith("bsfit: error: -o: nothing can be saved in /proc/self: ")


def test_a_full_disk_behind_standard_output_is_one_line():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as output:
        done = subprocess.run(
            [*PROGRAM, "list", "sets"], stdout=output, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"bsfit: error: standard output: No space left on device\n"


# ------------------------------------------------------------------------------------------------------- two writers


def test_the_second_writer_is_refused_and_the_folder_is_free_afterwards(capsys, quick, tmp_path):
    with folder.reserved(tmp_path):
        status, out, err = run(capsys, *PREDICT, "-o", str(tmp_path))
        assert (status, out, quick) == (2, "", [])
        who = f"process {os.getpid()} on {os.uname().nodename}"
        assert err == f"bsfit: error: -o: {who} is writing to {tmp_path} (wait for it, or name another folder)\n"
    assert list(tmp_path.iterdir()) == []
    assert run(capsys, *PREDICT, "-o", str(tmp_path))[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"predict.json", "run.resolved.yaml"}


def test_figures_have_one_writer_too(capsys, tmp_path):
    stored = os.path.join(os.path.dirname(__file__), "reference", "results", "profile.npz")
    with folder.reserved(tmp_path):
        status, _, err = run(capsys, "plot", stored, "-o", str(tmp_path))
    assert status == 2
    assert f"is writing to {tmp_path}" in err
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_leaves_no_lock(capsys, tmp_path, monkeypatch):
    def fault(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(bsfit, "predict", fault)
    assert run(capsys, *PREDICT, "-o", str(tmp_path))[0] == 1
    assert list(tmp_path.iterdir()) == []


HERE = os.uname().nodename


@pytest.mark.parametrize(
    "content",
    ["", f"{HERE} 999999999\n", f"{HERE} {os.getpid()}\n", f"{HERE} nonsense\n"],
    ids=["empty", "ended", "ours", "nonsense"],
)
def test_a_lock_of_a_dead_process_stops_nobody(tmp_path, content):
    """Not even where another process has its number by now."""
    (tmp_path / folder.LOCK).write_text(content)
    with folder.reserved(tmp_path):
        assert (tmp_path / folder.LOCK).read_text() == f"{HERE} {os.getpid()}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_lock_from_another_machine_is_the_users_to_remove(tmp_path):
    lock = tmp_path / folder.LOCK
    lock.write_text("elsewhere\x1b[31m 17\n")
    with pytest.raises(BsfitInputError) as caught, folder.reserved(tmp_path):
        pass
    assert str(caught.value) == (
        rf"-o: process 17 on elsewhere\x1b[31m is writing to {tmp_path} (if that run has ended, remove {lock})"
    )
    lock.unlink()
    with folder.reserved(tmp_path):
        pass


@pytest.mark.parametrize(("number", "held"), [(os.getpid(), True), (999999999, False)], ids=["alive", "ended"])
def test_where_a_file_system_has_no_locks_the_process_is_looked_for(tmp_path, monkeypatch, number, held):
    def unsupported(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(folder.fcntl, "flock", unsupported)
    (tmp_path / folder.LOCK).write_text(f"{HERE} {number}\n")
    if not held:
        with folder.reserved(tmp_path):
            pass
        return
    with pytest.raises(BsfitInputError, match="if that run has ended, remove"), folder.reserved(tmp_path):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / folder.LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(BsfitInputError, match="nothing can be saved"), folder.reserved(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


# -------------------------------------------------------------------------------------------------------- interrupted

STALLED = """
import signal, sys, time
from pathlib import Path
import bsfit
from bsfit.cli import main
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # whoever runs the tests may ignore them
    signal.signal(number, signal.SIG_DFL)
def predict(*_):
    print("computing", flush=True)
    try:
        time.sleep(60)
    except BaseException as problem:  # nothing is raised where a callback could lose it
        print("raised", type(problem), flush=True)
bsfit.predict = predict
sys.argv = ["bsfit", "predict", "DeltaM_s", "--no-cache", "-q", "-o", sys.argv[1]]
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_the_program_and_frees_the_folder(tmp_path, number):
    words = [sys.executable, "-c", STALLED, str(tmp_path / "a")]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "computing\n"
    assert (tmp_path / "a" / folder.LOCK).read_text() == f"{HERE} {child.pid}\n"
    with pytest.raises(BsfitInputError, match=f"process {child.pid} on {HERE} is writing"):
        folder.reserved(tmp_path / "a").__enter__()
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    if number == signal.SIGKILL:
        assert child.returncode == -number
    else:
        assert (child.returncode, out, err) == (130, "", "bsfit: interrupted\n")
        assert list((tmp_path / "a").iterdir()) == []
    with folder.reserved(tmp_path / "a"):
        pass


LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from bsfit.cli import interruption, main
end_on_signals = interruption.end_on_signals
def told(clean_up):
    end_on_signals(clean_up)
    print("listening", flush=True)
interruption.end_on_signals = told
sys.exit(main())
"""


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.5])
def test_an_interruption_during_the_imports(tmp_path, delay):
    """At any instant from the first on; what was done before the signal is a success."""
    words = [sys.executable, "-c", LISTENING, *PREDICT, "-o", str(tmp_path / "a")]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "listening\n"
    time.sleep(delay)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) in [(130, "bsfit: interrupted\n"), (0, "")]


def test_a_signal_that_the_program_was_started_to_ignore_is_ignored():
    code = (
        "import os, signal\n"
        "from bsfit.cli import interruption\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "interruption.end_on_signals(lambda: None)\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('alive', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "signal.pause()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (interruption.STATUS, "alive\n")


# ------------------------------------------------------------------------------------------------------ our own faults


def test_a_fault_of_ours_is_one_line_and_a_traceback_where_it_is_asked_for(capsys, monkeypatch):
    def fault(*_):
        raise KeyError("a\x1b[31m\nb")

    monkeypatch.setattr(bsfit, "predict", fault)
    monkeypatch.delenv("BSFIT_DEBUG", raising=False)
    status, out, err = run(capsys, *PREDICT)
    assert (status, out) == (1, "")
    assert err == (
        "bsfit: internal error: KeyError: 'a\\x1b[31m\\nb' "
        "(run again with BSFIT_DEBUG=1 for the traceback, and report it)\n"
    )
    monkeypatch.setenv("BSFIT_DEBUG", "1")
    status, _, err = run(capsys, *PREDICT)
    assert status == 1
    assert err.startswith("Traceback (most recent call last)")
    assert err.splitlines()[-1].startswith("bsfit: internal error: KeyError")


@pytest.mark.parametrize("value", ["0", "off", "maybe"])
def test_variables_with_which_nothing_can_be_computed(capsys, monkeypatch, quick, value):
    monkeypatch.setenv("JAX_ENABLE_X64", value)
    complaint = (
        f"bsfit: error: environment variable JAX_ENABLE_X64: found '{value}'; bsfit computes in 64 bit (unset it)\n"
    )
    assert run(capsys, *PREDICT) == (2, "", complaint)
    assert run(capsys, "list", "inputs") == (2, "", complaint)
    assert run(capsys, "fit", "--help")[0] == 0
    monkeypatch.setenv("JAX_ENABLE_X64", "True")
    assert run(capsys, *PREDICT)[0] == 0
    monkeypatch.setenv("JAX_DISABLE_JIT", "1")
    status, _, err = run(capsys, *PREDICT)
    assert status == 2
    assert "JAX_DISABLE_JIT: found '1'; bsfit compiles what it computes (unset it)" in err
    monkeypatch.setenv("JAX_DISABLE_JIT", "0")
    assert run(capsys, *PREDICT)[0] == 0
    assert len(quick) == 2


def test_python_says_the_same_of_jit():
    import jax

    with (
        jax.disable_jit(),
        pytest.raises(BsfitInputError, match="it is set, and bsfit compiles"),
    ):
        bsfit.predict(["DeltaM_s"])


@pytest.mark.parametrize(("name", "what"), [("JAX_ENABLE_X64=0", "64 bit"), ("JAX_PLATFORMS=tpu", "backend 'tpu'")])
def test_a_real_process_with_such_a_variable(name, what):
    variable, _, value = name.partition("=")
    done = subprocess.run(
        [*PROGRAM, *PREDICT],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert what in done.stderr
    assert done.stderr.count("\n") == 1
