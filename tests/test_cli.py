"""The command line: verbs call the Python API with what was typed, print, save, and tell the truth on exit."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue, cli
from bsfit.cache_folder import private
from bsfit.cli import compilation_cache, runfile
from bsfit.loading import selection
from bsfit.predictions.bound_model import module_of
from bsfit.results import DataTable, FitResult, Posterior, PredictionTable, Profile, Scan, ScenarioTable

QUICK = ("--no-cache", "-q")


class Gaussian:
    """Stands in for a log-likelihood: a Gaussian in the free parameters, centred at 1 with error 0.5."""

    n_data, observables, reference, pull_by_rank = 5, ("a",), None, False

    def __init__(self, model="eft", data="lfu", free=None, fixed=None, inputs=None, theory=None, nuisances=None):
        self.model, self.data, self.free, self.fixed = model, ", ".join(data), free, fixed
        self.asked = {"inputs": inputs, "theory": theory, "nuisances": nuisances}
        self.meta = {"notes": []}

    def __call__(self, params):
        return -0.5 * self.chi2(params)

    def chi2(self, params):
        return sum(((value - 1.0) / 0.5) ** 2 for value in params.values())

    def by_group(self, params):
        return {"LFU": self(params)}


@pytest.fixture
def asked(monkeypatch):
    """The likelihoods that verbs asked for; each is a `Gaussian`."""
    made = []

    def log_likelihood(*arguments):
        made.append(Gaussian(*arguments))
        return made[-1]

    monkeypatch.setattr(bsfit, "log_likelihood", log_likelihood)
    return made


def run(capsys, *words):
    """Exit status, stdout and stderr of a command."""
    capsys.readouterr()
    status = cli.main([*words])
    return status, *capsys.readouterr()


# ------------------------------------------------------------------------------------------------------ the shell


def test_help_and_tables_import_no_jax():
    code = (
        "import sys; from bsfit.cli import main, VERBS\n"
        "assert main(['--help']) == 0\n"
        "assert not {'jax', 'numpy', 'yaml'} & set(sys.modules)\n"
        "for verb in 'predict fit profile scan sample table plot env'.split(): assert main([verb, '--help']) == 0\n"
        "assert not {'jax', 'numpy'} & set(sys.modules)\n"
        "for verb in VERBS: assert main([verb, '--help']) == 0\n"
        "for topic in 'observables models parameters outputs coefficients scenarios sets data'.split():\n"
        "    assert main(['list', topic]) == 0\n"
        "assert main(['list']) == main(['show', 'lfu']) == main(['show', 'R_K']) == main(['show', 'C9mu']) == 0\n"
        "assert 'jax' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.slow
def test_a_small_prediction_imports_what_it_needs():
    """Scipy's linear algebra and splines are a fifth of its time."""
    code = (
        "import sys; from bsfit.cli import main\n"
        "assert main(['predict', 'R_K[1.1,6]', '-q']) == 0\n"
        "assert not {'scipy.linalg', 'scipy.interpolate', 'numpyro', 'optax', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_version_and_bare_call(capsys):
    assert run(capsys, "--version") == (0, f"bsfit {bsfit.__version__}\n", "")
    status, out, _ = run(capsys)
    assert status == 2
    assert "usage: bsfit VERB" in out


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-c", "import sys; from bsfit.cli import main; sys.exit(main(['list', 'coefficients']))"]
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_interruption(capsys, monkeypatch, asked):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(bsfit, "fit", interrupted)
    status, _, err = run(capsys, "fit", "--free", "C9mu", *QUICK)
    assert status == 130
    assert err == "bsfit: interrupted\n"


# -------------------------------------------------------------------------------------------------------- predict


def test_predict_prints_what_the_python_call_returns(capsys):
    names = ["DeltaM_s/SM", "DeltaM_s_ps", "CVLL_bsbs"]
    status, out, err = run(capsys, "predict", *names, "--set", "CVLL_bsbs=-1e-11", "--json", *QUICK)
    found = json.loads(out)
    assert (status, err, found["trusted"], found["verb"]) == (0, "", True, "predict")
    expected = bsfit.predict(names, params={"CVLL_bsbs": -1e-11})
    assert {row["observable"]: row["value"] for row in found["predictions"]} == expected
    assert [row["unit"] for row in found["predictions"]] == ["1", "ps^-1", "GeV^-2"]


@pytest.fixture
def point(tmp_path):
    """A file of coefficients of another code."""
    values = {"CVLL_bsbs": {"Re": -1e-11, "Im": 2e-12}, "C9_bsmumu": -0.9, "CVL_dumunumu": 0.001}
    path = tmp_path / "point.json"
    path.write_text(json.dumps({"eft": "WET", "basis": "flavio", "scale": 4.8, "values": values}))
    return str(path)


def test_predict_takes_coefficients_of_other_codes(capsys, point, tmp_path):
    """What is set by name wins, notes say what the file is and what is left out, in the table and in JSON."""
    words = ("predict", "DeltaM_s/SM", "C9_bsmumu", "--coefficients", point, "--set", "C9_bsmumu=-1", *QUICK)
    status, out, _ = run(capsys, *words, "-o", str(tmp_path / "a"))
    assert status == 0
    found = bsfit.predict(["DeltaM_s/SM"], params={"CVLL_bsbs": -1e-11, "CVLL_bsbs_im": 2e-12})["DeltaM_s/SM"]
    assert f"DeltaM_s/SM  {found:.6g}" in out
    assert "C9_bsmumu    -1 " in out
    notes = out.split("note: ")[1:]
    assert notes[0].startswith(f"coefficients of {point} (WCxf, WET in the basis flavio at 4.8 GeV; sha256 ")
    assert notes[1] == "no observable of bsfit depends on CVL_dumunumu\n"
    assert notes[2].strip() == "not as in the file: C9_bsmumu"
    assert str(PredictionTable.load(tmp_path / "a" / "predict.json")) == out.removesuffix("\n")
    again = runfile.load(tmp_path / "a" / "run.resolved.yaml")
    assert again.get("set") == {"CVLL_bsbs": -1e-11, "CVLL_bsbs_im": 2e-12, "C9_bsmumu": -1.0}
    status, out, _ = run(capsys, *words, "--json")
    assert len(json.loads(out)["notes"]) == 3


@pytest.mark.slow
def test_a_fit_holds_coefficients_of_other_codes(capsys, asked, point, tmp_path):
    """From a run file too; what is free wins over the file, and notes are told."""
    path = tmp_path / "run.yaml"
    path.write_text(f"coefficients: {point}\nfree: {{C9_bsmumu: [-3, 3]}}\n")
    status, out, _ = run(capsys, "fit", "-f", str(path), *QUICK)
    assert status == 0
    assert asked[0].free == {"C9_bsmumu": (-3.0, 3.0)}
    assert asked[0].fixed == {"CVLL_bsbs": -1e-11, "CVLL_bsbs_im": 2e-12}
    assert out.startswith(f"coefficients of {point}")
    assert "not as in the file: C9_bsmumu" in out
    status, out, _ = run(capsys, "profile", "C9_bsmumu", "--coefficients", point, "--points", "5", "--json", *QUICK)
    assert (status, asked[1].fixed) == (0, asked[0].fixed)
    assert json.loads(out)["notes"][0].startswith("coefficients of")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fit",), "--coefficients: the table of scenarios has no other parameters"),
        (("fit", "--model", "portal"), "--coefficients: Wilson coefficients are parameters of 'eft', not of 'portal'"),
    ],
)
def test_coefficients_where_none_can_be(capsys, asked, point, words, message):
    status, out, err = run(capsys, *words, "--coefficients", point, *QUICK)
    assert (status, out) == (2, "")
    assert message in err


