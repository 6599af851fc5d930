r"""Z' portal: U(1)_X broken by :math:`\phi`, vector-like doublets Q and L, scalar dark matter :math:`\chi`.

Model of 1503.06077 [AristizabalSierra:2015vqb]_ in the notation of Sec. 5 of the review 1803.04703 [Vicente:2018frk]_;
charges :math:`\phi: 2,\ \chi: -1,\ Q, L: 2`, and :math:`v_\phi = m_{Z'}/2g_X`.

**Basis.** :math:`\lambda_Q^{d,s,b}` and :math:`\lambda_L^{e,\mu,\tau}` couple to the light mass eigenstates, after
mixing, and up quarks are turned by the CKM matrix. With this the mixing of `vectorlike.mixing` is exact for massless
light fermions; corrections are of order :math:`m_f^2/M^2`. With Yukawa couplings diagonal before mixing there would be
further left-handed rotations, 16 % of :math:`\Delta_{sb}` at large couplings.
**Phases.** Those of Q and L are free, so that :math:`\lambda_Q^b` and :math:`\lambda_L^\mu` may be taken real and
positive; only relative phases within a vector matter.

**Where this differs from the review.** Eq. (17) is the special case of two quarks and one lepton. Its
:math:`\Delta_L^{bs}\propto\lambda_b\lambda_s^*` is, in the notation of eq. (16), the coefficient of
:math:`\bar s\ldots b`, here `D_sb`; :math:`\Delta^{ij}` built from :math:`\lambda_i\lambda_j^*` would be its complex
conjugate. Since :math:`{\rm Re}\,V_{tb}V_{ts}^*<0`, a negative :math:`C_9` needs
:math:`{\rm Re}\,\lambda_b\lambda_s^*<0`. The :math:`\alpha` of :math:`\Lambda_v` is that of the amplitudes.

**Loops.** Tree level, and where :math:`\phi` is there and it and the Z' are lighter than a third of Q and L: the boxes
of :math:`\phi` and its photon penguin and dipoles with Q, in the phase in which U(1)_X is not broken, where
:math:`\phi` is the complex scalar of `scalar_loops`. That holds the Goldstone boson, whose box moves with the gauge by
:math:`m_{Z'}^2/M^2` of itself, as much as what is left out: `delta_loop` multiplies the :math:`C_9` and
:math:`C_{10}` of the tree by one plus itself, for the loops of the Z', of the relative size `delta_loop_size` =
:math:`(2g_X)^2/16\pi^2`. The boxes are to the tree as :math:`M^2/16\pi^2v_\phi^2`. Left out: dipoles of leptons,
lepton-flavour violation other than in b -> s, and the effects of the right-handed mixing :math:`m_f|\mu_f|/(Mm)`.
Outputs (`Theory.quantities`) are listed in `theory`.
"""

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.dark_sector import z_prime_decays, z_prime_scattering
from bsfit.dark_sector.annihilation import VectorExchange, VectorPair, VectorScalarPair
from bsfit.dark_sector.conversion import VectorConversion
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.higgs_portal import HiggsPortal
from bsfit.dark_sector.widths import scalar_width
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import scalar_loops, z_prime, z_prime_exchange
from bsfit.matching.boxes import shared_singlet
from bsfit.matching.scalar_sector import Scalars, finite, higgs_couplings, m_phi, scalars, v_phi, without_phi
from bsfit.matching.vectorlike import (
    DOWN_QUARKS,
    complex_parameter,
    coupling_vector,
    couplings,
    known_zero,
    mixing,
    squared,
    to_up,
)
from bsfit.matching.z_prime import Currents
from bsfit.numerics import safe_sqrt
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Channel, DarkSector, Params, Theory, Verdict, WilsonCoefficients


