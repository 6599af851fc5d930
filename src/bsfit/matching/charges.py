r"""Charges of a new U(1)': sums that must vanish for it to be a symmetry, and where its coupling diverges."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

FloatLike = Float[ArrayLike, ""]


class Weyl(NamedTuple):
    """A left-handed fermion: numbers of colours and of weak components, hypercharge, and charge of U(1)'.

    Right-handed ones enter by their antiparticles, with both charges reversed.
    """

    colours: int
    components: int
    hypercharge: float
    charge: FloatLike


def right_handed(colours: int, hypercharge: float, charge: FloatLike) -> Weyl:
    """A right-handed singlet of SU(2) as the left-handed antiparticle."""
    return Weyl(colours, 1, -hypercharge, -jnp.asarray(charge))


def vectorlike(colours: int, components: int, hypercharge: float, charge: FloatLike) -> tuple[Weyl, Weyl]:
    """A fermion with both chiralities alike."""
    return Weyl(colours, components, hypercharge, charge), Weyl(colours, components, -hypercharge, -jnp.asarray(charge))


def anomalies(fields: Sequence[Weyl]) -> dict[str, Float[Array, ""]]:
    """Sums of charges that vanish where U(1)' is a symmetry beside those of the Standard Model, by their groups."""
    terms: dict[str, Callable[[Weyl], FloatLike]] = {
        "SU3^2 Q": lambda f: f.components * _charge(f) * (f.colours == 3),
        "SU2^2 Q": lambda f: f.colours * _charge(f) * (f.components == 2),
        "Y^2 Q": lambda f: f.colours * f.components * f.hypercharge**2 * _charge(f),
        "Y Q^2": lambda f: f.colours * f.components * f.hypercharge * _charge(f) ** 2,
        "Q^3": lambda f: f.colours * f.components * _charge(f) ** 3,
        "gravity": lambda f: f.colours * f.components * _charge(f),
    }
    return {name: _sum(term(f) for f in fields) for name, term in terms.items()}


def slope(fermions: Sequence[Weyl], scalars: Sequence[FloatLike] = ()) -> Float[Array, ""]:
    r"""Coefficient b of :math:`16\pi^2\,dg/d\ln\mu=bg^3`, from fermions and the charges of complex scalars.

    :math:`\frac23\sum Q^2` over Weyl fermions and :math:`\frac13\sum Q^2` over complex scalars.
    """
    weyl = _sum(f.colours * f.components * _charge(f) ** 2 for f in fermions)
    return 2 / 3 * weyl + _sum(jnp.asarray(q) ** 2 for q in scalars) / 3


def _charge(f: Weyl) -> Float[Array, ""]:
    return jnp.asarray(f.charge, dtype=float)


def _sum(values: Iterable[FloatLike]) -> Float[Array, ""]:
    return sum((jnp.asarray(value) for value in values), jnp.zeros(()))


def landau_pole(g: FloatLike, b: FloatLike) -> Float[Array, ""]:
    r"""E-folds to the pole of the coupling at one loop, :math:`8\pi^2/bg^2`; large where it does not run."""
    return 8 * jnp.pi**2 / jnp.maximum(jnp.asarray(b) * jnp.asarray(g) ** 2, 1e-12)
