"""Measurement files with every kind of mistake, and the choice of data."""

import dataclasses
import math
import random
from pathlib import Path

import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.loading import measurements
from bsfit.loading.measurements import load_measurement
from bsfit.loading.selection import available, data_sets, select

DATA = Path(bsfit.__file__).parent / "data" / "measurements"

GOOD = """\
schema: 1
experiment: LHCb
inspire: "Aaij:2014ora"
arxiv: "1406.6482"
values:
  - observable: <Rmue>(B+->Kll)[1, 6.0]
    value: 0.745 +0.090 -0.074 +- 0.036
    unit: "1"
    where: "abstract"
    checked: abstract
  - observable: <Rmue>(B0->K*ll)[1.10,6]
    value: 0.69 +0.11 -0.07 +- 0.05
    unit: "1"
    where: "Table 5"
    checked: table
correlation:
  stat: [[1, 0.5], [1]]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


# ------------------------------------------------------------------------------------------------------- files


def test_a_good_file(write):
    measurement = load_measurement(write(GOOD))
    first, second = measurement.data
    assert (measurement.name, measurement.experiment, measurement.arxiv) == ("mine", "LHCb", "1406.6482")
    assert first.observable == "<Rmue>(B+->Kll)[1,6]"
    assert (first.stem, first.bin, first.group) == ("<Rmue>(B+->Kll)", (1.0, 6.0), "LFU")
    assert second.observable == "<Rmue>(B0->K*ll)[1.1,6]"
    assert first.text == "0.745 +0.090 -0.074 +- 0.036"
    assert first.sigma_plus == pytest.approx(math.sqrt(0.090**2 + 0.036**2))
    assert first.sigma_minus == pytest.approx(math.sqrt(0.074**2 + 0.036**2))
    assert measurement.curve is None
    assert len(measurement.sha256) == 64
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.central = 1.0


def test_statistical_correlation_is_diluted_by_uncorrelated_systematic_errors(write):
    matrix = load_measurement(write(GOOD)).correlation_matrix()
    stat, syst = np.array([0.082, 0.09]), np.array([0.036, 0.05])
    expected = 0.5 * stat.prod() / np.sqrt((stat**2 + syst**2).prod())
    assert matrix == pytest.approx(np.array([[1, expected], [expected, 1]]))
    full = GOOD.replace("stat: [[1, 0.5], [1]]", "total: [[1, -0.3], [-0.3, 1]]")
    assert load_measurement(write(full)).correlation_matrix()[0, 1] == -0.3
    both = GOOD + "  syst: [[1, 1.0e-1], [1]]\n"
    total = load_measurement(write(both)).correlation_matrix()[0, 1]
    assert total == pytest.approx(expected * (1 + 0.1 * syst.prod() / (0.5 * stat.prod())))


def test_a_correlation_matrix_may_be_given_in_blocks(write):
    third = GOOD.split("values:\n")[1].split("  - obs")[1].replace("[1, 6.0]", "[6,8]")
    text = GOOD.replace("correlation:", f"  - obs{third}correlation:")
    matrix = load_measurement(write(text.replace("[[1, 0.5], [1]]", "{blocks: [[[1, 0.5], [1]], [[1]]]}"))).correlation
    assert matrix.stat == pytest.approx(np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))
    for wrong in ("[[[1, 0.5], [1]]]", "[]", "[[], [[1, 0, 0], [1, 0], [1]]]", "[[[1, 1], [1]], [[1]]]", "[1, 2]", "1"):
        with pytest.raises(BsfitInputError, match="blocks"):
            load_measurement(write(text.replace("[[1, 0.5], [1]]", f"{{blocks: {wrong}}}")))


def test_short_names_are_read(write):
    text = GOOD.replace("<Rmue>(B+->Kll)[1, 6.0]", "R_K[1,6]")
    assert load_measurement(write(text)).data[0].observable == "<Rmue>(B+->Kll)[1,6]"


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("schema: 1", "schema: 3", 1, "schema", "found 3; expected schema 1"),
        ("experiment: LHCb\n", "", 1, None, "the key 'experiment' is missing"),
        ("experiment: LHCb", "experiment: [LHCb]", 2, "experiment", "found a list; expected text"),
        ("arxiv: \"1406.6482\"", "arxiv: 1406.6482", 4, "arxiv", "put it in quotes"),
        ("arxiv:", "arxive:", 4, "arxive", "did you mean 'arxiv'?"),
        ("unit: \"1\"", "unti: \"1\"", 8, "values[0].unti", "did you mean 'unit'?"),
        ("unit: \"1\"", "unit: 1", 8, "values[0].unit", "found 1; expected '1' for <Rmue>(B+->Kll)[1,6]"),
        ("unit: \"1\"", "unit: GeV", 8, "values[0].unit", "found 'GeV'; expected '1'"),
        ("where: \"abstract\"", "where:", 9, "values[0].where", "found nothing; expected text"),
        ("checked: abstract", "checked: yes", 10, "values[0].checked", "'table' or 'abstract' or 'no'"),
        ("0.745 +0.090 -0.074 +- 0.036", "0.745", 7, "values[0].value", "found 0.745; expected a value with its"),
        ("0.745 +0.090 -0.074 +- 0.036", "0.745 +- .nan", 7, "values[0].value", "cannot read the uncertainty"),
        ("0.745 +0.090 -0.074 +- 0.036", ".nan", 7, "values[0].value", "expected a finite number"),
        ("0.745 +0.090 -0.074 +- 0.036", "0.745 +0.090", 7, "values[0].value", "cannot read the uncertainty"),
        ("0.745 +0.090 -0.074 +- 0.036", "0.745 +- 0", 7, "values[0].value", "an uncertainty is zero"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "<Rmuee>(B+->Kll)[1,6]", 6, "values[0].observable", "mean '<Rmue>(B+->Kll)'"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "<Rmue>(B+->Kll)", 6, "values[0].observable", "needs a q2 bin"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "<Rmue>(B+->Kll)[6,1]", 6, "values[0].observable", "empty, reversed or negative"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "<Rmue>(B+->Kll)[6,6]", 6, "values[0].observable", "empty, reversed or negative"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "<Rmue>(B+->Kll)[a,6]", 6, "values[0].observable", "cannot read the bin"),
        ("<Rmue>(B+->Kll)[1, 6.0]", "DeltaM_s[1,6]", 6, "values[0].observable", "takes no q2 bin"),
        ("<Rmue>(B0->K*ll)[1.10,6]", "<Rmue>(B+->Kll)[5,7]", 11, "values[1]", "overlaps values[0], <Rmue>(B+"),
        ("<Rmue>(B0->K*ll)[1.10,6]", "<Remu>(B+->Kll)[5,7]", 11, "values[1]", "overlaps values[0]"),
        ("[[1, 0.5], [1]]", "[[1, 0.5], [0.4, 1]]", 17, "correlation.stat", "not symmetric"),
        ("[[1, 0.5], [1]]", "[[1, 1.2], [1.2, 1]]", 17, "correlation.stat", "not positive definite"),
        ("[[1, 0.5], [1]]", "[[1, 1], [1]]", 17, "correlation.stat", "not positive definite"),
        ("[[1, 0.5], [1]]", "[[2, 0.5], [1]]", 17, "correlation.stat", "1 on the diagonal"),
        ("[[1, 0.5], [1]]", "[[1]]", 17, "correlation.stat", "does not fit 2 values"),
        ("[[1, 0.5], [1]]", "[[1, x], [1]]", 17, "correlation.stat[0][1]", "found 'x'; expected a number"),
        ("[[1, 0.5], [1]]", "0.5", 17, "correlation.stat", "found 0.5; expected a list"),
        ("stat: [[", "sta: [[", 17, "correlation.sta", "did you mean 'stat'?"),
        ("stat: [[1, 0.5], [1]]", "{total: [[1, 0], [1]], stat: [[1, 0], [1]]}", 17, "correlation", "total, or stat"),
        ("correlation:", "supersedes: abc\ncorrelation:", 16, "supersedes", "found 'abc'; expected a list"),
        ("correlation:", "curve: {x: , likelihood: , contains: a, where: b}\ncorrelation:", 16, "curve", "2 values"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_with_their_place(write, old, new, line, field, message):
    assert old in GOOD
    path = write(GOOD.replace(old, new, 1))
    with pytest.raises(BsfitInputError) as caught:
        load_measurement(path)
    error = caught.value
    assert message in str(error)
    assert (error.file, error.line, error.field) == (str(path), line, field)


CURVE = """\
schema: 1
experiment: LHCb
inspire: "Aaij:2014ora"
values:
  - {observable: "R_K[1,6]", value: 0.7 +- 0.1, unit: "1", where: abstract, checked: abstract}
