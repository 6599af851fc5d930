r"""Decays :math:`\Lambda_b\to\Lambda(\to p\pi^-)\,\ell^+\ell^-`: rates and all 34 angular coefficients.

Transversity amplitudes of 1410.2115 [Boer:2014kda]_, with lepton masses and :math:`O_S, O_P` as in 1802.08615
[arXiv:1802.08615]_, angular functions of 1710.00746 [Blake:2017une]_; form factors of 1602.01399 [Detmold:2016pkz]_.
Unlike there, the amplitudes are those of the vector and axial lepton currents, :math:`A_{R,L}=A_V\pm A_A`, and the
time-like one times :math:`2m_\ell/\sqrt{q^2}` is called pseudoscalar. With the helicity :math:`\pm` of :math:`\Lambda`,
:math:`h_\pm=(A_\perp\pm A_\parallel)/\sqrt2`, all coefficients follow from products of two amplitudes and the spin
matrices :math:`1+\alpha\,\hat p\cdot\sigma` of :math:`\Lambda` and :math:`1+P\,\hat n\cdot\sigma` of
:math:`\Lambda_b` [derived; a test sums over spins].

**Angles** are those of LHCb (1808.00264 [Aaij:2018gwm]_), which flavio and the papers above share:
:math:`\theta_\ell` is that of :math:`\ell^+` in the dilepton rest frame, against the direction of the dilepton in that
of :math:`\Lambda_b`; :math:`\theta_b` that of the proton, against the direction of :math:`\Lambda`; :math:`\theta` that
of :math:`\Lambda` against the polarisation axis, :math:`\hat p_{\rm beam}\times\hat p_{\Lambda_b}`. Azimuths count from
the half-plane of that axis, about the directions of :math:`\Lambda` and of the dilepton. Then

.. math:: \frac{d\Gamma}{d\cos\theta_\ell\,d\cos\theta_b} \propto K_{1ss}\sin^2\theta_\ell+K_{1cc}\cos^2\theta_\ell
          +K_{1c}\cos\theta_\ell+(K_{2ss}\sin^2\theta_\ell+K_{2cc}\cos^2\theta_\ell+K_{2c}\cos\theta_\ell)\cos\theta_b ,

with :math:`\Gamma=2K_{1ss}+K_{1cc}=1`; LHCb counts :math:`K_1\ldots K_{10}` in the order of `ANGULAR`. At high q2
:math:`A_{FB}^\ell=\frac32K_{1c}` is negative in the Standard Model, that of :math:`B\to K^*` positive: there LHCb takes
the other lepton. The decay of the antiparticle has its own particles in all angles and opposite azimuths, so that both
have the same :math:`K_i` without CP violation, and :math:`\alpha` is positive for both; all are averaged over the two.
flavio 2.7.1 does not average (`inputs.Choices`), and neglects lepton masses.

Loops as in B -> K ll; no spectator scattering, which nobody has calculated here. The shifts of
`hadronic.power_corrections` stand for it. Not included: QED, tensor operators, the width of the charmonia; the strange
quark mass against :math:`m_b` in :math:`O_S, O_P`, and the terms :math:`\cos\theta_\ell\sin\theta_b\sin\theta` that
scalar operators give to polarised baryons. Energies in GeV, q2 in GeV^2.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from bsfit.catalogue import LEPTONS, PROCESSES
from bsfit.hadronic import form_factors, power_corrections, rate_quantities
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
from bsfit.numerics import bilinear_integrals, bilinear_tensor, safe_sqrt
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory

UNPOLARISED = ("1ss", "1cc", "1c", "2ss", "2cc", "2c", "4sc", "4s", "3sc", "3s")
ANGULAR = (*UNPOLARISED, *(str(i) for i in range(11, 35)))
"""Order of the angular coefficients: K_1 ... K_34 of LHCb."""

MOMENTS = tuple(state + i for state in ("K", "Kbar") for i in ANGULAR)
"""What `moments` returns per row: integrals over the bin, times the lifetime, over the powers of alpha and of P."""

NODES = 12
"""Quadrature nodes per bin, for an error below 1e-7; 1e-5 over a charm threshold, 1e-3 over the whole charm region."""

AMPLITUDES = tuple(
    kind + name
    for kind, names in (("V", "01"), ("A", "01"), ("S", "t"), ("P", "t"))
    for name in (parity + of for of in names for parity in ("perp", "para"))
)
"""Order of the transversity amplitudes: V and A perp0, para0, perp1, para1, then S and P perp, para."""

_EVEN, _ODD = (lambda name, sign=sign: {name: 1, name + "p": sign} for sign in (1, -1))
_PARITIES = (_EVEN, _ODD, _EVEN, _ODD)
CURRENT = selection(
    *(parity(name) for name in ("C9", "C10") for parity in _PARITIES),
    *(parity(name) for name in ("CS", "CP") for parity in (_EVEN, _ODD)),
)
DIPOLE = selection(*(parity("C7") for parity in _PARITIES), *[{}] * 6, _EVEN("C10"), _ODD("C10"))
"""Combinations of coefficients in `AMPLITUDES`: the dipole, and the axial current times the lepton mass."""


class Decay(eqx.Module):
    """Masses in GeV and lifetime in GeV^-1 of the baryons."""

    m_b: Float[Array, ""]
    m_lambda: Float[Array, ""]
    lifetime: Float[Array, ""]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n k"]:
    """Angular coefficients integrated over each bin, layout `MOMENTS`: branching fractions."""
    coefficients = total(theory.wilson, inputs)
    quark = quarks(coefficients, inputs)
    wilson = of_leptons(coefficients)
    leptonic, dipoles = currents(theory, wilson, CURRENT), wilson @ DIPOLE
    plain, primed = gluonic(coefficients, inputs)
    c8 = jnp.stack([plain + primed, plain - primed], axis=1)
    baryons, power = decay(inputs), power_corrections.baryon_shifts(inputs)
    expansion = form_factors.lambdab_to_lambda(inputs)
    leptons = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    strength = (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(quark.lambda_t)) ** 2 * baryons.lifetime

    def of_row(lepton: Int[Array, ""], low: Array, high: Array) -> Float[Array, " k"]:
        m_l, end = leptons[lepton], (baryons.m_b - baryons.m_lambda) ** 2
        q2, weight = bin_nodes(low, high, m_l, end, thresholds(quark), NODES, leptonic.pole)

        def amplitudes(q2: Float[Array, ""]) -> Complex[Array, "cp 12"]:
            factors = form_factors.evaluate(expansion, q2)
            current, dipole = hadronic_factors(q2, factors, baryons, m_l, quark)
            loops = [jnp.tile(shift, 2) for shift in loop_shifts(q2, c8, quark)]
            beyond = power_corrections.baryon_shift(q2, power)
            shift_c7, shift_c9 = (x + y[None] for x, y in zip(loops, beyond, strict=True))
            found = current[None] * leptonic.at(q2, lepton) + dipole[None] * dipoles[lepton]
            return found.at[:, :4].add(current[:4][None] * shift_c9 + dipole[:4][None] * shift_c7)

        measure = strength * weight * rate_factor(q2, baryons, m_l)
        return angular_integrals(jax.vmap(amplitudes)(q2), q2, measure, m_l).ravel()

    return jax.vmap(of_row)(rows.lepton, rows.q2_min, rows.q2_max)


def hadronic_factors(
    q2: Float[Array, ""], factors: Float[Array, " 10"], baryons: Decay, m_l: Float[Array, ""], quark: Quarks
) -> tuple[Float[Array, " 12"], Float[Array, " 12"]]:
    """What multiplies `CURRENT` and `DIPOLE` in the amplitudes `AMPLITUDES`. Eqs. (3.12) to (3.16) of 1410.2115.

    In GeV, in units of the N there; `factors` in the order of `form_factors.BARYON`.
    """
    f_0, g_0, f_perp, g_perp, h_0, ht_0, h_perp, ht_perp, f_t, g_t = factors
    both, difference, root = baryons.m_b + baryons.m_lambda, baryons.m_b - baryons.m_lambda, jnp.sqrt(q2)
    plus, minus = jnp.sqrt(both**2 - q2), safe_sqrt(difference**2 - q2)
    photon, root2 = 2.0 * quark.m_b, jnp.sqrt(2.0)
    units = jnp.stack([root2 * minus / root, -root2 * plus / root, -2.0 * minus, 2.0 * plus])
    vector = units * jnp.stack([both * f_0, difference * g_0, f_perp, g_perp])
    tensor = units * photon * jnp.stack([h_0, ht_0, both / q2 * h_perp, difference / q2 * ht_perp])
    timelike = root2 * jnp.stack([plus * difference * f_t, -minus * both * g_t])
    current = jnp.concatenate([vector, vector, timelike, timelike])
    return current, jnp.concatenate([tensor, jnp.zeros(6), 2.0 * m_l / q2 * timelike])


def rate_factor(q2: Float[Array, "*n"], baryons: Decay, m_l: Float[Array, ""]) -> Float[Array, "*n"]:
    """Square of N of 1410.2115 without the couplings G_F alpha lambda_t, times the lepton velocity."""
    root = sqrt_lambda(q2, baryons.m_b, baryons.m_lambda)
    return q2 * root * beta(q2, m_l) / (3.0 * 2**11 * jnp.pi**5 * baryons.m_b**3)


def angular_integrals(
    amplitudes: Complex[Array, "n cp 12"], q2: Float[Array, " n"], measure: Float[Array, " n"], m_l: Float[Array, ""]
) -> Float[Array, "2 34"]:
    """Angular coefficients of baryon and antibaryon, integrated with a measure, without alpha and P."""
    velocity = beta(q2, m_l)
    factors = jnp.stack([jnp.ones_like(q2), velocity**2, velocity, 2.0 * velocity * m_l / jnp.sqrt(q2)])
    return bilinear_integrals(amplitudes, jnp.conj(amplitudes), factors * measure[None], _ANGULAR_TENSOR)


_HELICITIES = np.kron(np.eye(6), np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2.0))
"""From perp, para to the helicities + and - of Lambda, for each of V0, V1, A0, A1, S, P."""


def _angular_coefficients(rho: Complex[np.ndarray, "4 12 12 m"]) -> Float[np.ndarray, "34 m"]:
    r"""Angular coefficients `ANGULAR` without alpha and P, from :math:`\rho_{ab} = A_aA_b^*`.

    The products come multiplied by :math:`1`, :math:`\beta^2`, :math:`\beta` and :math:`2\beta m/\sqrt{q^2}`. Summed
    over lepton spins, a pair of helicities of the dilepton has few functions of its polar angle: 0, 0 (`along`) and
    :math:`\pm1,\pm1` (`across`) have :math:`\sin^2, \cos^2, \cos`, 0 and :math:`\pm1` (`between`) have
    :math:`\sin\cos, \sin`, and :math:`+1,-1` has :math:`\sin^2`. Each argument is the helicity of Lambda.
    """
    one, square, velocity, flip = np.einsum("ia,fabm,jb->fijm", _HELICITIES, rho, _HELICITIES, optimize=True)
    v0, v1, a0, a1, s, p = np.arange(len(AMPLITUDES)).reshape(6, 2)

    def along(i: int, j: int) -> Complex[np.ndarray, "3 m"]:
        spinless = square[s[i], s[j]] + one[p[i], p[j]]
        current = one[v0[i], v0[j]] + square[a0[i], a0[j]]
        flipped = one[v0[i], v0[j]] - square[v0[i], v0[j]]
        return np.stack([current + spinless, flipped + spinless, flip[v0[i], s[j]] + flip[s[i], v0[j]]])

    def across(i: int) -> Complex[np.ndarray, "3 m"]:
        current = one[v1[i], v1[i]] + square[a1[i], a1[i]]
        flipped = one[v1[i], v1[i]] - square[v1[i], v1[i]]
        sides = velocity[v1[i], a1[i]] + velocity[a1[i], v1[i]]
        return np.stack([0.5 * (current + flipped), current, -sides if i == 0 else sides])

    def between(i: int, j: int) -> Complex[np.ndarray, "2 m"]:
        sign = 1.0 if j == 0 else -1.0
        both = sign * (square[v0[i], v1[j]] + square[a0[i], a1[j]])
        sides = -velocity[v0[i], a1[j]] - velocity[a0[i], v1[j]] - sign * flip[s[i], v1[j]]
        return np.sqrt(2.0) * np.stack([both, sides])

    (plus0, minus0), (plus1, minus1) = (along(0, 0), along(1, 1)), (across(0), across(1))
    equal, opposite = (between(0, 1), between(1, 0)), (between(0, 0), between(1, 1))
    zero = 2.0 * along(0, 1)
    double = square[v1[0], v1[1]] + square[a1[0], a1[1]]
    return np.concatenate(
        [
            (plus0 + minus0 + plus1 + minus1).real,
            (plus0 - minus0 + plus1 - minus1).real,
            -(equal[0] + equal[1]).real,
            (equal[0] - equal[1]).imag,
            (plus0 - minus0 - plus1 + minus1).real,
            (plus0 + minus0 - plus1 - minus1).real,
            -(equal[0] - equal[1]).real,
            (equal[0] + equal[1]).imag,
            -(opposite[0] - opposite[1]).imag,
            -(opposite[0] + opposite[1]).real,
            -(opposite[0] + opposite[1]).imag,
            -(opposite[0] - opposite[1]).real,
            -zero[[1, 0]].imag,
            zero[[1, 0]].real,
            np.stack([double.real, -double.imag]),
        ]
    )


_ANGULAR_TENSOR = bilinear_tensor(_angular_coefficients, 4, len(AMPLITUDES))


def decay(inputs: Inputs) -> Decay:
    """The decay of the catalogue."""
    ((m_b, m_lambda),) = PROCESSES["lambdab_to_lambda_ll"].masses
    return Decay(inputs[m_b], inputs[m_lambda], inputs["tau_Lambdab"])


# ---------------------------------------------------------------------------------------------------- observables

_UNIT = dict(zip(ANGULAR, np.eye(len(ANGULAR)), strict=True))
RATE = 2.0 * _UNIT["1ss"] + _UNIT["1cc"]
WEIGHTS = {
    "FL": 2.0 * _UNIT["1ss"] - _UNIT["1cc"],
    "AFBl": 1.5 * _UNIT["1c"],
    "AFBh": _UNIT["2ss"] + 0.5 * _UNIT["2cc"],
    "AFBlh": 0.75 * _UNIT["2c"],
    **{f"K{name}": unit for name, unit in _UNIT.items()},
}
"""Weights of the angular coefficients in the rate, and in the asymmetries times the rate."""

_WITHOUT_ALPHA = ("1ss", "1cc", "1c", "11", "12", "13", "21", "22", "23", "24")
_WITH_ALPHA = np.array([i not in _WITHOUT_ALPHA for i in ANGULAR])
_WITH_POLARISATION = np.array([i not in UNPOLARISED for i in ANGULAR])


def functionals(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, "r p"]:
    """Linear functionals of the moments that the quantity `key` is made of: CP-summed rate, numerator if any."""
    state = moments.reshape(-1, 2, len(ANGULAR))
    both = 2.0 * state[:, 0] if inputs.choices.without_antibaryons else state.sum(axis=1)
    rate = both @ RATE
    if key in rate_quantities.RATES:
        return rate[:, None]
    analysed = jnp.where(_WITH_ALPHA, inputs["Lambda->ppi alpha_-"], 1.0)
    polarised = jnp.where(_WITH_POLARISATION, inputs["Lambdab polarisation"], 1.0)
    return jnp.stack([rate, both @ (WEIGHTS[key] * analysed * polarised)], axis=1)


def assemble(key: str, found: Float[Array, "r p"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` from its `functionals`, see `rate_quantities`. Raises `KeyError` for an unknown key."""
    return rate_quantities.assembled(key, found, "Lambdab->Lambda", rows, inputs)
