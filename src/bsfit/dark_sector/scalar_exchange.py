r"""Fermion dark matter through scalars in the t and u channel, :math:`L=\lambda_i\bar\chi P_Lf_iS^*` + h.c.

Annihilation of a Dirac or Majorana fermion into pairs of light fermions, and the interference with a Z' that both
couple to. Below T and U are t and u less :math:`M^2`, the squared mass of S; with :math:`z=k_1k_2`, momenta p and k,
:math:`d=M^2-m^2+z` and :math:`h=2pk` they are :math:`-d\pm hc`, and P = TU.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector.angles import Means, means
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.dark_sector.t_channel import exchange_rows
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Vector
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class ScalarExchange(Channel):
    r"""Dirac or Majorana fermions into light fermions through scalars.

    Dirac: :math:`\sum|M|^2=w\frac{4(p_1k_1)(p_2k_2)}{T^2}`; Majorana:
    :math:`w\left[\frac{4(p_1k_1)(p_2k_2)}{T^2}+\frac{4(p_1k_2)(p_2k_1)}{U^2}-\frac{4m^2k_1k_2}{TU}\right]`, all masses
    kept: derived here, checked against explicit spinors in `test_exchange_of_a_scalar_is_the_trace`, at rest in
    `test_scalar_exchange_at_rest`. The mean over the angle is written so that the p-wave of Majorana fermions has no
    cancellation in it. Rows [k]: weight :math:`w=N_c|\lambda_i|^2|\lambda_j|^2`, masses of the two fermions, M.
    """

    smooth = True
    mass: Scalar
    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    majorana: bool = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    @classmethod
    def of(
        cls,
        multiplets: Mapping[str, Vector],
        mediator: Scalar,
        mass: Scalar,
        inputs: Inputs,
        majorana: bool,
        name: str,
        species: int = 0,
    ) -> "ScalarExchange":
        """Into all light fermions of these multiplets, through scalars of one mass `mediator` in GeV."""
        rows = exchange_rows(multiplets, mediator, inputs)
        return cls(mass, *rows, majorana, name=name, species=species)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; two ordered pairs of a Dirac fermion and its antiparticle, one of Majorana ones."""
        a, x, y = self.mass**2, self.m1**2, self.m2**2
        p, k = momentum(s, self.mass, self.mass), momentum(s, self.m1, self.m2)
        z = jnp.maximum(s - x - y, 2 * self.m1 * self.m2) / 2
        d, h2 = self.mediator**2 - a + z, (2 * p * k) ** 2
        angle = means(d, 2 * p * k)
        squared = s * (z - k**2) * (d**2 * angle.two + h2 * angle.two_c2)
        mean = squared + h2 * ((d**2 - 2 * s * d) * angle.two_c2 + h2 * angle.two_c4)
        if self.majorana:
            waves = (z * (4 * p**2 + x + y) + 2 * x * y) * angle.one
            moving = (4 * s * (z - k**2) - 4 * s * d + 2 * d**2) * angle.two_c2 + 2 * h2 * angle.two_c4
            mean = (waves + h2 * moving) / 2
        return jnp.sum(self.weight * p * k * mean) / (2 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return jnp.append(self.final_thresholds, 2 * self.mass) if self.species else self.final_thresholds


class ScalarVectorInterference(Channel):
    r"""Majorana fermions into pairs of one flavour: interference of a scalar in the t and u channel with a Z'.

    With :math:`G=1/(s-m_{Z'}^2+im_{Z'}\Gamma)` and the mass :math:`m_f`, :math:`\sum|M|^2` has, once for T and U each,
    :math:`\frac{4w|\lambda|^2g_A}T{\rm Re}\,G\{\Delta_L[(2p_1k_1)^2+2m^2m_f^2-m^2s-2m^2m_f^2s/m_{Z'}^2]
    +\Delta_Rm_f^2[s-6m^2+2m^2s/m_{Z'}^2]\}`: derived here, the traces checked in
    `test_interference_with_a_vector_is_the_trace`, the sign by Fierz's identity. Constructive for
    :math:`g_A\Delta_L>0` below the resonance, and negative where destructive. `final` are pairs of one flavour,
    `yukawas` [k] their :math:`|\lambda_i|^2`.
    """

    current: DarkCurrent
    mass: Scalar
    total_width: Scalar
    final: FermionPairs
    yukawas: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    name: str = eqx.field(static=True, kw_only=True, default="interference of Z' and scalars")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        a, f = self.current.m1**2, self.final.m1**2
        p, k = momentum(s, self.current.m1, self.current.m2), momentum(s, self.final.m1, self.final.m2)
        d, h = self.mediator**2 - a - f + jnp.maximum(s, 4 * f) / 2, 2 * p * k
        angle, along = means(d, h), 2 * a * s / self.mass**2
        waves = (s * p**2 + f * (2 * a - along)) * d * angle.one - (s - d) * h**2 * angle.one_c2
        flipped = f * (s - 6 * a + along) * d * angle.one
        pole = (s - self.mass**2 - 1j * self.mass * self.total_width) / breit_wigner(s, self.mass, self.total_width)
        left, right = ((pole * coupling).real for coupling in self.final.couplings(s))
        mean = -8 * self.current.axial * self.yukawas * (left * waves + right * flipped)
        return jnp.sum(self.final.weight * p * k * mean) / (4 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return self.final_thresholds


class MixedScalarExchange(Channel):
    r"""The two Majorana parts :math:`N_1, N_2` of a Dirac fermion into light fermions through scalars.

    :math:`\sum|M|^2=\frac w4\left[\frac{4(p_1k_1)(p_2k_2)}{T^2}+\frac{4(p_1k_2)(p_2k_1)}{U^2}
    +\frac{4m_1m_2k_1k_2}{TU}\right]` with :math:`N=(N_1+iN_2)/\sqrt2`, w with the couplings of N: an s-wave, in
    contrast to pairs of the same. Derived here, checked against explicit spinors in
    `test_exchange_by_two_majorana_fermions_is_the_trace`; with `ScalarExchange` of both it is that of a Dirac fermion
    where they are equally heavy, see `test_two_majorana_fermions_are_a_dirac_one`. Rows [k] as there.
    """

    smooth = True
    masses: tuple[Scalar, Scalar]
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
    ) -> "MixedScalarExchange":
        """Into all light fermions of these multiplets, through scalars of one mass `mediator` in GeV."""
        return cls(masses, *exchange_rows(multiplets, mediator, inputs), name=name, species=species)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; two ordered pairs."""
        (first, second), x, y = self.masses, self.m1**2, self.m2**2
        p, k = momentum(s, first, second), momentum(s, self.m1, self.m2)
        s = jnp.maximum(s, jnp.maximum((self.m1 + self.m2) ** 2, (first + second) ** 2))
        a, b, m2 = first**2, second**2, self.mediator**2
        energy, shift, h = (s + a - b) / 2, (s + a - b) * (x - y) / (2 * s), 2 * p * k
        d, e = m2 - a - x + energy + shift, m2 - a - y + energy - shift
        t, u = means(d, h), means(e, h)
        direct = _ratio(d, h, t, a + x - m2, b + y - m2) + _ratio(e, h, u, a + y - m2, b + x - m2)
        crossed = (d * t.one + e * u.one) / (d + e)
        mean = (direct + 2 * first * second * (s - x - y) * crossed) / 4
        return jnp.sum(self.weight * p * k * mean) / (2 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return jnp.append(self.final_thresholds, self.masses[0] + self.masses[1])


def _ratio(d: Array, h: Array, angle: Means, first: Array, second: Array) -> Array:
    r"""Mean of (first - T)(second - T)/T^2."""
    return first * second * (d**2 * angle.two + h**2 * angle.two_c2) + (first + second) * d * angle.one + 1
