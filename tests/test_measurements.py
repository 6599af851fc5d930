"""Measurement files with every kind of mistake, and the choice of data."""

import dataclasses
import math
import random
import re
from pathlib import Path

import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.loading import correlations, measurements
from bsfit.loading.measurements import load_measurement
from bsfit.loading.printed_values import parse_value
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


RATES = """\
schema: 1
experiment: LHCb
values:
  - {observable: "<dBR/dq2>(B+->Kmumu)[1.1,2]", value: (20 +- 2 +- 1)e-9, unit: GeV^-2}
  - {observable: "<dBR/dq2>(B+->Kmumu)[2,3]", value: (30 +- 2 +- 3)e-9, unit: GeV^-2}
  - {observable: "<dBR/dq2>(B0->Kmumu)[2,3]", value: (30 +- 2 +- 3)e-9, unit: GeV^-2}
common:
  - {observable: "<dBR/dq2>(B+->Kmumu)", relative: 0.06, where: "sec. 5"}
"""


def test_a_relative_error_that_is_common_to_the_bins(write):
    """6 % of 20 is more than the printed 1, all of which is common then; of 30 it is 1.8 of 3."""
    syst = load_measurement(write(RATES)).correlation.syst
    assert syst == pytest.approx(np.array([[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]]))
    matrix = load_measurement(write(RATES)).correlation_matrix()
    assert matrix[0, 1] == pytest.approx(0.6 * 1 * 3 / np.sqrt((4 + 1) * (4 + 9)))
    with_stat = RATES + "correlation:\n  stat: [[1, 0.1, 0], [1, 0], [1]]\n"
    assert load_measurement(write(with_stat)).correlation.stat[0, 1] == 0.1


SHARING = """\
schema: 1
experiment: {}
values:
  - {{observable: BR(Bs->mumu), value: {}, unit: "1"}}
  - {{observable: BR(B0->mumu), value: (1 +- 1)e-10, unit: "1"}}
shared:
  - {{error: f_s/f_d, observable: BR(Bs->mumu), relative: {}, where: "sec. 5"}}
"""


def test_an_error_that_files_share_is_one_nuisance(tmp_path):
    """Chi2 with the joint correlation is the minimum over a unit nuisance that moves both values by their parts."""
    found = []
    for name, value, part in (("LHCb", "(3.0 +- 0.4)e-9", 0.04), ("CMS", "(3.8 +- 0.3)e-9", 0.05)):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SHARING.format(name, value, part))
        found.append(load_measurement(path))
    matrix = correlations.joint(found)
    shares = np.array([0.04 * 3.0 / 0.4, 0.05 * 3.8 / 0.3])
    expected = np.eye(4)
    expected[0, 2] = expected[2, 0] = shares.prod()
    np.testing.assert_allclose(matrix, expected, rtol=1e-12)
    pull = np.array([(3.6 - 3.0) / 0.4, (3.6 - 3.8) / 0.3])
    nuisance = np.linspace(-5, 5, 200001)
    apart = np.sqrt(1 - shares**2)
    scanned = sum(((r - s * nuisance) / a) ** 2 for r, s, a in zip(pull, shares, apart, strict=True)) + nuisance**2
    assert pull @ np.linalg.inv(matrix[np.ix_([0, 2], [0, 2])]) @ pull == pytest.approx(scanned.min(), rel=1e-8)
    assert correlations.joint([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.04", "4", "expected a part of 1, like 0.05"),
        ("0.04", "0.2", "0.2 of the value is more than its printed error"),
        ("relative:", "relativ:", "did you mean 'relative'?"),
        ("observable: BR(Bs->mumu), r", "observable: BR(Bs->mumuu), r", "did you mean 'BR(Bs->mumu)'"),
        ("error: f_s/f_d, ", "", "error"),
    ],
)
def test_bad_shared_errors_are_refused(write, old, new, message):
    text = SHARING.format("LHCb", "(3.0 +- 0.4)e-9", 0.04)
    assert old in text
    with pytest.raises(BsfitInputError, match=re.escape(message)):
        load_measurement(write(text.replace(old, new)))


