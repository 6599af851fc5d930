"""Figures: they are drawn, say their levels, and put their numbers beside them."""

import csv
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bsfit.errors import BsfitInputError, BsfitWarning
from bsfit.plot import corner, correlations, results
from bsfit.results import FitResult, Posterior, Profile, Scan

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


def test_lines_of_anything_stand_in_a_plane(tmp_path, monkeypatch):
    """A straight line is drawn where it is; a jump between two points of the grid is known to a step only."""
    from bsfit.plot.maps import Lines

    slope = X[:, None] + 0 * Y[None]
    lines = [Lines(slope, [0.5], "line"), Lines(np.where(slope > 0.12, 1.0, 0.0), [0.5], "jump")]
    found = texts(results.plot_plane, scan(), tmp_path / "p.png", monkeypatch=monkeypatch, lines=lines)
    assert "line" in found
    assert "jump\N{DAGGER}" in found
    assert any("grid too coarse" in text for text in found)
    with np.load(tmp_path / "p.numbers.npz") as saved:
        np.testing.assert_array_equal(saved["line"], slope)


def flat_scan():
    """Beside a group of both axes: one of a single axis, one of none, one that hardly depends on them."""
    a, b = X[:, None], np.log(Y)[None] - 2
    both, one, weak = -2 * (a - 0.3) ** 2 - 2 * b**2, -2 * (a - 3.0) ** 2 + 0 * b, 0.1 * a + 0 * b
    return Scan(
        names=("C9", "m"), axes=(X, Y), log=(False, True), log_likelihood=both, groups=("both", "one", "none", "weak"),
        by_group=np.stack([both, one, 0 * both - 1.0, weak]),
    )  # fmt: skip