curve:
  contains: all errors
  where: supplement
  x: [0.5, 0.6, 0.7, 0.8, 0.9, 1]
  likelihood: [0.27, 1.21, 2.0, 1.21, 0.27, 2e-2]
"""


def test_a_curve_is_normalised_to_its_maximum(write):
    curve = load_measurement(write(CURVE)).curve
    assert curve.log_likelihood == pytest.approx(np.log(np.array([0.135, 0.605, 1, 0.605, 0.135, 0.01])))
    assert (curve.contains, curve.where, curve.via) == ("all errors", "supplement", None)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("0.8, 0.9, 1]", "0.9, 0.8, 1]", 9, "x does not increase here"),
        ("0.9, 1]", "0.9]", 7, "5 points x, 6 of the likelihood"),
        ("0.27, 2e-2]", "0.27, 0]", 10, "not positive here"),
        ("[0.5, 0.6", "[0.75, 0.76", 9, "does not increase"),
        ("value: 0.7", "value: 1.7", 9, "outside of the curve"),
        ("  where: supplement\n", "", 7, "'where' is missing"),
    ],
)
def test_bad_curves(write, old, new, line, message):
    assert old in CURVE
    with pytest.raises(BsfitInputError, match=message) as caught:
        load_measurement(write(CURVE.replace(old, new)))
    assert caught.value.line == line


def test_unused_measurements_may_hold_observables_that_are_not_predicted(write):
    text = GOOD.replace("<Rmue>(B+->Kll)[1, 6.0]", "<Remu>(Lambdab->pKll)[0.10,6]")
    with pytest.raises(BsfitInputError, match="unknown observable"):
        load_measurement(write(text))
    datum = load_measurement(write(text + "unused: not predicted\n")).data[0]
    assert (datum.observable, datum.bin, datum.group) == ("<Remu>(Lambdab->pKll)[0.1,6]", (0.1, 6.0), "")


def _mutants(text: bytes, n: int, seed: int):
    """Broken copies of a file: bytes changed, dropped, repeated, or replaced by pieces that YAML treats specially."""
    rng = random.Random(seed)
    pieces = [b"&a ", b"*a", b"<<: ", b"!!python/name:os ", b"{", b"[", b"]", b"}", b": ", b"\n", b"- ", b"\t", b"'",
              b'"', b"|\n", b">\n", b"#", b"%", b"---\n", b".nan", b"1e999", b"-", b"\x00", b"\xff",
              b"\xe2\x88\x92"]  # fmt: skip
    for _ in range(n):
        mutant = bytearray(text)
        for _ in range(rng.randint(1, 4)):
            i, length = rng.randrange(len(mutant)), rng.randint(1, 12)
            match rng.randrange(5):
                case 0:
                    mutant[i] = rng.randrange(256)
                case 1:
                    del mutant[i : i + length]
                case 2:
                    mutant[i:i] = mutant[i : i + length]
                case 3:
                    mutant[i:i] = rng.choice(pieces)
                case 4:
                    del mutant[i:]
            mutant = mutant or bytearray(b"\n")
        yield bytes(mutant)


@pytest.mark.parametrize("name", ["lhcb-rk-rkstar-2022", "lhcb-dms-combination-2021", "belle-rkstar-2021"])
def test_broken_files_are_refused_or_still_make_sense(tmp_path, name):
    path = tmp_path / "broken.yaml"
    refused, places = 0, set()
    for mutant in _mutants((DATA / f"{name}.yaml").read_bytes(), 250, seed=1):
        path.write_bytes(mutant)
        try:
            measurement = load_measurement(path)
        except BsfitInputError as error:
            refused += 1
            places.add((error.file, error.line is None, str(error).isprintable()))
            continue
        for datum in measurement.data:
            assert math.isfinite(datum.central)
            assert 0 < datum.sigma_plus < math.inf
            assert 0 < datum.sigma_minus < math.inf
            assert datum.checked in measurements.CHECKED
    assert refused > 50
    assert places == {(str(path), False, True)}


# ---------------------------------------------------------------------------------------------------- choosing


def names(data):
    return [m.name for m in select(data)]


def test_sets_groups_names_and_lists():
    assert names("seed-2017") == ["review-2018"]
    assert names("lhcb-rk-2014") == ["lhcb-rk-2014"]
    assert set(names("lfu-mixing")) == set(names("lfu")) | {"lhcb-dms-combination-2021"}
    assert set(names("LFU")) == set(names("lfu"))
    assert names("mixing") == ["hflav-spsiphi-2023", "lhcb-dms-combination-2021"]
    assert set(names(["lfu", "lhcb-dms-combination-2021", "cms-rk-2024"])) == set(names("lfu-mixing"))
    assert set(names(["LFU", "BR", "angular", "leptonic", "radiative", "mixing"])) == set(names("latest"))
    assert names("nunu") == ["belle2-knunu-2023"]
    assert names(["lhcb-rk-2014", "lhcb-rkstar-2017"]) == names("lfu-2017")
    assert list(data_sets()) == ["seed-2017", "lfu-2017", "lfu-2021", "lfu", "lfu-mixing", "global-2017", "latest"]


def test_the_tables_cannot_be_changed_from_outside():
    available().clear()
    data_sets().clear()
    assert "lhcb-rk-2014" in available()
    assert "lfu" in data_sets()


@pytest.mark.parametrize("data", ["lhcb-rk-2019", "lhcb-dms-2021", "lhcb-rkstar-2017", "belle-rk-2019"])
def test_superseded_results_may_be_chosen_alone(data):
    assert names(data) == [data]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (["lhcb-rk-2014", "lhcb-rk-2019"], "'lhcb-rk-2019' supersedes 'lhcb-rk-2014'"),
        (["lfu", "lhcb-rk-2021"], "'lhcb-rk-rkstar-2022' supersedes 'lhcb-rk-2021'"),
        (["lfu-mixing", "lhcb-dms-2021"], "'lhcb-dms-combination-2021' combines 'lhcb-dms-2021'"),
        (["lfu-2017", "seed-2017"], "'review-2018' is another form of 'lhcb-rk-2014'"),
        (["belle-rk-2019", "belle-rk-2019-wide"], "'belle-rk-2019-wide' is another form of 'belle-rk-2019'"),
        ("lhcb-rpk-2019", "cannot be used: Lambda_b -> p K l l is not predicted"),
        ("lhcb-rphi-2024", "cannot be used: the numbers are quoted from memory"),
        ("lfuu", "did you mean 'lfu'"),
        ("lhcb_rk_2014", "did you mean 'lhcb-rk-2014'"),
        ("Mixing", "did you mean 'mixing'"),
        ([], "no data chosen"),
        ("none.yaml", "No such file"),
    ],
)
def test_choices_that_are_refused(data, message):
    with pytest.raises(BsfitInputError) as caught:
        select(data)
    assert message in str(caught.value)


def test_own_files_are_checked_against_the_others(write):
    own = GOOD.replace("[1, 6.0]", "[6,8]").replace("[1.10,6]", "[6,8]")
    assert names([str(write(own)), "lfu"])[0] == "mine"
    assert names(write(own)) == ["mine"]
    with pytest.raises(
        BsfitInputError, match=r"'mine' and 'lhcb-rk-rkstar-2022' share data: <Rmue>\(B\+->Kll\)\[1,6\]"
    ):
        select([write(GOOD), "lfu"])
    assert names([write(GOOD.replace("LHCb", "Belle II")), "lfu"])[0] == "mine"
    with pytest.raises(BsfitInputError, match="'mine' supersedes 'lhcb-rk-2014'"):
        select([write(own + "supersedes: [lhcb-rk-2014]\n"), "lhcb-rk-2014"])
    with pytest.raises(BsfitInputError, match=r"unknown measurement 'lhcb-rk-2041' \(did you mean 'lhcb-rk-20"):
        select(write(own + "supersedes: [lhcb-rk-2041]\n"))
    with pytest.raises(BsfitInputError, match="rename the file"):
        select(write(own, "lhcb-rk-2014.yaml"))


def test_other_running_periods_share_no_data(write):
    text = GOOD.replace("correlation:", "independent_of: [lhcb-rk-rkstar-2022]\ncorrelation:")
    assert names([str(write(text)), "lhcb-rk-rkstar-2022"]) == ["mine", "lhcb-rk-rkstar-2022"]
    assert names(["lhcb-rk-rkstar-2022", str(write(text))])[1] == "mine"


def test_bins_that_touch_do_not_overlap(write):
    touching = GOOD.replace("[1, 6.0]", "[6,8]").replace("<Rmue>(B0->K*ll)[1.10,6]", "<Rmue>(B+->Kll)[8,9]")
    assert len(load_measurement(write(touching)).data) == 2


def test_misspelt_names_are_recognised():
    rng, names_of_data = random.Random(0), [*available(), *data_sets()]
    tried = first = 0
    for _ in range(500):
        name = rng.choice(names_of_data)
        i, letter = rng.randrange(len(name)), rng.choice("abcxyz_-")
        misspelt = rng.choice(
            [name[:i] + name[i + 1 :], name[:i] + letter + name[i:], name[:i] + letter + name[i + 1 :]]
        )
        if misspelt in names_of_data:
            continue
        with pytest.raises(BsfitInputError, match="unknown data") as caught:
            select(misspelt)
        tried += 1
        first += f"did you mean '{name}'" in caught.value.hint
    assert first >= 0.9 * tried
