"""What a user can get wrong: one line that names the place and the nearest name, exit status 2, never a traceback."""

import difflib
import os
from pathlib import Path

import pytest

from bsfit import cli

PORTAL = ("--model", "portal", "--set", "g_X=0.3", "--set", "m_Q=1000", "--set", "m_L=1000", "--set", "m_chi=1000")
LOOP = ("--model", "loop", "--set", "m_Q=1100", "--set", "m_L=1000")
MIXING = ("fit", "--data", "mixing")


@pytest.fixture
def refused(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; return the one line of its complaint."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bsfit.cli.question.switch_on", lambda options: None)

    def refused(*words):
        capsys.readouterr()
        status = cli.main(words)
        out, err = capsys.readouterr()
        assert (status, out) == (2, ""), err
        lines = [line for line in err.splitlines() if not line.startswith("bsfit: compiling")]
        assert len(lines) == 1, err
        assert lines[0].startswith("bsfit: error: ")
        return lines[0].removeprefix("bsfit: error: ")

    return refused


@pytest.mark.parametrize(
    ("words", "place", "nearest"),
    [
        (("predikt",), "unknown verb 'predikt'", "'predict'"),
        (("fit", "--modle", "eft"), "unknown option '--modle'", "'--model'"),
        (("fit", "lfu"), "unknown argument 'lfu'", "--help"),
        (("fit", "--model"), "argument --model", "--help"),
        (("list", "observable"), "unknown topic 'observable'", "'observables'"),
        (("list", "parameters", "--model", "portl"), "unknown model 'portl'", "'portal'"),
        (("list", "inputs", "--inputs", "flavia"), "unknown input set 'flavia'", "'flavio'"),
        (("show", "R_KK"), "unknown name 'R_KK'", "'R_K'"),
        (("show", "V_bc"), "unknown name 'V_bc'", "'V_cb'"),
        (("show", "lhcb-rk-2022"), "unknown name 'lhcb-rk-2022'", "'lhcb-rk-20"),
        # observables and their bins
        (("predict", "RK[1,6]"), "OBSERVABLE: unknown observable 'RK[1,6]'", "'R_K'"),
        (("predict", "<Rmue>(B0->Kstarll)[1,6]"), "OBSERVABLE: unknown observable", "'<Rmue>(B0->K*ll)'"),
        (("predict", "R_pK[1.1,6]"), "OBSERVABLE: observable 'R_pK[1.1,6]' is not predicted", "not known"),
        (("predict", "R_K"), "'R_K' needs a q2 bin", "R_K[LOW,HIGH]"),
        (("predict", "R_K[6,1.1]"), "the bin [6,1.1] of 'R_K[6,1.1]' is empty, reversed", "LOW < HIGH"),
        (("predict", "R_K[3,3]"), "the bin [3,3] of 'R_K[3,3]' is empty", "LOW < HIGH"),
        (("predict", "R_K[-1,6]"), "negative", "0 <= LOW"),
        (("predict", "R_K[nan,6]"), "cannot read the bin [nan,6]", "[LOW,HIGH]"),
        (("predict", "R_K[1.1]"), "cannot read the bin [1.1]", "[LOW,HIGH]"),
        (("predict", "R_K[24,26]"), "lies outside the phase space", "GeV^2"),
        (("predict", "DeltaM_s[1,6]"), "'DeltaM_s[1,6]' takes no q2 bin", "DeltaM_s"),
        (("predict",), "no observable", "R_K[1.1,6]"),
        # parameters
        (("predict", "DeltaM_s", "--set", "C9_bsmumo=1"), "--set: model 'eft' has no parameter", "'C9_bsmumu'"),
        (("predict", "DeltaM_s", "--set", "c9_bsmumu=1"), "--set: ", "'C9_bsmumu'"),
        (("predict", "DeltaM_s", "--set", "C9mu=NaN"), "--set: C9mu = NaN", "a number"),
        (("predict", "DeltaM_s", "--set", "C9mu=1e999"), "--set: C9mu = 1e999: '1e999' overflows", "finite"),
        (("predict", "DeltaM_s", "--set", "C9mu=inf"), "--set: parameter 'C9mu' = inf", "C9mu"),
        (("predict", "DeltaM_s", "--set", "C9mu"), "--set: found 'C9mu'", "NAME=VALUE"),
        (("predict", "DeltaM_s", "--model", "portall"), "--model: unknown model 'portall'", "'portal'"),
        (("predict", "DeltaM_s", *PORTAL), "needs a value for m_Zp", "masses"),
        (("predict", "DeltaM_s", *LOOP), "needs a value for m_X", "masses"),
        (("predict", "DeltaM_s", *PORTAL, "--set", "m_Zp=-1"), "--set: parameter 'm_Zp' = -1", "0 < m_Zp"),
        (("predict", "DeltaM_s", *LOOP, "--set", "m_X=1"), "--set: parameter 'm_X' = 1", "2.4 < m_X"),
        (("fit", "--model", "loop", "--free", "m_X=1,100"), "--free: parameter 'm_X' = 1", "2.4 < m_X"),
        (("fit", "--model", "portal", "--set", "lambda_Q_x=1"), "--set: ", "'lambda_Q_"),
        # inputs
        (("predict", "DeltaM_s", "--inputs", "defualt"), "--inputs: unknown input set 'defualt'", "'default'"),
        (("predict", "DeltaM_s", "--input", "Vcb=0.04"), "--input: unknown input 'Vcb'", "'V_cb'"),
        (("predict", "DeltaM_s", "--input", "V_cb=nan"), "--input: V_cb = nan", "a number"),
        (("predict", "DeltaM_s", "--input", "V_cb=inf"), "--input: V_cb = inf", "finite"),
        # data
        (("fit", "--data", "lfuu"), "--data: unknown data 'lfuu'", "'lfu'"),
        (("fit", "--data", "lhcb-rk-20144"), "--data: unknown data", "'lhcb-rk-2014'"),
        (("fit", "--data", "relik"), "--data: unknown data 'relik'", "relic"),
        (("fit", "--data", "lhcb-rpk-2019"), "--data: measurement 'lhcb-rpk-2019' cannot be used", "not predicted"),
        (
            ("fit", "--data", "lfu,lhcb-rk-2014"),
            "--data: 'lhcb-rk-rkstar-2022' supersedes 'lhcb-rk-2014'",
            "choose one",
        ),
        (("fit", "--data", "missing.yaml"), "missing.yaml: cannot read the file", "No such file"),
        # free parameters
        ((*MIXING, "--free", "C9my"), "--free: model 'eft' has no parameter 'C9my'", "'C9mu'"),
        ((*MIXING, "--free", "C9mu=1,-1"), "--free: the range 1,-1 of 'C9mu' is reversed", "LO < HI"),
        ((*MIXING, "--free", "C9mu=1,1"), "--free: the range 1,1 of 'C9mu' is empty", "LO < HI"),
        ((*MIXING, "--free", "C9mu=1,nan"), "--free: C9mu = nan", "a number"),
        ((*MIXING, "--free", "C9mu=1"), "--free: 'C9mu=1' has no bounds", "NAME=LO,HI"),
        ((*MIXING, "--free", "log:C9mu=-1,1"), "--free: the range -1,1 of 'log:C9mu' is not positive", "LO < HI"),
        ((*MIXING, "--free", "log:C9mu"), "--free: 'log:C9mu' needs bounds", "log:C9mu=LO,HI"),
        ((*MIXING, "--free", "CVLL_bsbs"), "--free: 'CVLL_bsbs' needs bounds", "CVLL_bsbs=LO,HI"),
        ((*MIXING, "--free", "C9mu", "--free", "C9mu"), "--free: 'C9mu' is given twice", "each name once"),
        ((*MIXING, "--free", "C9mu", "--set", "C9mu=1"), "--free: 'C9mu' is both free and set", ""),
        ((*MIXING, "--free", "C9mu=-1,1"), "--free: no selected observable depends on C9mu", "fix it"),
        (("fit", "--scenario", "C9mu=-C10nu"), "--scenario: unknown scenario", "'C9mu=-C10mu'"),
        (("fit", "--scenario", "C9mu", "--model", "loop"), "--scenario: scenarios belong to the model 'eft'", ""),
        (("fit", "--set", "C9mu=1"), "--set: the table of scenarios has no other parameters", "choose one scenario"),
        (("sample",), "--free: nothing is free", "--scenario NAME"),
        # the rest
        ((*MIXING, "--free", "C9mu", "--theory", "fixd"), "--theory: unknown theory mode 'fixd'", "'fixed'"),
        (
            ("fit", "--data", "seed-2017", "--free", "C9mu", "--nuisances", "QDE*"),
            "--nuisances: ",
            "no uncertain input",
        ),
        (("fit", "--seed", "one"), "--seed: 'one' is not a whole number", ""),
        (("fit", "--seed", "-1"), "--seed: found -1", "0 to"),
        (("sample", "--free", "C9mu", "--chains", "0"), "--chains: found 0", "1 to"),
        (("profile",), "NAME: found no parameter", "one or two names"),
        (("profile", "C9mu", "C10mu", "C9e"), "NAME: found C9mu C10mu C9e", "one or two names"),
        (("profile", "C9my"), "NAME: model 'eft' has no parameter", "'C9mu'"),
        (("scan",), "no axis to scan", "C9_bsmumu=-3,3,61"),
        (("scan", "C9mu"), "NAME=LO,HI,N: found 'C9mu'", "expected NAME=LO,HI,N"),
        (("scan", "C9mu=3,-3,10"), "NAME=LO,HI,N: the range 3,-3", "LO < HI"),
        (("scan", "C9mu=-3,3,1"), "NAME=LO,HI,N: 'C9mu' asks for 1 points", "2 or more"),
        (("scan", "C9mu=-3,3,100000", "C10mu=-3,3,100000"), "NAME=LO,HI,N: 100000 x 100000 points", "at most 20000000"),
        (("scan", "C9mu=-3,3,10000000000"), "NAME=LO,HI,N: 'C9mu' asks for 10000000000 points", "at most 100000"),
        (("scan", "C9mu=-3,3", "C10mu=-3,3", "--points", "99999"), "NAME=LO,HI,N: 99999 x 99999", "at most 20000000"),
        (("profile", "C9mu", "C10mu", "--points", "5000"), "--points: 5000 x 5000 points", "at most 20000000"),
        (("sample", "--free", "C9mu", "--draws", "9999999"), "--draws: 4 x 10000999 points", "at most 20000000"),
        (("plot",), "no file to plot", "RESULTFILE"),
        (("plot", "missing.npz"), "missing.npz: cannot be read", "No such file"),
        (("plot", "x.npz", "--format", "pgn"), "--format: unknown format 'pgn'", "'png'"),
        (("fit", "-f", "missing.yaml"), "missing.yaml: cannot read the file", "No such file"),
        (("fit", "-f", "."), ".: this is not a regular file", "a YAML file"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else None,
)
def test_a_mistake_on_the_command_line(refused, words, place, nearest):
    complaint = refused(*words)
    assert place in complaint
    assert nearest in complaint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("modle: eft\n", "run.yaml:1:1: modle: unknown key 'modle' (did you mean 'model'"),
        ("model: eft\nmodel: eft\n", "run.yaml:2:1: the key 'model' stands twice, first in line 1"),
        ("model: etf\n", "run.yaml:1:8: model: unknown model 'etf'; expected eft, portal, loop, "),
        ("free: {C9mu: [-1, 1]}\nset:\n  C9_bsmumo: 1\n", "run.yaml:3:14: set.C9_bsmumo: model 'eft' has no parameter"),
        ("set: {C9mu: .nan}\n", "run.yaml:1:13: set.C9mu: found .nan; expected a finite number"),
        ("free: {C9mu: [1, -1]}\n", "run.yaml:1:14: free.C9mu: the range 1,-1 of 'C9mu' is reversed"),
        ("free: {C9mu: [a, b]}\n", "run.yaml:1:15: free.C9mu[0]: found 'a'; expected a number"),
        ("free: C9mu\ndata: [lfu, mixin]\n", "run.yaml:2:7: data: unknown data 'mixin'"),
        ("free: C9mu\ninputs: flavour\n", "run.yaml:2:9: inputs: unknown input set 'flavour'"),
        ("free: C9mu\ninput: {Vcb: 0.04}\n", "run.yaml:2:14: input.Vcb: unknown input 'Vcb' (did you mean 'V_cb'"),
        ("free: C9mu\ntheory: exact\ndata: mixing\n", "run.yaml:2:9: theory: unknown theory mode 'exact'"),
        ("model: loop\nset: {m_X: 2.0}\n", "run.yaml:2:12: set.m_X: parameter 'm_X' = 2 is outside its domain"),
        ("model: portal\nset:\n  m_Zp: -2e3\n", "run.yaml:3:9: set.m_Zp: parameter 'm_Zp' = -2000 is outside"),
        ("scenario: [C9mu=-C10nu]\n", "run.yaml:1:11: scenario: unknown scenario 'C9mu=-C10nu'"),
        ("model: [eft\n", "run.yaml:2:1: not valid YAML"),
        ("set: {C9mu: 1_0}\n", "run.yaml:1:13: set.C9mu: found '1_0'; expected a number"),
        ("set: {C9mu: 1e-5}\nfree: {C10mu: [1e-5, -1e-5]}\n", "free.C10mu: the range 1e-05,-1e-05"),
        ("a: &x 1\n", "anchor"),
        ("\x00", "run.yaml:1"),
    ],
)
def test_a_mistake_in_a_run_file_is_named_with_its_line(refused, tmp_path, text, place):
    (tmp_path / "run.yaml").write_text(text)
    assert place in refused("fit", "-f", "run.yaml")