def test_fragmentation_fractions_of_leptonic_decays():
    """LHCb and CMS share 2103.06810: 3.1 and 3.5 % of rates whose errors are 15.5 and 10.9 %; ATLAS has another one."""
    chosen = select("b-to-mumu")
    places = [(m.name.partition("-")[0], d.stem) for m in chosen for d in m.data]
    matrix = correlations.joint(chosen)
    lhcb, cms, atlas = (places.index((name, "BR(Bs->mumu)")) for name in ("lhcb", "cms", "atlas"))
    assert matrix[lhcb, cms] == pytest.approx(0.031 * 3.06 / 0.475 * 0.035 * 3.80 / 0.415, rel=1e-10)
    assert matrix[atlas, [lhcb, cms]] == pytest.approx(0.0, abs=0)
    assert matrix[places.index(("lhcb", "BR(B0->mumu)")), cms] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.06", "1.5", "expected a part of 1, like 0.05"),
        ("0.06", "0", "expected a part of 1"),
        ("0.06", "six", "expected a number"),
        ("relative:", "relativ:", "did you mean 'relative'?"),
        ('"<dBR/dq2>(B+->Kmumu)", r', '"<dBR/dq2>(B+->Kmumuu)", r', "did you mean '<dBR/dq2>(B+->Kmumu)'"),
        ('"<dBR/dq2>(B+->Kmumu)", r', '"<dBR/dq2>(B0->Kmumu)", r', "has fewer than two values here"),
        ("(30 +- 2 +- 3)e-9", "(30 +- 2)e-9", "no statistical or no systematic error beside common[0]"),
        ("common:", "correlation: {syst: [[1, 0, 0], [1, 0], [1]]}\ncommon:", "beside a matrix of systematic errors"),
        ("common:\n", "common:\n  - {observable: '<dBR/dq2>(B+->Kmumu)', relative: 0.1}\n", "stands twice"),
    ],
)
def test_common_errors_that_do_not_fit(write, old, new, message):
    with pytest.raises(BsfitInputError) as caught:
        load_measurement(write(RATES.replace(old, new)))
    assert message in str(caught.value)


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
        ("0.27, 2e-2]", "0.27, 1e200]", 10, "at the printed central value it is 30 sigma below its maximum"),
        ("0.27, 1.21, 2.0, 1.21, 0.27, 2e-2", "1e-300, 1, 1e300, 1, 1e-300, 1e-300", 10, "falls by e.-1382"),
        ("0.27, 1.21, 2.0, 1.21, 0.27, 2e-2", "4, 1, 0.01, 1, 4, 9", 10, "3.7 sigma below its maximum"),
        ("0.27, 1.21, 2.0, 1.21, 0.27, 2e-2", "4, 3, 2, 3, 4, 3", 10, "two maxima, with a dip of 0.69 in ln L at 0.7"),
        ("0.27, 1.21, 2.0, 1.21, 0.27, 2e-2", "0.3, 1.2, 2, 1, 0.3, 1.5", 10, "two maxima, with a dip of 1.6"),
    ],
)
def test_bad_curves(write, old, new, line, message):
    assert old in CURVE
    with pytest.raises(BsfitInputError, match=message) as caught:
        load_measurement(write(CURVE.replace(old, new)))
    assert caught.value.line == line


def test_a_curve_may_be_noisy_and_end_low(write):
    """Digitised curves have wiggles; a curve is a curve whatever its normalisation."""
    for values in ("0.27, 1.21, 2.0, 1.99, 2.0, 0.2", "2e-200, 1e-100, 2e-3, 1e-100, 1e-150, 1e-160"):
        curve = load_measurement(write(CURVE.replace("0.27, 1.21, 2.0, 1.21, 0.27, 2e-2", values))).curve
        assert curve.log_likelihood.max() == 0.0
        assert np.isfinite(curve.log_likelihood).all()


def test_all_that_is_missing_is_said_at_once(write):
    text = "values:\n  - {observable: 'R_K[1.1,6]', valeu: 0.9 +- 0.1}\n  - {value: 1 +- 0.1, unit: '1'}\n"
    with pytest.raises(BsfitInputError) as caught:
        load_measurement(write(text))
    said = str(caught.value)
    parts = ["'schema' is missing", "'experiment' is missing", "'value' is missing", "'unit' is missing"]
    for part in (*parts, "line 2: unknown key 'valeu' (did you mean 'value'?)"):
        assert part in said
    assert "line 3: the key 'observable' is missing" in said
    with pytest.raises(
        BsfitInputError, match=r"found 2; line 5: the key 'where' is missing; line 5: the key 'checked' is"
    ):
        load_measurement(write(MINE.replace("schema: 1", "schema: 2\ninspire: Mine:2026abc")))


