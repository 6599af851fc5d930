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

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.annihilation import (
    FermionPairs,
    HiggsExchange,
    HiggsPair,
    VectorExchange,
    VectorPair,
    VectorScalarPair,
)
from bsfit.catalogue import LEPTONS
from bsfit.constants import COLOURS
from bsfit.inputs import Inputs
from bsfit.numerics import safe_sqrt
from bsfit.theory import Channel, DarkSector, Theory, Verdict, WilsonCoefficients
from bsfit.vectorlike import (
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
from bsfit.widths import fermion_width, scalar_width
from bsfit.wilson import ckm, from_charged_leptons, from_delta_f2, from_muon_neutrinos, from_neutrinos

FloatLike = Float[ArrayLike, ""]
Params = Mapping[str, FloatLike]

_NO_DIPOLES = (
    "the loop of the Z' with light leptons is not the answer: the right-handed mixing of the heavy lepton and the loop "
    "of phi are of its size and can turn the sign, and the sum is not implemented"
)
REFUSED = {"a_mu": _NO_DIPOLES, "BR(mu->egamma)": _NO_DIPOLES}
"""Observables that the model does not predict, and why."""


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
        "v_phi": _v_phi(params),
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
    r"""Couplings of the Z' to all fermions.

    A kinetic mixing :math:`L=-\frac\epsilon2F_Y^{\mu\nu}F_{X\mu\nu}` (the review's :math:`\epsilon` is minus half of
    it) adds :math:`-\epsilon g_YY_f` to every light fermion: first order, :math:`m_{Z'}\gg m_Z`.
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    shift = -jnp.asarray(params.get("epsilon", 0.0)) * hypercharge_coupling(inputs)

    def mixed(mass: str, vector: Vector, left: float, right: float) -> Mixing:
        return mixing(params[mass], vector, params["g_X"], _v_phi(params), left * shift, right * shift)

    return Couplings(
        up=mixed("m_Q", up_couplings(quarks, ckm(inputs)), 1 / 6, 2 / 3),
        down=mixed("m_Q", quarks, 1 / 6, -1 / 3),
        electron=mixed("m_L", leptons, -1 / 2, -1.0),
        neutrino=mixed("m_L", leptons, -1 / 2, 0.0),
        g_x=jnp.asarray(params["g_X"], dtype=float),
    )


def hypercharge_coupling(inputs: Inputs) -> Float[Array, ""]:
    """Gauge coupling of hypercharge at the Z mass."""
    return jnp.sqrt(4 * jnp.pi * inputs["alpha_em_mZ"] / (1 - inputs["sin2_theta_w"]))


def higgs_vev(inputs: Inputs) -> Float[Array, ""]:
    """Vacuum expectation value of the Higgs field, 246.22 GeV."""
    return 1 / jnp.sqrt(jnp.sqrt(2.0) * inputs["G_F"])


def _v_phi(params: Params) -> Float[Array, ""]:
    return jnp.asarray(params["m_Zp"]) / (2 * jnp.asarray(params["g_X"]))


def loop_kinetic_mixing(m: FloatLike, z: Couplings, inputs: Inputs) -> Float[Array, ""]:
    r"""Kinetic mixing from the loops of Q, L and the light doublets at momenta of order m, leading logarithm.

    :math:`-\frac{g_Y}{24\pi^2}\sum_fN_fY_f(\Delta_L+\Delta_R)_f\ln m_f^2`, where light fermions count with m; finite
    because the sum without the logarithm vanishes. Without mixing
    :math:`-\frac{g_Yg_X}{6\pi^2}\ln(m_Q^2/m_L^2)`.
    """

    def term(f: Mixing) -> Float[Array, ""]:
        return (f.heavy_left() + f.charge) * 2 * jnp.log(f.heavy / m)

    return -hypercharge_coupling(inputs) / (24 * jnp.pi**2) * (term(z.down) - term(z.electron))


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
    :math:`C_{10}` with the difference R - L. :math:`\Delta F=2` runs from m_Zp.
    """
    inverse = 1 / jnp.asarray(params["m_Zp"]) ** 2
    exchange = -z.down.left(1, 2) * inverse
    loops = exchange * (1 + jnp.asarray(params.get("delta_loop", 0.0)))
    e, nu = z.electron, z.neutrino
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


def dark_sector(params: Params, z: Couplings, scalar: "Scalars", width: FloatLike, inputs: Inputs) -> DarkSector:
    r"""Annihilation of :math:`\chi` through the Z' (`width`), into Z' pairs, :math:`Z'\phi`, and by the Higgs portal.

    With :math:`\mu_\chi` there are two real species, which annihilate together through the Z', each alone otherwise;
    their splitting is kept everywhere but in the pairs of Z'. Final states with :math:`\phi` but :math:`Z'\phi`, and
    the mixing of h in the pairs of Higgs bosons, are left out.
    """
    split = not known_zero(params, "mu_chi", "mu_chi_im")
    masses = jnp.stack([scalar.m_I, scalar.m_R]) if split else scalar.m_I[None]
    each = 1.0 if split else 2.0
    m_zp, width = jnp.asarray(params["m_Zp"], dtype=float), jnp.asarray(width)
    initial = (z.g_x, masses[0], masses[-1], m_zp, width)
    pairs = fermion_pairs(z, inputs)[1]
    heavy = [m for f, t in ((z.down, inputs["m_t_pole"]), (z.electron, 0.0)) for m in (f.heavy + t, 2 * f.heavy)]
    edges = jnp.stack([2 * inputs["m_t_pole"], z.down.heavy, *heavy])
    exchange = VectorExchange(*initial, pairs, edges, multiplicity=2.0, split=split)
    channels: list[Channel] = [exchange, VectorPair(z.g_x, masses, m_zp, multiplicity=each)]
    if not _without_phi(params):
        channels.append(_vector_and_scalars(initial, scalar))
    portal, poles, widths_ = _higgs_portal(params, masses, each, scalar, inputs)
    return DarkSector(
        masses=masses,
        dof=jnp.full(len(masses), each),
        channels=(*channels, *portal),
        pole_masses=jnp.stack([m_zp, *poles]),
        pole_widths=jnp.stack([width, *widths_]),
        kind="complex scalar",
    )


def _without_phi(params: Params) -> bool:
    """Whether phi is known to be infinitely heavy."""
    m_phi = params.get("m_phi", np.inf)
    return isinstance(m_phi, float) and np.isinf(m_phi) and known_zero(params, "lambda_phi")


def _finite(mass: Float[Array, ""]) -> Float[Array, ""]:
    """A mass that may be infinite, as a finite one beyond all energies."""
    return jnp.where(jnp.isfinite(mass), mass, 1e9)


def _vector_and_scalars(initial: tuple, scalar: "Scalars") -> VectorScalarPair:
    r""":math:`Z'h_{1,2}` through a vertex :math:`4g_Xm_{Z'}` times the share of :math:`\phi`."""
    shares = jnp.stack([-scalar.sin_theta, safe_sqrt(1 - scalar.sin_theta**2)])
    vertex = 4 * initial[0] * initial[3] * shares
    others = jnp.stack([scalar.m_h1, _finite(scalar.m_h2)])
    return VectorScalarPair(*initial, vertex=vertex, scalar_masses=others, multiplicity=2.0)


def _higgs_portal(
    params: Params, masses: Float[Array, " n"], each: float, scalar: "Scalars", inputs: Inputs
) -> tuple[list[Channel], list[Array], list[Array]]:
    r"""Channels through :math:`h_1, h_2`, with the masses and widths of these; nothing if :math:`\chi` has no coupling.

    :math:`V\supset h|\chi|^2\lambda_{H\chi}v+\phi(\lambda_{\phi\chi}v_\phi|\chi|^2\pm\mu_\chi(R^2-I^2)/\sqrt2)`.
    """
    if known_zero(params, "lambda_Hchi", "lambda_Hphi"):
        return [], [], []
    v, v_phi, sin = higgs_vev(inputs), _v_phi(params), scalar.sin_theta
    cos = safe_sqrt(1 - sin**2)
    to_h = jnp.asarray(params.get("lambda_Hchi", 0.0)) * v
    slope = jnp.array([-1.0, 1.0])[: len(masses)] * (len(masses) - 1)
    mu = safe_sqrt(squared(complex_parameter(params, "mu_chi")))
    to_phi = jnp.asarray(params.get("lambda_phichi", 0.0)) * v_phi + slope * jnp.sqrt(2.0) * mu
    cubic = jnp.stack([to_h * cos - to_phi * sin, to_h * sin + to_phi * cos], axis=1)
    poles, kappa = jnp.stack([scalar.m_h1, _finite(scalar.m_h2)]), jnp.stack([cos, sin])
    exchange = HiggsExchange.of(masses, cubic, kappa, poles, inputs, multiplicity=each)
    pair = HiggsPair(masses, jnp.asarray(params.get("lambda_Hchi", 0.0)), inputs["m_h"], v, multiplicity=each)
    return [exchange, pair], list(poles), list(exchange.widths)


# ------------------------------------------------------------------------------------------------------ scalars


class Scalars(eqx.Module):
    r"""Scalar sector, masses in GeV, for the potential of eqs. (12)-(14) of 1803.04703 [Vicente:2018frk]_.

    `m_I`, `m_R`: lighter and heavier real component of :math:`\chi`, with the phase in which :math:`\mu_\chi\ge0`;
    :math:`m_{R,I}^2=m_\chi^2+\frac12\lambda_{H\chi}v^2+\frac12\lambda_{\phi\chi}v_\phi^2\pm\sqrt2|\mu_\chi|v_\phi`,
    where :math:`m_\chi^2` of the Lagrangian is `m2_chi`. `m_h1` <= `m_h2` (from `m2_h1`, which must not be negative):
    :math:`h_2=\sin\theta\,h+\cos\theta\,\phi`. `bounded`: the smallest of the conditions that all are positive when
    the potential is bounded below.
    """

    m_I: Float[Array, ""]
    m_R: Float[Array, ""]
    m2_chi: Float[Array, ""]
    m2_h1: Float[Array, ""]
    m_h1: Float[Array, ""]
    m_h2: Float[Array, ""]
    sin_theta: Float[Array, ""]
    bounded: Float[Array, ""]
    quartics: Float[Array, " 6"]


def scalars(params: Params, inputs: Inputs) -> Scalars:
    r"""Masses, mixing and vacuum of the scalars.

    `m_chi` is the physical mass of the lighter component, `m_phi` the diagonal mass of :math:`\phi`, which sets
    :math:`\lambda_\phi=m_\phi^2/v_\phi^2`. If `m_phi` is infinite `lambda_phi` is taken; if that is zero too,
    :math:`\phi` is decoupled. The diagonal mass of h is the measured one.
    """
    quartic = {k: jnp.asarray(params.get(f"lambda_{k}", 0.0)) for k in ("Hchi", "Hphi", "phichi", "phi", "chi")}
    v, v_phi = higgs_vev(inputs), _v_phi(params)
    mu = complex_parameter(params, "mu_chi")
    split = jnp.sqrt(2.0) * safe_sqrt(squared(mu)) * v_phi
    m2_light = jnp.asarray(params["m_chi"]) ** 2
    m_phi = jnp.asarray(params.get("m_phi", jnp.inf))
    given = jnp.isfinite(m_phi)
    quartic["phi"] = jnp.where(given, (jnp.where(given, m_phi, 0.0) / v_phi) ** 2, quartic["phi"])
    m2_h1, m_h2, sin_theta = _higgs_mixing(inputs["m_h"] ** 2, quartic["phi"], quartic["Hphi"], v, v_phi)
    quartic["H"] = inputs["m_h"] ** 2 / (2 * v**2)
    return Scalars(
        m_I=jnp.asarray(params["m_chi"], dtype=float),
        m_R=jnp.sqrt(m2_light + 2 * split),
        m2_chi=m2_light + split - (quartic["Hchi"] * v**2 + quartic["phichi"] * v_phi**2) / 2,
        m2_h1=m2_h1,
        m_h1=safe_sqrt(m2_h1),
        m_h2=m_h2,
        sin_theta=sin_theta,
        bounded=_bounded(quartic),
        quartics=jnp.stack(list(quartic.values())),
    )


def _higgs_mixing(
    m2_h: FloatLike, lambda_phi: FloatLike, lambda_hphi: FloatLike, v: FloatLike, v_phi: FloatLike
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    r"""Lighter mass squared, heavier mass and :math:`\sin\theta` of h and :math:`\phi`.

    Mass matrix :math:`m_h^2, \lambda_{H\phi}vv_\phi, \lambda_\phi v_\phi^2`; (m_h^2, inf, 0) without :math:`\phi`.
    """
    coupled = jnp.asarray(lambda_phi) > 0
    m2_phi = jnp.where(coupled, lambda_phi, 1.0) * v_phi**2
    off = jnp.where(coupled, lambda_hphi, 0.0) * v * v_phi
    half = (m2_phi - m2_h) / 2
    root = safe_sqrt(half**2 + off**2)
    mixed = coupled & (root > 0)
    theta = jnp.arctan2(jnp.where(mixed, off, 0.0), jnp.where(mixed, half, 1.0)) / 2
    middle = (m2_phi + m2_h) / 2
    m_h2 = jnp.where(coupled, safe_sqrt(middle + root), jnp.inf)
    return jnp.where(coupled, middle - root, m2_h), m_h2, jnp.sin(theta)


def _bounded(quartic: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
    r"""Smallest of the conditions for the quartic potential to be bounded below.

    Copositivity as in 1205.3781, with the diagonal :math:`\lambda_H, \lambda_\phi/2, \lambda_\chi/2`.
    Without :math:`\phi` (:math:`\lambda_\phi=0`) its conditions are left out.
    """
    h, phi, chi = quartic["H"], quartic["phi"] / 2, quartic["chi"] / 2
    h_phi, h_chi, phi_chi = quartic["Hphi"] / 2, quartic["Hchi"] / 2, quartic["phichi"] / 2
    pairs = [h_phi + safe_sqrt(h * phi), h_chi + safe_sqrt(h * chi), phi_chi + safe_sqrt(phi * chi)]
    crossed = h_phi * safe_sqrt(chi) + h_chi * safe_sqrt(phi) + phi_chi * safe_sqrt(h)
    product = jnp.maximum(pairs[0], 0.0) * jnp.maximum(pairs[1], 0.0) * jnp.maximum(pairs[2], 0.0)
    triple = safe_sqrt(h * phi * chi) + crossed + safe_sqrt(2 * product)
    without_phi = jnp.min(jnp.stack([chi, pairs[1]]))
    with_phi = jnp.min(jnp.stack([phi, pairs[0], pairs[2], triple]))
    return jnp.where(quartic["phi"] == 0, without_phi, jnp.minimum(without_phi, with_phi))


# ----------------------------------------------------------------------------------------------------- verdicts


def verdicts(params: Params, scalar: "Scalars", quantities: Mapping[str, Array], inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions under which the numbers can be trusted.

    Landau pole of :math:`g_X` at one loop: :math:`\ln(\Lambda/m_{Z'})=24\pi^2/133g_X^2` with the charges of Q, L,
    :math:`\phi` and :math:`\chi`.
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    g_x, m_zp = jnp.asarray(params["g_X"]), jnp.asarray(params["m_Zp"])
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