def test_predict_saves_and_takes_a_run_file(capsys, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("observables: [DeltaM_s/SM]\nset: {CVLL_bsbs: -1e-11}\ndata: lfu\n")
    status, out, err = run(capsys, "predict", "-f", str(path), "-o", str(tmp_path / "a"), "--no-cache")
    assert status == 0
    assert out.splitlines()[-1].split()[0] == "DeltaM_s/SM"
    assert "bsfit predict does not use data" in err
    saved = PredictionTable.load(tmp_path / "a" / "predict.json")
    assert [row["observable"] for row in saved.predictions] == ["DeltaM_s/SM"]
    assert str(saved) == out.removesuffix("\n")
    again = runfile.load(tmp_path / "a" / "run.resolved.yaml")
    assert again.get("set") == {"CVLL_bsbs": -1e-11}
    assert again.get("inputs") == "default"


def test_a_clipped_bin_is_noted_and_an_infinite_value_not_trusted(capsys, monkeypatch):
    class Found(dict):
        notes = ("upper edge clipped",)

    monkeypatch.setattr(bsfit, "predict", lambda *arguments: Found({"DeltaM_s": float("nan")}))
    status, out, _ = run(capsys, "predict", "DeltaM_s", *QUICK)
    assert status == 1
    assert out.splitlines()[-2:] == ["note: upper edge clipped", "not to be trusted: DeltaM_s not finite"]
    status, out, err = run(capsys, "predict", "DeltaM_s", "--json", *QUICK)
    assert json.loads(out)["predictions"][0]["value"] == "nan"
    assert err == "bsfit: not to be trusted: DeltaM_s not finite\n"


def test_predict_prints_errors_and_their_budget(capsys, tmp_path):
    names = ["R_K[1.1,6]", "R_K*[1.1,6]"]
    status, out, _ = run(capsys, "predict", *names, "--errors", "--json", *QUICK)
    found, expected = json.loads(out), bsfit.predict(names, errors=True)
    assert status == 0
    assert {row["observable"]: row["error"] for row in found["predictions"]} == expected.errors
    assert np.array(found["correlation"]) == pytest.approx(expected.correlation)
    status, out, _ = run(capsys, "predict", *names, "--errors", "-o", str(tmp_path), *QUICK)
    assert out.splitlines()[0].split() == ["observable", "value", "error", "unit"]
    assert out.splitlines()[-1].startswith("correlation of R_K[1.1,6] and R_K*[1.1,6]: ")
    assert str(PredictionTable.load(tmp_path / "predict.json")) == out.removesuffix("\n")
    status, out, _ = run(capsys, "predict", *names, "--budget", *QUICK)
    assert (status, out) == (0, f"{bsfit.error_budget(names)}\n")
    status, _, err = run(capsys, "predict", *names, "--nuisances", "QED*", *QUICK)
    assert status == 2
    assert "add --errors" in err


@pytest.mark.long
def test_table_of_the_standard_model_and_beside_a_fit(capsys, tmp_path):
    status, out, _ = run(capsys, "table", "--data", "seed-2017", "--format", "csv", *QUICK)
    assert (status, out) == (0, bsfit.table("seed-2017").to_csv() + "\n")
    words = ("table", "--data", "seed-2017", "--scenario", "C9mu", "--sort", "pull")
    status, out, _ = run(capsys, *words, "-o", str(tmp_path), *QUICK)
    assert status == 0
    assert out.startswith("Fit of eft to seed-2017")
    saved = DataTable.load(tmp_path / "table.json")
    assert out.removesuffix("\n").endswith(str(saved))
    status, out, _ = run(capsys, *words, "--json", *QUICK)
    assert [row["best_pull"] for row in json.loads(out)["rows"]] == [row["best_pull"] for row in saved.rows]
    assert run(capsys, "table", "--format", "tex", *QUICK)[0] == 2


# ------------------------------------------------------------------------------------- verbs on a log-likelihood


@pytest.mark.slow
def test_fit_of_free_parameters(capsys, asked, tmp_path):
    words = ["--data", "mixing,cms-rk-2024", "--free", "C9mu=-2,3", "--free", "C10mu", "--set", "C9e=0.1"]
    more = [
        "--theory",
        "propagated",
        "--nuisances",
        "V_*,f_Bs",
        "--input",
        "V_cb=0.042",
        "--seed",
        "3",
        "--starts",
        "8",
    ]
    status, out, err = run(capsys, "fit", *words, *more, "-o", str(tmp_path / "a"), *QUICK)
    assert (status, err) == (0, "")
    assert "Fit of eft to mixing, cms-rk-2024: converged" in out
    (like,) = asked
    assert (like.free, like.fixed) == ({"C9mu": (-2.0, 3.0), "C10mu": (-5.0, 5.0)}, {"C9e": 0.1})
    assert like.asked["theory"] == "propagated"
    assert like.asked["nuisances"] == ("V_*", "f_Bs")
    assert float(like.asked["inputs"]["V_cb"]) == 0.042
    result = FitResult.load(tmp_path / "a" / "fit.json")
    assert result.values == pytest.approx({"C9mu": 1.0, "C10mu": 1.0})
    assert (result.meta["settings"]["seed"], result.meta["settings"]["starts"]) == (3, 8)
    again = runfile.load(tmp_path / "a" / "run.resolved.yaml")
    assert again.values == {
        "data": ("mixing", "cms-rk-2024"),
        "set": {"C9e": 0.1},
        "free": like.free,
        "input": {"V_cb": 0.042},
        "theory": "propagated",
        "nuisances": ("V_*", "f_Bs"),
        "starts": 8,
        "seed": 3,
        "model": "eft",
        "inputs": "default",
    }


def test_one_scenario_is_an_ordinary_fit_and_json_is_all_that_is_printed(capsys, asked):
    status, out, err = run(capsys, "fit", "--scenario", "C9mu=-C10mu", "--json", *QUICK)
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["result"]["kind"] == "FitResult"
    assert found["result"]["values"] == pytest.approx({"C9mu=-C10mu": 1.0})
    assert found["settings"]["free"] == {"C9mu=-C10mu": [-5.0, 5.0]}
    assert found["settings"]["data"] == ["lfu"]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["portal", "loop"])
