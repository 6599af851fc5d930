r"""Boxes of new fermions F and scalars S, and the Yukawa lines that they are made of.

Every coupling is written as :math:`L=\lambda_i\bar FP_Lf_iS^\dagger` + h.c., F and S having the charge of f together: b
-> s then comes with :math:`\lambda_b\lambda_s^*`, leptons :math:`\bar l_i\ldots l_j` with :math:`\lambda_i^*\lambda_j`.
At leading order in the momenta a box of a quark and a lepton line is

.. math:: L=-\frac{\lambda_b\lambda_s^*\lambda_i^*\lambda_j}{64\pi^2}J\,(\bar s\gamma P_Lb)(\bar l_i\gamma P_Ll_j),

with one J for each way in which the lines are joined:

* they share the scalar: :math:`J=J_2(F_q,F_l,S,S)`. A scalar split into R and I has :math:`J_2(F_q,F_l,R,I)`, a real
  one none: the crossed box cancels it.
* they share the fermion: :math:`J=J_2(F,F,S_q,S_l)`, after Fierz, with the mean over R and I of a split scalar. Where
  one line has F and the other its antiparticle there is only the crossed box, :math:`J=-2M^2J_1`; a Majorana F has
  both, which cancel for equal masses, and a Dirac one split into two Majorana ones is between.

What neutrinos see follows from SU(2), see `Boxes`. Derived here: signs by the box of top quarks and Goldstone bosons,
and by integrating out F, checked in `test_top_goldstone_limit` and `test_majorana_boxes`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.compiling import jit_inlined
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.currents import Transition
from bsfit.matching.vectorlike import DOWN_QUARKS, Vector, squared, up_couplings
from bsfit.standard_model.ckm import ckm

FloatLike = Float[ArrayLike, ""]
Scalar = Float[Array, ""]
Kind = Literal["Dirac", "Majorana", "crossed"]


@partial(jit_inlined, static_argnames="kind")
def of_fermion(m_f: FloatLike, m_1: FloatLike, m_2: FloatLike, kind: Kind = "Dirac") -> Scalar:
    r"""J of two lines that share a fermion of mass m_f, with scalars m_1 and m_2; GeV^-2.

    :math:`J_2` of a Dirac fermion, :math:`-2m_F^2J_1` where only the crossed box exists, their sum of a Majorana one.
    """
    if kind == "Dirac":
        return loops.box(m_f, m_f, m_1, m_2)
    if kind == "crossed":
        return -2 * jnp.asarray(m_f) ** 2 * loops.flipped_box(m_f, m_f, m_1, m_2)
    f, a, b = (jnp.asarray(m, dtype=float) ** 2 for m in (m_f, m_1, m_2))

    def integrand(t: Array, f: Array, a: Array, b: Array) -> Array:
        return t * (t - 2 * f) / ((t + f) ** 2 * (t + a) * (t + b))

    return loops.integral(integrand, loops.box_centre((f, f, a, b)), f, a, b)


@jit_inlined
def of_split_fermion(m_1: FloatLike, m_2: FloatLike, m_a: FloatLike, m_b: FloatLike) -> Scalar:
    r"""The same for a Dirac fermion split into Majorana ones of masses m_1 and m_2, both positive.

    :math:`\int\frac{dt}{(t+m_a^2)(t+m_b^2)}\frac14[t^2(D_1+D_2)^2-2t(m_1D_1-m_2D_2)^2]`, :math:`D_i=1/(t+m_i^2)`: that
    of the Dirac one for equal masses, a quarter of that of a Majorana one for :math:`m_2\to\infty`.
    """
    m_1, m_2 = (jnp.asarray(m, dtype=float) for m in (m_1, m_2))
    a, b = (jnp.asarray(m, dtype=float) ** 2 for m in (m_a, m_b))

    def integrand(t: Array, m_1: Array, m_2: Array, a: Array, b: Array) -> Array:
        first, second = 1 / (t + m_1**2), 1 / (t + m_2**2)
        wave = t**2 * (first + second) ** 2 - 2 * t * (m_1 * first - m_2 * second) ** 2
        return wave / (4 * (t + a) * (t + b))

    return loops.integral(integrand, loops.box_centre((m_1**2, m_2**2, a, b)), m_1, m_2, a, b)


class Boson(eqx.Module):
    """A scalar in a loop: complex, of one `mass` in GeV, or `real`; or split into R and I, of `mass` and `imaginary`.

    A real one couples by itself, R and I by the coupling of the complex one over the root of two.
    """

    mass: Scalar
    imaginary: Scalar | None = None
    real: bool = eqx.field(static=True, default=False)

    def pair(self) -> tuple[Scalar, Scalar]:
        """The masses of the two propagators of a box that joins it to itself."""
        return self.mass, self.mass if self.imaginary is None else self.imaginary

    def mean(self, loop: Callable[[Scalar], Scalar]) -> Scalar:
        """A function of one propagator's mass."""
        if self.imaginary is None:
            return loop(self.mass)
        return (loop(self.mass) + loop(self.imaginary)) / 2