def test_what_would_fill_a_plane_is_named_and_not_drawn(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    monkeypatch.setattr(Axes, "contourf", lambda *_, colors, **__: drawn.append(colors[0]))
    found = texts(results.plot_plane, flat_scan(), tmp_path / "p.png", monkeypatch=monkeypatch)
    assert {"both", "global", "one (highest at the edge)", "best fit"} <= set(found)
    assert "not drawn, no dependence on the axes:\nnone" in found
    assert "not drawn, within 68.3 % everywhere:\nweak" in found
    assert len(set(drawn)) == 2
    with np.load(tmp_path / "p.numbers.npz") as saved:
        assert np.ptp(saved["delta_chi2_none"]) == 0.0
        assert saved["best_C9"] == pytest.approx(0.3, abs=1e-9)


def test_a_flat_plane_has_no_best_fit(tmp_path, monkeypatch):
    flat = Scan(names=("C9", "m"), axes=(X, Y), log=(False, True), log_likelihood=np.zeros((41, 31)))
    found = texts(results.plot_plane, flat, tmp_path / "p.png", monkeypatch=monkeypatch)
    assert "not drawn, no dependence on the axes:\nglobal" in found
    assert "best fit" not in found


def test_flat_curves_are_named_and_not_drawn(tmp_path, monkeypatch):
    curves = np.stack([-2 * (X - 0.3) ** 2, 0 * X])
    line = Scan(
        names=("C9",), axes=(X,), log=(False,), log_likelihood=curves[0], groups=("seen", "blind"), by_group=curves
    )
    found = texts(results.plot_profile, line, tmp_path / "p.png", monkeypatch=monkeypatch)
    assert "seen" in found
    assert "blind" not in found
    assert "not drawn, no dependence on the axes:\nblind" in found


def narrow(points):
    """A valley as narrow as that of C9 and C10 in lepton universality; its best fit is no grid point."""
    x = np.linspace(-3.5, 3.5, points)
    a, b = np.meshgrid(x - 0.033, x - 0.021, indexing="ij")
    rise = (a**2 + b**2 - 2 * 0.9875 * a * b) / (1 - 0.9875**2)
    return Profile(
        names=("C9", "C10"), axes=(x, x), delta_chi2=rise, best={"C9": 0.033, "C10": 0.021}, best_log_likelihood=0.0,
        others={}, bounds={"C9": (-5.0, 5.0), "C10": (-5.0, 5.0)}, log=(False, False),
    )  # fmt: skip


def test_contours_of_a_narrow_valley_are_one_piece(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn, original = [], Axes.contour
    monkeypatch.setattr(Axes, "contour", lambda *args, **style: drawn.append(original(*args, **style)))
    found = texts(results.plot, narrow(41), tmp_path / "p.png", monkeypatch=monkeypatch)
    assert not any("coarse" in text for text in found)
    for height, lines in zip((2.2957, 6.1801), drawn[0].allsegs, strict=True):
        (line,) = lines
        x, y = line.T
        area = 0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
        assert area == pytest.approx(np.pi * height * np.sqrt(1 - 0.9875**2), rel=0.01)
        assert np.ptp(x) == pytest.approx(2 * height**0.5, rel=0.01)


def test_a_coarse_grid_is_said_to_be_one(tmp_path, monkeypatch):
    rise = narrow(41).delta_chi2
    holed = Profile(**{**vars(narrow(41)), "delta_chi2": np.where(np.indices(rise.shape)[0] < 20, np.inf, rise)})
    found = texts(results.plot, holed, tmp_path / "p.png", monkeypatch=monkeypatch)
    assert any("grid too coarse: known to" in text for text in found)
    found = texts(results.plot, narrow(8), tmp_path / "p.png", monkeypatch=monkeypatch)
    assert any("grid too coarse: known badly" in text for text in found)


@pytest.mark.slow
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


def fit_result(names=("C9", "C10", "n"), nuisances=("n",)):
    covariance = np.array([[1.0, 0.79, 0.1], [0.79, 0.64, np.nan], [0.1, np.nan, 4.0]])[: len(names), : len(names)]
    numbers = dict.fromkeys(names, 0.5)
    pairs = dict.fromkeys(names, (0.1, 0.1))
    return FitResult(
        names=names, values=numbers, errors=pairs, hessian_errors=numbers, intervals_1={}, intervals_2={},
        covariance=covariance, bounds=pairs, status="converged", log_likelihood=0.0, nuisances=nuisances,
    )  # fmt: skip


def test_correlations_of_a_fit_are_an_annotated_matrix(tmp_path, monkeypatch):
    labels = {"C9": "$C_9$"}
    found = texts(results.plot, fit_result(), tmp_path / "fit.png", monkeypatch=monkeypatch, labels=labels)
    assert found.count("0.988") == 2
    assert found.count("1") == 2
    assert {"$C_9$", "C10"} <= set(found)
    assert "n" not in found
    rows = list(csv.reader((tmp_path / "fit.numbers.csv").read_text().splitlines()))
    assert rows[0] == ["parameter", "C9", "C10"]
    assert float(rows[1][2]) == pytest.approx(0.9875)
    found = texts(
        correlations.plot_correlations, fit_result(), tmp_path / "all.png", monkeypatch=monkeypatch,
        names=("C9", "C10", "n"),
    )  # fmt: skip
    assert found.count("-") == 2
    assert "0.05" in found


def test_correlations_of_a_posterior(tmp_path):
    _, numbers = correlations.plot_correlations(posterior(), tmp_path / "p.svg")
    rows = list(csv.reader(numbers.read_text().splitlines()))
    assert float(rows[2][1]) == pytest.approx(0.5 / np.sqrt(2), abs=0.03)


@pytest.mark.parametrize("rho", [0.0, 0.9875])
def test_regions_of_a_posterior_have_the_area_of_its_gaussian(tmp_path, monkeypatch, rho):
    """Also where the posterior is narrower than a bin; smoothing adds 6 %."""
    from matplotlib.axes import Axes

    drawn, original = [], Axes.contour
    monkeypatch.setattr(Axes, "contour", lambda *args, **style: drawn.append(original(*args, **style)))
    draws = np.random.default_rng(0).multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=(4, 1000))
    record = Posterior(**{**vars(posterior()), "samples": {"a": draws[..., 0], "b": draws[..., 1]}})
    corner.plot_corner(record, tmp_path / "corner.png")
    for height, lines in zip((6.1801, 2.2957), drawn[0].allsegs, strict=True):
        area = sum(0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) for x, y in (line.T for line in lines))
        assert area == pytest.approx(1.06 * np.pi * height * np.sqrt(1 - rho**2), rel=0.05)


@pytest.mark.slow
def test_figures_are_reproducible(tmp_path):
    first, second = (results.plot(scan(), tmp_path / f"{i}.png")[0].read_bytes() for i in range(2))
    assert first == second


def test_bad_requests_are_refused(tmp_path):
    with pytest.raises(BsfitInputError, match="has no figure"):
        results.plot(3, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="FitResult of C9 has no figure"):
        results.plot(fit_result(("C9",), ()), tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="no parameter C11"):
        correlations.plot_correlations(fit_result(), tmp_path / "x.png", names=["C9", "C11"])
    with pytest.raises(BsfitInputError, match="a FitResult or a Posterior"):
        correlations.plot_correlations(scan(), tmp_path / "x.png")
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


@pytest.mark.slow
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