@pytest.mark.parametrize(
    ("head", "line"),
    [("", "model{}: 1"), ("set:", "  C9_bsmumx{}: 1"), ("observables:", "- R_Kx{}"), ("free: C9mu\ndata:", "- lfux{}")],
)
def test_of_five_thousand_mistakes_the_first_is_looked_up(refused, tmp_path, monkeypatch, head, line):
    looked_up, original = [], difflib.get_close_matches
    monkeypatch.setattr(difflib, "get_close_matches", lambda *a, **k: looked_up.append(a) or original(*a, **k))
    lines = [head, *(line.format(i) for i in range(5_000))]
    (tmp_path / "run.yaml").write_text("\n".join(lines))
    assert "did you mean" in refused("predict" if "obs" in head else "fit", "-f", "run.yaml")
    assert 1 <= len(looked_up) < 50  # loading the shipped data looks up some


def test_a_mistake_in_a_measurement_is_named_with_its_line(refused, tmp_path):
    lines = ["schema: 1", "experiment: mine", "inspire: Mine:2026abc", "values:", "  - observable: R_K[1.1,6]"]
    lines += ["    value: 0.9 +- 0.1", '    unit: "1"', "    where: Table 1", "    checked: table", "correlation:"]
    lines += ["  total: [[1, 2], [2, 1]]"]
    (tmp_path / "mine.yaml").write_text("\n".join(lines))
    complaint = refused("fit", "--free", "C9mu", "--data", "mine.yaml")
    assert complaint.startswith("mine.yaml:11:10: correlation.total: the matrix does not fit 1 values")


