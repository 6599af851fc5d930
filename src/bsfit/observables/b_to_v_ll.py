r"""Decays :math:`B \to K^*\ell^+\ell^-` and :math:`B_s \to \phi\,\ell^+\ell^-`: rates and angular observables.

Transversity amplitudes and angular coefficients :math:`J_i` of 0811.1214 [Altmannshofer:2008dz]_, sec. 3, with
massive leptons and the operators :math:`O_7, O_9, O_{10}, O_S, O_P` and their flips; form factors of 1503.05534
[Straub:2015ica]_. Unlike in that paper, the amplitudes are those of the vector and axial lepton currents,
:math:`A_{L,R} = A_V \mp A_A`, and the timelike amplitude times :math:`2m_\ell/\sqrt{q^2}` is called pseudoscalar:
then nothing is divided by the lepton mass. :math:`J_i` without a bar belong to the decay of the b quark.

Time dependence: :math:`B_s` and :math:`\bar B_s` reach the same final state, so rates integrated over the decay time
contain their interference :math:`h_i`, 1502.05509 [Descotes-Genon:2015hea]_. The mixing phase is the Standard
Model's, :math:`q/p = \lambda_t^*/\lambda_t`, which cancels the phase of :math:`\lambda_t` in the amplitudes. flavio
2.7.1 multiplies by the complex conjugate of q/p instead, which leaves a phase of :math:`4\beta_s`; Standard-Model
rates differ by 2e-4, ratios with complex coefficients by up to 2e-3 (`inputs.Choices`).

:math:`A_{CP}` is the rate of the b quark minus that of the anti-b quark over their sum; flavio 2.7.1 has half of it.

Below 9 GeV^2 spectator scattering and weak annihilation (`hadronic.qcd_factorisation`) are added where the inputs
have what they need; `moments` takes others in their place. So are the shifts of `hadronic.power_corrections`, zero
unless an input says otherwise. Not included: QED, tensor operators,
new phases in :math:`B_s` mixing. The strange quark mass is neglected against :math:`m_b` in :math:`O_S, O_P`.
Energies in GeV, q2 in GeV^2.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float, Int

from bsfit.catalogue import LEPTONS, PROCESSES
from bsfit.hadronic import form_factors, power_corrections, qcd_factorisation
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
from bsfit.hadronic.phase_space import beta, bin_nodes, sqrt_lambda
from bsfit.loading.inputs import Inputs
from bsfit.numerics import bilinear_integrals, bilinear_tensor
from bsfit.standard_model.qed import ratio_factor
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory

ANGULAR = ("1s", "1c", "2s", "2c", "3", "4", "5", "6s", "6c", "7", "8", "9")
"""Order of the angular coefficients; signs of 0811.1214."""

MOMENTS = tuple(state + i for state in ("J", "Jbar", "h") for i in ANGULAR)
"""What `moments` returns per row: integrals over the bin, times the lifetime."""

_AT = {name: i for i, name in enumerate(ANGULAR)}

_LHCB_SIGN = np.array([-1.0 if name in ("4", "6s", "6c", "7", "9") else 1.0 for name in ANGULAR])
"""Eq. (C.8) of 1506.03970 [Gratrex:2015hna]_."""

_SAME_SIGN = np.array([name not in ("5", "6s", "6c", "8", "9") for name in ANGULAR])
"""Where the two decays add up in an untagged sample with one definition of the angles, else they subtract."""

RATE = np.zeros(len(ANGULAR))
RATE[[_AT["1s"], _AT["1c"], _AT["2s"], _AT["2c"]]] = 1.5, 0.75, -0.5, -0.25
"""Weights of the angular coefficients in the rate."""

NODES = 12
"""Quadrature nodes per bin, for an error below 1e-7; 1e-5 over a charm threshold, 1e-3 over the whole charm region."""

AMPLITUDES = ("V0", "Vperp", "Vpara", "A0", "Aperp", "Apara", "S", "P")
"""Order of the transversity amplitudes: longitudinal, perpendicular, parallel; then scalar and pseudoscalar."""

_MINUS, _PLUS = (lambda name, sign=sign: {name: 1, name + "p": sign} for sign in (-1, 1))
CURRENT = selection(
    *(parity(name) for name in ("C9", "C10") for parity in (_MINUS, _PLUS, _MINUS)), _MINUS("CS"), _MINUS("CP")
)
DIPOLE = selection(_MINUS("C7"), _PLUS("C7"), _MINUS("C7"), {}, {}, {}, {}, _MINUS("C10"))
"""Combinations of coefficients in `AMPLITUDES`: the dipole, and the axial current times the lepton mass."""

NonlocalAmplitudes = Callable[[Float[Array, ""], Int[Array, ""]], Complex[Array, "cp 3"]]
"""(q2, position of the decay) -> what to add to the first three `AMPLITUDES`."""


class Decay(eqx.Module):
    """Masses in GeV, lifetime in GeV^-1 and form factors; [decay] on every field until one is picked."""

    m_b: Float[Array, "*d"]
    m_v: Float[Array, "*d"]
    lifetime: Float[Array, "*d"]
    form_factors: form_factors.Expansion


def moments(
    theory: Theory, inputs: Inputs, rows: Rows, nonlocal_amplitudes: NonlocalAmplitudes | None = None
) -> Float[Array, "n k"]:
    """Angular coefficients integrated over each bin, layout `MOMENTS`: branching fractions at decay time zero.

    `nonlocal_amplitudes` replace the spectator scattering and weak annihilation of `hadronic.qcd_factorisation`, which
    are in if the inputs have the distribution amplitudes that they need.
    """
    coefficients = total(theory.wilson, inputs)
    quark = quarks(coefficients, inputs)
    if nonlocal_amplitudes is None and "1/lambda_B" in inputs:
        nonlocal_amplitudes = qcd_factorisation.nonlocal_amplitudes(coefficients, quark, inputs)
    wilson = of_leptons(coefficients)
    leptonic, dipoles = currents(theory, wilson, CURRENT), wilson @ DIPOLE
    plain, primed = gluonic(coefficients, inputs)
    c8 = jnp.stack([plain - primed, plain + primed, plain - primed], axis=1)
    all_decays, corrections = decays(inputs), power_corrections.vector_shifts(inputs)
    leptons = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    strength = (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(quark.lambda_t)) ** 2

    def of_row(decay: Int[Array, ""], lepton: Int[Array, ""], low: Array, high: Array) -> Float[Array, " k"]:
        mesons, power, m_l = *jax.tree.map(lambda x: x[decay], (all_decays, corrections)), leptons[lepton]
        q2, weight = bin_nodes(low, high, m_l, (mesons.m_b - mesons.m_v) ** 2, thresholds(quark), NODES, leptonic.pole)

        def amplitudes(q2: Float[Array, ""]) -> Complex[Array, "cp 8"]:
            current, dipole = hadronic_factors(q2, mesons, m_l, quark)
            shift_c7, shift_c9 = loop_shifts(q2, c8, quark)
            found = current[None] * leptonic.at(q2, lepton) + dipole[None] * dipoles[lepton]
            vector = current[:3], dipole[:3]
            added = vector[0][None] * shift_c9 + vector[1][None] * shift_c7
            added += power_corrections.vector_amplitudes(q2, power, *vector, mesons.m_b, quark.m_b)[None]
            if nonlocal_amplitudes is not None:
                added += nonlocal_amplitudes(q2, decay)
            return _with_mixing(found.at[:, :3].add(added), quark)

        measure = strength * mesons.lifetime * weight * rate_factor(q2, mesons, m_l)
        return angular_integrals(jax.vmap(amplitudes)(q2), q2, measure, m_l).ravel()

    return jax.vmap(of_row)(rows.decay, rows.lepton, rows.q2_min, rows.q2_max)


def _with_mixing(amplitudes: Complex[Array, "cp 8"], quark: Quarks) -> Complex[Array, "cp 8"]:
    r"""Amplitudes with those of the anti-b quark times q/p, all without :math:`\lambda_t`, whose phases q/p cancels.

    With `Choices.conjugate_mixing` four times its phase is left instead.
    """
    if not quark.choices.conjugate_mixing:
        return amplitudes
    return amplitudes.at[1].multiply((jnp.conj(quark.lambda_t) / quark.lambda_t) ** 2)


def hadronic_factors(
    q2: Float[Array, ""], mesons: Decay, m_l: Float[Array, ""], quark: Quarks
) -> tuple[Float[Array, " 8"], Float[Array, " 8"]]:
    """What multiplies `CURRENT` and `DIPOLE` in the amplitudes `AMPLITUDES`. Sec. 3.2 of 0811.1214.

    In GeV, in units of the N there. Written with A12 and T23 of 1503.05534, which stay finite at the end point.
    """
    m_b, m_v = mesons.m_b, mesons.m_v
    v, a0, a1, a12, t1, t2, t23 = form_factors.evaluate(mesons.form_factors, q2)
    root = sqrt_lambda(q2, m_b, m_v)
    zero, perp, para = -8.0 * m_b * m_v / jnp.sqrt(q2), jnp.sqrt(2.0) * root, -jnp.sqrt(2.0) * (m_b + m_v)
    vector = (zero * a12, perp * v / (m_b + m_v), para * a1)
    photon = 2.0 * quark.m_b / q2
    tensor = (zero * quark.m_b / (m_b + m_v) * t23, perp * photon * t1, para * photon * (m_b - m_v) * t2)
    timelike, none = 2.0 * root * a0, jnp.zeros_like(root)
    current = jnp.stack([*vector, *vector, -timelike, timelike])
    return current, jnp.stack([*tensor, none, none, none, none, 2.0 * m_l / q2 * timelike])


def rate_factor(q2: Float[Array, "*n"], mesons: Decay, m_l: Float[Array, ""]) -> Float[Array, "*n"]:
    """Square of N of 0811.1214 without the couplings G_F alpha lambda_t."""
    root = sqrt_lambda(q2, mesons.m_b, mesons.m_v)
    return q2 * root * beta(q2, m_l) / (3.0 * 2**10 * jnp.pi**5 * mesons.m_b**3)


def angular_integrals(
    amplitudes: Complex[Array, "n cp 8"], q2: Float[Array, " n"], measure: Float[Array, " n"], m_l: Float[Array, ""]
) -> Float[Array, "3 12"]:
    """Angular coefficients of the decays of b and anti-b quark, and their interference, integrated with a measure.

    Integrates the products of amplitudes with the four functions of q2 that multiply them, then combines.
    """
    velocity = beta(q2, m_l)
    factors = jnp.stack([jnp.ones_like(q2), velocity**2, velocity, velocity * m_l / jnp.sqrt(q2)])
    first = amplitudes[:, _FIRST]
    second = jnp.conj(amplitudes[:, _SECOND]) * _MIRROR[None]
    return bilinear_integrals(first, second, factors * measure[None], _ANGULAR_TENSOR)


def _angular_coefficients(rho: Complex[np.ndarray, "4 8 8 m"]) -> Float[np.ndarray, "12 m"]:
    r"""Angular coefficients `ANGULAR`, sec. 3.3 of 0811.1214, from :math:`\rho_{ab} = A_aA_b^*`.

    The products come multiplied by :math:`1`, :math:`\beta^2`, :math:`\beta` and :math:`\beta m/\sqrt{q^2}`. With
    :math:`A_{L,R} = A_V \mp A_A` the sum over chiralities is twice that over currents, and L minus R is minus twice the
    product of the two currents.
    """
    one, square, velocity, flip = rho
    v0, vp, va, a0, ap, aa, s, p = range(8)  # 0, perpendicular, parallel
    root2, root8 = np.sqrt(2.0), np.sqrt(8.0)
    coefficients = [
        (2 * (one[vp, vp] + one[va, va]) + 1.5 * (square[ap, ap] + square[aa, aa])).real
        - 0.5 * (square[vp, vp] + square[va, va]).real,
        (4 * one[v0, v0] + 2 * (square[a0, a0] - square[v0, v0]) + square[s, s] + one[p, p]).real,
        (square[vp, vp] + square[va, va] + square[ap, ap] + square[aa, aa]).real / 2,
        -2 * (square[v0, v0] + square[a0, a0]).real,
        (square[vp, vp] + square[ap, ap] - square[va, va] - square[aa, aa]).real,
        root2 * (square[v0, va] + square[a0, aa]).real,
        -root8 * (velocity[v0, ap] + velocity[a0, vp] + flip[va, s]).real,
        -4 * (velocity[va, ap] + velocity[aa, vp]).real,
        8 * flip[v0, s].real,
        -root8 * (velocity[v0, aa] + velocity[a0, va] - flip[vp, s]).imag,
        root2 * (square[v0, vp] + square[a0, ap]).imag,
        2 * (square[vp, va] + square[ap, aa]).imag,
    ]
    return np.stack(coefficients)


_FIRST, _SECOND = np.array([0, 1, 0]), np.array([0, 1, 1])
"""CP states of the two amplitudes in the particle, antiparticle and interference moments."""

_MIRROR = np.array([np.ones(8), np.ones(8), [2, -2, 2, 2, -2, 2, -2, 2]])
"""CP of the final state with each amplitude; the interference is both cross terms, hence 2."""

_ANGULAR_TENSOR = bilinear_tensor(_angular_coefficients, 4, len(AMPLITUDES))


def decays(inputs: Inputs) -> Decay:
    """The three decays, in the order of the catalogue."""
    m_b, m_v = zip(*PROCESSES["b_to_v_ll"].masses, strict=True)
    lifetimes = inputs.array(("tau_B0", "tau_B+", "tau_Bs"))
    transition = np.array([0, 0, 1])  # both B -> K* modes share form factors
    factors = jax.tree.map(lambda x: x[transition], form_factors.b_to_v(inputs))
    return Decay(inputs.array(m_b), inputs.array(m_v), lifetimes, factors)


# ---------------------------------------------------------------------------------------------------- observables


INTEGRALS = ("rate", "rate difference", *(f"S{i}" for i in ANGULAR), *(f"A{i}" for i in ANGULAR))
"""CP sums and differences in LHCb's signs, and their rates: what observables are made of."""


