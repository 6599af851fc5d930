"""Running of alpha_s and of quark masses, against flavio 2.7.1 (RunDec 0.7) and against a numerical solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives
from scipy.integrate import solve_ivp

from bsfit.loading.inputs import load_inputs
from bsfit.standard_model import qcd

FLAVIO = load_inputs("flavio")

# flavio 2.7.1, default parameters: alpha_s by number of flavours, MSbar masses with five, two-loop pole masses
ALPHA = {
    (4.8, 5): 0.21679944756894395,
    (4.195, 5): 0.22561246173674307,
    (4.8, 4): 0.21649831233912126,
    (1.5, 4): 0.35288032065140484,
    (1.273, 3): 0.3884104444258917,
    (2.0, 3): 0.2959540622686802,
}
MASSES = {
    ("m_b_msbar", 4.8): 4.094053707418375,
    ("m_b_msbar", 4.2): 4.19407396931735,
    ("m_s_msbar", 4.8): 0.07590734961623889,
    ("m_s_msbar", 4.2): 0.07776179921643345,
}
POLES = {"m_b_pole": 4.797412100434401, "m_c_pole": 1.683648130387999}


def test_alpha_s_against_flavio():
    for (mu, n_f), expected in ALPHA.items():
        value = jax.jit(qcd.alpha_s, static_argnums=2)
        assert float(value(mu, FLAVIO, n_f)) == pytest.approx(expected, rel=1e-8)
        if (mu, n_f) not in ((4.8, 4), (2.0, 3)):
            assert float(value(mu, FLAVIO, None)) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("name", "mu"), MASSES)
def test_masses_against_flavio(name, mu):
    # RunDec goes up and down through a threshold by expansions that are not exact inverses: 2e-7 in m_s(4.2).
    assert float(jax.jit(getattr(qcd, name))(mu, FLAVIO)) == pytest.approx(MASSES[name, mu], rel=5e-7)


@pytest.mark.parametrize("name", POLES)
def test_pole_masses_against_flavio(name):
    assert float(jax.jit(getattr(qcd, name))(FLAVIO)) == pytest.approx(POLES[name], rel=1e-8)


def beta(log_mu2, y, n_f, loops):
    a = y[0] / np.pi
    b0, b1 = (11 - 2 * n_f / 3) / 4, (102 - 38 * n_f / 3) / 16
    b2 = (2857 / 2 - 5033 / 18 * n_f + 325 / 54 * n_f**2) / 64 if loops == 3 else 0.0
    return [-np.pi * (b0 * a**2 + b1 * a**3 + b2 * a**4)]


def integrated(alpha, start, end, n_f, loops):
    span = (np.log(start**2), np.log(end**2))
    return solve_ivp(beta, span, [alpha], args=(n_f, loops), rtol=1e-12, atol=1e-14).y[0, -1]


def test_running_solves_the_renormalisation_group_equation():
    z = float(FLAVIO["m_Z"])
    assert float(qcd.alpha_s(5.0, FLAVIO, 5)) == pytest.approx(integrated(0.1184, z, 5.0, 5, 3), rel=1e-10)
    top = float(FLAVIO["m_t_MSbar"])
    at_top = integrated(0.1184, z, top, 5, 2)
    for mu in (500.0, 2e3, 1e5):
        assert float(qcd.alpha_s(mu, FLAVIO, loops=2)) == pytest.approx(integrated(at_top, top, mu, 6, 2), rel=1e-10)


@pytest.mark.parametrize("loops", [2, 3])
@pytest.mark.slow
def test_derivatives_in_the_scale_and_the_coupling(loops):
    def value(x):
        return qcd.alpha_s(x[0], FLAVIO.replace({"alpha_s_mZ": x[1]}), loops=loops)[None]

    points = np.array([[20.0, 0.1184], [150.0 if loops == 3 else 2000.0, 0.118]])
    assert_derivatives(value, points, points / 3)
    slopes = jax.jit(jax.jacfwd(value))
    for mu, n_f in ((1.2, 3), (3.0, 4), (20.0, 5)) if loops == 3 else ((20.0, 5), (2000.0, 6)):
        slope = slopes(jnp.asarray([mu, 0.1184]))[0, 0]
        alpha = float(value(jnp.asarray([mu, 0.1184]))[0])
        assert float(slope) * mu / 2 == pytest.approx(beta(0, [alpha], n_f, loops)[0], rel=1e-10)


@pytest.mark.slow
def test_derivatives_of_the_masses():
    names = ("m_b", "m_c", "m_s", "alpha_s_mZ")

    def masses(x):
        i = FLAVIO.replace(dict(zip(names, x, strict=True)))
        return jnp.stack([qcd.m_b_pole(i), qcd.m_c_pole(i), qcd.m_b_msbar(4.8, i), qcd.m_s_msbar(4.8, i)])

    assert_derivatives(masses, FLAVIO.array(names), [1.0, 0.3, 0.05, 0.02], second=False)


@pytest.mark.slow
def test_jit_and_vmap():
    for loops, mu in ((3, jnp.asarray([1.0, 1.275, 3.0, 4.18, 4.8, 90.0])), (2, jnp.asarray([4.2, 162.849, 3e3]))):
        one = lambda m, loops=loops: qcd.alpha_s(m, FLAVIO, loops=loops)  # noqa: E731
        np.testing.assert_allclose(jax.jit(jax.vmap(one))(mu), [one(m) for m in mu], rtol=1e-12)


@pytest.mark.parametrize("arguments", [{"loops": 4}, {"n_f": 6}, {"n_f": 5, "loops": 2}])
def test_unknown_scheme_is_refused(arguments):
    with pytest.raises(ValueError, match="loops="):
        qcd.alpha_s(4.8, FLAVIO, **arguments)
