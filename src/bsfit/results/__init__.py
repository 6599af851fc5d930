"""Records of results: plain numbers that print as tables, save without pickle and load back equal. No jax here.

`fit_result`, `scenario_table`, `profile`, `grids` and `posterior` are the kinds, `record` is what they share, `kinds`
lists them, `tables` is how they print, `archive` how they are stored, `provenance` how they came about.
"""

from bsfit.results.archive import ResultFileError, write_atomically
from bsfit.results.fit_result import FitResult
from bsfit.results.grids import Map, Scan
from bsfit.results.kinds import load
from bsfit.results.posterior import Posterior
from bsfit.results.profile import Profile
from bsfit.results.provenance import provenance
from bsfit.results.scenario_table import ScenarioTable

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
