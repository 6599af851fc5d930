"""What a likelihood knows about itself besides numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bsfit.likelihood.free_parameters import plain
from bsfit.loading.measurements import Datum
from bsfit.predictions.jacobian import Jacobian


@dataclass(frozen=True, eq=False)
class About:
    """What a likelihood knows about itself besides numbers.

    `free` as given, nuisances that float included; `sampled` are their names; `means` of all uncertain inputs that
    count. `notes` must be said beside every result. `comparable`: whether the Standard Model has a value of everything
    that is measured; `reference_chi2` is its chi2, None where it has none or nothing is predicted. `jacobian` gives
    predictions and their slopes from the amplitudes, where these are evaluated at every point. `listed` are the
    measured values of the predictions, each with the name of its measurement. `in_scalars`: whether small ones are
    written out in scalars, which is worth its seconds of tracing where they are evaluated at many points.
    """

    free: dict[str, Any]
    fixed: dict[str, float]
    sampled: tuple[str, ...]
    means: dict[str, float]
    data: str
    meta: dict[str, Any]
    notes: tuple[str, ...]
    comparable: bool
    reference_chi2: float | None
    jacobian: Jacobian | None
    around: Callable
    listed: tuple[tuple[str, Datum], ...]
    in_scalars: bool = True

    # Programs are compiled for the names alone, so that likelihoods of other data share them.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, About) and self._names() == other._names()

    def __hash__(self) -> int:
        return hash(self._names())

    def _names(self) -> tuple:
        return tuple(map(plain, self.free)), self.sampled, tuple(self.fixed), self.in_scalars
