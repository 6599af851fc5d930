r"""Loop model: vector-like doublets Q, L and a complex scalar X, dark matter, in the loops. Global U(1)_X.

Model of 1706.04344 [Kawamura:2017ecz]_ in the notation of Sec. 6 of the review 1803.04703 [Vicente:2018frk]_:
:math:`L=\lambda_Q^i\bar Q_RXq_L^i+\lambda_L^i\bar L_RXl_L^i` + h.c., couplings in the mass basis of down quarks and
charged leptons, :math:`\langle X\rangle=0`. The phases of Q and L are free, so that :math:`\lambda_Q^b` and
:math:`\lambda_L^\mu` may be taken real and positive.

**Where this differs from the review.** Eq. (22) has the opposite sign for :math:`C_9`: the box gives
:math:`L=-\frac{\lambda_b\lambda_s^*|\lambda_\mu|^2}{64\pi^2}J\,(\bar s\gamma P_Lb)(\bar\mu\gamma P_L\mu)`, hence
:math:`C_9=-C_{10}=-\frac{\lambda_b\lambda_s^*|\lambda_\mu|^2\Lambda_v^2}{64\pi^2V_{tb}V_{ts}^*}J`, and since
:math:`{\rm Re}\,V_{tb}V_{ts}^*<0` a negative :math:`C_9` needs :math:`{\rm Re}\,\lambda_b\lambda_s^*<0`. The sign is
that of the same box for :math:`\Delta F=2`, which for :math:`m_X\to0`, :math:`\lambda\to\sqrt2m_tV/v` is the known box
of top quarks and Goldstone bosons. Eq. (20) needs :math:`X^\dagger` with the charges of Table 3; nothing computed here
depends on it. The :math:`\alpha` of :math:`\Lambda_v` is that of the amplitudes.

One loop at leading order in the momenta. Z penguins vanish at that order, Q and q having the same charges. Left out:
:math:`C_7'` (suppressed by :math:`m_s/m_b`), the half of :math:`\mu\to e\gamma` suppressed by :math:`m_e/m_\mu`, and
lepton-flavour violation other than in b -> s and :math:`\mu\to e\gamma`. Dark matter: `dark_sector.doublet_portal`.
"""

from bsfit.catalogue import LEPTONS
from bsfit.dark_sector.doublet_portal import DoubletPortal
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, numbers
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """Loop model at one point; parameters as in `catalogue.MODELS`, those not given are zero.

    Quantities, in powers of GeV: `M_Q`, `M_L`, `J` (box of the quark and the lepton), `C9_photon` (the part of every C9
    that comes from the photon penguin), `C7_bs_mu_NP`, `C8_bs_mu_NP` (at the scale m_Q), `C_bs_LL` (coefficient of
    (s gamma P_L b)^2 in +H at the scale m_Q).
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_q, m_l, m_x = numbers(params, "m_Q", "m_L", "m_X")
    return DoubletPortal(quarks, leptons, m_q, m_l, m_x, params.get("lambda_H", 0.0)).theory(inputs)
