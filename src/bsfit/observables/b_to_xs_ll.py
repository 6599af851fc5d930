r"""Inclusive decays :math:`B \to X_s\ell^+\ell^-` without a cut on the mass of :math:`X_s`: rates and asymmetry in q2.

.. math:: \frac{d^2{\rm BR}}{dq^2\,dz} = \tfrac38\left[(1+z^2)\,H_T+2(1-z^2)\,H_L+2z\,H_A\right] ,\qquad
          {\rm BR} = H_T+H_L ,\quad A_{FB} = \tfrac34\,H_A/{\rm BR} ,

of hep-ph/0612156 [Lee:2006gs]_, z the cosine of the angle between l+ and B in the dilepton's rest frame. Normalised,
as in 1503.04849 [Huber:2015sra]_, to the measured :math:`B\to X_ce\nu` and the ratio C of the rates into c and u:

.. math:: H_i = \frac{\alpha^2}{4\pi^2}\left|\frac{\lambda_t}{V_{cb}}\right|^2
          \frac{{\rm BR}(B\to X_ce\nu)}{C}\,\frac{\Phi_i(s)}{\Phi_u} ,\qquad s = q^2/m_b^2 .

Included: quark loops of order alpha_s (those of the exclusive decays, `charm_loops`), virtual and emitted gluons at
C7, C9, C10 of order alpha_s and at order :math:`1/m_b^2` :math:`\lambda_{1,2}` (`inclusive`); photons collinear to a
lepton (`inclusive_qed`), so that e and mu differ: what an experiment adds to its electrons is not corrected for here;
lepton masses and scalar operators at lowest order, in H_A only the velocity. Operators with flipped chirality are
added incoherently: the mass of the s quark is neglected; that of the u quark keeps q2 below m_b^2. Scale 4.8 GeV.
:math:`H_T, H_L` share the emission that is known of their sum.

Not included, but in inputs ``B->Xsll`` for theory errors: orders :math:`1/m_b^3` (the largest error above 14 GeV^2),
:math:`1/m_c^2` and resolved photons, resonances beyond the loops, gluons emitted by the quark loops, other
electroweak corrections than those of the coefficients, :math:`\alpha_s^2` at C9 and C10; above half of m_b^2 photons
and order :math:`1/m_b^2` in H_T, H_L, H_A, so that H_T + H_L is not the rate there. Energies in GeV, q2 in GeV^2.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from bsfit.catalogue import LEPTONS
from bsfit.catalogue.inclusive import AVERAGE
from bsfit.hadronic import inclusive, inclusive_qed, two_loop
from bsfit.hadronic.effective_coefficients import (
    Quarks,
    currents,
    gluonic,
    loop_shifts,
    of_leptons,
    quarks,
    selection,
    thresholds,
)
from bsfit.hadronic.phase_space import beta, bin_nodes
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.qed import ratio_factor
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory

MOMENTS = ("HT", "HL", "HA", "BR", "HTbar", "HLbar", "HAbar", "BRbar")
"""What `moments` returns per row: bin integrals; "bar" is the decay of the anti-b quark."""

NODES = 12
"""Quadrature nodes per bin: 1e-6 within the ranges that are used; 1e-3 over the charm region."""

HIGH_Q2 = 12.0
"""A bin that starts above this q2 carries the theory error of high q2."""

CURRENT = selection({"C9": 1}, {"C9p": 1}, {"C10": 1}, {"C10p": 1}, {"CS": 1}, {"CSp": 1}, {"CP": 1}, {"CPp": 1})
LOCAL = selection({"C7": 1}, {"C7p": 1}, {"C10": 1}, {"C10p": 1})
"""Coefficients by chirality of the s quark, plain and flipped; the last two for the time-like axial current."""

_FLIP = jnp.array([1.0, -1.0])
"""Sign of the asymmetry for the two chiralities."""


class Amplitudes(eqx.Module):
    """Coefficients at one q2 [cp, chirality]: those of the amplitude, and plain ones without loops and gluons.

    `scalar`, `pseudoscalar` times m_b, the latter with what the axial current adds.
    """

    c7: Complex[Array, "cp 2"]
    c9: Complex[Array, "cp 2"]
    c10: Complex[Array, "cp 2"]
    scalar: Complex[Array, "cp 2"]
    pseudoscalar: Complex[Array, "cp 2"]
    plain_7: Complex[Array, "cp 2"]
    plain_9: Complex[Array, "cp 2"]
    plain_10: Complex[Array, "cp 2"]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n k"]:
    """Integrals of H_T, H_L, H_A and the rate over each bin, layout `MOMENTS`: branching fractions."""
    coefficients = total(theory.wilson, inputs)
    quark = replace(quarks(coefficients, inputs), m_b_pole=inputs["m_b_Xs"])
    wilson = of_leptons(coefficients)
    leptonic, local = currents(theory, wilson, CURRENT), wilson @ LOCAL
    c8 = jnp.stack(gluonic(coefficients, inputs), axis=1)
    leptons = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    scale = normalisation(quark, inputs)
    hadronic = inputs.array(("lambda_1", "lambda_2")) / quark.m_b_pole**2

    def of_row(lepton: Int[Array, ""], low: Array, high: Array) -> Float[Array, " k"]:
        m_l, end = leptons[lepton], (quark.m_b_pole - inputs["m_u"]) ** 2
        q2, weight = bin_nodes(low, high, m_l, end, thresholds(quark), NODES, leptonic.pole)

        def density(q2: Float[Array, ""]) -> Float[Array, " k"]:
            found = amplitudes(q2, m_l, leptonic.at(q2, lepton), local[lepton], c8, quark)
            rates = gluons(q2, m_l, found, quark) + powers(q2, found, quark, hadronic, inputs)
            return (rates + inputs["alpha_em_mb"] * photons(q2, m_l, found, quark, inputs)).ravel()

        return scale * (weight @ jax.vmap(density)(q2))

    return jax.vmap(of_row)(rows.lepton, rows.q2_min, rows.q2_max)


def normalisation(quark: Quarks, inputs: Inputs) -> Float[Array, ""]:
    r"""What multiplies the :math:`\Phi_i` to give dBR/dq2, GeV^-2. Eqs. (4.5) to (4.8) of 1503.04849.

    Without the order :math:`\alpha_s^2` of :math:`\Phi_u`, as there: with C9, C10 of order 1/alpha_s it belongs to
    the next order of the numerator too.
    """
    m_b2, coupling = quark.m_b_pole**2, quark.alpha_s
    ratio = inputs["alpha_em_mb"] / coupling
    phi_u = (
        1.0
        + coupling / (4 * jnp.pi) * (50 / 3 - 8 * jnp.pi**2 / 3)
        + 12 / 23 * ratio * (1.0 - coupling / inputs["alpha_s_mZ"])
        + 0.5 * (inputs["lambda_1"] - 9.0 * inputs["lambda_2"]) / m_b2
    )
    strength = (inputs["alpha_em_mb"] / (2 * jnp.pi)) ** 2 / m_b2
    mixing = jnp.abs(quark.lambda_t / ckm(inputs)[1, 2]) ** 2
    return strength * mixing * inputs["BR(B->Xcenu)"] / inputs["C_BXlnu"] / phi_u


def amplitudes(
    q2: Float[Array, ""],
    m_l: Float[Array, ""],
    current: Complex[Array, "cp 8"],
    local: Complex[Array, "cp 4"],
    c8: Complex[Array, "cp 2"],
    quark: Quarks,
) -> Amplitudes:
    """Coefficients with quark loops; the flipped ones get what gluons of C8' add, by parity."""
    c9, c10, scalar, pseudoscalar = (current[:, 2 * i : 2 * i + 2] for i in range(4))
    c7, c10_local = local[:, :2], local[:, 2:]
    plain = loop_shifts(q2, c8[:, :1], quark)
    gluon = -quark.alpha_s / (4 * jnp.pi) * c8[:, 1:]
    flipped = two_loop.F_87(q2, quark.m_b_pole, MU_B) * gluon, two_loop.F_89(q2, quark.m_b_pole) * gluon
    shift_7, shift_9 = (jnp.concatenate(pair, axis=1) for pair in zip(plain, flipped, strict=True))
    emission = jnp.stack(inclusive.universal(q2 / quark.m_b_pole**2, jnp.log(MU_B / quark.m_b_pole)))
    emitted_7, emitted_9 = 1.0 + quark.alpha_s / jnp.pi * emission
    return Amplitudes(
        emitted_7 * c7 + shift_7,
        emitted_9 * c9 + shift_9,
        emitted_9 * c10,
        quark.m_b * scalar,
        quark.m_b * pseudoscalar + 2.0 * m_l * quark.m_b_pole / q2 * emitted_9 * c10_local,
        c7,
        c9,
        c10,
    )


