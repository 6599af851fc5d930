r"""Conditions under which a model's numbers can be trusted, and under which there is such a model at all, as verdicts.

Each function compares one number with one limit; nothing is raised, so that they can be jitted and vmapped.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Inexact

from bsfit.theory import Counts, Verdict

FloatLike = Float[ArrayLike, ""]

SQRT_4PI = (4 * jnp.pi) ** 0.5
KAON_PAIR_THRESHOLD = 2.4
"""(m_B - m_K)/2 in GeV, rounded up: lighter dark matter is produced in pairs in B -> K(*) decays."""


def below(name: str, message: str, value: FloatLike, limit: FloatLike, counts: Counts = "note") -> Verdict:
    """Met while the value is below the limit."""
    return _verdict(name, message, value, limit, jnp.asarray(value) < jnp.asarray(limit), counts)


def above(name: str, message: str, value: FloatLike, limit: FloatLike, counts: Counts = "note") -> Verdict:
    """Met while the value is above the limit."""
    return _verdict(name, message, value, limit, jnp.asarray(value) > jnp.asarray(limit), counts)


def not_below(name: str, message: str, value: FloatLike, limit: FloatLike, counts: Counts = "note") -> Verdict:
    """Met while the value is above or at the limit."""
    return _verdict(name, message, value, limit, jnp.asarray(value) >= jnp.asarray(limit), counts)


def not_above(name: str, message: str, value: FloatLike, limit: FloatLike, counts: Counts = "note") -> Verdict:
    """Met while the value is below or at the limit."""
    return _verdict(name, message, value, limit, jnp.asarray(value) <= jnp.asarray(limit), counts)


def _verdict(
    name: str, message: str, value: FloatLike, limit: FloatLike, ok: Bool[Array, ""], counts: Counts = "note"
) -> Verdict:
    return Verdict(name, message, jnp.asarray(value, dtype=float), jnp.asarray(limit, dtype=float), ok, counts)


def counted(verdicts: Sequence[Verdict], dark_matter: bool) -> tuple[Verdict, ...]:
    """Those that make the likelihood zero where they fail, with data on dark matter or without."""
    counts = ("always", "dark matter") if dark_matter else ("always",)
    return tuple(verdict for verdict in verdicts if verdict.counts in counts)


def perturbative_yukawas(couplings: Sequence[Complex[Array, ""]]) -> Verdict:
    r"""Every Yukawa coupling below :math:`\sqrt{4\pi}`."""
    largest = jnp.max(jnp.abs(jnp.stack(list(couplings))))
    return below("perturbative_yukawas", "largest Yukawa coupling, against sqrt(4 pi)", largest, SQRT_4PI)


def landau_pole(e_folds: FloatLike) -> Verdict:
    """At least a factor of ten between the scale of the model and the Landau pole of its largest coupling."""
    message = "ln(Landau pole/scale of the model) at one loop, against ln 10"
    return above("landau_pole", message, e_folds, jnp.log(10.0))


def local_operators(masses: Float[Array, " n"], m_b: FloatLike) -> Verdict:
    """All mediators heavier than 10 m_b, so that they can be integrated out above the b scale."""
    message = "lightest mediator in GeV, against 10 m_b: lighter ones are not local operators"
    return above("local_operators", message, jnp.min(masses), 10 * jnp.asarray(m_b))


def heavy_dark_matter(mass: FloatLike) -> Verdict:
    """Dark matter too heavy for B -> K(*) + invisible, which is not predicted."""
    message = "dark-matter mass in GeV, against 2.4: below, B->K(*) decays into a pair of it at tree level"
    return above("heavy_dark_matter", message, mass, KAON_PAIR_THRESHOLD)


def higgs_portal(coupling: FloatLike, mass: FloatLike, m_h: FloatLike) -> Verdict:
    """No decay of the Higgs boson into a pair of dark-matter particles: they are heavy enough or do not couple."""
    message = "dark-matter mass in GeV, against m_h/2: below, lambda_H opens h -> invisible, which is not predicted"
    ok = (jnp.asarray(coupling) == 0) | (jnp.asarray(mass) > jnp.asarray(m_h) / 2)
    return _verdict("higgs_portal", message, mass, jnp.asarray(m_h) / 2, ok)


def coannihilation(what: str, mass: FloatLike, dark: FloatLike) -> Verdict:
    """Heavier particles that are gone at freeze-out, because they are not counted in it."""
    message = (
        f"mass of {what} over that of dark matter, against 1.2: below, what is so near takes part in freeze-out and "
        "is not counted"
    )
    return above("coannihilation", message, jnp.asarray(mass) / jnp.asarray(dark), 1.2)


def stable(name: str, heavier: str, mass: FloatLike, dark: FloatLike) -> Verdict:
    """The particle that is taken for dark matter is the lightest odd one; `mass` is the least of the others'."""
    message = f"lighter of {heavier} in GeV, against m_{name}: otherwise {name} is not the dark matter"
    return above(f"stable_{name}", message, mass, dark, counts="dark matter")


