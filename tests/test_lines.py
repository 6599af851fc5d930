"""One-parameter scenarios fitted together: closed forms, several minima, bounds."""

import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.inference.lines import fit_lines

RANDOM = np.random.default_rng(0)
DESIGN, DATA = jnp.asarray(RANDOM.normal(size=(7, 4))), jnp.asarray(RANDOM.normal(size=7) + 1.0)
DIRECTIONS = np.concatenate([np.eye(4), [[1, -1, 0, 0], [1, 0, 1, 0], [0, 1, 1, -1]]])


def chi2(vector):
    return jnp.sum((DESIGN @ vector - DATA) ** 2)


def log_likelihood(vector):
    return -0.5 * chi2(vector) - 7.0


@pytest.fixture(scope="module")
def table():
    names = [f"s{i}" for i in range(7)]
    return fit_lines(log_likelihood, DIRECTIONS, (-20, 20), names=names, parameters=list("abcd"), chi2=chi2, n_data=7)


def test_linear_model_has_closed_form(table):
    for row, direction in zip(table.rows, DIRECTIONS, strict=True):
        slope = np.asarray(DESIGN) @ direction
        best, sigma = slope @ np.asarray(DATA) / (slope @ slope), (slope @ slope) ** -0.5
        expected = [best, best - sigma, best + sigma, best - 2 * sigma, best + 2 * sigma]
        got = [row["best"], *row["interval_1"], *row["interval_2"]]
        np.testing.assert_allclose(got, expected, atol=1e-7)
        assert row["pull"] == pytest.approx(abs(best) / sigma, rel=1e-8)
        assert row["chi2"] == pytest.approx(float(chi2(best * direction)), rel=1e-10)
        assert (row["ndf"], row["status"], len(row["minima"])) == (6, "converged", 1)
    assert table.reference_chi2 == pytest.approx(float(chi2(jnp.zeros(4))))
    assert table.reference_log_likelihood == pytest.approx(float(log_likelihood(jnp.zeros(4))))


def test_table_prints_every_scenario_in_order(table):
    lines = str(table).splitlines()
    assert [line.split()[0] for line in lines[3:10]] == [f"s{i}" for i in range(7)]
    assert "7 measurements" in lines[10]
    assert table["s4"]["direction"] == {"a": 1.0, "b": -1.0, "c": 0.0, "d": 0.0}


def test_a_scenario_worse_than_the_standard_model_has_no_pull():
    result = fit_lines(lambda v: -0.5 * (v[0] - 1.0) ** 2, np.eye(1), (5.0, 9.0), names=["far"])
    (row,) = result.rows
    assert (row["best"], row["pull"], row["delta_chi2"]) == (5.0, None, pytest.approx(1.0 - 16.0))
    expected = "far: the Standard Model, which lies outside of the bounds, fits better, by Delta chi2 = 15.00: no pull"
    assert expected in result.messages
    assert "0.0" not in str(result).splitlines()[3]


def test_double_minimum_bound_and_flat_line_are_said():
    def like(v):
        return -0.5 * ((v[0] ** 2 - 1) / 0.1) ** 2 - 0.05 * v[0] - 0.5 * (v[1] - 5.0) ** 2

    result = fit_lines(like, np.eye(3), (-3, 3), names=["double", "outside", "unseen"])
    double, outside, unseen = result.rows
    assert double["best"] == pytest.approx(-1.0, abs=2e-3)
    assert [m["value"] for m in double["minima"]] == pytest.approx([-1.0, 1.0], abs=2e-3)
    assert double["minima"][1]["delta_chi2"] == pytest.approx(0.2, abs=1e-3)
    assert (outside["best"], outside["status"]) == (3.0, "at bound")
    assert unseen["status"] == "degenerate"
    assert unseen["interval_1"] == (-np.inf, np.inf)
    assert any("further minimum" in message for message in result.messages)


@pytest.mark.parametrize(
    ("directions", "bounds"), [([[0.0, 0.0]], (-1, 1)), ([[1.0, 0.0]], (1, -1)), ([[1.0, np.nan]], (-1, 1))]
)
def test_bad_lines_are_refused(directions, bounds):
    with pytest.raises(BsfitInputError):
        fit_lines(log_likelihood, directions, bounds)
