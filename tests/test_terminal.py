"""What is printed cannot steer a terminal, wherever it comes from."""

import io
import json
import sys
import warnings

import numpy as np
import pytest

from bsfit import cli
from bsfit.cli import terminal
from bsfit.errors import BsfitInputError, BsfitWarning, printable
from bsfit.results import PredictionTable, load
from bsfit.results.tables import aligned

RED, WIPE = "\x1b[31m", "\x9b2J"
ESCAPED = {RED: r"\x1b[31m", WIPE: r"\x9b2J", "\u202e": r"\u202e", "\udcff": r"\udcff", "a\nb": r"a\nb", "é": "é"}


@pytest.mark.parametrize(("text", "shown"), ESCAPED.items())
def test_what_is_not_printable_is_escaped(text, shown):
    assert printable(text) == shown
    assert str(BsfitInputError("odd", file=text, field=text)) == f"{shown}: {shown}: odd"
    assert str(BsfitWarning(f"note {text}")) == f"note {shown}"
    assert aligned([text], [[text]]).splitlines()[0] == shown


def test_a_stream_that_knows_few_letters_gets_escapes():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    terminal.say("é\n→", stream)
    assert raw.getvalue() == b"\\xe9\n\\u2192\n"


def test_our_warnings_are_notes_and_others_are_not_touched(capsys):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        with terminal.warnings_as_notes():
            warnings.warn(f"odd {RED}", BsfitWarning, stacklevel=1)
    assert capsys.readouterr().err == "bsfit: note: odd \\x1b[31m\n"


RUN = f'{{"observables": ["DeltaM_s"], "set": {{"C9_bsmumu{json.dumps(RED)[1:-1]}": 1}}}}'
UNUSED = f'data: "{json.dumps(RED)[1:-1]}"\nobservables: DeltaM_s\nset: {{CVLL_bsbs: x}}'


@pytest.mark.parametrize(
    "words",
    [
        (f"pre{RED}",),
        ("fit", f"--{RED}"),
        ("fit", RED),
        ("fit", f"--data={RED}"),
        ("fit", "--data", f"{RED}.yaml"),
        ("fit", "--free", RED),
        ("fit", "--free", f"C9mu={RED},1"),
        ("fit", "--free", "C9mu", "--theory", RED, "--data", "mixing"),
        ("fit", "--free", "C9mu", "--nuisances", RED, "--data", "mixing"),
        ("fit", "--scenario", RED),
        ("fit", "--model", RED),
        ("fit", "--seed", RED),
        ("predict", RED),
        ("predict", "DeltaM_s", "--set", f"{RED}=1"),
        ("predict", "DeltaM_s", "--set", f"C9mu={RED}"),
        ("predict", "DeltaM_s", "--inputs", RED),
        ("predict", "DeltaM_s", "--inputs", f"{RED}.yaml"),
        ("predict", "DeltaM_s", "--input", f"{RED}=1"),
        ("predict", f"R_K[{RED},6]"),
        ("predict", "DeltaM_s", "-o", f"file/{RED}"),
        ("profile", RED),
        ("scan", f"{RED}=1,2,3"),
        ("list", RED),
        ("show", RED),
        ("plot", RED),
        ("plot", f"{RED}.npz", "--format", RED),
        ("predict", "-f", "run.yaml"),
        ("predict", "-f", f"{RED}.yaml"),
        ("fit", "-f", "unused.yaml"),
    ],
    ids=lambda words: printable(" ".join(words)),
)
def test_nothing_that_is_typed_or_read_comes_back_raw(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bsfit.cli.question.switch_on", lambda options: None)
    (tmp_path / "file").write_text("")
    (tmp_path / "run.yaml").write_text(RUN)
    (tmp_path / "unused.yaml").write_text(UNUSED)
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert err.count("bsfit: error: ") == 1
    if any(RED in word for word in words):
        assert r"\x1b[31m" in err


def test_results_hold_no_text_that_steers_a_terminal(tmp_path):
    row = {"observable": f"R_K{RED}", "value": 1.0, "unit": WIPE}
    record = PredictionTable((row,), (f"note\n{RED}",), {RED: {"command": RED}})
    assert record.predictions[0] == {"observable": r"R_K\x1b[31m", "value": 1.0, "unit": r"\x9b2J"}
    assert str(record).count("\n") == 3
    assert load(record.save(tmp_path / "table.json")) == record


def test_json_is_ascii(capsys):
    assert cli.main(["show", "lhcb-rk-rkstar-2022", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["found"]


def test_file_names_that_are_not_utf8_can_be_told(capsys, tmp_path):
    assert cli.main(["fit", "--free", "C9mu", "--data", "a\udcff.yaml"]) == 2
    assert r"a\udcff.yaml: cannot read the file" in capsys.readouterr().err


def test_the_program_prints_where_the_locale_is_ascii(capsys, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert cli.main(["list", "inputs", "--inputs", "default"]) == 0
    assert raw.getvalue().isascii()
    assert np.frombuffer(raw.getvalue(), np.uint8).size > 1000