def mass_splitting(name: str, value: FloatLike) -> Verdict:
    """A splitting, in GeV, of the states in a loop by which alone a Z' couples to quarks; `name` says of which."""
    message = (
        f"{name} in GeV, against 1e-3: the Z' couples to b and s by it alone, C9 vanishes without; below, dark matter "
        "scatters by heavy particles too, which is not counted"
    )
    return above("mass_splitting", message, value, 1e-3)


def perturbative_trilinear(ratio: FloatLike) -> Verdict:
    """The scalar that breaks U(1)' splits R and I by a coupling that is not too large for their masses."""
    message = "mu_chi/m_I, against sqrt(4 pi): the coupling of phi to two chi that splits R and I this far"
    return below("perturbative_trilinear", message, ratio, SQRT_4PI)


def second_stable_particle(coupling: str, others: str, value: FloatLike) -> Verdict:
    """A coupling that lets all other odd particles decay into dark matter."""
    message = f"size of {coupling}, against 0: without it the lightest of {others} is a second stable particle"
    return above("second_stable_particle", message, value, 0.0)


def invisible_z(name: str, mass: FloatLike, m_z: FloatLike) -> Verdict:
    """No decay of the Z into a pair of a neutral component of a doublet; `name` is that of its mass."""
    message = f"{name} in GeV, against m_Z/2: below, the Z decays into a pair of it"
    return above(f"light_{name}", message, mass, jnp.asarray(m_z) / 2)


def charged_at_lep(name: str, mass: FloatLike) -> Verdict:
    """Charged particles too heavy for LEP; `name` is that of the mass."""
    message = (
        f"{name} in GeV, against 100: LEP excludes lighter charged particles; what searches at the LHC exclude are the "
        "limits collider-..., of those that have one"
    )
    return above(f"light_{name}", message, mass, 100.0)


def oblique(shift_of_t: FloatLike) -> Verdict:
    """Weak doublets whose components differ in mass as little as precision allows.

    T = 0.04 +- 0.06 for U = 0: PDG 2022 [ParticleDataGroup:2022pth]_.
    """
    message = "distance of T from its fitted 0.04 over the error 0.06, against 2: a doublet is split too far"
    return not_above("oblique", message, jnp.abs(jnp.asarray(shift_of_t) - 0.04) / 0.06, 2.0)


def lhc_pairs(name: str, mass: FloatLike, dark: FloatLike, reach: float, gap: float) -> Verdict:
    """Heavier than what searches for pairs may exclude, or too near dark matter for them; `name` is that of the mass.

    `reach` and `gap` in GeV are estimates for 139 fb^-1.
    """
    message = (
        f"{name} in GeV, against {reach:g}, about what searches at the LHC for such pairs reach where it is {gap:g} "
        "above dark matter: they are not computed"
    )
    mass = jnp.asarray(mass, dtype=float)
    limit = jnp.where(mass - jnp.asarray(dark) > gap, reach, 0.0)
    return _verdict(f"lhc_not_tested_{name}", message, mass, limit, mass > limit)


