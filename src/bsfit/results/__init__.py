"""Records of results: plain numbers that print as tables, save without pickle and load back equal. No jax here.

`fit_result`, `scenario_table`, `profile`, `grids`, `points`, `posterior`, `evidence`, `comparison`, `prediction_table`,
`error_budget`, `data_table`, `bins` and `dark_matter` are the kinds, `record` is what they share, `kinds` lists them;
`plain_data` is what they hold, `size` how much of it; `tables` is how they print, `archive` and `container` how they
are stored, `shapes` what is looked at in a loaded one; `provenance` is how they came about.
"""

from bsfit.results.archive import write_atomically
from bsfit.results.bins import Bins
from bsfit.results.comparison import Comparison
from bsfit.results.container import ResultFileError
from bsfit.results.dark_matter import DarkMatter
from bsfit.results.data_table import DataTable
from bsfit.results.error_budget import ErrorBudget
from bsfit.results.evidence import Evidence
from bsfit.results.fit_result import FitResult
from bsfit.results.grids import Map, Scan
from bsfit.results.kinds import load
from bsfit.results.points import Binned, Points
from bsfit.results.posterior import Posterior
from bsfit.results.prediction_table import PredictionTable
from bsfit.results.profile import Profile
from bsfit.results.provenance import provenance
from bsfit.results.scenario_table import ScenarioTable

__all__ = [
    "Binned",
    "Bins",
    "Comparison",
    "DarkMatter",
    "DataTable",
    "ErrorBudget",
    "Evidence",
    "FitResult",
    "Map",
    "Points",
    "Posterior",
    "PredictionTable",
    "Profile",
    "ResultFileError",
    "Scan",
    "ScenarioTable",
    "load",
    "provenance",
    "write_atomically",
]
