"""No events count twice: experiments by any name, papers, periods, averages, and quantities made of the same."""

import warnings

import pytest

import bsfit
from bsfit import BsfitInputError, BsfitWarning
from bsfit.loading.selection import available, select
from bsfit.loading.shared_data import experiments, same_data

VALUES = {
    "<Rmue>(B+->Kll)[1.1,6.0]": ("0.9 +- 0.1", "1"),
    "<Rmue>(B+->Kll)[1.1,3]": ("0.9 +- 0.1", "1"),
    "<Remu>(B+->Kll)[3,7]": ("1.1 +- 0.1", "1"),
    "<dBR/dq2>(B+->Kee)[1,6]": ("2.4e-8 +- 0.3e-8", "GeV^-2"),
    "<BR>(B+->Kmumu)[1.1,6]": ("(1.2 +- 0.1)e-7", "1"),
    "<P2>(B0->K*mumu)[4,6]": ("0.2 +- 0.1", "1"),
    "<P5p>(B0->K*mumu)[4,6]": ("-0.4 +- 0.1", "1"),
    "<S8>(B0->K*mumu)[0.1,1]": ("0.0 +- 0.1", "1"),
    "<A9>(B0->K*mumu)[15,19]": ("0.0 +- 0.1", "1"),
    "ADeltaGamma(Bs->mumu)": ("1.0 +- 0.5", "1"),
    "tau_mumu_ps": ("2.0 +- 0.3", "ps"),
    "DeltaM_s_ps": ("17.7 +- 0.1", "ps^-1"),
    "DeltaM_s/SM": ("1.0 +- 0.1", "1"),
    "S_psiphi": ("0.04 +- 0.02", "1"),
}


@pytest.fixture
def own(tmp_path):
    def own(observable, experiment="LHCb", more=""):
        value, unit = VALUES[observable]
        path = tmp_path / "mine.yaml"
        path.write_text(
            f'schema: 1\nexperiment: "{experiment}"\n{more}values:\n  - observable: "{observable}"\n'
            f'    value: "{value}"\n    unit: "{unit}"\n' + ("    where: x\n    checked: no\n" if more else "")
        )
        return str(path)

    return own