def lepton_flavour(leptons: Sequence[Inexact[Array, ""]]) -> Verdict:
    """No couplings to two flavours of leptons, which loops turn into each other; of several to one, the largest."""
    e, mu, tau = (jnp.abs(coupling) for coupling in leptons)
    message = (
        "largest product of the couplings to two leptons, against 0: above, loops of leptons are open: of mu-e "
        "conversion in nuclei, the strongest limit, mu -> 3e and tau -> 3 mu only the part of the dipoles is predicted"
    )
    return not_above("lepton_flavour", message, jnp.max(jnp.stack([e * mu, mu * tau, e * tau])), 0.0)


def exchanged_quarks(coupling: FloatLike) -> Verdict:
    """No scattering of a real scalar off nucleons but by the Higgs boson, from an estimate in GeV^-2."""
    message = (
        "estimate of the coupling to nucleons by exchange of the heavy quark in GeV^-2, against 3e-10, a cross section "
        "of 1e-47 cm2: above, sigma_SI is that of the Higgs boson alone"
    )
    return below("exchanged_quarks", message, coupling, 3e-10)


def z_degeneracy(epsilon: FloatLike, m_zp: FloatLike, m_z: FloatLike) -> Verdict:
    """Kinetic mixing small against the distance of the two masses, so that its first order is enough."""
    message = (
        "|m_Zp^2/m_Z^2 - 1|, against ten times the kinetic mixing: below, Z and Z' mix by more than the first order "
        "that is kept"
    )
    distance = jnp.abs((jnp.asarray(m_zp) / jnp.asarray(m_z)) ** 2 - 1)
    return not_below("z_degeneracy", message, distance, 10 * jnp.abs(jnp.asarray(epsilon)))


def kinetic_equilibrium(mass: FloatLike, pole: FloatLike, width: FloatLike) -> Verdict:
    """No narrow resonance just above twice the dark-matter mass, where it may leave kinetic equilibrium too early.

    There freeze-out couples to momentum exchange, which is not solved for: the relic density can change by its own size
    (1706.07433 [Binder:2017rgn]_ for the Higgs resonance of a scalar).
    """
    message = (
        "width over mass of a resonance within 15 % above twice the dark-matter mass, against 1e-3: below, dark matter "
        "may leave kinetic equilibrium during freeze-out and Omega_h2 change by its own size"
    )
    ratio, narrow = jnp.asarray(pole) / (2 * jnp.asarray(mass)), jnp.asarray(width) / jnp.asarray(pole)
    ok = (ratio <= 1.0) | (ratio > 1.15) | (narrow > 1e-3)
    return _verdict("kinetic_equilibrium", message, narrow, 1e-3, ok)


def sommerfeld(coupling: FloatLike, mass: FloatLike, mediator: FloatLike) -> Verdict:
    r"""No bound states or enhancement by exchange of a light vector: :math:`g^2m/4\pi m_{Z'}<1`."""
    message = (
        "g^2 m/(4 pi m_Zp) of dark matter, against 1: above, exchange of the Z' enhances annihilation, which is not "
        "counted: neither Omega_h2 nor sigma_v is a prediction"
    )
    size = jnp.asarray(coupling) ** 2 * jnp.asarray(mass) / (4 * jnp.pi * jnp.asarray(mediator))
    return below("sommerfeld", message, size, 1.0)


def loop_trace(trace: FloatLike) -> Verdict:
    """Kinetic mixing that loops of the fermions make finite; otherwise it depends on the scale where it vanishes."""
    message = (
        "size of the sum of electric charges times those of the Z', against 1e-6: above, kinetic mixing is sensitive "
        "to high energies, epsilon is a free parameter, and Lambda, where it holds, moves sigma_SI by its own size"
    )
    return below("loop_trace", message, jnp.abs(jnp.asarray(trace)), 1e-6)


