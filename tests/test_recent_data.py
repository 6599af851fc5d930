"""Measurements of 2024 to 2026 and what was missing beside them: counts, conventions, and what papers say twice."""

import numpy as np
import pytest

import bsfit
from bsfit.cli import main
from bsfit.errors import BsfitInputError
from bsfit.loading.selection import available, select

COUNTS = {
    "lhcb-kstarmumu-angular-2025": 56,
    "lhcb-kstarmumu-br-2025": 6,
    "lhcb-kstarmumu-p-2025": 48,
    "lhcb-kstarmumu-asymmetries-2025": 100,
    "lhcb-kstaree-angular-2025": 8,
    "lhcb-kstaree-angular-2025-wide": 8,
    "lhcb-kstaree-p-2025": 8,
    "lhcb-kstaree-p-2025-wide": 8,
    "lhcb-q-2025": 7,
    "lhcb-q-2025-wide": 7,
    "lhcb-phiee-angular-2025": 9,
    "lhcb-phimumu-asymmetries-2015": 20,
    "cms-kstarmumu-p-2024": 40,
    "cms-kstarplusmumu-angular-2020": 2,
    "hflav-kstargamma-br-2024": 2,
    "belle2-kstargamma-2024": 4,
    "belle-kmumu-br-2021": 3,
    "belle-kee-br-2021": 3,
    "belle-rk-2021-narrow": 3,
    "belle-kstarmumu-br-2021": 2,
    "belle-br-2009": 6,
    "babar-br-2012": 8,
}

BINS = [(0.06, 0.98), (1.1, 2.5), (2.5, 4), (4, 6), (6, 8), (15, 19)]


def values(name):
    """Values of a measurement by quantity and bin, of one decay."""
    return {(d.stem[1 : d.stem.index(">")] if d.bin else d.stem, d.bin): d for d in available()[name].data}


def central(name, key, q2):
    return values(name)[key, q2].central


@pytest.mark.parametrize("name", COUNTS)
def test_how_many_values(name):
    assert len(available()[name].data) == COUNTS[name]


# -------------------------------------------------------------------------------------------- B0 -> K* mumu of LHCb


@pytest.mark.parametrize("q2", BINS)
def test_optimised_observables_follow_from_the_others(q2):
    """Two fits to the same events, in bsfit's definitions and signs: 0.2 of the statistical errors.

    The sum of all terms is 1, with S_1s = 3 S_2s where the lepton mass is neglected, and gives S_2s.
    """
    s = {key: d.central for (key, at), d in values("lhcb-kstarmumu-angular-2025").items() if at == q2}
    s_2s = s.get("S2s", (4 - 3 * s["S1c"] - s["FL"]) / 16)
    root = 2 * np.sqrt(s_2s * s["FL"])
    expected = {
        "FL": s["FL"],
        "P1": s["S3"] / (2 * s_2s),
        "P2": (s["AFB"] - 0.375 * s.get("S6c", 0.0)) / (6 * s_2s),
        "P3": -s["S9"] / (4 * s_2s),
        **{f"P{p}p": s[f"S{i}"] / root for p, i in ((4, 4), (5, 5), (6, 7), (8, 8))},
    }
    for key, number in expected.items():
        datum = values("lhcb-kstarmumu-p-2025")[key, q2]
        assert datum.central == pytest.approx(number, abs=0.2 * datum.stat), key


def test_the_new_angles_agree_with_those_that_they_contain():
    """Signs and sizes: the S_i of 2020 hold over half of the events; another first bin. F_L was S_1c too."""
    for (key, q2), old in values("lhcb-kstarmumu-angular-2020").items():
        at = (0.06, 0.98) if q2 == (0.1, 0.98) else q2
        new = values("lhcb-kstarmumu-angular-2025")["S1c" if key == "FL" else key, at]
        assert new.central == pytest.approx(old.central, abs=2.5 * (old.sigma_plus + old.sigma_minus) / 2), old
        assert key == "FL" or new.stat < old.stat


