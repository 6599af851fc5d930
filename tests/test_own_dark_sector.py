"""A Majorana fermion with a channel of one's own, of which bsfit knows nothing, through freeze-out and today's rate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.constants import CM3_PER_S_PER_INVERSE_GEV2
from bsfit.dark_matter.indirect_detection import sigma_v
from bsfit.dark_matter.relic_density import channel_fractions, relic_density
from bsfit.numerics import atanh_ratio
from bsfit.theory import Channel, DarkSector

M, HEAVY = 200.0, 500.0


class ScalarExchange(Channel):
    r"""Majorana pairs into massless chiral fermions through scalars in the t and u channel: p-wave.

    :math:`\sum|M|^2=\lambda^4\{\frac{(m^2-t)^2}{(t-M^2)^2}+\frac{(m^2-u)^2}{(u-M^2)^2}-\frac{2m^2s}{(t-M^2)(u-M^2)}\}`.
    """

    mass: jax.Array
    mediator: jax.Array
    coupling: jax.Array

    def strength(self, s):
        gap = self.mediator**2 - self.mass**2
        d, p = gap + s / 2, jnp.sqrt(jnp.maximum(s / 4 - self.mass**2, 0.0))
        h = p * jnp.sqrt(s)
        one, two = atanh_ratio(h / d) / d, 1 / ((d - h) * (d + h))
        mean = 2 * (1 - 2 * gap * one + gap**2 * two) - 2 * self.mass**2 * s * one / d
        return self.coupling**4 * p * jnp.sqrt(s) / 2 / (4 * jnp.pi) * mean

    def thresholds(self):
        return jnp.zeros(0)


def sector(coupling):
    mass, none = jnp.asarray(M), jnp.zeros(0)
    channel = ScalarExchange(mass, jnp.asarray(HEAVY), jnp.asarray(coupling), name="leptons")
    return DarkSector(mass[None], jnp.full(1, 2.0), (channel,), none, none, kind="Majorana")


@pytest.fixture(scope="module")
def solved():
    return jax.jit(jax.vmap(lambda coupling: relic_density(sector(coupling))))(jnp.asarray([0.6, 1.2]))


def p_wave(coupling):
    """Of sigma v = b v^2, in GeV^-2."""
    return coupling**4 * M**2 * (M**4 + HEAVY**4) / (48 * np.pi * (M**2 + HEAVY**2) ** 4)


@pytest.mark.slow
def test_the_average_is_that_of_a_self_conjugate_particle(solved):
    """6 b/x in the cold, without the half of particles that have antiparticles; the same today."""
    np.testing.assert_allclose(solved.sigma_v[0, -1], 6 * p_wave(0.6) / solved.x[0, -1], rtol=1e-4)
    today = jax.jit(lambda coupling: sigma_v(sector(coupling), 1e5))(0.6)
    assert float(today) == pytest.approx(6e-5 * p_wave(0.6) * CM3_PER_S_PER_INVERSE_GEV2, rel=1e-4)


def test_density_falls_with_the_cross_section(solved):
    """As the inverse, but for the square of x_f, which grows with the logarithm."""
    omega, x_f = np.asarray(solved.omega_h2), np.asarray(solved.x_f)
    assert x_f[1] - x_f[0] == pytest.approx(np.log(16.0), rel=0.1)
    assert omega[1] / omega[0] == pytest.approx((x_f[1] / x_f[0]) ** 2 / 16, rel=0.02)
    assert bool(jnp.all(solved.verdicts[0].ok))


def test_its_channel_is_named():
    found = jax.jit(lambda x: channel_fractions(sector(1.0), x))(25.0)
    assert {name: float(share) for name, share in found.items()} == {"leptons": pytest.approx(1.0)}
