"""Relic density: reference numbers, scipy as oracle, narrow resonances, freeze-out of constant cross sections."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import relic_oracle as oracle
from finite_differences import assert_slopes_of_a_density
from one_model import OneModel

import bsfit
from bsfit import catalogue
from bsfit.dark_matter import relic_density as module
from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.annihilation import FermionPairs, VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.thermal import average
from bsfit.dark_sector.thermal.plasma import TabulatedPlasma, standard_plasma
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import load_inputs
from bsfit.models import loop, portal
from bsfit.predictions.bound_model import module_of
from bsfit.theory import Channel, DarkSector

REFERENCE = load_inputs("reference")
MODELS = {"portal": portal, "loop": loop}
FIG3 = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_Q_s": 0.025, "lambda_Q_b": 0.025, "lambda_L_mu": 0.5}
FIG6 = {"m_Q": 1100.0, "lambda_Q_s": 0.15**0.5, "lambda_Q_b": 0.15**0.5}


@pytest.fixture(scope="module")
def laine_meyer(reference):
    table = reference("laine_meyer.json")
    return TabulatedPlasma.of_table(np.array(table["T_GeV"]), np.array(table["g"]), np.array(table["h"]))


BLOCK = 24
"""Points that are solved together."""

COUPLINGS = {f"lambda_{x}_{f}{part}": 0.0 for x, fs in (("Q", "dsb"), ("L", ("e", "mu", "tau"))) for f in fs
             for part in ("", "_im")}  # fmt: skip


def omegas(model, points, plasma, x_end=None):
    """Omega h^2 [n] at points, in blocks: one compilation for each model."""
    complete = [{**COUPLINGS, **point} for point in points]
    padded = complete + complete[-1:] * (-len(points) % BLOCK)
    blocks = [stacked(padded[i : i + BLOCK]) for i in range(0, len(padded), BLOCK)]
    return np.concatenate([solver(model, x_end)(block, plasma) for block in blocks])[: len(points)]


@functools.cache
def solver(model, x_end=None):
    """Batched omega."""

    def omega(params, plasma):
        return relic_density(MODELS[model].theory(params, REFERENCE).dark, plasma, x_end).omega_h2

    return jax.jit(jax.vmap(omega, (0, None)))


def parameters(point):
    names = {"g_X": "gX", "m_Zp": "mZp", "m_Q": "mQ", "m_L": "mL", "m_chi": "mchi", "m_X": "mX"}
    params = {name: point[key] for name, key in names.items() if key in point}
    for symbol, flavours, column in (("lambda_Q", "dsb", "lamQ"), ("lambda_L", ("e", "mu", "tau"), "lamL")):
        for flavour, (real, imaginary) in zip(flavours, point[column], strict=True):
            params[f"{symbol}_{flavour}"], params[f"{symbol}_{flavour}_im"] = real, imaginary
    return params


def stacked(points):
    return {name: jnp.asarray([float(p[name]) for p in points]) for name in points[0]}


# ------------------------------------------------------------------------------------------------ known numbers


@pytest.mark.slow
@pytest.mark.parametrize("model", ["portal", "loop"])
def test_every_reference_point(model, reference, laine_meyer):
    """1e-3 with the reference's table of degrees of freedom, 1 % with our own."""
    numbers = reference("models_dark.json")
    sets = {"portal": ("portal_fig3_grid", "portal_random"), "loop": ("loop_grid", "loop_random")}[model]
    points = [point for name in sets for point in numbers[name] if "omega" in point]
    assert len(points) == {"portal": 88, "loop": 45}[model]
    given, expected = [parameters(p) for p in points], np.array([p["omega"] for p in points])
    t, own = jnp.exp(laine_meyer.ln_t), standard_plasma()
    ours = TabulatedPlasma.of_table(np.asarray(t), own.energy(jnp.log(t)), own.entropy(jnp.log(t)))
    np.testing.assert_allclose(omegas(model, given, laine_meyer, 1e6), expected, rtol=1e-3)
    np.testing.assert_allclose(omegas(model, given, ours, 1e6), expected, rtol=1e-2)


@pytest.mark.long
@pytest.mark.parametrize("model", ["portal", "loop"])
def test_every_reference_point_with_our_own_settings(model, reference):
    """1 % with our degrees of freedom as functions, following narrow resonances to their end."""
    numbers = reference("models_dark.json")
    sets = {"portal": ("portal_fig3_grid", "portal_random"), "loop": ("loop_grid", "loop_random")}[model]
    points = [point for name in sets for point in numbers[name] if "omega" in point]
    expected = np.array([p["omega"] for p in points])
    np.testing.assert_allclose(omegas(model, [parameters(p) for p in points], standard_plasma()), expected, 1e-2)


