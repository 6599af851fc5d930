"""The data that come with bsfit: sources, sets, correlations, and numbers that the papers quote about themselves."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import bsfit
from bsfit.loading.selection import available, data_sets, replaced, select
from bsfit.loading.shared_data import independent
from bsfit.loading.yaml_reader import load_yaml

SOURCE = Path(bsfit.__file__).parent
BIBLIOGRAPHY = (SOURCE / "data" / "references.bib").read_text()
KEYS = re.findall(r"^@\w+\{([^,]+),$", BIBLIOGRAPHY, re.MULTILINE)
CITED = re.compile(r"\[([A-Z][A-Za-z-]+:\d{4}[a-z]{2,3})\]")

ALL = list(available().values())
IN_SETS = sorted({name for data_set in data_sets().values() for name in data_set.measurements})


@pytest.mark.parametrize("path", sorted((SOURCE / "data").rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_file_is_read_by_our_reader_and_has_a_schema(path):
    document, _ = load_yaml(path)
    assert document["schema"] == 1


def test_bibliography_is_well_formed():
    assert len(KEYS) == len(set(KEYS)) == BIBLIOGRAPHY.count("\n@")
    for entry in BIBLIOGRAPHY.split("\n@")[1:]:
        fields = re.findall(r"^  (\w+) = \{.*\},$", entry, re.MULTILINE)
        assert {"author", "year"} <= set(fields), entry
        assert {"title", "note"} & set(fields), entry
        assert {"eprint", "journal"} & set(fields), entry
        assert entry.count("{") == entry.count("}")


@pytest.mark.parametrize("measurement", ALL, ids=lambda m: m.name)
def test_paper_of_a_measurement_is_in_the_bibliography(measurement):
    assert measurement.inspire in KEYS
    entry = BIBLIOGRAPHY.split(f"{{{measurement.inspire},")[1].split("\n@")[0]
    assert (f"eprint = {{{measurement.arxiv}}}" if measurement.arxiv else "journal = ") in entry


def test_every_key_cited_in_data_and_docstrings_is_in_the_bibliography():
    files = [path for ending in ("*.py", "*.yaml") for path in SOURCE.rglob(ending)]
    cited = {key: path.name for path in files for key in CITED.findall(path.read_text())}
    assert {key: file for key, file in cited.items() if key not in KEYS} == {}


@pytest.mark.parametrize("measurement", ALL, ids=lambda m: m.name)
def test_every_number_has_its_place_and_origin(measurement):
    for datum in measurement.data:
        assert datum.where
        assert datum.checked != "no" or datum.via or measurement.unused_reason
    matrix = measurement.correlation_matrix()
    assert np.linalg.eigvalsh(matrix).min() > 1e-6
    assert np.diag(matrix) == pytest.approx(1)


@pytest.mark.parametrize("name", list(data_sets()))
def test_sets_hold_confirmed_and_predicted_data_only_and_none_twice(name):
    chosen = select(name)
    assert all(m.unused_reason is None for m in chosen)
    assert all(datum.group for m in chosen for datum in m.data)
    assert all(datum.checked != "no" or datum.via for m in chosen for datum in m.data)
    data = [(m, datum) for m in chosen for datum in m.data]
    for (first, a), (second, b) in combinations(data, 2):
        if first.experiment == second.experiment and a.stem == b.stem and not independent(first, second):
            assert a.bin != b.bin
            assert a.bin[1] <= b.bin[0] or b.bin[1] <= a.bin[0]


def test_lfu_is_everything_that_nothing_replaces():
    lfu = {m.name for m in ALL if m.name not in replaced() and not m.unused_reason and m.data[0].group == "LFU"}
    assert set(data_sets()["lfu"].measurements) == lfu
    assert {m.name for m in select("lfu-mixing")} == lfu | {"lhcb-dms-combination-2021"}
    assert not replaced() & set(data_sets()["latest"].measurements)


def test_what_is_left_out_says_why():
    left_out = {m.name: m.unused_reason for m in ALL if m.unused_reason}
    assert {"lhcb-rphi-2024", "lhcb-rpk-2019", "lhcb-rkpipi-2024"} <= set(left_out)
    assert not set(left_out) & set(IN_SETS)


# Three ratios as the review prints them: eq. (2) of 1803.04703.
REVIEW = {
    "<Rmue>(B+->Kll)[1,6]": (0.745, 0.090, 0.074, 0.036),
    "<Rmue>(B0->K*ll)[0.045,1.1]": (0.660, 0.110, 0.070, 0.024),
    "<Rmue>(B0->K*ll)[1.1,6]": (0.685, 0.113, 0.069, 0.047),
}


def test_seed_is_the_review():
    (review,) = select("seed-2017")
    printed = {d.observable: (d.central, d.stat_plus, d.stat_minus, d.syst_plus) for d in review.data}
    assert printed == REVIEW


def test_pulls_of_the_review():
    """With 1.00 +- 0.01, 0.92 +- 0.02, 1.00 +- 0.01 of its eq. (3). The review quotes 2.6, 2.2 and 2.4."""
    (review,) = select("seed-2017")
    standard_model = [(1.00, 0.01), (0.92, 0.02), (1.00, 0.01)]
    pulls = [
        (sm - d.central) / np.hypot(d.sigma_plus, e) for d, (sm, e) in zip(review.data, standard_model, strict=True)
    ]
    assert pulls == pytest.approx([2.6, 2.3, 2.5], abs=0.1)


@pytest.mark.parametrize("measurement", [m for m in ALL if m.curve], ids=lambda m: m.name)
def test_curves_agree_with_the_printed_values(measurement):
    """Where -2 ln L rises by 1, the curve has the printed interval, errors in quadrature, to a tenth of an error."""
    (datum,), curve = measurement.data, measurement.curve
    rise = -2 * curve.log_likelihood
    best = int(np.argmin(rise))
    low = np.interp(-1, -rise[: best + 1], curve.x[: best + 1])
    high = np.interp(1, rise[best:], curve.x[best:])
    assert curve.x[best] == pytest.approx(datum.central, abs=0.02)
    assert high == pytest.approx(datum.central + datum.sigma_plus, abs=0.1 * datum.sigma_plus)
    assert low == pytest.approx(datum.central - datum.sigma_minus, abs=0.1 * datum.sigma_minus)


@pytest.mark.parametrize(
    ("name", "standard_model", "quoted", "tolerance"),
    [
        ("lhcb-rk-2019", 1.00, 2.5, 0.2),  # the curve gives 2.3, and says so in its note
        ("lhcb-rk-2021", 1.00, 3.1, 0.15),  # 3.1 is with a theory error of 1 %, the curve has none
        ("lhcb-rks-2021", 1.00, 1.5, 0.1),
        ("lhcb-rkstarp-2021", 0.97, 1.4, 0.1),
    ],
)
def test_curves_give_the_significance_that_the_paper_quotes(name, standard_model, quoted, tolerance):
    curve = available()[name].curve
    deviation = np.sqrt(-2 * np.interp(standard_model, curve.x, curve.log_likelihood))
    assert deviation == pytest.approx(quoted, abs=tolerance)


def test_charged_and_neutral_belle_ratios_combine_to_the_published_average():
    """A rough check of a table that came from one collection: the averages of 1904.02440 that another one quotes."""
    average = {(0.045, 1.1): 0.52, (1.1, 6.0): 0.96, (15.0, 19.0): 1.18}
    data = available()["belle-rkstar-2021"].data
    for q2, published in average.items():
        pair = [d for d in data if d.bin == q2]
        assert len(pair) == 2
        weights = np.array([1 / (d.sigma_plus + d.sigma_minus) ** 2 for d in pair])
        mean = weights @ [d.central for d in pair] / weights.sum()
        assert mean == pytest.approx(published, abs=0.08)
