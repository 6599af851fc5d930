r"""Hermitian matrices in flavour space by their elements, of which most models have few.

What is not there costs nothing: neither to compute nor to compile.
"""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Inexact

Number = Inexact[ArrayLike, ""]

Entries = Mapping[int, Number]
"""A 3-vector in flavour space by its components; missing ones are zero."""


class Hermitian(eqx.Module):
    """Elements (i, j), i <= j, of a hermitian matrix; missing ones are zero, and the others follow."""

    elements: dict[tuple[int, int], Complex[Array, ""]] = eqx.field(default_factory=dict)

    def __call__(self, i: int, j: int) -> Complex[Array, ""]:
        """The element in row i and column j."""
        if (i, j) in self.elements:
            return self.elements[i, j]
        return jnp.conj(self.elements[j, i]) if (j, i) in self.elements else jnp.zeros((), dtype=complex)

    def __contains__(self, place: tuple[int, int]) -> bool:
        """Whether there is an element in row i and column j."""
        return place in self.elements or place[::-1] in self.elements

    def __add__(self, other: "Hermitian") -> "Hermitian":
        """Sum of both, with the elements of either."""
        both = {at: self.elements[at] + other.elements[at] for at in self.elements.keys() & other.elements.keys()}
        return Hermitian({**self.elements, **other.elements, **both})

    @classmethod
    def diagonal(cls, values: Sequence[Number]) -> "Hermitian":
        """Real values on the diagonal; zeros that are plain numbers are left out."""
        return cls({(i, i): _complex(x) for i, x in enumerate(values) if not is_zero(x)})

    @classmethod
    def outer(cls, vector: Entries, unit: Number = 1.0) -> "Hermitian":
        r""":math:`u\,v_i^*v_j` for a vector v and a real unit u."""
        v, unit = {i: _complex(x) for i, x in vector.items()}, jnp.asarray(unit)
        return cls({(i, j): jnp.conj(v[i]) * v[j] * unit for i in sorted(v) for j in sorted(v) if i <= j})

    def turned(self, u: Complex[Array, "3 3"]) -> "Hermitian":
        r""":math:`UMU^\dagger`, the matrix in the basis of :math:`\psi'=U\psi`."""
        columns = [(k, m) for k in range(3) for m in range(3) if (k, m) in self]
        if not columns:
            return self

        def element(i: int, j: int) -> Complex[Array, ""]:
            terms = [u[i, k] * self(k, m) * jnp.conj(u[j, m]) for k, m in columns]
            return sum(terms[1:], terms[0])

        return Hermitian({(i, j): element(i, j) for i in range(3) for j in range(i, 3)})


def is_zero(value: Number) -> bool:
    """Whether a value is zero whatever is traced."""
    return isinstance(value, (int, float)) and value == 0.0


def _complex(value: Number) -> Complex[Array, ""]:
    return jnp.asarray(value, dtype=complex)