@pytest.mark.slow
def test_predict_by_name():
    found = bsfit.predict(["Omega_h2", "x_f"], model="portal", params={**FIG3, "g_X": 0.3, "m_Zp": 2000.0})
    assert found["Omega_h2"] == pytest.approx(0.020726, rel=1e-2)
    assert 20 < found["x_f"] < 30
    with pytest.raises(BsfitInputError, match="no dark matter, so no Omega_h2; expected model portal, loop"):
        bsfit.predict(["Omega_h2"], model="eft", params={})
    assert catalogue.observable("Omega_h2").group == "relic"


@pytest.mark.long
def test_rows_say_which_models_have_dark_matter():
    for name, row in catalogue.MODELS.items():
        at = {p.name: row.benchmark.get(p.name, p.default) for p in row.parameters}
        theory = jax.eval_shape(module_of(row).theory, at, REFERENCE)
        assert (theory.dark is not None) == row.dark_matter, name


def test_fig_3_crossings(laine_meyer):
    """Omega h^2 = 0.12 to 1 GeV in m_Zp."""
    table = {
        0.1: (2011.6, 2060.4), 0.2: (1998.2, 2130.7), 0.3: (1963.6, 2179.4), 0.4: (1898.7, 2228.6),
        0.5: (1808.4, 2282.8),
    }  # fmt: skip
    rows = [(g, m + shift) for g, pair in table.items() for m in pair for shift in (-1.0, 1.0)]
    found = omegas("portal", [{**FIG3, "g_X": g, "m_Zp": m} for g, m in rows], laine_meyer, 1e6).reshape(-1, 2)
    assert np.all((found[:, 0] - 0.12) * (found[:, 1] - 0.12) < 0)


def test_fig_6_couplings(reference, laine_meyer):
    """lambda_mu for Omega h^2 = 0.12, to 0.5 %."""
    rows = reference("models_dark.json")["fig6_lambda_mu_for_relic"]
    points = [{**FIG6, "m_L": r["mL"], "m_X": r["mX"], "lambda_L_mu": r["lam_mu"] * f} for r in rows
              for f in (0.995, 1.005)]  # fmt: skip
    found = omegas("loop", points, laine_meyer, 1e6).reshape(-1, 2)
    assert np.all((found[:, 0] > 0.12) & (found[:, 1] < 0.12))


def fixed_by_the_relic_density(m_l, m_x, plasma):
    """lambda_mu of Fig. 6 at Omega h^2 = 0.12."""

    def density(coupling):
        params = {**FIG6, "m_L": m_l, "m_X": m_x, "lambda_L_mu": coupling}
        return relic_density(loop.theory(params, REFERENCE).dark, plasma).omega_h2

    return module.coupling_for(0.12, density, 0.3, 10.0)


@pytest.mark.long
def test_fig_6_by_its_own_construction(reference, laine_meyer):
    """1e-3 in lambda_mu; derivatives by the masses are those of the implicit function; nothing outside the bracket."""
    rows = reference("models_dark.json")["fig6_lambda_mu_for_relic"]
    m_l, m_x, expected = (jnp.asarray([row[key] for row in rows]) for key in ("mL", "mX", "lam_mu"))
    solve = jax.jit(jax.vmap(fixed_by_the_relic_density, (0, 0, None)))
    np.testing.assert_allclose(solve(m_l, m_x, laine_meyer), expected, rtol=1e-3)
    shifted = solve(*jnp.asarray([[1000.0] * 12, [300.0 + h for h in (-0.2, -0.1, 0.1, 0.2)] * 3]), laine_meyer)
    slope = (shifted[0] - 8 * shifted[1] + 8 * shifted[2] - shifted[3]) / 1.2
    gradient = jax.jit(jax.grad(fixed_by_the_relic_density, 1))(1000.0, 300.0, laine_meyer)
    assert float(gradient) == pytest.approx(float(slope), rel=1e-5)
    assert np.isnan(solve(jnp.full(12, 3e4), jnp.full(12, 30.0), laine_meyer)[0])


# ------------------------------------------------------------------------------------- constant cross sections


class Constant(Channel):
    """sigma v of the laboratory frame constant: lambda sigma = s_wave sqrt(lambda) (s - 2m^2) g^2."""

    s_wave: jax.Array
    mass: jax.Array
    dof: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="constant")

    def strength(self, s):
        return self.dof**2 * self.s_wave * jnp.sqrt(s * jnp.maximum(s - 4 * self.mass**2, 0.0)) * (s - 2 * self.mass**2)

    def thresholds(self):
        return jnp.zeros(0)