def test_floating_asymmetries_leaves_the_sums_where_they_are():
    """F_L and S_1c, which are one without lepton masses, are the exception."""
    alone, floated = values("lhcb-kstarmumu-angular-2025"), values("lhcb-kstarmumu-asymmetries-2025")
    for (key, q2), datum in alone.items():
        if key not in ("FL", "S1c"):
            assert floated[key, q2].central == pytest.approx(datum.central, abs=datum.stat), (key, q2)
    for q2 in BINS[1:]:
        both = sorted(alone[key, q2].central for key in ("FL", "S1c"))
        assert both[0] < floated["FL", q2].central < both[1]
    asymmetries = [d for (key, _), d in floated.items() if key[0] == "A" and key != "AFB"]
    assert len(asymmetries) == 8 * len(BINS) + 1
    pulls = np.array([d.central / d.stat for d in asymmetries])
    assert abs(pulls).max() < 3
    assert np.mean(pulls**2) == pytest.approx(1, abs=0.5)


def test_rates_add_up_to_the_wide_bin_that_is_left_out():
    """Printed: (3.22 +- 0.07)e-8 in [1.1,6]. The errors of the rate of 2016 were larger by half."""
    rates = values("lhcb-kstarmumu-br-2025")
    mean = sum(d.central * (high - low) for (_, (low, high)), d in rates.items() if 1 < low and high <= 6) / 4.9
    assert mean == pytest.approx(3.22e-8, abs=0.07e-8)
    for (_, q2), old in values("lhcb-kstarmumu-br-2016").items():
        if q2 != (0.1, 0.98):
            new = rates["dBR/dq2", q2]
            assert new.central == pytest.approx(old.central, abs=2 * old.sigma_minus)
            assert new.stat < 0.65 * old.stat


def test_matrices_of_the_record():
    """Total errors of the record, beside what statistical and systematic ones give: 0.03, where it has two digits."""
    matrix, data = (
        available()["lhcb-kstarmumu-br-2025"].correlation_matrix(),
        available()["lhcb-kstarmumu-br-2025"].data,
    )
    assert [d.bin for d in data] == BINS
    assert matrix[0] == pytest.approx([1, 0.53, 0.46, 0.61, 0.65, 0.73], abs=0.03)
    angles = available()["lhcb-kstarmumu-angular-2025"].correlation_matrix()
    bins = np.array([BINS.index(d.bin) for d in available()["lhcb-kstarmumu-angular-2025"].data])
    between = angles[bins[:, None] != bins]
    assert 0 < abs(between).max() < 0.02


@pytest.mark.parametrize(
    "pair",
    [
        ("lhcb-kstarmumu-angular-2025", "lhcb-kstarmumu-p-2025"),
        ("lhcb-kstarmumu-angular-2025", "lhcb-kstarmumu-asymmetries-2025"),
        ("lhcb-kstarmumu-p-2025", "lhcb-kstarmumu-asymmetries-2025"),
        ("lhcb-kstarmumu-angular-2025", "lhcb-kstarmumu-angular-2020"),
        ("lhcb-kstarmumu-p-2025", "lhcb-kstarmumu-angular-2020"),
        ("lhcb-kstarmumu-asymmetries-2025", "lhcb-kstarmumu-asymmetries-2015"),
        ("lhcb-kstarmumu-br-2025", "lhcb-kstarmumu-br-2016"),
        ("lhcb-kstaree-angular-2025", "lhcb-kstaree-p-2025"),
        ("lhcb-kstaree-p-2025", "lhcb-kstaree-angular-2025-wide"),
        ("lhcb-q-2025", "lhcb-kstaree-angular-2025"),
        ("lhcb-q-2025", "lhcb-kstarmumu-p-2025"),
        ("cms-kstarmumu-p-2024", "cms-kstarmumu-angular-2024"),
        ("belle2-kstargamma-2024", "hflav-kstargamma-br-2024"),
        ("belle-rk-2021", "belle-rk-2021-narrow"),
        ("belle-rk-2021", "belle-kee-br-2021"),
    ],
)
def test_the_same_events_in_two_forms_are_refused(pair):
    with pytest.raises(BsfitInputError, match=r"the same data twice|share data"):
        select(list(pair))


@pytest.mark.parametrize(
    "together",
    [
        ("lhcb-kstarmumu-angular-2025", "lhcb-kstarmumu-br-2025", "lhcb-kstarmumu-asymmetries-2015"),
        ("lhcb-kstarmumu-p-2025", "lhcb-kstarmumu-br-2025"),
        ("lhcb-kstaree-angular-2025", "lhcb-kstaree-angular-2020", "lhcb-rk-rkstar-2022"),
        ("lhcb-phimumu-asymmetries-2015", "lhcb-phimumu-angular-2021"),
        ("belle-kmumu-br-2021", "belle-rk-2021"),
        ("belle-kstarmumu-br-2021", "belle-rkstar-2021"),
        ("cms-kstarmumu-p-2024", "cms-kstarmumu-p5p-2017", "cms-kstarplusmumu-angular-2020"),
    ],
)
def test_what_stands_together(together):
    assert len(select(list(together))) == len(together)