def theory(params: Params, inputs: Inputs) -> Theory:
    """Portal model at one point; parameters as in `catalogue.MODELS`, those not given are zero.

    Quantities, in powers of GeV: `M_Q`, `M_L` (heavy fermions), `v_phi`, `D_sb`, `D_mumu`, `D_uu` (couplings of the
    Z'), `Gamma_Zp` and the partial widths `Gamma_Zp_mumu`, `Gamma_Zp_neutrinos`, ..., `C_bs_LL` (coefficient of
    (s gamma P_L b)^2 in +H at the scale m_Zp), `m_R`, `m_I`, `m2_chi`, `m_h1`, `m_h2`, `sin_theta`, `epsilon_loop`,
    `delta_loop_size`.
    """
    m_zp = jnp.asarray(params["m_Zp"], dtype=float)
    z, scalar = currents(params, inputs), scalars(params, inputs)
    to_dark_matter = scalar_width(m_zp, params["g_X"], scalar.m_I, scalar.m_R)
    found = z_prime_exchange.outputs(m_zp, z)
    quantities = {
        "M_Q": z.down.heavy[0].mass,
        "M_L": z.electron.heavy[0].mass,
        "v_phi": v_phi(params),
        **{name: found[name] for name in ("D_sb", "D_mumu", "C_bs_LL")},
        "D_uu": z.up.left(0, 0).real,
        **z_prime_decays.outputs({**z_prime_decays.widths(m_zp, z, inputs), "chi": to_dark_matter}),
        "m_R": scalar.m_R,
        "m_I": scalar.m_I,
        "m2_chi": scalar.m2_chi,
        "m_h1": scalar.m_h1,
        "m_h2": scalar.m_h2,
        "sin_theta": scalar.sin_theta,
        "epsilon_loop": z_prime.loop_kinetic_mixing(m_zp, z, inputs),
        "delta_loop_size": (2 * jnp.asarray(params["g_X"])) ** 2 / (16 * jnp.pi**2),
    }
    tree = z_prime_exchange.wilson_coefficients(m_zp, z, inputs, params.get("delta_loop", 0.0))
    loops = {} if without_phi(params) else loops_of_phi(params, inputs)
    wilson = {name: tree.get(name, 0.0) + loops.get(name, 0.0) for name in {**tree, **loops}}
    dark = dark_sector(params, z, scalar, quantities["Gamma_Zp"], inputs)
    return Theory(WilsonCoefficients.of(wilson), quantities, verdicts(params, scalar, quantities, inputs), dark)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions."""
    quarks = couplings(params, "lambda_Q", DOWN_QUARKS)
    leptons = couplings(params, "lambda_L", LEPTONS)
    charge, scale = 2 * jnp.asarray(params["g_X"], dtype=float), v_phi(params) / jnp.sqrt(2.0)
    down, up = (mixing(params["m_Q"], each, charge, scale) for each in (quarks, to_up(quarks, ckm(inputs))))
    doublets = z_prime.mixed_quarks(down, up) + z_prime.mixed_leptons(mixing(params["m_L"], leptons, charge, scale))
    return doublets.with_kinetic_mixing(params.get("epsilon", 0.0))


LIGHT = 1 / 3
"""Mass of the scalar and the Z', over that of Q and L, up to which loops are counted in the unbroken phase."""


def loops_of_phi(params: Params, inputs: Inputs) -> dict[str, Array]:
    """Coefficients from the loops of phi with Q and L; zero where `lightness` says that they are not offered."""
    quarks, leptons = (coupling_vector(params, *which) for which in (("lambda_Q", DOWN_QUARKS), ("lambda_L", LEPTONS)))
    offered = lightness(params) < LIGHT
    m_q, m_l = (jnp.asarray(params[name], dtype=float) for name in ("m_Q", "m_L"))
    m_x = jnp.where(offered, m_phi(params), LIGHT * m_q)
    lines = scalar_loops.of_singlet(quarks, leptons, (m_q, m_l, m_x))
    found, _ = scalar_loops.coefficients(*lines, shared_singlet(*lines), m_q, inputs)
    return {name: jnp.where(offered, value, 0.0) for name, value in found.items()}


