"""Published upper limits as functions of a mass, from `data/limits`: a record and its loader, free of JAX."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.yaml_reader import check_keys, load_yaml

LIMITS = ("lz-2024", "lz-2022", "xenon1t-2018", "lux-2016")
"""Limits that come with bsfit."""


@dataclass(frozen=True)
class Limit:
    """Upper limit at some confidence: masses in GeV, increasing, and cross sections in cm^2, both [n]."""

    name: str
    source: str
    confidence: float
    mass: np.ndarray
    cross_section: np.ndarray


@cache
def limit(name: str) -> Limit:
    """One of `LIMITS`. Raises `BsfitInputError` for another name or a malformed file."""
    if name not in LIMITS:
        raise BsfitInputError(f"unknown limit {name!r}", hint=did_you_mean(name, LIMITS), expected=", ".join(LIMITS))
    path = Path(str(resources.files("bsfit"))) / "data" / "limits" / f"{name}.yaml"
    document, where = load_yaml(path)
    required = ("schema", "description", "source", "confidence", "m_GeV", "sigma_cm2")
    check_keys(where, (), document, required=required, optional=("via", "note"))
    mass, sigma = (np.array(document[key], dtype=float) for key in ("m_GeV", "sigma_cm2"))
    if mass.shape != sigma.shape or np.any(np.diff(mass) <= 0) or np.any(sigma <= 0):
        raise where.error(("m_GeV",), "masses must increase, cross sections be positive, and their numbers agree")
    return Limit(name, document["source"], float(document["confidence"]), mass, sigma)
