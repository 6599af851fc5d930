r"""A Z' that couples to the fermions of the Standard Model and to heavy ones: one record of its currents.

:math:`L=Z'_\mu\sum_f\bar f_i\gamma^\mu(\Delta_L^{ij}P_L+\Delta_R^{ij}P_R)f_j` for the mass eigenstates
f = u, d, e and :math:`\nu`, those that are light and those that are heavy. What holds for any such record: its Wilson
coefficients are in `z_prime_exchange`; widths, annihilation and scattering in `dark_sector.z_prime_decays` and
`dark_sector.z_prime_scattering`. Derived here, as is all of the kinetic mixing, unless a source is named.

A kinetic mixing :math:`L=-\frac\epsilon2F_Y^{\mu\nu}F_{X\mu\nu}` (the :math:`\epsilon` of 1803.04703
[Vicente:2018frk]_ is minus half of it) is kept to first order: `kinetic_mixing`. A Higgs doublet that is charged too
couples the Z' to :math:`H^\dagger i\overleftrightarrow{D}H` and mixes its mass with that of the Z: `through_the_z`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.loading.inputs import Inputs
from bsfit.matching.hermitian import Hermitian, is_zero
from bsfit.matching.kinetic_mixing import KineticMixing
from bsfit.matching.vectorlike import Mixing

FloatLike = Float[ArrayLike, ""]

Chirality = Literal["left", "right"]


class Numbers(NamedTuple):
    """Electric charge, isospin of the left-handed state, colours."""

    charge: float
    isospin: float
    colours: int

    @property
    def loop_weight(self) -> float:
        r""":math:`-N_cQ_f`: what a loop of it contributes to the coupling of the photon, relative to a lepton."""
        return -self.colours * self.charge


NUMBERS = {
    "up": Numbers(2 / 3, 1 / 2, 3),
    "down": Numbers(-1 / 3, -1 / 2, 3),
    "electron": Numbers(-1.0, -1 / 2, 1),
    "neutrino": Numbers(0.0, 1 / 2, 1),
}
"""Quantum numbers of the light fermions of each name."""


class Heavy(eqx.Module):
    """A heavy fermion: mass in GeV, its own left- and right-handed coupling, and those to light ones by generation.

    `to_left[j]` is that of the heavy state with the light left-handed one of generation j, the light one on the right.
    Both chiralities are members of doublets of SU(2), or of singlets.
    """

    mass: Float[Array, ""]
    left: Float[Array, ""]
    right: Float[Array, ""]
    to_left: dict[int, Inexact[Array, ""]] = eqx.field(default_factory=dict)
    to_right: dict[int, Inexact[Array, ""]] = eqx.field(default_factory=dict)
    singlet: bool = eqx.field(static=True, default=False)


class Fermions(eqx.Module):
    """Couplings to the fermions of one charge: light ones by generation, and heavy ones."""

    left: Hermitian = eqx.field(default_factory=Hermitian)
    right: Hermitian = eqx.field(default_factory=Hermitian)
    heavy: tuple[Heavy, ...] = ()

    def __add__(self, other: "Fermions") -> "Fermions":
        """Both together; a heavy state that both have would count twice."""
        return Fermions(self.left + other.left, self.right + other.right, self.heavy + other.heavy)

    @classmethod
    def mixed(cls, mixing: Mixing, chirality: Chirality = "left") -> "Fermions":
        """Light states that mix with a vector-like one: left-handed members of doublets, right-handed singlets."""
        light, own, other, to_light = mixing.light(), mixing.heavy_mixed(), mixing.heavy_other(), mixing.heavy_light()
        if chirality == "left":
            return cls(left=light, heavy=(Heavy(mixing.heavy, own, other, to_left=to_light),))
        return cls(right=light, heavy=(Heavy(mixing.heavy, other, own, to_right=to_light, singlet=True),))

    @classmethod
    def vectorlike(cls, mass: FloatLike, coupling: FloatLike) -> "Fermions":
        """A vector-like singlet of SU(2) that does not mix."""
        both = jnp.asarray(coupling, dtype=float)
        return cls(heavy=(Heavy(jnp.asarray(mass, dtype=float), both, both, singlet=True),))


class Currents(eqx.Module):
    """Couplings of a Z' to the fermions of each charge, its kinetic mixing, and the coupling to the Higgs current.

    Neither of the latter two is in the former.
    """

    up: Fermions = eqx.field(default_factory=Fermions)
    down: Fermions = eqx.field(default_factory=Fermions)
    electron: Fermions = eqx.field(default_factory=Fermions)
    neutrino: Fermions = eqx.field(default_factory=Fermions)
    epsilon: FloatLike = 0.0
    higgs: FloatLike = 0.0

    def kinds(self) -> dict[str, Fermions]:
        """The fermions by name."""
        return {name: getattr(self, name) for name in NUMBERS}

    def __add__(self, other: "Currents") -> "Currents":
        """Both together, mixings too."""
        parts = {name: f + getattr(other, name) for name, f in self.kinds().items()}
        epsilon, higgs = _sum(self.epsilon, other.epsilon), _sum(self.higgs, other.higgs)
        return Currents(**parts, epsilon=epsilon, higgs=higgs)

    def with_kinetic_mixing(self, epsilon: FloatLike) -> "Currents":
        """The same with this kinetic mixing; a zero that is a plain number costs nothing."""
        return dataclasses.replace(self, epsilon=epsilon)

    def with_higgs_charge(self, coupling: FloatLike) -> "Currents":
        r"""The same with this coupling to :math:`H^\dagger i\overleftrightarrow{D}H`.

        Where only a part of the vacuum expectation value is charged, that part of :math:`v^2` times gauge coupling and
        charge.
        """
        return dataclasses.replace(self, higgs=coupling)

    def mixes(self) -> bool:
        """Whether there may be kinetic mixing."""
        return not is_zero(self.epsilon)


def _sum(first: FloatLike, second: FloatLike) -> FloatLike:
    """A zero that is a plain number stays one."""
    return second if is_zero(first) else jnp.asarray(first) + second


# ------------------------------------------------------------------------------------------------- charges


Pair = tuple[FloatLike, FloatLike]
"""A charge times the gauge coupling: of the first two generations, and of the third."""


def quark_charges(doublet: Pair, up: Pair, down: Pair, ckm: Complex[Array, "3 3"]) -> Currents:
    r"""Quarks of which the third generation is special.

    Doublets have their charges (a, a, b) where up quarks are mass eigenstates, so that
    :math:`\Delta_L^{d,ij}=a\delta^{ij}+(b-a)V_{ti}^*V_{tj}` exactly; singlets where they are it themselves.
    """
    a, b = doublet
    turned = Hermitian.outer({j: ckm[2, j] for j in range(3)}, jnp.asarray(b) - jnp.asarray(a))
    return Currents(
        up=Fermions(Hermitian.diagonal([a, a, b]), Hermitian.diagonal([up[0], *up])),
        down=Fermions(Hermitian.diagonal([a, a, a]) + turned, Hermitian.diagonal([down[0], *down])),
    )


def lepton_charges(left: Sequence[FloatLike], right: Sequence[FloatLike]) -> Currents:
    """Leptons with charges times the gauge coupling, by generation: of the doublets and of the charged singlets."""
    doublets = Hermitian.diagonal(left)
    return Currents(electron=Fermions(doublets, Hermitian.diagonal(right)), neutrino=Fermions(doublets))


def quarks_in_down_basis(left: Hermitian, ckm: Complex[Array, "3 3"]) -> Currents:
    r"""Left-handed quarks by the couplings of down mass eigenstates; :math:`\Delta^u=V\Delta^dV^\dagger`."""
    return Currents(up=Fermions(left.turned(ckm)), down=Fermions(left))


def mixed_quarks(down: Mixing, up: Mixing) -> Currents:
    """Doublets of quarks that mix with a vector-like one: the same mixing in the basis of the down and up quarks."""
    return Currents(up=Fermions.mixed(up), down=Fermions.mixed(down))


def mixed_leptons(doublet: Mixing) -> Currents:
    """Doublets of leptons that mix with a vector-like one."""
    both = Fermions.mixed(doublet)
    return Currents(electron=both, neutrino=both)


# ------------------------------------------------------------------------------------------- kinetic mixing


def hypercharge_coupling(inputs: Inputs) -> Float[Array, ""]:
    """Gauge coupling of hypercharge at the Z mass."""
    return jnp.sqrt(4 * jnp.pi * inputs["alpha_em_mZ"] / (1 - inputs["sin2_theta_w"]))


def kinetic_shift(kind: str, s: FloatLike, inputs: Inputs) -> tuple[Complex[Array, ""], Complex[Array, ""]]:
    r"""What an :math:`\epsilon` of one adds to :math:`\Delta_L^{ii}` and :math:`\Delta_R^{ii}` where :math:`q^2=s`."""
    f = NUMBERS[kind]
    charge, isospin, none = (jnp.full(1, x) for x in (f.charge, f.isospin, 0.0))
    left, right = KineticMixing.of(1.0, charge, isospin, none, inputs).shift(jnp.asarray(s, dtype=float))
    return left[0], right[0]


def at_low_energies(charge: float, inputs: Inputs) -> Float[Array, ""]:
    r"""The same at :math:`s\to0` for an electric charge, alike for both chiralities: :math:`-g_Yc_W^2Q_f`."""
    return -charge * hypercharge_coupling(inputs) * (1 - inputs["sin2_theta_w"])


def through_the_z(kind: str, inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""What a coupling of one to the Higgs current adds to :math:`\Delta_L^{ii}` and :math:`\Delta_R^{ii}`.

    At :math:`s\to0`, :math:`2(T_3-s_W^2Q)` and :math:`-2s_W^2Q`: the masses of Z and Z' mix, and the light Z is
    exchanged too. Derived here, checked against the exact inverse of the mass matrix in
    `test_the_higgs_charge_is_the_exchange_of_the_z`.
    """
    f, sin2 = NUMBERS[kind], inputs["sin2_theta_w"]
    return 2 * (f.isospin - sin2 * f.charge), -2 * sin2 * f.charge


