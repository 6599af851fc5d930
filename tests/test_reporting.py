"""Theory errors of predictions, where they come from, and the table of data beside predictions."""

import csv
import io

import numpy as np
import pytest

import bsfit
from bsfit import BsfitInputError
from bsfit.catalogue.input_groups import OTHERS, group_of
from bsfit.loading.inputs import input_set
from bsfit.results import load

NAMES = ["BR(B+->Knunu)", "DeltaM_s_ps", "BR(Bs->mumu)", "tau_mumu_ps"]
POINT = {"C10_bsmumu": -1.0, "C10_bsmumu_im": 0.3, "CL_bsnumunumu": 2.0}


@pytest.fixture(scope="module")
def budget():
    return bsfit.error_budget(NAMES, params=POINT)


@pytest.fixture(scope="module")
def like():
    return bsfit.log_likelihood(data="lfu", free={"C9mu": (-3.0, 3.0)})


@pytest.mark.long
def test_errors_beside_predictions(budget):
    plain, found = (bsfit.predict(NAMES, params=POINT, errors=errors) for errors in (False, True))
    assert list(found) == list(plain)
    assert dict(found) == pytest.approx(dict(plain), rel=1e-12)
    assert plain.errors == {}
    assert plain.covariance.shape == (0, 0)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(list(found.errors.values()))
    assert list(found.errors.values()) == pytest.approx(budget.errors)
    assert np.diag(found.correlation) == pytest.approx(np.ones(4))
    assert 0.5 < found.correlation[1, 2] < 1.0  # V_cb


@pytest.mark.slow
def test_groups_add_in_squares(budget):
    squares = np.sum(np.square(list(budget.groups.values())), axis=0)
    assert np.sqrt(squares) == pytest.approx(budget.errors)
    assert next(iter(budget.by_group("tau_mumu_ps"))) == "lifetimes, widths"
    assert list(budget.by_group(NAMES[0]))[:2] == ["CKM", "form factors"]
    assert OTHERS not in budget.groups


@pytest.mark.slow
@pytest.mark.parametrize("name", ["V_cb", "B->K BSZ a0_f+", "f_Bs"])
def test_an_input_alone_is_its_slope_times_its_error(budget, name):
    """Against differences of predictions with the input moved by a twentieth of its error."""
    prior = next(p for p in input_set("default").priors if name in p.names)
    sigma = float(np.sqrt(np.diag(prior.covariance))[prior.names.index(name)])
    middle = float(input_set("default").inputs[name])
    moved = [bsfit.predict(NAMES, params=POINT, inputs={name: middle + 0.05 * s * sigma}) for s in (1, -1)]
    slopes = [abs(moved[0][n] - moved[1][n]) / 0.1 for n in NAMES]
    assert budget.inputs[name] == pytest.approx(slopes, rel=1e-3, abs=1e-4 * max(budget.errors))


def test_every_uncertain_input_has_a_group():
    names = {name for of in ("default", "flavio", "helicity") for p in input_set(of).priors for name in p.names}
    assert {name for name in names if group_of(name) == OTHERS} <= {"Omega_h2 calculation"}
    assert group_of("f_N") == "nucleon"


@pytest.mark.slow
def test_nuisances_are_selected_and_checked(budget):
    found = bsfit.predict(NAMES, params=POINT, errors=True, nuisances="V_cb")
    assert list(found.errors.values()) == pytest.approx(budget.inputs["V_cb"])
    with pytest.raises(BsfitInputError, match="'V_ub', 'V_cb' or"):
        bsfit.predict(NAMES, errors=True, nuisances="V_bc")


@pytest.mark.slow
def test_an_output_of_a_model_and_its_relic_density_have_errors():
    params = {"g_X": 0.3, "m_Zp": 1000.0, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 495.0}
    found = bsfit.predict(["M_Q", "Omega_h2"], "portal", params, errors=True)
    assert found.errors["M_Q"] == 0.0
    assert found.errors["Omega_h2"] / found["Omega_h2"] == pytest.approx(
        float(input_set("default").inputs["Omega_h2_error"]), rel=1e-3
    )
    assert "none of the inputs moves it" in str(bsfit.error_budget("M_Q", "portal", params))