def test_show_names_the_optimised_observable_of_lhcb(capsys):
    assert main(["show", "<P5p>(B0->K*mumu)[4,6]"]) == 0
    shown = capsys.readouterr().out
    assert "lhcb-kstarmumu-p-2025" in shown
    assert "-0.479" in shown


# ------------------------------------------------------------------------------------------------ electrons and CMS


@pytest.mark.parametrize("wide", ["", "-wide"])
def test_optimised_observables_of_electrons_follow_too(wide):
    """Without lepton masses 1 - F_L is 4 S_2s; the digits printed leave a tenth."""
    s = {key: d.central for (key, _), d in values(f"lhcb-kstaree-angular-2025{wide}").items()}
    p = {key: d.central for (key, _), d in values(f"lhcb-kstaree-p-2025{wide}").items()}
    root = np.sqrt(s["FL"] * (1 - s["FL"]))
    assert p["FL"] == s["FL"]
    assert p["P1"] == pytest.approx(2 * s["S3"] / (1 - s["FL"]), abs=0.03)
    assert p["P2"] == pytest.approx(2 / 3 * s["AFB"] / (1 - s["FL"]), abs=0.02)
    assert p["P3"] == pytest.approx(-s["S9"] / (1 - s["FL"]), abs=0.02)
    for key, number in (("P4p", "S4"), ("P5p", "S5"), ("P6p", "S7"), ("P8p", "S8")):
        assert p[key] == pytest.approx(s[number] / root, abs=0.02), key


def test_differences_of_muons_and_electrons():
    """The P_i of the muons in [1.1,6] of 2003.04831 less those of the electrons, of 2502.10291."""
    muons = {"FL": 0.700, "P1": -0.079, "P2": -0.162, "P4p": -0.298, "P5p": -0.114, "P6p": -0.197, "P8p": -0.020}
    q, p = values("lhcb-q-2025"), values("lhcb-kstaree-p-2025")
    for key, muon in muons.items():
        datum = q[f"Dmue_{key}", (1.1, 6)]
        assert datum.central == pytest.approx(muon - p[key, (1.1, 6)].central, abs=0.025), key


CMS_PREDICTS = {
    "P3": (0.004, 0.004, 0.002),
    "P4p": (0.005, -0.735, -1.018),
    "P6p": (0.070, 0.053, 0.029),
    "P8p": (0.033, 0.034, 0.022),
}
"""Standard Model in CMS's convention, in three bins: the column of flavio in the record of 2411.11820."""

FROM_CMS = {"P3": 1, "P4p": 0.5, "P6p": -1, "P8p": -0.5}


@pytest.mark.slow
def test_convention_of_cms():
    """CMS's own predictions, converted as its data are, against ours: 0.01."""
    bins = ((1.1, 2), (2, 4.3), (4.3, 6))
    names = {(key, i): f"<{key}>(B0->K*mumu)[{low},{high}]" for key in FROM_CMS for i, (low, high) in enumerate(bins)}
    ours = bsfit.predict(list(names.values()))
    for (key, i), name in names.items():
        assert ours[name] == pytest.approx(FROM_CMS[key] * CMS_PREDICTS[key][i], abs=0.01), name


def test_values_of_cms_are_converted():
    """Printed at high q2: P4' -1.159 +0.042 -0.038, P6' 0.121 +0.040 -0.039, P8' 0.011 +0.089 -0.086."""
    for key, number, plus, minus in (
        ("P3", -0.034, 0.037, 0.038),
        ("P4p", -0.5795, 0.021, 0.019),
        ("P6p", -0.121, 0.039, 0.040),
        ("P8p", -0.0055, 0.043, 0.0445),
    ):
        datum = values("cms-kstarmumu-p-2024")[key, (14.18, 16)]
        assert (datum.central, datum.stat_plus, datum.stat_minus) == pytest.approx((number, plus, minus)), key
    for at, datum in values("cms-kstarmumu-angular-2024").items():
        assert values("cms-kstarmumu-p-2024")[at].text == datum.text