def test_a_fit_of_couplings_says_its_benchmark_and_lets_it_be_changed(capsys, asked, model):
    record = catalogue.MODELS[model]
    status, out, _ = run(capsys, "fit", "--model", model, *QUICK)
    assert status == 0
    assert asked[0].free == record.free
    assert asked[0].fixed == {k: v for k, v in record.benchmark.items() if k not in record.free}
    assert f"defaults of {model}, changed by --set: " in out
    assert "free by default, changed by --free: " in out
    run(capsys, "fit", "--model", model, "--set", "m_Q=900,".rstrip(","), "--free", "lambda_L_mu=0,1", *QUICK)
    assert asked[1].free == {"lambda_L_mu": (0.0, 1.0)}
    assert asked[1].fixed["m_Q"] == 900.0
    assert asked[1].fixed["lambda_Q_s"] == record.benchmark["lambda_Q_s"]
    free = next(iter(record.free))
    run(capsys, "fit", "--model", model, "--set", f"{free}=0.1", *QUICK)
    assert free not in asked[2].free
    assert asked[2].fixed[free] == 0.1


@pytest.mark.parametrize("model", [name for name in catalogue.MODELS if name != "eft"])
def test_benchmarks_leave_nothing_open(model):
    record, parameters = catalogue.MODELS[model], catalogue.parameters_of(model)
    assert {p.name for p in parameters.values() if p.default is None} <= set(record.benchmark)
    assert set(record.free) <= set(record.benchmark) <= set(parameters)
    for name, (low, high) in record.free.items():
        assert low < record.benchmark[name] < high
    selection.select(record.data)


