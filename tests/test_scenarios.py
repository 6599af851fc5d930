"""The table of scenarios against ordinary fits, and what it refuses."""

import pytest

import bsfit


@pytest.mark.slow
def test_scenarios_of_mixing_agree_with_ordinary_fits():
    """The shared compilation against one fit each; both coefficients move DeltaM_s alike."""
    bounds = {"CVLL_bsbs": (-1e-10, 2e-11), "CVRR_bsbs": (-5e-11, 2e-11)}
    found = bsfit.fit_scenarios("lhcb-dms-combination-2021", tuple(bounds), bounds=bounds)
    assert [row["name"] for row in found.rows] == list(bounds)
    free = {"CVLL_bsbs": bounds["CVLL_bsbs"]}
    one = bsfit.fit(bsfit.log_likelihood(data="lhcb-dms-combination-2021", free=free))
    for row in found.rows:
        assert row["best"] == pytest.approx(one.values["CVLL_bsbs"], rel=1e-6)
        assert row["interval_1"] == pytest.approx(one.intervals_1["CVLL_bsbs"], rel=1e-6)
        assert row["pull"] == pytest.approx(one.pull, rel=1e-6)
        assert row["chi2"] == pytest.approx(0.0, abs=1e-9)
    assert found.reference_chi2 == pytest.approx(one.pull**2, rel=1e-6)


@pytest.mark.slow
def test_a_pair_worse_than_the_standard_model_has_no_pull():
    bounds = {"CVLL_bsbs": (-3e-10, -2e-10), "CVRR_bsbs": (-3e-10, -2e-10)}
    found = bsfit.fit_scenarios("lhcb-dms-combination-2021", [tuple(bounds)], bounds=bounds)
    (row,) = found.pairs
    assert row["pull"] is None
    expected = (
        f"CVLL_bsbs, CVRR_bsbs: the Standard Model fits better, by Delta chi2 = {-row['delta_chi2']:.2f}: no pull"
    )
    assert expected in found.messages
    assert str(found)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"scenarios": ()}, "no scenario"),
        ({"scenarios": ("C9my",)}, "C9mu"),
        ({"scenarios": ("CVLL_bsbs",)}, "no natural range"),
        ({"theory": "sampled"}, "fixed"),
        ({"data": "lfuu"}, "lfu"),
    ],
)
def test_scenarios_refuse_bad_input(arguments, complaint):
    with pytest.raises(bsfit.BsfitInputError, match=complaint):
        bsfit.fit_scenarios(**arguments)
