r"""Fermion bridge of 1711.09772 [Dhargyal:2017vcu]_: a charged fermion F, two scalar doublets, singlet dark matter.

:math:`L=\lambda_Q^i\bar FP_Lq_i\phi_Q^\dagger+\lambda_L^i\bar FP_Ll_i\phi_l^\dagger` + h.c., F (1,1,-1),
:math:`\phi_Q` (3,2,7/6), :math:`\phi_l` (1,2,1/2); S (1,1,0) real, :math:`\frac12\lambda_SS^2|H|^2`, all odd. Boxes
share F: :math:`C_9=-C_{10}` with :math:`J_2(F,F,\phi_Q,\phi_l^0)`, :math:`C_L` with :math:`\phi_l^\pm`. F carries the
charge of the muon: :math:`a_\mu>0`.

**Repaired.** As the abstract has it S couples to the Standard Model by the Higgs boson alone, and the lightest of F,
:math:`\phi_l` and :math:`\phi_Q` is a second stable particle, charged or excluded by exchange of the Z (verdict
`second_stable_particle`). :math:`a_SS\phi_l^\dagger H` + h.c. (`a_S`, GeV) lets it decay; it mixes S and the neutral
:math:`\phi_l` by an angle that a verdict keeps below 0.05 and everything else neglects.

:math:`(g-2)_\mu` and :math:`C_9` together, which the abstract claims, would take :math:`\lambda_L^\mu>5` or states
below 200 GeV. Its masses differ between versions: none is taken over. Field content as in the abstract, hypercharges
from gauge invariance; no formula was compared with the text. :math:`\phi_Q` is degenerate and :math:`\phi_l^0` complex.
Left out: U(1)_F and its scalar, the Majorana :math:`N_R` and neutrino masses, F and the doublets in freeze-out
(verdict), transitions between leptons but :math:`l\to l'\gamma` (verdict).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.constants import CHARGE_UP
from bsfit.dark_sector.higgs_portal import HiggsPortal, width_if_coupled
from bsfit.loading.inputs import Inputs
from bsfit.matching import oblique, scalar_loops
from bsfit.matching.boxes import Boson, Line, shared_fermion
from bsfit.matching.scalar_sector import HiggsCouplings, higgs_vev
from bsfit.matching.vectorlike import DOWN_QUARKS, Vector, coupling_vector, norm_squared, numbers, yukawa_pole
from bsfit.theory import DarkSector, Params, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_f, m_q, m_0, m_pm = numbers(params, "m_F", "m_phi_Q", "m_phi_0", "m_phi_pm")
    phi_q = Boson(m_q)
    of_quarks = Line(quarks, m_f, phi_q, phi_q, charge=-1.0, scalar_charge=CHARGE_UP, coloured="scalar")
    of_leptons = Line(leptons, m_f, Boson(m_0), Boson(m_pm), charge=-1.0, scalar_charge=0.0)
    box = shared_fermion(of_quarks, of_leptons)
    coefficients, found = scalar_loops.coefficients(of_quarks, of_leptons, box, m_q, inputs)
    coefficients |= scalar_loops.of_leptons(of_leptons, inputs)
    m_s, coupling, trilinear = numbers(params, "m_S", "lambda_S", "a_S")
    mixing = jnp.sin(jnp.arctan2(2 * trilinear * higgs_vev(inputs), jnp.abs(m_0**2 - m_s**2)) / 2)
    shift = oblique.shift_of_t(m_pm, m_0, m_0, inputs)
    quantities = {**found, "sin_alpha": mixing, "Delta_S": oblique.shift_of_s(m_pm, m_0, m_0), "Delta_T": shift}
    conditions = (
        *verdicts(quarks, leptons, (m_f, m_q, m_0, m_pm, m_s), inputs),
        *dark_verdicts(params, mixing, inputs),
        validity.oblique(shift),
    )
    dark = dark_sector(m_s, coupling, inputs)
    return Theory(WilsonCoefficients.of(coefficients), quantities, conditions, dark)


def dark_sector(m_s: Scalar, coupling: Scalar, inputs: Inputs) -> DarkSector:
    """S and the Higgs portal."""
    portal = HiggsPortal.of_scalar(m_s[None], HiggsCouplings.unmixed(coupling, inputs), inputs, multiplicity=1.0)
    return DarkSector(
        masses=m_s[None],
        dof=jnp.ones(1),
        channels=portal.channels,
        pole_masses=portal.poles,
        pole_widths=portal.widths,
        kind="real scalar",
        scalar=portal.scattering,
    )


def verdicts(quarks: Vector, leptons: Vector, masses: tuple[Scalar, ...], inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Of F and the doublets; Landau poles as in `models.dm_exchange`. `masses` of F, the doublets and S in GeV."""
    m_f, m_q, m_0, m_pm, m_s = masses
    own, other = norm_squared(leptons), norm_squared(quarks)
    lightest = jnp.min(jnp.stack(masses[:4]))
    return (
        validity.perturbative_yukawas((*quarks, *leptons)),
        validity.landau_pole(jnp.minimum(yukawa_pole(2.5 * own, 3 * other), yukawa_pole(4.5 * other, own))),
        validity.local_operators(jnp.stack(masses[:4]), inputs["m_b"]),
        validity.stable("S", "m_F, m_phi_0, m_phi_pm and m_phi_Q", lightest, m_s),
        validity.coannihilation("F and the doublets", lightest, m_s),
        validity.charged_at_lep("m_F", m_f),
        validity.charged_at_lep("m_phi_pm", m_pm),
        validity.invisible_z("m_phi_0", m_0, inputs["m_Z"]),
        validity.lhc_pairs("m_phi_pm", m_pm, m_s, 650.0, 100.0),
        validity.lhc_pairs("m_phi_Q", m_q, m_s, 1500.0, 100.0),
        validity.lepton_flavour(leptons),
    )


def dark_verdicts(params: Params, mixing: Scalar, inputs: Inputs) -> tuple[Verdict, ...]:
    """Of S, and of the coupling that lets all others decay."""
    m_s, coupling, trilinear = numbers(params, "m_S", "lambda_S", "a_S")
    width = width_if_coupled(coupling, inputs)
    return (
        validity.heavy_dark_matter(m_s),
        validity.kinetic_equilibrium(m_s, inputs["m_h"], width),
        validity.higgs_portal(coupling, m_s, inputs["m_h"]),
        validity.second_stable_particle("a_S of S phi_l H in GeV", "F, phi_l and phi_Q", jnp.abs(trilinear)),
        validity.not_above("scalar_mixing", "mixing of S and phi_l, neglected, against 0.05", jnp.abs(mixing), 0.05),
    )