@pytest.mark.slow
def test_a_budget_is_saved_printed_and_checked(budget, tmp_path):
    assert load(budget.save(tmp_path / "budget")) == budget
    text = str(budget)
    assert text.startswith("BR(B+->Knunu) = ")
    assert "form factors" in text


# ------------------------------------------------------------------------------------------------------ the table


@pytest.mark.slow
def test_table_against_the_likelihood(like):
    found = bsfit.table(like, {"C9mu": -1.0})
    rows = {key: np.array([row[key] for row in found.rows]) for key in found.rows[0] if key != "tex"}
    assert list(rows["observable"]) == list(like.observables)
    assert rows["best"] == pytest.approx(np.asarray(like.predictions({"C9mu": -1.0})))
    assert rows["standard_model"] == pytest.approx(np.asarray(like.predictions({"C9mu": 0.0})))
    assert rows["best_pull"][: len(like.pulled)] == pytest.approx(np.asarray(like.pulls({"C9mu": -1.0})))
    side = np.where(rows["best"] > rows["measured"], rows["plus"], rows["minus"])
    pulls = (rows["measured"] - rows["best"]) / np.hypot(side, rows["best_error"])
    assert rows["best_pull"] == pytest.approx(pulls, abs=0.05)  # the two sides join smoothly
    assert {"belle-rk-2021", "lhcb-rk-rkstar-2022"} <= {*rows["measurement"]}


def test_table_of_a_published_curve_has_its_depth():
    found = bsfit.table("lfu-2017")
    assert all(np.isfinite(row["standard_model_pull"]) for row in found.rows)


def test_table_of_the_standard_model_alone_and_its_orders(tmp_path):
    found = bsfit.table("seed-2017", sort="pull")
    pulls = [abs(row["standard_model_pull"]) for row in found.rows]
    assert found.columns == ("standard_model",)
    assert pulls == sorted(pulls, reverse=True)
    names = [row["observable"] for row in found.sorted_by("observable").rows]
    assert names == sorted(names)
    assert load(found.save(tmp_path / "table")) == found
    lines = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert float(lines[0]["measured"]) == found.rows[0]["measured"]
    latex = found.to_latex()
    assert latex.count(r"\\") == 4
    assert r"R(B^+\to K\ell\ell)[1,6]" in latex


def test_table_of_a_point_that_is_fixed():
    like = bsfit.log_likelihood(data="seed-2017", free={}, fixed={"C9_bsmumu": -1.0})
    found = bsfit.table(like)
    assert found.best == "point"
    assert [row["best"] for row in found.rows] == pytest.approx(np.asarray(like.predictions({})))
    assert found.rows[0]["best"] < found.rows[0]["standard_model"]


def test_table_refuses(like):
    with pytest.raises(BsfitInputError, match="did you mean 'pull'"):
        bsfit.table("seed-2017", sort="pul")
    with pytest.raises(BsfitInputError, match="needs the log-likelihood"):
        bsfit.table("seed-2017", {"C9mu": 1.0})
    with pytest.raises(BsfitInputError, match="C10mu"):
        bsfit.table(like, {"C10mu": 1.0})


@pytest.mark.long
def test_table_of_a_model_leaves_dark_matter_out_and_says_so():
    fixed = {"m_Zp": 1000.0, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 495.0}
    like = bsfit.log_likelihood("portal", ["lfu", "relic"], {"g_X": (0.1, 1.0)}, fixed)
    found = bsfit.table(like, {"g_X": 0.3})
    assert len(found.rows) == len(like.observables) - 1
    assert found.notes == ("data on dark matter are not in this table",)
    with pytest.raises(BsfitInputError, match="no measured value"):
        bsfit.table(bsfit.log_likelihood("portal", "relic", {"g_X": (0.1, 1.0)}, fixed))


# ------------------------------------------------------------------------------------------------------- against q2


@pytest.fixture(scope="module")
def rates():
    return bsfit.bins("<dBR/dq2>(B+->Kmumu)", params=POINT)


