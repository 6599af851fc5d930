"""Results made again: bitwise where nothing changed; what changed is said, what has no settings refused by name."""

import json
from dataclasses import replace

import numpy as np
import pytest

import bsfit
from bsfit import cli
from bsfit.errors import BsfitInputError
from bsfit.likelihood.written import read, written
from bsfit.results import Comparison, FitResult, Map, PredictionTable, Profile
from bsfit.results.differences import differences

QUICK = ("--no-cache", "-q")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a prediction with a changed input."""
    folder = tmp_path_factory.mktemp("run")
    words = ("predict", "R_K[1.1,6]", "DeltaM_s", "--input", "V_cb=0.041", "--set", "C9_bsmumu=-1", "-o", str(folder))
    assert cli.main([*words, *QUICK]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "predict.json"])
def test_a_prediction_is_the_same_to_the_last_bit(saved, name, capsys):
    capsys.readouterr()
    assert cli.main(["rerun", str(saved / name), "--json", *QUICK]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bitwise"]
    assert (found["differences"], found["changes"]) == ([], [])


def test_what_differs_is_said_with_the_exit_status(saved, tmp_path, capsys):
    record = PredictionTable.load(saved / "predict.json")
    rows = ({**record.predictions[0], "value": record.predictions[0]["value"] * (1 + 1e-7)}, record.predictions[1])
    versions = {**record.meta["versions"], "jax": "0.9"}
    other = replace(record, predictions=rows, meta={**record.meta, "versions": versions})
    path = other.save(tmp_path / "other.json")
    assert cli.main(["rerun", str(path), "-o", str(tmp_path / "again"), *QUICK]) == 1
    out = capsys.readouterr().out
    assert "DIFFERS: 1 number by up to 1e-07, at predictions[0].value" in out
    assert "changed: jax: 0.9 then" in out
    assert out.splitlines()[-1] == "not to be trusted: the numbers differ"
    again = PredictionTable.load(tmp_path / "again" / "rerun.json")
    assert again.predictions == record.predictions
    assert cli.main(["rerun", str(path), "--tolerance", "1e-6", *QUICK]) == 0
    assert "agrees within 1e-06" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "no result to make again"),
        (("a.json", "b.json"), "found 2; expected one RESULTFILE"),
        (("missing.json",), "missing.json: cannot be read"),
        ((".",), "none in this folder"),
        (("a.json", "--tolerance", "x"), "--tolerance: 'x' is not a number"),
        (("a.json", "--tolerance", "-1"), "--tolerance: found -1; expected 0 or more"),
    ],
)
def test_bad_words_are_refused(words, complaint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["rerun", *words, *QUICK]) == 2
    assert complaint in capsys.readouterr().err


def test_what_cannot_be_made_again_is_refused_by_name(saved):
    table = PredictionTable.load(saved / "predict.json")
    with pytest.raises(BsfitInputError, match="Map is of a function of one's own"):
        bsfit.rerun(Map(("x",), (np.zeros(2),), (False,), {"y": np.zeros(2)}))
    meta = {**table.meta, "settings": {"method": "predict"}}
    with pytest.raises(BsfitInputError, match="does not say its 'errors'"):
        bsfit.rerun(replace(table, meta=meta))
    about = {**table.meta["likelihood"], "model": "mine"}
    with pytest.raises(BsfitInputError, match="cannot be made again: unknown model 'mine'"):
        bsfit.rerun(replace(table, meta={**table.meta, "likelihood": about}))


class Normal:
    loc, scale = 1.0, 0.5

    def log_prob(self, value):
        return -value


def test_a_likelihood_is_written_as_it_was_asked_for():
    data = ["lfu", {"DeltaM_s": (1.17e-11, 1e-13)}]
    asked = ("eft", data, {"log:x": (1, 2), "y": Normal()}, {"z": 1.0}, "sampled", ["V_*"], False, "equal", ())
    content = written(*asked)
    assert content["data"] == ["lfu", {"DeltaM_s": [1.17e-11, 1e-13]}]
    assert content["free"] == {"log:x": [1.0, 2.0], "y": {"normal": [1.0, 0.5]}}
    again = read(json.loads(json.dumps(content)))
    assert again["free"]["log:x"] == (1.0, 2.0)
    assert float(again["free"]["y"].scale) == 0.5
    assert again["nuisances"] == ["V_*"]


def test_what_has_no_name_is_lost_by_name():
    mine = bsfit.Measurement(["DeltaM_s"], [1.17e-11], [1e-13], name="mine")
    content = written(lambda p: p, [mine], {"x": object()}, {}, "fixed", None, False, "equal", (len,))
    with pytest.raises(BsfitInputError, match=r"the data 'mine', the prior of x, a model of one's own, own terms"):
        read(content)


def test_differences_are_relative_to_what_they_are_of():
    axis = np.linspace(0.0, 1.0, 3)
    one = Profile(("x",), (axis,), np.array([1e-15, 4.0, 1.0]), {"x": 1.0}, -1.0, {}, {"x": (0.0, 1.0)}, (False,),
                  (), (), "converged")  # fmt: skip
    two = replace(one, delta_chi2=np.array([0.0, 4.0, 1.0]), best={"x": 1.0 + 2e-10}, messages=("words",))
    found = differences(one, two)
    assert [d.place for d in found] == ["best.x", "delta_chi2[0]"]
    assert found[0].relative == pytest.approx(2e-10, rel=1e-5)
    assert found[1].relative == pytest.approx(1e-15 / 4)
    assert differences(one, replace(one, best={"x": float("nan")}))[0].relative == np.inf
    assert differences(one, replace(one, status="not converged"))[0].place == "status"
    assert differences(one, replace(one, best={"y": 1.0}))[0].relative == np.inf
    assert differences(one, one) == []


@pytest.mark.long
def test_fits_tables_and_scans_are_the_same_to_the_last_bit(tmp_path):
    like = bsfit.log_likelihood(data="seed-2017", free={"C9mu=-C10mu": (-2, 2)}, inputs={"V_cb": 0.041})
    fit = bsfit.fit(like)
    assert isinstance(bsfit.rerun(fit.save(tmp_path / "fit")).result, FitResult)
    made = [
        bsfit.scan(like, {"C9mu=-C10mu": (-1, 1, 21)}, progress=False),
        bsfit.scan(like, design="sobol", n=20, progress=False),
        bsfit.table(like, fit),
        bsfit.profile(like, "C9mu=-C10mu", points=11),
        bsfit.error_budget("R_K[1.1,6]"),
        bsfit.sample(like, draws=60, warmup=60, chains=2, progress=False),
        bsfit.fit_scenarios("seed-2017", ("C9mu", "C10mu")),
    ]
    for result in (fit, *made):
        assert bsfit.rerun(result).bitwise
    with pytest.raises(BsfitInputError, match="its free parameters are not those of the likelihood"):
        bsfit.rerun(bsfit.fit(like, free={"C9mu=-C10mu": (-1, 1)}))


@pytest.mark.long
def test_evidences_and_comparisons_are_the_same_to_the_last_bit(tmp_path):
    """A candidate that was a saved fit is fitted again."""
    pytest.importorskip("blackjax")
    like = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-2, 1)}, inputs={"V_cb": 0.041})
    other = bsfit.log_likelihood(data="seed-2017", free={"C10mu": (-1, 2)}, inputs={"V_cb": 0.041})
    evidence = bsfit.evidence(like, live=50, progress=False)
    table = bsfit.compare({"C9mu": like, "saved": bsfit.fit(other, starts=8)}, live=50, progress=False)
    for result in (evidence, table):
        found = bsfit.rerun(result.save(tmp_path / type(result).__name__), progress=False)
        assert found.bitwise
        assert found.changes == ()
        assert found.result.digest() == result.digest()
    with pytest.raises(BsfitInputError, match="its free parameters are not those of the likelihood"):
        bsfit.rerun(bsfit.evidence(like, free={"C9mu": (-1, 1)}, live=50, progress=False))


def test_what_other_comparisons_lack_is_named():
    old = Comparison(({"name": "C9mu", "status": "converged", "priors": {}},), "C9mu", meta={"settings": {"seed": 1}})
    with pytest.raises(BsfitInputError, match="a Comparison that does not say its 'candidates' cannot be made again"):
        bsfit.rerun(old)
    own = replace(old, meta={"settings": {"seed": 1, "candidates": {"mine": {}}}})
    with pytest.raises(BsfitInputError, match="a Comparison that does not say its 'asked' cannot be made again"):
        bsfit.rerun(own)


# -------------------------------------------------------------------------------------------------------- digests


def test_one_question_has_one_digest_wherever_it_is_asked(saved, capsys):
    record = PredictionTable.load(saved / "predict.json")
    about = record.meta["likelihood"]
    elsewhere = {name.replace("/bsfit/", "/other/bsfit/"): digest for name, digest in about["input_files"].items()}
    moved = {**record.meta, "versions": {}, "device": "gpu", "likelihood": {**about, "input_files": elsewhere}}
    rows = tuple({**row, "value": 0.0} for row in record.predictions)
    assert replace(record, meta=moved, predictions=rows).digest() == record.digest()
    assert bsfit.rerun(record).result.digest() == record.digest()
    for key, value in (("params", {"C9_bsmumu": -0.9}), ("input_changes", {}), ("input_files", {"a": "b"})):
        assert replace(record, meta={**record.meta, "likelihood": {**about, key: value}}).digest() != record.digest()
    capsys.readouterr()
    assert cli.main(["show", str(saved / "predict.json"), "--digest"]) == 0
    assert capsys.readouterr().out == f"{record.digest()}\n"
    assert cli.main(["show", str(saved / "predict.json")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(str(record))
    assert f"digest    {record.digest()}" in out
    assert cli.main(["show", "nothing.json", "--digest"]) == 2
    assert cli.main(["show", "R_K", "--digest"]) == 2
    assert "R_K: cannot be read" in capsys.readouterr().err
