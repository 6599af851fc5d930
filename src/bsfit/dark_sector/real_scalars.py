r"""Real scalar dark matter through heavy fermions in the t and u channel.

:math:`L=\lambda_i\bar F_RSf_L^i` + h.c. for a real S. The parts R and I of a complex X couple with
:math:`\lambda/\sqrt2` and :math:`i\lambda/\sqrt2`: pairs RR and II annihilate like that of an S, R and I with the
opposite sign of the u channel, :math:`\lambda^4\to\lambda^4/4`. Notation of `scalar_exchange`: T and U are
:math:`-d\pm hc`, P = TU, :math:`z=k_1k_2`.
"""

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector.angles import Means, means
from bsfit.dark_sector.kinematics import momentum
from bsfit.dark_sector.t_channel import exchange_rows
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Vector, scaled
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class RealFermionExchange(Channel):
    r"""Two equal real scalars into light fermions through heavy ones.

    :math:`\sum|M|^2=\frac{2w}{P^2}\{d^2[z(m_1^2+m_2^2)-2m_1^2m_2^2]+h^2c^2[4p^2z-2d(m_1^2+m_2^2)-2h^2c^2]\}`: a d-wave
    where the final fermions are massless, an s-wave with their masses. Derived here, checked against explicit spinors
    in `test_real_scalars_are_the_trace`, moving slowly in `test_real_scalars_at_rest`. Rows [k]: weight
    :math:`w=N_c|\lambda_i|^2|\lambda_j|^2`, masses of the two fermions, M.
    """

    smooth = True
    mass: Scalar
    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    @classmethod
    def of(
        cls,
        multiplets: Mapping[str, Vector],
        mediator: Scalar,
        mass: Scalar,
        inputs: Inputs,
        name: str,
        species: int = 0,
    ) -> "RealFermionExchange":
        """Into all light fermions of these multiplets, which share one heavy one of mass `mediator` in GeV."""
        return cls(mass, *exchange_rows(multiplets, mediator, inputs), name=name, species=species)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair."""
        x, y = self.m1**2, self.m2**2
        p, k = momentum(s, self.mass, self.mass), momentum(s, self.m1, self.m2)
        z = jnp.maximum(s - x - y, 2 * self.m1 * self.m2) / 2
        d, h2 = self.mediator**2 - self.mass**2 + z, (2 * p * k) ** 2
        angle = means(d, 2 * p * k)
        at_rest = d**2 * (z * (x + y) - 2 * x * y) * angle.two
        moving = h2 * ((4 * p**2 * z - 2 * d * (x + y)) * angle.two_c2 - 2 * h2 * angle.two_c4)
        return jnp.sum(self.weight * p * k * (at_rest + moving)) / (2 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return jnp.append(self.final_thresholds, 2 * self.mass) if self.species else self.final_thresholds


class MixedFermionExchange(Channel):
    r"""R and I of different masses into light fermions through heavy ones.

    :math:`\sum|M|^2=\frac w2[N_T/T^2-2N_{TU}/TU+N_U/U^2]`, w with the couplings of X: the traces N are polynomials in
    the cosine, all masses kept. Derived here, checked against explicit spinors in `test_real_scalars_are_the_trace`;
    with `RealFermionExchange` of R and I it is a `FermionExchange` where they are equally heavy, see
    `test_two_real_scalars_are_a_complex_one`.
    """

    smooth = True
    m_r: Scalar
    m_i: Scalar
    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    @classmethod
    def of(
        cls,
        multiplets: Mapping[str, Vector],
        mediator: Scalar,
        masses: tuple[Scalar, Scalar],
        inputs: Inputs,
        name: str,
        species: int,
    ) -> "MixedFermionExchange":
        """Into all light fermions of these multiplets; `masses` of R and I in GeV, couplings those of X."""
        return cls(*masses, *exchange_rows(multiplets, mediator, inputs), name=name, species=species)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; two ordered pairs."""
        x, y = self.m1**2, self.m2**2
        p, k = momentum(s, self.m_r, self.m_i), momentum(s, self.m1, self.m2)
        s = jnp.maximum(s, jnp.maximum((self.m1 + self.m2) ** 2, (self.m_r + self.m_i) ** 2))
        h, z = 2 * p * k, (s - x - y) / 2
        delta, eta = self.m_r**2 - self.m_i**2, x - y
        shift = delta * eta / s
        middle = self.mediator**2 - (self.m_r**2 + self.m_i**2) / 2 + z
        t, u = means(middle + shift / 2, h), means(middle - shift / 2, h)
        wave = delta**2 * (x + y) / (2 * s) + 4 * p**2 * z - shift**2 / 2
        mass = z * (x + y) - 2 * x * y
        odd = delta * eta - shift * (x + y)
        d = middle + shift / 2, middle - shift / 2
        direct = _square(d[0], h, t, mass - odd + wave, 2 * (shift - x - y))
        direct = direct + _square(d[1], h, u, mass + odd + wave, -2 * (shift + x + y))
        crossed = _product(d, h, (t, u), mass - wave, shift)
        return jnp.sum(self.weight * p * k * (direct - 2 * crossed)) / (16 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return jnp.append(self.final_thresholds, self.m_r + self.m_i)


def split_exchange(
    multiplets: Mapping[str, Vector], mediator: Scalar, masses: tuple[Scalar, Scalar], inputs: Inputs, name: str
) -> tuple[Channel, ...]:
    """Channels of all pairs of R and I, `masses` in GeV, into light fermions; couplings are those of X.

    Thresholds that all have stand in the first.
    Derived here, checked in `test_no_splitting_is_a_complex_scalar`.
    """
    m_r, m_i = masses
    parts = {key: scaled(vector, 0.5**0.5) for key, vector in multiplets.items()}
    other = RealFermionExchange.of(parts, mediator, m_i, inputs, name=f"{name} of I", species=1)
    both = MixedFermionExchange.of(multiplets, mediator, masses, inputs, f"{name} of R I", species=1)
    return (
        RealFermionExchange.of(parts, mediator, m_r, inputs, name=name),
        *(replace(channel, final_thresholds=jnp.zeros(0)) for channel in (other, both)),
    )


def _square(d: Array, h: Array, angle: Means, constant: Array, linear: Array) -> Array:
    r"""Mean of :math:`(\text{constant}+\text{linear}\,hc-2h^2c^2)/(d-hc)^2`."""
    found = constant * (d**2 * angle.two + h**2 * angle.two_c2) + linear * 2 * d * h**2 * angle.two_c2
    return found - 2 * h**2 * (d**2 * angle.two_c2 + h**2 * angle.two_c4)


def _product(d: tuple[Array, Array], h: Array, angles: tuple[Means, Means], constant: Array, shift: Array) -> Array:
    r"""Mean of :math:`(\text{constant}-2\,\text{shift}\,hc+2h^2c^2)/(d_1-hc)(d_2+hc)`."""
    (first, second), (t, u) = d, angles
    found = constant * (first * t.one + second * u.one) - 2 * shift * h**2 * (t.one_c2 - u.one_c2)
    return (found + 2 * h**2 * (first * t.one_c2 + second * u.one_c2)) / (first + second)
