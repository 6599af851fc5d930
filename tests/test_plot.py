"""Figures: they are drawn, say their levels, and put their numbers beside them."""

import csv
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.plot import canvas, corner, results
from bsfit.results import Posterior, Profile, Scan

X, Y = np.linspace(-2, 2, 41), np.geomspace(1, 100, 31)


def scan(names=("C9", "m")):
    a, b = X[:, None], np.log(Y)[None] - 2
    first, second = -2 * (a - 0.3) ** 2 - 0 * b, -(b**2) - 0.2 * (a + 0.2) ** 2
    return Scan(
        names=names, axes=(X, Y), log=(False, True), log_likelihood=first + second, groups=("LFU", "mixing"),
        by_group=np.stack([first, second]), reference={"C9": 0.0, "m": 10.0},
    )  # fmt: skip


def profile():
    return Profile(
        names=("C9",), axes=(X,), delta_chi2=4 * (X - 0.3) ** 2, best={"C9": 0.3}, best_log_likelihood=0.0, others={},
        bounds={"C9": (-2.0, 2.0)}, log=(False,), intervals_1=((-0.2, 0.8),), intervals_2=((-0.7, np.inf),),
    )  # fmt: skip


def posterior():
    draws = np.random.default_rng(0).multivariate_normal([0, 1], [[1, 0.5], [0.5, 2]], size=(4, 500))
    samples = {"a": draws[..., 0], "b": draws[..., 1]}
    return Posterior(
        names=("a", "b"), samples=samples, log_likelihood=draws[..., 0], sample_stats={}, summary={}, priors={},
        verdict="failed", reasons=("R-hat",), diagnostics={},
    )  # fmt: skip


def test_levels_are_those_of_the_chi_square():
    from scipy import stats

    for sigma, dof in ((1.0, 1), (2.0, 1), (1.0, 2), (2.0, 2), (3.0, 2)):
        expected = stats.chi2(dof).isf(2 * stats.norm.sf(sigma))
        assert canvas.level(sigma, dof) == pytest.approx(expected, rel=1e-12)
    assert [round(canvas.level(sigma, 2), 2) for sigma in (1.0, 2.0)] == [2.30, 6.18]


def test_plane_names_sets_levels_and_points(tmp_path):
    figure, numbers = results.plot(scan(), tmp_path / "plane.svg", labels={"C9": "$C_9$"})
    assert figure.stat().st_size > 10_000
    with np.load(numbers) as saved:
        sets = {f"delta_chi2_{name}" for name in ("LFU", "mixing", "global")}
        assert set(saved) == sets | {"axis_C9", "axis_m", "levels", "best_C9", "best_m"}
        np.testing.assert_allclose(saved["levels"], [2.2957, 6.1801], atol=1e-4)
        np.testing.assert_allclose(saved["delta_chi2_global"], scan().delta_chi2())