def light_quarks(couplings: Float[Array, " n"]) -> Verdict:
    """No production of the Z' from the valence quarks of the proton, which searches for dileptons have been for."""
    message = (
        "largest coupling of the Z' to u and d, against 1e-3: above, LHC searches for a resonance of two leptons count "
        "and are not computed"
    )
    return below("lhc_not_tested", message, jnp.max(jnp.abs(couplings)), 1e-3)


def kinetic_mixing(epsilon: FloatLike, m_zp: FloatLike, m_z: FloatLike) -> tuple[Verdict, ...]:
    r"""A mixing that first order describes, and that other experiments leave.

    The limits are labelled estimates of electroweak precision and of searches for pairs of muons: :math:`|\epsilon|` of
    0.03 above 150 GeV, 1e-3 below 70 GeV, 3e-3 between.
    """
    size, mass = jnp.abs(jnp.asarray(epsilon, dtype=float)), jnp.asarray(m_zp)
    known = jnp.where(mass > 150.0, 0.03, jnp.where(mass > 70.0, 3e-3, 1e-3))
    message = "kinetic mixing, against an estimate of what precision tests and searches for muon pairs leave"
    return z_degeneracy(epsilon, m_zp, m_z), not_above("kinetic_limit", message, size, known)


def axial_unitarity(axial: FloatLike, mass: FloatLike, m_zp: FloatLike) -> Verdict:
    r"""Scattering of dark matter through longitudinal Z' is unitary: :math:`m_\chi<\sqrt{\pi/2}\,m_{Z'}/|g_A|`.

    Standard: 1510.02110 [Kahlhoefer:2015bea]_.
    """
    message = (
        "|g_A| m/m_Zp of dark matter, against sqrt(pi/2): above, exchange of the Z' and of the scalar that gives them "
        "mass breaks unitarity at tree level"
    )
    size = jnp.abs(jnp.asarray(axial)) * jnp.asarray(mass) / jnp.asarray(m_zp)
    return below("axial_unitarity", message, size, (jnp.pi / 2) ** 0.5)


def dark_higgs(quartic: FloatLike, m_phi: FloatLike, mass: FloatLike) -> tuple[Verdict, ...]:
    """A dark Higgs boson of a perturbative coupling, into pairs of which dark matter does not annihilate."""
    strong = "quartic coupling m_phi^2/2w^2 of the dark Higgs boson, against 4 pi"
    pairs = (
        "mass of the dark Higgs boson in GeV, against that of dark matter: below, annihilation into two of them, a "
        "p-wave, is open and not computed"
    )
    return (
        below("dark_higgs_quartic", strong, quartic, 4 * jnp.pi),
        above("dark_higgs_pairs", pairs, m_phi, mass),
    )


def broad_higgs(name: str, *ratios: FloatLike) -> Verdict:
    """A Higgs boson through which dark matter annihilates, narrow enough for a propagator of fixed width.

    `ratios` are its width over its mass, and what that would be of one of twice the mass of dark matter.
    """
    message = (
        f"width of {name} over its mass, there or at twice the mass of dark matter, against 0.03: above, a width that "
        "runs with the energy moves Omega_h2 by up to three times this"
    )
    return below(f"broad_{name}", message, jnp.max(jnp.stack([jnp.asarray(x, dtype=float) for x in ratios])), 0.03)


def z_mixing(shift_of_rho: FloatLike) -> Verdict:
    """Masses of Z and Z' that mix no more than precision allows: an estimate, two sigma of a fit of rho alone."""
    message = "shift of the rho parameter by the mixing of Z and Z', against an estimate of what precision tests leave"
    return not_above("z_mixing", message, shift_of_rho, 8e-4)


def top_yukawa(m_t: FloatLike, vev: FloatLike) -> Verdict:
    """A Higgs doublet of that vacuum expectation value in GeV can give the top quark its mass."""
    message = "Yukawa coupling that gives the top quark its mass, against sqrt(4 pi)"
    coupling = jnp.sqrt(2.0) * jnp.asarray(m_t) / jnp.maximum(jnp.asarray(vev, dtype=float), 1e-6)
    return below("perturbative_yukawas", message, coupling, SQRT_4PI)