def gluons(q2: Float[Array, ""], m_l: Float[Array, ""], a: Amplitudes, quark: Quarks) -> Float[Array, "cp 4"]:
    """H_T, H_L, H_A and the rate to order alpha_s, with lepton masses."""
    s, velocity = q2 / quark.m_b_pole**2, beta(q2, m_l)
    correction = quark.alpha_s / jnp.pi
    vector, axial = 1.0 + 2.0 * m_l**2 / q2, velocity**2
    tau = inclusive.bremsstrahlung(s)
    rates = []
    for terms in (inclusive.transverse(s), inclusive.longitudinal(s)):
        corrected = inclusive.Terms(*(f * (1 + correction * t) for f, t in zip(terms, tau, strict=True)))
        rates.append(vector * _vector_rate(corrected, a.c7, a.c9) + axial * corrected.vector * _squared(a.c10))
    spin_zero = 1.5 * s * (1 - s) ** 2 * (velocity**2 * _squared(a.scalar) + _squared(a.pseudoscalar))
    rates[1] = rates[1] + spin_zero
    of_7, of_9 = jnp.stack(inclusive.axial(s)) * (1 + correction * jnp.stack(inclusive.bremsstrahlung_axial(s)))
    asymmetry = _asymmetry(of_7, of_9, a.c7, a.c9, a.c10)
    transverse, longitudinal = (velocity * rate.sum(axis=1) for rate in rates)
    return jnp.stack([transverse, longitudinal, velocity**2 * asymmetry, transverse + longitudinal], axis=1)


