"""Records: printing, equality, round trips, corruption, hostile files."""

import dataclasses
import io
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bsfit import results
from bsfit.results import (
    FitResult,
    Map,
    Posterior,
    PredictionTable,
    Profile,
    ResultFileError,
    Scan,
    ScenarioTable,
    load,
)
from bsfit.results.tables import asymmetric, correlations, interval, number

META = {"likelihood": {"model": "toy", "data": "made up"}, "settings": {"seed": 1, "free": {"x": "flat"}}}


def fit_result():
    return FitResult(
        names=("x", "m", "g"),
        values={"x": -0.6213, "m": 1234.5, "g": 0.3},
        errors={"x": (0.14, 0.13), "m": (200.0, np.inf), "g": (np.nan, np.nan)},
        hessian_errors={"x": 0.135, "m": 210.0, "g": np.nan},
        intervals_1={"x": (-0.7613, -0.4913), "m": (1034.5, np.inf)},
        intervals_2={"x": (-0.9, -0.36), "m": (-np.inf, np.inf)},
        covariance=np.array([[0.018, 0.0, np.nan], [0.0, 44100.0, np.nan], [np.nan] * 3]),
        bounds={"x": (-3.0, 3.0), "m": (500.0, 5000.0), "g": (0.1, 1.0)},
        status="degenerate",
        log_likelihood=3.25,
        chi2=4.6,
        ndf=7,
        p_value=0.71,
        pull=4.2,
        pull_dof=1,
        pull_delta_chi2=17.64,
        undetermined=("g",),
        combinations=(
            {"name": "m/g", "exponents": {"m": 1.0, "g": -1.0}, "value": 4115.0, "minus": 90.0, "plus": 95.0},
        ),
        minima=(
            {"values": {"x": -0.6}, "delta_chi2": 0.0, "starts": 30},
            {"values": {"x": 2.0}, "delta_chi2": 3.0, "starts": 2},
        ),
        starts=32,
        reached=30,
        gradient_norm=3e-12,
        messages=("said",),
        meta=META,
    )  # fmt: skip


def table():
    row = {
        "name": "C9mu",
        "best": -0.8,
        "errors": (0.2, 0.25),
        "interval_1": (-1.0, -0.55),
        "interval_2": (-1.3, np.inf),
    }
    row |= {"bounds": (-3.0, 3.0), "log_likelihood": -2.0, "chi2": 5.0, "ndf": 6, "p_value": 0.5, "pull": 3.6}
    row |= {"status": "at bound", "direction": {"C9": 1.0}, "minima": []}
    return ScenarioTable(rows=(row,), parameters=("C9",), reference_chi2=18.0, n_data=7, meta=META)


def profile():
    x = np.linspace(-1, 1, 11)
    return Profile(
        names=("x",), axes=(x,), delta_chi2=9 * x**2, best={"x": 0.0, "y": 1.0}, best_log_likelihood=-1.0,
        others={"y": 1 + x}, bounds={"x": (-1.0, 1.0)}, log=(False,), intervals_1=((-1 / 3, 1 / 3),),
        intervals_2=((-2 / 3, np.inf),), meta=META,
    )  # fmt: skip


def scan():
    x, m = np.linspace(-1, 1, 9), np.geomspace(1, 100, 7)
    values = -((x[:, None] - 0.1) ** 2) - (np.log(m)[None] - 2.2) ** 2
    by_group = np.stack([values, 0.5 * values])
    by_group[0, 0, 0] = np.nan
    return Scan(
        names=("x", "m"), axes=(x, m), log=(False, True), log_likelihood=values, groups=("a", "b"), by_group=by_group,
        reference={"x": 0.0, "m": 10.0}, meta=META,
    )  # fmt: skip


def posterior():
    draws = np.random.default_rng(0).normal(size=(4, 50))
    keys = ("mean", "sd", "q2.5", "q16", "median", "q84", "q97.5", "r_hat", "ess_bulk", "ess_tail")
    numbers = (0.0, 1.0, -2.0, -1.0, 0.0, 1.0, 2.0, 1.02, 100.0, 90.0)
    return Posterior(
        names=("x",), samples={"x": draws}, log_likelihood=-draws**2, sample_stats={"diverging": draws > 2},
        summary={"x": dict(zip(keys, numbers, strict=True))}, priors={"x": "flat in x on [-5, 5]"}, verdict="failed",
        reasons=("R-hat of x is 1.020",), diagnostics={"r_hat": 1.02, "ess": 90.0, "divergences": 0.0, "e_bfmi": 1.0},
        meta=META,
    )  # fmt: skip