class Line(eqx.Module):
    r"""Couplings of left-handed quarks or leptons to a fermion and a scalar, in the mass basis of the lower component.

    `fermion` is the mass of F in GeV, `scalar` that beside down quarks or charged leptons, `charge` and
    `scalar_charge` those of the two, `coloured` which of them carries colour. `partner` is the scalar beside up quarks
    or neutrinos, None where S is a singlet of SU(2) and the same beside both. `split` is the mass of the second part
    where F is a Dirac fermion split into two Majorana ones, of which `fermion` is the first.
    """

    couplings: Vector
    fermion: Scalar
    scalar: Boson
    partner: Boson | None = None
    split: Scalar | None = eqx.field(kw_only=True, default=None)
    charge: float = eqx.field(static=True, kw_only=True)
    scalar_charge: float = eqx.field(static=True, kw_only=True)
    coloured: Literal["fermion", "scalar", ""] = eqx.field(static=True, kw_only=True, default="")
    majorana: bool = eqx.field(static=True, kw_only=True, default=False)

    def product(self, transition: Transition = "bs") -> Complex[Array, ""]:
        r""":math:`\lambda_b\lambda_s^*`, or with d for s."""
        return self.couplings[2] * jnp.conj(self.couplings[DOWN_QUARKS.index(transition[1])])

    def mean(self, loop: Callable[[Scalar, Scalar], Scalar]) -> Scalar:
        """A function of the masses of one propagator of each kind, the lower component of the scalar."""
        found = self.scalar.mean(lambda m_s: loop(self.fermion, m_s))
        if self.split is None:
            return found
        other = self.split
        return (found + self.scalar.mean(lambda m_s: loop(other, m_s))) / 2

    def box(self, boson: Boson) -> Scalar:
        """J of two lines of this kind, which share both fermion and scalar."""
        return jnp.zeros(()) if boson.real else self._with(*boson.pair())

    def mixed_box(self) -> Scalar:
        """J of one line of each component."""
        if self.partner is None:
            return self.box(self.scalar)
        upper, lower = self.partner, self.scalar
        return upper.mean(lambda first: lower.mean(lambda second: self._with(first, second)))

    def _with(self, m_1: Scalar, m_2: Scalar) -> Scalar:
        if self.split is not None:
            return of_split_fermion(self.fermion, self.split, m_1, m_2)
        return of_fermion(self.fermion, m_1, m_2, "Majorana" if self.majorana else "Dirac")


class Boxes(NamedTuple):
    """J of a quark line with one of charged leptons, and with one of neutrinos; None where there is no such box."""

    leptons: Scalar
    neutrinos: Scalar | None


def shared_singlet(quarks: Line, leptons: Line) -> Boxes:
    r"""Lines that share a scalar, a singlet of SU(2): :math:`(\bar q_aq_a)(\bar l_bl_b)`, neutrinos as leptons."""
    j = _shared_scalar(quarks, leptons)
    return Boxes(j, j)


def shared_doublet(quarks: Line, leptons: Line) -> Boxes:
    r"""Lines that share a doublet of scalars: :math:`(\bar q_aq_b)(\bar l_bl_a)`, no down quarks with neutrinos."""
    return Boxes(_shared_scalar(quarks, leptons), None)


def shared_fermion(quarks: Line, leptons: Line, kind: Kind = "Dirac") -> Boxes:
    r"""Lines that share the fermion, with doublets of scalars: :math:`(\bar q_aq_a)(\bar l_bl_b)`, own masses each."""
    assert leptons.partner is not None

    def box(boson: Boson) -> Scalar:
        other = quarks.scalar
        return other.mean(lambda m: boson.mean(lambda own: of_fermion(quarks.fermion, m, own, kind)))

    return Boxes(box(leptons.scalar), box(leptons.partner))


def _shared_scalar(quarks: Line, leptons: Line) -> Scalar:
    if quarks.scalar.real:
        return jnp.zeros(())
    return loops.box(quarks.fermion, leptons.fermion, *quarks.scalar.pair())


def current(
    quarks: Line, leptons: Line, j: Scalar, transition: Transition = "bs"
) -> Callable[[int, int], Complex[Array, ""]]:
    r"""Coefficients K of :math:`L=K_{ij}(\bar s\gamma P_Lb)(\bar l_i\gamma P_Ll_j)`, GeV^-2, or with d for s."""
    line = -quarks.product(transition) / (64 * jnp.pi**2) * j
    return lambda i, j: line * jnp.conj(leptons.couplings[i]) * leptons.couplings[j]


def delta_f2(quarks: Line, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r"""Coefficients of :math:`(\bar q_2\gamma P_Lq_1)^2` in H at the scale of the line, GeV^-2.

    D mesons with the scalar beside up quarks.
    """
    lower = quarks.box(quarks.scalar)
    beside_up = lower if quarks.partner is None else quarks.box(quarks.partner)
    return of_products(flavour_products(quarks.couplings, inputs), lower, beside_up)


def flavour_products(quarks: Vector, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r""":math:`\lambda_1\lambda_2^*` of the pairs of quarks :math:`q_1q_2` that mix as mesons."""
    u, c, _ = up_couplings(quarks, ckm(inputs))
    d, s, b = quarks
    return {"bs": b * jnp.conj(s), "bd": b * jnp.conj(d), "sd": s * jnp.conj(d), "uc": u * jnp.conj(c)}


def of_products(
    products: Mapping[str, Complex[Array, ""]], j: Scalar, beside_up: Scalar | None = None
) -> dict[str, Complex[Array, ""]]:
    r""":math:`(\lambda_1\lambda_2^*)^2J/128\pi^2` whatever carries the colour, with a J of their own for up quarks.

    The normalisation is fixed by the Goldstone limit.
    """
    up = j if beside_up is None else beside_up
    unit = 1 / (128 * jnp.pi**2)
    return {pair: x * x * unit * (up if pair == "uc" else j) for pair, x in products.items()}


def four_muons(leptons: Line) -> Scalar:
    r"""K of :math:`L=K(\bar\nu_\mu\gamma P_L\nu_\mu)(\bar\mu\gamma P_L\mu)`, GeV^-2: the box of two lepton lines."""
    return -(squared(leptons.couplings[1]) ** 2) / (64 * jnp.pi**2) * leptons.mixed_box()
