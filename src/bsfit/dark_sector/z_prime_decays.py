r"""Into what a Z' decays, and what annihilates through it: pairs of fermions from its currents, at tree level.

For the record `matching.z_prime.Currents`. Derived here, checked against the sum of all charges in
`test_all_charge_goes_into_light_and_heavy_states` and independent numbers in `test_reference_points`.
"""

from collections.abc import Collection

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit.dark_sector import light_fermions
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.loading.inputs import Inputs
from bsfit.matching.kinetic_mixing import KineticMixing
from bsfit.matching.z_prime import NUMBERS, Currents, Fermions, Heavy

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

_GROUPS = {"up": "quarks", "down": "quarks", "electron": "charged_leptons", "neutrino": "neutrinos"}

GROUPS = ("quarks", "charged_leptons", "neutrinos", "heavy_light", "heavy")
"""Kinds of final states of which widths are told."""

_ANTIPARTICLES = 2
"""Pairs of two different fermions come with the charges exchanged as well."""


def fermion_pairs(
    z: Currents, inputs: Inputs, kinds: Collection[str] = tuple(NUMBERS)
) -> tuple[tuple[str, ...], FermionPairs]:
    """All pairs of fermions of these kinds that a Z' couples to, and of each its group.

    Groups are `GROUPS`, with ``ee``, ``mumu`` and ``tautau`` apart. The top quark has its pole mass.
    """
    rows = [row for name, f in z.kinds().items() if name in kinds for row in _rows(name, f, z.mixes(), inputs)]
    if not rows:
        none = jnp.zeros(0)
        return (), FermionPairs(none, none, none, none + 0j, none + 0j)
    groups, weights, charges, *columns = zip(*rows, strict=True)
    m1, m2, left, right = (jnp.stack(column) for column in columns)
    left, right = left + 0j, right + 0j
    charge, isospin_left, isospin_right = np.array(charges).T
    mixing = KineticMixing.of(z.epsilon, charge, isospin_left, isospin_right, inputs) if z.mixes() else None
    return groups, FermionPairs(jnp.asarray(weights, dtype=float), m1, m2, left, right, mixing)


def _rows(name: str, f: Fermions, mixes: bool, inputs: Inputs) -> list[tuple]:
    """Decays into fermions of one charge: group, weight, charge and isospins, the masses, both couplings."""
    light, colours = light_fermions.masses(name, inputs), light_fermions.COLOUR[name]
    numbers = NUMBERS[name]
    rows = []
    for (i, j), count in light_fermions.FLAVOUR_PAIRS.items():
        if (i, j) in f.left or (i, j) in f.right or (mixes and i == j):
            charges = (numbers.charge, numbers.isospin, 0.0) if i == j else _DIFFERENT
            rows.append((_group(name, i, j), colours * count, charges, light[i], light[j], f.left(i, j), f.right(i, j)))
    for heavy in f.heavy:
        isospin = 0.0 if heavy.singlet else numbers.isospin
        rows += _heavy_rows(heavy, (numbers.charge, isospin, isospin), light, colours)
    return rows


_PAIRS = ("ee", "mumu", "tautau")
_FINAL_STATES = {"quarks": "quark", "ee": "electron", "mumu": "muon", "tautau": "tau", "neutrinos": "neutrino"}


def final_states(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds of `theory.FINAL_STATES` of the groups of `fermion_pairs`."""
    return tuple(_FINAL_STATES.get(group, "other") for group in groups)


_DIFFERENT = (0.0, 0.0, 0.0)
"""Charges that two fermions of different flavour share."""


def _group(name: str, i: int, j: int) -> str:
    return _PAIRS[i] if name == "electron" and i == j else _GROUPS[name]


def _heavy_rows(heavy: Heavy, charges: tuple[float, ...], light: list[Scalar], colours: int) -> list[tuple]:
    none = jnp.zeros((), dtype=complex)
    weight = _ANTIPARTICLES * colours
    rows = []
    for j in sorted({*heavy.to_left, *heavy.to_right}):
        couplings = (heavy.to_left.get(j, none), heavy.to_right.get(j, none))
        rows.append(("heavy_light", weight, _DIFFERENT, heavy.mass, light[j], *couplings))
    return [*rows, ("heavy", colours, charges, heavy.mass, heavy.mass, heavy.left + 0j, heavy.right + 0j)]


def thresholds(z: Currents, inputs: Inputs) -> Float[Array, " t"]:
    """Energies in GeV from which a Z', real or virtual, goes into top quarks and heavy fermions."""
    top, none = inputs["m_t_pole"], jnp.zeros(())
    energies = [2 * top]
    for name, f in z.kinds().items():
        for heavy in f.heavy:
            beside = top if name == "up" and (heavy.to_left or heavy.to_right) else none
            energies += [2 * heavy.mass, heavy.mass + beside]
            energies += [heavy.mass] if name == "up" and beside is top else []
    return jnp.stack(energies)


def widths(m: FloatLike, z: Currents, inputs: Inputs) -> dict[str, Scalar]:
    r"""Partial widths in GeV of a Z' of mass (or virtuality) m into each of `GROUPS`, and into muons, ``mumu``.

    Decays into one heavy and one light fermion count both charges; ``mumu`` is part of ``charged_leptons``.
    :math:`W^+W^-` and Zh, which open at second order of the kinetic mixing, are left out.
    """
    groups, pairs = fermion_pairs(z, inputs)
    each = pairs.widths(jnp.asarray(m, dtype=float))
    names = np.array(groups, dtype=str)
    inside = {"charged_leptons": ("charged_leptons", *_PAIRS)}
    return {
        name: jnp.sum(each[np.flatnonzero(np.isin(names, inside.get(name, (name,))))]) for name in (*GROUPS, "mumu")
    }


def outputs(partial: dict[str, Scalar]) -> dict[str, Scalar]:
    """Widths as a model names them, with the sum of all that are not part of another: ``Gamma_Zp``."""
    total = sum((width for name, width in partial.items() if name != "mumu"), jnp.zeros(()))
    return {"Gamma_Zp": total, **{f"Gamma_Zp_{name}": width for name, width in partial.items()}}