def constant(mass, sigma_v_cm3_s, dof=2.0, share=1.0):
    s_wave, mass = jnp.asarray(sigma_v_cm3_s / 1.16733e-17), jnp.asarray(mass)
    channel = Constant(s_wave * share, mass, dof)
    return DarkSector(mass[None], jnp.full(1, dof), (channel,), jnp.zeros(0), jnp.zeros(0), "Majorana")


def test_a_constant_cross_section_is_its_average():
    x = jnp.asarray([2.0, 25.0, 1e3, 1e6])
    found = jax.jit(lambda dark: average.averages(average.integrand(dark, 1e6), dark, x))(constant(100.0, 2.2e-26))
    np.testing.assert_allclose(found, 2.2e-26 / 1.16733e-17, rtol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("mass", "expected"), [(10, 0.1262), (100, 0.1116), (1e3, 0.1157), (1e4, 0.1176)])
def test_constant_cross_sections(mass, expected, laine_meyer):
    """To 0.5 %; a complex scalar with twice the cross section of its pairs has the same density."""
    solve = jax.jit(lambda dark, plasma: relic_density(dark, plasma).omega_h2)
    assert float(solve(constant(float(mass), 2.2e-26), laine_meyer)) == pytest.approx(expected, rel=5e-3)
    assert float(solve(constant(float(mass), 4.4e-26, share=0.5), laine_meyer)) == pytest.approx(expected, rel=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma_v", "x_f", "error"), [(1e-29, 16.3, 1e-4), (1e-32, 9.9, 3e-4), (1e-34, 5.9, 3e-3)])
def test_weak_couplings_freeze_out_early(sigma_v, x_f, error):
    """Followed from x = 2, against scipy from x = 1/2; with x_f below 6 the start is felt."""
    plasma, t = standard_plasma(), np.geomspace(1e-7, 1e5, 1200)
    h, root = (oracle.spline(t, np.asarray(f(jnp.log(t)))) for f in (plasma.entropy, plasma.root_g_star))
    expected = oracle.omega(lambda x: sigma_v / 1.16733e-17, 100.0, 2.0, h, root, 1e6, 0.5)
    found = jax.jit(lambda s: relic_density(constant(100.0, s)))(sigma_v)
    assert float(found.x_f) == pytest.approx(x_f, rel=0.03)
    assert float(found.omega_h2) == pytest.approx(expected, rel=error)


# --------------------------------------------------------------------------------------------- narrow resonances


def resonance(mass, width, m_chi, coupling):
    """Complex scalar through a narrow vector into massless fermions of coupling one."""
    one = jnp.ones(1)
    pairs = FermionPairs(one, 0 * one, 0 * one, one + 0j, 0j * one)
    mass, width, m_chi = (jnp.asarray(v, dtype=float) for v in (mass, width, m_chi))
    current = DarkCurrent.complex_scalar(m_chi, coupling)
    channel = VectorExchange(current, mass, width, pairs, jnp.zeros(0))
    return DarkSector(m_chi[None], jnp.full(1, 2.0), (channel,), mass[None], width[None], "complex scalar")


def random_resonances(n, seed=4):
    """Gamma/m from 1e-1 to 1e-6; in half of the points m_Zp is within 1e-4 of 2 m_chi, else up to a factor 1.5."""
    generator = np.random.default_rng(seed)
    for i in range(n):
        ratio = 10 ** generator.uniform(-6, -1)
        near = generator.uniform(-1, 1) * 1e-4 if i % 2 else generator.uniform(-0.3, 0.5)
        m_chi = 10 ** generator.uniform(1.5, 3.5)
        mass = 2 * m_chi * (1 + near)
        yield mass, ratio * mass, m_chi, 10 ** generator.uniform(-2.5, -0.5) * (m_chi / 1e3) ** 0.5 * ratio**0.25


def by_scipy(mass, width, m_chi, coupling, x_end):
    plasma, t = standard_plasma(), np.geomspace(1e-7, 1e5, 1200)
    h, root = (oracle.spline(t, np.asarray(f(jnp.log(t)))) for f in (plasma.entropy, plasma.root_g_star))

    def strength(s):
        p = np.sqrt(s / 4 - m_chi**2)
        rate = 2 * s * p * coupling**2 * 4 * p**2 * np.sqrt(s) / (24 * np.pi)
        return 2 * rate / ((s - mass**2) ** 2 + (mass * width) ** 2)

    x = np.geomspace(3.0, x_end, 220)
    found = oracle.averages(strength, m_chi, 2.0, x, oracle.pole_points(mass, width, m_chi))
    return oracle.omega(oracle.spline(x, found), m_chi, 2.0, h, root, x_end)


def check_resonances(n):
    solve = jax.jit(lambda *point: relic_density(resonance(*point), x_end=1e7).omega_h2)
    errors = []
    for point in random_resonances(n):
        expected = by_scipy(*point, 1e7)
        errors.append(float(solve(*point)) / expected - 1)
    assert np.max(np.abs(errors)) < 2e-3, np.sort(np.abs(errors))[-5:]
    return errors


@pytest.mark.slow
def test_the_end_is_late_enough_for_narrow_resonances():
    """x = 1e8, which is 30 m/Gamma at 3e-7: 1e-5 there next to the pole, 2e-4 at 1e-7."""
    first, last = (jax.jit(lambda *p, x=x: relic_density(resonance(*p), x_end=x).omega_h2) for x in (None, 1e11))
    for width, error in ((1e-5, 1e-8), (3e-7, 2e-5), (1e-7, 2e-4)):
        for near in (1e-8, 1e-6):
            point = (1000.0 * (1 + near), width * 1000.0, 500.0, 0.01 * width**0.25)
            assert float(first(*point)) == pytest.approx(float(last(*point)), rel=error)


@pytest.mark.slow
def test_narrow_resonances_against_scipy():
    check_resonances(3)


@pytest.mark.long
def test_hundred_narrow_resonances_against_scipy():
    assert np.median(np.abs(check_resonances(100))) < 2e-4


# ----------------------------------------------------------------------------------------------------- the rest


@pytest.mark.slow
def test_dark_matter_that_was_never_in_equilibrium():
    """A verdict beside a huge number; nothing wrong with ordinary couplings."""

    def density(s):
        found = relic_density(constant(100.0, s))
        return found.omega_h2, found.verdicts[0].ok

    solve = jax.jit(jax.value_and_grad(density, has_aux=True))
    ok = [bool(solve(s)[0][1]) for s in (2.2e-26, 1e-30, 1e-38)]
    assert ok == [True, True, False]
    assert float(solve(0.0)[0][0]) > 1e6
    assert np.isfinite(solve(1e-38)[1])


def test_channel_fractions():
    params = {**FIG3, "g_X": 0.5, "m_Zp": 600.0}
    found = jax.jit(lambda x: module.channel_fractions(portal.theory(params, REFERENCE).dark, x))(25.0)
    assert sum(float(v) for v in found.values()) == pytest.approx(1.0)
    assert 0.7 < found["vector pairs"] < 0.8


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [name for name, row in catalogue.MODELS.items() if row.dark_matter and "Omega_h2" not in row.refused]
)
def test_derivatives_of_every_model(name):
    """In all parameters that are not zero, each elsewhere beside the benchmark, which may lie on a threshold."""
    model = OneModel(name)
    moving = [(key, value) for key, value in model.point.items() if value and np.isfinite(value)]
    point = {key: (1 + 0.01 * (i + 1)) * value for i, (key, value) in enumerate(moving)}
    density = lambda x: jnp.log(relic_density(model.along(point, x).dark).omega_h2)  # noqa: E731
    assert_slopes_of_a_density(density, [*point.values()])