@pytest.mark.slow
@pytest.mark.parametrize("model", list(catalogue.MODELS))
def test_outputs_of_the_catalogue_are_those_of_the_model(model):
    record = catalogue.MODELS[model]
    theory = module_of(record).theory
    params = {} if model == "eft" else {p.name: p.default for p in record.parameters} | dict(record.benchmark)
    assert set(jax.eval_shape(lambda: theory(params, bsfit.load_inputs())).quantities) == set(record.quantities)


def test_a_fit_that_did_not_converge_says_so_on_the_last_line(capsys, asked, monkeypatch):
    fit = bsfit.fit
    monkeypatch.setattr(bsfit, "fit", lambda *a, **k: replace(fit(*a, **k), status="not converged"))
    status, out, _ = run(capsys, "fit", "--free", "C9mu", *QUICK)
    assert status == 1
    assert out.splitlines()[-1] == "not to be trusted: the minimisation did not converge"


def table_of(*names, status="converged"):
    row = {"name": "", "best": 0.1, "errors": (0.1, 0.1), "interval_1": (0.0, 0.2), "interval_2": (-0.1, 0.3),
           "bounds": (-5, 5), "pull": 1.0, "chi2": 1.0, "ndf": 1, "p_value": 0.3, "status": status}  # fmt: skip
    return ScenarioTable(tuple(row | {"name": name} for name in names), ("C9_bsmumu",), 2.0, 2)


