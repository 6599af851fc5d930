"""Files of measurements of flavio and HEPData: what they say, and what is refused by name."""

import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.loading import selection

FLAVIO = """\
LHCb RK test:
  experiment: LHCb
  inspire: LHCb:2014vgu
  values:
    - name: <Rmue>(B+->Kll)
      q2min: 1.0
      q2max: 6.0
      value: 0.745 +0.090 -0.074 ± 0.036
Rates test:
  experiment: LHCb
  url: https://example.org
  values:
    - name: <dBR/dq2>(B+->Kmumu)
      q2min: 1.1
      q2max: 2.0
      value: 23.3 ± 1.5 ± 1.2 e-9
    - {name: <dBR/dq2>(B+->Kmumu), q2min: 2, q2max: 3, value: 24.9 +11.0 - 9.6 ± 1.7 e-9}
  correlation: [[1.00, 0.3], [1.00]]
Leptonic test:
  experiment: PDG
  values:
    BR(Bs->mumu): 3.01(35) e-9
    DeltaM_s: 1.1688(14)e-11
  correlation: 0.1
"""

HEPDATA = """\
independent_variables:
- header: {name: Q2, units: GeV**2}
  values: [{low: 1.1, high: 2.5}, {low: 2.5, high: 4.0}]
dependent_variables:
- header: {name: <P5p>(B0->K*mumu)}
  qualifiers: [{name: RE, value: B0 -> K*0 MU+ MU-}]
  values:
  - {value: 0.289, errors: [{symerror: 0.068, label: stat}, {asymerror: {plus: 0.023, minus: -0.02}, label: sys}]}
  - {value: -0.066, errors: [{asymerror: {plus: 0.343, minus: -0.364}}]}
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="theirs.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_measurements_of_flavio(write):
    one, rates, leptonic = selection.select(write(FLAVIO))
    assert [m.name for m in (one, rates, leptonic)] == ["LHCb RK test", "Rates test", "Leptonic test"]
    assert (one.experiment, one.papers, one.correlation) == ("LHCb", ("LHCb:2014vgu",), None)
    (value,) = one.data
    assert (value.observable, value.group, value.unit) == ("<Rmue>(B+->Kll)[1,6]", "LFU", "1")
    assert (value.central, value.stat_plus, value.stat_minus, value.syst) == (0.745, 0.090, 0.074, 0.036)
    first, second = rates.data
    assert (first.central, first.stat, first.syst) == pytest.approx((23.3e-9, 1.5e-9, 1.2e-9))
    assert (second.stat_plus, second.stat_minus) == pytest.approx((11.0e-9, 9.6e-9))
    assert rates.correlation_matrix() == pytest.approx(np.array([[1, 0.3], [0.3, 1]]))
    assert [d.central for d in leptonic.data] == pytest.approx([3.01e-9, 1.1688e-11])
    assert leptonic.data[0].sigma_plus == pytest.approx(0.35e-9)
    assert leptonic.correlation_matrix()[0, 1] == 0.1


def test_a_table_of_hepdata(write):
    (found,) = selection.select(write(HEPDATA))
    assert [d.observable for d in found.data] == ["<P5p>(B0->K*mumu)[1.1,2.5]", "<P5p>(B0->K*mumu)[2.5,4]"]
    assert [d.central for d in found.data] == [0.289, -0.066]
    first, second = found.data
    assert (first.stat, first.syst_plus, first.syst_minus) == (0.068, 0.023, 0.02)
    assert (second.sigma_plus, second.sigma_minus) == (0.343, 0.364)
    assert (found.name, found.correlation_matrix().tolist()) == ("theirs", np.eye(2).tolist())


@pytest.mark.parametrize(
    ("text", "old", "new", "complaint"),
    [
        (FLAVIO, "<Rmue>(B+->Kll)", "<Rmuee>(B+->Kll)", r":5:7: LHCb RK test\.values\[0\]: unknown observable"),
        (FLAVIO, "      q2max: 6.0\n", "", r"q2min: one end of a bin; expected q2min and q2max"),
        (FLAVIO, "q2min: 1.0", "q2: 1.0", r"unknown key 'q2'"),
        (FLAVIO, "0.745 +0.090 -0.074 ± 0.036", "'0.745'", r"there is no uncertainty"),
        (FLAVIO, "0.745 +0.090 -0.074 ± 0.036", "{distribution: normal}", r"a distribution is not read"),
        (FLAVIO, "0.745 +0.090 -0.074 ± 0.036", "N(0.7, 0.1)", r"no central value"),
        (FLAVIO, "  correlation: 0.1", "  correlation: 1.1", r"Leptonic test\.correlation: the matrix is not"),
        (FLAVIO, "[[1.00, 0.3], [1.00]]", "[[1.00, 0.3]]", r"the matrix does not fit 2 values"),
        (FLAVIO, "url:", "ulr:", r"unknown key 'ulr' \(did you mean 'url'"),
        (FLAVIO, "q2min: 2, ", "q2min: 1.5, ", r"overlaps values\[0\]"),
        (FLAVIO, "BR(Bs->mumu)", "BR(Bs->mumumu)", r"unknown observable 'BR\(Bs->mumumu\)'"),
        (FLAVIO, "  values:\n    - name: <R", "  observables: [x]\n  values:\n    - name: <R",
         r"'observables'\) is not read"),
        (HEPDATA, "<P5p>(B0->K*mumu)", "$P_5^\\prime$", r"unknown observable"),
        (HEPDATA, "symerror: 0.068", "symerror: 5%", r"symerror: found '5%'; expected a number \(write it"),
        (HEPDATA, "symerror: 0.068", "symerror: 0", r"an error above zero"),
        (HEPDATA, "minus: -0.02}", "minus: 0.02}", r"found plus 0\.023, minus 0\.02; expected plus above zero"),
        (HEPDATA, ", {low: 2.5, high: 4.0}", "", r"2 values for 1 bins"),
        (HEPDATA, "{low: 1.1, high: 2.5}", "{value: 1.8}", r"the key 'low' is missing"),
        (HEPDATA, "GeV**2", "GeV**3", r"found the unit 'GeV\*\*3'"),
        (HEPDATA, "value: 0.289", "value: '-'", r"found '-'; expected a number"),
        (HEPDATA, "dependent_variables:\n-", "dependent_variables: []\nother:\n-", r"unknown key 'other'|stands twice"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(write, text, old, new, complaint):
    assert old in text
    with pytest.raises(BsfitInputError, match=complaint) as caught:
        selection.select(write(text.replace(old, new, 1)))
    assert "theirs.yaml" in str(caught.value)


def test_everything_wrong_with_a_file_is_told_together(write):
    text = FLAVIO.replace("BR(Bs->mumu)", "BR(Bs->mumumu)").replace("DeltaM_s:", "DeltaM_x:")
    with pytest.raises(BsfitInputError, match=r"'BR\(Bs->mumumu\)'.*line 23: unknown observable 'DeltaM_x'"):
        selection.select(write(text))


@pytest.mark.parametrize(
    "text", ["- {values: [{distribution: normal}], observables: [x]}", "observables: [x]\nvalues: []"]
)
def test_distributions_of_flavio_are_refused(write, text):
    with pytest.raises(BsfitInputError, match=r"Measurement\.get_yaml"):
        selection.select(write(text))
