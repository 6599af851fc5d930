"""What long work says of itself: what it does, how far it came, how long it will take, compilation not counted."""

import io
import sys
import time

import pytest

from bsfit import at_work, cli
from bsfit.inference import progress
from bsfit.inference.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_goes_on_is_one_line(clock):
    assert at_work.line() == ""
    with at_work.doing("building the likelihood"), at_work.doing("compiling"):
        clock[0] += 3.6
        assert at_work.line() == "building the likelihood: compiling, 3 s"
    assert at_work.line() == ""
    with pytest.raises(ZeroDivisionError), at_work.doing("failing"):
        raise ZeroDivisionError
    assert at_work.line() == ""


def test_what_is_left_does_not_count_the_first_part(clock):
    with at_work.doing("profile") as work:
        work.count(0, 100)
        clock[0] += 50.0  # compiles
        work.count(20, 100)
        assert at_work.line() == "profile (20 of 100), 50 s"
        clock[0] += 2.0
        work.count(40, 100)
        assert at_work.line() == "profile (40 of 100, about 6 s left), 52 s"
        work.came("3 of 12 ends")
        assert at_work.line() == "profile (3 of 12 ends), 52 s"


def watched(monkeypatch, stream, **limits):
    """What is told on a stream within half a second of work."""
    monkeypatch.setattr(sys, "stderr", stream)
    for name, value in {"TICK": 0.02, **limits}.items():
        monkeypatch.setattr(at_work, name, value)
    with at_work.shown(), at_work.doing("fitting"):
        time.sleep(0.5)
    return stream.getvalue()


def test_a_log_gets_a_line_a_minute(monkeypatch):
    assert watched(monkeypatch, io.StringIO()) == ""
    lines = watched(monkeypatch, io.StringIO(), MINUTE=0.2).splitlines()
    assert 1 <= len(lines) <= 2
    assert set(lines) == {"bsfit: fitting, 0 s"}


def test_a_terminal_is_told_after_two_seconds_and_cleared(monkeypatch):
    assert watched(monkeypatch, Terminal()) == ""
    told = watched(monkeypatch, Terminal(), PATIENCE=0.1)
    assert "fitting, 0 s" in told
    assert told.rpartition("\r")[2].strip() == ""


def test_nothing_is_told_beside_a_bar_or_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(sys, "stderr", told := io.StringIO())
    monkeypatch.setattr(at_work, "TICK", 0.02)
    monkeypatch.setattr(at_work, "MINUTE", 0.05)
    with at_work.shown(False), at_work.doing("fitting"):
        time.sleep(0.2)
    with at_work.shown(), at_work.doing("sampling"), Progress("chains", 10):
        time.sleep(0.2)
    assert told.getvalue() == ""


def test_the_rate_of_counted_work_leaves_out_compilation(clock, monkeypatch, capsys):
    with Progress("scan", 1000) as bar:
        bar.advance(200, new=False)
        clock[0] += 100.0
        bar.advance(100)  # with its compilation
        assert capsys.readouterr().err == "scan: 300/1000\n"
        clock[0] += progress.MINUTE
        bar.advance(120)
        assert capsys.readouterr().err == "scan: 420/1000, 2 a second, about 290 s left\n"


def test_the_command_line_shows_what_goes_on_unless_quiet(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(cli, "shown", lambda show: seen.append(show) or at_work.shown(False))
    assert cli.main(["list", "models"]) == cli.main(["list", "models", "-q"]) == 0
    assert seen == [True, False]
