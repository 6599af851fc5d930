"""What the methods of inference ask of a likelihood, asked of a function, of a part, and of the whole."""

import ast
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.fit import fit
from bsfit.inference.sample import LogDensity
from bsfit.inference.space import Objective, parse, space_of
from bsfit.inference.target import Target

SOURCE = Path(bsfit.__file__).parent
POINT = {"x": jnp.asarray(0.5)}


def test_of_a_function_nothing_more_is_known():
    like = target.of(lambda p: -(p["x"] ** 2))
    assert isinstance(like, Target)
    assert float(like(POINT)) == -0.25
    assert (like.summary(POINT), like.by_group(POINT), like.remarks({"x": 0.5})) == ({}, {}, ())
    assert like.free is like.reference is like.reference_chi2 is like.n_data is like.quadratic is None
    assert like.measured is like.compared is None
    assert like.constrained == like.observables == like.pulled == ()
    assert (like.model, like.data, dict(like.fixed), dict(like.meta), like.pull_by_rank) == ("", "", {}, {}, False)
    assert target.about(like) == {"fixed": {}}


class Part:
    """Answers a few of the questions."""

    free, model, n_data, fixed = {"x": (-1, 1)}, "toy", 4, None

    def __call__(self, params):
        return -0.5 * self.chi2(params)

    def chi2(self, params):
        return params["x"] ** 2

    def by_group(self, params):
        return {"all": self(params)}

    def remarks(self, params):
        return [f"x is {params['x']}"]


def test_what_answers_in_part_keeps_its_answers():
    like = target.of(Part())
    assert (like.free, like.model, like.n_data, like.fixed) == ({"x": (-1, 1)}, "toy", 4, {})
    known = like.summary(POINT)
    assert (float(known["chi2"]), float(known["by_group"]["all"])) == (0.25, -0.125)
    assert like.remarks({"x": 0.5}) == ("x is 0.5",)
    assert target.about(like) == {"model": "toy", "fixed": {}}
    assert target.of(like) is like
    other = target.of(like, {"x": (0, 2)})
    assert (other.free, other.model) == ({"x": (0, 2)}, "toy")
    assert space_of(other).bounds() == {"x": (0.0, 2.0)}


class Summarised:
    """Tells a point at once, groups included."""

    def __call__(self, params):
        return -0.5 * params["x"] ** 2

    def summary(self, params):
        return {"by_group": {"one": self(params)}}


def test_groups_may_be_part_of_the_summary():
    assert float(target.of(Summarised()).by_group(POINT)["one"]) == -0.125


@pytest.mark.long
def test_the_likelihood_of_data_is_complete():
    like = bsfit.log_likelihood(data="seed-2017", inputs="seed", free={"C9mu": (-3, 3)})
    assert target.of(like) is like
    narrow = target.of(like, {"C9mu": (-1, 1)})
    assert (narrow.free, narrow.n_data, narrow.pulled) == ({"C9mu": (-1, 1)}, 3, like.observables)
    assert target.about(narrow) == target.about(like)


def test_one_compilation_serves_a_function_whatever_is_free():
    traced = []

    def like(params):
        traced.append(1)
        return -0.5 * (params["x"] - 0.3) ** 2

    first = fit(like, free={"x": (-1, 1)}, starts=8)
    count = len(traced)
    again = fit(like, free={"x": (-2, 2)}, starts=8)
    assert len(traced) == count
    assert again.values["x"] == pytest.approx(first.values["x"], abs=1e-12)


class Data(eqx.Module):
    """A likelihood whose data may change without another compilation."""

    centre: Any

    def __call__(self, params):
        return -0.5 * (params["x"] - self.centre) ** 2


def test_data_inside_stay_arguments():
    traced = []

    @eqx.filter_jit
    def value(objective, position):
        traced.append(1)
        return objective(position)

    space = parse({"x": (-1, 1)})
    found = [value(Objective(target.of(Data(jnp.asarray(c))), space), jnp.asarray([0.5])) for c in (0.0, 1.0, 2.0)]
    np.testing.assert_allclose(found, [0.0, 1.0, 4.0])
    assert len(traced) == 1
    many = jax.vmap(lambda c: LogDensity(target.of(Data(c)), space)(jnp.zeros(1)))(jnp.asarray([0.0, 1.0]))
    assert float(many[0] - many[1]) == pytest.approx(0.5)


def test_what_is_no_function_is_refused():
    for method in (bsfit.fit, bsfit.sample):
        with pytest.raises(BsfitInputError, match="log-likelihood: got a dict; expected a function"):
            method({"x": 1.0}, free={"x": (-1, 1)})


LOOKED_AT = {
    "value",
    "prior",
    "prior.support",
    "new",
    "self",
    "other",
    "record",
    "function",
    "wall",
    "saved",
    "now",
    "blackjax",
}
"""What else is looked at: distributions, states and walls of samplers, fields of records, functions, packages."""


@pytest.mark.parametrize("room", ["inference", "runs", "results"])
def test_nobody_else_looks_at_a_likelihood(room):
    for path in (SOURCE / room).rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        looks = [node for node in calls if ast.unparse(node.func) in ("getattr", "hasattr")]
        for look in looks if path.name != "target.py" else ():
            assert ast.unparse(look.args[0]) in LOOKED_AT, f"{path}: {ast.unparse(look)}"
