"""A Z' of one's own from the blocks, gauged B3 - L2 with Dirac dark matter, fitted to flavour and the relic density.

Quarks of the third family have the charge 1/3, leptons of the second -1, both chiralities, dark matter q_chi; the
left-handed down quarks of the second and the third family mix by an angle theta.
"""

import sys

import jax.numpy as jnp

import bsfit
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import numbers
from bsfit.matching.z_prime import Currents, Fermions, lepton_charges, quarks_in_down_basis
from bsfit.standard_model.ckm import ckm


def b3_minus_l2(params, inputs):
    """The model at one point."""
    m_zp, m_chi, g, q_chi, theta = numbers(params, "m_Zp", "m_chi", "g", "q_chi", "theta")
    doublets = quarks_in_down_basis(Hermitian.outer({1: jnp.sin(theta), 2: jnp.cos(theta)}, g / 3), ckm(inputs))
    singlets = Fermions(right=Hermitian.diagonal([0.0, 0.0, g / 3]))
    leptons = lepton_charges((0.0, -g, 0.0), (0.0, -g, 0.0))
    z = doublets + Currents(up=singlets, down=singlets) + leptons
    return DiracPortal(m_zp, m_chi, g * q_chi, z, TopLoop(m_zp), cutoff=m_zp).theory(inputs)


free = {"theta": (-0.2, 0.2), "log:g": (0.05, 3.0)}
fixed = {"m_Zp": 2000.0, "m_chi": 800.0, "q_chi": 1.0}
best = bsfit.fit(bsfit.log_likelihood(b3_minus_l2, ["lfu-mixing", "relic"], free, fixed), starts=8)
print(best)
print(bsfit.predict(["C9_bsmumu", "DeltaM_s/SM", "Omega_h2", "sigma_SI"], b3_minus_l2, {**fixed, **best.values}))
sys.exit(not best.converged)
