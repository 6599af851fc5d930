r"""Moments where inputs float: quadratic in the Wilson coefficients, polynomials in unit nuisances: `motion`.

Uncertain inputs move moments by little, and the amplitudes themselves cost ten times more at every point than tensors
do. What inputs do beside the moments, where observables are assembled, is exact.
"""

import math
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs
from bsfit.predictions.expansion import Bend, products
from bsfit.predictions.motion import Few, Motion
from bsfit.predictions.response import Span, coordinates_of, monomials, named
from bsfit.theory import Theory

WIDTHS = 1, 4, 10
"""Rows of which so many combinations of moments are read at most are tensors of their own."""


class Second(eqx.Module):
    """Changes of the coefficients of monomials by products of two nuisances: the first of `motion.Few`, as matrices."""

    forms: Float[Array, "r f c c"]
    parts: Float[Array, "r f mk"]

    @classmethod
    def of(cls, few: Few, c: int) -> "Second":
        """From what the products of so many combinations do."""
        i, j = products(c, 2).T
        half = 0.5 * few.forms.swapaxes(1, 2)
        forms = np.zeros((*half.shape[:2], c, c))
        forms[:, :, i, j] += half
        forms[:, :, j, i] += half
        return cls(*map(jax.device_put, (forms, _flat(few))))

    def __call__(self, w: Float[Array, "r c"]) -> Float[Array, "r mk"]:
        """At combinations of the nuisances."""
        return jnp.einsum("rf,rfx->rx", quadratic_forms(self.forms, w), self.parts)


@jax.custom_jvp
def quadratic_forms(forms: Float[Array, "r f c c"], w: Float[Array, "r c"]) -> Float[Array, "r f"]:
    """Values of symmetric forms, which are constants.

    Their derivative is twice what the value was made of: only once are the forms, which are most of the memory, read.
    """
    return jnp.sum(jnp.einsum("rfij,rj->rfi", forms, w) * w[:, None], axis=2)


@quadratic_forms.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (forms, w), (_, change) = primals, tangents
    along = jnp.einsum("rfij,rj->rfi", forms, w)
    return jnp.sum(along * w[:, None], axis=2), 2.0 * jnp.einsum("rfi,ri->rf", along, change)


class Beyond(eqx.Module):
    """The same by functions of the nuisances that all rows share: the second `motion.Few`."""

    forms: Float[Array, "r f t"]
    parts: Float[Array, "r f mk"]

    @classmethod
    def of(cls, few: Few) -> "Beyond":
        """In the order of products: what has to be reordered is, at every point."""
        return cls(*map(jax.device_put, (few.forms.swapaxes(1, 2).copy(), _flat(few))))

    def __call__(self, functions: Float[Array, " t"]) -> Float[Array, "r mk"]:
        """At values of the functions."""
        return jnp.einsum("rf,rfx->rx", jnp.einsum("rft,t->rf", self.forms, functions), self.parts)


def _flat(few: Few) -> Float[np.ndarray, "r f mk"]:
    return few.parts.reshape(*few.parts.shape[:2], math.prod(few.parts.shape[2:]))


class Curve(eqx.Module):
    """Functions of a nuisance that no polynomial follows, times others, a `motion.Bend`."""

    knots: Float[Array, " n"]
    cubic: Float[Array, "4 n_1 c"]
    nuisance: int = eqx.field(static=True)
    beside: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, bend: Bend) -> "Curve":
        """Of a bend."""
        return cls(*map(jax.device_put, (bend.knots, bend.cubic)), nuisance=bend.nuisance, beside=bend.beside)

    def __call__(self, unit: Float[Array, " q"]) -> Float[Array, " cb"]:
        """The functions at unit nuisances, beyond the last knots as there, times each of the others."""
        t = jnp.clip(unit[self.nuisance], self.knots[0], self.knots[-1])
        i = jnp.clip(jnp.searchsorted(self.knots, t, side="right") - 1, 0, len(self.knots) - 2)
        found = jnp.polyval(self.cubic[:, i], t - self.knots[i])
        return jnp.outer(found, unit[np.array(self.beside)]).ravel() if self.beside else found