@pytest.mark.long
def test_derivatives_on_thresholds_and_poles():
    """Equal to central differences to 1e-4 at 2 M_Q, m_Zp and 2 m_chi equal, and next to the edge of a final state."""
    names = ("g_X", "m_Zp", "m_Q", "m_chi", "lambda_L_mu")

    def omega(x):
        dark = portal.theory({**FIG3, **dict(zip(names, x, strict=True))}, REFERENCE).dark
        return jnp.log(relic_density(dark, x_end=1e6).omega_h2)

    value = jax.jit(jax.vmap(omega))
    gradient = jax.jit(jax.grad(omega))
    points = [[0.3, 2000.0, 1000.0, 1000.0, 0.5], [0.3, 990.0, 1300.0, 1000.0, 0.7], [0.2, 2100.0, 1500.0, 900.0, 0.3]]
    for x in points:
        found = np.asarray(gradient(jnp.asarray(x)))
        h = 1e-4 * np.asarray(x)
        shifts = np.stack([np.asarray(x) + k * np.diag(h)[i] for i in range(len(x)) for k in (-2, -1, 1, 2)])
        v = np.asarray(value(jnp.asarray(shifts))).reshape(-1, 4)
        expected = (v[:, 0] - 8 * v[:, 1] + 8 * v[:, 2] - v[:, 3]) / (12 * h)
        np.testing.assert_allclose(found * x, expected * x, rtol=1e-4, atol=1e-4)
