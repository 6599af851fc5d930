"""Names of other codes and of papers, read as ours and told so."""

import pytest

import bsfit
from bsfit import catalogue
from bsfit.errors import BsfitInputError


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("P5p[4,6]", "<P5p>(B0->K*mumu)[4,6]"),
        ("P5'[4,6]", "<P5p>(B0->K*mumu)[4,6]"),
        (" P1 [1,2]", "<P1>(B0->K*mumu)[1,2]"),
        ("S6s[1,6]", "<S6s>(B0->K*mumu)[1,6]"),
        ("A9[1,6]", "<A9>(B0->K*mumu)[1,6]"),
        ("AFB[1,6]", "<AFB>(B0->K*mumu)[1,6]"),
        ("B->K^*ll::P'_5[4,6]", "<P5p>(B0->K*mumu)[4,6]"),
        ("B->K^*ll::S_6s;l=mu,q=u[4,6]", "<S6s>(B+->K*mumu)[4,6]"),
        ("B->K^*ll::P'_4@LargeRecoil;l=e[1,6]", "<P4p>(B0->K*ee)[1,6]"),
        ("B->K^*ll::R_K^*[1,6]", "<Rmue>(B0->K*ll)[1,6]"),
        ("B->Kll::R_K;q=u[1,6]", "<Rmue>(B+->Kll)[1,6]"),
        ("B->Kll::F_H;q=u[1,6]", "<FH>(B+->Kmumu)[1,6]"),
        ("B_s->phill::F_L[1,6]", "<FL>(Bs->phimumu)[1,6]"),
    ],
)
def test_other_names(name, ours):
    item = catalogue.observable(name)
    assert item.name == ours
    assert item is catalogue.observable(name)
    assert ours in catalogue.renamed(name)


@pytest.mark.parametrize("name", ["R_K[1.1,6]", "<P5p>(B0->K*mumu)[4,6]", "DeltaM_s", "C9_bsmumu"])
def test_our_names_are_not_told(name):
    assert catalogue.renamed(name) is None


@pytest.mark.parametrize(
    "name",
    ["P7p[1,6]", "P9[1,6]", "S1[1,6]", "B->K^*ll::A_T^2[1,6]", "B->K^*ll::P'_5;l=x[1,6]", "B->K^*ll::P'_5;q=s[1,6]",
     "B->Kll::P'_5[1,6]", "B->Dlnu::BR[1,6]", "P5p''[1,6]"],
)  # fmt: skip
def test_what_is_no_observable_of_ours_is_refused(name):
    with pytest.raises(BsfitInputError, match="unknown observable"):
        catalogue.observable(name)


@pytest.mark.slow
def test_a_prediction_says_what_it_read():
    found = bsfit.predict(["P5'[4,6]", "<P5p>(B0->K*mumu)[4,6]"])
    assert found["P5'[4,6]"] == found["<P5p>(B0->K*mumu)[4,6]"]
    assert found.notes == ("P5'[4,6] is read as <P5p>(B0->K*mumu)[4,6], in the convention of LHCb",)


def test_other_names_with_coefficients_of_other_codes(tmp_path):
    """A name of EOS at a point in WCxf: both are read as ours."""
    point = bsfit.read_coefficients(bsfit.export_wcxf({"C9_bsmumu": -1.0}, tmp_path / "point.yaml"))
    names = ["B->Kll::R_K;q=u[1.1,6]", "R_K[1.1,6]"]
    found = bsfit.predict(names, params=point.params)
    assert found[names[0]] == found[names[1]] < 0.85
    assert found.notes == (f"{names[0]} is read as <Rmue>(B+->Kll)[1.1,6]",)
