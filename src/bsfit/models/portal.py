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

Tree level; `delta_loop` multiplies :math:`C_9` and :math:`C_{10}` by one plus itself, for the unknown loops. Left out:
lepton-flavour violation other than in b -> s, and the effects of the right-handed mixing :math:`m_f|\mu_f|/(Mm)`.
Outputs (`Theory.quantities`) are listed in `theory`.
"""

import dataclasses
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.constants import COLOURS
from bsfit.dark_sector import nucleon
from bsfit.dark_sector.annihilation import (
    FermionPairs,
    HiggsExchange,
    HiggsPair,
    VectorExchange,
    VectorPair,
    VectorScalarPair,
)
from bsfit.dark_sector.widths import fermion_width, scalar_width
from bsfit.loading.inputs import Inputs
from bsfit.matching.currents import from_charged_leptons, from_delta_f2, from_muon_neutrinos, from_neutrinos
from bsfit.matching.scalar_sector import Scalars, cubic_couplings, finite, higgs_vev, scalars, v_phi, without_phi
from bsfit.matching.vectorlike import (
    DOWN_QUARKS,
    Mixing,
    Vector,
    complex_parameter,
    coupling_vector,
    known_zero,
    mixing,
    squared,
    up_couplings,
)
from bsfit.numerics import safe_sqrt
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Channel, DarkSector, Theory, Verdict, WilsonCoefficients

FloatLike = Float[ArrayLike, ""]
Params = Mapping[str, FloatLike]


def theory(params: Params, inputs: Inputs) -> Theory:
    """Portal model at one point; parameters as in `catalogue.MODELS`, those not given are zero.

    Quantities, in powers of GeV: `M_Q`, `M_L` (heavy fermions), `v_phi`, `D_sb`, `D_mumu`, `D_uu` (couplings of the
    Z'), `Gamma_Zp` and the partial widths `Gamma_Zp_mumu`, `Gamma_Zp_neutrinos`, ..., `C_bs_LL` (coefficient of
    (s gamma P_L b)^2 in +H at the scale m_Zp), `m_R`, `m_I`, `m2_chi`, `m_h1`, `m_h2`, `sin_theta`, `epsilon_loop`.
    """
    z = couplings(params, inputs)
    scalar = scalars(params, inputs)
    partial = widths(params["m_Zp"], z, scalar.m_I, scalar.m_R, inputs)
    h = delta_f2(params["m_Zp"], z)
    quantities = {
        "M_Q": z.down.heavy,
        "M_L": z.electron.heavy,
        "v_phi": v_phi(params),
        "D_sb": z.down.left(1, 2),
        "D_mumu": z.electron.left(1, 1).real,
        "D_uu": z.up.left(0, 0).real,
        "C_bs_LL": h["bs"],
        "Gamma_Zp": sum((partial[name] for name in partial if name != "mumu"), jnp.zeros(())),
        **{f"Gamma_Zp_{name}": width for name, width in partial.items()},
        "m_R": scalar.m_R,
        "m_I": scalar.m_I,
        "m2_chi": scalar.m2_chi,
        "m_h1": scalar.m_h1,
        "m_h2": scalar.m_h2,
        "sin_theta": scalar.sin_theta,
        "epsilon_loop": loop_kinetic_mixing(params["m_Zp"], z, inputs),
    }
    wilson = WilsonCoefficients.of(wilson_coefficients(params, z, h, inputs))
    dark = dark_sector(params, z, scalar, quantities["Gamma_Zp"], inputs)
    return Theory(wilson, quantities, verdicts(params, scalar, quantities, inputs), dark)


# ---------------------------------------------------------------------------------------------------- couplings


class Couplings(eqx.Module):
    """Couplings of the Z' to fermions, and its gauge coupling to the dark matter."""

    up: Mixing
    down: Mixing
    electron: Mixing
    neutrino: Mixing
    g_x: Float[Array, ""]


