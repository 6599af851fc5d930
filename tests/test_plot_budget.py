"""Pictures of error budgets: bars add up to what the record says, every name of an input is TeX that can be set."""

import csv
import re

import numpy as np
import pytest

from bsfit import catalogue, cli
from bsfit.errors import BsfitInputError
from bsfit.loading import input_files
from bsfit.plot.budget import plot_budget
from bsfit.plot.results import plot
from bsfit.results import ErrorBudget, PredictionTable

P5P = "<P5p>(B0->K*mumu)[4,6]"


def budget():
    """Two groups of 3 and 4 in an error of 5, an input that adds nothing, and an observable that no input moves."""
    return ErrorBudget(
        observables=(P5P, "R_K[1.1,6]"),
        values=(-0.75, 1.0),
        errors=(0.05, 0.0),
        groups={"form factors": (0.03, 0.0), "CKM": (0.04, 0.0)},
        inputs={"V_cb": (0.04, 0.0), "B->K* BSZ a0_V": (0.025, 0.0), "m_b": (1e-5, 0.0)},
    )


def test_shares_of_groups_add_up_to_one(tmp_path):
    figure, numbers = plot(budget(), tmp_path / "budget.svg")
    assert figure.stat().st_size > 10_000
    rows = list(csv.DictReader(numbers.read_text().splitlines()))
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("group", "CKM"), ("group", "form factors"), ("input", "V_cb"), ("input", "B->K* BSZ a0_V"),
    ]  # fmt: skip
    shares = [float(row["of_variance"]) for row in rows]
    assert sum(shares[:2]) == pytest.approx(1.0, rel=1e-12)
    assert [float(row["error"]) for row in rows] == pytest.approx([0.04, 0.03, 0.04, 0.025])
    assert {row["observable"] for row in rows} == {P5P}


def test_other_records_are_refused(tmp_path):
    with pytest.raises(BsfitInputError, match="plot_budget: got a PredictionTable; expected an ErrorBudget"):
        plot_budget(PredictionTable((), ()), tmp_path / "x.png")


def test_inputs_have_tex():
    assert catalogue.tex_of_input("B->K* BSZ a0_A1") == r"B\to K^*:\ a_{0,A_{1}}"
    assert catalogue.tex_of_input("B0->K* delta_C7 a_0 Re") == r"B^0\to K^*:\ {\rm Re}\,\delta_{C_{7}}\,a_{0}"
    assert catalogue.tex_of_input("tau_B+") == r"\tau_{B^+}"
    assert catalogue.tex_of_input("1/lambda_B") == r"1/\lambda_{B}"


@pytest.mark.slow
def test_tex_of_every_input_can_be_set():
    from matplotlib.mathtext import MathTextParser

    names = [name for prior in input_files.shipped("default").priors for name in prior.names]
    parser = MathTextParser("path")
    # Digits do not matter to the grammar: one name of each kind is enough.
    for name in {re.sub(r"\d", "1", name) for name in names}:
        parser.parse(f"${catalogue.tex_of_input(name)}$")


@pytest.mark.slow
def test_a_budget_is_drawn_from_the_command_line(tmp_path, capsys):
    words = ["plot", "--budget", "R_K[1.1,6]", "--set", "C9_bsmumu=-1", "-o", str(tmp_path), "--format", "pdf", "-q"]
    assert cli.main(words) == 0
    assert "R_K_1.1_6-budget.pdf" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "R_K_1.1_6-budget.numbers.csv").read_text().splitlines()))
    parts = np.array([float(row["of_variance"]) for row in rows if row["kind"] == "group"])
    assert parts.sum() == pytest.approx(1.0, abs=1e-3)  # without groups below 1e-4 of the variance
    assert cli.main(["plot", "--budget", "R_K", "-q"]) == 2
    assert "bin" in capsys.readouterr().err
