"""Figures: they are drawn, say their levels, and put their numbers beside them."""

import csv
import subprocess
import sys

import numpy as np
import pytest

from bsfit import plot
from bsfit.errors import BsfitInputError
from bsfit.results import Map, Posterior, Profile, Scan

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
        assert plot.level(sigma, dof) == pytest.approx(expected, rel=1e-12)
    assert [round(plot.level(sigma, 2), 2) for sigma in (1.0, 2.0)] == [2.30, 6.18]


def test_plane_names_sets_levels_and_points(tmp_path):
    figure, numbers = plot.plot(scan(), tmp_path / "plane.svg", labels={"C9": "$C_9$"})
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
    found = texts(plot.plot_plane, scan(), tmp_path / "p.png", monkeypatch=monkeypatch, labels={"C9": "$C_9$"})
    for expected in ("LFU", "mixing", "global", "best fit", "Standard Model", "2 degrees of freedom", "$C_9$", "m"):
        assert expected in found
    assert any("2.30" in text and "68.3" in text for text in found)
    assert any("6.18" in text and "95.4" in text for text in found)


def test_plane_of_several_results_and_chosen_groups(tmp_path):
    _, numbers = plot.plot_plane({"old": scan(), "new": scan()}, tmp_path / "two")
    assert numbers.name == "two.numbers.npz"
    assert (tmp_path / "two.png").exists()
    _, numbers = plot.plot_plane(scan(), tmp_path / "one.pdf", groups=["mixing"])
    with np.load(numbers) as saved:
        assert "delta_chi2_LFU" not in saved


def test_profile_and_its_table(tmp_path):
    figure, numbers = plot.plot(profile(), tmp_path / "profile.png")
    assert figure.read_bytes().startswith(b"\x89PNG")
    rows = list(csv.reader(numbers.read_text().splitlines()))
    assert rows[0] == ["C9", "delta_chi2_global"]
    np.testing.assert_allclose(np.array(rows[1:], dtype=float)[:, 1], 4 * (X - 0.3) ** 2)


def test_corner_shows_that_a_posterior_failed(tmp_path, monkeypatch):
    found = texts(plot.plot_corner, posterior(), tmp_path / "corner.png", monkeypatch=monkeypatch)
    assert "NOT CONVERGED" in found
    assert {"a", "b"} <= set(found)


def test_figures_are_reproducible(tmp_path):
    first, second = (plot.plot(scan(), tmp_path / f"{i}.png")[0].read_bytes() for i in range(2))
    assert first == second


def test_bad_requests_are_refused(tmp_path):
    with pytest.raises(BsfitInputError, match="has no figure"):
        plot.plot(3, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="same one or two"):
        plot.plot_plane({"a": scan(), "b": scan(("C10", "m"))}, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="no draws of c"):
        plot.plot_corner(posterior(), tmp_path / "x.png", names=["a", "c"])
    with pytest.raises(BsfitInputError, match="one parameter"):
        plot.plot_profile(scan(), tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_is_imported_late():
    code = "import sys, bsfit.plot; sys.exit('matplotlib' in sys.modules or 'jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --------------------------------------------------------------------------------------------------------- maps


def grid():
    ratio = X[:, None] * np.log(Y)[None]
    ratio[0] = np.nan
    return Map(names=("C9", "m"), axes=(X, Y), log=(False, True), values={"ratio": ratio})


def layers(found):
    return [
        plot.Region(found["ratio"], "above", "red", low=1.0),
        plot.Region(found["ratio"], "far above", "blue", low=1e9, hatch="//"),
        plot.Lines(found["ratio"], [2.0, -1.0], "lines", written="%.1f"),
    ]


def test_maps_say_what_is_drawn_and_what_is_nowhere(tmp_path):
    found = grid()
    panels = {"then": layers(found), "now": layers(found)[:1]}
    figure, numbers = plot.plot_maps(found, panels, tmp_path / "map.svg", labels={"m": "$m$"})
    text = figure.read_text()
    for label in ("above", "far above: nowhere", "lines", "then", "now"):
        assert f"<!-- {label} -->" in text
    with np.load(numbers) as saved:
        assert set(saved) == {
            "axis_C9",
            "axis_m",
            "then: 0 above",
            "then: 1 far above",
            "then: 2 lines",
            "now: 0 above",
        }
        np.testing.assert_array_equal(saved["now: 0 above"], found["ratio"])


def test_a_region_is_where_its_values_are(tmp_path):
    """The left half of a square, of a uniform colour; the column without numbers stays white."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    axis = np.linspace(0.0, 1.0, 101)
    values = np.broadcast_to(axis[:, None], (101, 101)).copy()
    values[:10] = np.nan
    square = Map(names=("x", "y"), axes=(axis, axis), log=(False, False), values={"x": values})
    figure = Figure(figsize=(2, 2), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")
    plot._shade(axes, square, plot.Region(values, "left", "#ff0000", high=0.5, alpha=1.0), 2)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    red = np.asarray(canvas.buffer_rgba())[..., 1] < 128
    assert abs(red.mean() - 0.4) < 0.02
    assert red[:, 30:90].all()
    assert not red[:, :16].any()
    assert not red[:, 110:].any()


def test_maps_refuse_other_records_and_shapes(tmp_path):
    found = grid()
    with pytest.raises(BsfitInputError, match="a Map of two"):
        plot.plot_maps(scan(), {"a": []}, tmp_path / "a.png")
    with pytest.raises(BsfitInputError, match=r"\(41, 31\)"):
        plot.plot_maps(found, {"a": [plot.Lines(found["ratio"].T, [0.0], "turned")]}, tmp_path / "a.png")