def test_fit_without_arguments_is_the_table_of_scenarios(capsys, monkeypatch):
    calls = []

    def fit_scenarios(*arguments, **options):
        calls.append((arguments, options))
        return table_of(*arguments[1], status="converged" if len(calls) == 1 else "not converged")

    monkeypatch.setattr(bsfit, "fit_scenarios", fit_scenarios)
    status, out, err = run(capsys, "fit", "--no-cache")
    (data, scenarios, inputs), options = calls[0]
    assert (status, data, scenarios) == (0, ("lfu",), catalogue.STANDARD_SCENARIOS)
    assert (inputs.set_name, options) == ("default", {"theory": "fixed", "nuisances": None})
    assert err == "bsfit: fitting 12 scenarios to lfu\n"
    assert "Standard Model: chi2 = 2.00 for 2 measurements" in out
    status, out, _ = run(capsys, "fit", "--scenario", "C9mu,C9e", "--data", "seed-2017", "--seed", "2", *QUICK)
    assert calls[1][0][:2] == (("seed-2017",), ("C9mu", "C9e"))
    assert calls[1][1]["seed"] == 2
    assert (status, out.splitlines()[-1]) == (1, "not to be trusted: no convergence of C9mu, C9e")


def test_profile_frees_what_it_profiles(capsys, asked, tmp_path):
    status, out, _ = run(capsys, "profile", "C9mu", "--points", "9", "-o", str(tmp_path / "a"), *QUICK)
    assert status == 0
    assert asked[0].free == {"C9mu": (-5.0, 5.0)}
    assert "1 sigma: [0.5, 1.5]" in out
    record = Profile.load(tmp_path / "a" / "profile.npz")
    assert record.delta_chi2.shape == (9,)
    run(capsys, "profile", "C9mu", "C10mu", "--free", "C10mu=-2,2", "--points", "5", *QUICK)
    assert asked[1].free == {"C10mu": (-2.0, 2.0), "C9mu": (-5.0, 5.0)}