@pytest.mark.parametrize(
    ("text", "known"),
    [
        *((text, {"LHCb"}) for text in ("lhcb", "LHCb ", "LHCB", "LHCb Run 1 and 2", "LHCb collaboration", "lhcb_26")),
        *((text, {"Belle II"}) for text in ("Belle II", "belle-ii", "BelleII", "Belle 2 (2024)")),
        *((text, {"Belle"}) for text in ("Belle", "BELLE")),
        ("Belle and Belle II", {"Belle", "Belle II"}),
        ("CMS+LHCb", {"CMS", "LHCb"}),
        ("ATLAS, CMS & LHCb", {"ATLAS", "CMS", "LHCb"}),
        ("HFAG", {"HFLAV"}),
        ("PDG 2024", {"PDG"}),
        ("World average", {"world average"}),
        ("mine", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_experiments_by_any_name(text, known):
    assert experiments(text) == known


def test_all_that_ships_is_of_known_experiments():
    assert all(experiments(measurement.experiment) for measurement in available().values())


@pytest.mark.parametrize("experiment", ["lhcb", "LHCb ", "LHCb Run 1 and 2", "CMS+LHCb", "HFLAV", "world average"])
@pytest.mark.parametrize(
    ("observable", "beside"),
    [
        ("<Rmue>(B+->Kll)[1.1,6.0]", "lfu"),
        ("<Rmue>(B+->Kll)[1.1,3]", "lfu"),
        ("<Remu>(B+->Kll)[3,7]", "lfu"),
        ("<dBR/dq2>(B+->Kee)[1,6]", "lfu"),
        ("<BR>(B+->Kmumu)[1.1,6]", "lhcb-kmumu-br-2014"),
        ("<P2>(B0->K*mumu)[4,6]", "lhcb-kstarmumu-angular-2020"),
        ("<P5p>(B0->K*mumu)[4,6]", "lhcb-kstarmumu-angular-2020"),
        ("<S8>(B0->K*mumu)[0.1,1]", "lhcb-kstarmumu-angular-2020"),
        ("<A9>(B0->K*mumu)[15,19]", "lhcb-kstarmumu-asymmetries-2015"),
        ("ADeltaGamma(Bs->mumu)", "lhcb-bsmumu-2021"),
        ("tau_mumu_ps", "lhcb-bsmumu-2021"),
        ("DeltaM_s_ps", "mixing"),
        ("DeltaM_s/SM", "mixing"),
    ],
)
def test_the_same_events_are_refused(own, observable, beside, experiment):
    with pytest.raises(BsfitInputError, match=r"share data: .*independent_of, or a period"):
        select([beside, own(observable, experiment)])


@pytest.mark.parametrize(
    ("observable", "experiment", "beside"),
    [
        ("<Rmue>(B+->Kll)[1.1,6.0]", "Belle II", "lfu"),
        ("<BR>(B+->Kmumu)[1.1,6]", "LHCb", "lfu"),  # limited by the electrons of the ratio
        ("<BR>(B+->Kmumu)[1.1,6]", "LHCb", "lhcb-kmumu-angular-2014"),  # rate and angles
        ("<A9>(B0->K*mumu)[15,19]", "LHCb", "lhcb-kstarmumu-angular-2020"),  # difference and sum of B and anti-B
        ("<P5p>(B0->K*mumu)[4,6]", "LHCb", "lhcb-kstarmumu-br-2016"),
        ("S_psiphi", "LHCb", "lhcb-dms-combination-2021"),
    ],
)
def test_other_events_or_other_quantities_may_stand_together(own, observable, experiment, beside):
    assert len(select([own(observable, experiment), beside])) == 1 + len(select(beside))


def test_an_average_counts_what_it_averages(own):
    for experiment in ("LHCb", "ATLAS", "CDF"):
        with pytest.raises(BsfitInputError, match="HFLAV averages over experiments"):
            select([own("S_psiphi", experiment), "hflav-spsiphi-2023"])
    assert len(select([own("S_psiphi", "LHCb", "independent_of: [hflav-spsiphi-2023]\n"), "hflav-spsiphi-2023"])) == 2


@pytest.mark.parametrize("key", ['inspire: "LHCb:2022vje"', 'arxiv: "2212.09153"'])
def test_one_paper_is_one_whatever_it_is_called(own, key):
    paper = available()["lhcb-rk-rkstar-2022"]
    assert paper.inspire in key or paper.arxiv in key
    with pytest.raises(BsfitInputError, match="both of one paper"):
        select([own("<Rmue>(B+->Kll)[1.1,6.0]", "mine", f"{key}\n"), "lfu"])


def test_periods_that_are_apart_share_nothing(own, tmp_path):
    first = own("<Rmue>(B+->Kll)[1.1,6.0]", "LHCb", "period: [2011, 2012]\n")
    second = tmp_path / "second.yaml"
    for years, fine in (("[2015, 2018]", True), ("[2012, 2018]", False)):
        second.write_text(
            (tmp_path / "mine.yaml").read_text().replace("[2011, 2012]", years).replace("0.9 +-", "0.91 +-")
        )
        if fine:
            assert len(select([first, str(second)])) == 2
        else:
            with pytest.raises(BsfitInputError, match="both LHCb"):
                select([first, str(second)])
    for wrong in ("[2018, 2015]", "[2015]", "2015", "[11, 12]"):
        second.write_text((tmp_path / "mine.yaml").read_text().replace("[2011, 2012]", wrong))
        with pytest.raises(BsfitInputError, match="period"):
            select(str(second))


def test_of_an_unknown_experiment_nothing_can_be_said(own):
    with pytest.warns(BsfitWarning, match=r"mine: unknown experiment 'LHBc' \(did you mean 'LHCb'\?\): nothing says"):
        select([own("<Rmue>(B+->Kll)[1.1,6.0]", "LHBc"), "lfu"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        select([own("S_psiphi", "mine"), "lfu"])  # nobody else measured it
        select(own("S_psiphi", "mine"))


def test_what_tells_the_same_does_so_in_both_orders():
    data = [datum for measurement in available().values() for datum in measurement.data][::7]
    assert all(same_data(a, b) == same_data(b, a) for a in data for b in data)
    assert all(same_data(a, a) for a in data)


@pytest.mark.parametrize(
    "data",
    [
        [{"R_K[1.1,6]": (0.9, 0.1)}, {"R_K[1.1,6]": (0.9, 0.1)}],
        [{"R_K[1.1,6]": (0.9, 0.1)}, bsfit.Measurement(["<Rmue>(B+->Kll)[1.1,6.0]"], [0.9], [0.1], name="again")],
        ["lhcb-dms-2021", {"DeltaM_s_ps": "17.7683 +- 0.0051 +- 0.0032"}],
        [bsfit.Measurement(["S_psiphi", "S_psiphi"], [0.1, 0.1], [0.1, 0.1])],
    ],
)
def test_the_same_numbers_twice(data):
    with pytest.raises(BsfitInputError, match="stands twice with the same numbers"):
        select(data)


def test_own_numbers_may_stand_beside_those_of_an_experiment():
    """A projection, another experiment: without the name of one nothing else can be said."""
    assert len(select(["lfu", {"R_K[1.1,6]": (0.9, 0.1)}])) == 1 + len(select("lfu"))
    assert len(select([{"R_K[1.1,6]": (0.9, 0.1)}, {"R_K[1.1,6]": (0.9, 0.11)}])) == 2
