"""Where the theory errors of predictions come from."""

import os
import time
from collections.abc import Mapping, Sequence

import numpy as np

from bsfit.loading.inputs import Inputs, described
from bsfit.predictions.bound_model import ModelLike, row_of
from bsfit.predictions.predict import Point
from bsfit.predictions.prediction import ObservableLike
from bsfit.predictions.uncertain_inputs import Globs, uncertainty
from bsfit.results.error_budget import ErrorBudget
from bsfit.results.provenance import provenance


def error_budget(
    observables: str | Sequence[ObservableLike],
    model: ModelLike = "eft",
    params: Mapping[str, float] | None = None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    nuisances: Globs = None,
) -> ErrorBudget:
    """Where the theory errors of observables at one point come from: by group of inputs, and by input.

    Arguments as for `bsfit.predict`; a single name will do. Groups add in squares to the error. What is told of an
    input is what its error does alone: correlated ones do not add in squares. Raises `BsfitInputError` as `predict`
    does.
    """
    started = time.time()
    at = Point.of([observables] if isinstance(observables, str) else observables, model, params, inputs)
    found = uncertainty(at.function, at.theory, nuisances)
    row = row_of(model)
    about = {
        "model": row.name if row else at.function.model.name,
        "params": dict(at.params),
        "inputs": at.function.inputs.set_name,
        **described(at.function.inputs),
    }
    asked = {"nuisances": nuisances if isinstance(nuisances, str | None) else list(nuisances)}
    return ErrorBudget(
        observables=tuple(at.labels),
        values=tuple(found.values.tolist()),
        errors=tuple(found.errors.tolist()),
        groups={group: tuple(parts.tolist()) for group, parts in found.by_group().items()},
        inputs={
            name: tuple(parts.tolist())
            for name, parts in zip(found.chosen.names, np.abs(found.by_input()).T, strict=True)
        },
        notes=at.predictions(found.values).notes,
        meta=provenance(about, started=started, method="error budget", **asked),
    )