def powers(
    q2: Float[Array, ""], a: Amplitudes, quark: Quarks, hadronic: Float[Array, " 2"], inputs: Inputs
) -> Float[Array, "cp 4"]:
    """What order 1/m_b^2 adds; C10 as C9. `hadronic` are lambda_1 and lambda_2 over m_b^2.

    Above the middle only the rate has it: the term of H_A with lambda_1, which does not vanish at s = 1, exceeds there
    the lowest order, and ratios want both alike.
    """
    s = q2 / quark.m_b_pole**2
    narrow = inputs.choices.narrow_power_corrections
    reach, axial = (jnp.array([1.0, 0.0]), 0.0) if narrow else (jnp.ones(2), 1.0)
    transverse, longitudinal = (
        (_vector_rate(terms, a.plain_7, a.plain_9) + axial * terms.vector * _squared(a.plain_10)) @ reach
        for terms in (inclusive.power_transverse(s, *hadronic), inclusive.power_longitudinal(s, *hadronic))
    )
    of_7, of_9 = inclusive.power_axial(s, *hadronic)
    asymmetry = _asymmetry(of_7, of_9, a.plain_7, a.plain_9, a.plain_10 * reach[None])
    angular = jnp.where(narrow | (s < inclusive_qed.MIDDLE), jnp.stack([transverse, longitudinal, asymmetry]), 0.0)
    return jnp.stack([*angular, transverse + longitudinal], axis=1)


