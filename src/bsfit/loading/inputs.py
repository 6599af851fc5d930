"""Inputs: every number that a prediction depends on besides the model's parameters, by name, with its distribution.

An `Inputs` is one flat array with a static name table: a nuisance parameter is an input replaced by a parameter, and
the Jacobian of any prediction with respect to all inputs is one `jax.jacfwd`. Input sets live in ``data/inputs/*.yaml``
and ``data/form_factors/*.yaml``; values there are as printed, converted here to powers of GeV.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.constants import CM2_PER_INVERSE_GEV2, GEV_PER_INVERSE_PS, INVERSE_GEV_PER_PS
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading.printed_values import parse_symmetric
from bsfit.loading.yaml_reader import Where, check_keys, expect, load_yaml, shown

UNITS = {
    "1": 1.0,
    "GeV": 1.0,
    "GeV^-1": 1.0,
    "GeV^-2": 1.0,
    "MeV": 1e-3,
    "ps": INVERSE_GEV_PER_PS,
    "ps^-1": GEV_PER_INVERSE_PS,
    "cm^2": 1.0 / CM2_PER_INVERSE_GEV2,
    "rad": 1.0,
    "deg": np.pi / 180.0,
}
"""Units that a data file may use, and the factor to powers of GeV."""


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

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the choices that are not ours."""
        return tuple(field.name for field in dataclasses.fields(self) if getattr(self, field.name))


AS_FLAVIO = Choices(True, True, True, True)
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
        return self.values[_positions(self.names)[name]]

    def __contains__(self, name: str) -> bool:
        return name in _positions(self.names)

    def array(self, names: tuple[str, ...]) -> Float[Array, " k"]:
        """The named inputs as one array, in the order given."""
        where = _positions(self.names)
        return self.values[np.array([where[name] for name in names])]

    def replace(self, changes: Mapping[str, Float[Array, ""] | float]) -> "Inputs":
        """A copy with some values replaced. Raises `BsfitInputError` for an unknown name."""
        where = _positions(self.names)
        for name in changes:
            if name not in where:
                raise BsfitInputError(f"unknown input {name!r}", hint=did_you_mean(name, self.names))
        if not changes:
            return self
        index = np.array([where[name] for name in changes])
        new = jnp.stack([jnp.asarray(value, dtype=float) for value in changes.values()])
        return dataclasses.replace(self, values=self.values.at[index].set(new))


@cache
def _positions(names: tuple[str, ...]) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}


@dataclass(frozen=True)
class Prior:
    """A Gaussian distribution of some inputs, in the units of `Inputs`: names, mean [k] and covariance [k, k]."""

    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class InputSet:
    """An input set as loaded: values, the priors of those that are uncertain, and where each number comes from."""

    name: str
    inputs: Inputs
    priors: tuple[Prior, ...]
    sources: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


INPUT_SETS = ("default", "helicity", "seed", "flavio", "reference")


@cache
def input_set(name: str) -> InputSet:
    """Load one of the input sets that come with bsfit: `INPUT_SETS`.

    Raises `BsfitInputError` for an unknown set or a malformed file.
    """
    if name not in INPUT_SETS:
        raise BsfitInputError(f"unknown input set {name!r}", hint=did_you_mean(name, INPUT_SETS))
    folder = Path(str(resources.files("bsfit"))) / "data"
    values: dict[str, float] = {}
    sources: dict[str, str] = {}
    priors: list[Prior] = []
    files: list[Path] = []
    _read_set(folder / "inputs" / f"{name}.yaml", folder, values, sources, priors, files)
    names = tuple(values)
    inputs = Inputs(jnp.asarray(list(values.values()), dtype=float), names, name)
    return InputSet(name, inputs, _last_prior_of_each(priors), sources, tuple(files))


def load_inputs(name: str = "default", overrides: Mapping[str, float] | None = None) -> Inputs:
    """Inputs of a named set, some values replaced: ``load_inputs("flavio", {"V_cb": 0.0411})``."""
    return input_set(name).inputs.replace(overrides or {})


