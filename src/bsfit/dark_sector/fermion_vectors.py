r"""Fermion dark matter into pairs of the vector V that it couples to, and into V and the dark Higgs boson.

With an axial coupling the mass of the fermion breaks the gauge symmetry. One scalar :math:`\phi` of vacuum expectation
value w gives both masses, :math:`m_V=2|g_A|w` and :math:`m=yw/\sqrt2`: its exchange keeps annihilation into transverse
and longitudinal vectors unitary. Vertices :math:`-\frac mw\phi\bar\chi\chi` and :math:`\frac{m_V^2}w\phi V^2`.

Below :math:`a=m^2,\ b=m_V^2,\ f=m_\phi^2,\ T=t-a,\ U=u-a`, :math:`P=TU`. Derived here by symbolic traces, checked
against explicit Dirac matrices in `test_vectors_are_the_trace`, in the limits at rest and at high energies.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.dark_sector.angles import means
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.theory import Channel

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]


def inverse_vev_squared(current: DarkCurrent, vector_mass: FloatLike) -> Scalar:
    r""":math:`1/w^2=4g_A^2/m_V^2` in GeV^-2."""
    return 4 * current.axial**2 / jnp.asarray(vector_mass, dtype=float) ** 2


_LEAST_WIDTH = 1e-12
"""Width over mass that the dark Higgs boson has at least, where all its decays are closed."""


class DarkHiggs(eqx.Module):
    r"""The scalar whose vacuum expectation value gives mass to dark matter and to the vector: mass and width in GeV.

    Its propagator has this width at every s. One that runs, :math:`m\Gamma\to\sqrt s\,\Gamma(\sqrt s)` with the
    decays of `of`, is no better: it grows like :math:`s^2` by longitudinal vectors, is not gauge invariant and spoils
    the unitarity of annihilation into them. Where pairs of vectors are open, it moves Omega_h2 by up to some three
    times :math:`\Gamma/m` (150 random points of four models, :math:`m_\phi` from 1.6 to 2.8 m): 2e-4 at 0.002, 0.5 % at
    0.010, 2 % at 0.034, 19 % at 0.094 (`test_a_running_width_of_the_dark_higgs`). No better is Omega_h2 known: verdict
    `broad_phi`.
    """

    mass: Scalar
    width: Scalar

    @classmethod
    def of(
        cls, mass: FloatLike, current: DarkCurrent, vector_mass: FloatLike, relative_width: FloatLike = jnp.inf
    ) -> "DarkHiggs":
        r"""With its width into dark matter and into pairs of the vector, unless its width over mass is given, finite.

        :math:`\frac{m^2m_\phi}{8\pi w^2}\beta^3`, half of it for Majorana fermions, and
        :math:`\frac{m_\phi^3}{32\pi w^2}\sqrt{1-4x}(1-4x+12x^2)`, :math:`x=b/f`; a fermion of no axial coupling has
        none. Derived here, checked in `test_width_of_the_dark_higgs`.
        """
        m_phi, m_v = jnp.asarray(mass, dtype=float), jnp.asarray(vector_mass, dtype=float)
        s, m = m_phi**2, current.m1
        x = m_v**2 / s
        fermions = current.multiplicity / 8 * m**2 * m_phi * (2 * momentum(s, m, m) / m_phi) ** 3 / (8 * jnp.pi)
        vectors = m_phi**2 * momentum(s, m_v, m_v) / (16 * jnp.pi) * (1 - 4 * x + 12 * x**2)
        relative = jnp.asarray(relative_width, dtype=float)
        given = jnp.isfinite(relative)
        calculated = inverse_vev_squared(current, m_v) * (fermions + vectors)
        width = jnp.where(given, jnp.where(given, relative, 0.0) * m_phi, calculated)
        return cls(m_phi, width + _LEAST_WIDTH * m_phi)

    def quartic(self, current: DarkCurrent, vector_mass: FloatLike) -> Scalar:
        r""":math:`\lambda_\phi=m_\phi^2/2w^2`, which perturbation theory wants below :math:`4\pi`."""
        return self.mass**2 * inverse_vev_squared(current, vector_mass) / 2


class FermionVectorPair(Channel):
    r"""Dirac or Majorana fermions into two vectors: t and u channel, and the dark Higgs boson if there is one.

    With :math:`D=s/2-b` and :math:`h=1/(s-f+im_\phi\Gamma_\phi)`, :math:`\sum|M|^2` is the sum of

    * :math:`g_V^4\{-16+16(2D^2+4Db+4Da+5b^2+4ab)/P-32D^2(b+2a)^2/P^2\}`;
    * :math:`\frac{g_A^4}{b^2}\{-16(b^2+4ab-4aD)+16(2D^2b^2+8D^2ab-8D^2a^2+4Db^3+4Dab^2+5b^4-20ab^3+24a^2b^2)/P
      -32D^2b^2(b-4a)^2/P^2\}`;
    * :math:`\frac{g_V^2g_A^2}b\{-96b+32(6D^2b+4D^2a+12Db^2-4Dab+15b^3-28ab^2)/P-64D^2b(8Da+3b^2-2ab-8a^2)/P^2\}`;
    * :math:`\frac{256a}{b^2}g_A^4\{{\rm Re}\,h[-(D^2+Db+b^2)+D(2D^2a-b^3+2ab^2)/P]+|h|^2(D^2+2b^2)(D+b-2a)\}`;
    * :math:`256a\,g_V^2g_A^2{\rm Re}\,h\{-1+D(2D+b-2a)/P\}`.

    Without the dark Higgs boson the axial part grows with s/b without bound. Derived here, checked in
    `test_vectors_are_the_trace`.
    """

    current: DarkCurrent
    vector_mass: Scalar
    higgs: DarkHiggs | None = None
    name: str = eqx.field(static=True, kw_only=True, default="vector pairs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m, m_v = self.current.m1, self.vector_mass
        p, k = momentum(s, m, m), momentum(s, m_v, m_v)
        s = jnp.maximum(s, 4 * m_v**2)  # closed below, where d may vanish
        d = s / 2 - m_v**2
        angles = means(d, 2 * p * k)
        one, two = angles.one, angles.two
        mean = self._without_higgs(d, one, two)
        if self.higgs is not None:
            mean = mean + self._with_higgs(self.higgs, s, d, one)
        return self.current.multiplicity / 8 * p * k / (4 * jnp.pi) * mean

    def _parts(self) -> tuple[Scalar, Scalar, Scalar, Scalar]:
        r""":math:`a, b, g_V^2, g_A^2/b`."""
        b = self.vector_mass**2
        return self.current.m1**2, b, self.current.vector**2, self.current.axial**2 / b

    def _without_higgs(self, d: Scalar, one: Scalar, two: Scalar) -> Scalar:
        a, b, v, x = self._parts()
        vector = -16 + 16 * (2 * d**2 + 4 * d * (a + b) + 5 * b**2 + 4 * a * b) * one
        vector = vector - 32 * (d * (b + 2 * a)) ** 2 * two
        pole = d**2 * (2 * b**2 + 8 * a * b - 8 * a**2) + 4 * d * b**2 * (a + b)
        pole = pole + b**2 * (5 * b**2 - 20 * a * b + 24 * a**2)
        axial = -16 * (b**2 + 4 * a * b - 4 * a * d) + 16 * pole * one - 32 * (d * b * (b - 4 * a)) ** 2 * two
        pole = d**2 * (6 * b + 4 * a) + d * (12 * b**2 - 4 * a * b) + b**2 * (15 * b - 28 * a)
        mixed = -96 * b + 32 * pole * one - 64 * d**2 * b * (8 * a * d + 3 * b**2 - 2 * a * b - 8 * a**2) * two
        return v**2 * vector + x**2 * axial + v * x * mixed

    def _with_higgs(self, higgs: DarkHiggs, s: Scalar, d: Scalar, one: Scalar) -> Scalar:
        a, b, v, x = self._parts()
        squared = 1 / breit_wigner(s, higgs.mass, higgs.width)
        real = (s - higgs.mass**2) * squared
        crossed = -(d**2 + d * b + b**2) + d * (2 * d**2 * a - b**3 + 2 * a * b**2) * one
        axial = real * crossed + squared * (d**2 + 2 * b**2) * (d + b - 2 * a)
        return 256 * a * (x**2 * axial + v * x * b * real * (d * (2 * d + b - 2 * a) * one - 1))

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`."""
        own = self.current.m1[None] if self.species else jnp.zeros(0)
        return 2 * jnp.append(own, self.vector_mass)


