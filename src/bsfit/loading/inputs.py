"""Inputs: every number that a prediction depends on besides the model's parameters, by name, with its distribution.

An `Inputs` is one flat array with a static name table: a nuisance parameter is an input replaced by a parameter, and
the Jacobian of any prediction with respect to all inputs is one `jax.jacfwd`. Sets of them, with the distributions of
those that are uncertain, are read by `input_files`.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import scalars
from bsfit.catalogue import domains
from bsfit.catalogue.input_sets import INPUT_CHOICES, INPUT_SETS
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading import input_files
from bsfit.loading.input_files import Contents, Prior
from bsfit.loading.yaml_reader import names_file

__all__ = [
    "AS_FLAVIO",
    "INPUT_CHOICES",
    "INPUT_SETS",
    "Choices",
    "InputSet",
    "Inputs",
    "Prior",
    "as_inputs",
    "described",
    "from_description",
    "input_set",
    "load_inputs",
]


@dataclass(frozen=True)
class Choices:
    """How amplitudes of b -> s are built where authors differ in more than a number: true is what others do.

    The defaults are ours, for reasons that the modules named here give. Other choices are for comparing with codes that
    made them: ``dataclasses.replace(inputs, choices=AS_FLAVIO)``.
    """

    up_quark_added: bool = False
    """Minus the sum of the two-loop terms of charm and up quark stands at lambda_u/lambda_t, not charm minus up, which
    unitarity demands (`hadronic.charm_loops`): flavio 2.7.1."""

    standard_spectators: bool = False
    """Spectator scattering has the C8 of the Standard Model, also where new physics changes it, in decays into leptons
    and into a photon (`hadronic.qcd_factorisation`): flavio 2.7.1, which interpolates a table."""

    left_handed_gluons: bool = False
    """C8' enters no loops and no spectator scattering, where it belongs by parity: flavio 2.7.1."""

    conjugate_mixing: bool = False
    """q/p of Bs is complex conjugated in the interference of Bs -> phi l l (`observables.b_to_v_ll`): flavio 2.7.1."""

    without_antibaryons: bool = False
    """Observables of Lambda_b are those of the baryon alone, not averaged with its antiparticle: flavio 2.7.1."""

    narrow_power_corrections: bool = False
    """Order 1/m_b^2 of B -> Xs l l without |C10|^2 and flipped operators, in angular functions
    at all q2: flavio 2.7.1."""

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the choices that are not ours."""
        return tuple(field.name for field in dataclasses.fields(self) if getattr(self, field.name))


AS_FLAVIO = Choices(True, True, True, True, True, True)
"""All choices of flavio 2.7.1 (docs/comparison.md)."""


class Inputs(eqx.Module):
    """Values of all inputs by name, and the choices of physics; a pytree with one array leaf of shape [n].

    Copies with ``dataclasses.replace``, or `replace` for some values, keep the name of the set and the choices.
    """

    values: Float[Array, " n"]
    names: tuple[str, ...] = eqx.field(static=True)
    set_name: str = eqx.field(static=True, default="")
    choices: Choices = eqx.field(static=True, default=Choices())

    def __getitem__(self, name: str) -> Float[Array, ""]:
        return self.values[self._position(name)]

    def __contains__(self, name: str) -> bool:
        return name in _positions(self.names)

    def _position(self, name: str) -> int:
        if name not in self:
            own = "include: [default] gives what a file of one's own lacks" if names_file(self.set_name) else None
            raise BsfitInputError(f"unknown input {name!r}", hint=did_you_mean(name, self.names) or own)
        return _positions(self.names)[name]

    def array(self, names: tuple[str, ...]) -> Float[Array, " k"]:
        """The named inputs as one array, in the order given. Raises `BsfitInputError` for an unknown name."""
        return self.values[np.array([self._position(name) for name in names])]

    def numbers(self, names: Sequence[str]) -> Float[np.ndarray, " k"]:
        """The same outside of traced code, where nothing has to be compiled for it."""
        return np.asarray(self.values)[[self._position(name) for name in names]]

    def replace(self, changes: Mapping[str, Float[Array, ""] | float]) -> "Inputs":
        """A copy with some values replaced. Raises `BsfitInputError` for an unknown name and outside of its domain."""
        if not changes:
            return self
        index = np.array([self._position(name) for name in changes])
        new = jnp.stack([jnp.asarray(_checked(name, value), dtype=float) for name, value in changes.items()])
        return dataclasses.replace(self, values=self.values.at[index].set(new))


def _checked(name: str, value: Any) -> Any:
    """A new value of an input as a number; one that is traced is not looked at."""
    number = scalars.real(value, name)
    fault = None if scalars.is_traced(number) else domains.fault_of_input(name, float(number))
    if fault:
        raise BsfitInputError(f"input {name!r} = {float(number):g} is outside its domain", expected=fault)
    return number


@cache
def _positions(names: tuple[str, ...]) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}


@dataclass(frozen=True)
class InputSet:
    """An input set as loaded: values, the priors of those that are uncertain, and where each number comes from.

    `files` are those that were read, with their SHA-256. The name of a file of one's own is its absolute path.
    """

    name: str
    inputs: Inputs
    priors: tuple[Prior, ...]
    sources: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def input_set(name: str | os.PathLike[str]) -> InputSet:
    """One of the sets that come with bsfit, `INPUT_SETS`, or a YAML file of one's own, by its path (docs/data.md).

    `INPUT_CHOICES` stand alone, on the default set, or behind a set: ``hpqcd-2022``, ``helicity+vcb-inclusive``.

    Files of one's own are read at every call, so that an edited one counts. Raises `BsfitInputError` for an unknown set
    or a malformed file.
    """
    if names_file(name) or os.path.isabs(name):
        return _made_of(str(Path(name).absolute()), input_files.read(Path(name)))
    return _shipped(str(name))


@cache
def _shipped(name: str) -> InputSet:
    return _made_of(name, input_files.shipped(name))


def _made_of(name: str, found: Contents) -> InputSet:
    inputs = Inputs(jnp.asarray(list(found.values.values()), dtype=float), tuple(found.values), name)
    return InputSet(name, inputs, found.priors, found.sources, found.files)


def load_inputs(name: str | os.PathLike[str] = "default", overrides: Mapping[str, float] | None = None) -> Inputs:
    """Inputs of a set, by its name or path, some values replaced: ``load_inputs("flavio", {"V_cb": 0.0411})``."""
    return input_set(name).inputs.replace(overrides or {})


def as_inputs(given: str | os.PathLike[str] | Inputs | Mapping[str, float]) -> Inputs:
    """Inputs by whatever says which: a set's name or path, themselves, or values that replace those of the default."""
    if isinstance(given, Inputs):
        return given
    return load_inputs("default", given) if isinstance(given, Mapping) else load_inputs(given)


def described(inputs: Inputs) -> dict[str, Any]:
    """Plain data that say which inputs these are: their set, what differs from it, and choices that are not ours."""
    base = input_set(inputs.set_name or "default")
    changed = np.flatnonzero(np.asarray(inputs.values) != np.asarray(base.inputs.values))
    return {
        "input_set": base.name,
        "input_files": dict(base.files),
        "input_changes": {inputs.names[i]: float(inputs.values[i]) for i in changed},
        **({"choices": list(inputs.choices.others)} if inputs.choices.others else {}),
    }


def from_description(content: Mapping[str, Any]) -> Inputs:
    """Inputs of what `described` made."""
    found = load_inputs(content["input_set"], content.get("input_changes"))
    choices = Choices(**dict.fromkeys(content.get("choices", ()), True))
    return dataclasses.replace(found, choices=choices)
