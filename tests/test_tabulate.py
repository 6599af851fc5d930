"""Values of functions on grids: names, order, spacing, bad input."""

import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.results import Map, load

GRID = {"x": (0.0, 2.0, 5), "log:y": (1.0, 100.0, 3)}


def values(params):
    return {"sum": params["x"] + params["y"], "product": params["x"] * params["y"] * params.get("z", 1.0)}


def test_values_stand_where_their_parameters_say(tmp_path):
    found = bsfit.tabulate(values, GRID)
    x, y = np.linspace(0, 2, 5)[:, None], np.array([1.0, 10.0, 100.0])
    np.testing.assert_allclose(found["sum"], x + y, rtol=1e-14)
    np.testing.assert_allclose(found["product"], x * y, rtol=1e-14)
    assert found.names == ("x", "y")
    assert found.log == (False, True)
    assert load(found.save(tmp_path / "map")) == found
    assert "product" in str(found)


def test_fixed_parameters_and_more_points_than_one_round():
    found = bsfit.tabulate(values, {"x": (0.0, 1.0, 50), "y": (0.0, 1.0, 50)}, fixed={"z": 3.0})
    np.testing.assert_allclose(found["product"], 3 * np.outer(*found.axes), rtol=1e-14)


def test_other_values_and_grids_need_no_other_compilation():
    traced = []

    def counted(params):
        traced.append(1)
        return {"z": params["x"] * params["a"]}

    for points, a in ((4, 1.0), (70, 2.0)):
        found = bsfit.tabulate(counted, {"x": (0.0, 1.0, points)}, fixed={"a": a})
        np.testing.assert_allclose(found["z"], a * found.axes[0])
    assert len(traced) == 1


@pytest.mark.slow
def test_predictions_have_names():
    predict = bsfit.prediction(["DeltaM_s/SM", "C9_bsmumu"], "eft", free=("C9_bsmumu",))
    found = bsfit.tabulate(predict, {"C9_bsmumu": (-1.0, 1.0, 3)})
    np.testing.assert_allclose(found["C9_bsmumu"], [-1, 0, 1], atol=1e-15)
    np.testing.assert_allclose(found["DeltaM_s/SM"], 1.0)


@pytest.mark.parametrize(
    ("function", "grid", "message"),
    [
        (values, {}, "no grid"),
        (values, {"x": (0.0, 1.0), "y": (0.0, 1.0, 3)}, "tabulate 'x'"),
        (values, {"x": (0.0, 1.0, 10**10)}, r"tabulate: 1e\+10 points; expected at most"),
        (lambda p: p["x"], {"x": (0.0, 1.0, 3)}, "dictionary of scalars"),
        (lambda p: {"v": jnp.ones(2)}, {"x": (0.0, 1.0, 3)}, "real scalars"),
        (lambda p: {"v": 1j * p["x"]}, {"x": (0.0, 1.0, 3)}, "real scalars"),
    ],
)
def test_bad_input(function, grid, message):
    with pytest.raises(BsfitInputError, match=message):
        bsfit.tabulate(function, grid)


def test_points_without_a_number_stay_nan():
    found = bsfit.tabulate(lambda p: {"root": jnp.sqrt(p["x"])}, {"x": (-1.0, 1.0, 3)})
    assert np.isnan(found["root"][0])
    assert found["root"][2] == 1.0
    assert isinstance(found, Map)
