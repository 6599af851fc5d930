r"""Scalar dark matter through the Higgs boson and through heavy fermions into the same pairs: the interference.

For :math:`L=\lambda_f\bar F_RXf_L` + h.c. and cubic couplings :math:`c_ih_i|X|^2`,

.. math:: \sum|M|^2\ni4N_c|\lambda_f|^2\frac{m_f^2}v\sum_i{\rm Re}\frac{c_i\kappa_i}{s-m_i^2+im_i\Gamma_i}
    \,Q\cdot(k_2-k_1),\qquad Q=\frac{k_1-p_1}{t-M^2},

whose mean over the angle is :math:`-1+(M^2-m_X^2+m_f^2)\langle1/(M^2-t)\rangle<0`: destructive above the resonance for
c > 0. A real S with :math:`\frac12ch\,S^2` has both t and u channel, twice the mean; it matters for top quarks. Derived
here, checked against explicit Dirac matrices in `test_interference_with_the_higgs_is_the_trace`.
"""

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.dark_sector.angles import means
from bsfit.dark_sector.higgs_portal import HiggsExchange, HiggsPortal
from bsfit.dark_sector.kinematics import momentum
from bsfit.dark_sector.t_channel import light_flavours, top_thresholds
from bsfit.loading.inputs import Inputs
from bsfit.matching.hermitian import is_zero
from bsfit.matching.scalar_sector import HiggsCouplings, higgs_vev
from bsfit.matching.vectorlike import Vector, scaled
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class HiggsInterference(Channel):
    """Of the first scalar of `exchange` [n = 1], with fermions [k]: colours times squared couplings, masses, M.

    `multiplicity` 2 for a complex scalar, 1 for a real one, whose weight is half the squared coupling to X where it is
    a part of it. Negative where destructive: a share of the pairs that the two channels beside it have together.
    Derived here, checked in `test_interference_with_the_higgs_is_the_trace`.
    """

    exchange: HiggsExchange
    weight: Float[Array, " k"]
    fermion_mass: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="interference with the Higgs")

    @classmethod
    def of(
        cls, multiplets: Mapping[str, Vector], mediator: Scalar, exchange: HiggsExchange, inputs: Inputs, real: bool
    ) -> "HiggsInterference":
        """For the multiplets of a `FermionExchange`; with `real`, the coupling of a real scalar."""
        weight, masses = light_flavours(multiplets, inputs)
        heavy, edges = jnp.broadcast_to(mediator, weight.shape), top_thresholds(multiplets, inputs)
        return cls(exchange, weight, masses, heavy, edges, multiplicity=1.0 if real else 2.0)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        a, f = self.exchange.mass[0] ** 2, self.fermion_mass**2
        p = momentum(s, self.exchange.mass[0], self.exchange.mass[0])
        k = momentum(s, self.fermion_mass, self.fermion_mass)
        d = self.mediator**2 - a - f + jnp.maximum(s, 4 * f) / 2
        mean = (self.mediator**2 - a + f) * d * means(d, 2 * p * k).one - 1
        diagrams = 2 / self.multiplicity
        amplitude = self.exchange.real_amplitude(s)[0] / self.exchange.vev
        rate = jnp.sum(self.weight * f * k * mean) * p * amplitude * diagrams / jnp.pi
        return self.multiplicity * rate

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return self.final_thresholds


def portal(
    coupling: Float[ArrayLike, ""],
    masses: tuple[Scalar, ...],
    multiplets: Mapping[str, Vector],
    mediator: Scalar,
    inputs: Inputs,
    real: bool,
) -> tuple[HiggsPortal, tuple[Channel, ...]]:
    """The Higgs portal of X, or of R and I, `masses` in GeV, and its channels with what interferes in pairs of quarks.

    Couplings to these are those of X; the species of R is 0, that of I 1. Nothing for a coupling that is known to be
    zero.
    """
    if is_zero(coupling):
        return HiggsPortal(), ()
    quartic, each = jnp.asarray(coupling, dtype=float), 1.0 if real else 2.0
    cubic = jnp.broadcast_to(quartic * higgs_vev(inputs), (len(masses), 1))
    couplings = HiggsCouplings(cubic, jnp.ones(1), inputs["m_h"][None], quartic)
    found = HiggsPortal.of_scalar(jnp.stack(masses), couplings, inputs, multiplicity=each)
    channels = list(found.channels)
    share = 0.5**0.5 if len(masses) > 1 else 1.0
    parts = {key: scaled(vector, share) for key, vector in multiplets.items()}
    for species, first in enumerate(masses):
        others = masses[:species] + masses[species + 1 :]
        exchange = HiggsExchange.of(jnp.stack([first, *others]), couplings, inputs, multiplicity=each)
        crossed = HiggsInterference.of(parts, mediator, exchange, inputs, real=real)
        channels.append(replace(crossed, species=species, final_thresholds=jnp.zeros(0)))
    return found, tuple(channels)
