"""Name tables, free of JAX: Wilson coefficients, observables, models, scenarios, and the grammar of their names.

Entries point to code by names of modules, so that ``bsfit list`` and ``bsfit --help`` import no physics.
"""

from bsfit.catalogue.aliases import read_alias
from bsfit.catalogue.coefficients import (
    CHARGED,
    CHARGED_CURRENT,
    COEFFICIENTS,
    DELTA_F2,
    DIPOLES,
    LEPTON_PAIRS,
    LEPTONIC,
    LEPTONS,
    NEUTRINO,
    NEUTRINO_PAIRS,
    SEMILEPTONIC,
)
from bsfit.catalogue.models import (
    MODELS,
    default_bounds,
    known_parameter,
    model,
    models_with_dark_matter,
    parameters_of,
)
from bsfit.catalogue.models.rows import Model, Parameter
from bsfit.catalogue.observables import (
    BESIDE_MOMENTS,
    PROCESSES,
    QUANTITIES,
    SHORT_NAMES,
    THEORY_CONVENTION,
    Observable,
    Process,
    Quantity,
    coefficients_of,
    coefficients_that_move,
    nuisance_globs,
    observable,
    renamed,
    stems,
    takes_bin,
    transition,
)
from bsfit.catalogue.scenarios import ALL_SCENARIOS, STANDARD_SCENARIOS, scenario
from bsfit.catalogue.tex import tex

__all__ = [
    "ALL_SCENARIOS",
    "BESIDE_MOMENTS",
    "CHARGED",
    "CHARGED_CURRENT",
    "COEFFICIENTS",
    "DELTA_F2",
    "DIPOLES",
    "LEPTONIC",
    "LEPTONS",
    "LEPTON_PAIRS",
    "MODELS",
    "NEUTRINO",
    "NEUTRINO_PAIRS",
    "PROCESSES",
    "QUANTITIES",
    "SEMILEPTONIC",
    "SHORT_NAMES",
    "STANDARD_SCENARIOS",
    "THEORY_CONVENTION",
    "Model",
    "Observable",
    "Parameter",
    "Process",
    "Quantity",
    "coefficients_of",
    "coefficients_that_move",
    "default_bounds",
    "known_parameter",
    "model",
    "models_with_dark_matter",
    "nuisance_globs",
    "observable",
    "parameters_of",
    "read_alias",
    "renamed",
    "scenario",
    "stems",
    "takes_bin",
    "tex",
    "transition",
]
