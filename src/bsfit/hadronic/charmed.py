r"""Form factors of b -> c from whichever description the inputs contain.

:math:`B\to D` and :math:`B\to D^*`: a simplified z expansion of lattice results at some q2, "BSZ" in the names of
inputs, where there is one, else the heavy-quark expansion; tensor form factors that it lacks stay those of the latter.
:math:`B_c\to J/\psi`: the simplified expansion.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.hadronic import form_factors, heavy_quark
from bsfit.loading.inputs import Inputs

Vector = Float[Array, " n"]

AXIAL = form_factors.B_TO_V[:4]
"""Form factors of the vector and the axial current; the others are of the tensor current."""


def b_to_d(q2: Vector, inputs: Inputs) -> Float[Array, "3 n"]:
    """Form factors `form_factors.B_TO_P` of B -> D."""
    found = heavy_quark.b_to_d(q2, inputs["m_B0"], inputs["m_D+"], inputs)
    if "B->D BSZ a0_f+" not in inputs:
        return found
    return jnp.concatenate([_expanded("B->D", ("f+", "f0"), q2, inputs), found[2:]])


def b_to_vector(meson: str, q2: Vector, inputs: Inputs) -> Float[Array, "7 n"]:
    """Form factors `form_factors.B_TO_V` of the decay into ``D*`` or ``J/psi``."""
    if meson == "J/psi":
        return _expanded("Bc->J/psi", form_factors.B_TO_V, q2, inputs)
    if "B->D* BSZ a0_T1" in inputs:
        return _expanded("B->D*", form_factors.B_TO_V, q2, inputs)
    found = heavy_quark.b_to_d_star(q2, inputs["m_B0"], inputs["m_D*+"], inputs)
    if "B->D* BSZ a0_V" not in inputs:
        return found
    return jnp.concatenate([_expanded("B->D*", AXIAL, q2, inputs), found[len(AXIAL) :]])


_MASSES = {"B->D": ("m_B0", "m_D+"), "B->D*": ("m_B0", "m_D*+"), "Bc->J/psi": ("m_Bc", "m_J/psi")}


def _expanded(transition: str, names: tuple[str, ...], q2: Vector, inputs: Inputs) -> Float[Array, "f n"]:
    """The named form factors, with as many terms as there are inputs."""
    terms = sum(f"{transition} BSZ a{k}_{names[0]}" in inputs for k in range(10))
    expansion = form_factors.simplified(transition, names, *_MASSES[transition], inputs, terms)
    return jax.vmap(lambda x: form_factors.evaluate(expansion, x), out_axes=1)(q2)
