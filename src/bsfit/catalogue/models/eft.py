"""Row of the model-independent parameters: the Wilson coefficients."""

import re

from bsfit.catalogue.coefficients import CHARGED_CURRENT, COEFFICIENTS, unit
from bsfit.catalogue.models.rows import Model, Parameter

_RANGES = {"C7": 0.5, "C8": 1.0, "CS": 1.0, "CP": 1.0, "C9": 5.0, "C10": 5.0}
"""About the size of the Standard Model."""


def _bounds(coefficient: str) -> tuple[float, float] | None:
    match = re.match(r"(C9|C10|C7|C8|CS|CP)p?_b[sd]", coefficient)
    if coefficient in CHARGED_CURRENT:
        return -1.0, 1.0
    return (-_RANGES[match[1]], _RANGES[match[1]]) if match else None


MODEL = Model(
    "eft",
    "bsfit.models.eft",
    "Wilson coefficients at 4.8 GeV, and the scenarios of global fits",
    tuple(
        Parameter(name + part, unit=unit(name), bounds=_bounds(name)) for name in COEFFICIENTS for part in ("", "_im")
    ),
    effective=True,
)
