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
lepton-flavour violation other than in b -> s and :math:`\mu\to e\gamma`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.dark_sector.coannihilation import FermionPair, GaugeCharges, MixedPair
from bsfit.dark_sector.conversion import FermionConversion
from bsfit.dark_sector.higgs_interference import HiggsInterference
from bsfit.dark_sector.higgs_portal import HiggsExchange, HiggsPortal, width_if_coupled
from bsfit.dark_sector.t_channel import FermionExchange
from bsfit.dark_sector.t_channel_scattering import nucleon_couplings
from bsfit.loading.inputs import Inputs
from bsfit.matching import scalar_loops
from bsfit.matching.boxes import shared_singlet
from bsfit.matching.scalar_sector import HiggsCouplings
from bsfit.matching.vectorlike import (
    DOWN_QUARKS,
    Vector,
    coupling_vector,
    known_zero,
    norm_squared,
    squared,
    up_couplings,
)
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.qcd import alpha_s
from bsfit.theory import Channel, DarkSector, Params, Partner, Theory, Verdict, WilsonCoefficients


def theory(params: Params, inputs: Inputs) -> Theory:
    """Loop model at one point; parameters as in `catalogue.MODELS`, those not given are zero.

    Quantities, in powers of GeV: `M_Q`, `M_L`, `J` (box of the quark and the lepton), `C9_photon` (the part of every C9
    that comes from the photon penguin), `C7_bs_mu_NP`, `C8_bs_mu_NP` (at the scale m_Q), `C_bs_LL` (coefficient of
    (s gamma P_L b)^2 in +H at the scale m_Q).
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_q, m_l, m_x = (jnp.asarray(params[name], dtype=float) for name in ("m_Q", "m_L", "m_X"))
    lines = scalar_loops.of_singlet(quarks, leptons, (m_q, m_l, m_x))
    coefficients, found = scalar_loops.coefficients(*lines, shared_singlet(*lines), m_q, inputs)
    coefficients |= scalar_loops.of_leptons(lines[1], inputs)
    quantities = {"M_Q": m_q, "M_L": m_l, **found}
    dark = dark_sector(params, quarks, leptons, inputs)
    return Theory(WilsonCoefficients.of(coefficients), quantities, verdicts(params, quarks, leptons, inputs), dark)


# -------------------------------------------------------------------------------------------------- dark matter


def dark_sector(params: Params, quarks: Vector, leptons: Vector, inputs: Inputs) -> DarkSector:
    r"""Annihilation of X into leptons and quarks through L and Q in the t channel, and by the Higgs portal.

    The two interfere in pairs of quarks; in pairs of leptons, with their masses, that is left out. L and Q take part in
    freeze-out, each with X and with its own antiparticle, unless the input `coannihilation` is 0.
    """
    m_q, m_l, m_x = (jnp.asarray(params[name], dtype=float) for name in ("m_Q", "m_L", "m_X"))
    up = up_couplings(quarks, ckm(inputs))
    channels: list[Channel] = [
        FermionExchange.of({"electron": leptons, "neutrino": leptons}, m_l, m_x, inputs, name="leptons"),
        FermionExchange.of({"up": up, "down": quarks}, m_q, m_x, inputs, name="quarks"),
    ]
    share, conversions = inputs["coannihilation"], []
    heavier = (("L", m_l, leptons, -0.5), ("Q", m_q, quarks, 1 / 6))
    for species, (name, mass, vector, hypercharge) in enumerate(heavier, start=1):
        charges = GaugeCharges.doublet(hypercharge, name == "Q", alpha_s(m_q, inputs, loops=2), inputs)
        arguments = (m_x, mass, norm_squared(vector), charges)
        channels.append(MixedPair(*arguments, share, name=f"X {name}", species=species))
        channels.append(FermionPair(*arguments, share, name=f"{name} pairs", species=species))
        conversions.append(FermionConversion(*arguments, species=species))
    portal = HiggsPortal()
    if not known_zero(params, "lambda_H"):
        couplings = HiggsCouplings.unmixed(params["lambda_H"], inputs)
        portal = HiggsPortal.of_scalar(m_x[None], couplings, inputs, multiplicity=2.0)
        exchange = HiggsExchange.of(m_x[None], couplings, inputs, multiplicity=2.0)
        channels.append(HiggsInterference.of({"up": up, "down": quarks}, m_q, exchange, inputs, real=False))
    return DarkSector(
        masses=jnp.stack([m_x, m_l, m_q]),
        dof=jnp.stack([jnp.full((), 2.0), 8.0 * share, 24.0 * share]),
        channels=(*channels, *portal.channels),
        pole_masses=portal.poles,
        pole_widths=portal.widths,
        kind="complex scalar",
        vector=nucleon_couplings(quarks, leptons, (m_q, m_l, m_x), inputs),
        scalar=portal.scattering,
        conversions=tuple(conversions),
        partners={"L": Partner(m_l, same_flavour_share(leptons)), "Q": Partner(m_q, jnp.ones(()))},
    )


def same_flavour_share(leptons: Vector) -> Float[Array, ""]:
    r"""Share of pairs of the charged L that decay into two electrons or two muons, and X.

    :math:`(|\lambda_e|^4+|\lambda_\mu|^4)/(\sum|\lambda|^2)^2`; zero where L does not decay.
    """
    e, mu, _ = leptons
    total = norm_squared(leptons)
    decays = total > 0
    return (squared(e) ** 2 + squared(mu) ** 2) / jnp.where(decays, total, 1.0) ** 2


# ----------------------------------------------------------------------------------------------------- verdicts


def verdicts(params: Params, quarks: Vector, leptons: Vector, inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions under which the numbers can be trusted, and X is the dark matter.

    Landau pole of the lepton coupling from :math:`16\pi^2\,d\lambda/d\ln\mu=3\lambda^3+6|\lambda_Q|^2\lambda` at one
    loop with :math:`\lambda_Q` fixed, which gives
    :math:`\ln(\Lambda/m_L)=\frac{8\pi^2}{3\lambda^2}\frac{\ln(1+r)}r`, :math:`r=2|\lambda_Q|^2/\lambda^2`.
    """
    own, feed = jnp.maximum(3 * norm_squared(leptons), 1e-12), 6 * norm_squared(quarks)
    ratio = jnp.maximum(feed / own, 1e-9)
    e_folds = 8 * jnp.pi**2 / own * jnp.log1p(ratio) / ratio
    masses = jnp.stack([jnp.asarray(params["m_Q"], dtype=float), jnp.asarray(params["m_L"], dtype=float)])
    return (
        validity.perturbative_yukawas((*quarks, *leptons)),
        validity.landau_pole(e_folds),
        validity.local_operators(masses, inputs["m_b"]),
        validity.heavy_dark_matter(params["m_X"]),
        validity.kinetic_equilibrium(
            params["m_X"], inputs["m_h"], width_if_coupled(params.get("lambda_H", 0.0), inputs)
        ),
        validity.higgs_portal(params.get("lambda_H", 0.0), params["m_X"], inputs["m_h"]),
        validity.above(
            "stable_X",
            "lighter of m_Q and m_L in GeV, against m_X: otherwise X is not the dark matter",
            jnp.min(masses),
            params["m_X"],
            counts="dark matter",
        ),
    )