def _read_set(path: Path, folder: Path, values: dict, sources: dict, priors: list, files: list) -> None:
    """Read a file after the files that it names under ``include``; later values replace earlier ones.

    ``certain`` are globs of inputs that lose the distributions given so far.
    """
    document, where = load_yaml(path)
    check_keys(
        where, (), document, required=("schema", "description"), optional=("include", "certain", "values", "correlated")
    )
    for included in document.get("include", []):
        _read_set(folder / included, folder, values, sources, priors, files)
    files.append(path)
    certain = document.get("certain", [])
    priors[:] = [p for p in priors if not any(fnmatchcase(name, glob) for name in p.names for glob in certain)]
    for name, entry in (document.get("values") or {}).items():
        place = ("values", name)
        check_keys(where, place, entry, required=("value", "unit", "source"), optional=("note",))
        value, sigma = _located(where, (*place, "value"), lambda: _printed(entry["value"]))  # noqa: B023
        factor = _located(where, (*place, "unit"), lambda: _unit_factor(entry["unit"]))  # noqa: B023
        values[name] = value * factor
        sources[name] = entry["source"]
        priors[:] = [prior for prior in priors if prior.names != (name,)]
        if sigma > 0:
            priors.append(Prior((name,), np.array([value * factor]), np.array([[(sigma * factor) ** 2]])))
    for i, block in enumerate(document.get("correlated", [])):
        place = ("correlated", i)
        check_keys(
            where,
            place,
            block,
            required=("names", "unit", "source", "mean"),
            optional=("covariance", "sigma", "correlation"),
        )
        names = tuple(expect(where, (*place, "names"), block["names"], "a list"))
        factor = _located(where, (*place, "unit"), lambda: _unit_factor(block["unit"]))  # noqa: B023
        mean = np.array(block["mean"], dtype=float) * factor
        covariance = _located(where, place, lambda: _covariance(block, len(names))) * factor**2  # noqa: B023
        values.update(zip(names, mean.tolist(), strict=True))
        sources.update({name: block["source"] for name in names})
        priors.append(Prior(names, mean, covariance))


def _located(where: Where, place: tuple, read: Callable):
    """Run a reader of one value; its complaint gets the file and line of that value."""
    try:
        return read()
    except BsfitInputError as error:
        raise where.error(place, error.what, expected=error.expected, hint=error.hint) from None


def _last_prior_of_each(priors: list[Prior]) -> tuple[Prior, ...]:
    """Drop a prior of which any name is given again by a later one."""
    kept: list[Prior] = []
    seen: set[str] = set()
    for prior in reversed(priors):
        if not seen & set(prior.names):
            kept.append(prior)
            seen |= set(prior.names)
    return tuple(reversed(kept))


def _unit_factor(unit: str) -> float:
    if unit not in UNITS:
        raise BsfitInputError(f"unknown unit {unit!r}", hint=did_you_mean(str(unit), UNITS))
    return UNITS[unit]


def _printed(value: str | float) -> tuple[float, float]:
    """Central value and Gaussian error."""
    try:
        return parse_symmetric(value)
    except ValueError as problem:
        expected = "1.23, 1.23(4) or 1.23 +- 0.04"
        raise BsfitInputError(f"cannot read the value {shown(value)}: {problem}", expected=expected) from None


def _covariance(block: Mapping, n: int) -> np.ndarray:
    """Covariance [n, n] of a correlated block, from ``covariance`` or from ``sigma`` and ``correlation``."""
    if "covariance" in block:
        matrix = np.array(block["covariance"], dtype=float)
    else:
        sigma = np.array(block["sigma"], dtype=float)
        matrix = np.array(block["correlation"], dtype=float) * np.outer(sigma, sigma)
    if matrix.shape != (n, n) or not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        raise BsfitInputError("the covariance is not a symmetric matrix", expected=f"{n} rows of {n} numbers")
    smallest, largest = np.linalg.eigvalsh(matrix)[[0, -1]]
    if smallest < -1e-10 * largest:
        raise BsfitInputError(f"the covariance is not positive definite: smallest eigenvalue {smallest:.3g}")
    return matrix
