r"""Gauged :math:`xB_3-xL_e-L_\mu+L_\tau` of 1701.05788 [Ko:2017quv]_: a right-handed neutrino N, Majorana dark matter.

The third generation of quarks has charge x/3, leptons -x, -1 and +1, all vectors; three right-handed neutrinos of the
charges of the leptons cancel anomalies, are odd under a parity and get masses when it breaks. With the inert doublet
:math:`\eta`, neutral under the new symmetry, :math:`L=-y_l\bar l_l\tilde\eta N_l` + h.c. N is the lightest mixture
:math:`\sum_lU_lN_l`: `y_e`, `y_mu`, `y_tau` are its couplings, :math:`y_lU_l`, and `Q_N`
:math:`=\sum_l|U_l|^2Q_l` its charge, :math:`g_A=gQ_N`.

All mixing is among the down quarks, :math:`\Delta_L^{sb}=\frac{xg}3V_{ts}^*V_{tb}`, so that
:math:`C_9^\mu=-C_9^\tau=\frac{2x}3(\Lambda_vg/m_{Z'})^2`, :math:`C_9^e=xC_9^\mu`, :math:`C_{10}=0`, :math:`C_L=C_9/2`
[derived]: negative for muons and positive for electrons where x < 0.

N annihilates into leptons by :math:`\eta^\pm,\eta^0` (degenerate) in the t and u channel, through the Z' and by the
interference of both, constructive for :math:`Q_lQ_N>0`, and into Z'Z' and Z' :math:`\phi` [derived]. One dark Higgs
boson :math:`\phi` that gives N and the Z' their masses is a choice. `sigma_SI` is zero at tree level.
:math:`(g-2)_\mu` is that of the Z' and of :math:`\eta^\pm` with N, which is negative (`a_mu_eta`; standard); its loop
turns muons into electrons where `y_e` and `y_mu` both are not zero. The two heavier N, which may cancel that, are left
out there unless their masses `m_N2`, `m_N3` and couplings `y_e2` ... are given, and always in the width of the Z'; so
are coannihilation with :math:`\eta`, LEP and LHC.

`lambda_5` splits :math:`\eta^0` and gives neutrinos their masses at one loop (`matching.neutrino_masses`): `m_nu_ee`,
``emu``, ``etau``, ``mumu``, ``mutau``, ``tautau`` in GeV, of all N that are given; of N alone, one neutrino has a mass.
The paper's texture is m_nu_ee = m_nu_emu = 0 in normal ordering. Masses of 0.05 eV take :math:`\lambda_5` of some
1e-10: elsewhere :math:`\eta_R` and :math:`\eta_I` count as degenerate (verdict `split_eta`). Couplings are real, and
those of all three N to two leptons orthogonal, since y is diagonal by the charges (verdict `mixture_of_N`).

Fields as in the abstract, nothing was compared with the text. :math:`V_{cb}` and :math:`V_{ub}` need a second Higgs
doublet of charge x/3: `h_share`, its part of :math:`v^2`, mixes Z and Z' (`Delta_rho`) as in the model `charges`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.dark_sector.annihilation import VectorExchange
from bsfit.dark_sector.axial_portal import AxialPortal
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import DarkHiggs
from bsfit.dark_sector.scalar_exchange import ScalarExchange, ScalarVectorInterference
from bsfit.dark_sector.z_prime_decays import fermion_pairs
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges, loops, muon_moment, neutrino_masses
from bsfit.matching.currents import from_muon_moment, together
from bsfit.matching.hermitian import is_zero
from bsfit.matching.neutrino_masses import RightHanded
from bsfit.matching.vectorlike import coupling_vector, numbers, squared
from bsfit.matching.z_prime import Currents, lepton_charges, quark_charges
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Channel, Params, Theory, Verdict


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_n, m_eta, g, q_n = numbers(params, "m_Zp", "m_N", "m_eta", "g_X", "Q_N")
    z, cutoff, yukawas = currents(params, inputs), params["Lambda"], coupling_vector(params, "y", LEPTONS)
    couplings = {"electron": yukawas, "neutrino": yukawas}
    through_eta = ScalarExchange.of(couplings, m_eta, m_n, inputs, majorana=True, name="leptons")

    def beside(through: VectorExchange) -> tuple[Channel, ...]:
        _, final = fermion_pairs(z, inputs, couplings)
        weights, heavy = jnp.stack([squared(y) for y in yukawas] * 2), jnp.broadcast_to(m_eta, (6,))
        arguments = (through.current, m_zp, through.total_width, final, weights, heavy)
        return through_eta, ScalarVectorInterference(*arguments, jnp.zeros(0))

    right_handed, lambda_5 = states(params), params.get("lambda_5", 0.0)
    present = [(each.couplings, -loops.dipole(m_eta, each.mass)) for each in map(RightHanded.present, right_handed)]
    eta = sum((muon_moment.scalar_loop(y[1], loop, inputs) for y, loop in present), jnp.zeros(()))
    dipoles = together(*(muon_moment.lepton_dipoles(y, loop, inputs) for y, loop in present))
    dipoles |= from_muon_moment(eta + muon_moment.muon_loop(m_zp, z, inputs), inputs)
    masses = neutrino_masses.mass_matrix(right_handed, m_eta, lambda_5, inputs)
    outputs = {"a_mu_eta": eta, **{f"m_nu_{name}": entry.real for name, entry in masses.items()}}
    current = DarkCurrent.majorana(m_n, g * q_n)
    phi = DarkHiggs.of(params["m_phi"], current, m_zp, params.get("Gamma_phi_over_m", jnp.inf))
    portal = AxialPortal(m_zp, current, phi, z, TopLoop(cutoff), cutoff)
    conditions = (*verdicts(params), *neutrino_masses.verdicts(right_handed, m_eta, lambda_5, masses, inputs))
    return portal.theory(inputs, dipoles, outputs, conditions, beside)


def states(params: Params) -> tuple[RightHanded, ...]:
    """N, dark matter, and the two heavier ones."""
    masses = (params["m_N"], *(params.get(name, jnp.inf) for name in ("m_N2", "m_N3")))
    names = [[f"{lepton}{k}" for lepton in LEPTONS] for k in ("", "2", "3")]
    return tuple(
        RightHanded(coupling_vector(params, "y", (e, mu, tau)), jnp.asarray(mass, dtype=float))
        for (e, mu, tau), mass in zip(names, masses, strict=True)
    )


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    g, x = numbers(params, "g_X", "x")
    quarks, leptons, share = (0.0, g * x / 3), (-x * g, -g, g), params.get("h_share", 0.0)
    z = quark_charges(quarks, quarks, quarks, ckm(inputs)) + lepton_charges(leptons, leptons)
    z = z if is_zero(share) else z.with_higgs_charge(g * x / 3 * share)
    return z.with_kinetic_mixing(params.get("epsilon", 0.0))


def verdicts(params: Params) -> tuple[Verdict, ...]:
    """Conditions beside those of every portal and of the masses of neutrinos."""
    m_n, m_eta, g, x, q_n = numbers(params, "m_N", "m_eta", "g_X", "x", "Q_N")
    heavier = jnp.minimum(m_eta, jnp.minimum(*(state.mass for state in states(params)[1:])))
    stable = "lightest of m_eta, m_N2 and m_N3 in GeV, against m_N: below, N is not the dark matter"
    alone = "the same over m_N, against 1.2: below, others take part in freeze-out, which is not computed"
    charge = "|Q_N|, against the largest charge of a lepton: above, N is no mixture of the three neutrinos"
    electrons = "coupling of the Z' to electrons, against 1e-3: above, pairs at LEP count and are not computed"
    b = charges.slope(fermions(x), scalars=(2 * q_n,))
    return (
        validity.landau_pole(charges.landau_pole(g, b)),
        validity.above("stable_N", stable, heavier, m_n, counts="dark matter"),
        validity.above("coannihilation", alone, heavier / m_n, 1.2),
        validity.not_above("charge_of_N", charge, jnp.abs(q_n), jnp.maximum(jnp.abs(x), 1.0)),
        validity.below("lep_not_tested", electrons, jnp.abs(g * x), 1e-3),
        validity.perturbative_yukawas([y for state in states(params) for y in state.couplings]),
    )


def fermions(x: Float[Array, ""] | float) -> list[charges.Weyl]:
    """All that is charged: for the running of the gauge coupling, and sums that vanish."""
    quarks = [charges.Weyl(3, 2, 1 / 6, x / 3), *(charges.right_handed(3, y, x / 3) for y in (2 / 3, -1 / 3))]
    leptons = (
        (charges.Weyl(1, 2, -0.5, q), charges.right_handed(1, -1.0, q), charges.right_handed(1, 0.0, q))
        for q in (-x, -1.0, 1.0)
    )
    return [*quarks, *(field for generation in leptons for field in generation)]
