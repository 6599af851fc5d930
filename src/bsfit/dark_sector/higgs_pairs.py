r"""Majorana dark matter into two Higgs bosons, and two that a vector turns into each other into it and a Higgs boson.

For :math:`L=-\frac12\sum_iy_ih_i\bar NN` and the bosons of `majorana_higgs`. Derived here, checked as the channels say.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.dark_sector.angles import means
from bsfit.dark_sector.kinematics import breit_wigner, momentum
from bsfit.dark_sector.majorana_higgs import HiggsBosons
from bsfit.numerics import fade_out, gauss_legendre
from bsfit.theory import Channel

Scalar = Float[Array, ""]


class FermionHiggsPairs(Channel):
    r"""Two N into :math:`h_ih_j`, each pair: t and u channel, Higgs bosons in the s channel; a p-wave.

    With :math:`T,U=-d\pm z` being t and u less :math:`m^2`, P = TU, :math:`Y=y_iy_j` and
    :math:`S=\sum_ky_k\kappa_{kij}/(s-m_k^2+im_k\Gamma_k)`,

    .. math:: \sum|M|^2=8p^2\left|S-\frac{4mdY}P\right|^2+8Y^2z^2\left[\frac1P-\frac{m_i^2m_j^2}{P^2}\right]
        +16mYz^2{\rm Re}\left[\frac SP-\frac{4mdY}{P^2}\right].

    Derived here, checked in `test_fermions_into_higgs_bosons_are_the_trace`.
    """

    mass: Scalar
    yukawas: Float[Array, " 2"]
    higgs: HiggsBosons
    name: str = eqx.field(static=True, kw_only=True, default="Higgs pairs")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; one ordered pair, half for identical bosons."""
        pairs = ((0, 0, 0.5), (0, 1, 1.0), (1, 1, 0.5))
        return sum((share * self._into(s, i, j) for i, j, share in pairs), jnp.zeros(()))

    def _into(self, s: Scalar, i: int, j: int) -> Scalar:
        m, (first, second) = self.mass, (self.higgs.masses[i], self.higgs.masses[j])
        p, k = momentum(s, m, m), momentum(s, first, second)
        s = jnp.maximum(s, (first + second) ** 2)  # closed below, where d may vanish
        d, h2 = (s - first**2 - second**2) / 2, (2 * p * k) ** 2
        angle, product = means(d, 2 * p * k), self.yukawas[i] * self.yukawas[j]
        each = self.yukawas * self.higgs.trilinear[:, i, j] / breit_wigner(s, self.higgs.masses, self.higgs.widths)
        real = jnp.sum(each * (s - self.higgs.masses**2))
        imaginary = jnp.sum(each * self.higgs.masses * self.higgs.widths)
        exchange = 4 * m * d * product
        mean = 8 * p**2 * (real**2 + imaginary**2 - 2 * real * exchange * angle.one + exchange**2 * angle.two)
        mean = mean + 8 * product**2 * h2 * (angle.one_c2 - (first * second) ** 2 * angle.two_c2)
        mean = mean + 16 * m * product * h2 * (real * angle.one_c2 - exchange * angle.two_c2)
        return p * k * mean / (4 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`; a heavier part has those of the lighter, and its own by pairs of vectors."""
        first, second = self.higgs.masses
        return jnp.zeros(0) if self.species else jnp.stack([2 * first, first + second, 2 * second])


_NODES = 12
"""Of the mean over the angle; the propagators have no pole inside."""

_BELOW_DECAY = 0.8, 1.0
"""Splitting over the mass of V between which annihilation of the two parts fades out."""


class FermionVectorHiggsBosons(Channel):
    r""":math:`N_1N_2` of :math:`L=ig\bar N_1\gamma^\mu N_2V_\mu` into V and a Higgs boson: t and u channel, and V.

    N1 emits a Higgs boson after V, N2 before; with :math:`r=m_1-m_2`, momenta p of N2 and :math:`p'` of N1, k of V,

    .. math:: M\propto\bar v[\alpha\gamma\epsilon+\beta\,\gamma\epsilon\,\gamma k+\gamma_1p\epsilon
        +\gamma_2p'\epsilon]u,\quad\alpha=\tfrac{r^2}{m_V}\left(\tfrac1T+\tfrac1U\right)+\tfrac{4m_V}{s-b},
        \quad\beta=\tfrac r{m_V}\left(\tfrac1T-\tfrac1U\right),
        \quad\gamma_{1,2}=\tfrac{2r}{m_V}\left(\tfrac1{T,U}+\tfrac2{s-b}\right)

    times :math:`g^2` and the share of the singlet, T being t less :math:`m_1^2` and U u less :math:`m_2^2`. The mean
    over the angle is a sum. Where N1 decays into N2 and V, U has a zero: N2 is on its mass shell there, and its
    annihilation counted by itself. The channel fades out towards it. Derived here, checked in
    `test_fermions_into_a_vector_and_a_higgs_boson_are_the_trace`.
    """

    smooth = True
    coupling: Scalar
    light: Scalar
    heavy: Scalar
    higgs: HiggsBosons
    name: str = eqx.field(static=True, kw_only=True, default="vector and Higgs boson")

    def strength(self, s: Scalar) -> Scalar:
        """See `Channel.strength`; two ordered pairs."""
        each = self.higgs.singlet**2 * jnp.stack([self._with(s, m) for m in self.higgs.masses])
        return 2 * self.coupling**4 * jnp.sum(each)

    def _with(self, s: Scalar, m_h: Scalar) -> Scalar:
        n, m, m_v = self.light, self.heavy, self.higgs.vector_mass
        p, k = momentum(s, n, m), momentum(s, m_v, m_h)
        s = jnp.maximum(s, jnp.maximum((m_v + m_h) ** 2, (n + m) ** 2))  # closed below
        cosine, weight = gauss_legendre(_NODES)
        b, energy = m_v**2, (s + m_v**2 - m_h**2) / (4 * s)
        x = energy * (s + n**2 - m**2) - p * k * (2 * jnp.asarray(cosine) - 1)
        y = 2 * energy * s - x
        t, u = 1 / (n**2 + b - 2 * x - m**2), 1 / (m**2 + b - 2 * y - n**2)
        r, far = (m - n) / m_v, 1 / (s - b)
        alpha, beta = r * (m - n) * (t + u) + 4 * m_v * far, r * (t - u)
        first, second = 2 * r * (t + 2 * far), 2 * r * (u + 2 * far)
        far_off, skew = s - (n + m) ** 2, n * y - m * x
        mean = 2 * alpha**2 * (far_off + 8 * n * m + 4 * x * y / b)
        mean = mean + 2 * beta**2 * (8 * x * y - b * (far_off - 4 * n * m)) + 24 * alpha * beta * (m * x + n * y)
        mean = mean + 4 * alpha * (first * (2 * x * skew / b - n * far_off) + second * (2 * y * skew / b + m * far_off))
        mean = mean + 4 * beta * first * ((n**2 + m**2 - s) * x + 2 * n**2 * y)
        mean = mean - 4 * beta * second * ((n**2 + m**2 - s) * y + 2 * m**2 * x)
        along = first**2 * (x**2 / b - n**2) + second**2 * (y**2 / b - m**2)
        along = along + first * second * (n**2 + m**2 - s + 2 * x * y / b)
        below = fade_out(r, *_BELOW_DECAY)
        return below * jnp.sum(weight * (mean + 2 * far_off * along)) * p * k / (4 * jnp.pi)

    def thresholds(self) -> Float[Array, " t"]:
        """See `Channel.thresholds`; that of the pair itself stands in the exchange of V."""
        return self.higgs.vector_mass + self.higgs.masses
