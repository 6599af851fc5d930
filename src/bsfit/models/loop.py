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

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.constants import CHARGE_DOWN, COLOURS
from bsfit.dark_sector import nucleon
from bsfit.dark_sector.annihilation import FermionExchange, HiggsExchange, HiggsPair
from bsfit.dark_sector.coannihilation import FermionPair, GaugeCharges, MixedPair
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.currents import from_charged_leptons, from_delta_f2, from_muon_neutrinos, from_neutrinos
from bsfit.matching.vectorlike import (
    DOWN_QUARKS,
    Vector,
    coupling_vector,
    known_zero,
    norm_squared,
    squared,
    up_couplings,
)
from bsfit.standard_model.ckm import ckm, v_tb_v_ts
from bsfit.standard_model.qcd import alpha_s
from bsfit.standard_model.running import run_dipoles
from bsfit.theory import Channel, DarkSector, Partner, Theory, Verdict, WilsonCoefficients

Params = Mapping[str, Float[ArrayLike, ""]]


def theory(params: Params, inputs: Inputs) -> Theory:
    """Loop model at one point; parameters as in `catalogue.MODELS`, those not given are zero.

    Quantities, in powers of GeV: `M_Q`, `M_L`, `J` (box of the quark and the lepton), `C9_photon` (the part of every C9
    that comes from the photon penguin), `C7_bs_mu_NP`, `C8_bs_mu_NP` (at the scale m_Q), `C_bs_LL` (coefficient of
    (s gamma P_L b)^2 in +H at the scale m_Q).
    """
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    leptons = coupling_vector(params, "lambda_L", LEPTONS)
    m_q, m_l, m_x = (jnp.asarray(params[name], dtype=float) for name in ("m_Q", "m_L", "m_X"))
    bs = quarks[2] * jnp.conj(quarks[1])
    j = loops.box(m_q, m_l, m_x)
    photon = photon_penguin(bs, m_q, m_x, inputs)
    c7, c8 = quark_dipoles(bs, m_q, m_x, inputs)
    h = delta_f2(quarks, m_q, m_x, inputs)
    quark_line = -bs / (64 * jnp.pi**2) * j

    def current(a: int, b: int) -> Complex[Array, ""]:
        return quark_line * jnp.conj(leptons[a]) * leptons[b]

    coefficients = {
        **_with_photon(from_charged_leptons(current, lambda a, b: jnp.zeros(()), inputs), photon),
        **from_neutrinos(current, inputs),
        **dict(zip(("C7_bs", "C8_bs"), run_dipoles(c7, c8, m_q, inputs), strict=True)),
        **from_delta_f2(h, m_q, inputs),
        **from_muon_neutrinos(four_muon_box(leptons[1], m_l, m_x), 0.0, inputs),
        **lepton_dipoles(leptons, m_l, m_x, inputs),
    }
    quantities = {
        "M_Q": m_q,
        "M_L": m_l,
        "J": j,
        "C9_photon": photon,
        "C7_bs_mu_NP": c7,
        "C8_bs_mu_NP": c8,
        "C_bs_LL": h["bs"],
    }
    dark = dark_sector(params, quarks, leptons, inputs)
    return Theory(WilsonCoefficients.of(coefficients), quantities, verdicts(params, quarks, leptons, inputs), dark)


# -------------------------------------------------------------------------------------------------- coefficients


def _with_photon(box: Mapping[str, Complex[Array, ""]], photon: Complex[Array, ""]) -> dict[str, Complex[Array, ""]]:
    """Add the lepton-universal photon penguin to C9 of ee, mumu and tautau."""
    universal = {f"C9_bs{lepton}{lepton}": photon for lepton in LEPTONS}
    return {name: value + universal.get(name, 0.0) for name, value in box.items()}


