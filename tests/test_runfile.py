"""Run files and options: one table of names, the command line wins, every value knows its place."""

import pytest

from bsfit.cli import runfile, typed
from bsfit.cli.runfile import Settings
from bsfit.errors import BsfitInputError

FULL = """
model: portal
data: [lfu, mixing]
fixed: {g_X: 0.3, m_Zp: 2.0e+3}
free:
  lambda_Q_s: [-0.5, 1e-1]
  log:lambda_L_mu: [0.1, 3]
  lambda_Q_b:
inputs: default
input: {V_cb: 0.0411}
theory: fixed
nuisances: ["V_*", f_Bs]
observables: "R_K[1.1,6]"
scan: {g_X: [0.1, 1, 20], m_Zp: [500, 5000]}
points: 31
seed: 7
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return path

    return write


def test_every_kind_of_key_is_read(write):
    found = runfile.load(write(FULL))
    assert found.values == {
        "model": "portal",
        "data": ("lfu", "mixing"),
        "set": {"g_X": 0.3, "m_Zp": 2000.0},
        "free": {"lambda_Q_s": (-0.5, 0.1), "log:lambda_L_mu": (0.1, 3.0), "lambda_Q_b": None},
        "inputs": "default",
        "input": {"V_cb": 0.0411},
        "theory": "fixed",
        "nuisances": ("V_*", "f_Bs"),
        "observables": ("R_K[1.1,6]",),
        "scan": {"g_X": (0.1, 1.0, 20), "m_Zp": (500.0, 5000.0, None)},
        "points": 31,
        "seed": 7,
    }
    runfile.check_names(found)


def test_free_parameters_may_be_a_list_of_names(write):
    assert runfile.load(write("free: [C9mu, C10mu]")).get("free") == {"C9mu": None, "C10mu": None}
    assert runfile.load(write("free: C9mu=-C10mu")).get("free") == {"C9mu=-C10mu": None}


def test_options_are_read_like_the_file():
    found = typed.from_options(
        {
            "model": ["eft", "portal"],
            "data": ["lfu,mixing", "cms-rk-2024"],
            "set": ["g_X=0.3", "m_Zp = 2e3", "m_phi=inf"],
            "free": ["lambda_Q_s=-0.5,.1", "log:lambda_L_mu=0.1,3", "lambda_Q_b"],
            "observables": ["R_K[1.1,6]", "R_K*[1.1,6]"],
            "scan": ["g_X=0.1,1,20"],
            "seed": ["7"],
            "points": None,
        }
    )
    assert found.values == {
        "model": "portal",
        "data": ("lfu", "mixing", "cms-rk-2024"),
        "set": {"g_X": 0.3, "m_Zp": 2000.0, "m_phi": float("inf")},
        "free": {"lambda_Q_s": (-0.5, 0.1), "log:lambda_L_mu": (0.1, 3.0), "lambda_Q_b": None},
        "observables": ("R_K[1.1,6]", "R_K*[1.1,6]"),
        "scan": {"g_X": (0.1, 1.0, 20)},
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("text", "name", "bounds"),
    [
        ("C9mu", "C9mu", None),
        ("C9mu=-C10mu", "C9mu=-C10mu", None),
        ("C9mu=-C10mu=-3,3", "C9mu=-C10mu", (-3.0, 3.0)),
        ("C9mu=-3,3", "C9mu", (-3.0, 3.0)),
        ("log:m_Zp=5e2,5000", "log:m_Zp", (500.0, 5000.0)),
    ],
)
def test_scenarios_and_bounds_share_the_equals_sign(text, name, bounds):
    assert typed.from_options({"free": [text]}).get("free") == {name: bounds}


def test_a_value_of_a_scenario_is_behind_its_last_equals_sign():
    assert typed.from_options({"set": ["C9mu=-C10mu=-0.5"]}).get("set") == {"C9mu=-C10mu": -0.5}


def test_the_command_line_wins_name_by_name(write):
    below = runfile.load(write(FULL))
    given = typed.from_options({"set": ["m_Zp=3000", "m_Q=900"], "data": ["mixing"], "free": ["log:lambda_Q_s=0.1,1"]})
    both = given.over(below)
    assert both.get("set") == {"g_X": 0.3, "m_Zp": 3000.0, "m_Q": 900.0}
    assert both.get("data") == ("mixing",)
    assert list(both.get("free")) == ["log:lambda_L_mu", "lambda_Q_b", "log:lambda_Q_s"]
    assert both.get("seed") == 7


def test_setting_a_free_parameter_fixes_it_and_freeing_a_set_one_frees_it(write):
    below = runfile.load(write(FULL))
    fixed = typed.from_options({"set": ["lambda_L_mu=1"]}).over(below)
    assert "log:lambda_L_mu" not in fixed.get("free")
    assert fixed.get("set")["lambda_L_mu"] == 1.0
    freed = typed.from_options({"free": ["g_X=0.1,1"]}).over(below)
    assert "g_X" not in freed.get("set")
    assert freed.get("free")["g_X"] == (0.1, 1.0)


def test_scenarios_replace_free_parameters_and_the_reverse(write):
    scenario = typed.from_options({"scenario": ["C9mu"]}).over(runfile.load(write("free: [C10mu]")))
    assert "free" not in scenario
    free = typed.from_options({"free": ["C10mu"]}).over(runfile.load(write("scenario: C9mu")))
    assert "scenario" not in free


def test_errors_found_later_name_file_line_and_field(write):
    path = write("model: eft\nset:\n  C9mu: 1\ndata: [lfuu]\n")
    found = runfile.load(path)
    assert str(found.error("odd", "set", "C9mu")).endswith("run.yaml:3:9: set.C9mu: odd")
    with pytest.raises(BsfitInputError, match=r"run\.yaml:4:7: data: unknown"), found.blame("data"):
        raise BsfitInputError("unknown data")
    given = typed.from_options({"set": ["C9mu=2"]}).over(found)
    assert str(given.error("odd", "set", "C9mu")) == "--set: odd"


def test_errors_that_name_a_file_keep_it(write):
    found = runfile.load(write("data: own.yaml"))
    with pytest.raises(BsfitInputError, match=r"^own\.yaml:3"), found.blame("data"):
        raise BsfitInputError("odd", file="own.yaml", line=3)


def test_settings_are_not_changed_in_place():
    settings = Settings({"model": "eft"})
    assert settings.with_values(model="loop").get("model") == "loop"
    assert settings.get("model") == "eft"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("modle: eft", r"1:1: modle: unknown key 'modle' .*'model'"),
        ("model: eft\nmodel: loop", r"2:1: .*stands twice"),
        ("model: 3", r"1:8: model: found 3; expected text"),
        ("model:", r"1:\d+: model: the key has no value"),
        ("set: {C9mu: one}", r"set\.C9mu: found 'one'; expected a number"),
        ("set: {C9mu: .nan}", r"finite number"),
        ("set: {C9mu: true}", r"expected a number"),
        ("set: [C9mu]", r"expected a mapping"),
        ("set: {C9mu: 1}\nfixed: {C10mu: 1}", r"2:1: fixed: .*another name"),
        ("free: {C9mu: [3, -3]}", r"free\.C9mu: .*reversed"),
        ("free: {C9mu: [3, 3]}", r"empty"),
        ("free: {C9mu: [1]}", r"expected \[low, high\]"),
        ("free: {C9mu: 3}", r"expected \[low, high\]"),
        ('free: {"log:m_Zp": [0, 3]}', r"not positive"),
        ("scan: {C9mu: [0, 1, 1]}", r"2 or more"),
        ("scan: {C9mu: [0, 1, 2.5]}", r"whole number"),
        ("points: 1", r"points: found 1; expected 2 to"),
        ("seed: -1", r"seed: found -1"),
        ("seed: 1.5", r"whole number"),
        ("data: []", r"empty list"),
        ("data: [1]", r"expected text"),
        ("- eft", r"expected a mapping"),
        ("", r"empty"),
        ("model: [eft", r"not valid YAML"),
        ("model: &a eft", r"anchor"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(write, text, complaint):
    with pytest.raises(BsfitInputError, match=complaint) as caught:
        runfile.load(write(text))
    assert caught.value.file is not None


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"set": ["C9mu"]}, r"--set: found 'C9mu'; expected NAME=VALUE"),
        ({"set": ["C9mu=nan"]}, r"--set: C9mu = nan: .*not a number"),
        ({"set": ["C9mu=1_0"]}, r"not a number"),
        ({"set": ["C9mu="]}, r"not a number"),
        ({"set": ["C9mu=1", "C9mu=2"]}, r"'C9mu' is given twice"),
        ({"free": ["C9mu=1"]}, r"--free: .*no bounds"),
        ({"free": ["C9mu=-C10nu"]}, r"did you mean 'C9mu=-C10mu'"),
        ({"free": ["C9mu=2,1"]}, r"reversed"),
        ({"free": ["C9mu=0,inf"]}, r"not finite"),
        ({"input": ["V_cb=inf"]}, r"finite number"),
        ({"scan": ["C9mu=1,2,3,4"]}, r"NAME=LO,HI,N"),
        ({"scan": ["C9mu=1,2,x"]}, r"whole number"),
        ({"data": ["lfu,,mixing"]}, r"empty name"),
        ({"seed": ["1.5"]}, r"--seed: '1\.5' is not a whole number"),
    ],
)
def test_a_bad_option_is_refused_by_name(options, complaint):
    with pytest.raises(BsfitInputError, match=complaint):
        typed.from_options(options)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"model": "etf"}, r"unknown model 'etf'.*'eft'"),
        ({"set": {"C9_bsmumo": 1.0}}, r"no parameter 'C9_bsmumo'.*'C9_bsmumu'"),
        ({"model": "portal", "free": {"lambda_Q_t": None}}, r"no parameter 'lambda_Q_t'.*'lambda_Q_"),
        ({"scenario": ("C9mu=-C1mu",)}, r"unknown scenario.*'C9mu=-C10mu'"),
        ({"model": "loop", "scenario": ("C9mu",)}, r"scenarios belong to the model 'eft'"),
        ({"set": {"C9mu": 1.0}, "free": {"C9mu": None}}, r"both free and set"),
        ({"profile": ("C9_bsmumi",)}, r"'C9_bsmumu'"),
    ],
)
def test_names_are_checked_without_computing(values, complaint):
    with pytest.raises(BsfitInputError, match=complaint):
        runfile.check_names(Settings(values))
