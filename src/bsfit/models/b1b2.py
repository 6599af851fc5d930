r"""Gauged :math:`B_1+B_2-2B_3` of 1608.03894 [Celis:2016ayl]_ with a vector-like lepton and Dirac dark matter.

Quarks have charges 1/3, 1/3, -2/3 by generation, both chiralities alike: free of anomalies by itself. A vector-like
doublet of leptons L, charge :math:`q_L`, mixes with the second light one by an angle :math:`\theta_\mu`; dark matter is
a Dirac fermion of charge :math:`q_\chi`. All mixing of quarks is among the down ones, so that

:math:`\Delta_L^{d,ij}=g_X[\frac13\delta^{ij}-V_{ti}^*V_{tj}]`, :math:`\Delta_R` diagonal,
:math:`\Delta_L^{\mu\mu}=\Delta^{\nu_\mu\nu_\mu}=g_Xq_L\sin^2\theta_\mu`, and
:math:`C_9=-C_{10}=C_L=q_L\sin^2\theta_\mu(\Lambda_vg_X/m_{Z'})^2` [derived]: real, negative for :math:`q_L<0`.

:math:`B_s` mixing depends on :math:`m_{Z'}/g_X` alone and only goes up. The Z' couples to u and d, so that scattering
is at tree level and isoscalar, :math:`b_p=b_n=g_X^2q_\chi/m_{Z'}^2` [derived]: LZ leaves :math:`m_{Z'}/g_X` above
25 TeV for :math:`q_\chi=1` and a mass of 1 TeV. Searches for dileptons from u and d exclude much and are not computed.

Charges and the remnant symmetry that keeps :math:`\chi` stable are those of the paper's abstract; that L is a doublet
is a choice. One scalar of charge :math:`q_L` that mixes L and gives the Z' its mass has the Yukawa coupling
`lambda_mix`, a lower bound where others help. :math:`V_{cb}` and :math:`V_{ub}` need a further Higgs doublet of charge
1 (1503.03477 [Crivellin:2015lwa]_) or heavy quarks. `h_share`, its part of :math:`v^2`, mixes Z and Z' (`Delta_rho`):
it shifts the decays into all leptons, :math:`C_{10}` by itself in the unit above [derived], and scattering; it may be
zero, the default. The scalars of this doublet, which change flavour, are left out. No formula was compared with the
text.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges
from bsfit.matching.hermitian import is_zero
from bsfit.matching.vectorlike import mixing_by_angle, numbers
from bsfit.matching.z_prime import Currents, mixed_leptons, quark_charges, shift_of_rho
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory

QUARKS = (1 / 3, 1 / 3, -2 / 3)
"""Charges by generation."""


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g, q_l, q_chi = numbers(params, "m_Zp", "m_chi", "g_X", "q_L", "q_chi")
    theta, m_l = numbers(params, "theta_mu", "M_L")
    z, cutoff = currents(params, inputs), params["Lambda"]
    rho = shift_of_rho(m_zp, z, inputs)
    largest = g * jnp.maximum(jnp.abs(q_l), 2 / 3)
    yukawa = jnp.sqrt(2.0) * m_l * jnp.abs(jnp.sin(theta) * g * q_l) / m_zp
    verdicts = (
        validity.perturbative_yukawas((yukawa + 0j,)),
        validity.below("perturbative_fermions", "g_X q_L, against sqrt(4 pi)", largest, validity.SQRT_4PI),
        validity.landau_pole(charges.landau_pole(g, charges.slope(fermions(q_l, q_chi), scalars=(q_l, 1.0, 1.0)))),
        validity.z_mixing(rho),
    )
    portal = DiracPortal(m_zp, m_chi, g * q_chi, z, TopLoop(cutoff), cutoff)
    return portal.theory(inputs, quantities={"lambda_mix": yukawa, "Delta_rho": rho}, verdicts=verdicts)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    g, q_l = numbers(params, "g_X", "q_L")
    pair = (g * QUARKS[0], g * QUARKS[2])
    lepton = mixing_by_angle(params["M_L"], params["theta_mu"], {1: jnp.ones(())}, g * q_l)
    quarks = quark_charges(pair, pair, pair, ckm(inputs))
    z, share = quarks + mixed_leptons(lepton), params.get("h_share", 0.0)
    z = z if is_zero(share) else z.with_higgs_charge(g * share)
    return z.with_kinetic_mixing(params.get("epsilon", 0.0))


def fermions(q_l: Float[Array, ""] | float, q_chi: Float[Array, ""] | float) -> list[charges.Weyl]:
    """All that is charged: for the running of the gauge coupling, and sums that vanish."""
    quarks = [
        field
        for q in QUARKS
        for field in (
            charges.Weyl(3, 2, 1 / 6, q),
            charges.right_handed(3, 2 / 3, q),
            charges.right_handed(3, -1 / 3, q),
        )
    ]
    return [*quarks, *charges.vectorlike(1, 2, -0.5, q_l), *charges.vectorlike(1, 1, 0.0, q_chi)]
