"""Records of a model and its parameters, and what the rows of several models are made of; free of JAX."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bsfit.catalogue.coefficients import LEPTONS


@dataclass(frozen=True)
class Parameter:
    """A real model parameter: default (None: must be given), unit, and the interval in which it makes sense.

    That is open, its ends do not belong to it, unless it is `closed`.
    `bounds` are those of a fit that frees it without any; None where no range is natural.
    """

    name: str
    default: float | None = 0.0
    unit: str = "1"
    lower: float = -math.inf
    upper: float = math.inf
    tex: str = ""
    bounds: tuple[float, float] | None = None
    closed: bool = False

    def fault(self, value: float, edge: bool = False) -> str | None:
        """Where the parameter makes sense, if a value lies elsewhere; the `edge` of a range may be an open end."""
        inside = self.lower < value < self.upper or (self.default == math.inf and value == math.inf)
        if inside or ((edge or self.closed) and self.lower <= value <= self.upper):
            return None
        unit, less = "" if self.unit == "1" else f" {self.unit}", "<=" if self.closed else "<"
        return f"{self.lower:g} {less} {self.name} {less} {self.upper:g}{unit}"


@dataclass(frozen=True, eq=False)
class Model:
    """A model: `module` names the file of `models/` with its ``theory(params, inputs)``, or is what stands for one.

    ``file:name`` is what goes by that name in the file, where that has several.

    `effective`: its parameters are the coefficients, so that the Standard Model is where all vanish, and the scenarios
    of global fits are parameters too. `dark_matter`: its theories have a dark sector. `refused` are observables that it
    cannot predict, with the reason. `sources` are the papers to cite. `fields` are those beyond the Standard Model with
    their charges under SU(3), SU(2), U(1)_Y and U(1)', in words; `relic` is a coupling that the relic density can fix,
    and where it is looked for: fits that are not told otherwise free it beside a measured density. `origin` says where
    it differs from the model of its paper, and is empty where the fields are those of the paper.

    `quantities` are its outputs besides the coefficients, with their units; complex ones have ``_im`` partners.
    For fits that are not told otherwise, and which then print them: `data`; `benchmark`, a point in which every
    parameter without default has a value; `free`, the parameters to determine, with their bounds.
    """

    name: str
    module: Any
    summary: str
    parameters: tuple[Parameter, ...]
    quantities: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    data: str = "lfu"
    benchmark: Mapping[str, float] = field(default_factory=dict)
    free: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    effective: bool = False
    dark_matter: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    fields: str = ""
    relic: tuple[str, tuple[float, float]] | None = None
    origin: str = ""


PERTURBATIVE = 3.5
"""A little below sqrt(4 pi), where Yukawa couplings stop being perturbative."""


def vector(symbol: str, flavours: tuple[str, ...], bounds: tuple[float, float] | None = None) -> tuple[Parameter, ...]:
    """Real and imaginary parts of a 3-vector of couplings."""
    letter, index = symbol.split("_")
    return tuple(
        Parameter(f"{symbol}_{f}{part}", tex=rf"{{\rm {axis}}}\,\{letter}_{{{index}}}^{{{f}}}", bounds=bounds)
        for f in flavours
        for part, axis in (("", "Re"), ("_im", "Im"))
    )


def mass(name: str, default: float | None = None, lower: float = 0.0) -> Parameter:
    """A mass in GeV."""
    index = {"chi": r"\chi", "phi": r"\phi", "Zp": "Z'"}.get(name[2:], name[2:])
    return Parameter(name, default, "GeV", lower, tex=f"m_{{{index}}}")


_RANGE = (-PERTURBATIVE, PERTURBATIVE)
LOOP_OUTPUTS = {
    **dict.fromkeys(("J", "C_bs_LL"), "GeV^-2"),
    **dict.fromkeys(("C9_photon", "C7_bs_mu_NP", "C8_bs_mu_NP"), "1"),
}
"""What every model of new fermions and scalars in loops has."""

YUKAWAS = (*vector("lambda_Q", ("d", "s", "b"), _RANGE), *vector("lambda_L", LEPTONS, _RANGE))
"""Couplings of the vector-like doublets Q and L to quarks and leptons."""