class Sums:
    """Integrals over one bin by the names of `INTEGRALS`, and its nominal width in GeV^2."""

    def __init__(self, integrals: Mapping[str, Array], width: Float[Array, ""]) -> None:
        self.integrals, self.width = integrals, width

    @property
    def rate(self) -> Any:
        """Twice the CP-averaged rate."""
        return self.integrals["rate"]

    @property
    def rate_difference(self) -> Any:
        """Rate of the particle's decay less that of the antiparticle's."""
        return self.integrals["rate difference"]

    def s(self, name: str) -> Any:
        """Numerator of S_i."""
        return self.integrals[f"S{name}"]

    def a(self, name: str) -> Any:
        """Numerator of A_i."""
        return self.integrals[f"A{name}"]


class _Noted(dict):
    """Integrals of which nothing but the names is asked, which it notes."""

    def __missing__(self, name: str) -> Float[Array, ""]:
        self[name] = jnp.asarray(-1.0 if name == "S2c" else 1.0)
        return self[name]


@functools.cache
def integrals_of(key: str) -> tuple[str, ...]:
    """The `INTEGRALS` that the quantity `key` reads."""
    noted = _Noted()
    sums = Sums(noted, jnp.ones(()))
    _ = _PER_LEPTON[key](sums) if key in _PER_LEPTON else _PER_PAIR[key](sums, sums)
    return tuple(noted)


