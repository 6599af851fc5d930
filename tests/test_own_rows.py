"""A process and a model of one's own as rows of the catalogue, passed where names go: nothing is registered.

The process has more moments than any of bsfit, the model Majorana dark matter with an exact density.
"""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.theory import Channel, DarkSector, Theory, WilsonCoefficients

N = 68
HERE = sys.modules[__name__]
GENERATOR = np.random.default_rng(5)
AMPLITUDES = jnp.asarray(GENERATOR.normal(size=(N, 3)) + 1j * GENERATOR.normal(size=(N, 3)))
COEFFICIENTS = ("C9_bs{l}{l}", "C10_bs{l}{l}")


# ------------------------------------------------------------------------------------- what a process is made of


def moments(theory, inputs, rows):
    """Squares of 68 amplitudes, linear in two coefficients, times the width of the bin and an input."""

    def of_row(lepton, low, high):
        each = jnp.stack([theory.wilson[f"{c}_bs{x}{x}"] for x in catalogue.LEPTONS for c in ("C9", "C10")])
        amplitude = AMPLITUDES @ jnp.concatenate([jnp.ones(1), 0.2 * each.reshape(-1, 2)[lepton]])
        return inputs["V_cb"] * (high - low) * jnp.abs(amplitude) ** 2

    return jax.vmap(of_row)(rows.lepton, rows.q2_min, rows.q2_max)


def functionals(key, moments, rows, inputs):
    return jnp.stack([moments.sum(axis=1), moments[:, -1]], axis=1)


def assemble(key, found, rows, inputs):
    return {"rate": found[0, 0], "last": found[0, 1] / found[0, 0], "ratio": found[0, 0] / found[-1, 0]}[key]


PROCESS = catalogue.Process("toy", HERE, ("A->B", "C->D"), (("m_B0", "m_K0"),) * 2, COEFFICIENTS, N)
RATE = catalogue.Quantity(PROCESS, "rate", "1", "r", "toy", ("l",), nuisances=("V_cb",), sources=("Bordone:2016gaq",))
RATIO = catalogue.Quantity(PROCESS, "ratio", "1", "R", "toy", ("mu", "e"), sources=("Bordone:2016gaq",))
LAST = catalogue.Quantity(PROCESS, "last", "1", "x", "toy", ("l",), sources=("Bordone:2016gaq",))
ITEMS = (
    catalogue.Observable("toy rate [1,3]", RATE, "A->B", ("mu",), (1.0, 3.0)),
    catalogue.Observable("toy ratio [1,3]", RATIO, "C->D", ("mu", "e"), (1.0, 3.0)),
    catalogue.Observable("toy last [2,6]", LAST, "A->B", ("mu",), (2.0, 6.0)),
)


# --------------------------------------------------------------------------------------- what a model is made of


class Constant(Channel):
    """Annihilation with a cross section times velocity that does not depend on the velocity."""

    cross_section: jax.Array
    mass: jax.Array

    def strength(self, s):
        return 16.0 * jnp.sqrt(s * (s - 4 * self.mass**2)) / 2 * self.cross_section * s / 4

    def thresholds(self):
        return 2 * self.mass[None]


def theory(params, inputs):
    """C9 of the muon, and a Majorana fermion that annihilates by a contact coupling."""
    mass, coupling = jnp.asarray(params["m_psi"], dtype=float), jnp.asarray(params["y"], dtype=float)
    channel = Constant(coupling**2 / mass**2, mass)
    none = jnp.zeros(0)
    dark = DarkSector(mass[None], jnp.asarray([2.0]), (channel,), none, none, kind="Majorana")
    wilson = WilsonCoefficients.of({"C9_bsmumu": -(coupling**2)})
    return Theory(wilson, {"M_psi": mass}, dark=dark)


MODEL = catalogue.Model(
    "majorana",
    HERE,
    "a Majorana fermion",
    (
        catalogue.Parameter("m_psi", None, "GeV", lower=2.4),
        catalogue.Parameter("y", bounds=(0.0, 1.0)),
    ),
    {"M_psi": "GeV"},
    sources=("Gondolo:1990dk",),
    refused={"a_mu": "no loop is computed"},
)


def expected(c9, c10=0.0, bins=((1.0, 3.0), (1.0, 3.0), (2.0, 6.0)), v_cb=None):
    """The three observables by numpy."""
    v_cb = float(bsfit.load_inputs()["V_cb"]) if v_cb is None else v_cb
    a = np.asarray(AMPLITUDES)
    square = np.abs(a @ np.array([1.0, 0.2 * c9, 0.2 * c10])) ** 2
    sm = np.abs(a[:, 0]) ** 2
    return np.array([v_cb * 2.0 * square.sum(), square.sum() / sm.sum(), square[-1] / square.sum()])


