"""Bands of posteriors against q2: values are those of `predict` at each draw, inputs that float in it among them."""

import csv

import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.cli import main
from bsfit.errors import BsfitInputError
from bsfit.likelihood.written import written
from bsfit.loading.inputs import described, input_set, load_inputs
from bsfit.plot.results import plot
from bsfit.reporting.predictive import at_draws
from bsfit.results import Bins, Posterior
from bsfit.results.bins import LEVELS

RATE = "<dBR/dq2>(B+->Kmumu)"
NAMES = [f"{RATE}[1.1,2]", "R_K[1.1,6]"]
KEYS = ("mean", "sd", "q16", "q84", "q2.5", "q97.5", "r_hat", "ess_bulk", "ess_tail")
BAD = ("max R-hat 1.2",)


def posterior(samples, own, model="eft", fixed=None, theory="fixed", reasons=()):
    """Draws by name, of which those of `own` are parameters of the model."""
    asked = written(model, ["lfu"], dict.fromkeys(own, (-3.0, 3.0)), fixed or {}, theory, None, False, "equal", ())
    about = {"model": model, "data": "lfu", "theory": theory, "fixed": fixed or {}, "asked": asked, "free": list(own)}
    samples = {name: np.asarray(x, dtype=float).reshape(2, -1) for name, x in samples.items()}
    shape = next(iter(samples.values())).shape
    return Posterior(
        tuple(samples),
        samples,
        np.zeros(shape),
        {},
        {name: dict.fromkeys(KEYS, 1.0) for name in samples},
        dict.fromkeys(samples, "flat"),
        "failed" if reasons else "passed",
        tuple(reasons),
        {"r_hat": 1.0, "ess": 500.0, "divergences": 0.0, "e_bfmi": 1.0},
        meta={"likelihood": {**about, **described(load_inputs())}},
    )


def record(**more):
    """Two bins with bands, and a value measured in one of them."""
    ones = np.ones(2)
    quantiles = np.array([-2.0, -1.0, 0.0, 1.5, 3.0])[:, None] + np.array([0.0, 10.0])
    datum = {"measurement": "m", "experiment": "e", "low": 1.0, "high": 2.0, "measured": 1.0, "plus": 0.1, "minus": 0.1}
    empty = np.zeros(0)
    return Bins(RATE, "R", "1", np.array([[1, 2], [2, 3.0]]), ones, 0.1 * ones, empty, empty, (datum,),
                posterior=quantiles, **more)  # fmt: skip


def test_bands_are_saved_printed_and_drawn(tmp_path):
    found = record(doubts=BAD)
    assert Bins.load(found.save(tmp_path / "bins")) == found
    text = str(found)
    assert text.splitlines()[2].split("  ")[-1].strip() == "95 %"
    assert "[9.0, 11.5]" in text
    assert "not to be trusted: max R-hat" in text
    figure, numbers = plot(found, tmp_path / "bins.svg")
    assert "NOT CONVERGED" in figure.read_text()
    rows = {(row["what"], row["low"]): row for row in csv.DictReader(numbers.read_text().splitlines())}
    at = rows["posterior 95 %", "2.0"]
    assert [float(at[key]) for key in ("value", "plus", "minus")] == [10.0, 3.0, 2.0]
    with pytest.raises(ValueError, match="posterior in other bins"):
        Bins(**{**vars(found), "posterior": found.posterior[:, :1]}).check()


def test_what_has_no_bands_is_refused():
    fine = posterior({"C9mu": [0.1, 0.2]}, ["C9mu"])
    for arguments, complaint in (
        ({"posterior": fine, "params": {"C9mu": 1.0}}, "params beside a posterior"),
        ({"posterior": fine, "inputs": {"V_cb": 0.04}}, "inputs beside a posterior"),
        ({"posterior": Posterior(**{**vars(fine), "meta": {}})}, "does not say which model it is of"),
        ({"posterior": fine, "draws": 0}, "draws: found 0; expected a positive whole number"),
    ):
        with pytest.raises(BsfitInputError, match=complaint):
            bsfit.bins(RATE, **arguments)


@pytest.mark.slow
def test_values_are_those_of_predict_at_the_draws():
    c9 = np.array([-1.3, -1.1, -0.9, -0.2, 0.1, 0.4])
    values, notes = at_draws(posterior({"C9mu": c9}, ["C9mu"]), NAMES, 6, seed=1)
    expected = [list(bsfit.predict(NAMES, params={"C9mu": x}).values()) for x in c9]
    assert values == pytest.approx(np.array(expected), rel=1e-9)
    assert "no uncertain input that matters here floats in the posterior (theory errors fixed)" in notes[0]
    some, _ = at_draws(posterior({"C9mu": c9}, ["C9mu"]), NAMES, 3, seed=1)
    assert some == pytest.approx(np.array([row for row in values if row[1] in some[:, 1]]))


