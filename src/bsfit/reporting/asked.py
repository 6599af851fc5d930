"""What a saved result was asked for: its model, what was fixed in it, its inputs; enough to predict more of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.likelihood.free_parameters import plain
from bsfit.likelihood.written import read
from bsfit.loading.inputs import Inputs, from_description
from bsfit.predictions.prediction import ObservableLike, Prediction, prediction


def about_of(result: Any) -> Mapping[str, Any]:
    """What a result says about its likelihood."""
    return getattr(result, "meta", {}).get("likelihood", {})


class Asked(NamedTuple):
    """The row of the model, its free parameters without those that are inputs, and the inputs at their centre.

    `content` are the arguments of `bsfit.log_likelihood` but for the inputs.
    """

    row: catalogue.Model
    free: tuple[str, ...]
    inputs: Inputs
    content: Mapping[str, Any]

    def prediction(self, observables: Sequence[ObservableLike]) -> Prediction:
        """Observables as a function of the free parameters."""
        return prediction(observables, self.row.name, self.inputs, self.content["fixed"], self.free)


def asked_of(result: Any, field: str) -> Asked:
    """What a result was asked for. Raises `BsfitInputError`, blaming `field`, where that is not known by name."""
    known = about_of(result)
    if "asked" not in known:
        what = f"this {type(result).__name__} does not say which model it is of"
        raise BsfitInputError(what, field=field, hint="results of this version, of a model of bsfit, do")
    content = read(known["asked"])
    free = tuple(known.get("free") or map(plain, content["free"]))
    return Asked(catalogue.MODELS[content["model"]], free, from_description(known), content)
