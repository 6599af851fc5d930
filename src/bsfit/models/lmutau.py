r"""Gauged :math:`L_\mu-L_\tau` with vector-like quarks and Dirac dark matter, with kinetic mixing or without.

Models of 1609.04026 [Altmannshofer:2016jzy]_ and, with kinetic mixing, of 1803.05723 [Arcadi:2018tly]_. The Z' couples
to muons (+1), taus (-1) and their neutrinos, both chiralities; :math:`\Phi` of charge 1 breaks the symmetry,
:math:`v_\Phi=m_{Z'}/g_X`; :math:`\chi` has charge :math:`q_\chi`. Vector-like quarks Q (3,2,1/6,+1), D (3,1,-1/3,-1)
and U (3,1,2/3,-1) of 1403.1269 [Altmannshofer:2014cfa]_ mix with the light ones,
:math:`L=\lambda_Q^i\bar Q_R\Phi q_L^i+Y_D^i\bar D_L\Phi^\dagger d_R^i` + h.c., in the mass basis of the down quarks as
in the portal model, where :math:`\lambda_Q^b` and :math:`Y_D^b` may be taken real and positive; U does not mix.

:math:`C_9^\mu=-C_9^\tau=-\frac{\Lambda_v^2}{V_{tb}V_{ts}^*}\frac{\lambda_Q^b\lambda_Q^{s*}}{M_Q^2}` for any gauge
coupling, :math:`C_9'` the same of D with the opposite sign, :math:`C_{10}=0`. Q and D together make the left-right
operator of :math:`B_s` mixing, whose matrix element is negative. :math:`(g-2)_\mu` is complete, for the muon does not
mix. The charges of the quarks make kinetic mixing finite: `epsilon` is what there is beside the loops, which it cancels
in `sigma_SI` at about 0.0165 g_X. `tau_to_mu` is the relative shift of the rate of :math:`\tau\to\mu\nu\bar\nu`.

Field content as in the abstracts, quarks as in 1403.1269; the formulas are derived here or standard with their source,
none was compared with the text. The claim that only dark matter of 5-23 GeV remains is not reproduced: from 300 GeV on
there are points that direct detection leaves. At m_Zp of 5-70 GeV decays of the Z into four muons are the standing
limit, not computed: the benchmark of 32.5 GeV is likely excluded by it.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.dark_sector.dirac_portal import DiracPortal
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges, loops, muon_moment
from bsfit.matching.currents import from_muon_moment
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, couplings, mixing, numbers, to_up
from bsfit.matching.z_prime import Currents, Fermions, lepton_charges, mixed_quarks
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_chi, g, q_chi = numbers(params, "m_Zp", "m_chi", "g_X", "q_chi")
    z = currents(params, inputs)
    m_q, m_d = (heavy.mass for heavy in z.down.heavy)
    top = TopLoop.of_doublet(m_q, z.up.left(2, 2).real / g)
    quantities = {
        "M_Q": m_q,
        "M_D": m_d,
        "v_phi": m_zp / g,
        "tau_to_mu": g**2 * loops.tau_to_muon(m_zp, inputs["m_W"]),
    }
    moment = from_muon_moment(muon_moment.muon_loop(m_zp, z, inputs), inputs)
    yukawas = (*coupling_vector(params, "lambda_Q", DOWN_QUARKS), *coupling_vector(params, "YD", DOWN_QUARKS))
    verdicts = (
        validity.perturbative_yukawas(yukawas),
        validity.landau_pole(charges.landau_pole(g, charges.slope(fermions(q_chi), scalars=(1.0,)))),
        validity.above(
            "z_to_four_muons",
            "mass of the Z' in GeV, against 70: decays of the Z to four muons limit lighter ones and are not computed",
            m_zp,
            70.0,
        ),
    )
    return DiracPortal(m_zp, m_chi, g * q_chi, z, top).theory(inputs, moment, quantities, verdicts)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    m_zp, g = numbers(params, "m_Zp", "g_X")
    scale = m_zp / (jnp.sqrt(2.0) * g)
    quarks = couplings(params, "lambda_Q", DOWN_QUARKS)
    down, up = (mixing(params["m_Q"], each, g, scale) for each in (quarks, to_up(quarks, ckm(inputs))))
    singlet = mixing(params["m_D"], couplings(params, "YD", DOWN_QUARKS), -g, scale)
    singlets = Currents(up=Fermions.vectorlike(params["m_U"], -g), down=Fermions.mixed(singlet, "right"))
    leptons = lepton_charges((0.0, g, -g), (0.0, g, -g))
    return (mixed_quarks(down, up) + singlets + leptons).with_kinetic_mixing(params.get("epsilon", 0.0))


def fermions(q_chi: Float[Array, ""] | float) -> list[charges.Weyl]:
    """All that is charged, for the running of the gauge coupling; anomalies cancel by generation."""
    leptons = [charges.Weyl(1, 2, -0.5, q) for q in (1, -1)] + [charges.right_handed(1, -1.0, q) for q in (1, -1)]
    quarks = [(3, 2, 1 / 6, 1), (3, 1, 2 / 3, -1), (3, 1, -1 / 3, -1), (1, 1, 0.0, q_chi)]
    return leptons + [field for numbers in quarks for field in charges.vectorlike(*numbers)]
