r"""Parts of a split complex scalar or Dirac fermion into pairs of the vector V that turns one into the other.

Two of one part by exchange of the other in the t and u channel. The splitting breaks the gauge symmetry: it comes from
Higgs bosons, whose exchange keeps the amplitudes of longitudinal vectors unitary. Below a and b are the squared masses
of the external part and of V, :math:`D=s/2-b`, and T, U are t and u less the squared mass of the other part, P = TU:
:math:`T+U=-2d`. :math:`G=\sum_ic_i^2/(s-m_i^2+im_i\Gamma_i)` with the shares of the field that breaks the symmetry.
Derived here by symbolic traces, checked in `test_split_scalars_into_vectors_are_the_sum` and
`test_split_fermions_into_vectors_are_the_trace`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector.angles import means
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class Breaking(eqx.Module):
    """Higgs bosons [k] that a splitting comes from: masses and widths in GeV, squared shares of the singlet."""

    masses: Float[Array, " k"]
    widths: Float[Array, " k"]
    shares: Float[Array, " k"]

    def pole(self, s: Scalar) -> tuple[Scalar, Scalar]:
        """Real part of G and its squared modulus."""
        each = self.shares / breit_wigner(s, self.masses, self.widths)
        real, imaginary = jnp.sum(each * (s - self.masses**2)), jnp.sum(each * self.masses * self.widths)
        return real, real**2 + imaginary**2


class SplitPair(Channel):
    """What both have in common: masses in GeV of the `external` part and of the one exchanged.

    Derived here, checked in `test_vectors_of_no_splitting`.
    """

    coupling: Scalar
    external: Scalar
    exchanged: Scalar
    vector_mass: Scalar
    breaking: Breaking
    name: str = eqx.field(static=True, kw_only=True, default="vector pairs")

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`; those of V stand in the channel of the lighter part."""
        return 2 * (self.external if self.species else self.vector_mass)[None]

    def _kinematics(self, s: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar]:
        """pk/4 pi, D, d, and the means of 1/P and 1/P^2."""
        p, k = (momentum(s, m, m) for m in (self.external, self.vector_mass))
        large = jnp.maximum(s, 4 * self.vector_mass**2)  # closed below, where d may vanish
        energy = large / 2 - self.vector_mass**2
        d = energy + self.exchanged**2 - self.external**2
        angle = means(d, 2 * p * k)
        return p * k / (4 * jnp.pi), energy, d, angle.one, angle.two


