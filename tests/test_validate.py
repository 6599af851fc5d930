"""Validation: everything that is wrong, at once, without JAX; sections of run files say what single keys say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bsfit import cli
from bsfit.cli import checks, runfile, typed
from bsfit.cli.runfile import Normal
from bsfit.errors import BsfitInputError
from bsfit.likelihood.dark_matter import RELIC
from bsfit.likelihood.request import THEORY_MODES
from bsfit.runs.keep import KEEP

PAGE = Path(__file__).parents[1] / "docs" / "files.md"

BAD = """\
metadata: {title: a test, author: [A, B]}
model: {nme: eft}
parameters:
  C9mu: {prior: normal, mean: -1, sd: -0.2}
  C10_bsmumo: [-2, 2]
  C9_bsee: [1]
  C10_bsee: -0.1 +- 0.3
  C10mu: {prior: cauchy}
data: {sets: [lfuu, lfu], relic: uper}
nuisances: {theory: propagatd, leave_out: ["nothing*"], values: {V_cbb: 0.04, V_cb: 4}}
inference: {starts: 0, sed: 1, chains: 2.5, keep: delta=x}
output: {folder: 3}
"""

EXPECTED = {
    2: ["model.nme: unknown key 'nme' (did you mean 'name'?)"],
    4: ["parameters.C9mu: the prior of 'C9mu' is -1 +- -0.2"],
    5: ["parameters.C10_bsmumo: model 'eft' has no parameter 'C10_bsmumo' (did you mean 'C10_bsmumu'"],
    6: ["parameters.C9_bsee: found a list; expected [low, high]"],
    8: ["parameters.C10mu.prior: found 'cauchy'; expected flat or normal"],
    9: ["data.sets: unknown data 'lfuu'", "data.relic: unknown choice of relic 'uper'"],
    10: [
        "nuisances.theory: unknown choice of theory 'propagatd'",
        "nuisances.leave_out: no uncertain input matches '!nothing*'",
        "nuisances.values.V_cbb: unknown input 'V_cbb' (did you mean 'V_cb'",
        "nuisances.values.V_cb: input 'V_cb' = 4 is outside its domain; expected 0 <= V_cb <= 1",
    ],
    11: [
        "inference.starts: found 0; expected 1 to",
        "inference.sed: unknown key 'sed' (did you mean 'seed'?)",
        "inference.chains: found 2.5; expected a whole number",
        "inference.keep: found 'delta=x'",
    ],
    12: ["output.folder: found 3; expected text"],
}


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    return path


def validate(capsys, *words):
    capsys.readouterr()
    status = cli.main(["validate", *map(str, words)])
    return status, capsys.readouterr().out.splitlines()


def test_everything_is_said_in_one_pass_in_the_order_of_the_file(bad, capsys):
    status, lines = validate(capsys, "-f", bad)
    expected = [f"{bad}:{line}:" for line, told in EXPECTED.items() for _ in told]
    assert status == 2
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=False)] == expected
    for told in (told for several in EXPECTED.values() for told in several):
        assert any(told in line for line in lines), told
    assert lines[-1] == f"{bad}: {len(expected)} problems"
    status = cli.main(["validate", "-f", str(bad), "--json"])
    rows = json.loads(capsys.readouterr().out)["problems"]
    assert [row["line"] for row in rows] == [line for line, told in EXPECTED.items() for _ in told]


def test_it_takes_a_second_and_imports_no_jax(bad):
    code = (
        "import sys, resource; from bsfit.cli import main\n"
        f"assert main(['validate', '-f', {str(bad)!r}]) == 2\n"
        "assert main(['validate', 'sample', '--free', 'C9mu', '--data', 'latest', '--nuisances', '!QED']) == 0\n"
        "assert 'jax' not in sys.modules\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stderr) < 4.0  # two in one process, where every core may have two masters: each is below a second


@pytest.mark.parametrize(
    ("words", "complaints"),
    [
        (["fit", "--set", "C9mu=x", "--set", "C9mu=1", "--free", "C9mu=3,-3", "--draws", "4"],
         ["--set: C9mu = x", "--free: the range 3,-3", "--draws: bsfit fit has no such option"]),
        (["fit", "--free", "C9_bctaunu", "--free", "C9mu"], ["no parameter 'C9_bctaunu'"]),
        (["fit", "--free", "CVL_bctaunutau"], ["--free: no chosen datum depends on 'CVL_bctaunutau'"]),
        (["fit", "--scenario", "C9mu=-C10nu"], ["unknown scenario", "C9mu=-C10mu"]),
        (["fit", "--model", "loop", "--scenario", "C9mu"], ["scenarios belong to the model 'eft'"]),
        (["fit", "--data", "lfu,lhcb-rkx-2022", "--data", "nix"], ["unknown data 'nix'"]),
        (["fit", "--inputs", "defalt"], ["--inputs: unknown input set 'defalt'", "'default'"]),
        (["fit", "--coefficients", "no.json"], ["there is no file 'no.json'"]),
        (["fit", "extra"], ["unknown argument 'extra'"]),
        (["fit", "--model", "portal", "--set", "g_X=-1"], ["parameter 'g_X' = -1 is outside its domain"]),
        (["predict"], ["no observable to predict"]),
        (["predict", "R_K[1,2", "Omega_h2", "--model", "portal"],
         ["unknown observable 'R_K[1,2'", "needs a value for g_X, m_Zp"]),
        (["profile", "C9mu", "C10mu", "C9e"], ["expected one or two names"]),
        (["scan"], ["no axis to scan"]),
        (["scan", "--design", "sobol"], ["what to scan is not clear"]),
        (["scan", "C9mu"], ["NAME=LO,HI,N: found 'C9mu'; expected NAME=LO,HI,N"]),
        (["scan", "C9mu=1,2,3", "--shard", "4/3"], ["--shard: found '4/3'"]),
        (["table", "--sort", "pul", "--format", "tex"], ["did you mean 'pull'", "--format: unknown format 'tex'"]),
        (["fit", "--sort", "pull"], ["--sort: bsfit fit has no such option"]),
        (["fit", "--nuisances", "!B->Q*"], ["'!B->Q*' ('bsfit list inputs' prints all names)"]),
        (["scan", "C9mu=1,2,1"], ["'C9mu' asks for 1 points"]),
        (["--theory", "fxied", "--seed", "-1"], ["--theory: unknown choice", "--seed: found -1"]),
        (["nix.yaml"], ["nix.yaml: cannot read the file"]),
        (["-f", "nix.yaml", "--seed", "x"], ["nix.yaml: cannot read the file", "--seed: 'x' is not a whole number"]),
    ],
)  # fmt: skip
def test_options_of_a_verb_are_looked_at(words, complaints, capsys):
    status, lines = validate(capsys, *words)
    assert status == 2
    for complaint in complaints:
        assert any(complaint in line for line in lines), lines


@pytest.mark.parametrize(
    "words",
    [
        ["fit"],
        ["fit", "--model", "portal"],
        ["scan", "C9mu=-3,3,61"],
        ["predict", "R_K[1.1,6]", "C9_bsmumu"],
        ["profile", "C9mu", "--nuisances", "!form factors"],
        ["table", "--data", "latest,-lfu"],
        ["sample", "--free", "C9mu=-1+-0.3"],
    ],
)
def test_what_is_right_passes(words, capsys):
    status, lines = validate(capsys, *words)
    assert (status, lines[-1]) == (0, f"bsfit {words[0]}: nothing is wrong")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "nothing to look at"),
        (["fitt"], "did you mean 'fit'?"),
        (["run.json"], "a run file is given by -f"),
        (["list"], "no settings of 'list'"),
    ],
)
def test_bad_words_are_refused(words, complaint, capsys):
    assert cli.main(["validate", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_choices_are_those_of_the_python_interface():
    assert checks.CHOICES["theory"] == THEORY_MODES
    assert checks.CHOICES["relic"] == RELIC
    assert set(checks.CHOICES["keep"]) == set(KEEP) - {"delta=X"}


# ----------------------------------------------------------------------------------------------- sections of run files


def example():
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]


def test_the_example_of_the_page_says_what_single_keys_say(tmp_path, capsys):
    path = tmp_path / "run.yaml"
    path.write_text(example())
    found = runfile.load(path)
    assert found.values == {
        "metadata": {"title": "Muons alone", "author": "A. Phenomenologist"},
        "model": "eft",
        "set": {"C10e": 0.1},
        "free": {"C9mu": (-3.0, 3.0), "C10mu": Normal(0.2, 0.5), "C9e": None},
        "data": ("lfu", "mixing", "-cms-rk-2024"),
        "theory": "propagated",
        "nuisances": ("!QED",),
        "inputs": "default",
        "input": {"V_cb": 0.0411},
        "starts": 16,
        "seed": 7,
        "scan": {"C9mu": (-2.0, 1.0, 31)},
        "output": "results",
    }
    status, lines = validate(capsys, "-f", path)
    assert (status, lines[-1]) == (0, f"{path}: nothing is wrong")
    assert str(found.error("odd", "set", "C10e")).endswith("run.yaml:9:9: parameters.C10e: odd")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("parameters: {C9mu: 1}\nset: {C10mu: 1}", r"2:1: set: 'set' says 'set', which is given too"),
        ("data: {sets: lfu}\nrelic: upper\ninference: {seed: 1}\nseed: 2", r"4:1: seed: 'seed' says 'seed'"),
        ("parameters: {C9mu: true}", r"parameters\.C9mu: found True; expected a number \(fixed\), free"),
        ("parameters: {C9mu: 1 +2 -3}", r"two sides; expected \[low, high\] or 'mean \+- sd'"),
        ("parameters: {C9mu: {prior: log, low: 1, high: 2}}", r"log:NAME is flat in the logarithm"),
        ("parameters: {C9mu: {prior: normal, mean: 1}}", r"the key 'sd' is missing"),
        ("parameters: {log:m: {prior: normal, mean: 1, sd: 1}}", r"the prior of 'log:m' is normal"),
        ("parameters: [C9mu]", r"parameters: found a list; expected a mapping"),
        ("metadata: title", r"metadata: found 'title'; expected a mapping"),
        ("metadata: {title: [[1]]}", r"expected text"),
        ("inference: fast", r"inference: found 'fast'; expected a mapping"),
        ("data: {sets: [1]}", r"data\.sets\[0\]: found 1; expected text"),
        ("data: {set: [lfu]}", r"data\.set: unknown key 'set' \(did you mean 'sets'\?\)"),
        ("output:", r"the key has no value"),
    ],
)
def test_bad_sections_are_refused_with_their_line(text, complaint, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(BsfitInputError, match=complaint):
        runfile.load(path)


def test_normal_priors_are_typed_and_saved_as_they_are_read(tmp_path):
    assert typed.from_options({"free": ["C9mu=-1+-0.3"]}).get("free") == {"C9mu": Normal(-1.0, 0.3)}
    path = tmp_path / "run.yaml"
    path.write_text("free: {C9mu: {prior: normal, mean: -1, sd: 0.3}, C10mu: {low: -1, high: 2}}")
    assert runfile.load(path).get("free") == {"C9mu": Normal(-1.0, 0.3), "C10mu": (-1.0, 2.0)}
    for text in ("C9mu=-1+-", "C9mu=-1+-x", "log:m_Zp=1+-1", "C9mu=1+-0"):
        with pytest.raises(BsfitInputError, match="free"):
            typed.from_options({"free": [text]})