@pytest.mark.long
def test_inputs_that_float_move_predictions():
    floating = {"V_cb": [0.040, 0.041, 0.042, 0.0425], "B->K BSZ a0_f+": [0.31, 0.33, 0.34, 0.35]}
    draws = {"C9mu": np.array([-1.3, -0.4, 0.1, 0.4]), **{name: np.array(x) for name, x in floating.items()}}
    values, notes = at_draws(posterior(draws, ["C9mu"], theory="sampled"), NAMES, 4, seed=1)
    for i, found in enumerate(values):
        inputs = load_inputs("default", {name: draws[name][i] for name in floating})
        expected = bsfit.predict(NAMES, params={"C9mu": draws["C9mu"][i]}, inputs=inputs)
        assert found == pytest.approx(list(expected.values()), rel=1e-10)
    assert "do not float in the posterior (theory errors sampled)" in notes[0]


@pytest.mark.parametrize(
    ("model", "free"),
    [
        pytest.param("portal", "g_X", marks=pytest.mark.slow),
        pytest.param("light", "m_Zp", marks=pytest.mark.long),  # whose exchange depends on q2, in each draw anew
    ],
)
@pytest.mark.parametrize("floating", [(), ("V_cb",)])
def test_models_have_bands(model, free, floating):
    benchmark = catalogue.MODELS[model].benchmark
    fixed = {name: value for name, value in benchmark.items() if name != free}
    draws = {free: benchmark[free] * np.array([0.9, 1.0]), **dict.fromkeys(floating, np.array([0.041, 0.042]))}
    values, _ = at_draws(posterior(draws, [free], model, fixed), NAMES, 2, seed=1)
    for i, found in enumerate(values):
        inputs = load_inputs("default", {name: draws[name][i] for name in floating})
        expected = bsfit.predict(NAMES, model, {**fixed, free: draws[free][i]}, inputs)
        assert found == pytest.approx(list(expected.values()), rel=1e-9)


@pytest.mark.long
def test_draws_from_the_priors_of_the_inputs_spread_as_theory_errors_do():
    budget = bsfit.error_budget(NAMES[:1])
    random, draws = np.random.default_rng(3), {"C9mu": np.zeros(400)}
    for prior in input_set("default").priors:
        index = [i for i, name in enumerate(prior.names) if name in budget.inputs]
        if index:
            covariance = np.asarray(prior.covariance)[np.ix_(index, index)]
            drawn = random.multivariate_normal(np.asarray(prior.mean)[index], covariance, 400)
            draws |= dict(zip((prior.names[i] for i in index), drawn.T, strict=True))
    values, notes = at_draws(posterior(draws, ["C9mu"], theory="sampled"), NAMES[:1], 400, seed=1)
    assert notes == ()
    assert values[:, 0].std() == pytest.approx(budget.errors[0], rel=0.1)  # 400 draws: 3.5 %; second order


@pytest.mark.long
def test_bands_from_the_command_line(tmp_path, capsys):
    c9 = np.linspace(-1.0, 0.0, 8)
    file = str(posterior({"C9mu": c9}, ["C9mu"], reasons=BAD).save(tmp_path / "sample"))
    assert main(["plot", file, "--bins", RATE, "-o", str(tmp_path), "-q"]) == 0
    assert capsys.readouterr().out.count(".numbers.csv") == 1
    (numbers,) = tmp_path.glob("sample-*.numbers.csv")
    rows = [row for row in csv.DictReader(numbers.read_text().splitlines()) if row["what"] == "posterior 68 %"]
    low, high, value, plus = (float(rows[2][key]) for key in ("low", "high", "value", "plus"))
    name = f"{RATE}[{low:g},{high:g}]"
    each = [bsfit.predict([name], params={"C9mu": x})[name] for x in c9]
    assert (value, value + plus) == pytest.approx(np.quantile(each, (0.5, LEVELS[3])), rel=1e-9)
    assert main(["plot", file, "--bins", RATE, "--set", "C9mu=1", "-o", str(tmp_path), "-q"]) == 2
    assert "set beside a posterior, which has its own" in capsys.readouterr().err
    page = tmp_path / "page.html"
    assert main(["report", file, "--bins", RATE, "--no-papers", "-o", str(page), "-q"]) == 0
    assert page.read_text().count("Not to be trusted:") == 2