class SplitScalarVectors(SplitPair):
    r"""Two R, or two I, of :math:`L=g(R\partial_\mu I-I\partial_\mu R)V^\mu` into two V.

    With :math:`\delta` the squared mass of the other part less a, :math:`\eta=-2\delta G`, :math:`\sum|M|^2/4g^4` is

    * :math:`2+\frac{\delta^2}{b^2}-\frac2{b^2P}[b^2D(4a-2b+\delta)+D\delta^3+4ab(b^2+b\delta-\delta^2)-2b^4
      +3b^2\delta^2-2b\delta^3+\delta^4]+\frac{d^2}{b^2P^2}[4ab-(b-\delta)^2]^2`
    * and, of the Higgs boson, :math:`|\eta|^2(2+\frac{D^2}{b^2})+\frac{{\rm Re}\,\eta}{b^2}\{4b^2+4b\delta+2D\delta
      +\frac{2d}P[4ab^2-2b^3-2b\delta^2-D(b+\delta)^2]\}`

    from :math:`M=2g^2[(1+\eta)\epsilon_1\epsilon_2+\frac2Tp_1\epsilon_1\,p_2\epsilon_2
    +\frac2Up_1\epsilon_2\,p_2\epsilon_1]`, of which the contact, :math:`\frac{g^2}2(R^2+I^2)V^2` of
    :math:`|D\chi|^2`, is most near rest. For :math:`\delta=0` a `VectorPair`. Derived here, checked in
    `test_split_scalars_into_vectors_are_the_sum` and `test_the_contact_is_that_of_a_gauge_symmetry`.
    """

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair, two identical vectors."""
        rate, e, d, one, two = self._kinematics(s)
        a, b = self.external**2, self.vector_mass**2
        x = self.exchanged**2 - a
        pole = b**2 * e * (4 * a - 2 * b + x) + e * x**3 + 4 * a * b * (b**2 + b * x - x**2)
        pole = pole - 2 * b**4 + 3 * b**2 * x**2 - 2 * b * x**3 + x**4
        mean = 2 + (x**2 - 2 * pole * one + (d * (4 * a * b - (b - x) ** 2)) ** 2 * two) / b**2
        real, squared = self.breaking.pole(s)
        crossed = 2 * d * (4 * a * b**2 - 2 * b**3 - 2 * b * x**2 - e * (b + x) ** 2) * one
        mean = mean + 4 * x**2 * squared * (2 + (e / b) ** 2)
        mean = mean - 2 * x * real * (4 * b**2 + 4 * b * x + 2 * e * x + crossed) / b**2
        return 2 * self.coupling**4 * rate * mean


class SplitFermionVectors(SplitPair):
    r"""Two :math:`N_1`, or two :math:`N_2`, of :math:`L=ig\bar N_1\gamma^\mu N_2V_\mu` into two V.

    With :math:`r,\sigma` the mass of the other part less and plus the own one m, :math:`\sum|M|^2/g^4` is

    * :math:`-\frac8{b^2}[2b^2+2br^2+r^2\sigma^2-2Dr^2]+\frac{X}{b^2P}-\frac{8d^2}{b^2P^2}(b-r^2)^2(2b+\sigma^2)^2`,
      :math:`X=8\{D^2(4b^2+4br^2-2\sigma r^3-r^4)+2D[4b^3+b^2(\sigma+r)^2+2b\sigma r^3+\sigma^3r^3-\sigma^2r^4]
      +10b^4+2b^3(\sigma^2+4\sigma r-5r^2)+b^2(2\sigma^3r-8\sigma^2r^2+2\sigma r^3+3r^4)+2b\sigma^2r^2(3r^2-\sigma^2)
      +2\sigma^4r^4\}`;
    * of Higgs bosons, :math:`64|G|^2\frac{r^2}{b^2}(D^2+2b^2)(D+b-2m^2)` and :math:`8r{\rm Re}\,G\frac{H-2dK/P}{b^2}`,
      :math:`H=8b(b+\sigma r)(\sigma-r)-4Dr(2b-\sigma^2+\sigma r)-8D^2r`,
      :math:`K=-2\{D^2r^2(\sigma+r)-D\sigma(4b^2+2b\sigma r-4br^2+\sigma^2r^2-\sigma r^3)
      -b[2b^2(\sigma+r)-b(\sigma^3-3\sigma^2r+\sigma r^2+r^3)+2\sigma^2r^2(\sigma-r)]\}`.

    For r = 0 half of a Dirac `FermionVectorPair`. Derived here, checked in
    `test_split_fermions_into_vectors_are_the_trace`.
    """

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair, two identical vectors."""
        rate, e, d, one, two = self._kinematics(s)
        b, m = self.vector_mass**2, self.external
        r, c = self.exchanged - m, self.exchanged + m
        pole = e**2 * (4 * b**2 + 4 * b * r**2 - 2 * c * r**3 - r**4) + 10 * b**4
        pole = pole + 2 * e * (4 * b**3 + (b * (c + r)) ** 2 + 2 * b * c * r**3 + c**3 * r**3 - c**2 * r**4)
        pole = pole + 2 * b**3 * (c**2 + 4 * c * r - 5 * r**2) + 2 * c**4 * r**4
        pole = pole + b**2 * (2 * c**3 * r - 8 * (c * r) ** 2 + 2 * c * r**3 + 3 * r**4)
        pole = pole + 2 * b * (c * r) ** 2 * (3 * r**2 - c**2)
        contact = 2 * b**2 + 2 * b * r**2 + (r * c) ** 2 - 2 * e * r**2
        mean = -8 * contact + 8 * pole * one - 8 * (d * (b - r**2) * (2 * b + c**2)) ** 2 * two
        real, squared = self.breaking.pole(s)
        mean = mean + 64 * r**2 * squared * (e**2 + 2 * b**2) * (e + b - 2 * m**2)
        mean = mean + 8 * r * real * self._crossed(b, r, c, e, d, one)
        return self.coupling**4 * rate * mean / (2 * b**2)

    def _crossed(self, b: Scalar, r: Scalar, c: Scalar, e: Scalar, d: Scalar, one: Scalar) -> Scalar:
        """Mean of the terms with one Higgs boson."""
        constant = 8 * b * (b + c * r) * (c - r) - 4 * e * r * (2 * b - c**2 + c * r) - 8 * e**2 * r
        pole = (e * r) ** 2 * (c + r)
        pole = pole - e * c * (4 * b**2 + 2 * b * c * r - 4 * b * r**2 + (c * r) ** 2 - c * r**3)
        inner = 2 * b**2 * (c + r) - b * (c**3 - 3 * c**2 * r + c * r**2 + r**3) + 2 * (c * r) ** 2 * (c - r)
        return constant + 4 * d * (pole - b * inner) * one