def test_predict_by_row_objects():
    found = bsfit.predict([*ITEMS, "DeltaM_s_ps"], params={"C9_bsmumu": -0.8, "C10_bsmumu": 0.3})
    assert list(found)[:3] == [item.name for item in ITEMS]
    np.testing.assert_allclose(list(found.values())[:3], expected(-0.8, 0.3), rtol=1e-12)


@pytest.mark.slow
def test_a_model_by_its_row():
    point = {"m_psi": 300.0, "y": 0.5}
    found = bsfit.predict([*ITEMS, "C9_bsmumu", "M_psi", "Omega_h2"], MODEL, point)
    np.testing.assert_allclose(list(found.values())[:3], expected(-0.25), rtol=1e-12)
    assert (found["C9_bsmumu"], found["M_psi"]) == (pytest.approx(-0.25), pytest.approx(300.0))
    stronger = bsfit.predict(["Omega_h2"], MODEL, {**point, "y": 0.55})["Omega_h2"]
    assert found["Omega_h2"] / stronger == pytest.approx((0.55 / 0.5) ** 2, rel=0.03)
    for arguments, message in (
        ((["a_mu"], MODEL, point), "no loop is computed"),
        ((["M_psi"], MODEL, {"y": 0.5}), "value for m_psi"),
        ((["M_psi"], MODEL, {"m_psi": 1.0}), "outside its domain"),
        ((["M_psi"], MODEL, {**point, "z": 1.0}), "no parameter 'z'"),
    ):
        with pytest.raises(BsfitInputError, match=message):
            bsfit.predict(*arguments)


def test_prediction_and_response():
    function = bsfit.prediction(ITEMS, free=("C9mu", "C10_bsmumu"))
    points = [{"C9mu": 1.0, "C10_bsmumu": 0.3}, {"C9mu": -0.4, "C10_bsmumu": 1.0}, {"C9mu": 0.2, "C10_bsmumu": 0.1}]
    fast = function.through_response(points)
    assert set(fast.responses) == {"toy"}
    at = {"C9mu": -0.7, "C10_bsmumu": 0.2}
    np.testing.assert_allclose(fast(at), expected(-0.7, 0.2), rtol=1e-10)
    np.testing.assert_allclose(eqx.filter_jit(function)(at), expected(-0.7, 0.2), rtol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("mode", ["fixed", "propagated"])
def test_likelihood_of_own_rows(mode):
    """Measured values of own observables: chi2 by hand, with the theory error of the catalogue row."""
    target = expected(-0.5)
    data = bsfit.Measurement(ITEMS, target, 0.05 * target, name="toy")
    like = bsfit.log_likelihood(data=data, free={"C9mu": (-2, 2), "C10mu": (-1, 1)}, theory=mode)
    point = {"C9mu": -0.9, "C10mu": 0.1}
    shift = expected(-0.9, 0.1)
    covariance = np.diag((0.05 * target) ** 2)
    assert like.meta["nuisances"] == ["V_cb"]
    from bsfit.loading.inputs import input_set

    prior = next(p for p in input_set("default").priors if p.names == ("V_cb",))
    relative = float(prior.covariance[0, 0] ** 0.5 / prior.mean[0])
    covariance[0, 0] += (relative * (expected(0.0) if mode == "fixed" else shift)[0]) ** 2
    residual = shift - target
    assert float(like.chi2(point)) == pytest.approx(residual @ np.linalg.solve(covariance, residual), rel=1e-8)
    if mode == "fixed":  # where errors move with the point, their logarithm moves the best fit
        assert bsfit.fit(like).values["C9mu"] == pytest.approx(-0.5, abs=1e-4)


@pytest.mark.slow
def test_likelihood_of_an_own_model():
    data = [bsfit.Measurement(ITEMS, expected(-0.36), 0.05 * expected(-0.36), name="toy"), "relic"]
    like = bsfit.log_likelihood(MODEL, data, {"y": (0.1, 1.0)}, {"m_psi": 300.0}, relic="upper")
    assert (like.model, like.n_data, like.pull_by_rank) == ("majorana", 3, True)
    assert "Gondolo:1990dk" in like.meta["papers"]
    value, slope = jax.jit(jax.value_and_grad(lambda y: like({"y": y})))(0.6)
    assert np.isfinite([value, slope]).all()


def test_two_processes_of_one_name_are_refused():
    other = catalogue.Process("b_to_k_ll", HERE, ("A->B",), (("m_B0", "m_K0"),), COEFFICIENTS, N)
    quantity = catalogue.Quantity(other, "rate", "1", "r", "toy", ("l",))
    item = catalogue.Observable("x", quantity, "A->B", ("mu",), (1.0, 3.0))
    with pytest.raises(BsfitInputError, match="two processes"):
        bsfit.predict([item, "R_K[1.1,6]"])
