"""A coupling fixed by the relic density: the table of Fig. 6, derivatives, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError

FIG6 = {"m_Q": 1100.0, "m_L": 1000.0, "lambda_Q_s": -(0.15**0.5), "lambda_Q_b": 0.15**0.5}


@pytest.mark.long
def test_the_coupling_as_a_coordinate():
    """lambda_mu of Fig. 6 to 0.5 %; the log-likelihood of R_K along m_X has the slope of its differences to 1e-5.

    Without a solution, or with an X that decays, there is no density to fix it: -inf, though R_K needs no dark matter.
    """
    model = bsfit.at_relic_density("loop", "lambda_L_mu", (0.3, 10.0))
    like = bsfit.log_likelihood(model, "lhcb-rk-2014", {"m_X": (100, 700)}, FIG6, inputs="reference")
    coupling = bsfit.prediction(["lambda_L_mu", "Omega_h2"], model, "reference", FIG6, ("m_X",))
    assert like.model == "loop"

    def all_of(m):
        value, slope = jax.value_and_grad(lambda m: like({"m_X": m}))(m)
        return value, slope, coupling({"m_X": m}), like.conditions({"m_X": m})

    h = 0.2
    masses = jnp.asarray([300.0 + k * h for k in (-2, -1, 1, 2)] + [300.0, 500.0, 10.0, 1500.0])
    value, slope, found, met = jax.tree.map(np.asarray, jax.jit(jax.vmap(all_of))(masses))
    assert met["relic_solution"].tolist() == [*[True] * 6, False, True]
    assert met["stable_X"].tolist() == [*[True] * 7, False]
    np.testing.assert_allclose(found[4:6, 0], [2.312, 1.942], rtol=5e-3)
    np.testing.assert_allclose(found[:6, 1], 0.12, rtol=1e-8)
    assert value[6:].tolist() == [-np.inf, -np.inf]
    difference = (value[0] - 8 * value[1] + 8 * value[2] - value[3]) / (12 * h)
    assert slope[4] == pytest.approx(difference, rel=1e-5)


def test_refusals():
    with pytest.raises(BsfitInputError, match="lambda_L_mu"):
        bsfit.at_relic_density("loop", "lambda_L_mo", (0.1, 10.0))
    with pytest.raises(BsfitInputError, match="0 < low < high"):
        bsfit.at_relic_density("loop", "lambda_L_mu", (-1.0, 1.0))
    model = bsfit.at_relic_density("loop", "lambda_L_mu", (0.1, 10.0))
    with pytest.raises(BsfitInputError, match="fixed by the relic density"):
        bsfit.log_likelihood(model, "lfu", {"lambda_L_mu": (0.1, 3.0)}, {**FIG6, "m_X": 300.0})
    with pytest.raises(BsfitInputError, match="needs a value for m_Q"):
        bsfit.log_likelihood(model, "lfu", {"m_X": (100, 300)}, {"m_L": 1000.0})