def lightness(params: Params) -> Float[Array, ""]:
    """Larger of the masses of phi and the Z' over the smaller of those of Q and L."""
    heavy = jnp.minimum(jnp.asarray(params["m_Q"]), jnp.asarray(params["m_L"]))
    return jnp.maximum(finite(m_phi(params)), jnp.asarray(params["m_Zp"])) / heavy


# -------------------------------------------------------------------------------------------------- dark matter


def dark_sector(params: Params, z: Currents, scalar: Scalars, width: Float[Array, ""], inputs: Inputs) -> DarkSector:
    r"""Annihilation of :math:`\chi` through the Z' (`width`), into Z' pairs, :math:`Z'\phi`, and by the Higgs portal.

    With :math:`\mu_\chi` there are two real species, which annihilate together through the Z', each alone otherwise;
    their splitting is kept everywhere but in the pairs of Z' and in the current that makes :math:`Z'\phi`. Left out:
    other final states with :math:`\phi`, exchange of :math:`\phi` into pairs of Z', and the mixing of h in the pairs of
    Higgs bosons.
    """
    split = not known_zero(params, "mu_chi", "mu_chi_im")
    masses = jnp.stack([scalar.m_I, scalar.m_R]) if split else scalar.m_I[None]
    each = 1.0 if split else 2.0
    g_x, m_zp = (jnp.asarray(params[name], dtype=float) for name in ("g_X", "m_Zp"))
    width = width + _LEAST_WIDTH * m_zp
    initial = (g_x, masses[0], masses[-1], m_zp, width)
    pairs, edges = z_prime_decays.fermion_pairs(z, inputs)[1], z_prime_decays.thresholds(z, inputs)
    heavier = int(split)
    between = (masses[0], masses[-1], g_x)
    current = DarkCurrent.split_scalar(*between) if split else DarkCurrent.complex_scalar(*between[1:])
    exchange = VectorExchange(current, m_zp, width, pairs, edges, species=heavier)
    channels: list[Channel] = [exchange, VectorPair(g_x, masses, m_zp, multiplicity=each)]
    if not without_phi(params):
        channels.append(_vector_and_scalars(initial, scalar, heavier))
    portal = HiggsPortal()
    if not known_zero(params, "lambda_Hchi", "lambda_Hphi"):
        higgs = higgs_couplings(params, masses, scalar, inputs)
        portal = HiggsPortal.of_scalar(masses, higgs, inputs, multiplicity=each)
    z_pole = pairs.mixing_pole()
    elastic = z_prime_scattering.elastic(scalar.m_I, scalar.m_R, inputs)
    top = TopLoop.of_doublet(z.up.heavy[0].mass, z.up.left(2, 2).real / (2 * g_x))
    vector = z_prime_scattering.nucleon_couplings(g_x, m_zp, z, top, inputs)
    return DarkSector(
        masses=masses,
        dof=jnp.full(len(masses), each),
        channels=(*channels, *portal.channels),
        pole_masses=jnp.concatenate([m_zp[None], z_pole[0], portal.poles]),
        pole_widths=jnp.concatenate([width[None], z_pole[1], portal.widths]),
        kind="complex scalar",
        vector={name: coupling * elastic for name, coupling in vector.items()},
        scalar=portal.scattering,
        conversions=(VectorConversion(masses[0], masses[-1], g_x, m_zp, pairs, species=1),) if split else (),
    )


_LEAST_WIDTH = 1e-10
"""Width over mass that a Z' has at least in annihilation, where all that is counted is closed."""


