r"""Vector-like confinement of 1710.02140 [Cline:2017aed]_: a new confining force, whose mesons are leptoquarks.

:math:`L=\lambda_Q^i\bar\Psi P_Lq_i\phi^\dagger+\lambda_L^i\bar SP_Ll_i\phi^\dagger` + h.c., the Lagrangian of
`dm_exchange` with :math:`\Psi`, S and the heavy :math:`\phi` fundamental under :math:`SU(N_{HC})`. Below
:math:`m_\phi` it is a contact term, by Fierz
:math:`-\frac{\lambda\lambda^*}{2m_\phi^2}(\bar q_a\gamma P_Ll_a)(\bar S\gamma P_R\Psi)`, and the vector meson
:math:`\bar S\Psi` of decay constant :math:`f_\rho` a leptoquark :math:`U_1`, whose mass drops out:

* :math:`C_9=-C_{10}` with :math:`J=4\pi^2f_\rho^2/m_\phi^4` in the place of a box (`matching.boxes`), without
  :math:`b\to s\nu\nu` but with :math:`b\to c\mu\nu`, which is not computed;
* meson mixing with the same J of :math:`f_\rho^\Psi`, of the vector mesons :math:`\bar\Psi\Psi`;
* penguins and dipoles of :math:`N_{HC}` loops, so that :math:`a_\mu<0`; `C9_box`, not added, would be their box.

**A factor of two is open**: axial-vector mesons add to the vectors, :math:`m_\phi` is not far above the scale of
confinement, `Lambda_HC` by :math:`f_\rho=0.86\sqrt{N_{HC}/3}\,\Lambda_{HC}`, scaled from the rho meson. :math:`f_\rho`
is free for that reason.

Dark matter is the baryon :math:`S^{N_{HC}}` of mass `m_DM` :math:`=N_{HC}m_S` without binding. It is asymmetric:
`Omega_h2` and all that freeze-out gives are refused. It scatters by a magnetic moment, `mu_DM` of :math:`N_{HC}`
times :math:`\mu_S=em_S\sum|\lambda_L|^2/64\pi^2m_\phi^2` (:math:`m_S\ll m_\phi`), at no constant cross section:
`sigma_SI` is refused too.

Field content as in the abstract, hypercharges from gauge invariance; derived here, no formula was compared with the
text. Left out: mesons at the LHC, tridents, transitions between leptons but :math:`l\to l'\gamma` (verdict).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.constants import CHARGE_UP
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops, scalar_loops
from bsfit.matching.boxes import Boson, Boxes, Line, current
from bsfit.matching.currents import lambda_v
from bsfit.matching.muon_moment import lepton_dipoles
from bsfit.matching.vectorlike import DOWN_QUARKS, Vector, coupling_vector, norm_squared, numbers, yukawa_pole
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.theory import Params, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_phi, m_psi, m_s, n, of_leptoquark, of_quarkonium = numbers(
        params, "m_phi", "m_Psi", "m_S", "N_HC", "f_rho", "f_rho_Psi"
    )
    phi = Boson(m_phi)
    of_quarks = Line(quarks, m_psi, phi, phi, charge=CHARGE_UP, scalar_charge=-1.0, coloured="fermion")
    of_leptons = Line(leptons, m_s, phi, phi, charge=0.0, scalar_charge=-1.0)
    mesons, mixing = ((2 * jnp.pi * f / m_phi**2) ** 2 for f in (of_leptoquark, of_quarkonium))
    coefficients, found = scalar_loops.coefficients(
        of_quarks, of_leptons, Boxes(mesons, None), m_phi, inputs, copies=n, mixing=mixing
    )
    coefficients |= lepton_dipoles(leptons, -n * scalar_loops.dipole(of_leptons, 0.0, -1.0), inputs)
    box = current(of_quarks, of_leptons, n * loops.box(m_psi, m_s, m_phi))(1, 1)
    scale = of_leptoquark / (0.86 * jnp.sqrt(n / 3))
    moment = magnetic_moment(leptons, m_s, m_phi, inputs)
    quantities = {
        **found,
        "C9_box": box * lambda_v(inputs) ** 2 / v_tb_v_ts(inputs),
        "Lambda_HC": scale,
        "m_DM": n * m_s,
        "mu_S": moment,
        "mu_DM": n * moment,
    }
    conditions = verdicts(quarks, leptons, (m_phi, m_psi, m_s), (n, scale), inputs)
    return Theory(WilsonCoefficients.of(coefficients), quantities, conditions)


def magnetic_moment(leptons: Vector, m_s: Scalar, m_phi: Scalar, inputs: Inputs) -> Scalar:
    r"""Of S by leptons and :math:`\phi^+`, GeV^-1."""
    charge = jnp.sqrt(4 * jnp.pi * inputs["alpha_em_0"])
    return charge * m_s * norm_squared(leptons) / (8 * jnp.pi * m_phi) ** 2


def verdicts(
    quarks: Vector, leptons: Vector, masses: tuple[Scalar, Scalar, Scalar], force: tuple[Scalar, Scalar], inputs: Inputs
) -> tuple[Verdict, ...]:
    r"""Conditions; `masses` of :math:`\phi`, :math:`\Psi`, S and the scale in `force`, beside N, in GeV.

    :math:`16\pi^2\,d\lambda_L/d\ln\mu=(\frac N2+2)\lambda_L^3+3|\lambda_Q|^2\lambda_L`, of quarks :math:`\frac N2+4`
    and 1 (derived here), without the new force, which delays the pole.
    """
    (m_phi, m_psi, m_s), (n, scale) = masses, force
    own, other = norm_squared(leptons), norm_squared(quarks)
    poles = yukawa_pole((n / 2 + 2) * own, 3 * other), yukawa_pole((n / 2 + 4) * other, own)
    heavy = "m_phi over Lambda_HC, against 2: below, phi is no contact term for the mesons"
    whole = "distance of N_HC from a whole number, against 0: there is no such group"
    return (
        validity.perturbative_yukawas((*quarks, *leptons)),
        validity.landau_pole(jnp.minimum(*poles)),
        validity.local_operators(jnp.stack([m_phi, m_psi]), inputs["m_b"]),
        validity.above("contact_mesons", heavy, m_phi / scale, 2.0),
        validity.not_above("whole_N_HC", whole, jnp.abs(n - jnp.round(n)), 0.0, counts="always"),
        validity.stable("S", "m_Psi and m_phi", jnp.minimum(m_psi, m_phi), m_s),
        validity.charged_at_lep("m_phi", m_phi),
        validity.lhc_pairs("m_Psi", m_psi, m_s, 1500.0, 100.0),
        validity.lepton_flavour(leptons),
    )
