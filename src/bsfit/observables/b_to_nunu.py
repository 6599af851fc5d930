r"""Decays :math:`B\to K\nu\bar\nu` and :math:`B\to K^*\nu\bar\nu`: branching fractions, longitudinal polarisation.

Sum over the nine pairs of neutrinos, from :math:`C_L` and :math:`C_R` of each; rates of 0902.0160
[Altmannshofer:2009ma]_ and 1409.4557 [Buras:2014fpa]_. For one pair

.. math::
   \frac{d\Gamma(K)}{dq^2} = N\lambda^{3/2}f_+^2\,|C_L+C_R|^2 ,\qquad
   \frac{d\Gamma(K^*)}{dq^2} = N\lambda^{1/2}\bigl[\,h_V^2\,|C_L+C_R|^2 + (h_1^2+h_{12}^2)\,|C_L-C_R|^2\bigr] ,

with :math:`N=G_F^2\alpha^2|V_{tb}V_{ts}^*|^2/768\pi^5m_B^3`. Form factors only: no non-local effects, hence no phases
and no CP asymmetry.

In the Standard Model :math:`C_L=-X_t/s_W^2`, where 1409.4557 and the electroweak corrections in :math:`X_t` have
:math:`\alpha` and :math:`s_W^2` at the Z mass. Here new physics shares one :math:`\alpha`, `alpha_em_mb`, with all
:math:`b\to s\ell\ell` amplitudes, so that the Standard Model's is multiplied by `alpha_em_mZ`/`alpha_em_mb`: the
four-fermion interaction with neutrinos does not run in QED, and its strength is that of the Z mass. Forgetting the
factor would cost 6.2 % of the rate.

Not included: :math:`B^+\to\tau^+\nu` followed by :math:`\tau^+\to K^{(*)+}\bar\nu`, with the same final state, about a
tenth of the rate of the charged modes (0908.1174 [Kamenik:2009kc]_), which experiments subtract. Energies in GeV.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONS, NEUTRINO_PAIRS
from bsfit.hadronic import form_factors
from bsfit.hadronic.phase_space import sqrt_lambda
from bsfit.loading.inputs import Inputs
from bsfit.numerics import gauss_legendre
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.theory import Rows, Theory, moments_themselves

TO_K = {"B+->K": ("m_B+", "m_K+", "tau_B+"), "B0->K": ("m_B0", "m_K0", "tau_B0")}
TO_VECTOR = {"B0->K*": ("m_B0", "m_K*0", "tau_B0"), "B+->K*": ("m_B+", "m_K*+", "tau_B+")}
"""Masses of the mesons and lifetime of each decay."""

MOMENTS = (*TO_K, *(f"{decay} {part}" for decay in TO_VECTOR for part in ("vector", "axial", "longitudinal")))
"""What `moments` returns per row: branching fractions, those of K* by current, the axial one by polarisation."""

NODES = 16
"""Quadrature nodes over the whole range of q2, for an error below 1e-12."""


class Decays(eqx.Module):
    """Masses in GeV and lifetime in GeV^-1; [decay] on every field until one is picked."""

    m_b: Float[Array, "*d"]
    m_m: Float[Array, "*d"]
    lifetime: Float[Array, "*d"]


def coefficients(theory: Theory, inputs: Inputs) -> tuple[Complex[Array, " 9"], Complex[Array, " 9"]]:
    r""":math:`C_L` and :math:`C_R` with the Standard Model, all pairs in the order of `catalogue.NEUTRINO_PAIRS`."""
    left, right = (jnp.stack([theory.wilson[f"{c}_bs{pair}"] for pair in NEUTRINO_PAIRS]) for c in ("CL", "CR"))
    diagonal = jnp.array([pair in {f"nu{x}nu{x}" for x in LEPTONS} for pair in NEUTRINO_PAIRS])
    return left + jnp.where(diagonal, cl_of_standard_model(inputs), 0.0), right


def cl_of_standard_model(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`C_L=-(X_t/s_W^2)\,\alpha(m_Z)/\alpha` of equal flavours; see the module's docstring."""
    return -inputs["X_t"] / inputs["sin2_theta_w"] * inputs["alpha_em_mZ"] / inputs["alpha_em_mb"]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 8"]:
    """Branching fractions, layout `MOMENTS`; quadratic in the coefficients. The rows are all alike."""
    left, right = coefficients(theory, inputs)
    plus, minus = (jnp.sum(jnp.abs(left + sign * right) ** 2) for sign in (1, -1))
    strength = (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(v_tb_v_ts(inputs))) ** 2 / (768.0 * jnp.pi**5)
    to_k = strength * plus * jax.vmap(lambda d: _integrals_k(d, inputs))(_decays(TO_K, inputs))
    to_vector = jax.vmap(lambda d: _integrals_vector(d, inputs))(_decays(TO_VECTOR, inputs))
    squares = strength * jnp.stack([plus, minus, minus])
    values = jnp.append(to_k, to_vector * squares[None])
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