def couplings(params: Params, inputs: Inputs) -> Couplings:
    r"""Couplings of a Z' on its mass shell, or far above the Z, to all fermions.

    A kinetic mixing :math:`L=-\frac\epsilon2F_Y^{\mu\nu}F_{X\mu\nu}` (the review's :math:`\epsilon` is minus half of
    it) adds :math:`-\epsilon g_YY_f` to every light fermion: first order, :math:`m_{Z'}\gg m_Z`. At low energies the Z
    takes part in the exchange, and the photon's share alone is left: `at_low_energies`.
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    shift = -jnp.asarray(params.get("epsilon", 0.0)) * hypercharge_coupling(inputs)

    def mixed(mass: str, vector: Vector, left: float, right: float) -> Mixing:
        return mixing(params[mass], vector, params["g_X"], v_phi(params), left * shift, right * shift)

    return Couplings(
        up=mixed("m_Q", up_couplings(quarks, ckm(inputs)), 1 / 6, 2 / 3),
        down=mixed("m_Q", quarks, 1 / 6, -1 / 3),
        electron=mixed("m_L", leptons, -1 / 2, -1.0),
        neutrino=mixed("m_L", leptons, -1 / 2, 0.0),
        g_x=jnp.asarray(params["g_X"], dtype=float),
    )


def at_low_energies(f: Mixing, charge: float, params: Params, inputs: Inputs) -> Mixing:
    r"""The same fermions, of this electric charge, as exchange at :math:`q^2\ll m_Z^2` sees them.

    With :math:`\hat B=B-\epsilon X` the kinetic terms are diagonal, X couples to
    :math:`J_X-\epsilon g_YJ_Y` and shares the mass term :math:`\frac12m_Z^2(Z+\epsilon s_WX)^2`. The inverse of the
    squared masses gives :math:`L=-\frac1{2m_Z^2}J_Z^2-\frac1{2m_X^2}(J_X-\epsilon g_YJ_Y-\epsilon s_WJ_Z)^2`, and
    :math:`g_YJ_Y+s_WJ_Z=g_Yc_W^2J_{\rm em}` for :math:`J_Z=g_Z(J_3-s_W^2J_{\rm em})`. So the mixing adds
    :math:`-\epsilon g_Yc_W^2Q_f`, a vector: the Z, whose mixing with the Z' is of order :math:`m_Z^2/m_{Z'}^2` but
    whose propagator is larger by the inverse, turns hypercharge into electric charge. No condition on
    :math:`m_{Z'}/m_Z`.
    """
    shift = -charge * photon_mixing(params, inputs)
    return dataclasses.replace(f, universal_left=shift, universal_right=shift)


def photon_mixing(params: Params, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\epsilon g_Yc_W^2`, with which the Z' mixes with the photon at low energies."""
    return jnp.asarray(params.get("epsilon", 0.0)) * hypercharge_coupling(inputs) * (1 - inputs["sin2_theta_w"])


def hypercharge_coupling(inputs: Inputs) -> Float[Array, ""]:
    """Gauge coupling of hypercharge at the Z mass."""
    return jnp.sqrt(4 * jnp.pi * inputs["alpha_em_mZ"] / (1 - inputs["sin2_theta_w"]))


def loop_kinetic_mixing(m: FloatLike, z: Couplings, inputs: Inputs) -> Float[Array, ""]:
    r"""Kinetic mixing from the loops of Q, L and the light doublets at momenta of order m, leading logarithm.

    :math:`-\frac{g_Y}{24\pi^2}\sum_fN_fY_f(\Delta_L+\Delta_R)_f\ln m_f^2`, where light fermions count with m; finite
    because the sum without the logarithm vanishes. Without mixing
    :math:`-\frac{g_Yg_X}{6\pi^2}\ln(m_Q^2/m_L^2)`.
    """
    couplings = jnp.stack([f.heavy_left() + f.charge for f in (z.down, z.electron)])
    masses = jnp.stack([z.down.heavy, z.electron.heavy]) / m
    logarithm = nucleon.mass_logarithm(jnp.array([1.0, -1.0]), couplings, masses)
    return -hypercharge_coupling(inputs) / (24 * jnp.pi**2) * logarithm


# -------------------------------------------------------------------------------------------------- coefficients


def delta_f2(m_zp: FloatLike, z: Couplings) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of :math:`(\bar q_2\gamma P_Lq_1)^2` in H at the scale m_Zp, :math:`\Delta^2/2m_{Z'}^2`, GeV^-2."""
    down, up = z.down.left, z.up.left
    exchanged = {"bs": down(1, 2), "bd": down(0, 2), "sd": down(0, 1), "uc": up(1, 0)}
    return {pair: delta * delta * (0.5 / jnp.asarray(m_zp) ** 2) for pair, delta in exchanged.items()}


def wilson_coefficients(
    params: Params, z: Couplings, h: Mapping[str, Complex[Array, ""]], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients at 4.8 GeV from tree-level exchange, eq. (18) of 1803.04703 for every pair of leptons.

    :math:`C_9=-\frac{\Delta^{sb}_L}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m_{Z'}^2}(\Delta_R+\Delta_L)^{\mu\mu}`,
    :math:`C_{10}` with the difference R - L. :math:`\Delta F=2` runs from m_Zp. Kinetic mixing shifts :math:`C_9` of
    all charged leptons alike, :math:`C_{10}` and neutrinos not: `at_low_energies`.
    """
    inverse = 1 / jnp.asarray(params["m_Zp"]) ** 2
    exchange = -z.down.left(1, 2) * inverse
    loops = exchange * (1 + jnp.asarray(params.get("delta_loop", 0.0)))
    e, nu = at_low_energies(z.electron, -1.0, params, inputs), at_low_energies(z.neutrino, 0.0, params, inputs)
    muon_neutrino = -nu.left(1, 1) * inverse
    return {
        **from_charged_leptons(lambda i, j: loops * e.left(i, j), lambda i, j: loops * e.right(i, j), inputs),
        **from_neutrinos(lambda i, j: exchange * nu.left(i, j), inputs),
        **from_delta_f2(h, params["m_Zp"], inputs),
        **from_muon_neutrinos(muon_neutrino * e.left(1, 1), muon_neutrino * e.right(1, 1), inputs),
    }


# ------------------------------------------------------------------------------------------------------- widths


def widths(
    m: FloatLike, z: Couplings, m_light: FloatLike, m_heavy: FloatLike, inputs: Inputs
) -> dict[str, Float[Array, ""]]:
    r"""Partial widths in GeV of a Z' of mass (or virtuality) m; `m_light`, `m_heavy` are the dark states.

    Decays into one heavy and one light fermion count both charges; `mumu` is part of `charged_leptons`. The top quark
    has its pole mass. :math:`W^+W^-` and Zh, which open at second order of the kinetic mixing, are left out.
    """
    groups, pairs = fermion_pairs(z, inputs)
    each = pairs.weight * fermion_width(m, pairs.m1, pairs.m2, pairs.left, pairs.right)
    muons = each[groups.index("charged_leptons") + _FLAVOUR_PAIRS.index((1, 1))]
    sums = {group: jnp.sum(each[np.array(groups) == group]) for group in dict.fromkeys(groups)}
    return {**sums, "mumu": muons, "chi": scalar_width(m, z.g_x, m_light, m_heavy)}


def fermion_pairs(z: Couplings, inputs: Inputs) -> tuple[tuple[str, ...], FermionPairs]:
    """All pairs of fermions that the Z' couples to, and the group of each."""
    rows = [row for name in _GROUPS for row in _channels(name, getattr(z, name), inputs)]
    groups, weights, *columns = zip(*rows, strict=True)
    return groups, FermionPairs(jnp.asarray(weights, dtype=float), *(jnp.stack(column) for column in columns))


_FLAVOUR_PAIRS = tuple((i, j) for i in range(3) for j in range(i, 3))
"""Light pairs; those of different flavours stand for both orders."""


_GROUPS = {"up": "quarks", "down": "quarks", "electron": "charged_leptons", "neutrino": "neutrinos"}
_LIGHT = {
    "up": ("", "m_c", "m_t_pole"),
    "down": ("", "m_s", "m_b"),
    "electron": ("m_e", "m_mu", "m_tau"),
    "neutrino": ("", "", ""),
}
"""Inputs with the masses of the light fermions; "" is massless."""


def _channels(name: str, f: Mixing, inputs: Inputs) -> list[tuple]:
    """Decays into one multiplet: group, weight, the two masses, left- and right-handed coupling."""
    none = jnp.zeros((), dtype=complex)
    light = [inputs[mass] if mass else jnp.zeros(()) for mass in _LIGHT[name]]
    colours = COLOURS if _GROUPS[name] == "quarks" else 1
    both = {pair: colours * (1 if pair[0] == pair[1] else 2) for pair in _FLAVOUR_PAIRS}
    return [
        *((_GROUPS[name], w, light[i], light[j], f.left(i, j), f.right(i, j)) for (i, j), w in both.items()),
        *(("heavy_light", 2 * colours, f.heavy, light[j], f.heavy_light(j), none) for j in range(3)),
        ("heavy", colours, f.heavy, f.heavy, f.heavy_left() + 0j, f.charge + 0j),
    ]


# -------------------------------------------------------------------------------------------------- dark matter


def dark_sector(params: Params, z: Couplings, scalar: Scalars, width: FloatLike, inputs: Inputs) -> DarkSector:
    r"""Annihilation of :math:`\chi` through the Z' (`width`), into Z' pairs, :math:`Z'\phi`, and by the Higgs portal.

    With :math:`\mu_\chi` there are two real species, which annihilate together through the Z', each alone otherwise;
    their splitting is kept everywhere but in the pairs of Z'. Final states with :math:`\phi` but :math:`Z'\phi`, and
    the mixing of h in the pairs of Higgs bosons, are left out.
    """
    split = not known_zero(params, "mu_chi", "mu_chi_im")
    masses = jnp.stack([scalar.m_I, scalar.m_R]) if split else scalar.m_I[None]
    each = 1.0 if split else 2.0
    m_zp = jnp.asarray(params["m_Zp"], dtype=float)
    width = jnp.asarray(width) + _LEAST_WIDTH * m_zp
    initial = (z.g_x, masses[0], masses[-1], m_zp, width)
    pairs = fermion_pairs(z, inputs)[1]
    heavy = [m for f, t in ((z.down, inputs["m_t_pole"]), (z.electron, 0.0)) for m in (f.heavy + t, 2 * f.heavy)]
    edges = jnp.stack([2 * inputs["m_t_pole"], z.down.heavy, *heavy])
    exchange = VectorExchange(*initial, pairs, edges, multiplicity=2.0, split=split)
    channels: list[Channel] = [exchange, VectorPair(z.g_x, masses, m_zp, multiplicity=each)]
    if not without_phi(params):
        channels.append(_vector_and_scalars(initial, scalar))
    portal, poles, widths_ = _higgs_portal(params, masses, each, scalar, inputs)
    vector, scattering = nucleon_couplings(params, z, scalar, inputs)
    return DarkSector(
        masses=masses,
        dof=jnp.full(len(masses), each),
        channels=(*channels, *portal),
        pole_masses=jnp.stack([m_zp, *poles]),
        pole_widths=jnp.stack([width, *widths_]),
        kind="complex scalar",
        vector=vector,
        scalar=scattering,
    )


INELASTIC_SPEED = 2.6e-3
"""Speed of the fastest dark matter at the Earth, 780 km/s: what an inelastic collision can draw its energy from."""


_LEAST_WIDTH = 1e-10
"""Width over mass that a Z' has at least in annihilation, where all that is counted is closed."""


def nucleon_couplings(
    params: Params, z: Couplings, scalar: Scalars, inputs: Inputs
) -> tuple[dict[str, Array], Float[Array, " 2"]]:
    r"""Vector couplings `tree`, `photon`, `kinetic` and the scalar coupling of :math:`\chi` to nucleons, GeV^-2.

    At tree level :math:`f_q=g_X(\Delta_L+\Delta_R)/2m_{Z'}^2`. The Z' mixes with the photon in loops of all fermions:
    :math:`b_p=-\frac{e^2g_X}{24\pi^2m_{Z'}^2}\sum(-N_cQ_f)(\Delta_L+\Delta_R)_f\ln m_f^2`. Of `epsilon` the photon's
    part alone survives at low momenta, `at_low_energies`. Where the components of :math:`\chi` differ by more
    than a collision with xenon can supply, the current scatters no more.
    """
    m2 = jnp.asarray(params["m_Zp"], dtype=float) ** 2
    plain = [f.left(0, 0).real - f.universal_left for f in (z.up, z.down)]
    tree = nucleon.vector(*(z.g_x * coupling / (2 * m2) for coupling in plain))
    masses, logs = nucleon.loop_masses(inputs), jnp.zeros(())
    for kind, f in (("up", z.up), ("down", z.down), ("electron", z.electron)):
        light = jnp.stack([f.left(i, i).real - f.universal_left for i in range(3)])
        couplings = jnp.append(light, f.heavy_left() + f.charge)
        weights = jnp.full(4, nucleon.WEIGHTS[kind])
        logs = logs + nucleon.mass_logarithm(weights, couplings, jnp.append(masses[kind], f.heavy))
    e2 = 4 * jnp.pi * inputs["alpha_em_0"]
    loops = nucleon.photon(-e2 * z.g_x / (24 * jnp.pi**2 * m2) * logs)
    kinetic = nucleon.photon(-photon_mixing(params, inputs) * z.g_x / m2)
    xenon = inputs["A_xenon"] * inputs["m_nucleon"]
    energy = scalar.m_I * xenon / (scalar.m_I + xenon) * INELASTIC_SPEED**2 / 2
    elastic = jnp.where(scalar.m_R - scalar.m_I < energy, 1.0, 0.0)
    vector = {"tree": tree * elastic, "photon": loops * elastic, "kinetic": kinetic * elastic}
    return vector, _higgs_scattering(params, scalar, inputs)


def _higgs_scattering(params: Params, scalar: Scalars, inputs: Inputs) -> Float[Array, " 2"]:
    r""":math:`\frac{f_Nm_N}{2vm_\chi}\sum_i\frac{c_i\kappa_i}{m_i^2}`, equal for proton and neutron."""
    if known_zero(params, "lambda_Hchi", "lambda_Hphi"):
        return jnp.zeros(2)
    cubic, kappa, poles = cubic_couplings(params, scalar.m_I[None], scalar, inputs)
    unit = inputs["f_N"] * inputs["m_nucleon"] / (2 * higgs_vev(inputs) * scalar.m_I)
    return jnp.full(2, unit * jnp.sum(cubic[0] * kappa / poles**2))


def _vector_and_scalars(initial: tuple, scalar: Scalars) -> VectorScalarPair:
    r""":math:`Z'h_{1,2}` through a vertex :math:`4g_Xm_{Z'}` times the share of :math:`\phi`."""
    shares = jnp.stack([-scalar.sin_theta, safe_sqrt(1 - scalar.sin_theta**2)])
    vertex = 4 * initial[0] * initial[3] * shares
    others = jnp.stack([scalar.m_h1, finite(scalar.m_h2)])
    return VectorScalarPair(*initial, vertex=vertex, scalar_masses=others, multiplicity=2.0)


def _higgs_portal(
    params: Params, masses: Float[Array, " n"], each: float, scalar: Scalars, inputs: Inputs
) -> tuple[list[Channel], list[Array], list[Array]]:
    r"""Channels through :math:`h_1, h_2`, with the masses and widths of these; nothing if :math:`\chi` has no coupling.

    :math:`V\supset h|\chi|^2\lambda_{H\chi}v+\phi(\lambda_{\phi\chi}v_\phi|\chi|^2\pm\mu_\chi(R^2-I^2)/\sqrt2)`.
    """
    if known_zero(params, "lambda_Hchi", "lambda_Hphi"):
        return [], [], []
    cubic, kappa, poles = cubic_couplings(params, masses, scalar, inputs)
    exchange = HiggsExchange.of(masses, cubic, kappa, poles, inputs, multiplicity=each)
    coupling, v = jnp.asarray(params.get("lambda_Hchi", 0.0)), higgs_vev(inputs)
    pair = HiggsPair(masses, coupling, inputs["m_h"], v, multiplicity=each)
    return [exchange, pair], list(poles), list(exchange.widths)


# ----------------------------------------------------------------------------------------------------- verdicts


def verdicts(params: Params, scalar: Scalars, quantities: Mapping[str, Array], inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions under which the numbers can be trusted.

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
        validity.z_exchange(params.get("epsilon", 0.0), scalar.m_I, inputs["m_Z"]),
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
        validity.higgs_portal(params.get("lambda_Hchi", 0.0), scalar.m_I, inputs["m_h"]),
        validity.not_below(
            "bounded_potential", "smallest condition for a potential bounded below", scalar.bounded, 0.0
        ),
        validity.above("no_tachyon", "smallest squared mass of h and phi in GeV^2", scalar.m2_h1, 0.0),
        validity.below(
            "small_kinetic_mixing",
            "kinetic mixing, of which only the first order is kept, against 0.1",
            jnp.abs(jnp.asarray(params.get("epsilon", 0.0))),
            0.1,
        ),
        validity.not_above(
            "lepton_flavour",
            "size of lambda_L_e and lambda_L_tau: mu->3e, mu-e conversion and tau->3mu are open but not predicted",
            other_leptons,
            0.0,
        ),
    )
