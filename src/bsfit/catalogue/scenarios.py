"""Names of the scenarios of global fits, which move one or several Wilson coefficients together; free of JAX."""

import re
from functools import cache

_ALL = ("e", "mu", "tau")
TERM = re.compile(r"^(?P<sign>[+-]?)(?P<op>C9p|C10p|C9|C10|CSp|CPp|CS|CP|C7p|C7|C8p|C8)(?P<lepton>mu|e|tau|U)?$")
"""One coefficient in the name of a scenario: sign, operator, lepton."""

STANDARD_SCENARIOS = (
    "C9mu", "C10mu", "C9e", "C10e", "C9pmu", "C10pmu",
    "C9mu=-C10mu", "C9mu=C10mu", "C9e=-C10e", "C9e=C10e", "C9mu=-C9pmu", "C9pmu=-C10pmu",
)  # fmt: skip
"""One-parameter scenarios of the table that ``bsfit fit`` prints by default."""

ALL_SCENARIOS: tuple[str | tuple[str, str], ...] = (
    *STANDARD_SCENARIOS,
    "C9tau", "C9U", "C10U", "C9U=-C10U", "C7", "C7p", "C8",
    ("C9mu", "C10mu"), ("C9mu", "C9pmu"), ("C9mu", "C10pmu"), ("C9mu", "C9e"), ("C9mu", "C10e"), ("C10mu", "C10e"),
    ("C9mu", "C7"), ("C9mu=-C10mu", "C9e=-C10e"), ("C9U", "C9mu=-C10mu"), ("C9U", "C10mu"),
)  # fmt: skip
"""What ``--scenario all`` stands for: one-parameter scenarios, then pairs of them."""


@cache
def scenario(name: str) -> dict[str, float] | None:
    """Coefficients, and their signs, of a scenario such as ``C9mu``, ``C9mu=-C10mu`` or ``C9U``; None if it is none.

    ``mu``, ``e``, ``tau`` name one lepton, ``U`` all three; ``C7``, ``C8`` carry no lepton. Names have one
    spelling, without blanks, and no coefficient twice.
    """
    result: dict[str, float] = {}
    for term in name.split("="):
        match = TERM.match(term)
        if not match or (match["op"][:2] in ("C7", "C8")) != (match["lepton"] is None):
            return None
        sign = -1.0 if match["sign"] == "-" else 1.0
        leptons = _ALL if match["lepton"] == "U" else (match["lepton"],)
        for lepton in leptons:
            if (coefficient := f"{match['op']}_bs{lepton}{lepton}" if lepton else f"{match['op']}_bs") in result:
                return None
            result[coefficient] = sign
    return result