def _decays(table: dict[str, tuple[str, str, str]], inputs: Inputs) -> Decays:
    return Decays(*(inputs.array(names) for names in zip(*table.values(), strict=True)))


def _nodes(decay: Decays) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    r"""Nodes in q2 and weights over the whole range; :math:`\sqrt\lambda` is proportional to the variable w."""
    w, weight = gauss_legendre(NODES)
    end = (decay.m_b - decay.m_m) ** 2
    return end * (1.0 - w**2), 2.0 * end * w * weight


def _integrals_k(decay: Decays, inputs: Inputs) -> Float[Array, ""]:
    """Integral of the rate to K, without couplings, times the lifetime."""
    q2, weight = _nodes(decay)
    plus = jax.vmap(form_factors.evaluate, (None, 0))(form_factors.b_to_k(inputs), q2)[:, 0]
    density = sqrt_lambda(q2, decay.m_b, decay.m_m) ** 3 * plus**2
    return decay.lifetime / decay.m_b**3 * (weight @ density)


def _integrals_vector(decay: Decays, inputs: Inputs) -> Float[Array, " 3"]:
    """The same for K*: vector current, axial current transverse and longitudinal."""
    q2, weight = _nodes(decay)
    kstar = jax.tree.map(lambda x: x[0], form_factors.b_to_v(inputs))
    v, _, a1, a12, *_ = jax.vmap(form_factors.evaluate, (None, 0))(kstar, q2).T
    root, total_mass = sqrt_lambda(q2, decay.m_b, decay.m_m), decay.m_b + decay.m_m
    vector = 2.0 * q2 * (root * v / total_mass) ** 2
    transverse = 2.0 * q2 * (total_mass * a1) ** 2
    longitudinal = (8.0 * decay.m_b * decay.m_m * a12) ** 2
    return decay.lifetime / decay.m_b**3 * jnp.stack([vector, transverse, longitudinal]) @ (weight * root)


def _rate(parts: Float[Array, " p"]) -> Float[Array, ""]:
    return parts.sum()


def _polarisation(parts: Float[Array, " 3"]) -> Float[Array, ""]:
    return parts[2] / parts.sum()


QUANTITIES: dict[str, tuple[str, Callable[[Float[Array, " p"]], Float[Array, ""]]]] = {
    **{f"BR({decay}nunu)": (decay, _rate) for decay in (*TO_K, *TO_VECTOR)},
    **{f"FL({decay}nunu)": (decay, _polarisation) for decay in TO_VECTOR},
}
"""What `assemble` knows: decay and function of its moments. FL is that of all decays; flavio has it at one q2."""


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 8"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES`. Raises `KeyError` for an unknown key."""
    decay, function = QUANTITIES[key]
    index = [i for i, name in enumerate(MOMENTS) if name.split()[0] == decay]
    return function(moments[0, np.array(index)])