def test_scan_of_a_plane_and_with_other_parameters(capsys, asked, tmp_path):
    words = ["scan", "C9mu=-1,3,5", "log:C10mu=0.5,2", "--points", "4", "-o", str(tmp_path / "a"), *QUICK]
    status, _out, err = run(capsys, *words)
    assert (status, err) == (0, "")
    assert asked[0].free == {"C9mu": (-1.0, 3.0), "log:C10mu": (0.5, 2.0)}
    record = Scan.load(tmp_path / "a" / "scan.npz")
    assert record.log_likelihood.shape == (5, 4)
    np.testing.assert_allclose(record.axes[1], np.geomspace(0.5, 2.0, 4))
    again = runfile.load(tmp_path / "a" / "run.resolved.yaml")
    assert again.get("scan") == {"C9mu": (-1.0, 3.0, 5), "log:C10mu": (0.5, 2.0, 4)}
    status, out, _ = run(capsys, "scan", "C9mu=-1,3,5", "--free", "C9e", *QUICK)
    assert status == 0
    assert asked[1].free == {"C9mu": (-1.0, 3.0), "C9e": (-5.0, 5.0)}
    assert "profiled over C9e" in out


@pytest.mark.slow
def test_sample_and_every_plot(capsys, asked, tmp_path):
    words = ["sample", "--free", "C9mu=-2,4", "--chains", "2", "--warmup", "150", "--draws", "100"]
    status, out, _ = run(capsys, *words, "-o", str(tmp_path / "s"), *QUICK)
    record = Posterior.load(tmp_path / "s" / "sample.npz")
    assert record.log_likelihood.shape == (2, 100)
    assert status == (0 if record.converged else 1)
    assert out.splitlines()[-1].startswith("not to be trusted: ") != record.converged
    assert "prior: flat in C9mu on [-2, 4]" in out
    run(capsys, "scan", "C9mu=-1,3,9", "C10mu=-1,3,9", "-o", str(tmp_path / "p"), *QUICK)
    files = [str(tmp_path / "s" / "sample.npz"), str(tmp_path / "p" / "scan.npz")]
    status, out, _ = run(capsys, "plot", *files, "-o", str(tmp_path / "figures"), "--format", "svg")
    assert status == 0
    written = {path.name for path in (tmp_path / "figures").iterdir()}
    assert written == {"sample.svg", "sample.numbers.npz", "scan.svg", "scan.numbers.npz"}
    status, out, _ = run(capsys, "plot", files[1], files[1], "--overlay", "-o", str(tmp_path / "figures"))
    assert status == 0
    assert str(tmp_path / "figures" / "overlay.png") in out


@pytest.mark.slow
def test_a_fit_prints_and_plots_its_correlations(capsys, asked, tmp_path):
    status, out, _ = run(capsys, "fit", "--free", "C9mu", "--free", "C10mu", "-o", str(tmp_path / "f"), *QUICK)
    assert status == 0
    assert "correlation of C9mu and C10mu: " in out
    status, out, _ = run(capsys, "plot", str(tmp_path / "f" / "fit.json"), "-o", str(tmp_path))
    assert status == 0
    assert (tmp_path / "fit.png").stat().st_size > 5_000
    header, *rows = (tmp_path / "fit.numbers.csv").read_text().splitlines()
    assert header == "parameter,C9mu,C10mu"
    assert len(rows) == 2


def test_a_folder_holds_one_run(capsys, asked, tmp_path):
    words = ["fit", "--free", "C9mu", "-o", str(tmp_path), *QUICK]
    assert run(capsys, *words)[0] == 0
    before = (tmp_path / "fit.json").read_bytes()
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert "holds the results of another run" in err
    assert (tmp_path / "fit.json").read_bytes() == before
    assert len(asked) == 1


