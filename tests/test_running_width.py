"""How far a relic density through a dark Higgs boson is known: with its width fixed, and running with the energy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from one_model import OneModel

from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.fermion_vectors import DarkHiggs, FermionVectorPair

MODEL = OneModel("charges-B")


class Running(FermionVectorPair):
    """Pairs of vectors with sqrt(s) Gamma(sqrt s) in the propagator, of all decays of a scalar of that mass."""

    def strength(self, s):
        width = DarkHiggs.of(jnp.sqrt(s), self.current, self.vector_mass).width * jnp.sqrt(s) / self.higgs.mass
        return FermionVectorPair(self.current, self.vector_mass, DarkHiggs(self.higgs.mass, width)).strength(s)


@jax.jit
def densities(dark):
    """With the width fixed and running."""
    running = tuple(
        Running(c.current, c.vector_mass, c.higgs) if isinstance(c, FermionVectorPair) else c for c in dark.channels
    )
    return tuple(relic_density(each).omega_h2 for each in (dark, replace(dark, channels=running)))


@pytest.mark.long
def test_a_running_width_of_the_dark_higgs():
    """By up to three times width over mass, also where the scalar is too light for the decays that would be open."""
    points = (
        (0.05, 0.8, 2.3, -1.846e-4),
        (0.12, 0.8, 2.235, -4.56e-3),
        (0.15, 0.55, 2.06, -2.241e-2),
        (0.2, 0.41, 1.83, 0.1945),
        (0.3, 0.92, 1.773, 3.25e-3),
    )
    for g, m_zp, m_phi, expected in points:
        point = {"g_X": g, "m_chi": 1e3, "m_Zp": 1e3 * m_zp, "m_phi": 1e3 * m_phi, "Gamma_phi_over_m": np.inf}
        fixed, running = (float(x) for x in densities(MODEL.at(**point).dark))
        shift = running / fixed - 1
        (verdict,) = (v for v in MODEL.at(**point).verdicts if v.name == "broad_phi")
        assert abs(shift) < 3 * float(verdict.value)
        assert shift == pytest.approx(expected, rel=0.02)
        assert bool(verdict.ok) == (float(verdict.value) < 0.03)
