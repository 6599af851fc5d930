"""Predicted values at one point, with what must be said beside them."""

import os
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from bsfit import catalogue, scalars
from bsfit.compiling import compile_quickly
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import ModelLike, check_domain, module_of, row_of
from bsfit.predictions.checks import check_bin, failed_verdicts, idle, not_finite
from bsfit.predictions.prediction import ObservableLike, Prediction, label, prediction
from bsfit.theory import Theory, Verdict


class Predictions(dict):
    """Predicted values by name, with the `notes` that say which of them need care."""

    notes: tuple[str, ...] = ()


def predict(
    observables: Sequence[ObservableLike],
    model: ModelLike = "eft",
    params: Mapping[str, float] | None = None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
) -> Predictions:
    """Predicted values of named observables at one parameter point.

    `inputs` is the name of an input set, an `Inputs`, or a dictionary of values that replace those of the default set.
    Returns a dictionary name -> float, whose `notes` say what was clipped, which validity conditions of the model fail,
    which coefficients move nothing, and what is not finite. A complex coefficient stands for its real part and that of
    the name with ``_im``. Raises `BsfitInputError` as `prediction` does, and for values outside the domain of a
    parameter.
    """
    params = scalars.parts(params or {}, infinite=params or ())
    if (row := row_of(model)) is not None:
        for name, value in params.items():
            check_domain(row, name, value)
    function = prediction(observables, model, inputs, free=tuple(params))
    point = {name: jnp.asarray(value, dtype=float) for name, value in params.items()}
    theory = compile_quickly(function.model)(point, function.inputs)
    values = function.at_once(theory)
    labels = [label(item) for item in observables]
    result = Predictions(zip(labels, np.asarray(values).tolist(), strict=True))
    read = [catalogue.renamed(item) for item in observables]
    clipped = [check_bin(item, function.inputs) for item in function.items if item and item.bin]
    failed = failed_verdicts((*theory.verdicts, *_of_probes(function, theory)))
    beside = (*idle(params, function), *not_finite(labels, list(result.values())))
    result.notes = (*(note for note in (*read, *clipped) if note), *failed, *beside)
    return result


def _of_probes(prediction: Prediction, theory: Theory) -> tuple[Verdict, ...]:
    """Verdicts of the probes of dark matter."""
    probes = dict.fromkeys(item.quantity.process for item in prediction.items if item and item.quantity.process.dark)
    return tuple(v for probe in probes for v in compile_quickly(module_of(probe).verdicts)(theory))
