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

**Light mediators** (`theory.LightMediator`): :math:`C_{L,R}` of new physics get their factor of q2, and what the
mediator decays into without a trace is added, for neutrinos are not seen either. To K and to K* of each helicity

.. math::
   \frac{d\Gamma}{dq^2} = |\Delta^{sb}|^2\,\frac{24\pi\,\Gamma_{\rm inv}(\sqrt{q^2})/\sqrt{q^2}}
   {|q^2-m^2+im\Gamma|^2} \times \text{that of one massless left-handed neutrino of unit coupling},

with :math:`\Delta_L\pm\Delta_R` for :math:`C_L\pm C_R` [derived: a conserved current has one spectral function].
Of one that is not conserved the time-like part is added, where :math:`\Gamma_{\rm inv}` is `Invisible.time_like_width`,
:math:`1/m^4` replaces the propagator, and the form factors are :math:`(m_B^2-m_K^2)^2f_0^2` for
:math:`\lambda f_+^2` and :math:`\lambda A_0^2` for :math:`h_{12}^2`, in that of longitudinal K*.

Not included: :math:`B^+\to\tau^+\nu` followed by :math:`\tau^+\to K^{(*)+}\bar\nu`, with the same final state, about a
tenth of the rate of the charged modes (0908.1174 [Kamenik:2009kc]_), which experiments subtract. Energies in GeV.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONS, NEUTRINO_PAIRS
from bsfit.hadronic import form_factors
from bsfit.hadronic.local_rates import (
    TO_K,
    TO_KSTAR,
    Decays,
    Squares,
    rate_to_pseudoscalar,
    rates_to_vector,
    to_pseudoscalar,
    to_vector,
)
from bsfit.loading.inputs import Inputs
from bsfit.matching.currents import lambda_v
from bsfit.numerics import crowded, gauss_legendre
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.theory import Invisible, LightMediator, Rows, Theory, moments_themselves

MOMENTS = (*TO_K, *(f"{decay} {part}" for decay in TO_KSTAR for part in ("vector", "axial", "longitudinal")))
"""What `moments` returns per row: branching fractions, those of K* by current, the axial one by polarisation."""

NODES, POLE_NODES = 16, 32
"""Quadrature nodes over the whole range of q2, for an error below 1e-12; on each side of a pole in it, 1e-8."""


def coefficients(
    theory: Theory, inputs: Inputs, factor: Complex[Array, ""] | None = None
) -> tuple[Complex[Array, " 9"], Complex[Array, " 9"]]:
    r""":math:`C_L` and :math:`C_R` with the Standard Model, all pairs in the order of `catalogue.NEUTRINO_PAIRS`.

    New physics times a `factor`, if there is one.
    """
    left, right = (jnp.stack([theory.wilson[f"{c}_bs{pair}"] for pair in NEUTRINO_PAIRS]) for c in ("CL", "CR"))
    if factor is not None:
        left, right = factor * left, factor * right
    diagonal = jnp.array([pair in {f"nu{x}nu{x}" for x in LEPTONS} for pair in NEUTRINO_PAIRS])
    return left + jnp.where(diagonal, cl_of_standard_model(inputs), 0.0), right


def cl_of_standard_model(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`C_L=-(X_t/s_W^2)\,\alpha(m_Z)/\alpha` of equal flavours; see the module's docstring."""
    return -inputs["X_t"] / inputs["sin2_theta_w"] * inputs["alpha_em_mZ"] / inputs["alpha_em_mb"]


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 8"]:
    """Branching fractions, layout `MOMENTS`; quadratic in the coefficients. The rows are all alike."""
    if theory.mediator is not None:
        values = _with_mediator(theory, theory.mediator, inputs)
        return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))
    left, right = coefficients(theory, inputs)
    plus, minus = (jnp.sum(jnp.abs(left + sign * right) ** 2) for sign in (1, -1))
    strength = _strength(inputs)
    to_k = strength * plus * jax.vmap(lambda d: _integrals_k(d, inputs))(Decays.of(TO_K, inputs))
    to_vector = jax.vmap(lambda d: _integrals_vector(d, inputs))(Decays.of(TO_KSTAR, inputs))
    squares = strength * jnp.stack([plus, minus, minus])
    values = jnp.append(to_k, to_vector * squares[None])
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


def _strength(inputs: Inputs) -> Float[Array, ""]:
    """N of the module's docstring, without the mass."""
    return (inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(v_tb_v_ts(inputs))) ** 2 / (768.0 * jnp.pi**5)


def _nodes(decay: Decays) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    r"""Nodes in q2 and weights over the whole range; :math:`\sqrt\lambda` is proportional to the variable w."""
    w, weight = gauss_legendre(NODES)
    end = (decay.m_b - decay.m_m) ** 2
    return end * (1.0 - w**2), 2.0 * end * w * weight


def _integrals_k(decay: Decays, inputs: Inputs) -> Float[Array, ""]:
    """Integral of the rate to K, without couplings, times the lifetime."""
    q2, weight = _nodes(decay)
    return decay.lifetime / decay.m_b**3 * (weight @ to_pseudoscalar(decay, form_factors.b_to_k(inputs), q2)[0])


