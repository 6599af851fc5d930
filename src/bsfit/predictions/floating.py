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
from bsfit.predictions.motion import Motion
from bsfit.predictions.response import Response, by_monomial, coordinates_of
from bsfit.theory import Theory


class Part(eqx.Module):
    """Rows of a process that the same nuisances move: positions of both, and what is in a `Motion`."""

    slopes: Float[Array, "q rmk"]
    combinations: Float[Array, "r c q"]
    products: Float[Array, "r t mk"]
    rows: tuple[int, ...] = eqx.field(static=True)
    nuisances: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, unit: Float[Array, " q"]) -> Float[Array, "r mk"]:
        """What unit nuisances add to the coefficients of the monomials."""
        mine = unit[np.array(self.nuisances, dtype=int)]
        w = self.combinations @ mine
        i, j = np.array(list(combinations_with_replacement(range(w.shape[1]), 2)), dtype=int).reshape(-1, 2).T
        second = jnp.einsum("rt,rtx->rx", w[:, i] * w[:, j], self.products)
        return (mine @ self.slopes).reshape(second.shape) + second


class FloatingProcess(eqx.Module):
    r"""Moments [n, k] of one process: `monomials` of the coordinates, with coefficients that the nuisances move."""

    base: Float[Array, "n m k"]
    parts: tuple[Part, ...]
    coordinates: tuple[tuple[str, bool], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, response: Response, moved: Sequence[tuple[Sequence[int], Motion]]) -> "FloatingProcess":
        """From a response of ``moments`` [n, k], and how the moments of some rows move, of all together."""
        base, parts = by_monomial(response.polynomials["moments"]).swapaxes(0, 1), []
        for rows, (nuisances, slopes, combined, products) in moved:
            # In the order in which they are multiplied: what has to be reordered is, at every point.
            size = base[0].size
            by_row = slopes.transpose(0, 2, 1, 3).reshape(len(nuisances), len(rows) * size)
            arrays = jax.device_put((by_row, combined, products.reshape(*products.shape[:2], size)))
            parts.append(Part(arrays[0], arrays[1], arrays[2], tuple(rows), nuisances))
        return cls(jax.device_put(base), tuple(parts), response.coordinates)

    def __call__(self, theory: Theory, unit: Float[Array, " q"]) -> Float[Array, "n k"]:
        """Moments of a theory at unit nuisances."""
        order = np.argsort([row for part in self.parts for row in part.rows])
        moved = jnp.concatenate([part(unit) for part in self.parts])[order].reshape(self.base.shape)
        return jnp.einsum("m,nmk->nk", monomials(coordinates_of(self.coordinates, theory)), self.base + moved)


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
        """From all processes; `changes` of all inputs, a row per unit nuisance, which are combinations of `names`."""
        index = [inputs.names.index(name) for name in names]
        mean, whitener = inputs.numbers(names), np.linalg.inv(changes[:, index].T)
        return cls(dict(processes), jax.device_put(mean), jax.device_put(whitener), tuple(names))

    def moments(self, theory: Theory, inputs: Inputs) -> dict[str, Float[Array, "_ _"]]:
        """Moments of each process."""
        unit = self.whitener @ (inputs.array(self.names) - self.mean)
        return {name: process(theory, unit) for name, process in self.processes.items()}


def monomials(z: Sequence[Float[Array, ""]]) -> Float[Array, " m"]:
    """One, the coordinates, their products."""
    products = [z[i] * z[j] for i in range(len(z)) for j in range(i + 1)]
    return jnp.stack([jnp.ones(()), *z, *products])
