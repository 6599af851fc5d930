"""Coefficients of other codes at any scale, run to 4.8 GeV: those whose running is known here.

What has no anomalous dimension in QCD stays as it is: currents of quarks times currents of leptons, scalar operators
with the mass of the bottom quark in front, dipoles of leptons. Dipoles of quarks and the four-quark operators of
Delta F = 2 run at leading order (`standard_model.running`). Running in QED, which moves C9 and C10 by 1 % from the W
mass, is left out, as it is below the scale of a model.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.catalogue import CHARGED_LFV, COEFFICIENTS, DELTA_F2, LEPTONIC, SEMILEPTONIC
from bsfit.compiling import jit_quickly
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.running import MU_B, run_delta_f2, run_delta_f2_lr, run_dipoles

Values = Mapping[str, complex]
"""Complex coefficients by their names in flavio's basis."""

INVARIANT = {*SEMILEPTONIC, "CL", "CR", "CVL", "CVR"}
"""Kinds of operators, the part of a name before the underscore, without running in QCD."""

QUARK_DIPOLES = {"C7": "C8", "C8": "C7", "C7p": "C8p", "C8p": "C7p"}
"""Kinds of dipoles of quarks, and those that they mix with; C7 is that of leptons too."""


class Evolution(NamedTuple):
    """What becomes of coefficients on the way to 4.8 GeV: columns of matrices are those before."""

    dipoles: Float[Array, "2 2"]
    same: Float[Array, ""]
    left_right: Float[Array, "2 2"]


@jit_quickly
def evolution(scale: Float[Array, ""], inputs: Inputs) -> Evolution:
    """From a scale in GeV above m_b to 4.8 GeV."""
    dipoles = [run_dipoles(c7, c8, scale, inputs) for c7, c8 in ((1.0, 0.0), (0.0, 1.0))]
    mixed = [run_delta_f2_lr(scale, jnp.asarray(MU_B), inputs, v, s) for v, s in ((1.0, 0.0), (0.0, 1.0))]
    same = run_delta_f2(scale, jnp.asarray(MU_B), inputs)
    return Evolution(jnp.array(dipoles).T, same, jnp.stack(mixed, axis=1))


def is_covered(name: str) -> bool:
    """Whether the running of a coefficient of bsfit is known here."""
    known = name.partition("_")[0] in INVARIANT or _is_quark_dipole(name)
    return name in COEFFICIENTS and (known or name in (*LEPTONIC, *DELTA_F2, *CHARGED_LFV))


def _is_quark_dipole(name: str) -> bool:
    kind, _, flavours = name.partition("_")
    return kind in QUARK_DIPOLES and flavours in ("bs", "bd")


def run(values: Values, scale: float, inputs: Inputs) -> dict[str, complex]:
    """Coefficients at 4.8 GeV from those at a scale in GeV, for names that `is_covered`."""
    if scale == MU_B:
        return dict(values)
    known = evolution(jnp.asarray(scale, dtype=float), inputs)
    found: dict[str, complex] = {}
    for name, value in values.items():
        for target, factor in _becomes(name, known):
            found[target] = found.get(target, 0.0) + factor * value
    return found


def _becomes(name: str, known: Evolution) -> Iterator[tuple[str, float]]:
    """The coefficients that one of them moves, and by how much of itself."""
    kind, _, flavours = name.partition("_")
    if _is_quark_dipole(name):
        before = 0 if kind.startswith("C7") else 1
        other = f"{QUARK_DIPOLES[kind]}_{flavours}"
        yield name, float(known.dipoles[before, before])
        yield other, float(known.dipoles[1 - before, before])
    elif name not in DELTA_F2:
        yield name, 1.0
    elif kind in ("CVLL", "CVRR"):
        yield name, float(known.same)
    else:
        before = ("CVLR", "CSLR").index(kind)
        for after, target in enumerate(("CVLR", "CSLR")):
            yield f"{target}_{flavours}", float(known.left_right[after, before])
