"""Grids: values per group, chunks, fixed and profiled parameters, bad requests."""

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from bsfit.errors import BsfitInputError
from bsfit.runs.scan import scan


class Like:
    """Two groups of measurements of `a` and log m."""

    free = {"a": (-3, 3), "log:m": (1, 100)}  # noqa: RUF012
    reference = {"a": 0.0, "m": 10.0}  # noqa: RUF012

    def by_group(self, p):
        return {
            "first": -0.5 * ((p["a"] - 0.3) / 0.2) ** 2 - 0.5 * (jnp.log(p["m"]) - 2 - p["a"]) ** 2,
            "second": -0.5 * ((p["a"] - 0.1) / 0.3) ** 2,
        }

    def __call__(self, p):
        return sum(self.by_group(p).values())


LIKE = Like()


@pytest.fixture(scope="module")
def plane():
    return scan(LIKE, {"a": (-1, 1, 21), "log:m": (1, 100, 16)}, chunk=100, progress=False)


def test_values_per_group(plane):
    a, m = np.meshgrid(*plane.axes, indexing="ij")
    assert plane.by_group.shape == (2, 21, 16)
    expected = {name: np.asarray(x) for name, x in LIKE.by_group({"a": a, "m": m}).items()}
    np.testing.assert_allclose(plane.values("first"), expected["first"], atol=1e-12)
    np.testing.assert_allclose(plane.values("second"), expected["second"], atol=1e-12)
    np.testing.assert_allclose(plane.log_likelihood, expected["first"] + expected["second"], atol=1e-12)
    np.testing.assert_allclose(np.diff(np.log(plane.axes[1])), np.log(100) / 15)
    assert plane.reference == {"a": 0.0, "m": 10.0}
    with pytest.raises(KeyError, match="no group"):
        plane.values("third")


def test_peak_of_a_parabola_is_exact_between_grid_points(plane):
    best = (0.3 / 0.04 + 0.1 / 0.09) / (1 / 0.04 + 1 / 0.09)
    where, height = plane.peak()
    assert where == pytest.approx({"a": best, "m": np.exp(2 + best)}, rel=1e-9)
    assert height == pytest.approx(float(LIKE(where)), abs=1e-10)
    assert np.min(plane.delta_chi2()) > 0.0


class Narrow:
    """A narrow valley, what sees one parameter only, and what sees none; the best fit is no point of the grid."""

    free = {"a": (-3.5, 3.5), "b": (-3.5, 3.5)}  # noqa: RUF012

    def by_group(self, p):
        a, b = p["a"] - 0.033, p["b"] - 0.021
        return {
            "valley": -0.5 * (a**2 + b**2 - 2 * 0.9875 * a * b) / (1 - 0.9875**2) - 0.01 * a**3,
            "one": -0.5 * (p["b"] - 9.0) ** 2,
            "none": 1.5 + 0.0 * a,
        }

    def __call__(self, p):
        return self.by_group(p)["valley"]


@pytest.fixture(scope="module")
def narrow():
    return scan(Narrow(), {"a": (-3.5, 3.5, 41), "b": (-3.5, 3.5, 41)}, progress=False)


def test_the_best_point_is_that_of_a_fit_and_no_grid_point(narrow):
    assert narrow.peak()[0] == pytest.approx({"a": 0.033, "b": 0.021}, abs=1e-4)
    assert narrow.peak()[1] == pytest.approx(0.0, abs=1e-7)
    assert narrow.peak("valley")[0] == pytest.approx({"a": 0.033, "b": 0.021}, abs=0.01)
    assert np.min(narrow.delta_chi2()) > 0.0
    coarse = scan(Narrow(), {"a": (-3.5, 3.5, 12), "b": (-3.5, 3.5, 12)}, progress=False)
    assert coarse.peak()[0] == pytest.approx({"a": 0.033, "b": 0.021}, abs=2e-3)


def test_what_does_not_depend_on_the_grid_has_no_highest_point(narrow):
    assert narrow.blind("none") == ("a", "b")
    assert narrow.blind("one") == ("a",)
    assert narrow.blind() == narrow.blind("valley") == ()
    rows = {line.split()[0]: line.split()[1:] for line in str(narrow).splitlines()[3:7]}
    assert rows["none"] == ["any", "any", "1.5000"]
    assert rows["one"][:3] == ["any", "3.5", "(edge)"]
    assert "none does not depend on a or b: not drawn in figures" in narrow.messages
    assert "one is highest at the end of the grid in b: it may be higher outside" in narrow.messages
    assert len(narrow.messages) == 2


def test_a_maximum_beyond_the_grid_and_a_grid_without_values():
    outside = scan(LIKE, {"a": (0.5, 1, 9)}, fixed={"m": 9.0}, progress=False)
    assert outside.edges() == ("a",)
    assert outside.peak() == ({"a": 0.5}, pytest.approx(float(LIKE({"a": 0.5, "m": 9.0}))))
    assert "the total is highest at the end of the grid in a: it may be higher outside" in outside.messages
    nothing = scan(lambda p: jnp.log(p["x"]), {"x": (-2, -1, 9)}, progress=False)
    assert not nothing.converged
    assert "nowhere finite" in str(nothing)