def test_without_o_nothing_is_written(capsys, asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "fit", "--free", "C9mu", *QUICK)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_whole_path_once(capsys, tmp_path):
    """DeltaM_s fixes a coefficient: real data, a real likelihood, and the same numbers from the saved settings."""
    words = ["--data", "lhcb-dms-combination-2021", "--free", "CVLL_bsbs=-1e-10,2e-11"]
    status, out, err = run(capsys, "fit", *words, "-o", str(tmp_path / "a"), "--no-cache")
    assert status == 0
    assert [line.partition(" ")[0] for line in err.splitlines()] == ["bsfit:", "bsfit:"]
    assert "Fit of eft to lhcb-dms-combination-2021, theory errors fixed: converged" in out
    result = FitResult.load(tmp_path / "a" / "fit.json")
    like = bsfit.log_likelihood(data="lhcb-dms-combination-2021", free={"CVLL_bsbs": (-1e-10, 2e-11)})
    point = {name: jnp.asarray(value) for name, value in result.values.items()}
    assert float(jax.jit(like.chi2)(point)) == pytest.approx(0.0, abs=1e-12)
    again = runfile.load(tmp_path / "a" / "run.resolved.yaml")
    assert again.get("free") == like.free


# ---------------------------------------------------------------------------------------------- list, show, env


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("observables", "R_K*[LOW,HIGH]"),
        ("models", "portal"),
        ("parameters", "lambda_L_mu"),
        ("outputs", "Gamma_Zp_neutrinos"),
        ("coefficients", "C10p_bsmumu_im"),
        ("scenarios", "C9mu=-C10mu"),
        ("sets", "seed-2017"),
        ("data", "unused: "),
        ("limits", "lz-2024"),
        ("inputs", "V_cb"),
    ],
)
def test_list(capsys, topic, line):
    status, out, err = run(capsys, "list", topic)
    assert (status, err) == (0, "")
    assert line in out
    rows = json.loads(run(capsys, "list", topic, "--json")[1])["rows"]
    assert len(rows) == len(out.splitlines()) - 2


def test_list_tells_why_data_are_unused_or_replaced(capsys):
    rows = {row["measurement"]: row for row in json.loads(run(capsys, "list", "data", "--json")[1])["rows"]}
    for name, item in selection.available().items():
        if item.unused_reason:
            assert rows[name]["state"] == f"unused: {item.unused_reason}"
    assert rows["lhcb-rk-2014"]["state"].startswith("replaced by ")
    assert rows["lhcb-rk-rkstar-2022"]["state"] == ""


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("R_K", ["<Rmue>(B+->Kll)[LOW,HIGH]", "lhcb-rk-rkstar-2022", "QED B->K"]),
        ("R_K[1.1,6]", ["<Rmue>(B+->Kll)[1.1,6]", "0.949 +0.042 -0.041 +0.022 -0.022"]),
        ("DeltaM_s_ps", ["ps^-1", "CVLL_bsbs", "lhcb-dms-2021"]),
        ("lhcb-rk-rkstar-2022", ["LHCb:2022vje", "lhcb-rk-2021", "0.015"]),
        ("lfu", ["cms-rk-2024", "0.78 +0.47 -0.23"]),
        ("LFU", ["group of observables"]),
        ("portal", ["m_Zp", "must be given", "1503.06077"]),
        ("lambda_L_mu", ["parameter of portal", "parameter of loop"]),
        ("m_phi", ["parameter of portal", "input, in powers of GeV", "1.01946"]),
        ("Gamma_Zp", ["output of portal", "GeV"]),
        ("C9_bsmumu", ["Wilson coefficient", "b_to_k_ll"]),
        ("C9mu=-C10mu", ["C9_bsmumu +x, C10_bsmumu -x"]),
        ("V_cb", ["0.0411", "flavio"]),
        ("lz-2022", ["upper limit", "LZ:2022lsv", "90%"]),
        ("direct", ["group of observables", "lz-2024"]),
        ("relic", ["planck-omega-2018", "0.1200 +- 0.0012"]),
    ],
)
def test_show(capsys, name, lines):
    status, out, err = run(capsys, "show", name)
    assert (status, err) == (0, "")
    for line in lines:
        assert line in out
    assert json.loads(run(capsys, "show", name, "--json")[1])["found"]


