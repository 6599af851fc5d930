r"""Cross sections of dark matter as functions of s, by topology. Tree level, energies in GeV.

Each topology is a record of arrays whose `strength` is :math:`\sum g_ig_j\lambda\sigma`, see `theory.Channel`:
`multiplicity` is the number of ordered pairs of states that annihilate this way. It is 1 for a real scalar, 2 for a
complex one (:math:`\chi\chi^*` and :math:`\chi^*\chi`), 4 for a Majorana and 8 for a Dirac fermion.

With p the momentum of the initial particles in their centre of mass,
:math:`\lambda\sigma=p\sqrt s\int d\Phi\,|M|^2`, for two particles of momentum k in the final state
:math:`\lambda\sigma=\frac{pk}{4\pi}\langle|M|^2\rangle`, the mean over the angle, half of it for identical ones.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.constants import COLOURS
from bsfit.dark_sector.widths import fermion_width
from bsfit.loading.inputs import Inputs
from bsfit.numerics import atanh_ratio, kallen, safe_sqrt
from bsfit.theory import Channel

Scalar = Float[Array, ""]


def momentum(s: Scalar, m1: Float[Array, "*k"], m2: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """Momentum of two particles in their centre of mass; zero below threshold."""
    above = s > (m1 + m2) ** 2
    return safe_sqrt(jnp.where(above, kallen(s, m1**2, m2**2), 0.0)) / (2 * jnp.sqrt(s))


def breit_wigner(s: Scalar, mass: Float[Array, "*k"], width: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """Squared denominator of a propagator of fixed width."""
    return (s - mass**2) ** 2 + (mass * width) ** 2


class FermionPairs(eqx.Module):
    """Pairs of fermions that a vector couples to, [k]: weight (colours, charge conjugates), masses, couplings."""

    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    left: Complex[Array, " k"]
    right: Complex[Array, " k"]

    def width(self, m: Scalar) -> Scalar:
        """Width of a vector of mass m into all of them."""
        return jnp.sum(self.weight * fermion_width(m, self.m1, self.m2, self.left, self.right))

    def time_like_width(self, m: Scalar) -> Scalar:
        r"""The same for the component along its momentum, which vanishes for a conserved current.

        :math:`\frac{p}{4\pi m^2}[(|g_L|^2+|g_R|^2)(E_1E_2-p^2)-2m_1m_2{\rm Re}\,g_Lg_R^*]`.
        """
        p = momentum(m**2, self.m1, self.m2)
        e1, e2 = (m**2 + self.m1**2 - self.m2**2) / (2 * m), (m**2 + self.m2**2 - self.m1**2) / (2 * m)
        chiral = (self.left * jnp.conj(self.left) + self.right * jnp.conj(self.right)).real * (e1 * e2 - p**2)
        mixed = 2 * self.m1 * self.m2 * (self.left * jnp.conj(self.right)).real
        return jnp.sum(self.weight * p * (chiral - mixed)) / (4 * jnp.pi * m**2)


class VectorExchange(Channel):
    r"""Annihilation into fermions through a vector in the s channel.

    :math:`\sigma=\frac{T\,\Gamma(\sqrt s)+T_0(1-s/M^2)^2\Gamma_0(\sqrt s)}{2p\,|s-M^2+iM\Gamma|^2}` with the widths of
    `FermionPairs` and the spin-averaged squares of the initial current, in space and time: by `current`

    * scalar, :math:`gZ^\mu(p_1-p_2)_\mu`: :math:`T=4g^2p^2`, :math:`T_0=g^2(m_1^2-m_2^2)^2/s`;
    * vector of a Dirac fermion: :math:`T=g^2(s+2m^2)`, :math:`T_0=0`;
    * axial, Dirac or Majorana (with :math:`\frac g2\bar\chi\gamma\gamma_5\chi`): :math:`T=g^2(s-4m^2)`,
      :math:`T_0=2g^2m^2`.

    `split` says that the masses of the two scalars differ.
    """

    coupling: Scalar
    m1: Scalar
    m2: Scalar
    mass: Scalar
    total_width: Scalar
    final: FermionPairs
    final_thresholds: Float[Array, " t"]
    multiplicity: float = eqx.field(static=True)
    current: str = eqx.field(static=True, default="scalar")
    split: bool = eqx.field(static=True, default=False)
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m, p = jnp.sqrt(s), momentum(s, self.m1, self.m2)
        space, time = self._current_squared(s, p)
        total = space * self.final.width(m)
        if self.split or self.current == "axial":
            total = total + time * (1 - s / self.mass**2) ** 2 * self.final.time_like_width(m)
        rate = 2 * s * p * self.coupling**2 * total / breit_wigner(s, self.mass, self.total_width)
        return self.multiplicity * rate

    def _current_squared(self, s: Scalar, p: Scalar) -> tuple[Scalar, Scalar]:
        if self.current == "scalar":
            return 4 * p**2, (self.m1**2 - self.m2**2) ** 2 / s
        if self.current == "vector":
            return s + 2 * self.m1**2, jnp.zeros(())
        return 4 * p**2, 2 * self.m1**2

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return self.final_thresholds


class VectorPair(Channel):
    r"""Complex scalar of charge one into two vectors of mass M: contact, t and u channel.

    With :math:`T=t-m^2`, :math:`U=u-m^2`: :math:`\sum|M|^2=g^4[16+A^2/T^2+B^2/U^2+4a/T+4a'/U+2x^2/TU]`,
    :math:`A=4m^2+2T-M^2`, :math:`a=\frac52s-4m^2+2U-3M^2+\ldots`, integrated over the angle in closed form; from
    the Feynman rules, with the limit :math:`\sigma v\to g^4/8\pi m^2` for M -> 0 at rest. `masses` [k] are the scalars
    for which the strengths are summed: one complex, or its two real components, whose splitting is neglected here.
    """

    coupling: Scalar
    masses: Float[Array, " k"]
    vector_mass: Scalar
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="vector pairs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m2, v2 = self.masses**2, self.vector_mass**2
        p, k = momentum(s, self.masses, self.masses), momentum(s, self.vector_mass, self.vector_mass)
        d, h = s / 2 - v2, 2 * p * k
        logarithm = 2 * atanh_ratio(h / d) / d
        pole = 2 / ((d - h) * (d + h))
        a0, c0 = 4 * m2 - v2, 2.5 * s - 4 * m2 - 3 * v2
        squares = 2 * (a0**2 * pole - 4 * a0 * logarithm + 8)
        interference = -8 * ((c0 - 4 * d) * logarithm + 4)
        crossed = 2 * (s - 4 * m2 + v2) ** 2 * logarithm / d
        mean = (32 + squares + interference + crossed) / 2
        return self.multiplicity * jnp.sum(self.coupling**4 * p * k / (8 * jnp.pi) * mean)

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return 2 * self.vector_mass[None]


class VectorScalarPair(Channel):
    r"""Scalars into a vector M and a neutral scalar through the vector in the s channel, vertex :math:`c\,g^{\mu\nu}`.

    :math:`\lambda\sigma=\frac{pk}{4\pi}g^24p^2c^2\frac{1+k^2/3M^2}{|s-M^2+iM\Gamma|^2}`: the current is conserved.
    """

    coupling: Scalar
    m1: Scalar
    m2: Scalar
    mass: Scalar
    total_width: Scalar
    vertex: Float[Array, " k"]
    scalar_masses: Float[Array, " k"]
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="vector and scalar")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        vector = jnp.broadcast_to(self.mass, self.scalar_masses.shape)
        p, k = momentum(s, self.m1, self.m2), momentum(s, vector, self.scalar_masses)
        open_ = k * self.vertex**2 * (1 + k**2 / (3 * self.mass**2))
        rate = p**3 * self.coupling**2 * jnp.sum(open_) / (jnp.pi * breit_wigner(s, self.mass, self.total_width))
        return self.multiplicity * rate

    def thresholds(self) -> Float[Array, " k"]:
        """See `Channel.thresholds`."""
        return self.mass + self.scalar_masses


class FermionExchange(Channel):
    r"""Complex scalars X into fermions through heavy fermions M in the t channel, :math:`\lambda\bar F_RXf_L`.

    :math:`\sum|M|^2=2w\frac{2(p_1k)(p_2k)-t\,p_1p_2}{(t-M^2)^2}`, from Dirac traces, integrated over the angle in
    closed form. Rows [k]: weight :math:`w=N_c|\lambda_i|^2|\lambda_j|^2`, masses of the two fermions, M.
    """

    m_x: Scalar
    weight: Float[Array, " k"]
    m1: Float[Array, " k"]
    m2: Float[Array, " k"]
    mediator: Float[Array, " k"]
    final_thresholds: Float[Array, " t"]
    multiplicity: float = eqx.field(static=True, default=2.0)
    name: str = eqx.field(static=True, kw_only=True, default="fermions")

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


class HiggsExchange(Channel):
    r"""Scalars into W, Z and fermions through the Higgs boson, and another scalar that mixes with it.

    :math:`M=\sum_ic_i\kappa_i/(s-m_i^2+im_i\Gamma_i)` times the decay of a Higgs boson of mass :math:`\sqrt s` at tree
    level, :math:`\lambda\sigma=2sp|M|^2\Gamma_h(\sqrt s)`. `cubic` [n, h] are the couplings :math:`c_ih_i|\chi|^2` in
    GeV, half of that for each of two real components; `kappa` those of :math:`h_i` to the Standard Model. Below the
    W pair there are only fermions.
    """

    mass: Float[Array, " n"]
    cubic: Float[Array, "n h"]
    kappa: Float[Array, " h"]
    poles: Float[Array, " h"]
    widths: Float[Array, " h"]
    vev: Scalar
    boson_masses: Float[Array, " 2"]
    fermion_masses: Float[Array, " f"]
    colours: Float[Array, " f"]
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="Higgs portal")

    @classmethod
    def of(
        cls,
        mass: Float[Array, " n"],
        cubic: Float[Array, "n h"],
        kappa: Float[Array, " h"],
        poles: Float[Array, " h"],
        inputs: Inputs,
        multiplicity: float,
    ) -> "HiggsExchange":
        r"""With the Standard-Model masses of `inputs` and the widths of the poles.

        The width of the first is that of the Higgs boson, that of the second its decay into the Standard Model at tree
        level, each with its share :math:`\kappa^2`; decays into dark matter are added. Decays of the second into pairs
        of other new particles or of the first are left out.
        """
        masses = inputs.array(("m_t_pole", "m_b", "m_c", "m_tau"))
        vev = 1 / jnp.sqrt(jnp.sqrt(2.0) * inputs["G_F"])
        colours = jnp.array([COLOURS, COLOURS, COLOURS, 1.0])
        boson_masses = jnp.stack([inputs["m_W"], inputs["m_Z"]])
        made = cls(mass, cubic, kappa, poles, poles, vev, boson_masses, masses, colours, multiplicity)
        p = jax.vmap(lambda m: momentum(m**2, mass, mass))(poles)
        dark = multiplicity * jnp.sum(cubic.T**2 * p, axis=1) / (16 * jnp.pi * poles**2)
        others = [made._higgs_width(poles[i] ** 2) for i in range(1, len(poles))]
        visible = jnp.stack([inputs["Gamma_h"], *others])
        return eqx.tree_at(lambda x: x.widths, made, kappa**2 * visible + dark + 1e-12 * poles)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        share = self.kappa / breit_wigner(s, self.poles, self.widths)
        real = self.cubic @ (share * (s - self.poles**2))
        imaginary = self.cubic @ (share * self.poles * self.widths)
        p = momentum(s, self.mass, self.mass)
        return self.multiplicity * jnp.sum(2 * s * p * (real**2 + imaginary**2)) * self._higgs_width(s)

    def _higgs_width(self, s: Scalar) -> Scalar:
        """Decay width of a Standard-Model Higgs boson of mass sqrt(s), two-body, tree level."""
        m, beta = jnp.sqrt(s), 2 * momentum(s, self.fermion_masses, self.fermion_masses) / jnp.sqrt(s)
        fermions = jnp.sum(self.colours * self.fermion_masses**2 * beta**3) * m / (8 * jnp.pi)
        x, gamma = self.boson_masses**2 / s, 2 * momentum(s, self.boson_masses, self.boson_masses) / jnp.sqrt(s)
        bosons = gamma * (1 - 4 * x + 12 * x**2) * jnp.array([1.0, 0.5])
        return (fermions + jnp.sum(bosons) * m**3 / (16 * jnp.pi)) / self.vev**2

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        return 2 * jnp.concatenate([self.boson_masses, self.fermion_masses[:1]])


class HiggsPair(Channel):
    r"""Scalars with :math:`\lambda|H|^2|\chi|^2` into two Higgs bosons: contact, s, t and u channel.

    :math:`M=\lambda[1+\frac{3m_h^2}{s-m_h^2}+\lambda v^2(\frac1{t-m^2}+\frac1{u-m^2})]`.
    """

    mass: Float[Array, " n"]
    coupling: Scalar
    m_h: Scalar
    vev: Scalar
    multiplicity: float = eqx.field(static=True)
    name: str = eqx.field(static=True, kw_only=True, default="Higgs pairs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        p, k = momentum(s, self.mass, self.mass), momentum(s, self.m_h, self.m_h)
        s = jnp.maximum(s, 4 * self.m_h**2)  # closed below, where the amplitude has a pole
        d, h = s / 2 - self.m_h**2, 2 * p * k
        ratio = atanh_ratio(h / d)
        direct = 1 + 3 * self.m_h**2 / (s - self.m_h**2)
        exchange = self.coupling * self.vev**2
        mean = direct**2 - 4 * direct * exchange * ratio / d
        mean = mean + 2 * exchange**2 * (1 / ((d - h) * (d + h)) + ratio / d**2)
        return self.multiplicity * jnp.sum(p * k * self.coupling**2 * mean) / (8 * jnp.pi)

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return 2 * self.m_h[None]