def _vector_and_scalars(initial: tuple, scalar: Scalars, species: int) -> VectorScalarPair:
    r""":math:`Z'h_{1,2}` through a vertex :math:`4g_Xm_{Z'}` times the share of :math:`\phi`."""
    shares = jnp.stack([-scalar.sin_theta, safe_sqrt(1 - scalar.sin_theta**2)])
    vertex = 4 * initial[0] * initial[3] * shares
    others = jnp.stack([scalar.m_h1, finite(scalar.m_h2)])
    return VectorScalarPair(*initial, vertex=vertex, scalar_masses=others, multiplicity=2.0, species=species)


# ----------------------------------------------------------------------------------------------------- verdicts


def verdicts(params: Params, scalar: Scalars, quantities: Mapping[str, Array], inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions under which the numbers can be trusted, and the vacuum is one.

    Landau pole of :math:`g_X` at one loop: :math:`\ln(\Lambda/m_{Z'})=24\pi^2/133g_X^2` with the charges of Q, L,
    :math:`\phi` and :math:`\chi`.
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    g_x, m_zp = jnp.asarray(params["g_X"]), jnp.asarray(params["m_Zp"])
    to_phi = squared(complex_parameter(params, "mu_chi")) + jnp.asarray(params.get("lambda_phichi", 0.0)) ** 2
    other_leptons = safe_sqrt(squared(leptons[0]) + squared(leptons[2]))
    masses = jnp.stack([m_zp, quantities["M_Q"], quantities["M_L"]])
    return (
        validity.perturbative_yukawas((*quarks, *leptons)),
        validity.below("perturbative_gauge", "2 g_X, against sqrt(4 pi)", 2 * g_x, validity.SQRT_4PI),
        validity.below(
            "perturbative_quartics",
            "largest quartic coupling of the scalars, against 4 pi",
            jnp.max(jnp.abs(scalar.quartics)),
            4 * jnp.pi,
        ),
        validity.landau_pole(24 * jnp.pi**2 / (133 * g_x**2)),
        validity.below("narrow_Zp", "width over mass of the Z', against 0.3", quantities["Gamma_Zp"] / m_zp, 0.3),
        validity.local_operators(masses, inputs["m_b"]),
        validity.heavy_dark_matter(scalar.m_I),
        validity.kinetic_equilibrium(scalar.m_I, m_zp, quantities["Gamma_Zp"]),
        validity.below(
            "small_splitting",
            "splitting of the dark states over their mass, neglected in annihilation into Z' pairs, against 0.1",
            scalar.m_R / scalar.m_I - 1,
            0.1,
        ),
        validity.above(
            "heavy_phi",
            "mass of the scalar phi in GeV, against that of dark matter which couples to it: annihilation into pairs "
            "of phi is not counted",
            finite(scalar.m_h2),
            jnp.where(to_phi == 0, 0.0, scalar.m_I),
        ),
        validity.below(
            "light_phi",
            "mass of phi or the Z' over that of Q or L, against 1/3: the loops of a heavier phi are not counted",
            jnp.where(jnp.isfinite(m_phi(params)), lightness(params), 0.0),
            LIGHT,
        ),
        validity.higgs_portal(params.get("lambda_Hchi", 0.0), scalar.m_I, inputs["m_h"]),
        validity.not_below(
            "bounded_potential",
            "smallest condition for a potential bounded below",
            scalar.bounded,
            0.0,
            counts="always",
        ),
        validity.above("no_tachyon", "smallest squared mass of h and phi in GeV^2", scalar.m2_h1, 0.0, counts="always"),
        validity.below(
            "small_kinetic_mixing",
            "kinetic mixing, of which only the first order is kept, against 0.1",
            jnp.abs(jnp.asarray(params.get("epsilon", 0.0))),
            0.1,
        ),
        validity.z_degeneracy(params.get("epsilon", 0.0), m_zp, inputs["m_Z"]),
        validity.not_above(
            "lepton_flavour",
            "size of lambda_L_e and lambda_L_tau: mu->3e, mu-e conversion and tau->3mu are open but not predicted",
            other_leptons,
            0.0,
        ),
    )
