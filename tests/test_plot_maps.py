"""Maps: what is shaded, what is written, what stands in the file of numbers."""

import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.plot.maps import Lines, Region, plot_maps, shade
from bsfit.results import Map, Scan

X, Y = np.linspace(-2, 2, 41), np.geomspace(1, 100, 31)


def grid():
    ratio = X[:, None] * np.log(Y)[None]
    ratio[0] = np.nan
    return Map(names=("C9", "m"), axes=(X, Y), log=(False, True), values={"ratio": ratio})


def layers(found):
    return [
        Region(found["ratio"], "above", "red", low=1.0),
        Region(found["ratio"], "far above", "blue", low=1e9, hatch="//"),
        Region(found["ratio"], "far below", "blue", high=-1e9),
        Lines(found["ratio"], [2.0, -1.0, 1e5], "lines", written="%.1f"),
        Lines(found["ratio"], [1e5], "far lines"),
    ]


@pytest.mark.slow
def test_maps_say_what_is_drawn_and_what_is_nowhere(tmp_path):
    found = grid()
    panels = {"then": layers(found), "now": layers(found)[:1]}
    figure, numbers = plot_maps(found, panels, tmp_path / "map.svg", labels={"m": "$m$"})
    text = figure.read_text()
    # Daggers: beside points without a number the edge is known to one step only.
    for label in ("above\u2020", "far above: nowhere", "far below: nowhere", "far lines: nowhere", "then", "now"):
        assert f"<!-- {label} -->" in text
    assert "\u2020 grid too coarse: known to 7 % only" in text
    with np.load(numbers) as saved:
        assert set(saved) == {
            "axis_C9",
            "axis_m",
            "then: 0 above",
            "then: 1 far above",
            "then: 2 far below",
            "then: 3 lines",
            "then: 4 far lines",
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
    shade(axes, square, Region(values, "left", "#ff0000", high=0.5, alpha=1.0), 2.0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    red = np.asarray(canvas.buffer_rgba())[..., 1] < 128
    assert abs(red.mean() - 0.4) < 0.02
    assert red[:, 30:90].all()
    assert not red[:, :16].any()
    assert not red[:, 110:].any()


def test_a_region_of_a_coarse_map_has_the_area_of_the_exact_one(tmp_path):
    """The ring 0.8 < x^2 + 4 y^2 < 1.2, narrower than a step of the grid."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    axis = np.linspace(-1.2, 1.2, 13)
    values = axis[:, None] ** 2 + 4 * axis**2
    square = Map(names=("x", "y"), axes=(axis, axis), log=(False, False), values={"r": values})
    figure = Figure(figsize=(6, 6), dpi=300)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    axes.axis("off")
    shade(axes, square, Region(values, "ring", "#ff0000", low=0.8, high=1.2, alpha=1.0), 2.0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    red = np.asarray(canvas.buffer_rgba())[..., 1] < 128
    assert red.mean() * 2.4**2 == pytest.approx(0.2 * np.pi, rel=0.02)
    plot_maps(square, {"one": [Region(values, "ring", "red", 0.8, 1.2)]}, tmp_path / "map.svg")
    assert "coarse" not in (tmp_path / "map.svg").read_text()


def test_maps_refuse_other_records_and_shapes(tmp_path):
    found = grid()
    scan = Scan(names=("x",), axes=(X,), log=(False,), log_likelihood=X)
    with pytest.raises(BsfitInputError, match="a Map of two"):
        plot_maps(scan, {"a": []}, tmp_path / "a.png")
    with pytest.raises(BsfitInputError, match=r"\(41, 31\)"):
        plot_maps(found, {"a": [Lines(found["ratio"].T, [0.0], "turned")]}, tmp_path / "a.png")