def texts(draw, *arguments, monkeypatch, **options):
    """All text of the figure that `draw` makes."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    seen = []
    original = Figure.savefig

    def spy(self, *args, **kwargs):
        original(self, *args, **kwargs)
        seen.extend(text.get_text() for text in self.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", spy)
    draw(*arguments, **options)
    return seen


def test_plane_legend_states_levels_and_degrees_of_freedom(tmp_path, monkeypatch):
    found = texts(results.plot_plane, scan(), tmp_path / "p.png", monkeypatch=monkeypatch, labels={"C9": "$C_9$"})
    for expected in ("LFU", "mixing", "global", "best fit", "Standard Model", "2 degrees of freedom", "$C_9$", "m"):
        assert expected in found
    assert any("2.30" in text and "68.3" in text for text in found)
    assert any("6.18" in text and "95.4" in text for text in found)


def test_plane_of_several_results_and_chosen_groups(tmp_path):
    _, numbers = results.plot_plane({"old": scan(), "new": scan()}, tmp_path / "two")
    assert numbers.name == "two.numbers.npz"
    assert (tmp_path / "two.png").exists()
    _, numbers = results.plot_plane(scan(), tmp_path / "one.pdf", groups=["mixing"])
    with np.load(numbers) as saved:
        assert "delta_chi2_LFU" not in saved


def test_profile_and_its_table(tmp_path):
    figure, numbers = results.plot(profile(), tmp_path / "profile.png")
    assert figure.read_bytes().startswith(b"\x89PNG")
    rows = list(csv.reader(numbers.read_text().splitlines()))
    assert rows[0] == ["C9", "delta_chi2_global"]
    np.testing.assert_allclose(np.array(rows[1:], dtype=float)[:, 1], 4 * (X - 0.3) ** 2)


def test_corner_shows_that_a_posterior_failed(tmp_path, monkeypatch):
    found = texts(corner.plot_corner, posterior(), tmp_path / "corner.png", monkeypatch=monkeypatch)
    assert "NOT CONVERGED" in found
    assert {"a", "b"} <= set(found)


def test_figures_are_reproducible(tmp_path):
    first, second = (results.plot(scan(), tmp_path / f"{i}.png")[0].read_bytes() for i in range(2))
    assert first == second


def test_bad_requests_are_refused(tmp_path):
    with pytest.raises(BsfitInputError, match="has no figure"):
        results.plot(3, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="same one or two"):
        results.plot_plane({"a": scan(), "b": scan(("C10", "m"))}, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="no draws of c"):
        corner.plot_corner(posterior(), tmp_path / "x.png", names=["a", "c"])
    with pytest.raises(BsfitInputError, match="one parameter"):
        results.plot_profile(scan(), tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_is_imported_late():
    code = "import sys, bsfit.plot; sys.exit('matplotlib' in sys.modules or 'jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_corner_of_one_parameter(tmp_path):
    figure, _ = corner.plot_corner(posterior(), tmp_path / "corner.svg", names=("a",))
    assert figure.stat().st_size > 5_000


def test_latex_is_not_used_and_that_is_said(tmp_path):
    """Names with underscores and signs of per cent are no LaTeX, whether or not it is installed."""
    import matplotlib

    with (
        matplotlib.rc_context({"text.usetex": True}),
        pytest.warns(BsfitWarning, match=r"text\.usetex of matplotlib is not used") as caught,
    ):
        figure, _ = results.plot(scan(), tmp_path / "plane.png")
    assert len(caught) == 1
    assert figure.read_bytes() == results.plot(scan(), tmp_path / "plain.png")[0].read_bytes()


def test_a_name_with_dollars_is_written_as_it_is(tmp_path, monkeypatch):
    found = texts(results.plot_plane, scan(("C9", "a$x_{$b")), tmp_path / "p.png", monkeypatch=monkeypatch)
    assert r"a\$x_{\$b" in found


def test_a_name_cannot_leave_the_archive_of_numbers(tmp_path):
    _, numbers = results.plot(scan(("C9", "../../m")), tmp_path / "plane.svg")
    with np.load(numbers) as saved:
        assert "axis_..|..|m" in saved
        assert not any("/" in name for name in saved)


def test_a_best_fit_beside_the_grid_is_not_drawn_beside_the_frame(tmp_path, monkeypatch):
    far = replace(profile(), best={"C9": 1e9}, intervals_1=((np.nan, np.nan),), intervals_2=((1e9, 2e9),))
    found = texts(results.plot, far, tmp_path / "far.png", monkeypatch=monkeypatch)
    assert "best fit: beyond the grid" in found
    assert (tmp_path / "far.png").stat().st_size < 200_000


def test_draws_that_are_all_one(tmp_path):
    for value in (0.0, 5.0, 1e20):
        stuck = replace(posterior(), samples={name: np.full((4, 500), value) for name in "ab"})
        assert corner.plot_corner(stuck, tmp_path / "corner.png")[0].stat().st_size > 5_000