class Part(eqx.Module):
    """Rows of a decay of which about as much is read: their positions, what is in a `Motion`, and what it moves.

    That is what observables read of the moments: the combinations `read`, an orthonormal basis.
    """

    base: Float[Array, "r mk"]
    slopes: Float[Array, "q rmk"]
    combinations: Float[Array, "r c q"]
    second: Second
    beyond: Beyond
    read: Float[Array, "r k c"]
    rows: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, rows: Sequence[int], read: Float[np.ndarray, "r k c"], motion: Motion) -> "Part":
        """From how some rows move."""
        n, size = len(rows), motion.base[:, 0].size
        base = motion.base.swapaxes(0, 1).reshape(n, size)
        slopes = motion.slopes.swapaxes(1, 2).reshape(len(motion.turned), n * size)
        return cls(
            *map(jax.device_put, (base, slopes, motion.combinations)),
            second=Second.of(motion.second, motion.combinations.shape[1]),
            beyond=Beyond.of(motion.beyond),
            read=jax.device_put(read),
            rows=tuple(rows),
        )

    def __call__(
        self, y: Float[Array, " m"], unit: Float[Array, " q"], functions: Float[Array, " t"]
    ) -> Float[Array, "r k"]:
        """Moments, but for what nothing reads of them, of monomials at nuisances and values of the functions."""
        first = self.base + (unit @ self.slopes).reshape(self.base.shape)
        coefficients = first + self.second(self.combinations @ unit) + self.beyond(functions)
        found = jnp.sum(y[None, :, None] * coefficients.reshape(len(self.rows), len(y), -1), axis=1)
        return jnp.sum(found[:, None] * self.read, axis=2)


class Decay(eqx.Module):
    """Rows of one decay: what its nuisances are, and functions of these that all of them share; rows in `parts`."""

    turned: Float[Array, "q u"]
    leading: Float[Array, "l q"]
    curves: tuple[Curve, ...]
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, rows: Sequence[int], bases: Sequence[Float[np.ndarray, "k c"]], motion: Motion) -> "Decay":
        """From positions of rows, what is read of the moments of each, and how that moves."""
        widths, parts = [basis.shape[1] for basis in bases], []
        for alike in _of_like_width(widths):
            few = motion.of_rows(alike, max(widths[i] for i in alike))
            parts.append(Part.of([rows[i] for i in alike], side_by_side([bases[i] for i in alike]), few))
        curves = tuple(map(Curve.of, motion.bends))
        return cls(*map(jax.device_put, (motion.turned, motion.leading)), curves=curves, parts=tuple(parts))

    def __call__(self, y: Float[Array, " m"], unit: Float[Array, " q"]) -> list[Float[Array, "r k"]]:
        """Moments of the rows of each part, of monomials at unit nuisances."""
        mine = self.turned @ unit
        v = self.leading @ mine
        a, b, c = products(len(v), 3).T
        functions = jnp.concatenate([v[a] * v[b] * v[c], *(curve(mine) for curve in self.curves)])
        return [part(y, mine, functions) for part in self.parts]


def side_by_side(bases: Sequence[Float[np.ndarray, "k c"]]) -> Float[np.ndarray, "r k m"]:
    """Bases of each row, filled up with zeros."""
    read = np.zeros((len(bases), len(bases[0]), max(basis.shape[1] for basis in bases)))
    for row, basis in zip(read, bases, strict=True):
        row[:, : basis.shape[1]] = basis
    return read


def _of_like_width(widths: Sequence[int]) -> list[list[int]]:
    """Rows of which about as much is read, so that tensors are not filled up with zeros."""
    classes = [int(np.searchsorted(WIDTHS, width)) for width in widths]
    return [[i for i, each in enumerate(classes) if each == one] for one in dict.fromkeys(classes)]


class FloatingProcess(eqx.Module):
    r"""Moments [n, k] of one process: `monomials` of the coordinates, with coefficients that the nuisances move."""

    decays: tuple[Decay, ...]
    coordinates: tuple[tuple[str, bool], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, decays: Sequence[Decay], span: Span) -> "FloatingProcess":
        """From all decays of the process."""
        return cls(tuple(decays), named(span))

    def __call__(self, theory: Theory, unit: Float[Array, " q"]) -> Float[Array, "n k"]:
        """Moments of a theory at unit nuisances."""
        order = np.argsort([row for decay in self.decays for part in decay.parts for row in part.rows])
        y = monomials(coordinates_of(self.coordinates, theory))
        return jnp.concatenate([found for decay in self.decays for found in decay(y, unit)])[order]


class Floating(eqx.Module):
    """Moments of all processes at floating inputs; `mean` [q] of these, `whitener` [q, q] makes unit nuisances."""

    processes: dict[str, FloatingProcess]
    mean: Float[Array, " q"]
    whitener: Float[Array, "q q"]
    names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def of(
        cls,
        processes: Mapping[str, FloatingProcess],
        names: Sequence[str],
        inputs: Inputs,
        changes: Float[np.ndarray, "q i"],
    ) -> "Floating":
        """From all processes; `changes` of all inputs, a row per unit nuisance, which are combinations of `names`.

        At `inputs` the unit nuisances are zero.
        """
        index = [inputs.names.index(name) for name in names]
        mean, whitener = inputs.numbers(names), np.linalg.inv(changes[:, index].T)
        return cls(dict(processes), jax.device_put(mean), jax.device_put(whitener), tuple(names))

    def moments(self, theory: Theory, inputs: Inputs) -> dict[str, Float[Array, "_ _"]]:
        """Moments of each process."""
        unit = self.whitener @ (inputs.array(self.names) - self.mean)
        return {name: process(theory, unit) for name, process in self.processes.items()}