def test_correlations_of_cms_have_the_signs_of_lhcb():
    """P_3 with P_6' from 2 to 8.68 GeV^2, in the printed signs -0.18, -0.20 and -0.14; LHCb's of 2020 are positive."""
    m = available()["cms-kstarmumu-p-2024"]
    at = {(d.stem[1 : d.stem.index(">")], d.bin): i for i, d in enumerate(m.data)}
    found = [m.correlation.stat[at["P3", q2], at["P6p", q2]] for q2 in ((2, 4.3), (4.3, 6), (6, 8.68))]
    assert found == pytest.approx([0.18, 0.20, 0.14])


# ---------------------------------------------------------------------------------------- ATLAS, radiative, B factories


@pytest.mark.parametrize(
    ("q2", "p4p", "p5p", "p6p", "p8p", "p1"),
    [
        ((0.04, 2), 0.31, 0.67, -0.18, -0.29, -0.05),
        ((2, 4), -0.76, -0.33, 0.31, 1.07, -0.78),
        ((4, 6), 0.64, 0.26, 0.06, -0.24, 0.14),
    ],
)
def test_atlas_as_published(q2, p4p, p5p, p6p, p8p, p1):
    """The P_i of the paper follow from its F_L and S_i, which those of the conference note do not."""
    s = {key: d.central for (key, at), d in values("atlas-kstarmumu-angular-2018").items() if at == q2}
    root = np.sqrt(s["FL"] * (1 - s["FL"]))
    for number, printed in (("S4", p4p), ("S5", p5p), ("S7", p6p), ("S8", p8p)):
        assert s[number] / root == pytest.approx(printed, abs=0.02)
    assert 2 * s["S3"] / (1 - s["FL"]) == pytest.approx(p1, abs=0.15)


def test_isospin_of_belle_2_follows_from_its_rates():
    """0.050 +- 0.020 +- 0.015 in the abstract; and 0.026 the difference of the CP asymmetries."""
    found = values("belle2-kstargamma-2024")
    neutral, charged = (found[f"BR({decay}gamma)", None].central for decay in ("B0->K*", "B+->K*"))
    neutral *= 1.076  # lifetimes of B+ and B0
    assert (neutral - charged) / (neutral + charged) == pytest.approx(0.050, abs=0.004)
    difference = found["ACP(B+->K*gamma)", None].central - found["ACP(B0->K*gamma)", None].central
    assert difference == pytest.approx(0.026, abs=1e-9)


@pytest.mark.parametrize(("decay", "average", "error"), [("B0->K*", 41.63e-6, 0.92e-6), ("B+->K*", 39.5e-6, 1.0e-6)])
def test_average_with_belle_2_is_that_of_the_end_of_2024(decay, average, error):
    """The two files together, against what HFLAV then had: half a sigma, for older results were corrected too."""
    both = [values(name)[f"BR({decay}gamma)", None] for name in ("hflav-kstargamma-br-2024", "belle2-kstargamma-2024")]
    weights = np.array([d.sigma_plus**-2 for d in both])
    assert weights @ [d.central for d in both] / weights.sum() == pytest.approx(average, abs=0.5 * error)
    assert weights.sum() ** -0.5 == pytest.approx(error, rel=0.05)


def test_ratios_of_belle_are_those_of_its_rates():
    """R_K is an average of B+ and B0, whose rate is a fourth."""
    muons, electrons = values("belle-kmumu-br-2021"), values("belle-kee-br-2021")
    ratios = values("belle-rk-2021-narrow")
    for q2 in ((0.1, 4), (14.18, 22.86)):
        ratio = muons["BR", q2].central / electrons["BR", q2].central
        assert ratio == pytest.approx(ratios["Rmue", q2].central, abs=0.05)


def test_rates_of_both_leptons_are_not_taken_for_those_of_muons():
    for name in ("babar-br-2012", "belle-br-2009"):
        with pytest.raises(BsfitInputError, match="averages over electrons and muons"):
            select(name)


def test_forward_backward_asymmetry_of_kmumu_is_that_of_its_narrow_bins():
    """-0.015 +- 0.015 in [15,22] of 1403.8045, from the seven bins of 1 GeV^2 inside; EOS has the opposite signs."""
    inside = np.array([-0.065, -0.025, -0.03, 0.01, 0.015, 0.03, 0.11])
    weights = np.array([0.035, 0.025, 0.03, 0.04, 0.035, 0.04, 0.08]) ** -2
    datum = values("lhcb-kmumu-angular-2014")["AFB", (15, 22)]
    assert datum.central == pytest.approx(weights @ inside / weights.sum(), abs=0.005)
