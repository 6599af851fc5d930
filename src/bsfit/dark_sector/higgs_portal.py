r"""Scalar dark matter and Higgs bosons: annihilation through them and into them, their widths, scattering off nucleons.

:math:`V\supset\lambda|H|^2|\chi|^2`, and other neutral scalars that mix with the Higgs boson: their couplings come as
`matching.scalar_sector.HiggsCouplings`, so that every model with scalars calls `of_scalar`. A real scalar S with
:math:`\frac12\lambda S^2|H|^2` has the same couplings and a multiplicity of 1 (`annihilation`).

**Sources.** Decays of a Higgs boson: Sec. 2 of hep-ph/0503172 [Djouadi:2005gi]_, tree level, two-body. Scattering, and
the coupling :math:`f_N` to nucleons: 1306.4710 [Cline:2013gha]_, with heavy quarks through gluons as in
[Shifman:1978zn]_. The rest is derived here, checked against the limit of four Goldstone degrees of freedom in
`test_higgs_portal_far_above_the_higgs`.
**Left out**: the running of quark masses and QCD corrections (b quarks have the input `m_b`), gluons, and W and Z off
their mass shell: at :math:`\sqrt s=m_h` the width is 1.8 times too large for b quarks, 1.2 times in all.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.constants import COLOURS
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_sector import HiggsCouplings, higgs_vev
from bsfit.numerics import atanh_ratio
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class HiggsExchange(Channel):
    r"""Scalars into W, Z and fermions through the Higgs boson, and another scalar that mixes with it.

    :math:`M=\sum_ic_i\kappa_i/(s-m_i^2+im_i\Gamma_i)` times the decay of a Higgs boson of mass :math:`\sqrt s` at tree
    level [Djouadi:2005gi]_, :math:`\lambda\sigma=2sp|M|^2\Gamma_h(\sqrt s)`. `cubic` [n, h] are the couplings
    :math:`c_ih_i|\chi|^2` in GeV, half of that for each of two real components; `kappa` those of :math:`h_i` to the
    Standard Model. Below the W pair there are only fermions.
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
        cls, mass: Float[Array, " n"], couplings: HiggsCouplings, inputs: Inputs, multiplicity: float
    ) -> "HiggsExchange":
        r"""With the Standard-Model masses of `inputs` and the widths of the poles.

        The width of the first is that of the Higgs boson, that of the second its decay into the Standard Model at tree
        level, each with its share :math:`\kappa^2`; decays into dark matter are added. Decays of the second into pairs
        of other new particles or of the first are left out.
        """
        masses = inputs.array(("m_t_pole", "m_b", "m_c", "m_tau"))
        cubic, kappa, poles = couplings.cubic, couplings.kappa, couplings.poles
        colours = jnp.array([COLOURS, COLOURS, COLOURS, 1.0])
        boson_masses = jnp.stack([inputs["m_W"], inputs["m_Z"]])
        made = cls(mass, cubic, kappa, poles, poles, higgs_vev(inputs), boson_masses, masses, colours, multiplicity)
        p = jax.vmap(lambda m: momentum(m**2, mass, mass))(poles)
        dark = multiplicity * jnp.sum(cubic.T**2 * p, axis=1) / (16 * jnp.pi * poles**2)
        others = [made.width_at(poles[i] ** 2) for i in range(1, len(poles))]
        visible = jnp.stack([inputs["Gamma_h"], *others])
        return eqx.tree_at(lambda x: x.widths, made, kappa**2 * visible + dark + 1e-12 * poles)

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        share = self.kappa / breit_wigner(s, self.poles, self.widths)
        imaginary = self.cubic @ (share * self.poles * self.widths)
        p = momentum(s, self.mass, self.mass)
        return self.multiplicity * jnp.sum(2 * s * p * (self.real_amplitude(s) ** 2 + imaginary**2)) * self.width_at(s)

    def real_amplitude(self, s: Scalar) -> Float[Array, " n"]:
        """Real part of M, 1/GeV."""
        share = self.kappa / breit_wigner(s, self.poles, self.widths)
        return self.cubic @ (share * (s - self.poles**2))

    def width_at(self, s: Scalar) -> Scalar:
        """Decay width of a Standard-Model Higgs boson of mass sqrt(s), two-body, tree level [Djouadi:2005gi]_."""
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

    :math:`M=\lambda[1+\frac{3m_h^2}{s-m_h^2}+\lambda v^2(\frac1{t-m^2}+\frac1{u-m^2})]`: derived here, checked with
    `HiggsExchange` in `test_higgs_portal_far_above_the_higgs`, its integral in `test_angular_integrals`.
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


class HiggsPortal(eqx.Module):
    """What Higgs bosons add to a dark sector, in the fields of `theory.DarkSector`; nothing unless `of_scalar` says so.

    `poles` and `widths` [h] in GeV, `scattering` [2] the scalar coupling to proton and neutron in GeV^-2.
    """

    channels: tuple[Channel, ...] = ()
    poles: Float[Array, " h"] = eqx.field(default_factory=lambda: jnp.zeros(0))
    widths: Float[Array, " h"] = eqx.field(default_factory=lambda: jnp.zeros(0))
    scattering: Float[Array, " 2"] = eqx.field(default_factory=lambda: jnp.zeros(2))

    @classmethod
    def of_scalar(
        cls, masses: Float[Array, " n"], couplings: HiggsCouplings, inputs: Inputs, multiplicity: float
    ) -> "HiggsPortal":
        r"""Of a complex scalar (n = 1, `multiplicity` 2) or of real ones (1), masses in GeV, the dark matter first.

        The mixing of h in the pairs of Higgs bosons is left out.
        """
        exchange = HiggsExchange.of(masses, couplings, inputs, multiplicity)
        pair = HiggsPair(masses, couplings.quartic, inputs["m_h"], higgs_vev(inputs), multiplicity)
        scattering = nucleon_coupling(masses[0], couplings, inputs)
        return cls((exchange, pair), couplings.poles, exchange.widths, scattering)


def nucleon_coupling(mass: Scalar, couplings: HiggsCouplings, inputs: Inputs) -> Float[Array, " 2"]:
    r""":math:`b=\frac{f_Nm_N}{2vm_\chi}\sum_i\frac{c_i\kappa_i}{m_i^2}` in GeV^-2, equal for proton and neutron.

    For one Higgs boson :math:`\sigma=\mu^2b^2/\pi=\frac{\lambda^2f_N^2\mu^2m_N^2}{4\pi m_h^4m_\chi^2}` as in 1306.4710
    [Cline:2013gha]_.
    """
    unit = inputs["f_N"] * inputs["m_nucleon"] / (2 * higgs_vev(inputs) * mass)
    return jnp.full(2, unit * jnp.sum(couplings.cubic[0] * couplings.kappa / couplings.poles**2))


def width_if_coupled(coupling: Float[ArrayLike, ""], inputs: Inputs) -> Scalar:
    """Width of the Higgs boson in GeV; its mass where dark matter does not couple to it: then it is no resonance."""
    return jnp.where(jnp.asarray(coupling) == 0, inputs["m_h"], inputs["Gamma_h"])
