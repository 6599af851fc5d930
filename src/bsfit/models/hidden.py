r"""Hidden Z' of 1702.00395 [Cline:2017lvv]_: couplings to :math:`q_{3L}` and :math:`l_{2L}` alone, Dirac dark matter.

:math:`g_b` couples the third doublet of quarks, which an angle :math:`\theta_{sb}` turns into the mass basis of the
down quarks: :math:`\Delta_L^d=g_b\,n n^T` with :math:`n=(0,\sin\theta_{sb},\cos\theta_{sb})`, so that
:math:`\Delta_L^{sb}=\frac12g_b\sin2\theta_{sb}`, and by the CKM matrix that of the up quarks. :math:`g_\mu` couples the
second doublet of leptons: :math:`C_9=-C_{10}`, negative for :math:`\theta_{sb}<0` with positive couplings, since
:math:`{\rm Re}\,V_{tb}V_{ts}^*<0`. :math:`g_\chi` couples dark matter.

Masses are those of the paper's abstract (m_Zp of 600 GeV with dark matter of 50, or 12 with 2000), the formulas are
derived here or standard with their source; none was compared with the paper's text. Antiprotons, which it is about, are
not predicted, only `sigma_v`. The loop of top quarks that turns the Z' into a Z makes `sigma_SI` of the first point
larger than its limit by three orders of magnitude; at the second the Z' is light enough for a Sommerfeld enhancement
(verdict `sommerfeld`) that is not computed. `Lambda` is the mass of the vector-like fermions of a complete theory,
where loops end.
"""

import jax.numpy as jnp

from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import numbers
from bsfit.matching.z_prime import Currents, lepton_charges, quarks_in_down_basis
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """Hidden Z' at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g_chi = numbers(params, "m_Zp", "m_chi", "g_chi")
    cutoff = params["Lambda"]
    portal = DiracPortal(m_zp, m_chi, g_chi, currents(params, inputs), TopLoop(cutoff), cutoff)
    return portal.theory(inputs)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    (theta,) = numbers(params, "theta_sb")
    down = Hermitian.outer({1: jnp.sin(theta), 2: jnp.cos(theta)}, params["g_b"])
    leptons = lepton_charges((0.0, params["g_mu"], 0.0), (0.0, 0.0, 0.0))
    return (quarks_in_down_basis(down, ckm(inputs)) + leptons).with_kinetic_mixing(params.get("epsilon", 0.0))
