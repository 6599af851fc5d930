r"""Vector-like fermions: complex couplings to the three generations, and their mixing with the light states.

Models with vector-like doublets couple them to the generations by complex 3-vectors, defined in the mass basis of the
down quarks and of the charged leptons. The left-handed up quarks then couple by
:math:`\lambda^u_j=\sum_iV_{ji}^*\lambda_i`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.matching.hermitian import Entries, Hermitian, is_zero
from bsfit.theory import Params

FloatLike = Float[ArrayLike, ""]

DOWN_QUARKS = ("d", "s", "b")

Vector = tuple[Complex[Array, ""], Complex[Array, ""], Complex[Array, ""]]
"""A 3-vector in flavour space as three scalars: XLA then fuses everything and drops what nothing reads."""


def numbers(params: Params, *names: str) -> tuple[Float[Array, ""], ...]:
    """Real parameters in 64 bit; missing ones are zero."""
    return tuple(jnp.asarray(params.get(name, 0.0), dtype=float) for name in names)


def complex_parameter(params: Params, name: str) -> Complex[Array, ""]:
    """The complex parameter with real part `name` and imaginary part ``<name>_im``; missing parts are zero."""
    return jnp.asarray(params.get(name, 0.0)) + 1j * jnp.asarray(params.get(f"{name}_im", 0.0))


def known_zero(params: Params, *names: str) -> bool:
    """Whether all of these parameters are zero whatever is traced: what depends on them need not be compiled."""
    return all(is_zero(params.get(name, 0.0)) for name in names)


def coupling_vector(params: Params, name: str, flavours: tuple[str, ...]) -> Vector:
    """Couplings ``<name>_<flavour>`` to the three generations."""
    first, second, third = (complex_parameter(params, f"{name}_{flavour}") for flavour in flavours)
    return first, second, third


def couplings(params: Params, name: str, flavours: tuple[str, ...]) -> dict[int, Complex[Array, ""]]:
    """The same without what is known to be zero, by generation."""
    given = (f for f in flavours if not known_zero(params, f"{name}_{f}", f"{name}_{f}_im"))
    return {flavours.index(f): complex_parameter(params, f"{name}_{f}") for f in given}


def up_couplings(down: Vector, ckm: Complex[Array, "3 3"]) -> Vector:
    """Couplings of the left-handed u, c, t from those of d, s, b."""
    up = to_up(dict(enumerate(down)), ckm)
    return up[0], up[1], up[2]


def to_up(down: Entries, ckm: Complex[Array, "3 3"]) -> dict[int, Complex[Array, ""]]:
    """The same by generation."""
    return _turned(down, jnp.conj(ckm))


def to_down(up: Entries, ckm: Complex[Array, "3 3"]) -> dict[int, Complex[Array, ""]]:
    """Couplings of the left-handed d, s, b from those of u, c, t, by generation."""
    return _turned(up, ckm.T)


def _turned(vector: Entries, matrix: Complex[Array, "3 3"]) -> dict[int, Complex[Array, ""]]:
    rows = range(3) if vector else ()
    return {j: sum((matrix[j, i] * x for i, x in vector.items()), jnp.zeros(())) for j in rows}


def squared(z: Inexact[Array, ""]) -> Float[Array, ""]:
    """:math:`|z|^2`, with the right derivatives at zero."""
    return z.real**2 + z.imag**2


def norm_squared(vector: Vector) -> Float[Array, ""]:
    """Sum of the squared moduli."""
    return squared(vector[0]) + squared(vector[1]) + squared(vector[2])


def scaled(vector: Vector, factor: float) -> Vector:
    """All couplings times a number."""
    first, second, third = vector
    return first * factor, second * factor, third * factor


def yukawa_pole(own: Float[Array, ""], feed: Float[Array, ""]) -> Float[Array, ""]:
    r"""E-folds to the Landau pole of :math:`16\pi^2\,d\lambda/d\ln\mu=a\lambda^3+f\lambda` at one loop, f fixed.

    :math:`\frac{8\pi^2}{a\lambda^2}\frac{\ln(1+r)}r`, :math:`r=f/a\lambda^2`; `own` is :math:`a\lambda^2`, `feed` f.
    """
    own = jnp.maximum(own, 1e-12)
    ratio = jnp.maximum(feed / own, 1e-9)
    return 8 * jnp.pi**2 / own * jnp.log1p(ratio) / ratio


class Mixing(eqx.Module):
    r"""Couplings of one multiplet to the Z' after mixing, :math:`L=\bar f_i\gamma^\mu\Delta^{ij}f_jZ'_\mu` etc.

    A vector-like state of Dirac mass m and three massless chiral ones of the same quantum numbers, :math:`f_i`, which a
    scalar with a vacuum expectation value couples to it by :math:`\mu_i` in GeV. The heavy state of that chirality is
    :math:`(mF+\sum\mu_if_i)/M`, :math:`M^2=m^2+\sum|\mu_i|^2`; the other chirality does not mix. Exact, for any vector:
    eqs. (16) and (17) of 1803.04703 [Vicente:2018frk]_ for charge 2 and two generations.

    `charge` is the gauge coupling times the charge of F over that of :math:`f_i`, and `own` the coupling that all
    :math:`f_i` have before; `mass` m and `heavy` M in GeV.
    """

    charge: Float[Array, ""]
    mass: Float[Array, ""]
    heavy: Float[Array, ""]
    mu: dict[int, Inexact[Array, ""]]
    own: FloatLike = 0.0

    def light(self) -> Hermitian:
        r""":math:`\Delta^{ij}=g\mu_i^*\mu_j/M^2` of the light states, g being `charge`, and what they had before."""
        mixed = Hermitian.outer(self.mu, self.charge / self.heavy**2)
        return mixed if is_zero(self.own) else mixed + Hermitian.diagonal([self.own] * 3)

    def heavy_light(self) -> dict[int, Inexact[Array, ""]]:
        r"""Couplings of :math:`\bar Hf_j` by generation, :math:`-gm\mu_j/M^2`."""
        return {j: mu * (-self.charge * self.mass / self.heavy**2) for j, mu in self.mu.items()}

    def heavy_mixed(self) -> Float[Array, ""]:
        r"""Coupling of :math:`\bar HH` in the chirality that mixes, :math:`gm^2/M^2`."""
        return self.charge * self.mass**2 / self.heavy**2 + self.own

    def heavy_other(self) -> Float[Array, ""]:
        """That of the other chirality."""
        return self.charge + self.own


def mixing(mass: FloatLike, vector: Entries, charge: FloatLike, scale: FloatLike = 1.0, own: FloatLike = 0.0) -> Mixing:
    """Mixing of a vector-like state of Dirac mass `mass`; `vector` times `scale` are its couplings in GeV."""
    mass = jnp.asarray(mass, dtype=float)
    mu = {i: jnp.asarray(x) * scale for i, x in vector.items()}
    squares = (squared(x) for x in mu.values())
    heavy = jnp.sqrt(mass**2 + sum(squares, jnp.zeros(())))
    return Mixing(jnp.asarray(charge, dtype=float), mass, heavy, mu, own)


def mixing_by_angle(heavy: FloatLike, angle: FloatLike, direction: Entries, charge: FloatLike) -> Mixing:
    r"""The same from M, the physical mass, and one angle: :math:`\mu_i=Mn_i\sin\theta` with a unit vector n."""
    heavy = jnp.asarray(heavy, dtype=float)
    mu = {i: heavy * jnp.sin(angle) * x for i, x in direction.items()}
    return Mixing(jnp.asarray(charge, dtype=float), heavy * jnp.cos(angle), heavy, mu)
