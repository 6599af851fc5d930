"""A loop model of one's own from the blocks: Dirac dark matter chi and two scalar doublets, one of them coloured.

L = lambda_Q chi-bar P_L q phi_Q^* + lambda_L chi-bar P_L l phi_L^* + h.c.; boxes share chi, which annihilates by both.
"""

import sys

import jax.numpy as jnp

import bsfit
from bsfit.constants import CHARGE_DOWN
from bsfit.dark_sector.scalar_exchange import ScalarExchange
from bsfit.matching import scalar_loops
from bsfit.matching.boxes import Boson, Line, shared_fermion
from bsfit.matching.vectorlike import coupling_vector, numbers, up_couplings
from bsfit.standard_model.ckm import ckm
from bsfit.theory import DarkSector


def dark_bridge(params, inputs):
    """The model at one point."""
    m_chi, m_q, m_l = numbers(params, "m_chi", "m_phi_Q", "m_phi_L")
    quark, lepton = coupling_vector(params, "lambda_Q", "dsb"), coupling_vector(params, "lambda_L", ("e", "mu", "tau"))
    quarks = Line(quark, m_chi, Boson(m_q), Boson(m_q), charge=0.0, scalar_charge=CHARGE_DOWN, coloured="scalar")
    leptons = Line(lepton, m_chi, Boson(m_l), Boson(m_l), charge=0.0, scalar_charge=-1.0)
    wilson, found = scalar_loops.coefficients(quarks, leptons, shared_fermion(quarks, leptons), m_q, inputs)
    wilson |= scalar_loops.of_leptons(leptons, inputs)
    through = {"quarks": (m_q, {"up": up_couplings(quark, ckm(inputs)), "down": quark}),
               "leptons": (m_l, {"electron": lepton, "neutrino": lepton})}  # fmt: skip
    channels = [ScalarExchange.of(f, m, m_chi, inputs, majorana=False, name=name) for name, (m, f) in through.items()]
    dark = DarkSector(m_chi[None], jnp.full(1, 4.0), tuple(channels), jnp.zeros(0), jnp.zeros(0), kind="Dirac")
    return bsfit.Theory(bsfit.WilsonCoefficients.of(wilson), found, dark=dark)


free, fixed = {"lambda_Q_s": (-2.0, 2.0), "log:lambda_L_mu": (0.2, 3.5)}, {"lambda_Q_b": 0.8, "m_chi": 250.0}
fixed |= {"m_phi_Q": 1500.0, "m_phi_L": 500.0}
best = bsfit.fit(bsfit.log_likelihood(dark_bridge, ["lfu-mixing", "relic"], free, fixed), starts=8)
print(best)
print(bsfit.predict(["C9_bsmumu", "DeltaM_s/SM", "a_mu", "Omega_h2"], dark_bridge, {**fixed, **best.values}))
sys.exit(not best.converged)
