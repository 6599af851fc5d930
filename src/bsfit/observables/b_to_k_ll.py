r"""Decays :math:`B \to K\ell^+\ell^-`: rate and angular distribution in bins of q2.

.. math:: \frac{d^2\Gamma}{dq^2\,d\cos\theta} = a + b\cos\theta + c\cos^2\theta ,\qquad
          \Gamma = 2\,(a + c/3) ,\quad A_{FB} = b/\Gamma ,\quad F_H = 2\,(a + c)/\Gamma ,

the structure of 0709.4174 [Bobeth:2007dw]_, with massive leptons and :math:`O_7, O_9, O_{10}, O_S, O_P` and their
flips. Unlike there, the amplitudes are those of definite dilepton spin (helicity amplitudes of 1506.03970
[Gratrex:2015hna]_): vector and axial current with spin 1, scalar and pseudoscalar with spin 0. Then nothing cancels
at small q2, and with equal leptons, up to a common factor,

.. math:: a \propto |V|^2 + \beta^2|A|^2 + \beta^2|S|^2 + |P|^2 ,\quad c \propto -\beta^2(|V|^2 + |A|^2) ,\quad
          b \propto -\frac{4\beta m}{\sqrt{q^2}}\,{\rm Re}(V S^*) .

:math:`\theta` is the angle of 0709.4174; :math:`A_{FB}` is that of flavio. The strange quark mass is neglected
against :math:`m_b` in :math:`O_S, O_P`. Below 9 GeV^2 spectator scattering and weak annihilation are added where the
inputs have what `hadronic.qcd_factorisation` needs. Not included: QED, tensor operators. Energies in GeV, q2 in GeV^2.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from bsfit.catalogue import LEPTONS, PROCESSES
from bsfit.hadronic import form_factors, power_corrections, qcd_factorisation, rate_quantities
from bsfit.hadronic.effective_coefficients import (
    Quarks,
    currents,
    gluonic,
    gluonic_of_spectators,
    loop_shifts,
    of_leptons,
    quarks,
    selection,
    thresholds,
)
from bsfit.hadronic.phase_space import beta, bin_nodes, sqrt_lambda
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory

MOMENTS = ("a", "b", "c", "abar", "bbar", "cbar")
"""What `moments` returns per row: bin integrals times the lifetime; "bar" is the decay of the anti-b quark."""

NODES = 12
"""Quadrature nodes per bin, for an error below 1e-7; 1e-5 over a charm threshold, 1e-3 over the whole charm region."""

AMPLITUDES = ("V", "A", "S", "P")
"""Order of the helicity amplitudes: vector and axial current, scalar, pseudoscalar."""

CURRENT = selection({"C9": 1, "C9p": 1}, {"C10": 1, "C10p": 1}, {"CS": 1, "CSp": 1}, {"CP": 1, "CPp": 1})
DIPOLE = selection({"C7": 1, "C7p": 1}, {}, {}, {"C10": 1, "C10p": 1})
"""Combinations of coefficients in `AMPLITUDES`: the dipole, and the axial current times the lepton mass."""

_LOOPS = np.array([[1.0, 0.0, 0.0, 0.0]])
"""Quark and gluon loops couple to the vector current only."""


class Decay(eqx.Module):
    """Masses in GeV and lifetime in GeV^-1 of the mesons; [decay] on every field until one is picked."""

    m_b: Float[Array, "*d"]
    m_k: Float[Array, "*d"]
    lifetime: Float[Array, "*d"]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n k"]:
    """Coefficients of the angular distribution integrated over each bin, layout `MOMENTS`: branching fractions."""
    coefficients = total(theory.wilson, inputs)
    quark = quarks(coefficients, inputs)
    wilson = of_leptons(coefficients)
    leptonic, dipoles = currents(theory, wilson, CURRENT), wilson @ DIPOLE
    both = gluonic(coefficients, inputs), gluonic_of_spectators(coefficients, inputs)
    c8, c8_of_spectators = (plain + primed for plain, primed in both)
    all_decays = decays(inputs)
    expansion, corrections = form_factors.b_to_k(inputs), power_corrections.pseudoscalar_shifts(inputs)
    spectators = qcd_factorisation.kaon_hadrons(inputs) if "f_K" in inputs else None
    leptons = inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    strength = (4.0 * inputs["G_F"] / jnp.sqrt(2.0) * inputs["alpha_em_mb"] / (4.0 * jnp.pi)) ** 2

    def of_row(decay: Int[Array, ""], lepton: Int[Array, ""], low: Array, high: Array) -> Float[Array, " k"]:
        mesons, power, m_l = *jax.tree.map(lambda x: x[decay], (all_decays, corrections)), leptons[lepton]
        q2, weight = bin_nodes(low, high, m_l, (mesons.m_b - mesons.m_k) ** 2, thresholds(quark), NODES, leptonic.pole)

        def density(q2: Float[Array, ""]) -> Float[Array, " k"]:
            factors = form_factors.evaluate(expansion, q2)
            current, dipole = hadronic_factors(q2, factors, mesons, m_l, quark)
            shift_c7, shift_c9 = (shift * _LOOPS for shift in loop_shifts(q2, c8[:, None], quark))
            if spectators is not None:
                spectator = jax.tree.map(lambda x: x[decay], spectators)
                scattered = qcd_factorisation.kaon_shift(q2, spectator, c8_of_spectators, quark, factors[0])
                shift_c9 += scattered[:, None] * _LOOPS
            shift_c9 += power_corrections.pseudoscalar_shift(q2, power, factors[0], mesons.m_b) * _LOOPS
            found = current[None] * (leptonic.at(q2, lepton) + shift_c9) + dipole[None] * (dipoles[lepton] + shift_c7)
            return distribution(q2, found, mesons, m_l)

        return strength * jnp.abs(quark.lambda_t) ** 2 * mesons.lifetime * (weight @ jax.vmap(density)(q2))

    return jax.vmap(of_row)(rows.decay, rows.lepton, rows.q2_min, rows.q2_max)


def hadronic_factors(
    q2: Float[Array, ""], factors: Float[Array, " 3"], mesons: Decay, m_l: Float[Array, ""], quark: Quarks
) -> tuple[Float[Array, " 4"], Float[Array, " 4"]]:
    """What multiplies `CURRENT` and `DIPOLE` in the amplitudes `AMPLITUDES`, in GeV."""
    f_plus, f_zero, f_tensor = factors
    spin_one = sqrt_lambda(q2, mesons.m_b, mesons.m_k) / (2.0 * jnp.sqrt(q2))
    spin_zero = 0.5 * (mesons.m_b**2 - mesons.m_k**2) * f_zero
    tensor = 2.0 * quark.m_b / (mesons.m_b + mesons.m_k) * spin_one * f_tensor
    none = jnp.zeros_like(tensor)
    current = jnp.stack([spin_one * f_plus, spin_one * f_plus, spin_zero, spin_zero])
    return current, jnp.stack([tensor, none, none, 2.0 * m_l / q2 * spin_zero])


def distribution(
    q2: Float[Array, ""], h: Complex[Array, "cp 4"], mesons: Decay, m_l: Float[Array, ""]
) -> Float[Array, " 6"]:
    """Coefficients at one q2, layout `MOMENTS`, from `AMPLITUDES` in units of 4 G_F/sqrt2 lambda_t alpha/4pi."""
    velocity = beta(q2, m_l)
    vector, axial, scalar, pseudoscalar = (jnp.real(h) ** 2 + jnp.imag(h) ** 2).T
    a = 2.0 * q2 * (vector + velocity**2 * (axial + scalar) + pseudoscalar)
    b = -8.0 * jnp.sqrt(q2) * velocity * m_l * jnp.real(h[:, 0] * jnp.conj(h[:, 2]))
    c = -2.0 * q2 * velocity**2 * (vector + axial)
    phase_space = sqrt_lambda(q2, mesons.m_b, mesons.m_k) * velocity / (2**9 * jnp.pi**3 * mesons.m_b**3)
    return phase_space * jnp.stack([a, b, c], axis=1).ravel()


def functionals(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, "r p"]:
    """Linear functionals of the moments that the quantity `key` is made of: CP-summed rate, numerator if any."""
    state = moments.reshape(-1, 2, 3)
    a, b, c = (state[..., i].sum(axis=1) for i in range(3))
    rate = 2.0 * (a + c / 3.0)
    if key in rate_quantities.RATES:
        return rate[:, None]
    difference = state[:, 0] - state[:, 1]
    asymmetry = 2.0 * (difference[:, 0] + difference[:, 2] / 3.0)
    return jnp.stack([rate, {"AFB": b, "FH": 2.0 * (a + c), "ACP": asymmetry}[key]], axis=1)


def assemble(key: str, found: Float[Array, "r p"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` from its `functionals`, see `rate_quantities`. Raises `KeyError` for an unknown key."""
    return rate_quantities.assembled(key, found, "B->K", rows, inputs)


def decays(inputs: Inputs) -> Decay:
    """Both decays, in the order of the catalogue."""
    m_b, m_k = zip(*PROCESSES["b_to_k_ll"].masses, strict=True)
    return Decay(inputs.array(m_b), inputs.array(m_k), inputs.array(("tau_B+", "tau_B0")))
