r"""Spectator scattering and weak annihilation in the decays of B to K*, phi or K and two leptons.

QCD factorisation at low q2, hep-ph/0106067 [Beneke:2001at]_ and hep-ph/0412400 [Beneke:2004dp]_, called I and II below.
The photon couples to what the light spectator quark does, so that no form factor describes these amplitudes:

* weak annihilation at order :math:`\alpha_s^0`, leading for longitudinal mesons, I (18) and II (47), (48), and the
  first power correction for transverse ones, II (51);
* a hard gluon to the spectator from the quark loop of :math:`O_1...O_6` and from :math:`O_8`, I (23)-(32), II (50).

The correction of form-factor relations, :math:`T^{(f)}` of I, is not here, because the amplitudes use all seven form
factors; neither are the hard-scattering power corrections II (52). All scales are 4.8 GeV; pole masses of quarks.

In I (23) the bottom loop has :math:`-4(m_b/M_B)\bar C_5`; flavio 2.7.1 has that without the 4, which changes the
transverse amplitudes by 7e-4. For :math:`\phi` the strange current can make the meson alone: this adds
:math:`6(C_3 + 10C_5)`, twice :math:`N_c` because a vector current has both chiralities, and 10 the mean of 16 and 4.
The chirality-flipped :math:`C_8'`, absent in flavio, enters by parity as :math:`C_7'` does.

A kaon has the amplitude of a longitudinal meson with the opposite sign and :math:`f_K` in place of
:math:`f_\parallel m_V/E`, 0709.4174; flavio has nothing there, nor have inputs without `f_K`.

Loop integrals. With :math:`\bar u = 1-u` the virtuality of the loop is :math:`s = \bar uM_B^2 + uq^2`. In the angle
:math:`s = 4m^2\sin^2\theta` (above threshold :math:`\theta = \pi/2 + i\eta`) the kernels of I (27)-(32) are analytic:

.. math:: B_0 = -2\theta\cot\theta ,\qquad L_1(x_+) + L_1(x_-) = -2\theta^2 ,\qquad
          I_1 = 1 - \frac{(\theta-\theta_q)(\theta+\theta_q)}{\sin(\theta-\theta_q)\sin(\theta+\theta_q)} ,

so a few Gauss nodes on the straight line in the complex plane from :math:`q^2` to :math:`M_B^2` suffice: nothing
singular lies between it and the path through the threshold. Massless quarks are done in closed form.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from bsfit.catalogue import PROCESSES
from bsfit.hadronic.effective_coefficients import Quarks, gluonic_of_spectators
from bsfit.loading.inputs import Inputs
from bsfit.numerics import fade_out, gauss_legendre
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import Total

FADE = (9.0, 10.0)
"""Between these q2 in GeV^2 the amplitudes go smoothly to zero: factorisation ends where charmonium begins."""

NODES = 10
"""Quadrature nodes in the momentum fraction, per massive quark: amplitudes good to 1e-6, to 1e-8 above 2 GeV^2."""

_UP, _DOWN = 2 / 3, -1 / 3
_LOOP_CHARGE = np.array([_UP, _DOWN, _DOWN])
"""Electric charges of the quarks in the loops, in the order of all arrays here: charm, bottom, massless."""

_PLUS = np.array([[-1 / 6, 1, 0, 0, 0, 6], [0, 0, 1, -1 / 6, 16, 10 / 3], [0, 0, 1, -1 / 6, 16, -8 / 3]])
"""Combinations of C1 ... C6 in the loops of I (23), (25): photon from the loop."""

_MINUS = np.array([[-1 / 6, 1, 0, 1, 0, 10], [0, 0, 1, 5 / 6, 16, 22 / 3], [0, 0, 1, 17 / 6, 16, 82 / 3]])
"""As `_PLUS` in I (26): photon from the spectator."""

_MINUS_CONSTANT = -8 / 27 * np.array([0, 0, 0, -15 / 2, 12, -32])
_BAR_5 = np.array([0, 0, 1, -1 / 6, 4, -2 / 3])
_UP_LOOP = np.array([-1 / 6, 1, 0, 0, 0, 0])
_CHARM_MINUS_UP = np.array([1, 0, -1])
_ANNIHILATION = np.array([0, 0, 1, 4 / 3, 16, 64 / 3])
_ANNIHILATION_TRANSVERSE = np.array([0, 0, 1, 4 / 3, 4, 16 / 3])
_ANNIHILATION_SINGLET = np.array([0, 0, 6, 0, 60, 0])

NonlocalAmplitudes = Callable[[Float[Array, ""], Int[Array, ""]], Complex[Array, "cp 3"]]


class Hadrons(eqx.Module):
    """Mesons of a decay; [decay] on every field until one is picked.

    Masses and decay constants in GeV (`f_perp` at 4.8 GeV), `inverse_lambda` = 1/lambda_B in GeV^-1, Gegenbauer moments
    (a1, a2) at 4.8 GeV; `charge` of the spectator, `charged` and `singlet` are 1 for B+ and for phi, else 0.
    """

    m_b: Float[Array, "*d"]
    m_v: Float[Array, "*d"]
    f_b: Float[Array, "*d"]
    f_para: Float[Array, "*d"]
    f_perp: Float[Array, "*d"]
    inverse_lambda: Float[Array, "*d"]
    para: Float[Array, "*d 2"]
    perp: Float[Array, "*d 2"]
    charge: Float[Array, "*d"]
    charged: Float[Array, "*d"]
    singlet: Float[Array, "*d"]


def hadrons(inputs: Inputs) -> Hadrons:
    """The three decays, in the order of the catalogue; isospin partners share what describes their wave functions."""
    m_b, m_v = (inputs.array(names) for names in zip(*PROCESSES["b_to_v_ll"].masses, strict=True))
    kstar = inputs.array(("f_K*", "f_perp_K*", "1/lambda_B", "a1_para_K*", "a2_para_K*", "a1_perp_K*", "a2_perp_K*"))
    phi = inputs.array(("f_phi", "f_perp_phi", "1/lambda_Bs", "a2_para_phi", "a2_perp_phi"))
    a1 = jnp.zeros(())  # odd under the exchange of the two strange quarks
    phi = jnp.stack([*phi[:3], a1, phi[3], a1, phi[4]])
    f_para, f_perp, inverse_lambda, *moments = jnp.stack([kstar, kstar, phi], axis=1)
    para, perp = jnp.stack(moments, axis=1).reshape(3, 2, 2).swapaxes(0, 1)
    f_b = inputs.array(("f_B0", "f_B+", "f_Bs"))
    fixed = (jnp.asarray(x) for x in ([_DOWN, _UP, _DOWN], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]))
    return Hadrons(m_b, m_v, f_b, f_para, f_perp, inverse_lambda, para, perp, *fixed)


def nonlocal_amplitudes(total: Total, quark: Quarks, inputs: Inputs) -> NonlocalAmplitudes:
    """Function (q2, position of the decay) -> what to add to the vector amplitudes V0, Vperp, Vpara [cp, 3].

    Normalised as in `b_to_v_ll`; linear in the C8 and C8' of `total`, unless `inputs.Choices` take others.
    """
    c8, c8p = gluonic_of_spectators(total, inputs)
    decays = hadrons(inputs)

    def of_decay(q2: Float[Array, ""], decay: Int[Array, ""]) -> Complex[Array, "cp 3"]:
        return vector_amplitudes(q2, jax.tree.map(lambda x: x[decay], decays), c8, c8p, quark)

    return of_decay


def kaon_hadrons(inputs: Inputs) -> Hadrons:
    """B -> K as `Hadrons`, in the order of the catalogue: the kaon is what they call a longitudinal meson.

    0709.4174 [Bobeth:2007dw]_.
    """
    m_b, m_k = (inputs.array(names) for names in zip(*PROCESSES["b_to_k_ll"].masses, strict=True))
    both = [jnp.broadcast_to(inputs[name], (2,)) for name in ("f_K", "1/lambda_B")]
    moments, none = jnp.broadcast_to(inputs.array(("a1_K", "a2_K")), (2, 2)), jnp.zeros(2)
    charge, charged = jnp.array([_UP, _DOWN]), jnp.array([1.0, 0.0])
    f_b = inputs.array(("f_B+", "f_B0"))
    return Hadrons(m_b, m_k, f_b, both[0], none, both[1], moments, jnp.zeros((2, 2)), charge, charged, none)


def kaon_shift(
    q2: Float[Array, ""], had: Hadrons, c8: Complex[Array, " cp"], quark: Quarks, f_plus: Float[Array, ""]
) -> Complex[Array, " cp"]:
    r"""Shift of C9 in B -> K for one decay: :math:`(2m_b/m_B)\,\mathcal T_P/f_+`; zero above `FADE`."""
    fade = fade_out(q2, *FADE)
    q2 = jnp.minimum(q2, FADE[1])
    amplitude = longitudinal_amplitude(q2, had, c8, quark, loop_integrals(q2, had, quark))
    t_p = -(jnp.pi**2) / 3.0 * had.f_b * had.f_para / had.m_b * amplitude
    return fade * 2.0 * quark.m_b_pole / had.m_b * t_p / f_plus


def vector_amplitudes(
    q2: Float[Array, ""], had: Hadrons, c8: Complex[Array, " cp"], c8p: Complex[Array, " cp"], quark: Quarks
) -> Complex[Array, "cp 3"]:
    r"""Amplitudes 0, perpendicular, parallel from :math:`T_\perp, T_\parallel`. Sec. 3.2 of 0811.1214, large energy.

    GeV, in units of the N there; zero above `FADE`.
    """
    fade = fade_out(q2, *FADE)
    q2 = jnp.minimum(q2, FADE[1])
    flipped = jnp.stack([c8 + c8p, c8 - c8p])
    t_perp, t_para = jax.vmap(lambda c: tensor_amplitudes(q2, had, c, quark))(flipped)
    gap = had.m_b**2 - q2
    transverse = 2.0 * jnp.sqrt(2.0) * gap * quark.m_b_pole / q2
    longitudinal = quark.m_b_pole * gap**2 / (had.m_b**2 * had.m_v * jnp.sqrt(q2))
    return fade * jnp.stack([longitudinal * t_para[1], transverse * t_perp[0], -transverse * t_perp[1]], axis=1)


def tensor_amplitudes(
    q2: Float[Array, ""], had: Hadrons, c8: Complex[Array, " cp"], quark: Quarks
) -> tuple[Complex[Array, " cp"], Complex[Array, " cp"]]:
    r"""Contributions to :math:`\mathcal T_\perp, \mathcal T_\parallel` of I (15), with the second terms of II (51)."""
    m_b, energy = quark.m_b_pole, (had.m_b**2 - q2 + had.m_v**2) / (2.0 * had.m_b)
    s, c = q2 / had.m_b**2, quark.four_quark
    loops, gluon = loop_integrals(q2, had, quark), quark.alpha_s / (3.0 * jnp.pi)
    bottom = np.array([0, 1, 0]) * (4.0 * m_b / had.m_b * (_BAR_5 @ c))
    loop_perp = _loop_sum(_LOOP_CHARGE * (_PLUS @ c - bottom), _UP, loops.perp, quark) / (2.0 * m_b)
    o8_perp = propagator_integral(amplitude_powers(had.perp * np.array([-1.0, 1.0])), s)
    hard_perp = had.inverse_lambda * gluon * (had.m_b * loop_perp - 4.0 * _DOWN * o8_perp * c8)
    weak_perp = -4.0 * had.f_perp * (_ANNIHILATION_TRANSVERSE @ c) * propagator_integral(amplitude_powers(had.perp), s)
    weak_perp = weak_perp + 2.0 * had.f_para * had.m_v / (1.0 - s) * had.inverse_lambda * _annihilation(had, quark)
    t_perp = had.f_perp * hard_perp + had.charge / m_b * weak_perp
    unit = jnp.pi**2 / 3.0 * had.f_b / had.m_b
    return unit * t_perp, unit * had.f_para * had.m_v / energy * longitudinal_amplitude(q2, had, c8, quark, loops)


def longitudinal_amplitude(
    q2: Float[Array, ""], had: Hadrons, c8: Complex[Array, " cp"], quark: Quarks, loops: "LoopIntegrals"
) -> Complex[Array, " cp"]:
    r"""The sum over both wave functions of the B in :math:`\mathcal T_\parallel`, without decay constants; GeV^-1."""
    m_b, c, gluon = quark.m_b_pole, quark.four_quark, quark.alpha_s / (3.0 * jnp.pi)
    loop_plus = _loop_sum(_LOOP_CHARGE * (_PLUS @ c), _UP, loops.para, quark) / m_b
    loop_minus = (_loop_sum(_MINUS @ c, 1.0, loops.spectator, quark) + _MINUS_CONSTANT @ c) / m_b
    o8 = propagator_integral(amplitude_powers(had.para), q2 / had.m_b**2)
    hard = gluon * (8.0 * o8 * c8 + 6.0 * had.m_b * loop_minus)
    weak = 4.0 * had.m_b / m_b * _annihilation(had, quark)
    minus = minus_moment(q2 / had.m_b, had.inverse_lambda) * had.charge
    return had.inverse_lambda * gluon * had.m_b * loop_plus + minus * (hard - weak)


def _annihilation(had: Hadrons, quark: Quarks) -> Complex[Array, " cp"]:
    """Four-quark coefficients in weak annihilation at leading order."""
    c = quark.four_quark
    penguins = _ANNIHILATION @ c + had.singlet * (_ANNIHILATION_SINGLET @ c)
    return penguins - 3.0 * had.charged * c[1] * quark.lambda_ratio


def minus_moment(omega: Float[Array, ""], inverse_lambda: Float[Array, ""]) -> Complex[Array, ""]:
    r"""The moment :math:`\lambda_{B,-}^{-1}` at :math:`\omega = q^2/M_B`, exponential model. I (54), GeV^-1.

    The exponential integral is :math:`{\rm Ei}(x) = \gamma + \ln x + \int_0^1 dt\,(e^{xt}-1)/t`.
    """
    t, weight = gauss_legendre(16)
    x = omega * inverse_lambda
    log = jnp.log(jnp.where(x > 0, x, 1.0))
    entire = (jnp.exp(-x * (1.0 - t)) - jnp.exp(-x)) @ (weight / t)
    return inverse_lambda * (jnp.exp(-x) * (1j * jnp.pi - np.euler_gamma - log) - entire)


# ---------------------------------------------------------------------------------------------------- loop integrals


class LoopIntegrals(eqx.Module):
    """Integrals over the meson's momentum fraction; all quarks: [3], charm, bottom, massless. No coefficients in them.

    `perp` and `para` of phi times t_perp and t_para, `spectator` of phi_para times h.
    """

    perp: Complex[Array, "*q"]
    para: Complex[Array, "*q"]
    spectator: Complex[Array, "*q"]


def loop_integrals(q2: Float[Array, ""], had: Hadrons, quark: Quarks) -> LoopIntegrals:
    """All loop integrals at one 0 < q2 < m_b^2."""
    massive = jax.vmap(lambda mass: _massive(q2, mass, had))(jnp.stack([quark.m_c_pole, quark.m_b_pole]))
    return jax.tree.map(lambda x, y: jnp.append(x, y), massive, _massless(q2, had))


def _massive(q2: Float[Array, ""], mass: Float[Array, ""], had: Hadrons) -> LoopIntegrals:
    """The integrals for one massive quark, on a line in the complex plane of the angle; see the module's docstring.

    One exponential and one reciprocal per node; everything else follows by addition theorems.
    """
    x, weight = gauss_legendre(NODES)
    gap, energy = had.m_b**2 - q2, (had.m_b**2 - q2 + had.m_v**2) / (2.0 * had.m_b)
    mass2, start = mass**2, _angle(q2, mass)
    step = _angle(had.m_b**2, mass) - start
    delta = step * x
    turn, sin_start, cos_start = jnp.exp(1j * delta), jnp.sin(start), jnp.cos(start)
    back = _reciprocal(turn)
    sin_delta, cos_delta = -0.5j * (turn - back), 0.5 * (turn + back)
    sin = sin_start * cos_delta + cos_start * sin_delta
    cos = cos_start * cos_delta - sin_start * sin_delta
    product = sin_delta * (sin * cos_start + cos * sin_start)  # of the sines of difference and sum
    inverse = _reciprocal(product * sin)
    over_sin = inverse * product
    v = 4.0 * mass2 / gap * product
    measure = 8.0 * mass2 / gap * sin * cos * (step * weight)

    i1 = 1.0 - delta * (2.0 * start + delta) * inverse * sin
    b0 = -0.5 * gap / mass2 * (delta * cos - start / sin_start * sin_delta) * inverse
    triangle = 2.0 * had.m_b / energy * i1
    perp, para = (measure * _polynomial(amplitude_powers(a), v) for a in (had.perp, had.para))
    z = over_sin**2
    h = -4 / 9 * (jnp.log(mass2 / MU_B**2) - 2 / 3 - z + (2.0 + z) * (start + delta) * cos * over_sin)
    return LoopIntegrals(
        (perp * (triangle + q2 / energy**2 * b0)).sum(),
        (para * (triangle + (q2 + v * gap) / energy**2 * b0)).sum(),
        (para * v * h).sum(),
    )


def _reciprocal(z: Complex[Array, " n"]) -> Complex[Array, " n"]:
    """1/z where nothing can overflow; the general complex division compiles slowly."""
    return jnp.conj(z) / (z.real**2 + z.imag**2)


def _massless(q2: Float[Array, ""], had: Hadrons) -> LoopIntegrals:
    r"""The same for a massless quark: :math:`I_1 = 1` and :math:`B_0(s) - B_0(q^2) = -\ln(s/q^2)`."""
    gap, energy = had.m_b**2 - q2, (had.m_b**2 - q2 + had.m_v**2) / (2.0 * had.m_b)
    a = q2 / gap
    logs = logarithms(a)
    para, perp = amplitude_powers(had.para), amplitude_powers(had.perp)
    triangle, powers = 2.0 * had.m_b / energy, 1.0 / np.arange(1, 5)
    t_perp = perp @ (triangle * powers - q2 / energy**2 * logs[:4])
    t_para = para @ (triangle * powers - gap / energy**2 * (logs[1:5] + a * logs[:4]))
    h = 4 / 9 * (2 / 3 - jnp.log(q2 / MU_B**2) + 1j * jnp.pi - para @ logs[2:])
    return LoopIntegrals(t_perp + 0j, t_para + 0j, h)


def _angle(s: Float[Array, ""], mass: Float[Array, ""]) -> Complex[Array, ""]:
    r"""The angle of :math:`s = 4m^2\sin^2\theta`, on the side of the cut above threshold where s has + i0."""
    ratio = jnp.sqrt(s) / (2.0 * mass)
    below = ratio < 1.0
    up = jnp.arccosh(jnp.where(below, 2.0, ratio))
    return jnp.where(below, jnp.arcsin(jnp.where(below, ratio, 0.0)), 0.5 * jnp.pi + 1j * up)


def _loop_sum(
    coefficients: Float[Array, " 3"], charge: float, integrals: Complex[Array, " 3"], quark: Quarks
) -> Complex[Array, " cp"]:
    """Loops of all quarks; the up quark couples as charm does, hence charm minus up, by unitarity."""
    up = charge * (_UP_LOOP @ quark.four_quark) * (_CHARM_MINUS_UP @ integrals)
    return coefficients @ integrals + quark.lambda_ratio * up


# ------------------------------------------------------------------------------------------- distribution amplitudes


def amplitude_powers(moments: Float[Array, " 2"]) -> Float[Array, " 4"]:
    r"""Powers 1 to 4 of :math:`\bar u` in :math:`\phi = 6u\bar u\,[1 + a_1C_1^{3/2}(2u-1) + a_2C_2^{3/2}(2u-1)]`."""
    a1, a2 = moments
    constant, linear, square = 1.0 + 3.0 * a1 + 6.0 * a2, -6.0 * a1 - 30.0 * a2, 30.0 * a2
    return 6.0 * jnp.stack([constant, linear - constant, square - linear, -square])


def _polynomial(coefficients: Float[Array, " 4"], v: Complex[Array, " n"]) -> Complex[Array, " n"]:
    r"""The distribution amplitude over :math:`v = \bar u`, at complex v."""
    c = coefficients
    return c[0] + v * (c[1] + v * (c[2] + v * c[3]))


def propagator_integral(coefficients: Float[Array, " 4"], s: Float[Array, ""]) -> Float[Array, ""]:
    r"""Integral of :math:`\phi(u)/(\bar u + us)`."""
    return coefficients @ _ratios(s / (1.0 - s))[1:5] / (1.0 - s)


def _ratios(a: Float[Array, ""]) -> Float[Array, " 6"]:
    """Integrals of v^k/(v + a) over (0, 1), k = 0 ... 5."""
    ratios = [jnp.log1p(1.0 / a)]
    for k in range(1, 6):
        ratios.append(1.0 / k - a * ratios[-1])
    return jnp.stack(ratios)


def logarithms(a: Float[Array, ""]) -> Float[Array, " 6"]:
    r"""Integrals of :math:`v^k\ln(1+v/a)` over (0, 1), k = -1 ... 4; the first is :math:`-{\rm Li}_2(-1/a)`, 0 < a < 1.

    The dilogarithm is inverted, and summed in powers of :math:`\ln(1+a)` with Bernoulli numbers.
    """
    ratios = _ratios(a)
    y = jnp.log1p(a)
    odd = 1 / 36 - y**2 * (1 / 3600 - y**2 * (1 / 211680 - y**2 * (1 / 10886400 - y**2 / 526901760)))
    dilog = jnp.pi**2 / 6 + 0.5 * jnp.log(a) ** 2 - y - y**2 / 4 - y**3 * odd
    return jnp.append(dilog, (ratios[0] - ratios[1:]) / np.arange(1, 6))