class FermionVectorHiggs(Channel):
    r"""Dirac or Majorana fermions into a vector and the dark Higgs boson: t and u channel, and the vector.

    With :math:`X=s-b,\ D=(X-f)/2`, :math:`\sum|M|^2=\frac{4g_A^2}b(g_V^2W_V+g_A^2W_A)`,

    * :math:`W_V=\frac{8b}{X^2}[P+2(b+2a)s-bf]+\frac{4a}{XP}[X^3-4X^2(b+2a)+X(f^2+14bf-8b^2-16ab)+8bf(b-f+2a)]
      +16aD^2(b+2a)(4a-f)/P^2`;
    * :math:`W_A=\frac{8b}{X^2}P+\frac8{bX^2}[-4X^2ab+X(2b^3-8ab^2+af^2)+2b^4-b^3f-8ab^3+4ab^2f-abf^2]
      +\frac{4a}{bXP}[X^3(b+2a)+X^2(16ab-4b^2-8af)+X(6b^2f-8b^3+32ab^2-3bf^2-24abf+10af^2)+8b^3f-32ab^2f+16abf^2-4af^3]
      -16aD^2(4a-b)(4a-f)/P^2`.

    Derived here, checked in `test_vector_and_higgs_are_the_trace`.
    """

    current: DarkCurrent
    vector_mass: Scalar
    higgs_mass: Scalar
    name: str = eqx.field(static=True, kw_only=True, default="vector and dark Higgs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`."""
        m, m_v, m_phi = self.current.m1, self.vector_mass, self.higgs_mass
        p, k = momentum(s, m, m), momentum(s, m_v, m_phi)
        s = jnp.maximum(s, (m_v + m_phi) ** 2)  # closed below, where d may vanish
        d, h = (s - m_v**2 - m_phi**2) / 2, 2 * p * k
        angles = means(d, h)
        one, two = angles.one, angles.two
        product = d**2 - h**2 / 3
        vector, axial = self._vector(s, d, product, one, two), self._axial(s, d, product, one, two)
        mean = inverse_vev_squared(self.current, m_v) * (
            self.current.vector**2 * vector + self.current.axial**2 * axial
        )
        return self.current.multiplicity / 4 * p * k / (4 * jnp.pi) * mean

    def _vector(self, s: Scalar, d: Scalar, product: Scalar, one: Scalar, two: Scalar) -> Scalar:
        a, b, f = self.current.m1**2, self.vector_mass**2, self.higgs_mass**2
        x = s - b
        pole = x**3 - 4 * x**2 * (b + 2 * a) + x * (f**2 + 14 * b * f - 8 * b**2 - 16 * a * b)
        pole = pole + 8 * b * f * (b - f + 2 * a)
        contact = 8 * b / x**2 * (product + 2 * (b + 2 * a) * s - b * f)
        return contact + 4 * a / x * pole * one + 16 * a * d**2 * (b + 2 * a) * (4 * a - f) * two

    def _axial(self, s: Scalar, d: Scalar, product: Scalar, one: Scalar, two: Scalar) -> Scalar:
        a, b, f = self.current.m1**2, self.vector_mass**2, self.higgs_mass**2
        x = s - b
        contact = -4 * x**2 * a * b + x * (2 * b**3 - 8 * a * b**2 + a * f**2)
        contact = contact + 2 * b**4 - b**3 * f - 8 * a * b**3 + 4 * a * b**2 * f - a * b * f**2
        linear = 6 * b**2 * f - 8 * b**3 + 32 * a * b**2 - 3 * b * f**2 - 24 * a * b * f + 10 * a * f**2
        pole = x**3 * (b + 2 * a) + x**2 * (16 * a * b - 4 * b**2 - 8 * a * f) + x * linear
        pole = pole + 8 * b**3 * f - 32 * a * b**2 * f + 16 * a * b * f**2 - 4 * a * f**3
        found = 8 * b / x**2 * product + 8 / (b * x**2) * contact + 4 * a / (b * x) * pole * one
        return found - 16 * a * d**2 * (4 * a - b) * (4 * a - f) * two

    def thresholds(self) -> Float[Array, " 1"]:
        """See `Channel.thresholds`."""
        return (self.vector_mass + self.higgs_mass)[None]