def _integrals_vector(decay: Decays, inputs: Inputs) -> Float[Array, " 3"]:
    """The same for K*: vector current, axial current transverse and longitudinal."""
    q2, weight = _nodes(decay)
    *densities, _ = to_vector(decay, _to_kstar(inputs), q2)
    return decay.lifetime / decay.m_b**3 * jnp.stack(densities) @ weight


def _to_kstar(inputs: Inputs) -> form_factors.Expansion:
    return jax.tree.map(lambda x: x[0], form_factors.b_to_v(inputs))


# ------------------------------------------------------------------------------------------------- light mediators


def _with_mediator(theory: Theory, mediator: LightMediator, inputs: Inputs) -> Float[Array, " 8"]:
    """Branching fractions, layout `MOMENTS`, into neutrinos and into all else that is not seen."""

    def neutrinos(q2: Float[Array, ""]) -> Squares:
        left, right = coefficients(theory, inputs, mediator.factor(q2))
        plus, minus = (jnp.sum(jnp.abs(left + sign * right) ** 2) for sign in (1, -1))
        return Squares(plus, minus, jnp.zeros(()), jnp.zeros(()))

    parts = [(neutrinos, jnp.zeros(()))]
    if (invisible := mediator.invisible) is not None:
        parts.append((lambda q2: _of_invisible(mediator, invisible, inputs, q2), invisible.opening()))

    def integrals(decay: Decays, of: Callable, expansion: form_factors.Expansion) -> Float[Array, " k"]:
        def part(squares: Callable[[Array], Squares], opening: Float[Array, ""]) -> Float[Array, " k"]:
            q2, weight = _nodes_about(mediator.pole, decay, opening)
            return of(decay, expansion, q2, jax.vmap(squares)(q2)) @ weight

        total = sum((part(*each) for each in parts[1:]), part(*parts[0]))
        return _strength(inputs) * decay.lifetime / decay.m_b**3 * total

    to_k = jax.vmap(lambda d: integrals(d, rate_to_pseudoscalar, form_factors.b_to_k(inputs)))(Decays.of(TO_K, inputs))
    to_vector = jax.vmap(lambda d: integrals(d, rates_to_vector, _to_kstar(inputs)))(Decays.of(TO_KSTAR, inputs))
    return jnp.append(to_k, to_vector)


def _of_invisible(mediator: LightMediator, invisible: Invisible, inputs: Inputs, q2: Float[Array, ""]) -> Squares:
    r"""What stands for :math:`|C_L\pm C_R|^2`: :math:`|\Delta|^2\Lambda_v^4/|V|^2` times widths and propagators."""
    left, right = mediator.quarks
    sizes = jnp.stack([jnp.abs(left + right) ** 2, jnp.abs(left - right) ** 2])
    unit = (lambda_v(inputs) ** 2 / jnp.abs(v_tb_v_ts(inputs))) ** 2 * sizes
    m = jnp.sqrt(q2)
    of_width = 24.0 * jnp.pi / m
    spin_one = of_width * invisible.width(m) / jnp.abs(mediator.pole - q2) ** 2
    time_like = of_width * invisible.time_like_width(m) / mediator.mass**4
    return Squares(unit[0] * spin_one, unit[1] * spin_one, unit[0] * time_like, unit[1] * time_like)


def _nodes_about(
    pole: Complex[Array, ""], decay: Decays, opening: Float[Array, ""]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    r"""Nodes in q2 above a threshold mass, about a pole, and weights; none where the threshold is above the end.

    In the angle of :math:`w=w_{\rm max}\sin\theta`, w as in `_nodes`, in which the velocity at the threshold is smooth.
    """
    end = (decay.m_b - decay.m_m) ** 2
    is_open = opening**2 < end
    reach = jnp.sqrt(jnp.where(is_open, 1.0 - opening**2 / end, 1.0))
    at_pole = jnp.arcsin(jnp.sqrt(1.0 - pole / end) / reach)
    edges = jnp.stack([0.0, jnp.clip(at_pole.real, 0.0, 0.5 * jnp.pi), 0.5 * jnp.pi])
    angle, weight = jax.vmap(crowded, (0, 0, None, None))(edges[:-1], edges[1:], at_pole, POLE_NODES)
    w, slope = reach * jnp.sin(angle.ravel()), reach * jnp.cos(angle.ravel())
    return end * (1.0 - w**2), jnp.where(is_open, 2.0 * end * w * slope * weight.ravel(), 0.0)


def _rate(parts: Float[Array, " p"]) -> Float[Array, ""]:
    return parts.sum()


def _polarisation(parts: Float[Array, " 3"]) -> Float[Array, ""]:
    return parts[2] / parts.sum()


QUANTITIES: dict[str, tuple[str, Callable[[Float[Array, " p"]], Float[Array, ""]]]] = {
    **{f"BR({decay}nunu)": (decay, _rate) for decay in (*TO_K, *TO_KSTAR)},
    **{f"FL({decay}nunu)": (decay, _polarisation) for decay in TO_KSTAR},
}
"""What `assemble` knows: decay and function of its moments. FL is that of all decays; flavio has it at one q2."""


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 8"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES`. Raises `KeyError` for an unknown key."""
    decay, function = QUANTITIES[key]
    index = [i for i, name in enumerate(MOMENTS) if name.split()[0] == decay]
    return function(moments[0, np.array(index)])
