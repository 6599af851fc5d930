"""The sets of the global fit: how many data of which kind, none twice, none in the charm region, and their signs."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.loading.selection import available, replaced, select
from bsfit.loading.shared_data import independent

DOCUMENTATION = Path(__file__).parents[1] / "docs" / "data.md"

COUNTS = {
    "global-2017": {"LFU": 3, "angular": 204, "BR": 59, "leptonic": 3, "radiative": 7},
    "global-2021": {"LFU": 12, "angular": 258, "BR": 66, "leptonic": 5, "radiative": 9},
    "latest": {"LFU": 16, "angular": 323, "BR": 74, "leptonic": 5, "radiative": 9},
    "latest-below-6": {"LFU": 16, "angular": 323, "BR": 59, "leptonic": 5, "radiative": 9},
    "latest-all-below-6": {"LFU": 16, "angular": 269, "BR": 59, "leptonic": 5, "radiative": 9},
}
GLOBAL_SETS = list(COUNTS)


@pytest.fixture(scope="module", params=GLOBAL_SETS)
def chosen(request):
    return select(request.param)


@pytest.mark.parametrize("name", GLOBAL_SETS)
def test_counts_are_those_of_the_documentation(name):
    assert Counter(d.group for m in select(name) for d in m.data) == COUNTS[name]


def _process(stem):
    """Decay and quantity of a stem: ``<S3>(B0->K*mumu)`` is (S3, B0->K*mumu)."""
    match = re.fullmatch(r"<(.*)>\((.*)\)", stem)
    return match.groups() if match else (stem.removesuffix("_ps"), "")


def test_no_datum_stands_twice(chosen):
    """One experiment measures a quantity of a decay in bins that do not overlap, or in separate running periods."""
    data = [(m, *_process(d.stem), d) for m in chosen for d in m.data]
    for (m1, quantity1, decay1, a), (m2, quantity2, decay2, b) in combinations(data, 2):
        if (m1.experiment, quantity1, decay1) != (m2.experiment, quantity2, decay2) or independent(m1, m2):
            continue
        assert a.bin, (m1.name, m2.name)
        assert max(a.bin[0], b.bin[0]) >= min(a.bin[1], b.bin[1]), (a.observable, b.observable, m1.name, m2.name)


def test_one_angular_basis_per_analysis(chosen):
    """S_i or P_i: with FL, AFB is as good as P2, and each S_i as its P_i."""
    redundant = {"S3": "P1", "AFB": "P2", "S9": "P3", "S4": "P4p", "S5": "P5p", "S7": "P6p", "S8": "P8p"}
    seen = {(m.name, *_process(d.stem), d.bin) for m in chosen for d in m.data if d.group == "angular"}
    for name, quantity, decay, q2 in seen:
        assert (name, redundant.get(quantity), decay, q2) not in seen


def test_no_combination_stands_beside_its_inputs(chosen):
    names = {m.name for m in chosen}
    for m in chosen:
        assert not names & {*m.supersedes, *m.combines, *m.alternative_to}


def test_independent_measurements_are_of_other_years_and_share_an_experiment():
    pairs = [(m, available()[other]) for m in available().values() for other in m.independent_of]
    assert {(a.name, b.name) for a, b in pairs} == {
        ("cms-kstarmumu-angular-2024", "cms-kstarmumu-angular-2015"),
        ("cms-kstarmumu-angular-2024", "cms-kstarmumu-p5p-2017"),
        ("cms-kstarmumu-p-2024", "cms-kstarmumu-angular-2015"),
        ("cms-kstarmumu-p-2024", "cms-kstarmumu-p5p-2017"),
        ("hfag-kstargamma-br-2014", "lhcb-kstargamma-phigamma-2012"),  # an average of B factories
        ("hflav-kstargamma-br-2024", "lhcb-kstargamma-phigamma-2012"),
        ("sindrum-mueconversion-gold-2006", "sindrum-mueconversion-titanium-1993"),
        ("belle2-kstargamma-2024", "hfag-kstargamma-acp-2016"),  # an average of before Belle II
    }
    averages = {"HFAG", "HFLAV"}
    assert all(a.experiment == b.experiment or averages & {a.experiment, b.experiment} for a, b in pairs)


def test_current_set_is_everything_that_is_predicted_and_not_replaced():
    """B -> K nu nu and dark matter are groups of their own: they do not know the coefficients of charged leptons.

    So are mixing, as Delta M_s measures V_cb as much as new physics, and with it every rate, b -> c tau nu, which
    shares no coefficient, two flavours of leptons, taus, and inclusive decays. Baryons stand apart.
    """
    beside = ["nunu", "charged", "relic", "mixing", "B0-mixing", "light-mixing", "LFV", "cLFV", "tautau", "Xsll"]
    beside.append("baryons")
    current = {m.name for m in available().values() if not m.unused_reason} - replaced()
    assert {m.name for m in select("latest")} == current - {m.name for m in select(beside)}


def test_a_set_may_leave_out_bins():
    """Of rates alone; what stays keeps its correlations. High q2 stays."""
    whole, without = ({m.name: m for m in select(name)} for name in ("latest", "latest-below-6"))
    assert set(whole) == set(without)
    gone = {d.observable for m in whole.values() for d in m.data} - {
        d.observable for m in without.values() for d in m.data
    }
    assert len(gone) == 12
    assert all(6 < float(name.split(",")[1].rstrip("]")) < 9 and "BR" in name for name in gone)
    assert any(d.bin[1] > 14 for m in without.values() for d in m.data if d.group == "BR")
    name = "lhcb-kstarmumu-br-2025"
    kept = [i for i, d in enumerate(whole[name].data) if d.observable not in gone]
    expected = whole[name].correlation_matrix()[np.ix_(kept, kept)]
    np.testing.assert_allclose(without[name].correlation_matrix(), expected, rtol=1e-12)
    with pytest.raises(BsfitInputError, match="chosen whole and without some of its bins"):
        select(["latest-below-6", name])


def test_nothing_of_after_february_2018_is_in_the_set_of_2017():
    """By arXiv number; ATLAS was public as ATLAS-CONF-2017-023."""
    for m in select("global-2017"):
        assert m.arxiv is None or float(m.arxiv) < 1803 or m.name == "atlas-kstarmumu-angular-2018", m.name


def test_no_bin_lies_between_the_charmonium_resonances(chosen):
    bins = {d.bin for m in chosen for d in m.data if d.bin}
    assert all(high <= 8.7 or low >= 14.0 for low, high in bins)


def test_covariances_are_positive_definite(chosen):
    for m in chosen:
        errors = np.array([(d.sigma_plus + d.sigma_minus) / 2 for d in m.data])
        matrix = m.correlation_matrix()
        assert matrix == pytest.approx(matrix.T, abs=1e-14)
        assert np.linalg.eigvalsh(matrix).min() > 0.1
        assert (errors > 0).all()


def test_rates_and_asymmetries_have_the_size_of_their_kind(chosen):
    for m in chosen:
        for d in m.data:
            quantity, _ = _process(d.stem)
            if quantity == "dBR/dq2":
                assert 0 < d.central < 2e-7
                assert d.sigma_plus > 2e-10
            elif quantity == "FL":
                assert 0 <= d.central <= 1
            elif d.group == "angular":
                assert abs(d.central) < 1
                assert d.sigma_minus > 0.005


def _values(name, quantity):
    return {d.bin: d for d in available()[name].data if _process(d.stem)[0] == quantity}


def test_experiments_share_the_signs_of_lhcb():
    """At high q2 the coefficients fix the signs: AFB, P2 > 0 and S4, S5, P5p, P1 < 0, far from zero."""
    for name, quantity, q2, sign in [
        ("lhcb-kstarmumu-angular-2015", "AFB", (15, 19), 1),
        ("lhcb-kstarmumu-angular-2020", "AFB", (15, 19), 1),
        ("lhcb-kstarplusmumu-angular-2020", "AFB", (15, 19), 1),
        ("cms-kstarmumu-angular-2015", "AFB", (14.18, 16), 1),
        ("cdf-kstarmumu-angular-2012", "AFB", (14.18, 16), 1),
        ("cms-kstarmumu-angular-2024", "P2", (14.18, 16), 1),
        ("lhcb-kstarmumu-angular-2020", "S5", (15, 19), -1),
        ("cms-kstarmumu-p5p-2017", "P5p", (14.18, 16), -1),
        ("cms-kstarmumu-angular-2024", "P5p", (14.18, 16), -1),
        ("cms-kstarmumu-angular-2024", "P1", (14.18, 16), -1),
        ("lhcb-kstarmumu-angular-2020", "S4", (15, 19), -1),
        ("lhcb-phimumu-angular-2021", "S4", (15, 18.9), -1),
    ]:
        datum = _values(name, quantity)[q2]
        assert sign * datum.central > 1.5 * max(datum.sigma_plus, datum.sigma_minus), (name, datum)


def test_cms_agrees_with_lhcb_in_the_optimised_observables():
    """P_i of CMS at [14.18,16] against those that the S_i of LHCb at [15,19] give; the bins differ."""
    lhcb = {key: _values("lhcb-kstarmumu-angular-2020", key)[15, 19].central for key in ("FL", "AFB", "S3", "S5")}
    cms = {key: _values("cms-kstarmumu-angular-2024", key)[14.18, 16].central for key in ("FL", "P1", "P2", "P5p")}
    transverse = 1 - lhcb["FL"]
    assert cms["FL"] == pytest.approx(lhcb["FL"], abs=0.08)
    assert cms["P1"] == pytest.approx(2 * lhcb["S3"] / transverse, abs=0.15)
    assert cms["P2"] == pytest.approx(2 / 3 * lhcb["AFB"] / transverse, abs=0.12)
    assert cms["P5p"] == pytest.approx(lhcb["S5"] / np.sqrt(lhcb["FL"] * transverse), abs=0.08)


def test_narrow_bins_of_cms_add_up_to_the_printed_integral():
    """BR(B+ -> K+ mumu) in [1.1,6]: (12.42 +- 0.68)e-8 in the abstract of 2401.07090."""
    bins = [d for d in available()["cms-kmumu-br-2024"].data if 1.1 <= d.bin[0] and d.bin[1] <= 6]
    total = sum(d.central * (d.bin[1] - d.bin[0]) for d in bins)
    assert total == pytest.approx(12.42e-8, abs=0.68e-8)


@pytest.mark.parametrize(
    ("name", "total"),
    [("lhcb-kstarmumu-br-2016", (0.342e-7, 0.017e-7)), ("lhcb-phimumu-br-2021", (2.88e-8, 0.15e-8))],
)
def test_narrow_bins_add_up_to_the_wide_bin_that_is_left_out(name, total):
    """Mean of dBR/dq2 over [1.1,6] as the same table gives it."""
    bins = [d for d in available()[name].data if 1.1 <= d.bin[0] and d.bin[1] <= 6]
    mean = sum(d.central * (d.bin[1] - d.bin[0]) for d in bins) / 4.9
    assert mean == pytest.approx(total[0], abs=total[1])


def test_normalisation_correlates_the_bins_of_a_rate():
    """The syst correlation is what the last printed error of each value, common to all bins, gives."""
    for name in ("lhcb-kstarmumu-br-2016", "lhcb-phimumu-br-2015", "lhcb-phimumu-br-2021"):
        m = available()[name]
        errors = np.array([[float(x) for x in re.findall(r"\+- ([0-9.]+)", d.text)[-2:]] for d in m.data])
        common = errors[:, 1] / np.hypot(*errors.T)
        expected = np.outer(common, common)
        np.fill_diagonal(expected, 1)
        assert m.correlation.syst == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "decay", "relative", "rounding"),
    [
        ("lhcb-kmumu-br-2014", "B+->Kmumu", 0.05, 0.003),
        ("lhcb-kmumu-br-2014", "B0->Kmumu", 0.05, 0.003),
        ("lhcb-kmumu-br-2014", "B+->K*mumu", 0.068, 0.003),
        ("cdf-br-2012", "Bs->phimumu", 0.31, 0.008),
    ],
)
def test_systematic_errors_of_a_rate_are_one_relative_error(name, decay, relative, rounding):
    """Each printed systematic error is the same part of its value, so that two bins share it all."""
    m = available()[name]
    members = [i for i, d in enumerate(m.data) if d.stem == f"<dBR/dq2>({decay})"]
    parts = np.array([m.data[i].syst / m.data[i].central for i in members])
    assert parts == pytest.approx(relative, abs=rounding)
    assert m.correlation.syst[np.ix_(members, members)] == pytest.approx(1.0, abs=0.1)
    others = np.setdiff1d(np.arange(len(m.data)), members)
    assert not m.correlation.syst[np.ix_(members, others)].any()


def test_rates_of_cdf_share_the_smallest_relative_error_of_their_decay():
    m = available()["cdf-br-2012"]
    for stem in {d.stem for d in m.data}:
        members = [i for i, d in enumerate(m.data) if d.stem == stem]
        parts = np.array([m.data[i].syst / m.data[i].central for i in members])
        shared = m.correlation.syst[np.ix_(members, members)]
        expected = np.outer(parts.min() / parts, parts.min() / parts)
        np.fill_diagonal(expected, 1.0)
        assert shared == pytest.approx(expected, abs=0.03)


def test_table_of_the_documentation():
    """docs/data.md says for each measurement how many data it brings to each set."""
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (\d*) ?\| (\d*) ?\| (\d*) ?\|$", DOCUMENTATION.read_text(), re.MULTILINE)
    for column, name in enumerate(GLOBAL_SETS[:3], start=1):
        assert {row[0]: int(row[column]) for row in rows if row[column]} == {m.name: len(m.data) for m in select(name)}
