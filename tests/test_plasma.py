"""Degrees of freedom: the table they were fitted to, smoothness, derivatives, tables passed in."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.dark_sector.thermal.plasma import TabulatedPlasma, standard_plasma


@pytest.fixture(scope="module")
def table(reference):
    rows = reference("laine_meyer.json")
    return {key: np.array(rows[key]) for key in ("T_GeV", "g", "h")}


def test_two_per_mille_of_the_table(table):
    plasma, inside = standard_plasma(), (table["T_GeV"] > 1e-5) & (table["T_GeV"] < 1e5)
    ln_t = jnp.log(table["T_GeV"][inside])
    np.testing.assert_allclose(plasma.energy(ln_t), table["g"][inside], rtol=2e-3)
    np.testing.assert_allclose(plasma.entropy(ln_t), table["h"][inside], rtol=2e-3)


@pytest.mark.long
def test_derivative_enters_g_star(table):
    for plasma in (standard_plasma(), TabulatedPlasma.of_table(table["T_GeV"], table["g"], table["h"])):
        ln_t = jnp.log(jnp.asarray([1e-4, 0.05, 0.3, 2.0, 80.0]))
        d = 1e-5
        slope = (plasma.entropy(ln_t + d) - plasma.entropy(ln_t - d)) / (2 * d)
        expected = (plasma.entropy(ln_t) + slope / 3) / jnp.sqrt(plasma.energy(ln_t))
        np.testing.assert_allclose(plasma.root_g_star(ln_t), expected, rtol=1e-7)
        second = jax.vmap(jax.grad(lambda t, p=plasma: p.root_g_star(t[None])[0]))(ln_t)
        assert np.all(np.isfinite(second))


def test_constant_outside(table):
    for plasma in (standard_plasma(), TabulatedPlasma.of_table(table["T_GeV"], table["g"], table["h"])):
        ends = jnp.log(jnp.asarray([1e-9, 9.99e-6, 6e5, 1e9]))
        g, h = plasma.energy(ends), plasma.entropy(ends)
        np.testing.assert_allclose([g[0], h[0]], [g[1], h[1]], rtol=1e-12)
        np.testing.assert_allclose([g[2], h[2]], [g[3], h[3]], rtol=1e-12)


def test_a_table_goes_through_its_points(table):
    plasma = TabulatedPlasma.of_table(table["T_GeV"], table["g"], table["h"])
    np.testing.assert_allclose(plasma.entropy(jnp.log(table["T_GeV"])), table["h"], rtol=1e-12)
