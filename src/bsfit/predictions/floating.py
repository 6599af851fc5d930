r"""Moments where inputs float: quadratic in the Wilson coefficients and in unit nuisances.

Uncertain inputs move moments by little, and the amplitudes themselves cost ten times more at every point than tensors
do. What inputs do beside the moments, where observables are assembled, is exact.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.loading.inputs import Inputs
from bsfit.predictions.motion import Bend, Motion
from bsfit.predictions.response import Span, coordinates_of, monomials, named
from bsfit.theory import Theory


class Curve(eqx.Module):
    """What one nuisance does beyond the second order, a `Bend`."""

    knots: Float[Array, " n"]
    cubic: Float[Array, "4 n_1 c"]
    parts: Float[Array, "c r mk"]
    nuisance: int = eqx.field(static=True)

    @classmethod
    def of(cls, bend: Bend, rows: int, size: int) -> "Curve":
        """With the parts in the order of products."""
        arrays = bend.knots, bend.cubic, bend.parts.swapaxes(1, 2).reshape(-1, rows, size)
        return cls(*map(jax.device_put, arrays), nuisance=bend.nuisance)

    def __call__(self, unit: Float[Array, " q"]) -> Float[Array, "r mk"]:
        """Change of the coefficients of the monomials; beyond the last knots as there."""
        t = jnp.clip(unit[self.nuisance], self.knots[0], self.knots[-1])
        i = jnp.clip(jnp.searchsorted(self.knots, t, side="right") - 1, 0, len(self.knots) - 2)
        return jnp.tensordot(jnp.polyval(self.cubic[:, i], t - self.knots[i]), self.parts, 1)


class Part(eqx.Module):
    """Rows of a process that the same nuisances move: positions of both, what is in a `Motion`, and what it moves.

    That is what observables read of the moments: the combinations `read`, an orthonormal basis.
    """

    base: Float[Array, "r mk"]
    slopes: Float[Array, "q rmk"]
    combinations: Float[Array, "r c q"]
    forms: Float[Array, "r f t"]
    parts: Float[Array, "r f mk"]
    read: Float[Array, "r k c"]
    curves: tuple[Curve, ...]
    rows: tuple[int, ...] = eqx.field(static=True)
    nuisances: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, rows: Sequence[int], read: Float[np.ndarray, "r k c"], motion: Motion) -> "Part":
        """From how some rows move, in the order of products: what has to be reordered is, at every point."""
        n, size = len(rows), motion.base[:, 0].size
        base = motion.base.swapaxes(0, 1).reshape(n, size)
        slopes = motion.slopes.swapaxes(1, 2).reshape(len(motion.nuisances), n * size)
        parts = motion.parts.reshape(*motion.parts.shape[:2], size)
        arrays = base, slopes, motion.combinations, motion.forms.swapaxes(1, 2).copy(), parts, read
        curves = tuple(Curve.of(bend, n, size) for bend in motion.bends)
        return cls(*map(jax.device_put, arrays), curves=curves, rows=tuple(rows), nuisances=motion.nuisances)

    def __call__(self, y: Float[Array, " m"], unit: Float[Array, " q"]) -> Float[Array, "r k"]:
        """Moments, but for what nothing reads of them, of monomials at unit nuisances."""
        coefficients = self.coefficients(unit).reshape(len(self.rows), len(y), -1)
        found = jnp.sum(y[None, :, None] * coefficients, axis=1)
        return jnp.sum(found[:, None] * self.read, axis=2)

    def coefficients(self, unit: Float[Array, " q"]) -> Float[Array, "r mc"]:
        """Coefficients of the monomials at unit nuisances."""
        mine = unit[np.array(self.nuisances, dtype=int)]
        w = self.combinations @ mine
        i, j = np.array(list(combinations_with_replacement(range(w.shape[1]), 2)), dtype=int).reshape(-1, 2).T
        second = jnp.einsum("rf,rfx->rx", jnp.einsum("rt,rft->rf", w[:, i] * w[:, j], self.forms), self.parts)
        found = self.base + (mine @ self.slopes).reshape(self.base.shape) + second
        return sum((curve(mine) for curve in self.curves), found)


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
