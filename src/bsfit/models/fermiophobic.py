r"""Fermiophobic Z' of 1803.04430 [Falkowski:2018dsl]_: it sees a fourth, vector-like family, and by it b, t and muons.

The Standard Model is neutral. Of the fourth family Q mixes with the third doublet of quarks by :math:`\theta_Q`, L with
the second doublet of leptons by :math:`\theta_L`, and its singlet neutrino :math:`\nu_4`, a Dirac fermion, is the dark
matter. `g_Q`, `g_L` and `g_nu` are the gauge coupling times the charges of the three.

:math:`g_{bb}=g_Q\sin^2\theta_Q` in the basis of the up quarks, so that :math:`\Delta^u=(0,0,g_{bb})` and
:math:`\Delta_L^{d,ij}=g_{bb}V_{ti}^*V_{tj}`; :math:`g_{\mu\mu}=g_L\sin^2\theta_L` of muons and their neutrinos. Then
:math:`C_9=-C_{10}=C_L=-g_{bb}g_{\mu\mu}\Lambda_v^2/m_{Z'}^2`, real, negative for :math:`g_Qg_L>0`.

Field content and mixings are those of the paper's abstract, the formulas are derived here or standard with their
source; none was compared with the paper's text. The mixing with the Z by top quarks, which Q completes, dominates
`sigma_SI`; for :math:`g_Q\ne g_L` the sum of charges does not vanish and kinetic mixing is `epsilon` at the scale
`Lambda`. Searches for pairs of muons from bottom quarks are not computed.
"""

import jax.numpy as jnp

from bsfit import validity
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.vectorlike import mixing_by_angle, numbers, to_down
from bsfit.matching.z_prime import Currents, mixed_leptons, mixed_quarks
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """Fermiophobic model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g_nu, theta = numbers(params, "m_Zp", "m_chi", "g_nu", "theta_Q")
    top = TopLoop.of_doublet(params["M_Q"], jnp.sin(theta) ** 2)
    portal = DiracPortal(m_zp, m_chi, g_nu, currents(params, inputs), top, params["Lambda"])
    yukawa = jnp.sqrt(2.0) * inputs["m_t_MSbar"] / higgs_vev(inputs) / jnp.cos(theta)
    message = "Yukawa coupling that the top quark has before mixing, against sqrt(4 pi)"
    return portal.theory(inputs, verdicts=(validity.below("perturbative_yukawas", message, yukawa, validity.SQRT_4PI),))


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    top, muon = {2: jnp.ones(())}, {1: jnp.ones(())}
    down, up = (
        mixing_by_angle(params["M_Q"], params["theta_Q"], direction, params["g_Q"])
        for direction in (to_down(top, ckm(inputs)), top)
    )
    lepton = mixing_by_angle(params["M_L"], params["theta_L"], muon, params["g_L"])
    return (mixed_quarks(down, up) + mixed_leptons(lepton)).with_kinetic_mixing(params.get("epsilon", 0.0))
