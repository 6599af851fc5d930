r"""Muon-flavoured dark scalar of 1711.07365 [Chiang:2017zkh]_: doublets Q', L' and a real or complex scalar S.

:math:`L=\lambda_Q^i\bar Q'_RSq_L^i+\lambda_L^i\bar L'_RSl_L^i` + h.c., the loop model with three kinds of S. A global
:math:`U(1)_\mu` leaves the muon alone among the leptons; other couplings to leptons, which it forbids, are parameters.

* complex (`flavour_scalar`): coefficients and dark matter are those of the loop model.
* real (`flavour_scalar-real`), where a Z2 keeps it: the crossed boxes cancel the others. :math:`C_9=-C_{10}`,
  :math:`C_L`, :math:`\Delta F=2` and tridents vanish at this order; only the photon penguin and dipoles are left, as of
  a complex S: **the real scalar does not explain** :math:`b\to s\mu\mu` at one loop. It annihilates by a d-wave: the
  relic density takes a larger coupling to the muon, which reaches :math:`2.5\times10^{-9}` in
  :math:`(g-2)_\mu`, the difference of 2021, with :math:`\lambda_L^\mu=2.4` at (m_X, m_L) = (60, 150) GeV.
* split (`flavour_scalar-split`) into R of mass m_X, dark matter, and I of mass m_I: boxes have
  :math:`J_2(Q,L,R,I)`, between the two.

Field content as in the paper's abstract; no formula was compared with the text, and that of
:math:`b\to s\mu\mu` for a real S, which the abstract's last sentence includes, is refuted here. Left out: the Majorana
fermions :math:`N_R`; the :math:`S^3` of the paper's Z3, with which SS goes into S and a Higgs boson: it changes the
Boltzmann equation and has no parameter here. Transitions between leptons
but :math:`l\to l'\gamma` are not computed (verdict).
"""

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.dark_sector.doublet_portal import DoubletPortal
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, numbers
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """With a complex S, at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    return _theory(params, inputs)


class Real:
    """With a real S."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        return _theory(params, inputs, real=True)


class Split:
    """With an S split into two real scalars."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        return _theory(params, inputs, split=True)


def _theory(params: Params, inputs: Inputs, real: bool = False, split: bool = False) -> Theory:
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_q, m_l, m_x, m_i = numbers(params, "m_Q", "m_L", "m_X", "m_I")
    imaginary = m_i if split else None
    portal = DoubletPortal(quarks, leptons, m_q, m_l, m_x, params.get("lambda_H", 0.0), imaginary, real=real)
    return portal.theory(inputs, (validity.charged_at_lep("m_L", m_l), validity.lepton_flavour(leptons)))