MINE = """\
schema: 1
experiment: LHCb
values:
  - observable: R_K[1.1,6]
    value: 0.90(3)
    unit: "1"
  - observable: BR(mu->egamma)
    value: "< 3.1e-13 (90 % CL)"
    unit: "1"
"""


def test_numbers_that_are_not_published(write):
    """No paper, no place in it: `own`. An upper limit is a Gaussian around zero with that one-sided quantile."""
    measurement = load_measurement(write(MINE))
    ratio, limit = measurement.data
    assert (measurement.inspire, measurement.papers, ratio.where, ratio.checked) == (None, (), "own", "no")
    assert (ratio.central, ratio.sigma_plus, ratio.sigma_minus) == pytest.approx((0.90, 0.03, 0.03))
    assert (limit.central, limit.text) == (0.0, "< 3.1e-13 (90 % CL)")
    normal = 0.5 * math.erfc(3.1e-13 / limit.sigma_plus / math.sqrt(2.0))
    assert normal == pytest.approx(0.1, rel=1e-9)


def test_the_documented_files(write):
    """The blocks of docs/data.md."""
    text = (Path(__file__).parents[1] / "docs" / "data.md").read_text()
    blocks = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
    ratios, limit, curve, rates, sharing = (load_measurement(write(block)) for block in blocks if "experiment" in block)
    assert ratios.correlation_matrix()[0, 1] == 0.1
    assert ratios.period == (2024, 2025)
    assert limit.data[0].sigma_plus == pytest.approx(3.1e-13 / 1.2815516)
    assert curve.curve.log_likelihood.max() == 0.0
    assert rates.correlation.syst[0, 1] == pytest.approx(0.05**2 * 23.3 * 28.2 / (1.2 * 1.4), rel=0.02)
    assert [(error.name, error.relative) for error in sharing.shared] == [("f_s/f_d", 0.031)]


@pytest.mark.parametrize(
    ("text", "limit", "quantile"),
    [
        ("< 1.6e-5 (90%)", 1.6e-5, 1.281552),
        ("<1.6e-5 @ 90% CL", 1.6e-5, 1.281552),
        ("< 1.6 x 10^-5 at 95 % C.L.", 1.6e-5, 1.644854),
        ("< 2.3, 95%", 2.3, 1.644854),
    ],
)
def test_upper_limits_as_printed(text, limit, quantile):
    value = parse_value(text)
    assert value.central == 0.0
    assert value.stat_plus == value.stat_minus == pytest.approx(limit / quantile, rel=1e-6)


@pytest.mark.parametrize("text", ["< 1.6e-5", "< 1.6e-5 (68%)", "< 0 (90%)", "<", "< 1e-5 (90%) +- 1", "< nan (90%)"])
def test_upper_limits_that_are_none(text):
    with pytest.raises(ValueError, match="an upper limit"):
        parse_value(text)


@pytest.mark.parametrize(
    ("observable", "unit", "value", "message"),
    [
        ("R_K[1.1,6]", "1", "-5 +- 0.1", "beyond 5 sigma of what Rmue can be; expected 0 or more"),
        ("R_K[1.1,6]", "1", "745 +- 90", "745 is unusual for Rmue; expected 0 to 10 (if it is meant, 'unusual: true'"),
        ("R_K[1.1,6]", "1", "-0.2 +- 0.3", "unusual"),
        ("R_K^-1[1.1,6]", "1", "14 +- 3", "unusual"),
        ("<dBR/dq2>(B+->Kmumu)[1.1,6]", "GeV^-2", "2.4 +- 0.1", "expected 1 or less"),
        ("BR(Bs->mumu)", "1", "3.2 +- 0.3", "unusual for BR(Bs->mumu)"),
        ("BR(Bs->mumu)", "1", "(-3.2 +- 0.3)e-9", "beyond 5 sigma"),
        ("<FL>(B0->K*mumu)[4,6]", "1", "1.4 +- 0.05", "expected 0 to 1"),
        ("<P5p>(B0->K*mumu)[4,6]", "1", "-42 +- 7", "expected -2 to 2"),
        ("DeltaM_s_ps", "ps^-1", "-17.7 +- 0.1", "expected 0 or more"),
        ("S_psiphi", "1", "2.9 +- 0.1", "expected -1 to 1"),
        ("Omega_h2", "1", "-0.12 +- 0.001", "expected 0 or more"),
    ],
)
def test_values_that_cannot_be(write, observable, unit, value, message):
    text = (
        MINE.replace("R_K[1.1,6]", f'"{observable}"')
        .replace("0.90(3)", f'"{value}"')
        .replace('unit: "1"', f'unit: "{unit}"', 1)
    )
    with pytest.raises(BsfitInputError) as caught:
        load_measurement(write(text))
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.field) == (5, "values[0].value")
    unusual = text.replace(f'unit: "{unit}"', f'unit: "{unit}"\n    unusual: true', 1)
    if "unusual" in message or "1 or less" in message:
        assert load_measurement(write(unusual)).data[0].text == value
    else:
        with pytest.raises(BsfitInputError, match="beyond 5 sigma"):
            load_measurement(write(unusual))


