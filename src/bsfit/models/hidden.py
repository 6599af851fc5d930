r"""Hidden Z' of 1702.00395 [Cline:2017lvv]_: couplings to :math:`q_{3L}` and :math:`l_{2L}` alone, fermion dark matter.

:math:`g_b` couples the third doublet of quarks, which an angle :math:`\theta_{sb}` turns into the mass basis of the
down quarks: :math:`\Delta_L^d=g_b\,n n^T` with :math:`n=(0,\sin\theta_{sb},\cos\theta_{sb})`, so that
:math:`\Delta_L^{sb}=\frac12g_b\sin2\theta_{sb}`, and by the CKM matrix that of the up quarks. :math:`g_\mu` couples the
second doublet of leptons: :math:`C_9=-C_{10}`, negative for :math:`\theta_{sb}<0` with positive couplings, since
:math:`{\rm Re}\,V_{tb}V_{ts}^*<0`. :math:`g_\chi` couples dark matter, of which there are three kinds:

* Dirac (`hidden`): the loop of top quarks that turns the Z' into a Z makes `sigma_SI` of the paper's first point larger
  than its limit by three orders of magnitude.
* Majorana (`hidden-majorana`), axial, with a dark Higgs boson (`axial_portal`): no `sigma_SI`, annihilation into
  fermions is a p-wave but for :math:`m_b`, so that antiprotons are few. At the second point the Yukawa coupling of the
  dark Higgs boson would be :math:`2\sqrt2g_\chi m_\chi/m_{Z'}\approx440` (verdict `axial_unitarity`).
* split (`hidden-split`), a Dirac fermion of which a Majorana mass makes two states (`pseudo_dirac_portal`): a
  `splitting` above some 0.4 MeV leaves no elastic scattering at this order. Freeze-out is that of a Dirac fermion;
  today only the lighter state is there, which goes into pairs of Z' alone. The heavier one is taken to have decayed
  into neutrinos by the Z'.

The masses that the paper's abstract has are 600 GeV for the Z' with dark matter of 50, or 12 with 2000; the formulas
are derived here or standard with their source, none was compared with the text. Antiprotons, which it is about, are not
predicted, only `sigma_v`. At the second point the Z' is light enough for a Sommerfeld enhancement (verdict
`sommerfeld`) that is not computed. `Lambda` is the mass of the vector-like fermions of a complete theory, where loops
end.
"""

import jax.numpy as jnp

from bsfit.dark_sector.axial_portal import AxialPortal
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.fermion_vectors import DarkHiggs
from bsfit.dark_sector.pseudo_dirac_portal import PseudoDiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import numbers
from bsfit.matching.z_prime import Currents, lepton_charges, quarks_in_down_basis
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """With Dirac dark matter, at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g_chi = numbers(params, "m_Zp", "m_chi", "g_chi")
    cutoff = params["Lambda"]
    portal = DiracPortal(m_zp, m_chi, g_chi, currents(params, inputs), TopLoop(cutoff), cutoff)
    return portal.theory(inputs)


class Majorana:
    """With Majorana dark matter."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        m_zp, m_chi, g_chi = numbers(params, "m_Zp", "m_chi", "g_chi")
        current, cutoff = DarkCurrent.majorana(m_chi, g_chi), params["Lambda"]
        phi = DarkHiggs.of(params["m_phi"], current, m_zp, params.get("Gamma_phi_over_m", jnp.inf))
        return AxialPortal(m_zp, current, phi, currents(params, inputs), TopLoop(cutoff), cutoff).theory(inputs)


class Split:
    """With two Majorana fermions that together are a Dirac one."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        m_zp, m_chi, splitting, g_chi = numbers(params, "m_Zp", "m_chi", "splitting", "g_chi")
        z, cutoff = currents(params, inputs), params["Lambda"]
        return PseudoDiracPortal(m_zp, m_chi, splitting, g_chi, z, TopLoop(cutoff), cutoff).theory(inputs)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    (theta,) = numbers(params, "theta_sb")
    down = Hermitian.outer({1: jnp.sin(theta), 2: jnp.cos(theta)}, params["g_b"])
    leptons = lepton_charges((0.0, params["g_mu"], 0.0), (0.0, 0.0, 0.0))
    return (quarks_in_down_basis(down, ckm(inputs)) + leptons).with_kinetic_mixing(params.get("epsilon", 0.0))
