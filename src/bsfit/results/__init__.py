"""Records of results: plain numbers that print as tables, save without pickle and load back equal. No jax here.

`records` (what a fit, profile, scan, posterior is), `tables` (how it prints), `archive` (how it is stored),
`provenance` (how it came about).
"""

from bsfit.results.archive import ResultFileError, load, write_atomically
from bsfit.results.provenance import provenance
from bsfit.results.records import FitResult, Map, Posterior, Profile, Scan, ScenarioTable

__all__ = [
    "FitResult",
    "Map",
    "Posterior",
    "Profile",
    "ResultFileError",
    "Scan",
    "ScenarioTable",
    "load",
    "provenance",
    "write_atomically",
]