def _integrals(moments: Float[Array, " k"], y: Float[Array, ""]) -> Float[Array, " i"]:
    """`INTEGRALS` over decay times, y = DeltaGamma/2 Gamma, 0 without mixing. Eqs. (42), (48) of 1502.05509.

    For a final state common to both mesons only the CP sums of i = 1, 2, 3, 4, 7 and the differences of i = 5, 6, 8, 9
    are untagged observables; the others are given as without mixing.
    """
    particle, antiparticle, interference = moments.reshape(3, -1)
    dilution = 1.0 / (1.0 - y**2)
    untagged_sum = dilution * (particle + antiparticle - y * interference)
    untagged_difference = dilution * (particle - antiparticle - y * interference)
    sums = jnp.where(_SAME_SIGN, untagged_sum, particle + antiparticle)
    differences = jnp.where(_SAME_SIGN, particle - antiparticle, untagged_difference)
    rates = jnp.stack([RATE @ sums, RATE @ differences])
    return jnp.concatenate([rates, _LHCB_SIGN * sums, _LHCB_SIGN * differences])


def _transverse(x: Sums) -> Float[Array, ""]:
    return x.s("2s")


def _geometric(x: Sums) -> Float[Array, ""]:
    """Denominator of the primed observables: the root of a product of integrals, not the integral of a root."""
    return 2.0 * jnp.sqrt(-x.s("2s") * x.s("2c"))


