"""Comparisons against closed forms of Gaussians; what is not comparable is refused."""

import dataclasses
import json
import math

import numpy as np
import numpyro.distributions as dist
import pytest

from bsfit import cli, compare
from bsfit.errors import BsfitInputError
from bsfit.inference.compare import doubled
from bsfit.inference.fit import fit
from bsfit.results import Comparison

DATA = np.array([0.4, -0.1, 0.7, 0.2])
SIGMA = 0.25


class Line:
    """Four values of one error: all the same, or with a slope; the reference predicts none of it."""

    def __init__(self, names, data="four"):
        self.free = {name: (-2.0, 2.0) for name in names}
        self.reference = dict.fromkeys(names, 0.0)
        self.reference_chi2 = float(np.sum((DATA / SIGMA) ** 2))
        self.n_data, self.data = len(DATA), data

    def summary(self, p):
        model = p["mean"] + p.get("slope", 0.0) * np.arange(4)
        return {"chi2": (((DATA - model) / SIGMA) ** 2).sum()}

    def __call__(self, p):
        return -0.5 * self.summary(p)["chi2"] - 4 * np.log(SIGMA * np.sqrt(2 * np.pi))


@pytest.mark.slow
def test_information_criteria_are_those_of_a_linear_fit(tmp_path):
    lines = {"constant": Line(["mean"]), "sloped": Line(["mean", "slope"])}
    found = compare(lines, evidences=False)
    chi2 = [np.sum((DATA / SIGMA) ** 2), np.sum(((DATA - DATA.mean()) / SIGMA) ** 2)]
    chi2.append(np.sum(((DATA - np.polyval(np.polyfit(range(4), DATA, 1), range(4))) / SIGMA) ** 2))
    assert [row["name"] for row in found.rows] == ["SM", "constant", "sloped"]
    assert [row["chi2"] for row in found.rows] == pytest.approx(chi2, rel=1e-9)
    for k, row in enumerate(found.rows):
        alone = chi2[k] + 8 * math.log(SIGMA * math.sqrt(2 * math.pi))
        assert (row["aic"], row["bic"]) == pytest.approx((alone + 2 * k, alone + k * math.log(4)), rel=1e-9)
    assert found["constant"]["p_value"] == pytest.approx(math.erfc(math.sqrt((chi2[0] - chi2[1]) / 2)), rel=1e-6)
    assert found.log_bayes_factor("constant") is None
    assert Comparison.load(found.save(tmp_path / "compare")) == found
    saved = compare({"constant": fit(lines["constant"]), "sloped": fit(lines["sloped"])})
    assert [row["aic"] for row in saved.rows] == pytest.approx([row["aic"] for row in found.rows[1:]], rel=1e-9)


@pytest.mark.long
def test_bayes_factors_and_what_they_owe_to_the_prior():
    """Twice as wide a prior costs a factor of two for one parameter, where the data see its middle."""
    pytest.importorskip("blackjax")
    found = compare({"constant": Line(["mean"])}, progress=False)
    width = SIGMA / 2.0
    gain = 0.5 * (DATA.mean() / width) ** 2
    for twice, volume in ((False, 4.0), (True, 8.0)):
        factor, error = found.log_bayes_factor("constant", doubled=twice)
        assert abs(factor - (gain + math.log(width * math.sqrt(2 * math.pi) / volume))) < 3.0 * error
    assert "priors doubled" in str(found)
    assert "prior: flat in mean on [-2, 2]" in str(found)


def test_other_data_are_refused_by_name():
    with pytest.raises(BsfitInputError, match=r"compare: a \(four\) and b \(five\) differ in data"):
        compare({"a": Line(["mean"]), "b": Line(["mean"], data="five")}, evidences=False)
    chosen = Line(["mean"])
    chosen.meta = {"choices": ["z"]}
    with pytest.raises(BsfitInputError, match="differ in inputs"):
        compare({"a": Line(["mean"]), "b": chosen}, evidences=False)
    with pytest.raises(BsfitInputError, match="nothing to compare"):
        compare({})


def test_priors_twice_as_wide():
    wide = doubled({"a": (0.0, 2.0), "log:m": (1.0, 100.0), "x": dist.Normal(1.0, 0.5)})
    assert wide["a"] == (-1.0, 3.0)
    assert wide["log:m"] == pytest.approx((0.1, 1000.0))
    assert (float(wide["x"].loc), float(wide["x"].scale)) == (1.0, 1.0)
    assert doubled({"x": dist.Beta(2.0, 2.0)}) is None


@pytest.mark.long
def test_command_line(capsys, tmp_path):
    words = ["compare", "--scenario", "C9mu", "--scenario", "C10mu", "--data", "seed-2017", "--no-evidence", "-q"]
    assert cli.main([*words, "-o", str(tmp_path / "a"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["result"]["rows"]
    assert [row["name"] for row in rows] == ["SM", "C9mu", "C10mu"]
    assert Comparison.load(tmp_path / "a" / "compare.json")["C9mu"]["chi2"] < rows[0]["chi2"]
    assert cli.main(["fit", "--scenario", "C9mu", "--data", "lfu", "-o", str(tmp_path / "b"), "-q"]) == 0
    capsys.readouterr()
    assert cli.main([*words, str(tmp_path / "b" / "fit.json")]) == 2
    assert "differ in data" in capsys.readouterr().err
    assert cli.main(["compare"]) == 2
    assert "nothing to compare" in capsys.readouterr().err


@pytest.mark.slow
def test_the_same_files_of_another_machine_are_the_same_data():
    """And other ones with the same name are not; models are counted where there are several."""
    mine, theirs = fit(Line(["mean"])), fit(Line(["mean", "slope"]))

    def of(result, model, files, data="four, ../a.yaml"):
        about = {**result.meta.get("likelihood", {}), "model": model, "data": data, "data_files": files}
        return dataclasses.replace(result, meta={**result.meta, "likelihood": about})

    one = of(mine, "loop", {"/here/a.yaml": "1f", "/here/b.yaml": "2e"})
    there = {"/there/b.yaml": "2e", "/there/a.yaml": "1f"}
    two = of(theirs, "portal", there, "four, /there/a.yaml")
    found = compare({"one": one, "two": two, "again": two})
    assert str(found).startswith("Comparison of 2 models to four")
    with pytest.raises(BsfitInputError, match="differ in data"):
        compare({"one": one, "two": of(theirs, "loop", {"/here/a.yaml": "1f", "/here/b.yaml": "30"})})
    with pytest.raises(BsfitInputError, match="differ in data"):
        compare({"one": one, "two": of(theirs, "loop", there, "four, ../a.yaml, -R_K")})
