"""Results as files of other codes: what is written reads back; what is not written so is refused by name."""

import json
import warnings

import numpy as np
import pytest

import bsfit
from bsfit import cli
from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.results import FitResult, Posterior, PredictionTable

QUICK = ("--no-cache", "-q")


def posterior(meta=None, names=("C9mu", "1/lambda_B")):
    draws = np.random.default_rng(1).normal(size=(2, 5))
    keys = ("mean", "sd", "q16", "q84", "q2.5", "q97.5", "r_hat", "ess_bulk", "ess_tail")
    summary = {name: dict.fromkeys(keys, 1.0) for name in names}
    stats = {"diverging": draws > 10.0}
    worst = {"r_hat": 1.0, "ess": 500.0, "divergences": 0.0, "e_bfmi": 1.0}
    samples = dict.fromkeys(names, draws)
    return Posterior(names, samples, draws, stats, summary, {}, "passed", (), worst, meta=meta or {})


def read(path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return xarray.open_datatree(path, engine="h5netcdf").load()


def test_draws_as_csv(tmp_path, capsys):
    saved = posterior().save(tmp_path / "sample")
    assert cli.main(["export", str(saved), "-o", str(tmp_path / "draws.csv"), "-q"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'draws.csv'}\n"
    header, *rows = (tmp_path / "draws.csv").read_text().splitlines()
    assert header == "chain,draw,C9mu,1/lambda_B,log_likelihood"
    assert len(rows) == 10


def test_coefficients_of_a_fit_as_wcxf(tmp_path):
    ends = {"C9_bsmumu": (0.1, 0.1)}
    fit = FitResult(("C9_bsmumu",), {"C9_bsmumu": -1.0}, ends, {"C9_bsmumu": 0.1}, ends, ends, np.eye(1), ends,
                    "converged", -1.0, meta={"likelihood": {"model": "eft"}})  # fmt: skip
    assert bsfit.export(fit, tmp_path / "point.json") == tmp_path / "point.json"
    document = json.loads((tmp_path / "point.json").read_text())
    assert document["values"] == {"C9_bsmumu": -1.0}


def test_a_posterior_without_its_likelihood_says_what_is_missing(tmp_path):
    pytest.importorskip("arviz_base")
    pytest.importorskip("h5netcdf")
    with pytest.warns(BsfitWarning, match="posterior and sample_stats alone, the likelihood cannot be made again"):
        bsfit.export(posterior(), tmp_path / "draws.nc")
    tree = read(tmp_path / "draws.nc")
    assert set(tree.children) == {"posterior", "sample_stats"}
    np.testing.assert_array_equal(tree["posterior"]["C9mu"], posterior().samples["C9mu"])
    assert "1|lambda_B" in tree["posterior"]
    assert tree.attrs["digest"] == posterior().digest()
    assert "convergence passed" in tree.attrs["convergence"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "no result to export; expected one RESULTFILE"),
        (("sample.npz",), "-o: nothing to write to"),
        (("sample.npz", "-o", "draws.txt"), "draws.txt: found the ending '.txt'; expected .nc, .csv, .json, .yaml"),
        (("sample.npz", "-o", "draws.json"), "a Posterior is not written as .json"),
        (("table.json", "-o", "draws.nc"), "a PredictionTable is not written as .nc"),
        (("missing.npz", "-o", "draws.nc"), "missing.npz: cannot be read"),
    ],
)
def test_what_is_not_written_is_refused(words, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    posterior().save("sample.npz")
    PredictionTable((), ()).save("table.json")
    assert cli.main(["export", *words, "-q"]) == 2
    assert complaint in capsys.readouterr().err


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "arviz_base", None)
    with pytest.raises(BsfitInputError, match=r"arviz-base is not installed.*bsfit\[io\]"):
        bsfit.export(posterior(), tmp_path / "draws.nc")


@pytest.mark.long
def test_a_sampled_posterior_reads_back_with_all_its_groups(tmp_path):
    arviz = pytest.importorskip("arviz_base")
    words = ["sample", "--data", "seed-2017", "--free", "C9mu=-3,1", "--chains", "2", "--warmup", "60", "--draws", "50"]
    cli.main([*words, "-o", str(tmp_path / "s"), *QUICK])
    saved = Posterior.load(tmp_path / "s" / "sample.npz")
    assert cli.main(["export", str(tmp_path / "s" / "sample.npz"), "-o", str(tmp_path / "post.nc"), "-q"]) == 0
    tree = read(tmp_path / "post.nc")
    assert set(tree.children) >= {"posterior", "sample_stats", "log_likelihood", "observed_data", "prior"}
    np.testing.assert_array_equal(tree["posterior"]["C9mu"], saved.samples["C9mu"])
    like = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-3, 1)})
    expected = bsfit.to_arviz(saved, like)
    for group in ("log_likelihood", "observed_data", "prior"):
        for name, values in expected[group].data_vars.items():
            np.testing.assert_allclose(tree[group][name], values, rtol=1e-12)
    assert list(tree["log_likelihood"].coords["datum"].values) == list(
        expected["log_likelihood"].coords["datum"].values
    )
    assert arviz
