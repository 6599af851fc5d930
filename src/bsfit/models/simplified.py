r"""Simplified Z' of 1511.07447 [Allanach:2015gkd]_: couplings to b and s, muons, a heavy lepton, Dirac dark matter.

Left-handed couplings of quarks are :math:`(g_q,g_q,g_{bb})` and :math:`g_{sb}` of :math:`\bar s\ldots b` in the mass
basis of the down quarks, turned by the CKM matrix for up quarks; those of leptons a vector :math:`g_e` to electrons,
:math:`g_{\mu L},g_{\mu R}` to muons, neutrinos as the left-handed ones;
:math:`\bar\mu\gamma(g_{EL}P_L+g_{ER}P_R)E` to a heavy charged lepton; :math:`g_\chi` to dark matter. A third family
alone has :math:`g_{sb}=g_{bb}V_{tb}V_{ts}^*`.

The field content is that of the paper's abstract, the formulas are derived here or standard with their source; none was
compared with the text. `a_mu_Zp` is the part of the Z' in :math:`(g-2)_\mu`, with the muon and E in the loop: in a
complete theory the mixing of the muon adds to it. Searches for pairs of leptons, the paper's main constraint, are not
computed. The sum of charges does not vanish: kinetic mixing is `epsilon` at the scale `Lambda`, where also the loop of
top quarks ends.
"""

import jax.numpy as jnp

from bsfit import validity
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import muon_moment
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import complex_parameter, numbers
from bsfit.matching.z_prime import Currents, Fermions, Heavy, lepton_charges, quarks_in_down_basis
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """Simplified model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g_chi, m_e = numbers(params, "m_Zp", "m_chi", "g_chi", "M_E")
    cutoff = params["Lambda"]
    portal = DiracPortal(m_zp, m_chi, g_chi, currents(params, inputs), TopLoop(cutoff), cutoff)
    left, right = numbers(params, "g_EL", "g_ER")
    heavy = muon_moment.heavy_loop(m_zp, m_e, left, right, inputs)
    light = muon_moment.muon_loop(m_zp, portal.currents, inputs)
    names = ("g_sb", "g_sb_im", "g_bb", "g_q", "g_e", "g_muL", "g_muR", "g_EL", "g_ER")
    couplings = jnp.abs(jnp.stack(numbers(params, *names)))
    size = validity.below(
        "perturbative_fermions", "largest coupling of the Z' to fermions, against sqrt(4 pi)", jnp.max(couplings),
        validity.SQRT_4PI,
    )  # fmt: skip
    return portal.theory(inputs, quantities={"a_mu_Zp": light + heavy}, verdicts=(size,))


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    g_q, g_bb, g_e, left, right = (params.get(name, 0.0) for name in ("g_q", "g_bb", "g_e", "g_muL", "g_muR"))
    mixed = Hermitian({(1, 2): complex_parameter(params, "g_sb")})
    quarks = quarks_in_down_basis(Hermitian.diagonal([g_q, g_q, g_bb]) + mixed, ckm(inputs))
    mass, to_left, to_right = numbers(params, "M_E", "g_EL", "g_ER")
    none = jnp.zeros(())
    heavy = Heavy(mass, none, none, to_left={1: to_left + 0j}, to_right={1: to_right + 0j}, singlet=True)
    leptons = lepton_charges((g_e, left, 0.0), (g_e, right, 0.0)) + Currents(electron=Fermions(heavy=(heavy,)))
    return (quarks + leptons).with_kinetic_mixing(params.get("epsilon", 0.0))