@pytest.mark.slow
def test_show_every_name(capsys):
    names = [*catalogue.stems(), *selection.available(), *selection.data_sets(), *catalogue.MODELS]
    for name in [*names, *catalogue.STANDARD_SCENARIOS]:
        assert run(capsys, "show", name)[0] == 0, name


def test_env(capsys):
    found = {row["what"]: row["value"] for row in json.loads(run(capsys, "env", "--json")[1])["rows"]}
    assert found["bsfit"] == bsfit.__version__
    assert found["64 bit"] == "on"
    assert int(found["threads"]) >= 1


# ------------------------------------------------------------------------------------------ the compilation cache


@pytest.fixture
def switched(monkeypatch, tmp_path):
    """Changes of JAX's configuration by the cache, which has a home of its own."""
    import jax

    changes = {}
    monkeypatch.setattr(jax.config, "update", changes.__setitem__)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    return changes


def test_the_cache_is_private(capsys, asked, switched, tmp_path):
    assert run(capsys, "fit", "--free", "C9mu", "-q")[0] == 0
    (folder,) = (tmp_path / "cache" / "bsfit" / "xla").iterdir()
    assert switched["jax_compilation_cache_dir"] == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_no_cache_where_it_is_not_wanted_or_not_safe(capsys, asked, switched, tmp_path, monkeypatch):
    words = ["fit", "--free", "C9mu", "-q"]
    run(capsys, *words, "--no-cache")
    folder = compilation_cache.location()
    folder.mkdir(parents=True, mode=0o777)
    folder.chmod(0o777)
    assert run(capsys, *words)[0] == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("not a folder")
    assert run(capsys, *words)[0] == 0
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "own"))
    assert run(capsys, *words)[0] == 0
    assert switched == {}


@pytest.mark.parametrize(
    ("mode", "fine"), [(0o700, True), (0o755, True), (0o1777, True), (0o777, False), (0o772, False), (0o702, False)]
)
def test_nobody_can_put_another_folder_in_place_of_the_cache(tmp_path, mode, fine):
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(mode)
    found = private(above / "a" / "b")
    assert found == (above / "a" / "b" if fine else None)
    assert [path.stat().st_mode & 0o777 for path in (above / "a", above / "a" / "b")] == [0o700, 0o700]


def test_a_group_counts_as_others_unless_it_is_the_users_own(tmp_path, monkeypatch):
    tmp_path.chmod(0o770)
    same = tmp_path.stat().st_gid == os.getuid()
    assert (private(tmp_path / "a") is not None) == same
    os.chown(tmp_path, -1, os.getgid())
    monkeypatch.setattr(os, "getuid", lambda: os.getgid() + 1)
    assert private(tmp_path / "b") is None


def test_links_on_the_way_to_the_cache_are_followed_before_it_is_looked_at(tmp_path):
    for name, mode in (("safe", 0o700), ("open", 0o777)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
        (tmp_path / f"to-{name}").symlink_to(name)
    assert private(tmp_path / "to-safe" / "xla") == tmp_path / "safe" / "xla"
    assert private(tmp_path / "to-open" / "xla") is None


@pytest.mark.slow
def test_the_default_fit(capsys):
    status, out, _ = run(capsys, "fit", "--json", *QUICK)
    table = json.loads(out)["result"]
    assert status == 0
    assert [row["name"] for row in table["rows"]] == list(catalogue.STANDARD_SCENARIOS)
    assert all(row["status"] == "converged" for row in table["rows"])
    one = json.loads(run(capsys, "fit", "--scenario", "C9mu=-C10mu", "--json", *QUICK)[1])["result"]
    row = next(row for row in table["rows"] if row["name"] == "C9mu=-C10mu")
    assert row["best"] == pytest.approx(one["values"]["C9mu=-C10mu"], rel=1e-6)
    assert row["interval_2"] == pytest.approx(one["intervals_2"]["C9mu=-C10mu"], rel=1e-6)