@pytest.mark.filterwarnings("default::bsfit.BsfitWarning")
def test_a_warning_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(
        'schema: 1\nexperiment: mine\nvalues:\n  - {observable: "R_K[1.1,6]", value: 0.9 +- 0.1, unit: "1"}\n'
    )
    assert cli.main(["fit", "--data", "lfu,mine.yaml", "--free", "C9_bsmue", "--inputs", "nowhere"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("bsfit: note: mine: unknown experiment 'mine': nothing says whether it shares events")
    assert second.startswith("bsfit: error: --inputs: ")


def test_a_covariance_that_is_not_positive_definite(refused, tmp_path):
    lines = ["schema: 1", "experiment: mine", "inspire: Mine:2026abc", "values:"]
    for name in ("R_K[1.1,6]", "R_K*[1.1,6]"):
        lines += [f"  - observable: {name}", "    value: 0.9 +- 0.1", '    unit: "1"', "    where: Table 1"]
        lines += ["    checked: table"]
    lines += ["correlation:", "  total: [[1, 1.2], [1.2, 1]]"]
    (tmp_path / "mine.yaml").write_text("\n".join(lines))
    complaint = refused("fit", "--free", "C9mu", "--data", "mine.yaml")
    assert complaint.startswith("mine.yaml:16:10: correlation.total: the matrix is not positive definite")


def test_a_result_file_that_was_altered(refused, tmp_path):
    for name, content in (("a.json", b"{}"), ("b.npz", b"PK nothing"), ("c.npz", b"\x93NUMPY")):
        (tmp_path / name).write_bytes(content)
        assert refused("plot", name).startswith(f"{name}: ")


STORED = Path(__file__).parent / "reference" / "results"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("table.json", "a ScenarioTable has no figure"),
        ("predictions.json", "a PredictionTable has no figure"),
        ("plane_map.npz", "a Map has no figure"),
        ("../models.json", "truncated, altered, or not a bsfit result"),
        ("../public.txt", "truncated, altered, or not a bsfit result"),
        (".", "this is a folder with 7 results, fit_result.json among them"),
    ],
)
def test_a_file_that_has_no_figure_is_told_what_has(refused, name, what):
    drawn = "expected a Scan or Profile of one or two parameters, a Posterior, a FitResult of several, Bins, an "
    drawn += "ErrorBudget or a DarkMatter"
    for words in (("plot", str(STORED / name)), ("plot", str(STORED / "scan.npz"), str(STORED / name), "--overlay")):
        assert refused(*words) == f"{STORED / name}: {what}; {drawn}"


@pytest.mark.skipif(os.name != "posix", reason="needs a folder that is a file")
def test_a_folder_that_cannot_be_made(refused, tmp_path):
    (tmp_path / "file").write_text("")
    complaint = refused("predict", "DeltaM_s", "-o", "file/results")
    assert complaint == "file/results: Not a directory"


def test_small_numbers_are_numbers(capsys, tmp_path, monkeypatch):
    """`1e-5` is text for YAML 1.1 readers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text("observables: [C9_bsmumu]\nset: {C9_bsmumu: 1e-5}\n")
    assert cli.main(["predict", "-f", "run.yaml", "--no-cache"]) == 0
    assert "1e-05" in capsys.readouterr().out