def test_a_coarse_grid_is_said_to_be_one_for_contours():
    coarse = scan(Narrow(), {"a": (-3.5, 3.5, 8), "b": (-3.5, 3.5, 8)}, progress=False)
    (line,) = (line for line in coarse.messages if "too coarse" in line)
    assert line.endswith("area or extent are known: one badly, valley badly, the total badly")


def test_chunks_change_nothing(plane):
    for chunk in (7, 4096):
        other = scan(LIKE, {"a": (-1, 1, 21), "log:m": (1, 100, 16)}, chunk=chunk, progress=False)
        np.testing.assert_allclose(other.by_group, plane.by_group, rtol=1e-12)
    again = scan(LIKE, {"a": (-1, 1, 21), "log:m": (1, 100, 16)}, chunk=100, progress=False)
    np.testing.assert_array_equal(again.by_group, plane.by_group)


@pytest.mark.slow
def test_other_parameters_are_fixed_or_profiled():
    fixed = scan(LIKE, {"a": (-1, 1, 11)}, fixed={"m": 9.0}, progress=False)
    np.testing.assert_allclose(fixed.log_likelihood, LIKE({"a": fixed.axes[0], "m": 9.0}), atol=1e-12)
    profiled = scan(LIKE, {"a": (-1, 1, 11)}, profile=True, progress=False)
    np.testing.assert_allclose(profiled.others["m"], np.exp(2 + profiled.axes[0]), rtol=1e-9)
    expected = LIKE({"a": profiled.axes[0], "m": profiled.others["m"]})
    np.testing.assert_allclose(profiled.log_likelihood, expected, atol=1e-12)
    assert "profiled over m" in str(profiled)
    best = (0.3 / 0.04 + 0.1 / 0.09) / (1 / 0.04 + 1 / 0.09)
    assert profiled.peak()[0] == pytest.approx({"a": best}, rel=1e-9)


def test_plain_functions_and_points_without_a_value():
    result = scan(lambda p: jnp.log(p["x"]), {"x": (-1, 1, 9)}, progress=False)
    assert result.groups == ()
    assert "not finite at 5 of 9 points" in result.messages[0]
    assert result.peak()[0] == {"x": 1.0}


def test_constraints_count():
    free = {"x": (-1, 1), "n": dist.Normal(0.0, 0.5)}
    result = scan(lambda p: -((p["x"] - p["n"]) ** 2), {"x": (-1, 1, 5)}, free=free, fixed={"n": 0.2}, progress=False)
    expected = -((result.axes[0] - 0.2) ** 2) + float(dist.Normal(0.0, 0.5).log_prob(0.2))
    np.testing.assert_allclose(result.log_likelihood, expected)


@pytest.mark.parametrize(
    ("grid", "options", "says"),
    [
        ({"a": (-1, 1, 5)}, {}, "m is free but not on the grid"),
        ({"b": (-1, 1, 5)}, {}, "not free"),
        ({"a": (1, -1, 5), "m": (1, 2, 3)}, {}, "low < high"),
        ({"a": (-1, 1, 1), "m": (1, 2, 3)}, {}, "two points"),
        ({"a": (-1, 1), "m": (1, 2, 3)}, {}, "number of points"),
        ({"a": (-1, np.nan, 5), "m": (1, 2, 3)}, {}, "finite"),
        ({"a": (-1, 1, 5), "log:m": (0, 2, 3)}, {}, "0 < low"),
        ({"m": (1, 2, 3), "log:m": (1, 2, 3)}, {}, "given twice"),
        ({"a": (-1, 1, 5)}, {"fixed": {"a": 1.0, "m": 2.0}}, "on the grid and fixed"),
        ({}, {}, "no grid"),
        ({"a": (-1, 1, 10**10), "m": (1, 2, 3)}, {}, "1e[+]10 x 3 points; expected at most 20000000"),
        ({"a": (-1, 1, 10**5), "m": (1, 2, 10**5)}, {}, "100000 x 100000 points"),
        ({"a": (-1, 1, 10**400), "m": (1, 2, 3)}, {}, "countless x 3 points"),
        ({"a": (-1, 1, float("inf")), "m": (1, 2, 3)}, {}, "number of points"),
    ],
)
def test_bad_grids_are_refused(grid, options, says):
    with pytest.raises(BsfitInputError, match=says):
        scan(LIKE, grid, **options)


def test_progress_in_a_log_is_a_line_a_minute(capsys, monkeypatch):
    from bsfit.inference import progress

    clock = iter(np.arange(0.0, 1000.0, 45.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with progress.Progress("scan", 400) as bar:
        for _ in range(4):
            bar.advance(100)
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 3
    assert lines[0].startswith("scan: ")
