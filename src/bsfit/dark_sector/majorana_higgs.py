r"""Majorana dark matter N and Higgs bosons that mix with a singlet: :math:`L=-\frac12\sum_iy_ih_i\bar NN`.

Annihilation into the Standard Model, what it has in common with scalars in the t and u channel in pairs of top quarks,
and scattering. Derived here, checked in `test_majorana_fermions_through_higgs_bosons_are_the_trace`
and `test_width_of_the_second_higgs_boson`; decays into the Standard Model as in `higgs_portal`.
"""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector.angles import means
from bsfit.dark_sector.higgs_portal import HiggsExchange
from bsfit.dark_sector.kinematics import momentum
from bsfit.dark_sector.split_vectors import Breaking
from bsfit.dark_sector.t_channel import light_flavours
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_sector import HiggsCouplings, higgs_vev, trilinear_couplings
from bsfit.matching.vectorlike import Vector
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class HiggsBosons(eqx.Module):
    r"""Higgs bosons :math:`h_1=\cos\theta\,h-\sin\theta\,s` and :math:`h_2=\sin\theta\,h+\cos\theta\,s`.

    Masses and widths in GeV; `kappa` are the shares of h, couplings to the Standard Model relative to those of its
    Higgs boson, `singlet` those of s, of which the vacuum expectation value `vev` in GeV gives the mass `vector_mass`
    to a vector. `trilinear` are those of `scalar_sector.trilinear_couplings`, in GeV.
    """

    masses: Float[Array, " 2"]
    widths: Float[Array, " 2"]
    kappa: Float[Array, " 2"]
    singlet: Float[Array, " 2"]
    trilinear: Float[Array, "2 2 2"]
    vev: Scalar
    vector_mass: Scalar

    @classmethod
    def of(
        cls,
        m_h2: Scalar,
        theta: Scalar,
        vev: Scalar,
        vector_mass: Scalar,
        fermions: Mapping[str, tuple[Scalar, Scalar]],
        relative_width: Scalar,
        inputs: Inputs,
    ) -> "HiggsBosons":
        r"""With the widths into the Standard Model, pairs of vectors, of each other and of Majorana `fermions`.

        These by their masses in GeV and couplings y to s. :math:`\frac{y_i^2m_i}{16\pi}\beta^3`,
        :math:`\frac{s_i^2m_i^3}{32\pi v_S^2}\beta(1-4x+12x^2)` and :math:`\frac{\kappa_{ijj}^2}{32\pi m_i}\beta`,
        derived here; the first Higgs boson's into the Standard Model is that of `inputs`. `relative_width` is that of
        :math:`h_2` over its mass if it is finite.
        """
        masses = jnp.stack([inputs["m_h"], m_h2])
        kappa, singlet = (jnp.stack(x) for x in ((jnp.cos(theta), jnp.sin(theta)), (-jnp.sin(theta), jnp.cos(theta))))
        trilinear = trilinear_couplings(masses, kappa, singlet, vev, inputs)
        own = decays(m_h2, inputs)
        widths = kappa**2 * jnp.stack([inputs["Gamma_h"], own])
        beta, x = _speed(masses, vector_mass), (vector_mass / masses) ** 2
        widths = widths + (singlet / vev) ** 2 * masses**3 * beta * (1 - 4 * x + 12 * x**2) / (32 * jnp.pi)
        for mass, yukawa in fermions.values():
            widths = widths + (singlet * yukawa) ** 2 * masses * _speed(masses, mass) ** 3 / (16 * jnp.pi)
        others = jnp.stack([trilinear[0, 1, 1], trilinear[1, 0, 0]])
        widths = widths + others**2 * _speed(masses, masses[::-1]) / (32 * jnp.pi * masses)
        given = jnp.isfinite(relative_width)
        second = jnp.where(given, jnp.where(given, relative_width, 0.0) * m_h2, widths[1])
        widths = jnp.stack([widths[0], second]) + _LEAST_WIDTH * masses
        return cls(masses, widths, kappa, singlet, trilinear, vev, vector_mass)

    def breaking(self) -> Breaking:
        """What a splitting by s comes from."""
        return Breaking(self.masses, self.widths, self.singlet**2)


_LEAST_WIDTH = 1e-12
"""Width over mass that Higgs bosons have at least."""