def photons(
    q2: Float[Array, ""], m_l: Float[Array, ""], a: Amplitudes, quark: Quarks, inputs: Inputs
) -> Float[Array, "cp 4"]:
    """What collinear photons add, in units of alpha."""
    s, log_lepton = q2 / quark.m_b_pole**2, jnp.log(quark.m_b_pole**2 / m_l**2)
    loop = quark.four_quark[1] + 4 / 3 * quark.four_quark[0]
    rates = []
    for kind in (inclusive_qed.transverse, inclusive_qed.longitudinal, inclusive_qed.whole):
        e = kind(s, log_lepton, MU_B)
        terms = inclusive.Terms(e.e_77, e.e_79, e.e_99)
        own = (_vector_rate(terms, a.plain_7, a.plain_9) + e.e_99 * _squared(a.plain_10)).sum(axis=1)
        mixed = jnp.real(e.e_27 * jnp.conj(a.plain_7[:, 0]) + e.e_29 * jnp.conj(a.plain_9[:, 0]))
        rates.append(own + loop**2 * e.e_22 + loop * mixed)
    of_7, of_9, charm = inclusive_qed.axial(s, log_lepton, MU_B)
    asymmetry = _asymmetry(of_7, of_9, a.plain_7, a.plain_9, a.plain_10) + loop * charm * jnp.real(a.plain_10[:, 0])
    return 2 / jnp.pi * jnp.stack([rates[0], rates[1], asymmetry, rates[2]], axis=1)


def _squared(c: Complex[Array, "cp 2"]) -> Float[Array, "cp 2"]:
    return jnp.real(c) ** 2 + jnp.imag(c) ** 2


def _vector_rate(
    terms: inclusive.Terms, c7: Complex[Array, "cp 2"], c9: Complex[Array, "cp 2"]
) -> Float[Array, "cp 2"]:
    mixed = jnp.real(c7 * jnp.conj(c9))
    return terms.dipole * _squared(c7) + terms.mixed * mixed + terms.vector * _squared(c9)


def _asymmetry(
    of_7: Float[Array, ""],
    of_9: Float[Array, ""],
    c7: Complex[Array, "cp 2"],
    c9: Complex[Array, "cp 2"],
    c10: Complex[Array, "cp 2"],
) -> Float[Array, " cp"]:
    return jnp.real((of_7 * c7 + of_9 * c9) * jnp.conj(c10)) @ _FLIP


def functionals(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, "r p"]:
    """CP averages that the quantity `key` is made of, each row with its theory error: rate, numerator if any.

    At high q2, where photons and power corrections are those of the rate alone, that of A_FB has none either.
    """
    state = moments.reshape(-1, 2, 4)
    high = rows.q2_min > HIGH_Q2
    unknown = 1.0 + jnp.where(high, inputs["B->Xsll high"], inputs["B->Xsll low"])
    h_t, h_l, h_a, rate = unknown[None] * state.mean(axis=1).T
    if key in ("HT", "HL", "HA"):
        return {"HT": h_t, "HL": h_l, "HA": h_a}[key][:, None]
    if key == "ACP":
        return jnp.stack([rate, 0.5 * unknown * (state[:, 0, 3] - state[:, 1, 3])], axis=1)
    if not key.startswith("AFB"):
        return rate[:, None]
    both = jnp.where(high, h_t + h_l, rate)
    shift = jnp.where(high, inputs["B->Xsll AFB high"], inputs["B->Xsll AFB"])
    return jnp.stack([both, 0.75 * h_a + shift * both], axis=1)


def assemble(key: str, found: Float[Array, "r p"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` from its `functionals`; a key with `AVERAGE` is the average of the two rows, e and mu.

    BR, HT, HL, HA are bin integrals. Raises `KeyError` for an unknown key.
    """
    sums = found.mean(axis=0)
    if key == "dBR/dq2":
        return sums[0] / (rows.q2_max[0] - rows.q2_min[0])
    if key == "Rmue":
        return ratio_factor("B->Xs", rows.q2_min[0], inputs) * found[0, 0] / found[1, 0]
    if key.removesuffix(AVERAGE) in ("AFB", "ACP"):
        return sums[1] / sums[0]
    if key in ("BR", f"BR{AVERAGE}", "HT", "HL", "HA"):
        return sums[0]
    raise KeyError(key)
