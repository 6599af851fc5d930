"""Light fermions as final states: masses, colours, and the pairs of flavours of one multiplet."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.constants import COLOURS
from bsfit.loading.inputs import Inputs

MASSES = {
    "up": ("", "m_c", "m_t_pole"),
    "down": ("", "m_s", "m_b"),
    "electron": ("m_e", "m_mu", "m_tau"),
    "neutrino": ("", "", ""),
}
"""Inputs with the masses of the three generations of each multiplet; "" is massless."""

COLOUR = {"up": COLOURS, "down": COLOURS, "electron": 1, "neutrino": 1}

FLAVOUR_PAIRS = {(i, j): 1 if i == j else 2 for i in range(3) for j in range(i, 3)}
"""Pairs of generations and how often they count: those of different flavours stand for both orders."""


def masses(multiplet: str, inputs: Inputs) -> list[Float[Array, ""]]:
    """Masses in GeV of the three generations. Raises `KeyError` for a multiplet that is not in `MASSES`."""
    return [inputs[name] if name else jnp.zeros(()) for name in MASSES[multiplet]]
