r"""Dark matter exchange of 1711.10770 [Cline:2017qqu]_: Majorana dark matter, an inert doublet and a heavy quark.

:math:`L=\lambda_Q^i\bar\Psi P_Lq_i\phi^\dagger+\lambda_L^i\bar\chi P_Ll_i\phi^\dagger` + h.c., :math:`\Psi`
(3,1,2/3), :math:`\phi` = (:math:`\phi^0,\phi^-`) (1,2,-1/2), :math:`\chi` (1,1,0) Majorana, all odd (the paper's
couplings are the complex conjugates). Boxes share :math:`\phi^-`: :math:`C_9=-C_{10}` with
:math:`J_2(\Psi,\chi,\phi^\pm,\phi^\pm)`, to which the Majorana nature of :math:`\chi` adds nothing.

* :math:`\phi` is a doublet: no :math:`b\to s\nu\nu` (:math:`C_L=0`), but :math:`b\to c\mu\nu` changes, which is not
  computed. D mesons mix through :math:`\phi^0`; in the box of tridents the Majorana :math:`\chi` has both orders.
* :math:`\chi` is neutral: :math:`a_\mu<0`. It cannot explain a larger moment than the Standard Model's.
* :math:`\chi\chi` goes into leptons by a p-wave and scatters by its anapole, far below what is searched for:
  `anapole`, and as an estimate `sigma_SI_equivalent`, the constant cross section in cm^2 that scatters as often. The
  paper's abstract counts direct detection among its probes; what it means is not known here.

Field content as in the paper's abstract, hypercharges from gauge invariance; no formula was compared with the text.
:math:`\lambda_5` of the doublets vanishes (it would make :math:`m_\nu`), so that :math:`\phi^0` is complex. Left out:
:math:`\phi` and :math:`\Psi` in freeze-out (verdict), bremsstrahlung in annihilation today, scattering by a Higgs
penguin and by the box with quarks, transitions between leptons but :math:`l\to l'\gamma` (verdict).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.constants import CHARGE_UP
from bsfit.dark_sector import nucleon
from bsfit.dark_sector.scalar_exchange import ScalarExchange
from bsfit.loading.inputs import Inputs
from bsfit.matching import oblique, scalar_loops
from bsfit.matching.boxes import Boson, Line, shared_doublet
from bsfit.matching.vectorlike import DOWN_QUARKS, Vector, coupling_vector, norm_squared, numbers, squared, yukawa_pole
from bsfit.theory import DarkSector, Params, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_psi, m_pm, m_0, m_chi = numbers(params, "m_Psi", "m_phi_pm", "m_phi_0", "m_chi")
    charged, neutral = Boson(m_pm), Boson(m_0)
    of_quarks = Line(quarks, m_psi, charged, neutral, charge=CHARGE_UP, scalar_charge=-1.0, coloured="fermion")
    of_leptons = Line(leptons, m_chi, charged, neutral, charge=0.0, scalar_charge=-1.0, majorana=True)
    coefficients, found = scalar_loops.coefficients(
        of_quarks, of_leptons, shared_doublet(of_quarks, of_leptons), m_psi, inputs
    )
    coefficients |= scalar_loops.of_leptons(of_leptons, inputs)
    anapole = anapole_of(leptons, m_pm, m_chi, inputs)
    quantities = {
        **found,
        "anapole": anapole,
        "sigma_SI_equivalent": nucleon.anapole_equivalent(anapole, m_chi, inputs),
        "Delta_S": oblique.shift_of_s(m_pm, m_0, m_0),
        "Delta_T": oblique.shift_of_t(m_pm, m_0, m_0, inputs),
    }
    conditions = verdicts(quarks, leptons, (m_psi, m_pm, m_0, m_chi), quantities["Delta_T"], inputs)
    dark = dark_sector(leptons, (m_pm, m_0, m_chi), anapole, inputs)
    return Theory(WilsonCoefficients.of(coefficients), quantities, conditions, dark)


def anapole_of(leptons: Vector, m_pm: Scalar, m_chi: Scalar, inputs: Inputs) -> Scalar:
    r"""Of all leptons, GeV^-2; of half the mass where :math:`\chi` is the heavier one, finite and without a meaning."""
    lighter = jnp.where(m_chi < m_pm, m_chi, m_pm / 2)
    each = nucleon.anapoles(lighter, m_pm, nucleon.loop_masses(inputs)["electron"])
    return jnp.sum(jnp.stack([squared(x) for x in leptons]) * each)


def dark_sector(leptons: Vector, masses: tuple[Scalar, Scalar, Scalar], anapole: Scalar, inputs: Inputs) -> DarkSector:
    r"""Annihilation through :math:`\phi^-` and :math:`\phi^0`; `masses` of these and of :math:`\chi` in GeV."""
    m_pm, m_0, m_chi = masses
    return DarkSector(
        masses=m_chi[None],
        dof=jnp.full(1, 2.0),
        channels=(
            ScalarExchange.of({"electron": leptons}, m_pm, m_chi, inputs, majorana=True, name="charged leptons"),
            ScalarExchange.of({"neutrino": leptons}, m_0, m_chi, inputs, majorana=True, name="neutrinos"),
        ),
        pole_masses=jnp.zeros(0),
        pole_widths=jnp.zeros(0),
        kind="Majorana",
        anapole=anapole,
    )


def verdicts(
    quarks: Vector, leptons: Vector, masses: tuple[Scalar, Scalar, Scalar, Scalar], shift_of_t: Scalar, inputs: Inputs
) -> tuple[Verdict, ...]:
    r"""Conditions; :math:`16\pi^2\,d\lambda_L/d\ln\mu=\frac52\lambda_L^3+3|\lambda_Q|^2\lambda_L`, of quarks 9/2, 1."""
    m_psi, m_pm, m_0, m_chi = masses
    own, other = norm_squared(leptons), norm_squared(quarks)
    poles = yukawa_pole(2.5 * own, 3 * other), yukawa_pole(4.5 * other, own)
    lightest = jnp.minimum(m_pm, m_0)
    return (
        validity.perturbative_yukawas((*quarks, *leptons)),
        validity.landau_pole(jnp.minimum(*poles)),
        validity.local_operators(jnp.stack([m_psi, m_pm, m_0]), inputs["m_b"]),
        validity.heavy_dark_matter(m_chi),
        validity.stable("chi", "m_Psi and m_phi", jnp.minimum(m_psi, lightest), m_chi),
        validity.coannihilation("phi and Psi", jnp.minimum(m_psi, lightest), m_chi),
        validity.oblique(shift_of_t),
        validity.charged_at_lep("m_phi_pm", m_pm),
        validity.invisible_z("m_phi_0", m_0, inputs["m_Z"]),
        validity.lhc_pairs("m_phi_pm", m_pm, m_chi, 650.0, 100.0),
        validity.lhc_pairs("m_Psi", m_psi, m_chi, 1500.0, 100.0),
        validity.lepton_flavour(leptons),
    )
