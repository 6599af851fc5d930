"""Predicted values at one point, with what must be said beside them."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bsfit import catalogue, scalars
from bsfit.compiling import compile_quickly
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import ModelLike, check_domain, module_of, row_of
from bsfit.predictions.checks import check_bin, failed_verdicts, idle, not_finite
from bsfit.predictions.prediction import ObservableLike, Prediction, label, prediction
from bsfit.predictions.uncertain_inputs import Globs, uncertainty
from bsfit.theory import Theory, Verdict


class Predictions(dict):
    """Predicted values by name, with the `notes` that say which of them need care.

    Where errors were asked for, `errors` are the standard deviations of the theory errors by name, and `covariance`
    [n, n] is theirs in the order of the names.
    """

    notes: tuple[str, ...] = ()
    errors: Mapping[str, float] = {}
    covariance: Float[np.ndarray, "n n"] = np.zeros((0, 0))

    @property
    def correlation(self) -> Float[np.ndarray, "n n"]:
        """Correlations of the theory errors; NaN of a value without error."""
        with np.errstate(invalid="ignore"):
            return self.covariance / np.outer(*2 * (np.sqrt(np.diag(self.covariance)),))


def predict(
    observables: Sequence[ObservableLike],
    model: ModelLike = "eft",
    params: Mapping[str, float] | None = None,
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    errors: bool = False,
    nuisances: Globs = None,
) -> Predictions:
    """Predicted values of named observables at one parameter point.

    `inputs` is the name of an input set, an `Inputs`, or a dictionary of values that replace those of the default set.
    Returns a dictionary name -> float, whose `notes` say what was clipped, which validity conditions of the model fail,
    which coefficients move nothing, and what is not finite. A complex coefficient stands for its real part and that of
    the name with ``_im``. With `errors` it has theory errors too: those of the uncertain inputs to first order, at the
    Wilson coefficients of this point; `nuisances` selects inputs by globs, or ``"all"``, by default those that the
    catalogue lists for the observables. Raises `BsfitInputError` as `prediction` does, for values outside the domain of
    a parameter, and for a glob without match.
    """
    at = Point.of(observables, model, params, inputs)
    if not errors:
        return at.predictions(np.asarray(at.function.at_once(at.theory)))
    found = uncertainty(at.function, at.theory, nuisances)
    result = at.predictions(found.values)
    result.errors = dict(zip(at.labels, found.errors.tolist(), strict=True))
    order = [at.labels.index(name) for name in result]
    result.covariance = found.covariance[np.ix_(order, order)]
    return result


class Point(NamedTuple):
    """A theory at given parameters, and what is predicted of it."""

    function: Prediction
    theory: Theory
    params: Mapping[str, float]
    observables: Sequence[ObservableLike]

    @classmethod
    def of(
        cls,
        observables: Sequence[ObservableLike],
        model: ModelLike,
        params: Mapping[str, float] | None,
        inputs: str | os.PathLike[str] | Inputs | Mapping[str, float],
    ) -> "Point":
        """From the arguments of `predict`, which are checked."""
        params = scalars.parts(params or {}, infinite=params or ())
        if (row := row_of(model)) is not None:
            for name, value in params.items():
                check_domain(row, name, value)
        function = prediction(observables, model, inputs, free=tuple(params))
        point = {name: jnp.asarray(value, dtype=float) for name, value in params.items()}
        return cls(function, compile_quickly(function.model)(point, function.inputs), params, observables)

    @property
    def labels(self) -> list[str]:
        """What the observables are called, as they were given."""
        return [label(item) for item in self.observables]

    def predictions(self, values: Float[np.ndarray, " n"]) -> Predictions:
        """Values by name, with all that must be said beside them."""
        result = Predictions(zip(self.labels, values.tolist(), strict=True))
        function, theory = self.function, self.theory
        read = [catalogue.renamed(item) for item in self.observables]
        clipped = [check_bin(item, function.inputs) for item in function.items if item and item.bin]
        failed = failed_verdicts((*theory.verdicts, *_of_probes(function, theory)))
        beside = (*idle(self.params, function), *not_finite(list(result), list(result.values())))
        result.notes = (*(note for note in (*read, *clipped) if note), *failed, *beside)
        return result


def _of_probes(prediction: Prediction, theory: Theory) -> tuple[Verdict, ...]:
    """Verdicts of the probes of dark matter."""
    probes = dict.fromkeys(item.quantity.process for item in prediction.items if item and item.quantity.process.dark)
    return tuple(v for probe in probes for v in compile_quickly(module_of(probe).verdicts)(theory))
