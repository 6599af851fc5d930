"""The kinds of records, by the names that files carry, and a loader of any of them."""

import os
from typing import Any

from bsfit.results import archive
from bsfit.results.bins import Bins
from bsfit.results.comparison import Comparison
from bsfit.results.container import ResultFileError
from bsfit.results.dark_matter import DarkMatter
from bsfit.results.data_table import DataTable
from bsfit.results.error_budget import ErrorBudget
from bsfit.results.evidence import Evidence
from bsfit.results.fit_result import FitResult
from bsfit.results.grids import Map, Scan
from bsfit.results.points import Binned, Points
from bsfit.results.posterior import Posterior
from bsfit.results.prediction_table import PredictionTable
from bsfit.results.profile import Profile
from bsfit.results.scenario_table import ScenarioTable

_KINDS = (
    FitResult,
    ScenarioTable,
    Profile,
    Scan,
    Map,
    Points,
    Binned,
    Posterior,
    Evidence,
    Comparison,
    PredictionTable,
    ErrorBudget,
    DataTable,
    Bins,
    DarkMatter,
)
KINDS = {kind.__name__: kind for kind in _KINDS}


def load(path: str | os.PathLike[str]) -> Any:
    """Load any result file. Raises ResultFileError when a single byte differs from what was written."""
    kind, content = archive.read(path)
    if kind not in KINDS:
        raise ResultFileError(f"unknown kind of result {kind!r}", str(path), expected=", ".join(KINDS))
    return KINDS[kind].of(content, path)