_PER_LEPTON: dict[str, Callable[[Sums], Float[Array, ""]]] = {
    "dBR/dq2": lambda x: 0.5 * x.rate / x.width,
    "BR": lambda x: 0.5 * x.rate,
    "ACP": lambda x: x.rate_difference / x.rate,
    "FL": lambda x: -x.s("2c") / x.rate,
    "AFB": lambda x: (0.75 * x.s("6s") + 0.375 * x.s("6c")) / x.rate,
    **{f"S{i}": lambda x, i=i: x.s(i) / x.rate for i in ("1c", "2s", "3", "4", "5", "6s", "6c", "7", "8", "9")},
    **{f"A{i}": lambda x, i=i: x.a(i) / x.rate for i in ("3", "4", "5", "6s", "6c", "7", "8", "9")},
    "P1": lambda x: 0.5 * x.s("3") / _transverse(x),
    "P2": lambda x: 0.125 * x.s("6s") / _transverse(x),
    "P3": lambda x: -0.25 * x.s("9") / _transverse(x),
    "ATIm": lambda x: 0.5 * x.a("9") / _transverse(x),
    **{f"P{p}p": lambda x, i=i: x.s(i) / _geometric(x) for p, i in (("4", "4"), ("5", "5"), ("6", "7"), ("8", "8"))},
}