def plane_map():
    x, m = np.linspace(-1, 1, 9), np.geomspace(1, 100, 7)
    omega = np.outer(x, m)
    omega[0] = np.nan
    return Map(names=("x", "m"), axes=(x, m), log=(False, True), values={"Omega_h2": omega, "none": omega * np.nan})


def predictions():
    row = {"observable": "R_K[1.1,6]", "value": 0.75, "unit": "1"}
    return PredictionTable((row, row | {"observable": "DeltaM_s", "value": np.nan}), ("clipped",), meta=META)


RECORDS = [fit_result, table, profile, scan, posterior, plane_map, predictions]


@pytest.mark.parametrize("suffix", [".json", ".npz", ""])
@pytest.mark.parametrize("make", RECORDS)
def test_round_trip_is_equal(make, suffix, tmp_path):
    record = make()
    path = record.save(tmp_path / f"result{suffix}")
    again = load(path)
    assert again == record
    assert type(again).load(path) == record
    assert str(again) == str(record)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_equality_sees_every_field():
    record = fit_result()
    assert record != table()
    assert dataclasses.replace(record, chi2=4.6000001) != record
    assert dataclasses.replace(record, covariance=np.zeros((3, 3))) != record
    assert dataclasses.replace(record, chi2=4.6) == record


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_every_altered_byte_and_every_truncation_is_seen(suffix, tmp_path):
    path = scan().save(tmp_path / f"result{suffix}")
    raw = path.read_bytes()
    random = np.random.default_rng(0)
    for trial in range(400):
        if trial % 4:
            broken = bytearray(raw)
            broken[random.integers(len(raw))] ^= 1 << int(random.integers(8))
        else:
            broken = raw[: random.integers(len(raw))]
        path.write_bytes(bytes(broken))
        with pytest.raises(ResultFileError):
            load(path)


def test_json_files_are_json_for_everybody(tmp_path):
    path = fit_result().save(tmp_path / "fit")
    assert path.suffix == ".json"
    document = json.loads(path.read_text())
    assert document["bsfit"] == "FitResult"
    assert document["content"]["values"]["x"] == -0.6213
    assert document["content"]["errors"]["m"] == [200.0, {"__float__": "inf"}]