@pytest.mark.long
def test_bins_are_predictions_with_their_errors(rates):
    low, high = rates.bins[3]
    name = f"<dBR/dq2>(B+->Kmumu)[{low:g},{high:g}]"
    for params, value, error in ((None, rates.standard_model, rates.errors), (POINT, rates.point, rates.point_errors)):
        found = bsfit.predict([name], params=params, errors=True)
        assert (value[3], error[3]) == pytest.approx((found[name], found.errors[name]))
    outside = (rates.bins[:, 1] <= 8.0) | (rates.bins[:, 0] >= 15.0)
    assert outside.all()


@pytest.mark.long
def test_bins_have_the_data_of_every_experiment_once(rates):
    names = {datum["measurement"] for datum in rates.data}
    assert {"lhcb-kmumu-br-2014", "cms-kmumu-br-2024", "cdf-br-2012"} <= names
    of_lhcb = next(d for d in rates.data if (d["measurement"], d["low"]) == ("lhcb-kmumu-br-2014", 1.1))
    assert of_lhcb["measured"] == pytest.approx(2.33e-8)
    alternatives = {datum["measurement"] for datum in bins_data("P5p")}
    assert "lhcb-kstarmumu-p-2025" in alternatives  # its S_i are in the sets, and are no P5p


def bins_data(name):
    from bsfit.reporting import bins

    return bins.data_of(bins.stem_of(name))


def test_names_of_observables_against_q2():
    from bsfit.reporting.bins import stem_of

    assert stem_of("P5p") == "<P5p>(B0->K*mumu)"
    assert stem_of("R_K") == "<Rmue>(B+->Kll)"
    assert stem_of("FH") == "<FH>(B+->Kmumu)"
    for name, hint in (("P5q", "P5p"), ("DeltaM_s", "takes a q2 bin"), ("<P5p>(B0->K*mumu)[1,6]", "takes a q2 bin")):
        with pytest.raises(BsfitInputError, match=hint):
            stem_of(name)


@pytest.mark.long
def test_bins_are_saved_printed_and_drawn(rates, tmp_path):
    from bsfit.plot.results import plot

    assert load(rates.save(tmp_path / "bins")) == rates
    assert str(rates).splitlines()[2].split() == ["q2", "Standard", "Model", "point"]
    figure, numbers = plot(rates, tmp_path / "bins.png")
    assert figure.stat().st_size > 10_000
    lines = list(csv.DictReader(io.StringIO(numbers.read_text())))
    assert len(lines) == 2 * len(rates.bins) + len(rates.data)
    assert float(lines[0]["value"]) == rates.standard_model[0]


def counted(nuisances):
    """Names of the inputs that count."""
    return set(bsfit.error_budget(NAMES, params=POINT, nuisances=nuisances).inputs)


@pytest.mark.slow
def test_nuisances_are_left_out_by_name_glob_and_group(budget):
    listed = set(budget.inputs)
    assert counted("!V_cb") == listed - {"V_cb"}
    assert counted(["!B->K*", "!CKM"]) == {n for n in listed if not n.startswith("B->K") and group_of(n) != "CKM"}
    uncertain = [name for prior in input_set("default").priors for name in prior.names]
    chosen = {n for n in uncertain if n in ("V_cb", "V_tb") or (group_of(n) == "form factors" and " BSZ " not in n)}
    assert counted(["V_[ctu]b", "form factors", "!V_ub", "!* BSZ *"]) == chosen
    assert counted(["all", "!*"]) == set()
    less = bsfit.error_budget(NAMES, params=POINT, nuisances="!meson structure")
    gone = np.square(budget.groups["meson structure"])
    assert np.square(less.errors) == pytest.approx(np.square(budget.errors) - gone, rel=1e-9)


@pytest.mark.parametrize(
    ("nuisances", "complaint"),
    [
        ("!V_cbb", r"no uncertain input matches '!V_cbb' \(did you mean 'V_cb'"),
        ("!Form factors", r"did you mean 'form factors'"),
        ("!B->Xs*", r"'!B->Xs\*' leaves out nothing"),
        ("!", r"no uncertain input matches '!'"),
        (["V_cb", "!QED"], r"leaves out nothing"),
    ],
)
def test_what_leaves_out_nothing_is_refused(nuisances, complaint):
    with pytest.raises(BsfitInputError, match=complaint):
        counted(nuisances)
