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


class Sums(eqx.Module):
    """Changes of the coefficients of monomials by products of nuisances, a `motion.Few`."""

    forms: Float[Array, "r f t"]
    parts: Float[Array, "r f mk"]

    @classmethod
    def of(cls, few: Few) -> "Sums":
        """In the order of products: what has to be reordered is, at every point."""
        parts = few.parts.reshape(*few.parts.shape[:2], math.prod(few.parts.shape[2:]))
        return cls(*map(jax.device_put, (few.forms.swapaxes(1, 2).copy(), parts)))

    def __call__(self, products: Float[Array, "_ t"]) -> Float[Array, "r mk"]:
        """Of products of each row, or the same for all."""
        return jnp.einsum("rf,rfx->rx", jnp.sum(self.forms * products[:, None], axis=2), self.parts)


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
    """Rows of a process that the same nuisances move: their positions, what is in a `Motion`, and what it moves.

    That is what observables read of the moments: the combinations `read`, an orthonormal basis.
    """

    turned: Float[Array, "q u"]
    base: Float[Array, "r mk"]
    slopes: Float[Array, "q rmk"]
    combinations: Float[Array, "r c q"]
    second: Sums
    leading: Float[Array, "l q"]
    curves: tuple[Curve, ...]
    beyond: Sums
    read: Float[Array, "r k c"]
    rows: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, rows: Sequence[int], read: Float[np.ndarray, "r k c"], motion: Motion) -> "Part":
        """From how some rows move."""
        n, size = len(rows), motion.base[:, 0].size
        base = motion.base.swapaxes(0, 1).reshape(n, size)
        slopes = motion.slopes.swapaxes(1, 2).reshape(len(motion.turned), n * size)
        return cls(
            *map(jax.device_put, (motion.turned, base, slopes, motion.combinations)),
            second=Sums.of(motion.second),
            leading=jax.device_put(motion.leading),
            curves=tuple(map(Curve.of, motion.bends)),
            beyond=Sums.of(motion.beyond),
            read=jax.device_put(read),
            rows=tuple(rows),
        )

    def __call__(self, y: Float[Array, " m"], unit: Float[Array, " q"]) -> Float[Array, "r k"]:
        """Moments, but for what nothing reads of them, of monomials at unit nuisances."""
        coefficients = self.coefficients(unit).reshape(len(self.rows), len(y), -1)
        found = jnp.sum(y[None, :, None] * coefficients, axis=1)
        return jnp.sum(found[:, None] * self.read, axis=2)

    def coefficients(self, unit: Float[Array, " q"]) -> Float[Array, "r mc"]:
        """Coefficients of the monomials at unit nuisances."""
        mine = self.turned @ unit
        w, v = self.combinations @ mine, self.leading @ mine
        i, j = products(w.shape[1], 2).T
        a, b, c = products(len(v), 3).T
        beyond = jnp.concatenate([v[a] * v[b] * v[c], *(curve(mine) for curve in self.curves)])
        first = self.base + (mine @ self.slopes).reshape(self.base.shape)
        return first + self.second(w[:, i] * w[:, j]) + self.beyond(beyond[None])


class FloatingProcess(eqx.Module):
    r"""Moments [n, k] of one process: `monomials` of the coordinates, with coefficients that the nuisances move."""

    parts: tuple[Part, ...]
    coordinates: tuple[tuple[str, bool], ...] = eqx.field(static=True)

    @classmethod
    def of(
        cls, moved: Sequence[tuple[Sequence[int], Float[np.ndarray, "r k c"], Motion]], span: Span
    ) -> "FloatingProcess":
        """From how what is read of the moments of some rows moves, of all together."""
        return cls(tuple(Part.of(*one) for one in moved), named(span))

    def __call__(self, theory: Theory, unit: Float[Array, " q"]) -> Float[Array, "n k"]:
        """Moments of a theory at unit nuisances."""
        order = np.argsort([row for part in self.parts for row in part.rows])
        y = monomials(coordinates_of(self.coordinates, theory))
        return jnp.concatenate([part(y, unit) for part in self.parts])[order]


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