def shift_of_rho(m_zp: FloatLike, z: Currents, inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\Delta\rho=(cv/m_{Z'})^2` by a coupling c to the Higgs current, at leading order in it; derived here."""
    return (jnp.asarray(z.higgs) / jnp.asarray(m_zp)) ** 2 / (jnp.sqrt(2.0) * inputs["G_F"])


# --------------------------------------------------------------------------------------------- loops of fermions


def mass_logarithm(
    weights: Float[Array, " k"], couplings: Float[Array, " k"], masses: Float[Array, " k"]
) -> Float[Array, ""]:
    r""":math:`\sum w_f(\Delta_L+\Delta_R)_f\ln m_f^2`: mixing of the Z' with another boson through fermion loops.

    It does not depend on the unit of mass where :math:`\sum w_f(\Delta_L+\Delta_R)_f=0`, as for the charges of a
    symmetry: then the mixing is finite.
    """
    return jnp.sum(weights * couplings * 2 * jnp.log(masses))


def loop_trace(z: Currents) -> Float[Array, ""]:
    r""":math:`\sum_f(-N_cQ_f)(\Delta_L+\Delta_R)_f`: where it is not zero, kinetic mixing is not calculable."""
    total = jnp.zeros(())
    for name, f in z.kinds().items():
        each = [coupling for coupling, _ in diagonal(f, (0.0, 0.0, 0.0))]
        total = total + NUMBERS[name].loop_weight * sum(each, jnp.zeros(()))
    return total


def loop_kinetic_mixing(m: FloatLike, z: Currents, inputs: Inputs) -> Float[Array, ""]:
    r"""Kinetic mixing from loops of doublets at momenta of order m: of one heavy quark, one heavy lepton, light ones.

    :math:`-\frac{g_Y}{24\pi^2}\sum_fN_fY_f(\Delta_L+\Delta_R)_f\ln m_f^2` to leading logarithm, where light fermions
    count with m; finite because the sum without the logarithm vanishes. Without mixing
    :math:`-\frac{g_Yg_X}{6\pi^2}\ln(m_Q^2/m_L^2)`.
    """
    heavy = [z.down.heavy[0], z.electron.heavy[0]]
    couplings, masses = jnp.stack([f.left + f.right for f in heavy]), jnp.stack([f.mass for f in heavy])
    logarithm = mass_logarithm(jnp.array([1.0, -1.0]), couplings, masses / m)
    return -hypercharge_coupling(inputs) / (24 * jnp.pi**2) * logarithm


def diagonal(f: Fermions, light: Sequence) -> list[tuple[Float[Array, ""], FloatLike]]:
    r""":math:`\Delta_L+\Delta_R` of every mass eigenstate, and its mass, that of the light ones as given."""
    rows = []
    for i in range(3):
        parts = [side(i, i).real for side in (f.left, f.right) if (i, i) in side]
        rows += [(sum(parts[1:], parts[0]), light[i])] if parts else []
    return rows + [(heavy.left + heavy.right, heavy.mass) for heavy in f.heavy]
