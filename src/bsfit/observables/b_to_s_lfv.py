r"""Leptons of two flavours: :math:`B_s\to\ell\ell'`, :math:`B\to K^{(*)}\ell\ell'`, :math:`B_s\to\phi\,\ell\ell'`.

Branching fractions of the whole phase space, both masses kept: the vector current is not conserved either. By form
factors alone, as there are no quark loops between two flavours; zero in the Standard Model. :math:`B_s\to\ell\ell'` by
`hadronic.leptonic_decays`; the others, with :math:`\Sigma=m_{\ell^-}+m_{\ell^+}`, :math:`\Delta=m_{\ell^-}-m_{\ell^+}`,
:math:`C_\pm=C\pm C'` and densities :math:`\rho` of `hadronic.local_rates`,

.. math::
   \frac{d\Gamma}{dq^2} = \frac{G_F^2\alpha^2|V_{tb}V_{ts}^*|^2}{1024\pi^5m_B^3}\,\beta_+\beta_-\Bigl\{
   \tfrac13\beta_-^2\bigl(2+\tfrac{\Sigma^2}{q^2}\bigr)|C_9|^2\rho_1
   + \tfrac13\beta_+^2\bigl(2+\tfrac{\Delta^2}{q^2}\bigr)|C_{10}|^2\rho_1
   + q^2\rho_t\Bigl[\beta_+^2\bigl|C_S+\tfrac{\Delta}{q^2}C_9\bigr|^2
   + \beta_-^2\bigl|C_P+\tfrac{\Sigma}{q^2}C_{10}\bigr|^2\Bigr]\Bigr\},

:math:`\beta_+^2=1-\Sigma^2/q^2`, :math:`\beta_-^2=1-\Delta^2/q^2`: to K all with :math:`C_+`; to vectors the densities
of the vector current with :math:`C_+`, those of the axial current and all that is time-like with :math:`C_-`. Derived
here from the tensor of the leptons, whose parts of spin one and zero do not interfere; with one mass it is the rate of
`b_to_k_ll` and `b_to_v_ll`. 1602.00881 has the same decays; its formulas were not compared.

``BR(B+->Kmue)`` is :math:`B^-\to K^-\mu^+e^-`, made by the coefficients ``bsmue``, whose fields are
:math:`\bar e\ldots\mu`; so is :math:`B^+\to K^+\mu^-e^+`, of the same rate. ``emu,mue`` is the sum of both charges.
flavio 2.7.1 has :math:`-\Delta` in K and vectors, unlike in :math:`B_s\to\ell\ell'`: where C9 and CS are both there its
rates are ours with the opposite CS and CS'.

Decays of :math:`B_s` at decay time zero, as in flavio: measured rates, over all times and both flavours, differ by up
to :math:`y_s=\Delta\Gamma_s/2\Gamma_s`, 6 %, with :math:`A_{\Delta\Gamma}`. The exchange of a light mediator has its
factor of q2 in spin one, :math:`C(0)` in what is time-like (`effective_coefficients.Currents`). Energies in GeV, q2 in
GeV^2.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import BOTH_CHARGES, FLAVOUR_VIOLATING, LEPTON_PAIRS, SEMILEPTONIC
from bsfit.hadronic import form_factors, leptonic_decays
from bsfit.hadronic.local_rates import (
    TO_K,
    TO_KSTAR,
    TO_PHI,
    Decays,
    Squares,
    rate_to_pseudoscalar,
    rates_to_vector,
)
from bsfit.hadronic.phase_space import bin_nodes
from bsfit.loading.inputs import Inputs
from bsfit.numerics import safe_sqrt
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.wilson import total
from bsfit.theory import LightMediator, Rows, Theory

TO_VECTOR = {**TO_KSTAR, **TO_PHI}

DECAYS = ("Bs->", *TO_K, *TO_VECTOR)

MOMENTS = tuple(f"{decay}{pair}" for decay in DECAYS for pair in FLAVOUR_VIOLATING)
"""What `moments` returns per row: branching fractions."""

NODES = 24
"""Quadrature nodes over the whole range of q2, for an error below 1e-7."""

_PAIRS = np.array([LEPTON_PAIRS.index(pair) for pair in FLAVOUR_VIOLATING])
_PLAIN, _PRIMED = ([SEMILEPTONIC.index(name + prime) for name in ("C9", "C10", "CS", "CP")] for prime in ("", "p"))


class Pair(eqx.Module):
    """Two leptons: the sum of their masses in GeV, and that of l- minus that of l+; [pair] until one is picked.

    `plus` and `minus` are C + C' and C - C' of C9, C10, CS and CP.
    """

    total: Float[Array, "*p"]
    difference: Float[Array, "*p"]
    plus: Complex[Array, "*p 4"]
    minus: Complex[Array, "*p 4"]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n k"]:
    """Branching fractions, layout `MOMENTS`; quadratic in the coefficients. The rows are all alike."""
    pairs, to_v = _pairs(theory, inputs), form_factors.b_to_v(inputs)

    def of_decay(decay: Decays, expansion: form_factors.Expansion, rate: Callable) -> Float[Array, " p"]:
        each = jax.vmap(lambda pair: _integral(decay, expansion, rate, pair, theory.mediator))(pairs)
        return decay.lifetime / decay.m_b**3 * each

    def of_kaon(decay: Decays) -> Float[Array, " p"]:
        return of_decay(decay, form_factors.b_to_k(inputs), rate_to_pseudoscalar)

    to_kaon = jax.vmap(of_kaon)(Decays.of(TO_K, inputs))
    transition = np.array([0, 0, 1])  # both B -> K* modes share form factors
    vectors = Decays.of(TO_VECTOR, inputs), jax.tree.map(lambda x: x[transition], to_v)
    to_vector = jax.vmap(lambda decay, expansion: of_decay(decay, expansion, rates_to_vector))(*vectors)
    strength = (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(v_tb_v_ts(inputs))) ** 2 / (1024.0 * jnp.pi**5)
    values = jnp.append(_leptonic(theory, inputs), strength * jnp.concatenate([to_kaon, to_vector]))
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


def _leptonic(theory: Theory, inputs: Inputs) -> Float[Array, " p"]:
    """Branching fractions of Bs into all of `FLAVOUR_VIOLATING`."""
    coefficients = total(theory.wilson, inputs).semileptonic[_PAIRS] @ leptonic_decays.differences(SEMILEPTONIC)
    found = leptonic_decays.amplitudes(leptonic_decays.strange(inputs), coefficients, FLAVOUR_VIOLATING, inputs)
    return _square(found).sum(axis=1)


def _pairs(theory: Theory, inputs: Inputs) -> Pair:
    """All of `FLAVOUR_VIOLATING`."""
    coefficients = total(theory.wilson, inputs).semileptonic[_PAIRS]
    plain, primed = coefficients[:, _PLAIN], coefficients[:, _PRIMED]
    return Pair(*leptonic_decays.masses(FLAVOUR_VIOLATING, inputs), plain + primed, plain - primed)


def _integral(
    decay: Decays, expansion: form_factors.Expansion, rate: Callable, pair: Pair, mediator: LightMediator | None
) -> Float[Array, ""]:
    """Integral of a rate of `local_rates` over the whole range of q2."""
    end = (decay.m_b - decay.m_m) ** 2
    pole = None if mediator is None else mediator.pole
    q2, weight = bin_nodes(pair.total**2, end, pair.total / 2.0, end, jnp.zeros(1), NODES, pole)
    factor = jnp.ones_like(q2) if mediator is None else mediator.factor(q2)
    return jnp.sum(rate(decay, expansion, q2, squares(q2, pair, factor)) @ weight)


def squares(q2: Float[Array, " n"], pair: Pair, factor: Float[Array, " n"] | Complex[Array, " n"]) -> Squares:
    """Squares of the coefficients with the functions of the leptons' masses; C9 and C10 of spin one times a factor."""
    near, far = 1.0 - pair.difference**2 / q2, 1.0 - pair.total**2 / q2
    velocity, size = safe_sqrt(far) * jnp.sqrt(near), jnp.abs(factor) ** 2

    def spin_one(c: Complex[Array, " 4"]) -> Float[Array, " n"]:
        vector, axial = near * (2.0 + pair.total**2 / q2), far * (2.0 + pair.difference**2 / q2)
        return velocity * size * (vector * _square(c[0]) + axial * _square(c[1])) / 3.0

    def spin_zero(c: Complex[Array, " 4"]) -> Float[Array, " n"]:
        scalar, pseudoscalar = c[2] + pair.difference / q2 * c[0], c[3] + pair.total / q2 * c[1]
        return velocity * q2 * (far * _square(scalar) + near * _square(pseudoscalar))

    return Squares(spin_one(pair.plus), spin_one(pair.minus), spin_zero(pair.plus), spin_zero(pair.minus))


def _square(c: Complex[Array, "*n"]) -> Float[Array, "*n"]:
    return c.real**2 + c.imag**2


QUANTITIES = {
    f"BR({decay}{charges})": tuple(MOMENTS.index(decay + pair) for pair in charges.split(","))
    for decay in DECAYS
    for charges in (*FLAVOUR_VIOLATING, *BOTH_CHARGES)
}
"""What `assemble` knows: the moments that each quantity is the sum of."""


def functionals(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, "r p"]:
    """The quantity itself. Raises `KeyError` for an unknown key."""
    return moments[:, np.array(QUANTITIES[key])].sum(axis=1, keepdims=True)


def assemble(key: str, found: Float[Array, "r p"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES` from its `functionals`."""
    return found[0, 0]