@pytest.mark.parametrize("value", ["-0.6e-9 +- 0.9e-9", "(0.1 +- 0.2)e-9", "(-1.0 +- 0.3)e-9"])
def test_rates_may_be_negative_within_errors(write, value):
    text = MINE.replace("R_K[1.1,6]", "BR(Bs->ee)").replace("0.90(3)", f'"{value}"')
    assert load_measurement(write(text)).data[0].text == value


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
    assert {*names("latest"), *names("baryons")} == {*names(["LFU", "BR", "angular", "leptonic", "radiative"])}
    assert names("inclusive") == names("Xsll")
    assert set(names("lfv")) == set(names("LFV"))
    assert names("nunu") == ["belle2-knunu-2023"]
    assert set(names("charged")) == set(names("charged-current"))
    assert names(["lhcb-rk-2014", "lhcb-rkstar-2017"]) == names("lfu-2017")
    smaller = ["seed-2017", "lfu-2017", "lfu-2021", "lfu", "lfu-mixing"]
    assert list(data_sets()) == [
        *smaller,
        "global-2017",
        "global-2021",
        "latest",
        "latest-below-6",
        "latest-all-below-6",
        "b-to-mumu",
        "inclusive",
        "lfv",
        "charged-lfv",
        "b0-mixing",
        "light-mixing",
        "b-to-tautau",
        "baryons",
        "charged-current",
    ]


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
        if misspelt in names_of_data or misspelt.startswith("-"):  # which leaves out
            continue
        with pytest.raises(BsfitInputError, match="unknown data") as caught:
            select(misspelt)
        tried += 1
        first += f"did you mean '{name}'" in caught.value.hint
    assert first >= 0.9 * tried


# ------------------------------------------------------------------------------------------------- leaving out


def test_names_with_a_minus_are_left_out():
    whole = select("latest")
    rates = set(names("BR")) - set(names("baryons"))
    assert {m.name for m in whole} - {m.name for m in select(["latest", "-BR"])} == rates
    # An older set holds what has been replaced since.
    for older, group in (("global-2021", "angular"), ("global-2017", "BR")):
        left = {datum.group for m in select([older, f"-{group}"]) for datum in m.data}
        assert left == {datum.group for m in select([older]) for datum in m.data} - {group}
    assert {m.name for m in whole} - set(names(["latest", "-lfu", "-cdf-br-2012"])) == {*names("lfu"), "cdf-br-2012"}
    without = select(["latest", "-<dBR/dq2>(B+->Kmumu)", "-<dBR/dq2>(B0->Kmumu)[15,22]"])
    stems = {d.stem for m in without for d in m.data}
    assert "<dBR/dq2>(B0->Kmumu)" in stems
    gone = {d.observable for m in whole for d in m.data} - {d.observable for m in without for d in m.data}
    assert {name.split("[")[0] for name in gone} == {"<dBR/dq2>(B+->Kmumu)", "<dBR/dq2>(B0->Kmumu)"}
    assert sum(name.startswith("<dBR/dq2>(B0") for name in gone) == 1
    (part,) = (m for m in without if m.name == "lhcb-kmumu-br-2014")
    (file,) = (m for m in whole if m.name == part.name)
    kept = [i for i, d in enumerate(file.data) if d.observable not in gone]
    np.testing.assert_allclose(part.correlation_matrix(), file.correlation_matrix()[np.ix_(kept, kept)], rtol=1e-12)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (["lfu", "-lfuu"], "unknown data '-lfuu'"),
        (["lfu", "-cms-rk-2025"], "did you mean 'cms-rk-2024'"),
        (["lfu", "-BR"], "'-BR' leaves out nothing"),
        (["lfu", "-lfu"], "no data chosen"),
        (["-lfu"], "leaves out nothing"),
    ],
)
def test_what_leaves_out_nothing_is_an_error(data, message):
    with pytest.raises(BsfitInputError, match=re.escape(message)):
        select(data)
