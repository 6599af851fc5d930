r"""Dark matter through heavy fermions in the t channel, :math:`L=\lambda_i\bar F_RXf_L^i` + h.c.

Annihilation of a scalar X into pairs of light fermions; its scattering is in `t_channel_scattering`. Couplings are
3-vectors (`matching.vectorlike`) by name of the multiplet, as in `light_fermions`. Derived here, checked against
independent reference numbers in `test_every_reference_point`.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector import light_fermions
from bsfit.dark_sector.kinematics import momentum
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Vector, squared
from bsfit.numerics import atanh_ratio
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class FermionExchange(Channel):
    r"""Complex scalars X into fermions through heavy fermions M in the t channel, :math:`\lambda\bar F_RXf_L`.

    :math:`\sum|M|^2=2w\frac{2(p_1k)(p_2k)-t\,p_1p_2}{(t-M^2)^2}`, k the momentum exchanged, integrated over the angle
    in closed form: derived here, checked against explicit spinors in `test_exchange_of_a_fermion_is_the_trace` and at
    rest in `test_t_channel_scalar_at_rest`. Rows [k]: weight :math:`w=N_c|\lambda_i|^2|\lambda_j|^2`, masses of the two
    fermions, M.
    """

    m_x: Scalar
    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    multiplicity: float = eqx.field(static=True, default=2.0)
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    @classmethod
    def of(
        cls, multiplets: Mapping[str, Vector], mediator: Scalar, m_x: Scalar, inputs: Inputs, name: str
    ) -> "FermionExchange":
        """Into all light fermions of these multiplets, which share one heavy one of mass `mediator` in GeV."""
        return cls(m_x, *exchange_rows(multiplets, mediator, inputs), name=name)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        x2, a2, b2, f2 = self.m_x**2, self.m1**2, self.m2**2, self.mediator**2
        p, k = momentum(s, self.m_x, self.m_x), momentum(s, self.m1, self.m2)
        d, h = f2 - x2 - a2 + (s + a2 - b2) / 2, 2 * p * k
        alpha, beta, product = a2 - x2, x2 - b2, s - a2 - b2
        linear = beta - alpha - 2 * f2 - product
        constant = (f2 + alpha) * (beta - f2) - f2 * product
        total = -2 - linear * 2 * atanh_ratio(h / d) / d + 2 * constant / jnp.maximum((d - h) * (d + h), 1e-12 * d**2)
        return self.multiplicity * jnp.sum(self.weight * p * k * total) / (8 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return self.final_thresholds


def top_thresholds(multiplets: Mapping[str, Vector], inputs: Inputs) -> Float[Array, " t"]:
    """Energies in GeV from which there are one or two top quarks, if up quarks are among them."""
    return jnp.array([1.0, 2.0]) * inputs["m_t_pole"] if "up" in multiplets else jnp.zeros(0)


def exchange_rows(
    multiplets: Mapping[str, Vector], mediator: Scalar, inputs: Inputs
) -> tuple[Float[Array, " k"], Float[Array, " k"], Float[Array, " k"], Float[Array, " k"], Float[Array, " t"]]:
    """What a channel through one mediator has of its final states: `light_pairs`, its mass in GeV, their thresholds."""
    weights, first, second = light_pairs(multiplets, inputs)
    return weights, first, second, jnp.broadcast_to(mediator, weights.shape), top_thresholds(multiplets, inputs)


def light_flavours(multiplets: Mapping[str, Vector], inputs: Inputs) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    r"""Weights :math:`N_c|\lambda_i|^2` and the mass in GeV of every flavour of each multiplet."""
    rows = [
        (light_fermions.COLOUR[name] * squared(coupling), mass)
        for name, couplings in multiplets.items()
        for coupling, mass in zip(couplings, light_fermions.masses(name, inputs), strict=True)
    ]
    weight, masses = (jnp.stack([jnp.asarray(x) for x in column]) for column in zip(*rows, strict=True))
    return weight, masses


def light_pairs(
    multiplets: Mapping[str, Vector], inputs: Inputs
) -> tuple[Float[Array, " k"], Float[Array, " k"], Float[Array, " k"]]:
    r"""Weights :math:`N_c|\lambda_i|^2|\lambda_j|^2` and the two masses in GeV of all pairs of each multiplet.

    Pairs of the same two masses, as all of neutrinos, are one row.
    """
    weights, masses = {}, {}
    for multiplet, couplings in multiplets.items():
        each, names = light_fermions.masses(multiplet, inputs), light_fermions.MASSES[multiplet]
        for (i, j), count in light_fermions.FLAVOUR_PAIRS.items():
            key = names[i], names[j]
            weight = light_fermions.COLOUR[multiplet] * count * squared(couplings[i]) * squared(couplings[j])
            weights[key] = weights.get(key, jnp.zeros(())) + weight
            masses[key] = each[i], each[j]
    first, second = zip(*masses.values(), strict=True)
    return jnp.stack([*weights.values()]), jnp.stack(first), jnp.stack(second)