def test_npz_files_are_npz_for_everybody_and_equal_for_equal_results(tmp_path):
    paths = [scan().save(tmp_path / f"{i}.npz") for i in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with np.load(paths[0], allow_pickle=False) as archive:
        assert set(archive) == {"content.json", "axes.0", "axes.1", "log_likelihood", "by_group"}
        assert np.array_equal(archive["log_likelihood"], scan().log_likelihood)


def test_arrays_of_names_that_look_alike_are_kept_apart(tmp_path):
    x = np.linspace(0.0, 1.0, 3)
    values = {"a/b": x, "a?b": x + 1, "A/b": x + 2, "a_b-2": x + 3}
    record = Map(names=("x",), axes=(x,), log=(False,), values=values)
    path = record.save(tmp_path / "map")
    assert load(path) == record
    with zipfile.ZipFile(path) as archive:
        names = [name.casefold() for name in archive.namelist()]
    assert len(set(names)) == len(names) == 6
    assert not any(set(name) & set("/?\\") for name in names)


STORED = Path(__file__).parent / "reference" / "results"


WITH_SCHEMA_1 = {
    "fit_result.json": (FitResult, lambda r: (*r.errors["m"], r.covariance[1, 1]), (200.0, np.inf, 44100.0)),
    "table.json": (ScenarioTable, lambda r: (r["C9mu"]["best"], r.reference_chi2, r.n_data), (-0.8, 18.0, 7)),
    "profile.npz": (Profile, lambda r: (r.axes[0][0], r.delta_chi2[0], r.intervals_2[0][1]), (-1.0, 9.0, np.inf)),
    "scan.npz": (Scan, lambda r: (*r.by_group.shape, r.by_group[0, 0, 0], r.axes[1][-1]), (2, 9, 7, np.nan, 100.0)),
    "posterior.npz": (Posterior, lambda r: (*r.samples["x"].shape, r.sample_stats["diverging"].sum()), (4, 50, 1)),
    "plane_map.npz": (Map, lambda r: (r["Omega_h2"][0, 0], r["Omega_h2"][-1, 0]), (np.nan, 1.0)),
    "predictions.json": (PredictionTable, lambda r: [row["value"] for row in r.predictions], (0.75, np.nan)),
}  # fmt: skip
"""Files written once, with schema 1, and never again: kind, some numbers, and their values."""


@pytest.mark.parametrize("name", WITH_SCHEMA_1)
def test_files_of_every_schema_load_for_ever(name, tmp_path):
    kind, numbers, expected = WITH_SCHEMA_1[name]
    record = kind.load(STORED / name)
    np.testing.assert_allclose(numbers(record), expected, rtol=1e-15)
    assert record.meta["settings"]["seed"] == 1 if name != "plane_map.npz" else not record.meta
    assert load(record.save(tmp_path / name)) == record


def test_a_file_without_a_schema_is_refused(tmp_path):
    """As `bsfit predict` wrote before its answers were results."""
    path = tmp_path / "predict.json"
    path.write_text('{\n "bsfit": "0.1.0.dev0",\n "verb": "predict",\n "predictions": []\n}\n')
    with pytest.raises(ResultFileError, match="truncated, altered, or not a bsfit result"):
        load(path)


def test_what_compresses_too_well_is_stored_as_it_is(tmp_path, monkeypatch):
    """No file of ours is out of proportion for the reader."""
    monkeypatch.setattr(results.container, "SMALL", 1000)
    monkeypatch.setattr(results.container, "MAX_RATIO", 10)
    x = np.arange(5_000.0)
    values = {"zero": 0 * x, "one": np.ones(x.shape), **{f"nan{i}": np.full(x.shape, np.nan) for i in range(9)}}
    record = Map(names=("x",), axes=(x,), log=(False,), values=values)
    path = record.save(tmp_path / "map")
    assert path.stat().st_size > 12 * x.nbytes
    assert load(path) == record


def test_wrong_kind_missing_file_and_newer_schema(tmp_path):
    path = table().save(tmp_path / "table.json")
    with pytest.raises(ResultFileError, match="holds a ScenarioTable, not a FitResult"):
        FitResult.load(path)
    with pytest.raises(ResultFileError, match="cannot be read"):
        load(tmp_path / "absent.json")
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(ResultFileError, match="newer bsfit"):
        load(path)
    with pytest.raises(ResultFileError, match=r"not as '\.pkl'"):
        table().save(tmp_path / "table.pkl")


def test_of_a_folder_the_only_result_is_read(tmp_path):
    """As `bsfit fit -o DIR` leaves it, beside what is no result."""
    (tmp_path / "run.resolved.yaml").write_text("seed: 1")
    saved = table()
    saved.save(tmp_path / "table.json")
    assert load(tmp_path) == saved == type(saved).load(tmp_path)
    saved.save(tmp_path / "table.npz")
    with pytest.raises(ResultFileError, match=r"folder with 2 results, table\.json among them"):
        load(tmp_path)


def test_hostile_files_are_refused_without_a_traceback_of_ours(tmp_path):
    bomb, path = io.BytesIO(), tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("content.json", "{}")
    for content in (b"", b"PK", b"[" * 100_000, bomb.getvalue(), b"\x93NUMPY", b'{"bsfit": "FitResult"}'):
        path.write_bytes(content)
        with pytest.raises(ResultFileError):
            load(path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = fit_result().save(tmp_path / "fit.json")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.archive.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        table().save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["fit.json"]


def test_records_are_frozen_copies():
    values = {"x": 1.0}
    array = np.zeros((3, 3))
    record = dataclasses.replace(fit_result(), values=values, covariance=array)
    values["x"], array[0, 0] = 2.0, 7.0
    assert record.values == {"x": 1.0}
    assert record.covariance[0, 0] == 0.0
    assert not record.covariance.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.chi2 = 0.0
    with pytest.raises(TypeError, match=r"meta\['f'\] is a function"):
        dataclasses.replace(record, meta={"f": lambda: 0})


def test_fit_prints_what_is_known_and_what_is_not():
    text = str(fit_result())
    assert text.splitlines()[0] == "Fit of toy to made up: degenerate"
    lines = {line.split()[0]: line for line in text.splitlines()[3:7]}
    assert lines["x"].split()[1:4] == ["-0.62", "-0.14", "+0.13"]
    assert "[-0.76, -0.49]" in lines["x"]
    assert "-200 +open" in lines["m"]
    assert "[1034, bound 5000)" in lines["m"]
    assert "all of the range" in lines["m"]
    assert "undetermined" in lines["g"]
    assert lines["m/g"].split()[1:4] == ["4115", "-90", "+95"]
    assert "chi2/ndf = 4.60/7, p-value 0.71" in text
    assert "pull to the Standard Model 4.20 sigma (Delta chi2 = 17.64 for 1 degree of freedom)" in text
    assert "further minimum at Delta(-2 log L) = 3: x = 2" in text
    assert "note: said" in text


def test_correlations_print_as_one_a_matrix_or_the_strongest():
    matrix = np.array([[1.0, 0.9875, -0.3], [0.9875, 1.0, np.nan], [-0.3, np.nan, 1.0]])
    assert correlations(("a", "b"), matrix[:2, :2]) == ["correlation of a and b: 0.988"]
    (text,) = correlations(("a", "b", "c"), matrix)
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["a", "1", "0.988", "-0.30"], ["b", "0.988", "1", "-"], ["c", "-0.30", "-", "1"],
    ]  # fmt: skip
    assert correlations(("a", "b"), np.full((2, 2), np.nan)) == correlations(("a",), np.eye(1)) == []
    many = np.eye(8)
    many[2, 5] = many[5, 2] = -0.99987
    many[0, 7] = many[7, 0] = 0.5
    (line,) = correlations(tuple("abcdefgh"), many)
    assert line.startswith("strongest correlations: c, f -0.99987; a, h 0.50; ")
    assert line.count(";") == 4


def test_correlations_of_a_posterior_are_those_of_its_draws():
    draws = np.random.default_rng(1).multivariate_normal([0, 1], [[1, 0.9], [0.9, 1]], size=(4, 500))
    summary = {name: posterior().summary["x"] for name in ("x", "y")}
    both = dataclasses.replace(
        posterior(), names=("x", "y"), samples={"x": draws[..., 0], "y": draws[..., 1]}, summary=summary
    )
    assert both.correlation[0, 1] == pytest.approx(0.9, abs=0.01)
    assert "correlation of x and y: 0.90" in str(both)
    assert "correlation" not in str(posterior())


def test_other_records_print():
    assert "at bound" in str(table())
    assert "1 sigma: [-0.33, 0.33]" in str(profile())
    assert "[-0.67, bound 1)" in str(profile())
    assert "x (9 points) x m (7 points)" in str(scan())
    text = str(posterior())
    assert "convergence failed" in text
    assert "not to be trusted: R-hat of x is 1.020" in text
    assert "prior: flat in x on [-5, 5]" in text


@pytest.mark.parametrize(
    ("value", "scales", "text"),
    [
        (1.23456, (0.1,), "1.23"),
        (-0.001, (0.1,), "0.00"),
        (1234567.0, (1000.0,), "1.2346e+06"),
        (3.2e-9, (4e-10,), "3.20e-09"),
        (0.5, (), "0.5"),
        (12345.0, (200.0,), "12345"),
        (np.inf, (1.0,), "inf"),
        (None, (), "-"),
    ],
)
def test_numbers_show_two_digits_of_the_error(value, scales, text):
    assert number(value, *scales) == text


def test_open_ends():
    assert asymmetric(0.14, 0.13) == "-0.14 +0.13"
    assert asymmetric(np.inf, 0.2) == "-open +0.20"
    assert interval((-np.inf, 0.5), (0.0, 1.0), 0.1) == "(bound 0, 0.50]"


def test_draws_as_csv():
    record = posterior()
    header, *rows = [line.split(",") for line in record.to_csv().splitlines()]
    assert header == ["chain", "draw", *record.names, "log_likelihood"]
    assert len(rows) == record.log_likelihood.size
    name, last = record.names[0], record.log_likelihood.shape
    assert rows[-1][:2] == [str(n - 1) for n in last]
    assert [float(row[2]) for row in rows] == record.draws(name).tolist()
    assert float(rows[-1][-1]) == record.log_likelihood[-1, -1]


def test_to_arviz_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz_base", None)
    with pytest.raises(ImportError, match=r"bsfit\[io\]"):
        posterior().to_arviz()


def test_provenance_says_what_a_reader_needs():
    about = {"model": "toy", "data": "made up", "papers": ["a"]}
    meta = results.provenance(about, started=time.time() - 2.0, seed=3)
    assert meta["likelihood"] == about
    assert meta["settings"] == {"seed": 3}
    assert {"bsfit", "jax", "numpyro", "numpy", "python"} <= set(meta["versions"])
    assert meta["wall_time_s"] == pytest.approx(2.0, abs=0.5)


def test_results_need_no_jax():
    code = "import sys, bsfit.results; sys.exit('jax' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