_PER_PAIR: dict[str, Callable[[Sums, Sums], Float[Array, ""]]] = {
    "Rmue": lambda mu, e: mu.rate / e.rate,
    "Remu": lambda mu, e: e.rate / mu.rate,
    **{
        f"Dmue_{key}": lambda mu, e, f=_PER_LEPTON[key]: f(mu) - f(e)
        for key in ("AFB", "FL", "P1", "P2", "P4p", "P5p", "P6p", "P8p")
    },
}


def functionals(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, "r p"]:
    """Linear functionals of the moments that the quantity `key` is made of: the integrals that it reads."""
    y = jnp.where(_is_bs(rows), 0.5 * inputs["DeltaGamma/Gamma_Bs"], 0.0)
    found = jax.vmap(_integrals)(moments, y)
    return found[:, np.array([INTEGRALS.index(name) for name in integrals_of(key)])]


def assemble(key: str, found: Float[Array, "r p"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` from its `functionals`.

    LHCb's sign convention; rates are CP averaged, those of Bs integrated over the decay time; dBR/dq2 is per GeV^2 of
    the nominal bin, also where the bin sticks out of phase space. Ratios carry the factor of `qed`, 1 at its central
    value. Raises `KeyError` for an unknown key.
    """
    width, names = rows.q2_max - rows.q2_min, integrals_of(key)
    parts = [Sums(dict(zip(names, x, strict=True)), width[i]) for i, x in enumerate(found)]
    value = (_PER_LEPTON[key] if key in _PER_LEPTON else _PER_PAIR[key])(*parts)
    if key not in ("Rmue", "Remu"):
        return value
    q2_min = rows.q2_min[0]
    qed = jnp.where(_is_bs(rows)[0], ratio_factor("Bs->phi", q2_min, inputs), ratio_factor("B->K*", q2_min, inputs))
    return value * qed if key == "Rmue" else value / qed


def _is_bs(rows: Rows) -> Bool[Array, " r"]:
    return rows.decay == PROCESSES["b_to_v_ll"].decays.index("Bs->phi")