def photon_penguin(
    bs: Complex[Array, ""], m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> Complex[Array, ""]:
    r"""Lepton-universal :math:`C_9=\frac{\sqrt2Q_D\lambda_b\lambda_s^*}{4G_FV_{tb}V_{ts}^*}c`.

    c is `loops.photon_penguin`. Opposite in sign to the box and about a hundred times smaller.
    """
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"] * v_tb_v_ts(inputs))
    return CHARGE_DOWN * bs * unit * loops.photon_penguin(m_q, m_x)


def quark_dipoles(
    bs: Complex[Array, ""], m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> tuple[Complex[Array, ""], Complex[Array, ""]]:
    r""":math:`C_7=-\frac{\sqrt2Q_D\lambda_b\lambda_s^*}{16G_FV_{tb}V_{ts}^*}I_1` and :math:`C_8=-3C_7` at m_Q."""
    unit = jnp.sqrt(2.0) / (16 * inputs["G_F"] * v_tb_v_ts(inputs))
    c8 = -bs * unit * loops.dipole(m_q, m_x)
    return CHARGE_DOWN * c8, c8


def delta_f2(
    quarks: Vector, m_q: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of :math:`(\bar q_2\gamma P_Lq_1)^2` in H at the scale m_Q, GeV^-2.

    :math:`(\lambda_1\lambda_2^*)^2J(m_Q,m_Q,m_X)/128\pi^2`. For a complex X only the uncrossed box exists; the
    normalisation is fixed by the Goldstone limit.
    """
    u, c, _ = up_couplings(quarks, ckm(inputs))
    d, s, b = quarks
    products = {"bs": b * jnp.conj(s), "bd": b * jnp.conj(d), "sd": s * jnp.conj(d), "uc": u * jnp.conj(c)}
    unit = loops.box(m_q, m_q, m_x) / (128 * jnp.pi**2)
    return {pair: product * product * unit for pair, product in products.items()}


def four_muon_box(muon: Complex[Array, ""], m_l: Float[Array, ""], m_x: Float[Array, ""]) -> Float[Array, ""]:
    r"""K of :math:`L=K(\bar\nu_\mu\gamma P_L\nu_\mu)(\bar\mu\gamma P_L\mu)`, GeV^-2: the box with two L."""
    return -(squared(muon) ** 2) / (64 * jnp.pi**2) * loops.box(m_l, m_l, m_x)


def lepton_dipoles(
    leptons: Vector, m_l: Float[Array, ""], m_x: Float[Array, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Dipoles: :math:`a_\mu=m_\mu^2|\lambda_\mu|^2I_1/16\pi^2`; :math:`\lambda_e^*\lambda_\mu` in the transition."""
    i1 = loops.dipole(m_l, m_x)
    e, mu, _ = leptons
    charge = jnp.sqrt(4 * jnp.pi * inputs["alpha_em_0"])
    return {
        "C7_mumu": jnp.sqrt(2.0) * (mu * jnp.conj(mu)) * i1 / (16 * inputs["G_F"]),
        "Cgamma_mue": charge * inputs["m_mu"] / (64 * jnp.pi**2) * jnp.conj(e) * mu * i1,
    }


# -------------------------------------------------------------------------------------------------- dark matter

_LIGHT = {
    "up": ("", "m_c", "m_t_pole"),
    "down": ("", "m_s", "m_b"),
    "electron": ("m_e", "m_mu", "m_tau"),
    "neutrino": ("", "", ""),
}
"""Inputs with the masses of the light fermions; "" is massless."""


def dark_sector(params: Params, quarks: Vector, leptons: Vector, inputs: Inputs) -> DarkSector:
    r"""Annihilation of X into leptons and quarks through L and Q in the t channel, and by the Higgs portal.

    L and Q take part in freeze-out, each with X and with its own antiparticle, unless the input `coannihilation` is 0.
    """
    m_q, m_l, m_x = (jnp.asarray(params[name], dtype=float) for name in ("m_Q", "m_L", "m_X"))
    up = up_couplings(quarks, ckm(inputs))
    channels: list[Channel] = [
        _through_t_channel("leptons", {"electron": leptons, "neutrino": leptons}, m_l, m_x, 1, inputs),
        _through_t_channel("quarks", {"up": up, "down": quarks}, m_q, m_x, COLOURS, inputs),
    ]
    portal, poles, widths = _higgs_portal(params, m_x, inputs)
    share = inputs["coannihilation"]
    for name, mass, vector, hypercharge in (("L", m_l, leptons, -0.5), ("Q", m_q, quarks, 1 / 6)):
        charges = GaugeCharges.doublet(hypercharge, name == "Q", alpha_s(m_q, inputs, loops=2), inputs)
        arguments = (m_x, mass, norm_squared(vector), charges, share)
        channels += [MixedPair(*arguments, name=f"X {name}"), FermionPair(*arguments, name=f"{name} pairs")]
    return DarkSector(
        masses=jnp.stack([m_x, m_l, m_q]),
        dof=jnp.stack([jnp.full((), 2.0), 8.0 * share, 24.0 * share]),
        channels=(*channels, *portal),
        pole_masses=jnp.stack(poles) if poles else jnp.zeros(0),
        pole_widths=jnp.stack(widths) if widths else jnp.zeros(0),
        kind="complex scalar",
        vector=nucleon_couplings(quarks, leptons, (m_q, m_l, m_x), inputs),
        scalar=_higgs_scattering(params, m_x, inputs),
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


def nucleon_couplings(
    quarks: Vector, leptons: Vector, masses: tuple[Array, Array, Array], inputs: Inputs
) -> dict[str, Float[Array, " 2"]]:
    r"""Couplings of the current of X to nucleons, GeV^-2: `tree`, `lepton_loop` and `quark_loop`; m_Q, m_L, m_X given.

    :math:`f_q=|\lambda_q|^2/4(m_Q^2-m_X^2)` by exchange of Q; :math:`b_p=e^2F'(0)` by the photon, F' the charge radius
    from loops, times one plus the input `SI_Z_penguin`, the uncertainty from the Z penguin of the top loop. Away from
    m_X = m_Q and m_X = m_L.
    """
    m_q, m_l, m_x = masses
    up, light = up_couplings(quarks, ckm(inputs)), nucleon.loop_masses(inputs)
    unit = 1 / (4 * (m_q**2 - m_x**2))
    e2 = 4 * jnp.pi * inputs["alpha_em_0"]

    def loop(kind: str, couplings: Vector, heavy: Array) -> Float[Array, ""]:
        radii = nucleon.charge_radii(m_x, heavy, light[kind])
        return nucleon.WEIGHTS[kind] * jnp.sum(jnp.stack([squared(c) for c in couplings]) * radii)

    penguin = 1 + inputs["SI_Z_penguin"]
    return {
        "tree": nucleon.vector(squared(up[0]) * unit, squared(quarks[0]) * unit),
        "lepton_loop": nucleon.photon(e2 * loop("electron", leptons, m_l) * penguin),
        "quark_loop": nucleon.photon(e2 * (loop("up", up, m_q) + loop("down", quarks, m_q)) * penguin),
    }


def _higgs_scattering(params: Params, m_x: Float[Array, ""], inputs: Inputs) -> Float[Array, " 2"]:
    r""":math:`\lambda_Hf_Nm_N/2m_h^2m_X`, equal for proton and neutron."""
    unit = inputs["f_N"] * inputs["m_nucleon"] / (2 * inputs["m_h"] ** 2 * m_x)
    return jnp.full(2, jnp.asarray(params.get("lambda_H", 0.0)) * unit)


def _higgs_width(params: Params, inputs: Inputs) -> Float[Array, ""]:
    """Width of the Higgs boson, its mass if X does not couple to it: then it is no resonance."""
    return jnp.where(jnp.asarray(params.get("lambda_H", 0.0)) == 0, inputs["m_h"], inputs["Gamma_h"])


def _through_t_channel(
    name: str,
    multiplets: Mapping[str, Vector],
    mediator: Float[Array, ""],
    m_x: Float[Array, ""],
    colours: int,
    inputs: Inputs,
) -> FermionExchange:
    """All pairs of the light fermions of a doublet; those of different flavours stand for both orders."""
    rows = []
    for multiplet, couplings in multiplets.items():
        masses = [inputs[mass] if mass else jnp.zeros(()) for mass in _LIGHT[multiplet]]
        for i in range(3):
            for j in range(i, 3):
                weight = colours * (1 if i == j else 2) * squared(couplings[i]) * squared(couplings[j])
                rows.append((weight, masses[i], masses[j]))
    weights, first, second = (jnp.stack(column) for column in zip(*rows, strict=True))
    tops = jnp.array([1.0, 2.0]) * inputs["m_t_pole"] if "up" in multiplets else jnp.zeros(0)
    return FermionExchange(m_x, weights, first, second, jnp.broadcast_to(mediator, weights.shape), tops, name=name)


def _higgs_portal(
    params: Params, m_x: Float[Array, ""], inputs: Inputs
) -> tuple[list[Channel], list[Array], list[Array]]:
    r"""Channels of :math:`\lambda_H|H|^2|X|^2`, with the mass and the width of the Higgs boson."""
    if known_zero(params, "lambda_H"):
        return [], [], []
    coupling, v = jnp.asarray(params["lambda_H"]), 1 / jnp.sqrt(jnp.sqrt(2.0) * inputs["G_F"])
    m_h = inputs["m_h"]
    exchange = HiggsExchange.of(m_x[None], (coupling * v)[None, None], jnp.ones(1), m_h[None], inputs, multiplicity=2.0)
    pair = HiggsPair(m_x[None], coupling, m_h, v, multiplicity=2.0)
    return [exchange, pair], [m_h], [exchange.widths[0]]


# ----------------------------------------------------------------------------------------------------- verdicts


def verdicts(params: Params, quarks: Vector, leptons: Vector, inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions under which the numbers can be trusted.

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
        validity.kinetic_equilibrium(params["m_X"], inputs["m_h"], _higgs_width(params, inputs)),
        validity.higgs_portal(params.get("lambda_H", 0.0), params["m_X"], inputs["m_h"]),
        validity.above(
            "stable_X",
            "lighter of m_Q and m_L in GeV, against m_X: otherwise X is not the dark matter",
            jnp.min(masses),
            params["m_X"],
        ),
    )
