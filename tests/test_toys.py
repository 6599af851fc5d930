"""Pseudo-experiments: what is drawn has the density of the likelihood, and likelihood ratios of it that of Wilks."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import bsfit
from bsfit import cli
from bsfit.errors import BsfitInputError
from bsfit.inference import toys
from bsfit.inference.space import space_of
from bsfit.likelihood.curves import log_likelihood_curve
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.pseudo_data import Measured, split_normal

SIGMA = 0.25


class Line:
    """Values of one error: all the same, or with a slope; the reference is zero."""

    reference_chi2 = None

    def __init__(self, names, data):
        self.free = {name: (-2.0, 2.0) for name in names}
        self.reference, self.seen = dict.fromkeys(names, 0.0), np.asarray(data)
        self.n_data = len(data)

    def predicted(self, p):
        return p["mean"] + p.get("slope", 0.0) * jnp.arange(self.n_data)

    def of(self, p, seen):
        return -0.5 * jnp.sum(((seen - self.predicted(p)) / SIGMA) ** 2)

    def __call__(self, p):
        return self.of(p, self.seen)

    def pseudo_data(self):
        return Lines(self)


class Lines:
    def __init__(self, line):
        self.line = line

    def draw(self, params, key):
        return self.line.predicted(params) + SIGMA * jax.random.normal(key, (self.line.n_data,))

    def given(self, data):
        return lambda p: self.line.of(p, data)


def test_p_values_of_gaussians_are_those_of_wilks():
    seen = np.array([0.25, 0.1, 0.2, 0.0, 0.15])
    found = bsfit.compare(
        {"constant": Line(["mean"], seen), "sloped": Line(["mean", "slope"], seen)}, evidences=False, toys=2000
    )
    assert [row["name"] for row in found.rows] == ["SM", "constant", "sloped"]
    for row in found.rows[1:]:
        wilks = float(jax.scipy.stats.chi2.sf(row["ratio"], row["parameters"]))
        assert row["p_toys"] == pytest.approx(wilks, abs=4 * (wilks * (1 - wilks) / 2000) ** 0.5)
    assert "p by toys: of the likelihood ratio to SM, of 2000 pseudo-experiments" in str(found)


def test_models_that_are_not_nested_are_compared_with_the_first():
    class Slope(Line):
        reference = None

        def __init__(self, power, data):
            super().__init__(["slope"], data)
            self.reference, self.power = None, power

        def predicted(self, p):
            return p["slope"] * jnp.arange(self.n_data) ** self.power

    seen = 0.3 * np.arange(6.0)
    found = bsfit.compare({"linear": Slope(1.0, seen), "square": Slope(2.0, seen)}, evidences=False, toys=200)
    # The data lie on a line: no pseudo-experiment of it likes the parabola better than they do by chance alone.
    assert found["linear"]["p_toys"] is None
    assert found["square"]["ratio"] < 0.0
    assert 0.2 < found["square"]["p_toys"] < 0.8


def test_moments_of_split_normals():
    """Of two correlated values, against sums over a fine grid."""
    correlation, plus, minus = np.array([[1.0, 0.6], [0.6, 1.0]]), np.array([0.5, 1.0]), np.array([1.0, 0.8])
    data = SplitNormal.of(np.zeros(2), plus, minus, correlation)
    drawer = Measured.of(data)
    assert drawer.rows == ((0, 1),)
    keys = jax.random.split(jax.random.key(2), 40_000)
    drawn = np.asarray(
        jax.vmap(lambda key: split_normal(drawer.factors[0], data.sigma_plus, data.sigma_minus, key))(keys)
    )
    axis = np.linspace(-6.0, 6.0, 1201)
    r = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    y = r / np.where(r > 0.0, plus, minus)
    weight = np.exp(-0.5 * np.sum(y @ np.linalg.inv(correlation) * y, axis=1))
    weight /= weight.sum()
    mean = weight @ r
    covariance = (r - mean).T @ (weight[:, None] * (r - mean))
    assert_allclose(drawn.mean(axis=0), mean, atol=4 * np.sqrt(covariance.max() / len(drawn)))
    assert_allclose(np.cov(drawn.T), covariance, atol=0.03)


@pytest.mark.long
def test_drawn_data_of_lfu_have_the_density_of_the_likelihood():
    like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3)})
    source, at = like.pseudo_data(), {"C9mu": -0.5}
    data = toys.draw(source, at, 20_000, seed=1)
    predicted = np.asarray(like.predictions({"C9mu": jnp.asarray(-0.5)}))
    measured, curves = like.terms[0], like.terms[1]
    plus, minus = np.asarray(measured.data.sigma_plus), np.asarray(measured.data.sigma_minus)
    theory = np.asarray(like.errors.shifts)[: len(plus)]
    shift = np.sqrt(2 / np.pi) * (plus - minus)
    spread = np.sqrt((1 - 2 / np.pi) * (plus - minus) ** 2 + plus * minus + np.sum(theory**2, axis=1))
    alone = [i for i, rows in enumerate(source.drawers[0].rows) if len(rows) == 1]
    rows = np.array([source.drawers[0].rows[i][0] for i in alone])
    found = np.asarray(data[0])[:, rows]
    assert_allclose(found.mean(axis=0), (predicted[: len(plus)] - shift)[rows], atol=4 * spread.max() / 20_000**0.5)
    assert_allclose(found.std(axis=0), spread[rows], rtol=0.03)
    for i, curve in enumerate(curves.curves):
        # The probability that the curve gives to what is below its own beginning plus half of its table.
        x = np.linspace(-3 * float(curve.width), 60 * float(curve.width), 40_001) + float(curve.start)
        density = np.exp(np.asarray(jax.vmap(lambda v, c=curve: log_likelihood_curve(c, v))(jnp.asarray(x))))
        middle = float(curve.start) + 0.5 * float(curve.step) * len(curve.coefficients)
        expected = density[x < middle].sum() / density.sum()
        below = predicted[len(plus) + i] - np.asarray(data[1][i]) + float(curve.start)
        assert np.mean(below < middle) == pytest.approx(expected, abs=0.02)


@pytest.mark.slow
def test_toys_of_real_data_on_the_command_line(capsys, tmp_path):
    words = ["compare", "--scenario", "C9mu", "--model", "portal", "--data", "seed-2017", "--no-evidence", "-q"]
    assert cli.main([*words, "--toys", "200", "--json", "-o", str(tmp_path / "run")]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["result"]["rows"]}
    assert list(rows) == ["SM", "C9mu", "portal"]
    assert rows["C9mu"]["p_toys"] == pytest.approx(1 / 201)  # four sigma: none of so few
    assert rows["C9mu"]["p_value"] < 1e-3


def test_what_cannot_be_drawn_is_refused():
    like = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-3, 3)})
    term = bsfit.OwnTerm(lambda theory, inputs: jnp.zeros(()), name="wish")
    own = bsfit.log_likelihood(data="seed-2017", free={"C9mu": (-3, 3)}, terms=[term])
    other = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3)})
    with pytest.raises(BsfitInputError, match="cannot be drawn: wish"):
        own.pseudo_data()
    with pytest.raises(BsfitInputError, match="other measurements"):
        other.pseudo_data().given(like.pseudo_data().draw({"C9mu": jnp.asarray(0.0)}, jax.random.key(0)))
    with pytest.raises(BsfitInputError, match="does not say how its data are drawn"):
        bsfit.compare({"a": lambda p: -(p["x"] ** 2)}, evidences=False, toys=10)
    assert space_of(like).names == ("C9mu",)
