r"""Anomaly-free charges of 1705.03447 [Ellis:2017tkh]_: a third generation of quarks apart, dark matter that they need.

U(1)' charges of the doublets :math:`q_L` and singlets :math:`u_R` are the same for the first two generations; right-
handed down quarks and electrons have none. One dark fermion of charges :math:`\chi_L,\chi_R`, a Dirac one, cancels
anomalies: with :math:`Q=2q_1+q_3` they fix :math:`\chi_R-\chi_L=-2Q` [derived], so that
:math:`g_V=g(\chi_L+\chi_R)/2` and :math:`g_A=g(\chi_R-\chi_L)/2\ne0`. Three sets, which cancel all six sums (test):

A: vector muons, light quarks charged; B: purely axial dark matter, and :math:`C_9^\tau=C_9^\mu`; C: the first two
generations are neutral, and :math:`C_9>0`. The table is not the paper's, which was not read; its abstract has the types
B and C. C allows :math:`\bar l_\mu\tilde H\chi_L^c`, by which dark matter would decay: its parity is put in by hand.

Mixing is among the down quarks, :math:`\Delta_L^{sb}=g(q_3-q_1)V_{ts}^*V_{tb}`, so that
:math:`C_9=-(q_3-q_1)(\mu_L+\mu_R)(\Lambda_vg/m_{Z'})^2`, :math:`C_{10}` with :math:`\mu_R-\mu_L` [derived]. The top
quark gets its mass from a Higgs doublet of charge :math:`t_R-q_3`, 1 in A and C, 0 in B. `h_share`, its part of
:math:`v^2`, mixes Z and Z' at tree level: :math:`\Delta\rho` (`Delta_rho`), the coupling of dark matter to the Higgs
current, most of `sigma_SI` in C, and the Z in decays, :math:`C_{10}` of all leptons by
:math:`-(q_3-q_1)(t_R-q_3)` `h_share` in the unit above [derived], a sixth of :math:`C_9` in A. The reference numbers
do not have the last (input `Z_mixing`). `Lambda` is the mass of the doublet that is heavy, where loops of top quarks
end, and the scale where `epsilon` holds, for the sum of charges does not vanish.

Annihilation: exchange of the Z' with its part along the momentum (axial top quarks), Z'Z' and Z' :math:`\phi` with the
dark Higgs boson of charge :math:`\chi_L-\chi_R` [derived], :math:`m_{Z'}=2|g_A|w`. Left out: Z'->Zh, WW, 2 % of the
width in A, the Z in annihilation, scalars that change flavour, searches for pairs of leptons. `a_mu_Zp` is the part of
the Z' alone.
"""

from typing import NamedTuple

import jax.numpy as jnp

from bsfit import validity
from bsfit.dark_sector.axial_portal import AxialPortal
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import DarkHiggs
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching.charges import Weyl, landau_pole, right_handed, slope
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.vectorlike import numbers
from bsfit.matching.z_prime import Currents, lepton_charges, quark_charges
from bsfit.numerics import safe_sqrt
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


class Charges(NamedTuple):
    """Of the first two generations and the third of quarks; of left- and right-handed leptons, dark matter."""

    doublet: tuple[int, int]
    up: tuple[int, int]
    muon: tuple[int, int]
    tau: tuple[int, int]
    chi: tuple[int, int]

    @property
    def higgs(self) -> int:
        """Of the doublet that gives the top quark its mass."""
        return self.up[1] - self.doublet[1]

    def theory(self, params: Params, inputs: Inputs) -> Theory:
        """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
        m_zp, m_chi, g = numbers(params, "m_Zp", "m_chi", "g_X")
        left, right = self.chi
        current = DarkCurrent.dirac(m_chi, g * (left + right) / 2, g * (right - left) / 2)
        phi = DarkHiggs.of(params["m_phi"], current, m_zp, params.get("Gamma_phi_over_m", jnp.inf))
        cutoff = params["Lambda"]
        portal = AxialPortal(m_zp, current, phi, self.currents(params, inputs), TopLoop(cutoff), cutoff)
        share = numbers(params, "h_share")[0] if self.higgs else jnp.ones(())
        scalars = (left - right, self.higgs, self.higgs)
        verdicts = (
            validity.landau_pole(landau_pole(g, slope(self.fermions(), scalars))),
            validity.top_yukawa(inputs["m_t_MSbar"], safe_sqrt(share) * higgs_vev(inputs)),
        )
        return portal.theory(inputs, verdicts=verdicts)

    def currents(self, params: Params, inputs: Inputs) -> Currents:
        """Couplings of the Z' to all fermions."""
        (g,) = numbers(params, "g_X")
        doublet, up = ((g * first, g * third) for first, third in (self.doublet, self.up))
        left, right = ((0.0, g * mu, g * tau) for mu, tau in zip(self.muon, self.tau, strict=True))
        z = quark_charges(doublet, up, (0.0, 0.0), ckm(inputs)) + lepton_charges(left, right)
        if self.higgs:
            z = z.with_higgs_charge(g * self.higgs * params.get("h_share", 0.0))
        return z.with_kinetic_mixing(params.get("epsilon", 0.0))

    def fermions(self) -> list[Weyl]:
        """All that is charged: for the running of the gauge coupling, and sums that vanish."""
        quarks = [Weyl(3, 2, 1 / 6, q) for q in (self.doublet[0], *self.doublet)]
        quarks += [right_handed(3, 2 / 3, u) for u in (self.up[0], *self.up)]
        leptons = [Weyl(1, 2, -0.5, left) for left, _ in (self.muon, self.tau)]
        leptons += [right_handed(1, -1.0, right) for _, right in (self.muon, self.tau)]
        return [*quarks, *leptons, Weyl(1, 1, 0.0, self.chi[0]), right_handed(1, 0.0, self.chi[1])]


A = Charges(doublet=(1, -1), up=(1, 0), muon=(-3, -3), tau=(0, -1), chi=(3, 1))
B = Charges(doublet=(1, 0), up=(2, 0), muon=(-3, -4), tau=(-3, -4), chi=(2, -2))
C = Charges(doublet=(0, 1), up=(0, 2), muon=(-3, -4), tau=(0, 0), chi=(2, 0))