def _speed(mass: Float[Array, " 2"], each: Float[Array, "..."]) -> Float[Array, " 2"]:
    """Of two equal particles into which each boson decays; zero where they are too heavy."""
    return jax.vmap(lambda m, final: 2 * momentum(m**2, final, final) / m)(mass, jnp.broadcast_to(each, mass.shape))


def decays(mass: Scalar, inputs: Inputs) -> Scalar:
    """Width in GeV into the Standard Model of a Higgs boson of it with this mass, at tree level."""
    none = HiggsCouplings(jnp.zeros((1, 1)), jnp.ones(1), mass[None], jnp.zeros(()))
    return HiggsExchange.of(mass[None], none, inputs, multiplicity=1.0).width_at(mass**2)


def exchange(mass: Scalar, yukawas: Float[Array, " 2"], higgs: HiggsBosons, inputs: Inputs) -> HiggsExchange:
    """Two scalars of that mass and the couplings of N, of which `FermionHiggsExchange` makes fermions."""
    couplings = HiggsCouplings(jnp.zeros((1, 2)), higgs.kappa, higgs.masses, jnp.zeros(()))
    made = HiggsExchange.of(mass[None], couplings, inputs, multiplicity=1.0)
    return eqx.tree_at(lambda x: (x.cubic, x.widths), made, (yukawas[None], higgs.widths))


class FermionHiggsExchange(Channel):
    r"""Two N into W, Z and fermions through Higgs bosons: :math:`8p^2` times that of real scalars, a p-wave.

    :math:`\sum|\bar vu|^2=8p^2`: derived here, checked in `test_majorana_fermions_through_higgs_bosons_are_the_trace`.
    """

    scalars: HiggsExchange
    name: str = eqx.field(static=True, kw_only=True, default="Higgs portal")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair."""
        mass = self.scalars.mass[0]
        return 8 * momentum(s, mass, mass) ** 2 * self.scalars.strength(s)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`; a heavier part has those of the lighter, and its own by pairs of vectors."""
        return jnp.zeros(0) if self.species else self.scalars.thresholds()


class FermionHiggsInterference(Channel):
    r"""Two N into pairs of one flavour, through Higgs bosons and through scalars M that have :math:`c\bar NP_Lf`.

    :math:`\sum|M|^2\ni-16N_c|c|^2\frac{mm_f^2}v{\rm Re}\sum_i\frac{y_i\kappa_i}{s-m_i^2+im_i\Gamma_i}
    \frac{(p_1k_1-p_1k_2)^2}{TU}`: derived here, checked against explicit spinors in
    `test_interference_of_majorana_fermions_is_the_trace`. Rows [k]: :math:`N_c|c|^2`, masses, M.
    """

    scalars: HiggsExchange
    weight: Float[Array, " k"]
    fermion_mass: Float[Array, " k"]
    mediator: Scalar
    name: str = eqx.field(static=True, kw_only=True, default="interference with the Higgs")

    @classmethod
    def of(
        cls, multiplets: Mapping[str, Vector], mediator: Scalar, scalars: HiggsExchange, inputs: Inputs, species: int
    ) -> "FermionHiggsInterference":
        """For the multiplets of a `ScalarExchange`, with the couplings of N."""
        weight, masses = light_flavours(multiplets, inputs)
        return cls(scalars, weight, masses, mediator, species=species)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair."""
        m, f = self.scalars.mass[0], self.fermion_mass**2
        p, k = momentum(s, m, m), momentum(s, self.fermion_mass, self.fermion_mass)
        d, h = self.mediator**2 - m**2 - f + jnp.maximum(s, 4 * f) / 2, 2 * p * k
        amplitude = self.scalars.real_amplitude(s)[0] / self.scalars.vev
        mean = -16 * self.weight * m * f * amplitude * h**2 * means(d, h).one_c2
        return jnp.sum(p * k * mean) / (4 * jnp.pi)

    def thresholds(self) -> Float[Array, " 0"]:
        """None beside those of the channels that interfere."""
        return jnp.zeros(0)


def nucleon_coupling(yukawas: Float[Array, " 2"], higgs: HiggsBosons, inputs: Inputs) -> Float[Array, " 2"]:
    r""":math:`b=\frac{f_Nm_N}v\sum_i\frac{y_i\kappa_i}{m_i^2}` in GeV^-2, equal for proton and neutron."""
    unit = inputs["f_N"] * inputs["m_nucleon"] / higgs_vev(inputs)
    return jnp.full(2, unit * jnp.sum(yukawas * higgs.kappa / higgs.masses**2))
